/* Links: each edge of the model is cut into one piece for each group that it crosses. A value enters and leaves a group
 * once. */
#include "picture/scene_internal.h"

typedef struct linking {
    mx_scene *s;
    mx_error *err;
} linking;

static uint64_t hash(uint32_t value, uint32_t box, uint32_t port) {
    uint64_t h = (uint64_t)value * 0x9E3779B97F4A7C15u ^ ((uint64_t)box << 32 | port) * 0xC2B2AE3D27D4EB4Fu;
    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9u;
    return h ^ h >> 32;
}

/* By which a link is found: the box that it ends at; for a way out the group that it leaves. */
static bool is_link(const mx_scene *s, uint32_t link, uint32_t value, uint32_t box, uint32_t port) {
    const mx_scene_link *l = &s->links[link];
    return l->value == value && l->to == box && s->own->ports[link].to_port == port;
}

static size_t slot_of(const mx_scene *s, uint32_t value, uint32_t box, uint32_t port) {
    size_t i = hash(value, box, port) & (s->own->n_slots - 1);
    while (s->own->slots[i] && !is_link(s, s->own->slots[i] - 1, value, box, port))
        i = (i + 1) & (s->own->n_slots - 1);
    return i;
}

uint32_t mx_scene_find_link(const mx_scene *s, uint32_t value, uint32_t box, uint32_t port) {
    if (!s->own->n_slots) return MX_NO_INDEX;
    return s->own->slots[slot_of(s, value, box, port)] - 1;
}

static bool grow_slots(mx_scene *s) {
    size_t n = s->own->n_slots ? s->own->n_slots * 2 : 1024;
    if (s->n_links * 2 < s->own->n_slots) return true;
    s->own->slots = mx_scene_array(s, n, sizeof *s->own->slots);
    if (!s->own->slots) return false;
    s->own->n_slots = n;
    for (uint32_t i = 0; i < s->n_links; i++)
        s->own->slots[slot_of(s, s->links[i].value, s->links[i].to, s->own->ports[i].to_port)] = i + 1;
    return true;
}

static bool room_for_link(mx_scene *s) {
    size_t cap = s->own->cap_links;
    if (s->n_links >= MX_NO_INDEX - 1 || !grow_slots(s)) return false;
    if (s->n_links < cap) return true;
    if (!mx_grow(s->own->allocator, (void **)&s->links, &s->own->cap_links, s->n_links, sizeof *s->links)) return false;
    void *ports = mx_realloc(s->own->allocator, s->own->ports, cap * sizeof *s->own->ports,
                             s->own->cap_links * sizeof *s->own->ports);
    if (ports) {
        s->own->ports = ports;
        return true;
    }
    void *links = mx_realloc(s->own->allocator, s->links, s->own->cap_links * sizeof *s->links, cap * sizeof *s->links);
    if (links) s->links = links; /* both arrays have one size */
    s->own->cap_links = cap;
    return false;
}

/* *fresh: it was not there before. */
static mx_status add_link(linking *k, uint32_t group, uint32_t from, uint32_t to, uint32_t value, uint32_t port,
                          bool *fresh) {
    mx_scene *s = k->s;
    if (!room_for_link(s)) return mx_nomem(k->err);
    size_t slot = slot_of(s, value, to, port);
    *fresh = s->own->slots[slot] == 0;
    if (!*fresh) return MX_OK;
    s->own->slots[slot] = (uint32_t)s->n_links + 1;
    s->links[s->n_links] = (mx_scene_link){.from = from, .to = to, .value = value};
    s->own->ports[s->n_links] = (mx_link_ports){group, port, MX_PORT_FREE, MX_PORT_FREE, MX_PORT_FREE, MX_PORT_FREE};
    s->n_links++;
    return MX_OK;
}

/* From a box up to the child of `group` that holds it, with a link out of each group on the way. */
static mx_status climb_out(linking *k, uint32_t *box, uint32_t group, uint32_t value) {
    const mx_scene_box *boxes = k->s->boxes;
    bool fresh;
    for (uint32_t parent; (parent = boxes[*box].parent) != group; *box = parent)
        MX_TRY(add_link(k, parent, *box, parent, value, MX_LINK_OUT, &fresh));
    return MX_OK;
}

/* The same with links into the groups. Where one is there already, so are those further out. */
static mx_status climb_in(linking *k, uint32_t *box, uint32_t group, uint32_t value, uint32_t port) {
    const mx_scene_box *boxes = k->s->boxes;
    bool fresh = true;
    for (uint32_t parent; (parent = boxes[*box].parent) != group; *box = parent) {
        if (fresh) MX_TRY(add_link(k, parent, parent, *box, value, port, &fresh));
        port = MX_LINK_INTO;
    }
    return MX_OK;
}

static uint32_t common_group(const mx_scene_box *boxes, uint32_t a, uint32_t b) {
    while (a != b) {
        if (boxes[a].depth >= boxes[b].depth)
            a = boxes[a].parent;
        else
            b = boxes[b].parent;
    }
    return a;
}

static mx_status add_edge(linking *k, uint32_t from, uint32_t to, uint32_t value, uint32_t input) {
    const mx_scene_box *boxes = k->s->boxes;
    uint32_t group = common_group(boxes, from, to), port = MX_LINK_PORT + input, target = to;
    bool fresh;
    if (group == from || group == to) return MX_OK; /* between a group and what it holds: not drawn */
    MX_TRY(climb_out(k, &from, group, value));
    MX_TRY(climb_in(k, &to, group, value, port));
    return add_link(k, group, from, to, value, to == target ? port : MX_LINK_INTO, &fresh);
}

static mx_status all_edges(linking *k) {
    mx_scene *s = k->s;
    const mx_graph *g = s->graph;
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        mx_node_id id = s->boxes[i].node;
        if (id == MX_NO_NODE) continue;
        const mx_node *n = mx_node_at(g, id);
        for (uint32_t port = 0; port < n->n_inputs; port++) {
            const mx_port *p = &n->inputs[port];
            if (p->source == MX_NO_NODE || mx_scene_is_line(s, p->source) || s->box_of[p->source] == MX_NO_BOX)
                continue;
            if (p->source_port >= s->value_start[p->source + 1] - s->value_start[p->source]) continue;
            MX_TRY(add_edge(k, s->box_of[p->source], i, s->value_start[p->source] + p->source_port, port));
        }
    }
    return MX_OK;
}

/* Grouped by the group they are in, the order kept. */
static mx_status sort_links(linking *k) {
    mx_scene *s = k->s;
    size_t n = s->n_links;
    const mx_allocator *a = s->own->allocator;
    mx_scene_link *links = mx_alloc(a, (n + 1) * sizeof *links);
    mx_link_ports *ports = mx_alloc(a, (n + 1) * sizeof *ports);
    if (!links || !ports) {
        mx_free(a, links, (n + 1) * sizeof *links);
        mx_free(a, ports, (n + 1) * sizeof *ports);
        return mx_nomem(k->err);
    }
    for (size_t i = 0; i < n; i++)
        s->boxes[s->own->ports[i].group].n_links++;
    for (uint32_t b = 0, sum = 0; b < s->n_boxes; b++) {
        s->boxes[b].first_link = sum;
        sum += s->boxes[b].n_links;
        s->boxes[b].n_links = 0;
    }
    for (size_t i = 0; i < n; i++) {
        mx_scene_box *group = &s->boxes[s->own->ports[i].group];
        size_t to = group->first_link + group->n_links++;
        links[to] = s->links[i];
        ports[to] = s->own->ports[i];
    }
    mx_free(a, s->links, s->own->cap_links * sizeof *s->links);
    mx_free(a, s->own->ports, s->own->cap_links * sizeof *s->own->ports);
    s->links = links;
    s->own->ports = ports;
    s->own->cap_links = n + 1;
    memset(s->own->slots, 0, s->own->n_slots * sizeof *s->own->slots);
    for (uint32_t i = 0; i < n; i++)
        s->own->slots[slot_of(s, links[i].value, links[i].to, ports[i].to_port)] = i + 1;
    return MX_OK;
}

mx_status mx_scene_links(mx_scene *s, mx_error *err) {
    linking k = {s, err};
    MX_TRY(all_edges(&k));
    return s->n_links ? sort_links(&k) : MX_OK;
}
