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

static uint64_t hash_name(mx_sid domain, mx_sid name, mx_sid overload) {
    uint64_t h = (uint64_t)domain * 0x9E3779B97F4A7C15u ^ (uint64_t)name * 0xC2B2AE3D27D4EB4Fu ^ overload;
    return (h ^ h >> 29) * 0x165667B19E3779F9u >> 7;
}

/* Absent and empty are one for a domain and an overload. */
static mx_sid key(mx_sid text) {
    return text == MX_SID_ABSENT ? MX_SID_EMPTY : text;
}

static bool same_name(const mx_node *f, mx_sid domain, mx_sid name, mx_sid overload) {
    return f->name == name && key(f->domain) == key(domain) && key(f->overload) == key(overload);
}

static uint32_t *find_slot(mx_infer *in, mx_sid domain, mx_sid name, mx_sid overload) {
    size_t mask = in->n_function_slots - 1;
    size_t i = (size_t)hash_name(key(domain), name, key(overload)) & mask;
    for (; in->function_slots[i]; i = (i + 1) & mask) {
        const mx_node *f = mx_node_at(in->g, in->functions[in->function_slots[i] - 1].node);
        if (same_name(f, domain, name, overload)) break;
    }
    return &in->function_slots[i];
}

static void *zeroed(mx_infer *in, size_t count, size_t size) {
    void *p = in->status == MX_OK ? mx_alloc_zero(in->g->allocator, count, size) : NULL;
    if (!p && in->status == MX_OK) in->status = mx_nomem(in->err);
    return p;
}

static void add_function(mx_infer *in, mx_node_id id) {
    const mx_node *n = mx_node_at(in->g, id);
    mx_infer_function *f = &in->functions[in->n_functions];
    *f = (mx_infer_function){.node = id, .n_inputs = (uint32_t)in->g->scopes[n->data].n_inputs};
    f->types = mx_arena_array(&in->arena, f->n_inputs, sizeof *f->types);
    f->contents = mx_arena_array(&in->arena, f->n_inputs, sizeof *f->contents);
    if (!f->types || !f->contents) {
        in->status = mx_nomem(in->err);
        return;
    }
    uint32_t *slot = find_slot(in, n->domain, n->name, n->overload);
    in->n_functions++;
    if (*slot == 0) *slot = (uint32_t)in->n_functions; /* of equal names the first counts */
}

void mx_infer_functions_begin(mx_infer *in) {
    const mx_graph *g = in->g;
    size_t count = 0;
    for (size_t i = 0; i < g->n_scopes; i++)
        count += mx_node_at(g, g->scopes[i].node)->kind == MX_NODE_FUNCTION;
    if (count == 0 || in->status != MX_OK) return;
    in->n_function_slots = 16;
    while (in->n_function_slots < count * 2)
        in->n_function_slots *= 2;
    in->function_slots = zeroed(in, in->n_function_slots, sizeof *in->function_slots);
    in->functions = zeroed(in, g->n_scopes, sizeof *in->functions);
    in->agreed = zeroed(in, in->types->n_ports + 1, sizeof *in->agreed);
    for (size_t i = 0; in->agreed && i <= in->types->n_ports; i++)
        in->agreed[i] = NOT_YET;
    for (size_t i = 0; i < g->n_scopes && in->status == MX_OK; i++)
        if (mx_node_at(g, g->scopes[i].node)->kind == MX_NODE_FUNCTION) add_function(in, g->scopes[i].node);
}

void mx_infer_functions_free(mx_infer *in) {
    const mx_allocator *a = in->g->allocator;
    if (in->function_slots) mx_free(a, in->function_slots, in->n_function_slots * sizeof *in->function_slots);
    if (in->functions) mx_free(a, in->functions, in->g->n_scopes * sizeof *in->functions);
    if (in->agreed) mx_free(a, in->agreed, (in->types->n_ports + 1) * sizeof *in->agreed);
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
    uint32_t *slot = in->n_functions ? find_slot(in, op->node->domain, op->node->op_type, op->node->overload) : NULL;
    if (!slot || *slot == 0) return false;
    mx_infer_function *f = &in->functions[*slot - 1];
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

static mx_infer_function *called_by(mx_infer *in, mx_node_id id) {
    const mx_node *n = mx_node_at(in->g, id);
    uint32_t slot = n->kind == MX_NODE_OPERATOR ? *find_slot(in, n->domain, n->op_type, n->overload) : 0;
    return slot ? &in->functions[slot - 1] : NULL;
}

/* What a function calls was not followed either, where the function was not. */
static void spoil_called(mx_infer *in) {
    size_t n_open = 0;
    uint32_t *open = mx_arena_array(&in->arena, in->n_functions, sizeof *open);
    if (!open) {
        in->status = mx_nomem(in->err);
        return;
    }
    for (uint32_t i = 0; i < in->n_functions; i++)
        if (in->functions[i].spoiled) open[n_open++] = i;
    while (n_open > 0) {
        mx_node_id root = in->functions[open[--n_open]].node, id = root;
        while ((id = mx_node_next_below(in->g, root, id)) != MX_NO_NODE) {
            mx_infer_function *f = called_by(in, id);
            if (!f || f->spoiled) continue;
            f->spoiled = true;
            open[n_open++] = (uint32_t)(f - in->functions);
        }
    }
}

void mx_infer_functions_finish(mx_infer *in) {
    const mx_graph *g = in->g;
    for (size_t i = 0; i < in->n_functions && in->status == MX_OK; i++) {
        mx_infer_function *f = &in->functions[i];
        if (f->called) continue;
        for (uint32_t k = 0; k < f->n_inputs; k++) {
            f->types[k] = MX_NO_INDEX;
            f->contents[k] = NULL;
        }
        infer_function(in, f, NULL);
    }
    if (in->status == MX_OK) spoil_called(in);
    for (size_t i = 0; i < in->n_functions && in->status == MX_OK; i++) {
        const mx_infer_function *f = &in->functions[i];
        for (mx_node_id id = mx_node_next_below(g, f->node, f->node); id != MX_NO_NODE;
             id = mx_node_next_below(g, f->node, id))
            for (uint32_t k = in->types->first[id]; k < in->types->first[id + 1]; k++)
                in->types->types[k] = f->spoiled || in->agreed[k] == NOT_YET ? MX_NO_INDEX : in->agreed[k];
    }
}
