/* What no labelled operator stands above, constants and sizes. */
#include "htp/infer.h"

static uint32_t of_users(const mx_htp_flow *f, const mx_htp_op *o) {
    uint32_t found = MX_NO_INDEX;
    for (uint32_t i = 0; i < o->n_out; i++) {
        const mx_htp_op *u = &f->ops[mx_htp_outs(f, o)[i]];
        if (u->module == MX_NO_INDEX) continue;
        found = found == MX_NO_INDEX ? u->module : mx_htp_tree_common(f->tree, found, u->module);
    }
    return found;
}

static bool before(const mx_htp_flow *f, const mx_htp_op *a, const mx_htp_op *b) {
    if (a->time != b->time) return a->time < b->time;
    uint32_t da = f->tree->modules[a->module].depth, db = f->tree->modules[b->module].depth;
    if (da != db) return da < db;
    return a->level < b->level;
}

static uint32_t of_first_user(const mx_htp_flow *f, const mx_htp_op *o) {
    const mx_htp_op *first = NULL;
    for (uint32_t i = 0; i < o->n_out; i++) {
        const mx_htp_op *u = &f->ops[mx_htp_outs(f, o)[i]];
        if (u->module != MX_NO_INDEX && (!first || before(f, u, first))) first = u;
    }
    return first ? first->module : MX_NO_INDEX;
}

mx_status mx_htp_infer_rest(mx_htp_flow *f) {
    for (uint32_t i = f->n; i-- > 0;) {
        mx_htp_op *o = &f->ops[f->order[i]];
        if (o->module != MX_NO_INDEX) continue;
        o->module = mx_htp_flows(o) ? of_users(f, o) : of_first_user(f, o);
        o->how = MX_HTP_HOW_REST;
    }
    return MX_OK;
}
