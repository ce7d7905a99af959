/* Names for operators in JSON: what `nodes` and `node_tags` of the metadata are keyed by. */
#ifndef MX_HTP_NODE_KEY_H
#define MX_HTP_NODE_KEY_H

#include "converter/graph.h"

/* All operators of a model in the file's order: those of the main graph, each with those of its bodies behind it, then
 * those of the functions. The place in this order is an operator's INDEX. */
typedef struct mx_htp_keys {
    mx_arena arena;
    size_t count;
    mx_node_id *operators; /* by place */
    mx_str *keys;          /* by place, UTF-8, each one once: NAME; OpType_INDEX for one without a name; NAME#INDEX for
                              all whose name comes again or is not UTF-8; a further #INDEX where that is a name */
} mx_htp_keys;

/* Keys live as long as the graph. Linear. Freed with mx_htp_keys_free, also after a failure. */
mx_status mx_htp_keys_make(const mx_graph *g, mx_htp_keys *out, mx_error *err);
void mx_htp_keys_free(mx_htp_keys *k);

#endif
