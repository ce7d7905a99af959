/* The compound graph as rows: modules with their operators and edges, operators with their neighbours. */
#include "api/analyze.h"
#include "converter/retag.h"

/* ---- modules ---- */

static mx_status add_module(mx_analysis *a, mx_node_id node, uint32_t parent, uint32_t *out) {
    mx_analysis_module *m = &a->modules[*out = (uint32_t)a->n_modules++];
    *m = (mx_analysis_module){.node = node,
                              .parent = parent,
                              .first_child = MX_NO_INDEX,
                              .last_child = MX_NO_INDEX,
                              .next_sibling = MX_NO_INDEX,
                              .first_operator = MX_NO_INDEX};
    if (parent == MX_NO_INDEX) return MX_OK;
    mx_analysis_module *p = &a->modules[parent];
    m->depth = p->depth + 1;
    if (m->depth > a->depth) a->depth = m->depth;
    if (p->last_child == MX_NO_INDEX) p->first_child = *out;
    else a->modules[p->last_child].next_sibling = *out;
    p->last_child = *out;
    return MX_OK;
}

/* Parents come first, so a row has a smaller number than those below it. by_scope: row + 1 by string id of a dotted name. */
static mx_status add_modules(mx_analysis *a, uint32_t *by_scope) {
    const mx_graph *g = a->g;
    uint32_t root;
    MX_TRY(add_module(a, 0, MX_NO_INDEX, &root));
    a->rows[0] = root;
    for (mx_node_id id = 0; (id = mx_node_next_below(g, 0, id)) != MX_NO_NODE;) {
        const mx_node *n = mx_node_at(g, id);
        a->rows[id] = a->rows[n->parent];
        if (n->kind != MX_NODE_MODULE) continue;
        mx_sid scope = g->modules[n->data].scope;
        if (scope <= MX_SID_EMPTY || !by_scope[scope]) {
            MX_TRY(add_module(a, id, a->rows[n->parent], &a->rows[id]));
            if (scope > MX_SID_EMPTY) by_scope[scope] = a->rows[id] + 1;
        } else {
            a->rows[id] = by_scope[scope] - 1;
        }
    }
    return MX_OK;
}

static size_t count_modules(const mx_graph *g) {
    size_t n = 1;
    for (mx_node_id id = 0; id < g->n_nodes; id++) n += mx_node_at(g, id)->kind == MX_NODE_MODULE;
    return n;
}

static mx_status build_modules(mx_analysis *a, mx_error *err) {
    const mx_graph *g = a->g;
    uint32_t *by_scope = mx_alloc_zero(g->allocator, g->strings.count, sizeof *by_scope);
    a->modules = mx_arena_array(&a->arena, count_modules(g), sizeof *a->modules);
    a->rows = mx_arena_array(&a->arena, g->n_nodes, sizeof *a->rows);
    mx_status status = by_scope && a->modules && a->rows ? MX_OK : mx_nomem(err);
    if (status == MX_OK) {
        memset(a->rows, 0, g->n_nodes * sizeof *a->rows);
        status = add_modules(a, by_scope);
    }
    mx_free(g->allocator, by_scope, g->strings.count * sizeof *by_scope);
    return status;
}

/* ---- operators ---- */

static void enter_operators(mx_analysis *a) {
    mx_htp_stored_keys keys = mx_htp_stored_find_keys(a->g);
    for (size_t i = a->keys.count; i-- > 0;) { /* backwards: the first of a module comes to the head of its list */
        mx_analysis_operator *o = &a->operators[i];
        mx_node_id id = a->keys.operators[i];
        mx_analysis_module *m = &a->modules[a->rows[id]];
        *o = (mx_analysis_operator){.stored = mx_htp_stored_of(mx_node_at(a->g, id), &keys),
                                    .module = a->rows[id],
                                    .next = m->first_operator,
                                    .auxiliary = mx_tags_is_auxiliary(a->tags, id)};
        m->first_operator = (uint32_t)i;
        m->own++;
        a->places[id] = (uint32_t)i;
        a->tagged |= o->stored.tag > MX_SID_EMPTY;
    }
}

static bool is_listed(const mx_analysis *a, mx_node_id id) {
    return id != MX_NO_NODE && a->places[id] != MX_NO_INDEX;
}

/* Counts, or with `fill` enters, the neighbours. seen: by place, the last one (+ 1) that listed it. */
static void find_neighbours(mx_analysis *a, uint32_t *seen, bool fill) {
    for (size_t i = 0; i < a->keys.count; i++) {
        const mx_node *n = mx_node_at(a->g, a->keys.operators[i]);
        mx_analysis_operator *o = &a->operators[i];
        for (uint32_t k = 0; k < n->n_inputs; k++) {
            if (!is_listed(a, n->inputs[k].source)) continue;
            uint32_t p = a->places[n->inputs[k].source];
            if (seen[p] == i + 1) continue;
            seen[p] = (uint32_t)i + 1;
            if (fill) a->in[o->first_in + o->n_in] = p;
            if (fill) a->out[a->operators[p].first_out + a->operators[p].n_out] = (uint32_t)i;
            o->n_in++;
            a->operators[p].n_out++;
        }
    }
}

static mx_status build_neighbours(mx_analysis *a, mx_error *err) {
    size_t n = a->keys.count, count = 0, listed = 0;
    uint32_t *seen = mx_arena_array(&a->arena, n, sizeof *seen);
    if (!seen) return mx_nomem(err);
    memset(seen, 0, n * sizeof *seen);
    find_neighbours(a, seen, false);
    for (size_t i = 0; i < n; i++) {
        mx_analysis_operator *o = &a->operators[i];
        o->first_in = (uint32_t)count;
        o->first_out = (uint32_t)listed;
        count += o->n_in;
        listed += o->n_out;
        o->n_in = o->n_out = 0;
    }
    a->in = mx_arena_array(&a->arena, count, sizeof *a->in);
    a->out = mx_arena_array(&a->arena, count, sizeof *a->out);
    if (!a->in || !a->out) return mx_nomem(err);
    memset(seen, 0, n * sizeof *seen);
    find_neighbours(a, seen, true);
    return MX_OK;
}

/* ---- edges ---- */

static uint32_t common(const mx_analysis *a, uint32_t x, uint32_t y) {
    while (x != y) {
        if (a->modules[x].depth < a->modules[y].depth) y = a->modules[y].parent;
        else x = a->modules[x].parent;
    }
    return x;
}

/* An edge is inside of all modules around both its ends. It enters those that are only around its target; in sums over the
 * modules below, what is added at the target is taken off at the common one. */
static void add_edge(mx_analysis *a, mx_node_id from, mx_node_id to) {
    uint32_t x = a->rows[from], y = a->rows[to], both = common(a, x, y);
    bool inside = is_listed(a, from) && is_listed(a, to);
    a->modules[both].edges++;
    a->modules[x].edges_out++;
    a->modules[both].edges_out--;
    a->modules[y].edges_in++;
    a->modules[both].edges_in--;
    a->edges += !a->filter || (inside && a->operators[a->places[from]].selected && a->operators[a->places[to]].selected);
}

static void build_edges(mx_analysis *a) {
    for (mx_node_id id = 0; id < a->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(a->g, id);
        if (n->flags & MX_FLAG_REMOVED) continue;
        for (uint32_t k = 0; k < n->n_inputs; k++)
            if (n->inputs[k].source != MX_NO_NODE) add_edge(a, n->inputs[k].source, id);
    }
    for (size_t i = a->n_modules; i-- > 0;) {
        mx_analysis_module *m = &a->modules[i], *p = i ? &a->modules[m->parent] : NULL;
        m->operators += m->own;
        if (!p) continue;
        p->operators += m->operators;
        p->edges += m->edges;
        p->edges_in += m->edges_in;
        p->edges_out += m->edges_out;
    }
}

/* ---- selection ---- */

static void select_modules(mx_analysis *a, const mx_htp_found *found) {
    bool all = !a->filter, auxiliary = found->by == MX_HTP_FOUND_AUXILIARY;
    for (size_t i = 0; i < found->n_nodes; i++) a->modules[a->rows[found->nodes[i]]].selected = true;
    for (size_t i = 0; i < a->n_modules; i++) {
        mx_analysis_module *m = &a->modules[i];
        m->selected |= all || (m->parent != MX_NO_INDEX && a->modules[m->parent].selected);
    }
    for (size_t i = 0; i < a->keys.count; i++)
        if (auxiliary && a->operators[i].selected) a->modules[a->operators[i].module].selected = true;
    for (size_t i = 0; i < a->n_modules; i++) a->n_selected_modules += a->modules[i].selected;
}

static mx_status select_operators(mx_analysis *a, const mx_htp_found *found, mx_error *err) {
    bool *inside = mx_alloc_zero(a->g->allocator, a->g->n_nodes, sizeof *inside);
    if (!inside) return mx_nomem(err);
    mx_htp_found_mark(a->g, found, UINT32_MAX, inside);
    for (size_t i = 0; i < a->keys.count; i++) {
        mx_analysis_operator *o = &a->operators[i];
        o->selected = !a->filter || inside[a->keys.operators[i]] || (found->by == MX_HTP_FOUND_AUXILIARY && o->auxiliary);
    }
    mx_free(a->g->allocator, inside, a->g->n_nodes * sizeof *inside);
    return MX_OK;
}

static mx_status select_all(mx_analysis *a, mx_error *err) {
    mx_htp_found found;
    mx_status status = mx_htp_find(a->g, mx_str_of(a->filter ? a->filter : ""), true, &found, err);
    if (status == MX_OK) status = select_operators(a, &found, err);
    if (status == MX_OK) select_modules(a, &found);
    a->found_by = found.by;
    a->n_matches = found.n_matches;
    mx_htp_found_free(&found);
    return status;
}

/* ---- figures ---- */

static mx_status count_text(mx_analysis *a, mx_analysis_counts *c, uint32_t *where, mx_sid text, mx_error *err) {
    if (!where[text]) {
        if (!mx_grow(a->g->allocator, (void **)&c->items, &c->cap, c->count, sizeof *c->items)) return mx_nomem(err);
        c->items[c->count++] = (mx_analysis_count){text, 0};
        where[text] = (uint32_t)c->count;
    }
    c->items[where[text] - 1].operators++;
    return MX_OK;
}

static void count_operator(mx_analysis *a, const mx_analysis_operator *o) {
    mx_tag_statistics *f = &a->figures;
    mx_str method = mx_text(a->g, o->stored.method);
    f->operators++;
    f->auxiliary += o->auxiliary;
    if (o->stored.tag <= MX_SID_EMPTY) return;
    f->tagged++;
    f->auxiliary_tagged += o->auxiliary;
    f->direct += mx_str_is(method, "direct");
    f->parent += mx_str_is(method, "parent");
    f->inherited += mx_str_is(method, "inherited");
    f->root += mx_str_is(method, "root");
}

static mx_status count_all(mx_analysis *a, uint32_t *where, mx_error *err) {
    for (size_t i = 0; i < a->keys.count; i++) {
        if (!a->operators[i].selected) continue;
        count_operator(a, &a->operators[i]);
        mx_sid tag = a->operators[i].stored.tag;
        if (tag > MX_SID_EMPTY) MX_TRY(count_text(a, &a->tag_counts, where, tag, err));
    }
    memset(where, 0, a->g->strings.count * sizeof *where);
    for (size_t i = 0; i < a->keys.count; i++)
        if (a->operators[i].selected)
            MX_TRY(count_text(a, &a->type_counts, where, mx_node_at(a->g, a->keys.operators[i])->op_type, err));
    a->figures.tags = a->tag_counts.count;
    a->figures.modules = a->n_selected_modules;
    a->figures.coverage = mx_htp_percentage(a->figures.tagged, a->figures.operators);
    return MX_OK;
}

static mx_status build_figures(mx_analysis *a, mx_error *err) {
    const mx_allocator *allocator = a->g->allocator;
    uint32_t *where = mx_alloc_zero(allocator, a->g->strings.count, sizeof *where);
    mx_status status = where ? count_all(a, where, err) : mx_nomem(err);
    mx_free(allocator, where, a->g->strings.count * sizeof *where);
    return status;
}

mx_status mx_analysis_build(mx_analysis *a, mx_error *err) {
    MX_TRY(mx_htp_keys_make(a->g, &a->keys, err));
    a->operators = mx_arena_array(&a->arena, a->keys.count, sizeof *a->operators);
    a->places = mx_arena_array(&a->arena, a->g->n_nodes, sizeof *a->places);
    if (!a->operators || !a->places) return mx_nomem(err);
    memset(a->places, 0xff, a->g->n_nodes * sizeof *a->places); /* MX_NO_INDEX */
    MX_TRY(build_modules(a, err));
    enter_operators(a);
    MX_TRY(select_all(a, err));
    MX_TRY(build_neighbours(a, err));
    build_edges(a);
    return build_figures(a, err);
}
