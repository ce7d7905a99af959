/* Rules of the shape family that stand in files of their own: joining and splitting (lower_join.c), what rearranges
 * within an axis (lower_rearrange.c), padding (lower_pad.c). */
#ifndef MX_TORCH_LOWER_SHAPE_H
#define MX_TORCH_LOWER_SHAPE_H

#include "torch_io/lower.h"

/* At least that rank (1, 2 or 3), as torch.atleast_1d and the others do it. */
mx_val mx_rule_at_least(const mx_rule *r, mx_val v, int rank);
/* Each element of an axis `times` times after each other. */
mx_val mx_rule_interleave(const mx_rule *r, mx_val v, int64_t axis, int64_t times);
/* The positions that as_strided takes from a value whose elements lie in order: int64, of the wanted sizes.
 * MX_NO_VAL with an error where the value does not lie so. Arguments `size`, `stride`, `storage_offset` from `first`
 * on. */
mx_val mx_rule_stride_index(const mx_rule *r, size_t first);
/* A value [..., n] as columns of [..., rows, 1], moved down where the diagonal lies below: row i of a matrix whose
 * offset-th diagonal it is. */
mx_val mx_rule_diagonal_rows(const mx_rule *r, mx_val v, int64_t offset, mx_val rows);

void mx_rule_cat(const mx_rule *r);
void mx_rule_stack(const mx_rule *r);
void mx_rule_hstack(const mx_rule *r);
void mx_rule_vstack(const mx_rule *r);
void mx_rule_dstack(const mx_rule *r);
void mx_rule_column_stack(const mx_rule *r);
void mx_rule_block_diag(const mx_rule *r);
void mx_rule_cartesian_prod(const mx_rule *r);
void mx_rule_split(const mx_rule *r);
void mx_rule_split_sizes(const mx_rule *r);
void mx_rule_chunk(const mx_rule *r);
void mx_rule_tensor_split(const mx_rule *r);
void mx_rule_hsplit(const mx_rule *r);
void mx_rule_unbind(const mx_rule *r);

void mx_rule_flip(const mx_rule *r);
void mx_rule_fliplr(const mx_rule *r);
void mx_rule_flipud(const mx_rule *r);
void mx_rule_roll(const mx_rule *r);
void mx_rule_rot90(const mx_rule *r);
void mx_rule_unfold(const mx_rule *r);
void mx_rule_as_strided(const mx_rule *r);
void mx_rule_diagonal(const mx_rule *r);
void mx_rule_diag_embed(const mx_rule *r);
void mx_rule_diag(const mx_rule *r);
void mx_rule_diagflat(const mx_rule *r);
void mx_rule_trace(const mx_rule *r);
void mx_rule_pixel_shuffle(const mx_rule *r);
void mx_rule_pixel_unshuffle(const mx_rule *r);
void mx_rule_channel_shuffle(const mx_rule *r);

void mx_rule_pad(const mx_rule *r);
void mx_rule_pad_enum(const mx_rule *r);
void mx_rule_constant_pad(const mx_rule *r);
void mx_rule_reflection_pad(const mx_rule *r);
void mx_rule_replication_pad(const mx_rule *r);
void mx_rule_circular_pad(const mx_rule *r);

#endif
