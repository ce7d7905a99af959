/* The forms of operators at the lowest and the highest opset, and types that an operator does not have. */
#include "build_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { FLOAT = 1, UINT8 = 2, INT16 = 5, INT32 = 6, INT64 = 7, BOOL = 9, HALF = 10, DOUBLE = 11, UINT32 = 12 };

static test_build t;

static int begin14(void **state) {
    (void)state;
    return test_build_init(&t, NULL, 14) ? 0 : -1;
}
static int begin23(void **state) {
    (void)state;
    return test_build_init(&t, NULL, 23) ? 0 : -1;
}
static int end(void **state) {
    (void)state;
    test_build_free(&t);
    return 0;
}

#define gives(v, text) assert_string_equal(test_text(&t, v), text)
#define INTS(...)                                                                                                      \
    (int64_t[]) {                                                                                                      \
        __VA_ARGS__                                                                                                    \
    }

static const mx_at *attribute(mx_val v, const char *name) {
    const mx_bop *o = test_made_by(&t, v);
    assert_non_null(o);
    for (uint32_t i = 0; i < o->n_at; i++)
        if (strcmp(o->at[i].name, name) == 0) return &o->at[i];
    return NULL;
}

static void test_reduce_14(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 3, INTS(2, 3, 4));
    mx_val mean = mx_reduce(t.b, "ReduceMean", x, INTS(-1, 0), 2, true);
    gives(mean, "ReduceMean(#)");
    assert_memory_equal(attribute(mean, "axes")->ints, INTS(0, 2), 16);
    assert_null(attribute(mean, "keepdims"));
    assert_int_equal(mx_rank_of(t.b, mean), 3);
    gives(mx_reduce(t.b, "ReduceSum", x, INTS(-1), 1, false), "ReduceSum(#,[2])"); /* already an input */
    assert_null(attribute(mx_reduce(t.b, "ReduceMax", x, NULL, 0, false), "axes"));
}

static void test_reduce_23(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 3, INTS(2, 3, 4));
    mx_val mean = mx_reduce(t.b, "ReduceMean", x, INTS(-1, 0), 2, false);
    gives(mean, "ReduceMean(#,[0,2])");
    assert_int_equal(attribute(mean, "keepdims")->i, 0);
    assert_int_equal(mx_rank_of(t.b, mean), 1);
    gives(mx_reduce(t.b, "ReduceL2", x, NULL, 0, true), "ReduceL2(#)");
}

static void test_sizes_14(void **state) {
    (void)state;
    mx_size s0 = test_symbol(&t, "s0"), s1 = test_symbol(&t, "s1");
    mx_val x = test_input(&t, FLOAT, 3, (mx_size[]){s0, s1, {4, 0}});
    gives(mx_dim(t.b, x, -2), "Gather(Shape(#),[1])");
    gives(mx_concat(t.b, (mx_val[]){mx_dim(t.b, x, 0), mx_dim(t.b, x, 1)}, 2, 0), "Gather(Shape(#),[0,1])");
    assert_null(attribute(mx_shape(t.b, x), "start"));
}

static void test_sizes_23(void **state) {
    (void)state;
    mx_size s0 = test_symbol(&t, "s0"), s1 = test_symbol(&t, "s1");
    mx_val x = test_input(&t, FLOAT, 3, (mx_size[]){s0, s1, {4, 0}});
    mx_val d = mx_dim(t.b, x, -2);
    gives(d, "Shape(#)");
    assert_int_equal(attribute(d, "start")->i, 1);
    assert_int_equal(attribute(d, "end")->i, 2);
    mx_val both = mx_concat(t.b, (mx_val[]){mx_dim(t.b, x, 0), mx_dim(t.b, x, 1)}, 2, 0);
    gives(both, "Shape(#)");
    assert_int_equal(attribute(both, "end")->i, 2);
    mx_val all = mx_concat(t.b, (mx_val[]){both, mx_int64(t.b, 4)}, 2, 0);
    gives(all, "Shape(#)");
}

static void test_forms(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 2, INTS(6, 1)), parts[3];
    mx_split(t.b, x, -2, INTS(1, 2, 3), 3, parts);
    gives(parts[2], "Split(#,[1,2,3])");
    assert_int_equal(mx_size_of(t.b, parts[2], 0).value, 3);
    mx_split(t.b, x, 0, INTS(6), 1, parts);
    assert_int_equal(parts[0], x);
    gives(mx_squeeze1(t.b, x, -1), "Squeeze(#,[1])");
    gives(mx_gather(t.b, x, mx_int64(t.b, 2), -2), "Gather(#,[2])");
    gives(mx_clip(t.b, x, mx_scalar(t.b, FLOAT, 0), MX_NO_VAL), "Clip(#,C)");
    gives(mx_clip(t.b, x, MX_NO_VAL, mx_scalar(t.b, FLOAT, 0)), "Clip(#,-,C)");
    gives(mx_clip(t.b, x, MX_NO_VAL, x), "Min(#,#)");
    assert_int_equal(mx_clip(t.b, x, MX_NO_VAL, MX_NO_VAL), x);
    mx_val scalar = test_numbers(&t, INT64, 0, NULL);
    assert_int_equal(mx_as_scalar(t.b, mx_as_vector(t.b, scalar)), scalar);
    gives(mx_as_vector(t.b, scalar), "Reshape(#,[1])");
    assert_int_equal(mx_swap(t.b, scalar, 0, -1), scalar);
    gives(mx_reduce(t.b, "ReduceMean", mx_op1(t.b, "Relu", test_numbers(&t, FLOAT, 0, NULL)), INTS(-1), 1, false),
          "ReduceMean(Relu(#))");
}

static void test_types(void **state) {
    (void)state;
    mx_val half = test_numbers(&t, HALF, 0, NULL), small = test_numbers(&t, INT16, 1, INTS(3));
    mx_val truth = test_numbers(&t, BOOL, 1, INTS(3)), octet = test_numbers(&t, UINT8, 1, INTS(3));
    mx_val wide = test_numbers(&t, UINT32, 1, INTS(3)), real = test_numbers(&t, DOUBLE, 1, INTS(3));
    mx_val where = mx_where(t.b, truth, small, small);
    assert_int_equal(where, small);
    where = mx_where(t.b, truth, truth, mx_op1(t.b, "Not", truth));
    gives(where, "Or(#,Not(#))"); /* without a Cast; c and c is c */
    where = mx_op3(t.b, "Where", truth, truth, mx_op1(t.b, "Not", truth));
    gives(where, "Cast(Where(#,Cast(#),Cast(Not(#))))");
    assert_int_equal(mx_elem_of(t.b, where), BOOL);
    gives(mx_reduce(t.b, "ReduceSum", octet, NULL, 0, true), "Cast(ReduceSum(Cast(#)))");
    gives(mx_reduce(t.b, "ReduceMax", octet, NULL, 0, true), "ReduceMax(#)");
    gives(mx_reduce(t.b, "ReduceMax", truth, NULL, 0, true),
          mx_opset(t.b) < 20 ? "Cast(ReduceMax(Cast(#)))" : "ReduceMax(#)");
    mx_val sum = mx_reduce(t.b, "ReduceSum", wide, NULL, 0, true);
    gives(sum, "Cast(ReduceSum(Cast(#)))");
    assert_int_equal(mx_elem_of(t.b, test_made_by(&t, sum)->in[0]), INT64);
    gives(mx_range(t.b, half, half, half), "Cast(Range(Cast(#),Cast(#),Cast(#)))");
    gives(mx_op1(t.b, "NonZero", real), "NonZero(Cast(#))");
    gives(mx_op2(t.b, "Max", small, mx_op1(t.b, "Abs", small)), "Cast(Max(Cast(#),Cast(Abs(#))))");
    gives(mx_op1(t.b, "Neg", real), "Neg(#)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reduce_14, begin14, end),
        cmocka_unit_test_setup_teardown(test_reduce_23, begin23, end),
        cmocka_unit_test_setup_teardown(test_sizes_14, begin14, end),
        cmocka_unit_test_setup_teardown(test_sizes_23, begin23, end),
        cmocka_unit_test_setup_teardown(test_forms, begin14, end),
        cmocka_unit_test_setup_teardown(test_forms, begin23, end),
        cmocka_unit_test_setup_teardown(test_types, begin14, end),
        cmocka_unit_test_setup_teardown(test_types, begin23, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
