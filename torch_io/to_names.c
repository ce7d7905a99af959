/* Names: each once in the whole model, bodies included. */
#include "torch_io/to_graph.h"

#include <stdio.h>

static mx_status make_room(mx_to_graph *t, mx_sid id) {
    size_t want = t->n_taken ? t->n_taken : 256;
    if (id < t->n_taken) return MX_OK;
    while (want <= id)
        want *= 2;
    uint32_t *taken = mx_realloc(t->g->allocator, t->taken, t->n_taken * sizeof *taken, want * sizeof *taken);
    if (!taken) return mx_nomem(t->err);
    memset(taken + t->n_taken, 0, (want - t->n_taken) * sizeof *taken);
    t->taken = taken;
    t->n_taken = want;
    return MX_OK;
}

static mx_status numbered(mx_to_graph *t, mx_str base, uint32_t number, mx_sid *out) {
    char digits[16];
    mx_buffer b;
    mx_buffer_init(&b, t->g->allocator);
    snprintf(digits, sizeof digits, "_%u", number);
    mx_buffer_add(&b, base.p, base.n);
    mx_buffer_cstr(&b, digits);
    mx_status status = b.failed ? mx_nomem(t->err) : mx_graph_string(t->g, mx_buffer_str(&b), out, t->err);
    mx_buffer_free(&b);
    return status;
}

mx_status mx_to_name(mx_to_graph *t, mx_str base, mx_sid *out) {
    mx_sid first;
    MX_TRY(mx_graph_string(t->g, base, &first, t->err));
    MX_TRY(make_room(t, first));
    *out = first;
    while (t->taken[*out]) {
        MX_TRY(numbered(t, base, t->taken[first]++, out));
        MX_TRY(make_room(t, *out));
    }
    t->taken[*out] = 1;
    return MX_OK;
}
