/* What the builder computes of constants, against numbers that were worked out by hand. */
#include "build_program.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { FLOAT = 1, UINT8 = 2, INT8 = 3, INT32 = 6, INT64 = 7, BOOL = 9, HALF = 10, DOUBLE = 11, UINT64 = 13, BF16 = 16 };

static test_build t;

static int begin(void **state) {
    (void)state;
    return test_build_init(&t, NULL, 18) ? 0 : -1;
}
static int end(void **state) {
    (void)state;
    test_build_free(&t);
    return 0;
}

static mx_val ints(int32_t elem, int rank, const int64_t *dims, const int64_t *v) {
    size_t n = 1;
    uint8_t bytes[512];
    mx_val parts[64];
    for (int i = 0; i < rank; i++)
        n *= (size_t)dims[i];
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++) {
        parts[i] = mx_scalar_int(t.b, elem, v[i]);
        memcpy(bytes + i * t.b->values[parts[i]].n_bytes, t.b->values[parts[i]].bytes, t.b->values[parts[i]].n_bytes);
    }
    size_t size = n ? t.b->values[parts[0]].n_bytes : 0;
    return mx_constant(t.b, elem, dims, (size_t)rank, bytes, n * size);
}
#define VECTOR(...) vector(sizeof((int64_t[]){__VA_ARGS__}) / 8, (const int64_t[]){__VA_ARGS__})
static mx_val vector(size_t n, const int64_t *v) {
    return mx_int64s(t.b, v, n);
}
static mx_val real(double v) {
    return mx_scalar(t.b, FLOAT, v);
}

/* "sizes: elements" of an integer constant, else how it comes about. */
static const char *show(mx_val v) {
    static char out[400];
    int64_t items[64];
    size_t n;
    if (!mx_const_ints(t.b, v, items, 64, &n)) return test_text(&t, v);
    int at = 0;
    out[0] = 0;
    for (int i = 0; i < mx_rank_of(t.b, v); i++)
        at +=
            snprintf(out + at, sizeof out - (size_t)at, "%s%lld", i ? "x" : "", (long long)mx_size_of(t.b, v, i).value);
    at += snprintf(out + at, sizeof out - (size_t)at, ":");
    for (size_t i = 0; i < n; i++)
        at += snprintf(out + at, sizeof out - (size_t)at, " %lld", (long long)items[i]);
    return out;
}
#define gives(v, text) assert_string_equal(show(v), text)

static double number(mx_val v) {
    double out = 0;
    assert_true(mx_const_number(t.b, v, &out));
    return out;
}

static mx_val grid(void) {
    return ints(INT64, 2, (int64_t[]){2, 3}, (int64_t[]){1, 2, 3, 4, 5, 6});
}

static void test_movement(void **state) {
    (void)state;
    mx_val g = grid();
    gives(mx_transpose(t.b, g, (int64_t[]){1, 0}, 2), "3x2: 1 4 2 5 3 6");
    gives(mx_reshape_to(t.b, g, (int64_t[]){3, -1}, 2), "3x2: 1 2 3 4 5 6");
    gives(mx_unsqueeze(t.b, g, (int64_t[]){-1, 0}, 2), "1x2x3x1: 1 2 3 4 5 6");
    gives(mx_squeeze1(t.b, mx_unsqueeze1(t.b, g, 1), -2), "2x3: 1 2 3 4 5 6");
    gives(mx_expand(t.b, VECTOR(7, 8), VECTOR(2, 2)), "2x2: 7 8 7 8");
    gives(mx_expand(t.b, mx_unsqueeze1(t.b, VECTOR(7, 8), 1), VECTOR(1, 3)), "2x3: 7 7 7 8 8 8");
    gives(mx_concat(t.b, (mx_val[]){g, g}, 2, -1), "2x6: 1 2 3 1 2 3 4 5 6 4 5 6");
    gives(mx_concat(t.b, (mx_val[]){g, g}, 2, 0), "4x3: 1 2 3 4 5 6 1 2 3 4 5 6");
    gives(mx_gather(t.b, g, VECTOR(-1, 0), 1), "2x2: 3 1 6 4");
    gives(mx_gather(t.b, g, mx_scalar_int(t.b, INT64, 1), 0), "3: 4 5 6");
    gives(mx_where(t.b, ints(BOOL, 1, (int64_t[]){3}, (int64_t[]){1, 0, 1}), g, VECTOR(0)), "2x3: 1 0 3 4 0 6");
    gives(mx_fill(t.b, VECTOR(2, 2), mx_scalar_int(t.b, INT32, 9)), "2x2: 9 9 9 9");
    gives(mx_fill(t.b, VECTOR(0, 2), mx_scalar_int(t.b, INT32, 9)), "0x2:");
    gives(mx_gather(t.b, g, VECTOR(3), 1), "Gather([1,2,3,4,5,6],[3])"); /* out of range: as it stands */
}

static void test_slices(void **state) {
    (void)state;
    mx_val v = VECTOR(0, 1, 2, 3, 4, 5);
    static const struct {
        int64_t start, end, step;
        const char *text;
    } cases[] = {{1, 4, 1, "3: 1 2 3"},
                 {-2, INT64_MAX, 1, "2: 4 5"},
                 {INT64_MIN, 2, 1, "2: 0 1"},
                 {4, 1, 1, "0:"},
                 {0, 6, 4, "2: 0 4"},
                 {5, INT64_MIN, -2, "3: 5 3 1"},
                 {-1, -7, -1, "6: 5 4 3 2 1 0"},
                 {100, -100, -5, "2: 5 0"},
                 {9, 12, 1, "0:"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        gives(mx_slice_const(t.b, v, 0, cases[i].start, cases[i].end, cases[i].step), cases[i].text);
    gives(mx_slice_const(t.b, grid(), 1, 1, 3, 1), "2x2: 2 3 5 6");
    mx_val parts[2];
    mx_split(t.b, v, 0, (int64_t[]){2, 4}, 2, parts);
    gives(parts[1], "4: 2 3 4 5");
}

static void test_integers(void **state) {
    (void)state;
    mx_val a = VECTOR(7, -7, 7, -7), b = VECTOR(2, 2, -2, -2);
    gives(mx_op2(t.b, "Add", a, b), "4: 9 -5 5 -9");
    gives(mx_op2(t.b, "Div", a, b), "4: 3 -3 -3 3"); /* towards 0 */
    gives(mx_op2(t.b, "Mod", a, b), "4: 1 1 -1 -1"); /* sign of the divisor */
    gives(mx_op(t.b, "Mod", MX_IN(a, b), MX_AT(mx_at_i("fmod", 1))), "4: 1 -1 1 -1");
    gives(mx_op2(t.b, "Min", a, VECTOR(0)), "4: 0 -7 0 -7");
    gives(mx_op2(t.b, "LessOrEqual", a, VECTOR(-7)), "4: 0 1 0 1");
    gives(mx_op1(t.b, "Neg", a), "4: -7 7 -7 7");
    gives(mx_op1(t.b, "Sign", a), "4: 1 -1 1 -1");
    mx_val big = mx_scalar_int(t.b, INT32, INT32_MAX), one = mx_scalar_int(t.b, INT32, 1);
    gives(mx_op2(t.b, "Add", big, one), ": -2147483648"); /* wraps */
    gives(mx_op2(t.b, "Mul", mx_scalar_int(t.b, UINT8, 200), mx_scalar_int(t.b, UINT8, 2)), ": 144");
    gives(mx_op2(t.b, "Div", VECTOR(1), VECTOR(0)), "Div([1],[0])");
    gives(mx_op2(t.b, "Less", mx_scalar_int(t.b, UINT64, -1), mx_scalar_int(t.b, UINT64, 1)), "Less(-1,1)");
    gives(mx_op1(t.b, "Not", mx_scalar_int(t.b, BOOL, 0)), ": 1");
    gives(mx_op2(t.b, "Xor", mx_scalar_int(t.b, BOOL, 1), mx_scalar_int(t.b, BOOL, 1)), ": 0");
}

static void test_reals(void **state) {
    (void)state;
    assert_true(number(mx_op2(t.b, "Add", real(0.1), real(0.2))) == (double)(0.1f + 0.2f));
    assert_true(number(mx_op2(t.b, "Div", real(1), real(3))) == (double)(1.0f / 3.0f));
    assert_true(number(mx_op2(t.b, "Mul", real(3e38), real(10))) == (double)INFINITY);
    assert_true(number(mx_op1(t.b, "Sqrt", real(2))) == (double)sqrtf(2));
    mx_val third = mx_op2(t.b, "Div", mx_scalar(t.b, DOUBLE, 1), mx_scalar(t.b, DOUBLE, 3));
    assert_true(number(third) == 1.0 / 3.0);
    assert_true(number(mx_op1(t.b, "Floor", real(-1.5))) == -2);
    gives(mx_op2(t.b, "Max", real((double)NAN), real(1)), "Max(C,C)"); /* not the same everywhere */
    gives(mx_op1(t.b, "Sqrt", real(-1)), "Sqrt(C)");
    gives(mx_op1(t.b, "Exp", real(1)), "Exp(C)");
    gives(mx_op2(t.b, "Add", mx_scalar(t.b, HALF, 1), mx_scalar(t.b, HALF, 1)), "Add(C,C)");
    gives(mx_op2(t.b, "Greater", real(2), real(1)), ": 1");
    gives(mx_op2(t.b, "Equal", real((double)NAN), real((double)NAN)), ": 0");
}

static void test_casts(void **state) {
    (void)state;
    gives(mx_cast(t.b, real(-2.9), INT64), ": -2");
    gives(mx_cast(t.b, real(0.5), BOOL), ": 1");
    gives(mx_cast(t.b, real(1e20), INT64), "Cast(C)"); /* the processor decides */
    gives(mx_cast(t.b, real(300), UINT8), "Cast(C)");
    gives(mx_cast(t.b, mx_scalar_int(t.b, INT64, 300), UINT8), ": 44");
    gives(mx_cast(t.b, mx_scalar_int(t.b, INT64, 200), INT8), ": -56");
    assert_true(number(mx_cast(t.b, mx_scalar_int(t.b, INT64, (1 << 24) + 1), FLOAT)) == 16777216.0);
    assert_true(number(mx_cast(t.b, real(0.1), HALF)) == 0.0999755859375);
    assert_true(number(mx_cast(t.b, real(65519), HALF)) == 65504);
    assert_true(isinf(number(mx_cast(t.b, real(65520), HALF))));
    assert_true(number(mx_cast(t.b, real(6e-8), HALF)) == ldexp(1, -24)); /* subnormal */
    assert_true(number(mx_cast(t.b, real(1.00390625), BF16)) == 1);       /* half way: to even */
    assert_true(number(mx_cast(t.b, real(1.01171875), BF16)) == 1.015625);
    assert_true(isnan(number(mx_cast(t.b, real((double)NAN), HALF))));
}

static mx_val range(int64_t from, int64_t to, int64_t step) {
    return mx_range(t.b, mx_scalar_int(t.b, INT64, from), mx_scalar_int(t.b, INT64, to),
                    mx_scalar_int(t.b, INT64, step));
}

static void test_ranges_and_sums(void **state) {
    (void)state;
    gives(range(0, 5, 2), "3: 0 2 4");
    gives(range(5, 0, -3), "2: 5 2");
    gives(range(3, 3, 1), "0:");
    gives(range(3, 5, -1), "0:");
    gives(mx_reduce(t.b, "ReduceSum", grid(), (int64_t[]){1}, 1, false), "2: 6 15");
    gives(mx_reduce(t.b, "ReduceProd", grid(), (int64_t[]){-2}, 1, true), "1x3: 4 10 18");
    gives(mx_reduce(t.b, "ReduceMax", grid(), NULL, 0, false), ": 6");
    gives(mx_reduce(t.b, "ReduceMin", grid(), NULL, 0, true), "1x1: 1");
    mx_val empty = ints(INT64, 1, (int64_t[]){0}, NULL);
    gives(mx_reduce(t.b, "ReduceMax", empty, NULL, 0, false), "ReduceMax([])");
}

/* 64 KiB are the bound for what is made of less. */
static void test_bound(void **state) {
    (void)state;
    mx_val one = mx_scalar_int(t.b, UINT8, 1);
    assert_null(test_made_by(&t, mx_fill(t.b, VECTOR(65536), one)));
    assert_non_null(test_made_by(&t, mx_fill(t.b, VECTOR(65537), one)));
    assert_non_null(test_made_by(&t, mx_fill(t.b, VECTOR(INT64_MAX, INT64_MAX), one)));
    assert_non_null(test_made_by(&t, range(0, INT64_MAX, 1)));
}

/* Numbers at the ends of their type: left to the operator, and nothing overflows on the way. */
static void test_ends(void **state) {
    (void)state;
    mx_val zero = mx_scalar_int(t.b, INT64, 0), least = mx_scalar_int(t.b, INT64, INT64_MIN);
    mx_val back = mx_scalar_int(t.b, INT64, -1), short_one = mx_scalar_int(t.b, INT32, 1);
    assert_non_null(test_made_by(&t, mx_range(t.b, zero, least, back)));
    assert_int_not_equal(mx_range(t.b, zero, zero, short_one), MX_NO_VAL); /* of two types */
    assert_int_not_equal(mx_range(t.b, mx_int64s(t.b, NULL, 0), zero, back), MX_NO_VAL);
    assert_non_null(test_made_by(&t, mx_op2(t.b, "Div", least, back)));
    /* Without elements, but with sizes that no steps can be made of. */
    mx_val empty = ints(INT64, 3, (int64_t[]){0, INT64_MAX / 2, INT64_MAX / 2}, NULL);
    assert_non_null(test_made_by(&t, mx_transpose(t.b, empty, (int64_t[]){2, 1, 0}, 3)));
    assert_false(mx_failed(t.b));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_movement, begin, end),
        cmocka_unit_test_setup_teardown(test_slices, begin, end),
        cmocka_unit_test_setup_teardown(test_integers, begin, end),
        cmocka_unit_test_setup_teardown(test_reals, begin, end),
        cmocka_unit_test_setup_teardown(test_casts, begin, end),
        cmocka_unit_test_setup_teardown(test_ranges_and_sums, begin, end),
        cmocka_unit_test_setup_teardown(test_bound, begin, end),
        cmocka_unit_test_setup_teardown(test_ends, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
