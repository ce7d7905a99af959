/* Which strategy suits a model: what is measured, and what follows from it. */
#ifndef MX_HTP_STRATEGY_H
#define MX_HTP_STRATEGY_H

#include "htp/tagging.h"

/* Measure a wired graph and choose, or with `wanted` not AUTO explain only. has_tree: there is a metadata JSON with its module tree. module_count is left 0: it
 * is known when the tree stands. Texts come from `arena`. Linear. */
mx_status mx_htp_recommend(const mx_graph *g, bool has_tree, mx_strategy wanted, bool prioritize_speed,
                           mx_arena *arena, mx_recommendation *out, mx_error *err);
/* Add what the tree tells: module_count, and whether its classes are those of the transformers library. */
void mx_htp_recommend_from_tree(const mx_htp_tree *tree, mx_recommendation *r);

#endif
