/* Reading .pt2 files: expressions of sizes, schemas and defaults, and what a small program has in it. */
#include "allocator.h"
#include "torch_io/expr.h"
#include "torch_io/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define READER  MX_SOURCE_DIR "/tests/torch/reader.pt2"
#define INPLACE MX_SOURCE_DIR "/tests/torch/inplace.pt2"
#define TINY    MX_SOURCE_DIR "/tests/torch/tiny.pt2"

static mx_program *new_program(void) {
    mx_program *p;
    mx_error err;
    assert_int_equal(mx_program_new(NULL, &p, &err), MX_OK);
    return p;
}

static mx_program *read_file(const char *path) {
    mx_program *p;
    mx_error err;
    if (mx_pt2_read(NULL, path, &p, &err) != MX_OK) fail_msg("%s: %s", path, err.message);
    return p;
}

/* ---- sizes ---- */

static void expect_expr(const char *srepr, const char *text) {
    mx_program *p = new_program();
    mx_size s;
    mx_error err;
    assert_int_equal(mx_size_from_srepr(p, mx_str_of(srepr), 7, &s, &err), MX_OK);
    assert_int_equal(s.value, 7);
    assert_string_equal(mx_ptext(p, s.expr).p, text);
    mx_program_free(p);
}

static void test_expressions(void **state) {
    (void)state;
#define S0 "Symbol('s0', positive=True, integer=True)"
#define S1 "Symbol('s1', integer=True)"
    expect_expr(S0, "s0");
    expect_expr("Mul(Integer(32), " S0 ")", "32*s0");
    expect_expr("Add(" S0 ", Integer(1))", "s0 + 1");
    expect_expr("Add(" S0 ", Integer(-1))", "s0 - 1");
    expect_expr("Add(" S0 ", Mul(Integer(-1), " S1 "))", "s0 - s1");
    expect_expr("Add(" S0 ", Mul(Integer(-2), " S1 "))", "s0 - 2*s1");
    expect_expr("Mul(Integer(2), Add(" S0 ", " S1 "))", "2*(s0 + s1)");
    expect_expr("Pow(" S0 ", Integer(2))", "s0**2");
    expect_expr("Pow(Add(" S0 ", " S1 "), Integer(-1))", "(s0 + s1)**(-1)");
    expect_expr("Min(" S0 ", Integer(5))", "Min(s0, 5)");
    expect_expr("FloorDiv(" S0 ", Integer(2))", "s0//2");
    expect_expr("FloorDiv(Add(" S0 ", Integer(-1)), Integer(2))", "(s0 - 1)//2");
    expect_expr("FloorDiv(Mul(Integer(3), " S0 "), Integer(2))", "(3*s0)//2");
    expect_expr("Mul(Integer(3), FloorDiv(" S0 ", Integer(2)))", "3*(s0//2)");
    expect_expr("Mul(Rational(1, 2), " S0 ")", "(1/2)*s0");
    expect_expr("Mod(" S0 ", Integer(2))", "Mod(s0, 2)");
    expect_expr("Odd(Other(), true)", "Odd(Other(), true)");
    /* no srepr: kept as it is */
    expect_expr("s0 + 1", "s0 + 1");
    expect_expr("Symbol(s0)", "Symbol(s0)");
    expect_expr("Add(" S0, "Add(" S0);
    expect_expr("Add()", "Add()");
}

static void test_numbers(void **state) {
    (void)state;
    mx_program *p = new_program();
    mx_size s;
    mx_error err;
    assert_int_equal(mx_size_from_srepr(p, mx_str_of("Integer(12)"), 7, &s, &err), MX_OK);
    assert_true(mx_size_is_number(s));
    assert_int_equal(s.value, 12);
    mx_program_free(p);
}

/* 64 deep is read, one more is kept as text. */
static void test_expression_depth(void **state) {
    (void)state;
    for (int depth = 63; depth <= 64; depth++) {
        mx_buffer b;
        mx_buffer_init(&b, NULL);
        for (int i = 0; i < depth; i++)
            mx_buffer_cstr(&b, "f(");
        mx_buffer_cstr(&b, S0);
        for (int i = 0; i < depth; i++)
            mx_buffer_byte(&b, ')');
        mx_program *p = new_program();
        mx_size s;
        mx_error err;
        assert_int_equal(mx_size_from_srepr(p, mx_buffer_str(&b), -1, &s, &err), MX_OK);
        assert_int_equal(mx_str_eq(mx_ptext(p, s.expr), mx_buffer_str(&b)), depth == 64);
        mx_program_free(p);
        mx_buffer_free(&b);
    }
}

/* ---- schemas ---- */

static void test_schema_table(void **state) {
    (void)state;
    const char *target, *text, *before = "";
    bool core;
    size_t n = 0, n_core = 0;
    for (; mx_torch_schema_at(n, &target, &text, &core); n++) {
        assert_true(strcmp(before, target) < 0);
        assert_ptr_equal(mx_torch_schema(target), text);
        mx_schema_arg a;
        for (const char *at = text; mx_schema_next(&at, &a);) {
            assert_true(a.name.n > 0);
            assert_non_null(strchr("TIFBSsDLMVGX", a.type));
        }
        before = target;
        n_core += core;
    }
    assert_true(n > 1500);
    assert_true(n_core > 150);
    assert_null(mx_torch_schema("aten.nothing.default"));
    assert_string_equal(mx_torch_schema("aten.add.Tensor"), "self:T,other:T,*alpha:S=1");
}

static mx_pnode completed(mx_program *p, const char *target, mx_parg *args, uint32_t n) {
    mx_pnode node = {.args = args, .n_args = n};
    mx_error err;
    assert_int_equal(mx_program_string(p, mx_str_of(target), &node.target, &err), MX_OK);
    if (mx_program_complete(p, &node, &err) != MX_OK) fail_msg("%s: %s", target, err.message);
    return node;
}

static mx_parg named(mx_program *p, const char *name, mx_parg a) {
    mx_error err;
    assert_int_equal(mx_program_string(p, mx_str_of(name), &a.name, &err), MX_OK);
    return a;
}

static void test_defaults(void **state) {
    (void)state;
    mx_program *p = new_program();
    mx_parg x = {.kind = MX_ARG_VALUE, .value = 0}, two = {.kind = MX_ARG_INT, .i = 2};
    mx_pnode n = completed(p, "aten.conv2d.default", (mx_parg[]){x, x, named(p, "padding", two)}, 3);
    assert_int_equal(n.n_args, 7);
    assert_int_equal(n.args[2].kind, MX_ARG_NONE);
    assert_int_equal(n.args[3].count, 2);
    assert_int_equal(n.args[3].items[1].i, 1);
    assert_int_equal(n.args[4].kind, MX_ARG_INTS); /* one number for both */
    assert_int_equal(n.args[4].count, 2);
    assert_int_equal(n.args[4].items[1].i, 2);
    assert_int_equal(n.args[6].i, 1);
    assert_true(mx_str_is(mx_ptext(p, n.args[6].name), "groups"));
    n = completed(p, "aten.elu.default", &x, 1);
    assert_int_equal(n.args[1].kind, MX_ARG_INT);
    n = completed(p, "aten.hardshrink.default", &x, 1);
    assert_true(n.args[1].f == 0.5);
    n = completed(p, "aten.gelu.default", &x, 1);
    assert_true(mx_str_is(mx_ptext(p, n.args[1].text), "none"));
    n = completed(p, "aten.linalg_matrix_norm.default", (mx_parg[]){x, two}, 2);
    assert_int_equal(n.args[2].count, 2);
    assert_int_equal(n.args[2].items[0].i, -2);
    n = completed(p, "aten.tril_indices.default", (mx_parg[]){two, two}, 2);
    assert_int_equal(n.args[3].kind, MX_ARG_DTYPE);
    assert_int_equal(n.args[3].i, 7);
    n = completed(p, "odd.operator.default", &two, 1);
    assert_int_equal(n.n_args, 1);
    mx_program_free(p);
}

static void test_wrong_arguments(void **state) {
    (void)state;
    mx_program *p = new_program();
    mx_error err;
    mx_parg x = {.kind = MX_ARG_VALUE, .value = 0}, odd = named(p, "odd", x), self = named(p, "self", x);
    mx_parg lists[][3] = {{x}, {x, odd}, {x, self, x}, {x, x, x}};
    const char *const messages[] = {"lacks its argument 'other'", "has no argument 'odd'", "twice the argument 'self'"};
    mx_sid target;
    assert_int_equal(mx_program_string(p, mx_str_of("aten.add.Tensor"), &target, &err), MX_OK);
    for (uint32_t i = 0; i < 3; i++) {
        mx_pnode n = {.target = target, .args = lists[i], .n_args = i + 1};
        assert_int_equal(mx_program_complete(p, &n, &err), MX_ERR_INVALID);
        if (!strstr(err.message, messages[i])) fail_msg("%s", err.message);
    }
    mx_program_free(p);
}

/* ---- files ---- */

static const mx_pmodule *module(const mx_program *p, const char *fqn) {
    for (size_t i = 0; i < p->n_modules; i++)
        if (mx_str_is(mx_ptext(p, p->modules[i].fqn), fqn)) return &p->modules[i];
    fail_msg("no module %s", fqn);
    return NULL;
}

static void test_modules(void **state) {
    (void)state;
    mx_program *p = read_file(READER);
    assert_true(mx_str_is(mx_ptext(p, p->modules[0].class_path), "__main__.Reader"));
    assert_true(mx_str_is(mx_ptext(p, module(p, "layers.1.fc")->class_path), "torch.nn.modules.linear.Linear"));
    assert_ptr_equal(&p->modules[module(p, "layers.1.fc")->parent], module(p, "layers.1"));
    assert_ptr_equal(&p->modules[module(p, "layers.1")->parent], module(p, "layers"));
    assert_int_equal(module(p, "layers")->class_path, MX_SID_ABSENT);
    assert_int_equal(module(p, "unused")->order, -1);
    assert_int_equal(module(p, "")->order, 0);
    assert_true(module(p, "block")->order < module(p, "layers.0")->order);
    uint32_t block = (uint32_t)(module(p, "block") - p->modules), times = 0;
    for (size_t i = 0; i < p->n_calls; i++)
        if (p->calls[i].module == block) assert_int_equal(p->calls[i].time, times++);
    assert_int_equal(times, 2); /* called twice */
    mx_program_free(p);
}

static const mx_pweight *weight(const mx_program *p, const char *name) {
    for (size_t i = 0; i < p->n_weights; i++)
        if (mx_str_is(mx_ptext(p, p->weights[i].name), name)) return &p->weights[i];
    fail_msg("no weight %s", name);
    return NULL;
}

static void test_weights(void **state) {
    (void)state;
    mx_program *p = read_file(READER);
    const mx_pweight *turned = weight(p, "turned"), *steps = weight(p, "steps");
    assert_int_equal(turned->strides[0], 1);
    assert_int_equal(turned->strides[1], 4);
    assert_int_equal(weight(p, "nothing")->storage_size, 0);
    assert_true(weight(p, "head.weight")->storage_offset == weight(p, "block.fc.weight")->storage_offset);
    assert_int_equal(steps->elem, 7);
    int64_t content[4];
    mx_error err;
    assert_int_equal(mx_source_read(p->sources[0], steps->storage_offset, content, sizeof content, &err), MX_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(content[i], i);
    mx_program_free(p);
}

static void test_signature(void **state) {
    (void)state;
    mx_program *p = read_file(READER);
    static const char *const outputs[] = {"logits", "hidden.0", "hidden.1"};
    assert_int_equal(p->graphs[0].n_outputs, 3);
    for (int i = 0; i < 3; i++)
        assert_true(mx_str_is(mx_ptext(p, p->output_names[i]), outputs[i]));
    assert_int_equal(p->n_inputs, p->graphs[0].n_inputs);
    const mx_pinput *scale = &p->inputs[p->n_inputs - 1], *x = scale - 1;
    assert_int_equal(x->kind, MX_PIN_USER);
    assert_int_equal(x->weight, MX_NONE);
    assert_int_equal(scale->kind, MX_PIN_FIXED);
    assert_true(scale->fixed.kind == MX_ARG_FLOAT && scale->fixed.f == 1.0);
    const mx_pvalue *v = &p->values[p->graphs[0].inputs[p->n_inputs - 2]];
    assert_int_equal(v->rank, 2);
    assert_false(mx_size_is_number(v->sizes[0]));
    assert_int_equal(v->sizes[0].value, 3); /* in the exporting run */
    assert_int_equal(v->sizes[1].value, 4);
    mx_program_free(p);
}

static void test_branches(void **state) {
    (void)state;
    mx_program *p = read_file(READER);
    assert_int_equal(p->n_graphs, 3);
    for (int i = 1; i < 3; i++) {
        const mx_pnode *cond = &p->nodes[p->graphs[i].parent_node];
        assert_true(mx_str_is(mx_ptext(p, cond->target), "higher_order.cond"));
        assert_int_equal(cond->args[i].kind, MX_ARG_GRAPH);
        assert_int_equal(cond->args[i].value, i);
        for (uint32_t k = 0; k < p->graphs[i].n_nodes; k++)
            assert_int_equal(p->nodes[p->graphs[i].nodes[k]].graph, i);
    }
    mx_program_free(p);
}

static void test_no_memory(void **state) {
    (void)state;
    static const char *const files[] = {TINY, INPLACE, READER};
    for (int i = 0; i < 3; i++) {
        bool done = false;
        for (size_t n = 1; !done; n += i == 0 ? 1 : 3) {
            test_allocator t;
            mx_program *p = NULL;
            mx_error err;
            test_allocator_init(&t);
            t.fail_at = n;
            mx_env env = {.allocator = &t.allocator};
            mx_status status = mx_pt2_read(&env, files[i], &p, &err);
            if (status == MX_OK) status = mx_program_functional(p, &err);
            done = !t.failed;
            if (status != (done ? MX_OK : MX_ERR_NOMEM)) fail_msg("%s: allocation %zu: %s", files[i], n, err.message);
            mx_program_free(p);
            assert_int_equal(t.blocks, 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions),  cmocka_unit_test(test_numbers),   cmocka_unit_test(test_expression_depth),
        cmocka_unit_test(test_schema_table), cmocka_unit_test(test_defaults),  cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_modules),      cmocka_unit_test(test_weights),   cmocka_unit_test(test_signature),
        cmocka_unit_test(test_branches),     cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
