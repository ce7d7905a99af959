#include "htp/context.h"

#include "htp/infer.h"

bool mx_htp_is_told(const mx_graph *g, const mx_htp_tagging *t, mx_node_id scope) {
    const mx_scope_data *s = &g->scopes[mx_node_at(g, scope)->data];
    size_t told = 0;
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_htp_label *label = &t->labels[s->operators[i]];
        told += label->module != MX_NO_INDEX && label->source != MX_HTP_FROM_PARAMETER;
    }
    return told * 2 > s->n_operators;
}

/* ---- data: outwards from the labelled ones, step by step ---- */

typedef struct spreading {
    mx_htp_flow *f;
    uint32_t *gathered; /* by operator: the module common to the neighbours of the last step, MX_NO_INDEX: none yet */
    uint32_t *now, *next;
    uint32_t n_now, n_next;
} spreading;

static void reach(spreading *w, uint32_t from, uint32_t to) {
    const mx_htp_op *o = &w->f->ops[to];
    if (o->module != MX_NO_INDEX || !mx_htp_flows(o)) return;
    uint32_t module = w->f->ops[from].module, *gathered = &w->gathered[to];
    if (*gathered == MX_NO_INDEX) w->next[w->n_next++] = to;
    *gathered = *gathered == MX_NO_INDEX ? module : mx_htp_tree_common(w->f->tree, *gathered, module);
}

static mx_status spread(mx_htp_flow *f) {
    spreading w = {.f = f};
    w.gathered = mx_arena_array(&f->arena, f->n, sizeof *w.gathered);
    w.now = mx_arena_array(&f->arena, f->n, sizeof *w.now);
    w.next = mx_arena_array(&f->arena, f->n, sizeof *w.next);
    if (!w.gathered || !w.now || !w.next) return mx_nomem(f->err);
    for (uint32_t i = 0; i < f->n; i++) {
        w.gathered[i] = MX_NO_INDEX;
        if (f->ops[i].module != MX_NO_INDEX) w.now[w.n_now++] = i;
    }
    while (w.n_now) {
        w.n_next = 0;
        for (uint32_t i = 0; i < w.n_now; i++) {
            const mx_htp_op *o = &f->ops[w.now[i]];
            for (uint32_t k = 0; k < o->n_in; k++) reach(&w, w.now[i], mx_htp_ins(f, o)[k]);
            for (uint32_t k = 0; k < o->n_out; k++) reach(&w, w.now[i], mx_htp_outs(f, o)[k]);
        }
        for (uint32_t i = 0; i < w.n_next; i++) f->ops[w.next[i]].module = w.gathered[w.next[i]];
        uint32_t *done = w.now;
        w.now = w.next;
        w.next = done;
        w.n_now = w.n_next;
    }
    return MX_OK;
}

/* ---- constants and sizes: users first, else what they are computed from ---- */

static uint32_t common_of(const mx_htp_flow *f, const uint32_t *ops, uint32_t n) {
    uint32_t found = MX_NO_INDEX;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t module = f->ops[ops[i]].module;
        if (module == MX_NO_INDEX) continue;
        found = found == MX_NO_INDEX ? module : mx_htp_tree_common(f->tree, found, module);
    }
    return found;
}

static void follow_users(mx_htp_flow *f) {
    for (uint32_t i = f->n; i-- > 0;) {
        mx_htp_op *o = &f->ops[f->order[i]];
        if (o->module == MX_NO_INDEX) o->module = common_of(f, mx_htp_outs(f, o), o->n_out);
    }
    for (uint32_t i = 0; i < f->n; i++) {
        mx_htp_op *o = &f->ops[f->order[i]];
        if (o->module == MX_NO_INDEX) o->module = common_of(f, mx_htp_ins(f, o), o->n_in);
    }
}

static void write_labels(mx_htp_flow *f) {
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[i];
        mx_htp_label *label = &f->t->labels[o->id];
        if (label->module != MX_NO_INDEX || o->module == MX_NO_INDEX) continue;
        label->module = o->module;
        label->method = MX_HTP_INHERITED;
        label->source = MX_HTP_FROM_NOTHING;
    }
}

mx_status mx_htp_inherit(mx_htp_flow *f) {
    MX_TRY(mx_htp_flow_build(f));
    MX_TRY(spread(f));
    follow_users(f);
    write_labels(f);
    return MX_OK;
}
