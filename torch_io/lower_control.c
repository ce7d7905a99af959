/* Control flow: the graphs of a higher-order operator become bodies. What a graph is given from outside is used from
 * the outer scope, as ONNX lets bodies do; only what changes from one turn to the next is passed. */
#include "torch_io/lower.h"

#include "torch_io/lower_run.h"

#include <string.h>

enum { MAX_PASSED = 1024 };

/* Values passed to graphs, in an arena of the builder's. */
typedef struct passed {
    mx_val *items;
    size_t n, cap;
} passed;

static bool reserve(const mx_rule *r, passed *list, size_t cap) {
    *list = (passed){.cap = cap};
    if (mx_failed(r->b)) return false;
    if (cap > MAX_PASSED) {
        mx_cannot(r->b, "%zu values are passed to a graph, more than %d", cap, MAX_PASSED);
        return false;
    }
    list->items = mx_arena_array(&r->b->arena, cap + 1, sizeof *list->items);
    if (!list->items) r->b->status = mx_nomem(&r->b->error);
    return list->items != NULL;
}

static const mx_parg *arg(const mx_rule *r, size_t i) {
    static const mx_parg nothing = {.kind = MX_ARG_NONE};
    return i < r->node->n_args ? &r->node->args[i] : &nothing;
}

/* A number among the operands is int64 with one element, as symbolic numbers are. */
static mx_val list_item(const mx_rule *r, const mx_parg *a, size_t k) {
    if (a->kind == MX_ARG_VALUES) return a->values[k] == MX_NONE ? MX_NO_VAL : mx_lower_value(r->lower, a->values[k]);
    if (a->items[k].value != MX_NONE) return mx_lower_value(r->lower, a->items[k].value);
    return mx_int64(r->b, a->items[k].i);
}

static void add_list(const mx_rule *r, passed *list, size_t i) {
    const mx_parg *a = arg(r, i);
    if (a->kind == MX_ARG_NONE || mx_failed(r->b)) return;
    if (a->kind == MX_ARG_VALUE) {
        list->items[list->n++] = mx_lower_value(r->lower, a->value);
    } else if (a->kind == MX_ARG_VALUES || a->kind == MX_ARG_INTS) {
        for (uint32_t k = 0; k < a->count; k++)
            list->items[list->n++] = list_item(r, a, k);
    } else if (a->count) {
        mx_cannot(r->b, "operand %zu is of a kind that cannot be passed to a graph", i + 1);
    }
}

static size_t count_of(const mx_rule *r, size_t i) {
    return mx_arg_count(r, i);
}

static const mx_pgraph *graph_of(const mx_rule *r, size_t i, uint32_t *number) {
    if (arg(r, i)->kind != MX_ARG_GRAPH) {
        mx_cannot(r->b, "operand %zu is not a graph", i + 1);
        return NULL;
    }
    *number = arg(r, i)->value;
    return &r->p->graphs[*number];
}

/* ---- cond ---- */

/* A branch as a body that makes the outputs that somebody uses. */
static int64_t make_branch(const mx_rule *r, size_t i, const passed *in) {
    uint32_t graph = 0;
    passed out;
    const mx_pgraph *g = graph_of(r, i, &graph);
    if (!g || !reserve(r, &out, g->n_outputs)) return 0;
    int64_t body = mx_body_begin(r->b);
    mx_lower_graph(r, graph, in->items, in->n, out.items, g->n_outputs);
    for (uint32_t k = 0; k < g->n_outputs && !mx_failed(r->b); k++) {
        if (!mx_output_used(r, k)) continue;
        if (out.items[k] == MX_NO_VAL) mx_cannot(r->b, "a branch returns None where a value is used");
        mx_val v = mx_out_elem(r, k) ? mx_cast(r->b, out.items[k], mx_out_elem(r, k)) : out.items[k];
        out.items[out.n++] = v;
    }
    mx_body_end(r->b, out.items, out.n);
    return body;
}

static void lower_cond(const mx_rule *r) {
    passed in, out;
    if (!reserve(r, &in, count_of(r, 3)) || !reserve(r, &out, r->node->n_outputs)) return;
    add_list(r, &in, 3);
    mx_val condition = mx_as_scalar(r->b, mx_arg_as(r, 0, MX_ELEM_BOOL));
    int64_t yes = make_branch(r, 1, &in), no = make_branch(r, 2, &in);
    for (uint32_t k = 0; k < r->node->n_outputs; k++)
        out.n += mx_output_used(r, k);
    if (mx_failed(r->b) || out.n == 0) return;
    mx_op_n(r->b, "If", MX_IN(condition), MX_AT(mx_at_body("then_branch", yes), mx_at_body("else_branch", no)),
            out.items, out.n);
    size_t next = 0;
    for (uint32_t k = 0; k < r->node->n_outputs; k++)
        if (mx_output_used(r, k)) r->out[k] = out.items[next++];
}

/* ---- while_loop ---- */

/* The input of a body that stands for input i of a program's graph. */
static mx_val body_input(const mx_rule *r, const mx_pgraph *g, uint32_t i) {
    static const mx_size one = {.value = 1};
    static const int32_t elems[] = {
        [MX_PV_INT] = MX_ELEM_INT64, [MX_PV_FLOAT] = MX_ELEM_DOUBLE, [MX_PV_BOOL] = MX_ELEM_BOOL};
    static const mx_pvalue nothing = {.kind = MX_PV_TENSOR, .rank = MX_NONE};
    const mx_pvalue *v = g->inputs[i] == MX_NONE ? &nothing : &r->p->values[g->inputs[i]];
    const char *name = v->name > MX_SID_EMPTY ? mx_ptext(r->p, v->name).p : "input";
    if (v->kind != MX_PV_TENSOR) return mx_body_input(r->b, name, elems[v->kind], 1, &one);
    int32_t elem = v->elem == MX_ELEM_BFLOAT16 ? MX_ELEM_FLOAT : v->elem;
    return mx_body_input(r->b, name, elem, v->rank == MX_NONE ? -1 : (int)v->rank, v->sizes);
}

static mx_val condition_of(const mx_rule *r, uint32_t graph, const passed *in) {
    mx_val v = MX_NO_VAL;
    mx_lower_graph(r, graph, in->items, in->n, &v, 1);
    return mx_as_scalar(r->b, mx_cast(r->b, v, MX_ELEM_BOOL));
}

/* What is carried from turn to turn keeps its type. */
static void keep_types(const mx_rule *r, const passed *first, passed *next) {
    for (size_t k = 0; k < next->n; k++) {
        if (next->items[k] == MX_NO_VAL && !mx_failed(r->b)) mx_cannot(r->b, "a loop's body returns None");
        if (mx_elem_of(r->b, first->items[k]))
            next->items[k] = mx_cast(r->b, next->items[k], mx_elem_of(r->b, first->items[k]));
    }
}

static int64_t make_turn(const mx_rule *r, uint32_t test, uint32_t graph, const passed *in, size_t carried) {
    const mx_pgraph *g = &r->p->graphs[graph];
    passed inner, next;
    if (!reserve(r, &inner, in->n) || !reserve(r, &next, in->n + 1)) return 0;
    int64_t body = mx_body_begin(r->b);
    mx_body_input(r->b, "turn", MX_ELEM_INT64, 0, NULL);
    mx_body_input(r->b, "condition", MX_ELEM_BOOL, 0, NULL);
    for (; inner.n < in->n; inner.n++)
        inner.items[inner.n] = inner.n < carried ? body_input(r, g, (uint32_t)inner.n) : in->items[inner.n];
    mx_lower_graph(r, graph, inner.items, inner.n, next.items + 1, carried);
    passed carry = {.items = next.items + 1, .n = carried};
    keep_types(r, &inner, &carry);
    memcpy(inner.items, carry.items, carried * sizeof *inner.items);
    next.items[0] = condition_of(r, test, &inner);
    mx_body_end(r->b, next.items, carried + 1);
    return body;
}

static void lower_while(const mx_rule *r) {
    passed in, out;
    uint32_t test = 0, graph = 0;
    size_t carried = count_of(r, 2);
    if (!graph_of(r, 0, &test) || !graph_of(r, 1, &graph)) return;
    if (!reserve(r, &in, carried + count_of(r, 3) + 2)) return;
    mx_val *loop_in = in.items;
    in.items += 2; /* Loop's trip count and condition stand before what is carried */
    add_list(r, &in, 2);
    add_list(r, &in, 3);
    if (mx_failed(r->b) || carried == 0 || carried != r->p->graphs[graph].n_outputs) {
        mx_cannot(r->b, "the loop does not return what it carries");
        return;
    }
    loop_in[0] = MX_NO_VAL;
    loop_in[1] = condition_of(r, test, &in);
    int64_t body = make_turn(r, test, graph, &in, carried);
    if (!reserve(r, &out, carried)) return;
    mx_op_n(r->b, "Loop", loop_in, carried + 2, MX_AT(mx_at_body("body", body)), out.items, carried);
    for (uint32_t k = 0; k < r->node->n_outputs && k < carried; k++)
        r->out[k] = out.items[k];
}

/* ---- scan, map ---- */

/* ONNX's Scan is torch's: states, then what is walked along axis 0; the outputs of all steps are stacked on axis 0. */
static void lower_steps(const mx_rule *r, size_t states_at, size_t walked_at, size_t outer_at) {
    passed in, inner, made;
    uint32_t graph = 0;
    size_t states = states_at ? count_of(r, states_at) : 0, walked = count_of(r, walked_at);
    const mx_pgraph *g = graph_of(r, 0, &graph);
    if (!g || !reserve(r, &in, states + walked + count_of(r, outer_at)) || !reserve(r, &inner, in.cap)) return;
    if (!reserve(r, &made, g->n_outputs)) return;
    if (states_at) add_list(r, &in, states_at);
    add_list(r, &in, walked_at);
    add_list(r, &in, outer_at);
    if (mx_failed(r->b) || walked == 0 || in.n != g->n_inputs || states > g->n_outputs) {
        mx_cannot(r->b, "its graph does not fit its operands");
        return;
    }
    int64_t body = mx_body_begin(r->b);
    for (; inner.n < in.n; inner.n++)
        inner.items[inner.n] = inner.n < states + walked ? body_input(r, g, (uint32_t)inner.n) : in.items[inner.n];
    mx_lower_graph(r, graph, inner.items, inner.n, made.items, g->n_outputs);
    passed carry = {.items = made.items, .n = states};
    keep_types(r, &inner, &carry);
    mx_body_end(r->b, made.items, g->n_outputs);
    mx_op_n(r->b, "Scan", in.items, states + walked,
            MX_AT(mx_at_body("body", body), mx_at_i("num_scan_inputs", (int64_t)walked)), made.items, g->n_outputs);
    for (uint32_t k = 0; k < r->node->n_outputs && k < g->n_outputs; k++)
        r->out[k] = made.items[k];
}

static void lower_scan(const mx_rule *r) {
    lower_steps(r, 1, 2, 3);
}

static void lower_map(const mx_rule *r) {
    lower_steps(r, 0, 1, 2);
}

static const mx_lowering rows[] = {
    {"higher_order.cond", lower_cond, "If", 0, MX_LOWER_EXACT},
    {"higher_order.while_loop", lower_while, "Loop", 0, MX_LOWER_EXACT},
    {"higher_order.scan", lower_scan, "Scan", 0, MX_LOWER_EXACT},
    {"higher_order.map_impl", lower_map, "Scan", 0, MX_LOWER_EXACT},
};

const mx_lowering_family mx_family_control = {"control flow", rows, sizeof rows / sizeof *rows};
