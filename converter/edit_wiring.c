/* Connecting ports. Edges decide, names follow: what a port takes must also be what its name means where it stands. */
#include "converter/edit.h"

/* Sets *scope to the scope in which `name` means something, seen from `from`; MX_NO_NODE: in none. */
static mx_binding resolve(const mx_graph *g, mx_node_id from, mx_sid name, mx_node_id *scope) {
    mx_binding b = {.node = MX_NO_NODE};
    for (*scope = from; *scope != MX_NO_NODE; *scope = mx_outer_scope(g, *scope)) {
        b = mx_scope_binding(g, *scope, name);
        if (b.kind) break;
    }
    return b;
}

/* ---- ports ---- */

static mx_status check_port(mx_graph *g, mx_node_id node, size_t port, mx_error *err) {
    const mx_node *n = mx_node_at(g, node);
    size_t limit = n->kind == MX_NODE_OPERATOR ? (size_t)n->n_inputs + 1 : n->n_inputs;
    if (port < limit && port < UINT32_MAX - 1) return MX_OK;
    mx_fail(err, MX_ERR_USAGE, "there is no input %zu: it has %lu", port, (unsigned long)n->n_inputs);
    return mx_at_node(err, MX_ERR_USAGE, mx_text(g, n->name));
}

/* Room for input `port`, one behind the last at most. */
static mx_status lengthen(mx_graph *g, mx_node *n, size_t port, mx_error *err) {
    mx_port *ports = NULL;
    if (port < n->n_inputs) return MX_OK;
    MX_TRY(mx_graph_array(g, port + 1, sizeof *ports, &ports, err));
    if (n->n_inputs) memcpy(ports, n->inputs, n->n_inputs * sizeof *ports);
    ports[port] = (mx_port){MX_SID_EMPTY, MX_NO_NODE, 0};
    n->inputs = ports;
    n->n_inputs = (uint32_t)port + 1;
    return MX_OK;
}

static mx_status set_port(mx_graph *g, mx_node_id node, size_t port, mx_port value, mx_error *err) {
    mx_node *n = mx_node_at(g, node);
    MX_TRY(lengthen(g, n, port, err));
    n->inputs[port] = value;
    n->flags |= MX_FLAG_CHANGED;
    return MX_OK;
}

/* ---- graph outputs ---- */

static bool given_out(const mx_graph *g, mx_node_id scope, mx_sid name, mx_node_id except) {
    const mx_scope_data *s = &g->scopes[mx_node_at(g, scope)->data];
    for (size_t i = 0; i < s->n_outputs; i++)
        if (s->outputs[i] != except && mx_node_at(g, s->outputs[i])->name == name) return true;
    return false;
}

/* Whether an output's name could be given to another value: only what an operator makes, or an initializer, can give
 * way. */
static mx_status check_name(mx_graph *g, mx_node_id output, mx_error *err) {
    const mx_node *n = mx_node_at(g, output);
    mx_shown name = mx_show(mx_text(g, n->name));
    if (mx_text(g, n->name).n == 0)
        return mx_edit_invalid(g, output, err, "an output without a name stays unconnected");
    if (mx_scope_binding(g, n->scope, n->name).kind == MX_BINDS_INPUT)
        return mx_edit_invalid(g, output, err, "its name %s is that of an input: rename it first", name.text);
    if (given_out(g, n->scope, n->name, output))
        return mx_edit_invalid(g, output, err, "another output has the name %s too: rename it first", name.text);
    return MX_OK;
}

/* What bears the output's name now gets a fresh one, so that the name is free for the value that the output takes next.
 */
static mx_status free_name(mx_graph *g, mx_node_id output, mx_error *err) {
    mx_node *n = mx_node_at(g, output);
    mx_sid fresh = MX_SID_ABSENT, name = n->name;
    MX_TRY(check_name(g, output, err));
    bool made_here = mx_scope_binding(g, n->scope, name).kind != MX_BINDS_NOTHING;
    MX_TRY(mx_edit_fresh_name(g, mx_text(g, name), &fresh, err));
    if (made_here) mx_rename_value(g, n->scope, name, fresh);
    n->name = n->inputs[0].name = MX_SID_ABSENT;
    bool used = mx_value_name_used(g, n->scope, name);
    n->name = n->inputs[0].name = name;
    if (!used) return MX_OK;
    n->name = n->inputs[0].name = fresh;
    mx_rename_value(g, n->scope, fresh, name);
    return mx_edit_invalid(g, output, err, "its name %s means something else too: rename it first",
                           mx_show(mx_text(g, name)).text);
}

/* The value goes through a new Identity whose result has the output's name. */
static mx_status give_copy(mx_graph *g, mx_node_id output, mx_port value, mx_error *err) {
    mx_node *n = mx_node_at(g, output);
    mx_node_id id = MX_NO_NODE;
    MX_TRY(mx_new_operator(g, n->scope, MX_STR_LITERAL("Identity"), (mx_str){NULL, 0}, 1, 1, &id, err));
    mx_status status = free_name(g, output, err);
    if (status != MX_OK) {
        mx_take_out(g, id);
        return status;
    }
    mx_node *identity = mx_node_at(g, id);
    identity->inputs[0] = value;
    identity->outputs[0] = n->name;
    return set_port(g, output, 0, (mx_port){n->name, id, 0}, err);
}

/* The output keeps its name, because that is the interface: the value takes it where that changes nothing else. */
static mx_status give_out(mx_graph *g, mx_node_id output, mx_port value, mx_node_id from, bool own, mx_error *err) {
    mx_node *n = mx_node_at(g, output);
    if (value.name == n->name) return set_port(g, output, 0, value, err);
    if (!own || from != n->scope || given_out(g, from, value.name, output)) return give_copy(g, output, value, err);
    MX_TRY(free_name(g, output, err));
    mx_rename_value(g, from, value.name, n->name);
    value.name = n->name;
    return set_port(g, output, 0, value, err);
}

/* ---- connecting ---- */

static bool visible(const mx_graph *g, mx_node_id scope, mx_node_id from) {
    while (from != scope && from != MX_NO_NODE)
        from = mx_outer_scope(g, from);
    return from == scope;
}

/* An operator inside the body of another one cannot feed, nor be fed by, what it stands in. */
static bool stands_in(const mx_graph *g, mx_node_id node, mx_node_id outer) {
    for (; node != MX_NO_NODE; node = mx_node_at(g, node)->parent)
        if (node == outer) return true;
    return false;
}

static mx_status check_source(mx_graph *g, mx_node_id source, size_t port, mx_node_id node, mx_error *err) {
    const mx_node *from = mx_node_at(g, source), *to = mx_node_at(g, node);
    if (port >= from->n_outputs) {
        mx_fail(err, MX_ERR_USAGE, "there is no output %zu: it has %lu", port, (unsigned long)from->n_outputs);
        return mx_at_node(err, MX_ERR_USAGE, mx_text(g, from->name));
    }
    if (!visible(g, from->scope, to->scope))
        return mx_edit_invalid(g, node, err, "the outputs of %s cannot be seen here",
                               mx_show(mx_text(g, from->name > MX_SID_EMPTY ? from->name : from->op_type)).text);
    if (stands_in(g, node, source)) return mx_edit_invalid(g, node, err, "this would make a cycle");
    return MX_OK;
}

/* Whether the name of an output port means this port where the consumer stands. In its own scope it does unless
 * somebody else makes it too, so that connecting within a scope takes no search. */
static bool means_source(const mx_graph *g, mx_node_id source, mx_node_id node, mx_sid name) {
    const mx_node *from = mx_node_at(g, source);
    mx_node_id scope = mx_node_at(g, node)->scope;
    for (; scope != from->scope; scope = mx_outer_scope(g, scope))
        if (mx_scope_binding(g, scope, name).kind) return false;
    if (!(from->flags & MX_FLAG_DUPLICATE)) return true;
    mx_binding b = mx_scope_binding(g, scope, name);
    return b.makers == 1 && (!b.initializer || from->kind == MX_NODE_INPUT);
}

/* The name of an output port, a fresh one if it has none. */
static mx_status name_source(mx_graph *g, mx_node_id source, uint32_t port, mx_node_id node, mx_sid *name,
                             mx_error *err) {
    const mx_node *from = mx_node_at(g, source);
    *name = from->outputs[port];
    bool named = mx_text(g, *name).n > 0;
    if (!named && from->kind == MX_NODE_INPUT) return mx_edit_invalid(g, source, err, "the input has no name");
    if (!named) return mx_edit_fresh_output(g, source, port, name, err);
    if (means_source(g, source, node, *name)) return MX_OK;
    return mx_edit_invalid(g, node, err, "the name %s would mean another value here", mx_show(mx_text(g, *name)).text);
}

mx_status mx_graph_connect(mx_graph *graph, mx_node_id source, size_t source_port, mx_node_id node, size_t port,
                           mx_error *err) {
    mx_node *from, *to;
    mx_port value = {MX_SID_ABSENT, source, (uint32_t)source_port};
    MX_TRY(mx_edit_node(graph, source, MX_KIND(OPERATOR) | MX_KIND(INPUT), &from, err));
    MX_TRY(mx_edit_node(graph, node, MX_KIND(OPERATOR) | MX_KIND(OUTPUT), &to, err));
    MX_TRY(check_port(graph, node, port, err));
    MX_TRY(check_source(graph, source, source_port, node, err));
    MX_TRY(name_source(graph, source, (uint32_t)source_port, node, &value.name, err));
    if (to->kind == MX_NODE_OPERATOR) MX_TRY(set_port(graph, node, port, value, err));
    from->outputs[source_port] = value.name;
    if (to->kind == MX_NODE_OPERATOR) return MX_OK;
    return give_out(graph, node, value, from->scope, from->kind == MX_NODE_OPERATOR, err);
}

mx_status mx_graph_connect_initializer(mx_graph *graph, mx_str initializer, mx_node_id node, size_t port,
                                       mx_error *err) {
    mx_node *to;
    mx_node_id scope;
    MX_TRY(mx_edit_node(graph, node, MX_KIND(OPERATOR) | MX_KIND(OUTPUT), &to, err));
    MX_TRY(check_port(graph, node, port, err));
    if (initializer.n == 0 && to->kind == MX_NODE_OUTPUT)
        return mx_edit_invalid(graph, node, err, "an output cannot be left without a value");
    if (initializer.n == 0) return set_port(graph, node, port, (mx_port){MX_SID_EMPTY, MX_NO_NODE, 0}, err);
    mx_sid name = mx_strings_find(&graph->strings, initializer);
    mx_binding b = {0};
    if (name != MX_SID_NOMEM) b = resolve(graph, to->scope, name, &scope);
    if (!b.initializer)
        return mx_edit_invalid(graph, node, err, "there is no initializer %s here", mx_show(initializer).text);
    if (b.kind == MX_BINDS_OPERATOR || b.makers > 1)
        return mx_edit_invalid(graph, node, err, "an operator makes %s too", mx_show(initializer).text);
    mx_port value = {name, b.node, 0}; /* an input's default value is reached through the input */
    if (to->kind == MX_NODE_OPERATOR) return set_port(graph, node, port, value, err);
    return give_out(graph, node, value, scope, b.makers == 0, err);
}
