/* Comparing graphs: bodies, functions, descriptions of values and types. */
#include "hand_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- scopes within scopes ---- */

static void test_bodies(void **state) {
    (void)state;
    mx_graph *b = hand_model();
    mx_node_id then_body = mx_node_at(b, hand_find(b, "choose"))->attrs[0].value.index;
    mx_scope_data *s = &b->scopes[mx_node_at(b, then_body)->data];
    mx_node_at(b, s->operators[0])->inputs[0].name = hand_sid(b, "s"); /* captures another value */
    hand_op(b, then_body, "Abs", "", "t", "u");
    mx_scope_data *e = &b->scopes[mx_node_at(b, mx_node_at(b, hand_find(b, "choose"))->attrs[1].value.index)->data];
    e->doc = hand_sid(b, "else");
    hand_expect(hand_model(), b,
           "~edge: 'choose'.then_branch / Neg #0 input 0: 'gemm' output 0 -> 'add' output 0\n"
           "+node: 'choose'.then_branch / Abs #1: () -> 'Abs'\n"
           "+graph: 'choose'.else_branch graph doc_string: () -> 'else'\n");
}

/* The two bodies of an If are exchanged. */
static void test_exchanged_bodies(void **state) {
    (void)state;
    mx_graph *b = hand_model();
    mx_attr *attrs = mx_node_at(b, hand_find(b, "choose"))->attrs;
    uint32_t kept = attrs[0].value.index;
    attrs[0].value.index = attrs[1].value.index;
    attrs[1].value.index = kept;
    hand_expect(hand_model(), b,
           "~output: 'choose'.then_branch / output 't' name: 't' -> 'e'\n"
           "~edge: 'choose'.then_branch / output 't': Neg #0 output 0 -> 'keep' output 0\n"
           "-node: 'choose'.then_branch / Neg #0: 'Neg' -> ()\n"
           "+node: 'choose'.else_branch / 'keep': () -> 'Identity'\n"
           "~output: 'choose'.else_branch / output 'e' name: 'e' -> 't'\n"
           "~edge: 'choose'.else_branch / output 'e': 'keep' output 0 -> Neg #0 output 0\n"
           "-node: 'choose'.else_branch / 'keep': 'Identity' -> ()\n"
           "+node: 'choose'.then_branch / Neg #0: () -> 'Neg'\n");
}

/* Two attributes that own one body do not make it be compared twice, nor pass for two bodies. */
static void test_shared_body(void **state) {
    (void)state;
    mx_graph *a = hand_model(), *b = hand_model();
    mx_attr *attrs = mx_node_at(b, hand_find(b, "choose"))->attrs;
    attrs[1].value.index = attrs[0].value.index;
    hand_expect(a, b, "~attribute: 'choose' attribute 'else_branch': its own body -> the body of another attribute\n");
}

static void test_functions(void **state) {
    (void)state;
    mx_graph *a = hand_model(), *b = hand_model();
    mx_node_at(b, hand_find(b, "Twice"))->overload = hand_sid(b, "v2");
    hand_expect(a, b, "-function: function 'my'.'Twice': () -> ()\n+function: function 'my'.'Twice':'v2': () -> ()\n");
    b = hand_model();
    mx_node_id twice = hand_find(b, "Twice");
    mx_scope_data *s = &b->scopes[mx_node_at(b, twice)->data];
    mx_node_at(b, twice)->overload = MX_SID_EMPTY;
    mx_node_at(b, s->operators[0])->op_type = hand_sid(b, "Sub");
    s->opsets[0].version = 19;
    s->n_attribute_names = 1;
    hand_expect(hand_model(), b,
           "+function: function 'my'.'Twice' overload: () -> ''\n"
           "~opset: function 'my'.'Twice' opset_import '' version: 18 -> 19\n"
           "-function: function 'my'.'Twice' attribute 'beta': () -> ()\n"
           "~node: function 'my'.'Twice' / Add #0 op_type: 'Add' -> 'Sub'\n");
}

static void test_value_infos(void **state) {
    (void)state;
    mx_graph *b = hand_model();
    b->scopes[0].value_infos[0].type = MX_NO_INDEX;
    b->scopes[0].value_infos[0].rest = hand_sid(b, "{}");
    mx_value_info v = {.name = hand_sid(b, "h"), .type = hand_float_type(b, 9)};
    assert_int_equal(mx_scope_add_value_info(b, &b->scopes[0], &v, NULL), MX_OK);
    hand_expect(hand_model(), b,
           "-value_info: value_info 's' type: FLOAT[3] -> ()\n"
           "+value_info: value_info 's' rest: () -> '{}'\n"
           "+value_info: value_info 'h': () -> FLOAT[9]\n");
}

static void test_types(void **state) {
    (void)state;
    mx_graph *g[2];
    for (int side = 0; side < 2; side++) {
        g[side] = hand_graph();
        uint32_t inner = hand_float_type(g[side], side), type;
        mx_type map = {.kind = MX_TYPE_MAP, .has_elem = true, .elem = STRING, .child = inner};
        assert_int_equal(mx_graph_add_type(g[side], &map, &type, NULL), MX_OK);
        mx_type sequence = {.kind = MX_TYPE_SEQUENCE, .child = type};
        assert_int_equal(mx_graph_add_type(g[side], &sequence, &type, NULL), MX_OK);
        mx_node_at(g[side], hand_input(g[side], 0, "x"))->data = type;
    }
    hand_expect(g[0], g[1],
           "~input: input 'x' type: sequence of map from STRING to FLOAT[0] -> "
           "sequence of map from STRING to FLOAT[1]\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_exchanged_bodies),
        cmocka_unit_test(test_shared_body),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_value_infos),
        cmocka_unit_test(test_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
