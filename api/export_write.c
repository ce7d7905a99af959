/* The files of an export. What stands beside the model is written when the model is finished but not yet in place, and
 * is put in place before it. */
#include "api/export.h"
#include "onnx_io/onnx_io.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct side_file {
    const char *kind, *path;
    mx_status (*write)(const mx_htp_document *d, mx_outfile *f, mx_error *err);
    mx_outfile file;
    bool wanted, was_there, in_place;
} side_file;

enum { N_SIDE_FILES = 3 };

typedef struct writing {
    mx_export_job *job;
    side_file files[N_SIDE_FILES]; /* in the order in which they are put in place */
    mx_htp_facts facts;
    mx_htp_document document;
    double began;
} writing;

static void describe(writing *w) {
    mx_export_job *job = w->job;
    static const char *const attrs[] = {"metadata", "minimal", "attribute", "none"};
    w->facts = (mx_htp_facts){.timestamp = job->timestamp,
                              .strategy = job->strategy,
                              .version = mx_version(),
                              .builder = job->kind == MX_EXPORT_PT2 ? "torch.export" : "onnx",
                              .framework = job->kind == MX_EXPORT_PT2 ? "pytorch" : NULL,
                              .model_path = job->model,
                              .onnx_path = job->output,
                              .metadata_path = job->metadata_path,
                              .report_path = job->options->with_report ? job->report_path : NULL,
                              .hierarchy_attrs = attrs[job->options->hierarchy_attrs],
                              .seconds = mx_seconds_now() - job->began,
                              .onnx_bytes = job->file_size,
                              .selection = &job->selection,
                              .config = &job->config,
                              .steps = job->steps,
                              .n_steps = job->n_steps,
                              .warnings = job->warnings.items,
                              .n_warnings = job->warnings.count};
    w->document = (mx_htp_document){job->graph, &job->tagging, &job->keys, &job->summary, &w->facts};
}

static mx_status write_side_file(writing *w, side_file *s, mx_error *err) {
    struct stat st;
    s->was_there = stat(s->path, &st) == 0;
    MX_TRY(mx_path_is_no_source(w->job->graph, s->path, err));
    MX_TRY(mx_outfile_open(w->job->env, s->path, &s->file, err));
    MX_TRY(s->write(&w->document, &s->file, err));
    return mx_outfile_finish(&s->file, err);
}

static void finish_step(writing *w) {
    mx_htp_step *step = &w->job->steps[w->job->n_steps++];
    step->name = "onnx_export";
    step->seconds = mx_seconds_now() - w->began;
    snprintf(step->detail, sizeof step->detail, "%llu bytes", (unsigned long long)w->job->file_size);
}

/* Called with the finished model. */
static mx_status write_side_files(void *ctx, mx_source *written, mx_error *err) {
    writing *w = ctx;
    w->job->file_size = written->size;
    finish_step(w);
    describe(w);
    for (int i = 0; i < N_SIDE_FILES; i++)
        if (w->files[i].wanted) MX_TRY(write_side_file(w, &w->files[i], err));
    for (int i = 0; i < N_SIDE_FILES; i++) {
        if (!w->files[i].wanted) continue;
        MX_TRY(mx_outfile_commit(&w->files[i].file, err));
        w->files[i].in_place = true;
    }
    return MX_OK;
}

/* Without the model, what was new beside it means nothing. */
static void close_side_files(writing *w, mx_status status) {
    for (int i = 0; i < N_SIDE_FILES; i++) {
        side_file *s = &w->files[i];
        if (status != MX_OK && s->in_place && !s->was_there) unlink(s->path);
        if (s->file.path || s->file.fd >= 0) mx_outfile_close(&s->file);
    }
}

static mx_status list_files(writing *w, mx_error *err) {
    MX_TRY(mx_export_add_file(w->job, "onnx", w->job->output, err));
    for (int i = 0; i < N_SIDE_FILES; i++)
        if (w->files[i].wanted) MX_TRY(mx_export_add_file(w->job, w->files[i].kind, w->files[i].path, err));
    return MX_OK;
}

static mx_status write_model(mx_export_job *job, mx_error *err) {
    writing w = {.job = job,
                 .files = {{.kind = "metadata", .path = job->metadata_path, .write = mx_htp_write_metadata, .wanted = true},
                           {.kind = "hierarchy", .path = job->hierarchy_path, .write = mx_htp_write_hierarchy, .wanted = true},
                           {.kind = "report", .path = job->report_path, .write = mx_htp_write_report,
                            .wanted = job->options->with_report}},
                 .began = mx_seconds_now()};
    mx_onnx_write_options options = {.sidecar_location = job->weights_location[0] ? job->weights_location : NULL};
    for (int i = 0; i < N_SIDE_FILES; i++) w.files[i].file.fd = -1;
    mx_status status = mx_path_is_no_source(job->graph, job->output, err);
    if (status == MX_OK) status = mx_onnx_write(job->graph, job->output, &options, write_side_files, &w, err);
    close_side_files(&w, status);
    return status == MX_OK ? list_files(&w, err) : status;
}

/* ---- GraphML ---- */

static mx_status list_graphml(mx_export_job *job, const mx_export_graphml_result *r, mx_error *err) {
    MX_TRY(mx_export_add_file(job, "graphml", job->graphml_path, err));
    return r->parameter_file[0] ? mx_export_add_file(job, "parameters", r->parameter_file, err) : MX_OK;
}

/* The model stands already: whatever goes wrong here is a warning. */
static mx_status write_graphml(mx_export_job *job, mx_error *err) {
    mx_export_graphml_options options = {.metadata = job->metadata_path, .collapse_depth = -1};
    mx_export_graphml_result result;
    mx_error own;
    if (mx_export_graphml(job->env, job->output, job->graphml_path, &options, &result, &own) == MX_OK)
        return list_graphml(job, &result, err);
    return mx_export_warn(job, err, "no GraphML was written: %s%s%s", own.file, own.file[0] ? ": " : "", own.message);
}

mx_status mx_export_write(mx_export_job *job, mx_error *err) {
    MX_TRY(write_model(job, err));
    return job->options->with_graphml ? write_graphml(job, err) : MX_OK;
}
