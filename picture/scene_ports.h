/* The order of ports on the borders of groups, on which what is in a group and what is around it agree. */
#ifndef MX_PICTURE_SCENE_PORTS_H
#define MX_PICTURE_SCENE_PORTS_H

#include "base/hash.h"
#include "picture/scene_question.h"

/* Where a link begins and ends, as places in an order: of ports, or on the border. */
typedef struct mx_link_places {
    int32_t from, to;
    int32_t from_wish, to_wish; /* of the ports, were they free */
} mx_link_places;

typedef struct mx_answer {
    mx_hash128 question;
    uint32_t n_links; /* of the group */
    uint32_t crossings;
    bool known;
    size_t first; /* in places: of the group's first link */
} mx_answer;

typedef struct mx_port_search {
    mx_question q;
    uint32_t *least;    /* by box: crossings of the group with all ports free */
    uint32_t *now;      /* by box: crossings as things stand */
    mx_answer *answers; /* a hash table */
    size_t n_answers, n_slots;
    mx_link_places *places;
    size_t n_places, cap_places;
    uint64_t work; /* boxes and links in all questions that were not known */
} mx_port_search;

/* Whether a box is a group with something to lay out. */
bool mx_takes_part(const mx_scene *s, uint32_t box);

/* Sets from_hint and to_hint of all links so that few crossings stand where there could be none, and `harm`. from_x and
 * to_x become places in an order. Fails with NOMEM. */
mx_status mx_scene_order_ports(mx_scene *s, mx_error *err);

/* How a group would be ordered. *answer: until the next call. Fails with NOMEM. */
mx_status mx_answer_of(mx_port_search *n, uint32_t group, mx_free_ports free_ports, const mx_answer **answer);
void mx_answers_free(mx_port_search *n);

/* The second half of it: better places for single ports. Fails with NOMEM. */
mx_status mx_sift_ports(mx_port_search *n);

#endif
