#include "converter/orphans.h"

mx_status mx_unused_note(const mx_graph *g, mx_unused *out, mx_error *err) {
    *out = (mx_unused){.n_tensors = g->n_tensors, .n_sparses = g->n_sparses};
    out->tensors = mx_alloc_zero(g->allocator, g->n_tensors, 1);
    out->sparses = mx_alloc_zero(g->allocator, g->n_sparses, 1);
    if (!out->tensors || !out->sparses) return mx_nomem(err);
    for (size_t i = 0; i < g->n_tensors; i++) out->tensors[i] = g->tensors[i].unused_at_source;
    for (size_t i = 0; i < g->n_sparses; i++) out->sparses[i] = g->sparses[i].unused_at_source;
    return MX_OK;
}

void mx_unused_free(const mx_graph *g, mx_unused *u) {
    mx_free(g->allocator, u->tensors, u->n_tensors);
    mx_free(g->allocator, u->sparses, u->n_sparses);
    *u = (mx_unused){0};
}

bool mx_is_orphan(const mx_graph *g, const mx_unused *before, uint32_t tensor) {
    return g->tensors[tensor].unused_at_source && tensor < before->n_tensors && !before->tensors[tensor];
}

bool mx_is_sparse_orphan(const mx_graph *g, const mx_unused *before, uint32_t sparse) {
    return g->sparses[sparse].unused_at_source && sparse < before->n_sparses && !before->sparses[sparse];
}

static size_t keep_dense(const mx_graph *g, mx_scope_data *s, const mx_unused *before) {
    size_t kept = 0;
    for (size_t i = 0; i < s->n_initializers; i++) {
        uint32_t t = s->initializers[i];
        if (!mx_is_orphan(g, before, t)) s->initializers[kept++] = t;
    }
    return kept;
}

static size_t keep_sparse(const mx_graph *g, mx_scope_data *s, const mx_unused *before) {
    size_t kept = 0;
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t t = s->sparse_initializers[i];
        if (!mx_is_sparse_orphan(g, before, t)) s->sparse_initializers[kept++] = t;
    }
    return kept;
}

uint64_t mx_drop_orphans(mx_graph *g, const mx_unused *before) {
    uint64_t dropped = 0;
    for (size_t i = 0; i < g->n_scopes; i++) {
        mx_scope_data *s = &g->scopes[i];
        size_t dense = keep_dense(g, s, before), sparse = keep_sparse(g, s, before);
        dropped += s->n_initializers - dense + s->n_sparse - sparse;
        s->n_initializers = dense;
        s->n_sparse = sparse;
    }
    return dropped;
}
