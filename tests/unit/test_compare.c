/* Comparing graphs: what is a difference of nodes and attributes, how it is named, and how a comparison runs. */
#include "hand_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_identical(void **state) {
    (void)state;
    hand_expect(hand_model(), hand_model(), "");
    hand_expect(hand_graph(), hand_graph(), "");
}

/* The second model has other ids for all strings. */
static void test_other_string_ids(void **state) {
    (void)state;
    mx_graph *a = hand_graph(), *b = hand_graph();
    hand_sid(b, "z");
    hand_input(a, 0, "x");
    hand_op(a, 0, "Relu", "r", "x", "y");
    hand_op(b, 0, "Relu", "r", "x", "y");
    hand_input(b, 0, "x");
    hand_expect(a, b, "");
}

static void test_model_fields(void **state) {
    (void)state;
    mx_graph *b = hand_model();
    b->model.ir_version = 9;
    b->model.producer_name = MX_SID_EMPTY;
    b->model.producer_version = hand_sid(b, "2");
    b->model.has_model_version = true;
    mx_node_at(b, 0)->doc = hand_sid(b, "text");
    mx_node_at(b, 0)->rest = hand_sid(b, "{\"unknown\":\"qgYA\"}");
    b->scopes[0].name = MX_SID_ABSENT;
    b->scopes[0].rest = hand_sid(b, "{}");
    b->scopes[0].metadata = hand_pairs(b, "g", "1", NULL, NULL);
    b->scopes[0].opsets[0].version = 19;
    b->scopes[0].opsets[1].domain = hand_sid(b, "yours");
    hand_expect(hand_model(), b,
           "~model: ir_version: 8 -> 9\n"
           "~model: producer_name: 'hand' -> ''\n"
           "+model: producer_version: () -> '2'\n"
           "+model: model_version: () -> 0\n"
           "+model: doc_string: () -> 'text'\n"
           "+model: rest: () -> '{\"unknown\":\"qgYA\"}'\n"
           "-graph: graph name: 'main' -> ()\n"
           "+graph: graph rest: () -> '{}'\n"
           "+metadata: graph metadata 'g': () -> '1'\n"
           "~opset: opset_import '' version: 18 -> 19\n"
           "-opset: opset_import 'my': 1 -> ()\n"
           "+opset: opset_import 'yours': () -> 1\n");
}

/* ---- nodes ---- */

static void test_renamed_nodes_and_values(void **state) {
    (void)state;
    mx_graph *b = hand_model();
    mx_node *gemm = mx_node_at(b, hand_find(b, "gemm"));
    gemm->name = hand_sid(b, "linear");
    hand_expect(hand_model(), b, "~node: 'gemm' name: 'gemm' -> 'linear'\n");

    b = hand_model();
    gemm = mx_node_at(b, hand_find(b, "gemm"));
    gemm->name = MX_SID_ABSENT;
    gemm->outputs[0] = hand_sid(b, "h2");
    for (mx_node_id id = 0; id < b->n_nodes; id++) /* in both bodies, too */
        for (uint32_t k = 0; k < mx_node_at(b, id)->n_inputs; k++)
            if (mx_str_is(mx_text(b, mx_node_at(b, id)->inputs[k].name), "h"))
                mx_node_at(b, id)->inputs[k].name = hand_sid(b, "h2");
    hand_expect(hand_model(), b, "-node: 'gemm' name: 'gemm' -> ()\n~value: 'gemm' output 0: 'h' -> 'h2'\n");
}

/* Nothing has a name in common, and the order is another. */
static void test_structure(void **state) {
    (void)state;
    mx_graph *b = hand_graph();
    hand_input(b, 0, "x");
    hand_op(b, 0, "Neg", "", "x", "B");
    hand_op(b, 0, "Relu", "", "x", "A");
    hand_op(b, 0, "Add", "", "A,B", "y");
    hand_output(b, 0, "y");
    hand_expect(hand_diamond(), b, "~value: Relu #0 output 0: 'a' -> 'A'\n~value: Neg #1 output 0: 'b' -> 'B'\n");
}

/* Sources that are alike are told apart by what uses them. */
static void test_alike_sources(void **state) {
    (void)state;
    mx_graph *g[2];
    for (int side = 0; side < 2; side++) {
        g[side] = hand_graph();
        hand_op(g[side], 0, "Zero", "", "", side ? "d" : "a");
        hand_op(g[side], 0, "Zero", "", "", side ? "c" : "b");
        hand_op(g[side], 0, "Exp", "", side ? "c" : "a", side ? "e" : "f");
        hand_op(g[side], 0, "Log", "", side ? "d" : "b", "y");
        hand_output(g[side], 0, "y");
    }
    hand_expect(g[0], g[1],
           "~value: Zero #0 output 0: 'a' -> 'c'\n"
           "~value: Zero #1 output 0: 'b' -> 'd'\n"
           "~value: Exp #2 output 0: 'f' -> 'e'\n");
}

static void test_changed_type(void **state) {
    (void)state;
    mx_graph *b = hand_model();
    mx_node *add = mx_node_at(b, hand_find(b, "add"));
    add->op_type = hand_sid(b, "Mul");
    add->domain = MX_SID_EMPTY;
    add->overload = hand_sid(b, "o");
    add->doc = hand_sid(b, "d");
    hand_expect(hand_model(), b,
           "~node: 'add' op_type: 'Add' -> 'Mul'\n"
           "+node: 'add' domain: () -> ''\n"
           "+node: 'add' overload: () -> 'o'\n"
           "+node: 'add' doc_string: () -> 'd'\n");
}

static void test_added_and_removed(void **state) {
    (void)state;
    mx_graph *a = hand_diamond(), *b = hand_diamond();
    hand_op(a, 0, "Exp", "", "y", "gone");
    hand_op(b, 0, "Log", "new", "y", "l");
    hand_op(b, 0, "Log", "", "l", "l2");
    hand_expect(a, b, "-node: Exp #3: 'Exp' -> ()\n+node: 'new': () -> 'Log'\n+node: Log #4: () -> 'Log'\n");
}

/* A node is put between two others: its neighbours are still recognised. */
static void test_inserted(void **state) {
    (void)state;
    mx_graph *b = hand_graph();
    hand_input(b, 0, "x");
    hand_op(b, 0, "Relu", "", "x", "a");
    hand_op(b, 0, "Neg", "", "x", "b");
    hand_op(b, 0, "Abs", "", "b", "c");
    hand_op(b, 0, "Add", "", "a,c", "y");
    hand_output(b, 0, "y");
    hand_expect(hand_diamond(), b, "~edge: Add #2 input 1: Neg #1 output 0 -> Abs #2 output 0\n+node: Abs #2: () -> 'Abs'\n");
}

static void test_edges(void **state) {
    (void)state;
    mx_graph *a = hand_diamond(), *b = hand_diamond();
    mx_node *add = mx_node_at(b, b->scopes[0].operators[2]);
    add->inputs[0].name = hand_sid(b, "x");
    add->inputs[1].name = MX_SID_EMPTY;
    hand_expect(a, b,
           "~edge: Add #2 input 0: Relu #0 output 0 -> input 'x'\n"
           "~edge: Add #2 input 1: Neg #1 output 0 -> no value\n");
    a = hand_diamond();
    b = hand_diamond();
    mx_node_at(b, b->scopes[0].operators[2])->n_inputs = 1;
    mx_node_at(b, b->scopes[0].operators[0])->inputs[0].name = hand_sid(b, "nobody");
    hand_expect(a, b,
           "~edge: Relu #0 input 0: input 'x' -> value 'nobody'\n"
           "-edge: Add #2 input 1: Neg #1 output 0 -> ()\n");
}

/* The name stays; what makes it is another node. */
static void test_values_made_twice(void **state) {
    (void)state;
    mx_graph *a = hand_graph(), *b = hand_graph();
    for (int side = 0; side < 2; side++) {
        mx_graph *g = side ? b : a;
        hand_input(g, 0, "x");
        hand_op(g, 0, "Relu", "r", "x", "v");
        hand_op(g, 0, "Neg", "n", "x", "v");
        hand_op(g, 0, "Exp", "e", "v", "y");
    }
    hand_swap_ids(b->scopes[0].operators, 1, 2);
    hand_expect(a, b, "~edge: 'e' input 0: 'n' output 0 -> 'r' output 0\n");
}

static void test_repeated_nodes(void **state) {
    (void)state;
    mx_graph *a = hand_graph(), *b = hand_graph();
    for (int i = 0; i < 3; i++)
        hand_op(a, 0, "Relu", "same", "x", "y");
    for (int i = 0; i < 4; i++)
        hand_op(b, 0, "Relu", "same", "x", "y");
    hand_expect(a, b, "+node: 'same': () -> 'Relu'\n");
}

/* ---- attributes ---- */

static mx_graph *with_attributes(int variant) {
    static const float floats[][3] = {{1, 2, 3}, {1, -0.0f, 3}};
    static const int64_t ints[][3] = {{0, 1, 2}, {0, 1, 7}};
    mx_graph *g = hand_graph();
    bool other = variant != 0;
    mx_attr *at = hand_attributes(g, hand_op(g, 0, "Op", "n", "", "y"), 11);
    uint32_t nan = 0x7fc00000u + (uint32_t)variant;
    at[0] = (mx_attr){.name = hand_sid(g, "f"), .type = MX_ATTR_FLOAT};
    memcpy(&at[0].value.f, &nan, sizeof nan);
    at[1] = (mx_attr){.name = hand_sid(g, "i"), .type = MX_ATTR_INT, .value.i = INT64_MAX - variant};
    at[2] = (mx_attr){.name = hand_sid(g, "s"), .type = MX_ATTR_STRING, .value.s = hand_sid(g, other ? "b" : "a")};
    at[3] = (mx_attr){.name = hand_sid(g, "floats"), .type = MX_ATTR_FLOATS, .count = 3};
    at[3].value.floats = hand_array(g, 3, sizeof(float));
    memcpy(at[3].value.floats, floats[variant], sizeof floats[0]);
    at[4] = (mx_attr){.name = hand_sid(g, "ints"), .type = MX_ATTR_INTS, .count = 3 - (uint32_t)variant};
    at[4].value.ints = hand_array(g, 3, sizeof(int64_t));
    memcpy(at[4].value.ints, ints[variant], sizeof ints[0]);
    at[5] = (mx_attr){.name = hand_sid(g, "t"), .type = MX_ATTR_TENSOR};
    at[5].value.index = hand_tensor(g, "", INT8, MX_TENSOR_RAW_DATA, other ? "abd" : "abc", 3);
    at[6] = (mx_attr){.name = hand_sid(g, "r"), .type = MX_ATTR_INT, .ref_name = hand_sid(g, other ? "beta" : "alpha")};
    at[7] = (mx_attr){.name = hand_sid(g, "opaque"), .type = MX_ATTR_OPAQUE, .value.s = hand_sid(g, other ? "\x7f" : "\x01")};
    at[8] = (mx_attr){.name = hand_sid(g, "type"), .type = MX_ATTR_TYPE_PROTO, .value.index = hand_float_type(g, variant)};
    at[9] = (mx_attr){.name = hand_sid(g, other ? "new" : "old"), .type = MX_ATTR_UNDEFINED};
    at[10] = (mx_attr){.name = hand_sid(g, "kind"), .type = other ? MX_ATTR_INT : MX_ATTR_FLOAT, .doc = hand_sid(g, "d")};
    at[10].rest = other ? hand_sid(g, "{}") : MX_SID_ABSENT;
    if (other) at[10].value.i = 0;
    return g;
}

static void test_attributes(void **state) {
    (void)state;
    hand_expect(with_attributes(0), with_attributes(0), "");
    hand_expect(with_attributes(0), with_attributes(1),
           "~attribute: 'n' attribute 'f': FLOAT 0x7fc00000 -> FLOAT 0x7fc00001\n"
           "~attribute: 'n' attribute 'i': INT 9223372036854775807 -> INT 9223372036854775806\n"
           "~attribute: 'n' attribute 's': STRING 'a' -> STRING 'b'\n"
           "~attribute: 'n' attribute 'floats': FLOATS [1.0, 2.0, 3.0] -> FLOATS [1.0, -0.0, 3.0]\n"
           "~attribute: 'n' attribute 'ints': INTS [0, 1, 2] -> INTS [0, 1]\n"
           "~attribute: 'n' attribute 't' data: 3 bytes, XXH3-128 06b05ab6733a618578af5f94892f3950 -> "
           "3 bytes, XXH3-128 ec4af3fc0b1f44fe6b4467b443c76228\n"
           "~attribute: 'n' attribute 'r': INT from 'alpha' -> INT from 'beta'\n"
           "~attribute: 'n' attribute 'opaque': opaque '\\x01' -> opaque '\\x7f'\n"
           "~attribute: 'n' attribute 'type': TYPE_PROTO FLOAT[0] -> TYPE_PROTO FLOAT[1]\n"
           "-attribute: 'n' attribute 'old': UNDEFINED -> ()\n"
           "~attribute: 'n' attribute 'kind': FLOAT 0.0 -> INT 0\n"
           "+attribute: 'n' attribute 'kind' rest: () -> '{}'\n"
           "+attribute: 'n' attribute 'new': () -> UNDEFINED\n");
}

static void test_long_list(void **state) {
    (void)state;
    mx_graph *g[2];
    for (int side = 0; side < 2; side++) {
        g[side] = hand_graph();
        mx_attr *at = hand_attributes(g[side], hand_op(g[side], 0, "Op", "n", "", "y"), 1);
        at[0] = (mx_attr){.name = hand_sid(g[side], "v"), .type = MX_ATTR_INTS, .count = 100};
        at[0].value.ints = hand_array(g[side], 100, sizeof(int64_t));
        at[0].value.ints[90] = side;
    }
    hand_expect(g[0], g[1],
           "~attribute: 'n' attribute 'v': INTS [\xE2\x80\xA6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] of 100 -> "
           "INTS [\xE2\x80\xA6, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0] of 100\n");
}

/* ---- how it runs ---- */

static void test_stop(void **state) {
    (void)state;
    mx_graph *a = hand_model(), *b = hand_graph();
    hand_log log = {.stop_after = 2};
    uint64_t count;
    assert_int_equal(mx_graph_compare(a, b, hand_write_down, &log, &count, NULL), MX_OK);
    assert_int_equal(log.calls, 2);
    assert_int_equal(count, 2);
    mx_graph_release(a);
    mx_graph_release(b);
}

typedef struct counting {
    long until, used;
} counting;

static void *failing_alloc(void *ctx, size_t size) {
    counting *n = ctx;
    if (n->until-- == 0) return NULL;
    n->used++;
    return malloc(size);
}
static void *failing_realloc(void *ctx, void *old, size_t old_size, size_t size) {
    counting *n = ctx;
    (void)old_size;
    return n->until-- == 0 ? NULL : realloc(old, size);
}
static void counting_free(void *ctx, void *old, size_t old_size) {
    (void)old_size;
    ((counting *)ctx)->used--;
    free(old);
}

/* Different in everything, and in structures of all kinds: every allocation is made. */
static void test_no_memory(void **state) {
    (void)state;
    mx_graph *a = hand_model(), *b = with_attributes(0);
    hand_op(a, 0, "Relu", "", "y", "one");
    hand_op(b, 0, "Relu", "", "y", "another");
    hand_wire(a);
    hand_wire(b);
    counting n = {0};
    const mx_allocator own = {failing_alloc, failing_realloc, counting_free, &n}, *kept = a->allocator;
    mx_status status = MX_ERR_NOMEM;
    long at = 0;
    for (; status == MX_ERR_NOMEM && at < 1000; at++) {
        hand_log log = {.calls = 0};
        uint64_t count = 1;
        mx_error err = {0};
        n = (counting){.until = at};
        a->allocator = &own;
        status = mx_graph_compare(a, b, hand_write_down, &log, &count, &err);
        a->allocator = kept;
        assert_int_equal(n.used, 0);
        if (status == MX_ERR_NOMEM) assert_int_equal(count, 0);
        if (status == MX_ERR_NOMEM) assert_int_equal(err.code, MX_ERR_NOMEM);
    }
    assert_int_equal(status, MX_OK);
    assert_true(at > 15);
    mx_graph_release(a);
    mx_graph_release(b);
}

/* 200,000 nodes that have nothing in common but their structure. */
static mx_graph *chain(const char *prefix, int n) {
    mx_graph *g = hand_graph();
    char from[32] = "x", to[32];
    hand_input(g, 0, "x");
    for (int i = 0; i < n; i++) {
        snprintf(to, sizeof to, "%s%d", prefix, i);
        hand_op(g, 0, i % 3 ? "Relu" : "Neg", "", from, to);
        memcpy(from, to, sizeof to);
    }
    hand_wire(g);
    return g;
}

static void test_large(void **state) {
    (void)state;
    enum { N = 200000 };
    mx_graph *a = chain("a", N), *b = chain("b", N);
    uint64_t count;
    assert_int_equal(mx_graph_compare(a, b, NULL, NULL, &count, NULL), MX_OK);
    assert_int_equal(count, N); /* the name of each value */
    mx_graph_release(a);
    mx_graph_release(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identical),
        cmocka_unit_test(test_other_string_ids),
        cmocka_unit_test(test_model_fields),
        cmocka_unit_test(test_renamed_nodes_and_values),
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_alike_sources),
        cmocka_unit_test(test_changed_type),
        cmocka_unit_test(test_added_and_removed),
        cmocka_unit_test(test_inserted),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_values_made_twice),
        cmocka_unit_test(test_repeated_nodes),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_long_list),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
