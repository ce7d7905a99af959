#include "torch_io/functional.h"
#include "torch_io/schema.h"

#include <stdlib.h>

/* What is left of a target after "aten.": all of it where overloads differ, else without the overload. Sorted. */
static const struct view {
    const char *name;
    uint8_t kind;
} views[] = {
    {"T", MX_VIEW_SWAP},
    {"_conj", MX_VIEW_SAME},
    {"_reshape_alias", MX_VIEW_RESHAPE},
    {"_to_copy", MX_VIEW_TYPE},
    {"_unsafe_view", MX_VIEW_RESHAPE},
    {"adjoint", MX_VIEW_SWAP},
    {"alias", MX_VIEW_SAME},
    {"alpha_dropout", MX_VIEW_DROPOUT},
    {"atleast_1d.default", MX_VIEW_RESHAPE},
    {"atleast_2d.default", MX_VIEW_RESHAPE},
    {"chunk", MX_VIEW_SPLIT},
    {"clone", MX_VIEW_COPY},
    {"conj", MX_VIEW_SAME},
    {"contiguous", MX_VIEW_CONTIGUOUS},
    {"detach", MX_VIEW_SAME},
    {"detach_", MX_VIEW_SAME},
    {"diagonal", MX_VIEW_DIAGONAL},
    {"dropout", MX_VIEW_DROPOUT},
    {"dropout_", MX_VIEW_DROPOUT},
    {"expand", MX_VIEW_FIXED},
    {"feature_alpha_dropout", MX_VIEW_DROPOUT},
    {"feature_dropout", MX_VIEW_DROPOUT},
    {"flatten", MX_VIEW_MAYBE},
    {"lift", MX_VIEW_SAME},
    {"lift_fresh", MX_VIEW_SAME},
    {"lift_fresh_copy", MX_VIEW_COPY},
    {"mH", MX_VIEW_SWAP},
    {"mT", MX_VIEW_SWAP},
    {"matrix_H", MX_VIEW_SWAP},
    {"moveaxis", MX_VIEW_MOVE},
    {"movedim", MX_VIEW_MOVE},
    {"narrow", MX_VIEW_NARROW},
    {"narrow.Tensor", MX_VIEW_FIXED},
    {"native_dropout", MX_VIEW_DROPOUT},
    {"numpy_T", MX_VIEW_SWAP},
    {"permute", MX_VIEW_PERMUTE},
    {"positive", MX_VIEW_SAME},
    {"ravel", MX_VIEW_MAYBE},
    {"real", MX_VIEW_SAME},
    {"requires_grad_", MX_VIEW_SAME},
    {"reshape", MX_VIEW_MAYBE},
    {"reshape_as", MX_VIEW_MAYBE},
    {"resolve_conj", MX_VIEW_SAME},
    {"resolve_neg", MX_VIEW_SAME},
    {"select.int", MX_VIEW_SELECT},
    {"slice", MX_VIEW_SLICE},
    {"split", MX_VIEW_SPLIT},
    {"split_with_sizes", MX_VIEW_SPLIT},
    {"squeeze", MX_VIEW_RESHAPE},
    {"swapaxes", MX_VIEW_SWAP},
    {"swapdims", MX_VIEW_SWAP},
    {"t", MX_VIEW_SWAP},
    {"tensor_split", MX_VIEW_SPLIT},
    {"to", MX_VIEW_TYPE},
    {"transpose", MX_VIEW_SWAP},
    {"type_as", MX_VIEW_TYPE},
    {"unbind", MX_VIEW_UNBIND},
    {"unflatten", MX_VIEW_RESHAPE},
    {"unsafe_chunk", MX_VIEW_SPLIT},
    {"unsafe_split", MX_VIEW_SPLIT},
    {"unsafe_split_with_sizes", MX_VIEW_SPLIT},
    {"unsqueeze", MX_VIEW_RESHAPE},
    {"view.default", MX_VIEW_RESHAPE},
    {"view_as", MX_VIEW_RESHAPE},
};

static int by_name(const void *key, const void *element) {
    return strcmp(key, ((const struct view *)element)->name);
}

static const struct view *find(const char *name) {
    return bsearch(name, views, sizeof views / sizeof *views, sizeof *views, by_name);
}

static const struct view *find_target(mx_str target) {
    char name[64];
    if (!mx_str_starts(target, "aten.") || target.n - 5 >= sizeof name) return NULL;
    memcpy(name, target.p + 5, target.n - 5);
    name[target.n - 5] = '\0';
    const struct view *v = find(name);
    char *dot = strchr(name, '.');
    if (v || !dot) return v;
    *dot = '\0';
    return find(name);
}

/* ---- what is known of sizes: the numbers of the exporting run, on which torch itself decided ---- */

static bool numbers(const mx_size *s, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (s[i].value < 0) return false;
    return true;
}

static bool equal_sizes(const mx_size *a, const mx_size *b, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (!mx_size_equal(a[i], b[i])) return false;
    return true;
}

/* Whether sizes `to` can be laid over the storage of `from` (torch's computeStride). Sums may wrap: sizes that
 * large are in no file. */
static bool can_view(const mx_pvalue *from, const mx_pvalue *to) {
    int64_t view = (int64_t)to->rank - 1;
    uint64_t n = 1, covered = 1, step = from->rank ? (uint64_t)from->strides[from->rank - 1].value : 1;
    for (int64_t i = (int64_t)from->rank - 1; i >= 0; i--) {
        n *= (uint64_t)from->sizes[i].value;
        if (n == 0) return true;
        if (i > 0 && (from->sizes[i - 1].value == 1 || (uint64_t)from->strides[i - 1].value == n * step)) continue;
        while (view >= 0 && (covered < n || to->sizes[view].value == 1))
            covered *= (uint64_t)to->sizes[view--].value;
        if (covered != n) return false;
        if (i > 0) step = (uint64_t)from->strides[i - 1].value;
        n = covered = 1;
    }
    return true;
}

/* A layout that is not known counts as the common one. */
static bool stays_in_place(const mx_pvalue *from, const mx_pvalue *to) {
    if (from->rank == MX_NONE || to->rank == MX_NONE || !from->strides) return true;
    bool known = numbers(from->sizes, from->rank) && numbers(from->strides, from->rank) && numbers(to->sizes, to->rank);
    return !known || can_view(from, to);
}

static bool keeps_layout(const mx_pvalue *from, const mx_pvalue *to) {
    if (from->rank == MX_NONE || from->rank != to->rank || !from->strides || !to->strides) return true;
    for (uint32_t i = 0; i < from->rank; i++) /* the stride of a single element says nothing */
        if (from->sizes[i].value != 1 && from->strides[i].value != to->strides[i].value) return false;
    return true;
}

/* ---- what a node makes ---- */

static const mx_parg *arg_named(const mx_program *p, const mx_pnode *n, const char *name) {
    for (uint32_t i = 0; i < n->n_args; i++)
        if (n->args[i].name && mx_str_is(mx_ptext(p, n->args[i].name), name)) return &n->args[i];
    return NULL;
}

static bool is_set(const mx_parg *a) {
    return a && a->kind == MX_ARG_BOOL && a->i;
}

static mx_view_kind of_type(const mx_functional *f, const mx_pnode *n, const mx_pvalue *from, const mx_pvalue *to) {
    if (from->elem == 0 || from->elem != to->elem) return MX_VIEW_NOT;
    if (is_set(arg_named(f->p, n, "copy")) || mx_str_starts(mx_ptext(f->p, n->target), "aten._to_copy."))
        return MX_VIEW_COPY;
    return MX_VIEW_SAME;
}

/* Of complex numbers the real part is a view, and the conjugate another number. */
static mx_view_kind of_same(const mx_functional *f, const mx_pnode *n, const mx_pvalue *from, const mx_pvalue *to) {
    mx_str target = mx_ptext(f->p, n->target);
    bool conjugates = mx_str_starts(target, "aten.conj.") || mx_str_starts(target, "aten._conj.");
    if (conjugates && (from->elem == MX_ELEM_COMPLEX64 || from->elem == MX_ELEM_COMPLEX128)) return MX_VIEW_FIXED;
    return from->elem == to->elem ? MX_VIEW_SAME : MX_VIEW_FIXED;
}

static mx_view_kind refine(const mx_functional *f, const mx_pnode *n, mx_view_kind kind, uint32_t arg) {
    const mx_pvalue *from = &f->p->values[n->args[arg].value], *to = &f->p->values[n->outputs[0]];
    switch (kind) {
    case MX_VIEW_SAME: return of_same(f, n, from, to);
    case MX_VIEW_TYPE: return of_type(f, n, from, to);
    case MX_VIEW_CONTIGUOUS: return keeps_layout(from, to) ? MX_VIEW_SAME : MX_VIEW_COPY;
    case MX_VIEW_MAYBE: return stays_in_place(from, to) ? MX_VIEW_RESHAPE : MX_VIEW_NOT;
    case MX_VIEW_FIXED: {
        bool same = from->rank != MX_NONE && from->rank == to->rank && from->elem == to->elem &&
                    equal_sizes(from->sizes, to->sizes, from->rank);
        return same && mx_str_starts(mx_ptext(f->p, n->target), "aten.expand.") ? MX_VIEW_RESHAPE : kind;
    }
    default: return kind;
    }
}

/* The argument that the schema says the result may share its storage with. */
static bool aliased_arg(const char *schema, uint16_t *arg) {
    mx_schema_arg a;
    for (uint16_t i = 0; mx_schema_next(&schema, &a); i++) {
        if (!a.aliased || a.list) continue;
        *arg = i;
        return true;
    }
    return false;
}

mx_view_kind mx_view_of(const mx_functional *f, const mx_pnode *n, uint16_t *arg) {
    mx_str target = mx_ptext(f->p, n->target);
    const char *schema = mx_torch_schema(target.p);
    const struct view *v = find_target(target);
    *arg = 0;
    if (!schema || n->n_outputs == 0 || n->outputs[0] == MX_NONE) return MX_VIEW_NOT;
    if (!v && !aliased_arg(schema, arg)) return MX_VIEW_NOT;
    if (n->n_args <= *arg || n->args[*arg].kind != MX_ARG_VALUE) return MX_VIEW_NOT;
    return refine(f, n, v ? (mx_view_kind)v->kind : MX_VIEW_FIXED, *arg);
}

/* ---- writing back ---- */

typedef struct back { /* one write: what an inverse gets */
    mx_functional *f;
    uint32_t node, output, parent, child;
    uint32_t meta;       /* the value of the program that `parent` is the content of */
    const mx_parg *args; /* of the view's node */
} back;

static mx_parg tensor(uint32_t v) {
    return (mx_parg){.kind = MX_ARG_VALUE, .value = v};
}
static mx_parg number(int64_t i) {
    return (mx_parg){.kind = MX_ARG_INT, .i = i};
}
static mx_parg plain(mx_parg a) { /* by position: names differ */
    a.name = MX_SID_ABSENT;
    return a;
}

static mx_status make(const back *w, const char *target, const mx_parg *args, uint32_t n, uint32_t *out) {
    return mx_functional_make(w->f, target, w->node, args, n, w->meta, out);
}

static mx_status refuse(const back *w) {
    return mx_functional_unsupported(w->f, &w->f->p->nodes[w->node], "makes a view that is then changed in place:");
}

static mx_status back_select(const back *w, uint32_t *out) {
    const mx_parg args[] = {tensor(w->parent), tensor(w->child), plain(w->args[1]), plain(w->args[2])};
    return make(w, "aten.select_scatter.default", args, 4, out);
}

static mx_status back_slice(const back *w, uint32_t *out) {
    const mx_parg args[] = {tensor(w->parent), tensor(w->child),  plain(w->args[1]),
                            plain(w->args[2]), plain(w->args[3]), plain(w->args[4])};
    return make(w, "aten.slice_scatter.default", args, 6, out);
}

static mx_status back_range(const back *w, mx_parg dim, int64_t start, int64_t length, uint32_t *out) {
    int64_t end = start < 0 && start + length >= 0 ? INT64_MAX : start + length;
    const mx_parg args[] = {tensor(w->parent), tensor(w->child), plain(dim), number(start), number(end), number(1)};
    return make(w, "aten.slice_scatter.default", args, 6, out);
}

static mx_status back_narrow(const back *w, uint32_t *out) {
    if (w->args[2].kind != MX_ARG_INT || w->args[3].kind != MX_ARG_INT) return refuse(w);
    int64_t end;
    if (__builtin_add_overflow(w->args[2].i, w->args[3].i, &end)) return refuse(w);
    return back_range(w, w->args[1], w->args[2].i, w->args[3].i, out);
}

static mx_status back_diagonal(const back *w, uint32_t *out) {
    const mx_parg args[] = {tensor(w->parent), tensor(w->child), plain(w->args[1]), plain(w->args[2]),
                            plain(w->args[3])};
    return make(w, "aten.diagonal_scatter.default", args, 5, out);
}

static mx_status back_swap(const back *w, uint32_t *out) {
    mx_program *p = w->f->p;
    const mx_pnode *n = &p->nodes[w->node];
    mx_parg args[3] = {tensor(w->child)};
    for (uint32_t i = 1; i < n->n_args && i < 3; i++)
        args[i] = plain(n->args[i]);
    return make(w, mx_ptext(p, n->target).p, args, n->n_args < 3 ? n->n_args : 3, out);
}

static mx_status back_permute(const back *w, uint32_t *out) {
    mx_program *p = w->f->p;
    uint32_t n = w->args[1].count;
    mx_pitem *inverse = mx_arena_array(&p->arena, n, sizeof *inverse);
    if (!inverse) return mx_nomem(w->f->err);
    for (uint32_t i = 0; i < n; i++)
        inverse[i] = (mx_pitem){.i = -1, .value = MX_NONE};
    for (uint32_t i = 0; i < n; i++) {
        int64_t to = w->args[1].items[i].i;
        if (to < 0) to += n;
        if (w->args[1].items[i].value != MX_NONE || to < 0 || to >= n || inverse[to].i >= 0) return refuse(w);
        inverse[to].i = i;
    }
    const mx_parg args[] = {tensor(w->child), {.kind = MX_ARG_INTS, .count = n, .items = inverse}};
    return make(w, "aten.permute.default", args, 2, out);
}

static mx_status back_move(const back *w, uint32_t *out) {
    const mx_parg args[] = {tensor(w->child), plain(w->args[2]), plain(w->args[1])};
    return make(w, mx_ptext(w->f->p, w->f->p->nodes[w->node].target).p, args, 3, out);
}

static mx_status back_reshape(const back *w, uint32_t *out) {
    const mx_parg args[] = {tensor(w->child), tensor(w->parent)};
    return make(w, "aten.view_as.default", args, 2, out);
}

static mx_status back_unbind(const back *w, uint32_t *out) {
    const mx_parg args[] = {tensor(w->parent), tensor(w->child), plain(w->args[1]), number(w->output)};
    return make(w, "aten.select_scatter.default", args, 4, out);
}

/* The pieces say themselves how large they are, whichever operator made them. */
static mx_status back_split(const back *w, uint32_t *out) {
    const mx_program *p = w->f->p;
    const mx_pnode *n = &p->nodes[w->node];
    const mx_parg *dim = arg_named(p, n, "dim");
    int64_t start = 0, length = 0;
    if (!dim || dim->kind != MX_ARG_INT) return refuse(w);
    for (uint32_t i = 0; i <= w->output; i++) {
        const mx_pvalue *v = n->outputs[i] == MX_NONE ? NULL : &p->values[n->outputs[i]];
        int64_t axis = v && v->rank != MX_NONE && dim->i < 0 ? dim->i + v->rank : dim->i;
        if (!v || v->rank == MX_NONE || axis < 0 || axis >= v->rank || !mx_size_is_number(v->sizes[axis]))
            return refuse(w);
        if (__builtin_add_overflow(start, length, &start)) return refuse(w);
        length = v->sizes[axis].value;
    }
    if (start > INT64_MAX - length) return refuse(w);
    return back_range(w, *dim, start, length, out);
}

mx_status mx_view_write(mx_functional *f, const mx_alias *a, uint32_t output, uint32_t parent, uint32_t child,
                        uint32_t *out) {
    static const struct {
        mx_status (*write)(const back *w, uint32_t *out);
        uint32_t n_args; /* that it looks at */
    } ways[] = {[MX_VIEW_RESHAPE] = {back_reshape, 0}, [MX_VIEW_SELECT] = {back_select, 3},
                [MX_VIEW_SLICE] = {back_slice, 5},     [MX_VIEW_DIAGONAL] = {back_diagonal, 4},
                [MX_VIEW_NARROW] = {back_narrow, 4},   [MX_VIEW_SWAP] = {back_swap, 1},
                [MX_VIEW_PERMUTE] = {back_permute, 2}, [MX_VIEW_MOVE] = {back_move, 3},
                [MX_VIEW_UNBIND] = {back_unbind, 2},   [MX_VIEW_SPLIT] = {back_split, 1}};
    back w = {f, a->node, output, parent, child, a->parent, f->p->nodes[a->node].args};
    if (!ways[a->kind].write || f->p->nodes[a->node].n_args < ways[a->kind].n_args) return refuse(&w);
    return ways[a->kind].write(&w, out);
}
