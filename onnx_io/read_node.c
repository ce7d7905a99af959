#include "onnx_io/read.h"

/* Field numbers of NodeProto. */
enum {
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP_TYPE = 4,
    NODE_ATTRIBUTE = 5,
    NODE_DOC = 6,
    NODE_DOMAIN = 7,
    NODE_OVERLOAD = 8,
    NODE_METADATA = 9
};

static mx_status new_lists(mx_reader *r, const mx_field_counts *counts, mx_node *node, mx_error *err) {
    uint32_t inputs = counts->of[NODE_INPUT], outputs = counts->of[NODE_OUTPUT], attrs = counts->of[NODE_ATTRIBUTE];
    if (inputs) MX_TRY(mx_graph_array(r->g, inputs, sizeof *node->inputs, &node->inputs, err));
    if (outputs) MX_TRY(mx_graph_array(r->g, outputs, sizeof *node->outputs, &node->outputs, err));
    if (attrs) MX_TRY(mx_graph_array(r->g, attrs, sizeof *node->attrs, &node->attrs, err));
    return mx_new_pairs(r, counts->of[NODE_METADATA], &node->metadata, err);
}

static mx_status read_input(mx_reader *r, const mx_field *f, mx_node *node, mx_error *err) {
    mx_port *port = &node->inputs[node->n_inputs++];
    port->source = MX_NO_NODE;
    return mx_read_string(r, f, &port->name, err);
}

static mx_status read_field(mx_reader *r, mx_node_id id, mx_node *node, const mx_field *f, mx_error *err) {
    switch (f->number) {
    case NODE_INPUT: return read_input(r, f, node, err);
    case NODE_OUTPUT: return mx_read_string(r, f, &node->outputs[node->n_outputs++], err);
    case NODE_NAME: return mx_read_string(r, f, &node->name, err);
    case NODE_OP_TYPE: return mx_read_string(r, f, &node->op_type, err);
    case NODE_ATTRIBUTE:
        MX_TRY(mx_read_attribute(r, id, f, &node->attrs[node->n_attrs], err));
        node->n_attrs++;
        return MX_OK;
    case NODE_DOC: return mx_read_string(r, f, &node->doc, err);
    case NODE_DOMAIN: return mx_read_string(r, f, &node->domain, err);
    case NODE_OVERLOAD: return mx_read_string(r, f, &node->overload, err);
    case NODE_METADATA: return mx_add_pair(r, f, &node->metadata, err);
    default: return mx_frame_leave(r, f, err);
    }
}

mx_status mx_read_node(mx_reader *r, mx_node_id parent, const mx_field *f, mx_error *err) {
    mx_node_id id;
    mx_frame frame;
    mx_field_counts counts;
    MX_TRY(mx_frame_begin(r, MX_MESSAGE_NODE, f, &frame, err));
    MX_TRY(mx_count_fields(r, MX_MESSAGE_NODE, f, &counts, err));
    MX_TRY(mx_graph_add_node(r->g, MX_NODE_OPERATOR, parent, &id, err));
    mx_node *node = mx_node_at(r->g, id);
    MX_TRY(new_lists(r, &counts, node, err));
    for (;;) {
        mx_field field;
        MX_TRY(mx_frame_next(r, &frame, &field, err));
        if (field.number == 0) break;
        MX_TRY(read_field(r, id, node, &field, err));
    }
    return mx_frame_end(r, &frame, &node->rest, err);
}
