/* Weights beside a model instead of in it. */
#ifndef MX_API_BESIDE_H
#define MX_API_BESIDE_H

#include "converter/graph.h"

/* Make the initializers' raw data external data in OUTPUT.data, where it takes over 1.5 GB (protobuf ends at 2 GiB) or
 * `always`. Tensors under 1 KiB stay in the model, as shape inference needs to see them; so does what has a file already.
 * *moved: there are such data now; may be NULL. */
mx_status mx_weights_beside(mx_graph *g, const char *output, bool always, bool *moved, mx_error *err);

#endif
