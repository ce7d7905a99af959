#include "onnx_io/read.h"

/* Field numbers of GraphProto. */
enum {
    GRAPH_NODE = 1,
    GRAPH_NAME = 2,
    GRAPH_INITIALIZER = 5,
    GRAPH_DOC = 10,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    GRAPH_VALUE_INFO = 13,
    GRAPH_SPARSE_INITIALIZER = 15,
    GRAPH_METADATA = 16
};

/* A formal input or output. */
static mx_status read_formal(mx_reader *r, mx_node_id scope, mx_node_kind kind, const mx_field *f, mx_error *err) {
    mx_value_info info;
    mx_node_id id;
    MX_TRY(mx_read_value_info(r, f, &info, err));
    MX_TRY(mx_graph_add_node(r->g, kind, scope, &id, err));
    mx_node *node = mx_node_at(r->g, id);
    node->name = info.name;
    node->doc = info.doc;
    node->rest = info.rest;
    node->metadata = info.metadata;
    node->data = info.type;
    return mx_read_formal_port(r, node, err);
}

mx_status mx_read_formal_port(mx_reader *r, mx_node *node, mx_error *err) {
    if (node->kind == MX_NODE_INPUT) {
        MX_TRY(mx_graph_array(r->g, 1, sizeof *node->outputs, &node->outputs, err));
        node->outputs[0] = node->name;
        node->n_outputs = 1;
    } else {
        MX_TRY(mx_graph_array(r->g, 1, sizeof *node->inputs, &node->inputs, err));
        node->inputs[0] = (mx_port){.name = node->name, .source = MX_NO_NODE};
        node->n_inputs = 1;
    }
    return MX_OK;
}

static mx_status read_initializer(mx_reader *r, mx_node_id scope, const mx_field *f, mx_error *err) {
    uint32_t index;
    MX_TRY(mx_read_tensor(r, f, &index, err));
    return mx_scope_add_initializer(r->g, mx_scope_at(r, scope), index, err);
}

static mx_status read_sparse_initializer(mx_reader *r, mx_node_id scope, const mx_field *f, mx_error *err) {
    uint32_t index;
    MX_TRY(mx_read_sparse(r, f, &index, err));
    return mx_scope_add_sparse(r->g, mx_scope_at(r, scope), index, err);
}

mx_status mx_read_scope_value_info(mx_reader *r, mx_node_id scope, const mx_field *f, mx_error *err) {
    mx_value_info info;
    MX_TRY(mx_read_value_info(r, f, &info, err));
    return mx_scope_add_value_info(r->g, mx_scope_at(r, scope), &info, err);
}

static mx_status read_field(mx_reader *r, mx_node_id scope, const mx_field *f, mx_error *err) {
    switch (f->number) {
    case GRAPH_NODE: return mx_read_node(r, scope, f, err);
    case GRAPH_NAME: return mx_read_string(r, f, &mx_scope_at(r, scope)->name, err);
    case GRAPH_INITIALIZER: return read_initializer(r, scope, f, err);
    case GRAPH_DOC: return mx_read_string(r, f, &mx_scope_at(r, scope)->doc, err);
    case GRAPH_INPUT: return read_formal(r, scope, MX_NODE_INPUT, f, err);
    case GRAPH_OUTPUT: return read_formal(r, scope, MX_NODE_OUTPUT, f, err);
    case GRAPH_VALUE_INFO: return mx_read_scope_value_info(r, scope, f, err);
    case GRAPH_SPARSE_INITIALIZER: return read_sparse_initializer(r, scope, f, err);
    case GRAPH_METADATA: return mx_add_pair(r, f, &mx_scope_at(r, scope)->metadata, err);
    default: return mx_frame_leave(r, f, err);
    }
}

static mx_status count_metadata(mx_reader *r, const mx_field *parts, size_t n_parts, uint32_t *out, mx_error *err) {
    *out = 0;
    for (size_t i = 0; i < n_parts; i++) {
        mx_field_counts counts;
        MX_TRY(mx_count_fields(r, MX_MESSAGE_GRAPH, &parts[i], &counts, err));
        if (counts.of[GRAPH_METADATA] > UINT32_MAX - *out)
            return mx_at_offset(err, mx_fail(err, MX_ERR_LIMIT, "over 2^32 metadata entries"), parts[i].start);
        *out += counts.of[GRAPH_METADATA];
    }
    return MX_OK;
}

mx_status mx_read_graph(mx_reader *r, mx_node_id scope, const mx_field *parts, size_t n_parts, mx_error *err) {
    mx_frame frame;
    uint32_t n_metadata;
    mx_sid rest;
    MX_TRY(mx_frame_begin(r, MX_MESSAGE_GRAPH, &parts[0], &frame, err));
    frame.more = parts + 1;
    frame.n_more = n_parts - 1;
    MX_TRY(count_metadata(r, parts, n_parts, &n_metadata, err));
    mx_scope_at(r, scope)->has_graph = true;
    MX_TRY(mx_new_pairs(r, n_metadata, &mx_scope_at(r, scope)->metadata, err));
    for (;;) {
        mx_field field;
        MX_TRY(mx_frame_next(r, &frame, &field, err));
        if (field.number == 0) break;
        MX_TRY(read_field(r, scope, &field, err));
    }
    MX_TRY(mx_frame_end(r, &frame, &rest, err));
    mx_scope_at(r, scope)->rest = rest;
    return MX_OK;
}
