#include "converter/stale.h"

#include "converter/infer.h"
#include "converter/reach.h"

#define EDITS (MX_FLAG_NEW | MX_FLAG_CHANGED | MX_FLAG_EDITED)

/* What was declared of a value until now. */
typedef struct doubt {
    uint32_t value; /* its number in mx_types */
    uint32_t type, found;
    mx_node_id node; /* the formal input or output, MX_NO_NODE: an entry of value_info */
    size_t scope, info;
} doubt;

typedef struct stale {
    mx_graph *g;
    mx_reach reach;
    uint32_t *maker; /* by string: the value of that name in the scope at hand, + 1 */
    doubt *doubts;   /* scope by scope: entries in their order, then inputs and outputs */
    size_t n_doubts, cap_doubts;
    mx_stale_fn each;
    void *ctx;
    uint64_t count;
    mx_error *err;
} stale;

static bool is_edited(const mx_graph *g) {
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        if (mx_node_at(g, id)->flags & EDITS && !(mx_node_at(g, id)->flags & MX_FLAG_REMOVED)) return true;
    return false;
}

/* ---- what is declared of what an edit reaches ---- */

static mx_status add_doubt(stale *s, doubt d) {
    if (!mx_grow(s->g->allocator, (void **)&s->doubts, &s->cap_doubts, s->n_doubts, sizeof *s->doubts))
        return mx_nomem(s->err);
    s->doubts[s->n_doubts++] = d;
    return MX_OK;
}

static void note_makers(stale *s, const mx_scope_data *scope, bool there) {
    const mx_graph *g = s->g;
    for (size_t i = 0; i < scope->n_inputs; i++)
        s->maker[mx_node_at(g, scope->inputs[i])->name] = there ? s->reach.first[scope->inputs[i]] + 1 : 0;
    for (size_t i = 0; i < scope->n_operators; i++) {
        const mx_node *n = mx_node_at(g, scope->operators[i]);
        for (uint32_t k = n->n_outputs; k-- > 0;) /* of equal names the first counts */
            s->maker[n->outputs[k]] = there ? s->reach.first[scope->operators[i]] + k + 1 : 0;
    }
}

/* Take the types away, so that inference does not believe them. */
static mx_status doubt_infos(stale *s, size_t index) {
    mx_scope_data *scope = &s->g->scopes[index];
    for (size_t i = 0; i < scope->n_value_infos; i++) {
        mx_value_info *v = &scope->value_infos[i];
        uint32_t value = s->maker[v->name];
        if (!value || !s->reach.values[value - 1] || v->name <= MX_SID_EMPTY || v->type == MX_NO_INDEX) continue;
        MX_TRY(add_doubt(s, (doubt){value - 1, v->type, MX_NO_INDEX, MX_NO_NODE, index, i}));
        v->type = MX_NO_INDEX;
    }
    return MX_OK;
}

static mx_status doubt_nodes(stale *s, size_t index, const mx_node_id *nodes, size_t count, int but) {
    for (size_t i = 0; i < count; i++) {
        mx_node *n = mx_node_at(s->g, nodes[i]);
        uint32_t value = s->reach.first[nodes[i]];
        if (!s->reach.values[value] || n->data == MX_NO_INDEX || n->flags & but) continue;
        MX_TRY(add_doubt(s, (doubt){value, n->data, MX_NO_INDEX, nodes[i], index, 0}));
        n->data = MX_NO_INDEX;
    }
    return MX_OK;
}

static mx_status doubt_scope(stale *s, size_t index) {
    mx_scope_data *scope = &s->g->scopes[index];
    note_makers(s, scope, true);
    mx_status status = doubt_infos(s, index);
    note_makers(s, scope, false);
    if (status == MX_OK && index > 0) status = doubt_nodes(s, index, scope->inputs, scope->n_inputs, MX_FLAG_EDITED);
    if (status == MX_OK) status = doubt_nodes(s, index, scope->outputs, scope->n_outputs, 0);
    return status;
}

/* ---- what holds ---- */

static bool is_tensor(const mx_type *t) {
    return t->kind == MX_TYPE_TENSOR || t->kind == MX_TYPE_SPARSE;
}

static bool is_container(const mx_graph *g, uint32_t type) {
    return g->types[type].kind == MX_TYPE_SEQUENCE || g->types[type].kind == MX_TYPE_OPTIONAL;
}

static bool same_size(const mx_dim *a, const mx_dim *b) {
    if (a->kind != b->kind) return false;
    return a->kind == MX_DIM_VALUE ? a->value == b->value : a->kind == MX_DIM_NONE || a->param == b->param;
}

/* Everything that is declared is found as well. */
static bool confirmed(const mx_graph *g, uint32_t declared, uint32_t found) {
    while (declared != found && declared != MX_NO_INDEX && found != MX_NO_INDEX && is_container(g, declared) &&
           g->types[declared].kind == g->types[found].kind) {
        uint32_t of = g->types[declared].child;
        found = g->types[found].child;
        declared = of;
    }
    if (declared == found || declared == MX_NO_INDEX) return true;
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

/* What is found, but with the element type that was declared where none is, and with the names of dims: a name alone
 * says nothing that could be wrong. Outputs of the model must have a shape: where none is found, they keep the rank. */
static mx_status found_or_named(stale *s, uint32_t declared, uint32_t found, bool shaped, uint32_t *out) {
    mx_graph *g = s->g;
    mx_type was = g->types[declared], now = found == MX_NO_INDEX ? was : g->types[found];
    mx_dim *dims = NULL;
    *out = found == MX_NO_INDEX ? declared : found;
    if (!is_tensor(&now)) return MX_OK;
    bool alike = was.kind == now.kind && was.has_shape && now.has_shape && was.n_dims == now.n_dims;
    bool rank_kept = shaped && was.kind == now.kind && was.has_shape && (found == MX_NO_INDEX || !now.has_shape);
    now.has_shape &= found != MX_NO_INDEX;
    if (!now.has_shape) now.n_dims = 0;
    if (rank_kept) now.has_shape = true, now.n_dims = was.n_dims, now.dims = NULL;
    if (!now.has_elem && was.kind == now.kind) now.has_elem = was.has_elem, now.elem = was.elem;
    MX_TRY(mx_graph_array(g, now.n_dims, sizeof *dims, &dims, s->err));
    for (uint32_t i = 0; rank_kept && i < now.n_dims; i++)
        if (was.dims[i].kind == MX_DIM_PARAM) dims[i] = was.dims[i];
    for (uint32_t i = 0; !rank_kept && i < now.n_dims; i++) {
        bool named = alike && now.dims[i].kind != MX_DIM_VALUE && was.dims[i].kind == MX_DIM_PARAM;
        dims[i] = named ? was.dims[i] : now.dims[i];
    }
    now.dims = dims;
    now.denotation = was.denotation;
    return mx_graph_add_type(g, &now, out, s->err);
}

static mx_status settle_node(stale *s, const doubt *d, const mx_types *types) {
    uint32_t found = types->types[d->value];
    bool holds = confirmed(s->g, d->type, d->found) || confirmed(s->g, d->type, found);
    mx_node *n = mx_node_at(s->g, d->node);
    n->data = d->type;
    bool shaped = n->kind == MX_NODE_OUTPUT && n->scope == 0;
    if (!holds) MX_TRY(found_or_named(s, d->type, found, shaped, &n->data));
    if (n->data == d->type) return MX_OK;
    s->count++;
    if (s->each) s->each(s->ctx, n->name, d->node, d->type, n->data);
    return MX_OK;
}

static void settle_info(stale *s, const doubt *d, const mx_types *types) {
    mx_value_info *v = &s->g->scopes[d->scope].value_infos[d->info];
    if (confirmed(s->g, d->type, d->found) || confirmed(s->g, d->type, types->types[d->value])) {
        v->type = d->type;
        return;
    }
    s->count++;
    if (s->each) s->each(s->ctx, v->name, MX_NO_NODE, d->type, MX_NO_INDEX);
    v->name = MX_SID_ABSENT; /* it is swept below */
}

static bool is_input(const stale *s, const doubt *d) {
    return d->node != MX_NO_NODE && mx_node_at(s->g, d->node)->kind == MX_NODE_INPUT;
}

/* Inputs come first: what is called by the names of their dims is found only when they have these again. */
static mx_status settle_inputs(stale *s, const mx_types *types, bool *again) {
    *again = false;
    for (size_t i = 0; i < s->n_doubts; i++) {
        doubt *d = &s->doubts[i];
        d->found = types->types[d->value];
        if (!is_input(s, d)) continue;
        MX_TRY(settle_node(s, d, types));
        *again |= mx_node_at(s->g, d->node)->data != d->found;
    }
    return MX_OK;
}

static mx_status settle_others(stale *s, const mx_types *types) {
    for (size_t i = 0; i < s->n_doubts; i++) {
        const doubt *d = &s->doubts[i];
        if (d->node == MX_NO_NODE) settle_info(s, d, types);
        if (d->node != MX_NO_NODE && !is_input(s, d)) MX_TRY(settle_node(s, d, types));
    }
    return MX_OK;
}

static void sweep(stale *s) {
    for (size_t i = 0, k = 0; i < s->n_doubts; i = k) {
        mx_scope_data *scope = &s->g->scopes[s->doubts[i].scope];
        size_t from = s->doubts[i].info, kept = from;
        for (k = i; k < s->n_doubts && s->doubts[k].scope == s->doubts[i].scope; k++) {
        }
        if (s->doubts[i].node != MX_NO_NODE) continue;
        /* doubts of a scope are in the order of its entries, so only those in doubt have lost their name here */
        size_t next = i;
        for (size_t at = from; at < scope->n_value_infos; at++) {
            bool doubted = next < k && s->doubts[next].node == MX_NO_NODE && s->doubts[next].info == at;
            next += doubted;
            if (doubted && scope->value_infos[at].name == MX_SID_ABSENT) continue;
            scope->value_infos[kept++] = scope->value_infos[at];
        }
        scope->n_value_infos = kept;
    }
}

/* ---- new inputs and outputs ---- */

static bool is_untyped(const mx_node *n) {
    return n->flags & MX_FLAG_NEW && n->data == MX_NO_INDEX;
}

static bool has_untyped(const mx_graph *g) {
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        if ((n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT) && is_untyped(n)) return true;
    }
    return false;
}

static mx_status type_nodes(stale *s, const mx_types *types, const mx_node_id *nodes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        mx_node *n = mx_node_at(s->g, nodes[i]);
        if (!is_untyped(n)) continue;
        n->data = mx_types_of(types, nodes[i], 0);
        if (n->data == MX_NO_INDEX && n->scope == 0) {
            mx_fail(s->err, MX_ERR_INVALID, "the new output needs a value_type: what its operator makes is not known");
            return mx_at_node(s->err, MX_ERR_INVALID, mx_text(s->g, n->name));
        }
    }
    return MX_OK;
}

/* Functions have names only. */
static mx_status type_new(stale *s, const mx_types *types) {
    for (size_t i = 0; i < s->g->n_scopes; i++) {
        const mx_scope_data *scope = &s->g->scopes[i];
        if (mx_node_at(s->g, scope->node)->kind == MX_NODE_FUNCTION) continue;
        MX_TRY(type_nodes(s, types, scope->inputs, scope->n_inputs));
        MX_TRY(type_nodes(s, types, scope->outputs, scope->n_outputs));
    }
    return MX_OK;
}

/* ---- the pass ---- */

static mx_status settle(stale *s, mx_types *types) {
    bool again;
    MX_TRY(settle_inputs(s, types, &again));
    if (again) {
        mx_types_free(types);
        MX_TRY(mx_infer_types(s->g, types, s->err));
    }
    MX_TRY(settle_others(s, types));
    sweep(s);
    return type_new(s, types);
}

static mx_status run(stale *s) {
    mx_graph *g = s->g;
    mx_types types;
    MX_TRY(mx_reach_edits(g, &s->reach, s->err));
    for (size_t i = 0; i < g->n_scopes; i++)
        MX_TRY(doubt_scope(s, i));
    if (!s->n_doubts && !has_untyped(g)) return MX_OK;
    MX_TRY(mx_infer_types(g, &types, s->err));
    mx_status status = settle(s, &types);
    mx_types_free(&types);
    return status;
}

mx_status mx_drop_stale_types(mx_graph *g, mx_stale_fn each, void *ctx, uint64_t *count, mx_error *err) {
    stale s = {.g = g, .each = each, .ctx = ctx, .err = err};
    size_t n_strings = g->strings.count;
    *count = 0;
    if (!is_edited(g)) return MX_OK;
    s.maker = mx_alloc_zero(g->allocator, n_strings, sizeof *s.maker);
    mx_status status = s.maker ? run(&s) : mx_nomem(err);
    mx_reach_free(&s.reach);
    mx_free(g->allocator, s.maker, n_strings * sizeof *s.maker);
    mx_free(g->allocator, s.doubts, s.cap_doubts * sizeof *s.doubts);
    *count = s.count;
    return status;
}
