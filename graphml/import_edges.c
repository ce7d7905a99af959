/* Pass 4: edges become the sources of input ports. */
#include "graphml/import.h"

#include <stdio.h>

#define NEW_OUTPUTS 1024u /* ports that edges can give to a new operator */

static bool makes_values(const mx_item *i) {
    return i->kind == MX_NODE_OPERATOR || i->kind == MX_NODE_INPUT;
}
static bool takes_values(const mx_item *i) {
    return i->kind == MX_NODE_OPERATOR || i->kind == MX_NODE_OUTPUT;
}

/* ---- ends ---- */

static mx_status end_fail(mx_import *im, const mx_edge *e, uint32_t item, bool source) {
    const mx_item *end = &im->items[item];
    mx_status status;
    if (end->kind == MX_ITEM_NOTE)
        status = mx_fail(im->err, MX_ERR_INVALID, "an edge %s a node without op_type", source ? "leaves" : "reaches");
    else
        status = mx_fail(im->err, MX_ERR_INVALID, "an edge %s",
                         source ? "leaves something that makes no value" : "reaches something that takes no value");
    mx_at_line(im->err, status, e->line);
    return mx_item_place(im, item, status);
}

/* Ids become items. An edge between notes is no business of ours: its source is then MX_NO_INDEX. */
static mx_status resolve_ends(mx_import *im, mx_edge *e) {
    uint32_t source = im->item_of_id[e->source], target = im->item_of_id[e->target];
    if (source == MX_NO_INDEX || target == MX_NO_INDEX) {
        mx_str id = mx_strings_get(&im->ids, source == MX_NO_INDEX ? e->source : e->target);
        return mx_at_line(
            im->err,
            mx_fail(im->err, MX_ERR_INVALID, "an edge ends at %s, which is no node of the file", mx_show(id).text),
            e->line);
    }
    const mx_item *from = &im->items[source], *to = &im->items[target];
    e->source = source;
    e->target = target;
    if (!mx_item_is_live(from) && !mx_item_is_live(to)) {
        e->source = MX_NO_INDEX;
        return MX_OK;
    }
    if (!makes_values(from)) return end_fail(im, e, source, true);
    return takes_values(to) ? MX_OK : end_fail(im, e, target, false);
}

/* ---- source ports ---- */

static mx_status lengthen_outputs(mx_import *im, mx_item *item, uint32_t n) {
    mx_sid *outputs;
    MX_TRY(mx_graph_array(im->g, n, sizeof *outputs, &outputs, im->err));
    if (item->n_outputs) memcpy(outputs, item->outputs, item->n_outputs * sizeof *outputs);
    for (uint32_t i = item->n_outputs; i < n; i++)
        outputs[i] = MX_SID_EMPTY;
    item->outputs = outputs;
    item->n_outputs = n;
    return MX_OK;
}

static mx_status check_source_port(mx_import *im, mx_edge *e) {
    mx_item *from = &im->items[e->source];
    if (e->source_port < 0) e->source_port = 0;
    uint32_t port = (uint32_t)e->source_port;
    if (port < from->n_outputs) return MX_OK;
    if (from->flags & MX_ITEM_NEW && from->kind == MX_NODE_OPERATOR && port < NEW_OUTPUTS)
        return lengthen_outputs(im, from, port + 1);
    return mx_item_fail(im, e->source, MX_ERR_INVALID, "an edge leaves port %u, but it has %u outputs", port,
                        from->n_outputs);
}

/* ---- target ports ---- */

static mx_status lengthen_inputs(mx_import *im, mx_item *item, uint32_t n) {
    mx_port *ports;
    MX_TRY(mx_graph_array(im->g, n, sizeof *ports, &ports, im->err));
    if (item->n_inputs) memcpy(ports, item->inputs, item->n_inputs * sizeof *ports);
    for (uint32_t i = item->n_inputs; i < n; i++)
        ports[i] = (mx_port){MX_SID_ABSENT, MX_NO_NODE, 0};
    item->inputs = ports;
    item->n_inputs = n;
    return MX_OK;
}

static mx_status count_target_port(mx_import *im, const mx_edge *e) {
    mx_item *to = &im->items[e->target];
    to->n_in_edges++;
    if (e->target_port < 0) return MX_OK;
    uint32_t wanted = (uint32_t)e->target_port + 1;
    if (to->kind == MX_NODE_OUTPUT && wanted > 1)
        return mx_item_fail(im, e->target, MX_ERR_INVALID, "an edge reaches input %d, but an output has only input 0",
                            (int)e->target_port);
    if (wanted > to->n_wanted) to->n_wanted = wanted;
    return MX_OK;
}

/* Every new port needs an edge of its own, which bounds their number before any memory is asked for. */
static mx_status make_room(mx_import *im, uint32_t i) {
    mx_item *item = &im->items[i];
    if (item->n_wanted <= item->n_inputs) return MX_OK;
    if (item->n_wanted - item->n_inputs > item->n_in_edges)
        return mx_item_fail(im, i, MX_ERR_INVALID, "an edge reaches input %u, but the inputs before it have none",
                            item->n_wanted - 1);
    return lengthen_inputs(im, item, item->n_wanted);
}

static mx_status attach(mx_import *im, const mx_edge *e, uint32_t port) {
    mx_port *p = &im->items[e->target].inputs[port];
    if (p->source != MX_NO_NODE) return mx_item_fail(im, e->target, MX_ERR_INVALID, "input %u has two edges", port);
    p->source = e->source;
    p->source_port = (uint32_t)e->source_port;
    return MX_OK;
}

/* ---- edges without data ---- */

typedef struct candidates {
    uint32_t needed, n_needed; /* ports that cannot do without an edge: the last one and how many */
    uint32_t empty, n_empty;   /* optional ones that are left out */
} candidates;

static candidates find_candidates(const mx_import *im, const mx_item *item) {
    candidates c = {0};
    for (uint32_t i = 0; i < item->n_inputs; i++) {
        const mx_port *p = &item->inputs[i];
        if (p->source != MX_NO_NODE) continue;
        if (p->name == MX_SID_EMPTY) {
            c.empty = i;
            c.n_empty++;
        } else if (!mx_import_sees_initializer(im, item->scope, p->name)) {
            c.needed = i;
            c.n_needed++;
        }
    }
    return c;
}

static mx_status list_candidates(mx_import *im, uint32_t item, const candidates *c) {
    const mx_item *it = &im->items[item];
    char list[400] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < it->n_inputs && used < 380; i++) {
        const mx_port *p = &it->inputs[i];
        bool empty = p->name == MX_SID_EMPTY;
        if (p->source != MX_NO_NODE || (c->n_needed ? empty : !empty)) continue;
        if (!empty && mx_import_sees_initializer(im, it->scope, p->name)) continue;
        int n = snprintf(list + used, sizeof list - used, "%s%u", used ? ", " : "", i);
        used += n > 0 ? (size_t)n : 0;
    }
    if (!used)
        return mx_item_fail(im, item, MX_ERR_INVALID, "an edge without target_port comes here, but no input is free");
    return mx_item_fail(im, item, MX_ERR_INVALID,
                        "an edge without target_port comes here, and it could be for any of the inputs %s", list);
}

static mx_status attach_anywhere(mx_import *im, const mx_edge *e) {
    mx_item *item = &im->items[e->target];
    if (item->kind == MX_NODE_OUTPUT) return attach(im, e, 0);
    if (!item->n_inputs && item->flags & MX_ITEM_NEW) {
        MX_TRY(lengthen_inputs(im, item, 1));
        return attach(im, e, 0);
    }
    candidates c = find_candidates(im, item);
    if (c.n_needed == 1) return attach(im, e, c.needed);
    if (!c.n_needed && c.n_empty == 1) return attach(im, e, c.empty);
    return list_candidates(im, e->target, &c);
}

/* ---- the pass ---- */

static mx_status check_no_gap(mx_import *im, uint32_t i) {
    const mx_item *item = &im->items[i];
    for (uint32_t k = 0; item->n_wanted && k < item->n_inputs; k++)
        if (item->inputs[k].source == MX_NO_NODE && item->inputs[k].name == MX_SID_ABSENT)
            return mx_item_fail(im, i, MX_ERR_INVALID, "input %u has no edge, but input %u has one", k,
                                item->n_wanted - 1);
    return MX_OK;
}

mx_status mx_import_connect(mx_import *im) {
    for (size_t i = 0; i < im->n_edges; i++) {
        mx_edge *e = &im->edges[i];
        MX_TRY(resolve_ends(im, e));
        if (e->source == MX_NO_INDEX) continue;
        MX_TRY(check_source_port(im, e));
        MX_TRY(count_target_port(im, e));
    }
    for (uint32_t i = 0; i < im->n_items; i++)
        if (takes_values(&im->items[i])) MX_TRY(make_room(im, i));
    for (size_t i = 0; i < im->n_edges; i++) {
        const mx_edge *e = &im->edges[i];
        if (e->source != MX_NO_INDEX && e->target_port >= 0) MX_TRY(attach(im, e, (uint32_t)e->target_port));
    }
    for (size_t i = 0; i < im->n_edges; i++) {
        const mx_edge *e = &im->edges[i];
        if (e->source != MX_NO_INDEX && e->target_port < 0) MX_TRY(attach_anywhere(im, e));
    }
    for (uint32_t i = 0; i < im->n_items; i++)
        if (takes_values(&im->items[i])) MX_TRY(check_no_gap(im, i));
    return MX_OK;
}
