/* The keys of GraphML v1.1, one table for the writer and the reader. Written files declare them with these
 * ids; read files are free to use any id: a key is what its `for` and `attr.name` say (schemas/graphml.md).
 */
#ifndef MX_GRAPHML_KEYS_H
#define MX_GRAPHML_KEYS_H

#include "base/text.h"

/* No <data> is longer than this; a longer value goes on in keys NAME_1, NAME_2, ... */
#define MX_DATA_BYTES 8000000u

typedef enum mx_key_for {
    MX_KEY_FOR_NODE = 0,
    MX_KEY_FOR_EDGE,
    MX_KEY_FOR_GRAPH,
    MX_KEY_FOR_GRAPHML
} mx_key_for;

/* What the characters of a value mean. */
typedef enum mx_key_form {
    MX_FORM_PLAIN = 0, /* plain text, JSON where it begins with `"` or `{` */
    MX_FORM_JSON,
    MX_FORM_INT,     /* 32 bits */
    MX_FORM_INTEGER, /* 64 bits, attr.type string */
    MX_FORM_BOOLEAN,
    MX_FORM_BASE64,
    MX_FORM_TOOLTIP, /* for people; never read */
    MX_FORM_YFILES   /* graphics, identified by yfiles.type; never read */
} mx_key_form;

typedef enum mx_key { /* in the order of the table and of the declarations */
                      /* nodes */
                      MX_KEY_OP_TYPE = 0,
                      MX_KEY_HIERARCHY_TAG,
                      MX_KEY_NODE_ATTRIBUTES,
                      MX_KEY_NAME,
                      MX_KEY_INPUT_NAMES,
                      MX_KEY_OUTPUT_NAMES,
                      MX_KEY_DOMAIN,
                      MX_KEY_NODE_KIND,
                      MX_KEY_NODE_INDEX,
                      MX_KEY_PARENT,
                      MX_KEY_COMPOUND_KEY,
                      MX_KEY_DOC_STRING,
                      MX_KEY_METADATA,
                      MX_KEY_OVERLOAD,
                      MX_KEY_VALUE_TYPE,
                      MX_KEY_VALUE_INFO,
                      MX_KEY_FAULTS,
                      MX_KEY_REST,
                      MX_KEY_CLASS_NAME,
                      MX_KEY_MODULE_TYPE,
                      MX_KEY_HIERARCHY_SCOPE,
                      MX_KEY_OWN_TAG,
                      MX_KEY_EXECUTION_ORDER,
                      MX_KEY_IR_VERSION,
                      MX_KEY_PRODUCER_NAME,
                      MX_KEY_PRODUCER_VERSION,
                      MX_KEY_MODEL_VERSION,
                      MX_KEY_OPSET_IMPORTS,
                      MX_KEY_HAS_GRAPH,
                      MX_KEY_GRAPH_NAME,
                      MX_KEY_GRAPH_DOC_STRING,
                      MX_KEY_GRAPH_METADATA,
                      MX_KEY_GRAPH_REST,
                      MX_KEY_INITIALIZERS,
                      MX_KEY_SPARSE_INITIALIZERS,
                      MX_KEY_FUNCTION_ATTRIBUTES,
                      MX_KEY_WEIGHTS,
                      MX_KEY_EXTERNAL_FILES,
                      MX_KEY_PARAMETER_DATA,
                      MX_KEY_ORIGIN,
                      MX_KEY_NODE_GRAPHICS,
                      MX_KEY_NODE_DESCRIPTION,
                      /* edges */
                      MX_KEY_TENSOR_NAME,
                      MX_KEY_TENSOR_TYPE,
                      MX_KEY_TENSOR_SHAPE,
                      MX_KEY_TENSOR_DATA_REF,
                      MX_KEY_SOURCE_PORT,
                      MX_KEY_TARGET_PORT,
                      MX_KEY_EDGE_GRAPHICS,
                      MX_KEY_EDGE_DESCRIPTION,
                      /* graphs */
                      MX_KEY_GRAPH_SOURCE_ONNX_TEXT,
                      MX_KEY_GRAPH_SOURCE_HTP,
                      MX_KEY_GRAPH_FORMAT_VERSION,
                      MX_KEY_GRAPH_EXPORT_TIMESTAMP,
                      MX_KEY_GRAPH_OPSET_IMPORTS,
                      MX_KEY_GRAPH_PRODUCER_NAME,
                      MX_KEY_GRAPH_PRODUCER_VERSION,
                      MX_KEY_GRAPH_MODEL_VERSION,
                      MX_KEY_GRAPH_MODEL_DOC_STRING,
                      MX_KEY_GRAPH_PARAMETER_STRATEGY,
                      MX_KEY_GRAPH_PARAMETER_FILE,
                      MX_KEY_GRAPH_PARAMETER_CHECKSUM,
                      MX_KEY_GRAPH_PARAMETER_COUNT,
                      MX_KEY_GRAPH_CLASS_NAME,
                      MX_KEY_GRAPH_MODULE_TYPE,
                      MX_KEY_GRAPH_EXECUTION_ORDER,
                      MX_KEY_GRAPH_TRACED_TAG,
                      MX_KEY_GRAPH_INPUTS,
                      MX_KEY_GRAPH_OUTPUTS,
                      /* the file */
                      MX_KEY_RESOURCES,
                      MX_KEY_COUNT,
                      MX_KEY_UNKNOWN = MX_KEY_COUNT
} mx_key;

typedef struct mx_key_info {
    const char *id;     /* as written */
    const char *name;   /* attr.name; NULL for graphics and resources */
    const char *yfiles; /* yfiles.type, NULL for all others */
    const char *type;   /* attr.type: "string", "int", "boolean"; NULL with yfiles */
    mx_key_for where;
    mx_key_form form;
} mx_key_info;

/* All keys, indexed by mx_key. */
extern const mx_key_info mx_key_table[MX_KEY_COUNT];

/* The `for` attribute's text: "node", "edge", "graph", "graphml". */
const char *mx_key_for_name(mx_key_for where);

/* The key of this attr.name among those for `where`; MX_KEY_UNKNOWN if it is not ours. NAME_3 (no leading
 * zeros, 1 to 999,999) gives NAME with *piece 3, NAME itself gives piece 0. */
mx_key mx_key_find(mx_key_for where, mx_str name, uint32_t *piece);

/* The texts of node_kind, indexed by mx_node_kind. */
#define MX_NODE_KINDS 7
extern const char *const mx_node_kind_names[MX_NODE_KINDS];

#endif
