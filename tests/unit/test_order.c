/* The repair of the order after edits: valid, stable, and it leaves faults of the source alone. */
#include "converter/order.h"

#include "allocator.h"
#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define FLAGS(node) mx_node_at(g, node)->flags

static void assert_sorts(mx_graph *g, mx_node_id scope, const char *order) {
    mx_error err;
    if (mx_graph_sort(g, &err) != MX_OK) fail_msg("%s", err.message);
    assert_string_equal(small_order(g, scope), order);
}

static void test_untouched(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    small_op(g, 0, "A", "b", "a");
    small_op(g, 0, "B", "a", "b");
    small_op(g, 0, "C", "d", "c");
    small_op(g, 0, "D", NULL, "d");
    small_wire(g);
    assert_sorts(g, 0, "A B C D"); /* no edit: not even looked at */
    mx_graph_release(g);
}

/* A new operator at the end goes before the first that uses it, and nothing else moves. */
static void test_new_before_user(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    small_op(g, 0, "A", NULL, "a");
    small_op(g, 0, "B", NULL, "b");
    small_op(g, 0, "C", "new", "c");
    small_op(g, 0, "D", NULL, "d");
    mx_node_id n1 = small_op(g, 0, "N", "m", "new"), n2 = small_op(g, 0, "M", "a", "m");
    FLAGS(n1) = FLAGS(n2) = MX_FLAG_NEW;
    small_wire(g);
    assert_sorts(g, 0, "A B M N C D");
    assert_false(FLAGS(n1) & MX_FLAG_UNORDERED);
    assert_sorts(g, 0, "A B M N C D"); /* and then it is in order */
    mx_graph_release(g);
}

/* A rewired operator goes behind what it needs; what it needs stays. */
static void test_changed_behind_maker(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id c = 0;
    small_op(g, 0, "A", NULL, "a");
    c = small_op(g, 0, "C", "x", "c");
    small_op(g, 0, "B", "a", "b");
    small_op(g, 0, "X", "b", "x");
    small_op(g, 0, "D", NULL, "d");
    small_op(g, 0, "E", "c", "e");
    FLAGS(c) = MX_FLAG_CHANGED;
    small_wire(g);
    assert_sorts(g, 0, "A B X C D E");
    mx_graph_release(g);
}

/* Where an untouched operator stands between, what it needs comes to it. */
static void test_pulled(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    small_op(g, 0, "A", NULL, "a");
    mx_node_id c = small_op(g, 0, "C", "x", "c");
    small_op(g, 0, "E", "c", "e");
    small_op(g, 0, "B", NULL, "b");
    small_op(g, 0, "W", NULL, "w");
    small_op(g, 0, "X", "w", "x");
    FLAGS(c) = MX_FLAG_CHANGED;
    small_wire(g);
    assert_sorts(g, 0, "A W X C E B");
    mx_graph_release(g);
}

static void test_captured(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id outer = small_op(g, 0, "If", NULL, "r"), body = small_body(g, outer, "then");
    mx_node_id middle = small_op(g, body, "Loop", NULL, "l"), deep = small_body(g, middle, "body");
    mx_node_id inner = small_op(g, deep, "I", "v,k", "i");
    small_op(g, body, "K", NULL, "k");
    small_op(g, 0, "V", NULL, "v");
    FLAGS(inner) = MX_FLAG_CHANGED;
    small_wire(g);
    assert_sorts(g, 0, "V If");
    assert_string_equal(small_order(g, body), "K Loop");
    mx_graph_release(g);

    g = small_graph(NULL); /* an output of the body that gives out an outer value */
    outer = small_op(g, 0, "If", NULL, "r");
    body = small_body(g, outer, "then");
    mx_node_id out = small_output(g, body, "v");
    small_op(g, 0, "V", NULL, "v");
    FLAGS(out) = MX_FLAG_CHANGED;
    small_wire(g);
    assert_sorts(g, 0, "V If");
    mx_graph_release(g);
}

static void assert_cycle(mx_graph *g, const char *node) {
    mx_error err;
    char before[1000];
    snprintf(before, sizeof before, "%s", small_order(g, 0));
    assert_int_equal(mx_graph_sort(g, &err), MX_ERR_INVALID);
    assert_string_equal(err.node, node);
    assert_string_equal(small_order(g, 0), before);
    assert_int_equal(mx_graph_sort(g, NULL), MX_ERR_INVALID);
}

static void test_cycles(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    small_op(g, 0, "Before", "c", "p");
    small_op(g, 0, "A", "b", "a");
    small_op(g, 0, "B", "c", "b");
    mx_node_id c = small_op(g, 0, "C", "a", "c");
    small_op(g, 0, "After", "c", "q");
    FLAGS(c) = MX_FLAG_CHANGED;
    small_wire(g);
    assert_cycle(g, "C");
    mx_graph_release(g);

    g = small_graph(NULL); /* with itself */
    mx_node_id s = small_op(g, 0, "S", "s", "s");
    FLAGS(s) = MX_FLAG_NEW;
    small_wire(g);
    assert_cycle(g, "S");
    mx_graph_release(g);

    g = small_graph(NULL); /* through a body */
    mx_node_id loop = small_op(g, 0, "Loop", NULL, "r"), body = small_body(g, loop, "body");
    mx_node_id inner = small_op(g, body, "I", "x", "i");
    small_op(g, 0, "X", "r", "x");
    FLAGS(inner) = MX_FLAG_CHANGED;
    small_wire(g);
    assert_cycle(g, "Loop");
    mx_graph_release(g);
}

/* What the source had wrong stays as it is beside an edit, cycles too; an edit in the cycle makes it an error. */
static void test_source_faults(void **state) {
    (void)state;
    for (int touched = 0; touched < 2; touched++) {
        mx_graph *g = small_graph(NULL);
        small_op(g, 0, "A", "b", "a");
        mx_node_id b = small_op(g, 0, "B", "a", "b"), e = 0;
        small_op(g, 0, "C", "d", "c");
        e = small_op(g, 0, "E", "n", "e");
        small_op(g, 0, "D", NULL, "d");
        small_op(g, 0, "S", "s", "s");
        mx_node_id n = small_op(g, 0, "N", NULL, "n");
        FLAGS(n) = MX_FLAG_NEW;
        FLAGS(e) = MX_FLAG_CHANGED;
        if (touched) FLAGS(b) = MX_FLAG_CHANGED;
        small_wire(g);
        if (touched)
            assert_cycle(g, "B");
        else
            assert_sorts(g, 0, "A B C N E D S");
        mx_graph_release(g);
    }
}

/* The fault of one operator must not hide the cycle that an edit makes through it. */
static void test_fault_in_new_cycle(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    small_op(g, 0, "A", "b", "a"); /* uses b too early, at the source */
    mx_node_id b = small_op(g, 0, "B", "a", "b");
    FLAGS(b) = MX_FLAG_CHANGED; /* and now b needs a */
    small_wire(g);
    assert_cycle(g, "B");
    mx_graph_release(g);
}

static uint32_t random_number(void) {
    static uint32_t x = 12345;
    x = x * 1664525 + 1013904223;
    return x >> 8;
}

static bool depends(const mx_graph *g, mx_node_id user, mx_node_id maker) {
    const mx_node *n = mx_node_at(g, user);
    for (uint32_t k = 0; k < n->n_inputs; k++)
        if (n->inputs[k].source == maker) return true;
    return false;
}

/* Random wirings without cycles, random edits: the result is valid, complete, and untouched operators that were in
 * order and need nothing moved keep their order. */
static void test_random(void **state) {
    (void)state;
    for (int round = 0; round < 400; round++) {
        mx_graph *g = small_graph(NULL);
        enum { N = 30 };
        mx_node_id ids[N];
        uint32_t rank[N]; /* a hidden order that makes it free of cycles */
        for (uint32_t i = 0; i < N; i++) {
            char type[8], out[8];
            snprintf(type, sizeof type, "T%u", i);
            snprintf(out, sizeof out, "v%u", i);
            ids[i] = small_op(g, 0, type, "", out);
            rank[i] = random_number() % 1000 * N + i;
        }
        uint32_t swaps = random_number() % 40;
        for (uint32_t i = 0; i < N; i++) {
            mx_node *n = mx_node_at(g, ids[i]);
            uint32_t j = random_number() % N;
            bool backwards = random_number() % 10 < swaps % 10;
            if (j == i || (backwards ? rank[j] >= rank[i] : j >= i || rank[j] >= rank[i])) continue;
            n->inputs[0] = (mx_port){mx_node_at(g, ids[j])->outputs[0], ids[j], 0};
            if (j > i) n->flags = random_number() % 2 ? MX_FLAG_CHANGED : MX_FLAG_NEW;
        }
        mx_node_at(g, ids[0])->flags |= MX_FLAG_CHANGED;
        mx_error err;
        assert_int_equal(mx_graph_sort(g, &err), MX_OK);
        const mx_scope_data *s = &g->scopes[0];
        bool seen[N] = {false};
        mx_node_id last_kept = 0;
        for (size_t i = 0; i < N; i++) {
            mx_node_id id = s->operators[i];
            assert_false(seen[id - ids[0]]);
            seen[id - ids[0]] = true;
            for (size_t k = i; k < N; k++)
                assert_false(depends(g, id, s->operators[k]));
            bool feeds = false; /* feeds somebody: it may have been pulled */
            for (uint32_t k = 0; k < N; k++)
                feeds |= depends(g, ids[k], id);
            if (FLAGS(id) & (MX_FLAG_NEW | MX_FLAG_CHANGED) || feeds) continue;
            assert_true(id > last_kept);
            last_kept = id;
        }
        mx_graph_release(g);
    }
}

/* A chain of many operators upside down: no recursion, no quadratic time. */
static void test_long(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    enum { N = 200000 };
    mx_node_id last = MX_NO_NODE;
    for (uint32_t i = 0; i < N; i++) {
        mx_node_id id = small_op(g, 0, "T", "", "v");
        mx_node *n = mx_node_at(g, id);
        n->flags = i % 3 == 0 ? MX_FLAG_CHANGED : 0;
        if (last != MX_NO_NODE) mx_node_at(g, last)->inputs[0] = (mx_port){n->outputs[0], id, 0};
        last = id;
    }
    mx_error err;
    assert_int_equal(mx_graph_sort(g, &err), MX_OK);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(g->scopes[0].operators[i], N - i);
    mx_graph_release(g);
}

static void test_failing_memory(void **state) {
    (void)state;
    bool done = false;
    for (size_t n = 1; !done; n++) {
        test_allocator t;
        test_allocator_init(&t);
        mx_env env = {.allocator = &t.allocator};
        mx_graph *g = small_graph(&env);
        mx_node_id a = small_op(g, 0, "A", "b", "a"), loop = small_op(g, 0, "Loop", "a", "r"),
                   body = small_body(g, loop, "body");
        mx_node_id c = small_op(g, body, "C", "d", "c");
        small_op(g, body, "D", "b", "d");
        small_op(g, 0, "B", NULL, "b");
        FLAGS(a) = FLAGS(c) = MX_FLAG_CHANGED;
        small_wire(g);
        t.fail_at = t.calls + n;
        mx_error err;
        mx_status status = mx_graph_sort(g, &err);
        done = !t.failed;
        assert_int_equal(status, done ? MX_OK : MX_ERR_NOMEM);
        assert_string_equal(small_order(g, 0), done ? "B A Loop" : "A Loop B");
        assert_string_equal(small_order(g, body), done ? "D C" : "C D");
        mx_graph_release(g);
        assert_int_equal(t.blocks, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_new_before_user),
        cmocka_unit_test(test_changed_behind_maker),
        cmocka_unit_test(test_pulled),
        cmocka_unit_test(test_captured),
        cmocka_unit_test(test_cycles),
        cmocka_unit_test(test_source_faults),
        cmocka_unit_test(test_fault_in_new_cycle),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
