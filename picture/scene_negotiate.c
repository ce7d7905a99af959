/* What crosses what at the border of a group is settled between its inside and its outside. Only orders count here, so
 * everything runs in the engine's order-only form. A crossing does the less harm the more a group must have anyway:
 * with all its ports free.
 *
 * First sweeps: an order is told inwards, what follows from it comes back outwards, some times down along the edges and
 * some times up. Then rounds from the innermost group out: each is ordered between the hints that the group around gave
 * and the ports that the groups in it chose, and hints anew, about the ways in and the ways out by turns, so that two
 * neighbours do not both give way. The best of all is kept. Then, where a group has more crossings than it must, single
 * ports of the borders in it and around it are tried in other places (scene_barter.c). */
#include "picture/scene_negotiate.h"

#define ROUNDS 6u
#define SWEEPS 6u
#define HARM   5040u  /* of one crossing in a group that could be without */
#define ENOUGH 60000u /* boxes and links in all questions together: then there are no more rounds */

typedef struct hints {
    int32_t from, to;
} hints;

typedef struct rounds {
    mx_negotiation *n;
    hints *wishes; /* by link: from: of the exit inside of the child that it comes from */
    hints *best;
    bool best_must;
    uint64_t harm, least_harm;
} rounds;

bool mx_takes_part(const mx_scene *s, uint32_t box) {
    const mx_scene_box *b = &s->boxes[box];
    return b->is_group && b->n_links && (b->open || s->options.folded_too);
}

static void note_wishes(rounds *r, uint32_t group, const mx_answer *answer) {
    const mx_scene *s = r->n->q.s;
    const mx_scene_box *g = &s->boxes[group];
    for (uint32_t i = 0; i < g->n_links; i++) {
        const mx_link_places *p = &r->n->places[answer->first + i];
        uint32_t link = g->first_link + i, exit = mx_scene_exit_of(s, link);
        r->wishes[link].to = p->to_wish;
        if (exit != MX_NO_INDEX) r->wishes[exit].from = p->from_wish;
    }
}

/* Whether any is another one than before. */
static bool take_hints(mx_scene *s, const hints *from, bool entries, bool exits) {
    bool changed = false;
    for (size_t i = 0; i < s->n_links; i++) {
        mx_link_ports *ports = &s->own->ports[i];
        changed = changed || (entries && ports->to_hint != from[i].to) || (exits && ports->from_hint != from[i].from);
        if (entries) ports->to_hint = from[i].to;
        if (exits) ports->from_hint = from[i].from;
    }
    return changed;
}

static void forget_hints(mx_scene *s) {
    for (size_t i = 0; i < s->n_links; i++)
        s->own->ports[i].from_hint = s->own->ports[i].to_hint = MX_PORT_FREE;
}

static void save_hints(const mx_scene *s, hints *to) {
    for (size_t i = 0; i < s->n_links; i++)
        to[i] = (hints){s->own->ports[i].from_hint, s->own->ports[i].to_hint};
}

/* The best that each group can hope for. */
static mx_status free_round(mx_negotiation *n) {
    mx_scene *s = n->q.s;
    const mx_answer *answer;
    forget_hints(s);
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        if (!mx_takes_part(s, i)) continue;
        MX_TRY(mx_answer_of(n, i, MX_FREE_BOTH, &answer));
        n->least[i] = answer->crossings < HARM ? answer->crossings : HARM - 1;
        s->own->harm[i] = HARM / (1 + n->least[i]);
    }
    return MX_OK;
}

/* Hints as the groups around would like it, were all ports free: the hints of a group stand before those in it are
 * asked. */
static mx_status hints_from_outside(rounds *r) {
    mx_scene *s = r->n->q.s;
    const mx_answer *answer;
    forget_hints(s);
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        const mx_scene_box *g = &s->boxes[i];
        if (!mx_takes_part(s, i)) continue;
        MX_TRY(mx_answer_of(r->n, i, MX_FREE_BOTH, &answer));
        note_wishes(r, i, answer);
        for (uint32_t k = g->first_link; k < g->first_link + g->n_links; k++) {
            uint32_t exit = mx_scene_exit_of(s, k);
            s->own->ports[k].to_hint = r->wishes[k].to;
            if (exit != MX_NO_INDEX) s->own->ports[exit].from_hint = r->wishes[exit].from;
        }
    }
    return MX_OK;
}

static void note_ports(mx_negotiation *n, uint32_t group, const mx_answer *answer) {
    mx_scene *s = n->q.s;
    const mx_scene_box *g = &s->boxes[group];
    for (uint32_t i = 0; i < g->n_links; i++) {
        mx_link_ports *ports = &s->own->ports[g->first_link + i];
        ports->from_x = n->places[answer->first + i].from;
        ports->to_x = n->places[answer->first + i].to;
    }
    mx_scene_tell_entries(s, group);
}

static mx_status one_round(rounds *r) {
    mx_negotiation *n = r->n;
    mx_scene *s = n->q.s;
    const mx_answer *answer;
    r->harm = 0;
    for (uint32_t i = s->n_boxes; i-- > 0;) {
        if (!mx_takes_part(s, i)) continue;
        MX_TRY(mx_answer_of(n, i, MX_FREE_NONE, &answer));
        n->now[i] = answer->crossings;
        if (n->now[i] > n->least[i]) r->harm += (uint64_t)(n->now[i] - n->least[i]) * s->own->harm[i];
        note_ports(n, i, answer);
        note_wishes(r, i, answer);
    }
    return MX_OK;
}

static void keep_best(rounds *r) {
    if (r->harm >= r->least_harm) return;
    r->least_harm = r->harm;
    r->best_must = r->n->q.must;
    save_hints(r->n->q.s, r->best);
}

static mx_status some_rounds(rounds *r) {
    mx_scene *s = r->n->q.s;
    for (uint32_t round = 0, still = 0; round < ROUNDS && r->least_harm && still < 2 && r->n->work < ENOUGH; round++) {
        MX_TRY(one_round(r));
        keep_best(r);
        still = take_hints(s, r->wishes, round % 2 == 0, round % 2 == 1) ? 0 : still + 1;
    }
    return MX_OK;
}

/* From the outermost group in: each takes the order on one side of its border as it is told, and tells those in it what
 * follows from that. The other side is left to what is inside, so that a whole chain of groups can turn to one order.
 */
static mx_status tell_inwards(rounds *r, bool entries) {
    mx_scene *s = r->n->q.s;
    const mx_answer *answer;
    forget_hints(s);
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        const mx_scene_box *g = &s->boxes[i];
        if (!mx_takes_part(s, i)) continue;
        MX_TRY(mx_answer_of(r->n, i, entries ? MX_FREE_IN : MX_FREE_OUT, &answer));
        note_wishes(r, i, answer);
        for (uint32_t k = g->first_link; k < g->first_link + g->n_links; k++) {
            uint32_t exit = mx_scene_exit_of(s, k);
            if (entries)
                s->own->ports[k].to_hint = r->wishes[k].to;
            else if (exit != MX_NO_INDEX)
                s->own->ports[exit].from_hint = r->wishes[exit].from;
        }
    }
    return MX_OK;
}

static mx_status sweeps(rounds *r) {
    forget_hints(r->n->q.s);
    MX_TRY(one_round(r));
    keep_best(r);
    r->n->q.must = true;
    for (uint32_t round = 0; round < SWEEPS && r->least_harm && r->n->work < ENOUGH; round++) {
        MX_TRY(tell_inwards(r, round < SWEEPS / 2)); /* an order goes one group further along a chain each time */
        MX_TRY(one_round(r));
        keep_best(r);
    }
    r->n->q.must = false;
    return MX_OK;
}

static mx_status all_rounds(rounds *r) {
    MX_TRY(free_round(r->n));
    MX_TRY(sweeps(r));
    if (r->least_harm) {
        MX_TRY(hints_from_outside(r));
        MX_TRY(some_rounds(r));
    }
    take_hints(r->n->q.s, r->best, true, true);
    r->n->q.must = r->best_must;
    return one_round(r);
}

static mx_status agree(mx_negotiation *n) {
    const mx_allocator *a = n->q.s->own->allocator;
    size_t links = n->q.s->n_links + 1;
    rounds r = {.n = n, .least_harm = UINT64_MAX};
    r.wishes = mx_alloc_zero(a, links, sizeof *r.wishes);
    r.best = mx_alloc_zero(a, links, sizeof *r.best);
    mx_status status = r.wishes && r.best ? all_rounds(&r) : mx_nomem(n->q.err);
    mx_free(a, r.wishes, links * sizeof *r.wishes);
    mx_free(a, r.best, links * sizeof *r.best);
    return status == MX_OK ? mx_barter(n) : status;
}

static bool is_nested(const mx_scene *s) {
    for (uint32_t i = 1; i < s->n_boxes; i++)
        if (mx_takes_part(s, i)) return true;
    return false;
}

mx_status mx_scene_negotiate(mx_scene *s, mx_error *err) {
    const mx_allocator *a = s->own->allocator;
    mx_negotiation n = {0};
    if (!is_nested(s)) return MX_OK;
    mx_status status = mx_question_make(&n.q, s, err);
    n.q.order_only = true;
    if (!s->own->harm) s->own->harm = mx_scene_array(s, s->n_boxes, sizeof *s->own->harm);
    n.least = mx_alloc_zero(a, s->n_boxes, sizeof *n.least);
    n.now = mx_alloc_zero(a, s->n_boxes, sizeof *n.now);
    if (status == MX_OK) status = n.least && n.now && s->own->harm ? agree(&n) : mx_nomem(err);
    mx_free(a, n.least, s->n_boxes * sizeof *n.least);
    mx_free(a, n.now, s->n_boxes * sizeof *n.now);
    mx_answers_free(&n);
    mx_question_free(&n.q);
    return status;
}
