/* The part of a model that a text selects: its operators, and the values that cross its border. */
#include "base/text.h"
#include "converter/graph.h"
#include "htp/query.h"

typedef struct selection_memory {
    const mx_allocator *allocator;
    mx_arena arena;
} selection_memory;

/* Values of one kind, each name once. */
typedef struct value_list {
    mx_str *items;
    size_t count, cap;
} value_list;

typedef struct selecting {
    const mx_tags *tags;
    const mx_graph *g;
    bool *inside;       /* by node id: selected operators */
    uint8_t *seen;      /* by string id: the lists that the name is in */
    mx_arena *arena;
    value_list inputs, parameters, outputs;
    mx_error *err;
} selecting;

enum { SEEN_INPUT = 1, SEEN_PARAMETER = 2, SEEN_OUTPUT = 4 };

static mx_status add_value(selecting *s, value_list *list, uint8_t kind, mx_sid name) {
    if (name <= MX_SID_EMPTY || (s->seen[name] & kind)) return MX_OK;
    s->seen[name] |= kind;
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 16;
        mx_str *items = mx_arena_array(s->arena, cap, sizeof *items);
        if (!items) return mx_nomem(s->err);
        if (list->count) memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = mx_text(s->g, name);
    return MX_OK;
}

/* Whether a value is made inside: by a selected operator, or as the input of a body of one. */
static bool made_inside(const selecting *s, mx_node_id source) {
    const mx_node *n = mx_node_at(s->g, source);
    if (n->kind != MX_NODE_INPUT) return s->inside[source];
    const mx_node *scope = mx_node_at(s->g, n->scope);
    return scope->kind == MX_NODE_BODY && s->inside[scope->parent];
}

static mx_status look_at_inputs(selecting *s, mx_node_id id) {
    const mx_node *n = mx_node_at(s->g, id);
    const mx_node *scope = mx_node_at(s->g, n->scope);
    bool body_output = n->kind == MX_NODE_OUTPUT && scope->kind == MX_NODE_BODY;
    bool inside = n->kind == MX_NODE_OPERATOR ? s->inside[id] : body_output && s->inside[scope->parent];
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        const mx_port *p = &n->inputs[k];
        if (p->source == MX_NO_NODE) {
            if (inside) MX_TRY(add_value(s, &s->parameters, SEEN_PARAMETER, p->name));
        } else if (inside && !made_inside(s, p->source)) {
            MX_TRY(add_value(s, &s->inputs, SEEN_INPUT, p->name));
        } else if (!inside && s->inside[p->source]) {
            MX_TRY(add_value(s, &s->outputs, SEEN_OUTPUT, p->name));
        }
    }
    return MX_OK;
}

static mx_status list_nodes(selecting *s, const mx_htp_found *found, mx_tag_selection *out) {
    mx_node_id *modules = mx_arena_copy(s->arena, found->nodes ? found->nodes : &(mx_node_id){0},
                                        found->n_nodes ? found->n_nodes * sizeof *modules : sizeof *modules);
    size_t n = 0;
    for (mx_node_id id = 0; id < s->g->n_nodes; id++) n += s->inside[id];
    mx_node_id *operators = mx_arena_array(s->arena, n, sizeof *operators);
    if (!modules || !operators) return mx_nomem(s->err);
    out->modules = modules;
    out->n_modules = found->n_nodes;
    out->operators = operators;
    for (mx_node_id id = 0; id < s->g->n_nodes; id++)
        if (s->inside[id]) operators[out->n_operators++] = id;
    return MX_OK;
}

static mx_status select_all(selecting *s, mx_str text, mx_tag_selection *out) {
    mx_htp_found found;
    mx_status status = mx_htp_find(s->g, text, true, &found, s->err);
    if (status == MX_OK && found.by == MX_HTP_FOUND_AUXILIARY)
        for (mx_node_id id = 0; id < s->g->n_nodes; id++) s->inside[id] = mx_tags_is_auxiliary(s->tags, id);
    else if (status == MX_OK)
        mx_htp_found_mark(s->g, &found, UINT32_MAX, s->inside);
    if (status == MX_OK) status = list_nodes(s, &found, out);
    for (mx_node_id id = 0; id < s->g->n_nodes && status == MX_OK; id++) status = look_at_inputs(s, id);
    mx_htp_found_free(&found);
    out->inputs = s->inputs.items;
    out->n_inputs = s->inputs.count;
    out->parameters = s->parameters.items;
    out->n_parameters = s->parameters.count;
    out->outputs = s->outputs.items;
    out->n_outputs = s->outputs.count;
    return status;
}

mx_status mx_tags_query(const mx_tags *tags, mx_str text, mx_tag_selection *out, mx_error *err) {
    const mx_graph *g = mx_tags_graph(tags);
    const mx_allocator *a = g->allocator;
    selection_memory *memory = mx_alloc(a, sizeof *memory);
    *out = (mx_tag_selection){0};
    if (!memory) return mx_nomem(err);
    memory->allocator = a;
    mx_arena_init(&memory->arena, a);
    out->owner = memory;
    selecting s = {.tags = tags, .g = g, .arena = &memory->arena, .err = err};
    s.inside = mx_alloc_zero(a, g->n_nodes, sizeof *s.inside);
    s.seen = mx_alloc_zero(a, g->strings.count, 1);
    mx_status status = s.inside && s.seen ? select_all(&s, text, out) : mx_nomem(err);
    mx_free(a, s.inside, g->n_nodes * sizeof *s.inside);
    mx_free(a, s.seen, g->strings.count);
    if (status != MX_OK) mx_tag_selection_free(out);
    return status;
}

void mx_tag_selection_free(mx_tag_selection *selection) {
    selection_memory *memory = selection->owner;
    if (memory) {
        mx_arena_free(&memory->arena);
        mx_free(memory->allocator, memory, sizeof *memory);
    }
    *selection = (mx_tag_selection){0};
}
