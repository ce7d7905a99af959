#include "torch_io/lower_move.h"

int mx_need_rank(const mx_rule *r, mx_val v) {
    if (mx_failed(r->b)) return 0;
    int rank = mx_rank_of(r->b, v);
    if (rank < 0) mx_cannot(r->b, "the rank of an input is not known");
    if (rank > MX_MAX_RANK - 2) mx_cannot(r->b, "tensors of rank %d are not supported", rank);
    return mx_failed(r->b) ? 0 : rank;
}

/* As the type of output 0; rounded, where that is bfloat16 and the tensor is something else. */
static mx_val promoted(const mx_rule *r, size_t i, size_t k, mx_val v) {
    const mx_parg *list = &r->node->args[i];
    mx_val out = mx_cast(r->b, v, mx_out_elem(r, 0));
    if (list->kind != MX_ARG_VALUES || list->values[k] == MX_NONE || r->node->outputs[0] == MX_NONE) return out;
    bool rounds = r->p->values[r->node->outputs[0]].elem == MX_ELEM_BFLOAT16;
    bool is_other = r->p->values[list->values[k]].elem != MX_ELEM_BFLOAT16;
    return rounds && is_other ? mx_round_to(r->b, out, MX_ELEM_BFLOAT16) : out;
}

size_t mx_need_items(const mx_rule *r, size_t i, bool cast, mx_val *out, size_t max) {
    size_t n = mx_arg_count(r, i);
    if (n > max) mx_cannot(r->b, "a list of %zu tensors is not supported, at most %zu are", n, max);
    for (size_t k = 0; k < n && !mx_failed(r->b); ++k) {
        out[k] = mx_arg_item(r, i, k);
        if (cast) out[k] = promoted(r, i, k, out[k]);
    }
    return mx_failed(r->b) ? 0 : n;
}

bool mx_same_sizes(const mx_build *b, mx_val v, const mx_size *sizes, int rank) {
    if (!sizes || mx_rank_of(b, v) != rank) return false;
    for (int k = 0; k < rank; ++k) {
        if (!mx_size_equal(mx_size_of(b, v, k), sizes[k])) return false;
    }
    return true;
}

bool mx_same_shape(const mx_build *b, mx_val v, mx_val w) {
    int rank = mx_rank_of(b, v);
    if (rank < 0 || mx_rank_of(b, w) != rank) return false;
    for (int k = 0; k < rank; ++k) {
        if (!mx_size_equal(mx_size_of(b, v, k), mx_size_of(b, w, k))) return false;
    }
    return true;
}

/* ---- views ---- */

/* Replace sizes that stand where they stood by 0, which is ONNX's copy, until one unknown is left at most. */
static bool copy_sizes(const mx_build *b, mx_val v, const mx_size *sizes, int rank, int64_t *to) {
    int left = 0;
    for (int k = 0; k < rank; ++k) {
        if (mx_size_is_number(sizes[k])) {
            if (!sizes[k].value) return false; /* a size of 0 and a copy cannot both be said */
        } else if (k < mx_rank_of(b, v) && mx_size_equal(sizes[k], mx_size_of(b, v, k))) {
            to[k] = 0;
        } else {
            ++left;
        }
    }
    return left <= 1;
}

/* Whether the sizes can be worked with: no error until now, they or `exact` are known, and they are not too many. */
static bool sizes_fit(mx_build *b, const mx_size *sizes, int rank, mx_val exact) {
    if (!sizes && exact == MX_NO_VAL) mx_cannot(b, "the sizes of the result are not known");
    if (sizes && (rank < 0 || rank > MX_MAX_RANK)) mx_cannot(b, "tensors of rank %d are not supported", rank);
    return !mx_failed(b);
}

mx_val mx_view_sizes(const mx_rule *r, mx_val v, const mx_size *sizes, int rank, mx_val exact) {
    mx_build *b = r->b;
    if (!sizes_fit(b, sizes, rank, exact) || mx_same_sizes(b, v, sizes, rank)) return v;
    if (!sizes && exact != MX_NO_VAL) return mx_reshape(b, v, exact);
    int64_t to[MX_MAX_RANK];
    int unknown = 0;
    bool empty = false;
    for (int k = 0; sizes && k < rank; ++k) {
        bool number = mx_size_is_number(sizes[k]);
        to[k] = number ? sizes[k].value : -1;
        unknown += !number;
        empty |= number && !sizes[k].value;
    }
    if (sizes && (!unknown || (unknown == 1 && !empty))) return mx_reshape_to(b, v, to, (size_t)rank);
    if (sizes && copy_sizes(b, v, sizes, rank, to)) {
        mx_val out = mx_op2(b, "Reshape", v, mx_int64s(b, to, (size_t)rank));
        mx_set_type(b, out, mx_elem_of(b, v), rank, sizes);
        return out;
    }
    if (exact == MX_NO_VAL) mx_cannot(b, "the sizes of the result are not known");
    return mx_reshape(b, v, exact);
}

mx_val mx_view_out(const mx_rule *r, mx_val v, size_t output, mx_val exact) {
    if (exact == MX_NO_VAL) exact = mx_out_shape(r, output);
    return mx_view_sizes(r, v, mx_out_sizes(r, output), mx_out_rank(r, output), exact);
}

mx_val mx_in_line(mx_build *b, mx_val v) {
    if (mx_rank_of(b, v) == 1) return v;
    return mx_reshape_to(b, v, (const int64_t[]){-1}, 1);
}

mx_val mx_at_least_1d(mx_build *b, mx_val v) {
    return mx_rank_of(b, v) == 0 ? mx_unsqueeze1(b, v, 0) : v;
}

mx_val mx_lead(mx_build *b, mx_val v, int rank) {
    int have = mx_rank_of(b, v);
    if (rank > MX_MAX_RANK - 2) mx_cannot(b, "tensors of rank %d are not supported", rank);
    if (mx_failed(b) || have < 0 || have >= rank) return v;
    int64_t axes[MX_MAX_RANK];
    for (int k = 0; k < rank - have; ++k)
        axes[k] = k;
    return mx_unsqueeze(b, v, axes, (size_t)(rank - have));
}

/* ---- broadcasting ---- */

mx_val mx_stretch(const mx_rule *r, mx_val v, const mx_size *sizes, int rank, mx_val exact) {
    mx_build *b = r->b;
    if (!sizes_fit(b, sizes, rank, exact) || mx_same_sizes(b, v, sizes, rank)) return v;
    if (!sizes) return mx_expand(b, v, exact);
    int lead = rank - mx_rank_of(b, v);
    int64_t to[MX_MAX_RANK];
    for (int k = 0; k < rank; ++k) {
        bool stays = k >= lead && mx_size_equal(mx_size_of(b, v, k - lead), sizes[k]);
        if (!stays && !mx_size_is_number(sizes[k])) {
            if (exact == MX_NO_VAL) mx_cannot(b, "the sizes of the result are not known");
            return mx_expand(b, v, exact);
        }
        to[k] = stays ? 1 : sizes[k].value;
    }
    mx_val out = mx_expand(b, v, mx_int64s(b, to, (size_t)rank));
    mx_set_type(b, out, mx_elem_of(b, v), rank, sizes);
    return out;
}

mx_val mx_stretch_like(const mx_rule *r, mx_val v, mx_val like) {
    mx_build *b = r->b;
    int rank = mx_rank_of(b, like);
    mx_size sizes[MX_MAX_RANK];
    if (mx_failed(b) || mx_same_shape(b, v, like)) return v;
    for (int k = 0; k < rank; ++k)
        sizes[k] = mx_size_of(b, like, k);
    return mx_stretch(r, v, rank < 0 ? NULL : sizes, rank, mx_shape(b, like));
}

/* One size of a broadcast: what is not 1 wins; two symbolic ones that differ are equal at run time. */
static mx_size wider(mx_size a, mx_size b) {
    if (mx_size_is(a, 1)) return b;
    if (mx_size_is(b, 1) || mx_size_is_number(a)) return a;
    return mx_size_is_number(b) ? b : a;
}

int mx_broadcast_sizes(const mx_build *b, const mx_val *v, size_t n, mx_size *out) {
    int rank = 0;
    for (size_t i = 0; i < n; ++i) {
        if (mx_rank_of(b, v[i]) > rank) rank = mx_rank_of(b, v[i]);
    }
    for (int k = 0; k < rank; ++k)
        out[k] = (mx_size){.value = 1};
    for (size_t i = 0; i < n; ++i) {
        int have = mx_rank_of(b, v[i]), lead = rank - have;
        for (int k = 0; k < have; ++k)
            out[lead + k] = wider(out[lead + k], mx_size_of(b, v[i], k));
    }
    return rank;
}

/* ---- types ---- */

mx_val mx_as_bool(mx_build *b, mx_val v) {
    return mx_cast(b, v, MX_ELEM_BOOL);
}

int32_t mx_work_elem(int32_t elem) {
    switch (elem) {
    case MX_ELEM_BOOL:
    case MX_ELEM_UINT8:
    case MX_ELEM_INT8:
    case MX_ELEM_INT16: return MX_ELEM_INT32;
    default: return elem;
    }
}

/* ---- numbers ---- */

mx_val mx_iota(mx_build *b, mx_val n) {
    return mx_range(b, mx_scalar_int(b, MX_ELEM_INT64, 0), mx_as_scalar(b, n), mx_scalar_int(b, MX_ELEM_INT64, 1));
}

mx_val mx_plus(mx_build *b, mx_val v, int64_t n) {
    return n ? mx_op2(b, "Add", v, mx_int64(b, n)) : v;
}

mx_val mx_cut(mx_build *b, mx_val v, int64_t axis, int64_t start, int64_t end, int64_t step) {
    mx_size size = mx_size_of(b, v, (int)axis);
    bool to_end = end == MX_TO_END || (mx_size_is_number(size) && end >= size.value);
    if (!start && to_end && step == 1) return v;
    return mx_slice_const(b, v, axis, start, end, step);
}

mx_val mx_diagonal_mask(mx_build *b, mx_val rows, mx_val columns, int64_t offset) {
    mx_val row = mx_unsqueeze1(b, mx_plus(b, mx_iota(b, rows), offset), 1);
    return mx_op2(b, "Equal", row, mx_iota(b, columns));
}

void mx_move_axes(int rank, const int64_t *from, const int64_t *to, size_t n, int64_t *perm) {
    bool taken[MX_MAX_RANK] = {false};
    for (int k = 0; k < rank; ++k)
        perm[k] = -1;
    for (size_t i = 0; i < n; ++i) {
        perm[to[i]] = from[i];
        taken[from[i]] = true;
    }
    int next = 0;
    for (int k = 0; k < rank; ++k) {
        if (perm[k] >= 0) continue;
        while (next < MX_MAX_RANK && taken[next])
            ++next;
        perm[k] = next++;
    }
}

mx_val mx_transpose_back(mx_build *b, mx_val v, const int64_t *perm, size_t n) {
    int64_t back[MX_MAX_RANK];
    for (size_t k = 0; k < n; ++k)
        back[perm[k]] = (int64_t)k;
    return mx_transpose(b, v, back, n);
}
