#include "torch_io/lower_transformer.h"

#include "torch_io/lower_linear.h"
#include "torch_io/lower_move.h"
#include "torch_io/lower_numeric.h"

typedef struct heads {
    mx_val query, key, value; /* [batch, length, width] */
    mx_val in_weight, in_bias, out_weight, out_bias;
    mx_val mask;       /* MX_NO_VAL, or true (not 0) where a key is not looked at */
    int64_t mask_kind; /* 0: [queries, keys], 1: [batch, keys], else for every head */
    int64_t width, count;
    mx_val weights; /* made: [batch, heads, queries, keys] */
} heads;

/* A third of what is projected, as [batch, heads, length, width of a head]. */
static mx_val head_part(const mx_rule *r, const heads *h, mx_val v, mx_val of) {
    mx_build *b = r->b;
    const mx_val sizes[] = {mx_dim(b, of, 0), mx_dim(b, of, 1), mx_int64(b, h->count), mx_int64(b, -1)};
    return mx_swap(b, mx_reshape(b, v, mx_concat(b, sizes, 4, 0)), 1, 2);
}

/* Query, key and value by their part of the common weight: in one product where they are the same. */
static void project(const mx_rule *r, const heads *h, mx_val *out) {
    mx_build *b = r->b;
    const mx_val in[] = {h->query, h->key, h->value};
    const int64_t widths[] = {h->width, h->width, h->width};
    mx_val weights[3], biases[3];
    if (h->query == h->key && h->query == h->value) {
        mx_split(b, mx_linear(r, h->query, h->in_weight, h->in_bias), 2, widths, 3, out);
    } else {
        mx_split(b, h->in_weight, 0, widths, 3, weights);
        mx_split(b, h->in_bias, 0, widths, 3, biases);
        for (int i = 0; i < 3; ++i)
            out[i] = mx_linear(r, in[i], weights[i], biases[i]);
    }
    for (int i = 0; i < 3; ++i)
        out[i] = head_part(r, h, out[i], in[i]);
}

static mx_val attend(const mx_rule *r, heads *h) {
    mx_build *b = r->b;
    mx_val part[3], mask = h->mask;
    if (h->count < 1 || h->width % h->count) mx_cannot(b, "attention of %lld heads", (long long)h->count);
    if (mx_failed(b)) return MX_NO_VAL;
    project(r, h, part);
    int32_t elem = mx_elem_of(b, part[0]);
    double scale = 1 / __builtin_sqrt((double)(h->width / h->count));
    mx_val query = mx_op2(b, "Mul", part[0], mx_scalar(b, elem, scale));
    mx_val scores = mx_op2(b, "MatMul", query, mx_swap(b, part[1], 2, 3));
    if (mask != MX_NO_VAL) {
        if (h->mask_kind == 1) mask = mx_unsqueeze(b, mask, (const int64_t[]){1, 2}, 2);
        scores = mx_choose(b, mx_as_bool(b, mask), mx_scalar(b, elem, -__builtin_inf()), scores);
    }
    h->weights = mx_op(b, "Softmax", MX_IN(scores), MX_AT(mx_at_i("axis", -1)));
    mx_val seen = mx_swap(b, mx_op2(b, "MatMul", h->weights, part[2]), 1, 2);
    const mx_val sizes[] = {mx_dim(b, h->query, 0), mx_dim(b, h->query, 1), mx_int64(b, h->width)};
    return mx_linear(r, mx_reshape(b, seen, mx_concat(b, sizes, 3, 0)), h->out_weight, h->out_bias);
}

/* The mask and its kind, which stand behind each other. */
static void read_mask(const mx_rule *r, size_t i, heads *h) {
    h->mask = mx_arg(r, i);
    h->mask_kind = mx_arg_none(r, i + 1) ? 2 : mx_arg_int(r, i + 1);
}

/* query, key, value, embed_dim, num_head, qkv_weight, qkv_bias, proj_weight, proj_bias, mask=None, need_weights=True,
 * average_attn_weights=True, mask_type=None -> output, weights */
void mx_rule_native_attention(const mx_rule *r) {
    heads h = {.query = mx_arg(r, 0), .key = mx_arg(r, 1), .value = mx_arg(r, 2), .width = mx_arg_int(r, 3)};
    h.count = mx_arg_int(r, 4);
    h.in_weight = mx_arg(r, 5);
    h.in_bias = mx_arg(r, 6);
    h.out_weight = mx_arg(r, 7);
    h.out_bias = mx_arg(r, 8);
    h.mask = mx_arg(r, 9);
    h.mask_kind = mx_arg_none(r, 12) ? 2 : mx_arg_int(r, 12);
    r->out[0] = attend(r, &h);
    if (!mx_output_used(r, 1) || mx_failed(r->b)) return;
    r->out[1] =
        mx_arg_bool(r, 11) ? mx_reduce(r->b, "ReduceMean", h.weights, (const int64_t[]){1}, 1, false) : h.weights;
}

/* LayerNormalization over the last axis; arguments i and i + 1 are its weight and bias. */
static mx_val normalised(const mx_rule *r, mx_val x, size_t i, double eps) {
    mx_build *b = r->b;
    mx_val weight = mx_arg(r, i), bias = mx_arg(r, i + 1);
    const int64_t last[] = {-1};
    if (mx_opset(b) >= 17) {
        return mx_op(b, "LayerNormalization", MX_IN(x, weight, bias),
                     MX_AT(mx_at_i("axis", -1), mx_at_f("epsilon", eps)));
    }
    mx_val apart = mx_op2(b, "Sub", x, mx_reduce(b, "ReduceMean", x, last, 1, true));
    mx_val square = mx_reduce(b, "ReduceMean", mx_op2(b, "Mul", apart, apart), last, 1, true);
    mx_val spread = mx_op1(b, "Sqrt", mx_op2(b, "Add", square, mx_scalar(b, mx_elem_of(b, x), eps)));
    return mx_op2(b, "Add", mx_op2(b, "Mul", mx_op2(b, "Div", apart, spread), weight), bias);
}

/* src, embed_dim, num_heads, qkv_weight, qkv_bias, proj_weight, proj_bias, use_gelu, norm_first, eps, norm_weight_1,
 * norm_bias_1, norm_weight_2, norm_bias_2, ffn_weight_1, ffn_bias_1, ffn_weight_2, ffn_bias_2, mask=None, mask_type */
void mx_rule_encoder_layer(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = mx_arg(r, 0);
    bool first = mx_arg_bool(r, 8), gelu = mx_arg_bool(r, 7);
    double eps = mx_arg_float(r, 9);
    mx_val in = first ? normalised(r, x, 10, eps) : x;
    heads h = {.query = in, .key = in, .value = in, .width = mx_arg_int(r, 1), .count = mx_arg_int(r, 2)};
    h.in_weight = mx_arg(r, 3);
    h.in_bias = mx_arg(r, 4);
    h.out_weight = mx_arg(r, 5);
    h.out_bias = mx_arg(r, 6);
    read_mask(r, 18, &h);
    x = mx_op2(b, "Add", attend(r, &h), x);
    if (!first) x = normalised(r, x, 10, eps);
    mx_val inner = mx_linear(r, first ? normalised(r, x, 12, eps) : x, mx_arg(r, 14), mx_arg(r, 15));
    inner = gelu ? mx_gelu(b, inner, false) : mx_op1(b, "Relu", inner);
    x = mx_op2(b, "Add", mx_linear(r, inner, mx_arg(r, 16), mx_arg(r, 17)), x);
    r->out[0] = first ? x : normalised(r, x, 12, eps);
}
