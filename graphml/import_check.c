/* Pass 7: names decide in ONNX what edges decide in the drawing. mx_graph_wire finds every port's source by name; where
 * that is not what the edge said, or where it finds what no edge said, the drawing cannot be a model. */
#include "graphml/import.h"

static bool marked_unresolved(const mx_import *im, const mx_item *item, uint32_t port) {
    if (item->fault == MX_NO_INDEX) return false;
    const mx_item_faults *f = &im->faults[item->fault];
    uint32_t low = 0, high = f->n_unresolved;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (f->unresolved[middle] < port)
            low = middle + 1;
        else
            high = middle;
    }
    return low < f->n_unresolved && f->unresolved[low] == port;
}

/* The graph of a function's default attribute is a template: its names get a meaning only where an operator takes it.
 */
static bool is_template(const mx_import *im, uint32_t scope) {
    for (uint32_t depth = 0; depth <= im->g->limits.body_depth; depth++) {
        const mx_item *item = &im->items[scope];
        if (item->kind != MX_NODE_BODY) return false;
        if (im->items[item->container].kind == MX_NODE_FUNCTION) return true;
        scope = im->items[item->container].scope;
    }
    return false;
}

static mx_status check_port(mx_import *im, uint32_t i, uint32_t k, const mx_port *expected, const mx_port *found) {
    const mx_item *item = &im->items[i];
    const char *what = item->kind == MX_NODE_OUTPUT ? "output" : "input";
    mx_shown name = mx_show(found->name > MX_SID_EMPTY ? mx_text(im->g, found->name) : MX_STR_LITERAL(""));
    if (expected->source == MX_NO_NODE) {
        if (found->name <= MX_SID_EMPTY) return MX_OK;
        if (found->source == MX_NO_NODE && marked_unresolved(im, item, k)) return MX_OK;
        if (found->source == MX_NO_NODE && mx_import_sees_initializer(im, item->scope, found->name)) return MX_OK;
        if (found->source == MX_NO_NODE && is_template(im, item->scope)) return MX_OK;
        return mx_item_fail(im, i, MX_ERR_INVALID, "%s %u has no edge; it had %s", what, k, name.text);
    }
    if (found->source == expected->source && found->source_port == expected->source_port) return MX_OK;
    if (found->source == MX_NO_NODE)
        return mx_item_fail(im, i, MX_ERR_INVALID, "%s %u takes %s, which cannot be seen from here", what, k,
                            name.text);
    return mx_item_fail(im, i, MX_ERR_INVALID, "%s %u takes %s, but here this name means another value", what, k,
                        name.text);
}

static mx_status check_duplicate(mx_import *im, mx_node_id id) {
    const mx_node *n = mx_node_at(im->g, id);
    uint32_t i = im->item_of_node[id];
    if (!(n->flags & MX_FLAG_DUPLICATE) || im->items[i].flags & MX_ITEM_DUPLICATE) return MX_OK;
    mx_shown name = mx_show(n->n_outputs ? mx_text(im->g, n->outputs[0]) : MX_STR_LITERAL(""));
    return mx_item_fail(im, i, MX_ERR_INVALID, "it makes a value that something else makes too (its first is %s)",
                        name.text);
}

/* An order that the source did not have (indices that were changed by hand) is repaired like that of an edit. */
static void check_order(mx_import *im, mx_node_id id) {
    mx_node *n = mx_node_at(im->g, id);
    if (n->flags & MX_FLAG_UNORDERED && !(im->items[im->item_of_node[id]].flags & MX_ITEM_UNORDERED))
        n->flags |= MX_FLAG_CHANGED;
}

mx_status mx_import_check(mx_import *im) {
    mx_graph *g = im->g;
    const mx_port *expected = im->expected;
    MX_TRY(mx_unused_note(im->g, &im->unused, im->err));
    MX_TRY(mx_graph_wire(g, im->err));
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        for (uint32_t k = 0; k < n->n_inputs; k++, expected++)
            MX_TRY(check_port(im, im->item_of_node[id], k, im->legacy ? &n->inputs[k] : expected, &n->inputs[k]));
        MX_TRY(check_duplicate(im, id));
        check_order(im, id);
    }
    return MX_OK;
}
