/* Writing into tensors: by indices, by masks, into parts. */
#include "torch_io/lower_indexing.h"
#include "torch_io/lower_move.h"
#include "torch_io/lower_shape.h"

/* How what is written and what was there are joined. */
typedef struct join_kind {
    const char *torch, *reduce, *onnx; /* torch's names: of scatter.reduce and of scatter_reduce */
    const char *over, *both;           /* as a reduction, and as an operator of two */
    int opset;                         /* the lowest in which the Scatter operators have it */
} join_kind;
static const join_kind joins[] = {
    {"add", "sum", "add", "ReduceSum", "Add", 16}, {"multiply", "prod", "mul", "ReduceProd", "Mul", 16},
    {"", "mean", "add", "ReduceSum", "Add", 16},   {"", "amax", "max", "ReduceMax", "Max", 18},
    {"", "amin", "min", "ReduceMin", "Min", 18},
};
enum { JOIN_ADD, JOIN_MUL, JOIN_MEAN, JOIN_MAX, JOIN_MIN };

/* What changes nothing when it is joined: of the element type, rank 0. */
static mx_val neutral(mx_build *b, const join_kind *kind, int32_t elem) {
    bool most = kind == &joins[JOIN_MAX], least = kind == &joins[JOIN_MIN];
    if (!most && !least) return mx_scalar(b, elem, kind == &joins[JOIN_MUL]);
    if (mx_is_float(elem)) return mx_scalar(b, elem, most ? -__builtin_inf() : __builtin_inf());
    static const struct {
        int32_t elem;
        int64_t low, high;
    } bounds[] = {{MX_ELEM_UINT8, 0, UINT8_MAX},
                  {MX_ELEM_BOOL, 0, 1},
                  {MX_ELEM_INT8, INT8_MIN, INT8_MAX},
                  {MX_ELEM_INT16, INT16_MIN, INT16_MAX},
                  {MX_ELEM_INT32, INT32_MIN, INT32_MAX}};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; ++i) {
        if (bounds[i].elem == elem) return mx_scalar_int(b, elem, most ? bounds[i].low : bounds[i].high);
    }
    return mx_scalar_int(b, elem, most ? INT64_MIN : INT64_MAX);
}

/* ---- the Scatter operators, and what stands for them in opsets without their reductions ---- */

enum { MX_PAIRS_MAX = 1 << 24 }; /* pairs of a place and an update that are compared where the operator is missing */

/* data [n, width], place int64 [m], updates [m, width]: every place compared with every update. */
static mx_val scatter_by_pairs(const mx_rule *r, mx_val data, mx_val place, mx_val updates, const join_kind *kind) {
    mx_build *b = r->b;
    int64_t n = mx_numel_of(b, data), m = mx_numel_of(b, place);
    if (n < 0 || m < 0 || (m && n > MX_PAIRS_MAX / m)) {
        mx_need_opset(b, kind->opset, "a scatter that joins values");
        return MX_NO_VAL;
    }
    int32_t elem = mx_elem_of(b, data), by = mx_work_elem(elem);
    mx_val hit = mx_op2(b, "Equal", mx_unsqueeze1(b, mx_iota(b, mx_dim(b, data, 0)), 1), place);
    mx_val picked = mx_choose(b, mx_unsqueeze1(b, hit, 2), mx_cast(b, updates, by), neutral(b, kind, by));
    mx_val all = mx_reduce(b, kind->over, picked, (const int64_t[]){1}, 1, false);
    return mx_cast(b, mx_op2(b, kind->both, mx_cast(b, data, by), all), elem);
}

/* The product of sizes from..to-1, int64 [1]. */
static mx_val product(mx_build *b, mx_val v, int from, int to) {
    mx_val out = mx_int64(b, 1);
    for (int k = from; k < to; ++k)
        out = mx_op2(b, "Mul", out, mx_dim(b, v, k));
    return out;
}

static mx_val matrix(mx_build *b, mx_val v, mx_val width) {
    return mx_reshape(b, v, mx_concat(b, (mx_val[]){mx_int64(b, -1), width}, 2, 0));
}

/* places [..., k] of the first k axes as one place in them joined: [m]. Negative ones count from the end. */
static mx_val joined_places(mx_build *b, mx_val data, mx_val places, int k) {
    mx_val sizes[MX_MAX_RANK], strides[MX_MAX_RANK];
    for (int i = 0; i < k; ++i) {
        sizes[i] = mx_dim(b, data, i);
        strides[i] = product(b, data, i + 1, k);
    }
    if (mx_failed(b)) return MX_NO_VAL;
    mx_val whole = mx_op2(b, "Mod", places, mx_concat(b, sizes, (size_t)k, 0));
    mx_val each = mx_op2(b, "Mul", whole, mx_concat(b, strides, (size_t)k, 0));
    return mx_in_line(b, mx_reduce(b, "ReduceSum", each, (const int64_t[]){-1}, 1, false));
}

/* onnxruntime's Scatter operators join no halves. */
static int32_t joined_in(int32_t elem) {
    return elem == MX_ELEM_FLOAT16 ? MX_ELEM_FLOAT : elem;
}

/* data, places [..., k], updates [..., the axes behind k]; kind NULL: the last one written stays. */
static mx_val scatter_nd(const mx_rule *r, mx_val data, mx_val places, int k, mx_val updates, const join_kind *kind) {
    mx_build *b = r->b;
    if (!kind) return mx_op3(b, "ScatterND", data, places, updates);
    if (mx_opset(b) >= kind->opset) {
        int32_t elem = mx_elem_of(b, data), by = joined_in(elem);
        const mx_val in[] = {mx_cast(b, data, by), places, mx_cast(b, updates, by)};
        return mx_cast(b, mx_op(b, "ScatterND", in, 3, MX_AT(mx_at_s("reduction", kind->onnx))), elem);
    }
    mx_val width = product(b, data, k, mx_rank_of(b, data));
    mx_val place = joined_places(b, data, places, k);
    mx_val out = scatter_by_pairs(r, matrix(b, data, width), place, matrix(b, updates, width), kind);
    return mx_reshape(b, out, mx_shape(b, data));
}

/* Places along one axis as places in all elements: [m]. */
static mx_val places_along(mx_build *b, mx_val data, int64_t axis, mx_val index) {
    int rank = mx_rank_of(b, data);
    mx_val sum = mx_int64(b, 0);
    for (int k = 0; k < rank && !mx_failed(b); ++k) {
        int64_t behind[MX_MAX_RANK];
        for (int a = k + 1; a < rank; ++a)
            behind[a - k - 1] = a - k;
        mx_val at = k == axis ? mx_op2(b, "Mod", index, mx_dim(b, data, k)) : mx_iota(b, mx_dim(b, index, k));
        if (k != axis && k + 1 < rank) at = mx_unsqueeze(b, at, behind, (size_t)(rank - k - 1));
        sum = mx_op2(b, "Add", sum, mx_op2(b, "Mul", at, product(b, data, k + 1, rank)));
    }
    return mx_in_line(b, sum);
}

static mx_val scatter_elements(const mx_rule *r, mx_val data, int64_t axis, mx_val index, mx_val updates,
                               const join_kind *kind) {
    mx_build *b = r->b;
    if (!kind) {
        return mx_op(b, "ScatterElements", MX_IN(data, index, updates), MX_AT(mx_at_i("axis", axis)));
    }
    if (mx_opset(b) >= kind->opset) {
        int32_t elem = mx_elem_of(b, data), by = joined_in(elem);
        mx_val out = mx_op(b, "ScatterElements", MX_IN(mx_cast(b, data, by), index, mx_cast(b, updates, by)),
                           MX_AT(mx_at_i("axis", axis), mx_at_s("reduction", kind->onnx)));
        return mx_cast(b, out, elem);
    }
    mx_val one = mx_int64(b, 1), place = places_along(b, data, axis, index);
    mx_val out = scatter_by_pairs(r, matrix(b, data, one), place, matrix(b, updates, one), kind);
    return mx_reshape(b, out, mx_shape(b, data));
}

/* ---- scatter ---- */

typedef struct target {
    mx_val data, index; /* of rank 1 at least */
    int64_t axis;
    bool scalar;  /* the result is of rank 0 */
    bool nothing; /* no index: the result is the data */
} target;

/* self, dim, index as arguments 0 to 2. */
static bool read_target(const mx_rule *r, target *t) {
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0);
    t->scalar = !mx_need_rank(r, v);
    t->data = mx_at_least_1d(b, v);
    t->index = mx_cast(b, mx_at_least_1d(b, mx_arg(r, 2)), MX_ELEM_INT64);
    t->axis = mx_axis(r, mx_arg_int(r, 1), mx_need_rank(r, t->data));
    t->nothing = mx_numel_of(b, t->index) == 0;
    if (t->nothing) r->out[0] = v;
    return !mx_failed(b) && !t->nothing;
}

static void finish(const mx_rule *r, const target *t, mx_val v) {
    r->out[0] = t->scalar ? mx_squeeze1(r->b, v, 0) : v;
}

/* What is written, of the data's type: as much of it as there are indices. */
static mx_val source(const mx_rule *r, const target *t, size_t i) {
    mx_build *b = r->b;
    mx_val v = mx_cast(b, mx_at_least_1d(b, mx_arg(r, i)), mx_elem_of(b, t->data));
    int rank = mx_need_rank(r, v);
    for (int k = 0; k < rank && !mx_failed(b); ++k) {
        if (mx_size_equal(mx_size_of(b, v, k), mx_size_of(b, t->index, k))) continue;
        v = mx_slice(b, v, k, mx_int64(b, 0), mx_dim(b, t->index, k), 1);
    }
    return v;
}

static const join_kind *join_of(const mx_rule *r, size_t i, bool reduce) {
    for (size_t k = 0; k < sizeof joins / sizeof *joins; ++k) {
        if (mx_arg_is_text(r, i, reduce ? joins[k].reduce : joins[k].torch)) return &joins[k];
    }
    mx_cannot(r->b, "a reduction that is not known");
    return NULL;
}

static void rule_scatter_src(const mx_rule *r) { /* self, dim, index, src, reduce */
    target t;
    bool reduces = r->node->n_args > 4;
    const join_kind *kind = reduces ? join_of(r, 4, false) : NULL;
    if (read_target(r, &t)) finish(r, &t, scatter_elements(r, t.data, t.axis, t.index, source(r, &t, 3), kind));
}

static void rule_scatter_value(const mx_rule *r) { /* self, dim, index, value, reduce */
    target t;
    bool reduces = r->node->n_args > 4;
    const join_kind *kind = reduces ? join_of(r, 4, false) : NULL;
    if (!read_target(r, &t)) return;
    mx_val value = mx_arg_as(r, 3, mx_elem_of(r->b, t.data));
    finish(r, &t, scatter_elements(r, t.data, t.axis, t.index, mx_stretch_like(r, value, t.index), kind));
}

static void rule_scatter_add(const mx_rule *r) { /* self, dim, index, src */
    target t;
    if (!read_target(r, &t)) return;
    finish(r, &t, scatter_elements(r, t.data, t.axis, t.index, source(r, &t, 3), &joins[JOIN_ADD]));
}

/* Integers round down. */
static mx_val divide(mx_build *b, mx_val sum, mx_val count) {
    if (mx_is_float(mx_elem_of(b, sum))) return mx_op2(b, "Div", sum, count);
    return mx_op2(b, "Div", mx_op2(b, "Sub", sum, mx_op2(b, "Mod", sum, count)), count);
}

static mx_val scatter_join(const mx_rule *r, const target *t, mx_val src, const join_kind *kind, bool with_self) {
    mx_build *b = r->b;
    int32_t elem = mx_elem_of(b, t->data), by = mx_work_elem(elem);
    mx_val data = mx_cast(b, t->data, by);
    src = mx_cast(b, src, by);
    if (!with_self) {
        mx_val start = mx_stretch_like(r, neutral(b, kind, by), t->index);
        data = scatter_elements(r, data, t->axis, t->index, start, NULL);
    }
    mx_val out = scatter_elements(r, data, t->axis, t->index, src, kind);
    if (kind == &joins[JOIN_MEAN]) {
        mx_val one = mx_scalar(b, by, 1), before = mx_fill(b, mx_shape(b, data), mx_scalar(b, by, with_self));
        mx_val counts = scatter_elements(r, before, t->axis, t->index, mx_stretch_like(r, one, t->index), kind);
        out = divide(b, out, mx_op2(b, "Max", counts, one));
    }
    return mx_cast(b, out, elem);
}

static void rule_scatter_reduce(const mx_rule *r) { /* self, dim, index, src, reduce, include_self=True */
    target t;
    const join_kind *kind = join_of(r, 4, true);
    if (read_target(r, &t)) finish(r, &t, scatter_join(r, &t, source(r, &t, 3), kind, mx_arg_bool(r, 5)));
}

/* ---- whole rows along an axis ---- */

/* The index, of rank 1, over all of what is written. */
static mx_val index_over(const mx_rule *r, const target *t, mx_val updates) {
    int64_t axes[MX_MAX_RANK];
    int rank = mx_rank_of(r->b, updates);
    size_t n = 0;
    for (int k = 0; k < rank; ++k) {
        if (k != t->axis) axes[n++] = k;
    }
    mx_val index = n ? mx_unsqueeze(r->b, t->index, axes, n) : t->index;
    return mx_stretch_like(r, index, updates);
}

/* Write rows along t->axis. */
static mx_val scatter_rows(const mx_rule *r, const target *t, mx_val updates, const join_kind *kind) {
    if (!t->axis) return scatter_nd(r, t->data, mx_unsqueeze1(r->b, t->index, 1), 1, updates, kind);
    return scatter_elements(r, t->data, t->axis, index_over(r, t, updates), updates, kind);
}

static mx_val rows_source(const mx_rule *r, const target *t, size_t i) {
    mx_val v = mx_cast(r->b, mx_at_least_1d(r->b, mx_arg(r, i)), mx_elem_of(r->b, t->data));
    int rank = mx_rank_of(r->b, t->data);
    /* a number for one index of a vector */
    return mx_rank_of(r->b, v) < rank ? mx_lead(r->b, v, rank) : v;
}

static void rule_index_copy(const mx_rule *r) { /* self, dim, index, source */
    target t;
    if (read_target(r, &t)) finish(r, &t, scatter_rows(r, &t, rows_source(r, &t, 3), NULL));
}

static void rule_index_add(const mx_rule *r) { /* self, dim, index, source, alpha=1 */
    target t;
    if (!read_target(r, &t)) return;
    mx_build *b = r->b;
    int32_t elem = mx_elem_of(b, t.data), by = mx_work_elem(elem);
    mx_val updates = mx_cast(b, rows_source(r, &t, 3), by);
    if (mx_arg_float(r, 4) != 1) updates = mx_op2(b, "Mul", updates, mx_arg_as(r, 4, by));
    t.data = mx_cast(b, t.data, by);
    finish(r, &t, mx_cast(b, scatter_rows(r, &t, updates, &joins[JOIN_ADD]), elem));
}

static void rule_index_fill(const mx_rule *r) { /* self, dim, index, value */
    target t;
    if (!read_target(r, &t)) return;
    mx_build *b = r->b;
    mx_size sizes[MX_MAX_RANK];
    mx_val parts[MX_MAX_RANK];
    int rank = mx_rank_of(b, t.data);
    for (int k = 0; k < rank; ++k) {
        sizes[k] = k == t.axis ? mx_size_of(b, t.index, 0) : mx_size_of(b, t.data, k);
        parts[k] = k == t.axis ? mx_dim(b, t.index, 0) : mx_dim(b, t.data, k);
    }
    mx_val value = mx_as_scalar(b, mx_arg_as(r, 3, mx_elem_of(b, t.data)));
    mx_val updates = mx_stretch(r, value, sizes, rank, mx_concat(b, parts, (size_t)rank, 0));
    finish(r, &t, scatter_rows(r, &t, updates, NULL));
}

static void rule_index_reduce(const mx_rule *r) { /* self, dim, index, source, reduce, include_self=True */
    target t;
    const join_kind *kind = join_of(r, 4, true);
    if (!read_target(r, &t)) return;
    mx_val updates = rows_source(r, &t, 3);
    t.index = index_over(r, &t, updates);
    finish(r, &t, scatter_join(r, &t, updates, kind, mx_arg_bool(r, 5)));
}

static void rule_put(const mx_rule *r) { /* self, index, source, accumulate=False */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), index = mx_in_line(b, mx_arg(r, 1));
    mx_val updates = mx_cast(b, mx_in_line(b, mx_arg(r, 2)), mx_elem_of(b, v));
    mx_val out = scatter_elements(r, mx_in_line(b, v), 0, index, updates, mx_arg_bool(r, 3) ? &joins[JOIN_ADD] : NULL);
    r->out[0] = mx_view_out(r, out, 0, mx_shape(b, v));
}

/* ---- index_put ---- */

/* A mask alone, and one value: no need for places. */
static bool put_under_mask(const mx_rule *r, const mx_indices *x, mx_val values, bool add) {
    mx_build *b = r->b;
    if (x->mask == MX_NO_VAL || mx_numel_of(b, values) != 1 || mx_rank_of(b, values) > 1) return false;
    mx_val value = mx_as_scalar(b, values);
    if (add) value = mx_op2(b, "Add", x->self, value);
    r->out[0] = mx_choose(b, mx_mask_over(b, x->mask, x->axes[0], x->rank), value, x->self);
    return true;
}

/* What is written, with the sizes that indexing would give: the places' first, then the other axes. */
static mx_val put_values(const mx_rule *r, const mx_indices *x, mx_val values, mx_val places, int rank,
                         const mx_size *at) {
    mx_build *b = r->b;
    mx_size sizes[2 * MX_MAX_RANK];
    mx_val parts[2 * MX_MAX_RANK];
    int64_t perm[2 * MX_MAX_RANK], from[MX_MAX_RANK], to[MX_MAX_RANK];
    int before = x->adjacent ? (int)x->axes[0] : 0, all = rank + x->rank - (int)x->n;
    if (all > MX_MAX_RANK) mx_cannot(b, "tensors of rank %d are not supported", all);
    if (mx_failed(b)) return MX_NO_VAL;
    for (int k = 0; k < all; ++k) {
        bool place = k >= before && k < before + rank;
        int64_t axis = place ? k - before : x->perm[(int)x->n + (k < before ? k : k - rank)];
        sizes[k] = place ? at[axis] : mx_size_of(b, x->self, (int)axis);
        parts[k] = mx_dim(b, place ? places : x->self, axis);
    }
    values = mx_stretch(r, values, sizes, all, mx_concat(b, parts, (size_t)all, 0));
    for (int k = 0; k < rank; ++k) {
        from[k] = before + k;
        to[k] = k;
    }
    mx_move_axes(all, from, to, (size_t)rank, perm);
    return mx_transpose(b, values, perm, (size_t)all);
}

static void rule_index_put(const mx_rule *r) { /* self, indices, values, accumulate=False */
    mx_build *b = r->b;
    mx_indices x;
    mx_size sizes[MX_MAX_RANK];
    int rank = 0;
    mx_val v = mx_arg(r, 0), values = mx_cast(b, mx_arg(r, 2), mx_elem_of(b, v));
    bool add = mx_arg_bool(r, 3);
    r->out[0] = v;
    if (!mx_indices_read(r, v, 1, &x) || put_under_mask(r, &x, values, add)) return;
    mx_val places = mx_indices_spread(r, &x, &rank, sizes);
    mx_val updates = put_values(r, &x, values, places, rank, sizes);
    mx_val data = mx_transpose(b, v, x.perm, (size_t)x.rank);
    mx_val out = scatter_nd(r, data, places, (int)x.n, updates, add ? &joins[JOIN_ADD] : NULL);
    r->out[0] = mx_transpose_back(b, out, x.perm, (size_t)x.rank);
}

/* ---- masks ---- */

static void rule_masked_fill(const mx_rule *r) { /* self, mask, value */
    mx_val v = mx_arg(r, 0);
    r->out[0] = mx_choose(r->b, mx_arg(r, 1), mx_as_scalar(r->b, mx_arg_as(r, 2, mx_elem_of(r->b, v))), v);
}

static void rule_masked_scatter(const mx_rule *r) { /* self, mask, source: as much of it as the mask has places */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), mask = mx_as_bool(b, mx_arg(r, 1)),
           from = mx_cast(b, mx_in_line(b, mx_arg(r, 2)), mx_elem_of(b, v));
    bool scalar = !mx_out_rank(r, 0);
    mx_val exact = mx_shape(b, mx_expand(b, v, mx_shape(b, mask)));
    v = mx_at_least_1d(b, mx_stretch(r, v, mx_out_sizes(r, 0), mx_out_rank(r, 0), exact));
    mask = mx_at_least_1d(b, mx_stretch(r, mask, mx_out_sizes(r, 0), mx_out_rank(r, 0), exact));
    mx_val places = mx_swap(b, mx_op1(b, "NonZero", mask), 0, 1);
    mx_val updates = mx_slice(b, from, 0, mx_int64(b, 0), mx_dim(b, places, 0), 1);
    mx_val out = scatter_nd(r, v, places, mx_rank_of(b, v), updates, NULL);
    r->out[0] = scalar ? mx_squeeze1(b, out, 0) : out;
}

static void rule_copy(const mx_rule *r) { /* self, src */
    mx_val v = mx_arg(r, 0);
    r->out[0] = mx_stretch_like(r, mx_cast(r->b, mx_arg(r, 1), mx_elem_of(r->b, v)), v);
}

/* ---- into parts ---- */

/* A bound of a slice as torch takes it: negative counts from the end, cut to the axis. */
static mx_val bound(const mx_rule *r, size_t i, mx_val v, int64_t axis) {
    mx_build *b = r->b;
    mx_val size = mx_dim(b, v, axis), zero = mx_int64(b, 0);
    if (mx_arg_none(r, i)) return zero;
    mx_size known = mx_arg_size_known(r, i, 0);
    if (mx_size_is_number(known) && known.value == 0) return zero;
    mx_val at = mx_arg_size(r, i);
    if (mx_size_is_number(known) && known.value < 0) at = mx_op2(b, "Max", mx_op2(b, "Add", size, at), zero);
    return mx_op2(b, "Min", at, size);
}

static void rule_slice_scatter(const mx_rule *r) { /* self, src, dim=0, start=None, end=None, step=1 */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), src = mx_cast(b, mx_arg(r, 1), mx_elem_of(b, v));
    int64_t axis = mx_axis(r, mx_arg_int(r, 2), mx_need_rank(r, v)), step = mx_arg_int(r, 5), at = -1;
    if (mx_failed(b)) return;
    r->out[0] = src;
    if (step == 1 && mx_same_shape(b, v, src)) return;
    size_t n = 0, n_at = 0;
    mx_val start = bound(r, 3, v, axis), parts[3], length = mx_dim(b, src, axis);
    if (step != 1) {
        mx_val index = mx_op2(b, "Add", mx_op2(b, "Mul", mx_iota(b, length), mx_int64(b, step)), start);
        target t = {.data = v, .index = index, .axis = axis};
        r->out[0] = scatter_rows(r, &t, src, NULL);
        return;
    }
    bool known = mx_const_ints(b, start, &at, 1, &n_at);
    mx_size all = mx_size_of(b, v, (int)axis), part = mx_size_of(b, src, (int)axis);
    bool to_end = (mx_arg_none(r, 4) || mx_size_is(mx_arg_size_known(r, 4, 0), MX_TO_END)) ||
                  (known && mx_size_is_number(all) && mx_size_is_number(part) && at + part.value == all.value);
    if (!known || at) parts[n++] = mx_slice(b, v, axis, mx_int64(b, 0), start, 1);
    parts[n++] = src;
    if (!to_end) parts[n++] = mx_slice(b, v, axis, mx_op2(b, "Add", start, length), mx_int64(b, MX_TO_END), 1);
    r->out[0] = n == 1 ? src : mx_concat(b, parts, n, axis);
}

static void rule_select_scatter(const mx_rule *r) { /* self, src, dim, index */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), src = mx_cast(b, mx_arg(r, 1), mx_elem_of(b, v));
    int rank = mx_need_rank(r, v);
    int64_t axis = mx_axis(r, mx_arg_int(r, 2), rank);
    if (mx_failed(b)) return;
    mx_val size = mx_dim(b, v, axis), at = mx_op2(b, "Mod", mx_arg_size(r, 3), size);
    mx_val mask = mx_op2(b, "Equal", mx_iota(b, size), at);
    r->out[0] = mx_choose(b, mx_mask_over(b, mask, axis, rank), mx_unsqueeze1(b, src, axis), v);
}

static void rule_diagonal_scatter(const mx_rule *r) { /* self, src, offset=0, dim1=0, dim2=1 */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), src = mx_cast(b, mx_arg(r, 1), mx_elem_of(b, v));
    int rank = mx_need_rank(r, v);
    if (rank < 2) mx_cannot(b, "a diagonal of a tensor of rank %d", rank);
    int64_t offset = mx_arg_int(r, 2), perm[MX_MAX_RANK];
    int64_t axes[] = {mx_axis(r, mx_arg_int(r, 3), rank), mx_axis(r, mx_arg_int(r, 4), rank)};
    if (axes[0] == axes[1]) mx_cannot(b, "a diagonal along one axis");
    if (mx_failed(b)) return;
    mx_move_axes(rank, axes, (const int64_t[]){rank - 2, rank - 1}, 2, perm);
    mx_size rows = mx_size_of(b, v, (int)axes[0]), length = mx_size_of(b, src, rank - 2);
    if (!mx_size_is_number(rows) || !mx_size_is_number(length)) {
        mx_cannot(b, "diagonal_scatter of symbolic sizes");
        return;
    }
    mx_val n = mx_dim(b, v, axes[0]), m = mx_dim(b, v, axes[1]);
    mx_val placed = mx_rule_diagonal_rows(r, src, offset, n), there = mx_transpose(b, v, perm, (size_t)rank);
    mx_val out = mx_choose(b, mx_diagonal_mask(b, n, m, offset), placed, there);
    r->out[0] = mx_transpose_back(b, out, perm, (size_t)rank);
}

static void rule_as_strided_scatter(const mx_rule *r) { /* self, src, size, stride, storage_offset=None */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), index = mx_in_line(b, mx_rule_stride_index(r, 2));
    mx_val src = mx_in_line(b, mx_cast(b, mx_arg(r, 1), mx_elem_of(b, v)));
    mx_val out = scatter_elements(r, mx_in_line(b, v), 0, index, src, NULL);
    r->out[0] = mx_view_out(r, out, 0, mx_shape(b, v));
}

/* What is given as a number, or as another type, is rounded where the result is bfloat16. */
#define MOVES(target_, rule_, onnx_)                                                                                   \
    { "aten." target_, rule_, onnx_, 0, MX_LOWER_EXACT }
#define JOINS(target_, rule_, onnx_)                                                                                   \
    { "aten." target_, rule_, onnx_, 0, 0 }
static const mx_lowering rows[] = {
    MOVES("scatter.src", rule_scatter_src, "ScatterElements"),
    JOINS("scatter.value", rule_scatter_value, "ScatterElements"),
    JOINS("scatter.reduce", rule_scatter_src, "ScatterElements"),
    JOINS("scatter.value_reduce", rule_scatter_value, "ScatterElements"),
    JOINS("scatter_add.default", rule_scatter_add, "ScatterElements"),
    JOINS("scatter_reduce.two", rule_scatter_reduce, "ScatterElements"),
    MOVES("index_copy.default", rule_index_copy, "ScatterND, ScatterElements"),
    JOINS("index_add.default", rule_index_add, "ScatterND, ScatterElements"),
    JOINS("index_fill.int_Scalar", rule_index_fill, "ScatterND, ScatterElements"),
    JOINS("index_fill.int_Tensor", rule_index_fill, "ScatterND, ScatterElements"),
    JOINS("index_reduce.default", rule_index_reduce, "ScatterElements"),
    JOINS("put.default", rule_put, "ScatterElements"),
    JOINS("index_put.default", rule_index_put, "ScatterND, Where"),
    JOINS("_unsafe_index_put.default", rule_index_put, "ScatterND, Where"),
    JOINS("masked_fill.Scalar", rule_masked_fill, "Where"),
    JOINS("masked_fill.Tensor", rule_masked_fill, "Where"),
    MOVES("masked_scatter.default", rule_masked_scatter, "NonZero, ScatterND"),
    JOINS("copy.default", rule_copy, "Expand"),
    MOVES("slice_scatter.default", rule_slice_scatter, "Slice, Concat"),
    MOVES("select_scatter.default", rule_select_scatter, "Where"),
    MOVES("diagonal_scatter.default", rule_diagonal_scatter, "Where"),
    MOVES("as_strided_scatter.default", rule_as_strided_scatter, "ScatterElements"),
};

const mx_lowering_family mx_family_scatter = {"scatter", rows, sizeof rows / sizeof *rows};
