/* The model that a GraphML file was made from, where it is at hand: the report on an import asks it. */
#ifndef MX_API_IMPORT_SOURCE_H
#define MX_API_IMPORT_SOURCE_H

#include "graphml/source.h"

typedef struct mx_import_source_question {
    const char *graphml; /* path */
    const char *given;   /* path of the model, NULL: as the file says */
    const mx_weights *weights;
    const mx_traces *traces;
    mx_graph *graph; /* what was read from the file */
    mx_graphml_report *report;
} mx_import_source_question;

typedef struct mx_import_source {
    char name[256]; /* base name of the file that was used, or would have been; "": not known */
    bool used;
    char note[1200]; /* why it was not */
} mx_import_source;

/* Find the source, see whether it is that, and complete the report by it. A given one must fit (READ, SYNTAX, ...,
 * INVALID); one that the file names is left out with a note. Nothing of it is kept. Errors: also NOMEM, CANCELLED. */
mx_status mx_import_ask_source(const mx_env *env, const mx_import_source_question *q, mx_import_source *out,
                               mx_error *err);

#endif
