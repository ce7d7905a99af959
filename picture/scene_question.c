#include "picture/scene_question.h"

#define WIDE 4096 /* where sizes do not matter */

static const mx_allocator *allocator(const mx_question *q) {
    return q->s->own->allocator;
}

mx_status mx_question_make(mx_question *q, mx_scene *s, mx_error *err) {
    const mx_allocator *a = s->own->allocator;
    *q = (mx_question){.s = s, .err = err};
    q->local = mx_alloc_zero(a, s->n_boxes, sizeof(uint32_t));
    q->border_in = mx_alloc_zero(a, (size_t)s->n_values + 1, sizeof(uint32_t));
    q->border_out = mx_alloc_zero(a, (size_t)s->n_values + 1, sizeof(uint32_t));
    q->local_value = mx_alloc_zero(a, (size_t)s->n_values + 1, sizeof(uint32_t));
    return q->local && q->border_in && q->border_out && q->local_value ? MX_OK : mx_nomem(err);
}

void mx_question_free(mx_question *q) {
    const mx_allocator *a = allocator(q);
    size_t values = (size_t)q->s->n_values + 1;
    mx_free(a, q->local, q->s->n_boxes * sizeof(uint32_t));
    mx_free(a, q->border_in, values * sizeof(uint32_t));
    mx_free(a, q->border_out, values * sizeof(uint32_t));
    mx_free(a, q->local_value, values * sizeof(uint32_t));
    mx_free(a, q->layout.boxes, q->cap_boxes * sizeof *q->layout.boxes);
    mx_free(a, q->layout.edges, q->cap_edges * sizeof *q->layout.edges);
    mx_free(a, q->child, q->cap_child * sizeof *q->child);
    mx_layout_free(&q->layout, a);
}

/* ---- boxes ---- */

static mx_status add_box(mx_question *q, uint32_t box, mx_layout_box what) {
    mx_layout *y = &q->layout;
    if (!mx_grow(allocator(q), (void **)&y->boxes, &q->cap_boxes, y->n_boxes, sizeof *y->boxes))
        return mx_nomem(q->err);
    if (!mx_grow(allocator(q), (void **)&q->child, &q->cap_child, y->n_boxes, sizeof *q->child))
        return mx_nomem(q->err);
    q->child[y->n_boxes] = box;
    y->boxes[y->n_boxes++] = what;
    return MX_OK;
}

static uint8_t pin_of(const mx_scene *s, const mx_scene_box *b) {
    if (b->kind != MX_BOX_VALUE) return MX_PIN_NONE;
    return mx_node_at(s->graph, b->node)->kind == MX_NODE_INPUT ? MX_PIN_FIRST : MX_PIN_LAST;
}

/* Children that nothing is linked to do not take part, but formal inputs and outputs. */
static mx_status add_children(mx_question *q, uint32_t group) {
    mx_scene *s = q->s;
    const mx_scene_box *g = &s->boxes[group];
    for (uint32_t c = g->first_child; c != MX_NO_BOX; c = s->boxes[c].next)
        q->local[c] = pin_of(s, &s->boxes[c]) == MX_PIN_NONE ? UINT32_MAX : 0;
    for (uint32_t i = g->first_link; i < g->first_link + g->n_links; i++) {
        if (s->links[i].from != group) q->local[s->links[i].from] = 0;
        if (s->links[i].to != group) q->local[s->links[i].to] = 0;
    }
    for (uint32_t c = g->first_child; c != MX_NO_BOX; c = s->boxes[c].next) {
        const mx_scene_box *b = &s->boxes[c];
        if (q->local[c] == UINT32_MAX) continue;
        q->local[c] = q->layout.n_boxes;
        mx_layout_box what = {
            .w = q->order_only ? WIDE : b->w, .h = q->order_only ? 0 : b->h, .pin = pin_of(s, b), .hint = MX_PORT_FREE};
        MX_TRY(add_box(q, c, what));
    }
    return MX_OK;
}

static mx_status border(mx_question *q, uint32_t *place, mx_layout_pin pin, int32_t hint, uint32_t *number) {
    if (!*place) {
        MX_TRY(add_box(q, MX_NO_BOX, (mx_layout_box){.pin = (uint8_t)pin, .hint = hint}));
        *place = q->layout.n_boxes;
    }
    *number = *place - 1;
    return MX_OK;
}

/* ---- links ---- */

static bool is_open(const mx_scene *s, uint32_t box) {
    return s->boxes[box].is_group && s->boxes[box].open;
}

uint32_t mx_scene_exit_of(const mx_scene *s, uint32_t link) {
    const mx_scene_link *x = &s->links[link];
    bool border = x->from == s->own->ports[link].group;
    return border || !s->boxes[x->from].is_group ? MX_NO_INDEX : mx_scene_find_link(s, x->value, x->from, MX_LINK_OUT);
}

static int32_t port_out(const mx_question *q, uint32_t link) {
    uint32_t exit = is_open(q->s, q->s->links[link].from) ? mx_scene_exit_of(q->s, link) : MX_NO_INDEX;
    return exit == MX_NO_INDEX ? MX_PORT_FREE : q->s->own->ports[exit].to_x;
}

static int32_t port_in(const mx_question *q, uint32_t link) {
    const mx_link_ports *ports = &q->s->own->ports[link];
    return is_open(q->s, q->s->links[link].to) && ports->to_port == MX_LINK_INTO ? ports->to_x : MX_PORT_FREE;
}

/* What the group around said of the upper border. */
static int32_t hint_in(const mx_question *q, uint32_t group, uint32_t value) {
    uint32_t outer = mx_scene_find_link(q->s, value, group, MX_LINK_INTO);
    return outer == MX_NO_INDEX ? MX_PORT_FREE : q->s->own->ports[outer].to_hint;
}

static mx_status add_link(mx_question *q, uint32_t group, uint32_t i, mx_free_ports free_ports) {
    mx_scene *s = q->s;
    const mx_scene_link *link = &s->links[i];
    mx_layout *y = &q->layout;
    mx_layout_edge e = {.from_x = MX_PORT_FREE, .to_x = MX_PORT_FREE, .quiet = s->values[link->value].quiet};
    if (link->from == group)
        MX_TRY(border(q, &q->border_in[link->value], MX_PIN_FIRST, hint_in(q, group, link->value), &e.from));
    else
        e.from = q->local[link->from], e.from_x = free_ports & MX_FREE_OUT ? MX_PORT_FREE : port_out(q, i);
    if (link->to == group)
        MX_TRY(border(q, &q->border_out[link->value], MX_PIN_LAST, s->own->ports[i].from_hint, &e.to));
    else
        e.to = q->local[link->to], e.to_x = free_ports & MX_FREE_IN ? MX_PORT_FREE : port_in(q, i);
    if (!q->local_value[link->value]) q->local_value[link->value] = ++y->n_values;
    e.value = q->local_value[link->value] - 1;
    if (!mx_grow(allocator(q), (void **)&y->edges, &q->cap_edges, y->n_edges, sizeof *y->edges))
        return mx_nomem(q->err);
    y->edges[y->n_edges++] = e;
    return MX_OK;
}

mx_status mx_question_ask(mx_question *q, uint32_t group, mx_free_ports free_ports) {
    mx_scene *s = q->s;
    const mx_scene_box *g = &s->boxes[group];
    const uint32_t *harm = s->own->harm;
    q->layout.n_boxes = q->layout.n_edges = q->layout.n_values = 0;
    q->layout.crossing_cost = harm && free_ports != MX_FREE_BOTH ? harm[group] : 1;
    q->layout.hint_cost = q->must                                                        ? MX_QUESTION_MUST
                          : harm && free_ports != MX_FREE_BOTH && g->parent != MX_NO_BOX ? harm[g->parent]
                                                                                         : 1;
    MX_TRY(add_children(q, group));
    mx_status status = MX_OK;
    for (uint32_t i = g->first_link; i < g->first_link + g->n_links && status == MX_OK; i++)
        status = add_link(q, group, i, free_ports);
    for (uint32_t i = g->first_link; i < g->first_link + g->n_links; i++) {
        uint32_t v = s->links[i].value;
        q->border_in[v] = q->border_out[v] = q->local_value[v] = 0;
    }
    return status;
}

void mx_scene_tell_entries(mx_scene *s, uint32_t group) {
    const mx_scene_box *g = &s->boxes[group];
    for (uint32_t i = g->first_link; i < g->first_link + g->n_links; i++) {
        if (s->links[i].from != group) continue;
        uint32_t outer = mx_scene_find_link(s, s->links[i].value, group, MX_LINK_INTO);
        if (outer != MX_NO_INDEX) s->own->ports[outer].to_x = s->own->ports[i].from_x;
    }
}

/* Boxes and edges as they are hashed: without what comes out, and without padding. */
typedef struct asked_box {
    int32_t w, h, hint;
    uint32_t pin;
} asked_box;
typedef struct asked_edge {
    uint32_t from, to, value, quiet;
    int32_t from_x, to_x;
} asked_edge;

mx_hash128 mx_question_hash(const mx_layout *y) {
    mx_hasher h;
    uint32_t head[4] = {y->n_boxes, y->n_edges, y->crossing_cost, y->hint_cost};
    mx_hasher_start(&h);
    mx_hasher_add(&h, head, sizeof head);
    for (uint32_t i = 0; i < y->n_boxes; i++) {
        asked_box b = {y->boxes[i].w, y->boxes[i].h, y->boxes[i].hint, y->boxes[i].pin};
        mx_hasher_add(&h, &b, sizeof b);
    }
    for (uint32_t i = 0; i < y->n_edges; i++) {
        const mx_layout_edge *x = &y->edges[i];
        asked_edge e = {x->from, x->to, x->value, x->quiet, x->from_x, x->to_x};
        mx_hasher_add(&h, &e, sizeof e);
    }
    return mx_hasher_end(&h);
}
