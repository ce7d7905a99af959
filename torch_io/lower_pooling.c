/* Pooling with a fixed window. What torch does beyond ONNX (windows that begin in the padding are left out, an own
 * divisor, indices within a plane) is said in explicit padding and arithmetic wherever sizes are known. */
#include "torch_io/lower_adaptive.h"

typedef struct pool {
    size_t n; /* spatial axes */
    int64_t kernel[MX_MAX_SPATIAL], stride[MX_MAX_SPATIAL], padding[MX_MAX_SPATIAL], dilation[MX_MAX_SPATIAL];
    int64_t beyond[MX_MAX_SPATIAL]; /* cells behind the padding that the last window of ceil_mode reaches */
    bool ceil_mode;                 /* still to be said: the sizes are not known */
} pool;

/* How far the last window reaches. A window counts only if it begins in the image or in the padding before it. */
static int64_t cells_beyond(int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation) {
    int64_t span = dilation * (kernel - 1) + 1, free = size + 2 * padding - span;
    int64_t count = (free + stride - 1) / stride + 1;
    if ((count - 1) * stride >= size + padding) count--;
    int64_t end = (count - 1) * stride + span;
    return end > size + 2 * padding ? end - size - 2 * padding : 0;
}

static void settle_ceil(const mx_rule *r, pool *p, mx_val x) {
    if (!p->ceil_mode) return;
    for (size_t k = 0; k < p->n; k++)
        if (!mx_size_is_number(mx_size_of(r->b, x, (int)k + 2))) return;
    for (size_t k = 0; k < p->n; k++)
        p->beyond[k] = cells_beyond(mx_size_of(r->b, x, (int)k + 2).value, p->kernel[k], p->stride[k], p->padding[k],
                                    p->dilation[k]);
    p->ceil_mode = false;
}

/* (kernel_size, stride, padding) from argument 1 on; an empty stride is the kernel's size. */
static void read_pool(const mx_rule *r, pool *p) {
    p->n = mx_spatial_axes(r);
    for (size_t k = 0; k < p->n; k++)
        p->dilation[k] = 1;
    mx_spatial_ints(r, 1, NULL, p->n, p->kernel);
    mx_spatial_ints(r, 2, p->kernel, p->n, p->stride);
    mx_spatial_ints(r, 3, NULL, p->n, p->padding);
    for (size_t k = 0; k < p->n && !mx_failed(r->b); k++)
        if (p->stride[k] < 1 || p->kernel[k] < 1) mx_cannot(r->b, "the window or the stride is not positive");
}

static size_t attributes(const pool *p, const int64_t *begin, const int64_t *end, int64_t *pads, mx_at *at) {
    size_t n = 0;
    bool padded = false;
    for (size_t k = 0; k < p->n; k++) {
        pads[k] = begin[k];
        pads[p->n + k] = end[k];
        padded |= begin[k] || end[k];
    }
    at[n++] = mx_at_is("kernel_shape", p->kernel, p->n);
    at[n++] = mx_at_is("strides", p->stride, p->n);
    if (padded) at[n++] = mx_at_is("pads", pads, 2 * p->n);
    if (p->ceil_mode) at[n++] = mx_at_i("ceil_mode", 1);
    return n;
}

/* ---- largest ---- */

/* ONNX counts indices through the whole tensor, torch within a plane. */
static mx_val within_plane(const mx_rule *r, const pool *p, mx_val x, mx_val indices) {
    mx_build *b = r->b;
    mx_val plane = mx_dim(b, x, 2);
    for (size_t k = 1; k < p->n; k++)
        plane = mx_op2(b, "Mul", plane, mx_dim(b, x, (int64_t)k + 2));
    return mx_op2(b, "Mod", indices, mx_as_scalar(b, plane));
}

/* max_poolNd(self, kernel_size, stride, padding, dilation, ceil_mode) */
static void max_pool(const mx_rule *r) {
    mx_build *b = r->b;
    pool p = {.ceil_mode = mx_arg_bool(r, 5)};
    bool added;
    mx_at at[6];
    int64_t pads[2 * MX_MAX_SPATIAL], end[MX_MAX_SPATIAL];
    mx_val out[2] = {MX_NO_VAL, MX_NO_VAL};
    read_pool(r, &p);
    mx_spatial_ints(r, 4, NULL, p.n, p.dilation);
    mx_val x = mx_with_batch(r, mx_arg(r, 0), p.n, &added);
    if (mx_failed(b)) return;
    settle_ceil(r, &p, x);
    for (size_t k = 0; k < p.n; k++)
        end[k] = p.padding[k] + p.beyond[k];
    size_t n = attributes(&p, p.padding, end, pads, at);
    at[n++] = mx_at_is("dilations", p.dilation, p.n);
    bool indices = r->node->n_outputs > 1 && mx_output_used(r, 1);
    if (indices)
        mx_op_n(b, "MaxPool", MX_IN(x), at, n, out, 2);
    else
        out[0] = mx_op(b, "MaxPool", MX_IN(x), at, n);
    r->out[0] = mx_without_batch(r, out[0], added);
    if (indices) r->out[1] = mx_without_batch(r, within_plane(r, &p, x, out[1]), added);
}

/* ---- mean ---- */

static mx_val pad_with_zeros(const mx_rule *r, const pool *p, mx_val x, const int64_t *begin, const int64_t *end) {
    int64_t pads[2 * (MX_MAX_SPATIAL + 2)] = {0};
    bool any = false;
    for (size_t k = 0; k < p->n; k++) {
        pads[k + 2] = begin[k];
        pads[p->n + 2 + k + 2] = end[k];
        any |= begin[k] || end[k];
    }
    return any ? mx_op2(r->b, "Pad", x, mx_int64s(r->b, pads, 2 * (p->n + 2))) : x;
}

/* Each window's sum over a number of its own: zeros all around, so that every window is whole. */
static mx_val sum_over(const mx_rule *r, const pool *p, mx_val x, int64_t divisor) {
    static const int64_t none[MX_MAX_SPATIAL] = {0};
    mx_build *b = r->b;
    mx_at at[4];
    int64_t pads[2 * MX_MAX_SPATIAL], end[MX_MAX_SPATIAL];
    double cells = 1;
    for (size_t k = 0; k < p->n; k++) {
        end[k] = p->padding[k] + p->beyond[k];
        cells *= (double)p->kernel[k];
    }
    if (p->ceil_mode) {
        mx_cannot(b, "divisor_override with ceil_mode needs known sizes");
        return MX_NO_VAL;
    }
    x = pad_with_zeros(r, p, x, p->padding, end);
    mx_val mean = mx_op(b, "AveragePool", MX_IN(x), at, attributes(p, none, none, pads, at));
    return mx_op2(b, "Mul", mean, mx_scalar(b, mx_elem_of(b, mean), cells / (double)divisor));
}

static mx_val mean_of(const mx_rule *r, const pool *p, mx_val x, bool count_padding) {
    static const int64_t none[MX_MAX_SPATIAL] = {0};
    mx_build *b = r->b;
    mx_at at[5];
    int64_t pads[2 * MX_MAX_SPATIAL], end[MX_MAX_SPATIAL];
    bool beyond = false, padded = false;
    for (size_t k = 0; k < p->n; k++) {
        beyond |= p->beyond[k] > 0;
        padded |= p->padding[k] > 0;
        end[k] = p->padding[k] + p->beyond[k];
    }
    if (count_padding && padded && beyond) { /* cells of the padding count, those beyond it do not */
        x = pad_with_zeros(r, p, x, p->padding, p->padding);
        return mx_op(b, "AveragePool", MX_IN(x), at, attributes(p, none, p->beyond, pads, at));
    }
    size_t n = attributes(p, p->padding, end, pads, at);
    if (count_padding && padded) at[n++] = mx_at_i("count_include_pad", 1);
    return mx_op(b, "AveragePool", MX_IN(x), at, n);
}

/* avg_poolNd(self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override) */
static void avg_pool(const mx_rule *r) {
    pool p = {.ceil_mode = mx_arg_bool(r, 4)};
    bool added, divisor = r->node->n_args > 6 && !mx_arg_none(r, 6), count_padding = mx_arg_bool(r, 5);
    read_pool(r, &p);
    mx_val x = mx_with_batch(r, mx_arg(r, 0), p.n, &added);
    if (mx_failed(r->b)) return;
    settle_ceil(r, &p, x);
    mx_val y = divisor ? sum_over(r, &p, x, mx_arg_int(r, 6)) : mean_of(r, &p, x, count_padding);
    r->out[0] = mx_without_batch(r, y, added);
}

/* ---- back to where the largest stood ---- */

/* max_unpoolNd(self, indices, output_size, ...) */
static void max_unpool(const mx_rule *r) {
    mx_build *b = r->b;
    size_t n = mx_spatial_axes(r);
    bool added, again;
    mx_val x = mx_with_batch(r, mx_arg(r, 0), n, &added), at = mx_with_batch(r, mx_arg(r, 1), n, &again);
    mx_val sizes = mx_arg_sizes(r, 2), ahead = mx_concat(b, (const mx_val[]){mx_dim(b, x, 0), mx_dim(b, x, 1)}, 2, 0);
    int64_t out[MX_MAX_SPATIAL];
    size_t count;
    if (!mx_arg_ints(r, 2, out, MX_MAX_SPATIAL, &count) || count != n) {
        mx_cannot(b, "the size of the output is not known");
        return;
    }
    int64_t plane = 1;
    for (size_t k = 0; k < n; k++)
        plane *= out[k];
    mx_val flat = mx_concat(b, (const mx_val[]){ahead, mx_int64(b, -1)}, 2, 0);
    mx_val zeros =
        mx_fill(b, mx_concat(b, (const mx_val[]){ahead, mx_int64(b, plane)}, 2, 0), mx_scalar(b, mx_elem_of(b, x), 0));
    mx_val y = mx_op(b, "ScatterElements", MX_IN(zeros, mx_reshape(b, at, flat), mx_reshape(b, x, flat)),
                     MX_AT(mx_at_i("axis", 2)));
    r->out[0] = mx_without_batch(r, mx_reshape(b, y, mx_concat(b, (const mx_val[]){ahead, sizes}, 2, 0)), added);
}

static const mx_lowering rows[] = {
    {"aten.max_pool1d.default", max_pool, "MaxPool", 0, 0},
    {"aten.max_pool2d.default", max_pool, "MaxPool", 0, 0},
    {"aten.max_pool3d.default", max_pool, "MaxPool", 0, 0},
    {"aten.max_pool1d_with_indices.default", max_pool, "MaxPool, Mod", 0, 0},
    {"aten.max_pool2d_with_indices.default", max_pool, "MaxPool, Mod", 0, 0},
    {"aten.max_pool3d_with_indices.default", max_pool, "MaxPool, Mod", 0, 0},
    {"aten.avg_pool1d.default", avg_pool, "AveragePool", 0, 0},
    {"aten.avg_pool2d.default", avg_pool, "AveragePool", 0, 0},
    {"aten.avg_pool3d.default", avg_pool, "AveragePool", 0, 0},
    {"aten.max_unpool2d.default", max_unpool, "ScatterElements", 0, 0},
    {"aten.max_unpool3d.default", max_unpool, "ScatterElements", 0, 0},
    {"aten.adaptive_avg_pool1d.default", mx_adaptive_avg_pool, "ReduceMean, AveragePool", 0, 0},
    {"aten.adaptive_avg_pool2d.default", mx_adaptive_avg_pool, "ReduceMean, AveragePool", 0, 0},
    {"aten.adaptive_avg_pool3d.default", mx_adaptive_avg_pool, "ReduceMean, AveragePool", 0, 0},
    {"aten._adaptive_avg_pool2d.default", mx_adaptive_avg_pool, "ReduceMean, AveragePool", 0, 0},
    {"aten._adaptive_avg_pool3d.default", mx_adaptive_avg_pool, "ReduceMean, AveragePool", 0, 0},
    {"aten.adaptive_max_pool1d.default", mx_adaptive_max_pool, "MaxPool, ReduceMax", 0, 0},
    {"aten.adaptive_max_pool2d.default", mx_adaptive_max_pool, "MaxPool, ReduceMax", 0, 0},
    {"aten.adaptive_max_pool3d.default", mx_adaptive_max_pool, "MaxPool, ReduceMax", 0, 0},
};

const mx_lowering_family mx_family_pooling = {"pooling", rows, sizeof rows / sizeof *rows};
