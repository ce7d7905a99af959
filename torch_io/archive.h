/* The zip archives of PyTorch: which entries there are and where their bytes lie, so that weights can be used in place.
 *
 * Read from the end, as zip is: end record (zip64 too), central directory, and of an entry that is used its local
 * header, because that alone tells where the data begins. Everything is checked against the file. Data of two entries
 * may lie anywhere between the beginning and the central directory; names are unique. */
#ifndef MX_TORCH_ARCHIVE_H
#define MX_TORCH_ARCHIVE_H

#include "base/source.h"
#include "base/text.h"
#include "base/view.h"

typedef struct mx_archive_entry {
    mx_str name;
    uint64_t header;       /* where the local header lies */
    uint64_t packed, size; /* bytes in the file, bytes of the content */
    uint32_t crc;
    uint16_t method, flags;
} mx_archive_entry;

typedef struct mx_archive {
    const mx_env *env;
    mx_source *source;
    mx_arena arena;
    mx_view view;
    mx_archive_entry *entries;
    size_t n_entries;
    uint32_t *slots; /* hash table: index of an entry + 1, 0: empty */
    size_t n_slots;
    uint64_t directory; /* where the central directory begins: entries end before it */
} mx_archive;

/* Packed text may become at most this many times as large (deflate's own bound is 1032), and this much always. */
#define MX_ARCHIVE_GROWTH 100u
#define MX_ARCHIVE_FREE   ((uint64_t)1 << 20)

/* Read the directory of `source`, which is retained. mx_archive_close is due after success and failure.
 * Errors: READ, INVALID, UNSUPPORTED (several disks), NOMEM. */
mx_status mx_archive_open(const mx_env *env, mx_source *source, mx_archive *out, mx_error *err);
void mx_archive_close(mx_archive *a); /* a zeroed one is fine */

/* NULL: there is no such entry. */
const mx_archive_entry *mx_archive_find(const mx_archive *a, mx_str name);
/* Where the bytes of an entry lie that is stored as it is. Errors: INVALID; UNSUPPORTED (compressed, encrypted). */
mx_status mx_archive_place(mx_archive *a, const mx_archive_entry *e, uint64_t *offset, mx_error *err);
/* Append the content of an entry, stored or deflated, to a buffer; its checksum is checked.
 * Errors: READ, INVALID, CHECKSUM, LIMIT (grows too much), UNSUPPORTED, NOMEM. */
mx_status mx_archive_read(mx_archive *a, const mx_archive_entry *e, mx_buffer *out, mx_error *err);

#endif
