/* Batch normalisation in the convolution before it. */
#ifndef MX_TORCH_LOWER_FOLD_NORM_H
#define MX_TORCH_LOWER_FOLD_NORM_H

#include "torch_io/lower.h"

typedef struct mx_stored_norm { /* with the statistics that were learned; weight and bias may be MX_NO_VAL */
    mx_val x, weight, bias, mean, var;
    double eps;
} mx_stored_norm;

/* The convolution that makes x with other weights, so that it gives what the normalisation of x would give. MX_NO_VAL:
 * x is no such value, or it was not asked for (mx_build.fold_norms): the weights are rounded anew, so this is not
 * exact, and the normalisation's module is left without an operator. */
mx_val mx_fold_norm(const mx_rule *r, const mx_stored_norm *n);

#endif
