/* Reading by indices and by masks. */
#include "torch_io/lower_indexing.h"

#include "torch_io/lower_move.h"

/* ---- index.Tensor: what is indexed ---- */

static mx_val row_of(mx_build *b, mx_val v, int64_t row) {
    return mx_gather(b, v, mx_scalar_int(b, MX_ELEM_INT64, row), 0);
}

static void add_index(mx_indices *x, int64_t axis, mx_val index, uint32_t source) {
    x->axes[x->n] = axis;
    x->index[x->n] = index;
    x->source[x->n++] = source;
}

static void add_mask(const mx_rule *r, mx_indices *x, int64_t axis, mx_val mask, int rank) {
    mx_val places = mx_op1(r->b, "NonZero", mx_as_bool(r->b, mask));
    for (int k = 0; k < rank; ++k)
        add_index(x, axis + k, row_of(r->b, places, k), MX_NONE);
}

static bool is_mask(const mx_build *b, mx_val v) {
    int32_t elem = mx_elem_of(b, v);
    return elem == MX_ELEM_BOOL || elem == MX_ELEM_UINT8;
}

/* The axes in order, the indexed ones first. */
static void set_perm(mx_indices *x) {
    int64_t to[MX_MAX_RANK];
    for (size_t k = 0; k < x->n; ++k)
        to[k] = (int64_t)k;
    mx_move_axes(x->rank, x->axes, to, x->n, x->perm);
}

bool mx_indices_read(const mx_rule *r, mx_val self, size_t i, mx_indices *out) {
    mx_build *b = r->b;
    *out = (mx_indices){.self = self, .rank = mx_need_rank(r, self), .adjacent = true};
    size_t n = mx_arg_count(r, i), n_masks = 0, n_given = 0, last = 0;
    if (n && r->node->args[i].kind != MX_ARG_VALUES) mx_cannot(b, "indices that are no list of tensors");
    int64_t axis = 0;
    for (size_t k = 0; k < n && !mx_failed(b); ++k) {
        mx_val v = mx_arg_item(r, i, k);
        if (v == MX_NO_VAL) {
            ++axis;
            continue;
        }
        if (n_given++ && last + 1 != k) out->adjacent = false;
        last = k;
        int taken = is_mask(b, v) ? mx_need_rank(r, v) : 1;
        if (!taken) mx_cannot(b, "indexing by a bool of rank 0");
        if (axis + taken > out->rank) mx_cannot(b, "more indices than axes");
        if (mx_failed(b)) return false;
        n_masks += is_mask(b, v);
        out->mask = v;
        out->mask_rank = taken;
        if (is_mask(b, v)) {
            add_mask(r, out, axis, v, taken);
        } else {
            add_index(out, axis, mx_cast(b, v, MX_ELEM_INT64), r->node->args[i].values[k]);
        }
        axis += taken;
    }
    if (n_masks != 1 || n_given != 1) out->mask = MX_NO_VAL;
    set_perm(out);
    return out->n && !mx_failed(b);
}

mx_val mx_indices_spread(const mx_rule *r, mx_indices *x, int *rank, mx_size *sizes) {
    mx_build *b = r->b;
    if (x->mask != MX_NO_VAL) {
        *rank = 1;
        sizes[0] = mx_size_of(b, x->index[0], 0);
        mx_val places = mx_op1(b, "NonZero", mx_as_bool(b, x->mask));
        return mx_swap(b, places, 0, 1);
    }
    *rank = mx_broadcast_sizes(b, x->index, x->n, sizes);
    mx_val sum = x->index[0], parts[MX_MAX_RANK];
    for (size_t k = 1; k < x->n; ++k)
        sum = mx_op2(b, "Add", sum, x->index[k]);
    mx_val exact = mx_shape(b, sum);
    for (size_t k = 0; k < x->n && !mx_failed(b); ++k)
        parts[k] = mx_unsqueeze1(b, mx_stretch(r, x->index[k], sizes, *rank, exact), *rank);
    return mx_failed(b) ? MX_NO_VAL : x->n == 1 ? parts[0] : mx_concat(b, parts, x->n, *rank);
}

mx_val mx_mask_over(mx_build *b, mx_val mask, int64_t axis, int rank) {
    int64_t axes[MX_MAX_RANK];
    int have = mx_rank_of(b, mask);
    size_t n = 0;
    for (int64_t k = axis + have; k < rank; ++k)
        axes[n++] = k - axis;
    return n ? mx_unsqueeze(b, mask, axes, n) : mask;
}

/* ---- index.Tensor: the result ---- */

/* Sizes of v with axes from..from+n-1 as one. */
static mx_val merge_axes(const mx_rule *r, mx_val v, int64_t from, int n) {
    mx_build *b = r->b;
    int rank = mx_need_rank(r, v);
    if (n == 1 || mx_failed(b)) return v;
    mx_val parts[MX_MAX_RANK];
    size_t count = 0;
    for (int k = 0; k < rank; ++k) {
        if (k == from) parts[count++] = mx_int64(b, -1);
        if (k < from || k >= from + n) parts[count++] = mx_dim(b, v, k);
    }
    return mx_reshape(b, v, mx_concat(b, parts, count, 0));
}

/* A single mask: Compress along its axes as one. */
static mx_val compress(const mx_rule *r, mx_val v, mx_val mask, int64_t axis, int mask_rank) {
    mx_build *b = r->b;
    mx_val flat_mask = mx_in_line(b, mx_as_bool(b, mask));
    if (mask_rank == mx_rank_of(b, v)) return mx_op(b, "Compress", MX_IN(v, flat_mask), MX_NO_AT);
    v = merge_axes(r, v, axis, mask_rank);
    return mx_op(b, "Compress", MX_IN(v, flat_mask), MX_AT(mx_at_i("axis", axis)));
}

static bool arg_is_int(const mx_pnode *n, uint32_t i, int64_t v) {
    return i < n->n_args && n->args[i].kind == MX_ARG_INT && n->args[i].i == v;
}

/* Whether a value of the program is 0, 1, ... size - 1, sizes of 1 aside: indexing by it changes nothing. */
static bool is_whole_range(const mx_program *p, uint32_t value, mx_size size) {
    while (value != MX_NONE && p->values[value].node != MX_NONE) {
        const mx_pnode *n = &p->nodes[p->values[value].node];
        mx_str target = mx_ptext(p, n->target);
        bool start = mx_str_is(target, "aten.arange.start") || mx_str_is(target, "aten.arange.start_step");
        if (start ? arg_is_int(n, 0, 0) : mx_str_is(target, "aten.arange.default")) {
            const mx_pvalue *v = &p->values[value];
            bool steps = mx_str_is(target, "aten.arange.start_step") && !arg_is_int(n, 2, 1);
            return !steps && v->rank == 1 && mx_size_equal(v->sizes[0], size);
        }
        bool same = mx_str_is(target, "aten.unsqueeze.default") ||
                    (mx_str_is(target, "aten.add.Tensor") && arg_is_int(n, 1, 0));
        value = same && n->args[0].kind == MX_ARG_VALUE ? n->args[0].value : MX_NONE;
    }
    return false;
}

/* Which broadcast axes each index fills, where each is filled by one index and they come in order: then the axes can be
 * gathered one by one. filled[k]: the first axis of the result's broadcast part that index k fills, and count[k]. */
static bool is_outer(const mx_build *b, const mx_indices *x, int rank, int *filled, int *count) {
    int next = 0;
    for (size_t k = 0; k < x->n; ++k) {
        int have = mx_rank_of(b, x->index[k]), lead = rank - have;
        filled[k] = next;
        count[k] = 0;
        for (int a = 0; a < have; ++a) {
            if (mx_size_is(mx_size_of(b, x->index[k], a), 1)) continue;
            if (lead + a < next || (count[k] && lead + a != filled[k] + count[k])) return false;
            if (!count[k]) filled[k] = lead + a;
            ++count[k];
        }
        next = filled[k] + count[k];
    }
    return true;
}

static mx_val gather_outer(const mx_rule *r, const mx_indices *x, int rank, const int *count, const int *filled) {
    mx_build *b = r->b;
    mx_val v = x->self;
    int64_t axis = x->axes[0], missing[MX_MAX_RANK];
    bool used[MX_MAX_RANK] = {false};
    for (size_t k = 0; k < x->n && !mx_failed(b); ++k) {
        for (int a = 0; a < count[k]; ++a)
            used[filled[k] + a] = true;
        bool whole = count[k] == 1 && is_whole_range(r->p, x->source[k], mx_size_of(b, v, (int)axis));
        int64_t ones[MX_MAX_RANK];
        size_t n_ones = 0;
        for (int a = 0; a < mx_rank_of(b, x->index[k]); ++a) {
            if (mx_size_is(mx_size_of(b, x->index[k], a), 1)) ones[n_ones++] = a;
        }
        mx_val index = n_ones ? mx_squeeze(b, x->index[k], ones, n_ones) : x->index[k];
        if (!whole) v = mx_gather(b, v, index, axis);
        axis += count[k];
    }
    size_t n = 0;
    for (int a = 0; a < rank; ++a) {
        if (!used[a]) missing[n++] = x->axes[0] + a;
    }
    return n ? mx_unsqueeze(b, v, missing, n) : v;
}

/* The broadcast part of the result, which stands first, moved behind the axes before the indexed ones. */
static mx_val put_in_place(mx_build *b, mx_val v, const mx_indices *x, int rank) {
    int64_t perm[MX_MAX_RANK], from[MX_MAX_RANK], to[MX_MAX_RANK];
    if (!x->adjacent || !x->axes[0]) return v;
    int all = rank + x->rank - (int)x->n;
    if (all > MX_MAX_RANK) mx_cannot(b, "tensors of rank %d are not supported", all);
    if (mx_failed(b)) return MX_NO_VAL;
    for (int k = 0; k < rank; ++k) {
        from[k] = k;
        to[k] = x->axes[0] + k;
    }
    mx_move_axes(all, from, to, (size_t)rank, perm);
    return mx_transpose(b, v, perm, (size_t)all);
}

static void rule_index(const mx_rule *r) { /* self, indices */
    mx_build *b = r->b;
    mx_indices x;
    int rank = 0, filled[MX_MAX_RANK], count[MX_MAX_RANK];
    mx_size sizes[MX_MAX_RANK];
    r->out[0] = mx_arg(r, 0);
    if (!mx_indices_read(r, r->out[0], 1, &x)) return;
    if (x.mask != MX_NO_VAL) {
        r->out[0] = compress(r, x.self, x.mask, x.axes[0], x.mask_rank);
        return;
    }
    if (x.n == 1 && !is_whole_range(r->p, x.source[0], mx_size_of(b, x.self, (int)x.axes[0]))) {
        r->out[0] = mx_gather(b, x.self, x.index[0], x.axes[0]);
        return;
    }
    rank = mx_broadcast_sizes(b, x.index, x.n, sizes);
    if (x.adjacent && is_outer(b, &x, rank, filled, count)) {
        r->out[0] = gather_outer(r, &x, rank, count, filled);
        return;
    }
    mx_val places = mx_indices_spread(r, &x, &rank, sizes);
    mx_val v = mx_transpose(b, x.self, x.perm, (size_t)x.rank);
    r->out[0] = put_in_place(b, mx_op2(b, "GatherND", v, places), &x, rank);
}

/* ---- along one axis ---- */

static void rule_index_select(const mx_rule *r) { /* self, dim, index */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), index = mx_at_least_1d(b, mx_arg(r, 2));
    bool scalar = !mx_need_rank(r, v);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_rank_of(b, v));
    if (mx_failed(b)) return;
    mx_val out = mx_gather(b, mx_at_least_1d(b, v), index, axis);
    r->out[0] = scalar ? mx_squeeze1(b, out, 0) : out;
}

static void rule_gather(const mx_rule *r) { /* self, dim, index */
    mx_build *b = r->b;
    mx_val v = mx_at_least_1d(b, mx_arg(r, 0)), index = mx_arg(r, 2);
    bool scalar = !mx_need_rank(r, index);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_need_rank(r, v));
    if (mx_failed(b)) return;
    mx_val out = mx_op(b, "GatherElements", MX_IN(v, mx_at_least_1d(b, index)), MX_AT(mx_at_i("axis", axis)));
    r->out[0] = scalar ? mx_squeeze1(b, out, 0) : out;
}

static void rule_take(const mx_rule *r) { /* self, index: into all elements in order */
    r->out[0] = mx_gather(r->b, mx_in_line(r->b, mx_arg(r, 0)), mx_arg(r, 1), 0);
}

/* Sizes of a broadcast of v and w but for one axis, which keeps that of v. */
static mx_val stretch_but(const mx_rule *r, mx_val v, mx_val w, int64_t axis) {
    mx_build *b = r->b;
    mx_size sizes[MX_MAX_RANK], one = mx_size_of(b, v, (int)axis);
    mx_val pair[] = {v, w}, parts[MX_MAX_RANK];
    int rank = mx_broadcast_sizes(b, pair, 2, sizes);
    sizes[axis] = one;
    for (int k = 0; k < rank && !mx_failed(b); ++k)
        parts[k] = k == axis ? mx_int64(b, 1) : mx_op2(b, "Max", mx_dim(b, v, k), mx_dim(b, w, k));
    return mx_stretch(r, v, sizes, rank, mx_concat(b, parts, (size_t)rank, 0));
}

static void rule_take_along_dim(const mx_rule *r) { /* self, indices, dim=None */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), index = mx_arg(r, 1);
    int64_t axis = 0;
    if (mx_arg_none(r, 2)) {
        v = mx_in_line(b, v);
        index = mx_in_line(b, index);
    } else {
        int rank = mx_need_rank(r, v);
        axis = mx_axis(r, mx_arg_int(r, 2), rank);
        if (mx_need_rank(r, index) != rank) mx_cannot(b, "take_along_dim of tensors of different ranks");
        if (mx_failed(b)) return;
        mx_val wide = stretch_but(r, v, index, axis);
        index = stretch_but(r, index, v, axis);
        v = wide;
    }
    r->out[0] = mx_op(b, "GatherElements", MX_IN(v, index), MX_AT(mx_at_i("axis", axis)));
}

/* ---- by masks ---- */

static void rule_masked_select(const mx_rule *r) { /* self, mask */
    mx_build *b = r->b;
    mx_val pair[] = {mx_at_least_1d(b, mx_arg(r, 0)), mx_at_least_1d(b, mx_arg(r, 1))};
    mx_size sizes[MX_MAX_RANK];
    if (mx_need_rank(r, pair[0]) < 0 || mx_need_rank(r, pair[1]) < 0 || mx_failed(b)) return;
    int rank = mx_broadcast_sizes(b, pair, 2, sizes);
    mx_val exact[] = {mx_expand(b, pair[0], mx_shape(b, pair[1])), mx_expand(b, pair[1], mx_shape(b, pair[0]))};
    mx_val v = mx_stretch(r, pair[0], sizes, rank, mx_shape(b, exact[0]));
    mx_val mask = mx_stretch(r, mx_as_bool(b, pair[1]), sizes, rank, mx_shape(b, exact[1]));
    r->out[0] = mx_op2(b, "Compress", v, mx_in_line(b, mask));
}

static void rule_nonzero(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0);
    bool scalar = !mx_need_rank(r, v);
    mx_val places = mx_op1(b, "NonZero", mx_at_least_1d(b, v));
    if (scalar) places = mx_slice_const(b, places, 0, 0, 0, 1); /* no axes: n rows of nothing */
    r->out[0] = mx_swap(b, places, 0, 1);
}

static void rule_nonzero_list(const mx_rule *r) { /* nonzero_numpy, where(condition) */
    mx_val places = mx_op1(r->b, "NonZero", mx_at_least_1d(r->b, mx_arg(r, 0)));
    for (size_t i = 0; i < r->node->n_outputs && !mx_failed(r->b); ++i)
        r->out[i] = row_of(r->b, places, (int64_t)i);
}

static void rule_nonzero_static(const mx_rule *r) { /* self, size, fill_value=-1 */
    mx_build *b = r->b;
    mx_val size = mx_arg_size(r, 1), places = mx_op1(b, "NonZero", mx_at_least_1d(b, mx_arg(r, 0)));
    mx_val zero = mx_int64(b, 0), more = mx_concat(b, (mx_val[]){zero, zero, zero, size}, 4, 0);
    mx_val wide = mx_op3(b, "Pad", places, more, mx_scalar_int(b, MX_ELEM_INT64, mx_arg_int(r, 2)));
    r->out[0] = mx_swap(b, mx_slice(b, wide, 1, zero, size, 1), 0, 1);
}

/* ---- embeddings ---- */

static void rule_embedding(const mx_rule *r) { /* weight, indices */
    r->out[0] = mx_gather(r->b, mx_arg(r, 0), mx_arg(r, 1), 0);
}

typedef struct bags {
    mx_val rows;    /* [n, width], weighted */
    mx_val bag;     /* int64 [n]: which bag each belongs to */
    mx_val counted; /* bool [n]: not padding; MX_NO_VAL: all are counted */
    mx_val count;   /* int64 [1]: how many bags */
} bags;

/* true where an index belongs to a bag: [bags, n]. */
static mx_val membership(mx_build *b, const bags *x) {
    mx_val member = mx_op2(b, "Equal", mx_unsqueeze1(b, mx_iota(b, x->count), 1), x->bag);
    return x->counted == MX_NO_VAL ? member : mx_op2(b, "And", member, x->counted);
}

/* One value for each bag: members reduced by `op`, others count as `other`. */
static mx_val reduce_bags(mx_build *b, const bags *x, const char *op, double other) {
    mx_val wide = mx_unsqueeze1(b, membership(b, x), 2);
    mx_val v = mx_choose(b, wide, x->rows, mx_scalar(b, mx_elem_of(b, x->rows), other));
    return mx_reduce(b, op, v, (const int64_t[]){1}, 1, false);
}

static mx_val bag_sizes(mx_build *b, const bags *x) { /* [bags, 1], of the rows' type */
    mx_val member = mx_cast(b, membership(b, x), mx_elem_of(b, x->rows));
    return mx_reduce(b, "ReduceSum", member, (const int64_t[]){1}, 1, true);
}

static void read_bags(const mx_rule *r, bags *x) {
    mx_build *b = r->b;
    mx_val weight = mx_arg(r, 0), index = mx_cast(b, mx_in_line(b, mx_arg(r, 1)), MX_ELEM_INT64);
    mx_val offsets = mx_cast(b, mx_arg(r, 2), MX_ELEM_INT64);
    if (mx_arg_bool(r, 7)) offsets = mx_slice_const(b, offsets, 0, 0, -1, 1); /* the last one is the end */
    x->rows = mx_gather(b, weight, index, 0);
    if (!mx_arg_none(r, 6)) x->rows = mx_op2(b, "Mul", x->rows, mx_unsqueeze1(b, mx_arg(r, 6), 1));
    x->count = mx_dim(b, offsets, 0);
    mx_val at = mx_unsqueeze1(b, mx_iota(b, mx_dim(b, index, 0)), 1);
    mx_val begun = mx_cast(b, mx_op1(b, "Not", mx_op2(b, "Less", at, offsets)), MX_ELEM_INT64);
    x->bag = mx_plus(b, mx_reduce(b, "ReduceSum", begun, (const int64_t[]){1}, 1, false), -1);
    x->counted = MX_NO_VAL;
    int64_t padding = r->node->n_args > 8 && !mx_arg_none(r, 8) ? mx_arg_int(r, 8) : -1;
    bool given = mx_str_is(mx_ptext(r->p, r->node->target), "aten.embedding_bag.padding_idx");
    mx_size rows = mx_size_of(b, weight, 0);
    if (padding < 0 && given && !mx_arg_none(r, 8) && mx_size_is_number(rows)) padding += rows.value;
    if (padding < 0) return;
    x->counted = mx_op1(b, "Not", mx_op2(b, "Equal", index, mx_scalar_int(b, MX_ELEM_INT64, padding)));
}

/* weight, indices, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights, include_last_offset, padding_idx */
static void rule_embedding_bag(const mx_rule *r) {
    mx_build *b = r->b;
    int64_t mode = mx_arg_int(r, 4);
    bags x;
    for (size_t i = 1; i < r->node->n_outputs; ++i) {
        if (mx_output_used(r, i)) mx_cannot(b, "the further outputs of embedding_bag");
    }
    read_bags(r, &x);
    if (mx_failed(b)) return;
    mx_val zero = mx_scalar(b, mx_elem_of(b, x.rows), 0), one = mx_scalar(b, mx_elem_of(b, x.rows), 1);
    if (mode == 2) {
        mx_val most = reduce_bags(b, &x, "ReduceMax", -__builtin_inf());
        mx_val empty = mx_op2(b, "Equal", bag_sizes(b, &x), zero);
        r->out[0] = mx_choose(b, empty, zero, most);
    } else {
        mx_val sum = reduce_bags(b, &x, "ReduceSum", 0);
        r->out[0] = mode ? mx_op2(b, "Div", sum, mx_op2(b, "Max", bag_sizes(b, &x), one)) : sum;
    }
}

#define INDEX(target_, rule_, onnx_)                                                                                   \
    { "aten." target_, rule_, onnx_, 0, MX_LOWER_EXACT }
#define BAG "Gather, Where, ReduceSum"
static const mx_lowering rows[] = {
    INDEX("index.Tensor", rule_index, "Gather, GatherND, Compress"),
    INDEX("_unsafe_index.Tensor", rule_index, "Gather, GatherND"),
    INDEX("index_select.default", rule_index_select, "Gather"),
    INDEX("gather.default", rule_gather, "GatherElements"),
    INDEX("take.default", rule_take, "Gather"),
    INDEX("take_along_dim.default", rule_take_along_dim, "GatherElements"),
    INDEX("masked_select.default", rule_masked_select, "Compress"),
    INDEX("nonzero.default", rule_nonzero, "NonZero, Transpose"),
    INDEX("argwhere.default", rule_nonzero, "NonZero, Transpose"),
    INDEX("nonzero_numpy.default", rule_nonzero_list, "NonZero, Gather"),
    INDEX("where.default", rule_nonzero_list, "NonZero, Gather"),
    INDEX("nonzero_static.default", rule_nonzero_static, "NonZero, Pad, Slice, Transpose"),
    INDEX("embedding.default", rule_embedding, "Gather"),
    {"aten.embedding_bag.default", rule_embedding_bag, BAG, 0, 0},
    {"aten.embedding_bag.padding_idx", rule_embedding_bag, BAG, 0, 0},
    {"aten._embedding_bag.default", rule_embedding_bag, BAG, 0, 0},
    {"aten._embedding_bag_forward_only.default", rule_embedding_bag, BAG, 0, 0},
};

const mx_lowering_family mx_family_indexing = {"indexing", rows, sizeof rows / sizeof *rows};
