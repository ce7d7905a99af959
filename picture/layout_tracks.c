/* Horizontal tracks in a gap. A wire that lies above another crosses it where its pins below or the other's pin above
 * fall into the other's width; wires are ordered so that this happens little, and each then gets the first track that
 * is free. */
#include "picture/layout_wires.h"

#include <stdlib.h>

#define FEW     400u /* wires whose pairs are compared */
#define SWAPS   40u
#define OVERLAY 1000

typedef struct track_order {
    mx_wire *wires;
    const mx_pin *pins;
    uint32_t *order;
    uint32_t n;
    int64_t *pairs; /* by places in the first order: what it costs more that the first lies above the second */
} track_order;

typedef struct sorted_wire {
    uint32_t wire;
    int32_t group, key;
} sorted_wire;

static int by_key(const void *a, const void *b) {
    const sorted_wire *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->wire < y->wire ? -1 : x->wire > y->wire;
}

/* Wires that go to the right: the rightmost on top; to the left: the leftmost. So equal directions do not cross. */
static sorted_wire first_key(const mx_wire *wires, uint32_t i) {
    const mx_wire *w = &wires[i];
    int64_t from = w->upper == MX_PORT_FREE ? w->high : w->upper;
    bool right = from * 2 < (int64_t)w->low + w->high;
    return (sorted_wire){i, right, (int32_t)(right ? -from : from)};
}

/* Pins of a wire stand sorted by side and x: the first that is not before a place. */
static uint32_t first_from(const track_order *t, const mx_wire *w, uint32_t side, int32_t x) {
    uint32_t low = w->first_pin, high = w->first_pin + w->n_pins;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const mx_pin *pin = &t->pins[middle];
        if (pin->side < side || (pin->side == side && pin->x < x))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Pins of one side that the width of another wire spans. */
static int64_t within(const track_order *t, const mx_wire *w, mx_pin_side side, const mx_wire *other) {
    uint32_t from = first_from(t, w, side, other->low + 1), to = first_from(t, w, side, other->high);
    return to > from ? to - from : 0;
}

/* Pins below that stand where the other wire has one above: on one line, if the other lies lower. */
static int64_t overlaid(const track_order *t, const mx_wire *w, const mx_wire *other) {
    uint32_t from = first_from(t, w, MX_SIDE_LOWER, INT32_MIN), end = first_from(t, w, MX_SIDE_LANE, INT32_MIN),
             to = from;
    uint32_t i = first_from(t, other, MX_SIDE_UPPER, INT32_MIN), last = first_from(t, other, MX_SIDE_LOWER, INT32_MIN);
    int64_t sum = 0;
    for (; i < last; i++) {
        for (; from < end && t->pins[from].x <= t->pins[i].x - MX_PIN_CLOSE;)
            from++;
        for (; to < end && t->pins[to].x < t->pins[i].x + MX_PIN_CLOSE;)
            to++;
        sum += to - from;
    }
    return sum;
}

/* What it costs that a lies above b. */
static int64_t above(const track_order *t, uint32_t a, uint32_t b) {
    const mx_wire *x = &t->wires[a], *y = &t->wires[b];
    if (x->high + MX_PIN_CLOSE < y->low || y->high + MX_PIN_CLOSE < x->low) return 0;
    return within(t, x, MX_SIDE_LOWER, y) + within(t, y, MX_SIDE_UPPER, x) + OVERLAY * overlaid(t, x, y);
}

/* Costs do not depend on the order: each pair is looked at once. */
static void compare_pairs(const track_order *t) {
    for (uint32_t i = 0; i < t->n; i++)
        for (uint32_t k = i + 1; k < t->n; k++) {
            int64_t more = above(t, t->order[i], t->order[k]) - above(t, t->order[k], t->order[i]);
            t->pairs[(size_t)i * t->n + k] = more;
            t->pairs[(size_t)k * t->n + i] = -more;
        }
}

/* Each wire in turn to the place where it costs least. places: of the first order, as they stand now. */
static bool sift(const track_order *t, uint32_t *places) {
    bool changed = false;
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t w = places[i], best = i;
        const int64_t *more = t->pairs + (size_t)w * t->n;
        int64_t now = 0, least = 0;
        for (uint32_t k = i; k-- > 0;) { /* upwards */
            now += more[places[k]];
            if (now < least) least = now, best = k;
        }
        now = 0;
        for (uint32_t k = i + 1; k < t->n; k++) { /* downwards */
            now -= more[places[k]];
            if (now < least) least = now, best = k;
        }
        if (best == i) continue;
        if (best < i)
            memmove(places + best + 1, places + best, (i - best) * sizeof *places);
        else
            memmove(places + i, places + i + 1, (best - i) * sizeof *places);
        places[best] = w;
        changed = true;
    }
    return changed;
}

static mx_status sift_all(mx_lay *l, track_order *t) {
    size_t pairs = (size_t)t->n * t->n;
    uint32_t *places = mx_lay_array(l, t->n, sizeof *places), *order = mx_lay_array(l, t->n, sizeof *order);
    if (!places || !order) return mx_nomem(l->err);
    t->pairs = mx_alloc_zero(l->allocator, pairs, sizeof *t->pairs); /* of this gap only */
    if (!t->pairs) return mx_nomem(l->err);
    compare_pairs(t);
    for (uint32_t i = 0; i < t->n; i++)
        places[i] = i;
    for (uint32_t i = 0; i < SWAPS && sift(t, places); i++) {
    }
    for (uint32_t i = 0; i < t->n; i++)
        order[i] = t->order[places[i]];
    t->order = order;
    mx_free(l->allocator, t->pairs, pairs * sizeof *t->pairs);
    return MX_OK;
}

/* ---- the first free track: a tree over the places where wires begin and end ---- */

typedef struct tree {
    uint32_t *all, *top; /* by tree node: a track that covers all of it, the lowest track in it */
    uint32_t leaves;
} tree;

static uint32_t lowest(const tree *t, uint32_t from, uint32_t to) {
    uint32_t found = 0;
    for (uint32_t i = from + t->leaves, k = to + t->leaves + 1; i < k; i /= 2, k /= 2) {
        if ((i & 1) && t->top[i] > found) found = t->top[i];
        if ((k & 1) && t->top[k - 1] > found) found = t->top[k - 1];
        i += i & 1;
        k -= k & 1;
    }
    for (uint32_t i = (from + t->leaves) / 2; i; i /= 2)
        if (t->all[i] > found) found = t->all[i];
    for (uint32_t i = (to + t->leaves) / 2; i; i /= 2)
        if (t->all[i] > found) found = t->all[i];
    return found;
}

static void cover(tree *t, uint32_t from, uint32_t to, uint32_t track) {
    for (uint32_t i = from + t->leaves, k = to + t->leaves + 1; i < k; i /= 2, k /= 2) {
        if (i & 1) t->all[i] = t->top[i] = track;
        if (k & 1) t->all[k - 1] = t->top[k - 1] = track;
        i += i & 1;
        k -= k & 1;
    }
    for (uint32_t i = (from + t->leaves) / 2; i; i /= 2)
        if (t->top[i] < track) t->top[i] = track;
    for (uint32_t i = (to + t->leaves) / 2; i; i /= 2)
        if (t->top[i] < track) t->top[i] = track;
}

static int by_x(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t place_of(const int32_t *xs, uint32_t n, int32_t x) {
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (xs[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static mx_status give_tracks(mx_lay *l, const track_order *t, uint32_t *tracks) {
    int32_t *xs = mx_lay_array(l, (size_t)t->n * 2, sizeof *xs);
    tree over = {.leaves = t->n * 2};
    over.all = mx_lay_array(l, (size_t)over.leaves * 2, sizeof(uint32_t));
    over.top = mx_lay_array(l, (size_t)over.leaves * 2, sizeof(uint32_t));
    if (!xs || !over.all || !over.top) return mx_nomem(l->err);
    for (uint32_t i = 0; i < t->n; i++) {
        xs[2 * i] = t->wires[t->order[i]].low;
        xs[2 * i + 1] = t->wires[t->order[i]].high + MX_PIN_CLOSE;
    }
    qsort(xs, over.leaves, sizeof *xs, by_x);
    *tracks = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        mx_wire *w = &t->wires[t->order[i]];
        uint32_t from = place_of(xs, over.leaves, w->low), to = place_of(xs, over.leaves, w->high + MX_PIN_CLOSE);
        w->track = lowest(&over, from, to) + 1;
        cover(&over, from, to, w->track);
        if (w->track > *tracks) *tracks = w->track;
    }
    return MX_OK;
}

/* Pins of `other` whose upright lines the level line of `w` cuts. */
static uint32_t cuts(const mx_pin *pins, const mx_wire *w, const mx_wire *other) {
    uint32_t sum = 0;
    if (other->low > w->high || other->high < w->low) return 0;
    for (uint32_t i = other->first_pin; i < other->first_pin + other->n_pins; i++) {
        const mx_pin *pin = &pins[i];
        if (pin->x <= w->low || pin->x >= w->high) continue;
        if (i > other->first_pin && pin[-1].side == pin->side && pin[-1].x == pin->x) continue; /* one line of both */
        bool from_above = pin->side == MX_SIDE_UPPER, through = other->low == other->high;
        if (through ? from_above : from_above ? other->track > w->track : other->track < w->track) sum++;
    }
    return sum;
}

/* Once the tracks are given. */
static uint64_t drawn_crossings(const mx_wire *wires, uint32_t n, const mx_pin *pins) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n && n <= FEW; i++)
        for (uint32_t k = 0; k < n && wires[i].low != wires[i].high; k++)
            if (wires[k].net != wires[i].net) sum += cuts(pins, &wires[i], &wires[k]);
    return sum;
}

mx_status mx_lay_tracks(mx_lay *l, mx_wire *wires, uint32_t n, const mx_pin *pins, uint32_t *tracks) {
    track_order t = {.wires = wires, .pins = pins};
    sorted_wire *sorted = mx_lay_array(l, n, sizeof *sorted);
    t.order = mx_lay_array(l, n, sizeof *t.order);
    *tracks = 0;
    if (!sorted || !t.order) return mx_nomem(l->err);
    for (uint32_t i = 0; i < n; i++)
        if (wires[i].low != wires[i].high) sorted[t.n++] = first_key(wires, i);
    if (!t.n) return MX_OK;
    qsort(sorted, t.n, sizeof *sorted, by_key);
    for (uint32_t i = 0; i < t.n; i++)
        t.order[i] = sorted[i].wire;
    if (t.n > 1 && t.n <= FEW) MX_TRY(sift_all(l, &t));
    MX_TRY(give_tracks(l, &t, tracks));
    l->drawn += drawn_crossings(wires, n, pins);
    return MX_OK;
}
