/* Reductions: sums, extremes, whether any or all. */
#include "torch_io/lower_move.h"
#include "torch_io/lower_numeric.h"

#include <string.h>

static mx_val input(const mx_rule *r) {
    return mx_arg_as(r, 0, mx_out_elem(r, 0));
}

static const mx_axes all_axes = {.n = 0};

/* ---- sums and products: in the type of the result ---- */

static void reduce_all(const mx_rule *r) {
    r->out[0] = mx_reduce_any(r->b, r->row->onnx, input(r), &all_axes, false);
}

static void reduce_axes(const mx_rule *r) {
    mx_val x = input(r);
    mx_axes axes = mx_arg_axes(r, 1, x);
    r->out[0] = mx_reduce_any(r->b, r->row->onnx, x, &axes, mx_arg_bool(r, 2));
}

/* The mean of nothing is NaN; kernels say 0. */
static mx_val mean_of(mx_build *b, mx_val x, const mx_axes *axes, bool keepdims) {
    int64_t count;
    mx_val number = mx_count_over(b, x, axes, &count);
    if (count != 0) return mx_reduce_any(b, "ReduceMean", x, axes, keepdims);
    mx_val sum = mx_reduce_any(b, "ReduceSum", x, axes, keepdims);
    return mx_op2(b, "Div", sum, mx_cast(b, number, mx_elem_of(b, x)));
}

static void mean_all(const mx_rule *r) {
    r->out[0] = mean_of(r->b, input(r), &all_axes, false);
}

static void mean_axes(const mx_rule *r) {
    mx_val x = input(r);
    mx_axes axes = mx_arg_axes(r, 1, x);
    r->out[0] = mean_of(r->b, x, &axes, mx_arg_bool(r, 2));
}

static mx_val without_nan(mx_build *b, mx_val x) {
    if (!mx_is_float(mx_elem_of(b, x))) return x;
    return mx_where(b, mx_op1(b, "IsNaN", x), mx_number_like(b, x, 0), x);
}

static void nansum(const mx_rule *r) {
    mx_val x = input(r);
    mx_axes axes = mx_arg_axes(r, 1, x);
    r->out[0] = mx_reduce_any(r->b, "ReduceSum", without_nan(r->b, x), &axes, mx_arg_bool(r, 2));
}

static void nanmean(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = input(r);
    mx_axes axes = mx_arg_axes(r, 1, x);
    mx_val sum = mx_reduce_any(b, "ReduceSum", without_nan(b, x), &axes, mx_arg_bool(r, 2));
    mx_val counted = mx_cast(b, mx_not(b, mx_op1(b, "IsNaN", x)), mx_elem_of(b, x));
    r->out[0] = mx_op2(b, "Div", sum, mx_reduce_any(b, "ReduceSum", counted, &axes, mx_arg_bool(r, 2)));
}

static void count_nonzero(const mx_rule *r) {
    mx_val x = mx_arg(r, 0), counted = mx_cast(r->b, mx_truth(r->b, x), MX_ELEM_INT64);
    mx_axes axes = mx_arg_axes(r, 1, x);
    r->out[0] = mx_reduce_any(r->b, "ReduceSum", counted, &axes, false);
}

/* ---- extremes ---- */

/* max.dim, min.dim: values and where they are. */
static void extreme_dim(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0);
    mx_axes axes = mx_arg_axes(r, 1, x);
    bool keepdims = mx_arg_bool(r, 2);
    const char *op = !strcmp(r->row->onnx, "ReduceMax, ArgMax") ? "ReduceMax" : "ReduceMin";
    if (mx_output_used(r, 0)) r->out[0] = mx_rank_of(b, x) ? mx_reduce_any(b, op, x, &axes, keepdims) : x;
    if (mx_output_used(r, 1))
        r->out[1] = mx_arg_extreme(b, op[6] == 'M' && op[7] == 'a' ? "ArgMax" : "ArgMin", x, axes.at[0], keepdims);
}

static void extreme(const mx_rule *r) {
    r->out[0] = mx_reduce_any(r->b, r->row->onnx, mx_arg(r, 0), &all_axes, false);
}

static void aminmax(const mx_rule *r) {
    mx_val x = mx_arg(r, 0);
    mx_axes axes = mx_arg_axes(r, 1, x);
    r->out[0] = mx_reduce_any(r->b, "ReduceMin", x, &axes, mx_arg_bool(r, 2));
    r->out[1] = mx_reduce_any(r->b, "ReduceMax", x, &axes, mx_arg_bool(r, 2));
}

static void arg_extreme(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0);
    int rank = mx_rank_of(b, x);
    if (!mx_arg_none(r, 1)) {
        r->out[0] = mx_arg_extreme(b, r->row->onnx, x, mx_axis(r, mx_arg_int(r, 1), rank), mx_arg_bool(r, 2));
        return;
    }
    mx_val index = mx_arg_extreme(b, r->row->onnx, mx_flat(b, x), 0, false);
    int64_t ones[MX_MAX_RANK];
    for (int i = 0; i < rank && i < MX_MAX_RANK; i++)
        ones[i] = 1;
    r->out[0] = mx_arg_bool(r, 2) && rank > 0 ? mx_reshape_to(b, index, ones, (size_t)rank) : index;
}

/* ---- any, all ---- */

static mx_val truth_over(const mx_rule *r, const mx_axes *axes, bool keepdims) {
    mx_build *b = r->b;
    mx_val x = mx_truth(b, mx_arg(r, 0));
    if (mx_rank_of(b, x) == 0) return x;
    const char *op = r->row->onnx;
    /* Kernels for bool refuse empty tensors. */
    if (mx_opset(b) >= 20 && mx_numel_of(b, x) != 0) return mx_reduce(b, op, x, axes->at, axes->n, keepdims);
    return mx_truth(b, mx_reduce(b, op, mx_cast(b, x, MX_ELEM_UINT8), axes->at, axes->n, keepdims));
}

static void any_or_all(const mx_rule *r) {
    r->out[0] = truth_over(r, &all_axes, false);
}

static void any_or_all_dims(const mx_rule *r) {
    mx_axes axes = mx_arg_axes(r, 1, mx_arg(r, 0));
    r->out[0] = truth_over(r, &axes, mx_arg_bool(r, 2));
}

static const mx_lowering rows[] = {
    {"aten.all.default", any_or_all, "ReduceMin", 0, 0},
    {"aten.all.dim", any_or_all_dims, "ReduceMin", 0, 0},
    {"aten.all.dims", any_or_all_dims, "ReduceMin", 0, 0},
    {"aten.amax.default", reduce_axes, "ReduceMax", 0, MX_LOWER_EXACT},
    {"aten.amin.default", reduce_axes, "ReduceMin", 0, MX_LOWER_EXACT},
    {"aten.aminmax.default", aminmax, "ReduceMin, ReduceMax", 0, MX_LOWER_EXACT},
    {"aten.any.default", any_or_all, "ReduceMax", 0, 0},
    {"aten.any.dim", any_or_all_dims, "ReduceMax", 0, 0},
    {"aten.any.dims", any_or_all_dims, "ReduceMax", 0, 0},
    {"aten.argmax.default", arg_extreme, "ArgMax", 0, 0},
    {"aten.argmin.default", arg_extreme, "ArgMin", 0, 0},
    {"aten.count_nonzero.default", count_nonzero, "Cast, ReduceSum", 0, 0},
    {"aten.count_nonzero.dim_IntList", count_nonzero, "Cast, ReduceSum", 0, 0},
    {"aten.max.default", extreme, "ReduceMax", 0, MX_LOWER_EXACT},
    {"aten.max.dim", extreme_dim, "ReduceMax, ArgMax", 0, MX_LOWER_EXACT},
    {"aten.mean.default", mean_all, "ReduceMean", 0, 0},
    {"aten.mean.dim", mean_axes, "ReduceMean", 0, 0},
    {"aten.min.default", extreme, "ReduceMin", 0, MX_LOWER_EXACT},
    {"aten.min.dim", extreme_dim, "ReduceMin, ArgMin", 0, MX_LOWER_EXACT},
    {"aten.nanmean.default", nanmean, "IsNaN, Where, ReduceSum, Div", 0, 0},
    {"aten.nansum.default", nansum, "IsNaN, Where, ReduceSum", 0, 0},
    {"aten.prod.default", reduce_all, "ReduceProd", 0, 0},
    {"aten.prod.dim_int", reduce_axes, "ReduceProd", 0, 0},
    {"aten.sum.default", reduce_all, "ReduceSum", 0, 0},
    {"aten.sum.dim_IntList", reduce_axes, "ReduceSum", 0, 0},
};

const mx_lowering_family mx_family_reduction = {"reduction", rows, sizeof rows / sizeof *rows};
