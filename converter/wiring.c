/* Finding, for every input port, the port that makes its value: one walk over all scopes with a table from names to
 * makers. Entering a body shadows outer names; an undo log restores them on leaving. */
#include "converter/graph.h"

typedef struct maker {
    mx_node_id node; /* the node that makes the value; MX_NO_NODE: nothing (slot empty) or an initializer */
    uint32_t port;
    mx_node_id scope;     /* whose name it is; MX_NO_NODE: slot empty */
    uint32_t initializer; /* tensor of that name in the same scope, or MX_NO_INDEX */
    uint32_t sparse;
} maker;

static const maker no_maker = {MX_NO_NODE, 0, MX_NO_NODE, MX_NO_INDEX, MX_NO_INDEX};

typedef struct undo {
    mx_sid name;
    maker old;
} undo;

typedef struct wiring {
    mx_graph *g;
    mx_error *err;
    maker *makers; /* by string id */
    size_t n_makers;
    uint8_t *made; /* by node: its outputs exist at this point of the walk */
    undo *log;
    size_t n_log, cap_log;
} wiring;

static mx_status bind(wiring *w, mx_sid name, maker m) {
    maker *slot = &w->makers[name];
    if (slot->scope != m.scope) {
        if (!mx_grow(w->g->allocator, (void **)&w->log, &w->cap_log, w->n_log, sizeof *w->log))
            return mx_nomem(w->err);
        w->log[w->n_log++] = (undo){name, *slot};
    } else { /* an initializer of that name is still one, whoever makes the value */
        if (m.initializer == MX_NO_INDEX) m.initializer = slot->initializer;
        if (m.sparse == MX_NO_INDEX) m.sparse = slot->sparse;
    }
    *slot = m;
    return MX_OK;
}

static void unbind_to(wiring *w, size_t mark) {
    while (w->n_log > mark) {
        const undo *u = &w->log[--w->n_log];
        w->makers[u->name] = u->old;
    }
}

static bool names_value(mx_sid name) {
    return name != MX_SID_ABSENT && name != MX_SID_EMPTY;
}

static mx_status bind_initializers(wiring *w, const mx_scope_data *s) {
    mx_graph *g = w->g;
    for (size_t i = 0; i < s->n_initializers; i++) {
        mx_tensor *t = &g->tensors[s->initializers[i]];
        t->unused_at_source = true;
        if (!names_value(t->name)) continue;
        maker m = {MX_NO_NODE, 0, s->node, s->initializers[i], MX_NO_INDEX};
        MX_TRY(bind(w, t->name, m));
    }
    for (size_t i = 0; i < s->n_sparse; i++) {
        mx_sparse *sparse = &g->sparses[s->sparse_initializers[i]];
        sparse->unused_at_source = true;
        mx_sid name = sparse->values == MX_NO_INDEX ? MX_SID_ABSENT : g->tensors[sparse->values].name;
        maker m = {MX_NO_NODE, 0, s->node, MX_NO_INDEX, s->sparse_initializers[i]};
        if (names_value(name)) MX_TRY(bind(w, name, m));
    }
    return MX_OK;
}

static void mark_used(wiring *w, const maker *m) {
    if (m->initializer != MX_NO_INDEX) w->g->tensors[m->initializer].unused_at_source = false;
    if (m->sparse != MX_NO_INDEX) w->g->sparses[m->sparse].unused_at_source = false;
}

/* Formal inputs hide initializers of the same name, which are their default values. */
static mx_status bind_inputs(wiring *w, const mx_scope_data *s) {
    for (size_t i = 0; i < s->n_inputs; i++) {
        mx_node *n = mx_node_at(w->g, s->inputs[i]);
        w->made[s->inputs[i]] = 1;
        if (!names_value(n->name)) continue;
        const maker *have = &w->makers[n->name];
        if (have->scope == s->node && have->node != MX_NO_NODE) {
            n->flags |= MX_FLAG_DUPLICATE;
            mx_node_at(w->g, have->node)->flags |= MX_FLAG_DUPLICATE;
            continue;
        }
        if (have->scope == s->node) mark_used(w, have);
        maker m = {s->inputs[i], 0, s->node, MX_NO_INDEX, MX_NO_INDEX};
        MX_TRY(bind(w, n->name, m));
    }
    return MX_OK;
}

/* Before the walk every name is bound to its first maker, for consumers that stand before it. */
static mx_status bind_first_makers(wiring *w, const mx_scope_data *s) {
    for (size_t i = 0; i < s->n_operators; i++) {
        mx_node *n = mx_node_at(w->g, s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++) {
            if (!names_value(n->outputs[k])) continue;
            const maker *have = &w->makers[n->outputs[k]];
            if (have->scope == s->node) {
                n->flags |= MX_FLAG_DUPLICATE;
                if (have->node != MX_NO_NODE) mx_node_at(w->g, have->node)->flags |= MX_FLAG_DUPLICATE;
                continue;
            }
            maker m = {s->operators[i], k, s->node, MX_NO_INDEX, MX_NO_INDEX};
            MX_TRY(bind(w, n->outputs[k], m));
        }
    }
    return MX_OK;
}

static void resolve_ports(wiring *w, mx_node *n) {
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        mx_port *port = &n->inputs[k];
        port->source = MX_NO_NODE;
        port->source_port = 0;
        if (!names_value(port->name)) continue;
        const maker *m = &w->makers[port->name];
        mark_used(w, m);
        if (m->scope == MX_NO_NODE || m->node == MX_NO_NODE) continue;
        port->source = m->node;
        port->source_port = m->port;
        if (!w->made[m->node]) n->flags |= MX_FLAG_UNORDERED;
    }
}

static mx_status wire_scope(wiring *w, mx_node_id scope);

static mx_status wire_operator(wiring *w, mx_node_id id, mx_node_id scope) {
    mx_node *n = mx_node_at(w->g, id);
    resolve_ports(w, n);
    for (mx_node_id child = n->first_child; child != MX_NO_NODE; child = mx_node_at(w->g, child)->next_sibling)
        if (mx_node_at(w->g, child)->kind == MX_NODE_BODY) MX_TRY(wire_scope(w, child));
    w->made[id] = 1;
    for (uint32_t k = 0; k < n->n_outputs; k++) {
        maker m = {id, k, scope, MX_NO_INDEX, MX_NO_INDEX};
        if (names_value(n->outputs[k])) MX_TRY(bind(w, n->outputs[k], m));
    }
    return MX_OK;
}

static mx_status wire_scope(wiring *w, mx_node_id scope) {
    const mx_scope_data *s = &w->g->scopes[mx_node_at(w->g, scope)->data];
    size_t mark = w->n_log;
    MX_TRY(bind_initializers(w, s));
    MX_TRY(bind_inputs(w, s));
    MX_TRY(bind_first_makers(w, s));
    for (size_t i = 0; i < s->n_operators; i++) MX_TRY(wire_operator(w, s->operators[i], scope));
    for (size_t i = 0; i < s->n_outputs; i++) resolve_ports(w, mx_node_at(w->g, s->outputs[i]));
    unbind_to(w, mark);
    return MX_OK;
}

static mx_status start(wiring *w, mx_graph *g, mx_error *err) {
    *w = (wiring){.g = g, .err = err, .n_makers = g->strings.count};
    w->makers = mx_alloc(g->allocator, w->n_makers * sizeof *w->makers);
    w->made = mx_alloc_zero(g->allocator, g->n_nodes, 1);
    if (!w->makers || !w->made) return mx_nomem(err);
    for (size_t i = 0; i < w->n_makers; i++) w->makers[i] = no_maker;
    return MX_OK;
}

mx_status mx_graph_wire(mx_graph *g, mx_error *err) {
    wiring w;
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        mx_node_at(g, id)->flags &= (uint8_t)~(MX_FLAG_UNORDERED | MX_FLAG_DUPLICATE);
    mx_status status = start(&w, g, err);
    if (status == MX_OK) status = wire_scope(&w, 0);
    mx_node_id child = mx_node_at(g, 0)->first_child;
    for (; status == MX_OK && child != MX_NO_NODE; child = mx_node_at(g, child)->next_sibling)
        if (mx_node_at(g, child)->kind == MX_NODE_FUNCTION) status = wire_scope(&w, child);
    mx_free(g->allocator, w.makers, w.n_makers * sizeof *w.makers);
    mx_free(g->allocator, w.made, g->n_nodes);
    mx_free(g->allocator, w.log, w.cap_log * sizeof *w.log);
    return status;
}
