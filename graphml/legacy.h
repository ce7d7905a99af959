/* Files of the earlier v1.1 generation. What differs:
 *  - no node stands for the model: what it is stands on the outermost graph (opset_imports as [{"domain", "version"}],
 *    graph_inputs and graph_outputs as [{"name", "type": "float32", "shape": [1, "n", -1]}], parameter_strategy, ...)
 *  - no node_kind: a node with a graph in it is a module (op_type is its class, name its dotted name), op_type "Input"
 * and "Output" are inputs and outputs, all others are operators
 *  - no ports and no order: edges are only a picture, names decide the wiring
 *  - tensors in attributes: {"tensor_type": "onnx_tensor", "data_type": 1, "dims": [...], "data_b64": "..."}
 *  - weights: {"parameters": {NAME: {"data": base64, "shape": [...], "dtype": "float32"}}}, as gzip in the file
 *    `parameter_file`, or as a text on the outermost graph
 * Bodies were not kept by that generation: models with If, Loop or Scan cannot be imported. */
#ifndef MX_GRAPHML_LEGACY_H
#define MX_GRAPHML_LEGACY_H

#include "graphml/import.h"
#include "graphml/values_read.h"

/* The most bytes that a compressed parameter file may become. */
#define MX_LEGACY_PARAMETER_BYTES ((uint64_t)2 << 30)

/* The kind of a node, and what is special to modules (legacy_item.c). */
uint8_t mx_legacy_kind(const mx_texts *texts);
mx_status mx_legacy_read_module(mx_import *im, uint32_t item, const mx_texts *texts);
/* At the end of the outermost graph: make the model's item, give all items their order (legacy_graph.c). */
mx_status mx_legacy_read_graph(mx_import *im, const mx_texts *texts);
/* The weights of `sidecar`, once all is read; path: the GraphML file (legacy_weights.c). */
mx_status mx_legacy_read_sidecar(mx_import *im, const char *path);
mx_status mx_legacy_read_parameters(mx_import *im, mx_str json);
/* A tensor in an attribute. */
mx_status mx_legacy_tensor(const mx_decoder *d, const json_t *v, uint32_t *out);
/* "float32" and so on; -1: not known. */
int32_t mx_legacy_data_type(mx_str name);

#endif
