/* Bodies and functions that an edit touched must have the ports that the operators need which run them: a value more or
 * less would shift all behind it. What is deleted shows only by the numbers that are missing. */
#include "graphml/import.h"

typedef struct arity {
    mx_import *im;
    uint8_t *touched; /* by item: of a scope, its inputs or outputs may be others */
    mx_map functions; /* (domain, name) -> its item */
} arity;

/* ---- what was touched ---- */

static void touch(arity *a, uint32_t scope) {
    for (uint32_t depth = 0; scope != MX_NO_INDEX && depth <= a->im->g->limits.body_depth; depth++) {
        a->touched[scope] = 1;
        scope = mx_import_outer_scope(a->im, scope);
    }
}

static void find_touched(arity *a) {
    const mx_import *im = a->im;
    int64_t next = 0;
    uint32_t last = im->model;
    bool was_carried = false;
    for (size_t i = 0; i < im->n_order; i++) {
        uint32_t index = im->order[i];
        const mx_item *item = &im->items[index];
        bool formal = item->kind == MX_NODE_INPUT || item->kind == MX_NODE_OUTPUT;
        if (item->flags & MX_ITEM_NEW || !(item->flags & MX_ITEM_HAS_INDEX)) {
            if (formal) touch(a, item->scope);
            continue;
        }
        bool carried = formal && item->flags & MX_ITEM_MOVED; /* from where those before and behind it are */
        if (item->index > next || carried || was_carried) {
            touch(a, im->items[last].scope);
            touch(a, item->scope);
        }
        was_carried = carried;
        next = (int64_t)item->index + 1;
        last = index;
    }
    if (im->n_source_nodes <= INT32_MAX && (int64_t)im->n_source_nodes > next) touch(a, im->items[last].scope);
}

/* ---- bodies ---- */

static int64_t opset_version(const mx_import *im, uint32_t scope) {
    while (mx_import_outer_scope(im, scope) != MX_NO_INDEX)
        scope = mx_import_outer_scope(im, scope);
    const mx_compound *c = &im->compounds[im->items[scope].compound];
    for (uint32_t i = 0; i < c->n_opsets; i++) {
        mx_str domain = mx_text(im->g, c->opsets[i].domain);
        if (!c->opsets[i].opaque && (!domain.n || mx_str_is(domain, "ai.onnx"))) return c->opsets[i].version;
    }
    return INT64_MAX;
}

typedef struct counts {
    size_t inputs, outputs;
} counts;

/* What the bodies of an operator need; false: nobody knows. */
static bool needed(const mx_import *im, const mx_item *op, counts *out) {
    mx_str domain = mx_text(im->g, op->domain), type = mx_text(im->g, op->op_type);
    *out = (counts){op->n_inputs, op->n_outputs};
    if (domain.n && !mx_str_is(domain, "ai.onnx")) return false;
    if (mx_str_is(type, "If")) {
        out->inputs = 0;
    } else if (mx_str_is(type, "Loop")) { /* the iteration and the condition come in; the condition goes out */
        if (out->inputs < 2) out->inputs = 2;
        out->outputs++;
    } else if (mx_str_is(type, "Scan")) { /* version 8 has the lengths in front */
        if (out->inputs && opset_version(im, op->scope) < 9) out->inputs--;
    } else {
        return mx_str_is(type, "SequenceMap");
    }
    return true;
}

static mx_status check_body(const arity *a, uint32_t op, const mx_node *body) {
    mx_import *im = a->im;
    const mx_scope_data *s = &im->g->scopes[body->data];
    counts n;
    if (!needed(im, &im->items[op], &n)) return MX_OK;
    bool inputs = s->n_inputs != n.inputs;
    if (!inputs && s->n_outputs == n.outputs) return MX_OK;
    return mx_item_fail(im, op, MX_ERR_INVALID,
                        "its body %s has %zu %s, but with %u inputs and %u outputs the operator needs %zu: add or "
                        "delete what is missing or too much, at the body or at the operator",
                        mx_show(mx_text(im->g, body->name)).text, inputs ? s->n_inputs : s->n_outputs,
                        inputs ? "inputs" : "outputs", im->items[op].n_inputs, im->items[op].n_outputs,
                        inputs ? n.inputs : n.outputs);
}

static bool is_changed(const mx_item *item) {
    uint32_t edits =
        1u << MX_ORIGIN_TYPE | 1u << MX_ORIGIN_ATTRIBUTES | 1u << MX_ORIGIN_INPUTS | 1u << MX_ORIGIN_OUTPUTS;
    return item->flags & (MX_ITEM_NEW | MX_ITEM_CHANGED) || item->edits & edits;
}

static mx_status check_bodies(const arity *a, uint32_t op) {
    const mx_import *im = a->im;
    mx_node_id id = mx_node_at(im->g, im->items[op].node)->first_child;
    for (; id != MX_NO_NODE; id = mx_node_at(im->g, id)->next_sibling) {
        const mx_node *body = mx_node_at(im->g, id);
        if (body->kind != MX_NODE_BODY) continue;
        if (a->touched[im->item_of_node[id]] || is_changed(&im->items[op])) MX_TRY(check_body(a, op, body));
    }
    return MX_OK;
}

/* ---- calls ---- */

static mx_sid given(mx_sid text) {
    return text == MX_SID_ABSENT ? MX_SID_EMPTY : text;
}

/* Overloads share a name: those are left alone. */
static mx_status index_functions(arity *a) {
    mx_import *im = a->im;
    for (size_t i = 0; i < im->n_order; i++) {
        const mx_item *f = &im->items[im->order[i]];
        uint32_t have;
        if (f->kind != MX_NODE_FUNCTION || f->overload > MX_SID_EMPTY) continue;
        if (!mx_map_add(&a->functions, mx_map_pair(given(f->domain), f->name), im->order[i], &have))
            return mx_nomem(im->err);
    }
    return MX_OK;
}

static mx_status check_call(const arity *a, uint32_t op) {
    mx_import *im = a->im;
    const mx_item *item = &im->items[op];
    uint32_t f = item->overload > MX_SID_EMPTY
                     ? MX_NO_INDEX
                     : mx_map_get(&a->functions, mx_map_pair(given(item->domain), item->op_type));
    if (f == MX_NO_INDEX || !(a->touched[f] || is_changed(item))) return MX_OK;
    const mx_scope_data *s = &im->g->scopes[mx_node_at(im->g, im->items[f].node)->data];
    bool inputs = item->n_inputs > s->n_inputs;
    if (!inputs && item->n_outputs == s->n_outputs) return MX_OK;
    return mx_item_fail(im, op, MX_ERR_INVALID,
                        "it has %u %s, but the function %s that it calls has %zu: add or delete what is missing or too "
                        "much, at the function or where it is called",
                        inputs ? item->n_inputs : item->n_outputs, inputs ? "inputs" : "outputs",
                        mx_show(mx_text(im->g, item->op_type)).text, inputs ? s->n_inputs : s->n_outputs);
}

/* ---- the pass ---- */

static mx_status check_all(arity *a) {
    const mx_import *im = a->im;
    find_touched(a);
    MX_TRY(index_functions(a));
    for (size_t i = 0; i < im->n_order; i++) {
        if (im->items[im->order[i]].kind != MX_NODE_OPERATOR) continue;
        MX_TRY(check_bodies(a, im->order[i]));
        MX_TRY(check_call(a, im->order[i]));
    }
    return MX_OK;
}

mx_status mx_import_check_arity(mx_import *im) {
    arity a = {.im = im, .touched = mx_alloc_zero(im->allocator, im->n_items, 1)};
    if (!a.touched) return mx_nomem(im->err);
    mx_map_init(&a.functions, im->allocator);
    mx_status status = check_all(&a);
    mx_map_free(&a.functions);
    mx_free(im->allocator, a.touched, im->n_items);
    return status;
}
