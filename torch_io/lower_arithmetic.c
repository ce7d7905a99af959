/* Functions of two and three tensors, element by element. The type of the result is the one that torch computes in. */
#include "torch_io/lower_numeric.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

/* Argument i in the type of the result. */
static mx_val operand(const mx_rule *r, size_t i) {
    return mx_arg_as(r, i, mx_out_elem(r, 0));
}

static bool of_bools(const mx_rule *r) {
    return mx_out_elem(r, 0) == MX_ELEM_BOOL;
}

static void two(const mx_rule *r) {
    r->out[0] = mx_math2(r->b, r->row->onnx, operand(r, 0), operand(r, 1));
}

/* a + alpha * c and its like; alpha: an argument's position. */
static mx_val sum_of(const mx_rule *r, const char *op, mx_val a, mx_val c, size_t alpha) {
    if (of_bools(r)) return mx_op2(r->b, "Or", a, c);
    if (mx_arg_equals(r, alpha, -1)) return mx_op2(r->b, *op == 'A' ? "Sub" : "Add", a, c);
    if (!mx_arg_equals(r, alpha, 1)) c = mx_op2(r->b, "Mul", c, operand(r, alpha));
    return mx_op2(r->b, op, a, c);
}

static void add_or_sub(const mx_rule *r) {
    r->out[0] = sum_of(r, r->row->onnx, operand(r, 0), operand(r, 1), 2);
}

static void rsub(const mx_rule *r) {
    r->out[0] = sum_of(r, "Sub", operand(r, 1), operand(r, 0), 2);
}

static void mul(const mx_rule *r) {
    r->out[0] = mx_op2(r->b, of_bools(r) ? "And" : "Mul", operand(r, 0), operand(r, 1));
}

static void max_or_min(const mx_rule *r) {
    const char *op = r->row->onnx;
    if (of_bools(r)) op = strcmp(op, "Max") ? "And" : "Or";
    r->out[0] = mx_math2(r->b, op, operand(r, 0), operand(r, 1));
}

/* ---- division ---- */

static void div_mode(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0), y = operand(r, 1);
    if (mx_arg_is_text(r, 2, "floor"))
        r->out[0] = mx_floor_divide(b, x, y);
    else if (mx_arg_none(r, 2))
        r->out[0] = mx_op2(b, "Div", x, y);
    else
        r->out[0] = mx_truncate(b, mx_op2(b, "Div", x, y));
}

static void floor_divide(const mx_rule *r) {
    r->out[0] = mx_floor_divide(r->b, operand(r, 0), operand(r, 1));
}

static void remainder_(const mx_rule *r) {
    r->out[0] = mx_modulo(r->b, operand(r, 0), operand(r, 1));
}

static void fmod_(const mx_rule *r) {
    r->out[0] = mx_fmod(r->b, operand(r, 0), operand(r, 1));
}

/* ---- powers ---- */

/* x to the power of n, by squares: wraps around as torch does, and needs no kernel. */
static mx_val integer_power(mx_build *b, mx_val x, int64_t n) {
    mx_val out = MX_NO_VAL;
    for (; n; n >>= 1) {
        if (n & 1) out = out ? mx_op2(b, "Mul", out, x) : x;
        if (n > 1) x = mx_op2(b, "Mul", x, x);
    }
    return out;
}

static mx_val float_power_of(mx_build *b, mx_val x, double n) {
    if (n == 1) return x;
    if (n == 2) return mx_op2(b, "Mul", x, x);
    if (n == 0.5) return mx_op1(b, "Sqrt", x);
    if (n == -1) return mx_op1(b, "Reciprocal", x);
    if (n == -0.5) return mx_op1(b, "Reciprocal", mx_op1(b, "Sqrt", x));
    return mx_op2(b, "Pow", x, mx_number_like(b, x, n));
}

static void power(const mx_rule *r) {
    mx_val x = operand(r, 0), y = operand(r, 1);
    double n;
    if (mx_arg_scalar_kind(r, 1) && mx_const_number(r->b, y, &n)) {
        bool is_float = mx_is_float(mx_elem_of(r->b, x));
        if (is_float || (n > 0 && n < 64)) {
            r->out[0] = is_float ? float_power_of(r->b, x, n) : integer_power(r->b, x, (int64_t)n);
            return;
        }
    }
    r->out[0] = mx_math2(r->b, "Pow", x, y);
}

static void ldexp_(const mx_rule *r) {
    mx_val y = operand(r, 1);
    r->out[0] = mx_op2(r->b, "Mul", operand(r, 0), mx_op2(r->b, "Pow", mx_number_like(r->b, y, 2), y));
}

/* ---- with NaN left out ---- */

/* fmax, fmin: the other one, where one of them is NaN. */
static void without_nan(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0), y = operand(r, 1);
    bool max = !strcmp(r->row->onnx, "Max");
    if (!mx_is_float(mx_elem_of(b, x))) {
        max_or_min(r);
        return;
    }
    mx_val first = mx_op2(b, "Or", mx_op2(b, max ? "Greater" : "Less", x, y), mx_op1(b, "IsNaN", y));
    r->out[0] = mx_where(b, first, x, y);
}

/* ---- analytic ---- */

static void hypot_(const mx_rule *r) {
    mx_val x = operand(r, 0), y = operand(r, 1);
    r->out[0] = mx_op1(r->b, "Sqrt", mx_op2(r->b, "Add", mx_op2(r->b, "Mul", x, x), mx_op2(r->b, "Mul", y, y)));
}

/* atan(y / |x|), turned around where x is negative. |x| has no sign of 0; where y is 0 the quotient is not used: 0 / 0.
 */
static void atan2_(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val y = operand(r, 0), x = operand(r, 1);
    mx_val divisor = mx_where(b, mx_test_number(b, "Equal", y, 0), mx_number_like(b, x, 1), mx_op1(b, "Abs", x));
    mx_val angle = mx_math1(b, "Atan", mx_op2(b, "Div", y, divisor));
    mx_val half = mx_where(b, mx_test_number(b, "Less", y, 0), mx_number_like(b, x, -PI), mx_number_like(b, x, PI));
    r->out[0] = mx_where(b, mx_test_number(b, "Less", x, 0), mx_op2(b, "Sub", half, angle), angle);
}

static void copysign_(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val size = mx_op1(b, "Abs", operand(r, 0)), sign = operand(r, 1);
    r->out[0] = mx_where(b, mx_test_number(b, "Less", sign, 0), mx_op1(b, "Neg", size), size);
}

static void heaviside(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0);
    mx_val step = mx_cast(b, mx_test_number(b, "Greater", x, 0), mx_elem_of(b, x));
    r->out[0] = mx_where(b, mx_test_number(b, "Equal", x, 0), operand(r, 1), step);
}

static void logaddexp(const mx_rule *r) {
    r->out[0] = mx_log_add(r->b, operand(r, 0), operand(r, 1), false);
}

static void logaddexp2(const mx_rule *r) {
    r->out[0] = mx_log_add(r->b, operand(r, 0), operand(r, 1), 2);
}

/* x log y, 0 where x is 0 (but NaN where y is) */
static mx_val x_log(mx_build *b, mx_val x, mx_val y) {
    mx_val zero = mx_number_like(b, x, 0);
    mx_val nothing = mx_op2(b, "And", mx_op2(b, "Equal", x, zero), mx_not(b, mx_op1(b, "IsNaN", y)));
    return mx_where(b, nothing, zero, mx_op2(b, "Mul", x, mx_op1(b, "Log", y)));
}

static void xlogy(const mx_rule *r) {
    r->out[0] = x_log(r->b, operand(r, 0), operand(r, 1));
}

static void xlog1py(const mx_rule *r) {
    r->out[0] = x_log(r->b, operand(r, 0), mx_add_number(r->b, operand(r, 1), 1));
}

/* ---- of three ---- */

/* Between start and end: from the nearer end, as torch does. */
static void lerp(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val start = operand(r, 0), end = operand(r, 1), weight = operand(r, 2);
    mx_val way = mx_op2(b, "Sub", end, start);
    double w;
    if (mx_const_number(b, weight, &w) && w >= 0.5)
        r->out[0] = mx_op2(b, "Sub", end, mx_op2(b, "Mul", way, mx_number_like(b, start, 1 - w)));
    else
        r->out[0] = mx_op2(b, "Add", start, mx_op2(b, "Mul", way, weight));
}

static void addc(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val first = operand(r, 1);
    if (!mx_arg_equals(r, 3, 1)) first = mx_op2(b, "Mul", first, operand(r, 3));
    bool product = !strncmp(r->row->onnx, "Mul", 3);
    mx_val term = mx_op2(b, product ? "Mul" : "Div", first, operand(r, 2));
    r->out[0] = mx_op2(b, "Add", operand(r, 0), term);
}

#define TENSOR_SCALAR(name, ...)                                                                                       \
    {"aten." name ".Tensor", __VA_ARGS__}, {                                                                           \
        "aten." name ".Scalar", __VA_ARGS__                                                                            \
    }
#define THREE_FORMS(name, ...)                                                                                         \
    {"aten." name ".Tensor_Tensor", __VA_ARGS__}, {"aten." name ".Tensor_Scalar", __VA_ARGS__}, {                      \
        "aten." name ".Scalar", __VA_ARGS__                                                                            \
    }
#define SPECIAL_FORMS(name, ...)                                                                                       \
    {"aten." name ".default", __VA_ARGS__}, {"aten." name ".self_scalar", __VA_ARGS__}, {                              \
        "aten." name ".other_scalar", __VA_ARGS__                                                                      \
    }

static const mx_lowering rows[] = {
    TENSOR_SCALAR("add", add_or_sub, "Add", 0, 0),
    {"aten.addcdiv.default", addc, "Div, Mul, Add", 0, 0},
    {"aten.addcmul.default", addc, "Mul, Add", 0, 0},
    {"aten.arctan2.default", atan2_, "Abs, Div, Atan, Sub, Where", 0, 0},
    {"aten.atan2.default", atan2_, "Abs, Div, Atan, Sub, Where", 0, 0},
    TENSOR_SCALAR("copysign", copysign_, "Abs, Neg, Less, Where", 0, 0),
    TENSOR_SCALAR("div", two, "Div", 0, 0),
    {"aten.div.Scalar_mode", div_mode, "Div, Floor", 0, 0},
    {"aten.div.Tensor_mode", div_mode, "Div, Floor", 0, 0},
    TENSOR_SCALAR("divide", two, "Div", 0, 0),
    {"aten.divide.Scalar_mode", div_mode, "Div, Floor", 0, 0},
    {"aten.divide.Tensor_mode", div_mode, "Div, Floor", 0, 0},
    THREE_FORMS("float_power", power, "Pow", 0, 0),
    {"aten.floor_divide.Scalar", floor_divide, "Mod, Sub, Div", 0, 0},
    {"aten.floor_divide.default", floor_divide, "Mod, Sub, Div", 0, 0},
    {"aten.fmax.default", without_nan, "Max", 0, MX_LOWER_EXACT},
    {"aten.fmin.default", without_nan, "Min", 0, MX_LOWER_EXACT},
    TENSOR_SCALAR("fmod", fmod_, "Mod", 0, 0),
    {"aten.heaviside.default", heaviside, "Greater, Equal, Where", 0, MX_LOWER_EXACT},
    {"aten.hypot.default", hypot_, "Mul, Add, Sqrt", 0, 0},
    {"aten.ldexp.Tensor", ldexp_, "Pow, Mul", 0, 0},
    TENSOR_SCALAR("lerp", lerp, "Sub, Mul, Add", 0, 0),
    {"aten.logaddexp.default", logaddexp, "Max, Exp, Log, Add", 0, 0},
    {"aten.logaddexp2.default", logaddexp2, "Max, Pow, Log, Add", 0, 0},
    {"aten.max.other", max_or_min, "Max", 0, MX_LOWER_EXACT},
    {"aten.maximum.default", max_or_min, "Max", 0, MX_LOWER_EXACT},
    {"aten.min.other", max_or_min, "Min", 0, MX_LOWER_EXACT},
    {"aten.minimum.default", max_or_min, "Min", 0, MX_LOWER_EXACT},
    TENSOR_SCALAR("mul", mul, "Mul", 0, 0),
    TENSOR_SCALAR("multiply", mul, "Mul", 0, 0),
    THREE_FORMS("pow", power, "Pow", 0, 0),
    TENSOR_SCALAR("remainder", remainder_, "Mod", 0, 0),
    {"aten.remainder.Scalar_Tensor", remainder_, "Mod", 0, 0},
    TENSOR_SCALAR("rsub", rsub, "Sub", 0, 0),
    SPECIAL_FORMS("special_xlog1py", xlog1py, "Add, Log, Mul, Where", 0, 0),
    SPECIAL_FORMS("special_xlogy", xlogy, "Log, Mul, Where", 0, 0),
    TENSOR_SCALAR("sub", add_or_sub, "Sub", 0, 0),
    TENSOR_SCALAR("subtract", add_or_sub, "Sub", 0, 0),
    TENSOR_SCALAR("true_divide", two, "Div", 0, 0),
    {"aten.xlogy.Scalar_Other", xlogy, "Log, Mul, Where", 0, 0},
    {"aten.xlogy.Scalar_Self", xlogy, "Log, Mul, Where", 0, 0},
    {"aten.xlogy.Tensor", xlogy, "Log, Mul, Where", 0, 0},
};

const mx_lowering_family mx_family_arithmetic = {"arithmetic", rows, sizeof rows / sizeof *rows};
