/* What stands behind a module's last told operator may be its own last step or its caller's next one. Modules of one
 * class do the same: what more than half of them have there stays, the rest climbs to the caller. */
#include "htp/infer.h"

typedef struct vote {
    mx_htp_flow *f;
    uint64_t *hash; /* by operator: what it is within its suffix */
    uint8_t *ends;  /* by module: bits below */
    mx_htp_tally tally;
} vote;

enum { RUNS = 1, JOINS = 2, FOLLOWED = 4 };
enum { ROUNDS = 8 };

static uint64_t class_of(const mx_htp_flow *f, uint32_t module) {
    return f->tree->modules[module].class_name;
}

/* Only where classes are known there is something to vote on. */
static bool is_voted_on(const mx_htp_flow *f, const mx_htp_op *o) {
    return o->how == MX_HTP_HOW_SUFFIX && class_of(f, o->module) != MX_SID_ABSENT;
}

static mx_status prepare(vote *v, size_t suffixes) {
    mx_htp_flow *f = v->f;
    v->hash = mx_arena_array(&f->arena, f->n, sizeof *v->hash);
    v->ends = mx_arena_array(&f->arena, f->tree->count, sizeof *v->ends);
    if (!v->hash || !v->ends) return mx_nomem(f->err);
    return mx_htp_tally_make(f, 2 * suffixes + f->tree->count, &v->tally);
}

static bool in_suffix(const mx_htp_op *o, uint32_t module) {
    return o->how == MX_HTP_HOW_SUFFIX && o->module == module;
}

static uint64_t hash_of(const vote *v, const mx_htp_op *o) {
    const mx_htp_flow *f = v->f;
    const mx_node *n = mx_node_at(f->g, o->id);
    uint64_t h = mx_htp_type_hash(f, o);
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        uint32_t from = mx_htp_flow_find(f, n->inputs[i].source);
        bool known = from != MX_NO_INDEX && mx_htp_flows(&f->ops[from]);
        h = mx_htp_mix(h, known ? in_suffix(&f->ops[from], o->module) ? v->hash[from] : 1 : 0);
    }
    return h;
}

/* How modules end: with what, or at once in a join. */
static void look(vote *v) {
    mx_htp_flow *f = v->f;
    memset(v->ends, 0, f->tree->count);
    mx_htp_tally_clear(&v->tally);
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[f->order[i]];
        if (o->module == MX_NO_INDEX || !mx_htp_flows(o)) continue;
        for (uint32_t m = o->module; !(v->ends[m] & RUNS); m = f->tree->modules[m].parent) {
            v->ends[m] |= RUNS;
            if (m == 0) break;
        }
        uint32_t before = o->newest == MX_NO_INDEX ? 0 : mx_htp_behind(f, f->ops[o->newest].module);
        if (o->how == MX_HTP_HOW_JOIN)
            for (; before && !mx_htp_tree_holds(f->tree, before, o->module); before = f->tree->modules[before].parent)
                v->ends[before] |= JOINS;
        if (!is_voted_on(f, o)) continue;
        v->ends[o->module] |= FOLLOWED;
        v->hash[f->order[i]] = hash_of(v, o);
        if ((*mx_htp_tally_at(&v->tally, 1, o->module, v->hash[f->order[i]]))++ == 0)
            (*mx_htp_tally_at(&v->tally, 2, class_of(f, o->module), v->hash[f->order[i]]))++;
    }
}

/* A join takes the place of what a module with others inside would do last; single ones do not join. */
static void count_voters(vote *v) {
    mx_htp_flow *f = v->f;
    for (uint32_t m = 0; m < f->tree->count; m++) {
        bool joins_at_once = (v->ends[m] & (JOINS | FOLLOWED)) == JOINS && !mx_htp_is_leaf(f, m);
        if ((v->ends[m] & RUNS) && !joins_at_once) (*mx_htp_tally_at(&v->tally, 3, class_of(f, m), 0))++;
    }
}

static bool stays(const vote *v, const mx_htp_op *o, uint64_t hash) {
    uint64_t class_name = class_of(v->f, o->module);
    for (uint32_t i = 0; i < o->n_in; i++) { /* not without what it stands on */
        const mx_htp_op *x = &v->f->ops[mx_htp_ins(v->f, o)[i]];
        if (mx_htp_flows(x) && x->how == MX_HTP_HOW_CLIMBED) return false;
    }
    return 2 * *mx_htp_tally_at(&v->tally, 2, class_name, hash) > *mx_htp_tally_at(&v->tally, 3, class_name, 0);
}

/* Whether a module does nothing but hold modules of one class, many times. */
static bool repeats_only(const mx_htp_flow *f, uint32_t module) {
    const mx_htp_module *all = f->tree->modules;
    uint32_t n = 0;
    mx_sid class_name = MX_SID_ABSENT;
    for (uint32_t c = all[module].first_child; c != MX_NO_INDEX; c = all[c].next_sibling) {
        if (!mx_htp_runs(f, c)) return repeats_only(f, c) && all[c].next_sibling == MX_NO_INDEX && n == 0;
        if (n++ && all[c].class_name != class_name) return false;
        class_name = all[c].class_name;
    }
    return n > 0;
}

/* To the caller, or past those that only repeat. Who comes up to where what comes next is called from, past others,
 * belongs to that; and so does what takes a value in front that goes elsewhere too. */
static void climb(const mx_htp_flow *f, mx_htp_op *o) {
    uint32_t l = o->ahead == MX_NO_INDEX ? 0 : f->ops[o->ahead].module, up = mx_htp_running_parent(f, o->module);
    bool past = false;
    while (up && !mx_htp_tree_holds(f->tree, up, l) && repeats_only(f, up)) {
        up = mx_htp_running_parent(f, up);
        past = true;
    }
    bool open = l && mx_htp_tree_holds(f->tree, up, l);
    o->module = up;
    o->how = open || up == 0 ? MX_HTP_HOW_FLOW : MX_HTP_HOW_SUFFIX;
    if (!open || (!past && (f->ops[o->newest].n_out < 2 || !mx_htp_only_producer(f, o)))) return;
    uint32_t child = mx_htp_towards(f, up, l);
    if (!mx_htp_is_leaf(f, child)) o->module = child;
}

mx_status mx_htp_infer_vote(mx_htp_flow *f) {
    vote v = {.f = f};
    size_t suffixes = 0;
    for (uint32_t i = 0; i < f->n; i++)
        suffixes += is_voted_on(f, &f->ops[i]);
    if (!suffixes) return MX_OK;
    MX_TRY(prepare(&v, suffixes));
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t climbing = 0;
        look(&v);
        count_voters(&v);
        for (uint32_t i = 0; i < f->n; i++) {
            mx_htp_op *o = &f->ops[f->order[i]];
            if (!is_voted_on(f, o) || stays(&v, o, v.hash[f->order[i]])) continue;
            o->how = MX_HTP_HOW_CLIMBED;
            climbing++;
        }
        for (uint32_t i = 0; i < f->n && climbing; i++)
            if (f->ops[i].how == MX_HTP_HOW_CLIMBED) climb(f, &f->ops[i]);
        if (!climbing) break;
    }
    return MX_OK;
}
