/* Buffers, UTF-8, base64, JSON texts, numbers. */
#include "base/text.h"

#include "allocator.h"
#include "base/error.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t random_bits(void) { /* xorshift: the same in every run */
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

static const char *text(mx_buffer *b) {
    mx_buffer_byte(b, '\0');
    assert_false(b->failed);
    b->size = 0;
    return b->data;
}

/* ---- buffers ---- */

static void test_buffer(void **state) {
    (void)state;
    test_allocator t;
    test_allocator_init(&t);
    mx_buffer b;
    mx_buffer_init(&b, &t.allocator);
    assert_non_null(mx_buffer_str(&b).p);
    mx_buffer_int(&b, INT64_MIN);
    mx_buffer_byte(&b, ' ');
    mx_buffer_uint(&b, UINT64_MAX);
    mx_buffer_cstr(&b, " ");
    mx_buffer_int(&b, 0);
    mx_buffer_add(&b, NULL, 0);
    assert_string_equal(text(&b), "-9223372036854775808 18446744073709551615 0");
    assert_false(mx_buffer_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    mx_buffer_clear(&b);
    assert_false(mx_buffer_reserve(&b, SIZE_MAX / 2 + 2));
    mx_buffer_clear(&b);
    t.fail_at = t.calls + 1;
    for (int i = 0; i < 1000; i++)
        mx_buffer_byte(&b, 'x');
    assert_true(b.failed);
    size_t size = b.size;
    mx_buffer_cstr(&b, "more");
    assert_int_equal(b.size, size);
    mx_buffer_free(&b);
    assert_int_equal(t.blocks, 0);
}

static void test_str(void **state) {
    (void)state;
    mx_str absent = {NULL, 0};
    assert_true(mx_str_eq(absent, absent));
    assert_false(mx_str_eq(absent, MX_STR_LITERAL("")));
    assert_false(mx_str_is(absent, ""));
    assert_true(mx_str_is(MX_STR_LITERAL("ab"), "ab"));
    assert_false(mx_str_is((mx_str){"ab\0", 3}, "ab"));
    assert_true(mx_str_starts(MX_STR_LITERAL("abc"), "ab"));
    assert_false(mx_str_starts(MX_STR_LITERAL("a"), "ab"));
    assert_false(mx_str_starts(absent, ""));
}

/* ---- UTF-8 ---- */

static bool valid(const char *s) {
    return mx_utf8_valid(s, strlen(s));
}

static void test_utf8(void **state) {
    (void)state;
    const char *good[] = {"",
                          "a",
                          "\x7f",
                          "\xc2\x80",
                          "\xdf\xbf",
                          "\xe0\xa0\x80",
                          "\xed\x9f\xbf",
                          "\xee\x80\x80",
                          "\xef\xbf\xbf",
                          "\xf0\x90\x80\x80",
                          "\xf4\x8f\xbf\xbf",
                          "\xe2\x82\xac."};
    const char *bad[] = {"\x80",
                         "\xbf",
                         "\xc0\x80",
                         "\xc1\xbf",
                         "\xc2",
                         "\xc2\x41",
                         "\xe0\x9f\xbf",
                         "\xed\xa0\x80",
                         "\xed\xbf\xbf",
                         "\xe2\x82",
                         "\xf0\x8f\xbf\xbf",
                         "\xf4\x90\x80\x80",
                         "\xf8\x88\x80\x80\x80",
                         "\xff",
                         "\xfe",
                         "a\xe2\x82"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(valid(bad[i]));
    assert_true(mx_utf8_valid("a\0b", 3));
    assert_true(mx_xml_chars("a\t\n\r\x7f\xc2\x80", 7));
    assert_false(mx_xml_chars("a\0b", 3));
    assert_false(mx_xml_chars("\x1f", 1));
    assert_false(mx_xml_chars("\xef\xbf\xbe", 3));
    assert_false(mx_xml_chars("\xef\xbf\xbf", 3));
    assert_true(mx_xml_chars("\xef\xbf\xbd\xf0\x9f\xbf\xbe", 7)); /* U+1FFFE is a Char */
    assert_false(mx_xml_chars("\xed\xa0\x80", 3));
}

/* ---- base64 ---- */

static void test_base64(void **state) {
    (void)state;
    mx_buffer b, back;
    mx_buffer_init(&b, NULL);
    mx_buffer_init(&back, NULL);
    static const char *const rfc[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
    for (size_t i = 0; i < 5; i++) {
        mx_base64_add(&b, rfc[i][0], strlen(rfc[i][0]));
        assert_string_equal(text(&b), rfc[i][1]);
    }
    for (size_t n = 0; n < 300; n++) {
        unsigned char bytes[300];
        for (size_t i = 0; i < n; i++)
            bytes[i] = (unsigned char)random_bits();
        mx_buffer_clear(&b);
        mx_buffer_clear(&back);
        mx_base64_add(&b, bytes, n);
        assert_int_equal(b.size, (n + 2) / 3 * 4);
        assert_true(mx_base64_decode(&back, b.data, b.size));
        assert_int_equal(back.size, n);
        if (n) assert_memory_equal(back.data, bytes, n);
    }
    mx_buffer_clear(&back);
    assert_true(mx_base64_decode(&back, " Zm\r\n9v\tYg = =", 14));
    assert_string_equal(text(&back), "foob");
    const char *bad[] = {"Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9v=", "Zm*v", "Zg=a", "Zm9vZ", "Zm-_"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mx_buffer_clear(&back);
        if (mx_base64_decode(&back, bad[i], strlen(bad[i]))) fail_msg("%s was taken for base64", bad[i]);
    }
    mx_buffer_free(&b);
    mx_buffer_free(&back);
}

/* ---- JSON ---- */

static void test_json_string(void **state) {
    (void)state;
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    mx_json_string(&b, (mx_str){"a\"\\/\n\r\t\0\x01\x1f\x7f\xc3\xa4", 14 - 1});
    assert_string_equal(text(&b), "\"a\\\"\\\\/\\n\\r\\t\\u0000\\u0001\\u001f\\u007f\xc3\xa4\"");
    mx_json_string(&b, MX_STR_LITERAL("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd"));
    assert_string_equal(text(&b), "\"\\ufffe\\uffff\xef\xbf\xbd\"");
    mx_json_bytes(&b, (mx_str){NULL, 0});
    assert_string_equal(text(&b), "null");
    mx_json_bytes(&b, MX_STR_LITERAL(""));
    assert_string_equal(text(&b), "\"\"");
    mx_json_bytes(&b, MX_STR_LITERAL("\xff"));
    assert_string_equal(text(&b), "{\"base64\": \"/w==\"}");
    mx_buffer_free(&b);
}

static void assert_float(float f) {
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    assert_true(mx_json_float(&b, f));
    const char *s = text(&b);
    char *end, copy[64];
    if (!strpbrk(s, ".e")) fail_msg("%s looks like an integer", s);
    if (strchr(s, ',')) fail_msg("%s has a comma", s);
    snprintf(copy, sizeof copy, "%s", s);
    char *point = strchr(copy, '.'); /* strtod wants the point of the locale */
    if (point) *point = localeconv()->decimal_point[0];
    float back = (float)strtod(copy, &end);
    if (*end || memcmp(&back, &f, sizeof f) != 0) fail_msg("%s is not %a", s, (double)f);
    mx_buffer_free(&b);
}

static void assert_double(double d) {
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    assert_true(mx_json_double(&b, d));
    char *end, copy[64];
    snprintf(copy, sizeof copy, "%s", text(&b));
    char *point = strchr(copy, '.');
    if (point) *point = localeconv()->decimal_point[0];
    double back = strtod(copy, &end);
    if (*end || memcmp(&back, &d, sizeof d) != 0) fail_msg("%s is not %a", copy, d);
    mx_buffer_free(&b);
}

static void check_floats(void) {
    const float special[] = {0.0f,          -0.0f,   1.0f,      -1.0f,     0.1f,        1e-12f,
                             FLT_MAX,       FLT_MIN, -FLT_MAX,  1e-45f,    16777216.0f, 1.17549421e-38f,
                             3.4028234e38f, 1e10f,   123456.0f, 1234567.0f};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        assert_float(special[i]);
    for (int i = 0; i < 200000; i++) {
        uint32_t bits = (uint32_t)random_bits();
        float f;
        memcpy(&f, &bits, sizeof f);
        if (isfinite(f)) assert_float(f);
    }
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = random_bits();
        double d;
        memcpy(&d, &bits, sizeof d);
        if (isfinite(d)) assert_double(d);
    }
    assert_double(-0.0);
    assert_double(DBL_MAX);
    assert_double(5e-324);
}

static void test_floats(void **state) {
    (void)state;
    check_floats();
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    mx_json_float(&b, 0.1f);
    assert_string_equal(text(&b), "0.1");
    mx_json_float(&b, 1e-12f);
    assert_string_equal(text(&b), "1e-12");
    mx_json_float(&b, 3.0f);
    assert_string_equal(text(&b), "3.0");
    mx_json_float(&b, -0.0f);
    assert_string_equal(text(&b), "-0.0");
    mx_json_double(&b, 0.1);
    assert_string_equal(text(&b), "0.1");
    assert_false(mx_json_float(&b, NAN));
    assert_false(mx_json_float(&b, INFINITY));
    assert_false(mx_json_double(&b, -INFINITY));
    assert_int_equal(b.size, 0);
    mx_buffer_free(&b);
}

/* The decimal sign of a locale must never show. Where the system has no such locale one is made with localedef. */
static bool set_comma_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "mx_comma.UTF-8"};
    const char *dir = getenv("TMPDIR");
    char command[1024], folder[512];
    for (int made = 0; made < 2; made++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (setlocale(LC_NUMERIC, names[i]) && localeconv()->decimal_point[0] == ',') return true;
        snprintf(folder, sizeof folder, "%s/mx-locale-XXXXXX", dir ? dir : "/tmp");
        if (made || !mkdtemp(folder)) return false;
        snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s/mx_comma.UTF-8' >/dev/null 2>&1", folder);
        if (system(command) != 0) print_message("localedef found nothing to make a locale from\n");
        setenv("LOCPATH", folder, 1);
    }
    return false;
}

static void test_floats_comma(void **state) {
    (void)state;
    if (!set_comma_locale()) skip();
    check_floats();
    setlocale(LC_NUMERIC, "C");
    const char *folder = getenv("LOCPATH");
    if (folder && strstr(folder, "mx-locale-")) {
        char command[600];
        snprintf(command, sizeof command, "rm -r '%s'", folder);
        if (system(command) != 0) print_message("%s stays\n", folder);
        unsetenv("LOCPATH");
    }
}

/* ---- integers ---- */

static void test_integers(void **state) {
    (void)state;
    int64_t i;
    uint64_t u;
    assert_true(mx_parse_int(MX_STR_LITERAL("-9223372036854775808"), &i));
    assert_true(i == INT64_MIN);
    assert_true(mx_parse_int(MX_STR_LITERAL("9223372036854775807"), &i));
    assert_true(i == INT64_MAX);
    assert_true(mx_parse_int(MX_STR_LITERAL("007"), &i));
    assert_true(i == 7);
    assert_true(mx_parse_int(MX_STR_LITERAL("-0"), &i));
    assert_true(i == 0);
    assert_true(mx_parse_uint(MX_STR_LITERAL("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    const char *bad[] = {
        "", "-", "+1", " 1", "1 ", "1.0", "0x1", "--1", "9223372036854775808", "-9223372036854775809", "1e3"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_false(mx_parse_int(mx_str_of(bad[k]), &i));
    assert_false(mx_parse_int((mx_str){"1\0", 2}, &i));
    assert_false(mx_parse_int((mx_str){NULL, 0}, &i));
    assert_false(mx_parse_uint(MX_STR_LITERAL("18446744073709551616"), &u));
    assert_false(mx_parse_uint(MX_STR_LITERAL("99999999999999999999"), &u));
    assert_false(mx_parse_uint(MX_STR_LITERAL("-1"), &u));
}

/* ---- errors and names in them ---- */

static void test_errors(void **state) {
    (void)state;
    mx_error err;
    char longer[2000];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    longer[sizeof err.message - 3] = (char)0xE2; /* a character that is cut */
    longer[sizeof err.message - 2] = (char)0x82;
    longer[sizeof err.message - 1] = (char)0xAC;
    assert_int_equal(mx_fail(&err, MX_ERR_SYNTAX, "%s", longer), MX_ERR_SYNTAX);
    assert_true(valid(err.message));
    assert_int_equal(strlen(err.message), sizeof err.message - 3);
    assert_true(err.offset == UINT64_MAX);
    assert_int_equal(mx_at_node(&err, MX_ERR_SYNTAX, MX_STR_LITERAL("n")), MX_ERR_SYNTAX);
    mx_at_node(&err, MX_ERR_SYNTAX, MX_STR_LITERAL("outer"));
    assert_string_equal(err.node, "n");
    mx_at_offset(&err, MX_ERR_SYNTAX, 5);
    mx_at_offset(&err, MX_ERR_SYNTAX, 6);
    assert_true(err.offset == 5);
    mx_at_file(&err, MX_ERR_SYNTAX, longer);
    assert_int_equal(strlen(err.file), sizeof err.file - 1);
    assert_int_equal(mx_fail(NULL, MX_ERR_READ, "x"), MX_ERR_READ);
    assert_int_equal(mx_nomem(&err), MX_ERR_NOMEM);
}

static void test_show(void **state) {
    (void)state;
    assert_string_equal(mx_show(MX_STR_LITERAL("a\nb\xff\x7f'\xc2\x85\xc3\xa4")).text,
                        "'a\\x0ab\\xff\\x7f\\x27\\xc2\\x85\xc3\xa4'");
    assert_string_equal(mx_show((mx_str){NULL, 0}).text, "''");
    assert_string_equal(mx_show((mx_str){"a\0b", 3}).text, "'a\\x00b'");
    for (size_t n = 0; n < 400; n++) { /* never too long, always UTF-8 */
        char bytes[400];
        for (int kind = 0; kind < 3; kind++) {
            for (size_t i = 0; i < n; i++)
                bytes[i] = kind == 0 ? 'x' : kind == 1 ? '\n' : "\xe2\x82\xac"[i % 3];
            mx_shown s = mx_show((mx_str){bytes, n});
            assert_true(strlen(s.text) < sizeof s.text);
            assert_true(valid(s.text));
        }
    }
    assert_string_equal(mx_status_name(MX_ERR_COVERAGE_VALIDATION), "MX_ERR_COVERAGE_VALIDATION");
    assert_string_equal(mx_status_name((mx_status)-1), "unknown status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffer),       cmocka_unit_test(test_str),         cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_base64),       cmocka_unit_test(test_json_string), cmocka_unit_test(test_floats),
        cmocka_unit_test(test_floats_comma), cmocka_unit_test(test_integers),    cmocka_unit_test(test_errors),
        cmocka_unit_test(test_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
