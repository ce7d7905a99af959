/* Which port makes the value of which: scopes, captures, faults. */
#include "small_graph.h"

#include "allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SOURCE(node, port) mx_node_at(g, node)->inputs[port].source
#define FLAGS(node)        mx_node_at(g, node)->flags

static void test_plain(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id x = small_input(g, 0, "x"), split = small_op(g, 0, "Split", "x", "a,b");
    mx_node_id add = small_op(g, 0, "Add", "b,a,,nowhere,w", "y"), y = small_output(g, 0, "y");
    small_initializer(g, 0, "w");
    small_initializer(g, 0, "idle");
    small_sparse(g, 0, "s");
    small_wire(g);
    assert_int_equal(SOURCE(split, 0), x);
    assert_int_equal(SOURCE(add, 0), split);
    assert_int_equal(mx_node_at(g, add)->inputs[0].source_port, 1);
    assert_int_equal(SOURCE(add, 1), split);
    for (int k = 2; k < 5; k++)
        assert_int_equal(SOURCE(add, k), MX_NO_NODE);
    assert_int_equal(SOURCE(y, 0), add);
    assert_false(g->tensors[0].unused_at_source);
    assert_true(g->tensors[1].unused_at_source);
    assert_true(g->sparses[0].unused_at_source);
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        assert_int_equal(FLAGS(id), 0);
    mx_graph_release(g);
}

static void test_captures(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id x = small_input(g, 0, "x"), a = small_op(g, 0, "A", "x", "a");
    mx_node_id outer = small_op(g, 0, "If", "x", "r"), body = small_body(g, outer, "then");
    small_initializer(g, 0, "w");
    mx_node_id inner = small_op(g, body, "If", "a", "i"), deep = small_body(g, inner, "then");
    mx_node_id d = small_op(g, deep, "D", "x,a,w", "d"), out = small_output(g, deep, "d"),
               captured = small_output(g, body, "a");
    mx_node_id after = small_op(g, 0, "B", "d,i", "b"); /* names of bodies are not seen outside */
    small_wire(g);
    assert_int_equal(SOURCE(inner, 0), a);
    assert_int_equal(SOURCE(d, 0), x);
    assert_int_equal(SOURCE(d, 1), a);
    assert_int_equal(SOURCE(d, 2), MX_NO_NODE);
    assert_int_equal(SOURCE(out, 0), d);
    assert_int_equal(SOURCE(captured, 0), a);
    assert_int_equal(SOURCE(after, 0), MX_NO_NODE);
    assert_int_equal(SOURCE(after, 1), MX_NO_NODE);
    assert_false(g->tensors[0].unused_at_source); /* used in a body */
    mx_graph_release(g);
}

static void test_shadowing(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id a = small_op(g, 0, "A", NULL, "v"), loop = small_op(g, 0, "Loop", NULL, "r");
    mx_node_id body = small_body(g, loop, "body"), in = small_input(g, body, "v"), b = small_op(g, body, "B", "v", "b");
    mx_node_id loop2 = small_op(g, 0, "Loop", NULL, "r2"), body2 = small_body(g, loop2, "body");
    mx_node_id c = small_op(g, body2, "C", "v", "c"), d = small_op(g, body2, "D", "c", "v"),
               e = small_op(g, body2, "E", "v", "e");
    mx_node_id after = small_op(g, 0, "F", "v", "f");
    small_initializer(g, body2, "v");
    small_wire(g);
    assert_int_equal(SOURCE(b, 0), in);
    assert_int_equal(SOURCE(c, 0), MX_NO_NODE); /* the body's initializer hides the outer value */
    assert_int_equal(SOURCE(e, 0), d);
    assert_true(FLAGS(d) & MX_FLAG_DUPLICATE);
    assert_int_equal(SOURCE(after, 0), a);
    mx_graph_release(g);
}

static void test_faults(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id early = small_op(g, 0, "Early", "v,v", "e"), one = small_op(g, 0, "One", NULL, "v");
    mx_node_id between = small_op(g, 0, "Between", "v", "b"), two = small_op(g, 0, "Two", NULL, "v");
    mx_node_id late = small_op(g, 0, "Late", "v", "l"), self = small_op(g, 0, "Self", "s", "s");
    mx_node_id loop = small_op(g, 0, "Loop", NULL, "r"), body = small_body(g, loop, "body");
    mx_node_id inner = small_op(g, body, "Inner", "r", "i"), twice = small_op(g, 0, "Twice", NULL, "t,t");
    small_wire(g);
    assert_int_equal(SOURCE(early, 0), one); /* the first after it */
    assert_true(FLAGS(early) & MX_FLAG_UNORDERED);
    assert_int_equal(SOURCE(between, 0), one);
    assert_int_equal(SOURCE(late, 0), two);
    assert_int_equal(FLAGS(late), 0);
    assert_true(FLAGS(one) & MX_FLAG_DUPLICATE);
    assert_true(FLAGS(two) & MX_FLAG_DUPLICATE);
    assert_int_equal(SOURCE(self, 0), self);
    assert_true(FLAGS(self) & MX_FLAG_UNORDERED);
    assert_int_equal(SOURCE(inner, 0), loop); /* the result of the operator that it is part of */
    assert_true(FLAGS(inner) & MX_FLAG_UNORDERED);
    assert_true(FLAGS(twice) & MX_FLAG_DUPLICATE);
    mx_graph_release(g);
}

static void test_defaults(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    uint32_t w = small_initializer(g, 0, "w"), v = small_initializer(g, 0, "v");
    mx_node_id in = small_input(g, 0, "w"), again = small_input(g, 0, "w"), op = small_op(g, 0, "A", "w,v", "v");
    mx_node_id after = small_op(g, 0, "B", "v", "b");
    small_wire(g);
    assert_int_equal(SOURCE(op, 0), in); /* an initializer of an input's name is its default */
    assert_false(g->tensors[w].unused_at_source);
    assert_false(g->tensors[v].unused_at_source);
    assert_true(FLAGS(in) & MX_FLAG_DUPLICATE);
    assert_true(FLAGS(again) & MX_FLAG_DUPLICATE);
    assert_int_equal(SOURCE(op, 1), MX_NO_NODE); /* still the initializer */
    assert_int_equal(SOURCE(after, 0), op);
    assert_true(FLAGS(op) & MX_FLAG_DUPLICATE);
    assert_true(mx_scope_has_initializer(g, &g->scopes[0], small_sid(g, "w")));
    assert_false(mx_scope_has_initializer(g, &g->scopes[0], small_sid(g, "x")));
    mx_graph_release(g);
}

static void test_functions(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id x = small_input(g, 0, "x"), f = small_function(g, "local", "F"), fx = small_input(g, f, "x");
    mx_node_id a = small_op(g, f, "A", "x,y", "o"), o = small_output(g, f, "o"), call = small_op(g, 0, "F", "x,o", "y");
    mx_node_id f2 = small_function(g, "local", "G"), b = small_op(g, f2, "B", "x", "z");
    small_wire(g);
    assert_int_equal(SOURCE(a, 0), fx);
    assert_int_equal(SOURCE(a, 1), MX_NO_NODE); /* a function sees nothing of the model */
    assert_int_equal(SOURCE(o, 0), a);
    assert_int_equal(SOURCE(call, 0), x);
    assert_int_equal(SOURCE(call, 1), MX_NO_NODE);
    assert_int_equal(SOURCE(b, 0), MX_NO_NODE);
    mx_graph_release(g);
}

/* Wiring twice gives the same; earlier faults do not stay. */
static void test_again(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id a = small_op(g, 0, "A", "v", "a"), b = small_op(g, 0, "B", NULL, "v");
    small_wire(g);
    assert_true(FLAGS(a) & MX_FLAG_UNORDERED);
    mx_node_id *order = g->scopes[0].operators, first = order[0];
    order[0] = order[1];
    order[1] = first;
    small_wire(g);
    assert_int_equal(FLAGS(a), 0);
    assert_int_equal(SOURCE(a, 0), b);
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
        mx_node_id outer = small_op(g, 0, "If", "x", "a,b,c,d,e,f,g,h"), body = small_body(g, outer, "then");
        small_op(g, body, "A", "x", "i,j,k,l,m,n,o,p");
        t.fail_at = t.calls + n;
        mx_error err;
        mx_status status = mx_graph_wire(g, &err);
        done = !t.failed;
        assert_int_equal(status, done ? MX_OK : MX_ERR_NOMEM);
        t.fail_at = 0;
        small_wire(g);
        mx_graph_release(g);
        assert_int_equal(t.blocks, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),  cmocka_unit_test(test_captures),       cmocka_unit_test(test_shadowing),
        cmocka_unit_test(test_faults), cmocka_unit_test(test_defaults),       cmocka_unit_test(test_functions),
        cmocka_unit_test(test_again),  cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
