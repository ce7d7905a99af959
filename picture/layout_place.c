/* Coordinates across, after Brandes and Koepf: vertices are aligned to blocks in four ways, each packed as tight as the
 * real widths allow; the four and their mean are compared by what their bends and detours cost. Within a block vertices
 * are shifted so that ports, not middles, stand one above the other. */
#include "picture/layout_internal.h"

#include <stdlib.h>

#define BOX_GAP   28 /* between boxes */
#define LINE_GAP  14 /* between a line and a box */
#define TRACK_GAP 10 /* between lines */
#define BEND      24 /* what a bend costs, in pixels of way */

typedef struct placing {
    mx_lay *l;
    uint32_t *root, *align; /* by vertex: the block's first, and the next of it, around */
    int32_t *shift;         /* by vertex: from its block's place */
    int32_t *x[5];          /* by vertex: the four ways, and their mean */
    int32_t *block;         /* by root: the block's place */
    uint32_t *waiting, *queue;
    uint32_t *candidates;
} placing;

static bool thin(const mx_lay *l, uint32_t v) {
    return mx_lay_is_dummy(l, v) || l->w[v] == 0;
}

static int32_t gap(const mx_lay *l, uint32_t a, uint32_t b) {
    bool one = thin(l, a), other = thin(l, b);
    return one && other ? TRACK_GAP : one || other ? LINE_GAP : BOX_GAP;
}

int32_t mx_lay_apart(const mx_lay *l, uint32_t a, uint32_t b) {
    return l->w[a] + gap(l, a, b);
}

static uint32_t neighbour(const mx_lay *l, uint32_t v, bool right) {
    uint32_t at = l->start[l->layer[v]] + l->pos[v];
    if (right) return at + 1 < l->start[l->layer[v] + 1] ? l->order[at + 1] : MX_NO_SEG;
    return l->pos[v] ? l->order[at - 1] : MX_NO_SEG;
}

/* ---- segments that must give way to trunks ---- */

static uint32_t trunk_above(const mx_lay *l, uint32_t v) {
    if (!mx_lay_is_dummy(l, v)) return MX_NO_SEG;
    for (uint32_t k = l->up_start[v]; k < l->up_start[v + 1]; k++)
        if (mx_lay_is_dummy(l, l->segs[l->up[k]].u)) return l->segs[l->up[k]].u;
    return MX_NO_SEG;
}

static void mark_between(mx_lay *l, uint32_t from, uint32_t to, uint32_t low, uint32_t high) {
    for (uint32_t i = from; i < to; i++) {
        uint32_t v = l->order[i];
        for (uint32_t k = l->up_start[v]; k < l->up_start[v + 1]; k++) {
            mx_seg *s = &l->segs[l->up[k]];
            bool inner = mx_lay_is_dummy(l, s->u) && mx_lay_is_dummy(l, s->v);
            if (!inner && (l->pos[s->u] < low || l->pos[s->u] > high)) s->crosses_trunk = true;
        }
    }
}

static void mark_conflicts(mx_lay *l) {
    for (uint32_t layer = 1; layer < l->n_layers; layer++) {
        uint32_t low = 0, done = l->start[layer];
        for (uint32_t i = l->start[layer]; i < l->start[layer + 1]; i++) {
            uint32_t above = trunk_above(l, l->order[i]);
            if (above == MX_NO_SEG) continue;
            mark_between(l, done, i, low, l->pos[above]);
            low = l->pos[above];
            done = i;
        }
        mark_between(l, done, l->start[layer + 1], low, UINT32_MAX);
    }
}

/* ---- blocks ---- */

/* The segments of v to the other side that weigh most, in the order of their ends. */
static uint32_t heaviest(placing *p, uint32_t v, bool above) {
    const mx_lay *l = p->l;
    const uint32_t *start = above ? l->up_start : l->down_start, *list = above ? l->up : l->down;
    uint32_t n = 0;
    uint8_t most = 0;
    for (uint32_t k = start[v]; k < start[v + 1]; k++)
        if (l->segs[list[k]].weight > most) most = l->segs[list[k]].weight;
    for (uint32_t k = start[v]; k < start[v + 1]; k++) {
        const mx_seg *s = &l->segs[list[k]];
        uint32_t at = n;
        if (s->weight < most) continue;
        uint64_t place = above ? mx_seg_upper(l, s) : mx_seg_lower(l, s);
        for (; at > 0 && n < 4096; at--) {
            const mx_seg *t = &l->segs[p->candidates[at - 1]];
            if ((above ? mx_seg_upper(l, t) : mx_seg_lower(l, t)) <= place) break;
            p->candidates[at] = p->candidates[at - 1];
        }
        p->candidates[at] = list[k];
        n++;
    }
    return n;
}

static bool join(placing *p, uint32_t v, const mx_seg *s, bool above, bool from_left, int64_t *reached) {
    const mx_lay *l = p->l;
    uint32_t u = above ? s->u : s->v;
    int64_t at = l->pos[u];
    if (p->align[v] != v || s->crosses_trunk || (from_left ? at <= *reached : at >= *reached)) return false;
    p->align[u] = v;
    p->root[v] = p->root[u];
    p->align[v] = p->root[v];
    p->shift[v] = p->shift[u] + (above ? s->pu - s->pv : s->pv - s->pu);
    *reached = at;
    return true;
}

static void align_vertex(placing *p, uint32_t v, bool above, bool from_left, int64_t *reached) {
    uint32_t n = heaviest(p, v, above), first, second;
    if (!n) return;
    first = from_left ? (n - 1) / 2 : n / 2;
    second = from_left ? n / 2 : (n - 1) / 2;
    if (!join(p, v, &p->l->segs[p->candidates[first]], above, from_left, reached) && second != first)
        join(p, v, &p->l->segs[p->candidates[second]], above, from_left, reached);
}

static void make_blocks(placing *p, bool above, bool from_left) {
    const mx_lay *l = p->l;
    for (uint32_t v = 0; v < l->n_vertices; v++) {
        p->root[v] = p->align[v] = v;
        p->shift[v] = 0;
    }
    for (uint32_t i = 0; i < l->n_layers; i++) {
        uint32_t layer = above ? i : l->n_layers - 1 - i, n = l->start[layer + 1] - l->start[layer];
        int64_t reached = from_left ? -1 : INT64_MAX;
        for (uint32_t k = 0; k < n; k++)
            align_vertex(p, l->order[l->start[layer] + (from_left ? k : n - 1 - k)], above, from_left, &reached);
    }
}

/* ---- packing ---- */

static int32_t bounded(int64_t v) {
    return v > MX_LAYOUT_FAR ? MX_LAYOUT_FAR : v < -MX_LAYOUT_FAR ? -MX_LAYOUT_FAR : (int32_t)v;
}

/* Each block as far to one side as those before it allow; the queue then holds the roots in that order. */
static void push(placing *p, bool left) {
    const mx_lay *l = p->l;
    uint32_t head = 0, tail = 0;
    memset(p->waiting, 0, l->n_vertices * sizeof *p->waiting);
    for (uint32_t v = 0; v < l->n_vertices; v++) {
        p->block[v] = left ? -MX_LAYOUT_FAR : MX_LAYOUT_FAR;
        p->waiting[p->root[v]] += neighbour(l, v, !left) != MX_NO_SEG;
    }
    for (uint32_t v = 0; v < l->n_vertices; v++)
        if (p->root[v] == v && !p->waiting[v]) p->queue[tail++] = v;
    while (head < tail) {
        uint32_t root = p->queue[head++], v = root;
        if (p->block[root] == (left ? -MX_LAYOUT_FAR : MX_LAYOUT_FAR)) p->block[root] = 0;
        do {
            uint32_t next = neighbour(l, v, left);
            if (next != MX_NO_SEG) {
                uint32_t other = p->root[next];
                int64_t at = (int64_t)p->block[root] + p->shift[v] - p->shift[next];
                at += left ? mx_lay_apart(l, v, next) : -(int64_t)mx_lay_apart(l, next, v);
                if (left ? at > p->block[other] : at < p->block[other]) p->block[other] = bounded(at);
                if (--p->waiting[other] == 0) p->queue[tail++] = other;
            }
            v = p->align[v];
        } while (v != root);
    }
}

/* Back towards the neighbours on the other side, which closes gaps within what belongs together. */
static void pull(placing *p, bool left) {
    const mx_lay *l = p->l;
    uint32_t n = 0;
    for (uint32_t v = 0; v < l->n_vertices; v++)
        n += p->root[v] == v;
    for (uint32_t i = n; i-- > 0;) {
        uint32_t root = p->queue[i], v = root;
        int64_t room = INT64_MAX;
        do {
            uint32_t next = neighbour(l, v, left);
            if (next != MX_NO_SEG) {
                int64_t other = (int64_t)p->block[p->root[next]] + p->shift[next];
                int64_t at = (int64_t)p->block[root] + p->shift[v];
                int64_t free = left ? other - at - mx_lay_apart(l, v, next) : at - other - mx_lay_apart(l, next, v);
                if (free < room) room = free;
            }
            v = p->align[v];
        } while (v != root);
        if (room != INT64_MAX && room > 0) p->block[root] = bounded(p->block[root] + (left ? room : -room));
    }
}

static void pack(placing *p, bool left, int32_t *x) {
    push(p, left);
    pull(p, left);
    for (uint32_t v = 0; v < p->l->n_vertices; v++)
        x[v] = bounded((int64_t)p->block[p->root[v]] + p->shift[v]);
}

/* ---- choosing ---- */

static void extent(const mx_lay *l, const int32_t *x, int32_t *low, int32_t *high) {
    *low = INT32_MAX;
    *high = INT32_MIN;
    for (uint32_t v = 0; v < l->n_vertices; v++) {
        if (x[v] < *low) *low = x[v];
        if (x[v] + l->w[v] > *high) *high = x[v] + l->w[v];
    }
}

/* All aligned to the narrowest, on the side where each was packed. */
static void line_up(placing *p) {
    const mx_lay *l = p->l;
    int32_t low[4], high[4];
    uint32_t narrow = 0;
    for (uint32_t i = 0; i < 4; i++) {
        extent(l, p->x[i], &low[i], &high[i]);
        if ((int64_t)high[i] - low[i] < (int64_t)high[narrow] - low[narrow]) narrow = i;
    }
    for (uint32_t i = 0; i < 4; i++) {
        int32_t by = i & 1 ? high[narrow] - high[i] : low[narrow] - low[i];
        for (uint32_t v = 0; v < l->n_vertices; v++)
            p->x[i][v] = bounded((int64_t)p->x[i][v] + by);
    }
}

static int32_t mean(const placing *p, uint32_t v) {
    int32_t s[4];
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t at = i;
        for (; at > 0 && s[at - 1] > p->x[i][v]; at--)
            s[at] = s[at - 1];
        s[at] = p->x[i][v];
    }
    return (int32_t)(((int64_t)s[1] + s[2]) >> 1);
}

static int64_t cost(const mx_lay *l, const int32_t *x) {
    int32_t low, high;
    int64_t sum = 0;
    for (uint32_t i = 0; i < l->n_segs; i++) {
        const mx_seg *s = &l->segs[i];
        int64_t way = (int64_t)x[s->u] + s->pu - x[s->v] - s->pv;
        if (way) sum += s->weight * ((way < 0 ? -way : way) + BEND);
    }
    extent(l, x, &low, &high);
    return sum + ((int64_t)high - low) * 4;
}

static mx_status take_memory(placing *p) {
    mx_lay *l = p->l;
    size_t n = l->n_vertices;
    p->root = mx_lay_array(l, n, sizeof(uint32_t));
    p->align = mx_lay_array(l, n, sizeof(uint32_t));
    p->waiting = mx_lay_array(l, n, sizeof(uint32_t));
    p->queue = mx_lay_array(l, n, sizeof(uint32_t));
    p->candidates = mx_lay_array(l, l->n_segs, sizeof(uint32_t));
    p->shift = mx_lay_array(l, n, sizeof(int32_t));
    p->block = mx_lay_array(l, n, sizeof(int32_t));
    bool all = p->root && p->align && p->waiting && p->queue && p->candidates && p->shift && p->block;
    for (uint32_t i = 0; i < 5; i++) {
        p->x[i] = mx_lay_array(l, n, sizeof(int32_t));
        all = all && p->x[i];
    }
    return all ? MX_OK : mx_nomem(l->err);
}

mx_status mx_lay_place(mx_lay *l) {
    placing p = {.l = l};
    uint32_t best = 0;
    MX_TRY(take_memory(&p));
    mark_conflicts(l);
    for (uint32_t i = 0; i < 4; i++) {
        bool left = !(i & 1);
        make_blocks(&p, !(i & 2), left);
        pack(&p, left, p.x[i]);
    }
    line_up(&p);
    for (uint32_t v = 0; v < l->n_vertices; v++)
        p.x[4][v] = mean(&p, v);
    for (uint32_t i = 1; i < 5; i++)
        if (cost(l, p.x[i]) <= cost(l, p.x[best])) best = i;
    memcpy(l->x, p.x[best], l->n_vertices * sizeof *l->x);
    return mx_lay_settle(l);
}
