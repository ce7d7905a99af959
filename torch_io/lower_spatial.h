/* What convolution, pooling and resizing share: lists of one number an axis, and inputs without a batch. */
#ifndef MX_TORCH_LOWER_SPATIAL_H
#define MX_TORCH_LOWER_SPATIAL_H

#include "torch_io/lower.h"

enum { MX_MAX_SPATIAL = 3 };

/* How many spatial axes the operator has, by its name: "aten.max_pool2d.default". */
size_t mx_spatial_axes(const mx_rule *r);
/* The numbers of an argument that has one for each of n spatial axes; a single number counts for all of them. Where the
 * list is empty, `otherwise` is taken (NULL: an error). Errors stick. */
void mx_spatial_ints(const mx_rule *r, size_t i, const int64_t *otherwise, size_t n, int64_t *out);

/* The input with a batch axis: rank spatial + 1 (no batch) gets one in front, *added says so. */
mx_val mx_with_batch(const mx_rule *r, mx_val x, size_t spatial, bool *added);
mx_val mx_without_batch(const mx_rule *r, mx_val x, bool added);

/* A table of indices [sizes[0], sizes[1]] as a constant. */
mx_val mx_int64_table(mx_build *b, const int64_t *v, int64_t rows, int64_t columns);

/* Room for n numbers, in the builder's arena; NULL: the error sticks (too many, no memory). */
int64_t *mx_lower_numbers(const mx_rule *r, int64_t n);

#endif
