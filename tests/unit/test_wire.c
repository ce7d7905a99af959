/* The wire format: tags, varints, lengths and groups at their limits, windows over files, and the scan. */
#include "onnx_io/scan.h"
#include "onnx_io/wire.h"

#include "onnx.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Reads all fields; *last is the last one. */
static mx_status read_all(const void *bytes, size_t n, mx_field *last, size_t *count, mx_error *err) {
    mx_wire_input in;
    mx_wire_from_memory(&in, bytes, n);
    mx_wire w = {&in, 0, n};
    *count = 0;
    while (w.at < w.end) {
        MX_TRY(mx_wire_next(&w, last, err));
        (*count)++;
    }
    return MX_OK;
}

static void assert_reads(mx_status expected, const void *bytes, size_t n, uint64_t offset) {
    mx_field f;
    size_t count;
    mx_error err = {0};
    assert_int_equal(read_all(bytes, n, &f, &count, &err), expected);
    if (expected == MX_OK) return;
    assert_int_equal(err.code, expected);
    assert_int_equal(err.offset, offset);
}
#define ASSERT_READS(expected, bytes, offset) assert_reads(expected, bytes, sizeof(bytes) - 1, offset)

static void reads_every_wire_type(void **state) {
    (void)state;
    mx_field f;
    size_t n;
    assert_int_equal(read_all("\x08\x96\x01", 3, &f, &n, NULL), MX_OK);
    assert_true(f.number == 1 && f.wire == MX_WIRE_VARINT && f.scalar == 150 && f.value == 1 && f.size == 2);
    assert_int_equal(read_all("\x15\x01\x02\x03\x04", 5, &f, &n, NULL), MX_OK);
    assert_true(f.number == 2 && f.wire == MX_WIRE_FIXED32 && f.scalar == 0x04030201);
    assert_int_equal(read_all("\x11\1\2\3\4\5\6\7\x88", 9, &f, &n, NULL), MX_OK);
    assert_true(f.wire == MX_WIRE_FIXED64 && f.scalar == 0x8807060504030201);
    assert_int_equal(read_all("\x1a\x03xyz", 5, &f, &n, NULL), MX_OK);
    assert_true(f.number == 3 && f.wire == MX_WIRE_LEN && f.value == 2 && f.size == 3 && mx_field_end(&f) == 5);
    assert_int_equal(read_all("\x0b\x08\x01\x13\x14\x0c\x08\x02", 8, &f, &n, NULL), MX_OK);
    assert_int_equal(n, 2);
    assert_int_equal(read_all("", 0, &f, &n, NULL), MX_OK);
    assert_int_equal(n, 0);
}

static void refuses_what_is_no_message(void **state) {
    (void)state;
    ASSERT_READS(MX_ERR_SYNTAX, "\x08", 0);             /* no value */
    ASSERT_READS(MX_ERR_SYNTAX, "\x08\x01\x08\x80", 2); /* a value cut short */
    ASSERT_READS(MX_ERR_SYNTAX, "\x00\x01", 0);         /* field number 0 */
    ASSERT_READS(MX_ERR_SYNTAX, "\x0e", 0);             /* wire type 6 */
    ASSERT_READS(MX_ERR_SYNTAX, "\x0f", 0);             /* wire type 7 */
    ASSERT_READS(MX_ERR_SYNTAX, "\x0a\x02x", 0);        /* longer than the rest */
    ASSERT_READS(MX_ERR_SYNTAX, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0);
    ASSERT_READS(MX_ERR_SYNTAX, "\x0d\x01\x02\x03", 0);         /* a fixed number cut short */
    ASSERT_READS(MX_ERR_SYNTAX, "\x0b\x08\x01", 0);             /* a group without an end */
    ASSERT_READS(MX_ERR_SYNTAX, "\x0b\x14", 1);                 /* the end of another group */
    ASSERT_READS(MX_ERR_SYNTAX, "\x0c", 0);                     /* an end without a group */
    ASSERT_READS(MX_ERR_SYNTAX, "\x80\x80\x80\x80\x10\x01", 0); /* a tag over 32 bits */
}

static void varints_end_at_ten_bytes(void **state) {
    (void)state;
    uint64_t v = 0;
    uint8_t bytes[10];
    assert_int_equal(mx_wire_varint((const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, &v), 10);
    assert_true(v == UINT64_MAX);
    /* bits beyond 64 are dropped, and that form is not minimal */
    static const uint8_t over[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
    assert_int_equal(mx_wire_varint(over, 10, &v), 10);
    assert_true(v == UINT64_MAX && !mx_wire_is_minimal(over, 10, v));
    assert_int_equal(mx_wire_varint((const uint8_t *)"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11, &v), 0);
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t value = (uint64_t)1 << bit;
        size_t n = mx_wire_encode_varint(bytes, value);
        assert_int_equal(n, mx_wire_varint_size(value));
        assert_int_equal(mx_wire_varint(bytes, n, &v), n);
        assert_true(v == value);
        assert_int_equal(mx_wire_varint(bytes, n - 1, &v), 0);
    }
}

static void groups_have_a_depth(void **state) {
    (void)state;
    char bytes[2 * (MX_WIRE_GROUP_DEPTH + 1)];
    for (size_t n = MX_WIRE_GROUP_DEPTH; n <= MX_WIRE_GROUP_DEPTH + 1; n++) {
        memset(bytes, 0x0b, n);
        memset(bytes + n, 0x0c, n);
        assert_reads(n == MX_WIRE_GROUP_DEPTH ? MX_OK : MX_ERR_LIMIT, bytes, 2 * n, MX_WIRE_GROUP_DEPTH);
    }
}

/* Fields that lie across the borders of windows, and payloads that are larger than one. */
static void reads_files_window_by_window(void **state) {
    (void)state;
    char path[] = "/tmp/test_wire_XXXXXX";
    int fd = mkstemp(path);
    mx_source *s;
    mx_error err;
    mx_wire_input in;
    uint64_t large = MX_WINDOW_BYTES + 5, small = MX_WINDOW_BYTES - 12, size = 0;
    assert_true(fd >= 0);
    for (int i = 0; i < 4; i++) {
        uint8_t head[11];
        uint64_t n = i % 2 ? large : small;
        size_t length = mx_wire_encode_varint(head + 1, n) + 1;
        head[0] = 0x0a;
        assert_int_equal(pwrite(fd, head, length, (off_t)size), length);
        size += length + n;
    }
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(mx_source_from_fd(NULL, fd, &s, &err), MX_OK);
    mx_wire_from_source(&in, s);
    mx_wire w = {&in, 0, size};
    for (int i = 0; i < 4; i++) {
        mx_field f;
        const uint8_t *p;
        assert_int_equal(mx_wire_next(&w, &f, &err), MX_OK);
        assert_int_equal(f.size, i % 2 ? large : small);
        assert_int_equal(mx_wire_view(&in, f.value, f.size, &p, &err), MX_OK);
        assert_int_equal(p[f.size - 1], 0);
    }
    assert_true(w.at == w.end);
    mx_wire_close(&in);
    mx_source_release(s);
    unlink(path);
}

static void writes_what_it_reads(void **state) {
    (void)state;
    mx_buffer b;
    mx_field f;
    size_t n;
    mx_buffer_init(&b, NULL);
    mx_wire_put_int(&b, 1, -1);
    mx_wire_put_fixed32(&b, 2, 0x3f800000);
    mx_wire_put_fixed64(&b, 3, 0x3ff0000000000000);
    mx_wire_put_bytes(&b, 4000, MX_STR_LITERAL("abc"));
    assert_int_equal(read_all(b.data, b.size, &f, &n, NULL), MX_OK);
    assert_int_equal(n, 4);
    assert_true(f.number == 4000 && f.size == 3 && f.minimal);
    assert_int_equal(b.size, 11 + 5 + 9 + mx_wire_len_size(4000, 3));
    mx_buffer_free(&b);
}

static void packed_lists_hold_whole_numbers(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        mx_status status;
    } cases[] = {
        {"", 0, MX_OK},
        {"\x01\x80\x01\x00", 4, MX_OK},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x05", 11, MX_OK},
        {"\x01\x80", 2, MX_ERR_SYNTAX},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x82", 10, MX_ERR_SYNTAX},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11, MX_ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mx_wire_input in;
        mx_wire_from_memory(&in, cases[i].bytes, cases[i].n);
        assert_int_equal(mx_wire_check_varints(&in, 0, cases[i].n, NULL), cases[i].status);
    }
}

/* ---- the scan ---- */

static mx_status scan(const void *bytes, size_t n, const ProtobufCMessageDescriptor *message, uint32_t depth,
                      bool *canonical) {
    mx_wire_input in;
    mx_wire_from_memory(&in, bytes, n);
    return mx_scan_message((mx_wire){&in, 0, n}, message, depth, canonical, NULL);
}

static void knows_canonical_messages(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        bool canonical;
    } cases[] = {
        {"", 0, true},
        {"\x08\x01\x10\x02\x1a\x00", 6, true}, /* TensorProto: dims, data_type, segment */
        {"\x08\x01\x08\x02", 4, true},         /* dims twice: a list */
        {"\x0a\x02\x01\x02", 4, false},        /* dims packed */
        {"\x10\x02\x08\x01", 4, false},        /* another order */
        {"\x10\x02\x10\x02", 4, false},        /* singular, twice */
        {"\x10\x82\x00", 3, false},            /* longer than needed */
        {"\x90\x00\x02", 3, false},
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, true},
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03", 11, false},
        {"\x10\xff\xff\xff\xff\x0f", 6, false}, /* an int32 of -1 has ten bytes */
        {"\x2a\x02\x01\x02", 4, true},          /* int32_data */
        {"\x2a\x00", 2, false},                 /* an empty packed list is not written */
        {"\x28\x01", 2, false},                 /* int32_data that is not packed */
        {"\x18\x01", 2, false},                 /* a wire type that is not the field's */
        {"\xa0\x06\x01", 3, false},             /* unknown */
        {"\x1a\x02\x18\x01", 4, false},         /* unknown, in a message within */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool canonical;
        assert_int_equal(scan(cases[i].bytes, cases[i].n, &onnx__tensor_proto__descriptor, 9, &canonical), MX_OK);
        assert_int_equal(canonical, cases[i].canonical);
    }
    bool canonical; /* of a oneof there is one */
    assert_int_equal(scan("\x08\x01\x12\x01x", 5, &onnx__tensor_shape_proto__dimension__descriptor, 9, &canonical),
                     MX_OK);
    assert_false(canonical);
}

static void scans_to_a_depth(void **state) {
    (void)state;
    static const char bytes[] = "\x22\x04\x0a\x02\x22\x00"; /* a sequence of a sequence: three levels below */
    bool canonical;
    assert_int_equal(scan(bytes, 6, &onnx__type_proto__descriptor, 3, &canonical), MX_OK);
    assert_int_equal(scan(bytes, 6, &onnx__type_proto__descriptor, 2, &canonical), MX_ERR_LIMIT);
    assert_int_equal(scan("\x2a\x01\x80", 3, &onnx__tensor_proto__descriptor, 2, &canonical), MX_ERR_SYNTAX);
    assert_int_equal(scan("\x22\x03\x01\x02\x03", 5, &onnx__tensor_proto__descriptor, 2, &canonical), MX_ERR_SYNTAX);
}

/* What the scan calls canonical, protobuf-c gives back byte for byte. */
static void agrees_with_protobuf_c(void **state) {
    (void)state;
    static const char type[] =
        "\x0a\x17\x08\x01\x12\x13\x0a\x05\x12\x01n\x1a\x00\x0a\x02\x08\x03\x0a\x00\x0a\x04\x1a\x02xy\x32\x01z";
    uint32_t seed = 7;
    int canonical_ones = 0;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[sizeof type - 1], again[256];
        bool canonical = false;
        memcpy(bytes, type, sizeof bytes);
        for (int changes = round % 3; changes >= 0; changes--) {
            seed = seed * 1664525u + 1013904223u;
            bytes[(seed >> 8) % sizeof bytes] = (uint8_t)(seed >> 24 & (round % 2 ? 0x1f : 0xff));
        }
        if (scan(bytes, sizeof bytes, &onnx__type_proto__descriptor, 9, &canonical) != MX_OK || !canonical) continue;
        Onnx__TypeProto *m = onnx__type_proto__unpack(NULL, sizeof bytes, bytes);
        assert_non_null(m);
        assert_true(onnx__type_proto__get_packed_size(m) < sizeof again);
        assert_int_equal(onnx__type_proto__pack(m, again), sizeof bytes);
        assert_memory_equal(again, bytes, sizeof bytes);
        onnx__type_proto__free_unpacked(m, NULL);
        canonical_ones++;
    }
    assert_true(canonical_ones > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_wire_type),
        cmocka_unit_test(refuses_what_is_no_message),
        cmocka_unit_test(varints_end_at_ten_bytes),
        cmocka_unit_test(groups_have_a_depth),
        cmocka_unit_test(reads_files_window_by_window),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(packed_lists_hold_whole_numbers),
        cmocka_unit_test(knows_canonical_messages),
        cmocka_unit_test(scans_to_a_depth),
        cmocka_unit_test(agrees_with_protobuf_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
