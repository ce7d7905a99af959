/* Parameters that bear the name of another module than the one that uses them: tied weights, and objects with several
 * names. The order of execution and what comes next tell them apart. */
#include "htp/infer.h"

#include <stdlib.h>

/* Silent single modules in the order of execution. */
typedef struct silent_leaf {
    int32_t order;
    uint32_t module;
} silent_leaf;

typedef struct silent_leaves {
    silent_leaf *list;
    uint32_t n;
} silent_leaves;

static int by_order(const void *a, const void *b) {
    const silent_leaf *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return (x->module > y->module) - (x->module < y->module);
}

static mx_status list_silent(mx_htp_flow *f, silent_leaves *s) {
    const mx_htp_module *all = f->tree->modules;
    bool *told = mx_arena_array(&f->arena, f->tree->count, sizeof *told);
    s->list = mx_arena_array(&f->arena, f->tree->count, sizeof *s->list);
    if (!told || !s->list) return mx_nomem(f->err);
    memset(told, 0, f->tree->count * sizeof *told);
    for (uint32_t i = 0; i < f->n; i++)
        if (f->ops[i].module != MX_NO_INDEX) told[f->ops[i].module] = true;
    for (uint32_t m = 1; m < f->tree->count; m++)
        if (all[m].has_order && !told[m] && mx_htp_is_leaf(f, m)) s->list[s->n++] = (silent_leaf){all[m].order, m};
    qsort(s->list, s->n, sizeof *s->list, by_order);
    return MX_OK;
}

/* The first operators of all that carry the name of a module which never runs, or which runs only after what follows.
 */
static bool is_misnamed(const mx_htp_flow *f, const mx_htp_op *o) {
    if (o->how != MX_HTP_HOW_TOLD || f->t->labels[o->id].source != MX_HTP_FROM_PARAMETER || !mx_htp_flows(o))
        return false;
    if (o->newest != MX_NO_INDEX || o->ahead == MX_NO_INDEX) return false;
    const mx_htp_module *m = &f->tree->modules[o->module];
    return m->has_order ? m->order > (int64_t)(uint32_t)f->ops[o->ahead].time - 1 : mx_htp_is_leaf(f, o->module);
}

typedef struct misnamed {
    mx_htp_time ahead;
    uint32_t level, op;
    const mx_htp_flow *f; /* for its name, which decides last */
} misnamed;

static int by_ahead(const void *a, const void *b) {
    const misnamed *x = a, *y = b;
    if (x->ahead != y->ahead) return x->ahead < y->ahead ? -1 : 1;
    if (x->level != y->level) return x->level < y->level ? -1 : 1;
    if (mx_htp_name_before(x->f, &x->f->ops[x->op], &y->f->ops[y->op])) return -1;
    return mx_htp_name_before(x->f, &x->f->ops[y->op], &y->f->ops[x->op]);
}

enum { LOOKS = 256 };

/* The next silent module of the same class behind `at`: one with the same last part of its name that runs in time, else
 * any. */
static uint32_t next_alike(const mx_htp_flow *f, const silent_leaves *s, uint32_t at, int64_t to) {
    const mx_htp_module *all = f->tree->modules, *last = &all[s->list[at].module];
    uint32_t found = s->n;
    for (uint32_t next = at + 1; next < s->n && next - at < LOOKS; next++) {
        const mx_htp_module *m = &all[s->list[next].module];
        if (m->class_name != last->class_name) continue;
        if (found == s->n) found = next;
        if (s->list[next].order >= to) break;
        if (m->part == last->part) return next;
    }
    return found;
}

/* The first belongs to the first silent module, the next to the next one of that class; those in between are called
 * again. */
static mx_status give_to_silent(mx_htp_flow *f, bool *changed) {
    silent_leaves s = {.n = 0};
    uint32_t n = 0, at = 0;
    MX_TRY(list_silent(f, &s));
    for (uint32_t i = 0; i < f->n; i++)
        n += is_misnamed(f, &f->ops[i]);
    if (n == 0 || s.n == 0) return MX_OK;
    misnamed *list = mx_arena_array(&f->arena, n, sizeof *list);
    if (!list) return mx_nomem(f->err);
    n = 0;
    for (uint32_t i = 0; i < f->n; i++)
        if (is_misnamed(f, &f->ops[i])) list[n++] = (misnamed){f->ops[f->ops[i].ahead].time, f->ops[i].level, i, f};
    qsort(list, n, sizeof *list, by_ahead);
    *changed = true;
    for (uint32_t i = 0; i < n; i++) {
        int64_t to = (int64_t)(uint32_t)list[i].ahead - 1;
        uint32_t next = i ? next_alike(f, &s, at, to) : at;
        if (next < s.n && s.list[next].order < to) at = next;
        const mx_htp_op *user = mx_htp_only_user(f, &f->ops[list[i].op]);
        if (s.list[at].order < to)
            f->ops[list[i].op].module = s.list[at].module;
        else if (user && user->module != MX_NO_INDEX && mx_htp_is_leaf(f, user->module))
            f->ops[list[i].op].module = user->module;
    }
    return MX_OK;
}

/* ---- one object, several names ---- */

/* Modules of one class that run first at the same time are one object, registered under several names. Its parameters
 * bear one of them, whichever it is called by. */
typedef struct names {
    silent_leaf *list; /* single modules that run, in the order of execution */
    uint32_t *place;   /* by module: in the list + 1 */
    uint32_t n;
} names;

static mx_status list_names(mx_htp_flow *f, names *w) {
    const mx_htp_module *all = f->tree->modules;
    w->list = mx_arena_array(&f->arena, f->tree->count, sizeof *w->list);
    w->place = mx_arena_array(&f->arena, f->tree->count, sizeof *w->place);
    if (!w->list || !w->place) return mx_nomem(f->err);
    memset(w->place, 0, f->tree->count * sizeof *w->place);
    for (uint32_t m = 1; m < f->tree->count; m++)
        if (all[m].has_order && mx_htp_is_leaf(f, m)) w->list[w->n++] = (silent_leaf){all[m].order, m};
    qsort(w->list, w->n, sizeof *w->list, by_order);
    for (uint32_t i = 0; i < w->n; i++)
        w->place[w->list[i].module] = i + 1;
    return MX_OK;
}

enum { NAMES = 16, NEXT = 64 };

/* The names of a module's object, itself included. */
static uint32_t names_of(const mx_htp_flow *f, const names *w, uint32_t module, uint32_t *found) {
    uint32_t at = w->place[module], n = 0;
    if (!at) return 0;
    int32_t order = w->list[--at].order;
    while (at && w->list[at - 1].order == order)
        at--;
    for (; at < w->n && w->list[at].order == order && n < NAMES; at++)
        if (f->tree->modules[w->list[at].module].class_name == f->tree->modules[module].class_name)
            found[n++] = w->list[at].module;
    return n;
}

/* The module of the next told operator that has but one name, as long as execution does not go back. */
static uint32_t next_certain(const mx_htp_flow *f, const names *w, const mx_htp_op *o) {
    uint32_t found[NAMES], at = o->ahead;
    for (int i = 0; i < NEXT && at != MX_NO_INDEX && f->ops[at].time >> 32 == o->time >> 32; i++, at = f->ops[at].ahead)
        if (names_of(f, w, f->ops[at].module, found) < 2) return f->ops[at].module;
    return 0;
}

/* The name that stands nearest to what comes next; of several the outermost. */
static uint32_t nearest_name(const mx_htp_flow *f, const uint32_t *found, uint32_t n, uint32_t next) {
    const mx_htp_module *all = f->tree->modules;
    uint32_t best = MX_NO_INDEX, depth = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t shared = all[mx_htp_tree_common(f->tree, found[i], next)].depth;
        bool better =
            best == MX_NO_INDEX || shared > depth || (shared == depth && all[found[i]].depth < all[best].depth);
        if (better) best = found[i];
        if (better) depth = shared;
    }
    return best;
}

static mx_status choose_names(mx_htp_flow *f, bool *changed) {
    names w = {.n = 0};
    uint32_t found[NAMES];
    MX_TRY(list_names(f, &w));
    uint32_t *chosen = mx_arena_array(&f->arena, f->n, sizeof *chosen);
    if (!chosen) return mx_nomem(f->err);
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[i];
        bool named = o->how == MX_HTP_HOW_TOLD && f->t->labels[o->id].source == MX_HTP_FROM_PARAMETER;
        uint32_t n = named ? names_of(f, &w, o->module, found) : 0;
        chosen[i] = n < 2 ? o->module : nearest_name(f, found, n, next_certain(f, &w, o));
    }
    for (uint32_t i = 0; i < f->n; i++) {
        *changed = *changed || f->ops[i].module != chosen[i];
        f->ops[i].module = chosen[i];
    }
    return MX_OK;
}

mx_status mx_htp_infer_names(mx_htp_flow *f, bool *changed) {
    *changed = false;
    if (!f->ordered) return MX_OK;
    MX_TRY(give_to_silent(f, changed));
    return choose_names(f, changed);
}
