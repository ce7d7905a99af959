/* The hierarchical compound-node graph: the one data structure in the middle. Both file formats are ways to write it
 * down; what neither can say in these terms travels in `rest` texts and opaque values, so that nothing is lost.
 *
 * Containment is a tree (parent, first_child ... next_sibling). Data flow is kept at the consumer: every input port
 * names its value and, where some node makes that value, the node and its output port. Values that no node makes
 * (initializers, "", names that nothing produces) have no source, only the name.
 *
 * Presence matters: a field that was absent and one that was present but empty are different (mx_sid 0 and 1, has_*).
 */
#ifndef MX_CONVERTER_GRAPH_H
#define MX_CONVERTER_GRAPH_H

#include "base/error.h"
#include "base/memory.h"
#include "base/source.h"
#include "base/text.h"

#define MX_NO_INDEX UINT32_MAX

/* ---- pieces ---- */

/* A run of bytes that lie in one of the graph's sources. */
typedef struct mx_blob {
    uint32_t source; /* index into mx_graph.sources; MX_NO_INDEX: no bytes */
    uint32_t check;  /* index into mx_graph.checks (verified when the bytes are copied), MX_NO_INDEX: none */
    uint64_t offset, size;
} mx_blob;

/* A checksummed range: all of a tensor or gap of an .onnxdata file. */
typedef struct mx_check {
    uint32_t source;
    uint64_t offset, size;
    mx_hash128 hash;
} mx_check;

/* StringStringEntryProto. opaque != 0: the entry's wire bytes; key and value are then only for people to read. */
typedef struct mx_pair {
    mx_sid key, value, opaque;
} mx_pair;
typedef struct mx_pairs {
    mx_pair *items;
    uint32_t count;
} mx_pairs;

/* OperatorSetIdProto, likewise. */
typedef struct mx_opset {
    mx_sid domain, opaque;
    bool has_version;
    int64_t version;
} mx_opset;

typedef enum mx_dim_kind { MX_DIM_NONE = 0, MX_DIM_VALUE, MX_DIM_PARAM } mx_dim_kind;
typedef struct mx_dim {
    mx_dim_kind kind;
    mx_sid param, denotation;
    int64_t value;
} mx_dim;

/* TypeProto. Types are immutable and shared: mx_graph_add_type gives equal types one index. */
typedef enum mx_type_kind {
    MX_TYPE_EMPTY = 0, /* a TypeProto without a value */
    MX_TYPE_TENSOR,
    MX_TYPE_SPARSE,
    MX_TYPE_SEQUENCE,
    MX_TYPE_OPTIONAL,
    MX_TYPE_MAP,
    MX_TYPE_OPAQUE, /* TypeProto.Opaque: domain, name */
    MX_TYPE_WIRE    /* cannot be said in these terms: wire bytes of the TypeProto in `domain` */
} mx_type_kind;
typedef struct mx_type {
    mx_type_kind kind;
    bool has_elem;   /* TENSOR, SPARSE: elem_type is present; MAP: key_type is present */
    bool has_shape;  /* TENSOR, SPARSE: a shape is present (rank 0 possible) */
    int32_t elem;    /* TENSOR, SPARSE: TensorProto.DataType; MAP: key type */
    uint32_t child;  /* SEQUENCE, OPTIONAL: element type; MAP: value type; index or MX_NO_INDEX if absent */
    uint32_t n_dims;
    mx_dim *dims;
    mx_sid domain, name;
    mx_sid denotation;
} mx_type;

/* Which field of a TensorProto holds the data; the numbers are those of onnx.proto. */
typedef enum mx_tensor_field {
    MX_TENSOR_NO_DATA = 0,
    MX_TENSOR_FLOAT_DATA = 4,
    MX_TENSOR_INT32_DATA = 5,
    MX_TENSOR_STRING_DATA = 6, /* the blob is the wire form: (tag, length, bytes) for each string */
    MX_TENSOR_INT64_DATA = 7,
    MX_TENSOR_RAW_DATA = 9,
    MX_TENSOR_DOUBLE_DATA = 10,
    MX_TENSOR_UINT64_DATA = 11
} mx_tensor_field;

/* TensorProto. For packed fields the blob is the payload (without tag and length). */
typedef struct mx_tensor {
    mx_sid name, doc, rest;
    bool has_type, has_location;
    mx_tensor_field field;
    int32_t data_type, location; /* TensorProto.DataType, TensorProto.DataLocation */
    uint32_t n_dims;
    int64_t *dims;
    mx_blob data;      /* bytes of `field`; or, for external tensors, the bytes in the external file */
    mx_pairs external; /* external_data, word for word */
    mx_pairs metadata;
    uint32_t external_file; /* index into mx_graph.external_files when data lies in one, else MX_NO_INDEX */
    bool unused_at_source;  /* an initializer that nothing used in the source model: an edit does not drop it */
} mx_tensor;

/* SparseTensorProto; indices into mx_graph.tensors or MX_NO_INDEX. */
typedef struct mx_sparse {
    uint32_t values, indices;
    uint32_t n_dims;
    int64_t *dims;
    mx_sid rest;
    bool unused_at_source;
} mx_sparse;

typedef enum mx_attr_type { /* AttributeProto.AttributeType; numbers of onnx.proto */
    MX_ATTR_UNDEFINED = 0,  /* only with ref_attr_name or with no value at all */
    MX_ATTR_FLOAT = 1,
    MX_ATTR_INT = 2,
    MX_ATTR_STRING = 3,
    MX_ATTR_TENSOR = 4,
    MX_ATTR_GRAPH = 5,
    MX_ATTR_FLOATS = 6,
    MX_ATTR_INTS = 7,
    MX_ATTR_STRINGS = 8,
    MX_ATTR_TENSORS = 9,
    MX_ATTR_GRAPHS = 10,
    MX_ATTR_SPARSE_TENSOR = 11,
    MX_ATTR_SPARSE_TENSORS = 12,
    MX_ATTR_TYPE_PROTO = 13,
    MX_ATTR_TYPE_PROTOS = 14,
    MX_ATTR_OPAQUE = 1000   /* odd AttributeProto (no type, two values, unknown type ...): wire bytes in value.s */
} mx_attr_type;

/* AttributeProto. Singular values use value.{f,i,s,index}, lists value.{floats,ints,sids,indices} with count.
 * index means: TENSOR(S) mx_graph.tensors; SPARSE_TENSOR(S) sparses; TYPE_PROTO(S) types; GRAPH(S) the body's node id.
 * If ref_attr_name is not absent there is no value. */
typedef struct mx_attr {
    mx_sid name, ref_name, doc, rest;
    int32_t type; /* mx_attr_type */
    uint32_t count;
    union {
        float f;
        int64_t i;
        mx_sid s;
        uint32_t index;
        float *floats;
        int64_t *ints;
        mx_sid *sids;
        uint32_t *indices;
    } value;
} mx_attr;

/* A ValueInfoProto of GraphProto.value_info, in the order of the file. Formal inputs and outputs are nodes instead. */
typedef struct mx_value_info {
    mx_sid name, doc, rest;
    uint32_t type; /* index into types or MX_NO_INDEX: no type */
    mx_pairs metadata;
} mx_value_info;

/* An input port. source == MX_NO_NODE: no node makes the value (see `state`). */
typedef struct mx_port {
    mx_sid name;
    mx_node_id source;
    uint32_t source_port;
} mx_port;

/* ---- nodes ---- */

/* What a scope (model, function, body) owns besides its child nodes. */
typedef struct mx_scope_data {
    mx_node_id node;
    bool has_graph;         /* model: a GraphProto is present. Always true for bodies and functions */
    mx_sid name;            /* GraphProto.name (functions have their name on the node) */
    mx_sid doc;             /* GraphProto.doc_string (functions: on the node) */
    mx_sid rest;            /* rest of the GraphProto */
    mx_pairs metadata;      /* GraphProto.metadata_props (functions: on the node) */
    uint32_t *initializers; /* tensor indices, in order */
    uint32_t *sparse_initializers;
    mx_value_info *value_infos;
    mx_node_id *operators;  /* operators directly in this scope (whatever module they stand in), in order */
    mx_node_id *inputs, *outputs;
    size_t n_initializers, n_sparse, n_value_infos, n_operators, n_inputs, n_outputs;
    size_t cap_initializers, cap_sparse, cap_value_infos, cap_operators, cap_inputs, cap_outputs;
    mx_opset *opsets;       /* model and functions */
    uint32_t n_opsets;
    /* functions only */
    mx_sid *attribute_names; /* FunctionProto.attribute; FunctionProto.attribute_proto is in the node's attrs */
    uint32_t n_attribute_names;
} mx_scope_data;

typedef struct mx_model_data {
    bool has_ir_version, has_model_version;
    int64_t ir_version, model_version;
    mx_sid producer_name, producer_version, domain; /* ModelProto.doc_string, metadata_props: on the model's node */
} mx_model_data;

/* What a module knows of itself; the model's node has one too (the root module), index 0. */
typedef struct mx_module_data {
    mx_node_id node;
    mx_sid class_name;  /* "BertLayer"; absent: not known */
    mx_sid module_type; /* where the class comes from ("torch.nn", "huggingface", ...), free text; absent: not known */
    mx_sid scope;       /* dotted name, "encoder.layer.0"; "" for the root */
    mx_sid tag;         /* the tag of its operators, absent: untagged model */
    bool has_own_tag;   /* its class is the last step of the tag (false: the tag is its parent's) */
    bool has_order;
    bool inferred;      /* while tags are looked for: this one was derived from those of its children */
    int32_t execution_order;
} mx_module_data;

enum { /* mx_node.flags */
    MX_FLAG_NEW = 1u << 0,        /* import: not in the source model */
    MX_FLAG_CHANGED = 1u << 1,    /* import: an edit touched its wiring */
    MX_FLAG_MOVED = 1u << 2,      /* import: it stands in another group than it was written in */
    MX_FLAG_UNORDERED = 1u << 3,  /* used something that is produced later, at the source (a fault to keep) */
    MX_FLAG_DUPLICATE = 1u << 4,  /* makes a value that something else in its scope makes too, at the source */
    MX_FLAG_EDITED = 1u << 6,     /* import: it means something else: type, attributes; of a scope: initializers, opsets */
    MX_FLAG_REMOVED = 1u << 5     /* taken out by an edit: in no list, child of nothing; a scope's lists are empty */
};

typedef struct mx_node {
    uint8_t kind; /* mx_node_kind */
    uint8_t flags;
    mx_node_id parent, first_child, last_child, next_sibling;
    mx_node_id scope;    /* the model, function or body whose name space it lives in (for a scope: itself) */
    uint32_t data;       /* scopes: index into scopes; modules: into modules; inputs and outputs: the type's index */
    mx_sid name;         /* operator: NodeProto.name; module: its own part ("layer.0"); input, output: value name;
                            function: its name; body: name of the attribute that holds it */
    mx_sid op_type, domain, overload, doc, rest;
    uint32_t n_inputs, n_outputs, n_attrs, attr_index; /* attr_index: a body's place in a GRAPHS attribute */
    mx_port *inputs;     /* operator; output node: exactly one */
    mx_sid *outputs;     /* names of the values it makes; input node: exactly one (== name) */
    mx_attr *attrs;
    mx_pairs metadata;
} mx_node;

/* A file of external data: its whole content is kept as consecutive parts, tensors and gaps. */
typedef struct mx_external_file {
    mx_sid location; /* as recorded */
    uint32_t source; /* the file itself (reading ONNX); MX_NO_INDEX when it is to be put together from the parts */
    uint64_t size;
    mx_blob *parts;  /* in order, disjoint, covering [0, size) */
    size_t n_parts;
    bool hidden_use; /* something that the graph does not model (training_info, an odd attribute) refers to it */
} mx_external_file;

/* An input port that an edit gave another value. */
typedef struct mx_rewired {
    mx_node_id node;
    uint32_t port;
} mx_rewired;

#define MX_NODE_BLOCK 4096u
struct mx_graph {
    mx_env env;
    mx_limits limits;
    const mx_allocator *allocator;
    mx_arena arena;
    mx_strings strings;
    mx_node **blocks;
    size_t n_nodes, cap_blocks;
    mx_model_data model;
    mx_scope_data *scopes;
    mx_module_data *modules;
    mx_tensor *tensors;
    mx_sparse *sparses;
    mx_type *types;
    mx_source **sources;
    mx_check *checks;
    mx_external_file *external_files;
    mx_rewired *rewired; /* import: of the nodes with MX_FLAG_CHANGED; in the arena */
    size_t n_rewired;
    size_t n_scopes, n_modules, n_tensors, n_sparses, n_types, n_sources, n_checks, n_external_files;
    size_t cap_scopes, cap_modules, cap_tensors, cap_sparses, cap_types, cap_sources, cap_checks, cap_external_files;
    uint32_t *type_slots; /* hash table over types */
    size_t n_type_slots;
};

static inline mx_node *mx_node_at(const mx_graph *g, mx_node_id id) {
    return &g->blocks[id / MX_NODE_BLOCK][id % MX_NODE_BLOCK];
}
static inline mx_str mx_text(const mx_graph *g, mx_sid id) {
    return g->strings.items[id];
}
static inline bool mx_is_scope(const mx_node *n) {
    return n->kind <= MX_NODE_BODY;
}
static inline mx_scope_data *mx_scope_of(const mx_graph *g, const mx_node *n) { /* the scope a node lives in */
    return &g->scopes[mx_node_at(g, n->scope)->data];
}

/* ---- building (converter/graph.c). All fail only with MX_ERR_NOMEM or MX_ERR_LIMIT. ---- */

/* A graph with its model node (id 0, scope 0, module 0). env may be NULL. */
mx_status mx_graph_new(const mx_env *env, mx_graph **out, mx_error *err);
void mx_graph_release(mx_graph *g);
/* A new last child of parent. Scopes and modules get their entry in scopes/modules; operators, inputs and outputs are
 * entered in the list of their scope. `scope` is derived from the parent. Node pointers stay valid for ever. */
mx_status mx_graph_add_node(mx_graph *g, mx_node_kind kind, mx_node_id parent, mx_node_id *out, mx_error *err);
/* Intern; never returns an error value: MX_ERR_NOMEM through the status. */
mx_status mx_graph_string(mx_graph *g, mx_str s, mx_sid *out, mx_error *err);
/* Add a type; equal types share an index. dims are copied. */
mx_status mx_graph_add_type(mx_graph *g, const mx_type *type, uint32_t *out, mx_error *err);
mx_status mx_graph_add_tensor(mx_graph *g, const mx_tensor *t, uint32_t *out, mx_error *err); /* shallow copy */
mx_status mx_graph_add_sparse(mx_graph *g, const mx_sparse *s, uint32_t *out, mx_error *err);
mx_status mx_graph_add_source(mx_graph *g, mx_source *s, uint32_t *out, mx_error *err);       /* takes the reference */
mx_status mx_graph_add_check(mx_graph *g, const mx_check *c, uint32_t *out, mx_error *err);
mx_status mx_graph_add_external_file(mx_graph *g, const mx_external_file *f, uint32_t *out, mx_error *err);
mx_status mx_scope_add_initializer(mx_graph *g, mx_scope_data *s, uint32_t tensor, mx_error *err);
mx_status mx_scope_add_sparse(mx_graph *g, mx_scope_data *s, uint32_t sparse, mx_error *err);
mx_status mx_scope_add_value_info(mx_graph *g, mx_scope_data *s, const mx_value_info *v, mx_error *err);
/* Arena arrays owned by the graph, zeroed; count 0 gives a valid pointer. */
mx_status mx_graph_array(mx_graph *g, size_t count, size_t size, void *out_pointer, mx_error *err);
/* Move a node (with all below it) to another parent of the same scope, as last child. */
void mx_graph_move_node(mx_graph *g, mx_node_id id, mx_node_id parent);
/* A blob of bytes that the graph itself holds (copied). */
mx_status mx_graph_add_bytes(mx_graph *g, mx_str bytes, mx_blob *out, mx_error *err);

/* ---- wiring (converter/wiring.c) ---- */

/* Find the source of every input port by name, in all scopes: inner scopes see values of outer ones. Where a name is made
 * more than once, the nearest maker before the consumer counts, else the first after it. Sets the fault flags.
 * Marks initializers that nothing uses (unused_at_source). Linear. */
mx_status mx_graph_wire(mx_graph *g, mx_error *err);
/* Whether the scope holds an initializer (dense or sparse) of that name; only this scope, not outer ones. Linear in
 * the scope: for loops build a table instead. */
bool mx_scope_has_initializer(const mx_graph *g, const mx_scope_data *s, mx_sid name);

#endif
