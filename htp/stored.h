/* Tags as they stand in a file: properties of operators, in their metadata or (older exports) their attributes. */
#ifndef MX_HTP_STORED_H
#define MX_HTP_STORED_H

#include "converter/graph.h"

/* Absent: the file has no such property anywhere. */
typedef struct mx_htp_stored_keys {
    mx_sid tag, scope, method, path;
} mx_htp_stored_keys;

typedef struct mx_htp_stored {
    mx_sid tag;     /* hierarchy_tag, else hierarchy_path; empty if one is there without a text; absent: there is none */
    mx_sid scope, method, path;
    bool attribute; /* the tag is an attribute */
} mx_htp_stored;

mx_htp_stored_keys mx_htp_stored_find_keys(const mx_graph *g);
mx_htp_stored mx_htp_stored_of(const mx_node *op, const mx_htp_stored_keys *keys);
/* Whether the operator is there: nodes of a graph are of all kinds, and some were removed. */
bool mx_htp_is_operator(const mx_node *n);

#endif
