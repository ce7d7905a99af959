#include "picture/layout_internal.h"

void *mx_lay_array(mx_lay *l, size_t count, size_t size) {
    void *p = mx_arena_array(&l->arena, count, size);
    if (p) memset(p, 0, count * size);
    return p;
}

static mx_status run(mx_lay *l, bool order_only) {
    MX_TRY(mx_lay_rank(l));
    MX_TRY(mx_lay_segments(l));
    MX_TRY(mx_lay_order(l));
    MX_TRY(mx_lay_ports(l));
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
