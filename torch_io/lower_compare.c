/* Comparisons, logic and bits, and choosing by a condition. */
#include "torch_io/lower_numeric.h"

#include <math.h>

/* ---- comparisons: in the type that both sides are promoted to ---- */

static mx_val side(const mx_rule *r, size_t i) {
    int32_t elem = mx_promoted(r, 0, 1);
    return mx_arg_as(r, i, elem);
}

/* There is no order of bools. */
static mx_val ordered(const mx_rule *r, size_t i) {
    mx_val v = side(r, i);
    return mx_elem_of(r->b, v) == MX_ELEM_BOOL ? mx_cast(r->b, v, MX_ELEM_UINT8) : v;
}

static void compare(const mx_rule *r) {
    r->out[0] = mx_op2(r->b, r->row->onnx, ordered(r, 0), ordered(r, 1));
}

static void equal(const mx_rule *r) {
    r->out[0] = mx_op2(r->b, "Equal", side(r, 0), side(r, 1));
}

static void not_equal(const mx_rule *r) {
    mx_val x = side(r, 0), y = side(r, 1);
    bool of_bools = mx_elem_of(r->b, x) == MX_ELEM_BOOL;
    r->out[0] = of_bools ? mx_op2(r->b, "Xor", x, y) : mx_not(r->b, mx_op2(r->b, "Equal", x, y));
}

static mx_val is_finite(mx_build *b, mx_val x) {
    return mx_test_number(b, "Less", mx_op1(b, "Abs", x), INFINITY);
}

/* |x - y| <= atol + |rtol * y|, or equal; infinities are close to themselves only. */
static void isclose(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = side(r, 0), y = side(r, 1), equal = mx_op2(b, "Equal", x, y);
    if (mx_arg_bool(r, 4) && mx_is_float(mx_elem_of(b, x)))
        equal = mx_op2(b, "Or", equal, mx_op2(b, "And", mx_op1(b, "IsNaN", x), mx_op1(b, "IsNaN", y)));
    mx_val apart = mx_op1(b, "Abs", mx_op2(b, "Sub", x, y));
    mx_val part = mx_cast(b, y, mx_float_of(mx_elem_of(b, y)));
    mx_val limit = mx_add_number(b, mx_op1(b, "Abs", mx_mul_number(b, part, mx_arg_float(r, 2))), mx_arg_float(r, 3));
    mx_val within = mx_op2(b, "LessOrEqual", mx_cast(b, apart, mx_elem_of(b, limit)), limit);
    if (mx_is_float(mx_elem_of(b, x))) within = mx_op2(b, "And", within, is_finite(b, apart));
    r->out[0] = mx_op2(b, "Or", equal, within);
}

/* ---- what a number is ---- */

static bool is_float_input(const mx_rule *r) {
    return mx_is_float(mx_elem_of(r->b, mx_arg(r, 0)));
}

static void all_of(const mx_rule *r, bool value) {
    r->out[0] = mx_fill(r->b, mx_shape(r->b, mx_arg(r, 0)), mx_scalar_int(r->b, MX_ELEM_BOOL, value));
}

static void isnan_(const mx_rule *r) {
    if (is_float_input(r))
        r->out[0] = mx_op1(r->b, "IsNaN", mx_arg(r, 0));
    else
        all_of(r, false);
}

static void isinf_(const mx_rule *r) {
    if (is_float_input(r))
        r->out[0] = mx_op1(r->b, "IsInf", mx_for_kernel(r->b, "IsInf", mx_arg(r, 0)));
    else
        all_of(r, false);
}

static void isfinite_(const mx_rule *r) {
    if (is_float_input(r))
        r->out[0] = is_finite(r->b, mx_arg(r, 0));
    else
        all_of(r, true);
}

static void is_infinite(const mx_rule *r, double value) {
    if (is_float_input(r))
        r->out[0] = mx_test_number(r->b, "Equal", mx_arg(r, 0), value);
    else
        all_of(r, false);
}

static void isposinf(const mx_rule *r) {
    is_infinite(r, INFINITY);
}

static void isneginf(const mx_rule *r) {
    is_infinite(r, -INFINITY);
}

static void signbit_(const mx_rule *r) {
    mx_val x = mx_arg(r, 0);
    if (mx_elem_of(r->b, x) == MX_ELEM_BOOL)
        all_of(r, false);
    else
        r->out[0] = mx_test_number(r->b, "Less", x, 0);
}

/* ---- logic ---- */

static void logical(const mx_rule *r) {
    r->out[0] = mx_op2(r->b, r->row->onnx, mx_truth(r->b, mx_arg(r, 0)), mx_truth(r->b, mx_arg(r, 1)));
}

static void logical_not(const mx_rule *r) {
    r->out[0] = mx_not(r->b, mx_truth(r->b, mx_arg(r, 0)));
}

/* ---- bits ---- */

static const int OPSET_OF_BITS = 18;

/* Bit by bit for opsets without the operators: the digits of both to base 2, along a new last axis. Digit 63 of int64
 * is left to the caller: 2^63 is no int64. */
static mx_val digits(mx_build *b, mx_val x, mx_val powers) {
    mx_val column = mx_unsqueeze1(b, x, -1);
    mx_val quotient = mx_op2(b, "Div", mx_op2(b, "Sub", column, mx_op2(b, "Mod", column, powers)), powers);
    return mx_op2(b, "Mod", quotient, mx_int64(b, 2));
}

/* Of two digits: their product, their larger one, or whether they differ. */
static mx_val joined_digits(mx_build *b, char kind, mx_val x, mx_val y) {
    if (kind == 'A') return mx_op2(b, "Mul", x, y);
    if (kind == 'O') return mx_op2(b, "Max", x, y);
    return mx_op2(b, "Mod", mx_op2(b, "Add", x, y), mx_int64(b, 2));
}

static mx_val bits_by_arithmetic(mx_build *b, char kind, mx_val x, mx_val y) {
    static const char *const of_bools[] = {['A'] = "And", ['O'] = "Or", ['X'] = "Xor"};
    enum { BITS = 63 };
    int64_t powers[BITS];
    int32_t elem = mx_elem_of(b, x);
    size_t n = elem == MX_ELEM_INT64 ? BITS : elem == MX_ELEM_INT32 ? 32 : elem == MX_ELEM_INT16 ? 16 : 8;
    for (size_t i = 0; i < n; i++)
        powers[i] = (int64_t)1 << i;
    mx_val weights = mx_int64s(b, powers, n), wide_x = mx_cast(b, x, MX_ELEM_INT64),
           wide_y = mx_cast(b, y, MX_ELEM_INT64);
    mx_val all = joined_digits(b, kind, digits(b, wide_x, weights), digits(b, wide_y, weights));
    /* Not by ReduceSum: kernels of it add in double. */
    mx_val value = mx_op2(b, "MatMul", all, weights);
    if (elem == MX_ELEM_INT64) {
        mx_val sign = mx_op2(b, of_bools[(unsigned char)kind], mx_test_number(b, "Less", wide_x, 0),
                             mx_test_number(b, "Less", wide_y, 0));
        mx_val lowest = mx_scalar_int(b, MX_ELEM_INT64, INT64_MIN);
        value = mx_op2(b, "Add", value, mx_op2(b, "Mul", mx_cast(b, sign, MX_ELEM_INT64), lowest));
    }
    return mx_cast(b, value, elem);
}

/* The names of a row: "And", "Or", "Xor"; "BitwiseAnd", ... for integers. */
static void bitwise(const mx_rule *r) {
    mx_build *b = r->b;
    const char *op = r->row->onnx + sizeof "Bitwise" - 1;
    int32_t elem = mx_out_elem(r, 0);
    mx_val x = mx_arg_as(r, 0, elem), y = mx_arg_as(r, 1, elem);
    double v;
    if (elem == MX_ELEM_BOOL)
        r->out[0] = mx_op2(b, op, x, y);
    else if (mx_opset(b) >= OPSET_OF_BITS)
        r->out[0] = mx_op2(b, r->row->onnx, x, y);
    else if (*op == 'A' && elem != MX_ELEM_INT8 && mx_const_number(b, y, &v) && v > 0 && v < 0x1p30 &&
             !((int64_t)(v + 1) & (int64_t)v) && (elem != MX_ELEM_UINT8 || v < 255) &&
             (elem != MX_ELEM_INT16 || v < 0x7fff))
        r->out[0] = mx_op2(b, "Mod", x, mx_scalar_int(b, elem, (int64_t)v + 1)); /* the low bits */
    else
        r->out[0] = bits_by_arithmetic(b, *op, x, y);
}

static void bitwise_not(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0);
    int32_t elem = mx_elem_of(b, x);
    if (elem == MX_ELEM_BOOL)
        r->out[0] = mx_not(b, x);
    else if (mx_opset(b) >= OPSET_OF_BITS)
        r->out[0] = mx_op1(b, "BitwiseNot", x);
    else /* two's complement: -x - 1 */
        r->out[0] = mx_op2(b, "Sub", mx_scalar_int(b, elem, mx_is_unsigned(elem) ? 255 : -1), x);
}

/* 2 to the power of what is shifted by, in int64. */
static mx_val shift_factor(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val by = mx_arg_as(r, 1, MX_ELEM_INT64);
    double v;
    if (mx_const_number(b, by, &v) && v >= 0 && v < 63) return mx_scalar_int(b, MX_ELEM_INT64, (int64_t)1 << (int)v);
    return mx_op2(b, "Pow", mx_scalar_int(b, MX_ELEM_INT64, 2), by);
}

static void shift_left(const mx_rule *r) {
    mx_val wide = mx_op2(r->b, "Mul", mx_arg_as(r, 0, MX_ELEM_INT64), shift_factor(r));
    r->out[0] = mx_cast(r->b, wide, mx_out_elem(r, 0));
}

static void shift_right(const mx_rule *r) {
    mx_val wide = mx_floor_divide(r->b, mx_arg_as(r, 0, MX_ELEM_INT64), shift_factor(r));
    r->out[0] = mx_cast(r->b, wide, mx_out_elem(r, 0));
}

/* ---- choosing ---- */

static void where(const mx_rule *r) {
    int32_t elem = mx_out_elem(r, 0);
    r->out[0] = mx_where(r->b, mx_truth(r->b, mx_arg(r, 0)), mx_arg_as(r, 1, elem), mx_arg_as(r, 2, elem));
}

#define TENSOR_SCALAR(name, ...)                                                                                       \
    {"aten." name ".Tensor", __VA_ARGS__}, {                                                                           \
        "aten." name ".Scalar", __VA_ARGS__                                                                            \
    }
#define COMPARISON(name, alias, ...) TENSOR_SCALAR(name, __VA_ARGS__), TENSOR_SCALAR(alias, __VA_ARGS__)
#define BITWISE(name, ...)                                                                                             \
    TENSOR_SCALAR("bitwise_" name, __VA_ARGS__), TENSOR_SCALAR("__" name "__", __VA_ARGS__), {                         \
        "aten.bitwise_" name ".Scalar_Tensor", __VA_ARGS__                                                             \
    }
#define SHIFT(name, letter, ...)                                                                                       \
    TENSOR_SCALAR("__" letter "shift__", __VA_ARGS__), {"aten.bitwise_" name "_shift.Tensor", __VA_ARGS__},            \
        {"aten.bitwise_" name "_shift.Tensor_Scalar", __VA_ARGS__}, {                                                  \
        "aten.bitwise_" name "_shift.Scalar_Tensor", __VA_ARGS__                                                       \
    }

static const mx_lowering rows[] = {
    BITWISE("and", bitwise, "BitwiseAnd", 0, 0),
    BITWISE("or", bitwise, "BitwiseOr", 0, 0),
    BITWISE("xor", bitwise, "BitwiseXor", 0, 0),
    {"aten.bitwise_not.default", bitwise_not, "BitwiseNot", 0, 0},
    SHIFT("left", "l", shift_left, "Mul", 0, 0),
    SHIFT("right", "r", shift_right, "Mod, Sub, Div", 0, 0),
    TENSOR_SCALAR("eq", equal, "Equal", 0, 0),
    COMPARISON("ge", "greater_equal", compare, "GreaterOrEqual", 0, 0),
    COMPARISON("gt", "greater", compare, "Greater", 0, 0),
    {"aten.isclose.default", isclose, "Sub, Abs, LessOrEqual, Or", 0, 0},
    {"aten.isfinite.default", isfinite_, "Abs, Less", 0, 0},
    {"aten.isinf.default", isinf_, "IsInf", 0, 0},
    {"aten.isnan.default", isnan_, "IsNaN", 0, 0},
    {"aten.isneginf.default", isneginf, "Equal", 0, 0},
    {"aten.isposinf.default", isposinf, "Equal", 0, 0},
    COMPARISON("le", "less_equal", compare, "LessOrEqual", 0, 0),
    {"aten.logical_and.default", logical, "And", 0, 0},
    {"aten.logical_not.default", logical_not, "Not", 0, 0},
    {"aten.logical_or.default", logical, "Or", 0, 0},
    {"aten.logical_xor.default", logical, "Xor", 0, 0},
    COMPARISON("lt", "less", compare, "Less", 0, 0),
    COMPARISON("ne", "not_equal", not_equal, "Equal, Not", 0, 0),
    {"aten.signbit.default", signbit_, "Less", 0, 0},
    {"aten.where.Scalar", where, "Where", 0, MX_LOWER_EXACT},
    {"aten.where.ScalarOther", where, "Where", 0, MX_LOWER_EXACT},
    {"aten.where.ScalarSelf", where, "Where", 0, MX_LOWER_EXACT},
    {"aten.where.self", where, "Where", 0, MX_LOWER_EXACT},
};

const mx_lowering_family mx_family_compare = {"compare", rows, sizeof rows / sizeof *rows};
