/* Pass 6: the items become nodes, scope by scope in the order that the ONNX reader would have used. */
#include "graphml/import.h"

#include <stdlib.h>

typedef struct builder {
    mx_import *im;
    mx_map bodies;  /* (operator's item, compound_key) -> body */
    uint32_t *path; /* modules on the way to one that is there already */
    size_t cap_path;
    uint32_t depth;
} builder;

static mx_status build_scope(builder *b, uint32_t scope);

/* ---- single nodes ---- */

static void fill_module(mx_import *im, const mx_item *item, mx_module_data *m) {
    const mx_compound *c = &im->compounds[item->compound];
    m->class_name = c->class_name;
    m->module_type = c->module_type;
    m->scope = c->scope;
    m->tag = item->tag;
    m->has_own_tag = c->own_tag;
    m->has_order = c->has_order;
    m->execution_order = c->order;
}

static mx_status fill_scope(mx_import *im, const mx_item *item, mx_node *n) {
    mx_graph *g = im->g;
    mx_compound *c = &im->compounds[item->compound];
    mx_scope_data *s = &g->scopes[n->data];
    bool body = item->kind == MX_NODE_BODY;
    s->has_graph = !c->no_graph;
    s->name = c->graph_name;
    s->doc = body ? item->doc : c->graph_doc;
    s->rest = body ? item->rest : c->graph_rest;
    s->metadata = body ? item->metadata : c->graph_metadata;
    s->opsets = c->opsets;
    s->n_opsets = c->n_opsets;
    s->attribute_names = c->attribute_names;
    s->n_attribute_names = c->n_attribute_names;
    for (uint32_t i = 0; i < c->n_initializers; i++)
        MX_TRY(mx_scope_add_initializer(g, s, c->initializers[i], im->err));
    for (uint32_t i = 0; i < c->n_sparse; i++)
        MX_TRY(mx_scope_add_sparse(g, s, c->sparse[i], im->err));
    return MX_OK;
}

/* What was edited here changes what is computed. */
#define OPERATOR_MEANING (1u << MX_ORIGIN_TYPE | 1u << MX_ORIGIN_ATTRIBUTES | 1u << MX_ORIGIN_INPUTS)
#define SCOPE_MEANING    (1u << MX_ORIGIN_INITIALIZERS | 1u << MX_ORIGIN_MODEL)

static void fill_node(const mx_item *item, mx_node *n) {
    bool body = item->kind == MX_NODE_BODY;
    n->name = item->name;
    n->op_type = item->op_type;
    n->domain = item->domain;
    n->overload = item->overload;
    n->attr_index = item->attr_index;
    n->n_inputs = item->n_inputs;
    n->n_outputs = item->n_outputs;
    n->n_attrs = item->n_attrs;
    n->inputs = item->inputs;
    n->outputs = item->outputs;
    n->attrs = item->attrs;
    if (!body) n->doc = item->doc;
    if (!body) n->rest = item->rest;
    if (!body) n->metadata = item->metadata;
    if (item->flags & MX_ITEM_NEW) n->flags |= MX_FLAG_NEW;
    if (item->flags & MX_ITEM_CHANGED) n->flags |= MX_FLAG_CHANGED;
    if (item->flags & MX_ITEM_MOVED) n->flags |= MX_FLAG_MOVED;
    uint32_t meaning = mx_is_scope(n) ? SCOPE_MEANING : OPERATOR_MEANING;
    if (item->kind == MX_NODE_INPUT) meaning = 1u << MX_ORIGIN_TYPES;
    if (item->edits & meaning) n->flags |= MX_FLAG_EDITED;
}

static mx_status add_node(builder *b, uint32_t i, mx_node_id parent) {
    mx_import *im = b->im;
    mx_item *item = &im->items[i];
    mx_graph *g = im->g;
    item->node = 0; /* the model's is there from the start */
    if (item->kind != MX_NODE_MODEL)
        MX_TRY(mx_graph_add_node(g, (mx_node_kind)item->kind, parent, &item->node, im->err));
    while (im->cap_item_of_node <= item->node)
        if (!mx_grow(im->allocator, (void **)&im->item_of_node, &im->cap_item_of_node, im->cap_item_of_node,
                     sizeof *im->item_of_node))
            return mx_nomem(im->err);
    im->item_of_node[item->node] = i;
    mx_node *n = mx_node_at(g, item->node);
    fill_node(item, n);
    bool formal = item->kind == MX_NODE_INPUT || item->kind == MX_NODE_OUTPUT;
    bool typed = formal && im->items[item->scope].kind != MX_NODE_FUNCTION; /* functions have names only */
    if (formal) n->data = typed ? item->type : MX_NO_INDEX;
    if (formal && !typed) n->flags &= (uint8_t)~MX_FLAG_EDITED;
    if (item->kind == MX_NODE_MODEL) fill_module(im, item, &g->modules[0]);
    if (item->kind == MX_NODE_MODULE) fill_module(im, item, &g->modules[n->data]);
    return mx_item_is_scope(item) ? fill_scope(im, item, n) : MX_OK;
}

/* ---- modules ---- */

/* Make a module and those around it, the outermost first. */
static mx_status build_module(builder *b, uint32_t i) {
    mx_import *im = b->im;
    size_t n = 0;
    for (; im->items[i].node == MX_NO_NODE; i = im->items[i].container) {
        if (!mx_grow(im->allocator, (void **)&b->path, &b->cap_path, n, sizeof *b->path)) return mx_nomem(im->err);
        b->path[n++] = i;
    }
    while (n--)
        MX_TRY(add_node(b, b->path[n], im->items[im->items[b->path[n]].container].node));
    return MX_OK;
}

/* ---- bodies ---- */

static mx_status build_body(builder *b, uint32_t owner, const mx_attr *a, uint32_t place, uint32_t *index) {
    mx_import *im = b->im;
    mx_shown name = mx_show(mx_text(im->g, a->name));
    uint32_t body = mx_map_get(&b->bodies, mx_map_pair(owner, *index));
    if (body == MX_NO_INDEX)
        return mx_item_fail(im, owner, MX_ERR_INVALID, "the body of its attribute %s is not in the file", name.text);
    if (im->items[body].node != MX_NO_NODE)
        return mx_item_fail(im, owner, MX_ERR_INVALID, "the body of its attribute %s is another one's already",
                            name.text);
    im->items[body].name = a->name;
    im->items[body].attr_index = place;
    MX_TRY(add_node(b, body, im->items[owner].node));
    *index = im->items[body].node;
    return build_scope(b, body);
}

static mx_status build_bodies(builder *b, uint32_t owner) {
    const mx_item *item = &b->im->items[owner];
    for (uint32_t k = 0; k < item->n_attrs; k++) {
        mx_attr *a = &item->attrs[k];
        if (a->ref_name != MX_SID_ABSENT) continue;
        if (a->type == MX_ATTR_GRAPH) MX_TRY(build_body(b, owner, a, 0, &a->value.index));
        for (uint32_t j = 0; a->type == MX_ATTR_GRAPHS && j < a->count; j++)
            MX_TRY(build_body(b, owner, a, j, &a->value.indices[j]));
    }
    return MX_OK;
}

/* ---- scopes ---- */

static mx_status build_item(builder *b, uint32_t i, uint32_t scope) {
    mx_import *im = b->im;
    const mx_item *item = &im->items[i];
    if (item->kind == MX_NODE_INPUT || item->kind == MX_NODE_OUTPUT) return add_node(b, i, im->items[scope].node);
    if (item->kind != MX_NODE_OPERATOR) return MX_OK;
    MX_TRY(build_module(b, item->container));
    MX_TRY(add_node(b, i, im->items[item->container].node));
    return build_bodies(b, i);
}

static mx_status build_scope(builder *b, uint32_t scope) {
    mx_import *im = b->im;
    if (b->depth++ > im->g->limits.body_depth)
        return mx_item_fail(im, scope, MX_ERR_LIMIT, "bodies are nested more than %u deep", im->g->limits.body_depth);
    const mx_compound *c = &im->compounds[im->items[scope].compound];
    for (uint32_t i = c->first_item; i != MX_NO_INDEX; i = im->items[i].next_in_scope)
        MX_TRY(build_item(b, i, scope));
    for (uint32_t i = c->first_item; i != MX_NO_INDEX; i = im->items[i].next_in_scope)
        if (im->items[i].kind == MX_NODE_MODULE) MX_TRY(build_module(b, i));
    b->depth--;
    return MX_OK;
}

static void list_by_scope(mx_import *im) {
    for (size_t i = 0; i < im->n_compounds; i++)
        im->compounds[i].first_item = im->compounds[i].last_item = MX_NO_INDEX;
    for (size_t i = 0; i < im->n_order; i++) {
        uint32_t index = im->order[i];
        mx_item *item = &im->items[index];
        item->next_in_scope = MX_NO_INDEX;
        if (mx_item_is_scope(item)) continue;
        mx_compound *c = &im->compounds[im->items[item->scope].compound];
        if (c->last_item == MX_NO_INDEX) {
            c->first_item = index;
        } else {
            im->items[c->last_item].next_in_scope = index;
        }
        c->last_item = index;
    }
}

/* ---- value infos ---- */

static int compare_infos(const void *x, const void *y, void *ctx) {
    const mx_import *im = ctx;
    uint32_t i = *(const uint32_t *)x, k = *(const uint32_t *)y;
    const mx_info *a = &im->infos[i], *b = &im->infos[k];
    uint32_t scope_a = im->items[a->item].scope, scope_b = im->items[b->item].scope;
    if (scope_a != scope_b) return scope_a < scope_b ? -1 : 1;
    if (a->index != b->index) return a->index < b->index ? -1 : 1;
    return i < k ? -1 : i > k;
}

static mx_status add_infos(mx_import *im) {
    uint32_t *sorted = mx_alloc(im->allocator, (im->n_infos + 1) * sizeof *sorted);
    if (!sorted) return mx_nomem(im->err);
    for (uint32_t i = 0; i < im->n_infos; i++)
        sorted[i] = i;
    qsort_r(sorted, im->n_infos, sizeof *sorted, compare_infos, im);
    mx_status status = MX_OK;
    for (size_t i = 0; i < im->n_infos && status == MX_OK; i++) {
        mx_info *info = &im->infos[sorted[i]];
        const mx_item *item = &im->items[info->item];
        if (info->port != MX_NO_INDEX && info->port >= item->n_outputs) continue;
        if (info->port == MX_NO_INDEX && item->flags & MX_ITEM_FRESH_NAMES) continue; /* names of the original */
        if (info->port != MX_NO_INDEX) info->value.name = item->outputs[info->port];
        mx_node *scope = mx_node_at(im->g, im->items[item->scope].node);
        status = mx_scope_add_value_info(im->g, &im->g->scopes[scope->data], &info->value, im->err);
    }
    mx_free(im->allocator, sorted, (im->n_infos + 1) * sizeof *sorted);
    return status;
}

/* ---- the pass ---- */

/* The sources of ports become nodes; what the edges said is kept until wiring by name has been checked against it. */
static mx_status keep_expected(mx_import *im) {
    mx_graph *g = im->g;
    size_t n = 0;
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        n += mx_node_at(g, id)->n_inputs;
    im->expected = mx_alloc(im->allocator, (n + 1) * sizeof *im->expected);
    if (!im->expected) return mx_nomem(im->err);
    im->n_expected = n + 1;
    n = 0;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        mx_node *node = mx_node_at(g, id);
        for (uint32_t k = 0; k < node->n_inputs; k++) {
            if (node->inputs[k].source != MX_NO_NODE) node->inputs[k].source = im->items[node->inputs[k].source].node;
            im->expected[n++] = node->inputs[k];
        }
    }
    return MX_OK;
}

static mx_status keep_rewired(mx_import *im) {
    mx_graph *g = im->g;
    MX_TRY(mx_graph_array(g, im->n_rewired, sizeof *g->rewired, &g->rewired, im->err));
    for (size_t i = 0; i < im->n_rewired; i++)
        g->rewired[i] = (mx_rewired){im->items[im->rewired[i].node].node, im->rewired[i].port};
    g->n_rewired = im->n_rewired;
    return MX_OK;
}

static mx_status index_bodies(builder *b) {
    mx_import *im = b->im;
    for (uint32_t i = 0; i < im->n_items; i++) {
        const mx_item *item = &im->items[i];
        uint32_t have;
        if (item->kind != MX_NODE_BODY) continue;
        if (!mx_map_add(&b->bodies, mx_map_pair(item->container, item->key), i, &have)) return mx_nomem(im->err);
    }
    return MX_OK;
}

static mx_status build(builder *b) {
    mx_import *im = b->im;
    MX_TRY(index_bodies(b));
    list_by_scope(im);
    MX_TRY(add_node(b, im->model, MX_NO_NODE));
    MX_TRY(build_scope(b, im->model));
    for (size_t i = 0; i < im->n_order; i++) {
        if (im->items[im->order[i]].kind != MX_NODE_FUNCTION) continue;
        MX_TRY(add_node(b, im->order[i], 0));
        MX_TRY(build_bodies(b, im->order[i]));
        MX_TRY(build_scope(b, im->order[i]));
    }
    for (size_t i = 0; i < im->n_order; i++) {
        const mx_item *item = &im->items[im->order[i]];
        if (item->node != MX_NO_NODE) continue;
        return mx_item_fail(im, im->order[i], MX_ERR_INVALID,
                            item->kind == MX_NODE_BODY ? "no attribute of the operator around it names this body"
                                                       : "it stands in a body that is not part of the model");
    }
    MX_TRY(add_infos(im));
    MX_TRY(keep_rewired(im));
    return keep_expected(im);
}

mx_status mx_import_build(mx_import *im) {
    builder b = {.im = im};
    mx_map_init(&b.bodies, im->allocator);
    mx_status status = build(&b);
    mx_map_free(&b.bodies);
    mx_free(im->allocator, b.path, b.cap_path * sizeof *b.path);
    return status;
}
