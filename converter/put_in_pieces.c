/* Initializers and functions of a part. */
#include "converter/calls.h"
#include "converter/edit.h"
#include "converter/put_in.h"

/* ---- initializers ---- */

typedef struct listing {
    uint32_t *of; /* by tensor of g: place in the list of its scope + 1 */
    size_t n_tensors;
} listing;

static mx_status find_places(const mx_put_in *p, listing *out) {
    const mx_graph *g = p->g;
    *out = (listing){mx_alloc_zero(g->allocator, g->n_tensors + 1, sizeof *out->of), g->n_tensors};
    if (!out->of) return mx_nomem(p->err);
    for (size_t i = 0; i < p->chain.count; i++) {
        const mx_scope_data *s = &g->scopes[mx_node_at(g, p->chain.scopes[i])->data];
        for (size_t k = 0; k < s->n_initializers; k++) out->of[s->initializers[k]] = (uint32_t)k + 1;
    }
    return MX_OK;
}

static bool in_use(const mx_put_in *p, mx_sid name) {
    return p->names[name] & (MX_NAME_VISIBLE | MX_NAME_BELOW);
}

static mx_status needs_list(const mx_put_in *p, mx_sid name) {
    if (mx_node_at(p->g, p->s->scope)->kind != MX_NODE_FUNCTION) return MX_OK;
    return mx_fail(p->err, MX_ERR_UNSUPPORTED, "the part has a new initializer %s, and a function can have none",
                   mx_show(mx_text(p->part, name)).text);
}

/* A tensor that only the selection used is changed where it is, with its name and its place in the list. */
static mx_status change_tensor(mx_put_in *p, const mx_held *h, const listing *list, uint32_t tensor) {
    uint32_t copy, scope = mx_node_at(p->g, p->chain.scopes[h->depth - 1])->data;
    MX_TRY(mx_transplant_initializer(&p->t, tensor, &copy));
    p->g->scopes[scope].initializers[list->of[h->tensor] - 1] = copy;
    mx_retire_tensor(p->g, h->tensor);
    return MX_OK;
}

static mx_status put_tensor(mx_put_in *p, const listing *list, uint32_t tensor) {
    mx_sid name = p->part->tensors[tensor].name, there = mx_put_in_name(p, name);
    mx_held h = mx_held_find(p->g, &p->initializers, &p->chain, there);
    uint32_t copy;
    if (p->like.same_tensor[tensor]) return MX_OK;
    if (h.depth && h.tensor != MX_NO_INDEX && !(p->names[there] & MX_NAME_USED))
        return change_tensor(p, &h, list, tensor);
    MX_TRY(needs_list(p, name));
    if (in_use(p, there)) MX_TRY(mx_put_in_rename(p, name));
    MX_TRY(mx_transplant_initializer(&p->t, tensor, &copy));
    return mx_scope_add_initializer(p->g, &p->g->scopes[mx_node_at(p->g, p->s->scope)->data], copy, p->err);
}

static mx_status put_sparse(mx_put_in *p, uint32_t sparse) {
    uint32_t values = p->part->sparses[sparse].values, copy;
    if (p->like.same_sparse[sparse] || values == MX_NO_INDEX) return MX_OK;
    mx_sid name = p->part->tensors[values].name;
    MX_TRY(needs_list(p, name));
    if (in_use(p, mx_put_in_name(p, name))) MX_TRY(mx_put_in_rename(p, name));
    MX_TRY(mx_transplant_sparse(&p->t, sparse, true, &copy));
    return mx_scope_add_sparse(p->g, &p->g->scopes[mx_node_at(p->g, p->s->scope)->data], copy, p->err);
}

mx_status mx_put_in_initializers(mx_put_in *p) {
    const mx_scope_data *part = &p->part->scopes[0];
    listing list;
    mx_status status = find_places(p, &list);
    for (size_t i = 0; status == MX_OK && i < part->n_initializers; i++)
        status = put_tensor(p, &list, part->initializers[i]);
    for (size_t i = 0; status == MX_OK && i < part->n_sparse; i++) status = put_sparse(p, part->sparse_initializers[i]);
    mx_free(p->g->allocator, list.of, (list.n_tensors + 1) * sizeof *list.of);
    return status;
}

/* ---- functions ---- */

/* Functions that are called from elsewhere than the selection. */
static mx_status find_shared(const mx_put_in *p, const mx_calls *calls, bool *shared) {
    const mx_graph *g = p->g;
    const mx_scope_data *model = &g->scopes[0], *root = &g->scopes[mx_node_at(g, p->chain.scopes[0])->data];
    MX_TRY(mx_calls_reach(calls, model->operators, model->n_operators, &p->s->inside, shared, p->err));
    if (root == model) return MX_OK;
    return mx_calls_reach(calls, root->operators, root->n_operators, &p->s->inside, shared, p->err);
}

static mx_status put_function(mx_put_in *p, const mx_calls *calls, const bool *shared, mx_node_id id) {
    const mx_node *f = mx_node_at(p->part, id);
    uint32_t there = mx_calls_find(calls, mx_put_in_name(p, f->domain), mx_put_in_name(p, f->name),
                                   mx_put_in_name(p, f->overload));
    mx_node_id copy;
    if (p->like.same[id]) return MX_OK;
    if (there != MX_NO_INDEX && (p->like.match[id] == MX_NO_NODE || shared[there]))
        return mx_fail(p->err, MX_ERR_INVALID,
                       "the part does not fit: its function %s is another one than the model's, which is used elsewhere",
                       mx_show(mx_text(p->part, f->name)).text);
    if (there != MX_NO_INDEX) {
        mx_put_in_empty(p->g, calls->functions[there]);
        return mx_transplant_function_into(&p->t, id, calls->functions[there]);
    }
    return mx_transplant_function(&p->t, id, &copy);
}

static mx_status put_functions(mx_put_in *p, const mx_calls *calls, bool *shared) {
    MX_TRY(find_shared(p, calls, shared));
    mx_node_id id = mx_node_at(p->part, 0)->first_child;
    for (; id != MX_NO_NODE; id = mx_node_at(p->part, id)->next_sibling)
        if (mx_node_at(p->part, id)->kind == MX_NODE_FUNCTION) MX_TRY(put_function(p, calls, shared, id));
    return MX_OK;
}

mx_status mx_put_in_functions(mx_put_in *p) {
    mx_calls calls;
    mx_status status = mx_calls_init(&calls, p->g, p->err);
    size_t count = calls.count + 1;
    bool *shared = mx_alloc_zero(p->g->allocator, count, sizeof *shared);
    if (status == MX_OK && !shared) status = mx_nomem(p->err);
    if (status == MX_OK) status = put_functions(p, &calls, shared);
    mx_free(p->g->allocator, shared, count * sizeof *shared);
    mx_calls_free(&calls);
    return status;
}
