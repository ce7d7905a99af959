#include "api/load.h"
#include "api/validate.h"
#include "htp/summary.h"
#include "onnx_io/onnx_io.h"

#include <stdio.h>
#include <sys/stat.h>

static bool is_graphml(const char *path) {
    return mx_path_has_ending(path, ".graphml");
}

/* ---- what stands beside the model ---- */

/* The model's path without its ending, and with that of an ONNX file: what the others are named after. */
static bool as_onnx(const char *model, char out[MX_PATH_BYTES]) {
    static const char *const endings[] = {"_hierarchical_graph.graphml", ".graphml", ".onnx"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (mx_path_has_ending(model, endings[i])) return mx_path_with_ending(model, endings[i], ".onnx", out);
    return mx_path_with_ending(model, ".onnx", ".onnx", out);
}

static void find_graphml(mx_validate_job *job) {
    static const char *const endings[] = {"_hierarchical_graph.graphml", ".graphml"};
    const char *given = job->options->graphml;
    struct stat st;
    job->graphml[0] = '\0';
    if (given) snprintf(job->graphml, MX_PATH_BYTES, "%s", given);
    for (int i = 0; i < 2 && !job->graphml[0] && !is_graphml(job->model); i++) {
        bool there = mx_path_with_ending(job->model, ".onnx", endings[i], job->graphml) &&
                     stat(job->graphml, &st) == 0 && S_ISREG(st.st_mode);
        if (!there) job->graphml[0] = '\0';
    }
}

static mx_status read_metadata(mx_validate_job *job, mx_error *err) {
    char path[MX_PATH_BYTES];
    uint32_t depth = job->graph->limits.json_depth;
    if (!as_onnx(job->model, path)) return MX_OK;
    MX_TRY(mx_metadata_file_load(job->env, path, job->options->metadata, &job->metadata_file, err));
    if (!job->metadata_file.path[0]) return MX_OK;
    mx_status status = mx_htp_metadata_read(job->allocator, mx_buffer_str(&job->metadata_file.text), depth, &job->metadata, err);
    job->has_metadata = status == MX_OK;
    return mx_at_file(err, status, job->metadata_file.path);
}

/* Where nobody asked for it, metadata that cannot be read is as if it was not there. */
mx_status mx_validate_load_metadata(mx_validate_job *job, mx_error *err) {
    mx_error own;
    bool wanted = job->options->check_consistency || job->options->metadata || job->options->repair;
    mx_status status = read_metadata(job, &own);
    if (status != MX_OK && (wanted || status == MX_ERR_NOMEM)) {
        if (err) *err = own;
        return status;
    }
    if (status != MX_OK) job->metadata_file.path[0] = '\0';
    find_graphml(job);
    return MX_OK;
}

/* ---- the model ---- */

static mx_status load_onnx(mx_validate_job *job, mx_error *err) {
    mx_source *source;
    MX_TRY(mx_source_open(job->env, job->model, &source, err));
    mx_status status = mx_onnx_read_source(job->env, source, NULL, &job->graph, err);
    mx_source_release(source);
    return status == MX_OK ? mx_graph_wire(job->graph, err) : status;
}

static mx_status enter_operators(mx_validate_job *job, const mx_htp_tagging *tagging, mx_error *err) {
    const mx_graph *g = job->graph;
    mx_htp_stored_keys keys = mx_htp_stored_find_keys(g);
    job->n_places = g->n_nodes;
    job->places = mx_alloc(job->allocator, g->n_nodes * sizeof *job->places);
    job->stored = mx_alloc_zero(job->allocator, job->keys.count + 1, sizeof *job->stored);
    job->auxiliary = mx_alloc_zero(job->allocator, job->keys.count + 1, sizeof *job->auxiliary);
    job->unordered = mx_alloc_zero(job->allocator, g->n_nodes, sizeof *job->unordered);
    if (!job->places || !job->stored || !job->auxiliary || !job->unordered) return mx_nomem(err);
    memset(job->places, 0xff, g->n_nodes * sizeof *job->places); /* MX_NO_INDEX */
    for (size_t i = 0; i < job->keys.count; i++) {
        mx_node_id id = job->keys.operators[i];
        job->places[id] = (uint32_t)i;
        job->stored[i] = mx_htp_stored_of(mx_node_at(g, id), &keys);
        job->auxiliary[i] = mx_htp_label_of(tagging, id).auxiliary;
        mx_str method = mx_text(g, job->stored[i].method);
        job->n_tagged += job->stored[i].tag > MX_SID_EMPTY;
        job->by_htp |= mx_str_is(method, "inherited") || mx_str_is(method, "root");
    }
    return MX_OK;
}

static mx_status look_at_operators(mx_validate_job *job, mx_error *err) {
    const mx_htp_options options = {0};
    mx_htp_tagging tagging;
    MX_TRY(mx_htp_keys_make(job->graph, &job->keys, err));
    MX_TRY(mx_htp_tag(job->graph, &options, &tagging, err));
    mx_status status = enter_operators(job, &tagging, err);
    mx_htp_tagging_free(&tagging);
    return status;
}

mx_status mx_validate_load(mx_validate_job *job, mx_error *err) {
    bool graphml = is_graphml(job->model);
    mx_status status = graphml ? mx_graph_load_graphml(job->env, job->model, NULL, &job->graph, err) : load_onnx(job, err);
    if (status == MX_OK) status = look_at_operators(job, err);
    if (status != MX_OK) return mx_at_file(err, status, job->model);
    MX_TRY(mx_validate_load_metadata(job, err));
    if (job->has_metadata && job->metadata.tells_strategy) job->by_htp = job->metadata.by_htp;
    job->by_htp = job->by_htp && job->n_tagged > 0;
    return mx_validate_vote(job, err);
}

void mx_validate_unload(mx_validate_job *job) {
    const mx_allocator *a = job->allocator;
    mx_free(a, job->places, job->n_places * sizeof *job->places);
    mx_free(a, job->stored, (job->keys.count + 1) * sizeof *job->stored);
    mx_free(a, job->auxiliary, (job->keys.count + 1) * sizeof *job->auxiliary);
    mx_free(a, job->unordered, job->n_places * sizeof *job->unordered);
    mx_free(a, job->voted, job->n_voted * sizeof *job->voted);
    mx_htp_keys_free(&job->keys);
    mx_htp_metadata_free(&job->metadata);
    mx_metadata_file_free(&job->metadata_file);
    mx_graph_release(job->graph);
    job->graph = NULL;
    job->places = NULL;
    job->stored = NULL;
    job->auxiliary = NULL;
    job->voted = NULL;
    job->unordered = NULL;
    job->n_places = job->n_tagged = job->n_voted = 0;
    job->has_metadata = job->by_htp = false;
}
