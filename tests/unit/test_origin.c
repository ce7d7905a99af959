/* What a node said when it was written: which edits show. */
#include "graphml/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static mx_origin sample(void) {
    mx_origin o = {0};
    mx_origin_add(&o, MX_KEY_OP_TYPE, MX_STR_LITERAL("Relu"));
    mx_origin_add(&o, MX_KEY_NAME, MX_STR_LITERAL("r"));
    mx_origin_add(&o, MX_KEY_NODE_ATTRIBUTES, MX_STR_LITERAL("{\"axis\": 1}"));
    mx_origin_add(&o, MX_KEY_NODE_INDEX, MX_STR_LITERAL("7")); /* not an edit */
    mx_origin_add_label(&o, MX_STR_LITERAL(" \xC2\xA0 Relu\n"));
    mx_origin_add_label(&o, MX_STR_LITERAL("second"));
    return o;
}

static void test_written_and_read(void **state) {
    (void)state;
    mx_origin o = sample(), back;
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    mx_origin_write(&b, &o);
    assert_int_equal(b.size, 4 * (MX_ORIGIN_LABEL + 1)); /* nothing for what comes behind */
    assert_true(mx_origin_read(mx_buffer_str(&b), &back));
    assert_int_equal(mx_origin_differences(&o, &back), 0);
    mx_buffer_free(&b);
}

static void test_each_field(void **state) {
    (void)state;
    static const struct {
        mx_key key;
        const char *text;
        uint32_t fields;
    } edits[] = {
        {MX_KEY_DOMAIN, "d", 1u << MX_ORIGIN_TYPE},        {MX_KEY_DOC_STRING, "t", 1u << MX_ORIGIN_DOC},
        {MX_KEY_METADATA, "{}", 1u << MX_ORIGIN_METADATA}, {MX_KEY_INITIALIZERS, "[]", 1u << MX_ORIGIN_INITIALIZERS},
        {MX_KEY_PARENT, "1", 1u << MX_ORIGIN_PARENT},      {MX_KEY_HIERARCHY_TAG, "/A", 0}};
    mx_origin o = sample();
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        mx_origin other = sample();
        mx_origin_add(&other, edits[i].key, mx_str_of(edits[i].text));
        assert_int_equal(mx_origin_differences(&o, &other), edits[i].fields);
    }
}

static void test_texts_that_change_places(void **state) {
    (void)state;
    mx_origin a = {0}, b = {0};
    mx_origin_add(&a, MX_KEY_OP_TYPE, MX_STR_LITERAL("x"));
    mx_origin_add(&a, MX_KEY_DOMAIN, MX_STR_LITERAL("y"));
    mx_origin_add(&b, MX_KEY_OP_TYPE, MX_STR_LITERAL("y"));
    mx_origin_add(&b, MX_KEY_DOMAIN, MX_STR_LITERAL("x"));
    assert_int_equal(mx_origin_differences(&a, &b), 1u << MX_ORIGIN_TYPE);
}

static void test_what_is_no_origin(void **state) {
    (void)state;
    static const char *const bad[] = {"AAA", "AAA=", "AA A", "AAAAA",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    mx_origin o;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(mx_origin_read(mx_str_of(bad[i]), &o));
    assert_true(mx_origin_read(MX_STR_LITERAL(""), &o));
    assert_true(mx_origin_read(MX_STR_LITERAL("+/09"), &o));
    assert_int_equal(o.at[0], 0xfb | 0xfd << 8 | 0x3d << 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_each_field),
        cmocka_unit_test(test_texts_that_change_places),
        cmocka_unit_test(test_what_is_no_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
