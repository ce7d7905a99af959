#include "api/export.h"
#include "converter/dtype.h"
#include "converter/edit.h"

/* ---- renaming inputs and outputs ---- */

/* All get names of their own first, so that names can be exchanged. */
static mx_status free_names(mx_graph *g, const mx_node_id *nodes, const char *const *names, size_t count, mx_error *err) {
    for (size_t i = 0; i < count; i++) {
        mx_sid fresh;
        if (mx_str_is(mx_text(g, mx_node_at(g, nodes[i])->name), names[i])) continue;
        MX_TRY(mx_edit_fresh_name(g, mx_str_of(names[i]), &fresh, err));
        MX_TRY(mx_node_set_name(g, nodes[i], mx_text(g, fresh), err));
    }
    return MX_OK;
}

static mx_status give_names(mx_graph *g, const mx_node_id *nodes, const char *const *names, size_t count, mx_error *err) {
    for (size_t i = 0; i < count; i++) {
        if (mx_str_is(mx_text(g, mx_node_at(g, nodes[i])->name), names[i])) continue;
        MX_TRY(mx_node_set_name(g, nodes[i], mx_str_of(names[i]), err));
    }
    return MX_OK;
}

/* Inputs of the model that the caller feeds: not those that an initializer gives a default value. */
static size_t fed_inputs(const mx_graph *g, mx_node_id *out) {
    const mx_scope_data *s = &g->scopes[0];
    size_t n = 0;
    for (size_t i = 0; i < s->n_inputs; i++)
        if (!mx_scope_has_initializer(g, s, mx_node_at(g, s->inputs[i])->name)) out[n++] = s->inputs[i];
    return n;
}

static mx_status too_many(const char *key, size_t names, size_t there, mx_error *err) {
    return mx_fail(err, MX_ERR_INVALID, "\"%s\" of the configuration gives %zu names where the model has %zu", key, names,
                   there);
}

static mx_status rename_with(mx_graph *g, const mx_export_config *c, mx_node_id *inputs, mx_error *err) {
    const mx_scope_data *s = &g->scopes[0];
    size_t n = fed_inputs(g, inputs);
    if (c->n_input_names > n) return too_many("input_names", c->n_input_names, n, err);
    if (c->n_output_names > s->n_outputs) return too_many("output_names", c->n_output_names, s->n_outputs, err);
    MX_TRY(free_names(g, inputs, c->input_names, c->n_input_names, err));
    MX_TRY(free_names(g, s->outputs, c->output_names, c->n_output_names, err));
    MX_TRY(give_names(g, inputs, c->input_names, c->n_input_names, err));
    return give_names(g, s->outputs, c->output_names, c->n_output_names, err);
}

static mx_status rename_values(mx_export_job *job, mx_error *err) {
    mx_graph *g = job->graph;
    size_t n = g->scopes[0].n_inputs + 1;
    if (!job->config.n_input_names && !job->config.n_output_names) return MX_OK;
    mx_node_id *inputs = mx_alloc(g->allocator, n * sizeof *inputs);
    if (!inputs) return mx_nomem(err);
    mx_status status = rename_with(g, &job->config, inputs, err);
    mx_free(g->allocator, inputs, n * sizeof *inputs);
    return status;
}

/* ---- what the samples should look like ---- */

static mx_status check_spec(const mx_input_spec *spec, const mx_type *t, mx_error *err) {
    mx_shown name = mx_show(mx_str_of(spec->name));
    if (spec->dtype && t->has_elem && mx_dtype_parse(spec->dtype) != t->elem)
        return mx_fail(err, MX_ERR_INVALID, "\"input_specs\" of the configuration: %s is %s in the model, not %s", name.text,
                       mx_dtype_name(t->elem) ? mx_dtype_name(t->elem) : "of another type", spec->dtype);
    if (!spec->shape || !t->has_shape) return MX_OK;
    if (spec->rank != t->n_dims)
        return mx_fail(err, MX_ERR_INVALID, "\"input_specs\" of the configuration: %s has %u dimensions in the model, not %zu",
                       name.text, t->n_dims, spec->rank);
    for (size_t i = 0; i < spec->rank; i++)
        if (t->dims[i].kind == MX_DIM_VALUE && t->dims[i].value != spec->shape[i])
            return mx_fail(err, MX_ERR_INVALID,
                           "\"input_specs\" of the configuration: dimension %zu of %s is %lld in the model, not %lld", i,
                           name.text, (long long)t->dims[i].value, (long long)spec->shape[i]);
    return MX_OK;
}

static mx_status check_specs(const mx_export_job *job, mx_error *err) {
    const mx_graph *g = job->graph;
    const mx_scope_data *s = &g->scopes[0];
    for (size_t i = 0; i < job->config.n_input_specs; i++) {
        const mx_input_spec *spec = &job->config.input_specs[i];
        size_t k = 0;
        while (k < s->n_inputs && !mx_str_is(mx_text(g, mx_node_at(g, s->inputs[k])->name), spec->name)) k++;
        if (k == s->n_inputs)
            return mx_fail(err, MX_ERR_INVALID, "\"input_specs\" of the configuration: the model has no input %s",
                           mx_show(mx_str_of(spec->name)).text);
        uint32_t type = mx_node_at(g, s->inputs[k])->data;
        if (type < g->n_types) MX_TRY(check_spec(spec, &g->types[type], err));
    }
    return MX_OK;
}

/* ---- the rest ---- */

static mx_status check_opset(mx_export_job *job, mx_error *err) {
    int wanted = job->options->opset_version ? job->options->opset_version : job->config.opset_version;
    int64_t own = mx_htp_opset_version(job->graph);
    if (job->kind == MX_EXPORT_PT2) return MX_OK;
    if (!wanted || wanted == own) return MX_OK;
    return mx_export_warn(job, err, "the model keeps its own opset version, %lld: %d was asked for", (long long)own, wanted);
}

static mx_status check_traced(mx_export_job *job, mx_error *err) {
    if (job->options->input_text || job->options->input_shape)
        MX_TRY(mx_export_warn(job, err, "%s is not traced: the sample input is not used",
                              job->kind == MX_EXPORT_PT2 ? "a saved program" : "an ONNX model"));
    if (job->kind == MX_EXPORT_PT2) return MX_OK;
    if (job->config.do_constant_folding == MX_YES)
        MX_TRY(mx_export_warn(job, err, "\"do_constant_folding\": an ONNX model is written as it is, nothing is folded"));
    if (job->config.export_params == MX_NO)
        return mx_fail(err, MX_ERR_UNSUPPORTED, "\"export_params\" false of the configuration: the weights of an ONNX model "
                                                "cannot be left out");
    return MX_OK;
}

mx_status mx_export_apply_config(mx_export_job *job, mx_error *err) {
    MX_TRY(check_opset(job, err));
    MX_TRY(check_traced(job, err));
    MX_TRY(rename_values(job, err));
    MX_TRY(mx_export_apply_axes(job, err));
    return check_specs(job, err);
}
