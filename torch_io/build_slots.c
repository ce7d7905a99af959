/* Hash tables of indices. */
#include "torch_io/build_internal.h"

uint32_t mx_slots_next(const mx_bslots *s, uint32_t hash, size_t *at) {
    if (s->n == 0) return 0;
    for (;;) {
        const struct mx_bslot *slot = &s->items[*at & (s->n - 1)];
        if (slot->index == 0) return 0;
        ++*at;
        if (slot->hash == hash) return slot->index;
    }
}

static void put(mx_bslots *s, uint32_t hash, uint32_t index) {
    size_t at = hash;
    while (s->items[at & (s->n - 1)].index != 0)
        at++;
    s->items[at & (s->n - 1)] = (struct mx_bslot){hash, index};
}

bool mx_slots_add(const mx_allocator *a, mx_bslots *s, uint32_t hash, uint32_t index) {
    if (s->used * 2 >= s->n) {
        mx_bslots larger = {.n = s->n ? s->n * 2 : 64, .used = s->used};
        larger.items = mx_alloc_zero(a, larger.n, sizeof *larger.items);
        if (!larger.items) return false;
        for (size_t i = 0; i < s->n; i++)
            if (s->items[i].index != 0) put(&larger, s->items[i].hash, s->items[i].index);
        mx_slots_free(a, s);
        *s = larger;
    }
    put(s, hash, index);
    s->used++;
    return true;
}

void mx_slots_free(const mx_allocator *a, mx_bslots *s) {
    mx_free(a, s->items, s->n * sizeof *s->items);
    *s = (mx_bslots){0};
}
