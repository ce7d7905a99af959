/* The module tree, the sources of scope, inheritance from the context, groups, and tags that are written. */
#include "htp/tagging.h"
#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- helpers ---- */

static mx_node_id named(mx_graph *g, mx_node_id scope, const char *name, const char *type, const char *inputs,
                        const char *outputs) {
    mx_node_id id = small_op(g, scope, type, inputs, outputs);
    mx_node_at(g, id)->name = small_sid(g, name);
    return id;
}

static mx_htp_tagging tag_with(mx_graph *g, const char *metadata, const char *torch_module) {
    mx_htp_options options = {.metadata = metadata, .metadata_size = metadata ? strlen(metadata) : 0, .torch_module = torch_module};
    mx_htp_tagging t;
    mx_error err;
    small_wire(g);
    assert_int_equal(mx_htp_tag(g, &options, &t, &err), MX_OK);
    return t;
}

static const char *tag_of(const mx_graph *g, const mx_htp_tagging *t, mx_node_id op) {
    return small_text(mx_text(g, t->tree.modules[t->labels[op].module].tag));
}

static void end(mx_graph *g, mx_htp_tagging *t) {
    mx_htp_tagging_free(t);
    mx_graph_release(g);
}

static void add_metadata(mx_graph *g, mx_node_id op, const char *key, const char *value) {
    mx_node *n = mx_node_at(g, op);
    mx_error err;
    mx_pair *items = NULL;
    assert_int_equal(mx_graph_array(g, n->metadata.count + 1, sizeof *items, &items, &err), MX_OK);
    for (uint32_t i = 0; i < n->metadata.count; i++) items[i] = n->metadata.items[i];
    items[n->metadata.count] = (mx_pair){small_sid(g, key), small_sid(g, value), MX_SID_ABSENT};
    n->metadata = (mx_pairs){items, n->metadata.count + 1};
}

static const char *metadata_of(const mx_graph *g, mx_node_id op, const char *key) {
    return small_text(mx_node_metadata(g, op, key));
}

static const char metadata[] =
    "{\"modules\": {\"class_name\": \"Net\", \"scope\": \"\", \"execution_order\": 0, \"children\": {"
    " \"Encoder\": {\"class_name\": \"Encoder\", \"scope\": \"encoder\", \"execution_order\": 1, \"children\": {"
    "  \"ModuleList\": {\"class_name\": \"ModuleList\", \"scope\": \"encoder.layer\", \"children\": {"
    "   \"Block.0\": {\"class_name\": \"Block\", \"scope\": \"encoder.layer.0\", \"execution_order\": 2, \"children\": {"
    "    \"LayerNorm\": {\"class_name\": \"LayerNorm\", \"scope\": \"encoder.layer.0.norm\", \"execution_order\": 3}}},"
    "   \"Block.1\": {\"class_name\": \"Block\", \"scope\": \"encoder.layer.1\", \"execution_order\": 4}}}}},"
    " \"ModuleDict\": {\"class_name\": \"ModuleDict\", \"scope\": \"heads\", \"children\": {"
    "  \"Head\": {\"class_name\": \"Head\", \"scope\": \"heads.a\", \"execution_order\": 5}}}}}}";

/* ---- the tree and its tags ---- */

static void test_tags_follow_classes(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id norm = named(g, 0, "/encoder/layer.0/norm/Add", "Add", "x", "a");
    mx_node_id block = named(g, 0, "/encoder/layer.1/Relu", "Relu", "a", "b");
    mx_node_id head = named(g, 0, "/a_1/Relu", "Relu", "b", "y");
    mx_htp_tagging t = tag_with(g, metadata, NULL);
    assert_string_equal(tag_of(g, &t, norm), "/Net/Encoder/Block.0/LayerNorm");
    assert_string_equal(tag_of(g, &t, block), "/Net/Encoder/Block.1");
    assert_string_equal(tag_of(g, &t, head), "/Net/Head");
    assert_int_equal(t.labels[head].method, MX_HTP_DIRECT);
    mx_htp_tagging_free(&t);
    t = tag_with(g, metadata, "none");
    assert_string_equal(tag_of(g, &t, norm), "/Net/Encoder/Block.0");
    mx_htp_tagging_free(&t);
    t = tag_with(g, metadata, "all");
    assert_string_equal(tag_of(g, &t, norm), "/Net/Encoder/ModuleList/Block.0/LayerNorm");
    end(g, &t);
}

static void test_names_stand_for_classes(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id a = named(g, 0, "/encoder/layer.0/proj/Relu", "Relu", "x", "a");
    mx_node_id b = named(g, 0, "/encoder/layer.0/proj_1/Relu", "Relu", "a", "b");
    mx_node_id c = named(g, 0, "/encoder/layer/layer.1/Relu", "Relu", "b", "c");
    mx_htp_tagging t = tag_with(g, NULL, NULL);
    assert_string_equal(tag_of(g, &t, a), "/graph/encoder/layer.0/proj");
    assert_int_equal(t.labels[a].module, t.labels[b].module);
    assert_string_equal(tag_of(g, &t, c), "/graph/encoder/layer.1");
    end(g, &t);
}

static void test_missing_module_is_its_parent(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id a = named(g, 0, "/encoder/layer.0/dropout/Relu", "Relu", "x", "a");
    mx_htp_tagging t = tag_with(g, metadata, NULL);
    assert_string_equal(tag_of(g, &t, a), "/Net/Encoder/Block.0");
    assert_int_equal(t.labels[a].method, MX_HTP_PARENT);
    end(g, &t);
}

/* ---- sources ---- */

static void test_torch_metadata(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id a = named(g, 0, "n0", "Relu", "x", "a"), b = named(g, 0, "n1", "Relu", "a", "b");
    add_metadata(g, a, "pkg.torch.onnx.name_scopes", "['', 'proj@1', 'proj.norm', 'relu']");
    add_metadata(g, a, "pkg.torch.onnx.class_hierarchy", "['m.Net', 'm.Proj', 'torch.nn.modules.x.LayerNorm', 'aten.relu']");
    add_metadata(g, b, "namespace", ": m.Net/proj: m.Proj/relu: aten.relu");
    mx_htp_tagging t = tag_with(g, NULL, NULL);
    assert_string_equal(tag_of(g, &t, a), "/Net/Proj/LayerNorm");
    assert_string_equal(tag_of(g, &t, b), "/Net/Proj");
    assert_true(t.native_stack);
    end(g, &t);
}

static void test_parameters(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    small_initializer(g, 0, "encoder.layer.0.norm.weight");
    small_initializer(g, 0, "encoder.layer.1.bias");
    mx_node_id turn = named(g, 0, "", "Transpose", "encoder.layer.0.norm.weight", "t");
    mx_node_id a = named(g, 0, "", "Mul", "x,t", "a"), b = named(g, 0, "", "Add", "a,encoder.layer.1.bias", "y");
    mx_htp_tagging t = tag_with(g, metadata, NULL);
    assert_string_equal(tag_of(g, &t, turn), "/Net/Encoder/Block.0/LayerNorm");
    assert_string_equal(tag_of(g, &t, a), "/Net/Encoder/Block.0/LayerNorm");
    assert_string_equal(tag_of(g, &t, b), "/Net/Encoder/Block.1");
    assert_int_equal(t.labels[a].source, MX_HTP_FROM_PARAMETER);
    end(g, &t);
}

static void test_context(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id c = named(g, 0, "", "Constant", NULL, "c");
    named(g, 0, "/encoder/layer.0/Add", "Add", "x,c", "a");
    mx_node_id between = named(g, 0, "", "Cast", "a", "b");
    named(g, 0, "/encoder/layer.1/Add", "Add", "b,c", "y");
    named(g, 0, "/encoder/layer.1/Relu", "Relu", "y", "z");
    mx_htp_tagging t = tag_with(g, metadata, NULL);
    assert_string_equal(tag_of(g, &t, c), "/Net/Encoder");
    assert_string_equal(tag_of(g, &t, between), "/Net/Encoder");
    assert_int_equal(t.labels[c].method, MX_HTP_INHERITED);
    assert_true(t.labels[c].auxiliary);
    assert_int_equal(t.labels[c].n_served, 3);
    end(g, &t);
}

static void test_function_is_a_module(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id f = small_function(g, "local", "Block"), inside = named(g, f, "", "Relu", "a", "b");
    mx_node_id call = named(g, 0, "/encoder/Call", "Block", "x", "y");
    mx_node_at(g, call)->domain = small_sid(g, "local");
    mx_htp_tagging t = tag_with(g, NULL, NULL);
    assert_string_equal(tag_of(g, &t, inside), "/graph/encoder/Block");
    assert_int_equal(t.labels[inside].source, MX_HTP_FROM_FUNCTION);
    end(g, &t);
}

static void test_bad_metadata_names_the_key(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_htp_options options = {.metadata = "{\"modules\": {\"scope\": 3}}", .metadata_size = 25};
    mx_htp_tagging t;
    mx_error err;
    assert_int_equal(mx_htp_tag(g, &options, &t, &err), MX_ERR_INVALID);
    assert_non_null(strstr(err.message, "\"scope\""));
    options = (mx_htp_options){.metadata = "{\"modules\"", .metadata_size = 10};
    assert_int_equal(mx_htp_tag(g, &options, &t, &err), MX_ERR_SYNTAX);
    options = (mx_htp_options){.strategy = MX_HTP_STRATEGY_FX};
    assert_int_equal(mx_htp_tag(g, &options, &t, &err), MX_ERR_UNSUPPORTED);
    mx_graph_release(g);
}

/* ---- writing, reading again ---- */

static void test_written_tags_are_a_source(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_error err;
    mx_node_id a = named(g, 0, "/encoder/layer.0/norm/Add", "Add", "x", "a"), c = named(g, 0, "", "Cast", "a", "b");
    mx_htp_tagging t = tag_with(g, metadata, NULL);
    assert_int_equal(mx_htp_write_tags(g, &t, MX_HTP_ATTRS_METADATA, &err), MX_OK);
    mx_htp_tagging_free(&t);
    mx_node_at(g, a)->name = small_sid(g, "renamed");
    assert_string_equal(metadata_of(g, a, "hierarchy_scope"), "encoder.layer.0.norm");
    assert_string_equal(metadata_of(g, a, "hierarchy_tags"), "[\"/Net/Encoder/Block.0/LayerNorm\"]");
    t = tag_with(g, NULL, NULL);
    assert_string_equal(tag_of(g, &t, a), "/Net/Encoder/Block.0/LayerNorm");
    assert_int_equal(t.labels[c].method, MX_HTP_INHERITED);
    assert_int_equal(t.labels[c].source, MX_HTP_FROM_TAGS);
    assert_int_equal(mx_htp_write_tags(g, &t, MX_HTP_ATTRS_ATTRIBUTE, &err), MX_OK);
    assert_int_equal(mx_node_at(g, a)->metadata.count, 0);
    assert_int_equal(mx_node_at(g, a)->n_attrs, 6);
    mx_htp_tagging_free(&t);
    t = tag_with(g, NULL, NULL);
    assert_string_equal(tag_of(g, &t, a), "/Net/Encoder/Block.0/LayerNorm");
    assert_int_equal(mx_htp_write_tags(g, &t, MX_HTP_ATTRS_NONE, &err), MX_OK);
    assert_int_equal(mx_node_at(g, a)->n_attrs, 0);
    end(g, &t);
}

static void test_groups(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_error err;
    mx_node_id a = named(g, 0, "/encoder/layer.0/norm/Add", "Add", "x", "a"), r = named(g, 0, "/Relu", "Relu", "a", "b");
    mx_htp_tagging t = tag_with(g, metadata, NULL);
    assert_int_equal(mx_htp_make_groups(g, &t, &err), MX_OK);
    mx_node_id norm = mx_node_parent(g, a), block = mx_node_parent(g, norm), encoder = mx_node_parent(g, block);
    assert_string_equal(small_text(mx_node_name(g, norm)), "norm");
    assert_string_equal(small_text(mx_node_name(g, block)), "layer.0");
    assert_string_equal(small_text(mx_node_module_scope(g, block)), "encoder.layer.0");
    assert_string_equal(small_text(mx_node_class_name(g, block)), "Block");
    assert_string_equal(small_text(mx_node_module_tag(g, block)), "(absent)");
    assert_int_equal(mx_node_parent(g, encoder), 0);
    assert_int_equal(mx_node_parent(g, r), 0);
    end(g, &t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags_follow_classes),       cmocka_unit_test(test_names_stand_for_classes),
        cmocka_unit_test(test_missing_module_is_its_parent), cmocka_unit_test(test_torch_metadata),
        cmocka_unit_test(test_parameters),                cmocka_unit_test(test_context),
        cmocka_unit_test(test_function_is_a_module),      cmocka_unit_test(test_bad_metadata_names_the_key),
        cmocka_unit_test(test_written_tags_are_a_source), cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
