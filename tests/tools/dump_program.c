/* Prints the program that a .pt2 file holds, as JSON on one line, for tests and for looking at.
 *
 * usage: dump_program [--functional] MODEL.pt2
 *
 * {"values": [[NAME, KIND, ELEM, SIZES or null], ...], "weights": [[NAME, OFFSET, SIZE, ELEM, SIZES, STRIDES, OFFSET],
 * ...], "modules": [[FQN, CLASS or null, PARENT, ORDER], ...], "calls": [[MODULE, PARENT, TIME], ...], "inputs":
 * [[KIND, WEIGHT, FIXED], ...], "output_names": [...], "graphs": [{"inputs": [...], "outputs": [ARG, ...], "nodes":
 * [{"target", "name", "call", "args", "outputs"}, ...]}, ...]} ARG is [NAME or null, KIND, VALUE]; indices are -1 where
 * there is none. Exit code 3: the file cannot be read or is not valid;
 * 4: it uses something that is not supported; 1: something else is wrong. The error is one line on stderr. */
#include "torch_io/program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const arg_kinds[] = {"none",   "value",         "values", "int",    "ints",    "float",
                                        "floats", "bool",          "bools",  "string", "strings", "dtype",
                                        "layout", "memory_format", "device", "graph",  "complex", "other"};

static void add_index(mx_buffer *b, uint32_t i) {
    mx_buffer_int(b, i == MX_NONE ? -1 : (int64_t)i);
}

static void add_float(mx_buffer *b, double f) {
    if (!mx_json_double(b, f)) mx_buffer_cstr(b, isnan(f) ? "NaN" : f > 0 ? "Infinity" : "-Infinity");
}

static void add_text(mx_buffer *b, const mx_program *p, mx_sid s) {
    mx_json_bytes(b, mx_ptext(p, s));
}

static void add_element(mx_buffer *b, const mx_program *p, const mx_parg *a, uint32_t i) {
    switch (a->kind) {
    case MX_ARG_VALUES: add_index(b, a->values[i]); return;
    case MX_ARG_STRINGS: add_text(b, p, a->texts[i]); return;
    case MX_ARG_INTS:
    case MX_ARG_BOOLS:
        if (a->items[i].value == MX_NONE) {
            mx_buffer_int(b, a->items[i].i);
        } else {
            mx_buffer_cstr(b, "[");
            add_index(b, a->items[i].value);
            mx_buffer_cstr(b, "]");
        }
        return;
    default: add_float(b, a->floats[i]);
    }
}

static void add_arg_value(mx_buffer *b, const mx_program *p, const mx_parg *a) {
    switch (a->kind) {
    case MX_ARG_NONE: mx_buffer_cstr(b, "null"); return;
    case MX_ARG_VALUE:
    case MX_ARG_GRAPH: add_index(b, a->value); return;
    case MX_ARG_FLOAT: add_float(b, a->f); return;
    case MX_ARG_STRING:
    case MX_ARG_DEVICE:
    case MX_ARG_OTHER: add_text(b, p, a->text); return;
    case MX_ARG_INT:
    case MX_ARG_BOOL:
    case MX_ARG_DTYPE:
    case MX_ARG_LAYOUT:
    case MX_ARG_MEMORY_FORMAT: mx_buffer_int(b, a->i); return;
    default: break;
    }
    mx_buffer_cstr(b, "[");
    for (uint32_t i = 0; i < a->count; i++) {
        if (i) mx_buffer_cstr(b, ", ");
        add_element(b, p, a, i);
    }
    mx_buffer_cstr(b, "]");
}

static void add_args(mx_buffer *b, const mx_program *p, const mx_parg *args, uint32_t n) {
    mx_buffer_cstr(b, "[");
    for (uint32_t i = 0; i < n; i++) {
        mx_buffer_cstr(b, i ? ", [" : "[");
        add_text(b, p, args[i].name);
        mx_buffer_cstr(b, ", \"");
        mx_buffer_cstr(b, arg_kinds[args[i].kind]);
        mx_buffer_cstr(b, "\", ");
        add_arg_value(b, p, &args[i]);
        mx_buffer_cstr(b, "]");
    }
    mx_buffer_cstr(b, "]");
}

static void add_indices(mx_buffer *b, const uint32_t *list, uint32_t n) {
    mx_buffer_cstr(b, "[");
    for (uint32_t i = 0; i < n; i++) {
        if (i) mx_buffer_cstr(b, ", ");
        add_index(b, list[i]);
    }
    mx_buffer_cstr(b, "]");
}

static void add_size(mx_buffer *b, const mx_program *p, mx_size s) {
    if (mx_size_is_number(s))
        mx_buffer_int(b, s.value);
    else
        add_text(b, p, s.expr);
}

static void add_values(mx_buffer *b, const mx_program *p) {
    static const char *const kinds[] = {"tensor", "int", "float", "bool"};
    for (size_t i = 0; i < p->n_values; i++) {
        const mx_pvalue *v = &p->values[i];
        mx_buffer_cstr(b, i ? ", [" : "[");
        add_text(b, p, v->name);
        mx_buffer_cstr(b, ", \"");
        mx_buffer_cstr(b, kinds[v->kind]);
        mx_buffer_cstr(b, "\", ");
        mx_buffer_int(b, v->elem);
        mx_buffer_cstr(b, v->rank == MX_NONE ? ", null" : ", [");
        for (uint32_t k = 0; v->rank != MX_NONE && k < v->rank; k++) {
            if (k) mx_buffer_cstr(b, ", ");
            add_size(b, p, v->sizes[k]);
        }
        mx_buffer_cstr(b, v->rank == MX_NONE ? "]" : "]]");
    }
}

static void add_ints(mx_buffer *b, const int64_t *v, uint32_t n) {
    mx_buffer_cstr(b, ", [");
    for (uint32_t i = 0; i < n; i++) {
        if (i) mx_buffer_cstr(b, ", ");
        mx_buffer_int(b, v[i]);
    }
    mx_buffer_cstr(b, "]");
}

static void add_weights(mx_buffer *b, const mx_program *p) {
    for (size_t i = 0; i < p->n_weights; i++) {
        const mx_pweight *w = &p->weights[i];
        mx_buffer_cstr(b, i ? ", [" : "[");
        add_text(b, p, w->name);
        const int64_t numbers[] = {(int64_t)w->storage_offset, (int64_t)w->storage_size, w->elem};
        for (int k = 0; k < 3; k++) {
            mx_buffer_cstr(b, ", ");
            mx_buffer_int(b, numbers[k]);
        }
        add_ints(b, w->sizes, w->rank);
        add_ints(b, w->strides, w->rank);
        mx_buffer_cstr(b, ", ");
        mx_buffer_int(b, w->offset);
        mx_buffer_cstr(b, "]");
    }
}

static void add_modules(mx_buffer *b, const mx_program *p) {
    for (size_t i = 0; i < p->n_modules; i++) {
        const mx_pmodule *m = &p->modules[i];
        mx_buffer_cstr(b, i ? ", [" : "[");
        add_text(b, p, m->fqn);
        mx_buffer_cstr(b, ", ");
        add_text(b, p, m->class_path);
        mx_buffer_cstr(b, ", ");
        add_index(b, m->parent);
        mx_buffer_cstr(b, ", ");
        mx_buffer_int(b, m->order);
        mx_buffer_cstr(b, "]");
    }
    mx_buffer_cstr(b, "],\n\"calls\": [");
    for (size_t i = 0; i < p->n_calls; i++) {
        if (i) mx_buffer_cstr(b, ", ");
        add_indices(b, (const uint32_t[]){p->calls[i].module, p->calls[i].parent, p->calls[i].time}, 3);
    }
}

static void add_inputs(mx_buffer *b, const mx_program *p) {
    static const char *const kinds[] = {"user", "parameter", "buffer", "constant", "fixed"};
    for (size_t i = 0; i < p->n_inputs; i++) {
        mx_buffer_cstr(b, i ? ", [\"" : "[\"");
        mx_buffer_cstr(b, kinds[p->inputs[i].kind]);
        mx_buffer_cstr(b, "\", ");
        add_index(b, p->inputs[i].weight);
        mx_buffer_cstr(b, ", ");
        add_args(b, p, &p->inputs[i].fixed, 1);
        mx_buffer_cstr(b, "]");
    }
    mx_buffer_cstr(b, "],\n\"output_names\": [");
    for (uint32_t i = 0; i < p->graphs[0].n_outputs; i++) {
        if (i) mx_buffer_cstr(b, ", ");
        add_text(b, p, p->output_names[i]);
    }
}

static void add_node(mx_buffer *b, const mx_program *p, const mx_pnode *n) {
    mx_buffer_cstr(b, "{\"target\": ");
    add_text(b, p, n->target);
    mx_buffer_cstr(b, ", \"name\": ");
    add_text(b, p, n->name);
    mx_buffer_cstr(b, ", \"call\": ");
    add_index(b, n->call);
    mx_buffer_cstr(b, ", \"args\": ");
    add_args(b, p, n->args, n->n_args);
    mx_buffer_cstr(b, ", \"outputs\": ");
    add_indices(b, n->outputs, n->n_outputs);
    mx_buffer_cstr(b, "}");
}

static void add_graph(mx_buffer *b, const mx_program *p, const mx_pgraph *g) {
    mx_buffer_cstr(b, "{\"inputs\": ");
    add_indices(b, g->inputs, g->n_inputs);
    mx_buffer_cstr(b, ", \"outputs\": ");
    add_args(b, p, g->outputs, g->n_outputs);
    mx_buffer_cstr(b, ", \"nodes\": [");
    for (uint32_t i = 0; i < g->n_nodes; i++) {
        if (i) mx_buffer_cstr(b, ",\n  ");
        add_node(b, p, &p->nodes[g->nodes[i]]);
    }
    mx_buffer_cstr(b, "]}");
}

static bool print_program(const mx_program *p) {
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    mx_buffer_cstr(&b, "{\"values\": [");
    add_values(&b, p);
    mx_buffer_cstr(&b, "],\n\"weights\": [");
    add_weights(&b, p);
    mx_buffer_cstr(&b, "],\n\"modules\": [");
    add_modules(&b, p);
    mx_buffer_cstr(&b, "],\n\"inputs\": [");
    add_inputs(&b, p);
    mx_buffer_cstr(&b, "],\n\"graphs\": [");
    for (size_t i = 0; i < p->n_graphs; i++) {
        if (i) mx_buffer_cstr(&b, ",\n ");
        add_graph(&b, p, &p->graphs[i]);
    }
    mx_buffer_cstr(&b, "]}\n");
    bool good = !b.failed && fwrite(b.data, 1, b.size, stdout) == b.size;
    mx_buffer_free(&b);
    return good;
}

int main(int argc, char **argv) {
    bool functional = argc > 1 && strcmp(argv[1], "--functional") == 0;
    mx_program *p;
    mx_error err;
    if (argc != 2 + functional) {
        fprintf(stderr, "usage: dump_program [--functional] MODEL.pt2\n");
        return 2;
    }
    mx_status status = mx_pt2_read(NULL, argv[1 + functional], &p, &err);
    if (status == MX_OK && functional && (status = mx_program_functional(p, &err)) != MX_OK) mx_program_free(p);
    if (status != MX_OK) {
        fprintf(stderr, "%s: %s: %s%s%s\n", argv[1 + functional], mx_status_name(status), err.message,
                err.node[0] ? " at " : "", err.node);
        return status == MX_ERR_UNSUPPORTED ? 4 : status == MX_ERR_NOMEM ? 1 : 3;
    }
    bool good = print_program(p);
    mx_program_free(p);
    return good ? 0 : 1;
}
