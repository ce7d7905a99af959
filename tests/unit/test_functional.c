/* The functional pass: what a program becomes, line by line. */
#include "allocator.h"
#include "program_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static mx_program *made_functional(const char *inputs, const char *nodes, const char *outputs) {
    mx_error err;
    mx_program *p = test_program(NULL, inputs, nodes, outputs);
    if (mx_program_functional(p, &err) != MX_OK) fail_msg("%s", err.message);
    assert_true(p->functional);
    return p;
}

static void expect(const char *inputs, const char *nodes, const char *outputs, const char *after) {
    mx_program *p = made_functional(inputs, nodes, outputs);
    char *text = test_program_text(p);
    assert_string_equal(text, after);
    free(text);
    mx_program_free(p);
}

static void refuse(const char *inputs, const char *nodes, const char *outputs, const char *message) {
    mx_error err;
    mx_program *p = test_program(NULL, inputs, nodes, outputs);
    assert_int_equal(mx_program_functional(p, &err), MX_ERR_UNSUPPORTED);
    if (!strstr(err.message, message)) fail_msg("%s", err.message);
    mx_program_free(p);
}

static void test_in_place(void **state) {
    (void)state;
    expect("x[2,3]", "y[2,3] = aten.add_.Tensor(x, 1)\nz[2,3] = aten.relu_.default(y)\nw[2,3] = aten.mul.Tensor(x, y)",
           "w x", "y = aten.add.Tensor(x, 1, 1)\nz = aten.relu.default(y)\nw = aten.mul.Tensor(z, z)\n-> w z");
    expect("x[2,3]", "y[2,3] = aten.fill_.Scalar(x, 0.5)", "x", "y = aten.full_like.default(x, 0.5)\n-> y");
    expect("x[2,3] v[]", "y[2,3] = aten.fill_.Tensor(x, v)", "x", "y = aten.copy.default(x, v)\n-> y");
    expect("x[2,3]", "y[2,3] = aten.zero_.default(x)", "y", "y = aten.full_like.default(x, 0)\n-> y");
    expect("x:9[2] y:9[2]", "z:9[2] = aten.__iand__.Tensor(x, y)", "x", "z = aten.bitwise_and.Tensor(x, y)\n-> z");
}

static void test_copy_in_place(void **state) {
    (void)state;
    expect("x[2,3] y[2,3]", "z[2,3] = aten.copy_.default(x, y)", "x z", "-> y y");
    expect("x[2,3] y[3]", "z[2,3] = aten.copy_.default(x, y)", "x", "z = aten.copy.default(x, y)\n-> z");
    expect("x:7[2] y[2]", "z:7[2] = aten.copy_.default(x, y)", "x", "z = aten.copy.default(x, y)\n-> z");
}

/* What is changed through a view is written back, and what looks at the same storage is read again. */
static void test_write_back(void **state) {
    (void)state;
    expect(
        "x[4,6]", "s[6] = aten.select.int(x, 0, 1)\nt[6] = aten.add_.Tensor(s, 1)", "x s",
        "s = aten.select.int(x, 0, 1)\nt = aten.add.Tensor(s, 1, 1)\nx_v3 = aten.select_scatter.default(x, t, 0, 1)\n"
        "-> x_v3 t");
    expect("x[4,6]",
           "s[2,6] = aten.slice.Tensor(x, 0, 0, 4, 2)\ny[4,6] = aten.neg_.default(x)\nz[2,6] = aten.abs.default(s)",
           "z", "y = aten.neg.default(x)\ns_v4 = aten.slice.Tensor(y, 0, 0, 4, 2)\nz = aten.abs.default(s_v4)\n-> z");
    expect("x[4,6]", "t[6,4]' = aten.t.default(x)\ns[4] = aten.select.int(t, 0, 0)\nu[4] = aten.neg_.default(s)", "x",
           "t = aten.t.default(x)\ns = aten.select.int(t, 0, 0)\nu = aten.neg.default(s)\n"
           "t_v4 = aten.select_scatter.default(t, u, 0, 0)\nx_v5 = aten.t.default(t_v4)\n-> x_v5");
    expect("x[4,6]", "v[24] = aten.view.default(x, [24])\nw[24] = aten.exp_.default(v)", "x",
           "v = aten.view.default(x, [24])\nw = aten.exp.default(v)\nx_v3 = aten.view_as.default(w, x)\n-> x_v3");
}

static void test_ways_back(void **state) {
    (void)state;
    expect("x[2,3,4]", "p[4,2,3]' = aten.permute.default(x, [2,0,1])\nq[4,2,3] = aten.neg_.default(p)", "x",
           "p = aten.permute.default(x, [2,0,1])\nq = aten.neg.default(p)\nx_v3 = aten.permute.default(q, [1,2,0])\n-> "
           "x_v3");
    expect("x[2,3,4]", "p[3,4,2]' = aten.movedim.int(x, 0, 2)\nq[3,4,2] = aten.neg_.default(p)", "x",
           "p = aten.movedim.int(x, 0, 2)\nq = aten.neg.default(p)\nx_v3 = aten.movedim.int(q, 2, 0)\n-> x_v3");
    expect("x[2,3,4]", "p[3,4,2]' = aten.moveaxis.int(x, 0, 2)\nq[3,4,2] = aten.neg_.default(p)", "x",
           "p = aten.moveaxis.int(x, 0, 2)\nq = aten.neg.default(p)\nx_v3 = aten.moveaxis.int(q, 2, 0)\n-> x_v3");
    expect("x[4,4]", "d[3] = aten.diagonal.default(x, 1)\nq[3] = aten.neg_.default(d)", "x",
           "d = aten.diagonal.default(x, 1, 0, 1)\nq = aten.neg.default(d)\n"
           "x_v3 = aten.diagonal_scatter.default(x, q, 1, 0, 1)\n-> x_v3");
    expect("x[4,6]", "d[4,2] = aten.narrow.default(x, 1, -2, 2)\nq[4,2] = aten.neg_.default(d)", "x",
           "d = aten.narrow.default(x, 1, -2, 2)\nq = aten.neg.default(d)\n"
           "x_v3 = aten.slice_scatter.default(x, q, 1, -2, 9223372036854775807, 1)\n-> x_v3");
    expect("x[4,6]",
           "a[4,1] b[4,2] c[4,3] = aten.split_with_sizes.default(x, [1,2,3], -1)\nq[4,3] = aten.neg_.default(c)", "x",
           "a b c = aten.split_with_sizes.default(x, [1,2,3], -1)\nq = aten.neg.default(c)\n"
           "x_v5 = aten.slice_scatter.default(x, q, -1, 3, 6, 1)\n-> x_v5");
    expect("x[2,6]", "a[6] b[6] = aten.unbind.int(x)\nq[6] = aten.neg_.default(b)", "a x",
           "a b = aten.unbind.int(x, 0)\nq = aten.neg.default(b)\nx_v4 = aten.select_scatter.default(x, q, 0, 1)\n"
           "a_v5 b_v6 = aten.unbind.int(x_v4, 0)\n-> a_v5 x_v4");
}

static void test_no_way_back(void **state) {
    (void)state;
    refuse("x[6]", "u[5,2] = aten.unfold.default(x, 0, 2, 1)\nq[5,2] = aten.neg_.default(u)", "x", "changed in place");
    refuse("x[1,6]", "u[3,6] = aten.expand.default(x, [3,6])\nq[3,6] = aten.neg_.default(u)", "x", "changed in place");
    refuse("x[6]", "q[6] = aten.resize_.default(x, [6])", "q", "has no functional form");
    refuse("x[6]", "q[6] = aten.odd_.default(x)", "q", "in a way that is not known");
    refuse("x[6]", "q[6] = aten.bernoulli_.float(x, 0.5)", "q", "has no functional form");
}

/* Where a view ends and a copy begins. */
static void test_copies(void **state) {
    (void)state;
    expect("x[4,6]", "y[4,6] = aten.clone.default(x)\nz[4,6] = aten.neg_.default(y)", "x y",
           "z = aten.neg.default(x)\n-> x z");
    expect("x[4,6]", "y[4,6] = aten.detach.default(x)\nz[4,6] = aten.neg_.default(y)", "x y",
           "z = aten.neg.default(x)\n-> z z");
    expect("x[4,6]", "y[4,6] = aten.contiguous.default(x)\nz[4,6] = aten.neg_.default(y)", "x",
           "z = aten.neg.default(x)\n-> z");
    expect("x[4,6]'", "y[4,6] = aten.contiguous.default(x)\nz[4,6] = aten.neg_.default(y)", "x y",
           "z = aten.neg.default(x)\n-> x z");
    expect("x[4,6]'", "y[24] = aten.reshape.default(x, [24])\nz[24] = aten.neg_.default(y)", "x z",
           "y = aten.reshape.default(x, [24])\nz = aten.neg.default(y)\n-> x z");
    expect("x[4,6]", "y[24] = aten.reshape.default(x, [24])\nz[24] = aten.neg_.default(y)", "x",
           "y = aten.reshape.default(x, [24])\nz = aten.neg.default(y)\nx_v3 = aten.view_as.default(z, x)\n-> x_v3");
    expect("x[4]", "y[4] = aten.to.dtype(x, None)\nz[4] = aten.neg_.default(y)", "x", "z = aten.neg.default(x)\n-> z");
    expect("x[4]", "y:11[4] = aten.to.dtype(x, None)\nz:11[4] = aten.neg_.default(y)", "x y",
           "y = aten.to.dtype(x)\nz = aten.neg.default(y)\n-> x z");
    expect("x[4]", "y[4] = aten.to.dtype(x, None, False, True)\nz[4] = aten.neg_.default(y)", "x", "-> x");
}

static void test_order(void **state) {
    (void)state;
    expect("x[4,6]",
           "a[6] = aten.select.int(x, 0, 0)\ns[6] = aten.abs.default(a)\ny[4,6] = aten.neg_.default(x)\nt[6] = "
           "aten.abs.default(a)",
           "s t",
           "a = aten.select.int(x, 0, 0)\ns = aten.abs.default(a)\ny = aten.neg.default(x)\n"
           "a_v5 = aten.select.int(y, 0, 0)\nt = aten.abs.default(a_v5)\n-> s t");
    expect("x[4,6]",
           "v[4,6] = aten.detach.default(x)\ny[6,4]' = aten.t_.default(v)\nz[4] = aten.select.int(v, 0, 0)\nw[4] = "
           "aten.neg_.default(z)",
           "y",
           "y = aten.t.default(x)\nz = aten.select.int(y, 0, 0)\nw = aten.neg.default(z)\n"
           "y_v5 = aten.select_scatter.default(y, w, 0, 0)\n-> y_v5");
}

static void test_dropped(void **state) {
    (void)state;
    expect("x[4]",
           "a = aten.sym_size.int(x, 0)\n"
           "aten.sym_constrain_range_for_size.default(a)\nb[4] = aten.dropout.default(x, 0.5, False)\n"
           "c[4] = aten.abs.default(b)\nd[4] = aten.neg.default(c)",
           "c", "c = aten.abs.default(x)\n-> c");
    expect("x[4]", "y[4] = aten.dropout.default(x, 0.0, True)", "y", "-> x");
    expect("x[4]", "odd.effect.default(x)", "x", "= odd.effect.default(x)\n-> x");
    refuse("x[4]", "y[4] = aten.dropout.default(x, 0.5, True)", "y", "is random");
    refuse("x[4]", "y[4] m:9[4] = aten.native_dropout.default(x, 0.5, None)", "y", "is random");
}

/* What a graph that is called in one place does is done there. */
static void test_graphs(void **state) {
    (void)state;
    mx_error err;
    mx_program *p = test_program(NULL, "x[4]", "", "x");
    assert_int_equal(test_subgraph(p, "a[4]", "b[4] = aten.neg_.default(a)\nc[4] = aten.abs.default(b)", "c"), 1);
    test_more_nodes(p, "y[4] = higher_order.wrap_with_set_grad_enabled(False, @1, x)", "x y");
    p->nodes[p->n_nodes - 1].call = 7;
    assert_int_equal(mx_program_functional(p, &err), MX_OK);
    char *text = test_program_text(p);
    assert_string_equal(text, "b = aten.neg.default(x)\nc = aten.abs.default(b)\n-> b c");
    assert_int_equal(p->nodes[p->graphs[0].nodes[0]].call, 7); /* of the node that had the graph */
    assert_int_equal(p->nodes[p->graphs[0].nodes[0]].graph, 0);
    free(text);
    mx_program_free(p);
}

static void test_unfit_graph(void **state) {
    (void)state;
    mx_error err;
    mx_program *p = test_program(NULL, "x[4]", "", "x");
    (void)test_subgraph(p, "a[4] b[4]", "c[4] = aten.add.Tensor(a, b)", "c");
    test_more_nodes(p, "y[4] = higher_order.wrap_with_set_grad_enabled(False, @1, x)", "y");
    assert_int_equal(mx_program_functional(p, &err), MX_ERR_UNSUPPORTED);
    mx_program_free(p);
}

/* Branches stay graphs, functional inside; what they are given is the content of that point. */
static void test_branches(void **state) {
    (void)state;
    mx_error err;
    mx_program *p = test_program(NULL, "c:9[] x[4]", "n[4] = aten.neg_.default(x)", "n");
    (void)test_subgraph(p, "a[4]", "b[4] = aten.clone.default(a)\nd[4] = aten.abs_.default(b)", "d");
    (void)test_subgraph(p, "a[4]", "", "a");
    test_more_nodes(p, "y[4] = higher_order.cond(c, @1, @2, [x])\nz[4] = aten.abs.default(y)", "z");
    assert_int_equal(mx_program_functional(p, &err), MX_OK);
    char *text = test_program_text(p);
    assert_string_equal(
        text, "n = aten.neg.default(x)\ny = higher_order.cond(c, @1, @2, [n])\nz = aten.abs.default(y)\n-> z");
    assert_int_equal(p->graphs[1].n_nodes, 1);
    assert_true(mx_str_is(mx_ptext(p, p->nodes[p->graphs[1].nodes[0]].target), "aten.abs.default"));
    free(text);
    mx_program_free(p);
}

/* An input of a branch is another's: what is done to it there cannot be seen outside. */
static void test_branch_input(void **state) {
    (void)state;
    mx_error err;
    mx_program *p = test_program(NULL, "c:9[] x[4]", "", "x");
    (void)test_subgraph(p, "a[4]", "b[4] = aten.neg_.default(a)", "b");
    assert_int_equal(mx_program_functional(p, &err), MX_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "an input of a branch or loop"));
    mx_program_free(p);
}

/* Two parameters in one storage would have to change together. */
static void test_shared_storage(void **state) {
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        mx_error err;
        mx_program *p = test_program(NULL, "x[4] y[4]", "z[4] = aten.neg_.default(x)", "z");
        mx_pweight weights[2] = {{.storage_offset = 64, .storage_size = 16}, {.storage_size = 16}};
        mx_pinput inputs[2] = {{.kind = MX_PIN_BUFFER, .weight = 0}, {.kind = MX_PIN_PARAMETER, .weight = 1}};
        weights[1].storage_offset = shared ? 64 : 128;
        p->weights = weights;
        p->inputs = inputs;
        p->n_weights = p->n_inputs = 2;
        assert_int_equal(mx_program_functional(p, &err), shared ? MX_ERR_UNSUPPORTED : MX_OK);
        if (shared) assert_non_null(strstr(err.message, "shares its storage"));
        p->weights = NULL; /* they are not the program's own */
        mx_program_free(p);
    }
}

static void test_deep_views(void **state) {
    (void)state;
    mx_error err;
    mx_buffer nodes;
    mx_buffer_init(&nodes, NULL);
    for (int i = 0; i < 300; i++)
        mx_buffer_cstr(&nodes, "x[4,4] = aten.t.default(x)\n");
    mx_buffer_byte(&nodes, '\0');
    mx_program *p = test_program(NULL, "x[4,4]", nodes.data, "x");
    assert_int_equal(mx_program_functional(p, &err), MX_ERR_LIMIT);
    mx_program_free(p);
    mx_buffer_free(&nodes);
}

static void test_no_memory(void **state) {
    (void)state;
    bool done = false;
    for (size_t n = 1; !done; n++) {
        test_allocator t;
        mx_error err;
        test_allocator_init(&t);
        mx_env env = {.allocator = &t.allocator};
        mx_program *p = test_program(
            &env, "x[4,6]",
            "t[6,4]' = aten.t.default(x)\ns[4] = aten.select.int(t, 0, 0)\n"
            "u[4] = aten.zero_.default(s)\nv[24] = aten.view.default(x, [24])\nw[24] = aten.exp_.default(v)",
            "x t v");
        t.fail_at = t.calls + n;
        mx_status status = mx_program_functional(p, &err);
        done = !t.failed;
        assert_int_equal(status, done ? MX_OK : MX_ERR_NOMEM);
        mx_program_free(p);
        assert_int_equal(t.blocks, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_place),    cmocka_unit_test(test_copy_in_place),  cmocka_unit_test(test_write_back),
        cmocka_unit_test(test_ways_back),   cmocka_unit_test(test_no_way_back),    cmocka_unit_test(test_copies),
        cmocka_unit_test(test_order),       cmocka_unit_test(test_dropped),        cmocka_unit_test(test_graphs),
        cmocka_unit_test(test_unfit_graph), cmocka_unit_test(test_branches),       cmocka_unit_test(test_branch_input),
        cmocka_unit_test(test_deep_views),  cmocka_unit_test(test_shared_storage), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
