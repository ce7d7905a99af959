/* Axes and counts of reductions. */
#include "torch_io/lower_numeric.h"

mx_axes mx_arg_axes(const mx_rule *r, size_t i, mx_val x) {
    mx_axes axes = {.n = 0};
    int rank = mx_rank_of(r->b, x);
    if (mx_arg_none(r, i)) return axes;
    size_t n = mx_arg_const_ints(r, i, axes.at, MX_MAX_RANK);
    for (size_t k = 0; k < n; k++)
        axes.at[k] = mx_axis(r, axes.at[k], rank);
    axes.n = rank ? n : 0;
    return axes;
}

static bool reduces(const mx_axes *axes, int64_t axis) {
    bool found = !axes->n;
    for (size_t i = 0; i < axes->n; i++)
        found |= axes->at[i] == axis;
    return found;
}

mx_val mx_count_over(mx_build *b, mx_val x, const mx_axes *axes, int64_t *known) {
    int rank = mx_rank_of(b, x);
    mx_val out = mx_int64(b, 1);
    *known = 1;
    for (int i = 0; i < rank; i++) {
        if (!reduces(axes, i)) continue;
        mx_size size = mx_size_of(b, x, i);
        if (!mx_size_is_number(size)) *known = -1;
        if (*known >= 0) *known *= size.value;
        out = mx_op2(b, "Mul", out, mx_dim(b, x, i));
    }
    return mx_as_scalar(b, out);
}

mx_val mx_reduce_any(mx_build *b, const char *op, mx_val x, const mx_axes *axes, bool keepdims) {
    mx_val wide = mx_for_kernel(b, op, x);
    return mx_cast(b, mx_reduce(b, op, wide, axes->at, axes->n, keepdims), mx_elem_of(b, x));
}

mx_val mx_arg_extreme(mx_build *b, const char *op, mx_val x, int64_t axis, bool keepdims) {
    if (mx_rank_of(b, x) == 0) return mx_scalar_int(b, MX_ELEM_INT64, 0);
    const mx_at at[] = {mx_at_i("axis", axis), mx_at_i("keepdims", keepdims)};
    return mx_op(b, op, MX_IN(mx_for_kernel(b, op, x)), at, 2);
}

mx_val mx_flat(mx_build *b, mx_val x) {
    const int64_t all = -1;
    return mx_rank_of(b, x) == 1 ? x : mx_reshape_to(b, x, &all, 1);
}

mx_val mx_shape_with(mx_build *b, mx_val x, int64_t axis, mx_val size) {
    mx_val sizes[MX_MAX_RANK];
    size_t n = 0;
    for (int i = 0; i < mx_rank_of(b, x) && i < MX_MAX_RANK; i++) {
        if (i != axis)
            sizes[n++] = mx_dim(b, x, i);
        else if (size)
            sizes[n++] = size;
    }
    return n ? mx_concat(b, sizes, n, 0) : mx_int64s(b, NULL, 0);
}
