/* The parts of a validation, and what they share. */
#ifndef MX_API_VALIDATE_H
#define MX_API_VALIDATE_H

#include "api/consistency.h"

typedef struct mx_noted { /* a finding, kept for the report */
    const char *code, *message;
    mx_str where; /* UTF-8; absent: the model */
} mx_noted;

typedef struct mx_noted_list {
    mx_noted *items;
    size_t count, cap;
} mx_noted_list;

typedef struct mx_backup { /* of a file that is replaced, or was */
    char path[MX_PATH_BYTES], kept[MX_PATH_BYTES];
} mx_backup;

enum { MX_BACKUPS = 2 }; /* the model and its metadata */

typedef struct mx_validate_job {
    const mx_env *env;
    const mx_allocator *allocator;
    const char *model;
    const mx_validate_options *options;
    mx_finding_fn each;
    void *ctx;
    mx_arena arena; /* texts of findings */
    mx_validation *out;
    mx_noted_list noted[MX_CHECKS], mended;
    mx_backup backups[MX_BACKUPS];
    int n_backups;

    mx_graph *graph;
    mx_consistency tags;
    uint32_t *places;  /* by node id: place of an operator in `tags.keys` */
    bool *auxiliary;   /* by place */
    bool *unordered;   /* by node id: operators that use something which is made later */
    size_t n_places;
} mx_validate_job;

/* validate_findings.c */
mx_status mx_validate_note(mx_validate_job *job, mx_check_part part, const char *code, mx_str where, mx_error *err,
                           const char *format, ...) __attribute__((format(printf, 6, 7)));
mx_status mx_validate_mended(mx_validate_job *job, const char *code, mx_str where, mx_error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void mx_validate_forget(mx_validate_job *job); /* all findings but what was mended: they are looked for anew */
void mx_validate_sum_up(mx_validate_job *job);
mx_status mx_validate_tell(mx_validate_job *job, mx_error *err); /* the caller's function, and the report */

/* validate_load.c: the model with all that is known of its operators. External data is not opened. */
mx_status mx_validate_load(mx_validate_job *job, mx_error *err);
void mx_validate_unload(mx_validate_job *job);

/* validate_graph.c */
mx_status mx_validate_graph(mx_validate_job *job, mx_error *err);
/* validate_tags.c: coverage */
mx_status mx_validate_tags(mx_validate_job *job, mx_error *err);

/* validate_repair.c: mend the model's file; *changed: there was something to mend. */
mx_status mx_validate_repair(mx_validate_job *job, bool *changed, mx_error *err);
/* validate_backup.c. A second name for a file that is about to be replaced: PATH.bak, or the first of PATH.bak2, ... that is
 * free. */
mx_status mx_validate_keep(mx_validate_job *job, const char *path, mx_error *err);
/* After an error: everything as it was. */
void mx_validate_restore(mx_validate_job *job);
/* validate_repair_json.c: the tags of the model, as they stand in it now, into the metadata. */
mx_status mx_validate_repair_metadata(mx_validate_job *job, bool *changed, mx_error *err);

#endif
