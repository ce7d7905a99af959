#include "onnx_io/read.h"

/* Field numbers of FunctionProto. */
enum {
    FUNCTION_NAME = 1,
    FUNCTION_INPUT = 4,
    FUNCTION_OUTPUT = 5,
    FUNCTION_ATTRIBUTE = 6,
    FUNCTION_NODE = 7,
    FUNCTION_DOC = 8,
    FUNCTION_OPSET = 9,
    FUNCTION_DOMAIN = 10,
    FUNCTION_ATTRIBUTE_PROTO = 11,
    FUNCTION_VALUE_INFO = 12,
    FUNCTION_OVERLOAD = 13,
    FUNCTION_METADATA = 14
};

static mx_status read_formal(mx_reader *r, mx_node_id function, mx_node_kind kind, const mx_field *f, mx_error *err) {
    mx_node_id id;
    MX_TRY(mx_graph_add_node(r->g, kind, function, &id, err));
    mx_node *node = mx_node_at(r->g, id);
    node->data = MX_NO_INDEX;
    MX_TRY(mx_read_string(r, f, &node->name, err));
    return mx_read_formal_port(r, node, err);
}

static mx_status read_attribute_name(mx_reader *r, mx_node_id function, const mx_field *f, mx_error *err) {
    mx_scope_data *s = mx_scope_at(r, function);
    return mx_read_string(r, f, &s->attribute_names[s->n_attribute_names++], err);
}

static mx_status read_function_field(mx_reader *r, mx_node_id id, const mx_field *f, mx_error *err) {
    mx_node *node = mx_node_at(r->g, id);
    switch (f->number) {
    case FUNCTION_NAME: return mx_read_string(r, f, &node->name, err);
    case FUNCTION_INPUT: return read_formal(r, id, MX_NODE_INPUT, f, err);
    case FUNCTION_OUTPUT: return read_formal(r, id, MX_NODE_OUTPUT, f, err);
    case FUNCTION_ATTRIBUTE: return read_attribute_name(r, id, f, err);
    case FUNCTION_NODE: return mx_read_node(r, id, f, err);
    case FUNCTION_DOC: return mx_read_string(r, f, &node->doc, err);
    case FUNCTION_OPSET: return mx_add_opset(r, id, f, err);
    case FUNCTION_DOMAIN: return mx_read_string(r, f, &node->domain, err);
    case FUNCTION_ATTRIBUTE_PROTO:
        MX_TRY(mx_read_attribute(r, id, f, &node->attrs[node->n_attrs], err));
        node->n_attrs++;
        return MX_OK;
    case FUNCTION_VALUE_INFO: return mx_read_scope_value_info(r, id, f, err);
    case FUNCTION_OVERLOAD: return mx_read_string(r, f, &node->overload, err);
    case FUNCTION_METADATA: return mx_add_pair(r, f, &node->metadata, err);
    default: return mx_frame_leave(r, f, err);
    }
}

static mx_status new_function_lists(mx_reader *r, mx_node_id id, const mx_field *f, mx_error *err) {
    mx_field_counts counts;
    mx_node *node = mx_node_at(r->g, id);
    mx_scope_data *s = mx_scope_at(r, id);
    MX_TRY(mx_count_fields(r, MX_MESSAGE_FUNCTION, f, &counts, err));
    uint32_t names = counts.of[FUNCTION_ATTRIBUTE], attrs = counts.of[FUNCTION_ATTRIBUTE_PROTO];
    if (names) MX_TRY(mx_graph_array(r->g, names, sizeof *s->attribute_names, &s->attribute_names, err));
    if (attrs) MX_TRY(mx_graph_array(r->g, attrs, sizeof *node->attrs, &node->attrs, err));
    MX_TRY(mx_new_opsets(r, id, counts.of[FUNCTION_OPSET], err));
    return mx_new_pairs(r, counts.of[FUNCTION_METADATA], &node->metadata, err);
}

mx_status mx_read_function(mx_reader *r, const mx_field *f, mx_error *err) {
    mx_frame frame;
    mx_node_id id;
    MX_TRY(mx_frame_begin(r, MX_MESSAGE_FUNCTION, f, &frame, err));
    MX_TRY(mx_graph_add_node(r->g, MX_NODE_FUNCTION, MX_MODEL_NODE, &id, err));
    mx_scope_at(r, id)->has_graph = true;
    MX_TRY(new_function_lists(r, id, f, err));
    for (;;) {
        mx_field field;
        MX_TRY(mx_frame_next(r, &frame, &field, err));
        if (field.number == 0) break;
        MX_TRY(read_function_field(r, id, &field, err));
    }
    return mx_frame_end(r, &frame, &mx_node_at(r->g, id)->rest, err);
}
