/* Tags that only the metadata JSON has (a model that was exported without tags in it): the operators bear them while their
 * modules are looked for, and are then as they were. */
#ifndef MX_API_LENT_TAGS_H
#define MX_API_LENT_TAGS_H

#include "htp/node_key.h"

typedef struct mx_lent_tags {
    mx_graph *g;
    mx_htp_keys keys;
    mx_pairs *own; /* by place: what the operator's metadata was */
} mx_lent_tags;

/* Whether the graph's operators have no tags, so that those of a JSON count. */
bool mx_lent_tags_wanted(const mx_graph *g);
/* text: of the JSON; its "modules" and "node_tags" matter. Entries of "node_tags" that tell no module, or name an operator that the model does not have, do nothing;
 * and so does all of it where the model has tags of its own. mx_lent_tags_return in any case. Errors: SYNTAX, INVALID (names
 * the key), LIMIT, NOMEM. Linear. */
mx_status mx_lent_tags_give(mx_lent_tags *l, mx_graph *g, mx_str text, mx_error *err);
void mx_lent_tags_return(mx_lent_tags *l);

#endif
