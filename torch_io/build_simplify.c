/* Which operators are simplified, and what the known content of a result makes of it. */
#include "torch_io/build_simplify.h"

static bool simplify_identity(mx_build *b, const mx_ask *ask, mx_val *out) {
    (void)b;
    *out = ask->n_in > 0 ? ask->in[0] : MX_NO_VAL;
    return *out != MX_NO_VAL;
}

static const struct simplify_row {
    const char *op;
    mx_simplify_rule *rule;
} rows[] = {
    {"Add", mx_simplify_add},
    {"And", mx_simplify_and},
    {"Cast", mx_simplify_cast},
    {"Concat", mx_simplify_concat},
    {"Conv", mx_simplify_conv},
    {"Div", mx_simplify_div},
    {"Expand", mx_simplify_expand},
    {"Flatten", mx_simplify_flatten},
    {"Gather", mx_simplify_gather},
    {"Identity", simplify_identity},
    {"MatMul", mx_simplify_matmul},
    {"Max", mx_simplify_single},
    {"Mean", mx_simplify_single},
    {"Min", mx_simplify_single},
    {"Mul", mx_simplify_mul},
    {"Neg", mx_simplify_neg},
    {"Not", mx_simplify_not},
    {"Or", mx_simplify_or},
    {"Reshape", mx_build_reshape},
    {"Shape", mx_simplify_shape},
    {"Slice", mx_simplify_slice},
    {"Squeeze", mx_simplify_squeeze},
    {"Sub", mx_simplify_sub},
    {"Sum", mx_simplify_single},
    {"Transpose", mx_simplify_transpose},
    {"Unsqueeze", mx_simplify_unsqueeze},
    {"Where", mx_simplify_where},
};

bool mx_build_simplify(mx_build *b, const mx_ask *ask, mx_val *out) {
    if (b->status != MX_OK || ask->n_in == 0 || ask->in[0] == MX_NO_VAL) return false;
    const struct simplify_row *row = MX_BUILD_ROW(rows, ask->op);
    return row && row->rule(b, ask, out);
}

/* ---- content that is known ---- */

enum { ITEMS = 64 };

static mx_val as_constant(mx_build *b, const mx_bvalue *v, const mx_size *items, size_t n) {
    uint8_t bytes[ITEMS * sizeof(int64_t)];
    int64_t length = (int64_t)n;
    for (size_t i = 0; i < n; i++) {
        if (!mx_size_is_number(items[i])) return MX_NO_VAL;
        mx_store_int(bytes, i, v->elem, items[i].value);
    }
    return mx_constant(b, v->elem, &length, (size_t)v->rank, bytes, n * mx_elem_size(v->elem));
}

mx_val mx_build_settle(mx_build *b, mx_val made) {
    mx_size items[ITEMS];
    size_t n;
    mx_val out = MX_NO_VAL;
    const mx_bvalue v = *mx_build_look(b, made);
    if (b->status != MX_OK || v.kind != MX_BV_OP || v.rank < 0 || v.rank > 1 || (v.rank == 0 && v.n_items != 1))
        return made;
    if (!mx_build_items(b, made, items, ITEMS, &n)) return made;
    out = as_constant(b, &v, items, n);
    if (out == MX_NO_VAL && n == 1 && v.rank == 1 && v.elem == MX_ELEM_INT64 && !mx_build_named_size(b, items[0], &out))
        return made;
    return out == MX_NO_VAL ? made : out;
}
