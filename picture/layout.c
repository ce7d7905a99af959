#include "picture/layout_internal.h"

void *mx_lay_array(mx_lay *l, size_t count, size_t size) {
    void *p = mx_arena_array(&l->arena, count, size);
    if (p) memset(p, 0, count * size);
    return p;
}

/* How values with many users reach them, by lines of their own or by one trunk, and in which layer boxes stand that
 * could be in several. What crosses less depends on all else, so each way is tried; the first ones help most often. */
static const mx_lay_style styles[] = {
    {6, 4, MX_RANK_BALANCED},  {6, 4, MX_RANK_LOW},  {2, 40, MX_RANK_LOW},     {2, 4, MX_RANK_BALANCED},
    {2, 40, MX_RANK_BALANCED}, {6, 4, MX_RANK_HIGH}, {3, 8, MX_RANK_BALANCED}, {2, 40, MX_RANK_HIGH},
};

#define STYLES_FEW 3u
#define STYLED     4000u /* boxes and edges, beyond that the first style is taken */

static mx_status keep_ports(mx_lay *l) {
    l->asked_ports = mx_lay_array(l, (size_t)l->in->n_edges * 2, sizeof *l->asked_ports);
    if (!l->asked_ports) return mx_nomem(l->err);
    for (uint32_t e = 0; e < l->in->n_edges; e++) {
        l->asked_ports[2 * e] = l->in->edges[e].from_x;
        l->asked_ports[2 * e + 1] = l->in->edges[e].to_x;
    }
    return MX_OK;
}

static void free_ports_again(mx_lay *l) {
    for (uint32_t e = 0; e < l->in->n_edges; e++) {
        l->in->edges[e].from_x = l->asked_ports[2 * e];
        l->in->edges[e].to_x = l->asked_ports[2 * e + 1];
    }
}

static mx_status keep_back(mx_lay *l) {
    l->back = mx_lay_array(l, l->in->n_edges, sizeof *l->back);
    for (uint32_t e = 0; e < l->in->n_edges && l->back; e++)
        l->back[e] = l->in->edges[e].back;
    return l->back ? MX_OK : mx_nomem(l->err);
}

/* An order, and if it has crossings and there is time, how many lines cross when it is drawn. */
static mx_status try_style(mx_lay *l, mx_lay_style style, bool draft) {
    l->style = style;
    MX_TRY(mx_lay_rank(l));
    MX_TRY(keep_back(l));
    MX_TRY(mx_lay_segments(l));
    MX_TRY(mx_lay_order(l));
    l->drawn = l->crossings;
    if (!draft || !l->crossings) return MX_OK;
    MX_TRY(mx_lay_ports(l));
    MX_TRY(mx_lay_place(l));
    MX_TRY(mx_lay_draft(l));
    free_ports_again(l);
    return MX_OK;
}

/* Hints that are not followed come first. */
static bool is_better(const mx_lay *l, const mx_lay *than, uint64_t crossing_cost) {
    uint64_t hints = l->cost - l->crossings * crossing_cost, of_other = than->cost - than->crossings * crossing_cost;
    if (hints != of_other) return hints < of_other;
    return l->drawn != than->drawn ? l->drawn < than->drawn : l->crossings < than->crossings;
}

/* The way with the fewest crossings; l is then as mx_lay_order left it. */
static mx_status best_style(mx_lay *l) {
    bool large = l->in->n_boxes + l->in->n_edges > STYLED;
    uint32_t n = l->order_only || large ? 1 : l->in->thorough ? sizeof styles / sizeof *styles : STYLES_FEW;
    MX_TRY(keep_ports(l));
    mx_lay fresh = *l;
    for (uint32_t i = 0; i < n && (i == 0 || l->cost); i++) {
        mx_lay next = fresh;
        next.arena = l->arena;
        mx_status status = try_style(&next, styles[i], n > 1);
        l->arena = next.arena;
        MX_TRY(status);
        if (i == 0 || is_better(&next, l, l->in->crossing_cost ? l->in->crossing_cost : 1)) *l = next;
    }
    for (uint32_t e = 0; e < l->in->n_edges; e++)
        l->in->edges[e].back = l->back[e];
    return MX_OK;
}

static mx_status run(mx_lay *l, bool order_only) {
    l->order_only = order_only;
    MX_TRY(best_style(l));
    MX_TRY(mx_lay_ports(l));
    l->in->crossings = l->crossings;
    for (uint32_t v = 0; v < l->n && order_only; v++)
        l->in->boxes[v].x = (int32_t)l->pos[v];
    if (order_only) return MX_OK;
    MX_TRY(mx_lay_place(l));
    return mx_lay_route(l);
}

static mx_status start(mx_layout *layout, const mx_allocator *allocator, bool order_only, mx_error *err) {
    mx_lay l = {.in = layout, .allocator = allocator, .err = err, .n = layout->n_boxes};
    layout->w = layout->h = 0;
    layout->n_points = 0;
    layout->crossings = 0;
    if (layout->n_boxes == 0) return MX_OK;
    mx_arena_init(&l.arena, allocator);
    mx_status status = run(&l, order_only);
    mx_arena_free(&l.arena);
    return status;
}

mx_status mx_layout_order(mx_layout *layout, const mx_allocator *allocator, mx_error *err) {
    return start(layout, allocator, true, err);
}

mx_status mx_layout_run(mx_layout *layout, const mx_allocator *allocator, mx_error *err) {
    return start(layout, allocator, false, err);
}

void mx_layout_free(mx_layout *layout, const mx_allocator *allocator) {
    mx_free(allocator, layout->points, layout->cap_points * sizeof *layout->points);
    layout->points = NULL;
    layout->n_points = layout->cap_points = 0;
}
