/* Edits of the wiring: edges decide. */
#include "graphml_doc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* x -> a (Relu) -> b (Add, with initializer w) -> c (Neg) -> y, without edges. */
static void chain_nodes(doc *d) {
    doc_begin(d);
    doc_model(d, "[{\"name\": \"w\", \"data_type\": \"FLOAT\", \"dims\": [1], \"data\": [64, 4]}]");
    doc_input(d, "x", 1, "0");
    doc_operator(d, "a", "Relu", 2, "0", "[\"x\"]", "[\"va\"]");
    doc_operator(d, "b", "Add", 3, "0", "[\"va\", \"w\"]", "[\"vb\"]");
    doc_operator(d, "c", "Neg", 4, "0", "[\"vb\"]", "[\"y\"]");
    doc_output(d, "y", 5, "0");
}

static void chain(doc *d) {
    chain_nodes(d);
    doc_edge(d, "x", 0, "a", 0);
    doc_edge(d, "a", 0, "b", 0);
    doc_edge(d, "b", 0, "c", 0);
    doc_edge(d, "c", 0, "out_y", 0);
}

static void test_unedited(void **state) {
    (void)state;
    doc d;
    chain(&d);
    doc_good(&d);
    assert_string_equal(doc_order(&d, 0), "a,b,c,");
    assert_string_equal(doc_inputs(&d, "b"), "va,w,");
    const mx_node *b = mx_node_at(d.g, doc_find(&d, "b"));
    assert_int_equal(b->inputs[0].source, doc_find(&d, "a"));
    assert_int_equal(b->inputs[1].source, MX_NO_NODE);
    assert_int_equal(b->flags, 0);
    assert_int_equal(d.g->scopes[0].n_initializers, 1);
    assert_int_equal(d.g->scopes[0].n_inputs, 1);
    assert_int_equal(d.g->scopes[0].n_outputs, 1);
    assert_int_equal(d.report.ports_changed + d.report.nodes_new + d.report.nodes_deleted, 0);
    doc_end(&d);
}

static void test_delete_operator(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, "[{\"name\": \"w\", \"dims\": []}]");
    doc_input(&d, "x", 1, "0");
    doc_operator(&d, "a", "Relu", 2, "0", "[\"x\"]", "[\"va\"]");
    doc_operator(&d, "c", "Neg", 4, "0", "[\"vb\"]", "[\"y\"]");
    doc_output(&d, "y", 5, "0");
    doc_edge(&d, "x", 0, "a", 0);
    doc_edge(&d, "a", 0, "c", 0);
    doc_edge(&d, "c", 0, "out_y", 0);
    doc_good(&d);
    assert_string_equal(doc_inputs(&d, "c"), "va,");
    assert_int_equal(d.report.nodes_deleted, 1);
    assert_int_equal(d.report.ports_changed, 1);
    assert_int_equal(d.report.initializers_dropped, 1);
    assert_int_equal(d.g->scopes[0].n_initializers, 0);
    doc_end(&d);
}

static void test_unused_initializer_stays(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, "[{\"name\": \"w\", \"dims\": [], \"unused\": true}]");
    doc_good(&d);
    assert_int_equal(d.g->scopes[0].n_initializers, 1);
    assert_true(d.g->tensors[0].unused_at_source);
    doc_end(&d);
}

static void test_edge_elsewhere_repairs_order(void **state) {
    (void)state;
    doc d;
    chain_nodes(&d); /* x -> c -> b -> a -> y */
    doc_edge(&d, "x", 0, "c", 0);
    doc_edge(&d, "c", 0, "b", 0);
    doc_edge(&d, "b", 0, "a", 0);
    doc_edge(&d, "a", 0, "out_y", 0);
    doc_good(&d);
    assert_string_equal(doc_order(&d, 0), "c,b,a,");
    assert_string_equal(doc_outputs(&d, "a"), "y,");     /* takes the output's name */
    assert_string_not_equal(doc_outputs(&d, "c"), "y,"); /* which c had to give up */
    assert_string_equal(doc_inputs(&d, "b") + strlen(doc_outputs(&d, "c")), "w,");
    doc_end(&d);
}

static void test_missing_edge(void **state) {
    (void)state;
    doc d;
    chain_nodes(&d);
    doc_edge(&d, "x", 0, "a", 0);
    doc_edge(&d, "b", 0, "c", 0);
    doc_edge(&d, "c", 0, "out_y", 0);
    doc_bad(&d, MX_ERR_INVALID, "input 0 has no edge; it had 'va'");
    assert_string_equal(d.err.node, "b");
    assert_true(d.err.line > 0);
    doc_end(&d);
    chain_nodes(&d);
    doc_edge(&d, "x", 0, "a", 0);
    doc_edge(&d, "a", 0, "b", 0);
    doc_edge(&d, "b", 0, "c", 0);
    doc_bad(&d, MX_ERR_INVALID, "output 0 has no edge; it had 'y'");
    doc_end(&d);
}

static void test_unnamed_operator_in_message(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_node(&d, "n", "node_kind", "operator", "op_type", "MatMul", "node_index", "7", "parent", "0", "input_names",
             "[\"gone\"]", "output_names", "[\"v\"]", NULL);
    doc_bad(&d, MX_ERR_INVALID, "input 0 has no edge");
    assert_string_equal(d.err.node, "MatMul (node_index 7)");
    doc_end(&d);
}

static void test_marked_unresolved(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_node(&d, "n", "node_kind", "operator", "op_type", "Add", "node_index", "1", "parent", "0", "input_names",
             "[\"gone\", \"\", \"gone too\"]", "output_names", "[\"v\"]", "faults", "{\"unresolved\": [2, 0]}", NULL);
    doc_good(&d);
    doc_end(&d);
}

static void test_two_edges(void **state) {
    (void)state;
    doc d;
    chain(&d);
    doc_edge(&d, "x", 0, "b", 0);
    doc_bad(&d, MX_ERR_INVALID, "input 0 has two edges");
    assert_string_equal(d.err.node, "b");
    doc_end(&d);
    chain(&d);
    doc_edge(&d, "x", 0, "out_y", 0);
    doc_bad(&d, MX_ERR_INVALID, "input 0 has two edges");
    doc_end(&d);
}

static void test_cycle(void **state) {
    (void)state;
    doc d;
    chain_nodes(&d);
    doc_edge(&d, "c", 0, "a", 0);
    doc_edge(&d, "a", 0, "b", 0);
    doc_edge(&d, "b", 0, "c", 0);
    doc_edge(&d, "c", 0, "out_y", 0);
    doc_bad(&d, MX_ERR_INVALID, "cycle");
    doc_end(&d);
}

static void test_cycle_of_the_source(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_node(&d, "p", "node_kind", "operator", "op_type", "Relu", "name", "p", "node_index", "1", "parent", "0",
             "input_names", "[\"vq\"]", "output_names", "[\"vp\"]", "faults", "{\"unordered\": true}", NULL);
    doc_operator(&d, "q", "Relu", 2, "0", "[\"vp\"]", "[\"vq\"]");
    doc_edge(&d, "q", 0, "p", 0);
    doc_edge(&d, "p", 0, "q", 0);
    doc_good(&d);
    assert_string_equal(doc_order(&d, 0), "p,q,");
    doc_end(&d);
}

static void test_ports(void **state) {
    (void)state;
    doc d;
    chain(&d);
    doc_edge(&d, "x", 0, "b", 2); /* one more input */
    doc_good(&d);
    assert_string_equal(doc_inputs(&d, "b"), "va,w,x,");
    doc_end(&d);
    chain(&d);
    doc_edge(&d, "x", 0, "b", 3);
    doc_bad(&d, MX_ERR_INVALID, "input 2 has no edge, but input 3 has one");
    doc_end(&d);
    chain(&d);
    doc_edge(&d, "x", 0, "b", 2000000000);
    doc_bad(&d, MX_ERR_INVALID, "the inputs before it have none");
    doc_end(&d);
    chain(&d);
    doc_edge(&d, "x", 0, "b", 3);
    doc_edge(&d, "x", 0, "b", 4);
    doc_bad(&d, MX_ERR_INVALID, "input 2 has no edge, but input 4 has one");
    doc_end(&d);
    chain(&d);
    doc_edge(&d, "a", 1, "b", 1);
    doc_bad(&d, MX_ERR_INVALID, "an edge leaves port 1, but it has 1 outputs");
    assert_string_equal(d.err.node, "a");
    doc_end(&d);
    chain(&d);
    doc_edge(&d, "a", 0, "out_y", 1);
    doc_bad(&d, MX_ERR_INVALID, "an output has only input 0");
    doc_end(&d);
}

static void test_edge_replaces_initializer(void **state) {
    (void)state;
    doc d;
    chain(&d);
    doc_edge(&d, "x", 0, "b", 1);
    doc_good(&d);
    assert_string_equal(doc_inputs(&d, "b"), "va,x,");
    assert_int_equal(d.report.initializers_dropped, 1);
    doc_end(&d);
}

static void test_edge_without_data(void **state) {
    (void)state;
    doc d;
    chain_nodes(&d);
    doc_edge(&d, "x", -1, "a", -1);
    doc_edge(&d, "a", -1, "b", -1); /* input 1 is an initializer's */
    doc_edge(&d, "b", -1, "c", -1);
    doc_edge(&d, "c", -1, "out_y", -1);
    doc_good(&d);
    assert_string_equal(doc_inputs(&d, "b"), "va,w,");
    assert_int_equal(d.report.ports_changed, 0);
    doc_end(&d);
    chain(&d);
    doc_edge(&d, "x", -1, "c", -1);
    doc_bad(&d, MX_ERR_INVALID, "no input is free");
    doc_end(&d);
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_input(&d, "x", 1, "0");
    doc_operator(&d, "m", "MatMul", 2, "0", "[\"p\", \"q\"]", "[\"v\"]");
    doc_edge(&d, "x", -1, "m", -1);
    doc_bad(&d, MX_ERR_INVALID, "any of the inputs 0, 1");
    doc_end(&d);
}

static void test_optional_input_dropped(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_input(&d, "x", 1, "0");
    doc_operator(&d, "m", "Clip", 2, "0", "[\"x\", \"\"]", "[\"v\"]");
    doc_edge(&d, "x", 0, "m", 0);
    doc_good(&d);
    assert_string_equal(doc_inputs(&d, "m"), "x,,");
    doc_end(&d);
}

static void test_new_operator(void **state) {
    (void)state;
    doc d;
    chain_nodes(&d);
    doc_node(&d, "added", "op_type", "Sigmoid", "name", "new one", "node_attributes", "{\"alpha\": 0.5}", NULL);
    doc_edge(&d, "x", 0, "a", 0);
    doc_edge(&d, "a", 0, "added", -1);
    doc_edge(&d, "added", -1, "b", 0);
    doc_edge(&d, "b", 0, "c", 0);
    doc_edge(&d, "c", 0, "out_y", 0);
    doc_good(&d);
    assert_string_equal(doc_order(&d, 0), "a,new one,b,c,");
    assert_string_equal(doc_inputs(&d, "new one"), "va,");
    assert_string_equal(doc_outputs(&d, "new one"), "new one_1,");
    assert_string_equal(doc_inputs(&d, "b"), "new one_1,w,");
    assert_true(mx_node_at(d.g, doc_find(&d, "new one"))->flags & MX_FLAG_NEW);
    assert_int_equal(d.report.nodes_new, 1);
    doc_end(&d);
}

static void test_new_operator_with_many_outputs(void **state) {
    (void)state;
    doc d;
    chain_nodes(&d);
    doc_node(&d, "added", "op_type", "Split", "name", "s", NULL);
    doc_edge(&d, "x", 0, "a", 0);
    doc_edge(&d, "a", 0, "added", 0);
    doc_edge(&d, "added", 2, "b", 0);
    doc_edge(&d, "b", 0, "c", 0);
    doc_edge(&d, "c", 0, "out_y", 0);
    doc_good(&d);
    assert_string_equal(doc_outputs(&d, "s"), ",,s_1,");
    doc_end(&d);
    chain(&d);
    doc_node(&d, "added", "op_type", "Split", "name", "s", NULL);
    doc_edge(&d, "added", 5000, "b", 2);
    doc_bad(&d, MX_ERR_INVALID, "an edge leaves port 5000");
    doc_end(&d);
}

static void test_new_node_without_op_type(void **state) {
    (void)state;
    doc d;
    chain(&d);
    doc_node(&d, "note", NULL);
    doc_good(&d); /* a note beside the graph */
    assert_int_equal(d.g->n_nodes, 6);
    doc_edge(&d, "note", -1, "b", 2);
    doc_bad(&d, MX_ERR_INVALID, "without op_type");
    doc_end(&d);
    chain(&d);
    doc_node(&d, "n", "node_kind", "operator", "name", "n", NULL);
    doc_bad(&d, MX_ERR_INVALID, "a new operator needs an op_type");
    doc_end(&d);
}

static void test_copied_operator(void **state) {
    (void)state;
    doc d;
    chain_nodes(&d);
    doc_node(&d, "copy", "node_kind", "operator", "name", "a", "op_type", "Relu", "node_index", "2", "parent", "0",
             "input_names", "[\"x\"]", "output_names", "[\"va\"]", NULL);
    doc_edge(&d, "x", 0, "a", 0);
    doc_edge(&d, "a", 0, "copy", 0);
    doc_edge(&d, "copy", 0, "b", 0);
    doc_edge(&d, "b", 0, "c", 0);
    doc_edge(&d, "c", 0, "out_y", 0);
    doc_good(&d);
    assert_string_equal(doc_order(&d, 0), "a,a_1,b,c,");
    assert_string_equal(doc_outputs(&d, "a"), "va,");
    assert_string_equal(doc_outputs(&d, "a_1"), "va_2,");
    assert_string_equal(doc_inputs(&d, "b"), "va_2,w,");
    assert_int_equal(d.report.nodes_new, 1);
    doc_end(&d);
}

static void test_copy_needs_its_edges(void **state) {
    (void)state;
    doc d;
    chain(&d);
    doc_node(&d, "copy", "node_kind", "operator", "name", "a", "op_type", "Relu", "node_index", "2", "parent", "0",
             "input_names", "[\"x\"]", "output_names", "[\"va\"]", NULL);
    doc_bad(&d, MX_ERR_INVALID, "input 0 has no edge; it had 'x'");
    doc_end(&d);
}

static void test_output_through_identity(void **state) {
    (void)state;
    doc d;
    chain_nodes(&d);
    doc_edge(&d, "x", 0, "a", 0);
    doc_edge(&d, "a", 0, "b", 0);
    doc_edge(&d, "b", 0, "c", 0);
    doc_edge(&d, "x", 0, "out_y", 0); /* an input cannot be renamed */
    doc_good(&d);
    assert_string_equal(doc_order(&d, 0), "a,b,c,Identity_2,");
    assert_string_equal(doc_outputs(&d, "c"), "y_1,");
    doc_end(&d);
}

static void test_two_outputs_swap(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_input(&d, "x", 1, "0");
    doc_operator(&d, "a", "Relu", 2, "0", "[\"x\"]", "[\"p\"]");
    doc_operator(&d, "b", "Neg", 3, "0", "[\"x\"]", "[\"q\"]");
    doc_output(&d, "p", 4, "0");
    doc_output(&d, "q", 5, "0");
    doc_edge(&d, "x", 0, "a", 0);
    doc_edge(&d, "x", 0, "b", 0);
    doc_edge(&d, "a", 0, "out_q", 0);
    doc_edge(&d, "b", 0, "out_p", 0);
    doc_good(&d);
    assert_string_equal(doc_outputs(&d, "a"), "q,");
    assert_string_equal(doc_outputs(&d, "b"), "p,");
    doc_end(&d);
}

static void test_one_value_for_two_outputs(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_input(&d, "x", 1, "0");
    doc_operator(&d, "a", "Relu", 2, "0", "[\"x\"]", "[\"p\"]");
    doc_output(&d, "p", 4, "0");
    doc_output(&d, "q", 5, "0");
    doc_edge(&d, "x", 0, "a", 0);
    doc_edge(&d, "a", 0, "out_p", 0);
    doc_edge(&d, "a", 0, "out_q", 0);
    doc_good(&d);
    assert_string_equal(doc_outputs(&d, "a"), "p,");
    assert_string_equal(doc_order(&d, 0), "a,Identity_1,");
    doc_end(&d);
}

static void test_output_takes_initializers_name(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, "[{\"name\": \"y\", \"dims\": []}]");
    doc_input(&d, "x", 1, "0");
    doc_operator(&d, "a", "Add", 2, "0", "[\"x\", \"y\"]", "[\"v\"]");
    doc_output(&d, "y", 3, "0");
    doc_edge(&d, "x", 0, "a", 0);
    doc_good(&d); /* the output is the initializer itself */
    doc_edge(&d, "a", 0, "out_y", 0);
    doc_good(&d);
    assert_string_equal(doc_outputs(&d, "a"), "y,");
    assert_string_equal(doc_inputs(&d, "a"), "x,y_1,");
    assert_int_equal(d.g->scopes[0].n_initializers, 1);
    doc_end(&d);
}

static void test_duplicate_values(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_operator(&d, "a", "Constant", 1, "0", "[]", "[\"v\"]");
    doc_operator(&d, "b", "Constant", 2, "0", "[]", "[\"v\"]");
    doc_bad(&d, MX_ERR_INVALID, "something else makes too");
    doc_end(&d);
    doc_begin(&d);
    doc_model(&d, NULL);
    for (int i = 1; i < 3; i++)
        doc_node(&d, i == 1 ? "a" : "b", "node_kind", "operator", "op_type", "Constant", "node_index",
                 i == 1 ? "1" : "2", "parent", "0", "input_names", "[]", "output_names", "[\"v\"]", "faults",
                 "{\"duplicate\": [0]}", NULL);
    doc_good(&d);
    doc_end(&d);
}

static void test_odd_ends(void **state) {
    (void)state;
    doc d;
    chain(&d);
    doc_edge(&d, "nowhere", 0, "b", 0);
    doc_bad(&d, MX_ERR_INVALID, "'nowhere', which is no node");
    doc_end(&d);
    chain(&d);
    doc_edge(&d, "out_y", 0, "b", 2);
    doc_bad(&d, MX_ERR_INVALID, "makes no value");
    doc_end(&d);
    chain(&d);
    doc_edge(&d, "a", 0, "x", 0);
    doc_bad(&d, MX_ERR_INVALID, "takes no value");
    doc_end(&d);
    chain(&d);
    doc_edge(&d, "a", 0, "model", 0);
    doc_bad(&d, MX_ERR_INVALID, "takes no value");
    doc_end(&d);
}

static void test_deleted_input_and_output(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_operator(&d, "a", "Relu", 2, "0", "[\"x\"]", "[\"y\"]");
    doc_output(&d, "y", 3, "0");
    doc_edge(&d, "a", 0, "out_y", 0);
    doc_bad(&d, MX_ERR_INVALID, "input 0 has no edge; it had 'x'");
    doc_end(&d);
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_input(&d, "x", 1, "0");
    doc_operator(&d, "a", "Relu", 2, "0", "[\"x\"]", "[\"y\"]");
    doc_edge(&d, "x", 0, "a", 0);
    doc_good(&d);
    assert_int_equal(d.g->scopes[0].n_outputs, 0);
    doc_end(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unedited),
        cmocka_unit_test(test_delete_operator),
        cmocka_unit_test(test_unused_initializer_stays),
        cmocka_unit_test(test_edge_elsewhere_repairs_order),
        cmocka_unit_test(test_missing_edge),
        cmocka_unit_test(test_unnamed_operator_in_message),
        cmocka_unit_test(test_marked_unresolved),
        cmocka_unit_test(test_two_edges),
        cmocka_unit_test(test_cycle),
        cmocka_unit_test(test_cycle_of_the_source),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_edge_replaces_initializer),
        cmocka_unit_test(test_edge_without_data),
        cmocka_unit_test(test_optional_input_dropped),
        cmocka_unit_test(test_new_operator),
        cmocka_unit_test(test_new_operator_with_many_outputs),
        cmocka_unit_test(test_new_node_without_op_type),
        cmocka_unit_test(test_copied_operator),
        cmocka_unit_test(test_copy_needs_its_edges),
        cmocka_unit_test(test_output_through_identity),
        cmocka_unit_test(test_two_outputs_swap),
        cmocka_unit_test(test_one_value_for_two_outputs),
        cmocka_unit_test(test_output_takes_initializers_name),
        cmocka_unit_test(test_duplicate_values),
        cmocka_unit_test(test_odd_ends),
        cmocka_unit_test(test_deleted_input_and_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
