/* What follows a labelled operator, and where flows meet. */
#include "htp/infer.h"

/* What is learnt in a first pass for the second. */
typedef struct forward {
    mx_htp_flow *f;
    mx_htp_tally joins; /* by class: joins that can be inside or behind a module, and that cannot be behind it */
    bool *has_products; /* by module; a norm has none: what is multiplied behind it is not multiplied in it */
    bool learning;
} forward;

static uint32_t module_at(const mx_htp_flow *f, uint32_t op) {
    return op == MX_NO_INDEX ? MX_NO_INDEX : f->ops[op].module;
}

static bool holds(const mx_htp_flow *f, uint32_t ancestor, uint32_t module) {
    return module != MX_NO_INDEX && mx_htp_tree_holds(f->tree, ancestor, module);
}

/* The module that the operator's newest producer leads into. */
static uint32_t follow(const forward *w, const mx_htp_op *o) {
    const mx_htp_flow *f = w->f;
    const mx_htp_op *p = &f->ops[o->newest];
    uint32_t e = p->how == MX_HTP_HOW_SILENT ? mx_htp_running_parent(f, p->module) : mx_htp_behind(f, p->module);
    uint32_t l = module_at(f, o->ahead);
    if (holds(f, e, l) && !p->output) return e;
    if (p->output) {
        uint32_t c = l == MX_NO_INDEX ? 0 : mx_htp_running_common(f, e, l);
        return l == MX_NO_INDEX ? c : mx_htp_behind(f, mx_htp_towards(f, c, l));
    }
    bool product = mx_htp_is(o, MX_HTP_OP_WEIGHTED);
    if (product && l == MX_NO_INDEX) return 0;
    if (product && !w->has_products[f->ops[o->origin].module]) return mx_htp_running_common(f, e, l);
    return e;
}

/* Of the users of x the first that leads to p: where the flow that bypasses began to be worked on. */
static uint32_t user_towards(const mx_htp_flow *f, const mx_htp_op *x, const mx_htp_op *p) {
    uint32_t found = MX_NO_INDEX;
    for (uint32_t i = 0; i < x->n_out; i++) {
        uint32_t user = mx_htp_outs(f, x)[i];
        const mx_htp_op *u = &f->ops[user];
        if (!mx_htp_flows(u) || u->module == MX_NO_INDEX || !mx_htp_on_chain(u, p)) continue;
        if (found == MX_NO_INDEX || u->level < f->ops[found].level) found = user;
    }
    return found;
}

/* A residual around all that e does: is it added in e or by its caller? By the caller, if that goes on with something
 * of another class, and if it does so behind all modules of e's class; modules that follow their like add it
 * themselves. */
static uint32_t around(const forward *w, uint32_t e, uint32_t l) {
    const mx_htp_flow *f = w->f;
    uint32_t up = mx_htp_running_parent(f, e), class_name = f->tree->modules[e].class_name;
    bool outside = l != MX_NO_INDEX && mx_htp_running_common(f, e, l) == up &&
                   f->tree->modules[mx_htp_towards(f, up, l)].class_name != class_name;
    if (w->learning && !outside) (*mx_htp_tally_at(&w->joins, class_name, 0, 0))++;
    return outside && *mx_htp_tally_at(&w->joins, class_name, 0, 0) == 0 ? up : e;
}

enum { USERS = 64 };

/* Whether the module around e took x before, and did so outside of e: a residual around e, whatever else flows into e.
 */
static bool enters_around(const mx_htp_flow *f, const mx_htp_op *o, const mx_htp_op *x, uint32_t up, uint32_t e) {
    for (uint32_t i = 0; i < x->n_out && i < USERS; i++) {
        const mx_htp_op *u = &f->ops[mx_htp_outs(f, x)[i]];
        if (u->module == MX_NO_INDEX || u->level >= o->level) continue;
        if (mx_htp_tree_holds(f->tree, up, u->module) && !mx_htp_tree_holds(f->tree, e, u->module)) return true;
    }
    return false;
}

/* The module for an operator where another flow joins; e when that says nothing. */
static uint32_t join(const forward *w, const mx_htp_op *o, const mx_htp_op *x, uint32_t e) {
    const mx_htp_flow *f = w->f;
    const mx_htp_op *p = &f->ops[o->newest];
    uint32_t l = module_at(f, o->ahead), up = mx_htp_running_parent(f, e);
    if (mx_htp_on_chain(x, p) && x->joins == p->joins) {
        uint32_t user = user_towards(f, x, p), c = e;
        if (holds(f, e, x->module)) return e;
        if (user != MX_NO_INDEX) c = mx_htp_running_common(f, e, f->ops[user].module);
        if (c == e) c = around(w, e, l);
        return mx_htp_is(o, MX_HTP_OP_SCALE) && c == up ? e : c;
    }
    if (holds(f, x->module, e)) return l == x->module ? l : e;
    if (up && mx_htp_is(o, MX_HTP_OP_ADD) && enters_around(f, o, x, up, e)) return up;
    uint32_t c = mx_htp_running_common(f, e, x->module);
    return c == up ? c : e;
}

enum { BACK = 64, BESIDE = 4 };

/* A Transpose behind e that undoes one before e: both are the caller's. MX_NO_INDEX: there is none. */
static uint32_t turned_before(const mx_htp_flow *f, const mx_htp_op *o, uint32_t e) {
    uint32_t at = o->newest;
    if (!mx_htp_is(o, MX_HTP_OP_LAYOUT) || e == 0) return MX_NO_INDEX;
    for (int i = 0; i < BACK && at != MX_NO_INDEX && holds(f, e, f->ops[at].module); i++)
        at = f->ops[at].newest;
    for (int i = 0; i < BESIDE && at != MX_NO_INDEX && mx_htp_is(&f->ops[at], MX_HTP_OP_LAYOUT); i++) {
        if (mx_htp_turns_back(f, &f->ops[at], o))
            return holds(f, f->ops[at].module, e) ? f->ops[at].module : MX_NO_INDEX;
        at = f->ops[at].newest;
    }
    return MX_NO_INDEX;
}

static void label(const forward *w, mx_htp_op *o) {
    const mx_htp_flow *f = w->f;
    uint32_t e = follow(w, o), found = e, l = module_at(f, o->ahead), turned;
    o->how = holds(f, e, l) || e == 0 ? MX_HTP_HOW_FLOW : MX_HTP_HOW_SUFFIX;
    o->module = e;
    if (o->how == MX_HTP_HOW_FLOW) return;
    for (uint32_t i = 0; i < o->n_in; i++) {
        uint32_t from = mx_htp_ins(f, o)[i];
        const mx_htp_op *x = &f->ops[from];
        if (from == o->newest || !mx_htp_flows(x) || x->module == MX_NO_INDEX) continue;
        uint32_t c = join(w, o, x, e);
        if (f->tree->modules[c].depth < f->tree->modules[found].depth) found = c;
    }
    if (found == e && (turned = turned_before(f, o, e)) != MX_NO_INDEX) found = turned;
    if (found != e) o->how = MX_HTP_HOW_JOIN;
    o->module = found;
}

static void pass(forward *w, bool learning) {
    mx_htp_flow *f = w->f;
    w->learning = learning;
    for (uint32_t i = 0; i < f->n; i++) {
        mx_htp_op *o = &f->ops[f->order[i]];
        if (o->module == MX_NO_INDEX && o->newest != MX_NO_INDEX) label(w, o);
    }
    for (uint32_t i = 0; learning && i < f->n; i++)
        if (f->ops[i].how >= MX_HTP_HOW_FLOW) f->ops[i].module = MX_NO_INDEX;
}

mx_status mx_htp_infer_forward(mx_htp_flow *f) {
    forward w = {.f = f};
    MX_TRY(mx_htp_tally_make(f, f->tree->count, &w.joins));
    w.has_products = mx_arena_array(&f->arena, f->tree->count, sizeof *w.has_products);
    if (!w.has_products) return mx_nomem(f->err);
    memset(w.has_products, 0, f->tree->count * sizeof *w.has_products);
    for (uint32_t i = 0; i < f->n; i++)
        if (f->ops[i].module != MX_NO_INDEX && mx_htp_is(&f->ops[i], MX_HTP_OP_WEIGHTED))
            w.has_products[f->ops[i].module] = true;
    pass(&w, true);
    pass(&w, false);
    return MX_OK;
}
