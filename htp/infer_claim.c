/* Operators that belong to a told one although nothing on them says so. */
#include "htp/infer.h"

static void claim(mx_htp_op *o, uint32_t module) {
    o->module = module;
    o->how = MX_HTP_HOW_CLAIMED;
}

static bool is_free(const mx_htp_op *o) {
    return o->module == MX_NO_INDEX;
}

/* The only user of an operator's values, NULL: there are several or none. */
static mx_htp_op *only_user(const mx_htp_flow *f, const mx_htp_op *o) {
    return o->n_out == 1 && !o->output ? &f->ops[mx_htp_outs(f, o)[0]] : NULL;
}

/* The only producer through which data flows in. */
static mx_htp_op *only_producer(const mx_htp_flow *f, const mx_htp_op *o) {
    mx_htp_op *found = NULL;
    for (uint32_t i = 0; i < o->n_in; i++) {
        mx_htp_op *from = &f->ops[mx_htp_ins(f, o)[i]];
        if (!mx_htp_flows(from)) continue;
        if (found) return NULL;
        found = from;
    }
    return found;
}

/* A product whose only user adds a told bias. */
static void claim_products(mx_htp_flow *f) {
    for (uint32_t i = 0; i < f->n; i++) {
        mx_htp_op *o = &f->ops[i];
        const mx_htp_op *user = only_user(f, o);
        if (is_free(o) && mx_htp_is(o, MX_HTP_OP_WEIGHTED) && user && mx_htp_is(user, MX_HTP_OP_ADD) &&
            user->how == MX_HTP_HOW_TOLD && only_producer(f, user) == o)
            claim(o, user->module);
    }
}

/* ---- norms that were taken apart ---- */

enum { BUBBLE = 48 };

/* A region that grows backward from a told scale or bias, latest operator first. */
typedef struct bubble {
    mx_htp_flow *f;
    uint32_t open[BUBBLE], inside[BUBBLE]; /* the border, and what is behind it */
    uint32_t n_open, n_inside, n_done;     /* n_done: inside, up to the last good border */
    bool reduces, free_input;
} bubble;

static bool add_open(bubble *b, const mx_htp_op *o) {
    for (uint32_t i = 0; i < o->n_in; i++) {
        uint32_t from = mx_htp_ins(b->f, o)[i];
        bool known = b->f->ops[from].constant;
        for (uint32_t k = 0; k < b->n_open && !known; k++) known = b->open[k] == from;
        if (known) continue;
        if (b->n_open == BUBBLE) return false;
        b->open[b->n_open++] = from;
    }
    return true;
}

static bool all_users_inside(const bubble *b, const mx_htp_op *o, const mx_htp_op *start) {
    for (uint32_t i = 0; i < o->n_out; i++) {
        uint32_t user = mx_htp_outs(b->f, o)[i];
        bool inside = &b->f->ops[user] == start;
        for (uint32_t k = 0; k < b->n_inside && !inside; k++) inside = b->inside[k] == user;
        if (!inside) return false;
    }
    return !o->output;
}

/* Take the latest operator of the border inside. */
static bool step_back(bubble *b, const mx_htp_op *start) {
    uint32_t at = 0;
    for (uint32_t i = 1; i < b->n_open; i++)
        if (b->f->ops[b->open[i]].level > b->f->ops[b->open[at]].level) at = i;
    uint32_t taken = b->open[at];
    const mx_htp_op *o = &b->f->ops[taken];
    b->open[at] = b->open[--b->n_open];
    if (!is_free(o) || mx_htp_is(o, MX_HTP_OP_PRODUCT) || b->n_inside == BUBBLE) return false;
    if (o->n_out > BUBBLE || !all_users_inside(b, o, start)) return false;
    b->inside[b->n_inside++] = taken;
    b->reduces = b->reduces || mx_htp_is(o, MX_HTP_OP_REDUCTION);
    return add_open(b, o);
}

/* The bubble ends where all comes from one value; it may go on from there to one more reduction (the mean that was
 * subtracted first). */
static void claim_norm(mx_htp_flow *f, mx_htp_op *start) {
    bubble b = {.f = f};
    if (!add_open(&b, start)) return;
    while (b.n_open && step_back(&b, start))
        if (b.n_open <= 1 && b.reduces) {
            b.n_done = b.n_inside;
            b.reduces = false;
        }
    for (uint32_t i = 0; i < b.n_done; i++) claim(&f->ops[b.inside[i]], start->module);
}

static void claim_norms(mx_htp_flow *f) {
    for (uint32_t i = 0; i < f->n; i++) {
        mx_htp_op *o = &f->ops[f->order[i]];
        if (o->how == MX_HTP_HOW_TOLD && mx_htp_is(o, MX_HTP_OP_ADD | MX_HTP_OP_SCALE)) claim_norm(f, o);
    }
}

mx_status mx_htp_infer_claims(mx_htp_flow *f) {
    claim_products(f);
    claim_norms(f);
    return MX_OK;
}
