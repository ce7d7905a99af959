/* The editing functions of the public header: what they change, what they refuse. */
#include "converter/check.h"
#include "converter/order.h"
#include "converter/retag.h"

#include "allocator.h"
#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)            MX_STR_LITERAL(text)
#define SOURCE(node, port) mx_node_at(g, node)->inputs[port].source
#define NAME(node)         small_text(mx_node_name(g, node))
#define INPUT(node, port)  small_text(mx_node_input(g, node, port))
#define OUTPUT(node, port) small_text(mx_node_output(g, node, port))
static const mx_str absent = {NULL, 0};

static void print_problem(void *ctx, const mx_problem *p) {
    (void)ctx;
    print_message("%s at node %u: %s\n", p->code, p->node, p->message);
}

/* Sorted, valid, and wired by name as by edges. */
static void assert_sound(mx_graph *g) {
    mx_error err;
    uint64_t problems;
    if (mx_graph_sort(g, &err) != MX_OK) fail_msg("%s", err.message);
    assert_int_equal(mx_graph_check(g, print_problem, NULL, &problems, &err), MX_OK);
    assert_int_equal(problems, 0);
    for (int pass = 0; pass < 2; pass++) {
        static mx_node_id sources[1000];
        size_t n = 0;
        for (mx_node_id id = 0; id < g->n_nodes; id++)
            for (uint32_t k = 0; k < mx_node_at(g, id)->n_inputs; k++, n++) {
                if (pass == 0)
                    sources[n] = SOURCE(id, k);
                else
                    assert_int_equal(SOURCE(id, k), sources[n]);
            }
        if (pass == 0) small_wire(g);
    }
}

/* x -> A -> a -> B -> y, with a module layer.0 around B and a body in If. */
typedef struct sample {
    mx_graph *g;
    mx_node_id x, a, layer, b, y, cond, then, inner, out;
} sample;

static sample make(const mx_env *env) {
    sample s = {.g = small_graph(env)};
    mx_graph *g = s.g;
    g->modules[0].class_name = small_sid(g, "M");
    g->modules[0].tag = small_sid(g, "/M");
    g->modules[0].scope = MX_SID_EMPTY;
    g->modules[0].has_own_tag = true;
    s.x = small_input(g, 0, "x");
    s.a = small_op(g, 0, "A", "x,w", "a");
    s.layer = small_module(g, 0, "layer.0", "Layer");
    g->modules[mx_node_at(g, s.layer)->data].has_own_tag = true;
    s.b = small_op(g, s.layer, "B", "a", "y");
    s.cond = small_op(g, 0, "If", "x", "r");
    s.then = small_body(g, s.cond, "then_branch");
    s.inner = small_op(g, s.then, "I", "a,w,k", "i");
    s.out = small_output(g, s.then, "i");
    s.y = small_output(g, 0, "y");
    small_output(g, 0, "r");
    small_initializer(g, 0, "w");
    small_initializer(g, s.then, "k");
    mx_error err;
    if (mx_retag_below(g, 0, &err) != MX_OK || mx_retag_operator(g, s.b, &err) != MX_OK) abort();
    small_wire(g);
    return s;
}

static void test_texts(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    assert_int_equal(mx_node_set_name(g, s.a, S("renamed"), &err), MX_OK);
    assert_string_equal(NAME(s.a), "renamed");
    assert_int_equal(mx_node_set_name(g, s.a, absent, &err), MX_OK);
    assert_string_equal(NAME(s.a), "(absent)");
    assert_int_equal(mx_node_set_name(g, 0, S("graph2"), &err), MX_OK);
    assert_string_equal(NAME(0), "graph2");
    assert_int_equal(mx_node_set_name(g, s.then, S("x"), &err), MX_ERR_USAGE);
    assert_int_equal(mx_node_set_name(g, 99, S("x"), &err), MX_ERR_USAGE);
    assert_int_equal(mx_node_set_op_type(g, s.a, S("Mul"), &err), MX_OK);
    assert_string_equal(small_text(mx_node_op_type(g, s.a)), "Mul");
    assert_int_equal(mx_node_set_op_type(g, s.a, S(""), &err), MX_ERR_INVALID);
    assert_int_equal(mx_node_set_op_type(g, s.x, S("Mul"), &err), MX_ERR_USAGE);
    assert_int_equal(mx_node_set_domain(g, s.a, S("com.x"), &err), MX_OK);
    assert_string_equal(small_text(mx_node_domain(g, s.a)), "com.x");
    assert_int_equal(mx_node_set_domain(g, 0, S("com.y"), &err), MX_OK);
    assert_string_equal(small_text(mx_node_domain(g, 0)), "com.y");
    assert_int_equal(mx_node_set_doc_string(g, s.then, S("doc"), &err), MX_OK);
    assert_string_equal(small_text(mx_node_doc_string(g, s.then)), "doc");
    mx_graph_release(g);
}

static void test_metadata(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    assert_int_equal(mx_node_set_metadata(g, s.a, S("k"), S("1"), &err), MX_OK);
    assert_int_equal(mx_node_set_metadata(g, s.a, S("l"), S(""), &err), MX_OK);
    assert_int_equal(mx_node_set_metadata(g, s.a, S("k"), S("2"), &err), MX_OK);
    assert_int_equal(mx_node_metadata_count(g, s.a), 2);
    assert_string_equal(small_text(mx_node_metadata(g, s.a, "k")), "2");
    assert_string_equal(small_text(mx_node_metadata_key(g, s.a, 1)), "l");
    assert_string_equal(small_text(mx_node_metadata_value(g, s.a, 1)), "");
    assert_int_equal(mx_node_set_metadata(g, s.a, S("k"), absent, &err), MX_OK);
    assert_int_equal(mx_node_set_metadata(g, s.a, S("k"), absent, &err), MX_OK);
    assert_int_equal(mx_node_metadata_count(g, s.a), 1);
    assert_string_equal(small_text(mx_node_metadata(g, s.a, "k")), "(absent)");
    assert_string_equal(small_text(mx_node_metadata(g, s.a, "never seen")), "(absent)");
    assert_int_equal(mx_node_set_metadata(g, s.then, S("k"), S("b"), &err), MX_OK);
    assert_string_equal(small_text(mx_node_metadata(g, s.then, "k")), "b");
    assert_int_equal(g->scopes[mx_node_at(g, s.then)->data].metadata.count, 1);
    assert_int_equal(mx_node_set_metadata(g, s.layer, S("k"), S("v"), &err), MX_ERR_USAGE);
    assert_int_equal(mx_node_set_metadata(g, s.a, absent, S("v"), &err), MX_ERR_USAGE);
    mx_graph_release(g);
}

static void test_attributes(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    int64_t ints[] = {3, -4}, i;
    float floats[] = {1.5f}, f;
    mx_str text;
    mx_attribute_view v;
    assert_int_equal(mx_node_set_int(g, s.a, "axis", -1, &err), MX_OK);
    assert_int_equal(mx_node_set_float(g, s.a, "alpha", 0.5f, &err), MX_OK);
    assert_int_equal(mx_node_set_string(g, s.a, "mode", S("linear"), &err), MX_OK);
    assert_int_equal(mx_node_set_ints(g, s.a, "axes", ints, 2, &err), MX_OK);
    assert_int_equal(mx_node_set_floats(g, s.a, "scales", floats, 1, &err), MX_OK);
    assert_int_equal(mx_node_set_ints(g, s.a, "none", NULL, 0, &err), MX_OK);
    assert_int_equal(mx_node_attribute_count(g, s.a), 6);
    assert_true(mx_attribute_int(g, s.a, 0, 0, &i) && i == -1);
    assert_true(mx_attribute_float(g, s.a, 1, 0, &f) && f == 0.5f);
    assert_true(mx_attribute_string(g, s.a, 2, 0, &text) && mx_str_is(text, "linear"));
    assert_true(mx_attribute_int(g, s.a, 3, 1, &i) && i == -4);
    assert_true(mx_attribute_float(g, s.a, 4, 0, &f) && f == 1.5f);
    assert_true(mx_node_attribute(g, s.a, 5, &v) && v.count == 0 && v.type == MX_ATTRIBUTE_INTS);
    mx_node_at(g, s.a)->attrs[1].doc = small_sid(g, "doc");
    assert_int_equal(mx_node_set_int(g, s.a, "alpha", 7, &err), MX_OK); /* of another type, in the same place */
    assert_true(mx_attribute_int(g, s.a, 1, 0, &i) && i == 7);
    assert_int_equal(mx_node_at(g, s.a)->attrs[1].doc, small_sid(g, "doc"));
    assert_int_equal(mx_node_remove_attribute(g, s.a, "axis", &err), MX_OK);
    assert_true(mx_node_find_attribute(g, s.a, "axis") == SIZE_MAX);
    assert_int_equal(mx_node_find_attribute(g, s.a, "alpha"), 0);
    assert_int_equal(mx_node_remove_attribute(g, s.a, "axis", &err), MX_ERR_INVALID);
    assert_int_equal(mx_node_remove_attribute(g, s.a, "never seen", &err), MX_ERR_INVALID);
    assert_int_equal(mx_node_set_int(g, s.a, "", 1, &err), MX_ERR_USAGE);
    assert_int_equal(mx_node_set_int(g, s.a, NULL, 1, &err), MX_ERR_USAGE);
    assert_int_equal(mx_node_remove_attribute(g, s.a, NULL, &err), MX_ERR_USAGE);
    assert_int_equal(mx_node_set_int(g, s.x, "axis", 1, &err), MX_ERR_USAGE);

    assert_int_equal(mx_node_remove_attribute(g, s.cond, "then_branch", &err), MX_OK); /* the body goes too */
    assert_false(mx_node_exists(g, s.then));
    assert_false(mx_node_exists(g, s.inner));
    assert_int_equal(mx_node_first_child(g, s.cond), MX_NO_NODE);
    assert_int_equal(mx_scope_operator_count(g, s.then), 0);
    assert_true(g->tensors[1].data.source == MX_NO_INDEX);
    assert_sound(g);
    mx_graph_release(g);
}

/* ---- values ---- */

static void test_rename_values(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    mx_value_info info = {.name = small_sid(g, "y"), .type = MX_NO_INDEX};
    assert_int_equal(mx_scope_add_value_info(g, &g->scopes[0], &info, &err), MX_OK);
    assert_int_equal(mx_node_set_name(g, s.x, S("pixels"), &err), MX_OK);
    assert_string_equal(NAME(s.x), "pixels");
    assert_string_equal(OUTPUT(s.x, 0), "pixels");
    assert_string_equal(INPUT(s.a, 0), "pixels");
    assert_string_equal(INPUT(s.cond, 0), "pixels");
    assert_int_equal(mx_node_set_name(g, s.y, S("logits"), &err), MX_OK);
    assert_string_equal(OUTPUT(s.b, 0), "logits");
    assert_string_equal(INPUT(s.y, 0), "logits");
    assert_string_equal(small_text(mx_text(g, g->scopes[0].value_infos[0].name)), "logits");
    assert_int_equal(mx_node_set_name(g, s.out, S("result"), &err), MX_OK); /* a body's */
    assert_string_equal(OUTPUT(s.inner, 0), "result");
    static const char *const used[] = {"a", "w", "k", "pixels", "r", "result"};
    for (size_t i = 0; i < sizeof used / sizeof *used; i++)
        assert_int_equal(mx_node_set_name(g, s.y, mx_str_of(used[i]), &err), MX_ERR_INVALID);
    assert_string_equal(NAME(s.y), "logits");
    assert_int_equal(mx_node_set_name(g, s.x, S(""), &err), MX_ERR_INVALID);
    assert_int_equal(mx_node_set_name(g, s.y, S("logits"), &err), MX_OK); /* its own name */
    assert_sound(g);
    mx_graph_release(g);
}

/* An input that is an output too, and a default value. */
static void test_rename_refused(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id x = small_input(g, 0, "x"), y = small_output(g, 0, "x"), w = small_input(g, 0, "w");
    uint32_t t = small_initializer(g, 0, "w");
    mx_node_id op = small_op(g, 0, "A", "w", "v"), o1 = small_output(g, 0, "v"), o2 = small_output(g, 0, "v");
    mx_error err;
    small_wire(g);
    assert_int_equal(mx_node_set_name(g, y, S("z"), &err), MX_ERR_INVALID);
    assert_int_equal(mx_node_set_name(g, o1, S("z"), &err), MX_ERR_INVALID);
    assert_int_equal(mx_node_set_name(g, x, S("z"), &err), MX_OK); /* the input decides */
    assert_string_equal(NAME(y), "z");
    assert_int_equal(mx_node_set_name(g, w, S("weight"), &err), MX_OK);
    assert_string_equal(small_text(mx_text(g, g->tensors[t].name)), "weight");
    assert_string_equal(INPUT(op, 0), "weight");
    (void)o2;
    mx_graph_release(g);
}

static void test_functions(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id x = small_input(g, 0, "x"), f = small_function(g, "local", "F"), h = small_function(g, "local", "H");
    mx_node_id fx = small_input(g, f, "x"), a = small_op(g, f, "A", "x", "o");
    small_output(g, f, "o");
    mx_node_id call = small_op(g, 0, "F", "x", "y"), other = small_op(g, 0, "F", "x", "z");
    mx_node_at(g, call)->domain = small_sid(g, "local");
    small_wire(g);
    mx_error err;
    assert_int_equal(mx_node_set_name(g, f, S("H"), &err), MX_ERR_INVALID);
    assert_int_equal(mx_node_set_name(g, f, S("G"), &err), MX_OK);
    assert_string_equal(small_text(mx_node_op_type(g, call)), "G");
    assert_string_equal(small_text(mx_node_op_type(g, other)), "F"); /* of another domain */
    assert_int_equal(mx_node_set_domain(g, h, S("mine"), &err), MX_OK);
    assert_int_equal(mx_node_set_domain(g, f, S("mine"), &err), MX_OK);
    assert_string_equal(small_text(mx_node_domain(g, call)), "mine");
    assert_int_equal(mx_node_set_name(g, fx, S("y"), &err), MX_OK); /* the model's names are others */
    assert_string_equal(INPUT(a, 0), "y");
    assert_string_equal(NAME(x), "x");
    assert_int_equal(mx_node_set_name(g, x, S("o"), &err), MX_OK); /* and the other way round */
    assert_int_equal(mx_graph_connect(g, x, 0, a, 0, &err), MX_ERR_INVALID);
    assert_sound(g);
    mx_graph_release(g);
}

/* ---- operators ---- */

static void test_add(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    mx_node_id relu, plain, inner;
    small_sid(g, "Relu_output_0"); /* taken by something, somewhere */
    assert_int_equal(mx_graph_add_operator(g, s.layer, S("Relu"), S("Relu"), 1, 2, &relu, &err), MX_OK);
    assert_string_equal(OUTPUT(relu, 0), "Relu_output_0_1");
    assert_string_equal(OUTPUT(relu, 1), "Relu_output_1");
    assert_string_equal(INPUT(relu, 0), "");
    assert_int_equal(mx_node_at(g, relu)->flags, MX_FLAG_NEW);
    assert_string_equal(small_text(mx_node_metadata(g, relu, "hierarchy_tag")), "/M/Layer.0");
    assert_int_equal(mx_graph_add_operator(g, 0, S("Relu"), absent, 1, 1, &plain, &err), MX_OK);
    assert_int_equal(mx_graph_add_operator(g, s.then, S("Relu"), absent, 1, 1, &inner, &err), MX_OK);
    assert_int_equal(mx_node_scope(g, inner), s.then);
    assert_string_not_equal(OUTPUT(plain, 0), OUTPUT(inner, 0));
    assert_int_equal(mx_graph_connect(g, s.a, 0, relu, 0, &err), MX_OK);
    assert_int_equal(mx_graph_connect(g, relu, 0, s.b, 0, &err), MX_OK);
    assert_int_equal(mx_graph_connect(g, relu, 1, plain, 0, &err), MX_OK);
    assert_int_equal(mx_graph_connect(g, plain, 0, inner, 0, &err), MX_OK); /* captured */
    assert_int_equal(mx_graph_connect(g, inner, 0, s.inner, 0, &err), MX_OK);
    assert_sound(g);
    assert_string_equal(small_order(g, 0), "A Relu B Relu If");
    assert_string_equal(small_order(g, s.then), "Relu I");
    assert_int_equal(mx_graph_add_operator(g, s.a, S("Relu"), absent, 1, 1, &relu, &err), MX_ERR_USAGE);
    assert_int_equal(relu, MX_NO_NODE);
    assert_int_equal(mx_graph_add_operator(g, 0, S(""), absent, 1, 1, &relu, &err), MX_ERR_INVALID);
    assert_int_equal(mx_graph_add_operator(g, 0, S("X"), absent, SIZE_MAX, 1, &relu, &err), MX_ERR_USAGE);
    mx_graph_release(g);
}

static void test_connect(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    assert_int_equal(mx_graph_connect(g, s.x, 0, s.b, 0, &err), MX_OK);
    assert_string_equal(INPUT(s.b, 0), "x");
    assert_int_equal(SOURCE(s.b, 0), s.x);
    assert_true(mx_node_at(g, s.b)->flags & MX_FLAG_CHANGED);
    assert_int_equal(mx_graph_connect(g, s.a, 0, s.b, 1, &err), MX_OK); /* one more input */
    assert_int_equal(mx_node_input_count(g, s.b), 2);
    assert_int_equal(mx_graph_connect(g, s.a, 0, s.b, 3, &err), MX_ERR_USAGE);
    assert_int_equal(mx_graph_connect(g, s.a, 1, s.b, 0, &err), MX_ERR_USAGE);
    assert_int_equal(mx_graph_connect(g, s.y, 0, s.b, 0, &err), MX_ERR_USAGE);
    assert_int_equal(mx_graph_connect(g, s.a, 0, s.x, 0, &err), MX_ERR_USAGE);
    assert_int_equal(mx_graph_connect(g, s.a, 0, s.y, 1, &err), MX_ERR_USAGE);
    assert_int_equal(mx_graph_connect(g, s.inner, 0, s.b, 0, &err), MX_ERR_INVALID);    /* a body's value, outside */
    assert_int_equal(mx_graph_connect(g, s.cond, 0, s.inner, 0, &err), MX_ERR_INVALID); /* what it is part of */
    assert_int_equal(mx_graph_connect(g, s.a, 0, s.a, 0, &err), MX_ERR_INVALID);
    assert_int_equal(mx_graph_connect(g, s.b, 0, s.inner, 0, &err), MX_OK); /* captured */
    assert_int_equal(SOURCE(s.inner, 0), s.b);
    assert_sound(g);
    assert_int_equal(mx_graph_connect(g, s.b, 0, s.a, 0, &err), MX_OK); /* a long cycle shows when all is sorted */
    assert_int_equal(mx_graph_sort(g, &err), MX_ERR_INVALID);
    mx_graph_release(g);
}

/* A name that means something else where the consumer stands. */
static void test_connect_hidden(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id a = small_op(g, 0, "A", NULL, "v"), loop = small_op(g, 0, "Loop", NULL, "r"),
               body = small_body(g, loop, "body");
    small_input(g, body, "v");
    mx_node_id b = small_op(g, body, "B", "", "b"), again = small_op(g, 0, "A2", NULL, "r"),
               c = small_op(g, 0, "C", "", "c");
    mx_error err;
    small_wire(g);
    assert_int_equal(mx_graph_connect(g, a, 0, b, 0, &err), MX_ERR_INVALID);
    assert_int_equal(mx_graph_connect(g, again, 0, c, 0, &err), MX_ERR_INVALID); /* made twice */
    assert_int_equal(mx_graph_connect(g, a, 0, c, 0, &err), MX_OK);
    mx_graph_release(g);
}

static void test_connect_unnamed(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id a = small_op(g, 0, "A", NULL, "v,"), b = small_op(g, 0, "B", NULL, "b");
    mx_error err;
    small_wire(g);
    assert_int_equal(mx_graph_connect(g, a, 1, b, 0, &err), MX_OK); /* an optional output is wanted after all */
    assert_string_equal(OUTPUT(a, 1), "A_output_1");
    assert_string_equal(INPUT(b, 0), "A_output_1");
    assert_sound(g);
    mx_graph_release(g);
}

/* ---- graph outputs: the output's name stays, values take it ---- */

static void test_outputs(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    mx_node_id user = small_op(g, 0, "U", "y", "u");
    small_wire(g);
    assert_int_equal(mx_graph_connect(g, s.a, 0, s.y, 0, &err), MX_OK);
    assert_string_equal(NAME(s.y), "y");
    assert_string_equal(OUTPUT(s.a, 0), "y"); /* renamed, also where it is used */
    assert_string_equal(INPUT(s.b, 0), "y");
    assert_string_equal(INPUT(s.inner, 0), "y");
    assert_string_equal(OUTPUT(s.b, 0), "y_1"); /* who bore the name before */
    assert_string_equal(INPUT(user, 0), "y_1");
    assert_int_equal(SOURCE(user, 0), s.b);
    assert_sound(g);

    assert_int_equal(mx_graph_connect(g, s.x, 0, s.y, 0, &err), MX_OK); /* an input keeps its name: a copy */
    mx_node_id copy = SOURCE(s.y, 0);
    assert_string_equal(small_text(mx_node_op_type(g, copy)), "Identity");
    assert_string_equal(OUTPUT(copy, 0), "y");
    assert_int_equal(SOURCE(copy, 0), s.x);
    assert_sound(g);
    size_t nodes = g->n_nodes;
    assert_int_equal(mx_graph_connect(g, copy, 0, s.y, 0, &err), MX_OK); /* as it is */
    assert_int_equal(g->n_nodes, nodes);

    mx_node_id r = mx_scope_output(g, 0, 1);
    assert_int_equal(mx_graph_connect(g, copy, 0, r, 0, &err), MX_OK); /* one value, two outputs: a copy */
    assert_string_equal(small_text(mx_node_op_type(g, SOURCE(r, 0))), "Identity");
    assert_sound(g);

    assert_int_equal(mx_graph_connect(g, s.a, 0, s.out, 0, &err), MX_OK); /* an outer value as a body's result */
    assert_string_equal(small_text(mx_node_op_type(g, SOURCE(s.out, 0))), "Identity");
    assert_int_equal(mx_node_scope(g, SOURCE(s.out, 0)), s.then);
    assert_string_equal(OUTPUT(s.inner, 0), "i_1");
    assert_sound(g);

    assert_int_equal(mx_graph_connect_initializer(g, S("w"), s.y, 0, &err), MX_OK); /* the initializer takes the name */
    assert_string_equal(small_text(mx_text(g, g->tensors[0].name)), "y");
    assert_string_equal(INPUT(s.a, 1), "y");
    assert_int_equal(SOURCE(s.y, 0), MX_NO_NODE);
    assert_sound(g);
    assert_int_equal(mx_graph_connect_initializer(g, S(""), s.y, 0, &err), MX_ERR_INVALID);
    mx_graph_release(g);
}

static void test_outputs_refused(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id x = small_input(g, 0, "x"), o1 = small_output(g, 0, "x"), a = small_op(g, 0, "A", "x", "a");
    mx_node_id o2 = small_output(g, 0, "v"), cond = small_op(g, 0, "If", "x", "r"), body = small_body(g, cond, "then");
    small_op(g, 0, "V", "x", "v");
    small_op(g, body, "B", NULL, "v"); /* hides the name of o2 */
    mx_node_id inner = small_op(g, body, "C", "a", "c");
    mx_error err;
    small_wire(g);
    assert_int_equal(mx_graph_connect(g, a, 0, o1, 0, &err), MX_ERR_INVALID); /* its name is the input's */
    size_t operators = mx_scope_operator_count(g, 0);
    assert_int_equal(mx_graph_connect(g, a, 0, o2, 0, &err), MX_ERR_INVALID); /* C would take B's value */
    assert_string_equal(OUTPUT(a, 0), "a");
    assert_string_equal(NAME(o2), "v");
    assert_string_equal(INPUT(inner, 0), "a");
    assert_int_equal(mx_graph_connect(g, x, 0, o2, 0, &err), MX_ERR_INVALID);
    assert_int_equal(mx_scope_operator_count(g, 0), operators); /* the copy is gone again */
    small_wire(g);
    mx_graph_release(g);
}

static void test_initializers(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    small_initializer(g, 0, "d");
    mx_node_id d = small_input(g, 0, "d");
    small_wire(g);
    assert_int_equal(mx_graph_connect_initializer(g, S("w"), s.b, 0, &err), MX_OK);
    assert_string_equal(INPUT(s.b, 0), "w");
    assert_int_equal(SOURCE(s.b, 0), MX_NO_NODE);
    assert_int_equal(mx_graph_connect_initializer(g, S("d"), s.b, 1, &err), MX_OK);
    assert_int_equal(SOURCE(s.b, 1), d); /* the default value of an input */
    assert_int_equal(mx_graph_connect_initializer(g, S("w"), s.inner, 0, &err), MX_OK);      /* of the outer scope */
    assert_int_equal(mx_graph_connect_initializer(g, S("k"), s.b, 0, &err), MX_ERR_INVALID); /* of an inner one */
    assert_int_equal(mx_graph_connect_initializer(g, S("a"), s.b, 0, &err), MX_ERR_INVALID);
    assert_int_equal(mx_graph_connect_initializer(g, S("never seen"), s.b, 0, &err), MX_ERR_INVALID);
    assert_int_equal(mx_graph_connect_initializer(g, S(""), s.inner, 2, &err), MX_OK);
    assert_string_equal(INPUT(s.inner, 2), "");
    assert_int_equal(mx_graph_connect_initializer(g, S("w"), s.b, 9, &err), MX_ERR_USAGE);
    assert_sound(g);
    mx_graph_release(g);
}

/* ---- taking out, moving ---- */

static void test_remove(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    for (int i = 0; i < 3; i++) {
        mx_value_info info = {.name = small_sid(g, i == 0 ? "r" : i == 1 ? "a" : "nowhere"), .type = MX_NO_INDEX};
        assert_int_equal(mx_scope_add_value_info(g, &g->scopes[0], &info, &err), MX_OK);
    }
    assert_int_equal(mx_graph_remove(g, s.a, &err), MX_ERR_INVALID);
    assert_string_equal(err.node, "A");
    assert_true(mx_node_exists(g, s.a));
    assert_int_equal(mx_graph_remove(g, s.layer, &err), MX_ERR_INVALID); /* its y is an output */
    assert_int_equal(mx_graph_remove(g, s.x, &err), MX_ERR_USAGE);
    assert_int_equal(mx_graph_remove(g, 0, &err), MX_ERR_USAGE);
    assert_int_equal(mx_graph_connect(g, s.a, 0, mx_scope_output(g, 0, 1), 0, &err), MX_OK);
    assert_int_equal(mx_graph_remove(g, s.cond, &err), MX_OK); /* with its body */
    assert_int_equal(g->scopes[0].n_value_infos, 2);           /* a was renamed to r; the one for r_1 is gone */
    assert_false(mx_node_exists(g, s.cond));
    assert_false(mx_node_exists(g, s.then));
    assert_false(mx_node_exists(g, s.inner));
    assert_int_equal(mx_node_get_kind(g, s.inner), 0);
    assert_string_equal(NAME(s.cond), "(absent)");
    assert_int_equal(mx_graph_remove(g, s.cond, &err), MX_ERR_USAGE);
    assert_true(g->tensors[1].data.source == MX_NO_INDEX);
    assert_sound(g);
    assert_string_equal(small_order(g, 0), "A B");
    assert_int_equal(mx_graph_connect(g, s.a, 0, s.y, 0, &err), MX_OK);
    assert_int_equal(mx_graph_remove(g, s.layer, &err), MX_OK); /* a module with all in it */
    assert_false(mx_node_exists(g, s.b));
    assert_int_equal(mx_node_next_sibling(g, s.a), s.y);
    assert_sound(g);
    mx_graph_release(g);
}

static void test_move(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    mx_node_id outer, other;
    assert_int_equal(mx_graph_add_module(g, 0, S("encoder"), S("Encoder"), &outer, &err), MX_OK);
    assert_string_equal(small_text(mx_node_module_tag(g, outer)), "/M/Encoder");
    assert_int_equal(mx_graph_add_module(g, outer, S("plain"), absent, &other, &err), MX_OK);
    assert_string_equal(small_text(mx_node_module_tag(g, other)), "/M/Encoder");
    assert_string_equal(small_text(mx_node_module_scope(g, other)), "encoder.plain");
    assert_int_equal(mx_graph_move(g, s.layer, outer, &err), MX_OK);
    assert_string_equal(small_text(mx_node_module_scope(g, s.layer)), "encoder.layer.0");
    assert_string_equal(small_text(mx_node_module_tag(g, s.layer)), "/M/Encoder/Layer.0");
    assert_string_equal(small_text(mx_node_metadata(g, s.b, "hierarchy_tag")), "/M/Encoder/Layer.0");
    assert_string_equal(small_text(mx_node_metadata(g, s.b, "hierarchy_scope")), "encoder.layer.0");
    assert_string_equal(small_text(mx_node_metadata(g, s.b, "hierarchy_method")), "direct");
    assert_string_equal(small_text(mx_node_metadata(g, s.b, "hierarchy_tags")), "[\"/M/Encoder/Layer.0\"]");
    assert_int_equal(mx_node_metadata_count(g, s.b), 6);
    assert_int_equal(mx_node_metadata_count(g, s.a), 0); /* untagged, and not moved */
    assert_int_equal(mx_graph_move(g, s.a, s.layer, &err), MX_OK);
    assert_string_equal(small_text(mx_node_metadata(g, s.a, "hierarchy_path")), "/M/Encoder/Layer.0");
    assert_true(mx_node_at(g, s.a)->flags & MX_FLAG_MOVED);
    assert_int_equal(mx_node_set_name(g, s.layer, S("layer.11"), &err), MX_OK);
    assert_string_equal(small_text(mx_node_metadata(g, s.a, "hierarchy_tag")), "/M/Encoder/Layer.11");
    assert_int_equal(mx_node_set_name(g, s.layer, S(""), &err), MX_ERR_INVALID);
    assert_int_equal(mx_graph_move(g, outer, s.layer, &err), MX_ERR_INVALID); /* into itself */
    assert_int_equal(mx_graph_move(g, outer, outer, &err), MX_ERR_INVALID);
    assert_int_equal(mx_graph_move(g, s.a, s.then, &err), MX_ERR_INVALID); /* another scope */
    assert_int_equal(mx_graph_move(g, s.inner, s.layer, &err), MX_ERR_INVALID);
    assert_int_equal(mx_graph_move(g, s.a, s.b, &err), MX_ERR_USAGE);
    assert_int_equal(mx_graph_move(g, s.x, s.layer, &err), MX_ERR_USAGE);
    assert_int_equal(mx_graph_move(g, s.b, 0, &err), MX_OK);
    assert_string_equal(small_text(mx_node_metadata(g, s.b, "hierarchy_tag")), "/M");
    assert_string_equal(small_text(mx_node_metadata(g, s.b, "hierarchy_scope")), "");
    assert_sound(g);
    mx_graph_release(g);
}

/* Tags that are attributes stay attributes; minimal ones stay minimal; other entries keep their places. */
static void test_tag_forms(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *g = s.g;
    mx_error err;
    mx_node_id m;
    assert_int_equal(mx_graph_add_module(g, 0, S("m"), S("N"), &m, &err), MX_OK);
    assert_int_equal(mx_node_set_string(g, s.a, "hierarchy_tag", S("/old"), &err), MX_OK);
    assert_int_equal(mx_node_set_int(g, s.a, "axis", 1, &err), MX_OK);
    assert_int_equal(mx_node_set_int(g, s.a, "hierarchy_tags", 1, &err), MX_OK);
    assert_int_equal(mx_graph_move(g, s.a, m, &err), MX_OK);
    mx_str text;
    assert_int_equal(mx_node_attribute_count(g, s.a), 3);
    assert_true(mx_attribute_string(g, s.a, 0, 0, &text) && mx_str_is(text, "/M/N"));
    assert_true(mx_attribute_string(g, s.a, 2, 0, &text) && mx_str_is(text, "/M/N"));
    assert_int_equal(mx_node_metadata_count(g, s.a), 0);
    assert_int_equal(mx_node_set_metadata(g, s.cond, S("hierarchy_scope"), S("s"), &err), MX_OK);
    assert_int_equal(mx_node_set_metadata(g, s.cond, S("other"), S("o"), &err), MX_OK);
    assert_int_equal(mx_graph_move(g, s.cond, m, &err), MX_OK);
    assert_int_equal(mx_node_metadata_count(g, s.cond), 4);
    assert_string_equal(small_text(mx_node_metadata_key(g, s.cond, 0)), "hierarchy_scope");
    assert_string_equal(small_text(mx_node_metadata_value(g, s.cond, 0)), "m");
    assert_string_equal(small_text(mx_node_metadata_key(g, s.cond, 1)), "other");
    g->modules[0].tag = MX_SID_ABSENT; /* out of the tagged part: the tags go */
    assert_int_equal(mx_graph_move(g, s.cond, 0, &err), MX_OK);
    assert_int_equal(mx_node_metadata_count(g, s.cond), 1);
    assert_int_equal(mx_graph_move(g, s.a, 0, &err), MX_OK);
    assert_int_equal(mx_node_attribute_count(g, s.a), 1);
    mx_graph_release(g);
}

/* ---- no memory ---- */

static mx_status edit_all(sample *s, mx_error *err) {
    mx_graph *g = s->g;
    mx_node_id op, module;
    MX_TRY(mx_graph_add_module(g, 0, S("enc"), S("Enc"), &module, err));
    MX_TRY(mx_graph_add_operator(g, module, S("Relu"), S("new"), 1, 1, &op, err));
    MX_TRY(mx_graph_connect(g, s->a, 0, op, 0, err));
    MX_TRY(mx_graph_connect(g, op, 0, s->b, 1, err));
    MX_TRY(mx_graph_connect(g, s->x, 0, s->y, 0, err));
    MX_TRY(mx_graph_connect_initializer(g, S("w"), s->inner, 3, err));
    MX_TRY(mx_graph_move(g, s->layer, module, err));
    MX_TRY(mx_node_set_name(g, s->x, S("fresh x"), err));
    MX_TRY(mx_node_set_string(g, s->b, "attribute", S("some text"), err));
    MX_TRY(mx_node_set_metadata(g, s->b, S("key"), S("some value"), err));
    MX_TRY(mx_node_remove_attribute(g, s->cond, "then_branch", err));
    return mx_graph_sort(g, err);
}

static void test_failing_memory(void **state) {
    (void)state;
    bool done = false;
    for (size_t n = 1; !done; n++) {
        test_allocator t;
        test_allocator_init(&t);
        mx_env env = {.allocator = &t.allocator};
        sample s = make(&env);
        for (int i = 0; i < 2000; i++) { /* fill blocks, so that some edits have to allocate */
            char text[16];
            snprintf(text, sizeof text, "filler%u", (unsigned)(i + n * 7 % 40));
            small_sid(s.g, text);
        }
        t.fail_at = t.calls + n;
        mx_error err;
        mx_status status = edit_all(&s, &err);
        done = !t.failed;
        assert_int_equal(status, done ? MX_OK : MX_ERR_NOMEM);
        t.fail_at = 0;
        for (mx_node_id id = 0; id < s.g->n_nodes; id++) { /* whatever failed, lists and tree hold together */
            const mx_node *node = mx_node_at(s.g, id);
            if (node->flags & MX_FLAG_REMOVED) continue;
            for (uint32_t k = 0; k < node->n_outputs; k++)
                assert_true(node->outputs[k] < s.g->strings.count);
            for (uint32_t k = 0; k < node->n_inputs; k++)
                assert_true(node->inputs[k].source == MX_NO_NODE || mx_node_exists(s.g, node->inputs[k].source));
        }
        small_wire(s.g);
        mx_graph_release(s.g);
        assert_int_equal(t.blocks, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_rename_values),
        cmocka_unit_test(test_rename_refused),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_connect),
        cmocka_unit_test(test_connect_hidden),
        cmocka_unit_test(test_connect_unnamed),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_outputs_refused),
        cmocka_unit_test(test_initializers),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_move),
        cmocka_unit_test(test_tag_forms),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
