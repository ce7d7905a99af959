/* Hierarchy tags after an edit: containment decides the tag, and the tag properties of an operator say the same. */
#ifndef MX_CONVERTER_RETAG_H
#define MX_CONVERTER_RETAG_H

#include "converter/graph.h"

/* The module (or the model as the root module) that `node` stands in; for a module the one around it. Bodies, functions
 * and operators on the way are passed through. */
mx_module_data *mx_module_around(const mx_graph *g, mx_node_id node);
/* hierarchy_tag of an operator, from its metadata, else (older exports) its attributes; absent: it has none. */
mx_sid mx_operator_tag(const mx_graph *g, const mx_attr *attrs, uint32_t n_attrs, const mx_pairs *metadata);
/* Recompute a module's scope and tag from where it stands and what it is called:
 *   scope: that of the module around it, ".", its name
 *   tag:   that of the module around it, and if it has a tag of its own "/", its class and, where the last dotted part
 * of its name is a number N, ".N". Absent where the module around it has none. */
mx_status mx_retag_module(mx_graph *g, mx_node_id module, mx_error *err);
/* Write an operator's tag properties anew from the module around it: hierarchy_tag, hierarchy_scope, hierarchy_method
 * ("direct") and, unless it had only these, hierarchy_path, hierarchy_tags and hierarchy_count. They go where they
 * were, in the metadata or the attributes, else into the metadata; entries keep their places. All go if the module has
 * no tag. */
mx_status mx_retag_operator(mx_graph *g, mx_node_id op, mx_error *err);
/* mx_retag_module for every module and mx_retag_operator for every tagged operator at or below `node`, outermost first.
 */
mx_status mx_retag_below(mx_graph *g, mx_node_id node, mx_error *err);

/* The node after `id` in a walk over all below `root`, parents first; MX_NO_NODE at the end. Start with id == root. */
mx_node_id mx_node_next_below(const mx_graph *g, mx_node_id root, mx_node_id id);

#endif
