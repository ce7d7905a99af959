/* Lowering: every ATen operator is a row in a table that says which rule writes it in ONNX. Rules see a functional
 * program (program.h) with completed arguments and write with the builder (build.h).
 *
 * bfloat16: rules never see it. The driver hands a rule float32 values and rounds what comes out to bfloat16 and back,
 * as torch rounds after every operator. (Rules that say MX_LOWER_EXACT only move values: nothing is rounded after
 * them.) */
#ifndef MX_TORCH_LOWER_H
#define MX_TORCH_LOWER_H

#include "torch_io/build.h"

typedef struct mx_lower mx_lower;
struct mx_lowering;

/* One node on its way: what a rule gets. `out` has one entry for each output of the node; outputs that nothing uses may
 * stay MX_NO_VAL. The driver then brings each to the element type that the program states (a Cast where they differ).
 */
typedef struct mx_rule {
    mx_lower *lower;
    mx_build *b;
    const mx_program *p;
    const mx_pnode *node;
    const struct mx_lowering *row;
    mx_val *out;
} mx_rule;

enum {
    MX_LOWER_EXACT = 1 /* only moves, selects or makes values: no rounding for bfloat16 */
};

typedef struct mx_lowering {
    const char *target; /* "aten.add.Tensor" */
    void (*rule)(const mx_rule *r);
    const char *onnx; /* the operators it becomes, for --list-ops: "Add", "Mul, Add"; simple rules use it as the
                         operator's name */
    uint8_t opset;    /* lowest opset, 0: any from 14 on */
    uint8_t flags;
} mx_lowering;

/* A family: rows sorted in any way, each family in a file of its own. */
typedef struct mx_lowering_family {
    const char *name;
    const mx_lowering *rows;
    size_t n;
} mx_lowering_family;
extern const mx_lowering_family mx_family_elementwise, mx_family_compare, mx_family_activation, mx_family_cast,
    mx_family_reduction, mx_family_creation, mx_family_sorting, mx_family_shape, mx_family_indexing, mx_family_scatter,
    mx_family_linear, mx_family_convolution, mx_family_pooling, mx_family_resize, mx_family_normalisation,
    mx_family_attention, mx_family_recurrent, mx_family_control, mx_family_symbolic, mx_family_arithmetic,
    mx_family_statistics, mx_family_cumulative, mx_family_loss, mx_family_measure;

/* The row of a target, NULL: none. Looks at every row: the driver asks once for every target. */
const mx_lowering *mx_lowering_find(const char *target);
/* All rows, family by family; i from 0 on, NULL at the end. family may be NULL. */
const mx_lowering *mx_lowering_row(size_t i, const char **family);

/* ---- arguments of the node (lower_args.c). i: position in the schema. They stick as the builder's errors do. ---- */

bool mx_arg_none(const mx_rule *r, size_t i);
mx_val mx_arg(const mx_rule *r, size_t i); /* a tensor or symbolic number as a value; MX_NO_VAL for None; a
                                              number (Scalar) becomes a constant of rank 0: float32, int64 or bool */
mx_val mx_arg_as(const mx_rule *r, size_t i,
                 int32_t elem);                  /* the same, as that type; symbolic numbers come with rank 0 */
size_t mx_arg_count(const mx_rule *r, size_t i); /* of a list; None: 0 */
mx_val mx_arg_item(const mx_rule *r, size_t i, size_t k); /* of a list of tensors; MX_NO_VAL for None */
int64_t mx_arg_int(const mx_rule *r, size_t i);           /* a number (ints and bools); a symbolic one is an error */
bool mx_arg_bool(const mx_rule *r, size_t i);             /* None: false */
double mx_arg_float(const mx_rule *r, size_t i);          /* ints, floats and bools */
bool mx_arg_is_text(const mx_rule *r, size_t i, const char *text);
int32_t mx_arg_dtype(const mx_rule *r, size_t i, int32_t otherwise); /* None: otherwise */
/* A list of ints that are all numbers; false where one is symbolic (no error). A single int counts as a list of one. */
bool mx_arg_ints(const mx_rule *r, size_t i, int64_t *out, size_t max, size_t *n);
/* The same where symbolic ones cannot be used: an error. Returns the count. */
size_t mx_arg_const_ints(const mx_rule *r, size_t i, int64_t *out, size_t max);
/* A list of sizes as one int64 tensor of rank 1; a constant where all are numbers. */
mx_val mx_arg_sizes(const mx_rule *r, size_t i);
mx_val mx_arg_size(const mx_rule *r, size_t i); /* one int, maybe symbolic: int64, rank 1, one element */
/* The size of item k of a list of ints, as far as it is known. */
mx_size mx_arg_size_known(const mx_rule *r, size_t i, size_t k);
/* A Scalar or a tensor's Python type for promotion: 'b' bool, 'i' int, 'f' float, 0: it is a tensor (or None). */
char mx_arg_scalar_kind(const mx_rule *r, size_t i);

/* What the program says of an output: element type (never bfloat16: float32 then), rank (-1: not known) and sizes (NULL
 * where not known). */
int32_t mx_out_elem(const mx_rule *r, size_t i);
int mx_out_rank(const mx_rule *r, size_t i);
const mx_size *mx_out_sizes(const mx_rule *r, size_t i);
mx_val
mx_out_shape(const mx_rule *r,
             size_t i); /* all sizes of an output as int64 rank 1, from known numbers and from the inputs of the
                           node that have the same symbolic size; MX_NO_VAL (no error) where one cannot be found */
/* The element type that an input has in the program; bfloat16 stays visible here. */
int32_t mx_arg_program_elem(const mx_rule *r, size_t i);
bool mx_output_used(const mx_rule *r, size_t i);

/* The axis as a number from 0 on; out of range is an error. rank 0 counts as rank 1. */
int64_t mx_axis(const mx_rule *r, int64_t axis, int rank);
/* Whether an element type is a float (float8 and bfloat16 included), an integer (not bool). */
bool mx_is_float(int32_t elem);
bool mx_is_int(int32_t elem);

/* ---- graphs as arguments (control flow) ---- */

/* Lower the nodes of a program's graph in the body that is open now, its inputs bound to `inputs` (one for each input);
 * outputs are written to `out` (n: the graph's count). */
void mx_lower_graph(const mx_rule *r, uint32_t graph, const mx_val *inputs, size_t n_inputs, mx_val *out, size_t n_out);

#endif
