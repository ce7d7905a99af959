/* Files of the earlier v1.1 generation. */
#include "graphml/graphml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

typedef struct legacy {
    char folder[64], path[100], sidecar[100];
    mx_graph *g;
    mx_weights weights;
    mx_graphml_report report;
    mx_error err;
} legacy;

#define KEY(id, where, name) "<key id=\"" id "\" for=\"" where "\" attr.name=\"" name "\" attr.type=\"string\"/>\n"
#define DATA(key, text)      "<data key=\"" key "\">" text "</data>"
#define OPERATOR(id, type, tag, attributes, inputs, outputs)                                                           \
    "<node id=\"" id "\">" DATA("n0", type) DATA("n1", tag) DATA("n2", attributes) DATA("n3", id) DATA("n4", inputs)   \
        DATA("n5", outputs) DATA("n6", "") "</node>\n"

static const char head[] =
    "<?xml version='1.0' encoding='utf-8'?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n" KEY(
        "d0", "graph", "class_name") KEY("d1", "graph", "module_type") KEY("d3", "graph", "traced_tag")
        KEY("n0", "node", "op_type") KEY("n1", "node", "hierarchy_tag") KEY("n2", "node", "onnx_attributes")
            KEY("n3", "node", "name") KEY("n4", "node", "input_names") KEY("n5", "node", "output_names")
                KEY("n6", "node", "domain") KEY("e0", "edge", "tensor_name") KEY("m4", "graph", "opset_imports")
                    KEY("m5", "graph", "producer_name") KEY("m7", "graph", "model_version")
                        KEY("p0", "graph", "parameter_strategy") KEY("p1", "graph", "parameter_file") KEY(
                            "g0", "graph", "graph_inputs") KEY("g1", "graph", "graph_outputs")
                            KEY("g3", "graph", "initializers_ref") "<graph id=\"Net\" edgedefault=\"directed\">" DATA(
                                "d0", "Net") DATA("d3", "/Net") DATA("m4", "[{\"domain\": \"\", \"version\": 17}]")
                                DATA("m5", "pytorch") DATA("m7", "3") DATA(
                                    "g0", "[{\"name\": \"x\", \"type\": \"float32\", \"shape\": [\"batch\", 2, -1]}]")
                                    DATA("g1", "[{\"name\": \"y\", \"type\": \"float32\", \"shape\": []}]");

/* The operators stand by module, not in their order. */
static const char nodes[] = "<node id=\"enc\">" DATA("n0", "Encoder") DATA("n1", "/Net/Encoder") DATA(
    "n2", "{\"module_type\": \"pytorch\", \"execution_order\": 4}")
    DATA("n3", "enc") "<graph id=\"enc::\" edgedefault=\"directed\">" DATA(
        "d0", "Encoder") "<node id=\"enc.layer.0\">" DATA("n0", "Layer") DATA("n1", "/Net/Encoder/Layer.0")
        DATA("n3", "enc.layer.0") "<graph id=\"enc.layer.0::\">" OPERATOR(
            "/enc/layer.0/Add", "Add", "/Net/Encoder/Layer.0", "{}", "[\"a\", \"w\"]",
            "[\"y\"]") "</graph></node></graph></node>\n" OPERATOR("/Mul", "Mul", "/Net",
                                                                   "{\"axis\": -1, \"alpha\": 0.5, \"none\": []}",
                                                                   "[\"x\", \"c\"]", "[\"a\"]")
            OPERATOR("/Constant", "Constant", "",
                     "{\"value\": {\"tensor_type\": \"onnx_tensor\", \"name\": \"\", \"data_type\": 6, \"dims\": [1], "
                     "\"data_b64\": \"BwAAAA==\", \"numpy_dtype\": \"int32\"}}",
                     "[]", "[\"c\"]") "<node id=\"input_x\">" DATA("n0", "Input")
                DATA("n3", "x") "<!-- x --></node>\n"
                                "<edge source=\"input_x\" target=\"/Mul\">" DATA(
                                    "e0", "x") "</edge>\n"
                                               "<edge source=\"/nowhere\" target=\"/Mul\"/>\n"
                                               "</graph></graphml>\n";

#define PARAMETERS                                                                                                     \
    "{\"format_version\": \"1.1\", \"parameter_count\": 1, \"parameters\": {\"w\": {\"data\": \"AACAPwAAAEA=\", "      \
    "\"shape\": [2], \"dtype\": \"float32\", \"size_bytes\": 8}}}"

static void write_file(const char *path, const char *a, const char *b, const char *c) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%s%s%s", a, b, c);
    fclose(f);
}

static void begin(legacy *l, const char *graph_data) {
    *l = (legacy){0};
    snprintf(l->folder, sizeof l->folder, "/tmp/mx_legacy_XXXXXX");
    assert_non_null(mkdtemp(l->folder));
    snprintf(l->path, sizeof l->path, "%s/old.graphml", l->folder);
    snprintf(l->sidecar, sizeof l->sidecar, "%s/old.onnxdata", l->folder);
    write_file(l->path, head, graph_data, nodes);
}

static void end(legacy *l) {
    mx_graph_release(l->g);
    mx_source_release(l->weights.image);
    unlink(l->path);
    unlink(l->sidecar);
    assert_int_equal(rmdir(l->folder), 0);
}

static void write_sidecar(const legacy *l, const char *text, size_t size) {
    gzFile f = gzopen(l->sidecar, "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, text, (unsigned)size), size);
    assert_int_equal(gzclose(f), Z_OK);
}

static mx_status read_legacy(legacy *l) {
    return mx_graphml_read(NULL, l->path, &l->g, &l->weights, &l->report, NULL, &l->err);
}

static bool text_is(const legacy *l, mx_sid sid, const char *text) {
    return mx_str_is(mx_text(l->g, sid), text);
}

static void check_model(const legacy *l) {
    const mx_graph *g = l->g;
    const mx_scope_data *s = &g->scopes[0];
    assert_true(l->report.legacy);
    assert_true(text_is(l, g->model.producer_name, "pytorch"));
    assert_true(g->model.model_version == 3 && g->model.has_ir_version);
    assert_true(s->n_opsets == 1 && s->opsets[0].version == 17);
    assert_int_equal(s->n_inputs, 1);
    const mx_type *t = &g->types[mx_node_at(g, s->inputs[0])->data];
    assert_true(t->elem == 1 && t->n_dims == 3 && t->dims[0].kind == MX_DIM_PARAM && t->dims[2].kind == MX_DIM_NONE);
    assert_int_equal(s->n_outputs, 1); /* though it has no node */
    assert_int_equal(s->n_operators, 3);
    static const char *const order[] = {"/Constant", "/Mul", "/enc/layer.0/Add"};
    for (int i = 0; i < 3; i++)
        assert_true(text_is(l, mx_node_at(g, s->operators[i])->name, order[i]));
}

static void check_operators(const legacy *l) {
    const mx_graph *g = l->g;
    const mx_scope_data *s = &g->scopes[0];
    const mx_node *mul = mx_node_at(g, s->operators[1]), *last = mx_node_at(g, s->operators[2]);
    assert_int_equal(mul->inputs[1].source, s->operators[0]);
    assert_int_equal(mul->attrs[1].type, MX_ATTR_FLOAT);
    assert_int_equal(mul->attrs[2].type, MX_ATTR_INTS);
    assert_true(text_is(l, mul->metadata.items[0].value, "/Net"));
    const mx_tensor *t = &g->tensors[mx_node_at(g, s->operators[0])->attrs[0].value.index];
    uint8_t bytes[8];
    assert_int_equal(mx_source_read(g->sources[t->data.source], t->data.offset, bytes, 4, NULL), MX_OK);
    assert_memory_equal(bytes, "\x07\0\0\0", 4);
    const mx_node *layer = mx_node_at(g, last->parent), *enc = mx_node_at(g, layer->parent);
    assert_true(text_is(l, layer->name, "layer.0") && text_is(l, enc->name, "enc"));
    assert_true(text_is(l, g->modules[layer->data].scope, "enc.layer.0"));
    assert_true(text_is(l, g->modules[enc->data].class_name, "Encoder") && g->modules[enc->data].execution_order == 4);
}

static void check_weights(const legacy *l) {
    const mx_graph *g = l->g;
    uint8_t bytes[8];
    assert_int_equal(g->scopes[0].n_initializers, 1);
    const mx_tensor *w = &g->tensors[g->scopes[0].initializers[0]];
    assert_true(text_is(l, w->name, "w") && w->data_type == 1 && w->n_dims == 1 && w->dims[0] == 2);
    assert_int_equal(w->data.size, 8);
    assert_int_equal(mx_source_read(g->sources[w->data.source], w->data.offset, bytes, 8, NULL), MX_OK);
    assert_memory_equal(bytes, "\0\0\x80\x3f\0\0\0\x40", 8);
}

static void test_sidecar(void **state) {
    (void)state;
    legacy l;
    begin(&l, DATA("p0", "sidecar") DATA("p1", "old.onnxdata") DATA("g3", "old.onnxdata"));
    write_sidecar(&l, PARAMETERS, sizeof PARAMETERS - 1);
    mx_status status = read_legacy(&l);
    if (status != MX_OK) print_error("%s: %s\n", l.err.node, l.err.message);
    assert_int_equal(status, MX_OK);
    check_model(&l);
    check_operators(&l);
    check_weights(&l);
    end(&l);
}

static void test_embedded(void **state) {
    (void)state;
    legacy l;
    begin(&l, DATA("p0", "embedded") DATA("g3", PARAMETERS));
    assert_int_equal(read_legacy(&l), MX_OK);
    check_model(&l);
    check_weights(&l);
    end(&l);
}

static void fails(const char *data, const char *sidecar, size_t size, mx_status status, const char *message) {
    legacy l;
    begin(&l, data);
    if (sidecar) write_sidecar(&l, sidecar, size);
    mx_status got = read_legacy(&l);
    if (got != status || !strstr(l.err.message, message)) print_error("%s: %s\n", mx_status_name(got), l.err.message);
    assert_int_equal(got, status);
    assert_non_null(strstr(l.err.message, message));
    assert_null(l.g);
    end(&l);
}

#define SIDECAR DATA("p0", "sidecar") DATA("p1", "old.onnxdata")

static void test_failures(void **state) {
    (void)state;
    fails(DATA("p0", "reference") DATA("p1", "m.onnx"), NULL, 0, MX_ERR_UNSUPPORTED, "refers to the weights");
    fails(DATA("p0", "embedded"), NULL, 0, MX_ERR_INVALID, "but it does not");
    fails(DATA("p0", "sidecar") DATA("p1", "../old.onnxdata"), NULL, 0, MX_ERR_FORBIDDEN_PATH, "");
    fails(SIDECAR, NULL, 0, MX_ERR_READ, "");
    fails(SIDECAR, "[]", 2, MX_ERR_INVALID, "no object \"parameters\"");
    fails(SIDECAR, "{", 1, MX_ERR_INVALID, "not JSON");
    static const char odd[] = "{\"parameters\": {\"w\": {\"data\": \"?\", \"dtype\": \"float32\"}}}";
    fails(SIDECAR, odd, sizeof odd - 1, MX_ERR_INVALID, "not base64");
    static const char strange[] = "{\"parameters\": {\"w\": {\"data\": \"\", \"dtype\": \"object\"}}}";
    fails(SIDECAR, strange, sizeof strange - 1, MX_ERR_INVALID, "the dtype of 'w' is not known");
    static const char other[] = "{\"parameters\": {}}";
    fails(SIDECAR, other, sizeof other - 1, MX_ERR_INVALID, "input 1 has no edge; it had 'w'");
}

static void test_spoiled_gzip(void **state) {
    (void)state;
    for (int how = 0; how < 2; how++) {
        legacy l;
        begin(&l, SIDECAR);
        write_sidecar(&l, PARAMETERS, sizeof PARAMETERS - 1);
        if (how == 0) assert_int_equal(truncate(l.sidecar, 30), 0);
        if (how == 1) write_file(l.sidecar, "not gzip at all", "", "");
        assert_int_equal(read_legacy(&l), MX_ERR_SYNTAX);
        assert_non_null(strstr(l.err.message, how == 0 ? "cut off" : "not gzip"));
        end(&l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sidecar),
        cmocka_unit_test(test_embedded),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_spoiled_gzip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
