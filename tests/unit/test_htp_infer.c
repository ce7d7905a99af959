/* Modules of operators that bear no scope: small models by hand, each for one rule. */
#include "htp/tagging.h"

#include "allocator.h"
#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- a model by hand ---- */

typedef struct model {
    mx_graph *g;
    mx_htp_tagging t;
    int32_t order;
} model;

static model begin(const mx_env *env) {
    model m = {.g = small_graph(env)};
    mx_error err;
    assert_int_equal(mx_htp_tree_init(&m.t.tree, m.g, &err), MX_OK);
    m.t.tree.modules[0].has_order = true;
    m.order = 1;
    return m;
}

/* A module that runs after those before it; a class with '~' in front is one of torch.nn. */
static void module(model *m, const char *scope, const char *class_name) {
    mx_error err;
    uint32_t id;
    bool torch_nn = class_name[0] == '~';
    assert_int_equal(mx_htp_tree_find(&m->t.tree, mx_str_of(scope), true, &id, &err), MX_OK);
    mx_sid name = small_sid(m->g, class_name + torch_nn);
    mx_htp_module *made = &m->t.tree.modules[id];
    made->class_name = name;
    made->torch_nn = torch_nn;
    made->has_order = true;
    made->order = m->order++;
}

static void op(model *m, const char *type, const char *inputs, const char *outputs) {
    small_op(m->g, 0, type, inputs, outputs);
}

/* The operator that makes the value. */
static mx_node_id maker(const model *m, const char *value) {
    for (mx_node_id id = 0; id < m->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(m->g, id);
        if (n->kind == MX_NODE_OPERATOR && mx_str_is(mx_text(m->g, n->outputs[0]), value)) return id;
    }
    fail_msg("no operator makes %s", value);
    return 0;
}

static mx_node_id owner_of_parameter(model *m, const mx_node *n) {
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        mx_str name = mx_text(m->g, n->inputs[i].name);
        const char *dot = name.n ? memrchr(name.p, '.', name.n) : NULL;
        uint32_t id;
        mx_error err;
        if (!dot || n->inputs[i].source != MX_NO_NODE) continue;
        assert_int_equal(mx_htp_tree_find(&m->t.tree, (mx_str){name.p, (size_t)(dot - name.p)}, false, &id, &err),
                         MX_OK);
        return id;
    }
    return MX_NO_INDEX;
}

/* Wire, take the labels of dotted parameters, infer. */
static mx_status infer(model *m, mx_error *err) {
    m->t.n_labels = m->g->n_nodes;
    m->t.labels = calloc(m->t.n_labels, sizeof *m->t.labels);
    assert_non_null(m->t.labels);
    for (mx_node_id id = 0; id < m->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(m->g, id);
        mx_htp_label *label = &m->t.labels[id];
        label->module = n->kind == MX_NODE_OPERATOR ? owner_of_parameter(m, n) : MX_NO_INDEX;
        if (label->module == MX_NO_INDEX) continue;
        label->method = MX_HTP_DIRECT;
        label->source = MX_HTP_FROM_PARAMETER;
    }
    mx_status status = mx_htp_tree_settle(&m->t.tree, NULL, err);
    return status == MX_OK ? mx_htp_infer(m->g, &m->t, err) : status;
}

static void run(model *m) {
    mx_error err;
    small_wire(m->g);
    assert_int_equal(infer(m, &err), MX_OK);
}

static void end(model *m) {
    free(m->t.labels);
    mx_htp_tree_free(&m->t.tree);
    mx_graph_release(m->g);
}

static const char *scope_of(const model *m, const char *value) {
    uint32_t id = m->t.labels[maker(m, value)].module;
    assert_int_not_equal(id, MX_NO_INDEX);
    return small_text(mx_text(m->g, m->t.tree.modules[id].scope));
}

static void initializers(model *m, const char *list) {
    char text[512], *rest = text, *name;
    snprintf(text, sizeof text, "%s", list);
    while ((name = strsep(&rest, " ")) != NULL)
        small_initializer(m->g, 0, name);
}

/* ---- an MLP whose weights have lost their names ---- */

static void mlp(model *m) {
    small_input(m->g, 0, "x");
    initializers(m, "w1 w2 up.bias down.bias c");
    module(m, "up", "~Linear");
    module(m, "act", "NewActivation");
    module(m, "down", "~Linear");
    op(m, "MatMul", "x,w1", "a");
    op(m, "Add", "a,up.bias", "b");
    op(m, "Sigmoid", "b", "s");
    op(m, "Mul", "b,s", "d");
    op(m, "MatMul", "d,w2", "e");
    op(m, "Add", "e,down.bias", "f");
    op(m, "Reshape", "f,c", "y");
    small_output(m->g, 0, "y");
}

static void check_mlp(const model *m) {
    assert_string_equal(scope_of(m, "a"), "up"); /* the product belongs to its bias */
    assert_string_equal(scope_of(m, "s"), "act");
    assert_string_equal(scope_of(m, "d"), "act");
    assert_string_equal(scope_of(m, "e"), "down");
    assert_string_equal(scope_of(m, "y"), ""); /* a Linear has nothing behind it */
}

static void test_claims_and_silent_modules(void **state) {
    (void)state;
    model m = begin(NULL);
    mlp(&m);
    run(&m);
    check_mlp(&m);
    assert_int_equal(m.t.labels[maker(&m, "b")].method, MX_HTP_DIRECT);
    assert_int_equal(m.t.labels[maker(&m, "a")].method, MX_HTP_INHERITED);
    end(&m);
}

static void test_order_of_operators_says_nothing(void **state) {
    (void)state;
    model m = begin(NULL);
    mlp(&m);
    mx_scope_data *s = &m.g->scopes[0];
    for (size_t i = 0; i < s->n_operators / 2; i++) {
        mx_node_id other = s->operators[s->n_operators - 1 - i];
        s->operators[s->n_operators - 1 - i] = s->operators[i];
        s->operators[i] = other;
    }
    run(&m);
    check_mlp(&m);
    end(&m);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    for (size_t n = 1;; n++) {
        test_allocator a;
        test_allocator_init(&a);
        mx_env env = {.allocator = &a.allocator};
        mx_error err;
        model m = begin(&env);
        mlp(&m);
        small_wire(m.g);
        a.fail_at = a.calls + n;
        mx_status status = infer(&m, &err);
        bool failed = a.failed;
        assert_int_equal(status, failed ? MX_ERR_NOMEM : MX_OK);
        end(&m);
        assert_int_equal(a.blocks, 0);
        if (!failed) break;
    }
}

/* ---- single rules ---- */

static void test_norm_taken_apart(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "x");
    initializers(&m, "w fc.bias norm.weight two eps");
    module(&m, "fc", "~Linear");
    module(&m, "norm", "RMSNorm");
    op(&m, "MatMul", "x,w", "a");
    op(&m, "Add", "a,fc.bias", "b");
    op(&m, "Tanh", "b", "t");
    op(&m, "Pow", "t,two", "p");
    op(&m, "ReduceMean", "p", "r");
    op(&m, "Add", "r,eps", "q");
    op(&m, "Sqrt", "q", "s");
    op(&m, "Div", "t,s", "d");
    op(&m, "Mul", "d,norm.weight", "y");
    small_output(m.g, 0, "y");
    run(&m);
    assert_string_equal(scope_of(&m, "p"), "norm");
    assert_string_equal(scope_of(&m, "d"), "norm");
    assert_string_equal(scope_of(&m, "t"), "");
    end(&m);
}

/* "%" in a text stands for the number. */
static const char *numbered(const char *text, int number, char out[64]) {
    size_t n = 0;
    for (; *text && n < 60; text++)
        n += (size_t)(*text == '%' ? sprintf(out + n, "%d", number) : sprintf(out + n, "%c", *text));
    out[n] = 0;
    return out;
}

/* A layer: norm, attention with q, k and o, a residual around both. Only the norm's weight has a name. */
static void layer(model *m, int i) {
    static const char *const modules[][2] = {{"layers.%", "Layer"},          {"layers.%.norm", "~LayerNorm"},
                                             {"layers.%.attn", "Attention"}, {"layers.%.attn.q", "~Linear"},
                                             {"layers.%.attn.k", "~Linear"}, {"layers.%.attn.o", "~Linear"}};
    static const char *const ops[][3] = {{"LayerNormalization", "x%,layers.%.norm.weight", "n%"},
                                         {"MatMul", "n%,wq%", "q%"},
                                         {"MatMul", "n%,wk%", "k%"},
                                         {"MatMul", "q%,k%", "s%"},
                                         {"Add", "s%,m2", "t%"},
                                         {"Softmax", "t%", "p%"},
                                         {"MatMul", "p%,wo%", "o%"}};
    char text[64], out[64];
    for (size_t k = 0; k < sizeof modules / sizeof *modules; k++)
        module(m, numbered(modules[k][0], i, text), modules[k][1]);
    initializers(m, numbered("layers.%.norm.weight wq% wk% wo%", i, text));
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++)
        op(m, ops[k][0], numbered(ops[k][1], i, text), numbered(ops[k][2], i, out));
    op(m, "Add", numbered("x%,o%", i, text), numbered("x%", i + 1, out));
}

static void layers(model *m) {
    small_input(m->g, 0, "mask");
    small_input(m->g, 0, "ids");
    initializers(m, "embed.weight minus");
    module(m, "embed", "~Embedding");
    op(m, "Gather", "embed.weight,ids", "x0");
    op(m, "Cast", "mask", "m1");
    op(m, "Mul", "m1,minus", "m2");
    layer(m, 0);
    layer(m, 1);
    small_output(m->g, 0, "x2");
}

static void test_layers(void **state) {
    (void)state;
    model m = begin(NULL);
    layers(&m);
    run(&m);
    assert_string_equal(scope_of(&m, "q1"), "layers.1.attn"); /* q or k: what they have in common */
    assert_string_equal(scope_of(&m, "s1"), "layers.1.attn");
    assert_string_equal(scope_of(&m, "p0"), "layers.0.attn");
    assert_string_equal(scope_of(&m, "o0"), "layers.0.attn.o");
    assert_string_equal(scope_of(&m, "x1"), "layers.0"); /* the residual goes around the attention */
    assert_string_equal(scope_of(&m, "m2"), "");         /* made once for both layers */
    end(&m);
}

static void test_tied_name(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "ids");
    initializers(&m, "head.weight w fc.bias");
    module(&m, "embed", "~Embedding");
    module(&m, "fc", "~Linear");
    module(&m, "head", "~Linear");
    op(&m, "Gather", "head.weight,ids", "a");
    op(&m, "MatMul", "a,w", "b");
    op(&m, "Add", "b,fc.bias", "y");
    small_output(m.g, 0, "y");
    run(&m);
    assert_string_equal(scope_of(&m, "a"), "embed");
    end(&m);
}

static void test_nothing_known(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "x");
    op(&m, "Relu", "x", "a");
    op(&m, "Constant", NULL, "c");
    op(&m, "Add", "a,c", "y");
    small_output(m.g, 0, "y");
    run(&m);
    for (const char *const *v = (const char *const[]){"a", "c", "y", NULL}; *v; v++) {
        assert_string_equal(scope_of(&m, *v), "");
        assert_int_equal(m.t.labels[maker(&m, *v)].method, MX_HTP_ROOT);
    }
    end(&m);
}

static void test_cycle(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "x");
    initializers(&m, "fc.bias");
    module(&m, "fc", "~Linear");
    op(&m, "Add", "x,b", "a");
    op(&m, "Add", "a,fc.bias", "b");
    op(&m, "Relu", "b", "y");
    small_output(m.g, 0, "y");
    run(&m);
    assert_string_equal(scope_of(&m, "b"), "fc");
    scope_of(&m, "a");
    scope_of(&m, "y");
    end(&m);
}

static void test_body_stays_where_its_operator_stands(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "x");
    initializers(&m, "inner.gate.bias");
    module(&m, "inner", "Branch");
    module(&m, "inner.gate", "~Linear");
    op(&m, "Add", "x,inner.gate.bias", "a");
    op(&m, "If", "a", "y");
    mx_node_id body = small_body(m.g, maker(&m, "y"), "then_branch");
    small_op(m.g, body, "Relu", "a", "r");
    small_output(m.g, body, "r");
    small_output(m.g, 0, "y");
    run(&m);
    assert_string_equal(scope_of(&m, "y"), "inner");
    assert_string_equal(scope_of(&m, "r"), "inner");
    end(&m);
}

static void test_one_object_with_two_names(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "x");
    initializers(&m, "stack.0.weight mid.weight stack.1.weight");
    module(&m, "proj", "~Linear");
    m.order--; /* the same object: it is first called at the same time */
    module(&m, "stack.0", "~Linear");
    module(&m, "mid", "~Linear");
    module(&m, "stack.1", "~Linear");
    op(&m, "MatMul", "x,stack.0.weight", "a");
    op(&m, "MatMul", "a,mid.weight", "b");
    op(&m, "MatMul", "b,stack.0.weight", "c");
    op(&m, "MatMul", "c,stack.1.weight", "y");
    small_output(m.g, 0, "y");
    run(&m);
    assert_string_equal(scope_of(&m, "a"), "proj");
    assert_string_equal(scope_of(&m, "c"), "stack.0");
    end(&m);
}

static void test_shared_constant_stands_above_its_users(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "x");
    initializers(&m, "block.a.weight block.b.weight two");
    module(&m, "block", "Block");
    module(&m, "block.a", "Own");
    module(&m, "block.b", "Own");
    op(&m, "Sqrt", "two", "k");
    op(&m, "MatMul", "x,block.a.weight,k", "a");
    op(&m, "MatMul", "a,block.b.weight,k", "y");
    small_output(m.g, 0, "y");
    run(&m);
    assert_string_equal(scope_of(&m, "k"), "block");
    end(&m);
}

static void test_unseen_module_runs(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "x");
    initializers(&m, "branch.fc.weight out.weight");
    module(&m, "branch", "Branch");
    module(&m, "branch.fc", "~Linear");
    for (uint32_t i = 1; i < m.t.tree.count; i++)
        m.t.tree.modules[i].has_order = false;
    module(&m, "out", "~Linear");
    op(&m, "If", "x", "h");
    mx_node_id body = small_body(m.g, maker(&m, "h"), "then_branch");
    small_op(m.g, body, "MatMul", "x,branch.fc.weight", "a");
    small_op(m.g, body, "Relu", "a", "r");
    small_output(m.g, body, "r");
    op(&m, "MatMul", "h,out.weight", "y");
    small_output(m.g, 0, "y");
    run(&m);
    assert_string_equal(scope_of(&m, "r"), "branch");
    end(&m);
}

/* An encoder and a decoder that does not need it at first: depth alone would mix them up. */
static void test_products_beside_each_other(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "x");
    small_input(m.g, 0, "z");
    initializers(&m, "w1 w2 w3 w4 w5 w6");
    module(&m, "enc", "Encoder");
    for (const char *const *n = (const char *const[]){"enc.a", "enc.b", "enc.c", NULL}; *n; n++)
        module(&m, *n, "~Linear");
    module(&m, "dec", "Decoder");
    for (const char *const *n = (const char *const[]){"dec.a", "dec.b", "dec.c", NULL}; *n; n++)
        module(&m, *n, "~Linear");
    op(&m, "MatMul", "x,w1", "e1");
    op(&m, "MatMul", "e1,w2", "e2");
    op(&m, "MatMul", "e2,w3", "e3");
    op(&m, "MatMul", "z,w4", "d1");
    op(&m, "MatMul", "d1,w5", "d2");
    op(&m, "MatMul", "e3,d2", "m");
    op(&m, "MatMul", "m,w6", "y");
    small_output(m.g, 0, "y");
    run(&m);
    assert_string_equal(scope_of(&m, "y"), "dec.c");
    for (const char *const *n =
             (const char *const[]){"e1", "enc.a", "e2", "enc.b", "e3", "enc.c", "d1", "dec.a", "d2", "dec.b", NULL};
         *n; n += 2)
        assert_string_equal(scope_of(&m, n[0]),
                            n[1]); /* a strand of three is the encoder's, one of two the decoder's */
    end(&m);
}

/* Three products that all need the same: data flow says nothing of which is which, the numbers of their names do,
 * unless they are against data flow elsewhere. */
static void check_numbers(const char *first, const char *second, const char *third, const char *last, bool told) {
    model m = begin(NULL);
    char inputs[64];
    small_input(m.g, 0, "x");
    initializers(&m, "w1 w2 w3 w4 out.bias");
    for (const char *const *n = (const char *const[]){"q", "k", "v", "out", NULL}; *n; n++)
        module(&m, *n, "~Linear");
    op(&m, "MatMul", "x,w3", third);
    op(&m, "MatMul", "x,w1", first);
    op(&m, "MatMul", "x,w2", second);
    snprintf(inputs, sizeof inputs, "%s,%s", first, second);
    op(&m, "MatMul", inputs, "scores");
    snprintf(inputs, sizeof inputs, "scores,%s", third);
    op(&m, "MatMul", inputs, "mix");
    op(&m, "MatMul", "mix,w4", last);
    snprintf(inputs, sizeof inputs, "%s,out.bias", last);
    op(&m, "Add", inputs, "y");
    small_output(m.g, 0, "y");
    run(&m);
    assert_string_equal(scope_of(&m, first), told ? "q" : "");
    assert_string_equal(scope_of(&m, second), told ? "k" : "");
    assert_string_equal(scope_of(&m, third), told ? "v" : "");
    assert_string_equal(scope_of(&m, last), "out");
    end(&m);
}

static void test_numbers_in_names(void **state) {
    (void)state;
    check_numbers("linear", "linear_1", "linear_2", "linear_3", true);
    check_numbers("mm_8", "mm_9", "mm_10", "mm_11", true);
    check_numbers("b", "a", "d", "c", false);
    check_numbers("linear_4", "linear_5", "linear_6", "linear_3", false); /* the last one cannot be made first */
}

/* A block of two products that is called three times, one call after the other. */
static void test_calls_in_succession(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "x");
    initializers(&m, "w1 w2 w3 head.weight");
    for (const char *const *n = (const char *const[]){"block", "block.up", "block.down", NULL}; *n; n++) {
        module(&m, *n, strchr(*n, '.') ? "~Linear" : "Block");
        m.t.tree.modules[m.t.tree.count - 1].n_calls = 3;
    }
    module(&m, "head", "~Linear");
    op(&m, "MatMul", "x,w1", "a");
    op(&m, "MatMul", "a,w2", "b");
    op(&m, "MatMul", "b,w1", "c");
    op(&m, "MatMul", "c,w2", "d");
    op(&m, "MatMul", "d,w1", "e");
    op(&m, "MatMul", "e,w2", "f");
    op(&m, "MatMul", "f,head.weight", "y");
    small_output(m.g, 0, "y");
    run(&m);
    for (const char *const *n = (const char *const[]){"a", "c", "e", NULL}; *n; n++)
        assert_string_equal(scope_of(&m, *n), "block.up");
    for (const char *const *n = (const char *const[]){"b", "d", "f", NULL}; *n; n++)
        assert_string_equal(scope_of(&m, *n), "block.down");
    assert_string_equal(scope_of(&m, "y"), "head");
    end(&m);
}

/* A module that holds one other and turns what that gets and gives; one that holds two may have another reason. */
static void test_layout_around_the_only_child(void **state) {
    (void)state;
    for (int children = 1; children <= 2; children++) {
        model m = begin(NULL);
        small_input(m.g, 0, "x");
        initializers(&m, "net.pre.weight net.deep.conv.weight net.fc.weight shape");
        module(&m, "net", "Net");
        module(&m, "net.pre", "~Linear");
        module(&m, "net.deep", "Deep");
        module(&m, "net.deep.conv", "~Conv2d");
        if (children == 2) module(&m, "net.deep.other", "~Dropout");
        module(&m, "net.fc", "~Linear");
        op(&m, "MatMul", "x,net.pre.weight", "r");
        op(&m, "Transpose", "r", "a");
        op(&m, "Reshape", "a,shape", "b");
        op(&m, "Conv", "b,net.deep.conv.weight", "c");
        op(&m, "Transpose", "c", "d");
        op(&m, "MatMul", "d,net.fc.weight", "y");
        small_output(m.g, 0, "y");
        run(&m);
        assert_string_equal(scope_of(&m, "c"), "net.deep.conv");
        assert_int_equal(strcmp(scope_of(&m, "a"), "net.deep") == 0, children == 1);
        assert_int_equal(strcmp(scope_of(&m, "b"), "net.deep") == 0, children == 1);
        end(&m);
    }
}

/* What is added behind `cross` is what the layer around it began with, though newer data flowed in from elsewhere. */
static void test_residual_past_other_data(void **state) {
    (void)state;
    model m = begin(NULL);
    small_input(m.g, 0, "x");
    small_input(m.g, 0, "memory");
    initializers(
        &m, "start.weight layer.norm.weight layer.cross.q.weight layer.cross.k.weight layer.cross.o.weight end.weight");
    module(&m, "start", "~Linear");
    module(&m, "layer", "Layer");
    module(&m, "layer.norm", "~LayerNorm");
    module(&m, "layer.cross", "Cross");
    for (const char *const *n = (const char *const[]){"q", "k", "o", NULL}; *n; n++) {
        char scope[32];
        snprintf(scope, sizeof scope, "layer.cross.%s", *n);
        module(&m, scope, "~Linear");
    }
    module(&m, "end", "~Linear");
    op(&m, "MatMul", "x,start.weight", "s");
    op(&m, "LayerNormalization", "s,layer.norm.weight", "n");
    op(&m, "MatMul", "n,layer.cross.q.weight", "q");
    op(&m, "MatMul", "memory,layer.cross.k.weight", "k");
    op(&m, "MatMul", "q,k", "scores");
    op(&m, "MatMul", "scores,layer.cross.o.weight", "o");
    op(&m, "Add", "s,o", "sum");
    op(&m, "MatMul", "sum,end.weight", "y");
    small_output(m.g, 0, "y");
    run(&m);
    assert_string_equal(scope_of(&m, "scores"), "layer.cross");
    assert_string_equal(scope_of(&m, "sum"), "layer");
    end(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims_and_silent_modules),
        cmocka_unit_test(test_order_of_operators_says_nothing),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_norm_taken_apart),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_tied_name),
        cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_cycle),
        cmocka_unit_test(test_one_object_with_two_names),
        cmocka_unit_test(test_shared_constant_stands_above_its_users),
        cmocka_unit_test(test_unseen_module_runs),
        cmocka_unit_test(test_products_beside_each_other),
        cmocka_unit_test(test_numbers_in_names),
        cmocka_unit_test(test_calls_in_succession),
        cmocka_unit_test(test_layout_around_the_only_child),
        cmocka_unit_test(test_residual_past_other_data),
        cmocka_unit_test(test_body_stays_where_its_operator_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
