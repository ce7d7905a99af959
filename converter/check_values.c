/* Names of values: one walk in the order of execution with a table of what is known by then. Leaving a body takes its
 * names back. */
#include "converter/check_internal.h"

static mx_status make(mx_checker *c, mx_sid name, mx_node_id scope, mx_node_id node, uint32_t port) {
    mx_known *slot = &c->known[name];
    mx_node_id at = node == MX_NO_NODE ? scope : node;
    if (slot->scope == scope) {
        mx_check_report(c, "duplicate-value", at, port, "the value %s is made twice",
                        mx_show(mx_text(c->g, name)).text);
        return MX_OK;
    }
    if (slot->scope != MX_NO_NODE)
        mx_check_report(c, "shadowed-value", at, port, "the value %s hides one of an outer graph",
                        mx_show(mx_text(c->g, name)).text);
    if (!mx_grow(c->g->allocator, (void **)&c->log, &c->cap_log, c->n_log, sizeof *c->log)) return mx_nomem(c->err);
    c->log[c->n_log++] = (mx_known_undo){name, *slot};
    *slot = (mx_known){scope, node};
    return MX_OK;
}

/* ---- what a scope starts with ---- */

static mx_status make_initializer(mx_checker *c, mx_sid name, mx_node_id scope, uint32_t place) {
    if (mx_check_named(name)) return make(c, name, scope, MX_NO_NODE, place);
    mx_check_report(c, "unnamed-initializer", scope, place, "initializer %lu has no name", (unsigned long)place);
    return MX_OK;
}

static mx_status make_initializers(mx_checker *c, const mx_scope_data *s) {
    const mx_graph *g = c->g;
    for (size_t i = 0; i < s->n_initializers; i++) {
        mx_check_tensor(c, s->node, s->initializers[i]);
        MX_TRY(make_initializer(c, g->tensors[s->initializers[i]].name, s->node, (uint32_t)i));
    }
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t values = g->sparses[s->sparse_initializers[i]].values;
        mx_check_sparse(c, s->node, s->sparse_initializers[i]);
        mx_sid name = values < g->n_tensors ? g->tensors[values].name : MX_SID_ABSENT;
        MX_TRY(make_initializer(c, name, s->node, (uint32_t)i));
    }
    return MX_OK;
}

/* An input may have an initializer: its default value. */
static mx_status make_inputs(mx_checker *c, const mx_scope_data *s) {
    for (size_t i = 0; i < s->n_inputs; i++) {
        mx_sid name = mx_node_at(c->g, s->inputs[i])->name;
        if (!mx_check_named(name)) {
            mx_check_report(c, "unnamed-input", s->inputs[i], 0, "an input has no name");
            continue;
        }
        mx_known *slot = &c->known[name];
        if (slot->scope == s->node && slot->node == MX_NO_NODE)
            slot->node = s->inputs[i];
        else
            MX_TRY(make(c, name, s->node, s->inputs[i], 0));
    }
    return MX_OK;
}

static void check_defaults(mx_checker *c, const mx_scope_data *s) {
    if (s->node != 0 || !c->g->model.has_ir_version || c->g->model.ir_version >= 4) return;
    for (size_t i = 0; i < s->n_initializers; i++) {
        mx_sid name = c->g->tensors[s->initializers[i]].name;
        if (mx_check_named(name) && c->known[name].node == MX_NO_NODE)
            mx_check_report(c, "initializer-not-input", 0, (uint32_t)i,
                            "the initializer %s is no input, which IR version %lld wants",
                            mx_show(mx_text(c->g, name)).text, (long long)c->g->model.ir_version);
    }
}

/* Functions have their name on the node, where it is checked. */
static void check_graph_name(mx_checker *c, const mx_scope_data *s) {
    if (s->has_graph && !mx_check_named(s->name) && mx_node_at(c->g, s->node)->kind != MX_NODE_FUNCTION)
        mx_check_report(c, "unnamed-graph", s->node, MX_NO_INDEX, "the graph has no name");
}

/* ---- operators ---- */

static void use(mx_checker *c, mx_node_id node, uint32_t k) {
    const mx_node *n = mx_node_at(c->g, node);
    const mx_port *port = &n->inputs[k];
    bool output = n->kind == MX_NODE_OUTPUT;
    if (!mx_check_named(port->name)) {
        if (output) mx_check_report(c, "unresolved-output", node, k, "the output has no value");
        return;
    }
    if (c->known[port->name].scope != MX_NO_NODE) return;
    mx_shown name = mx_show(mx_text(c->g, port->name));
    if (port->source != MX_NO_NODE)
        mx_check_report(c, "unordered", node, k, "input %lu uses the value %s before it is made", (unsigned long)k,
                        name.text);
    else
        mx_check_report(c, output ? "unresolved-output" : "unresolved-input", node, k, "nothing makes the value %s",
                        name.text);
}

static void check_type(mx_checker *c, mx_node_id node) {
    const mx_node *n = mx_node_at(c->g, node);
    mx_sid domain = mx_check_domain(c, n->domain);
    if (!mx_check_named(n->op_type)) mx_check_report(c, "no-op-type", node, MX_NO_INDEX, "the operator has no op_type");
    if (c->imported[domain] != c->root + 1 && !c->local[domain] && !c->open_imports)
        mx_check_report(c, "missing-opset-import", node, MX_NO_INDEX, "no opset of its domain %s is imported",
                        mx_show(mx_text(c->g, domain)).text);
}

static mx_status check_operator(mx_checker *c, mx_node_id node, mx_node_id scope) {
    const mx_node *n = mx_node_at(c->g, node);
    check_type(c, node);
    mx_check_attributes(c, node);
    for (uint32_t k = 0; k < n->n_inputs; k++)
        use(c, node, k);
    for (mx_node_id b = n->first_child; b != MX_NO_NODE; b = mx_node_at(c->g, b)->next_sibling)
        if (mx_node_at(c->g, b)->kind == MX_NODE_BODY) MX_TRY(mx_check_values(c, b));
    for (uint32_t k = 0; k < n->n_outputs; k++)
        if (mx_check_named(n->outputs[k])) MX_TRY(make(c, n->outputs[k], scope, node, k));
    return MX_OK;
}

mx_status mx_check_values(mx_checker *c, mx_node_id scope) {
    const mx_scope_data *s = &c->g->scopes[mx_node_at(c->g, scope)->data];
    size_t mark = c->n_log;
    check_graph_name(c, s);
    MX_TRY(make_initializers(c, s));
    MX_TRY(make_inputs(c, s));
    check_defaults(c, s);
    for (size_t i = 0; i < s->n_operators; i++)
        MX_TRY(check_operator(c, s->operators[i], scope));
    for (size_t i = 0; i < s->n_outputs; i++)
        for (uint32_t k = 0; k < mx_node_at(c->g, s->outputs[i])->n_inputs; k++)
            use(c, s->outputs[i], k);
    while (c->n_log > mark) {
        const mx_known_undo *u = &c->log[--c->n_log];
        c->known[u->name] = u->old;
    }
    return MX_OK;
}
