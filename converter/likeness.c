#include "converter/likeness.h"

#include "converter/compare_internal.h"

static mx_status make_tables(mx_likeness *l, const mx_allocator *a, const mx_graph *b, mx_error *err) {
    *l = (mx_likeness){.allocator = a, .n_nodes = b->n_nodes, .n_tensors = b->n_tensors + 1, .n_sparses = b->n_sparses + 1};
    l->match = mx_alloc(a, l->n_nodes * sizeof *l->match);
    l->same = mx_alloc_zero(a, l->n_nodes, sizeof *l->same);
    l->same_tensor = mx_alloc_zero(a, l->n_tensors, sizeof *l->same_tensor);
    l->same_sparse = mx_alloc_zero(a, l->n_sparses, sizeof *l->same_sparse);
    if (!l->match || !l->same || !l->same_tensor || !l->same_sparse) return mx_nomem(err);
    for (size_t i = 0; i < l->n_nodes; i++) l->match[i] = MX_NO_NODE;
    return MX_OK;
}

void mx_likeness_free(mx_likeness *l) {
    if (l->match) mx_free(l->allocator, l->match, l->n_nodes * sizeof *l->match);
    if (l->same) mx_free(l->allocator, l->same, l->n_nodes * sizeof *l->same);
    if (l->same_tensor) mx_free(l->allocator, l->same_tensor, l->n_tensors * sizeof *l->same_tensor);
    if (l->same_sparse) mx_free(l->allocator, l->same_sparse, l->n_sparses * sizeof *l->same_sparse);
    *l = (mx_likeness){0};
}

/* Compare the bodies that were put on the list. */
static mx_status compare_rest(mx_cmp *c) {
    while (c->next_scope < c->n_scopes) {
        const mx_cmp_scopes next = c->scopes[c->next_scope++];
        MX_TRY(mx_cmp_scope(c, next.of[0], next.of[1]));
    }
    return MX_OK;
}

/* ---- operators ---- */

static bool renames(const mx_cmp *c, const mx_node *a, const mx_node *b) {
    for (uint32_t k = 0; k < a->n_outputs && k < b->n_outputs; k++)
        if (!mx_cmp_same(c, a->outputs[k], b->outputs[k])) return true;
    return false;
}

static mx_status compare_operators(mx_cmp *c, mx_likeness *l) {
    const mx_scope_data *a = &c->g[0]->scopes[0], *b = &c->g[1]->scopes[0];
    mx_cmp_match_formals(c, a, b);
    MX_TRY(mx_cmp_match_operators(c, a, b));
    for (size_t i = 0; i < b->n_operators; i++) {
        mx_node_id id = b->operators[i], match = c->nodes[1][id].match;
        uint64_t before = c->count;
        l->match[id] = match;
        if (match == MX_NO_NODE) continue;
        MX_TRY(mx_cmp_operator(c, match, id));
        MX_TRY(compare_rest(c));
        l->same[id] = c->count == before;
        l->renamed = l->renamed || renames(c, mx_cmp_at(c, 0, match), mx_cmp_at(c, 1, id));
    }
    return MX_OK;
}

/* ---- functions ---- */

static mx_status compare_functions(mx_cmp *c, mx_likeness *l) {
    size_t first = c->n_scopes;
    MX_TRY(mx_cmp_match_functions(c));
    size_t end = c->n_scopes;
    c->next_scope = end;
    for (size_t i = first; i < end; i++) {
        const mx_cmp_scopes pair = c->scopes[i];
        uint64_t before = c->count;
        MX_TRY(mx_cmp_scope(c, pair.of[0], pair.of[1]));
        MX_TRY(compare_rest(c));
        l->match[pair.of[1]] = pair.of[0];
        l->same[pair.of[1]] = c->count == before;
    }
    return MX_OK;
}

/* ---- initializers ---- */

static mx_sid sparse_name(const mx_graph *g, uint32_t sparse) {
    uint32_t values = g->sparses[sparse].values;
    return values == MX_NO_INDEX ? MX_SID_ABSENT : g->tensors[values].name;
}

/* c->unique[0] holds the places of a's initializers while those of b are looked at; of one name the last counts. */
static mx_status compare_dense(mx_cmp *c, mx_likeness *l) {
    const mx_scope_data *a = &c->g[0]->scopes[0], *b = &c->g[1]->scopes[0];
    mx_place at = mx_place_node(0, 0);
    mx_status status = MX_OK;
    for (size_t i = 0; i < a->n_initializers; i++)
        c->unique[0][c->g[0]->tensors[a->initializers[i]].name] = a->initializers[i] + 1;
    for (size_t i = 0; status == MX_OK && i < b->n_initializers; i++) {
        uint32_t tensor = b->initializers[i], other = c->unique[0][c->words[c->g[1]->tensors[tensor].name]];
        uint64_t before = c->count;
        if (!other) continue;
        status = mx_cmp_tensor(c, "weight", &at, other - 1, tensor);
        l->same_tensor[tensor] = c->count == before;
    }
    for (size_t i = 0; i < a->n_initializers; i++) c->unique[0][c->g[0]->tensors[a->initializers[i]].name] = 0;
    return status;
}

static mx_status compare_sparse(mx_cmp *c, mx_likeness *l) {
    const mx_scope_data *a = &c->g[0]->scopes[0], *b = &c->g[1]->scopes[0];
    mx_place at = mx_place_node(0, 0);
    mx_status status = MX_OK;
    for (size_t i = 0; i < a->n_sparse; i++)
        c->unique[0][sparse_name(c->g[0], a->sparse_initializers[i])] = a->sparse_initializers[i] + 1;
    for (size_t i = 0; status == MX_OK && i < b->n_sparse; i++) {
        uint32_t sparse = b->sparse_initializers[i], other = c->unique[0][c->words[sparse_name(c->g[1], sparse)]];
        uint64_t before = c->count;
        if (!other) continue;
        status = mx_cmp_sparse(c, "weight", &at, other - 1, sparse);
        l->same_sparse[sparse] = c->count == before;
    }
    for (size_t i = 0; i < a->n_sparse; i++) c->unique[0][sparse_name(c->g[0], a->sparse_initializers[i])] = 0;
    return status;
}

mx_status mx_likeness_find(mx_graph *a, mx_graph *b, mx_likeness *out, mx_error *err) {
    mx_cmp c = {.g = {a, b}, .allocator = a->allocator, .err = err};
    mx_status status = make_tables(out, a->allocator, b, err);
    if (status == MX_OK) status = mx_cmp_start(&c);
    if (status == MX_OK) status = compare_operators(&c, out);
    if (status == MX_OK) status = compare_functions(&c, out);
    if (status == MX_OK) status = compare_dense(&c, out);
    if (status == MX_OK) status = compare_sparse(&c, out);
    if (status == MX_OK && (c.text[0].failed || c.text[1].failed)) status = mx_nomem(err);
    mx_cmp_finish(&c);
    return status;
}
