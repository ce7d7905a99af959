/* Operators of a part, and what is known of the values that they make. */
#include "converter/put_in.h"
#include "converter/retag.h"

/* Where the operators go. A place is that of an operator of the selection in its scope; more than one may stand there. */
typedef struct places {
    uint32_t *of;          /* by node of g: its place, for the operators of the scope */
    uint32_t *first, *last, *next; /* by place, by place, by operator of the part: lists of these, number + 1 */
    mx_node_id *nodes;     /* by operator of the part: its node in g; MX_NO_NODE: it is not in the selection */
    mx_node_id *operators; /* of the scope before */
    size_t n_operators, n_part;
} places;

/* ---- whether an operator stays ---- */

static bool is_renamed(const mx_put_in *p, mx_sid name) {
    return mx_slate_get(&p->t.values, name) != MX_SID_NOMEM;
}

/* Whether a name that has to change stands in or below an operator of the part. */
static bool uses_renamed(const mx_put_in *p, mx_node_id op) {
    for (mx_node_id id = op; id != MX_NO_NODE; id = mx_node_next_below(p->part, op, id)) {
        const mx_node *n = mx_node_at(p->part, id);
        for (uint32_t k = 0; k < n->n_inputs; k++)
            if (is_renamed(p, n->inputs[k].name)) return true;
    }
    return false;
}

/* Operators are alike also where a value bears another name on both its ends. */
static bool same_names(const mx_put_in *p, const mx_node *of_part, const mx_node *of_g) {
    if (of_part->first_child != MX_NO_NODE || of_part->n_inputs != of_g->n_inputs) return false;
    for (uint32_t k = 0; k < of_part->n_inputs; k++)
        if (mx_put_in_name(p, of_part->inputs[k].name) != of_g->inputs[k].name) return false;
    return true;
}

static mx_node_id origin_of(const mx_put_in *p, mx_node_id op) {
    mx_node_id old = p->like.match[op];
    return old == MX_NO_NODE ? MX_NO_NODE : p->origin.of[old];
}

static bool stays(const mx_put_in *p, mx_node_id op, mx_node_id origin) {
    if (origin == MX_NO_NODE || !p->like.same[op] || uses_renamed(p, op)) return false;
    return !p->like.renamed || same_names(p, mx_node_at(p->part, op), mx_node_at(p->g, origin));
}

/* ---- names ---- */

/* A name within a body must not hide one that is seen from outside. */
static mx_status free_inner_name(mx_put_in *p, mx_sid name) {
    bool hides = mx_names_value(name) && !p->own_names[name] && p->names[mx_put_in_name(p, name)] & MX_NAME_VISIBLE;
    return hides ? mx_put_in_rename(p, name) : MX_OK;
}

static mx_status free_inner_names(mx_put_in *p, mx_node_id op) {
    for (mx_node_id id = op; id != MX_NO_NODE; id = mx_node_next_below(p->part, op, id)) {
        const mx_node *n = mx_node_at(p->part, id);
        if (id == op) continue;
        for (uint32_t k = 0; k < n->n_outputs; k++) MX_TRY(free_inner_name(p, n->outputs[k]));
        if (n->kind != MX_NODE_BODY) continue;
        const mx_scope_data *s = &p->part->scopes[n->data];
        for (size_t i = 0; i < s->n_initializers; i++)
            MX_TRY(free_inner_name(p, p->part->tensors[s->initializers[i]].name));
    }
    return MX_OK;
}

static mx_status free_names(mx_put_in *p, mx_node_id op) {
    const mx_node *n = mx_node_at(p->part, op);
    for (uint32_t k = 0; k < n->n_outputs; k++) {
        mx_sid name = n->outputs[k];
        if (mx_names_value(name) && p->names[mx_put_in_name(p, name)] & (MX_NAME_VISIBLE | MX_NAME_BELOW))
            MX_TRY(mx_put_in_rename(p, name));
    }
    return free_inner_names(p, op);
}

/* ---- placing ---- */

static void place(places *l, uint32_t at, size_t i) {
    if (l->last[at]) {
        l->next[l->last[at] - 1] = (uint32_t)i + 1;
    } else {
        l->first[at] = (uint32_t)i + 1;
    }
    l->last[at] = (uint32_t)i + 1;
}

static bool is_tagged(const mx_graph *g, mx_node_id id) {
    return mx_node_metadata(g, id, "hierarchy_tag").p || mx_node_find_attribute(g, id, "hierarchy_tag") != SIZE_MAX;
}

static mx_status copy_operator(mx_put_in *p, mx_node_id op, bool is_new, mx_node_id parent, mx_node_id *out) {
    MX_TRY(free_names(p, op));
    MX_TRY(mx_transplant_operator(&p->t, op, parent, out));
    mx_node_at(p->g, *out)->flags |= MX_FLAG_NEW;
    if (is_new && !is_tagged(p->g, *out) && is_tagged(p->g, p->s->operators[0]))
        MX_TRY(mx_retag_operator(p->g, *out, p->err));
    return MX_OK;
}

/* What stays, stays; what is changed stands where it was; what is new, behind the one before it in the part. */
static mx_status place_operators(mx_put_in *p, places *l) {
    const mx_scope_data *part = &p->part->scopes[0];
    uint32_t at = l->of[p->s->operators[0]];
    mx_node_id parent = mx_node_at(p->g, p->s->operators[0])->parent;
    for (size_t i = 0; i < part->n_operators; i++) {
        mx_node_id op = part->operators[i], origin = origin_of(p, op);
        bool inside = origin != MX_NO_NODE && mx_is_selected(p->s, origin), stay = stays(p, op, origin);
        l->nodes[i] = MX_NO_NODE;
        if (stay && !inside) continue; /* a constant that was copied along */
        if (inside) {
            at = l->of[origin];
            parent = mx_node_at(p->g, origin)->parent;
        }
        if (stay) {
            p->kept[origin] = true;
            l->nodes[i] = origin;
        } else {
            MX_TRY(copy_operator(p, op, !inside, parent, &l->nodes[i]));
        }
        place(l, at, i);
    }
    return MX_OK;
}

static mx_status list_operators(mx_put_in *p, const places *l) {
    mx_scope_data *s = &p->g->scopes[mx_node_at(p->g, p->s->scope)->data];
    mx_node_id *list = mx_alloc(p->g->allocator, (l->n_operators + l->n_part + 1) * sizeof *list);
    size_t count = 0;
    if (!list) return mx_nomem(p->err);
    for (size_t i = 0; i < l->n_operators; i++) {
        if (!mx_is_selected(p->s, l->operators[i])) list[count++] = l->operators[i];
        for (uint32_t k = l->first[i]; k; k = l->next[k - 1]) list[count++] = l->nodes[k - 1];
    }
    mx_free(p->g->allocator, s->operators, s->cap_operators * sizeof *s->operators);
    s->operators = list;
    s->n_operators = count;
    s->cap_operators = l->n_operators + l->n_part + 1;
    return MX_OK;
}

/* ---- what is known of the values ---- */

typedef struct descriptions {
    bool *gone;     /* by string id of g: a value that the selection made, and which is no output of it */
    uint32_t *told; /* likewise, of a value that the part makes: place + 1 in its list, TOLD_NOTHING: not in it; 0: no such */
    uint32_t *next; /* by place in that list: the next one with this name, or TOLD_NOTHING; 0: it was taken */
    size_t n_strings, n_next;
} descriptions;
#define TOLD_NOTHING UINT32_MAX

static void note_descriptions(const mx_put_in *p, const places *l, descriptions *d) {
    const mx_scope_data *part = &p->part->scopes[0];
    bool *gone = d->gone;
    for (size_t i = 0; i < p->s->count; i++) {
        const mx_node *n = mx_node_at(p->g, p->s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++) gone[n->outputs[k]] = true;
    }
    for (size_t i = 0; i < part->n_operators; i++) {
        const mx_node *n = mx_node_at(p->part, part->operators[i]);
        for (uint32_t k = 0; l->nodes[i] != MX_NO_NODE && k < n->n_outputs; k++)
            d->told[mx_put_in_name(p, n->outputs[k])] = TOLD_NOTHING;
    }
    for (size_t i = part->n_value_infos; i-- > 0;) {
        uint32_t *told = &d->told[mx_put_in_name(p, part->value_infos[i].name)];
        d->next[i] = *told;
        if (*told) *told = (uint32_t)i + 1;
    }
    const mx_scope_data *old = &p->old->scopes[0]; /* outputs are described by their types */
    for (size_t i = 0; i < old->n_outputs; i++)
        gone[mx_strings_find(&p->g->strings, mx_text(p->old, mx_node_at(p->old, old->outputs[i])->name))] = false;
    gone[MX_SID_ABSENT] = gone[MX_SID_EMPTY] = false;
}

/* A description that says what was said before stays as it is. */
static mx_status describe_again(mx_put_in *p, const mx_value_info *from, mx_value_info *to) {
    uint32_t type;
    MX_TRY(mx_transplant_type(&p->t, from->type, &type));
    return type == to->type ? MX_OK : mx_transplant_value_info(&p->t, from, to);
}

/* The k-th description of a name takes the place of the k-th. */
static mx_status keep_descriptions(mx_put_in *p, descriptions *d, mx_scope_data *s) {
    size_t kept = 0;
    for (size_t i = 0; i < s->n_value_infos; i++) {
        mx_value_info v = s->value_infos[i];
        uint32_t *told = &d->told[v.name], at = *told;
        if (!d->gone[v.name]) {
            *told = 0;
        } else {
            if (at == 0 || at == TOLD_NOTHING) continue;
            MX_TRY(describe_again(p, &p->part->scopes[0].value_infos[at - 1], &v));
            *told = d->next[at - 1];
            d->next[at - 1] = 0;
        }
        s->value_infos[kept++] = v;
    }
    s->n_value_infos = kept;
    return MX_OK;
}

static mx_status describe(mx_put_in *p, descriptions *d) {
    const mx_scope_data *part = &p->part->scopes[0];
    mx_scope_data *s = &p->g->scopes[mx_node_at(p->g, p->s->scope)->data];
    MX_TRY(keep_descriptions(p, d, s));
    for (size_t i = 0; i < part->n_value_infos; i++) {
        mx_value_info v;
        if (d->told[mx_put_in_name(p, part->value_infos[i].name)] == 0 || d->next[i] == 0) continue;
        MX_TRY(mx_transplant_value_info(&p->t, &part->value_infos[i], &v));
        MX_TRY(mx_scope_add_value_info(p->g, s, &v, p->err));
    }
    return MX_OK;
}

static mx_status put_descriptions(mx_put_in *p, const places *l) {
    const mx_allocator *a = p->g->allocator;
    descriptions d = {.n_strings = p->n_strings, .n_next = p->part->scopes[0].n_value_infos + 1};
    d.gone = mx_alloc_zero(a, d.n_strings, sizeof *d.gone);
    d.told = mx_alloc_zero(a, d.n_strings, sizeof *d.told);
    d.next = mx_alloc_zero(a, d.n_next, sizeof *d.next);
    mx_status status = d.gone && d.told && d.next ? MX_OK : mx_nomem(p->err);
    if (status == MX_OK) {
        note_descriptions(p, l, &d);
        status = describe(p, &d);
    }
    mx_free(a, d.gone, d.n_strings * sizeof *d.gone);
    mx_free(a, d.told, d.n_strings * sizeof *d.told);
    mx_free(a, d.next, d.n_next * sizeof *d.next);
    return status;
}

/* ---- all of it ---- */

static mx_status begin(const mx_put_in *p, places *l) {
    const mx_allocator *a = p->g->allocator;
    const mx_scope_data *s = &p->g->scopes[mx_node_at(p->g, p->s->scope)->data];
    *l = (places){.n_operators = s->n_operators, .n_part = p->part->scopes[0].n_operators};
    l->of = mx_alloc_zero(a, p->n_nodes, sizeof *l->of);
    l->first = mx_alloc_zero(a, l->n_operators, sizeof *l->first);
    l->last = mx_alloc_zero(a, l->n_operators, sizeof *l->last);
    l->next = mx_alloc_zero(a, l->n_part + 1, sizeof *l->next);
    l->nodes = mx_alloc_zero(a, l->n_part + 1, sizeof *l->nodes);
    l->operators = mx_alloc(a, l->n_operators * sizeof *l->operators);
    if (!l->of || !l->first || !l->last || !l->next || !l->nodes || !l->operators) return mx_nomem(p->err);
    memcpy(l->operators, s->operators, l->n_operators * sizeof *l->operators);
    for (size_t i = 0; i < l->n_operators; i++) l->of[l->operators[i]] = (uint32_t)i;
    return MX_OK;
}

static void end(const mx_put_in *p, places *l) {
    const mx_allocator *a = p->g->allocator;
    mx_free(a, l->of, p->n_nodes * sizeof *l->of);
    mx_free(a, l->first, l->n_operators * sizeof *l->first);
    mx_free(a, l->last, l->n_operators * sizeof *l->last);
    mx_free(a, l->next, (l->n_part + 1) * sizeof *l->next);
    mx_free(a, l->nodes, (l->n_part + 1) * sizeof *l->nodes);
    mx_free(a, l->operators, l->n_operators * sizeof *l->operators);
}

mx_status mx_put_in_operators(mx_put_in *p) {
    places l;
    mx_status status = begin(p, &l);
    if (status == MX_OK) status = place_operators(p, &l);
    if (status == MX_OK) status = list_operators(p, &l);
    if (status == MX_OK) status = put_descriptions(p, &l);
    end(p, &l);
    for (size_t i = 0; status == MX_OK && i < p->s->count; i++)
        if (!p->kept[p->s->operators[i]]) mx_put_in_remove(p->g, p->s->operators[i]);
    return status;
}
