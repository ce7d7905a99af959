/* Layers. Edges that would close a cycle are marked; the others go from a layer to one further down. */
#include "picture/layout_internal.h"

#define WINDOW 64u /* boxes that are looked at for a place to break a cycle */
#define LOUD   4u
#define QUIET  1u

typedef struct ranking {
    mx_lay *l;
    uint32_t *out_start, *in_start, *out, *into; /* edges by box */
    uint32_t *waiting;                           /* by box: edges into it from boxes that have no place yet */
    uint32_t *loose;                             /* by box: edges into it from boxes that have one */
    uint32_t *order;                             /* boxes, makers before users */
    uint32_t *value_last;                        /* by value: the last layer that uses it */
    uint32_t *seen;                              /* by value */
    uint8_t *placed;
} ranking;

static uint32_t weight_of(const mx_layout_edge *e) {
    return e->quiet ? QUIET : LOUD;
}

static mx_status link_edges(ranking *r) {
    mx_lay *l = r->l;
    uint32_t n = l->n, m = l->in->n_edges;
    r->out_start = mx_lay_array(l, n + 2, sizeof(uint32_t));
    r->in_start = mx_lay_array(l, n + 2, sizeof(uint32_t));
    r->out = mx_lay_array(l, m, sizeof(uint32_t));
    r->into = mx_lay_array(l, m, sizeof(uint32_t));
    if (!r->out_start || !r->in_start || !r->out || !r->into) return mx_nomem(l->err);
    for (uint32_t e = 0; e < m; e++) {
        r->out_start[l->in->edges[e].from + 2]++;
        r->in_start[l->in->edges[e].to + 2]++;
    }
    for (uint32_t i = 2; i < n + 2; i++) {
        r->out_start[i] += r->out_start[i - 1];
        r->in_start[i] += r->in_start[i - 1];
    }
    for (uint32_t e = 0; e < m; e++) {
        r->out[r->out_start[l->in->edges[e].from + 1]++] = e;
        r->into[r->in_start[l->in->edges[e].to + 1]++] = e;
    }
    return MX_OK;
}

/* Nothing leads to the first layer, nothing out of the last. */
static void pinned_edges(mx_lay *l) {
    for (uint32_t e = 0; e < l->in->n_edges; e++) {
        mx_layout_edge *edge = &l->in->edges[e];
        edge->back = l->in->boxes[edge->to].pin == MX_PIN_FIRST || l->in->boxes[edge->from].pin == MX_PIN_LAST;
    }
}

/* Of the first boxes without a place, the one with the fewest edges from others without one; it is taken where all wait
 * for each other. */
static uint32_t break_cycle(const ranking *r, uint32_t from) {
    uint32_t best = MX_NO_SEG;
    for (uint32_t v = from, seen = 0; v < r->l->n && seen < WINDOW; v++) {
        if (r->placed[v]) continue;
        seen++;
        if (best == MX_NO_SEG || r->waiting[v] < r->waiting[best] ||
            (r->waiting[v] == r->waiting[best] && r->loose[v] > r->loose[best]))
            best = v;
    }
    return best;
}

static void put(ranking *r, uint32_t v, uint32_t *tail) {
    r->placed[v] = 1;
    r->order[(*tail)++] = v;
}

static void sort_boxes(ranking *r) {
    mx_lay *l = r->l;
    uint32_t head = 0, tail = 0, next = 0;
    for (uint32_t e = 0; e < l->in->n_edges; e++)
        if (!l->in->edges[e].back) r->waiting[l->in->edges[e].to] += weight_of(&l->in->edges[e]);
    for (uint32_t v = 0; v < l->n; v++)
        if (!r->waiting[v]) put(r, v, &tail);
    while (head < l->n) {
        if (head == tail) {
            while (r->placed[next])
                next++;
            put(r, break_cycle(r, next), &tail);
        }
        uint32_t v = r->order[head++];
        for (uint32_t k = r->out_start[v]; k < r->out_start[v + 1]; k++) {
            mx_layout_edge *e = &l->in->edges[r->out[k]];
            if (e->back) continue;
            if (r->placed[e->to]) {
                e->back = true;
                continue;
            }
            r->loose[e->to] += weight_of(e);
            if ((r->waiting[e->to] -= weight_of(e)) == 0) put(r, e->to, &tail);
        }
    }
}

static uint32_t longest_paths(ranking *r) {
    mx_lay *l = r->l;
    uint32_t first = 0, last = 0;
    for (uint32_t v = 0; v < l->n && !first; v++)
        first = l->in->boxes[v].pin == MX_PIN_FIRST;
    for (uint32_t i = 0; i < l->n; i++) {
        uint32_t v = r->order[i];
        if (l->in->boxes[v].pin != MX_PIN_FIRST && l->layer[v] < first) l->layer[v] = first;
        if (l->in->boxes[v].pin != MX_PIN_LAST && l->layer[v] > last) last = l->layer[v];
        for (uint32_t k = r->out_start[v]; k < r->out_start[v + 1]; k++) {
            const mx_layout_edge *e = &l->in->edges[r->out[k]];
            if (!e->back && l->layer[e->to] < l->layer[v] + 1) l->layer[e->to] = l->layer[v] + 1;
        }
    }
    return last;
}

/* An edge of a value that others use further down costs nothing by being longer. */
static uint32_t weight_above(const ranking *r, uint32_t v) {
    const mx_lay *l = r->l;
    uint32_t sum = 0;
    for (uint32_t k = r->in_start[v]; k < r->in_start[v + 1]; k++) {
        const mx_layout_edge *e = &l->in->edges[r->into[k]];
        if (!e->back && r->value_last[e->value] <= l->layer[v]) sum += weight_of(e);
    }
    return sum;
}

/* Also the layer right above the first user. */
static uint32_t weight_below(ranking *r, uint32_t v, uint32_t *lowest) {
    const mx_lay *l = r->l;
    uint32_t sum = 0;
    *lowest = UINT32_MAX;
    for (uint32_t k = r->out_start[v]; k < r->out_start[v + 1]; k++) {
        const mx_layout_edge *e = &l->in->edges[r->out[k]];
        if (e->back) continue;
        if (l->layer[e->to] - 1 < *lowest) *lowest = l->layer[e->to] - 1;
        if (r->seen[e->value] == v + 1) continue;
        r->seen[e->value] = v + 1;
        sum += weight_of(e);
    }
    return sum;
}

/* What only leaves the group stays near what it comes from. */
static bool ends_here(const ranking *r, uint32_t v) {
    if (r->in_start[v] == r->in_start[v + 1]) return false;
    for (uint32_t k = r->out_start[v]; k < r->out_start[v + 1]; k++)
        if (r->l->in->boxes[r->l->in->edges[r->out[k]].to].pin != MX_PIN_LAST) return false;
    return true;
}

static void pull_down(ranking *r) {
    mx_lay *l = r->l;
    for (uint32_t e = 0; e < l->in->n_edges; e++) {
        const mx_layout_edge *edge = &l->in->edges[e];
        if (!edge->back && r->value_last[edge->value] < l->layer[edge->to])
            r->value_last[edge->value] = l->layer[edge->to];
    }
    for (uint32_t i = l->n; i-- > 0;) {
        uint32_t v = r->order[i], lowest, below;
        if (l->in->boxes[v].pin != MX_PIN_NONE || ends_here(r, v)) continue;
        below = weight_below(r, v, &lowest);
        bool pulled = l->style.rank == MX_RANK_LOW || weight_above(r, v) <= below;
        if (lowest != UINT32_MAX && lowest > l->layer[v] && pulled) l->layer[v] = lowest;
    }
}

/* Some edges that could have closed a cycle run downwards all the same. What goes back to the first layer turns above
 * it. */
static void settle_back_edges(mx_lay *l) {
    bool needed = false;
    for (uint32_t e = 0; e < l->in->n_edges; e++) {
        mx_layout_edge *edge = &l->in->edges[e];
        edge->back = edge->back && l->layer[edge->to] <= l->layer[edge->from];
    }
    for (uint32_t e = 0; e < l->in->n_edges && !needed; e++)
        needed = l->in->edges[e].back && l->layer[l->in->edges[e].to] == 0;
    for (uint32_t v = 0; v < l->n && needed; v++)
        l->layer[v]++;
}

mx_status mx_lay_rank(mx_lay *l) {
    ranking r = {.l = l};
    MX_TRY(link_edges(&r));
    l->layer = mx_lay_array(l, l->n, sizeof(uint32_t));
    r.waiting = mx_lay_array(l, l->n, sizeof(uint32_t));
    r.loose = mx_lay_array(l, l->n, sizeof(uint32_t));
    r.order = mx_lay_array(l, l->n, sizeof(uint32_t));
    r.placed = mx_lay_array(l, l->n, 1);
    r.value_last = mx_lay_array(l, l->in->n_values, sizeof(uint32_t));
    r.seen = mx_lay_array(l, l->in->n_values, sizeof(uint32_t));
    if (!l->layer || !r.waiting || !r.loose || !r.order || !r.placed || !r.value_last || !r.seen)
        return mx_nomem(l->err);
    pinned_edges(l);
    sort_boxes(&r);
    uint32_t last = longest_paths(&r);
    for (uint32_t v = 0; v < l->n; v++)
        if (l->in->boxes[v].pin == MX_PIN_LAST) l->layer[v] = last + 1;
    if (l->style.rank != MX_RANK_HIGH) pull_down(&r);
    settle_back_edges(l);
    return MX_OK;
}
