/* Do the tags of a model agree: with each other, with the modules of the metadata JSON, with its lists of operators, and with
 * the GraphML that was made from the model? */
#ifndef MX_API_CONSISTENCY_H
#define MX_API_CONSISTENCY_H

#include "api/metadata_file.h"
#include "htp/metadata_read.h"
#include "htp/node_key.h"
#include "htp/stored.h"

/* Called for each problem. `where` is UTF-8, absent: the model; all texts are valid during the call. */
typedef mx_status (*mx_consistency_fn)(void *ctx, const char *code, mx_str where, const char *message, mx_error *err);

typedef struct mx_consistency {
    const mx_env *env;
    const char *model;          /* path */
    const char *given_metadata; /* NULL: the one beside the model, if it is there */
    const char *given_graphml;  /* likewise */
    mx_consistency_fn note;
    void *ctx;

    const mx_allocator *allocator;
    const mx_graph *graph; /* as it was loaded: its tags are those of the file */
    mx_arena arena;        /* texts that had to be cleaned */
    mx_htp_keys keys;
    mx_htp_stored *stored; /* by place in `keys` */
    size_t n_tagged;
    bool by_htp;           /* tagged with the promise that no operator is left out */
    mx_sid *voted;         /* by string id of a scope: the tag that most of its operators have */
    size_t n_voted;
    mx_metadata_file metadata_file;
    mx_htp_metadata metadata;
    bool has_metadata;
    char graphml[MX_PATH_BYTES]; /* "": there is none */
} mx_consistency;

/* Take note of the graph's tags, read the metadata and find the GraphML. The fields before `allocator` are set by the caller,
 * the others zero. strict: metadata that cannot be read is an error; else it is as if it was not there.
 * mx_consistency_free in any case. */
mx_status mx_consistency_load(mx_consistency *c, const mx_graph *g, bool strict, mx_error *err);
void mx_consistency_free(mx_consistency *c); /* the caller's fields stay */

/* All problems. Weights are not touched. Linear. */
mx_status mx_consistency_check(mx_consistency *c, mx_error *err);

/* A text of the graph as it stands in JSON: UTF-8. */
mx_str mx_consistency_text(mx_consistency *c, mx_sid sid);
/* Whether what stands at an operator is the tag of a module. What is wrong with it: *code, NULL if nothing is. */
bool mx_consistency_is_tag(mx_consistency *c, const mx_htp_stored *s, const char **code);

/* One problem. */
mx_status mx_consistency_note(mx_consistency *c, const char *code, mx_str where, mx_error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* consistency_metadata.c, consistency_graphml.c: parts of mx_consistency_check. */
mx_status mx_consistency_metadata(mx_consistency *c, mx_error *err);
mx_status mx_consistency_graphml(mx_consistency *c, mx_error *err);

#endif
