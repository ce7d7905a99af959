#include "base/json_out.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(mx_json_out *j, const char *text) {
    assert_int_equal(mx_json_out_end(j, NULL), MX_OK);
    mx_buffer_byte(&j->text, '\0');
    assert_string_equal(j->text.data, text);
    mx_json_out_free(j);
}

static void test_nesting(void **state) {
    mx_json_out j;
    (void)state;
    mx_json_out_begin(&j, NULL, NULL);
    mx_json_out_object(&j, NULL);
    mx_json_out_object(&j, "empty");
    mx_json_out_close(&j, '}');
    mx_json_out_array(&j, "list");
    mx_json_out_int(&j, NULL, -1);
    mx_json_out_null(&j, NULL);
    mx_json_out_close(&j, ']');
    mx_json_out_flat_array(&j, "flat");
    mx_json_out_uint(&j, NULL, UINT64_MAX);
    mx_json_out_array(&j, NULL);
    mx_json_out_bool(&j, NULL, true);
    mx_json_out_close(&j, ']');
    mx_json_out_close(&j, ']');
    mx_json_out_key(&j, (mx_str){"k\xff\n", 3});
    mx_json_out_text(&j, NULL, (mx_str){NULL, 0});
    mx_json_out_close(&j, '}');
    expect(&j, "{\n \"empty\": {},\n \"list\": [\n  -1,\n  null\n ],\n \"flat\": [18446744073709551615, [true]],\n"
               " \"k\\\\xff\\n\": null\n}\n");
}

static void test_numbers(void **state) {
    mx_json_out j;
    (void)state;
    mx_json_out_begin(&j, NULL, NULL);
    mx_json_out_flat_array(&j, NULL);
    mx_json_out_double(&j, NULL, 0.0, 2);
    mx_json_out_double(&j, NULL, 1.005, 2);
    mx_json_out_double(&j, NULL, -2.5, 3);
    mx_json_out_double(&j, NULL, -0.0001, 2);
    mx_json_out_double(&j, NULL, 99.9999, 3);
    mx_json_out_double(&j, NULL, (double)NAN, 3);
    mx_json_out_double(&j, NULL, (double)INFINITY, 3);
    mx_json_out_close(&j, ']');
    expect(&j, "[0.00, 1.00, -2.500, 0.00, 100.000, null, null]\n");
}

static void test_bytes_that_are_no_text(void **state) {
    mx_buffer b;
    (void)state;
    mx_buffer_init(&b, NULL);
    mx_utf8_clean(&b, (mx_str){"a\xc3\xa9\xc3(\xe2\x82\xac\xf0\x9f\x98\x80\xf0\x9f", 14});
    mx_buffer_byte(&b, '\0');
    assert_string_equal(b.data, "a\xc3\xa9\\xc3(\xe2\x82\xac\xf0\x9f\x98\x80\\xf0\\x9f");
    mx_buffer_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_bytes_that_are_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
