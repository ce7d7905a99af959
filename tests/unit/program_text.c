#include "program_text.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct parser {
    mx_program *p;
    const char *at;
    uint32_t graph;
} parser;

static mx_error the_error;
#define must(call) assert_int_equal((call), MX_OK)

static void skip_spaces(parser *t) {
    while (*t->at == ' ')
        t->at++;
}

static bool take(parser *t, const char *text) {
    skip_spaces(t);
    size_t n = strlen(text);
    if (strncmp(t->at, text, n) != 0) return false;
    t->at += n;
    return true;
}

static mx_sid word(parser *t) {
    mx_sid id;
    skip_spaces(t);
    const char *begin = t->at;
    while (isalnum((unsigned char)*t->at) || *t->at == '_' || *t->at == '.')
        t->at++;
    if (t->at == begin) fail_msg("a name is missing at: %s", t->at);
    must(mx_program_string(t->p, (mx_str){begin, (size_t)(t->at - begin)}, &id, &the_error));
    return id;
}

static int64_t number(parser *t) {
    char *end;
    long long v = strtoll(t->at, &end, 10);
    if (end == t->at) fail_msg("a number is missing at: %s", t->at);
    t->at = end;
    return v;
}

static void layout(parser *t, mx_pvalue *v, bool turned) {
    mx_size *strides = mx_arena_array(&t->p->arena, v->rank, sizeof *strides);
    int64_t step = 1;
    for (uint32_t k = 0; k < v->rank; k++) {
        uint32_t i = turned ? k : v->rank - 1 - k;
        strides[i] = (mx_size){.value = step};
        step *= v->sizes[i].value;
    }
    v->strides = strides;
}

static uint32_t declare(parser *t, uint32_t node, uint32_t output) {
    uint32_t id;
    mx_size sizes[8];
    mx_pvalue v = {.elem = 1, .node = node, .output = output, .graph = t->graph, .name = word(t)};
    if (take(t, ":")) v.elem = (int32_t)number(t);
    if (!take(t, "[")) {
        v.kind = MX_PV_INT;
        v.rank = MX_NONE;
    }
    while (v.rank != MX_NONE && !take(t, "]")) {
        sizes[v.rank++] = (mx_size){.value = number(t)};
        take(t, ",");
    }
    if (v.rank != MX_NONE) v.sizes = mx_arena_copy(&t->p->arena, sizes, v.rank * sizeof *sizes);
    if (v.rank != MX_NONE) layout(t, &v, take(t, "'"));
    must(mx_program_add_value(t->p, &v, &id, &the_error));
    return id;
}

/* The newest value of that name in this graph. */
static uint32_t known(parser *t) {
    mx_sid name = word(t);
    for (size_t i = t->p->n_values; i-- > 0;)
        if (t->p->values[i].name == name && t->p->values[i].graph == t->graph) return (uint32_t)i;
    fail_msg("no such value: %s", mx_ptext(t->p, name).p);
    return 0;
}

static mx_parg list(parser *t) {
    mx_pitem items[8];
    uint32_t values[8];
    mx_parg a = {.kind = MX_ARG_INTS};
    while (!take(t, "]")) {
        skip_spaces(t);
        if (isalpha((unsigned char)*t->at)) {
            a.kind = MX_ARG_VALUES;
            values[a.count++] = known(t);
        } else {
            items[a.count++] = (mx_pitem){number(t), MX_NONE};
        }
        take(t, ",");
    }
    if (a.kind == MX_ARG_VALUES)
        a.values = mx_arena_copy(&t->p->arena, values, a.count * sizeof *values);
    else
        a.items = mx_arena_copy(&t->p->arena, items, a.count * sizeof *items);
    return a;
}

static mx_parg argument(parser *t) {
    skip_spaces(t);
    if (take(t, "None")) return (mx_parg){.kind = MX_ARG_NONE};
    if (take(t, "True")) return (mx_parg){.kind = MX_ARG_BOOL, .i = 1};
    if (take(t, "False")) return (mx_parg){.kind = MX_ARG_BOOL};
    if (take(t, "@")) return (mx_parg){.kind = MX_ARG_GRAPH, .value = (uint32_t)number(t)};
    if (take(t, "[")) return list(t);
    if (isalpha((unsigned char)*t->at)) return (mx_parg){.kind = MX_ARG_VALUE, .value = known(t)};
    const char *begin = t->at;
    int64_t i = number(t);
    if (*t->at != '.') return (mx_parg){.kind = MX_ARG_INT, .i = i};
    char *end;
    double f = strtod(begin, &end);
    t->at = end;
    return (mx_parg){.kind = MX_ARG_FLOAT, .f = f};
}

static void node(parser *t) {
    mx_parg args[8];
    uint32_t outputs[8], index = (uint32_t)t->p->n_nodes, n_outputs = 0;
    const char *line = t->at, *equals = strstr(line, " = "), *end = strchr(line, '\n');
    mx_pnode n = {.call = MX_NONE, .graph = t->graph};
    if (equals && end && equals > end) equals = NULL; /* it is one of a later line */
    if (equals) t->at = equals + 3;                   /* arguments are read first: outputs may have the name of one */
    n.target = word(t);
    n.name = n.target;
    assert_true(take(t, "("));
    while (!take(t, ")")) {
        args[n.n_args++] = argument(t);
        take(t, ",");
    }
    end = t->at;
    n.args = mx_arena_copy(&t->p->arena, args, n.n_args * sizeof *args);
    for (t->at = line; equals && t->at < equals; skip_spaces(t), n_outputs++)
        outputs[n_outputs] = declare(t, index, n_outputs);
    t->at = end;
    n.outputs = mx_arena_copy(&t->p->arena, outputs, n_outputs * sizeof *outputs);
    n.n_outputs = n_outputs;
    if (n_outputs) n.name = t->p->values[outputs[0]].name;
    if (mx_program_complete(t->p, &n, &the_error) != MX_OK) fail_msg("%s", the_error.message);
    must(mx_program_add_node(t->p, &n, &index, &the_error));
    for (uint32_t i = 0; i < n.n_args; i++)
        if (n.args[i].kind == MX_ARG_GRAPH) t->p->graphs[n.args[i].value].parent_node = index;
    must(mx_program_append(t->p, t->graph, index, &the_error));
}

static void fill(mx_program *p, uint32_t graph, const char *nodes, const char *outputs) {
    parser t = {p, nodes, graph};
    mx_parg args[8];
    uint32_t n = 0;
    for (; *t.at; take(&t, "\n"))
        node(&t);
    for (t.at = outputs; *t.at; skip_spaces(&t))
        args[n++] = (mx_parg){.kind = MX_ARG_VALUE, .value = known(&t)};
    p->graphs[graph].outputs = mx_arena_copy(&p->arena, args, n * sizeof *args);
    p->graphs[graph].n_outputs = n;
}

static void open_graph(mx_program *p, uint32_t graph, const char *inputs) {
    parser t = {p, inputs, graph};
    uint32_t ids[8], n = 0;
    for (; *t.at; skip_spaces(&t), n++)
        ids[n] = declare(&t, MX_NONE, n);
    p->graphs[graph].inputs = mx_arena_copy(&p->arena, ids, n * sizeof *ids);
    p->graphs[graph].n_inputs = n;
}

mx_program *test_program(const mx_env *env, const char *inputs, const char *nodes, const char *outputs) {
    mx_program *p;
    must(mx_program_new(env, &p, &the_error));
    open_graph(p, 0, inputs);
    fill(p, 0, nodes, outputs);
    return p;
}

void test_more_nodes(mx_program *p, const char *nodes, const char *outputs) {
    fill(p, 0, nodes, outputs);
}

uint32_t test_subgraph(mx_program *p, const char *inputs, const char *nodes, const char *outputs) {
    uint32_t graph;
    must(mx_program_add_graph(p, &graph, &the_error));
    open_graph(p, graph, inputs);
    fill(p, graph, nodes, outputs);
    return graph;
}

/* ---- and back ---- */

static void add_name(mx_buffer *b, const mx_program *p, uint32_t v) {
    mx_str s = v == MX_NONE ? mx_str_of("None") : mx_ptext(p, p->values[v].name);
    mx_buffer_add(b, s.p, s.n);
}

static void add_list(mx_buffer *b, const mx_program *p, const mx_parg *a) {
    mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < a->count; i++) {
        if (i) mx_buffer_byte(b, ',');
        if (a->kind == MX_ARG_VALUES)
            add_name(b, p, a->values[i]);
        else
            mx_buffer_int(b, a->items[i].i);
    }
    mx_buffer_byte(b, ']');
}

static void add_arg(mx_buffer *b, const mx_program *p, const mx_parg *a) {
    switch (a->kind) {
    case MX_ARG_VALUE: add_name(b, p, a->value); return;
    case MX_ARG_GRAPH:
        mx_buffer_byte(b, '@');
        mx_buffer_int(b, a->value);
        return;
    case MX_ARG_VALUES:
    case MX_ARG_INTS: add_list(b, p, a); return;
    case MX_ARG_INT: mx_buffer_int(b, a->i); return;
    case MX_ARG_BOOL: mx_buffer_cstr(b, a->i ? "True" : "False"); return;
    case MX_ARG_FLOAT: mx_json_double(b, a->f); return;
    default: mx_buffer_cstr(b, "None");
    }
}

static bool says_nothing(const mx_parg *a) {
    return a->kind == MX_ARG_NONE || (a->kind == MX_ARG_BOOL && !a->i);
}

static void add_node(mx_buffer *b, const mx_program *p, const mx_pnode *n) {
    uint32_t n_args = n->n_args;
    while (n_args > 0 && says_nothing(&n->args[n_args - 1]))
        n_args--;
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        add_name(b, p, n->outputs[i]);
        mx_buffer_byte(b, ' ');
    }
    mx_buffer_cstr(b, "= ");
    mx_buffer_cstr(b, mx_ptext(p, n->target).p);
    for (uint32_t i = 0; i < n_args; i++) {
        mx_buffer_cstr(b, i ? ", " : "(");
        add_arg(b, p, &n->args[i]);
    }
    mx_buffer_cstr(b, n_args ? ")\n" : "()\n");
}

char *test_program_text(const mx_program *p) {
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    for (uint32_t i = 0; i < p->graphs[0].n_nodes; i++)
        add_node(&b, p, &p->nodes[p->graphs[0].nodes[i]]);
    mx_buffer_cstr(&b, "->");
    for (uint32_t i = 0; i < p->graphs[0].n_outputs; i++) {
        mx_buffer_byte(&b, ' ');
        add_arg(&b, p, &p->graphs[0].outputs[i]);
    }
    mx_buffer_byte(&b, '\0');
    assert_false(b.failed);
    return b.data;
}
