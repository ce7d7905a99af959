/* How many operators and parameters a group holds, all levels below it included. */
#include "picture/scene_internal.h"

#include <stdlib.h>

typedef struct use {
    uint32_t tensor, place, box; /* place: of the box in a walk through the tree */
} use;

typedef struct counting {
    mx_scene *s;
    uint32_t *place;
    use *uses;
    size_t n_uses;
} counting;

static int by_tensor(const void *a, const void *b) {
    const use *x = a, *y = b;
    if (x->tensor != y->tensor) return x->tensor < y->tensor ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static uint64_t elements(const mx_tensor *t) {
    uint64_t n = 1;
    for (uint32_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] <= 0) return 0;
        if (n > (uint64_t)INT64_MAX / (uint64_t)t->dims[i]) return INT64_MAX;
        n *= (uint64_t)t->dims[i];
    }
    return n;
}

static void number_places(counting *c) {
    const mx_scene *s = c->s;
    uint32_t place = 0, i = 0;
    for (;;) {
        c->place[i] = place++;
        if (s->boxes[i].first_child != MX_NO_BOX) {
            i = s->boxes[i].first_child;
            continue;
        }
        while (i != 0 && s->boxes[i].next == MX_NO_BOX)
            i = s->boxes[i].parent;
        if (i == 0) return;
        i = s->boxes[i].next;
    }
}

static void collect_uses(counting *c) {
    const mx_scene *s = c->s;
    const mx_graph *g = s->graph;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const uint32_t *tensor = s->own->input_tensor + s->own->input_start[id];
        if (s->box_of[id] == MX_NO_BOX) continue;
        for (uint32_t i = 0; i < mx_node_at(g, id)->n_inputs; i++)
            if (tensor[i] != MX_NO_INDEX)
                c->uses[c->n_uses++] = (use){tensor[i], c->place[s->box_of[id]], s->box_of[id]};
    }
    qsort(c->uses, c->n_uses, sizeof *c->uses, by_tensor);
}

static uint32_t common(const mx_scene *s, uint32_t a, uint32_t b) {
    while (a != b) {
        if (s->boxes[a].depth >= s->boxes[b].depth)
            a = s->boxes[a].parent;
        else
            b = s->boxes[b].parent;
    }
    return a;
}

/* Each user counts a tensor, and what two neighbours in the walk have in common takes one back. */
static void count_parameters(counting *c) {
    mx_scene *s = c->s;
    for (size_t i = 0; i < c->n_uses; i++) {
        uint64_t n = elements(&s->graph->tensors[c->uses[i].tensor]);
        s->boxes[c->uses[i].box].parameters += n;
        if (i && c->uses[i - 1].tensor == c->uses[i].tensor)
            s->boxes[common(s, c->uses[i - 1].box, c->uses[i].box)].parameters -= n;
    }
}

mx_status mx_scene_count(mx_scene *s, mx_error *err) {
    const mx_graph *g = s->graph;
    counting c = {.s = s};
    c.place = mx_scene_array(s, s->n_boxes, sizeof *c.place);
    c.uses = mx_scene_array(s, s->own->input_start[g->n_nodes], sizeof *c.uses);
    if (!c.place || !c.uses) return mx_nomem(err);
    number_places(&c);
    collect_uses(&c);
    count_parameters(&c);
    for (mx_node_id id = 0; id < g->n_nodes; id++) /* constants that are lines count too */
        if (s->box_of[id] != MX_NO_BOX && mx_node_at(g, id)->kind == MX_NODE_OPERATOR)
            s->boxes[s->box_of[id]].operators++;
    for (uint32_t i = s->n_boxes; i-- > 1;) {
        s->boxes[s->boxes[i].parent].operators += s->boxes[i].operators;
        s->boxes[s->boxes[i].parent].parameters += s->boxes[i].parameters;
    }
    return MX_OK;
}
