#include "picture/scene_internal.h"

static mx_status add_point(const mx_scene *s, mx_route *r, int32_t x, int32_t y, mx_error *err) {
    mx_point *last = r->points + r->n;
    if (r->n && last[-1].x == x && last[-1].y == y) return MX_OK;
    if (r->n >= 2 && ((last[-1].x == x && last[-2].x == x) || (last[-1].y == y && last[-2].y == y))) {
        last[-1] = (mx_point){x, y};
        return MX_OK;
    }
    if (!mx_grow(s->own->allocator, (void **)&r->points, &r->cap, r->n, sizeof *r->points)) return mx_nomem(err);
    r->points[r->n++] = (mx_point){x, y};
    return MX_OK;
}

/* Whether a box below `top` is hidden by a folded group between. */
static bool is_hidden(const mx_scene *s, uint32_t group, uint32_t top) {
    for (; group != top; group = s->boxes[group].parent)
        if (!s->boxes[group].open) return true;
    return false;
}

static mx_status add_link(const mx_scene *s, uint32_t link, uint32_t top, mx_route *r, mx_error *err) {
    uint32_t group = s->own->ports[link].group;
    const mx_scene_link *l = &s->links[link];
    if (is_hidden(s, group, top)) return MX_OK;
    r->back = r->back || l->back;
    if (!r->n) r->from = l->from;
    r->to = l->to;
    for (uint32_t i = 0; i < l->n_points; i++) {
        mx_point p = s->points[l->first_point + i];
        MX_TRY(add_point(s, r, s->boxes[group].x + p.x, s->boxes[group].y + p.y, err));
    }
    return MX_OK;
}

/* From the box that a link of the common group starts at down to where the value is made; then the way back out. */
static mx_status way_out(const mx_scene *s, uint32_t value, uint32_t box, uint32_t source, uint32_t top, mx_route *r,
                         mx_error *err) {
    uint32_t group = s->boxes[source].parent;
    while (source != box) { /* links out, from the innermost */
        uint32_t link = mx_scene_find_link(s, value, group, MX_LINK_OUT);
        if (link == MX_NO_INDEX) return MX_OK;
        MX_TRY(add_link(s, link, top, r, err));
        source = group;
        group = s->boxes[source].parent;
    }
    return MX_OK;
}

mx_status mx_scene_route(const mx_scene *s, mx_node_id target, uint32_t target_port, mx_route *r, mx_error *err) {
    const mx_port *p = &mx_node_at(s->graph, target)->inputs[target_port];
    uint32_t link, first, top, value, chain[2], to = s->box_of[target];
    r->n = 0;
    r->back = false;
    if (p->source == MX_NO_NODE || !s->n_links || to == MX_NO_BOX) return MX_OK;
    if (p->source_port >= s->value_start[p->source + 1] - s->value_start[p->source]) return MX_OK;
    value = s->value_start[p->source] + p->source_port;
    first = link = mx_scene_find_link(s, value, to, MX_LINK_PORT + target_port);
    if (link == MX_NO_INDEX) return MX_OK;
    while (s->links[link].from == s->own->ports[link].group) { /* up to the group that holds both ends */
        link = mx_scene_find_link(s, value, s->own->ports[link].group, MX_LINK_INTO);
        if (link == MX_NO_INDEX) return MX_OK;
    }
    top = s->own->ports[link].group;
    MX_TRY(way_out(s, value, s->links[link].from, s->box_of[p->source], top, r, err));
    MX_TRY(add_link(s, link, top, r, err));
    for (chain[0] = link; chain[0] != first; chain[0] = chain[1]) { /* links in, from the outermost */
        uint32_t group = s->links[chain[0]].to, inner = to;
        while (s->boxes[inner].parent != group)
            inner = s->boxes[inner].parent;
        chain[1] = mx_scene_find_link(s, value, inner, inner == to ? MX_LINK_PORT + target_port : MX_LINK_INTO);
        if (chain[1] == MX_NO_INDEX) return MX_OK;
        MX_TRY(add_link(s, chain[1], top, r, err));
    }
    return MX_OK;
}

void mx_route_free(mx_route *r, const mx_allocator *allocator) {
    mx_free(allocator, r->points, r->cap * sizeof *r->points);
    *r = (mx_route){0};
}
