/* What belongs to a part: inputs, initializers, constants, outputs. */
#include "converter/extract_internal.h"

/* ---- what the operators use ---- */

static mx_status at_operator(const mx_cutter *c, mx_status status, mx_node_id op) {
    const mx_node *n = mx_node_at(c->g, op);
    mx_str name = mx_text(c->g, n->name);
    return mx_at_node(c->err, status, name.n ? name : mx_text(c->g, n->op_type));
}

static mx_held held(const mx_cutter *c, mx_sid name) {
    return mx_held_find(c->g, &c->initializers, &c->chain, name);
}

static mx_status take_initializer(mx_cutter *c, const mx_held *h) {
    return mx_slate_set(&c->taken, h->item, 1) ? MX_OK : mx_cutter_add(c, &c->needed, h->item);
}

static mx_status add_input(mx_cutter *c, const mx_port *p, mx_node_id user) {
    uint32_t *known = mx_slate_at(&c->input_of, p->name);
    if (*known) {
        const mx_cut_input *have = &c->inputs[*known - 1];
        if (have->source == p->source && have->port == p->source_port) return MX_OK;
        mx_fail(c->err, MX_ERR_INVALID, "two values have the name %s", mx_show(mx_text(c->g, p->name)).text);
        return at_operator(c, MX_ERR_INVALID, user);
    }
    if (!mx_grow(c->g->allocator, (void **)&c->inputs, &c->cap_inputs, c->n_inputs, sizeof *c->inputs))
        return mx_nomem(c->err);
    c->inputs[c->n_inputs++] = (mx_cut_input){p->name, p->source, p->source_port};
    *known = (uint32_t)c->n_inputs;
    return MX_OK;
}

static mx_status visit_operator(mx_cutter *c, mx_node_id op);

/* Operators that are computed with come along with all that they are computed from. */
static mx_status copy_along(mx_cutter *c, mx_node_id op) {
    mx_slate_set(&c->copied, op, 1);
    MX_TRY(mx_cutter_add(c, &c->operators, op));
    return visit_operator(c, op);
}

/* A value that something outside makes. */
static mx_status use_value(mx_cutter *c, const mx_port *p, mx_node_id user) {
    const mx_node *source = mx_node_at(c->g, p->source);
    bool constant = false;
    if (mx_slate_get(&c->copied, p->source)) return MX_OK;
    if (source->kind == MX_NODE_OPERATOR) MX_TRY(mx_cut_constant(c, p->source, &constant));
    if (constant) return copy_along(c, p->source);
    mx_held h = source->kind == MX_NODE_INPUT ? held(c, p->name) : (mx_held){0};
    if (h.depth && c->chain.scopes[h.depth - 1] == source->scope)
        MX_TRY(take_initializer(c, &h)); /* the input's default value */
    return add_input(c, p, user);
}

static mx_status visit_port(mx_cutter *c, const mx_port *p, mx_node_id user) {
    if (!mx_names_value(p->name)) return MX_OK;
    if (p->source != MX_NO_NODE) return mx_is_selected(c->s, p->source) ? MX_OK : use_value(c, p, user);
    if (mx_slate_get(&c->local, p->name)) return MX_OK;
    mx_held h = held(c, p->name);
    if (h.depth) return take_initializer(c, &h);
    mx_fail(c->err, MX_ERR_INVALID, "nothing makes the value %s", mx_show(mx_text(c->g, p->name)).text);
    return at_operator(c, MX_ERR_INVALID, user);
}

static void note_local(mx_cutter *c, const mx_scope_data *s, uint32_t change) {
    const mx_graph *g = c->g;
    for (size_t i = 0; i < s->n_initializers; i++) *mx_slate_at(&c->local, g->tensors[s->initializers[i]].name) += change;
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t values = g->sparses[s->sparse_initializers[i]].values;
        if (values != MX_NO_INDEX) *mx_slate_at(&c->local, g->tensors[values].name) += change;
    }
}

static mx_status visit_body(mx_cutter *c, mx_node_id body, mx_node_id user) {
    const mx_scope_data *s = &c->g->scopes[mx_node_at(c->g, body)->data];
    note_local(c, s, 1);
    for (size_t i = 0; i < s->n_operators; i++) MX_TRY(visit_operator(c, s->operators[i]));
    for (size_t i = 0; i < s->n_outputs; i++) MX_TRY(visit_port(c, &mx_node_at(c->g, s->outputs[i])->inputs[0], user));
    note_local(c, s, UINT32_MAX);
    return MX_OK;
}

static mx_status check_references(const mx_cutter *c, mx_node_id op) {
    const mx_node *n = mx_node_at(c->g, op);
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        if (n->attrs[i].ref_name == MX_SID_ABSENT) continue;
        mx_fail(c->err, MX_ERR_UNSUPPORTED, "the operator %s cannot be cut out: its attribute %s is one of the function",
                mx_show(mx_text(c->g, n->op_type)).text, mx_show(mx_text(c->g, n->attrs[i].name)).text);
        return at_operator(c, MX_ERR_UNSUPPORTED, op);
    }
    return MX_OK;
}

static mx_status visit_operator(mx_cutter *c, mx_node_id op) {
    const mx_node *n = mx_node_at(c->g, op);
    MX_TRY(check_references(c, op));
    for (uint32_t k = 0; k < n->n_inputs; k++) MX_TRY(visit_port(c, &n->inputs[k], op));
    for (mx_node_id child = n->first_child; child != MX_NO_NODE; child = mx_node_at(c->g, child)->next_sibling)
        if (mx_node_at(c->g, child)->kind == MX_NODE_BODY) MX_TRY(visit_body(c, child, op));
    return MX_OK;
}

/* ---- what is used of them ---- */

static size_t port_of(const mx_cutter *c, mx_node_id op, uint32_t k) {
    return c->types->first[op] + k;
}

static bool is_used_outside(const mx_cutter *c, size_t port) {
    for (size_t i = c->first_use[port]; i < c->first_use[port + 1]; i++)
        if (!mx_is_selected(c->s, c->users[i])) return true;
    return false;
}

/* Nothing is used outside: what is used nowhere counts as the result. */
static void note_ends(mx_cutter *c) {
    for (size_t i = 0; i < c->s->count; i++) {
        const mx_node *n = mx_node_at(c->g, c->s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++) {
            size_t port = port_of(c, c->s->operators[i], k);
            bool unused = c->first_use[port] == c->first_use[port + 1];
            mx_slate_set(&c->used, port, mx_names_value(n->outputs[k]) && unused);
        }
    }
}

static mx_status find_outputs(mx_cutter *c) {
    bool any = false;
    for (size_t i = 0; i < c->s->count; i++) {
        mx_node_id op = c->s->operators[i];
        const mx_node *n = mx_node_at(c->g, op);
        for (uint32_t k = 0; k < n->n_outputs; k++) {
            bool used = is_used_outside(c, port_of(c, op, k));
            mx_slate_set(&c->used, port_of(c, op, k), used);
            any = any || used;
            if (!mx_names_value(n->outputs[k]) || !mx_slate_get(&c->input_of, n->outputs[k])) continue;
            mx_fail(c->err, MX_ERR_INVALID, "two values have the name %s", mx_show(mx_text(c->g, n->outputs[k])).text);
            return at_operator(c, MX_ERR_INVALID, op);
        }
    }
    if (!any) note_ends(c);
    return MX_OK;
}

/* ---- all of it ---- */

static mx_status find_all(mx_cutter *c) {
    for (size_t i = 0; i < c->s->count; i++) {
        MX_TRY(mx_cutter_add(c, &c->operators, c->s->operators[i]));
        MX_TRY(visit_operator(c, c->s->operators[i]));
    }
    return find_outputs(c);
}

mx_status mx_cut_out(mx_cutter *c, const mx_selection *s, mx_graph **out, mx_origin *origin, mx_error *err) {
    *out = NULL;
    if (origin) *origin = (mx_origin){0};
    MX_TRY(mx_cutter_restart(c, s, err));
    MX_TRY(find_all(c));
    return mx_cut_build(c, out, origin);
}

void mx_origin_free(mx_origin *o) {
    if (o->of) mx_free(o->allocator, o->of, o->count * sizeof *o->of);
    *o = (mx_origin){0};
}
