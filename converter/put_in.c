/* A part in the place of a selection. */
#include "converter/put_in.h"

#include "converter/edit.h"
#include "converter/order.h"
#include "converter/orphans.h"
#include "converter/retag.h"

mx_status mx_put_in_rename(mx_put_in *p, mx_sid of_part) {
    mx_sid *name = mx_slate_at(&p->t.values, of_part);
    if (*name != MX_SID_NOMEM) return MX_OK;
    mx_sid fresh = MX_SID_ABSENT;
    MX_TRY(mx_edit_fresh_name(p->g, mx_text(p->part, of_part), &fresh, p->err));
    *name = fresh;
    return MX_OK;
}

/* ---- removing ---- */

static void empty_scope(mx_graph *g, mx_scope_data *s) {
    for (size_t i = 0; i < s->n_initializers; i++) mx_retire_tensor(g, s->initializers[i]);
    for (size_t i = 0; i < s->n_sparse; i++) mx_retire_sparse(g, s->sparse_initializers[i]);
    s->n_initializers = s->n_sparse = s->n_value_infos = s->n_operators = s->n_inputs = s->n_outputs = 0;
}

static void empty_node(mx_graph *g, mx_node *n) {
    if (mx_is_scope(n)) empty_scope(g, &g->scopes[n->data]);
    for (uint32_t i = 0; i < n->n_attrs; i++) mx_retire_attribute_tensors(g, &n->attrs[i]);
    n->n_inputs = n->n_outputs = n->n_attrs = 0;
    n->metadata.count = 0;
}

void mx_put_in_remove(mx_graph *g, mx_node_id root) {
    for (mx_node_id id = root; id != MX_NO_NODE; id = mx_node_next_below(g, root, id)) {
        mx_node_at(g, id)->flags |= MX_FLAG_REMOVED;
        empty_node(g, mx_node_at(g, id));
    }
}

void mx_put_in_empty(mx_graph *g, mx_node_id function) {
    mx_node *n = mx_node_at(g, function);
    for (mx_node_id id = n->first_child; id != MX_NO_NODE; id = mx_node_at(g, id)->next_sibling) mx_put_in_remove(g, id);
    empty_node(g, n);
}

/* Nobody is the child of something that is gone, and nothing that is gone is a child. */
static void unlink_removed(mx_graph *g) {
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        mx_node *n = mx_node_at(g, id);
        mx_node_id child = n->first_child, next;
        n->first_child = n->last_child = MX_NO_NODE;
        for (; child != MX_NO_NODE; child = next) {
            mx_node *c = mx_node_at(g, child);
            next = c->next_sibling;
            c->next_sibling = MX_NO_NODE;
            if (c->flags & MX_FLAG_REMOVED) {
                c->parent = MX_NO_NODE;
                continue;
            }
            if (n->last_child == MX_NO_NODE) n->first_child = child;
            else mx_node_at(g, n->last_child)->next_sibling = child;
            n->last_child = child;
        }
    }
}

/* ---- names in the rest of the model ---- */

/* Bits for the names that a scope makes: whether it is around the selection, or in a body beside it. */
static uint8_t seen_as(const mx_put_in *p, mx_node_id scope) {
    for (size_t i = 0; i < p->chain.count; i++)
        if (p->chain.scopes[i] == scope) return MX_NAME_VISIBLE;
    for (; scope != MX_NO_NODE; scope = mx_outer_scope(p->g, scope))
        if (scope == p->s->scope) return MX_NAME_BELOW;
    return 0;
}

static void note_scope(const mx_put_in *p, const mx_scope_data *s) {
    const mx_graph *g = p->g;
    uint8_t bits = seen_as(p, s->node);
    for (size_t i = 0; i < s->n_inputs; i++) p->names[mx_node_at(g, s->inputs[i])->name] |= bits;
    for (size_t i = 0; i < s->n_initializers; i++) p->names[g->tensors[s->initializers[i]].name] |= bits;
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t values = g->sparses[s->sparse_initializers[i]].values;
        if (values != MX_NO_INDEX) p->names[g->tensors[values].name] |= bits;
    }
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_node *n = mx_node_at(g, s->operators[i]);
        for (uint32_t k = 0; !mx_is_selected(p->s, s->operators[i]) && k < n->n_outputs; k++) p->names[n->outputs[k]] |= bits;
    }
}

static void note_names(const mx_put_in *p) {
    const mx_graph *g = p->g;
    for (size_t i = 0; i < g->n_scopes; i++)
        if (!mx_is_selected(p->s, g->scopes[i].node)) note_scope(p, &g->scopes[i]);
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        for (uint32_t k = 0; !mx_is_selected(p->s, id) && k < n->n_inputs; k++) p->names[n->inputs[k].name] |= MX_NAME_USED;
    }
}

static void note_own_names(const mx_put_in *p) {
    const mx_graph *part = p->part;
    const mx_scope_data *s = &part->scopes[0];
    for (size_t i = 0; i < s->n_inputs; i++) p->own_names[mx_node_at(part, s->inputs[i])->name] = true;
    for (size_t i = 0; i < s->n_initializers; i++) p->own_names[part->tensors[s->initializers[i]].name] = true;
    for (size_t i = 0; i < s->n_sparse; i++)
        if (part->sparses[s->sparse_initializers[i]].values != MX_NO_INDEX)
            p->own_names[part->tensors[part->sparses[s->sparse_initializers[i]].values].name] = true;
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_node *n = mx_node_at(part, s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++) p->own_names[n->outputs[k]] = true;
    }
}

/* All strings of the part become strings of g, so that a name which is fresh in g is fresh in both. */
static mx_status share_names(mx_put_in *p) {
    const mx_allocator *a = p->g->allocator;
    mx_sid copy;
    for (size_t i = 0; i < p->part->strings.count; i++) MX_TRY(mx_transplant_string(&p->t, (mx_sid)i, &copy));
    p->n_strings = p->g->strings.count;
    p->n_part_strings = p->part->strings.count;
    p->names = mx_alloc_zero(a, p->n_strings, sizeof *p->names);
    p->own_names = mx_alloc_zero(a, p->n_part_strings, sizeof *p->own_names);
    p->kept = mx_alloc_zero(a, p->n_nodes, sizeof *p->kept);
    if (!p->names || !p->own_names || !p->kept) return mx_nomem(p->err);
    MX_TRY(mx_chain_find(p->g, p->s->scope, &p->chain, p->err));
    MX_TRY(mx_name_index_initializers(&p->initializers, p->g, p->err));
    note_names(p);
    note_own_names(p);
    return MX_OK;
}

/* ---- all of it ---- */

static mx_status cut_old(mx_put_in *p) {
    mx_cutter *cutter;
    MX_TRY(mx_cutter_new(p->g, &p->types, &cutter, p->err));
    mx_status status = mx_cut_out(cutter, p->s, &p->old, &p->origin, p->err);
    mx_cutter_free(cutter);
    return status;
}

static mx_status compare(mx_put_in *p) {
    MX_TRY(mx_graph_sort(p->part, p->err)); /* it may have been edited as a graph */
    MX_TRY(mx_graph_wire(p->part, p->err));
    MX_TRY(mx_infer_types(p->g, &p->types, p->err));
    MX_TRY(cut_old(p));
    MX_TRY(mx_likeness_find(p->old, p->part, &p->like, p->err));
    MX_TRY(mx_transplant_begin(&p->t, p->part, p->g, p->err));
    return share_names(p);
}

static mx_status put(mx_put_in *p) {
    MX_TRY(mx_put_in_fit(p));
    MX_TRY(mx_put_in_initializers(p));
    MX_TRY(mx_put_in_functions(p));
    return mx_put_in_operators(p);
}

/* The IR version decides what a file may hold: the part may need a newer one. */
static void raise_version(mx_put_in *p) {
    mx_model_data *model = &p->g->model;
    if (model->has_ir_version && p->part->model.has_ir_version && p->part->model.ir_version > model->ir_version)
        model->ir_version = p->part->model.ir_version;
}

static mx_status settle(mx_put_in *p) {
    mx_unused before;
    unlink_removed(p->g);
    raise_version(p);
    mx_status status = mx_unused_note(p->g, &before, p->err);
    if (status == MX_OK) status = mx_graph_wire(p->g, p->err);
    if (status == MX_OK) status = mx_graph_sort(p->g, p->err);
    if (status == MX_OK) mx_drop_orphans(p->g, &before);
    mx_unused_free(p->g, &before);
    return status;
}

static void end(mx_put_in *p) {
    const mx_allocator *a = p->g->allocator;
    mx_transplant_end(&p->t);
    mx_likeness_free(&p->like);
    mx_origin_free(&p->origin);
    mx_types_free(&p->types);
    mx_graph_release(p->old);
    mx_chain_free(p->g, &p->chain);
    mx_name_index_free(&p->initializers);
    mx_free(a, p->names, p->n_strings * sizeof *p->names);
    mx_free(a, p->own_names, p->n_part_strings * sizeof *p->own_names);
    mx_free(a, p->kept, p->n_nodes * sizeof *p->kept);
}

mx_status mx_put_in_place(mx_graph *g, const mx_selection *s, mx_graph *part, mx_error *err) {
    mx_put_in p = {.g = g, .s = s, .part = part, .err = err, .n_nodes = g->n_nodes};
    mx_status status = compare(&p);
    if (status == MX_OK) status = put(&p);
    end(&p);
    if (status == MX_OK) status = settle(&p);
    return status;
}
