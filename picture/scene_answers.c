/* What the engine answers is remembered: equal groups, of which a model has many, ask the same. */
#include "picture/scene_ports.h"

/* A model can be made so that two hashes are equal by design: at least as many links must be there. */
static mx_answer *find(mx_answer *table, size_t n_slots, mx_hash128 question, uint32_t n_links) {
    size_t i = question.low & (n_slots - 1);
    while (table[i].known && (table[i].n_links != n_links || !mx_hash_eq(table[i].question, question)))
        i = (i + 1) & (n_slots - 1);
    return &table[i];
}

static mx_status make_room(mx_port_search *n) {
    const mx_allocator *a = n->q.s->own->allocator;
    size_t slots = n->n_slots ? n->n_slots * 2 : 256;
    if (n->n_answers * 2 < n->n_slots) return MX_OK;
    mx_answer *table = mx_alloc_zero(a, slots, sizeof *table);
    if (!table) return mx_nomem(n->q.err);
    for (size_t i = 0; i < n->n_slots; i++)
        if (n->answers[i].known) *find(table, slots, n->answers[i].question, n->answers[i].n_links) = n->answers[i];
    mx_free(a, n->answers, n->n_slots * sizeof *table);
    n->answers = table;
    n->n_slots = slots;
    return MX_OK;
}

static mx_status keep(mx_port_search *n, mx_answer *answer) {
    const mx_layout *y = &n->q.layout;
    answer->first = n->n_places;
    for (uint32_t i = 0; i < y->n_edges; i++) {
        const mx_layout_edge *e = &y->edges[i];
        if (!mx_grow(n->q.s->own->allocator, (void **)&n->places, &n->cap_places, n->n_places, sizeof *n->places))
            return mx_nomem(n->q.err);
        bool in = n->q.child[e->from] == MX_NO_BOX, out = n->q.child[e->to] == MX_NO_BOX;
        n->places[n->n_places++] = (mx_link_places){.from = in ? y->boxes[e->from].x : e->from_x,
                                                    .to = out ? y->boxes[e->to].x : e->to_x,
                                                    .from_wish = e->from_wish,
                                                    .to_wish = e->to_wish};
    }
    answer->known = true;
    n->n_answers++;
    return MX_OK;
}

mx_status mx_answer_of(mx_port_search *n, uint32_t group, mx_free_ports free_ports, const mx_answer **out) {
    mx_layout *y = &n->q.layout;
    MX_TRY(mx_question_ask(&n->q, group, free_ports));
    MX_TRY(make_room(n));
    mx_hash128 question = mx_question_hash(y);
    mx_answer *answer = find(n->answers, n->n_slots, question, y->n_edges);
    *out = answer;
    if (answer->known) return MX_OK;
    MX_TRY(mx_layout_order(y, n->q.s->own->allocator, n->q.err));
    n->work += (uint64_t)y->n_boxes + y->n_edges;
    answer->question = question;
    answer->n_links = y->n_edges;
    answer->crossings = y->crossings < UINT32_MAX ? (uint32_t)y->crossings : UINT32_MAX;
    return keep(n, answer);
}

void mx_answers_free(mx_port_search *n) {
    const mx_allocator *a = n->q.s->own->allocator;
    mx_free(a, n->answers, n->n_slots * sizeof *n->answers);
    mx_free(a, n->places, n->cap_places * sizeof *n->places);
}
