/* Simplifying operators over spatial axes. */
#include "torch_io/build_simplify.h"

enum { SPATIAL = 2 }; /* the first spatial axis */

static bool is_text(const mx_at *a, const char *text) {
    return !a || (a->kind == MX_AT_STRING && a->s && strcmp(a->s, text) == 0);
}

/* Zeros around the spatial axes, by as many as `pads` says. */
static bool zero_padding(const mx_build *b, const mx_bop *pad, int rank, int64_t *pads) {
    size_t n;
    double value;
    if (!is_text(mx_build_find(pad->at, pad->n_at, "mode"), "constant") || pad->n_in < 2 || pad->n_in > 3) return false;
    if (pad->n_in == 3 && pad->in[2] != MX_NO_VAL && !(mx_const_number(b, pad->in[2], &value) && value == 0))
        return false;
    if (!mx_const_ints(b, pad->in[1], pads, 2 * MX_MAX_RANK, &n) || n != 2 * (size_t)rank) return false;
    for (size_t i = 0; i < n; i++)
        if (pads[i] < 0 || (i % (size_t)rank < SPATIAL && pads[i] != 0)) return false;
    return true;
}

/* Conv of a tensor with zeros around it pads by itself. */
bool mx_simplify_conv(mx_build *b, const mx_ask *ask, mx_val *out) {
    int64_t around[2 * MX_MAX_RANK], sum[2 * MX_MAX_RANK];
    int rank = mx_rank_of(b, ask->in[0]), axes = rank - SPATIAL;
    const mx_bop *pad = mx_build_made_by(b, ask->in[0], "Pad");
    const mx_at *own = mx_build_find(ask->at, ask->n_at, "pads");
    if (!pad || axes < 1 || rank > MX_MAX_RANK || !zero_padding(b, pad, rank, around)) return false;
    if (!is_text(mx_build_find(ask->at, ask->n_at, "auto_pad"), "NOTSET")) return false;
    if (own && own->n != 2 * (size_t)axes) return false;
    for (int i = 0; i < 2 * axes; i++)
        sum[i] = around[i < axes ? i + SPATIAL : i + 2 * SPATIAL] + (own ? own->ints[i] : 0);
    mx_at *at = mx_build_memory(b, ask->n_at + 1, sizeof *at);
    mx_val *in = mx_build_copy(b, ask->in, ask->n_in, sizeof *in);
    if (!at || !in) return false;
    size_t n = 0;
    for (size_t i = 0; i < ask->n_at; i++)
        if (&ask->at[i] != own) at[n++] = ask->at[i];
    at[n++] = mx_at_is("pads", sum, 2 * (size_t)axes);
    in[0] = pad->in[0];
    *out = mx_op(b, "Conv", in, ask->n_in, at, n);
    return true;
}
