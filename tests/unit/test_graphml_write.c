/* The GraphML writer: small graphs made by hand, and what stands in the file. */
#include "graphml/graphml.h"
#include "graphml/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- building ---- */

static mx_sid sid(mx_graph *g, const char *text) {
    mx_sid id;
    assert_int_equal(mx_graph_string(g, mx_str_of(text), &id, NULL), MX_OK);
    return id;
}

static mx_node_id add(mx_graph *g, mx_node_kind kind, mx_node_id parent, const char *name) {
    mx_node_id id;
    assert_int_equal(mx_graph_add_node(g, kind, parent, &id, NULL), MX_OK);
    mx_node *n = mx_node_at(g, id);
    n->name = sid(g, name);
    if (kind == MX_NODE_INPUT || kind == MX_NODE_OUTPUT) n->data = MX_NO_INDEX;
    if (kind == MX_NODE_OUTPUT) {
        n->n_inputs = 1;
        assert_int_equal(mx_graph_array(g, 1, sizeof *n->inputs, &n->inputs, NULL), MX_OK);
        n->inputs[0] = (mx_port){n->name, MX_NO_NODE, 0};
    }
    return id;
}

static mx_node_id operation(mx_graph *g, mx_node_id parent, const char *type, const char *in, const char *out) {
    mx_node_id id = add(g, MX_NODE_OPERATOR, parent, out);
    mx_node *n = mx_node_at(g, id);
    n->op_type = sid(g, type);
    n->n_inputs = in ? 1 : 0;
    n->n_outputs = 1;
    assert_int_equal(mx_graph_array(g, 1, sizeof *n->inputs, &n->inputs, NULL), MX_OK);
    assert_int_equal(mx_graph_array(g, 1, sizeof *n->outputs, &n->outputs, NULL), MX_OK);
    if (in) n->inputs[0] = (mx_port){sid(g, in), MX_NO_NODE, 0};
    n->outputs[0] = sid(g, out);
    return id;
}

static mx_graph *new_graph(const mx_env *env) {
    mx_graph *g;
    assert_int_equal(mx_graph_new(env, &g, NULL), MX_OK);
    g->scopes[0].has_graph = true;
    return g;
}

static mx_node_id module(mx_graph *g, mx_node_id parent, const char *name, const char *scope, const char *class_name) {
    mx_node_id id = add(g, MX_NODE_MODULE, parent, name);
    mx_module_data *m = &g->modules[mx_node_at(g, id)->data];
    m->scope = sid(g, scope);
    m->class_name = sid(g, class_name);
    return id;
}

static uint32_t float_type(mx_graph *g, int64_t size) {
    mx_dim dims[] = {{.kind = MX_DIM_PARAM, .param = sid(g, "batch")}, {.kind = MX_DIM_VALUE, .value = size}};
    mx_type t = {MX_TYPE_TENSOR, true, true, 1, MX_NO_INDEX, 2, dims, 0, 0, 0};
    uint32_t index;
    assert_int_equal(mx_graph_add_type(g, &t, &index, NULL), MX_OK);
    return index;
}

/* x → Relu → y, in a module. */
static mx_graph *small_graph(const mx_env *env) {
    mx_graph *g = new_graph(env);
    mx_node_id x = add(g, MX_NODE_INPUT, 0, "x"), m = module(g, 0, "layer.0", "encoder.layer.0", "BertLayer");
    mx_node *n = mx_node_at(g, x);
    n->n_outputs = 1;
    assert_int_equal(mx_graph_array(g, 1, sizeof *n->outputs, &n->outputs, NULL), MX_OK);
    n->outputs[0] = n->name;
    n->data = float_type(g, 32);
    operation(g, m, "Relu", "x", "mid");
    operation(g, 0, "Softmax", "mid", "y");
    mx_node_at(g, add(g, MX_NODE_OUTPUT, 0, "y"))->data = float_type(g, 8);
    return g;
}

/* ---- writing ---- */

typedef struct written {
    char *text;
    size_t size;
} written;

static written write_graph(mx_graph *g, const mx_weights *weights, const mx_graphml_write_options *options) {
    char path[] = "/tmp/mx-write-XXXXXX";
    mx_outfile f = {.fd = -1};
    mx_error err = {0};
    written w = {NULL, 0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(mx_graph_wire(g, &err), MX_OK);
    assert_int_equal(mx_outfile_open(NULL, path, &f, &err), MX_OK);
    assert_int_equal(mx_graphml_write(g, weights, options, &f, &err), MX_OK);
    assert_int_equal(mx_outfile_commit(&f, &err), MX_OK);
    mx_outfile_close(&f);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    w.size = (size_t)ftell(in);
    rewind(in);
    w.text = calloc(w.size + 1, 1);
    assert_non_null(w.text);
    assert_int_equal(fread(w.text, 1, w.size, in), w.size);
    fclose(in);
    unlink(path);
    return w;
}

static void expect(const written *w, const char *text) {
    if (!strstr(w->text, text)) print_message("not in the file: %s\n", text);
    assert_non_null(strstr(w->text, text));
}

static void expect_not(const written *w, const char *text) {
    if (strstr(w->text, text)) print_message("in the file: %s\n", text);
    assert_null(strstr(w->text, text));
}

static size_t occurrences(const written *w, const char *text) {
    size_t n = 0;
    for (const char *p = w->text; (p = strstr(p, text)); p++)
        n++;
    return n;
}

/* ---- tests ---- */

static void numbers_and_edges(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    written w = write_graph(g, NULL, NULL);
    expect(&w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<graphml ");
    expect(&w, "<graph id=\"G\" edgedefault=\"directed\">");
    expect(&w, "<node id=\"n0\" yfiles.foldertype=\"group\">\n<data key=\"n7\">model</data>\n<data "
               "key=\"n8\">0</data>\n"
               "<data key=\"n10\">0</data>");
    expect(&w, "<node id=\"n1\">\n<data key=\"n3\">x</data>\n<data key=\"n7\">input</data>\n<data "
               "key=\"n8\">1</data>\n"
               "<data key=\"n9\">0</data>\n<data key=\"n14\">{\"elem\": \"FLOAT\", \"shape\": [\"batch\", "
               "32]}</data>");
    expect(&w, "<node id=\"n2\" yfiles.foldertype=\"group\">\n<data key=\"n3\">layer.0</data>\n<data "
               "key=\"n7\">module</data>");
    expect(&w, "<graph id=\"n2:\" edgedefault=\"directed\">\n<data key=\"g0\">BertLayer</data>");
    expect(&w, "<node id=\"n3\">\n<data key=\"n0\">Relu</data>\n<data key=\"n3\">mid</data>\n<data "
               "key=\"n4\">[\"x\"]</data>\n"
               "<data key=\"n5\">[\"mid\"]</data>\n<data key=\"n7\">operator</data>\n<data key=\"n8\">3</data>\n"
               "<data key=\"n9\">1</data>");
    expect(&w, "<edge id=\"e0\" source=\"n1\" target=\"n3\">\n<data key=\"e0\">x</data>\n<data "
               "key=\"t0\">FLOAT</data>\n"
               "<data key=\"t1\">[\"batch\", 32]</data>\n<data key=\"e1\">0</data>\n<data key=\"e2\">0</data>");
    /* y's type is known from the formal output. */
    expect(&w, "<edge id=\"e2\" source=\"n4\" target=\"n5\">\n<data key=\"e0\">y</data>\n<data "
               "key=\"t0\">FLOAT</data>\n"
               "<data key=\"t1\">[\"batch\", 8]</data>");
    expect(&w, "encoder.layer.0 \xC2\xB7 BertLayer</y:NodeLabel>");
    expect(&w, "<data key=\"g4\">[\"x\"]</data>\n<data key=\"g5\">[\"y\"]</data>");
    expect_not(&w, "<data key=\"n16\">");
    expect_not(&w, "<port");
    expect_not(&w, "m3\">");
    free(w.text);
    mx_graph_release(g);
}

static void same_graph_same_bytes(void **state) {
    (void)state;
    mx_graph *a = small_graph(NULL), *b = small_graph(NULL);
    written x = write_graph(a, NULL, NULL), y = write_graph(b, NULL, NULL);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.text, y.text, x.size);
    free(x.text);
    free(y.text);
    mx_graph_release(a);
    mx_graph_release(b);
}

static void texts_are_escaped(void **state) {
    (void)state;
    mx_graph *g = new_graph(NULL);
    mx_node_id id = operation(g, 0, "<html>&", NULL, "a<b>\r");
    mx_node_at(g, id)->doc = sid(g, "one\n<two> & \"three\" ]]>");
    mx_node_at(g, id)->domain = sid(g, "");
    written w = write_graph(g, NULL, NULL);
    expect(&w, "<data key=\"n0\">&lt;html&gt;&amp;</data>");
    expect(&w, "<data key=\"n3\">\"a&lt;b&gt;\\r\"</data>");
    expect(&w, "<data key=\"n11\">one\n&lt;two&gt; &amp; \"three\" ]]&gt;</data>");
    expect(&w, "<data key=\"n6\">\"\"</data>");
    expect(&w, ">\xE2\x80\xB9html&gt;&amp;</y:NodeLabel>");
    expect_not(&w, "&#13;");
    free(w.text);
    mx_graph_release(g);
}

static void model_without_graph(void **state) {
    (void)state;
    mx_graph *g = new_graph(NULL);
    g->scopes[0].has_graph = false;
    written w = write_graph(g, NULL, NULL);
    expect(&w, "<data key=\"n28\">false</data>");
    expect(&w, "<graph id=\"n0:\" edgedefault=\"directed\">\n</graph>");
    assert_int_equal(occurrences(&w, "<node "), 1);
    free(w.text);
    mx_graph_release(g);
}

static void faults_are_marked(void **state) {
    (void)state;
    mx_graph *g = new_graph(NULL);
    operation(g, 0, "Relu", "later", "a");
    operation(g, 0, "Relu", "nothing", "later");
    operation(g, 0, "Relu", "", "later");
    add(g, MX_NODE_OUTPUT, 0, "gone");
    written w = write_graph(g, NULL, NULL);
    expect(&w, "<data key=\"n16\">{\"unordered\": true}</data>");
    expect(&w, "<data key=\"n16\">{\"unresolved\": [0], \"duplicate\": [0]}</data>");
    expect(&w, "<data key=\"n16\">{\"duplicate\": [0]}</data>");
    expect(&w, "<data key=\"n7\">output</data>\n<data key=\"n8\">4</data>\n<data key=\"n9\">0</data>\n"
               "<data key=\"n16\">{\"unresolved\": [0]}</data>");
    free(w.text);
    mx_graph_release(g);
}

static void initializer(mx_graph *g, mx_node_id scope, const char *name) {
    mx_tensor t = {.name = sid(g, name), .data = {MX_NO_INDEX, MX_NO_INDEX, 0, 0}, .external_file = MX_NO_INDEX};
    uint32_t index;
    assert_int_equal(mx_graph_add_tensor(g, &t, &index, NULL), MX_OK);
    mx_scope_data *s = &g->scopes[mx_node_at(g, scope)->data];
    assert_int_equal(mx_scope_add_initializer(g, s, index, NULL), MX_OK);
}

static void bodies_and_captures(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id loop = operation(g, 0, "Loop", "y", "z"), body = add(g, MX_NODE_BODY, loop, "body");
    mx_attr attr = {.name = sid(g, "body"), .type = MX_ATTR_GRAPH, .value.index = body};
    mx_node_at(g, loop)->attrs = &attr;
    mx_node_at(g, loop)->n_attrs = 1;
    initializer(g, 0, "weight");
    operation(g, body, "Add", "mid", "inner");
    operation(g, body, "Add", "weight", "inner2");
    written w = write_graph(g, NULL, NULL);
    /* The loop is n5, its body n6 with key 3, the adders n7 and n8. */
    expect(&w, "<data key=\"n2\">{\"body\": {\"type\": \"GRAPH\", \"graph\": \"3\"}}</data>");
    expect(&w, "<node id=\"n6\" yfiles.foldertype=\"group\">\n<data key=\"n3\">body</data>\n<data "
               "key=\"n7\">body</data>");
    expect(&w, "source=\"n3\" target=\"n7\"");
    expect_not(&w, "target=\"n8\"");
    expect_not(&w, "<data key=\"n16\">");
    free(w.text);
    mx_graph_release(g);
}

static void value_infos_follow_their_makers(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_value_info info = {sid(g, "mid"), 0, 0, float_type(g, 4), {NULL, 0}};
    assert_int_equal(mx_scope_add_value_info(g, &g->scopes[0], &info, NULL), MX_OK);
    assert_int_equal(mx_scope_add_value_info(g, &g->scopes[0], &info, NULL), MX_OK); /* the second entry of a name */
    info = (mx_value_info){sid(g, "weight"), 0, 0, MX_NO_INDEX, {NULL, 0}};
    assert_int_equal(mx_scope_add_value_info(g, &g->scopes[0], &info, NULL), MX_OK);
    written w = write_graph(g, NULL, NULL);
    expect(&w, "<data key=\"n15\">[{\"port\": 0, \"index\": 0, \"type\": {\"elem\": \"FLOAT\", \"shape\": "
               "[\"batch\", 4]}}]");
    expect(&w, "<data key=\"n15\">[{\"name\": \"mid\", \"index\": 1, \"type\": {\"elem\": \"FLOAT\", "
               "\"shape\": [\"batch\", "
               "4]}}, {\"name\": \"weight\", \"index\": 2}]</data>");
    expect(&w, "<data key=\"t1\">[\"batch\", 4]</data>");
    free(w.text);
    mx_graph_release(g);
}

/* n bytes of `unit` again and again. */
static char *long_text(const char *unit, size_t n) {
    char *text = malloc(n + 1);
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = unit[i % strlen(unit)];
    text[n] = 0;
    return text;
}

static size_t data_length(const written *w, const char *start) {
    const char *p = strstr(w->text, start);
    assert_non_null(p);
    p += strlen(start);
    return (size_t)(strstr(p, "</data>") - p);
}

static void long_values_go_on(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    char *exact = long_text("x", MX_DATA_BYTES), *more = long_text("\xC3\xA4 b", 2 * MX_DATA_BYTES + 4);
    mx_node_at(g, 1)->doc = sid(g, exact);
    written w = write_graph(g, NULL, NULL);
    expect_not(&w, "n11_1");
    assert_int_equal(data_length(&w, "<data key=\"n11\">"), MX_DATA_BYTES);
    free(w.text);
    more[2 * MX_DATA_BYTES + 3] = 'e';
    mx_node_at(g, 1)->doc = sid(g, more);
    w = write_graph(g, NULL, NULL);
    expect(&w, "<key id=\"n11_2\" for=\"node\" attr.name=\"doc_string_2\" attr.type=\"string\"/>");
    expect_not(&w, "n11_3");
    size_t first = data_length(&w, "<data key=\"n11\">"), second = data_length(&w, "<data key=\"n11_1\">");
    assert_in_range(first, MX_DATA_BYTES - 3, MX_DATA_BYTES);
    assert_int_equal(first + second + data_length(&w, "<data key=\"n11_2\">"), 2 * MX_DATA_BYTES + 4);
    assert_true(mx_utf8_valid(strstr(w.text, "n11_1\">") + 7, second));
    assert_int_not_equal(strstr(w.text, "n11_1\">")[7], ' ');
    free(w.text);
    free(exact);
    free(more);
    mx_graph_release(g);
}

static void embedded_weights(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    size_t size = 6000001;
    char *bytes = long_text("abc", size);
    mx_weights weights = {.strategy = MX_PARAMETERS_EMBEDDED, .file_size = size, .count = 1};
    assert_int_equal(mx_source_from_memory(NULL, bytes, size, false, &weights.image, NULL), MX_OK);
    written w = write_graph(g, &weights, NULL);
    expect(&w, "<key id=\"n38_1\" for=\"node\" attr.name=\"parameter_data_1\" attr.type=\"string\"/>");
    assert_int_equal(data_length(&w, "<data key=\"n38\">"), 8000000);
    expect(&w, "<data key=\"n38\">YWJjYWJj");
    expect(&w, "<data key=\"n38_1\">YQ==</data>");
    expect(&w, "<data key=\"n36\">{\"strategy\": \"embedded\", \"size\": 6000001, \"checksum\": ");
    free(w.text);
    free(bytes);
    mx_source_release(weights.image);
    mx_graph_release(g);
}

static void sidecar_and_options(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_weights weights = {.file = "m.onnxdata", .checksum = {1, 0}, .file_size = 64, .count = 2};
    mx_graphml_write_options options = {
        .source_name = "m.onnx", .metadata_name = "m_htp_metadata.json", .timestamp = "2026-01-01T00:00:00Z"};
    written w = write_graph(g, &weights, &options);
    expect(&w, "<data key=\"n36\">{\"strategy\": \"sidecar\", \"file\": \"m.onnxdata\", \"size\": 64, \"checksum\": "
               "\"00000000000000000000000000000001\", \"count\": 2, \"nodes\": 6, "
               "\"source\": \"m.onnx\", \"metadata\": \"m_htp_metadata.json\"}</data>");
    expect(&w, "<data key=\"m0\">m.onnx</data>\n<data key=\"m1\">m_htp_metadata.json</data>\n<data "
               "key=\"m2\">1.1</data>\n"
               "<data key=\"m3\">2026-01-01T00:00:00Z</data>");
    expect(&w, "<data key=\"p0\">sidecar</data>\n<data key=\"p1\">m.onnxdata</data>");
    expect(&w, "<node id=\"n0\" yfiles.foldertype=\"group\">");
    expect(&w, "<node id=\"n2\" yfiles.foldertype=\"folder\">");
    expect(&w, "<y:Realizers active=\"1\">");
    free(w.text);
    mx_graph_release(g);
}

/* ---- failures ---- */

static bool refuse(void *ctx, const char *stage, uint64_t done, uint64_t total) {
    (void)ctx, (void)stage, (void)done, (void)total;
    return false;
}

static void cancelling(void **state) {
    (void)state;
    mx_env env = {.progress = refuse};
    mx_graph *g = new_graph(&env);
    mx_outfile f = {.fd = -1};
    for (int i = 0; i < 70000; i++)
        operation(g, 0, "Relu", NULL, "a");
    assert_int_equal(mx_outfile_open_unnamed(NULL, "/tmp", &f, NULL), MX_OK);
    assert_int_equal(mx_graphml_write(g, NULL, NULL, &f, NULL), MX_ERR_CANCELLED);
    mx_outfile_close(&f);
    mx_graph_release(g);
}

typedef struct failing {
    long left; /* allocations that still succeed; negative: all */
    long live;
} failing;

static bool may(failing *f) {
    return f->left < 0 || f->left-- > 0;
}
static void *fail_alloc(void *ctx, size_t size) {
    failing *f = ctx;
    if (!may(f)) return NULL;
    f->live++;
    return malloc(size);
}
static void *fail_realloc(void *ctx, void *old, size_t old_size, size_t size) {
    (void)old_size;
    return may(ctx) ? realloc(old, size) : NULL;
}
static void fail_free(void *ctx, void *old, size_t old_size) {
    (void)old_size;
    ((failing *)ctx)->live--;
    free(old);
}

static void every_allocation_can_fail(void **state) {
    (void)state;
    failing f = {-1, 0};
    mx_allocator a = {fail_alloc, fail_realloc, fail_free, &f};
    mx_env env = {.allocator = &a};
    mx_graph *g = small_graph(&env);
    mx_status status = MX_ERR_NOMEM;
    assert_int_equal(mx_graph_wire(g, NULL), MX_OK);
    for (long n = 0; status != MX_OK; n++) {
        mx_outfile out = {.fd = -1};
        mx_error err = {0};
        long live = f.live;
        assert_true(n < 1000);
        assert_int_equal(mx_outfile_open_unnamed(NULL, "/tmp", &out, NULL), MX_OK);
        f.left = n;
        status = mx_graphml_write(g, NULL, NULL, &out, &err);
        f.left = -1;
        assert_true(status == MX_OK || (status == MX_ERR_NOMEM && err.code == MX_ERR_NOMEM));
        assert_int_equal(f.live, live);
        mx_outfile_close(&out);
    }
    mx_graph_release(g);
    assert_int_equal(f.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_edges),
        cmocka_unit_test(same_graph_same_bytes),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(model_without_graph),
        cmocka_unit_test(faults_are_marked),
        cmocka_unit_test(bodies_and_captures),
        cmocka_unit_test(value_infos_follow_their_makers),
        cmocka_unit_test(long_values_go_on),
        cmocka_unit_test(embedded_weights),
        cmocka_unit_test(sidecar_and_options),
        cmocka_unit_test(cancelling),
        cmocka_unit_test(every_allocation_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
