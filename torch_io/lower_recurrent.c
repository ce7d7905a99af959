/* Recurrent layers: one LSTM, GRU or RNN node a layer, both directions in it. Torch and ONNX put the gates' blocks in
 * different orders. */
#include "torch_io/build_graph.h"
#include "torch_io/lower_spatial.h"

typedef struct recurrent_kind {
    const char *target, *op, *activation; /* target: how it begins */
    size_t gates, states;                 /* states: h, and c of an LSTM */
    uint8_t order[4];                     /* torch's block that stands at each of ONNX's places */
} recurrent_kind;

static const recurrent_kind kinds[] = {
    {"aten.lstm", "LSTM", NULL, 4, 2, {0, 3, 1, 2}}, /* i f g o -> i o f c */
    {"aten.gru", "GRU", NULL, 3, 1, {1, 0, 2, 0}},   /* r z n -> z r h */
    {"aten.rnn_tanh", "RNN", "Tanh", 1, 1, {0}},
    {"aten.rnn_relu", "RNN", "Relu", 1, 1, {0}},
};

static const recurrent_kind *kind_of(const mx_rule *r) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(r->row->target, kinds[i].target, strlen(kinds[i].target)) == 0) return &kinds[i];
    return NULL;
}

typedef struct weights { /* of one direction */
    mx_val input, hidden, input_bias, hidden_bias;
} weights;

typedef struct layers {
    const recurrent_kind *kind;
    int64_t hidden;
    size_t directions, per_direction;
    bool biases;
} layers;

/* ---- weights ---- */

static mx_val in_order(const mx_rule *r, const layers *l, mx_val v) {
    mx_val blocks[4], ordered[4];
    int64_t sizes[4];
    size_t gates = l->kind->gates;
    if (gates == 1 || mx_failed(r->b)) return v;
    for (size_t k = 0; k < gates; k++)
        sizes[k] = l->hidden;
    mx_split(r->b, v, 0, sizes, gates, blocks);
    for (size_t k = 0; k < gates; k++)
        ordered[k] = blocks[l->kind->order[k]];
    return mx_concat(r->b, ordered, gates, 0);
}

static mx_val both_biases(const mx_rule *r, const layers *l, const weights *w) {
    mx_val parts[2] = {in_order(r, l, w->input_bias), in_order(r, l, w->hidden_bias)};
    return mx_concat(r->b, parts, 2, 0);
}

/* The weights of all directions of a layer, as ONNX has them: a leading axis of directions. */
static void stack_weights(const mx_rule *r, const layers *l, const weights *w, mx_val *input, mx_val *hidden,
                          mx_val *bias) {
    mx_val a[2], h[2], c[2];
    for (size_t d = 0; d < l->directions; d++) {
        a[d] = mx_unsqueeze1(r->b, in_order(r, l, w[d].input), 0);
        h[d] = mx_unsqueeze1(r->b, in_order(r, l, w[d].hidden), 0);
        if (l->biases) c[d] = mx_unsqueeze1(r->b, both_biases(r, l, &w[d]), 0);
    }
    *input = mx_concat(r->b, a, l->directions, 0);
    *hidden = mx_concat(r->b, h, l->directions, 0);
    *bias = l->biases ? mx_concat(r->b, c, l->directions, 0) : MX_NO_VAL;
}

/* ---- one layer ---- */

/* Whether a value is zero everywhere: a state that ONNX assumes anyway. */
static bool is_zero(const mx_build *b, mx_val v) {
    const mx_bvalue *x = &b->values[v];
    double number;
    if (x->kind == MX_BV_OP && strcmp(b->ops[x->op].op, "Expand") == 0)
        return mx_const_number(b, b->ops[x->op].in[0], &number) && number == 0;
    if (x->kind != MX_BV_CONSTANT || !x->bytes) return false;
    for (size_t i = 0; i < x->n_bytes; i++)
        if (((const uint8_t *)x->bytes)[i]) return false;
    return true;
}

static size_t layer_attributes(const layers *l, mx_at *at) {
    static const char *const tanh_both[2] = {"Tanh", "Tanh"}, *const relu_both[2] = {"Relu", "Relu"};
    size_t n = 0;
    at[n++] = mx_at_i("hidden_size", l->hidden);
    if (l->directions == 2) at[n++] = mx_at_s("direction", "bidirectional");
    if (strcmp(l->kind->op, "GRU") == 0) at[n++] = mx_at_i("linear_before_reset", 1);
    if (l->kind->activation)
        at[n++] = (mx_at){.name = "activations",
                          .kind = MX_AT_STRINGS,
                          .strings = l->kind->activation[0] == 'R' ? relu_both : tanh_both,
                          .n = l->directions};
    return n;
}

/* x: [time, batch, in]; state: [directions, batch, hidden] each, or MX_NO_VAL. out: all steps [time, directions, batch,
 * hidden] and the last states. */
static void emit_layer(const mx_rule *r, const layers *l, const weights *w, mx_val x, const mx_val *state,
                       mx_val *out) {
    mx_build *b = r->b;
    mx_val in[7] = {x};
    mx_at at[4];
    stack_weights(r, l, w, &in[1], &in[2], &in[3]);
    in[4] = MX_NO_VAL;
    bool any = false;
    for (size_t k = 0; k < l->kind->states; k++) {
        in[5 + k] = mx_failed(b) || is_zero(b, state[k]) ? MX_NO_VAL : state[k];
        any |= in[5 + k] != MX_NO_VAL;
    }
    size_t n_in = any ? 5 + l->kind->states : in[3] ? 4 : 3;
    mx_op_n(b, l->kind->op, in, n_in, at, layer_attributes(l, at), out, 1 + l->kind->states);
    mx_set_type(b, out[0], mx_elem_of(b, x), 4, NULL);
    for (size_t k = 0; k < l->kind->states; k++)
        mx_set_type(b, out[1 + k], mx_elem_of(b, x), 3, NULL);
}

/* [time, directions, batch, hidden] to [time, batch, directions * hidden] */
static mx_val join_directions(const mx_rule *r, const layers *l, mx_val x, mx_val y) {
    static const int64_t perm[4] = {0, 2, 1, 3};
    mx_build *b = r->b;
    if (l->directions == 1) return mx_squeeze1(b, y, 1);
    mx_val sizes[3] = {mx_dim(b, x, 0), mx_dim(b, x, 1), mx_int64(b, 2 * l->hidden)};
    return mx_reshape(b, mx_transpose(b, y, perm, 4), mx_concat(b, sizes, 3, 0));
}

/* ---- all layers ---- */

static void read_weights(const mx_rule *r, size_t i, const layers *l, size_t layer, weights *w) {
    for (size_t d = 0; d < l->directions; d++) {
        size_t first = (layer * l->directions + d) * l->per_direction;
        w[d].input = mx_arg_item(r, i, first);
        w[d].hidden = mx_arg_item(r, i, first + 1);
        w[d].input_bias = l->biases ? mx_arg_item(r, i, first + 2) : MX_NO_VAL;
        w[d].hidden_bias = l->biases ? mx_arg_item(r, i, first + 3) : MX_NO_VAL;
    }
}

static bool settle(const mx_rule *r, layers *l, size_t n_layers, size_t n_weights) {
    mx_build *b = r->b;
    l->per_direction = l->biases ? 4 : 2;
    if (mx_failed(b)) return false;
    if (n_layers < 1 || n_weights != l->per_direction * n_layers * l->directions) {
        mx_cannot(b, "%zu weights for %zu layers: a projection (proj_size) has no place in ONNX's %s", n_weights,
                  n_layers, l->kind->op);
        return false;
    }
    mx_size hidden = mx_size_of(b, mx_arg_item(r, 2, 1), 1);
    l->hidden = hidden.value;
    if (!mx_size_is_number(hidden)) mx_cannot(b, "the hidden size is not known");
    return !mx_failed(b);
}

static void run_layers(const mx_rule *r, layers *l, size_t n_layers, mx_val x, const mx_val *states) {
    enum { MANY = 64 };
    mx_build *b = r->b;
    mx_val last[2][MANY], out[3], first[2];
    weights w[2];
    if (n_layers > MANY) {
        mx_cannot(b, "%zu layers", n_layers);
        return;
    }
    for (size_t i = 0; i < n_layers; i++) {
        int64_t from = (int64_t)(i * l->directions), to = from + (int64_t)l->directions;
        for (size_t k = 0; k < l->kind->states; k++)
            first[k] =
                n_layers == 1 || is_zero(b, states[k]) ? states[k] : mx_slice_const(b, states[k], 0, from, to, 1);
        read_weights(r, 2, l, i, w);
        emit_layer(r, l, w, x, first, out);
        x = join_directions(r, l, x, out[0]);
        for (size_t k = 0; k < l->kind->states; k++)
            last[k][i] = out[1 + k];
        if (mx_failed(b)) return;
    }
    r->out[0] = x;
    for (size_t k = 0; k < l->kind->states; k++)
        r->out[1 + k] = mx_concat(b, last[k], n_layers, 0);
}

/* NAME.input(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first) */
static void recurrent(const mx_rule *r) {
    mx_build *b = r->b;
    layers l = {.kind = kind_of(r), .biases = mx_arg_bool(r, 3), .directions = mx_arg_bool(r, 7) ? 2 : 1};
    int64_t n_layers = mx_arg_int(r, 4);
    bool batch_first = mx_arg_bool(r, 8);
    mx_val x = mx_arg(r, 0), states[2] = {MX_NO_VAL, MX_NO_VAL};
    if (mx_arg_bool(r, 6) && mx_arg_float(r, 5) > 0 && n_layers > 1) mx_cannot(b, "dropout in training is random");
    if (n_layers < 0 || !settle(r, &l, (size_t)n_layers, mx_arg_count(r, 2))) return;
    for (size_t k = 0; k < l.kind->states; k++)
        states[k] = l.kind->states == 2 ? mx_arg_item(r, 1, k) : mx_arg(r, 1);
    bool batched = mx_rank_of(b, x) == 3;
    for (size_t k = 0; k < l.kind->states && !batched; k++)
        states[k] = mx_unsqueeze1(b, states[k], 1);
    if (!batched)
        x = mx_unsqueeze1(b, x, 1);
    else if (batch_first)
        x = mx_swap(b, x, 0, 1);
    run_layers(r, &l, (size_t)n_layers, x, states);
    if (mx_failed(b)) return;
    for (size_t k = 0; k <= l.kind->states && !batched; k++)
        r->out[k] = mx_squeeze1(b, r->out[k], 1);
    if (batched && batch_first) r->out[0] = mx_swap(b, r->out[0], 0, 1);
}

/* ---- one step ---- */

/* NAME_cell(input, hx, w_ih, w_hh, b_ih, b_hh) */
static void cell(const mx_rule *r) {
    mx_build *b = r->b;
    layers l = {.kind = kind_of(r), .directions = 1, .biases = !mx_arg_none(r, 4)};
    weights w = {mx_arg(r, 2), mx_arg(r, 3), mx_arg(r, 4), mx_arg(r, 5)};
    mx_val x = mx_arg(r, 0), states[2] = {MX_NO_VAL, MX_NO_VAL}, out[3];
    mx_size hidden = mx_size_of(b, w.hidden, 1);
    bool batched = mx_rank_of(b, x) == 2;
    if (mx_failed(b)) return;
    if (!mx_size_is_number(hidden)) mx_cannot(b, "the hidden size is not known");
    l.hidden = hidden.value;
    for (size_t k = 0; k < l.kind->states; k++) {
        states[k] = l.kind->states == 2 ? mx_arg_item(r, 1, k) : mx_arg(r, 1);
        states[k] = batched ? mx_unsqueeze1(b, states[k], 0) : mx_unsqueeze(b, states[k], (const int64_t[]){0, 1}, 2);
    }
    x = batched ? mx_unsqueeze1(b, x, 0) : mx_unsqueeze(b, x, (const int64_t[]){0, 1}, 2);
    emit_layer(r, &l, &w, x, states, out);
    for (size_t k = 0; k < l.kind->states; k++)
        r->out[k] = batched ? mx_squeeze1(b, out[1 + k], 0) : mx_squeeze(b, out[1 + k], (const int64_t[]){0, 1}, 2);
}

static const mx_lowering rows[] = {
    {"aten.lstm.input", recurrent, "LSTM", 0, 0},      {"aten.gru.input", recurrent, "GRU", 0, 0},
    {"aten.rnn_tanh.input", recurrent, "RNN", 0, 0},   {"aten.rnn_relu.input", recurrent, "RNN", 0, 0},
    {"aten.lstm_cell.default", cell, "LSTM", 0, 0},    {"aten.gru_cell.default", cell, "GRU", 0, 0},
    {"aten.rnn_tanh_cell.default", cell, "RNN", 0, 0}, {"aten.rnn_relu_cell.default", cell, "RNN", 0, 0},
};

const mx_lowering_family mx_family_recurrent = {"recurrent", rows, sizeof rows / sizeof *rows};
