/* Operators that sample images: regions of interest, resizing, grids. */
#include "converter/infer_rules.h"

/* MaxRoiPool and RoiAlign: a picture of fixed size for each region. */
void mx_shape_roi(mx_op *op) {
    mx_shape x, rois;
    const int64_t *size;
    uint32_t count;
    mx_dim dims[4] = {mx_dim_unknown, mx_dim_unknown, mx_dim_unknown, mx_dim_unknown};
    bool pool = mx_op_ints(op, "pooled_shape", &size, &count) && count == 2;
    bool align = mx_str_is(mx_text(op->g, op->node->op_type), "RoiAlign");
    if (mx_op_in_shape(op, 0, &x) && x.rank > 1) dims[1] = x.dims[1];
    if (mx_op_in_shape(op, 1, &rois) && rois.rank > 0) dims[0] = rois.dims[0];
    if (pool || align) {
        dims[2] = mx_dim_of(pool ? size[0] : mx_op_int(op, "output_height", 1));
        dims[3] = mx_dim_of(pool ? size[1] : mx_op_int(op, "output_width", 1));
    }
    mx_op_out_shape(op, 0, 4, dims);
}

/* ---- Upsample, Resize ---- */

/* The whole part of a size; unknown for one that is negative, too large or no number. */
static mx_dim whole_size(double size) {
    return size >= 0 && size < 9e15 ? mx_dim_of((int64_t)size) : mx_dim_unknown;
}

/* The scales as they are given: an attribute or an input. */
static bool read_scales(mx_op *op, uint32_t input, double *scales, uint32_t *count) {
    const float *values;
    if (mx_op_floats(op, "scales", &values, count)) {
        if (*count > MX_INFER_RANK) return false;
        for (uint32_t i = 0; i < *count; i++)
            scales[i] = (double)values[i];
        return true;
    }
    return mx_op_in_reals(op, input, scales, MX_INFER_RANK, count);
}

/* Calculated as runtimes do it, in float32. */
static mx_dim scaled(mx_dim d, double scale) {
    if (scale == 1) return d;
    return d.kind == MX_DIM_VALUE ? whole_size((double)((float)d.value * (float)scale)) : mx_dim_unknown;
}

void mx_shape_upsample(mx_op *op) {
    mx_shape x;
    double scales[MX_INFER_RANK];
    mx_dim dims[MX_INFER_RANK] = {{0}};
    uint32_t count;
    if (!mx_op_in_shape(op, 0, &x)) return;
    if (read_scales(op, 1, scales, &count) && count == x.rank)
        for (uint32_t i = 0; i < x.rank; i++)
            dims[i] = scaled(x.dims[i], scales[i]);
    mx_op_out_shape(op, 0, x.rank, dims);
}

/* The axes that scales and sizes are for; by default all. */
static uint32_t resize_axes(mx_op *op, uint32_t rank, uint32_t *axes) {
    const int64_t *values;
    uint32_t count;
    bool given = mx_op_ints(op, "axes", &values, &count);
    if (!given) count = rank;
    if (count > rank || op->blind) return UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        axes[i] = i;
        if (given && !mx_infer_axis(values[i], rank, &axes[i])) return UINT32_MAX;
    }
    return count;
}

/* With a policy that keeps the proportions one scale serves all axes, the smallest or the largest one. */
static void resize_in_proportion(const mx_shape *x, const uint32_t *axes, const int64_t *sizes, uint32_t count,
                                 bool larger, mx_dim *dims) {
    float scale = 0;
    bool known = true;
    for (uint32_t i = 0; i < count && known; i++) {
        mx_dim d = x->dims[axes[i]];
        known = d.kind == MX_DIM_VALUE && d.value > 0;
        float s = known ? (float)sizes[i] / (float)d.value : 0;
        if (i == 0 || (larger ? s > scale : s < scale)) scale = s;
    }
    for (uint32_t i = 0; i < count; i++) {
        mx_dim *d = &dims[axes[i]], size = x->dims[axes[i]];
        *d = known ? whole_size((double)(scale * (float)size.value) + 0.5) : mx_dim_unknown;
    }
}

static void resize_to(mx_op *op, const mx_shape *x, const uint32_t *axes, uint32_t count, const mx_contents *sizes,
                      mx_dim *dims) {
    mx_str policy = mx_op_string(op, "keep_aspect_ratio_policy", "stretch");
    int64_t values[MX_INFER_RANK];
    bool known = true;
    for (uint32_t i = 0; i < count; i++) {
        known = known && sizes->items[i].kind == MX_DIM_VALUE;
        values[i] = sizes->items[i].value;
        dims[axes[i]] = mx_item_dim(sizes->items[i]);
    }
    if (mx_str_is(policy, "stretch")) return;
    if (known)
        resize_in_proportion(x, axes, values, count, mx_str_is(policy, "not_smaller"), dims);
    else
        for (uint32_t i = 0; i < count; i++)
            dims[axes[i]] = mx_dim_unknown;
}

void mx_shape_resize(mx_op *op) {
    mx_shape x;
    double scales[MX_INFER_RANK];
    uint32_t axes[MX_INFER_RANK], n_scales;
    mx_dim dims[MX_INFER_RANK] = {{0}};
    if (!mx_op_in_shape(op, 0, &x)) return;
    bool old = mx_op_before(op, 11);
    uint32_t count = resize_axes(op, x.rank, axes);
    const mx_contents *sizes = old ? NULL : mx_op_in_contents(op, 3);
    if (count != UINT32_MAX) {
        for (uint32_t i = 0; i < x.rank; i++)
            dims[i] = x.dims[i];
        for (uint32_t i = 0; i < count; i++)
            dims[axes[i]] = mx_dim_unknown;
        if (sizes && sizes->items && sizes->count == count)
            resize_to(op, &x, axes, count, sizes, dims);
        else if (read_scales(op, old ? 1 : 2, scales, &n_scales) && n_scales == count)
            for (uint32_t i = 0; i < count; i++)
                dims[axes[i]] = scaled(x.dims[axes[i]], scales[i]);
    }
    mx_op_out_shape(op, 0, x.rank, dims);
}

/* ---- GridSample ---- */

void mx_shape_grid_sample(mx_op *op) {
    mx_shape x, grid;
    mx_dim dims[MX_INFER_RANK];
    bool has_x = mx_op_in_shape(op, 0, &x) && x.rank > 1, has_grid = mx_op_in_shape(op, 1, &grid) && grid.rank > 1;
    if (!has_x && !has_grid) return;
    uint32_t rank = has_x ? x.rank : grid.rank;
    if (has_x && has_grid && x.rank != grid.rank) return;
    dims[0] = has_x ? x.dims[0] : grid.dims[0];
    if (has_grid) dims[0] = mx_dim_better(dims[0], grid.dims[0]);
    dims[1] = has_x ? x.dims[1] : mx_dim_unknown;
    for (uint32_t i = 2; i < rank; i++)
        dims[i] = has_grid ? grid.dims[i - 1] : mx_dim_unknown;
    mx_op_out_shape(op, 0, rank, dims);
}
