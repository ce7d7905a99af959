#include "graphml/place.h"

#define PAD       20
#define HEADER    36
#define STACK_GAP 16
#define FAR       INT32_MAX

typedef struct placing {
    const mx_plan *plan;
    const mx_place_options *options;
    mx_box *boxes;
    uint32_t *depth;      /* by node */
    uint32_t *local;      /* by node: its number among its siblings */
    size_t *edge_start;   /* by node: where the edges among its children begin; n_nodes + 1 entries */
    mx_place_edge *edges; /* between children, by their numbers, grouped by parent */
    size_t n_edges;
    mx_place_item *items; /* of the group at hand */
    size_t cap_items;
    mx_place_scratch scratch;
    mx_error *err;
} placing;

static int32_t clamp(int64_t v) {
    return v > FAR ? FAR : v < -FAR ? -FAR : (int32_t)v;
}

/* ---- edges, lifted to the level where both ends are siblings ---- */

/* The siblings that hold `from` and `to`; false where one holds the other. */
static bool lift(const placing *p, mx_node_id *from, mx_node_id *to) {
    const mx_graph *g = p->plan->g;
    mx_node_id a = *from, b = *to;
    while (p->depth[a] > p->depth[b])
        a = mx_node_at(g, a)->parent;
    while (p->depth[b] > p->depth[a])
        b = mx_node_at(g, b)->parent;
    while (a != b && mx_node_at(g, a)->parent != mx_node_at(g, b)->parent) {
        a = mx_node_at(g, a)->parent;
        b = mx_node_at(g, b)->parent;
    }
    *from = a;
    *to = b;
    return a != b;
}

/* Counts the edges of each group (edges == NULL), or stores them at edge_start, which moves on to the end. */
static void collect(placing *p) {
    const mx_graph *g = p->plan->g;
    for (uint32_t i = 0; i < p->plan->numbered; i++) {
        mx_node_id id = p->plan->order[i];
        const mx_node *n = mx_node_at(g, id);
        for (uint32_t k = 0; k < n->n_inputs; k++) {
            mx_node_id from = n->inputs[k].source, to = id;
            if (from == MX_NO_NODE || !lift(p, &from, &to)) continue;
            size_t *at = &p->edge_start[mx_node_at(g, to)->parent];
            if (p->edges) p->edges[*at] = (mx_place_edge){p->local[from], p->local[to]};
            ++*at;
        }
    }
}

static mx_status collect_edges(placing *p) {
    const mx_graph *g = p->plan->g;
    size_t n = g->n_nodes, sum = 0;
    collect(p);
    for (size_t i = 0; i <= n; i++) {
        size_t count = p->edge_start[i];
        p->edge_start[i] = sum;
        sum += count;
    }
    p->n_edges = sum;
    p->edges = mx_alloc_zero(g->allocator, sum + 1, sizeof *p->edges);
    if (!p->edges) return mx_nomem(p->err);
    collect(p);
    for (size_t i = n; i > 0; i--)
        p->edge_start[i] = p->edge_start[i - 1];
    p->edge_start[0] = 0;
    return MX_OK;
}

/* ---- one group ---- */

static bool is_folded(const placing *p, mx_node_id id) {
    int limit = p->options->collapse_depth;
    return limit >= 0 && mx_plan_is_group(p->plan, id) && p->depth[id] > (uint32_t)limit;
}

static mx_status take_children(placing *p, mx_node_id group, uint32_t *count) {
    const mx_plan *plan = p->plan;
    uint32_t n = 0;
    for (mx_node_id id = plan->first[group]; id != MX_NO_NODE; id = plan->next[id]) {
        const mx_box *box = &p->boxes[id];
        uint8_t kind = mx_node_at(plan->g, id)->kind;
        if (!mx_grow(plan->g->allocator, (void **)&p->items, &p->cap_items, n, sizeof *p->items))
            return mx_nomem(p->err);
        p->items[n++] = (mx_place_item){.w = box->w,
                                        .h = is_folded(p, id) ? MX_CLOSED_HEIGHT : box->h,
                                        .first = kind == MX_NODE_INPUT,
                                        .last = kind == MX_NODE_OUTPUT};
    }
    *count = n;
    return MX_OK;
}

static void stack(mx_place_item *items, uint32_t n) {
    int64_t y = 0;
    for (uint32_t i = 0; i < n; i++) {
        items[i].x = 0;
        items[i].y = clamp(y);
        y += (int64_t)items[i].h + STACK_GAP;
    }
}

static void put_children(placing *p, mx_node_id group, uint32_t n) {
    mx_box *box = &p->boxes[group];
    int64_t width = 0, height = 0, margin;
    uint32_t i = 0;
    for (uint32_t k = 0; k < n; k++) {
        int64_t right = (int64_t)p->items[k].x + p->items[k].w,
                bottom = (int64_t)p->items[k].y + p->items[k].h;
        if (right > width) width = right;
        if (bottom > height) height = bottom;
    }
    margin = box->w > width + 2 * PAD ? (box->w - width) / 2 : PAD;
    for (mx_node_id id = p->plan->first[group]; id != MX_NO_NODE; id = p->plan->next[id], i++) {
        p->boxes[id].x = clamp(p->items[i].x + margin);
        p->boxes[id].y = clamp((int64_t)p->items[i].y + HEADER);
    }
    box->w = clamp(width + 2 * margin);
    box->h = clamp(height + HEADER + PAD);
}

static mx_status place_group(placing *p, mx_node_id group) {
    uint32_t n = 0;
    size_t start = p->edge_start[group], end = p->edge_start[group + 1];
    if (!mx_plan_is_group(p->plan, group)) return MX_OK;
    MX_TRY(take_children(p, group, &n));
    if (n == 0) {
        p->boxes[group].h = MX_CLOSED_HEIGHT;
        return MX_OK;
    }
    if (p->options->simple)
        stack(p->items, n);
    else
        MX_TRY(mx_place_ranks(p->items, n, p->edges + start, end - start, &p->scratch, p->err));
    put_children(p, group, n);
    return MX_OK;
}

/* ---- all ---- */

static mx_status prepare(placing *p) {
    const mx_graph *g = p->plan->g;
    p->depth = mx_alloc_zero(g->allocator, g->n_nodes, sizeof *p->depth);
    p->local = mx_alloc_zero(g->allocator, g->n_nodes, sizeof *p->local);
    p->edge_start = mx_alloc_zero(g->allocator, g->n_nodes + 1, sizeof *p->edge_start);
    if (!p->depth || !p->local || !p->edge_start) return mx_nomem(p->err);
    for (uint32_t i = 0; i < p->plan->numbered; i++) {
        uint32_t number = 0;
        mx_node_id id = p->plan->order[i];
        for (mx_node_id c = p->plan->first[id]; c != MX_NO_NODE; c = p->plan->next[c]) {
            p->depth[c] = p->depth[id] + 1;
            p->local[c] = number++;
        }
    }
    return p->options->simple ? MX_OK : collect_edges(p);
}

static mx_status place_all(placing *p) {
    const mx_plan *plan = p->plan;
    MX_TRY(prepare(p));
    for (uint32_t i = plan->numbered; i-- > 0;) /* what a group holds has higher numbers */
        MX_TRY(place_group(p, plan->order[i]));
    p->boxes[0].x = p->boxes[0].y = 0;
    for (uint32_t i = 0; i < plan->numbered; i++) {
        const mx_box *outer = &p->boxes[plan->order[i]];
        for (mx_node_id c = plan->first[plan->order[i]]; c != MX_NO_NODE; c = plan->next[c]) {
            p->boxes[c].x = clamp((int64_t)p->boxes[c].x + outer->x);
            p->boxes[c].y = clamp((int64_t)p->boxes[c].y + outer->y);
        }
    }
    return MX_OK;
}

mx_status mx_place(const mx_plan *plan, const mx_place_options *options, mx_box *boxes, mx_error *err) {
    const mx_allocator *a = plan->g->allocator;
    size_t nodes = plan->g->n_nodes;
    placing p = {.plan = plan, .options = options, .boxes = boxes, .scratch = {a, NULL, 0}, .err = err};
    mx_status status = place_all(&p);
    mx_free(a, p.depth, nodes * sizeof *p.depth);
    mx_free(a, p.local, nodes * sizeof *p.local);
    mx_free(a, p.edge_start, (nodes + 1) * sizeof *p.edge_start);
    mx_free(a, p.edges, (p.n_edges + 1) * sizeof *p.edges);
    mx_free(a, p.items, p.cap_items * sizeof *p.items);
    mx_free(a, p.scratch.memory, p.scratch.size);
    return status;
}
