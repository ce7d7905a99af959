/* Simplifying arithmetic, casts and choices. Floats keep their -0.0 and NaN: x + 0.0 stays, x - 0.0 and x * 1 do not.
 */
#include "torch_io/build_simplify.h"

#include <math.h>

/* ---- neutral elements ---- */

/* Every element of a constant is this number (the sign of 0 counts for floats). */
static bool is_all(const mx_build *b, mx_val v, double number) {
    const mx_bvalue *c = mx_build_const(b, v);
    int64_t dims[MX_MAX_RANK];
    if (!c || mx_elem_size(c->elem) == 0) return false;
    size_t n = mx_const_dims(c, dims);
    for (size_t i = 0; i < n; i++) {
        double has = mx_load_real(c->bytes, i, c->elem);
        if (has != number || !signbit(has) != !signbit(number)) return false;
    }
    return n > 0;
}

/* Broadcasting `other` to it leaves v's sizes as they are. */
static bool keeps_sizes(const mx_build *b, mx_val v, mx_val other) {
    int rank = mx_rank_of(b, v), shift = rank - mx_rank_of(b, other);
    if (rank < 0 || mx_rank_of(b, other) < 0 || shift < 0) return false;
    for (int i = 0; i < mx_rank_of(b, other); i++) {
        mx_size s = mx_size_of(b, other, i);
        if (!mx_size_is(s, 1) && !mx_size_equal(s, mx_size_of(b, v, i + shift))) return false;
    }
    return true;
}

static bool is_neutral(const mx_build *b, mx_val v, mx_val other, double number) {
    return is_all(b, other, number) && keeps_sizes(b, v, other);
}

/* (x op c) op d of integers, where op wraps: x op (c op d). */
static bool join_constants(mx_build *b, const mx_ask *ask, mx_val *out) {
    int32_t elem = mx_elem_of(b, ask->in[0]);
    if (ask->n_in != 2 || !mx_elem_is_int(elem) || !mx_build_const(b, ask->in[1])) return false;
    const mx_bop *first = mx_build_made_by(b, ask->in[0], ask->op);
    if (!first || first->n_in != 2 || !mx_build_const(b, first->in[1])) return false;
    mx_val x = first->in[0], constants[2] = {first->in[1], ask->in[1]}, both = MX_NO_VAL;
    if (!mx_build_fold(b, &(mx_ask){ask->op, constants, NULL, 2, 0}, &both)) return false;
    *out = mx_op2(b, ask->op, x, both);
    return true;
}

/* Constants of integers stand on the right, so that chains and equal operators are found. */
static bool constant_to_right(mx_build *b, const mx_ask *ask, mx_val *out) {
    bool turn =
        mx_elem_is_int(mx_elem_of(b, ask->in[0])) && mx_build_const(b, ask->in[0]) && !mx_build_const(b, ask->in[1]);
    if (turn) *out = mx_op2(b, ask->op, ask->in[1], ask->in[0]);
    return turn;
}

static bool commutative(mx_build *b, const mx_ask *ask, double neutral, mx_val *out) {
    if (ask->n_in != 2 || ask->in[1] == MX_NO_VAL) return false;
    for (int i = 0; i < 2; i++) {
        *out = ask->in[i];
        if (is_neutral(b, ask->in[i], ask->in[1 - i], neutral)) return true;
    }
    return constant_to_right(b, ask, out) || join_constants(b, ask, out);
}

bool mx_simplify_add(mx_build *b, const mx_ask *ask, mx_val *out) {
    /* -0.0 is the neutral element of floats: -0.0 + 0.0 is 0.0. */
    return commutative(b, ask, mx_elem_is_float(mx_elem_of(b, ask->in[0])) ? -0.0 : 0.0, out);
}

bool mx_simplify_mul(mx_build *b, const mx_ask *ask, mx_val *out) {
    return commutative(b, ask, 1, out);
}

bool mx_simplify_sub(mx_build *b, const mx_ask *ask, mx_val *out) {
    *out = ask->in[0];
    return ask->n_in == 2 && is_neutral(b, ask->in[0], ask->in[1], 0.0);
}

bool mx_simplify_div(mx_build *b, const mx_ask *ask, mx_val *out) {
    *out = ask->in[0];
    return ask->n_in == 2 && is_neutral(b, ask->in[0], ask->in[1], 1);
}

bool mx_simplify_single(mx_build *b, const mx_ask *ask, mx_val *out) {
    (void)b;
    *out = ask->in[0];
    return ask->n_in == 1;
}

/* ---- truth ---- */

static bool absorbing(mx_build *b, const mx_ask *ask, double neutral, mx_val *out) {
    for (int i = 0; i < 2 && ask->n_in == 2; i++) {
        *out = ask->in[i];
        if (is_neutral(b, ask->in[i], ask->in[1 - i], neutral)) return true;
    }
    *out = ask->in[0];
    return ask->n_in == 2 && ask->in[0] == ask->in[1];
}

bool mx_simplify_and(mx_build *b, const mx_ask *ask, mx_val *out) {
    return absorbing(b, ask, 1, out);
}

bool mx_simplify_or(mx_build *b, const mx_ask *ask, mx_val *out) {
    return absorbing(b, ask, 0, out);
}

static bool undone(mx_build *b, const mx_ask *ask, mx_val *out) {
    const mx_bop *before = mx_build_made_by(b, ask->in[0], ask->op);
    if (before) *out = before->in[0];
    return before != NULL;
}

bool mx_simplify_not(mx_build *b, const mx_ask *ask, mx_val *out) {
    return undone(b, ask, out);
}

bool mx_simplify_neg(mx_build *b, const mx_ask *ask, mx_val *out) {
    return undone(b, ask, out);
}

bool mx_simplify_where(mx_build *b, const mx_ask *ask, mx_val *out) {
    mx_val c = ask->in[0];
    if (ask->n_in != 3) return false;
    for (int i = 1; i <= 2; i++) {
        mx_val chosen = ask->in[i], other = ask->in[3 - i];
        *out = chosen;
        if (is_all(b, c, i == 1) && keeps_sizes(b, chosen, c) && keeps_sizes(b, chosen, other)) return true;
    }
    *out = ask->in[1];
    return ask->in[1] == ask->in[2] && keeps_sizes(b, ask->in[1], c);
}

/* ---- Cast ---- */

/* Bits of an integer with its sign, or of a float's significand; and the float's greatest exponent. */
typedef struct extent {
    int digits, exponent;
    bool is_signed, real;
} extent;

static bool extent_of(int32_t elem, extent *out) {
    static const extent extents[] = {
        [MX_ELEM_BOOL] = {1, 0, false, false},     [MX_ELEM_UINT8] = {8, 0, false, false},
        [MX_ELEM_INT8] = {7, 0, true, false},      [MX_ELEM_UINT16] = {16, 0, false, false},
        [MX_ELEM_INT16] = {15, 0, true, false},    [MX_ELEM_UINT32] = {32, 0, false, false},
        [MX_ELEM_INT32] = {31, 0, true, false},    [MX_ELEM_UINT64] = {64, 0, false, false},
        [MX_ELEM_INT64] = {63, 0, true, false},    [MX_ELEM_FLOAT16] = {11, 15, true, true},
        [MX_ELEM_BFLOAT16] = {8, 127, true, true}, [MX_ELEM_FLOAT] = {24, 127, true, true},
        [MX_ELEM_DOUBLE] = {53, 1023, true, true}};
    bool known = elem > 0 && elem < (int32_t)(sizeof extents / sizeof *extents) && extents[elem].digits > 0;
    if (known) *out = extents[elem];
    return known;
}

/* Every number of `from` is one of `to`. */
static bool holds_all(int32_t from, int32_t to) {
    extent a, b;
    if (from == to) return true;
    if (!extent_of(from, &a) || !extent_of(to, &b) || to == MX_ELEM_BOOL) return false;
    if (a.real) return b.real && b.digits >= a.digits && b.exponent >= a.exponent;
    if (b.real) return b.digits >= a.digits && b.exponent >= a.digits;
    return b.digits >= a.digits && (b.is_signed || !a.is_signed);
}

/* Cast(Cast(x)) where the first loses nothing is one Cast of x: all types have one value for a number, whatever it came
 * from. */
bool mx_simplify_cast(mx_build *b, const mx_ask *ask, mx_val *out) {
    int32_t to = (int32_t)mx_build_int(ask->at, ask->n_at, "to", 0), between = mx_elem_of(b, ask->in[0]);
    *out = ask->in[0];
    if (between != 0 && between == to) return true;
    const mx_bop *first = mx_build_made_by(b, ask->in[0], "Cast");
    if (!first) return false;
    mx_val x = first->in[0];
    int32_t from = mx_elem_of(b, x);
    if (from == 0 || !holds_all(from, between)) return false;
    *out = mx_cast(b, x, to);
    return true;
}
