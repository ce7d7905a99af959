/* Folding reductions of integers: sums, products, extremes. (Floats are left: their order of adding is the runtime's.)
 */
#include "torch_io/build_fold.h"

static bool marked_axes(const mx_folding *f, bool *marked) {
    const mx_fconst *x = &f->in[0];
    const mx_at *attribute = mx_fold_at(f, "axes");
    bool input = f->n_in > 1 && f->in[1].given;
    size_t n = input ? f->in[1].n : attribute ? attribute->n : 0;
    for (int i = 0; i < x->rank; i++)
        marked[i] = n == 0;
    if (n == 0 && mx_fold_int(f, "noop_with_empty_axes", 0) != 0) return false;
    for (size_t i = 0; i < n; i++) {
        int axis;
        int64_t given = input ? mx_load_int(f->in[1].bytes, i, f->in[1].elem) : attribute->ints[i];
        if (!mx_fold_axis(given, x->rank, &axis)) return false;
        marked[axis] = true;
    }
    return true;
}

static int64_t combine(char op, int64_t a, int64_t b) {
    switch (op) {
    case 'S': return (int64_t)((uint64_t)a + (uint64_t)b);
    case 'P': return (int64_t)((uint64_t)a * (uint64_t)b);
    case 'A': return a > b ? a : b;
    default: return a < b ? a : b;
    }
}

/* "ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin": the letters that tell them apart. */
static char kind_of(const char *op) {
    return strcmp(op, "ReduceMax") == 0 ? 'A' : op[sizeof "Reduce" - 1];
}

bool mx_fold_reduce(mx_folding *f) {
    const mx_fconst *x = &f->in[0];
    bool marked[MX_MAX_RANK], keep = mx_fold_int(f, "keepdims", 1) != 0;
    int64_t full[MX_MAX_RANK], dims[MX_MAX_RANK];
    int rank = 0;
    mx_fwalk w;
    if (!marked_axes(f, marked) || (x->elem != MX_ELEM_INT32 && x->elem != MX_ELEM_INT64) || x->n == 0) return false;
    for (int i = 0; i < x->rank; i++) {
        full[i] = marked[i] ? 1 : x->dims[i];
        if (!marked[i] || keep) dims[rank++] = full[i];
    }
    if (!mx_fold_result(f, x->elem, rank, dims)) return false;
    mx_fconst target = {.rank = x->rank};
    memcpy(target.dims, full, sizeof full);
    mx_fold_walk(&w, &target, x->rank, x->dims);
    char op = kind_of(f->ask->op);
    bool *begun = mx_build_memory(f->b, f->out.n, sizeof *begun);
    if (begun) memset(begun, 0, f->out.n * sizeof *begun);
    for (size_t i = 0; i < x->n && begun; i++, mx_fold_step(&w)) {
        int64_t v = mx_load_int(x->bytes, i, x->elem);
        if (begun[w.element]) v = combine(op, mx_load_int(f->out.room, w.element, x->elem), v);
        mx_store_int(f->out.room, w.element, x->elem, v);
        begun[w.element] = true;
    }
    return begun != NULL;
}
