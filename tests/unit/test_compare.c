/* Comparing graphs: what is a difference, how it is named, and what is none. */
#include "converter/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- small graphs by hand ---- */

enum { FLOAT = 1, INT8 = 3, INT64 = 7, STRING = 8 };

static mx_graph *new_graph(void) {
    mx_graph *g;
    assert_int_equal(mx_graph_new(NULL, &g, NULL), MX_OK);
    return g;
}

static mx_sid sid(mx_graph *g, const char *s) {
    mx_sid id;
    assert_int_equal(mx_graph_string(g, mx_str_of(s), &id, NULL), MX_OK);
    return id;
}

static void *array(mx_graph *g, size_t n, size_t size) {
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
        out[n++] = sid(g, name);
        list += length + (list[length] == ',');
    }
    return n;
}

static mx_node_id op(mx_graph *g, mx_node_id scope, const char *type, const char *name, const char *inputs,
                     const char *outputs) {
    mx_node_id id;
    mx_sid names[8];
    assert_int_equal(mx_graph_add_node(g, MX_NODE_OPERATOR, scope, &id, NULL), MX_OK);
    mx_node *n = mx_node_at(g, id);
    n->op_type = sid(g, type);
    n->name = sid(g, name);
    n->n_inputs = split(g, inputs, names);
    n->inputs = array(g, n->n_inputs, sizeof *n->inputs);
    for (uint32_t i = 0; i < n->n_inputs; i++)
        n->inputs[i].name = names[i];
    n->n_outputs = split(g, outputs, names);
    n->outputs = array(g, n->n_outputs, sizeof *n->outputs);
    memcpy(n->outputs, names, n->n_outputs * sizeof *names);
    return id;
}

static uint32_t float_type(mx_graph *g, int64_t dim) {
    mx_dim d = {.kind = MX_DIM_VALUE, .value = dim};
    mx_type t = {.kind = MX_TYPE_TENSOR, .has_elem = true, .elem = FLOAT, .has_shape = true, .n_dims = 1, .dims = &d};
    t.child = MX_NO_INDEX;
    uint32_t type;
    assert_int_equal(mx_graph_add_type(g, &t, &type, NULL), MX_OK);
    return type;
}

static mx_node_id input(mx_graph *g, mx_node_id scope, const char *name) {
    mx_node_id id;
    assert_int_equal(mx_graph_add_node(g, MX_NODE_INPUT, scope, &id, NULL), MX_OK);
    mx_node *n = mx_node_at(g, id);
    n->name = sid(g, name);
    n->n_outputs = 1;
    n->outputs = array(g, 1, sizeof *n->outputs);
    n->outputs[0] = n->name;
    n->data = float_type(g, 3);
    return id;
}

static mx_node_id output(mx_graph *g, mx_node_id scope, const char *name) {
    mx_node_id id;
    assert_int_equal(mx_graph_add_node(g, MX_NODE_OUTPUT, scope, &id, NULL), MX_OK);
    mx_node *n = mx_node_at(g, id);
    n->name = sid(g, name);
    n->n_inputs = 1;
    n->inputs = array(g, 1, sizeof *n->inputs);
    n->inputs[0].name = n->name;
    n->data = float_type(g, 3);
    return id;
}

static mx_pairs pairs(mx_graph *g, const char *key, const char *value, const char *key2, const char *value2) {
    mx_pairs p = {array(g, 2, sizeof(mx_pair)), key2 ? 2 : 1};
    p.items[0] = (mx_pair){.key = sid(g, key), .value = sid(g, value)};
    if (key2) p.items[1] = (mx_pair){.key = sid(g, key2), .value = sid(g, value2)};
    return p;
}

static uint32_t tensor(mx_graph *g, const char *name, int32_t type, mx_tensor_field field, const void *bytes,
                       size_t n) {
    mx_tensor t = {.name = sid(g, name), .has_type = true, .data_type = type, .field = field, .n_dims = 1};
    t.external_file = MX_NO_INDEX;
    t.dims = array(g, 1, sizeof *t.dims);
    t.dims[0] = 3;
    t.data = (mx_blob){.source = MX_NO_INDEX, .check = MX_NO_INDEX};
    if (bytes) assert_int_equal(mx_graph_add_bytes(g, (mx_str){bytes, n}, &t.data, NULL), MX_OK);
    uint32_t id;
    assert_int_equal(mx_graph_add_tensor(g, &t, &id, NULL), MX_OK);
    return id;
}

static uint32_t initializer(mx_graph *g, const char *name, int32_t type, mx_tensor_field field, const void *bytes,
                            size_t n) {
    uint32_t id = tensor(g, name, type, field, bytes, n);
    assert_int_equal(mx_scope_add_initializer(g, &g->scopes[0], id, NULL), MX_OK);
    return id;
}

static mx_attr *attributes(mx_graph *g, mx_node_id node, uint32_t n) {
    mx_node *at = mx_node_at(g, node);
    at->attrs = array(g, n, sizeof *at->attrs);
    at->n_attrs = n;
    return at->attrs;
}

static mx_node_id body(mx_graph *g, mx_node_id owner, const char *name) {
    mx_node_id id;
    assert_int_equal(mx_graph_add_node(g, MX_NODE_BODY, owner, &id, NULL), MX_OK);
    mx_node_at(g, id)->name = sid(g, name);
    return id;
}

static mx_attr graph_attribute(mx_graph *g, const char *name, mx_node_id of) {
    return (mx_attr){.name = sid(g, name), .type = MX_ATTR_GRAPH, .value.index = of};
}

/* ---- what was found ---- */

typedef struct log {
    char text[8192];
    size_t stop_after, calls;
} log_t;

static bool write_down(void *ctx, const mx_difference *d) {
    static const char sign[] = "+-~";
    log_t *log = ctx;
    size_t n = strlen(log->text);
    snprintf(log->text + n, sizeof log->text - n, "%c%s: %s: %s -> %s\n", sign[d->kind], d->what, d->where,
             d->before ? d->before : "()", d->after ? d->after : "()");
    return ++log->calls != log->stop_after;
}

static void wire(mx_graph *g) {
    assert_int_equal(mx_graph_wire(g, NULL), MX_OK);
}

/* Compares and frees both; the differences have to be as `expected`. */
static void expect(mx_graph *a, mx_graph *b, const char *expected) {
    log_t log = {.calls = 0};
    mx_error err = {0};
    uint64_t count, counted, lines = 0;
    wire(a);
    wire(b);
    mx_status status = mx_graph_compare(a, b, write_down, &log, &count, &err);
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

static const float weights[] = {1, 2, 3};

static void add_if(mx_graph *g) {
    mx_node_id choose = op(g, 0, "If", "choose", "flag", "y");
    mx_node_id then_body = body(g, choose, "then_branch"), else_body = body(g, choose, "else_branch");
    mx_attr *attrs = attributes(g, choose, 2);
    attrs[0] = graph_attribute(g, "then_branch", then_body);
    attrs[1] = graph_attribute(g, "else_branch", else_body);
    op(g, then_body, "Neg", "", "h", "t");
    output(g, then_body, "t");
    op(g, else_body, "Identity", "keep", "h", "e");
    output(g, else_body, "e");
}

static void add_function(mx_graph *g) {
    mx_node_id f;
    assert_int_equal(mx_graph_add_node(g, MX_NODE_FUNCTION, 0, &f, NULL), MX_OK);
    mx_node_at(g, f)->name = sid(g, "Twice");
    mx_node_at(g, f)->domain = sid(g, "my");
    input(g, f, "v");
    op(g, f, "Add", "", "v,v", "w");
    output(g, f, "w");
    mx_scope_data *s = &g->scopes[mx_node_at(g, f)->data];
    s->opsets = array(g, 1, sizeof *s->opsets);
    s->n_opsets = 1;
    s->opsets[0] = (mx_opset){.domain = MX_SID_EMPTY, .has_version = true, .version = 18};
    s->attribute_names = array(g, 2, sizeof *s->attribute_names);
    s->n_attribute_names = 2;
    s->attribute_names[0] = sid(g, "alpha");
    s->attribute_names[1] = sid(g, "beta");
}

static mx_node_id find(const mx_graph *g, const char *name) {
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        if (mx_str_is(mx_text(g, mx_node_at(g, id)->name), name)) return id;
    fail_msg("no node %s", name);
    return MX_NO_NODE;
}

static mx_graph *model(void) {
    mx_graph *g = new_graph();
    g->model.has_ir_version = true;
    g->model.ir_version = 8;
    g->model.producer_name = sid(g, "hand");
    mx_node_at(g, 0)->metadata = pairs(g, "k", "1", "l", "2");
    g->scopes[0].name = sid(g, "main");
    g->scopes[0].opsets = array(g, 2, sizeof(mx_opset));
    g->scopes[0].n_opsets = 2;
    g->scopes[0].opsets[0] = (mx_opset){.domain = MX_SID_EMPTY, .has_version = true, .version = 18};
    g->scopes[0].opsets[1] = (mx_opset){.domain = sid(g, "my"), .has_version = true, .version = 1};
    input(g, 0, "x");
    input(g, 0, "flag");
    initializer(g, "w", FLOAT, MX_TENSOR_RAW_DATA, weights, sizeof weights);
    op(g, 0, "Add", "add", "x,w", "s");
    mx_node_id gemm = op(g, 0, "Gemm", "gemm", "s,w", "h");
    mx_attr *attrs = attributes(g, gemm, 2);
    attrs[0] = (mx_attr){.name = sid(g, "alpha"), .type = MX_ATTR_FLOAT, .value.f = 0.5f};
    attrs[1] = (mx_attr){.name = sid(g, "transB"), .type = MX_ATTR_INT, .value.i = 1};
    mx_node_at(g, gemm)->metadata = pairs(g, "hierarchy_tag", "/M", NULL, NULL);
    add_if(g);
    output(g, 0, "y");
    mx_value_info v = {.name = sid(g, "s"), .type = float_type(g, 3)};
    assert_int_equal(mx_scope_add_value_info(g, &g->scopes[0], &v, NULL), MX_OK);
    add_function(g);
    return g;
}

static void test_identical(void **state) {
    (void)state;
    expect(model(), model(), "");
    expect(new_graph(), new_graph(), "");
}

/* The second model has other ids for all strings. */
static void test_other_string_ids(void **state) {
    (void)state;
    mx_graph *a = new_graph(), *b = new_graph();
    sid(b, "z");
    input(a, 0, "x");
    op(a, 0, "Relu", "r", "x", "y");
    op(b, 0, "Relu", "r", "x", "y");
    input(b, 0, "x");
    expect(a, b, "");
}

static void test_model_fields(void **state) {
    (void)state;
    mx_graph *b = model();
    b->model.ir_version = 9;
    b->model.producer_name = MX_SID_EMPTY;
    b->model.producer_version = sid(b, "2");
    b->model.has_model_version = true;
    mx_node_at(b, 0)->doc = sid(b, "text");
    mx_node_at(b, 0)->rest = sid(b, "{\"unknown\":\"qgYA\"}");
    b->scopes[0].name = MX_SID_ABSENT;
    b->scopes[0].rest = sid(b, "{}");
    b->scopes[0].metadata = pairs(b, "g", "1", NULL, NULL);
    b->scopes[0].opsets[0].version = 19;
    b->scopes[0].opsets[1].domain = sid(b, "yours");
    expect(model(), b,
           "~model: ir_version: 8 -> 9\n"
           "~model: producer_name: 'hand' -> ''\n"
           "+model: producer_version: () -> '2'\n"
           "+model: model_version: () -> 0\n"
           "+model: doc_string: () -> 'text'\n"
           "+model: rest: () -> '{\"unknown\":\"qgYA\"}'\n"
           "-graph: graph name: 'main' -> ()\n"
           "+graph: graph rest: () -> '{}'\n"
           "+metadata: graph metadata 'g': () -> '1'\n"
           "~opset: opset_import '' version: 18 -> 19\n"
           "-opset: opset_import 'my': 1 -> ()\n"
           "+opset: opset_import 'yours': () -> 1\n");
}

/* ---- order ---- */

static void swap_ids(mx_node_id *ids, size_t i, size_t k) {
    mx_node_id kept = ids[i];
    ids[i] = ids[k];
    ids[k] = kept;
}

static mx_graph *diamond(void) {
    mx_graph *g = new_graph();
    input(g, 0, "x");
    op(g, 0, "Relu", "", "x", "a");
    op(g, 0, "Neg", "", "x", "b");
    op(g, 0, "Add", "", "a,b", "y");
    output(g, 0, "y");
    return g;
}

static void test_two_valid_orders(void **state) {
    (void)state;
    mx_graph *b = diamond();
    swap_ids(b->scopes[0].operators, 0, 1);
    expect(diamond(), b, "");
}

static void test_an_order_that_is_not_valid(void **state) {
    (void)state;
    mx_graph *a = diamond(), *b = diamond();
    swap_ids(b->scopes[0].operators, 1, 2);
    expect(a, b, "~order: Add #2: after Neg #1 -> before Neg #2\n");
    a = diamond();
    b = diamond();
    swap_ids(a->scopes[0].operators, 1, 2);
    swap_ids(b->scopes[0].operators, 1, 2);
    expect(a, b, "");
}

/* A body uses what the scope around it makes later. */
static void test_order_around_a_body(void **state) {
    (void)state;
    mx_graph *b = model();
    swap_ids(b->scopes[0].operators, 1, 2);
    expect(model(), b, "~order: 'choose': after 'gemm' -> before 'gemm'\n");
}

static void test_order_of_lists(void **state) {
    (void)state;
    mx_graph *a = model(), *b = model();
    initializer(a, "v", FLOAT, MX_TENSOR_RAW_DATA, weights, sizeof weights);
    initializer(b, "v", FLOAT, MX_TENSOR_RAW_DATA, weights, sizeof weights);
    swap_ids(b->scopes[0].initializers, 0, 1);
    mx_attr *attrs = mx_node_at(b, find(b, "gemm"))->attrs, kept = attrs[0];
    attrs[0] = attrs[1];
    attrs[1] = kept;
    mx_node_at(b, 0)->metadata = pairs(b, "l", "2", "k", "1");
    mx_scope_data *twice = &b->scopes[mx_node_at(b, find(b, "Twice"))->data];
    swap_ids(twice->attribute_names, 0, 1);
    mx_opset *opsets = b->scopes[0].opsets, first = opsets[0];
    opsets[0] = opsets[1];
    opsets[1] = first;
    expect(a, b, "");
}

/* Of two entries with one key the first is the one that counts. */
static void test_repeated_keys(void **state) {
    (void)state;
    mx_graph *a = new_graph(), *b = new_graph();
    mx_node_at(a, 0)->metadata = pairs(a, "k", "1", "k", "2");
    mx_node_at(b, 0)->metadata = pairs(b, "k", "2", "k", "1");
    expect(a, b, "~metadata: metadata 'k': '1' -> '2'\n~metadata: metadata 'k': '2' -> '1'\n");
}

static void test_opaque_entries(void **state) {
    (void)state;
    mx_graph *a = new_graph(), *b = new_graph();
    mx_node_at(a, 0)->metadata = pairs(a, "k", "1", "k", "2");
    mx_node_at(a, 0)->metadata.items[0].opaque = sid(a, "k");
    mx_node_at(b, 0)->metadata = pairs(b, "k", "2", "k", "1");
    mx_node_at(b, 0)->metadata.items[1].opaque = sid(b, "k");
    expect(a, b, "");
    a = new_graph();
    b = new_graph();
    mx_node_at(a, 0)->metadata = pairs(a, "k", "1", NULL, NULL);
    mx_node_at(b, 0)->metadata = pairs(b, "k", "1", NULL, NULL);
    mx_node_at(b, 0)->metadata.items[0].opaque = sid(b, "\x12\x01");
    expect(a, b, "-metadata: metadata 'k': '1' -> ()\n+metadata: metadata 'k': () -> '\\x12\\x01'\n");
}

static void test_order_of_inputs(void **state) {
    (void)state;
    mx_graph *b = model();
    swap_ids(b->scopes[0].inputs, 0, 1);
    expect(model(), b, "~order: input 'flag': after input 'x' -> before input 'x'\n");
}

static void test_inputs(void **state) {
    (void)state;
    mx_graph *b = model();
    mx_node *x = mx_node_at(b, find(b, "x"));
    x->name = x->outputs[0] = sid(b, "x2");
    x->data = float_type(b, 4);
    mx_node_at(b, find(b, "add"))->inputs[0].name = x->name;
    input(b, 0, "extra");
    expect(model(), b,
           "~input: input 'x' name: 'x' -> 'x2'\n"
           "~input: input 'x' type: FLOAT[3] -> FLOAT[4]\n"
           "+input: input 'extra': () -> FLOAT[3]\n");
}

static void test_outputs(void **state) {
    (void)state;
    mx_graph *a = diamond(), *b = diamond();
    output(a, 0, "a");
    mx_node_at(b, b->scopes[0].outputs[0])->inputs[0].name = sid(b, "a");
    mx_node_at(b, b->scopes[0].outputs[0])->name = sid(b, "a");
    expect(a, b,
           "-output: output 'y': FLOAT[3] -> ()\n"
           "");
}

/* ---- nodes ---- */

static void test_renamed_nodes_and_values(void **state) {
    (void)state;
    mx_graph *b = model();
    mx_node *gemm = mx_node_at(b, find(b, "gemm"));
    gemm->name = sid(b, "linear");
    expect(model(), b, "~node: 'gemm' name: 'gemm' -> 'linear'\n");

    b = model();
    gemm = mx_node_at(b, find(b, "gemm"));
    gemm->name = MX_SID_ABSENT;
    gemm->outputs[0] = sid(b, "h2");
    for (mx_node_id id = 0; id < b->n_nodes; id++) /* in both bodies, too */
        for (uint32_t k = 0; k < mx_node_at(b, id)->n_inputs; k++)
            if (mx_str_is(mx_text(b, mx_node_at(b, id)->inputs[k].name), "h"))
                mx_node_at(b, id)->inputs[k].name = sid(b, "h2");
    expect(model(), b, "-node: 'gemm' name: 'gemm' -> ()\n~value: 'gemm' output 0: 'h' -> 'h2'\n");
}

/* Nothing has a name in common, and the order is another. */
static void test_structure(void **state) {
    (void)state;
    mx_graph *b = new_graph();
    input(b, 0, "x");
    op(b, 0, "Neg", "", "x", "B");
    op(b, 0, "Relu", "", "x", "A");
    op(b, 0, "Add", "", "A,B", "y");
    output(b, 0, "y");
    expect(diamond(), b, "~value: Relu #0 output 0: 'a' -> 'A'\n~value: Neg #1 output 0: 'b' -> 'B'\n");
}

/* Sources that are alike are told apart by what uses them. */
static void test_alike_sources(void **state) {
    (void)state;
    mx_graph *g[2];
    for (int side = 0; side < 2; side++) {
        g[side] = new_graph();
        op(g[side], 0, "Zero", "", "", side ? "d" : "a");
        op(g[side], 0, "Zero", "", "", side ? "c" : "b");
        op(g[side], 0, "Exp", "", side ? "c" : "a", side ? "e" : "f");
        op(g[side], 0, "Log", "", side ? "d" : "b", "y");
        output(g[side], 0, "y");
    }
    expect(g[0], g[1],
           "~value: Zero #0 output 0: 'a' -> 'c'\n"
           "~value: Zero #1 output 0: 'b' -> 'd'\n"
           "~value: Exp #2 output 0: 'f' -> 'e'\n");
}

static void test_changed_type(void **state) {
    (void)state;
    mx_graph *b = model();
    mx_node *add = mx_node_at(b, find(b, "add"));
    add->op_type = sid(b, "Mul");
    add->domain = MX_SID_EMPTY;
    add->overload = sid(b, "o");
    add->doc = sid(b, "d");
    expect(model(), b,
           "~node: 'add' op_type: 'Add' -> 'Mul'\n"
           "+node: 'add' domain: () -> ''\n"
           "+node: 'add' overload: () -> 'o'\n"
           "+node: 'add' doc_string: () -> 'd'\n");
}

static void test_added_and_removed(void **state) {
    (void)state;
    mx_graph *a = diamond(), *b = diamond();
    op(a, 0, "Exp", "", "y", "gone");
    op(b, 0, "Log", "new", "y", "l");
    op(b, 0, "Log", "", "l", "l2");
    expect(a, b, "-node: Exp #3: 'Exp' -> ()\n+node: 'new': () -> 'Log'\n+node: Log #4: () -> 'Log'\n");
}

/* A node is put between two others: its neighbours are still recognised. */
static void test_inserted(void **state) {
    (void)state;
    mx_graph *b = new_graph();
    input(b, 0, "x");
    op(b, 0, "Relu", "", "x", "a");
    op(b, 0, "Neg", "", "x", "b");
    op(b, 0, "Abs", "", "b", "c");
    op(b, 0, "Add", "", "a,c", "y");
    output(b, 0, "y");
    expect(diamond(), b, "~edge: Add #2 input 1: Neg #1 output 0 -> Abs #2 output 0\n+node: Abs #2: () -> 'Abs'\n");
}

static void test_edges(void **state) {
    (void)state;
    mx_graph *a = diamond(), *b = diamond();
    mx_node *add = mx_node_at(b, b->scopes[0].operators[2]);
    add->inputs[0].name = sid(b, "x");
    add->inputs[1].name = MX_SID_EMPTY;
    expect(a, b,
           "~edge: Add #2 input 0: Relu #0 output 0 -> input 'x'\n"
           "~edge: Add #2 input 1: Neg #1 output 0 -> no value\n");
    a = diamond();
    b = diamond();
    mx_node_at(b, b->scopes[0].operators[2])->n_inputs = 1;
    mx_node_at(b, b->scopes[0].operators[0])->inputs[0].name = sid(b, "nobody");
    expect(a, b,
           "~edge: Relu #0 input 0: input 'x' -> value 'nobody'\n"
           "-edge: Add #2 input 1: Neg #1 output 0 -> ()\n");
}

/* The name stays; what makes it is another node. */
static void test_values_made_twice(void **state) {
    (void)state;
    mx_graph *a = new_graph(), *b = new_graph();
    for (int side = 0; side < 2; side++) {
        mx_graph *g = side ? b : a;
        input(g, 0, "x");
        op(g, 0, "Relu", "r", "x", "v");
        op(g, 0, "Neg", "n", "x", "v");
        op(g, 0, "Exp", "e", "v", "y");
    }
    swap_ids(b->scopes[0].operators, 1, 2);
    expect(a, b, "~edge: 'e' input 0: 'n' output 0 -> 'r' output 0\n");
}

static void test_repeated_nodes(void **state) {
    (void)state;
    mx_graph *a = new_graph(), *b = new_graph();
    for (int i = 0; i < 3; i++)
        op(a, 0, "Relu", "same", "x", "y");
    for (int i = 0; i < 4; i++)
        op(b, 0, "Relu", "same", "x", "y");
    expect(a, b, "+node: 'same': () -> 'Relu'\n");
}

/* ---- attributes ---- */

static mx_graph *with_attributes(int variant) {
    static const float floats[][3] = {{1, 2, 3}, {1, -0.0f, 3}};
    static const int64_t ints[][3] = {{0, 1, 2}, {0, 1, 7}};
    mx_graph *g = new_graph();
    bool other = variant != 0;
    mx_attr *at = attributes(g, op(g, 0, "Op", "n", "", "y"), 11);
    uint32_t nan = 0x7fc00000u + (uint32_t)variant;
    at[0] = (mx_attr){.name = sid(g, "f"), .type = MX_ATTR_FLOAT};
    memcpy(&at[0].value.f, &nan, sizeof nan);
    at[1] = (mx_attr){.name = sid(g, "i"), .type = MX_ATTR_INT, .value.i = INT64_MAX - variant};
    at[2] = (mx_attr){.name = sid(g, "s"), .type = MX_ATTR_STRING, .value.s = sid(g, other ? "b" : "a")};
    at[3] = (mx_attr){.name = sid(g, "floats"), .type = MX_ATTR_FLOATS, .count = 3};
    at[3].value.floats = array(g, 3, sizeof(float));
    memcpy(at[3].value.floats, floats[variant], sizeof floats[0]);
    at[4] = (mx_attr){.name = sid(g, "ints"), .type = MX_ATTR_INTS, .count = 3 - (uint32_t)variant};
    at[4].value.ints = array(g, 3, sizeof(int64_t));
    memcpy(at[4].value.ints, ints[variant], sizeof ints[0]);
    at[5] = (mx_attr){.name = sid(g, "t"), .type = MX_ATTR_TENSOR};
    at[5].value.index = tensor(g, "", INT8, MX_TENSOR_RAW_DATA, other ? "abd" : "abc", 3);
    at[6] = (mx_attr){.name = sid(g, "r"), .type = MX_ATTR_INT, .ref_name = sid(g, other ? "beta" : "alpha")};
    at[7] = (mx_attr){.name = sid(g, "opaque"), .type = MX_ATTR_OPAQUE, .value.s = sid(g, other ? "\x7f" : "\x01")};
    at[8] = (mx_attr){.name = sid(g, "type"), .type = MX_ATTR_TYPE_PROTO, .value.index = float_type(g, variant)};
    at[9] = (mx_attr){.name = sid(g, other ? "new" : "old"), .type = MX_ATTR_UNDEFINED};
    at[10] = (mx_attr){.name = sid(g, "kind"), .type = other ? MX_ATTR_INT : MX_ATTR_FLOAT, .doc = sid(g, "d")};
    at[10].rest = other ? sid(g, "{}") : MX_SID_ABSENT;
    if (other) at[10].value.i = 0;
    return g;
}

static void test_attributes(void **state) {
    (void)state;
    expect(with_attributes(0), with_attributes(0), "");
    expect(with_attributes(0), with_attributes(1),
           "~attribute: 'n' attribute 'f': FLOAT 0x7fc00000 -> FLOAT 0x7fc00001\n"
           "~attribute: 'n' attribute 'i': INT 9223372036854775807 -> INT 9223372036854775806\n"
           "~attribute: 'n' attribute 's': STRING 'a' -> STRING 'b'\n"
           "~attribute: 'n' attribute 'floats': FLOATS [1.0, 2.0, 3.0] -> FLOATS [1.0, -0.0, 3.0]\n"
           "~attribute: 'n' attribute 'ints': INTS [0, 1, 2] -> INTS [0, 1]\n"
           "~attribute: 'n' attribute 't' data: 3 bytes, XXH3-128 06b05ab6733a618578af5f94892f3950 -> "
           "3 bytes, XXH3-128 ec4af3fc0b1f44fe6b4467b443c76228\n"
           "~attribute: 'n' attribute 'r': INT from 'alpha' -> INT from 'beta'\n"
           "~attribute: 'n' attribute 'opaque': opaque '\\x01' -> opaque '\\x7f'\n"
           "~attribute: 'n' attribute 'type': TYPE_PROTO FLOAT[0] -> TYPE_PROTO FLOAT[1]\n"
           "-attribute: 'n' attribute 'old': UNDEFINED -> ()\n"
           "~attribute: 'n' attribute 'kind': FLOAT 0.0 -> INT 0\n"
           "+attribute: 'n' attribute 'kind' rest: () -> '{}'\n"
           "+attribute: 'n' attribute 'new': () -> UNDEFINED\n");
}

static void test_long_list(void **state) {
    (void)state;
    mx_graph *g[2];
    for (int side = 0; side < 2; side++) {
        g[side] = new_graph();
        mx_attr *at = attributes(g[side], op(g[side], 0, "Op", "n", "", "y"), 1);
        at[0] = (mx_attr){.name = sid(g[side], "v"), .type = MX_ATTR_INTS, .count = 100};
        at[0].value.ints = array(g[side], 100, sizeof(int64_t));
        at[0].value.ints[90] = side;
    }
    expect(g[0], g[1],
           "~attribute: 'n' attribute 'v': INTS [\xE2\x80\xA6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] of 100 -> "
           "INTS [\xE2\x80\xA6, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0] of 100\n");
}

/* ---- scopes within scopes ---- */

static void test_bodies(void **state) {
    (void)state;
    mx_graph *b = model();
    mx_node_id then_body = mx_node_at(b, find(b, "choose"))->attrs[0].value.index;
    mx_scope_data *s = &b->scopes[mx_node_at(b, then_body)->data];
    mx_node_at(b, s->operators[0])->inputs[0].name = sid(b, "s"); /* captures another value */
    op(b, then_body, "Abs", "", "t", "u");
    mx_scope_data *e = &b->scopes[mx_node_at(b, mx_node_at(b, find(b, "choose"))->attrs[1].value.index)->data];
    e->doc = sid(b, "else");
    expect(model(), b,
           "~edge: 'choose'.then_branch / Neg #0 input 0: 'gemm' output 0 -> 'add' output 0\n"
           "+node: 'choose'.then_branch / Abs #1: () -> 'Abs'\n"
           "+graph: 'choose'.else_branch graph doc_string: () -> 'else'\n");
}

/* The two bodies of an If are exchanged. */
static void test_exchanged_bodies(void **state) {
    (void)state;
    mx_graph *b = model();
    mx_attr *attrs = mx_node_at(b, find(b, "choose"))->attrs;
    uint32_t kept = attrs[0].value.index;
    attrs[0].value.index = attrs[1].value.index;
    attrs[1].value.index = kept;
    expect(model(), b,
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
    mx_graph *a = model(), *b = model();
    mx_attr *attrs = mx_node_at(b, find(b, "choose"))->attrs;
    attrs[1].value.index = attrs[0].value.index;
    expect(a, b, "~attribute: 'choose' attribute 'else_branch': its own body -> the body of another attribute\n");
}

static void test_functions(void **state) {
    (void)state;
    mx_graph *a = model(), *b = model();
    mx_node_at(b, find(b, "Twice"))->overload = sid(b, "v2");
    expect(a, b, "-function: function 'my'.'Twice': () -> ()\n+function: function 'my'.'Twice':'v2': () -> ()\n");
    b = model();
    mx_node_id twice = find(b, "Twice");
    mx_scope_data *s = &b->scopes[mx_node_at(b, twice)->data];
    mx_node_at(b, twice)->overload = MX_SID_EMPTY;
    mx_node_at(b, s->operators[0])->op_type = sid(b, "Sub");
    s->opsets[0].version = 19;
    s->n_attribute_names = 1;
    expect(model(), b,
           "+function: function 'my'.'Twice' overload: () -> ''\n"
           "~opset: function 'my'.'Twice' opset_import '' version: 18 -> 19\n"
           "-function: function 'my'.'Twice' attribute 'beta': () -> ()\n"
           "~node: function 'my'.'Twice' / Add #0 op_type: 'Add' -> 'Sub'\n");
}

static void test_value_infos(void **state) {
    (void)state;
    mx_graph *b = model();
    b->scopes[0].value_infos[0].type = MX_NO_INDEX;
    b->scopes[0].value_infos[0].rest = sid(b, "{}");
    mx_value_info v = {.name = sid(b, "h"), .type = float_type(b, 9)};
    assert_int_equal(mx_scope_add_value_info(b, &b->scopes[0], &v, NULL), MX_OK);
    expect(model(), b,
           "-value_info: value_info 's' type: FLOAT[3] -> ()\n"
           "+value_info: value_info 's' rest: () -> '{}'\n"
           "+value_info: value_info 'h': () -> FLOAT[9]\n");
}

static void test_types(void **state) {
    (void)state;
    mx_graph *g[2];
    for (int side = 0; side < 2; side++) {
        g[side] = new_graph();
        uint32_t inner = float_type(g[side], side), type;
        mx_type map = {.kind = MX_TYPE_MAP, .has_elem = true, .elem = STRING, .child = inner};
        assert_int_equal(mx_graph_add_type(g[side], &map, &type, NULL), MX_OK);
        mx_type sequence = {.kind = MX_TYPE_SEQUENCE, .child = type};
        assert_int_equal(mx_graph_add_type(g[side], &sequence, &type, NULL), MX_OK);
        mx_node_at(g[side], input(g[side], 0, "x"))->data = type;
    }
    expect(g[0], g[1],
           "~input: input 'x' type: sequence of map from STRING to FLOAT[0] -> "
           "sequence of map from STRING to FLOAT[1]\n");
}

/* ---- weights ---- */

static mx_graph *with_weight(int32_t type, mx_tensor_field field, const void *bytes, size_t n) {
    mx_graph *g = new_graph();
    initializer(g, "w", type, field, bytes, n);
    return g;
}

static void test_changed_weight(void **state) {
    (void)state;
    mx_graph *a = with_weight(FLOAT, MX_TENSOR_RAW_DATA, "abcdefghijkl", 12);
    mx_graph *b = with_weight(FLOAT, MX_TENSOR_RAW_DATA, "abcdefghijkm", 12);
    b->tensors[0].dims[0] = 4;
    b->tensors[0].rest = sid(b, "{}");
    initializer(b, "v", FLOAT, MX_TENSOR_RAW_DATA, weights, sizeof weights);
    expect(a, b,
           "~weight: initializer 'w' dims: [3] -> [4]\n"
           "~weight: initializer 'w' data: 12 bytes, XXH3-128 d5c1c71e1ef3a2b6ca41a0e8a26ef9e2 -> "
           "12 bytes, XXH3-128 40587469a39396d41540472a162d7966\n"
           "+weight: initializer 'w' rest: () -> '{}'\n"
           "+weight: initializer 'v': () -> FLOAT[3]\n");
}

static bool same_weight(int32_t type, mx_tensor_field field_a, mx_str a, mx_tensor_field field_b, mx_str b) {
    mx_graph *x = with_weight(type, field_a, a.p, a.n), *y = with_weight(type, field_b, b.p, b.n);
    uint64_t there, back;
    assert_int_equal(mx_graph_compare(x, y, NULL, NULL, &there, NULL), MX_OK);
    assert_int_equal(mx_graph_compare(y, x, NULL, NULL, &back, NULL), MX_OK);
    assert_int_equal(there, back);
    mx_graph_release(x);
    mx_graph_release(y);
    return there == 0;
}
#define BYTES(literal) MX_STR_LITERAL(literal)

static void test_forms_of_data(void **state) {
    (void)state;
    const mx_tensor_field raw = MX_TENSOR_RAW_DATA, int32 = MX_TENSOR_INT32_DATA, int64 = MX_TENSOR_INT64_DATA;
    mx_str floats = {(const char *)weights, sizeof weights};
    assert_true(same_weight(FLOAT, raw, floats, MX_TENSOR_FLOAT_DATA, floats));
    assert_false(same_weight(INT64, raw, floats, MX_TENSOR_FLOAT_DATA, floats));
    mx_str minus_one = BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    assert_true(same_weight(INT8, raw, BYTES("\xff"), int32, minus_one));
    assert_false(same_weight(INT8, raw, BYTES("\xff"), int32, BYTES("\xff\x01"))); /* 255 is no int8 */
    assert_true(same_weight(INT8, raw, BYTES("\x7f\x01"), int32, BYTES("\x7f\x01")));
    assert_false(same_weight(INT8, raw, BYTES("\x7f\x01"), int32, BYTES("\x7f\x01\x01")));
    assert_false(same_weight(INT8, raw, BYTES("\x7f\x01"), int32, BYTES("\x7f\x81"))); /* cut */
    mx_str number = BYTES("\x80\1\0\0\0\0\0\0");                                       /* 384 */
    assert_true(same_weight(INT64, raw, number, int64, BYTES("\x80\x03")));
    assert_true(same_weight(INT64, raw, number, int64, BYTES("\x80\x83\x00"))); /* longer than it need be */
    assert_true(same_weight(INT64, int64, BYTES("\x80\x03"), int64, BYTES("\x80\x83\x00")));
    assert_false(same_weight(INT64, raw, number, int64, BYTES("\x80\x03\x00")));
    assert_false(same_weight(INT64, raw, number, int64, BYTES("\x81\x03")));
    assert_true(
        same_weight(STRING, MX_TENSOR_STRING_DATA, BYTES("2\1a2\0"), MX_TENSOR_STRING_DATA, BYTES("2\x81\0a2\0")));
    assert_false(
        same_weight(STRING, MX_TENSOR_STRING_DATA, BYTES("2\1a2\1b"), MX_TENSOR_STRING_DATA, BYTES("2\2ab2\0")));
    assert_false(same_weight(STRING, MX_TENSOR_STRING_DATA, BYTES("2\1a"), MX_TENSOR_STRING_DATA, BYTES("2\5a")));
    assert_true(same_weight(FLOAT, raw, BYTES(""), MX_TENSOR_FLOAT_DATA, BYTES("")));
    assert_false(same_weight(FLOAT, raw, BYTES(""), raw, floats));
}

/* Long data in two forms; the streams read many buffers of it. */
static void test_long_streams(void **state) {
    (void)state;
    enum { N = 100000 };
    uint8_t *raw = malloc(N * 8), *packed = malloc(N * 10);
    assert_true(raw && packed);
    size_t n = 0;
    for (uint64_t i = 0; i < N; i++) {
        uint64_t v = i * i * i * 0x9E3779B97F4A7C15u;
        for (int k = 0; k < 8; k++)
            raw[i * 8 + (size_t)k] = (uint8_t)(v >> 8 * k);
        for (; v >= 0x80; v >>= 7)
            packed[n++] = (uint8_t)(v | 0x80);
        packed[n++] = (uint8_t)v;
    }
    mx_str a = {(char *)raw, N * 8}, b = {(char *)packed, n};
    assert_true(same_weight(INT64, MX_TENSOR_RAW_DATA, a, MX_TENSOR_INT64_DATA, b));
    raw[N * 8 - 1] ^= 1;
    assert_false(same_weight(INT64, MX_TENSOR_RAW_DATA, a, MX_TENSOR_INT64_DATA, b));
    free(raw);
    free(packed);
}

/* Moved to an external file: the same bytes are the same weight. */
static void test_external(void **state) {
    (void)state;
    mx_graph *b = with_weight(FLOAT, MX_TENSOR_NO_DATA, weights, sizeof weights);
    mx_tensor *t = &b->tensors[0];
    t->has_location = true;
    t->location = 1;
    t->external = pairs(b, "location", "w.bin", "length", "12");
    t->external_file = 0;
    expect(with_weight(FLOAT, MX_TENSOR_RAW_DATA, weights, sizeof weights), b, "");

    b = with_weight(FLOAT, MX_TENSOR_NO_DATA, weights, sizeof weights);
    b->tensors[0].has_location = true;
    b->tensors[0].location = 7;
    b->tensors[0].external = pairs(b, "location", "w.bin", "mine", "1");
    b->tensors[0].external_file = 0;
    expect(with_weight(FLOAT, MX_TENSOR_RAW_DATA, weights, sizeof weights), b,
           "+weight: initializer 'w' data_location: () -> 7\n"
           "+metadata: initializer 'w' external_data 'mine': () -> '1'\n");

    mx_graph *a = with_weight(FLOAT, MX_TENSOR_NO_DATA, NULL, 0);
    b = with_weight(FLOAT, MX_TENSOR_NO_DATA, NULL, 0);
    a->tensors[0].external = pairs(a, "location", "w.bin", NULL, NULL);
    b->tensors[0].external = pairs(b, "location", "v.bin", NULL, NULL);
    expect(a, b, "~metadata: initializer 'w' external_data 'location': 'w.bin' -> 'v.bin'\n");

    b = with_weight(FLOAT, MX_TENSOR_NO_DATA, NULL, 0); /* external, but nowhere */
    b->tensors[0].has_location = true;
    b->tensors[0].location = 1;
    expect(with_weight(FLOAT, MX_TENSOR_NO_DATA, NULL, 0), b, "+weight: initializer 'w' data_location: () -> 1\n");
}

/* A recorded checksum of just these bytes decides, and one of a larger range does not. */
static void test_checksums(void **state) {
    (void)state;
    mx_graph *a = with_weight(FLOAT, MX_TENSOR_RAW_DATA, "aaaaaaaaaaaa", 12);
    mx_graph *b = with_weight(FLOAT, MX_TENSOR_RAW_DATA, "bbbbbbbbbbbb", 12);
    uint64_t count;
    mx_check check = {a->tensors[0].data.source, 0, 12, mx_hash_bytes("bbbbbbbbbbbb", 12)};
    assert_int_equal(mx_graph_add_check(a, &check, &a->tensors[0].data.check, NULL), MX_OK);
    assert_int_equal(mx_graph_compare(a, b, NULL, NULL, &count, NULL), MX_OK);
    assert_int_equal(count, 0);
    a->checks[0].size = 13;
    assert_int_equal(mx_graph_compare(a, b, NULL, NULL, &count, NULL), MX_OK);
    assert_int_equal(count, 1);
    mx_source_release(b->sources[0]);
    b->sources[0] = NULL;
    assert_int_equal(mx_graph_compare(a, b, NULL, NULL, &count, NULL), MX_ERR_INVALID);
    mx_graph_release(a);
    mx_graph_release(b);
}

static void test_sparse(void **state) {
    (void)state;
    mx_graph *g[2];
    for (int side = 0; side < 2; side++) {
        g[side] = new_graph();
        mx_sparse s = {.values = tensor(g[side], "s", INT8, MX_TENSOR_RAW_DATA, "abc", 3), .n_dims = 1};
        s.indices = side ? MX_NO_INDEX : tensor(g[side], "", INT64, MX_TENSOR_NO_DATA, NULL, 0);
        s.dims = array(g[side], 1, sizeof *s.dims);
        s.dims[0] = side;
        uint32_t id;
        assert_int_equal(mx_graph_add_sparse(g[side], &s, &id, NULL), MX_OK);
        assert_int_equal(mx_scope_add_sparse(g[side], &g[side]->scopes[0], id, NULL), MX_OK);
    }
    expect(g[0], g[1],
           "-weight: sparse initializer 's' indices: () -> ()\n"
           "~weight: sparse initializer 's' dims: [0] -> [1]\n");
}

/* ---- how it runs ---- */

static void test_stop(void **state) {
    (void)state;
    mx_graph *a = model(), *b = new_graph();
    log_t log = {.stop_after = 2};
    uint64_t count;
    assert_int_equal(mx_graph_compare(a, b, write_down, &log, &count, NULL), MX_OK);
    assert_int_equal(log.calls, 2);
    assert_int_equal(count, 2);
    mx_graph_release(a);
    mx_graph_release(b);
}

typedef struct counting {
    long until, used;
} counting;

static void *failing_alloc(void *ctx, size_t size) {
    counting *n = ctx;
    if (n->until-- == 0) return NULL;
    n->used++;
    return malloc(size);
}
static void *failing_realloc(void *ctx, void *old, size_t old_size, size_t size) {
    counting *n = ctx;
    (void)old_size;
    return n->until-- == 0 ? NULL : realloc(old, size);
}
static void counting_free(void *ctx, void *old, size_t old_size) {
    (void)old_size;
    ((counting *)ctx)->used--;
    free(old);
}

/* Different in everything, and in structures of all kinds: every allocation is made. */
static void test_no_memory(void **state) {
    (void)state;
    mx_graph *a = model(), *b = with_attributes(0);
    op(a, 0, "Relu", "", "y", "one");
    op(b, 0, "Relu", "", "y", "another");
    wire(a);
    wire(b);
    counting n = {0};
    const mx_allocator own = {failing_alloc, failing_realloc, counting_free, &n}, *kept = a->allocator;
    mx_status status = MX_ERR_NOMEM;
    long at = 0;
    for (; status == MX_ERR_NOMEM && at < 1000; at++) {
        log_t log = {.calls = 0};
        uint64_t count = 1;
        mx_error err = {0};
        n = (counting){.until = at};
        a->allocator = &own;
        status = mx_graph_compare(a, b, write_down, &log, &count, &err);
        a->allocator = kept;
        assert_int_equal(n.used, 0);
        if (status == MX_ERR_NOMEM) assert_int_equal(count, 0);
        if (status == MX_ERR_NOMEM) assert_int_equal(err.code, MX_ERR_NOMEM);
    }
    assert_int_equal(status, MX_OK);
    assert_true(at > 15);
    mx_graph_release(a);
    mx_graph_release(b);
}

/* 200,000 nodes that have nothing in common but their structure. */
static mx_graph *chain(const char *prefix, int n) {
    mx_graph *g = new_graph();
    char from[32] = "x", to[32];
    input(g, 0, "x");
    for (int i = 0; i < n; i++) {
        snprintf(to, sizeof to, "%s%d", prefix, i);
        op(g, 0, i % 3 ? "Relu" : "Neg", "", from, to);
        memcpy(from, to, sizeof to);
    }
    wire(g);
    return g;
}

static void test_large(void **state) {
    (void)state;
    enum { N = 200000 };
    mx_graph *a = chain("a", N), *b = chain("b", N);
    uint64_t count;
    assert_int_equal(mx_graph_compare(a, b, NULL, NULL, &count, NULL), MX_OK);
    assert_int_equal(count, N); /* the name of each value */
    mx_graph_release(a);
    mx_graph_release(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identical),
        cmocka_unit_test(test_other_string_ids),
        cmocka_unit_test(test_model_fields),
        cmocka_unit_test(test_two_valid_orders),
        cmocka_unit_test(test_an_order_that_is_not_valid),
        cmocka_unit_test(test_order_around_a_body),
        cmocka_unit_test(test_order_of_lists),
        cmocka_unit_test(test_repeated_keys),
        cmocka_unit_test(test_opaque_entries),
        cmocka_unit_test(test_order_of_inputs),
        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_renamed_nodes_and_values),
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_alike_sources),
        cmocka_unit_test(test_changed_type),
        cmocka_unit_test(test_added_and_removed),
        cmocka_unit_test(test_inserted),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_values_made_twice),
        cmocka_unit_test(test_repeated_nodes),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_long_list),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_exchanged_bodies),
        cmocka_unit_test(test_shared_body),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_value_infos),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_changed_weight),
        cmocka_unit_test(test_forms_of_data),
        cmocka_unit_test(test_long_streams),
        cmocka_unit_test(test_external),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
