/* Functions of one tensor, element by element. */
#include "torch_io/lower_numeric.h"

#include <float.h>
#include <math.h>

static const double PI = 3.14159265358979323846;
static const double LN2 = 0.69314718055994530942;

/* The input in the type of the output: integers become float32 where torch computes floats. */
static mx_val input(const mx_rule *r) {
    return mx_arg_as(r, 0, mx_out_elem(r, 0));
}

static void simple(const mx_rule *r) {
    r->out[0] = mx_math1(r->b, r->row->onnx, input(r));
}

static void same(const mx_rule *r) {
    r->out[0] = input(r);
}

/* Floor, Ceil, Round: integers stay as they are. */
static void rounding(const mx_rule *r) {
    mx_val x = input(r);
    r->out[0] = mx_is_float(mx_elem_of(r->b, x)) ? mx_op1(r->b, r->row->onnx, x) : x;
}

static void absolute(const mx_rule *r) {
    mx_val x = input(r);
    r->out[0] = mx_is_unsigned(mx_elem_of(r->b, x)) ? x : mx_op1(r->b, "Abs", x);
}

static void negative(const mx_rule *r) {
    mx_val x = input(r);
    bool wraps = mx_is_unsigned(mx_elem_of(r->b, x));
    r->out[0] = wraps ? mx_op2(r->b, "Sub", mx_number_like(r->b, x, 0), x) : mx_math1(r->b, "Neg", x);
}

static void sign(const mx_rule *r) {
    mx_val x = input(r);
    r->out[0] = mx_elem_of(r->b, x) == MX_ELEM_BOOL ? x : mx_op1(r->b, "Sign", x);
}

static void round_decimals(const mx_rule *r) {
    mx_val x = input(r);
    double scale = pow(10, fabs(mx_arg_float(r, 1)));
    const char *to = mx_arg_float(r, 1) < 0 ? "Div" : "Mul", *from = mx_arg_float(r, 1) < 0 ? "Mul" : "Div";
    if (!mx_is_float(mx_elem_of(r->b, x)) || scale == 1) {
        r->out[0] = mx_is_float(mx_elem_of(r->b, x)) ? mx_op1(r->b, "Round", x) : x;
        return;
    }
    mx_val by = mx_number_like(r->b, x, scale);
    r->out[0] = mx_op2(r->b, from, mx_op1(r->b, "Round", mx_op2(r->b, to, x, by)), by);
}

static void truncated(const mx_rule *r) {
    r->out[0] = mx_truncate(r->b, input(r));
}

static void fraction(const mx_rule *r) {
    mx_val x = input(r);
    r->out[0] = mx_fmod(r->b, x, mx_number_like(r->b, x, 1));
}

static void square(const mx_rule *r) {
    mx_val x = input(r);
    r->out[0] = mx_op2(r->b, "Mul", x, x);
}

static void rsqrt(const mx_rule *r) {
    r->out[0] = mx_op1(r->b, "Reciprocal", mx_op1(r->b, "Sqrt", input(r)));
}

static void exp2_(const mx_rule *r) {
    mx_val x = input(r);
    r->out[0] = mx_op2(r->b, "Pow", mx_number_like(r->b, x, 2), x);
}

static void expm1_(const mx_rule *r) {
    r->out[0] = mx_add_number(r->b, mx_op1(r->b, "Exp", input(r)), -1);
}

static mx_val divided(const mx_rule *r, mx_val x, double by) {
    return mx_op2(r->b, "Div", x, mx_number_like(r->b, x, by));
}

static void log2_(const mx_rule *r) {
    r->out[0] = divided(r, mx_op1(r->b, "Log", input(r)), LN2);
}

static void log10_(const mx_rule *r) {
    r->out[0] = divided(r, mx_op1(r->b, "Log", input(r)), 2.30258509299404568402);
}

static mx_val log1p_of(mx_build *b, mx_val x) {
    return mx_op1(b, "Log", mx_add_number(b, x, 1));
}

static void log1p_(const mx_rule *r) {
    r->out[0] = log1p_of(r->b, input(r));
}

static mx_val one_minus(mx_build *b, mx_val x) {
    return mx_op2(b, "Sub", mx_number_like(b, x, 1), x);
}

static void logit(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = input(r);
    if (!mx_arg_none(r, 1)) {
        double eps = mx_arg_float(r, 1);
        x = mx_clip(b, x, mx_number_like(b, x, eps), mx_number_like(b, x, 1 - eps));
    }
    r->out[0] = mx_op1(b, "Log", mx_op2(b, "Div", x, one_minus(b, x)));
}

static void erfc_(const mx_rule *r) {
    r->out[0] = one_minus(r->b, mx_math1(r->b, "Erf", input(r)));
}

/* The normal distribution's: half of 1 + erf(x / sqrt(2)). */
static void ndtr(const mx_rule *r) {
    mx_val x = divided(r, input(r), sqrt(2));
    r->out[0] = mx_mul_number(r->b, mx_add_number(r->b, mx_math1(r->b, "Erf", x), 1), 0.5);
}

static void sinc(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = input(r), scaled = mx_mul_number(b, x, PI);
    mx_val value = mx_op2(b, "Div", mx_op1(b, "Sin", scaled), scaled);
    r->out[0] = mx_where(b, mx_test_number(b, "Equal", x, 0), mx_number_like(b, x, 1), value);
}

/* -x log x; 0 at 0, -inf below. */
static void entropy(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = input(r);
    mx_val value = mx_math1(b, "Neg", mx_op2(b, "Mul", x, mx_op1(b, "Log", x)));
    mx_val edge =
        mx_where(b, mx_test_number(b, "Less", x, 0), mx_number_like(b, x, -INFINITY), mx_number_like(b, x, 0));
    r->out[0] = mx_where(b, mx_test_number(b, "LessOrEqual", x, 0), edge, value);
}

static void degrees_to_radians(const mx_rule *r) {
    r->out[0] = mx_mul_number(r->b, input(r), PI / 180);
}

static void radians_to_degrees(const mx_rule *r) {
    r->out[0] = mx_mul_number(r->b, input(r), 180 / PI);
}

/* The largest number of the type that the program gives the tensor. */
static double largest(const mx_rule *r) {
    switch (mx_arg_program_elem(r, 0)) {
    case MX_ELEM_FLOAT16: return 65504;
    case MX_ELEM_BFLOAT16: return 3.38953138925153547590e38;
    case MX_ELEM_DOUBLE: return DBL_MAX;
    default: return FLT_MAX;
    }
}

static void nan_to_num(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = input(r);
    if (!mx_is_float(mx_elem_of(b, x))) {
        r->out[0] = x;
        return;
    }
    mx_val is_nan = mx_op1(b, "IsNaN", x), value = x;
    if (mx_arg_none(r, 2) && mx_arg_none(r, 3)) {
        value = mx_clip(b, x, mx_number_like(b, x, -largest(r)), mx_number_like(b, x, largest(r)));
    } else {
        double high = mx_arg_none(r, 2) ? largest(r) : mx_arg_float(r, 2);
        double low = mx_arg_none(r, 3) ? -largest(r) : mx_arg_float(r, 3);
        value = mx_where(b, mx_test_number(b, "Equal", x, INFINITY), mx_number_like(b, x, high), value);
        value = mx_where(b, mx_test_number(b, "Equal", x, -INFINITY), mx_number_like(b, x, low), value);
    }
    double nan = mx_arg_none(r, 1) ? 0 : mx_arg_float(r, 1);
    r->out[0] = mx_where(b, is_nan, mx_number_like(b, x, nan), value);
}

/* ---- limits ---- */

static void clamp_numbers(const mx_rule *r, size_t low, size_t high) {
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0);
    mx_val x = mx_arg_as(r, 0, elem);
    mx_val limits[2] = {MX_NO_VAL, MX_NO_VAL};
    if (low && !mx_arg_none(r, low)) limits[0] = mx_for_kernel(b, "Clip", mx_arg_as(r, low, elem));
    if (high && !mx_arg_none(r, high)) limits[1] = mx_for_kernel(b, "Clip", mx_arg_as(r, high, elem));
    r->out[0] = mx_cast(b, mx_clip(b, mx_for_kernel(b, "Clip", x), limits[0], limits[1]), elem);
}

static void clamp(const mx_rule *r) {
    clamp_numbers(r, 1, 2);
}

static void clamp_min(const mx_rule *r) {
    clamp_numbers(r, 1, 0);
}

static void clamp_max(const mx_rule *r) {
    clamp_numbers(r, 0, 1);
}

static bool has_rank_0(const mx_rule *r, size_t i) {
    return mx_rank_of(r->b, mx_arg(r, i)) == 0;
}

static void clamp_tensor(const mx_rule *r) {
    int32_t elem = mx_out_elem(r, 0);
    bool low = !mx_arg_none(r, 1), high = !mx_arg_none(r, 2);
    if (low && high && has_rank_0(r, 1) && has_rank_0(r, 2)) {
        clamp(r);
        return;
    }
    mx_val x = mx_arg_as(r, 0, elem);
    if (low) x = mx_math2(r->b, "Max", x, mx_arg_as(r, 1, elem));
    if (high) x = mx_math2(r->b, "Min", x, mx_arg_as(r, 2, elem));
    r->out[0] = x;
}

/* clamp_min.Tensor, clamp_max.Tensor */
static void limited(const mx_rule *r) {
    r->out[0] = mx_math2(r->b, r->row->onnx, input(r), mx_arg_as(r, 1, mx_out_elem(r, 0)));
}

#define ALIASED(name, alias, ...)                                                                                      \
    {"aten." name ".default", __VA_ARGS__}, {                                                                          \
        "aten." alias ".default", __VA_ARGS__                                                                          \
    }

static const mx_lowering rows[] = {
    ALIASED("abs", "absolute", absolute, "Abs", 0, MX_LOWER_EXACT),
    ALIASED("acos", "arccos", simple, "Acos", 0, 0),
    ALIASED("acosh", "arccosh", simple, "Acosh", 0, 0),
    ALIASED("asin", "arcsin", simple, "Asin", 0, 0),
    ALIASED("asinh", "arcsinh", simple, "Asinh", 0, 0),
    ALIASED("atan", "arctan", simple, "Atan", 0, 0),
    ALIASED("atanh", "arctanh", simple, "Atanh", 0, 0),
    {"aten.ceil.default", rounding, "Ceil", 0, MX_LOWER_EXACT},
    ALIASED("clamp", "clip", clamp, "Clip", 0, MX_LOWER_EXACT),
    {"aten.clamp.Tensor", clamp_tensor, "Max, Min", 0, MX_LOWER_EXACT},
    {"aten.clamp_max.Tensor", limited, "Min", 0, MX_LOWER_EXACT},
    {"aten.clamp_max.default", clamp_max, "Clip", 0, MX_LOWER_EXACT},
    {"aten.clamp_min.Tensor", limited, "Max", 0, MX_LOWER_EXACT},
    {"aten.clamp_min.default", clamp_min, "Clip", 0, MX_LOWER_EXACT},
    {"aten.clip.Tensor", clamp_tensor, "Max, Min", 0, MX_LOWER_EXACT},
    {"aten.cos.default", simple, "Cos", 0, 0},
    {"aten.cosh.default", simple, "Cosh", 0, 0},
    {"aten.deg2rad.default", degrees_to_radians, "Mul", 0, 0},
    ALIASED("erf", "special_erf", simple, "Erf", 0, 0),
    ALIASED("erfc", "special_erfc", erfc_, "Erf, Sub", 0, 0),
    {"aten.exp.default", simple, "Exp", 0, 0},
    ALIASED("exp2", "special_exp2", exp2_, "Pow", 0, 0),
    ALIASED("expm1", "special_expm1", expm1_, "Exp, Add", 0, 0),
    {"aten.floor.default", rounding, "Floor", 0, MX_LOWER_EXACT},
    {"aten.frac.default", fraction, "Mod", 0, 0},
    {"aten.log.default", simple, "Log", 0, 0},
    {"aten.log10.default", log10_, "Log, Div", 0, 0},
    ALIASED("log1p", "special_log1p", log1p_, "Add, Log", 0, 0),
    {"aten.log2.default", log2_, "Log, Div", 0, 0},
    ALIASED("logit", "special_logit", logit, "Clip, Sub, Div, Log", 0, 0),
    {"aten.nan_to_num.default", nan_to_num, "IsNaN, Clip, Where", 0, MX_LOWER_EXACT},
    ALIASED("neg", "negative", negative, "Neg", 0, MX_LOWER_EXACT),
    {"aten.positive.default", same, "", 0, MX_LOWER_EXACT},
    {"aten.rad2deg.default", radians_to_degrees, "Mul", 0, 0},
    {"aten.real.default", same, "", 0, MX_LOWER_EXACT},
    {"aten.reciprocal.default", simple, "Reciprocal", 0, 0},
    {"aten.round.decimals", round_decimals, "Mul, Round, Div", 0, 0},
    ALIASED("round", "special_round", rounding, "Round", 0, MX_LOWER_EXACT),
    {"aten.rsqrt.default", rsqrt, "Sqrt, Reciprocal", 0, 0},
    {"aten.sgn.default", sign, "Sign", 0, MX_LOWER_EXACT},
    {"aten.sign.default", sign, "Sign", 0, MX_LOWER_EXACT},
    {"aten.sin.default", simple, "Sin", 0, 0},
    ALIASED("sinc", "special_sinc", sinc, "Mul, Sin, Div, Equal, Where", 0, 0),
    {"aten.sinh.default", simple, "Sinh", 0, 0},
    {"aten.special_entr.default", entropy, "Log, Mul, Neg, Where", 0, 0},
    {"aten.special_ndtr.default", ndtr, "Erf", 0, 0},
    {"aten.sqrt.default", simple, "Sqrt", 0, 0},
    {"aten.square.default", square, "Mul", 0, 0},
    {"aten.tan.default", simple, "Tan", 0, 0},
    {"aten.tanh.default", simple, "Tanh", 0, 0},
    ALIASED("trunc", "fix", truncated, "Abs, Floor, Sign, Mul", 0, MX_LOWER_EXACT),
};

const mx_lowering_family mx_family_elementwise = {"elementwise", rows, sizeof rows / sizeof *rows};
