/* Sets of operators. */
#include "converter/extract.h"
#include "converter/retag.h"

static bool is_there(const mx_graph *g, mx_node_id id) {
    return id < g->n_nodes && !(mx_node_at(g, id)->flags & MX_FLAG_REMOVED);
}

static void mark_below(mx_selection *s, mx_node_id root) {
    if (s->inside[root]) return;
    for (mx_node_id id = root; id != MX_NO_NODE; id = mx_node_next_below(s->g, root, id)) s->inside[id] = true;
}

/* Below the model's node there are functions too, which do not belong to its graph. */
static void mark(mx_selection *s, mx_node_id id) {
    const mx_node *n = mx_node_at(s->g, id);
    if (!mx_is_scope(n)) {
        if (n->kind == MX_NODE_OPERATOR || n->kind == MX_NODE_MODULE) mark_below(s, id);
        return;
    }
    const mx_scope_data *scope = &s->g->scopes[n->data];
    for (size_t i = 0; i < scope->n_operators; i++) mark_below(s, scope->operators[i]);
}

/* Whether the operator that holds the scope is selected itself. */
static bool held(const mx_selection *s, const mx_scope_data *scope) {
    const mx_node *n = mx_node_at(s->g, scope->node);
    return n->kind == MX_NODE_BODY && s->inside[n->parent];
}

static mx_status add(mx_selection *s, mx_node_id op, mx_error *err) {
    if (!mx_grow(s->g->allocator, (void **)&s->operators, &s->cap, s->count, sizeof *s->operators)) return mx_nomem(err);
    s->operators[s->count++] = op;
    return MX_OK;
}

static mx_status collect(mx_selection *s, mx_error *err) {
    const mx_graph *g = s->g;
    for (size_t i = 0; i < g->n_scopes; i++) {
        const mx_scope_data *scope = &g->scopes[i];
        if (held(s, scope)) continue;
        for (size_t k = 0; k < scope->n_operators; k++) {
            mx_node_id op = scope->operators[k];
            if (!s->inside[op]) continue;
            if (s->count && s->scope != scope->node) {
                mx_fail(err, MX_ERR_UNSUPPORTED,
                        "the operators stand in several graphs (the model's, bodies, functions), which make no single model");
                return mx_at_node(err, MX_ERR_UNSUPPORTED, mx_text(g, mx_node_at(g, op)->name));
            }
            s->scope = scope->node;
            MX_TRY(add(s, op, err));
        }
    }
    return s->count ? MX_OK : mx_fail(err, MX_ERR_USAGE, "there is no operator to take");
}

/* Modules are marked on the way to their operators; only what is in or below an operator stays so. */
static void unmark_modules(mx_selection *s) {
    memset(s->inside, 0, s->n_nodes * sizeof *s->inside);
    for (size_t i = 0; i < s->count; i++) mark_below(s, s->operators[i]);
}

mx_status mx_select(const mx_graph *g, const mx_node_id *nodes, size_t count, mx_selection *out, mx_error *err) {
    *out = (mx_selection){.g = g, .scope = MX_NO_NODE, .n_nodes = g->n_nodes};
    out->inside = mx_alloc_zero(g->allocator, g->n_nodes, sizeof *out->inside);
    if (!out->inside) return mx_nomem(err);
    for (size_t i = 0; i < count; i++) {
        if (!is_there(g, nodes[i])) return mx_fail(err, MX_ERR_USAGE, "there is no node %lu", (unsigned long)nodes[i]);
        mark(out, nodes[i]);
    }
    MX_TRY(collect(out, err));
    unmark_modules(out);
    return MX_OK;
}

void mx_selection_free(mx_selection *s) {
    if (!s->g) return;
    mx_free(s->g->allocator, s->inside, s->n_nodes * sizeof *s->inside);
    mx_free(s->g->allocator, s->operators, s->cap * sizeof *s->operators);
    *s = (mx_selection){0};
}
