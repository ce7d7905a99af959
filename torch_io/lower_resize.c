/* Resizing images, and sampling them at given places. */
#include "torch_io/lower_spatial.h"

typedef struct resize {
    const char *mode;
    size_t n; /* spatial axes */
    bool align, exact, antialias;
    size_t scales;   /* place of the first scale argument; SIZE_MAX: none */
    bool scale_list; /* one list (the .vec overloads) or one argument an axis */
} resize;

/* The factors that were given; false: none, then the sizes decide. */
static bool read_scales(const mx_rule *r, const resize *z, float *scales) {
    const mx_pnode *node = r->node;
    for (size_t k = 0; k < z->n; k++) {
        size_t i = z->scale_list ? z->scales : z->scales + k;
        if (i >= node->n_args || mx_arg_none(r, i)) return false;
        const mx_parg *a = &node->args[i];
        if (z->scale_list && (a->kind != MX_ARG_FLOATS || a->count != z->n)) return false;
        scales[k] = (float)(z->scale_list ? a->floats[k] : mx_arg_float(r, i));
        if (!(scales[k] > 0)) return false;
    }
    return true;
}

static mx_val scales_constant(const mx_rule *r, const resize *z, const float *scales) {
    float all[MX_MAX_SPATIAL + 2] = {1, 1};
    int64_t dims[1] = {(int64_t)z->n + 2};
    for (size_t k = 0; k < z->n; k++)
        all[k + 2] = scales[k];
    return mx_constant(r->b, MX_ELEM_FLOAT, dims, 1, all, (z->n + 2) * sizeof *all);
}

/* The sizes of the whole output: those of batch and channels as they are. */
static mx_val whole_sizes(const mx_rule *r, mx_val x, mx_val sizes) {
    mx_build *b = r->b;
    return mx_concat(b, (const mx_val[]){mx_dim(b, x, 0), mx_dim(b, x, 1), sizes}, 3, 0);
}

static size_t resize_attributes(const resize *z, mx_at *at) {
    bool nearest = strcmp(z->mode, "nearest") == 0;
    size_t n = 0;
    at[n++] = mx_at_s("mode", z->mode);
    at[n++] = mx_at_s("coordinate_transformation_mode", nearest && !z->exact ? "asymmetric"
                                                        : z->align           ? "align_corners"
                                                                             : "half_pixel");
    if (nearest) at[n++] = mx_at_s("nearest_mode", z->exact ? "round_prefer_ceil" : "floor");
    if (strcmp(z->mode, "cubic") == 0) at[n++] = mx_at_f("cubic_coeff_a", z->antialias ? -0.5 : -0.75);
    if (z->antialias) { /* as torch: the weights of what lies inside add up to 1 */
        at[n++] = mx_at_i("antialias", 1);
        at[n++] = mx_at_i("exclude_outside", 1);
    }
    return n;
}

/* Sizes that follow from factors: floor(in * factor), as torch computes them, where the input's sizes are known. */
static mx_val sizes_by_scale(const mx_rule *r, const resize *z) {
    const mx_size *out = mx_out_sizes(r, 0);
    int rank = mx_out_rank(r, 0);
    int64_t sizes[MX_MAX_SPATIAL];
    if (!out || rank != (int)z->n + 2) return MX_NO_VAL;
    for (size_t k = 0; k < z->n; k++) {
        if (!mx_size_is_number(out[k + 2])) return MX_NO_VAL;
        sizes[k] = out[k + 2].value;
    }
    return mx_int64s(r->b, sizes, z->n);
}

/* A factor decides where torch looks, even where it does not divide evenly; without one the ratio of the sizes does. */
static void emit_resize(const mx_rule *r, const resize *z, mx_val sizes) {
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0), roi = MX_NO_VAL;
    float scales[MX_MAX_SPATIAL];
    mx_at at[6];
    int32_t elem = mx_elem_of(b, x);
    bool by_scale = read_scales(r, z, scales) && !z->align, cast = !mx_is_float(elem);
    if (mx_failed(b)) return;
    if (z->antialias && !mx_need_opset(b, 18, "Resize has no antialias before")) return;
    if (cast) x = mx_cast(b, x, MX_ELEM_FLOAT);
    size_t n = resize_attributes(z, at);
    mx_val y;
    if (by_scale) {
        y = mx_op(b, "Resize", MX_IN(x, roi, scales_constant(r, z, scales)), at, n);
    } else {
        if (!sizes) sizes = sizes_by_scale(r, z);
        mx_val factors = !sizes && read_scales(r, z, scales) ? scales_constant(r, z, scales) : MX_NO_VAL;
        if (factors)
            y = mx_op(b, "Resize", MX_IN(x, roi, factors), at, n);
        else
            y = mx_op(b, "Resize", MX_IN(x, roi, MX_NO_VAL, whole_sizes(r, x, sizes)), at, n);
    }
    if (cast && strcmp(z->mode, "nearest") != 0) y = mx_op1(b, "Round", y);
    r->out[0] = cast ? mx_cast(b, y, elem) : y;
}

static void settle(const mx_rule *r, resize *z) {
    const char *target = r->row->target;
    z->n = mx_spatial_axes(r);
    z->scale_list = strstr(target, ".vec") != NULL;
    z->exact = strstr(target, "_exact") != NULL;
    z->antialias = strstr(target, "_aa.") != NULL;
    z->mode = strstr(target, "nearest") ? "nearest" : strstr(target, "bicubic") ? "cubic" : "linear";
}

static mx_val given_sizes(const mx_rule *r) {
    return mx_arg_none(r, 1) ? MX_NO_VAL : mx_arg_sizes(r, 1);
}

/* upsample_nearestNd(self, output_size, scales...) */
static void nearest(const mx_rule *r) {
    resize z = {.scales = 2};
    settle(r, &z);
    emit_resize(r, &z, given_sizes(r));
}

/* upsample_linearNd(self, output_size, align_corners, scales...) */
static void interpolated(const mx_rule *r) {
    resize z = {.scales = 3, .align = mx_arg_bool(r, 2)};
    settle(r, &z);
    emit_resize(r, &z, given_sizes(r));
}

/* ---- sampling ---- */

/* grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners) */
static void grid_sample(const mx_rule *r) {
    static const char *const old_modes[] = {"bilinear", "nearest", "bicubic"},
                             *const modes[] = {"linear", "nearest", "cubic"},
                             *const paddings[] = {"zeros", "border", "reflection"};
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0), grid = mx_arg(r, 1);
    int64_t mode = mx_arg_int(r, 2), padding = mx_arg_int(r, 3);
    bool volume = mx_rank_of(b, x) == 5;
    if (mx_failed(b) || !mx_need_opset(b, volume ? 20 : 16, "GridSample is not there before")) return;
    if (mode < 0 || mode > 2 || padding < 0 || padding > 2) {
        mx_cannot(b, "interpolation %lld or padding %lld is not known", (long long)mode, (long long)padding);
        return;
    }
    r->out[0] = mx_op(b, "GridSample", MX_IN(x, grid),
                      MX_AT(mx_at_s("mode", mx_opset(b) >= 20 ? modes[mode] : old_modes[mode]),
                            mx_at_s("padding_mode", paddings[padding]), mx_at_i("align_corners", mx_arg_bool(r, 4))));
}

/* Coordinates along an axis, from -1 to 1. */
static float coordinate(int64_t i, int64_t n, bool align) {
    if (align) return n > 1 ? (float)(-1.0 + 2.0 * (double)i / (double)(n - 1)) : 0.0f;
    return (float)((2.0 * (double)i + 1.0) / (double)n - 1.0);
}

/* The points of a grid of n axes, x first, and a 1: [points, n + 1]. */
static mx_val base_grid(const mx_rule *r, const int64_t *sizes, size_t n, bool align) {
    int64_t points = mx_spatial_product(r, sizes, n);
    int64_t *room = mx_lower_numbers(r, points, (int64_t)(n + 1));
    if (!room) return MX_NO_VAL;
    float *v = (float *)room;
    for (int64_t p = 0; p < points; p++) {
        int64_t rest = p;
        for (size_t k = n; k-- > 0; rest /= sizes[k])
            v[p * (int64_t)(n + 1) + (int64_t)(n - 1 - k)] = coordinate(rest % sizes[k], sizes[k], align);
        v[p * (int64_t)(n + 1) + (int64_t)n] = 1.0f;
    }
    int64_t dims[2] = {points, (int64_t)n + 1};
    return mx_constant(r->b, MX_ELEM_FLOAT, dims, 2, v, (size_t)(points * (int64_t)(n + 1)) * sizeof *v);
}

/* affine_grid_generator(theta [batch, n, n + 1], size [batch, channels, ...], align_corners) */
static void affine_grid(const mx_rule *r) {
    static const int64_t turned[3] = {0, 2, 1};
    mx_build *b = r->b;
    mx_val theta = mx_arg(r, 0);
    size_t n = mx_arg_count(r, 1);
    int64_t sizes[MX_MAX_SPATIAL + 1];
    bool align = mx_arg_bool(r, 2), known = n == 4 || n == 5;
    for (size_t k = 2; k < n && known; k++) {
        mx_size s = mx_arg_size_known(r, 1, k);
        known = mx_size_is_number(s) && s.value > 0;
        sizes[k - 2] = s.value;
    }
    if (mx_failed(b)) return;
    if (!known) {
        if (!mx_need_opset(b, 20, "AffineGrid, which takes sizes that vary, is not there before")) return;
        r->out[0] = mx_op(b, "AffineGrid", MX_IN(theta, mx_arg_sizes(r, 1)), MX_AT(mx_at_i("align_corners", align)));
        return;
    }
    n -= 2;
    mx_val base = mx_cast(b, base_grid(r, sizes, n, align), mx_elem_of(b, theta));
    mx_val points = mx_op2(b, "MatMul", base, mx_transpose(b, theta, turned, 3));
    sizes[n] = (int64_t)n;
    mx_val shape = mx_concat(b, (const mx_val[]){mx_dim(b, theta, 0), mx_int64s(b, sizes, n + 1)}, 2, 0);
    r->out[0] = mx_reshape(b, points, shape);
}

static const mx_lowering rows[] = {
    {"aten.upsample_nearest1d.default", nearest, "Resize", 0, 0},
    {"aten.upsample_nearest1d.vec", nearest, "Resize", 0, 0},
    {"aten.upsample_nearest2d.default", nearest, "Resize", 0, 0},
    {"aten.upsample_nearest2d.vec", nearest, "Resize", 0, 0},
    {"aten.upsample_nearest3d.default", nearest, "Resize", 0, 0},
    {"aten.upsample_nearest3d.vec", nearest, "Resize", 0, 0},
    {"aten._upsample_nearest_exact1d.default", nearest, "Resize", 0, 0},
    {"aten._upsample_nearest_exact1d.vec", nearest, "Resize", 0, 0},
    {"aten._upsample_nearest_exact2d.default", nearest, "Resize", 0, 0},
    {"aten._upsample_nearest_exact2d.vec", nearest, "Resize", 0, 0},
    {"aten._upsample_nearest_exact3d.default", nearest, "Resize", 0, 0},
    {"aten._upsample_nearest_exact3d.vec", nearest, "Resize", 0, 0},
    {"aten.upsample_linear1d.default", interpolated, "Resize", 0, 0},
    {"aten.upsample_linear1d.vec", interpolated, "Resize", 0, 0},
    {"aten.upsample_bilinear2d.default", interpolated, "Resize", 0, 0},
    {"aten.upsample_bilinear2d.vec", interpolated, "Resize", 0, 0},
    {"aten.upsample_trilinear3d.default", interpolated, "Resize", 0, 0},
    {"aten.upsample_trilinear3d.vec", interpolated, "Resize", 0, 0},
    {"aten.upsample_bicubic2d.default", interpolated, "Resize", 0, 0},
    {"aten.upsample_bicubic2d.vec", interpolated, "Resize", 0, 0},
    {"aten._upsample_bilinear2d_aa.default", interpolated, "Resize", 18, 0},
    {"aten._upsample_bilinear2d_aa.vec", interpolated, "Resize", 18, 0},
    {"aten._upsample_bicubic2d_aa.default", interpolated, "Resize", 18, 0},
    {"aten._upsample_bicubic2d_aa.vec", interpolated, "Resize", 18, 0},
    {"aten.grid_sampler.default", grid_sample, "GridSample", 16, 0},
    {"aten.grid_sampler_2d.default", grid_sample, "GridSample", 16, 0},
    {"aten.grid_sampler_3d.default", grid_sample, "GridSample", 20, 0},
    {"aten.affine_grid_generator.default", affine_grid, "MatMul, Reshape, AffineGrid", 0, 0},
};

const mx_lowering_family mx_family_resize = {"resize", rows, sizeof rows / sizeof *rows};
