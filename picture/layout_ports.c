/* Free ports: where edges leave and enter a box, in the order of where they go. The one edge that goes on straight has
 * the middle, the others share what is left of it and right of it. */
#include "picture/layout_internal.h"

#include <stdlib.h>

#define NEAREST 6 /* between ports, where the box is wide enough */

typedef struct port {
    uint64_t at;   /* where it leads to; ports are sorted by it */
    uint32_t item; /* upper side: edge, lower side: value */
    bool straight; /* it could be the one in the middle */
} port;

static int by_place(const void *a, const void *b) {
    const port *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

static int32_t share(int32_t from, int32_t to, uint32_t i, uint32_t n) {
    return from + (int32_t)((int64_t)(to - from) * (i + 1) / (n + 1));
}

/* The place of port i of n. */
static int32_t port_x(const port *ports, uint32_t n, int32_t w, uint32_t i) {
    uint32_t middle = n, candidates = 0;
    for (uint32_t k = 0; k < n; k++)
        if (ports[k].straight) {
            middle = k;
            candidates++;
        }
    if (candidates != 1 || w / 2 / (int32_t)(n + 1) < NEAREST) return share(0, w, i, n);
    if (i == middle) return w / 2;
    return i < middle ? share(0, w / 2, i, middle) : share(w / 2, w, i - middle - 1, n - middle - 1);
}

static bool is_real(const mx_lay *l, uint32_t vertex) {
    return !mx_lay_is_dummy(l, vertex) && l->in->boxes[vertex].w > 0;
}

/* ---- the lower side: a port for each value ---- */

/* Where each value goes on the average, and whether straight down to a box. */
static void value_places(const mx_lay *l, port *by_value, uint32_t *counts) {
    for (uint32_t i = 0; i < l->in->n_values; i++)
        by_value[i] = (port){0, i, false};
    for (uint32_t i = 0; i < l->n_segs; i++) {
        const mx_seg *s = &l->segs[i];
        const mx_net *net = &l->nets[s->net];
        port *p = &by_value[s->net];
        if (s->u != net->box) continue;
        p->at += mx_seg_lower(l, s);
        counts[s->net]++;
        p->straight = p->straight || (is_real(l, s->v) && !net->quiet);
    }
    for (uint32_t i = 0; i < l->in->n_values; i++)
        by_value[i].at = counts[i] ? by_value[i].at / counts[i] : UINT64_MAX;
}

static void set_lower(mx_lay *l, uint32_t value, int32_t x) {
    for (uint32_t e = l->nets[value].first_edge; e != MX_NO_SEG; e = l->next_edge[e])
        l->in->edges[e].from_x = x;
}

static void wish_lower(mx_lay *l, uint32_t value, int32_t place) {
    for (uint32_t e = l->nets[value].first_edge; e != MX_NO_SEG; e = l->next_edge[e])
        l->in->edges[e].from_wish = place;
}

static void lower_side(mx_lay *l, const uint32_t *values, uint32_t n, const port *by_value, port *ports) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        ports[i] = by_value[values[i]];
    qsort(ports, n, sizeof *ports, by_place);
    for (uint32_t i = 0; i < n; i++) {
        wish_lower(l, ports[i].item, (int32_t)i);
        if (l->in->edges[l->nets[ports[i].item].first_edge].from_x == MX_PORT_FREE) ports[count++] = ports[i];
    }
    for (uint32_t i = 0; i < count; i++)
        set_lower(l, ports[i].item, port_x(ports, count, l->w[l->nets[ports[i].item].box], i));
}

/* ---- the upper side: a port for each edge ---- */

static void upper_port(const mx_lay *l, uint32_t edge, port *p) {
    const mx_layout_edge *e = &l->in->edges[edge];
    *p = (port){UINT64_MAX, edge, false};
    if (l->edge_seg[edge] == MX_NO_SEG) return;
    const mx_seg *s = &l->segs[l->edge_seg[edge]];
    p->at = mx_seg_upper(l, s);
    p->straight = !e->quiet && is_real(l, s->u);
}

static void upper_side(mx_lay *l, const uint32_t *edges, uint32_t n, port *ports) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        upper_port(l, edges[i], &ports[i]);
    qsort(ports, n, sizeof *ports, by_place);
    for (uint32_t i = 0; i < n; i++) {
        l->in->edges[ports[i].item].to_wish = (int32_t)i;
        if (l->in->edges[ports[i].item].to_x == MX_PORT_FREE) ports[count++] = ports[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        mx_layout_edge *e = &l->in->edges[ports[i].item];
        e->to_x = port_x(ports, count, l->w[e->to], i);
    }
}

/* ---- all ---- */

/* Numbers 0 .. n - 1 grouped by the box that `box_of` gives, MX_NO_SEG: none. */
static uint32_t *group(mx_lay *l, uint32_t n, const uint32_t *box_of, uint32_t *start) {
    uint32_t *list = mx_lay_array(l, n, sizeof *list);
    if (!list) return NULL;
    memset(start, 0, (l->n + 2) * sizeof *start);
    for (uint32_t i = 0; i < n; i++)
        if (box_of[i] != MX_NO_SEG) start[box_of[i] + 2]++;
    for (uint32_t i = 2; i < l->n + 2; i++)
        start[i] += start[i - 1];
    for (uint32_t i = 0; i < n; i++)
        if (box_of[i] != MX_NO_SEG) list[start[box_of[i] + 1]++] = i;
    return list;
}

static void into_segments(mx_lay *l) {
    for (uint32_t i = 0; i < l->n_segs; i++) {
        mx_seg *s = &l->segs[i];
        const mx_net *net = &l->nets[s->net];
        s->pu = mx_lay_is_dummy(l, s->u) ? 0 : l->in->edges[net->first_edge].from_x;
        s->pv = mx_lay_is_dummy(l, s->v) ? 0 : l->in->edges[s->edge].to_x;
    }
}

mx_status mx_lay_ports(mx_lay *l) {
    uint32_t values = l->in->n_values, edges = l->in->n_edges, most = values > edges ? values : edges;
    port *ports = mx_lay_array(l, most, sizeof *ports), *by_value = mx_lay_array(l, values, sizeof *by_value);
    uint32_t *counts = mx_lay_array(l, values, sizeof *counts);
    uint32_t *start = mx_lay_array(l, l->n + 2, sizeof *start), *box_of = mx_lay_array(l, most, sizeof *box_of), *list;
    if (!ports || !by_value || !counts || !start || !box_of) return mx_nomem(l->err);
    for (uint32_t i = 0; i < values; i++)
        box_of[i] = l->nets[i].box;
    if (!(list = group(l, values, box_of, start))) return mx_nomem(l->err);
    value_places(l, by_value, counts);
    for (uint32_t v = 0; v < l->n; v++)
        lower_side(l, list + start[v], start[v + 1] - start[v], by_value, ports);
    for (uint32_t i = 0; i < edges; i++)
        box_of[i] = l->in->edges[i].to;
    if (!(list = group(l, edges, box_of, start))) return mx_nomem(l->err);
    for (uint32_t v = 0; v < l->n; v++)
        upper_side(l, list + start[v], start[v + 1] - start[v], ports);
    into_segments(l);
    return MX_OK;
}
