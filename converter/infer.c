#include "converter/infer_internal.h"

/* ---- the result ---- */

uint32_t mx_types_of(const mx_types *types, mx_node_id node, uint32_t port) {
    if (!types->first || node >= types->n_nodes) return MX_NO_INDEX;
    if (port >= types->first[node + 1] - types->first[node]) return MX_NO_INDEX;
    return types->types[types->first[node] + port];
}

void mx_types_free(mx_types *types) {
    if (types->first) mx_free(types->allocator, types->first, (types->n_nodes + 1) * sizeof *types->first);
    if (types->types) mx_free(types->allocator, types->types, (types->n_ports + 1) * sizeof *types->types);
    *types = (mx_types){0};
}

size_t mx_infer_slot(const mx_infer *in, mx_node_id node, uint32_t port) {
    const uint32_t *first = in->types->first;
    return port < first[node + 1] - first[node] ? first[node] + port : SIZE_MAX;
}

static uint32_t port_count(const mx_node *n) {
    if (n->flags & MX_FLAG_REMOVED) return 0;
    if (n->kind == MX_NODE_OPERATOR) return n->n_outputs;
    return n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT ? 1 : 0;
}

mx_status mx_number_values(const mx_graph *g, uint32_t **first, size_t *count, mx_error *err) {
    uint64_t next = 0;
    *first = mx_alloc(g->allocator, (g->n_nodes + 1) * sizeof **first);
    if (!*first) return mx_nomem(err);
    for (mx_node_id id = 0; id < g->n_nodes && next < MX_NO_INDEX; id++) {
        (*first)[id] = (uint32_t)next;
        next += port_count(mx_node_at(g, id));
    }
    *count = (size_t)next;
    if (next < MX_NO_INDEX) {
        (*first)[g->n_nodes] = (uint32_t)next;
        return MX_OK;
    }
    mx_free(g->allocator, *first, (g->n_nodes + 1) * sizeof **first);
    *first = NULL;
    return mx_fail(err, MX_ERR_LIMIT, "more than %u output ports", MX_NO_INDEX - 1);
}

static mx_status types_begin(const mx_graph *g, mx_types *t, mx_error *err) {
    *t = (mx_types){.allocator = g->allocator, .n_nodes = g->n_nodes};
    MX_TRY(mx_number_values(g, &t->first, &t->n_ports, err));
    t->types = mx_alloc(g->allocator, (t->n_ports + 1) * sizeof *t->types);
    if (!t->types) return mx_nomem(err);
    for (size_t i = 0; i <= t->n_ports; i++)
        t->types[i] = MX_NO_INDEX;
    return MX_OK;
}

/* ---- names ---- */

static const mx_infer_name no_name = {MX_NO_NODE, MX_NO_INDEX, MX_NO_INDEX, MX_NO_INDEX, -1};

static bool names_value(mx_sid name) {
    return name != MX_SID_ABSENT && name != MX_SID_EMPTY;
}

/* The entry of a name in the scope that is being entered; NULL: no memory. Outer entries come back with unbind_to. */
static mx_infer_name *bind(mx_infer *in, mx_node_id scope, mx_sid name) {
    mx_infer_name *entry = &in->names[name];
    if (entry->scope == scope) return entry;
    if (!mx_grow(in->g->allocator, (void **)&in->log, &in->cap_log, in->n_log, sizeof *in->log)) {
        in->status = mx_nomem(in->err);
        return NULL;
    }
    in->log[in->n_log++] = (mx_infer_undo){name, *entry};
    entry->scope = scope;
    entry->declared = MX_NO_INDEX;
    return entry;
}

static void unbind_to(mx_infer *in, size_t mark) {
    while (in->n_log > mark) {
        const mx_infer_undo *u = &in->log[--in->n_log];
        in->names[u->name] = u->old;
    }
}

static void bind_tensors(mx_infer *in, const mx_scope_data *s) {
    const mx_graph *g = in->g;
    for (size_t i = 0; i < s->n_initializers && in->status == MX_OK; i++) {
        mx_sid name = g->tensors[s->initializers[i]].name;
        mx_infer_name *entry = names_value(name) ? bind(in, s->node, name) : NULL;
        if (!entry) continue;
        entry->tensor = s->initializers[i];
        entry->sparse = MX_NO_INDEX;
    }
    for (size_t i = 0; i < s->n_sparse && in->status == MX_OK; i++) {
        uint32_t values = g->sparses[s->sparse_initializers[i]].values;
        mx_sid name = values == MX_NO_INDEX ? MX_SID_ABSENT : g->tensors[values].name;
        mx_infer_name *entry = names_value(name) ? bind(in, s->node, name) : NULL;
        if (!entry) continue;
        entry->sparse = s->sparse_initializers[i];
        entry->tensor = MX_NO_INDEX;
    }
}

static void declare(mx_infer *in, mx_node_id scope, mx_sid name, uint32_t type) {
    if (!names_value(name) || type == MX_NO_INDEX || in->status != MX_OK) return;
    mx_infer_name *entry = bind(in, scope, name);
    if (entry) entry->declared = mx_infer_merge(in, entry->declared, type);
}

static void bind_declared(mx_infer *in, const mx_scope_data *s) {
    for (size_t i = 0; i < s->n_value_infos; i++)
        declare(in, s->node, s->value_infos[i].name, s->value_infos[i].type);
    for (size_t i = 0; i < s->n_outputs; i++) {
        const mx_node *n = mx_node_at(in->g, s->outputs[i]);
        declare(in, s->node, n->inputs[0].name, n->data);
    }
}

static mx_sid domain_key(const mx_graph *g, mx_sid domain) {
    return domain == MX_SID_ABSENT || mx_str_is(mx_text(g, domain), "ai.onnx") ? MX_SID_EMPTY : domain;
}

static void bind_opsets(mx_infer *in, const mx_scope_data *s) {
    for (uint32_t i = 0; i < s->n_opsets && in->status == MX_OK; i++) {
        const mx_opset *o = &s->opsets[i];
        mx_infer_name *entry = o->opaque ? NULL : bind(in, s->node, domain_key(in->g, o->domain));
        if (entry) entry->version = o->has_version ? o->version : 0;
    }
}

/* ---- values ---- */

static uint32_t stored_type(mx_infer *in, mx_sid name) {
    const mx_infer_name *entry = &in->names[name];
    uint32_t type = MX_NO_INDEX;
    if (!names_value(name) || in->status != MX_OK) return MX_NO_INDEX;
    if (entry->tensor != MX_NO_INDEX) in->status = mx_infer_tensor_type(in->g, entry->tensor, &type, in->err);
    if (entry->sparse == MX_NO_INDEX) return type;
    const mx_sparse *s = &in->g->sparses[entry->sparse];
    mx_type sparse = {.kind = MX_TYPE_SPARSE, .has_shape = true, .child = MX_NO_INDEX, .n_dims = s->n_dims};
    sparse.elem = s->values == MX_NO_INDEX ? 0 : in->g->tensors[s->values].data_type;
    sparse.has_elem = sparse.elem != 0;
    if (sparse.n_dims > MX_INFER_RANK) return MX_NO_INDEX;
    mx_dim dims[MX_INFER_RANK];
    for (uint32_t i = 0; i < sparse.n_dims; i++)
        dims[i] = mx_dim_of(s->dims[i]);
    sparse.dims = dims;
    in->status = mx_graph_add_type(in->g, &sparse, &type, in->err);
    return type;
}

uint32_t mx_infer_port_type(mx_infer *in, const mx_port *port) {
    if (port->source == MX_NO_NODE) return stored_type(in, port->name);
    size_t slot = mx_infer_slot(in, port->source, port->source_port);
    return slot == SIZE_MAX ? MX_NO_INDEX : in->types->types[slot];
}

const mx_contents *mx_infer_port_contents(mx_infer *in, const mx_port *port) {
    bool made = port->source != MX_NO_NODE;
    size_t slot = made ? mx_infer_slot(in, port->source, port->source_port) : SIZE_MAX;
    if (slot != SIZE_MAX && in->port_contents[slot]) return in->port_contents[slot];
    /* a formal input can have an initializer as its default */
    if (made && mx_node_at(in->g, port->source)->kind != MX_NODE_INPUT) return NULL;
    if (!names_value(port->name) || in->names[port->name].tensor == MX_NO_INDEX) return NULL;
    return mx_infer_tensor_contents(in, in->names[port->name].tensor);
}

/* ---- the walk ---- */

/* Bodies of operators whose meaning is not known. */
static void infer_bodies(mx_op *op) {
    for (mx_node_id id = op->node->first_child; id != MX_NO_NODE; id = mx_node_at(op->g, id)->next_sibling)
        if (mx_node_at(op->g, id)->kind == MX_NODE_BODY) mx_infer_scope(op->in, id, NULL, NULL, 0);
}

static void declare_outputs(mx_infer *in, mx_node_id id, const mx_node *n) {
    for (uint32_t k = 0; k < n->n_outputs; k++) {
        size_t slot = mx_infer_slot(in, id, k);
        const mx_infer_name *entry = &in->names[n->outputs[k]];
        bool known = names_value(n->outputs[k]) && entry->scope == n->scope;
        in->types->types[slot] = known ? entry->declared : MX_NO_INDEX;
        in->port_contents[slot] = NULL;
    }
}

static void infer_operator(mx_infer *in, mx_node_id id) {
    const mx_node *n = mx_node_at(in->g, id);
    mx_op op = {.in = in, .g = in->g, .id = id, .node = n};
    mx_sid domain = domain_key(in->g, n->domain);
    declare_outputs(in, id, n);
    if (in->repeats > 0) {
        if (in->repeat_budget == 0) return;
        in->repeat_budget--;
    }
    if (mx_infer_call(&op)) return;
    op.version = in->names[domain].version;
    op.rule = mx_infer_find_rule(mx_text(in->g, domain), mx_text(in->g, n->op_type), op.version);
    if (op.rule) {
        if (op.rule->shape) op.rule->shape(&op);
        mx_op_out_elements(&op);
    }
    if (!op.bodies_done) infer_bodies(&op);
}

static void infer_inputs(mx_infer *in, const mx_scope_data *s, const uint32_t *inputs,
                         const mx_contents *const *contents, size_t n_inputs) {
    for (size_t i = 0; i < s->n_inputs; i++) {
        const mx_node *n = mx_node_at(in->g, s->inputs[i]);
        size_t slot = mx_infer_slot(in, s->inputs[i], 0);
        uint32_t type = n->data;
        if (inputs && i < n_inputs) type = mx_infer_merge(in, type, inputs[i]);
        const mx_infer_name *entry = &in->names[n->name];
        if (names_value(n->name) && entry->scope == s->node) {
            type = mx_infer_merge(in, type, entry->declared);
            if (entry->tensor != MX_NO_INDEX) type = mx_infer_merge(in, type, stored_type(in, n->name));
        }
        in->types->types[slot] = type;
        in->port_contents[slot] = contents && i < n_inputs ? contents[i] : NULL;
    }
}

static void infer_outputs(mx_infer *in, const mx_scope_data *s) {
    for (size_t i = 0; i < s->n_outputs; i++) {
        const mx_node *n = mx_node_at(in->g, s->outputs[i]);
        size_t slot = mx_infer_slot(in, s->outputs[i], 0);
        in->types->types[slot] = mx_infer_merge(in, n->data, mx_infer_port_type(in, &n->inputs[0]));
        in->port_contents[slot] = mx_infer_port_contents(in, &n->inputs[0]);
    }
}

/* Looking at something again costs what it has besides its operators. */
static void charge_repeat(mx_infer *in, const mx_scope_data *s) {
    uint64_t cost = (uint64_t)s->n_inputs + s->n_outputs + s->n_initializers + s->n_sparse + s->n_value_infos;
    if (in->repeats > 0) in->repeat_budget -= cost < in->repeat_budget ? cost : in->repeat_budget;
}

/* A scope that is too deep. What an earlier look at it found does not count now. */
static void leave_out(mx_infer *in, const mx_scope_data *s) {
    for (size_t i = 0; i < s->n_outputs; i++)
        in->types->types[mx_infer_slot(in, s->outputs[i], 0)] = MX_NO_INDEX;
    if (in->repeats > 0) in->repeat_budget = 0;
}

void mx_infer_scope(mx_infer *in, mx_node_id scope, const uint32_t *inputs, const mx_contents *const *contents,
                    size_t n_inputs) {
    const mx_scope_data *s = &in->g->scopes[mx_node_at(in->g, scope)->data];
    size_t mark = in->n_log;
    if (in->status != MX_OK) return;
    if (in->depth >= MX_INFER_DEPTH) {
        leave_out(in, s);
        return;
    }
    in->depth++;
    charge_repeat(in, s);
    bind_tensors(in, s);
    bind_declared(in, s);
    bind_opsets(in, s);
    infer_inputs(in, s, inputs, contents, n_inputs);
    for (size_t i = 0; i < s->n_operators && in->status == MX_OK; i++)
        infer_operator(in, s->operators[i]);
    infer_outputs(in, s);
    unbind_to(in, mark);
    in->depth--;
}

uint32_t mx_infer_scope_output(mx_infer *in, mx_node_id scope, size_t output) {
    const mx_scope_data *s = &in->g->scopes[mx_node_at(in->g, scope)->data];
    return output < s->n_outputs ? in->types->types[mx_infer_slot(in, s->outputs[output], 0)] : MX_NO_INDEX;
}

/* ---- all of it ---- */

static void *table(mx_infer *in, size_t count, size_t size) {
    void *p = in->status == MX_OK ? mx_alloc_zero(in->g->allocator, count + 1, size) : NULL;
    if (!p && in->status == MX_OK) in->status = mx_nomem(in->err);
    return p;
}

static void begin(mx_infer *in) {
    in->n_names = in->g->strings.count;
    in->n_tensors = in->g->n_tensors;
    in->contents_budget = (uint64_t)256 * in->g->n_nodes + ((uint64_t)1 << 20);
    in->repeat_budget = in->loop_budget = (uint64_t)16 * in->g->n_nodes + 4096;
    mx_arena_init(&in->arena, in->g->allocator);
    in->port_contents = table(in, in->types->n_ports, sizeof *in->port_contents);
    in->tensor_contents = table(in, in->n_tensors, sizeof *in->tensor_contents);
    in->names = table(in, in->n_names, sizeof *in->names);
    for (size_t i = 0; in->names && i < in->n_names; i++)
        in->names[i] = no_name;
    mx_infer_functions_begin(in);
    mx_infer_measure_scopes(in);
}

static void end(mx_infer *in) {
    const mx_allocator *a = in->g->allocator;
    mx_free(a, in->scope_sizes, in->g->n_scopes * sizeof *in->scope_sizes);
    mx_infer_functions_free(in);
    if (in->port_contents) mx_free(a, in->port_contents, (in->types->n_ports + 1) * sizeof *in->port_contents);
    if (in->tensor_contents) mx_free(a, in->tensor_contents, (in->n_tensors + 1) * sizeof *in->tensor_contents);
    if (in->names) mx_free(a, in->names, (in->n_names + 1) * sizeof *in->names);
    if (in->log) mx_free(a, in->log, in->cap_log * sizeof *in->log);
    mx_arena_free(&in->arena);
}

mx_status mx_infer_types(mx_graph *g, mx_types *out, mx_error *err) {
    mx_infer in = {.g = g, .err = err, .types = out};
    in.status = types_begin(g, out, err);
    if (in.status == MX_OK) {
        begin(&in);
        mx_infer_scope(&in, 0, NULL, NULL, 0);
        mx_infer_functions_finish(&in);
        end(&in);
    }
    if (in.status != MX_OK) mx_types_free(out);
    return in.status;
}
