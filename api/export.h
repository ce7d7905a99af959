/* The parts of an export, and what they share. */
#ifndef MX_API_EXPORT_H
#define MX_API_EXPORT_H

#include "api/metadata_file.h"
#include "htp/metadata_write.h"
#include "torch_io/torch_io.h"

/* Texts that grow, in an arena. */
typedef struct mx_text_list {
    const char **items;
    size_t count, cap;
} mx_text_list;

enum { MX_EXPORT_STEPS = 6, MX_EXPORT_FILES = 16 };

typedef enum mx_export_kind { MX_EXPORT_ONNX = 0, MX_EXPORT_PT2 } mx_export_kind;

typedef struct mx_export_job {
    const mx_env *env;
    const char *model, *output;
    const mx_export_options *options;
    mx_export_config config; /* as given; zeroed if nothing was */
    mx_arena *arena;         /* of the result */
    double began;

    mx_export_kind kind;
    mx_torch_info torch;     /* PT2 */
    mx_graph *graph;
    mx_metadata_file metadata;
    mx_htp_tagging tagging;
    mx_htp_keys keys;
    mx_htp_summary summary;
    mx_recommendation selection;
    const char *strategy; /* that served, by the name that the result gives it */
    bool native_stack;
    char weights_location[MX_PATH_BYTES]; /* where the output points for weights that stay in the model; "": nowhere */

    char metadata_path[MX_PATH_BYTES], hierarchy_path[MX_PATH_BYTES], report_path[MX_PATH_BYTES],
        graphml_path[MX_PATH_BYTES];
    char timestamp[40];
    mx_htp_step steps[MX_EXPORT_STEPS];
    size_t n_steps;
    mx_text_list tried, optimizations, warnings;
    mx_export_file files[MX_EXPORT_FILES];
    size_t n_files;
    uint64_t file_size;
} mx_export_job;

double mx_seconds_now(void);
/* Texts that the result keeps. A warning is also logged. */
mx_status mx_export_note(mx_export_job *job, mx_text_list *list, mx_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
mx_status mx_export_warn(mx_export_job *job, mx_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
mx_status mx_export_add_file(mx_export_job *job, const char *kind, const char *path, mx_error *err);

/* export_kind.c: what the model is; for what cannot be read here UNSUPPORTED, with the sentence that says what to do. */
mx_status mx_export_kind_of(const char *model, mx_export_kind *out, mx_error *err);
/* export_load.c: read the model, whatever its kind; job->graph is wired. */
mx_status mx_export_load(mx_export_job *job, mx_error *err);
/* export_config.c: check the configuration against the model, and rename what it says. */
mx_status mx_export_apply_config(mx_export_job *job, mx_error *err);
/* export_axes.c: the part of it that names sizes. */
mx_status mx_export_apply_axes(mx_export_job *job, mx_error *err);
/* export_tag.c: choose a strategy, tag, write the tags into the graph. */
mx_status mx_export_tag(mx_export_job *job, mx_error *err);
/* Tag with *strategy; where it was not asked for by name and cannot serve, with the one that comes after it, and a warning. */
mx_status mx_export_tag_by(mx_export_job *job, mx_strategy *strategy, mx_error *err);
/* export_weights.c: decide where the weights go, and say so in the graph. */
mx_status mx_export_place_weights(mx_export_job *job, mx_error *err);
/* export_write.c: the model and all that stands beside it; the GraphML. */
mx_status mx_export_write(mx_export_job *job, mx_error *err);
/* export_result.c */
mx_status mx_export_make_result(const mx_export_job *job, mx_export_result *r, mx_error *err);

#endif
