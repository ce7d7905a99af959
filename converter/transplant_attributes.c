/* Copies of attributes. */
#include "converter/transplant.h"

/* Copies of one reference of an attribute: a tensor, a sparse tensor, a type, a body. */
static mx_status copy_reference(mx_transplant *t, const mx_attr *a, uint32_t index, mx_node_id to, uint32_t *out) {
    *out = MX_NO_INDEX;
    if (index == MX_NO_INDEX) return MX_OK;
    switch (a->type) {
    case MX_ATTR_TENSOR:
    case MX_ATTR_TENSORS: return mx_transplant_tensor(t, index, out);
    case MX_ATTR_SPARSE_TENSOR:
    case MX_ATTR_SPARSE_TENSORS: return mx_transplant_sparse(t, index, false, out);
    case MX_ATTR_TYPE_PROTO:
    case MX_ATTR_TYPE_PROTOS: return mx_transplant_type(t, index, out);
    default: return mx_transplant_body(t, index, to, out);
    }
}

static mx_status copy_references(mx_transplant *t, const mx_attr *a, mx_node_id to, uint32_t **out) {
    MX_TRY(mx_graph_array(t->to, a->count, sizeof **out, out, t->err));
    for (uint32_t i = 0; i < a->count; i++) MX_TRY(copy_reference(t, a, a->value.indices[i], to, &(*out)[i]));
    return MX_OK;
}

static mx_status copy_strings(mx_transplant *t, const mx_attr *a, mx_sid **out) {
    MX_TRY(mx_graph_array(t->to, a->count, sizeof **out, out, t->err));
    for (uint32_t i = 0; i < a->count; i++) MX_TRY(mx_transplant_string(t, a->value.sids[i], &(*out)[i]));
    return MX_OK;
}

static mx_status copy_numbers(mx_transplant *t, const void *numbers, size_t size, void *out) {
    void *copy = mx_arena_copy(&t->to->arena, size ? numbers : "", size);
    if (!copy) return mx_nomem(t->err);
    memcpy(out, &copy, sizeof copy);
    return MX_OK;
}

static mx_status copy_value(mx_transplant *t, const mx_attr *a, mx_node_id to, mx_attr *out) {
    switch (a->type) {
    case MX_ATTR_UNDEFINED:
    case MX_ATTR_FLOAT:
    case MX_ATTR_INT: return MX_OK;
    case MX_ATTR_OPAQUE:
    case MX_ATTR_STRING: return mx_transplant_string(t, a->value.s, &out->value.s);
    case MX_ATTR_STRINGS: return copy_strings(t, a, &out->value.sids);
    case MX_ATTR_FLOATS: return copy_numbers(t, a->value.floats, a->count * sizeof(float), &out->value.floats);
    case MX_ATTR_INTS: return copy_numbers(t, a->value.ints, a->count * sizeof(int64_t), &out->value.ints);
    case MX_ATTR_TENSORS:
    case MX_ATTR_GRAPHS:
    case MX_ATTR_SPARSE_TENSORS:
    case MX_ATTR_TYPE_PROTOS: return copy_references(t, a, to, &out->value.indices);
    default: return copy_reference(t, a, a->value.index, to, &out->value.index);
    }
}

mx_status mx_transplant_attributes(mx_transplant *t, const mx_node *from, mx_node_id to) {
    mx_attr *attrs = NULL;
    MX_TRY(mx_graph_array(t->to, from->n_attrs, sizeof *attrs, &attrs, t->err));
    mx_node_at(t->to, to)->attrs = attrs;
    for (uint32_t i = 0; i < from->n_attrs; i++) {
        const mx_attr *a = &from->attrs[i];
        mx_attr *copy = &attrs[i];
        *copy = *a;
        MX_TRY(mx_transplant_string(t, a->name, &copy->name));
        MX_TRY(mx_transplant_string(t, a->ref_name, &copy->ref_name));
        MX_TRY(mx_transplant_string(t, a->doc, &copy->doc));
        MX_TRY(mx_transplant_string(t, a->rest, &copy->rest));
        if (a->ref_name == MX_SID_ABSENT) MX_TRY(copy_value(t, a, to, copy));
        mx_node_at(t->to, to)->n_attrs = i + 1;
    }
    return MX_OK;
}
