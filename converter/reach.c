/* A walk from value to value: each is entered once, and each port that takes it is looked at once. */
#include "converter/reach.h"

#include "converter/calls.h"
#include "converter/infer.h"
#include "converter/retag.h"

#define EDITS (MX_FLAG_NEW | MX_FLAG_CHANGED | MX_FLAG_EDITED)

enum {
    WHOLE = 1,  /* all that it makes, and all that goes into its bodies, is reached; of a function: what refers to
                   attributes */
    STACKED = 2 /* so is what its iterations stack up */
};

typedef struct use {
    mx_node_id node;
    uint32_t port;
} use;

typedef struct flow {
    const mx_graph *g;
    mx_reach *r;
    mx_error *err;
    mx_calls calls;
    uint32_t *first_use; /* by value, one entry more: where its uses begin */
    use *uses;
    uint32_t *first_call; /* by function, one entry more */
    mx_node_id *callers;
    uint32_t *place;   /* by node: of a formal output, which one it is */
    uint8_t *whole;    /* by node: WHOLE, STACKED */
    uint32_t *open;    /* values that were reached and not looked at yet */
    mx_node_id *maker; /* by value */
    size_t n_open, n_uses, n_calls;
} flow;

/* ---- operators whose ports do not all depend on each other ---- */

typedef enum kind { PLAIN, CALL, IF, LOOP, SCAN, SEQUENCE_MAP, OTHER_BODIES } kind;

static bool is_standard(const mx_graph *g, const mx_node *n) {
    return n->domain <= MX_SID_EMPTY || mx_str_is(mx_text(g, n->domain), "ai.onnx");
}

static uint32_t function_of(const flow *f, const mx_node *n) {
    return f->calls.count ? mx_calls_find(&f->calls, n->domain, n->op_type, n->overload) : MX_NO_INDEX;
}

static kind kind_of(const flow *f, const mx_node *n) {
    static const struct {
        const char *op_type;
        kind kind;
    } known[] = {{"If", IF}, {"Loop", LOOP}, {"Scan", SCAN}, {"SequenceMap", SEQUENCE_MAP}};
    if (n->first_child == MX_NO_NODE) return function_of(f, n) == MX_NO_INDEX ? PLAIN : CALL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_standard(f->g, n) && mx_str_is(mx_text(f->g, n->op_type), known[i].op_type)) return known[i].kind;
    return OTHER_BODIES;
}

/* The first attribute of that name, if it is a number. */
static int64_t number(const flow *f, const mx_node *n, const char *name) {
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        const mx_attr *a = &n->attrs[i];
        if (a->type == MX_ATTR_INT && mx_str_is(mx_text(f->g, a->name), name)) return a->value.i;
    }
    return -1;
}

/* Scan: the first body input comes behind the lengths that version 8 has, then as many states as are not scanned. */
static uint32_t scan_first(const flow *f, const mx_node *n) {
    const mx_scope_data *body = &f->g->scopes[mx_node_at(f->g, n->first_child)->data];
    return n->n_inputs > body->n_inputs ? 1 : 0;
}

static uint32_t states_of(const flow *f, const mx_node *n, kind k) {
    if (k == LOOP) return n->n_inputs > 2 ? n->n_inputs - 2 : 0;
    int64_t scanned = number(f, n, "num_scan_inputs");
    uint32_t count = n->n_inputs - scan_first(f, n);
    return scanned >= 0 && scanned <= count ? count - (uint32_t)scanned : count;
}

/* ---- reaching ---- */

static void push(flow *f, mx_node_id node, uint32_t port) {
    uint32_t value = f->r->first[node] + port;
    if (value >= f->r->first[node + 1] || f->r->values[value]) return;
    f->r->values[value] = 1;
    f->open[f->n_open++] = value;
}

static void push_inputs(flow *f, mx_node_id scope, size_t from, size_t end) {
    const mx_scope_data *s = &f->g->scopes[mx_node_at(f->g, scope)->data];
    for (size_t i = from; i < end && i < s->n_inputs; i++)
        push(f, s->inputs[i], 0);
}

static void push_outputs(flow *f, mx_node_id op, uint32_t from) {
    for (uint32_t k = from; k < mx_node_at(f->g, op)->n_outputs; k++)
        push(f, op, k);
}

static void push_whole(flow *f, mx_node_id op) {
    const mx_graph *g = f->g;
    const mx_node *n = mx_node_at(g, op);
    if (f->whole[op] & WHOLE) return;
    f->whole[op] |= WHOLE;
    push_outputs(f, op, 0);
    size_t from = kind_of(f, n) == LOOP ? 1 : 0; /* how the iteration is counted is the body's own business */
    for (mx_node_id id = n->first_child; id != MX_NO_NODE; id = mx_node_at(g, id)->next_sibling)
        if (mx_node_at(g, id)->kind == MX_NODE_BODY) push_inputs(f, id, from, SIZE_MAX);
    uint32_t function = function_of(f, n);
    if (function != MX_NO_INDEX) push_inputs(f, f->calls.functions[function], 0, SIZE_MAX);
}

/* What is stacked up over the iterations, where their number is another one. */
static void push_stacked(flow *f, mx_node_id op, uint32_t states) {
    if (f->whole[op] & STACKED) return;
    f->whole[op] |= STACKED;
    push_outputs(f, op, states);
}

static void into_loop(flow *f, mx_node_id op, uint32_t port) {
    uint32_t states = states_of(f, mx_node_at(f->g, op), LOOP);
    if (port > 0) push_inputs(f, mx_node_at(f->g, op)->first_child, port, port + 1);
    if (port > 1) push(f, op, port - 2);
    if (port < 2) push_stacked(f, op, states);
}

static void into_scan(flow *f, mx_node_id op, uint32_t port) {
    const mx_node *n = mx_node_at(f->g, op);
    uint32_t first = scan_first(f, n), states = states_of(f, n, SCAN);
    if (port < first) return;
    push_inputs(f, n->first_child, port - first, port - first + 1);
    if (port - first < states)
        push(f, op, port - first);
    else
        push_stacked(f, op, states);
}

/* A value comes in at a port of an operator. */
static void into_operator(flow *f, mx_node_id op, uint32_t port) {
    const mx_node *n = mx_node_at(f->g, op);
    if (f->whole[op] & WHOLE) return;
    switch (kind_of(f, n)) {
    case IF: return; /* a condition changes no type */
    case LOOP: into_loop(f, op, port); return;
    case SCAN: into_scan(f, op, port); return;
    case SEQUENCE_MAP: push_inputs(f, n->first_child, port, (size_t)port + 1); return;
    case CALL: push_inputs(f, f->calls.functions[function_of(f, n)], port, (size_t)port + 1); return;
    case PLAIN:
    case OTHER_BODIES: push_whole(f, op);
    }
}

static void out_of_body(flow *f, mx_node_id body, uint32_t place) {
    mx_node_id op = mx_node_at(f->g, body)->parent;
    const mx_node *n = mx_node_at(f->g, op);
    if (n->kind != MX_NODE_OPERATOR) return; /* a function's default attribute */
    kind k = kind_of(f, n);
    uint32_t states = k == LOOP || k == SCAN ? states_of(f, n, k) : 0;
    if (k == IF || k == SCAN || k == SEQUENCE_MAP) push(f, op, place);
    if (k == SCAN && place < states) push_inputs(f, body, place, (size_t)place + 1);
    if (k == LOOP && place > 0) push(f, op, place - 1);
    if (k == LOOP && place <= states) push_inputs(f, body, (size_t)place + 1, (size_t)place + 2);
    if (k == LOOP && place == 0) push_stacked(f, op, states);
    if (k == OTHER_BODIES) push_whole(f, op);
}

static void out_of_function(flow *f, mx_node_id function, uint32_t place) {
    const mx_node *n = mx_node_at(f->g, function);
    uint32_t index = mx_calls_find(&f->calls, n->domain, n->name, n->overload);
    if (index == MX_NO_INDEX) return;
    for (uint32_t i = f->first_call[index]; i < f->first_call[index + 1]; i++)
        push(f, f->callers[i], place);
}

static void look_at(flow *f, uint32_t value) {
    mx_node_id id = f->maker[value];
    const mx_node *n = mx_node_at(f->g, id);
    const mx_node *scope = mx_node_at(f->g, n->scope);
    for (uint32_t i = f->first_use[value]; i < f->first_use[value + 1]; i++) {
        if (mx_node_at(f->g, f->uses[i].node)->kind == MX_NODE_OUTPUT)
            push(f, f->uses[i].node, 0);
        else
            into_operator(f, f->uses[i].node, f->uses[i].port);
    }
    if (n->kind != MX_NODE_OUTPUT) return;
    if (scope->kind == MX_NODE_BODY) out_of_body(f, n->scope, f->place[id]);
    if (scope->kind == MX_NODE_FUNCTION) out_of_function(f, n->scope, f->place[id]);
}

/* ---- where it begins ---- */

/* Attributes of a call are the function's: what refers to them means something else now. */
static void push_references(flow *f, uint32_t function) {
    const mx_graph *g = f->g;
    mx_node_id root = f->calls.functions[function];
    if (f->whole[root]) return;
    f->whole[root] = WHOLE;
    for (mx_node_id id = root; id != MX_NO_NODE; id = mx_node_next_below(g, root, id)) {
        const mx_node *n = mx_node_at(g, id);
        bool refers = false;
        for (uint32_t i = 0; n->kind == MX_NODE_OPERATOR && i < n->n_attrs; i++)
            refers |= n->attrs[i].ref_name != MX_SID_ABSENT;
        if (refers) push_whole(f, id);
    }
}

/* Of operators that run bodies or functions it is known which of their ports were rewired. */
static bool is_rewired(const flow *f, const mx_node *n) {
    kind k = (n->flags & EDITS) == MX_FLAG_CHANGED && f->g->rewired ? kind_of(f, n) : PLAIN;
    return k != PLAIN && k != OTHER_BODIES;
}

static void start_at(flow *f, mx_node_id id, bool tensors_edited) {
    const mx_node *n = mx_node_at(f->g, id);
    bool op = n->kind == MX_NODE_OPERATOR;
    bool edited = n->flags & EDITS && !(op && is_rewired(f, n));
    if (edited && !op) push(f, id, 0);
    if (edited && op) push_whole(f, id);
    uint32_t function = edited && op && n->flags & (MX_FLAG_NEW | MX_FLAG_EDITED) ? function_of(f, n) : MX_NO_INDEX;
    if (function != MX_NO_INDEX) push_references(f, function);
    for (uint32_t k = 0; tensors_edited && !edited && k < n->n_inputs; k++) {
        if (n->inputs[k].source != MX_NO_NODE || n->inputs[k].name <= MX_SID_EMPTY) continue;
        if (op) into_operator(f, id, k);
        if (!op) push(f, id, 0);
    }
}

/* A body sees the initializers of the scopes around it, which come before it in the list. */
static mx_status start(flow *f) {
    const mx_graph *g = f->g;
    uint8_t *edited = mx_alloc_zero(g->allocator, g->n_scopes, 1);
    if (!edited) return mx_nomem(f->err);
    for (size_t i = 0; i < g->n_scopes; i++) {
        const mx_scope_data *s = &g->scopes[i];
        const mx_node *n = mx_node_at(g, s->node);
        bool body = n->kind == MX_NODE_BODY;
        edited[i] = n->flags & MX_FLAG_EDITED || (body && edited[mx_scope_of(g, mx_node_at(g, n->parent)) - g->scopes]);
        for (size_t k = 0; k < s->n_inputs; k++)
            start_at(f, s->inputs[k], false);
        for (size_t k = 0; k < s->n_operators; k++)
            start_at(f, s->operators[k], edited[i]);
        for (size_t k = 0; k < s->n_outputs; k++)
            start_at(f, s->outputs[k], edited[i]);
    }
    mx_free(g->allocator, edited, g->n_scopes);
    for (size_t i = 0; i < g->n_rewired; i++)
        if (mx_node_at(g, g->rewired[i].node)->kind == MX_NODE_OPERATOR)
            into_operator(f, g->rewired[i].node, g->rewired[i].port);
    return MX_OK;
}

/* ---- tables ---- */

static uint32_t *value_of(const flow *f, const mx_port *p) {
    return p->source == MX_NO_NODE || f->r->first[p->source] + p->source_port >= f->r->first[p->source + 1]
               ? NULL
               : &f->first_use[f->r->first[p->source] + p->source_port];
}

/* Counts become the ends of ranges; filling from the back turns them into beginnings. */
static void index_uses(flow *f) {
    const mx_graph *g = f->g;
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        for (uint32_t k = 0; k < mx_node_at(g, id)->n_inputs; k++) {
            uint32_t *at = value_of(f, &mx_node_at(g, id)->inputs[k]);
            if (at) ++*at;
        }
    for (size_t i = 1; i <= f->r->n_values; i++)
        f->first_use[i] += f->first_use[i - 1];
    for (mx_node_id id = (mx_node_id)g->n_nodes; id-- > 0;)
        for (uint32_t k = mx_node_at(g, id)->n_inputs; k-- > 0;) {
            uint32_t *at = value_of(f, &mx_node_at(g, id)->inputs[k]);
            if (at) f->uses[--*at] = (use){id, k};
        }
}

static void index_calls(flow *f) {
    const mx_graph *g = f->g;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        uint32_t function = n->kind == MX_NODE_OPERATOR ? function_of(f, n) : MX_NO_INDEX;
        if (function != MX_NO_INDEX) f->first_call[function]++;
    }
    for (size_t i = 1; i <= f->calls.count; i++)
        f->first_call[i] += f->first_call[i - 1];
    for (mx_node_id id = (mx_node_id)g->n_nodes; id-- > 0;) {
        const mx_node *n = mx_node_at(g, id);
        uint32_t function = n->kind == MX_NODE_OPERATOR ? function_of(f, n) : MX_NO_INDEX;
        if (function != MX_NO_INDEX) f->callers[--f->first_call[function]] = id;
    }
}

static void index_nodes(flow *f) {
    const mx_graph *g = f->g;
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        for (uint32_t v = f->r->first[id]; v < f->r->first[id + 1]; v++)
            f->maker[v] = id;
    for (size_t i = 0; i < g->n_scopes; i++)
        for (size_t k = 0; k < g->scopes[i].n_outputs; k++)
            f->place[g->scopes[i].outputs[k]] = (uint32_t)k;
}

static mx_status make_tables(flow *f) {
    const mx_graph *g = f->g;
    MX_TRY(mx_calls_init(&f->calls, g, f->err));
    f->n_uses = f->n_calls = 1;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        f->n_uses += mx_node_at(g, id)->n_inputs;
        f->n_calls += mx_node_at(g, id)->kind == MX_NODE_OPERATOR;
    }
    if (f->n_uses >= MX_NO_INDEX) return mx_fail(f->err, MX_ERR_LIMIT, "more than %u input ports", MX_NO_INDEX - 1);
    f->first_use = mx_alloc_zero(g->allocator, f->r->n_values + 1, sizeof *f->first_use);
    f->uses = mx_alloc(g->allocator, f->n_uses * sizeof *f->uses);
    f->first_call = mx_alloc_zero(g->allocator, f->calls.count + 1, sizeof *f->first_call);
    f->callers = mx_alloc(g->allocator, f->n_calls * sizeof *f->callers);
    f->place = mx_alloc_zero(g->allocator, g->n_nodes, sizeof *f->place);
    f->whole = mx_alloc_zero(g->allocator, g->n_nodes, 1);
    f->open = mx_alloc(g->allocator, (f->r->n_values + 1) * sizeof *f->open);
    f->maker = mx_alloc(g->allocator, (f->r->n_values + 1) * sizeof *f->maker);
    bool all = f->first_use && f->uses && f->first_call && f->callers && f->place && f->whole && f->open && f->maker;
    return all ? MX_OK : mx_nomem(f->err);
}

static void free_tables(flow *f) {
    const mx_allocator *a = f->g->allocator;
    mx_free(a, f->first_use, (f->r->n_values + 1) * sizeof *f->first_use);
    mx_free(a, f->uses, f->n_uses * sizeof *f->uses);
    mx_free(a, f->first_call, (f->calls.count + 1) * sizeof *f->first_call);
    mx_free(a, f->callers, f->n_calls * sizeof *f->callers);
    mx_free(a, f->place, f->g->n_nodes * sizeof *f->place);
    mx_free(a, f->whole, f->g->n_nodes);
    mx_free(a, f->open, (f->r->n_values + 1) * sizeof *f->open);
    mx_free(a, f->maker, (f->r->n_values + 1) * sizeof *f->maker);
    mx_calls_free(&f->calls);
}

static mx_status run(flow *f) {
    MX_TRY(make_tables(f));
    index_uses(f);
    if (f->calls.count) index_calls(f);
    index_nodes(f);
    MX_TRY(start(f));
    while (f->n_open)
        look_at(f, f->open[--f->n_open]);
    return MX_OK;
}

mx_status mx_reach_edits(const mx_graph *g, mx_reach *out, mx_error *err) {
    flow f = {.g = g, .r = out, .err = err};
    *out = (mx_reach){.allocator = g->allocator, .n_nodes = g->n_nodes};
    MX_TRY(mx_number_values(g, &out->first, &out->n_values, err));
    out->values = mx_alloc_zero(g->allocator, out->n_values + 1, 1);
    if (!out->values) return mx_nomem(err);
    mx_status status = run(&f);
    free_tables(&f);
    return status;
}

void mx_reach_free(mx_reach *r) {
    if (r->first) mx_free(r->allocator, r->first, (r->n_nodes + 1) * sizeof *r->first);
    if (r->values) mx_free(r->allocator, r->values, r->n_values + 1);
    *r = (mx_reach){0};
}
