/* Declared types that an edit made untrue. */
#ifndef MX_CONVERTER_STALE_H
#define MX_CONVERTER_STALE_H

#include "converter/graph.h"

/* A type that went, or was replaced. node: the formal input or output that declares it,
 * MX_NO_NODE: an entry of value_info. Types are indices into mx_graph.types, MX_NO_INDEX: none. */
typedef void (*mx_stale_fn)(void *ctx, mx_sid value, mx_node_id node, uint32_t before, uint32_t after);

/* What is declared of a value that an edit reaches (converter/reach.h) holds only as far as inference confirms it. An
 * entry of value_info goes as a whole; formal outputs, and formal inputs of bodies whose own type was not edited, keep
 * what is confirmed, the names of dims, and their element type where none is known. New ones that declare no type get
 * the one that is inferred. Nothing happens where no flag is set.
 *
 * g must be wired and in order, its small tensors readable. each (may be NULL): called for what went. *count: how many.
 * Linear. Errors: INVALID for a new output of the model whose type nobody knows, NOMEM, LIMIT, READ. */
mx_status mx_drop_stale_types(mx_graph *g, mx_stale_fn each, void *ctx, uint64_t *count, mx_error *err);

#endif
