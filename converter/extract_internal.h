/* Inside cutting out: what belongs to a part (extract.c), and making it (extract_build.c). */
#ifndef MX_CONVERTER_EXTRACT_INTERNAL_H
#define MX_CONVERTER_EXTRACT_INTERNAL_H

#include "converter/extract.h"
#include "converter/transplant.h"

/* The initializer that a name means where the selection stands. */
typedef struct mx_held {
    uint32_t tensor, sparse; /* one of them is MX_NO_INDEX */
    uint32_t depth;          /* of its scope: 1 for the outermost; 0: there is no initializer of that name */
} mx_held;
/* For all names, by string id; freed by the caller (g->strings.count entries). */
mx_status mx_held_find(const mx_graph *g, mx_node_id scope, mx_held **out, mx_error *err);

/* The scopes from the outermost one, a model or function, to `scope`; freed by the caller. */
typedef struct mx_chain {
    mx_node_id *scopes;
    size_t count;
} mx_chain;
mx_status mx_chain_find(const mx_graph *g, mx_node_id scope, mx_chain *out, mx_error *err);
void mx_chain_free(const mx_graph *g, mx_chain *c);

typedef struct mx_cut_input {
    mx_sid name;
    mx_node_id source;
    uint32_t port;
} mx_cut_input;

enum { /* mx_cut.constant */
       MX_CUT_UNKNOWN = 0,
       MX_CUT_BUSY,     /* being looked at */
       MX_CUT_CONSTANT, /* small, or computed from such */
       MX_CUT_WEIGHT,   /* a weight, perhaps in another form */
       MX_CUT_VARIABLE
};

typedef struct mx_cut {
    mx_graph *g;
    const mx_types *types;
    const mx_selection *s;
    mx_error *err;
    mx_chain chain;
    mx_held *held;
    uint32_t *local;     /* by string id: initializers of that name in the bodies around the place of the walk */
    uint8_t *constant;   /* by node: whether an operator's values are computed from constants alone */
    bool *copied;        /* by node: operators outside that come along */
    uint32_t *input_of;  /* by string id: place in `inputs` + 1 */
    bool *tensors, *sparses; /* initializers that are needed */
    bool *used;          /* by output port (as in `types`): used outside */
    mx_node_id *stack;   /* operators that are being looked at */
    size_t n_stack, cap_stack;
    mx_cut_input *inputs;
    size_t n_inputs, cap_inputs;
} mx_cut;

/* Whether an operator outside is to be copied along. */
mx_status mx_cut_constant(mx_cut *c, mx_node_id op, bool *out);
/* The part (extract_build.c). */
mx_status mx_cut_build(mx_cut *c, mx_graph **out, mx_origin *origin);

static inline bool mx_names_value(mx_sid name) {
    return name != MX_SID_ABSENT && name != MX_SID_EMPTY;
}

#endif
