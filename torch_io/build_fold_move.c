/* Folding operators that only move elements. */
#include "torch_io/build_fold.h"

static void copy_element(const mx_folding *f, size_t to, const mx_fconst *c, size_t from) {
    memcpy(f->out.room + to * f->out.size, c->bytes + from * c->size, c->size);
}

/* The elements of the first input in the order of a walk, as a tensor of its rank. */
static bool walk_over(mx_folding *f, mx_fwalk *w, const int64_t *dims) {
    const mx_fconst *x = &f->in[0];
    if (!mx_fold_result(f, x->elem, x->rank, dims)) return false;
    w->dims = f->out.dims;
    for (size_t i = 0; i < f->out.n; i++, mx_fold_step(w))
        copy_element(f, i, x, w->element);
    return true;
}

/* The same elements in other sizes. */
static bool with_sizes(mx_folding *f, int rank, const int64_t *dims) {
    const mx_fconst *x = &f->in[0];
    if (!mx_fold_result(f, x->elem, rank, dims) || f->out.n != x->n) return false;
    if (x->n > 0) memcpy(f->out.room, x->bytes, x->n * x->size);
    return true;
}

bool mx_fold_same(mx_folding *f) {
    return with_sizes(f, f->in[0].rank, f->in[0].dims);
}

/* Integers of an input of rank 0 or 1; false: too many, or of another kind. */
static bool integers(const mx_folding *f, size_t i, int64_t *out, size_t *n) {
    if (i >= f->n_in || !f->in[i].given || !mx_elem_is_int(f->in[i].elem)) return false;
    *n = f->in[i].n;
    for (size_t k = 0; k < *n && *n <= MX_MAX_RANK; k++)
        out[k] = mx_load_int(f->in[i].bytes, k, f->in[i].elem);
    return *n <= MX_MAX_RANK;
}

bool mx_fold_reshape(mx_folding *f) {
    const mx_fconst *x = &f->in[0];
    int64_t dims[MX_MAX_RANK], known = 1;
    size_t n, open = SIZE_MAX;
    bool keep_zero = mx_fold_int(f, "allowzero", 0) != 0;
    if (!integers(f, 1, dims, &n)) return false;
    for (size_t i = 0; i < n; i++) {
        if (dims[i] == 0 && !keep_zero) {
            if ((int)i >= x->rank) return false;
            dims[i] = x->dims[i];
        }
        if (dims[i] == -1)
            open = i;
        else if (__builtin_mul_overflow(known, dims[i], &known))
            return false;
    }
    if (open != SIZE_MAX) {
        if (known <= 0 || (int64_t)x->n % known != 0) return false;
        dims[open] = (int64_t)x->n / known;
    }
    return with_sizes(f, (int)n, dims);
}

static bool marks(const mx_folding *f, int rank, bool *marked) {
    int64_t axes[MX_MAX_RANK];
    size_t n;
    if (!integers(f, 1, axes, &n)) return false;
    for (size_t i = 0; i < n; i++) {
        int axis;
        if (!mx_fold_axis(axes[i], rank, &axis) || marked[axis]) return false;
        marked[axis] = true;
    }
    return true;
}

bool mx_fold_squeeze(mx_folding *f) {
    const mx_fconst *x = &f->in[0];
    bool marked[MX_MAX_RANK] = {false};
    int64_t dims[MX_MAX_RANK];
    int rank = 0;
    if (f->n_in < 2 || !marks(f, x->rank, marked)) return false;
    for (int i = 0; i < x->rank; i++) {
        if (marked[i] && x->dims[i] != 1) return false;
        if (!marked[i]) dims[rank++] = x->dims[i];
    }
    return with_sizes(f, rank, dims);
}

bool mx_fold_unsqueeze(mx_folding *f) {
    const mx_fconst *x = &f->in[0];
    bool marked[MX_MAX_RANK] = {false};
    int64_t dims[MX_MAX_RANK];
    if (f->n_in < 2 || x->rank + (int64_t)f->in[1].n > MX_MAX_RANK) return false;
    int rank = x->rank + (int)f->in[1].n;
    if (!marks(f, rank, marked)) return false;
    for (int i = 0, from = 0; i < rank; i++)
        dims[i] = marked[i] ? 1 : x->dims[from++];
    return with_sizes(f, rank, dims);
}

bool mx_fold_transpose(mx_folding *f) {
    const mx_fconst *x = &f->in[0];
    const mx_at *perm = mx_fold_at(f, "perm");
    int64_t dims[MX_MAX_RANK], steps[MX_MAX_RANK], step = 1;
    mx_fwalk w = {.rank = x->rank};
    if (perm && perm->n != (size_t)x->rank) return false;
    for (int i = x->rank; i-- > 0; step *= x->dims[i])
        steps[i] = step;
    for (int i = 0; i < x->rank; i++) {
        int64_t from = perm ? perm->ints[i] : x->rank - 1 - i;
        if (from < 0 || from >= x->rank) return false;
        dims[i] = x->dims[from];
        w.steps[i] = steps[from];
    }
    return walk_over(f, &w, dims);
}

bool mx_fold_expand(mx_folding *f) {
    int64_t dims[MX_MAX_RANK], to[MX_MAX_RANK];
    size_t n;
    int rank;
    mx_fwalk w;
    if (!integers(f, 1, dims, &n) || !mx_fold_broadcast(&f->in[0], (int)n, dims, to, &rank)) return false;
    if (!mx_fold_result(f, f->in[0].elem, rank, to)) return false;
    mx_fold_walk(&w, &f->in[0], rank, f->out.dims);
    for (size_t i = 0; i < f->out.n; i++, mx_fold_step(&w))
        copy_element(f, i, &f->in[0], w.element);
    return true;
}

/* Elements before and behind an axis, multiplied. */
static size_t product(const mx_fconst *c, int from, int to) {
    size_t n = 1;
    for (int i = from; i < to; i++)
        n *= (size_t)c->dims[i];
    return n;
}

static bool fits_concat(const mx_fconst *a, const mx_fconst *b, int axis) {
    if (!b->given || a->elem != b->elem || a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (i != axis && a->dims[i] != b->dims[i]) return false;
    return true;
}

bool mx_fold_concat(mx_folding *f) {
    const mx_fconst *x = &f->in[0];
    int64_t dims[MX_MAX_RANK];
    int axis;
    if (!mx_fold_axis(mx_fold_int(f, "axis", 0), x->rank, &axis)) return false;
    memcpy(dims, x->dims, sizeof dims);
    for (size_t k = 1; k < f->n_in; k++) {
        if (!fits_concat(x, &f->in[k], axis)) return false;
        dims[axis] += f->in[k].dims[axis];
    }
    if (!mx_fold_result(f, x->elem, x->rank, dims)) return false;
    size_t outer = product(x, 0, axis), inner = product(x, axis + 1, x->rank) * x->size;
    uint8_t *to = f->out.room;
    for (size_t o = 0; o < outer; o++) {
        for (size_t k = 0; k < f->n_in; k++) {
            size_t part = (size_t)f->in[k].dims[axis] * inner;
            if (part > 0) memcpy(to, f->in[k].bytes + o * part, part);
            to += part;
        }
    }
    return true;
}

bool mx_fold_gather(mx_folding *f) {
    const mx_fconst *x = &f->in[0], *index = f->n_in == 2 ? &f->in[1] : NULL;
    int64_t dims[2 * MX_MAX_RANK];
    int axis, rank = 0;
    if (!index || !mx_elem_is_int(index->elem) || !mx_fold_axis(mx_fold_int(f, "axis", 0), x->rank, &axis))
        return false;
    for (int i = 0; i < x->rank; i++) {
        for (int k = 0; i == axis && k < index->rank; k++)
            dims[rank++] = index->dims[k];
        if (i != axis) dims[rank++] = x->dims[i];
    }
    if (!mx_fold_result(f, x->elem, rank, dims)) return false;
    size_t outer = product(x, 0, axis), inner = product(x, axis + 1, x->rank) * x->size, size = (size_t)x->dims[axis];
    uint8_t *to = f->out.room;
    for (size_t o = 0; o < outer; o++) {
        for (size_t k = 0; k < index->n; k++, to += inner) {
            int64_t at = mx_load_int(index->bytes, k, index->elem);
            if (at < 0) at += (int64_t)size;
            if (at < 0 || at >= (int64_t)size) return false;
            if (inner > 0) memcpy(to, x->bytes + (o * size + (size_t)at) * inner, inner);
        }
    }
    return true;
}

/* ---- Slice ---- */

typedef struct cut {
    int64_t start, step, n;
} cut;

static cut cut_of(int64_t start, int64_t end, int64_t step, int64_t size) {
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    if (start < 0) start = start < -size ? -1 : start + size;
    if (end < 0) end = end < -size ? -1 : end + size;
    start = start < 0 ? 0 : start > high ? high : start;
    end = end < low ? low : end > size ? size : end;
    int64_t span = step > 0 ? end - start : start - end;
    return (cut){start, step, size == 0 || span <= 0 ? 0 : (span - 1) / (step > 0 ? step : -step) + 1};
}

static bool cuts_of(const mx_folding *f, cut *cuts) {
    const mx_fconst *x = &f->in[0];
    int64_t starts[MX_MAX_RANK], ends[MX_MAX_RANK], axes[MX_MAX_RANK], steps[MX_MAX_RANK];
    size_t n, m, n_axes, n_steps;
    bool has_axes = f->n_in > 3 && f->in[3].given, has_steps = f->n_in > 4 && f->in[4].given;
    if (!integers(f, 1, starts, &n) || !integers(f, 2, ends, &m) || m != n) return false;
    if (has_axes && (!integers(f, 3, axes, &n_axes) || n_axes != n)) return false;
    if (has_steps && (!integers(f, 4, steps, &n_steps) || n_steps != n)) return false;
    for (int i = 0; i < x->rank; i++)
        cuts[i] = (cut){0, 1, x->dims[i]};
    for (size_t i = 0; i < n; i++) {
        int axis;
        int64_t step = has_steps ? steps[i] : 1;
        if (!mx_fold_axis(has_axes ? axes[i] : (int64_t)i, x->rank, &axis)) return false;
        if (step == 0 || step < -INT32_MAX || step > INT32_MAX) return false;
        cuts[axis] = cut_of(starts[i], ends[i], step, x->dims[axis]);
    }
    return true;
}

bool mx_fold_slice(mx_folding *f) {
    const mx_fconst *x = &f->in[0];
    cut cuts[MX_MAX_RANK];
    int64_t dims[MX_MAX_RANK], step = 1;
    mx_fwalk w = {.rank = x->rank};
    if (!cuts_of(f, cuts)) return false;
    for (int i = x->rank; i-- > 0; step *= x->dims[i]) {
        dims[i] = cuts[i].n;
        w.steps[i] = step * cuts[i].step;
        w.element += (size_t)(step * cuts[i].start);
    }
    return walk_over(f, &w, dims);
}

bool mx_fold_where(mx_folding *f) {
    int64_t dims[MX_MAX_RANK], all[MX_MAX_RANK];
    int rank;
    mx_fwalk walks[3];
    if (f->n_in != 3 || f->in[0].elem != MX_ELEM_BOOL || f->in[1].elem != f->in[2].elem) return false;
    if (!mx_fold_broadcast(&f->in[0], f->in[1].rank, f->in[1].dims, dims, &rank)) return false;
    if (!mx_fold_broadcast(&f->in[2], rank, dims, all, &rank)) return false;
    if (!mx_fold_result(f, f->in[1].elem, rank, all)) return false;
    for (int k = 0; k < 3; k++)
        mx_fold_walk(&walks[k], &f->in[k], rank, f->out.dims);
    for (size_t i = 0; i < f->out.n; i++) {
        int chosen = f->in[0].bytes[walks[0].element] ? 1 : 2;
        copy_element(f, i, &f->in[chosen], walks[chosen].element);
        for (int k = 0; k < 3; k++)
            mx_fold_step(&walks[k]);
    }
    return true;
}
