/* Any bytes as an ONNX file: read, wired, grouped, looked at through the public header, freed. */
#include "support.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_ports(const mx_graph *g, mx_node_id id) {
    uint32_t source_port;
    for (size_t port = 0; port < mx_node_input_count(g, id); port++) {
        mx_node_id source = mx_node_input_source(g, id, port, &source_port);
        fuzz_require(source == MX_NO_NODE || source_port < mx_node_output_count(g, source), "a port that is not there");
        if (source != MX_NO_NODE)
            fuzz_require(mx_str_eq(mx_node_input(g, id, port), mx_node_output(g, source, source_port)),
                         "the names at the two ends of an edge differ");
    }
}

static void walk_attributes(const mx_graph *g, mx_node_id id) {
    mx_attribute_view view;
    for (size_t i = 0; i < mx_node_attribute_count(g, id); i++) {
        fuzz_require(mx_node_attribute(g, id, i, &view), "an attribute that cannot be seen");
        for (size_t k = 0; k < view.count; k++) {
            mx_node_id body;
            uint32_t tensor;
            if (mx_attribute_body(g, id, i, k, &body))
                fuzz_require(mx_node_get_kind(g, body) == MX_NODE_BODY, "a graph attribute without a body");
            if (mx_attribute_tensor(g, id, i, k, &tensor))
                fuzz_require(tensor < mx_graph_tensor_count(g), "a tensor that is not there");
        }
    }
}

static void read_tensors(const mx_graph *g) {
    mx_tensor_view view;
    uint8_t bytes[64];
    for (uint32_t i = 0; i < mx_graph_tensor_count(g); i++) {
        fuzz_require(mx_graph_tensor(g, i, &view), "a tensor that cannot be seen");
        size_t n = view.size < sizeof bytes ? (size_t)view.size : sizeof bytes;
        mx_error err;
        fuzz_require_ok(mx_tensor_read(g, i, view.size - n, bytes, n, &err), &err, "reading the end of a tensor");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mx_graph *g = fuzz_read_onnx(fuzz_begin(size), data, size);
    if (g) {
        for (mx_node_id id = 0; id < mx_graph_node_count(g); id++) {
            fuzz_require(id == 0 || mx_node_parent(g, id) < mx_graph_node_count(g), "a node without a parent");
            walk_ports(g, id);
            walk_attributes(g, id);
        }
        read_tensors(g);
        mx_graph_free(g);
    }
    fuzz_end();
    return 0;
}
