/* Operators that belong to a told one although nothing on them says so. */
#include "htp/infer.h"

static void claim(mx_htp_op *o, uint32_t module) {
    o->module = module;
    o->how = MX_HTP_HOW_CLAIMED;
}

static bool is_free(const mx_htp_op *o) {
    return o->module == MX_NO_INDEX;
}

/* A product whose only user adds a told bias. */
static void claim_products(mx_htp_flow *f) {
    for (uint32_t i = 0; i < f->n; i++) {
        mx_htp_op *o = &f->ops[i];
        const mx_htp_op *user = mx_htp_only_user(f, o);
        if (is_free(o) && mx_htp_is(o, MX_HTP_OP_WEIGHTED) && user && mx_htp_is(user, MX_HTP_OP_ADD) &&
            user->how == MX_HTP_HOW_TOLD && mx_htp_only_producer(f, user) == o)
            claim(o, user->module);
    }
}

/* ---- norms that were taken apart ---- */

enum { BUBBLE = 48 };

/* A region that grows backward from a told scale or bias, latest operator first. */
typedef struct bubble {
    mx_htp_flow *f;
    uint32_t open[BUBBLE], inside[BUBBLE]; /* the border, and what is behind it */
    uint32_t n_open, n_inside, n_done;     /* n_done: inside, up to the last good border */
    bool reduces, free_input;
} bubble;

static bool add_open(bubble *b, const mx_htp_op *o) {
    b->free_input = b->free_input || o->free_input;
    for (uint32_t i = 0; i < o->n_in; i++) {
        uint32_t from = mx_htp_ins(b->f, o)[i];
        bool known = b->f->ops[from].constant;
        for (uint32_t k = 0; k < b->n_open && !known; k++)
            known = b->open[k] == from;
        if (known) continue;
        if (b->n_open == BUBBLE) return false;
        b->open[b->n_open++] = from;
    }
    return true;
}

static bool all_users_inside(const bubble *b, const mx_htp_op *o, const mx_htp_op *start) {
    for (uint32_t i = 0; i < o->n_out; i++) {
        uint32_t user = mx_htp_outs(b->f, o)[i];
        bool inside = &b->f->ops[user] == start;
        for (uint32_t k = 0; k < b->n_inside && !inside; k++)
            inside = b->inside[k] == user;
        if (!inside) return false;
    }
    return !o->output;
}

/* Take the latest operator of the border inside. */
static bool step_back(bubble *b, const mx_htp_op *start) {
    uint32_t at = 0;
    for (uint32_t i = 1; i < b->n_open; i++)
        if (b->f->ops[b->open[i]].level > b->f->ops[b->open[at]].level) at = i;
    uint32_t taken = b->open[at];
    const mx_htp_op *o = &b->f->ops[taken];
    b->open[at] = b->open[--b->n_open];
    if (!is_free(o) || mx_htp_is(o, MX_HTP_OP_PRODUCT) || b->n_inside == BUBBLE) return false;
    if (o->n_out > BUBBLE || !all_users_inside(b, o, start)) return false;
    b->inside[b->n_inside++] = taken;
    b->reduces = b->reduces || mx_htp_is(o, MX_HTP_OP_REDUCTION);
    return add_open(b, o);
}

/* The bubble ends where all comes from one value; it may go on from there to one more reduction (the mean that was
 * subtracted first). */
static void claim_norm(mx_htp_flow *f, mx_htp_op *start) {
    bubble b = {.f = f};
    if (!add_open(&b, start)) return;
    while (b.n_open && step_back(&b, start))
        if (b.n_open + b.free_input <= 1 && b.reduces) {
            b.n_done = b.n_inside;
            b.reduces = false;
        }
    for (uint32_t i = 0; i < b.n_done; i++)
        claim(&f->ops[b.inside[i]], start->module);
}

static void claim_norms(mx_htp_flow *f) {
    for (uint32_t i = 0; i < f->n; i++) {
        mx_htp_op *o = &f->ops[f->order[i]];
        if (o->how == MX_HTP_HOW_TOLD && mx_htp_is(o, MX_HTP_OP_ADD | MX_HTP_OP_SCALE)) claim_norm(f, o);
    }
}

/* ---- layout around a module ---- */

/* Modules of a class of their own, without others inside. */
static bool may_lay_out(const mx_htp_flow *f, uint32_t module) {
    return module && !f->tree->modules[module].torch_nn && mx_htp_is_leaf(f, module);
}

enum { AROUND = 64, PREFIXES = 4, LOOKS = 8 };

static bool is_only_child(const mx_htp_flow *f, uint32_t parent, uint32_t module) {
    uint32_t c = f->tree->modules[parent].first_child;
    for (int i = 0; i < LOOKS && c != MX_NO_INDEX; i++, c = f->tree->modules[c].next_sibling)
        if (c != module && (mx_htp_runs(f, c) || !mx_htp_is_leaf(f, c))) return false;
    return c == MX_NO_INDEX;
}

/* Who may turn what a module gets and gives: the module itself, or one that holds nothing but that one. MX_NO_INDEX:
 * nobody. */
static uint32_t who_lays_out(const mx_htp_flow *f, uint32_t module) {
    if (may_lay_out(f, module)) return module;
    uint32_t up = f->tree->modules[module].parent;
    if (module == 0 || up == 0 || !mx_htp_is_leaf(f, module) || !mx_htp_runs(f, up)) return MX_NO_INDEX;
    return !f->tree->modules[up].torch_nn && is_only_child(f, up, module) ? up : MX_NO_INDEX;
}

static bool is_free_layout(const mx_htp_op *o) {
    return o && is_free(o) && mx_htp_is(o, MX_HTP_OP_LAYOUT);
}

/* Layout in front of an operator, and behind one, nearest first. */
static uint32_t layout_before(const mx_htp_flow *f, mx_htp_op *o, mx_htp_op **found) {
    uint32_t n = 0;
    for (mx_htp_op *x; n < PREFIXES && is_free_layout(x = mx_htp_only_producer(f, o)) && mx_htp_only_user(f, x) == o;
         o = x)
        found[n++] = x;
    return n;
}

static uint32_t layout_behind(const mx_htp_flow *f, mx_htp_op *o, mx_htp_op **found) {
    uint32_t n = 0;
    while (n < PREFIXES && o && is_free_layout(o = mx_htp_only_user(f, o)))
        found[n++] = o;
    return n;
}

/* Transpose, the whole module, inverse Transpose; and the layout in between. */
static void claim_turned(mx_htp_flow *f, mx_htp_op *first) {
    mx_htp_op *before[PREFIXES], *behind[PREFIXES], *last = first, *next = mx_htp_only_user(f, first);
    uint32_t whose = who_lays_out(f, first->module), n_before, n_behind;
    if (whose == MX_NO_INDEX || !(n_before = layout_before(f, first, before))) return;
    for (int i = 0; i < AROUND && next && next->module == first->module; i++) {
        last = next;
        next = mx_htp_only_user(f, last);
    }
    n_behind = layout_behind(f, last, behind);
    for (uint32_t i = n_before; i-- > 0;)
        for (uint32_t k = n_behind; k-- > 0;) {
            if (!mx_htp_turns_back(f, before[i], behind[k])) continue;
            for (uint32_t m = 0; m <= i; m++)
                claim(before[m], whose);
            for (uint32_t m = 0; m <= k; m++)
                claim(behind[m], whose);
            return;
        }
}

/* For the layout before the first operator of each module: how often its class has it, and in how many contexts. A
 * class that always stands in the same context cannot tell what is its own. */
typedef struct prefixes {
    mx_htp_flow *f;
    mx_htp_tally tally;
    uint32_t *first; /* by module: its first operator + 1; the operators' count + 1: several */
} prefixes;

static mx_htp_op *prefix_of(const prefixes *p, uint32_t module) {
    uint32_t first = p->first[module];
    if (first == 0 || first > p->f->n) return NULL;
    mx_htp_op *x = mx_htp_only_producer(p->f, &p->f->ops[first - 1]);
    bool own = x && is_free(x) && mx_htp_is(x, MX_HTP_OP_LAYOUT) && mx_htp_only_user(p->f, x) == &p->f->ops[first - 1];
    return own ? x : NULL;
}

static void find_first(prefixes *p) {
    const mx_htp_flow *f = p->f;
    memset(p->first, 0, f->tree->count * sizeof *p->first);
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[i];
        if (is_free(o) || !mx_htp_flows(o) || !may_lay_out(f, o->module)) continue;
        if (f->tree->modules[o->module].class_name == MX_SID_ABSENT) continue;
        bool entered = true;
        for (uint32_t k = 0; k < o->n_in; k++)
            entered = entered && f->ops[mx_htp_ins(f, o)[k]].module != o->module;
        if (entered) p->first[o->module] = p->first[o->module] ? f->n + 1 : i + 1;
    }
}

static uint32_t claim_prefixes(prefixes *p) {
    mx_htp_flow *f = p->f;
    const mx_htp_module *all = f->tree->modules;
    uint32_t claimed = 0;
    find_first(p);
    mx_htp_tally_clear(&p->tally);
    for (uint32_t m = 1; m < f->tree->count; m++) {
        const mx_htp_op *x = prefix_of(p, m);
        uint64_t context = mx_htp_mix(all[mx_htp_running_parent(f, m)].class_name, all[m].part);
        if (!p->first[m]) continue;
        (*mx_htp_tally_at(&p->tally, 1, all[m].class_name, 0))++;
        if (x) (*mx_htp_tally_at(&p->tally, 2, all[m].class_name, mx_htp_type_hash(f, x)))++;
        if ((*mx_htp_tally_at(&p->tally, 3, all[m].class_name, context))++ == 0)
            (*mx_htp_tally_at(&p->tally, 4, all[m].class_name, 0))++;
    }
    for (uint32_t m = 1; m < f->tree->count; m++) {
        mx_htp_op *x = prefix_of(p, m);
        if (!x || *mx_htp_tally_at(&p->tally, 4, all[m].class_name, 0) < 2) continue;
        uint32_t have = *mx_htp_tally_at(&p->tally, 2, all[m].class_name, mx_htp_type_hash(f, x));
        if (have != *mx_htp_tally_at(&p->tally, 1, all[m].class_name, 0)) continue;
        claim(x, m);
        claimed++;
    }
    return claimed;
}

mx_status mx_htp_infer_claims(mx_htp_flow *f) {
    prefixes p = {.f = f};
    size_t entered = 0;
    claim_products(f);
    claim_norms(f);
    for (uint32_t i = 0; i < f->n; i++)
        if (f->ops[i].how == MX_HTP_HOW_TOLD && mx_htp_flows(&f->ops[i])) claim_turned(f, &f->ops[i]);
    p.first = mx_arena_array(&f->arena, f->tree->count, sizeof *p.first);
    if (!p.first) return mx_nomem(f->err);
    find_first(&p);
    for (uint32_t m = 0; m < f->tree->count; m++)
        entered += p.first[m] != 0;
    MX_TRY(mx_htp_tally_make(f, 4 * entered, &p.tally));
    for (int i = 0; i < PREFIXES && claim_prefixes(&p);)
        i++;
    return MX_OK;
}
