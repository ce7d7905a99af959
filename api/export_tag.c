/* Choosing a strategy, tagging with it, and writing the tags into the graph. */
#include "api/export.h"
#include "htp/strategy.h"

#include <stdio.h>

/* ---- strategies ---- */

static mx_htp_strategy htp_strategy(mx_strategy s) {
    static const mx_htp_strategy of[] = {[MX_STRATEGY_AUTO] = MX_HTP_STRATEGY_HTP,
                                         [MX_STRATEGY_HTP] = MX_HTP_STRATEGY_HTP,
                                         [MX_STRATEGY_USAGE_BASED] = MX_HTP_STRATEGY_USAGE_BASED,
                                         [MX_STRATEGY_FX] = MX_HTP_STRATEGY_FX};
    return of[s];
}

static mx_status check_coverage(const mx_export_job *job, mx_error *err) {
    const mx_graph *g = job->graph;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        if (n->kind != MX_NODE_OPERATOR || (n->flags & MX_FLAG_REMOVED)) continue;
        if (mx_htp_label_of(&job->tagging, id).module < job->tagging.tree.count) continue;
        mx_fail(err, MX_ERR_COVERAGE_VALIDATION, "operator %s was left without a tag",
                mx_show(mx_text(g, n->op_type)).text);
        return mx_at_node(err, MX_ERR_COVERAGE_VALIDATION, mx_text(g, n->name));
    }
    return MX_OK;
}

static mx_status tag_with(mx_export_job *job, mx_strategy strategy, mx_error *err) {
    bool has_tree = job->metadata.path[0] != '\0';
    mx_htp_options options = {.strategy = htp_strategy(strategy),
                              .torch_module = job->options->torch_module,
                              .metadata = has_tree ? job->metadata.text.data : NULL,
                              .metadata_size = has_tree ? job->metadata.text.size : 0,
                              .module_stack = job->kind == MX_EXPORT_PT2 && job->options->builtin_tracking,
                              .ignore_torch = !job->options->builtin_tracking};
    MX_TRY(mx_export_note(job, &job->tried, err, "%s", mx_strategy_name(strategy)));
    mx_status status = mx_htp_tag(job->graph, &options, &job->tagging, err);
    if (status == MX_OK && strategy == MX_STRATEGY_HTP) status = check_coverage(job, err);
    if (status != MX_OK) mx_htp_tagging_free(&job->tagging);
    return status;
}

/* Whether another strategy may serve where this one could not. */
static bool may_fall_back(mx_status status) {
    return status == MX_ERR_UNSUPPORTED || status == MX_ERR_AUXILIARY_OPERATION ||
           status == MX_ERR_CONTEXT_INHERITANCE || status == MX_ERR_COVERAGE_VALIDATION;
}

mx_status mx_export_tag_by(mx_export_job *job, mx_strategy *strategy, mx_error *err) {
    static const mx_strategy next[] = {[MX_STRATEGY_AUTO] = MX_STRATEGY_HTP,
                                       [MX_STRATEGY_FX] = MX_STRATEGY_HTP,
                                       [MX_STRATEGY_HTP] = MX_STRATEGY_USAGE_BASED,
                                       [MX_STRATEGY_USAGE_BASED] = MX_STRATEGY_USAGE_BASED};
    for (;;) {
        mx_error own = {.message = ""};
        mx_status status = tag_with(job, *strategy, &own);
        mx_strategy other = next[*strategy];
        bool again = job->options->strategy == MX_STRATEGY_AUTO && may_fall_back(status) && other != *strategy;
        if (!again && err && status != MX_OK) *err = own;
        if (!again) return status;
        MX_TRY(mx_export_warn(job, err, "strategy %s cannot serve (%s): falling back to %s", mx_strategy_name(*strategy),
                              own.message, mx_strategy_name(other)));
        *strategy = other;
    }
}

static void name_strategy(mx_export_job *job, mx_strategy strategy) {
    job->native_stack = job->tagging.native_stack && job->options->builtin_tracking;
    bool builtin = strategy == MX_STRATEGY_HTP && job->native_stack;
    job->strategy = builtin ? "htp_builtin" : mx_strategy_name(strategy);
}

/* ---- what is said of it ---- */

static void log_auxiliary(const mx_export_job *job, size_t place, const mx_htp_label *l) {
    const mx_env *env = job->env;
    const mx_htp_tree *t = &job->tagging.tree;
    mx_str none = MX_STR_LITERAL("(none)");
    char line[700];
    snprintf(line, sizeof line, "auxiliary operator %s (%s): %s%s%s", mx_show(job->keys.keys[place]).text,
             mx_show(mx_text(job->graph, mx_node_at(job->graph, job->keys.operators[place])->op_type)).text,
             l->method ? mx_htp_method_name(l->method) : "no tag", l->method ? ", tag " : "",
             l->method ? mx_show(l->module < t->count ? mx_text(job->graph, t->modules[l->module].tag) : none).text : "");
    env->log(env->ctx, MX_LOG_DEBUG, line);
}

static void log_auxiliaries(const mx_export_job *job) {
    if (!job->options->log_auxiliary || !job->env || !job->env->log) return;
    for (size_t i = 0; i < job->keys.count; i++) {
        mx_htp_label l = mx_htp_label_of(&job->tagging, job->keys.operators[i]);
        if (l.auxiliary) log_auxiliary(job, i, &l);
    }
}

static mx_status count(mx_export_job *job, mx_error *err) {
    MX_TRY(mx_htp_keys_make(job->graph, &job->keys, err));
    MX_TRY(mx_htp_summarize(job->graph, &job->tagging, &job->keys, &job->summary, err));
    if (job->kind == MX_EXPORT_PT2) {
        job->summary.source_operators = job->torch.source_operators;
        job->summary.regions = job->torch.native_op_regions;
    }
    mx_htp_recommend_from_tree(&job->tagging.tree, &job->selection);
    log_auxiliaries(job);
    return MX_OK;
}

static mx_htp_attrs attrs_of(mx_hierarchy_attrs a) {
    static const mx_htp_attrs of[] = {[MX_HIERARCHY_METADATA] = MX_HTP_ATTRS_METADATA,
                                      [MX_HIERARCHY_MINIMAL] = MX_HTP_ATTRS_MINIMAL,
                                      [MX_HIERARCHY_ATTRIBUTE] = MX_HTP_ATTRS_ATTRIBUTE,
                                      [MX_HIERARCHY_NONE] = MX_HTP_ATTRS_NONE};
    return of[a];
}

static mx_status tag(mx_export_job *job, mx_error *err) {
    mx_strategy strategy = job->selection.selected;
    mx_status status = mx_export_tag_by(job, &strategy, err);
    bool of_metadata = status == MX_ERR_SYNTAX || status == MX_ERR_INVALID || status == MX_ERR_LIMIT;
    if (of_metadata && job->metadata.path[0]) mx_at_file(err, status, job->metadata.path);
    if (status != MX_OK) return mx_at_file(err, status, job->model);
    name_strategy(job, strategy);
    return MX_OK;
}

mx_status mx_export_tag(mx_export_job *job, mx_error *err) {
    const mx_export_options *o = job->options;
    if (job->kind == MX_EXPORT_ONNX) MX_TRY(mx_metadata_file_load(job->env, job->model, o->metadata, &job->metadata, err));
    MX_TRY(mx_htp_recommend(job->graph, job->metadata.path[0] != '\0', o->strategy, o->prioritize_speed, job->arena,
                            &job->selection, err));
    MX_TRY(tag(job, err));
    MX_TRY(count(job, err));
    return mx_htp_write_tags(job->graph, &job->tagging, attrs_of(o->hierarchy_attrs), err);
}
