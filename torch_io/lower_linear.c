/* Products of matrices and what is made of them. */
#include "torch_io/lower_linear.h"

#include <string.h>

#include "torch_io/lower_move.h"
#include "torch_io/lower_numeric.h"

/* ---- products ---- */

static mx_val product(mx_build *b, mx_val x, mx_val y) {
    return mx_op2(b, "MatMul", x, y);
}

static mx_val plus(mx_build *b, mx_val x, mx_val y) {
    return mx_op2(b, "Add", x, y);
}

/* v times a Scalar argument, as v's type; 1 is left out. */
static mx_val scaled(const mx_rule *r, mx_val v, size_t i) {
    if (mx_arg_float(r, i) == 1) return v;
    return mx_op2(r->b, "Mul", v, mx_arg_as(r, i, mx_elem_of(r->b, v)));
}

static bool gemm_takes(int32_t elem) {
    return elem == MX_ELEM_FLOAT || elem == MX_ELEM_DOUBLE || elem == MX_ELEM_FLOAT16;
}

mx_val mx_linear(const mx_rule *r, mx_val x, mx_val weight, mx_val bias) {
    mx_build *b = r->b;
    int rank = mx_need_rank(r, x), weight_rank = mx_need_rank(r, weight);
    if (mx_failed(b)) return MX_NO_VAL;
    if (rank == 2 && weight_rank == 2 && gemm_takes(mx_elem_of(b, x)) && bias != MX_NO_VAL) {
        return mx_op(b, "Gemm", MX_IN(x, weight, bias), MX_AT(mx_at_i("transB", 1)));
    }
    mx_val out = product(b, x, weight_rank == 2 ? mx_swap(b, weight, 0, 1) : weight);
    return bias == MX_NO_VAL ? out : plus(b, out, bias);
}

/* Sums of nothing, of the sizes of output 0; MX_NO_VAL: x is no matrix without columns. onnxruntime's fusion of MatMul
 * and Add fails on those. */
static mx_val sums_of_nothing(const mx_rule *r, mx_val x) {
    mx_val shape = mx_out_shape(r, 0);
    if (shape == MX_NO_VAL || !mx_size_is(mx_size_of(r->b, x, -1), 0)) return MX_NO_VAL;
    return mx_fill(r->b, shape, mx_scalar(r->b, mx_elem_of(r->b, x), 0));
}

static void rule_linear(const mx_rule *r) { /* input, weight, bias=None */
    mx_val x = mx_arg(r, 0), bias = mx_arg(r, 2), nothing = sums_of_nothing(r, x);
    r->out[0] = mx_linear(r, x, mx_arg(r, 1), bias);
    if (nothing != MX_NO_VAL) r->out[0] = bias == MX_NO_VAL ? nothing : plus(r->b, nothing, bias);
}

/* Whether an argument lies in memory with its last axis not last: a permutation of something. */
static bool is_turned(const mx_rule *r, size_t i) {
    if (i >= r->node->n_args || r->node->args[i].kind != MX_ARG_VALUE) return false;
    const mx_pvalue *v = &r->p->values[r->node->args[i].value];
    return v->strides && v->rank != MX_NONE && v->rank > 1 && !mx_size_is(v->strides[v->rank - 1], 1);
}

static void rule_matmul(const mx_rule *r) { /* self, other */
    mx_val x = mx_arg(r, 0), y = mx_arg(r, 1), nothing = sums_of_nothing(r, x);
    /* onnxruntime's fusion of Transpose and MatMul is wrong for a turned matrix and a vector */
    bool other_way = mx_rank_of(r->b, y) == 1 && mx_rank_of(r->b, x) > 1 && is_turned(r, 0);
    r->out[0] = other_way ? product(r->b, y, mx_swap(r->b, x, -1, -2)) : product(r->b, x, y);
    if (nothing != MX_NO_VAL) r->out[0] = nothing;
}

/* beta * argument 0 + alpha * v, of v's type; with beta 0 argument 0 is not looked at. */
static mx_val added(const mx_rule *r, mx_val v, size_t beta) {
    v = scaled(r, v, beta + 1);
    if (mx_arg_float(r, beta) == 0) return mx_stretch(r, v, mx_out_sizes(r, 0), mx_out_rank(r, 0), mx_out_shape(r, 0));
    return plus(r->b, scaled(r, mx_cast(r->b, mx_arg(r, 0), mx_elem_of(r->b, v)), beta), v);
}

mx_val mx_rule_addmm_value(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val self = mx_arg(r, 0), x = mx_arg(r, 1), y = mx_arg(r, 2), nothing = sums_of_nothing(r, x);
    if (nothing != MX_NO_VAL) return added(r, nothing, 3);
    if (!gemm_takes(mx_elem_of(b, x))) {
        int32_t elem = mx_elem_of(b, x), by = mx_work_elem(elem);
        return mx_cast(b, added(r, product(b, mx_cast(b, x, by), mx_cast(b, y, by)), 3), elem);
    }
    double beta = mx_arg_float(r, 3), alpha = mx_arg_float(r, 4);
    mx_at at[2];
    size_t n = 0;
    if (alpha != 1) at[n++] = mx_at_f("alpha", alpha);
    if (beta == 0) return mx_op(b, "Gemm", MX_IN(x, y), at, n);
    if (beta != 1) at[n++] = mx_at_f("beta", beta);
    return mx_op(b, "Gemm", MX_IN(x, y, self), at, n);
}

static void rule_addmm(const mx_rule *r) { /* self, mat1, mat2, beta=1, alpha=1 */
    r->out[0] = mx_rule_addmm_value(r);
}

static void rule_addmm_activation(const mx_rule *r) { /* self, mat1, mat2, beta=1, alpha=1, use_gelu=False */
    mx_val v = mx_rule_addmm_value(r);
    r->out[0] = mx_arg_bool(r, 5) ? mx_gelu(r->b, v, true) : mx_op1(r->b, "Relu", v);
}

static void rule_baddbmm(const mx_rule *r) { /* self, batch1, batch2, beta=1, alpha=1; addmv too */
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0), by = mx_work_elem(elem);
    mx_val out = product(b, mx_cast(b, mx_arg(r, 1), by), mx_cast(b, mx_arg(r, 2), by));
    r->out[0] = mx_cast(b, added(r, out, 3), elem);
}

static void rule_addbmm(const mx_rule *r) { /* self, batch1, batch2, beta=1, alpha=1 */
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0), by = mx_work_elem(elem);
    mx_val each = product(b, mx_cast(b, mx_arg(r, 1), by), mx_cast(b, mx_arg(r, 2), by));
    mx_val sum = mx_reduce(b, "ReduceSum", each, (const int64_t[]){0}, 1, false);
    r->out[0] = mx_cast(b, added(r, sum, 3), elem);
}

/* A column times a row. */
static mx_val outer(mx_build *b, mx_val x, mx_val y) {
    return mx_op2(b, "Mul", mx_unsqueeze1(b, x, 1), mx_unsqueeze1(b, y, 0));
}

static void rule_outer(const mx_rule *r) { /* self, vec2 */
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0), by = mx_work_elem(elem);
    r->out[0] = mx_cast(b, outer(b, mx_arg_as(r, 0, by), mx_arg_as(r, 1, by)), elem);
}

static void rule_addr(const mx_rule *r) { /* self, vec1, vec2, beta=1, alpha=1 */
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0), by = mx_work_elem(elem);
    r->out[0] = mx_cast(b, added(r, outer(b, mx_arg_as(r, 1, by), mx_arg_as(r, 2, by)), 3), elem);
}

static void rule_chain(const mx_rule *r) { /* chain_matmul, linalg_multi_dot: tensors */
    size_t n = mx_arg_count(r, 0);
    if (!n) mx_cannot(r->b, "a product of no matrices");
    for (size_t i = 0; i < n && !mx_failed(r->b); ++i) {
        mx_val v = mx_arg_item(r, 0, i);
        r->out[0] = i ? product(r->b, r->out[0], v) : v;
    }
}

enum { POWER_MAX = 1 << 20 };

static void rule_matrix_power(const mx_rule *r) { /* self, n */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0), out = MX_NO_VAL;
    int64_t n = mx_arg_int(r, 1);
    if (n < 0 || n > POWER_MAX) mx_cannot(b, "a matrix to the power of %lld", (long long)n);
    if (mx_failed(b)) return;
    if (!n) {
        mx_val size = mx_dim(b, v, -1), one = mx_diagonal_mask(b, size, size, 0);
        r->out[0] = mx_stretch_like(r, mx_cast(b, one, mx_elem_of(b, v)), v);
        return;
    }
    for (; n; n >>= 1) { /* squares of squares */
        if (n & 1) out = out == MX_NO_VAL ? v : product(b, out, v);
        if (n > 1) v = product(b, v, v);
    }
    r->out[0] = out;
}

static void rule_det(const mx_rule *r) {
    mx_val v = mx_arg(r, 0);
    for (size_t i = 1; i < r->node->n_outputs; ++i) {
        if (mx_output_used(r, i)) mx_cannot(r->b, "the factors of a matrix");
    }
    if (mx_elem_of(r->b, v) == MX_ELEM_DOUBLE) mx_cannot(r->b, "a determinant in double precision");
    r->out[0] = mx_op1(r->b, "Det", v);
}

/* ---- sums over named axes ---- */

enum { LETTERS = 26 };

/* The equation of a tensordot: letters of x, of y with those of x where they are summed over, and what is left. */
static void tensordot_equation(const char *x, const char *y, char *out) {
    const char *const parts[] = {x, ",", y, "->"};
    size_t at = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
        for (const char *c = parts[i]; *c; ++c)
            out[at++] = *c;
    }
    for (const char *c = x; *c; ++c) {
        if (!strchr(y, *c)) out[at++] = *c;
    }
    for (const char *c = y; *c; ++c) {
        if (!strchr(x, *c)) out[at++] = *c;
    }
    out[at] = 0;
}

static void rule_tensordot(const mx_rule *r) { /* self, other, dims_self, dims_other */
    mx_build *b = r->b;
    int64_t left[MX_MAX_RANK], right[MX_MAX_RANK];
    mx_val x = mx_arg(r, 0), y = mx_arg(r, 1);
    int rank = mx_need_rank(r, x), other = mx_need_rank(r, y);
    size_t n = mx_arg_const_ints(r, 2, left, MX_MAX_RANK), m = mx_arg_const_ints(r, 3, right, MX_MAX_RANK);
    char names_x[LETTERS + 1] = {0}, names_y[LETTERS + 1] = {0}, text[4 * LETTERS];
    if (n != m || rank + other > LETTERS) mx_cannot(b, "tensordot of %d and %d axes", rank, other);
    if (mx_failed(b)) return;
    bool plain = n == 1 && mx_axis(r, left[0], rank) == rank - 1 && mx_axis(r, right[0], other) == 0 && other <= 2;
    if (plain && mx_size_equal(mx_size_of(b, x, -1), mx_size_of(b, y, 0))) {
        r->out[0] = product(b, x, y);
        return;
    }
    for (int k = 0; k < rank; ++k)
        names_x[k] = (char)('a' + k);
    for (int k = 0; k < other; ++k)
        names_y[k] = (char)('a' + rank + k);
    for (size_t i = 0; i < n && !mx_failed(b); ++i)
        names_y[mx_axis(r, right[i], other)] = names_x[mx_axis(r, left[i], rank)];
    if (mx_failed(b)) return;
    tensordot_equation(names_x, names_y, text);
    r->out[0] = mx_einsum(b, text, (const mx_val[]){x, y}, 2);
}

mx_val mx_einsum(mx_build *b, const char *equation, const mx_val *v, size_t n) {
    mx_val in[LETTERS];
    int32_t elem = n ? mx_elem_of(b, v[0]) : 0, by = mx_work_elem(elem);
    if (n > LETTERS) mx_cannot(b, "einsum of %zu tensors", n);
    if (mx_failed(b)) return MX_NO_VAL;
    for (size_t i = 0; i < n; ++i)
        in[i] = mx_cast(b, v[i], by);
    return mx_cast(b, mx_op(b, "Einsum", in, n, MX_AT(mx_at_s("equation", equation))), elem);
}

static void rule_einsum(const mx_rule *r) { /* equation, tensors, path=None */
    mx_val v[LETTERS];
    char text[256];
    size_t n = mx_need_items(r, 1, true, v, LETTERS), at = 0;
    if (mx_failed(r->b)) return;
    mx_str given = r->node->args[0].kind == MX_ARG_STRING ? mx_ptext(r->p, r->node->args[0].text) : (mx_str){0};
    for (size_t i = 0; i < given.n && at + 1 < sizeof text; ++i) {
        if (given.p[i] != ' ') text[at++] = given.p[i];
    }
    text[at] = 0;
    if (!at || at + 1 == sizeof text) {
        mx_cannot(r->b, "an einsum equation of %zu bytes", given.n);
        return;
    }
    r->out[0] = mx_einsum(r->b, text, v, n);
}

static void rule_inner(const mx_rule *r) { /* self, other: over the last axes */
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0), y = mx_arg(r, 1);
    int rank = mx_need_rank(r, x), other = mx_need_rank(r, y);
    char text[4 * LETTERS];
    size_t at = 0;
    if (rank + other > LETTERS) mx_cannot(b, "inner of %d and %d axes", rank, other);
    if (mx_failed(b)) return;
    if (!rank || !other) {
        r->out[0] = mx_op2(b, "Mul", x, y);
        return;
    }
    if (other <= 2) {
        r->out[0] = product(b, x, other == 2 ? mx_swap(b, y, 0, 1) : y);
        return;
    }
    for (int part = 0; part < 2; ++part) { /* "abz,cdz->abcd" */
        for (int k = 0; k + 1 < rank; ++k)
            text[at++] = (char)('a' + k);
        if (!part) text[at++] = 'z';
        if (!part) text[at++] = ',';
        for (int k = 0; k + 1 < other; ++k)
            text[at++] = (char)('a' + rank + k);
        if (!part) text[at++] = 'z';
        if (!part) text[at++] = '-';
        if (!part) text[at++] = '>';
    }
    text[at] = 0;
    r->out[0] = mx_einsum(b, text, (const mx_val[]){x, y}, 2);
}

static void rule_bilinear(const mx_rule *r) { /* input1, input2, weight, bias=None */
    mx_build *b = r->b;
    const mx_val in[] = {mx_arg(r, 0), mx_arg(r, 2), mx_arg(r, 1)};
    mx_val out = mx_einsum(b, "...i,oij,...j->...o", in, 3), bias = mx_arg(r, 3);
    r->out[0] = bias == MX_NO_VAL ? out : plus(b, out, bias);
}

/* i1, i2, i3, expand1, expand2, expand3, sumdim, unroll_dim: the three get axes put in, are multiplied and summed. */
static void rule_trilinear(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val in[3];
    char text[5 * LETTERS];
    size_t at = 0;
    int64_t axes[MX_MAX_RANK];
    int all = 0;
    bool skip[LETTERS];
    for (size_t i = 0; i < 4; ++i) {
        size_t n = mx_arg_const_ints(r, 3 + i, axes, LETTERS);
        if (i < 3) in[i] = mx_arg(r, i);
        if (!i) all = mx_need_rank(r, in[0]) + (int)n;
        if (all > LETTERS) mx_cannot(b, "_trilinear of %d axes", all);
        if (mx_failed(b)) return;
        for (int k = 0; k < all; ++k)
            skip[k] = false;
        for (size_t k = 0; k < n; ++k)
            skip[mx_axis(r, axes[k], all)] = true;
        if (i == 3) text[at++] = '-';
        if (i) text[at++] = i == 3 ? '>' : ',';
        for (int k = 0; k < all; ++k) {
            if (!skip[k]) text[at++] = (char)('a' + k);
        }
    }
    text[at] = 0;
    r->out[0] = mx_einsum(b, text, in, 3);
}

/* ---- products of elements ---- */

static mx_val sum_of_products(mx_build *b, mx_val x, mx_val y, int64_t axis, bool keep) {
    return mx_reduce(b, "ReduceSum", mx_op2(b, "Mul", x, y), &axis, 1, keep);
}

static void rule_vecdot(const mx_rule *r) { /* x, y, dim=-1 */
    r->out[0] = sum_of_products(r->b, mx_arg(r, 0), mx_arg(r, 1), mx_arg_int(r, 2), false);
}

static mx_val pick(mx_build *b, mx_val v, int64_t axis, int64_t first) {
    const int64_t order[] = {first, (first + 1) % 3, (first + 2) % 3};
    return mx_gather(b, v, mx_int64s(b, order, 3), axis);
}

static void cross(const mx_rule *r, int64_t axis) {
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0), by = mx_work_elem(elem);
    mx_val x = mx_arg_as(r, 0, by), y = mx_arg_as(r, 1, by);
    mx_val plus_part = mx_op2(b, "Mul", pick(b, x, axis, 1), pick(b, y, axis, 2));
    mx_val minus_part = mx_op2(b, "Mul", pick(b, x, axis, 2), pick(b, y, axis, 1));
    r->out[0] = mx_cast(b, mx_op2(b, "Sub", plus_part, minus_part), elem);
}

static void rule_cross(const mx_rule *r) { /* self, other, dim=None: the first of size 3 */
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v), axis = 0;
    while (axis < rank && !mx_size_is(mx_size_of(r->b, v, axis), 3))
        ++axis;
    if (axis == rank) mx_cannot(r->b, "cross without an axis of size 3");
    cross(r, mx_arg_none(r, 2) ? axis : mx_axis(r, mx_arg_int(r, 2), rank));
}

static void rule_linalg_cross(const mx_rule *r) { /* self, other, dim=-1; of one rank */
    cross(r, mx_axis(r, mx_arg_int(r, 2), mx_need_rank(r, mx_arg(r, 0))));
}

static void rule_kron(const mx_rule *r) { /* self, other */
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0), by = mx_work_elem(elem);
    mx_val x = mx_arg_as(r, 0, by), y = mx_arg_as(r, 1, by), sizes[MX_MAX_RANK];
    int rank = mx_need_rank(r, x), other = mx_need_rank(r, y);
    int all = rank > other ? rank : other;
    int64_t odd[MX_MAX_RANK], even[MX_MAX_RANK];
    if (2 * all > MX_MAX_RANK - 2) mx_cannot(b, "kron of %d axes", all);
    if (mx_failed(b)) return;
    x = mx_lead(b, x, all);
    y = mx_lead(b, y, all);
    for (int k = 0; k < all; ++k) {
        odd[k] = 2 * k + 1;
        even[k] = 2 * k;
        sizes[k] = mx_op2(b, "Mul", mx_dim(b, x, k), mx_dim(b, y, k));
    }
    mx_val out = all ? mx_op2(b, "Mul", mx_unsqueeze(b, x, odd, (size_t)all), mx_unsqueeze(b, y, even, (size_t)all))
                     : mx_op2(b, "Mul", x, y);
    if (all) out = mx_view_out(r, out, 0, mx_concat(b, sizes, (size_t)all, 0));
    r->out[0] = mx_cast(b, out, elem);
}

/* ---- distances ---- */

/* The p-norm of v over its last axis. */
static mx_val norm(const mx_rule *r, mx_val v, double p, bool keep) {
    mx_build *b = r->b;
    int32_t elem = mx_elem_of(b, v);
    const int64_t last[] = {-1};
    if (p == 2) return mx_reduce(b, "ReduceL2", v, last, 1, keep);
    if (p == 1) return mx_reduce(b, "ReduceL1", v, last, 1, keep);
    mx_val size = mx_op1(b, "Abs", v);
    if (p == __builtin_inf()) return mx_reduce(b, "ReduceMax", size, last, 1, keep);
    if (p == -__builtin_inf()) return mx_reduce(b, "ReduceMin", size, last, 1, keep);
    if (p == 0) {
        mx_val some = mx_cast(b, mx_as_bool(b, v), elem);
        return mx_reduce(b, "ReduceSum", some, last, 1, keep);
    }
    mx_val sum = mx_reduce(b, "ReduceSum", mx_op2(b, "Pow", size, mx_scalar(b, elem, p)), last, 1, keep);
    return mx_op2(b, "Pow", sum, mx_scalar(b, elem, 1 / p));
}

static void distances(const mx_rule *r, double p) {
    mx_build *b = r->b;
    mx_val apart = mx_op2(b, "Sub", mx_unsqueeze1(b, mx_arg(r, 0), -2), mx_unsqueeze1(b, mx_arg(r, 1), -3));
    bool nothing = mx_size_is(mx_size_of(b, mx_arg(r, 0), -1), 0);
    int32_t elem = mx_out_elem(r, 0);
    r->out[0] = nothing ? mx_fill(b, mx_out_shape(r, 0), mx_scalar(b, elem, 0)) : norm(r, apart, p, false);
}

static void rule_cdist(const mx_rule *r) { /* x1, x2, p=2, compute_mode */
    distances(r, mx_arg_float(r, 2));
}

static void rule_euclidean(const mx_rule *r) { /* x1, x2 */
    distances(r, 2);
}

enum { PAIRS_MAX = 1 << 12 };

static void rule_pdist(const mx_rule *r) { /* self [n, m], p=2: of all pairs */
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0);
    mx_size size = mx_size_of(b, v, 0);
    int64_t first[PAIRS_MAX], second[PAIRS_MAX];
    size_t n = 0;
    if (!mx_size_is_number(size) || size.value > 64)
        mx_cannot(b, "pdist of more than 64 rows, or of symbolically many");
    for (int64_t i = 0; i < size.value && !mx_failed(b); ++i) {
        for (int64_t k = i + 1; k < size.value; ++k, ++n) {
            first[n] = i;
            second[n] = k;
        }
    }
    mx_val x = mx_gather(b, v, mx_int64s(b, first, n), 0), y = mx_gather(b, v, mx_int64s(b, second, n), 0);
    r->out[0] = norm(r, mx_op2(b, "Sub", x, y), mx_arg_float(r, 1), false);
}

static void rule_pairwise_distance(const mx_rule *r) { /* x1, x2, p=2, eps=1e-6, keepdim=False */
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0);
    mx_val apart = mx_op2(b, "Sub", mx_arg_as(r, 0, elem), mx_arg_as(r, 1, elem));
    mx_val v = plus(b, apart, mx_scalar(b, elem, mx_arg_float(r, 3)));
    r->out[0] = norm(r, v, mx_arg_float(r, 2), mx_arg_bool(r, 4));
}

/* v divided by its length along an axis, or by eps where that is shorter. */
static mx_val unit(mx_build *b, mx_val v, int64_t axis, mx_val eps) {
    mx_val length = mx_reduce(b, "ReduceL2", v, &axis, 1, true);
    return mx_op2(b, "Div", v, mx_op2(b, "Max", length, eps));
}

static void rule_cosine_similarity(const mx_rule *r) { /* x1, x2, dim=1, eps=1e-8 */
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0);
    mx_val x = mx_arg_as(r, 0, elem), y = mx_arg_as(r, 1, elem), eps = mx_scalar(b, elem, mx_arg_float(r, 3));
    int rank = mx_need_rank(r, x), other = mx_need_rank(r, y);
    int all = rank > other ? rank : other;
    int64_t axis = mx_axis(r, mx_arg_int(r, 2), all);
    if (mx_failed(b)) return;
    x = mx_lead(b, x, all);
    y = mx_lead(b, y, all);
    if (!mx_size_equal(mx_size_of(b, x, (int)axis), mx_size_of(b, y, (int)axis))) {
        mx_cannot(b, "cosine_similarity along an axis of different sizes");
        return;
    }
    r->out[0] = all ? sum_of_products(b, unit(b, x, axis, eps), unit(b, y, axis, eps), axis, false)
                    : mx_op2(b, "Mul", unit(b, x, 0, eps), unit(b, y, 0, eps));
}

#define LINEAR(target_, rule_, onnx_)                                                                                  \
    { "aten." target_, rule_, onnx_, 0, 0 }
static const mx_lowering rows[] = {
    LINEAR("linear.default", rule_linear, "Gemm, MatMul, Add"),
    LINEAR("mm.default", rule_matmul, "MatMul"),
    LINEAR("bmm.default", rule_matmul, "MatMul"),
    LINEAR("matmul.default", rule_matmul, "MatMul"),
    LINEAR("linalg_matmul.default", rule_matmul, "MatMul"),
    LINEAR("mv.default", rule_matmul, "MatMul"),
    LINEAR("dot.default", rule_matmul, "MatMul"),
    LINEAR("vdot.default", rule_matmul, "MatMul"),
    LINEAR("inner.default", rule_inner, "MatMul"),
    LINEAR("outer.default", rule_outer, "Mul"),
    LINEAR("ger.default", rule_outer, "Mul"),
    LINEAR("addr.default", rule_addr, "Mul, Add"),
    LINEAR("addmm.default", rule_addmm, "Gemm"),
    LINEAR("_addmm_activation.default", rule_addmm_activation, "Gemm, Relu, Gelu"),
    LINEAR("addmv.default", rule_baddbmm, "MatMul, Add"),
    LINEAR("baddbmm.default", rule_baddbmm, "MatMul, Add"),
    LINEAR("addbmm.default", rule_addbmm, "MatMul, ReduceSum, Add"),
    LINEAR("chain_matmul.default", rule_chain, "MatMul"),
    LINEAR("linalg_multi_dot.default", rule_chain, "MatMul"),
    LINEAR("matrix_power.default", rule_matrix_power, "MatMul"),
    LINEAR("linalg_matrix_power.default", rule_matrix_power, "MatMul"),
    LINEAR("det.default", rule_det, "Det"),
    LINEAR("linalg_det.default", rule_det, "Det"),
    LINEAR("_linalg_det.default", rule_det, "Det"),
    LINEAR("einsum.default", rule_einsum, "Einsum"),
    LINEAR("tensordot.default", rule_tensordot, "MatMul, Einsum"),
    LINEAR("bilinear.default", rule_bilinear, "Einsum, Add"),
    LINEAR("_trilinear.default", rule_trilinear, "Einsum"),
    LINEAR("linalg_vecdot.default", rule_vecdot, "Mul, ReduceSum"),
    LINEAR("cross.default", rule_cross, "Gather, Mul, Sub"),
    LINEAR("linalg_cross.default", rule_linalg_cross, "Gather, Mul, Sub"),
    LINEAR("kron.default", rule_kron, "Mul, Reshape"),
    LINEAR("cdist.default", rule_cdist, "Sub, ReduceL2"),
    LINEAR("_cdist_forward.default", rule_cdist, "Sub, ReduceL2"),
    LINEAR("_euclidean_dist.default", rule_euclidean, "Sub, ReduceL2"),
    LINEAR("pdist.default", rule_pdist, "Gather, Sub, ReduceL2"),
    LINEAR("_pdist_forward.default", rule_pdist, "Gather, Sub, ReduceL2"),
    LINEAR("pairwise_distance.default", rule_pairwise_distance, "Sub, Add, ReduceL2"),
    LINEAR("cosine_similarity.default", rule_cosine_similarity, "ReduceL2, Div, Mul, ReduceSum"),
};

const mx_lowering_family mx_family_linear = {"linear", rows, sizeof rows / sizeof *rows};
