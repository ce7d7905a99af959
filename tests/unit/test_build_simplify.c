/* What the builder leaves out or joins, and what it must not. */
#include "build_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { FLOAT = 1, INT8 = 3, INT32 = 6, INT64 = 7, BOOL = 9, HALF = 10, DOUBLE = 11 };

static test_build t;

static int begin14(void **state) {
    (void)state;
    return test_build_init(&t, NULL, 14) ? 0 : -1;
}
static int begin(void **state) {
    (void)state;
    return test_build_init(&t, NULL, 18) ? 0 : -1;
}
static int end(void **state) {
    (void)state;
    test_build_free(&t);
    return 0;
}

#define gives(v, text) assert_string_equal(test_text(&t, v), text)
#define same(a, b)     assert_int_equal(a, b)
#define SIZES(...)                                                                                                     \
    (mx_size[]) {                                                                                                      \
        __VA_ARGS__                                                                                                    \
    }
#define N(n) ((mx_size){(n), 0})
#define INTS(...)                                                                                                      \
    (int64_t[]) {                                                                                                      \
        __VA_ARGS__                                                                                                    \
    }

static mx_val list(size_t n, const mx_val *v) {
    return mx_concat(t.b, v, n, 0);
}

static void test_reshape_idle(void **state) {
    (void)state;
    mx_size s0 = test_symbol(&t, "s0");
    mx_val x = test_input(&t, FLOAT, 2, SIZES(s0, N(6))), y = test_numbers(&t, FLOAT, 2, INTS(2, 6));
    same(mx_reshape_to(t.b, y, INTS(2, 6), 2), y);
    same(mx_reshape_to(t.b, y, INTS(2, -1), 2), y);
    same(mx_reshape_to(t.b, x, INTS(-1, 6), 2), x);
    same(mx_reshape(t.b, x, list(2, (mx_val[]){mx_dim(t.b, x, 0), mx_int64(t.b, 6)})), x);
    same(mx_op2(t.b, "Reshape", x, mx_int64s(t.b, INTS(0, 6), 2)), x); /* 0 as ONNX has it */
    mx_size u0 = test_symbol(&t, "u0");
    mx_val some = test_input(&t, FLOAT, 2, SIZES({-1, MX_SID_EMPTY}, N(6)));
    same(mx_reshape_to(t.b, some, INTS(-1, 6), 2), some); /* whatever the first size is */
    mx_val open = test_input(&t, FLOAT, 2, SIZES({-1, MX_SID_EMPTY}, u0));
    mx_val sizes[2] = {mx_int64(t.b, -1), mx_dim(t.b, open, 1)};
    assert_int_not_equal(mx_reshape(t.b, open, list(2, sizes)), open); /* unless the other one is 0 */
    mx_val z = mx_reshape_to(t.b, y, INTS(3, 4), 2);
    gives(z, "Reshape(#,[3,4])");
    same(mx_reshape_to(t.b, z, INTS(2, 6), 2), y); /* there and back */
    gives(mx_reshape_to(t.b, z, INTS(12), 1), "Reshape(#,[12])");
    gives(mx_unsqueeze1(t.b, z, 0), "Reshape(#,[1,3,4])");
    same(mx_squeeze1(t.b, mx_unsqueeze1(t.b, y, 1), 1), y);
    same(mx_squeeze1(t.b, mx_unsqueeze1(t.b, x, -1), 2), x);
    gives(mx_unsqueeze1(t.b, mx_unsqueeze1(t.b, y, 1), 0), "Reshape(#,[1,2,1,6])");
    gives(mx_unsqueeze1(t.b, y, 1), "Unsqueeze(#,[1])");
}

static void test_reshape_lists(void **state) {
    (void)state;
    mx_size s0 = test_symbol(&t, "s0"), s1 = test_symbol(&t, "s1"), twice = test_symbol(&t, "2*s0");
    mx_val x = test_input(&t, FLOAT, 3, SIZES(s0, s1, N(12)));
    mx_val d0 = mx_dim(t.b, x, 0), d1 = mx_dim(t.b, x, 1), three = mx_int64(t.b, 3), four = mx_int64(t.b, 4);
    gives(mx_reshape(t.b, x, list(4, (mx_val[]){d0, d1, three, four})), "Reshape(#,[0,0,3,4])");
    gives(mx_reshape(t.b, x, list(3, (mx_val[]){mx_op2(t.b, "Mul", d0, d1), three, four})), "Reshape(#,[-1,3,4])");
    gives(mx_reshape(t.b, x, list(3, (mx_val[]){d0, mx_int64(t.b, -1), three})), "Reshape(#,[0,-1,3])");
    mx_val heads = mx_reshape(t.b, x, list(4, (mx_val[]){d0, d1, three, four}));
    assert_true(mx_size_equal(mx_size_of(t.b, heads, 1), s1));
    /* neither is at its place, and only one can be left open */
    gives(mx_reshape(t.b, x, list(3, (mx_val[]){d1, d0, mx_int64(t.b, 12)})),
          "Reshape(#,Concat(Shape(#),Shape(#),[12]))");
    /* a size that could be 0 next to one that is open: the runtime could not tell it */
    mx_val y = test_input(&t, FLOAT, 3, SIZES(twice, s1, N(12)));
    mx_val e0 = mx_dim(t.b, y, 0);
    mx_val open = mx_reshape(t.b, y, list(3, (mx_val[]){e0, mx_op2(t.b, "Mul", d1, four), three}));
    gives(open, "Reshape(#,Concat(Shape(#),Mul(Shape(#),[4]),[3]))");
    assert_int_equal(test_made_by(&t, open)->at[0].i, 1); /* allowzero: a size that is 0 when it runs is 0 */
}

static void test_reshape_empty(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 2, INTS(0, 6));
    mx_val y = mx_reshape_to(t.b, x, INTS(3, 0), 2);
    gives(y, "Reshape(#,[3,0])");
    assert_string_equal(test_made_by(&t, y)->at[0].name, "allowzero");
    mx_val z = mx_reshape_to(t.b, x, INTS(-1, 3), 2); /* 0 elements make 0 rows */
    gives(z, "Reshape(#,[0,3])");
    assert_int_equal(test_made_by(&t, z)->n_at, 1);
    mx_val plain = mx_reshape_to(t.b, test_numbers(&t, FLOAT, 1, INTS(6)), INTS(2, 3), 2);
    assert_int_equal(test_made_by(&t, plain)->n_at, 0);
}

static void test_transpose(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 3, INTS(2, 3, 4));
    same(mx_transpose(t.b, x, INTS(0, 1, 2), 3), x);
    same(mx_swap(t.b, mx_swap(t.b, x, 0, 2), -3, -1), x);
    mx_val y = mx_transpose(t.b, mx_transpose(t.b, x, INTS(1, 2, 0), 3), INTS(0, 2, 1), 3);
    gives(y, "Transpose(#)");
    assert_memory_equal(test_made_by(&t, y)->at[0].ints, INTS(1, 0, 2), 24);
    gives(mx_swap(t.b, mx_op1(t.b, "Relu", mx_swap(t.b, x, 0, 1)), 0, 1), "Transpose(Relu(Transpose(#)))");
    assert_int_equal(mx_transpose(t.b, x, INTS(0, 0, 1), 3), MX_NO_VAL);
    assert_true(mx_failed(t.b));
}

static void test_expand(void **state) {
    (void)state;
    mx_size s0 = test_symbol(&t, "s0");
    mx_val x = test_input(&t, FLOAT, 2, SIZES(s0, N(1))), d0 = mx_dim(t.b, x, 0);
    same(mx_expand(t.b, x, list(2, (mx_val[]){d0, mx_int64(t.b, 1)})), x);
    same(mx_expand(t.b, x, mx_int64s(t.b, INTS(1, 1), 2)), x);
    gives(mx_expand(t.b, x, list(2, (mx_val[]){d0, mx_int64(t.b, 5)})), "Expand(#,[1,5])");
    gives(mx_expand(t.b, x, mx_int64s(t.b, INTS(1, 1, 1), 3)), "Expand(#,[1,1,1])"); /* another rank */
    gives(mx_expand(t.b, x, list(2, (mx_val[]){mx_int64(t.b, 1), d0})), "Expand(#,Concat([1],Shape(#)))");
}

static void test_casts(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 1, INTS(4)), h = test_numbers(&t, HALF, 1, INTS(4));
    mx_val i = test_numbers(&t, INT32, 1, INTS(4)), b = test_numbers(&t, BOOL, 1, INTS(4));
    same(mx_cast(t.b, x, FLOAT), x);
    same(mx_cast(t.b, mx_cast(t.b, h, FLOAT), HALF), h);
    gives(mx_cast(t.b, mx_cast(t.b, x, HALF), FLOAT), "Cast(Cast(#))"); /* that rounds */
    gives(mx_cast(t.b, mx_cast(t.b, b, INT64), FLOAT), "Cast(#)");
    gives(mx_cast(t.b, mx_cast(t.b, i, DOUBLE), INT64), "Cast(#)");
    gives(mx_cast(t.b, mx_cast(t.b, i, FLOAT), INT64), "Cast(Cast(#))"); /* 24 bits do not hold 32 */
    gives(mx_cast(t.b, mx_cast(t.b, x, BOOL), FLOAT), "Cast(Cast(#))");
    mx_val rounded = mx_round_to(t.b, x, HALF);
    gives(rounded, "Cast(Cast(#))");
    assert_int_equal(mx_elem_of(t.b, rounded), FLOAT);
}

static void test_neutral(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 2, INTS(2, 3)), i = test_numbers(&t, INT64, 2, INTS(2, 3));
    mx_val one = mx_scalar(t.b, FLOAT, 1), zero = mx_scalar(t.b, FLOAT, 0), no = mx_scalar_int(t.b, INT64, 0);
    same(mx_op2(t.b, "Mul", x, one), x);
    same(mx_op2(t.b, "Mul", one, x), x);
    same(mx_op2(t.b, "Div", x, one), x);
    same(mx_op2(t.b, "Sub", x, zero), x);
    same(mx_op2(t.b, "Add", i, no), i);
    same(mx_op2(t.b, "Add", x, mx_scalar(t.b, FLOAT, -0.0)), x);
    gives(mx_op2(t.b, "Add", x, zero), "Add(#,C)"); /* -0.0 + 0.0 is 0.0 */
    gives(mx_op2(t.b, "Sub", x, mx_scalar(t.b, FLOAT, -0.0)), "Sub(#,C)");
    gives(mx_op2(t.b, "Mul", x, mx_scalar(t.b, FLOAT, 0)), "Mul(#,C)"); /* NaN, -0.0 */
    mx_val wider = mx_unsqueeze(t.b, one, INTS(0, 1, 2), 3);
    gives(mx_op2(t.b, "Mul", x, wider), "Mul(#,C)"); /* makes a rank of 3 */
    same(mx_op1(t.b, "Max", x), x);
    same(mx_op1(t.b, "Neg", mx_op1(t.b, "Neg", x)), x);
}

static void test_chains(void **state) {
    (void)state;
    mx_val i = test_numbers(&t, INT64, 1, INTS(3)), x = test_numbers(&t, FLOAT, 1, INTS(3));
    mx_val two = mx_int64(t.b, 2), three = mx_int64(t.b, 3);
    gives(mx_op2(t.b, "Add", mx_op2(t.b, "Add", i, two), three), "Add(#,[5])");
    gives(mx_op2(t.b, "Mul", three, mx_op2(t.b, "Mul", two, i)), "Mul(#,[6])");
    gives(mx_op2(t.b, "Add", mx_op2(t.b, "Mul", i, two), three), "Add(Mul(#,[2]),[3])");
    same(mx_op2(t.b, "Add", mx_op2(t.b, "Add", i, two), mx_int64(t.b, -2)), i);
    mx_val half = mx_scalar(t.b, FLOAT, 0.5);
    gives(mx_op2(t.b, "Mul", mx_op2(t.b, "Mul", x, half), half), "Mul(Mul(#,C),C)"); /* floats round twice */
}

static void test_truth(void **state) {
    (void)state;
    mx_val b = test_numbers(&t, BOOL, 1, INTS(3)), x = test_numbers(&t, FLOAT, 1, INTS(3));
    mx_val yes = mx_scalar_int(t.b, BOOL, 1), no = mx_scalar_int(t.b, BOOL, 0), y = mx_op1(t.b, "Relu", x);
    same(mx_op2(t.b, "And", b, yes), b);
    same(mx_op2(t.b, "Or", no, b), b);
    same(mx_op2(t.b, "And", b, b), b);
    gives(mx_op2(t.b, "And", b, no), "And(#,0)");
    same(mx_op1(t.b, "Not", mx_op1(t.b, "Not", b)), b);
    same(mx_where(t.b, yes, x, y), x);
    same(mx_where(t.b, no, x, y), y);
    same(mx_where(t.b, b, x, x), x);
    gives(mx_where(t.b, b, x, y), "Where(#,#,Relu(#))");
    mx_val single = mx_scalar(t.b, FLOAT, 1);
    gives(mx_where(t.b, yes, single, x), "Where(1,C,#)"); /* the other one makes it larger */
}

static void test_sizes(void **state) {
    (void)state;
    mx_size s0 = test_symbol(&t, "s0"), s1 = test_symbol(&t, "s1");
    mx_val x = test_input(&t, FLOAT, 4, SIZES(s0, s1, N(8), N(9)));
    gives(mx_dim(t.b, x, 2), "[8]");
    gives(mx_shape(t.b, test_numbers(&t, FLOAT, 2, INTS(2, 3))), "[2,3]");
    gives(mx_gather(t.b, mx_shape(t.b, x), mx_int64(t.b, 3), 0), "[9]");
    gives(mx_slice_const(t.b, mx_shape(t.b, x), 0, 2, 4, 1), "[8,9]");
    mx_val y = mx_op1(t.b, "Relu", x);
    same(mx_dim(t.b, y, 1), mx_dim(t.b, x, 1)); /* the same size: the input's */
    same(mx_gather(t.b, mx_shape(t.b, y), mx_int64(t.b, 0), 0), mx_dim(t.b, x, 0));
    mx_val d0 = mx_dim(t.b, x, 0), d1 = mx_dim(t.b, y, 1), eight = mx_int64(t.b, 8);
    mx_val both = list(2, (mx_val[]){d0, d1});
    assert_string_equal(test_made_by(&t, both)->op, mx_opset(t.b) < 15 ? "Gather" : "Shape");
    gives(list(3, (mx_val[]){eight, mx_int64(t.b, 1), eight}), "[8,1,8]");
    assert_int_equal(test_made_by(&t, list(3, (mx_val[]){d1, eight, eight}))->n_in, 2);
    assert_int_equal(test_made_by(&t, list(2, (mx_val[]){d1, d0}))->n_in, 2);
    same(list(1, &both), both);
    gives(list(4, (mx_val[]){d0, d1, eight, mx_int64(t.b, 9)}), "Shape(#)"); /* all of it */
    mx_val behind = test_input(&t, FLOAT, 3, SIZES(N(8), test_symbol(&t, "s2"), N(9)));
    gives(list(3, (mx_val[]){eight, mx_dim(t.b, behind, 1), mx_int64(t.b, 9)}), "Shape(#)");
    assert_int_equal(test_made_by(&t, list(3, (mx_val[]){eight, mx_dim(t.b, behind, 1), eight}))->n_in, 2);
    mx_val product = mx_op2(t.b, "Mul", d0, mx_int64(t.b, 1));
    same(product, d0);
    gives(mx_op2(t.b, "Sub", d0, mx_dim(t.b, y, 0)), "[0]");
}

/* What is known of sizes is known of what is computed from them, but for what goes over an int32. */
static void test_contents(void **state) {
    (void)state;
    mx_val x = test_input(&t, FLOAT, 2, SIZES(test_symbol(&t, "s0"), N(70000)));
    mx_val shape = mx_shape(t.b, x), narrow = mx_cast(t.b, shape, INT32);
    mx_val square = mx_op2(t.b, "Mul", narrow, narrow);
    gives(mx_gather(t.b, narrow, mx_int64(t.b, 1), 0), "[70000]");
    gives(mx_gather(t.b, square, mx_int64(t.b, 1), 0), "Gather(Mul(Cast(Shape(#)),Cast(Shape(#))),[1])");
    mx_val wide = mx_op2(t.b, "Mul", shape, shape);
    gives(mx_gather(t.b, wide, mx_int64(t.b, 1), 0), "[4900000000]");
    mx_val v = test_numbers(&t, INT64, 1, INTS(1));
    mx_size held = test_symbol(&t, "s0");
    mx_val same_size = mx_op2(t.b, "Mul", v, v);
    mx_set_items(t.b, same_size, &held, 1);
    same(mx_op2(t.b, "Sub", same_size, mx_int64(t.b, 0)), same_size);
    gives(mx_op2(t.b, "Sub", same_size, mx_dim(t.b, x, 0)), "[0]");
}

static void test_slices(void **state) {
    (void)state;
    mx_size s0 = test_symbol(&t, "s0");
    mx_val x = test_input(&t, FLOAT, 2, SIZES(s0, N(9)));
    same(mx_slice_const(t.b, x, 1, 0, 9, 1), x);
    same(mx_slice_const(t.b, x, 1, -9, INT64_MAX, 1), x);
    same(mx_slice_const(t.b, x, 0, 0, INT64_MAX, 1), x);
    same(mx_slice(t.b, x, 0, mx_int64(t.b, 0), mx_dim(t.b, x, 0), 1), x);
    gives(mx_slice_const(t.b, x, 1, 0, 8, 1), "Slice(#,[0],[8],[1])");
    gives(mx_slice_const(t.b, x, -1, 0, 9, 2), "Slice(#,[0],[9],[1],[2])");
    gives(mx_slice_const(t.b, x, 0, -1, INT64_MAX, 1), "Slice(#,[-1],[9223372036854775807],[0])");
}

static const char *finished(mx_val v) {
    mx_body_end(t.b, &v, 1);
    return test_text(&t, v);
}

static void test_product_of_rows(void **state) {
    (void)state;
    mx_val x = test_input(&t, FLOAT, 3, SIZES(test_symbol(&t, "s0"), test_symbol(&t, "s1"), N(6)));
    mx_val w = test_numbers(&t, FLOAT, 2, INTS(6, 4)), bias = test_numbers(&t, FLOAT, 1, INTS(4));
    mx_val flat = mx_reshape_to(t.b, x, INTS(-1, 6), 2);
    mx_val sizes = list(3, (mx_val[]){mx_dim(t.b, x, 0), mx_dim(t.b, x, 1), mx_int64(t.b, 4)});
    mx_val y = mx_reshape(t.b, mx_op3(t.b, "Gemm", flat, w, bias), sizes);
    mx_val z = mx_reshape(t.b, mx_op2(t.b, "MatMul", flat, w), sizes);
    assert_string_equal(finished(mx_op2(t.b, "Mul", y, z)), "Mul(Add(MatMul(#,#),#),MatMul(#,#))");
}

static void test_product_of_stacks(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 4, INTS(2, 3, 5, 6)), y = test_numbers(&t, FLOAT, 4, INTS(2, 3, 6, 4));
    mx_val p = mx_op2(t.b, "MatMul", mx_reshape_to(t.b, x, INTS(6, 5, 6), 3), mx_reshape_to(t.b, y, INTS(6, 6, 4), 3));
    assert_string_equal(finished(mx_reshape_to(t.b, p, INTS(2, 3, 5, 4), 4)), "MatMul(#,#)");
}

/* The same, but something is in the way. */
static void test_products_that_stay(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 3, INTS(2, 5, 6)), w = test_numbers(&t, FLOAT, 2, INTS(6, 4));
    mx_val flat = mx_reshape_to(t.b, x, INTS(10, 6), 2), p = mx_op2(t.b, "MatMul", flat, w);
    mx_val other = mx_reshape_to(t.b, p, INTS(5, 2, 4), 3); /* rows put together in another way */
    mx_val q = mx_op2(t.b, "MatMul", flat, mx_op1(t.b, "Relu", w));
    mx_val shared = mx_reshape_to(t.b, q, INTS(2, 5, 4), 3); /* what is between is needed elsewhere */
    mx_val turned = mx_op(t.b, "Gemm", MX_IN(flat, test_numbers(&t, FLOAT, 2, INTS(4, 6)), mx_scalar(t.b, FLOAT, 2)),
                          MX_AT(mx_at_i("transB", 1)));
    mx_val none = test_numbers(&t, FLOAT, 3, INTS(2, 0, 6)), bias = test_numbers(&t, FLOAT, 1, INTS(4));
    mx_val empty = mx_op3(t.b, "Gemm", mx_reshape_to(t.b, none, INTS(0, 6), 2), w, bias);
    mx_val outs[5] = {other, shared, q, mx_reshape_to(t.b, turned, INTS(2, 5, 4), 3),
                      mx_reshape_to(t.b, empty, INTS(2, 0, 4), 3)};
    mx_body_end(t.b, outs, 5);
    gives(outs[4], "Reshape(Gemm(Reshape(#,[0,6]),#,#),[2,0,4])");
    gives(other, "Reshape(MatMul(Reshape(#,[10,6]),#),[5,2,4])");
    gives(shared, "Reshape(MatMul(Reshape(#,[10,6]),Relu(#)),[2,5,4])");
    gives(outs[3], "Reshape(Gemm(Reshape(#,[10,6]),#,C),[2,5,4])");
}

static void test_concat_empty(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 2, INTS(2, 3)), none = test_numbers(&t, FLOAT, 2, INTS(2, 0));
    mx_val both[2] = {none, x}, nothing[2] = {none, none}, three[3] = {x, none, x};
    same(mx_concat(t.b, both, 2, -1), x);
    gives(mx_concat(t.b, three, 3, 1), "Concat(#,#)");
    gives(mx_concat(t.b, nothing, 2, 1), "Concat(#,#)");
    gives(mx_concat(t.b, nothing, 2, 0), "Concat(#,#)"); /* the axis that counts is not empty */
}

static mx_val padded(mx_val x, const int64_t *pads, double value, const char *mode) {
    return mx_op(t.b, "Pad", MX_IN(x, mx_int64s(t.b, pads, 8), mx_scalar(t.b, FLOAT, value)),
                 MX_AT(mx_at_s("mode", mode)));
}

static void test_conv_of_pad(void **state) {
    (void)state;
    mx_val x = test_numbers(&t, FLOAT, 4, INTS(1, 2, 8, 8)), w = test_numbers(&t, FLOAT, 4, INTS(3, 2, 3, 3));
    int64_t around[8] = {0, 0, 1, 2, 0, 0, 3, 4}, channels[8] = {0, 1, 0, 0, 0, 0, 0, 0}, cut[8] = {0, 0, -1};
    mx_val joined = mx_op(t.b, "Conv", MX_IN(padded(x, around, 0, "constant"), w),
                          MX_AT(mx_at_is("pads", INTS(1, 1, 0, 0), 4), mx_at_i("group", 1)));
    gives(joined, "Conv(#,#)");
    assert_memory_equal(test_made_by(&t, joined)->at[1].ints, INTS(2, 3, 3, 4), 32);
    assert_int_equal(mx_size_of(t.b, joined, 2).value, 8 + 2 + 3 - 2);
    gives(mx_op2(t.b, "Conv", padded(x, around, 1, "constant"), w), "Conv(Pad(#,[0,0,1,2,0,0,3,4],C),#)");
    gives(mx_op2(t.b, "Conv", padded(x, around, 0, "edge"), w), "Conv(Pad(#,[0,0,1,2,0,0,3,4],C),#)");
    gives(mx_op2(t.b, "Conv", padded(x, channels, 0, "constant"), w), "Conv(Pad(#,[0,1,0,0,0,0,0,0],C),#)");
    gives(mx_op2(t.b, "Conv", padded(x, cut, 0, "constant"), w), "Conv(Pad(#,[0,0,-1,0,0,0,0,0],C),#)");
    gives(mx_op(t.b, "Conv", MX_IN(padded(x, around, 0, "constant"), w), MX_AT(mx_at_s("auto_pad", "SAME_UPPER"))),
          "Conv(Pad(#,[0,0,1,2,0,0,3,4],C),#)");
}

int main(void) {
#define BOTH(f) cmocka_unit_test_setup_teardown(f, begin, end), cmocka_unit_test_setup_teardown(f, begin14, end)
    const struct CMUnitTest tests[] = {
        BOTH(test_reshape_idle),
        BOTH(test_reshape_empty),
        BOTH(test_transpose),
        BOTH(test_casts),
        BOTH(test_neutral),
        BOTH(test_chains),
        BOTH(test_truth),
        BOTH(test_sizes),
        BOTH(test_conv_of_pad),
        BOTH(test_concat_empty),
        BOTH(test_contents),
        BOTH(test_product_of_rows),
        BOTH(test_product_of_stacks),
        BOTH(test_products_that_stay),
        BOTH(test_slices),
        cmocka_unit_test_setup_teardown(test_reshape_lists, begin, end),
        cmocka_unit_test_setup_teardown(test_expand, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
