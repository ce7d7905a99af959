/* Copies of nodes: operators, formal inputs and outputs, bodies, functions. */
#include "converter/transplant.h"

/* ---- formal inputs and outputs ---- */

mx_status mx_add_formal(mx_graph *g, mx_node_kind kind, mx_node_id scope, mx_sid name, uint32_t type, mx_node_id *out,
                        mx_error *err) {
    mx_port *port = NULL;
    mx_sid *made = NULL;
    if (kind == MX_NODE_INPUT) MX_TRY(mx_graph_array(g, 1, sizeof *made, &made, err));
    if (kind == MX_NODE_OUTPUT) MX_TRY(mx_graph_array(g, 1, sizeof *port, &port, err));
    MX_TRY(mx_graph_add_node(g, kind, scope, out, err));
    mx_node *n = mx_node_at(g, *out);
    n->name = name;
    n->data = type;
    if (made) *made = name;
    if (port) *port = (mx_port){name, MX_NO_NODE, 0};
    n->outputs = made;
    n->n_outputs = made ? 1 : 0;
    n->inputs = port;
    n->n_inputs = port ? 1 : 0;
    return MX_OK;
}

/* What all nodes have. */
static mx_status copy_texts(mx_transplant *t, const mx_node *from, mx_node *to) {
    MX_TRY(mx_transplant_string(t, from->doc, &to->doc));
    MX_TRY(mx_transplant_string(t, from->rest, &to->rest));
    MX_TRY(mx_transplant_string(t, from->domain, &to->domain));
    MX_TRY(mx_transplant_string(t, from->overload, &to->overload));
    return mx_transplant_pairs(t, &from->metadata, &to->metadata);
}

mx_status mx_transplant_formal(mx_transplant *t, mx_node_id id, mx_node_id parent, mx_node_id *out) {
    const mx_node *from = mx_node_at(t->from, id);
    mx_sid name;
    uint32_t type;
    MX_TRY(mx_transplant_value(t, from->name, &name));
    MX_TRY(mx_transplant_type(t, from->data, &type));
    MX_TRY(mx_add_formal(t->to, (mx_node_kind)from->kind, parent, name, type, out, t->err));
    mx_node *to = mx_node_at(t->to, *out);
    if (from->kind == MX_NODE_OUTPUT) MX_TRY(mx_transplant_value(t, from->inputs[0].name, &to->inputs[0].name));
    return copy_texts(t, from, to);
}

/* ---- operators ---- */

static mx_status copy_ports(mx_transplant *t, const mx_node *from, mx_node *to) {
    MX_TRY(mx_graph_array(t->to, from->n_inputs, sizeof *to->inputs, &to->inputs, t->err));
    MX_TRY(mx_graph_array(t->to, from->n_outputs, sizeof *to->outputs, &to->outputs, t->err));
    for (uint32_t k = 0; k < from->n_inputs; k++) {
        to->inputs[k] = (mx_port){MX_SID_ABSENT, MX_NO_NODE, 0};
        MX_TRY(mx_transplant_value(t, from->inputs[k].name, &to->inputs[k].name));
    }
    for (uint32_t k = 0; k < from->n_outputs; k++)
        MX_TRY(mx_transplant_value(t, from->outputs[k], &to->outputs[k]));
    to->n_inputs = from->n_inputs;
    to->n_outputs = from->n_outputs;
    return MX_OK;
}

mx_status mx_transplant_operator(mx_transplant *t, mx_node_id op, mx_node_id parent, mx_node_id *out) {
    const mx_node *from = mx_node_at(t->from, op);
    MX_TRY(mx_graph_add_node(t->to, MX_NODE_OPERATOR, parent, out, t->err));
    mx_node *to = mx_node_at(t->to, *out);
    MX_TRY(mx_transplant_string(t, from->name, &to->name));
    MX_TRY(mx_transplant_string(t, from->op_type, &to->op_type));
    MX_TRY(copy_texts(t, from, to));
    MX_TRY(copy_ports(t, from, to));
    mx_slate_set(&t->nodes, op, *out);
    return mx_transplant_attributes(t, from, *out);
}

/* ---- scopes ---- */

static mx_status copy_initializers(mx_transplant *t, const mx_scope_data *from, uint32_t to) {
    uint32_t copy;
    for (size_t i = 0; i < from->n_initializers; i++) {
        MX_TRY(mx_transplant_initializer(t, from->initializers[i], &copy));
        MX_TRY(mx_scope_add_initializer(t->to, &t->to->scopes[to], copy, t->err));
    }
    for (size_t i = 0; i < from->n_sparse; i++) {
        MX_TRY(mx_transplant_sparse(t, from->sparse_initializers[i], true, &copy));
        MX_TRY(mx_scope_add_sparse(t->to, &t->to->scopes[to], copy, t->err));
    }
    return MX_OK;
}

static mx_status copy_contents(mx_transplant *t, const mx_scope_data *from, mx_node_id scope) {
    mx_node_id copy;
    mx_value_info info;
    uint32_t to = mx_node_at(t->to, scope)->data;
    MX_TRY(copy_initializers(t, from, to));
    for (size_t i = 0; i < from->n_inputs; i++) MX_TRY(mx_transplant_formal(t, from->inputs[i], scope, &copy));
    for (size_t i = 0; i < from->n_operators; i++) MX_TRY(mx_transplant_operator(t, from->operators[i], scope, &copy));
    for (size_t i = 0; i < from->n_outputs; i++) MX_TRY(mx_transplant_formal(t, from->outputs[i], scope, &copy));
    for (size_t i = 0; i < from->n_value_infos; i++) {
        MX_TRY(mx_transplant_value_info(t, &from->value_infos[i], &info));
        MX_TRY(mx_scope_add_value_info(t->to, &t->to->scopes[to], &info, t->err));
    }
    return MX_OK;
}

static mx_status copy_graph_texts(mx_transplant *t, const mx_scope_data *from, mx_scope_data *to) {
    to->has_graph = from->has_graph;
    MX_TRY(mx_transplant_string(t, from->name, &to->name));
    MX_TRY(mx_transplant_string(t, from->doc, &to->doc));
    MX_TRY(mx_transplant_string(t, from->rest, &to->rest));
    return mx_transplant_pairs(t, &from->metadata, &to->metadata);
}

mx_status mx_transplant_body(mx_transplant *t, mx_node_id body, mx_node_id op, mx_node_id *out) {
    const mx_node *from = mx_node_at(t->from, body);
    const mx_scope_data *s = &t->from->scopes[from->data];
    MX_TRY(mx_graph_add_node(t->to, MX_NODE_BODY, op, out, t->err));
    mx_node *to = mx_node_at(t->to, *out);
    to->attr_index = from->attr_index;
    MX_TRY(mx_transplant_string(t, from->name, &to->name));
    MX_TRY(copy_graph_texts(t, s, &t->to->scopes[to->data]));
    return copy_contents(t, s, *out);
}

/* ---- functions ---- */

static mx_status copy_signature(mx_transplant *t, const mx_scope_data *from, mx_scope_data *to) {
    MX_TRY(mx_graph_array(t->to, from->n_opsets, sizeof *to->opsets, &to->opsets, t->err));
    MX_TRY(mx_graph_array(t->to, from->n_attribute_names, sizeof *to->attribute_names, &to->attribute_names, t->err));
    for (uint32_t i = 0; i < from->n_opsets; i++) MX_TRY(mx_transplant_opset(t, &from->opsets[i], &to->opsets[i]));
    for (uint32_t i = 0; i < from->n_attribute_names; i++)
        MX_TRY(mx_transplant_string(t, from->attribute_names[i], &to->attribute_names[i]));
    to->n_opsets = from->n_opsets;
    to->n_attribute_names = from->n_attribute_names;
    return MX_OK;
}

mx_status mx_transplant_function_into(mx_transplant *t, mx_node_id function, mx_node_id into) {
    const mx_node *from = mx_node_at(t->from, function);
    const mx_scope_data *s = &t->from->scopes[from->data];
    mx_node *to = mx_node_at(t->to, into);
    MX_TRY(mx_transplant_string(t, from->name, &to->name));
    MX_TRY(copy_texts(t, from, to));
    MX_TRY(copy_signature(t, s, &t->to->scopes[to->data]));
    MX_TRY(copy_graph_texts(t, s, &t->to->scopes[to->data]));
    mx_slate_set(&t->nodes, function, into);
    MX_TRY(mx_transplant_attributes(t, from, into));
    return copy_contents(t, s, into);
}

mx_status mx_transplant_function(mx_transplant *t, mx_node_id function, mx_node_id *out) {
    MX_TRY(mx_graph_add_node(t->to, MX_NODE_FUNCTION, 0, out, t->err));
    return mx_transplant_function_into(t, function, *out);
}
