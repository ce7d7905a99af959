#include "picture/layout_internal.h"

void *mx_lay_array(mx_lay *l, size_t count, size_t size) {
    void *p = mx_arena_array(&l->arena, count, size);
    if (p) memset(p, 0, count * size);
    return p;
}

/* How values with many users reach them: by lines of their own or by one trunk. What crosses less depends on all else,
 * so each way is tried. */
static const mx_lay_style styles[] = {{6, 4}, {2, 4}, {3, 8}, {2, 40}};

#define STYLED 20000u /* boxes and edges, beyond that the first style is taken */

/* l: after mx_lay_rank; then also after mx_lay_order. */
static mx_status best_style(mx_lay *l) {
    mx_lay ranked = *l;
    uint32_t n = !l->thorough || l->in->n_boxes + l->in->n_edges > STYLED ? 1 : sizeof styles / sizeof *styles;
    l->cost = UINT64_MAX;
    for (uint32_t i = 0; i < n && l->cost; i++) {
        mx_lay next = ranked;
        next.arena = l->arena;
        next.style = styles[i];
        mx_status status = mx_lay_segments(&next);
        if (status == MX_OK) status = mx_lay_order(&next);
        l->arena = next.arena;
        MX_TRY(status);
        if (next.cost < l->cost) *l = next;
    }
    return MX_OK;
}

static mx_status run(mx_lay *l, bool order_only) {
    l->thorough = !order_only;
    MX_TRY(mx_lay_rank(l));
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
