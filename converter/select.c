/* Sets of operators. */
#include "converter/extract.h"
#include "converter/retag.h"

#include <stdlib.h>

static bool is_there(const mx_graph *g, mx_node_id id) {
    return id < g->n_nodes && !(mx_node_at(g, id)->flags & MX_FLAG_REMOVED);
}

static mx_status add(mx_selection *s, mx_node_id op, mx_error *err) {
    if (mx_slate_set(&s->inside, op, 1)) return MX_OK;
    if (!mx_grow(s->g->allocator, (void **)&s->operators, &s->cap, s->count, sizeof *s->operators)) return mx_nomem(err);
    s->operators[s->count++] = op;
    return MX_OK;
}

/* An operator of the scope, with all that is below it; or a module, with the operators of the scope that are below it. */
static mx_status add_below(mx_selection *s, mx_node_id root, mx_error *err) {
    mx_node_id scope = mx_node_at(s->g, root)->scope;
    if (mx_slate_get(&s->inside, root)) return MX_OK;
    for (mx_node_id id = root; id != MX_NO_NODE; id = mx_node_next_below(s->g, root, id)) {
        const mx_node *n = mx_node_at(s->g, id);
        if (n->scope != scope) mx_slate_set(&s->inside, id, 1);
        else if (n->kind == MX_NODE_OPERATOR) MX_TRY(add(s, id, err));
    }
    return MX_OK;
}

/* Below the model's node there are functions too, which do not belong to its graph. */
static mx_status add_node(mx_selection *s, mx_node_id id, mx_error *err) {
    const mx_node *n = mx_node_at(s->g, id);
    if (n->kind == MX_NODE_OPERATOR || n->kind == MX_NODE_MODULE) return add_below(s, id, err);
    if (!mx_is_scope(n)) return MX_OK;
    const mx_scope_data *scope = &s->g->scopes[n->data];
    for (size_t i = 0; i < scope->n_operators; i++) MX_TRY(add_below(s, scope->operators[i], err));
    return MX_OK;
}

/* Whether the operator stands in a body of one that is selected itself. */
static bool is_held(const mx_selection *s, mx_node_id op) {
    const mx_node *scope = mx_node_at(s->g, mx_node_at(s->g, op)->scope);
    return scope->kind == MX_NODE_BODY && mx_slate_get(&s->inside, scope->parent);
}

static int by_order(const void *a, const void *b, void *order) {
    uint32_t x = ((uint32_t *)order)[*(const mx_node_id *)a], y = ((uint32_t *)order)[*(const mx_node_id *)b];
    return (x > y) - (x < y);
}

void mx_selection_sort(const mx_selection *s, mx_node_id *operators, size_t count) {
    if (count) qsort_r(operators, count, sizeof *operators, by_order, s->order);
}

static mx_status settle(mx_selection *s, mx_error *err) {
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++)
        if (!is_held(s, s->operators[i])) s->operators[kept++] = s->operators[i];
    s->count = kept;
    if (!kept) return mx_fail(err, MX_ERR_USAGE, "there is no operator to take");
    mx_selection_sort(s, s->operators, kept);
    s->scope = mx_node_at(s->g, s->operators[0])->scope;
    for (size_t i = 0; i < kept; i++) {
        const mx_node *n = mx_node_at(s->g, s->operators[i]);
        if (n->scope == s->scope) continue;
        mx_fail(err, MX_ERR_UNSUPPORTED,
                "the operators stand in several graphs (the model's, bodies, functions), which make no single model");
        return mx_at_node(err, MX_ERR_UNSUPPORTED, mx_text(s->g, n->name));
    }
    return MX_OK;
}

mx_status mx_selection_begin(mx_selection *s, const mx_graph *g, mx_error *err) {
    uint32_t place = 0;
    *s = (mx_selection){.g = g, .scope = MX_NO_NODE, .n_nodes = g->n_nodes};
    s->order = mx_alloc_zero(g->allocator, g->n_nodes, sizeof *s->order);
    if (!mx_slate_init(&s->inside, g->allocator, g->n_nodes, 0) || !s->order) return mx_nomem(err);
    for (size_t i = 0; i < g->n_scopes; i++)
        for (size_t k = 0; k < g->scopes[i].n_operators; k++) s->order[g->scopes[i].operators[k]] = place++;
    return MX_OK;
}

mx_status mx_selection_set(mx_selection *s, const mx_node_id *nodes, size_t count, mx_error *err) {
    mx_slate_wipe(&s->inside);
    s->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_there(s->g, nodes[i])) return mx_fail(err, MX_ERR_USAGE, "there is no node %lu", (unsigned long)nodes[i]);
        MX_TRY(add_node(s, nodes[i], err));
    }
    return settle(s, err);
}

mx_status mx_select(const mx_graph *g, const mx_node_id *nodes, size_t count, mx_selection *out, mx_error *err) {
    MX_TRY(mx_selection_begin(out, g, err));
    return mx_selection_set(out, nodes, count, err);
}

void mx_selection_free(mx_selection *s) {
    if (!s->g) return;
    mx_slate_free(&s->inside);
    mx_free(s->g->allocator, s->order, s->n_nodes * sizeof *s->order);
    mx_free(s->g->allocator, s->operators, s->cap * sizeof *s->operators);
    *s = (mx_selection){0};
}
