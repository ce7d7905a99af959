/* What the writer settles before the first byte: numbers, keys and order of the nodes, and which value infos
 * and faults of the source model stand on which node. Arrays by node id, a few dozen bytes a node. */
#ifndef MX_GRAPHML_PLAN_H
#define MX_GRAPHML_PLAN_H

#include "converter/graph.h"

typedef enum mx_fault_kind { MX_FAULT_UNRESOLVED = 0, MX_FAULT_DUPLICATE } mx_fault_kind;

/* A port at fault: an input port that nothing makes, or an output port whose value is made elsewhere too. */
typedef struct mx_fault {
    mx_node_id node;
    uint32_t kind, port;
} mx_fault;

typedef struct mx_plan {
    const mx_graph *g;
    uint32_t *index;      /* node_index */
    mx_node_id *order;    /* the nodes by node_index; every parent before its children */
    uint32_t *key;        /* compound_key, MX_NO_INDEX for leaves */
    mx_node_id *first;    /* first child by node_index, MX_NO_NODE: none */
    mx_node_id *next;     /* next sibling by node_index */
    uint32_t *port_start; /* operators: where their output ports begin in port_info; n_nodes + 1 entries */
    uint32_t *port_info;  /* by output port: index into the scope's value_infos, MX_NO_INDEX: none */
    size_t *info_start;   /* by scope: where its value infos begin in info_held; n_scopes + 1 entries */
    uint8_t *info_held;   /* by value info: an operator carries it */
    mx_fault *faults;     /* sorted by node, kind, port */
    size_t n_faults, cap_faults;
    uint32_t numbered, keyed; /* how many nodes have an index, a compound key */
} mx_plan;

/* Fails with NOMEM, or LIMIT where bodies are nested deeper than the graph's limits. Free in any case. */
mx_status mx_plan_make(const mx_graph *g, mx_plan *plan, mx_error *err);
void mx_plan_free(mx_plan *plan);

/* Value infos, and values made twice (plan_values.c); the second half of mx_plan_make. */
mx_status mx_plan_values(mx_plan *plan, mx_error *err);
mx_status mx_plan_add_fault(mx_plan *plan, mx_node_id node, mx_fault_kind kind, uint32_t port, mx_error *err);

/* The faults of a node: a run of *n, NULL if there are none. */
const mx_fault *mx_plan_faults(const mx_plan *plan, mx_node_id node, size_t *n);

/* Whether a node is drawn as a group: a compound that can hold nodes. */
static inline bool mx_plan_is_group(const mx_plan *plan, mx_node_id id) {
    return plan->key[id] != MX_NO_INDEX;
}

#endif
