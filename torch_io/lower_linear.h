/* What the attention family takes from the linear one. */
#ifndef MX_TORCH_LOWER_LINEAR_H
#define MX_TORCH_LOWER_LINEAR_H

#include "torch_io/lower.h"

/* beta * self + alpha * mat1 @ mat2, of a node with the arguments of addmm. */
mx_val mx_rule_addmm_value(const mx_rule *r);
/* x @ weight^T + bias; bias: MX_NO_VAL for none. */
mx_val mx_linear(const mx_rule *r, mx_val x, mx_val weight, mx_val bias);
/* Einsum in a type that onnxruntime has it for. At most 26 tensors of one type. */
mx_val mx_einsum(mx_build *b, const char *equation, const mx_val *v, size_t n);

#endif
