/* From what the builder holds to the compound graph. Parts: to_graph.c the order of steps; to_scopes.c graphs and
 * bodies; to_names.c names; to_places.c which module an operator stands in; to_weights.c initializers; to_types.c
 * types. */
#ifndef MX_TORCH_TO_GRAPH_H
#define MX_TORCH_TO_GRAPH_H

#include "converter/graph.h"
#include "torch_io/build_graph.h"
#include "torch_io/torch_io.h"

/* Where an operator stands. `path` is the path of calls that leads there, as names of nodes begin: "/encoder/layer.0".
 */
typedef struct mx_to_place {
    uint32_t module; /* MX_NONE: not known yet */
    uint32_t call;   /* that it was made in, MX_NONE: not known */
    mx_sid path;     /* of the graph */
} mx_to_place;

typedef struct mx_to_graph {
    const mx_program *p;
    const mx_build *b;
    mx_graph *g;
    const mx_torch_options *options;
    mx_error *err;
    uint8_t *need_op, *need_value;
    uint8_t *formal;          /* by value: it is an output of its graph or body */
    mx_sid *output_names;     /* of the model's outputs */
    uint32_t *uses;           /* by value: ports of needed operators and of outputs that take it */
    mx_sid *names;            /* by value: its name in the graph, absent: none yet */
    mx_to_place *places;      /* by operator */
    mx_sid *call_paths;       /* by call, absent: not made yet */
    uint32_t *call_depths;    /* by call */
    uint32_t *first, *next;   /* operators of a body, in order: by body, by operator; MX_NONE ends */
    uint32_t *owner;          /* by body: the operator that has it, MX_NONE: none */
    mx_node_id *module_nodes; /* by module: its node in the model's graph */
    mx_node_id *body_nodes;   /* by module: its node in the body ... */
    mx_node_id *body_of;      /* ... that this is, 0: none yet */
    uint32_t *module_of;      /* by string id of the program: module + 1 of that dotted name */
    uint32_t *taken;          /* by string id of the graph: 0 free, else the number that the next of that name gets */
    size_t n_taken;
} mx_to_graph;

/* ---- to_names.c ---- */

/* A name that nothing bears yet: `base`, or with _1, _2, ... behind it. */
mx_status mx_to_name(mx_to_graph *t, mx_str base, mx_sid *out);

/* ---- to_types.c ---- */

mx_status mx_to_type(mx_to_graph *t, int32_t elem, int rank, const mx_size *sizes, uint32_t *out);
size_t mx_to_elem_bytes(int32_t elem); /* 0: none, or not whole bytes */

/* ---- to_places.c ---- */

/* The place of every needed operator. */
mx_status mx_to_find_places(mx_to_graph *t);
/* Module nodes for all modules, and what is known of them. */
mx_status mx_to_add_modules(mx_to_graph *t);
/* The node under which an operator stands, in a scope that is the model or a body. */
mx_status mx_to_parent(mx_to_graph *t, mx_node_id scope, uint32_t outer, uint32_t op, mx_node_id *out);

/* ---- to_weights.c ---- */

/* Initializers for weights and constants that are needed (inputs, where the options say so). Transposed weights become
 * initializers of their own where the untransposed one is not needed: their Transpose operators are then not needed. */
mx_status mx_to_add_weights(mx_to_graph *t);

/* ---- to_scopes.c ---- */

mx_status mx_to_add_inputs(mx_to_graph *t);
/* An input of the model for a value that has its name. */
mx_status mx_to_add_input(mx_to_graph *t, mx_val value);
mx_status mx_to_name_outputs(mx_to_graph *t);
/* The operators of the model's graph and of all bodies, then the outputs. */
mx_status mx_to_add_operators(mx_to_graph *t);

#endif
