#include "picture/scene_internal.h"

void *mx_scene_array(mx_scene *s, size_t count, size_t size) {
    void *p = mx_arena_array(&s->own->arena, count, size);
    if (p) memset(p, 0, count * size);
    return p;
}

static mx_status make(mx_scene *s, mx_error *err) {
    mx_node_id *order;
    uint32_t n;
    MX_TRY(mx_scene_order(s, &order, &n, err));
    MX_TRY(mx_scene_types(s, err));
    s->options.types = NULL;
    MX_TRY(mx_scene_values(s, err));
    MX_TRY(mx_scene_boxes(s, order, n, err));
    MX_TRY(mx_scene_count(s, err));
    MX_TRY(mx_scene_open(s, err));
    if (!s->options.no_layout) MX_TRY(mx_scene_links(s, err));
    return mx_scene_sizes(s, err); /* a group shows the shape of a value that leaves it by a link */
}

mx_status mx_scene_make(const mx_graph *g, const mx_scene_options *options, mx_scene *scene, mx_error *err) {
    *scene = (mx_scene){.graph = g, .options = *options};
    scene->own = mx_alloc_zero(g->allocator, 1, sizeof *scene->own);
    if (!scene->own) return mx_nomem(err);
    scene->own->allocator = g->allocator;
    mx_arena_init(&scene->own->arena, g->allocator);
    return make(scene, err);
}

void mx_scene_free(mx_scene *s) {
    if (!s->own) return;
    const mx_allocator *a = s->own->allocator;
    mx_free(a, s->links, s->own->cap_links * sizeof *s->links);
    mx_free(a, s->own->ports, s->own->cap_links * sizeof *s->own->ports);
    mx_free(a, s->points, s->own->cap_points * sizeof *s->points);
    mx_arena_free(&s->own->arena);
    mx_free(a, s->own, sizeof *s->own);
    *s = (mx_scene){0};
}

uint32_t mx_scene_type(const mx_scene *s, mx_node_id node, uint32_t port) {
    const mx_node *n = mx_node_at(s->graph, node);
    if (n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT) return n->data;
    if (n->kind != MX_NODE_OPERATOR || port >= n->n_outputs) return MX_NO_INDEX;
    return s->port_type[s->port_start[node] + port];
}
