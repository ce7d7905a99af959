/* Attributes of operators (and the default values that functions give theirs). */
#include "converter/edit.h"

void mx_retire_attribute_tensors(mx_graph *g, const mx_attr *a) {
    if (a->ref_name != MX_SID_ABSENT) return;
    if (a->type == MX_ATTR_TENSOR) mx_retire_tensor(g, a->value.index);
    if (a->type == MX_ATTR_SPARSE_TENSOR) mx_retire_sparse(g, a->value.index);
    for (uint32_t i = 0; a->type == MX_ATTR_TENSORS && i < a->count; i++)
        mx_retire_tensor(g, a->value.indices[i]);
    for (uint32_t i = 0; a->type == MX_ATTR_SPARSE_TENSORS && i < a->count; i++)
        mx_retire_sparse(g, a->value.indices[i]);
}

/* Tensors and bodies that the attribute refers to go with it. */
static void retire_values(mx_graph *g, const mx_attr *a) {
    mx_retire_attribute_tensors(g, a);
    if (a->ref_name != MX_SID_ABSENT) return;
    if (a->type == MX_ATTR_GRAPH) mx_take_out(g, a->value.index);
    for (uint32_t i = 0; a->type == MX_ATTR_GRAPHS && i < a->count; i++)
        mx_take_out(g, a->value.indices[i]);
}

static mx_status find_owner(mx_graph *g, mx_node_id id, const char *name, mx_node **out, mx_error *err) {
    MX_TRY(mx_edit_node(g, id, MX_KIND(OPERATOR) | MX_KIND(FUNCTION), out, err));
    if (!name || !*name) return mx_fail(err, MX_ERR_USAGE, "an attribute needs a name");
    return MX_OK;
}

static uint32_t index_of(const mx_node *n, mx_sid name) {
    uint32_t i = 0;
    while (i < n->n_attrs && n->attrs[i].name != name)
        i++;
    return i;
}

/* In the place of the first of that name, or behind all. Its doc_string stays. */
static mx_status set_attribute(mx_graph *g, mx_node_id id, const char *name, mx_attr value, mx_error *err) {
    mx_node *n;
    mx_attr *attrs = NULL; /* a new array: the old one may be shared */
    MX_TRY(find_owner(g, id, name, &n, err));
    MX_TRY(mx_graph_string(g, mx_str_of(name), &value.name, err));
    MX_TRY(mx_graph_array(g, (size_t)n->n_attrs + 1, sizeof *attrs, &attrs, err));
    if (n->n_attrs) memcpy(attrs, n->attrs, n->n_attrs * sizeof *attrs);
    uint32_t at = index_of(n, value.name);
    if (at < n->n_attrs) {
        bool odd = attrs[at].type == MX_ATTR_OPAQUE;
        value.doc = odd ? MX_SID_ABSENT : attrs[at].doc;
        value.rest = odd ? MX_SID_ABSENT : attrs[at].rest;
        retire_values(g, &attrs[at]);
    }
    attrs[at] = value;
    n->attrs = attrs;
    n->n_attrs += at == n->n_attrs;
    return MX_OK;
}

mx_status mx_node_set_int(mx_graph *graph, mx_node_id node, const char *name, int64_t value, mx_error *err) {
    return set_attribute(graph, node, name, (mx_attr){.type = MX_ATTR_INT, .value.i = value}, err);
}

mx_status mx_node_set_float(mx_graph *graph, mx_node_id node, const char *name, float value, mx_error *err) {
    return set_attribute(graph, node, name, (mx_attr){.type = MX_ATTR_FLOAT, .value.f = value}, err);
}

mx_status mx_node_set_string(mx_graph *graph, mx_node_id node, const char *name, mx_str value, mx_error *err) {
    mx_node *n;
    mx_attr a = {.type = MX_ATTR_STRING};
    MX_TRY(find_owner(graph, node, name, &n, err));
    if (!value.p) value = MX_STR_LITERAL("");
    MX_TRY(mx_graph_string(graph, value, &a.value.s, err));
    return set_attribute(graph, node, name, a, err);
}

/* A copy of the caller's numbers in the graph. */
static mx_status copy_values(mx_graph *g, const void *values, size_t count, size_t size, void *out, mx_error *err) {
    if (count > UINT32_MAX) return mx_fail(err, MX_ERR_USAGE, "an attribute cannot have %zu values", count);
    MX_TRY(mx_graph_array(g, count, size, out, err));
    void *copy;
    memcpy(&copy, out, sizeof copy);
    if (count) memcpy(copy, values, count * size);
    return MX_OK;
}

mx_status mx_node_set_ints(mx_graph *graph, mx_node_id node, const char *name, const int64_t *values, size_t count,
                           mx_error *err) {
    mx_node *n;
    mx_attr a = {.type = MX_ATTR_INTS, .count = (uint32_t)count};
    MX_TRY(find_owner(graph, node, name, &n, err));
    MX_TRY(copy_values(graph, values, count, sizeof *values, &a.value.ints, err));
    return set_attribute(graph, node, name, a, err);
}

mx_status mx_node_set_floats(mx_graph *graph, mx_node_id node, const char *name, const float *values, size_t count,
                             mx_error *err) {
    mx_node *n;
    mx_attr a = {.type = MX_ATTR_FLOATS, .count = (uint32_t)count};
    MX_TRY(find_owner(graph, node, name, &n, err));
    MX_TRY(copy_values(graph, values, count, sizeof *values, &a.value.floats, err));
    return set_attribute(graph, node, name, a, err);
}

mx_status mx_node_remove_attribute(mx_graph *graph, mx_node_id node, const char *name, mx_error *err) {
    mx_node *n;
    mx_attr *attrs = NULL;
    uint32_t count = 0;
    MX_TRY(find_owner(graph, node, name, &n, err));
    mx_sid sid = mx_strings_find(&graph->strings, mx_str_of(name));
    if (index_of(n, sid) == n->n_attrs)
        return mx_edit_invalid(graph, node, err, "it has no attribute %s", mx_show(mx_str_of(name)).text);
    MX_TRY(mx_graph_array(graph, n->n_attrs, sizeof *attrs, &attrs, err));
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        if (n->attrs[i].name != sid)
            attrs[count++] = n->attrs[i];
        else
            retire_values(graph, &n->attrs[i]);
    }
    n->attrs = attrs;
    n->n_attrs = count;
    return MX_OK;
}
