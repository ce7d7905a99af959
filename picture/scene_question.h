/* What the layout engine is asked about one group: its children and what comes in and goes out through its border as
 * boxes, its links as edges. */
#ifndef MX_PICTURE_SCENE_QUESTION_H
#define MX_PICTURE_SCENE_QUESTION_H

#include "base/hash.h"
#include "picture/scene_internal.h"

/* Which ports of open children are free: those of the ways out of them, of the ways in. */
typedef enum mx_free_ports { MX_FREE_NONE = 0, MX_FREE_OUT = 1, MX_FREE_IN = 2, MX_FREE_BOTH = 3 } mx_free_ports;

#define MX_QUESTION_MUST (1u << 20) /* what it costs that a hint is not followed that must be */

typedef struct mx_question {
    mx_scene *s;
    mx_error *err;
    bool order_only;     /* sizes do not matter */
    bool must;           /* hints have to be followed */
    mx_layout layout;    /* its edges are the links of the group, in their order */
    uint32_t *child;     /* by box of the layout: the scene's box; MX_NO_BOX: a place on the border */
    uint32_t *local;     /* by box of the scene: its number in the layout; UINT32_MAX: nothing is linked to it */
    uint32_t *border_in; /* by value: number of its place on the upper border of the group at hand, + 1 */
    uint32_t *border_out;
    uint32_t *local_value; /* by value: its number in the group at hand, + 1 */
    size_t cap_boxes, cap_edges, cap_child;
} mx_question;

/* mx_question_free in any case. Fails with NOMEM. */
mx_status mx_question_make(mx_question *q, mx_scene *s, mx_error *err);
void mx_question_free(mx_question *q);

/* Fill q->layout for a group. Open groups in it have their ports where the links say that their inside has put them,
 * but those that free_ports names; all others are free. Fails with NOMEM. */
mx_status mx_question_ask(mx_question *q, uint32_t group, mx_free_ports free_ports);

/* Of all that an answer depends on, but for the effort. */
mx_hash128 mx_question_hash(const mx_layout *layout);

/* The link inside an open child that brings a link's value to its border, MX_NO_INDEX: the link does not begin there.
 */
uint32_t mx_scene_exit_of(const mx_scene *s, uint32_t link);
/* Where values enter a group is asked by the links that lead to it: tell them. */
void mx_scene_tell_entries(mx_scene *s, uint32_t group);

#endif
