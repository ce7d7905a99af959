#include "api/import_source.h"

#include "api/group.h"
#include "api/paths.h"
#include "onnx_io/onnx_io.h"

#include <stdio.h>

typedef struct asking {
    const mx_env *env;
    const mx_import_source_question *q;
    mx_import_source *out;
    mx_env quiet;               /* what is odd about the source was said when it was exported */
    char folder[MX_PATH_BYTES]; /* of the GraphML, or of the model that was given */
    mx_source *file;
    mx_graph *model;
    mx_source_fit fit;
} asking;

static mx_status note(asking *a, const char *text) {
    snprintf(a->out->note, sizeof a->out->note, "%s", text);
    return MX_OK;
}

static void name_it(asking *a, const char *path) {
    const char *base = mx_path_base(path);
    size_t n = strlen(base);
    if (n < sizeof a->out->name) memcpy(a->out->name, base, n + 1);
}

/* A recorded name of a file beside: no path, so that nothing else is looked at. */
static mx_str base_name(mx_str s) {
    bool fits = s.p && s.n && s.n < 256 && !memchr(s.p, '/', s.n) && !memchr(s.p, 0, s.n);
    return fits ? s : (mx_str){NULL, 0};
}

/* ---- the file ---- */

static mx_status open_named(asking *a, mx_error *err) {
    mx_str name = base_name(mx_text(a->q->graph, a->q->traces->source_name));
    if (!name.p) return note(a, "the GraphML file does not name the model that it was made from");
    memcpy(a->out->name, name.p, name.n);
    a->out->name[name.n] = '\0';
    return mx_source_open_inside(a->env, a->folder, name, &a->file, err);
}

/* With `reference` it is open, and was checked. a->file NULL afterwards: there is none, for which there is a note. */
static mx_status open_file(asking *a, mx_error *err) {
    mx_source *referred = a->q->weights->strategy == MX_PARAMETERS_REFERENCE ? a->q->graph->sources[0] : NULL;
    mx_path_folder(a->q->given ? a->q->given : a->q->graphml, a->folder);
    if (a->q->given) {
        name_it(a, a->q->given);
        return mx_source_open(a->env, a->q->given, &a->file, err);
    }
    if (a->q->report->legacy) return note(a, "files of the earlier generation do not say enough of their source");
    if (!referred) return open_named(a, err);
    name_it(a, referred->path);
    mx_source_retain(referred);
    a->file = referred;
    return MX_OK;
}

/* ---- the model ---- */

static mx_status look_for(const asking *a, const char *folder, mx_str name, char out[MX_PATH_BYTES], mx_error *err) {
    mx_source *there;
    mx_error absent;
    mx_status status = mx_source_open_inside(a->env, folder, name, &there, &absent);
    if (status == MX_ERR_NOMEM) return mx_nomem(err);
    if (status != MX_OK) return MX_OK;
    snprintf(out, MX_PATH_BYTES, "%s", there->path);
    mx_source_release(there);
    return MX_OK;
}

/* The metadata JSON that gave the groups, if it is beside the model or the GraphML; "": the one that belongs to the
 * model by its name. */
static mx_status find_metadata(asking *a, char out[MX_PATH_BYTES], mx_error *err) {
    char beside[MX_PATH_BYTES];
    mx_str name = base_name(mx_text(a->q->graph, a->q->traces->metadata_name));
    out[0] = '\0';
    if (!name.p) return MX_OK;
    MX_TRY(look_for(a, a->folder, name, out, err));
    mx_path_folder(a->q->graphml, beside);
    return out[0] ? MX_OK : look_for(a, beside, name, out, err);
}

/* Its external files need not be there: no weight is read. */
static mx_status read_model(asking *a, mx_error *err) {
    char metadata[MX_PATH_BYTES];
    a->quiet = a->q->graph->env;
    a->quiet.log = NULL;
    MX_TRY(find_metadata(a, metadata, err));
    MX_TRY(mx_onnx_read_source(&a->quiet, a->file, NULL, &a->model, err));
    MX_TRY(mx_graph_wire(a->model, err));
    return mx_group_modules(a->model, a->file->path, metadata[0] ? metadata : NULL, err);
}

static mx_status ask(asking *a, mx_error *err) {
    MX_TRY(open_file(a, err));
    if (!a->file) return MX_OK;
    MX_TRY(read_model(a, err));
    MX_TRY(mx_source_compare(a->model, a->q->graph, a->q->traces, &a->fit, err));
    if (!a->fit.fits)
        return mx_fail(err, MX_ERR_INVALID, "this is not the model that the GraphML was made from: %s", a->fit.why);
    MX_TRY(mx_source_tell(a->q->graph, a->model, &a->fit.plan, a->q->report, err));
    a->out->used = true;
    return MX_OK;
}

mx_status mx_import_ask_source(const mx_env *env, const mx_import_source_question *q, mx_import_source *out,
                               mx_error *err) {
    asking a = {.env = env, .q = q, .out = out};
    mx_error own;
    *out = (mx_import_source){0};
    mx_status status = ask(&a, &own);
    bool grave = q->given || status == MX_ERR_NOMEM || status == MX_ERR_CANCELLED;
    if (status != MX_OK && !grave) {
        snprintf(out->note, sizeof out->note, "%s: %s", out->name, own.message);
        status = MX_OK;
    }
    if (status != MX_OK) {
        if (err) *err = own;
        mx_at_file(err, status, q->given ? q->given : q->graphml);
    }
    mx_plan_free(&a.fit.plan);
    mx_graph_release(a.model);
    mx_source_release(a.file);
    return status;
}
