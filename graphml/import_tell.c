/* Pass 11: what was edited, for the report. Most of it the passes have noted at the items. */
#include "converter/retag.h"
#include "graphml/import.h"
#include "graphml/values.h"

#include <stdio.h>

const char *mx_item_kind(const mx_item *item) {
    return item->kind < MX_NODE_KINDS ? mx_node_kind_names[item->kind] : "group";
}

mx_change mx_change_of(const mx_import *im, uint32_t item, const char *kind) {
    const mx_item *it = &im->items[item];
    return (mx_change){.kind = kind,
                       .what = mx_item_kind(it),
                       .node = it->name,
                       .op_type = it->op_type,
                       .port = -1,
                       .index = it->flags & MX_ITEM_HAS_INDEX && !(it->flags & MX_ITEM_NEW) ? it->index : -1,
                       .last_index = -1,
                       .id = MX_NO_NODE};
}

mx_status mx_graphml_tell(mx_graph *g, mx_graphml_report *report, const mx_change *change, mx_error *err) {
    mx_change *c;
    MX_TRY(mx_graph_array(g, 1, sizeof *c, &c, err));
    *c = *change;
    c->next = NULL;
    if (!report->end) report->end = &report->changes;
    *report->end = c;
    report->end = &c->next;
    return MX_OK;
}

mx_status mx_graphml_type_text(mx_graph *g, uint32_t type, mx_sid *out, mx_error *err) {
    mx_buffer b;
    mx_buffer_init(&b, g->allocator);
    mx_value_type(&b, g, type);
    mx_status status = b.failed ? mx_nomem(err) : mx_graph_string(g, mx_buffer_str(&b), out, err);
    mx_buffer_free(&b);
    return status;
}

static mx_status tell(mx_import *im, const mx_change *c) {
    return mx_graphml_tell(im->g, im->report, c, im->err);
}

/* ---- what is gone ---- */

static mx_status tell_gap(mx_import *im, int64_t from, int64_t end) {
    mx_change c = {
        .kind = "removed", .what = "node", .port = -1, .index = from, .last_index = end - 1, .id = MX_NO_NODE};
    return from < end ? tell(im, &c) : MX_OK;
}

/* Only the numbers that are missing tell of it. */
static mx_status tell_removed(mx_import *im) {
    int64_t next = 0;
    for (size_t i = 0; i < im->n_order; i++) {
        const mx_item *item = &im->items[im->order[i]];
        if (!(item->flags & MX_ITEM_HAS_INDEX) || item->flags & MX_ITEM_NEW) continue;
        MX_TRY(tell_gap(im, next, item->index));
        if (item->index >= next) next = (int64_t)item->index + 1;
    }
    return im->n_source_nodes <= INT32_MAX ? tell_gap(im, next, (int64_t)im->n_source_nodes) : MX_OK;
}

/* ---- what is not as it was written ---- */

/* The key of a field, on a node of this kind. */
static const char *key_of(mx_origin_field field, const mx_item *item) {
    bool scope = mx_item_is_scope(item);
    switch (field) {
    case MX_ORIGIN_TYPE: return item->kind <= MX_NODE_MODULE ? "class_name" : "op_type";
    case MX_ORIGIN_ATTRIBUTES: return "node_attributes";
    case MX_ORIGIN_NAME: return "name";
    case MX_ORIGIN_DOC: return "doc_string";
    case MX_ORIGIN_METADATA: return "metadata";
    case MX_ORIGIN_INPUTS: return "input_names";
    case MX_ORIGIN_OUTPUTS: return "output_names";
    case MX_ORIGIN_TYPES: return scope || item->kind == MX_NODE_OPERATOR ? "value_info" : "value_type";
    case MX_ORIGIN_INITIALIZERS: return "initializers";
    case MX_ORIGIN_MODEL: return "opset_imports";
    case MX_ORIGIN_PARENT:
    case MX_ORIGIN_LABEL:
    case MX_ORIGIN_FOLDED_LABEL:
    case MX_ORIGIN_FIELDS: break;
    }
    return NULL;
}

/* What the key says now, where it is one name. */
static mx_sid value_of(const mx_import *im, mx_origin_field field, const mx_item *item) {
    if (field == MX_ORIGIN_NAME) return item->name;
    if (field == MX_ORIGIN_DOC) return item->doc;
    if (field != MX_ORIGIN_TYPE) return MX_SID_ABSENT;
    return item->kind <= MX_NODE_MODULE ? im->compounds[item->compound].class_name : item->op_type;
}

static mx_status tell_edits(mx_import *im, uint32_t i) {
    const mx_item *item = &im->items[i];
    uint32_t edits = item->edits & ~(MX_ORIGIN_LABELS | 1u << MX_ORIGIN_PARENT);
    im->report->nodes_changed += edits != 0;
    for (uint32_t f = 0; f < MX_ORIGIN_FIELDS; f++) {
        if (!(edits >> f & 1)) continue;
        mx_change c = mx_change_of(im, i, "changed");
        c.key = key_of((mx_origin_field)f, item);
        c.id = item->node;
        c.field = f;
        c.after = value_of(im, (mx_origin_field)f, item);
        MX_TRY(tell(im, &c));
    }
    return MX_OK;
}

/* ---- labels ---- */

static const char *key_of_label(const mx_item *item) {
    switch (item->kind) {
    case MX_NODE_OPERATOR: return "op_type";
    case MX_NODE_MODEL: return "class_name";
    case MX_NODE_MODULE: return "name or class_name";
    default: return "name";
    }
}

/* A label that follows what was changed in the data has done no harm. */
static bool says(mx_str label, mx_str value) {
    return value.n && label.n >= value.n && memmem(label.p, label.n, value.p, value.n);
}

static mx_status tell_label(mx_import *im, uint32_t i) {
    const mx_item *item = &im->items[i];
    const mx_env *env = &im->g->env;
    char message[600];
    if (!(item->edits & MX_ORIGIN_LABELS)) return MX_OK;
    mx_str label = mx_text(im->g, item->label);
    bool data_too = item->edits & (1u << MX_ORIGIN_TYPE | 1u << MX_ORIGIN_NAME);
    if (data_too &&
        (says(label, mx_text(im->g, value_of(im, MX_ORIGIN_TYPE, item))) || says(label, mx_text(im->g, item->name))))
        return MX_OK;
    mx_change c = mx_change_of(im, i, "ignored");
    c.what = "label";
    c.key = key_of_label(item);
    c.after = item->label;
    im->report->labels_changed++;
    if (env->log) {
        snprintf(message, sizeof message,
                 "%s: the label was changed to %s, which does nothing: change its data %s instead",
                 mx_item_show(im, i).text, mx_show(label).text, c.key);
        env->log(env->ctx, MX_LOG_WARNING, message);
    }
    return tell(im, &c);
}

/* ---- places and tags ---- */

static mx_sid place_of(const mx_import *im, uint32_t item) {
    if (item == MX_NO_INDEX) return MX_SID_ABSENT;
    const mx_node *n = mx_node_at(im->g, im->items[item].node);
    return n->kind == MX_NODE_MODULE ? im->g->modules[n->data].scope : n->name;
}

static mx_status tell_place(mx_import *im, uint32_t i) {
    const mx_item *item = &im->items[i];
    if (!(item->flags & MX_ITEM_MOVED)) return MX_OK;
    mx_change c = mx_change_of(im, i, "moved");
    bool known = !(item->edits & 1u << MX_ORIGIN_PARENT);
    uint32_t from = known ? mx_item_of_key(im, item->parent_key) : MX_NO_INDEX;
    c.before = from != MX_NO_INDEX && im->items[from].node != MX_NO_NODE ? place_of(im, from) : MX_SID_ABSENT;
    c.after = place_of(im, item->container);
    return tell(im, &c);
}

static mx_sid stored_scope(const mx_graph *g, const mx_pairs *metadata) {
    for (uint32_t i = 0; i < metadata->count; i++) {
        const mx_pair *p = &metadata->items[i];
        if (p->opaque == MX_SID_ABSENT && mx_str_is(mx_text(g, p->key), "hierarchy_scope")) return p->value;
    }
    return MX_SID_ABSENT;
}

typedef struct tags {
    mx_sid tag, scope;
} tags;

static tags tags_before(const mx_import *im, const mx_item *item) {
    if (item->kind == MX_NODE_OPERATOR)
        return (tags){mx_operator_tag(im->g, item->attrs, item->n_attrs, &item->metadata),
                      stored_scope(im->g, &item->metadata)};
    return (tags){item->tag, im->compounds[item->compound].scope};
}

static tags tags_after(const mx_import *im, const mx_item *item) {
    const mx_node *n = mx_node_at(im->g, item->node);
    if (item->kind == MX_NODE_OPERATOR)
        return (tags){mx_operator_tag(im->g, n->attrs, n->n_attrs, &n->metadata), stored_scope(im->g, &n->metadata)};
    const mx_module_data *m = &im->g->modules[item->kind == MX_NODE_MODULE ? n->data : 0];
    return (tags){m->tag, m->scope};
}

static mx_status tell_tag(mx_import *im, uint32_t i) {
    const mx_item *item = &im->items[i];
    bool tagged = item->kind == MX_NODE_OPERATOR || item->kind == MX_NODE_MODULE || item->kind == MX_NODE_MODEL;
    if (!tagged) return MX_OK;
    tags before = tags_before(im, item), after = tags_after(im, item);
    bool same_tag = before.tag == after.tag;
    if (same_tag && before.scope == after.scope) return MX_OK;
    mx_change c = mx_change_of(im, i, "retagged");
    c.key = same_tag ? "hierarchy_scope" : "hierarchy_tag";
    c.before = same_tag ? before.scope : before.tag;
    c.after = same_tag ? after.scope : after.tag;
    im->report->nodes_retagged++;
    return tell(im, &c);
}

/* The model itself has no name in the picture but its class: it is never new. */
static mx_status tell_item(mx_import *im, uint32_t i) {
    const mx_item *item = &im->items[i];
    if (item->flags & MX_ITEM_NEW) {
        mx_change c = mx_change_of(im, i, "added");
        c.after = place_of(im, item->container);
        return tell(im, &c);
    }
    MX_TRY(tell_edits(im, i));
    MX_TRY(tell_label(im, i));
    MX_TRY(tell_place(im, i));
    return tell_tag(im, i);
}

/* ---- where the nodes of the source model are ---- */

mx_status mx_import_trace(mx_import *im) {
    mx_traces *t = im->traces;
    *t = (mx_traces){.n_nodes = im->n_source_nodes, .source_name = im->source_name, .metadata_name = im->metadata_name};
    MX_TRY(mx_graph_array(im->g, im->n_order, sizeof *t->items, &t->items, im->err));
    for (size_t i = 0; i < im->n_order; i++) {
        const mx_item *item = &im->items[im->order[i]];
        if (!(item->flags & MX_ITEM_HAS_INDEX) || item->flags & MX_ITEM_NEW) continue;
        t->items[t->count++] = (mx_trace){(uint32_t)item->index, item->node, item->origin};
        t->known += item->origin != NULL;
    }
    return MX_OK;
}

mx_status mx_import_tell(mx_import *im) {
    MX_TRY(tell_removed(im));
    for (size_t i = 0; i < im->n_order; i++)
        MX_TRY(tell_item(im, im->order[i]));
    return MX_OK;
}
