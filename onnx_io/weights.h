/* Weights on their way out: ranges of the graph's sources are copied to a file, and their checksums are verified on the
 * way. Small ranges are read through one buffer that looks ahead, so that a million small tensors cost no million
 * system calls; large ones never enter memory beyond a window. Shared by the ONNX writer and the .onnxdata writer. */
#ifndef MX_ONNX_IO_WEIGHTS_H
#define MX_ONNX_IO_WEIGHTS_H

#include "base/outfile.h"
#include "base/view.h"
#include "converter/graph.h"

/* Ranges up to this size are read through the view. */
#define MX_WEIGHTS_SMALL ((uint64_t)64 << 10)

typedef struct mx_weights_reader {
    const mx_graph *g;
    uint8_t *verified; /* one byte for each of the n_checks checks that the graph had at the start */
    size_t n_checks;
    mx_view view; /* of small ranges */
    const char *stage;      /* what the caller's progress callback is told, with the bytes done so far */
    uint64_t done, told, total;
} mx_weights_reader;

/* stage: what is done with the weights, for the progress callback; it may stop the work (MX_ERR_CANCELLED). */
mx_status mx_weights_open(mx_weights_reader *r, const mx_graph *g, const char *stage, mx_error *err);
void mx_weights_close(mx_weights_reader *r); /* safe on a zeroed reader */

/* Look at a range of at most MX_WEIGHTS_SMALL bytes; valid until the next call with the same reader. */
mx_status mx_weights_view(mx_weights_reader *r, const mx_blob *b, const uint8_t **out, mx_error *err);
/* Append the range to f. A checksum is verified; `name` is the tensor's or file's, for messages. hash may be NULL. */
mx_status mx_weights_copy(mx_weights_reader *r, const mx_blob *b, mx_str name, mx_outfile *f, mx_hash128 *hash,
                          mx_error *err);
/* Verify the checksum of the range without copying it; at most once for each check. No check: nothing to do. */
mx_status mx_weights_verify(mx_weights_reader *r, const mx_blob *b, mx_str name, mx_error *err);
/* Verify the large ranges of all tensors in `source` on two processors at a time. What is not right is left for
 * mx_weights_verify to find again and to name. */
mx_status mx_weights_verify_ahead(mx_weights_reader *r, uint32_t source, mx_error *err);
/* Whether `s`, from `offset` on, holds the bytes of the range. */
mx_status mx_weights_equal(const mx_weights_reader *r, const mx_blob *b, const mx_source *s, uint64_t offset,
                           bool *equal, mx_error *err);

#endif
