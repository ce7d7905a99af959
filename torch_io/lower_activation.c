/* Activation functions. */
#include "torch_io/lower_numeric.h"

#include <math.h>

static mx_val input(const mx_rule *r) {
    return mx_arg_as(r, 0, mx_out_elem(r, 0));
}

static void simple(const mx_rule *r) {
    r->out[0] = mx_math1(r->b, r->row->onnx, input(r));
}

static void relu(const mx_rule *r) {
    mx_val x = input(r);
    bool is_float = mx_is_float(mx_elem_of(r->b, x));
    r->out[0] = is_float ? mx_op1(r->b, "Relu", x) : mx_math2(r->b, "Max", x, mx_number_like(r->b, x, 0));
}

static mx_val clipped(const mx_rule *r, mx_val low, mx_val high) {
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0);
    low = mx_for_kernel(b, "Clip", low), high = mx_for_kernel(b, "Clip", high);
    return mx_cast(b, mx_clip(b, mx_for_kernel(b, "Clip", input(r)), low, high), elem);
}

static void hardtanh(const mx_rule *r) {
    int32_t elem = mx_out_elem(r, 0);
    r->out[0] = clipped(r, mx_arg_as(r, 1, elem), mx_arg_as(r, 2, elem));
}

static void relu6(const mx_rule *r) {
    int32_t elem = mx_out_elem(r, 0);
    r->out[0] = clipped(r, mx_scalar(r->b, elem, 0), mx_scalar(r->b, elem, 6));
}

static void hardsigmoid(const mx_rule *r) {
    const mx_at slope[] = {mx_at_f("alpha", 1.0 / 6), mx_at_f("beta", 0.5)};
    r->out[0] = mx_math1_at(r->b, "HardSigmoid", input(r), slope, 2);
}

static void silu(const mx_rule *r) {
    mx_val x = input(r);
    r->out[0] = mx_op2(r->b, "Mul", x, mx_op1(r->b, "Sigmoid", x));
}

static void mish(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = input(r);
    if (mx_opset(b) >= 18)
        r->out[0] = mx_math1(b, "Mish", x);
    else
        r->out[0] = mx_op2(b, "Mul", x, mx_op1(b, "Tanh", mx_math1(b, "Softplus", x)));
}

/* ---- gelu ---- */

static mx_val gelu_erf(mx_build *b, mx_val x) {
    mx_val erf = mx_math1(b, "Erf", mx_op2(b, "Div", x, mx_number_like(b, x, sqrt(2))));
    return mx_mul_number(b, mx_op2(b, "Mul", x, mx_add_number(b, erf, 1)), 0.5);
}

static mx_val gelu_tanh(mx_build *b, mx_val x) {
    mx_val cube = mx_op2(b, "Pow", x, mx_number_like(b, x, 3));
    mx_val inner = mx_op2(b, "Add", x, mx_mul_number(b, cube, 0.044715));
    mx_val tanh = mx_op1(b, "Tanh", mx_mul_number(b, inner, 0.79788456080286535588)); /* sqrt(2 / pi) */
    return mx_mul_number(b, mx_op2(b, "Mul", x, mx_add_number(b, tanh, 1)), 0.5);
}

mx_val mx_gelu(mx_build *b, mx_val x, bool by_tanh) {
    if (mx_opset(b) >= 20) return mx_math1_at(b, "Gelu", x, MX_AT(mx_at_s("approximate", by_tanh ? "tanh" : "none")));
    return by_tanh ? gelu_tanh(b, x) : gelu_erf(b, x);
}

static void gelu(const mx_rule *r) {
    r->out[0] = mx_gelu(r->b, input(r), mx_arg_is_text(r, 1, "tanh"));
}

/* ---- exponential ---- */

/* scale * (x > 0 ? x : alpha * (exp(x * input_scale) - 1)) */
static void elu(const mx_rule *r) {
    mx_build *b = r->b;
    double alpha = mx_arg_float(r, 1), scale = mx_arg_float(r, 2), input_scale = mx_arg_float(r, 3);
    mx_val x = input(r), y;
    if (input_scale == 1) {
        y = mx_math1_at(b, "Elu", x, MX_AT(mx_at_f("alpha", alpha)));
    } else {
        mx_val below = mx_add_number(b, mx_op1(b, "Exp", mx_mul_number(b, x, input_scale)), -1);
        y = mx_where(b, mx_test_number(b, "Greater", x, 0), x, mx_mul_number(b, below, alpha));
    }
    r->out[0] = scale == 1 ? y : mx_mul_number(b, y, scale);
}

static void celu(const mx_rule *r) {
    double alpha = mx_arg_float(r, 1);
    if (alpha == 1)
        r->out[0] = mx_math1(r->b, "Elu", input(r));
    else
        r->out[0] = mx_math1_at(r->b, "Celu", input(r), MX_AT(mx_at_f("alpha", alpha)));
}

/* log(1 + exp(beta * x)) / beta; x itself above the threshold. At 20 and more the two are equal in float32. */
static void softplus(const mx_rule *r) {
    mx_build *b = r->b;
    double beta = mx_arg_float(r, 1), threshold = mx_arg_float(r, 2);
    mx_val x = input(r), scaled = beta == 1 ? x : mx_mul_number(b, x, beta);
    mx_val y = mx_math1(b, "Softplus", scaled);
    if (beta != 1) y = mx_op2(b, "Div", y, mx_number_like(b, x, beta));
    if (threshold < 20) y = mx_where(b, mx_test_number(b, "Greater", scaled, threshold), x, y);
    r->out[0] = y;
}

/* log(sigmoid(x)) = -softplus(-x): the form that does not end in log(0) */
static void log_sigmoid(const mx_rule *r) {
    mx_build *b = r->b;
    r->out[0] = mx_op1(b, "Neg", mx_math1(b, "Softplus", mx_op1(b, "Neg", input(r))));
}

/* ---- thresholds and slopes ---- */

/* 0 between -lambda and lambda; a bias moves the rest toward 0. */
static void shrink(const mx_rule *r, bool soft) {
    double lambda = mx_arg_float(r, 1);
    const mx_at at[] = {mx_at_f("lambd", lambda), mx_at_f("bias", soft ? lambda : 0)};
    r->out[0] = mx_op(r->b, "Shrink", MX_IN(input(r)), at, 2);
}

static void softshrink(const mx_rule *r) {
    shrink(r, true);
}

static void hardshrink(const mx_rule *r) {
    shrink(r, false);
}

static void threshold(const mx_rule *r) {
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0);
    mx_val x = input(r);
    r->out[0] = mx_where(b, mx_op2(b, "LessOrEqual", x, mx_arg_as(r, 1, elem)), mx_arg_as(r, 2, elem), x);
}

static mx_val leaky(const mx_rule *r, double slope) {
    return mx_math1_at(r->b, "LeakyRelu", input(r), MX_AT(mx_at_f("alpha", slope)));
}

static void leaky_relu(const mx_rule *r) {
    r->out[0] = leaky(r, mx_arg_float(r, 1));
}

/* Outside of training: the mean of the slopes. */
static void rrelu(const mx_rule *r) {
    if (mx_arg_bool(r, 3)) mx_cannot(r->b, "the slopes of its training mode are random");
    r->out[0] = leaky(r, (mx_arg_float(r, 1) + mx_arg_float(r, 2)) / 2);
}

/* rrelu_with_noise(self, noise, lower, upper, training): the noise is of the training mode. */
static void rrelu_with_noise(const mx_rule *r) {
    if (mx_arg_bool(r, 4)) mx_cannot(r->b, "the slopes of its training mode are random");
    r->out[0] = leaky(r, (mx_arg_float(r, 2) + mx_arg_float(r, 3)) / 2);
    if (r->node->n_outputs > 1) r->out[1] = mx_arg(r, 1);
}

/* One slope for each channel, the second axis. */
static void prelu(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = input(r), slope = mx_arg_as(r, 1, mx_out_elem(r, 0));
    int rank = mx_rank_of(b, x);
    if (rank > 2 && mx_rank_of(b, slope) == 1 && mx_numel_of(b, slope) != 1) {
        int64_t axes[MX_MAX_RANK];
        for (int i = 0; i < rank - 2; i++)
            axes[i] = i + 1;
        slope = mx_unsqueeze(b, slope, axes, (size_t)rank - 2);
    }
    if (rank == 0) slope = mx_as_scalar(b, slope);
    r->out[0] = mx_math2(b, "PRelu", x, slope);
}

static void prelu_kernel(const mx_rule *r) {
    r->out[0] = mx_math2(r->b, "PRelu", input(r), mx_arg_as(r, 1, mx_out_elem(r, 0)));
}

/* The first half of an axis times the sigmoid of the second. */
static void glu(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = input(r), halves[2];
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_rank_of(b, x));
    mx_size size = mx_size_of(b, x, (int)axis);
    if (mx_size_is_number(size)) {
        const int64_t sizes[] = {size.value / 2, size.value / 2};
        mx_split(b, x, axis, sizes, 2, halves);
    } else {
        mx_val end = mx_dim(b, x, axis), half = mx_op2(b, "Div", end, mx_int64(b, 2));
        halves[0] = mx_slice(b, x, axis, mx_int64(b, 0), half, 1);
        halves[1] = mx_slice(b, x, axis, half, end, 1);
    }
    r->out[0] = mx_op2(b, "Mul", halves[0], mx_op1(b, "Sigmoid", halves[1]));
}

static const mx_lowering rows[] = {
    {"aten._prelu_kernel.default", prelu_kernel, "PRelu", 0, 0},
    {"aten.celu.default", celu, "Celu", 0, 0},
    {"aten.elu.default", elu, "Elu", 0, 0},
    {"aten.gelu.default", gelu, "Gelu", 0, 0},
    {"aten.glu.default", glu, "Split, Sigmoid, Mul", 0, 0},
    {"aten.hardshrink.default", hardshrink, "Shrink", 0, MX_LOWER_EXACT},
    {"aten.hardsigmoid.default", hardsigmoid, "HardSigmoid", 0, 0},
    {"aten.hardswish.default", simple, "HardSwish", 0, 0},
    {"aten.hardtanh.default", hardtanh, "Clip", 0, MX_LOWER_EXACT},
    {"aten.leaky_relu.default", leaky_relu, "LeakyRelu", 0, 0},
    {"aten.log_sigmoid.default", log_sigmoid, "Neg, Softplus", 0, 0},
    {"aten.log_sigmoid_forward.default", log_sigmoid, "Neg, Softplus", 0, 0},
    {"aten.mish.default", mish, "Mish", 0, 0},
    {"aten.prelu.default", prelu, "PRelu", 0, 0},
    {"aten.relu.default", relu, "Relu", 0, MX_LOWER_EXACT},
    {"aten.relu6.default", relu6, "Clip", 0, MX_LOWER_EXACT},
    {"aten.rrelu.default", rrelu, "LeakyRelu", 0, 0},
    {"aten.rrelu_with_noise.default", rrelu_with_noise, "LeakyRelu", 0, 0},
    {"aten.rrelu_with_noise_functional.default", rrelu_with_noise, "LeakyRelu", 0, 0},
    {"aten.selu.default", simple, "Selu", 0, 0},
    {"aten.sigmoid.default", simple, "Sigmoid", 0, 0},
    {"aten.silu.default", silu, "Sigmoid, Mul", 0, 0},
    {"aten.softplus.default", softplus, "Softplus", 0, 0},
    {"aten.softshrink.default", softshrink, "Shrink", 0, 0},
    {"aten.special_expit.default", simple, "Sigmoid", 0, 0},
    {"aten.threshold.default", threshold, "LessOrEqual, Where", 0, MX_LOWER_EXACT},
};

const mx_lowering_family mx_family_activation = {"activation", rows, sizeof rows / sizeof *rows};
