/* Inside the inference of modules (htp/infer*.c): the operators of one scope as a graph of their own, and the rules
 * that label them one after the other. A rule sees data flow, told labels and the tree; never an operator's place in
 * the file. */
#ifndef MX_HTP_INFER_H
#define MX_HTP_INFER_H

#include "htp/tagging.h"

enum {                                /* what an operator does: mx_htp_op.kind */
       MX_HTP_OP_PRODUCT = 1u << 0,   /* MatMul, Conv, ... */
       MX_HTP_OP_ADD = 1u << 1,       /* adds elementwise */
       MX_HTP_OP_SCALE = 1u << 2,     /* multiplies or divides elementwise */
       MX_HTP_OP_REDUCTION = 1u << 3, /* mean, sum, ... : what a norm is made of */
       MX_HTP_OP_LAYOUT = 1u << 4,    /* moves elements, computes nothing */
       MX_HTP_OP_SIZE = 1u << 5,      /* asks for a shape: no data flows through it */
       MX_HTP_OP_FILL = 1u << 6,      /* makes a tensor out of sizes */
       MX_HTP_OP_CAST = 1u << 7,
       MX_HTP_OP_WEIGHTED = 1u << 8 /* found in the graph: a product with a weight, of rank 2 or more */
};

typedef enum mx_htp_how { /* which rule labelled an operator */
                          MX_HTP_HOW_NOT = 0,
                          MX_HTP_HOW_TOLD,    /* it came with its label */
                          MX_HTP_HOW_CLAIMED, /* it belongs to a told one */
                          MX_HTP_HOW_SILENT,  /* of a module that has no told operator */
                          MX_HTP_HOW_FLOW,    /* what follows a labelled one */
                          MX_HTP_HOW_SUFFIX,  /* the same, behind the last labelled one of its module */
                          MX_HTP_HOW_CLIMBED, /* a suffix on its way to the caller */
                          MX_HTP_HOW_JOIN,    /* where flows of several modules meet */
                          MX_HTP_HOW_INPUT,   /* a size of the scope's inputs */
                          MX_HTP_HOW_REST
} mx_htp_how;

typedef uint64_t mx_htp_time; /* 0: none; else (how often execution went back) << 32 | order of execution + 1 */

typedef struct mx_htp_op {
    mx_node_id id;
    uint32_t first_in, n_in;   /* in mx_htp_flow.in: operators of this scope that make its inputs, each once */
    uint32_t first_out, n_out; /* in mx_htp_flow.out: those that use its values */
    uint16_t kind;
    uint8_t how;         /* mx_htp_how */
    bool constant : 1;   /* computed from constants alone */
    bool size : 1;       /* computed from shapes alone */
    bool free_input : 1; /* uses an input of the scope or a value from outside */
    bool of_input : 1;   /* no labelled operator above, computed from data of the scope's inputs */
    bool output : 1;     /* makes an output of the scope */
    bool residual : 1;   /* adds a value to what came of it */
    bool merged : 1;     /* uses a parameter that stands for those of several modules */
    bool folded : 1;     /* uses a constant that was computed before the export */
    uint32_t level;      /* longest way from the scope's inputs */
    uint32_t module;     /* MX_NO_INDEX: not yet */
    mx_htp_time time;    /* of the newest labelled operator among itself and all before it */
    uint32_t newest;     /* the producer whose time it is, MX_NO_INDEX: none */
    uint32_t origin;     /* the labelled operator whose time it is */
    uint32_t ahead;      /* the next told operator behind it, MX_NO_INDEX: none */
    uint32_t products,
        joins; /* how many stand on its chain of newest producers: products with reductions, residual joins */
    uint32_t enter, below,
        next; /* place in the forest of newest producers, how many from there on came of it; scratch */
} mx_htp_op;

typedef struct mx_htp_flow {
    mx_graph *g;
    mx_htp_tagging *t;
    mx_htp_tree *tree;
    mx_error *err;
    mx_arena kept;  /* what is the same for all scopes: the tree */
    mx_arena arena; /* all other arrays below; scratch of the rules */
    mx_scope_data *scope;
    mx_htp_op *ops;
    uint32_t n;
    uint32_t *in, *out;
    uint32_t *order;   /* topological */
    bool ordered;      /* the order of execution is known */
    bool *runs, *leaf; /* by module, see below */
    uint32_t top;      /* the module that all of the scope lies in */
    uint32_t *places;  /* node id -> its place among the operators of its scope */
} mx_htp_flow;

/* ---- the graph (infer_flow.c, infer_kinds.c) ---- */

uint32_t mx_htp_op_kind(mx_str op_type);
mx_status mx_htp_flow_build(mx_htp_flow *f);
mx_htp_op *mx_htp_only_user(const mx_htp_flow *f, const mx_htp_op *o); /* NULL: there are several or none */
mx_htp_op *mx_htp_only_producer(const mx_htp_flow *f,
                                const mx_htp_op *o); /* the only one through which data flows in */
bool mx_htp_turns_back(const mx_htp_flow *f, const mx_htp_op *a, const mx_htp_op *b); /* inverse Transposes */
uint32_t mx_htp_flow_find(const mx_htp_flow *f, mx_node_id id); /* MX_NO_INDEX: not an operator of this scope */
/* Times, newest producers and what lies ahead, from the labels so far. */
void mx_htp_flow_times(mx_htp_flow *f);
void mx_htp_flow_chains(mx_htp_flow *f); /* behind it: the forest of newest producers, residual joins */
mx_str mx_htp_op_name(const mx_htp_flow *f, const mx_htp_op *o);                       /* of its first value */
bool mx_htp_name_before(const mx_htp_flow *f, const mx_htp_op *a, const mx_htp_op *b); /* decides last of all */
bool mx_htp_newer(const mx_htp_flow *f, uint32_t a, uint32_t b);                       /* b may be MX_NO_INDEX */

static inline bool mx_htp_is(const mx_htp_op *o, uint32_t kind) {
    return (o->kind & kind) != 0;
}
/* Whether p came of x: it lies on the chain of newest producers. */
static inline bool mx_htp_on_chain(const mx_htp_op *x, const mx_htp_op *p) {
    return x->enter <= p->enter && p->enter - x->enter < x->below;
}
static inline const uint32_t *mx_htp_ins(const mx_htp_flow *f, const mx_htp_op *o) {
    return f->in + o->first_in;
}
static inline const uint32_t *mx_htp_outs(const mx_htp_flow *f, const mx_htp_op *o) {
    return f->out + o->first_out;
}
/* Whether the data of a flows on through it: neither a constant nor a size. */
static inline bool mx_htp_flows(const mx_htp_op *o) {
    return !o->constant && !o->size;
}

/* ---- numbers in names (infer_numbers.c) ---- */

typedef struct mx_htp_numbers {
    uint32_t *before, *behind; /* by operator: the one whose name has the next smaller or larger number, MX_NO_INDEX: none */
    uint32_t *order;           /* topological, by data flow and by these */
} mx_htp_numbers;

/* Exporters number values as they make them: linear, linear_1, linear_2. Where that never contradicts data flow it
 * tells in which order operators beside each other were executed; else nobody has a neighbour. */
mx_status mx_htp_flow_numbers(mx_htp_flow *f, mx_htp_numbers *out);

/* ---- the tree, as the rules see it (infer_tree.c) ---- */

mx_status mx_htp_flow_tree(mx_htp_flow *f);
bool mx_htp_is_leaf(const mx_htp_flow *f, uint32_t module); /* no module in it runs */
/* Whether operators can stand in a module itself: it is executed, or nothing at all is known of execution. */
bool mx_htp_runs(const mx_htp_flow *f, uint32_t module);
uint32_t mx_htp_running(const mx_htp_flow *f, uint32_t module); /* the nearest around it that runs, itself included */
uint32_t mx_htp_running_parent(const mx_htp_flow *f, uint32_t module); /* the top's is the top */
uint32_t mx_htp_running_common(const mx_htp_flow *f, uint32_t a, uint32_t b);
/* Where the flow goes on behind an operator of the module: single modules of torch.nn do their one job and return. */
uint32_t mx_htp_behind(const mx_htp_flow *f, uint32_t module);
uint32_t mx_htp_caller(const mx_htp_flow *f, uint32_t module); /* who runs a single module; others: themselves */
/* The child of `from` that holds `module`; `from` if it does not hold it or is it. */
uint32_t mx_htp_towards(const mx_htp_flow *f, uint32_t from, uint32_t module);

/* ---- counting (infer_tally.c) ---- */

typedef struct mx_htp_tally {
    uint64_t *keys;
    uint32_t *counts;
    size_t n_slots;
} mx_htp_tally;

mx_status mx_htp_tally_make(mx_htp_flow *f, size_t most, mx_htp_tally *t); /* most: how many keys there can be */
void mx_htp_tally_clear(mx_htp_tally *t);
uint32_t *mx_htp_tally_at(const mx_htp_tally *t, uint64_t a, uint64_t b, uint64_t c); /* 0 at first */
uint64_t mx_htp_mix(uint64_t a, uint64_t b);
uint64_t mx_htp_name_hash(const mx_htp_flow *f, const mx_htp_op *o);
uint64_t mx_htp_type_hash(const mx_htp_flow *f, const mx_htp_op *o);

/* ---- the rules, in the order in which they work ---- */

/* infer_claim.c: operators that belong to a told one: a product before its bias, the norm before its scale, the layout
 * around it. */
mx_status mx_htp_infer_claims(mx_htp_flow *f);
/* infer_align.c: products and modules that are one product each, in the order of execution; norms likewise. */
mx_status mx_htp_infer_align(mx_htp_flow *f);
/* infer_merged.c: a bias that stands for those of several modules is that of the product or the norm before it. Whether
 * there is one. */
bool mx_htp_infer_merged(mx_htp_flow *f);
/* infer_names.c: parameters that bear the name of another module than the one that uses them. */
mx_status mx_htp_infer_names(mx_htp_flow *f, bool *changed);
/* infer_silent.c: modules that are executed and own no told operator get what is done at their time. */
mx_status mx_htp_infer_silent(mx_htp_flow *f);
/* infer_forward.c: what follows, and where flows meet. */
mx_status mx_htp_infer_forward(mx_htp_flow *f);
/* infer_vote.c: what most modules of a class do not have is not theirs. */
mx_status mx_htp_infer_vote(mx_htp_flow *f);
/* infer_rest.c: what has no labelled operator above it, constants and sizes. */
mx_status mx_htp_infer_rest(mx_htp_flow *f);

#endif
