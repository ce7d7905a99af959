/* Module groups for a graph that was read. */
#ifndef MX_API_GROUP_H
#define MX_API_GROUP_H

#include "htp/tagging.h"

/* Label the operators of a wired graph, from what the model says, what the metadata JSON says (its module tree, and its tags
 * if the model has none), and what follows from both. metadata: path of the JSON, which must be good then; NULL: the one beside
 * the model, which is left out with a warning if it is not. The model's own tags are not touched. */
mx_status mx_label_modules(mx_graph *g, const char *model, const char *metadata, mx_htp_tagging *out, mx_error *err);
/* The same, and give the operators their module groups. */
mx_status mx_group_modules(mx_graph *g, const char *model, const char *metadata, mx_error *err);

#endif
