/* The builder: values, equal operators, bodies, errors, memory. */
#include "allocator.h"
#include "build_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { FLOAT = 1, INT32 = 6, INT64 = 7, BOOL = 9, HALF = 10 };

static void begin(test_build *t, int opset) {
    assert_true(test_build_init(t, NULL, opset));
}

static void test_types(void **state) {
    (void)state;
    test_build t;
    begin(&t, 18);
    mx_size s0 = test_symbol(&t, "s0");
    mx_val x = test_input(&t, FLOAT, 2, (mx_size[]){s0, {768, 0}});
    mx_val w = test_numbers(&t, FLOAT, 2, (int64_t[]){768, 10});
    mx_val y = mx_op2(t.b, "MatMul", x, w);
    assert_int_equal(mx_elem_of(t.b, y), FLOAT);
    assert_int_equal(mx_rank_of(t.b, y), 2);
    assert_true(mx_size_equal(mx_size_of(t.b, y, 0), s0));
    assert_int_equal(mx_size_of(t.b, y, 0).value, 7); /* the hint came along */
    assert_int_equal(mx_size_of(t.b, y, -1).value, 10);
    assert_int_equal(mx_numel_of(t.b, y), -1);
    assert_int_equal(mx_numel_of(t.b, w), 7680);
    assert_false(mx_all_sizes_known(t.b, y));
    assert_int_equal(mx_elem_of(t.b, mx_op2(t.b, "Equal", x, x)), BOOL);
    assert_int_equal(mx_size_of(t.b, y, 2).expr, MX_SID_EMPTY);
    assert_int_equal(mx_rank_of(t.b, MX_NO_VAL), -1);
    test_build_free(&t);
}

static void test_equal_once(void **state) {
    (void)state;
    test_build t;
    begin(&t, 18);
    mx_val x = test_numbers(&t, FLOAT, 1, (int64_t[]){4});
    mx_val a = mx_op(t.b, "Softmax", MX_IN(x), MX_AT(mx_at_i("axis", 0)));
    assert_int_equal(a, mx_op(t.b, "Softmax", MX_IN(x), MX_AT(mx_at_i("axis", 0))));
    assert_int_not_equal(a, mx_op(t.b, "Softmax", MX_IN(x), MX_AT(mx_at_i("axis", -1))));
    assert_int_not_equal(mx_op(t.b, "RandomNormalLike", MX_IN(x), MX_NO_AT),
                         mx_op(t.b, "RandomNormalLike", MX_IN(x), MX_NO_AT));
    assert_int_equal(mx_scalar(t.b, FLOAT, 0.5), mx_scalar(t.b, FLOAT, 0.5));
    assert_int_not_equal(mx_scalar(t.b, FLOAT, 0.0), mx_scalar(t.b, FLOAT, -0.0));
    assert_int_not_equal(mx_int64(t.b, 1), mx_scalar_int(t.b, INT64, 1));
    /* an absent input at the end is no input */
    assert_int_equal(mx_op2(t.b, "Clip", x, MX_NO_VAL), mx_op1(t.b, "Clip", x));
    mx_val one[2], two[2];
    mx_val k = mx_int64(t.b, 1);
    mx_op_n(t.b, "TopK", MX_IN(x, k), MX_NO_AT, one, 2);
    mx_op_n(t.b, "TopK", MX_IN(x, k), MX_NO_AT, two, 2);
    assert_memory_equal(one, two, sizeof one);
    assert_int_equal(mx_elem_of(t.b, one[1]), INT64);
    test_build_free(&t);
}

static void test_bodies(void **state) {
    (void)state;
    test_build t;
    begin(&t, 18);
    mx_val x = test_numbers(&t, FLOAT, 1, (int64_t[]){4}), c = test_numbers(&t, BOOL, 0, NULL);
    mx_val outer = mx_op1(t.b, "Relu", x);
    int64_t yes = mx_body_begin(t.b);
    assert_int_equal(mx_op1(t.b, "Relu", x), outer); /* an outer body's serves */
    mx_val inner = mx_op1(t.b, "Exp", x);
    mx_body_end(t.b, &inner, 1);
    int64_t no = mx_body_begin(t.b);
    mx_val again = mx_op1(t.b, "Exp", x);
    assert_int_not_equal(again, inner); /* a body beside it does not */
    mx_body_end(t.b, (mx_val[]){outer, again, again}, 3);
    assert_int_not_equal(mx_op1(t.b, "Exp", x), inner);
    const mx_bbody *body = &t.b->bodies[no];
    assert_string_equal(test_text(&t, body->outputs[0]), "Identity(Relu(#))"); /* it does not make it itself */
    assert_int_equal(body->outputs[1], again);
    assert_string_equal(test_text(&t, body->outputs[2]), "Identity(Exp(#))"); /* a name stands for one output */
    mx_val y = mx_op(t.b, "If", MX_IN(c), MX_AT(mx_at_body("then_branch", yes), mx_at_body("else_branch", no)));
    assert_int_equal(mx_elem_of(t.b, y), FLOAT);
    assert_int_equal(mx_size_of(t.b, y, 0).value, 4);
    test_build_free(&t);
}

static void test_loop_types(void **state) {
    (void)state;
    test_build t;
    begin(&t, 18);
    mx_val x = test_numbers(&t, FLOAT, 1, (int64_t[]){4});
    int64_t body = mx_body_begin(t.b);
    mx_body_input(t.b, "i", INT64, 0, NULL);
    mx_val go = mx_body_input(t.b, "go", BOOL, 0, NULL);
    mx_val state_in = mx_body_input(t.b, "h", FLOAT, 1, (mx_size[]){{4, 0}});
    mx_val next = mx_op1(t.b, "Tanh", state_in);
    mx_val goes_on = mx_op1(t.b, "Identity", go);
    mx_body_end(t.b, (mx_val[]){goes_on, next, next}, 3);
    mx_val out[2];
    mx_op_n(t.b, "Loop", MX_IN(mx_scalar_int(t.b, INT64, 3), MX_NO_VAL, x), MX_AT(mx_at_body("body", body)), out, 2);
    assert_int_equal(mx_rank_of(t.b, out[0]), 1);
    assert_int_equal(mx_rank_of(t.b, out[1]), 2);
    assert_int_equal(mx_size_of(t.b, out[1], 1).value, 4);
    assert_int_equal(t.b->bodies[body].n_inputs, 3);
    test_build_free(&t);
}

static void test_needed(void **state) {
    (void)state;
    test_build t;
    begin(&t, 18);
    mx_val x = test_numbers(&t, FLOAT, 1, (int64_t[]){4}), c = test_numbers(&t, BOOL, 0, NULL);
    mx_val used = mx_op1(t.b, "Relu", x), unused = mx_op1(t.b, "Exp", x);
    int64_t yes = mx_body_begin(t.b);
    mx_val inside = mx_op1(t.b, "Neg", used);
    mx_body_end(t.b, &inside, 1);
    int64_t no = mx_body_begin(t.b);
    mx_val other = mx_op1(t.b, "Abs", x);
    mx_body_end(t.b, &other, 1);
    mx_val y = mx_op(t.b, "If", MX_IN(c), MX_AT(mx_at_body("then_branch", yes), mx_at_body("else_branch", no)));
    mx_body_end(t.b, (mx_val[]){y, x, mx_int64(t.b, 3)}, 3); /* the model's */
    uint8_t ops[32], values[64];
    assert_in_range(t.b->n_ops, 1, sizeof ops);
    mx_build_needed(t.b, ops, values);
    assert_true(values[used] && values[inside] && values[other] && values[y] && values[x] && values[c]);
    assert_false(values[unused]);
    assert_false(ops[t.b->values[unused].op]);
    assert_string_equal(test_text(&t, t.b->bodies[0].outputs[1]), "Identity(#)");
    assert_string_equal(test_text(&t, t.b->bodies[0].outputs[2]), "[3]"); /* an initializer can be an output */
    assert_int_equal(mx_numel_of(t.b, t.b->bodies[0].outputs[2]), 1);
    test_build_free(&t);
}

static void test_weights(void **state) {
    (void)state;
    test_build t;
    mx_error err;
    int32_t stored[6] = {1, 2, 3, 4, 5, 6};
    begin(&t, 18);
    mx_source *source;
    assert_int_equal(mx_source_from_memory(NULL, stored, sizeof stored, false, &source, &err), MX_OK);
    mx_pweight weights[] = {
        {.elem = INT32, .rank = 2, .storage_size = 24, .sizes = (int64_t[]){2, 3}, .strides = (int64_t[]){3, 1}},
        {.elem = INT32, .rank = 2, .storage_size = 24, .sizes = (int64_t[]){3, 2}, .strides = (int64_t[]){1, 3}},
        {.elem = INT32, .rank = 2, .storage_size = 24, .sizes = (int64_t[]){2, 3}, .strides = (int64_t[]){3, 1}},
        {.elem = FLOAT,
         .rank = 1,
         .storage_size = 24,
         .sizes = (int64_t[]){2},
         .strides = (int64_t[]){1},
         .offset = 2}};
    t.p.weights = weights;
    t.p.n_weights = 4;
    t.p.sources = &source;
    mx_val w = mx_build_weight(t.b, 0), turned = mx_build_weight(t.b, 1), real = mx_build_weight(t.b, 3);
    assert_int_equal(w, mx_build_weight(t.b, 2));
    assert_int_not_equal(w, turned);
    int64_t numbers[6];
    size_t n;
    assert_true(mx_const_ints(t.b, turned, numbers, 6, &n));
    assert_memory_equal(numbers, ((int64_t[]){1, 4, 2, 5, 3, 6}), sizeof numbers);
    assert_false(mx_const_ints(t.b, turned, numbers, 5, &n));
    assert_false(mx_const_ints(t.b, real, numbers, 6, &n));
    assert_int_equal(mx_numel_of(t.b, real), 2);
    /* all weights are put together in another order; small ones are computed with */
    mx_val two = mx_concat(t.b, (mx_val[]){real, real}, 2, 0);
    assert_null(test_made_by(&t, two));
    assert_int_equal(mx_numel_of(t.b, two), 4);
    assert_non_null(test_made_by(&t, mx_op1(t.b, "Relu", real)));
    assert_null(test_made_by(&t, mx_op1(t.b, "Neg", real)));
    t.b->may_load = 0; /* they are to stay as they are */
    weights[3].offset = 3;
    mx_val other = mx_build_weight(t.b, 3);
    assert_int_not_equal(other, real);
    assert_non_null(test_made_by(&t, mx_concat(t.b, (mx_val[]){other, other}, 2, 0)));
    /* a file that ends too early */
    weights[0].storage_offset = 8;
    assert_int_equal(mx_build_weight(t.b, 0), MX_NO_VAL);
    assert_int_not_equal(mx_build_status(t.b, &err), MX_OK);
    mx_source_release(source);
    test_build_free(&t);
}

static void test_errors(void **state) {
    (void)state;
    test_build t;
    mx_error err;
    begin(&t, 17);
    mx_sid target = mx_strings_add(&t.p.strings, mx_str_of("aten.bitwise_and.Tensor"));
    mx_sid name = mx_strings_add(&t.p.strings, mx_str_of("bitwise_and"));
    mx_sid trace = mx_strings_add(&t.p.strings, mx_str_of("  File \"/home/me/a.py\", line 3, in f\n    x\n"
                                                          "  File \"/home/me/b.py\", line 41, in forward\n"));
    mx_sid fqn = mx_strings_add(&t.p.strings, mx_str_of("encoder.0"));
    mx_pnode node = {.target = target, .name = name, .stack_trace = trace};
    mx_pmodule module = {.fqn = fqn};
    mx_pcall call = {0};
    t.p.n_nodes = t.p.n_calls = 1;
    t.p.nodes = &node;
    t.p.modules = &module;
    t.p.calls = &call;
    assert_int_equal(mx_build_status(t.b, &err), MX_OK);
    mx_build_at(t.b, 0);
    assert_true(mx_need_opset(t.b, 17, "BitwiseAnd"));
    assert_false(mx_need_opset(t.b, 18, "BitwiseAnd"));
    mx_cannot(t.b, "something else"); /* the first one stays */
    assert_true(mx_failed(t.b));
    assert_int_equal(mx_build_status(t.b, &err), MX_ERR_UNSUPPORTED);
    assert_string_equal(err.message, "BitwiseAnd needs opset 18 or later; this is opset 17: aten.bitwise_and.Tensor, "
                                     "node 'bitwise_and', module 'encoder.0', b.py:41");
    assert_int_equal(mx_int64(t.b, 5), MX_NO_VAL);
    assert_int_equal(mx_op1(t.b, "Relu", 1), MX_NO_VAL);
    test_build_free(&t);
}

static void test_deep_bodies(void **state) {
    (void)state;
    test_build t;
    begin(&t, 18);
    for (int i = 0; i < 100; i++)
        mx_body_begin(t.b);
    assert_true(mx_failed(t.b));
    mx_body_end(t.b, NULL, 0);
    test_build_free(&t);
}

/* ---- memory ---- */

static bool build_something(const mx_env *env) {
    test_build t;
    if (!test_build_init(&t, env, 18)) return false;
    mx_size s0 = test_symbol(&t, "s0");
    mx_val x = test_input(&t, FLOAT, 3, (mx_size[]){s0, {4, 0}, {6, 0}});
    mx_val list[3] = {mx_dim(t.b, x, 0), mx_int64(t.b, 3), mx_op2(t.b, "Mul", mx_int64(t.b, 4), mx_int64(t.b, 2))};
    mx_val y = mx_reshape(t.b, mx_transpose(t.b, x, (int64_t[]){0, 2, 1}, 3), mx_concat(t.b, list, 3, 0));
    mx_val parts[2];
    mx_split(t.b, y, 1, (int64_t[]){1, 2}, 2, parts);
    int64_t body = mx_body_begin(t.b);
    mx_val in = mx_body_input(t.b, "x", FLOAT, 1, NULL);
    mx_val out = mx_op(t.b, "Concat", MX_IN(in, in), MX_AT(mx_at_i("axis", 0)));
    mx_body_end(t.b, &out, 1);
    mx_val z = mx_op(t.b, "If", MX_IN(in), MX_AT(mx_at_body("then_branch", body), mx_at_body("else_branch", body)));
    mx_body_end(t.b, (mx_val[]){z, parts[1], parts[0]}, 3);
    mx_status status = mx_build_status(t.b, NULL);
    assert_true(status == MX_OK || status == MX_ERR_NOMEM);
    test_build_free(&t);
    return status == MX_OK;
}

static void test_no_memory(void **state) {
    (void)state;
    bool done = false;
    for (size_t n = 1; !done; n++) {
        test_allocator a;
        test_allocator_init(&a);
        a.fail_at = n;
        mx_env env = {.allocator = &a.allocator};
        done = build_something(&env);
        assert_int_equal(a.blocks, 0);
        assert_true(done == !a.failed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),      cmocka_unit_test(test_equal_once),  cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_loop_types), cmocka_unit_test(test_needed),      cmocka_unit_test(test_weights),
        cmocka_unit_test(test_errors),     cmocka_unit_test(test_deep_bodies), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
