/* The structural check: each fault by its code and place, and nothing else. */
#include "converter/check.h"

#include "allocator.h"
#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct found {
    char codes[1000]; /* "code@node " each */
} found;

static void note(void *ctx, const mx_problem *p) {
    found *f = ctx;
    size_t n = strlen(f->codes);
    snprintf(f->codes + n, sizeof f->codes - n, "%s%s@%u", n ? " " : "", p->code, p->node);
    assert_true(strlen(p->message) > 10);
}

/* The problems of the graph, wired first. */
static const char *check(mx_graph *g) {
    static found f;
    mx_error err;
    uint64_t count, again;
    f.codes[0] = '\0';
    small_wire(g);
    assert_int_equal(mx_graph_check(g, note, &f, &count, &err), MX_OK);
    assert_int_equal(mx_graph_check(g, NULL, NULL, &again, NULL), MX_OK);
    assert_int_equal(count, again);
    uint64_t listed = 0;
    for (const char *p = f.codes; *p; p++)
        listed += *p == '@';
    assert_int_equal(count, listed);
    return f.codes;
}

static const char *at(const char *code, mx_node_id node) {
    static char texts[2][100];
    static unsigned next;
    char *text = texts[next++ % 2];
    snprintf(text, sizeof *texts, "%s@%u", code, node);
    return text;
}

static void test_good(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    small_input(g, 0, "x");
    small_input(g, 0, "d");
    small_initializer(g, 0, "d");
    small_initializer(g, 0, "w");
    small_sparse(g, 0, "s");
    small_op(g, 0, "A", "x,w,,s,d", "a,,b");
    mx_node_id cond = small_op(g, 0, "If", "a", "r"), t = small_body(g, cond, "then_branch"),
               e = small_body(g, cond, "else_branch");
    small_op(g, t, "B", "b,w", "inner"); /* the same name in two bodies */
    small_output(g, t, "inner");
    small_op(g, e, "B", "b,w", "inner");
    small_output(g, e, "inner");
    small_output(g, 0, "r");
    small_output(g, 0, "x");
    small_output(g, 0, "w");
    mx_node_id f = small_function(g, "local", "F");
    small_input(g, f, "x");
    small_op(g, f, "A", "x", "y");
    small_output(g, f, "y");
    mx_node_id call = small_op(g, 0, "F", "x", "z");
    mx_node_at(g, call)->domain = small_sid(g, "local"); /* imported by the function's being there */
    mx_node_id other = small_op(g, f, "A", "x", "q");
    mx_node_at(g, other)->domain = small_sid(g, "ai.onnx");
    assert_string_equal(check(g), "");
    mx_graph_release(g);
}

static void test_values(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id a = small_op(g, 0, "A", "nowhere", "a");
    assert_string_equal(check(g), at("unresolved-input", a));
    mx_node_id y = small_output(g, 0, "y");
    mx_node_at(g, a)->n_inputs = 0;
    assert_string_equal(check(g), at("unresolved-output", y));
    mx_node_id b = small_op(g, 0, "B", "y", "b"), c = small_op(g, 0, "C", NULL, "y");
    assert_string_equal(check(g), at("unordered", b));
    mx_node_at(g, b)->n_inputs = 0;
    mx_node_id d = small_op(g, 0, "D", NULL, "y");
    assert_string_equal(check(g), at("duplicate-value", d));
    mx_node_at(g, d)->n_outputs = 0;
    mx_node_id body = small_body(g, d, "body"), e = small_op(g, body, "E", NULL, "y");
    assert_string_equal(check(g), at("shadowed-value", e));
    mx_node_at(g, e)->n_outputs = 0;
    mx_node_id in = small_input(g, body, "");
    assert_string_equal(check(g), at("unnamed-input", in));
    mx_node_at(g, in)->name = mx_node_at(g, in)->outputs[0] = small_sid(g, "in");
    small_initializer(g, body, "");
    assert_string_equal(check(g), at("unnamed-initializer", body));
    g->tensors[0].name = small_sid(g, "y");
    assert_string_equal(check(g), at("shadowed-value", body));
    g->tensors[0].name = small_sid(g, "free");
    mx_node_at(g, d)->n_outputs = 1; /* an operator whose body uses its result */
    mx_node_at(g, d)->outputs[0] = small_sid(g, "d");
    mx_node_id self = small_op(g, body, "S", "d", "s");
    assert_string_equal(check(g), at("unordered", self));
    (void)c;
    mx_graph_release(g);
}

static void test_model(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    g->model.has_ir_version = false;
    assert_string_equal(check(g), "missing-ir-version@0");
    g->model.has_ir_version = true;
    g->scopes[0].has_graph = false;
    assert_string_equal(check(g), "missing-graph@0");
    g->scopes[0].has_graph = true;
    g->model.ir_version = 0;
    assert_string_equal(check(g), "missing-ir-version@0");
    g->model.ir_version = 8;
    g->scopes[0].name = MX_SID_EMPTY;
    assert_string_equal(check(g), "unnamed-graph@0");
    g->scopes[0].name = small_sid(g, "graph");
    mx_node_id x = small_input(g, 0, "x"), y = small_output(g, 0, "x");
    mx_node_at(g, x)->data = MX_NO_INDEX;
    assert_string_equal(check(g), at("missing-type", x));
    mx_node_at(g, x)->data = mx_node_at(g, y)->data;
    g->types[mx_node_at(g, x)->data].has_elem = false;
    assert_non_null(strstr(check(g), at("missing-type", y)));
    g->types[mx_node_at(g, x)->data].has_elem = true;
    g->model.ir_version = 3;
    small_initializer(g, 0, "w");
    assert_string_equal(check(g), "initializer-not-input@0");
    small_input(g, 0, "w");
    assert_string_equal(check(g), "");
    mx_graph_release(g);
}

static void test_opsets(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id op = small_op(g, 0, "A", NULL, "a");
    mx_node_at(g, op)->domain = small_sid(g, "com.x");
    assert_string_equal(check(g), at("missing-opset-import", op));
    mx_opset opsets[3] = {g->scopes[0].opsets[0], {.domain = small_sid(g, "com.x"), .has_version = true}, {0}};
    g->scopes[0].opsets = opsets;
    g->scopes[0].n_opsets = 2;
    assert_string_equal(check(g), "");
    opsets[1].has_version = false;
    assert_string_equal(check(g), "opset-without-version@0");
    opsets[1].has_version = true;
    opsets[2] =
        (mx_opset){.domain = small_sid(g, "ai.onnx"), .has_version = true, .version = 17}; /* "" by another name */
    g->scopes[0].n_opsets = 3;
    assert_string_equal(check(g), "duplicate-opset-import@0");
    g->scopes[0].n_opsets = 2;
    opsets[1].opaque = small_sid(g, "wire bytes"); /* may be the one that is missing */
    assert_string_equal(check(g), "");
    opsets[1].opaque = MX_SID_ABSENT;
    mx_node_id f = small_function(g, "local", "F"), inner = small_op(g, f, "A", NULL, "a");
    mx_node_at(g, inner)->domain = small_sid(g, "com.x"); /* the model's imports are not the function's */
    assert_string_equal(check(g), at("missing-opset-import", inner));
    mx_node_at(g, inner)->domain = MX_SID_ABSENT;
    mx_node_at(g, inner)->op_type = MX_SID_EMPTY;
    assert_string_equal(check(g), at("no-op-type", inner));
    mx_graph_release(g);
}

static void test_functions(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    small_function(g, "", "F");
    mx_node_id f2 = small_function(g, "ai.onnx", "F"), f3 = small_function(g, "local", "F");
    assert_non_null(strstr(check(g), "duplicate-function@"));
    mx_node_at(g, f2)->overload = small_sid(g, "int");
    assert_string_equal(check(g), "");
    mx_node_at(g, f3)->name = MX_SID_EMPTY;
    assert_string_equal(check(g), at("unnamed-function", f3));
    mx_graph_release(g);
}

static void test_attributes(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id op = small_op(g, 0, "A", NULL, "a");
    mx_node *n = mx_node_at(g, op);
    mx_sid k = small_sid(g, "k"), l = small_sid(g, "l");
    mx_attr attrs[3] = {{.name = k, .type = MX_ATTR_INT}, {.name = k, .type = MX_ATTR_INT}};
    n->attrs = attrs;
    n->n_attrs = 2;
    assert_string_equal(check(g), at("duplicate-attribute", op));
    attrs[1].name = MX_SID_ABSENT;
    assert_string_equal(check(g), at("unnamed-attribute", op));
    attrs[1].name = l;
    attrs[1].type = MX_ATTR_OPAQUE;
    assert_string_equal(check(g), at("odd-attribute", op));
    attrs[1].type = MX_ATTR_UNDEFINED;
    assert_string_equal(check(g), at("untyped-attribute", op));
    attrs[1] = (mx_attr){.name = l, .ref_name = k, .type = MX_ATTR_INT};
    assert_string_equal(check(g), at("reference-outside-function", op));
    attrs[1] = (mx_attr){.name = l, .type = MX_ATTR_GRAPH, .value.index = 77};
    assert_string_equal(check(g), at("missing-body", op));
    n->n_attrs = 0;
    mx_node_id body = small_body(g, op, "body");
    assert_string_equal(check(g), "");
    attrs[0] = (mx_attr){.name = k, .type = MX_ATTR_GRAPH, .value.index = body};
    attrs[1] = (mx_attr){.name = l, .type = MX_ATTR_GRAPH, .value.index = body}; /* one body for two */
    n->attrs = attrs;
    n->n_attrs = 2;
    assert_string_equal(check(g), at("missing-body", op));
    n->n_attrs = 0;
    assert_string_equal(check(g), at("stray-body", op));
    n->n_attrs = 1;
    mx_node_id f = small_function(g, "local", "F"), inner = small_op(g, f, "A", NULL, "a");
    mx_attr reference = {.name = l, .ref_name = small_sid(g, "alpha"), .type = MX_ATTR_FLOAT};
    mx_node_at(g, inner)->attrs = &reference;
    mx_node_at(g, inner)->n_attrs = 1;
    assert_string_equal(check(g), at("unknown-reference", inner));
    g->scopes[mx_node_at(g, f)->data].attribute_names = &reference.ref_name;
    g->scopes[mx_node_at(g, f)->data].n_attribute_names = 1;
    assert_string_equal(check(g), "");
    reference.type = MX_ATTR_UNDEFINED;
    assert_string_equal(check(g), at("untyped-attribute", inner));
    mx_graph_release(g);
}

/* ---- tensors ---- */

static mx_graph *with_tensor(mx_tensor **t) {
    mx_graph *g = small_graph(NULL);
    *t = &g->tensors[small_initializer(g, 0, "w")];
    *t = &g->tensors[0];
    return g;
}

static void test_sizes(void **state) {
    (void)state;
    mx_tensor *t;
    mx_graph *g = with_tensor(&t);
    static const uint8_t bits[] = {0,  32,  8,  8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64,
                                   64, 128, 16, 8, 8,  8,  8,  4,  4, 4, 8,  2,  2};
    int64_t dims[] = {3, 7};
    t->dims = dims;
    t->n_dims = 2;
    g->sources[t->data.source]->size = 1000; /* only sizes are looked at */
    for (int32_t type = 1; type < 27; type++) {
        if (!bits[type]) continue;
        t->data_type = type;
        t->data.size = (21u * bits[type] + 7) / 8;
        assert_string_equal(check(g), "");
        t->data.size--;
        assert_string_equal(check(g), "tensor-size@0");
        t->data.size += 2;
        assert_string_equal(check(g), "tensor-size@0");
    }
    t->data_type = 8; /* strings are never raw */
    assert_string_equal(check(g), "tensor-data@0");
    static const int32_t unknown[] = {0, -1, 27, 1000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < 6; i++) {
        t->data_type = unknown[i];
        assert_string_equal(check(g), "tensor-type@0");
    }
    t->data_type = 1;
    t->data.size = 84;
    t->has_type = false;
    assert_string_equal(check(g), "tensor-type@0");
    t->has_type = true;
    dims[0] = -3;
    assert_string_equal(check(g), "tensor-dims@0");
    dims[0] = INT64_MAX;
    assert_string_equal(check(g), "tensor-dims@0");
    dims[1] = 0; /* nothing, however large the rest */
    t->data.size = 0;
    assert_string_equal(check(g), "");
    dims[0] = dims[1] = (int64_t)1 << 31; /* the elements can be counted, their bytes hardly */
    assert_string_equal(check(g), "tensor-size@0");
    t->data_type = 15;
    assert_string_equal(check(g), "tensor-size@0");
    g->sources[t->data.source]->size = 4;
    mx_graph_release(g);
}

static void test_fields(void **state) {
    (void)state;
    mx_tensor *t;
    mx_graph *g = with_tensor(&t);
    int64_t dims[] = {4};
    t->dims = dims;
    t->n_dims = 1;
    g->sources[t->data.source]->size = 1000;
    static const struct {
        int32_t type;
        mx_tensor_field field;
        uint64_t size;
        const char *found;
    } cases[] = {{1, MX_TENSOR_FLOAT_DATA, 16, ""},
                 {1, MX_TENSOR_FLOAT_DATA, 15, "tensor-size@0"},
                 {14, MX_TENSOR_FLOAT_DATA, 32, ""},
                 {11, MX_TENSOR_DOUBLE_DATA, 32, ""},
                 {15, MX_TENSOR_DOUBLE_DATA, 64, ""},
                 {7, MX_TENSOR_INT64_DATA, 4, ""},
                 {7, MX_TENSOR_INT64_DATA, 40, ""},
                 {7, MX_TENSOR_INT64_DATA, 3, "tensor-size@0"},
                 {7, MX_TENSOR_INT64_DATA, 41, "tensor-size@0"},
                 {10, MX_TENSOR_INT32_DATA, 8, ""},
                 {22, MX_TENSOR_INT32_DATA, 2, ""},
                 {22, MX_TENSOR_INT32_DATA, 1, "tensor-size@0"},
                 {25, MX_TENSOR_INT32_DATA, 1, ""},
                 {12, MX_TENSOR_UINT64_DATA, 5, ""},
                 {8, MX_TENSOR_STRING_DATA, 8, ""},
                 {8, MX_TENSOR_STRING_DATA, 7, "tensor-size@0"},
                 {1, MX_TENSOR_INT32_DATA, 16, "tensor-data@0"},
                 {8, MX_TENSOR_RAW_DATA, 16, "tensor-data@0"},
                 {1, MX_TENSOR_NO_DATA, 0, "tensor-data@0"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        t->data_type = cases[i].type;
        t->field = cases[i].field;
        t->data.size = cases[i].size;
        if (strcmp(check(g), cases[i].found) != 0) fail_msg("case %zu: %s", i, check(g));
    }
    dims[0] = 0;
    assert_string_equal(check(g), ""); /* nothing of nothing */
    g->sources[t->data.source]->size = 4;
    mx_graph_release(g);
}

static void test_external(void **state) {
    (void)state;
    mx_tensor *t;
    mx_graph *g = with_tensor(&t);
    t->field = MX_TENSOR_NO_DATA;
    t->has_location = true;
    t->location = 1;
    assert_string_equal(check(g), "");
    t->data.offset = 1;
    assert_string_equal(check(g), "external-range@0");
    t->data.offset = UINT64_MAX;
    assert_string_equal(check(g), "external-range@0");
    t->data = (mx_blob){.source = MX_NO_INDEX, .check = MX_NO_INDEX};
    assert_non_null(strstr(check(g), "external-range@0"));
    mx_graph_release(g);
}

static void test_failing_memory(void **state) {
    (void)state;
    bool done = false;
    for (size_t n = 1; !done; n++) {
        test_allocator t;
        test_allocator_init(&t);
        mx_env env = {.allocator = &t.allocator};
        mx_graph *g = small_graph(&env);
        small_op(g, 0, "A", NULL, "a,b,c,d,e,f,g,h,i,j");
        small_function(g, "local", "F");
        small_wire(g);
        t.fail_at = t.calls + n;
        mx_error err;
        uint64_t count;
        mx_status status = mx_graph_check(g, NULL, NULL, &count, &err);
        done = !t.failed;
        assert_int_equal(status, done ? MX_OK : MX_ERR_NOMEM);
        mx_graph_release(g);
        assert_int_equal(t.blocks, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),           cmocka_unit_test(test_values),    cmocka_unit_test(test_model),
        cmocka_unit_test(test_opsets),         cmocka_unit_test(test_functions), cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_sizes),          cmocka_unit_test(test_fields),    cmocka_unit_test(test_external),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
