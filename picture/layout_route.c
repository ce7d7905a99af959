/* Coordinates down and the corners of edges. */
#include "picture/layout_wires.h"

#include <stdlib.h>

#define GAP_LEAST  26 /* between layers */
#define GAP_EDGE   14 /* above the first and below the last track */
#define GAP_BORDER 12 /* beside a layer of places on the border */
#define TRACK      8
#define LANE       10
#define CENTRE     48 /* boxes that are lower than their layer by no more than this stand in its middle */

typedef struct routing {
    mx_lay *l;
    mx_pin *pins;
    mx_wire *wires;
    uint32_t n_pins, n_wires;
    uint32_t *part;       /* by segment; NULL: all 0 */
    uint32_t *gap_start;  /* wires by gap; n_layers + 2 entries */
    uint32_t *start_wire; /* by edge that goes by a lane */
    uint32_t *end_wire;
    uint32_t *bend; /* by segment: the first from it on that does not run straight down; n_segs: none */
    int32_t *lane;  /* by value: x of its lane */
    int32_t *gap_top, *layer_top, *layer_height;
    int32_t width;
} routing;

/* ---- lanes ---- */

typedef struct stretch {
    uint32_t first, last, net; /* gaps */
} stretch;

static int by_first(const void *a, const void *b) {
    const stretch *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->net < y->net ? -1 : x->net > y->net;
}

typedef struct lane {
    uint32_t last, number; /* the last gap that it is used in */
} lane;

static bool before(lane a, lane b) {
    return a.last != b.last ? a.last < b.last : a.number < b.number;
}

/* A heap, the lane that is free first on top. */
static void sink(lane *heap, uint32_t n, uint32_t i) {
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(heap[child + 1], heap[child])) child++;
        if (!before(heap[child], heap[i])) return;
        lane swap = heap[i];
        heap[i] = heap[child];
        heap[child] = swap;
    }
}

static void rise(lane *heap, uint32_t i) {
    for (; i && before(heap[i], heap[(i - 1) / 2]); i = (i - 1) / 2) {
        lane swap = heap[i];
        heap[i] = heap[(i - 1) / 2];
        heap[(i - 1) / 2] = swap;
    }
}

static uint32_t find_stretches(const routing *r, stretch *stretches) {
    const mx_lay *l = r->l;
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->in->n_values; i++) {
        const mx_net *net = &l->nets[i];
        stretch s = {net->layer + 1, net->layer + 1, i};
        bool any = false;
        for (uint32_t e = net->first_edge; net->box != MX_NO_SEG && e != MX_NO_SEG; e = l->next_edge[e]) {
            uint32_t gap = l->layer[l->in->edges[e].to];
            if (l->edge_seg[e] != MX_NO_SEG) continue;
            any = true;
            if (gap < s.first) s.first = gap;
            if (gap > s.last) s.last = gap;
        }
        if (any) stretches[n++] = s;
    }
    return n;
}

static mx_status make_lanes(routing *r) {
    mx_lay *l = r->l;
    stretch *stretches = mx_lay_array(l, l->in->n_values, sizeof *stretches);
    lane *heap = mx_lay_array(l, l->in->n_values, sizeof *heap);
    r->lane = mx_lay_array(l, l->in->n_values, sizeof *r->lane);
    if (!stretches || !heap || !r->lane) return mx_nomem(l->err);
    uint32_t n = find_stretches(r, stretches), lanes = 0;
    qsort(stretches, n, sizeof *stretches, by_first);
    for (uint32_t i = 0; i < n; i++) {
        if (lanes == 0 || heap[0].last >= stretches[i].first) {
            heap[lanes] = (lane){stretches[i].last, lanes};
            r->lane[stretches[i].net] = r->width + LANE + (int32_t)lanes * LANE;
            rise(heap, lanes++);
        } else {
            heap[0].last = stretches[i].last;
            r->lane[stretches[i].net] = r->width + LANE + (int32_t)heap[0].number * LANE;
            sink(heap, lanes, 0);
        }
    }
    if (lanes) r->width += LANE + (int32_t)lanes * LANE;
    return MX_OK;
}

/* ---- pins and wires ---- */

static void add_pin(routing *r, uint32_t gap, uint32_t net, mx_pin_side side, int32_t x, uint32_t owner) {
    r->pins[r->n_pins++] = (mx_pin){.gap = gap, .net = net, .side = (uint8_t)side, .x = x, .owner = owner};
}

/* ---- lines of one value that do not meet ---- */

typedef struct reach {
    uint32_t gap, net, seg;
    int32_t low, high;
} reach;

static int by_reach(const void *a, const void *b) {
    const reach *x = a, *y = b;
    if (x->gap != y->gap) return x->gap < y->gap ? -1 : 1;
    if (x->net != y->net) return x->net < y->net ? -1 : 1;
    if (x->low != y->low) return x->low < y->low ? -1 : 1;
    return x->seg < y->seg ? -1 : x->seg > y->seg;
}

static mx_status find_parts(routing *r) {
    mx_lay *l = r->l;
    uint32_t n = 0;
    int32_t high = INT32_MIN;
    if (!l->has_parted) return MX_OK;
    reach *list = mx_lay_array(l, l->n_segs, sizeof *list);
    r->part = mx_lay_array(l, l->n_segs, sizeof *r->part);
    if (!list || !r->part) return mx_nomem(l->err);
    for (uint32_t i = 0; i < l->n_segs; i++) {
        const mx_seg *s = &l->segs[i];
        int32_t upper = l->x[s->u] + s->pu, lower = l->x[s->v] + s->pv;
        if (!l->nets[s->net].parted) continue;
        list[n++] = (reach){l->layer[s->v], s->net, i, upper < lower ? upper : lower, upper < lower ? lower : upper};
    }
    qsort(list, n, sizeof *list, by_reach);
    for (uint32_t i = 0; i < n; i++) {
        bool other = i == 0 || list[i].gap != list[i - 1].gap || list[i].net != list[i - 1].net;
        if (other) high = INT32_MIN;
        r->part[list[i].seg] = other ? 0 : r->part[list[i - 1].seg] + (list[i].low > high);
        if (list[i].high > high) high = list[i].high;
    }
    return MX_OK;
}

/* ---- pins ---- */

static void lane_pins(routing *r, uint32_t e) {
    const mx_lay *l = r->l;
    const mx_layout_edge *edge = &l->in->edges[e];
    uint32_t from = l->nets[edge->value].layer + 1, to = l->layer[edge->to];
    add_pin(r, from, edge->value, MX_SIDE_UPPER, l->x[edge->from] + edge->from_x, MX_NO_SEG);
    add_pin(r, from, edge->value, MX_SIDE_LANE, r->lane[edge->value], e * 2);
    add_pin(r, to, edge->value, MX_SIDE_LANE, r->lane[edge->value], e * 2 + 1);
    add_pin(r, to, edge->value, MX_SIDE_LOWER, l->x[edge->to] + edge->to_x, MX_NO_SEG);
}

static int compare_pins(const void *a, const void *b) {
    const mx_pin *x = a, *y = b;
    if (x->gap != y->gap) return x->gap < y->gap ? -1 : 1;
    if (x->net != y->net) return x->net < y->net ? -1 : 1;
    if (x->part != y->part) return x->part < y->part ? -1 : 1;
    if (x->side != y->side) return x->side < y->side ? -1 : 1;
    if (x->x != y->x) return x->x < y->x ? -1 : 1;
    return x->owner < y->owner ? -1 : x->owner > y->owner;
}

static mx_status collect_pins(routing *r) {
    mx_lay *l = r->l;
    r->pins = mx_lay_array(l, (size_t)l->n_segs * 2 + (size_t)l->in->n_edges * 4, sizeof *r->pins);
    if (!r->pins) return mx_nomem(l->err);
    for (uint32_t i = 0; i < l->n_segs; i++) {
        const mx_seg *s = &l->segs[i];
        uint32_t gap = l->layer[s->v];
        add_pin(r, gap, s->net, MX_SIDE_UPPER, l->x[s->u] + s->pu, MX_NO_SEG);
        add_pin(r, gap, s->net, MX_SIDE_LOWER, l->x[s->v] + s->pv, i);
        if (r->part) r->pins[r->n_pins - 2].part = r->pins[r->n_pins - 1].part = r->part[i];
    }
    for (uint32_t e = 0; e < l->in->n_edges; e++)
        if (l->edge_seg[e] == MX_NO_SEG) lane_pins(r, e);
    qsort(r->pins, r->n_pins, sizeof *r->pins, compare_pins);
    return MX_OK;
}

static void own_wire(routing *r, const mx_pin *pin, uint32_t wire) {
    if (pin->side == MX_SIDE_LOWER && pin->owner != MX_NO_SEG) r->l->segs[pin->owner].wire = wire;
    if (pin->side != MX_SIDE_LANE) return;
    if (pin->owner & 1)
        r->end_wire[pin->owner / 2] = wire;
    else
        r->start_wire[pin->owner / 2] = wire;
}

static mx_status make_wires(routing *r) {
    mx_lay *l = r->l;
    r->wires = mx_lay_array(l, r->n_pins, sizeof *r->wires);
    r->gap_start = mx_lay_array(l, l->n_layers + 2, sizeof *r->gap_start);
    r->start_wire = mx_lay_array(l, l->in->n_edges, sizeof(uint32_t));
    r->end_wire = mx_lay_array(l, l->in->n_edges, sizeof(uint32_t));
    if (!r->wires || !r->gap_start || !r->start_wire || !r->end_wire) return mx_nomem(l->err);
    for (uint32_t i = 0; i < r->n_pins; i++) {
        const mx_pin *pin = &r->pins[i];
        if (i == 0 || pin->gap != pin[-1].gap || pin->net != pin[-1].net || pin->part != pin[-1].part) {
            r->wires[r->n_wires++] = (mx_wire){pin->gap, pin->net, i, 0, pin->x, pin->x, MX_PORT_FREE, 0};
            r->gap_start[pin->gap + 1] = r->n_wires;
        }
        mx_wire *w = &r->wires[r->n_wires - 1];
        w->n_pins++;
        if (pin->x < w->low) w->low = pin->x;
        if (pin->x > w->high) w->high = pin->x;
        if (pin->side == MX_SIDE_UPPER) w->upper = pin->x;
        own_wire(r, pin, r->n_wires - 1);
    }
    for (uint32_t g = 0; g < l->n_layers + 1; g++)
        if (r->gap_start[g + 1] < r->gap_start[g]) r->gap_start[g + 1] = r->gap_start[g];
    return MX_OK;
}

/* ---- down ---- */

static bool on_border(const mx_lay *l, uint32_t layer) {
    for (uint32_t i = l->start[layer]; i < l->start[layer + 1]; i++)
        if (!mx_lay_is_dummy(l, l->order[i]) && l->w[l->order[i]] > 0) return false;
    return true;
}

static int32_t gap_height(const mx_lay *l, uint32_t gap, uint32_t tracks) {
    bool outside = gap == 0 || gap == l->n_layers;
    int64_t needed = tracks ? 2 * GAP_EDGE + (int64_t)(tracks - 1) * TRACK : 0;
    int64_t least = outside ? 0 : GAP_LEAST;
    if (!outside && (on_border(l, gap - 1) || on_border(l, gap))) least = GAP_BORDER;
    if (needed < least) needed = least;
    return needed > MX_LAYOUT_FAR ? MX_LAYOUT_FAR : (int32_t)needed;
}

static int32_t added(int32_t a, int32_t b) {
    return a > MX_LAYOUT_FAR - b ? MX_LAYOUT_FAR : a + b;
}

static mx_status stack_layers(routing *r) {
    mx_lay *l = r->l;
    int32_t y = 0;
    r->gap_top = mx_lay_array(l, l->n_layers + 1, sizeof(int32_t));
    r->layer_top = mx_lay_array(l, l->n_layers, sizeof(int32_t));
    r->layer_height = mx_lay_array(l, l->n_layers, sizeof(int32_t));
    if (!r->gap_top || !r->layer_top || !r->layer_height) return mx_nomem(l->err);
    for (uint32_t v = 0; v < l->n; v++)
        if (l->in->boxes[v].h > r->layer_height[l->layer[v]]) r->layer_height[l->layer[v]] = l->in->boxes[v].h;
    for (uint32_t g = 0; g <= l->n_layers; g++) {
        uint32_t from = r->gap_start[g], tracks;
        MX_TRY(mx_lay_tracks(l, r->wires + from, r->gap_start[g + 1] - from, r->pins, &tracks));
        int32_t height = gap_height(l, g, tracks);
        int32_t spare = tracks ? (height - 2 * GAP_EDGE - (int32_t)(tracks - 1) * TRACK) / 2 : 0;
        r->gap_top[g] = y + (spare > 0 ? spare : 0);
        y = added(y, height);
        if (g == l->n_layers) break;
        r->layer_top[g] = y;
        y = added(y, r->layer_height[g]);
    }
    l->in->h = y;
    return MX_OK;
}

static void put_boxes(routing *r) {
    mx_lay *l = r->l;
    for (uint32_t v = 0; v < l->n; v++) {
        mx_layout_box *b = &l->in->boxes[v];
        int32_t spare = r->layer_height[l->layer[v]] - b->h;
        bool fed = l->up_start[v + 1] > l->up_start[v];
        b->x = l->x[v];
        b->y = r->layer_top[l->layer[v]] + (spare <= CENTRE ? spare / 2 : fed ? 0 : spare);
        if (b->pin == MX_PIN_FIRST) b->y = r->layer_top[l->layer[v]];
        if (b->pin == MX_PIN_LAST) b->y = r->layer_top[l->layer[v]] + spare;
    }
}

/* ---- corners ---- */

static mx_status add_point(mx_lay *l, mx_layout_edge *e, int32_t x, int32_t y) {
    mx_layout *in = l->in;
    mx_point *last = in->points + in->n_points;
    if (e->n_points >= 2 && ((last[-1].x == x && last[-2].x == x) || (last[-1].y == y && last[-2].y == y))) {
        last[-1] = (mx_point){x, y};
        return MX_OK;
    }
    if (!mx_grow(l->allocator, (void **)&in->points, &in->cap_points, in->n_points, sizeof *in->points))
        return mx_nomem(l->err);
    in->points[in->n_points++] = (mx_point){x, y};
    e->n_points++;
    return MX_OK;
}

static int32_t track_y(const routing *r, uint32_t wire) {
    const mx_wire *w = &r->wires[wire];
    return added(r->gap_top[w->gap], GAP_EDGE + (int32_t)(w->track ? w->track - 1 : 0) * TRACK);
}

static mx_status across(const routing *r, mx_layout_edge *e, uint32_t wire, int32_t from, int32_t to) {
    int32_t y = track_y(r, wire);
    if (from == to) return MX_OK;
    MX_TRY(add_point(r->l, e, from, y));
    return add_point(r->l, e, to, y);
}

static mx_status find_bends(routing *r) {
    const mx_lay *l = r->l;
    r->bend = mx_lay_array(r->l, (size_t)l->n_segs + 1, sizeof *r->bend);
    if (!r->bend) return mx_nomem(l->err);
    r->bend[l->n_segs] = l->n_segs;
    for (uint32_t i = l->n_segs; i-- > 0;) {
        const mx_seg *s = &l->segs[i];
        r->bend[i] = l->x[s->u] + s->pu == l->x[s->v] + s->pv ? r->bend[i + 1] : i;
    }
    return MX_OK;
}

/* From a segment to the one before `end`; many users share a long trunk, so what is straight is passed over at once. */
static mx_status follow_segments(const routing *r, mx_layout_edge *e, uint32_t first, uint32_t end) {
    const mx_lay *l = r->l;
    for (uint32_t i = r->bend[first]; i < end; i = r->bend[i + 1]) {
        const mx_seg *s = &l->segs[i];
        MX_TRY(across(r, e, s->wire, l->x[s->u] + s->pu, l->x[s->v] + s->pv));
    }
    return MX_OK;
}

/* Down from the box, beside it and up, and down again. */
static mx_status follow_back(const routing *r, uint32_t edge, mx_layout_edge *e) {
    const mx_lay *l = r->l;
    const mx_net *net = &l->nets[e->value];
    uint32_t first = net->top - 1, chain = net->layer - first + 1; /* segments between the dummies */
    uint32_t at = net->turn + net->layer - first;                  /* the dummy beside the box */
    MX_TRY(across(r, e, l->segs[net->back_chain + chain].wire, l->x[e->from] + e->from_x, l->x[at]));
    for (; l->layer[at] > l->layer[e->to]; at--)
        MX_TRY(across(r, e, l->segs[net->back_chain + l->layer[at] - 1 - first].wire, l->x[at], l->x[at - 1]));
    return across(r, e, l->segs[l->edge_seg[edge]].wire, l->x[at], l->x[e->to] + e->to_x);
}

static mx_status follow(const routing *r, uint32_t edge) {
    mx_lay *l = r->l;
    mx_layout_edge *e = &l->in->edges[edge];
    const mx_layout_box *from = &l->in->boxes[e->from], *to = &l->in->boxes[e->to];
    const mx_net *net = &l->nets[e->value];
    int32_t start = from->x + e->from_x, end = to->x + e->to_x;
    e->first_point = (uint32_t)l->in->n_points;
    e->n_points = 0;
    MX_TRY(add_point(l, e, start, from->y + from->h));
    if (l->edge_seg[edge] == MX_NO_SEG) {
        MX_TRY(across(r, e, r->start_wire[edge], start, r->lane[e->value]));
        MX_TRY(across(r, e, r->end_wire[edge], r->lane[e->value], end));
    } else if (l->own_chain[edge] != MX_NO_SEG) {
        MX_TRY(follow_segments(r, e, l->own_chain[edge], l->edge_seg[edge] + 1));
    } else if (e->back) {
        MX_TRY(follow_back(r, edge, e));
    } else {
        uint32_t trunk = l->layer[e->to] - net->layer - 1; /* segments */
        if (trunk) MX_TRY(follow_segments(r, e, net->chain, net->chain + trunk));
        MX_TRY(follow_segments(r, e, l->edge_seg[edge], l->edge_seg[edge] + 1));
    }
    return add_point(l, e, end, to->y);
}

static void move_to_zero(routing *r) {
    mx_lay *l = r->l;
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (uint32_t v = 0; v < l->n_vertices; v++) {
        if (l->x[v] < low) low = l->x[v];
        if (l->x[v] + l->w[v] > high) high = l->x[v] + l->w[v];
    }
    for (uint32_t v = 0; v < l->n_vertices; v++)
        l->x[v] -= low;
    r->width = high - low;
}

/* All but the corners. */
static mx_status prepare(routing *r) {
    move_to_zero(r);
    MX_TRY(make_lanes(r));
    MX_TRY(find_parts(r));
    MX_TRY(collect_pins(r));
    MX_TRY(make_wires(r));
    r->l->drawn = 0;
    return stack_layers(r);
}

mx_status mx_lay_draft(mx_lay *l) {
    routing r = {.l = l};
    return prepare(&r);
}

mx_status mx_lay_route(mx_lay *l) {
    routing r = {.l = l};
    MX_TRY(prepare(&r));
    put_boxes(&r);
    MX_TRY(find_bends(&r));
    for (uint32_t e = 0; e < l->in->n_edges; e++)
        MX_TRY(follow(&r, e));
    l->in->w = r.width;
    return MX_OK;
}
