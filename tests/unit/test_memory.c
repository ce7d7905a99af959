/* Allocation, arenas, growing arrays. */
#include "base/memory.h"
#include "base/text.h"

#include "allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_plain(void **state) {
    (void)state;
    void *p = mx_alloc(NULL, 0);
    assert_non_null(p);
    p = mx_realloc(NULL, p, 0, 100);
    assert_non_null(p);
    mx_free(NULL, p, 100);
    mx_free(NULL, NULL, 0);
    assert_null(mx_alloc_zero(NULL, SIZE_MAX / 2, 3));
}

/* The caller's functions see true sizes and never 0 (the allocator checks). */
static void test_caller_allocator(void **state) {
    (void)state;
    test_allocator t;
    test_allocator_init(&t);
    unsigned char *p = mx_alloc_zero(&t.allocator, 10, 3);
    assert_non_null(p);
    for (int i = 0; i < 30; i++)
        assert_int_equal(p[i], 0);
    p = mx_realloc(&t.allocator, p, 30, 60);
    mx_free(&t.allocator, p, 60);
    p = mx_alloc(&t.allocator, 0);
    p = mx_realloc(&t.allocator, p, 0, 0);
    mx_free(&t.allocator, p, 0);
    p = mx_alloc_zero(&t.allocator, 0, 8);
    mx_free(&t.allocator, p, 0);
    assert_int_equal(t.blocks, 0);
}

static void test_arena(void **state) {
    (void)state;
    test_allocator t;
    test_allocator_init(&t);
    mx_arena a;
    mx_arena_init(&a, &t.allocator);
    char *pieces[2000];
    for (size_t i = 0; i < 2000; i++) { /* sizes from 0 up, some larger than any block */
        size_t size = i % 100 == 99 ? i * 1000 : i % 77;
        pieces[i] = mx_arena_alloc(&a, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 8, 0);
        memset(pieces[i], (int)(i & 127), size);
    }
    for (size_t i = 0; i < 2000; i++) {
        size_t size = i % 100 == 99 ? i * 1000 : i % 77;
        for (size_t k = 0; k < size; k++)
            assert_int_equal(pieces[i][k], i & 127);
    }
    mx_arena_reset(&a);
    assert_int_equal(t.blocks, 1);
    assert_non_null(mx_arena_alloc(&a, 10));
    assert_int_equal(t.blocks, 1);
    mx_arena_free(&a);
    assert_int_equal(t.blocks, 0);
    assert_non_null(mx_arena_alloc(&a, 3000000)); /* a first block that is large */
    assert_non_null(mx_arena_alloc(&a, 8));
    mx_arena_free(&a);
    mx_arena_free(&a);
    mx_arena_reset(&a);
    assert_int_equal(t.blocks, 0);
}

static void test_arena_bounds(void **state) {
    (void)state;
    test_allocator t;
    test_allocator_init(&t);
    mx_arena a;
    mx_arena_init(&a, &t.allocator);
    assert_null(mx_arena_alloc(&a, SIZE_MAX));
    assert_null(mx_arena_alloc(&a, SIZE_MAX - 64));
    assert_null(mx_arena_array(&a, SIZE_MAX / 4, 8));
    assert_null(mx_arena_text(&a, "", SIZE_MAX));
    assert_non_null(mx_arena_array(&a, 0, 8));
    assert_string_equal(mx_arena_text(&a, "abc", 2), "ab");
    assert_non_null(mx_arena_copy(&a, NULL, 0));
    mx_arena_free(&a);
}

static void test_arena_failure(void **state) {
    (void)state;
    test_allocator t;
    test_allocator_init(&t);
    mx_arena a;
    mx_arena_init(&a, &t.allocator);
    t.fail_at = 1;
    assert_null(mx_arena_alloc(&a, 10));
    assert_non_null(mx_arena_alloc(&a, 10));
    t.fail_at = t.calls + 1;
    assert_null(mx_arena_alloc(&a, 1000000));
    assert_non_null(mx_arena_alloc(&a, 10));
    mx_arena_free(&a);
    assert_int_equal(t.blocks, 0);
}

static void test_grow(void **state) {
    (void)state;
    test_allocator t;
    test_allocator_init(&t);
    uint32_t *items = NULL;
    size_t cap = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(mx_grow(&t.allocator, (void **)&items, &cap, i, sizeof *items));
        items[i] = i;
    }
    assert_true(t.calls < 12);
    t.fail_at = t.calls + 1;
    size_t before = cap;
    assert_false(mx_grow(&t.allocator, (void **)&items, &cap, cap, sizeof *items));
    assert_int_equal(cap, before);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    mx_free(&t.allocator, items, cap * sizeof *items);
    assert_int_equal(t.blocks, 0);
    items = NULL;
    cap = SIZE_MAX / 2 + 1;
    assert_false(mx_grow(&t.allocator, (void **)&items, &cap, cap, 1));
}

static void test_strings(void **state) {
    (void)state;
    test_allocator t;
    test_allocator_init(&t);
    mx_strings s;
    assert_true(mx_strings_init(&s, &t.allocator));
    assert_int_equal(mx_strings_add(&s, (mx_str){NULL, 0}), MX_SID_ABSENT);
    assert_int_equal(mx_strings_add(&s, MX_STR_LITERAL("")), MX_SID_EMPTY);
    mx_sid nul = mx_strings_add(&s, (mx_str){"a\0b", 3}), a = mx_strings_add(&s, MX_STR_LITERAL("a"));
    assert_int_not_equal(nul, a);
    assert_int_equal(mx_strings_add(&s, (mx_str){"a\0b", 3}), nul);
    char text[20];
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, "name%u", i);
        assert_int_equal(mx_strings_add(&s, mx_str_of(text)), 4 + i);
    }
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, "name%u", i);
        assert_int_equal(mx_strings_find(&s, mx_str_of(text)), 4 + i);
        assert_int_equal(mx_strings_get(&s, 4 + i).p[mx_strings_get(&s, 4 + i).n], 0);
    }
    assert_int_equal(mx_strings_find(&s, MX_STR_LITERAL("nowhere")), MX_SID_NOMEM);
    assert_int_equal(mx_strings_find(&s, (mx_str){NULL, 0}), MX_SID_ABSENT);
    mx_strings_free(&s);
    assert_int_equal(t.blocks, 0);
}

/* Each allocation fails in turn; what was in the table stays. */
static void test_strings_failure(void **state) {
    (void)state;
    bool done = false;
    for (size_t n = 1; !done; n++) {
        test_allocator t;
        test_allocator_init(&t);
        t.fail_at = n;
        mx_strings s;
        bool good = mx_strings_init(&s, &t.allocator);
        unsigned added = 0;
        for (; good && added < 500; added++) {
            char text[20];
            snprintf(text, sizeof text, "%u", added);
            mx_sid id = mx_strings_add(&s, mx_str_of(text));
            if (id == MX_SID_NOMEM) id = mx_strings_add(&s, mx_str_of(text));
            assert_int_equal(id, 2 + added);
        }
        done = !t.failed;
        assert_true(good || t.failed);
        mx_strings_free(&s);
        assert_int_equal(t.blocks, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_caller_allocator), cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_bounds), cmocka_unit_test(test_arena_failure),    cmocka_unit_test(test_grow),
        cmocka_unit_test(test_strings),      cmocka_unit_test(test_strings_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
