/* Operators of linear algebra, reductions and signal processing. */
#include "converter/infer_rules.h"

/* ---- products ---- */

static void product(mx_op *op, uint32_t left, uint32_t right) {
    mx_shape a, b;
    mx_dim dims[MX_INFER_RANK];
    uint32_t rank;
    if (!mx_op_in_shape(op, left, &a) || !mx_op_in_shape(op, right, &b) || a.rank == 0 || b.rank == 0) return;
    mx_shape outer[2] = {{a.rank > 2 ? a.rank - 2 : 0, a.dims}, {b.rank > 2 ? b.rank - 2 : 0, b.dims}};
    if (!mx_broadcast(outer, 2, dims, &rank)) return;
    if (a.rank > 1) dims[rank++] = a.dims[a.rank - 2];
    if (b.rank > 1) dims[rank++] = b.dims[b.rank - 1];
    mx_op_out_shape(op, 0, rank, dims);
}

void mx_shape_mat_mul(mx_op *op) {
    product(op, 0, 1);
}

void mx_shape_qlinear_mat_mul(mx_op *op) {
    product(op, 0, 3);
}

void mx_shape_gemm(mx_op *op) {
    mx_shape a, b;
    bool has_a = mx_op_in_shape(op, 0, &a) && a.rank == 2, has_b = mx_op_in_shape(op, 1, &b) && b.rank == 2;
    mx_dim dims[2] = {mx_dim_unknown, mx_dim_unknown};
    if (has_a) dims[0] = a.dims[mx_op_int(op, "transA", 0) != 0];
    if (has_b) dims[1] = b.dims[mx_op_int(op, "transB", 0) == 0];
    mx_op_out_shape(op, 0, 2, dims);
}

/* ---- reductions ---- */

static void out_reduced(mx_op *op, const mx_shape *shape, const bool *gone, bool keep) {
    mx_dim dims[MX_INFER_RANK];
    uint32_t rank = 0;
    for (uint32_t i = 0; i < shape->rank; i++) {
        if (!gone[i])
            dims[rank++] = shape->dims[i];
        else if (keep)
            dims[rank++] = mx_dim_of(1);
    }
    mx_op_out_shape(op, 0, rank, dims);
}

/* Which axes are not known: with keepdims the rank stays all the same. */
static void reduced_somewhere(mx_op *op, const mx_shape *shape, bool keep) {
    uint32_t count;
    if (keep)
        mx_op_out_rank(op, 0, shape->rank);
    else if (mx_op_in_length(op, 1, &count) && count > 0 && count <= shape->rank)
        mx_op_out_rank(op, 0, shape->rank - count);
}

void mx_shape_reduce(mx_op *op) {
    mx_shape shape;
    mx_axes axes;
    bool gone[MX_INFER_RANK] = {false}, keep = mx_op_int(op, "keepdims", 1) != 0;
    bool sum = mx_str_is(mx_text(op->g, op->node->op_type), "ReduceSum");
    if (!mx_op_in_shape(op, 0, &shape)) return;
    mx_op_axes(op, "axes", 1, sum ? 13 : 18, &axes);
    if (axes.given && !axes.known) {
        reduced_somewhere(op, &shape, keep);
        return;
    }
    bool all = axes.count == 0 && mx_op_int(op, "noop_with_empty_axes", 0) == 0;
    for (uint32_t i = 0; i < shape.rank; i++)
        gone[i] = all;
    for (uint32_t i = 0; i < axes.count; i++) {
        uint32_t axis;
        if (!mx_infer_axis(axes.values[i], shape.rank, &axis)) return;
        gone[axis] = true;
    }
    out_reduced(op, &shape, gone, keep);
}

void mx_shape_arg_reduce(mx_op *op) {
    mx_shape shape;
    bool gone[MX_INFER_RANK] = {false};
    uint32_t axis;
    if (!mx_op_in_shape(op, 0, &shape) || !mx_infer_axis(mx_op_int(op, "axis", 0), shape.rank, &axis)) return;
    gone[axis] = true;
    out_reduced(op, &shape, gone, mx_op_int(op, "keepdims", 1) != 0);
}

void mx_shape_det(mx_op *op) {
    mx_shape shape;
    if (mx_op_in_shape(op, 0, &shape) && shape.rank >= 2) mx_op_out_shape(op, 0, shape.rank - 2, shape.dims);
}

/* ---- transforms ---- */

/* The axis of a DFT: an attribute up to version 19, then an input. */
static bool dft_axis(mx_op *op, uint32_t rank, uint32_t *out) {
    int64_t axis = -2;
    uint32_t count;
    if (mx_op_before(op, 20))
        axis = mx_op_int(op, "axis", 1);
    else if (mx_op_in_given(op, 2) && (!mx_op_in_ints(op, 2, &axis, 1, &count) || count != 1))
        return false;
    return mx_infer_axis(axis, rank, out);
}

/* The size of the axis of a DFT. One side of a spectrum of n values has n / 2 + 1; back from it, an even n is taken. */
static mx_dim dft_size(const mx_op *op, mx_dim size, bool onesided, bool inverse) {
    int64_t length;
    uint32_t count;
    if (mx_op_in_given(op, 1)) {
        bool known = mx_op_in_ints(op, 1, &length, 1, &count) && count == 1;
        size = known ? mx_dim_of(length) : mx_dim_unknown;
    } else if (onesided && inverse) {
        return size.kind == MX_DIM_VALUE ? mx_dim_multiply(mx_dim_of(2), mx_dim_of(size.value - 1)) : mx_dim_unknown;
    }
    if (!onesided || inverse) return size;
    return size.kind == MX_DIM_VALUE ? mx_dim_of(size.value / 2 + 1) : mx_dim_unknown;
}

void mx_shape_dft(mx_op *op) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK] = {{0}};
    uint32_t axis;
    bool onesided = mx_op_int(op, "onesided", 0) != 0, inverse = mx_op_int(op, "inverse", 0) != 0;
    bool same_size = !onesided && !mx_op_in_given(op, 1), has_axis;
    if (!mx_op_in_shape(op, 0, &shape) || shape.rank < 2) return;
    has_axis = dft_axis(op, shape.rank, &axis);
    if (has_axis || same_size) memcpy(dims, shape.dims, shape.rank * sizeof *dims);
    if (has_axis && !same_size) dims[axis] = dft_size(op, dims[axis], onesided, inverse);
    dims[shape.rank - 1] = mx_dim_of(onesided && inverse ? 1 : 2); /* real numbers or complex ones */
    mx_op_out_shape(op, 0, shape.rank, dims);
}

/* batch, frames, frequencies, and a real and an imaginary part */
void mx_shape_stft(mx_op *op) {
    mx_shape signal, window;
    mx_dim dims[4] = {mx_dim_unknown, mx_dim_unknown, mx_dim_unknown, mx_dim_of(2)};
    int64_t step = 0, length = -1;
    uint32_t count;
    if (!mx_op_in_shape(op, 0, &signal) || signal.rank == 0) {
        mx_op_out_shape(op, 0, 4, dims);
        return;
    }
    dims[0] = signal.dims[0];
    if (mx_op_in_given(op, 3)) {
        if (!mx_op_in_ints(op, 3, &length, 1, &count) || count != 1) length = -1;
    } else if (mx_op_in_shape(op, 2, &window) && window.rank == 1 && window.dims[0].kind == MX_DIM_VALUE) {
        length = window.dims[0].value;
    }
    if (length > 0) dims[2] = mx_dim_of(mx_op_int(op, "onesided", 1) != 0 ? length / 2 + 1 : length);
    bool steps = mx_op_in_ints(op, 1, &step, 1, &count) && count == 1 && step > 0;
    if (steps && length > 0 && signal.rank > 1 && signal.dims[1].kind == MX_DIM_VALUE && signal.dims[1].value >= length)
        dims[1] = mx_dim_of((signal.dims[1].value - length) / step + 1);
    mx_op_out_shape(op, 0, 4, dims);
}
