/* modelexport: neural networks as hierarchical compound graphs, between ONNX and GraphML.
 *
 * The one public header. Conventions, true for every function here:
 *  - Functions that can fail return mx_status; 0 (MX_OK) is success. On failure `err`, which may be NULL,
 *    holds the code, the place and one clear sentence, and no output file was written or changed.
 *  - Results come last but one, before `err`, and are set to NULL or 0 on failure.
 *  - Strings are given and returned as mx_str: bytes with a length. They need not end in NUL, may hold NUL and
 *    need not be UTF-8, because ONNX files hold such names. A returned mx_str lives as long as its graph.
 *    mx_str with p == NULL means "absent", which differs from "present but empty" (p != NULL, n == 0).
 *  - There is no global state. Different graphs can be used from different threads at one time; one graph from
 *    one thread at a time.
 */
#ifndef MODELEXPORT_H
#define MODELEXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MX_API __attribute__((visibility("default")))
#else
#define MX_API
#endif

/* ---- Section: basics ------------------------------------------------------------------------------------------ */

typedef enum mx_status {
    MX_OK = 0,
    MX_ERR_NOMEM,               /* an allocation failed or the memory limit was reached */
    MX_ERR_USAGE,               /* the call's arguments make no sense */
    MX_ERR_READ,                /* an input cannot be opened or read */
    MX_ERR_SYNTAX,              /* an input is not well-formed protobuf, XML, JSON, ... */
    MX_ERR_LIMIT,               /* an input goes beyond a limit of mx_limits */
    MX_ERR_INVALID,             /* an input is well-formed but means nothing valid (edits included) */
    MX_ERR_CHECKSUM,            /* bytes differ from their recorded checksum */
    MX_ERR_FORBIDDEN_PATH,      /* a path that leads out of the model's folder */
    MX_ERR_UNSUPPORTED,         /* valid, but uses something that is not supported */
    MX_ERR_WRITE,               /* an output cannot be written; what stood there still stands */
    MX_ERR_CANCELLED,           /* the progress callback asked to stop */
    MX_ERR_AUXILIARY_OPERATION, /* tagging: an auxiliary operator could not be placed */
    MX_ERR_CONTEXT_INHERITANCE, /* tagging: inheritance from the context failed */
    MX_ERR_COVERAGE_VALIDATION  /* tagging: fewer nodes have a tag than the strategy promises */
} mx_status;

/* Where and why something failed. Plain data, owned by the caller, no cleanup. All texts end in NUL and are cut
 * (at a UTF-8 boundary) where they are too long. */
typedef struct mx_error {
    mx_status code;
    uint32_t line;     /* 1-based line in a text input, 0: does not apply */
    uint64_t offset;   /* byte offset in the input, UINT64_MAX: does not apply */
    char file[512];    /* the file concerned, "" if none */
    char node[256];    /* name of the node concerned, "" if none */
    char message[768]; /* one sentence without the file's name and without a newline */
} mx_error;

typedef struct mx_str {
    const char *p;
    size_t n;
} mx_str;

/* Memory comes from here. `realloc` gets the old size. Sizes are in bytes and never 0. */
typedef struct mx_allocator {
    void *(*alloc)(void *ctx, size_t size);
    void *(*realloc)(void *ctx, void *old, size_t old_size, size_t size);
    void (*free)(void *ctx, void *old, size_t old_size);
    void *ctx;
} mx_allocator;

typedef enum mx_log_level { MX_LOG_DEBUG = 0, MX_LOG_INFO, MX_LOG_WARNING } mx_log_level;

/* Bounds on untrusted input; each is tested at n and n + 1. */
typedef struct mx_limits {
    uint32_t message_depth; /* nested protobuf messages; default 400 */
    uint32_t body_depth;    /* graphs within graphs; default 64 */
    uint32_t xml_depth;     /* nested XML elements; default 1024 */
    uint32_t json_depth;    /* nested JSON values; default 256 */
    uint64_t text_bytes;    /* bytes of one XML text; default 64,000,000 */
    uint64_t nodes;         /* nodes of one graph; default 100,000,000 */
} mx_limits;

/* What every entry point may be given; NULL, or a zeroed struct, means the defaults. Not kept after the call by
 * functions without a graph result; must outlive a graph that was made with it. */
typedef struct mx_env {
    const mx_allocator *allocator;                                                 /* NULL: malloc */
    const mx_limits *limits;                                                       /* NULL: mx_limits_default() */
    void (*log)(void *ctx, mx_log_level level, const char *message);               /* NULL: silent */
    bool (*progress)(void *ctx, const char *stage, uint64_t done, uint64_t total); /* false stops the call */
    void *ctx;                                                                     /* given to log and progress */
    const char *allow_links; /* folder into which symbolic links may lead; NULL: links are refused */
} mx_env;

MX_API const char *mx_version(void);
MX_API mx_limits mx_limits_default(void);
/* One word for a status, such as "MX_ERR_SYNTAX"; static. */
MX_API const char *mx_status_name(mx_status status);

/* ---- Section: the compound graph ------------------------------------------------------------------------------
 *
 * A graph is a tree of nodes (containment) plus edges between ports (data flow). Node 0 is the model.
 *   model     the ModelProto with its main graph; also the root module
 *   function  a local FunctionProto; child of the model
 *   body      a graph-valued attribute of an operator (If, Loop, Scan, ...); child of that operator
 *   module    a module of the source program; child of a model, function, body or module
 *   operator  a NodeProto; child of a model, function, body or module
 *   input     a formal input of a model, function or body; child of it
 *   output    a formal output, likewise, with one input port
 * "Scopes" are the nodes with a name space of values: model, function, body.
 */
typedef struct mx_graph mx_graph;
typedef uint32_t mx_node_id;
#define MX_NO_NODE UINT32_MAX

typedef enum mx_node_kind {
    MX_NODE_MODEL = 0,
    MX_NODE_FUNCTION,
    MX_NODE_BODY,
    MX_NODE_MODULE,
    MX_NODE_OPERATOR,
    MX_NODE_INPUT,
    MX_NODE_OUTPUT
} mx_node_kind;

/* Load a model, with everything wired: ports know the ports that make their values. Weights stay in their files.
 * Names of files decide the format in mx_graph_load: ".graphml" (with the edits it holds) or else ONNX. An ONNX model
 * gets module groups, from what it says itself and from X_htp_metadata.json beside X.onnx: its module tree, and where
 * the model has no tags, the JSON's, as far as it has the operators. A JSON that cannot be read is left out with a
 * warning. out: the caller frees it with mx_graph_free. Errors: READ, SYNTAX, LIMIT, INVALID, CHECKSUM, FORBIDDEN_PATH,
 * NOMEM. */
MX_API mx_status mx_graph_load(const mx_env *env, const char *path, mx_graph **out, mx_error *err);
MX_API mx_status mx_graph_load_onnx(const mx_env *env, const char *path, mx_graph **out, mx_error *err);
/* sidecar: another place for the .onnxdata file, NULL: as the GraphML says. */
MX_API mx_status mx_graph_load_graphml(const mx_env *env, const char *path, const char *sidecar, mx_graph **out,
                                       mx_error *err);
/* An empty model: a graph without nodes, no opset imports. */
MX_API mx_status mx_graph_create(const mx_env *env, mx_graph **out, mx_error *err);
MX_API void mx_graph_free(mx_graph *graph); /* NULL is fine */

/* Walking. Node ids run from 0 (the model) to mx_graph_node_count - 1; ids of removed nodes answer mx_node_exists with
 * false. A wrong id or index gives the "nothing" answer: MX_NO_NODE, an absent mx_str, 0. All O(1) but where said. */
MX_API size_t mx_graph_node_count(const mx_graph *graph);
MX_API bool mx_node_exists(const mx_graph *graph, mx_node_id node);
MX_API mx_node_kind mx_node_get_kind(const mx_graph *graph, mx_node_id node);
MX_API mx_node_id mx_node_parent(const mx_graph *graph, mx_node_id node);
MX_API mx_node_id mx_node_first_child(const mx_graph *graph, mx_node_id node);
MX_API mx_node_id mx_node_next_sibling(const mx_graph *graph, mx_node_id node);
/* The model, function or body in whose name space the node's values live. */
MX_API mx_node_id mx_node_scope(const mx_graph *graph, mx_node_id node);
/* Operator: NodeProto.name. Module: its own part of the dotted name. Input, output: the value's name. Function: its
 * name. Body: the name of the attribute that holds it. Model: GraphProto.name. */
MX_API mx_str mx_node_name(const mx_graph *graph, mx_node_id node);
MX_API mx_str mx_node_op_type(const mx_graph *graph, mx_node_id node);
MX_API mx_str mx_node_domain(const mx_graph *graph, mx_node_id node);
MX_API mx_str mx_node_doc_string(const mx_graph *graph, mx_node_id node);
/* Model and module: class ("BertLayer"), dotted name ("encoder.layer.0") and tag; absent where not known. */
MX_API mx_str mx_node_class_name(const mx_graph *graph, mx_node_id node);
MX_API mx_str mx_node_module_scope(const mx_graph *graph, mx_node_id node);
MX_API mx_str mx_node_module_tag(const mx_graph *graph, mx_node_id node);
/* Ports: names of values; for inputs also the node and port that make the value (MX_NO_NODE: an initializer, the
 * empty name of an optional input that is not given, or a name that nothing makes). */
MX_API size_t mx_node_input_count(const mx_graph *graph, mx_node_id node);
MX_API mx_str mx_node_input(const mx_graph *graph, mx_node_id node, size_t port);
MX_API mx_node_id mx_node_input_source(const mx_graph *graph, mx_node_id node, size_t port, uint32_t *source_port);
MX_API size_t mx_node_output_count(const mx_graph *graph, mx_node_id node);
MX_API mx_str mx_node_output(const mx_graph *graph, mx_node_id node, size_t port);
MX_API size_t mx_node_metadata_count(const mx_graph *graph, mx_node_id node);
MX_API mx_str mx_node_metadata_key(const mx_graph *graph, mx_node_id node, size_t index);
MX_API mx_str mx_node_metadata_value(const mx_graph *graph, mx_node_id node, size_t index);
/* The value of the first entry with this key; absent if there is none. Linear in the node's entries. */
MX_API mx_str mx_node_metadata(const mx_graph *graph, mx_node_id node, const char *key);

/* Operators, inputs and outputs of a scope, in the model's order. */
MX_API size_t mx_scope_operator_count(const mx_graph *graph, mx_node_id scope);
MX_API mx_node_id mx_scope_operator(const mx_graph *graph, mx_node_id scope, size_t index);
MX_API size_t mx_scope_input_count(const mx_graph *graph, mx_node_id scope);
MX_API mx_node_id mx_scope_input(const mx_graph *graph, mx_node_id scope, size_t index);
MX_API size_t mx_scope_output_count(const mx_graph *graph, mx_node_id scope);
MX_API mx_node_id mx_scope_output(const mx_graph *graph, mx_node_id scope, size_t index);

/* Attributes. Numbers of AttributeProto.AttributeType; 1000: an odd attribute that is kept as it came. */
typedef enum mx_attribute_type {
    MX_ATTRIBUTE_UNDEFINED = 0,
    MX_ATTRIBUTE_FLOAT = 1,
    MX_ATTRIBUTE_INT = 2,
    MX_ATTRIBUTE_STRING = 3,
    MX_ATTRIBUTE_TENSOR = 4,
    MX_ATTRIBUTE_GRAPH = 5,
    MX_ATTRIBUTE_FLOATS = 6,
    MX_ATTRIBUTE_INTS = 7,
    MX_ATTRIBUTE_STRINGS = 8,
    MX_ATTRIBUTE_TENSORS = 9,
    MX_ATTRIBUTE_GRAPHS = 10,
    MX_ATTRIBUTE_SPARSE_TENSOR = 11,
    MX_ATTRIBUTE_SPARSE_TENSORS = 12,
    MX_ATTRIBUTE_TYPE_PROTO = 13,
    MX_ATTRIBUTE_TYPE_PROTOS = 14,
    MX_ATTRIBUTE_OPAQUE = 1000
} mx_attribute_type;
typedef struct mx_attribute_view {
    mx_str name, reference; /* reference: ref_attr_name, absent if it has a value of its own */
    mx_attribute_type type;
    size_t count; /* values: 1 for the singular types */
} mx_attribute_view;
MX_API size_t mx_node_attribute_count(const mx_graph *graph, mx_node_id node);
MX_API bool mx_node_attribute(const mx_graph *graph, mx_node_id node, size_t index, mx_attribute_view *out);
/* Index of the first attribute of that name, SIZE_MAX if there is none. Linear in the node's attributes. */
MX_API size_t mx_node_find_attribute(const mx_graph *graph, mx_node_id node, const char *name);
/* Values by index; false if the type or the index is another. Bodies and tensors by mx_node_id and tensor id. */
MX_API bool mx_attribute_int(const mx_graph *graph, mx_node_id node, size_t attribute, size_t index, int64_t *out);
MX_API bool mx_attribute_float(const mx_graph *graph, mx_node_id node, size_t attribute, size_t index, float *out);
MX_API bool mx_attribute_string(const mx_graph *graph, mx_node_id node, size_t attribute, size_t index, mx_str *out);
MX_API bool mx_attribute_tensor(const mx_graph *graph, mx_node_id node, size_t attribute, size_t index, uint32_t *out);
MX_API bool mx_attribute_body(const mx_graph *graph, mx_node_id node, size_t attribute, size_t index, mx_node_id *out);

/* Tensors: initializers and tensors in attributes; ids run from 0 to mx_graph_tensor_count - 1. */
typedef struct mx_tensor_view {
    mx_str name;
    int32_t data_type;   /* TensorProto.DataType */
    const int64_t *dims; /* rank numbers, owned by the graph */
    size_t rank;
    uint64_t size; /* bytes of data as stored */
    bool external; /* in a file of its own */
} mx_tensor_view;
MX_API size_t mx_graph_tensor_count(const mx_graph *graph);
MX_API bool mx_graph_tensor(const mx_graph *graph, uint32_t tensor, mx_tensor_view *out);
MX_API size_t mx_scope_initializer_count(const mx_graph *graph, mx_node_id scope);
MX_API uint32_t mx_scope_initializer(const mx_graph *graph, mx_node_id scope, size_t index);
/* Copy `size` bytes of a tensor's data from `offset` on. Errors: USAGE (beyond its end), READ. */
MX_API mx_status mx_tensor_read(const mx_graph *graph, uint32_t tensor, uint64_t offset, void *to, size_t size,
                                mx_error *err);

/* Editing. An edit keeps the graph consistent; what it would break is MX_ERR_INVALID and leaves the graph as it was. A
 * node that does not exist or is of another kind, and ports beyond a node's, are MX_ERR_USAGE. After MX_ERR_NOMEM the
 * graph is still sound, but an edit that touches many nodes (tags) may have been made in part. Order: mx_graph_save_*
 * put new and rewired operators in topological order; untouched ones stay where they are. A cycle shows there
 * (MX_ERR_INVALID). Names of values that an edit needs are fresh in the whole graph. */
/* Not for bodies, which have the name of their attribute. Operator: any name, absent for none. Module: scopes and tags
 * in and below it follow. Function: the operators that call it follow. Input, output: the value is renamed wherever it
 * is made, used or described; INVALID if the name is in use in that graph or function, or if the value of an output is
 * not an operator's own. Linear in the graph, but for operators. */
MX_API mx_status mx_node_set_name(mx_graph *graph, mx_node_id node, mx_str name, mx_error *err);
/* Operators only. */
MX_API mx_status mx_node_set_op_type(mx_graph *graph, mx_node_id node, mx_str op_type, mx_error *err);
/* Operator, function (the operators that call it follow), model. Whether an opset of the domain is imported is not
 * looked at. */
MX_API mx_status mx_node_set_domain(mx_graph *graph, mx_node_id node, mx_str domain, mx_error *err);
MX_API mx_status mx_node_set_doc_string(mx_graph *graph, mx_node_id node, mx_str doc, mx_error *err);
/* Sets the first entry of that key, adds one, or with an absent value removes all of that key. Not for modules. */
MX_API mx_status mx_node_set_metadata(mx_graph *graph, mx_node_id node, mx_str key, mx_str value, mx_error *err);
/* Replace the first attribute of that name or add one; count values. Operators, and functions (default values). What is
 * replaced or removed takes its bodies and tensors along. */
MX_API mx_status mx_node_set_int(mx_graph *graph, mx_node_id node, const char *name, int64_t value, mx_error *err);
MX_API mx_status mx_node_set_float(mx_graph *graph, mx_node_id node, const char *name, float value, mx_error *err);
MX_API mx_status mx_node_set_string(mx_graph *graph, mx_node_id node, const char *name, mx_str value, mx_error *err);
MX_API mx_status mx_node_set_ints(mx_graph *graph, mx_node_id node, const char *name, const int64_t *values,
                                  size_t count, mx_error *err);
MX_API mx_status mx_node_set_floats(mx_graph *graph, mx_node_id node, const char *name, const float *values,
                                    size_t count, mx_error *err);
MX_API mx_status mx_node_remove_attribute(mx_graph *graph, mx_node_id node, const char *name, mx_error *err);
/* Import an operator set: sets the version of `domain` ("" is ai.onnx) for the model, or adds it. */
MX_API mx_status mx_graph_set_opset(mx_graph *graph, mx_str domain, int64_t version, mx_error *err);
MX_API mx_status mx_graph_set_ir_version(mx_graph *graph, int64_t version, mx_error *err);
/* A new operator in a model, function, body or module, with n_inputs empty inputs and n_outputs outputs of fresh names,
 * tagged as its module is. Its name may be absent; its domain is "" until it is set. */
MX_API mx_status mx_graph_add_operator(mx_graph *graph, mx_node_id parent, mx_str op_type, mx_str name, size_t n_inputs,
                                       size_t n_outputs, mx_node_id *out, mx_error *err);
MX_API mx_status mx_graph_add_module(mx_graph *graph, mx_node_id parent, mx_str name, mx_str class_name,
                                     mx_node_id *out, mx_error *err);
/* Input `port` of node now takes output `source_port` of source, an operator or input, which must be visible there:
 * same scope or an outer one, with a name that no scope between gives another meaning. One port behind an operator's
 * last is added. An output node keeps its name, because that is the interface: the value takes that name, or if it
 * cannot (it is an input's, an outer one, or given out already) a new Identity makes a copy; whoever bore the name
 * before gets a fresh one. Constant time within a scope; linear in the bodies between, and for output nodes in the
 * graph. */
MX_API mx_status mx_graph_connect(mx_graph *graph, mx_node_id source, size_t source_port, mx_node_id node, size_t port,
                                  mx_error *err);
/* Input `port` now names an initializer of its scope or an outer one (as an input's default value: that input), or with
 * an empty name nothing. Output nodes as above. Linear in the scopes. */
MX_API mx_status mx_graph_connect_initializer(mx_graph *graph, mx_str initializer, mx_node_id node, size_t port,
                                              mx_error *err);
/* Remove an operator (with its bodies), or a module with all inside. INVALID if a value that is made there is used
 * elsewhere. Descriptions (value_info) of its values go too; initializers stay. Linear in the graph. */
MX_API mx_status mx_graph_remove(mx_graph *graph, mx_node_id node, mx_error *err);
/* Move an operator or module into another compound of the same scope, behind what is there. Its tag properties are
 * written anew, and so are those of tagged operators below it; the order of execution does not change. */
MX_API mx_status mx_graph_move(mx_graph *graph, mx_node_id node, mx_node_id parent, mx_error *err);

/* ---- Section: conversion -------------------------------------------------------------------------------------- */

typedef enum mx_parameter_strategy {
    MX_PARAMETERS_SIDECAR = 0, /* weights go to X.onnxdata beside the GraphML */
    MX_PARAMETERS_EMBEDDED,    /* weights go into the XML, base64 */
    MX_PARAMETERS_REFERENCE    /* weights stay in the model file and are pointed at */
} mx_parameter_strategy;

/* So many groups are open that the first view has at most some 30 boxes. In GraphML, runs of auxiliary operators stand
 * in folded frames where a group alone would show more: groups without data, which mean nothing. */
#define MX_COLLAPSE_AUTO (-2)

/* What mx_export_graphml and mx_graph_save_graphml write besides the graph. */
typedef struct mx_export_graphml_options {
    mx_parameter_strategy strategy;
    const char *metadata; /* metadata JSON that goes with the model, NULL: none */
    int collapse_depth;   /* groups deeper than this start folded in yEd; -1: all open; MX_COLLAPSE_AUTO */
    bool no_layout;
    const char *timestamp; /* for m3, NULL: absent */
} mx_export_graphml_options;

typedef struct mx_export_graphml_result {
    uint64_t nodes, edges; /* of the compound graph */
    uint64_t tensors;      /* with data */
    uint64_t parameter_bytes;
    char parameter_file[1024]; /* path of the .onnxdata file or of the model that is pointed at; "" if embedded */
} mx_export_graphml_result;

/* Write `model` (ONNX) as GraphML v1.1. options NULL: the defaults (sidecar, all open). result may be NULL.
 * Errors: those of loading, USAGE (reference: the model is not in the output's folder or below), WRITE. */
MX_API mx_status mx_export_graphml(const mx_env *env, const char *model, const char *output,
                                   const mx_export_graphml_options *options, mx_export_graphml_result *result,
                                   mx_error *err);

/* Write a graph as GraphML (new and rewired operators in topological order); `reference` is not possible here (USAGE).
 * With `sidecar` the graph's tensors lie in the new .onnxdata file afterwards. Errors: INVALID (a cycle), WRITE, NOMEM.
 */
MX_API mx_status mx_graph_save_graphml(mx_graph *graph, const char *output, const mx_export_graphml_options *options,
                                       mx_export_graphml_result *result, mx_error *err);
/* Write a graph as ONNX, external data files under their recorded names beside it. Initializers that an edit left
 * without a use are dropped. Errors: INVALID (a cycle), WRITE, CHECKSUM, NOMEM. */
MX_API mx_status mx_graph_save_onnx(mx_graph *graph, const char *output, mx_error *err);

typedef struct mx_import_onnx_options {
    bool validate;       /* check the structure of the result before it is put in place */
    bool external_data;  /* the model points into the .onnxdata file */
    const char *sidecar; /* another place for the .onnxdata file, NULL: as the GraphML says */
    const char *report;  /* JSON file that says what was edited (schemas/import-report.schema.json), NULL: none */
    /* With `report`: the ONNX model that the GraphML was made from, for values before the edit and names of what is
     * gone; only its structure is read. INVALID if it is another model. NULL: the file of the name that the GraphML
     * gives, in its folder, if it is there and is that model; the report says why not. It may be the output's file. */
    const char *source;
} mx_import_onnx_options;

typedef struct mx_import_onnx_result {
    uint64_t nodes_new, nodes_deleted, nodes_moved, ports_changed, initializers_dropped, unknown_keys;
    uint64_t nodes_changed;                /* other data than wiring and place */
    uint64_t nodes_retagged;               /* because they, or groups around them, were moved or renamed */
    uint64_t types_dropped;                /* declared types that are not known to be true any more */
    uint64_t labels_changed, tags_ignored; /* edited by hand, which has no effect; env->log tells each */
} mx_import_onnx_result;

/* Write a GraphML file, with all edits it holds, as ONNX. options, result may be NULL.
 * Errors: those of loading, USAGE (external_data: the sidecar is not in the output's folder or below; source without
 * report), WRITE. */
MX_API mx_status mx_import_onnx(const mx_env *env, const char *graphml, const char *output,
                                const mx_import_onnx_options *options, mx_import_onnx_result *result, mx_error *err);

/* ---- Section: comparing --------------------------------------------------------------------------------------- */

typedef enum mx_difference_kind { MX_ADDED = 0, MX_REMOVED, MX_CHANGED } mx_difference_kind;
typedef struct mx_difference {
    mx_difference_kind kind;
    const char *what;   /* "node", "edge", "attribute", "weight", "metadata", "model", ... */
    const char *where;  /* printable: the node and the port, key or attribute concerned */
    const char *before; /* printable, shortened; NULL if there is none */
    const char *after;
} mx_difference;
/* Called for each difference, texts valid during the call; return false to stop. */
typedef bool (*mx_difference_fn)(void *ctx, const mx_difference *difference);

/* Compare two models (each .onnx or .graphml). Weights are compared by content, nodes by name and structure; two orders
 * that are both topologically valid are no difference. *count: differences found. each may be NULL.
 * report: a JSON file to write with all differences ({"differences": [{kind, what, where, before, after}], "count",
 * "identical"}), NULL: none. */
MX_API mx_status mx_compare(const mx_env *env, const char *a, const char *b, const char *report, mx_difference_fn each,
                            void *ctx, uint64_t *count, mx_error *err);

/* ---- Section: exporting with tags ----------------------------------------------------------------------------- */

typedef enum mx_strategy {
    MX_STRATEGY_AUTO = 0,    /* chosen by what the model offers */
    MX_STRATEGY_HTP,         /* all sources, and inheritance: no operator is left without a tag */
    MX_STRATEGY_USAGE_BASED, /* a module is what uses its parameters or carries its scope; no inheritance */
    MX_STRATEGY_FX           /* the source program's own module stack, node by node */
} mx_strategy;
/* "auto", "htp", "usage_based", "fx"; static. */
MX_API const char *mx_strategy_name(mx_strategy strategy);

typedef struct mx_characteristics {
    const char *model_type;           /* "transformer", "cnn", "rnn", "unknown" */
    const char *estimated_complexity; /* "low", "medium", "high" */
    bool has_control_flow;            /* If, Loop, Scan */
    bool is_huggingface;              /* classes of the transformers library */
    bool has_dynamic_shapes;          /* an input with a size that is not fixed */
    uint64_t module_count;
    const char *const *framework_hints; /* what the file says about its origin */
    size_t n_framework_hints;
} mx_characteristics;

typedef struct mx_recommendation {
    mx_strategy selected;
    double confidence;            /* 0 to 1 */
    const char *const *reasoning; /* sentences */
    size_t n_reasoning;
    mx_characteristics characteristics;
    void *owner; /* of all texts */
} mx_recommendation;

/* Which strategy suits a model (.onnx), and why. metadata: a metadata JSON with its module tree, NULL: the one beside
 * it, if there is one. out: texts are freed with mx_recommendation_free. Errors: those of loading. */
MX_API mx_status mx_recommend_strategy(const mx_env *env, const char *model, const char *metadata,
                                       bool prioritize_speed, mx_recommendation *out, mx_error *err);
MX_API void mx_recommendation_free(mx_recommendation *r); /* zeroed is fine */

typedef enum mx_hierarchy_attrs {
    MX_HIERARCHY_METADATA = 0, /* metadata_props, with all names that people know */
    MX_HIERARCHY_MINIMAL,      /* metadata_props: tag, scope and method only */
    MX_HIERARCHY_ATTRIBUTE,    /* node attributes; checkers refuse such standard operators */
    MX_HIERARCHY_NONE          /* the nodes stay without tags */
} mx_hierarchy_attrs;

typedef enum mx_external_data {
    MX_EXTERNAL_AUTO = 0, /* as it is in the model; beside it where the weights take over 1.5 GB */
    MX_EXTERNAL_BESIDE,   /* weights go to OUTPUT.onnx.data */
    MX_EXTERNAL_SOURCE    /* weights stay in the model's file (or its data files) and are pointed at */
} mx_external_data;

typedef enum mx_choice { MX_UNSET = 0, MX_NO, MX_YES } mx_choice;

typedef struct mx_dynamic_axis {
    const char *value; /* an input or output */
    int64_t axis;      /* negative: from the end */
    const char *name;
} mx_dynamic_axis;

typedef struct mx_input_spec {
    const char *name;
    const char *dtype;    /* "float32", "int64", ...; NULL: not said */
    const int64_t *shape; /* sample sizes; NULL: not said */
    size_t rank;
    bool has_range;
    double low, high;
} mx_input_spec;

/* The keys of a --config file; zeroed: none of them is there. */
typedef struct mx_export_config {
    int opset_version;                                    /* 14 to 23; 0: not said */
    const char *const *input_names, *const *output_names; /* the first ones are renamed */
    size_t n_input_names, n_output_names;
    const mx_dynamic_axis *dynamic_axes;
    size_t n_dynamic_axes;
    mx_choice do_constant_folding, export_params;
    const mx_input_spec *input_specs;
    size_t n_input_specs;
    void *owner; /* of all that mx_export_config_read made; NULL: the caller's own */
} mx_export_config;

/* Read a JSON file; unknown keys and wrong values are refused by name. out: freed with mx_export_config_free. Errors:
 * READ, SYNTAX (line), INVALID (the key is in the message), NOMEM. */
MX_API mx_status mx_export_config_read(const mx_env *env, const char *path, mx_export_config *out, mx_error *err);
MX_API void mx_export_config_free(mx_export_config *config);

typedef struct mx_export_options {
    mx_strategy strategy;
    bool prioritize_speed;
    bool builtin_tracking;       /* use the module stack that the source program brings along; default true */
    bool performance_monitoring; /* fill the result's profile */
    bool optimize;      /* leave out initializers that nothing uses; of a .pt2, put batch normalisation into the
                           convolution before it, which rounds the weights anew: the one step that is not exact */
    bool verbose;       /* log every step (INFO) */
    bool log_auxiliary; /* log (DEBUG) how each auxiliary operator got its tag */
    const mx_export_config *config; /* NULL: nothing said */
    int opset_version;              /* wins over config's; 0: not said */
    mx_hierarchy_attrs hierarchy_attrs;
    const char *torch_module; /* "none", "all", "A,B"; NULL: "LayerNorm,Embedding" */
    const char *metadata;     /* metadata JSON with a module tree; NULL: the one beside the model, if any */
    mx_external_data external_data;
    bool with_graphml, with_report;
    const char *graphml_output;           /* NULL: X_hierarchical_graph.graphml */
    const char *input_text, *input_shape; /* samples for a model that has to be traced; NULL: not said */
    bool with_stack_traces; /* keep the stack traces of a saved program, which name paths of the machine that made it */
    const char *temp_dir;   /* for intermediate files; NULL: the system's */
    const char *timestamp;  /* ISO 8601, NULL: now */
} mx_export_options;
MX_API mx_export_options mx_export_options_default(void);

typedef struct mx_export_file {
    const char *kind; /* "onnx", "metadata", "hierarchy", "report", "graphml", "parameters", "external_data" */
    const char *path;
} mx_export_file;

typedef struct mx_operation_count {
    const char *op_type;
    uint64_t count;
} mx_operation_count;

/* Measured with performance_monitoring. Times in seconds. */
typedef struct mx_export_profile {
    double auxiliary_operations_coverage, context_inheritance_success_rate, fallback_strategy_usage; /* 0 to 1 */
    uint64_t total_auxiliary_ops, tagged_auxiliary_ops, context_inherited, fallback_tagged;
    const mx_operation_count *operation_types; /* auxiliary ones */
    size_t n_operation_types;
    double graph_context_building_time, context_inheritance_time, fallback_strategy_time;
    double memory_peak_usage; /* MB, of the process */
} mx_export_profile;

typedef struct mx_export_result {
    bool success;
    const char *output_path; /* of the tagged model; NULL on failure */
    const char *onnx_path;   /* of the model that was read */
    const char *error;       /* NULL on success */
    const char *strategy;    /* "htp_builtin", "htp", "usage_based", "fx" */
    uint64_t total_operations, tagged_operations;
    uint64_t operation_trace_length; /* operators of the source program, as far as the file tells them */
    uint64_t native_op_regions;      /* those of them that became several nodes */
    bool builtin_tracking_enabled;
    const mx_export_file *files;
    size_t n_files;
    double export_time; /* seconds */
    uint64_t file_size; /* of the model, in bytes */
    const char *const *strategies_tried, *const *optimizations_applied, *const *warnings;
    size_t n_strategies_tried, n_optimizations_applied, n_warnings;
    mx_recommendation selection;
    bool has_profile;
    mx_export_profile profile;
} mx_export_result;

/* Tag a model and write it, with X_htp_metadata.json and X_hierarchy.json beside it (X: output without ".onnx").
 * model: an ONNX file, or a program saved by torch.export.save (.pt2). options NULL: the defaults. out: freed with
 * mx_export_result_free; may be NULL. Errors: those of loading, UNSUPPORTED (a kind of file or an operator that cannot
 * be exported; a strategy that the model cannot serve; a key of config that an ONNX model cannot follow), INVALID
 * (config and model do not fit), COVERAGE_VALIDATION, WRITE. Log: warnings are also given to env->log. */
MX_API mx_status mx_export(const mx_env *env, const char *model, const char *output, const mx_export_options *options,
                           mx_export_result **out, mx_error *err);
/* Whether a name stands for something that only Python can read, which mx_export refuses: a .py file, a folder, or what
 * is no file at all (a Hugging Face name) and has no ending of a model file. The command line hands these to Python. */
MX_API bool mx_export_needs_python(const char *model);
/* The result that stands for a failed export in the report on a batch. */
MX_API mx_status mx_export_failed(const mx_env *env, const char *model, const mx_error *why, mx_export_result **out,
                                  mx_error *err);
MX_API void mx_export_result_free(mx_export_result *result); /* NULL is fine */

/* An operator of PyTorch that can be exported from a saved program. */
typedef struct mx_source_operator {
    const char *target; /* "aten.add.Tensor" */
    const char *onnx;   /* what it becomes: "Add", "Mul, Add"; "": nothing */
    const char *family;
    int opset; /* the lowest opset version that it needs */
} mx_source_operator;
/* The table of them, in no order; i from 0 on; false at the end. */
MX_API bool mx_export_operator(size_t i, mx_source_operator *out);

/* Results as JSON: one as an object, with `batch` all as {"success", "results": [...]}. */
typedef void (*mx_write_fn)(void *ctx, const char *text, size_t size);
MX_API mx_status mx_export_results_json(const mx_env *env, const mx_export_result *const *results, size_t count,
                                        bool batch, mx_write_fn write, void *ctx, mx_error *err);
MX_API mx_status mx_export_results_save(const mx_env *env, const mx_export_result *const *results, size_t count,
                                        bool batch, const char *path, mx_error *err);

/* ---- Section: findings ---------------------------------------------------------------------------------------- */

/* What is wrong with a model, as mx_tags_consistency and mx_validate tell it. */
typedef enum mx_check_part {
    MX_CHECK_COVERAGE = 0, /* operators with a tag, in percent */
    MX_CHECK_INTEGRITY,    /* names, order, attributes, opset imports, external data; value: problems */
    MX_CHECK_CONSISTENCY,  /* tags in the file, the metadata JSON and the GraphML agree; value: problems */
    MX_CHECK_AUXILIARY,    /* auxiliary operators with a tag, in percent */
    MX_CHECKS
} mx_check_part;
/* "coverage", "graph_integrity", "hierarchy_consistency", "auxiliary_operations"; static. */
MX_API const char *mx_check_part_name(mx_check_part part);

typedef struct mx_finding {
    mx_check_part part;
    bool mended;         /* it was repaired: not a problem any more */
    const char *code;    /* one word for programs: "missing-tag", "unordered", "stale-node-name", ... */
    const char *where;   /* printable: the operator concerned; NULL: the model */
    const char *message; /* printable sentence */
} mx_finding;
typedef void (*mx_finding_fn)(void *ctx, const mx_finding *finding); /* texts are valid during the call */

/* ---- Section: tag queries ------------------------------------------------------------------------------------- */

/* A model with its module groups and what its tags say. Weights are not touched. */
typedef struct mx_tags mx_tags;

/* Load a model (.onnx or .graphml), with its modules as in mx_graph_load. out: freed with mx_tags_free. Errors: those
 * of loading. */
MX_API mx_status mx_tags_load(const mx_env *env, const char *path, mx_tags **out, mx_error *err);
MX_API void mx_tags_free(mx_tags *tags); /* NULL is fine */
/* The graph with its module groups; it lives as long as the tags. */
MX_API const mx_graph *mx_tags_graph(const mx_tags *tags);

/* The tag that stands at an operator (in its metadata or attributes); absent: it has none. */
MX_API mx_str mx_tags_of(const mx_tags *tags, mx_node_id op);
/* Whether an operator is auxiliary by what it does: it arranges, picks, converts or measures data, or makes constants.
 */
MX_API bool mx_tags_is_auxiliary(const mx_tags *tags, mx_node_id op);

typedef struct mx_tag_statistics {
    uint64_t operators, tagged;
    uint64_t direct, parent, inherited, root; /* by hierarchy_method */
    uint64_t auxiliary, auxiliary_tagged;
    uint64_t tags;    /* different ones */
    uint64_t modules; /* module groups, the root among them */
    double coverage;  /* percent of operators with a tag; 100 if there are none */
} mx_tag_statistics;
MX_API mx_tag_statistics mx_tags_statistics(const mx_tags *tags);
/* The different tags, in the order of the operators, and how many operators have each. */
MX_API size_t mx_tags_count(const mx_tags *tags);
MX_API mx_str mx_tags_tag(const mx_tags *tags, size_t index, uint64_t *operators);

/* The part of a model that a text selects. text: an exact tag or dotted module name wins; else whole steps of a tag,
 * with or without ".N" ("BertLayer/BertAttention"), or of a name ("BertEmbeddings/word_embeddings"); else any piece of
 * them. The word "auxiliary" selects the auxiliary operators. Modules take along what is in them. */
typedef struct mx_tag_selection {
    const mx_node_id *modules;   /* that match; the model for the root */
    const mx_node_id *operators; /* those in them, and in the bodies of these */
    const mx_str *inputs;        /* values that come from outside, each once */
    const mx_str *parameters;    /* initializers that are used */
    const mx_str *outputs;       /* values that are used outside, or are outputs of the model */
    size_t n_modules, n_operators, n_inputs, n_parameters, n_outputs;
    void *owner;
} mx_tag_selection;
/* out: freed with mx_tag_selection_free; all empty where nothing matches. Linear in the graph. */
MX_API mx_status mx_tags_query(const mx_tags *tags, mx_str text, mx_tag_selection *out, mx_error *err);
MX_API void mx_tag_selection_free(mx_tag_selection *selection); /* zeroed is fine */

/* Whether the tags agree: hierarchy_tag, hierarchy_path and hierarchy_scope of each operator with one another and with
 * the modules; the model's tags with the metadata JSON's "nodes" and "node_tags", and its operators with those named
 * there; and likewise with the GraphML that was made from the model. metadata: the JSON; NULL: X_htp_metadata.json
 * beside the model X.onnx, if it is there. graphml: NULL: X_hierarchical_graph.graphml or X.graphml beside it, if it is
 * there. each: called with every problem, all of MX_CHECK_CONSISTENCY; may be NULL. problems: how many there are.
 * Returns MX_OK whatever is found. Errors: those of reading the JSON and the GraphML. Weights are not touched. */
MX_API mx_status mx_tags_consistency(const mx_tags *tags, const char *metadata, const char *graphml, mx_finding_fn each,
                                     void *ctx, uint64_t *problems, mx_error *err);

/* ---- Section: parts of a model -------------------------------------------------------------------------------- */

/* Cut out operators as a model of their own. nodes: operators, modules (with all in them), or a model, body or function
 * (all of it); they must make one set within one model graph, body or function. Inputs are the values that are used and
 * not made there, in the order of their first use, outputs those that are used outside, all with element type and rank.
 * Initializers come along, captured ones too, and so do constants, local functions, opset imports, versions and
 * metadata. out: a wired graph without module groups, whose weights stay where they lie; freed with mx_graph_free.
 * graph is not changed but for types that are added. Errors: USAGE (no operators), UNSUPPORTED (a type cannot be known;
 * an attribute that refers to one of a function; several graphs), INVALID (a value that nothing makes). Linear in the
 * graph. */
MX_API mx_status mx_graph_extract(mx_graph *graph, const mx_node_id *nodes, size_t count, mx_graph **out,
                                  mx_error *err);
/* Put a part, perhaps edited, in the place of such a set. Its inputs and outputs are those of the set by name (inputs
 * may be missing), types agree where both say something; new initializers and values get fresh names where theirs are
 * in use. Operators, initializers and functions that are as they were stay untouched. part: loaded or extracted; only
 * its order is repaired. After an error the graph can only be freed. Errors: INVALID (what does not fit, a cycle),
 * USAGE, UNSUPPORTED, READ. */
MX_API mx_status mx_graph_replace(mx_graph *graph, const mx_node_id *nodes, size_t count, mx_graph *part,
                                  mx_error *err);

typedef enum mx_extract_mode {
    MX_EXTRACT_ONE = 0, /* the text must mean one module; else USAGE, with the list of them */
    MX_EXTRACT_ALL,     /* one file for each module, in the folder `output`, named by its dotted name */
    MX_EXTRACT_UNION    /* all modules as one part */
} mx_extract_mode;

typedef struct mx_extracted {
    const char *path;
    const char *module; /* dotted name, printable; NULL: several modules */
    uint64_t modules, operators, inputs, outputs, initializers;
    uint64_t parameter_bytes;
} mx_extracted;
/* Called for each file that was written; texts are valid during the call. */
typedef void (*mx_extracted_fn)(void *ctx, const mx_extracted *what);

/* Write the modules that a text means (as in mx_tags_query, but no pieces of words) as models. model: .onnx or
 * .graphml. each may be NULL. Errors: those of loading and mx_graph_extract, USAGE (no module matches; several), WRITE.
 */
MX_API mx_status mx_extract(const mx_env *env, const char *model, const char *tag, const char *output,
                            mx_extract_mode mode, mx_extracted_fn each, void *ctx, mx_error *err);
/* Write `model` with the model `part` in the place of a module; unite: in the place of several, as MX_EXTRACT_UNION
 * made it. output: ONNX; may be `model` itself. Errors: those of loading and mx_graph_replace, USAGE as above, WRITE.
 */
MX_API mx_status mx_replace(const mx_env *env, const char *model, const char *tag, const char *part, const char *output,
                            bool unite, mx_error *err);

/* ---- Section: analyzing --------------------------------------------------------------------------------------- */

typedef enum mx_analysis_format {
    MX_ANALYSIS_SUMMARY = 0, /* figures, for people */
    MX_ANALYSIS_DETAILED,    /* also the tree of modules with their operators */
    MX_ANALYSIS_JSON,
    MX_ANALYSIS_CSV /* a line for each operator */
} mx_analysis_format;

typedef struct mx_analysis_options {
    mx_analysis_format format;
    const char *filter_tag; /* only what this selects (mx_tags_query); NULL: the whole model */
} mx_analysis_options;

/* Write what there is to know of a model (.onnx or .graphml): how many operators have a tag and where it came from; for
 * each module its depth, operators and edges; for each operator its predecessors, successors and place in the order.
 * All figures are counted in the model itself. options NULL: a summary of the whole model. An untagged model is shown
 * with the modules that can be inferred. *matched (may be NULL): operators that were selected. Errors: those of
 * loading; WRITE. Weights are not touched. */
MX_API mx_status mx_analyze(const mx_env *env, const char *model, const mx_analysis_options *options, mx_write_fn write,
                            void *ctx, uint64_t *matched, mx_error *err);
MX_API mx_status mx_analyze_to_file(const mx_env *env, const char *model, const mx_analysis_options *options,
                                    const char *path, uint64_t *matched, mx_error *err);

/* ---- Section: validating -------------------------------------------------------------------------------------- */

typedef struct mx_validate_options {
    bool check_consistency;
    bool repair;          /* mend tags and order, keeping what stood there as MODEL.bak; ONNX files only */
    const char *metadata; /* NULL: X_htp_metadata.json beside the model X.onnx, if it is there */
    const char *graphml;  /* NULL: X_hierarchical_graph.graphml or X.graphml beside it, if it is there */
    const char *report;   /* JSON file to write, NULL: none */
} mx_validate_options;

typedef struct mx_validation_part {
    bool checked, passed;
    double value, expected;
    uint64_t problems;
} mx_validation_part;
typedef struct mx_validation {
    mx_validation_part parts[MX_CHECKS];
    uint64_t problems, mended;
    char backup[4096]; /* where the model stands as it was before the repair; "": nothing was repaired */
} mx_validation;

/* Check a model (.onnx or .graphml). Returns MX_OK whatever is found; *out tells. Coverage below 100 percent is a
 * problem only for models that were tagged by htp. With a repair `out` is the state after it. options, each: may be
 * NULL. Errors: those of loading (external data out of reach is a finding, not an error), USAGE (repair of a GraphML
 * file), WRITE. Weights are not touched, but copied by a repair. */
MX_API mx_status mx_validate(const mx_env *env, const char *model, const mx_validate_options *options,
                             mx_finding_fn each, void *ctx, mx_validation *out, mx_error *err);

/* ---- Section: pictures ---------------------------------------------------------------------------------------- */

typedef struct mx_render_options {
    int depth; /* groups deeper than this start folded; -1: all open; MX_COLLAPSE_AUTO */
} mx_render_options;

/* Draw a model (.onnx or .graphml). The ending of `output` decides: ".svg" is a picture of the module tree, opened so
 * far; ".html" one page that needs nothing else, where groups open and close. options NULL: MX_COLLAPSE_AUTO. The same
 * model gives the same bytes, whichever format it is in. Weights are not touched, but for small ones that are shown or
 * that shapes depend on. Errors: those of loading; USAGE (the ending); WRITE. */
MX_API mx_status mx_render(const mx_env *env, const char *model, const char *output, const mx_render_options *options,
                           mx_error *err);

#ifdef __cplusplus
}
#endif
#endif
