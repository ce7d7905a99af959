/* Which module every operator belongs to, and how that is known. */
#ifndef MX_HTP_TAGGING_H
#define MX_HTP_TAGGING_H

#include "htp/tree.h"

typedef enum mx_htp_method { /* `hierarchy_method` */
    MX_HTP_NONE = 0,  /* no tag (strategies without inheritance) */
    MX_HTP_DIRECT,    /* its own scope is a module */
    MX_HTP_PARENT,    /* the nearest ancestor scope that is one */
    MX_HTP_INHERITED, /* from the nodes around it */
    MX_HTP_ROOT       /* nothing at all is known */
} mx_htp_method;

typedef enum mx_htp_source { /* who told the scope */
    MX_HTP_FROM_NOTHING = 0,
    MX_HTP_FROM_TAGS,       /* metadata or attributes of an earlier export */
    MX_HTP_FROM_STACK,      /* module nodes made of the source program's module stack */
    MX_HTP_FROM_TORCH,      /* pkg.torch.onnx.* */
    MX_HTP_FROM_FUNCTION,   /* local function */
    MX_HTP_FROM_NODE_NAME,  /* /encoder/layer.0/attention/self/MatMul */
    MX_HTP_FROM_VALUE_NAME, /* the same in the names of its outputs */
    MX_HTP_FROM_PARAMETER   /* names of the parameters that it uses */
} mx_htp_source;

typedef struct mx_htp_label {
    uint32_t module;    /* index in the tree, MX_NO_INDEX: none */
    uint8_t method;     /* mx_htp_method */
    uint8_t source;     /* mx_htp_source */
    bool auxiliary;     /* shape arithmetic, constants, casts, ... by what it does */
    bool merged;        /* uses a parameter that stands for those of several modules */
    bool folded;        /* uses a constant that was computed before the export */
    uint32_t first_served, n_served; /* in mx_htp_tagging.served: all modules that it serves, if more than one */
} mx_htp_label;

typedef struct mx_htp_tagging {
    mx_htp_tree tree;
    mx_htp_label *labels; /* by node id; only operators have one */
    size_t n_labels;
    uint32_t *served;
    size_t n_served, cap_served;
    bool native_stack; /* the operators carry the source program's own module stack */
    double context_seconds, inheritance_seconds, fallback_seconds; /* what the steps took */
} mx_htp_tagging;

typedef enum mx_htp_strategy { MX_HTP_STRATEGY_HTP = 0, MX_HTP_STRATEGY_USAGE_BASED, MX_HTP_STRATEGY_FX } mx_htp_strategy;

typedef struct mx_htp_options {
    mx_htp_strategy strategy;
    const char *torch_module; /* as mx_htp_tree_settle */
    const void *metadata;     /* text of a metadata JSON with a module tree, NULL: none */
    size_t metadata_size;
    bool ignore_tags;         /* do not use tags of an earlier export as a source */
    bool module_stack;        /* the graph's module nodes are those of the source program: they win over all else */
    bool ignore_torch;        /* do not use torch's own metadata as a source */
} mx_htp_options;

/* Build the tree from all sources and label every operator of every scope. g is wired. Deterministic, independent of the
 * order of nodes, linear. */
mx_status mx_htp_tag(mx_graph *g, const mx_htp_options *options, mx_htp_tagging *out, mx_error *err);
void mx_htp_tagging_free(mx_htp_tagging *t);

/* Inference (htp/infer_*.c): labels for operators that have none, from anchors (operators with a label), the data
 * flow and the tree's order of execution. */
mx_status mx_htp_infer(mx_graph *g, mx_htp_tagging *t, mx_error *err); /* in all scopes, outer ones first */

/* Module groups for the graph: MX_NODE_MODULE nodes for every module that holds an operator and those around it (a container
 * and its element are one step, "layer.0"), operators moved into them. Depth is bounded. Tags in the model are not touched. */
mx_status mx_htp_make_groups(mx_graph *g, mx_htp_tagging *t, mx_error *err);

/* How much of a tag is written, and where. */
typedef enum mx_htp_attrs { MX_HTP_ATTRS_METADATA = 0, MX_HTP_ATTRS_MINIMAL, MX_HTP_ATTRS_ATTRIBUTE, MX_HTP_ATTRS_NONE } mx_htp_attrs;
/* Write the tags into the nodes (metadata_props or attributes); tags of an earlier export are replaced. */
mx_status mx_htp_write_tags(mx_graph *g, const mx_htp_tagging *t, mx_htp_attrs how, mx_error *err);

#endif
