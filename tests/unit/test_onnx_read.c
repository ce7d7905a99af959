/* Reading ONNX: presence, merging, where the bytes of tensors lie, odd attributes, external data, limits. */
#include "onnx_io/onnx_io.h"
#include "onnx_io/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- building messages ---- */

/* A message in the making; `in` starts one within, `out` ends it. */
typedef struct builder {
    mx_buffer levels[8];
    uint32_t numbers[8];
    int depth;
} builder;

static builder *begin(void) {
    builder *b = calloc(1, sizeof *b);
    assert_non_null(b);
    return b;
}

static mx_buffer *top(builder *b) {
    return &b->levels[b->depth];
}

static void in(builder *b, uint32_t number) {
    assert_true(b->depth < 7);
    b->numbers[++b->depth] = number;
    mx_buffer_init(top(b), NULL);
}

static void out(builder *b) {
    mx_buffer inner = *top(b);
    b->depth--;
    mx_wire_put_bytes(top(b), b->numbers[b->depth + 1], mx_buffer_str(&inner));
    mx_buffer_free(&inner);
}

static void text(builder *b, uint32_t number, const char *s) {
    mx_wire_put_bytes(top(b), number, mx_str_of(s));
}

static void number(builder *b, uint32_t field, int64_t v) {
    mx_wire_put_int(top(b), field, v);
}

/* An attribute with name and type; the caller adds the value and calls out. */
static void attribute(builder *b, const char *name, int64_t type) {
    in(b, 5);
    text(b, 1, name);
    number(b, 20, type);
}

/* Reads the message with these limits; the graph and its source are released by finish. */
static mx_status read_with(builder *b, const mx_limits *limits, const char *dir, mx_graph **g, mx_error *err) {
    mx_source *s;
    mx_env env = {.limits = limits};
    while (b->depth > 0)
        out(b);
    assert_int_equal(mx_source_from_memory(NULL, top(b)->data ? top(b)->data : "", top(b)->size, true, &s, err), MX_OK);
    mx_status status = mx_onnx_read_source(&env, s, dir, g, err);
    mx_source_release(s);
    mx_buffer_free(top(b));
    free(b);
    return status;
}

static mx_graph *read_model(builder *b) {
    mx_graph *g;
    mx_error err;
    if (read_with(b, NULL, NULL, &g, &err) != MX_OK) fail_msg("%s", err.message);
    return g;
}

static void assert_text(const mx_graph *g, mx_sid id, const char *expected) {
    assert_true(mx_str_is(mx_text(g, id), expected));
}

static const mx_node *operator_at(const mx_graph *g, size_t i) {
    assert_true(i < g->scopes[0].n_operators);
    return mx_node_at(g, g->scopes[0].operators[i]);
}

static void assert_bytes(const mx_graph *g, const mx_blob *blob, const void *expected, size_t n) {
    char bytes[64];
    assert_true(n <= sizeof bytes);
    assert_int_equal(blob->size, n);
    assert_int_equal(mx_source_read(g->sources[blob->source], blob->offset, bytes, n, NULL), MX_OK);
    assert_memory_equal(bytes, expected, n);
}

/* ---- tests ---- */

static void an_empty_file_is_a_model(void **state) {
    (void)state;
    mx_graph *g = read_model(begin());
    assert_int_equal(g->n_nodes, 1);
    assert_false(g->scopes[0].has_graph);
    assert_false(g->model.has_ir_version);
    assert_int_equal(mx_node_at(g, 0)->rest, MX_SID_ABSENT);
    mx_graph_release(g);
}

static void absent_and_empty_differ(void **state) {
    (void)state;
    builder *b = begin();
    number(b, 1, 8);
    text(b, 2, "");
    in(b, 7);
    in(b, 1);
    text(b, 1, "");
    text(b, 4, "");
    out(b);
    mx_graph *g = read_model(b);
    const mx_node *n = operator_at(g, 0);
    assert_true(g->model.has_ir_version && g->model.ir_version == 8);
    assert_int_equal(g->model.producer_name, MX_SID_EMPTY);
    assert_int_equal(g->model.domain, MX_SID_ABSENT);
    assert_int_equal(n->op_type, MX_SID_EMPTY);
    assert_int_equal(n->name, MX_SID_ABSENT);
    assert_int_equal(n->n_inputs, 1);
    assert_int_equal(n->inputs[0].name, MX_SID_EMPTY);
    assert_int_equal(n->inputs[0].source, MX_NO_NODE);
    assert_int_equal(n->n_outputs, 0);
    mx_graph_release(g);
}

static void names_hold_any_bytes(void **state) {
    (void)state;
    builder *b = begin();
    in(b, 7);
    mx_wire_put_bytes(top(b), 2, (mx_str){"a\0\xff", 3});
    mx_graph *g = read_model(b);
    assert_true(mx_str_eq(mx_text(g, g->scopes[0].name), (mx_str){"a\0\xff", 3}));
    mx_graph_release(g);
}

static void graphs_in_two_parts_are_merged(void **state) {
    (void)state;
    builder *b = begin();
    for (int part = 0; part < 2; part++) {
        in(b, 7);
        in(b, 1);
        text(b, 4, part ? "Second" : "First");
        out(b);
        text(b, 2, part ? "last" : "first");
        in(b, 16);
        text(b, 1, "key");
        out(b);
        out(b);
        number(b, 1, part);
    }
    mx_graph *g = read_model(b);
    assert_int_equal(g->scopes[0].n_operators, 2);
    assert_text(g, operator_at(g, 1)->op_type, "Second");
    assert_text(g, g->scopes[0].name, "last");
    assert_int_equal(g->scopes[0].metadata.count, 2);
    assert_int_equal(g->model.ir_version, 1);
    mx_graph_release(g);
}

static void bytes_of_tensors_stay_where_they_are(void **state) {
    (void)state;
    builder *b = begin();
    in(b, 7);
    in(b, 5);
    number(b, 1, 2);
    number(b, 2, 1);
    text(b, 9, "weights");
    out(b);
    in(b, 5); /* packed */
    mx_wire_put_bytes(top(b), 7, (mx_str){"\x01\x02", 2});
    out(b);
    in(b, 5); /* not packed, and in pieces */
    number(b, 7, 300);
    number(b, 2, 7);
    mx_wire_put_bytes(top(b), 7, (mx_str){"\x01\x02", 2});
    out(b);
    in(b, 5); /* strings: their wire form */
    text(b, 6, "a");
    text(b, 6, "");
    mx_graph *g = read_model(b);
    assert_int_equal(g->n_tensors, 4);
    assert_int_equal(g->tensors[0].field, MX_TENSOR_RAW_DATA);
    assert_int_equal(g->tensors[0].data.source, 0);
    assert_int_equal(g->tensors[0].n_dims, 1);
    assert_bytes(g, &g->tensors[0].data, "weights", 7);
    assert_int_equal(g->tensors[1].field, MX_TENSOR_INT64_DATA);
    assert_int_equal(g->tensors[1].data.source, 0);
    assert_bytes(g, &g->tensors[1].data, "\x01\x02", 2);
    assert_bytes(g, &g->tensors[2].data, "\xac\x02\x01\x02", 4);
    assert_bytes(g, &g->tensors[3].data, "\x32\x01\x61\x32\x00", 5);
    mx_graph_release(g);
}

static void second_data_fields_go_to_rest(void **state) {
    (void)state;
    builder *b = begin();
    in(b, 7);
    in(b, 5);
    text(b, 6, "x");
    text(b, 9, "old");
    text(b, 9, "new");
    mx_graph *g = read_model(b);
    assert_bytes(g, &g->tensors[0].data, "new", 3);
    assert_text(g, g->tensors[0].rest, "{\"string_data\": [\"x\"]}");
    mx_graph_release(g);
}

static void attributes_are_typed_or_opaque(void **state) {
    (void)state;
    builder *b = begin();
    in(b, 7);
    in(b, 1);
    attribute(b, "axis", MX_ATTR_INT);
    number(b, 3, -1);
    out(b);
    attribute(b, "perm", MX_ATTR_INTS);
    mx_wire_put_bytes(top(b), 8, (mx_str){"\x01\x02", 2});
    number(b, 8, 3);
    out(b);
    attribute(b, "empty", MX_ATTR_FLOATS);
    out(b);
    attribute(b, "alpha", MX_ATTR_FLOAT);
    text(b, 21, "outer");
    out(b);
    attribute(b, "two", MX_ATTR_INT);
    number(b, 3, 1);
    number(b, 3, 2);
    out(b);
    attribute(b, "wrong", MX_ATTR_INT);
    mx_wire_put_fixed32(top(b), 2, 0);
    out(b);
    attribute(b, "future", 15);
    mx_graph *g = read_model(b);
    const mx_node *n = operator_at(g, 0);
    assert_int_equal(n->n_attrs, 7);
    assert_true(n->attrs[0].type == MX_ATTR_INT && n->attrs[0].value.i == -1);
    assert_true(n->attrs[1].count == 3 && n->attrs[1].value.ints[0] == 1 && n->attrs[1].value.ints[2] == 3);
    assert_true(n->attrs[2].type == MX_ATTR_FLOATS && n->attrs[2].count == 0);
    assert_text(g, n->attrs[3].ref_name, "outer");
    for (int i = 4; i < 7; i++)
        assert_int_equal(n->attrs[i].type, MX_ATTR_OPAQUE);
    assert_text(g, n->attrs[5].name, "wrong");
    assert_int_equal(mx_text(g, n->attrs[6].value.s).n, 11);
    mx_graph_release(g);
}

static void bodies_are_children_of_their_operator(void **state) {
    (void)state;
    builder *b = begin();
    in(b, 7);
    in(b, 1);
    attribute(b, "branches", MX_ATTR_GRAPHS);
    for (int i = 0; i < 2; i++) {
        in(b, 11);
        text(b, 2, i ? "b" : "a");
        in(b, 1);
        out(b);
        in(b, 12);
        text(b, 1, "y");
        out(b);
        out(b);
    }
    mx_graph *g = read_model(b);
    const mx_attr *attr = &operator_at(g, 0)->attrs[0];
    assert_int_equal(attr->count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const mx_node *body = mx_node_at(g, attr->value.indices[i]);
        const mx_scope_data *scope = &g->scopes[body->data];
        assert_int_equal(body->kind, MX_NODE_BODY);
        assert_int_equal(body->parent, g->scopes[0].operators[0]);
        assert_int_equal(body->attr_index, i);
        assert_text(g, body->name, "branches");
        assert_text(g, scope->name, i ? "b" : "a");
        assert_true(scope->n_operators == 1 && scope->n_outputs == 1);
        assert_text(g, mx_node_at(g, scope->outputs[0])->inputs[0].name, "y");
    }
    mx_graph_release(g);
}

static void leaves_that_are_not_canonical_are_opaque(void **state) {
    (void)state;
    builder *b = begin();
    in(b, 14); /* value before key */
    text(b, 2, "v");
    text(b, 1, "k");
    out(b);
    in(b, 8); /* an unknown field */
    number(b, 2, 17);
    number(b, 9, 1);
    out(b);
    in(b, 7);
    in(b, 11);
    text(b, 1, "x");
    in(b, 2); /* a TypeProto of two kinds */
    text(b, 1, "");
    text(b, 4, "");
    out(b);
    out(b);
    in(b, 11);
    text(b, 1, "y");
    in(b, 2);
    in(b, 1);
    number(b, 1, 1);
    in(b, 2);
    in(b, 1);
    text(b, 2, "batch");
    mx_graph *g = read_model(b);
    assert_int_equal(mx_text(g, mx_node_at(g, 0)->metadata.items[0].opaque).n, 6);
    assert_int_equal(mx_text(g, g->scopes[0].opsets[0].opaque).n, 4);
    const mx_type *odd = &g->types[mx_node_at(g, g->scopes[0].inputs[0])->data];
    const mx_type *plain = &g->types[mx_node_at(g, g->scopes[0].inputs[1])->data];
    assert_int_equal(odd->kind, MX_TYPE_WIRE);
    assert_int_equal(mx_text(g, odd->domain).n, 4);
    assert_true(plain->kind == MX_TYPE_TENSOR && plain->elem == 1 && plain->n_dims == 1);
    assert_text(g, plain->dims[0].param, "batch");
    mx_graph_release(g);
}

static void functions_are_scopes(void **state) {
    (void)state;
    builder *b = begin();
    in(b, 25);
    text(b, 1, "f");
    text(b, 4, "x");
    text(b, 5, "y");
    text(b, 6, "alpha");
    in(b, 7);
    text(b, 4, "Relu");
    out(b);
    in(b, 9);
    number(b, 2, 18);
    out(b);
    text(b, 10, "local");
    in(b, 11);
    text(b, 1, "beta");
    number(b, 3, 4);
    number(b, 20, MX_ATTR_INT);
    mx_graph *g = read_model(b);
    const mx_node *f = mx_node_at(g, mx_node_at(g, 0)->first_child);
    const mx_scope_data *s = &g->scopes[f->data];
    assert_int_equal(f->kind, MX_NODE_FUNCTION);
    assert_text(g, f->name, "f");
    assert_text(g, f->domain, "local");
    assert_true(f->n_attrs == 1 && f->attrs[0].value.i == 4);
    assert_true(s->n_inputs == 1 && s->n_outputs == 1 && s->n_operators == 1 && s->n_attribute_names == 1);
    assert_int_equal(mx_node_at(g, s->inputs[0])->data, MX_NO_INDEX);
    assert_true(s->n_opsets == 1 && s->opsets[0].version == 18 && s->opsets[0].domain == MX_SID_ABSENT);
    mx_graph_release(g);
}

/* ---- external data ---- */

/* A model with one tensor whose external_data is the given pairs (NULL-terminated), in a new folder with w.bin of 16
 * bytes. */
static mx_status read_external(const char *const *pairs, mx_graph **g, mx_error *err) {
    char dir[] = "/tmp/test_onnx_read_XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/w.bin", dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite("0123456789abcdef", 1, 16, f), 16);
    assert_int_equal(fclose(f), 0);
    builder *b = begin();
    in(b, 7);
    in(b, 5);
    text(b, 8, "w");
    for (; *pairs; pairs += 2) {
        in(b, 13);
        text(b, 1, pairs[0]);
        text(b, 2, pairs[1]);
        out(b);
    }
    number(b, 14, 1);
    mx_status status = read_with(b, NULL, dir, g, err);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
    return status;
}

static void external_data_is_found(void **state) {
    (void)state;
    static const struct {
        const char *pairs[7];
        const char *bytes;
    } cases[] = {
        {{"location", "w.bin", NULL}, "0123456789abcdef"},
        {{"location", "w.bin", "offset", "10", NULL}, "abcdef"},
        {{"location", "w.bin", "offset", "2", "length", "3", NULL}, "234"},
        {{"length", "0", "offset", "16", "location", "w.bin", NULL}, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mx_graph *g;
        mx_error err;
        assert_int_equal(read_external(cases[i].pairs, &g, &err), MX_OK);
        const mx_tensor *t = &g->tensors[0];
        assert_int_equal(g->n_external_files, 1);
        assert_true(t->external_file == 0 && t->field == MX_TENSOR_NO_DATA && t->has_location);
        assert_int_equal(g->external_files[0].size, 16);
        assert_text(g, g->external_files[0].location, "w.bin");
        assert_bytes(g, &t->data, cases[i].bytes, strlen(cases[i].bytes));
        mx_graph_release(g);
    }
}

static void external_data_out_of_reach_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *pairs[7];
        mx_status status;
    } cases[] = {
        {{"location", "w.bin", "offset", "17", NULL}, MX_ERR_INVALID},
        {{"location", "w.bin", "offset", "10", "length", "7", NULL}, MX_ERR_INVALID},
        {{"location", "w.bin", "offset", "1", "length", "18446744073709551615", NULL}, MX_ERR_INVALID},
        {{"location", "w.bin", "offset", "1x", NULL}, MX_ERR_INVALID},
        {{"location", "w.bin", "length", "-1", NULL}, MX_ERR_INVALID},
        {{"location", "none.bin", NULL}, MX_ERR_READ},
        {{"location", "../w.bin", NULL}, MX_ERR_FORBIDDEN_PATH},
        {{"location", "/etc/passwd", NULL}, MX_ERR_FORBIDDEN_PATH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mx_graph *g;
        mx_error err;
        assert_int_equal(read_external(cases[i].pairs, &g, &err), cases[i].status);
        assert_null(g);
        assert_true(strstr(err.message, "'w'") || strcmp(err.node, "w") == 0);
    }
}

static void external_data_without_a_place_is_kept(void **state) {
    (void)state;
    static const char *const pairs[] = {"offset", "x", NULL};
    mx_graph *g;
    mx_error err;
    assert_int_equal(read_external(pairs, &g, &err), MX_OK);
    assert_int_equal(g->tensors[0].external_file, MX_NO_INDEX);
    assert_int_equal(g->tensors[0].external.count, 1);
    mx_graph_release(g);
}

/* ---- limits ---- */

/* n graphs within one another, as attributes. */
static void nest(mx_buffer *model, uint32_t n) {
    mx_buffer graph, outer;
    mx_buffer_init(&graph, NULL);
    for (uint32_t i = 0; i < n; i++) {
        builder *b = begin();
        in(b, 1);
        in(b, 5);
        mx_wire_put_bytes(top(b), 6, mx_buffer_str(&graph));
        number(b, 20, MX_ATTR_GRAPH);
        out(b);
        out(b);
        outer = *top(b);
        mx_buffer_free(&graph);
        graph = outer;
        free(b);
    }
    mx_wire_put_bytes(model, 7, mx_buffer_str(&graph));
    mx_buffer_free(&graph);
}

static mx_status read_nested(uint32_t n, const mx_limits *limits) {
    builder *b = begin();
    mx_graph *g;
    mx_error err;
    nest(top(b), n);
    mx_status status = read_with(b, limits, NULL, &g, &err);
    mx_graph_release(g);
    return status;
}

static void bodies_have_a_depth(void **state) {
    (void)state;
    mx_limits limits = mx_limits_default();
    assert_int_equal(read_nested(limits.body_depth, &limits), MX_OK);
    assert_int_equal(read_nested(limits.body_depth + 1, &limits), MX_ERR_LIMIT);
    assert_int_equal(read_nested(4000, &limits), MX_ERR_LIMIT);
    limits.body_depth = 1000;
    limits.message_depth = 2 + 3 * 100; /* model and graph, then node, attribute, graph */
    assert_int_equal(read_nested(100, &limits), MX_OK);
    limits.message_depth--;
    assert_int_equal(read_nested(100, &limits), MX_ERR_LIMIT);
}

static void nodes_have_a_limit(void **state) {
    (void)state;
    for (uint64_t allowed = 3; allowed <= 4; allowed++) {
        mx_limits limits = mx_limits_default();
        mx_graph *g;
        mx_error err;
        builder *b = begin();
        limits.nodes = allowed;
        in(b, 7);
        for (int i = 0; i < 3; i++) {
            in(b, 1);
            out(b);
        }
        assert_int_equal(read_with(b, &limits, NULL, &g, &err), allowed == 4 ? MX_OK : MX_ERR_LIMIT);
        mx_graph_release(g);
    }
}

static void syntax_errors_have_an_offset(void **state) {
    (void)state;
    builder *b = begin();
    mx_graph *g;
    mx_error err;
    in(b, 7);
    in(b, 1);
    number(b, 0, 1);
    assert_int_equal(read_with(b, NULL, NULL, &g, &err), MX_ERR_SYNTAX);
    assert_null(g);
    assert_int_equal(err.offset, 4);
}

/* ---- the skeleton ---- */

static mx_hash128 skeleton_of(const char *name, const char *weights) {
    builder *b = begin();
    uint64_t size;
    mx_hash128 hash;
    in(b, 7);
    text(b, 2, name);
    in(b, 5);
    text(b, 9, weights);
    mx_graph *g = read_model(b);
    assert_int_equal(mx_onnx_skeleton_hash(g, &size, &hash, NULL), MX_OK);
    assert_int_equal(size, g->sources[0]->size);
    mx_graph_release(g);
    return hash;
}

static void the_skeleton_is_all_but_weights(void **state) {
    (void)state;
    assert_true(mx_hash_eq(skeleton_of("g", "1234"), skeleton_of("g", "5678")));
    assert_false(mx_hash_eq(skeleton_of("g", "1234"), skeleton_of("h", "1234")));
    assert_false(mx_hash_eq(skeleton_of("g", "1234"), skeleton_of("g", "12345")));
}

static void set_opaque(mx_graph *g, mx_pairs *pairs, uint32_t i, const char *bytes, size_t n) {
    assert_int_equal(mx_graph_string(g, (mx_str){bytes, n}, &pairs->items[i].opaque, NULL), MX_OK);
}

/* As it comes from GraphML: the bytes alone, whatever they are. */
static void odd_metadata_can_be_read(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *key, *value;
        size_t n;
    } rows[] = {
        {"\x12\x01v\x0a\x01k", "k", "v", 6}, /* the value first */
        {"\x0a\x01"
         "a\x0a\x01k\x12\x01v\x1a\x02xx",
         "k", "v", 13}, /* the last key counts, what is unknown does not */
        {"\x12\x00\x08\x05", NULL, "", 4},
        {"\x0a\x05"
         "ab",
         NULL, NULL, 4}, /* cut off */
        {"\xff\xff", NULL, NULL, 2},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    mx_graph *g;
    assert_int_equal(mx_graph_new(NULL, &g, NULL), MX_OK);
    mx_pairs *pairs = &mx_node_at(g, 0)->metadata;
    assert_int_equal(mx_graph_array(g, ROWS, sizeof *pairs->items, &pairs->items, NULL), MX_OK);
    memset(pairs->items, 0, ROWS * sizeof *pairs->items);
    pairs->count = ROWS;
    for (uint32_t i = 0; i < ROWS; i++)
        set_opaque(g, pairs, i, rows[i].bytes, rows[i].n);
    assert_int_equal(mx_onnx_read_opaque(g, NULL), MX_OK);
    for (uint32_t i = 0; i < ROWS; i++) {
        mx_str key = mx_node_metadata_key(g, 0, i), value = mx_node_metadata_value(g, 0, i);
        assert_int_equal(key.p != NULL, rows[i].key != NULL);
        assert_int_equal(value.p != NULL, rows[i].value != NULL);
        if (key.p) assert_true(mx_str_is(key, rows[i].key));
        if (value.p) assert_true(mx_str_is(value, rows[i].value));
    }
    mx_graph_release(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_is_a_model),
        cmocka_unit_test(absent_and_empty_differ),
        cmocka_unit_test(names_hold_any_bytes),
        cmocka_unit_test(graphs_in_two_parts_are_merged),
        cmocka_unit_test(bytes_of_tensors_stay_where_they_are),
        cmocka_unit_test(second_data_fields_go_to_rest),
        cmocka_unit_test(attributes_are_typed_or_opaque),
        cmocka_unit_test(bodies_are_children_of_their_operator),
        cmocka_unit_test(leaves_that_are_not_canonical_are_opaque),
        cmocka_unit_test(functions_are_scopes),
        cmocka_unit_test(external_data_is_found),
        cmocka_unit_test(external_data_out_of_reach_is_refused),
        cmocka_unit_test(external_data_without_a_place_is_kept),
        cmocka_unit_test(bodies_have_a_depth),
        cmocka_unit_test(nodes_have_a_limit),
        cmocka_unit_test(syntax_errors_have_an_offset),
        cmocka_unit_test(the_skeleton_is_all_but_weights),
        cmocka_unit_test(odd_metadata_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
