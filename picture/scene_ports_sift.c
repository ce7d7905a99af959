/* Better places for single ports on the borders of groups. A border is an order of ports that holds on both of its
 * sides: the inside takes it as hints that it must follow, the outside as fixed ports. So a change on one border
 * touches two groups. Where a value runs through a chain of groups that hold each other, a change on one of their
 * borders alone does no good: it is tried on all of them at once too. */
#include "picture/scene_ports.h"

#include <stdlib.h>

#define WORK    10000u /* boxes and links in all questions together, and one for each link */
#define REACH   6u     /* places that a port is moved by */
#define TOUCHED 64u    /* groups that one change may touch */

typedef struct border {
    uint32_t group;
    uint32_t first, n; /* in ports */
    bool out;
} border;

typedef struct port_move {
    uint32_t border, from, to;
} port_move;

typedef struct sifting {
    mx_port_search *n;
    mx_scene *s;
    border *borders; /* by box twice: the way in, the way out */
    uint32_t *ports; /* links, in the order of the border; of a way in the link that leads there */
    uint32_t n_ports;
    uint64_t enough; /* work of the search at which to stop */
    uint32_t touched[TOUCHED], n_touched;
    uint32_t counted[TOUCHED];
    port_move changes[TOUCHED];
    uint32_t n_changes;
    uint32_t *value_start, *value_borders; /* borders by value */
    bool gave_up;                          /* a change would touch too much */
} sifting;

/* Crossings in a group with all borders as they stand. */
static mx_status count(sifting *b, uint32_t group, uint32_t *crossings) {
    const mx_answer *answer;
    MX_TRY(mx_answer_of(b->n, group, MX_FREE_NONE, &answer));
    *crossings = answer->crossings;
    return MX_OK;
}

/* ---- borders ---- */

typedef struct placed {
    int32_t place;
    uint32_t link;
} placed;

static int by_place(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    return x->link < y->link ? -1 : x->link > y->link;
}

static void number_border(const sifting *b, const border *side) {
    for (uint32_t i = 0; i < side->n; i++) {
        mx_link_ports *ports = &b->s->own->ports[b->ports[side->first + i]];
        ports->to_x = (int32_t)i;
        *(side->out ? &ports->from_hint : &ports->to_hint) = (int32_t)i;
    }
}

/* found: n links, perhaps some of them repeated. */
static border make_border(sifting *b, uint32_t group, bool out, placed *found, uint32_t n) {
    border side = {.group = group, .first = b->n_ports, .out = out};
    qsort(found, n, sizeof *found, by_place);
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || found[i].link != found[i - 1].link) b->ports[b->n_ports++] = found[i].link;
    side.n = b->n_ports - side.first;
    number_border(b, &side);
    return side;
}

static void collect_borders(sifting *b, placed *found) {
    mx_scene *s = b->s;
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        const mx_scene_box *g = &s->boxes[i];
        uint32_t end = mx_takes_part(s, i) ? g->first_link + g->n_links : g->first_link, n = 0;
        for (uint32_t k = g->first_link; k < end; k++) {
            uint32_t outer =
                s->links[k].from == i ? mx_scene_find_link(s, s->links[k].value, i, MX_LINK_INTO) : MX_NO_INDEX;
            if (outer != MX_NO_INDEX) found[n++] = (placed){s->own->ports[outer].to_x, outer};
        }
        b->borders[2 * i] = make_border(b, i, false, found, n);
        n = 0;
        for (uint32_t k = g->first_link; k < end; k++)
            if (s->links[k].to == i) found[n++] = (placed){s->own->ports[k].to_x, k};
        b->borders[2 * i + 1] = make_border(b, i, true, found, n);
    }
}

static void find_borders(sifting *b) {
    uint32_t n = b->s->n_boxes * 2, values = b->s->n_values;
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < b->borders[k].n; i++)
            b->value_start[b->s->links[b->ports[b->borders[k].first + i]].value + 2]++;
    for (uint32_t v = 2; v < values + 2; v++)
        b->value_start[v] += b->value_start[v - 1];
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < b->borders[k].n; i++)
            b->value_borders[b->value_start[b->s->links[b->ports[b->borders[k].first + i]].value + 1]++] = k;
}

/* ---- changes ---- */

static void touch(sifting *b, uint32_t group) {
    for (uint32_t i = 0; i < b->n_touched; i++)
        if (b->touched[i] == group) return;
    if (b->n_touched == TOUCHED)
        b->gave_up = true;
    else
        b->touched[b->n_touched++] = group;
}

static uint64_t harm_of(const sifting *b, uint32_t group, uint32_t crossings) {
    return crossings > b->n->least[group] ? (uint64_t)(crossings - b->n->least[group]) * b->s->own->harm[group] : 0;
}

/* Whether things are better with the borders as they stand now; then the counts are kept. */
static mx_status is_better(sifting *b, bool *better) {
    uint64_t before = 0, after = 0;
    *better = false;
    for (uint32_t i = 0; i < b->n_touched; i++)
        before += harm_of(b, b->touched[i], b->n->now[b->touched[i]]);
    for (uint32_t i = 0; i < b->n_touched; i++) {
        MX_TRY(count(b, b->touched[i], &b->counted[i]));
        after += harm_of(b, b->touched[i], b->counted[i]);
        if (after >= before) return MX_OK;
    }
    *better = !b->gave_up;
    for (uint32_t i = 0; i < b->n_touched && *better; i++)
        b->n->now[b->touched[i]] = b->counted[i];
    return MX_OK;
}

static void move(sifting *b, const border *side, uint32_t from, uint32_t to) {
    uint32_t *ports = b->ports + side->first, port = ports[from];
    if (from < to)
        memmove(ports + from, ports + from + 1, (to - from) * sizeof *ports);
    else
        memmove(ports + to + 1, ports + to, (from - to) * sizeof *ports);
    ports[to] = port;
    number_border(b, side);
}

static void change(sifting *b, uint32_t number, uint32_t from, uint32_t to) {
    const border *side = &b->borders[number];
    if (b->n_changes == TOUCHED) {
        b->gave_up = true;
        return;
    }
    b->changes[b->n_changes++] = (port_move){number, from, to};
    move(b, side, from, to);
    touch(b, side->group);
    touch(b, b->s->boxes[side->group].parent);
}

static void undo(sifting *b) {
    while (b->n_changes) {
        const port_move *c = &b->changes[--b->n_changes];
        move(b, &b->borders[c->border], c->to, c->from);
    }
}

static uint32_t value_at(const sifting *b, const border *side, uint32_t place) {
    return b->s->links[b->ports[side->first + place]].value;
}

/* What passes what on one border passes it on another one too: where the port of the value has to go there; its own
 * place if there is nothing to pass. */
static uint32_t same_way(const sifting *b, const border *side, const border *other, uint32_t from, uint32_t to,
                         uint32_t *at) {
    uint32_t value = value_at(b, side, to), low = from < to ? from : to + 1, high = from < to ? to : from + 1, goal;
    for (*at = 0; value_at(b, other, *at) != value;)
        (*at)++;
    goal = *at;
    for (uint32_t i = 0; i < other->n; i++)
        for (uint32_t k = low; k < high; k++) {
            if (value_at(b, other, i) != value_at(b, side, k)) continue;
            if (from < to ? i > goal : i < goal) goal = i;
        }
    return goal;
}

/* everywhere: on all borders that the value crosses, as in a chain of groups that hold each other. */
static mx_status try_move(sifting *b, uint32_t number, uint32_t from, uint32_t to, bool everywhere, bool *better) {
    const border *side = &b->borders[number];
    uint32_t value = value_at(b, side, from), at, goal;
    b->n_touched = b->n_changes = 0;
    b->gave_up = false;
    change(b, number, from, to);
    for (uint32_t i = b->value_start[value]; everywhere && i < b->value_start[value + 1]; i++) {
        if (b->value_borders[i] == number) continue;
        goal = same_way(b, side, &b->borders[b->value_borders[i]], from, to, &at);
        if (goal != at) change(b, b->value_borders[i], at, goal);
    }
    *better = false;
    if (!b->gave_up && (!everywhere || b->n_changes > 1)) MX_TRY(is_better(b, better));
    if (!*better) undo(b);
    return MX_OK;
}

static bool tired(const sifting *b, uint32_t group) {
    return b->n->work > b->enough || b->n->now[group] <= b->n->least[group];
}

/* All changes on one border that could help `group`. */
static mx_status sift_border(sifting *b, uint32_t group, uint32_t number, bool *any) {
    const border *side = &b->borders[number];
    for (uint32_t i = 0; i < side->n; i++)
        for (uint32_t k = i + 1; k < side->n && k <= i + REACH; k++)
            for (uint32_t way = 0; way < 4; way++) {
                bool better, back = way & 1, everywhere = way & 2;
                if (tired(b, group)) return MX_OK;
                if (back && k == i + 1) continue;
                MX_TRY(try_move(b, number, back ? k : i, back ? i : k, everywhere, &better));
                *any = *any || better;
            }
    return MX_OK;
}

static mx_status sift_group(sifting *b, uint32_t group, bool *any) {
    const mx_scene *s = b->s;
    for (uint32_t side = 0; side < 2 && group; side++)
        MX_TRY(sift_border(b, group, 2 * group + side, any));
    for (uint32_t c = s->boxes[group].first_child; c != MX_NO_BOX; c = s->boxes[c].next)
        for (uint32_t side = 0; side < 2; side++)
            MX_TRY(sift_border(b, group, 2 * c + side, any));
    return MX_OK;
}

static mx_status sift_all(sifting *b) {
    mx_scene *s = b->s;
    bool any = true;
    find_borders(b);
    b->n->q.must = true;
    for (uint32_t i = 0; i < s->n_boxes; i++)
        if (mx_takes_part(s, i)) MX_TRY(count(b, i, &b->n->now[i]));
    while (any && b->n->work <= b->enough) {
        any = false;
        for (uint32_t i = 0; i < s->n_boxes; i++)
            if (mx_takes_part(s, i) && !tired(b, i)) MX_TRY(sift_group(b, i, &any));
    }
    return MX_OK;
}

mx_status mx_sift_ports(mx_port_search *n) {
    mx_scene *s = n->q.s;
    const mx_allocator *a = s->own->allocator;
    sifting b = {.n = n, .s = s, .enough = n->work + WORK};
    size_t borders = (size_t)s->n_boxes * 2, ports = s->n_links * 2 + 1, starts = (size_t)s->n_values + 2;
    placed *found = mx_alloc(a, ports * sizeof *found);
    b.borders = mx_alloc_zero(a, borders, sizeof *b.borders);
    b.ports = mx_alloc_zero(a, ports, sizeof *b.ports);
    b.value_borders = mx_alloc_zero(a, ports, sizeof *b.value_borders);
    b.value_start = mx_alloc_zero(a, starts, sizeof *b.value_start);
    bool enough = found && b.borders && b.ports && b.value_borders && b.value_start;
    if (enough) collect_borders(&b, found);
    mx_free(a, found, ports * sizeof *found);
    mx_status status = enough ? sift_all(&b) : mx_nomem(n->q.err);
    mx_free(a, b.borders, borders * sizeof *b.borders);
    mx_free(a, b.ports, ports * sizeof *b.ports);
    mx_free(a, b.value_borders, ports * sizeof *b.value_borders);
    mx_free(a, b.value_start, starts * sizeof *b.value_start);
    return status;
}
