/* Values: their types, and which of them only carry sizes, masks and the like. */
#include "picture/scene_internal.h"

/* ---- types ---- */

static mx_status number_ports(mx_scene *s, mx_error *err) {
    const mx_graph *g = s->graph;
    uint64_t ports = 0, values = 0;
    s->port_start = mx_scene_array(s, g->n_nodes + 1, sizeof(uint32_t));
    s->value_start = mx_scene_array(s, g->n_nodes + 1, sizeof(uint32_t));
    if (!s->port_start || !s->value_start) return mx_nomem(err);
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        s->port_start[id] = (uint32_t)ports;
        s->value_start[id] = (uint32_t)values;
        if (n->kind == MX_NODE_OPERATOR) ports += n->n_outputs;
        if (n->kind == MX_NODE_OPERATOR || n->kind == MX_NODE_INPUT) values += n->n_outputs;
        if (values >= UINT32_MAX) return mx_fail(err, MX_ERR_LIMIT, "the model has more than %u values", UINT32_MAX);
    }
    s->port_start[g->n_nodes] = (uint32_t)ports;
    s->value_start[g->n_nodes] = s->n_values = (uint32_t)values;
    s->port_type = mx_scene_array(s, ports, sizeof(uint32_t));
    s->values = mx_scene_array(s, values, sizeof *s->values);
    if (!s->port_type || !s->values) return mx_nomem(err);
    memset(s->port_type, 0xff, ports * sizeof(uint32_t));
    return MX_OK;
}

/* types: by string id, index + 1; filled and emptied scope by scope. */
static void types_by_name(mx_scene *s, const mx_scope_data *scope, uint32_t *types) {
    const mx_graph *g = s->graph;
    for (size_t i = scope->n_value_infos; i-- > 0;) /* the first of a name counts */
        if (scope->value_infos[i].name > MX_SID_EMPTY)
            types[scope->value_infos[i].name] = scope->value_infos[i].type + 1;
    for (size_t i = 0; i < scope->n_operators; i++) {
        const mx_node *n = mx_node_at(g, scope->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++)
            s->port_type[s->port_start[scope->operators[i]] + k] = types[n->outputs[k]] - 1;
    }
    for (size_t i = 0; i < scope->n_value_infos; i++)
        types[scope->value_infos[i].name] = 0;
}

/* A value that is a formal output has its type there. */
static void types_of_outputs(mx_scene *s, const mx_scope_data *scope) {
    const mx_graph *g = s->graph;
    for (size_t i = 0; i < scope->n_outputs; i++) {
        const mx_node *n = mx_node_at(g, scope->outputs[i]);
        if (!n->n_inputs || n->inputs[0].source == MX_NO_NODE) continue;
        const mx_port *port = &n->inputs[0];
        const mx_node *source = mx_node_at(g, port->source);
        if (source->kind != MX_NODE_OPERATOR || port->source_port >= source->n_outputs) continue;
        uint32_t *type = &s->port_type[s->port_start[port->source] + port->source_port];
        if (*type == MX_NO_INDEX) *type = n->data;
    }
}

static void types_inferred(mx_scene *s, const mx_types *types) {
    for (mx_node_id id = 0; id < s->graph->n_nodes; id++)
        for (uint32_t i = s->port_start[id]; i < s->port_start[id + 1]; i++) {
            uint32_t type = mx_types_of(types, id, i - s->port_start[id]);
            if (type != MX_NO_INDEX) s->port_type[i] = type;
        }
}

mx_status mx_scene_types(mx_scene *s, mx_error *err) {
    const mx_graph *g = s->graph;
    MX_TRY(number_ports(s, err));
    uint32_t *types = mx_alloc_zero(g->allocator, g->strings.count, sizeof *types);
    if (!types) return mx_nomem(err);
    for (size_t i = 0; i < g->n_scopes; i++) {
        types_by_name(s, &g->scopes[i], types);
        types_of_outputs(s, &g->scopes[i]);
    }
    mx_free(g->allocator, types, g->strings.count * sizeof *types);
    if (s->options.types) types_inferred(s, s->options.types);
    return MX_OK;
}

/* ---- quiet values ---- */

enum { UNKNOWN = 0, LOUD, QUIET };

/* TensorProto.DataType */
static bool counts_things(int32_t elem) {
    return elem == 6 || elem == 7 || elem == 9 || elem == 12 || elem == 13; /* int32, int64, bool, uint32, uint64 */
}

/* Whole numbers of at most one dimension are sizes, axes, indices; truth values are masks; the rest is data. */
static int by_type(const mx_graph *g, uint32_t type) {
    if (type == MX_NO_INDEX) return UNKNOWN;
    const mx_type *t = &g->types[type];
    if (t->kind != MX_TYPE_TENSOR || !t->has_elem) return UNKNOWN;
    if (t->elem == 9) return QUIET;
    if (!counts_things(t->elem)) return t->has_shape && t->n_dims == 0 ? UNKNOWN : LOUD;
    return t->has_shape && t->n_dims <= 1 ? QUIET : UNKNOWN;
}

/* An operator that looks at the shape of its input, or needs none. */
static bool measures(mx_str op) {
    static const char *const names[] = {"Shape", "Size", "Constant", "ConstantOfShape", "Range", "NonZero", "EyeLike"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mx_str_is(op, names[i])) return true;
    return false;
}

static bool takes_quiet_only(const mx_scene *s, const mx_node *n) {
    bool any = false;
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        const mx_port *port = &n->inputs[i];
        if (port->source == MX_NO_NODE) continue;
        if (port->source_port >= mx_node_at(s->graph, port->source)->n_outputs) return false;
        if (!s->values[s->value_start[port->source] + port->source_port].quiet) return false;
        any = true;
    }
    return any;
}

static void judge(mx_scene *s, mx_node_id id) {
    const mx_graph *g = s->graph;
    const mx_node *n = mx_node_at(g, id);
    bool follows = n->kind == MX_NODE_OPERATOR && (measures(mx_text(g, n->op_type)) || takes_quiet_only(s, n));
    for (uint32_t k = 0; k < n->n_outputs; k++) {
        mx_scene_value *v = &s->values[s->value_start[id] + k];
        int known = by_type(g, mx_scene_type(s, id, k));
        *v = (mx_scene_value){id, k, n->kind == MX_NODE_OPERATOR && (known == QUIET || (known == UNKNOWN && follows))};
        if (n->kind == MX_NODE_OPERATOR && measures(mx_text(g, n->op_type))) v->quiet = true;
    }
}

mx_status mx_scene_values(mx_scene *s, mx_error *err) {
    const mx_graph *g = s->graph;
    (void)err;
    for (size_t i = 0; i < g->n_scopes; i++) {
        const mx_scope_data *scope = &g->scopes[i];
        for (size_t k = 0; k < scope->n_inputs; k++)
            judge(s, scope->inputs[k]);
        for (size_t k = 0; k < scope->n_operators; k++)
            judge(s, scope->operators[k]);
    }
    return MX_OK;
}
