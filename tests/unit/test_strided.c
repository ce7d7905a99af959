/* Sources that read another one with strides: every range is what the whole holds there. */
#include "base/outfile.h"
#include "base/strided.h"
#include "base/view.h"

#include "allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { BASE = 4096 };
static uint8_t bytes[BASE];

static int fill(void **state) {
    (void)state;
    for (size_t i = 0; i < BASE; i++)
        bytes[i] = (uint8_t)(i * 131 + i / 256);
    return 0;
}

static mx_source *strided(const mx_env *env, const mx_strided *layout) {
    mx_source *base, *s;
    mx_error err;
    assert_int_equal(mx_source_from_memory(env, bytes, BASE, false, &base, &err), MX_OK);
    assert_int_equal(mx_source_strided(env, base, layout, &s, &err), MX_OK);
    mx_source_release(base); /* the other one holds it */
    return s;
}

/* Element by element, as the definition says. */
static void expect(const mx_strided *l, uint8_t *out) {
    int64_t at[4] = {0};
    uint64_t count = 1;
    for (uint32_t i = 0; i < l->rank; i++)
        count *= (uint64_t)l->sizes[i];
    for (uint64_t e = 0; e < count; e++) {
        int64_t place = 0;
        for (uint32_t i = 0; i < l->rank; i++)
            place += at[i] * l->strides[i];
        memcpy(out + e * l->elem_bytes, bytes + l->offset + (uint64_t)place * l->elem_bytes, l->elem_bytes);
        for (uint32_t i = l->rank; i-- > 0 && ++at[i] == l->sizes[i];)
            at[i] = 0;
    }
}

static void check_ranges(const mx_source *s, const uint8_t *whole) {
    static const size_t steps[] = {1, 3, 4, 7, 64, 1000};
    uint8_t part[BASE];
    mx_error err;
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++)
        for (uint64_t at = 0; at < s->size; at += steps[k] * 5 + 1) {
            size_t n = at + steps[k] <= s->size ? steps[k] : (size_t)(s->size - at);
            assert_int_equal(mx_source_read(s, at, part, n, &err), MX_OK);
            assert_memory_equal(part, whole + at, n);
        }
    assert_int_equal(mx_source_read(s, s->size, part, 1, &err), MX_ERR_INVALID);
}

static void check(const mx_strided *layout) {
    uint8_t whole[BASE];
    const uint8_t *seen;
    mx_error err;
    mx_window w;
    mx_view v = {0};
    mx_hash128 hash;
    mx_source *s = strided(NULL, layout);
    assert_true(s->size <= BASE);
    expect(layout, whole);
    check_ranges(s, whole);
    assert_int_equal(mx_window_open(s, 0, s->size, &w, &err), MX_OK);
    assert_memory_equal(w.data, whole, s->size);
    mx_window_close(&w);
    assert_int_equal(mx_window_open(s, s->size, 0, &w, &err), MX_OK);
    mx_window_close(&w);
    assert_int_equal(mx_view_get(&v, s, 1, s->size - 1, &seen, &err), MX_OK);
    assert_memory_equal(seen, whole + 1, s->size - 1);
    mx_view_close(&v);
    assert_int_equal(mx_source_hash(s, 0, s->size, &hash, &err), MX_OK);
    assert_true(mx_hash_eq(hash, mx_hash_bytes(whole, (size_t)s->size)));
    mx_source_release(s);
}

static void test_layouts(void **state) {
    (void)state;
    static const int64_t turned[2][2] = {{17, 23}, {1, 17}}, cube[2][3] = {{5, 3, 11}, {1, 55, 5}},
                         spread[2][2] = {{3, 4}, {0, 2}}, rows[2][2] = {{9, 13}, {20, 1}};
    for (size_t elem = 1; elem <= 8; elem *= 2) {
        check(&(mx_strided){.elem_bytes = elem, .rank = 2, .offset = 16, .sizes = turned[0], .strides = turned[1]});
        check(&(mx_strided){.elem_bytes = elem, .rank = 3, .sizes = cube[0], .strides = cube[1]});
        check(&(mx_strided){.elem_bytes = elem, .rank = 2, .offset = 8, .sizes = spread[0], .strides = spread[1]});
        check(&(mx_strided){.elem_bytes = elem, .rank = 2, .sizes = rows[0], .strides = rows[1]});
    }
    check(&(mx_strided){.elem_bytes = 16, .rank = 2, .sizes = spread[0], .strides = spread[1]});
    check(&(mx_strided){.elem_bytes = 4, .rank = 0, .offset = 12});
}

static void test_refused(void **state) {
    (void)state;
    static const int64_t sizes[] = {32, 33}, strides[] = {1, 32}, huge[] = {INT64_MAX, INT64_MAX}, none[] = {0, 1},
                         back[] = {-1, 1};
    const struct {
        mx_strided layout;
        mx_status status;
    } cases[] = {
        {{.elem_bytes = 4, .rank = 2, .sizes = sizes, .strides = strides}, MX_ERR_INVALID},
        {{.elem_bytes = 1, .rank = 2, .offset = BASE, .sizes = sizes, .strides = strides}, MX_ERR_INVALID},
        {{.elem_bytes = 1, .rank = 2, .offset = UINT64_MAX, .sizes = sizes, .strides = strides}, MX_ERR_INVALID},
        {{.elem_bytes = 1, .rank = 2, .sizes = huge, .strides = strides}, MX_ERR_LIMIT},
        {{.elem_bytes = 1, .rank = 2, .sizes = sizes, .strides = huge}, MX_ERR_LIMIT},
        {{.elem_bytes = 1, .rank = 2, .sizes = none, .strides = strides}, MX_ERR_INVALID},
        {{.elem_bytes = 1, .rank = 2, .sizes = sizes, .strides = back}, MX_ERR_INVALID},
        {{.elem_bytes = 17, .rank = 2, .sizes = sizes, .strides = strides}, MX_ERR_LIMIT},
        {{.elem_bytes = 1, .rank = 65, .sizes = sizes, .strides = strides}, MX_ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mx_source *base, *s;
        mx_error err;
        assert_int_equal(mx_source_from_memory(NULL, bytes, BASE, false, &base, &err), MX_OK);
        assert_int_equal(mx_source_strided(NULL, base, &cases[i].layout, &s, &err), cases[i].status);
        assert_null(s);
        mx_source_release(base);
    }
}

/* Larger than the file's buffer, so that it is copied in pieces. */
static void test_copy(void **state) {
    (void)state;
    enum { SIDE = 700 };
    static uint32_t square[SIDE * SIDE], copied[SIDE * SIDE];
    static const int64_t sizes[] = {SIDE, SIDE}, strides[] = {1, SIDE};
    const mx_strided layout = {.elem_bytes = 4, .rank = 2, .sizes = sizes, .strides = strides};
    mx_source *base, *s, *written;
    mx_outfile f;
    mx_error err;
    mx_hash128 hash;
    for (uint32_t i = 0; i < SIDE * SIDE; i++)
        square[i] = i * 2654435761u;
    assert_int_equal(mx_source_from_memory(NULL, square, sizeof square, false, &base, &err), MX_OK);
    assert_int_equal(mx_source_strided(NULL, base, &layout, &s, &err), MX_OK);
    for (int hashed = 0; hashed < 2; hashed++) {
        assert_int_equal(mx_outfile_open_unnamed(NULL, getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", &f, &err), MX_OK);
        assert_int_equal(mx_outfile_copy(&f, s, 0, s->size, hashed ? &hash : NULL, &err), MX_OK);
        assert_int_equal(mx_outfile_source(&f, NULL, &written, &err), MX_OK);
        assert_int_equal(written->size, sizeof copied);
        assert_int_equal(mx_source_read(written, 0, copied, sizeof copied, &err), MX_OK);
        for (size_t i = 0; i < SIDE; i++)
            for (size_t k = 0; k < SIDE; k++)
                assert_int_equal(copied[i * SIDE + k], square[k * SIDE + i]);
        if (hashed) assert_true(mx_hash_eq(hash, mx_hash_bytes(copied, sizeof copied)));
        mx_source_release(written);
        mx_outfile_close(&f);
    }
    mx_source_release(s);
    mx_source_release(base);
}

/* A base that is too large to be mapped at once, as a file that is mostly hole: only some places differ from 0. */
static void test_large_base(void **state) {
    (void)state;
    enum { COLUMNS = 6000, ROWS = 4000 };
    static const int64_t sizes[] = {ROWS, COLUMNS}, strides[] = {1, ROWS};
    const mx_strided layout = {.elem_bytes = 4, .rank = 2, .offset = 12, .sizes = sizes, .strides = strides};
    const uint64_t places[][2] = {{0, 0}, {1, 5999}, {2000, 3}, {3999, 4195}, {3999, 5999}, {17, 4194}, {0, 4196}};
    char name[] = "/tmp/mx-strided-XXXXXX";
    int fd = mkstemp(name);
    mx_source *base, *s;
    mx_error err;
    mx_window w;
    assert_true(fd >= 0 && unlink(name) == 0 && ftruncate(fd, 12 + (off_t)4 * ROWS * COLUMNS) == 0);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        uint32_t v = (uint32_t)i + 7;
        assert_int_equal(pwrite(fd, &v, 4, 12 + (off_t)(4 * (places[i][1] * ROWS + places[i][0]))), 4);
    }
    assert_int_equal(mx_source_from_fd(NULL, fd, &base, &err), MX_OK);
    assert_int_equal(mx_source_strided(NULL, base, &layout, &s, &err), MX_OK);
    assert_false(mx_gather_fits(s));
    assert_int_equal(mx_window_open(s, 0, s->size, &w, &err), MX_OK);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        uint32_t v, byte_by_byte = 0;
        uint64_t at = 4 * (places[i][0] * COLUMNS + places[i][1]);
        memcpy(&v, w.data + at, 4);
        assert_int_equal(v, i + 7);
        assert_int_equal(mx_source_read(s, at, &byte_by_byte, 1, &err), MX_OK);
        assert_int_equal(byte_by_byte, i + 7);
    }
    uint64_t sum = 0;
    for (uint64_t i = 0; i < s->size; i++)
        sum += w.data[i];
    assert_int_equal(sum, 7 + 8 + 9 + 10 + 11 + 12 + 13);
    mx_window_close(&w);
    mx_source_release(s);
    mx_source_release(base);
}

static void test_failing_memory(void **state) {
    (void)state;
    static const int64_t sizes[] = {4, 5}, strides[] = {1, 4};
    const mx_strided layout = {.elem_bytes = 4, .rank = 2, .sizes = sizes, .strides = strides};
    for (size_t n = 1;; n++) {
        test_allocator t;
        mx_source *base, *s;
        mx_error err;
        assert_int_equal(mx_source_from_memory(NULL, bytes, BASE, false, &base, &err), MX_OK);
        test_allocator_init(&t);
        t.fail_at = n;
        mx_status status = mx_source_strided(&(mx_env){.allocator = &t.allocator}, base, &layout, &s, &err);
        mx_source_release(s);
        mx_source_release(base);
        assert_int_equal(t.blocks, 0);
        assert_int_equal(status, t.failed ? MX_ERR_NOMEM : MX_OK);
        if (!t.failed) break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layouts), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_copy), cmocka_unit_test(test_large_base),
                                       cmocka_unit_test(test_failing_memory)};
    return cmocka_run_group_tests(tests, fill, NULL);
}
