/* Views, permutations and what takes parts: nothing here computes. */
#include "torch_io/lower_shape.h"

#include "torch_io/lower_move.h"

/* ---- views ---- */

static void rule_same(const mx_rule *r) {
    r->out[0] = mx_arg(r, 0);
}

static void rule_view(const mx_rule *r) { /* self, size */
    r->out[0] = mx_view_out(r, mx_arg(r, 0), 0, mx_arg_sizes(r, 1));
}

static void rule_view_as(const mx_rule *r) { /* self, other */
    r->out[0] = mx_view_out(r, mx_arg(r, 0), 0, mx_shape(r->b, mx_arg(r, 1)));
}

static void rule_view_dtype(const mx_rule *r) { /* self, dtype */
    mx_val v = mx_arg(r, 0);
    if (mx_elem_of(r->b, v) != mx_arg_dtype(r, 1, 0)) {
        mx_cannot(r->b, "a view of the same bytes as another type has no ONNX operator");
    }
    r->out[0] = v;
}

static void rule_ravel(const mx_rule *r) {
    r->out[0] = mx_in_line(r->b, mx_arg(r, 0));
}

static void rule_flatten(const mx_rule *r) { /* self, start_dim=0, end_dim=-1 */
    mx_val v = mx_arg(r, 0), parts[MX_MAX_RANK];
    int rank = mx_need_rank(r, v);
    if (mx_failed(r->b)) return;
    int64_t start = mx_axis(r, mx_arg_int(r, 1), rank), end = mx_axis(r, mx_arg_int(r, 2), rank);
    size_t n = 0;
    if (end < start) mx_cannot(r->b, "flatten from axis %lld to %lld", (long long)start, (long long)end);
    if (mx_failed(r->b)) return;
    for (int64_t k = 0; k < start; ++k)
        parts[n++] = mx_dim(r->b, v, k);
    parts[n++] = mx_int64(r->b, -1);
    for (int64_t k = end + 1; k < rank; ++k)
        parts[n++] = mx_dim(r->b, v, k);
    r->out[0] = mx_view_out(r, v, 0, mx_concat(r->b, parts, n, 0));
}

static void rule_unflatten(const mx_rule *r) { /* self, dim, sizes */
    mx_val v = mx_arg(r, 0), parts[MX_MAX_RANK];
    int rank = mx_need_rank(r, v);
    if (mx_failed(r->b)) return;
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), rank);
    size_t n = 0;
    for (int64_t k = 0; k < rank; ++k)
        parts[n++] = k == axis ? mx_arg_sizes(r, 2) : mx_dim(r->b, v, k);
    r->out[0] = mx_view_out(r, v, 0, mx_concat(r->b, parts, n, 0));
}

static void rule_unsqueeze(const mx_rule *r) { /* self, dim */
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v);
    r->out[0] = mx_unsqueeze1(r->b, v, mx_axis(r, mx_arg_int(r, 1), rank + 1));
}

/* Take those axes away that have the size 1: a symbolic size is not 1, torch.export makes numbers of those that are. */
static void squeeze(const mx_rule *r, mx_val v, const int64_t *axes, size_t n) {
    int64_t ones[MX_MAX_RANK];
    size_t n_ones = 0;
    int rank = mx_need_rank(r, v);
    for (size_t i = 0; i < n && rank; ++i) {
        int64_t axis = mx_axis(r, axes[i], rank);
        if (mx_size_is(mx_size_of(r->b, v, (int)axis), 1)) ones[n_ones++] = axis;
    }
    r->out[0] = n_ones ? mx_squeeze(r->b, v, ones, n_ones) : v;
}

static void rule_squeeze(const mx_rule *r) {
    int64_t axes[MX_MAX_RANK];
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v);
    for (int k = 0; k < rank; ++k)
        axes[k] = k;
    squeeze(r, v, axes, (size_t)rank);
}

static void rule_squeeze_dims(const mx_rule *r) { /* self, dim: a number or several */
    int64_t axes[MX_MAX_RANK];
    size_t n = mx_arg_const_ints(r, 1, axes, MX_MAX_RANK);
    squeeze(r, mx_arg(r, 0), axes, n);
}

/* Leading sizes of 1, as numpy does it; the third axis of atleast_3d comes last. */
static mx_val at_least(const mx_rule *r, mx_val v, int rank) {
    bool matrix = rank == 3 && mx_need_rank(r, v) < 3;
    v = mx_lead(r->b, v, matrix ? 2 : rank);
    return matrix ? mx_unsqueeze1(r->b, v, 2) : v;
}

mx_val mx_rule_at_least(const mx_rule *r, mx_val v, int rank) {
    return at_least(r, v, rank);
}

static int digit_of(const mx_rule *r) { /* "aten.atleast_2d.default": 2 */
    static const char before[] = "aten.atleast_";
    return r->row->target[sizeof before - 1] - '0';
}

static void rule_at_least(const mx_rule *r) {
    r->out[0] = at_least(r, mx_arg(r, 0), digit_of(r));
}

static void rule_at_least_list(const mx_rule *r) {
    for (size_t i = 0; i < r->node->n_outputs && !mx_failed(r->b); ++i)
        r->out[i] = at_least(r, mx_arg_item(r, 0, i), digit_of(r));
}

/* ---- permutations ---- */

static void rule_permute(const mx_rule *r) { /* self, dims */
    int64_t perm[MX_MAX_RANK];
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v);
    size_t n = mx_arg_const_ints(r, 1, perm, MX_MAX_RANK);
    for (size_t i = 0; i < n; ++i)
        perm[i] = mx_axis(r, perm[i], rank);
    r->out[0] = mx_transpose(r->b, v, perm, n);
}

static void rule_transpose(const mx_rule *r) { /* self, dim0, dim1 */
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v);
    int64_t a = mx_axis(r, mx_arg_int(r, 1), rank), b = mx_axis(r, mx_arg_int(r, 2), rank);
    r->out[0] = a == b ? v : mx_swap(r->b, v, a, b);
}

static void rule_matrix_transpose(const mx_rule *r) { /* t, mT and the like: the last two axes, of a vector none */
    mx_val v = mx_arg(r, 0);
    r->out[0] = mx_need_rank(r, v) < 2 ? v : mx_swap(r->b, v, -1, -2);
}

static void rule_reverse_axes(const mx_rule *r) { /* numpy_T */
    int64_t perm[MX_MAX_RANK];
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v);
    for (int k = 0; k < rank; ++k)
        perm[k] = rank - 1 - k;
    r->out[0] = rank < 2 ? v : mx_transpose(r->b, v, perm, (size_t)rank);
}

static void rule_movedim(const mx_rule *r) { /* self, source, destination: a number each or several */
    int64_t from[MX_MAX_RANK], to[MX_MAX_RANK], perm[MX_MAX_RANK];
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v);
    size_t n = mx_arg_const_ints(r, 1, from, MX_MAX_RANK), n_to = mx_arg_const_ints(r, 2, to, MX_MAX_RANK);
    if (n != n_to || n > (size_t)rank) mx_cannot(r->b, "movedim with lists of different lengths");
    if (mx_failed(r->b)) return;
    for (size_t i = 0; i < n; ++i) {
        from[i] = mx_axis(r, from[i], rank);
        to[i] = mx_axis(r, to[i], rank);
    }
    if (mx_failed(r->b)) return;
    mx_move_axes(rank, from, to, n, perm);
    r->out[0] = mx_transpose(r->b, v, perm, (size_t)rank);
}

/* ---- repetition ---- */

static void rule_expand(const mx_rule *r) { /* self, size */
    mx_val v = mx_arg(r, 0), exact = mx_out_shape(r, 0);
    /* -1 keeps a size, which ONNX's Expand writes as 1 */
    if (exact == MX_NO_VAL) exact = mx_op2(r->b, "Max", mx_arg_sizes(r, 1), mx_int64(r->b, 1));
    r->out[0] = mx_stretch(r, v, mx_out_sizes(r, 0), mx_out_rank(r, 0), exact);
}

static void rule_expand_as(const mx_rule *r) { /* self, other */
    r->out[0] = mx_stretch_like(r, mx_arg(r, 0), mx_arg(r, 1));
}

static void rule_broadcast_tensors(const mx_rule *r) {
    mx_val v[MX_MAX_RANK];
    size_t n = mx_need_items(r, 0, false, v, MX_MAX_RANK);
    for (size_t i = 0; i < n && i < r->node->n_outputs; ++i) {
        mx_val exact = mx_out_shape(r, i);
        r->out[i] = mx_stretch(r, v[i], mx_out_sizes(r, i), mx_out_rank(r, i), exact);
    }
}

static void rule_repeat(const mx_rule *r) { /* self, repeats */
    int64_t times[MX_MAX_RANK];
    size_t n = mx_arg_count(r, 1), n_numbers = 0;
    mx_val v = mx_lead(r->b, mx_arg(r, 0), (int)n);
    int rank = mx_need_rank(r, v);
    if (mx_failed(r->b)) return;
    bool numbers = mx_arg_ints(r, 1, times, MX_MAX_RANK, &n_numbers), none = numbers;
    for (size_t i = 0; numbers && i < n_numbers; ++i)
        none = none && times[i] == 1;
    mx_val repeats = mx_arg_sizes(r, 1);
    if (rank > (int)n) { /* tile: fewer than the rank, those before are 1 */
        int64_t ones[MX_MAX_RANK];
        for (int k = 0; k < rank - (int)n; ++k)
            ones[k] = 1;
        repeats = mx_concat(r->b, (mx_val[]){mx_int64s(r->b, ones, (size_t)rank - n), repeats}, 2, 0);
    }
    r->out[0] = none || !rank ? v : mx_op2(r->b, "Tile", v, repeats);
}

enum { MX_GATHER_MAX = 1 << 12 }; /* indices that are made as a constant */

/* Each element of an axis `times` times after each other. */
mx_val mx_rule_interleave(const mx_rule *r, mx_val v, int64_t axis, int64_t times) {
    mx_build *b = r->b;
    mx_size size = mx_size_of(b, v, (int)axis);
    if (times < 0) mx_cannot(b, "a repetition of %lld times", (long long)times);
    if (times == 1 || mx_failed(b)) return v;
    if (times && mx_size_is_number(size) && size.value <= MX_GATHER_MAX / times) {
        int64_t index[MX_GATHER_MAX], n = size.value * times;
        for (int64_t i = 0; i < n; ++i)
            index[i] = i / times;
        return mx_gather(b, v, mx_int64s(b, index, (size_t)n), axis);
    }
    int rank = mx_need_rank(r, v);
    int64_t repeats[MX_MAX_RANK];
    mx_val parts[MX_MAX_RANK];
    for (int k = 0; k <= rank && !mx_failed(b); ++k) {
        repeats[k] = k == axis + 1 ? times : 1;
        if (k < rank) parts[k] = k == axis ? mx_op2(b, "Mul", mx_dim(b, v, k), mx_int64(b, times)) : mx_dim(b, v, k);
    }
    mx_val wide = mx_op2(b, "Tile", mx_unsqueeze1(b, v, axis + 1), mx_int64s(b, repeats, (size_t)rank + 1));
    return mx_reshape(b, wide, mx_concat(b, parts, (size_t)rank, 0));
}

static void rule_interleave(const mx_rule *r) { /* self, repeats, dim=None, output_size */
    mx_val v = mx_arg(r, 0);
    int64_t axis = 0;
    if (mx_arg_none(r, 2)) {
        v = mx_in_line(r->b, v);
    } else {
        v = mx_at_least_1d(r->b, v);
        axis = mx_axis(r, mx_arg_int(r, 2), mx_need_rank(r, v));
    }
    mx_size times = mx_arg_size_known(r, 1, 0);
    if (!mx_size_is_number(times)) mx_cannot(r->b, "repeat_interleave with a symbolic count");
    if (!mx_failed(r->b)) r->out[0] = mx_rule_interleave(r, v, axis, times.value);
}

/* repeats [n] -> which element each place of the result comes from: NonZero of [n, most] with true for those below the
 * count, whose rows are in order. */
static mx_val interleave_index(mx_build *b, mx_val repeats) {
    repeats = mx_cast(b, repeats, MX_ELEM_INT64);
    mx_val with_zero = mx_concat(b, (mx_val[]){repeats, mx_int64(b, 0)}, 2, 0);
    mx_val most = mx_reduce(b, "ReduceMax", with_zero, NULL, 0, true);
    mx_val taken = mx_op2(b, "Less", mx_iota(b, most), mx_unsqueeze1(b, repeats, 1));
    return mx_gather(b, mx_op1(b, "NonZero", taken), mx_scalar_int(b, MX_ELEM_INT64, 0), 0);
}

static void rule_interleave_counts(const mx_rule *r) { /* repeats, output_size */
    r->out[0] = interleave_index(r->b, mx_arg(r, 0));
}

static void rule_interleave_tensor(const mx_rule *r) { /* self, repeats, dim=None, output_size */
    mx_build *b = r->b;
    bool flat = mx_arg_none(r, 2);
    mx_val v = flat ? mx_in_line(b, mx_arg(r, 0)) : mx_at_least_1d(b, mx_arg(r, 0)),
           repeats = mx_in_line(b, mx_arg(r, 1));
    int64_t axis = flat ? 0 : mx_axis(r, mx_arg_int(r, 2), mx_need_rank(r, v));
    if (mx_failed(b)) return;
    if (mx_size_is(mx_size_of(b, repeats, 0), 1)) repeats = mx_expand(b, repeats, mx_dim(b, v, axis));
    r->out[0] = mx_gather(b, v, interleave_index(b, repeats), axis);
}

static void rule_meshgrid(const mx_rule *r) { /* tensors, indexing="ij" */
    mx_build *b = r->b;
    mx_val v[MX_MAX_RANK];
    size_t n = mx_need_items(r, 0, false, v, MX_MAX_RANK - 2);
    bool swapped = r->node->n_args > 1 && mx_arg_is_text(r, 1, "xy") && n > 1;
    for (size_t i = 0; i < n && i < r->node->n_outputs && !mx_failed(b); ++i) {
        size_t axis = swapped && i < 2 ? 1 - i : i;
        int64_t axes[MX_MAX_RANK];
        size_t n_axes = 0;
        for (size_t k = 0; k < n; ++k) {
            if (k != axis) axes[n_axes++] = (int64_t)k;
        }
        v[i] = n_axes ? mx_unsqueeze(b, mx_in_line(b, v[i]), axes, n_axes) : mx_in_line(b, v[i]);
    }
    mx_val sizes[MX_MAX_RANK];
    for (size_t i = 0; i < n && !mx_failed(b); ++i) {
        size_t axis = swapped && i < 2 ? 1 - i : i;
        sizes[axis] = mx_dim(b, v[i], (int64_t)axis);
    }
    mx_val exact = n ? mx_concat(b, sizes, n, 0) : MX_NO_VAL;
    for (size_t i = 0; i < n && i < r->node->n_outputs; ++i)
        r->out[i] = mx_stretch(r, v[i], mx_out_sizes(r, i), mx_out_rank(r, i), exact);
}

/* ---- parts ---- */

static void rule_slice(const mx_rule *r) { /* self, dim=0, start=None, end=None, step=1 */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_need_rank(r, v)), step = mx_arg_int(r, 4);
    if (mx_failed(b)) return;
    r->out[0] = v;
    if (step == 1 && mx_same_sizes(b, v, mx_out_sizes(r, 0), mx_out_rank(r, 0))) return;
    mx_val start = mx_arg_none(r, 2) ? mx_int64(b, 0) : mx_arg_size(r, 2);
    mx_val end = mx_arg_none(r, 3) ? mx_int64(b, MX_TO_END) : mx_arg_size(r, 3);
    r->out[0] = mx_slice(b, v, axis, start, end, step);
}

static void rule_select(const mx_rule *r) { /* self, dim, index */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_need_rank(r, v));
    if (mx_failed(b)) return;
    bool only = mx_size_is(mx_size_of(b, v, (int)axis), 1);
    r->out[0] = only ? mx_squeeze1(b, v, axis) : mx_gather(b, v, mx_as_scalar(b, mx_arg_size(r, 2)), axis);
}

static void rule_narrow(const mx_rule *r) { /* self, dim, start, length */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_need_rank(r, v));
    if (mx_failed(b)) return;
    r->out[0] = v;
    if (mx_same_sizes(b, v, mx_out_sizes(r, 0), mx_out_rank(r, 0))) return;
    mx_size start = mx_arg_size_known(r, 2, 0), length = mx_arg_size_known(r, 3, 0);
    mx_val from = mx_arg_size(r, 2), end = mx_op2(b, "Add", from, mx_arg_size(r, 3));
    bool numbers = mx_size_is_number(start) && mx_size_is_number(length);
    if (numbers && start.value < 0 && length.value >= 0 && start.value + length.value >= 0)
        end = mx_int64(b, MX_TO_END);
    r->out[0] = mx_slice(b, v, axis, from, end, 1);
}

static void rule_narrow_tensor(const mx_rule *r) { /* self, dim, start (tensor, maybe negative), length */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), start = mx_cast(b, mx_as_vector(b, mx_arg(r, 2)), MX_ELEM_INT64);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_need_rank(r, v));
    mx_val index = mx_op2(b, "Add", start, mx_iota(b, mx_arg_size(r, 3)));
    r->out[0] = mx_gather(b, v, index, axis);
}

#define SHAPE(target_, rule_, onnx_)                                                                                   \
    { "aten." target_, rule_, onnx_, 0, MX_LOWER_EXACT }
/* Those that give back their argument are gone before (functional.c); they stand here because this is also the list of
 * what can be exported. */
static const mx_lowering rows[] = {
    SHAPE("alias.default", rule_same, ""),
    SHAPE("alias_copy.default", rule_same, ""),
    SHAPE("clone.default", rule_same, ""),
    SHAPE("contiguous.default", rule_same, ""),
    SHAPE("detach.default", rule_same, ""),
    SHAPE("lift_fresh.default", rule_same, ""),
    SHAPE("lift_fresh_copy.default", rule_same, ""),
    SHAPE("detach_copy.default", rule_same, ""),
    SHAPE("view.default", rule_view, "Reshape"),
    SHAPE("view_copy.default", rule_view, "Reshape"),
    SHAPE("reshape.default", rule_view, "Reshape"),
    SHAPE("_unsafe_view.default", rule_view, "Reshape"),
    SHAPE("_reshape_alias.default", rule_view, "Reshape"),
    SHAPE("_reshape_copy.default", rule_view, "Reshape"),
    SHAPE("view.dtype", rule_view_dtype, ""),
    SHAPE("view_copy.dtype", rule_view_dtype, ""),
    SHAPE("view_as.default", rule_view_as, "Reshape"),
    SHAPE("reshape_as.default", rule_view_as, "Reshape"),
    SHAPE("ravel.default", rule_ravel, "Reshape"),
    SHAPE("flatten.using_ints", rule_flatten, "Reshape"),
    SHAPE("unflatten.int", rule_unflatten, "Reshape"),
    SHAPE("unsqueeze.default", rule_unsqueeze, "Unsqueeze"),
    SHAPE("unsqueeze_copy.default", rule_unsqueeze, "Unsqueeze"),
    SHAPE("squeeze.default", rule_squeeze, "Squeeze"),
    SHAPE("squeeze.dim", rule_squeeze_dims, "Squeeze"),
    SHAPE("squeeze.dims", rule_squeeze_dims, "Squeeze"),
    SHAPE("squeeze_copy.default", rule_squeeze, "Squeeze"),
    SHAPE("squeeze_copy.dim", rule_squeeze_dims, "Squeeze"),
    SHAPE("squeeze_copy.dims", rule_squeeze_dims, "Squeeze"),
    SHAPE("atleast_1d.default", rule_at_least, "Unsqueeze"),
    SHAPE("atleast_2d.default", rule_at_least, "Unsqueeze"),
    SHAPE("atleast_3d.default", rule_at_least, "Unsqueeze"),
    SHAPE("atleast_1d.Sequence", rule_at_least_list, "Unsqueeze"),
    SHAPE("atleast_2d.Sequence", rule_at_least_list, "Unsqueeze"),
    SHAPE("atleast_3d.Sequence", rule_at_least_list, "Unsqueeze"),
    SHAPE("permute.default", rule_permute, "Transpose"),
    SHAPE("permute_copy.default", rule_permute, "Transpose"),
    SHAPE("transpose.int", rule_transpose, "Transpose"),
    SHAPE("transpose_copy.int", rule_transpose, "Transpose"),
    SHAPE("swapaxes.default", rule_transpose, "Transpose"),
    SHAPE("swapdims.default", rule_transpose, "Transpose"),
    SHAPE("t.default", rule_matrix_transpose, "Transpose"),
    SHAPE("t_copy.default", rule_matrix_transpose, "Transpose"),
    SHAPE("mT.default", rule_matrix_transpose, "Transpose"),
    SHAPE("mH.default", rule_matrix_transpose, "Transpose"),
    SHAPE("matrix_H.default", rule_matrix_transpose, "Transpose"),
    SHAPE("adjoint.default", rule_matrix_transpose, "Transpose"),
    SHAPE("numpy_T.default", rule_reverse_axes, "Transpose"),
    SHAPE("movedim.int", rule_movedim, "Transpose"),
    SHAPE("movedim.intlist", rule_movedim, "Transpose"),
    SHAPE("moveaxis.int", rule_movedim, "Transpose"),
    SHAPE("moveaxis.intlist", rule_movedim, "Transpose"),
    SHAPE("expand.default", rule_expand, "Expand"),
    SHAPE("expand_copy.default", rule_expand, "Expand"),
    SHAPE("broadcast_to.default", rule_expand, "Expand"),
    SHAPE("expand_as.default", rule_expand_as, "Expand"),
    SHAPE("broadcast_tensors.default", rule_broadcast_tensors, "Expand"),
    SHAPE("repeat.default", rule_repeat, "Tile"),
    SHAPE("tile.default", rule_repeat, "Tile"),
    SHAPE("repeat_interleave.self_int", rule_interleave, "Gather"),
    SHAPE("repeat_interleave.Tensor", rule_interleave_counts, "ReduceMax, Range, Less, NonZero, Gather"),
    SHAPE("repeat_interleave.self_Tensor", rule_interleave_tensor, "ReduceMax, Range, Less, NonZero, Gather"),
    SHAPE("meshgrid.default", rule_meshgrid, "Unsqueeze, Expand"),
    SHAPE("meshgrid.indexing", rule_meshgrid, "Unsqueeze, Expand"),
    SHAPE("slice.Tensor", rule_slice, "Slice"),
    SHAPE("slice_copy.Tensor", rule_slice, "Slice"),
    SHAPE("select.int", rule_select, "Gather"),
    SHAPE("select_copy.int", rule_select, "Gather"),
    SHAPE("narrow.default", rule_narrow, "Slice"),
    SHAPE("narrow_copy.default", rule_narrow, "Slice"),
    SHAPE("narrow.Tensor", rule_narrow_tensor, "Add, Gather"),
    SHAPE("cat.default", mx_rule_cat, "Concat"),
    SHAPE("concat.default", mx_rule_cat, "Concat"),
    SHAPE("concatenate.default", mx_rule_cat, "Concat"),
    SHAPE("stack.default", mx_rule_stack, "Unsqueeze, Concat"),
    SHAPE("hstack.default", mx_rule_hstack, "Concat"),
    SHAPE("vstack.default", mx_rule_vstack, "Concat"),
    SHAPE("row_stack.default", mx_rule_vstack, "Concat"),
    SHAPE("dstack.default", mx_rule_dstack, "Concat"),
    SHAPE("column_stack.default", mx_rule_column_stack, "Concat"),
    SHAPE("block_diag.default", mx_rule_block_diag, "Pad, Concat"),
    SHAPE("cartesian_prod.default", mx_rule_cartesian_prod, "Expand, Reshape, Concat"),
    SHAPE("split.Tensor", mx_rule_split, "Split"),
    SHAPE("split.sizes", mx_rule_split_sizes, "Split"),
    SHAPE("split_copy.Tensor", mx_rule_split, "Split"),
    SHAPE("unsafe_split.Tensor", mx_rule_split, "Split"),
    SHAPE("split_with_sizes.default", mx_rule_split_sizes, "Split"),
    SHAPE("split_with_sizes_copy.default", mx_rule_split_sizes, "Split"),
    SHAPE("unsafe_split_with_sizes.default", mx_rule_split_sizes, "Split"),
    SHAPE("chunk.default", mx_rule_chunk, "Split"),
    SHAPE("unsafe_chunk.default", mx_rule_chunk, "Split"),
    SHAPE("tensor_split.sections", mx_rule_tensor_split, "Split"),
    SHAPE("tensor_split.indices", mx_rule_tensor_split, "Split"),
    SHAPE("hsplit.int", mx_rule_hsplit, "Split"),
    SHAPE("hsplit.array", mx_rule_hsplit, "Split"),
    SHAPE("vsplit.int", mx_rule_hsplit, "Split"),
    SHAPE("vsplit.array", mx_rule_hsplit, "Split"),
    SHAPE("dsplit.int", mx_rule_hsplit, "Split"),
    SHAPE("dsplit.array", mx_rule_hsplit, "Split"),
    SHAPE("unbind.int", mx_rule_unbind, "Gather"),
    SHAPE("unbind_copy.int", mx_rule_unbind, "Gather"),
    SHAPE("flip.default", mx_rule_flip, "Slice"),
    SHAPE("fliplr.default", mx_rule_fliplr, "Slice"),
    SHAPE("flipud.default", mx_rule_flipud, "Slice"),
    SHAPE("roll.default", mx_rule_roll, "Slice, Concat"),
    SHAPE("rot90.default", mx_rule_rot90, "Slice, Transpose"),
    {"aten.pad.default", mx_rule_pad, "Pad", 0, 0},
    {"aten._pad_enum.default", mx_rule_pad_enum, "Pad", 0, 0},
    {"aten.constant_pad_nd.default", mx_rule_constant_pad, "Pad", 0, 0},
    SHAPE("reflection_pad1d.default", mx_rule_reflection_pad, "Pad"),
    SHAPE("reflection_pad2d.default", mx_rule_reflection_pad, "Pad"),
    SHAPE("reflection_pad3d.default", mx_rule_reflection_pad, "Pad"),
    SHAPE("replication_pad1d.default", mx_rule_replication_pad, "Pad"),
    SHAPE("replication_pad2d.default", mx_rule_replication_pad, "Pad"),
    SHAPE("replication_pad3d.default", mx_rule_replication_pad, "Pad"),
    SHAPE("_pad_circular.default", mx_rule_circular_pad, "Slice, Concat"),
    SHAPE("unfold.default", mx_rule_unfold, "Gather, Transpose"),
    SHAPE("unfold_copy.default", mx_rule_unfold, "Gather, Transpose"),
    SHAPE("as_strided.default", mx_rule_as_strided, "Reshape, Gather"),
    SHAPE("as_strided_copy.default", mx_rule_as_strided, "Reshape, Gather"),
    SHAPE("diagonal.default", mx_rule_diagonal, "Reshape, Slice"),
    SHAPE("diagonal_copy.default", mx_rule_diagonal, "Reshape, Slice"),
    SHAPE("linalg_diagonal.default", mx_rule_diagonal, "Reshape, Slice"),
    SHAPE("diag_embed.default", mx_rule_diag_embed, "Where"),
    SHAPE("diag.default", mx_rule_diag, "Where, Slice"),
    SHAPE("diagflat.default", mx_rule_diagflat, "Where"),
    {"aten.trace.default", mx_rule_trace, "Slice, ReduceSum", 0, 0},
    SHAPE("pixel_shuffle.default", mx_rule_pixel_shuffle, "DepthToSpace"),
    SHAPE("pixel_unshuffle.default", mx_rule_pixel_unshuffle, "Reshape, Transpose"),
    SHAPE("channel_shuffle.default", mx_rule_channel_shuffle, "Reshape, Transpose"),
    SHAPE("native_channel_shuffle.default", mx_rule_channel_shuffle, "Reshape, Transpose"),
};

const mx_lowering_family mx_family_shape = {"shape", rows, sizeof rows / sizeof *rows};
