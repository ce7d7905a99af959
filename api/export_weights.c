/* Where the weights go: into the model, beside it, or nowhere because they stay in the source. */
#include "api/beside.h"
#include "api/export.h"

/* ---- beside the model ---- */

static mx_status place_beside(mx_export_job *job, bool always, mx_error *err) {
    char path[MX_PATH_BYTES];
    bool moved;
    MX_TRY(mx_weights_beside(job->graph, job->output, always, &moved, err));
    if (!moved) return MX_OK;
    if (!mx_path_with_ending(job->output, "", ".data", path))
        return mx_at_file(err, mx_fail(err, MX_ERR_USAGE, "the path is too long"), job->output);
    return mx_export_add_file(job, "external_data", path, err);
}

/* ---- where they are ---- */

/* Own data files of the model, as seen from the output's folder. */
static mx_status relocate_file(mx_graph *g, uint32_t file, mx_str folder, mx_error *err) {
    mx_external_file *f = &g->external_files[file];
    mx_buffer b;
    mx_buffer_init(&b, g->allocator);
    mx_buffer_add(&b, folder.p, folder.n);
    mx_buffer_add(&b, mx_text(g, f->location).p, mx_text(g, f->location).n);
    mx_status status = b.failed ? mx_nomem(err) : mx_graph_string(g, mx_buffer_str(&b), &f->location, err);
    mx_buffer_free(&b);
    return status;
}

static mx_status relocate_tensor(mx_graph *g, mx_tensor *t, mx_error *err) {
    mx_pair *pairs = NULL;
    MX_TRY(mx_graph_array(g, t->external.count, sizeof *pairs, &pairs, err));
    for (uint32_t i = 0; i < t->external.count; i++) {
        pairs[i] = t->external.items[i];
        if (!pairs[i].opaque && mx_str_is(mx_text(g, pairs[i].key), "location"))
            pairs[i].value = g->external_files[t->external_file].location;
    }
    t->external.items = pairs;
    return MX_OK;
}

static mx_status relocate_files(mx_graph *g, mx_str folder, mx_error *err) {
    for (uint32_t i = 0; i < g->n_external_files; i++) MX_TRY(relocate_file(g, i, folder, err));
    for (size_t i = 0; i < g->n_tensors; i++)
        if (g->tensors[i].external_file < g->n_external_files) MX_TRY(relocate_tensor(g, &g->tensors[i], err));
    return MX_OK;
}

static mx_status point_at_source(mx_export_job *job, mx_error *err) {
    if (!mx_path_below(job->output, job->model, job->weights_location)) {
        mx_fail(err, MX_ERR_USAGE, "the model must lie in the output's folder or below it to be pointed at");
        return mx_at_file(err, MX_ERR_USAGE, job->model);
    }
    size_t folder = (size_t)(mx_path_base(job->weights_location) - job->weights_location);
    return folder ? relocate_files(job->graph, (mx_str){job->weights_location, folder}, err) : MX_OK;
}

mx_status mx_export_place_weights(mx_export_job *job, mx_error *err) {
    mx_external_data how = job->options->external_data;
    if (how == MX_EXTERNAL_SOURCE) return point_at_source(job, err);
    return place_beside(job, how == MX_EXTERNAL_BESIDE, err);
}
