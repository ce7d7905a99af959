/* Operators that give the same elements, or copies of them, another shape. */
#include "converter/infer_rules.h"

/* ---- Reshape ---- */

/* What a Reshape asks for: dims as far as they are known. */
typedef struct target {
    mx_dim dims[MX_INFER_RANK];
    bool copied[MX_INFER_RANK]; /* a 0: the dim of the input at the same place */
    uint32_t rank, open;        /* open: the place of -1 or UINT32_MAX */
} target;

/* The dim that -1 stands for: all that the others do not take. Symbols on both sides cancel out. */
static mx_dim remaining(const mx_shape *from, const target *to) {
    bool taken[MX_INFER_RANK];
    mx_dim left = mx_dim_of(1), right = mx_dim_of(1);
    memcpy(taken, to->copied, sizeof taken);
    for (uint32_t i = 0; i < to->rank; i++) {
        bool matched = i == to->open || to->copied[i];
        for (uint32_t k = 0; !matched && to->dims[i].kind == MX_DIM_PARAM && k < from->rank; k++) {
            matched = !taken[k] && mx_dim_same(to->dims[i], from->dims[k]);
            if (matched) taken[k] = true;
        }
        if (!matched) right = mx_dim_multiply(right, to->dims[i]);
    }
    for (uint32_t k = 0; k < from->rank; k++)
        if (!taken[k]) left = mx_dim_multiply(left, from->dims[k]);
    if (mx_dim_is(right, 1)) return left;
    bool divides = left.kind == MX_DIM_VALUE && right.kind == MX_DIM_VALUE && right.value > 0;
    return divides && left.value % right.value == 0 ? mx_dim_of(left.value / right.value) : mx_dim_unknown;
}

static void reshape_to(mx_op *op, const mx_dim *items, uint32_t count) {
    mx_shape from;
    target to = {.rank = count, .open = UINT32_MAX};
    bool known = mx_op_in_shape(op, 0, &from), keep_zero = mx_op_int(op, "allowzero", 0) != 0;
    if (count > MX_INFER_RANK) return;
    for (uint32_t i = 0; i < count; i++) {
        bool zero = mx_dim_is(items[i], 0) && !keep_zero;
        to.copied[i] = zero && known && i < from.rank;
        to.dims[i] = to.copied[i] ? from.dims[i] : zero ? mx_dim_unknown : mx_item_dim(items[i]);
        if (mx_dim_is(items[i], -1)) to.open = i;
    }
    if (to.open != UINT32_MAX && known) to.dims[to.open] = remaining(&from, &to);
    mx_op_out_shape(op, 0, count, to.dims);
    mx_op_out_contents(op, 0, mx_op_in_contents(op, 0));
}

void mx_shape_reshape(mx_op *op) {
    mx_axes shape;
    uint32_t rank;
    const mx_contents *c = mx_op_before(op, 5) ? NULL : mx_op_in_contents(op, 1);
    if (c && c->items) {
        reshape_to(op, c->items, c->count);
        return;
    }
    mx_op_axes(op, "shape", 1, 5, &shape);
    if (shape.known && mx_op_before(op, 5)) {
        mx_dim items[MX_INFER_CONTENTS];
        for (uint32_t i = 0; i < shape.count; i++)
            items[i] = mx_item_of(shape.values[i]);
        reshape_to(op, items, shape.count);
    } else if (!mx_op_before(op, 5) && mx_op_in_length(op, 1, &rank)) {
        mx_op_out_rank(op, 0, rank);
    }
}

void mx_shape_flatten(mx_op *op) {
    mx_shape shape;
    int64_t axis = mx_op_int(op, "axis", 1);
    if (!mx_op_in_shape(op, 0, &shape)) {
        mx_op_out_rank(op, 0, 2);
        return;
    }
    if (axis < 0) axis += shape.rank;
    if (axis < 0 || axis > (int64_t)shape.rank) return;
    mx_dim dims[2] = {mx_dims_product(shape.dims, 0, (uint32_t)axis),
                      mx_dims_product(shape.dims, (uint32_t)axis, shape.rank)};
    mx_op_out_shape(op, 0, 2, dims);
}

void mx_shape_transpose(mx_op *op) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK];
    const int64_t *perm;
    uint32_t count, from;
    if (!mx_op_in_shape(op, 0, &shape)) return;
    bool given = mx_op_ints(op, "perm", &perm, &count);
    if (given && count != shape.rank) return;
    for (uint32_t i = 0; i < shape.rank; i++) {
        from = shape.rank - 1 - i;
        if (given && !mx_infer_axis(perm[i], shape.rank, &from)) return;
        dims[i] = shape.dims[from];
    }
    mx_op_out_shape(op, 0, shape.rank, dims);
}

/* ---- Squeeze, Unsqueeze ---- */

static bool mark_axes(const mx_axes *axes, uint32_t rank, bool *marks) {
    for (uint32_t i = 0; i < axes->count; i++) {
        uint32_t axis;
        if (!mx_infer_axis(axes->values[i], rank, &axis) || marks[axis]) return false;
        marks[axis] = true;
    }
    return true;
}

void mx_shape_squeeze(mx_op *op) {
    mx_shape shape;
    mx_axes axes;
    mx_dim dims[MX_INFER_RANK];
    bool gone[MX_INFER_RANK] = {false};
    uint32_t rank = 0, count;
    mx_op_axes(op, "axes", 1, 13, &axes);
    mx_op_out_contents(op, 0, mx_op_in_contents(op, 0));
    if (!mx_op_in_shape(op, 0, &shape)) return;
    if (axes.given && !axes.known) {
        if (mx_op_in_length(op, 1, &count) && count <= shape.rank) mx_op_out_rank(op, 0, shape.rank - count);
        return;
    }
    for (uint32_t i = 0; i < shape.rank && !axes.given; i++) {
        if (shape.dims[i].kind != MX_DIM_VALUE) return;
        gone[i] = shape.dims[i].value == 1;
    }
    if (axes.given && !mark_axes(&axes, shape.rank, gone)) return;
    for (uint32_t i = 0; i < shape.rank; i++)
        if (!gone[i]) dims[rank++] = shape.dims[i];
    mx_op_out_shape(op, 0, rank, dims);
}

void mx_shape_unsqueeze(mx_op *op) {
    mx_shape shape;
    mx_axes axes;
    mx_dim dims[MX_INFER_RANK];
    bool added[MX_INFER_RANK] = {false};
    uint32_t count;
    mx_op_axes(op, "axes", 1, 13, &axes);
    mx_op_out_contents(op, 0, mx_op_in_contents(op, 0));
    if (!mx_op_in_shape(op, 0, &shape)) return;
    if (!axes.known) {
        if (axes.given && mx_op_in_length(op, 1, &count)) mx_op_out_rank(op, 0, shape.rank + count);
        return;
    }
    uint32_t rank = shape.rank + axes.count;
    if (rank > MX_INFER_RANK || !mark_axes(&axes, rank, added)) return;
    for (uint32_t i = 0, from = 0; i < rank; i++)
        dims[i] = added[i] ? mx_dim_of(1) : shape.dims[from++];
    mx_op_out_shape(op, 0, rank, dims);
}

/* ---- copies ---- */

void mx_shape_expand(mx_op *op) {
    mx_shape shapes[2];
    mx_dim wanted[MX_INFER_RANK], dims[MX_INFER_RANK];
    uint32_t rank;
    const mx_contents *c = mx_op_in_contents(op, 1);
    if (!mx_op_in_shape(op, 0, &shapes[0]) || !mx_op_in_length(op, 1, &rank)) return;
    for (uint32_t i = 0; i < rank; i++)
        wanted[i] = c && c->items ? mx_item_dim(c->items[i]) : mx_dim_unknown;
    shapes[1] = (mx_shape){rank, wanted};
    if (mx_broadcast(shapes, 2, dims, &rank)) mx_op_out_shape(op, 0, rank, dims);
}

void mx_shape_tile(mx_op *op) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK] = {{0}};
    if (!mx_op_in_shape(op, 0, &shape)) return;
    const mx_contents *c = mx_op_before(op, 6) ? NULL : mx_op_in_contents(op, 1);
    for (uint32_t i = 0; c && c->items && c->count == shape.rank && i < shape.rank; i++)
        dims[i] = mx_dim_multiply(shape.dims[i], mx_item_dim(c->items[i]));
    mx_op_out_shape(op, 0, shape.rank, dims);
}

/* Begins and ends for the given axes; without axes for all. */
static void pad_dims(const mx_shape *shape, const mx_axes *axes, const mx_axes *pads, mx_dim *dims) {
    uint32_t count = axes->given ? axes->count : shape->rank;
    if ((axes->given && !axes->known) || !pads->known || pads->count != 2 * count) return;
    for (uint32_t i = 0; i < shape->rank; i++)
        dims[i] = shape->dims[i];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t axis = i;
        int64_t sum;
        if (axes->given && !mx_infer_axis(axes->values[i], shape->rank, &axis)) continue;
        bool small = !__builtin_add_overflow(pads->values[i], pads->values[i + count], &sum);
        if (small && sum == 0) continue;
        bool known = small && dims[axis].kind == MX_DIM_VALUE && !__builtin_add_overflow(sum, dims[axis].value, &sum);
        dims[axis] = known ? mx_dim_of(sum) : mx_dim_unknown;
    }
}

void mx_shape_pad(mx_op *op) {
    mx_shape shape;
    mx_axes pads, axes = {0};
    mx_dim dims[MX_INFER_RANK] = {{0}};
    if (!mx_op_in_shape(op, 0, &shape)) return;
    mx_op_axes(op, mx_op_before(op, 2) ? "paddings" : "pads", 1, 11, &pads);
    if (!mx_op_before(op, 18)) mx_op_axes(op, "axes", 3, 18, &axes);
    pad_dims(&shape, &axes, &pads, dims);
    mx_op_out_shape(op, 0, shape.rank, dims);
}

void mx_shape_center_crop_pad(mx_op *op) {
    mx_shape shape;
    mx_axes axes, sizes;
    mx_dim dims[MX_INFER_RANK] = {{0}};
    if (!mx_op_in_shape(op, 0, &shape)) return;
    mx_op_axes_input(op, 1, &sizes);
    mx_op_axes_attribute(op, "axes", &axes);
    uint32_t count = axes.given ? axes.count : shape.rank;
    if (axes.given == axes.known)
        for (uint32_t i = 0; i < shape.rank; i++)
            dims[i] = shape.dims[i];
    for (uint32_t i = 0; axes.given == axes.known && i < count; i++) {
        uint32_t axis = i;
        if (axes.given && !mx_infer_axis(axes.values[i], shape.rank, &axis)) continue;
        dims[axis] = sizes.known && i < sizes.count ? mx_dim_of(sizes.values[i]) : mx_dim_unknown;
    }
    mx_op_out_shape(op, 0, shape.rank, dims);
}

/* ---- blocks ---- */

static mx_dim divide(mx_dim d, int64_t by) {
    return d.kind == MX_DIM_VALUE && by > 0 && d.value % by == 0 ? mx_dim_of(d.value / by) : mx_dim_unknown;
}

static void blocks(mx_op *op, bool to_space) {
    mx_shape shape;
    int64_t size = mx_op_int(op, "blocksize", 0), area;
    bool usable = size > 0 && !__builtin_mul_overflow(size, size, &area);
    if (!mx_op_in_shape(op, 0, &shape) || shape.rank != 4 || !usable) {
        mx_op_out_rank(op, 0, 4);
        return;
    }
    const mx_dim *d = shape.dims;
    mx_dim by = mx_dim_of(size);
    mx_dim space[4] = {d[0], divide(d[1], area), mx_dim_multiply(d[2], by), mx_dim_multiply(d[3], by)};
    mx_dim depth[4] = {d[0], mx_dim_multiply(d[1], mx_dim_of(area)), divide(d[2], size), divide(d[3], size)};
    mx_op_out_shape(op, 0, 4, to_space ? space : depth);
}

void mx_shape_depth_to_space(mx_op *op) {
    blocks(op, true);
}

void mx_shape_space_to_depth(mx_op *op) {
    blocks(op, false);
}
