/* Sources: files (or memory) that bytes are read from by range. Files are mapped a window at a time, so that weights
 * never fill memory; resident memory stays at about one window. */
#ifndef MX_BASE_SOURCE_H
#define MX_BASE_SOURCE_H

#include "base/error.h"
#include "base/memory.h"

#define MX_WINDOW_BYTES ((uint64_t)4 << 20)

typedef struct mx_source {
    const mx_allocator *allocator;
    int refs;
    int fd;                 /* -1 for memory */
    uint64_t size;          /* in bytes */
    const uint8_t *memory;  /* for memory sources; borrowed unless `owned` */
    bool owned;
    struct mx_strided_source *strided; /* reads another source in another order (strided.h); NULL: it does not */
    char *path;             /* as given, for messages; NULL for memory */
    uint64_t device, inode; /* identity of a file, to tell one source from another */
    int64_t mtime_ns;
} mx_source;

/* Open a regular file for reading. Refuses folders, devices and FIFOs. *out is released with mx_source_release. */
mx_status mx_source_open(const mx_env *env, const char *path, mx_source **out, mx_error *err);
/* Open `name`, a path recorded in an untrusted file, relative to folder `dir`. Refuses absolute paths, empty
 * names, NUL inside, "..", and symbolic links at any step (unless they lead into env->allow_links). */
mx_status mx_source_open_inside(const mx_env *env, const char *dir, mx_str name, mx_source **out, mx_error *err);
/* Wrap a file descriptor, which then belongs to the source (temporary files). */
mx_status mx_source_from_fd(const mx_env *env, int fd, mx_source **out, mx_error *err);
/* Bytes in memory; copied if `copy`, else borrowed. */
mx_status mx_source_from_memory(const mx_env *env, const void *bytes, size_t size, bool copy, mx_source **out,
                                mx_error *err);
/* Whether all bytes are at hand in `memory`. */
static inline bool mx_source_in_memory(const mx_source *s) {
    return s->fd < 0 && !s->strided;
}
void mx_source_retain(mx_source *s);
void mx_source_release(mx_source *s); /* NULL is fine */

/* MX_OK if the range lies inside the source, else MX_ERR_INVALID. */
mx_status mx_source_check(const mx_source *s, uint64_t offset, uint64_t size, mx_error *err);

/* A mapped part of a source. Unmapped by mx_window_close; zeroed is a valid closed window. */
typedef struct mx_window {
    const uint8_t *data;   /* the byte at offset */
    uint64_t offset, size; /* the range that was asked for */
    void *base;            /* the mapping, NULL for memory */
    size_t mapped;
} mx_window;
mx_status mx_window_open(const mx_source *s, uint64_t offset, uint64_t size, mx_window *w, mx_error *err);
void mx_window_close(mx_window *w);

/* Copy a range to memory (pread); the range must lie inside the source. */
mx_status mx_source_read(const mx_source *s, uint64_t offset, void *to, size_t size, mx_error *err);

typedef struct mx_hash128 {
    uint64_t low, high;
} mx_hash128;
/* XXH3-128 of a range, window by window. */
mx_status mx_source_hash(const mx_source *s, uint64_t offset, uint64_t size, mx_hash128 *out, mx_error *err);
/* Whether two ranges of equal size hold the same bytes. */
mx_status mx_source_equal(const mx_source *a, uint64_t a_offset, const mx_source *b, uint64_t b_offset, uint64_t size,
                          bool *equal, mx_error *err);
mx_hash128 mx_hash_bytes(const void *bytes, size_t size);
static inline bool mx_hash_eq(mx_hash128 a, mx_hash128 b) {
    return a.low == b.low && a.high == b.high;
}
#define MX_HASH_HEX 33
/* 32 hex digits, most significant first (the canonical form of XXH128), and a NUL. */
void mx_hash_hex(mx_hash128 h, char out[MX_HASH_HEX]);
bool mx_hash_parse(mx_str s, mx_hash128 *out);

#endif
