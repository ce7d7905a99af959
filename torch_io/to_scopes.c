/* Inputs, operators, bodies and outputs. */
#include "torch_io/to_graph.h"

#include <stdio.h>

/* ---- formal inputs and outputs ---- */

static mx_status add_formal(mx_to_graph *t, mx_node_kind kind, mx_node_id scope, mx_sid name, const mx_bvalue *v) {
    mx_node_id id;
    uint32_t type;
    MX_TRY(mx_to_type(t, v->elem, v->rank, v->sizes, &type));
    MX_TRY(mx_graph_add_node(t->g, kind, scope, &id, t->err));
    mx_node *n = mx_node_at(t->g, id);
    n->name = name;
    n->data = type;
    if (kind == MX_NODE_INPUT) {
        MX_TRY(mx_graph_array(t->g, 1, sizeof *n->outputs, &n->outputs, t->err));
        n->outputs[0] = name;
        n->n_outputs = 1;
    } else {
        MX_TRY(mx_graph_array(t->g, 1, sizeof *n->inputs, &n->inputs, t->err));
        n->inputs[0] = (mx_port){.name = name, .source = MX_NO_NODE};
        n->n_inputs = 1;
    }
    return MX_OK;
}

mx_status mx_to_add_input(mx_to_graph *t, mx_val value) {
    return add_formal(t, MX_NODE_INPUT, 0, t->names[value], &t->b->values[value]);
}

mx_status mx_to_add_inputs(mx_to_graph *t) {
    for (uint32_t v = 1; v < t->b->n_values; v++) {
        const mx_bvalue *value = &t->b->values[v];
        if (value->kind != MX_BV_INPUT) continue;
        MX_TRY(mx_to_name(t, mx_ptext(t->p, value->name), &t->names[v]));
        MX_TRY(mx_to_add_input(t, v));
    }
    return MX_OK;
}

/* The user's name of an output: the field of what the program returns, else the value's. */
static mx_str output_name(const mx_to_graph *t, uint32_t output) {
    const mx_parg *a = &t->p->graphs[0].outputs[output];
    mx_str name = t->p->output_names ? mx_ptext(t->p, t->p->output_names[output]) : (mx_str){NULL, 0};
    if (name.n) return name;
    return a->kind == MX_ARG_VALUE ? mx_ptext(t->p, t->p->values[a->value].name) : MX_STR_LITERAL("output");
}

/* Operators' values and constants bear the name of the output they are; inputs and weights have names of their own. */
static bool is_made_here(const mx_bvalue *v) {
    return v->kind == MX_BV_OP || v->kind == MX_BV_CONSTANT;
}

/* The builder has no outputs for None. A value that is an output twice keeps its first name. */
mx_status mx_to_name_outputs(mx_to_graph *t) {
    const mx_pgraph *g = &t->p->graphs[0];
    const mx_bbody *body = &t->b->bodies[0];
    uint32_t k = 0;
    for (uint32_t i = 0; i < g->n_outputs && k < body->n_outputs; i++) {
        if (g->outputs[i].kind == MX_ARG_NONE) continue;
        MX_TRY(mx_to_name(t, output_name(t, i), &t->output_names[k]));
        mx_val v = body->outputs[k];
        if (t->names[v] == MX_SID_ABSENT && is_made_here(&t->b->values[v])) t->names[v] = t->output_names[k];
        k++;
    }
    return MX_OK;
}

/* ---- operators ---- */

static mx_status name_operator(mx_to_graph *t, uint32_t op, mx_sid *out) {
    mx_buffer b;
    mx_buffer_init(&b, t->g->allocator);
    mx_str path = mx_text(t->g, t->places[op].path);
    mx_buffer_add(&b, path.p, path.n);
    mx_buffer_byte(&b, '/');
    mx_buffer_cstr(&b, t->b->ops[op].op);
    mx_status status = b.failed ? mx_nomem(t->err) : mx_to_name(t, mx_buffer_str(&b), out);
    mx_buffer_free(&b);
    return status;
}

static mx_status name_value(mx_to_graph *t, mx_sid node, uint32_t port, mx_sid *out) {
    char ending[24];
    mx_buffer b;
    mx_buffer_init(&b, t->g->allocator);
    mx_str name = mx_text(t->g, node);
    snprintf(ending, sizeof ending, "_output_%u", port);
    mx_buffer_add(&b, name.p, name.n);
    mx_buffer_cstr(&b, ending);
    mx_status status = b.failed ? mx_nomem(t->err) : mx_to_name(t, mx_buffer_str(&b), out);
    mx_buffer_free(&b);
    return status;
}

/* Operators with outputs that may be absent. */
static bool has_optional_outputs(const char *op) {
    static const char *const some[] = {
        "BatchNormalization", "LayerNormalization", "Dropout", "MaxPool", "LSTM", "GRU", "RNN", "Unique", "Attention"};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        if (strcmp(op, some[i]) == 0) return true;
    return false;
}

/* Outputs that nothing takes are left out, in the middle by the empty name. */
static mx_status add_outputs(mx_to_graph *t, mx_node *n, uint32_t i) {
    const mx_bop *op = &t->b->ops[i];
    bool all = !has_optional_outputs(op->op);
    uint32_t count = op->n_out;
    while (count > 1 && !all && !t->uses[op->out[count - 1]])
        count--;
    MX_TRY(mx_graph_array(t->g, count, sizeof *n->outputs, &n->outputs, t->err));
    n->n_outputs = count;
    for (uint32_t k = 0; k < count; k++) {
        mx_val v = op->out[k];
        bool wanted = all || count == 1 || t->uses[v];
        if (wanted && t->names[v] == MX_SID_ABSENT) MX_TRY(name_value(t, n->name, k, &t->names[v]));
        n->outputs[k] = wanted ? t->names[v] : MX_SID_EMPTY;
    }
    return MX_OK;
}

static mx_status add_value_infos(mx_to_graph *t, const mx_node *n, uint32_t i) {
    const mx_bop *op = &t->b->ops[i];
    mx_scope_data *s = mx_scope_of(t->g, n);
    for (uint32_t k = 0; k < n->n_outputs; k++) {
        const mx_bvalue *v = &t->b->values[op->out[k]];
        mx_value_info info = {.name = n->outputs[k]};
        if (info.name == MX_SID_EMPTY || t->formal[op->out[k]] || v->elem == 0 || v->rank < 0) continue;
        MX_TRY(mx_to_type(t, v->elem, v->rank, v->sizes, &info.type));
        MX_TRY(mx_scope_add_value_info(t->g, s, &info, t->err));
    }
    return MX_OK;
}

static mx_status add_ports(mx_to_graph *t, mx_node *n, uint32_t i) {
    const mx_bop *op = &t->b->ops[i];
    uint32_t count = op->n_in;
    while (count && op->in[count - 1] == MX_NO_VAL)
        count--;
    MX_TRY(mx_graph_array(t->g, count, sizeof *n->inputs, &n->inputs, t->err));
    n->n_inputs = count;
    for (uint32_t k = 0; k < count; k++) {
        mx_sid name = op->in[k] == MX_NO_VAL ? MX_SID_EMPTY : t->names[op->in[k]];
        n->inputs[k] = (mx_port){.name = name, .source = MX_NO_NODE};
    }
    return MX_OK;
}

/* ---- attributes ---- */

static mx_status text_list(mx_to_graph *t, const mx_at *at, mx_attr *a) {
    MX_TRY(mx_graph_array(t->g, at->n, sizeof *a->value.sids, &a->value.sids, t->err));
    for (size_t i = 0; i < at->n; i++)
        MX_TRY(mx_graph_string(t->g, mx_str_of(at->strings[i]), &a->value.sids[i], t->err));
    return MX_OK;
}

static mx_status add_attribute(mx_to_graph *t, const mx_at *at, mx_attr *a) {
    static const int32_t types[] = {
        [MX_AT_INT] = MX_ATTR_INT,       [MX_AT_INTS] = MX_ATTR_INTS,     [MX_AT_FLOAT] = MX_ATTR_FLOAT,
        [MX_AT_FLOATS] = MX_ATTR_FLOATS, [MX_AT_STRING] = MX_ATTR_STRING, [MX_AT_STRINGS] = MX_ATTR_STRINGS,
        [MX_AT_BODY] = MX_ATTR_GRAPH};
    *a = (mx_attr){.type = types[at->kind], .count = (uint32_t)at->n};
    MX_TRY(mx_graph_string(t->g, mx_str_of(at->name), &a->name, t->err));
    switch (at->kind) {
    case MX_AT_INT: a->value.i = at->i; return MX_OK;
    case MX_AT_FLOAT: a->value.f = at->f; return MX_OK;
    case MX_AT_STRING: return mx_graph_string(t->g, mx_str_of(at->s), &a->value.s, t->err);
    case MX_AT_STRINGS: return text_list(t, at, a);
    case MX_AT_INTS:
        MX_TRY(mx_graph_array(t->g, at->n, sizeof *a->value.ints, &a->value.ints, t->err));
        if (at->n) memcpy(a->value.ints, at->ints, at->n * sizeof *at->ints);
        return MX_OK;
    case MX_AT_FLOATS:
        MX_TRY(mx_graph_array(t->g, at->n, sizeof *a->value.floats, &a->value.floats, t->err));
        if (at->n) memcpy(a->value.floats, at->floats, at->n * sizeof *at->floats);
        return MX_OK;
    default: return MX_OK; /* a body: its node comes with its content */
    }
}

static mx_status add_attributes(mx_to_graph *t, mx_node *n, uint32_t i) {
    const mx_bop *op = &t->b->ops[i];
    MX_TRY(mx_graph_array(t->g, op->n_at, sizeof *n->attrs, &n->attrs, t->err));
    for (uint32_t k = 0; k < op->n_at; k++)
        MX_TRY(add_attribute(t, &op->at[k], &n->attrs[n->n_attrs++]));
    return MX_OK;
}

/* The source program's stack trace, where it is asked for. */
static mx_status add_metadata(mx_to_graph *t, mx_node *n, uint32_t i) {
    uint32_t node = t->b->ops[i].node;
    if (!t->options->stack_traces || node >= t->p->n_nodes || t->p->nodes[node].stack_trace == MX_SID_ABSENT)
        return MX_OK;
    MX_TRY(mx_graph_array(t->g, 1, sizeof *n->metadata.items, &n->metadata.items, t->err));
    mx_pair *pair = n->metadata.items;
    MX_TRY(mx_graph_string(t->g, MX_STR_LITERAL("pkg.torch.onnx.stack_trace"), &pair->key, t->err));
    MX_TRY(mx_graph_string(t->g, mx_ptext(t->p, t->p->nodes[node].stack_trace), &pair->value, t->err));
    n->metadata.count = 1;
    return MX_OK;
}

/* ---- graphs ---- */

static mx_status add_scope(mx_to_graph *t, mx_node_id scope, uint32_t body, uint32_t outer);

static mx_status add_body(mx_to_graph *t, mx_node_id op_node, uint32_t i, uint32_t k) {
    const mx_at *at = &t->b->ops[i].at[k];
    uint32_t body = (uint32_t)at->i;
    mx_node_id id;
    mx_scope_data *s;
    MX_TRY(mx_graph_add_node(t->g, MX_NODE_BODY, op_node, &id, t->err));
    mx_node *n = mx_node_at(t->g, id), *op = mx_node_at(t->g, op_node);
    n->name = op->attrs[k].name;
    n->attr_index = 0;
    op->attrs[k].value.index = id;
    s = &t->g->scopes[n->data];
    s->name = n->name;
    for (uint32_t p = 0; p < t->b->bodies[body].n_inputs; p++) {
        mx_val v = t->b->bodies[body].inputs[p];
        mx_str name = mx_ptext(t->p, t->b->values[v].name);
        MX_TRY(mx_to_name(t, name.n ? name : MX_STR_LITERAL("input"), &t->names[v]));
        MX_TRY(add_formal(t, MX_NODE_INPUT, id, t->names[v], &t->b->values[v]));
    }
    return add_scope(t, id, body, t->places[i].module);
}

static mx_status add_operator(mx_to_graph *t, mx_node_id scope, uint32_t outer, uint32_t i) {
    mx_node_id parent, id;
    MX_TRY(mx_to_parent(t, scope, outer, i, &parent));
    MX_TRY(mx_graph_add_node(t->g, MX_NODE_OPERATOR, parent, &id, t->err));
    mx_node *n = mx_node_at(t->g, id);
    MX_TRY(mx_graph_string(t->g, mx_str_of(t->b->ops[i].op), &n->op_type, t->err));
    MX_TRY(name_operator(t, i, &n->name));
    MX_TRY(add_ports(t, n, i));
    MX_TRY(add_outputs(t, n, i));
    MX_TRY(add_attributes(t, n, i));
    MX_TRY(add_metadata(t, n, i));
    MX_TRY(add_value_infos(t, n, i));
    for (uint32_t k = 0; k < n->n_attrs; k++)
        if (n->attrs[k].type == MX_ATTR_GRAPH) MX_TRY(add_body(t, id, i, k));
    return MX_OK;
}

/* A value that bears another name already, as an output. */
static mx_status add_identity(mx_to_graph *t, mx_sid from, mx_sid to) {
    mx_node_id id;
    MX_TRY(mx_graph_add_node(t->g, MX_NODE_OPERATOR, 0, &id, t->err));
    mx_node *n = mx_node_at(t->g, id);
    MX_TRY(mx_graph_string(t->g, MX_STR_LITERAL("Identity"), &n->op_type, t->err));
    MX_TRY(mx_to_name(t, MX_STR_LITERAL("/Identity"), &n->name));
    MX_TRY(mx_graph_array(t->g, 1, sizeof *n->inputs, &n->inputs, t->err));
    MX_TRY(mx_graph_array(t->g, 1, sizeof *n->outputs, &n->outputs, t->err));
    n->inputs[0] = (mx_port){.name = from, .source = MX_NO_NODE};
    n->outputs[0] = to;
    n->n_inputs = n->n_outputs = 1;
    return MX_OK;
}

static mx_status add_scope(mx_to_graph *t, mx_node_id scope, uint32_t body, uint32_t outer) {
    const mx_bbody *b = &t->b->bodies[body];
    for (uint32_t i = t->first[body]; i != MX_NONE; i = t->next[i])
        if (t->need_op[i]) MX_TRY(add_operator(t, scope, outer, i));
    for (uint32_t k = 0; k < b->n_outputs; k++) {
        mx_val v = b->outputs[k];
        mx_sid name = body == 0 ? t->output_names[k] : t->names[v];
        if (name != t->names[v]) MX_TRY(add_identity(t, t->names[v], name));
        MX_TRY(add_formal(t, MX_NODE_OUTPUT, scope, name, &t->b->values[v]));
    }
    return MX_OK;
}

mx_status mx_to_add_operators(mx_to_graph *t) {
    return add_scope(t, 0, 0, 0);
}
