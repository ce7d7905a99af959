/* Metadata entries of which a GraphML file has the wire bytes alone, as they are not how protobuf writes them: what
 * they say, for those who look at them. */
#include "onnx_io/onnx_io.h"
#include "onnx_io/wire.h"

/* The last of each counts, as ever in protobuf. Bytes that are no entry, a file may have any, say nothing. */
static mx_status read_pair(mx_graph *g, mx_pair *pair, mx_error *err) {
    mx_str bytes = mx_text(g, pair->opaque);
    mx_wire_input in;
    mx_wire_from_memory(&in, bytes.p, bytes.n);
    mx_wire w = {&in, 0, bytes.n};
    mx_status status = MX_OK;
    for (mx_field part; status == MX_OK && w.at < w.end && mx_wire_next(&w, &part, NULL) == MX_OK;) {
        if (part.wire != MX_WIRE_LEN || part.number > 2) continue;
        mx_sid *to = part.number == 1 ? &pair->key : &pair->value;
        status = mx_graph_string(g, (mx_str){bytes.p + part.value, (size_t)part.size}, to, err);
    }
    mx_wire_close(&in);
    return status;
}

static mx_status read_pairs(mx_graph *g, mx_pairs *pairs, mx_error *err) {
    for (uint32_t i = 0; i < pairs->count; i++)
        if (pairs->items[i].opaque != MX_SID_ABSENT) MX_TRY(read_pair(g, &pairs->items[i], err));
    return MX_OK;
}

mx_status mx_onnx_read_opaque(mx_graph *g, mx_error *err) {
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        MX_TRY(read_pairs(g, &mx_node_at(g, id)->metadata, err));
    for (size_t i = 0; i < g->n_scopes; i++)
        MX_TRY(read_pairs(g, &g->scopes[i].metadata, err));
    return MX_OK;
}
