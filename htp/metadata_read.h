/* What a metadata JSON (X_htp_metadata.json) says, to be held against a model. */
#ifndef MX_HTP_METADATA_READ_H
#define MX_HTP_METADATA_READ_H

#include "base/error.h"
#include "base/json.h"

typedef struct mx_htp_metadata_text {
    mx_sid tag;  /* of the module with this scope; absent: no module has it */
    bool is_tag; /* of some module */
} mx_htp_metadata_text;

typedef struct mx_htp_metadata {
    const mx_allocator *allocator;
    json_t *document;
    json_t *nodes, *node_tags;  /* objects; NULL: it has none */
    mx_strings texts;           /* scopes and tags of modules */
    mx_htp_metadata_text *told; /* by string id */
    size_t n_told;
    bool tells_strategy, by_htp; /* by_htp: its strategy leaves no operator without a tag */
    bool embedded;              /* the tags were written into the model too */
} mx_htp_metadata;

/* text: the whole file. Freed with mx_htp_metadata_free, also after a failure. Errors: SYNTAX, INVALID (names the key), LIMIT,
 * NOMEM. */
mx_status mx_htp_metadata_read(const mx_allocator *a, mx_str text, uint32_t depth, mx_htp_metadata *out, mx_error *err);
void mx_htp_metadata_free(mx_htp_metadata *m);

/* The tag of the module with that dotted name; absent: there is no such module. */
mx_str mx_htp_metadata_tag(const mx_htp_metadata *m, mx_str scope);
bool mx_htp_metadata_knows(const mx_htp_metadata *m, mx_str tag);
/* The tag of an operator in `nodes`, and in `node_tags`; absent: it is not there. */
mx_str mx_htp_metadata_node(const mx_htp_metadata *m, mx_str key);
mx_str mx_htp_metadata_node_tag(const mx_htp_metadata *m, mx_str key);

#endif
