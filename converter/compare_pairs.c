/* Which elements of two lists belong together, by keys, in linear time. */
#include "converter/compare_internal.h"

/* The slot of `key`, or the free one where it would go. Slots hold the first element of a key that is left, plus 1. */
static size_t slot_of(const uint32_t *slots, size_t mask, const uint64_t *keys, uint64_t key) {
    size_t i = (size_t)((key ^ key >> 32) * 0x9E3779B97F4A7C15u >> 20) & mask;
    while (slots[i] && keys[slots[i] - 1] != key)
        i = (i + 1) & mask;
    return i;
}

mx_status mx_cmp_match_keys(mx_cmp *c, const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b, uint32_t *match,
                            uint32_t *next) {
    size_t n_slots = 16;
    while (n_slots / 2 < n_b)
        n_slots *= 2;
    uint32_t *slots = mx_alloc_zero(c->allocator, n_slots, sizeof *slots);
    if (!slots) return mx_nomem(c->err);
    for (size_t i = n_b; i-- > 0;) { /* backwards, so that the first of a key comes first */
        size_t slot = slot_of(slots, n_slots - 1, b, b[i]);
        next[i] = slots[slot];
        slots[slot] = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < n_a; i++) {
        size_t slot = slot_of(slots, n_slots - 1, b, a[i]);
        uint32_t found = slots[slot];
        match[i] = found && next[found - 1] != UINT32_MAX ? found : 0; /* the last of a key stays in its slot */
        if (!match[i]) continue;
        if (next[found - 1]) slots[slot] = next[found - 1];
        next[found - 1] = UINT32_MAX;
    }
    mx_free(c->allocator, slots, n_slots * sizeof *slots);
    return MX_OK;
}

static bool in_step(const mx_cmp *c, const mx_cmp_lists *l) {
    if (l->n[0] != l->n[1]) return false;
    for (size_t i = 0; i < l->n[0]; i++)
        if (l->key(c, l->arg, 0, i) != l->key(c, l->arg, 1, i)) return false;
    return true;
}

static mx_status call_for_matches(mx_cmp *c, const mx_cmp_lists *l, const uint32_t *match, const uint32_t *next) {
    for (size_t i = 0; i < l->n[0]; i++)
        MX_TRY(l->each(c, l->arg, i, match[i] ? match[i] - 1 : SIZE_MAX));
    for (size_t i = 0; i < l->n[1]; i++)
        if (next[i] != UINT32_MAX) MX_TRY(l->each(c, l->arg, SIZE_MAX, i));
    return MX_OK;
}

mx_status mx_cmp_pairs(mx_cmp *c, const mx_cmp_lists *l) {
    if (in_step(c, l)) {
        for (size_t i = 0; i < l->n[0]; i++)
            MX_TRY(l->each(c, l->arg, i, i));
        return MX_OK;
    }
    size_t n = l->n[0] + l->n[1], size = n * (sizeof(uint64_t) + sizeof(uint32_t));
    if (l->n[0] >= UINT32_MAX || l->n[1] >= UINT32_MAX)
        return mx_fail(c->err, MX_ERR_LIMIT, "a list of over 2^32 items");
    uint64_t *keys = mx_alloc(c->allocator, size);
    if (!keys) return mx_nomem(c->err);
    uint32_t *match = (uint32_t *)(keys + n), *next = match + l->n[0];
    for (size_t i = 0; i < l->n[0]; i++)
        keys[i] = l->key(c, l->arg, 0, i);
    for (size_t i = 0; i < l->n[1]; i++)
        keys[l->n[0] + i] = l->key(c, l->arg, 1, i);
    mx_status status = mx_cmp_match_keys(c, keys, l->n[0], keys + l->n[0], l->n[1], match, next);
    if (status == MX_OK) status = call_for_matches(c, l, match, next);
    mx_free(c->allocator, keys, size);
    return status;
}
