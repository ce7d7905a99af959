/* Questions about a tensor's elements as a whole: quantiles, differences, membership. */
#include "torch_io/lower_numeric.h"

#include <math.h>

static mx_val operand(const mx_rule *r, size_t i) {
    return mx_arg_as(r, i, mx_out_elem(r, 0));
}

/* ---- quantiles ---- */

static mx_val in_order(mx_build *b, mx_val x, int64_t axis) {
    const mx_at at[] = {mx_at_i("axis", axis), mx_at_i("largest", 0), mx_at_i("sorted", 1)};
    mx_val out[2];
    mx_op_n(b, "TopK", MX_IN(x, mx_dim(b, x, axis)), at, 3, out, 2);
    return out[0];
}

/* The elements at places between two of them; the axis becomes that of the places (rank 0 or 1). */
static mx_val at_fractions(const mx_rule *r, mx_val sorted, mx_val places, int64_t axis) {
    mx_build *b = r->b;
    if (mx_arg_is_text(r, 4, "nearest"))
        return mx_gather(b, sorted, mx_cast(b, mx_op1(b, "Round", places), MX_ELEM_INT64), axis);
    mx_val below = mx_gather(b, sorted, mx_cast(b, mx_op1(b, "Floor", places), MX_ELEM_INT64), axis);
    if (mx_arg_is_text(r, 4, "lower")) return below;
    mx_val above = mx_gather(b, sorted, mx_cast(b, mx_op1(b, "Ceil", places), MX_ELEM_INT64), axis);
    if (mx_arg_is_text(r, 4, "higher")) return above;
    mx_val way = mx_op2(b, "Sub", above, below), share = mx_number_like(b, sorted, 0.5);
    if (mx_arg_is_text(r, 4, "linear")) {
        int64_t axes[MX_MAX_RANK];
        int after = mx_rank_of(b, sorted) - 1 - (int)axis;
        for (int i = 0; i < after && i < MX_MAX_RANK; i++)
            axes[i] = -1 - i;
        share = mx_op2(b, "Sub", places, mx_op1(b, "Floor", places));
        if (mx_rank_of(b, places) == 1 && after > 0) share = mx_unsqueeze(b, share, axes, (size_t)after);
    }
    return mx_op2(b, "Add", below, mx_op2(b, "Mul", way, share));
}

/* quantile(self, q, dim, keepdim, interpolation): the axis of q comes first. */
static void quantile(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0), q = operand(r, 1);
    int rank = mx_rank_of(b, x);
    if (rank < 0) {
        mx_cannot(b, "the rank of a tensor is not known");
        return;
    }
    bool flat = mx_arg_none(r, 2), several = mx_rank_of(b, q) == 1;
    if (flat) x = mx_flat(b, x);
    int64_t axis = flat || rank == 0 ? 0 : mx_axis(r, mx_arg_int(r, 2), rank), perm[MX_MAX_RANK], kept[MX_MAX_RANK];
    if (rank == 0) x = mx_as_vector(b, x);
    mx_val last = mx_add_number(b, mx_cast(b, mx_as_scalar(b, mx_dim(b, x, axis)), mx_elem_of(b, x)), -1);
    mx_val out = at_fractions(r, in_order(b, x, axis), mx_op2(b, "Mul", q, last), axis);
    if (several && axis) {
        int n = mx_rank_of(b, out);
        perm[0] = axis;
        for (int i = 1; i < n; i++)
            perm[i] = i <= axis ? i - 1 : i;
        out = mx_transpose(b, out, perm, (size_t)n);
    }
    size_t n_kept = mx_arg_bool(r, 3) ? flat ? (size_t)rank : 1 : 0;
    for (size_t i = 0; i < n_kept; i++)
        kept[i] = (flat ? (int64_t)i : axis) + several;
    r->out[0] = mx_unsqueeze(b, out, kept, rank ? n_kept : 0);
}

/* ---- differences ---- */

/* diff(self, n, dim, prepend, append) */
static void diff(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val parts[3], x = mx_arg(r, 0);
    size_t n = 0;
    int64_t axis = mx_axis(r, mx_arg_int(r, 2), mx_rank_of(b, x));
    if (!mx_arg_none(r, 3)) parts[n++] = operand(r, 3);
    parts[n++] = x;
    if (!mx_arg_none(r, 4)) parts[n++] = operand(r, 4);
    if (n > 1) x = mx_concat(b, parts, n, axis);
    const char *op = mx_elem_of(b, x) == MX_ELEM_BOOL ? "Xor" : "Sub";
    for (int64_t times = mx_arg_int(r, 1); times > 0 && !mx_failed(b); times--) {
        mx_val later = mx_slice_const(b, x, axis, 1, INT64_MAX, 1), earlier = mx_slice_const(b, x, axis, 0, -1, 1);
        x = mx_op2(b, op, later, earlier);
    }
    r->out[0] = x;
}

/* trapezoid.dx(y, dx, dim): (y[1:] + y[:-1]) * dx / 2, summed */
static void trapezoid(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val y = operand(r, 0);
    mx_axes axis = {.at = {mx_axis(r, mx_arg_int(r, 2), mx_rank_of(b, y))}, .n = 1};
    mx_val later = mx_slice_const(b, y, axis.at[0], 1, INT64_MAX, 1),
           earlier = mx_slice_const(b, y, axis.at[0], 0, -1, 1);
    mx_val sum = mx_reduce_any(b, "ReduceSum", mx_op2(b, "Add", later, earlier), &axis, false);
    r->out[0] = mx_mul_number(b, sum, mx_arg_float(r, 1) / 2);
}

/* cumulative_trapezoid.dx(y, dx, dim) */
static void cumulative_trapezoid(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val y = operand(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 2), mx_rank_of(b, y));
    mx_val later = mx_slice_const(b, y, axis, 1, INT64_MAX, 1), earlier = mx_slice_const(b, y, axis, 0, -1, 1);
    mx_val sums = mx_op2(b, "CumSum", mx_op2(b, "Add", later, earlier), mx_scalar_int(b, MX_ELEM_INT64, axis));
    r->out[0] = mx_mul_number(b, sums, mx_arg_float(r, 1) / 2);
}

/* ---- membership ---- */

/* isin(elements, test_elements, assume_unique, invert): each compared with all. */
static void isin(const mx_rule *r) {
    mx_build *b = r->b;
    const int64_t last = -1;
    int32_t elem = mx_promoted(r, 0, 1);
    mx_val tests = mx_flat(b, mx_arg_as(r, 1, elem)), x = mx_unsqueeze1(b, mx_arg_as(r, 0, elem), -1);
    mx_val hits = mx_cast(b, mx_op2(b, "Equal", x, tests), MX_ELEM_UINT8);
    mx_val any = mx_truth(b, mx_reduce(b, "ReduceMax", hits, &last, 1, false));
    r->out[0] = mx_arg_bool(r, 3) ? mx_not(b, any) : any;
}

/* bincount(self, weights, minlength) */
static void bincount(const mx_rule *r) {
    mx_build *b = r->b;
    const int64_t first = 0, one = 1;
    mx_val x = mx_arg_as(r, 0, MX_ELEM_INT64);
    mx_val largest = mx_reduce(b, "ReduceMax", x, &first, 1, false);
    mx_val count = mx_op2(b, "Max", mx_add_number(b, largest, 1), mx_as_scalar(b, mx_arg_size(r, 2)));
    mx_val bins = mx_range(b, mx_scalar_int(b, MX_ELEM_INT64, 0), count, mx_scalar_int(b, MX_ELEM_INT64, 1));
    mx_val hits = mx_cast(b, mx_op2(b, "Equal", mx_unsqueeze1(b, x, one), bins), mx_out_elem(r, 0));
    if (!mx_arg_none(r, 1)) hits = mx_op2(b, "Mul", hits, mx_unsqueeze1(b, operand(r, 1), one));
    r->out[0] = mx_reduce(b, "ReduceSum", hits, &first, 1, false);
}

/* ---- angles and inverses ---- */

/* Of real numbers: pi below 0. NaN stays. */
static void angle(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0), zero = mx_number_like(b, x, 0);
    mx_val value = mx_where(b, mx_test_number(b, "Less", x, 0), mx_number_like(b, x, 3.14159265358979323846), zero);
    r->out[0] = mx_where(b, mx_op1(b, "IsNaN", x), x, value);
}

/* sum_to_size(self, size): over the axes that size lacks or has as 1 */
static void sum_to_size(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0);
    int64_t sizes[MX_MAX_RANK];
    size_t n = mx_arg_const_ints(r, 1, sizes, MX_MAX_RANK), rank = mx_rank_of(b, x) < 0 ? 0 : (size_t)mx_rank_of(b, x);
    mx_axes axes = {.n = 0};
    for (size_t i = 0; i < rank && n <= rank; i++)
        if (i + n < rank || (sizes[i + n - rank] == 1 && !mx_size_is_number(mx_size_of(b, x, (int)i))) ||
            (sizes[i + n - rank] == 1 && mx_size_of(b, x, (int)i).value != 1))
            axes.at[axes.n++] = (int64_t)i;
    mx_val sum = axes.n ? mx_reduce_any(b, "ReduceSum", x, &axes, true) : x;
    r->out[0] = mx_reshape_to(b, sum, sizes, n);
}

static const mx_lowering rows[] = {
    {"aten.angle.default", angle, "Less, Where", 0, 0},
    {"aten.bincount.default", bincount, "Range, Equal, ReduceSum", 0, 0},
    {"aten.cumulative_trapezoid.dx", cumulative_trapezoid, "Slice, Add, CumSum, Mul", 0, 0},
    {"aten.diff.default", diff, "Slice, Sub", 0, 0},
    {"aten.isin.Scalar_Tensor", isin, "Equal, ReduceMax", 0, 0},
    {"aten.isin.Tensor_Scalar", isin, "Equal, ReduceMax", 0, 0},
    {"aten.isin.Tensor_Tensor", isin, "Equal, ReduceMax", 0, 0},
    {"aten.quantile.default", quantile, "TopK, Gather, Sub, Mul, Add", 0, 0},
    {"aten.quantile.scalar", quantile, "TopK, Gather, Sub, Mul, Add", 0, 0},
    {"aten.sum_to_size.default", sum_to_size, "ReduceSum, Reshape", 0, 0},
    {"aten.trapezoid.dx", trapezoid, "Slice, Add, ReduceSum, Mul", 0, 0},
    {"aten.trapz.dx", trapezoid, "Slice, Add, ReduceSum, Mul", 0, 0},
};

const mx_lowering_family mx_family_measure = {"measures", rows, sizeof rows / sizeof *rows};
