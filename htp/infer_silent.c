/* Modules that are executed and own no told operator: activations, attention and MLP blocks without biases. The order of
 * execution says between which told operators they run.
 *
 * A silent module that holds others gets a piece: all that hangs together between two told operators, cut where a residual
 * joins, with products in it. A silent leaf gets a block: a part of a piece, without products, that depends on one value and leaves by one
 * value. Where modules and pieces cannot be told apart nobody gets anything. */
#include "htp/infer.h"

#include <stdlib.h>

typedef struct part { /* a piece or a block */
    mx_htp_time time, ahead; /* of the told operators before and behind it */
    uint32_t inside;         /* the silent module that has got it all, MX_NO_INDEX: none */
    uint32_t level, first, size; /* first: in the list of its operators */
    bool good;               /* a piece with products */
} part;

typedef struct finding {
    mx_htp_flow *f;
    bool *told;          /* by module: some told operator is in it */
    uint32_t *holders;   /* silent modules around others, in the order of execution; only outermost ones */
    uint32_t *leaves;
    uint32_t n_holders, n_leaves;
    uint32_t *joint;     /* union-find over operators */
    uint32_t *products;  /* how many products stand on the chain of newest producers */
    uint32_t *sorted;    /* operators by part, then by level */
    uint32_t *pending;   /* users to come, in the part at hand */
    uint32_t *place;     /* of an operator in `sorted` */
    uint32_t *seen;      /* the part that an operator before it was last met by */
    part *parts, *blocks;
    uint32_t n_parts, n_blocks;
} finding;

static int32_t order_of(const finding *w, uint32_t module) {
    return w->f->tree->modules[module].order;
}

static int compare_u32(uint32_t a, uint32_t b) {
    return (a > b) - (a < b);
}

typedef struct ordered {
    int32_t order;
    uint32_t module;
} ordered;

static int by_order(const void *a, const void *b) {
    const ordered *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return compare_u32(x->module, y->module);
}

static mx_status list_modules(finding *w) {
    const mx_htp_tree *tree = w->f->tree;
    ordered *all = mx_arena_array(&w->f->arena, tree->count, sizeof *all);
    uint32_t n = 0;
    w->holders = mx_arena_array(&w->f->arena, tree->count, sizeof *w->holders);
    w->leaves = mx_arena_array(&w->f->arena, tree->count, sizeof *w->leaves);
    if (!all || !w->holders || !w->leaves) return mx_nomem(w->f->err);
    for (uint32_t m = 1; m < tree->count; m++)
        if (tree->modules[m].has_order && mx_htp_runs(w->f, m) && !w->told[m]) all[n++] = (ordered){tree->modules[m].order, m};
    qsort(all, n, sizeof *all, by_order);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t m = all[i].module, up = mx_htp_running_parent(w->f, m);
        if (!mx_htp_is_leaf(w->f, m)) {
            if (up == 0 || w->told[up]) w->holders[w->n_holders++] = m;
        } else if (!tree->modules[m].torch_nn) {
            w->leaves[w->n_leaves++] = m;
        }
    }
    return MX_OK;
}

static mx_status prepare(finding *w) {
    mx_htp_flow *f = w->f;
    w->told = mx_arena_array(&f->arena, f->tree->count, sizeof *w->told);
    w->joint = mx_arena_array(&f->arena, f->n, sizeof *w->joint);
    w->products = mx_arena_array(&f->arena, f->n, sizeof *w->products);
    w->sorted = mx_arena_array(&f->arena, f->n, sizeof *w->sorted);
    w->pending = mx_arena_array(&f->arena, f->n, sizeof *w->pending);
    w->place = mx_arena_array(&f->arena, f->n, sizeof *w->place);
    w->seen = mx_arena_array(&f->arena, f->n, sizeof *w->seen);
    w->parts = mx_arena_array(&f->arena, f->n, sizeof *w->parts);
    w->blocks = mx_arena_array(&f->arena, f->n, sizeof *w->blocks);
    if (!w->told || !w->joint || !w->products || !w->sorted || !w->pending || !w->place || !w->seen || !w->parts || !w->blocks)
        return mx_nomem(f->err);
    memset(w->told, 0, f->tree->count * sizeof *w->told);
    memset(w->pending, 0, f->n * sizeof *w->pending);
    memset(w->place, 0, f->n * sizeof *w->place);
    memset(w->seen, 0, f->n * sizeof *w->seen);
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[f->order[i]];
        for (uint32_t m = o->module; m != MX_NO_INDEX && !w->told[m]; m = f->tree->modules[m].parent) w->told[m] = true;
        uint32_t before = o->newest == MX_NO_INDEX ? 0 : w->products[o->newest];
        w->products[f->order[i]] = before + mx_htp_is(o, MX_HTP_OP_WEIGHTED);
    }
    return list_modules(w);
}

/* ---- parts ---- */

static bool is_candidate(const mx_htp_op *o) {
    return mx_htp_flows(o) && o->time && (o->module == MX_NO_INDEX || o->how == MX_HTP_HOW_SILENT);
}

static mx_htp_time time_ahead(const mx_htp_flow *f, const mx_htp_op *o) {
    return o->ahead == MX_NO_INDEX ? 0 : f->ops[o->ahead].time;
}

/* A value that went past products, or past told operators, and is added to what came of it. */
static bool joins_residual(const finding *w, const mx_htp_op *o) {
    const mx_htp_flow *f = w->f;
    const mx_htp_op *p = o->newest == MX_NO_INDEX ? NULL : &f->ops[o->newest];
    for (uint32_t i = 0; p && i < o->n_in && !mx_htp_is(o, MX_HTP_OP_SCALE); i++) {
        uint32_t from = mx_htp_ins(f, o)[i];
        const mx_htp_op *x = &f->ops[from];
        if (!x->time || x == p || x->enter > p->enter || p->enter >= x->leave) continue;
        if (x->time < p->time || w->products[from] < w->products[o->newest]) return true;
    }
    return false;
}

static uint32_t root_of(finding *w, uint32_t op) {
    while (w->joint[op] != op) op = w->joint[op] = w->joint[w->joint[op]];
    return op;
}

static bool same_group(const mx_htp_flow *f, const mx_htp_op *a, const mx_htp_op *b) {
    return a->time == b->time && time_ahead(f, a) == time_ahead(f, b) && a->module == b->module;
}

/* Operators that hang together; blocks are cut at products, pieces hold them. */
static void join_parts(finding *w, bool blocks) {
    mx_htp_flow *f = w->f;
    uint32_t not_in_it = blocks ? MX_HTP_OP_WEIGHTED : 0;
    for (uint32_t i = 0; i < f->n; i++) w->joint[i] = i;
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[i];
        if (!is_candidate(o) || mx_htp_is(o, not_in_it) || joins_residual(w, o)) continue;
        for (uint32_t k = 0; k < o->n_in; k++) {
            uint32_t from = mx_htp_ins(f, o)[k];
            const mx_htp_op *x = &f->ops[from];
            if (!is_candidate(x) || mx_htp_is(x, not_in_it) || joins_residual(w, x) || !same_group(f, o, x)) continue;
            uint32_t a = root_of(w, i), b = root_of(w, from);
            if (a != b) w->joint[a > b ? a : b] = a > b ? b : a;
        }
    }
}

/* Stable counting sort of w->sorted by a key below n. */
static mx_status sort_by(finding *w, uint32_t count, const uint32_t *key, uint32_t n_keys) {
    uint32_t *from = mx_arena_array(&w->f->arena, (size_t)n_keys + 1, sizeof *from);
    uint32_t *to = mx_arena_array(&w->f->arena, count, sizeof *to);
    if (!from || !to) return mx_nomem(w->f->err);
    memset(from, 0, ((size_t)n_keys + 1) * sizeof *from);
    for (uint32_t i = 0; i < count; i++) from[key[w->sorted[i]] + 1]++;
    for (uint32_t i = 0; i < n_keys; i++) from[i + 1] += from[i];
    for (uint32_t i = 0; i < count; i++) to[from[key[w->sorted[i]]]++] = w->sorted[i];
    if (count) memcpy(w->sorted, to, count * sizeof *to);
    return MX_OK;
}

/* The operators of each part side by side, by level. */
static mx_status list_parts(finding *w, bool blocks) {
    mx_htp_flow *f = w->f;
    uint32_t count = 0, *levels = mx_arena_array(&f->arena, f->n, sizeof *levels);
    if (!levels) return mx_nomem(f->err);
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[i];
        levels[i] = o->level;
        if (is_candidate(o) && !(blocks && mx_htp_is(o, MX_HTP_OP_WEIGHTED)) && !joins_residual(w, o)) w->sorted[count++] = i;
    }
    MX_TRY(sort_by(w, count, levels, f->n));
    for (uint32_t i = 0; i < count; i++) levels[w->sorted[i]] = root_of(w, w->sorted[i]);
    MX_TRY(sort_by(w, count, levels, f->n));
    w->n_parts = 0;
    for (uint32_t i = 0; i < count; i++) {
        const mx_htp_op *o = &f->ops[w->sorted[i]];
        if (i == 0 || levels[w->sorted[i]] != levels[w->sorted[i - 1]])
            w->parts[w->n_parts++] = (part){.time = o->time, .ahead = time_ahead(f, o), .inside = o->module, .level = o->level,
                                            .first = i};
        part *p = &w->parts[w->n_parts - 1];
        p->size++;
        w->place[w->sorted[i]] = i;
        p->good = p->good || mx_htp_is(o, MX_HTP_OP_WEIGHTED);
    }
    return MX_OK;
}

static int by_group(const void *a, const void *b) {
    const part *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    if (x->ahead != y->ahead) return x->ahead < y->ahead ? -1 : 1;
    if (x->inside != y->inside) return compare_u32(x->inside, y->inside);
    if (x->level != y->level) return compare_u32(x->level, y->level);
    return compare_u32(x->first, y->first);
}

/* ---- who runs there ---- */

/* The silent modules of a list that run between the told operators of a group and whose parent is open there; at most `max`,
 * the number is what there would be. */
static uint32_t candidates(const finding *w, const part *p, const uint32_t *list, uint32_t n_list, uint32_t *found, uint32_t max) {
    const mx_htp_flow *f = w->f;
    const mx_htp_op *o = &f->ops[w->sorted[p->first]];
    uint32_t origin = f->ops[o->origin].module, next = o->ahead == MX_NO_INDEX ? 0 : f->ops[o->ahead].module, n = 0;
    bool same_turn = p->ahead && p->ahead >> 32 == p->time >> 32;
    int64_t from = (int64_t)(uint32_t)p->time - 1, to = same_turn ? (int64_t)(uint32_t)p->ahead - 1 : INT32_MAX;
    uint32_t low = 0, high = n_list;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (order_of(w, list[mid]) <= from) low = mid + 1;
        else high = mid;
    }
    for (; low < n_list && order_of(w, list[low]) < to && n <= max; low++) {
        uint32_t up = mx_htp_running_parent(f, list[low]);
        if (p->inside != MX_NO_INDEX ? !mx_htp_tree_holds(f->tree, p->inside, list[low])
                                     : !mx_htp_tree_holds(f->tree, up, origin) && !mx_htp_tree_holds(f->tree, up, next))
            continue;
        if (n < max) found[n] = list[low];
        n++;
    }
    return n;
}

static void give(finding *w, const part *p, uint32_t module) {
    for (uint32_t i = 0; i < p->size; i++) {
        mx_htp_op *o = &w->f->ops[w->sorted[p->first + i]];
        o->module = module;
        o->how = MX_HTP_HOW_SILENT;
    }
}

enum { MANY = 64 };

/* The parts from `at` on that are of one group; returns their end. The good ones are put first. */
static uint32_t end_of_group(finding *w, uint32_t at, uint32_t *n_good) {
    uint32_t end = at;
    const part first = w->parts[at];
    for (*n_good = 0; end < w->n_parts; end++) {
        part p = w->parts[end];
        if (p.time != first.time || p.ahead != first.ahead || p.inside != first.inside) break;
        if (!p.good) continue;
        w->parts[end] = w->parts[at + *n_good];
        w->parts[at + (*n_good)++] = p;
    }
    return end;
}

static void give_pieces(finding *w) {
    uint32_t found[MANY], n_good;
    for (uint32_t at = 0, end; at < w->n_parts; at = end) {
        end = end_of_group(w, at, &n_good);
        if (n_good == 0 || n_good > MANY) continue;
        uint32_t n = candidates(w, &w->parts[at], w->holders, w->n_holders, found, MANY);
        for (uint32_t i = 0; n == n_good && i < n; i++) give(w, &w->parts[at + i], found[i]);
    }
}

/* ---- blocks ---- */

typedef struct sweep {
    const part *p;
    uint32_t tag;   /* of the part, in w->seen */
    uint32_t live;  /* values that are made or used already and have users to come */
    uint32_t entry; /* the producer in front of the block; the operators' count: more than one */
    uint32_t start; /* the block's first place */
    bool computes, escapes;
} sweep;

static bool within(const finding *w, const part *p, uint32_t op) {
    uint32_t at = w->place[op];
    return at >= p->first && at < p->first + p->size && w->sorted[at] == op;
}

static void enter_from(finding *w, sweep *s, uint32_t from) {
    bool inside = within(w, s->p, from);
    if (!inside && w->seen[from] != s->tag) {
        w->seen[from] = s->tag;
        s->live++;
    }
    if (--w->pending[from] == 0) s->live--;
    if (inside && w->place[from] >= s->start) return;
    s->entry = s->entry == MX_NO_INDEX || s->entry == from ? from : w->f->n;
}

static bool used_outside(const finding *w, const part *p, const mx_htp_op *o) {
    for (uint32_t i = 0; i < o->n_out; i++) {
        uint32_t user = mx_htp_outs(w->f, o)[i];
        if (mx_htp_flows(&w->f->ops[user]) && !within(w, p, user)) return true;
    }
    return o->output;
}

/* The operators of one level. True: the last of them makes the only value that goes on, a block ends here. */
static bool sweep_level(finding *w, sweep *s, uint32_t from, uint32_t to) {
    const mx_htp_flow *f = w->f;
    bool escapes = false;
    for (uint32_t at = from; at < to; at++) {
        const mx_htp_op *o = &f->ops[w->sorted[at]];
        for (uint32_t i = 0; i < o->n_in; i++)
            if (mx_htp_flows(&f->ops[mx_htp_ins(f, o)[i]])) enter_from(w, s, mx_htp_ins(f, o)[i]);
        if (o->free_input) s->entry = f->n;
        s->computes = s->computes || !mx_htp_is(o, MX_HTP_OP_LAYOUT | MX_HTP_OP_CAST);
    }
    for (uint32_t at = from; at < to; at++) {
        s->live += w->pending[w->sorted[at]] > 0;
        escapes = escapes || used_outside(w, s->p, &f->ops[w->sorted[at]]);
    }
    uint32_t own = w->pending[w->sorted[from]] > 0;
    if (to - from == 1 && s->live == own) return true;
    s->escapes = s->escapes || escapes;
    return false;
}

static void find_blocks(finding *w, const part *p, uint32_t tag) {
    const mx_htp_flow *f = w->f;
    sweep s = {.p = p, .tag = tag, .entry = MX_NO_INDEX, .start = p->first};
    uint32_t end = p->first + p->size;
    for (uint32_t at = p->first; at < end; at++) {
        const mx_htp_op *o = &f->ops[w->sorted[at]];
        for (uint32_t i = 0; i < o->n_in; i++) w->pending[mx_htp_ins(f, o)[i]] += mx_htp_flows(&f->ops[mx_htp_ins(f, o)[i]]);
    }
    for (uint32_t at = p->first, to; at < end; at = to) {
        for (to = at + 1; to < end && f->ops[w->sorted[to]].level == f->ops[w->sorted[at]].level;) to++;
        if (!sweep_level(w, &s, at, to)) continue;
        bool good = s.computes && !s.escapes && s.entry < f->n;
        if (good) {
            part *b = &w->blocks[w->n_blocks++];
            *b = *p;
            b->level = f->ops[w->sorted[s.start]].level;
            b->first = s.start;
            b->size = to - s.start;
        }
        s = (sweep){.p = p, .tag = tag, .live = s.live, .entry = MX_NO_INDEX, .start = to};
    }
}

static int by_size(const void *a, const void *b) {
    const part *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    if (x->level != y->level) return compare_u32(x->level, y->level);
    return compare_u32(x->first, y->first);
}

/* One module: blocks that follow each other directly are one to it. Returns how many are left. */
static uint32_t join_blocks(part *b, uint32_t n) {
    uint32_t kept = 0;
    for (uint32_t i = 1; i < n; i++) {
        if (b[kept].first + b[kept].size == b[i].first) b[kept].size += b[i].size;
        else b[++kept] = b[i];
    }
    return kept + 1;
}

static uint64_t shape_of(const finding *w, const part *b) {
    uint64_t h = b->size;
    for (uint32_t i = 0; i < b->size; i++) h = mx_htp_mix(h, mx_htp_type_hash(w->f, &w->f->ops[w->sorted[b->first + i]]));
    return h;
}

/* More blocks than modules: the largest ones are meant. A module that computes the same elsewhere under the same parent is called
 * again. */
static mx_status give_blocks(finding *w) {
    uint32_t found[MANY];
    mx_htp_tally known;
    MX_TRY(mx_htp_tally_make(w->f, w->f->tree->count, &known));
    for (uint32_t at = 0, end; at < w->n_blocks; at = end) {
        part *first = &w->blocks[at];
        for (end = at + 1; end < w->n_blocks && w->blocks[end].time == first->time && w->blocks[end].ahead == first->ahead &&
                           w->blocks[end].inside == first->inside;)
            end++;
        uint32_t n = candidates(w, first, w->leaves, w->n_leaves, found, MANY), n_blocks = end - at;
        if (n == 0 || n > n_blocks || n > MANY) continue;
        if (n == 1) n_blocks = join_blocks(first, n_blocks);
        qsort(first, n_blocks, sizeof *first, by_size);
        qsort(first, n, sizeof *first, by_group);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t up = mx_htp_running_parent(w->f, found[i]);
            give(w, &first[i], found[i]);
            *mx_htp_tally_at(&known, up, shape_of(w, &first[i]), 0) = found[i];
        }
    }
    for (uint32_t i = 0; i < w->n_blocks; i++) {
        const mx_htp_op *o = &w->f->ops[w->sorted[w->blocks[i].first]];
        if (o->module != MX_NO_INDEX) continue;
        uint32_t up = mx_htp_behind(w->f, w->f->ops[o->origin].module);
        uint32_t again = *mx_htp_tally_at(&known, up, shape_of(w, &w->blocks[i]), 0);
        if (again) give(w, &w->blocks[i], again);
    }
    return MX_OK;
}

mx_status mx_htp_infer_silent(mx_htp_flow *f) {
    finding w = {.f = f};
    MX_TRY(prepare(&w));
    if (w.n_holders) {
        join_parts(&w, false);
        MX_TRY(list_parts(&w, false));
        qsort(w.parts, w.n_parts, sizeof *w.parts, by_group);
        give_pieces(&w);
    }
    if (w.n_leaves == 0) return MX_OK;
    join_parts(&w, true);
    MX_TRY(list_parts(&w, true));
    for (uint32_t i = 0; i < w.n_parts; i++) find_blocks(&w, &w.parts[i], i + 1);
    qsort(w.blocks, w.n_blocks, sizeof *w.blocks, by_group);
    return give_blocks(&w);
}
