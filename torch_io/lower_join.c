/* Joining tensors to one, splitting one into several. */
#include "torch_io/lower_move.h"
#include "torch_io/lower_shape.h"

enum { MX_LIST_MAX = 1024 };

/* ---- joining ---- */

static void join(const mx_rule *r, const mx_val *v, size_t n, int64_t axis) {
    if (!n && !mx_failed(r->b)) mx_cannot(r->b, "a list of no tensors cannot be joined");
    if (mx_failed(r->b)) return;
    r->out[0] = n == 1 ? v[0] : mx_concat(r->b, v, n, axis);
}

void mx_rule_cat(const mx_rule *r) { /* tensors, dim=0 */
    mx_val v[MX_LIST_MAX];
    size_t n = mx_need_items(r, 0, true, v, MX_LIST_MAX), kept = 0;
    int rank = 0;
    for (size_t i = 0; i < n; ++i) {
        int each = mx_need_rank(r, v[i]);
        rank = each > rank ? each : rank;
    }
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), rank);
    for (size_t i = 0; i < n && !mx_failed(r->b); ++i) {
        /* torch lets tensors of sizes [0] join anything */
        bool nothing = mx_rank_of(r->b, v[i]) == 1 && mx_size_is(mx_size_of(r->b, v[i], 0), 0);
        if (!nothing || (rank == 1 && i + 1 == n && !kept)) v[kept++] = v[i];
    }
    join(r, v, kept, axis);
}

void mx_rule_stack(const mx_rule *r) { /* tensors, dim=0 */
    mx_val v[MX_LIST_MAX];
    size_t n = mx_need_items(r, 0, true, v, MX_LIST_MAX);
    int rank = n ? mx_need_rank(r, v[0]) : 0;
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), rank + 1);
    for (size_t i = 0; i < n && !mx_failed(r->b); ++i)
        v[i] = mx_unsqueeze1(r->b, v[i], axis);
    join(r, v, n, axis);
}

static void stack_at_least(const mx_rule *r, int rank, int64_t axis) {
    mx_val v[MX_LIST_MAX];
    size_t n = mx_need_items(r, 0, true, v, MX_LIST_MAX);
    for (size_t i = 0; i < n && !mx_failed(r->b); ++i)
        v[i] = mx_rule_at_least(r, v[i], rank);
    join(r, v, n, axis);
}

void mx_rule_hstack(const mx_rule *r) {
    mx_val first = mx_arg_count(r, 0) ? mx_arg_item(r, 0, 0) : MX_NO_VAL;
    stack_at_least(r, 1, mx_rank_of(r->b, first) > 1 ? 1 : 0);
}

void mx_rule_vstack(const mx_rule *r) {
    stack_at_least(r, 2, 0);
}

void mx_rule_dstack(const mx_rule *r) {
    stack_at_least(r, 3, 2);
}

void mx_rule_column_stack(const mx_rule *r) {
    mx_val v[MX_LIST_MAX];
    size_t n = mx_need_items(r, 0, true, v, MX_LIST_MAX);
    for (size_t i = 0; i < n && !mx_failed(r->b); ++i) {
        int rank = mx_need_rank(r, v[i]);
        if (rank < 2) v[i] = mx_unsqueeze1(r->b, mx_at_least_1d(r->b, v[i]), 1);
    }
    join(r, v, n, 1);
}

void mx_rule_block_diag(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val v[MX_LIST_MAX];
    size_t n = mx_need_items(r, 0, true, v, MX_LIST_MAX);
    int64_t before = 0, all = 0;
    int32_t elem = mx_out_elem(r, 0);
    for (size_t i = 0; i < n && !mx_failed(b); ++i) {
        v[i] = mx_rule_at_least(r, v[i], 2);
        mx_size size = mx_size_of(b, v[i], 1);
        bool fits = mx_size_is_number(size) && size.value <= INT32_MAX;
        if (!fits) mx_cannot(b, "block_diag of sizes that are not known");
        all += fits ? size.value : 0;
    }
    for (size_t i = 0; i < n && !mx_failed(b); ++i) {
        int64_t width = mx_size_of(b, v[i], 1).value, pads[] = {0, before, 0, all - before - width};
        if (n > 1) v[i] = mx_op3(b, "Pad", v[i], mx_int64s(b, pads, 4), mx_scalar(b, elem, 0));
        before += width;
    }
    join(r, v, n, 0);
}

void mx_rule_cartesian_prod(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val v[MX_MAX_RANK], sizes[MX_MAX_RANK];
    size_t n = mx_need_items(r, 0, true, v, MX_MAX_RANK - 2);
    if (n == 1) {
        r->out[0] = v[0];
        return;
    }
    for (size_t i = 0; i < n; ++i)
        sizes[i] = mx_dim(b, v[i], 0);
    mx_val shape = n ? mx_concat(b, sizes, n, 0) : MX_NO_VAL;
    for (size_t i = 0; i < n && !mx_failed(b); ++i) {
        int64_t axes[MX_MAX_RANK];
        for (size_t k = 0; k + 1 < n; ++k)
            axes[k] = (int64_t)(k < i ? k : k + 1);
        mx_val wide = mx_expand(b, mx_unsqueeze(b, v[i], axes, n - 1), shape);
        v[i] = mx_reshape_to(b, wide, (const int64_t[]){-1, 1}, 2);
    }
    join(r, v, n, 1);
}

/* ---- splitting ---- */

/* Split into as many parts as the node has outputs, of the sizes that the program states; `exact` gives them where they
 * are not numbers. */
static void split(const mx_rule *r, mx_val v, int64_t axis, mx_val exact) {
    size_t n = r->node->n_outputs;
    int64_t sizes[MX_LIST_MAX];
    bool numbers = true;
    if (n > MX_LIST_MAX) mx_cannot(r->b, "a split into %zu tensors, at most %d are supported", n, MX_LIST_MAX);
    if (mx_failed(r->b)) return;
    for (size_t i = 0; i < n; ++i) {
        const mx_size *out = mx_out_sizes(r, i);
        mx_size size = out && axis < mx_out_rank(r, i) ? out[axis] : mx_size_unknown();
        numbers = numbers && mx_size_is_number(size);
        sizes[i] = size.value;
    }
    if (n == 1) {
        r->out[0] = v;
    } else if (numbers) {
        mx_split(r->b, v, axis, sizes, n, r->out);
    } else if (exact == MX_NO_VAL) {
        mx_cannot(r->b, "the sizes of the parts are not known");
    } else {
        mx_op_n(r->b, "Split", MX_IN(v, exact), MX_AT(mx_at_i("axis", axis)), r->out, n);
        for (size_t i = 0; i < n; ++i)
            mx_set_type(r->b, r->out[i], mx_elem_of(r->b, v), mx_out_rank(r, i), mx_out_sizes(r, i));
    }
}

/* n - 1 parts of one size, then the rest. */
static mx_val equal_parts(const mx_rule *r, mx_val v, int64_t axis, mx_val size) {
    mx_val parts[MX_LIST_MAX];
    size_t n = r->node->n_outputs;
    if (!n || n > MX_LIST_MAX || mx_failed(r->b)) return MX_NO_VAL;
    for (size_t i = 0; i + 1 < n; ++i)
        parts[i] = size;
    mx_val before = mx_op2(r->b, "Mul", size, mx_int64(r->b, (int64_t)n - 1));
    parts[n - 1] = mx_op2(r->b, "Sub", mx_dim(r->b, v, axis), before);
    return mx_concat(r->b, parts, n, 0);
}

void mx_rule_split(const mx_rule *r) { /* self, split_size, dim=0 */
    mx_val v = mx_arg(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 2), mx_need_rank(r, v));
    split(r, v, axis, equal_parts(r, v, axis, mx_arg_size(r, 1)));
}

void mx_rule_split_sizes(const mx_rule *r) { /* self, split_sizes, dim=0 */
    mx_val v = mx_arg(r, 0);
    split(r, v, mx_axis(r, mx_arg_int(r, 2), mx_need_rank(r, v)), mx_arg_sizes(r, 1));
}

void mx_rule_chunk(const mx_rule *r) { /* self, chunks, dim=0 */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 2), mx_need_rank(r, v)), chunks = mx_arg_int(r, 1);
    if (mx_failed(b)) return;
    mx_val size = mx_op2(b, "Div", mx_plus(b, mx_dim(b, v, axis), chunks - 1), mx_int64(b, chunks));
    split(r, v, axis, equal_parts(r, v, axis, size));
}

void mx_rule_tensor_split(const mx_rule *r) { /* self, sections or indices, dim=0 */
    mx_val v = mx_arg(r, 0);
    split(r, v, mx_axis(r, mx_arg_int(r, 2), mx_need_rank(r, v)), MX_NO_VAL);
}

void mx_rule_hsplit(const mx_rule *r) { /* self, sections or indices; along axis 0, 1 or 2 by the name */
    static const char before[] = "aten.";
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v);
    char kind = r->row->target[sizeof before - 1];
    split(r, v, kind == 'd' ? 2 : kind == 'h' && rank > 1, MX_NO_VAL);
}

void mx_rule_unbind(const mx_rule *r) { /* self, dim=0 */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_need_rank(r, v));
    for (size_t i = 0; i < r->node->n_outputs && !mx_failed(b); ++i) {
        if (!mx_output_used(r, i)) continue;
        bool only = mx_size_is(mx_size_of(b, v, (int)axis), 1);
        mx_val at = mx_scalar_int(b, MX_ELEM_INT64, (int64_t)i);
        r->out[i] = only ? mx_squeeze1(b, v, axis) : mx_gather(b, v, at, axis);
    }
}
