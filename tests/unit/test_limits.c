/* Every limit of mx_limits: an input at the limit is read, one beyond it is MX_ERR_LIMIT. */
#include "graphml_doc.h"
#include "onnx_io/onnx_io.h"
#include "onnx_io/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { /* field numbers of onnx.proto */
       MODEL_GRAPH = 7,
       GRAPH_NODE = 1,
       GRAPH_VALUE_INFO = 13,
       NODE_OUTPUT = 2,
       NODE_OP_TYPE = 4,
       NODE_ATTRIBUTE = 5,
       ATTRIBUTE_NAME = 1,
       ATTRIBUTE_GRAPH = 6,
       ATTRIBUTE_TYPE = 20,
       VALUE_INFO_TYPE = 2,
       TYPE_SEQUENCE = 4,
       SEQUENCE_ELEMENT = 1,
       TYPE_GRAPH = 5 /* AttributeProto.GRAPH */
};

/* ---- ONNX ---- */

/* Put what is in b into field `number` of a message of its own, which then is in b. */
static void wrap(mx_buffer *b, uint32_t number) {
    mx_buffer outer;
    mx_buffer_init(&outer, NULL);
    mx_wire_put_bytes(&outer, number, mx_buffer_str(b));
    mx_buffer_free(b);
    *b = outer;
}

static mx_status read_onnx(const mx_buffer *b, const mx_limits *limits, mx_error *err) {
    mx_env env = {.limits = limits};
    mx_source *source;
    mx_graph *g;
    assert_int_equal(mx_source_from_memory(&env, b->data, b->size, false, &source, err), MX_OK);
    mx_status status = mx_onnx_read_source(&env, source, NULL, &g, err);
    mx_source_release(source);
    assert_true((status == MX_OK) == (g != NULL));
    mx_graph_free(g);
    return status;
}

/* A limit of n is enough, one of n - 1 is not. `limit` is one of the numbers in `limits`. */
static void check_onnx(const mx_buffer *b, const mx_limits *limits, uint32_t *limit, uint32_t n) {
    mx_error err;
    *limit = n;
    if (read_onnx(b, limits, &err) != MX_OK) fail_msg("refused at the limit of %u: %s", n, err.message);
    *limit = n - 1;
    assert_int_equal(read_onnx(b, limits, &err), MX_ERR_LIMIT);
    assert_int_equal(err.code, MX_ERR_LIMIT);
    assert_true(strlen(err.message) > 0);
}

/* Messages in one another: model, graph, value_info, type, and two for each sequence. */
static void test_message_depth(void **state) {
    (void)state;
    static const uint32_t sequences[] = {0, 1, 20, 90};
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
        mx_limits limits = mx_limits_default();
        mx_buffer b;
        mx_buffer_init(&b, NULL);
        for (uint32_t k = 0; k < sequences[i]; k++) {
            wrap(&b, SEQUENCE_ELEMENT);
            wrap(&b, TYPE_SEQUENCE);
        }
        wrap(&b, VALUE_INFO_TYPE);
        wrap(&b, GRAPH_VALUE_INFO);
        wrap(&b, MODEL_GRAPH);
        check_onnx(&b, &limits, &limits.message_depth, 4 + 2 * sequences[i]);
        mx_buffer_free(&b);
    }
}

static mx_status read_groups(unsigned n) {
    enum { START = 200 << 3 | 3, END = 200 << 3 | 4 };
    mx_error err;
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    for (unsigned i = 0; i < n; i++)
        mx_wire_put_varint(&b, START);
    for (unsigned i = 0; i < n; i++)
        mx_wire_put_varint(&b, END);
    mx_status status = read_onnx(&b, NULL, &err);
    mx_buffer_free(&b);
    return status;
}

/* Groups stand only in unknown fields; they have a limit of their own. */
static void test_depth_of_groups(void **state) {
    (void)state;
    assert_int_equal(read_groups(MX_WIRE_GROUP_DEPTH), MX_OK);
    assert_int_equal(read_groups(MX_WIRE_GROUP_DEPTH + 1), MX_ERR_LIMIT);
}

/* If within If: the main graph is not counted. */
static void put_bodies(mx_buffer *b, uint32_t bodies) {
    mx_buffer_init(b, NULL);
    for (uint32_t i = 0; i < bodies; i++) {
        mx_buffer attribute;
        mx_buffer_init(&attribute, NULL);
        mx_wire_put_bytes(&attribute, ATTRIBUTE_NAME, mx_str_of("body"));
        mx_wire_put_bytes(&attribute, ATTRIBUTE_GRAPH, mx_buffer_str(b));
        mx_wire_put_int(&attribute, ATTRIBUTE_TYPE, TYPE_GRAPH);
        mx_buffer_clear(b);
        mx_wire_put_bytes(b, NODE_OUTPUT, mx_str_of("y"));
        mx_wire_put_bytes(b, NODE_OP_TYPE, mx_str_of("If"));
        mx_wire_put_bytes(b, NODE_ATTRIBUTE, mx_buffer_str(&attribute));
        wrap(b, GRAPH_NODE);
        mx_buffer_free(&attribute);
    }
    wrap(b, MODEL_GRAPH);
}

static void test_body_depth(void **state) {
    (void)state;
    static const uint32_t depths[] = {1, 2, 32, 64};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        mx_limits limits = mx_limits_default();
        mx_buffer b;
        put_bodies(&b, depths[i]);
        check_onnx(&b, &limits, &limits.body_depth, depths[i]);
        mx_buffer_free(&b);
    }
}

/* The defaults: 64 bodies in one another, which stay below 400 messages. */
static void test_default_body_depth(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    mx_error err;
    mx_buffer b;
    put_bodies(&b, limits.body_depth);
    assert_int_equal(read_onnx(&b, NULL, &err), MX_OK);
    mx_buffer_free(&b);
    put_bodies(&b, limits.body_depth + 1);
    assert_int_equal(read_onnx(&b, NULL, &err), MX_ERR_LIMIT);
    mx_buffer_free(&b);
}

static void put_relus(mx_buffer *b, uint32_t n) {
    mx_buffer node;
    mx_buffer_init(b, NULL);
    mx_buffer_init(&node, NULL);
    mx_wire_put_bytes(&node, NODE_OP_TYPE, mx_str_of("Relu"));
    for (uint32_t i = 0; i < n; i++)
        mx_wire_put_bytes(b, GRAPH_NODE, mx_buffer_str(&node));
    mx_buffer_free(&node);
    wrap(b, MODEL_GRAPH);
}

/* The model is a node of the graph, too. */
static void test_nodes_of_onnx(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    mx_error err;
    mx_buffer b;
    put_relus(&b, 99);
    limits.nodes = 100;
    assert_int_equal(read_onnx(&b, &limits, &err), MX_OK);
    limits.nodes = 99;
    assert_int_equal(read_onnx(&b, &limits, &err), MX_ERR_LIMIT);
    mx_buffer_free(&b);
}

/* ---- GraphML ---- */

static void check_graphml(doc *d, const mx_limits *limits, bool good) {
    mx_env env = {.limits = limits};
    mx_status status = doc_read(d, &env);
    if (status != (good ? MX_OK : MX_ERR_LIMIT))
        fail_msg("%s instead of %s: %s", mx_status_name(status), good ? "MX_OK" : "MX_ERR_LIMIT", d->err.message);
}

static void test_nodes_of_graphml(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    char name[16];
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    for (int i = 1; i < 100; i++) {
        snprintf(name, sizeof name, "r%d", i);
        doc_operator(&d, name, "Relu", i, "0", "[]", "[]");
    }
    doc_close(&d);
    limits.nodes = 100;
    check_graphml(&d, &limits, true);
    limits.nodes = 99;
    check_graphml(&d, &limits, false);
    doc_end(&d);
}

/* graphml, graph and node of the document, and elements that nobody knows. */
static void test_xml_depth(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL); /* four elements: graphml, graph, node, graph */
    for (int i = 0; i < 96; i++)
        mx_buffer_cstr(&d.text, "<x>");
    for (int i = 0; i < 96; i++)
        mx_buffer_cstr(&d.text, "</x>");
    doc_close(&d);
    limits.xml_depth = 100;
    check_graphml(&d, &limits, true);
    limits.xml_depth = 99;
    check_graphml(&d, &limits, false);
    doc_end(&d);
}

static char *repeat(const char *piece, size_t n, const char *middle, const char *piece_after) {
    size_t size = n * (strlen(piece) + strlen(piece_after)) + strlen(middle) + 1;
    char *text = malloc(size), *at = text;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, piece);
    at = stpcpy(at, middle);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, piece_after);
    return text;
}

/* A type of sequences: a JSON value for each of them, and the innermost one. */
static void test_json_depth(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    char *type = repeat("{\"sequence\": ", 49, "{}", "}");
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_node(&d, "x", "node_kind", "input", "name", "x", "node_index", "1", "parent", "0", "value_type", type, NULL);
    doc_close(&d);
    limits.json_depth = 50;
    check_graphml(&d, &limits, true);
    limits.json_depth = 49;
    check_graphml(&d, &limits, false);
    doc_end(&d);
    free(type);
}

static void test_text_bytes(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    enum { BYTES = 100000 };
    char *text = repeat("a", BYTES, "", "");
    doc d;
    doc_begin(&d);
    doc_model(&d, NULL);
    doc_node(&d, "r", "node_kind", "operator", "op_type", "Relu", "node_index", "1", "parent", "0", "input_names", "[]",
             "output_names", "[]", "doc_string", text, NULL);
    doc_close(&d);
    limits.text_bytes = BYTES;
    check_graphml(&d, &limits, true);
    limits.text_bytes = BYTES - 1;
    check_graphml(&d, &limits, false);
    doc_end(&d);
    free(text);
}

/* Each piece of a value counts on its own: a large model has values beyond any limit of one text. */
static void test_text_bytes_of_pieces(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    enum { BYTES = 1000 };
    char *text = repeat("a", BYTES / 2, "", "");
    doc d;
    doc_begin(&d);
    mx_buffer_cstr(&d.text, "<key id=\"more\" for=\"node\" attr.name=\"doc_string_1\" attr.type=\"string\"/>\n");
    doc_model(&d, NULL);
    doc_node(&d, "r", "node_kind", "operator", "op_type", "Relu", "node_index", "1", "parent", "0", "input_names", "[]",
             "output_names", "[]", "doc_string", text, "more", text, NULL);
    doc_close(&d);
    limits.text_bytes = BYTES / 2;
    check_graphml(&d, &limits, true);
    limits.text_bytes = BYTES / 2 - 1;
    check_graphml(&d, &limits, false);
    doc_end(&d);
    free(text);
}

/* Zero stands for the default; the defaults are what the header says. */
static void test_defaults(void **state) {
    (void)state;
    mx_limits d = mx_limits_default();
    assert_int_equal(d.message_depth, 400);
    assert_int_equal(d.body_depth, 64);
    assert_int_equal(d.xml_depth, 1024);
    assert_int_equal(d.json_depth, 256);
    assert_int_equal(d.text_bytes, 64000000);
    assert_int_equal(d.nodes, 100000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_message_depth),
        cmocka_unit_test(test_depth_of_groups),
        cmocka_unit_test(test_body_depth),
        cmocka_unit_test(test_default_body_depth),
        cmocka_unit_test(test_nodes_of_onnx),
        cmocka_unit_test(test_nodes_of_graphml),
        cmocka_unit_test(test_xml_depth),
        cmocka_unit_test(test_json_depth),
        cmocka_unit_test(test_text_bytes),
        cmocka_unit_test(test_text_bytes_of_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
