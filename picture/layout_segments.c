/* Long edges get dummies, one in each layer for all edges of a value; then everything is in pieces from layer to layer.
 */
#include "picture/layout_internal.h"

#include <stdlib.h>

#define OWN_FREE     24u    /* and one for each box: dummies that edges have to themselves */
#define DUMMIES_FREE 20000u /* and two for each box; values with the longest way do without */

enum { QUIET = 1, PLAIN = 2, STEP = 4, ONLY = 6, TRUNK = 8 }; /* weights: what is to be straight first */

/* Dummies that an edge would have to itself, 0: it goes by the trunk. */
static uint32_t own_dummies(const mx_lay *l, uint32_t e) {
    const mx_layout_edge *edge = &l->in->edges[e];
    const mx_net *net = &l->nets[edge->value];
    if (edge->back || net->users < l->style.many || l->layer[edge->to] <= net->layer + 1) return 0;
    uint32_t n = l->layer[edge->to] - net->layer - 1;
    return n < l->style.nearby ? n : 0;
}

/* Which edges have dummies of their own, and how far down the trunks go for the others. */
static void part_edges(mx_lay *l) {
    uint64_t sum = 0;
    for (uint32_t e = 0; e < l->in->n_edges; e++)
        sum += own_dummies(l, e);
    bool few = sum <= (uint64_t)l->n * 3 + OWN_FREE;
    for (uint32_t e = 0; e < l->in->n_edges; e++) {
        const mx_layout_edge *edge = &l->in->edges[e];
        mx_net *net = &l->nets[edge->value];
        if (few && own_dummies(l, e)) {
            l->own_chain[e] = 0;
            net->parted = l->has_parted = true;
        } else if (!edge->back && l->layer[edge->to] > net->last)
            net->last = l->layer[edge->to];
    }
}

static mx_status make_nets(mx_lay *l) {
    l->nets = mx_lay_array(l, l->in->n_values, sizeof *l->nets);
    l->next_edge = mx_lay_array(l, l->in->n_edges, sizeof(uint32_t));
    l->edge_seg = mx_lay_array(l, l->in->n_edges, sizeof(uint32_t));
    l->own_chain = mx_lay_array(l, l->in->n_edges, sizeof(uint32_t));
    if (!l->nets || !l->next_edge || !l->edge_seg || !l->own_chain) return mx_nomem(l->err);
    for (uint32_t i = 0; i < l->in->n_values; i++)
        l->nets[i] = (mx_net){.box = MX_NO_SEG, .first_edge = MX_NO_SEG, .top = MX_NO_SEG, .quiet = true};
    for (uint32_t e = l->in->n_edges; e-- > 0;) {
        const mx_layout_edge *edge = &l->in->edges[e];
        mx_net *net = &l->nets[edge->value];
        uint32_t to = l->layer[edge->to];
        net->box = edge->from;
        net->layer = l->layer[edge->from];
        if (net->last < net->layer) net->last = net->layer;
        if (edge->back && to < net->top) net->top = to;
        net->quiet = net->quiet && edge->quiet;
        l->next_edge[e] = net->first_edge;
        net->first_edge = e;
        l->edge_seg[e] = l->own_chain[e] = MX_NO_SEG;
        net->users++;
    }
    part_edges(l);
    return MX_OK;
}

/* Back: beside the box and up beside all layers to the highest user, with a turn at either end. */
static uint32_t back_dummies_of(const mx_net *net) {
    return net->top == MX_NO_SEG || net->far ? 0 : net->layer - net->top + 3;
}

static uint32_t dummies_of(const mx_net *net) {
    return net->box != MX_NO_SEG && !net->far && net->last > net->layer + 1 ? net->last - net->layer - 1 : 0;
}

typedef struct span {
    uint32_t length, net;
} span;

static int by_length(const void *a, const void *b) {
    const span *x = a, *y = b;
    if (x->length != y->length) return x->length > y->length ? -1 : 1;
    return x->net < y->net ? -1 : x->net > y->net;
}

/* Too many dummies: the longest go by lanes. */
static mx_status choose_far(mx_lay *l, uint64_t dummies) {
    uint64_t most = (uint64_t)l->n * 2 + DUMMIES_FREE;
    if (dummies <= most) return MX_OK;
    span *spans = mx_lay_array(l, l->in->n_values, sizeof *spans);
    if (!spans) return mx_nomem(l->err);
    for (uint32_t i = 0; i < l->in->n_values; i++)
        spans[i] = (span){dummies_of(&l->nets[i]) + back_dummies_of(&l->nets[i]), i};
    qsort(spans, l->in->n_values, sizeof *spans, by_length);
    for (uint32_t i = 0; dummies > most; i++) {
        l->nets[spans[i].net].far = true;
        dummies -= spans[i].length;
    }
    return MX_OK;
}

static mx_status make_vertices(mx_lay *l) {
    uint64_t dummies = 0;
    for (uint32_t i = 0; i < l->in->n_values; i++)
        dummies += dummies_of(&l->nets[i]) + back_dummies_of(&l->nets[i]);
    MX_TRY(choose_far(l, dummies));
    uint32_t *layer, next = l->n;
    l->n_vertices = l->n;
    for (uint32_t e = 0; e < l->in->n_edges; e++)
        if (l->own_chain[e] != MX_NO_SEG) l->n_vertices += own_dummies(l, e);
    for (uint32_t i = 0; i < l->in->n_values; i++)
        l->n_vertices += dummies_of(&l->nets[i]) + back_dummies_of(&l->nets[i]);
    layer = mx_lay_array(l, l->n_vertices, sizeof *layer);
    l->w = mx_lay_array(l, l->n_vertices, sizeof *l->w);
    l->x = mx_lay_array(l, l->n_vertices, sizeof *l->x);
    if (!layer || !l->w || !l->x) return mx_nomem(l->err);
    for (uint32_t v = 0; v < l->n; v++) {
        layer[v] = l->layer[v];
        l->w[v] = l->in->boxes[v].w;
        if (layer[v] >= l->n_layers) l->n_layers = layer[v] + 1;
    }
    for (uint32_t i = 0; i < l->in->n_values; i++) {
        mx_net *net = &l->nets[i];
        net->dummy = next;
        for (uint32_t k = 0; k < dummies_of(net); k++)
            layer[next++] = net->layer + 1 + k;
        net->turn = next;
        for (uint32_t k = 0; k < back_dummies_of(net); k++)
            layer[next++] = net->top - 1 + k;
    }
    l->layer = layer;
    l->first_own = next;
    for (uint32_t e = 0; e < l->in->n_edges; e++)
        for (uint32_t k = 0; l->own_chain[e] != MX_NO_SEG && k < own_dummies(l, e); k++)
            layer[next++] = l->nets[l->in->edges[e].value].layer + 1 + k;
    for (uint32_t v = l->n; v < l->n_vertices; v++)
        if (layer[v] >= l->n_layers) l->n_layers = layer[v] + 1;
    return MX_OK;
}

static void add_segment(mx_lay *l, uint32_t u, uint32_t v, uint32_t net, uint32_t edge) {
    l->segs[l->n_segs++] = (mx_seg){.u = u, .v = v, .net = net, .edge = edge, .wire = MX_NO_WIRE};
}

static void cut_back(mx_lay *l, uint32_t value) {
    mx_net *net = &l->nets[value];
    uint32_t dummies = back_dummies_of(net);
    net->back_chain = l->n_segs;
    for (uint32_t k = 0; k + 1 < dummies; k++)
        add_segment(l, net->turn + k, net->turn + k + 1, value, MX_NO_SEG);
    if (dummies) add_segment(l, net->box, net->turn + dummies - 1, value, MX_NO_SEG);
    for (uint32_t e = net->first_edge; dummies && e != MX_NO_SEG; e = l->next_edge[e]) {
        if (!l->in->edges[e].back) continue;
        l->edge_seg[e] = l->n_segs;
        add_segment(l, net->turn + l->layer[l->in->edges[e].to] - net->top, l->in->edges[e].to, value, e);
    }
}

static void cut_own(mx_lay *l) {
    uint32_t next = l->first_own;
    for (uint32_t e = 0; e < l->in->n_edges; e++) {
        const mx_layout_edge *edge = &l->in->edges[e];
        if (l->own_chain[e] == MX_NO_SEG) continue;
        uint32_t n = own_dummies(l, e);
        l->own_chain[e] = l->n_segs;
        for (uint32_t k = 0; k < n; k++, next++)
            add_segment(l, k ? next - 1 : edge->from, next, edge->value, MX_NO_SEG);
        l->edge_seg[e] = l->n_segs;
        add_segment(l, next - 1, edge->to, edge->value, e);
    }
}

static void cut_net(mx_lay *l, uint32_t value) {
    mx_net *net = &l->nets[value];
    uint32_t dummies = dummies_of(net);
    net->chain = l->n_segs;
    for (uint32_t k = 0; k < dummies; k++)
        add_segment(l, k ? net->dummy + k - 1 : net->box, net->dummy + k, value, MX_NO_SEG);
    for (uint32_t e = net->first_edge; e != MX_NO_SEG; e = l->next_edge[e]) {
        const mx_layout_edge *edge = &l->in->edges[e];
        uint32_t steps = l->layer[edge->to] - net->layer;
        if (edge->back || l->own_chain[e] != MX_NO_SEG || (steps > 1 && net->far)) continue;
        l->edge_seg[e] = l->n_segs;
        add_segment(l, steps > 1 ? net->dummy + steps - 2 : net->box, edge->to, value, e);
    }
    cut_back(l, value);
}

static mx_status link_segments(mx_lay *l) {
    uint32_t n = l->n_vertices;
    l->down_start = mx_lay_array(l, n + 2, sizeof(uint32_t));
    l->up_start = mx_lay_array(l, n + 2, sizeof(uint32_t));
    l->down = mx_lay_array(l, l->n_segs, sizeof(uint32_t));
    l->up = mx_lay_array(l, l->n_segs, sizeof(uint32_t));
    if (!l->down_start || !l->up_start || !l->down || !l->up) return mx_nomem(l->err);
    for (uint32_t s = 0; s < l->n_segs; s++) {
        l->down_start[l->segs[s].u + 2]++;
        l->up_start[l->segs[s].v + 2]++;
    }
    for (uint32_t i = 2; i < n + 2; i++) {
        l->down_start[i] += l->down_start[i - 1];
        l->up_start[i] += l->up_start[i - 1];
    }
    for (uint32_t s = 0; s < l->n_segs; s++) {
        l->down[l->down_start[l->segs[s].u + 1]++] = s;
        l->up[l->up_start[l->segs[s].v + 1]++] = s;
    }
    return MX_OK;
}

static bool single(const uint32_t *start, uint32_t v) {
    return start[v + 1] - start[v] == 1;
}

static void weigh(mx_lay *l) {
    for (uint32_t i = 0; i < l->n_segs; i++) {
        mx_seg *s = &l->segs[i];
        bool only = single(l->down_start, s->u) && single(l->up_start, s->v);
        if (mx_lay_is_dummy(l, s->u) && mx_lay_is_dummy(l, s->v))
            s->weight = TRUNK;
        else if (l->nets[s->net].quiet)
            s->weight = QUIET;
        else
            s->weight = only ? ONLY : mx_lay_is_dummy(l, s->u) || mx_lay_is_dummy(l, s->v) ? PLAIN : STEP;
    }
}

/* Fixed ports are ranked by place, so that crossings between them count. */
typedef struct fixed {
    int32_t x;
    uint32_t seg;
} fixed;

static int by_x(const void *a, const void *b) {
    const fixed *x = a, *y = b;
    if (x->x != y->x) return x->x < y->x ? -1 : 1;
    return x->seg < y->seg ? -1 : x->seg > y->seg;
}

static void rank_side(mx_lay *l, uint32_t *list, uint32_t n, bool upper, fixed *room) {
    uint16_t rank = 0;
    for (uint32_t i = 0; i < n; i++) {
        const mx_seg *s = &l->segs[list[i]];
        const mx_layout_edge *e = &l->in->edges[s->edge != MX_NO_SEG ? s->edge : l->nets[s->net].first_edge];
        bool own = upper ? s->u < l->n : s->v < l->n;
        room[i] = (fixed){own ? upper ? e->from_x : e->to_x : MX_PORT_FREE, list[i]};
    }
    qsort(room, n, sizeof *room, by_x);
    for (uint32_t i = 0; i < n; i++) {
        mx_seg *s = &l->segs[room[i].seg];
        if (room[i].x != MX_PORT_FREE && rank < UINT16_MAX && (i == 0 || room[i].x != room[i - 1].x)) rank++;
        list[i] = room[i].seg;
        if (upper)
            s->ru = rank, s->pu = room[i].x;
        else
            s->rv = rank, s->pv = room[i].x;
    }
}

static mx_status rank_ports(mx_lay *l) {
    fixed *room = mx_lay_array(l, l->n_segs, sizeof *room);
    if (!room) return mx_nomem(l->err);
    for (uint32_t v = 0; v < l->n_vertices; v++) {
        rank_side(l, l->down + l->down_start[v], l->down_start[v + 1] - l->down_start[v], true, room);
        rank_side(l, l->up + l->up_start[v], l->up_start[v + 1] - l->up_start[v], false, room);
    }
    return MX_OK;
}

mx_status mx_lay_segments(mx_lay *l) {
    MX_TRY(make_nets(l));
    MX_TRY(make_vertices(l));
    uint32_t most = l->n_vertices - l->n + l->in->n_edges + l->in->n_values;
    l->segs = mx_lay_array(l, most, sizeof *l->segs);
    if (!l->segs) return mx_nomem(l->err);
    for (uint32_t i = 0; i < l->in->n_values; i++)
        if (l->nets[i].box != MX_NO_SEG) cut_net(l, i);
    cut_own(l);
    MX_TRY(link_segments(l));
    weigh(l);
    return rank_ports(l);
}
