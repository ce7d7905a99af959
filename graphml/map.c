#include "graphml/map.h"

void mx_map_init(mx_map *m, const mx_allocator *a) {
    *m = (mx_map){.allocator = a};
}

void mx_map_free(mx_map *m) {
    mx_free(m->allocator, m->slots, m->n_slots * sizeof *m->slots);
    m->slots = NULL;
    m->n_slots = m->count = 0;
}

/* A finalizer of 64 bits: keys are small running numbers, which must not cluster. */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static size_t slot_of(const mx_map *m, uint64_t key) {
    size_t mask = m->n_slots - 1, i = (size_t)mix(key) & mask;
    while (m->slots[i].used && m->slots[i].key != key)
        i = (i + 1) & mask;
    return i;
}

static bool grow(mx_map *m) {
    mx_map bigger = {.allocator = m->allocator, .n_slots = m->n_slots ? m->n_slots * 2 : 16, .count = m->count};
    bigger.slots = mx_alloc_zero(m->allocator, bigger.n_slots, sizeof *bigger.slots);
    if (!bigger.slots) return false;
    for (size_t i = 0; i < m->n_slots; i++)
        if (m->slots[i].used) bigger.slots[slot_of(&bigger, m->slots[i].key)] = m->slots[i];
    mx_map_free(m);
    *m = bigger;
    return true;
}

uint32_t mx_map_get(const mx_map *m, uint64_t key) {
    if (!m->n_slots) return UINT32_MAX;
    const mx_map_slot *slot = &m->slots[slot_of(m, key)];
    return slot->used ? slot->value : UINT32_MAX;
}

bool mx_map_add(mx_map *m, uint64_t key, uint32_t value, uint32_t *have) {
    if (m->count * 4 >= m->n_slots * 3 && !grow(m)) return false;
    mx_map_slot *slot = &m->slots[slot_of(m, key)];
    if (!slot->used) {
        *slot = (mx_map_slot){key, value, true};
        m->count++;
    }
    *have = slot->value;
    return true;
}
