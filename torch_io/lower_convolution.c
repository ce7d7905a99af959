/* Convolutions, their transposes, and the windows that they see (im2col, col2im). */
#include "torch_io/lower_spatial.h"

typedef struct conv {
    size_t n; /* spatial axes */
    int64_t stride[MX_MAX_SPATIAL], begin[MX_MAX_SPATIAL], end[MX_MAX_SPATIAL], dilation[MX_MAX_SPATIAL],
        extra[MX_MAX_SPATIAL];
    int64_t groups;
    bool transposed;
} conv;

static size_t spatial_of_weight(const mx_rule *r, mx_val weight) {
    int rank = mx_rank_of(r->b, weight);
    if (!mx_failed(r->b) && (rank < 3 || rank > MX_MAX_SPATIAL + 2)) mx_cannot(r->b, "the weight has rank %d", rank);
    return rank >= 3 && rank <= MX_MAX_SPATIAL + 2 ? (size_t)rank - 2 : 1;
}

static void check(const mx_rule *r, const conv *c) {
    mx_spatial_check(r, "the stride", c->stride, c->n, 1);
    mx_spatial_check(r, "the dilation", c->dilation, c->n, 1);
    mx_spatial_check(r, "the padding", c->begin, c->n, 0);
    mx_spatial_check(r, "the number of groups", &c->groups, 1, 1);
    if (c->transposed) mx_spatial_check(r, "the padding of the output", c->extra, c->n, 0);
}

static mx_val emit(const mx_rule *r, const conv *c, mx_val x, mx_val weight, mx_val bias) {
    int64_t pads[2 * MX_MAX_SPATIAL];
    bool added, padded = false, extra = false;
    for (size_t k = 0; k < c->n; k++) {
        pads[k] = c->begin[k];
        pads[c->n + k] = c->end[k];
        padded |= pads[k] || pads[c->n + k];
        extra |= c->transposed && c->extra[k];
    }
    mx_at at[6];
    size_t n = 0;
    check(r, c);
    at[n++] = mx_at_is("strides", c->stride, c->n);
    at[n++] = mx_at_is("dilations", c->dilation, c->n);
    at[n++] = mx_at_i("group", c->groups);
    if (padded) at[n++] = mx_at_is("pads", pads, 2 * c->n);
    if (extra) at[n++] = mx_at_is("output_padding", c->extra, c->n);
    x = mx_with_batch(r, x, c->n, &added);
    mx_val y = mx_op(r->b, c->transposed ? "ConvTranspose" : "Conv", MX_IN(x, weight, bias), at, n);
    return mx_without_batch(r, y, added);
}

/* Where the arguments of an operator stand; 0: it has none of these. input, weight and bias are always the first. */
typedef struct layout {
    size_t stride, padding, dilation, groups, extra;
} layout;

static void read_and_emit(const mx_rule *r, const layout *at, bool transposed) {
    mx_val x = mx_arg(r, 0), w = mx_arg(r, 1), bias = mx_arg(r, 2);
    conv c = {.n = spatial_of_weight(r, w), .groups = mx_arg_int(r, at->groups), .transposed = transposed};
    mx_spatial_ints(r, at->stride, NULL, c.n, c.stride);
    mx_spatial_ints(r, at->padding, NULL, c.n, c.begin);
    mx_spatial_ints(r, at->dilation, NULL, c.n, c.dilation);
    if (at->extra) mx_spatial_ints(r, at->extra, NULL, c.n, c.extra);
    memcpy(c.end, c.begin, sizeof c.end);
    r->out[0] = emit(r, &c, x, w, bias);
}

/* convNd(input, weight, bias, stride, padding, dilation, groups) */
static void convolve(const mx_rule *r) {
    read_and_emit(r, &(layout){.stride = 3, .padding = 4, .dilation = 5, .groups = 6}, false);
}

/* "same": the odd cell of padding goes to the end, as torch does. */
static void pad_same(const mx_rule *r, conv *c, mx_val w) {
    for (size_t k = 0; k < c->n; k++) {
        mx_size kernel = mx_size_of(r->b, w, (int)k + 2);
        if (!mx_size_is_number(kernel)) {
            mx_cannot(r->b, "the kernel's size is not known");
            return;
        }
        int64_t total;
        if (__builtin_mul_overflow(c->dilation[k], kernel.value - 1, &total)) total = -1;
        mx_spatial_check(r, "the padding", &total, 1, 0);
        c->begin[k] = total / 2;
        c->end[k] = total - total / 2;
    }
}

/* convNd.padding: padding is "valid" or "same" */
static void convolve_named(const mx_rule *r) {
    mx_val x = mx_arg(r, 0), w = mx_arg(r, 1), bias = mx_arg(r, 2);
    conv c = {.n = spatial_of_weight(r, w), .groups = mx_arg_int(r, 6)};
    mx_spatial_ints(r, 3, NULL, c.n, c.stride);
    mx_spatial_ints(r, 5, NULL, c.n, c.dilation);
    if (mx_arg_is_text(r, 4, "same")) pad_same(r, &c, w);
    r->out[0] = emit(r, &c, x, w, bias);
}

/* conv_transposeNd(input, weight, bias, stride, padding, output_padding, groups, dilation) */
static void transposed(const mx_rule *r) {
    read_and_emit(r, &(layout){.stride = 3, .padding = 4, .extra = 5, .groups = 6, .dilation = 7}, true);
}

/* convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups, ...) */
static void general(const mx_rule *r) {
    read_and_emit(r, &(layout){.stride = 3, .padding = 4, .dilation = 5, .extra = 7, .groups = 8}, mx_arg_bool(r, 6));
}

/* conv_tbc(self [time, batch, in], weight [kernel, in, out], bias, pad) */
static void convolve_tbc(const mx_rule *r) {
    static const int64_t to_nct[3] = {1, 2, 0}, to_tbc[3] = {2, 0, 1}, to_oik[3] = {2, 1, 0};
    conv c = {.n = 1, .groups = 1, .stride = {1}, .dilation = {1}};
    int64_t pad = mx_arg_int(r, 3);
    c.begin[0] = c.end[0] = pad;
    mx_val x = mx_transpose(r->b, mx_arg(r, 0), to_nct, 3), w = mx_transpose(r->b, mx_arg(r, 1), to_oik, 3);
    r->out[0] = mx_transpose(r->b, emit(r, &c, x, w, mx_arg(r, 2)), to_tbc, 3);
}

/* _weight_norm(v, g, dim): v scaled so that its norm over all axes but dim is g */
static void weight_norm(const mx_rule *r) {
    mx_val v = mx_arg(r, 0), g = mx_arg(r, 1);
    int rank = mx_rank_of(r->b, v);
    int64_t dim = mx_arg_int(r, 2), axes[MX_MAX_RANK];
    size_t n = 0;
    if (dim >= 0 || dim < -1) dim = mx_axis(r, dim, rank); /* -1 means no axis here: the norm of the whole */
    for (int k = 0; k < rank && n < MX_MAX_RANK; k++)
        if (k != dim) axes[n++] = k;
    mx_val norm = n ? mx_reduce(r->b, "ReduceL2", v, axes, n, true) : mx_op1(r->b, "Abs", v);
    r->out[0] = mx_op2(r->b, "Mul", v, mx_op2(r->b, "Div", g, norm));
    if (r->node->n_outputs > 1) r->out[1] = norm;
}

/* ---- windows ---- */

typedef struct windows {
    int64_t kernel[2], dilation[2], padding[2], stride[2];
    int64_t size[2], count[2]; /* of the image; windows along it */
} windows;

static void read_windows(const mx_rule *r, size_t first, windows *w) {
    mx_spatial_ints(r, first, NULL, 2, w->kernel);
    mx_spatial_ints(r, first + 1, NULL, 2, w->dilation);
    mx_spatial_ints(r, first + 2, NULL, 2, w->padding);
    mx_spatial_ints(r, first + 3, NULL, 2, w->stride);
    mx_spatial_check(r, "the window", w->kernel, 2, 1);
    mx_spatial_check(r, "the dilation", w->dilation, 2, 1);
    mx_spatial_check(r, "the padding", w->padding, 2, 0);
    mx_spatial_check(r, "the stride", w->stride, 2, 1);
}

static void count_windows(const mx_rule *r, windows *w) {
    for (int k = 0; k < 2 && !mx_failed(r->b); k++) {
        int64_t span = w->size[k] + 2 * w->padding[k] - w->dilation[k] * (w->kernel[k] - 1) - 1;
        w->count[k] = span < 0 ? 0 : span / w->stride[k] + 1;
    }
}

/* Places of the cells of all windows along one axis: [kernel, count]. */
static mx_val places(const mx_rule *r, const windows *w, int k) {
    int64_t *v = mx_lower_numbers(r, w->kernel[k], w->count[k]);
    if (!v) return MX_NO_VAL;
    for (int64_t i = 0; i < w->kernel[k]; i++)
        for (int64_t j = 0; j < w->count[k]; j++)
            v[i * w->count[k] + j] = i * w->dilation[k] + j * w->stride[k];
    return mx_int64_table(r->b, v, w->kernel[k], w->count[k]);
}

/* The same where the image's size is not known: offsets of the kernel's cells plus the windows' starts. */
static mx_val places_at_run_time(const mx_rule *r, const windows *w, mx_val x, int k) {
    mx_build *b = r->b;
    int64_t *v = mx_lower_numbers(r, w->kernel[k], 1);
    if (!v) return MX_NO_VAL;
    for (int64_t i = 0; i < w->kernel[k]; i++)
        v[i] = i * w->dilation[k];
    mx_val offsets = mx_int64_table(b, v, w->kernel[k], 1);
    int64_t less = w->dilation[k] * (w->kernel[k] - 1);
    mx_val limit = mx_op2(b, "Sub", mx_as_scalar(b, mx_dim(b, x, k + 2)), mx_scalar_int(b, MX_ELEM_INT64, less));
    mx_val starts =
        mx_range(b, mx_scalar_int(b, MX_ELEM_INT64, 0), limit, mx_scalar_int(b, MX_ELEM_INT64, w->stride[k]));
    return mx_op2(b, "Add", offsets, starts);
}

static mx_val pad_image(const mx_rule *r, const windows *w, mx_val x) {
    if (!w->padding[0] && !w->padding[1]) return x;
    int64_t pads[8] = {0, 0, w->padding[0], w->padding[1], 0, 0, w->padding[0], w->padding[1]};
    return mx_op2(r->b, "Pad", x, mx_int64s(r->b, pads, 8));
}

/* im2col(self, kernel_size, dilation, padding, stride): every window a column. Gathered, not convolved: infinities stay
 * where they are. */
static void image_to_columns(const mx_rule *r) {
    static const int64_t order[6] = {0, 1, 2, 4, 3, 5};
    mx_build *b = r->b;
    bool added, known = true;
    windows w = {.count = {0, 0}};
    mx_val x = mx_with_batch(r, mx_arg(r, 0), 2, &added);
    read_windows(r, 1, &w);
    for (int k = 0; k < 2; k++) {
        mx_size s = mx_size_of(b, x, k + 2);
        known &= mx_size_is_number(s);
        w.size[k] = s.value;
    }
    mx_size channels = mx_size_of(b, x, 1);
    if (known) count_windows(r, &w);
    x = pad_image(r, &w, x);
    mx_val rows = known ? places(r, &w, 0) : places_at_run_time(r, &w, x, 0);
    mx_val columns = known ? places(r, &w, 1) : places_at_run_time(r, &w, x, 1);
    mx_val y = mx_gather(b, mx_gather(b, x, rows, 2), columns, 4);
    y = mx_transpose(b, y, order, 6);
    mx_val cells = mx_size_is_number(channels)
                       ? mx_int64(b, mx_spatial_product(r, (int64_t[]){channels.value, w.kernel[0], w.kernel[1]}, 3))
                       : mx_op2(b, "Mul", mx_dim(b, x, 1), mx_int64(b, w.kernel[0] * w.kernel[1]));
    mx_val all = mx_int64(b, known ? mx_spatial_product(r, w.count, 2) : -1);
    mx_val sizes = mx_concat(b, (const mx_val[]){mx_dim(b, x, 0), cells, all}, 3, 0);
    r->out[0] = mx_without_batch(r, mx_reshape(b, y, sizes), added);
}

/* Kernels that put each cell of a window in its place: [channels * cells, 1, height, width]. */
static mx_val placing_kernels(const mx_rule *r, const windows *w, int64_t channels) {
    enum { LIMIT = 1 << 24 };
    int64_t cells = w->kernel[0] * w->kernel[1];
    if (mx_failed(r->b)) return MX_NO_VAL;
    if (cells < 1 || channels < 1 || cells > LIMIT / cells || channels > LIMIT / (cells * cells)) {
        mx_cannot(r->b, "its windows are too large below opset 18");
        return MX_NO_VAL;
    }
    int64_t *room = mx_lower_numbers(r, (channels * cells * cells + 1) / 2, 1);
    if (!room) return MX_NO_VAL;
    float *v = (float *)room;
    for (int64_t i = 0; i < channels * cells * cells; i++)
        v[i] = 0.0f;
    for (int64_t i = 0; i < channels * cells; i++)
        v[i * cells + i % cells] = 1.0f;
    int64_t dims[4] = {channels * cells, 1, w->kernel[0], w->kernel[1]};
    return mx_constant(r->b, MX_ELEM_FLOAT, dims, 4, v, (size_t)(channels * cells * cells) * sizeof *v);
}

/* Below opset 18 there is no Col2Im: a transposed convolution adds the cells up. */
static mx_val columns_by_convolution(const mx_rule *r, const windows *w, mx_val x) {
    mx_build *b = r->b;
    int64_t cells = w->kernel[0] * w->kernel[1];
    mx_size rows = mx_size_of(b, x, 1);
    if (!mx_size_is_number(rows) || cells < 1) {
        mx_need_opset(b, 18, "the number of channels is not known");
        return MX_NO_VAL;
    }
    conv c = {.n = 2, .groups = rows.value / cells, .transposed = true};
    for (size_t k = 0; k < 2; k++) {
        c.stride[k] = w->stride[k];
        c.dilation[k] = w->dilation[k];
        c.begin[k] = c.end[k] = w->padding[k];
        int64_t made = (w->count[k] - 1) * w->stride[k] + w->dilation[k] * (w->kernel[k] - 1) + 1 - 2 * w->padding[k];
        c.extra[k] = w->size[k] - made;
    }
    mx_val grid = mx_concat(
        b, (const mx_val[]){mx_dim(b, x, 0), mx_int64s(b, (const int64_t[]){rows.value, w->count[0], w->count[1]}, 3)},
        2, 0);
    return emit(r, &c, mx_reshape(b, x, grid), placing_kernels(r, w, c.groups), MX_NO_VAL);
}

/* col2im(self, output_size, kernel_size, dilation, padding, stride) */
static void columns_to_image(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0);
    windows w = {.count = {0, 0}};
    bool added;
    mx_spatial_ints(r, 1, NULL, 2, w.size);
    read_windows(r, 2, &w);
    count_windows(r, &w);
    x = mx_with_batch(r, x, 1, &added);
    if (mx_failed(b)) return;
    mx_val y;
    if (mx_opset(b) < 18) {
        y = columns_by_convolution(r, &w, x);
    } else {
        int64_t pads[4] = {w.padding[0], w.padding[1], w.padding[0], w.padding[1]};
        y = mx_op(
            b, "Col2Im", MX_IN(x, mx_int64s(b, w.size, 2), mx_int64s(b, w.kernel, 2)),
            MX_AT(mx_at_is("dilations", w.dilation, 2), mx_at_is("pads", pads, 4), mx_at_is("strides", w.stride, 2)));
    }
    r->out[0] = mx_without_batch(r, y, added);
}

static const mx_lowering rows[] = {
    {"aten.conv1d.default", convolve, "Conv", 0, 0},
    {"aten.conv2d.default", convolve, "Conv", 0, 0},
    {"aten.conv3d.default", convolve, "Conv", 0, 0},
    {"aten.conv1d.padding", convolve_named, "Conv", 0, 0},
    {"aten.conv2d.padding", convolve_named, "Conv", 0, 0},
    {"aten.conv3d.padding", convolve_named, "Conv", 0, 0},
    {"aten.conv_transpose1d.default", transposed, "ConvTranspose", 0, 0},
    {"aten.conv_transpose2d.input", transposed, "ConvTranspose", 0, 0},
    {"aten.conv_transpose3d.input", transposed, "ConvTranspose", 0, 0},
    {"aten.convolution.default", general, "Conv, ConvTranspose", 0, 0},
    {"aten._convolution.default", general, "Conv, ConvTranspose", 0, 0},
    {"aten._convolution.deprecated", general, "Conv, ConvTranspose", 0, 0},
    {"aten.conv_tbc.default", convolve_tbc, "Transpose, Conv", 0, 0},
    {"aten._weight_norm.default", weight_norm, "ReduceL2, Div, Mul", 0, 0},
    {"aten._weight_norm_interface.default", weight_norm, "ReduceL2, Div, Mul", 0, 0},
    {"aten.im2col.default", image_to_columns, "Pad, Gather, Transpose, Reshape", 0, MX_LOWER_EXACT},
    {"aten.col2im.default", columns_to_image, "Col2Im, ConvTranspose", 0, 0},
};

const mx_lowering_family mx_family_convolution = {"convolution", rows, sizeof rows / sizeof *rows};
