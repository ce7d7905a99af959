/* Wires: what a value draws in the gap between two layers; several, where its lines there do not meet. */
#ifndef MX_PICTURE_LAYOUT_WIRES_H
#define MX_PICTURE_LAYOUT_WIRES_H

#include "picture/layout_internal.h"

typedef enum mx_pin_side { MX_SIDE_UPPER = 0, MX_SIDE_LOWER, MX_SIDE_LANE } mx_pin_side;

typedef struct mx_pin {
    uint32_t gap, net; /* gap: number of the layer below it, so 0 is above everything */
    uint32_t part;     /* of the net, where it has lines in the gap that do not meet */
    uint8_t side;
    int32_t x;
    uint32_t owner; /* segment, or edge of a lane; not part of the order */
} mx_pin;

typedef struct mx_wire {
    uint32_t gap, net;
    uint32_t first_pin, n_pins;
    int32_t low, high; /* x; equal: straight through, no track */
    int32_t upper;     /* x of the upper pin, MX_PORT_FREE: none */
    uint32_t track;    /* from the top of the gap, 0: none */
} mx_wire;

#define MX_PIN_CLOSE 4 /* lines nearer than this would look like one */

/* Tracks for the wires of one gap, so that no two share a line; returns how many. pins: of all wires. Fails with NOMEM.
 */
mx_status mx_lay_tracks(mx_lay *l, mx_wire *wires, uint32_t n, const mx_pin *pins, uint32_t *tracks);

#endif
