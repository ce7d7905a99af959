/* Modules that are executed and own no told operator: activations, attention and MLP blocks without biases. The order
 * of execution says between which told operators they run.
 *
 * A silent module that holds others gets a piece: all that hangs together between two told operators, cut where a
 * residual joins, with products in it. A silent leaf gets a block: a part of a piece, without products, that depends on
 * one value and leaves by one value. Where modules and pieces cannot be told apart nobody gets anything. */
#include "htp/infer.h"

#include <stdlib.h>

typedef struct part {            /* a piece or a block */
    mx_htp_time time, ahead;     /* of the told operators before and behind it */
    uint32_t inside;             /* the silent module that has got it all, MX_NO_INDEX: none */
    uint32_t level, first, size; /* first: in the list of its operators */
    uint32_t region;             /* of a block: where the region that it is a part of begins in that list */
    const struct finding *w;     /* for its operators' names, which decide where all else is equal */
    bool good;                   /* a piece with products; a block that computes */
} part;

typedef struct finding {
    mx_htp_flow *f;
    bool *told;        /* by module: some labelled operator is in it */
    bool *entered;     /* the same, and data flows in from labelled ones: tables of positions do not count */
    uint32_t *holders; /* silent modules around others, in the order of execution; only outermost ones */
    uint32_t *leaves;  /* single ones of classes that are not torch.nn's */
    uint32_t *plain;   /* single ones of torch.nn */
    uint32_t n_holders, n_leaves, n_plain;
    uint32_t *joint;           /* union-find over operators */
    uint32_t *sorted;          /* operators by part, then by level */
    uint32_t *to, *from, *key; /* for sorting */
    uint32_t *pending;         /* users to come, in the part at hand */
    uint32_t *place;           /* of an operator in `sorted` */
    uint32_t *seen;            /* the part that an operator before it was last met by */
    part *parts, *blocks;
    size_t n_parts, n_blocks, cap_parts, cap_blocks;
} finding;

/* Names of classes say a little: what drops something leaves nothing behind in a model for inference. */
static bool speaks_of(mx_str class_name, const char *word) {
    return class_name.n && memmem(class_name.p, class_name.n, word, strlen(word)) != NULL;
}

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
    w->plain = mx_arena_array(&w->f->arena, tree->count, sizeof *w->plain);
    if (!all || !w->holders || !w->leaves || !w->plain) return mx_nomem(w->f->err);
    for (uint32_t m = 1; m < tree->count; m++)
        if (tree->modules[m].has_order && mx_htp_runs(w->f, m) && !w->entered[m])
            all[n++] = (ordered){tree->modules[m].order, m};
    qsort(all, n, sizeof *all, by_order);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t m = all[i].module, up = mx_htp_running_parent(w->f, m);
        if (!mx_htp_is_leaf(w->f, m)) {
            if (up == 0 || w->entered[up]) w->holders[w->n_holders++] = m;
        } else if (!w->told[m]) {
            if (tree->modules[m].torch_nn)
                w->plain[w->n_plain++] = m;
            else if (!speaks_of(mx_text(w->f->g, tree->modules[m].class_name), "Drop"))
                w->leaves[w->n_leaves++] = m;
        }
    }
    return MX_OK;
}

static mx_status prepare(finding *w) {
    mx_htp_flow *f = w->f;
    uint32_t **const arrays[] = {&w->joint, &w->sorted, &w->to, &w->from, &w->key, &w->pending, &w->place, &w->seen};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        if (!(*arrays[i] = mx_arena_array(&f->arena, (size_t)f->n + 1, sizeof **arrays[i]))) return mx_nomem(f->err);
    w->told = mx_arena_array(&f->arena, f->tree->count, sizeof *w->told);
    w->entered = mx_arena_array(&f->arena, f->tree->count, sizeof *w->entered);
    if (!w->told || !w->entered) return mx_nomem(f->err);
    memset(w->told, 0, f->tree->count * sizeof *w->told);
    memset(w->entered, 0, f->tree->count * sizeof *w->entered);
    memset(w->pending, 0, f->n * sizeof *w->pending);
    memset(w->place, 0, f->n * sizeof *w->place);
    memset(w->seen, 0, f->n * sizeof *w->seen);
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[f->order[i]];
        for (uint32_t m = o->module; m != MX_NO_INDEX && !w->told[m]; m = f->tree->modules[m].parent)
            w->told[m] = true;
        uint32_t m = o->newest != MX_NO_INDEX || o->free_input ? o->module : MX_NO_INDEX;
        for (; m != MX_NO_INDEX && !w->entered[m]; m = f->tree->modules[m].parent)
            w->entered[m] = true;
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

static uint32_t root_of(finding *w, uint32_t op) {
    while (w->joint[op] != op)
        op = w->joint[op] = w->joint[w->joint[op]];
    return op;
}

static bool same_group(const mx_htp_flow *f, const mx_htp_op *a, const mx_htp_op *b) {
    return a->time == b->time && time_ahead(f, a) == time_ahead(f, b) && a->module == b->module;
}

/* Operators that hang together; blocks are cut at products, pieces hold them. */
static void join_parts(finding *w, bool blocks) {
    mx_htp_flow *f = w->f;
    uint32_t not_in_it = blocks ? MX_HTP_OP_WEIGHTED : 0;
    for (uint32_t i = 0; i < f->n; i++)
        w->joint[i] = i;
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[i];
        if (!is_candidate(o) || mx_htp_is(o, not_in_it) || o->residual) continue;
        for (uint32_t k = 0; k < o->n_in; k++) {
            uint32_t from = mx_htp_ins(f, o)[k];
            const mx_htp_op *x = &f->ops[from];
            if (!is_candidate(x) || mx_htp_is(x, not_in_it) || x->residual || !same_group(f, o, x)) continue;
            uint32_t a = root_of(w, i), b = root_of(w, from);
            if (a != b) w->joint[a > b ? a : b] = a > b ? b : a;
        }
    }
}

/* Stable counting sort of w->sorted by a key below n. */
static void sort_by(finding *w, uint32_t count, const uint32_t *key) {
    uint32_t *from = w->from, *to = w->to, n_keys = w->f->n;
    memset(from, 0, ((size_t)n_keys + 1) * sizeof *from);
    for (uint32_t i = 0; i < count; i++)
        from[key[w->sorted[i]] + 1]++;
    for (uint32_t i = 0; i < n_keys; i++)
        from[i + 1] += from[i];
    for (uint32_t i = 0; i < count; i++)
        to[from[key[w->sorted[i]]]++] = w->sorted[i];
    w->to = w->sorted;
    w->sorted = to;
}

/* The operators of each part side by side, by level. */
static mx_status list_parts(finding *w, bool blocks) {
    mx_htp_flow *f = w->f;
    uint32_t count = 0, *levels = w->key;
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[i];
        levels[i] = o->level;
        if (is_candidate(o) && !(blocks && mx_htp_is(o, MX_HTP_OP_WEIGHTED)) && !o->residual) w->sorted[count++] = i;
    }
    sort_by(w, count, levels);
    for (uint32_t i = 0; i < count; i++)
        levels[w->sorted[i]] = root_of(w, w->sorted[i]);
    sort_by(w, count, levels);
    w->n_parts = 0;
    for (uint32_t i = 0; i < count; i++) {
        const mx_htp_op *o = &f->ops[w->sorted[i]];
        bool next = i == 0 || levels[w->sorted[i]] != levels[w->sorted[i - 1]];
        if (next && !mx_grow(f->g->allocator, (void **)&w->parts, &w->cap_parts, w->n_parts, sizeof *w->parts))
            return mx_nomem(f->err);
        if (next)
            w->parts[w->n_parts++] = (part){
                .time = o->time, .ahead = time_ahead(f, o), .inside = o->module, .level = o->level, .first = i, .w = w};
        part *p = &w->parts[w->n_parts - 1];
        p->size++;
        w->place[w->sorted[i]] = i;
        p->good = p->good || mx_htp_is(o, MX_HTP_OP_WEIGHTED);
    }
    return MX_OK;
}

static uint64_t names_of(const part *p) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->size; i++)
        sum += mx_htp_name_hash(p->w->f, &p->w->f->ops[p->w->sorted[p->first + i]]);
    return sum;
}

static int by_names(const part *x, const part *y) {
    uint64_t a = names_of(x), b = names_of(y);
    return (a > b) - (a < b);
}

static int by_group(const void *a, const void *b) {
    const part *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    if (x->ahead != y->ahead) return x->ahead < y->ahead ? -1 : 1;
    if (x->inside != y->inside) return compare_u32(x->inside, y->inside);
    if (x->level != y->level) return compare_u32(x->level, y->level);
    return by_names(x, y);
}

/* ---- who runs there ---- */

/* The first operator of a part by level, of several the one whose name comes first. */
static const mx_htp_op *first_of(const finding *w, const part *p) {
    const mx_htp_flow *f = w->f;
    const mx_htp_op *first = &f->ops[w->sorted[p->first]];
    for (uint32_t i = 1; i < p->size; i++) {
        const mx_htp_op *o = &f->ops[w->sorted[p->first + i]];
        if (o->level != first->level) break;
        if (mx_htp_name_before(f, o, first)) first = o;
    }
    return first;
}

/* The silent modules of a list that run between the told operators of a group and whose parent is open there; at most
 * `max`, the number is what there would be. */
static uint32_t candidates(const finding *w, const part *p, const uint32_t *list, uint32_t n_list, uint32_t *found,
                           uint32_t max) {
    const mx_htp_flow *f = w->f;
    const mx_htp_op *o = first_of(w, p);
    uint32_t origin = f->ops[o->origin].module, next = o->ahead == MX_NO_INDEX ? 0 : f->ops[o->ahead].module, n = 0;
    bool same_turn = p->ahead && p->ahead >> 32 == p->time >> 32;
    int64_t from = (int64_t)(uint32_t)p->time - 1, to = same_turn ? (int64_t)(uint32_t)p->ahead - 1 : INT32_MAX;
    uint32_t low = 0, high = n_list;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (order_of(w, list[mid]) <= from)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < n_list && order_of(w, list[low]) < to && n <= max; low++) {
        uint32_t up = mx_htp_running_parent(f, list[low]);
        while (up && !w->entered[up])
            up = mx_htp_running_parent(f, up);
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
static size_t end_of_group(finding *w, size_t at, uint32_t *n_good) {
    size_t end = at;
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
    for (size_t at = 0, end; at < w->n_parts; at = end) {
        end = end_of_group(w, at, &n_good);
        if (n_good == 0 || n_good > MANY) continue;
        uint32_t n = candidates(w, &w->parts[at], w->holders, w->n_holders, found, MANY);
        for (uint32_t i = 0; n == n_good && i < n; i++)
            give(w, &w->parts[at + i], found[i]);
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

static mx_status find_blocks(finding *w, const part *p, uint32_t tag) {
    const mx_htp_flow *f = w->f;
    sweep s = {.p = p, .tag = tag, .entry = MX_NO_INDEX, .start = p->first};
    uint32_t end = p->first + p->size;
    for (uint32_t at = p->first; at < end; at++) {
        const mx_htp_op *o = &f->ops[w->sorted[at]];
        for (uint32_t i = 0; i < o->n_in; i++)
            w->pending[mx_htp_ins(f, o)[i]] += mx_htp_flows(&f->ops[mx_htp_ins(f, o)[i]]);
    }
    for (uint32_t at = p->first, to; at < end; at = to) {
        for (to = at + 1; to < end && f->ops[w->sorted[to]].level == f->ops[w->sorted[at]].level;)
            to++;
        if (!sweep_level(w, &s, at, to)) continue;
        bool whole = !s.escapes && s.entry < f->n;
        if (whole && !mx_grow(f->g->allocator, (void **)&w->blocks, &w->cap_blocks, w->n_blocks, sizeof *w->blocks))
            return mx_nomem(f->err);
        if (whole) {
            part *b = &w->blocks[w->n_blocks++];
            *b = *p;
            b->level = f->ops[w->sorted[s.start]].level;
            b->region = p->first;
            b->first = s.start;
            b->size = to - s.start;
            b->good = s.computes;
        }
        s = (sweep){.p = p, .tag = tag, .live = s.live, .entry = MX_NO_INDEX, .start = to};
    }
    return MX_OK;
}

static int by_size(const void *a, const void *b) {
    const part *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    if (x->level != y->level) return compare_u32(x->level, y->level);
    return by_names(x, y);
}

/* Whether a block goes on where another of the same region ends. */
static bool goes_on(const part *b, const part *before, uint32_t end) {
    return before && end == b->first && b->region == before->region;
}

/* Blocks that follow each other directly become one, with the layout between them. Returns how many are left. */
static uint32_t join_blocks(part *b, uint32_t n) {
    uint32_t kept = 0, end = 0;
    for (uint32_t i = 0; i < n; i++) {
        bool next = goes_on(&b[i], kept ? &b[kept - 1] : NULL, end);
        if (next) end += b[i].size;
        if (!b[i].good) continue;
        if (next) {
            b[kept - 1].size = end - b[kept - 1].first;
        } else {
            end = b[i].first + b[i].size;
            b[kept++] = b[i];
        }
    }
    return kept;
}

static uint32_t count_good(const part *b, uint32_t n) {
    uint32_t good = 0;
    for (uint32_t i = 0; i < n; i++)
        good += b[i].good;
    return good;
}

/* How many parts a module of n may choose from: what follows each other joined, unless that leaves too few. */
static uint32_t choose_from(part *b, uint32_t n_blocks, uint32_t n) {
    uint32_t joined = 0, end = 0, kept = 0;
    const part *last = NULL;
    for (uint32_t i = 0; i < n_blocks; i++) {
        bool next = goes_on(&b[i], last, end);
        if (next || b[i].good) end = b[i].first + b[i].size;
        joined += b[i].good && !next;
        if (next || b[i].good) last = &b[i];
    }
    if (joined >= n) return join_blocks(b, n_blocks);
    for (uint32_t i = 0; i < n_blocks; i++)
        if (b[i].good) b[kept++] = b[i];
    return kept;
}

static uint64_t shape_of(const finding *w, const part *b) {
    uint64_t h = b->size;
    for (uint32_t i = 0; i < b->size; i++) {
        const mx_htp_op *o = &w->f->ops[w->sorted[b->first + i]];
        h += mx_htp_mix(mx_htp_type_hash(w->f, o), o->level - b->level);
        const mx_node *n = mx_node_at(w->f->g, o->id);
        for (uint32_t k = 0; k < n->n_inputs; k++)
            if (n->inputs[k].source_port) h += mx_htp_mix(k, n->inputs[k].source_port);
    }
    return h;
}

/* Whether a class of torch.nn and a block speak of the same: ReLU and Relu, LayerNorm and LayerNormalization, AvgPool2d
 * and AveragePool, a norm or a pooling and a reduction. */
static bool same_name(mx_str class_name, mx_str op_type) {
    size_t n = class_name.n < op_type.n ? class_name.n : op_type.n, i = 0;
    while (i < n && (class_name.p[i] | 32) == (op_type.p[i] | 32))
        i++;
    return n >= 3 && (i == class_name.n || i == op_type.n);
}

static bool matches(const finding *w, uint32_t module, const part *b) {
    const mx_htp_flow *f = w->f;
    mx_str name = mx_text(f->g, f->tree->modules[module].class_name);
    bool norm = speaks_of(name, "Norm"), pool = speaks_of(name, "Pool");
    for (uint32_t i = 0; i < b->size; i++) {
        const mx_htp_op *o = &f->ops[w->sorted[b->first + i]];
        mx_str type = mx_text(f->g, mx_node_at(f->g, o->id)->op_type);
        if (same_name(name, type) || (norm && mx_htp_is(o, MX_HTP_OP_REDUCTION))) return true;
        if (pool && (speaks_of(type, "Pool") || mx_str_starts(type, "Reduce"))) return true;
    }
    return false;
}

/* Modules of torch.nn take the blocks that bear their names, in order. The blocks that are left are put first; returns
 * their number. */
static uint32_t give_named(finding *w, part *b, uint32_t n) {
    uint32_t found[MANY], kept = 0, next = 0,
                          n_found = w->n_plain ? candidates(w, b, w->plain, w->n_plain, found, MANY) : 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t m = next;
        while (m < n_found && m < MANY && !(b[i].good && matches(w, found[m], &b[i])))
            m++;
        if (m < n_found && m < MANY) {
            give(w, &b[i], found[m]);
            next = m + 1;
        } else {
            b[kept++] = b[i];
        }
    }
    return kept;
}

static size_t end_of_blocks(const finding *w, size_t at) {
    const part *first = &w->blocks[at];
    size_t end = at + 1;
    while (end < w->n_blocks && w->blocks[end].time == first->time && w->blocks[end].ahead == first->ahead &&
           w->blocks[end].inside == first->inside)
        end++;
    return end;
}

/* In how many groups a module could be, each time it is called. */
static mx_status count_places(const finding *w, mx_htp_tally *places) {
    uint32_t found[MANY];
    MX_TRY(mx_htp_tally_make(w->f, 2 * w->n_blocks, places));
    for (size_t at = 0, end; at < w->n_blocks; at = end) {
        end = end_of_blocks(w, at);
        uint32_t n = candidates(w, &w->blocks[at], w->leaves, w->n_leaves, found, MANY);
        if (n > count_good(&w->blocks[at], (uint32_t)(end - at)) || n > MANY) continue;
        for (uint32_t i = 0; i < n; i++)
            (*mx_htp_tally_at(places, found[i], w->blocks[at].time >> 32, 0))++;
    }
    return MX_OK;
}

/* A module that could be in several groups is in none for sure. */
static bool is_torn(const mx_htp_tally *places, const part *p, const uint32_t *found, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (*mx_htp_tally_at(places, found[i], p->time >> 32, 0) > 1) return true;
    return false;
}

/* What a module computes from its parameters alone is computed before the export: where such a constant is added, it
 * may be all that is left of a silent module. */
static bool has_folded(const finding *w, const part *b, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < b[i].size; k++) {
            const mx_htp_op *o = &w->f->ops[w->sorted[b[i].first + k]];
            if (o->folded && mx_htp_is(o, MX_HTP_OP_ADD | MX_HTP_OP_SCALE)) return true;
        }
    return false;
}

/* More blocks than modules: the largest ones are meant. A module that computes the same elsewhere under the same parent
 * is called again. */
static mx_status give_blocks(finding *w) {
    uint32_t found[MANY];
    mx_htp_tally known, places;
    MX_TRY(mx_htp_tally_make(w->f, w->n_leaves + 2 * w->n_blocks, &known));
    MX_TRY(count_places(w, &places));
    for (size_t at = 0, end; at < w->n_blocks; at = end) {
        part *first = &w->blocks[at];
        end = end_of_blocks(w, at);
        uint32_t n_blocks = give_named(w, first, (uint32_t)(end - at));
        uint32_t n = n_blocks ? candidates(w, first, w->leaves, w->n_leaves, found, MANY) : 0;
        if (n == 0 || n > count_good(first, n_blocks) || n > MANY || is_torn(&places, first, found, n)) continue;
        if (has_folded(w, first, n_blocks)) continue;
        n_blocks = choose_from(first, n_blocks, n);
        qsort(first, n_blocks, sizeof *first, by_size);
        qsort(first, n, sizeof *first, by_group);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t up = mx_htp_running_parent(w->f, found[i]);
            give(w, &first[i], found[i]);
            *mx_htp_tally_at(&known, up, shape_of(w, &first[i]), 0) = found[i];
        }
    }
    for (size_t i = 0; i < w->n_blocks; i++) {
        const mx_htp_op *o = first_of(w, &w->blocks[i]);
        if (o->module != MX_NO_INDEX || !w->blocks[i].good) continue;
        uint32_t up = mx_htp_behind(w->f, w->f->ops[o->origin].module);
        uint32_t again = *mx_htp_tally_at(&known, up, shape_of(w, &w->blocks[i]), 0);
        if (again) give(w, &w->blocks[i], again);
    }
    return MX_OK;
}

static mx_status find_pieces(finding *w) {
    join_parts(w, false);
    MX_TRY(list_parts(w, false));
    if (w->n_parts) qsort(w->parts, w->n_parts, sizeof *w->parts, by_group);
    give_pieces(w);
    return MX_OK;
}

static mx_status find_leaves(finding *w) {
    join_parts(w, true);
    MX_TRY(list_parts(w, true));
    for (size_t i = 0; i < w->n_parts; i++)
        MX_TRY(find_blocks(w, &w->parts[i], (uint32_t)i + 1));
    if (w->n_blocks) qsort(w->blocks, w->n_blocks, sizeof *w->blocks, by_group);
    return give_blocks(w);
}

mx_status mx_htp_infer_silent(mx_htp_flow *f) {
    finding w = {.f = f};
    if (!f->ordered) return MX_OK;
    mx_status status = prepare(&w);
    if (status == MX_OK && w.n_holders) status = find_pieces(&w);
    if (status == MX_OK && w.n_leaves + w.n_plain) status = find_leaves(&w);
    mx_free(f->g->allocator, w.parts, w.cap_parts * sizeof *w.parts);
    mx_free(f->g->allocator, w.blocks, w.cap_blocks * sizeof *w.blocks);
    return status;
}
