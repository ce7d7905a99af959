/* Inside cutting out: what all cuts share (extract_cutter.c), what belongs to a part (extract.c), and making it
 * (extract_build.c). */
#ifndef MX_CONVERTER_EXTRACT_INTERNAL_H
#define MX_CONVERTER_EXTRACT_INTERNAL_H

#include "converter/calls.h"
#include "converter/extract.h"
#include "converter/name_index.h"
#include "converter/transplant.h"

/* The scopes from the outermost one, a model or function, to `scope`; freed by the caller. */
typedef struct mx_chain {
    mx_node_id *scopes;
    size_t count;
} mx_chain;
mx_status mx_chain_find(const mx_graph *g, mx_node_id scope, mx_chain *out, mx_error *err);
void mx_chain_free(const mx_graph *g, mx_chain *c);

/* The initializer that a name means in the last scope of a chain. */
typedef struct mx_held {
    uint32_t tensor, sparse; /* one of them is MX_NO_INDEX; both: there is no initializer of that name */
    uint32_t depth;          /* of its scope: 1 for the outermost; 0: there is none */
    uint32_t item;           /* in the index of initializers */
} mx_held;
mx_held mx_held_find(const mx_graph *g, const mx_name_index *initializers, const mx_chain *chain, mx_sid name);

typedef struct mx_cut_input {
    mx_sid name;
    mx_node_id source;
    uint32_t port;
} mx_cut_input;

enum { /* mx_cutter.constant */
       MX_CUT_UNKNOWN = 0,
       MX_CUT_BUSY,     /* being looked at */
       MX_CUT_CONSTANT, /* small, or computed from such */
       MX_CUT_WEIGHT,   /* a weight, perhaps in another form */
       MX_CUT_VARIABLE
};

/* Numbers that grow. */
typedef struct mx_id_list {
    uint32_t *items;
    size_t count, cap;
} mx_id_list;

struct mx_cutter {
    const mx_graph *g;
    const mx_types *types;
    mx_name_index initializers, value_infos;
    mx_calls calls;
    size_t *first_use; /* by output port (as in `types`): where its users begin; one more for the end */
    mx_node_id *users;
    size_t n_uses;
    mx_slate anywhere; /* by node: as `constant`, wherever the selection stands; it is not wiped */
    mx_transplant transplant;

    /* of the cut at hand */
    const mx_selection *s;
    mx_error *err;
    mx_chain chain;
    mx_slate local;    /* by string id: initializers of that name in the bodies around the place of the walk */
    mx_slate constant; /* by node: whether an operator's values are computed from constants alone */
    mx_slate copied;   /* by node: operators outside that come along */
    mx_slate input_of; /* by string id: place in `inputs` + 1 */
    mx_slate taken;    /* by item of `initializers`: it is in `needed` */
    mx_slate used;     /* by output port: used outside */
    mx_slate made;     /* by string id: a value that an operator of the part makes within it */
    mx_slate described; /* by item of `value_infos`: it is in `descriptions` */
    mx_id_list stack;   /* operators that are being looked at */
    mx_id_list operators; /* of the part: those of the selection, and those that are copied along */
    mx_id_list needed;    /* items of `initializers` */
    mx_id_list descriptions; /* items of `value_infos` */
    mx_cut_input *inputs;
    size_t n_inputs, cap_inputs;
};

mx_status mx_cutter_add(mx_cutter *c, mx_id_list *list, uint32_t id);
/* Forget what was found for the last selection. */
mx_status mx_cutter_restart(mx_cutter *c, const mx_selection *s, mx_error *err);

/* Whether an operator outside is to be copied along. */
mx_status mx_cut_constant(mx_cutter *c, mx_node_id op, bool *out);
/* The part (extract_build.c). */
mx_status mx_cut_build(mx_cutter *c, mx_graph **out, mx_origin *origin);

static inline bool mx_names_value(mx_sid name) {
    return name != MX_SID_ABSENT && name != MX_SID_EMPTY;
}

#endif
