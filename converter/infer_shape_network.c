/* Layers: normalisation, recurrent nets, attention, losses. */
#include "converter/infer_rules.h"

/* Mean and variance have one number for each channel, as scale and bias. */
void mx_shape_batch_norm(mx_op *op) {
    mx_shape x, scale;
    mx_dim channels = mx_dim_unknown;
    mx_op_out_like(op, 0, 0);
    if (mx_op_in_shape(op, 0, &x) && x.rank > 1) channels = x.dims[1];
    if (mx_op_in_shape(op, 1, &scale) && scale.rank == 1) channels = mx_dim_better(channels, scale.dims[0]);
    for (uint32_t k = 1; k < op->node->n_outputs; k++)
        mx_op_out_shape(op, k, 1, &channels);
}

/* The moments have size 1 from the axis on. */
void mx_shape_layer_norm(mx_op *op) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK];
    uint32_t axis;
    if (!mx_op_in_shape(op, 0, &shape)) return;
    mx_op_out_shape(op, 0, shape.rank, shape.dims);
    if (!mx_infer_axis(mx_op_int(op, "axis", -1), shape.rank, &axis)) return;
    for (uint32_t i = 0; i < shape.rank; i++)
        dims[i] = i < axis ? shape.dims[i] : mx_dim_of(1);
    for (uint32_t k = 1; k < 3; k++)
        mx_op_out_shape(op, k, shape.rank, dims);
}

/* RNN, GRU, LSTM: all steps, then the last hidden state and the last cell state. */
void mx_shape_recurrent(mx_op *op) {
    mx_shape x, r;
    mx_dim steps = mx_dim_unknown, batch = mx_dim_unknown, hidden = mx_dim_of(mx_op_int(op, "hidden_size", -1));
    mx_str direction = mx_op_string(op, "direction", "forward");
    mx_dim directions = mx_dim_of(mx_str_is(direction, "bidirectional") ? 2 : 1);
    bool batch_first = mx_op_int(op, "layout", 0) != 0;
    if (mx_op_in_shape(op, 0, &x) && x.rank == 3) {
        steps = x.dims[batch_first];
        batch = x.dims[!batch_first];
    }
    if (mx_op_in_shape(op, 2, &r) && r.rank == 3) hidden = mx_dim_better(hidden, r.dims[2]);
    mx_dim all[2][4] = {{steps, directions, batch, hidden}, {batch, steps, directions, hidden}};
    mx_dim last[2][3] = {{directions, batch, hidden}, {batch, directions, hidden}};
    mx_op_out_shape(op, 0, 4, all[batch_first]);
    for (uint32_t k = 1; k < op->node->n_outputs; k++)
        mx_op_out_shape(op, k, 3, last[batch_first]);
}

/* ---- attention ---- */

/* A tensor of heads: (batch, heads, sequence, size), or with the heads side by side (batch, sequence, heads * size). */
typedef struct heads {
    bool known, flat;
    mx_dim batch, heads, sequence, size;
} heads;

static mx_dim divide(mx_dim d, int64_t by) {
    return d.kind == MX_DIM_VALUE && by > 0 && d.value % by == 0 ? mx_dim_of(d.value / by) : mx_dim_unknown;
}

static heads heads_of(mx_op *op, uint32_t input, const char *count_attribute) {
    mx_shape s;
    heads h = {0};
    if (!mx_op_in_shape(op, input, &s) || (s.rank != 3 && s.rank != 4)) return h;
    int64_t count = mx_op_int(op, count_attribute, 0);
    h.known = true;
    h.flat = s.rank == 3;
    h.batch = s.dims[0];
    h.heads = h.flat ? mx_dim_of(count > 0 ? count : -1) : s.dims[1];
    h.sequence = s.dims[s.rank - 2];
    h.size = h.flat ? divide(s.dims[2], count) : s.dims[3];
    return h;
}

void mx_shape_attention(mx_op *op) {
    heads q = heads_of(op, 0, "q_num_heads"), k = heads_of(op, 1, "kv_num_heads"), v = heads_of(op, 2, "kv_num_heads");
    heads past = heads_of(op, 4, "");
    bool grows = mx_op_in_given(op, 4);
    mx_dim total = !grows ? k.sequence : k.known && past.known ? mx_dim_add(k.sequence, past.sequence) : mx_dim_unknown;
    if (grows && total.kind != MX_DIM_VALUE) total = mx_dim_unknown;
    if (q.known && q.flat) {
        mx_dim dims[3] = {q.batch, q.sequence, mx_dim_multiply(q.heads, v.size)};
        mx_op_out_shape(op, 0, 3, dims);
    } else if (q.known) {
        mx_dim dims[4] = {q.batch, q.heads, q.sequence, v.size};
        mx_op_out_shape(op, 0, 4, dims);
    }
    mx_dim present_k[4] = {k.batch, k.heads, total, k.size}, present_v[4] = {v.batch, v.heads, total, v.size};
    mx_dim scores[4] = {q.batch, q.heads, q.sequence, total};
    mx_op_out_shape(op, 1, 4, present_k);
    mx_op_out_shape(op, 2, 4, present_v);
    mx_op_out_shape(op, 3, 4, scores);
}

/* Queries and values (batch, heads, sequence, size). */
void mx_shape_flex_attention(mx_op *op) {
    heads q = heads_of(op, 0, ""), v = heads_of(op, 2, "");
    mx_dim dims[4] = {q.batch, q.heads, q.sequence, v.size};
    if (q.known && !q.flat) mx_op_out_shape(op, 0, 4, dims);
}

/* Heads side by side; the state has one matrix for each head. The result has as many heads as the queries. */
void mx_shape_linear_attention(mx_op *op) {
    heads q = heads_of(op, 0, "q_num_heads"), k = heads_of(op, 1, "kv_num_heads"), v = heads_of(op, 2, "kv_num_heads");
    mx_dim dims[3] = {q.batch, q.sequence, mx_dim_multiply(q.heads, v.size)};
    mx_dim state[4] = {q.batch, v.heads, k.size, v.size};
    mx_shape matrices = {4, state};
    mx_op_out_shape(op, 0, 3, dims);
    mx_op_out_tensor(op, 1, mx_op_in_element(op, mx_op_in_given(op, 3) ? 3 : 0), &matrices);
    mx_op_out_like(op, 1, 3);
}

void mx_shape_causal_conv(mx_op *op) {
    mx_shape x, w;
    mx_op_out_like(op, 0, 0);
    if (!mx_op_in_shape(op, 0, &x) || x.rank != 3) return;
    mx_dim dims[3] = {x.dims[0], x.dims[1], mx_dim_unknown};
    if (mx_op_in_shape(op, 1, &w) && w.rank == 3 && w.dims[2].kind == MX_DIM_VALUE)
        dims[2] = mx_dim_of(w.dims[2].value - 1);
    mx_op_out_shape(op, 1, 3, dims);
    mx_op_out_like(op, 1, 3);
}

/* ---- losses ---- */

void mx_shape_loss(mx_op *op) {
    if (mx_str_is(mx_op_string(op, "reduction", "mean"), "none"))
        mx_op_out_like(op, 0, 1);
    else
        mx_op_out_rank(op, 0, 0);
    mx_op_out_like(op, 1, 0); /* the log probabilities */
}

void mx_shape_dynamic_quantize(mx_op *op) {
    mx_op_out_like(op, 0, 0);
    mx_op_out_rank(op, 1, 0);
    mx_op_out_rank(op, 2, 0);
}
