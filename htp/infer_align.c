/* Products without a name, and the modules of torch.nn that are one product each: both in the order of execution. Where
 * there are as many of them between two that are known, they are each other's. The same for recurrent layers, and for
 * norms whose parameters stand for those of several modules.
 *
 * Data flow orders products only in part. They are taken in chunks such that all of a chunk need all of the chunk
 * before; within a chunk only the module common to all that are left is known. */
#include "htp/infer.h"

#include <stdlib.h>

typedef struct product {
    uint32_t op, depth;  /* depth: how many products stand on the longest way to it, itself included */
    uint64_t bit, needs; /* its own, and those of the depth before that it needs */
} product;

typedef enum aligned { PRODUCTS, RECURRENT, NORMS } aligned; /* all below is said of products */

enum { MANY_PLACES = INT32_MAX };

typedef struct aligning {
    mx_htp_flow *f;
    aligned what;
    mx_htp_numbers *numbers; /* of the scope, found when they are first needed */
    bool *fits;              /* by module: it is one product */
    uint32_t *modules;       /* those, in the order of execution */
    uint32_t *index;         /* by module: place in `modules`, MANY_PLACES: it has several */
    product *products;       /* by depth */
    bool *clean;             /* by depth: all products of it need all of the depth before */
    uint32_t n_modules, n_products;
} aligning;

/* Recurrent layers are operators of their own kind, several to a module with several layers. */
static bool is_recurrent(const mx_htp_flow *f, mx_sid name) {
    static const char *const names[] = {"LSTM", "GRU", "RNN"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mx_str_is(mx_text(f->g, name), names[i])) return true;
    return false;
}

static bool speaks_of(mx_str name, const char *word) {
    return name.n && memmem(name.p, name.n, word, strlen(word)) != NULL;
}

/* The one operator of a norm that takes its scale. */
static bool is_norm(const mx_htp_flow *f, const mx_htp_op *o) {
    if (!mx_htp_flows(o) || !(o->how == MX_HTP_HOW_TOLD || o->merged)) return false;
    return mx_htp_is(o, MX_HTP_OP_SCALE) || speaks_of(mx_text(f->g, mx_node_at(f->g, o->id)->op_type), "Norm");
}

static bool is_product(const aligning *w, const mx_htp_op *o) {
    if (w->what == NORMS) return is_norm(w->f, o);
    if (!mx_htp_is(o, MX_HTP_OP_WEIGHTED) || !mx_htp_flows(o)) return false;
    return is_recurrent(w->f, mx_node_at(w->f->g, o->id)->op_type) == (w->what == RECURRENT);
}

/* ---- modules ---- */

static bool has_product_class(const aligning *w, const mx_htp_module *m) {
    const mx_htp_flow *f = w->f;
    static const char *const names[] = {"Linear",          "NonDynamicallyQuantizableLinear",
                                        "Conv1d",          "Conv2d",
                                        "Conv3d",          "ConvTranspose1d",
                                        "ConvTranspose2d", "ConvTranspose3d"};
    mx_str name = mx_text(f->g, m->class_name);
    if (w->what == NORMS) return speaks_of(name, "Norm");
    if (w->what == RECURRENT) return m->torch_nn && is_recurrent(f, m->class_name);
    for (size_t i = 0; m->torch_nn && i < sizeof names / sizeof *names; i++)
        if (mx_str_is(name, names[i])) return true;
    return false;
}

typedef struct ordered {
    int32_t order;
    uint32_t module;
} ordered;

static int by_order(const void *a, const void *b) {
    const ordered *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return (x->module > y->module) - (x->module < y->module);
}

/* Also classes of their own that are seen to be one product each. */
static mx_status find_fitting(aligning *w) {
    mx_htp_flow *f = w->f;
    const mx_htp_module *all = f->tree->modules;
    mx_htp_tally seen;
    MX_TRY(mx_htp_tally_make(f, 2 * f->tree->count, &seen));
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[i];
        if (w->what != NORMS && o->module != MX_NO_INDEX && is_product(w, o) && mx_htp_is_leaf(f, o->module) &&
            !all[o->module].torch_nn)
            *mx_htp_tally_at(&seen, all[o->module].class_name, 0, 0) = 1;
    }
    for (uint32_t m = 0; m < f->tree->count; m++)
        w->fits[m] = all[m].has_order && mx_htp_runs(f, m) && mx_htp_is_leaf(f, m) &&
                     (has_product_class(w, &all[m]) || *mx_htp_tally_at(&seen, all[m].class_name, 0, 0));
    return MX_OK;
}

static mx_status list_modules(aligning *w) {
    mx_htp_flow *f = w->f;
    size_t count = f->tree->count;
    ordered *list = mx_arena_array(&f->arena, count, sizeof *list);
    w->fits = mx_arena_array(&f->arena, count, sizeof *w->fits);
    w->modules = mx_arena_array(&f->arena, count, sizeof *w->modules);
    w->index = mx_arena_array(&f->arena, count, sizeof *w->index);
    if (!list || !w->fits || !w->modules || !w->index) return mx_nomem(f->err);
    MX_TRY(find_fitting(w));
    for (uint32_t m = 0; m < count; m++)
        if (w->fits[m]) list[w->n_modules++] = (ordered){f->tree->modules[m].order, m};
    qsort(list, w->n_modules, sizeof *list, by_order);
    for (uint32_t i = 0; i < w->n_modules; i++) {
        w->modules[i] = list[i].module;
        w->index[list[i].module] = i;
    }
    return MX_OK;
}

/* ---- products ---- */

enum { BITS = 64, TIERS = 4 };

typedef struct reached { /* the deepest products before an operator, as bits within their depth, and those little less
                            deep */
    uint32_t depth;
    uint64_t mask[TIERS]; /* of depth, depth - 1, ... */
} reached;

static int by_depth(const void *a, const void *b) {
    const product *x = a, *y = b;
    if (x->depth != y->depth) return x->depth < y->depth ? -1 : 1;
    return (x->op > y->op) - (x->op < y->op);
}

/* Those of the other in their tiers; `behind`: how much less deep it is. */
static void add_tiers(reached *to, const reached *other, uint32_t behind) {
    for (uint32_t t = behind; t < TIERS; t++)
        to->mask[t] |= other->mask[t - behind];
}

static void add_reached(reached *got, const reached *r) {
    if (r->depth > got->depth) {
        reached less = *got;
        *got = *r;
        add_tiers(got, &less, got->depth - less.depth);
    } else {
        add_tiers(got, r, got->depth - r->depth);
    }
}

static uint64_t all_bits(uint32_t n) {
    return n >= BITS ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
}

typedef struct listing {
    aligning *w;
    const mx_htp_numbers *numbers;
    reached *r;        /* by operator */
    uint32_t *sizes;   /* by depth */
    uint32_t *next;    /* by operator: the smallest depth of the products that need it, MX_NO_INDEX: none */
    uint64_t *waiting; /* by depth and tier: products that none of a depth in between needs */
    int32_t *open;     /* by depth: how many products, of too many tiers before, wait there; as differences */
} listing;

static reached before(const listing *l, uint32_t op) {
    const mx_htp_flow *f = l->w->f;
    const mx_htp_op *o = &f->ops[op];
    reached got = {.depth = 0};
    for (uint32_t i = 0; i < o->n_in; i++)
        if (mx_htp_flows(&f->ops[mx_htp_ins(f, o)[i]])) add_reached(&got, &l->r[mx_htp_ins(f, o)[i]]);
    if (l->numbers->before[op] != MX_NO_INDEX) add_reached(&got, &l->r[l->numbers->before[op]]);
    return got;
}

static mx_status prepare(listing *l, uint32_t count) {
    aligning *w = l->w;
    size_t depths = (size_t)count + TIERS + 2;
    mx_arena *arena = &w->f->arena;
    w->products = mx_arena_array(arena, count, sizeof *w->products);
    w->clean = mx_arena_array(arena, depths, sizeof *w->clean);
    l->r = mx_arena_array(arena, w->f->n, sizeof *l->r);
    l->next = mx_arena_array(arena, w->f->n, sizeof *l->next);
    l->sizes = mx_arena_array(arena, depths, sizeof *l->sizes);
    l->waiting = mx_arena_array(arena, depths * TIERS, sizeof *l->waiting);
    l->open = mx_arena_array(arena, depths, sizeof *l->open);
    if (!w->products || !w->clean || !l->r || !l->next || !l->sizes || !l->waiting || !l->open)
        return mx_nomem(w->f->err);
    memset(w->clean, 1, depths);
    memset(l->sizes, 0, depths * sizeof *l->sizes);
    memset(l->waiting, 0, depths * TIERS * sizeof *l->waiting);
    memset(l->open, 0, depths * sizeof *l->open);
    return MX_OK;
}

static bool is_counted(const aligning *w, const mx_htp_op *o) {
    return is_product(w, o) && (o->module == MX_NO_INDEX || w->fits[o->module]);
}

static void find_depths(listing *l) {
    aligning *w = l->w;
    mx_htp_flow *f = w->f;
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t op = l->numbers->order[i];
        reached *at = &l->r[op];
        *at = before(l, op);
        if (!is_counted(w, &f->ops[op])) continue;
        uint32_t bit = l->sizes[at->depth + 1]++;
        reached own = {.depth = at->depth + 1, .mask = {bit < BITS ? (uint64_t)1 << bit : 0}};
        *at = own;
        w->products[w->n_products++] = (product){.op = op, .depth = at->depth, .bit = own.mask[0]};
    }
}

static uint32_t nearer(const listing *l, uint32_t user, uint32_t depth) {
    uint32_t own = is_counted(l->w, &l->w->f->ops[user]) ? l->r[user].depth : l->next[user];
    return own < depth ? own : depth;
}

static void find_next(listing *l) {
    mx_htp_flow *f = l->w->f;
    for (uint32_t i = f->n; i-- > 0;) {
        uint32_t op = l->numbers->order[i], next = MX_NO_INDEX;
        const mx_htp_op *o = &f->ops[op];
        for (uint32_t k = 0; mx_htp_flows(o) && k < o->n_out; k++)
            next = nearer(l, mx_htp_outs(f, o)[k], next);
        if (l->numbers->behind[op] != MX_NO_INDEX) next = nearer(l, l->numbers->behind[op], next);
        l->next[op] = next;
    }
}

/* A product whose value is used late has to be needed by all of a depth before that can begin a chunk. */
static void find_waiting(listing *l) {
    aligning *w = l->w;
    for (uint32_t i = 0; i < w->n_products; i++) {
        uint32_t op = w->products[i].op, depth = w->products[i].depth, next = l->next[op];
        if (w->f->ops[op].module != MX_NO_INDEX) continue;
        if (next > w->n_products) next = w->n_products + 1;
        for (uint32_t t = 1; t < TIERS && next > depth + t; t++)
            l->waiting[(size_t)depth * TIERS + t] |= l->r[op].mask[0];
        if (next <= depth + TIERS) continue;
        l->open[depth + TIERS + 1]++;
        l->open[next + 1]--;
    }
}

static bool needs_all(const listing *l, const reached *got, uint32_t depth) {
    if (l->sizes[depth - 1] > BITS || got->mask[0] != all_bits(l->sizes[depth - 1])) return false;
    for (uint32_t t = 1; t < TIERS && t < depth; t++)
        if (l->waiting[(size_t)(depth - 1 - t) * TIERS + t] & ~got->mask[t]) return false;
    return true;
}

static mx_status list_products(aligning *w) {
    mx_htp_flow *f = w->f;
    listing l = {.w = w, .numbers = w->numbers};
    uint32_t count = 0;
    int32_t open = 0;
    for (uint32_t i = 0; i < f->n; i++)
        count += is_product(w, &f->ops[i]);
    MX_TRY(prepare(&l, count));
    find_depths(&l);
    find_next(&l);
    find_waiting(&l);
    for (uint32_t i = 0; i < w->n_products; i++) {
        uint32_t depth = w->products[i].depth;
        reached got = before(&l, w->products[i].op);
        w->products[i].needs = got.mask[0];
        if (depth > 1 && !needs_all(&l, &got, depth)) w->clean[depth] = false;
    }
    for (uint32_t depth = 1; depth <= count; depth++) {
        open += l.open[depth];
        if (open) w->clean[depth] = false;
    }
    if (w->n_products) qsort(w->products, w->n_products, sizeof *w->products, by_depth);
    return MX_OK;
}

static uint32_t end_of_chunk(const aligning *w, uint32_t at) {
    uint32_t end = at + 1;
    for (; end < w->n_products; end++) {
        uint32_t depth = w->products[end].depth;
        if (depth != w->products[end - 1].depth && w->clean[depth]) break;
    }
    return end;
}

/* ---- together ---- */

/* The modules of a chunk whose products are all known; false: some are not, or they are not side by side. */
static bool known_window(const aligning *w, uint32_t at, uint32_t end, uint32_t *low, uint32_t *high) {
    *low = UINT32_MAX;
    *high = 0;
    for (uint32_t i = at; i < end; i++) {
        uint32_t module = w->f->ops[w->products[i].op].module;
        if (module == MX_NO_INDEX || w->index[module] == MANY_PLACES) return false;
        if (w->index[module] < *low) *low = w->index[module];
        if (w->index[module] > *high) *high = w->index[module];
    }
    return *high - *low + 1 == end - at;
}

/* The modules of a window that none of the chunk's products has: the only one, or what is common to all. */
static uint32_t left_over(const aligning *w, uint32_t at, uint32_t end, uint32_t first) {
    const mx_htp_flow *f = w->f;
    uint32_t found = MX_NO_INDEX;
    for (uint32_t m = first; m < first + (end - at); m++) {
        bool taken = false;
        for (uint32_t i = at; i < end && !taken; i++)
            taken = f->ops[w->products[i].op].module == w->modules[m];
        if (taken) continue;
        found = found == MX_NO_INDEX ? w->modules[m] : mx_htp_running_common(f, found, w->modules[m]);
    }
    return found;
}

enum { CHUNK = 256, STRANDS = 64 };

/* ---- strands: products of a chunk that hang together ---- */

/* By place in the chunk: the first product of its strand, and the child of the common module that the module of that
 * place is in. */
typedef struct strands {
    uint32_t n, strand[STRANDS], child[STRANDS];
} strands;

static void merge(uint32_t *list, uint32_t n, uint32_t from, uint32_t to) {
    for (uint32_t i = 0; i < n && from != to; i++)
        if (list[i] == from) list[i] = to;
}

static void find_strands(const aligning *w, uint32_t at, uint32_t first, strands *s) {
    const product *p = &w->products[at];
    uint32_t common = w->modules[first];
    for (uint32_t i = 0; i < s->n; i++) {
        s->strand[i] = i;
        common = mx_htp_running_common(w->f, common, w->modules[first + i]);
        for (uint32_t k = 0; k < i; k++)
            if (p[k].depth + 1 == p[i].depth && (p[i].needs & p[k].bit))
                merge(s->strand, i + 1, s->strand[i] > s->strand[k] ? s->strand[i] : s->strand[k],
                      s->strand[i] > s->strand[k] ? s->strand[k] : s->strand[i]);
    }
    for (uint32_t i = 0; i < s->n; i++)
        s->child[i] = mx_htp_towards(w->f, common, w->modules[first + i]);
}

static uint32_t count(const uint32_t *list, uint32_t n, uint32_t value) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < n; i++)
        found += list[i] == value;
    return found;
}

/* The only value that is in a list so many times; MX_NO_INDEX: none, or several. */
static uint32_t only_one(const uint32_t *list, uint32_t n, uint32_t times) {
    uint32_t found = MX_NO_INDEX;
    for (uint32_t i = 0; i < n; i++) {
        if (list[i] == found || count(list, n, list[i]) != times) continue;
        if (found != MX_NO_INDEX) return MX_NO_INDEX;
        found = list[i];
    }
    return found;
}

static void give_product(aligning *w, const product *p, uint32_t module) {
    mx_htp_op *o = &w->f->ops[p->op];
    if (o->module != MX_NO_INDEX || module == w->f->top) return;
    o->module = module;
    o->how = o->merged ? MX_HTP_HOW_TOLD : MX_HTP_HOW_CLAIMED;
}

/* One after the other, if each needs the one before; else what is common to the child's modules. */
static void give_strand(aligning *w, uint32_t at, uint32_t first, const strands *s, uint32_t strand, uint32_t child) {
    uint32_t common = MX_NO_INDEX, depth = 0, m = 0;
    bool chain = true;
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->strand[i] == strand) chain = chain && w->products[at + i].depth > depth;
        if (s->strand[i] == strand) depth = w->products[at + i].depth;
        if (s->child[i] != child) continue;
        uint32_t module = w->modules[first + i];
        common = common == MX_NO_INDEX ? module : mx_htp_running_common(w->f, common, module);
    }
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->strand[i] != strand) continue;
        while (s->child[m] != child)
            m++;
        give_product(w, &w->products[at + i], chain ? w->modules[first + m] : common);
        m++;
    }
}

/* A strand that is as long as one child's modules are many, and the only one of that length, is that child's: an
 * encoder and a decoder that do not need each other yet. */
static void give_strands(aligning *w, uint32_t at, uint32_t end, uint32_t first) {
    strands s = {.n = end - at};
    if (s.n > STRANDS) return;
    for (uint32_t i = at; i < end; i++)
        if (w->f->ops[w->products[i].op].module != MX_NO_INDEX) return;
    find_strands(w, at, first, &s);
    for (uint32_t i = 0; i < s.n; i++) {
        if (s.strand[i] != i) continue;
        uint32_t length = count(s.strand, s.n, i), child = only_one(s.child, s.n, length);
        if (length == s.n || child == MX_NO_INDEX) continue;
        if (only_one(s.strand, s.n, length) == i) give_strand(w, at, first, &s, i, child);
    }
}

static void give_chunk(aligning *w, uint32_t at, uint32_t end, uint32_t first) {
    mx_htp_flow *f = w->f;
    bool missing = false;
    for (uint32_t i = at; i < end; i++) {
        uint32_t module = f->ops[w->products[i].op].module;
        missing = missing || module == MX_NO_INDEX;
        if (module == MX_NO_INDEX || w->index[module] == MANY_PLACES) continue;
        if (w->index[module] < first || w->index[module] >= first + (end - at)) return;
    }
    uint32_t module = missing && end - at <= CHUNK ? left_over(w, at, end, first) : MX_NO_INDEX;
    if (module == MX_NO_INDEX) return;
    give_strands(w, at, end, first);
    for (uint32_t i = at; i < end; i++)
        give_product(w, &w->products[i], module); /* the top says nothing */
}

/* The chunks of [at, end) and as many modules from `first` on. */
static void give_stretch(aligning *w, uint32_t at, uint32_t end, uint32_t first) {
    for (uint32_t next; at < end; at = next) {
        next = end_of_chunk(w, at);
        give_chunk(w, at, next, first);
        first += next - at;
    }
}

/* The outermost module around it, itself included, that is called more than once; itself, if there is none. */
static uint32_t called_again(const mx_htp_flow *f, uint32_t module) {
    uint32_t found = module;
    for (uint32_t m = module; m; m = mx_htp_running_parent(f, m))
        if (f->tree->modules[m].n_calls > 1) found = m;
    return found;
}

static uint32_t calls_of(const mx_htp_flow *f, uint32_t module) {
    uint32_t n = f->tree->modules[module].n_calls;
    return n ? n : 1;
}

/* A module that is called more than once is called in succession, all in it each time, if that explains as many
 * products as there are. Nobody's place is known then, as far as it has several. */
static mx_status repeat_calls(aligning *w) {
    const mx_htp_flow *f = w->f;
    uint32_t *all = mx_arena_array(&w->f->arena, w->n_products, sizeof *all), n = 0;
    if (!all) return mx_nomem(f->err);
    for (uint32_t i = 0, end; i < w->n_modules; i = end) {
        uint32_t around = called_again(f, w->modules[i]), turns = calls_of(f, around);
        for (end = i + 1; end < w->n_modules && called_again(f, w->modules[end]) == around;)
            end++;
        for (uint32_t turn = 0; turn < turns; turn++)
            for (uint32_t m = i; m < end; m++)
                for (uint32_t k = calls_of(f, w->modules[m]) / turns; k; k--) {
                    if (n == w->n_products) return MX_OK;
                    all[n++] = w->modules[m];
                }
    }
    if (n != w->n_products) return MX_OK;
    for (uint32_t i = 0; i < n; i++)
        w->index[all[i]] = calls_of(f, all[i]) > 1 ? MANY_PLACES : i;
    w->modules = all;
    w->n_modules = n;
    return MX_OK;
}

/* As many products to each module, where there are more. */
static mx_status repeat_modules(aligning *w) {
    uint32_t times = w->n_modules ? w->n_products / w->n_modules : 0;
    if (times < 2 || w->n_products % w->n_modules) return MX_OK;
    uint32_t *all = mx_arena_array(&w->f->arena, w->n_products, sizeof *all);
    if (!all) return mx_nomem(w->f->err);
    for (uint32_t i = 0; i < w->n_products; i++)
        all[i] = w->modules[i / times];
    for (uint32_t i = 0; i < w->n_modules; i++)
        w->index[w->modules[i]] = i * times;
    w->modules = all;
    w->n_modules = w->n_products;
    return MX_OK;
}

static bool any_unknown(const aligning *w) {
    for (uint32_t i = 0; i < w->f->n; i++)
        if (w->f->ops[i].module == MX_NO_INDEX && is_product(w, &w->f->ops[i])) return true;
    return false;
}

static mx_status align(mx_htp_flow *f, aligned what, mx_htp_numbers *numbers) {
    aligning w = {.f = f, .what = what, .numbers = numbers};
    uint32_t from = 0, first = 0, low, high;
    if (!any_unknown(&w)) return MX_OK;
    MX_TRY(list_modules(&w));
    if (w.n_modules == 0) return MX_OK;
    if (!numbers->order) MX_TRY(mx_htp_flow_numbers(f, numbers));
    MX_TRY(list_products(&w));
    if (w.n_products != w.n_modules) MX_TRY(repeat_calls(&w));
    if (what == RECURRENT) MX_TRY(repeat_modules(&w));
    for (uint32_t at = 0, next; at < w.n_products; at = next) {
        next = end_of_chunk(&w, at);
        if (!known_window(&w, at, next, &low, &high)) continue;
        if (low >= first && low - first == at - from) give_stretch(&w, from, at, first);
        from = next;
        first = high + 1;
    }
    if (first <= w.n_modules && w.n_modules - first == w.n_products - from) give_stretch(&w, from, w.n_products, first);
    return MX_OK;
}

mx_status mx_htp_infer_align(mx_htp_flow *f) {
    if (!f->ordered) return MX_OK;
    mx_htp_numbers numbers = {.order = NULL};
    for (aligned what = PRODUCTS; what <= NORMS; what++)
        MX_TRY(align(f, what, &numbers));
    return MX_OK;
}
