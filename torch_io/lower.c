/* The driver of the lowering: node by node, each by its row of the table. */
#include "torch_io/lower.h"

#include "torch_io/lower_run.h"

/* ---- values ---- */

mx_val mx_lower_number(mx_build *b, const mx_parg *a) {
    switch (a->kind) {
    case MX_ARG_INT: return mx_scalar_int(b, MX_ELEM_INT64, a->i);
    case MX_ARG_BOOL: return mx_scalar_int(b, MX_ELEM_BOOL, a->i);
    case MX_ARG_FLOAT: return mx_scalar(b, MX_ELEM_FLOAT, a->f);
    default: return MX_NO_VAL;
    }
}

mx_val mx_lower_value(mx_lower *l, uint32_t value) {
    mx_val v = l->values[value];
    if (mx_failed(l->b)) return MX_NO_VAL;
    if (v == MX_NO_VAL) {
        mx_cannot(l->b, "the value %s is used before it is made",
                  mx_show(mx_ptext(l->p, l->p->values[value].name)).text);
        return MX_NO_VAL;
    }
    return mx_elem_of(l->b, v) == MX_ELEM_BFLOAT16 ? mx_cast(l->b, v, MX_ELEM_FLOAT) : v;
}

/* ---- what a rule made, as the program states it ---- */

/* Numbers are integers that bfloat16 holds as they are. */
static bool is_whole(const mx_parg *a) {
    return a->kind != MX_ARG_FLOAT || (a->f >= -256 && a->f <= 256 && a->f == (double)(int64_t)a->f) || a->f != a->f ||
           a->f - a->f != 0;
}

static bool is_wide_float(const mx_program *p, uint32_t value) {
    if (value == MX_NONE || p->values[value].kind != MX_PV_TENSOR) return false;
    return mx_is_float(p->values[value].elem) && p->values[value].elem != MX_ELEM_BFLOAT16;
}

/* Whether what an exact rule made holds bfloat16 values: where all floats that went in are such. */
static bool stays_exact(const mx_rule *r) {
    bool some = false;
    for (uint32_t i = 0; i < r->node->n_args; i++) {
        const mx_parg *a = &r->node->args[i];
        if (!is_whole(a)) return false;
        if (a->kind == MX_ARG_VALUE) {
            if (is_wide_float(r->p, a->value)) return false;
            some = some || r->p->values[a->value].elem == MX_ELEM_BFLOAT16;
        }
        for (uint32_t k = 0; a->kind == MX_ARG_VALUES && k < a->count; k++) {
            if (is_wide_float(r->p, a->values[k])) return false;
            some = some || (a->values[k] != MX_NONE && r->p->values[a->values[k]].elem == MX_ELEM_BFLOAT16);
        }
    }
    return some;
}

static mx_val bring_number(mx_build *b, const mx_pvalue *v, mx_val x) {
    static const int32_t elems[] = {
        [MX_PV_INT] = MX_ELEM_INT64, [MX_PV_FLOAT] = MX_ELEM_DOUBLE, [MX_PV_BOOL] = MX_ELEM_BOOL};
    if (v->kind == MX_PV_INT && mx_size_is_number(v->size) && v->size.value >= 0) return mx_int64(b, v->size.value);
    return mx_as_vector(b, mx_cast(b, x, elems[v->kind]));
}

static mx_val bring_tensor(mx_build *b, const mx_pvalue *v, mx_val x, bool exact) {
    int32_t seen = v->elem == MX_ELEM_BFLOAT16 ? MX_ELEM_FLOAT : v->elem;
    int rank = v->rank == MX_NONE ? -1 : (int)v->rank;
    if (seen == 0) seen = mx_elem_of(b, x);
    if (mx_elem_of(b, x) == 0) mx_set_type(b, x, seen, rank, v->sizes);
    x = mx_cast(b, x, seen);
    mx_set_type(b, x, seen, rank, v->sizes);
    if (v->elem != MX_ELEM_BFLOAT16 || exact) return x;
    x = mx_cast(b, x, MX_ELEM_BFLOAT16);
    mx_set_type(b, x, MX_ELEM_BFLOAT16, rank, v->sizes);
    return x;
}

static void keep_outputs(mx_lower *l, const mx_rule *r) {
    bool exact = (r->row->flags & MX_LOWER_EXACT) && stays_exact(r);
    for (uint32_t i = 0; i < r->node->n_outputs && !mx_failed(l->b); i++) {
        uint32_t value = r->node->outputs[i];
        if (value == MX_NONE || r->out[i] == MX_NO_VAL) continue;
        const mx_pvalue *v = &l->p->values[value];
        l->values[value] =
            v->kind == MX_PV_TENSOR ? bring_tensor(l->b, v, r->out[i], exact) : bring_number(l->b, v, r->out[i]);
    }
}

/* ---- nodes and graphs ---- */

static const mx_lowering *row_of(mx_lower *l, const mx_pnode *n) {
    if (!l->rows[n->target]) l->rows[n->target] = mx_lowering_find(mx_ptext(l->p, n->target).p);
    return l->rows[n->target];
}

enum { SMALL_OUTPUTS = 16 };

static void lower_node(mx_lower *l, uint32_t node) {
    const mx_pnode *n = &l->p->nodes[node];
    mx_val small[SMALL_OUTPUTS] = {MX_NO_VAL}, *out = small;
    mx_build_at(l->b, node);
    const mx_lowering *row = row_of(l, n);
    if (!row) {
        mx_cannot(l->b, "this operator is not supported");
        return;
    }
    if (row->opset && !mx_need_opset(l->b, row->opset, row->onnx)) return;
    if (n->n_outputs > SMALL_OUTPUTS) {
        out = mx_arena_array(&l->b->arena, n->n_outputs, sizeof *out);
        if (!out) {
            l->b->status = mx_nomem(&l->b->error);
            return;
        }
        memset(out, 0, n->n_outputs * sizeof *out);
    }
    const mx_rule r = {.lower = l, .b = l->b, .p = l->p, .node = n, .row = row, .out = out};
    row->rule(&r);
    mx_build_at(l->b, node);
    keep_outputs(l, &r);
}

static void lower_nodes(mx_lower *l, const mx_pgraph *g) {
    for (uint32_t i = 0; i < g->n_nodes && !mx_failed(l->b); i++)
        if (!l->p->nodes[g->nodes[i]].dropped) lower_node(l, g->nodes[i]);
}

static mx_val output_of(mx_lower *l, const mx_parg *a) {
    return a->kind == MX_ARG_VALUE ? mx_lower_value(l, a->value) : mx_lower_number(l->b, a);
}

void mx_lower_graph(const mx_rule *r, uint32_t graph, const mx_val *inputs, size_t n_inputs, mx_val *out,
                    size_t n_out) {
    mx_lower *l = r->lower;
    const mx_pgraph *g = &l->p->graphs[graph];
    if (mx_failed(l->b)) return;
    if (l->depth >= MX_MAX_GRAPH_DEPTH) {
        mx_cannot(l->b, "graphs in graphs are deeper than %d", MX_MAX_GRAPH_DEPTH);
        return;
    }
    if (n_inputs != g->n_inputs || n_out != g->n_outputs) {
        mx_cannot(l->b, "a graph with %u inputs and %u outputs is given %zu and %zu", g->n_inputs, g->n_outputs,
                  n_inputs, n_out);
        return;
    }
    for (size_t i = 0; i < n_inputs; i++)
        if (g->inputs[i] != MX_NONE) l->values[g->inputs[i]] = inputs[i];
    uint32_t node = l->b->node;
    l->depth++;
    lower_nodes(l, g);
    l->depth--;
    for (size_t i = 0; i < n_out && !mx_failed(l->b); i++)
        out[i] = output_of(l, &g->outputs[i]);
    mx_build_at(l->b, node);
}

/* ---- the program's own graph ---- */

static void mark(const mx_program *p, uint8_t *used, const mx_parg *a) {
    if (a->kind == MX_ARG_VALUE) used[a->value] = 1;
    for (uint32_t k = 0; k < a->count; k++) {
        if (a->kind == MX_ARG_VALUES && a->values[k] != MX_NONE) used[a->values[k]] = 1;
        if ((a->kind == MX_ARG_INTS || a->kind == MX_ARG_BOOLS) && a->items[k].value < p->n_values)
            used[a->items[k].value] = 1;
    }
}

static void mark_used(const mx_program *p, uint8_t *used) {
    for (size_t i = 0; i < p->n_nodes; i++)
        for (uint32_t k = 0; !p->nodes[i].dropped && k < p->nodes[i].n_args; k++)
            mark(p, used, &p->nodes[i].args[k]);
    for (size_t i = 0; i < p->n_graphs; i++)
        for (uint32_t k = 0; k < p->graphs[i].n_outputs; k++)
            mark(p, used, &p->graphs[i].outputs[k]);
}

static mx_val input_value(mx_lower *l, const mx_pinput *in, const mx_pvalue *v) {
    static const mx_size one = {.value = 1};
    static const int32_t elems[] = {
        [MX_PV_INT] = MX_ELEM_INT64, [MX_PV_FLOAT] = MX_ELEM_DOUBLE, [MX_PV_BOOL] = MX_ELEM_BOOL};
    if (in->kind == MX_PIN_FIXED) return mx_as_vector(l->b, mx_lower_number(l->b, &in->fixed));
    if (in->kind != MX_PIN_USER) return in->weight == MX_NONE ? MX_NO_VAL : mx_build_weight(l->b, in->weight);
    if (v->kind != MX_PV_TENSOR) return mx_build_input(l->b, v->name, elems[v->kind], 1, &one);
    return mx_build_input(l->b, v->name, v->elem, v->rank == MX_NONE ? -1 : (int)v->rank, v->sizes);
}

static void make_inputs(mx_lower *l) {
    const mx_pgraph *g = &l->p->graphs[0];
    for (uint32_t i = 0; i < g->n_inputs && i < l->p->n_inputs && !mx_failed(l->b); i++) {
        const mx_pinput *in = &l->p->inputs[i];
        if (g->inputs[i] == MX_NONE) continue; /* a number that was given at export, and that no node takes */
        if (in->kind == MX_PIN_FIXED && mx_lower_number(l->b, &in->fixed) == MX_NO_VAL) continue;
        l->values[g->inputs[i]] = input_value(l, in, &l->p->values[g->inputs[i]]);
    }
}

/* Outputs have the type that the program states; a number is a tensor of rank 0. */
static mx_val final_output(mx_lower *l, const mx_parg *a) {
    mx_val v = output_of(l, a);
    if (a->kind != MX_ARG_VALUE) return v;
    const mx_pvalue *value = &l->p->values[a->value];
    if (value->kind != MX_PV_TENSOR) return mx_as_scalar(l->b, v);
    return value->elem == MX_ELEM_BFLOAT16 ? mx_cast(l->b, v, MX_ELEM_BFLOAT16) : v;
}

static void make_outputs(mx_lower *l) {
    const mx_pgraph *g = &l->p->graphs[0];
    mx_val *outputs = mx_arena_array(&l->b->arena, (size_t)g->n_outputs + 1, sizeof *outputs);
    uint32_t n = 0;
    if (!outputs) {
        l->b->status = mx_nomem(&l->b->error);
        return;
    }
    mx_build_at(l->b, MX_NONE);
    for (uint32_t i = 0; i < g->n_outputs && !mx_failed(l->b); i++)
        if (g->outputs[i].kind != MX_ARG_NONE) outputs[n++] = final_output(l, &g->outputs[i]);
    mx_body_end(l->b, outputs, n);
}

mx_status mx_lower_program(const mx_program *p, mx_build *b, mx_error *err) {
    const mx_allocator *a = b->arena.allocator;
    mx_lower l = {.p = p, .b = b};
    l.values = mx_alloc_zero(a, p->n_values + 1, sizeof *l.values);
    l.used = mx_alloc_zero(a, p->n_values + 1, 1);
    l.rows = mx_alloc_zero(a, p->strings.count + 1, sizeof *l.rows);
    mx_status status = l.values && l.used && l.rows ? MX_OK : mx_nomem(err);
    if (status == MX_OK) {
        mark_used(p, l.used);
        mx_build_at(b, MX_NONE);
        make_inputs(&l);
        lower_nodes(&l, &p->graphs[0]);
        make_outputs(&l);
        status = mx_build_status(b, err);
    }
    mx_free(a, l.rows, (p->strings.count + 1) * sizeof *l.rows);
    mx_free(a, l.used, p->n_values + 1);
    mx_free(a, l.values, (p->n_values + 1) * sizeof *l.values);
    return status;
}
