/* Comparing graphs: weights, wherever and in whatever form they are. */
#include "hand_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- weights ---- */

static mx_graph *with_weight(int32_t type, mx_tensor_field field, const void *bytes, size_t n) {
    mx_graph *g = hand_graph();
    hand_initializer(g, "w", type, field, bytes, n);
    return g;
}

static void test_changed_weight(void **state) {
    (void)state;
    mx_graph *a = with_weight(FLOAT, MX_TENSOR_RAW_DATA, "abcdefghijkl", 12);
    mx_graph *b = with_weight(FLOAT, MX_TENSOR_RAW_DATA, "abcdefghijkm", 12);
    b->tensors[0].dims[0] = 4;
    b->tensors[0].rest = hand_sid(b, "{}");
    hand_initializer(b, "v", FLOAT, MX_TENSOR_RAW_DATA, hand_weights, sizeof hand_weights);
    hand_expect(a, b,
           "~weight: initializer 'w' dims: [3] -> [4]\n"
           "~weight: initializer 'w' data: 12 bytes, XXH3-128 d5c1c71e1ef3a2b6ca41a0e8a26ef9e2 -> "
           "12 bytes, XXH3-128 40587469a39396d41540472a162d7966\n"
           "+weight: initializer 'w' rest: () -> '{}'\n"
           "+weight: initializer 'v': () -> FLOAT[3]\n");
}

static bool same_weight(int32_t type, mx_tensor_field field_a, mx_str a, mx_tensor_field field_b, mx_str b) {
    mx_graph *x = with_weight(type, field_a, a.p, a.n), *y = with_weight(type, field_b, b.p, b.n);
    uint64_t there, back;
    assert_int_equal(mx_graph_compare(x, y, NULL, NULL, &there, NULL), MX_OK);
    assert_int_equal(mx_graph_compare(y, x, NULL, NULL, &back, NULL), MX_OK);
    assert_int_equal(there, back);
    mx_graph_release(x);
    mx_graph_release(y);
    return there == 0;
}
#define BYTES(literal) MX_STR_LITERAL(literal)

static void test_forms_of_data(void **state) {
    (void)state;
    const mx_tensor_field raw = MX_TENSOR_RAW_DATA, int32 = MX_TENSOR_INT32_DATA, int64 = MX_TENSOR_INT64_DATA;
    mx_str floats = {(const char *)hand_weights, sizeof hand_weights};
    assert_true(same_weight(FLOAT, raw, floats, MX_TENSOR_FLOAT_DATA, floats));
    assert_false(same_weight(INT64, raw, floats, MX_TENSOR_FLOAT_DATA, floats));
    mx_str minus_one = BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    assert_true(same_weight(INT8, raw, BYTES("\xff"), int32, minus_one));
    assert_false(same_weight(INT8, raw, BYTES("\xff"), int32, BYTES("\xff\x01"))); /* 255 is no int8 */
    assert_true(same_weight(INT8, raw, BYTES("\x7f\x01"), int32, BYTES("\x7f\x01")));
    assert_false(same_weight(INT8, raw, BYTES("\x7f\x01"), int32, BYTES("\x7f\x01\x01")));
    assert_false(same_weight(INT8, raw, BYTES("\x7f\x01"), int32, BYTES("\x7f\x81"))); /* cut */
    mx_str number = BYTES("\x80\1\0\0\0\0\0\0");                                       /* 384 */
    assert_true(same_weight(INT64, raw, number, int64, BYTES("\x80\x03")));
    assert_true(same_weight(INT64, raw, number, int64, BYTES("\x80\x83\x00"))); /* longer than it need be */
    assert_true(same_weight(INT64, int64, BYTES("\x80\x03"), int64, BYTES("\x80\x83\x00")));
    assert_false(same_weight(INT64, raw, number, int64, BYTES("\x80\x03\x00")));
    assert_false(same_weight(INT64, raw, number, int64, BYTES("\x81\x03")));
    assert_true(
        same_weight(STRING, MX_TENSOR_STRING_DATA, BYTES("2\1a2\0"), MX_TENSOR_STRING_DATA, BYTES("2\x81\0a2\0")));
    assert_false(
        same_weight(STRING, MX_TENSOR_STRING_DATA, BYTES("2\1a2\1b"), MX_TENSOR_STRING_DATA, BYTES("2\2ab2\0")));
    assert_false(same_weight(STRING, MX_TENSOR_STRING_DATA, BYTES("2\1a"), MX_TENSOR_STRING_DATA, BYTES("2\5a")));
    assert_true(same_weight(FLOAT, raw, BYTES(""), MX_TENSOR_FLOAT_DATA, BYTES("")));
    assert_false(same_weight(FLOAT, raw, BYTES(""), raw, floats));
}

/* Long data in two forms; the streams read many buffers of it. */
static void test_long_streams(void **state) {
    (void)state;
    enum { N = 100000 };
    uint8_t *raw = malloc(N * 8), *packed = malloc(N * 10);
    assert_true(raw && packed);
    size_t n = 0;
    for (uint64_t i = 0; i < N; i++) {
        uint64_t v = i * i * i * 0x9E3779B97F4A7C15u;
        for (int k = 0; k < 8; k++)
            raw[i * 8 + (size_t)k] = (uint8_t)(v >> 8 * k);
        for (; v >= 0x80; v >>= 7)
            packed[n++] = (uint8_t)(v | 0x80);
        packed[n++] = (uint8_t)v;
    }
    mx_str a = {(char *)raw, N * 8}, b = {(char *)packed, n};
    assert_true(same_weight(INT64, MX_TENSOR_RAW_DATA, a, MX_TENSOR_INT64_DATA, b));
    raw[N * 8 - 1] ^= 1;
    assert_false(same_weight(INT64, MX_TENSOR_RAW_DATA, a, MX_TENSOR_INT64_DATA, b));
    free(raw);
    free(packed);
}

/* Moved to an external file: the same bytes are the same weight. */
static void test_external(void **state) {
    (void)state;
    mx_graph *b = with_weight(FLOAT, MX_TENSOR_NO_DATA, hand_weights, sizeof hand_weights);
    mx_tensor *t = &b->tensors[0];
    t->has_location = true;
    t->location = 1;
    t->external = hand_pairs(b, "location", "w.bin", "length", "12");
    t->external_file = 0;
    hand_expect(with_weight(FLOAT, MX_TENSOR_RAW_DATA, hand_weights, sizeof hand_weights), b, "");

    b = with_weight(FLOAT, MX_TENSOR_NO_DATA, hand_weights, sizeof hand_weights);
    b->tensors[0].has_location = true;
    b->tensors[0].location = 7;
    b->tensors[0].external = hand_pairs(b, "location", "w.bin", "mine", "1");
    b->tensors[0].external_file = 0;
    hand_expect(with_weight(FLOAT, MX_TENSOR_RAW_DATA, hand_weights, sizeof hand_weights), b,
           "+weight: initializer 'w' data_location: () -> 7\n"
           "+metadata: initializer 'w' external_data 'mine': () -> '1'\n");

    mx_graph *a = with_weight(FLOAT, MX_TENSOR_NO_DATA, NULL, 0);
    b = with_weight(FLOAT, MX_TENSOR_NO_DATA, NULL, 0);
    a->tensors[0].external = hand_pairs(a, "location", "w.bin", NULL, NULL);
    b->tensors[0].external = hand_pairs(b, "location", "v.bin", NULL, NULL);
    hand_expect(a, b, "~metadata: initializer 'w' external_data 'location': 'w.bin' -> 'v.bin'\n");

    b = with_weight(FLOAT, MX_TENSOR_NO_DATA, NULL, 0); /* external, but nowhere */
    b->tensors[0].has_location = true;
    b->tensors[0].location = 1;
    hand_expect(with_weight(FLOAT, MX_TENSOR_NO_DATA, NULL, 0), b, "+weight: initializer 'w' data_location: () -> 1\n");
}

/* A recorded checksum of just these bytes decides, and one of a larger range does not. */
static void test_checksums(void **state) {
    (void)state;
    mx_graph *a = with_weight(FLOAT, MX_TENSOR_RAW_DATA, "aaaaaaaaaaaa", 12);
    mx_graph *b = with_weight(FLOAT, MX_TENSOR_RAW_DATA, "bbbbbbbbbbbb", 12);
    uint64_t count;
    mx_check check = {a->tensors[0].data.source, 0, 12, mx_hash_bytes("bbbbbbbbbbbb", 12)};
    assert_int_equal(mx_graph_add_check(a, &check, &a->tensors[0].data.check, NULL), MX_OK);
    assert_int_equal(mx_graph_compare(a, b, NULL, NULL, &count, NULL), MX_OK);
    assert_int_equal(count, 0);
    a->checks[0].size = 13;
    assert_int_equal(mx_graph_compare(a, b, NULL, NULL, &count, NULL), MX_OK);
    assert_int_equal(count, 1);
    mx_source_release(b->sources[0]);
    b->sources[0] = NULL;
    assert_int_equal(mx_graph_compare(a, b, NULL, NULL, &count, NULL), MX_ERR_INVALID);
    mx_graph_release(a);
    mx_graph_release(b);
}

static void test_sparse(void **state) {
    (void)state;
    mx_graph *g[2];
    for (int side = 0; side < 2; side++) {
        g[side] = hand_graph();
        mx_sparse s = {.values = hand_tensor(g[side], "s", INT8, MX_TENSOR_RAW_DATA, "abc", 3), .n_dims = 1};
        s.indices = side ? MX_NO_INDEX : hand_tensor(g[side], "", INT64, MX_TENSOR_NO_DATA, NULL, 0);
        s.dims = hand_array(g[side], 1, sizeof *s.dims);
        s.dims[0] = side;
        uint32_t id;
        assert_int_equal(mx_graph_add_sparse(g[side], &s, &id, NULL), MX_OK);
        assert_int_equal(mx_scope_add_sparse(g[side], &g[side]->scopes[0], id, NULL), MX_OK);
    }
    hand_expect(g[0], g[1],
           "-weight: sparse initializer 's' indices: () -> ()\n"
           "~weight: sparse initializer 's' dims: [0] -> [1]\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changed_weight),
        cmocka_unit_test(test_forms_of_data),
        cmocka_unit_test(test_long_streams),
        cmocka_unit_test(test_external),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_sparse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
