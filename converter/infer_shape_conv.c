/* Convolutions and pooling: a batch dim, channels, and spatial dims over which a window slides. */
#include "converter/infer_rules.h"

/* How the window slides. Lists that an operator does not have are all ones or zeros. */
typedef struct sliding {
    uint32_t spatial;
    int64_t kernel[MX_INFER_RANK], strides[MX_INFER_RANK], dilations[MX_INFER_RANK], pads[2 * MX_INFER_RANK];
    bool kernel_known;
    enum { PAD_GIVEN, PAD_SAME, PAD_VALID } padding;
} sliding;

/* A list attribute; false: it is there but of a wrong length. */
static bool read_list(mx_op *op, const char *name, int64_t *to, uint32_t count, int64_t otherwise, bool *given) {
    const int64_t *values;
    uint32_t n;
    *given = mx_op_ints(op, name, &values, &n);
    for (uint32_t i = 0; i < count; i++)
        to[i] = *given && i < n ? values[i] : otherwise;
    for (uint32_t i = 0; i < count; i++)
        if (to[i] < 0 || to[i] > INT32_MAX) return false;
    return !*given || n == count;
}

static bool read_sliding(mx_op *op, uint32_t spatial, sliding *s) {
    bool given;
    mx_str pad = mx_op_string(op, "auto_pad", "NOTSET");
    s->spatial = spatial;
    if (!read_list(op, "kernel_shape", s->kernel, spatial, 0, &s->kernel_known)) return false;
    if (!read_list(op, "strides", s->strides, spatial, 1, &given)) return false;
    if (!read_list(op, "dilations", s->dilations, spatial, 1, &given)) return false;
    if (!read_list(op, "pads", s->pads, 2 * spatial, 0, &given)) return false;
    s->padding = mx_str_starts(pad, "SAME") ? PAD_SAME : mx_str_is(pad, "VALID") ? PAD_VALID : PAD_GIVEN;
    for (uint32_t i = 0; i < spatial; i++)
        if (s->strides[i] == 0) return false;
    return true;
}

/* Without kernel_shape the weights (M, C / group, k1, k2, ...) have it. */
static void kernel_from_weights(mx_op *op, uint32_t weights, sliding *s) {
    mx_shape w;
    if (s->kernel_known || !mx_op_in_shape(op, weights, &w) || w.rank != s->spatial + 2) return;
    s->kernel_known = true;
    for (uint32_t i = 0; i < s->spatial; i++) {
        if (w.dims[i + 2].kind != MX_DIM_VALUE || w.dims[i + 2].value > INT32_MAX)
            s->kernel_known = false;
        else
            s->kernel[i] = w.dims[i + 2].value;
    }
}

/* How many places the window has in dim i. */
static mx_dim slide(const sliding *s, uint32_t i, mx_dim size, bool ceil_mode) {
    if (s->padding == PAD_SAME && s->strides[i] == 1) return size;
    if (size.kind != MX_DIM_VALUE || size.value > INT32_MAX) return mx_dim_unknown;
    if (s->padding == PAD_SAME) return mx_dim_of((size.value + s->strides[i] - 1) / s->strides[i]);
    if (!s->kernel_known) return mx_dim_unknown;
    bool padded = s->padding == PAD_GIVEN;
    int64_t before = padded ? s->pads[i] : 0, whole = size.value + before + (padded ? s->pads[i + s->spatial] : 0);
    int64_t window = (s->kernel[i] - 1) * s->dilations[i] + 1, free = whole - window;
    if (free < 0) return mx_dim_unknown;
    int64_t count = (free + (ceil_mode ? s->strides[i] - 1 : 0)) / s->strides[i] + 1;
    /* a window that begins behind the input and the padding before it does not count */
    if (ceil_mode && (count - 1) * s->strides[i] >= size.value + before) count--;
    return mx_dim_of(count);
}

static void convolve(mx_op *op, uint32_t weights) {
    mx_shape x, w;
    sliding s;
    mx_dim dims[MX_INFER_RANK];
    if (!mx_op_in_shape(op, 0, &x)) { /* the weights have as many dims as the result */
        if (mx_op_in_shape(op, weights, &w)) mx_op_out_rank(op, 0, w.rank);
        return;
    }
    if (x.rank < 2) return;
    if (!read_sliding(op, x.rank - 2, &s)) {
        mx_op_out_rank(op, 0, x.rank);
        return;
    }
    kernel_from_weights(op, weights, &s);
    dims[0] = x.dims[0];
    dims[1] = mx_op_in_shape(op, weights, &w) && w.rank > 0 ? w.dims[0] : mx_dim_unknown;
    for (uint32_t i = 0; i < s.spatial; i++)
        dims[i + 2] = slide(&s, i, x.dims[i + 2], false);
    mx_op_out_shape(op, 0, x.rank, dims);
}

void mx_shape_conv(mx_op *op) {
    convolve(op, 1);
}

void mx_shape_qlinear_conv(mx_op *op) {
    convolve(op, 3);
}

/* ---- ConvTranspose ---- */

static mx_dim spread(const sliding *s, uint32_t i, mx_dim size, int64_t extra) {
    if (size.kind != MX_DIM_VALUE || size.value > INT32_MAX || size.value < 1) return mx_dim_unknown;
    if (s->padding == PAD_SAME) return mx_dim_of(size.value * s->strides[i]);
    if (!s->kernel_known) return mx_dim_unknown;
    bool padded = s->padding == PAD_GIVEN;
    int64_t pads = padded ? s->pads[i] + s->pads[i + s->spatial] : 0;
    int64_t window = (s->kernel[i] - 1) * s->dilations[i] + 1;
    return mx_dim_of(s->strides[i] * (size.value - 1) + extra + window - pads);
}

void mx_shape_conv_transpose(mx_op *op) {
    mx_shape x, w;
    sliding s;
    mx_dim dims[MX_INFER_RANK];
    int64_t extra[MX_INFER_RANK], wanted[MX_INFER_RANK];
    bool given, sizes;
    if (!mx_op_in_shape(op, 0, &x) || x.rank < 2) return;
    if (!read_sliding(op, x.rank - 2, &s) || !read_list(op, "output_padding", extra, s.spatial, 0, &given) ||
        !read_list(op, "output_shape", wanted, s.spatial, 0, &sizes)) {
        mx_op_out_rank(op, 0, x.rank);
        return;
    }
    kernel_from_weights(op, 1, &s);
    bool has_w = mx_op_in_shape(op, 1, &w) && w.rank > 1;
    dims[0] = x.dims[0];
    dims[1] = has_w ? mx_dim_multiply(w.dims[1], mx_dim_of(mx_op_int(op, "group", 1))) : mx_dim_unknown;
    for (uint32_t i = 0; i < s.spatial; i++)
        dims[i + 2] = sizes ? mx_dim_of(wanted[i]) : spread(&s, i, x.dims[i + 2], extra[i]);
    mx_op_out_shape(op, 0, x.rank, dims);
}

/* ---- pooling ---- */

void mx_shape_pool(mx_op *op) {
    mx_shape x;
    sliding s;
    mx_dim dims[MX_INFER_RANK] = {{0}};
    bool ceil_mode = mx_op_int(op, "ceil_mode", 0) != 0;
    if (!mx_op_in_shape(op, 0, &x) || x.rank < 2) return;
    dims[0] = x.dims[0];
    dims[1] = x.dims[1];
    if (read_sliding(op, x.rank - 2, &s))
        for (uint32_t i = 0; i < s.spatial; i++)
            dims[i + 2] = slide(&s, i, x.dims[i + 2], ceil_mode);
    for (uint32_t k = 0; k < op->node->n_outputs; k++)
        mx_op_out_shape(op, k, x.rank, dims);
}

void mx_shape_global_pool(mx_op *op) {
    mx_shape x;
    mx_dim dims[MX_INFER_RANK];
    if (!mx_op_in_shape(op, 0, &x)) return;
    for (uint32_t i = 0; i < x.rank; i++)
        dims[i] = i < 2 ? x.dims[i] : mx_dim_of(1);
    mx_op_out_shape(op, 0, x.rank, dims);
}

void mx_shape_unpool(mx_op *op) {
    mx_shape x;
    sliding s;
    mx_axes sizes;
    mx_dim dims[MX_INFER_RANK] = {{0}};
    if (!mx_op_in_shape(op, 0, &x) || x.rank < 2) return;
    mx_op_axes_input(op, 2, &sizes);
    dims[0] = x.dims[0];
    dims[1] = x.dims[1];
    if (sizes.known && sizes.count == x.rank)
        for (uint32_t i = 0; i < x.rank; i++)
            dims[i] = mx_dim_of(sizes.values[i]);
    else if (!sizes.given && read_sliding(op, x.rank - 2, &s))
        for (uint32_t i = 0; i < s.spatial; i++)
            dims[i + 2] = spread(&s, i, x.dims[i + 2], 0);
    mx_op_out_shape(op, 0, x.rank, dims);
}

/* ---- Col2Im ---- */

/* How many spatial dims there are: every list has one entry for each of them, or two. */
static bool col2im_dims(mx_op *op, uint32_t *spatial) {
    const int64_t *values;
    uint32_t count;
    bool known = mx_op_in_length(op, 1, spatial) || mx_op_in_length(op, 2, spatial) ||
                 mx_op_ints(op, "dilations", &values, spatial) || mx_op_ints(op, "strides", &values, spatial);
    if (!known && mx_op_ints(op, "pads", &values, &count)) {
        *spatial = count / 2;
        known = true;
    }
    return known && *spatial <= MX_INFER_RANK - 2;
}

void mx_shape_col2im(mx_op *op) {
    mx_shape x;
    mx_axes image, block;
    mx_dim dims[MX_INFER_RANK] = {{0}}, area = mx_dim_of(1);
    uint32_t spatial;
    mx_op_axes_input(op, 1, &image);
    mx_op_axes_input(op, 2, &block);
    if (!col2im_dims(op, &spatial)) return;
    for (uint32_t i = 0; i < block.count; i++)
        area = mx_dim_multiply(area, mx_dim_of(block.values[i]));
    if (mx_op_in_shape(op, 0, &x) && x.rank == 3) {
        dims[0] = x.dims[0];
        bool divides = block.known && area.kind == MX_DIM_VALUE && area.value > 0 && x.dims[1].kind == MX_DIM_VALUE &&
                       x.dims[1].value % area.value == 0;
        if (divides) dims[1] = mx_dim_of(x.dims[1].value / area.value);
    }
    for (uint32_t i = 0; image.known && i < spatial && i < image.count; i++)
        dims[i + 2] = mx_dim_of(image.values[i]);
    mx_op_out_shape(op, 0, spatial + 2, dims);
}
