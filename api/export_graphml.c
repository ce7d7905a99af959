/* ONNX to GraphML: reads with onnx_io, groups with htp, stores the weights, writes with graphml. */
#include "api/group.h"
#include "api/paths.h"
#include "converter/infer.h"
#include "converter/order.h"
#include "graphml/graphml.h"
#include "onnx_io/onnx_io.h"


typedef struct export_job {
    const mx_env *env;
    const char *model; /* NULL: a graph that is at hand */
    const char *output;
    const mx_export_graphml_options *options;
    mx_graph *graph;
    mx_weights weights;
    mx_types types;
    mx_outfile sidecar, graphml;
    char parameter_file[MX_PATH_BYTES];
} export_job;

static mx_status too_long(const char *path, mx_error *err) {
    return mx_at_file(err, mx_fail(err, MX_ERR_USAGE, "the path is too long"), path);
}

static mx_status store_in(export_job *job, mx_outfile *f, mx_error *err) {
    mx_onnxdata_info info;
    uint32_t source;
    MX_TRY(mx_onnxdata_write(job->graph, f, &info, &source, err));
    job->weights.checksum = info.checksum;
    job->weights.file_size = info.size;
    job->weights.count = info.tensors;
    return MX_OK;
}

static mx_status store_sidecar(export_job *job, mx_error *err) {
    if (!mx_path_with_ending(job->output, ".graphml", ".onnxdata", job->parameter_file))
        return too_long(job->output, err);
    const char *name = mx_path_base(job->parameter_file);
    if (strlen(name) >= sizeof job->weights.file) return too_long(name, err);
    memcpy(job->weights.file, name, strlen(name) + 1);
    MX_TRY(mx_path_is_no_source(job->graph, job->parameter_file, err));
    MX_TRY(mx_outfile_open(job->env, job->parameter_file, &job->sidecar, err));
    return store_in(job, &job->sidecar, err);
}

/* The image is made in an unnamed file first: its size decides how many keys the XML declares. */
static mx_status store_embedded(export_job *job, mx_error *err) {
    char folder[MX_PATH_BYTES];
    mx_path_folder(job->output, folder);
    MX_TRY(mx_outfile_open_unnamed(job->env, folder, &job->sidecar, err));
    MX_TRY(store_in(job, &job->sidecar, err));
    return mx_outfile_source(&job->sidecar, job->env, &job->weights.image, err);
}

static mx_status point_at_model(export_job *job, mx_error *err) {
    char relative[MX_PATH_BYTES];
    if (!job->model) return mx_fail(err, MX_ERR_USAGE, "a graph in memory has no model file to refer to");
    if (!mx_path_below(job->output, job->model, relative) || strlen(relative) >= sizeof job->weights.file) {
        mx_fail(err, MX_ERR_USAGE, "the model must lie in the output's folder or below it to be referred to; use the "
                                   "strategy 'sidecar'");
        return mx_at_file(err, MX_ERR_USAGE, job->model);
    }
    memcpy(job->weights.file, relative, strlen(relative) + 1);
    memcpy(job->parameter_file, job->model, strlen(job->model) + 1);
    for (size_t i = 0; i < job->graph->n_tensors; i++)
        job->weights.count += job->graph->tensors[i].data.source != MX_NO_INDEX;
    return mx_onnx_skeleton_hash(job->graph, &job->weights.file_size, &job->weights.checksum, err);
}

static mx_status store_weights(export_job *job, mx_error *err) {
    job->weights.strategy = job->options->strategy;
    switch (job->weights.strategy) {
    case MX_PARAMETERS_SIDECAR: return store_sidecar(job, err);
    case MX_PARAMETERS_EMBEDDED: return store_embedded(job, err);
    case MX_PARAMETERS_REFERENCE: return point_at_model(job, err);
    }
    return mx_fail(err, MX_ERR_USAGE, "unknown parameter strategy %d", (int)job->weights.strategy);
}

/* The sidecar is put in place first, the GraphML that names it last. */
static mx_status write_graphml(export_job *job, mx_error *err) {
    mx_graphml_write_options options = {.source_name = job->model ? mx_path_base(job->model) : NULL,
                                        .metadata_name = job->options->metadata ? mx_path_base(job->options->metadata) : NULL,
                                        .timestamp = job->options->timestamp,
                                        .collapse_depth = job->options->collapse_depth,
                                        .types = &job->types,
                                        .no_layout = job->options->no_layout};
    MX_TRY(mx_path_is_no_source(job->graph, job->output, err));
    MX_TRY(mx_outfile_open(job->env, job->output, &job->graphml, err));
    MX_TRY(mx_graphml_write(job->graph, &job->weights, &options, &job->graphml, err));
    MX_TRY(mx_outfile_finish(&job->graphml, err));
    if (job->weights.strategy == MX_PARAMETERS_SIDECAR) MX_TRY(mx_outfile_commit(&job->sidecar, err));
    return mx_outfile_commit(&job->graphml, err);
}

/* Types are shown to people; a model whose data cannot be looked at has fewer of them. */
static mx_status find_types(export_job *job, mx_error *err) {
    mx_status status = mx_infer_types(job->graph, &job->types, err);
    return status == MX_ERR_NOMEM ? status : MX_OK;
}

static void count_result(const export_job *job, mx_export_graphml_result *result) {
    const mx_graph *g = job->graph;
    *result = (mx_export_graphml_result){.tensors = job->weights.count};
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        result->nodes += !(n->flags & MX_FLAG_REMOVED);
        for (uint32_t k = 0; k < n->n_inputs; k++) result->edges += n->inputs[k].source != MX_NO_NODE;
    }
    for (size_t i = 0; i < g->n_tensors; i++)
        if (g->tensors[i].data.source != MX_NO_INDEX) result->parameter_bytes += g->tensors[i].data.size;
    size_t n = strlen(job->parameter_file);
    if (n < sizeof result->parameter_file) memcpy(result->parameter_file, job->parameter_file, n + 1);
}

static mx_status load(export_job *job, mx_error *err) {
    if (strlen(job->model) >= MX_PATH_BYTES) return too_long(job->model, err);
    MX_TRY(mx_at_file(err, mx_onnx_read(job->env, job->model, &job->graph, err), job->model));
    MX_TRY(mx_graph_wire(job->graph, err));
    return mx_group_modules(job->graph, job->model, job->options->metadata, err);
}

static mx_status run(export_job *job, mx_export_graphml_result *result, mx_error *err) {
    job->sidecar.fd = job->graphml.fd = -1;
    mx_status status = job->model ? load(job, err) : mx_graph_sort(job->graph, err);
    if (status == MX_OK) status = find_types(job, err);
    if (status == MX_OK) status = store_weights(job, err);
    if (status == MX_OK) status = write_graphml(job, err);
    if (status == MX_OK && result) count_result(job, result);
    mx_outfile_close(&job->graphml);
    mx_outfile_close(&job->sidecar);
    mx_source_release(job->weights.image);
    mx_types_free(&job->types);
    return status;
}

static const mx_export_graphml_options defaults = {.collapse_depth = -1};

mx_status mx_graph_save_graphml(mx_graph *graph, const char *output, const mx_export_graphml_options *options,
                                mx_export_graphml_result *result, mx_error *err) {
    export_job job = {.env = &graph->env, .output = output, .options = options ? options : &defaults, .graph = graph};
    return run(&job, result, err);
}

mx_status mx_export_graphml(const mx_env *env, const char *model, const char *output,
                            const mx_export_graphml_options *options, mx_export_graphml_result *result,
                            mx_error *err) {
    export_job job = {.env = env, .model = model, .output = output, .options = options ? options : &defaults};
    mx_status status = run(&job, result, err);
    mx_graph_release(job.graph);
    return status;
}
