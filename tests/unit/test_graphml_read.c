/* Reading GraphML: XML and its limits, keys, pieces of long values, values, and hostile input. */
#include "allocator.h"
#include "graphml_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define XMLNS "http://graphml.graphdrawing.org/xmlns"

/* ---- whole texts ---- */

static mx_status read_text(const char *text, size_t size, const mx_limits *limits, mx_graph **g, mx_error *err) {
    char path[] = "/tmp/mx_read_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    close(fd);
    mx_env env = {.limits = limits};
    mx_weights weights;
    mx_graphml_report report;
    memset(err, 0, sizeof *err);
    mx_status status = mx_graphml_read(&env, path, g, &weights, &report, NULL, err);
    mx_source_release(weights.image);
    unlink(path);
    return status;
}

static void text_is_bad(const char *text, mx_status status, const char *message) {
    mx_graph *g;
    mx_error err;
    mx_status got = read_text(text, strlen(text), NULL, &g, &err);
    if (got != status || !strstr(err.message, message)) print_error("%s: %s\n", mx_status_name(got), err.message);
    assert_int_equal(got, status);
    assert_null(g);
    assert_non_null(strstr(err.message, message));
    assert_null(strchr(err.message, '\n'));
}

static void test_xml_errors(void **state) {
    (void)state;
    text_is_bad("", MX_ERR_SYNTAX, "XML");
    text_is_bad("nonsense", MX_ERR_SYNTAX, "XML");
    text_is_bad("<graphml>", MX_ERR_SYNTAX, "XML");
    text_is_bad("<graphml></graph>", MX_ERR_SYNTAX, "XML");
    text_is_bad("<graphml/><graphml/>", MX_ERR_SYNTAX, "XML");
    text_is_bad("<graphml>&nothing;</graphml>", MX_ERR_SYNTAX, "entity");
    text_is_bad("<graphml a=\"&nothing;\"/>", MX_ERR_SYNTAX, "entity");
    text_is_bad("<svg/>", MX_ERR_INVALID, "not GraphML");
    text_is_bad("<graphml xmlns=\"other\"/>", MX_ERR_INVALID, "not GraphML");
    text_is_bad("<graphml/>", MX_ERR_INVALID, "no node stands for the model");
    text_is_bad("<graphml>\x01</graphml>", MX_ERR_SYNTAX, "XML");
    text_is_bad("<graphml>\xff</graphml>", MX_ERR_SYNTAX, "XML");
}

static void test_document_types(void **state) {
    (void)state;
    text_is_bad("<!DOCTYPE graphml><graphml/>", MX_ERR_SYNTAX, "DOCTYPE");
    text_is_bad("<!DOCTYPE graphml SYSTEM \"file:///etc/passwd\"><graphml/>", MX_ERR_SYNTAX, "DOCTYPE");
    text_is_bad("<!DOCTYPE g [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;\">]><graphml>&c;</graphml>", MX_ERR_SYNTAX,
                "DOCTYPE");
}

static void test_line_of_error(void **state) {
    (void)state;
    mx_graph *g;
    mx_error err;
    const char *text = "<graphml>\n<graph>\n<node/>\n</graph></graphml>";
    assert_int_equal(read_text(text, strlen(text), NULL, &g, &err), MX_ERR_INVALID);
    assert_int_equal(err.line, 3);
    assert_true(err.file[0] != 0);
}

static void test_missing_ids(void **state) {
    (void)state;
    text_is_bad("<graphml><key/></graphml>", MX_ERR_INVALID, "a <key> has no id");
    text_is_bad("<graphml><graph><node/></graph></graphml>", MX_ERR_INVALID, "a <node> has no id");
    text_is_bad("<graphml><graph><edge source=\"a\"/></graph></graphml>", MX_ERR_INVALID, "has no target");
    text_is_bad("<graphml><graph><node id=\"a\"/><node id=\"a\"/></graph></graphml>", MX_ERR_INVALID,
                "two nodes have the id");
}

static void test_xml_depth(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    limits.xml_depth = 20;
    for (uint32_t depth = 20; depth <= 21; depth++) {
        char text[1000] = "<graphml>";
        for (uint32_t i = 1; i < depth; i++)
            strcat(text, "<a>");
        for (uint32_t i = 1; i < depth; i++)
            strcat(text, "</a>");
        strcat(text, "</graphml>");
        mx_graph *g;
        mx_error err;
        mx_status status = read_text(text, strlen(text), &limits, &g, &err);
        assert_int_equal(status, depth == 20 ? MX_ERR_INVALID : MX_ERR_LIMIT); /* INVALID: there is no model in it */
    }
}

static void test_every_prefix(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_model(&d, "[{\"name\": \"w\", \"dims\": []}]");
    doc_input(&d, "x", 1, "0");
    doc_operator(&d, "a", "Relu", 2, "0", "[\"x\"]", "[\"y\"]");
    doc_output(&d, "y", 3, "0");
    doc_close(&d);
    doc_edge(&d, "x", 0, "a", 0);
    doc_edge(&d, "a", 0, "out_y", 0);
    doc_good(&d);
    mx_buffer_cstr(&d.text, "</graph></graphml>");
    size_t start = (size_t)(strstr(d.text.data, "<graph id") - d.text.data);
    for (size_t n = 0; n < d.text.size; n += n < start ? 97 : 1) {
        mx_graph *g;
        mx_error err;
        assert_int_equal(read_text(d.text.data, n, NULL, &g, &err), MX_ERR_SYNTAX);
        assert_null(g);
    }
    doc_end(&d);
}

/* ---- keys ---- */

static void test_keys_by_name(void **state) {
    (void)state;
    const char *text =
        "<?xml version=\"1.0\"?><g:graphml xmlns:g=\"" XMLNS "\"><!-- odd ids, another prefix, for=all -->"
        "<g:key id=\"zz\" for=\"node\" attr.name=\"node_kind\"/><g:key id=\"n0\" for=\"all\" attr.name=\"name\"/>"
        "<g:key id=\"e\" for=\"edge\" attr.name=\"node_kind\"/><g:key id=\"u\" for=\"node\" attr.name=\"url\"/>"
        "<g:graph><g:node id=\"m\"><g:data key=\"zz\"><![CDATA[mod]]>el</g:data>"
        "<g:data key=\"u\">ignored</g:data><g:data key=\"undeclared\">too</g:data>"
        "<g:data key=\"n0\">\n  n&amp;<other xmlns=\"y\">not this</other>ame\t</g:data></g:node></g:graph></g:graphml>";
    mx_graph *g;
    mx_error err;
    assert_int_equal(read_text(text, strlen(text), NULL, &g, &err), MX_OK);
    assert_true(mx_str_is(mx_text(g, mx_node_at(g, 0)->name), "n&ame"));
    mx_graph_release(g);
}

static void test_unknown_keys_are_counted(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_node(&d, "m", "node_kind", "model", "what is this", "?", "", "no key", "description", "a tooltip", NULL);
    doc_good(&d);
    assert_int_equal(d.report.unknown_keys, 2);
    doc_end(&d);
}

static void declare(doc *d, const char *name) {
    char line[200];
    snprintf(line, sizeof line, "<key id=\"%s\" for=\"node\" attr.name=\"%s\" attr.type=\"string\"/>\n", name, name);
    mx_buffer_cstr(&d->text, line);
}

static void test_pieces(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    for (int i = 1; i <= 3; i++)
        declare(&d, i == 1 ? "doc_string_1" : i == 2 ? "doc_string_2" : "doc_string_3");
    doc_node(&d, "m", "node_kind", "model", "doc_string_2", "three", "doc_string", "one ", "doc_string_1", "two", NULL);
    doc_good(&d);
    assert_true(mx_str_is(mx_text(d.g, mx_node_at(d.g, 0)->doc), "onetwothree"));
    doc_end(&d);
    doc_begin(&d);
    declare(&d, "doc_string_2");
    doc_node(&d, "m", "node_kind", "model", "doc_string", "one", "doc_string_2", "three", NULL);
    doc_bad(&d, MX_ERR_INVALID, "piece 1 of the data \"doc_string\" is missing");
    doc_end(&d);
    doc_begin(&d);
    doc_node(&d, "m", "node_kind", "model", "doc_string", "one", "doc_string", "two", NULL);
    doc_bad(&d, MX_ERR_INVALID, "the data \"doc_string\" is given twice");
    doc_end(&d);
}

/* A program on Windows saved it: the parser hands a long CDATA section on in pieces, which end anywhere. */
static void test_line_ends_in_cdata(void **state) {
    (void)state;
    static const char head[] = "<graphml xmlns=\"" XMLNS "\"><key id=\"k\" for=\"node\" attr.name=\"node_kind\"/>"
                               "<key id=\"d\" for=\"node\" attr.name=\"doc_string\"/><graph><node id=\"m\">"
                               "<data key=\"k\">model</data><data key=\"d\">-&#13;<![CDATA[-";
    for (size_t before = 0; before < 320; before++) {
        mx_buffer text, told;
        mx_graph *g;
        mx_error err;
        mx_buffer_init(&text, NULL);
        mx_buffer_init(&told, NULL);
        mx_buffer_cstr(&text, head);
        mx_buffer_cstr(&told, "-\r-");
        for (size_t i = 0; i < before; i++)
            mx_buffer_cstr(&text, "x"), mx_buffer_cstr(&told, "x");
        for (int i = 0; i < 200; i++)
            mx_buffer_cstr(&text, "\r\n\r\r\n\ny"), mx_buffer_cstr(&told, "\n\n\n\ny");
        mx_buffer_cstr(&text, "\r]]>\n-</data></node></graph></graphml>");
        mx_buffer_cstr(&told, "\n\n-");
        assert_int_equal(read_text(text.data, text.size, NULL, &g, &err), MX_OK);
        mx_str got = mx_text(g, mx_node_at(g, 0)->doc);
        assert_int_equal(got.n, told.size);
        assert_memory_equal(got.p, told.data, told.size);
        mx_graph_release(g);
        mx_buffer_free(&text);
        mx_buffer_free(&told);
    }
}

static void test_text_limit(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    mx_env env = {.limits = &limits};
    limits.text_bytes = 10;
    for (int n = 10; n <= 11; n++) {
        doc d;
        doc_begin(&d);
        doc_node(&d, "m", "node_kind", "model", "doc_string", n == 10 ? "0123456789" : "0123456789a", NULL);
        assert_int_equal(doc_read(&d, &env), n == 10 ? MX_OK : MX_ERR_LIMIT);
        doc_end(&d);
    }
}

static void test_node_limit(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    mx_env env = {.limits = &limits};
    for (uint64_t n = 2; n <= 3; n++) {
        doc d;
        limits.nodes = n;
        doc_begin(&d);
        doc_model(&d, NULL);
        doc_input(&d, "x", 1, "0");
        doc_input(&d, "y", 2, "0");
        assert_int_equal(doc_read(&d, &env), n == 3 ? MX_OK : MX_ERR_LIMIT);
        doc_end(&d);
    }
}

static void test_long_comment(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    mx_buffer b;
    mx_graph *g;
    mx_error err;
    limits.text_bytes = 100000;
    mx_buffer_init(&b, NULL);
    mx_buffer_cstr(&b, "<graphml><!--");
    for (int i = 0; i < 2000000; i++)
        mx_buffer_byte(&b, 'x');
    mx_buffer_cstr(&b, "--></graphml>");
    assert_int_equal(read_text(b.data, b.size, &limits, &g, &err), MX_ERR_LIMIT);
    mx_buffer_free(&b);
}

/* ---- values ---- */

static void test_plain_texts(void **state) {
    (void)state;
    static const struct {
        const char *text, *value;
        size_t size;
    } cases[] = {
        {"plain", "plain", 5},
        {" trimmed\n", "trimmed", 7},
        {"\" kept \"", " kept ", 6},
        {"\"\"", "", 0},
        {"\"a\\u0000b\\r\"", "a\0b\r", 4},
        {"{\"base64\": \"/w==\"}", "\xff", 1},
        {"[not JSON", "[not JSON", 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        doc d;
        doc_begin(&d);
        doc_node(&d, "m", "node_kind", "model", "doc_string", cases[i].text, NULL);
        doc_good(&d);
        mx_str doc_string = mx_text(d.g, mx_node_at(d.g, 0)->doc);
        assert_int_equal(doc_string.n, cases[i].size);
        assert_non_null(doc_string.p);
        if (doc_string.n) assert_memory_equal(doc_string.p, cases[i].value, doc_string.n);
        doc_end(&d);
    }
}

static void value_is_bad(const char *key, const char *value, mx_status status, const char *message) {
    doc d;
    doc_begin(&d);
    doc_node(&d, "m", "node_kind", "model", "node_index", "0", NULL);
    doc_node(&d, "op", "node_kind", "operator", "op_type", "Relu", "name", "the op", key, value, NULL);
    doc_bad(&d, status, message);
    assert_string_equal(status == MX_ERR_LIMIT ? "the op" : d.err.node, "the op");
    doc_end(&d);
}

static void test_bad_values(void **state) {
    (void)state;
    value_is_bad("node_index", "3.0", MX_ERR_INVALID, "\"node_index\": '3.0' is not a whole number");
    value_is_bad("node_index", "99999999999", MX_ERR_INVALID, "\"node_index\"");
    value_is_bad("input_names", "[\"a\"", MX_ERR_INVALID, "\"input_names\": not JSON");
    value_is_bad("input_names", "{}", MX_ERR_INVALID, "a list of strings");
    value_is_bad("input_names", "[1]", MX_ERR_INVALID, "a string was expected");
    value_is_bad("metadata", "{\"a\": \"1\", \"a\": \"2\"}", MX_ERR_INVALID, "not JSON");
    value_is_bad("metadata", "3", MX_ERR_INVALID, "an object of strings");
    value_is_bad("domain", "{\"base64\": \"!\"}", MX_ERR_INVALID, "does not hold base64");
    value_is_bad("domain", "\"open", MX_ERR_INVALID, "not JSON");
    value_is_bad("value_info", "[{\"name\": \"v\"}]", MX_ERR_INVALID, "has no port");
    value_is_bad("value_info", "[{\"port\": 0, \"typo\": 1}]", MX_ERR_INVALID, "a member that is not known");
    value_is_bad("faults", "[]", MX_ERR_INVALID, "an object was expected");
}

static void test_bad_attributes(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"3", "an object of attributes"},
        {"{\"a\": true}", "attribute 'a': true, false and null"},
        {"{\"a\": []}", "an empty list must say its type"},
        {"{\"a\": [1, \"b\"]}", "both numbers and other values"},
        {"{\"a\": {\"value\": 1}}", "needs a \"type\""},
        {"{\"a\": {\"type\": \"NOSUCH\"}}", "the attribute type 'NOSUCH' is not known"},
        {"{\"a\": {\"type\": \"INT\", \"value\": 1.5}}", "an INT needs a whole number"},
        {"{\"a\": {\"type\": \"INT\", \"value\": 1, \"b\": 2}}", "a member that is not known"},
        {"{\"a\": {\"type\": \"FLOAT\", \"bits\": \"7fc0000\"}}", "8 hexadecimal digits"},
        {"{\"a\": {\"type\": \"FLOAT\", \"bits\": \"7fc0000g\"}}", "8 hexadecimal digits"},
        {"{\"a\": 1e39}", "too large for a FLOAT"},
        {"{\"a\": {\"type\": \"TENSOR\", \"data_type\": \"INT8\", \"dims\": [1], \"values\": [300]}}", "does not fit"},
        {"{\"a\": {\"type\": \"TENSOR\", \"data_type\": \"STRING\", \"values\": []}}", "cannot have values"},
        {"{\"a\": {\"type\": \"TENSOR\", \"data\": [-1, 4]}}", "not [offset, size]"},
        {"{\"a\": {\"type\": \"TENSOR\", \"data\": [0, 4], \"values\": []}}", "both data and values"},
        {"{\"a\": {\"type\": \"TENSOR\", \"data_type\": \"NOSUCH\"}}", "data_type is not known"},
        {"{\"a\": {\"type\": \"TYPE_PROTO\", \"value\": {\"elem\": \"NOSUCH\"}}}", "no element type"},
        {"{\"a\": {\"type\": \"GRAPH\", \"graph\": 3}}", "by its compound_key"},
        {"[[\"a\"]]", "a pair [name, value]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        value_is_bad("node_attributes", cases[i][0], MX_ERR_INVALID, cases[i][1]);
}

static void test_attributes(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_node(&d, "m", "node_kind", "model", NULL);
    doc_node(
        &d, "op", "node_kind", "operator", "op_type", "Odd", "name", "op", "node_attributes",
        "{\"i\": -1, \"f\": 1e-12, \"is\": [0, 2], \"fs\": [1, 2.5], \"s\": \"x\", \"ss\": [\"a\", {\"base64\": "
        "\"/w==\"}],"
        " \"nan\": {\"type\": \"FLOAT\", \"bits\": \"7fc00001\"}, \"none\": {\"type\": \"INTS\", \"values\": []},"
        " \"r\": {\"type\": \"FLOAT\", \"ref\": \"alpha\"}, \"t\": {\"type\": \"TENSOR\", \"data_type\": \"INT16\","
        " \"dims\": [2], \"values\": [1, -2], \"attribute_doc_string\": \"d\"}}",
        NULL);
    doc_good(&d);
    const mx_node *n = mx_node_at(d.g, doc_find(&d, "op"));
    const mx_attr *a = n->attrs;
    static const int32_t types[] = {MX_ATTR_INT,     MX_ATTR_FLOAT, MX_ATTR_INTS, MX_ATTR_FLOATS, MX_ATTR_STRING,
                                    MX_ATTR_STRINGS, MX_ATTR_FLOAT, MX_ATTR_INTS, MX_ATTR_FLOAT,  MX_ATTR_TENSOR};
    assert_int_equal(n->n_attrs, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(a[i].type, types[i]);
    assert_int_equal(a[0].value.i, -1);
    assert_true(a[1].value.f == 1e-12f);
    assert_true(a[3].count == 2 && a[3].value.floats[0] == 1.0f && a[3].value.floats[1] == 2.5f);
    assert_true(mx_str_is(mx_text(d.g, a[5].value.sids[1]), "\xff"));
    uint32_t bits;
    memcpy(&bits, &a[6].value.f, sizeof bits);
    assert_int_equal(bits, 0x7fc00001);
    assert_true(mx_str_is(mx_text(d.g, a[8].ref_name), "alpha"));
    const mx_tensor *t = &d.g->tensors[a[9].value.index];
    uint8_t bytes[4];
    assert_int_equal(t->data.size, 4);
    assert_int_equal(mx_source_read(d.g->sources[t->data.source], t->data.offset, bytes, 4, NULL), MX_OK);
    assert_memory_equal(bytes, "\x01\x00\xfe\xff", 4);
    assert_true(mx_str_is(mx_text(d.g, a[9].doc), "d"));
    doc_end(&d);
}

static void test_json_depth(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    mx_env env = {.limits = &limits};
    for (uint32_t limit = 3; limit <= 4; limit++) {
        doc d;
        limits.json_depth = limit;
        doc_begin(&d);
        doc_node(&d, "m", "node_kind", "model", NULL);
        doc_node(&d, "i", "node_kind", "input", "name", "]]}\\\"", "value_type",
                 "{\"sequence\": {\"sequence\": {\"sequence\": {}}}}", NULL);
        assert_int_equal(doc_read(&d, &env), limit == 4 ? MX_OK : MX_ERR_LIMIT);
        doc_end(&d);
    }
    mx_buffer deep; /* far deeper than any stack */
    mx_buffer_init(&deep, NULL);
    for (int i = 0; i < 1000000; i++)
        mx_buffer_byte(&deep, '[');
    mx_buffer_byte(&deep, 0);
    value_is_bad("node_attributes", deep.data, MX_ERR_LIMIT, "nested more than");
    mx_buffer_free(&deep);
}

static void test_two_models(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_node(&d, "m", "node_kind", "model", "node_index", "0", "compound_key", "0", NULL);
    doc_node(&d, "n", "node_kind", "model", "node_index", "0", "compound_key", "0", NULL);
    doc_bad(&d, MX_ERR_INVALID, "a second node stands for the model");
    doc_end(&d);
}

/* ---- weights ---- */

static void test_weights(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_node(&d, "m", "node_kind", "model", "weights",
             "{\"strategy\": \"sidecar\", \"file\": \"a.onnxdata\", \"size\": 7, \"count\": 2, \"checksum\": "
             "\"00112233445566778899aabbccddeeff\"}",
             NULL);
    doc_good(&d);
    assert_int_equal(d.weights.strategy, MX_PARAMETERS_SIDECAR);
    assert_string_equal(d.weights.file, "a.onnxdata");
    assert_int_equal(d.weights.file_size, 7);
    assert_int_equal(d.weights.count, 2);
    char hex[MX_HASH_HEX];
    mx_hash_hex(d.weights.checksum, hex);
    assert_string_equal(hex, "00112233445566778899aabbccddeeff");
    doc_end(&d);
    static const char *const bad[][2] = {{"{\"strategy\": \"other\"}", "neither sidecar"},
                                         {"{\"strategy\": \"sidecar\", \"checksum\": \"12\"}", "32 hexadecimal"},
                                         {"{\"strategy\": \"sidecar\", \"file\": \"a\\u0000b\"}", "not a file's name"}};
    for (int i = 0; i < 3; i++) {
        doc_begin(&d);
        doc_node(&d, "m", "node_kind", "model", "weights", bad[i][0], NULL);
        doc_bad(&d, MX_ERR_INVALID, bad[i][1]);
        doc_end(&d);
    }
}

static void test_embedded_image(void **state) {
    (void)state;
    doc d;
    uint8_t bytes[9];
    doc_begin(&d);
    declare(&d, "parameter_data_1");
    declare(&d, "parameter_data_2");
    doc_node(&d, "m", "node_kind", "model", "parameter_data_1", "ZGVm", "parameter_data_2", "Z2\n hp", "parameter_data",
             " YWJj\n", NULL);
    doc_good(&d);
    assert_non_null(d.weights.image);
    assert_int_equal(d.weights.image->size, 9);
    assert_int_equal(mx_source_read(d.weights.image, 0, bytes, 9, NULL), MX_OK);
    assert_memory_equal(bytes, "abcdefghi", 9);
    doc_end(&d);
    static const char *const bad[][2] = {{"YWJ", "cut off"}, {"YW?j", "not base64"}};
    for (int i = 0; i < 2; i++) {
        doc_begin(&d);
        doc_node(&d, "m", "node_kind", "model", "parameter_data", bad[i][0], NULL);
        doc_bad(&d, MX_ERR_INVALID, bad[i][1]);
        doc_end(&d);
    }
    doc_begin(&d);
    declare(&d, "parameter_data_1");
    doc_node(&d, "m", "node_kind", "model", "parameter_data_1", "YWJj", NULL);
    doc_bad(&d, MX_ERR_INVALID, "not complete");
    doc_end(&d);
}

static void test_external_files(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_node(&d, "m", "node_kind", "model", "weights",
             "{\"strategy\": \"reference\", \"checksum\": \"00112233445566778899aabbccddeeff\"}", "external_files",
             "[{\"location\": \"w.bin\", \"size\": 10}]", "initializers",
             "[{\"name\": \"w\", \"dims\": [], \"data\": [2, 4], \"file\": 0, \"location\": \"EXTERNAL\", \"unused\": "
             "true}]",
             NULL);
    doc_good(&d);
    assert_int_equal(d.g->n_external_files, 1);
    assert_int_equal(d.g->external_files[0].source, 1);
    assert_int_equal(d.g->tensors[0].data.source, 1);
    assert_null(d.g->sources[0]);
    assert_null(d.g->sources[1]);
    doc_end(&d);
    doc_begin(&d);
    doc_node(&d, "m", "node_kind", "model", "initializers", "[{\"name\": \"w\", \"data\": [2, 4], \"file\": 0}]", NULL);
    doc_bad(&d, MX_ERR_INVALID, "external file 0, but there are 0");
    doc_end(&d);
    doc_begin(&d);
    doc_node(&d, "m", "node_kind", "model", "weights",
             "{\"strategy\": \"sidecar\", \"checksum\": \"00112233445566778899aabbccddeeff\"}", "external_files",
             "[{\"location\": \"w.bin\", \"size\": 10, \"parts\": [[0, 4], [64, 5]]}]", NULL);
    doc_bad(&d, MX_ERR_INVALID, "do not make its size");
    doc_end(&d);
}

/* ---- value infos ---- */

static void test_value_infos_in_order(void **state) {
    (void)state;
    doc d;
    doc_begin(&d);
    doc_node(&d, "m", "node_kind", "model", "compound_key", "0", "value_info", "[{\"name\": \"stray\", \"index\": 1}]",
             NULL);
    doc_node(&d, "a", "node_kind", "operator", "op_type", "Split", "name", "a", "node_index", "1", "input_names", "[]",
             "output_names", "[\"p\", \"q\"]", "value_info",
             "[{\"port\": 1, \"index\": 0}, {\"port\": 0, \"index\": 2, \"type\": {\"elem\": \"FLOAT\", \"shape\": [1, "
             "\"n\", null]}},"
             " {\"port\": 7, \"index\": 3}]",
             NULL);
    doc_good(&d);
    const mx_scope_data *s = &d.g->scopes[0];
    assert_int_equal(s->n_value_infos, 3);
    assert_true(mx_str_is(mx_text(d.g, s->value_infos[0].name), "q"));
    assert_true(mx_str_is(mx_text(d.g, s->value_infos[1].name), "stray"));
    assert_true(mx_str_is(mx_text(d.g, s->value_infos[2].name), "p"));
    const mx_type *t = &d.g->types[s->value_infos[2].type];
    assert_int_equal(t->n_dims, 3);
    assert_int_equal(t->dims[1].kind, MX_DIM_PARAM);
    doc_end(&d);
}

/* ---- memory ---- */

static void fill_many(doc *d) {
    doc_begin(d);
    doc_model(d, "[{\"name\": \"w\", \"dims\": [2], \"data\": [0, 8]}, {\"name\": \"gone\", \"dims\": []}]");
    doc_input(d, "x", 1, "0");
    doc_operator(d, "a", "Add", 2, "0", "[\"x\", \"w\"]", "[\"v\"]");
    doc_group(d, "if", "node_kind", "operator", "op_type", "If", "name", "if", "node_index", "3", "parent", "0",
              "compound_key", "1", "input_names", "[\"v\"]", "output_names", "[\"y\"]", "node_attributes",
              "{\"b\": {\"type\": \"GRAPH\", \"graph\": \"2\"}, \"t\": {\"type\": \"TENSOR\", \"data_type\": \"FLOAT\","
              " \"dims\": [1], \"values\": [0.5]}}",
              "value_info", "[{\"port\": 0, \"index\": 0}]", NULL);
    doc_group(d, "body", "node_kind", "body", "node_index", "4", "compound_key", "2", "parent", "1", NULL);
    doc_operator(d, "inner", "Relu", 5, "2", "[\"v\"]", "[\"r\"]");
    doc_output(d, "r", 6, "2");
    doc_close(d);
    doc_close(d);
    doc_node(d, "new", "op_type", "Neg", "name", "new", NULL);
    doc_output(d, "y", 7, "0");
    doc_edge(d, "x", 0, "a", 0);
    doc_edge(d, "a", 0, "if", 0);
    doc_edge(d, "a", 0, "inner", 0);
    doc_edge(d, "inner", 0, "out_r", 0);
    doc_edge(d, "if", 0, "new", -1);
    doc_edge(d, "new", -1, "out_y", -1);
}

static void test_every_allocation_fails_once(void **state) {
    (void)state;
    doc d;
    fill_many(&d);
    doc_good(&d);
    assert_string_equal(doc_order(&d, 0), "a,if,new,");
    for (size_t n = 1;; n++) {
        test_allocator t;
        test_allocator_init(&t);
        t.fail_at = n;
        mx_env env = {.allocator = &t.allocator};
        mx_status status = doc_read(&d, &env);
        mx_graph_release(d.g);
        d.g = NULL;
        assert_int_equal(t.blocks, 0);
        assert_int_equal(status, t.failed ? MX_ERR_NOMEM : MX_OK);
        if (!t.failed) break;
        assert_true(n < 100000);
    }
    doc_end(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml_errors),
        cmocka_unit_test(test_document_types),
        cmocka_unit_test(test_line_of_error),
        cmocka_unit_test(test_missing_ids),
        cmocka_unit_test(test_xml_depth),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_keys_by_name),
        cmocka_unit_test(test_unknown_keys_are_counted),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_line_ends_in_cdata),
        cmocka_unit_test(test_text_limit),
        cmocka_unit_test(test_node_limit),
        cmocka_unit_test(test_long_comment),
        cmocka_unit_test(test_plain_texts),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_bad_attributes),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_json_depth),
        cmocka_unit_test(test_two_models),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_embedded_image),
        cmocka_unit_test(test_external_files),
        cmocka_unit_test(test_value_infos_in_order),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
