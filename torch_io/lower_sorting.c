/* Sorting, ranks and places in sorted sequences. TopK is stable: of equal values the first comes first. */
#include "torch_io/lower_move.h"
#include "torch_io/lower_numeric.h"

#include <math.h>
#include <string.h>

typedef struct sorted {
    mx_val values, indices;
} sorted;

/* The first `count` (int64, rank 1) of an axis in order. */
static sorted top(mx_build *b, mx_val x, mx_val count, int64_t axis, bool largest) {
    const mx_at at[] = {mx_at_i("axis", axis), mx_at_i("largest", largest), mx_at_i("sorted", 1)};
    mx_val out[2];
    mx_op_n(b, "TopK", MX_IN(mx_for_kernel(b, "TopK", x), count), at, 3, out, 2);
    return (sorted){mx_cast(b, out[0], mx_elem_of(b, x)), out[1]};
}

static sorted number_alone(mx_build *b, mx_val x) {
    return (sorted){x, mx_scalar_int(b, MX_ELEM_INT64, 0)};
}

static void give(const mx_rule *r, sorted s) {
    r->out[0] = s.values;
    if (r->node->n_outputs > 1) r->out[1] = s.indices;
}

static sorted in_order(mx_build *b, mx_val x, int64_t axis, bool descending) {
    if (mx_rank_of(b, x) == 0) return number_alone(b, x);
    return top(b, x, mx_dim(b, x, axis), axis, descending);
}

/* sort.default(self, dim, descending), sort.stable(self, stable, dim, descending); argsort has the same */
static sorted sort_node(const mx_rule *r) {
    size_t dim = strstr(r->row->target, ".stable") ? 2 : 1;
    mx_val x = mx_arg(r, 0);
    return in_order(r->b, x, mx_axis(r, mx_arg_int(r, dim), mx_rank_of(r->b, x)), mx_arg_bool(r, dim + 1));
}

static void sort(const mx_rule *r) {
    give(r, sort_node(r));
}

static void argsort(const mx_rule *r) {
    r->out[0] = sort_node(r).indices;
}

static void msort(const mx_rule *r) {
    r->out[0] = in_order(r->b, mx_arg(r, 0), 0, false).values;
}

static void topk(const mx_rule *r) {
    mx_val x = mx_arg(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 2), mx_rank_of(r->b, x));
    if (mx_rank_of(r->b, x) == 0)
        give(r, number_alone(r->b, x));
    else
        give(r, top(r->b, x, mx_arg_size(r, 1), axis, mx_arg_bool(r, 3)));
}

/* ---- one of the sorted ---- */

/* The last of the `count` smallest. */
static sorted last_of(mx_build *b, mx_val x, mx_val count, int64_t axis, bool keepdims) {
    if (mx_rank_of(b, x) == 0) return number_alone(b, x);
    sorted s = top(b, x, count, axis, false);
    mx_val last;
    int64_t known;
    size_t n;
    if (mx_const_ints(b, count, &known, 1, &n))
        last = mx_int64(b, known - 1);
    else
        last = mx_int64(b, -1);
    if (!keepdims) last = mx_as_scalar(b, last);
    return (sorted){mx_gather(b, s.values, last, axis), mx_gather(b, s.indices, last, axis)};
}

static void kthvalue(const mx_rule *r) {
    mx_val x = mx_arg(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 2), mx_rank_of(r->b, x));
    give(r, last_of(r->b, x, mx_arg_size(r, 1), axis, mx_arg_bool(r, 3)));
}

/* The median of an even number is the lower one. */
static mx_val lower_half(mx_build *b, mx_val x, int64_t axis) {
    if (mx_rank_of(b, x) == 0) return mx_int64(b, 1);
    return mx_op2(b, "Div", mx_op2(b, "Add", mx_dim(b, x, axis), mx_int64(b, 1)), mx_int64(b, 2));
}

static void median(const mx_rule *r) {
    mx_val x = mx_flat(r->b, mx_arg(r, 0));
    r->out[0] = last_of(r->b, x, lower_half(r->b, x, 0), 0, false).values;
}

static void median_dim(const mx_rule *r) {
    mx_val x = mx_arg(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_rank_of(r->b, x));
    give(r, last_of(r->b, x, lower_half(r->b, x, axis), axis, mx_arg_bool(r, 2)));
}

static mx_val at_places(mx_build *b, mx_val x, mx_val places, int64_t axis) {
    return mx_op(b, "GatherElements", MX_IN(x, places), MX_AT(mx_at_i("axis", axis)));
}

/* NaN sorted behind all others, and the middle of those; NaN where there is nothing else. */
static sorted median_of_numbers(mx_build *b, mx_val x, int64_t axis, bool keepdims) {
    mx_val is_nan = mx_op1(b, "IsNaN", x);
    sorted s = in_order(b, mx_where(b, is_nan, mx_number_like(b, x, INFINITY), x), axis, false);
    mx_val count = mx_reduce(b, "ReduceSum", mx_cast(b, mx_not(b, is_nan), MX_ELEM_INT64), &axis, 1, true);
    mx_val less = mx_op2(b, "Sub", count, mx_scalar_int(b, MX_ELEM_INT64, 1));
    mx_val middle = mx_op2(b, "Div", less, mx_scalar_int(b, MX_ELEM_INT64, 2));
    mx_val none = mx_test_number(b, "Equal", count, 0);
    sorted out = {mx_where(b, none, mx_number_like(b, x, NAN), at_places(b, s.values, middle, axis)),
                  at_places(b, s.indices, middle, axis)};
    if (!keepdims) out = (sorted){mx_squeeze1(b, out.values, axis), mx_squeeze1(b, out.indices, axis)};
    return out;
}

static void nanmedian(const mx_rule *r) {
    mx_val x = mx_flat(r->b, mx_arg(r, 0));
    if (mx_is_float(mx_elem_of(r->b, x)))
        r->out[0] = median_of_numbers(r->b, x, 0, false).values;
    else
        median(r);
}

static void nanmedian_dim(const mx_rule *r) {
    mx_val x = mx_arg(r, 0);
    int rank = mx_rank_of(r->b, x);
    if (mx_is_float(mx_elem_of(r->b, x)) && rank)
        give(r, median_of_numbers(r->b, x, mx_axis(r, mx_arg_int(r, 1), rank), mx_arg_bool(r, 2)));
    else
        median_dim(r);
}

/* The value that is there most often, the smallest of those; and where it is last. */
static void mode(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0);
    if (mx_rank_of(b, x) == 0) {
        give(r, number_alone(b, x));
        return;
    }
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_rank_of(b, x)), across = axis + 1;
    mx_val values = in_order(b, x, axis, false).values;
    mx_val pairs = mx_op2(b, "Equal", mx_unsqueeze1(b, values, across), mx_unsqueeze1(b, values, axis));
    mx_val counts = mx_reduce(b, "ReduceSum", mx_cast(b, pairs, MX_ELEM_INT64), &across, 1, false);
    mx_val most = at_places(b, values, mx_arg_extreme(b, "ArgMax", counts, axis, true), axis);
    const mx_at at[] = {mx_at_i("axis", axis), mx_at_i("keepdims", 1), mx_at_i("select_last_index", 1)};
    mx_val where = mx_op(b, "ArgMax", MX_IN(mx_cast(b, mx_op2(b, "Equal", x, most), MX_ELEM_UINT8)), at, 3);
    bool keepdims = mx_arg_bool(r, 2);
    give(r, keepdims ? (sorted){most, where} : (sorted){mx_squeeze1(b, most, axis), mx_squeeze1(b, where, axis)});
}

/* ---- places in a sorted sequence: how many of it are before the value ---- */

static mx_val places_of(mx_build *b, mx_val sequence, mx_val x, bool right) {
    const int64_t last = -1;
    int32_t elem = MX_ELEM_INT64;
    if (mx_rank_of(b, sequence) > 1) sequence = mx_unsqueeze1(b, sequence, -2);
    mx_val before = mx_op2(b, right ? "LessOrEqual" : "Less", sequence, mx_unsqueeze1(b, x, -1));
    return mx_reduce(b, "ReduceSum", mx_cast(b, before, elem), &last, 1, false);
}

/* searchsorted(sorted_sequence, self, out_int32, right, side, sorter) */
static void searchsorted(const mx_rule *r) {
    mx_build *b = r->b;
    int32_t elem = mx_promoted(r, 0, 1);
    mx_val sequence = mx_arg_as(r, 0, elem);
    bool right = mx_arg_bool(r, 3) || mx_arg_is_text(r, 4, "right");
    if (!mx_arg_none(r, 5))
        sequence = at_places(b, sequence, mx_arg_as(r, 5, MX_ELEM_INT64), mx_rank_of(b, sequence) - 1);
    r->out[0] = places_of(b, sequence, mx_arg_as(r, 1, elem), right);
}

/* bucketize(self, boundaries, out_int32, right) */
static void bucketize(const mx_rule *r) {
    int32_t elem = mx_promoted(r, 0, 1);
    r->out[0] = places_of(r->b, mx_arg_as(r, 1, elem), mx_arg_as(r, 0, elem), mx_arg_bool(r, 3));
}

/* ---- different values and how often they are there ---- */

/* Values, where each is first, which of them every element is, how often each is there. */
static void unique_along(const mx_rule *r, mx_val x, const mx_at *at, size_t n_at, bool flat) {
    mx_build *b = r->b;
    mx_val out[4];
    mx_op_n(b, "Unique", MX_IN(mx_for_kernel(b, "Unique", x)), at, n_at, out, 4);
    mx_set_type(b, out[0], mx_elem_of(b, mx_for_kernel(b, "Unique", x)), mx_out_rank(r, 0), NULL);
    r->out[0] = mx_cast(b, out[0], mx_elem_of(b, x));
    r->out[1] = flat ? mx_reshape(b, out[2], mx_shape(b, x)) : out[2];
    r->out[2] = out[3];
}

static void unique(const mx_rule *r) {
    unique_along(r, mx_arg(r, 0), MX_AT(mx_at_i("sorted", 1)), true);
}

static void unique_dim(const mx_rule *r) {
    mx_val x = mx_arg(r, 0);
    const mx_at at[] = {mx_at_i("axis", mx_axis(r, mx_arg_int(r, 1), mx_rank_of(r->b, x))), mx_at_i("sorted", 1)};
    unique_along(r, x, at, 2, false);
}

/* Runs of equal elements: a run begins where an element differs from the one before. The inverse is the number of the
 * run, a count the way to where the next one begins. */
static void unique_consecutive(const mx_rule *r) {
    mx_build *b = r->b;
    if (!mx_arg_none(r, 3)) {
        mx_cannot(b, "runs of equal slices along an axis");
        return;
    }
    const int64_t all = -1;
    const bool yes = true;
    const int64_t one = 1;
    mx_val given = mx_arg(r, 0), x = mx_flat(b, given);
    mx_val later = mx_slice_const(b, x, 0, 1, INT64_MAX, 1), earlier = mx_slice_const(b, x, 0, 0, -1, 1);
    mx_val first = mx_constant(b, MX_ELEM_BOOL, &one, 1, &yes, sizeof yes);
    mx_val differs = mx_not(b, mx_op2(b, "Equal", later, earlier));
    mx_val begins = mx_concat(b, (const mx_val[]){first, differs}, 2, 0);
    r->out[0] = mx_op(b, "Compress", MX_IN(x, begins), MX_AT(mx_at_i("axis", 0)));
    mx_val number = mx_op2(b, "CumSum", mx_cast(b, begins, MX_ELEM_INT64), mx_scalar_int(b, MX_ELEM_INT64, 0));
    r->out[1] = mx_reshape(b, mx_add_number(b, number, -1), mx_shape(b, given));
    mx_val places = mx_reshape_to(b, mx_op1(b, "NonZero", begins), &all, 1);
    mx_val next = mx_slice_const(b, places, 0, 1, INT64_MAX, 1);
    mx_val ends = mx_concat(b, (const mx_val[]){next, mx_dim(b, x, 0)}, 2, 0);
    r->out[2] = mx_op2(b, "Sub", ends, places);
}

/* Each element's bin compared with all bins, summed over the elements. */
static mx_val counts_of(mx_build *b, mx_val bins, mx_val of, int32_t elem) {
    const int64_t first = 0;
    mx_val hits = mx_cast(b, mx_op2(b, "Equal", mx_unsqueeze1(b, of, -1), bins), elem);
    return mx_reduce(b, "ReduceSum", hits, &first, 1, false);
}

/* histc(self, bins, min, max): the last bin holds its upper end, what is outside is not counted. */
static void histc(const mx_rule *r) {
    mx_build *b = r->b;
    int64_t n = mx_arg_int(r, 1);
    double low = mx_arg_float(r, 2), high = mx_arg_float(r, 3);
    if (low == high) {
        mx_cannot(b, "a histogram without limits takes them from the data");
        return;
    }
    mx_val x = mx_flat(b, mx_arg(r, 0)), bins[2];
    mx_val bin = mx_mul_number(b, mx_add_number(b, x, -low), (double)n / (high - low));
    bins[0] = mx_where(b, mx_test_number(b, "Equal", x, high), mx_number_like(b, x, (double)(n - 1)),
                       mx_op1(b, "Floor", bin));
    bins[1] = mx_range(b, mx_scalar_int(b, MX_ELEM_INT64, 0), mx_scalar_int(b, MX_ELEM_INT64, n),
                       mx_scalar_int(b, MX_ELEM_INT64, 1));
    r->out[0] = counts_of(b, mx_cast(b, bins[1], mx_elem_of(b, x)), bins[0], mx_elem_of(b, x));
}

static const mx_lowering rows[] = {
    {"aten._unique2.default", unique, "Unique", 0, MX_LOWER_EXACT},
    {"aten.argsort.default", argsort, "TopK", 0, 0},
    {"aten.argsort.stable", argsort, "TopK", 0, 0},
    {"aten.bucketize.Scalar", bucketize, "Less, ReduceSum", 0, 0},
    {"aten.bucketize.Tensor", bucketize, "Less, ReduceSum", 0, 0},
    {"aten.histc.default", histc, "Sub, Mul, Floor, Equal, ReduceSum", 0, 0},
    {"aten.kthvalue.default", kthvalue, "TopK, Gather", 0, MX_LOWER_EXACT},
    {"aten.median.default", median, "TopK, Gather", 0, MX_LOWER_EXACT},
    {"aten.median.dim", median_dim, "TopK, Gather", 0, MX_LOWER_EXACT},
    {"aten.mode.default", mode, "TopK, Equal, ReduceSum, ArgMax, GatherElements", 0, MX_LOWER_EXACT},
    {"aten.msort.default", msort, "TopK", 0, MX_LOWER_EXACT},
    {"aten.nanmedian.default", nanmedian, "IsNaN, TopK, GatherElements", 0, MX_LOWER_EXACT},
    {"aten.nanmedian.dim", nanmedian_dim, "IsNaN, TopK, GatherElements", 0, MX_LOWER_EXACT},
    {"aten.searchsorted.Scalar", searchsorted, "Less, ReduceSum", 0, 0},
    {"aten.searchsorted.Tensor", searchsorted, "Less, ReduceSum", 0, 0},
    {"aten.sort.default", sort, "TopK", 0, MX_LOWER_EXACT},
    {"aten.sort.stable", sort, "TopK", 0, MX_LOWER_EXACT},
    {"aten.topk.default", topk, "TopK", 0, MX_LOWER_EXACT},
    {"aten.unique_consecutive.default", unique_consecutive, "Equal, Compress, CumSum, NonZero", 0, MX_LOWER_EXACT},
    {"aten.unique_dim.default", unique_dim, "Unique", 0, MX_LOWER_EXACT},
};

const mx_lowering_family mx_family_sorting = {"sorting", rows, sizeof rows / sizeof *rows};
