/* Numbers: which type torch computes in, which types the kernels of runtimes take, and operators that are
 * used on any type in spite of that. */
#ifndef MX_TORCH_LOWER_NUMERIC_H
#define MX_TORCH_LOWER_NUMERIC_H

#include "torch_io/lower.h"

/* Element types by TensorProto.DataType. */
enum {
    MX_E_FLOAT = 1,
    MX_E_UINT8 = 2,
    MX_E_INT8 = 3,
    MX_E_INT16 = 5,
    MX_E_INT32 = 6,
    MX_E_INT64 = 7,
    MX_E_BOOL = 9,
    MX_E_HALF = 10,
    MX_E_DOUBLE = 11,
    MX_E_BFLOAT16 = 16
};

enum { MX_SMALL_CONSTANT = 4096 }; /* a tensor with more elements is made by operators, not written down */

/* The type in which torch computes with arguments i and j of a node: tensors come before tensors of rank 0, those before
 * Python's numbers; of a lower rank only a wider category (bool, integer, float) counts. */
int32_t mx_promoted(const mx_rule *r, size_t i, size_t j);
/* The type itself if it is a float, else torch's default: float32. */
int32_t mx_float_of(int32_t elem);
bool mx_is_unsigned(int32_t elem);

/* An operator on values of one type, any type: where kernels for it are missing the inputs are cast to the narrowest type
 * that holds them exactly, and the result is cast back. (double is computed as float32 by the operators that runtimes
 * have for float32 only.) */
mx_val mx_math1(mx_build *b, const char *op, mx_val x);
mx_val mx_math1_at(mx_build *b, const char *op, mx_val x, const mx_at *at, size_t n_at);
mx_val mx_math2(mx_build *b, const char *op, mx_val x, mx_val y);
/* Inputs as above; the result (a bool, an index, ...) is left as it is. */
mx_val mx_test2(mx_build *b, const char *op, mx_val x, mx_val y);
/* The value in the type in which the operator can be computed. */
mx_val mx_for_kernel(mx_build *b, const char *op, mx_val x);

/* Where, on any type; of bools it is made of And, Or, Not. */
mx_val mx_select(mx_build *b, mx_val condition, mx_val x, mx_val y);
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

/* Whether an argument is a Scalar (or a constant) with this value. */
bool mx_arg_equals(const mx_rule *r, size_t i, double v);

#endif
