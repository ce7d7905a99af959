/* Edits of the containment: groups, bodies, copies, flat files. */
#include "graphml_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define TAGGED(tag, scope) "{\"hierarchy_tag\": \"" tag "\", \"k\": \"v\", \"hierarchy_scope\": \"" scope "\"}"

static void model(doc *d) {
    doc_begin(d);
    doc_group(d, "model", "node_kind", "model", "node_index", "0", "compound_key", "0", "class_name", "Net",
              "hierarchy_tag", "/Net", "own_tag", "true", NULL);
}

static void module(doc *d, const char *id, int index, const char *parent, const char *name, const char *class_name,
                   const char *scope, const char *tag) {
    char text[16];
    snprintf(text, sizeof text, "%d", index);
    doc_group(d, id, "node_kind", "module", "node_index", text, "compound_key", id, "parent", parent, "name", name,
              "class_name", class_name, "hierarchy_scope", scope, "hierarchy_tag", tag, "own_tag", "True", NULL);
}

static void constant(doc *d, const char *name, int index, const char *parent, const char *metadata) {
    char text[16], output[64];
    snprintf(text, sizeof text, "%d", index);
    snprintf(output, sizeof output, "[\"v_%s\"]", name);
    doc_node(d, name, "node_kind", "operator", "op_type", "Constant", "name", name, "node_index", text, "parent",
             parent, "input_names", "[]", "output_names", output, "metadata", metadata, NULL);
}

static void test_untouched_groups(void **state) {
    (void)state;
    doc d;
    model(&d);
    module(&d, "1", 1, "0", "enc", "Encoder", "enc", "/Net/Encoder");
    module(&d, "2", 2, "1", "layer.0", "Layer", "enc.layer.0", "/Net/Encoder/Layer.0");
    constant(&d, "c", 3, "2", TAGGED("/stale", "stale"));
    constant(&d, "u", 4, "2", "{}");
    doc_good(&d);
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_tag"), "/stale");
    assert_string_equal(doc_metadata(&d, "u", "hierarchy_tag"), "-");
    const mx_node *c = mx_node_at(d.g, doc_find(&d, "c"));
    assert_int_equal(mx_node_at(d.g, c->parent)->kind, MX_NODE_MODULE);
    assert_int_equal(d.g->n_modules, 3);
    assert_int_equal(d.report.nodes_moved, 0);
    doc_end(&d);
}

static void test_move_into_group(void **state) {
    (void)state;
    doc d;
    model(&d);
    module(&d, "1", 1, "0", "enc", "Encoder", "enc", "/Net/Encoder");
    constant(&d, "c", 2, "0", TAGGED("/Net", ""));
    constant(&d, "u", 3, "0", "{}");
    constant(&d, "stays", 4, "1", TAGGED("/old", "old"));
    doc_good(&d);
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_tag"), "/Net/Encoder");
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_scope"), "enc");
    assert_string_equal(doc_metadata(&d, "c", "k"), "v");
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_tags"), "-"); /* it had the minimal ones */
    assert_string_equal(doc_metadata(&d, "u", "hierarchy_tag"), "/Net/Encoder");
    assert_string_equal(doc_metadata(&d, "stays", "hierarchy_tag"), "/old");
    assert_int_equal(d.report.nodes_moved, 2);
    doc_end(&d);
}

static void test_rename_group(void **state) {
    (void)state;
    doc d;
    model(&d);
    module(&d, "1", 1, "0", "dec", "Decoder", "enc", "/Net/Encoder");
    module(&d, "2", 2, "1", "layer.0", "Layer", "enc.layer.0", "/Net/Encoder/Layer.0");
    constant(&d, "c", 3, "2", TAGGED("/Net/Encoder/Layer.0", "enc.layer.0"));
    constant(&d, "u", 4, "2", "{}");
    doc_good(&d);
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_tag"), "/Net/Decoder/Layer.0");
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_scope"), "dec.layer.0");
    assert_string_equal(doc_metadata(&d, "u", "hierarchy_tag"), "-");
    doc_end(&d);
}

static void test_rename_root(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_group(&d, "model", "node_kind", "model", "node_index", "0", "compound_key", "0", "class_name", "Other",
              "hierarchy_tag", "/Net", "own_tag", "1", NULL);
    module(&d, "1", 1, "0", "enc", "Encoder", "enc", "/Net/Encoder");
    constant(&d, "c", 2, "1", TAGGED("/Net/Encoder", "enc"));
    doc_good(&d);
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_tag"), "/Other/Encoder");
    doc_end(&d);
}

static void test_move_group(void **state) {
    (void)state;
    doc d;
    model(&d);
    module(&d, "1", 1, "0", "enc", "Encoder", "enc", "/Net/Encoder");
    module(&d, "2", 2, "0", "head", "Head", "head", "/Net/Head");
    constant(&d, "c", 3, "2", TAGGED("/Net/Head", "head"));
    doc_good(&d);
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_tag"), "/Net/Encoder/Head");
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_scope"), "enc.head");
    doc_end(&d);
}

static void test_new_groups(void **state) {
    (void)state;
    doc d;
    model(&d);
    doc_group(&d, "plain", NULL); /* transparent */
    constant(&d, "c", 1, "0", TAGGED("/Net", ""));
    doc_close(&d);
    doc_group(&d, "named", "name", "block.7", "class_name", "Block", NULL);
    constant(&d, "e", 2, "0", TAGGED("/Net", ""));
    doc_close(&d);
    doc_good(&d);
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_tag"), "/Net");
    assert_string_equal(doc_metadata(&d, "e", "hierarchy_tag"), "/Net/Block.7");
    assert_string_equal(doc_metadata(&d, "e", "hierarchy_scope"), "block.7");
    assert_int_equal(d.g->n_modules, 2);
    doc_end(&d);
}

static void test_node_outside_of_the_model(void **state) {
    (void)state;
    doc d;
    model(&d);
    doc_close(&d);
    constant(&d, "c", 1, "0", "{}");
    doc_good(&d);
    assert_int_equal(mx_node_at(d.g, doc_find(&d, "c"))->parent, 0);
    doc_end(&d);
}

static void test_copied_group(void **state) {
    (void)state;
    doc d;
    model(&d);
    module(&d, "1", 1, "0", "enc", "Encoder", "enc", "/Net/Encoder");
    constant(&d, "c", 2, "1", TAGGED("/Net/Encoder", "enc"));
    doc_close(&d);
    doc_group(&d, "copy", "node_kind", "module", "node_index", "1", "compound_key", "1", "parent", "0", "name", "enc",
              "class_name", "Encoder", "hierarchy_scope", "enc", "hierarchy_tag", "/Net/Encoder", "own_tag", "true",
              NULL);
    doc_node(&d, "copy_c", "node_kind", "operator", "op_type", "Constant", "name", "c", "node_index", "2", "parent",
             "1", "input_names", "[]", "output_names", "[\"v_c\"]", NULL);
    doc_good(&d);
    assert_int_equal(d.report.nodes_new, 2);
    assert_int_equal(d.g->n_modules, 3);
    assert_string_equal(doc_outputs(&d, "c"), "v_c,");
    assert_string_equal(doc_outputs(&d, "c_1"), "v_c_2,");
    assert_int_not_equal(mx_node_at(d.g, doc_find(&d, "c"))->parent, mx_node_at(d.g, doc_find(&d, "c_1"))->parent);
    doc_end(&d);
}

/* ---- bodies ---- */

static void operator_with_body(doc *d, const char *attributes) {
    doc_begin(d);
    doc_model(d, NULL);
    doc_input(d, "x", 1, "0");
    doc_group(d, "if", "node_kind", "operator", "op_type", "If", "name", "if", "node_index", "2", "parent", "0",
              "compound_key", "1", "input_names", "[\"x\"]", "output_names", "[\"r\"]", "node_attributes", attributes,
              NULL);
    doc_group(d, "body", "node_kind", "body", "node_index", "3", "compound_key", "2", "parent", "1", "name", "old name",
              NULL);
    doc_operator(d, "inner", "Relu", 4, "2", "[\"x\"]", "[\"y\"]");
    doc_output(d, "y", 5, "2");
    doc_close(d);
    doc_close(d);
    doc_edge(d, "x", 0, "if", 0);
    doc_edge(d, "x", 0, "inner", 0);
    doc_edge(d, "inner", 0, "out_y", 0);
}

static void test_body(void **state) {
    (void)state;
    doc d;
    operator_with_body(&d, "{\"then_branch\": {\"type\": \"GRAPH\", \"graph\": \"2\"}}");
    doc_good(&d);
    mx_node_id body = doc_find(&d, "then_branch");
    assert_int_equal(mx_node_at(d.g, body)->kind, MX_NODE_BODY);
    assert_int_equal(mx_node_at(d.g, doc_find(&d, "if"))->attrs[0].value.index, body);
    assert_string_equal(doc_order(&d, body), "inner,");
    doc_end(&d);
}

static void test_bodies_and_attributes_must_match(void **state) {
    (void)state;
    doc d;
    operator_with_body(&d, "{\"then_branch\": {\"type\": \"GRAPH\", \"graph\": \"9\"}}");
    doc_bad(&d, MX_ERR_INVALID, "the body of its attribute 'then_branch' is not in the file");
    assert_string_equal(d.err.node, "if");
    doc_end(&d);
    operator_with_body(&d, "{}");
    doc_bad(&d, MX_ERR_INVALID, "no attribute of the operator around it names this body");
    doc_end(&d);
    operator_with_body(&d, "{\"a\": {\"type\": \"GRAPHS\", \"graphs\": [\"2\", \"2\"]}}");
    doc_bad(&d, MX_ERR_INVALID, "is another one's already");
    doc_end(&d);
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_group(&d, "body", "node_kind", "body", "node_index", "3", "compound_key", "2", NULL);
    doc_bad(&d, MX_ERR_INVALID, "a body stands outside of an operator");
    doc_end(&d);
}

static void test_value_hidden_in_a_body(void **state) {
    (void)state;
    doc d;
    operator_with_body(&d, "{\"then_branch\": {\"type\": \"GRAPH\", \"graph\": \"2\"}}");
    doc_operator(&d, "outside", "Relu", 6, "0", "[\"y\"]", "[\"z\"]");
    doc_edge(&d, "inner", 0, "outside", 0);
    doc_bad(&d, MX_ERR_INVALID, "cannot be seen from here");
    assert_string_equal(d.err.node, "outside");
    doc_end(&d);
}

static void test_shadowed_value(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_input(&d, "x", 1, "0");
    doc_group(&d, "if", "node_kind", "operator", "op_type", "If", "name", "if", "node_index", "2", "parent", "0",
              "compound_key", "1", "input_names", "[]", "output_names", "[\"r\"]", "node_attributes",
              "{\"b\": {\"type\": \"GRAPH\", \"graph\": \"2\"}}", NULL);
    doc_group(&d, "body", "node_kind", "body", "node_index", "3", "compound_key", "2", "parent", "1", NULL);
    doc_operator(&d, "hides", "Constant", 4, "2", "[]", "[\"x\"]");
    doc_operator(&d, "inner", "Relu", 5, "2", "[\"q\"]", "[\"y\"]");
    doc_edge(&d, "x", 0, "inner", 0);
    doc_bad(&d, MX_ERR_INVALID, "this name means another value");
    assert_string_equal(d.err.node, "inner");
    doc_end(&d);
}

static void test_cycle_through_a_body(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_operator(&d, "before", "Relu", 1, "0", "[\"gone\"]", "[\"v\"]");
    doc_group(&d, "if", "node_kind", "operator", "op_type", "If", "name", "if", "node_index", "2", "parent", "0",
              "compound_key", "1", "input_names", "[]", "output_names", "[\"r\"]", "node_attributes",
              "{\"b\": {\"type\": \"GRAPH\", \"graph\": \"2\"}}", NULL);
    doc_group(&d, "body", "node_kind", "body", "node_index", "3", "compound_key", "2", "parent", "1", NULL);
    doc_operator(&d, "inner", "Relu", 4, "2", "[\"v\"]", "[\"y\"]");
    doc_edge(&d, "before", 0, "inner", 0);
    doc_edge(&d, "if", 0, "before", 0);
    doc_bad(&d, MX_ERR_INVALID, "cycle");
    doc_end(&d);
}

static void test_body_depth(void **state) {
    (void)state;
    for (uint32_t limit = 2; limit <= 3; limit++) {
        doc d;
        mx_limits limits = mx_limits_default();
        mx_env env = {.limits = &limits};
        limits.body_depth = limit;
        doc_begin(&d);
        doc_model(&d, NULL);
        char key[16] = "0", owner[16], body[16], index[16], attributes[100];
        for (int i = 1; i <= 3; i++) {
            snprintf(owner, sizeof owner, "%d", 2 * i);
            snprintf(body, sizeof body, "%d", 2 * i + 1);
            snprintf(index, sizeof index, "%d", 10 * i);
            snprintf(attributes, sizeof attributes, "{\"b\": {\"type\": \"GRAPH\", \"graph\": \"%s\"}}", body);
            doc_group(&d, owner, "node_kind", "operator", "op_type", "If", "node_index", index, "parent", key,
                      "compound_key", owner, "input_names", "[]", "output_names", "[]", "node_attributes", attributes,
                      NULL);
            snprintf(index, sizeof index, "%d", 10 * i + 1);
            doc_group(&d, body, "node_kind", "body", "node_index", index, "compound_key", body, "parent", owner, NULL);
            memcpy(key, body, sizeof key);
        }
        assert_int_equal(doc_read(&d, &env), limit == 3 ? MX_OK : MX_ERR_LIMIT);
        doc_end(&d);
    }
}

/* ---- flat files ---- */

static void flat(doc *d) {
    doc_begin(d);
    doc_node(d, "m", "node_kind", "model", "node_index", "0", "compound_key", "0", "class_name", "Net", "hierarchy_tag",
             "/Net", "own_tag", "True", NULL);
    static const char *const modules[][4] = {{"1", "a", "/Net/A", "0"},
                                             {"2", "norm", "/Net/A/Norm", "1"},
                                             {"3", "b", "/Net/B", "0"},
                                             {"4", "norm", "/Net/A/Norm", "3"}};
    static const char *const scopes[] = {"a", "a.norm", "b", "b.norm"}, *const classes[] = {"A", "Norm", "B", "Norm"};
    for (int i = 0; i < 4; i++)
        doc_node(d, modules[i][0], "node_kind", "module", "node_index", modules[i][0], "compound_key", modules[i][0],
                 "parent", modules[i][3], "name", modules[i][1], "class_name", classes[i], "hierarchy_scope", scopes[i],
                 "hierarchy_tag", i == 3 ? "/Net/B/Norm" : modules[i][2], "own_tag", "True", NULL);
}

static void tagged(doc *d, const char *name, const char *parent, const char *tag, const char *metadata) {
    char output[64];
    snprintf(output, sizeof output, "[\"v_%s\"]", name);
    doc_node(d, name, "node_kind", "operator", "op_type", "Constant", "name", name, "node_index", "9", "parent", parent,
             "input_names", "[]", "output_names", output, "metadata", metadata, "hierarchy_tag", tag, NULL);
}

static void test_flat_file(void **state) {
    (void)state;
    doc d;
    flat(&d);
    tagged(&d, "c", "4", "/Net/B/Norm", TAGGED("/Net/B/Norm", "b.norm"));
    doc_good(&d);
    mx_node_id parent = mx_node_at(d.g, doc_find(&d, "c"))->parent;
    assert_true(mx_str_is(mx_text(d.g, d.g->modules[mx_node_at(d.g, parent)->data].scope), "b.norm"));
    assert_int_equal(d.report.nodes_moved, 0);
    doc_end(&d);
}

static void test_flat_tag_moves(void **state) {
    (void)state;
    doc d;
    flat(&d);
    tagged(&d, "c", "4", "/Net/A/Norm", TAGGED("/Net/B/Norm", "b.norm"));
    doc_good(&d);
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_tag"), "/Net/A/Norm");
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_scope"), "a.norm");
    doc_end(&d);
    flat(&d);
    tagged(&d, "c", "4", "/Net/C", TAGGED("/Net/B/Norm", "b.norm"));
    doc_bad(&d, MX_ERR_INVALID, "no module has the tag '/Net/C'");
    doc_end(&d);
}

/* Two modules have the tag: the one that shares the deeper ancestor with the old place is meant. */
static void test_flat_tag_nearest(void **state) {
    (void)state;
    doc d;
    for (int from = 1; from <= 3; from += 2) {
        flat(&d);
        doc_node(&d, "5", "node_kind", "module", "node_index", "5", "compound_key", "5", "parent", "1", "name", "x",
                 "class_name", "X", "hierarchy_scope", "a.x", "hierarchy_tag", "/Net/X", NULL);
        doc_node(&d, "6", "node_kind", "module", "node_index", "6", "compound_key", "6", "parent", "3", "name", "x",
                 "class_name", "X", "hierarchy_scope", "b.x", "hierarchy_tag", "/Net/X", NULL);
        tagged(&d, "c", from == 1 ? "2" : "4", "/Net/X", TAGGED("/Net", ""));
        doc_good(&d);
        mx_node_id parent = mx_node_at(d.g, doc_find(&d, "c"))->parent;
        assert_true(
            mx_str_is(mx_text(d.g, d.g->modules[mx_node_at(d.g, parent)->data].scope), from == 1 ? "a.x" : "b.x"));
        doc_end(&d);
    }
}

static void test_flat_parents(void **state) {
    (void)state;
    doc d;
    flat(&d);
    tagged(&d, "c", "77", "/Net", "{}");
    doc_bad(&d, MX_ERR_INVALID, "its parent '77' is not in the file");
    doc_end(&d);
    flat(&d);
    doc_node(&d, "p", "node_kind", "module", "node_index", "20", "compound_key", "20", "parent", "21", NULL);
    doc_node(&d, "q", "node_kind", "module", "node_index", "21", "compound_key", "21", "parent", "20", NULL);
    doc_bad(&d, MX_ERR_INVALID, "its parents form a circle");
    doc_end(&d);
    flat(&d);
    doc_operator(&d, "op", "Relu", 20, "0", "[]", "[]");
    doc_node(&d, "q", "node_kind", "body", "node_index", "21", "compound_key", "21", "parent", "1", NULL);
    doc_bad(&d, MX_ERR_INVALID, "it cannot stand in its parent '1'");
    doc_end(&d);
}

static void test_flat_depth(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    mx_env env = {.limits = &limits};
    limits.xml_depth = 10;
    for (int depth = 9; depth <= 10; depth++) {
        doc d;
        char key[16], parent[16] = "c0";
        doc_begin(&d);
        doc_node(&d, "c0", "node_kind", "model", "node_index", "0", "compound_key", "c0", NULL);
        for (int i = 1; i <= depth; i++) {
            snprintf(key, sizeof key, "c%d", i);
            doc_node(&d, key, "node_kind", "module", "node_index", key + 1, "compound_key", key, "parent", parent, NULL);
            memcpy(parent, key, sizeof parent);
        }
        constant(&d, "op", 99, parent, "{}");
        assert_int_equal(doc_read(&d, &env), depth == 9 ? MX_OK : MX_ERR_LIMIT);
        doc_end(&d);
    }
}

static void keep_message(void *ctx, mx_log_level level, const char *message) {
    if (level == MX_LOG_WARNING) snprintf(ctx, 200, "%s", message);
}

static void test_nested_tag_is_reported(void **state) {
    (void)state;
    doc d;
    char message[200] = "";
    mx_env env = {.log = keep_message, .ctx = message};
    model(&d);
    tagged(&d, "c", "0", "/Net/Other", TAGGED("/Net", ""));
    assert_int_equal(doc_read(&d, &env), MX_OK);
    assert_non_null(strstr(message, "c: hierarchy_tag was changed"));
    assert_string_equal(doc_metadata(&d, "c", "hierarchy_tag"), "/Net");
    doc_end(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_untouched_groups),
        cmocka_unit_test(test_move_into_group),
        cmocka_unit_test(test_rename_group),
        cmocka_unit_test(test_rename_root),
        cmocka_unit_test(test_move_group),
        cmocka_unit_test(test_new_groups),
        cmocka_unit_test(test_node_outside_of_the_model),
        cmocka_unit_test(test_copied_group),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_bodies_and_attributes_must_match),
        cmocka_unit_test(test_value_hidden_in_a_body),
        cmocka_unit_test(test_shadowed_value),
        cmocka_unit_test(test_cycle_through_a_body),
        cmocka_unit_test(test_body_depth),
        cmocka_unit_test(test_flat_file),
        cmocka_unit_test(test_flat_tag_moves),
        cmocka_unit_test(test_flat_tag_nearest),
        cmocka_unit_test(test_flat_parents),
        cmocka_unit_test(test_flat_depth),
        cmocka_unit_test(test_nested_tag_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
