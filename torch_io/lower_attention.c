/* Scaled dot product attention: one operator from opset 23 on, else its parts. A row that may look at nothing gives
 * zeros, as torch does it (softmax alone would give NaN). */
#include "torch_io/lower_move.h"
#include "torch_io/lower_shape.h"
#include "torch_io/lower_transformer.h"

typedef struct attention {
    mx_val query, key, value, mask; /* mask: MX_NO_VAL, bool (true: look), or added to the scores */
    mx_val weights;                 /* made by the parts; MX_NO_VAL by the operator */
    int rank;
    bool causal;
    bool scaled; /* `scale` is given, else it is 1 / sqrt(the last size of the query) */
    double scale;
} attention;

/* ---- reading the arguments: their places differ between the operators ---- */

static void refuse_dropout(const mx_rule *r, size_t i) {
    if (mx_arg_float(r, i) != 0) mx_cannot(r->b, "attention with dropout");
}

static void read_scale(const mx_rule *r, size_t i, attention *a) {
    a->scaled = !mx_arg_none(r, i);
    a->scale = a->scaled ? mx_arg_float(r, i) : 0;
}

/* One key and value for several heads of the query: repeated, each as often as there are heads for it. */
static void repeat_heads(const mx_rule *r, attention *a) {
    mx_build *b = r->b;
    mx_size heads = mx_size_of(b, a->query, -3);
    mx_val *each[] = {&a->key, &a->value};
    for (int i = 0; i < 2 && a->rank > 2; ++i) {
        mx_size have = mx_size_of(b, *each[i], -3);
        if (mx_size_equal(have, heads)) continue;
        bool fits = mx_size_is_number(have) && mx_size_is_number(heads) && have.value && heads.value % have.value == 0;
        if (!fits) mx_cannot(b, "attention over groups of a number of heads that is not known");
        if (mx_failed(b)) return;
        *each[i] = mx_rule_interleave(r, *each[i], a->rank - 3, heads.value / have.value);
    }
}

static bool read_tensors(const mx_rule *r, size_t mask, attention *a) {
    *a = (attention){.query = mx_arg(r, 0), .key = mx_arg(r, 1), .value = mx_arg(r, 2)};
    a->rank = mx_need_rank(r, a->query);
    a->mask = mask ? mx_arg(r, mask) : MX_NO_VAL;
    if (a->mask != MX_NO_VAL && mx_elem_of(r->b, a->mask) != MX_ELEM_BOOL) {
        a->mask = mx_cast(r->b, a->mask, mx_elem_of(r->b, a->query));
    }
    if (a->rank < 2 && !mx_failed(r->b)) mx_cannot(r->b, "attention over tensors of rank %d", a->rank);
    return !mx_failed(r->b);
}

/* ---- as one operator ---- */

/* onnxruntime wants the mask's last two sizes as they are, and takes three axes for other ones than torch does. */
static mx_val full_mask(const mx_rule *r, const attention *a) {
    mx_build *b = r->b;
    int rank = mx_rank_of(b, a->mask);
    mx_val mask = mx_lead(b, a->mask, rank == 3 ? 4 : 2), parts[4];
    mx_size sizes[4];
    rank = mx_rank_of(b, mask);
    for (int k = 0; k < rank && !mx_failed(b); ++k) {
        bool row = k == rank - 2, column = k == rank - 1;
        mx_val of = row ? a->query : column ? a->key : mask;
        int axis = row || column ? -2 : k;
        sizes[k] = mx_size_of(b, of, axis);
        parts[k] = mx_dim(b, of, axis);
    }
    return mx_failed(b) ? MX_NO_VAL : mx_stretch(r, mask, sizes, rank, mx_concat(b, parts, (size_t)rank, 0));
}

static bool has_operator(const mx_rule *r, const attention *a) {
    mx_build *b = r->b;
    int32_t elem = mx_elem_of(b, a->query);
    bool fits = mx_opset(b) >= 23 && (elem == MX_ELEM_FLOAT || elem == MX_ELEM_FLOAT16) && a->rank == 4 &&
                mx_rank_of(b, a->key) == 4 && mx_rank_of(b, a->value) == 4;
    bool batch = fits && mx_size_equal(mx_size_of(b, a->query, 0), mx_size_of(b, a->key, 0)) &&
                 mx_size_equal(mx_size_of(b, a->query, 0), mx_size_of(b, a->value, 0));
    return batch && (a->mask == MX_NO_VAL || mx_rank_of(b, a->mask) <= 4);
}

static mx_val as_operator(const mx_rule *r, const attention *a) {
    mx_at at[2];
    size_t n = 0;
    if (a->causal) at[n++] = mx_at_i("is_causal", 1);
    if (a->scaled) at[n++] = mx_at_f("scale", a->scale);
    mx_val in[] = {a->query, a->key, a->value, a->mask == MX_NO_VAL ? MX_NO_VAL : full_mask(r, a)};
    return mx_op(r->b, "Attention", in, a->mask == MX_NO_VAL ? 3 : 4, at, n);
}

/* ---- as parts ---- */

static mx_val scaled_query(const mx_rule *r, const attention *a) {
    mx_build *b = r->b;
    int32_t elem = mx_elem_of(b, a->query);
    mx_size width = mx_size_of(b, a->query, -1);
    if (a->scaled) return a->scale == 1 ? a->query : mx_op2(b, "Mul", a->query, mx_scalar(b, elem, a->scale));
    if (mx_size_is_number(width)) {
        double scale = width.value ? 1 / __builtin_sqrt((double)width.value) : 1;
        return mx_op2(b, "Mul", a->query, mx_scalar(b, elem, scale));
    }
    mx_val root = mx_op1(b, "Sqrt", mx_cast(b, mx_as_scalar(b, mx_dim(b, a->query, -1)), elem));
    return mx_op2(b, "Div", a->query, root);
}

/* true where a query may look at a key when none may look ahead: [queries, keys]. */
static mx_val causal_mask(mx_build *b, const attention *a) {
    mx_val row = mx_unsqueeze1(b, mx_iota(b, mx_dim(b, a->query, -2)), 1), column = mx_iota(b, mx_dim(b, a->key, -2));
    return mx_op2(b, "GreaterOrEqual", row, column);
}

static mx_val as_parts(const mx_rule *r, attention *a) {
    mx_build *b = r->b;
    int32_t elem = mx_elem_of(b, a->query);
    mx_val zero = mx_scalar(b, elem, 0), never = mx_scalar(b, elem, -__builtin_inf());
    mx_val scores = mx_op2(b, "MatMul", scaled_query(r, a), mx_swap(b, a->key, -1, -2));
    bool choice = a->mask != MX_NO_VAL && mx_elem_of(b, a->mask) == MX_ELEM_BOOL;
    if (a->causal) scores = mx_op2(b, "Add", scores, mx_where(b, causal_mask(b, a), zero, never));
    if (choice) scores = mx_op2(b, "Add", scores, mx_where(b, a->mask, zero, never));
    if (!choice && a->mask != MX_NO_VAL) scores = mx_op2(b, "Add", scores, a->mask);
    a->weights = mx_op(b, "Softmax", MX_IN(scores), MX_AT(mx_at_i("axis", -1)));
    /* what is not looked at weighs 0 already, but in rows that have nothing to look at */
    if (choice) a->weights = mx_where(b, a->mask, a->weights, zero);
    if (!choice && a->mask != MX_NO_VAL) {
        a->weights = mx_where(b, mx_op2(b, "Equal", scores, never), zero, a->weights);
    }
    return mx_op2(b, "MatMul", a->weights, a->value);
}

static void attend(const mx_rule *r, attention *a, bool weights) {
    if (mx_failed(r->b)) return;
    bool whole = !weights && has_operator(r, a);
    if (!whole) repeat_heads(r, a);
    if (!mx_failed(r->b)) r->out[0] = whole ? as_operator(r, a) : as_parts(r, a);
}

/* Outputs from `first` on are for the backward pass only. */
static void refuse_outputs(const mx_rule *r, size_t first) {
    for (size_t i = first; i < r->node->n_outputs; ++i) {
        if (mx_output_used(r, i)) mx_cannot(r->b, "output %zu of an attention operator", i);
    }
}

/* ---- the rules ---- */

/* query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa */
static void rule_attention(const mx_rule *r) {
    attention a;
    if (!read_tensors(r, 3, &a)) return;
    refuse_dropout(r, 4);
    a.causal = mx_arg_bool(r, 5);
    read_scale(r, 6, &a);
    attend(r, &a, false);
}

/* query, key, value, attn_mask, dropout_p, is_causal, dropout_mask, scale, enable_gqa -> output, weights */
static void rule_attention_math(const mx_rule *r) {
    attention a;
    bool weights = mx_output_used(r, 1);
    if (!read_tensors(r, 3, &a)) return;
    refuse_dropout(r, 4);
    if (!mx_arg_none(r, 6)) mx_cannot(r->b, "attention with a mask of dropout");
    a.causal = mx_arg_bool(r, 5);
    read_scale(r, 7, &a);
    attend(r, &a, weights);
    if (weights) r->out[1] = a.weights;
}

/* query, key, value, dropout_p, is_causal, attn_mask, scale -> output, logsumexp */
static void rule_attention_cpu(const mx_rule *r) {
    attention a;
    if (!read_tensors(r, 5, &a)) return;
    refuse_dropout(r, 3);
    refuse_outputs(r, 1);
    a.causal = mx_arg_bool(r, 4);
    read_scale(r, 6, &a);
    attend(r, &a, false);
}

/* query, key, value, dropout_p, is_causal, return_debug_mask, scale -> output, ... */
static void rule_attention_flash(const mx_rule *r) {
    attention a;
    if (!read_tensors(r, 0, &a)) return;
    refuse_dropout(r, 3);
    refuse_outputs(r, 1);
    a.causal = mx_arg_bool(r, 4);
    read_scale(r, 6, &a);
    attend(r, &a, false);
}

/* query, key, value, attn_bias, compute_log_sumexp, dropout_p, is_causal, scale -> output, ... */
static void rule_attention_efficient(const mx_rule *r) {
    attention a;
    if (!read_tensors(r, 3, &a)) return;
    refuse_dropout(r, 5);
    refuse_outputs(r, 1);
    a.causal = mx_arg_bool(r, 6);
    read_scale(r, 7, &a);
    attend(r, &a, false);
}

/* query, key, value, attn_bias, compute_log_sumexp, dropout_p, is_causal, return_debug_mask, scale -> output, ... */
static void rule_attention_cudnn(const mx_rule *r) {
    attention a;
    if (!read_tensors(r, 3, &a)) return;
    refuse_dropout(r, 5);
    refuse_outputs(r, 1);
    a.causal = mx_arg_bool(r, 6);
    read_scale(r, 8, &a);
    attend(r, &a, false);
}

#define ATTENTION(target_, rule_)                                                                                      \
    { "aten." target_, rule_, "Attention, or MatMul, Softmax, MatMul", 0, 0 }
static const mx_lowering rows[] = {
    ATTENTION("scaled_dot_product_attention.default", rule_attention),
    ATTENTION("_scaled_dot_product_attention_math.default", rule_attention_math),
    ATTENTION("_scaled_dot_product_flash_attention_for_cpu.default", rule_attention_cpu),
    ATTENTION("_scaled_dot_product_flash_attention.default", rule_attention_flash),
    ATTENTION("_scaled_dot_product_efficient_attention.default", rule_attention_efficient),
    ATTENTION("_scaled_dot_product_cudnn_attention.default", rule_attention_cudnn),
    {"aten._native_multi_head_attention.default", mx_rule_native_attention, "MatMul, Softmax, MatMul", 0, 0},
    {"aten._transformer_encoder_layer_fwd.default", mx_rule_encoder_layer, "LayerNormalization, MatMul, Softmax", 0, 0},
};

const mx_lowering_family mx_family_attention = {"attention", rows, sizeof rows / sizeof *rows};
