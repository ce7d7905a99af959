/* Cutting out and putting back on small graphs: what belongs to a part, what is refused, what an edit does, and memory. */
#include "converter/check.h"
#include "converter/compare.h"
#include "converter/extract.h"

#include "allocator.h"
#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *names_of(const mx_graph *g, const mx_node_id *nodes, size_t n) {
    static char text[4][200];
    static int turn;
    char *out = text[turn = (turn + 1) % 4];
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(out);
        snprintf(out + used, sizeof text[0] - used, "%s%s", i ? " " : "", small_text(mx_node_name(g, nodes[i])));
    }
    return out;
}
#define INPUTS(g)  names_of(g, (g)->scopes[0].inputs, (g)->scopes[0].n_inputs)
#define OUTPUTS(g) names_of(g, (g)->scopes[0].outputs, (g)->scopes[0].n_outputs)

static const char *initializers_of(const mx_graph *g, mx_node_id scope) {
    static char out[200];
    const mx_scope_data *s = &g->scopes[mx_node_at(g, scope)->data];
    out[0] = '\0';
    for (size_t i = 0; i < s->n_initializers; i++) {
        size_t used = strlen(out);
        snprintf(out + used, sizeof out - used, "%s%s", i ? " " : "",
                 small_text(mx_text(g, g->tensors[s->initializers[i]].name)));
    }
    return out;
}

static mx_graph *extract(mx_graph *g, mx_node_id node) {
    mx_graph *part;
    mx_error err;
    uint64_t problems;
    if (mx_graph_extract(g, &node, 1, &part, &err) != MX_OK) fail_msg("%s", err.message);
    assert_int_equal(mx_graph_check(part, NULL, NULL, &problems, &err), MX_OK);
    assert_int_equal(problems, 0);
    return part;
}

static void replace(mx_graph *g, mx_node_id node, mx_graph *part) {
    mx_error err;
    uint64_t problems;
    if (mx_graph_replace(g, &node, 1, part, &err) != MX_OK) fail_msg("%s", err.message);
    assert_int_equal(mx_graph_check(g, NULL, NULL, &problems, &err), MX_OK);
    assert_int_equal(problems, 0);
}

static void assert_refused(mx_graph *g, mx_node_id node, mx_status code, const char *word) {
    mx_graph *part;
    mx_error err;
    assert_int_equal(mx_graph_extract(g, &node, 1, &part, &err), code);
    assert_null(part);
    if (!strstr(err.message, word)) fail_msg("not in '%s': %s", err.message, word);
}

static uint64_t differences(mx_graph *a, mx_graph *b) {
    mx_error err;
    uint64_t count;
    assert_int_equal(mx_graph_compare(a, b, NULL, NULL, &count, &err), MX_OK);
    return count;
}

/* x -> Relu -> r; module: Mul(r, w) -> p, If { Add(p, v) } -> q, Twice(q) -> s; Neg(s) -> y. w is an initializer; so is v,
 * which the body captures; Twice is a function. */
typedef struct sample {
    mx_graph *g;
    mx_node_id relu, module, mul, branch, body, add, call, function, neg;
} sample;

static sample make(const mx_env *env) {
    sample s = {.g = small_graph(env)};
    mx_graph *g = s.g;
    small_initializer(g, 0, "w");
    small_initializer(g, 0, "v");
    small_input(g, 0, "x");
    s.relu = small_op(g, 0, "Relu", "x", "r");
    s.module = small_module(g, 0, "block", "Block");
    s.mul = small_op(g, s.module, "Mul", "r,w", "p");
    s.branch = small_op(g, s.module, "If", "c", "q");
    s.body = small_body(g, s.branch, "then_branch");
    s.add = small_op(g, s.body, "Add", "p,v", "b");
    small_output(g, s.body, "b");
    s.call = small_op(g, s.module, "Twice", "q", "s");
    mx_node_at(g, s.call)->domain = small_sid(g, "local");
    s.neg = small_op(g, 0, "Neg", "s", "y");
    small_output(g, 0, "y");
    s.function = small_function(g, "local", "Twice");
    small_input(g, s.function, "a");
    small_op(g, s.function, "Add", "a,a", "t");
    small_output(g, s.function, "t");
    small_input(g, 0, "c");
    g->scopes[0].opsets = memcpy(mx_arena_array(&g->arena, 2, sizeof(mx_opset)), g->scopes[0].opsets, sizeof(mx_opset));
    g->scopes[0].opsets[1] = (mx_opset){.domain = small_sid(g, "local"), .has_version = true, .version = 1};
    g->scopes[0].n_opsets = 2;
    mx_type boolean = {.kind = MX_TYPE_TENSOR, .has_elem = true, .has_shape = true, .elem = 9, .child = MX_NO_INDEX};
    mx_error err;
    assert_int_equal(mx_graph_add_type(g, &boolean, &mx_node_at(g, g->scopes[0].inputs[1])->data, &err), MX_OK);
    mx_value_info info = {.name = small_sid(g, "q"), .type = mx_node_at(g, g->scopes[0].inputs[0])->data};
    assert_int_equal(mx_scope_add_value_info(g, &g->scopes[0], &info, &err), MX_OK);
    info.name = small_sid(g, "s");
    assert_int_equal(mx_scope_add_value_info(g, &g->scopes[0], &info, &err), MX_OK);
    small_wire(g);
    return s;
}

/* ---- cutting out ---- */

static void test_contents(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *part = extract(s.g, s.module);
    assert_string_equal(small_order(part, 0), "Mul If Twice");
    assert_string_equal(INPUTS(part), "r c");
    assert_string_equal(OUTPUTS(part), "s");
    assert_string_equal(initializers_of(part, 0), "w v");
    assert_int_equal(part->scopes[0].n_value_infos, 1);
    assert_int_equal(part->n_scopes, 3);
    mx_graph_free(s.g); /* the part stands by itself */
    mx_tensor_view view;
    float number = 0;
    mx_error err;
    assert_true(mx_graph_tensor(part, mx_scope_initializer(part, 0, 0), &view));
    assert_int_equal(mx_tensor_read(part, mx_scope_initializer(part, 0, 0), 0, &number, sizeof number, &err), MX_OK);
    assert_true(number == 1);
    mx_graph_free(part);
}

static void test_within_a_body(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *part = extract(s.g, s.add);
    assert_string_equal(INPUTS(part), "p");
    assert_string_equal(OUTPUTS(part), "b");
    assert_string_equal(initializers_of(part, 0), "v");
    mx_graph_free(part);
    mx_graph_free(s.g);
}

static void test_nested_selections(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *part;
    mx_error err;
    const mx_node_id nodes[] = {s.add, s.branch, s.mul, s.branch};
    assert_int_equal(mx_graph_extract(s.g, nodes, 4, &part, &err), MX_OK);
    assert_string_equal(small_order(part, 0), "Mul If");
    mx_graph_free(part);
    const mx_node_id apart[] = {s.add, s.mul};
    assert_int_equal(mx_graph_extract(s.g, apart, 2, &part, &err), MX_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "several graphs"));
    assert_int_equal(mx_graph_extract(s.g, NULL, 0, &part, &err), MX_ERR_USAGE);
    assert_refused(s.g, 1000, MX_ERR_USAGE, "no node 1000");
    mx_graph_free(s.g);
}

static void test_the_whole_model(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *part = extract(s.g, 0);
    assert_string_equal(small_order(part, 0), "Relu Mul If Twice Neg");
    assert_string_equal(OUTPUTS(part), "y");
    replace(s.g, 0, part);
    mx_graph_free(part);
    sample again = make(NULL);
    assert_int_equal(differences(s.g, again.g), 0);
    mx_graph_free(again.g);
    mx_graph_free(s.g);
}

static void test_unknown_types(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_node_at(s.g, s.relu)->op_type = small_sid(s.g, "Odd");
    mx_node_at(s.g, s.relu)->domain = small_sid(s.g, "local");
    assert_refused(s.g, s.module, MX_ERR_UNSUPPORTED, "the type of the value 'r'");
    mx_graph_free(s.g);
}

static void test_faults_of_the_model(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_node_at(s.g, s.add)->inputs[1].name = small_sid(s.g, "nothing");
    small_wire(s.g);
    assert_refused(s.g, s.module, MX_ERR_INVALID, "nothing makes the value 'nothing'");
    mx_graph_free(s.g);
    s = make(NULL);
    mx_node_at(s.g, s.call)->outputs[0] = small_sid(s.g, "r");
    small_wire(s.g);
    assert_refused(s.g, s.module, MX_ERR_INVALID, "two values have the name 'r'");
    mx_graph_free(s.g);
}

static void test_attributes_of_a_function(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_node_id op = s.g->scopes[mx_node_at(s.g, s.function)->data].operators[0];
    mx_attr attr = {.name = small_sid(s.g, "axis"), .ref_name = small_sid(s.g, "axis"), .type = MX_ATTR_INT};
    mx_graph *part = extract(s.g, op); /* without the attribute */
    assert_string_equal(INPUTS(part), "a");
    mx_graph_free(part);
    mx_node_at(s.g, op)->attrs = &attr;
    mx_node_at(s.g, op)->n_attrs = 1;
    assert_refused(s.g, op, MX_ERR_UNSUPPORTED, "its attribute 'axis' is one of the function");
    mx_graph_free(s.g);
}

/* Constants are followed through any operators, and a model that is a circle has none. */
static void test_constants(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    small_initializer(g, 0, "one");
    small_input(g, 0, "x");
    small_op(g, 0, "Neg", "one", "a");
    small_op(g, 0, "Add", "a,one", "b");
    small_op(g, 0, "Add", "b,a", "c");
    mx_node_id user = small_op(g, 0, "Add", "x,c", "y");
    small_output(g, 0, "y");
    small_wire(g);
    mx_graph *part = extract(g, user);
    assert_string_equal(small_order(part, 0), "Neg Add Add Add");
    assert_string_equal(INPUTS(part), "x");
    mx_graph_free(part);
    mx_node_at(g, g->scopes[0].operators[0])->inputs[0].name = small_sid(g, "c");
    small_wire(g);
    mx_error err;
    assert_int_equal(mx_graph_extract(g, &user, 1, &part, &err), MX_ERR_UNSUPPORTED); /* the circle has no types */
    mx_graph_free(g);
}

/* ---- putting back ---- */

static void test_untouched(void **state) {
    (void)state;
    sample s = make(NULL), again = make(NULL);
    mx_graph *part = extract(s.g, s.module);
    size_t nodes = s.g->n_nodes;
    replace(s.g, s.module, part);
    assert_int_equal(s.g->n_nodes, nodes); /* everything stayed */
    assert_int_equal(differences(s.g, again.g), 0);
    mx_graph_free(part);
    mx_graph_free(again.g);
    mx_graph_free(s.g);
}

static void test_edited(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *part = extract(s.g, s.module);
    mx_error err;
    mx_node_id mul = mx_scope_operator(part, 0, 0), tanh;
    assert_int_equal(mx_graph_add_operator(part, 0, MX_STR_LITERAL("Tanh"), MX_STR_LITERAL("y"), 1, 1, &tanh, &err), MX_OK);
    mx_node_at(part, tanh)->outputs[0] = small_sid(part, "y"); /* a name that the model needs */
    assert_int_equal(mx_graph_connect(part, mul, 0, tanh, 0, &err), MX_OK);
    mx_node_id call = mx_scope_operator(part, 0, 2);
    assert_int_equal(mx_graph_connect(part, tanh, 0, call, 0, &err), MX_OK);
    replace(s.g, s.module, part);
    mx_graph_free(part);
    assert_string_equal(small_order(s.g, 0), "Relu Mul If Tanh Twice Neg");
    assert_string_equal(small_text(mx_node_output(s.g, mx_scope_operator(s.g, 0, 3), 0)), "y_1");
    assert_int_equal(mx_node_parent(s.g, mx_scope_operator(s.g, 0, 3)), s.module);
    assert_true(mx_node_exists(s.g, s.mul));
    assert_false(mx_node_exists(s.g, s.call));
    mx_graph_free(s.g);
}

static void test_functions_that_differ(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_graph *part = extract(s.g, s.module);
    mx_error err;
    mx_node_id function = part->scopes[2].node;
    assert_int_equal(mx_node_get_kind(part, function), MX_NODE_FUNCTION);
    assert_int_equal(
        mx_node_set_op_type(part, mx_scope_operator(part, function, 0), MX_STR_LITERAL("Mul"), &err), MX_OK);
    replace(s.g, s.module, part);
    assert_true(mx_node_exists(s.g, s.function)); /* it is another one, in the same place */
    assert_string_equal(small_order(s.g, s.function), "Mul");
    mx_graph_free(s.g);
    s = make(NULL);
    mx_node_at(s.g, s.neg)->op_type = small_sid(s.g, "Twice");
    mx_node_at(s.g, s.neg)->domain = small_sid(s.g, "local");
    assert_int_equal(mx_graph_replace(s.g, &s.module, 1, part, &err), MX_ERR_INVALID);
    assert_non_null(strstr(err.message, "its function 'Twice'"));
    mx_graph_free(part);
    mx_graph_free(s.g);
}

static void test_into_itself(void **state) {
    (void)state;
    sample s = make(NULL);
    mx_error err;
    assert_int_equal(mx_graph_replace(s.g, &s.module, 1, s.g, &err), MX_ERR_USAGE);
    mx_graph_free(s.g);
}

/* ---- memory ---- */

/* Whatever allocation fails, the call says so, and nothing is left when the graphs are freed. */
static void test_no_memory(void **state) {
    (void)state;
    for (size_t n = 1;; n++) {
        test_allocator t;
        test_allocator_init(&t);
        const mx_env env = {.allocator = &t.allocator};
        sample s = make(&env);
        mx_graph *part = NULL;
        mx_error err;
        t.fail_at = t.calls + n;
        mx_status status = mx_graph_extract(s.g, &s.module, 1, &part, &err);
        if (status == MX_OK) status = mx_node_set_op_type(part, mx_scope_operator(part, 0, 0), MX_STR_LITERAL("Div"), &err);
        if (status == MX_OK) status = mx_graph_replace(s.g, &s.module, 1, part, &err);
        t.fail_at = 0;
        bool failed = t.failed;
        if (failed) assert_int_equal(status, MX_ERR_NOMEM);
        if (!failed) assert_int_equal(status, MX_OK);
        mx_graph_free(part);
        mx_graph_free(s.g);
        assert_int_equal(t.blocks, 0);
        if (!failed) return;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_within_a_body),
        cmocka_unit_test(test_nested_selections),
        cmocka_unit_test(test_the_whole_model),
        cmocka_unit_test(test_unknown_types),
        cmocka_unit_test(test_faults_of_the_model),
        cmocka_unit_test(test_attributes_of_a_function),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_edited),
        cmocka_unit_test(test_functions_that_differ),
        cmocka_unit_test(test_into_itself),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
