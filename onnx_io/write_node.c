/* NodeProto and AttributeProto. */
#include "onnx.pb-c.h"
#include "onnx_io/write.h"

/* ---- AttributeProto ---- */

/* The field that holds the value of each type. */
static const uint8_t value_number[] = {
    [MX_ATTR_FLOAT] = 2,          [MX_ATTR_INT] = 3,
    [MX_ATTR_STRING] = 4,         [MX_ATTR_TENSOR] = 5,
    [MX_ATTR_GRAPH] = 6,          [MX_ATTR_FLOATS] = 7,
    [MX_ATTR_INTS] = 8,           [MX_ATTR_STRINGS] = 9,
    [MX_ATTR_TENSORS] = 10,       [MX_ATTR_GRAPHS] = 11,
    [MX_ATTR_TYPE_PROTO] = 14,    [MX_ATTR_TYPE_PROTOS] = 15,
    [MX_ATTR_SPARSE_TENSOR] = 22, [MX_ATTR_SPARSE_TENSORS] = 23,
};
enum { ATTR_NAME = 1, ATTR_DOC = 13, ATTR_TYPE = 20, ATTR_REF = 21 };

/* The number of the value's field, 0 if there is no value. */
static uint32_t number_of(const mx_attr *a) {
    if (a->ref_name != MX_SID_ABSENT || a->type <= 0) return 0;
    return (size_t)a->type < sizeof value_number ? value_number[a->type] : 0;
}

/* Puts one thing that an index refers to. */
static mx_status put_item(mx_out *m, int32_t type, uint32_t number, uint32_t index, mx_error *err) {
    switch (type) {
    case MX_ATTR_TENSOR:
    case MX_ATTR_TENSORS: return mx_out_tensor(m, number, index, true, err);
    case MX_ATTR_SPARSE_TENSOR:
    case MX_ATTR_SPARSE_TENSORS: return mx_out_sparse(m, number, index, err);
    case MX_ATTR_TYPE_PROTO:
    case MX_ATTR_TYPE_PROTOS: return mx_out_type(m, number, index, err);
    default: return mx_out_graph(m, number, index, err);
    }
}

static mx_status put_value(mx_out *m, const mx_attr *a, uint32_t number, mx_error *err) {
    switch (a->type) {
    case MX_ATTR_FLOAT: mx_out_float(m, number, a->value.f); return MX_OK;
    case MX_ATTR_INT: mx_out_int(m, number, a->value.i); return MX_OK;
    case MX_ATTR_STRING: mx_out_text(m, number, a->value.s); return MX_OK;
    case MX_ATTR_INTS: mx_out_ints(m, number, a->value.ints, a->count); return MX_OK;
    case MX_ATTR_FLOATS:
        for (uint32_t i = 0; i < a->count; i++)
            mx_out_float(m, number, a->value.floats[i]);
        return MX_OK;
    case MX_ATTR_STRINGS:
        for (uint32_t i = 0; i < a->count; i++)
            mx_out_text(m, number, a->value.sids[i]);
        return MX_OK;
    case MX_ATTR_TENSOR:
    case MX_ATTR_GRAPH:
    case MX_ATTR_SPARSE_TENSOR:
    case MX_ATTR_TYPE_PROTO: return put_item(m, a->type, number, a->value.index, err);
    default:
        for (uint32_t i = 0; i < a->count; i++)
            MX_TRY(put_item(m, a->type, number, a->value.indices[i], err));
        return MX_OK;
    }
}

static mx_status attr_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_attr *a = item;
    uint32_t number = number_of(a);
    mx_out_text(m, ATTR_NAME, a->name);
    if (number != 0 && number < ATTR_DOC) MX_TRY(put_value(m, a, number, err));
    mx_out_text(m, ATTR_DOC, a->doc);
    if (number > ATTR_DOC && number < ATTR_TYPE) MX_TRY(put_value(m, a, number, err));
    mx_out_int(m, ATTR_TYPE, a->type);
    mx_out_text(m, ATTR_REF, a->ref_name);
    return number > ATTR_REF ? put_value(m, a, number, err) : MX_OK;
}

mx_status mx_out_attr(mx_out *m, uint32_t number, const mx_attr *attr, mx_error *err) {
    static const mx_message message = {attr_fields, &onnx__attribute_proto__descriptor};
    if (attr->type != MX_ATTR_OPAQUE) return mx_out_message(m, number, NULL, &message, attr, attr->rest, err);
    mx_out_text(m, number, attr->value.s);
    return MX_OK;
}

/* ---- NodeProto ---- */

/* An element of a list of names is always there, if only empty. */
static void put_name(mx_out *m, uint32_t number, mx_sid name) {
    mx_out_text(m, number, name == MX_SID_ABSENT ? MX_SID_EMPTY : name);
}

static mx_status node_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_node *n = item;
    for (uint32_t i = 0; i < n->n_inputs; i++)
        put_name(m, 1, n->inputs[i].name);
    for (uint32_t i = 0; i < n->n_outputs; i++)
        put_name(m, 2, n->outputs[i]);
    mx_out_text(m, 3, n->name);
    mx_out_text(m, 4, n->op_type);
    for (uint32_t i = 0; i < n->n_attrs; i++)
        MX_TRY(mx_out_attr(m, 5, &n->attrs[i], err));
    mx_out_text(m, 6, n->doc);
    mx_out_text(m, 7, n->domain);
    mx_out_text(m, 8, n->overload);
    mx_out_pairs(m, 9, &n->metadata);
    return MX_OK;
}

mx_status mx_out_node(mx_out *m, uint32_t number, mx_node_id node, mx_error *err) {
    static const mx_message message = {node_fields, &onnx__node_proto__descriptor};
    const mx_graph *g = m->w->g;
    const mx_node *n = mx_node_at(g, node);
    mx_status status = mx_out_message(m, number, &m->w->node_sizes[node], &message, n, n->rest, err);
    return status == MX_OK ? MX_OK : mx_at_node(err, status, mx_text(g, n->name));
}
