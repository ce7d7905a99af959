/* Operators that put tensors together, take parts of them, or look for something in them. */
#include "converter/infer_rules.h"

/* ---- Concat, Split ---- */

/* Vectors one behind the other; of those whose content is not known at least the length has to be. */
static void concat_contents(mx_op *op) {
    mx_dim items[MX_INFER_CONTENTS];
    uint32_t count = 0, known = 0;
    for (uint32_t k = 0; k < op->node->n_inputs; k++) {
        uint32_t length;
        const mx_contents *c = mx_op_in_vector(op, k, NULL);
        if (!mx_op_in_length(op, k, &length) || length > MX_INFER_CONTENTS - count) return;
        for (uint32_t i = 0; i < length; i++)
            items[count++] = c ? c->items[i] : mx_dim_unknown;
        known += c != NULL;
    }
    if (known > 0) mx_op_out_contents(op, 0, mx_infer_keep_ints(op->in, items, count));
}

void mx_shape_concat(mx_op *op) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK], sum = mx_dim_of(0);
    uint32_t rank = 0, axis = 0;
    bool any = false, all = op->node->n_inputs > 0;
    int64_t wanted = mx_op_int(op, "axis", 1); /* version 1 had a default */
    for (uint32_t k = 0; k < op->node->n_inputs; k++) {
        if (!mx_op_in_shape(op, k, &shape)) {
            all = false;
            continue;
        }
        if (any && shape.rank != rank) return;
        rank = shape.rank;
        if (!mx_infer_axis(wanted, rank, &axis)) return;
        for (uint32_t i = 0; i < rank; i++)
            dims[i] = any ? mx_dim_better(dims[i], shape.dims[i]) : shape.dims[i];
        sum = mx_dim_add(sum, shape.dims[axis]);
        any = true;
    }
    if (!any) return;
    dims[axis] = all ? sum : mx_dim_unknown;
    mx_op_out_shape(op, 0, rank, dims);
    if (rank == 1 && all) concat_contents(op);
}

/* The size of part k of a dim that is split into equal parts, of which the last one may be smaller. */
static mx_dim equal_part(mx_dim whole, uint32_t k, int64_t parts) {
    int64_t before;
    if (whole.kind != MX_DIM_VALUE || parts <= 0 || (int64_t)k >= parts) return mx_dim_unknown;
    int64_t chunk = whole.value / parts + (whole.value % parts != 0);
    if (__builtin_mul_overflow(chunk, parts - 1, &before) || before > whole.value) return mx_dim_unknown;
    return mx_dim_of((int64_t)k == parts - 1 ? whole.value - before : chunk);
}

void mx_shape_split(mx_op *op) {
    mx_shape shape;
    mx_axes parts;
    mx_dim dims[MX_INFER_RANK];
    uint32_t axis;
    if (!mx_op_in_shape(op, 0, &shape) || !mx_infer_axis(mx_op_int(op, "axis", 0), shape.rank, &axis)) return;
    mx_op_axes(op, "split", 1, 13, &parts);
    if (mx_op_before(op, 2) && mx_op_in_given(op, 1)) mx_op_axes_input(op, 1, &parts);
    int64_t count = mx_op_int(op, "num_outputs", op->node->n_outputs);
    memcpy(dims, shape.dims, shape.rank * sizeof *dims);
    for (uint32_t k = 0; k < op->node->n_outputs; k++) {
        if (parts.given)
            dims[axis] = parts.known && k < parts.count ? mx_dim_of(parts.values[k]) : mx_dim_unknown;
        else
            dims[axis] = equal_part(shape.dims[axis], k, count);
        mx_op_out_shape(op, k, shape.rank, dims);
    }
}

/* ---- Slice ---- */

typedef struct slice {
    int64_t start, end, step;
} slice;

/* Bring start and end of a slice into a dim of known size; false: nothing can be said. */
static bool clamp_slice(slice *s, int64_t size) {
    if (s->step == 0 || s->step == INT64_MIN) return false;
    if (size == 0) *s = (slice){0, 0, 1};
    int64_t low = s->step > 0 ? 0 : -1, high = s->step > 0 ? size : size - 1;
    if (s->start < 0) s->start += size;
    if (s->end < 0) s->end += size;
    s->start = s->start < 0 ? 0 : s->start > high ? high : s->start;
    s->end = s->end < low ? low : s->end > size ? size : s->end;
    return true;
}

static int64_t slice_length(const slice *s) {
    int64_t span = s->step > 0 ? s->end - s->start : s->start - s->end, step = s->step > 0 ? s->step : -s->step;
    return span <= 0 ? 0 : (span - 1) / step + 1;
}

static bool takes_all(const slice *s) {
    return s->start == 0 && s->step == 1 && s->end >= INT32_MAX;
}

static mx_dim slice_dim(mx_dim d, slice s) {
    if (takes_all(&s)) return d;
    if (d.kind != MX_DIM_VALUE) return s.start == s.end ? mx_dim_of(0) : mx_dim_unknown;
    return clamp_slice(&s, d.value) ? mx_dim_of(slice_length(&s)) : mx_dim_unknown;
}

static void slice_contents(mx_op *op, const mx_contents *c, slice s) {
    mx_dim items[MX_INFER_CONTENTS];
    if (!clamp_slice(&s, c->count)) return;
    int64_t count = slice_length(&s);
    for (int64_t i = 0; i < count; i++)
        items[i] = c->items[s.start + i * s.step];
    mx_op_out_contents(op, 0, mx_infer_keep_ints(op->in, items, (uint32_t)count));
}

static slice slice_of(const mx_axes *starts, const mx_axes *ends, const mx_axes *steps, uint32_t i) {
    return (slice){starts->values[i], ends->values[i], steps->given ? steps->values[i] : 1};
}

void mx_shape_slice(mx_op *op) {
    mx_shape shape;
    mx_axes starts, ends, axes, steps = {0};
    mx_dim dims[MX_INFER_RANK];
    mx_op_axes(op, "starts", 1, 10, &starts);
    mx_op_axes(op, "ends", 2, 10, &ends);
    mx_op_axes(op, "axes", 3, 10, &axes);
    if (!mx_op_before(op, 10)) mx_op_axes_input(op, 4, &steps);
    if (!mx_op_in_shape(op, 0, &shape)) return;
    bool known = starts.known && ends.known && starts.count == ends.count && steps.given == steps.known &&
                 (!steps.given || steps.count == starts.count);
    bool which = axes.given ? axes.known && axes.count <= shape.rank : known && starts.count <= shape.rank;
    if (axes.known && known && axes.count != starts.count) known = false;
    for (uint32_t i = 0; i < shape.rank; i++)
        dims[i] = which ? shape.dims[i] : mx_dim_unknown;
    uint32_t count = !which ? 0 : axes.given ? axes.count : starts.count, axis = 0;
    for (uint32_t i = 0; i < count; i++) {
        axis = i;
        if (axes.given && !mx_infer_axis(axes.values[i], shape.rank, &axis)) return;
        dims[axis] = known ? slice_dim(dims[axis], slice_of(&starts, &ends, &steps, i)) : mx_dim_unknown;
    }
    mx_op_out_shape(op, 0, shape.rank, dims);
    const mx_contents *c = mx_op_in_vector(op, 0, NULL);
    if (c && known && count == 1) slice_contents(op, c, slice_of(&starts, &ends, &steps, 0));
}

/* ---- Gather ---- */

static void gather_contents(mx_op *op) {
    mx_dim items[MX_INFER_CONTENTS];
    uint32_t data_rank;
    const mx_contents *data = mx_op_in_vector(op, 0, &data_rank), *indices = mx_op_in_vector(op, 1, NULL);
    if (!data || !indices || data_rank != 1) return;
    for (uint32_t i = 0; i < indices->count; i++) {
        uint32_t at;
        bool known = indices->items[i].kind == MX_DIM_VALUE && mx_infer_axis(indices->items[i].value, data->count, &at);
        items[i] = known ? data->items[at] : mx_dim_unknown;
    }
    mx_op_out_contents(op, 0, mx_infer_keep_ints(op->in, items, indices->count));
}

/* Append dims first to last - 1 of a shape; false: too many. */
static bool append(mx_dim *dims, uint32_t *rank, const mx_shape *from, uint32_t first, uint32_t last) {
    for (uint32_t i = first; i < last; i++) {
        if (*rank == MX_INFER_RANK) return false;
        dims[(*rank)++] = from->dims[i];
    }
    return true;
}

void mx_shape_gather(mx_op *op) {
    mx_shape data, indices;
    mx_dim dims[MX_INFER_RANK];
    uint32_t axis, rank = 0;
    if (!mx_op_in_shape(op, 0, &data) || !mx_op_in_shape(op, 1, &indices)) return;
    if (!mx_infer_axis(mx_op_int(op, "axis", 0), data.rank, &axis)) return;
    if (!append(dims, &rank, &data, 0, axis) || !append(dims, &rank, &indices, 0, indices.rank) ||
        !append(dims, &rank, &data, axis + 1, data.rank))
        return;
    mx_op_out_shape(op, 0, rank, dims);
    gather_contents(op);
}

void mx_shape_gather_elements(mx_op *op) {
    mx_op_out_like(op, 0, 1);
}

void mx_shape_gather_nd(mx_op *op) {
    mx_shape data, indices;
    mx_dim dims[MX_INFER_RANK];
    uint32_t rank = 0;
    int64_t batch = mx_op_int(op, "batch_dims", 0);
    if (!mx_op_in_shape(op, 0, &data) || !mx_op_in_shape(op, 1, &indices) || indices.rank == 0) return;
    mx_dim last = indices.dims[indices.rank - 1];
    if (last.kind != MX_DIM_VALUE || batch < 0 || batch > data.rank || last.value > data.rank - batch) return;
    if (append(dims, &rank, &indices, 0, indices.rank - 1) &&
        append(dims, &rank, &data, (uint32_t)(batch + last.value), data.rank))
        mx_op_out_shape(op, 0, rank, dims);
}

/* ---- looking for something ---- */

void mx_shape_top_k(mx_op *op) {
    mx_shape shape;
    mx_axes k;
    mx_dim dims[MX_INFER_RANK];
    uint32_t axis;
    if (!mx_op_in_shape(op, 0, &shape) || !mx_infer_axis(mx_op_int(op, "axis", -1), shape.rank, &axis)) return;
    mx_op_axes_input(op, 1, &k);
    if (mx_op_before(op, 10)) k = (mx_axes){true, true, 1, {mx_op_int(op, "k", -1)}};
    memcpy(dims, shape.dims, shape.rank * sizeof *dims);
    dims[axis] = k.known && k.count == 1 ? mx_dim_of(k.values[0]) : mx_dim_unknown;
    mx_op_out_shape(op, 0, shape.rank, dims);
    mx_op_out_shape(op, 1, shape.rank, dims);
}

/* Along an axis as many as are wanted; without an axis all elements in a row. */
static void select_along(mx_op *op) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK];
    uint32_t axis;
    if (!mx_op_attribute(op, "axis")) {
        mx_op_out_rank(op, 0, 1);
        return;
    }
    if (!mx_op_in_shape(op, 0, &shape) || !mx_infer_axis(mx_op_int(op, "axis", 0), shape.rank, &axis)) return;
    memcpy(dims, shape.dims, shape.rank * sizeof *dims);
    dims[axis] = mx_dim_unknown;
    mx_op_out_shape(op, 0, shape.rank, dims);
}

void mx_shape_compress(mx_op *op) {
    select_along(op);
}

void mx_shape_unique(mx_op *op) {
    select_along(op);
    for (uint32_t k = 1; k < op->node->n_outputs; k++)
        mx_op_out_rank(op, k, 1);
}

void mx_shape_one_hot(mx_op *op) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK];
    double depth;
    uint32_t axis, count;
    if (!mx_op_in_shape(op, 0, &shape) || shape.rank == MX_INFER_RANK) return;
    if (!mx_infer_axis(mx_op_int(op, "axis", -1), shape.rank + 1, &axis)) return;
    bool known = mx_op_in_reals(op, 1, &depth, 1, &count) && count == 1 && depth >= 0 && depth < 9e15;
    for (uint32_t i = 0, from = 0; i <= shape.rank; i++)
        if (i != axis) dims[i] = shape.dims[from++];
    dims[axis] = known ? mx_dim_of((int64_t)depth) : mx_dim_unknown;
    mx_op_out_shape(op, 0, shape.rank + 1, dims);
}

void mx_shape_non_zero(mx_op *op) {
    mx_shape shape;
    mx_dim dims[2] = {mx_dim_unknown, mx_dim_unknown};
    if (mx_op_in_shape(op, 0, &shape)) dims[0] = mx_dim_of(shape.rank);
    mx_op_out_shape(op, 0, 2, dims);
}

/* NonMaxSuppression: for each box that is left its batch, class and index. */
void mx_shape_boxes(mx_op *op) {
    mx_dim dims[2] = {mx_dim_unknown, mx_dim_of(3)};
    mx_op_out_shape(op, 0, 2, dims);
}
