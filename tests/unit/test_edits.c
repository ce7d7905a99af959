/* What differs between nodes that belong together: once for each attribute and initializer, and no large weights are
 * read. */
#include "converter/edits.h"
#include "hand_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- texts that show what was asked for ---- */

static void show_string(mx_buffer *b, const mx_graph *g, mx_sid s) {
    if (s != MX_SID_ABSENT) mx_buffer_add(b, mx_text(g, s).p, mx_text(g, s).n);
}

static void show_type(mx_buffer *b, const mx_graph *g, uint32_t type) {
    mx_buffer_int(b, g->types[type].dims[0].value);
}

static void show_tensor(mx_buffer *b, const mx_graph *g, const mx_tensor *t) {
    (void)g;
    mx_buffer_int(b, t->data_type);
}

static mx_status show_attribute(mx_buffer *b, const mx_graph *g, const mx_attr *a, mx_error *err) {
    (void)g, (void)err;
    mx_buffer_cstr(b, "type ");
    mx_buffer_int(b, a->type);
    return MX_OK;
}

static const mx_edit_texts texts = {show_string, show_type, show_tensor, show_attribute};

/* ---- what is told ---- */

static mx_status write_down(void *ctx, const mx_edit *e, mx_error *err) {
    hand_log *log = ctx;
    (void)err;
    size_t n = strlen(log->text);
    int more = snprintf(log->text + n, sizeof log->text - n, "%s %.*s %d: %.*s -> %.*s\n", e->field, (int)e->key.n,
                        e->key.p ? e->key.p : "", (int)e->port, (int)e->before.n, e->before.p ? e->before.p : "",
                        (int)e->after.n, e->after.p ? e->after.p : "");
    assert_true(more > 0 && n + (size_t)more < sizeof log->text);
    return ++log->calls == log->stop_after ? MX_ERR_CANCELLED : MX_OK;
}

static void expect(mx_graph *a, mx_graph *b, mx_node_id in_a, mx_node_id in_b, bool initializers,
                   const char *expected) {
    hand_log log = {0};
    mx_error err;
    mx_edits *edits;
    assert_int_equal(mx_edits_open(a, b, &texts, &edits, &err), MX_OK);
    for (int again = 0; again < 2; again++) { /* nodes can be asked for several times */
        log = (hand_log){0};
        assert_int_equal(mx_edits_find(edits, in_a, in_b, initializers, write_down, &log, &err), MX_OK);
        assert_string_equal(log.text, expected);
    }
    mx_edits_close(edits);
    mx_graph_release(a);
    mx_graph_release(b);
}

static void same_nodes(void **state) {
    (void)state;
    mx_graph *a = hand_model(), *b = hand_model();
    expect(a, b, 0, 0, true, "");
}

/* Nodes that stand elsewhere, or are called otherwise, are no difference of the scope. */
static void the_scope_itself(void **state) {
    (void)state;
    mx_graph *a = hand_graph(), *b = hand_graph();
    hand_op(b, 0, "Relu", "more", "", "z");
    a->model.producer_name = hand_sid(a, "me");
    b->scopes[0].name = hand_sid(b, "other");
    expect(a, b, 0, 0, true, "producer_name  -1: me -> \ngraph name  -1:  -> other\n");
}

static mx_graph *one_operator(int variant) {
    mx_graph *g = hand_graph();
    mx_node_id id = hand_op(g, 0, variant ? "Relu" : "Elu", variant ? "new" : "old", variant ? "x,c" : "x,b,a",
                            variant ? "z" : "y");
    mx_attr *at = hand_attributes(g, id, 4);
    at[0] = (mx_attr){.name = hand_sid(g, "i"), .type = MX_ATTR_INT, .value.i = variant};
    at[1] = (mx_attr){.name = hand_sid(g, "same"), .type = MX_ATTR_INT, .value.i = 1};
    at[2] = (mx_attr){.name = hand_sid(g, "t"), .type = MX_ATTR_TENSOR};
    at[2].value.index = hand_tensor(g, "", variant ? FLOAT : INT8, MX_TENSOR_RAW_DATA, variant ? "abcd" : "abc", 3);
    at[3] = (mx_attr){.name = hand_sid(g, variant ? "b" : "a"), .type = MX_ATTR_FLOAT};
    return g;
}

/* Type, dims and data of a tensor are one difference. */
static void an_operator(void **state) {
    (void)state;
    mx_graph *a = one_operator(0), *b = one_operator(1);
    hand_wire(a);
    hand_wire(b);
    expect(a, b, hand_find(a, "old"), hand_find(b, "new"), true,
           "input  1: b -> c\n"
           "input  2: a -> \n"
           "name  -1: old -> new\n"
           "op_type  -1: Elu -> Relu\n"
           "output  0: y -> z\n"
           "attribute i -1: type 2 -> type 2\n"
           "attribute t -1: type 4 -> type 4\n"
           "attribute a -1: type 1 -> \n"
           "attribute b -1:  -> type 1\n");
}

static void formal_values(void **state) {
    (void)state;
    mx_graph *a = hand_graph(), *b = hand_graph();
    mx_node_id x = hand_input(a, 0, "x"), y = hand_input(b, 0, "y");
    mx_node_at(b, y)->data = hand_float_type(b, 7);
    expect(a, b, x, y, true, "name  -1: x -> y\ntype  -1: 3 -> 7\n");
}

/* ---- weights ---- */

static mx_graph *with_weights(int variant, size_t bytes) {
    mx_graph *g = hand_graph();
    uint8_t *data = calloc(bytes, 1);
    assert_non_null(data);
    data[bytes - 1] = (uint8_t)variant;
    hand_initializer(g, "values", INT8, MX_TENSOR_RAW_DATA, data, bytes);
    hand_initializer(g, variant ? "added" : "removed", FLOAT, MX_TENSOR_RAW_DATA, "abcd", 4);
    free(data);
    return g;
}

/* Put the weights where they cannot be read: whoever tries fails. */
static void lose_weights(mx_graph *g) {
    for (size_t i = 0; i < g->n_sources; i++) {
        mx_source_release(g->sources[i]);
        g->sources[i] = NULL;
    }
}

static void initializers_if_wanted(void **state) {
    (void)state;
    expect(with_weights(0, 4), with_weights(1, 4), 0, 0, true,
           "initializer values -1:  -> \ninitializer removed -1: 1 -> \ninitializer added -1:  -> 1\n");
    expect(with_weights(0, 4), with_weights(1, 4), 0, 0, false, "");
}

static void large_weights_are_not_read(void **state) {
    (void)state;
    mx_graph *a = with_weights(0, MX_EDIT_BYTES + 1), *b = with_weights(1, MX_EDIT_BYTES + 1);
    lose_weights(a);
    lose_weights(b);
    expect(a, b, 0, 0, true, "initializer removed -1: 1 -> \ninitializer added -1:  -> 1\n");
    mx_error err;
    hand_log log = {0};
    mx_edits *edits;
    a = with_weights(0, MX_EDIT_BYTES), b = with_weights(1, MX_EDIT_BYTES);
    lose_weights(a);
    assert_int_equal(mx_edits_open(a, b, &texts, &edits, &err), MX_OK);
    assert_int_equal(mx_edits_find(edits, 0, 0, true, write_down, &log, &err), MX_ERR_INVALID);
    mx_edits_close(edits);
    mx_graph_release(a);
    mx_graph_release(b);
}

/* What an edit gave by value is in memory. */
static void large_weights_in_memory_are(void **state) {
    (void)state;
    expect(with_weights(0, 100000), with_weights(1, 100000), 0, 0, true,
           "initializer values -1:  -> \ninitializer removed -1: 1 -> \ninitializer added -1:  -> 1\n");
}

/* ---- the caller has enough ---- */

static void an_error_of_the_caller(void **state) {
    (void)state;
    mx_graph *a = one_operator(0), *b = one_operator(1);
    hand_log log = {.stop_after = 2};
    mx_error err;
    mx_edits *edits;
    hand_wire(a);
    hand_wire(b);
    assert_int_equal(mx_edits_open(a, b, &texts, &edits, &err), MX_OK);
    assert_int_equal(mx_edits_find(edits, hand_find(a, "old"), hand_find(b, "new"), true, write_down, &log, &err),
                     MX_ERR_CANCELLED);
    assert_int_equal(log.calls, 2);
    mx_edits_close(edits);
    mx_edits_close(NULL);
    mx_graph_release(a);
    mx_graph_release(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_nodes),
        cmocka_unit_test(the_scope_itself),
        cmocka_unit_test(an_operator),
        cmocka_unit_test(formal_values),
        cmocka_unit_test(initializers_if_wanted),
        cmocka_unit_test(large_weights_are_not_read),
        cmocka_unit_test(large_weights_in_memory_are),
        cmocka_unit_test(an_error_of_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
