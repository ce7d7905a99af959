/* Prints the types that inference finds in ONNX models, for comparison with others.
 *
 * usage: dump_types MODEL.onnx ...
 *
 * JSON, one list a line: ["file", PATH], then for every value ["value", SCOPE, NAME, TYPE]. SCOPE is "" for the model,
 * "SCOPE/INDEX.ATTRIBUTE" for a body of the operator at that place of its scope, "function NAME" for a function. TYPE
 * is null, ["tensor", ELEMENT or null, DIMS or null], ["sequence", TYPE], ["optional", TYPE] or ["other"]. A model that
 * cannot be read gives ["error", MESSAGE]. */
#include "converter/infer.h"
#include "onnx_io/onnx_io.h"

#include <stdio.h>
#include <stdlib.h>

static void add_dim(mx_buffer *b, const mx_graph *g, const mx_dim *d) {
    if (d->kind == MX_DIM_VALUE)
        mx_buffer_int(b, d->value);
    else if (d->kind == MX_DIM_PARAM)
        mx_json_bytes(b, mx_text(g, d->param));
    else
        mx_buffer_cstr(b, "null");
}

static void add_tensor(mx_buffer *b, const mx_graph *g, const mx_type *t) {
    mx_buffer_cstr(b, t->kind == MX_TYPE_TENSOR ? "[\"tensor\", " : "[\"sparse\", ");
    if (t->has_elem)
        mx_buffer_int(b, t->elem);
    else
        mx_buffer_cstr(b, "null");
    mx_buffer_cstr(b, t->has_shape ? ", [" : ", null");
    for (uint32_t i = 0; i < t->n_dims; i++) {
        if (i) mx_buffer_cstr(b, ", ");
        add_dim(b, g, &t->dims[i]);
    }
    mx_buffer_cstr(b, t->has_shape ? "]]" : "]");
}

static void add_type(mx_buffer *b, const mx_graph *g, uint32_t index, int depth) {
    const mx_type *t = index == MX_NO_INDEX ? NULL : &g->types[index];
    if (!t) {
        mx_buffer_cstr(b, "null");
    } else if (t->kind == MX_TYPE_TENSOR || t->kind == MX_TYPE_SPARSE) {
        add_tensor(b, g, t);
    } else if ((t->kind == MX_TYPE_SEQUENCE || t->kind == MX_TYPE_OPTIONAL) && depth < 64) {
        mx_buffer_cstr(b, t->kind == MX_TYPE_SEQUENCE ? "[\"sequence\", " : "[\"optional\", ");
        add_type(b, g, t->child, depth + 1);
        mx_buffer_cstr(b, "]");
    } else {
        mx_buffer_cstr(b, "[\"other\"]");
    }
}

static void add_value(mx_buffer *b, const mx_graph *g, const mx_types *types, mx_str scope, mx_node_id id,
                      uint32_t port, mx_sid name) {
    mx_buffer_cstr(b, "[\"value\", ");
    mx_json_bytes(b, scope);
    mx_buffer_cstr(b, ", ");
    mx_json_bytes(b, mx_text(g, name));
    mx_buffer_cstr(b, ", ");
    add_type(b, g, mx_types_of(types, id, port), 0);
    mx_buffer_cstr(b, "]\n");
}

static void add_scope(mx_buffer *b, const mx_graph *g, const mx_types *types, mx_str path, mx_node_id scope);

static void add_bodies(mx_buffer *b, const mx_graph *g, const mx_types *types, mx_str path, size_t index,
                       const mx_node *n) {
    for (mx_node_id id = n->first_child; id != MX_NO_NODE; id = mx_node_at(g, id)->next_sibling) {
        const mx_node *child = mx_node_at(g, id);
        mx_buffer inner;
        if (child->kind != MX_NODE_BODY) continue;
        mx_buffer_init(&inner, NULL);
        mx_buffer_add(&inner, path.p, path.n);
        mx_buffer_byte(&inner, '/');
        mx_buffer_uint(&inner, index);
        mx_buffer_byte(&inner, '.');
        mx_buffer_add(&inner, mx_text(g, child->name).p, mx_text(g, child->name).n);
        add_scope(b, g, types, mx_buffer_str(&inner), id);
        mx_buffer_free(&inner);
    }
}

static void add_scope(mx_buffer *b, const mx_graph *g, const mx_types *types, mx_str path, mx_node_id scope) {
    const mx_scope_data *s = &g->scopes[mx_node_at(g, scope)->data];
    for (size_t i = 0; i < s->n_inputs; i++)
        add_value(b, g, types, path, s->inputs[i], 0, mx_node_at(g, s->inputs[i])->name);
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_node *n = mx_node_at(g, s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++)
            add_value(b, g, types, path, s->operators[i], k, n->outputs[k]);
        add_bodies(b, g, types, path, i, n);
    }
    for (size_t i = 0; i < s->n_outputs; i++)
        add_value(b, g, types, path, s->outputs[i], 0, mx_node_at(g, s->outputs[i])->inputs[0].name);
}

static void add_functions(mx_buffer *b, const mx_graph *g, const mx_types *types) {
    for (size_t i = 0; i < g->n_scopes; i++) {
        const mx_node *n = mx_node_at(g, g->scopes[i].node);
        mx_buffer path;
        if (n->kind != MX_NODE_FUNCTION) continue;
        mx_buffer_init(&path, NULL);
        mx_buffer_cstr(&path, "function ");
        mx_buffer_add(&path, mx_text(g, n->name).p, mx_text(g, n->name).n);
        add_scope(b, g, types, mx_buffer_str(&path), g->scopes[i].node);
        mx_buffer_free(&path);
    }
}

static void add_model(mx_buffer *b, const char *path) {
    mx_graph *g;
    mx_types types = {0};
    mx_error err;
    mx_status status = mx_onnx_read(NULL, path, &g, &err);
    if (status == MX_OK) status = mx_graph_wire(g, &err);
    if (status == MX_OK) status = mx_infer_types(g, &types, &err);
    mx_buffer_cstr(b, "[\"file\", ");
    mx_json_bytes(b, mx_str_of(path));
    mx_buffer_cstr(b, "]\n");
    if (status == MX_OK) {
        add_scope(b, g, &types, mx_str_of(""), 0);
        add_functions(b, g, &types);
    } else {
        mx_buffer_cstr(b, "[\"error\", ");
        mx_json_bytes(b, mx_str_of(err.message));
        mx_buffer_cstr(b, "]\n");
    }
    mx_types_free(&types);
    mx_graph_release(g);
}

int main(int argc, char **argv) {
    int code = 0;
    for (int i = 1; i < argc; i++) {
        mx_buffer b;
        mx_buffer_init(&b, NULL);
        add_model(&b, argv[i]);
        if (b.failed || fwrite(b.data, 1, b.size, stdout) != b.size) code = 1;
        mx_buffer_free(&b);
    }
    return fflush(stdout) == 0 ? code : 1;
}
