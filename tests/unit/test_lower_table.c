/* The table of operators: no target twice, and every target is an operator that exists. */
#include "torch_io/lower_run.h"
#include "torch_io/torch_io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int by_target(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void test_no_target_twice(void **state) {
    (void)state;
    size_t n = 0, doubles = 0;
    while (mx_lowering_row(n, NULL))
        n++;
    assert_true(n > 50);
    const char **targets = malloc(n * sizeof *targets);
    assert_non_null(targets);
    for (size_t i = 0; i < n; i++)
        targets[i] = mx_lowering_row(i, NULL)->target;
    qsort(targets, n, sizeof *targets, by_target);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(targets[i - 1], targets[i]) != 0) continue;
        print_error("%s stands in the table twice\n", targets[i]);
        doubles++;
    }
    free(targets);
    assert_int_equal(doubles, 0);
}

/* Python's operators and the higher-order ones have no schema, and what PyTorch registers itself at run time is not in
 * the published list. */
static bool has_no_schema(const char *target) {
    static const char *const prefixes[] = {"_operator.", "math.", "torch.", "higher_order.", "prims.", "aten.to.prim_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(target, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

/* "aten.zero.default" is made of "aten.zero_.default" and not listed for itself. */
static bool has_twin_in_place(const char *target) {
    char name[128];
    const char *overload = strrchr(target, '.');
    snprintf(name, sizeof name, "%.*s_%s", (int)(overload - target), target, overload);
    return mx_torch_schema(name) != NULL;
}

static void test_every_target_exists(void **state) {
    (void)state;
    size_t unknown = 0;
    const mx_lowering *row;
    for (size_t i = 0; (row = mx_lowering_row(i, NULL)) != NULL; i++) {
        assert_non_null(row->rule);
        if (has_no_schema(row->target) || mx_torch_schema(row->target) || has_twin_in_place(row->target)) continue;
        print_error("%s is no operator of ATen\n", row->target);
        unknown++;
    }
    assert_int_equal(unknown, 0);
}

static void test_finding(void **state) {
    (void)state;
    const mx_lowering *row = mx_lowering_find("_operator.floordiv");
    assert_non_null(row);
    assert_string_equal(row->target, "_operator.floordiv");
    assert_null(mx_lowering_find("aten.floor"));
    assert_null(mx_lowering_find(""));
}

static void test_listing(void **state) {
    (void)state;
    mx_torch_op op;
    size_t n = 0, rows = 0;
    while (mx_lowering_row(rows, NULL))
        rows++;
    for (; mx_torch_list_op(n, &op); n++) {
        assert_non_null(op.target);
        assert_non_null(op.onnx);
        assert_non_null(op.family);
        assert_true(op.opset >= MX_TORCH_OPSET_MIN && op.opset <= MX_TORCH_OPSET_MAX);
    }
    assert_int_equal(n, rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_target_twice),
                                       cmocka_unit_test(test_every_target_exists), cmocka_unit_test(test_finding),
                                       cmocka_unit_test(test_listing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
