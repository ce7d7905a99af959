/* The order within layers: barycenter sweeps down and up from several first orders, neighbours exchanged where that
 * helps, the best kept. How often is a matter of size, not of time. */
#include "picture/layout_order.h"

#include <stdlib.h>

#define WORK         1500000u /* vertices and segments looked at in all sweeps together */
#define SWEEPS_MOST  12u
#define SWEEPS_LEAST 2u
#define SWEEPS_FEW   6u
#define STARTS       10u
#define STARTS_FEW   4u
#define IDLE         4u  /* sweeps that do not help */
#define FEW          64u /* segments of a vertex, for exchanging neighbours */
#define ROUNDS       6u
#define COMPANY      6u   /* segments that are followed to those who share a neighbour */
#define SIFTED       300u /* vertices of a layer in which each tries all places at the end */
#define SIFTED_MOST  5000u
#define SIFTINGS     3u

/* ---- first orders ---- */

static void append(mx_lay *l, uint32_t *fill, uint32_t v) {
    l->pos[v] = fill[l->layer[v]];
    l->order[l->start[l->layer[v]] + fill[l->layer[v]]++] = v;
}

/* Depth first along the segments, so that what belongs together stands together. */
static void walk(mx_ordering *o, uint32_t *fill, uint32_t from, bool downwards, bool reversed) {
    mx_lay *l = o->l;
    const uint32_t *start = downwards ? l->down_start : l->up_start, *list = downwards ? l->down : l->up;
    uint32_t depth = 0;
    if (o->seen[from]) return;
    o->seen[from] = 1;
    o->stack[depth++] = from;
    while (depth) {
        uint32_t v = o->stack[--depth], n = start[v + 1] - start[v];
        append(l, fill, v);
        for (uint32_t k = 0; k < n; k++) {
            const mx_seg *s = &l->segs[list[reversed ? start[v] + k : start[v + 1] - 1 - k]];
            uint32_t to = downwards ? s->v : s->u;
            if (o->seen[to]) continue;
            o->seen[to] = 1;
            o->stack[depth++] = to;
        }
    }
}

static void first_order(mx_ordering *o, uint32_t *fill, uint32_t variant) {
    mx_lay *l = o->l;
    memset(fill, 0, l->n_layers * sizeof *fill);
    memset(o->seen, 0, l->n_vertices);
    bool downwards = !(variant & 1), reversed = variant & 2;
    for (uint32_t i = 0; i < l->n_vertices; i++) {
        uint32_t v = downwards ? i : l->n_vertices - 1 - i;
        bool root = downwards ? l->up_start[v] == l->up_start[v + 1] : l->down_start[v] == l->down_start[v + 1];
        if (root) walk(o, fill, v, downwards, reversed);
    }
    for (uint32_t v = 0; v < l->n_vertices; v++)
        walk(o, fill, v, downwards, reversed);
}

/* A stir that is the same every time. */
static void stir(mx_lay *l, uint32_t seed) {
    uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
    for (uint32_t layer = 0; layer < l->n_layers; layer++) {
        uint32_t *order = l->order + l->start[layer], n = l->start[layer + 1] - l->start[layer];
        for (uint32_t i = n; i > 1; i--) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            uint32_t k = (uint32_t)((state >> 33) % i), v = order[k];
            order[k] = order[i - 1];
            order[i - 1] = v;
        }
        for (uint32_t i = 0; i < n; i++)
            l->pos[order[i]] = i;
    }
}

/* ---- sweeps ---- */

static int by_key(const void *a, const void *b) {
    const mx_place *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->pos < y->pos ? -1 : x->pos > y->pos;
}

static int by_key_late(const void *a, const void *b) {
    const mx_place *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->pos > y->pos ? -1 : x->pos < y->pos;
}

/* The mean place of the neighbours, -1: none. */
static double barycenter(const mx_lay *l, uint32_t v, bool above) {
    const uint32_t *start = above ? l->up_start : l->down_start, *list = above ? l->up : l->down;
    uint32_t n = start[v + 1] - start[v];
    double sum = 0;
    if (!n) return -1;
    for (uint32_t k = start[v]; k < start[v + 1]; k++) {
        const mx_seg *s = &l->segs[list[k]];
        uint32_t rank = above ? s->ru : s->rv;
        sum += (double)(above ? l->pos[s->u] : l->pos[s->v]) + (rank ? rank / (rank + 8.0) : 0.4);
    }
    return sum / n;
}

/* Without neighbours on that side: the mean key of those that share a neighbour on the other, such as the other inputs
 * of what a constant goes to. -1: none. */
static double key_of_company(const mx_ordering *o, uint32_t v, bool above) {
    const mx_lay *l = o->l;
    const uint32_t *start = above ? l->down_start : l->up_start, *list = above ? l->down : l->up;
    const uint32_t *back_start = above ? l->up_start : l->down_start, *back = above ? l->up : l->down;
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t k = start[v]; k < start[v + 1] && k < start[v] + COMPANY; k++) {
        uint32_t to = above ? l->segs[list[k]].v : l->segs[list[k]].u;
        for (uint32_t i = back_start[to]; i < back_start[to + 1] && i < back_start[to] + COMPANY; i++) {
            uint32_t other = above ? l->segs[back[i]].u : l->segs[back[i]].v;
            if (o->key[other] < 0) continue;
            sum += o->key[other];
            n++;
        }
    }
    return n ? sum / n : -1;
}

/* Vertices that nothing says anything of stay where they are, the others are sorted around them. */
static void sort_layer(mx_ordering *o, uint32_t layer, bool above, bool late) {
    mx_lay *l = o->l;
    uint32_t *order = l->order + l->start[layer], n = l->start[layer + 1] - l->start[layer], count = 0, next = 0;
    for (uint32_t i = 0; i < n; i++)
        o->key[order[i]] = barycenter(l, order[i], above);
    for (uint32_t i = 0; i < n; i++) {
        double key = o->key[order[i]] >= 0 ? o->key[order[i]] : key_of_company(o, order[i], above);
        o->places[i] = (mx_place){key, order[i], i};
    }
    for (uint32_t i = 0; i < n; i++)
        if (o->places[i].key >= 0)
            o->places[count++] = o->places[i];
        else
            l->pos[order[i]] = UINT32_MAX; /* stays */
    qsort(o->places, count, sizeof *o->places, late ? by_key_late : by_key);
    for (uint32_t i = 0; i < n; i++)
        if (l->pos[order[i]] != UINT32_MAX) order[i] = o->places[next++].vertex;
    for (uint32_t i = 0; i < n; i++)
        l->pos[order[i]] = i;
}

/* ---- hints ---- */

static int32_t hint_of(const mx_lay *l, uint32_t v) {
    return mx_lay_is_dummy(l, v) ? MX_PORT_FREE : l->in->boxes[v].hint;
}

/* Pinned boxes of a layer among themselves; the others stay where they are. */
static void sort_by_hint(mx_ordering *o, uint32_t layer) {
    mx_lay *l = o->l;
    uint32_t *order = l->order + l->start[layer], n = l->start[layer + 1] - l->start[layer], count = 0, next = 0;
    for (uint32_t i = 0; i < n; i++)
        if (hint_of(l, order[i]) != MX_PORT_FREE) o->places[count++] = (mx_place){hint_of(l, order[i]), order[i], i};
    if (count < 2) return;
    qsort(o->places, count, sizeof *o->places, by_key);
    for (uint32_t i = 0; i < n; i++)
        if (hint_of(l, order[i]) != MX_PORT_FREE) order[i] = o->places[next++].vertex;
    for (uint32_t i = 0; i < n; i++)
        l->pos[order[i]] = i;
}

static uint64_t against_hints(mx_ordering *o, uint32_t layer) {
    const mx_lay *l = o->l;
    size_t n = 0;
    for (uint32_t i = l->start[layer]; i < l->start[layer + 1] && n < l->n_segs; i++) {
        int32_t hint = hint_of(l, l->order[i]);
        if (hint != MX_PORT_FREE) o->keys[n++] = (uint64_t)((int64_t)hint - INT32_MIN);
    }
    return mx_inversions(o->keys, o->room, n);
}

/* ---- neighbours exchanged ---- */

static bool too_many(const mx_lay *l, uint32_t v) {
    return l->down_start[v + 1] - l->down_start[v] > FEW || l->up_start[v + 1] - l->up_start[v] > FEW;
}

static void sort_ends(mx_ordering *o, uint32_t v, bool above) {
    const mx_lay *l = o->l;
    const uint32_t *start = above ? l->up_start : l->down_start, *list = above ? l->up : l->down;
    uint64_t *keys = (above ? o->above : o->below) + start[v];
    uint32_t n = start[v + 1] - start[v];
    for (uint32_t k = 0; k < n; k++) {
        const mx_seg *s = &l->segs[list[start[v] + k]];
        keys[k] = above ? mx_seg_upper(l, s) : mx_seg_lower(l, s);
    }
    if (n > 1) mx_sort_keys(keys, n);
}

/* While only one layer changes, what its vertices lead to stays where it is. */
static void sort_all_ends(mx_ordering *o, uint32_t layer) {
    const mx_lay *l = o->l;
    for (uint32_t i = l->start[layer]; i < l->start[layer + 1]; i++) {
        if (too_many(l, l->order[i])) continue;
        sort_ends(o, l->order[i], true);
        sort_ends(o, l->order[i], false);
    }
}

/* Crossings with a to the left of b, less those the other way round. */
static int64_t gain(const mx_ordering *o, uint32_t a, uint32_t b, bool above) {
    const uint32_t *start = above ? o->l->up_start : o->l->down_start;
    const uint64_t *keys = above ? o->above : o->below, *left = keys + start[a], *right = keys + start[b];
    uint32_t n = start[a + 1] - start[a], m = start[b + 1] - start[b], less = 0, equal = 0;
    int64_t sum = 0;
    if (!n || !m) return 0;
    if (left[n - 1] < right[0]) return -(int64_t)n * m;
    if (right[m - 1] < left[0]) return (int64_t)n * m;
    for (uint32_t i = 0; i < n; i++) {
        while (less < m && right[less] < left[i])
            less++;
        if (equal < less) equal = less;
        while (equal < m && right[equal] == left[i])
            equal++;
        sum += (int64_t)less - (int64_t)(m - equal);
    }
    return sum;
}

static int64_t hint_gain(const mx_lay *l, uint32_t a, uint32_t b) {
    int32_t x = hint_of(l, a), y = hint_of(l, b);
    return x == MX_PORT_FREE || y == MX_PORT_FREE ? 0 : (x > y) - (x < y);
}

/* Crossings and broken hints that go away when b comes to stand left of a. */
static int64_t better(const mx_ordering *o, uint32_t a, uint32_t b) {
    const mx_lay *l = o->l;
    return (gain(o, a, b, true) + gain(o, a, b, false)) * (int64_t)o->crossing + hint_gain(l, a, b) * (int64_t)o->hint;
}

static bool exchange(mx_ordering *o, uint32_t layer) {
    mx_lay *l = o->l;
    uint32_t *order = l->order + l->start[layer], n = l->start[layer + 1] - l->start[layer];
    bool changed = false;
    sort_all_ends(o, layer);
    for (uint32_t i = 0; i + 1 < n; i++) {
        uint32_t a = order[i], b = order[i + 1];
        if (too_many(l, a) || too_many(l, b)) continue;
        if (better(o, a, b) <= 0) continue;
        order[i] = b;
        order[i + 1] = a;
        l->pos[b] = i;
        l->pos[a] = i + 1;
        changed = true;
    }
    return changed;
}

/* Each vertex to the best place in its layer. */
static bool sift(mx_ordering *o, uint32_t layer) {
    mx_lay *l = o->l;
    uint32_t *order = l->order + l->start[layer], n = l->start[layer + 1] - l->start[layer];
    bool changed = false;
    sort_all_ends(o, layer);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = order[i], best = i;
        int64_t now = 0, most = 0;
        if (too_many(l, v)) continue;
        for (uint32_t k = i; k-- > 0 && !too_many(l, order[k]);)
            if ((now += better(o, order[k], v)) > most) most = now, best = k;
        now = 0;
        for (uint32_t k = i + 1; k < n && !too_many(l, order[k]); k++)
            if ((now += better(o, v, order[k])) > most) most = now, best = k;
        if (best == i) continue;
        if (best < i)
            memmove(order + best + 1, order + best, (i - best) * sizeof *order);
        else
            memmove(order + i, order + i + 1, (best - i) * sizeof *order);
        order[best] = v;
        for (uint32_t k = best < i ? best : i; k <= (best < i ? i : best); k++)
            l->pos[order[k]] = k;
        changed = true;
    }
    return changed;
}

static void exchange_all(mx_ordering *o, uint32_t rounds) {
    const mx_lay *l = o->l;
    bool changed = true;
    for (uint32_t i = 0; i < rounds && changed; i++) {
        changed = false;
        for (uint32_t layer = 0; layer < l->n_layers; layer++)
            changed = exchange(o, layer) || changed;
    }
}

/* ---- all ---- */

/* Where it does not take long. Whether anything was changed. */
static bool sift_all(mx_ordering *o) {
    const mx_lay *l = o->l;
    bool changed = l->n_vertices <= SIFTED_MOST, any = false;
    for (uint32_t i = 0; i < SIFTINGS && changed; i++) {
        changed = false;
        for (uint32_t layer = 0; layer < l->n_layers; layer++)
            if (l->start[layer + 1] - l->start[layer] <= SIFTED) changed = sift(o, layer) || changed;
        any = any || changed;
    }
    return any;
}

static uint64_t all_crossings(mx_ordering *o) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i + 1 < o->l->n_layers; i++)
        sum += mx_crossings_below(o, i);
    return sum;
}

/* The cost of the order at hand. */
static uint64_t keep_best(mx_ordering *o) {
    uint64_t crossings = all_crossings(o), hints = against_hints(o, 0) + against_hints(o, o->l->n_layers - 1);
    uint64_t now = crossings * o->crossing + hints * o->hint;
    if (now >= o->least) return now;
    o->least = now;
    o->crossings = crossings;
    memcpy(o->best, o->l->order, o->l->n_vertices * sizeof *o->best);
    return now;
}

static void take_best(mx_ordering *o) {
    mx_lay *l = o->l;
    memcpy(l->order, o->best, l->n_vertices * sizeof *o->best);
    for (uint32_t layer = 0; layer < l->n_layers; layer++)
        for (uint32_t i = l->start[layer]; i < l->start[layer + 1]; i++)
            l->pos[l->order[i]] = i - l->start[layer];
}

/* Up and down, until that has not helped for a while; then each vertex on its own. */
static void sweep(mx_ordering *o, uint32_t sweeps, uint32_t rounds) {
    mx_lay *l = o->l;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0, idle = 0; i < sweeps && o->least && idle < IDLE; i++) {
        bool late = i & 2;
        sort_by_hint(o, i % 2 == 0 ? 0 : l->n_layers - 1);
        if (i % 2 == 0)
            for (uint32_t layer = 1; layer < l->n_layers; layer++)
                sort_layer(o, layer, true, late);
        else
            for (uint32_t layer = l->n_layers - 1; layer-- > 0;)
                sort_layer(o, layer, false, late);
        exchange_all(o, rounds);
        uint64_t now = keep_best(o);
        idle = now < least ? 0 : idle + 1;
        if (now < least) least = now;
    }
    if (o->least && !l->order_only && sift_all(o)) keep_best(o);
}

static mx_status take_memory(mx_ordering *o) {
    mx_lay *l = o->l;
    size_t n = l->n_vertices;
    l->order = mx_lay_array(l, n, sizeof(uint32_t));
    l->pos = mx_lay_array(l, n, sizeof(uint32_t));
    l->start = mx_lay_array(l, l->n_layers + 1, sizeof(uint32_t));
    o->keys = mx_lay_array(l, l->n_segs, sizeof *o->keys);
    o->room = mx_lay_array(l, l->n_segs, sizeof *o->room);
    o->above = mx_lay_array(l, l->n_segs, sizeof *o->above);
    o->below = mx_lay_array(l, l->n_segs, sizeof *o->below);
    o->places = mx_lay_array(l, n, sizeof *o->places);
    o->best = mx_lay_array(l, n, sizeof *o->best);
    o->stack = mx_lay_array(l, n, sizeof *o->stack);
    o->seen = mx_lay_array(l, n, 1);
    o->key = mx_lay_array(l, n, sizeof *o->key);
    o->twins = mx_lay_array(l, l->has_parted ? l->n_segs : 1, sizeof *o->twins);
    return l->order && l->pos && l->start && o->keys && o->room && o->above && o->below && o->places && o->best &&
                   o->stack && o->seen && o->key && o->twins
               ? MX_OK
               : mx_nomem(l->err);
}

mx_status mx_lay_order(mx_lay *l) {
    mx_ordering o = {.l = l, .least = UINT64_MAX};
    o.crossing = l->in->crossing_cost ? l->in->crossing_cost : 1;
    o.hint = l->in->hint_cost ? l->in->hint_cost : 1;
    MX_TRY(take_memory(&o));
    uint32_t *fill = mx_lay_array(l, l->n_layers, sizeof *fill);
    if (!fill) return mx_nomem(l->err);
    for (uint32_t v = 0; v < l->n_vertices; v++)
        l->start[l->layer[v] + 1]++;
    for (uint32_t i = 0; i < l->n_layers; i++)
        l->start[i + 1] += l->start[i];
    uint64_t size = (uint64_t)l->n_vertices + l->n_segs, sweeps = WORK / (size * 8 + 1);
    bool thorough = l->in->thorough && !l->order_only;
    uint32_t most = thorough ? SWEEPS_MOST : SWEEPS_FEW, all = thorough ? STARTS : STARTS_FEW;
    uint32_t starts = sweeps >= all * most ? all : 2;
    uint32_t each = sweeps / starts > most ? most : (uint32_t)(sweeps / starts);
    if (each < SWEEPS_LEAST) each = SWEEPS_LEAST;
    for (uint32_t i = 0; i < starts && o.least; i++) {
        first_order(&o, fill, i & 3);
        if (i >= 4) stir(l, i);
        keep_best(&o);
        sweep(&o, each, size > 20000 ? 2 : ROUNDS);
    }
    take_best(&o);
    if (o.least && sift_all(&o)) {
        keep_best(&o);
        take_best(&o);
    }
    l->crossings = o.crossings;
    l->cost = o.least;
    return MX_OK;
}
