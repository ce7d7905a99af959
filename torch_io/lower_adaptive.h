/* Pooling to a given size of the output. */
#ifndef MX_TORCH_LOWER_ADAPTIVE_H
#define MX_TORCH_LOWER_ADAPTIVE_H

#include "torch_io/lower_spatial.h"

/* adaptive_avg_poolNd(self, output_size) */
void mx_adaptive_avg_pool(const mx_rule *r);
/* adaptive_max_poolNd(self, output_size): values and their places in the plane */
void mx_adaptive_max_pool(const mx_rule *r);

#endif
