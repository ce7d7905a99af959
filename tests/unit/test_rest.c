/* Rest texts: what they say, that they come back as they were, and what is wrong with edited ones. */
#include "onnx_io/rest.h"

#include "onnx.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define FIELDS 32

/* The text for all fields of a message; unknown ones from `last_from` on go behind everything. */
static mx_status encode(const void *bytes, size_t n, const ProtobufCMessageDescriptor *m, uint64_t last_from,
                        uint32_t depth, mx_buffer *out) {
    mx_wire_input in;
    mx_field fields[FIELDS];
    size_t count = 0;
    mx_wire_from_memory(&in, bytes, n);
    mx_wire w = {&in, 0, n};
    while (w.at < w.end) {
        assert_true(count < FIELDS);
        MX_TRY(mx_wire_next(&w, &fields[count++], NULL));
    }
    mx_buffer_init(out, NULL);
    return mx_rest_encode(&in, m, fields, count, last_from, depth, out, NULL);
}

static void join(const mx_rest *rest, mx_buffer *out) {
    mx_buffer_init(out, NULL);
    for (size_t i = 0; i < rest->count; i++)
        mx_buffer_add(out, rest->fields[i].wire.p, rest->fields[i].wire.n);
    mx_buffer_add(out, rest->tail.p, rest->tail.n);
}

static void assert_decodes(mx_str json, const ProtobufCMessageDescriptor *m, const void *bytes, size_t n) {
    mx_arena arena;
    mx_rest rest;
    mx_buffer joined;
    mx_error err;
    mx_arena_init(&arena, NULL);
    if (mx_rest_decode(json, m, &arena, &rest, &err) != MX_OK) fail_msg("%s: %s", json.p, err.message);
    join(&rest, &joined);
    assert_int_equal(joined.size, n);
    if (n) assert_memory_equal(joined.data, bytes, n);
    mx_buffer_free(&joined);
    mx_arena_free(&arena);
}

/* Encodes, compares with the text, decodes, compares with the bytes. */
static void assert_both_ways(const void *bytes, size_t n, const ProtobufCMessageDescriptor *m, uint64_t last_from,
                             const char *text) {
    mx_buffer json;
    assert_int_equal(encode(bytes, n, m, last_from, 100, &json), MX_OK);
    mx_buffer_byte(&json, '\0');
    if (text) assert_string_equal(json.data, text);
    assert_decodes((mx_str){json.data, json.size - 1}, m, bytes, n);
    mx_buffer_free(&json);
}
#define ASSERT_BOTH_WAYS(bytes, m, text)                                                                               \
    assert_both_ways(bytes, sizeof(bytes) - 1, &onnx__##m##__descriptor, UINT64_MAX, text)

static void says_readable_things_readably(void **state) {
    (void)state;
    ASSERT_BOTH_WAYS("\x72\x0b\x0a\x01x\x12\x06\x0a\x01k\x12\x01v", graph_proto,
                     "{\"quantization_annotation\": [{\"tensor_name\": \"x\", \"quant_parameter_tensor_names\": "
                     "[{\"key\": \"k\", \"value\": \"v\"}]}]}");
    ASSERT_BOTH_WAYS("\x1a\x0d\x08\x05\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", tensor_proto,
                     "{\"segment\": {\"begin\": 5, \"end\": -1}}");
    ASSERT_BOTH_WAYS("\x32\x01\x61\x32\x01\xff\x32\x00", tensor_proto,
                     "{\"string_data\": [\"a\", {\"base64\": \"/w==\"}, \"\"]}");
    ASSERT_BOTH_WAYS("\x52\x02\x1a\x00\x52\x06\x0a\x02\x61\x00\x18\x03", node_proto, NULL);
    ASSERT_BOTH_WAYS("\xa2\x01\x00\xd2\x01\x07\x0a\x00\x1a\x00\x1a\x01x", model_proto, NULL);
}

static void falls_back_to_base64(void **state) {
    (void)state;
    /* unknown fields inside, another order, a number longer than needed */
    ASSERT_BOTH_WAYS("\x1a\x02\x20\x01", tensor_proto, "{\"segment\": {\"base64\": \"IAE=\"}}");
    ASSERT_BOTH_WAYS("\x1a\x04\x10\x01\x08\x01", tensor_proto, "{\"segment\": {\"base64\": \"EAEIAQ==\"}}");
    ASSERT_BOTH_WAYS("\x1a\x03\x08\x81\x00", tensor_proto, "{\"segment\": {\"base64\": \"CIEA\"}}");
    /* packed lists, and NaN in a message: TrainingInfoProto with a node with an attribute */
    ASSERT_BOTH_WAYS("\x22\x04\x00\x00\xc0\x7f", tensor_proto, "{\"float_data\": {\"base64\": \"AADAfw==\"}}");
    ASSERT_BOTH_WAYS("\xa2\x01\x0b\x0a\x09\x0a\x07\x2a\x05\x15\x00\x00\xc0\x7f", model_proto,
                     "{\"training_info\": [{\"base64\": \"CgkKByoFFQAAwH8=\"}]}");
    ASSERT_BOTH_WAYS("\xa2\x01\x0b\x0a\x09\x0a\x07\x2a\x05\x15\x00\x00\xc0\x3f", model_proto,
                     "{\"training_info\": [{\"initialization\": {\"node\": [{\"attribute\": [{\"f\": 1.5}]}]}}]}");
}

static void large_messages_are_base64(void **state) {
    (void)state;
    for (size_t n = MX_REST_READABLE_BYTES; n <= MX_REST_READABLE_BYTES + 1; n++) {
        mx_buffer bytes, json;
        size_t text = n - 4; /* the annotation: tag, three bytes of length, text */
        mx_buffer_init(&bytes, NULL);
        mx_wire_put_len(&bytes, 14, n);
        mx_wire_put_len(&bytes, 1, text);
        for (size_t i = 0; i < text; i++)
            mx_buffer_byte(&bytes, 'x');
        assert_int_equal(encode(bytes.data, bytes.size, &onnx__graph_proto__descriptor, UINT64_MAX, 9, &json), MX_OK);
        assert_int_equal(memmem(json.data, json.size, "base64", 6) != NULL, n > MX_REST_READABLE_BYTES);
        assert_decodes(mx_buffer_str(&json), &onnx__graph_proto__descriptor, bytes.data, bytes.size);
        mx_buffer_free(&json);
        mx_buffer_free(&bytes);
    }
}

static void merges_what_stands_twice(void **state) {
    (void)state;
    mx_buffer json;
    const char bytes[] = "\x1a\x02\x08\x01\x1a\x02\x10\x02", merged[] = "\x1a\x04\x08\x01\x10\x02";
    assert_int_equal(encode(bytes, sizeof bytes - 1, &onnx__tensor_proto__descriptor, UINT64_MAX, 9, &json), MX_OK);
    assert_decodes(mx_buffer_str(&json), &onnx__tensor_proto__descriptor, merged, sizeof merged - 1);
    mx_buffer_free(&json);
    /* two halves that only together are a message */
    assert_int_equal(encode("\x1a\x01\x08\x1a\x01\x01", 6, &onnx__tensor_proto__descriptor, UINT64_MAX, 9, &json),
                     MX_ERR_SYNTAX);
    mx_buffer_free(&json);
}

static void keeps_the_places_of_unknown_fields(void **state) {
    (void)state;
    /* 18 before and 100 behind segment (3) in number order, then 17, 19 in no order */
    const char bytes[] = "\x1a\x00\x90\x01\x01\xa0\x06\x02\x98\x01\x03\x88\x01\x04";
    assert_both_ways(bytes, sizeof bytes - 1, &onnx__tensor_proto__descriptor, 8,
                     "{\"segment\": {}, \"unknown\": \"kAEBoAYC\", \"unknown_last\": \"mAEDiAEE\"}");
    /* a known number with another wire type, and a group */
    ASSERT_BOTH_WAYS("\x18\x01\x9b\x06\x08\x01\x9c\x06", tensor_proto, "{\"unknown\": \"GAGbBggBnAY=\"}");
}

static void fields_come_by_number(void **state) {
    (void)state;
    const mx_str json =
        MX_STR_LITERAL("{\"unknown\": \"oAYC\", \"string_data\": [\"b\", \"a\"], \"segment\": {\"end\": 1, "
                       "\"begin\": 2}, \"int64_data\": [1, -1]}");
    const char wire[] = "\x1a\x04\x08\x02\x10\x01\x32\x01\x62\x32\x01\x61"
                        "\x3a\x0b\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xa0\x06\x02";
    assert_decodes(json, &onnx__tensor_proto__descriptor, wire, sizeof wire - 1);
    assert_decodes(MX_STR_LITERAL("{\"uint64_data\": [\"18446744073709551615\"]}"), &onnx__tensor_proto__descriptor,
                   "\x5a\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12);
    assert_decodes(MX_STR_LITERAL("{\"double_data\": [1]}"), &onnx__tensor_proto__descriptor,
                   "\x52\x08\0\0\0\0\0\0\xf0\x3f", 10);
    assert_decodes((mx_str){NULL, 0}, &onnx__tensor_proto__descriptor, "", 0);
    assert_decodes(MX_STR_LITERAL("{}"), &onnx__tensor_proto__descriptor, "", 0);
}

static void refuses_edits_that_mean_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "[]",
        "{",
        "{\"segment\": {}, \"segment\": {}}",
        "{\"segments\": {}}",
        "{\"segment\": []}",
        "{\"segment\": {\"middle\": 1}}",
        "{\"segment\": {\"begin\": 1.5}}",
        "{\"segment\": {\"begin\": \"x\"}}",
        "{\"segment\": {\"begin\": 9223372036854775808}}",
        "{\"segment\": {\"base64\": \"*\"}}",
        "{\"segment\": {\"base64\": \"CA==\"}}",
        "{\"string_data\": \"a\"}",
        "{\"string_data\": [1]}",
        "{\"int32_data\": [2147483648]}",
        "{\"uint64_data\": [-1]}",
        "{\"int32_data\": {\"base64\": \"gA==\"}}",
        "{\"float_data\": {\"base64\": \"gA==\"}}",
        "{\"float_data\": [1e39]}",
        "{\"unknown\": 1}",
        "{\"unknown\": \"oA==\"}",
        "{\"unknown_last\": \"oA==\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mx_arena arena;
        mx_rest rest;
        mx_error err = {0};
        mx_arena_init(&arena, NULL);
        mx_status status = mx_rest_decode(mx_str_of(texts[i]), &onnx__tensor_proto__descriptor, &arena, &rest, &err);
        if (status != MX_ERR_INVALID) fail_msg("%s: %s", texts[i], mx_status_name(status));
        assert_true(err.message[0] != '\0');
        mx_arena_free(&arena);
    }
}

static void depth_is_counted(void **state) {
    (void)state;
    const char bytes[] = "\xa2\x01\x04\x0a\x02\x0a\x00"; /* training_info, initialization, node */
    mx_buffer json;
    assert_int_equal(encode(bytes, sizeof bytes - 1, &onnx__model_proto__descriptor, UINT64_MAX, 3, &json), MX_OK);
    mx_buffer_free(&json);
    assert_int_equal(encode(bytes, sizeof bytes - 1, &onnx__model_proto__descriptor, UINT64_MAX, 2, &json),
                     MX_ERR_LIMIT);
    mx_buffer_free(&json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_readable_things_readably),      cmocka_unit_test(falls_back_to_base64),
        cmocka_unit_test(large_messages_are_base64),          cmocka_unit_test(merges_what_stands_twice),
        cmocka_unit_test(keeps_the_places_of_unknown_fields), cmocka_unit_test(fields_come_by_number),
        cmocka_unit_test(refuses_edits_that_mean_nothing),    cmocka_unit_test(depth_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
