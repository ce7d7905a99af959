/* Counters by 64-bit keys, open addressing: what the modules of a class have in common. */
#include "htp/infer.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t mx_htp_mix(uint64_t a, uint64_t b) {
    uint64_t pair[2] = {a, b};
    return XXH3_64bits(pair, sizeof pair);
}

uint64_t mx_htp_type_hash(const mx_htp_flow *f, const mx_htp_op *o) {
    mx_str type = mx_text(f->g, mx_node_at(f->g, o->id)->op_type);
    return XXH3_64bits(type.p ? type.p : "", type.n);
}

uint64_t mx_htp_name_hash(const mx_htp_flow *f, const mx_htp_op *o) {
    mx_str name = mx_htp_op_name(f, o);
    return XXH3_64bits(name.p ? name.p : "", name.n);
}

mx_status mx_htp_tally_make(mx_htp_flow *f, size_t most, mx_htp_tally *t) {
    for (t->n_slots = 64; t->n_slots < 2 * most;)
        t->n_slots *= 2;
    t->keys = mx_arena_array(&f->arena, t->n_slots, sizeof *t->keys);
    t->counts = mx_arena_array(&f->arena, t->n_slots, sizeof *t->counts);
    if (!t->keys || !t->counts) return mx_nomem(f->err);
    mx_htp_tally_clear(t);
    return MX_OK;
}

void mx_htp_tally_clear(mx_htp_tally *t) {
    memset(t->keys, 0, t->n_slots * sizeof *t->keys);
    memset(t->counts, 0, t->n_slots * sizeof *t->counts);
}

uint32_t *mx_htp_tally_at(const mx_htp_tally *t, uint64_t a, uint64_t b, uint64_t c) {
    uint64_t parts[3] = {a, b, c}, key = XXH3_64bits(parts, sizeof parts) | 1;
    size_t mask = t->n_slots - 1, i = (size_t)(key >> 8) & mask;
    while (t->keys[i] && t->keys[i] != key)
        i = (i + 1) & mask;
    t->keys[i] = key;
    return &t->counts[i];
}
