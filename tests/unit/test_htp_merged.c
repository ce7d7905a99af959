/* Parameters that an exporter kept once for several modules, and those that only look like it. */
#include "htp/tagging.h"

#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { ELEMENTS = 2000 }; /* more than is read at once */

/* All equal, or all equal but the last. */
static uint32_t weight(mx_graph *g, const char *name, bool uniform) {
    float values[ELEMENTS];
    mx_error err;
    uint32_t id = small_initializer(g, 0, name);
    mx_tensor *t = &g->tensors[id];
    for (size_t i = 0; i < ELEMENTS; i++)
        values[i] = 1;
    values[ELEMENTS - 1] = uniform ? 1 : 2;
    t->field = MX_TENSOR_RAW_DATA;
    assert_int_equal(mx_graph_add_bytes(g, (mx_str){(const char *)values, sizeof values}, &t->data, &err), MX_OK);
    return id;
}

static mx_htp_tagging tag(mx_graph *g, const char *metadata) {
    mx_htp_options options = {.metadata = metadata, .metadata_size = strlen(metadata)};
    mx_htp_tagging t;
    mx_error err;
    small_wire(g);
    assert_int_equal(mx_htp_tag(g, &options, &t, &err), MX_OK);
    return t;
}

static const char *scope_of(const mx_graph *g, const mx_htp_tagging *t, mx_node_id op) {
    return small_text(mx_text(g, t->tree.modules[t->labels[op].module].scope));
}

static void end(mx_graph *g, mx_htp_tagging *t) {
    mx_htp_tagging_free(t);
    mx_graph_release(g);
}

/* ---- two blocks of a norm and a product; all norms, and all biases, have the names of the first one's ---- */

static const char blocks[] =
    "{\"modules\": {\"class_name\": \"Net\", \"scope\": \"\", \"execution_order\": 0, \"calls\": 1, \"children\": {"
    "\"A\": {\"class_name\": \"Block\", \"scope\": \"a\", \"execution_order\": 1, \"calls\": 1, \"children\": {"
    "\"N\": {\"class_name\": \"OwnNorm\", \"scope\": \"a.norm\", \"execution_order\": 2, \"calls\": 1},"
    "\"F\": {\"class_name\": \"Linear\", \"module_type\": \"torch.nn\", \"scope\": \"a.fc\", \"execution_order\": 3}}},"
    "\"B\": {\"class_name\": \"Block\", \"scope\": \"b\", \"execution_order\": 4, \"calls\": 1, \"children\": {"
    "\"N\": {\"class_name\": \"OwnNorm\", \"scope\": \"b.norm\", \"execution_order\": 5, \"calls\": 1},"
    "\"F\": {\"class_name\": \"Linear\", \"module_type\": \"torch.nn\", \"scope\": \"b.fc\", \"execution_order\": "
    "6}}}}}}";

typedef struct block {
    mx_node_id norm, scale, shift, product, bias;
} block;

static block add_block(mx_graph *g, const char *names[6], const char *matrix) {
    char inputs[64];
    block b;
    snprintf(inputs, sizeof inputs, "%s,axes", names[0]);
    b.norm = small_op(g, 0, "ReduceMean", inputs, names[1]);
    snprintf(inputs, sizeof inputs, "%s,a.norm.weight", names[1]);
    b.scale = small_op(g, 0, "Mul", inputs, names[2]);
    snprintf(inputs, sizeof inputs, "%s,a.norm.bias", names[2]);
    b.shift = small_op(g, 0, "Add", inputs, names[3]);
    snprintf(inputs, sizeof inputs, "%s,%s", names[3], matrix);
    b.product = small_op(g, 0, "MatMul", inputs, names[4]);
    snprintf(inputs, sizeof inputs, "%s,a.norm.bias", names[4]);
    b.bias = small_op(g, 0, "Add", inputs, names[5]);
    return b;
}

static mx_graph *two_blocks(bool uniform, block *a, block *b) {
    mx_graph *g = small_graph(NULL);
    small_input(g, 0, "x");
    weight(g, "a.norm.weight", uniform);
    weight(g, "a.norm.bias", uniform);
    small_initializer(g, 0, "w1");
    small_initializer(g, 0, "w2");
    small_initializer(g, 0, "axes");
    *a = add_block(g, (const char *[]){"x", "p", "q", "r", "s", "t"}, "w1");
    *b = add_block(g, (const char *[]){"t", "u", "v", "w", "y", "z"}, "w2");
    small_output(g, 0, "z");
    return g;
}

static void test_order_tells_whose_it_is(void **state) {
    (void)state;
    block a, b;
    mx_graph *g = two_blocks(true, &a, &b);
    mx_htp_tagging t = tag(g, blocks);
    assert_string_equal(scope_of(g, &t, a.norm), "a.norm");
    assert_string_equal(scope_of(g, &t, a.shift), "a.norm");
    assert_string_equal(scope_of(g, &t, a.product), "a.fc");
    assert_string_equal(scope_of(g, &t, a.bias), "a.fc");
    assert_string_equal(scope_of(g, &t, b.norm), "b.norm");
    assert_string_equal(scope_of(g, &t, b.scale), "b.norm");
    assert_string_equal(scope_of(g, &t, b.shift), "b.norm");
    assert_string_equal(scope_of(g, &t, b.product), "b.fc");
    assert_string_equal(scope_of(g, &t, b.bias), "b.fc");
    assert_int_equal(t.labels[b.bias].method, MX_HTP_INHERITED); /* its name did not tell */
    end(g, &t);
}

/* Values that were learnt are equal only if they are one object: the name is right. */
static void test_learnt_values_keep_their_name(void **state) {
    (void)state;
    block a, b;
    mx_graph *g = two_blocks(false, &a, &b);
    mx_htp_tagging t = tag(g, blocks);
    assert_string_equal(scope_of(g, &t, b.scale), "a.norm");
    assert_int_equal(t.labels[b.bias].method, MX_HTP_DIRECT);
    end(g, &t);
}

/* ---- modules that are called again ---- */

static void check_called_again(const char *metadata, bool scale_differs) {
    mx_graph *g = small_graph(NULL);
    small_input(g, 0, "x");
    weight(g, "gate.scale", !scale_differs);
    weight(g, "gate.shift", true);
    mx_node_id first = small_op(g, 0, "Mul", "x,gate.scale", "p");
    mx_node_id second = small_op(g, 0, "Add", "p,gate.shift", "q");
    mx_node_id third = small_op(g, 0, "Mul", "q,gate.scale", "r");
    mx_node_id fourth = small_op(g, 0, "Add", "r,gate.shift", "y");
    small_output(g, 0, "y");
    mx_htp_tagging t = tag(g, metadata);
    for (const mx_node_id *op = (const mx_node_id[]){first, second, third, fourth, 0}; *op; op++) {
        assert_string_equal(scope_of(g, &t, *op), "gate");
        assert_int_equal(t.labels[*op].method, MX_HTP_DIRECT);
    }
    end(g, &t);
}

static void test_called_again(void **state) {
    (void)state;
    check_called_again(
        "{\"modules\": {\"class_name\": \"Net\", \"scope\": \"\", \"execution_order\": 0, \"children\": {"
        "\"G\": {\"class_name\": \"Gate\", \"scope\": \"gate\", \"execution_order\": 1, \"calls\": 2}}}}",
        false);
    check_called_again(
        "{\"modules\": {\"class_name\": \"Net\", \"scope\": \"\", \"execution_order\": 0, \"children\": {"
        "\"G\": {\"class_name\": \"Gate\", \"scope\": \"gate\", \"execution_order\": 1}}}}",
        true); /* its other parameter is used as often */
}

/* ---- constants that were computed before the export ---- */

static const char biased[] =
    "{\"modules\": {\"class_name\": \"Attention\", \"scope\": \"\", \"execution_order\": 0, \"children\": {"
    "\"Q\": {\"class_name\": \"Linear\", \"module_type\": \"torch.nn\", \"scope\": \"q\", \"execution_order\": 1},"
    "\"B\": {\"class_name\": \"Positions\", \"scope\": \"positions\", \"execution_order\": 2},"
    "\"O\": {\"class_name\": \"Linear\", \"module_type\": \"torch.nn\", \"scope\": \"o\", \"execution_order\": 3}}}}";

/* A matrix that is added may be what the silent module has computed; a vector is only a parameter of it. */
static void check_constant(int64_t rows, const char *expected) {
    mx_graph *g = small_graph(NULL);
    mx_error err;
    small_input(g, 0, "x");
    weight(g, "q.weight", false);
    weight(g, "o.weight", false);
    uint32_t id = weight(g, "table", false);
    assert_int_equal(mx_graph_array(g, 2, sizeof(int64_t), &g->tensors[id].dims, &err), MX_OK);
    g->tensors[id].n_dims = 2;
    g->tensors[id].dims[0] = rows;
    g->tensors[id].dims[1] = ELEMENTS / rows;
    small_op(g, 0, "MatMul", "x,q.weight", "a");
    mx_node_id sum = small_op(g, 0, "Add", "a,table", "b");
    mx_node_id last = small_op(g, 0, "Softmax", "b", "c");
    small_op(g, 0, "MatMul", "c,o.weight", "y");
    small_output(g, 0, "y");
    mx_htp_tagging t = tag(g, biased);
    assert_string_equal(scope_of(g, &t, sum), expected);
    assert_string_equal(scope_of(g, &t, last), expected);
    end(g, &t);
}

static void test_computed_before_the_export(void **state) {
    (void)state;
    check_constant(20, "");
    check_constant(1, "positions");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_tells_whose_it_is),
        cmocka_unit_test(test_learnt_values_keep_their_name),
        cmocka_unit_test(test_called_again),
        cmocka_unit_test(test_computed_before_the_export),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
