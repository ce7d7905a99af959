/* What of one graph is in another: piece by piece, where mx_graph_compare gives a list of differences. */
#ifndef MX_CONVERTER_LIKENESS_H
#define MX_CONVERTER_LIKENESS_H

#include "converter/graph.h"

typedef struct mx_likeness {
    const mx_allocator *allocator;
    mx_node_id *match; /* by node of b: for operators of the main graph and functions the counterpart in a, or MX_NO_NODE */
    bool *same;        /* by node of b: it and all below it are as in a, by what mx_graph_compare says */
    bool *same_tensor; /* by tensor of b: an initializer of the main graph that a has too, under this name */
    bool *same_sparse; /* likewise */
    bool renamed;      /* some operator of the main graph makes a value under another name */
    size_t n_nodes, n_tensors, n_sparses;
} mx_likeness;

/* Compare the main graphs and the functions of two wired graphs. out: mx_likeness_free in any case. Linear. Errors: as
 * mx_graph_compare. */
mx_status mx_likeness_find(mx_graph *a, mx_graph *b, mx_likeness *out, mx_error *err);
void mx_likeness_free(mx_likeness *l);

#endif
