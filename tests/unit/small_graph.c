#include "small_graph.h"

#include <stdio.h>
#include <stdlib.h>

static void must(mx_status status, const mx_error *err) {
    if (status == MX_OK) return;
    fprintf(stderr, "small_graph: %s\n", err->message);
    abort();
}

mx_sid small_sid(mx_graph *g, const char *text) {
    mx_error err;
    mx_sid sid;
    must(mx_graph_string(g, mx_str_of(text), &sid, &err), &err);
    return sid;
}

static void *array(mx_graph *g, size_t count, size_t size) {
    mx_error err;
    void *p;
    must(mx_graph_array(g, count, size, &p, &err), &err);
    return p;
}

static mx_node *add(mx_graph *g, mx_node_kind kind, mx_node_id parent, mx_node_id *id) {
    mx_error err;
    must(mx_graph_add_node(g, kind, parent, id, &err), &err);
    return mx_node_at(g, *id);
}

static void set_opset(mx_graph *g, mx_scope_data *s) {
    s->opsets = array(g, 1, sizeof *s->opsets);
    s->opsets[0] = (mx_opset){.domain = MX_SID_EMPTY, .has_version = true, .version = 17};
    s->n_opsets = 1;
}

mx_graph *small_graph(const mx_env *env) {
    mx_error err;
    mx_graph *g;
    must(mx_graph_new(env, &g, &err), &err);
    g->model.has_ir_version = true;
    g->model.ir_version = 8;
    g->scopes[0].name = small_sid(g, "graph");
    set_opset(g, &g->scopes[0]);
    return g;
}

static uint32_t float_type(mx_graph *g) {
    mx_error err;
    uint32_t type;
    mx_type t = {.kind = MX_TYPE_TENSOR, .has_elem = true, .has_shape = true, .elem = 1, .child = MX_NO_INDEX};
    must(mx_graph_add_type(g, &t, &type, &err), &err);
    return type;
}

mx_node_id small_input(mx_graph *g, mx_node_id scope, const char *name) {
    mx_node_id id;
    mx_node *n = add(g, MX_NODE_INPUT, scope, &id);
    n->name = small_sid(g, name);
    n->outputs = array(g, 1, sizeof *n->outputs);
    n->outputs[0] = n->name;
    n->n_outputs = 1;
    n->data = float_type(g);
    return id;
}

static mx_port *ports(mx_graph *g, const mx_sid *names, uint32_t n) {
    mx_port *p = array(g, n, sizeof *p);
    for (uint32_t i = 0; i < n; i++)
        p[i] = (mx_port){names[i], MX_NO_NODE, 0};
    return p;
}

mx_node_id small_output(mx_graph *g, mx_node_id scope, const char *name) {
    mx_node_id id;
    mx_node *n = add(g, MX_NODE_OUTPUT, scope, &id);
    n->name = small_sid(g, name);
    n->inputs = ports(g, &n->name, 1);
    n->n_inputs = 1;
    n->data = float_type(g);
    return id;
}

static uint32_t tensor(mx_graph *g, const char *name) {
    mx_error err;
    uint32_t id;
    mx_tensor t = {.name = small_sid(g, name),
                   .has_type = true,
                   .data_type = 1,
                   .field = MX_TENSOR_RAW_DATA,
                   .external_file = MX_NO_INDEX};
    must(mx_graph_add_bytes(g, (mx_str){"\0\0\200\77", 4}, &t.data, &err), &err);
    must(mx_graph_add_tensor(g, &t, &id, &err), &err);
    return id;
}

uint32_t small_initializer(mx_graph *g, mx_node_id scope, const char *name) {
    mx_error err;
    uint32_t id = tensor(g, name);
    must(mx_scope_add_initializer(g, &g->scopes[mx_node_at(g, scope)->data], id, &err), &err);
    return id;
}

uint32_t small_sparse(mx_graph *g, mx_node_id scope, const char *name) {
    mx_error err;
    uint32_t id;
    mx_sparse s = {.values = tensor(g, name), .indices = tensor(g, "")};
    must(mx_graph_add_sparse(g, &s, &id, &err), &err);
    must(mx_scope_add_sparse(g, &g->scopes[mx_node_at(g, scope)->data], id, &err), &err);
    return id;
}

static mx_sid *names(mx_graph *g, const char *list, uint32_t *n) {
    *n = 0;
    if (!list) return array(g, 0, sizeof(mx_sid));
    uint32_t count = 1;
    for (const char *p = list; *p; p++)
        count += *p == ',';
    mx_sid *out = array(g, count, sizeof *out);
    for (const char *p = list;; p++) {
        size_t k = strcspn(p, ",");
        mx_error err;
        must(mx_graph_string(g, (mx_str){p, k}, &out[(*n)++], &err), &err);
        p += k;
        if (!*p) return out;
    }
}

mx_node_id small_op(mx_graph *g, mx_node_id parent, const char *type, const char *inputs, const char *outputs) {
    mx_node_id id;
    mx_node *n = add(g, MX_NODE_OPERATOR, parent, &id);
    n->op_type = small_sid(g, type);
    n->name = n->op_type;
    mx_sid *in = names(g, inputs, &n->n_inputs);
    n->inputs = ports(g, in, n->n_inputs);
    n->outputs = names(g, outputs, &n->n_outputs);
    return id;
}

mx_node_id small_module(mx_graph *g, mx_node_id parent, const char *name, const char *class_name) {
    mx_node_id id;
    mx_node *n = add(g, MX_NODE_MODULE, parent, &id);
    n->name = small_sid(g, name);
    g->modules[n->data].class_name = small_sid(g, class_name);
    return id;
}

mx_node_id small_body(mx_graph *g, mx_node_id op, const char *attribute) {
    mx_node_id id;
    mx_node *body = add(g, MX_NODE_BODY, op, &id), *n = mx_node_at(g, op);
    body->name = small_sid(g, attribute);
    g->scopes[body->data].name = small_sid(g, "body");
    mx_attr *attrs = array(g, n->n_attrs + 1, sizeof *attrs);
    if (n->n_attrs) memcpy(attrs, n->attrs, n->n_attrs * sizeof *attrs);
    attrs[n->n_attrs] = (mx_attr){.name = body->name, .type = MX_ATTR_GRAPH, .value.index = id};
    n->attrs = attrs;
    n->n_attrs++;
    return id;
}

mx_node_id small_function(mx_graph *g, const char *domain, const char *name) {
    mx_node_id id;
    mx_node *n = add(g, MX_NODE_FUNCTION, 0, &id);
    n->name = small_sid(g, name);
    n->domain = small_sid(g, domain);
    set_opset(g, &g->scopes[n->data]);
    return id;
}

void small_wire(mx_graph *g) {
    mx_error err;
    must(mx_graph_wire(g, &err), &err);
}

const char *small_order(const mx_graph *g, mx_node_id scope) {
    static char text[4096];
    const mx_scope_data *s = &g->scopes[mx_node_at(g, scope)->data];
    text[0] = '\0';
    for (size_t i = 0; i < s->n_operators; i++) {
        mx_str type = mx_text(g, mx_node_at(g, s->operators[i])->op_type);
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%.*s", i ? " " : "", (int)type.n, type.p);
    }
    return text;
}

const char *small_text(mx_str s) {
    static char texts[4][512];
    static unsigned next;
    char *text = texts[next++ % 4];
    if (s.p)
        snprintf(text, sizeof *texts, "%.*s", (int)s.n, s.p);
    else
        snprintf(text, sizeof *texts, "(absent)");
    return text;
}
