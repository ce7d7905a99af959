/* Operators whose form depends on the opset. */
#include "torch_io/build_internal.h"

/* ---- axes ---- */

/* Axes counted from 0 on and sorted; false: one is out of range or stands twice, and the builder has failed. */
static bool normal_axes(mx_build *b, const int64_t *axes, size_t n, int rank, int64_t *out) {
    bool seen[MX_MAX_RANK] = {false};
    if (n > MX_MAX_RANK || rank > MX_MAX_RANK) {
        mx_cannot(b, "more than %d axes", MX_MAX_RANK);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < 0 || axis >= rank || seen[axis]) {
            mx_cannot(b, "axis %lld does not fit a tensor of rank %d", (long long)axes[i], rank);
            return false;
        }
        seen[axis] = true;
    }
    for (int64_t k = 0, at = 0; k < rank; k++)
        if (seen[k]) out[at++] = k;
    return true;
}

/* ---- types ---- */

mx_val mx_cast(mx_build *b, mx_val v, int32_t elem) {
    if (v == MX_NO_VAL || mx_elem_of(b, v) == elem) return v;
    return mx_op(b, "Cast", MX_IN(v), MX_AT(mx_at_i("to", elem)));
}

mx_val mx_round_to(mx_build *b, mx_val v, int32_t elem) {
    int32_t before = mx_elem_of(b, v);
    mx_at to = mx_at_i("to", elem), back = mx_at_i("to", before);
    if (before == elem || v == MX_NO_VAL) return v;
    mx_val rounded = mx_build_emit1(b, &(mx_ask){"Cast", &v, &to, 1, 1});
    return mx_build_emit1(b, &(mx_ask){"Cast", &rounded, &back, 1, 1});
}

/* ---- layout ---- */

mx_val mx_reshape_to(mx_build *b, mx_val v, const int64_t *sizes, size_t n) {
    return mx_reshape(b, v, mx_int64s(b, sizes, n));
}

mx_val mx_transpose(mx_build *b, mx_val v, const int64_t *perm, size_t n) {
    int64_t positive[MX_MAX_RANK], sorted[MX_MAX_RANK];
    if (!normal_axes(b, perm, n, (int)n, sorted)) return MX_NO_VAL;
    for (size_t i = 0; i < n; i++)
        positive[i] = perm[i] < 0 ? perm[i] + (int64_t)n : perm[i];
    return mx_op(b, "Transpose", MX_IN(v), MX_AT(mx_at_is("perm", positive, n)));
}

mx_val mx_swap(mx_build *b, mx_val v, int64_t axis1, int64_t axis2) {
    int64_t perm[MX_MAX_RANK];
    int rank = mx_rank_of(b, v);
    if (mx_failed(b)) return MX_NO_VAL;
    if (axis1 < 0) axis1 += rank;
    if (axis2 < 0) axis2 += rank;
    if (rank < 0 || rank > MX_MAX_RANK || axis1 < 0 || axis1 >= rank || axis2 < 0 || axis2 >= rank) {
        if (rank != 0) mx_cannot(b, "two axes to swap do not fit a tensor of rank %d", rank);
        return v;
    }
    for (int i = 0; i < rank; i++)
        perm[i] = i;
    perm[axis1] = axis2;
    perm[axis2] = axis1;
    return mx_transpose(b, v, perm, (size_t)rank);
}

static mx_val with_axes(mx_build *b, const char *op, mx_val v, const int64_t *axes, size_t n, int rank) {
    int64_t sorted[MX_MAX_RANK];
    if (n == 0 || mx_failed(b)) return v;
    if (rank < 0) {
        mx_cannot(b, "the rank of a tensor is not known");
        return MX_NO_VAL;
    }
    if (!normal_axes(b, axes, n, rank, sorted)) return MX_NO_VAL;
    return mx_op(b, op, MX_IN(v, mx_int64s(b, sorted, n)), MX_NO_AT);
}

mx_val mx_unsqueeze(mx_build *b, mx_val v, const int64_t *axes, size_t n) {
    int rank = mx_rank_of(b, v);
    return with_axes(b, "Unsqueeze", v, axes, n, rank < 0 ? -1 : rank + (int)n);
}

mx_val mx_unsqueeze1(mx_build *b, mx_val v, int64_t axis) {
    return mx_unsqueeze(b, v, &axis, 1);
}

mx_val mx_squeeze(mx_build *b, mx_val v, const int64_t *axes, size_t n) {
    return with_axes(b, "Squeeze", v, axes, n, mx_rank_of(b, v));
}

mx_val mx_squeeze1(mx_build *b, mx_val v, int64_t axis) {
    return mx_squeeze(b, v, &axis, 1);
}

mx_val mx_expand(mx_build *b, mx_val v, mx_val sizes) {
    return mx_op2(b, "Expand", v, sizes);
}

mx_val mx_fill(mx_build *b, mx_val sizes, mx_val scalar) {
    return mx_expand(b, scalar, sizes);
}

mx_val mx_as_scalar(mx_build *b, mx_val v) {
    return mx_rank_of(b, v) == 0 ? v : mx_reshape_to(b, v, NULL, 0);
}

mx_val mx_as_vector(mx_build *b, mx_val v) {
    int64_t one = 1;
    return mx_rank_of(b, v) == 1 ? v : mx_reshape_to(b, v, &one, 1);
}

/* ---- parts ---- */

mx_val mx_concat(mx_build *b, const mx_val *v, size_t n, int64_t axis) {
    if (axis < 0 && n > 0 && mx_rank_of(b, v[0]) > 0) axis += mx_rank_of(b, v[0]);
    return mx_op(b, "Concat", v, n, MX_AT(mx_at_i("axis", axis)));
}

mx_val mx_gather(mx_build *b, mx_val v, mx_val indices, int64_t axis) {
    if (axis < 0 && mx_rank_of(b, v) > 0) axis += mx_rank_of(b, v);
    mx_at at = mx_at_i("axis", axis);
    return mx_op(b, "Gather", MX_IN(v, indices), &at, axis != 0);
}

mx_val mx_slice(mx_build *b, mx_val v, int64_t axis, mx_val start, mx_val end, int64_t step) {
    if (axis < 0 && mx_rank_of(b, v) > 0) axis += mx_rank_of(b, v);
    mx_val in[5] = {v, start, end, mx_int64(b, axis), step == 1 ? MX_NO_VAL : mx_int64(b, step)};
    return mx_op(b, "Slice", in, step == 1 ? 4 : 5, MX_NO_AT);
}

mx_val mx_slice_const(mx_build *b, mx_val v, int64_t axis, int64_t start, int64_t end, int64_t step) {
    return mx_slice(b, v, axis, mx_int64(b, start), mx_int64(b, end), step);
}

void mx_split(mx_build *b, mx_val v, int64_t axis, const int64_t *sizes, size_t n, mx_val *out) {
    int64_t at = 0;
    if (axis < 0 && mx_rank_of(b, v) > 0) axis += mx_rank_of(b, v);
    if (n != 1 && !mx_build_const(b, v) && !mx_build_can_load(b, v, MX_BUILD_LOADED)) {
        mx_op_n(b, "Split", MX_IN(v, mx_int64s(b, sizes, n)), MX_AT(mx_at_i("axis", axis)), out, n);
        return;
    }
    for (size_t i = 0; i < n; at += sizes[i++])
        out[i] = n == 1 ? v : mx_slice_const(b, v, axis, at, at + sizes[i], 1);
}

/* ---- sizes ---- */

mx_val mx_shape(mx_build *b, mx_val v) {
    return mx_op1(b, "Shape", v);
}

/* ---- arithmetic ---- */

/* Kernels of Where have no bool. */
static mx_val choose_bool(mx_build *b, mx_val condition, mx_val x, mx_val y) {
    double v;
    if (mx_const_number(b, x, &v)) /* c ? 1 : y is c or y */
        return v != 0 ? mx_op2(b, "Or", condition, y) : mx_op2(b, "And", mx_op1(b, "Not", condition), y);
    if (mx_const_number(b, y, &v))
        return v != 0 ? mx_op2(b, "Or", mx_op1(b, "Not", condition), x) : mx_op2(b, "And", condition, x);
    mx_val if_so = mx_op2(b, "And", condition, x), if_not = mx_op2(b, "And", mx_op1(b, "Not", condition), y);
    return mx_op2(b, "Or", if_so, if_not);
}

mx_val mx_where(mx_build *b, mx_val condition, mx_val x, mx_val y) {
    if (mx_elem_of(b, x) == MX_ELEM_BOOL) return choose_bool(b, condition, x, y);
    return mx_op3(b, "Where", condition, x, y);
}

static bool is_single(const mx_build *b, mx_val v) {
    return v == MX_NO_VAL || mx_rank_of(b, v) == 0;
}

/* Clip has single elements as bounds. */
mx_val mx_clip(mx_build *b, mx_val v, mx_val low, mx_val high) {
    if (low == MX_NO_VAL && high == MX_NO_VAL) return v;
    if (is_single(b, low) && is_single(b, high)) return mx_op3(b, "Clip", v, low, high);
    if (low != MX_NO_VAL) v = mx_op2(b, "Max", v, low);
    return high == MX_NO_VAL ? v : mx_op2(b, "Min", v, high);
}

mx_val mx_range(mx_build *b, mx_val start, mx_val limit, mx_val delta) {
    return mx_op3(b, "Range", start, limit, delta);
}

mx_val mx_reduce(mx_build *b, const char *op, mx_val v, const int64_t *axes, size_t n, bool keepdims) {
    int64_t sorted[MX_MAX_RANK];
    int rank = mx_rank_of(b, v);
    bool as_input = b->opset >= 18 || (strcmp(op, "ReduceSum") == 0);
    mx_at at[2] = {mx_at_i("keepdims", 0)};
    size_t n_at = !keepdims;
    if (mx_failed(b)) return MX_NO_VAL;
    if (rank == 0) n = 0; /* a single element has no axes, or one that torch calls 0 or -1 */
    if (n > 0 && rank < 0) mx_cannot(b, "the rank of a tensor is not known");
    if (n > 0 && !normal_axes(b, axes, n, rank, sorted)) return MX_NO_VAL;
    if (n > 0 && !as_input) at[n_at++] = mx_at_is("axes", sorted, n);
    mx_val in[2] = {v, n > 0 && as_input ? mx_int64s(b, sorted, n) : MX_NO_VAL};
    return mx_op(b, op, in, in[1] == MX_NO_VAL ? 1 : 2, at, n_at);
}
