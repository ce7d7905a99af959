/* Reading JSON: what is taken, what is refused and where, against jansson's own reader where memory suffices. */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static json_t *parse(const char *text) {
    json_t *v;
    mx_error err;
    if (mx_json_parse(mx_str_of(text), 10, &v, &err) != MX_OK) fail_msg("%s: %s", text, err.message);
    return v;
}

static void refuse(const char *text, size_t n, mx_status status, const char *message) {
    json_t *v;
    mx_error err;
    assert_int_equal(mx_json_parse((mx_str){text, n}, 10, &v, &err), status);
    assert_null(v);
    if (!strstr(err.message, message)) fail_msg("%s: %s", text, err.message);
}

/* The same value as jansson's reader makes of it. */
static void test_values(void **state) {
    (void)state;
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "1.5",
        "-0.0",
        "1e-12",
        "1E+5",
        "0.1e1",
        "\"\"",
        "\"a\"",
        "\"a\\u0062\\n\\t\\\"\\\\\\/\\b\\f\\r\"",
        "\"\\ud83d\\ude00\"",
        "\"\xc3\xa4\"",
        "[]",
        "{}",
        "[1, 2.0, [\"x\", null], {\"a\": {}}]",
        " { \"a\" : [ ] , \"b\" : -3 } ",
        "\"\\u0000\"",
        "[[[[[[[[[[]]]]]]]]]]",
        "1.7976931348623157e308",
        "5e-324",
        "1e-999",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *ours = parse(texts[i]), *theirs = json_loads(texts[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        if (!json_equal(ours, theirs)) fail_msg("not the same value: %s", texts[i]);
        json_decref(ours);
        json_decref(theirs);
    }
}

static void test_order_of_members(void **state) {
    (void)state;
    json_t *v = parse("{\"z\": 1, \"a\": 2, \"m\": 3}"), *value;
    const char *key, *keys[3];
    size_t n = 0;
    json_object_foreach(v, key, value) keys[n++] = key;
    assert_string_equal(keys[0], "z");
    assert_string_equal(keys[1], "a");
    assert_string_equal(keys[2], "m");
    json_decref(v);
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } texts[] = {
        {"", "a value is missing at its byte 1"},
        {" ", "a value is missing"},
        {"nul", "a value is missing"},
        {"nullx", "something follows"},
        {"1 2", "something follows the value at its byte 3"},
        {"01", "not a number"},
        {"+1", "a value is missing"},
        {"-", "not a number"},
        {"1.", "not a number"},
        {".5", "a value is missing"},
        {"1e", "not a number"},
        {"NaN", "a value is missing"},
        {"9223372036854775808", "an integer beyond 64 bits"},
        {"1e999", "too large"},
        {"\"", "a string without an end"},
        {"\"\\", "an unknown escape"},
        {"\"\\x\"", "an unknown escape"},
        {"\"\\u12\"", "hexadecimal"},
        {"\"\\ud800\"", "half a character"},
        {"\"\\ud800\\u0041\"", "half a character"},
        {"\"\\udc00\"", "half a character"},
        {"\"\n\"", "a control character"},
        {"\"\xff\"", "not UTF-8"},
        {"[", "a value is missing"},
        {"[1", "',' or ']' is missing"},
        {"[1,]", "a value is missing"},
        {"[1 2]", "',' or ']' is missing"},
        {"{", "a name is missing"},
        {"{\"a\"}", "':' is missing"},
        {"{\"a\":}", "a value is missing"},
        {"{\"a\":1,}", "a name is missing"},
        {"{\"a\":1,\"a\":2}", "there before"},
        {"{\"a\\u0000b\":1}", "NUL"},
        {"{1:2}", "a name is missing"},
        {"]", "a value is missing"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refuse(texts[i].text, strlen(texts[i].text), MX_ERR_SYNTAX, texts[i].message);
    refuse("1\0", 2, MX_ERR_SYNTAX, "something follows");
    refuse("[[[[[[[[[[[]]]]]]]]]]]", 22, MX_ERR_LIMIT, "10 deep");
}

/* Every prefix of a text, from memory of just that size, so that valgrind and ASan see a step too far. */
static void test_prefixes(void **state) {
    (void)state;
    static const char text[] =
        "{\"a\": [1, -2.5e3, \"b\\u00e4\\ud83d\\ude00c\", true, null], \"d\": {\"e\": \"0123456789abcdef\"}}";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        json_t *v;
        mx_error err;
        char *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, text, n);
        assert_int_equal(mx_json_parse((mx_str){copy, n}, 10, &v, &err), MX_ERR_SYNTAX);
        free(copy);
    }
}

static void pick(const char *text, const char *expected) {
    static const char *const keys[] = {"a", "bc", NULL};
    mx_buffer out;
    mx_buffer_init(&out, NULL);
    assert_true(mx_json_pick(mx_str_of(text), keys, &out));
    if (!mx_str_is(mx_buffer_str(&out), expected)) fail_msg("%s: %.*s", text, (int)out.size, out.data);
    mx_buffer_free(&out);
}

static void test_pick(void **state) {
    (void)state;
    pick("{\"a\": 1, \"b\": [2, {\"a\": 3}], \"bc\": \"x\"}", "{\"a\": 1,\"bc\": \"x\"}");
    pick(" { \"x\" : \"}]\\\"{\\\\\" , \"a\" : {\"a\": [\"]\"]} } ", "{\"a\" : {\"a\": [\"]\"]}}");
    pick("{\"b\": {}}", "{}");
    pick("{}", "{}");
    pick("{\"\\u0061\": 1, \"b\": 2}", "{\"\\u0061\": 1}"); /* a key with an escape may be any */
    pick("{\"a\": 1, \"a\": 2}", "{\"a\": 1,\"a\": 2}");
    /* What is no object, or broken, is given as it is, for the reader to say so. */
    static const char *const others[] = {"", "[1]", "3", "{", "{\"a\"", "{\"a\": ", "{\"a\": \"", "{\"a\": [1}", "{\"a\" 1}",
                                         "{\"b\": {\"c\": [}", "{\"a\": 1,}", "{\"a\": ,}", "{\"a\": 1} x", "{\"b\": \"x\" y}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) pick(others[i], others[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_order_of_members),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_pick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
