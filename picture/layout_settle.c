/* The last touch across: pieces that stand straight are moved as a whole to where their other edges bend least. */
#include "picture/layout_wires.h"

#include <stdlib.h>

#define PASSES 6u
#define ASIDE  5 /* of the 10 between two lines */
#define BEND   24
#define FEW    256u /* edges of a piece that are asked */

typedef struct pull {
    int32_t by;
    uint32_t weight;
} pull;

typedef struct settling {
    mx_lay *l;
    uint32_t *piece_start, *members; /* vertices by piece */
    uint32_t *piece, *parent;        /* by vertex */
    uint32_t n_pieces;
    pull pulls[FEW];
    uint32_t n_pulls;
    int64_t room_left, room_right;
} settling;

static uint32_t find(uint32_t *parent, uint32_t v) {
    while (parent[v] != v)
        v = parent[v] = parent[parent[v]];
    return v;
}

static int32_t way(const mx_lay *l, const mx_seg *s) {
    return l->x[s->u] + s->pu - l->x[s->v] - s->pv;
}

/* Pieces: joined by straight segments that weigh something. */
static void make_pieces(settling *p) {
    mx_lay *l = p->l;
    for (uint32_t v = 0; v < l->n_vertices; v++)
        p->parent[v] = v;
    for (uint32_t i = 0; i < l->n_segs; i++) {
        const mx_seg *s = &l->segs[i];
        if (s->weight < 2 || way(l, s) != 0) continue;
        uint32_t a = find(p->parent, s->u), b = find(p->parent, s->v);
        if (a < b)
            p->parent[b] = a;
        else
            p->parent[a] = b;
    }
    memset(p->piece_start, 0, (l->n_vertices + 2) * sizeof *p->piece_start);
    for (uint32_t v = 0; v < l->n_vertices; v++)
        p->piece_start[(p->piece[v] = find(p->parent, v)) + 2]++;
    for (uint32_t v = 2; v < l->n_vertices + 2; v++)
        p->piece_start[v] += p->piece_start[v - 1];
    for (uint32_t v = 0; v < l->n_vertices; v++)
        p->members[p->piece_start[p->piece[v] + 1]++] = v;
}

static void add_pull(settling *p, const mx_seg *s, bool upper) {
    if (p->piece[s->u] == p->piece[s->v] || p->n_pulls == FEW) return;
    int32_t by = way(p->l, s);
    p->pulls[p->n_pulls++] = (pull){upper ? -by : by, s->weight};
}

static void look_around(settling *p, uint32_t v) {
    const mx_lay *l = p->l;
    uint32_t at = l->start[l->layer[v]] + l->pos[v];
    for (uint32_t k = l->up_start[v]; k < l->up_start[v + 1]; k++)
        add_pull(p, &l->segs[l->up[k]], false);
    for (uint32_t k = l->down_start[v]; k < l->down_start[v + 1]; k++)
        add_pull(p, &l->segs[l->down[k]], true);
    uint32_t own = p->piece[v];
    if (l->pos[v] && p->piece[l->order[at - 1]] != own) {
        uint32_t other = l->order[at - 1];
        int64_t room = (int64_t)l->x[v] - l->x[other] - mx_lay_apart(l, other, v);
        if (room < p->room_left) p->room_left = room;
    }
    if (at + 1 < l->start[l->layer[v] + 1] && p->piece[l->order[at + 1]] != own) {
        uint32_t other = l->order[at + 1];
        int64_t room = (int64_t)l->x[other] - l->x[v] - mx_lay_apart(l, v, other);
        if (room < p->room_right) p->room_right = room;
    }
}

static int64_t cost_of(const settling *p, int64_t by) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < p->n_pulls; i++) {
        int64_t left = (int64_t)p->pulls[i].by - by;
        if (left) sum += p->pulls[i].weight * ((left < 0 ? -left : left) + BEND);
    }
    return sum;
}

/* The best of the places where one of the edges is straight. */
static int64_t best_move(const settling *p) {
    int64_t best = 0, least = cost_of(p, 0);
    for (uint32_t i = 0; i < p->n_pulls; i++) {
        int64_t by = p->pulls[i].by;
        if (by > p->room_right) by = p->room_right;
        if (by < -p->room_left) by = -p->room_left;
        int64_t now = cost_of(p, by);
        if (now < least) {
            least = now;
            best = by;
        }
    }
    return best;
}

static bool move_piece(settling *p, uint32_t piece) {
    mx_lay *l = p->l;
    uint32_t from = p->piece_start[piece], to = p->piece_start[piece + 1];
    if (from == to) return false;
    p->n_pulls = 0;
    p->room_left = p->room_right = MX_LAYOUT_FAR;
    for (uint32_t i = from; i < to; i++)
        look_around(p, p->members[i]);
    int64_t by = best_move(p);
    if (by == 0) return false;
    for (uint32_t i = from; i < to; i++)
        l->x[p->members[i]] += (int32_t)by;
    return true;
}

/* ---- places on the border ---- */

/* A line between a place on the border and the layer next to it. */
typedef struct way_in {
    int32_t border, other;
    uint32_t vertex;
} way_in;

static int by_border(const void *a, const void *b) {
    const way_in *x = a, *y = b;
    if (x->border != y->border) return x->border < y->border ? -1 : 1;
    return x->vertex < y->vertex ? -1 : x->vertex > y->vertex;
}

static bool is_close(int32_t a, int32_t b) {
    return a - b < MX_PIN_CLOSE && b - a < MX_PIN_CLOSE;
}

static uint32_t ways_in(const mx_lay *l, uint32_t layer, way_in *ways) {
    uint32_t n = 0;
    for (uint32_t i = l->start[layer]; i < l->start[layer + 1]; i++) {
        uint32_t v = l->order[i];
        if (mx_lay_is_dummy(l, v) || l->w[v] > 0) continue;
        for (uint32_t k = l->down_start[v]; layer == 0 && k < l->down_start[v + 1]; k++) {
            const mx_seg *s = &l->segs[l->down[k]];
            ways[n++] = (way_in){l->x[v], l->x[s->v] + s->pv, v};
        }
        for (uint32_t k = l->up_start[v]; layer > 0 && k < l->up_start[v + 1]; k++) {
            const mx_seg *s = &l->segs[l->up[k]];
            ways[n++] = (way_in){l->x[v], l->x[s->u] + s->pu, v};
        }
    }
    return n;
}

/* Two values that change places between the border and the next layer would have upright lines upon one another,
 * whichever turns first: the left place gives way to the right, by half of what lies between places. */
static void part_swapped(mx_lay *l, uint32_t layer, way_in *ways) {
    uint32_t n = ways_in(l, layer, ways);
    qsort(ways, n, sizeof *ways, by_border);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t low = i + 1, high = n;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (ways[middle].border <= ways[i].other - MX_PIN_CLOSE)
                low = middle + 1;
            else
                high = middle;
        }
        bool swapped = false;
        for (uint32_t k = low; k < n && is_close(ways[k].border, ways[i].other) && !swapped; k++)
            swapped = ways[k].vertex != ways[i].vertex && is_close(ways[k].other, ways[i].border);
        if (swapped && l->x[ways[i].vertex] == ways[i].border) l->x[ways[i].vertex] += ASIDE;
    }
}

static mx_status part_all_swapped(mx_lay *l) {
    way_in *ways = mx_lay_array(l, l->n_segs, sizeof *ways);
    if (!ways) return mx_nomem(l->err);
    part_swapped(l, 0, ways);
    if (l->n_layers > 1) part_swapped(l, l->n_layers - 1, ways);
    return MX_OK;
}

mx_status mx_lay_settle(mx_lay *l) {
    settling p = {.l = l};
    size_t n = l->n_vertices;
    bool moved = true;
    p.piece_start = mx_lay_array(l, n + 2, sizeof(uint32_t));
    p.members = mx_lay_array(l, n, sizeof(uint32_t));
    p.piece = mx_lay_array(l, n, sizeof(uint32_t));
    p.parent = mx_lay_array(l, n, sizeof(uint32_t));
    if (!p.piece_start || !p.members || !p.piece || !p.parent) return mx_nomem(l->err);
    for (uint32_t pass = 0; pass < PASSES && moved; pass++) {
        moved = false;
        make_pieces(&p);
        for (uint32_t i = 0; i < n; i++)
            moved = move_piece(&p, pass & 1 ? (uint32_t)(n - 1 - i) : i) || moved;
    }
    return part_all_swapped(l);
}
