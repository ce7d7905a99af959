/* Folding arithmetic: integers as they wrap, float32 and float64 as IEEE 754 rounds them. Nothing transcendental, and
 * where a NaN or a division by zero could be seen differently the operator stays. */
#include "torch_io/build_fold.h"

#include <math.h>

typedef enum number_op {
    ADD,
    SUB,
    MUL,
    DIV,
    MOD,
    MIN,
    MAX,
    EQUAL,
    LESS,
    GREATER,
    LESS_OR_EQUAL,
    GREATER_OR_EQUAL,
    AND,
    OR,
    XOR,
    ABS,
    NEG,
    SIGN,
    CEIL,
    FLOOR,
    SQRT,
    RECIPROCAL,
    NOT,
    NO_OP
} number_op;

static const struct op_name {
    const char *name;
    number_op op;
} op_names[] = {{"Add", ADD},
                {"Sub", SUB},
                {"Mul", MUL},
                {"Div", DIV},
                {"Mod", MOD},
                {"Min", MIN},
                {"Max", MAX},
                {"Equal", EQUAL},
                {"Less", LESS},
                {"Greater", GREATER},
                {"LessOrEqual", LESS_OR_EQUAL},
                {"GreaterOrEqual", GREATER_OR_EQUAL},
                {"And", AND},
                {"Or", OR},
                {"Xor", XOR},
                {"Abs", ABS},
                {"Neg", NEG},
                {"Sign", SIGN},
                {"Ceil", CEIL},
                {"Floor", FLOOR},
                {"Sqrt", SQRT},
                {"Reciprocal", RECIPROCAL},
                {"Not", NOT}};

static number_op op_of(const mx_folding *f) {
    for (size_t i = 0; i < sizeof op_names / sizeof *op_names; i++)
        if (strcmp(op_names[i].name, f->ask->op) == 0) return op_names[i].op;
    return NO_OP;
}

/* ---- integers and bools. Sums and products are cut to the type's width when they are stored ---- */

static bool int_divide(number_op op, int64_t a, int64_t b, bool c_style, int64_t *out) {
    if (b == 0 || (b == -1 && a == INT64_MIN)) return false;
    if (op == DIV) {
        *out = a / b;
        return true;
    }
    *out = a % b;
    if (!c_style && *out != 0 && (*out < 0) != (b < 0)) *out += b;
    return true;
}

static bool int_op(number_op op, int64_t a, int64_t b, bool c_style, int64_t *out) {
    switch (op) {
    case ADD: *out = (int64_t)((uint64_t)a + (uint64_t)b); return true;
    case SUB: *out = (int64_t)((uint64_t)a - (uint64_t)b); return true;
    case MUL: *out = (int64_t)((uint64_t)a * (uint64_t)b); return true;
    case DIV:
    case MOD: return int_divide(op, a, b, c_style, out);
    case MIN: *out = a < b ? a : b; return true;
    case MAX: *out = a > b ? a : b; return true;
    case EQUAL: *out = a == b; return true;
    case LESS: *out = a < b; return true;
    case GREATER: *out = a > b; return true;
    case LESS_OR_EQUAL: *out = a <= b; return true;
    case GREATER_OR_EQUAL: *out = a >= b; return true;
    case AND: *out = a && b; return true;
    case OR: *out = a || b; return true;
    case XOR: *out = !a != !b; return true;
    case ABS: *out = a < 0 ? (int64_t)(0 - (uint64_t)a) : a; return true;
    case NEG: *out = (int64_t)(0 - (uint64_t)a); return true;
    case SIGN: *out = (a > 0) - (a < 0); return true;
    case NOT: *out = !a; return true;
    default: return false;
    }
}

/* ---- floats ---- */

static bool real_compare(number_op op, double a, double b, double *out) {
    switch (op) {
    case EQUAL: *out = a == b; return true;
    case LESS: *out = a < b; return true;
    case GREATER: *out = a > b; return true;
    case LESS_OR_EQUAL: *out = a <= b; return true;
    case GREATER_OR_EQUAL: *out = a >= b; return true;
    default: return false;
    }
}

/* float32 in float64: the one rounding more does no harm for + - * / and sqrt, since 53 >= 2 * 24 + 2. */
static bool real_op(number_op op, double a, double b, double *out) {
    bool odd = isnan(a) || isnan(b);
    switch (op) {
    case ADD: *out = a + b; return true;
    case SUB: *out = a - b; return true;
    case MUL: *out = a * b; return true;
    case DIV: *out = a / b; return true;
    case MIN: *out = a < b ? a : b; return !odd && !(a == 0 && b == 0);
    case MAX: *out = a > b ? a : b; return !odd && !(a == 0 && b == 0);
    case ABS: *out = fabs(a); return true;
    case NEG: *out = -a; return true;
    case SIGN: *out = (a > 0) - (a < 0); return !odd;
    case CEIL: *out = ceil(a); return true;
    case FLOOR: *out = floor(a); return true;
    case SQRT: *out = sqrt(a); return !odd && a >= 0;
    case RECIPROCAL: *out = 1 / a; return true;
    default: return real_compare(op, a, b, out);
    }
}

/* ---- the loops ---- */

static bool is_comparison(number_op op) {
    return op >= EQUAL && op <= GREATER_OR_EQUAL;
}
static bool is_logical(number_op op) {
    return (op >= AND && op <= XOR) || op == NOT;
}

/* bool only where the operator is about truth, uint64 only where its bits are enough; half types not at all. */
static bool served(number_op op, int32_t elem) {
    if (op == NO_OP) return false;
    if (elem == MX_ELEM_BOOL) return is_logical(op) || op == EQUAL;
    if (is_logical(op)) return false;
    if (elem == MX_ELEM_UINT64) return op == ADD || op == SUB || op == MUL || op == EQUAL;
    bool real = elem == MX_ELEM_FLOAT || elem == MX_ELEM_DOUBLE;
    if (real) return op != MOD;
    return mx_elem_is_int(elem) && op < ABS ? true : mx_elem_is_int(elem) && (op == ABS || op == NEG || op == SIGN);
}

static bool compute(mx_folding *f, number_op op, const mx_fconst *x, size_t i, const mx_fconst *y, size_t k,
                    size_t to) {
    bool real = mx_elem_is_float(x->elem);
    if (real) {
        double r, b = y ? mx_load_real(y->bytes, k, y->elem) : 0;
        if (!real_op(op, mx_load_real(x->bytes, i, x->elem), b, &r)) return false;
        mx_store_real(f->out.room, to, f->out.elem, r);
        return true;
    }
    int64_t r, b = y ? mx_load_int(y->bytes, k, y->elem) : 0;
    if (!int_op(op, mx_load_int(x->bytes, i, x->elem), b, mx_fold_int(f, "fmod", 0) != 0, &r)) return false;
    mx_store_int(f->out.room, to, f->out.elem, r);
    return true;
}

bool mx_fold_unary(mx_folding *f) {
    const mx_fconst *x = &f->in[0];
    number_op op = op_of(f);
    if (f->n_in != 1 || !served(op, x->elem) || !mx_fold_result(f, x->elem, x->rank, x->dims)) return false;
    for (size_t i = 0; i < x->n; i++)
        if (!compute(f, op, x, i, NULL, 0, i)) return false;
    return true;
}

bool mx_fold_binary(mx_folding *f) {
    int64_t dims[MX_MAX_RANK];
    int rank;
    mx_fwalk one, other;
    number_op op = op_of(f);
    const mx_fconst *x = &f->in[0], *y = &f->in[1];
    if (f->n_in != 2 || x->elem != y->elem || !served(op, x->elem)) return false;
    if (!mx_fold_broadcast(x, y->rank, y->dims, dims, &rank)) return false;
    if (!mx_fold_result(f, is_comparison(op) ? MX_ELEM_BOOL : x->elem, rank, dims)) return false;
    mx_fold_walk(&one, x, rank, f->out.dims);
    mx_fold_walk(&other, y, rank, f->out.dims);
    for (size_t i = 0; i < f->out.n; i++) {
        if (!compute(f, op, x, one.element, y, other.element, i)) return false;
        mx_fold_step(&one);
        mx_fold_step(&other);
    }
    return true;
}

/* ---- Cast ---- */

/* Real numbers that an integer type cannot hold become something that depends on the processor. */
static bool real_fits(double v, int32_t elem) {
    uint8_t room[8];
    if (mx_elem_is_float(elem) || elem == MX_ELEM_BOOL) return true;
    mx_store_real(room, 0, elem, v);
    return isfinite(v) && mx_load_real(room, 0, elem) == trunc(v) && fabs(v) < 9e18;
}

bool mx_fold_cast(mx_folding *f) {
    const mx_fconst *x = &f->in[0];
    int32_t to = (int32_t)mx_fold_int(f, "to", 0);
    bool from_real = mx_elem_is_float(x->elem);
    if (x->elem == MX_ELEM_UINT64 && mx_elem_is_float(to)) return false;
    if (!mx_fold_result(f, to, x->rank, x->dims)) return false;
    for (size_t i = 0; i < x->n; i++) {
        double v = mx_load_real(x->bytes, i, x->elem);
        if (from_real && !real_fits(v, to)) return false;
        if (from_real)
            mx_store_real(f->out.room, i, to, v);
        else
            mx_store_int(f->out.room, i, to, mx_load_int(x->bytes, i, x->elem));
    }
    return true;
}

/* ---- Range ---- */

bool mx_fold_range(mx_folding *f) {
    const mx_fconst *start = &f->in[0];
    int32_t elem = start->elem;
    if (f->n_in != 3 || (elem != MX_ELEM_INT32 && elem != MX_ELEM_INT64)) return false;
    int64_t from = mx_load_int(start->bytes, 0, elem), to = mx_load_int(f->in[1].bytes, 0, elem);
    int64_t step = mx_load_int(f->in[2].bytes, 0, elem), span;
    if (f->in[1].elem != elem || f->in[2].elem != elem || step == 0 || step == INT64_MIN) return false;
    if (__builtin_sub_overflow(to, from, &span)) return false;
    int64_t n = (span > 0) == (step > 0) && span != 0 ? span / step + (span % step != 0) : 0;
    if (!mx_fold_result(f, elem, 1, &n)) return false;
    for (int64_t i = 0; i < n; i++)
        mx_store_int(f->out.room, (size_t)i, elem, from + i * step);
    return true;
}
