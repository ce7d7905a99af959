/* Normalisation: the operator that the opset has, else what it is made of. Statistics of half precision are taken in
 * float32, as torch does. */
#include "torch_io/lower_fold_norm.h"
#include "torch_io/lower_spatial.h"

#include <float.h>

/* ---- pieces ---- */

static mx_val ones(const mx_rule *r, mx_val like, int64_t n, double value) {
    mx_build *b = r->b;
    mx_val one = mx_scalar(b, mx_elem_of(b, like), value);
    return mx_fill(b, mx_int64(b, n), one);
}

/* What statistics are computed in. */
static int32_t wide(int32_t elem) {
    return elem == MX_ELEM_FLOAT16 ? MX_ELEM_FLOAT : elem;
}

/* (x - mean) / sqrt(mean((x - mean)^2) + eps) over the axes; mean and 1 / sqrt(...) too where they are asked for. */
static mx_val standardized(const mx_rule *r, mx_val x, const int64_t *axes, size_t n, double eps, mx_val *mean,
                           mx_val *rstd) {
    mx_build *b = r->b;
    mx_val m = mx_reduce(b, "ReduceMean", x, axes, n, true), off = mx_op2(b, "Sub", x, m);
    mx_val variance = mx_reduce(b, "ReduceMean", mx_op2(b, "Mul", off, off), axes, n, true);
    mx_val spread = mx_op1(b, "Sqrt", mx_op2(b, "Add", variance, mx_scalar(b, mx_elem_of(b, x), eps)));
    if (mean) *mean = m;
    if (rstd) *rstd = mx_op1(b, "Reciprocal", spread);
    return mx_op2(b, "Div", off, spread);
}

static mx_val scaled(const mx_rule *r, mx_val x, mx_val weight, mx_val bias) {
    if (weight) x = mx_op2(r->b, "Mul", x, weight);
    return bias ? mx_op2(r->b, "Add", x, bias) : x;
}

/* A vector with one number a channel, to be used on [batch, channels, ...]. */
static mx_val along_channels(const mx_rule *r, mx_val v, int rank) {
    int64_t axes[MX_MAX_RANK];
    size_t n = 0;
    for (int k = 2; k < rank && n < MX_MAX_RANK; k++)
        axes[n++] = k - 1;
    return v && n ? mx_unsqueeze(r->b, v, axes, n) : v;
}

/* ---- over the last axes ---- */

static void layer_by_parts(const mx_rule *r, mx_val x, mx_val weight, mx_val bias, size_t n, double eps) {
    mx_build *b = r->b;
    int64_t axes[MX_MAX_RANK];
    mx_val mean = MX_NO_VAL, rstd = MX_NO_VAL;
    int32_t elem = mx_elem_of(b, x), w = wide(elem);
    bool statistics = r->node->n_outputs > 1;
    for (size_t k = 0; k < n && k < MX_MAX_RANK; k++)
        axes[k] = -(int64_t)(n - k);
    mx_val y =
        standardized(r, mx_cast(b, x, w), axes, n, eps, &mean, statistics && mx_output_used(r, 2) ? &rstd : NULL);
    y = scaled(r, y, weight ? mx_cast(b, weight, w) : weight, bias ? mx_cast(b, bias, w) : bias);
    r->out[0] = mx_cast(b, y, elem);
    if (!statistics) return;
    r->out[1] = mean;
    r->out[2] = rstd;
}

static void layer(const mx_rule *r, mx_val x, mx_val weight, mx_val bias, size_t i_shape, double eps) {
    mx_build *b = r->b;
    size_t n = mx_arg_count(r, i_shape);
    int64_t sizes[MX_MAX_RANK];
    size_t known;
    mx_val out[3] = {MX_NO_VAL, MX_NO_VAL, MX_NO_VAL};
    if (mx_failed(b)) return;
    bool numbers = mx_arg_ints(r, i_shape, sizes, MX_MAX_RANK, &known), empty = mx_numel_of(b, x) == 0;
    if (mx_opset(b) < 17 || empty || (!weight && !numbers)) {
        layer_by_parts(r, x, weight, bias, n, eps);
        return;
    }
    const mx_at at[2] = {mx_at_i("axis", -(int64_t)n), mx_at_f("epsilon", eps)};
    if (!weight) weight = mx_fill(b, mx_int64s(b, sizes, n), mx_scalar(b, mx_elem_of(b, x), 1));
    bool statistics = r->node->n_outputs > 1 && (mx_output_used(r, 1) || mx_output_used(r, 2));
    if (statistics)
        mx_op_n(b, "LayerNormalization", MX_IN(x, weight, bias), at, 2, out, 3);
    else
        out[0] = mx_op(b, "LayerNormalization", MX_IN(x, weight, bias), at, 2);
    for (size_t k = 0; k < (statistics ? 3u : 1u); k++)
        r->out[k] = out[k];
}

/* layer_norm(input, normalized_shape, weight, bias, eps, cudnn_enable) */
static void layer_norm(const mx_rule *r) {
    layer(r, mx_arg(r, 0), mx_arg(r, 2), mx_arg(r, 3), 1, mx_arg_float(r, 4));
}

/* Torch takes that of the type in which it computes. */
static double machine_epsilon(int32_t elem) {
    return elem == MX_ELEM_DOUBLE ? DBL_EPSILON : (double)FLT_EPSILON;
}

static void rms_by_parts(const mx_rule *r, mx_val x, mx_val weight, size_t n, double eps) {
    mx_build *b = r->b;
    int64_t axes[MX_MAX_RANK];
    int32_t elem = mx_elem_of(b, x), w = wide(elem);
    for (size_t k = 0; k < n && k < MX_MAX_RANK; k++)
        axes[k] = -(int64_t)(n - k);
    mx_val v = mx_cast(b, x, w);
    mx_val square = mx_reduce(b, "ReduceMean", mx_op2(b, "Mul", v, v), axes, n, true);
    mx_val norm = mx_op1(b, "Sqrt", mx_op2(b, "Add", square, mx_scalar(b, w, eps)));
    mx_val y = mx_op2(b, "Div", v, norm);
    if (weight) y = mx_op2(b, "Mul", y, mx_cast(b, weight, w));
    r->out[0] = mx_cast(b, y, elem);
    if (r->node->n_outputs > 1 && mx_output_used(r, 1)) r->out[1] = mx_op1(b, "Reciprocal", norm);
}

/* rms_norm(input, normalized_shape, weight, eps); without eps that of the type */
static void rms_norm(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0), weight = mx_arg(r, 2);
    size_t n = mx_arg_count(r, 1), known;
    int64_t sizes[MX_MAX_RANK];
    double eps = mx_arg_none(r, 3) ? machine_epsilon(mx_arg_program_elem(r, 0)) : mx_arg_float(r, 3);
    bool statistics = r->node->n_outputs > 1 && mx_output_used(r, 1);
    if (mx_failed(b)) return;
    bool numbers = mx_arg_ints(r, 1, sizes, MX_MAX_RANK, &known);
    if (mx_opset(b) < 23 || statistics || (!weight && !numbers)) {
        rms_by_parts(r, x, weight, n, eps);
        return;
    }
    if (!weight) weight = mx_fill(b, mx_int64s(b, sizes, n), mx_scalar(b, mx_elem_of(b, x), 1));
    r->out[0] =
        mx_op(b, "RMSNormalization", MX_IN(x, weight), MX_AT(mx_at_i("axis", -(int64_t)n), mx_at_f("epsilon", eps)));
}

/* ---- over groups of channels ---- */

/* [batch, channels, ...] as [batch, groups, rest]: each group a row. */
static mx_val in_groups(const mx_rule *r, mx_val x, int64_t groups) {
    mx_val sizes[2] = {mx_dim(r->b, x, 0), mx_int64s(r->b, (const int64_t[]){groups, -1}, 2)};
    return mx_reshape(r->b, x, mx_concat(r->b, sizes, 2, 0));
}

static void group_statistics(const mx_rule *r, mx_val rows, double eps) {
    static const int64_t last = -1;
    mx_val mean = MX_NO_VAL, rstd = MX_NO_VAL;
    if (r->node->n_outputs < 3 || (!mx_output_used(r, 1) && !mx_output_used(r, 2))) return;
    standardized(r, mx_cast(r->b, rows, wide(mx_elem_of(r->b, rows))), &last, 1, eps, &mean, &rstd);
    r->out[1] = mx_squeeze1(r->b, mean, -1);
    r->out[2] = mx_squeeze1(r->b, rstd, -1);
}

static void group(const mx_rule *r, mx_val x, mx_val weight, mx_val bias, int64_t groups, double eps) {
    mx_build *b = r->b;
    int rank = mx_rank_of(b, x);
    mx_size channels = mx_size_of(b, x, 1);
    if (mx_failed(b)) return;
    if (rank < 2) {
        mx_cannot(b, "the input has rank %d", rank);
        return;
    }
    if (mx_opset(b) >= 21 && mx_size_is_number(channels) && rank > 2) {
        if (!weight) weight = ones(r, x, channels.value, 1);
        if (!bias) bias = ones(r, x, channels.value, 0);
        r->out[0] = mx_op(b, "GroupNormalization", MX_IN(x, weight, bias),
                          MX_AT(mx_at_i("num_groups", groups), mx_at_f("epsilon", eps)));
    } else {
        mx_val rows = in_groups(r, x, groups);
        mx_val y = mx_op(b, "InstanceNormalization", MX_IN(rows, ones(r, x, groups, 1), ones(r, x, groups, 0)),
                         MX_AT(mx_at_f("epsilon", eps)));
        y = mx_reshape(b, y, mx_shape(b, x));
        r->out[0] = scaled(r, y, along_channels(r, weight, rank), along_channels(r, bias, rank));
    }
    group_statistics(r, in_groups(r, x, groups), eps);
}

/* group_norm(input, num_groups, weight, bias, eps, cudnn_enabled) */
static void group_norm(const mx_rule *r) {
    group(r, mx_arg(r, 0), mx_arg(r, 2), mx_arg(r, 3), mx_arg_int(r, 1), mx_arg_float(r, 4));
}

/* native_group_norm(input, weight, bias, N, C, HxW, group, eps) */
static void native_group_norm(const mx_rule *r) {
    group(r, mx_arg(r, 0), mx_arg(r, 1), mx_arg(r, 2), mx_arg_int(r, 6), mx_arg_float(r, 7));
}

/* ---- over a channel ---- */

typedef mx_stored_norm batch;

/* With the statistics that were learned. */
static void batch_stored(const mx_rule *r, batch *n) {
    mx_build *b = r->b;
    mx_size channels = mx_size_of(b, n->mean, 0);
    if (mx_failed(b)) return;
    if (!n->mean || !n->var || !mx_size_is_number(channels)) {
        mx_cannot(b, "it has no stored mean and variance");
        return;
    }
    r->out[0] = mx_fold_norm(r, n);
    if (r->out[0] != MX_NO_VAL) return;
    if (!n->weight) n->weight = ones(r, n->mean, channels.value, 1);
    if (!n->bias) n->bias = ones(r, n->mean, channels.value, 0);
    r->out[0] = mx_op(b, "BatchNormalization", MX_IN(n->x, n->weight, n->bias, n->mean, n->var),
                      MX_AT(mx_at_f("epsilon", n->eps)));
}

/* With the statistics of this batch. One sample alone is what InstanceNormalization does. */
static void batch_own(const mx_rule *r, const batch *n) {
    mx_build *b = r->b;
    int rank = mx_rank_of(b, n->x);
    int64_t axes[MX_MAX_RANK] = {0};
    size_t count = 1;
    mx_size first = mx_size_of(b, n->x, 0), channels = mx_size_of(b, n->x, 1);
    mx_val mean = MX_NO_VAL, rstd = MX_NO_VAL;
    for (int k = 2; k < rank && count < MX_MAX_RANK; k++)
        axes[count++] = k;
    bool statistics = r->node->n_outputs > 2 && (mx_output_used(r, 1) || mx_output_used(r, 2));
    if (rank > 2 && !statistics && mx_size_is_number(first) && first.value == 1 && mx_size_is_number(channels)) {
        mx_val weight = n->weight ? n->weight : ones(r, n->x, channels.value, 1);
        mx_val bias = n->bias ? n->bias : ones(r, n->x, channels.value, 0);
        r->out[0] = mx_op(b, "InstanceNormalization", MX_IN(n->x, weight, bias), MX_AT(mx_at_f("epsilon", n->eps)));
        return;
    }
    int32_t elem = mx_elem_of(b, n->x), w = wide(elem);
    mx_val y = standardized(r, mx_cast(b, n->x, w), axes, count, n->eps, &mean, statistics ? &rstd : NULL);
    y = scaled(r, mx_cast(b, y, elem), along_channels(r, n->weight, rank), along_channels(r, n->bias, rank));
    r->out[0] = y;
    if (!statistics) return;
    r->out[1] = mx_squeeze(b, mean, axes, count);
    r->out[2] = mx_squeeze(b, rstd, axes, count);
}

static void batch_norm_with(const mx_rule *r, batch *n, bool training) {
    if (training || (!n->mean && !n->var))
        batch_own(r, n);
    else
        batch_stored(r, n);
    /* the saved statistics of an evaluation have no elements */
    for (uint32_t k = 1; k < r->node->n_outputs && !training && n->mean; k++)
        if (mx_output_used(r, k)) r->out[k] = mx_constant(r->b, mx_out_elem(r, k), (const int64_t[]){0}, 1, "", 0);
}

/* batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, ...) */
static void batch_norm(const mx_rule *r) {
    batch n = {mx_arg(r, 0), mx_arg(r, 1), mx_arg(r, 2), mx_arg(r, 3), mx_arg(r, 4), mx_arg_float(r, 7)};
    batch_norm_with(r, &n, mx_arg_bool(r, 5));
}

/* _native_batch_norm_legit_no_training(input, weight, bias, running_mean, running_var, momentum, eps) */
static void batch_norm_evaluated(const mx_rule *r) {
    batch n = {mx_arg(r, 0), mx_arg(r, 1), mx_arg(r, 2), mx_arg(r, 3), mx_arg(r, 4), mx_arg_float(r, 6)};
    batch_norm_with(r, &n, false);
}

/* _native_batch_norm_legit.no_stats(input, weight, bias, training, momentum, eps) */
static void batch_norm_without_statistics(const mx_rule *r) {
    batch n = {mx_arg(r, 0), mx_arg(r, 1), mx_arg(r, 2), MX_NO_VAL, MX_NO_VAL, mx_arg_float(r, 5)};
    batch_norm_with(r, &n, true);
}

/* instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled) */
static void instance_norm(const mx_rule *r) {
    mx_build *b = r->b;
    batch n = {mx_arg(r, 0), mx_arg(r, 1), mx_arg(r, 2), mx_arg(r, 3), mx_arg(r, 4), mx_arg_float(r, 7)};
    mx_size channels = mx_size_of(b, n.x, 1);
    bool own = mx_arg_bool(r, 5);
    if (mx_failed(b)) return;
    if (!own) {
        batch_stored(r, &n);
        return;
    }
    if (!mx_size_is_number(channels)) {
        mx_cannot(b, "the number of channels is not known");
        return;
    }
    if (!n.weight) n.weight = ones(r, n.x, channels.value, 1);
    if (!n.bias) n.bias = ones(r, n.x, channels.value, 0);
    r->out[0] = mx_op(b, "InstanceNormalization", MX_IN(n.x, n.weight, n.bias), MX_AT(mx_at_f("epsilon", n.eps)));
}

static const mx_lowering rows[] = {
    {"aten.layer_norm.default", layer_norm, "LayerNormalization", 0, 0},
    {"aten.native_layer_norm.default", layer_norm, "LayerNormalization", 0, 0},
    {"aten.rms_norm.default", rms_norm, "RMSNormalization", 0, 0},
    {"aten._fused_rms_norm.default", rms_norm, "RMSNormalization", 0, 0},
    {"aten.group_norm.default", group_norm, "GroupNormalization, InstanceNormalization", 0, 0},
    {"aten.native_group_norm.default", native_group_norm, "GroupNormalization, InstanceNormalization", 0, 0},
    {"aten.batch_norm.default", batch_norm, "BatchNormalization", 0, 0},
    {"aten.native_batch_norm.default", batch_norm, "BatchNormalization", 0, 0},
    {"aten._batch_norm_impl_index.default", batch_norm, "BatchNormalization", 0, 0},
    {"aten._native_batch_norm_legit.default", batch_norm, "BatchNormalization", 0, 0},
    {"aten._native_batch_norm_legit_no_training.default", batch_norm_evaluated, "BatchNormalization", 0, 0},
    {"aten._batch_norm_no_update.default", batch_norm_evaluated, "BatchNormalization", 0, 0},
    {"aten._native_batch_norm_legit.no_stats", batch_norm_without_statistics, "InstanceNormalization", 0, 0},
    {"aten.instance_norm.default", instance_norm, "InstanceNormalization", 0, 0},
};

const mx_lowering_family mx_family_normalisation = {"normalisation", rows, sizeof rows / sizeof *rows};
