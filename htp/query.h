/* Modules by what people write: tags, dotted names, or parts of them. */
#ifndef MX_HTP_QUERY_H
#define MX_HTP_QUERY_H

#include "converter/graph.h"

typedef enum mx_htp_found_by {
    MX_HTP_FOUND_NOTHING = 0,
    MX_HTP_FOUND_EXACT,     /* a whole tag, or a whole dotted name */
    MX_HTP_FOUND_STEPS,     /* whole steps: "BertLayer/BertAttention", "BertEmbeddings/word_embeddings" */
    MX_HTP_FOUND_PART,      /* any piece of a tag or dotted name */
    MX_HTP_FOUND_AUXILIARY  /* the word "auxiliary": operators, not modules */
} mx_htp_found_by;

/* Module nodes (or the model, for the root). A module that has groups in several bodies is one match, several nodes. What
 * lies in a matched module is no match of its own. */
typedef struct mx_htp_found {
    const mx_allocator *allocator;
    mx_htp_found_by by;
    mx_node_id *nodes;  /* by place in the graph; the nodes of one match have one number */
    uint32_t *matches;  /* their matches' numbers, from 0 */
    size_t n_nodes, cap_nodes, cap_matches, n_matches;
} mx_htp_found;

/* Look in a graph with module groups. parts: pieces of words count where nothing else is found. Linear in the modules' names
 * for each step of `text`. Freed with mx_htp_found_free, also after a failure. */
mx_status mx_htp_find(const mx_graph *g, mx_str text, bool parts, mx_htp_found *out, mx_error *err);
void mx_htp_found_free(mx_htp_found *f);

/* Operators in the nodes of match `match` (UINT32_MAX: of all), those in their bodies included: inside[id] = true.
 * inside: g->n_nodes flags, false on entry. Linear. */
void mx_htp_found_mark(const mx_graph *g, const mx_htp_found *f, uint32_t match, bool *inside);

#endif
