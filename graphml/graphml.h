/* GraphML v1.1 files (profile: schemas/graphml.md), written and read as streams with libxml2. */
#ifndef MX_GRAPHML_H
#define MX_GRAPHML_H

#include "base/outfile.h"
#include "converter/infer.h"

/* What a GraphML file says about its weights. mx_tensor.data gives offset and size in the .onnxdata image (sidecar,
 * embedded), or in the model's file, or in the external file (reference). */
typedef struct mx_weights {
    mx_parameter_strategy strategy;
    char file[1024];     /* sidecar: its name; reference: the model's path relative to the GraphML; embedded: "" */
    mx_hash128 checksum; /* sidecar, embedded: of the index; reference: of all bytes of the model that are no weights */
    uint64_t file_size;  /* in bytes: the image, or the model's file */
    uint64_t count;      /* tensors with data */
    mx_source *image;    /* embedded: the .onnxdata image, to be written into or as found in the XML; else NULL.
                            From mx_graphml_read: the caller releases it */
} mx_weights;

typedef struct mx_graphml_write_options {
    const char *source_name;   /* base name of the ONNX file for m0, NULL: none */
    const char *metadata_name; /* base name of the metadata JSON for m1, NULL: none */
    const char *timestamp;     /* m3, NULL: none */
    const mx_types *types;     /* of the graph's values, to be shown and told; NULL: those that the graph declares */
    int collapse_depth;        /* groups deeper than this start folded in yEd; -1: all open, -2: as is readable */
    bool no_layout;            /* no geometry is computed */
} mx_graphml_write_options;

/* Write a wired graph to f (open; the caller commits). The same graph gives the same bytes. */
mx_status mx_graphml_write(const mx_graph *g, const mx_weights *weights, const mx_graphml_write_options *options,
                           mx_outfile *f, mx_error *err);

typedef struct mx_traces mx_traces;

/* One thing that an edit changed. Texts belong to the graph. */
typedef struct mx_change {
    struct mx_change *next;
    const char *kind; /* "added", "removed", "changed", "moved", "retagged", "rewired", "dropped", "ignored" */
    const char *what; /* "operator", "module", "input", ..., "initializer", "value_info", "label", "hierarchy_tag" */
    const char *key;  /* the data concerned, NULL: none */
    mx_sid node, op_type; /* the node's name and type, absent: none */
    mx_sid before, after; /* absent: not known, or none */
    mx_sid entry;         /* within the key: an attribute, an entry of the metadata, a domain, ...; absent: none */
    mx_sid scope, tag;    /* where a removed node stood; absent: not known, or none */
    int64_t port, index;  /* port; node_index; -1: does not apply */
    int64_t last_index;   /* "removed": of a run of nodes, else -1 */
    mx_node_id id;        /* "changed": the node, and which field of its origin (mx_origin_field) */
    uint32_t field;
} mx_change;

/* What an import noticed. */
typedef struct mx_graphml_report {
    uint64_t unknown_keys; /* data with keys that are not ours, ignored */
    uint64_t nodes_new, nodes_deleted, nodes_moved, nodes_changed, nodes_retagged, ports_changed;
    uint64_t initializers_dropped, types_dropped;
    uint64_t labels_changed, tags_ignored; /* by hand, in vain */
    bool legacy;                           /* an earlier v1.1 file: no ports, ids that are names */
    mx_change *changes, **end;             /* in the graph's memory; end: where the next one goes */
} mx_graphml_report;

/* Add a change to the report; `change` is copied. */
mx_status mx_graphml_tell(mx_graph *g, mx_graphml_report *report, const mx_change *change, mx_error *err);

/* A type (index into g->types) as the file's JSON has it, as a string of the graph. */
mx_status mx_graphml_type_text(mx_graph *g, uint32_t type, mx_sid *out, mx_error *err);

/* Read a GraphML file with whatever edits it has into a wired, checked graph whose nodes are in order.
 * sources[0] is NULL and stands for the .onnxdata image or (reference) the model's file; with `reference` each
 * external file's source is a further NULL entry. The caller binds them. Values written in the XML ("values") are in
 * memory sources. traces (source.h): what the file says of the model that it was made from; NULL: not wanted.
 * Errors: READ, SYNTAX (line), LIMIT, INVALID (node and port in the message), NOMEM. */
mx_status mx_graphml_read(const mx_env *env, const char *path, mx_graph **out, mx_weights *weights,
                          mx_graphml_report *report, mx_traces *traces, mx_error *err);

#endif
