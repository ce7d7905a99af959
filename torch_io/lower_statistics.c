/* Variances, norms, softmax. */
#include "torch_io/lower_numeric.h"

#include <math.h>
#include <string.h>

static const mx_axes all_axes = {.n = 0};

static mx_val input(const mx_rule *r) {
    return mx_arg_as(r, 0, mx_out_elem(r, 0));
}

/* ---- variance ---- */

/* Which arguments of a node are the axes, what is subtracted from the count, and whether axes stay. */
typedef struct spread {
    mx_axes axes;
    double correction;
    bool keepdims;
} spread;

static bool ends_in(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* var.default(self, unbiased), var.dim(self, dim, unbiased, keepdim), var.correction(self, dim, correction, keepdim) */
static spread spread_arguments(const mx_rule *r, mx_val x) {
    spread s = {.correction = 1};
    if (ends_in(r->row->target, ".default")) {
        s.correction = mx_arg_bool(r, 1);
        return s;
    }
    s.axes = mx_arg_axes(r, 1, x);
    s.keepdims = mx_arg_bool(r, 3);
    if (ends_in(r->row->target, ".dim"))
        s.correction = mx_arg_bool(r, 2);
    else if (!mx_arg_none(r, 2))
        s.correction = mx_arg_float(r, 2);
    return s;
}

/* The count less the correction, not below 0, of x's type. */
static mx_val degrees_of_freedom(mx_build *b, mx_val x, const spread *s) {
    int64_t known;
    mx_val count = mx_cast(b, mx_count_over(b, x, &s->axes, &known), mx_elem_of(b, x));
    if (known >= 0) return mx_number_like(b, x, fmax(0, (double)known - s->correction));
    if (s->correction == 0) return count;
    return mx_op2(b, "Max", mx_add_number(b, count, -s->correction), mx_number_like(b, x, 0));
}

static mx_val dropped_axes(mx_build *b, mx_val x, const mx_axes *axes) {
    int64_t every[MX_MAX_RANK];
    int rank = mx_rank_of(b, x);
    if (axes->n || rank <= 0) return axes->n ? mx_squeeze(b, x, axes->at, axes->n) : x;
    for (int i = 0; i < rank; i++)
        every[i] = i;
    return mx_squeeze(b, x, every, (size_t)rank);
}

/* Sums of squares of half precision would leave its range: they are computed in float32. */
static void variance(const mx_rule *r) {
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0);
    mx_val x = mx_arg_as(r, 0, elem == MX_ELEM_FLOAT16 ? MX_ELEM_FLOAT : elem);
    spread s = spread_arguments(r, x);
    mx_val mean = mx_reduce_any(b, "ReduceMean", x, &s.axes, true);
    mx_val apart = mx_op2(b, "Sub", x, mean);
    mx_val squares = mx_reduce_any(b, "ReduceSumSquare", apart, &s.axes, s.keepdims);
    mx_val value = mx_op2(b, "Div", squares, degrees_of_freedom(b, x, &s));
    if (!strncmp(r->row->target, "aten.std", 8)) value = mx_op1(b, "Sqrt", value);
    r->out[0] = value;
    if (r->node->n_outputs > 1 && mx_output_used(r, 1)) r->out[1] = s.keepdims ? mean : dropped_axes(b, mean, &s.axes);
}

/* ---- norms ---- */

static mx_val reduce(mx_build *b, const char *op, mx_val x, const mx_axes *axes, bool keepdims) {
    return mx_reduce_any(b, op, x, axes, keepdims);
}

static mx_val norm_of(mx_build *b, mx_val x, double p, const mx_axes *axes, bool keepdims) {
    if (p == 2) return reduce(b, "ReduceL2", x, axes, keepdims);
    if (p == 1) return reduce(b, "ReduceL1", x, axes, keepdims);
    if (p == 0) {
        mx_val counted = mx_cast(b, mx_truth(b, x), mx_elem_of(b, x));
        return reduce(b, "ReduceSum", counted, axes, keepdims);
    }
    mx_val size = mx_op1(b, "Abs", x);
    if (isinf(p)) return reduce(b, p > 0 ? "ReduceMax" : "ReduceMin", size, axes, keepdims);
    mx_val sum = reduce(b, "ReduceSum", mx_op2(b, "Pow", size, mx_number_like(b, x, p)), axes, keepdims);
    return mx_op2(b, "Pow", sum, mx_number_like(b, x, 1 / p));
}

/* An order that is not given is 2. */
static double order(const mx_rule *r, size_t i) {
    return mx_arg_none(r, i) ? 2 : mx_arg_float(r, i);
}

static void norm_all(const mx_rule *r) {
    r->out[0] = norm_of(r->b, input(r), order(r, 1), &all_axes, false);
}

static void norm_axes(const mx_rule *r) {
    mx_val x = input(r);
    mx_axes axes = mx_arg_axes(r, 2, x);
    r->out[0] = norm_of(r->b, x, order(r, 1), &axes, mx_arg_bool(r, 3));
}

static void frobenius_norm(const mx_rule *r) {
    mx_val x = input(r);
    mx_axes axes = mx_arg_axes(r, 1, x);
    r->out[0] = norm_of(r->b, x, 2, &axes, mx_arg_bool(r, 2));
}

/* Of matrices: 1 and -1 are the largest and the smallest sum of a column, inf and -inf of a row. */
static mx_val matrix_norm(const mx_rule *r, mx_val x, double p, const mx_axes *axes, bool keepdims) {
    mx_build *b = r->b;
    if (fabs(p) != 1 && !isinf(p)) {
        mx_cannot(b, "a matrix norm of order %g needs singular values", p);
        return MX_NO_VAL;
    }
    mx_axes first = {.at = {axes->at[isinf(p) ? 1 : 0]}, .n = 1}, second = {.at = {axes->at[isinf(p) ? 0 : 1]}, .n = 1};
    mx_val sums = mx_reduce_any(b, "ReduceL1", x, &first, true);
    mx_val out = mx_reduce_any(b, p > 0 ? "ReduceMax" : "ReduceMin", sums, &second, true);
    return keepdims ? out : mx_squeeze(b, out, axes->at, 2);
}

/* linalg_norm(self, ord, dim, keepdim), linalg_matrix_norm with the same arguments */
static void linalg_norm(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = input(r);
    mx_axes axes = mx_arg_axes(r, 2, x);
    bool keepdims = mx_arg_bool(r, 3), no_order = mx_arg_none(r, 1) || mx_arg_is_text(r, 1, "fro");
    if (!mx_arg_none(r, 1) && !axes.n && mx_rank_of(b, x) == 2) axes = (mx_axes){.at = {0, 1}, .n = 2};
    if (no_order)
        r->out[0] = norm_of(b, x, 2, &axes, keepdims);
    else if (mx_arg_is_text(r, 1, "nuc"))
        mx_cannot(b, "the nuclear norm needs singular values");
    else if (axes.n == 2)
        r->out[0] = matrix_norm(r, x, mx_arg_float(r, 1), &axes, keepdims);
    else
        r->out[0] = norm_of(b, x, mx_arg_float(r, 1), &axes, keepdims);
}

static void dist(const mx_rule *r) {
    int32_t elem = mx_out_elem(r, 0);
    mx_val apart = mx_op2(r->b, "Sub", mx_arg_as(r, 0, elem), mx_arg_as(r, 1, elem));
    r->out[0] = norm_of(r->b, apart, mx_arg_float(r, 2), &all_axes, false);
}

/* ---- exponentials over an axis ---- */

static void logsumexp(const mx_rule *r) {
    mx_val x = input(r);
    mx_axes axes = mx_arg_axes(r, 1, x);
    r->out[0] = mx_reduce_any(r->b, "ReduceLogSumExp", x, &axes, mx_arg_bool(r, 2));
}

/* Softmax, LogSoftmax along an axis; a number is an axis of one. */
static mx_val along_axis(const mx_rule *r, const char *op, mx_val x, int64_t axis) {
    mx_build *b = r->b;
    const int64_t one = 1;
    bool scalar = mx_rank_of(b, x) == 0;
    if (scalar) x = mx_reshape_to(b, x, &one, 1);
    mx_val y = mx_op(b, op, MX_IN(x), MX_AT(mx_at_i("axis", axis)));
    return scalar ? mx_as_scalar(b, y) : y;
}

static void softmax(const mx_rule *r) {
    mx_val x = input(r);
    r->out[0] = along_axis(r, r->row->onnx, x, mx_axis(r, mx_arg_int(r, 1), mx_rank_of(r->b, x)));
}

/* 0 where all along the axis are -inf */
static void safe_softmax(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = input(r);
    mx_axes axes = mx_arg_axes(r, 1, x);
    mx_val y = along_axis(r, "Softmax", x, axes.at[0]);
    mx_val masked = mx_test_number(b, "Equal", mx_reduce_any(b, "ReduceMax", x, &axes, true), -INFINITY);
    r->out[0] = mx_where(b, masked, mx_number_like(b, x, 0), y);
}

#define SPREAD(name, onnx)                                                                                             \
    {"aten." name ".default", variance, onnx, 0, 0}, {"aten." name ".dim", variance, onnx, 0, 0}, {                    \
        "aten." name ".correction", variance, onnx, 0, 0                                                               \
    }

static const mx_lowering rows[] = {
    {"aten._log_softmax.default", softmax, "LogSoftmax", 0, 0},
    {"aten._safe_softmax.default", safe_softmax, "Softmax, ReduceMax, Equal, Where", 0, 0},
    {"aten._softmax.default", softmax, "Softmax", 0, 0},
    {"aten.dist.default", dist, "Sub, ReduceL2", 0, 0},
    {"aten.frobenius_norm.dim", frobenius_norm, "ReduceL2", 0, 0},
    {"aten.linalg_matrix_norm.default", linalg_norm, "ReduceL1, ReduceMax", 0, 0},
    {"aten.linalg_matrix_norm.str_ord", linalg_norm, "ReduceL2", 0, 0},
    {"aten.linalg_norm.default", linalg_norm, "ReduceL2", 0, 0},
    {"aten.linalg_norm.ord_str", linalg_norm, "ReduceL2", 0, 0},
    {"aten.linalg_vector_norm.default", norm_axes, "ReduceL2", 0, 0},
    {"aten.log_softmax.int", softmax, "LogSoftmax", 0, 0},
    {"aten.logsumexp.default", logsumexp, "ReduceLogSumExp", 0, 0},
    {"aten.norm.Scalar", norm_all, "ReduceL2", 0, 0},
    {"aten.norm.ScalarOpt_dim", norm_axes, "ReduceL2", 0, 0},
    {"aten.norm.ScalarOpt_dim_dtype", norm_axes, "ReduceL2", 0, 0},
    {"aten.norm.ScalarOpt_dtype", norm_all, "ReduceL2", 0, 0},
    {"aten.softmax.int", softmax, "Softmax", 0, 0},
    {"aten.special_log_softmax.default", softmax, "LogSoftmax", 0, 0},
    {"aten.special_logsumexp.default", logsumexp, "ReduceLogSumExp", 0, 0},
    {"aten.special_softmax.default", softmax, "Softmax", 0, 0},
    SPREAD("std", "ReduceMean, Sub, ReduceSumSquare, Div, Sqrt"),
    SPREAD("std_mean", "ReduceMean, Sub, ReduceSumSquare, Div, Sqrt"),
    SPREAD("var", "ReduceMean, Sub, ReduceSumSquare, Div"),
    SPREAD("var_mean", "ReduceMean, Sub, ReduceSumSquare, Div"),
};

const mx_lowering_family mx_family_statistics = {"statistics", rows, sizeof rows / sizeof *rows};
