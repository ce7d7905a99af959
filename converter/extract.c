/* What belongs to a part: inputs, initializers, constants, outputs. */
#include "converter/extract_internal.h"

/* ---- the place of the selection ---- */

mx_status mx_chain_find(const mx_graph *g, mx_node_id scope, mx_chain *out, mx_error *err) {
    *out = (mx_chain){0};
    for (mx_node_id id = scope; id != MX_NO_NODE; out->count++) {
        const mx_node *n = mx_node_at(g, id);
        id = n->kind == MX_NODE_BODY ? mx_node_at(g, n->parent)->scope : MX_NO_NODE;
    }
    out->scopes = mx_alloc(g->allocator, out->count * sizeof *out->scopes);
    if (!out->scopes) return mx_nomem(err);
    mx_node_id id = scope;
    for (size_t i = out->count; i-- > 0;) {
        out->scopes[i] = id;
        if (i) id = mx_node_at(g, mx_node_at(g, id)->parent)->scope;
    }
    return MX_OK;
}

void mx_chain_free(const mx_graph *g, mx_chain *c) {
    mx_free(g->allocator, c->scopes, c->count * sizeof *c->scopes);
    *c = (mx_chain){0};
}

static void hold(const mx_graph *g, const mx_scope_data *s, uint32_t depth, mx_held *held) {
    for (size_t i = 0; i < s->n_initializers; i++)
        held[g->tensors[s->initializers[i]].name] = (mx_held){s->initializers[i], MX_NO_INDEX, depth};
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t sparse = s->sparse_initializers[i], values = g->sparses[sparse].values;
        if (values != MX_NO_INDEX) held[g->tensors[values].name] = (mx_held){MX_NO_INDEX, sparse, depth};
    }
}

mx_status mx_held_find(const mx_graph *g, mx_node_id scope, mx_held **out, mx_error *err) {
    mx_chain chain;
    *out = mx_alloc_zero(g->allocator, g->strings.count, sizeof **out);
    if (!*out) return mx_nomem(err);
    mx_status status = mx_chain_find(g, scope, &chain, err);
    for (size_t i = 0; status == MX_OK && i < chain.count; i++)
        hold(g, &g->scopes[mx_node_at(g, chain.scopes[i])->data], (uint32_t)i + 1, *out);
    mx_chain_free(g, &chain);
    return status;
}

/* ---- what the operators use ---- */

static mx_status at_operator(const mx_cut *c, mx_status status, mx_node_id op) {
    const mx_node *n = mx_node_at(c->g, op);
    mx_str name = mx_text(c->g, n->name);
    return mx_at_node(c->err, status, name.n ? name : mx_text(c->g, n->op_type));
}

static void take_initializer(mx_cut *c, mx_sid name) {
    const mx_held *h = &c->held[name];
    if (h->tensor != MX_NO_INDEX) c->tensors[h->tensor] = true;
    if (h->sparse != MX_NO_INDEX) c->sparses[h->sparse] = true;
}

static mx_status add_input(mx_cut *c, const mx_port *p, mx_node_id user) {
    uint32_t *known = &c->input_of[p->name];
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

static mx_status visit_operator(mx_cut *c, mx_node_id op);

/* Operators that are computed with come along with all that they are computed from. */
static mx_status copy_along(mx_cut *c, mx_node_id op) {
    c->copied[op] = true;
    return visit_operator(c, op);
}

/* A value that something outside makes. */
static mx_status use_value(mx_cut *c, const mx_port *p, mx_node_id user) {
    const mx_node *source = mx_node_at(c->g, p->source);
    bool constant = false;
    if (c->copied[p->source]) return MX_OK;
    if (source->kind == MX_NODE_OPERATOR) MX_TRY(mx_cut_constant(c, p->source, &constant));
    if (constant) return copy_along(c, p->source);
    const mx_held *h = &c->held[p->name];
    if (source->kind == MX_NODE_INPUT && h->depth && c->chain.scopes[h->depth - 1] == source->scope)
        take_initializer(c, p->name); /* the input's default value */
    return add_input(c, p, user);
}

static mx_status visit_port(mx_cut *c, const mx_port *p, mx_node_id user) {
    if (!mx_names_value(p->name)) return MX_OK;
    if (p->source != MX_NO_NODE) return c->s->inside[p->source] ? MX_OK : use_value(c, p, user);
    if (c->local[p->name]) return MX_OK;
    if (c->held[p->name].depth) {
        take_initializer(c, p->name);
        return MX_OK;
    }
    mx_fail(c->err, MX_ERR_INVALID, "nothing makes the value %s", mx_show(mx_text(c->g, p->name)).text);
    return at_operator(c, MX_ERR_INVALID, user);
}

static void note_local(mx_cut *c, const mx_scope_data *s, uint32_t change) {
    const mx_graph *g = c->g;
    for (size_t i = 0; i < s->n_initializers; i++) c->local[g->tensors[s->initializers[i]].name] += change;
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t values = g->sparses[s->sparse_initializers[i]].values;
        if (values != MX_NO_INDEX) c->local[g->tensors[values].name] += change;
    }
}

static mx_status visit_body(mx_cut *c, mx_node_id body, mx_node_id user) {
    const mx_scope_data *s = &c->g->scopes[mx_node_at(c->g, body)->data];
    note_local(c, s, 1);
    for (size_t i = 0; i < s->n_operators; i++) MX_TRY(visit_operator(c, s->operators[i]));
    for (size_t i = 0; i < s->n_outputs; i++) MX_TRY(visit_port(c, &mx_node_at(c->g, s->outputs[i])->inputs[0], user));
    note_local(c, s, UINT32_MAX);
    return MX_OK;
}

static mx_status check_references(const mx_cut *c, mx_node_id op) {
    const mx_node *n = mx_node_at(c->g, op);
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        if (n->attrs[i].ref_name == MX_SID_ABSENT) continue;
        mx_fail(c->err, MX_ERR_UNSUPPORTED, "the operator %s cannot be cut out: its attribute %s is one of the function",
                mx_show(mx_text(c->g, n->op_type)).text, mx_show(mx_text(c->g, n->attrs[i].name)).text);
        return at_operator(c, MX_ERR_UNSUPPORTED, op);
    }
    return MX_OK;
}

static mx_status visit_operator(mx_cut *c, mx_node_id op) {
    const mx_node *n = mx_node_at(c->g, op);
    MX_TRY(check_references(c, op));
    for (uint32_t k = 0; k < n->n_inputs; k++) MX_TRY(visit_port(c, &n->inputs[k], op));
    for (mx_node_id child = n->first_child; child != MX_NO_NODE; child = mx_node_at(c->g, child)->next_sibling)
        if (mx_node_at(c->g, child)->kind == MX_NODE_BODY) MX_TRY(visit_body(c, child, op));
    return MX_OK;
}

/* ---- what is used of them ---- */

static void note_uses(mx_cut *c) {
    const mx_graph *g = c->g;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        if (c->s->inside[id] || n->flags & MX_FLAG_REMOVED) continue;
        for (uint32_t k = 0; k < n->n_inputs; k++) {
            const mx_port *p = &n->inputs[k];
            if (p->source == MX_NO_NODE || !c->s->inside[p->source]) continue;
            c->used[c->types->first[p->source] + p->source_port] = true;
        }
    }
}

/* Nothing is used outside: what is used nowhere counts as the result. */
static void note_ends(mx_cut *c) {
    const mx_graph *g = c->g;
    for (size_t i = 0; i < c->s->count; i++) {
        const mx_node *n = mx_node_at(g, c->s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++)
            c->used[c->types->first[c->s->operators[i]] + k] = mx_names_value(n->outputs[k]);
    }
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        for (uint32_t k = 0; c->s->inside[id] && k < n->n_inputs; k++)
            if (n->inputs[k].source != MX_NO_NODE && c->s->inside[n->inputs[k].source])
                c->used[c->types->first[n->inputs[k].source] + n->inputs[k].source_port] = false;
    }
}

static mx_status find_outputs(mx_cut *c) {
    bool any = false;
    note_uses(c);
    for (size_t i = 0; i < c->s->count; i++) {
        mx_node_id op = c->s->operators[i];
        const mx_node *n = mx_node_at(c->g, op);
        for (uint32_t k = 0; k < n->n_outputs; k++) {
            any = any || c->used[c->types->first[op] + k];
            if (!mx_names_value(n->outputs[k]) || !c->input_of[n->outputs[k]]) continue;
            mx_fail(c->err, MX_ERR_INVALID, "two values have the name %s", mx_show(mx_text(c->g, n->outputs[k])).text);
            return at_operator(c, MX_ERR_INVALID, op);
        }
    }
    if (!any) note_ends(c);
    return MX_OK;
}

/* ---- all of it ---- */

static mx_status begin(mx_cut *c) {
    const mx_graph *g = c->g;
    const mx_allocator *a = g->allocator;
    c->local = mx_alloc_zero(a, g->strings.count, sizeof *c->local);
    c->constant = mx_alloc_zero(a, g->n_nodes, sizeof *c->constant);
    c->copied = mx_alloc_zero(a, g->n_nodes, sizeof *c->copied);
    c->input_of = mx_alloc_zero(a, g->strings.count, sizeof *c->input_of);
    c->tensors = mx_alloc_zero(a, g->n_tensors + 1, sizeof *c->tensors);
    c->sparses = mx_alloc_zero(a, g->n_sparses + 1, sizeof *c->sparses);
    c->used = mx_alloc_zero(a, c->types->n_ports + 1, sizeof *c->used);
    if (!c->local || !c->constant || !c->copied || !c->input_of || !c->tensors || !c->sparses || !c->used)
        return mx_nomem(c->err);
    MX_TRY(mx_chain_find(g, c->s->scope, &c->chain, c->err));
    return mx_held_find(g, c->s->scope, &c->held, c->err);
}

static void end(mx_cut *c, size_t n_strings) {
    const mx_graph *g = c->g;
    const mx_allocator *a = g->allocator;
    mx_free(a, c->local, n_strings * sizeof *c->local);
    mx_free(a, c->constant, g->n_nodes * sizeof *c->constant);
    mx_free(a, c->copied, g->n_nodes * sizeof *c->copied);
    mx_free(a, c->input_of, n_strings * sizeof *c->input_of);
    mx_free(a, c->tensors, (g->n_tensors + 1) * sizeof *c->tensors);
    mx_free(a, c->sparses, (g->n_sparses + 1) * sizeof *c->sparses);
    mx_free(a, c->used, (c->types->n_ports + 1) * sizeof *c->used);
    mx_free(a, c->held, n_strings * sizeof *c->held);
    mx_free(a, c->stack, c->cap_stack * sizeof *c->stack);
    mx_free(a, c->inputs, c->cap_inputs * sizeof *c->inputs);
    mx_chain_free(g, &c->chain);
}

mx_status mx_cut_out(mx_graph *g, const mx_types *types, const mx_selection *s, mx_graph **out, mx_origin *origin,
                     mx_error *err) {
    mx_cut c = {.g = g, .types = types, .s = s, .err = err};
    size_t n_strings = g->strings.count;
    *out = NULL;
    if (origin) *origin = (mx_origin){0};
    mx_status status = begin(&c);
    for (size_t i = 0; status == MX_OK && i < s->count; i++) status = visit_operator(&c, s->operators[i]);
    if (status == MX_OK) status = find_outputs(&c);
    if (status == MX_OK) status = mx_cut_build(&c, out, origin);
    end(&c, n_strings);
    return status;
}

void mx_origin_free(mx_origin *o) {
    if (o->of) mx_free(o->allocator, o->of, o->count * sizeof *o->of);
    *o = (mx_origin){0};
}
