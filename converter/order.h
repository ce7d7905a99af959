/* The order of operators: each scope lists them, and ONNX wants that list in topological order. */
#ifndef MX_CONVERTER_ORDER_H
#define MX_CONVERTER_ORDER_H

#include "converter/graph.h"

/* Put the operators of every scope that an edit touched in topological order. Touched is a scope where an operator,
 * input or output carries MX_FLAG_NEW or MX_FLAG_CHANGED, directly or in a body. An operator with bodies depends on all
 * that its bodies capture.
 *
 * What is in order stays where it is. An untouched operator pulls what it needs before itself; a changed one that needs
 * something later goes right behind it; a new one goes right before the first that uses it. Two untouched operators
 * that the source had out of order (MX_FLAG_UNORDERED on the consumer) are left so.
 *
 * The graph must be wired (port sources; positions are those of mx_scope_data.operators, which is rewritten). Touched
 * operators lose MX_FLAG_UNORDERED.
 * Errors: MX_ERR_INVALID for a cycle, naming an operator on it, unless the cycle is the source's own; MX_ERR_NOMEM. On
 * failure no list has changed. O(nodes + ports); n log n for a scope that has to be reordered. */
mx_status mx_graph_sort(mx_graph *g, mx_error *err);

#endif
