/* Expressions of sizes, as sympy's srepr writes them, into short text in one canonical form. */
#ifndef MX_TORCH_EXPR_H
#define MX_TORCH_EXPR_H

#include "torch_io/program.h"

/* "Mul(Integer(32), Symbol('s41', integer=True))" becomes "32*s41"; functions that have no sign of their own stay
 * calls: "Min(s0, 5)". Operands keep sympy's order, which is canonical. Text that is no srepr, or nested more than 64
 * deep, is kept as it is. hint: what the expression was in the exporting run, -1: not known. A plain number
 * gives a number. Errors: NOMEM. */
mx_status mx_size_from_srepr(mx_program *p, mx_str srepr, int64_t hint, mx_size *out, mx_error *err);

#endif
