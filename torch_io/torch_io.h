/* PyTorch programs: what this room offers to the others. */
#ifndef MX_TORCH_IO_H
#define MX_TORCH_IO_H

#include "base/error.h"

enum { MX_TORCH_OPSET_MIN = 14, MX_TORCH_OPSET_MAX = 23 };

typedef struct mx_torch_options {
    int opset;              /* 14 to 23; 0: 14 */
    bool weights_in_place;  /* weights are used where they lie and as they lie: nothing is transposed ahead of time */
    bool keep_constant_ops; /* do_constant_folding is false: the builder computes nothing that is not needed */
    bool weights_as_inputs; /* weights are inputs of the model: their values are left out */
    bool fold_norms;        /* batch normalisation goes into the convolution before it, which rounds the weights anew */
    bool stack_traces;      /* keep them as metadata of the operators */
} mx_torch_options;

typedef struct mx_torch_info {
    uint64_t source_operators;  /* operators of the source program */
    uint64_t native_op_regions; /* source operators that became several */
    uint64_t modules;
    uint64_t folded_norms;      /* normalisations that went into convolutions */
} mx_torch_info;

/* Read a .pt2 file and lower it to ONNX: a compound graph, wired, with a module node for every module that is known
 * (class, dotted name, execution order), operators in the module that they ran in. sources[0] is the .pt2 file, in
 * which the weights lie. Errors: as mx_pt2_read; UNSUPPORTED for an operator without a rule (names target, node, module
 * and source line). */
mx_status mx_torch_read_pt2(const mx_env *env, const char *path, const mx_torch_options *options, mx_graph **out,
                            mx_torch_info *info, mx_error *err);

/* The table of operators, for --list-ops, in no order; i from 0 on; false at the end. */
typedef struct mx_torch_op {
    const char *target, *onnx, *family;
    int opset; /* the lowest that it needs, at least 14 */
} mx_torch_op;
bool mx_torch_list_op(size_t i, mx_torch_op *out);

#endif
