/* Numbers in the names of values: what they tell of the order of execution. */
#include "htp/infer.h"

#include <stdlib.h>

typedef struct numbered {
    mx_str stem; /* the name without its number */
    uint64_t number;
    size_t length; /* of the whole name: 01 is not 1 */
    uint32_t op;
} numbered;

enum { DIGITS = 9 };

/* linear_12: 12; a name without a number stands before all that have one. */
static numbered number_of(const mx_htp_flow *f, uint32_t op) {
    numbered x = {.stem = mx_htp_op_name(f, &f->ops[op]), .op = op};
    size_t n = x.length = x.stem.n;
    uint64_t value = 0, place = 1;
    while (n && x.stem.n - n < DIGITS && x.stem.p[n - 1] >= '0' && x.stem.p[n - 1] <= '9') {
        value += place * (uint64_t)(x.stem.p[--n] - '0');
        place *= 10;
    }
    if (n < 2 || n == x.stem.n || x.stem.p[n - 1] != '_') return x;
    x.stem.n = n - 1;
    x.number = value + 1;
    return x;
}

static int by_stem(const numbered *x, const numbered *y) {
    size_t n = x->stem.n < y->stem.n ? x->stem.n : y->stem.n;
    int c = n ? memcmp(x->stem.p, y->stem.p, n) : 0;
    return c ? c : (x->stem.n > y->stem.n) - (x->stem.n < y->stem.n);
}

static int by_number(const void *a, const void *b) {
    const numbered *x = a, *y = b;
    int c = by_stem(x, y);
    if (c || x->number != y->number) return c ? c : x->number < y->number ? -1 : 1;
    return (x->length > y->length) - (x->length < y->length);
}

static mx_status find_neighbours(mx_htp_flow *f, mx_htp_numbers *w) {
    numbered *list = mx_arena_array(&f->arena, f->n, sizeof *list);
    uint32_t n = 0;
    if (!list) return mx_nomem(f->err);
    for (uint32_t i = 0; i < f->n; i++)
        if (mx_htp_flows(&f->ops[i]) && mx_htp_op_name(f, &f->ops[i]).n) list[n++] = number_of(f, i);
    if (n) qsort(list, n, sizeof *list, by_number);
    for (uint32_t i = 1; i < n; i++) {
        if (by_stem(&list[i - 1], &list[i]) != 0 || by_number(&list[i - 1], &list[i]) == 0) continue;
        w->before[list[i].op] = list[i - 1].op;
        w->behind[list[i - 1].op] = list[i].op;
    }
    return MX_OK;
}

static void forget(const mx_htp_flow *f, mx_htp_numbers *w) {
    for (uint32_t i = 0; i < f->n; i++)
        w->before[i] = w->behind[i] = MX_NO_INDEX;
}

static uint32_t enter(uint32_t *missing, uint32_t *order, uint32_t n, uint32_t op) {
    if (--missing[op] == 0) order[n++] = op;
    return n;
}

/* Kahn's order; false: there is none. */
static bool find_order(const mx_htp_flow *f, mx_htp_numbers *w, uint32_t *missing) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->n; i++)
        if ((missing[i] = f->ops[i].n_in + (w->before[i] != MX_NO_INDEX)) == 0) w->order[n++] = i;
    for (uint32_t done = 0; done < n; done++) {
        const mx_htp_op *o = &f->ops[w->order[done]];
        for (uint32_t k = 0; k < o->n_out; k++)
            n = enter(missing, w->order, n, mx_htp_outs(f, o)[k]);
        if (w->behind[w->order[done]] != MX_NO_INDEX) n = enter(missing, w->order, n, w->behind[w->order[done]]);
    }
    return n == f->n;
}

mx_status mx_htp_flow_numbers(mx_htp_flow *f, mx_htp_numbers *out) {
    uint32_t *missing = mx_arena_array(&f->arena, f->n, sizeof *missing);
    out->before = mx_arena_array(&f->arena, f->n, sizeof *out->before);
    out->behind = mx_arena_array(&f->arena, f->n, sizeof *out->behind);
    out->order = mx_arena_array(&f->arena, f->n, sizeof *out->order);
    if (!missing || !out->before || !out->behind || !out->order) return mx_nomem(f->err);
    forget(f, out);
    MX_TRY(find_neighbours(f, out));
    if (find_order(f, out, missing)) return MX_OK;
    forget(f, out);
    memcpy(out->order, f->order, f->n * sizeof *out->order);
    return MX_OK;
}
