/* ModelProto, GraphProto, FunctionProto, ValueInfoProto. */
#include "onnx.pb-c.h"
#include "onnx_io/write.h"

/* ---- ValueInfoProto ---- */

static mx_status value_info_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_value_info *v = item;
    mx_out_text(m, 1, v->name);
    MX_TRY(mx_out_type(m, 2, v->type, err));
    mx_out_text(m, 3, v->doc);
    mx_out_pairs(m, 4, &v->metadata);
    return MX_OK;
}

static mx_status put_value_info(mx_out *m, uint32_t number, const mx_value_info *v, mx_error *err) {
    static const mx_message message = {value_info_fields, &onnx__value_info_proto__descriptor};
    return mx_out_message(m, number, NULL, &message, v, v->rest, err);
}

static mx_status put_value_infos(mx_out *m, uint32_t number, const mx_scope_data *s, mx_error *err) {
    for (size_t i = 0; i < s->n_value_infos; i++)
        MX_TRY(put_value_info(m, number, &s->value_infos[i], err));
    return MX_OK;
}

/* Formal inputs and outputs of a graph. */
static mx_status put_formals(mx_out *m, uint32_t number, const mx_node_id *nodes, size_t n, mx_error *err) {
    for (size_t i = 0; i < n; i++) {
        const mx_node *node = mx_node_at(m->w->g, nodes[i]);
        mx_value_info v = {node->name, node->doc, node->rest, node->data, node->metadata};
        MX_TRY(put_value_info(m, number, &v, err));
    }
    return MX_OK;
}

/* Formal inputs and outputs of a function have only names. */
static void put_formal_names(mx_out *m, uint32_t number, const mx_node_id *nodes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        mx_sid name = mx_node_at(m->w->g, nodes[i])->name;
        mx_out_text(m, number, name == MX_SID_ABSENT ? MX_SID_EMPTY : name);
    }
}

/* ---- GraphProto ---- */

static mx_status put_nodes(mx_out *m, uint32_t number, const mx_scope_data *s, mx_error *err) {
    for (size_t i = 0; i < s->n_operators; i++)
        MX_TRY(mx_out_node(m, number, s->operators[i], err));
    return MX_OK;
}

static mx_status graph_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_scope_data *s = item;
    MX_TRY(put_nodes(m, 1, s, err));
    mx_out_text(m, 2, s->name);
    for (size_t i = 0; i < s->n_initializers; i++)
        MX_TRY(mx_out_tensor(m, 5, s->initializers[i], true, err));
    mx_out_text(m, 10, s->doc);
    MX_TRY(put_formals(m, 11, s->inputs, s->n_inputs, err));
    MX_TRY(put_formals(m, 12, s->outputs, s->n_outputs, err));
    MX_TRY(put_value_infos(m, 13, s, err));
    for (size_t i = 0; i < s->n_sparse; i++)
        MX_TRY(mx_out_sparse(m, 15, s->sparse_initializers[i], err));
    mx_out_pairs(m, 16, &s->metadata);
    return MX_OK;
}

mx_status mx_out_graph(mx_out *m, uint32_t number, mx_node_id scope, mx_error *err) {
    static const mx_message message = {graph_fields, &onnx__graph_proto__descriptor};
    mx_onnx_writer *w = m->w;
    if (scope >= w->g->n_nodes || !mx_is_scope(mx_node_at(w->g, scope)))
        return mx_fail(err, MX_ERR_INVALID, "a graph attribute has no body");
    if (w->body_depth > w->g->limits.body_depth)
        return mx_fail(err, MX_ERR_LIMIT, "graphs within graphs are more than %u deep", w->g->limits.body_depth);
    uint32_t index = mx_node_at(w->g, scope)->data;
    const mx_scope_data *s = &w->g->scopes[index];
    w->body_depth++;
    mx_status status = mx_out_message(m, number, &w->scope_sizes[index], &message, s, s->rest, err);
    w->body_depth--;
    return status;
}

/* ---- OperatorSetIdProto ---- */

static mx_status opset_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_opset *o = item;
    (void)err;
    mx_out_text(m, 1, o->domain);
    if (o->has_version) mx_out_int(m, 2, o->version);
    return MX_OK;
}

static mx_status put_opsets(mx_out *m, uint32_t number, const mx_scope_data *s, mx_error *err) {
    static const mx_message message = {opset_fields, NULL};
    for (uint32_t i = 0; i < s->n_opsets; i++) {
        const mx_opset *o = &s->opsets[i];
        if (o->opaque != MX_SID_ABSENT) {
            mx_out_text(m, number, o->opaque);
        } else {
            MX_TRY(mx_out_message(m, number, NULL, &message, o, MX_SID_ABSENT, err));
        }
    }
    return MX_OK;
}

/* ---- FunctionProto ---- */

static mx_status function_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_node *n = item;
    const mx_scope_data *s = &m->w->g->scopes[n->data];
    mx_out_text(m, 1, n->name);
    put_formal_names(m, 4, s->inputs, s->n_inputs);
    put_formal_names(m, 5, s->outputs, s->n_outputs);
    for (uint32_t i = 0; i < s->n_attribute_names; i++)
        mx_out_text(m, 6, s->attribute_names[i]);
    MX_TRY(put_nodes(m, 7, s, err));
    mx_out_text(m, 8, n->doc);
    MX_TRY(put_opsets(m, 9, s, err));
    mx_out_text(m, 10, n->domain);
    for (uint32_t i = 0; i < n->n_attrs; i++)
        MX_TRY(mx_out_attr(m, 11, &n->attrs[i], err));
    MX_TRY(put_value_infos(m, 12, s, err));
    mx_out_text(m, 13, n->overload);
    mx_out_pairs(m, 14, &n->metadata);
    return MX_OK;
}

static mx_status put_functions(mx_out *m, uint32_t number, mx_error *err) {
    static const mx_message message = {function_fields, &onnx__function_proto__descriptor};
    const mx_graph *g = m->w->g;
    mx_node_id next;
    for (mx_node_id id = mx_node_at(g, 0)->first_child; id != MX_NO_NODE; id = next) {
        const mx_node *n = mx_node_at(g, id);
        next = n->next_sibling;
        if (n->kind != MX_NODE_FUNCTION) continue;
        mx_status status = mx_out_message(m, number, &m->w->scope_sizes[n->data], &message, n, n->rest, err);
        if (status != MX_OK) return mx_at_node(err, status, mx_text(g, n->name));
    }
    return MX_OK;
}

/* ---- ModelProto ---- */

static mx_status model_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_graph *g = item;
    const mx_node *n = mx_node_at(g, 0);
    const mx_scope_data *s = &g->scopes[n->data];
    if (g->model.has_ir_version) mx_out_int(m, 1, g->model.ir_version);
    mx_out_text(m, 2, g->model.producer_name);
    mx_out_text(m, 3, g->model.producer_version);
    mx_out_text(m, 4, g->model.domain);
    if (g->model.has_model_version) mx_out_int(m, 5, g->model.model_version);
    mx_out_text(m, 6, n->doc);
    if (s->has_graph) MX_TRY(mx_out_graph(m, 7, 0, err));
    MX_TRY(put_opsets(m, 8, s, err));
    mx_out_pairs(m, 14, &n->metadata);
    return put_functions(m, 25, err);
}

mx_status mx_out_model(mx_onnx_writer *w, mx_error *err) {
    static const mx_message message = {model_fields, &onnx__model_proto__descriptor};
    return mx_out_content(w, &message, w->g, mx_node_at(w->g, 0)->rest, err);
}
