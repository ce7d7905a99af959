/* Saving a graph that was edited through the API. GraphML is in export_graphml.c, where the weights are stored too. */
#include "converter/order.h"
#include "converter/orphans.h"
#include "onnx_io/onnx_io.h"

mx_status mx_graph_save_onnx(mx_graph *graph, const char *output, mx_error *err) {
    mx_unused before;
    mx_status status = mx_unused_note(graph, &before, err);
    if (status == MX_OK) status = mx_graph_sort(graph, err);
    if (status == MX_OK) status = mx_graph_wire(graph, err);
    if (status == MX_OK) {
        mx_drop_orphans(graph, &before);
        status = mx_onnx_write(graph, output, NULL, NULL, NULL, err);
    }
    mx_unused_free(graph, &before);
    return status;
}
