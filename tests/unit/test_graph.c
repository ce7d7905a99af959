/* Building the compound graph, and walking it through the public header. */
#include "small_graph.h"

#include "allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_containment(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id layer = small_module(g, 0, "layer", "Layer"), deep = small_module(g, layer, "0", "Deep");
    mx_node_id a = small_op(g, deep, "A", "x", "a"), b = small_op(g, 0, "B", "a", "b");
    mx_node_id body = small_body(g, b, "body"), inner = small_op(g, body, "C", "a", "c");
    mx_node_id function = small_function(g, "local", "F"), fop = small_op(g, function, "D", "i", "o");
    assert_int_equal(mx_node_at(g, a)->scope, 0);
    assert_int_equal(mx_node_at(g, body)->scope, body);
    assert_int_equal(mx_node_at(g, inner)->scope, body);
    assert_int_equal(mx_node_at(g, fop)->scope, function);
    assert_string_equal(small_order(g, 0), "A B");
    assert_string_equal(small_order(g, body), "C");
    assert_int_equal(g->n_modules, 3);
    assert_int_equal(g->modules[mx_node_at(g, deep)->data].node, deep);
    assert_int_equal(mx_node_at(g, 0)->first_child, layer);
    assert_int_equal(mx_node_at(g, layer)->next_sibling, b);
    assert_int_equal(mx_node_at(g, b)->next_sibling, function);
    assert_int_equal(mx_node_at(g, 0)->last_child, function);

    mx_graph_move_node(g, b, deep); /* from the middle */
    assert_int_equal(mx_node_at(g, layer)->next_sibling, function);
    assert_int_equal(mx_node_at(g, a)->next_sibling, b);
    mx_graph_move_node(g, a, 0); /* from the front */
    assert_int_equal(mx_node_at(g, deep)->first_child, b);
    assert_int_equal(mx_node_at(g, 0)->last_child, a);
    mx_graph_move_node(g, b, 0); /* the only one */
    assert_int_equal(mx_node_at(g, deep)->first_child, MX_NO_NODE);
    assert_int_equal(mx_node_at(g, deep)->last_child, MX_NO_NODE);
    mx_graph_move_node(g, b, 0); /* to where it is, the last */
    mx_graph_move_node(g, layer, 0);
    mx_node_id order[] = {function, a, b, layer}, at = mx_node_at(g, 0)->first_child;
    for (int i = 0; i < 4; i++, at = mx_node_at(g, at)->next_sibling)
        assert_int_equal(at, order[i]);
    assert_int_equal(at, MX_NO_NODE);
    mx_graph_release(g);
}

static void test_types(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_error err;
    uint32_t first[500];
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 500; i++) {
            mx_dim dims[] = {{.kind = MX_DIM_VALUE, .value = i}, {.kind = MX_DIM_PARAM, .param = small_sid(g, "n")}};
            mx_type t = {.kind = MX_TYPE_TENSOR,
                         .has_elem = true,
                         .elem = 1,
                         .has_shape = true,
                         .child = MX_NO_INDEX,
                         .n_dims = 2,
                         .dims = dims};
            uint32_t id;
            assert_int_equal(mx_graph_add_type(g, &t, &id, &err), MX_OK);
            dims[0].value = -1; /* the graph has its own copy */
            if (round == 0) first[i] = id;
            assert_int_equal(id, first[i]);
            assert_int_equal(g->types[id].dims[0].value, i);
        }
    mx_type absent = {.kind = MX_TYPE_TENSOR, .child = MX_NO_INDEX}, empty = absent;
    empty.has_shape = true;
    uint32_t x, y;
    assert_int_equal(mx_graph_add_type(g, &absent, &x, &err), MX_OK);
    assert_int_equal(mx_graph_add_type(g, &empty, &y, &err), MX_OK);
    assert_int_not_equal(x, y);
    mx_graph_release(g);
}

static void test_limit(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    limits.nodes = 5;
    mx_env env = {.limits = &limits};
    mx_graph *g = small_graph(&env);
    mx_error err;
    mx_node_id id;
    for (int i = 1; i < 5; i++)
        assert_int_equal(mx_graph_add_node(g, MX_NODE_OPERATOR, 0, &id, &err), MX_OK);
    assert_int_equal(mx_graph_add_node(g, MX_NODE_OPERATOR, 0, &id, &err), MX_ERR_LIMIT);
    assert_int_equal(id, MX_NO_NODE);
    assert_int_equal(g->n_nodes, 5);
    assert_int_equal(g->scopes[0].n_operators, 4);
    mx_graph_release(g);
    mx_graph_release(NULL);
}

static void test_many(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_error err;
    mx_node_id id;
    for (uint32_t i = 1; i < 3 * MX_NODE_BLOCK; i++) {
        assert_int_equal(mx_graph_add_node(g, MX_NODE_OPERATOR, 0, &id, &err), MX_OK);
        assert_int_equal(id, i);
        mx_node_at(g, id)->attr_index = i;
    }
    for (uint32_t i = 1; i < 3 * MX_NODE_BLOCK; i++)
        assert_int_equal(mx_node_at(g, i)->attr_index, i);
    mx_graph_release(g);
}

/* ---- walking ---- */

static void test_walk(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id x = small_input(g, 0, "x");
    uint32_t w = small_initializer(g, 0, "w");
    mx_node_id module = small_module(g, 0, "layer.0", "Layer"), op = small_op(g, module, "Add", "x,w,", "y");
    mx_node_id y = small_output(g, 0, "y");
    mx_node_id body = small_body(g, op, "then");
    small_wire(g);
    g->modules[1].tag = small_sid(g, "/M/Layer.0");
    g->modules[1].scope = small_sid(g, "layer.0");
    mx_node_at(g, op)->doc = small_sid(g, "doc");
    g->scopes[mx_node_at(g, body)->data].doc = small_sid(g, "body doc");

    assert_int_equal(mx_graph_node_count(g), 6);
    assert_true(mx_node_exists(g, body));
    assert_false(mx_node_exists(g, 6));
    assert_int_equal(mx_node_get_kind(g, op), MX_NODE_OPERATOR);
    assert_int_equal(mx_node_parent(g, op), module);
    assert_int_equal(mx_node_parent(g, 0), MX_NO_NODE);
    assert_int_equal(mx_node_first_child(g, 0), x);
    assert_int_equal(mx_node_next_sibling(g, x), module);
    assert_int_equal(mx_node_scope(g, op), 0);
    assert_string_equal(small_text(mx_node_name(g, 0)), "graph");
    assert_string_equal(small_text(mx_node_name(g, op)), "Add");
    assert_string_equal(small_text(mx_node_op_type(g, op)), "Add");
    assert_string_equal(small_text(mx_node_domain(g, op)), "(absent)");
    assert_string_equal(small_text(mx_node_doc_string(g, op)), "doc");
    assert_string_equal(small_text(mx_node_doc_string(g, body)), "body doc");
    assert_string_equal(small_text(mx_node_class_name(g, module)), "Layer");
    assert_string_equal(small_text(mx_node_module_scope(g, module)), "layer.0");
    assert_string_equal(small_text(mx_node_module_tag(g, module)), "/M/Layer.0");
    assert_string_equal(small_text(mx_node_module_tag(g, op)), "(absent)");
    assert_int_equal(mx_node_input_count(g, op), 3);
    assert_string_equal(small_text(mx_node_input(g, op, 1)), "w");
    assert_string_equal(small_text(mx_node_input(g, op, 2)), "");
    uint32_t port = 9;
    assert_int_equal(mx_node_input_source(g, op, 0, &port), x);
    assert_int_equal(port, 0);
    assert_int_equal(mx_node_input_source(g, op, 1, NULL), MX_NO_NODE);
    assert_int_equal(mx_node_input_source(g, op, 3, &port), MX_NO_NODE);
    assert_int_equal(mx_node_input_source(g, y, 0, &port), op);
    assert_string_equal(small_text(mx_node_output(g, op, 0)), "y");
    assert_string_equal(small_text(mx_node_output(g, op, 1)), "(absent)");
    assert_int_equal(mx_scope_operator_count(g, 0), 1);
    assert_int_equal(mx_scope_operator(g, 0, 0), op);
    assert_int_equal(mx_scope_operator(g, 0, 1), MX_NO_NODE);
    assert_int_equal(mx_scope_operator_count(g, op), 0);
    assert_int_equal(mx_scope_input(g, 0, 0), x);
    assert_int_equal(mx_scope_output(g, 0, 0), y);
    assert_int_equal(mx_scope_initializer_count(g, 0), 1);
    assert_int_equal(mx_scope_initializer(g, 0, 0), w);
    mx_tensor_view t;
    assert_true(mx_graph_tensor(g, w, &t));
    assert_string_equal(small_text(t.name), "w");
    assert_int_equal(t.size, 4);
    assert_false(t.external);
    float value;
    mx_error err;
    assert_int_equal(mx_tensor_read(g, w, 0, &value, 4, &err), MX_OK);
    assert_true(value == 1.0f);
    assert_int_equal(mx_tensor_read(g, w, 1, &value, 4, &err), MX_ERR_USAGE);
    assert_int_equal(mx_tensor_read(g, w, UINT64_MAX, &value, 2, &err), MX_ERR_USAGE);
    assert_int_equal(mx_tensor_read(g, w, 4, &value, 0, &err), MX_OK);
    assert_int_equal(mx_tensor_read(g, 7, 0, &value, 4, &err), MX_ERR_USAGE);
    g->tensors[w].data.source = 77;
    assert_int_equal(mx_tensor_read(g, w, 0, &value, 4, &err), MX_ERR_READ);
    mx_graph_release(g);
}

static void test_walk_attributes(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id op = small_op(g, 0, "If", "c", "y"), body = small_body(g, op, "then");
    mx_node *n = mx_node_at(g, op);
    static int64_t ints[] = {1, -2};
    static float floats[] = {0.5f};
    mx_sid sids[] = {small_sid(g, "s")};
    uint32_t tensor = small_initializer(g, 0, "w"), tensors[] = {tensor, tensor};
    mx_attr attrs[] = {{.name = small_sid(g, "then"), .type = MX_ATTR_GRAPH, .value.index = body},
                       {.name = small_sid(g, "ints"), .type = MX_ATTR_INTS, .count = 2, .value.ints = ints},
                       {.name = small_sid(g, "floats"), .type = MX_ATTR_FLOATS, .count = 1, .value.floats = floats},
                       {.name = small_sid(g, "strings"), .type = MX_ATTR_STRINGS, .count = 1, .value.sids = sids},
                       {.name = small_sid(g, "tensors"), .type = MX_ATTR_TENSORS, .count = 2, .value.indices = tensors},
                       {.name = small_sid(g, "odd"), .type = MX_ATTR_OPAQUE, .value.s = sids[0]},
                       {.name = small_sid(g, "ref"), .ref_name = sids[0], .type = MX_ATTR_INT},
                       {.name = small_sid(g, "i"), .type = MX_ATTR_INT, .value.i = 7},
                       {.name = small_sid(g, "f"), .type = MX_ATTR_FLOAT, .value.f = 2.0f}};
    n->attrs = attrs;
    n->n_attrs = sizeof attrs / sizeof *attrs;
    int64_t i;
    float f;
    mx_str s;
    uint32_t t;
    mx_node_id b;
    mx_attribute_view v;
    assert_int_equal(mx_node_attribute_count(g, op), 9);
    assert_int_equal(mx_node_find_attribute(g, op, "strings"), 3);
    assert_true(mx_node_find_attribute(g, op, "nowhere") == SIZE_MAX);
    assert_true(mx_node_attribute(g, op, 1, &v) && v.count == 2 && v.type == MX_ATTRIBUTE_INTS && !v.reference.p);
    assert_true(mx_node_attribute(g, op, 6, &v) && v.count == 0 && mx_str_is(v.reference, "s"));
    assert_true(mx_node_attribute(g, op, 5, &v) && v.count == 0 && v.type == MX_ATTRIBUTE_OPAQUE);
    assert_false(mx_node_attribute(g, op, 9, &v));
    assert_true(mx_attribute_body(g, op, 0, 0, &b) && b == body);
    assert_false(mx_attribute_body(g, op, 0, 1, &b));
    assert_true(mx_attribute_int(g, op, 1, 1, &i) && i == -2);
    assert_false(mx_attribute_int(g, op, 1, 2, &i));
    assert_true(mx_attribute_int(g, op, 7, 0, &i) && i == 7);
    assert_false(mx_attribute_int(g, op, 6, 0, &i));
    assert_true(mx_attribute_float(g, op, 2, 0, &f) && f == 0.5f);
    assert_true(mx_attribute_float(g, op, 8, 0, &f) && f == 2.0f);
    assert_false(mx_attribute_float(g, op, 7, 0, &f));
    assert_true(mx_attribute_string(g, op, 3, 0, &s) && mx_str_is(s, "s"));
    assert_false(mx_attribute_string(g, op, 5, 0, &s));
    assert_true(mx_attribute_tensor(g, op, 4, 1, &t) && t == tensor);
    assert_false(mx_attribute_tensor(g, op, 0, 0, &t));
    mx_graph_release(g);
}

/* Each allocation fails in turn: the no-memory error every time, and nothing is lost. */
static mx_status build(const mx_env *env, mx_error *err) {
    mx_graph *g;
    mx_node_id id = 0, parent = 0;
    MX_TRY(mx_graph_new(env, &g, err));
    mx_status status = MX_OK;
    for (int i = 0; i < 40 && status == MX_OK; i++) {
        size_t nodes = g->n_nodes, operators = g->scopes[0].n_operators;
        static const mx_node_kind kinds[] = {MX_NODE_OPERATOR, MX_NODE_MODULE, MX_NODE_INPUT, MX_NODE_OUTPUT,
                                             MX_NODE_FUNCTION};
        status = mx_graph_add_node(g, kinds[i % 5], kinds[i % 5] == MX_NODE_MODULE ? 0 : parent, &id, err);
        if (status != MX_OK && (g->n_nodes != nodes || g->scopes[0].n_operators != operators)) status = MX_ERR_USAGE;
        uint32_t index;
        mx_type type = {.kind = MX_TYPE_TENSOR, .elem = i, .child = MX_NO_INDEX};
        mx_tensor tensor = {.name = MX_SID_EMPTY};
        mx_blob blob;
        mx_value_info info = {.name = MX_SID_EMPTY};
        if (status == MX_OK) status = mx_graph_add_type(g, &type, &index, err);
        if (status == MX_OK) status = mx_graph_add_tensor(g, &tensor, &index, err);
        if (status == MX_OK) status = mx_scope_add_initializer(g, &g->scopes[0], index, err);
        if (status == MX_OK) status = mx_scope_add_value_info(g, &g->scopes[0], &info, err);
        if (status == MX_OK) status = mx_graph_add_bytes(g, MX_STR_LITERAL("bytes"), &blob, err);
    }
    if (status == MX_OK) status = mx_graph_wire(g, err);
    mx_graph_release(g);
    return status;
}

static void test_failing_memory(void **state) {
    (void)state;
    bool done = false;
    for (size_t n = 1; !done; n++) {
        test_allocator t;
        test_allocator_init(&t);
        t.fail_at = n;
        mx_env env = {.allocator = &t.allocator};
        mx_error err;
        mx_status status = build(&env, n % 2 ? &err : NULL);
        done = !t.failed;
        assert_int_equal(status, done ? MX_OK : MX_ERR_NOMEM);
        assert_int_equal(t.blocks, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_containment),    cmocka_unit_test(test_types), cmocka_unit_test(test_limit),
        cmocka_unit_test(test_many),           cmocka_unit_test(test_walk),  cmocka_unit_test(test_walk_attributes),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
