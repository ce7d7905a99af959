#include "torch_io/archive.h"

#include <zlib.h>

enum {
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR_BYTES = 20,
    CENTRAL_BYTES = 46,
    LOCAL_BYTES = 30,
    COMMENT_MAX = 65535,
    ZIP64_EXTRA = 1,
    STORED = 0,
    DEFLATED = 8,
    FLAG_ENCRYPTED = 1,
    FLAG_DESCRIPTOR = 8 /* sizes and checksum of the local header are not filled in */
};
#define END_MAGIC     0x06054b50u
#define END64_MAGIC   0x06064b50u
#define LOCATOR_MAGIC 0x07064b50u
#define CENTRAL_MAGIC 0x02014b50u
#define LOCAL_MAGIC   0x04034b50u
#define FULL16        0xFFFFu
#define FULL32        0xFFFFFFFFu

typedef struct directory { /* what the end records say of it */
    uint64_t entries, entries_here, size, offset;
    uint32_t disk, disk_of_directory;
} directory;

static uint16_t get16(const uint8_t *p) {
    return (uint16_t)(p[0] | p[1] << 8);
}
static uint32_t get32(const uint8_t *p) {
    return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}
static uint64_t get64(const uint8_t *p) {
    return (uint64_t)get32(p) | (uint64_t)get32(p + 4) << 32;
}

static mx_status spoiled(mx_error *err, const char *what) {
    return mx_fail(err, MX_ERR_INVALID, "the zip archive is spoiled: %s", what);
}

static mx_status spoiled_entry(const mx_archive_entry *e, const char *what, mx_error *err) {
    return mx_fail(err, MX_ERR_INVALID, "the zip archive is spoiled: entry %s %s", mx_show(e->name).text, what);
}

/* ---- the end records ---- */

/* Back from the end: the first record whose comment reaches exactly to the end of the file. */
static mx_status find_end(const mx_archive *a, uint64_t *at, mx_error *err) {
    uint64_t size = a->source->size;
    if (size < END_BYTES) return mx_fail(err, MX_ERR_INVALID, "this is no zip archive: it has no end record");
    uint64_t tail = size < END_BYTES + COMMENT_MAX ? size : END_BYTES + COMMENT_MAX;
    mx_window w;
    MX_TRY(mx_window_open(a->source, size - tail, tail, &w, err));
    bool found = false;
    for (uint64_t i = tail - END_BYTES + 1; i-- > 0 && !found;) {
        if (get32(w.data + i) != END_MAGIC || get16(w.data + i + 20) != tail - END_BYTES - i) continue;
        *at = size - tail + i;
        found = true;
    }
    mx_window_close(&w);
    return found ? MX_OK : mx_fail(err, MX_ERR_INVALID, "this is no zip archive: it has no end record");
}

static mx_status read_end64(mx_archive *a, uint64_t *end, directory *d, mx_error *err) {
    const uint8_t *p;
    if (*end < LOCATOR_BYTES) return MX_OK;
    MX_TRY(mx_view_get(&a->view, a->source, *end - LOCATOR_BYTES, LOCATOR_BYTES, &p, err));
    if (get32(p) != LOCATOR_MAGIC) return MX_OK;
    uint64_t limit = *end - LOCATOR_BYTES, at = get64(p + 8);
    if (limit < END64_BYTES || at > limit - END64_BYTES) return spoiled(err, "its zip64 record lies outside");
    MX_TRY(mx_view_get(&a->view, a->source, at, END64_BYTES, &p, err));
    if (get32(p) != END64_MAGIC) return spoiled(err, "its zip64 record is none");
    d->disk = get32(p + 16);
    d->disk_of_directory = get32(p + 20);
    d->entries_here = get64(p + 24);
    d->entries = get64(p + 32);
    d->size = get64(p + 40);
    d->offset = get64(p + 48);
    *end = at;
    return MX_OK;
}

static mx_status read_end(mx_archive *a, directory *d, mx_error *err) {
    uint64_t end = 0;
    const uint8_t *p;
    MX_TRY(find_end(a, &end, err));
    MX_TRY(mx_view_get(&a->view, a->source, end, END_BYTES, &p, err));
    *d = (directory){.disk = get16(p + 4),
                     .disk_of_directory = get16(p + 6),
                     .entries_here = get16(p + 8),
                     .entries = get16(p + 10),
                     .size = get32(p + 12),
                     .offset = get32(p + 16)};
    MX_TRY(read_end64(a, &end, d, err));
    if (d->disk != 0 || d->disk_of_directory != 0 || d->entries != d->entries_here)
        return mx_fail(err, MX_ERR_UNSUPPORTED, "zip archives on several disks are not supported");
    if (d->offset > end || d->size > end - d->offset) return spoiled(err, "its directory lies outside the file");
    if (d->entries > d->size / CENTRAL_BYTES) return spoiled(err, "its directory is too small for its entries");
    return MX_OK;
}

/* ---- the central directory ---- */

/* The 64-bit fields stand in an extra field, in this order, each only where the short one is full. */
static mx_status read_zip64(const uint8_t *extra, size_t n, mx_archive_entry *e, mx_error *err) {
    while (n >= 4) {
        size_t size = get16(extra + 2), used = 4;
        if (size > n - 4) return MX_OK; /* padding of other kinds is no concern of ours */
        if (get16(extra) == ZIP64_EXTRA) {
            uint64_t *const fields[] = {&e->size, &e->packed, &e->header};
            for (size_t i = 0; i < 3; i++) {
                if (*fields[i] != FULL32) continue;
                if (used + 8 > 4 + size) return spoiled_entry(e, "has a cut zip64 field", err);
                *fields[i] = get64(extra + used);
                used += 8;
            }
            return MX_OK;
        }
        extra += 4 + size;
        n -= 4 + size;
    }
    return MX_OK;
}

static mx_status read_entry(mx_archive *a, const uint8_t *p, size_t left, mx_archive_entry *e, size_t *taken,
                            mx_error *err) {
    if (left < CENTRAL_BYTES || get32(p) != CENTRAL_MAGIC) return spoiled(err, "its directory is cut or overwritten");
    size_t name = get16(p + 28), extra = get16(p + 30), comment = get16(p + 32);
    if (left - CENTRAL_BYTES < name + extra + comment) return spoiled(err, "its directory is cut");
    char *text = mx_arena_text(&a->arena, (const char *)p + CENTRAL_BYTES, name);
    if (!text) return mx_nomem(err);
    *e = (mx_archive_entry){.name = {text, name},
                            .flags = get16(p + 8),
                            .method = get16(p + 10),
                            .crc = get32(p + 16),
                            .packed = get32(p + 20),
                            .size = get32(p + 24),
                            .header = get32(p + 42)};
    *taken = CENTRAL_BYTES + name + extra + comment;
    return read_zip64(p + CENTRAL_BYTES + name, extra, e, err);
}

/* The slot of a name: its own, or the empty one where it belongs. */
static uint32_t *slot_of(const mx_archive *a, mx_str name) {
    size_t i = (size_t)mx_hash_bytes(name.p, name.n).low & (a->n_slots - 1);
    while (a->slots[i] && !mx_str_eq(a->entries[a->slots[i] - 1].name, name))
        i = (i + 1) & (a->n_slots - 1);
    return &a->slots[i];
}

static mx_status make_table(mx_archive *a, size_t entries, mx_error *err) {
    a->n_slots = 16;
    while (a->n_slots < entries * 2)
        a->n_slots *= 2;
    a->entries = mx_arena_array(&a->arena, entries, sizeof *a->entries);
    a->slots = mx_arena_array(&a->arena, a->n_slots, sizeof *a->slots);
    if (!a->entries || !a->slots) return mx_nomem(err);
    memset(a->slots, 0, a->n_slots * sizeof *a->slots);
    return MX_OK;
}

static mx_status read_entries(mx_archive *a, const uint8_t *p, size_t size, size_t n, mx_error *err) {
    size_t taken = 0;
    for (; a->n_entries < n; p += taken, size -= taken) {
        mx_archive_entry *e = &a->entries[a->n_entries];
        MX_TRY(read_entry(a, p, size, e, &taken, err));
        uint32_t *slot = slot_of(a, e->name);
        if (*slot) return spoiled_entry(e, "stands in it twice", err);
        *slot = (uint32_t)++a->n_entries;
    }
    return MX_OK;
}

static mx_status read_directory(mx_archive *a, mx_error *err) {
    directory d;
    MX_TRY(read_end(a, &d, err));
    if (d.entries >= UINT32_MAX || d.size > SIZE_MAX)
        return mx_fail(err, MX_ERR_LIMIT, "the zip archive has too many entries");
    a->directory = d.offset;
    MX_TRY(make_table(a, (size_t)d.entries, err));
    mx_window w;
    MX_TRY(mx_window_open(a->source, d.offset, d.size, &w, err));
    mx_status status = read_entries(a, w.data, (size_t)d.size, (size_t)d.entries, err);
    mx_window_close(&w);
    return status;
}

mx_status mx_archive_open(const mx_env *env, mx_source *source, mx_archive *out, mx_error *err) {
    static const mx_env defaults;
    if (!env) env = &defaults;
    *out = (mx_archive){.env = env, .source = source};
    mx_source_retain(source);
    mx_arena_init(&out->arena, env->allocator);
    return read_directory(out, err);
}

void mx_archive_close(mx_archive *a) {
    if (!a->source) return;
    mx_view_close(&a->view);
    mx_arena_free(&a->arena);
    mx_source_release(a->source);
    *a = (mx_archive){0};
}

const mx_archive_entry *mx_archive_find(const mx_archive *a, mx_str name) {
    uint32_t i = *slot_of(a, name);
    return i ? &a->entries[i - 1] : NULL;
}

/* ---- an entry ---- */

static mx_status check_local(const mx_archive_entry *e, const uint8_t *local, mx_error *err) {
    if (get32(local) != LOCAL_MAGIC) return spoiled_entry(e, "does not begin where it should", err);
    if (get16(local + 8) != e->method || get16(local + 26) != e->name.n)
        return spoiled_entry(e, "and its own header disagree", err);
    if (!(get16(local + 6) & FLAG_DESCRIPTOR)) { /* 0xFFFFFFFF: the size stands in a zip64 field */
        uint32_t packed = get32(local + 18), size = get32(local + 22);
        if ((packed != FULL32 && packed != e->packed) || (size != FULL32 && size != e->size))
            return spoiled_entry(e, "and its own header disagree on its size", err);
    }
    return MX_OK;
}

/* The data of an entry, of whatever method. */
static mx_status place(mx_archive *a, const mx_archive_entry *e, uint64_t *offset, mx_error *err) {
    const uint8_t *p;
    if (e->flags & FLAG_ENCRYPTED)
        return mx_fail(err, MX_ERR_UNSUPPORTED, "entry %s of the zip archive is encrypted", mx_show(e->name).text);
    if (e->method != STORED && e->method != DEFLATED)
        return mx_fail(err, MX_ERR_UNSUPPORTED,
                       "entry %s of the zip archive is compressed by method %u, not by deflate", mx_show(e->name).text,
                       e->method);
    uint64_t head = LOCAL_BYTES + e->name.n;
    if (a->directory < head || e->header > a->directory - head) return spoiled_entry(e, "lies outside the file", err);
    MX_TRY(mx_view_get(&a->view, a->source, e->header, head, &p, err));
    MX_TRY(check_local(e, p, err));
    if (memcmp(p + LOCAL_BYTES, e->name.p, e->name.n) != 0)
        return spoiled_entry(e, "has another name in its own header", err);
    uint64_t begin = e->header + head + get16(p + 28);
    if (begin > a->directory || e->packed > a->directory - begin) return spoiled_entry(e, "lies outside the file", err);
    if (e->method == STORED && e->packed != e->size) return spoiled_entry(e, "has two sizes", err);
    *offset = begin;
    return MX_OK;
}

mx_status mx_archive_place(mx_archive *a, const mx_archive_entry *e, uint64_t *offset, mx_error *err) {
    MX_TRY(place(a, e, offset, err));
    if (e->method == STORED) return MX_OK;
    return mx_fail(err, MX_ERR_UNSUPPORTED,
                   "entry %s of the zip archive is compressed: weights must be stored as they are",
                   mx_show(e->name).text);
}

/* zlib does not tell the size of what it frees: it stands before it, in a room that keeps the alignment. */
enum { SIZE_ROOM = 16 };

static void *zlib_alloc(void *allocator, unsigned items, unsigned size) {
    size_t bytes = (size_t)items * size + SIZE_ROOM;
    char *p = mx_alloc(allocator, bytes);
    if (!p) return NULL;
    memcpy(p, &bytes, sizeof bytes);
    return p + SIZE_ROOM;
}

static void zlib_free(void *allocator, void *old) {
    char *p = (char *)old - SIZE_ROOM;
    size_t bytes;
    memcpy(&bytes, p, sizeof bytes);
    mx_free(allocator, p, bytes);
}

static mx_status inflate_into(mx_archive *a, const mx_archive_entry *e, const uint8_t *packed, char *to,
                              mx_error *err) {
    z_stream z = {.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = (void *)(uintptr_t)a->env->allocator};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) return mx_nomem(err);
    uint64_t in = e->packed, out = e->size;
    z.next_in = (Bytef *)(uintptr_t)packed;
    z.next_out = (Bytef *)to;
    int got = Z_OK;
    while (got == Z_OK) {
        uInt give = in > UINT32_MAX ? UINT32_MAX : (uInt)in, room = out > UINT32_MAX ? UINT32_MAX : (uInt)out;
        z.avail_in = give;
        z.avail_out = room;
        got = inflate(&z, Z_NO_FLUSH);
        in -= give - z.avail_in;
        out -= room - z.avail_out;
    }
    inflateEnd(&z);
    if (got == Z_MEM_ERROR) return mx_nomem(err);
    return got == Z_STREAM_END && in == 0 && out == 0 ? MX_OK : spoiled_entry(e, "is not well compressed", err);
}

static mx_status fill(mx_archive *a, const mx_archive_entry *e, uint64_t offset, char *to, mx_error *err) {
    if (e->method == STORED) return mx_source_read(a->source, offset, to, (size_t)e->size, err);
    mx_window w;
    MX_TRY(mx_window_open(a->source, offset, e->packed, &w, err));
    mx_status status = inflate_into(a, e, w.data, to, err);
    mx_window_close(&w);
    return status;
}

mx_status mx_archive_read(mx_archive *a, const mx_archive_entry *e, mx_buffer *out, mx_error *err) {
    uint64_t offset;
    MX_TRY(place(a, e, &offset, err));
    if (e->size > MX_ARCHIVE_FREE && e->size / MX_ARCHIVE_GROWTH > e->packed)
        return mx_fail(err, MX_ERR_LIMIT, "entry %s of the zip archive would become more than %u times its packed size",
                       mx_show(e->name).text, MX_ARCHIVE_GROWTH);
    if (e->size >= SIZE_MAX || !mx_buffer_reserve(out, (size_t)e->size + 1)) return mx_nomem(err);
    char *to = out->data + out->size;
    MX_TRY(fill(a, e, offset, to, err));
    if (crc32_z(0, (const Bytef *)to, (size_t)e->size) != e->crc)
        return mx_fail(err, MX_ERR_CHECKSUM, "entry %s of the zip archive has another checksum than is recorded",
                       mx_show(e->name).text);
    out->size += (size_t)e->size;
    return MX_OK;
}
