#include "converter/edits.h"

#include "converter/compare_internal.h"

struct mx_edits {
    mx_cmp cmp; /* the first member: the callback gets it */
    mx_edit_fn each;
    void *ctx;
};

/* The step that leads from the node to what differs; NULL: the node itself does. */
static const mx_place *first_step(const mx_place *at) {
    while (at->outer && at->outer->outer)
        at = at->outer;
    return at->outer ? at : NULL;
}

static mx_str text_of(const mx_buffer *b) {
    return b->size ? mx_buffer_str(b) : (mx_str){NULL, 0};
}

static mx_status tell(mx_cmp *c, mx_difference_kind kind, const mx_place *at) {
    mx_edits *e = (mx_edits *)c;
    const mx_place *step = first_step(at);
    (void)kind; /* which of the texts are there says as much */
    if (!step) return MX_OK;
    mx_edit edit = {
        .field = step->label, .port = step->index, .before = text_of(&c->text[0]), .after = text_of(&c->text[1])};
    if (step->key != MX_SID_ABSENT) edit.key = mx_text(c->g[step->side], step->key);
    return e->each(e->ctx, &edit, c->err);
}

mx_status mx_edits_open(mx_graph *a, mx_graph *b, const mx_edit_texts *texts, mx_edits **out, mx_error *err) {
    mx_edits *e = mx_alloc_zero(a->allocator, 1, sizeof *e);
    *out = NULL;
    if (!e) return mx_nomem(err);
    e->cmp = (mx_cmp){.g = {a, b}, .allocator = a->allocator, .err = err, .texts = texts, .placed = tell};
    mx_status status = mx_cmp_start(&e->cmp);
    if (status == MX_OK)
        *out = e;
    else
        mx_edits_close(e);
    return status;
}

void mx_edits_close(mx_edits *e) {
    if (!e) return;
    const mx_allocator *a = e->cmp.allocator;
    mx_cmp_finish(&e->cmp);
    mx_free(a, e, sizeof *e);
}

/* By name alone: who makes a value is not asked. */
static mx_status compare_input_names(mx_cmp *c, mx_node_id id_a, mx_node_id id_b) {
    const mx_node *a = mx_cmp_at(c, 0, id_a), *b = mx_cmp_at(c, 1, id_b);
    uint32_t n = a->n_inputs > b->n_inputs ? a->n_inputs : b->n_inputs;
    mx_place at = mx_place_node(0, id_a);
    for (uint32_t k = 0; k < n; k++) {
        mx_place place = mx_place_index(&at, "input", k);
        bool in_a = k < a->n_inputs, in_b = k < b->n_inputs;
        if (in_a && in_b && mx_cmp_same(c, a->inputs[k].name, b->inputs[k].name)) continue;
        if (in_a) mx_cmp_show(c, 0, a->inputs[k].name);
        if (in_b) mx_cmp_show(c, 1, b->inputs[k].name);
        MX_TRY(mx_cmp_report_values(c, "value", &place));
    }
    return MX_OK;
}

static mx_status compare(mx_cmp *c, mx_node_id a, mx_node_id b) {
    switch (mx_cmp_at(c, 0, a)->kind) {
    case MX_NODE_MODEL: MX_TRY(mx_cmp_model(c)); return mx_cmp_scope_itself(c, a, b);
    case MX_NODE_FUNCTION:
    case MX_NODE_BODY: return mx_cmp_scope_itself(c, a, b);
    case MX_NODE_OPERATOR: MX_TRY(compare_input_names(c, a, b)); return mx_cmp_operator_itself(c, a, b);
    case MX_NODE_INPUT:
    case MX_NODE_OUTPUT: return mx_cmp_formal_itself(c, a, b);
    default: return MX_OK;
    }
}

mx_status mx_edits_find(mx_edits *e, mx_node_id a, mx_node_id b, bool initializers, mx_edit_fn each, void *ctx,
                        mx_error *err) {
    e->cmp.no_initializers = !initializers;
    e->each = each;
    e->ctx = ctx;
    e->cmp.err = err;
    e->cmp.n_scopes = 0; /* bodies are nodes of their own, with edits of their own */
    return compare(&e->cmp, a, b);
}
