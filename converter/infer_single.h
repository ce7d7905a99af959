/* Inference for one operator that stands in no graph yet: the same rules (infer.h), for those who build a graph. */
#ifndef MX_CONVERTER_INFER_SINGLE_H
#define MX_CONVERTER_INFER_SINGLE_H

#include "converter/graph.h"

typedef struct mx_infer_single mx_infer_single;

/* What is known of a value. The id of a dim's `param` is the caller's own: equal ids above 1 are equal sizes. */
typedef struct mx_known {
    bool given;   /* false: an optional input that is not there; all else is not looked at */
    int32_t elem; /* 0: not known */
    int32_t rank; /* -1: not known */
    const mx_dim *dims;
    bool has_items; /* what an integer tensor of rank 0 or 1 holds, as far as it is known; numbers may be negative */
    uint32_t n_items;
    const mx_dim *items;
    const double *reals; /* instead of items: a constant of real numbers; not used in results */
} mx_known;

/* version: of the standard domain. *out is released with mx_infer_single_free. Errors: NOMEM. */
mx_status mx_infer_single_new(const mx_env *env, int64_t version, mx_infer_single **out, mx_error *err);
void mx_infer_single_free(mx_infer_single *s);
/* The graph that names and strings of attributes are interned in. */
mx_graph *mx_infer_single_graph(mx_infer_single *s);
/* Infer the outputs of an operator without bodies. out[i].given says whether anything is known; what it points to lives
 * as long as `s`. Errors: NOMEM, LIMIT. */
mx_status mx_infer_single_run(mx_infer_single *s, const char *op_type, const mx_known *in, uint32_t n_in,
                              mx_attr *attrs, uint32_t n_attrs, mx_known *out, uint32_t n_out, mx_error *err);

#endif
