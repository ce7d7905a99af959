/* Declared types after an edit: what is still true stays, what is not goes. */
#include "converter/stale.h"

#include "hand_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define FLAGS(node) mx_node_at(g, node)->flags

static void declare(mx_graph *g, const char *name, uint32_t type) {
    mx_value_info v = {.name = hand_sid(g, name), .type = type};
    assert_int_equal(mx_scope_add_value_info(g, &g->scopes[0], &v, NULL), MX_OK);
}

/* x -> A -> a -> B -> b -> C -> y, all FLOAT[3] */
typedef struct chain {
    mx_graph *g;
    mx_node_id a, b, c, y;
} chain;

static chain make(const char *type_of_b) {
    chain t = {.g = hand_graph()};
    mx_graph *g = t.g;
    mx_opset *opset = hand_array(g, 1, sizeof *opset);
    *opset = (mx_opset){.has_version = true, .version = 18};
    g->scopes[0].opsets = opset;
    g->scopes[0].n_opsets = 1;
    hand_input(g, 0, "x");
    t.a = hand_op(g, 0, "Relu", "A", "x", "a");
    t.b = hand_op(g, 0, type_of_b, "B", "a", "b");
    t.c = hand_op(g, 0, "Neg", "C", "b", "y");
    t.y = hand_output(g, 0, "y");
    for (const char *name = "ab"; *name; name++)
        declare(g, (char[2]){*name, 0}, hand_float_type(g, 3));
    hand_wire(g);
    return t;
}

static void log_stale(void *ctx, mx_sid value, mx_node_id output, uint32_t before, uint32_t after) {
    hand_log *log = ctx;
    (void)value;
    assert_int_not_equal(before, after);
    snprintf(log->text + strlen(log->text), 100, "%s ", output == MX_NO_NODE ? "info" : "output");
}

static void expect(chain t, uint64_t count, const char *told) {
    hand_log log = {0};
    uint64_t found;
    mx_error err;
    if (mx_drop_stale_types(t.g, log_stale, &log, &found, &err) != MX_OK) fail_msg("%s", err.message);
    assert_int_equal(found, count);
    assert_string_equal(log.text, told);
}

static void test_nothing_edited(void **state) {
    (void)state;
    chain t = make("Size"); /* what is declared is wrong, but so it came */
    expect(t, 0, "");
    assert_int_equal(t.g->scopes[0].n_value_infos, 2);
    mx_graph_release(t.g);
}

static void test_still_true(void **state) {
    (void)state;
    chain t = make("Abs");
    mx_graph *g = t.g;
    FLAGS(t.a) |= MX_FLAG_EDITED;
    expect(t, 0, "");
    assert_int_equal(g->scopes[0].n_value_infos, 2);
    assert_int_equal(mx_node_at(g, t.y)->data, hand_float_type(g, 3));
    mx_graph_release(g);
}

/* The shape of an array: INT64[1] from here on. */
static void test_other_type(void **state) {
    (void)state;
    chain t = make("Shape");
    mx_graph *g = t.g;
    FLAGS(t.b) |= MX_FLAG_EDITED;
    expect(t, 2, "info output ");
    assert_int_equal(g->scopes[0].n_value_infos, 1);
    assert_int_equal(g->scopes[0].value_infos[0].name, hand_sid(g, "a"));
    const mx_type *y = &g->types[mx_node_at(g, t.y)->data];
    assert_int_equal(y->elem, INT64);
    assert_int_equal(y->n_dims, 1);
    assert_int_equal(y->dims[0].value, 1);
    mx_graph_release(g);
}

/* Nobody knows what a custom operator makes, but an output of the model must have a type and a shape: it keeps its element
 * type and rank. */
static void test_unknown(void **state) {
    (void)state;
    chain t = make("Frobnicate");
    mx_graph *g = t.g;
    FLAGS(t.b) |= MX_FLAG_NEW;
    expect(t, 2, "info output ");
    const mx_type *y = &g->types[mx_node_at(g, t.y)->data];
    assert_int_equal(y->elem, FLOAT);
    assert_true(y->has_shape && y->n_dims == 1 && y->dims[0].kind == MX_DIM_NONE);
    mx_graph_release(g);
}

static void test_what_comes_before_stays(void **state) {
    (void)state;
    chain t = make("Frobnicate");
    mx_graph *g = t.g;
    FLAGS(t.c) |= MX_FLAG_CHANGED;
    expect(t, 0, ""); /* b is as it was declared, and -b like it */
    assert_int_equal(g->scopes[0].n_value_infos, 2);
    mx_graph_release(g);
}

/* Other initializers: whoever uses one is reached. */
static void test_edited_scope(void **state) {
    (void)state;
    chain t = make("Abs");
    mx_graph *g = t.g;
    static const float two[2];
    uint32_t w = hand_initializer(g, "w", FLOAT, MX_TENSOR_RAW_DATA, two, sizeof two);
    g->tensors[w].dims[0] = 2;
    mx_node_at(g, t.b)->inputs[0] = (mx_port){hand_sid(g, "w"), MX_NO_NODE, 0};
    hand_wire(g);
    FLAGS(0) |= MX_FLAG_EDITED;
    expect(t, 2, "info output ");
    mx_graph_release(g);
}

/* A Loop over a and b, to m and n; what its custom operator makes of a is known only from what is declared. */
typedef struct loop {
    chain t;
    mx_node_id op, a, b, a_out, b_out, of_b;
} loop;

static loop make_loop(const char *type_of_b) {
    loop l = {.t = {.g = hand_graph()}};
    mx_graph *g = l.t.g;
    mx_opset *opset = hand_array(g, 1, sizeof *opset);
    *opset = (mx_opset){.has_version = true, .version = 18};
    g->scopes[0].opsets = opset;
    g->scopes[0].n_opsets = 1;
    hand_input(g, 0, "x");
    hand_input(g, 0, "z");
    l.op = hand_op(g, 0, "Loop", "loop", ",,x,z", "m,n");
    mx_node_id body = hand_body(g, l.op, "body");
    hand_attributes(g, l.op, 1)[0] = hand_graph_attribute(g, "body", body);
    mx_node_at(g, hand_input(g, body, "i"))->data = MX_NO_INDEX;
    mx_node_at(g, hand_input(g, body, "go"))->data = MX_NO_INDEX;
    l.a = hand_input(g, body, "a");
    l.b = hand_input(g, body, "b");
    hand_op(g, body, "Frobnicate", "of_a", "a", "a_out");
    l.of_b = hand_op(g, body, type_of_b, "of_b", "b", "b_out");
    mx_node_at(g, hand_output(g, body, "go"))->data = MX_NO_INDEX;
    l.a_out = hand_output(g, body, "a_out");
    l.b_out = hand_output(g, body, "b_out");
    declare(g, "m", hand_float_type(g, 3));
    declare(g, "n", hand_float_type(g, 3));
    hand_wire(g);
    return l;
}

static void test_a_state_that_stays_as_it_was(void **state) {
    (void)state;
    loop l = make_loop("Neg");
    mx_graph *g = l.t.g;
    FLAGS(l.of_b) |= MX_FLAG_EDITED;
    expect(l.t, 0, "");
    assert_int_equal(mx_node_at(g, l.b)->data, hand_float_type(g, 3));
    mx_graph_release(g);
}

/* From one iteration to the next, and out; but not into the other state. */
static void test_only_one_state(void **state) {
    (void)state;
    loop l = make_loop("Refrobnicate");
    mx_graph *g = l.t.g;
    FLAGS(l.of_b) |= MX_FLAG_EDITED;
    expect(l.t, 3, "output info output ");
    assert_int_equal(g->scopes[0].n_value_infos, 1);
    assert_int_equal(mx_node_at(g, l.a)->data, hand_float_type(g, 3));
    assert_int_equal(mx_node_at(g, l.a_out)->data, hand_float_type(g, 3));
    assert_false(g->types[mx_node_at(g, l.b)->data].has_shape || g->types[mx_node_at(g, l.b_out)->data].has_shape);
    mx_graph_release(g);
}

/* The same where only a port of the Loop was given another value. */
static void test_only_one_port(void **state) {
    (void)state;
    loop l = make_loop("Neg");
    mx_graph *g = l.t.g;
    FLAGS(l.op) |= MX_FLAG_CHANGED;
    mx_rewired port = {l.op, 3};
    g->rewired = &port;
    g->n_rewired = 1;
    expect(l.t, 0, "");
    mx_graph_release(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_edited),
        cmocka_unit_test(test_still_true),
        cmocka_unit_test(test_other_type),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_what_comes_before_stays),
        cmocka_unit_test(test_edited_scope),
        cmocka_unit_test(test_a_state_that_stays_as_it_was),
        cmocka_unit_test(test_only_one_state),
        cmocka_unit_test(test_only_one_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
