/* Parts of a model: a set of operators as a model of its own, and a model in place of a set of operators. */
#ifndef MX_CONVERTER_EXTRACT_H
#define MX_CONVERTER_EXTRACT_H

#include "base/slate.h"
#include "converter/infer.h"

/* Operators of one scope. What is in their bodies belongs to them. */
typedef struct mx_selection {
    const mx_graph *g;
    mx_node_id scope;
    mx_node_id *operators; /* in the order of the scope */
    size_t count, cap;
    mx_slate inside;       /* by node: one of them, or below one; ask mx_is_selected */
    uint32_t *order;       /* by operator: its place in the model, outer scopes before those in them */
    size_t n_nodes;
} mx_selection;

/* All operators of the nodes: operators, modules, and scopes (model, function, body) with all that is in them. Operators
 * in the bodies of others that are selected do not count by themselves. mx_selection_free in any case.
 * Errors: USAGE (no node, or no operator), UNSUPPORTED (they stand in several scopes), NOMEM. Linear in the graph. */
mx_status mx_select(const mx_graph *g, const mx_node_id *nodes, size_t count, mx_selection *out, mx_error *err);
/* The same in two steps, of which the second can be repeated, and takes time for what is selected alone (but for sorting). */
mx_status mx_selection_begin(mx_selection *s, const mx_graph *g, mx_error *err);
mx_status mx_selection_set(mx_selection *s, const mx_node_id *nodes, size_t count, mx_error *err);
void mx_selection_free(mx_selection *s);
/* Put operators in the order of the model. */
void mx_selection_sort(const mx_selection *s, mx_node_id *operators, size_t count);

static inline bool mx_is_selected(const mx_selection *s, mx_node_id id) {
    return mx_slate_get(&s->inside, id) != 0;
}

/* Where an operator of a part comes from: by node of the part, MX_NO_NODE for what is no operator or function there. */
typedef struct mx_origin {
    const mx_allocator *allocator;
    mx_node_id *of;
    size_t count;
} mx_origin;
void mx_origin_free(mx_origin *o);

/* Initializers of up to this size feed operators outside that are copied along. */
#define MX_EXTRACT_SHARED_BYTES 1024u

/* What all cuts of one graph share: who uses which value, and where names are. */
typedef struct mx_cutter mx_cutter;
/* g: wired, and not changed until mx_cutter_free; types: of g. Linear in the graph. */
mx_status mx_cutter_new(const mx_graph *g, const mx_types *types, mx_cutter **out, mx_error *err);
void mx_cutter_free(mx_cutter *c); /* NULL is fine */

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
 * s: of the cutter's graph. origin: may be NULL, else freed with mx_origin_free. Errors: UNSUPPORTED (the type of an input
 * or output is not known; an attribute refers to one of a function), INVALID (a value that nothing makes, or one name
 * for two values), NOMEM. Linear in the part (but for sorting), and in the number of local functions; with `origin` in the
 * graph. */
mx_status mx_cut_out(mx_cutter *c, const mx_selection *s, mx_graph **out, mx_origin *origin, mx_error *err);

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
