#include "torch_io/lower_numeric.h"

#include <math.h>
#include <string.h>

/* ---- types ---- */

typedef uint32_t types; /* a set of element types */
#define TY(e) (1u << MX_ELEM_##e)

enum {
    REALS = TY(FLOAT) | TY(FLOAT16),
    FLOATS = REALS | TY(DOUBLE),
    WIDE = FLOATS | TY(INT32) | TY(INT64),
    BYTES = WIDE | TY(UINT8) | TY(INT8),
    SIGNED = WIDE | TY(INT8) /* negation of uint8 is no operator of ONNX */
};

/* The types that both the standard (from opset 14 on) and onnxruntime's CPU kernels have. What is not listed takes all
 * types that it can mean. */
static const struct kernel {
    const char *op;
    types has;
} kernels[] = {
    {"Acos", REALS},
    {"Acosh", REALS},
    {"ArgMax", BYTES},
    {"ArgMin", BYTES},
    {"Asin", REALS},
    {"Asinh", REALS},
    {"Atan", REALS},
    {"Atanh", REALS},
    {"Celu", TY(FLOAT)},
    {"Clip", BYTES},
    {"Cos", FLOATS},
    {"Cosh", REALS},
    {"CumSum", WIDE},
    {"Elu", REALS},
    {"Erf", REALS},
    {"Gelu", REALS},
    {"Exp", FLOATS},
    {"HardSigmoid", REALS},
    {"HardSwish", REALS},
    {"IsInf", TY(FLOAT) | TY(DOUBLE)},
    {"LeakyRelu", REALS},
    {"Max", BYTES},
    {"Min", BYTES},
    {"Mish", REALS},
    {"Neg", SIGNED},
    {"PRelu", REALS},
    {"Pow", WIDE},
    {"ReduceL1", WIDE},
    {"ReduceL2", FLOATS},
    {"ReduceMax", BYTES},
    {"ReduceMin", BYTES},
    {"ReduceProd", WIDE},
    {"ReduceSum", WIDE},
    {"ReduceMean", FLOATS},
    {"Selu", REALS},
    {"Sinh", REALS},
    {"Softplus", TY(FLOAT)},
    {"Tan", REALS},
    {"ReduceSumSquare", WIDE},
    {"TopK", BYTES | TY(INT16)},
    {"Trilu", WIDE | TY(BOOL)},
    {"Unique", FLOATS | TY(INT8) | TY(INT64)},
};

static types kernel_types(const char *op) {
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (!strcmp(kernels[i].op, op)) return kernels[i].has;
    return ~0u;
}

bool mx_is_unsigned(int32_t elem) {
    return elem == MX_ELEM_UINT8 || elem == MX_ELEM_UINT16 || elem == MX_ELEM_UINT32 || elem == MX_ELEM_UINT64;
}

int32_t mx_float_of(int32_t elem) {
    return mx_is_float(elem) ? elem : MX_ELEM_FLOAT;
}

/* The narrowest type of the set that holds every value of `elem`; DOUBLE, where it is missing, becomes FLOAT. */
static int32_t holding(int32_t elem, types set) {
    static const int32_t order[] = {MX_ELEM_UINT8, MX_ELEM_INT8,  MX_ELEM_INT16, MX_ELEM_INT32,
                                    MX_ELEM_INT64, MX_ELEM_FLOAT, MX_ELEM_DOUBLE};
    static const types holds[] = {[MX_ELEM_UINT8] = TY(BOOL),
                                  [MX_ELEM_INT8] = TY(BOOL),
                                  [MX_ELEM_INT16] = TY(BOOL) | TY(UINT8) | TY(INT8),
                                  [MX_ELEM_INT32] = TY(BOOL) | TY(UINT8) | TY(INT8) | TY(INT16),
                                  [MX_ELEM_INT64] = TY(BOOL) | TY(UINT8) | TY(INT8) | TY(INT16) | TY(INT32),
                                  [MX_ELEM_FLOAT] =
                                      TY(FLOAT16) | TY(DOUBLE) | TY(BOOL) | TY(UINT8) | TY(INT8) | TY(INT16),
                                  [MX_ELEM_DOUBLE] = TY(INT32) | TY(INT64)};
    if (elem <= 0 || elem > MX_ELEM_BFLOAT16 || (set & 1u << elem)) return elem;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if ((set & 1u << order[i]) && (holds[order[i]] & 1u << elem)) return order[i];
    return elem;
}

/* ---- promotion ---- */

static int category(int32_t elem) {
    return elem == MX_ELEM_BOOL ? 0 : mx_is_float(elem) ? 2 : 1;
}

static int width(int32_t elem) {
    switch (elem) {
    case MX_ELEM_UINT8:
    case MX_ELEM_INT8: return 1;
    case MX_ELEM_INT16:
    case MX_ELEM_FLOAT16:
    case MX_ELEM_BFLOAT16: return 2;
    case MX_ELEM_INT32:
    case MX_ELEM_FLOAT: return 4;
    default: return 8;
    }
}

static int32_t joined(int32_t a, int32_t b) {
    if (a == b || !b) return a;
    if (!a) return b;
    if (category(a) != category(b)) return category(a) > category(b) ? a : b;
    if (category(a) == 2 && width(a) == 2 && width(b) == 2) return MX_ELEM_FLOAT;
    if (category(a) == 1 && width(a) == 1 && width(b) == 1) return MX_ELEM_INT16;
    return width(a) >= width(b) ? a : b;
}

/* The type of an argument and its rank among arguments: 2 a tensor, 1 one of rank 0, 0 a number of Python. */
static int32_t argument_type(const mx_rule *r, size_t i, int *rank) {
    char scalar = mx_arg_scalar_kind(r, i);
    *rank = 0;
    if (scalar) return scalar == 'b' ? MX_ELEM_BOOL : scalar == 'i' ? MX_ELEM_INT64 : MX_ELEM_FLOAT;
    int32_t elem = mx_arg_program_elem(r, i);
    *rank = mx_rank_of(r->b, mx_arg(r, i)) ? 2 : 1;
    return elem == MX_ELEM_BFLOAT16 ? MX_ELEM_FLOAT : elem;
}

int32_t mx_promoted(const mx_rule *r, size_t i, size_t j) {
    int rank_i, rank_j;
    int32_t a = argument_type(r, i, &rank_i), b = argument_type(r, j, &rank_j);
    if (rank_i == rank_j) return joined(a, b);
    int32_t first = rank_i > rank_j ? a : b, second = rank_i > rank_j ? b : a;
    return category(second) > category(first) ? second : first;
}

/* ---- operators on any type ---- */

mx_val mx_for_kernel(mx_build *b, const char *op, mx_val x) {
    return mx_cast(b, x, holding(mx_elem_of(b, x), kernel_types(op)));
}

mx_val mx_math1_at(mx_build *b, const char *op, mx_val x, const mx_at *at, size_t n_at) {
    mx_val wide = mx_for_kernel(b, op, x);
    return mx_cast(b, mx_op(b, op, &wide, 1, at, n_at), mx_elem_of(b, x));
}

mx_val mx_math1(mx_build *b, const char *op, mx_val x) {
    return mx_math1_at(b, op, x, NULL, 0);
}

mx_val mx_test2(mx_build *b, const char *op, mx_val x, mx_val y) {
    return mx_op2(b, op, mx_for_kernel(b, op, x), mx_for_kernel(b, op, y));
}

mx_val mx_math2(mx_build *b, const char *op, mx_val x, mx_val y) {
    return mx_cast(b, mx_test2(b, op, x, y), mx_elem_of(b, x));
}

mx_val mx_not(mx_build *b, mx_val x) {
    return mx_op1(b, "Not", x);
}

mx_val mx_truth(mx_build *b, mx_val x) {
    return mx_cast(b, x, MX_ELEM_BOOL);
}

mx_val mx_choose(mx_build *b, mx_val condition, mx_val x, mx_val y) {
    return mx_where(b, mx_truth(b, condition), x, y);
}

mx_val mx_number_like(mx_build *b, mx_val x, double v) {
    return mx_scalar(b, mx_elem_of(b, x), v);
}

mx_val mx_add_number(mx_build *b, mx_val x, double v) {
    return mx_math2(b, "Add", x, mx_number_like(b, x, v));
}

mx_val mx_mul_number(mx_build *b, mx_val x, double v) {
    return mx_math2(b, "Mul", x, mx_number_like(b, x, v));
}

mx_val mx_test_number(mx_build *b, const char *op, mx_val x, double v) {
    return mx_test2(b, op, x, mx_number_like(b, x, v));
}

/* ---- division ---- */

mx_val mx_fmod(mx_build *b, mx_val x, mx_val y) {
    if (mx_elem_of(b, x) != MX_ELEM_INT64) return mx_op(b, "Mod", MX_IN(x, y), MX_AT(mx_at_i("fmod", 1)));
    /* Kernels compute this form in double, which does not hold all of int64. */
    return mx_op2(b, "Sub", x, mx_op2(b, "Mul", mx_op2(b, "Div", x, y), y));
}

mx_val mx_modulo(mx_build *b, mx_val x, mx_val y) {
    if (!mx_is_float(mx_elem_of(b, x))) return mx_op2(b, "Mod", x, y);
    mx_val m = mx_op(b, "Mod", MX_IN(x, y), MX_AT(mx_at_i("fmod", 1)));
    double divisor;
    mx_val differs;
    if (mx_const_number(b, y, &divisor))
        differs = mx_test_number(b, divisor > 0 ? "Less" : "Greater", m, 0);
    else
        differs = mx_test_number(b, "Less", mx_op2(b, "Mul", m, y), 0);
    return mx_where(b, differs, mx_op2(b, "Add", m, y), m);
}

/* Whether dividing by it is exact but for what is below the smallest number. */
static bool is_power_of_two(mx_build *b, mx_val y) {
    double v;
    int exponent;
    return mx_const_number(b, y, &v) && v != 0 && isfinite(v) && fabs(frexp(v, &exponent)) == 0.5;
}

mx_val mx_floor_divide(mx_build *b, mx_val x, mx_val y) {
    int32_t elem = mx_elem_of(b, x);
    if (!mx_is_float(elem)) {
        double v;
        bool plain = mx_is_unsigned(elem) || (mx_const_number(b, y, &v) && v == 1);
        return mx_op2(b, "Div", plain ? x : mx_op2(b, "Sub", x, mx_op2(b, "Mod", x, y)), y);
    }
    if (is_power_of_two(b, y)) return mx_op1(b, "Floor", mx_op2(b, "Div", x, y));
    /* The quotient may round up to an integer that the true one does not reach, as in 1.0 / 0.1. */
    return mx_op1(b, "Round", mx_op2(b, "Div", mx_op2(b, "Sub", x, mx_modulo(b, x, y)), y));
}

mx_val mx_truncate(mx_build *b, mx_val x) {
    if (!mx_is_float(mx_elem_of(b, x))) return x;
    return mx_op2(b, "Mul", mx_op1(b, "Sign", x), mx_op1(b, "Floor", mx_op1(b, "Abs", x)));
}

/* Equal ones are apart by 0, infinities too: inf - inf is NaN. */
mx_val mx_log_add(mx_build *b, mx_val x, mx_val y, bool base_2) {
    mx_val equal = mx_op2(b, "Equal", x, y);
    mx_val apart = mx_op1(b, "Neg", mx_op1(b, "Abs", mx_op2(b, "Sub", x, y)));
    mx_val zero = mx_number_like(b, x, 0), one = mx_number_like(b, x, 1);
    apart = mx_where(b, equal, zero, apart);
    mx_val power = base_2 ? mx_op2(b, "Pow", mx_number_like(b, x, 2), apart) : mx_op1(b, "Exp", apart);
    mx_val more = mx_op1(b, "Log", mx_op2(b, "Add", power, one));
    if (base_2) more = mx_op2(b, "Div", more, mx_number_like(b, x, log(2)));
    return mx_op2(b, "Add", mx_op2(b, "Max", x, y), more);
}

bool mx_arg_equals(const mx_rule *r, size_t i, double v) {
    double number;
    if (mx_arg_scalar_kind(r, i) == 0 || mx_arg_none(r, i)) return false;
    return mx_const_number(r->b, mx_arg(r, i), &number) && number == v;
}
