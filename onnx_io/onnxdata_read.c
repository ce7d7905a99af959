/* Reading .onnxdata files: header and index, the binding of a graph to an image, and the check of a file alone. */
#include "onnx_io/onnx_io.h"
#include "onnx_io/onnxdata.h"

#define WINDOW_ENTRIES (MX_WINDOW_BYTES / MX_ONNXDATA_ENTRY_BYTES)

void mx_onnxdata_put32(uint8_t *to, uint32_t v) {
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

void mx_onnxdata_put64(uint8_t *to, uint64_t v) {
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

void mx_onnxdata_put_hash(uint8_t *to, mx_hash128 hash) {
    mx_onnxdata_put64(to, hash.low);
    mx_onnxdata_put64(to + 8, hash.high);
}

static uint64_t get64(const uint8_t *at) {
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--)
        v = v << 8 | at[i];
    return v;
}

static uint32_t get32(const uint8_t *at) {
    return (uint32_t)(at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
}

static mx_hash128 get_hash(const uint8_t *at) {
    return (mx_hash128){.low = get64(at), .high = get64(at + 8)};
}

static mx_status in_image(const mx_source *image, mx_status status, mx_error *err) {
    return mx_at_file(err, status, image->path);
}

static mx_status parse_header(const mx_source *image, const uint8_t *bytes, mx_onnxdata_header *h, mx_error *err) {
    if (memcmp(bytes, MX_ONNXDATA_MAGIC, 8) != 0) return mx_fail(err, MX_ERR_SYNTAX, "this is no .onnxdata file");
    if (!mx_hash_eq(mx_hash_bytes(bytes, MX_ONNXDATA_AT_HEADER_HASH), get_hash(bytes + MX_ONNXDATA_AT_HEADER_HASH)))
        return mx_fail(err, MX_ERR_CHECKSUM, "the header differs from its checksum");
    uint32_t version = get32(bytes + MX_ONNXDATA_AT_VERSION);
    if (version != MX_ONNXDATA_VERSION)
        return mx_fail(err, MX_ERR_UNSUPPORTED, "version %u of .onnxdata is not known, only %u", version,
                       MX_ONNXDATA_VERSION);
    h->file_size = get64(bytes + MX_ONNXDATA_AT_FILE_SIZE);
    h->index_offset = get64(bytes + MX_ONNXDATA_AT_INDEX_OFFSET);
    h->index_size = get64(bytes + MX_ONNXDATA_AT_INDEX_SIZE);
    h->count = get64(bytes + MX_ONNXDATA_AT_COUNT);
    h->index_hash = get_hash(bytes + MX_ONNXDATA_AT_INDEX_HASH);
    if (h->file_size != image->size)
        return mx_fail(err, MX_ERR_SYNTAX, "the file has %llu bytes, its header says %llu",
                       (unsigned long long)image->size, (unsigned long long)h->file_size);
    if (get32(bytes + MX_ONNXDATA_AT_HEADER_SIZE) != MX_ONNXDATA_HEADER_BYTES ||
        h->index_offset < MX_ONNXDATA_HEADER_BYTES || h->index_offset > h->file_size ||
        h->index_size != h->file_size - h->index_offset || h->count > h->index_size / MX_ONNXDATA_ENTRY_BYTES)
        return mx_fail(err, MX_ERR_SYNTAX, "the header places the index where it cannot be");
    return MX_OK;
}

mx_status mx_onnxdata_read_header(const mx_source *image, mx_onnxdata_header *out, mx_error *err) {
    uint8_t bytes[MX_ONNXDATA_HEADER_BYTES];
    *out = (mx_onnxdata_header){0};
    if (image->size < sizeof bytes)
        return in_image(image, mx_fail(err, MX_ERR_SYNTAX, "this is no .onnxdata file: it is too short"), err);
    MX_TRY(mx_source_read(image, 0, bytes, sizeof bytes, err));
    mx_status status = parse_header(image, bytes, out, err);
    return status == MX_OK ? MX_OK : in_image(image, status, err);
}

mx_status mx_onnxdata_check_index(const mx_source *image, const mx_onnxdata_header *header, mx_error *err) {
    mx_hash128 hash;
    MX_TRY(mx_source_hash(image, header->index_offset, header->index_size, &hash, err));
    if (mx_hash_eq(hash, header->index_hash)) return MX_OK;
    return in_image(image, mx_fail(err, MX_ERR_CHECKSUM, "the index differs from its checksum"), err);
}

static mx_status next_window(const mx_source *image, const mx_onnxdata_header *h, mx_onnxdata_cursor *c,
                             mx_error *err) {
    mx_window_close(&c->window);
    uint64_t left = h->count - c->next;
    c->window_first = c->next;
    c->in_window = left < WINDOW_ENTRIES ? left : WINDOW_ENTRIES;
    return mx_window_open(image, h->index_offset + c->next * MX_ONNXDATA_ENTRY_BYTES,
                          c->in_window * MX_ONNXDATA_ENTRY_BYTES, &c->window, err);
}

mx_status mx_onnxdata_next(const mx_source *image, const mx_onnxdata_header *header, mx_onnxdata_cursor *cursor,
                           mx_onnxdata_entry *out, mx_error *err) {
    if (cursor->next == 0) cursor->end = MX_ONNXDATA_HEADER_BYTES;
    if (cursor->next - cursor->window_first >= cursor->in_window) MX_TRY(next_window(image, header, cursor, err));
    const uint8_t *at = cursor->window.data + (cursor->next - cursor->window_first) * MX_ONNXDATA_ENTRY_BYTES;
    uint64_t names = header->index_offset + header->count * MX_ONNXDATA_ENTRY_BYTES;
    uint64_t name = get64(at + MX_ONNXDATA_AT_NAME);
    uint32_t kind = get32(at + MX_ONNXDATA_AT_KIND);
    out->offset = get64(at + MX_ONNXDATA_AT_OFFSET);
    out->size = get64(at + MX_ONNXDATA_AT_SIZE);
    out->hash = get_hash(at + MX_ONNXDATA_AT_HASH);
    out->name_size = get32(at + MX_ONNXDATA_AT_NAME_SIZE);
    bool named = name <= header->file_size - names && out->name_size <= header->file_size - names - name;
    bool placed = out->offset >= cursor->end && out->offset <= header->index_offset &&
                  out->size <= header->index_offset - out->offset;
    if (!named || !placed || kind > MX_ONNXDATA_GAP) {
        mx_status status =
            mx_fail(err, MX_ERR_SYNTAX, "entry %llu of the index is not valid", (unsigned long long)cursor->next);
        return in_image(image, status, err);
    }
    out->kind = (mx_onnxdata_kind)kind;
    out->name_offset = names + name;
    cursor->end = out->offset + out->size;
    cursor->next++;
    return MX_OK;
}

void mx_onnxdata_cursor_close(mx_onnxdata_cursor *cursor) {
    mx_window_close(&cursor->window);
}

/* ---- binding a graph ---- */

/* Every entry becomes a check, in the order of the index: [first, first + count) of g->checks. */
static mx_status add_checks(mx_graph *g, uint32_t source, const mx_source *image, const mx_onnxdata_header *h,
                            mx_error *err) {
    mx_onnxdata_cursor cursor = {0};
    mx_onnxdata_entry e;
    mx_status status = MX_OK;
    for (uint64_t i = 0; i < h->count && status == MX_OK; i++) {
        status = mx_onnxdata_next(image, h, &cursor, &e, err);
        if (status != MX_OK) break;
        uint32_t check;
        mx_check c = {source, e.offset, e.size, e.hash};
        status = mx_graph_add_check(g, &c, &check, err);
    }
    mx_onnxdata_cursor_close(&cursor);
    return status;
}

/* Find the entry that holds the range of a blob. Ranges without bytes need none. */
static bool bind_blob(const mx_graph *g, uint32_t source, size_t first, mx_blob *b) {
    if (b->source != source || b->size == 0) return true;
    size_t low = first, high = g->n_checks;
    while (low < high) { /* the first entry that begins behind the blob's first byte */
        size_t middle = low + (high - low) / 2;
        if (g->checks[middle].offset > b->offset) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if (low == first) return false;
    const mx_check *c = &g->checks[low - 1];
    uint64_t delta = b->offset - c->offset;
    if (delta > c->size || b->size > c->size - delta) return false;
    b->check = (uint32_t)(low - 1);
    return true;
}

static mx_status unbound(const mx_graph *g, const mx_source *image, const mx_blob *b, const char *what, mx_sid name,
                         mx_error *err) {
    mx_str text = mx_text(g, name);
    mx_status status =
        mx_fail(err, MX_ERR_INVALID, "%s %s refers to bytes %llu to %llu, which are no tensor of the .onnxdata file",
                what, mx_show(text).text, (unsigned long long)b->offset, (unsigned long long)(b->offset + b->size));
    return in_image(image, status, err);
}

static mx_status bind_ranges(mx_graph *g, uint32_t source, const mx_source *image, size_t first, mx_error *err) {
    for (size_t i = 0; i < g->n_tensors; i++) {
        mx_tensor *t = &g->tensors[i];
        if (!bind_blob(g, source, first, &t->data)) return unbound(g, image, &t->data, "tensor", t->name, err);
    }
    for (size_t i = 0; i < g->n_external_files; i++) {
        mx_external_file *f = &g->external_files[i];
        for (size_t k = 0; k < f->n_parts; k++)
            if (!bind_blob(g, source, first, &f->parts[k]))
                return unbound(g, image, &f->parts[k], "external file", f->location, err);
    }
    return MX_OK;
}

mx_status mx_onnxdata_bind(mx_graph *g, uint32_t source, mx_source *image, const mx_hash128 *expected, mx_error *err) {
    mx_onnxdata_header header;
    if (source >= g->n_sources) return mx_fail(err, MX_ERR_USAGE, "the graph has no source %u", source);
    MX_TRY(mx_onnxdata_read_header(image, &header, err));
    if (expected != NULL && !mx_hash_eq(header.index_hash, *expected))
        return in_image(image,
                        mx_fail(err, MX_ERR_CHECKSUM,
                                "this is not the .onnxdata file that belongs to the GraphML file: checksums differ"),
                        err);
    MX_TRY(mx_onnxdata_check_index(image, &header, err));
    size_t first = g->n_checks;
    if (header.count >= MX_NO_INDEX - first)
        return in_image(image, mx_fail(err, MX_ERR_LIMIT, "the index has too many entries"), err);
    MX_TRY(add_checks(g, source, image, &header, err));
    MX_TRY(bind_ranges(g, source, image, first, err));
    mx_source_retain(image);
    mx_source_release(g->sources[source]);
    g->sources[source] = image;
    return MX_OK;
}

/* ---- checking a file alone ---- */

static mx_status verify_entry(const mx_source *image, const mx_onnxdata_entry *e, mx_error *err) {
    mx_hash128 hash;
    MX_TRY(mx_source_hash(image, e->offset, e->size, &hash, err));
    if (mx_hash_eq(hash, e->hash)) return MX_OK;
    char name[256];
    size_t n = e->name_size < sizeof name ? e->name_size : sizeof name;
    MX_TRY(mx_source_read(image, e->name_offset, name, n, err));
    mx_status status = mx_fail(err, MX_ERR_CHECKSUM, "the bytes of %s%s differ from their checksum",
                               e->kind == MX_ONNXDATA_GAP ? "a gap in " : "", mx_show((mx_str){name, n}).text);
    return mx_at_offset(err, status, e->offset);
}

static mx_status verify_image(const mx_source *image, mx_error *err) {
    mx_onnxdata_header header;
    MX_TRY(mx_onnxdata_read_header(image, &header, err));
    MX_TRY(mx_onnxdata_check_index(image, &header, err));
    mx_onnxdata_cursor cursor = {0};
    mx_onnxdata_entry e;
    mx_status status = MX_OK;
    for (uint64_t i = 0; i < header.count && status == MX_OK; i++) {
        status = mx_onnxdata_next(image, &header, &cursor, &e, err);
        if (status == MX_OK) status = verify_entry(image, &e, err);
    }
    mx_onnxdata_cursor_close(&cursor);
    return status == MX_OK ? MX_OK : in_image(image, status, err);
}

mx_status mx_onnxdata_verify(const mx_env *env, const char *path, mx_error *err) {
    mx_source *image;
    MX_TRY(mx_source_open(env, path, &image, err));
    mx_status status = verify_image(image, err);
    mx_source_release(image);
    return status;
}
