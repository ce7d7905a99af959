/* Inside putting a part in the place of a selection: names and what has to fit (put_in.c, put_in_fit.c), initializers and
 * functions (put_in_pieces.c), operators and what is known of their values (put_in_operators.c). */
#ifndef MX_CONVERTER_PUT_IN_H
#define MX_CONVERTER_PUT_IN_H

#include "converter/extract_internal.h"
#include "converter/likeness.h"

enum { /* what the rest of the model does with a name */
       MX_NAME_USED = 1u << 0,    /* takes a value of this name */
       MX_NAME_VISIBLE = 1u << 1, /* makes one that the selection can see */
       MX_NAME_BELOW = 1u << 2    /* makes one in a body of an operator beside the selection */
};

typedef struct mx_put_in {
    mx_graph *g;
    const mx_selection *s;
    mx_graph *part;
    mx_graph *old;       /* the selection as a part */
    mx_origin origin;    /* of old's operators in g */
    mx_likeness like;    /* of part to old */
    mx_transplant t;     /* part to g */
    mx_types types;      /* of g */
    mx_error *err;
    mx_chain chain;
    mx_name_index initializers; /* of g, before the part is put in */
    uint8_t *names;      /* by string id of g, of those there were when it was made: MX_NAME_... */
    size_t n_strings;
    bool *own_names;     /* by string id of part: its main graph makes or declares it */
    size_t n_part_strings;
    bool *kept;          /* by node of g: operators of the selection that stay */
    size_t n_nodes;
} mx_put_in;

/* MX_ERR_INVALID for whatever of part's inputs, outputs and opset imports does not fit; adds opset imports (put_in_fit.c). */
mx_status mx_put_in_fit(mx_put_in *p);
/* (put_in_pieces.c) */
mx_status mx_put_in_initializers(mx_put_in *p);
mx_status mx_put_in_functions(mx_put_in *p);
/* Operators in their places, descriptions of values; the nodes that go are marked as removed (put_in_operators.c). */
mx_status mx_put_in_operators(mx_put_in *p);

/* The copy of a name in g. */
static inline mx_sid mx_put_in_name(const mx_put_in *p, mx_sid of_part) {
    return mx_slate_get(&p->t.strings, of_part);
}
/* Give a value of the part a fresh name (put_in.c). */
mx_status mx_put_in_rename(mx_put_in *p, mx_sid of_part);
/* Mark all in and below a node as removed; the lists that hold it are the caller's (put_in.c). */
void mx_put_in_remove(mx_graph *g, mx_node_id id);
/* The same for all that is in a function, which stays. */
void mx_put_in_empty(mx_graph *g, mx_node_id function);

#endif
