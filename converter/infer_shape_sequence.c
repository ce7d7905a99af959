/* Sequences and optional values. */
#include "converter/infer_rules.h"

static void out_sequence(mx_op *op, uint32_t element) {
    if (element != MX_NO_INDEX) mx_op_out_type(op, 0, mx_infer_container(op->in, MX_TYPE_SEQUENCE, element));
}

static uint32_t element_of(const mx_op *op, uint32_t input) {
    return mx_infer_child(op->in, mx_op_in_type(op, input), MX_TYPE_SEQUENCE);
}

void mx_shape_scalar(mx_op *op) {
    mx_op_out_rank(op, 0, 0);
}

void mx_shape_sequence_empty(mx_op *op) {
    int32_t element = (int32_t)mx_op_int(op, "dtype", MX_ELEM_FLOAT);
    if (!op->blind) out_sequence(op, mx_infer_tensor(op->in, element, NULL));
}

void mx_shape_sequence_construct(mx_op *op) {
    uint32_t type = mx_op_in_type(op, 0);
    for (uint32_t k = 1; k < op->node->n_inputs; k++)
        type = mx_infer_join(op->in, type, mx_op_in_type(op, k));
    out_sequence(op, type);
}

/* With one element less the elements are still of that type. */
void mx_shape_sequence_same(mx_op *op) {
    mx_op_out_type(op, 0, mx_op_in_type(op, 0));
}

void mx_shape_sequence_at(mx_op *op) {
    mx_op_out_type(op, 0, element_of(op, 0));
}

void mx_shape_sequence_insert(mx_op *op) {
    uint32_t have = element_of(op, 0), more = mx_op_in_type(op, 1);
    out_sequence(op, have == MX_NO_INDEX ? mx_infer_without_shape(op->in, more) : mx_infer_join(op->in, have, more));
}

void mx_shape_split_to_sequence(mx_op *op) {
    mx_shape shape, lengths;
    mx_dim dims[MX_INFER_RANK];
    uint32_t axis, rank = 0;
    int32_t element = mx_op_in_element(op, 0);
    bool keep = mx_op_in_given(op, 1) || mx_op_int(op, "keepdims", 1) != 0;
    bool known =
        mx_op_in_shape(op, 0, &shape) && mx_infer_axis(mx_op_int(op, "axis", 0), shape.rank, &axis) && !op->blind;
    if (!known) {
        out_sequence(op, mx_infer_tensor(op->in, element, NULL));
        return;
    }
    mx_dim part = mx_op_in_given(op, 1) ? mx_dim_unknown : mx_dim_of(1);
    int64_t length;
    uint32_t count;
    /* pieces of one length, if that leaves no smaller one at the end */
    if (mx_op_in_ints(op, 1, &length, 1, &count) && mx_op_in_shape(op, 1, &lengths) && lengths.rank == 0 &&
        length > 0 && shape.dims[axis].kind == MX_DIM_VALUE && shape.dims[axis].value % length == 0)
        part = mx_dim_of(length);
    for (uint32_t i = 0; i < shape.rank; i++) {
        if (i != axis)
            dims[rank++] = shape.dims[i];
        else if (keep)
            dims[rank++] = part;
    }
    shape = (mx_shape){rank, dims};
    out_sequence(op, mx_infer_tensor(op->in, element, &shape));
}

void mx_shape_concat_from_sequence(mx_op *op) {
    mx_shape shape, out;
    mx_dim dims[MX_INFER_RANK];
    uint32_t type = element_of(op, 0), axis, rank = 0;
    bool is_new = mx_op_int(op, "new_axis", 0) != 0;
    if (type == MX_NO_INDEX || op->g->types[type].kind != MX_TYPE_TENSOR) return;
    int32_t element = op->g->types[type].elem;
    bool known = mx_infer_shape_of(op->in, type, &shape) && shape.rank + is_new <= MX_INFER_RANK &&
                 mx_infer_axis(mx_op_int(op, "axis", 0), shape.rank + is_new, &axis);
    for (uint32_t i = 0; known && i < shape.rank + is_new; i++) {
        dims[i] = i == axis ? mx_dim_unknown : shape.dims[rank];
        if (i != axis || !is_new) rank++;
    }
    out = (mx_shape){known ? shape.rank + is_new : 0, dims};
    mx_op_out_tensor(op, 0, element, known ? &out : NULL);
}

/* ---- optional ---- */

void mx_shape_optional(mx_op *op) {
    uint32_t type = mx_op_in_type(op, 0);
    const mx_attr *a = mx_op_attribute(op, "type");
    if (type == MX_NO_INDEX && a && a->type == MX_ATTR_TYPE_PROTO) type = a->value.index;
    if (type != MX_NO_INDEX) mx_op_out_type(op, 0, mx_infer_container(op->in, MX_TYPE_OPTIONAL, type));
}

void mx_shape_optional_get(mx_op *op) {
    uint32_t type = mx_op_in_type(op, 0), child = mx_infer_child(op->in, type, MX_TYPE_OPTIONAL);
    bool optional = type != MX_NO_INDEX && op->g->types[type].kind == MX_TYPE_OPTIONAL;
    mx_op_out_type(op, 0, optional ? child : type);
}
