/* Before anything is written: opaque pieces, which are written as they are, must be messages that can be read again. An
 * edited GraphML can bring any bytes. */
#include "onnx_io/write.h"

#include "onnx.pb-c.h"
#include "onnx_io/scan.h"

mx_status mx_check_wire(const mx_graph *g, mx_str bytes, const ProtobufCMessageDescriptor *message, const char *what,
                        mx_error *err) {
    mx_wire_input in;
    bool canonical;
    mx_error inner = {0};
    mx_wire_from_memory(&in, bytes.p, bytes.n);
    mx_status status = mx_scan_message((mx_wire){&in, 0, bytes.n}, message, g->limits.message_depth, &canonical, &inner);
    if (status == MX_OK) return MX_OK;
    return mx_fail(err, status == MX_ERR_NOMEM ? status : MX_ERR_INVALID, "the bytes of %s are no valid message: %s", what,
                   inner.message);
}

static mx_status check_pairs(const mx_graph *g, const mx_pairs *pairs, mx_error *err) {
    for (uint32_t i = 0; i < pairs->count; i++)
        if (pairs->items[i].opaque != MX_SID_ABSENT)
            MX_TRY(mx_check_wire(g, mx_text(g, pairs->items[i].opaque), &onnx__string_string_entry_proto__descriptor,
                                 "an entry of the metadata", err));
    return MX_OK;
}

static mx_status check_node(const mx_graph *g, const mx_node *n, mx_error *err) {
    MX_TRY(check_pairs(g, &n->metadata, err));
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (n->attrs[i].type == MX_ATTR_OPAQUE)
            MX_TRY(mx_check_wire(g, mx_text(g, n->attrs[i].value.s), &onnx__attribute_proto__descriptor, "an attribute",
                                 err));
    return MX_OK;
}

static mx_status check_scope(const mx_graph *g, const mx_scope_data *s, mx_error *err) {
    MX_TRY(check_pairs(g, &s->metadata, err));
    for (uint32_t i = 0; i < s->n_opsets; i++)
        if (s->opsets[i].opaque != MX_SID_ABSENT)
            MX_TRY(mx_check_wire(g, mx_text(g, s->opsets[i].opaque), &onnx__operator_set_id_proto__descriptor,
                                 "an opset import", err));
    for (size_t i = 0; i < s->n_value_infos; i++) MX_TRY(check_pairs(g, &s->value_infos[i].metadata, err));
    return MX_OK;
}

mx_status mx_check_opaque(const mx_graph *g, mx_error *err) {
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        mx_status status = check_node(g, n, err);
        if (status != MX_OK) return mx_at_node(err, status, mx_text(g, n->name));
    }
    for (size_t i = 0; i < g->n_scopes; i++) MX_TRY(check_scope(g, &g->scopes[i], err));
    for (size_t i = 0; i < g->n_types; i++)
        if (g->types[i].kind == MX_TYPE_WIRE)
            MX_TRY(mx_check_wire(g, mx_text(g, g->types[i].domain), &onnx__type_proto__descriptor, "a type", err));
    for (size_t i = 0; i < g->n_tensors; i++) {
        MX_TRY(check_pairs(g, &g->tensors[i].external, err));
        MX_TRY(check_pairs(g, &g->tensors[i].metadata, err));
    }
    return MX_OK;
}
