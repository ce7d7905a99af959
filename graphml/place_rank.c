/* The children of one group: ranks by longest path, order within a rank by the mean place of what feeds a
 * box, one pass from top to bottom. */
#include "graphml/place.h"

#include <stdlib.h>

#define RANK_GAP    40
#define SIBLING_GAP 24
#define FEW         8u /* neighbours that are asked for the place of a box that nothing feeds */
#define FAR         ((int64_t)1 << 30)

typedef struct wish {
    double centre;
    uint32_t item;
} wish;

/* All arrays lie in the scratch memory. */
typedef struct ranking {
    mx_place_item *items;
    const mx_place_edge *edges;
    size_t n_edges;
    uint32_t n;
    uint32_t n_ranks;
    double *centre;     /* by item, once it has a place */
    wish *wishes;       /* of the rank at hand */
    size_t *into_start; /* n + 1 entries each */
    size_t *out_start;
    uint32_t *into, *out; /* neighbours by item */
    uint32_t *rank, *waiting, *queue;
    uint32_t *by_rank, *rank_start; /* items by rank; n + 2 entries */
    uint8_t *placed;
} ranking;

/* ---- memory ---- */

/* The next array of a block that begins at `memory`, NULL while it is only measured. */
static void *carve(char *memory, size_t *at, size_t count, size_t size) {
    void *p = memory ? memory + *at : NULL;
    *at += (count * size + 15) / 16 * 16;
    return p;
}

static size_t lay_out(ranking *r, char *memory) {
    size_t at = 0;
    size_t n = r->n, e = r->n_edges;
    r->centre = carve(memory, &at, n, sizeof *r->centre);
    r->wishes = carve(memory, &at, n, sizeof *r->wishes);
    r->into_start = carve(memory, &at, n + 2, sizeof *r->into_start);
    r->out_start = carve(memory, &at, n + 2, sizeof *r->out_start);
    r->into = carve(memory, &at, e, sizeof *r->into);
    r->out = carve(memory, &at, e, sizeof *r->out);
    r->rank = carve(memory, &at, n, sizeof *r->rank);
    r->waiting = carve(memory, &at, n, sizeof *r->waiting);
    r->queue = carve(memory, &at, n, sizeof *r->queue);
    r->by_rank = carve(memory, &at, n, sizeof *r->by_rank);
    r->rank_start = carve(memory, &at, n + 2, sizeof *r->rank_start);
    r->placed = carve(memory, &at, n, sizeof *r->placed);
    return at;
}

static mx_status take_memory(ranking *r, mx_place_scratch *scratch, mx_error *err) {
    size_t size = lay_out(r, NULL);
    if (size > scratch->size) {
        mx_free(scratch->allocator, scratch->memory, scratch->size);
        scratch->size = 0;
        scratch->memory = mx_alloc(scratch->allocator, size);
        if (!scratch->memory) return mx_nomem(err);
        scratch->size = size;
    }
    memset(scratch->memory, 0, size);
    lay_out(r, scratch->memory);
    return MX_OK;
}

/* ---- neighbours ---- */

static void link_neighbours(ranking *r) {
    for (size_t i = 0; i < r->n_edges; i++) {
        r->into_start[r->edges[i].to + 2]++;
        r->out_start[r->edges[i].from + 2]++;
    }
    for (uint32_t i = 2; i < r->n + 2; i++) {
        r->into_start[i] += r->into_start[i - 1];
        r->out_start[i] += r->out_start[i - 1];
    }
    for (size_t i = 0; i < r->n_edges; i++) {
        r->into[r->into_start[r->edges[i].to + 1]++] = r->edges[i].from;
        r->out[r->out_start[r->edges[i].from + 1]++] = r->edges[i].to;
    }
}

/* ---- ranks ---- */

/* Longest paths; where modules use each other in a cycle, the first in order goes first. */
static void longest_paths(ranking *r) {
    uint32_t head = 0, tail = 0, next = 0;
    for (uint32_t i = 0; i < r->n; i++)
        r->waiting[i] = (uint32_t)(r->into_start[i + 1] - r->into_start[i]);
    for (uint32_t i = 0; i < r->n; i++)
        if (!r->waiting[i]) r->queue[tail++] = i, r->placed[i] = 1;
    while (head < r->n) {
        if (head == tail) {
            while (r->placed[next])
                next++;
            r->queue[tail++] = next;
            r->placed[next] = 1;
        }
        uint32_t v = r->queue[head++];
        for (size_t k = r->out_start[v]; k < r->out_start[v + 1]; k++) {
            uint32_t to = r->out[k];
            if (r->placed[to]) continue;
            if (r->rank[to] < r->rank[v] + 1) r->rank[to] = r->rank[v] + 1;
            if (--r->waiting[to] == 0) r->queue[tail++] = to, r->placed[to] = 1;
        }
    }
    memset(r->placed, 0, r->n);
}

/* Boxes that nothing feeds stand right above their first user, outputs below everything. */
static void settle_ends(ranking *r) {
    uint32_t deepest = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t nearest = UINT32_MAX;
        bool fed = r->into_start[i] != r->into_start[i + 1];
        for (size_t k = r->out_start[i]; k < r->out_start[i + 1] && !fed; k++)
            if (r->rank[r->out[k]] < nearest) nearest = r->rank[r->out[k]];
        if (!fed && !r->items[i].first && nearest != UINT32_MAX && nearest > 0) r->rank[i] = nearest - 1;
    }
    for (uint32_t i = 0; i < r->n; i++)
        if (!r->items[i].last && r->rank[i] + 1 > deepest) deepest = r->rank[i] + 1;
    for (uint32_t i = 0; i < r->n; i++)
        if (r->items[i].last && r->rank[i] < deepest) r->rank[i] = deepest;
    for (uint32_t i = 0; i < r->n; i++)
        if (r->rank[i] + 1 > r->n_ranks) r->n_ranks = r->rank[i] + 1;
}

static void group_by_rank(ranking *r) {
    for (uint32_t i = 0; i < r->n; i++)
        r->rank_start[r->rank[i] + 1]++;
    for (uint32_t k = 1; k <= r->n_ranks; k++)
        r->rank_start[k] += r->rank_start[k - 1];
    for (uint32_t i = 0; i < r->n; i++)
        r->by_rank[r->rank_start[r->rank[i]]++] = i;
    for (uint32_t k = r->n_ranks; k > 0; k--)
        r->rank_start[k] = r->rank_start[k - 1];
    r->rank_start[0] = 0;
}

/* ---- places ---- */

/* The mean centre of the placed boxes that feed v, at most `most` of them; false: there are none. */
static bool mean_of_feeders(const ranking *r, uint32_t v, size_t most, double *centre) {
    double sum = 0;
    size_t n = 0, end = r->into_start[v + 1];
    if (end - r->into_start[v] > most) end = r->into_start[v] + most;
    for (size_t k = r->into_start[v]; k < end; k++) {
        if (!r->placed[r->into[k]]) continue;
        sum += r->centre[r->into[k]];
        n++;
    }
    if (n) *centre = sum / (double)n;
    return n > 0;
}

static int compare_wishes(const void *a, const void *b) {
    const wish *x = a, *y = b;
    if (x->centre < y->centre || x->centre > y->centre) return x->centre < y->centre ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* Where the boxes of a rank would like to be. One without an opinion stays behind its neighbour. */
static void make_wishes(ranking *r, uint32_t start, uint32_t n) {
    double before = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = r->by_rank[start + i];
        double centre = before;
        if (!mean_of_feeders(r, v, SIZE_MAX, &centre) && r->out_start[v] != r->out_start[v + 1])
            mean_of_feeders(r, r->out[r->out_start[v]], FEW, &centre);
        r->wishes[i] = (wish){centre, v};
        before = centre;
    }
    qsort(r->wishes, n, sizeof *r->wishes, compare_wishes);
}

/* Left to right without overlap, then all shifted so that the wishes are missed by as little as possible. */
static void place_rank(ranking *r, uint32_t start, uint32_t n, int64_t y) {
    double edge = -(double)FAR, off = 0;
    make_wishes(r, start, n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = r->wishes[i].item;
        double half = r->items[v].w / 2.0, left = r->wishes[i].centre - half;
        if (left < edge) left = edge;
        r->centre[v] = left + half;
        off += r->wishes[i].centre - r->centre[v];
        edge = left + r->items[v].w + SIBLING_GAP;
    }
    off /= n;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = r->wishes[i].item;
        r->centre[v] += off;
        r->items[v].y = (int32_t)(y > FAR ? FAR : y);
    }
    for (uint32_t i = 0; i < n; i++)
        r->placed[r->wishes[i].item] = 1;
}

static int64_t tallest(const ranking *r, uint32_t start, uint32_t n) {
    int32_t height = 0;
    for (uint32_t i = 0; i < n; i++)
        if (r->items[r->by_rank[start + i]].h > height) height = r->items[r->by_rank[start + i]].h;
    return height;
}

static void place_all(ranking *r) {
    int64_t y = 0;
    double leftmost = 0;
    for (uint32_t k = 0; k < r->n_ranks; k++) {
        uint32_t start = r->rank_start[k], n = r->rank_start[k + 1] - start;
        if (!n) continue;
        place_rank(r, start, n, y);
        y += tallest(r, start, n) + RANK_GAP;
    }
    for (uint32_t i = 0; i < r->n; i++) {
        double left = r->centre[i] - r->items[i].w / 2.0;
        if (i == 0 || left < leftmost) leftmost = left;
    }
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->centre[i] - r->items[i].w / 2.0 - leftmost;
        r->items[i].x = (int32_t)(x > (double)FAR ? (double)FAR : x);
    }
}

mx_status mx_place_ranks(mx_place_item *items, uint32_t n, const mx_place_edge *edges, size_t n_edges,
                         mx_place_scratch *scratch, mx_error *err) {
    ranking r = {.items = items, .edges = edges, .n_edges = n_edges, .n = n};
    MX_TRY(take_memory(&r, scratch, err));
    link_neighbours(&r);
    longest_paths(&r);
    settle_ends(&r);
    group_by_rank(&r);
    place_all(&r);
    return MX_OK;
}
