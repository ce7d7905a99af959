#include "graphml_doc.h"
#include "graphml/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void add(doc *d, const char *text) {
    mx_buffer_cstr(&d->text, text);
}

static void escaped(doc *d, const char *text) {
    for (; *text; text++) {
        if (*text == '<') {
            add(d, "&lt;");
        } else if (*text == '&') {
            add(d, "&amp;");
        } else {
            mx_buffer_byte(&d->text, *text);
        }
    }
}

void doc_begin(doc *d) {
    *d = (doc){0};
    mx_buffer_init(&d->text, NULL);
    add(d, "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n");
    for (int i = 0; i < MX_KEY_COUNT; i++) {
        const mx_key_info *k = &mx_key_table[i];
        if (!k->name || k->where > MX_KEY_FOR_EDGE) continue;
        char line[200];
        snprintf(line, sizeof line, "<key id=\"%s\" for=\"%s\" attr.name=\"%s\" attr.type=\"%s\"/>\n", k->name,
                 mx_key_for_name(k->where), k->name, k->type);
        if (strcmp(k->id, "d3") != 0) add(d, line); /* "description" is there for nodes already */
    }
    add(d, "<graph id=\"G\" edgedefault=\"directed\">\n");
    snprintf(d->path, sizeof d->path, "/tmp/mx_doc_XXXXXX");
    int fd = mkstemp(d->path);
    assert_true(fd >= 0);
    close(fd);
}

void doc_end(doc *d) {
    unlink(d->path);
    mx_buffer_free(&d->text);
    mx_graph_release(d->g);
    mx_source_release(d->weights.image);
}

static void open_node(doc *d, const char *id, va_list args) {
    add(d, "<node id=\"");
    add(d, id);
    add(d, "\">");
    const char *key;
    while ((key = va_arg(args, const char *))) {
        add(d, "<data key=\"");
        add(d, key);
        add(d, "\">");
        escaped(d, va_arg(args, const char *));
        add(d, "</data>");
    }
}

void doc_node(doc *d, const char *id, ...) {
    va_list args;
    va_start(args, id);
    open_node(d, id, args);
    va_end(args);
    add(d, "</node>\n");
}

void doc_group(doc *d, const char *id, ...) {
    va_list args;
    va_start(args, id);
    open_node(d, id, args);
    va_end(args);
    add(d, "<graph>\n");
    d->depth++;
}

void doc_close(doc *d) {
    add(d, "</graph></node>\n");
    d->depth--;
}

void doc_edge(doc *d, const char *source, int source_port, const char *target, int target_port) {
    char line[300];
    snprintf(line, sizeof line, "<edge source=\"%s\" target=\"%s\">", source, target);
    add(d, line);
    if (source_port >= 0) snprintf(line, sizeof line, "<data key=\"source_port\">%d</data>", source_port);
    if (source_port >= 0) add(d, line);
    if (target_port >= 0) snprintf(line, sizeof line, "<data key=\"target_port\">%d</data>", target_port);
    if (target_port >= 0) add(d, line);
    add(d, "</edge>\n");
}

static const char *number(char text[16], int n) {
    snprintf(text, 16, "%d", n);
    return text;
}

void doc_model(doc *d, const char *initializers) {
    doc_group(d, "model", "node_kind", "model", "node_index", "0", "compound_key", "0", "initializers",
              initializers ? initializers : "[]", NULL);
}

void doc_input(doc *d, const char *name, int index, const char *parent) {
    char text[16];
    doc_node(d, name, "node_kind", "input", "name", name, "node_index", number(text, index), "parent", parent, NULL);
}

void doc_output(doc *d, const char *name, int index, const char *parent) {
    char text[16], id[64];
    snprintf(id, sizeof id, "out_%s", name);
    doc_node(d, id, "node_kind", "output", "name", name, "node_index", number(text, index), "parent", parent, NULL);
}

void doc_operator(doc *d, const char *name, const char *op_type, int index, const char *parent, const char *inputs,
                  const char *outputs) {
    char text[16];
    doc_node(d, name, "node_kind", "operator", "name", name, "op_type", op_type, "node_index", number(text, index),
             "parent", parent, "input_names", inputs, "output_names", outputs, NULL);
}

mx_status doc_read(doc *d, const mx_env *env) {
    FILE *f = fopen(d->path, "w");
    assert_non_null(f);
    fwrite(d->text.data, 1, d->text.size, f);
    for (int i = 0; i < d->depth; i++)
        fputs("</graph></node>\n", f);
    fputs("</graph></graphml>\n", f);
    fclose(f);
    mx_graph_release(d->g);
    d->g = NULL;
    memset(&d->err, 0, sizeof d->err);
    return mx_graphml_read(env, d->path, &d->g, &d->weights, &d->report, NULL, &d->err);
}

void doc_good(doc *d) {
    mx_status status = doc_read(d, NULL);
    if (status != MX_OK) print_error("line %u, node %s: %s\n", d->err.line, d->err.node, d->err.message);
    assert_int_equal(status, MX_OK);
}

void doc_bad(doc *d, mx_status status, const char *text) {
    mx_status got = doc_read(d, NULL);
    bool found = got != MX_OK && strstr(d->err.message, text);
    if (!found) print_error("%s: node %s: %s\n", mx_status_name(got), d->err.node, d->err.message);
    assert_int_equal(got, status);
    assert_true(found);
    assert_null(d->g);
    assert_int_equal(d->err.code, status);
}

mx_node_id doc_find(const doc *d, const char *name) {
    for (mx_node_id id = 0; id < d->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(d->g, id);
        if (n->kind >= MX_NODE_BODY && mx_str_is(mx_text(d->g, n->name), name) && n->kind != MX_NODE_OUTPUT) return id;
    }
    fail_msg("there is no node %s", name);
    return MX_NO_NODE;
}

/* Four results can be held at a time. */
static char *result(void) {
    static char texts[4][2000];
    static int next;
    char *text = texts[next++ % 4];
    *text = 0;
    return text;
}

static void append(const doc *d, char *text, mx_sid name) {
    mx_str s = mx_text(d->g, name);
    strncat(text, s.n ? s.p : "", s.n);
    strcat(text, ",");
}

const char *doc_inputs(const doc *d, const char *name) {
    const mx_node *n = mx_node_at(d->g, doc_find(d, name));
    char *text = result();
    for (uint32_t i = 0; i < n->n_inputs; i++)
        append(d, text, n->inputs[i].name);
    return text;
}

const char *doc_outputs(const doc *d, const char *name) {
    const mx_node *n = mx_node_at(d->g, doc_find(d, name));
    char *text = result();
    for (uint32_t i = 0; i < n->n_outputs; i++)
        append(d, text, n->outputs[i]);
    return text;
}

const char *doc_order(const doc *d, mx_node_id scope) {
    const mx_scope_data *s = &d->g->scopes[mx_node_at(d->g, scope)->data];
    char *text = result();
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_node *n = mx_node_at(d->g, s->operators[i]);
        append(d, text, n->name > MX_SID_EMPTY ? n->name : n->op_type);
    }
    return text;
}

const char *doc_metadata(const doc *d, const char *name, const char *key) {
    const mx_node *n = mx_node_at(d->g, doc_find(d, name));
    for (uint32_t i = 0; i < n->metadata.count; i++) {
        if (!mx_str_is(mx_text(d->g, n->metadata.items[i].key), key)) continue;
        mx_str value = mx_text(d->g, n->metadata.items[i].value);
        char *text = result();
        strncat(text, value.p, value.n);
        return text;
    }
    return "-";
}
