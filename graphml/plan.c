#include "graphml/plan.h"

#include <stdlib.h>

/* The walk that gives numbers. `visible` counts, by string id, the initializers of that name in the scopes
 * around. */
typedef struct walk {
    mx_plan *plan;
    uint32_t *visible;
    mx_error *err;
} walk;

/* ---- numbers ---- */

static void give_number(mx_plan *p, mx_node_id id) {
    const mx_node *n = mx_node_at(p->g, id);
    p->index[id] = p->numbered;
    p->order[p->numbered++] = id;
    if (n->kind <= MX_NODE_MODULE || (n->kind == MX_NODE_OPERATOR && n->first_child != MX_NO_NODE))
        p->key[id] = p->keyed++;
}

/* Number a node, after those of its ancestors that have no number yet: modules, when first entered. `next`
 * holds the way down, it gets its real content later. */
static void enter(mx_plan *p, mx_node_id id) {
    mx_node_id top = id, below = MX_NO_NODE;
    if (p->index[id] != MX_NO_INDEX) return;
    for (;;) {
        mx_node_id parent = mx_node_at(p->g, top)->parent;
        p->next[top] = below;
        if (parent == MX_NO_NODE || p->index[parent] != MX_NO_INDEX) break;
        below = top;
        top = parent;
    }
    for (; top != MX_NO_NODE; top = p->next[top])
        give_number(p, top);
}

/* ---- faults ---- */

mx_status mx_plan_add_fault(mx_plan *plan, mx_node_id node, mx_fault_kind kind, uint32_t port,
                            mx_error *err) {
    if (!mx_grow(plan->g->allocator, (void **)&plan->faults, &plan->cap_faults, plan->n_faults,
                 sizeof *plan->faults))
        return mx_nomem(err);
    plan->faults[plan->n_faults++] = (mx_fault){node, kind, port};
    return MX_OK;
}

static int compare_faults(const void *a, const void *b) {
    const mx_fault *x = a, *y = b;
    if (x->node != y->node) return x->node < y->node ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return x->port < y->port ? -1 : x->port > y->port;
}

const mx_fault *mx_plan_faults(const mx_plan *plan, mx_node_id node, size_t *n) {
    size_t low = 0, high = plan->n_faults;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (plan->faults[middle].node < node)
            low = middle + 1;
        else
            high = middle;
    }
    *n = 0;
    while (low + *n < plan->n_faults && plan->faults[low + *n].node == node)
        ++*n;
    return *n ? &plan->faults[low] : NULL;
}

static mx_status check_ports(walk *w, mx_node_id id) {
    const mx_node *n = mx_node_at(w->plan->g, id);
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        const mx_port *port = &n->inputs[i];
        bool names_nothing = port->name == MX_SID_ABSENT || port->name == MX_SID_EMPTY;
        if (port->source != MX_NO_NODE || names_nothing || w->visible[port->name]) continue;
        MX_TRY(mx_plan_add_fault(w->plan, id, MX_FAULT_UNRESOLVED, i, w->err));
    }
    return MX_OK;
}

/* Initializers of a scope come into sight (+1) or go out of it (-1). */
static void show_initializers(walk *w, const mx_scope_data *s, uint32_t step) {
    const mx_graph *g = w->plan->g;
    for (size_t i = 0; i < s->n_initializers; i++)
        w->visible[g->tensors[s->initializers[i]].name] += step;
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t values = g->sparses[s->sparse_initializers[i]].values;
        if (values != MX_NO_INDEX) w->visible[g->tensors[values].name] += step;
    }
}

/* ---- the walk ---- */

static mx_status walk_scope(walk *w, mx_node_id scope, uint32_t depth) {
    const mx_graph *g = w->plan->g;
    const mx_scope_data *s = &g->scopes[mx_node_at(g, scope)->data];
    if (depth > g->limits.body_depth + 1)
        return mx_fail(w->err, MX_ERR_LIMIT, "graphs are nested deeper than %u", g->limits.body_depth);
    enter(w->plan, scope);
    show_initializers(w, s, 1);
    for (size_t i = 0; i < s->n_inputs; i++)
        enter(w->plan, s->inputs[i]);
    for (size_t i = 0; i < s->n_operators; i++) {
        mx_node_id id = s->operators[i], child;
        enter(w->plan, id);
        MX_TRY(check_ports(w, id));
        for (child = mx_node_at(g, id)->first_child; child != MX_NO_NODE;
             child = mx_node_at(g, child)->next_sibling)
            MX_TRY(walk_scope(w, child, depth + 1));
    }
    for (size_t i = 0; i < s->n_outputs; i++) {
        enter(w->plan, s->outputs[i]);
        MX_TRY(check_ports(w, s->outputs[i]));
    }
    show_initializers(w, s, UINT32_MAX);
    return MX_OK;
}

static mx_status walk_all(walk *w) {
    const mx_graph *g = w->plan->g;
    MX_TRY(walk_scope(w, 0, 0));
    for (mx_node_id id = mx_node_at(g, 0)->first_child; id != MX_NO_NODE;
         id = mx_node_at(g, id)->next_sibling)
        if (mx_node_at(g, id)->kind == MX_NODE_FUNCTION) MX_TRY(walk_scope(w, id, 0));
    /* Modules without operators. */
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        enter(w->plan, id);
    return MX_OK;
}

static mx_status number_nodes(mx_plan *p, mx_error *err) {
    walk w = {p, NULL, err};
    w.visible = mx_alloc_zero(p->g->allocator, p->g->strings.count, sizeof *w.visible);
    if (!w.visible) return mx_nomem(err);
    mx_status status = walk_all(&w);
    mx_free(p->g->allocator, w.visible, p->g->strings.count * sizeof *w.visible);
    return status;
}

/* Children lists by node_index. */
static void link_children(mx_plan *p) {
    for (size_t i = 0; i < p->g->n_nodes; i++)
        p->first[i] = MX_NO_NODE;
    for (uint32_t i = p->numbered; i-- > 0;) {
        mx_node_id id = p->order[i], parent = mx_node_at(p->g, id)->parent;
        p->next[id] = MX_NO_NODE;
        if (parent == MX_NO_NODE) continue;
        p->next[id] = p->first[parent];
        p->first[parent] = id;
    }
}

static uint32_t *node_array(const mx_graph *g) {
    return mx_alloc(g->allocator, g->n_nodes * sizeof(uint32_t));
}

mx_status mx_plan_make(const mx_graph *g, mx_plan *p, mx_error *err) {
    *p = (mx_plan){.g = g};
    p->index = node_array(g);
    p->order = node_array(g);
    p->key = node_array(g);
    p->first = node_array(g);
    p->next = node_array(g);
    if (!p->index || !p->order || !p->key || !p->first || !p->next) return mx_nomem(err);
    memset(p->index, 0xff, g->n_nodes * sizeof *p->index);
    memset(p->key, 0xff, g->n_nodes * sizeof *p->key);
    MX_TRY(number_nodes(p, err));
    link_children(p);
    MX_TRY(mx_plan_values(p, err));
    if (p->n_faults) qsort(p->faults, p->n_faults, sizeof *p->faults, compare_faults);
    return MX_OK;
}

void mx_plan_free(mx_plan *p) {
    if (!p->g) return;
    const mx_allocator *a = p->g->allocator;
    size_t nodes = p->g->n_nodes, scopes = p->g->n_scopes;
    size_t ports = p->port_start ? p->port_start[nodes] : 0,
           infos = p->info_start ? p->info_start[scopes] : 0;
    mx_free(a, p->index, nodes * sizeof *p->index);
    mx_free(a, p->order, nodes * sizeof *p->order);
    mx_free(a, p->key, nodes * sizeof *p->key);
    mx_free(a, p->first, nodes * sizeof *p->first);
    mx_free(a, p->next, nodes * sizeof *p->next);
    mx_free(a, p->port_info, (ports + 1) * sizeof *p->port_info);
    mx_free(a, p->port_start, (nodes + 1) * sizeof *p->port_start);
    mx_free(a, p->info_held, infos + 1);
    mx_free(a, p->info_start, (scopes + 1) * sizeof *p->info_start);
    mx_free(a, p->faults, p->cap_faults * sizeof *p->faults);
    *p = (mx_plan){0};
}
