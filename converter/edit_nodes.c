/* New nodes, and nodes that go or move. */
#include "converter/edit.h"
#include "converter/retag.h"

/* ---- new ---- */

static mx_status fresh_outputs(mx_graph *g, mx_node_id id, mx_error *err) {
    mx_node *n = mx_node_at(g, id);
    for (uint32_t k = 0; k < n->n_outputs; k++)
        MX_TRY(mx_edit_fresh_output(g, id, k, &n->outputs[k], err));
    return MX_OK;
}

/* Everything that can fail and leave a trace comes before the node itself, but for names and tags: without them the
 * node is taken out again. */
mx_status mx_new_operator(mx_graph *g, mx_node_id parent, mx_str op_type, mx_str name, size_t n_inputs,
                          size_t n_outputs, mx_node_id *out, mx_error *err) {
    mx_node_id id = MX_NO_NODE;
    mx_sid type_id = MX_SID_ABSENT, name_id = MX_SID_ABSENT;
    mx_port *inputs = NULL;
    mx_sid *outputs = NULL;
    *out = MX_NO_NODE;
    if (n_inputs >= UINT32_MAX || n_outputs >= UINT32_MAX) return mx_fail(err, MX_ERR_USAGE, "too many ports");
    MX_TRY(mx_graph_string(g, op_type, &type_id, err));
    MX_TRY(mx_graph_string(g, name, &name_id, err));
    MX_TRY(mx_graph_array(g, n_inputs, sizeof *inputs, &inputs, err));
    MX_TRY(mx_graph_array(g, n_outputs, sizeof *outputs, &outputs, err));
    for (size_t i = 0; i < n_inputs; i++)
        inputs[i] = (mx_port){MX_SID_EMPTY, MX_NO_NODE, 0};
    MX_TRY(mx_graph_add_node(g, MX_NODE_OPERATOR, parent, &id, err));
    mx_node *n = mx_node_at(g, id);
    n->flags = MX_FLAG_NEW;
    n->op_type = type_id;
    n->name = name_id;
    n->n_inputs = (uint32_t)n_inputs;
    n->n_outputs = (uint32_t)n_outputs;
    n->inputs = inputs;
    n->outputs = outputs;
    mx_status status = fresh_outputs(g, id, err);
    if (status == MX_OK) status = mx_retag_operator(g, id, err);
    if (status == MX_OK)
        *out = id;
    else
        mx_take_out(g, id);
    return status;
}

mx_status mx_graph_add_operator(mx_graph *graph, mx_node_id parent, mx_str op_type, mx_str name, size_t n_inputs,
                                size_t n_outputs, mx_node_id *out, mx_error *err) {
    mx_node *p;
    *out = MX_NO_NODE;
    MX_TRY(mx_edit_node(graph, parent, MX_KINDS_COMPOUND, &p, err));
    if (op_type.n == 0) return mx_fail(err, MX_ERR_INVALID, "a new operator needs an op_type");
    return mx_new_operator(graph, parent, op_type, name, n_inputs, n_outputs, out, err);
}

mx_status mx_graph_add_module(mx_graph *graph, mx_node_id parent, mx_str name, mx_str class_name, mx_node_id *out,
                              mx_error *err) {
    mx_node *p;
    mx_node_id id = MX_NO_NODE;
    mx_sid name_id = MX_SID_ABSENT, class_id = MX_SID_ABSENT;
    *out = MX_NO_NODE;
    MX_TRY(mx_edit_node(graph, parent, MX_KINDS_COMPOUND, &p, err));
    if (name.n == 0) return mx_fail(err, MX_ERR_INVALID, "a new module needs a name");
    MX_TRY(mx_graph_string(graph, name, &name_id, err));
    MX_TRY(mx_graph_string(graph, class_name, &class_id, err));
    MX_TRY(mx_graph_add_node(graph, MX_NODE_MODULE, parent, &id, err));
    mx_node *n = mx_node_at(graph, id);
    n->flags = MX_FLAG_NEW;
    n->name = name_id;
    graph->modules[n->data].class_name = class_id;
    graph->modules[n->data].has_own_tag = class_name.n > 0;
    mx_status status = mx_retag_module(graph, id, err);
    if (status == MX_OK)
        *out = id;
    else
        mx_take_out(graph, id);
    return status;
}

/* ---- gone ---- */

static void unlink_child(mx_graph *g, mx_node_id id) {
    mx_node *n = mx_node_at(g, id), *parent = mx_node_at(g, n->parent);
    mx_node_id before = MX_NO_NODE, at = parent->first_child;
    for (; at != id; at = mx_node_at(g, at)->next_sibling)
        before = at;
    if (before == MX_NO_NODE)
        parent->first_child = n->next_sibling;
    else
        mx_node_at(g, before)->next_sibling = n->next_sibling;
    if (parent->last_child == id) parent->last_child = before;
    n->parent = n->next_sibling = MX_NO_NODE;
}

static void empty_scope(mx_graph *g, mx_scope_data *s) {
    for (size_t i = 0; i < s->n_initializers; i++)
        mx_retire_tensor(g, s->initializers[i]);
    for (size_t i = 0; i < s->n_sparse; i++)
        mx_retire_sparse(g, s->sparse_initializers[i]);
    s->n_initializers = s->n_sparse = s->n_value_infos = s->n_operators = s->n_inputs = s->n_outputs = 0;
}

static void empty_node(mx_graph *g, mx_node *n) {
    n->flags |= MX_FLAG_REMOVED;
    if (mx_is_scope(n)) empty_scope(g, &g->scopes[n->data]);
    for (uint32_t i = 0; i < n->n_attrs; i++)
        mx_retire_attribute_tensors(g, &n->attrs[i]);
    n->n_inputs = n->n_outputs = n->n_attrs = 0;
    n->metadata.count = 0;
}

void mx_take_out(mx_graph *g, mx_node_id node) {
    mx_node *n = mx_node_at(g, node);
    mx_scope_data *s = n->kind == MX_NODE_BODY ? NULL : mx_scope_of(g, n);
    if (n->flags & MX_FLAG_REMOVED) return;
    for (mx_node_id id = node; id != MX_NO_NODE; id = mx_node_next_below(g, node, id))
        empty_node(g, mx_node_at(g, id));
    unlink_child(g, node);
    size_t kept = 0;
    for (size_t i = 0; s && i < s->n_operators; i++)
        if (!(mx_node_at(g, s->operators[i])->flags & MX_FLAG_REMOVED)) s->operators[kept++] = s->operators[i];
    if (s) s->n_operators = kept;
}

/* MX_ERR_INVALID if something outside takes a value that is made inside. */
static mx_status check_unused(const mx_graph *g, const bool *inside, mx_error *err) {
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        if (inside[id]) continue;
        for (uint32_t k = 0; k < n->n_inputs; k++) {
            mx_node_id source = n->inputs[k].source;
            if (source == MX_NO_NODE || !inside[source]) continue;
            return mx_edit_invalid(g, source, err, "its value %s is still used by input %lu of %s",
                                   mx_show(mx_text(g, n->inputs[k].name)).text, (unsigned long)k,
                                   mx_show(mx_text(g, n->name > MX_SID_EMPTY ? n->name : n->op_type)).text);
        }
    }
    return MX_OK;
}

/* Value infos describe values: those go that only the removed operators make. */
static void drop_descriptions(mx_graph *g, mx_scope_data *s, const bool *inside, bool *gone) {
    for (int pass = 0; pass < 2; pass++) /* first what goes, then what somebody else makes too */
        for (size_t i = 0; i < s->n_operators; i++) {
            const mx_node *n = mx_node_at(g, s->operators[i]);
            if (inside[s->operators[i]] != (pass == 0)) continue;
            for (uint32_t k = 0; k < n->n_outputs; k++)
                gone[n->outputs[k]] = pass == 0;
        }
    for (size_t i = 0; i < s->n_initializers; i++)
        gone[g->tensors[s->initializers[i]].name] = false;
    gone[MX_SID_ABSENT] = gone[MX_SID_EMPTY] = false;
    mx_drop_value_infos(s, gone);
}

static mx_status remove_unused(mx_graph *g, mx_node_id node, bool *inside, bool *gone, mx_error *err) {
    if (!inside || !gone) return mx_nomem(err);
    for (mx_node_id id = node; id != MX_NO_NODE; id = mx_node_next_below(g, node, id))
        inside[id] = true;
    MX_TRY(check_unused(g, inside, err));
    drop_descriptions(g, mx_scope_of(g, mx_node_at(g, node)), inside, gone);
    mx_take_out(g, node);
    return MX_OK;
}

mx_status mx_graph_remove(mx_graph *graph, mx_node_id node, mx_error *err) {
    mx_node *n;
    MX_TRY(mx_edit_node(graph, node, MX_KIND(OPERATOR) | MX_KIND(MODULE), &n, err));
    bool *inside = mx_alloc_zero(graph->allocator, graph->n_nodes, sizeof *inside);
    bool *gone = mx_alloc_zero(graph->allocator, graph->strings.count, sizeof *gone);
    mx_status status = remove_unused(graph, node, inside, gone, err);
    mx_free(graph->allocator, gone, graph->strings.count * sizeof *gone);
    mx_free(graph->allocator, inside, graph->n_nodes * sizeof *inside);
    return status;
}

/* ---- moved ---- */

mx_status mx_graph_move(mx_graph *graph, mx_node_id node, mx_node_id parent, mx_error *err) {
    mx_node *n, *p;
    MX_TRY(mx_edit_node(graph, node, MX_KIND(OPERATOR) | MX_KIND(MODULE), &n, err));
    MX_TRY(mx_edit_node(graph, parent, MX_KINDS_COMPOUND, &p, err));
    if (n->parent == parent) return MX_OK;
    if (p->scope != n->scope)
        return mx_edit_invalid(graph, node, err, "it can move only within its own graph, body or function");
    for (mx_node_id at = parent; at != MX_NO_NODE; at = mx_node_at(graph, at)->parent)
        if (at == node) return mx_edit_invalid(graph, node, err, "it cannot move into itself");
    mx_graph_move_node(graph, node, parent);
    n->flags |= MX_FLAG_MOVED;
    if (n->kind == MX_NODE_OPERATOR) MX_TRY(mx_retag_operator(graph, node, err));
    return mx_retag_below(graph, node, err);
}
