/* The search for an order within layers. */
#ifndef MX_PICTURE_LAYOUT_ORDER_H
#define MX_PICTURE_LAYOUT_ORDER_H

#include "picture/layout_internal.h"

typedef struct mx_place {
    double key;
    uint32_t vertex, pos;
} mx_place;

/* A segment of a value that has several lines. */
typedef struct mx_twin {
    uint32_t net;
    uint64_t upper, lower;
} mx_twin;

typedef struct mx_ordering {
    mx_lay *l;
    uint64_t *keys, *room;   /* by segment */
    uint64_t *above, *below; /* of the layer at hand, as up_start and down_start say: where segments end, sorted */
    mx_twin *twins;          /* likewise */
    mx_place *places;        /* by vertex of a layer */
    uint32_t *best, *stack;
    uint8_t *seen;
    double *key;               /* by vertex */
    uint64_t crossing, hint;   /* what one costs */
    uint64_t least, crossings; /* cost of the best order, and its crossings */
} mx_ordering;

/* Crossings of lines of different values between a layer and the next. */
uint64_t mx_crossings_below(mx_ordering *o, uint32_t layer);
/* Pairs in the wrong order; sorts the keys. room: n of them. */
uint64_t mx_inversions(uint64_t *keys, uint64_t *room, size_t n);
void mx_sort_keys(uint64_t *keys, size_t n);

#endif
