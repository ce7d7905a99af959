/* The texts of <data>: the plain-text rule and the JSON forms, encoding side. */
#include "graphml/keys.h"
#include "graphml/values.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(s)                                                                                             \
    { (s), sizeof(s) - 1 }

typedef struct fixture {
    mx_graph *g;
    mx_buffer b;
    uint32_t keys[8];
} fixture;

static int set_up(void **state) {
    static fixture f;
    mx_error err;
    memset(&f, 0, sizeof f);
    assert_int_equal(mx_graph_new(NULL, &f.g, &err), MX_OK);
    mx_buffer_init(&f.b, NULL);
    f.keys[1] = 7;
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    mx_buffer_free(&f->b);
    mx_graph_release(f->g);
    return 0;
}

static mx_sid sid(fixture *f, const char *p, size_t n) {
    mx_sid id;
    assert_int_equal(mx_graph_string(f->g, (mx_str){p, n}, &id, NULL), MX_OK);
    return id;
}

static mx_sid name(fixture *f, const char *text) {
    return sid(f, text, strlen(text));
}

/* Compares what was appended and empties the buffer. */
static void expect(fixture *f, const char *text) {
    mx_buffer_byte(&f->b, 0);
    assert_false(f->b.failed);
    assert_string_equal(f->b.data, text);
    mx_buffer_clear(&f->b);
}

/* ---- keys ---- */

static void keys_are_found_by_name(void **state) {
    uint32_t piece = 9;
    (void)state;
    assert_int_equal(mx_key_find(MX_KEY_FOR_NODE, MX_STR_LITERAL("op_type"), &piece), MX_KEY_OP_TYPE);
    assert_int_equal(piece, 0);
    assert_int_equal(mx_key_find(MX_KEY_FOR_NODE, MX_STR_LITERAL("initializers_12"), &piece),
                     MX_KEY_INITIALIZERS);
    assert_int_equal(piece, 12);
    assert_int_equal(mx_key_find(MX_KEY_FOR_GRAPH, MX_STR_LITERAL("class_name"), &piece),
                     MX_KEY_GRAPH_CLASS_NAME);
    assert_int_equal(mx_key_find(MX_KEY_FOR_EDGE, MX_STR_LITERAL("op_type"), &piece), MX_KEY_UNKNOWN);
    assert_int_equal(mx_key_find(MX_KEY_FOR_NODE, MX_STR_LITERAL("name_01"), &piece), MX_KEY_UNKNOWN);
    assert_int_equal(mx_key_find(MX_KEY_FOR_NODE, MX_STR_LITERAL("name_1234567"), &piece), MX_KEY_UNKNOWN);
    assert_int_equal(mx_key_find(MX_KEY_FOR_NODE, MX_STR_LITERAL("_1"), &piece), MX_KEY_UNKNOWN);
    assert_int_equal(mx_key_find(MX_KEY_FOR_NODE, MX_STR_LITERAL(""), &piece), MX_KEY_UNKNOWN);
}

static void key_table_is_sound(void **state) {
    (void)state;
    for (int a = 0; a < MX_KEY_COUNT; a++) {
        assert_non_null(mx_key_table[a].id);
        assert_true((mx_key_table[a].name == NULL) == (mx_key_table[a].yfiles != NULL));
        for (int b = 0; b < a; b++)
            assert_string_not_equal(mx_key_table[a].id, mx_key_table[b].id);
    }
}

/* ---- plain text ---- */

static void plain_text(void **state) {
    fixture *f = *state;
    static const struct {
        mx_str in;
        const char *out;
    } cases[] = {
        {BYTES("MatMul"), "MatMul"},
        {BYTES("two\nlines\tand <tabs> & \"quotes\""), "two\nlines\tand <tabs> & \"quotes\""},
        {BYTES(""), "\"\""},
        {BYTES("\"q"), "\"\\\"q\""},
        {BYTES("{x}"), "\"{x}\""},
        {BYTES(" a"), "\" a\""},
        {BYTES("a\n"), "\"a\\n\""},
        {BYTES("a\rb"), "\"a\\rb\""},
        {BYTES("a\0b"), "\"a\\u0000b\""},
        {BYTES("\xEF\xBF\xBF"), "\"\\uffff\""},
        {BYTES("\xFF"), "{\"base64\": \"/w==\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mx_value_plain(&f->b, cases[i].in);
        expect(f, cases[i].out);
    }
}

static void names_in_json(void **state) {
    fixture *f = *state;
    mx_value_name(&f->b, f->g, MX_SID_ABSENT);
    expect(f, "null");
    mx_value_name(&f->b, f->g, MX_SID_EMPTY);
    expect(f, "\"\"");
    mx_value_name(&f->b, f->g, sid(f, "\xC3", 1));
    expect(f, "{\"base64\": \"ww==\"}");
}

/* ---- types ---- */

static uint32_t add_type(fixture *f, mx_type type) {
    uint32_t index;
    assert_int_equal(mx_graph_add_type(f->g, &type, &index, NULL), MX_OK);
    return index;
}

static void expect_type(fixture *f, mx_type type, const char *text) {
    mx_value_type(&f->b, f->g, add_type(f, type));
    expect(f, text);
}

static void tensor_types(void **state) {
    fixture *f = *state;
    mx_dim dims[] = {{.kind = MX_DIM_PARAM, .param = name(f, "batch")},
                     {.kind = MX_DIM_VALUE, .value = 32},
                     {.kind = MX_DIM_NONE},
                     {.kind = MX_DIM_VALUE, .value = -1, .denotation = name(f, "DATA_BATCH")},
                     {.kind = MX_DIM_PARAM, .param = sid(f, "\xFF", 1)},
                     {.kind = MX_DIM_NONE, .denotation = MX_SID_EMPTY}};
    mx_type t = {.kind = MX_TYPE_TENSOR, .child = MX_NO_INDEX};
    expect_type(f, t, "{\"tensor\": {}}");
    t.has_elem = true;
    t.elem = 99;
    expect_type(f, t, "{\"elem\": 99}");
    t.elem = 1;
    t.has_shape = true;
    expect_type(f, t, "{\"elem\": \"FLOAT\", \"shape\": []}");
    t.dims = dims;
    t.n_dims = 6;
    t.denotation = name(f, "IMAGE");
    expect_type(f, t,
                "{\"elem\": \"FLOAT\", \"shape\": [\"batch\", 32, null, {\"value\": -1, \"denotation\": "
                "\"DATA_BATCH\"}, "
                "{\"param\": {\"base64\": \"/w==\"}}, {\"denotation\": \"\"}], \"denotation\": \"IMAGE\"}");
}

static void other_types(void **state) {
    fixture *f = *state;
    mx_type none = {.kind = MX_TYPE_EMPTY, .child = MX_NO_INDEX};
    mx_type tensor = {.kind = MX_TYPE_TENSOR, .has_elem = true, .elem = 7, .child = MX_NO_INDEX};
    uint32_t inner = add_type(f, tensor);
    expect_type(f, none, "{}");
    none.denotation = name(f, "d");
    expect_type(f, none, "{\"denotation\": \"d\"}");
    expect_type(f, (mx_type){.kind = MX_TYPE_SPARSE, .child = MX_NO_INDEX}, "{\"sparse\": {}}");
    expect_type(f, (mx_type){.kind = MX_TYPE_SEQUENCE, .child = inner},
                "{\"sequence\": {\"elem\": \"INT64\"}}");
    expect_type(f, (mx_type){.kind = MX_TYPE_OPTIONAL, .child = MX_NO_INDEX}, "{\"optional\": null}");
    expect_type(f, (mx_type){.kind = MX_TYPE_MAP, .has_elem = true, .elem = 8, .child = inner},
                "{\"map\": {\"key\": \"STRING\", \"value\": {\"elem\": \"INT64\"}}}");
    expect_type(
        f,
        (mx_type){.kind = MX_TYPE_OPAQUE, .child = MX_NO_INDEX, .domain = name(f, "a"), .name = name(f, "b")},
        "{\"opaque\": {\"domain\": \"a\", \"name\": \"b\"}}");
    expect_type(f, (mx_type){.kind = MX_TYPE_WIRE, .child = MX_NO_INDEX, .domain = sid(f, "\x0A\0", 2)},
                "{\"base64\": \"CgA=\"}");
}

/* ---- metadata, opsets ---- */

static void metadata(void **state) {
    fixture *f = *state;
    mx_pair items[] = {
        {name(f, "a"), name(f, "1"), 0}, {name(f, "b"), 0, 0}, {name(f, "a"), name(f, "2"), 0}};
    mx_pairs pairs = {items, 2};
    mx_value_metadata(&f->b, f->g, &pairs);
    expect(f, "{\"a\": \"1\", \"b\": null}");
    pairs.count = 3; /* a repeated key */
    mx_value_metadata(&f->b, f->g, &pairs);
    expect(f, "[[\"a\", \"1\"], [\"b\", null], [\"a\", \"2\"]]");
    items[0].opaque = sid(f, "\x08", 1);
    pairs.count = 1;
    mx_value_metadata(&f->b, f->g, &pairs);
    expect(f, "[{\"base64\": \"CA==\"}]");
    items[0] = (mx_pair){sid(f, "a\0b", 3), name(f, "1"), 0}; /* NUL in a key */
    mx_value_metadata(&f->b, f->g, &pairs);
    expect(f, "[[\"a\\u0000b\", \"1\"]]");
}

static void many_keys_that_repeat(void **state) {
    fixture *f = *state;
    mx_pair items[100];
    mx_pairs pairs = {items, 100};
    for (int i = 0; i < 100; i++) {
        char text[16];
        snprintf(text, sizeof text, "key%d", i == 99 ? 3 : i);
        items[i] = (mx_pair){name(f, text), name(f, "v"), 0};
    }
    mx_value_metadata(&f->b, f->g, &pairs);
    assert_int_equal(f->b.data[0], '[');
    mx_buffer_clear(&f->b);
    pairs.count = 99;
    mx_value_metadata(&f->b, f->g, &pairs);
    assert_int_equal(f->b.data[0], '{');
}

static void opsets(void **state) {
    fixture *f = *state;
    mx_opset list[] = {
        {MX_SID_ABSENT, 0, true, 17}, {name(f, "ai.onnx.ml"), 0, false, 0}, {0, sid(f, "x", 1), false, 0}};
    mx_value_opsets(&f->b, f->g, list, 3);
    expect(f, "[[null, 17], [\"ai.onnx.ml\", null], {\"base64\": \"eA==\"}]");
}

/* ---- attributes ---- */

static void expect_attributes(fixture *f, const mx_attr *attrs, size_t n, const char *text) {
    mx_value_context c = {f->g, f->keys};
    mx_error err;
    assert_int_equal(mx_value_attributes(&f->b, &c, attrs, n, &err), MX_OK);
    expect(f, text);
}

static void plain_attributes(void **state) {
    fixture *f = *state;
    int64_t ints[] = {0, 2, INT64_MIN};
    float floats[] = {1.0f, -0.0f, 0.1f};
    mx_sid texts[] = {name(f, "x"), sid(f, "\xFF", 1)};
    mx_attr attrs[] = {
        {.name = name(f, "axis"), .type = MX_ATTR_INT, .value.i = -1},
        {.name = name(f, "epsilon"), .type = MX_ATTR_FLOAT, .value.f = 1e-12f},
        {.name = name(f, "perm"), .type = MX_ATTR_INTS, .count = 3, .value.ints = ints},
        {.name = name(f, "scales"), .type = MX_ATTR_FLOATS, .count = 3, .value.floats = floats},
        {.name = name(f, "mode"), .type = MX_ATTR_STRING, .value.s = name(f, "linear")},
        {.name = name(f, "names"), .type = MX_ATTR_STRINGS, .count = 2, .value.sids = texts},
    };
    expect_attributes(
        f, attrs, 6,
        "{\"axis\": -1, \"epsilon\": 1e-12, \"perm\": [0, 2, -9223372036854775808], \"scales\": [1.0, -0.0, "
        "0.1], \"mode\": \"linear\", \"names\": [\"x\", {\"base64\": \"/w==\"}]}");
}

static void typed_attributes(void **state) {
    fixture *f = *state;
    uint32_t nan_bits = 0x7fc00001;
    float nan_value, floats[] = {INFINITY, 1.0f};
    memcpy(&nan_value, &nan_bits, sizeof nan_value);
    uint32_t bodies[] = {1};
    mx_attr attrs[] = {
        {.name = name(f, "a"), .type = MX_ATTR_FLOAT, .value.f = nan_value},
        {.name = name(f, "b"), .type = MX_ATTR_FLOATS, .count = 2, .value.floats = floats},
        {.name = name(f, "c"), .type = MX_ATTR_FLOATS},
        {.name = name(f, "d"), .type = MX_ATTR_STRING, .value.s = sid(f, "\xFE", 1)},
        {.name = name(f, "e"), .type = MX_ATTR_INT, .ref_name = name(f, "alpha")},
        {.name = name(f, "f"),
         .type = MX_ATTR_INT,
         .value.i = 3,
         .doc = name(f, "why"),
         .rest = name(f, "{\"x\": 1}")},
        {.name = name(f, "g"), .type = MX_ATTR_GRAPH, .value.index = 1},
        {.name = name(f, "h"), .type = MX_ATTR_GRAPHS, .count = 1, .value.indices = bodies},
        {.name = name(f, "i"), .type = MX_ATTR_UNDEFINED},
        {.name = name(f, "j"), .type = MX_ATTR_OPAQUE, .value.s = sid(f, "\xFE", 1)},
    };
    expect_attributes(
        f, attrs, 10,
        "{\"a\": {\"type\": \"FLOAT\", \"bits\": \"7fc00001\"}, \"b\": {\"type\": \"FLOATS\", \"bits\": "
        "[\"7f800000\", \"3f800000\"]}, \"c\": {\"type\": \"FLOATS\", \"values\": []}, \"d\": {\"type\": "
        "\"STRING\", \"base64\": \"/g==\"}, \"e\": {\"type\": \"INT\", \"ref\": \"alpha\"}, \"f\": "
        "{\"type\": "
        "\"INT\", \"value\": 3, \"doc_string\": \"why\", \"rest\": {\"x\": 1}}, \"g\": {\"type\": \"GRAPH\", "
        "\"graph\": \"7\"}, \"h\": {\"type\": \"GRAPHS\", \"graphs\": [\"7\"]}, \"i\": {\"type\": "
        "\"UNDEFINED\"}, \"j\": {\"type\": \"OPAQUE\", \"base64\": \"/g==\"}}");
}

static void attributes_with_odd_names(void **state) {
    fixture *f = *state;
    mx_attr attrs[] = {{.name = name(f, "a"), .type = MX_ATTR_INT, .value.i = 1},
                       {.name = name(f, "a"), .type = MX_ATTR_INT, .value.i = 2},
                       {.name = MX_SID_ABSENT, .type = MX_ATTR_INT, .value.i = 3}};
    expect_attributes(f, attrs, 3, "[[\"a\", 1], [\"a\", 2], [null, 3]]");
}

/* ---- tensors ---- */

static mx_tensor tensor(fixture *f, int32_t type, int64_t *dims, uint32_t n_dims, const void *bytes,
                        size_t size) {
    mx_tensor t = {
        .has_type = true, .data_type = type, .field = MX_TENSOR_RAW_DATA, .dims = dims, .n_dims = n_dims};
    t.external_file = MX_NO_INDEX;
    assert_int_equal(mx_graph_add_bytes(f->g, (mx_str){bytes, size}, &t.data, NULL), MX_OK);
    return t;
}

static void expect_tensor(fixture *f, const mx_tensor *t, const char *text) {
    uint32_t index;
    assert_int_equal(mx_graph_add_tensor(f->g, t, &index, NULL), MX_OK);
    mx_attr a = {.name = name(f, "value"), .type = MX_ATTR_TENSOR, .value.index = index};
    expect_attributes(f, &a, 1, text);
}

static void small_tensors_by_value(void **state) {
    fixture *f = *state;
    int64_t two[] = {2}, none[] = {0};
    static const int64_t longs[] = {-1, INT64_MAX};
    static const uint64_t big[] = {1, UINT64_MAX};
    static const float floats[] = {0.5f, -0.0f};
    static const uint8_t truth[] = {1, 0}, odd[] = {1, 2};
    mx_tensor t = tensor(f, 7, two, 1, longs, sizeof longs);
    expect_tensor(
        f, &t,
        "{\"value\": {\"type\": \"TENSOR\", \"data_type\": \"INT64\", \"dims\": [2], \"values\": [-1, "
        "9223372036854775807]}}");
    t = tensor(f, 1, two, 1, floats, sizeof floats);
    expect_tensor(f, &t,
                  "{\"value\": {\"type\": \"TENSOR\", \"data_type\": \"FLOAT\", \"dims\": [2], \"values\": "
                  "[0.5, -0.0]}}");
    t = tensor(f, 9, two, 1, truth, sizeof truth);
    expect_tensor(f, &t,
                  "{\"value\": {\"type\": \"TENSOR\", \"data_type\": \"BOOL\", \"dims\": [2], \"values\": "
                  "[true, false]}}");
    t = tensor(f, 7, none, 1, "", 0);
    expect_tensor(
        f, &t,
        "{\"value\": {\"type\": \"TENSOR\", \"data_type\": \"INT64\", \"dims\": [0], \"values\": []}}");
    t = tensor(f, 9, two, 1, odd, sizeof odd);
    t.data.offset = 0;
    expect_tensor(
        f, &t,
        "{\"value\": {\"type\": \"TENSOR\", \"data_type\": \"BOOL\", \"dims\": [2], \"data\": "
        "{\"base64\": \"AQI=\"}}}");
    t = tensor(f, 13, two, 1, big, sizeof big);
    expect_tensor(
        f, &t,
        "{\"value\": {\"type\": \"TENSOR\", \"data_type\": \"UINT64\", \"dims\": [2], \"data\": "
        "{\"base64\": \"AQAAAAAAAAD//////////w==\"}}}");
}

static void tensors_by_reference(void **state) {
    fixture *f = *state;
    int64_t dims[] = {2, 3};
    mx_pair external[] = {{name(f, "location"), name(f, "w.bin"), 0}};
    mx_tensor t = {.name = name(f, "w"),
                   .has_type = true,
                   .data_type = 16,
                   .field = MX_TENSOR_INT32_DATA,
                   .n_dims = 2,
                   .dims = dims,
                   .data = {0, MX_NO_INDEX, 64, 6},
                   .external_file = MX_NO_INDEX,
                   .unused_at_source = true};
    mx_value_tensor(&f->b, f->g, &t);
    expect(f, "{\"name\": \"w\", \"data_type\": \"BFLOAT16\", \"dims\": [2, 3], \"data\": [64, 6], "
              "\"field\": \"int32_data\", "
              "\"unused\": true}");
    t.field = MX_TENSOR_NO_DATA;
    t.external_file = 2;
    t.external = (mx_pairs){external, 1};
    t.has_location = true;
    t.location = 1;
    t.unused_at_source = false;
    mx_value_tensor(&f->b, f->g, &t);
    expect(
        f,
        "{\"name\": \"w\", \"data_type\": \"BFLOAT16\", \"dims\": [2, 3], \"data\": [64, 6], \"external\": "
        "[[\"location\", \"w.bin\"]], \"location\": \"EXTERNAL\", \"file\": 2}");
    t = (mx_tensor){.external_file = MX_NO_INDEX};
    mx_value_tensor(&f->b, f->g, &t);
    expect(f, "{\"dims\": []}");
}

static void element_names(void **state) {
    (void)state;
    for (int32_t i = 0; i < 64; i++)
        if (mx_data_type_name(i)) assert_int_equal(mx_data_type_number(mx_str_of(mx_data_type_name(i))), i);
    for (int32_t i = 0; i <= 14; i++)
        assert_int_equal(mx_attr_type_number(mx_str_of(mx_attr_type_name(i))), i);
    assert_null(mx_data_type_name(-1));
    assert_int_equal(mx_data_type_number(MX_STR_LITERAL("NOTHING")), -1);
    assert_int_equal(mx_tensor_field_number(MX_STR_LITERAL("raw_data")), MX_TENSOR_RAW_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_by_name),
        cmocka_unit_test(key_table_is_sound),
        cmocka_unit_test(element_names),
        cmocka_unit_test_setup_teardown(plain_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_in_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tensor_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metadata, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_keys_that_repeat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(opsets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plain_attributes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(typed_attributes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(attributes_with_odd_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_tensors_by_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tensors_by_reference, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
