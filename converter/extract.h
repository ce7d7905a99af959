/* Parts of a model: a set of operators as a model of its own, and a model in place of a set of operators. */
#ifndef MX_CONVERTER_EXTRACT_H
#define MX_CONVERTER_EXTRACT_H

#include "converter/infer.h"

/* Operators of one scope. What is in their bodies belongs to them. */
typedef struct mx_selection {
    const mx_graph *g;
    mx_node_id scope;
    mx_node_id *operators; /* in the order of the scope */
    size_t count, cap;
    bool *inside; /* by node: one of them, or below one */
    size_t n_nodes;
} mx_selection;

/* All operators of the nodes: operators, modules, and scopes (model, function, body) with all that is in them. Operators
 * in the bodies of others that are selected do not count by themselves. mx_selection_free in any case.
 * Errors: USAGE (no node, or no operator), UNSUPPORTED (they stand in several scopes), NOMEM. */
mx_status mx_select(const mx_graph *g, const mx_node_id *nodes, size_t count, mx_selection *out, mx_error *err);
void mx_selection_free(mx_selection *s);

/* Where an operator of a part comes from: by node of the part, MX_NO_NODE for what is no operator or function there. */
typedef struct mx_origin {
    const mx_allocator *allocator;
    mx_node_id *of;
    size_t count;
} mx_origin;
void mx_origin_free(mx_origin *o);

/* Initializers of up to this size feed operators outside that are copied along. */
#define MX_EXTRACT_SHARED_BYTES 1024u

/* The selection as a model, wired, without module groups.
 *
 * Its inputs are the values that it uses and does not make, in the order of their first use, its outputs those that
 * are used outside, in the order of their making (if none is: those that nothing uses), both with the types that were
 * inferred. Initializers are copied, also captured ones; graph inputs bring their default values. A constant outside is
 * copied along: an operator Constant; a weight that is only given another form (Identity, Transpose, Cast, ...); and
 * what is computed without chance from constants and initializers of at most MX_EXTRACT_SHARED_BYTES alone. Local
 * functions that are called come along; opset imports, versions, texts and metadata are those of the model. Weights
 * stay where they lie.
 *
 * g: wired; types: of g. origin: may be NULL, else freed with mx_origin_free. Errors: UNSUPPORTED (the type of an input
 * or output is not known; an attribute refers to one of a function), INVALID (a value that nothing makes, or one name
 * for two values), NOMEM. Linear in the graph. */
mx_status mx_cut_out(mx_graph *g, const mx_types *types, const mx_selection *s, mx_graph **out, mx_origin *origin,
                     mx_error *err);

/* Put a part in the place of a selection. Inputs and outputs of both correspond by name; the part may lack inputs, but
 * no output. What the part has unchanged stays as it is in g, bytes and all. What is changed takes the place of what it
 * was, new operators stand behind their neighbours in the part. Names of values and initializers that are in use
 * elsewhere are replaced by fresh ones. An initializer that is changed keeps its name where only the selection uses it.
 * Opset imports and functions that g lacks are added.
 *
 * g, part: wired, not the same; new and rewired operators of part are put in order; it is no longer needed afterwards.
 * On failure g is only good to be freed. Errors: INVALID (inputs, outputs, opset imports or functions that do not fit; a
 * cycle), UNSUPPORTED (as mx_cut_out; initializers for a function), NOMEM, READ. Bytes of weights of the selection are
 * compared. */
mx_status mx_put_in_place(mx_graph *g, const mx_selection *s, mx_graph *part, mx_error *err);

#endif
