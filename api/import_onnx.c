/* GraphML, with its edits, to ONNX. */
#include "api/import_report.h"
#include "api/load.h"
#include "api/paths.h"
#include "converter/check.h"
#include "onnx_io/onnx_io.h"

#include <stdio.h>

typedef struct import_job {
    const mx_env *env;
    const char *graphml, *output;
    const mx_import_onnx_options *options;
    mx_graph *graph;
    mx_weights weights;
    mx_graphml_report report;
    mx_traces traces; /* where a report is wanted */
    mx_import_source source;
    char sidecar[MX_PATH_BYTES];
    mx_outfile report_file; /* open where a report is wanted */
} import_job;

/* The first problem becomes the error; the others are only counted. */
typedef struct first_problem {
    const mx_graph *graph;
    mx_error *err;
    bool found;
} first_problem;

static void keep_first(void *ctx, const mx_problem *p) {
    first_problem *first = ctx;
    if (first->found) return;
    first->found = true;
    mx_fail(first->err, MX_ERR_INVALID, "the result would not be valid: %s", p->message);
    if (p->node != MX_NO_NODE)
        mx_at_node(first->err, MX_ERR_INVALID, mx_text(first->graph, mx_node_at(first->graph, p->node)->name));
}

static mx_status validate(const mx_graph *g, mx_error *err) {
    mx_error unused;
    first_problem first = {g, err ? err : &unused, false};
    uint64_t count;
    MX_TRY(mx_graph_check(g, keep_first, &first, &count, err));
    return count ? MX_ERR_INVALID : MX_OK;
}

/* What was written, read back and checked: whatever went wrong between graph and file shows here. */
static mx_status validate_written(const import_job *job, mx_source *written, mx_error *err) {
    mx_graph *g;
    MX_TRY(mx_onnx_read_source(job->env, written, NULL, &g, err));
    mx_status status = mx_graph_wire(g, err);
    if (status == MX_OK) status = validate(g, err);
    mx_graph_release(g);
    return mx_at_file(err, status, job->graphml);
}

/* The model is whole, and not in its place yet: now the report must be, too; only its renaming is left for later. */
static mx_status before_placing(void *ctx, mx_source *written, mx_error *err) {
    import_job *job = ctx;
    if (job->options->validate) MX_TRY(validate_written(job, written, err));
    if (!job->options->report) return MX_OK;
    const mx_import_report_names names = {mx_path_base(job->graphml), mx_path_base(job->output), &job->source};
    MX_TRY(mx_import_report_write(job->graph, &job->report, &names, &job->report_file, err));
    return mx_outfile_finish(&job->report_file, err);
}

static mx_status sidecar_location(const import_job *job, char out[MX_PATH_BYTES], mx_error *err) {
    const char *why = NULL;
    if (job->report.legacy || job->weights.strategy != MX_PARAMETERS_SIDECAR) {
        why = "this GraphML has no .onnxdata file to point at; export it with the strategy 'sidecar'";
    } else if (!mx_path_below(job->output, job->sidecar, out)) {
        why = "the .onnxdata file must lie in the output's folder or below it to be pointed at; import without "
              "external data";
    }
    if (!why) return MX_OK;
    return mx_at_file(err, mx_fail(err, MX_ERR_USAGE, "%s", why), job->graphml);
}

/* Before the output takes the place of the source, which may be the same file. */
static mx_status ask_source(import_job *job, mx_error *err) {
    const mx_import_source_question q = {.graphml = job->graphml,
                                         .given = job->options->source,
                                         .weights = &job->weights,
                                         .traces = &job->traces,
                                         .graph = job->graph,
                                         .report = &job->report};
    return mx_import_ask_source(job->env, &q, &job->source, err);
}

static mx_status run(import_job *job, mx_error *err) {
    char location[MX_PATH_BYTES];
    mx_onnx_write_options options = {0};
    bool wanted = job->options->validate || job->options->report;
    MX_TRY(mx_load_graphml(job->env, job->graphml, job->options->sidecar, &job->graph, &job->weights, &job->report,
                           job->options->report ? &job->traces : NULL, job->sidecar, err));
    if (job->options->external_data) {
        MX_TRY(sidecar_location(job, location, err));
        options.sidecar_location = location;
    }
    if (job->weights.strategy != MX_PARAMETERS_REFERENCE) MX_TRY(mx_path_is_no_source(job->graph, job->output, err));
    if (job->options->validate) MX_TRY(mx_at_file(err, validate(job->graph, err), job->graphml));
    if (job->options->report) MX_TRY(ask_source(job, err));
    return mx_onnx_write(job->graph, job->output, &options, wanted ? before_placing : NULL, job, err);
}

/* A report that could not be put anywhere is known before the model is written. */
static mx_status run_with_report(import_job *job, mx_error *err) {
    MX_TRY(mx_outfile_open(job->env, job->options->report, &job->report_file, err));
    mx_status status = run(job, err);
    if (status == MX_OK) status = mx_outfile_commit(&job->report_file, err);
    mx_outfile_close(&job->report_file);
    return status;
}

mx_status mx_import_onnx(const mx_env *env, const char *graphml, const char *output,
                         const mx_import_onnx_options *options, mx_import_onnx_result *result, mx_error *err) {
    static const mx_import_onnx_options defaults = {0};
    import_job job = {.env = env, .graphml = graphml, .output = output, .options = options ? options : &defaults};
    if (job.options->source && !job.options->report)
        return mx_fail(err, MX_ERR_USAGE, "a source model is of use only with a report");
    mx_status status = job.options->report ? run_with_report(&job, err) : run(&job, err);
    if (status == MX_OK && result) {
        const mx_graphml_report *r = &job.report;
        *result = (mx_import_onnx_result){.nodes_new = r->nodes_new,
                                          .nodes_deleted = r->nodes_deleted,
                                          .nodes_moved = r->nodes_moved,
                                          .ports_changed = r->ports_changed,
                                          .initializers_dropped = r->initializers_dropped,
                                          .unknown_keys = r->unknown_keys,
                                          .nodes_changed = r->nodes_changed,
                                          .nodes_retagged = r->nodes_retagged,
                                          .types_dropped = r->types_dropped,
                                          .labels_changed = r->labels_changed,
                                          .tags_ignored = r->tags_ignored};
    }
    mx_source_release(job.weights.image);
    mx_graph_release(job.graph);
    return status;
}
