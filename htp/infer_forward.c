/* What follows a labelled operator, and where flows meet. */
#include "htp/infer.h"

static uint32_t module_at(const mx_htp_flow *f, uint32_t op) {
    return op == MX_NO_INDEX ? MX_NO_INDEX : f->ops[op].module;
}

static bool holds(const mx_htp_flow *f, uint32_t ancestor, uint32_t module) {
    return module != MX_NO_INDEX && mx_htp_tree_holds(f->tree, ancestor, module);
}

static uint32_t parent_of(const mx_htp_flow *f, uint32_t module) {
    return module ? f->tree->modules[module].parent : 0;
}

/* The module that the operator's newest producer leads into. */
static uint32_t follow(const mx_htp_flow *f, const mx_htp_op *o) {
    const mx_htp_op *p = &f->ops[o->newest];
    uint32_t e = p->module, l = module_at(f, o->ahead);
    if (holds(f, e, l)) return e;
    if (p->how == MX_HTP_HOW_SILENT) return parent_of(f, e);
    if (p->output) return l == MX_NO_INDEX ? 0 : mx_htp_tree_common(f->tree, e, l);
    if (mx_htp_is(o, MX_HTP_OP_WEIGHTED)) return l == MX_NO_INDEX ? 0 : mx_htp_tree_common(f->tree, e, l);
    return e;
}

static bool on_chain(const mx_htp_op *x, const mx_htp_op *p) {
    return x->enter <= p->enter && p->enter < x->leave;
}

/* Of the users of x the one that leads to p: where the flow that bypasses began to be worked on. */
static uint32_t user_towards(const mx_htp_flow *f, const mx_htp_op *x, const mx_htp_op *p) {
    for (uint32_t i = 0; i < x->n_out; i++) {
        uint32_t user = mx_htp_outs(f, x)[i];
        if (mx_htp_flows(&f->ops[user]) && f->ops[user].module != MX_NO_INDEX && on_chain(&f->ops[user], p)) return user;
    }
    return MX_NO_INDEX;
}

/* The module for an operator where another flow joins; e when that says nothing. */
static uint32_t join(const mx_htp_flow *f, const mx_htp_op *o, const mx_htp_op *x, uint32_t e) {
    const mx_htp_op *p = &f->ops[o->newest];
    uint32_t l = module_at(f, o->ahead), up = parent_of(f, e);
    if (on_chain(x, p)) {
        if (holds(f, e, x->module)) return e;
        uint32_t user = user_towards(f, x, p), c = user == MX_NO_INDEX ? e : mx_htp_tree_common(f->tree, e, f->ops[user].module);
        if (c == e && l != MX_NO_INDEX && holds(f, l, e)) c = l;
        if (mx_htp_is(o, MX_HTP_OP_SCALE) && c == up) return e;
        return c;
    }
    if (holds(f, x->module, e)) return l == x->module ? l : e;
    uint32_t c = mx_htp_tree_common(f->tree, e, x->module);
    return c == up ? c : e;
}

static void label(mx_htp_flow *f, mx_htp_op *o) {
    uint32_t e = follow(f, o), found = e;
    for (uint32_t i = 0; i < o->n_in; i++) {
        uint32_t from = mx_htp_ins(f, o)[i];
        const mx_htp_op *x = &f->ops[from];
        if (from == o->newest || !mx_htp_flows(x) || x->module == MX_NO_INDEX) continue;
        uint32_t c = join(f, o, x, e);
        if (f->tree->modules[c].depth < f->tree->modules[found].depth) found = c;
    }
    o->how = found == e ? MX_HTP_HOW_FLOW : MX_HTP_HOW_JOIN;
    o->module = found;
}

mx_status mx_htp_infer_forward(mx_htp_flow *f) {
    for (uint32_t i = 0; i < f->n; i++) {
        mx_htp_op *o = &f->ops[f->order[i]];
        if (o->module == MX_NO_INDEX && o->newest != MX_NO_INDEX) label(f, o);
    }
    return MX_OK;
}
