/* Types that are inferred: what comes from stored tensors, what cannot be known, and memory that runs out. The rules of
 * the operators are compared with those of onnx in tests/python/test_infer.py. */
#include "converter/infer.h"
#include "converter/infer_internal.h"

#include "allocator.h"
#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static mx_types infer(mx_graph *g) {
    mx_types types;
    mx_error err;
    small_wire(g);
    if (mx_infer_types(g, &types, &err) != MX_OK) fail_msg("%s", err.message);
    return types;
}

/* "1[2,N,?]" for a tensor of FLOAT; "?" for unknown parts. Static buffer. */
static const char *shown(const mx_graph *g, uint32_t index) {
    static char text[512];
    const mx_type *t = index == MX_NO_INDEX ? NULL : &g->types[index];
    if (!t || t->kind != MX_TYPE_TENSOR) return t ? "other" : "?";
    size_t used = (size_t)snprintf(text, sizeof text, t->has_elem ? "%d" : "?", t->elem);
    if (!t->has_shape) return text;
    used += (size_t)snprintf(text + used, sizeof text - used, "[");
    for (uint32_t i = 0; i < t->n_dims; i++) {
        const mx_dim *d = &t->dims[i];
        char number[32];
        snprintf(number, sizeof number, "%lld", (long long)d->value);
        const char *name = d->kind == MX_DIM_VALUE ? number : d->kind == MX_DIM_PARAM ? mx_text(g, d->param).p : "?";
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "," : "", name);
    }
    snprintf(text + used, sizeof text - used, "]");
    return text;
}

#define ASSERT_TYPE(types, node, port, text) assert_string_equal(shown(g, mx_types_of(&(types), node, port)), text)

static mx_node_id input_of_rank(mx_graph *g, mx_node_id scope, const char *name, uint32_t rank) {
    mx_dim dims[40] = {{0}};
    mx_error err;
    mx_node_id id = small_input(g, scope, name);
    assert_true(rank <= 40);
    for (uint32_t i = 0; i < rank; i++)
        dims[i] = (mx_dim){.kind = MX_DIM_VALUE, .value = i + 2};
    mx_type type = {.kind = MX_TYPE_TENSOR,
                    .has_elem = true,
                    .elem = 1,
                    .has_shape = true,
                    .child = MX_NO_INDEX,
                    .n_dims = rank,
                    .dims = dims};
    assert_int_equal(mx_graph_add_type(g, &type, &mx_node_at(g, id)->data, &err), MX_OK);
    return id;
}

/* An initializer of one dim. */
static void numbers(mx_graph *g, const char *name, int32_t type, mx_tensor_field field, int64_t count,
                    const void *bytes, size_t size) {
    mx_error err;
    uint32_t id = small_initializer(g, 0, name);
    int64_t *dims;
    mx_blob blob;
    assert_int_equal(mx_graph_array(g, 1, sizeof *dims, &dims, &err), MX_OK);
    assert_int_equal(mx_graph_add_bytes(g, (mx_str){bytes, size}, &blob, &err), MX_OK);
    dims[0] = count;
    mx_tensor *t = &g->tensors[id];
    t->has_type = true;
    t->data_type = type;
    t->field = field;
    t->n_dims = 1;
    t->dims = dims;
    t->data = blob;
}

static void add_ints(mx_graph *g, mx_node_id op, const char *name, int64_t value) {
    mx_node *n = mx_node_at(g, op);
    mx_error err;
    mx_attr *attrs;
    mx_sid sid = small_sid(g, name);
    assert_int_equal(mx_graph_array(g, n->n_attrs + 1, sizeof *attrs, &attrs, &err), MX_OK);
    if (n->n_attrs) memcpy(attrs, n->attrs, n->n_attrs * sizeof *attrs);
    attrs[n->n_attrs] = (mx_attr){.name = sid, .type = MX_ATTR_INT, .count = 1, .value.i = value};
    n->attrs = attrs;
    n->n_attrs++;
}

/* ---- stored tensors ---- */

static void test_contents(void **state) {
    (void)state;
    static const int64_t raw64[] = {3, -1};
    static const int32_t raw32[] = {-1, 4};
    static const uint8_t varints[] = {0x06, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};
    mx_graph *g = small_graph(NULL);
    input_of_rank(g, 0, "x", 3); /* 2, 3, 4 */
    numbers(g, "a", 7, MX_TENSOR_RAW_DATA, 2, raw64, sizeof raw64);
    numbers(g, "b", 6, MX_TENSOR_RAW_DATA, 2, raw32, sizeof raw32);
    numbers(g, "c", 7, MX_TENSOR_INT64_DATA, 2, varints, sizeof varints);
    mx_node_id ops[3] = {small_op(g, 0, "Reshape", "x,a", "p"), small_op(g, 0, "Reshape", "x,b", "q"),
                         small_op(g, 0, "Reshape", "x,c", "r")};
    mx_types types = infer(g);
    ASSERT_TYPE(types, ops[0], 0, "1[3,8]");
    ASSERT_TYPE(types, ops[1], 0, "1[6,4]");
    ASSERT_TYPE(types, ops[2], 0, "1[6,4]");
    mx_types_free(&types);
    mx_graph_release(g);
}

/* Data that is too short, that ends within a number, or that is too much to be followed: the rank is still known. */
static void test_contents_not_followed(void **state) {
    (void)state;
    static const uint8_t bytes[8 * 65] = {0};
    static const uint8_t endless[] = {0x06, 0xFF};
    mx_graph *g = small_graph(NULL);
    input_of_rank(g, 0, "x", 2);
    numbers(g, "short", 7, MX_TENSOR_RAW_DATA, 2, bytes, 15);
    numbers(g, "cut", 7, MX_TENSOR_INT64_DATA, 2, endless, sizeof endless);
    numbers(g, "floats", 1, MX_TENSOR_RAW_DATA, 2, bytes, 8);
    numbers(g, "many", 7, MX_TENSOR_RAW_DATA, 65, bytes, sizeof bytes);
    numbers(g, "just", 7, MX_TENSOR_RAW_DATA, 64, bytes, 8 * 64);
    mx_node_id ops[] = {small_op(g, 0, "Reshape", "x,short", "p"),  small_op(g, 0, "Reshape", "x,cut", "q"),
                        small_op(g, 0, "Reshape", "x,floats", "r"), small_op(g, 0, "Reshape", "x,many", "s"),
                        small_op(g, 0, "Shape", "many", "t"),       small_op(g, 0, "Add", "just,just", "u"),
                        small_op(g, 0, "Add", "many,just", "v")};
    mx_types types = infer(g);
    for (int i = 0; i < 3; i++)
        ASSERT_TYPE(types, ops[i], 0, "1[?,?]");
    ASSERT_TYPE(types, ops[3], 0, "1");
    ASSERT_TYPE(types, ops[4], 0, "7[1]");
    ASSERT_TYPE(types, ops[5], 0, "7[64]");
    ASSERT_TYPE(types, ops[6], 0, "7[65]");
    mx_types_free(&types);
    mx_graph_release(g);
}

/* ---- what cannot be known ---- */

static void test_unknown(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    mx_node_id x = small_input(g, 0, "x"), odd = small_op(g, 0, "Unheard", "x", "y,z");
    mx_node_id body = small_body(g, odd, "part"), inner = small_op(g, body, "Shape", "x", "s");
    mx_node_id add = small_op(g, 0, "Add", "y,x", "a"), nothing = small_op(g, 0, "Relu", "nowhere", "b");
    mx_node_id early = small_op(g, 0, "Relu", "late", "c"), late = small_op(g, 0, "Relu", "x", "late");
    mx_node_id out = small_output(g, 0, "late");
    mx_node_at(g, out)->data = MX_NO_INDEX;
    mx_types types = infer(g);
    ASSERT_TYPE(types, x, 0, "1[]");
    ASSERT_TYPE(types, odd, 0, "?");
    ASSERT_TYPE(types, odd, 1, "?");
    ASSERT_TYPE(types, inner, 0, "7[0]"); /* bodies of operators that nobody knows are looked at too */
    ASSERT_TYPE(types, add, 0, "1");
    ASSERT_TYPE(types, nothing, 0, "?");
    ASSERT_TYPE(types, early, 0, "?");
    ASSERT_TYPE(types, late, 0, "1[]");
    ASSERT_TYPE(types, out, 0, "1[]");
    assert_int_equal(mx_types_of(&types, x, 1), MX_NO_INDEX);
    assert_int_equal(mx_types_of(&types, 0, 0), MX_NO_INDEX);
    assert_int_equal(mx_types_of(&types, (mx_node_id)g->n_nodes, 0), MX_NO_INDEX);
    mx_types_free(&types);
    assert_int_equal(mx_types_of(&types, x, 0), MX_NO_INDEX);
    mx_graph_release(g);
}

/* Ranks up to MX_INFER_RANK are calculated with. */
static void test_high_rank(void **state) {
    (void)state;
    mx_graph *g = small_graph(NULL);
    input_of_rank(g, 0, "x", MX_INFER_RANK);
    input_of_rank(g, 0, "y", MX_INFER_RANK + 1);
    mx_node_id a = small_op(g, 0, "Relu", "x", "a"), b = small_op(g, 0, "Relu", "y", "b");
    mx_node_id c = small_op(g, 0, "Identity", "y", "c"), d = small_op(g, 0, "Gather", "x,x", "d");
    mx_types types = infer(g);
    assert_int_equal(g->types[mx_types_of(&types, a, 0)].n_dims, MX_INFER_RANK);
    ASSERT_TYPE(types, b, 0, "1");
    assert_int_equal(g->types[mx_types_of(&types, c, 0)].n_dims, MX_INFER_RANK + 1);
    ASSERT_TYPE(types, d, 0, "1");
    mx_types_free(&types);
    mx_graph_release(g);
}

/* Attributes that make no sense leave open what depends on them. */
static void test_odd_attributes(void **state) {
    (void)state;
    static const int64_t values[] = {INT64_MIN, INT64_MAX, 0, -1};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        mx_graph *g = small_graph(NULL);
        input_of_rank(g, 0, "x", 4);
        static const char *const types_of_op[] = {
            "Concat",       "Split",        "Flatten", "TopK",   "OneHot",
            "DepthToSpace", "SpaceToDepth", "ArgMax",  "Gather", "LayerNormalization",
            "Shape"};
        for (size_t k = 0; k < sizeof types_of_op / sizeof *types_of_op; k++) {
            char outputs[32];
            snprintf(outputs, sizeof outputs, "p%zu,q%zu,r%zu", k, k, k);
            mx_node_id op = small_op(g, 0, types_of_op[k], "x,x,x", outputs);
            add_ints(g, op, "axis", values[i]);
            add_ints(g, op, "blocksize", values[i]);
            add_ints(g, op, "start", values[i]);
        }
        mx_types types = infer(g);
        mx_types_free(&types);
        mx_graph_release(g);
    }
}

/* ---- the table ---- */

static const mx_infer_rule *rule(const char *domain, const char *op_type, int64_t version) {
    return mx_infer_find_rule(mx_str_of(domain), mx_str_of(op_type), version);
}

static void test_table(void **state) {
    (void)state;
    assert_string_equal(rule("", "Abs", 13)->op_type, "Abs");
    assert_string_equal(rule("", "Xor", 13)->op_type, "Xor");
    assert_string_equal(rule("com.microsoft", "SkipSimplifiedLayerNormalization", 1)->domain, "com.microsoft");
    assert_int_equal(rule("", "DequantizeLinear", 13)->since, 10);
    assert_int_equal(rule("", "DequantizeLinear", 22)->since, 19);
    assert_int_equal(rule("", "DequantizeLinear", -1)->since, 23);
    assert_null(rule("", "DequantizeLinear", 9));
    assert_null(rule("", "Ab", -1));
    assert_null(rule("", "", -1));
    assert_null(rule("zzz", "Add", -1));
    assert_null(rule("ai.onnx.ml", "Add", -1));
}

/* ---- memory ---- */

static mx_graph *with_functions(const mx_env *env) {
    static const int64_t zero[] = {0};
    mx_graph *g = small_graph(env);
    mx_node_id f = small_function(g, "local", "f"), loop, body;
    small_input(g, f, "v");
    small_op(g, f, "Shape", "v", "s");
    small_op(g, f, "Reshape", "v,s", "w");
    small_output(g, f, "w");
    input_of_rank(g, 0, "x", 3);
    numbers(g, "zero", 7, MX_TENSOR_RAW_DATA, 1, zero, sizeof zero);
    for (int i = 0; i < 2; i++) {
        mx_node_id call = small_op(g, 0, "f", i ? "y" : "x", i ? "z" : "y");
        mx_node_at(g, call)->domain = small_sid(g, "local");
    }
    loop = small_op(g, 0, "Loop", ",,z", "last");
    body = small_body(g, loop, "body");
    small_input(g, body, "i");
    small_input(g, body, "on");
    mx_node_at(g, small_input(g, body, "state"))->data = MX_NO_INDEX;
    small_op(g, body, "Unsqueeze", "state,zero", "more");
    small_output(g, body, "on");
    mx_node_at(g, small_output(g, body, "more"))->data = MX_NO_INDEX;
    small_wire(g);
    return g;
}

static void test_no_memory(void **state) {
    (void)state;
    test_allocator t;
    mx_status status = MX_ERR_NOMEM;
    for (size_t n = 1; status != MX_OK; n++) {
        test_allocator_init(&t);
        mx_env env = {.allocator = &t.allocator};
        mx_graph *g = with_functions(&env);
        mx_types types;
        mx_error err;
        t.fail_at = t.calls + n;
        t.fail_on = true;
        status = mx_infer_types(g, &types, &err);
        if (status != MX_OK) {
            assert_int_equal(status, MX_ERR_NOMEM);
            assert_null(types.types);
        } else {
            assert_false(t.failed);
        }
        mx_types_free(&types);
        mx_graph_release(g);
        assert_int_equal(t.blocks, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents),  cmocka_unit_test(test_contents_not_followed), cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_high_rank), cmocka_unit_test(test_odd_attributes),        cmocka_unit_test(test_table),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
