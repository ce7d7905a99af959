/* The layout of .onnxdata files (schemas/onnxdata.md) and the reading of their header and index. */
#ifndef MX_ONNX_IO_ONNXDATA_H
#define MX_ONNX_IO_ONNXDATA_H

#include "base/source.h"

#define MX_ONNXDATA_MAGIC   "\x89ONXD\r\n\x1a" /* 8 bytes; a transfer as text spoils them */
#define MX_ONNXDATA_VERSION 1u

enum { /* places in the header */
       MX_ONNXDATA_AT_VERSION = 8,
       MX_ONNXDATA_AT_HEADER_SIZE = 12,
       MX_ONNXDATA_AT_FILE_SIZE = 16,
       MX_ONNXDATA_AT_INDEX_OFFSET = 24,
       MX_ONNXDATA_AT_INDEX_SIZE = 32,
       MX_ONNXDATA_AT_COUNT = 40,
       MX_ONNXDATA_AT_INDEX_HASH = 48,
       MX_ONNXDATA_AT_HEADER_HASH = 112, /* of the bytes before it */
       MX_ONNXDATA_HEADER_BYTES = 128
};
enum { /* places in an entry of the index */
       MX_ONNXDATA_AT_OFFSET = 0,
       MX_ONNXDATA_AT_SIZE = 8,
       MX_ONNXDATA_AT_HASH = 16,
       MX_ONNXDATA_AT_NAME = 32,
       MX_ONNXDATA_AT_NAME_SIZE = 40,
       MX_ONNXDATA_AT_KIND = 44,
       MX_ONNXDATA_ENTRY_BYTES = 48
};
typedef enum mx_onnxdata_kind { MX_ONNXDATA_TENSOR = 0, MX_ONNXDATA_GAP = 1 } mx_onnxdata_kind;

#define MX_ONNXDATA_ALIGN       64u
#define MX_ONNXDATA_ALIGN_LARGE 4096u
#define MX_ONNXDATA_LARGE       ((uint64_t)1 << 20) /* from this size on ALIGN_LARGE */

/* A header that was checked against the size of its file. The index has `count` entries, then names. */
typedef struct mx_onnxdata_header {
    uint64_t file_size, index_offset, index_size, count;
    mx_hash128 index_hash;
} mx_onnxdata_header;

typedef struct mx_onnxdata_entry {
    uint64_t offset, size;
    mx_hash128 hash;
    uint64_t name_offset; /* in the file */
    uint32_t name_size;
    mx_onnxdata_kind kind;
} mx_onnxdata_entry;

/* A walk over the index, window by window. Zero-initialise; mx_onnxdata_cursor_close at the end. */
typedef struct mx_onnxdata_cursor {
    mx_window window;
    uint64_t next; /* number of the next entry */
    uint64_t in_window, window_first;
    uint64_t end; /* where the entry before it ended */
} mx_onnxdata_cursor;

void mx_onnxdata_put32(uint8_t *to, uint32_t v);
void mx_onnxdata_put64(uint8_t *to, uint64_t v);
void mx_onnxdata_put_hash(uint8_t *to, mx_hash128 hash);

/* Read the header of an image and check it; then check the checksum of the index. */
mx_status mx_onnxdata_read_header(const mx_source *image, mx_onnxdata_header *out, mx_error *err);
mx_status mx_onnxdata_check_index(const mx_source *image, const mx_onnxdata_header *header, mx_error *err);
/* The next entry, checked: in order, between header and index, its name among the names. Call it `count` times. */
mx_status mx_onnxdata_next(const mx_source *image, const mx_onnxdata_header *header, mx_onnxdata_cursor *cursor,
                           mx_onnxdata_entry *out, mx_error *err);
void mx_onnxdata_cursor_close(mx_onnxdata_cursor *cursor);

#endif
