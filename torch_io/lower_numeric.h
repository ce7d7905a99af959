/* Numbers: which type torch computes in, which types the kernels of runtimes take, and operators that are
 * used on any type in spite of that. */
#ifndef MX_TORCH_LOWER_NUMERIC_H
#define MX_TORCH_LOWER_NUMERIC_H

#include "torch_io/lower.h"

enum { MX_SMALL_CONSTANT = 4096 }; /* a tensor with more elements is made by operators, not written down */

/* The type in which torch computes with arguments i and j of a node: tensors come before tensors of rank 0, those
 * before Python's numbers; of a lower rank only a wider category (bool, integer, float) counts. */
int32_t mx_promoted(const mx_rule *r, size_t i, size_t j);
/* The type itself if it is a float, else torch's default: float32. */
int32_t mx_float_of(int32_t elem);
bool mx_is_unsigned(int32_t elem);

/* An operator on values of one type, any type: where kernels for it are missing the inputs are cast to the narrowest
 * type that holds them exactly, and the result is cast back. (double is computed as float32 by the operators that
 * runtimes have for float32 only.) */
mx_val mx_math1(mx_build *b, const char *op, mx_val x);
mx_val mx_math1_at(mx_build *b, const char *op, mx_val x, const mx_at *at, size_t n_at);
mx_val mx_math2(mx_build *b, const char *op, mx_val x, mx_val y);
/* Inputs as above; the result (a bool, an index, ...) is left as it is. */
mx_val mx_test2(mx_build *b, const char *op, mx_val x, mx_val y);
/* The value in the type in which the operator can be computed. */
mx_val mx_for_kernel(mx_build *b, const char *op, mx_val x);

/* Where, by the truth of a condition of any type. */
mx_val mx_choose(mx_build *b, mx_val condition, mx_val x, mx_val y);
/* x as a bool: whether it is not 0. */
mx_val mx_truth(mx_build *b, mx_val x);
/* A constant of rank 0 of the value's own type. */
mx_val mx_number_like(mx_build *b, mx_val x, double v);
/* x op a number */
mx_val mx_add_number(mx_build *b, mx_val x, double v);
mx_val mx_mul_number(mx_build *b, mx_val x, double v);
/* a < b, a > b, ... with a number on the right. */
mx_val mx_test_number(mx_build *b, const char *op, mx_val x, double v);
mx_val mx_not(mx_build *b, mx_val x);
/* Python's remainder (the sign of the divisor), C's (the sign of the dividend). */
mx_val mx_modulo(mx_build *b, mx_val x, mx_val y);
mx_val mx_fmod(mx_build *b, mx_val x, mx_val y);
mx_val mx_floor_divide(mx_build *b, mx_val x, mx_val y);
mx_val mx_truncate(mx_build *b, mx_val x); /* toward 0 */

/* log(e^x + e^y) = max + log(1 + e^-|x - y|); of base 2: log2(2^x + 2^y). */
mx_val mx_log_add(mx_build *b, mx_val x, mx_val y, bool base_2);

/* ---- axes ---- */

/* The axes that a node's argument names, from 0 on; an int, a list or None. None, an empty list, and any axis of a
 * value of rank 0, mean all: n is 0, as mx_reduce wants it. */
typedef struct mx_axes {
    int64_t at[MX_MAX_RANK];
    size_t n;
} mx_axes;
mx_axes mx_arg_axes(const mx_rule *r, size_t i, mx_val x);
/* How many elements each result is made of: rank 0, int64; *known: the number, -1: it is known at run time only. */
mx_val mx_count_over(mx_build *b, mx_val x, const mx_axes *axes, int64_t *known);
/* A reduction in the types that kernels have; the result is of x's type. */
mx_val mx_reduce_any(mx_build *b, const char *op, mx_val x, const mx_axes *axes, bool keepdims);
/* ArgMax or ArgMin over one axis. x may be of rank 0. */
mx_val mx_arg_extreme(mx_build *b, const char *op, mx_val x, int64_t axis, bool keepdims);
/* All elements along one axis. */
mx_val mx_flat(mx_build *b, mx_val x);
/* The sizes of a value without one axis, with one axis changed to `size` (MX_NO_VAL: left out): int64, rank 1. */
mx_val mx_shape_with(mx_build *b, mx_val x, int64_t axis, mx_val size);

/* Whether an argument is a Scalar (or a constant) with this value. */
bool mx_arg_equals(const mx_rule *r, size_t i, double v);

/* GELU, exact or by way of tanh. */
mx_val mx_gelu(mx_build *b, mx_val x, bool by_tanh);

#endif
