/* What a scene keeps to itself. */
#ifndef MX_PICTURE_SCENE_INTERNAL_H
#define MX_PICTURE_SCENE_INTERNAL_H

#include "picture/scene.h"

#include <string.h>

/* Beside each link: which end ports it has. */
typedef struct mx_link_ports {
    uint32_t group;   /* box */
    uint32_t to_port; /* MX_LINK_INTO, MX_LINK_OUT, or MX_LINK_PORT + the port of the node that it ends at */
    int32_t from_x, to_x;
    int32_t from_hint, to_hint; /* the order that the group around would like at its children's borders */
} mx_link_ports;

enum { MX_LINK_INTO = 0, MX_LINK_OUT, MX_LINK_PORT };

#define MX_FIRST_VIEW 30u /* boxes that are not too many */

struct mx_scene_private {
    const mx_allocator *allocator;
    mx_arena arena;       /* arrays that live as long as the scene */
    mx_link_ports *ports; /* by link */
    uint32_t *slots;      /* links by (value, to, to_port) and, for the way out of a group, (value, from) */
    size_t n_slots;
    uint32_t *input_start;  /* by node: where its input ports begin in input_tensor; n_nodes + 1 entries */
    uint32_t *input_tensor; /* by input port: the initializer that it names, MX_NO_INDEX: none */
    uint32_t *constant_of;  /* by node: nothing, or that it is a constant drawn as a line */
    uint32_t *harm;         /* by box: what a crossing in the group costs, the more the fewer there must be; NULL: 1 */
    size_t cap_links, cap_points;
};

void *mx_scene_array(mx_scene *s, size_t count, size_t size); /* zeroed, in the arena */

/* Order of nodes, parents first (scene_order.c): the nodes, *n of them. Also finds initializers by name. */
mx_status mx_scene_order(mx_scene *s, mx_node_id **order, uint32_t *n, mx_error *err);
mx_status mx_scene_types(mx_scene *s, mx_error *err);  /* port_start, port_type */
mx_status mx_scene_values(mx_scene *s, mx_error *err); /* values, and which are quiet */
mx_status mx_scene_boxes(mx_scene *s, const mx_node_id *order, uint32_t n, mx_error *err);
mx_status mx_scene_count(mx_scene *s, mx_error *err); /* operators, parameters */
mx_status mx_scene_sizes(mx_scene *s, mx_error *err);
mx_status mx_scene_open(mx_scene *s, mx_error *err); /* which groups are open */
mx_status mx_scene_links(mx_scene *s, mx_error *err);
mx_status mx_scene_bundles(mx_scene *s, uint32_t *bundle_of, uint32_t *n_bundles, mx_error *err);

/* A link by its end, MX_NO_INDEX: there is none. For MX_LINK_OUT `box` is the group that is left. */
uint32_t mx_scene_find_link(const mx_scene *s, uint32_t value, uint32_t box, uint32_t to_port);
/* Whether an operator is drawn as a constant pill, or as a line. */
bool mx_scene_is_constant(const mx_graph *g, const mx_node *n);
static inline bool mx_scene_is_line(const mx_scene *s, mx_node_id node) {
    return s->own->constant_of && s->own->constant_of[node] != MX_NO_INDEX;
}

#endif
