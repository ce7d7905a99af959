/* Which operators are folded, and the frame around the rules. */
#include "torch_io/build_fold.h"

static const struct fold_row {
    const char *op;
    mx_fold_rule *rule;
    uint32_t weights; /* also of weights up to so many bytes, which are read for that */
} rows[] = {
    {"Abs", mx_fold_unary, MX_BUILD_SMALL_WEIGHT},
    {"Add", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"And", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Cast", mx_fold_cast, MX_BUILD_SMALL_WEIGHT},
    {"Ceil", mx_fold_unary, MX_BUILD_SMALL_WEIGHT},
    {"Concat", mx_fold_concat, MX_BUILD_LOADED},
    {"Div", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Equal", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Expand", mx_fold_expand, 0},
    {"Floor", mx_fold_unary, MX_BUILD_SMALL_WEIGHT},
    {"Gather", mx_fold_gather, 0},
    {"Greater", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"GreaterOrEqual", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Identity", mx_fold_same, 0},
    {"Less", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"LessOrEqual", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Max", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Min", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Mod", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Mul", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Neg", mx_fold_unary, MX_BUILD_SMALL_WEIGHT},
    {"Not", mx_fold_unary, MX_BUILD_SMALL_WEIGHT},
    {"Or", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Range", mx_fold_range, 0},
    {"Reciprocal", mx_fold_unary, MX_BUILD_SMALL_WEIGHT},
    {"ReduceMax", mx_fold_reduce, 0},
    {"ReduceMin", mx_fold_reduce, 0},
    {"ReduceProd", mx_fold_reduce, 0},
    {"ReduceSum", mx_fold_reduce, 0},
    {"Reshape", mx_fold_reshape, 0},
    {"Sign", mx_fold_unary, MX_BUILD_SMALL_WEIGHT},
    {"Slice", mx_fold_slice, MX_BUILD_LOADED},
    {"Sqrt", mx_fold_unary, MX_BUILD_SMALL_WEIGHT},
    {"Squeeze", mx_fold_squeeze, 0},
    {"Sub", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
    {"Transpose", mx_fold_transpose, 0},
    {"Unsqueeze", mx_fold_unsqueeze, 0},
    {"Where", mx_fold_where, 0},
    {"Xor", mx_fold_binary, MX_BUILD_SMALL_WEIGHT},
};

/* ---- sizes ---- */

size_t mx_const_dims(const mx_bvalue *c, int64_t *dims) {
    size_t n = 1;
    for (int i = 0; i < c->rank && i < MX_MAX_RANK; i++) {
        dims[i] = c->sizes[i].value;
        n *= (size_t)dims[i];
    }
    return n;
}

bool mx_fold_axis(int64_t axis, int rank, int *out) {
    if (axis < 0) axis += rank;
    *out = (int)axis;
    return axis >= 0 && axis < rank;
}

bool mx_fold_result(mx_folding *f, int32_t elem, int rank, const int64_t *dims) {
    size_t n = 1, size = mx_elem_size(elem), bytes;
    if (rank > MX_MAX_RANK || size == 0) return false;
    for (int i = 0; i < rank; i++)
        if (dims[i] < 0 || __builtin_mul_overflow(n, (size_t)dims[i], &n)) return false;
    if (__builtin_mul_overflow(n, size, &bytes)) return false;
    if (bytes > MX_BUILD_FOLDED && bytes > f->in_bytes) return false;
    f->out = (mx_fconst){.elem = elem, .rank = rank, .n = n, .size = size, .given = true};
    for (int i = 0; i < rank; i++)
        f->out.dims[i] = dims[i];
    f->out.room = mx_build_memory(f->b, n, size);
    if (f->out.room) memset(f->out.room, 0, bytes);
    f->out.bytes = f->out.room;
    return f->out.room != NULL;
}

bool mx_fold_broadcast(const mx_fconst *a, int rank, const int64_t *dims, int64_t *out, int *out_rank) {
    *out_rank = a->rank > rank ? a->rank : rank;
    for (int i = 0; i < *out_rank; i++) {
        int of_a = i - (*out_rank - a->rank), of_b = i - (*out_rank - rank);
        int64_t x = of_a < 0 ? 1 : a->dims[of_a], y = of_b < 0 ? 1 : dims[of_b];
        if (x != y && x != 1 && y != 1) return false;
        out[i] = x == 1 ? y : x;
    }
    return true;
}

void mx_fold_walk(mx_fwalk *w, const mx_fconst *c, int rank, const int64_t *dims) {
    int64_t step = 1;
    *w = (mx_fwalk){.rank = rank, .dims = dims};
    for (int i = c->rank; i-- > 0; step *= c->dims[i])
        w->steps[i + rank - c->rank] = c->dims[i] == 1 ? 0 : step;
}

void mx_fold_step(mx_fwalk *w) {
    for (int i = w->rank; i-- > 0;) {
        w->element += (size_t)w->steps[i];
        if (++w->at[i] < w->dims[i]) return;
        w->element -= (size_t)(w->steps[i] * w->dims[i]);
        w->at[i] = 0;
    }
}

/* ---- the frame ---- */

/* Sizes beside a 0 are no elements, but steps are computed with them. */
static bool is_countable(const mx_fconst *k) {
    int64_t n = 1;
    for (int i = 0; i < k->rank; i++)
        if (k->dims[i] > 0 && (__builtin_mul_overflow(n, k->dims[i], &n) || n > INT32_MAX)) return false;
    return true;
}

static bool take_inputs(mx_folding *f) {
    for (size_t i = 0; i < f->n_in; i++) {
        mx_val v = f->ask->in[i];
        const mx_bvalue *c = mx_build_const(f->b, v);
        f->in[i] = (mx_fconst){0};
        if (v == MX_NO_VAL) continue;
        mx_fconst *k = &f->in[i];
        k->given = true;
        k->elem = c->elem;
        k->rank = c->rank;
        k->n = mx_const_dims(c, k->dims);
        k->size = mx_elem_size(c->elem);
        k->bytes = c->bytes;
        f->in_bytes += c->n_bytes;
        if (k->size == 0 || !is_countable(k)) return false;
    }
    return true;
}

static bool is_known(const mx_build *b, const struct fold_row *row, mx_val v) {
    return v == MX_NO_VAL || mx_build_const(b, v) || mx_build_can_load(b, v, row->weights);
}

bool mx_build_fold(mx_build *b, const mx_ask *ask, mx_val *out) {
    const struct fold_row *row = b->status == MX_OK && ask->n_in > 0 ? MX_BUILD_ROW(rows, ask->op) : NULL;
    if (!row || ask->in[0] == MX_NO_VAL) return false;
    for (size_t i = 0; i < ask->n_in; i++)
        if (!is_known(b, row, ask->in[i])) return false;
    for (size_t i = 0; i < ask->n_in; i++)
        if (ask->in[i] != MX_NO_VAL) mx_build_load(b, ask->in[i]);
    mx_folding f = {.b = b, .ask = ask, .n_in = ask->n_in};
    f.in = mx_build_memory(b, f.n_in, sizeof *f.in);
    if (!f.in || !take_inputs(&f) || !row->rule(&f) || b->status != MX_OK) return false;
    *out = mx_constant(b, f.out.elem, f.out.dims, (size_t)f.out.rank, f.out.bytes, f.out.n * f.out.size);
    return true;
}
