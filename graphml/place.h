/* Where the boxes stand. Sizes of leaves come in, positions and the sizes of groups come out. */
#ifndef MX_GRAPHML_PLACE_H
#define MX_GRAPHML_PLACE_H

#include "graphml/plan.h"

typedef struct mx_box {
    int32_t x, y, w, h; /* x, y: absolute */
} mx_box;

#define MX_CLOSED_HEIGHT 44 /* of a folded group */

typedef struct mx_place_options {
    int collapse_depth; /* groups deeper than this take the room of their folded box in their parent; -1: none
                         */
    bool simple;        /* no ranks: children of a group one below the other */
} mx_place_options;

/* boxes: by node id; on entry w and h of leaves, w of groups as the width that their title needs. No two
 * siblings overlap, and children lie within their group. Time n log n. Fails with NOMEM only. */
mx_status mx_place(const mx_plan *plan, const mx_place_options *options, mx_box *boxes, mx_error *err);

/* One group: its children by number, the edges among them, and their places within the group (place_rank.c).
 */
typedef struct mx_place_item {
    int32_t w, h, x, y;
    bool first, last; /* formal inputs stand in the first rank, formal outputs in the last */
} mx_place_item;
typedef struct mx_place_edge {
    uint32_t from, to;
} mx_place_edge;
/* Memory that grows to what the largest group needs. */
typedef struct mx_place_scratch {
    const mx_allocator *allocator;
    void *memory;
    size_t size;
} mx_place_scratch;
/* Sets x and y of all items, both from 0 on. Fails with NOMEM only. */
mx_status mx_place_ranks(mx_place_item *items, uint32_t n, const mx_place_edge *edges, size_t n_edges,
                         mx_place_scratch *scratch, mx_error *err);

#endif
