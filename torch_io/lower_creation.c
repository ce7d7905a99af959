/* Tensors made of nothing, or of the sizes of others. Small ones are written down, larger ones made by operators. */
#include "torch_io/lower_numeric.h"

#include <math.h>
#include <string.h>

/* ---- filled ---- */

static void fill_sizes(const mx_rule *r, mx_val sizes, mx_val value) {
    r->out[0] = mx_fill(r->b, sizes, value);
}

static mx_val number(const mx_rule *r, double v) {
    return mx_scalar(r->b, mx_out_elem(r, 0), v);
}

static double named_value(const mx_rule *r) {
    return strstr(r->row->target, "ones") ? 1 : 0;
}

/* zeros, ones, empty: of the sizes in argument 0. What is empty has no values: 0 is as good as any. */
static void make(const mx_rule *r) {
    fill_sizes(r, mx_arg_sizes(r, 0), number(r, named_value(r)));
}

static void make_new(const mx_rule *r) {
    fill_sizes(r, mx_arg_sizes(r, 1), number(r, named_value(r)));
}

static void make_like(const mx_rule *r) {
    fill_sizes(r, mx_shape(r->b, mx_arg(r, 0)), number(r, named_value(r)));
}

static mx_val value(const mx_rule *r, size_t i) {
    return mx_as_scalar(r->b, mx_arg_as(r, i, mx_out_elem(r, 0)));
}

static void full(const mx_rule *r) {
    fill_sizes(r, mx_arg_sizes(r, 0), value(r, 1));
}

static void new_full(const mx_rule *r) {
    fill_sizes(r, mx_arg_sizes(r, 1), value(r, 2));
}

static void full_like(const mx_rule *r) {
    fill_sizes(r, mx_shape(r->b, mx_arg(r, 0)), value(r, 1));
}

static void scalar_tensor(const mx_rule *r) {
    r->out[0] = value(r, 0);
}

/* ---- written down ---- */

/* A constant of element number i of n, as the function says; in the type of the output. */
typedef double (*number_at)(const void *how, int64_t i);

static mx_val written(const mx_rule *r, const int64_t *dims, size_t rank, int64_t n, number_at at, const void *how) {
    int32_t elem = mx_out_elem(r, 0);
    double doubles[MX_SMALL_CONSTANT];
    float floats[MX_SMALL_CONSTANT];
    int64_t ints[MX_SMALL_CONSTANT];
    for (int64_t i = 0; i < n; i++) {
        double v = at(how, i);
        doubles[i] = v, floats[i] = (float)v, ints[i] = (int64_t)v;
    }
    size_t count = (size_t)n;
    mx_val out;
    if (elem == MX_ELEM_DOUBLE)
        out = mx_constant(r->b, MX_ELEM_DOUBLE, dims, rank, doubles, count * sizeof *doubles);
    else if (mx_is_float(elem))
        out = mx_constant(r->b, MX_ELEM_FLOAT, dims, rank, floats, count * sizeof *floats);
    else
        out = mx_constant(r->b, MX_ELEM_INT64, dims, rank, ints, count * sizeof *ints);
    return mx_cast(r->b, out, elem);
}

/* ---- arange ---- */

typedef struct line {
    double start, step, end;
    int64_t n;
} line;

static double along(const void *how, int64_t i) {
    const line *l = how;
    return l->start + l->step * (double)i;
}

/* An argument that is a number; false: it is symbolic or a tensor. Integers are exact where a constant is small. */
static bool known(const mx_rule *r, size_t i, bool integer, double *out) {
    if (!mx_arg_scalar_kind(r, i)) return false;
    mx_val v = mx_arg(r, i);
    if (!mx_const_number(r->b, v, out)) return false;
    if (integer) *out = trunc(*out);
    return fabs(*out) < 0x1p53;
}

/* The arguments of arange by overload: (end), (start, end), (start, end, step) */
enum { NOT_THERE = 99 };
typedef struct range_places {
    size_t start, end, step;
} range_places;

static range_places places(const mx_rule *r) {
    if (strstr(r->row->target, "start_step")) return (range_places){0, 1, 2};
    if (strstr(r->row->target, ".start")) return (range_places){0, 1, NOT_THERE};
    return (range_places){NOT_THERE, 0, NOT_THERE};
}

static bool known_line(const mx_rule *r, const range_places *p, line *l) {
    bool integer = !mx_is_float(mx_out_elem(r, 0));
    *l = (line){.step = 1};
    if (p->start != NOT_THERE && !known(r, p->start, integer, &l->start)) return false;
    if (p->step != NOT_THERE && !known(r, p->step, integer, &l->step)) return false;
    if (!known(r, p->end, integer, &l->end)) return false;
    double n = ceil((l->end - l->start) / l->step);
    if (!(n >= 0 && n <= MX_SMALL_CONSTANT)) return false;
    l->n = (int64_t)n;
    return true;
}

/* Integers where all arguments are; else in double, which is what torch steps in. */
static mx_val range_by_operator(const mx_rule *r, const range_places *p) {
    const size_t at[] = {p->start, p->end, p->step};
    mx_val v[3];
    int32_t elem = MX_ELEM_INT64;
    for (size_t i = 0; i < 3; i++)
        if (at[i] != NOT_THERE && mx_is_float(mx_elem_of(r->b, mx_arg(r, at[i])))) elem = MX_ELEM_DOUBLE;
    if (!mx_is_float(mx_out_elem(r, 0))) elem = MX_ELEM_INT64;
    for (size_t i = 0; i < 3; i++)
        v[i] = at[i] == NOT_THERE ? mx_scalar(r->b, elem, i == 2) : mx_as_scalar(r->b, mx_arg_as(r, at[i], elem));
    return mx_range(r->b, v[0], v[1], v[2]);
}

static void arange(const mx_rule *r) {
    range_places p = places(r);
    line l;
    if (known_line(r, &p, &l))
        r->out[0] = written(r, &l.n, 1, l.n, along, &l);
    else
        r->out[0] = mx_cast(r->b, range_by_operator(r, &p), mx_out_elem(r, 0));
}

/* ---- linspace, logspace ---- */

/* From both ends to the middle, so that the last one is the end. */
static double between(const void *how, int64_t i) {
    const line *l = how;
    return i < l->n / 2 ? l->start + l->step * (double)i : l->end - l->step * (double)(l->n - 1 - i);
}

typedef struct powers {
    line exponents;
    double base;
} powers;

static double power_at(const void *how, int64_t i) {
    const powers *p = how;
    return pow(p->base, between(&p->exponents, i));
}

static bool known_steps(const mx_rule *r, line *l) {
    if (!known(r, 0, false, &l->start) || !known(r, 1, false, &l->end)) return false;
    l->n = mx_arg_int(r, 2);
    l->step = l->n > 1 ? (l->end - l->start) / (double)(l->n - 1) : 0;
    if (l->n == 1) l->end = l->start;
    return l->n >= 0 && l->n <= MX_SMALL_CONSTANT;
}

/* start + i * (end - start) / (n - 1), in the type of the output, integers in double */
static mx_val steps_by_operator(const mx_rule *r) {
    mx_build *b = r->b;
    int64_t n = mx_arg_int(r, 2);
    int32_t elem = mx_is_float(mx_out_elem(r, 0)) ? mx_out_elem(r, 0) : MX_ELEM_DOUBLE;
    mx_val start = mx_arg_as(r, 0, elem), end = mx_arg_as(r, 1, elem);
    mx_val counted = mx_range(b, mx_scalar_int(b, MX_ELEM_INT64, 0), mx_scalar_int(b, MX_ELEM_INT64, n),
                              mx_scalar_int(b, MX_ELEM_INT64, 1));
    mx_val step = mx_op2(b, "Div", mx_op2(b, "Sub", end, start), mx_scalar(b, elem, n > 1 ? (double)(n - 1) : 1));
    return mx_op2(b, "Add", start, mx_op2(b, "Mul", mx_cast(b, counted, elem), step));
}

static void linspace(const mx_rule *r) {
    line l;
    r->out[0] = known_steps(r, &l) ? written(r, &l.n, 1, l.n, between, &l) : steps_by_operator(r);
}

static void logspace(const mx_rule *r) {
    powers p = {.base = mx_arg_float(r, 3)};
    if (known_steps(r, &p.exponents)) {
        r->out[0] = written(r, &p.exponents.n, 1, p.exponents.n, power_at, &p);
    } else {
        mx_val exponents = steps_by_operator(r);
        r->out[0] = mx_op2(r->b, "Pow", mx_number_like(r->b, exponents, p.base), exponents);
    }
}

/* ---- matrices ---- */

static double identity_at(const void *how, int64_t i) {
    int64_t columns = *(const int64_t *)how;
    return i / columns == i % columns;
}

/* eye(n), eye(n, m) */
static void eye(const mx_rule *r) {
    mx_build *b = r->b;
    bool square = !strcmp(r->row->target, "aten.eye.default");
    mx_val rows = mx_arg_size(r, 0), columns = square ? rows : mx_arg_size(r, 1);
    int64_t dims[2];
    size_t n;
    if (mx_const_ints(b, rows, &dims[0], 1, &n) && mx_const_ints(b, columns, &dims[1], 1, &n) && dims[0] >= 0 &&
        dims[0] <= MX_SMALL_CONSTANT && dims[1] >= 0 && dims[1] <= MX_SMALL_CONSTANT &&
        dims[0] * dims[1] <= MX_SMALL_CONSTANT) {
        r->out[0] = written(r, dims, 2, dims[0] * dims[1], identity_at, &dims[1]);
        return;
    }
    int32_t elem = mx_is_float(mx_out_elem(r, 0)) ? mx_out_elem(r, 0) : MX_ELEM_INT64;
    mx_val zeros = mx_fill(b, mx_concat(b, (const mx_val[]){rows, columns}, 2, 0), mx_scalar(b, elem, 0));
    r->out[0] = mx_op1(b, "EyeLike", zeros);
}

static mx_val triangle(mx_build *b, mx_val x, mx_val diagonal, bool upper) {
    int64_t k;
    size_t n;
    if (mx_const_ints(b, diagonal, &k, 1, &n) && k == 0) diagonal = MX_NO_VAL;
    mx_val wide = mx_for_kernel(b, "Trilu", x);
    mx_val out = mx_op(b, "Trilu", (const mx_val[]){wide, diagonal}, diagonal ? 2 : 1, MX_AT(mx_at_i("upper", upper)));
    return mx_cast(b, out, mx_elem_of(b, x));
}

static bool is_upper(const mx_rule *r) {
    return strstr(r->row->target, "triu") != NULL;
}

static void trilu(const mx_rule *r) {
    r->out[0] = triangle(r->b, mx_arg(r, 0), mx_arg_as(r, 1, MX_ELEM_INT64), is_upper(r));
}

/* The places of a triangle of a matrix of ones. */
static void triangle_indices(const mx_rule *r) {
    mx_build *b = r->b;
    const int64_t sizes[] = {mx_arg_int(r, 0), mx_arg_int(r, 1)};
    mx_val ones = mx_fill(b, mx_int64s(b, sizes, 2), mx_scalar(b, MX_ELEM_FLOAT, 1));
    mx_val diagonal = mx_scalar_int(b, MX_ELEM_INT64, mx_arg_int(r, 2));
    r->out[0] = mx_op1(b, "NonZero", triangle(b, ones, diagonal, is_upper(r)));
}

/* -1 classes: as many as the largest one needs. */
static void one_hot(const mx_rule *r) {
    mx_build *b = r->b;
    const int64_t off_on[] = {0, 1}, two = 2;
    mx_val x = mx_arg_as(r, 0, MX_ELEM_INT64), depth = mx_arg_size(r, 1);
    int64_t classes;
    size_t n;
    if (mx_const_ints(b, depth, &classes, 1, &n) && classes < 0) {
        mx_val largest = mx_reduce(b, "ReduceMax", x, NULL, 0, false);
        depth = mx_op2(b, "Add", largest, mx_scalar_int(b, MX_ELEM_INT64, 1));
    }
    mx_val values = mx_constant(b, MX_ELEM_INT64, &two, 1, off_on, sizeof off_on);
    bool alone = mx_rank_of(b, x) == 0; /* OneHot wants an axis */
    mx_val out = mx_op3(b, "OneHot", alone ? mx_unsqueeze1(b, x, 0) : x, mx_as_scalar(b, depth), values);
    r->out[0] = alone ? mx_squeeze1(b, out, 0) : out;
}

/* ---- windows: a - b cos(2 pi i / n) + c cos(4 pi i / n) ---- */

typedef struct window {
    double a, b, c, n;
    bool triangle;
} window;

static double window_at(const void *how, int64_t i) {
    const window *w = how;
    double turn = (double)i / w->n;
    if (w->triangle) return 1 - fabs(2 * turn - 1);
    const double circle = 6.28318530717958647693;
    return w->a - w->b * cos(circle * turn) + w->c * cos(2 * circle * turn);
}

static const window windows[] = {
    {.a = 0.5, .b = 0.5}, {.a = 0.54, .b = 0.46}, {.a = 0.42, .b = 0.5, .c = 0.08}, {.triangle = true}};
static const char *const window_names[] = {"hann", "hamming", "blackman", "bartlett"};

static void make_window(const mx_rule *r) {
    window w = windows[0];
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        if (strstr(r->row->target, window_names[i])) w = windows[i];
    int64_t n = mx_arg_int(r, 0);
    const char *overload = strrchr(r->row->target, '.');
    bool periodic = strcmp(overload, ".default") == 0 || mx_arg_bool(r, 1);
    if (strstr(overload, "alpha")) w.a = mx_arg_float(r, 2);
    if (strstr(overload, "beta")) w.b = mx_arg_float(r, 3);
    w.n = periodic ? (double)n : (double)(n - 1);
    if (n == 1) w = (window){.a = 1, .n = 1};
    if (n < 0 || n > MX_SMALL_CONSTANT) {
        mx_cannot(r->b, "a window of %lld values is too long", (long long)n);
        return;
    }
    r->out[0] = written(r, &n, 1, n, window_at, &w);
}

static const mx_lowering rows[] = {
    {"aten.arange.default", arange, "Range", 0, 0},
    {"aten.arange.start", arange, "Range", 0, 0},
    {"aten.arange.start_step", arange, "Range", 0, 0},
    {"aten.bartlett_window.default", make_window, "", 0, 0},
    {"aten.bartlett_window.periodic", make_window, "", 0, 0},
    {"aten.blackman_window.default", make_window, "", 0, 0},
    {"aten.blackman_window.periodic", make_window, "", 0, 0},
    {"aten.empty.memory_format", make, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.empty_like.default", make_like, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.empty_permuted.default", make, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.empty_strided.default", make, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.eye.default", eye, "EyeLike", 0, MX_LOWER_EXACT},
    {"aten.eye.m", eye, "EyeLike", 0, MX_LOWER_EXACT},
    {"aten.fill.Scalar", full_like, "ConstantOfShape", 0, 0},
    {"aten.fill.Tensor", full_like, "Expand", 0, 0},
    {"aten.full.default", full, "ConstantOfShape", 0, 0},
    {"aten.full_like.default", full_like, "ConstantOfShape", 0, 0},
    {"aten.hamming_window.default", make_window, "", 0, 0},
    {"aten.hamming_window.periodic", make_window, "", 0, 0},
    {"aten.hamming_window.periodic_alpha", make_window, "", 0, 0},
    {"aten.hamming_window.periodic_alpha_beta", make_window, "", 0, 0},
    {"aten.hann_window.default", make_window, "", 0, 0},
    {"aten.hann_window.periodic", make_window, "", 0, 0},
    {"aten.linspace.Scalar_Tensor", linspace, "Range, Mul, Add", 0, 0},
    {"aten.linspace.Tensor_Scalar", linspace, "Range, Mul, Add", 0, 0},
    {"aten.linspace.Tensor_Tensor", linspace, "Range, Mul, Add", 0, 0},
    {"aten.linspace.default", linspace, "Range, Mul, Add", 0, 0},
    {"aten.logspace.Scalar_Tensor", logspace, "Range, Mul, Add, Pow", 0, 0},
    {"aten.logspace.Tensor_Scalar", logspace, "Range, Mul, Add, Pow", 0, 0},
    {"aten.logspace.Tensor_Tensor", logspace, "Range, Mul, Add, Pow", 0, 0},
    {"aten.logspace.default", logspace, "Range, Mul, Add, Pow", 0, 0},
    {"aten.new_empty.default", make_new, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.new_empty_strided.default", make_new, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.new_full.default", new_full, "ConstantOfShape", 0, 0},
    {"aten.new_ones.default", make_new, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.new_zeros.default", make_new, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.one_hot.default", one_hot, "OneHot", 0, MX_LOWER_EXACT},
    {"aten.ones.default", make, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.ones_like.default", make_like, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.scalar_tensor.default", scalar_tensor, "", 0, 0},
    {"aten.tril.default", trilu, "Trilu", 0, MX_LOWER_EXACT},
    {"aten.tril_indices.default", triangle_indices, "Trilu, NonZero", 0, MX_LOWER_EXACT},
    {"aten.triu.default", trilu, "Trilu", 0, MX_LOWER_EXACT},
    {"aten.triu_indices.default", triangle_indices, "Trilu, NonZero", 0, MX_LOWER_EXACT},
    {"aten.zero.default", make_like, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.zeros.default", make, "ConstantOfShape", 0, MX_LOWER_EXACT},
    {"aten.zeros_like.default", make_like, "ConstantOfShape", 0, MX_LOWER_EXACT},
};

const mx_lowering_family mx_family_creation = {"creation", rows, sizeof rows / sizeof *rows};
