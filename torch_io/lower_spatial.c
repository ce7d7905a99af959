/* What convolution, pooling and resizing share. */
#include "torch_io/lower_spatial.h"

#include "torch_io/build_graph.h"

size_t mx_spatial_axes(const mx_rule *r) {
    const char *at = strpbrk(r->row->target, "123");
    return at ? (size_t)(*at - '0') : 1;
}

void mx_spatial_ints(const mx_rule *r, size_t i, const int64_t *otherwise, size_t n, int64_t *out) {
    int64_t given[MX_MAX_SPATIAL + 1];
    size_t count = mx_arg_const_ints(r, i, given, MX_MAX_SPATIAL + 1);
    for (size_t k = 0; k < n; k++)
        out[k] = 1;
    if (mx_failed(r->b)) return;
    if (count == 0 && otherwise) {
        for (size_t k = 0; k < n; k++)
            out[k] = otherwise[k];
    } else if (count != 1 && count != n) {
        mx_cannot(r->b, "argument %zu has %zu numbers where %zu are needed", i, count, n);
    } else {
        for (size_t k = 0; k < n; k++)
            out[k] = given[count == 1 ? 0 : k];
    }
}

mx_val mx_with_batch(const mx_rule *r, mx_val x, size_t spatial, bool *added) {
    int rank = mx_rank_of(r->b, x);
    *added = rank == (int)spatial + 1;
    if (!mx_failed(r->b) && !*added && rank != (int)spatial + 2) mx_cannot(r->b, "the input has rank %d", rank);
    return *added ? mx_unsqueeze1(r->b, x, 0) : x;
}

mx_val mx_without_batch(const mx_rule *r, mx_val x, bool added) {
    return added ? mx_squeeze1(r->b, x, 0) : x;
}

mx_val mx_int64_table(mx_build *b, const int64_t *v, int64_t rows, int64_t columns) {
    int64_t dims[2] = {rows, columns};
    if (mx_failed(b)) return MX_NO_VAL;
    return mx_constant(b, MX_ELEM_INT64, dims, 2, v, (size_t)(rows * columns) * sizeof *v);
}

int64_t *mx_lower_numbers(const mx_rule *r, int64_t n) {
    enum { LIMIT = 1 << 22 };
    if (mx_failed(r->b)) return NULL;
    if (n < 0 || n > LIMIT) {
        mx_cannot(r->b, "it would need a table of %lld numbers", (long long)n);
        return NULL;
    }
    int64_t *v = mx_arena_array(&r->b->arena, (size_t)n, sizeof *v);
    if (!v && r->b->status == MX_OK) r->b->status = mx_nomem(&r->b->error);
    return v;
}
