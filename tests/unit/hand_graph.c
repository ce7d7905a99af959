#include "hand_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- small graphs by hand ---- */

mx_graph *hand_graph(void) {
    mx_graph *g;
    assert_int_equal(mx_graph_new(NULL, &g, NULL), MX_OK);
    return g;
}

mx_sid hand_sid(mx_graph *g, const char *s) {
    mx_sid id;
    assert_int_equal(mx_graph_string(g, mx_str_of(s), &id, NULL), MX_OK);
    return id;
}

void *hand_array(mx_graph *g, size_t n, size_t size) {
    void *p;
    assert_int_equal(mx_graph_array(g, n, size, &p, NULL), MX_OK);
    return p;
}

/* Names between commas; "" gives none. */
static uint32_t split(mx_graph *g, const char *list, mx_sid out[8]) {
    uint32_t n = 0;
    while (*list) {
        char name[64];
        size_t length = strcspn(list, ",");
        assert_true(length < sizeof name && n < 8);
        memcpy(name, list, length);
        name[length] = '\0';
        out[n++] = hand_sid(g, name);
        list += length + (list[length] == ',');
    }
    return n;
}

mx_node_id hand_op(mx_graph *g, mx_node_id scope, const char *type, const char *name, const char *inputs,
                     const char *outputs) {
    mx_node_id id;
    mx_sid names[8];
    assert_int_equal(mx_graph_add_node(g, MX_NODE_OPERATOR, scope, &id, NULL), MX_OK);
    mx_node *n = mx_node_at(g, id);
    n->op_type = hand_sid(g, type);
    n->name = hand_sid(g, name);
    n->n_inputs = split(g, inputs, names);
    n->inputs = hand_array(g, n->n_inputs, sizeof *n->inputs);
    for (uint32_t i = 0; i < n->n_inputs; i++)
        n->inputs[i].name = names[i];
    n->n_outputs = split(g, outputs, names);
    n->outputs = hand_array(g, n->n_outputs, sizeof *n->outputs);
    memcpy(n->outputs, names, n->n_outputs * sizeof *names);
    return id;
}

uint32_t hand_float_type(mx_graph *g, int64_t dim) {
    mx_dim d = {.kind = MX_DIM_VALUE, .value = dim};
    mx_type t = {.kind = MX_TYPE_TENSOR, .has_elem = true, .elem = FLOAT, .has_shape = true, .n_dims = 1, .dims = &d};
    t.child = MX_NO_INDEX;
    uint32_t type;
    assert_int_equal(mx_graph_add_type(g, &t, &type, NULL), MX_OK);
    return type;
}

mx_node_id hand_input(mx_graph *g, mx_node_id scope, const char *name) {
    mx_node_id id;
    assert_int_equal(mx_graph_add_node(g, MX_NODE_INPUT, scope, &id, NULL), MX_OK);
    mx_node *n = mx_node_at(g, id);
    n->name = hand_sid(g, name);
    n->n_outputs = 1;
    n->outputs = hand_array(g, 1, sizeof *n->outputs);
    n->outputs[0] = n->name;
    n->data = hand_float_type(g, 3);
    return id;
}

mx_node_id hand_output(mx_graph *g, mx_node_id scope, const char *name) {
    mx_node_id id;
    assert_int_equal(mx_graph_add_node(g, MX_NODE_OUTPUT, scope, &id, NULL), MX_OK);
    mx_node *n = mx_node_at(g, id);
    n->name = hand_sid(g, name);
    n->n_inputs = 1;
    n->inputs = hand_array(g, 1, sizeof *n->inputs);
    n->inputs[0].name = n->name;
    n->data = hand_float_type(g, 3);
    return id;
}

mx_pairs hand_pairs(mx_graph *g, const char *key, const char *value, const char *key2, const char *value2) {
    mx_pairs p = {hand_array(g, 2, sizeof(mx_pair)), key2 ? 2 : 1};
    p.items[0] = (mx_pair){.key = hand_sid(g, key), .value = hand_sid(g, value)};
    if (key2) p.items[1] = (mx_pair){.key = hand_sid(g, key2), .value = hand_sid(g, value2)};
    return p;
}

uint32_t hand_tensor(mx_graph *g, const char *name, int32_t type, mx_tensor_field field, const void *bytes,
                       size_t n) {
    mx_tensor t = {.name = hand_sid(g, name), .has_type = true, .data_type = type, .field = field, .n_dims = 1};
    t.external_file = MX_NO_INDEX;
    t.dims = hand_array(g, 1, sizeof *t.dims);
    t.dims[0] = 3;
    t.data = (mx_blob){.source = MX_NO_INDEX, .check = MX_NO_INDEX};
    if (bytes) assert_int_equal(mx_graph_add_bytes(g, (mx_str){bytes, n}, &t.data, NULL), MX_OK);
    uint32_t id;
    assert_int_equal(mx_graph_add_tensor(g, &t, &id, NULL), MX_OK);
    return id;
}

uint32_t hand_initializer(mx_graph *g, const char *name, int32_t type, mx_tensor_field field, const void *bytes,
                            size_t n) {
    uint32_t id = hand_tensor(g, name, type, field, bytes, n);
    assert_int_equal(mx_scope_add_initializer(g, &g->scopes[0], id, NULL), MX_OK);
    return id;
}

mx_attr *hand_attributes(mx_graph *g, mx_node_id node, uint32_t n) {
    mx_node *at = mx_node_at(g, node);
    at->attrs = hand_array(g, n, sizeof *at->attrs);
    at->n_attrs = n;
    return at->attrs;
}

mx_node_id hand_body(mx_graph *g, mx_node_id owner, const char *name) {
    mx_node_id id;
    assert_int_equal(mx_graph_add_node(g, MX_NODE_BODY, owner, &id, NULL), MX_OK);
    mx_node_at(g, id)->name = hand_sid(g, name);
    return id;
}

mx_attr hand_graph_attribute(mx_graph *g, const char *name, mx_node_id of) {
    return (mx_attr){.name = hand_sid(g, name), .type = MX_ATTR_GRAPH, .value.index = of};
}

/* ---- what was found ---- */

bool hand_write_down(void *ctx, const mx_difference *d) {
    static const char sign[] = "+-~";
    hand_log *log = ctx;
    size_t n = strlen(log->text);
    snprintf(log->text + n, sizeof log->text - n, "%c%s: %s: %s -> %s\n", sign[d->kind], d->what, d->where,
             d->before ? d->before : "()", d->after ? d->after : "()");
    return ++log->calls != log->stop_after;
}

void hand_wire(mx_graph *g) {
    assert_int_equal(mx_graph_wire(g, NULL), MX_OK);
}

/* Compares and frees both; the differences have to be as `expected`. */
void hand_expect(mx_graph *a, mx_graph *b, const char *expected) {
    hand_log log = {.calls = 0};
    mx_error err = {0};
    uint64_t count, counted, lines = 0;
    hand_wire(a);
    hand_wire(b);
    mx_status status = mx_graph_compare(a, b, hand_write_down, &log, &count, &err);
    if (status != MX_OK) fail_msg("%s", err.message);
    assert_string_equal(log.text, expected);
    for (const char *p = expected; *p; p++)
        lines += *p == '\n';
    assert_int_equal(count, lines);
    assert_int_equal(mx_graph_compare(a, b, NULL, NULL, &counted, NULL), MX_OK);
    assert_int_equal(counted, lines);
    assert_int_equal(mx_graph_compare(a, a, NULL, NULL, &counted, NULL), MX_OK);
    assert_int_equal(counted, 0);
    assert_int_equal(mx_graph_compare(b, b, NULL, NULL, &counted, NULL), MX_OK);
    assert_int_equal(counted, 0);
    mx_graph_release(a);
    mx_graph_release(b);
}

/* ---- a model with a bit of everything ---- */

const float hand_weights[HAND_WEIGHTS] = {1, 2, 3};

static void add_if(mx_graph *g) {
    mx_node_id choose = hand_op(g, 0, "If", "choose", "flag", "y");
    mx_node_id then_body = hand_body(g, choose, "then_branch"), else_body = hand_body(g, choose, "else_branch");
    mx_attr *attrs = hand_attributes(g, choose, 2);
    attrs[0] = hand_graph_attribute(g, "then_branch", then_body);
    attrs[1] = hand_graph_attribute(g, "else_branch", else_body);
    hand_op(g, then_body, "Neg", "", "h", "t");
    hand_output(g, then_body, "t");
    hand_op(g, else_body, "Identity", "keep", "h", "e");
    hand_output(g, else_body, "e");
}

static void add_function(mx_graph *g) {
    mx_node_id f;
    assert_int_equal(mx_graph_add_node(g, MX_NODE_FUNCTION, 0, &f, NULL), MX_OK);
    mx_node_at(g, f)->name = hand_sid(g, "Twice");
    mx_node_at(g, f)->domain = hand_sid(g, "my");
    hand_input(g, f, "v");
    hand_op(g, f, "Add", "", "v,v", "w");
    hand_output(g, f, "w");
    mx_scope_data *s = &g->scopes[mx_node_at(g, f)->data];
    s->opsets = hand_array(g, 1, sizeof *s->opsets);
    s->n_opsets = 1;
    s->opsets[0] = (mx_opset){.domain = MX_SID_EMPTY, .has_version = true, .version = 18};
    s->attribute_names = hand_array(g, 2, sizeof *s->attribute_names);
    s->n_attribute_names = 2;
    s->attribute_names[0] = hand_sid(g, "alpha");
    s->attribute_names[1] = hand_sid(g, "beta");
}

mx_node_id hand_find(const mx_graph *g, const char *name) {
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        if (mx_str_is(mx_text(g, mx_node_at(g, id)->name), name)) return id;
    fail_msg("no node %s", name);
    return MX_NO_NODE;
}

mx_graph *hand_model(void) {
    mx_graph *g = hand_graph();
    g->model.has_ir_version = true;
    g->model.ir_version = 8;
    g->model.producer_name = hand_sid(g, "hand");
    mx_node_at(g, 0)->metadata = hand_pairs(g, "k", "1", "l", "2");
    g->scopes[0].name = hand_sid(g, "main");
    g->scopes[0].opsets = hand_array(g, 2, sizeof(mx_opset));
    g->scopes[0].n_opsets = 2;
    g->scopes[0].opsets[0] = (mx_opset){.domain = MX_SID_EMPTY, .has_version = true, .version = 18};
    g->scopes[0].opsets[1] = (mx_opset){.domain = hand_sid(g, "my"), .has_version = true, .version = 1};
    hand_input(g, 0, "x");
    hand_input(g, 0, "flag");
    hand_initializer(g, "w", FLOAT, MX_TENSOR_RAW_DATA, hand_weights, sizeof hand_weights);
    hand_op(g, 0, "Add", "add", "x,w", "s");
    mx_node_id gemm = hand_op(g, 0, "Gemm", "gemm", "s,w", "h");
    mx_attr *attrs = hand_attributes(g, gemm, 2);
    attrs[0] = (mx_attr){.name = hand_sid(g, "alpha"), .type = MX_ATTR_FLOAT, .value.f = 0.5f};
    attrs[1] = (mx_attr){.name = hand_sid(g, "transB"), .type = MX_ATTR_INT, .value.i = 1};
    mx_node_at(g, gemm)->metadata = hand_pairs(g, "hierarchy_tag", "/M", NULL, NULL);
    add_if(g);
    hand_output(g, 0, "y");
    mx_value_info v = {.name = hand_sid(g, "s"), .type = hand_float_type(g, 3)};
    assert_int_equal(mx_scope_add_value_info(g, &g->scopes[0], &v, NULL), MX_OK);
    add_function(g);
    return g;
}

/* ---- order ---- */

void hand_swap_ids(mx_node_id *ids, size_t i, size_t k) {
    mx_node_id kept = ids[i];
    ids[i] = ids[k];
    ids[k] = kept;
}

mx_graph *hand_diamond(void) {
    mx_graph *g = hand_graph();
    hand_input(g, 0, "x");
    hand_op(g, 0, "Relu", "", "x", "a");
    hand_op(g, 0, "Neg", "", "x", "b");
    hand_op(g, 0, "Add", "", "a,b", "y");
    hand_output(g, 0, "y");
    return g;
}
