/* Pass 5: names. Copies get fresh ones, outputs give theirs to the values they take, and every port learns the name of
 * the value that its edge brings. */
#include "graphml/import.h"

#include <stdio.h>

mx_status mx_import_fresh_name(mx_import *im, mx_sid base, const char *fallback, mx_sid *out) {
    mx_str text = mx_text(im->g, base);
    mx_buffer b;
    mx_status status = MX_OK;
    if (!text.n) text = mx_str_of(fallback);
    mx_buffer_init(&b, im->allocator);
    do {
        mx_buffer_clear(&b);
        mx_buffer_add(&b, text.p, text.n);
        mx_buffer_byte(&b, '_');
        mx_buffer_uint(&b, ++im->fresh);
    } while (!b.failed && mx_strings_find(&im->g->strings, mx_buffer_str(&b)) != UINT32_MAX);
    status = b.failed ? mx_nomem(im->err) : mx_graph_string(im->g, mx_buffer_str(&b), out, im->err);
    mx_buffer_free(&b);
    return status;
}

static const char *fallback_name(const mx_item *item) {
    return item->kind == MX_NODE_INPUT ? "input" : item->kind == MX_NODE_OUTPUT ? "output" : "value";
}

/* A copy keeps which of its outputs are left out ("") but no name. */
static mx_status rename_copy(mx_import *im, mx_item *item) {
    if (item->kind != MX_NODE_OPERATOR && item->kind != MX_NODE_INPUT && item->kind != MX_NODE_OUTPUT) return MX_OK;
    if (item->name > MX_SID_EMPTY) MX_TRY(mx_import_fresh_name(im, item->name, fallback_name(item), &item->name));
    if (item->kind == MX_NODE_INPUT) item->outputs[0] = item->name;
    if (item->kind == MX_NODE_OUTPUT) item->inputs[0].name = item->name;
    for (uint32_t k = 0; item->kind == MX_NODE_OPERATOR && k < item->n_outputs; k++)
        if (item->outputs[k] > MX_SID_EMPTY)
            MX_TRY(mx_import_fresh_name(im, item->outputs[k], "value", &item->outputs[k]));
    return MX_OK;
}

static mx_status name_output(mx_import *im, mx_item *item, uint32_t port) {
    mx_sid base = item->name > MX_SID_EMPTY ? item->name : item->op_type;
    return mx_import_fresh_name(im, base, "value", &item->outputs[port]);
}

/* An operator that was added without output names makes one value. */
static mx_status name_new_operator(mx_import *im, mx_item *item) {
    if (item->kind != MX_NODE_OPERATOR || item->n_outputs) return MX_OK;
    MX_TRY(mx_graph_array(im->g, 1, sizeof *item->outputs, &item->outputs, im->err));
    item->n_outputs = 1;
    return name_output(im, item, 0);
}

/* `/encoder/layer.0/Relu`: ONNX has no groups, and from a name like this one the group is found again. */
static mx_status scoped_name(mx_import *im, const mx_item *item, mx_sid *out) {
    uint32_t depth = 0, at = item->container;
    for (; im->items[at].kind == MX_NODE_MODULE; at = im->items[at].container)
        depth++;
    mx_buffer b;
    mx_buffer_init(&b, im->allocator);
    mx_sid *names = mx_alloc(im->allocator, (depth + 1) * sizeof *names);
    if (!names) return mx_nomem(im->err);
    at = item->container;
    for (uint32_t i = depth; i--; at = im->items[at].container)
        names[i] = im->items[at].name;
    for (uint32_t i = 0; i < depth; i++) {
        mx_str part = mx_text(im->g, names[i]);
        mx_buffer_byte(&b, '/');
        mx_buffer_add(&b, part.p, part.n);
    }
    if (depth) mx_buffer_byte(&b, '/');
    mx_str type = mx_text(im->g, item->op_type);
    mx_buffer_add(&b, type.p, type.n);
    mx_status status = b.failed ? mx_nomem(im->err) : mx_graph_string(im->g, mx_buffer_str(&b), out, im->err);
    mx_free(im->allocator, names, (depth + 1) * sizeof *names);
    mx_buffer_free(&b);
    return status;
}

/* Names of nodes that an editor gave, or nobody: a new operator gets one that no other node has. */
static mx_status name_new_node(mx_import *im, mx_map *names, uint32_t index) {
    mx_item *item = &im->items[index];
    uint32_t have = index;
    if (item->kind != MX_NODE_OPERATOR) return MX_OK;
    bool named = item->name > MX_SID_EMPTY;
    if (named && !mx_map_add(names, item->name, index, &have)) return mx_nomem(im->err);
    if (named && have == index) return MX_OK;
    mx_sid base = item->name;
    if (!named) MX_TRY(scoped_name(im, item, &base));
    return mx_import_fresh_name(im, base, "node", &item->name);
}

static mx_status note_names(mx_import *im, mx_map *names) {
    for (size_t i = 0; i < im->n_order; i++) {
        const mx_item *item = &im->items[im->order[i]];
        uint32_t have;
        if (item->kind != MX_NODE_OPERATOR || item->flags & MX_ITEM_NEW || item->name <= MX_SID_EMPTY) continue;
        if (!mx_map_add(names, item->name, im->order[i], &have)) return mx_nomem(im->err);
    }
    return MX_OK;
}

static mx_status check_new(mx_import *im, uint32_t i) {
    const mx_item *item = &im->items[i];
    if (item->kind == MX_NODE_OPERATOR && item->op_type <= MX_SID_EMPTY)
        return mx_item_fail(im, i, MX_ERR_INVALID, "a new operator needs an op_type");
    if (item->kind == MX_NODE_INPUT && item->name <= MX_SID_EMPTY)
        return mx_item_fail(im, i, MX_ERR_INVALID, "a new input needs a name");
    return MX_OK;
}

/* An edge that leaves an output without a name makes it a value. */
static mx_status name_used_outputs(mx_import *im, const mx_item *item) {
    for (uint32_t k = 0; k < item->n_inputs; k++) {
        const mx_port *p = &item->inputs[k];
        if (p->source == MX_NO_NODE) continue;
        mx_item *from = &im->items[p->source];
        if (from->outputs[p->source_port] <= MX_SID_EMPTY && from->kind == MX_NODE_OPERATOR)
            MX_TRY(name_output(im, from, p->source_port));
    }
    return MX_OK;
}

/* The nearest initializer of that name may have been renamed. */
static void follow_renamed(const mx_import *im, const mx_item *item, mx_port *p) {
    uint32_t scope = item->scope;
    for (uint32_t depth = 0; scope != MX_NO_INDEX && depth <= im->g->limits.body_depth; depth++) {
        uint64_t key = mx_map_pair(scope, p->name);
        uint32_t name = mx_map_get(&im->renamed, key);
        if (name != MX_NO_INDEX) p->name = name;
        if (name != MX_NO_INDEX || mx_map_get(&im->initializers, key) != MX_NO_INDEX) return;
        scope = mx_import_outer_scope(im, scope);
    }
}

static mx_status tell_rewired(mx_import *im, uint32_t index, uint32_t port, mx_sid name) {
    const mx_item *item = &im->items[index];
    if (item->flags & MX_ITEM_NEW) return MX_OK;
    mx_change c = mx_change_of(im, index, "rewired");
    c.port = port;
    c.before = item->inputs[port].name;
    c.after = name;
    im->report->ports_changed++;
    return mx_graphml_tell(im->g, im->report, &c, im->err);
}

static mx_status take_names(mx_import *im, uint32_t index) {
    mx_item *item = &im->items[index];
    for (uint32_t k = 0; k < item->n_inputs; k++) {
        mx_port *p = &item->inputs[k];
        if (p->source == MX_NO_NODE) {
            if (im->renamed.count && p->name > MX_SID_EMPTY) follow_renamed(im, item, p);
            continue;
        }
        mx_sid name = im->items[p->source].outputs[p->source_port];
        if (name == p->name) continue;
        MX_TRY(tell_rewired(im, index, k, name));
        p->name = name;
        item->flags |= MX_ITEM_CHANGED;
    }
    return MX_OK;
}

static mx_status name_new(mx_import *im, mx_map *names) {
    bool noted = false;
    for (size_t i = 0; i < im->n_order; i++) {
        mx_item *item = &im->items[im->order[i]];
        if (!(item->flags & MX_ITEM_NEW)) continue;
        if (!noted) MX_TRY(note_names(im, names));
        noted = true;
        MX_TRY(check_new(im, im->order[i]));
        if (item->flags & MX_ITEM_FRESH_NAMES) MX_TRY(rename_copy(im, item));
        MX_TRY(name_new_node(im, names, im->order[i]));
        MX_TRY(name_new_operator(im, item));
    }
    return MX_OK;
}

mx_status mx_import_name(mx_import *im) {
    mx_map names;
    mx_map_init(&names, im->allocator);
    mx_status status = name_new(im, &names);
    mx_map_free(&names);
    if (status != MX_OK) return status;
    for (size_t i = 0; i < im->n_order; i++)
        MX_TRY(name_used_outputs(im, &im->items[im->order[i]]));
    MX_TRY(mx_import_name_outputs(im));
    for (size_t i = 0; i < im->n_order; i++)
        MX_TRY(take_names(im, im->order[i]));
    return MX_OK;
}
