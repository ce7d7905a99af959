/* What the rules that move values about have in common: sizes as constants where they can be, types that onnxruntime's
 * kernels lack. All follow the builder's errors: after one they return MX_NO_VAL. */
#ifndef MX_TORCH_LOWER_MOVE_H
#define MX_TORCH_LOWER_MOVE_H

#include "torch_io/lower_numeric.h"

#define MX_TO_END INT64_MAX /* the end of a slice that goes to the end */

/* The rank of a value; one that is not known is an error of the node, and 0. At most MX_MAX_RANK - 2. */
int mx_need_rank(const mx_rule *r, mx_val v);
/* The values of a list of tensors (argument i), of the type of output 0 where `cast`; at most `max`. Returns the count.
 */
size_t mx_need_items(const mx_rule *r, size_t i, bool cast, mx_val *out, size_t max);

/* Whether all sizes are known to be equal. */
bool mx_same_sizes(const mx_build *b, mx_val v, const mx_size *sizes, int rank);
bool mx_same_shape(const mx_build *b, mx_val v, mx_val w);

/* The value with other sizes. Numbers are constants, one symbolic size is -1, sizes that stand where they stood are
 * copied; `exact` (int64, rank 1) is used where that is not enough, MX_NO_VAL: then that is an error. */
mx_val mx_view_sizes(const mx_rule *r, mx_val v, const mx_size *sizes, int rank, mx_val exact);
/* The value with the sizes that the program states of an output. */
mx_val mx_view_out(const mx_rule *r, mx_val v, size_t output, mx_val exact);
mx_val mx_in_line(mx_build *b, mx_val v);     /* rank 1 */
mx_val mx_at_least_1d(mx_build *b, mx_val v); /* rank 0 becomes rank 1 */
/* Sizes of 1 put before, until the value has that rank. */
mx_val mx_lead(mx_build *b, mx_val v, int rank);

/* Broadcast to sizes: axes that have their size already stay as they are, whatever it is. `exact` as above. */
mx_val mx_stretch(const mx_rule *r, mx_val v, const mx_size *sizes, int rank, mx_val exact);
/* Broadcast to the sizes of `like`, which is of no lower rank. */
mx_val mx_stretch_like(const mx_rule *r, mx_val v, mx_val like);
/* The sizes that values have when broadcast to each other. Returns the rank. */
int mx_broadcast_sizes(const mx_build *b, const mx_val *v, size_t n, mx_size *out);

mx_val mx_as_bool(mx_build *b, mx_val v);
/* The type that arithmetic on integers of this type is done in: itself, or int32 for the short ones. */
int32_t mx_work_elem(int32_t elem);

/* 0, 1, ... n - 1 as int64, rank 1; n: int64, rank 1, one element. */
mx_val mx_iota(mx_build *b, mx_val n);
/* A size plus a number. */
mx_val mx_plus(mx_build *b, mx_val v, int64_t n);
/* v[start : end : step] along one axis, all of it where the slice is known to take everything. */
mx_val mx_cut(mx_build *b, mx_val v, int64_t axis, int64_t start, int64_t end, int64_t step);
/* True on the offset-th diagonal: bool [rows, columns]; both int64, rank 1, one element. */
mx_val mx_diagonal_mask(mx_build *b, mx_val rows, mx_val columns, int64_t offset);
/* The permutation that puts axis from[i] at place to[i] (n of them, from 0 on) and leaves the others in order. */
void mx_move_axes(int rank, const int64_t *from, const int64_t *to, size_t n, int64_t *perm);
mx_val mx_transpose_back(mx_build *b, mx_val v, const int64_t *perm, size_t n); /* undo */

#endif
