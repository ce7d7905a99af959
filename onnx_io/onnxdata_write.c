/* Writing .onnxdata files: all tensors of a graph, then its external files part by part, then the index. */
#include "onnx_io/onnx_io.h"
#include "onnx_io/onnxdata.h"
#include "onnx_io/onnxdata_parts.h"
#include "onnx_io/weights.h"

/* How far a look-up of equal content may go before the bytes are simply stored again: contents made to collide must not
 * cost more than linear time. */
#define MAX_PROBES 64u

/* Stands for the place of a tensor in an external file until that file's parts have theirs. */
#define IN_A_PART UINT64_MAX

typedef struct stored {
    uint64_t offset, size; /* in the image */
    mx_hash128 hash;
    uint64_t origin_offset; /* where the bytes came from, to compare another tensor with them */
    uint32_t origin;        /* a source of the graph */
    mx_sid name;
    uint8_t kind; /* mx_onnxdata_kind */
} stored;

typedef struct image {
    mx_graph *g;
    mx_outfile *f;
    mx_weights_reader weights;
    stored *entries;
    uint32_t *slots; /* hash table: entry number + 1, 0: free */
    size_t count, capacity, n_slots;
} image;

static mx_status image_open(image *m, mx_graph *g, mx_outfile *f, size_t capacity, mx_error *err) {
    *m = (image){.g = g, .f = f, .capacity = capacity ? capacity : 1, .n_slots = 16};
    if (capacity >= UINT32_MAX) return mx_fail(err, MX_ERR_LIMIT, "too many tensors for one .onnxdata file");
    while (m->n_slots < 2 * capacity)
        m->n_slots *= 2;
    m->entries = mx_alloc(g->allocator, m->capacity * sizeof *m->entries);
    m->slots = mx_alloc_zero(g->allocator, m->n_slots, sizeof *m->slots);
    if (m->entries == NULL || m->slots == NULL) return mx_nomem(err);
    return mx_weights_open(&m->weights, g, "storing weights", err);
}

static void image_close(image *m) {
    mx_weights_close(&m->weights);
    mx_free(m->g->allocator, m->entries, m->capacity * sizeof *m->entries);
    mx_free(m->g->allocator, m->slots, m->n_slots * sizeof *m->slots);
}

static mx_status same_bytes(const image *m, const stored *e, const mx_blob *b, bool *same, mx_error *err) {
    *same = e->origin == b->source && e->origin_offset == b->offset;
    if (*same) return MX_OK;
    return mx_weights_equal(&m->weights, b, m->g->sources[e->origin], e->origin_offset, same, err);
}

/* The entry with the bytes of b, or NULL; *slot is then the place for a new one (SIZE_MAX: it cannot be looked up). */
static mx_status find_equal(const image *m, const mx_blob *b, mx_hash128 hash, const stored **found, size_t *slot,
                            mx_error *err) {
    *found = NULL;
    *slot = SIZE_MAX;
    size_t at = (size_t)(hash.low ^ b->size) & (m->n_slots - 1);
    for (unsigned probe = 0; probe < MAX_PROBES; probe++, at = (at + 1) & (m->n_slots - 1)) {
        if (m->slots[at] == 0) {
            *slot = at;
            return MX_OK;
        }
        const stored *e = &m->entries[m->slots[at] - 1];
        if (e->size != b->size || !mx_hash_eq(e->hash, hash)) continue;
        bool same;
        MX_TRY(same_bytes(m, e, b, &same, err));
        if (same) {
            *found = e;
            return MX_OK;
        }
    }
    return MX_OK;
}

static void enter(image *m, size_t slot, const stored *e) {
    m->entries[m->count++] = *e;
    if (slot != SIZE_MAX) m->slots[slot] = (uint32_t)m->count;
}

/* A small range: hashed where it lies, written only if it is new. */
static mx_status store_small(image *m, const mx_blob *b, stored *e, mx_error *err) {
    const uint8_t *bytes;
    const stored *found;
    size_t slot;
    MX_TRY(mx_weights_verify(&m->weights, b, mx_text(m->g, e->name), err));
    MX_TRY(mx_weights_view(&m->weights, b, &bytes, err));
    e->hash = mx_hash_bytes(bytes, (size_t)b->size);
    MX_TRY(find_equal(m, b, e->hash, &found, &slot, err));
    if (found != NULL) {
        e->offset = found->offset;
        return MX_OK;
    }
    mx_outfile_align(m->f, MX_ONNXDATA_ALIGN);
    e->offset = m->f->position;
    mx_outfile_write(m->f, bytes, (size_t)b->size);
    enter(m, slot, e);
    return MX_OK;
}

/* A large range: hashed while it is copied, and taken back if it turns out to be known. */
static mx_status store_large(image *m, const mx_blob *b, stored *e, mx_error *err) {
    const stored *found;
    size_t slot;
    uint64_t before = m->f->position;
    mx_outfile_align(m->f, b->size < MX_ONNXDATA_LARGE ? MX_ONNXDATA_ALIGN : MX_ONNXDATA_ALIGN_LARGE);
    e->offset = m->f->position;
    MX_TRY(mx_weights_copy(&m->weights, b, mx_text(m->g, e->name), m->f, &e->hash, err));
    MX_TRY(find_equal(m, b, e->hash, &found, &slot, err));
    if (found == NULL) {
        enter(m, slot, e);
        return MX_OK;
    }
    e->offset = found->offset;
    return mx_outfile_truncate(m->f, before, err);
}

/* Store a range and say where in the image it is. Ranges without bytes take no place. */
static mx_status store(image *m, const mx_blob *b, mx_sid name, mx_onnxdata_kind kind, uint64_t *offset,
                       mx_error *err) {
    *offset = 0;
    if (b->size == 0) return MX_OK;
    stored e = {.size = b->size, .origin = b->source, .origin_offset = b->offset, .name = name, .kind = (uint8_t)kind};
    MX_TRY(b->size <= MX_WEIGHTS_SMALL ? store_small(m, b, &e, err) : store_large(m, b, &e, err));
    *offset = e.offset;
    return MX_OK;
}

/* ---- the parts of the file ---- */

static mx_status store_tensors(image *m, uint64_t *offsets, mx_error *err) {
    for (size_t i = 0; i < m->g->n_tensors; i++) {
        const mx_tensor *t = &m->g->tensors[i];
        if (mx_parts_has(m->g, t)) offsets[i] = IN_A_PART;
        if (t->data.source == MX_NO_INDEX || offsets[i] == IN_A_PART) continue;
        MX_TRY(store(m, &t->data, t->name, MX_ONNXDATA_TENSOR, &offsets[i], err));
    }
    return MX_OK;
}

static mx_status store_parts(image *m, mx_part *parts, size_t n, mx_error *err) {
    for (size_t i = 0; i < n; i++)
        MX_TRY(store(m, &parts[i].from, parts[i].name, parts[i].gap ? MX_ONNXDATA_GAP : MX_ONNXDATA_TENSOR,
                     &parts[i].to, err));
    return MX_OK;
}

static mx_status write_index(image *m, uint64_t *index_offset, mx_error *err) {
    uint8_t bytes[MX_ONNXDATA_ENTRY_BYTES];
    uint64_t name = 0;
    mx_outfile_align(m->f, MX_ONNXDATA_ALIGN);
    *index_offset = m->f->position;
    for (size_t i = 0; i < m->count; i++) {
        const stored *e = &m->entries[i];
        size_t name_size = mx_text(m->g, e->name).n;
        if (name_size > UINT32_MAX) return mx_fail(err, MX_ERR_LIMIT, "a tensor's name has 4 GiB or more");
        mx_onnxdata_put64(bytes + MX_ONNXDATA_AT_OFFSET, e->offset);
        mx_onnxdata_put64(bytes + MX_ONNXDATA_AT_SIZE, e->size);
        mx_onnxdata_put_hash(bytes + MX_ONNXDATA_AT_HASH, e->hash);
        mx_onnxdata_put64(bytes + MX_ONNXDATA_AT_NAME, name);
        mx_onnxdata_put32(bytes + MX_ONNXDATA_AT_NAME_SIZE, (uint32_t)name_size);
        mx_onnxdata_put32(bytes + MX_ONNXDATA_AT_KIND, e->kind);
        mx_outfile_write(m->f, bytes, sizeof bytes);
        name += name_size;
    }
    for (size_t i = 0; i < m->count; i++) {
        mx_str text = mx_text(m->g, m->entries[i].name);
        if (text.n > 0) mx_outfile_write(m->f, text.p, text.n);
    }
    return MX_OK;
}

static mx_status write_header(image *m, uint64_t index_offset, mx_hash128 index_hash, mx_error *err) {
    uint8_t bytes[MX_ONNXDATA_HEADER_BYTES] = {0};
    memcpy(bytes, MX_ONNXDATA_MAGIC, 8);
    mx_onnxdata_put32(bytes + MX_ONNXDATA_AT_VERSION, MX_ONNXDATA_VERSION);
    mx_onnxdata_put32(bytes + MX_ONNXDATA_AT_HEADER_SIZE, MX_ONNXDATA_HEADER_BYTES);
    mx_onnxdata_put64(bytes + MX_ONNXDATA_AT_FILE_SIZE, m->f->position);
    mx_onnxdata_put64(bytes + MX_ONNXDATA_AT_INDEX_OFFSET, index_offset);
    mx_onnxdata_put64(bytes + MX_ONNXDATA_AT_INDEX_SIZE, m->f->position - index_offset);
    mx_onnxdata_put64(bytes + MX_ONNXDATA_AT_COUNT, m->count);
    mx_onnxdata_put_hash(bytes + MX_ONNXDATA_AT_INDEX_HASH, index_hash);
    mx_onnxdata_put_hash(bytes + MX_ONNXDATA_AT_HEADER_HASH, mx_hash_bytes(bytes, MX_ONNXDATA_AT_HEADER_HASH));
    return mx_outfile_rewrite(m->f, 0, bytes, sizeof bytes, err);
}

/* Index and header; the finished image becomes a source of the graph. */
static mx_status finish(image *m, mx_onnxdata_info *info, uint32_t *image_source, mx_error *err) {
    uint64_t index_offset;
    mx_source *written;
    MX_TRY(write_index(m, &index_offset, err));
    MX_TRY(mx_outfile_source(m->f, &m->g->env, &written, err));
    mx_status status = mx_source_hash(written, index_offset, m->f->position - index_offset, &info->checksum, err);
    if (status == MX_OK) status = write_header(m, index_offset, info->checksum, err);
    if (status != MX_OK) {
        mx_source_release(written);
        return status;
    }
    info->size = m->f->position;
    return mx_graph_add_source(m->g, written, image_source, err);
}

/* ---- the graph afterwards ---- */

static mx_status place_parts(const mx_graph *g, uint64_t *offsets, mx_parts *parts, mx_error *err) {
    mx_parts_sort(parts);
    for (size_t i = 0; i < g->n_tensors; i++) {
        const mx_tensor *t = &g->tensors[i];
        if (offsets[i] == IN_A_PART) MX_TRY(mx_parts_place(g, parts, t, &offsets[i], err));
    }
    return MX_OK;
}

static void move_tensors(mx_graph *g, const uint64_t *offsets, uint32_t source, uint64_t *moved) {
    *moved = 0;
    for (size_t i = 0; i < g->n_tensors; i++) {
        mx_blob *b = &g->tensors[i].data;
        if (b->source == MX_NO_INDEX) continue;
        *b = (mx_blob){source, MX_NO_INDEX, offsets[i], b->size};
        ++*moved;
    }
}

static mx_status write_all(image *m, mx_parts *parts, uint64_t *offsets, mx_onnxdata_info *info, uint32_t *image_source,
                           mx_error *err) {
    static const uint8_t no_header[MX_ONNXDATA_HEADER_BYTES];
    mx_outfile_write(m->f, no_header, sizeof no_header);
    MX_TRY(store_tensors(m, offsets, err));
    MX_TRY(store_parts(m, parts->items, parts->count, err));
    MX_TRY(finish(m, info, image_source, err));
    MX_TRY(mx_parts_assign(m->g, parts, *image_source, err));
    MX_TRY(place_parts(m->g, offsets, parts, err));
    move_tensors(m->g, offsets, *image_source, &info->tensors);
    return MX_OK;
}

mx_status mx_onnxdata_write(mx_graph *g, mx_outfile *f, mx_onnxdata_info *info, uint32_t *image_source, mx_error *err) {
    *info = (mx_onnxdata_info){0};
    *image_source = MX_NO_INDEX;
    mx_parts parts;
    image m = {.g = g};
    size_t n_offsets = g->n_tensors;
    uint64_t *offsets = mx_alloc_zero(g->allocator, n_offsets + 1, sizeof *offsets);
    if (offsets == NULL) return mx_nomem(err);
    mx_status status = mx_parts_collect(g, &parts, err);
    if (status == MX_OK) status = image_open(&m, g, f, n_offsets + parts.count, err);
    if (status == MX_OK) status = write_all(&m, &parts, offsets, info, image_source, err);
    image_close(&m);
    mx_parts_free(&parts, g->allocator);
    mx_free(g->allocator, offsets, (n_offsets + 1) * sizeof *offsets);
    return status;
}
