/* The scene: what of a model is drawn where. Boxes in boxes, each with its family, counts and size, and links between
 * them, routed level by level; GraphML, SVG and HTML are written from it. Texts are not kept: label.h makes them when
 * asked.
 *
 * A link lives in one group. It joins two of its children, or a child and the group's own border: a value that goes
 * from an operator in one module to one in another is a chain of links that meet at the borders. So a picture of what
 * is open draws the links of the open groups and nothing else, and mx_scene_route puts the chain of one edge together.
 *
 * Use: mx_scene_make, perhaps set `open` of groups, mx_scene_layout (again after each change), mx_scene_free. */
#ifndef MX_PICTURE_SCENE_H
#define MX_PICTURE_SCENE_H

#include "converter/infer.h"
#include "picture/family.h"
#include "picture/layout.h"

#define MX_NO_BOX UINT32_MAX

/* Which groups are open at first. */
#define MX_DEPTH_ALL  (-1)
#define MX_DEPTH_AUTO (-2) /* so many that the first view has at most some 30 boxes */

typedef enum mx_box_kind {
    MX_BOX_OPERATOR = 0,
    MX_BOX_CONSTANT, /* an operator that is a small pill: it makes a constant */
    MX_BOX_VALUE,    /* formal input or output */
    MX_BOX_MODEL,
    MX_BOX_MODULE,
    MX_BOX_FUNCTION,
    MX_BOX_BODY,
    MX_BOX_COMPOUND, /* an operator with bodies: a group */
    MX_BOX_BUNDLE    /* auxiliary operators that stand together: a group without a node; starts folded */
} mx_box_kind;

typedef struct mx_scene_box {
    mx_node_id node; /* MX_NO_NODE: a bundle */
    uint32_t parent; /* boxes; MX_NO_BOX: none */
    uint32_t first_child, next;
    uint8_t kind, family; /* mx_box_kind, mx_family */
    bool is_group;
    bool open;      /* groups: its children are shown. May be changed before mx_scene_layout */
    bool quiet;     /* shape arithmetic and the like */
    uint32_t depth; /* the model has 0 */
    uint32_t n_children;
    uint32_t operators;           /* groups: in all levels below */
    uint64_t parameters;          /* groups: elements of the initializers that are used in it (each once) */
    int32_t x, y;                 /* absolute; of a box in a folded group: as if that were open */
    int32_t w, h;                 /* as it is drawn: of an open group its frame, else the box itself */
    int32_t folded_w, folded_h;   /* groups: the box when it is folded */
    int32_t open_w, open_h;       /* groups: the frame when it is open; 0 where its inside was not laid out */
    uint32_t first_link, n_links; /* groups: those in it */
} mx_scene_box;

/* A value: an output port of a node. */
typedef struct mx_scene_value {
    mx_node_id node;
    uint32_t port;
    bool quiet; /* carries sizes and the like: drawn thin and pale */
} mx_scene_value;

typedef struct mx_scene_link {
    uint32_t from, to;              /* boxes: children of the group, or the group itself for its border */
    uint32_t value;                 /* index into values */
    bool back;                      /* runs upwards */
    uint32_t first_point, n_points; /* relative to the group's top left corner */
} mx_scene_link;

typedef struct mx_scene_options {
    int depth;           /* groups deeper than this start folded; MX_DEPTH_ALL, MX_DEPTH_AUTO */
    bool fold_constants; /* constants are lines in their consumers, no boxes */
    bool bundle;         /* runs of four and more auxiliary operators become one folded box */
    bool frames;         /* the same, but only in groups that would show more than some 30 boxes, and with the constants
                            that nothing else uses; shorter runs too where there are still more */
    bool folded_too;     /* the inside of folded groups is laid out as well */
    /* What was inferred of the graph, used until mx_scene_make returns; NULL: only what it declares. */
    const mx_types *types;
    bool no_layout; /* boxes of a group one below the other, links without points */
} mx_scene_options;

typedef struct mx_scene {
    const mx_graph *graph;
    mx_scene_options options;
    mx_scene_box *boxes; /* every parent before its children; 0 is the model */
    mx_scene_value *values;
    mx_scene_link *links; /* grouped by the group they are in */
    mx_point *points;
    uint32_t n_boxes, n_values;
    size_t n_links, n_points;
    uint32_t *box_of;     /* by node: its box; a constant that is a line: that of its first consumer; MX_NO_BOX: none */
    uint32_t *port_type;  /* by output port of operators: index into graph->types, MX_NO_INDEX: not known */
    uint32_t *port_start; /* by node: where its ports begin in port_type; n_nodes + 1 entries */
    uint32_t *value_start; /* by node: where its ports begin in values; n_nodes + 1 entries */
    struct mx_scene_private *own;
} mx_scene;

/* Boxes, counts, sizes of leaves and folded groups, which groups are open. *scene is overwritten; mx_scene_free in any
 * case. The graph must stay as it is. Fails with NOMEM, LIMIT. Linear. */
mx_status mx_scene_make(const mx_graph *g, const mx_scene_options *options, mx_scene *scene, mx_error *err);
/* Places and links, from the innermost group out; equal groups are laid out once. No two siblings overlap, children lie
 * within their open group. Fails with NOMEM. */
mx_status mx_scene_layout(mx_scene *scene, mx_error *err);
void mx_scene_free(mx_scene *scene);

/* The type of a value that a node makes: index into graph->types, or MX_NO_INDEX. */
uint32_t mx_scene_type(const mx_scene *scene, mx_node_id node, uint32_t port);

/* The way of one edge: the corners of all its links with both ends, in absolute coordinates. Where an end lies in a
 * folded group the way begins or ends at the outermost such group. points: grown, *n set. back: whether any part runs
 * upwards. */
typedef struct mx_route {
    mx_point *points;
    size_t n, cap;
    /* Where there are points: the boxes that they begin and end at; folded groups hide those within. */
    uint32_t from, to;
    bool back;
} mx_route;
mx_status mx_scene_route(const mx_scene *scene, mx_node_id target, uint32_t target_port, mx_route *route,
                         mx_error *err);
void mx_route_free(mx_route *route, const mx_allocator *allocator);

#endif
