#include "api/load.h"

#include "api/group.h"
#include "api/paths.h"
#include "converter/stale.h"
#include "onnx_io/onnx_io.h"

#include <stdio.h>

static mx_status bind_sidecar(mx_graph *g, const char *path, const char *sidecar, const mx_weights *w, char *found,
                              mx_error *err) {
    char folder[MX_PATH_BYTES];
    mx_source *image;
    mx_path_folder(path, folder);
    if (sidecar) {
        MX_TRY(mx_source_open(&g->env, sidecar, &image, err));
    } else {
        MX_TRY(mx_at_file(err, mx_source_open_inside(&g->env, folder, mx_str_of(w->file), &image, err), path));
    }
    if (found) snprintf(found, MX_PATH_BYTES, "%s", image->path);
    mx_status status = mx_onnxdata_bind(g, 0, image, &w->checksum, err);
    if (status != MX_OK) mx_at_file(err, status, image->path);
    mx_source_release(image);
    return status;
}

static mx_status check_blob(const mx_graph *g, const mx_tensor *t, mx_error *err) {
    if (t->data.source == MX_NO_INDEX) return MX_OK;
    const mx_source *s = g->sources[t->data.source];
    if (s && t->data.offset <= s->size && t->data.size <= s->size - t->data.offset) return MX_OK;
    return mx_fail(err, MX_ERR_INVALID, "the data of tensor %s lies beyond the end of its file",
                   mx_show(mx_text(g, t->name)).text);
}

/* The referred model must be what it was: its size, and every byte of it that is no weight. */
static mx_status check_model(const mx_env *env, const char *path, const mx_weights *w, mx_error *err) {
    mx_graph *model;
    uint64_t size;
    mx_hash128 hash;
    MX_TRY(mx_at_file(err, mx_onnx_read(env, path, &model, err), path));
    mx_status status = mx_onnx_skeleton_hash(model, &size, &hash, err);
    if (status == MX_OK && (size != w->file_size || !mx_hash_eq(hash, w->checksum)))
        status =
            mx_fail(err, MX_ERR_CHECKSUM, "this is not the model that the GraphML was made from, or it was changed");
    mx_graph_release(model);
    return mx_at_file(err, status, path);
}

static mx_status bind_external_files(mx_graph *g, const char *model_path, mx_error *err) {
    char folder[MX_PATH_BYTES];
    mx_path_folder(model_path, folder);
    for (size_t i = 0; i < g->n_external_files; i++) {
        const mx_external_file *file = &g->external_files[i];
        mx_source *s;
        MX_TRY(mx_source_open_inside(&g->env, folder, mx_text(g, file->location), &s, err));
        g->sources[file->source] = s;
        if (s->size == file->size) continue;
        mx_fail(err, MX_ERR_CHECKSUM, "has %llu bytes where the GraphML says %llu", (unsigned long long)s->size,
                (unsigned long long)file->size);
        return mx_at_file(err, MX_ERR_CHECKSUM, s->path);
    }
    return MX_OK;
}

static mx_status bind_reference(mx_graph *g, const char *path, const mx_weights *w, mx_error *err) {
    char folder[MX_PATH_BYTES];
    mx_path_folder(path, folder);
    MX_TRY(mx_at_file(err, mx_source_open_inside(&g->env, folder, mx_str_of(w->file), &g->sources[0], err), path));
    const char *model = g->sources[0]->path;
    MX_TRY(check_model(&g->env, model, w, err));
    MX_TRY(bind_external_files(g, model, err));
    for (size_t i = 0; i < g->n_tensors; i++)
        MX_TRY(mx_at_file(err, check_blob(g, &g->tensors[i], err), path));
    return MX_OK;
}

static mx_status bind_weights(mx_graph *g, const char *path, const char *sidecar, const mx_weights *w, char *found,
                              mx_error *err) {
    switch (w->strategy) {
    case MX_PARAMETERS_SIDECAR: return bind_sidecar(g, path, sidecar, w, found, err);
    case MX_PARAMETERS_EMBEDDED: return mx_at_file(err, mx_onnxdata_bind(g, 0, w->image, &w->checksum, err), path);
    case MX_PARAMETERS_REFERENCE: return bind_reference(g, path, w, err);
    }
    return mx_fail(err, MX_ERR_INVALID, "unknown parameter strategy");
}

/* ---- types that edits made untrue ---- */

typedef struct stale_types {
    mx_graph *g;
    mx_graphml_report *report;
    mx_status status;
    mx_error *err;
} stale_types;

static void tell_stale(void *ctx, mx_sid value, mx_node_id node, uint32_t before, uint32_t after) {
    stale_types *s = ctx;
    bool info = node == MX_NO_NODE;
    mx_change c = {.kind = after == MX_NO_INDEX ? "dropped" : "changed",
                   .what = info ? "value_info" : mx_node_at(s->g, node)->kind == MX_NODE_INPUT ? "input" : "output",
                   .key = info ? "value_info" : "value_type",
                   .node = value,
                   .port = -1,
                   .index = -1,
                   .last_index = -1,
                   .id = MX_NO_NODE};
    if (s->status == MX_OK) s->status = mx_graphml_type_text(s->g, before, &c.before, s->err);
    if (s->status == MX_OK && after != MX_NO_INDEX) s->status = mx_graphml_type_text(s->g, after, &c.after, s->err);
    if (s->status == MX_OK) s->status = mx_graphml_tell(s->g, s->report, &c, s->err);
}

static mx_status drop_stale_types(mx_graph *g, mx_graphml_report *report, mx_error *err) {
    stale_types s = {g, report, MX_OK, err};
    MX_TRY(mx_drop_stale_types(g, tell_stale, &s, &report->types_dropped, err));
    return s.status;
}

mx_status mx_load_graphml(const mx_env *env, const char *path, const char *sidecar, mx_graph **out, mx_weights *weights,
                          mx_graphml_report *report, mx_traces *traces, char *sidecar_path, mx_error *err) {
    *out = NULL;
    *weights = (mx_weights){0};
    if (sidecar_path) sidecar_path[0] = '\0';
    MX_TRY(mx_at_file(err, mx_graphml_read(env, path, out, weights, report, traces, err), path));
    /* Files of the earlier generation have read their weights already. */
    mx_status status = report->legacy ? MX_OK : bind_weights(*out, path, sidecar, weights, sidecar_path, err);
    if (status == MX_OK) status = mx_onnx_read_opaque(*out, err);
    if (status == MX_OK && !report->legacy) status = mx_at_file(err, drop_stale_types(*out, report, err), path);
    if (status == MX_OK) return MX_OK;
    mx_graph_release(*out);
    mx_source_release(weights->image);
    *out = NULL;
    weights->image = NULL;
    return status;
}

mx_status mx_graph_load_graphml(const mx_env *env, const char *path, const char *sidecar, mx_graph **out,
                                mx_error *err) {
    mx_weights weights;
    mx_graphml_report report;
    MX_TRY(mx_load_graphml(env, path, sidecar, out, &weights, &report, NULL, NULL, err));
    mx_source_release(weights.image); /* the graph holds a reference of its own */
    return MX_OK;
}

static mx_status load_onnx(const mx_env *env, const char *path, bool groups, mx_graph **out, mx_error *err) {
    MX_TRY(mx_at_file(err, mx_onnx_read(env, path, out, err), path));
    mx_status status = mx_graph_wire(*out, err);
    if (status == MX_OK && groups) status = mx_group_modules(*out, path, NULL, err);
    if (status == MX_OK) return MX_OK;
    mx_graph_release(*out);
    *out = NULL;
    return mx_at_file(err, status, path);
}

mx_status mx_graph_load_onnx(const mx_env *env, const char *path, mx_graph **out, mx_error *err) {
    return load_onnx(env, path, true, out, err);
}

static mx_status load_any(const mx_env *env, const char *path, bool groups, mx_graph **out, mx_error *err) {
    return mx_path_has_ending(path, ".graphml") ? mx_graph_load_graphml(env, path, NULL, out, err)
                                                : load_onnx(env, path, groups, out, err);
}

mx_status mx_graph_load(const mx_env *env, const char *path, mx_graph **out, mx_error *err) {
    return load_any(env, path, true, out, err);
}

mx_status mx_load_as_it_is(const mx_env *env, const char *path, mx_graph **out, mx_error *err) {
    return load_any(env, path, false, out, err);
}

mx_status mx_graph_create(const mx_env *env, mx_graph **out, mx_error *err) {
    return mx_graph_new(env, out, err);
}

void mx_graph_free(mx_graph *graph) {
    mx_graph_release(graph);
}
