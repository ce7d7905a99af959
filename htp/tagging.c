#include "htp/tagging.h"

#include "htp/auxiliary.h"
#include "htp/functions.h"
#include "htp/served.h"
#include "htp/sources.h"

#include <time.h>

typedef struct job {
    mx_graph *g;
    const mx_htp_options *options;
    mx_htp_tagging *t;
    mx_htp_sources sources;
    mx_htp_functions functions;
    mx_error *err;
} job;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the tree ---- */

static void renumber(job *j, const uint32_t *number) {
    mx_htp_sources *s = &j->sources;
    for (size_t i = 0; i < s->n_scopes; i++)
        if (s->scopes[i].module != MX_NO_INDEX) s->scopes[i].module = number[s->scopes[i].module];
    for (size_t i = 0; i < s->n_names; i++)
        if (s->owners[i]) s->owners[i] = number[s->owners[i] - 1] + 1;
    for (uint32_t i = 0; i < j->functions.n; i++) j->functions.homes[i] = number[j->functions.homes[i]];
}

static mx_status arrange(job *j) {
    size_t n = j->t->tree.count;
    uint32_t *number = mx_alloc_zero(j->g->allocator, n, sizeof *number);
    if (!number) return mx_nomem(j->err);
    mx_status status = mx_htp_tree_arrange(&j->t->tree, number, j->err);
    if (status == MX_OK) renumber(j, number);
    mx_free(j->g->allocator, number, n * sizeof *number);
    return status;
}

static mx_status build_tree(job *j) {
    mx_htp_sources *s = &j->sources;
    if (j->options->metadata) MX_TRY(mx_htp_read_metadata(s, j->options->metadata, j->options->metadata_size));
    MX_TRY(mx_htp_collect_scopes(s, j->options));
    MX_TRY(mx_htp_resolve_scopes(s));
    MX_TRY(mx_htp_functions_init(&j->functions, s));
    MX_TRY(mx_htp_functions_place(&j->functions, s));
    MX_TRY(arrange(j));
    return mx_htp_tree_settle(&j->t->tree, j->options->torch_module, j->err);
}

/* ---- labels from own scopes ---- */

static void label_by_scope(job *j, mx_node_id id) {
    mx_htp_label *label = &j->t->labels[id];
    uint32_t index = j->sources.scope_of[id];
    mx_htp_method told = (mx_htp_method)label->method;
    const mx_htp_scope *scope = index ? &j->sources.scopes[index - 1] : NULL;
    label->method = MX_HTP_NONE;
    if (!scope || scope->module == MX_NO_INDEX) {
        label->source = MX_HTP_FROM_NOTHING;
        return;
    }
    label->module = scope->module;
    label->method = (uint8_t)(scope->exact ? MX_HTP_DIRECT : MX_HTP_PARENT);
    if (scope->exact && told != MX_HTP_NONE) label->method = (uint8_t)told;
}

static void label_by_parameter(job *j, mx_node_id id) {
    mx_htp_label *label = &j->t->labels[id];
    bool exact;
    label->module = mx_htp_parameter_module(&j->sources, id, &exact, &label->merged);
    label->folded = mx_htp_takes_folded(&j->sources, id);
    if (label->module == MX_NO_INDEX) return;
    label->method = (uint8_t)(exact ? MX_HTP_DIRECT : MX_HTP_PARENT);
    label->source = MX_HTP_FROM_PARAMETER;
}

static void label_function(job *j, uint32_t function) {
    const mx_scope_data *s = &j->g->scopes[mx_node_at(j->g, j->functions.nodes[function])->data];
    for (size_t i = 0; i < s->n_operators; i++) {
        mx_htp_label *label = &j->t->labels[s->operators[i]];
        if (label->module != MX_NO_INDEX) continue;
        label->module = j->functions.homes[function];
        label->method = (uint8_t)(j->functions.exact[function] ? MX_HTP_DIRECT : MX_HTP_PARENT);
        label->source = MX_HTP_FROM_FUNCTION;
    }
}

/* Whether the source program's module stack tells of most operators. */
static bool has_stack(const job *j) {
    size_t told = 0, all = 0;
    for (mx_node_id id = 0; id < j->g->n_nodes; id++) {
        all += mx_node_at(j->g, id)->kind == MX_NODE_OPERATOR;
        told += j->t->labels[id].source == MX_HTP_FROM_TORCH || j->t->labels[id].source == MX_HTP_FROM_STACK;
    }
    return told * 2 > all;
}

static mx_status label_by_sources(job *j) {
    bool fx = j->options->strategy == MX_HTP_STRATEGY_FX;
    for (mx_node_id id = 0; id < j->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(j->g, id);
        if (n->kind != MX_NODE_OPERATOR || (n->flags & MX_FLAG_REMOVED)) continue;
        label_by_scope(j, id);
        if (j->t->labels[id].module == MX_NO_INDEX && !fx) label_by_parameter(j, id);
    }
    for (uint32_t i = 0; i < j->functions.n && !fx; i++) label_function(j, i);
    j->t->native_stack = has_stack(j);
    if (fx && !j->t->native_stack)
        return mx_fail(j->err, MX_ERR_UNSUPPORTED,
                       "the strategy fx needs the source program's module stack, which this model does not carry "
                       "(pkg.torch.onnx.name_scopes in the metadata of its nodes); use htp");
    return MX_OK;
}

/* ---- the others ---- */

/* What nothing tells of: in a body the module of its operator, elsewhere the root. Owners have smaller ids. */
static void label_rest(job *j) {
    for (mx_node_id id = 0; id < j->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(j->g, id), *scope;
        mx_htp_label *label = &j->t->labels[id];
        if (n->kind != MX_NODE_OPERATOR || (n->flags & MX_FLAG_REMOVED) || label->module != MX_NO_INDEX) continue;
        scope = mx_node_at(j->g, n->scope);
        bool body = scope->kind == MX_NODE_BODY;
        label->module = body ? j->t->labels[scope->parent].module : 0;
        label->method = (uint8_t)(body ? MX_HTP_INHERITED : MX_HTP_ROOT);
        if (body && j->t->labels[scope->parent].method == MX_HTP_ROOT) label->method = MX_HTP_ROOT;
    }
}

static mx_status run(job *j) {
    double begin = seconds();
    MX_TRY(build_tree(j));
    MX_TRY(label_by_sources(j));
    MX_TRY(mx_htp_mark_auxiliary(&j->sources, j->t));
    double told = seconds();
    j->t->context_seconds = told - begin;
    if (j->options->strategy != MX_HTP_STRATEGY_HTP) return MX_OK;
    MX_TRY(mx_htp_infer(j->g, j->t, j->err));
    double inferred = seconds();
    j->t->inheritance_seconds = inferred - told;
    label_rest(j);
    MX_TRY(mx_htp_find_served(j->g, j->t, &j->functions, j->err));
    j->t->fallback_seconds = seconds() - inferred;
    return MX_OK;
}

mx_status mx_htp_tag(mx_graph *g, const mx_htp_options *options, mx_htp_tagging *out, mx_error *err) {
    static const mx_htp_options defaults = {0};
    job j = {.g = g, .options = options ? options : &defaults, .t = out, .err = err};
    *out = (mx_htp_tagging){.n_labels = g->n_nodes};
    mx_status status = mx_htp_tree_init(&out->tree, g, err);
    if (status == MX_OK) {
        out->labels = mx_alloc_zero(g->allocator, out->n_labels, sizeof *out->labels);
        if (!out->labels) status = mx_nomem(err);
    }
    if (status == MX_OK) {
        for (size_t i = 0; i < out->n_labels; i++) out->labels[i].module = MX_NO_INDEX;
        status = mx_htp_sources_init(&j.sources, g, out, err);
        if (status == MX_OK) status = run(&j);
        mx_htp_functions_free(&j.functions, g);
        mx_htp_sources_free(&j.sources);
    }
    if (status != MX_OK) mx_htp_tagging_free(out);
    return status;
}

void mx_htp_tagging_free(mx_htp_tagging *t) {
    if (t->tree.g) {
        const mx_allocator *a = t->tree.g->allocator;
        mx_free(a, t->labels, t->n_labels * sizeof *t->labels);
        mx_free(a, t->served, t->cap_served * sizeof *t->served);
    }
    mx_htp_tree_free(&t->tree);
    *t = (mx_htp_tagging){0};
}
