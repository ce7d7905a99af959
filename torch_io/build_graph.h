/* The inside of the builder: what the driver sets up (lower.c) and what the writer reads (to_graph.c). Rules do not see
 * it. */
#ifndef MX_TORCH_BUILD_GRAPH_H
#define MX_TORCH_BUILD_GRAPH_H

#include "torch_io/build_types.h"

typedef enum mx_bkind { MX_BV_OP = 0, MX_BV_INPUT, MX_BV_WEIGHT, MX_BV_CONSTANT, MX_BV_BODY_INPUT } mx_bkind;

typedef struct mx_bvalue {
    uint8_t kind; /* mx_bkind */
    int32_t elem;
    int rank;             /* -1: not known */
    const mx_size *sizes; /* NULL: not known */
    uint32_t op, port;    /* OP: who makes it */
    uint32_t body;        /* where it lives; 0: the model's graph */
    uint32_t weight;      /* WEIGHT: index into mx_program.weights */
    const mx_size
        *items; /* of an integer tensor of rank 0 or 1: what it holds, as far as it is known. NULL: nothing is known */
    uint32_t n_items;
    bool is_output;    /* OP: an output of its body */
    const void *bytes; /* CONSTANT: little-endian; also of small integer weights, so that they can be computed with.
                          NULL: none */
    size_t n_bytes;
    mx_sid name; /* INPUT, BODY_INPUT: its name (in the program's strings); CONSTANT: the weight that it was made of;
                    else absent unless the driver gave it one */
} mx_bvalue;

typedef struct mx_bop {
    const char *op;
    mx_val *in, *out; /* out: consecutive values */
    mx_at *at;
    uint32_t n_in, n_out, n_at;
    uint32_t body;
    uint32_t node; /* the program's node that it comes from, MX_NONE: none */
} mx_bop;

typedef struct mx_bbody {
    uint32_t parent; /* 0 has none: MX_NONE */
    mx_val *inputs, *outputs;
    uint32_t n_inputs, n_outputs;
    size_t cap_inputs;
    uint32_t depth; /* 0: the model's graph */
} mx_bbody;

/* A hash table of numbers (index + 1), by what they stand for. */
typedef struct mx_bslots {
    struct mx_bslot {
        uint32_t hash, index; /* index 0: empty */
    } * items;
    size_t n, used;
} mx_bslots;

struct mx_build {
    const mx_program *p;
    mx_arena arena;
    int opset;
    mx_bvalue *values; /* 0 is MX_NO_VAL */
    mx_bop *ops;       /* in the order in which they were made: topological in every body */
    mx_bbody *bodies;  /* 0: the model's graph */
    size_t n_values, n_ops, n_bodies, cap_values, cap_ops, cap_bodies;
    uint64_t n_folded_norms;
    bool fold_norms;   /* batch normalisation may go into the convolution before it */
    uint64_t may_load; /* bytes of weights that may be read to compute with them; less with each. 0 where weights are to
 stay as they are */
    uint32_t body;     /* the open one */
    uint32_t node;     /* the present node of the program */
    mx_bslots equal_ops, equal_values; /* values: constants and weights */
    mx_bslots input_sizes;             /* the inputs that have an expression among their sizes, by the expression */
    struct mx_infer_single *infer;
    mx_status status; /* sticks */
    mx_error error;
};

mx_status mx_build_new(const mx_program *p, int opset, mx_build **out, mx_error *err);
void mx_build_free(mx_build *b);
/* The node that operators come from, from now on. */
void mx_build_at(mx_build *b, uint32_t node);
mx_val mx_build_input(mx_build *b, mx_sid name, int32_t elem, int rank, const mx_size *sizes);
/* The value of a weight; the same for the same place, sizes, strides and type. Integer weights up to 1024 bytes can be
 * computed with. */
mx_val mx_build_weight(mx_build *b, uint32_t weight);
/* The model's outputs are said with mx_body_end, with no body open. */
/* Which values and operators are needed for the outputs of body 0 (bodies of needed operators included): need_op and
 * need_value have an entry for each. */
void mx_build_needed(const mx_build *b, uint8_t *need_op, uint8_t *need_value);
/* The error that stopped the builder, MX_OK: none. */
mx_status mx_build_status(const mx_build *b, mx_error *err);

#endif
