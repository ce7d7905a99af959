/* Walking the graph through the public header: every answer is checked, so that a wrong id is a "nothing". */
#include "converter/graph.h"

static const mx_node *find(const mx_graph *g, mx_node_id id) {
    if (!g || id >= g->n_nodes) return NULL;
    const mx_node *n = mx_node_at(g, id);
    return n->flags & MX_FLAG_REMOVED ? NULL : n;
}

static const mx_scope_data *find_scope(const mx_graph *g, mx_node_id id) {
    const mx_node *n = find(g, id);
    return n && mx_is_scope(n) ? &g->scopes[n->data] : NULL;
}

static mx_str text_of(const mx_graph *g, mx_sid id) {
    return id < g->strings.count ? mx_text(g, id) : (mx_str){NULL, 0};
}

static const mx_str nothing = {NULL, 0};

/* ---- nodes ---- */

size_t mx_graph_node_count(const mx_graph *graph) {
    return graph ? graph->n_nodes : 0;
}

bool mx_node_exists(const mx_graph *graph, mx_node_id node) {
    return find(graph, node) != NULL;
}

mx_node_kind mx_node_get_kind(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    return n ? (mx_node_kind)n->kind : MX_NODE_MODEL;
}

mx_node_id mx_node_parent(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    return n ? n->parent : MX_NO_NODE;
}

mx_node_id mx_node_first_child(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    return n ? n->first_child : MX_NO_NODE;
}

mx_node_id mx_node_next_sibling(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    return n ? n->next_sibling : MX_NO_NODE;
}

mx_node_id mx_node_scope(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    return n ? n->scope : MX_NO_NODE;
}

mx_str mx_node_name(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    if (!n) return nothing;
    return text_of(graph, n->kind == MX_NODE_MODEL ? graph->scopes[n->data].name : n->name);
}

mx_str mx_node_op_type(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    return n ? text_of(graph, n->op_type) : nothing;
}

mx_str mx_node_domain(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    if (!n) return nothing;
    return text_of(graph, n->kind == MX_NODE_MODEL ? graph->model.domain : n->domain);
}

/* A body's texts are those of its GraphProto, which every scope has; the node itself speaks for the message around it.
 */
mx_str mx_node_doc_string(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    if (!n) return nothing;
    return text_of(graph, n->kind == MX_NODE_BODY ? graph->scopes[n->data].doc : n->doc);
}

static const mx_module_data *find_module(const mx_graph *g, mx_node_id id) {
    const mx_node *n = find(g, id);
    if (!n || (n->kind != MX_NODE_MODEL && n->kind != MX_NODE_MODULE)) return NULL;
    return &g->modules[n->kind == MX_NODE_MODEL ? 0 : n->data];
}

mx_str mx_node_class_name(const mx_graph *graph, mx_node_id node) {
    const mx_module_data *m = find_module(graph, node);
    return m ? text_of(graph, m->class_name) : nothing;
}

mx_str mx_node_module_scope(const mx_graph *graph, mx_node_id node) {
    const mx_module_data *m = find_module(graph, node);
    return m ? text_of(graph, m->scope) : nothing;
}

mx_str mx_node_module_tag(const mx_graph *graph, mx_node_id node) {
    const mx_module_data *m = find_module(graph, node);
    return m ? text_of(graph, m->tag) : nothing;
}

/* ---- ports ---- */

size_t mx_node_input_count(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    return n ? n->n_inputs : 0;
}

mx_str mx_node_input(const mx_graph *graph, mx_node_id node, size_t port) {
    const mx_node *n = find(graph, node);
    return n && port < n->n_inputs ? text_of(graph, n->inputs[port].name) : nothing;
}

mx_node_id mx_node_input_source(const mx_graph *graph, mx_node_id node, size_t port, uint32_t *source_port) {
    const mx_node *n = find(graph, node);
    bool wired = n && port < n->n_inputs && n->inputs[port].source != MX_NO_NODE;
    if (source_port) *source_port = wired ? n->inputs[port].source_port : 0;
    return wired ? n->inputs[port].source : MX_NO_NODE;
}

size_t mx_node_output_count(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    return n ? n->n_outputs : 0;
}

mx_str mx_node_output(const mx_graph *graph, mx_node_id node, size_t port) {
    const mx_node *n = find(graph, node);
    return n && port < n->n_outputs ? text_of(graph, n->outputs[port]) : nothing;
}

/* ---- metadata ---- */

static const mx_pairs *find_metadata(const mx_graph *g, mx_node_id id) {
    static const mx_pairs none = {NULL, 0};
    const mx_node *n = find(g, id);
    if (!n) return &none;
    return n->kind == MX_NODE_BODY ? &g->scopes[n->data].metadata : &n->metadata;
}

size_t mx_node_metadata_count(const mx_graph *graph, mx_node_id node) {
    return find_metadata(graph, node)->count;
}

mx_str mx_node_metadata_key(const mx_graph *graph, mx_node_id node, size_t index) {
    const mx_pairs *pairs = find_metadata(graph, node);
    return index < pairs->count ? text_of(graph, pairs->items[index].key) : nothing;
}

mx_str mx_node_metadata_value(const mx_graph *graph, mx_node_id node, size_t index) {
    const mx_pairs *pairs = find_metadata(graph, node);
    return index < pairs->count ? text_of(graph, pairs->items[index].value) : nothing;
}

mx_str mx_node_metadata(const mx_graph *graph, mx_node_id node, const char *key) {
    const mx_pairs *pairs = find_metadata(graph, node);
    if (!key || !pairs->count) return nothing;
    mx_sid sid = mx_strings_find(&graph->strings, mx_str_of(key));
    for (uint32_t i = 0; i < pairs->count; i++)
        if (pairs->items[i].key == sid && !pairs->items[i].opaque) return text_of(graph, pairs->items[i].value);
    return nothing;
}

/* ---- scopes ---- */

#define DEFINE_SCOPE_LIST(count_function, item_function, type, items, n, none)                                         \
    size_t count_function(const mx_graph *graph, mx_node_id scope) {                                                   \
        const mx_scope_data *s = find_scope(graph, scope);                                                             \
        return s ? s->n : 0;                                                                                           \
    }                                                                                                                  \
    type item_function(const mx_graph *graph, mx_node_id scope, size_t index) {                                        \
        const mx_scope_data *s = find_scope(graph, scope);                                                             \
        return s && index < s->n ? s->items[index] : none;                                                             \
    }
DEFINE_SCOPE_LIST(mx_scope_operator_count, mx_scope_operator, mx_node_id, operators, n_operators, MX_NO_NODE)
DEFINE_SCOPE_LIST(mx_scope_input_count, mx_scope_input, mx_node_id, inputs, n_inputs, MX_NO_NODE)
DEFINE_SCOPE_LIST(mx_scope_output_count, mx_scope_output, mx_node_id, outputs, n_outputs, MX_NO_NODE)
DEFINE_SCOPE_LIST(mx_scope_initializer_count, mx_scope_initializer, uint32_t, initializers, n_initializers, MX_NO_INDEX)

/* ---- attributes ---- */

static const mx_attr *find_attribute(const mx_graph *g, mx_node_id id, size_t index) {
    const mx_node *n = find(g, id);
    return n && index < n->n_attrs ? &n->attrs[index] : NULL;
}

size_t mx_node_attribute_count(const mx_graph *graph, mx_node_id node) {
    const mx_node *n = find(graph, node);
    return n ? n->n_attrs : 0;
}

static bool is_list(int32_t type) {
    switch (type) {
    case MX_ATTR_FLOATS:
    case MX_ATTR_INTS:
    case MX_ATTR_STRINGS:
    case MX_ATTR_TENSORS:
    case MX_ATTR_GRAPHS:
    case MX_ATTR_SPARSE_TENSORS:
    case MX_ATTR_TYPE_PROTOS: return true;
    default: return false;
    }
}

static size_t value_count(const mx_attr *a) {
    if (a->ref_name != MX_SID_ABSENT || a->type == MX_ATTR_UNDEFINED || a->type == MX_ATTR_OPAQUE) return 0;
    return is_list(a->type) ? a->count : 1;
}

bool mx_node_attribute(const mx_graph *graph, mx_node_id node, size_t index, mx_attribute_view *out) {
    const mx_attr *a = find_attribute(graph, node, index);
    *out = (mx_attribute_view){0};
    if (!a) return false;
    *out = (mx_attribute_view){text_of(graph, a->name), text_of(graph, a->ref_name), (mx_attribute_type)a->type,
                               value_count(a)};
    return true;
}

size_t mx_node_find_attribute(const mx_graph *graph, mx_node_id node, const char *name) {
    const mx_node *n = find(graph, node);
    if (!n || !n->n_attrs || !name) return SIZE_MAX;
    mx_sid sid = mx_strings_find(&graph->strings, mx_str_of(name));
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (n->attrs[i].name == sid) return i;
    return SIZE_MAX;
}

/* The attribute, if it is of one of the two types and has a value of that index. */
static const mx_attr *find_value(const mx_graph *g, mx_node_id id, size_t attribute, size_t index, int32_t one,
                                 int32_t list) {
    const mx_attr *a = find_attribute(g, id, attribute);
    return a && (a->type == one || a->type == list) && index < value_count(a) ? a : NULL;
}

bool mx_attribute_int(const mx_graph *graph, mx_node_id node, size_t attribute, size_t index, int64_t *out) {
    const mx_attr *a = find_value(graph, node, attribute, index, MX_ATTR_INT, MX_ATTR_INTS);
    *out = !a ? 0 : a->type == MX_ATTR_INT ? a->value.i : a->value.ints[index];
    return a != NULL;
}

bool mx_attribute_float(const mx_graph *graph, mx_node_id node, size_t attribute, size_t index, float *out) {
    const mx_attr *a = find_value(graph, node, attribute, index, MX_ATTR_FLOAT, MX_ATTR_FLOATS);
    *out = !a ? 0.0f : a->type == MX_ATTR_FLOAT ? a->value.f : a->value.floats[index];
    return a != NULL;
}

bool mx_attribute_string(const mx_graph *graph, mx_node_id node, size_t attribute, size_t index, mx_str *out) {
    const mx_attr *a = find_value(graph, node, attribute, index, MX_ATTR_STRING, MX_ATTR_STRINGS);
    *out = !a ? nothing : text_of(graph, a->type == MX_ATTR_STRING ? a->value.s : a->value.sids[index]);
    return a != NULL;
}

static bool index_value(const mx_graph *g, mx_node_id id, size_t attribute, size_t index, int32_t one, uint32_t *out) {
    int32_t list = one + (MX_ATTR_FLOATS - MX_ATTR_FLOAT); /* the list types follow in the same order */
    const mx_attr *a = find_value(g, id, attribute, index, one, list);
    *out = !a ? MX_NO_INDEX : a->type == one ? a->value.index : a->value.indices[index];
    return a != NULL;
}

bool mx_attribute_tensor(const mx_graph *graph, mx_node_id node, size_t attribute, size_t index, uint32_t *out) {
    return index_value(graph, node, attribute, index, MX_ATTR_TENSOR, out);
}

bool mx_attribute_body(const mx_graph *graph, mx_node_id node, size_t attribute, size_t index, mx_node_id *out) {
    return index_value(graph, node, attribute, index, MX_ATTR_GRAPH, out);
}

/* ---- tensors ---- */

size_t mx_graph_tensor_count(const mx_graph *graph) {
    return graph ? graph->n_tensors : 0;
}

bool mx_graph_tensor(const mx_graph *graph, uint32_t tensor, mx_tensor_view *out) {
    *out = (mx_tensor_view){0};
    if (!graph || tensor >= graph->n_tensors) return false;
    const mx_tensor *t = &graph->tensors[tensor];
    *out = (mx_tensor_view){.name = text_of(graph, t->name),
                            .data_type = t->data_type,
                            .dims = t->dims,
                            .rank = t->n_dims,
                            .size = t->data.source == MX_NO_INDEX ? 0 : t->data.size,
                            .external = t->external_file != MX_NO_INDEX};
    return true;
}

mx_status mx_tensor_read(const mx_graph *graph, uint32_t tensor, uint64_t offset, void *to, size_t size,
                         mx_error *err) {
    mx_tensor_view view;
    if (!mx_graph_tensor(graph, tensor, &view))
        return mx_fail(err, MX_ERR_USAGE, "there is no tensor %lu", (unsigned long)tensor);
    if (offset > view.size || size > view.size - offset)
        return mx_fail(err, MX_ERR_USAGE, "the tensor %s has only %llu bytes", mx_show(view.name).text,
                       (unsigned long long)view.size);
    if (size == 0) return MX_OK;
    const mx_blob *data = &graph->tensors[tensor].data;
    const mx_source *source = data->source < graph->n_sources ? graph->sources[data->source] : NULL;
    if (!source)
        return mx_fail(err, MX_ERR_READ, "the file with the data of tensor %s is not open", mx_show(view.name).text);
    return mx_source_read(source, data->offset + offset, to, size, err);
}
