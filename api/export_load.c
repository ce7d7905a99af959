/* Reading what is to be exported. */
#include "api/export.h"
#include "onnx_io/onnx_io.h"

static mx_status load_onnx(mx_export_job *job, mx_error *err) {
    MX_TRY(mx_onnx_read(job->env, job->model, &job->graph, err));
    return mx_graph_wire(job->graph, err);
}

static mx_status load_pt2(mx_export_job *job, mx_error *err) {
    const mx_export_options *o = job->options;
    const mx_torch_options options = {.opset = o->opset_version ? o->opset_version : job->config.opset_version,
                                      .weights_in_place = o->external_data == MX_EXTERNAL_SOURCE,
                                      .keep_constant_ops = job->config.do_constant_folding == MX_NO,
                                      .weights_as_inputs = job->config.export_params == MX_NO,
                                      .fold_norms = o->optimize,
                                      .stack_traces = o->with_stack_traces};
    if (o->metadata)
        return mx_fail(err, MX_ERR_USAGE, "a metadata file is for an ONNX model: a saved program brings its own modules along");
    return mx_torch_read_pt2(job->env, job->model, &options, &job->graph, &job->torch, err);
}

mx_status mx_export_load(mx_export_job *job, mx_error *err) {
    return mx_at_file(err, job->kind == MX_EXPORT_PT2 ? load_pt2(job, err) : load_onnx(job, err), job->model);
}

bool mx_export_operator(size_t i, mx_source_operator *out) {
    mx_torch_op op;
    if (!mx_torch_list_op(i, &op)) return false;
    *out = (mx_source_operator){op.target, op.onnx, op.family, op.opset};
    return true;
}
