/* A saved program as a compound graph: names, places, weights; and with memory that fails. */
#include "converter/graph.h"
#include "torch_io/torch_io.h"

#include "allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const small = MX_SOURCE_DIR "/tests/torch/tagged.pt2";

static mx_graph *read_small(const mx_torch_options *options, mx_torch_info *info) {
    mx_graph *g;
    mx_error err;
    mx_status status = mx_torch_read_pt2(NULL, small, options, &g, info, &err);
    if (status != MX_OK) print_error("%s\n", err.message);
    assert_int_equal(status, MX_OK);
    return g;
}

static const mx_tensor *initializer(const mx_graph *g, const char *name) {
    for (size_t i = 0; i < g->n_tensors; i++)
        if (mx_str_is(mx_text(g, g->tensors[i].name), name)) return &g->tensors[i];
    return NULL;
}

static const mx_node *operator_named(const mx_graph *g, const char *name) {
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        if (n->kind == MX_NODE_OPERATOR && mx_str_is(mx_text(g, n->name), name)) return n;
    }
    return NULL;
}

static void assert_text(const mx_graph *g, mx_sid id, const char *text) {
    assert_int_equal(mx_text(g, id).n, strlen(text));
    assert_memory_equal(mx_text(g, id).p, text, strlen(text));
}

static void test_names(void **state) {
    (void)state;
    mx_torch_info info;
    mx_graph *g = read_small(&(mx_torch_options){.opset = 17}, &info);
    const mx_scope_data *s = &g->scopes[0];
    assert_int_equal(s->n_inputs, 2);
    assert_text(g, mx_node_at(g, s->inputs[0])->name, "ids");
    assert_text(g, mx_node_at(g, s->inputs[1])->name, "unused");
    assert_int_equal(s->n_outputs, 2);
    assert_text(g, mx_node_at(g, s->outputs[0])->name, "hidden");
    assert_text(g, mx_node_at(g, s->outputs[1])->name, "scores");
    assert_int_equal(s->opsets[0].version, 17);
    assert_true(info.source_operators > 10);
    assert_true(info.modules >= 10);
    mx_graph_release(g);
}

/* Where an operator stands: the module node around it. */
static const mx_module_data *module_of(const mx_graph *g, const mx_node *n) {
    const mx_node *parent = mx_node_at(g, n->parent);
    assert_true(parent->kind == MX_NODE_MODULE);
    return &g->modules[parent->data];
}

static void test_places(void **state) {
    (void)state;
    mx_graph *g = read_small(&(mx_torch_options){.opset = 17}, NULL);
    const mx_node *first = operator_named(g, "/layer.0/norm/LayerNormalization");
    const mx_node *again = operator_named(g, "/layer.0_1/norm_1/LayerNormalization"),
                  *gate = operator_named(g, "/gate/Sigmoid");
    assert_non_null(first);
    assert_non_null(again);
    assert_non_null(gate);
    assert_text(g, module_of(g, first)->scope, "layer.0.norm");
    assert_text(g, module_of(g, first)->class_name, "LayerNorm");
    assert_text(g, module_of(g, first)->module_type, "torch.nn");
    assert_ptr_equal(module_of(g, again), module_of(g, first));
    assert_text(g, module_of(g, gate)->scope, "gate"); /* by the parameter that it uses */
    assert_int_equal(mx_node_at(g, gate->scope)->kind, MX_NODE_BODY);
    assert_text(g, g->modules[0].class_name, "Small");
    mx_graph_release(g);
}

static void test_weights(void **state) {
    (void)state;
    mx_graph *g = read_small(&(mx_torch_options){.opset = 17}, NULL);
    const mx_tensor *tied = initializer(g, "embed.weight"), *turned = initializer(g, "layer.0.dense.weight_T");
    assert_non_null(tied);
    assert_non_null(turned);
    assert_int_equal(tied->data.source, 0);
    assert_int_equal(tied->data.size, 20 * 16 * 4);
    assert_null(initializer(g, "head.weight"));
    assert_null(initializer(g, "layer.0.dense.weight"));
    assert_true(turned->data.source != 0);
    mx_graph_release(g);
    g = read_small(&(mx_torch_options){.opset = 17, .weights_in_place = true}, NULL);
    assert_non_null(initializer(g, "layer.0.dense.weight"));
    assert_null(initializer(g, "layer.0.dense.weight_T"));
    assert_non_null(operator_named(g, "/layer.0/dense/Transpose"));
    mx_graph_release(g);
    g = read_small(&(mx_torch_options){.opset = 17, .weights_as_inputs = true}, NULL);
    assert_true(g->scopes[0].n_inputs > 10);
    assert_null(initializer(g, "embed.weight"));
    mx_graph_release(g);
}

static bool has_traces(const mx_graph *g) {
    mx_sid key = mx_strings_find(&g->strings, MX_STR_LITERAL("pkg.torch.onnx.stack_trace"));
    for (size_t i = 0; i < g->strings.count; i++)
        if (g->strings.items[i].n && memmem(g->strings.items[i].p, g->strings.items[i].n, "/home/", 6)) return true;
    return key != MX_SID_NOMEM;
}

static void test_traces(void **state) {
    (void)state;
    mx_graph *g = read_small(NULL, NULL);
    assert_false(has_traces(g));
    assert_int_equal(g->scopes[0].opsets[0].version, 14);
    mx_graph_release(g);
    g = read_small(&(mx_torch_options){.stack_traces = true}, NULL);
    assert_true(has_traces(g));
    mx_graph_release(g);
}

static void test_usage(void **state) {
    (void)state;
    mx_graph *g;
    mx_error err;
    assert_int_equal(mx_torch_read_pt2(NULL, small, &(mx_torch_options){.opset = 13}, &g, NULL, &err), MX_ERR_USAGE);
    assert_null(g);
    assert_int_equal(mx_torch_read_pt2(NULL, small, &(mx_torch_options){.opset = 24}, &g, NULL, &err), MX_ERR_USAGE);
    assert_int_equal(mx_torch_read_pt2(NULL, MX_SOURCE_DIR "/none.pt2", NULL, &g, NULL, &err), MX_ERR_READ);
}

/* Most allocations are alike: after the first thousand only some fail. */
static void test_failing_memory(void **state) {
    (void)state;
    for (size_t n = 1;; n += n < 1000 ? 1 : 37) {
        test_allocator t;
        mx_graph *g;
        mx_error err;
        test_allocator_init(&t);
        t.fail_at = n;
        mx_status status = mx_torch_read_pt2(&(mx_env){.allocator = &t.allocator}, small, NULL, &g, NULL, &err);
        mx_graph_release(g);
        if (t.blocks) print_error("allocation %zu: %zu blocks are lost\n", n, t.blocks);
        assert_int_equal(t.blocks, 0);
        if (status != (t.failed ? MX_ERR_NOMEM : MX_OK)) print_error("allocation %zu: %s\n", n, err.message);
        assert_int_equal(status, t.failed ? MX_ERR_NOMEM : MX_OK);
        if (!t.failed) break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),   cmocka_unit_test(test_places),
                                       cmocka_unit_test(test_weights), cmocka_unit_test(test_traces),
                                       cmocka_unit_test(test_usage),   cmocka_unit_test(test_failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
