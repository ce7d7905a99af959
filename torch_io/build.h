/* Building an ONNX graph out of values: what the lowering rules write with.
 *
 * The builder simplifies while it builds, always exactly: it computes what is known (small constants, integer and shape
 * arithmetic), makes equal operators of one body once, leaves out what has no effect (a Reshape to the same sizes, a
 * Cast to the same type), and joins chains (Reshape of Reshape, Transpose of Transpose). What nothing uses is not
 * written at the end.
 *
 * Errors stick: after the first one every call returns MX_NO_VAL and does nothing, so rules are written as expressions
 * and need no checks. Inputs that are MX_NO_VAL are absent optional inputs.
 *
 * Sizes and other symbolic integers are int64 tensors of rank 1 with one element: lists of sizes are their Concat. */
#ifndef MX_TORCH_BUILD_H
#define MX_TORCH_BUILD_H

#include "torch_io/build_types.h"

enum { MX_MAX_RANK = 64 };

/* ---- what is known of a value ---- */

int32_t mx_elem_of(const mx_build *b, mx_val v);           /* TensorProto.DataType; 0: not known */
int mx_rank_of(const mx_build *b, mx_val v);               /* -1: not known */
mx_size mx_size_of(const mx_build *b, mx_val v, int axis); /* axis may be negative; not known: expr MX_SID_EMPTY */
bool mx_all_sizes_known(const mx_build *b, mx_val v);      /* all of them numbers */
int64_t mx_numel_of(const mx_build *b, mx_val v);          /* -1: not known as a number */
/* Say what a value is, where the builder could not find out. sizes may be NULL: only the rank. */
void mx_set_type(mx_build *b, mx_val v, int32_t elem, int rank, const mx_size *sizes);
/* Say what an integer tensor of rank 0 or 1 holds, as far as it is known: numbers, expressions, MX_SID_EMPTY. */
void mx_set_items(mx_build *b, mx_val v, const mx_size *items, size_t n);
/* The numbers of an integer (or bool) constant; false: it is none, or has more than `max` elements. */
bool mx_const_ints(const mx_build *b, mx_val v, int64_t *out, size_t max, size_t *n);
/* The one element of a constant of one element, any real type. */
bool mx_const_number(const mx_build *b, mx_val v, double *out);

/* ---- constants ---- */

mx_val mx_int64s(mx_build *b, const int64_t *v, size_t n);  /* rank 1 */
mx_val mx_int64(mx_build *b, int64_t v);                    /* rank 1, one element */
mx_val mx_scalar(mx_build *b, int32_t elem, double v);      /* rank 0; integers are exact up to 2^53, ... */
mx_val mx_scalar_int(mx_build *b, int32_t elem, int64_t v); /* ... here all of them */
mx_val mx_constant(mx_build *b, int32_t elem, const int64_t *dims, size_t rank, const void *bytes, size_t size);

/* ---- operators ---- */

#define mx_at_i(name_, v)      ((mx_at){.name = (name_), .kind = MX_AT_INT, .i = (v)})
#define mx_at_f(name_, v)      ((mx_at){.name = (name_), .kind = MX_AT_FLOAT, .f = (float)(v)})
#define mx_at_s(name_, v)      ((mx_at){.name = (name_), .kind = MX_AT_STRING, .s = (v)})
#define mx_at_is(name_, v, n_) ((mx_at){.name = (name_), .kind = MX_AT_INTS, .ints = (v), .n = (n_)})
#define mx_at_fs(name_, v, n_) ((mx_at){.name = (name_), .kind = MX_AT_FLOATS, .floats = (v), .n = (n_)})
#define mx_at_body(name_, v)   ((mx_at){.name = (name_), .kind = MX_AT_BODY, .i = (v)})

/* Emit an operator of the standard domain with one output. Usage:
 *     mx_op(b, "Gemm", MX_IN(x, w, bias), MX_AT(mx_at_i("transB", 1)))
 *     mx_op(b, "Relu", MX_IN(x), MX_NO_AT) */
#define MX_IN(...) (const mx_val[]){__VA_ARGS__}, sizeof((const mx_val[]){__VA_ARGS__}) / sizeof(mx_val)
#define MX_AT(...) (const mx_at[]){__VA_ARGS__}, sizeof((const mx_at[]){__VA_ARGS__}) / sizeof(mx_at)
#define MX_NO_AT   NULL, 0
mx_val mx_op(mx_build *b, const char *op, const mx_val *in, size_t n_in, const mx_at *at, size_t n_at);
/* With several outputs; out[i] is filled. Never folded. */
void mx_op_n(mx_build *b, const char *op, const mx_val *in, size_t n_in, const mx_at *at, size_t n_at, mx_val *out,
             size_t n_out);
#define mx_op1(b, op, x)       mx_op((b), (op), MX_IN(x), MX_NO_AT)
#define mx_op2(b, op, x, y)    mx_op((b), (op), MX_IN(x, y), MX_NO_AT)
#define mx_op3(b, op, x, y, z) mx_op((b), (op), MX_IN(x, y, z), MX_NO_AT)

/* ---- the operators whose form depends on the opset, and those that are often no operator at all (build_ops.c).
 * Axes may be negative and need not be sorted. ---- */

int mx_build_opset(const mx_build *b);
#define mx_opset(b) mx_build_opset(b)                /* as mx_dim below: a type of converter/graph.h has the name */
mx_val mx_cast(mx_build *b, mx_val v, int32_t elem); /* ONNX Cast; the value itself where it is of that type */
mx_val mx_reshape(mx_build *b, mx_val v,
                  mx_val sizes); /* sizes: int64, rank 1; -1 as in ONNX, 0 is size 0 (as in torch) */
mx_val mx_reshape_to(mx_build *b, mx_val v, const int64_t *sizes, size_t n);
mx_val mx_transpose(mx_build *b, mx_val v, const int64_t *perm, size_t n);
mx_val mx_swap(mx_build *b, mx_val v, int64_t axis1, int64_t axis2);
mx_val mx_unsqueeze(mx_build *b, mx_val v, const int64_t *axes, size_t n);
mx_val mx_unsqueeze1(mx_build *b, mx_val v, int64_t axis);
mx_val mx_squeeze(mx_build *b, mx_val v, const int64_t *axes, size_t n);
mx_val mx_squeeze1(mx_build *b, mx_val v, int64_t axis);
mx_val mx_expand(mx_build *b, mx_val v, mx_val sizes); /* ONNX Expand (two-way broadcast) */
mx_val mx_concat(mx_build *b, const mx_val *v, size_t n, int64_t axis);
mx_val mx_gather(mx_build *b, mx_val v, mx_val indices, int64_t axis); /* ONNX Gather; negative indices allowed */
mx_val mx_slice(mx_build *b, mx_val v, int64_t axis, mx_val start, mx_val end,
                int64_t step); /* start, end: int64, rank 1, one element */
mx_val mx_slice_const(mx_build *b, mx_val v, int64_t axis, int64_t start, int64_t end, int64_t step);
mx_val mx_shape(mx_build *b, mx_val v);                   /* int64, rank 1; constant where all sizes are numbers */
mx_val mx_build_dim(mx_build *b, mx_val v, int64_t axis); /* one size: int64, rank 1, one element */
#define mx_dim(b, v, axis) mx_build_dim((b), (v), (axis)) /* converter/graph.h has a type of that name */
/* A reduction ("ReduceSum", "ReduceMean", "ReduceMax", ...): n == 0 means over all axes. */
mx_val mx_reduce(mx_build *b, const char *op, mx_val v, const int64_t *axes, size_t n, bool keepdims);
void mx_split(mx_build *b, mx_val v, int64_t axis, const int64_t *sizes, size_t n, mx_val *out);
mx_val mx_where(mx_build *b, mx_val condition, mx_val x, mx_val y);
mx_val mx_clip(mx_build *b, mx_val v, mx_val low, mx_val high); /* either may be MX_NO_VAL */
/* A constant tensor of given sizes (int64, rank 1) filled with a scalar (rank 0, of the wanted type). */
mx_val mx_fill(mx_build *b, mx_val sizes, mx_val scalar);
mx_val mx_range(mx_build *b, mx_val start, mx_val limit, mx_val delta); /* rank 0 each, one type */
mx_val mx_as_scalar(mx_build *b, mx_val v);                             /* one element: to rank 0 */
mx_val mx_as_vector(mx_build *b, mx_val v);                             /* one element: to rank 1 */
/* An operator that the reference computes in this way: a value that must not be simplified away, as a Cast that rounds.
 */
mx_val mx_round_to(mx_build *b, mx_val v, int32_t elem); /* Cast to elem and back to v's type, always kept */

/* ---- bodies of If, Loop and Scan ---- */

/* Begin a body; operators go into it until mx_body_end. Values of outer bodies can be used in it. */
int64_t mx_body_begin(mx_build *b);
mx_val mx_body_input(mx_build *b, const char *name, int32_t elem, int rank, const mx_size *sizes);
void mx_body_end(mx_build *b, const mx_val *outputs,
                 size_t n); /* an output that the body does not make itself goes through an Identity (in the model's
                               graph a constant does not) */

/* ---- errors ---- */

bool mx_failed(const mx_build *b);
/* Stop with MX_ERR_UNSUPPORTED; the message gets the present node's target, name, module and source line. */
void mx_cannot(mx_build *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Stop, unless the opset is at least `lowest`, with a message that names it; true: it is. */
bool mx_need_opset(mx_build *b, int lowest, const char *why);

#endif
