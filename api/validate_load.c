#include "api/load.h"
#include "api/validate.h"
#include "htp/summary.h"
#include "onnx_io/onnx_io.h"

static mx_status load_onnx(mx_validate_job *job, mx_error *err) {
    mx_source *source;
    MX_TRY(mx_source_open(job->env, job->model, &source, err));
    mx_status status = mx_onnx_read_source(job->env, source, NULL, &job->graph, err);
    mx_source_release(source);
    return status == MX_OK ? mx_graph_wire(job->graph, err) : status;
}

static mx_status enter_operators(mx_validate_job *job, const mx_htp_tagging *tagging, mx_error *err) {
    size_t n = job->graph->n_nodes, count = job->tags.keys.count;
    job->n_places = n;
    job->places = mx_alloc(job->allocator, n * sizeof *job->places);
    job->auxiliary = mx_alloc_zero(job->allocator, count + 1, sizeof *job->auxiliary);
    job->unordered = mx_alloc_zero(job->allocator, n, sizeof *job->unordered);
    if (!job->places || !job->auxiliary || !job->unordered) return mx_nomem(err);
    memset(job->places, 0xff, n * sizeof *job->places); /* MX_NO_INDEX */
    for (size_t i = 0; i < count; i++) {
        job->places[job->tags.keys.operators[i]] = (uint32_t)i;
        job->auxiliary[i] = mx_htp_label_of(tagging, job->tags.keys.operators[i]).auxiliary;
    }
    return MX_OK;
}

static mx_status look_at_operators(mx_validate_job *job, mx_error *err) {
    const mx_htp_options options = {0};
    mx_htp_tagging tagging;
    MX_TRY(mx_htp_tag(job->graph, &options, &tagging, err));
    mx_status status = enter_operators(job, &tagging, err);
    mx_htp_tagging_free(&tagging);
    return mx_at_file(err, status, job->model);
}

mx_status mx_validate_load(mx_validate_job *job, mx_error *err) {
    const mx_validate_options *o = job->options;
    bool strict = o->check_consistency || o->metadata || o->repair;
    mx_status status = mx_path_has_ending(job->model, ".graphml")
                           ? mx_graph_load_graphml(job->env, job->model, NULL, &job->graph, err)
                           : load_onnx(job, err);
    if (status != MX_OK) return mx_at_file(err, status, job->model);
    MX_TRY(mx_consistency_load(&job->tags, job->graph, strict, err));
    return look_at_operators(job, err);
}

void mx_validate_unload(mx_validate_job *job) {
    const mx_allocator *a = job->allocator;
    mx_free(a, job->places, job->n_places * sizeof *job->places);
    mx_free(a, job->auxiliary, (job->tags.keys.count + 1) * sizeof *job->auxiliary);
    mx_free(a, job->unordered, job->n_places * sizeof *job->unordered);
    mx_consistency_free(&job->tags);
    mx_graph_release(job->graph);
    job->graph = NULL;
    job->places = NULL;
    job->auxiliary = NULL;
    job->unordered = NULL;
    job->n_places = 0;
}
