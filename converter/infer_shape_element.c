/* Operators that work element by element. */
#include "converter/infer_rules.h"

/* ---- what several families need ---- */

const mx_contents *mx_op_in_vector(const mx_op *op, uint32_t input, uint32_t *rank) {
    mx_shape shape;
    const mx_contents *c = mx_op_in_contents(op, input);
    if (!c || !c->items || !mx_op_in_shape(op, input, &shape) || shape.rank > 1) return NULL;
    if (rank) *rank = shape.rank;
    return c;
}

bool mx_op_in_length(const mx_op *op, uint32_t input, uint32_t *out) {
    mx_shape shape;
    const mx_contents *c = mx_op_in_contents(op, input);
    if (c) {
        *out = c->count;
        return c->count <= MX_INFER_RANK;
    }
    if (!mx_op_in_shape(op, input, &shape) || shape.rank != 1) return false;
    if (shape.dims[0].kind != MX_DIM_VALUE || shape.dims[0].value > MX_INFER_RANK) return false;
    *out = (uint32_t)shape.dims[0].value;
    return true;
}

void mx_op_axes_input(const mx_op *op, uint32_t input, mx_axes *out) {
    *out = (mx_axes){0};
    out->given = mx_op_in_given(op, input);
    out->known = out->given && mx_op_in_ints(op, input, out->values, MX_INFER_CONTENTS, &out->count);
}

void mx_op_axes_attribute(mx_op *op, const char *attribute, mx_axes *out) {
    const int64_t *values;
    *out = (mx_axes){0};
    out->given = mx_op_ints(op, attribute, &values, &out->count) || op->blind;
    out->known = out->given && !op->blind && out->count <= MX_INFER_CONTENTS;
    for (uint32_t i = 0; out->known && i < out->count; i++)
        out->values[i] = values[i];
}

void mx_op_axes(mx_op *op, const char *attribute, uint32_t input, int64_t input_since, mx_axes *out) {
    if (mx_op_before(op, input_since))
        mx_op_axes_attribute(op, attribute, out);
    else
        mx_op_axes_input(op, input, out);
}

/* ---- one input ---- */

void mx_shape_same(mx_op *op) {
    for (uint32_t k = 0; k < op->node->n_outputs; k++)
        mx_op_out_like(op, k, 0);
}

void mx_shape_first_same(mx_op *op) {
    mx_op_out_like(op, 0, 0);
}

void mx_shape_identity(mx_op *op) {
    mx_op_out_type(op, 0, mx_op_in_type(op, 0));
    mx_op_out_contents(op, 0, mx_op_in_contents(op, 0));
}

void mx_shape_cast(mx_op *op) {
    mx_op_out_like(op, 0, 0);
    int32_t to = mx_op_element(op, 0);
    const mx_contents *c = mx_op_in_contents(op, 0);
    if (c && c->items && (to == MX_ELEM_INT32 || to == MX_ELEM_INT64)) mx_op_out_contents(op, 0, c);
}

/* The zero point has the type of the result; without one it is said by an attribute or is uint8. */
void mx_shape_quantize(mx_op *op) {
    mx_shape shape;
    int32_t element = (int32_t)mx_op_int(op, "output_dtype", 0);
    bool known = mx_op_in_shape(op, 0, &shape);
    if (op->blind) return;
    if (element == MX_ELEM_UNKNOWN) element = mx_op_in_given(op, 2) ? mx_op_in_element(op, 2) : MX_ELEM_UINT8;
    mx_op_out_tensor(op, 0, element, known ? &shape : NULL);
}

/* Optimizers: after two inputs come the tensors X, the gradients and then the states, and out come X and the states. */
void mx_shape_matching(mx_op *op) {
    bool states = mx_str_is(mx_text(op->g, op->node->op_type), "Adam");
    uint32_t groups = states ? 4 : 3, tensors = op->node->n_inputs < 2 ? 0 : (op->node->n_inputs - 2) / groups;
    for (uint32_t k = 0; k < op->node->n_outputs; k++) {
        uint32_t from = 2 + k + (k < tensors ? 0 : tensors);
        mx_op_out_type(op, k, mx_op_in_type(op, from));
    }
}

/* ---- several inputs ---- */

void mx_shape_broadcast(mx_op *op) {
    mx_shape shape, so_far = {0, NULL};
    mx_dim dims[MX_INFER_RANK];
    if (mx_op_before(op, 7)) { /* the second input was made to fit the first */
        mx_op_out_like(op, 0, 0);
        return;
    }
    for (uint32_t k = 0; k < op->node->n_inputs; k++) {
        if (!mx_op_in_shape(op, k, &shape)) return;
        mx_dim next[MX_INFER_RANK];
        mx_shape both[2] = {so_far, shape};
        uint32_t rank;
        if (!mx_broadcast(both, 2, next, &rank)) return;
        memcpy(dims, next, rank * sizeof *dims);
        so_far = (mx_shape){rank, dims};
    }
    if (op->node->n_inputs > 0) mx_op_out_shape(op, 0, so_far.rank, dims);
}

/* ---- arithmetic with the contents ---- */

typedef mx_dim arithmetic(mx_dim a, mx_dim b);

static bool both_values(mx_dim a, mx_dim b) {
    return a.kind == MX_DIM_VALUE && b.kind == MX_DIM_VALUE;
}

static mx_dim item_add(mx_dim a, mx_dim b) {
    int64_t r;
    if (mx_dim_is(a, 0)) return b;
    if (mx_dim_is(b, 0)) return a;
    return both_values(a, b) && !__builtin_add_overflow(a.value, b.value, &r) ? mx_item_of(r) : mx_dim_unknown;
}

static mx_dim item_sub(mx_dim a, mx_dim b) {
    int64_t r;
    if (mx_dim_is(b, 0)) return a;
    if (mx_dim_same(a, b)) return mx_item_of(0);
    return both_values(a, b) && !__builtin_sub_overflow(a.value, b.value, &r) ? mx_item_of(r) : mx_dim_unknown;
}

static mx_dim item_mul(mx_dim a, mx_dim b) {
    int64_t r;
    if (mx_dim_is(a, 1)) return b;
    if (mx_dim_is(b, 1)) return a;
    return both_values(a, b) && !__builtin_mul_overflow(a.value, b.value, &r) ? mx_item_of(r) : mx_dim_unknown;
}

static mx_dim item_div(mx_dim a, mx_dim b) {
    if (mx_dim_is(b, 1)) return a;
    bool defined = both_values(a, b) && b.value != 0 && !(b.value == -1 && a.value == INT64_MIN);
    return defined ? mx_item_of(a.value / b.value) : mx_dim_unknown;
}

static void calculate(mx_op *op, arithmetic *f) {
    mx_dim items[MX_INFER_CONTENTS];
    mx_shape_broadcast(op);
    const mx_contents *a = mx_op_in_vector(op, 0, NULL), *b = a ? mx_op_in_vector(op, 1, NULL) : NULL;
    if (!a || !b || (a->count != b->count && a->count != 1 && b->count != 1)) return;
    uint32_t count = a->count == 1 ? b->count : a->count;
    for (uint32_t i = 0; i < count; i++)
        items[i] = f(a->items[a->count == 1 ? 0 : i], b->items[b->count == 1 ? 0 : i]);
    mx_op_out_contents(op, 0, mx_infer_keep_ints(op->in, items, count));
}

void mx_shape_add(mx_op *op) {
    calculate(op, item_add);
}

void mx_shape_sub(mx_op *op) {
    calculate(op, item_sub);
}

void mx_shape_mul(mx_op *op) {
    calculate(op, item_mul);
}

void mx_shape_div(mx_op *op) {
    calculate(op, item_div);
}
