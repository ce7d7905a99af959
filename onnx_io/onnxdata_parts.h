/* External data files as consecutive parts: what tensors refer to, and the gaps between. */
#ifndef MX_ONNX_IO_ONNXDATA_PARTS_H
#define MX_ONNX_IO_ONNXDATA_PARTS_H

#include "converter/graph.h"

typedef struct mx_part {
    mx_blob from;  /* where the bytes are now */
    uint64_t to;   /* their place in the image, once they are stored */
    uint32_t file; /* index into mx_graph.external_files */
    mx_sid name;   /* of the first tensor in it; of a gap: the file's location */
    bool gap;
} mx_part;

/* The parts of all files, file by file, in order. */
typedef struct mx_parts {
    mx_part *items;
    size_t count, capacity;
} mx_parts;

/* Overlapping ranges of tensors become one part. Files that have their parts already keep them.
 * On failure there is nothing to free. */
mx_status mx_parts_collect(const mx_graph *g, mx_parts *out, mx_error *err);
void mx_parts_free(mx_parts *parts, const mx_allocator *a);
/* Whether a tensor's bytes are part of an external file (else they stand alone, wherever they are). */
bool mx_parts_has(const mx_graph *g, const mx_tensor *t);
/* Sort by the place where the bytes came from, for mx_parts_place. */
void mx_parts_sort(mx_parts *parts);
/* Where the bytes of t, which is in an external file, are in the image. MX_ERR_INVALID: not within one part. */
mx_status mx_parts_place(const mx_graph *g, const mx_parts *sorted, const mx_tensor *t, uint64_t *to, mx_error *err);
/* Enter the stored parts (as collected, not sorted) in the graph's external files, as ranges of the image; the files
 * have no other source then. */
mx_status mx_parts_assign(mx_graph *g, const mx_parts *parts, uint32_t image_source, mx_error *err);

#endif
