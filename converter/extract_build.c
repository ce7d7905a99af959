/* Making a part from what belongs to it. */
#include "converter/extract_internal.h"
#include "converter/retag.h"

#include <stdlib.h>

typedef struct building {
    mx_cutter *c;
    mx_graph *part;
    mx_transplant *t;
} building;

/* ---- inputs and outputs ---- */

/* What onnx asks of a graph's input or output: element type and rank. */
static const char *unknown_part(const mx_graph *g, uint32_t type) {
    for (bool inner = false; type != MX_NO_INDEX; inner = true) {
        const mx_type *t = &g->types[type];
        switch (t->kind) {
        case MX_TYPE_TENSOR:
        case MX_TYPE_SPARSE:
            if (!t->has_elem || t->elem == 0) return "element type";
            return t->has_shape || inner ? NULL : "rank";
        case MX_TYPE_SEQUENCE:
        case MX_TYPE_OPTIONAL:
        case MX_TYPE_MAP: type = t->child; break;
        case MX_TYPE_OPAQUE:
        case MX_TYPE_WIRE: return NULL;
        default: return "type";
        }
    }
    return "type";
}

static mx_status unknown_type(const building *b, const char *what, mx_sid name, mx_node_id maker) {
    const mx_graph *g = b->c->g;
    const mx_node *n = mx_node_at(g, maker);
    const char *kind = n->kind == MX_NODE_INPUT ? "an input of the graph" : "an operator";
    mx_str module = mx_text(g, mx_module_around(g, maker)->scope);
    mx_str type = n->kind == MX_NODE_INPUT ? (mx_str){"", 0} : mx_text(g, n->op_type);
    mx_fail(b->c->err, MX_ERR_UNSUPPORTED,
            "the %s of the value %s is not known, which would be an input or output of the part; it is made by %s %s in "
            "the module %s",
            what, mx_show(mx_text(g, name)).text, kind, mx_show(type).text, mx_show(module).text);
    mx_str node = mx_text(g, n->name);
    return mx_at_node(b->c->err, MX_ERR_UNSUPPORTED, node.n ? node : mx_text(g, n->op_type));
}

static mx_status add_formal(building *b, mx_node_kind kind, mx_sid name, mx_node_id maker, uint32_t port) {
    uint32_t type = mx_types_of(b->c->types, maker, port);
    const char *unknown = unknown_part(b->c->g, type);
    mx_sid copy = MX_SID_ABSENT;
    mx_node_id id;
    if (unknown) return unknown_type(b, unknown, name, maker);
    MX_TRY(mx_transplant_string(b->t, name, &copy));
    MX_TRY(mx_transplant_type(b->t, type, &type));
    return mx_add_formal(b->part, kind, 0, copy, type, &id, b->c->err);
}

/* A graph's input that the part takes keeps all that it says of itself. */
static mx_status add_input(building *b, const mx_cut_input *in) {
    const mx_node *source = mx_node_at(b->c->g, in->source);
    mx_node_id id;
    if (source->kind == MX_NODE_INPUT && unknown_part(b->c->g, source->data) == NULL)
        return mx_transplant_formal(b->t, in->source, 0, &id);
    return add_formal(b, MX_NODE_INPUT, in->name, in->source, in->port);
}

static mx_status add_outputs(building *b) {
    const mx_selection *s = b->c->s;
    for (size_t i = 0; i < s->count; i++) {
        const mx_node *n = mx_node_at(b->c->g, s->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++) {
            if (!mx_slate_get(&b->c->used, b->c->types->first[s->operators[i]] + k)) continue;
            mx_slate_set(&b->c->made, n->outputs[k], false);
            MX_TRY(add_formal(b, MX_NODE_OUTPUT, n->outputs[k], s->operators[i], k));
        }
    }
    return MX_OK;
}

/* ---- what is copied, scope by scope from the outermost, in the order of each ---- */

/* Scopes have larger numbers than those around them. */
static int by_place(const void *a, const void *b, void *index) {
    const mx_named *items = ((const mx_name_index *)index)->items;
    const mx_named *x = &items[*(const uint32_t *)a], *y = &items[*(const uint32_t *)b];
    if (x->scope != y->scope) return x->scope < y->scope ? -1 : 1;
    if (x->sparse != y->sparse) return x->sparse ? 1 : -1;
    return (x->place > y->place) - (x->place < y->place);
}

static void sort(const mx_id_list *list, mx_name_index *index) {
    if (list->count) qsort_r(list->items, list->count, sizeof *list->items, by_place, index);
}

static mx_status add_initializers(building *b) {
    mx_cutter *c = b->c;
    uint32_t copy;
    sort(&c->needed, &c->initializers);
    for (size_t i = 0; i < c->needed.count; i++) {
        const mx_named *item = &c->initializers.items[c->needed.items[i]];
        if (item->sparse) {
            MX_TRY(mx_transplant_sparse(b->t, item->id, true, &copy));
            MX_TRY(mx_scope_add_sparse(b->part, &b->part->scopes[0], copy, c->err));
        } else {
            MX_TRY(mx_transplant_initializer(b->t, item->id, &copy));
            MX_TRY(mx_scope_add_initializer(b->part, &b->part->scopes[0], copy, c->err));
        }
    }
    return MX_OK;
}

static mx_status add_operators(building *b) {
    mx_cutter *c = b->c;
    mx_node_id copy;
    mx_selection_sort(c->s, c->operators.items, c->operators.count);
    for (size_t i = 0; i < c->operators.count; i++) {
        const mx_node *n = mx_node_at(c->g, c->operators.items[i]);
        MX_TRY(mx_transplant_operator(b->t, c->operators.items[i], 0, &copy));
        for (uint32_t k = 0; k < n->n_outputs; k++) mx_slate_set(&c->made, n->outputs[k], mx_names_value(n->outputs[k]));
    }
    return MX_OK;
}

static mx_status find_descriptions(mx_cutter *c, mx_sid name) {
    for (size_t i = 0; i < c->chain.count; i++) {
        uint32_t item = mx_name_index_first(&c->value_infos, mx_node_at(c->g, c->chain.scopes[i])->data, name);
        for (; item != MX_NO_INDEX; item = c->value_infos.items[item].next)
            if (!mx_slate_set(&c->described, item, 1)) MX_TRY(mx_cutter_add(c, &c->descriptions, item));
    }
    return MX_OK;
}

static mx_status add_value_infos(building *b) {
    mx_cutter *c = b->c;
    mx_value_info copy;
    for (size_t i = 0; i < c->operators.count; i++) {
        const mx_node *n = mx_node_at(c->g, c->operators.items[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++)
            if (mx_slate_get(&c->made, n->outputs[k])) MX_TRY(find_descriptions(c, n->outputs[k]));
    }
    sort(&c->descriptions, &c->value_infos);
    for (size_t i = 0; i < c->descriptions.count; i++) {
        const mx_named *item = &c->value_infos.items[c->descriptions.items[i]];
        MX_TRY(mx_transplant_value_info(b->t, &c->g->scopes[item->scope].value_infos[item->place], &copy));
        MX_TRY(mx_scope_add_value_info(b->part, &b->part->scopes[0], &copy, c->err));
    }
    return MX_OK;
}

/* ---- functions ---- */

static mx_status add_reached(building *b, const mx_calls *calls, bool *reached) {
    const mx_selection *s = b->c->s;
    mx_node_id copy;
    MX_TRY(mx_calls_reach(calls, s->operators, s->count, NULL, reached, b->c->err));
    for (size_t i = 0; i < calls->count; i++)
        if (reached[i]) MX_TRY(mx_transplant_function(b->t, calls->functions[i], &copy));
    return MX_OK;
}

static mx_status add_functions(building *b) {
    const mx_calls *calls = &b->c->calls;
    const mx_allocator *a = b->c->g->allocator;
    if (calls->count == 0) return MX_OK;
    bool *reached = mx_alloc_zero(a, calls->count, sizeof *reached);
    mx_status status = reached ? add_reached(b, calls, reached) : mx_nomem(b->c->err);
    mx_free(a, reached, calls->count * sizeof *reached);
    return status;
}

/* ---- the model around it ---- */

static mx_status copy_model_texts(building *b) {
    const mx_graph *g = b->c->g;
    const mx_node *from = mx_node_at(g, 0);
    mx_node *to = mx_node_at(b->part, 0);
    b->part->model = g->model;
    MX_TRY(mx_transplant_string(b->t, g->model.producer_name, &b->part->model.producer_name));
    MX_TRY(mx_transplant_string(b->t, g->model.producer_version, &b->part->model.producer_version));
    MX_TRY(mx_transplant_string(b->t, g->model.domain, &b->part->model.domain));
    MX_TRY(mx_transplant_string(b->t, from->doc, &to->doc));
    MX_TRY(mx_transplant_pairs(b->t, &from->metadata, &to->metadata));
    MX_TRY(mx_transplant_string(b->t, g->scopes[0].name, &b->part->scopes[0].name));
    MX_TRY(mx_transplant_string(b->t, g->scopes[0].doc, &b->part->scopes[0].doc));
    return mx_transplant_pairs(b->t, &g->scopes[0].metadata, &b->part->scopes[0].metadata);
}

/* The operator sets are those of the model, or of the function that the selection stands in. */
static mx_status copy_opsets(building *b) {
    const mx_graph *g = b->c->g;
    const mx_scope_data *root = &g->scopes[mx_node_at(g, b->c->chain.scopes[0])->data];
    mx_scope_data *to = &b->part->scopes[0];
    MX_TRY(mx_graph_array(b->part, root->n_opsets, sizeof *to->opsets, &to->opsets, b->c->err));
    for (uint32_t i = 0; i < root->n_opsets; i++) MX_TRY(mx_transplant_opset(b->t, &root->opsets[i], &to->opsets[i]));
    to->n_opsets = root->n_opsets;
    return MX_OK;
}

static mx_status build(building *b) {
    MX_TRY(copy_model_texts(b));
    MX_TRY(copy_opsets(b));
    MX_TRY(add_initializers(b));
    for (size_t i = 0; i < b->c->n_inputs; i++) MX_TRY(add_input(b, &b->c->inputs[i]));
    MX_TRY(add_operators(b));
    MX_TRY(add_outputs(b));
    MX_TRY(add_value_infos(b));
    MX_TRY(add_functions(b));
    return mx_graph_wire(b->part, b->c->err);
}

static mx_status note_origin(const building *b, mx_origin *origin) {
    const mx_graph *g = b->c->g;
    *origin = (mx_origin){b->part->allocator, NULL, b->part->n_nodes};
    origin->of = mx_alloc(origin->allocator, origin->count * sizeof *origin->of);
    if (!origin->of) return mx_nomem(b->c->err);
    for (size_t i = 0; i < origin->count; i++) origin->of[i] = MX_NO_NODE;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        mx_node_id copy = mx_slate_get(&b->t->nodes, id);
        if (copy != MX_NO_NODE) origin->of[copy] = id;
    }
    return MX_OK;
}

static mx_status own_env(const mx_graph *g, mx_graph **out, mx_error *err) {
    mx_env env = g->env;
    env.limits = &g->limits;
    return mx_graph_new(&env, out, err);
}

mx_status mx_cut_build(mx_cutter *c, mx_graph **out, mx_origin *origin) {
    building b = {.c = c, .t = &c->transplant};
    MX_TRY(own_env(c->g, &b.part, c->err));
    mx_status status = c->transplant.from ? MX_OK : mx_transplant_begin(b.t, c->g, b.part, c->err);
    if (status == MX_OK) {
        mx_transplant_restart(b.t, b.part, c->err);
        status = build(&b);
    }
    if (status == MX_OK && origin) status = note_origin(&b, origin);
    if (status == MX_OK) *out = b.part;
    else mx_graph_release(b.part);
    return status;
}
