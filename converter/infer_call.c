/* Calls of local functions. A body is inferred for each call that gives other types, contents or attributes than the
 * one before, within a budget; what stands in it afterwards is what all calls agree on. */
#include "converter/infer_internal.h"
#include "converter/retag.h"

#define NOT_YET (MX_NO_INDEX - 1) /* in `agreed`: no call has said anything */

struct mx_infer_function {
    mx_node_id node;
    bool active; /* being inferred: a call now would be a cycle */
    bool called;
    bool spoiled;        /* a call could not be followed: nothing is agreed */
    const mx_node *call; /* the last one, whose findings are in the body's slots; NULL: none */
    uint32_t n_inputs;
    uint32_t *types;
    const mx_contents **contents;
};

/* ---- finding functions ---- */

static void *zeroed(mx_infer *in, size_t count, size_t size) {
    void *p = in->status == MX_OK ? mx_alloc_zero(in->g->allocator, count, size) : NULL;
    if (!p && in->status == MX_OK) in->status = mx_nomem(in->err);
    return p;
}

/* The function that an operator calls, NULL: none. */
static mx_infer_function *called_by(const mx_infer *in, const mx_node *n) {
    if (!in->functions || n->kind != MX_NODE_OPERATOR) return NULL;
    uint32_t found = mx_calls_find(&in->calls, n->domain, n->op_type, n->overload);
    return found == MX_NO_INDEX ? NULL : &in->functions[found];
}

static void start_function(mx_infer *in, size_t index) {
    mx_node_id id = in->calls.functions[index];
    mx_infer_function *f = &in->functions[index];
    *f = (mx_infer_function){.node = id, .n_inputs = (uint32_t)in->g->scopes[mx_node_at(in->g, id)->data].n_inputs};
    f->types = mx_arena_array(&in->arena, f->n_inputs, sizeof *f->types);
    f->contents = mx_arena_array(&in->arena, f->n_inputs, sizeof *f->contents);
    if (!f->types || !f->contents) in->status = mx_nomem(in->err);
}

void mx_infer_functions_begin(mx_infer *in) {
    if (in->status == MX_OK) in->status = mx_calls_init(&in->calls, in->g, in->err);
    if (in->status != MX_OK || in->calls.count == 0) return;
    in->functions = zeroed(in, in->calls.count, sizeof *in->functions);
    in->agreed = zeroed(in, in->types->n_ports + 1, sizeof *in->agreed);
    for (size_t i = 0; in->agreed && i <= in->types->n_ports; i++)
        in->agreed[i] = NOT_YET;
    for (size_t i = 0; i < in->calls.count && in->status == MX_OK; i++) start_function(in, i);
}

/* Bodies come behind the scope that they stand in. */
void mx_infer_measure_scopes(mx_infer *in) {
    const mx_graph *g = in->g;
    in->scope_sizes = zeroed(in, g->n_scopes, sizeof *in->scope_sizes);
    for (mx_node_id id = 0; in->scope_sizes && id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        uint32_t *size = &in->scope_sizes[mx_node_at(g, n->scope)->data];
        if (n->flags & MX_FLAG_REMOVED || *size == MX_NO_INDEX) continue;
        *size = called_by(in, n) ? MX_NO_INDEX : *size + 1;
    }
    for (size_t i = in->scope_sizes ? g->n_scopes : 0; i-- > 0;) {
        const mx_node *n = mx_node_at(g, g->scopes[i].node);
        if (n->kind != MX_NODE_BODY || n->flags & MX_FLAG_REMOVED) continue;
        uint32_t *outer = &in->scope_sizes[mx_node_at(g, mx_node_at(g, n->parent)->scope)->data];
        bool calls = *outer == MX_NO_INDEX || in->scope_sizes[i] == MX_NO_INDEX;
        *outer = calls ? MX_NO_INDEX : *outer + in->scope_sizes[i];
    }
}

void mx_infer_functions_free(mx_infer *in) {
    const mx_allocator *a = in->g->allocator;
    if (in->functions) mx_free(a, in->functions, in->calls.count * sizeof *in->functions);
    if (in->agreed) mx_free(a, in->agreed, (in->types->n_ports + 1) * sizeof *in->agreed);
    mx_calls_free(&in->calls);
}

/* ---- is this call like the last one? ---- */

static bool same_list(const void *a, const void *b, uint32_t a_count, uint32_t b_count, size_t size) {
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * size) == 0);
}

static bool same_value(const mx_attr *a, const mx_attr *b) {
    switch (a->type) {
    case MX_ATTR_INT: return a->value.i == b->value.i;
    case MX_ATTR_FLOAT: return memcmp(&a->value.f, &b->value.f, sizeof a->value.f) == 0;
    case MX_ATTR_STRING: return a->value.s == b->value.s;
    case MX_ATTR_INTS: return same_list(a->value.ints, b->value.ints, a->count, b->count, sizeof *a->value.ints);
    case MX_ATTR_FLOATS:
        return same_list(a->value.floats, b->value.floats, a->count, b->count, sizeof *a->value.floats);
    default: return false;
    }
}

static bool same_attributes(const mx_node *a, const mx_node *b) {
    if (a->n_attrs != b->n_attrs) return false;
    for (uint32_t i = 0; i < a->n_attrs; i++) {
        const mx_attr *x = &a->attrs[i], *y = &b->attrs[i];
        if (x->name != y->name || x->type != y->type || x->ref_name != MX_SID_ABSENT || y->ref_name != MX_SID_ABSENT)
            return false;
        if (!same_value(x, y)) return false;
    }
    return true;
}

static bool same_inputs(mx_op *op, const mx_infer_function *f) {
    for (uint32_t k = 0; k < f->n_inputs; k++)
        if (mx_op_in_type(op, k) != f->types[k] || !mx_contents_same(mx_op_in_contents(op, k), f->contents[k]))
            return false;
    return true;
}

/* ---- calls ---- */

/* The body's types of this call, added to those of the calls before. */
static void agree(mx_infer *in, const mx_infer_function *f) {
    const mx_graph *g = in->g;
    for (mx_node_id id = mx_node_next_below(g, f->node, f->node); id != MX_NO_NODE;
         id = mx_node_next_below(g, f->node, id))
        for (uint32_t i = in->types->first[id]; i < in->types->first[id + 1]; i++) {
            uint32_t now = in->types->types[i], *so_far = &in->agreed[i];
            *so_far = *so_far == NOT_YET ? now : mx_infer_join(in, *so_far, now);
        }
}

static void infer_function(mx_infer *in, mx_infer_function *f, const mx_node *call) {
    mx_infer_frame frame = {mx_node_at(in->g, f->node), call, in->frame};
    const mx_infer_frame *outer = in->frame;
    bool again = f->called;
    f->active = true;
    f->called = true;
    f->call = call;
    in->frame = &frame;
    in->repeats += again;
    mx_infer_scope(in, f->node, f->types, f->contents, f->n_inputs);
    if (in->repeats > 0 && in->repeat_budget == 0) f->spoiled = true; /* not followed to its end */
    in->repeats -= again;
    in->frame = outer;
    f->active = false;
    if (in->status == MX_OK) agree(in, f);
}

static void copy_outputs(mx_op *op, const mx_infer_function *f) {
    const mx_scope_data *s = &op->g->scopes[mx_node_at(op->g, f->node)->data];
    for (uint32_t k = 0; k < op->node->n_outputs && k < s->n_outputs; k++) {
        mx_op_out_type(op, k, mx_infer_scope_output(op->in, f->node, k));
        mx_op_out_contents(op, k, op->in->port_contents[mx_infer_slot(op->in, s->outputs[k], 0)]);
    }
}

/* Whether the last look at the function serves this call too. Comparing costs what the call does not have itself. */
static bool is_known(mx_op *op, const mx_infer_function *f) {
    mx_infer *in = op->in;
    uint64_t cost = f->n_inputs > op->node->n_inputs ? f->n_inputs - op->node->n_inputs : 0;
    if (!f->call || cost > in->repeat_budget) return false;
    in->repeat_budget -= cost;
    return same_attributes(f->call, op->node) && same_inputs(op, f);
}

bool mx_infer_call(mx_op *op) {
    mx_infer *in = op->in;
    mx_infer_function *f = called_by(in, op->node);
    if (!f) return false;
    bool known = !f->active && is_known(op, f);
    if (!known && (f->active || in->depth >= MX_INFER_DEPTH || (f->called && in->repeat_budget == 0))) {
        f->spoiled = true;
        return true;
    }
    if (!known) {
        for (uint32_t k = 0; k < f->n_inputs; k++) {
            f->types[k] = mx_op_in_type(op, k);
            f->contents[k] = mx_op_in_contents(op, k);
        }
        infer_function(in, f, op->node);
    }
    copy_outputs(op, f);
    return true;
}

/* What a function calls was not followed either, where the function was not. */
static void spoil_called(mx_infer *in) {
    size_t n_open = 0;
    uint32_t *open = mx_arena_array(&in->arena, in->calls.count, sizeof *open);
    if (!open) {
        in->status = mx_nomem(in->err);
        return;
    }
    for (uint32_t i = 0; i < in->calls.count; i++)
        if (in->functions[i].spoiled) open[n_open++] = i;
    while (n_open > 0) {
        mx_node_id root = in->functions[open[--n_open]].node, id = root;
        while ((id = mx_node_next_below(in->g, root, id)) != MX_NO_NODE) {
            mx_infer_function *f = called_by(in, mx_node_at(in->g, id));
            if (!f || f->spoiled) continue;
            f->spoiled = true;
            open[n_open++] = (uint32_t)(f - in->functions);
        }
    }
}

void mx_infer_functions_finish(mx_infer *in) {
    const mx_graph *g = in->g;
    for (size_t i = 0; i < in->calls.count && in->status == MX_OK; i++) {
        mx_infer_function *f = &in->functions[i];
        if (f->called) continue;
        for (uint32_t k = 0; k < f->n_inputs; k++) {
            f->types[k] = MX_NO_INDEX;
            f->contents[k] = NULL;
        }
        infer_function(in, f, NULL);
    }
    if (in->status == MX_OK) spoil_called(in);
    for (size_t i = 0; i < in->calls.count && in->status == MX_OK; i++) {
        const mx_infer_function *f = &in->functions[i];
        for (mx_node_id id = mx_node_next_below(g, f->node, f->node); id != MX_NO_NODE;
             id = mx_node_next_below(g, f->node, id))
            for (uint32_t k = in->types->first[id]; k < in->types->first[id + 1]; k++)
                in->types->types[k] = f->spoiled || in->agreed[k] == NOT_YET ? MX_NO_INDEX : in->agreed[k];
    }
}
