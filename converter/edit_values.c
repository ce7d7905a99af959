/* Names of values: what they mean in a scope, and renaming them everywhere. */
#include "converter/edit.h"
#include "converter/retag.h"

static mx_sid sparse_name(const mx_graph *g, uint32_t sparse) {
    uint32_t values = g->sparses[sparse].values;
    return values == MX_NO_INDEX ? MX_SID_ABSENT : g->tensors[values].name;
}

mx_node_id mx_outer_scope(const mx_graph *g, mx_node_id scope) {
    const mx_node *n = mx_node_at(g, scope);
    return n->kind == MX_NODE_BODY ? mx_node_at(g, n->parent)->scope : MX_NO_NODE;
}

static void add_maker(mx_binding *b, mx_binding_kind kind, mx_node_id node, uint32_t port) {
    if (b->makers++) return;
    b->kind = kind;
    b->node = node;
    b->port = port;
}

mx_binding mx_scope_binding(const mx_graph *g, mx_node_id scope, mx_sid name) {
    const mx_scope_data *s = &g->scopes[mx_node_at(g, scope)->data];
    mx_binding b = {.node = MX_NO_NODE, .initializer = mx_scope_has_initializer(g, s, name)};
    if (b.initializer) b.kind = MX_BINDS_INITIALIZER;
    for (size_t i = 0; i < s->n_inputs; i++)
        if (mx_node_at(g, s->inputs[i])->name == name) add_maker(&b, MX_BINDS_INPUT, s->inputs[i], 0);
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_node *n = mx_node_at(g, s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++)
            if (n->outputs[k] == name) add_maker(&b, MX_BINDS_OPERATOR, s->operators[i], k);
    }
    return b;
}

/* The next node after `id` below `root` that is not below `id`. */
static mx_node_id next_beside(const mx_graph *g, mx_node_id root, mx_node_id id) {
    while (id != root && mx_node_at(g, id)->next_sibling == MX_NO_NODE)
        id = mx_node_at(g, id)->parent;
    return id == root ? MX_NO_NODE : mx_node_at(g, id)->next_sibling;
}

/* The next node after `id` below `root` that shares its names: functions have names of their own. `skip`: not below id.
 */
static mx_node_id next_in_names(const mx_graph *g, mx_node_id root, mx_node_id id, bool skip) {
    id = skip ? next_beside(g, root, id) : mx_node_next_below(g, root, id);
    while (id != MX_NO_NODE && mx_node_at(g, id)->kind == MX_NODE_FUNCTION)
        id = next_beside(g, root, id);
    return id;
}

static bool node_uses_name(const mx_graph *g, const mx_node *n, mx_sid name) {
    if (n->kind >= MX_NODE_INPUT && n->name == name) return true;
    for (uint32_t k = 0; k < n->n_inputs; k++)
        if (n->inputs[k].name == name) return true;
    for (uint32_t k = 0; k < n->n_outputs; k++)
        if (n->outputs[k] == name) return true;
    return mx_is_scope(n) && mx_scope_has_initializer(g, &g->scopes[n->data], name);
}

bool mx_value_name_used(const mx_graph *g, mx_node_id scope, mx_sid name) {
    for (mx_node_id outer = scope; outer != MX_NO_NODE; outer = mx_outer_scope(g, outer))
        scope = outer;
    for (mx_node_id id = scope; id != MX_NO_NODE; id = next_in_names(g, scope, id, false))
        if (node_uses_name(g, mx_node_at(g, id), name)) return true;
    return false;
}

static void rename_in_scope_data(mx_graph *g, mx_scope_data *s, mx_sid old, mx_sid name) {
    for (size_t i = 0; i < s->n_initializers; i++) {
        mx_tensor *t = &g->tensors[s->initializers[i]];
        if (t->name == old) t->name = name;
    }
    for (size_t i = 0; i < s->n_sparse; i++)
        if (sparse_name(g, s->sparse_initializers[i]) == old)
            g->tensors[g->sparses[s->sparse_initializers[i]].values].name = name;
    for (size_t i = 0; i < s->n_value_infos; i++)
        if (s->value_infos[i].name == old) s->value_infos[i].name = name;
}

static void rename_in_node(mx_node *n, mx_sid old, mx_sid name, bool made_here) {
    for (uint32_t k = 0; k < n->n_inputs; k++)
        if (n->inputs[k].name == old) n->inputs[k].name = name;
    if (n->kind == MX_NODE_OUTPUT && n->name == old) n->name = name;
    if (!made_here) return;
    for (uint32_t k = 0; k < n->n_outputs; k++)
        if (n->outputs[k] == old) n->outputs[k] = name;
    if (n->kind == MX_NODE_INPUT && n->name == old) n->name = name;
}

/* A body that gives the name a meaning of its own keeps it. */
static bool hides(const mx_graph *g, mx_node_id scope, mx_node_id id, mx_sid name) {
    return id != scope && mx_node_at(g, id)->kind == MX_NODE_BODY && mx_scope_binding(g, id, name).kind;
}

void mx_rename_value(mx_graph *g, mx_node_id scope, mx_sid old, mx_sid name) {
    rename_in_scope_data(g, &g->scopes[mx_node_at(g, scope)->data], old, name);
    for (mx_node_id id = scope; id != MX_NO_NODE;) {
        bool skip = hides(g, scope, id, old);
        mx_node *n = mx_node_at(g, id);
        if (!skip && !mx_is_scope(n)) rename_in_node(n, old, name, n->scope == scope);
        id = next_in_names(g, scope, id, skip);
    }
}

void mx_drop_value_infos(mx_scope_data *s, const bool *gone) {
    size_t kept = 0;
    for (size_t i = 0; i < s->n_value_infos; i++)
        if (!gone[s->value_infos[i].name]) s->value_infos[kept++] = s->value_infos[i];
    s->n_value_infos = kept;
}

void mx_retire_tensor(mx_graph *g, uint32_t tensor) {
    mx_tensor *t = &g->tensors[tensor];
    t->data = (mx_blob){.source = MX_NO_INDEX, .check = MX_NO_INDEX};
    t->external_file = MX_NO_INDEX;
    t->field = MX_TENSOR_NO_DATA;
}

void mx_retire_sparse(mx_graph *g, uint32_t sparse) {
    const mx_sparse *s = &g->sparses[sparse];
    if (s->values != MX_NO_INDEX) mx_retire_tensor(g, s->values);
    if (s->indices != MX_NO_INDEX) mx_retire_tensor(g, s->indices);
}
