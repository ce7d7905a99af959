/* Simplifying operators that move elements and sizes. */
#include "torch_io/build_simplify.h"

/* ---- Squeeze, Unsqueeze, Flatten: as Reshape where that shortens a chain ---- */

static bool marks(const mx_build *b, const mx_ask *ask, int rank, bool *marked) {
    int64_t axes[MX_MAX_RANK];
    size_t n;
    if (ask->n_in < 2 || rank < 0 || rank > MX_MAX_RANK || !mx_const_ints(b, ask->in[1], axes, MX_MAX_RANK, &n))
        return false;
    for (size_t i = 0; i < n; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < 0 || axis >= rank) return false;
        marked[axis] = true;
    }
    return true;
}

static bool is_reshaped(const mx_build *b, mx_val v) {
    return mx_build_made_by(b, v, "Reshape") || mx_build_made_by(b, v, "Squeeze") ||
           mx_build_made_by(b, v, "Unsqueeze") || mx_build_made_by(b, v, "Flatten");
}

static bool reshape_instead(mx_build *b, mx_val v, const mx_size *sizes, int rank, mx_val *out) {
    if (!is_reshaped(b, v)) return false;
    return mx_build_reshape_to(b, v, sizes, (size_t)rank, out);
}

bool mx_simplify_squeeze(mx_build *b, const mx_ask *ask, mx_val *out) {
    mx_size sizes[MX_MAX_RANK];
    bool marked[MX_MAX_RANK] = {false};
    int rank = mx_rank_of(b, ask->in[0]), n = 0;
    if (!marks(b, ask, rank, marked)) return false;
    for (int i = 0; i < rank; i++)
        if (!marked[i]) sizes[n++] = mx_size_of(b, ask->in[0], i);
    return reshape_instead(b, ask->in[0], sizes, n, out);
}

bool mx_simplify_unsqueeze(mx_build *b, const mx_ask *ask, mx_val *out) {
    mx_size sizes[MX_MAX_RANK];
    bool marked[MX_MAX_RANK] = {false};
    int rank = mx_rank_of(b, ask->in[0]);
    int64_t more = ask->n_in == 2 ? mx_numel_of(b, ask->in[1]) : -1;
    if (rank < 0 || more < 0 || rank + more > MX_MAX_RANK || !marks(b, ask, rank + (int)more, marked)) return false;
    for (int i = 0, from = 0; i < rank + more; i++)
        sizes[i] = marked[i] ? mx_size_number(1) : mx_size_of(b, ask->in[0], from++);
    return reshape_instead(b, ask->in[0], sizes, rank + (int)more, out);
}

bool mx_simplify_flatten(mx_build *b, const mx_ask *ask, mx_val *out) {
    bool plain = mx_build_int(ask->at, ask->n_at, "axis", 1) == 1 && mx_rank_of(b, ask->in[0]) == 2;
    *out = ask->in[0];
    return plain;
}

/* ---- Transpose ---- */

bool mx_simplify_transpose(mx_build *b, const mx_ask *ask, mx_val *out) {
    const mx_at *perm = mx_build_find(ask->at, ask->n_at, "perm");
    bool idle = perm != NULL;
    for (size_t i = 0; perm && i < perm->n; i++)
        idle = idle && perm->ints[i] == (int64_t)i;
    if (idle) {
        *out = ask->in[0];
        return true;
    }
    const mx_bop *before = mx_build_made_by(b, ask->in[0], "Transpose");
    const mx_at *first = before ? mx_build_find(before->at, before->n_at, "perm") : NULL;
    if (!perm || !first || first->n != perm->n || perm->n > MX_MAX_RANK) return false;
    int64_t both[MX_MAX_RANK];
    for (size_t i = 0; i < perm->n; i++) {
        if (perm->ints[i] < 0 || perm->ints[i] >= (int64_t)perm->n) return false;
        both[i] = first->ints[perm->ints[i]];
    }
    *out = mx_op(b, "Transpose", &before->in[0], 1, MX_AT(mx_at_is("perm", both, perm->n)));
    return true;
}

/* ---- Expand ---- */

/* The list of sizes with 1 where the tensor has the wanted size already; false: not all others are numbers. */
static bool expand_list(const mx_build *b, mx_val v, const mx_size *items, size_t n, int64_t *list, bool *idle) {
    int rank = mx_rank_of(b, v);
    *idle = rank >= (int)n;
    for (size_t i = 0; i < n; i++) {
        int axis = (int)i + rank - (int)n;
        mx_size has = axis < 0 ? mx_size_unknown() : mx_size_of(b, v, axis);
        bool kept = mx_size_equal(has, items[i]) || mx_size_is(items[i], 1);
        if (!kept) *idle = false;
        if (!kept && !mx_size_is_number(items[i])) return false;
        list[i] = mx_size_is_number(items[i]) ? items[i].value : 1;
    }
    return true;
}

bool mx_simplify_expand(mx_build *b, const mx_ask *ask, mx_val *out) {
    mx_size items[MX_MAX_RANK];
    int64_t list[MX_MAX_RANK];
    size_t n;
    bool idle;
    if (ask->n_in != 2 || mx_rank_of(b, ask->in[0]) < 0) return false;
    if (!mx_build_items(b, ask->in[1], items, MX_MAX_RANK, &n)) return false;
    if (!expand_list(b, ask->in[0], items, n, list, &idle)) return false;
    *out = ask->in[0];
    if (idle) return true;
    if (mx_build_const(b, ask->in[1])) return false;
    *out = mx_op2(b, "Expand", ask->in[0], mx_int64s(b, list, n));
    mx_set_type(b, *out, mx_elem_of(b, ask->in[0]), mx_rank_of(b, *out), NULL);
    return true;
}

/* ---- MatMul: which repeats its matrices itself ---- */

/* The tensor that `v` repeats along axes in front of its matrices, where MatMul with `other` repeats it just so. */
static mx_val repeated(const mx_build *b, mx_val v, mx_val other) {
    const mx_bop *expand = mx_build_made_by(b, v, "Expand");
    int rank = mx_rank_of(b, v), had = expand ? mx_rank_of(b, expand->in[0]) : -1;
    if (had < 2 || rank < had || mx_rank_of(b, other) < rank) return v;
    for (int axis = -rank; axis < 0; axis++) {
        mx_size wanted = axis < -2 ? mx_size_of(b, other, axis) : mx_size_of(b, expand->in[0], axis);
        if (!mx_size_equal(mx_size_of(b, v, axis), wanted)) return v;
    }
    return expand->in[0];
}

bool mx_simplify_matmul(mx_build *b, const mx_ask *ask, mx_val *out) {
    if (ask->n_in != 2 || ask->in[1] == MX_NO_VAL) return false;
    mx_val x = repeated(b, ask->in[0], ask->in[1]), y = repeated(b, ask->in[1], x);
    if (x == ask->in[0] && y == ask->in[1]) return false;
    *out = mx_op2(b, "MatMul", x, y);
    return true;
}

/* ---- sizes: Shape, and parts of it ---- */

typedef struct part { /* the sizes of `of` from start to end */
    mx_val of;
    int64_t start, end;
} part;

static bool shape_part(const mx_build *b, mx_val v, part *p) {
    const mx_bop *o = mx_build_made_by(b, v, "Shape");
    if (!o) return false;
    int rank = mx_rank_of(b, o->in[0]);
    *p = (part){o->in[0], mx_build_int(o->at, o->n_at, "start", 0), mx_build_int(o->at, o->n_at, "end", rank)};
    return rank >= 0 && p->start >= 0 && p->end <= rank && p->start <= p->end;
}

/* Also Gather with one index behind the other, which is what opset 14 has for it. */
static bool size_part(const mx_build *b, mx_val v, part *p) {
    int64_t at[MX_MAX_RANK];
    size_t n;
    if (shape_part(b, v, p)) return true;
    const mx_bop *o = mx_build_made_by(b, v, "Gather");
    if (!o || !shape_part(b, o->in[0], p) || mx_rank_of(b, o->in[1]) != 1) return false;
    if (!mx_const_ints(b, o->in[1], at, MX_MAX_RANK, &n) || n == 0) return false;
    for (size_t i = 0; i < n; i++)
        if (at[i] < 0 || at[i] != at[0] + (int64_t)i) return false;
    p->end = p->start + at[0] + (int64_t)n;
    p->start += at[0];
    return true;
}

static mx_val emit_part(mx_build *b, const part *p) {
    int64_t list[MX_MAX_RANK];
    size_t n = (size_t)(p->end - p->start);
    int rank = mx_rank_of(b, p->of);
    mx_at at[2] = {mx_at_i("start", p->start), mx_at_i("end", p->end)};
    bool all = p->start == 0 && p->end == rank;
    if (all || b->opset >= 15) {
        mx_at *first = p->start == 0 ? at + 1 : at;
        size_t n_at = all ? 0 : (size_t)(p->start != 0) + (p->end != rank);
        return mx_build_emit1(b, &(mx_ask){"Shape", &p->of, first, 1, n_at});
    }
    for (size_t i = 0; i < n; i++)
        list[i] = p->start + (int64_t)i;
    mx_val in[2] = {mx_build_emit1(b, &(mx_ask){"Shape", &p->of, NULL, 1, 0}), mx_int64s(b, list, n)};
    return mx_build_emit1(b, &(mx_ask){"Gather", in, NULL, 2, 0});
}

bool mx_simplify_shape(mx_build *b, const mx_ask *ask, mx_val *out) {
    int rank = mx_rank_of(b, ask->in[0]);
    int64_t start = mx_build_int(ask->at, ask->n_at, "start", 0), end = mx_build_int(ask->at, ask->n_at, "end", rank);
    int64_t list[MX_MAX_RANK];
    if (rank < 0) return false;
    if (start < 0) start += rank;
    if (end < 0) end += rank;
    start = start < 0 ? 0 : start > rank ? rank : start;
    end = end < start ? start : end > rank ? rank : end;
    for (int64_t i = start; i < end; i++) {
        mx_size s = mx_size_of(b, ask->in[0], (int)i);
        if (!mx_size_is_number(s)) {
            *out = mx_build_settle(b, emit_part(b, &(part){ask->in[0], start, end}));
            return true;
        }
        list[i - start] = s.value;
    }
    *out = mx_int64s(b, list, (size_t)(end - start));
    return true;
}

/* Gather of one index, or of several in a row, from sizes. */
bool mx_simplify_gather(mx_build *b, const mx_ask *ask, mx_val *out) {
    part p;
    int64_t at[MX_MAX_RANK];
    size_t n;
    if (ask->n_in != 2 || b->opset < 15 || !shape_part(b, ask->in[0], &p)) return false;
    if (mx_rank_of(b, ask->in[1]) != 1 || !mx_const_ints(b, ask->in[1], at, MX_MAX_RANK, &n) || n == 0) return false;
    int64_t length = p.end - p.start, first = at[0] < 0 ? at[0] + length : at[0];
    for (size_t i = 0; i < n; i++)
        if ((at[i] < 0 ? at[i] + length : at[i]) != first + (int64_t)i) return false;
    if (first < 0 || first + (int64_t)n > length) return false;
    *out = mx_build_settle(b, emit_part(b, &(part){p.of, p.start + first, p.start + first + (int64_t)n}));
    return true;
}

/* ---- Slice ---- */

static bool one_number(const mx_build *b, mx_val v, int64_t *out) {
    size_t n;
    return mx_const_ints(b, v, out, 1, &n) && n == 1;
}

/* From the beginning to the end, or beyond. */
static bool takes_all(const mx_build *b, const mx_ask *ask, int axis, int64_t start) {
    mx_size size = mx_size_of(b, ask->in[0], axis), end;
    size_t n;
    int64_t last;
    if (start != 0 && !(mx_size_is_number(size) && start <= -size.value)) return false;
    if (one_number(b, ask->in[2], &last)) return last >= INT32_MAX || (mx_size_is_number(size) && last >= size.value);
    return mx_build_items(b, ask->in[2], &end, 1, &n) && n == 1 && mx_size_equal(end, size);
}

bool mx_simplify_slice(mx_build *b, const mx_ask *ask, mx_val *out) {
    int64_t axis, start, end, step = 1;
    int rank = mx_rank_of(b, ask->in[0]);
    part p;
    if (ask->n_in < 4 || rank < 0 || !one_number(b, ask->in[3], &axis) || !one_number(b, ask->in[1], &start))
        return false;
    if (ask->n_in > 4 && ask->in[4] != MX_NO_VAL && !one_number(b, ask->in[4], &step)) return false;
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank || step != 1) return false;
    *out = ask->in[0];
    if (takes_all(b, ask, (int)axis, start)) return true;
    if (b->opset < 15 || !shape_part(b, ask->in[0], &p) || !one_number(b, ask->in[2], &end)) return false;
    int64_t length = p.end - p.start;
    if (start < 0) start += length;
    if (end < 0) end += length;
    start = start < 0 ? 0 : start > length ? length : start;
    end = end < start ? start : end > length ? length : end;
    *out = mx_op(b, "Shape", &p.of, 1, MX_AT(mx_at_i("start", p.start + start), mx_at_i("end", p.start + end)));
    return true;
}

/* ---- Concat ---- */

/* A list of sizes: what comes from one tensor's sizes in a row is taken at once, numbers in a row are one constant. */
typedef struct pieces {
    mx_val *items;
    size_t n;
} pieces;

/* Numbers that are the sizes of a tensor from `at` on. */
static bool are_sizes(const mx_build *b, mx_val numbers, mx_val of, int64_t at, size_t *n) {
    int64_t list[MX_MAX_RANK];
    if (!mx_const_ints(b, numbers, list, MX_MAX_RANK, n) || at < 0) return false;
    for (size_t i = 0; i < *n; i++)
        if (!mx_size_is(mx_size_of(b, of, (int)(at + (int64_t)i)), list[i])) return false;
    return at + (int64_t)*n <= mx_rank_of(b, of);
}

/* A part of the sizes, and numbers that are the sizes before or behind it. */
static bool join_numbers(const mx_build *b, mx_val x, mx_val y, part *p) {
    size_t n;
    if (size_part(b, x, p) && are_sizes(b, y, p->of, p->end, &n)) {
        p->end += (int64_t)n;
        return true;
    }
    if (!size_part(b, y, p) || mx_numel_of(b, x) < 0 || !are_sizes(b, x, p->of, p->start - mx_numel_of(b, x), &n))
        return false;
    p->start -= (int64_t)n;
    return true;
}

static mx_val join_two(mx_build *b, mx_val x, mx_val y) {
    part p, q;
    bool numbers = mx_build_const(b, x) && mx_build_const(b, y);
    mx_val in[2] = {x, y}, out = MX_NO_VAL;
    mx_at at = mx_at_i("axis", 0);
    if (numbers) return mx_build_fold(b, &(mx_ask){"Concat", in, &at, 2, 1}, &out) ? out : MX_NO_VAL;
    if (join_numbers(b, x, y, &p)) return emit_part(b, &p);
    if (!size_part(b, x, &p) || !size_part(b, y, &q) || p.of != q.of || p.end != q.start) return MX_NO_VAL;
    return emit_part(b, &(part){p.of, p.start, q.end});
}

static void add_piece(mx_build *b, pieces *to, mx_val v) {
    mx_val joined = to->n > 0 ? join_two(b, to->items[to->n - 1], v) : MX_NO_VAL;
    if (mx_numel_of(b, v) == 0) return;
    if (joined != MX_NO_VAL)
        to->items[to->n - 1] = joined;
    else
        to->items[to->n++] = v;
}

static bool concat_sizes(mx_build *b, const mx_ask *ask, mx_val *out) {
    pieces joined = {mx_build_memory(b, ask->n_in, sizeof(mx_val)), 0};
    mx_at at = mx_at_i("axis", 0);
    for (size_t i = 0; i < ask->n_in && joined.items && b->status == MX_OK; i++)
        add_piece(b, &joined, ask->in[i]);
    if (!joined.items || joined.n == ask->n_in || joined.n == 0) return false;
    mx_ask shorter = {"Concat", joined.items, &at, joined.n, 1};
    *out = joined.n == 1 ? joined.items[0] : mx_build_settle(b, mx_build_emit1(b, &shorter));
    return true;
}

/* Pieces without elements add nothing, where another one is left. */
static bool leave_out_empty(mx_build *b, const mx_ask *ask, int64_t axis, mx_val *out) {
    size_t n = 0;
    mx_val *left = mx_build_memory(b, ask->n_in, sizeof *left);
    for (size_t i = 0; left && i < ask->n_in; i++) {
        bool empty = mx_rank_of(b, ask->in[i]) > 0 && mx_size_is(mx_size_of(b, ask->in[i], (int)axis), 0);
        if (!empty) left[n++] = ask->in[i];
    }
    if (!left || n == ask->n_in || n == 0) return false;
    *out = mx_op(b, "Concat", left, n, ask->at, ask->n_at);
    return true;
}

bool mx_simplify_concat(mx_build *b, const mx_ask *ask, mx_val *out) {
    bool sizes = true;
    *out = ask->in[0];
    if (ask->n_in == 1) return true;
    if (leave_out_empty(b, ask, mx_build_int(ask->at, ask->n_at, "axis", 0), out)) return true;
    for (size_t i = 0; i < ask->n_in; i++)
        sizes = sizes && mx_rank_of(b, ask->in[i]) == 1 && mx_elem_of(b, ask->in[i]) == MX_ELEM_INT64;
    return sizes && concat_sizes(b, ask, out);
}
