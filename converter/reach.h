/* What an edit reaches: the values whose type it may have changed. */
#ifndef MX_CONVERTER_REACH_H
#define MX_CONVERTER_REACH_H

#include "converter/graph.h"

typedef struct mx_reach {
    const mx_allocator *allocator;
    uint32_t *first; /* by node: where its values begin, as in mx_types; one entry more for the end of the last */
    uint8_t *values; /* 1: reached */
    size_t n_nodes, n_values;
} mx_reach;

/* Reached are the values of operators and inputs with MX_FLAG_NEW, CHANGED or EDITED, those of operators that use
 * initializers of a scope with MX_FLAG_EDITED, and all that follows: through operators, through captured values, into
 * the bodies of If, Loop, Scan and SequenceMap, from one iteration to the next, out of them, and through calls of local
 * functions, each port of these on its own.
 *
 * g must be wired. Linear in nodes and ports. out: freed with mx_reach_free in any case. Errors: NOMEM, LIMIT. */
mx_status mx_reach_edits(const mx_graph *g, mx_reach *out, mx_error *err);
void mx_reach_free(mx_reach *r); /* zeroed is fine */

#endif
