/* Pass 9: containment decides the hierarchy. A module whose scope and tag, worked out from where it stands and what it
 * is called, are not the stored ones was moved or renamed, and what is tagged below it gets its tags anew; so does an
 * operator that stands in another compound than before. All other tags stay as they are, stale or absent. */
#include "converter/retag.h"
#include "graphml/import.h"

#include <stdio.h>

/* ---- modules ---- */

/* The root module's tag is "/" and its class. */
static mx_status retag_root(mx_import *im) {
    mx_graph *g = im->g;
    mx_module_data *root = &g->modules[0];
    mx_buffer b;
    mx_sid tag = root->tag;
    if (!root->has_own_tag || root->class_name == MX_SID_ABSENT || root->tag == MX_SID_ABSENT) return MX_OK;
    mx_str name = mx_text(g, root->class_name);
    mx_buffer_init(&b, g->allocator);
    mx_buffer_byte(&b, '/');
    mx_buffer_add(&b, name.p, name.n);
    mx_status status = b.failed ? mx_nomem(im->err) : mx_graph_string(g, mx_buffer_str(&b), &tag, im->err);
    mx_buffer_free(&b);
    if (status != MX_OK || tag == root->tag) return status;
    root->tag = tag;
    return mx_retag_below(g, 0, im->err);
}

static mx_status retag_module(mx_import *im, mx_node_id id, bool *changed) {
    mx_graph *g = im->g;
    uint32_t data = mx_node_at(g, id)->data;
    mx_module_data stored = g->modules[data];
    const mx_item *item = &im->items[im->item_of_node[id]];
    bool by_hand = !(item->flags & MX_ITEM_HAS_INDEX);
    if (by_hand && stored.class_name > MX_SID_EMPTY) g->modules[data].has_own_tag = true;
    MX_TRY(mx_retag_module(g, id, im->err));
    *changed = g->modules[data].scope != stored.scope || g->modules[data].tag != stored.tag;
    return *changed ? mx_retag_below(g, id, im->err) : MX_OK;
}

/* Parents have smaller ids than what they hold, so one walk sees the outermost changed modules first. */
static mx_status retag_modules(mx_import *im) {
    mx_graph *g = im->g;
    uint8_t *done = mx_alloc_zero(g->allocator, g->n_nodes, 1);
    if (!done) return mx_nomem(im->err);
    mx_status status = retag_root(im);
    for (mx_node_id id = 1; id < g->n_nodes && status == MX_OK; id++) {
        const mx_node *n = mx_node_at(g, id);
        bool changed = false;
        done[id] = done[n->parent];
        if (n->kind == MX_NODE_MODULE && !done[id]) status = retag_module(im, id, &changed);
        if (changed) done[id] = 1;
    }
    mx_free(g->allocator, done, g->n_nodes);
    return status;
}

/* ---- operators ---- */

/* In a nested file the group decides; a tag that was edited by hand says so in vain. */
static mx_status report_edited_tag(mx_import *im, const mx_item *item, uint32_t index) {
    const mx_env *env = &im->g->env;
    char message[600];
    if (!im->nested || item->tag == MX_SID_ABSENT) return MX_OK;
    mx_sid tag = mx_operator_tag(im->g, item->attrs, item->n_attrs, &item->metadata);
    if (item->tag == tag || item->edits & 1u << MX_ORIGIN_METADATA) return MX_OK;
    mx_change c = mx_change_of(im, index, "ignored");
    c.what = c.key = "hierarchy_tag";
    c.before = tag;
    c.after = item->tag;
    im->report->tags_ignored++;
    MX_TRY(mx_graphml_tell(im->g, im->report, &c, im->err));
    if (!env->log) return MX_OK;
    snprintf(message, sizeof message,
             "%s: hierarchy_tag was changed to %s, which does nothing here: move the node into "
             "another group instead",
             mx_item_show(im, index).text, mx_show(mx_text(im->g, item->tag)).text);
    env->log(env->ctx, MX_LOG_WARNING, message);
    return MX_OK;
}

mx_status mx_import_tag(mx_import *im) {
    mx_graph *g = im->g;
    for (uint32_t i = 0; i < im->n_items; i++)
        if (im->items[i].kind == MX_NODE_OPERATOR) MX_TRY(report_edited_tag(im, &im->items[i], i));
    MX_TRY(retag_modules(im));
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        if (n->kind == MX_NODE_OPERATOR && n->flags & MX_FLAG_MOVED) MX_TRY(mx_retag_operator(g, id, im->err));
    }
    return MX_OK;
}
