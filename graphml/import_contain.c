/* Pass 2: which compound every item stands in. Where the file has nesting, that is the nearest enclosing compound of
 * ours; groups without our data are transparent. A flat file (networkx) has only the stored `parent`. */
#include "graphml/import.h"

#define VISITING (MX_NO_INDEX - 1)

static mx_status index_keys(mx_import *im) {
    for (uint32_t i = 0; i < im->n_items; i++) {
        uint32_t have;
        if (im->items[i].key == MX_SID_ABSENT) continue;
        if (!mx_map_add(&im->by_key, im->items[i].key, i, &have)) return mx_nomem(im->err);
    }
    return MX_OK;
}

/* ---- nested files ---- */

/* Outer items come before inner ones, so their own container is known. */
static uint32_t enclosing_compound(const mx_import *im, const mx_item *item) {
    if (item->outer == MX_NO_INDEX) return im->model;
    const mx_item *outer = &im->items[item->outer];
    if (mx_item_is_compound(outer)) return item->outer;
    return outer->kind == MX_NODE_OPERATOR || outer->container != MX_NO_INDEX ? outer->container : im->model;
}

/* Bodies stand in their operator; those of a function's attributes in the function. */
static bool owns_bodies(const mx_item *item) {
    return item->kind == MX_NODE_OPERATOR || item->kind == MX_NODE_FUNCTION;
}

static uint32_t enclosing_owner(const mx_import *im, const mx_item *item) {
    uint32_t outer = item->outer;
    while (outer != MX_NO_INDEX && !mx_item_is_live(&im->items[outer]))
        outer = im->items[outer].outer;
    return outer != MX_NO_INDEX && owns_bodies(&im->items[outer]) ? outer : MX_NO_INDEX;
}

static void contain_nested(mx_import *im) {
    for (uint32_t i = 0; i < im->n_items; i++) {
        mx_item *item = &im->items[i];
        if (item->kind == MX_NODE_MODEL) continue;
        item->container = item->kind == MX_NODE_BODY ? enclosing_owner(im, item) : enclosing_compound(im, item);
    }
}

/* ---- flat files ---- */

static mx_status contain_flat_item(mx_import *im, uint32_t i) {
    mx_item *item = &im->items[i];
    if (item->kind == MX_NODE_MODEL || !mx_item_is_live(item)) return MX_OK;
    item->container = im->model;
    if (item->parent_key == MX_SID_ABSENT) return MX_OK;
    uint32_t parent = mx_map_get(&im->by_key, item->parent_key);
    mx_shown key = mx_show(mx_text(im->g, item->parent_key));
    if (parent == MX_NO_INDEX) return mx_item_fail(im, i, MX_ERR_INVALID, "its parent %s is not in the file", key.text);
    bool fits = item->kind == MX_NODE_BODY ? owns_bodies(&im->items[parent]) : mx_item_is_compound(&im->items[parent]);
    if (!fits) return mx_item_fail(im, i, MX_ERR_INVALID, "it cannot stand in its parent %s", key.text);
    item->container = parent;
    return MX_OK;
}

/* ---- scopes ---- */

/* The scope of an item is that of its container; the chain up to a known one is walked twice, to find it and to note
 * it. Nested files cannot be deeper than their XML; flat ones are held to the same limit. */
static mx_status find_scope(mx_import *im, uint32_t start) {
    uint32_t at = start, steps = 0, limit = im->g->limits.xml_depth;
    for (; im->items[at].scope == MX_NO_INDEX && !mx_item_is_scope(&im->items[at]); steps++) {
        im->items[at].scope = VISITING;
        at = im->items[at].container;
        if (at == MX_NO_INDEX) return mx_item_fail(im, start, MX_ERR_INVALID, "it stands nowhere");
    }
    if (mx_item_is_scope(&im->items[at])) im->items[at].scope = at;
    uint32_t scope = im->items[at].scope;
    if (scope == VISITING) return mx_item_fail(im, start, MX_ERR_INVALID, "its parents form a circle");
    uint32_t depth = im->items[at].depth + steps;
    if (depth > limit) return mx_item_fail(im, start, MX_ERR_LIMIT, "modules are nested more than %u deep", limit);
    for (at = start; im->items[at].scope == VISITING; at = im->items[at].container) {
        im->items[at].scope = scope;
        im->items[at].depth = depth--;
    }
    return MX_OK;
}

/* Bodies in bodies: in a flat file an operator can be said to stand in a body of its own. */
static mx_status check_nesting(mx_import *im, uint32_t start) {
    uint32_t at = start;
    for (uint32_t depth = 0; depth <= im->g->limits.body_depth; depth++) {
        at = mx_import_outer_scope(im, at);
        if (at == MX_NO_INDEX) return MX_OK;
        if (at == start) return mx_item_fail(im, start, MX_ERR_INVALID, "this body stands in itself");
    }
    return mx_item_fail(im, start, MX_ERR_LIMIT, "bodies are nested more than %u deep, or stand in themselves",
                        im->g->limits.body_depth);
}

/* Inputs and outputs belong to the scope, in whatever group of it they were drawn. */
static void settle(mx_import *im, mx_item *item) {
    if (item->kind == MX_NODE_FUNCTION) item->container = im->model;
    if (item->kind == MX_NODE_INPUT || item->kind == MX_NODE_OUTPUT) item->container = item->scope;
    if (item->container == MX_NO_INDEX || item->kind == MX_NODE_BODY || item->kind == MX_NODE_FUNCTION) return;
    bool known = item->flags & MX_ITEM_HAS_INDEX && item->parent_key != MX_SID_ABSENT;
    bool flat_move = !im->nested && item->edits & 1u << MX_ORIGIN_PARENT; /* written there by hand */
    if (known && (flat_move || im->items[item->container].key != item->parent_key)) item->flags |= MX_ITEM_MOVED;
}

/* ---- initializers ---- */

static mx_status note_initializer(mx_import *im, uint32_t scope, mx_sid name) {
    uint32_t have;
    if (name <= MX_SID_EMPTY) return MX_OK;
    return mx_map_add(&im->initializers, mx_map_pair(scope, name), 0, &have) ? MX_OK : mx_nomem(im->err);
}

static mx_status note_initializers(mx_import *im, uint32_t scope) {
    const mx_graph *g = im->g;
    const mx_compound *c = &im->compounds[im->items[scope].compound];
    for (uint32_t i = 0; i < c->n_initializers; i++)
        MX_TRY(note_initializer(im, scope, g->tensors[c->initializers[i]].name));
    for (uint32_t i = 0; i < c->n_sparse; i++) {
        uint32_t values = g->sparses[c->sparse[i]].values;
        if (values != MX_NO_INDEX) MX_TRY(note_initializer(im, scope, g->tensors[values].name));
    }
    return MX_OK;
}

uint32_t mx_import_outer_scope(const mx_import *im, uint32_t scope) {
    const mx_item *item = &im->items[scope];
    return item->kind == MX_NODE_BODY && item->container != MX_NO_INDEX ? im->items[item->container].scope
                                                                        : MX_NO_INDEX;
}

bool mx_import_sees_initializer(const mx_import *im, uint32_t scope, mx_sid name) {
    for (uint32_t depth = 0; scope != MX_NO_INDEX && depth <= im->g->limits.body_depth; depth++) {
        if (mx_map_get(&im->initializers, mx_map_pair(scope, name)) != MX_NO_INDEX) return true;
        scope = mx_import_outer_scope(im, scope);
    }
    return false;
}

mx_status mx_import_contain(mx_import *im) {
    if (im->model == MX_NO_INDEX) return mx_fail(im->err, MX_ERR_INVALID, "no node stands for the model");
    MX_TRY(index_keys(im));
    if (im->nested) contain_nested(im);
    for (uint32_t i = 0; i < im->n_items && !im->nested; i++)
        MX_TRY(contain_flat_item(im, i));
    for (uint32_t i = 0; i < im->n_items; i++) {
        if (!mx_item_is_live(&im->items[i])) continue;
        if (im->items[i].kind == MX_NODE_BODY && im->items[i].container == MX_NO_INDEX)
            return mx_item_fail(im, i, MX_ERR_INVALID, "a body stands outside of an operator");
        MX_TRY(find_scope(im, i));
    }
    for (uint32_t i = 0; i < im->n_items; i++) {
        if (im->items[i].kind == MX_NODE_BODY) MX_TRY(check_nesting(im, i));
        if (mx_item_is_live(&im->items[i])) settle(im, &im->items[i]);
    }
    if (!im->nested) MX_TRY(mx_import_move_by_tags(im));
    for (uint32_t i = 0; i < im->n_items; i++)
        if (mx_item_is_scope(&im->items[i])) MX_TRY(note_initializers(im, i));
    return MX_OK;
}
