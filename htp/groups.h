/* Module groups from what a model says about itself: hierarchy metadata of an earlier export, else scoped node names. */
#ifndef MX_HTP_GROUPS_H
#define MX_HTP_GROUPS_H

#include "converter/graph.h"

/* Give the main graph's operators their module nodes (and move them there). A node's place comes from its
 * `hierarchy_scope` metadata, else from its name when that is a path such as /encoder/layer.0/MatMul; others stay where they are. Tags and
 * names in the model are not touched. Linear in the sum of the paths' lengths. */
mx_status mx_htp_group(mx_graph *g, mx_error *err);

#endif
