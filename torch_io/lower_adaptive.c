/* Pooling to a given size of the output: cell i of n sees [floor(i * in / n), ceil((i + 1) * in / n)). Where n divides
 * the input all cells see equally many and an ordinary pooling does it; else the cells are gathered axis by axis. */
#include "torch_io/lower_adaptive.h"

typedef struct cells {
    size_t n;
    int64_t in[MX_MAX_SPATIAL], out[MX_MAX_SPATIAL]; /* in: -1 where not known */
    int64_t window[MX_MAX_SPATIAL];                  /* the largest that a cell sees */
    bool all, even; /* one cell that sees everything; windows of equal size side by side */
} cells;

static int64_t first_of(int64_t i, int64_t in, int64_t out) {
    return i * in / out;
}
static int64_t end_of(int64_t i, int64_t in, int64_t out) {
    return ((i + 1) * in + out - 1) / out;
}

static void read_cells(const mx_rule *r, mx_val x, cells *c) {
    c->all = c->even = true;
    mx_spatial_ints(r, 1, NULL, c->n, c->out);
    for (size_t k = 0; k < c->n && !mx_failed(r->b); k++) {
        mx_size s = mx_size_of(r->b, x, (int)k + 2);
        c->in[k] = mx_size_is_number(s) ? s.value : -1;
        c->all &= c->out[k] == 1;
        if (c->out[k] < 1) mx_cannot(r->b, "an output without elements");
        c->even &= c->in[k] > 0 && c->out[k] > 0 && c->in[k] % c->out[k] == 0;
    }
    if (!mx_failed(r->b) && !c->all)
        for (size_t k = 0; k < c->n; k++)
            if (c->in[k] < 1) mx_cannot(r->b, "the size of the input is not known and the output is larger than 1");
    for (size_t k = 0; k < c->n && !mx_failed(r->b); k++)
        for (int64_t i = 0; !c->all && i < c->out[k]; i++) {
            int64_t seen = end_of(i, c->in[k], c->out[k]) - first_of(i, c->in[k], c->out[k]);
            if (seen > c->window[k]) c->window[k] = seen;
        }
}

static size_t spatial_axes(const cells *c, int64_t *axes) {
    for (size_t k = 0; k < c->n; k++)
        axes[k] = (int64_t)k + 2;
    return c->n;
}

/* The places of what each cell sees along an axis: [out, window]; a window that is not full repeats its first place. */
static mx_val seen_places(const mx_rule *r, const cells *c, size_t k) {
    int64_t *v = mx_lower_numbers(r, c->out[k] * c->window[k]);
    if (!v) return MX_NO_VAL;
    for (int64_t i = 0; i < c->out[k]; i++) {
        int64_t first = first_of(i, c->in[k], c->out[k]), end = end_of(i, c->in[k], c->out[k]);
        for (int64_t j = 0; j < c->window[k]; j++)
            v[i * c->window[k] + j] = first + j < end ? first + j : first;
    }
    return mx_int64_table(r->b, v, c->out[k], c->window[k]);
}

/* Which of these are no repetition, as bool, and how many (as floats), shaped to stand at axis `at` of a tensor of that
 * rank. */
static void seen_counts(const mx_rule *r, const cells *c, size_t k, size_t rank, size_t at, mx_val *real,
                        mx_val *count) {
    int64_t dims[MX_MAX_SPATIAL + 4];
    int64_t *v = mx_lower_numbers(r, c->out[k] * c->window[k]), *n = mx_lower_numbers(r, c->out[k]);
    if (!v || !n) return;
    uint8_t *yes = (uint8_t *)v;
    float *many = (float *)n;
    for (int64_t i = 0; i < c->out[k]; i++) {
        int64_t seen = end_of(i, c->in[k], c->out[k]) - first_of(i, c->in[k], c->out[k]);
        many[i] = (float)seen;
        for (int64_t j = 0; j < c->window[k]; j++)
            yes[i * c->window[k] + j] = j < seen;
    }
    for (size_t i = 0; i < rank; i++)
        dims[i] = 1;
    dims[at] = c->out[k];
    *count = mx_constant(r->b, MX_ELEM_FLOAT, dims, rank, many, (size_t)c->out[k] * sizeof *many);
    memmove(dims + at + 2, dims + at + 1, (rank - at - 1) * sizeof *dims);
    dims[at + 1] = c->window[k];
    *real = mx_constant(r->b, MX_ELEM_BOOL, dims, rank + 1, yes, (size_t)(c->out[k] * c->window[k]));
}

static mx_val mean_along(const mx_rule *r, const cells *c, mx_val x, size_t k) {
    mx_build *b = r->b;
    size_t axis = k + 2, rank = c->n + 2;
    mx_val real = MX_NO_VAL, count = MX_NO_VAL;
    int32_t elem = mx_elem_of(b, x);
    mx_val seen = mx_gather(b, x, seen_places(r, c, k), (int64_t)axis);
    seen_counts(r, c, k, rank, axis, &real, &count);
    mx_val some = mx_where(b, real, seen, mx_scalar(b, elem, 0));
    mx_val sum = mx_reduce(b, "ReduceSum", some, (const int64_t[]){(int64_t)axis + 1}, 1, false);
    return mx_op2(b, "Div", sum, mx_cast(b, count, elem));
}

static mx_val even_pool(const mx_rule *r, const cells *c, const char *op, mx_val x, mx_val *indices) {
    mx_val out[2] = {MX_NO_VAL, MX_NO_VAL};
    const mx_at at[2] = {mx_at_is("kernel_shape", c->window, c->n), mx_at_is("strides", c->window, c->n)};
    if (!indices) return mx_op(r->b, op, MX_IN(x), at, 2);
    mx_op_n(r->b, op, MX_IN(x), at, 2, out, 2);
    int64_t plane = 1;
    for (size_t k = 0; k < c->n; k++)
        plane *= c->in[k];
    *indices = mx_op2(r->b, "Mod", out[1], mx_scalar_int(r->b, MX_ELEM_INT64, plane));
    return out[0];
}

void mx_adaptive_avg_pool(const mx_rule *r) {
    cells c = {.n = mx_spatial_axes(r)};
    int64_t axes[MX_MAX_SPATIAL];
    bool added;
    mx_val x = mx_with_batch(r, mx_arg(r, 0), c.n, &added);
    read_cells(r, x, &c);
    if (mx_failed(r->b)) return;
    if (c.all) {
        x = mx_reduce(r->b, "ReduceMean", x, axes, spatial_axes(&c, axes), true);
    } else if (c.even) {
        x = even_pool(r, &c, "AveragePool", x, NULL);
    } else {
        for (size_t k = 0; k < c.n; k++)
            x = mean_along(r, &c, x, k);
    }
    r->out[0] = mx_without_batch(r, x, added);
}

/* ---- largest ---- */

/* All that each cell sees: [batch, channels, out..., windows flattened]. */
static mx_val gather_windows(const mx_rule *r, const cells *c, mx_val x, int64_t *seen) {
    mx_build *b = r->b;
    int64_t perm[2 * MX_MAX_SPATIAL + 2] = {0, 1}, sizes[MX_MAX_SPATIAL + 1];
    *seen = 1;
    for (size_t k = 0; k < c->n; k++) {
        x = mx_gather(b, x, seen_places(r, c, k), (int64_t)(2 + 2 * k));
        perm[2 + k] = (int64_t)(2 + 2 * k);
        perm[2 + c->n + k] = (int64_t)(3 + 2 * k);
        sizes[k] = c->out[k];
        *seen *= c->window[k];
    }
    sizes[c->n] = *seen;
    mx_val parts[3] = {mx_dim(b, x, 0), mx_dim(b, x, 1), mx_int64s(b, sizes, c->n + 1)};
    return mx_reshape(b, mx_transpose(b, x, perm, 2 * c->n + 2), mx_concat(b, parts, 3, 0));
}

/* The place in the plane of cell `cell`'s element `e` of its window. */
static int64_t plane_place(const cells *c, int64_t cell, int64_t e) {
    int64_t i[MX_MAX_SPATIAL], j[MX_MAX_SPATIAL], place = 0;
    for (size_t k = c->n; k-- > 0;) {
        i[k] = cell % c->out[k];
        j[k] = e % c->window[k];
        cell /= c->out[k];
        e /= c->window[k];
    }
    for (size_t k = 0; k < c->n; k++) {
        int64_t first = first_of(i[k], c->in[k], c->out[k]), end = end_of(i[k], c->in[k], c->out[k]);
        place = place * c->in[k] + (first + j[k] < end ? first + j[k] : first);
    }
    return place;
}

/* Where in the plane the largest stands: windows[..., argmax] looked up in a table of places. */
static mx_val place_of_largest(const mx_rule *r, const cells *c, mx_val windows, int64_t seen) {
    mx_build *b = r->b;
    int64_t dims[MX_MAX_SPATIAL + 3] = {1, 1}, all = 1, axis = (int64_t)c->n + 2;
    for (size_t k = 0; k < c->n; k++) {
        dims[k + 2] = c->out[k];
        all *= c->out[k];
    }
    dims[c->n + 2] = seen;
    int64_t *v = mx_lower_numbers(r, all * seen);
    if (!v) return MX_NO_VAL;
    for (int64_t i = 0; i < all; i++)
        for (int64_t e = 0; e < seen; e++)
            v[i * seen + e] = plane_place(c, i, e);
    mx_val table = mx_constant(b, MX_ELEM_INT64, dims, c->n + 3, v, (size_t)(all * seen) * sizeof *v);
    mx_val which = mx_op(b, "ArgMax", MX_IN(windows), MX_AT(mx_at_i("axis", axis), mx_at_i("keepdims", 1)));
    mx_val wide = mx_expand(b, table, mx_shape(b, windows));
    mx_val place = mx_op(b, "GatherElements", MX_IN(wide, which), MX_AT(mx_at_i("axis", axis)));
    return mx_squeeze1(b, place, axis);
}

void mx_adaptive_max_pool(const mx_rule *r) {
    mx_build *b = r->b;
    cells c = {.n = mx_spatial_axes(r)};
    int64_t axes[MX_MAX_SPATIAL], seen;
    bool added, indices = r->node->n_outputs > 1 && mx_output_used(r, 1);
    mx_val places = MX_NO_VAL, x = mx_with_batch(r, mx_arg(r, 0), c.n, &added);
    read_cells(r, x, &c);
    if (mx_failed(b)) return;
    if (c.all && indices && !c.even) {
        mx_cannot(b, "the size of the input is not known and the places of the largest are used");
    } else if (c.all && !indices) {
        x = mx_reduce(b, "ReduceMax", x, axes, spatial_axes(&c, axes), true);
    } else if (c.even) {
        for (size_t k = 0; k < c.n; k++)
            c.window[k] = c.in[k] / c.out[k];
        x = even_pool(r, &c, "MaxPool", x, indices ? &places : NULL);
    } else {
        mx_val windows = gather_windows(r, &c, x, &seen);
        if (indices) places = place_of_largest(r, &c, windows, seen);
        x = mx_reduce(b, "ReduceMax", windows, (const int64_t[]){(int64_t)c.n + 2}, 1, false);
    }
    r->out[0] = mx_without_batch(r, x, added);
    if (indices) r->out[1] = mx_without_batch(r, places, added);
}
