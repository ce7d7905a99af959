/* Module groups for a graph that was read. */
#ifndef MX_API_GROUP_H
#define MX_API_GROUP_H

#include "converter/graph.h"

/* Give the operators their module groups, from what the model says and what follows from it; its tags are not touched. g is
 * wired. metadata: path of a JSON with a module tree, NULL: none. */
mx_status mx_group_modules(mx_graph *g, const char *model, const char *metadata, mx_error *err);

#endif
