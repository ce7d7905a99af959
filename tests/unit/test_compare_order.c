/* Comparing graphs: orders that count, and orders that do not. */
#include "hand_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- order ---- */

static void test_two_valid_orders(void **state) {
    (void)state;
    mx_graph *b = hand_diamond();
    hand_swap_ids(b->scopes[0].operators, 0, 1);
    hand_expect(hand_diamond(), b, "");
}

static void test_an_order_that_is_not_valid(void **state) {
    (void)state;
    mx_graph *a = hand_diamond(), *b = hand_diamond();
    hand_swap_ids(b->scopes[0].operators, 1, 2);
    hand_expect(a, b, "~order: Add #2: after Neg #1 -> before Neg #2\n");
    a = hand_diamond();
    b = hand_diamond();
    hand_swap_ids(a->scopes[0].operators, 1, 2);
    hand_swap_ids(b->scopes[0].operators, 1, 2);
    hand_expect(a, b, "");
}

/* A body uses what the scope around it makes later. */
static void test_order_around_a_body(void **state) {
    (void)state;
    mx_graph *b = hand_model();
    hand_swap_ids(b->scopes[0].operators, 1, 2);
    hand_expect(hand_model(), b, "~order: 'choose': after 'gemm' -> before 'gemm'\n");
}

static void test_order_of_lists(void **state) {
    (void)state;
    mx_graph *a = hand_model(), *b = hand_model();
    hand_initializer(a, "v", FLOAT, MX_TENSOR_RAW_DATA, hand_weights, sizeof hand_weights);
    hand_initializer(b, "v", FLOAT, MX_TENSOR_RAW_DATA, hand_weights, sizeof hand_weights);
    hand_swap_ids(b->scopes[0].initializers, 0, 1);
    mx_attr *attrs = mx_node_at(b, hand_find(b, "gemm"))->attrs, kept = attrs[0];
    attrs[0] = attrs[1];
    attrs[1] = kept;
    mx_node_at(b, 0)->metadata = hand_pairs(b, "l", "2", "k", "1");
    mx_scope_data *twice = &b->scopes[mx_node_at(b, hand_find(b, "Twice"))->data];
    hand_swap_ids(twice->attribute_names, 0, 1);
    mx_opset *opsets = b->scopes[0].opsets, first = opsets[0];
    opsets[0] = opsets[1];
    opsets[1] = first;
    hand_expect(a, b, "");
}

/* Of two entries with one key the first is the one that counts. */
static void test_repeated_keys(void **state) {
    (void)state;
    mx_graph *a = hand_graph(), *b = hand_graph();
    mx_node_at(a, 0)->metadata = hand_pairs(a, "k", "1", "k", "2");
    mx_node_at(b, 0)->metadata = hand_pairs(b, "k", "2", "k", "1");
    hand_expect(a, b, "~metadata: metadata 'k': '1' -> '2'\n~metadata: metadata 'k': '2' -> '1'\n");
}

static void test_opaque_entries(void **state) {
    (void)state;
    mx_graph *a = hand_graph(), *b = hand_graph();
    mx_node_at(a, 0)->metadata = hand_pairs(a, "k", "1", "k", "2");
    mx_node_at(a, 0)->metadata.items[0].opaque = hand_sid(a, "k");
    mx_node_at(b, 0)->metadata = hand_pairs(b, "k", "2", "k", "1");
    mx_node_at(b, 0)->metadata.items[1].opaque = hand_sid(b, "k");
    hand_expect(a, b, "");
    a = hand_graph();
    b = hand_graph();
    mx_node_at(a, 0)->metadata = hand_pairs(a, "k", "1", NULL, NULL);
    mx_node_at(b, 0)->metadata = hand_pairs(b, "k", "1", NULL, NULL);
    mx_node_at(b, 0)->metadata.items[0].opaque = hand_sid(b, "\x12\x01");
    hand_expect(a, b, "-metadata: metadata 'k': '1' -> ()\n+metadata: metadata 'k': () -> '\\x12\\x01'\n");
}

static void test_order_of_inputs(void **state) {
    (void)state;
    mx_graph *b = hand_model();
    hand_swap_ids(b->scopes[0].inputs, 0, 1);
    hand_expect(hand_model(), b, "~order: input 'flag': after input 'x' -> before input 'x'\n");
}

static void test_inputs(void **state) {
    (void)state;
    mx_graph *b = hand_model();
    mx_node *x = mx_node_at(b, hand_find(b, "x"));
    x->name = x->outputs[0] = hand_sid(b, "x2");
    x->data = hand_float_type(b, 4);
    mx_node_at(b, hand_find(b, "add"))->inputs[0].name = x->name;
    hand_input(b, 0, "extra");
    hand_expect(hand_model(), b,
           "~input: input 'x' name: 'x' -> 'x2'\n"
           "~input: input 'x' type: FLOAT[3] -> FLOAT[4]\n"
           "+input: input 'extra': () -> FLOAT[3]\n");
}

static void test_outputs(void **state) {
    (void)state;
    mx_graph *a = hand_diamond(), *b = hand_diamond();
    hand_output(a, 0, "a");
    mx_node_at(b, b->scopes[0].outputs[0])->inputs[0].name = hand_sid(b, "a");
    mx_node_at(b, b->scopes[0].outputs[0])->name = hand_sid(b, "a");
    hand_expect(a, b,
           "-output: output 'y': FLOAT[3] -> ()\n"
           "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_valid_orders),
        cmocka_unit_test(test_an_order_that_is_not_valid),
        cmocka_unit_test(test_order_around_a_body),
        cmocka_unit_test(test_order_of_lists),
        cmocka_unit_test(test_repeated_keys),
        cmocka_unit_test(test_opaque_entries),
        cmocka_unit_test(test_order_of_inputs),
        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
