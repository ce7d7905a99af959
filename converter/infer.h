/* Types of all values: element type, rank and, where that is easy, dims, found from what the model declares and from
 * what the standard operators do. */
#ifndef MX_CONVERTER_INFER_H
#define MX_CONVERTER_INFER_H

#include "converter/graph.h"

/* The type of every output port of every node; formal inputs and outputs have one, port 0; modules
 * and scopes none. */
typedef struct mx_types {
    const mx_allocator *allocator;
    uint32_t *first; /* by node: where its ports begin in `types`; one entry more for the end of the last */
    uint32_t *types; /* indices into mx_graph.types; MX_NO_INDEX: unknown */
    size_t n_nodes, n_ports;
} mx_types;

/* Infer the types of a wired graph, in one pass in the order of the operators; an operator that stands before what it
 * uses sees unknown types. What the model declares (formal inputs and outputs, value_info) wins wherever it says more,
 * and where it contradicts.
 *
 * Types are added to g->types; nothing else of g changes. A tensor type without elem or without a shape means that this
 * part is not known; dims of unknown size are MX_DIM_NONE. Inside a function's body, the types are those that all its
 * calls agree on. Small integer tensors are read from their files, as far as shapes depend on them.
 *
 * Linear in nodes and ports, also where functions call each other: what would have to be looked at again too often
 * stays unknown. out: freed with mx_types_free; on failure zeroed. Errors: NOMEM, LIMIT, READ. */
mx_status mx_infer_types(mx_graph *g, mx_types *out, mx_error *err);
void mx_types_free(mx_types *types);

/* Number the values of a graph as mx_types does: those of node i are (*first)[i] up to (*first)[i + 1]. The caller frees
 * the g->n_nodes + 1 numbers. Errors: NOMEM, LIMIT. */
mx_status mx_number_values(const mx_graph *g, uint32_t **first, size_t *count, mx_error *err);

/* An index into mx_graph.types, or MX_NO_INDEX for an unknown type, a node or port that is not there, and nodes that
 * came after the inference. */
uint32_t mx_types_of(const mx_types *types, mx_node_id node, uint32_t port);

/* The type of a stored tensor (an initializer or an attribute's value): its data type and dims. */
mx_status mx_infer_tensor_type(mx_graph *g, uint32_t tensor, uint32_t *out, mx_error *err);

#endif
