/* Indexing by lists of tensors, for reading (lower_indexing.c) and for writing (lower_scatter.c). */
#ifndef MX_TORCH_LOWER_INDEXING_H
#define MX_TORCH_LOWER_INDEXING_H

#include "torch_io/lower.h"

/* self[None, i, mask, ...]: which axes are indexed, by what. */
typedef struct mx_indices {
    mx_val self;
    int rank;
    size_t n;                  /* of the indexed axes */
    int64_t axes[MX_MAX_RANK]; /* ascending */
    mx_val
        index[MX_MAX_RANK]; /* int64, or a mask's places along that axis; before mx_indices_spread of different sizes */
    uint32_t source[MX_MAX_RANK]; /* the program's value that it is, MX_NONE: from a mask */
    bool adjacent;                /* the places of the result stand where the axes stood; else they come first */
    mx_val mask;   /* a single mask and nothing else: it; then axes and index are of its first axis only ... */
    int mask_rank; /* ... and it takes so many */
    int64_t perm[MX_MAX_RANK]; /* the indexed axes first */
} mx_indices;

/* Read argument i, a list of tensors and None. False: an error, or (no error) nothing is indexed. */
bool mx_indices_read(const mx_rule *r, mx_val self, size_t i, mx_indices *out);
/* All indices of one list together: int64 [broadcast sizes..., n]. rank: how many broadcast sizes, which are in
 * `sizes`. */
mx_val mx_indices_spread(const mx_rule *r, mx_indices *x, int *rank, mx_size *sizes);
/* A mask with sizes of 1 behind it, so that it stands over the axes from `axis` on of a value of that rank. */
mx_val mx_mask_over(mx_build *b, mx_val mask, int64_t axis, int rank);

#endif
