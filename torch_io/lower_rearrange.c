/* What takes the elements of some axes in another order. */
#include "torch_io/lower_move.h"
#include "torch_io/lower_shape.h"

/* ---- flip, roll, rot90 ---- */

static mx_val flip(const mx_rule *r, mx_val v, const int64_t *axes, size_t n) {
    int64_t starts[MX_MAX_RANK], ends[MX_MAX_RANK], steps[MX_MAX_RANK], sorted[MX_MAX_RANK];
    mx_build *b = r->b;
    int rank = mx_need_rank(r, v);
    if (!n || !rank) return v;
    for (size_t i = 0; i < n; ++i) {
        sorted[i] = mx_axis(r, axes[i], rank);
        starts[i] = -1;
        ends[i] = -INT64_MAX;
        steps[i] = -1;
    }
    mx_val out =
        mx_op(b, "Slice",
              MX_IN(v, mx_int64s(b, starts, n), mx_int64s(b, ends, n), mx_int64s(b, sorted, n), mx_int64s(b, steps, n)),
              MX_NO_AT);
    mx_size sizes[MX_MAX_RANK];
    for (int k = 0; k < rank; ++k)
        sizes[k] = mx_size_of(b, v, k);
    mx_set_type(b, out, mx_elem_of(b, v), rank, sizes);
    return out;
}

void mx_rule_flip(const mx_rule *r) { /* self, dims */
    int64_t axes[MX_MAX_RANK];
    size_t n = mx_arg_const_ints(r, 1, axes, MX_MAX_RANK);
    r->out[0] = flip(r, mx_arg(r, 0), axes, n);
}

void mx_rule_fliplr(const mx_rule *r) {
    r->out[0] = flip(r, mx_arg(r, 0), (const int64_t[]){1}, 1);
}

void mx_rule_flipud(const mx_rule *r) {
    r->out[0] = flip(r, mx_arg(r, 0), (const int64_t[]){0}, 1);
}

/* Roll one axis: the last `shift` (modulo the size) come first. */
static mx_val roll(const mx_rule *r, mx_val v, int64_t axis, mx_size shift, mx_val shift_value) {
    mx_build *b = r->b;
    mx_size size = mx_size_of(b, v, (int)axis);
    mx_val at;
    if (mx_size_is(size, 0) || mx_size_is(size, 1)) return v;
    if (mx_size_is_number(size) && mx_size_is_number(shift)) {
        int64_t first = (size.value - shift.value % size.value) % size.value;
        if (!first) return v;
        at = mx_int64(b, first);
    } else {
        mx_val n = mx_op2(b, "Max", mx_dim(b, v, axis), mx_int64(b, 1)); /* a modulus of 0 is not defined */
        at = mx_op2(b, "Mod", mx_op1(b, "Neg", shift_value), n);
    }
    mx_val tail = mx_slice(b, v, axis, at, mx_int64(b, MX_TO_END), 1);
    mx_val head = mx_slice(b, v, axis, mx_int64(b, 0), at, 1);
    return mx_concat(b, (mx_val[]){tail, head}, 2, axis);
}

void mx_rule_roll(const mx_rule *r) { /* self, shifts, dims=[] */
    mx_build *b = r->b;
    int64_t axes[MX_MAX_RANK];
    mx_val v = mx_arg(r, 0), shifts = mx_arg_sizes(r, 1);
    int rank = mx_need_rank(r, v);
    size_t n = mx_arg_const_ints(r, 2, axes, MX_MAX_RANK), n_shifts = mx_arg_count(r, 1);
    r->out[0] = v;
    if (mx_failed(b) || !rank) return;
    if (!n) {
        mx_val flat = roll(r, mx_in_line(b, v), 0, mx_arg_size_known(r, 1, 0), shifts);
        r->out[0] = mx_view_out(r, flat, 0, mx_shape(b, v));
        return;
    }
    for (size_t i = 0; i < n && i < n_shifts && !mx_failed(b); ++i) {
        mx_val one = n_shifts == 1 ? shifts : mx_gather(b, shifts, mx_int64(b, (int64_t)i), 0);
        r->out[0] = roll(r, r->out[0], mx_axis(r, axes[i], rank), mx_arg_size_known(r, 1, i), one);
    }
}

void mx_rule_rot90(const mx_rule *r) { /* self, k=1, dims=[0, 1] */
    int64_t axes[MX_MAX_RANK], k = mx_arg_int(r, 1) % 4;
    mx_val v = mx_arg(r, 0);
    size_t n = mx_arg_const_ints(r, 2, axes, MX_MAX_RANK);
    if (n != 2) mx_cannot(r->b, "rot90 needs two axes");
    if (mx_failed(r->b)) return;
    k = k < 0 ? k + 4 : k;
    if (k == 2) v = flip(r, v, axes, 2);
    if (k == 1) v = flip(r, v, axes + 1, 1);
    if (k & 1) v = mx_swap(r->b, v, axes[0], axes[1]);
    r->out[0] = k == 3 ? flip(r, v, axes + 1, 1) : v;
}

/* ---- windows ---- */

void mx_rule_unfold(const mx_rule *r) { /* self, dimension, size, step */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0);
    int64_t size = mx_arg_int(r, 2), step = mx_arg_int(r, 3), perm[MX_MAX_RANK];
    bool scalar = !mx_need_rank(r, v);
    v = mx_at_least_1d(b, v);
    int rank = mx_need_rank(r, v);
    if (step < 1 || size < 0) mx_cannot(b, "windows of %lld, %lld apart", (long long)size, (long long)step);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), rank);
    if (mx_failed(b)) return;
    if (scalar) {
        r->out[0] = mx_cut(b, v, 0, 0, size, 1);
        return;
    }
    mx_val count = mx_plus(b, mx_op2(b, "Div", mx_plus(b, mx_dim(b, v, axis), -size), mx_int64(b, step)), 1);
    mx_val first = mx_op2(b, "Mul", mx_iota(b, count), mx_int64(b, step));
    mx_val index = mx_op2(b, "Add", mx_unsqueeze1(b, first, 1), mx_iota(b, mx_int64(b, size)));
    mx_val windows = mx_gather(b, v, index, axis); /* [..., count, size, ...] */
    mx_move_axes(rank + 1, (const int64_t[]){axis + 1}, (const int64_t[]){rank}, 1, perm);
    r->out[0] = mx_transpose(b, windows, perm, (size_t)rank + 1);
}

/* ---- as_strided ---- */

/* Whether sizes and strides are those of a tensor in order; its elements are then *first * *rest, where *first is the
 * size of the first axis if that is no number, and 1 otherwise. */
static bool in_order(const mx_size *sizes, const mx_size *strides, size_t rank, mx_size *first, int64_t *rest) {
    *first = (mx_size){1, MX_SID_ABSENT};
    *rest = 1;
    for (size_t k = rank; k-- > 0;) {
        if (mx_size_is(sizes[k], 1)) continue;
        if (!mx_size_is(strides[k], *rest)) return false;
        if (!mx_size_is_number(sizes[k])) {
            if (k) return false;
            *first = sizes[k];
        } else if (__builtin_mul_overflow(*rest, sizes[k].value, rest)) {
            return false;
        }
    }
    return true;
}

/* Whether argument 0 lies in order, from the first element of its storage on: as far as the program says. */
static bool lies_in_order(const mx_rule *r, mx_size *first, int64_t *rest) {
    static const char *const parts[] = {"aten.slice.",  "aten.select.", "aten.narrow.",      "aten.split",
                                        "aten.chunk.",  "aten.unbind.", "aten.diagonal.",    "aten.as_strided.",
                                        "aten.unfold.", "aten.expand",  "aten.broadcast_to", "aten.tensor_split."};
    if (!r->node->n_args || r->node->args[0].kind != MX_ARG_VALUE) return false;
    const mx_pvalue *v = &r->p->values[r->node->args[0].value];
    if (v->rank == MX_NONE || !v->strides || !in_order(v->sizes, v->strides, v->rank, first, rest)) return false;
    if (v->node == MX_NONE) return true;
    mx_str target = mx_ptext(r->p, r->p->nodes[v->node].target);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
        if (mx_str_starts(target, parts[i])) return false;
    }
    return true;
}

/* Whether the result is all of the tensor in the same order: with other sizes, or strides of axes of size 1. */
static bool only_reshapes(const mx_rule *r) {
    mx_size sizes[MX_MAX_RANK], strides[MX_MAX_RANK], first, had_first;
    int64_t rest, had_rest;
    size_t n = mx_arg_count(r, 1);
    if (n > MX_MAX_RANK || n != mx_arg_count(r, 2) || !(mx_arg_none(r, 3) || mx_arg_int(r, 3) == 0)) return false;
    for (size_t k = 0; k < n; ++k) {
        sizes[k] = mx_arg_size_known(r, 1, k);
        strides[k] = mx_arg_size_known(r, 2, k);
    }
    return in_order(sizes, strides, n, &first, &rest) && lies_in_order(r, &had_first, &had_rest) && rest == had_rest &&
           mx_size_equal(first, had_first);
}

mx_val mx_rule_stride_index(const mx_rule *r, size_t first) {
    mx_build *b = r->b;
    int64_t sizes[MX_MAX_RANK], strides[MX_MAX_RANK];
    size_t n = mx_arg_const_ints(r, first, sizes, MX_MAX_RANK),
           m = mx_arg_const_ints(r, first + 1, strides, MX_MAX_RANK);
    int64_t offset = mx_arg_none(r, first + 2) ? 0 : mx_arg_int(r, first + 2), rest;
    mx_size all;
    if (n != m || n > MX_MAX_RANK - 2) mx_cannot(b, "as_strided with sizes and strides of different lengths");
    if (!mx_failed(b) && !lies_in_order(r, &all, &rest))
        mx_cannot(b, "as_strided of a tensor that is a part of another's memory");
    mx_val index = mx_scalar_int(b, MX_ELEM_INT64, offset);
    for (size_t k = 0; k < n && !mx_failed(b); ++k) {
        mx_val steps = mx_op2(b, "Mul", mx_iota(b, mx_int64(b, sizes[k])), mx_int64(b, strides[k]));
        index = mx_op2(b, "Add", k ? mx_unsqueeze1(b, index, (int64_t)k) : index, steps);
    }
    return index;
}

void mx_rule_as_strided(const mx_rule *r) { /* self, size, stride, storage_offset=None */
    if (only_reshapes(r)) {
        r->out[0] = mx_reshape(r->b, mx_arg(r, 0), mx_arg_sizes(r, 1));
        return;
    }
    mx_val index = mx_rule_stride_index(r, 1);
    r->out[0] = mx_gather(r->b, mx_in_line(r->b, mx_arg(r, 0)), index, 0);
}

/* ---- diagonals ---- */

/* offset, and two axes from 0 on, which stand behind it; at their defaults where the operator has none. */
static bool diagonal_axes(const mx_rule *r, int rank, int64_t *offset, int64_t *axes) {
    if (rank < 2) mx_cannot(r->b, "a diagonal of a tensor of rank %d", rank);
    *offset = r->node->n_args > 1 ? mx_arg_int(r, 1) : 0;
    bool given = r->node->n_args > 3;
    axes[0] = mx_axis(r, given ? mx_arg_int(r, 2) : rank - 2, rank);
    axes[1] = mx_axis(r, given ? mx_arg_int(r, 3) : rank - 1, rank);
    if (axes[0] == axes[1]) mx_cannot(r->b, "a diagonal along one axis");
    return !mx_failed(r->b);
}

/* A diagonal outside of every matrix: its place would not fit a number. */
static bool too_far(int64_t offset) {
    return offset > INT32_MAX || offset < -INT32_MAX;
}

/* [..., n, m] -> [..., length]: the matrix in one line, every (m + 1)-th of it. */
static mx_val diagonal(const mx_rule *r, mx_val v, int64_t offset) {
    mx_build *b = r->b;
    int rank = mx_need_rank(r, v);
    if (rank < 2 || too_far(offset)) mx_cannot(b, "a diagonal of a tensor of rank %d", rank);
    if (mx_failed(b)) return MX_NO_VAL;
    mx_val n = mx_dim(b, v, rank - 2), m = mx_dim(b, v, rank - 1), sizes[MX_MAX_RANK];
    mx_val low = offset < 0 ? mx_plus(b, n, offset) : n, right = offset > 0 ? mx_plus(b, m, -offset) : m;
    mx_val length = mx_op2(b, "Max", mx_op2(b, "Min", low, right), mx_int64(b, 0));
    mx_val start = offset < 0 ? mx_op2(b, "Mul", m, mx_int64(b, -offset)) : mx_int64(b, offset),
           step = mx_plus(b, m, 1);
    for (int k = 0; k < rank - 2; ++k)
        sizes[k] = mx_dim(b, v, k);
    sizes[rank - 2] = mx_op2(b, "Mul", n, m);
    mx_val line = mx_reshape(b, v, mx_concat(b, sizes, (size_t)rank - 1, 0));
    mx_val end = mx_op2(b, "Add", start, mx_op2(b, "Mul", length, step));
    return mx_op(b, "Slice", MX_IN(line, start, end, mx_int64(b, rank - 2), step), MX_NO_AT);
}

void mx_rule_diagonal(const mx_rule *r) { /* self, offset=0, dim1=0, dim2=1 */
    int64_t offset, axes[2], perm[MX_MAX_RANK];
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v);
    if (!diagonal_axes(r, rank, &offset, axes)) return;
    mx_move_axes(rank, axes, (const int64_t[]){rank - 2, rank - 1}, 2, perm);
    r->out[0] = diagonal(r, mx_transpose(r->b, v, perm, (size_t)rank), offset);
}

mx_val mx_rule_diagonal_rows(const mx_rule *r, mx_val v, int64_t offset, mx_val rows) {
    mx_build *b = r->b;
    int rank = mx_need_rank(r, v);
    if (rank < 1 || too_far(offset)) mx_cannot(b, "a diagonal of a tensor of rank %d", rank);
    if (mx_failed(b)) return MX_NO_VAL;
    int64_t pads[2 * MX_MAX_RANK] = {0};
    int64_t known = 0, above = offset < 0 ? -offset : 0, below = offset > 0 ? offset : 0;
    mx_size have = mx_size_of(b, v, rank - 1);
    size_t n = 0;
    if (mx_size_is_number(have) && mx_const_ints(b, rows, &known, 1, &n)) below = known - have.value - above;
    pads[rank - 1] = above;
    pads[2 * rank - 1] = below;
    if (above || below) {
        v = mx_op3(b, "Pad", v, mx_int64s(b, pads, 2 * (size_t)rank), mx_scalar(b, mx_elem_of(b, v), 0));
    }
    return mx_unsqueeze1(b, v, rank);
}

/* [..., length] -> a square matrix [..., n, n] with it as its diagonal, zeros elsewhere. */
static mx_val diag_embed(const mx_rule *r, mx_val v, int64_t offset) {
    mx_build *b = r->b;
    int rank = mx_need_rank(r, v);
    if (rank < 1 || too_far(offset)) mx_cannot(b, "a diagonal out of a tensor of rank %d", rank);
    if (mx_failed(b)) return MX_NO_VAL;
    mx_val n = mx_plus(b, mx_dim(b, v, rank - 1), offset < 0 ? -offset : offset);
    mx_val mask = mx_diagonal_mask(b, n, n, offset);
    return mx_choose(b, mask, mx_rule_diagonal_rows(r, v, offset, n), mx_scalar(b, mx_elem_of(b, v), 0));
}

void mx_rule_diag_embed(const mx_rule *r) { /* self, offset=0, dim1=-2, dim2=-1 */
    int64_t offset, axes[2], perm[MX_MAX_RANK];
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v);
    if (!diagonal_axes(r, rank + 1, &offset, axes)) return;
    mx_move_axes(rank + 1, (const int64_t[]){rank - 1, rank}, axes, 2, perm);
    r->out[0] = mx_transpose(r->b, diag_embed(r, v, offset), perm, (size_t)rank + 1);
}

void mx_rule_diag(const mx_rule *r) { /* self, diagonal=0: into a matrix or out of one */
    mx_val v = mx_arg(r, 0);
    r->out[0] = mx_need_rank(r, v) == 1 ? diag_embed(r, v, mx_arg_int(r, 1)) : diagonal(r, v, mx_arg_int(r, 1));
}

void mx_rule_diagflat(const mx_rule *r) { /* self, offset=0 */
    r->out[0] = diag_embed(r, mx_in_line(r->b, mx_arg(r, 0)), mx_arg_int(r, 1));
}

void mx_rule_trace(const mx_rule *r) {
    int32_t elem = mx_out_elem(r, 0);
    mx_val v = mx_cast(r->b, diagonal(r, mx_arg(r, 0), 0), elem);
    r->out[0] = mx_reduce(r->b, "ReduceSum", v, NULL, 0, false);
}

/* ---- pixels and channels ---- */

/* Sizes as a shape: axes of v from..to-1, as values. */
static size_t dims(mx_build *b, mx_val v, int from, int to, mx_val *out) {
    size_t n = 0;
    for (int k = from; k < to; ++k)
        out[n++] = mx_dim(b, v, k);
    return n;
}

static mx_val divided(mx_build *b, mx_val size, int64_t by) {
    return mx_op2(b, "Div", size, mx_int64(b, by));
}

static bool has_depth_kernel(int32_t elem) {
    return elem == MX_ELEM_FLOAT || elem == MX_ELEM_DOUBLE || elem == MX_ELEM_FLOAT16 || elem == MX_ELEM_INT8 ||
           elem == MX_ELEM_UINT8;
}

void mx_rule_pixel_shuffle(const mx_rule *r) { /* self [..., c * f * f, h, w], upscale_factor */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), sizes[MX_MAX_RANK + 4];
    int rank = mx_need_rank(r, v), lead = rank - 3;
    int64_t f = mx_arg_int(r, 1), perm[MX_MAX_RANK + 4];
    if (rank < 3 || f < 1 || f > INT16_MAX) mx_cannot(b, "pixels of a tensor of rank %d by %lld", rank, (long long)f);
    if (mx_failed(b)) return;
    if (rank == 4 && has_depth_kernel(mx_elem_of(b, v))) {
        r->out[0] = mx_op(b, "DepthToSpace", MX_IN(v), MX_AT(mx_at_i("blocksize", f), mx_at_s("mode", "CRD")));
        return;
    }
    size_t n = dims(b, v, 0, lead, sizes);
    sizes[n++] = divided(b, mx_dim(b, v, lead), f * f);
    sizes[n++] = mx_int64(b, f);
    sizes[n++] = mx_int64(b, f);
    n += dims(b, v, lead + 1, rank, sizes + n);
    for (int k = 0; k < lead; ++k)
        perm[k] = k;
    static const int64_t order[] = {0, 3, 1, 4, 2}; /* c, h, f, w, f */
    for (int k = 0; k < 5; ++k)
        perm[lead + k] = lead + order[k];
    mx_val wide = mx_transpose(b, mx_reshape(b, v, mx_concat(b, sizes, n, 0)), perm, n);
    n = dims(b, v, 0, lead, sizes);
    sizes[n++] = divided(b, mx_dim(b, v, lead), f * f);
    for (int k = 1; k < 3; ++k)
        sizes[n++] = mx_op2(b, "Mul", mx_dim(b, v, lead + k), mx_int64(b, f));
    r->out[0] = mx_view_out(r, wide, 0, mx_concat(b, sizes, n, 0));
}

void mx_rule_pixel_unshuffle(const mx_rule *r) { /* self [..., c, h * f, w * f], downscale_factor */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), sizes[MX_MAX_RANK + 4];
    int rank = mx_need_rank(r, v), lead = rank - 3;
    int64_t f = mx_arg_int(r, 1), perm[MX_MAX_RANK + 4];
    if (rank < 3 || f < 1 || f > INT16_MAX) mx_cannot(b, "pixels of a tensor of rank %d by %lld", rank, (long long)f);
    if (mx_failed(b)) return;
    size_t n = dims(b, v, 0, lead + 1, sizes);
    for (int k = 1; k < 3; ++k) {
        sizes[n++] = divided(b, mx_dim(b, v, lead + k), f);
        sizes[n++] = mx_int64(b, f);
    }
    for (int k = 0; k < lead; ++k)
        perm[k] = k;
    static const int64_t order[] = {0, 2, 4, 1, 3}; /* c, f, f, h, w */
    for (int k = 0; k < 5; ++k)
        perm[lead + k] = lead + order[k];
    mx_val deep = mx_transpose(b, mx_reshape(b, v, mx_concat(b, sizes, n, 0)), perm, n);
    n = dims(b, v, 0, lead, sizes);
    sizes[n++] = mx_op2(b, "Mul", mx_dim(b, v, lead), mx_int64(b, f * f));
    for (int k = 1; k < 3; ++k)
        sizes[n++] = divided(b, mx_dim(b, v, lead + k), f);
    r->out[0] = mx_view_out(r, deep, 0, mx_concat(b, sizes, n, 0));
}

void mx_rule_channel_shuffle(const mx_rule *r) { /* self [n, c, ...], groups */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), sizes[MX_MAX_RANK];
    int rank = mx_need_rank(r, v);
    int64_t groups = mx_arg_int(r, 1);
    if (rank < 2 || groups < 1) mx_cannot(b, "a shuffle of %lld groups", (long long)groups);
    if (mx_failed(b)) return;
    size_t n = dims(b, v, 0, 1, sizes);
    sizes[n++] = mx_int64(b, groups);
    sizes[n++] = divided(b, mx_dim(b, v, 1), groups);
    n += dims(b, v, 2, rank, sizes + n);
    mx_val split = mx_reshape(b, v, mx_concat(b, sizes, n, 0));
    r->out[0] = mx_view_out(r, mx_swap(b, split, 1, 2), 0, mx_shape(b, v));
}
