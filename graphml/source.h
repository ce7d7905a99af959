/* The model that a GraphML file was made from: whether a model at hand is it, and what the edit changed against it. */
#ifndef MX_GRAPHML_SOURCE_H
#define MX_GRAPHML_SOURCE_H

#include "graphml/graphml.h"
#include "graphml/origin.h"
#include "graphml/plan.h"

/* A node of the source model that is still there. */
typedef struct mx_trace {
    uint32_t index;          /* its node_index */
    mx_node_id node;         /* what it is in the graph that was read */
    const mx_origin *origin; /* NULL: the file does not say */
} mx_trace;

/* What the file says of its source; all of it lies in the memory of the graph that was read. */
struct mx_traces {
    mx_trace *items;                   /* by index */
    size_t count, known;               /* in all; with an origin */
    uint64_t n_nodes;                  /* of the source; 0: not said */
    mx_sid source_name, metadata_name; /* of the files, untrusted; absent: not said */
};

typedef struct mx_source_fit {
    bool fits;
    char why[400]; /* it does not: a clause */
    mx_plan plan;  /* the numbers of its nodes; mx_plan_free in any case */
} mx_source_fit;

/* Whether `source` (wired, with its module groups; its external files need not be at hand) is the model that the file
 * was made from: as many nodes, and each that is still there said the same. Linear. Errors: NOMEM, LIMIT, READ. */
mx_status mx_source_compare(const mx_graph *source, const mx_graph *g, const mx_traces *traces, mx_source_fit *fit,
                            mx_error *err);

/* Complete the report by what the source says: before and after of all that was changed, who the removed nodes were.
 * Only the structure of both models is looked at, not their weights. Errors, with which the report is as it was: NOMEM,
 * LIMIT, READ, INVALID. */
mx_status mx_source_tell(mx_graph *g, mx_graph *source, const mx_plan *plan, mx_graphml_report *report, mx_error *err);

#endif
