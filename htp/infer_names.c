/* Tied weights bear the name of one module and are used by another: the order of execution tells them apart. */
#include "htp/infer.h"

/* Silent single modules in the order of execution. */
typedef struct silent_leaves {
    uint32_t *list;
    uint32_t n;
} silent_leaves;

static mx_status list_silent(mx_htp_flow *f, silent_leaves *s) {
    const mx_htp_module *all = f->tree->modules;
    bool *told = mx_arena_array(&f->arena, f->tree->count, sizeof *told);
    s->list = mx_arena_array(&f->arena, f->tree->count, sizeof *s->list);
    if (!told || !s->list) return mx_nomem(f->err);
    memset(told, 0, f->tree->count * sizeof *told);
    for (uint32_t i = 0; i < f->n; i++)
        if (f->ops[i].module != MX_NO_INDEX) told[f->ops[i].module] = true;
    for (uint32_t m = 1; m < f->tree->count; m++)
        if (all[m].has_order && !told[m] && mx_htp_is_leaf(f, m)) s->list[s->n++] = m;
    return MX_OK;
}

/* The first silent module that runs after `from` and before `to`. */
static uint32_t silent_between(const mx_htp_flow *f, const silent_leaves *s, int64_t from, int64_t to) {
    const mx_htp_module *all = f->tree->modules;
    uint32_t found = MX_NO_INDEX;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t m = s->list[i];
        if (all[m].order > from && all[m].order < to && (found == MX_NO_INDEX || all[m].order < all[found].order)) found = m;
    }
    return found;
}

enum { MOST = 64 };

/* The first operators of all that carry the name of a module which never runs, or which runs only after what follows. */
static bool is_misnamed(const mx_htp_flow *f, const mx_htp_op *o) {
    if (o->how != MX_HTP_HOW_TOLD || f->t->labels[o->id].source != MX_HTP_FROM_PARAMETER || !mx_htp_flows(o)) return false;
    if (o->newest != MX_NO_INDEX || o->ahead == MX_NO_INDEX) return false;
    const mx_htp_module *m = &f->tree->modules[o->module];
    return m->has_order ? m->order > (int64_t)(uint32_t)f->ops[o->ahead].time - 1 : mx_htp_is_leaf(f, o->module);
}

mx_status mx_htp_infer_names(mx_htp_flow *f) {
    silent_leaves s = {.n = 0};
    int changed = 0;
    if (!f->ordered) return MX_OK;
    MX_TRY(list_silent(f, &s));
    for (uint32_t i = 0; i < f->n && changed < MOST; i++) {
        mx_htp_op *o = &f->ops[i];
        if (!is_misnamed(f, o)) continue;
        uint32_t m = silent_between(f, &s, 0, (int64_t)(uint32_t)f->ops[o->ahead].time - 1);
        if (m == MX_NO_INDEX) continue;
        o->module = m;
        changed++;
    }
    return MX_OK;
}
