#include "converter/name_index.h"

/* ---- collecting ---- */

static mx_status add(mx_name_index *x, const mx_named *item, mx_error *err) {
    if (!mx_grow(x->allocator, (void **)&x->items, &x->cap, x->count, sizeof *x->items)) return mx_nomem(err);
    x->items[x->count++] = *item;
    return MX_OK;
}

static mx_status add_initializers(mx_name_index *x, const mx_graph *g, uint32_t scope, mx_error *err) {
    const mx_scope_data *s = &g->scopes[scope];
    for (size_t i = 0; i < s->n_initializers; i++) {
        uint32_t id = s->initializers[i];
        MX_TRY(add(x, &(mx_named){scope, g->tensors[id].name, (uint32_t)i, id, false, MX_NO_INDEX}, err));
    }
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t id = s->sparse_initializers[i], values = g->sparses[id].values;
        if (values == MX_NO_INDEX) continue;
        MX_TRY(add(x, &(mx_named){scope, g->tensors[values].name, (uint32_t)i, id, true, MX_NO_INDEX}, err));
    }
    return MX_OK;
}

static mx_status add_value_infos(mx_name_index *x, const mx_graph *g, uint32_t scope, mx_error *err) {
    const mx_scope_data *s = &g->scopes[scope];
    for (size_t i = 0; i < s->n_value_infos; i++)
        MX_TRY(add(x, &(mx_named){scope, s->value_infos[i].name, (uint32_t)i, MX_NO_INDEX, false, MX_NO_INDEX}, err));
    return MX_OK;
}

/* ---- the table ---- */

static uint32_t *slot_of(const mx_name_index *x, uint32_t scope, mx_sid name) {
    uint64_t h = ((uint64_t)scope << 32 | name) * 0x9E3779B97F4A7C15u;
    size_t mask = x->n_slots - 1, i = (size_t)((h ^ h >> 29) * 0x165667B19E3779F9u >> 7) & mask;
    for (; x->slots[i]; i = (i + 1) & mask) {
        const mx_named *item = &x->items[x->slots[i] - 1];
        if (item->scope == scope && item->name == name) break;
    }
    return &x->slots[i];
}

static mx_status make_table(mx_name_index *x, mx_error *err) {
    x->n_slots = 16;
    while (x->n_slots < x->count * 2) x->n_slots *= 2;
    x->slots = mx_alloc_zero(x->allocator, x->n_slots, sizeof *x->slots);
    x->last = mx_alloc_zero(x->allocator, x->count + 1, sizeof *x->last);
    if (!x->slots || !x->last) return mx_nomem(err);
    for (uint32_t i = 0; i < x->count; i++) {
        uint32_t *slot = slot_of(x, x->items[i].scope, x->items[i].name);
        if (*slot == 0) *slot = i + 1;
        else x->items[x->last[*slot - 1]].next = i;
        x->last[*slot - 1] = i;
    }
    return MX_OK;
}

static mx_status make(mx_name_index *x, const mx_graph *g, mx_error *err,
                      mx_status (*collect)(mx_name_index *x, const mx_graph *g, uint32_t scope, mx_error *err)) {
    *x = (mx_name_index){.allocator = g->allocator};
    for (uint32_t i = 0; i < g->n_scopes; i++) MX_TRY(collect(x, g, i, err));
    return make_table(x, err);
}

mx_status mx_name_index_initializers(mx_name_index *x, const mx_graph *g, mx_error *err) {
    return make(x, g, err, add_initializers);
}

mx_status mx_name_index_value_infos(mx_name_index *x, const mx_graph *g, mx_error *err) {
    return make(x, g, err, add_value_infos);
}

void mx_name_index_free(mx_name_index *x) {
    mx_free(x->allocator, x->items, x->cap * sizeof *x->items);
    mx_free(x->allocator, x->slots, x->n_slots * sizeof *x->slots);
    if (x->last) mx_free(x->allocator, x->last, (x->count + 1) * sizeof *x->last);
    *x = (mx_name_index){0};
}

/* ---- looking ---- */

uint32_t mx_name_index_first(const mx_name_index *x, uint32_t scope, mx_sid name) {
    return *slot_of(x, scope, name) - 1; /* 0 - 1 is MX_NO_INDEX */
}

uint32_t mx_name_index_last(const mx_name_index *x, uint32_t scope, mx_sid name) {
    uint32_t first = mx_name_index_first(x, scope, name);
    return first == MX_NO_INDEX ? MX_NO_INDEX : x->last[first];
}
