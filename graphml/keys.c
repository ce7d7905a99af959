#include "graphml/keys.h"

/* clang-format off */
const mx_key_info mx_key_table[MX_KEY_COUNT] = {
    [MX_KEY_OP_TYPE] = {"n0", "op_type", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_HIERARCHY_TAG] = {"n1", "hierarchy_tag", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_NODE_ATTRIBUTES] = {"n2", "node_attributes", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_NAME] = {"n3", "name", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_INPUT_NAMES] = {"n4", "input_names", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_OUTPUT_NAMES] = {"n5", "output_names", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_DOMAIN] = {"n6", "domain", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_NODE_KIND] = {"n7", "node_kind", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_NODE_INDEX] = {"n8", "node_index", NULL, "int", MX_KEY_FOR_NODE, MX_FORM_INT},
    [MX_KEY_PARENT] = {"n9", "parent", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_COMPOUND_KEY] = {"n10", "compound_key", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_DOC_STRING] = {"n11", "doc_string", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_METADATA] = {"n12", "metadata", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_OVERLOAD] = {"n13", "overload", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_VALUE_TYPE] = {"n14", "value_type", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_VALUE_INFO] = {"n15", "value_info", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_FAULTS] = {"n16", "faults", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_REST] = {"n17", "rest", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_CLASS_NAME] = {"n18", "class_name", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_MODULE_TYPE] = {"n19", "module_type", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_HIERARCHY_SCOPE] = {"n20", "hierarchy_scope", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_OWN_TAG] = {"n21", "own_tag", NULL, "boolean", MX_KEY_FOR_NODE, MX_FORM_BOOLEAN},
    [MX_KEY_EXECUTION_ORDER] = {"n22", "execution_order", NULL, "int", MX_KEY_FOR_NODE, MX_FORM_INT},
    [MX_KEY_IR_VERSION] = {"n23", "ir_version", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_INTEGER},
    [MX_KEY_PRODUCER_NAME] = {"n24", "producer_name", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_PRODUCER_VERSION] = {"n25", "producer_version", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_MODEL_VERSION] = {"n26", "model_version", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_INTEGER},
    [MX_KEY_OPSET_IMPORTS] = {"n27", "opset_imports", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_HAS_GRAPH] = {"n28", "has_graph", NULL, "boolean", MX_KEY_FOR_NODE, MX_FORM_BOOLEAN},
    [MX_KEY_GRAPH_NAME] = {"n29", "graph_name", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_DOC_STRING] = {"n30", "graph_doc_string", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_METADATA] = {"n31", "graph_metadata", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_GRAPH_REST] = {"n32", "graph_rest", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_INITIALIZERS] = {"n33", "initializers", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_SPARSE_INITIALIZERS] = {"n34", "sparse_initializers", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_FUNCTION_ATTRIBUTES] = {"n35", "function_attributes", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_WEIGHTS] = {"n36", "weights", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_EXTERNAL_FILES] = {"n37", "external_files", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_JSON},
    [MX_KEY_PARAMETER_DATA] = {"n38", "parameter_data", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_BASE64},
    [MX_KEY_ORIGIN] = {"n39", "origin", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_PLAIN},
    [MX_KEY_NODE_GRAPHICS] = {"d0", NULL, "nodegraphics", NULL, MX_KEY_FOR_NODE, MX_FORM_YFILES},
    [MX_KEY_NODE_DESCRIPTION] = {"d1", "description", NULL, "string", MX_KEY_FOR_NODE, MX_FORM_TOOLTIP},
    [MX_KEY_TENSOR_NAME] = {"e0", "tensor_name", NULL, "string", MX_KEY_FOR_EDGE, MX_FORM_PLAIN},
    [MX_KEY_TENSOR_TYPE] = {"t0", "tensor_type", NULL, "string", MX_KEY_FOR_EDGE, MX_FORM_PLAIN},
    [MX_KEY_TENSOR_SHAPE] = {"t1", "tensor_shape", NULL, "string", MX_KEY_FOR_EDGE, MX_FORM_JSON},
    [MX_KEY_TENSOR_DATA_REF] = {"t2", "tensor_data_ref", NULL, "string", MX_KEY_FOR_EDGE, MX_FORM_PLAIN},
    [MX_KEY_SOURCE_PORT] = {"e1", "source_port", NULL, "int", MX_KEY_FOR_EDGE, MX_FORM_INT},
    [MX_KEY_TARGET_PORT] = {"e2", "target_port", NULL, "int", MX_KEY_FOR_EDGE, MX_FORM_INT},
    [MX_KEY_EDGE_GRAPHICS] = {"d2", NULL, "edgegraphics", NULL, MX_KEY_FOR_EDGE, MX_FORM_YFILES},
    [MX_KEY_EDGE_DESCRIPTION] = {"d3", "description", NULL, "string", MX_KEY_FOR_EDGE, MX_FORM_TOOLTIP},
    [MX_KEY_GRAPH_SOURCE_ONNX_TEXT] = {"m0", "source_onnx_text", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_SOURCE_HTP] = {"m1", "source_htp", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_FORMAT_VERSION] = {"m2", "format_version", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_EXPORT_TIMESTAMP] = {"m3", "export_timestamp", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_OPSET_IMPORTS] = {"m4", "opset_imports", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_JSON},
    [MX_KEY_GRAPH_PRODUCER_NAME] = {"m5", "producer_name", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_PRODUCER_VERSION] = {"m6", "producer_version", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_MODEL_VERSION] = {"m7", "model_version", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_INTEGER},
    [MX_KEY_GRAPH_MODEL_DOC_STRING] = {"m8", "doc_string", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_PARAMETER_STRATEGY] = {"p0", "parameter_strategy", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_PARAMETER_FILE] = {"p1", "parameter_file", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_PARAMETER_CHECKSUM] = {"p2", "parameter_checksum", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_PARAMETER_COUNT] = {"p3", "parameter_count", NULL, "int", MX_KEY_FOR_GRAPH, MX_FORM_INT},
    [MX_KEY_GRAPH_CLASS_NAME] = {"g0", "class_name", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_MODULE_TYPE] = {"g1", "module_type", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_EXECUTION_ORDER] = {"g2", "execution_order", NULL, "int", MX_KEY_FOR_GRAPH, MX_FORM_INT},
    [MX_KEY_GRAPH_TRACED_TAG] = {"g3", "traced_tag", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_PLAIN},
    [MX_KEY_GRAPH_INPUTS] = {"g4", "graph_inputs", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_JSON},
    [MX_KEY_GRAPH_OUTPUTS] = {"g5", "graph_outputs", NULL, "string", MX_KEY_FOR_GRAPH, MX_FORM_JSON},
    [MX_KEY_RESOURCES] = {"d4", NULL, "resources", NULL, MX_KEY_FOR_GRAPHML, MX_FORM_YFILES},
};
/* clang-format on */

const char *const mx_node_kind_names[MX_NODE_KINDS] = {"model",    "function", "body",  "module",
                                                       "operator", "input",    "output"};

const char *mx_key_for_name(mx_key_for where) {
    static const char *const names[] = {"node", "edge", "graph", "graphml"};
    return names[where];
}

/* Splits "NAME_12" into NAME and 12; a name without such an end is left whole, with piece 0. */
static mx_str split_piece(mx_str name, uint32_t *piece) {
    size_t i = name.n;
    uint32_t number = 0, unit = 1;
    *piece = 0;
    while (i > 0 && name.n - i < 6 && name.p[i - 1] >= '0' && name.p[i - 1] <= '9') {
        number += (uint32_t)(name.p[i - 1] - '0') * unit;
        unit *= 10;
        i--;
    }
    if (i < 2 || i == name.n || name.p[i - 1] != '_' || name.p[i] == '0') return name;
    *piece = number;
    return (mx_str){name.p, i - 1};
}

mx_key mx_key_find(mx_key_for where, mx_str name, uint32_t *piece) {
    mx_str base = split_piece(name, piece);
    for (int k = 0; k < MX_KEY_COUNT; k++) {
        const mx_key_info *info = &mx_key_table[k];
        if (info->where == where && info->name && mx_str_is(base, info->name)) return (mx_key)k;
    }
    return MX_KEY_UNKNOWN;
}
