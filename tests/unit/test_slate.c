/* Slates: blank cells, wiping, and the wrap of the round's number. */
#include "base/slate.h"

#include "allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_blank_until_written(void **state) {
    (void)state;
    mx_slate s;
    assert_true(mx_slate_init(&s, NULL, 3, 7));
    for (size_t i = 0; i < 3; i++) assert_int_equal(mx_slate_get(&s, i), 7);
    assert_int_equal(mx_slate_set(&s, 1, 5), 7);
    assert_int_equal(mx_slate_set(&s, 1, 6), 5);
    ++*mx_slate_at(&s, 2);
    assert_int_equal(mx_slate_get(&s, 0), 7);
    assert_int_equal(mx_slate_get(&s, 1), 6);
    assert_int_equal(mx_slate_get(&s, 2), 8);
    mx_slate_wipe(&s);
    for (size_t i = 0; i < 3; i++) assert_int_equal(mx_slate_get(&s, i), 7);
    mx_slate_free(&s);
}

static void test_rounds_without_end(void **state) {
    (void)state;
    mx_slate s;
    assert_true(mx_slate_init(&s, NULL, 2, 0));
    mx_slate_set(&s, 0, 3); /* in round 1, which comes again */
    s.round = UINT32_MAX;
    mx_slate_set(&s, 1, 4);
    mx_slate_wipe(&s);
    assert_int_equal(mx_slate_get(&s, 0), 0);
    assert_int_equal(mx_slate_get(&s, 1), 0);
    mx_slate_free(&s);
}

static void test_no_memory(void **state) {
    (void)state;
    test_allocator t;
    mx_slate s;
    test_allocator_init(&t);
    t.fail_at = 1;
    assert_false(mx_slate_init(&s, &t.allocator, 10, 0));
    mx_slate_free(&s);
    assert_int_equal(t.blocks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blank_until_written),
        cmocka_unit_test(test_rounds_without_end),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
