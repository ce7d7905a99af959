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

mx_status mx_htp_infer(mx_graph *g, mx_htp_tagging *t, mx_node_id scope, mx_error *err) {
    if (mx_htp_is_told(g, t, scope)) return mx_htp_inherit(g, t, scope, err);
    mx_htp_flow f = {.g = g, .t = t, .tree = &t->tree, .err = err};
    f.scope = &g->scopes[mx_node_at(g, scope)->data];
    f.top = top_of(t, g, scope);
    mx_arena_init(&f.arena, g->allocator);
    mx_status status = run(&f);
    if (status == MX_OK) write_back(&f);
    mx_arena_free(&f.arena);
    return status;
}
