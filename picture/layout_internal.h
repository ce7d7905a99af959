/* The state of one layout at work. Vertices are the boxes, then the dummies; all memory lies in an arena. */
#ifndef MX_PICTURE_LAYOUT_INTERNAL_H
#define MX_PICTURE_LAYOUT_INTERNAL_H

#include "picture/layout.h"

#include <string.h>

#define MX_NO_SEG  UINT32_MAX
#define MX_NO_WIRE UINT32_MAX

/* A value's edges within the group. */
typedef struct mx_net {
    uint32_t box;         /* that makes it; MX_NO_SEG: no edges */
    uint32_t layer, last; /* of the box, and of the last user that the trunk reaches */
    uint32_t dummy;       /* of layer + 1; the others follow */
    uint32_t chain;       /* segment from the box to the first dummy; the others follow */
    uint32_t top;         /* the first layer with a user that it goes back to, MX_NO_SEG: it does not go back */
    uint32_t turn;        /* back: dummies from the layer above that one down to the layer below the box */
    uint32_t back_chain;  /* back: the segments between these; the last is that from the box to the lowest of them */
    uint32_t first_edge;  /* edges of a net, linked by next_edge */
    uint32_t users;
    bool far; /* no dummies: users beyond the next layer, and above, are reached by a lane */
    bool quiet;
    bool parted; /* some users have lines of their own */
} mx_net;

/* A piece of an edge, from one layer to the next. */
typedef struct mx_seg {
    uint32_t u, v;      /* upper and lower vertex */
    uint32_t net, edge; /* edge: MX_NO_SEG for the trunk */
    int32_t pu, pv;     /* ports, from the left side of the vertex */
    uint16_t ru, rv;    /* rank of a fixed port among those of its side, 0: free */
    uint8_t weight;
    bool crosses_trunk; /* it is not to be straight at the cost of a long one */
    uint32_t wire;
} mx_seg;

/* Edges of a value with so many users have dummies of their own where the user is so many layers below at most: from a
 * trunk further down they would cross whatever stands between. */
typedef struct mx_lay_style {
    uint32_t many, nearby;
    enum { MX_RANK_BALANCED = 0, MX_RANK_HIGH, MX_RANK_LOW } rank; /* where a box could stand in several layers */
} mx_lay_style;

typedef struct mx_lay {
    mx_layout *in;
    const mx_allocator *allocator;
    mx_arena arena;
    mx_error *err;
    uint32_t n, n_vertices, n_layers; /* n: boxes */
    uint32_t *layer, *pos;            /* by vertex; pos: place within the layer */
    uint32_t *order, *start;          /* vertices by layer; n_layers + 1 */
    int32_t *x, *w;                   /* by vertex */
    mx_net *nets;                     /* by value */
    uint32_t *next_edge;              /* by edge: the next of its net */
    uint32_t *own_chain;              /* by edge: its first segment, if it has dummies of its own, else MX_NO_SEG */
    uint32_t *edge_seg;               /* by edge: its last segment, MX_NO_SEG: it goes by a lane */
    mx_seg *segs;
    uint32_t n_segs;
    uint32_t first_own;              /* the first of the dummies that edges have to themselves */
    uint32_t *down_start, *up_start; /* segments by upper, by lower vertex; n_vertices + 1 */
    uint32_t *down, *up;
    mx_lay_style style;
    bool order_only;
    bool has_parted;          /* any net */
    uint64_t cost, crossings; /* of the order */
    uint64_t drawn;           /* crossings of the lines; those in gaps with very many are not counted */
    int32_t *asked_ports;     /* by edge twice: from_x and to_x as they came in */
    uint8_t *back;            /* by edge: as mx_lay_rank found it for this style */
} mx_lay;

/* A zeroed array in the arena. */
void *mx_lay_array(mx_lay *l, size_t count, size_t size);

mx_status mx_lay_rank(mx_lay *l);     /* layer of boxes, back edges */
mx_status mx_lay_segments(mx_lay *l); /* dummies, segments, n_layers, start */
mx_status mx_lay_order(mx_lay *l);    /* order, pos */
mx_status mx_lay_ports(mx_lay *l);    /* the free ports */
mx_status mx_lay_place(mx_lay *l);    /* x */
mx_status mx_lay_route(mx_lay *l);    /* y, tracks, points */
mx_status mx_lay_draft(mx_lay *l);    /* only `drawn` of it */

mx_status mx_lay_settle(mx_lay *l); /* the last part of mx_lay_place */
/* The least way from the left side of a to that of b, its right neighbour. */
int32_t mx_lay_apart(const mx_lay *l, uint32_t a, uint32_t b);

/* Where a segment ends. */
static inline uint64_t mx_seg_upper(const mx_lay *l, const mx_seg *s) {
    return (uint64_t)l->pos[s->u] << 16 | s->ru;
}
static inline uint64_t mx_seg_lower(const mx_lay *l, const mx_seg *s) {
    return (uint64_t)l->pos[s->v] << 16 | s->rv;
}
static inline bool mx_lay_is_dummy(const mx_lay *l, uint32_t vertex) {
    return vertex >= l->n;
}

#endif
