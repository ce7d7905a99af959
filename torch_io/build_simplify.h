/* Rules that answer with an operator less: true and the value, or false and nothing was made. */
#ifndef MX_TORCH_BUILD_SIMPLIFY_H
#define MX_TORCH_BUILD_SIMPLIFY_H

#include "torch_io/build_internal.h"

typedef bool mx_simplify_rule(mx_build *b, const mx_ask *ask, mx_val *out);

/* build_simplify_layout.c */
mx_simplify_rule mx_simplify_concat, mx_simplify_expand, mx_simplify_gather, mx_simplify_matmul, mx_simplify_shape,
    mx_simplify_slice, mx_simplify_squeeze, mx_simplify_transpose, mx_simplify_unsqueeze, mx_simplify_flatten;
/* build_simplify_number.c */
mx_simplify_rule mx_simplify_add, mx_simplify_and, mx_simplify_cast, mx_simplify_div, mx_simplify_mul, mx_simplify_neg,
    mx_simplify_not, mx_simplify_or, mx_simplify_single, mx_simplify_sub, mx_simplify_where;
/* build_simplify_spatial.c */
mx_simplify_rule mx_simplify_conv;

#endif
