/* Folding: operators on constants. A rule computes exactly what onnxruntime computes, or says no. */
#ifndef MX_TORCH_BUILD_FOLD_H
#define MX_TORCH_BUILD_FOLD_H

#include "torch_io/build_internal.h"

typedef struct mx_fconst { /* a constant, as rules see it */
    int32_t elem;
    int rank;
    int64_t dims[MX_MAX_RANK];
    size_t n, size;       /* elements; bytes of one */
    const uint8_t *bytes; /* of a result: what the rule fills, as `room` */
    uint8_t *room;
    bool given;
} mx_fconst;

typedef struct mx_folding {
    mx_build *b;
    const mx_ask *ask;
    mx_fconst *in;
    size_t n_in;
    size_t in_bytes;
    mx_fconst out;
} mx_folding;

typedef bool mx_fold_rule(mx_folding *f);

/* Set the result's type and sizes and make room for it (zeroed); false: too large, or no memory. */
bool mx_fold_result(mx_folding *f, int32_t elem, int rank, const int64_t *dims);
/* Sizes of numpy's broadcasting; false: they do not fit. */
bool mx_fold_broadcast(const mx_fconst *a, int rank, const int64_t *dims, int64_t *out, int *out_rank);
/* For each element of a result of these sizes: the element of `c`, which is broadcast to it. Call with i = 0, 1, ... */
typedef struct mx_fwalk {
    int rank;
    int64_t at[MX_MAX_RANK], steps[MX_MAX_RANK];
    const int64_t *dims;
    size_t element;
} mx_fwalk;
void mx_fold_walk(mx_fwalk *w, const mx_fconst *c, int rank, const int64_t *dims);
void mx_fold_step(mx_fwalk *w);

static inline const mx_at *mx_fold_at(const mx_folding *f, const char *name) {
    return mx_build_find(f->ask->at, f->ask->n_at, name);
}
static inline int64_t mx_fold_int(const mx_folding *f, const char *name, int64_t otherwise) {
    return mx_build_int(f->ask->at, f->ask->n_at, name, otherwise);
}
/* An axis from 0 on; false: out of range. */
bool mx_fold_axis(int64_t axis, int rank, int *out);

/* build_fold_move.c */
mx_fold_rule mx_fold_same, mx_fold_reshape, mx_fold_squeeze, mx_fold_unsqueeze, mx_fold_transpose, mx_fold_expand,
    mx_fold_concat, mx_fold_gather, mx_fold_slice, mx_fold_where;
/* build_fold_number.c */
mx_fold_rule mx_fold_cast, mx_fold_unary, mx_fold_binary, mx_fold_range;
/* build_fold_reduce.c */
mx_fold_rule mx_fold_reduce;

#endif
