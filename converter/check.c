#include "converter/check_internal.h"

#include <stdio.h>
#include <stdlib.h>

void mx_check_report(mx_checker *c, const char *code, mx_node_id node, uint32_t port, const char *format, ...) {
    char message[768];
    c->count++;
    if (!c->each) return;
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    mx_problem p = {code, node, port, message};
    c->each(c->ctx, &p);
}

/* ---- opsets ---- */

static void check_opsets(mx_checker *c, const mx_scope_data *s) {
    c->open_imports = false;
    for (uint32_t i = 0; i < s->n_opsets; i++) {
        const mx_opset *o = &s->opsets[i];
        if (o->opaque != MX_SID_ABSENT) { /* it may import anything */
            c->open_imports = true;
            continue;
        }
        mx_sid domain = mx_check_domain(c, o->domain);
        mx_shown name = mx_show(mx_text(c->g, domain));
        if (c->imported[domain] == c->root + 1)
            mx_check_report(c, "duplicate-opset-import", s->node, i, "the domain %s is imported twice", name.text);
        if (!o->has_version)
            mx_check_report(c, "opset-without-version", s->node, i, "the import of domain %s names no version",
                            name.text);
        c->imported[domain] = c->root + 1;
    }
}

/* ---- the model ---- */

static void check_types(mx_checker *c, const mx_node_id *nodes, size_t n) {
    const mx_graph *g = c->g;
    for (size_t i = 0; i < n; i++) {
        const mx_node *node = mx_node_at(g, nodes[i]);
        const mx_type *t = node->data < g->n_types ? &g->types[node->data] : NULL;
        bool tensor = t && (t->kind == MX_TYPE_TENSOR || t->kind == MX_TYPE_SPARSE);
        if (!t || t->kind == MX_TYPE_EMPTY || (tensor && (!t->has_elem || t->elem == 0)))
            mx_check_report(c, "missing-type", nodes[i], MX_NO_INDEX, "the %s %s has no type",
                            node->kind == MX_NODE_INPUT ? "input" : "output", mx_show(mx_text(g, node->name)).text);
    }
}

static mx_status check_model(mx_checker *c) {
    const mx_graph *g = c->g;
    const mx_scope_data *s = &g->scopes[0];
    c->root = 0;
    if (!g->model.has_ir_version || g->model.ir_version <= 0)
        mx_check_report(c, "missing-ir-version", 0, MX_NO_INDEX, "the model has no ir_version");
    if (!s->has_graph) mx_check_report(c, "missing-graph", 0, MX_NO_INDEX, "the model has no graph");
    check_opsets(c, s);
    check_types(c, s->inputs, s->n_inputs);
    check_types(c, s->outputs, s->n_outputs);
    return mx_check_values(c, 0);
}

/* ---- functions ---- */

static int compare_functions(const void *a, const void *b, void *ctx) {
    const mx_checker *c = ctx;
    const mx_node *x = mx_node_at(c->g, *(const mx_node_id *)a), *y = mx_node_at(c->g, *(const mx_node_id *)b);
    mx_sid keys[2][3] = {{x->name, mx_check_domain(c, x->domain), x->overload ? x->overload : MX_SID_EMPTY},
                         {y->name, mx_check_domain(c, y->domain), y->overload ? y->overload : MX_SID_EMPTY}};
    for (int i = 0; i < 3; i++)
        if (keys[0][i] != keys[1][i]) return keys[0][i] < keys[1][i] ? -1 : 1;
    return 0;
}

static int compare_ids(const void *a, const void *b) {
    mx_node_id x = *(const mx_node_id *)a, y = *(const mx_node_id *)b;
    return x < y ? -1 : x > y;
}

static void check_function_names(mx_checker *c) {
    qsort_r(c->functions, c->n_functions, sizeof *c->functions, compare_functions, c);
    for (size_t i = 0; i < c->n_functions; i++) {
        const mx_node *f = mx_node_at(c->g, c->functions[i]);
        if (!mx_check_named(f->name))
            mx_check_report(c, "unnamed-function", c->functions[i], MX_NO_INDEX, "a function has no name");
        else if (i && compare_functions(&c->functions[i - 1], &c->functions[i], c) == 0)
            mx_check_report(c, "duplicate-function", c->functions[i], MX_NO_INDEX,
                            "another function of this domain has the name %s", mx_show(mx_text(c->g, f->name)).text);
    }
    qsort(c->functions, c->n_functions, sizeof *c->functions, compare_ids);
}

static mx_status check_function(mx_checker *c, mx_node_id id) {
    const mx_node *f = mx_node_at(c->g, id);
    const mx_scope_data *s = &c->g->scopes[f->data];
    c->root = id;
    for (uint32_t i = 0; i < s->n_attribute_names; i++)
        c->formal[s->attribute_names[i]] = id + 1;
    for (uint32_t i = 0; i < f->n_attrs; i++)
        c->formal[f->attrs[i].name] = id + 1;
    check_opsets(c, s);
    mx_check_attributes(c, id);
    return mx_check_values(c, id);
}

static mx_status list_functions(mx_checker *c) {
    const mx_graph *g = c->g;
    size_t n = 0;
    for (size_t i = 0; i < g->n_scopes; i++)
        n += mx_node_at(g, g->scopes[i].node)->kind == MX_NODE_FUNCTION;
    c->functions = mx_alloc(g->allocator, n * sizeof *c->functions);
    if (!c->functions) return mx_nomem(c->err);
    c->n_functions = n;
    n = 0;
    for (size_t i = 0; i < g->n_scopes; i++) {
        const mx_node *f = mx_node_at(g, g->scopes[i].node);
        if (f->kind != MX_NODE_FUNCTION) continue;
        c->functions[n++] = g->scopes[i].node;
        c->local[mx_check_domain(c, f->domain)] = true;
    }
    return MX_OK;
}

/* ---- all ---- */

static mx_status start(mx_checker *c) {
    const mx_allocator *a = c->g->allocator;
    size_t n = c->g->strings.count;
    c->known = mx_alloc(a, n * sizeof *c->known);
    c->imported = mx_alloc_zero(a, n, sizeof *c->imported);
    c->formal = mx_alloc_zero(a, n, sizeof *c->formal);
    c->attribute = mx_alloc_zero(a, n, sizeof *c->attribute);
    c->local = mx_alloc_zero(a, n, sizeof *c->local);
    c->has_attribute = mx_alloc_zero(a, c->g->n_nodes, sizeof *c->has_attribute);
    if (!c->known || !c->imported || !c->formal || !c->attribute || !c->local || !c->has_attribute)
        return mx_nomem(c->err);
    for (size_t i = 0; i < n; i++)
        c->known[i] = (mx_known){MX_NO_NODE, MX_NO_NODE};
    c->ai_onnx = mx_strings_find(&c->g->strings, MX_STR_LITERAL("ai.onnx"));
    return list_functions(c);
}

static mx_status check_all(mx_checker *c) {
    MX_TRY(start(c));
    MX_TRY(check_model(c));
    check_function_names(c);
    for (size_t i = 0; i < c->n_functions; i++)
        MX_TRY(check_function(c, c->functions[i]));
    return MX_OK;
}

mx_status mx_graph_check(const mx_graph *g, void (*each)(void *ctx, const mx_problem *p), void *ctx, uint64_t *count,
                         mx_error *err) {
    mx_checker c = {.g = g, .each = each, .ctx = ctx, .err = err};
    const mx_allocator *a = g->allocator;
    size_t n = g->strings.count;
    mx_status status = check_all(&c);
    mx_free(a, c.known, n * sizeof *c.known);
    mx_free(a, c.log, c.cap_log * sizeof *c.log);
    mx_free(a, c.imported, n * sizeof *c.imported);
    mx_free(a, c.formal, n * sizeof *c.formal);
    mx_free(a, c.attribute, n * sizeof *c.attribute);
    mx_free(a, c.local, n * sizeof *c.local);
    mx_free(a, c.has_attribute, g->n_nodes * sizeof *c.has_attribute);
    mx_free(a, c.functions, c.n_functions * sizeof *c.functions);
    *count = c.count;
    return status;
}
