/* What can only be seen at the end, when it is known who uses what: a product between two Reshapes, as programs that
 * were taken apart have it, is one of the tensors as they were. */
#include "torch_io/build_internal.h"

typedef struct finish {
    mx_build *b;
    uint8_t *need_op, *need_value;
    uint32_t *uses; /* by value */
} finish;

static void count(finish *f, const mx_val *values, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        f->uses[values[i]]++;
}

static void count_uses(finish *f) {
    const mx_build *b = f->b;
    mx_build_needed(b, f->need_op, f->need_value);
    memset(f->uses, 0, b->n_values * sizeof *f->uses);
    for (size_t i = 0; i < b->n_ops; i++)
        if (f->need_op[i]) count(f, b->ops[i].in, b->ops[i].n_in);
    for (size_t i = 0; i < b->n_bodies; i++)
        count(f, b->bodies[i].outputs, b->bodies[i].n_outputs);
}

/* What a value was before the Reshape that makes it; MX_NO_VAL: it is made by none. */
static mx_val before_reshape(const mx_build *b, mx_val v) {
    const mx_bop *o = mx_build_made_by(b, v, "Reshape");
    return o ? o->in[0] : MX_NO_VAL;
}

/* The sizes of x from `from` to `to` are those of y, counted from y's `at` on. */
static bool equal_sizes(const mx_build *b, mx_val x, int from, int to, mx_val y, int at) {
    for (int i = from; i < to; i++)
        if (!mx_size_equal(mx_size_of(b, x, i), mx_size_of(b, y, at + i - from))) return false;
    return true;
}

/* Rows times a matrix: [..., k] became [p, k], times [k, n], and [p, n] becomes [..., n]. */
static bool is_rows(const mx_build *b, mx_val x, const mx_bop *product, mx_val out) {
    int rank = mx_rank_of(b, x);
    if (rank < 2 || mx_rank_of(b, product->in[0]) != 2 || mx_rank_of(b, product->in[1]) != 2) return false;
    return mx_rank_of(b, out) == rank && equal_sizes(b, x, 0, rank - 1, out, 0) &&
           equal_sizes(b, x, rank - 1, rank, product->in[0], 1) &&
           equal_sizes(b, out, rank - 1, rank, product->out[0], 1);
}

/* Stacks of matrices: [..., m, k] and [..., k, n] became [p, m, k] and [p, k, n], and [p, m, n] becomes [..., m, n]. */
static bool is_stack(const mx_build *b, mx_val x, mx_val y, const mx_bop *product, mx_val out) {
    int rank = mx_rank_of(b, x), last = rank - 2;
    if (rank < 3 || mx_rank_of(b, y) != rank || mx_rank_of(b, out) != rank) return false;
    if (mx_rank_of(b, product->in[0]) != 3 || mx_rank_of(b, product->in[1]) != 3) return false;
    return equal_sizes(b, x, 0, last, y, 0) && equal_sizes(b, x, 0, last, out, 0) &&
           equal_sizes(b, x, last, rank, product->in[0], 1) && equal_sizes(b, y, last, rank, product->in[1], 1) &&
           equal_sizes(b, out, last, rank, product->out[0], 1);
}

static void become(mx_bop *o, const char *op, mx_val x, mx_val y) {
    o->op = op;
    o->in[0] = x;
    o->in[1] = y;
    o->n_in = 2;
    o->n_at = 0;
}

/* A bias of one size for each column, and nothing that Gemm does besides. */
static bool is_plain_gemm(const mx_build *b, const mx_bop *o) {
    static const char *const names[] = {"transA", "transB", "alpha", "beta"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mx_build_find(o->at, o->n_at, names[i])) return false;
    return o->n_in == 3 && mx_rank_of(b, o->in[2]) == 1;
}

static bool is_empty(const mx_build *b, mx_val v) {
    for (int i = 0; i < mx_rank_of(b, v); i++)
        if (mx_size_is(mx_size_of(b, v, i), 0)) return true;
    return false;
}

static void join(finish *f, mx_bop *last) {
    mx_build *b = f->b;
    const mx_bvalue *middle = mx_build_look(b, last->in[0]);
    if (middle->kind != MX_BV_OP || f->uses[last->in[0]] != 1) return;
    mx_bop *product = &b->ops[middle->op];
    bool gemm = strcmp(product->op, "Gemm") == 0;
    if (product->body != last->body || (strcmp(product->op, "MatMul") != 0 && !gemm)) return;
    mx_val x = before_reshape(b, product->in[0]), y = before_reshape(b, product->in[1]);
    if (x == MX_NO_VAL) return;
    bool rows = is_rows(b, x, product, last->out[0]);
    if (gemm && !(rows && is_plain_gemm(b, product))) return;
    /* onnxruntime makes one operator of MatMul and Add, and stumbles over matrices without elements there. */
    if (gemm && (is_empty(b, x) || is_empty(b, product->in[1]))) return;
    if (!rows && (y == MX_NO_VAL || !is_stack(b, x, y, product, last->out[0]))) return;
    if (!gemm) {
        become(last, "MatMul", x, rows ? product->in[1] : y);
        last->node = product->node;
        return;
    }
    mx_bvalue *sum = &b->values[product->out[0]];
    sum->rank = mx_rank_of(b, last->out[0]);
    sum->sizes = mx_build_look(b, last->out[0])->sizes;
    become(last, "Add", product->out[0], product->in[2]);
    become(product, "MatMul", x, product->in[1]);
    last->node = product->node;
}

void mx_build_finish(mx_build *b) {
    finish f = {.b = b};
    f.need_op = mx_build_memory(b, b->n_ops, 1);
    f.need_value = mx_build_memory(b, b->n_values, 1);
    f.uses = mx_build_memory(b, b->n_values, sizeof *f.uses);
    if (b->status != MX_OK) return;
    count_uses(&f);
    for (size_t i = 0; i < b->n_ops; i++) {
        mx_bop *o = &b->ops[i];
        if (f.need_op[i] && strcmp(o->op, "Reshape") == 0) join(&f, o);
    }
}
