/* A layered layout of ONE group: boxes of real size, orthogonal edges that share no line, from top to bottom.
 *
 * The engine knows nothing of models. Steps: cycles are broken (edges that then run upwards are marked `back`), layers
 * are found by longest path and pulled to the heavier side (layout_rank.c), long edges get dummies, shared by the edges
 * of one value, and crossings are reduced by barycenter sweeps with transposition (layout_order*.c), coordinates come
 * after Brandes and Koepf with real widths (layout_place*.c), horizontal tracks are counted in each gap between layers
 * (layout_route*.c). The same input always gives the same result. Time is near linear: sweeps are bounded by work, not
 * by a clock; values that would need too many dummies run in lanes at the side instead, and so do back edges.
 *
 * All measures are pixels; y grows downwards. */
#ifndef MX_PICTURE_LAYOUT_H
#define MX_PICTURE_LAYOUT_H

#include "base/error.h"
#include "base/memory.h"

/* A port that the engine may put where it likes. */
#define MX_PORT_FREE INT32_MIN
/* All coordinates stay below this, whatever the input. */
#define MX_LAYOUT_FAR ((int32_t)1 << 30)

typedef enum mx_layout_pin {
    MX_PIN_NONE = 0,
    MX_PIN_FIRST, /* in the first layer: formal inputs, and what comes in through the group's upper border */
    MX_PIN_LAST   /* in the last layer: formal outputs, and what leaves through the lower border */
} mx_layout_pin;

typedef struct mx_layout_box {
    int32_t w, h; /* in; 0 by 0 for a place on the border */
    uint8_t pin;  /* in: mx_layout_pin */
    int32_t hint; /* in: pinned boxes stand in the order of their hints where that costs nothing, as outside of the
                     group their values are in that order; MX_PORT_FREE: any place will do */
    int32_t x, y; /* out: top left, from 0 on; mx_layout_order: x is the place in the layer */
} mx_layout_box;

/* An edge leaves `from` at its lower side and enters `to` at its upper side. */
typedef struct mx_layout_edge {
    uint32_t from, to; /* in: boxes; not the same */
    int32_t from_x;    /* in and out: port, from the left side of the box; MX_PORT_FREE on entry: the engine chooses.
                          Edges of one value must agree */
    int32_t to_x;      /* likewise */
    int32_t from_wish; /* out: the place among the ports of that side of the box that it would have if all were free */
    int32_t to_wish;   /* likewise */
    uint32_t value;    /* in: dense, from 0 on; edges of one value come from one box and share a trunk */
    bool quiet;        /* in: of little weight */
    bool back;         /* out: runs upwards, around at the side */
    uint32_t first_point; /* out: index into mx_layout.points */
    uint32_t n_points;    /* out: corners with both ends, at least 2; consecutive points share x or y */
} mx_layout_edge;

typedef struct mx_point {
    int32_t x, y;
} mx_point;

/* What goes in and what comes out. The arrays of boxes and edges are the caller's. */
typedef struct mx_layout {
    mx_layout_box *boxes;
    mx_layout_edge *edges;
    uint32_t n_boxes, n_edges, n_values;
    int32_t w, h;     /* out: the room that everything takes */
    mx_point *points; /* out: allocated, see mx_layout_free */
    size_t n_points, cap_points;
    bool thorough;                     /* in: fewer crossings are worth some more time */
    uint32_t crossing_cost, hint_cost; /* in: what it costs that edges cross, that hints are not followed; 0 is 1 */
    uint64_t crossings;                /* out: of edges of different values, by the order within layers */
} mx_layout;

/* Only find the order of everything, and from it the free ports: from_x and to_x of the edges, places in layers, no
 * coordinates. Errors as below. */
mx_status mx_layout_order(mx_layout *layout, const mx_allocator *allocator, mx_error *err);
/* Lay out a group. Fails with NOMEM only; mx_layout_free in any case. `allocator` may be NULL. */
mx_status mx_layout_run(mx_layout *layout, const mx_allocator *allocator, mx_error *err);
/* Free what mx_layout_run allocated (the points). */
void mx_layout_free(mx_layout *layout, const mx_allocator *allocator);

#endif
