#include "htp/infer.h"
#include "htp/context.h"

/* The module of the operator that holds the scope; functions and the main graph lie in the root. */
static uint32_t top_of(const mx_htp_tagging *t, const mx_graph *g, mx_node_id scope) {
    const mx_node *n = mx_node_at(g, scope);
    if (n->kind != MX_NODE_BODY || t->labels[n->parent].module == MX_NO_INDEX) return 0;
    return t->labels[n->parent].module;
}

static mx_status run(mx_htp_flow *f) {
    bool renamed;
    MX_TRY(mx_htp_flow_build(f));
    MX_TRY(mx_htp_infer_claims(f));
    MX_TRY(mx_htp_infer_align(f));
    if (mx_htp_infer_merged(f)) MX_TRY(mx_htp_infer_claims(f));
    mx_htp_flow_times(f);
    MX_TRY(mx_htp_infer_names(f, &renamed));
    if (renamed) mx_htp_flow_times(f);
    mx_htp_flow_chains(f);
    MX_TRY(mx_htp_infer_silent(f));
    mx_htp_flow_times(f);
    mx_htp_flow_chains(f);
    MX_TRY(mx_htp_infer_forward(f));
    MX_TRY(mx_htp_infer_vote(f));
    return mx_htp_infer_rest(f);
}

static void write_back(mx_htp_flow *f) {
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[i];
        mx_htp_label *label = &f->t->labels[o->id];
        if (label->module != MX_NO_INDEX && label->module == o->module) continue;
        bool known = o->module != MX_NO_INDEX && mx_htp_tree_holds(f->tree, f->top, o->module);
        label->module = known ? o->module : f->top;
        label->method = known || f->top ? MX_HTP_INHERITED : MX_HTP_ROOT;
        label->source = MX_HTP_FROM_NOTHING;
    }
}

/* The rules look at all modules, for each scope again. Where very many bodies meet very many modules, which no program
 * has, bodies only inherit. */
static bool is_worth_it(const mx_htp_flow *f) {
    enum { TIMES = 64 };
    return f->g->n_scopes * f->tree->count <= TIMES * (f->g->n_nodes + f->tree->count);
}

static mx_status infer_scope(mx_htp_flow *f, mx_node_id scope) {
    f->scope = &f->g->scopes[mx_node_at(f->g, scope)->data];
    f->top = top_of(f->t, f->g, scope);
    if (!f->scope->n_operators) return MX_OK;
    if (mx_htp_is_told(f->g, f->t, scope) || (scope && !is_worth_it(f))) return mx_htp_inherit(f);
    MX_TRY(run(f));
    write_back(f);
    return MX_OK;
}

/* Outer scopes have smaller ids than their bodies. */
static mx_status infer_all(mx_htp_flow *f) {
    MX_TRY(mx_htp_flow_tree(f));
    for (mx_node_id id = 0; id < f->g->n_nodes; id++) {
        if (!mx_is_scope(mx_node_at(f->g, id))) continue;
        MX_TRY(infer_scope(f, id));
        mx_arena_reset(&f->arena);
    }
    return MX_OK;
}

mx_status mx_htp_infer(mx_graph *g, mx_htp_tagging *t, mx_error *err) {
    mx_htp_flow f = {.g = g, .t = t, .tree = &t->tree, .err = err};
    f.places = mx_alloc_zero(g->allocator, g->n_nodes, sizeof *f.places);
    if (!f.places) return mx_nomem(err);
    mx_arena_init(&f.kept, g->allocator);
    mx_arena_init(&f.arena, g->allocator);
    mx_status status = infer_all(&f);
    mx_arena_free(&f.kept);
    mx_arena_free(&f.arena);
    mx_free(g->allocator, f.places, g->n_nodes * sizeof *f.places);
    return status;
}
