#include "converter/calls.h"

#include "converter/retag.h"

static mx_sid key(mx_sid text) {
    return text == MX_SID_ABSENT ? MX_SID_EMPTY : text;
}

static uint32_t *slot_of(const mx_calls *c, mx_sid domain, mx_sid name, mx_sid overload) {
    uint64_t h = (uint64_t)key(domain) * 0x9E3779B97F4A7C15u ^ (uint64_t)name * 0xC2B2AE3D27D4EB4Fu ^ key(overload);
    size_t mask = c->n_slots - 1, i = (size_t)((h ^ h >> 29) * 0x165667B19E3779F9u >> 7) & mask;
    for (; c->slots[i]; i = (i + 1) & mask) {
        const mx_node *f = mx_node_at(c->g, c->functions[c->slots[i] - 1]);
        if (f->name == name && key(f->domain) == key(domain) && key(f->overload) == key(overload)) break;
    }
    return &c->slots[i];
}

mx_status mx_calls_init(mx_calls *c, const mx_graph *g, mx_error *err) {
    *c = (mx_calls){.g = g, .n_slots = 16};
    for (mx_node_id id = mx_node_at(g, 0)->first_child; id != MX_NO_NODE; id = mx_node_at(g, id)->next_sibling) {
        if (mx_node_at(g, id)->kind != MX_NODE_FUNCTION) continue;
        if (!mx_grow(g->allocator, (void **)&c->functions, &c->cap, c->count, sizeof *c->functions)) return mx_nomem(err);
        c->functions[c->count++] = id;
    }
    while (c->n_slots < c->count * 2) c->n_slots *= 2;
    c->slots = mx_alloc_zero(g->allocator, c->n_slots, sizeof *c->slots);
    if (!c->slots) return mx_nomem(err);
    for (size_t i = 0; i < c->count; i++) {
        const mx_node *f = mx_node_at(g, c->functions[i]);
        uint32_t *slot = slot_of(c, f->domain, f->name, f->overload);
        if (*slot == 0) *slot = (uint32_t)i + 1; /* of equal names the first counts */
    }
    return MX_OK;
}

void mx_calls_free(mx_calls *c) {
    if (!c->g) return;
    mx_free(c->g->allocator, c->functions, c->cap * sizeof *c->functions);
    mx_free(c->g->allocator, c->slots, c->n_slots * sizeof *c->slots);
    *c = (mx_calls){0};
}

uint32_t mx_calls_find(const mx_calls *c, mx_sid domain, mx_sid name, mx_sid overload) {
    uint32_t found = *slot_of(c, domain, name, overload);
    return found ? found - 1 : MX_NO_INDEX;
}

/* Functions that were reached and not yet looked into. */
typedef struct work {
    uint32_t *items;
    size_t count;
} work;

static void reach_below(const mx_calls *c, mx_node_id root, const mx_slate *skip, bool *reached, work *w) {
    for (mx_node_id id = root; id != MX_NO_NODE; id = mx_node_next_below(c->g, root, id)) {
        const mx_node *n = mx_node_at(c->g, id);
        if (n->kind != MX_NODE_OPERATOR || (skip && mx_slate_get(skip, id))) continue;
        uint32_t f = mx_calls_find(c, n->domain, n->op_type, n->overload);
        if (f == MX_NO_INDEX || reached[f]) continue;
        reached[f] = true;
        w->items[w->count++] = f;
    }
}

mx_status mx_calls_reach(const mx_calls *c, const mx_node_id *nodes, size_t count, const mx_slate *skip, bool *reached,
                         mx_error *err) {
    if (c->count == 0) return MX_OK;
    work w = {mx_alloc(c->g->allocator, c->count * sizeof *w.items), 0};
    if (!w.items) return mx_nomem(err);
    for (size_t i = 0; i < count; i++) reach_below(c, nodes[i], skip, reached, &w);
    while (w.count) reach_below(c, c->functions[w.items[--w.count]], skip, reached, &w);
    mx_free(c->g->allocator, w.items, c->count * sizeof *w.items);
    return MX_OK;
}
