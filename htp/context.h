/* Context inheritance: where most operators know their scope, the few that do not take it from those around them. */
#ifndef MX_HTP_CONTEXT_H
#define MX_HTP_CONTEXT_H

#include "htp/tagging.h"

struct mx_htp_flow; /* htp/infer.h */

/* Whether the operators of a scope know theirs from scopes (not only from parameters), most of them. */
bool mx_htp_is_told(const mx_graph *g, const mx_htp_tagging *t, mx_node_id scope);

/* Label the operators of the flow's scope that have no label. Data: the deepest module common to the nearest consumers
 * and producers that have one. Constants and sizes: the deepest common to all their users. What nothing tells of keeps
 * none. Independent of the order of nodes, linear. */
mx_status mx_htp_inherit(struct mx_htp_flow *f);

#endif
