/* Declared types that an edit made untrue. */
#ifndef MX_CONVERTER_STALE_H
#define MX_CONVERTER_STALE_H

#include "converter/graph.h"

/* A type that went, or (graph outputs) was replaced. Types are indices into mx_graph.types, MX_NO_INDEX: none. */
typedef void (*mx_stale_fn)(void *ctx, mx_sid value, mx_node_id output, uint32_t before, uint32_t after);

/* What is declared of a value that an edit reaches holds only as far as inference confirms it: reached are the values
 * of operators with MX_FLAG_NEW, CHANGED or EDITED, of those that use initializers or opset imports of a scope with
 * MX_FLAG_EDITED, and all that follows from them, in bodies too. An entry of value_info goes as a whole; a graph output
 * keeps what is confirmed, the names of dims, and its element type where none is known. Nothing happens where no flag
 * is set.
 *
 * g must be wired and in order, its small tensors readable. each (may be NULL): called for what went. *count: how many.
 * Linear. Errors: NOMEM, LIMIT, READ. */
mx_status mx_drop_stale_types(mx_graph *g, mx_stale_fn each, void *ctx, uint64_t *count, mx_error *err);

#endif
