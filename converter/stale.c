#include "converter/stale.h"

#include "converter/infer.h"

#define ROUNDS 70 /* functions in bodies in functions: beyond so many everything counts as reached */
#define EDITS  (MX_FLAG_NEW | MX_FLAG_CHANGED | MX_FLAG_EDITED)

enum {                       /* stale.names */
       FUNCTION_REACHED = 1, /* something in it */
       CALL_REACHED = 2
};

/* What was declared of a value until now. */
typedef struct doubt {
    mx_node_id node; /* that makes the value, or the output that takes it */
    uint32_t port, type;
    size_t scope, info; /* SIZE_MAX: an output's */
} doubt;

typedef struct stale {
    mx_graph *g;
    uint8_t *reached; /* by node: its values are */
    uint8_t *names;   /* by string: what happens to functions of this name */
    uint32_t *maker;  /* by string: the operator of the scope at hand that makes it, + 1 */
    doubt *doubts;
    size_t n_doubts, cap_doubts;
    mx_stale_fn each;
    void *ctx;
    uint64_t count;
    mx_error *err;
} stale;

/* ---- what an edit reaches ---- */

static bool takes_reached(const stale *s, const mx_node *n, bool tensors_edited) {
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        const mx_port *p = &n->inputs[k];
        if (p->source != MX_NO_NODE && s->reached[p->source]) return true;
        if (p->source == MX_NO_NODE && tensors_edited && p->name > MX_SID_EMPTY) return true;
    }
    return false;
}

/* A formal input follows the operator that has the body or calls the function. */
static bool input_reached(const stale *s, const mx_node *n) {
    const mx_node *scope = mx_node_at(s->g, n->scope);
    if (scope->kind == MX_NODE_BODY) return s->reached[scope->parent];
    return scope->kind == MX_NODE_FUNCTION && s->names[scope->name] & CALL_REACHED;
}

static bool note_name(stale *s, mx_sid name, uint8_t bit) {
    bool fresh = !(s->names[name] & bit);
    s->names[name] |= bit;
    return fresh;
}

/* An operator follows what is reached in its bodies, and in the function that it calls: true if that was not known yet.
 */
static bool reach_outwards(stale *s, const mx_node *n) {
    const mx_graph *g = s->g;
    bool again = false;
    mx_node_id scope = n->scope;
    while (mx_node_at(g, scope)->kind == MX_NODE_BODY) {
        mx_node_id owner = mx_node_at(g, scope)->parent;
        again |= !s->reached[owner];
        s->reached[owner] = 1;
        scope = mx_node_at(g, owner)->scope;
    }
    const mx_node *outer = mx_node_at(g, scope);
    return (outer->kind == MX_NODE_FUNCTION && note_name(s, outer->name, FUNCTION_REACHED)) || again;
}

static bool reach(stale *s, mx_node_id id) {
    const mx_graph *g = s->g;
    const mx_node *n = mx_node_at(g, id);
    bool now = n->flags & EDITS;
    if (n->kind == MX_NODE_INPUT) now |= input_reached(s, n);
    if (n->kind == MX_NODE_OPERATOR) now |= s->names[n->op_type] & FUNCTION_REACHED;
    if (n->kind != MX_NODE_INPUT) now |= takes_reached(s, n, mx_node_at(g, n->scope)->flags & MX_FLAG_EDITED);
    if (!now || s->reached[id]) return false;
    s->reached[id] = 1;
    bool again = n->kind == MX_NODE_OPERATOR && note_name(s, n->op_type, CALL_REACHED);
    return reach_outwards(s, n) || again;
}

/* In the order of the operators one round is enough, but for what comes out of bodies and functions. */
static bool reach_scope(stale *s, const mx_scope_data *scope) {
    bool again = false;
    for (size_t i = 0; i < scope->n_inputs; i++)
        again |= reach(s, scope->inputs[i]);
    for (size_t i = 0; i < scope->n_operators; i++)
        again |= reach(s, scope->operators[i]);
    for (size_t i = 0; i < scope->n_outputs; i++)
        again |= reach(s, scope->outputs[i]);
    return again;
}

static bool is_edited(const mx_graph *g) {
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        if (mx_node_at(g, id)->flags & EDITS && !(mx_node_at(g, id)->flags & MX_FLAG_REMOVED)) return true;
    return false;
}

static void reach_all(stale *s) {
    const mx_graph *g = s->g;
    bool again = true;
    for (int round = 0; round < ROUNDS && again; round++) {
        again = false;
        for (size_t i = 0; i < g->n_scopes; i++)
            again |= reach_scope(s, &g->scopes[i]);
    }
    if (again) memset(s->reached, 1, g->n_nodes);
}

/* ---- what is declared of it ---- */

static mx_status add_doubt(stale *s, doubt d) {
    if (!mx_grow(s->g->allocator, (void **)&s->doubts, &s->cap_doubts, s->n_doubts, sizeof *s->doubts))
        return mx_nomem(s->err);
    s->doubts[s->n_doubts++] = d;
    return MX_OK;
}

static void note_makers(stale *s, const mx_scope_data *scope, bool there) {
    const mx_graph *g = s->g;
    for (size_t i = 0; i < scope->n_operators; i++) {
        const mx_node *n = mx_node_at(g, scope->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++)
            s->maker[n->outputs[k]] = there ? scope->operators[i] + 1 : 0;
    }
}

static uint32_t port_of(const mx_node *n, mx_sid name) {
    uint32_t port = 0;
    while (port < n->n_outputs && n->outputs[port] != name)
        port++;
    return port;
}

/* Take the types away, so that inference does not believe them. */
static mx_status doubt_scope(stale *s, size_t index) {
    mx_graph *g = s->g;
    mx_scope_data *scope = &g->scopes[index];
    note_makers(s, scope, true);
    mx_status status = MX_OK;
    for (size_t i = 0; i < scope->n_value_infos && status == MX_OK; i++) {
        mx_value_info *v = &scope->value_infos[i];
        uint32_t maker = s->maker[v->name];
        if (!maker || !s->reached[maker - 1] || v->name <= MX_SID_EMPTY || v->type == MX_NO_INDEX) continue;
        status = add_doubt(s, (doubt){maker - 1, port_of(mx_node_at(g, maker - 1), v->name), v->type, index, i});
        v->type = MX_NO_INDEX;
    }
    for (size_t i = 0; i < scope->n_outputs && status == MX_OK; i++) {
        mx_node *n = mx_node_at(g, scope->outputs[i]);
        if (!s->reached[scope->outputs[i]] || n->data == MX_NO_INDEX) continue;
        status = add_doubt(s, (doubt){scope->outputs[i], 0, n->data, index, SIZE_MAX});
        n->data = MX_NO_INDEX;
    }
    note_makers(s, scope, false);
    return status;
}

/* ---- what holds ---- */

static bool is_tensor(const mx_type *t) {
    return t->kind == MX_TYPE_TENSOR || t->kind == MX_TYPE_SPARSE;
}

static bool same_size(const mx_dim *a, const mx_dim *b) {
    if (a->kind != b->kind) return false;
    return a->kind == MX_DIM_VALUE ? a->value == b->value : a->kind == MX_DIM_NONE || a->param == b->param;
}

/* Everything that is declared is found as well. */
static bool confirmed(const mx_graph *g, uint32_t declared, uint32_t found) {
    if (declared == found) return true;
    if (found == MX_NO_INDEX) return false;
    const mx_type *d = &g->types[declared], *f = &g->types[found];
    if (d->kind != f->kind || !is_tensor(d)) return false;
    if (d->has_elem && (!f->has_elem || d->elem != f->elem)) return false;
    if (!d->has_shape) return true;
    if (!f->has_shape || d->n_dims != f->n_dims) return false;
    for (uint32_t i = 0; i < d->n_dims; i++)
        if (d->dims[i].kind != MX_DIM_NONE && !same_size(&d->dims[i], &f->dims[i])) return false;
    return true;
}

/* An output needs an element type, and a name for a dim says nothing that could be wrong. */
static mx_status settle_output(stale *s, const doubt *d, uint32_t found) {
    mx_graph *g = s->g;
    mx_node *n = mx_node_at(g, d->node);
    n->data = d->type;
    if (confirmed(g, d->type, found)) return MX_OK;
    mx_type was = g->types[d->type], now = found == MX_NO_INDEX ? was : g->types[found];
    if (!is_tensor(&now)) {
        n->data = found == MX_NO_INDEX ? d->type : found;
    } else {
        bool alike = was.kind == now.kind && was.has_shape && now.has_shape && was.n_dims == now.n_dims;
        now.has_shape &= found != MX_NO_INDEX;
        if (!now.has_shape) now.n_dims = 0;
        if (!now.has_elem && was.kind == now.kind) now.has_elem = was.has_elem, now.elem = was.elem;
        mx_dim *dims = NULL;
        MX_TRY(mx_graph_array(g, now.n_dims, sizeof *dims, &dims, s->err));
        for (uint32_t i = 0; i < now.n_dims; i++) {
            bool named = alike && now.dims[i].kind != MX_DIM_VALUE && was.dims[i].kind == MX_DIM_PARAM;
            dims[i] = named ? was.dims[i] : now.dims[i];
        }
        now.dims = dims;
        now.denotation = was.denotation;
        MX_TRY(mx_graph_add_type(g, &now, &n->data, s->err));
    }
    if (n->data == d->type) return MX_OK;
    s->count++;
    if (s->each) s->each(s->ctx, n->name, d->node, d->type, n->data);
    return MX_OK;
}

static mx_status settle(stale *s, const mx_types *types) {
    mx_graph *g = s->g;
    for (size_t i = 0; i < s->n_doubts; i++) {
        const doubt *d = &s->doubts[i];
        uint32_t found = mx_types_of(types, d->node, d->port);
        if (d->info == SIZE_MAX) {
            MX_TRY(settle_output(s, d, found));
            continue;
        }
        mx_value_info *v = &g->scopes[d->scope].value_infos[d->info];
        if (confirmed(g, d->type, found)) {
            v->type = d->type;
            continue;
        }
        s->count++;
        if (s->each) s->each(s->ctx, v->name, MX_NO_NODE, d->type, MX_NO_INDEX);
        v->name = MX_SID_ABSENT; /* it is swept below */
    }
    return MX_OK;
}

static void sweep(stale *s) {
    for (size_t i = 0, k = 0; i < s->n_doubts; i = k) {
        mx_scope_data *scope = &s->g->scopes[s->doubts[i].scope];
        size_t from = s->doubts[i].info, kept = from;
        for (k = i; k < s->n_doubts && s->doubts[k].scope == s->doubts[i].scope; k++) {
        }
        if (from == SIZE_MAX) continue;
        /* doubts of a scope are in the order of its entries, so only those in doubt have lost their name here */
        size_t next = i;
        for (size_t at = from; at < scope->n_value_infos; at++) {
            bool doubted = next < k && s->doubts[next].info == at;
            next += doubted;
            if (doubted && scope->value_infos[at].name == MX_SID_ABSENT) continue;
            scope->value_infos[kept++] = scope->value_infos[at];
        }
        scope->n_value_infos = kept;
    }
}

static mx_status run(stale *s) {
    mx_graph *g = s->g;
    mx_types types;
    reach_all(s);
    for (size_t i = 0; i < g->n_scopes; i++)
        MX_TRY(doubt_scope(s, i));
    if (!s->n_doubts) return MX_OK;
    MX_TRY(mx_infer_types(g, &types, s->err));
    mx_status status = settle(s, &types);
    mx_types_free(&types);
    if (status == MX_OK) sweep(s);
    return status;
}

mx_status mx_drop_stale_types(mx_graph *g, mx_stale_fn each, void *ctx, uint64_t *count, mx_error *err) {
    stale s = {.g = g, .each = each, .ctx = ctx, .err = err};
    size_t n_strings = g->strings.count;
    *count = 0;
    if (!is_edited(g)) return MX_OK;
    s.reached = mx_alloc_zero(g->allocator, g->n_nodes, 1);
    s.names = mx_alloc_zero(g->allocator, n_strings, 1);
    s.maker = mx_alloc_zero(g->allocator, n_strings, sizeof *s.maker);
    mx_status status = s.reached && s.names && s.maker ? run(&s) : mx_nomem(err);
    mx_free(g->allocator, s.reached, g->n_nodes);
    mx_free(g->allocator, s.names, n_strings);
    mx_free(g->allocator, s.maker, n_strings * sizeof *s.maker);
    mx_free(g->allocator, s.doubts, s.cap_doubts * sizeof *s.doubts);
    *count = s.count;
    return status;
}
