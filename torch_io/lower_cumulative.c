/* Running sums, products and extremes along an axis. ONNX has the sum alone; the others are a Scan. */
#include "torch_io/lower_numeric.h"

#include <math.h>
#include <string.h>

static void cumsum(const mx_rule *r) {
    mx_build *b = r->b;
    int32_t elem = mx_out_elem(r, 0);
    mx_val x = mx_arg_as(r, 0, elem);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_rank_of(b, x));
    if (mx_rank_of(b, x) == 0)
        r->out[0] = x;
    else
        r->out[0] =
            mx_cast(b, mx_op2(b, "CumSum", mx_for_kernel(b, "CumSum", x), mx_scalar_int(b, MX_ELEM_INT64, axis)), elem);
}

/* ---- Scan ---- */

/* A Scan along one axis: states, what is read slice by slice, what is written slice by slice. */
typedef struct scan {
    mx_build *b;
    mx_val x;
    int64_t axis;
    mx_size sizes[MX_MAX_RANK]; /* of one slice */
    int rank;                   /* of one slice */
} scan;

static scan scan_of(const mx_rule *r, mx_val x) {
    scan s = {.b = r->b, .x = x, .rank = mx_rank_of(r->b, x) - 1};
    s.axis = mx_axis(r, mx_arg_int(r, 1), s.rank + 1);
    for (int i = 0, k = 0; i <= s.rank && k < MX_MAX_RANK; i++)
        if (i != s.axis) s.sizes[k++] = mx_size_of(r->b, x, i);
    return s;
}

/* Of what is read, the first is x, the second (if there is one) the numbers from 0 on. */
static void scan_run(const scan *s, int64_t body, const mx_val *states, size_t n_states, size_t n_read, mx_val *out) {
    const int64_t axes[] = {s->axis, 0}, out_axes[] = {s->axis, s->axis};
    mx_build *b = s->b;
    mx_val in[4], made[4];
    size_t n = 0;
    for (; n < n_states; n++)
        in[n] = states[n];
    in[n++] = s->x;
    if (n_read > 1) {
        mx_val count = mx_as_scalar(b, mx_dim(b, s->x, s->axis));
        in[n++] = mx_range(b, mx_scalar_int(b, MX_ELEM_INT64, 0), count, mx_scalar_int(b, MX_ELEM_INT64, 1));
    }
    const mx_at at[] = {mx_at_body("body", body), mx_at_i("num_scan_inputs", (int64_t)n_read),
                        mx_at_is("scan_input_axes", axes, n_read), mx_at_is("scan_output_axes", out_axes, n_states)};
    mx_op_n(b, "Scan", in, n, at, 4, made, 2 * n_states);
    for (size_t i = 0; i < n_states; i++) {
        out[i] = made[n_states + i];
        mx_set_type(b, out[i], mx_elem_of(b, states[i]), s->rank + 1, NULL);
    }
}

static bool is_scalar_or_empty(const mx_rule *r, mx_val x) {
    return mx_rank_of(r->b, x) == 0 || mx_numel_of(r->b, x) == 0;
}

/* One state, joined with each slice by `join`; `begin` is what changes nothing. */
static mx_val running(const mx_rule *r, mx_val x, double begin, mx_val (*join)(mx_build *b, mx_val state, mx_val x)) {
    if (is_scalar_or_empty(r, x)) return x;
    mx_build *b = r->b;
    scan s = scan_of(r, x);
    mx_val state = mx_fill(b, mx_shape_with(b, x, s.axis, MX_NO_VAL), mx_number_like(b, x, begin));
    int64_t body = mx_body_begin(b);
    mx_val before = mx_body_input(b, "state", mx_elem_of(b, x), s.rank, s.sizes);
    mx_val slice = mx_body_input(b, "slice", mx_elem_of(b, x), s.rank, s.sizes);
    mx_val after = join(b, before, slice);
    mx_body_end(b, (const mx_val[]){after, after}, 2);
    mx_val out = MX_NO_VAL;
    scan_run(&s, body, &state, 1, 1, &out);
    return out;
}

static mx_val product(mx_build *b, mx_val state, mx_val x) {
    return mx_op2(b, "Mul", state, x);
}

static mx_val log_sum(mx_build *b, mx_val state, mx_val x) {
    return mx_log_add(b, state, x, false);
}

static void cumprod(const mx_rule *r) {
    r->out[0] = running(r, mx_arg_as(r, 0, mx_out_elem(r, 0)), 1, product);
}

static void logcumsumexp(const mx_rule *r) {
    r->out[0] = running(r, mx_arg_as(r, 0, mx_out_elem(r, 0)), -INFINITY, log_sum);
}

/* cummax, cummin: the value so far and where it was last reached; NaN is reached by every NaN. */
static void cumulative_extreme(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val given = mx_arg(r, 0);
    mx_val x = mx_elem_of(b, given) == MX_ELEM_BOOL ? mx_cast(b, given, MX_ELEM_UINT8) : given;
    if (is_scalar_or_empty(r, x)) {
        r->out[0] = x;
        r->out[1] = mx_fill(b, mx_shape(b, x), mx_scalar_int(b, MX_ELEM_INT64, 0));
        return;
    }
    scan s = scan_of(r, x);
    mx_val zero = mx_scalar_int(b, MX_ELEM_INT64, 0), first = mx_gather(b, x, zero, s.axis);
    mx_val states[] = {first, mx_fill(b, mx_shape_with(b, x, s.axis, MX_NO_VAL), zero)};
    int64_t body = mx_body_begin(b);
    mx_val value = mx_body_input(b, "value", mx_elem_of(b, x), s.rank, s.sizes);
    mx_val index = mx_body_input(b, "index", MX_ELEM_INT64, s.rank, s.sizes);
    mx_val slice = mx_body_input(b, "slice", mx_elem_of(b, x), s.rank, s.sizes);
    mx_val number = mx_body_input(b, "number", MX_ELEM_INT64, 0, NULL);
    mx_val reached =
        mx_op2(b, !strncmp(r->row->target, "aten.cummax", 11) ? "GreaterOrEqual" : "LessOrEqual", slice, value);
    if (mx_is_float(mx_elem_of(b, x))) reached = mx_op2(b, "Or", reached, mx_op1(b, "IsNaN", slice));
    mx_val new_value = mx_where(b, reached, slice, value), new_index = mx_where(b, reached, number, index);
    mx_body_end(b, (const mx_val[]){new_value, new_index, new_value, new_index}, 4);
    scan_run(&s, body, states, 2, 2, r->out);
}

static const mx_lowering rows[] = {
    {"aten.cummax.default", cumulative_extreme, "Scan", 0, MX_LOWER_EXACT},
    {"aten.cummin.default", cumulative_extreme, "Scan", 0, MX_LOWER_EXACT},
    {"aten.cumprod.default", cumprod, "Scan", 0, 0},
    {"aten.cumsum.default", cumsum, "CumSum", 0, 0},
    {"aten.logcumsumexp.default", logcumsumexp, "Scan", 0, 0},
};

const mx_lowering_family mx_family_cumulative = {"cumulative", rows, sizeof rows / sizeof *rows};
