/* Which operator carries which value info, and values that are made twice: one table from names to
 * makers, filled and emptied scope by scope. */
#include "graphml/plan.h"

typedef struct maker {
    mx_node_id node; /* the first port of the scope that makes the value, MX_NO_NODE: none */
    uint32_t port;
    uint32_t count; /* how many ports make it */
} maker;

typedef struct table {
    mx_plan *plan;
    maker *makers;    /* by string id */
    uint8_t *weights; /* by string id: an initializer of the scope has this name */
    mx_error *err;
} table;

static bool names_value(mx_sid name) {
    return name != MX_SID_ABSENT && name != MX_SID_EMPTY;
}

static void add_maker(table *t, mx_sid name, mx_node_id node, uint32_t port) {
    maker *m = &t->makers[name];
    if (!names_value(name)) return;
    if (m->count++ > 0) return;
    m->node = node;
    m->port = port;
}

static void mark_initializers(table *t, const mx_scope_data *s, uint8_t mark) {
    const mx_graph *g = t->plan->g;
    for (size_t i = 0; i < s->n_initializers; i++)
        t->weights[g->tensors[s->initializers[i]].name] = mark;
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t values = g->sparses[s->sparse_initializers[i]].values;
        if (values != MX_NO_INDEX) t->weights[g->tensors[values].name] = mark;
    }
}

static void fill(table *t, const mx_scope_data *s) {
    const mx_graph *g = t->plan->g;
    for (size_t i = 0; i < s->n_inputs; i++)
        add_maker(t, mx_node_at(g, s->inputs[i])->name, s->inputs[i], 0);
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_node *n = mx_node_at(g, s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++)
            add_maker(t, n->outputs[k], s->operators[i], k);
    }
    mark_initializers(t, s, 1);
}

static void empty(table *t, const mx_scope_data *s) {
    const mx_graph *g = t->plan->g;
    for (size_t i = 0; i < s->n_inputs; i++)
        t->makers[mx_node_at(g, s->inputs[i])->name].count = 0;
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_node *n = mx_node_at(g, s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++)
            t->makers[n->outputs[k]].count = 0;
    }
    mark_initializers(t, s, 0);
}

/* An initializer gives an input its default, but beside an operator it is a second maker. */
static mx_status find_duplicates(table *t, const mx_scope_data *s) {
    const mx_graph *g = t->plan->g;
    for (size_t i = 0; i < s->n_inputs; i++) {
        mx_sid name = mx_node_at(g, s->inputs[i])->name;
        if (names_value(name) && t->makers[name].count > 1)
            MX_TRY(mx_plan_add_fault(t->plan, s->inputs[i], MX_FAULT_DUPLICATE, 0, t->err));
    }
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_node *n = mx_node_at(g, s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++) {
            mx_sid name = n->outputs[k];
            if (names_value(name) && (t->makers[name].count > 1 || t->weights[name]))
                MX_TRY(mx_plan_add_fault(t->plan, s->operators[i], MX_FAULT_DUPLICATE, k, t->err));
        }
    }
    return MX_OK;
}

static void place_infos(table *t, const mx_scope_data *s, size_t start) {
    mx_plan *p = t->plan;
    for (size_t i = 0; i < s->n_value_infos; i++) {
        const mx_value_info *v = &s->value_infos[i];
        const maker *m = &t->makers[v->name];
        if (!names_value(v->name) || m->count != 1) continue;
        if (mx_node_at(p->g, m->node)->kind != MX_NODE_OPERATOR) continue;
        uint32_t *slot = &p->port_info[p->port_start[m->node] + m->port];
        if (*slot != MX_NO_INDEX) continue;
        *slot = (uint32_t)i;
        p->info_held[start + i] = 1;
    }
}

static mx_status lay_out_ports(mx_plan *p, mx_error *err) {
    const mx_graph *g = p->g;
    uint64_t ports = 0;
    p->port_start = mx_alloc_zero(g->allocator, g->n_nodes + 1, sizeof *p->port_start);
    p->info_start = mx_alloc_zero(g->allocator, g->n_scopes + 1, sizeof *p->info_start);
    if (!p->port_start || !p->info_start) return mx_nomem(err);
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        p->port_start[id] = (uint32_t)ports;
        if (n->kind == MX_NODE_OPERATOR) ports += n->n_outputs;
        if (ports >= UINT32_MAX) {
            p->port_start[g->n_nodes] = 0;
            return mx_fail(err, MX_ERR_LIMIT, "the model has more than %u values", UINT32_MAX);
        }
    }
    p->port_start[g->n_nodes] = (uint32_t)ports;
    for (size_t i = 0; i < g->n_scopes; i++)
        p->info_start[i + 1] = p->info_start[i] + g->scopes[i].n_value_infos;
    p->port_info = mx_alloc(g->allocator, (ports + 1) * sizeof *p->port_info);
    p->info_held = mx_alloc_zero(g->allocator, p->info_start[g->n_scopes] + 1, 1);
    if (!p->port_info || !p->info_held) return mx_nomem(err);
    memset(p->port_info, 0xff, (ports + 1) * sizeof *p->port_info);
    return MX_OK;
}

static mx_status fill_scopes(table *t) {
    const mx_graph *g = t->plan->g;
    for (size_t i = 0; i < g->n_scopes; i++) {
        const mx_scope_data *s = &g->scopes[i];
        fill(t, s);
        MX_TRY(find_duplicates(t, s));
        place_infos(t, s, t->plan->info_start[i]);
        empty(t, s);
    }
    return MX_OK;
}

mx_status mx_plan_values(mx_plan *plan, mx_error *err) {
    const mx_allocator *a = plan->g->allocator;
    size_t strings = plan->g->strings.count;
    table t = {plan, NULL, NULL, err};
    MX_TRY(lay_out_ports(plan, err));
    t.makers = mx_alloc_zero(a, strings, sizeof *t.makers);
    t.weights = mx_alloc_zero(a, strings, 1);
    mx_status status = t.makers && t.weights ? fill_scopes(&t) : mx_nomem(err);
    mx_free(a, t.makers, strings * sizeof *t.makers);
    mx_free(a, t.weights, strings);
    return status;
}
