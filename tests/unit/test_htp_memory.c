/* Tagging with an allocator that fails: for every kind of source, every single allocation, and all from one on. Nothing
 * is left behind, and a failure is said. */
#include "htp/tagging.h"

#include "allocator.h"
#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static mx_node_id op(mx_graph *g, const char *name, const char *type, const char *inputs, const char *outputs) {
    mx_node_id id = small_op(g, 0, type, inputs, outputs);
    if (name) mx_node_at(g, id)->name = small_sid(g, name);
    return id;
}

static void tell(mx_graph *g, mx_node_id id, const char *key, const char *value) {
    mx_node *n = mx_node_at(g, id);
    mx_error err;
    mx_pair *items = NULL;
    assert_int_equal(mx_graph_array(g, n->metadata.count + 1, sizeof *items, &items, &err), MX_OK);
    for (uint32_t i = 0; i < n->metadata.count; i++)
        items[i] = n->metadata.items[i];
    items[n->metadata.count] = (mx_pair){small_sid(g, key), small_sid(g, value), MX_SID_ABSENT};
    n->metadata = (mx_pairs){items, n->metadata.count + 1};
}

/* ---- a model for each kind of source; very many modules make tables grow ---- */

static void from_names(mx_graph *g) {
    char name[64], output[16], input[16] = "x";
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "/stack/stack.%d/proj/Relu", 39 - i);
        snprintf(output, sizeof output, "v%d", i);
        op(g, name, "Relu", input, output);
        snprintf(input, sizeof input, "%s", output);
    }
    op(g, NULL, "Shape", input, "shape");
    op(g, NULL, "Reshape", "v3,shape", "y");
}

static void from_value_names(mx_graph *g) {
    op(g, NULL, "Relu", "x", "/a/b.0/Relu_output_0");
    op(g, NULL, "Relu", "/a/b.0/Relu_output_0", "/a_1/c/Relu_output_0");
}

static void from_parameters(mx_graph *g) {
    static const char *const parameters[] = {"stack.0.fc.weight", "stack.0.fc.bias", "stack.1.fc.weight",
                                             "stack.1.fc.bias", "w"};
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        small_initializer(g, 0, parameters[i]);
    op(g, NULL, "MatMul", "x,stack.0.fc.weight", "a");
    op(g, NULL, "Add", "a,stack.0.fc.bias", "b");
    op(g, NULL, "Gelu", "b", "c");
    op(g, NULL, "MatMul", "c,w", "d");
    op(g, NULL, "Add", "d,stack.1.fc.bias", "e");
    op(g, NULL, "Add", "e,b", "f");
    op(g, NULL, "MatMul", "f,stack.0.fc.weight", "h");
    op(g, NULL, "Shape", "h", "s");
    op(g, NULL, "Reshape", "h,s", "y");
    small_output(g, 0, "y");
}

static void from_torch(mx_graph *g) {
    mx_node_id a = op(g, NULL, "Relu", "x", "a"), b = op(g, NULL, "Relu", "a", "b");
    tell(g, a, "pkg.torch.onnx.name_scopes", "['', 'encoder', 'encoder.layer.0', 'relu']");
    tell(g, a, "pkg.torch.onnx.class_hierarchy", "['m.Net', 'm.Encoder', 'torch.nn.modules.linear.Linear', 'relu']");
    tell(g, b, "namespace", ": m.Net/encoder: m.Encoder/relu");
    op(g, NULL, "Relu", "b", "c");
}

static void from_tags(mx_graph *g) {
    mx_node_id a = op(g, NULL, "Relu", "x", "a"), b = op(g, NULL, "Relu", "a", "b");
    tell(g, a, "hierarchy_tag", "/Net/Encoder/Layer.0");
    tell(g, a, "hierarchy_scope", "encoder.layer.0");
    tell(g, a, "hierarchy_method", "direct");
    tell(g, b, "hierarchy_tag", "/Net/Encoder/Layer.1");
}

static void from_functions(mx_graph *g) {
    mx_node_id inner = small_function(g, "own", "Block");
    small_op(g, inner, "Relu", "p", "q");
    mx_node_id call = op(g, "/encoder/Block", "Block", "x", "y");
    mx_node_at(g, call)->domain = small_sid(g, "own");
}

static void with_bodies(mx_graph *g) {
    small_initializer(g, 0, "branch.fc.bias");
    op(g, NULL, "Relu", "x", "a");
    mx_node_id body = small_body(g, op(g, NULL, "If", "a", "y"), "then_branch");
    small_op(g, body, "Add", "a,branch.fc.bias", "r");
    small_op(g, body, "Relu", "r", "z");
    small_output(g, body, "z");
}

/* One object with two names, a silent activation, a container. */
static const char tree[] =
    "{\"modules\": {\"class_name\": \"Net\", \"scope\": \"\", \"execution_order\": 0, \"children\": {"
    " \"P\": {\"class_name\": \"P\", \"scope\": \"proj\", \"execution_order\": 1, \"children\": {"
    "  \"Linear\": {\"class_name\": \"Linear\", \"module_type\": \"torch.nn\", \"scope\": \"proj.fc\", "
    "\"execution_order\": 2}}},"
    " \"P.0\": {\"class_name\": \"P\", \"scope\": \"stack.0\", \"execution_order\": 1, \"children\": {"
    "  \"Linear\": {\"class_name\": \"Linear\", \"module_type\": \"torch.nn\", \"scope\": \"stack.0.fc\", "
    "\"execution_order\": 2}}},"
    " \"G\": {\"class_name\": \"G\", \"scope\": \"act\", \"execution_order\": 3},"
    " \"P.1\": {\"class_name\": \"P\", \"scope\": \"stack.1\", \"execution_order\": 4, \"children\": {"
    "  \"Linear\": {\"class_name\": \"Linear\", \"module_type\": \"torch.nn\", \"scope\": \"stack.1.fc\", "
    "\"execution_order\": 5}}}}}}";

/* ---- the loop ---- */

typedef void (*make_model)(mx_graph *g);

static mx_status tag_and_use(mx_graph *g, const char *metadata, mx_htp_attrs attrs, mx_error *err) {
    mx_htp_options options = {.metadata = metadata, .metadata_size = metadata ? strlen(metadata) : 0};
    mx_htp_tagging t;
    mx_status status = mx_htp_tag(g, &options, &t, err);
    if (status != MX_OK) return status;
    status = mx_htp_write_tags(g, &t, attrs, err);
    if (status == MX_OK) status = mx_htp_make_groups(g, &t, err);
    mx_htp_tagging_free(&t);
    return status;
}

/* Whether the n-th allocation of tagging was reached. */
static bool fails(make_model make, const char *metadata, size_t n, bool on) {
    test_allocator a;
    test_allocator_init(&a);
    mx_env env = {.allocator = &a.allocator};
    mx_error err;
    mx_graph *g = small_graph(&env);
    small_input(g, 0, "x");
    make(g);
    small_wire(g);
    a.fail_at = a.calls + n;
    a.fail_on = on;
    mx_status status = tag_and_use(g, metadata, n % 2 ? MX_HTP_ATTRS_METADATA : MX_HTP_ATTRS_ATTRIBUTE, &err);
    bool failed = a.failed;
    assert_int_equal(status, failed ? MX_ERR_NOMEM : MX_OK);
    mx_graph_release(g);
    assert_int_equal(a.blocks, 0);
    assert_int_equal(a.bytes, 0);
    return failed;
}

static void fail_all(make_model make, const char *metadata) {
    for (int on = 0; on < 2; on++)
        for (size_t n = 1; fails(make, metadata, n, on);)
            n++;
}

static void test_every_source(void **state) {
    (void)state;
    static const make_model models[] = {from_names, from_value_names, from_parameters, from_torch,
                                        from_tags,  from_functions,   with_bodies};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        fail_all(models[i], NULL);
        fail_all(models[i], tree);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_source)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
