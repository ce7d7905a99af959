/* Graph outputs in pass 5: the value that an edge brings to an output must bear the output's name. Where it is made by
 * an operator of the same scope and is no output already, it is renamed; else an Identity makes a value of that name.
 * Whoever bore the name before gets a fresh one. */
#include "graphml/import.h"

typedef struct naming {
    mx_import *im;
    mx_map makers;  /* (scope's item, name) -> item of the first that makes it; filled when the first output needs it */
    mx_map claimed; /* (item, port) -> output that its name belongs to */
    bool filled;
} naming;

static mx_sid value_name(const mx_import *im, const mx_port *p) {
    return im->items[p->source].outputs[p->source_port];
}

static mx_status claim(naming *n, const mx_port *p, uint32_t output) {
    uint32_t have;
    return mx_map_add(&n->claimed, mx_map_pair(p->source, p->source_port), output, &have) ? MX_OK
                                                                                          : mx_nomem(n->im->err);
}

static mx_status fill_makers(naming *n) {
    mx_import *im = n->im;
    uint32_t have;
    if (n->filled) return MX_OK;
    n->filled = true;
    for (size_t i = 0; i < im->n_order; i++) {
        const mx_item *item = &im->items[im->order[i]];
        for (uint32_t k = 0; k < item->n_outputs; k++)
            if (!mx_map_add(&n->makers, mx_map_pair(item->scope, item->outputs[k]), im->order[i], &have))
                return mx_nomem(im->err);
    }
    return MX_OK;
}

/* An initializer that bore the name: its users follow by im->renamed. */
static mx_status displace_initializer(mx_import *im, uint32_t scope, mx_sid name) {
    const mx_compound *c = &im->compounds[im->items[scope].compound];
    mx_sid fresh;
    uint32_t have;
    MX_TRY(mx_import_fresh_name(im, name, "initializer", &fresh));
    for (uint32_t i = 0; i < c->n_initializers; i++) {
        mx_tensor *t = &im->g->tensors[c->initializers[i]];
        if (t->name == name) t->name = fresh;
    }
    for (uint32_t i = 0; i < c->n_sparse; i++) {
        uint32_t values = im->g->sparses[c->sparse[i]].values;
        if (values != MX_NO_INDEX && im->g->tensors[values].name == name) im->g->tensors[values].name = fresh;
    }
    bool noted = mx_map_add(&im->renamed, mx_map_pair(scope, name), fresh, &have) &&
                 mx_map_add(&im->initializers, mx_map_pair(scope, fresh), 0, &have);
    return noted ? MX_OK : mx_nomem(im->err);
}

/* Take the output's name away from whoever makes a value of that name. */
static mx_status displace(naming *n, uint32_t output, const mx_port *keeper) {
    mx_import *im = n->im;
    const mx_item *o = &im->items[output];
    MX_TRY(fill_makers(n));
    if (mx_map_get(&im->initializers, mx_map_pair(o->scope, o->name)) != MX_NO_INDEX &&
        mx_map_get(&im->renamed, mx_map_pair(o->scope, o->name)) == MX_NO_INDEX)
        MX_TRY(displace_initializer(im, o->scope, o->name));
    uint32_t bearer = mx_map_get(&n->makers, mx_map_pair(o->scope, o->name));
    if (bearer == MX_NO_INDEX) return MX_OK;
    mx_item *b = &im->items[bearer];
    for (uint32_t k = 0; k < b->n_outputs; k++) {
        if (b->outputs[k] != o->name || (keeper && keeper->source == bearer && keeper->source_port == k)) continue;
        if (b->kind == MX_NODE_INPUT)
            return mx_item_fail(im, output, MX_ERR_INVALID, "an input of the graph has the name of this output");
        if (mx_map_get(&n->claimed, mx_map_pair(bearer, k)) != MX_NO_INDEX)
            return mx_item_fail(im, output, MX_ERR_INVALID, "two outputs of the same name take different values");
        MX_TRY(mx_import_fresh_name(im, o->name, "value", &b->outputs[k]));
    }
    return MX_OK;
}

/* A new operator between the value and the output. Items may move: take their addresses afterwards. */
static mx_status insert_identity(naming *n, uint32_t output) {
    mx_import *im = n->im;
    uint32_t index;
    MX_TRY(mx_import_add_item(im, &index));
    mx_item *o = &im->items[output], *item = &im->items[index];
    item->kind = MX_NODE_OPERATOR;
    item->flags = MX_ITEM_NEW;
    item->line = o->line;
    item->container = item->scope = o->scope;
    item->xml_id = o->xml_id;
    MX_TRY(mx_graph_string(im->g, MX_STR_LITERAL("Identity"), &item->op_type, im->err));
    MX_TRY(mx_import_fresh_name(im, item->op_type, "Identity", &item->name));
    MX_TRY(mx_graph_array(im->g, 1, sizeof *item->inputs, &item->inputs, im->err));
    MX_TRY(mx_graph_array(im->g, 1, sizeof *item->outputs, &item->outputs, im->err));
    item->n_inputs = item->n_outputs = 1;
    item->inputs[0] = o->inputs[0];
    item->outputs[0] = o->name;
    o->inputs[0] = (mx_port){o->name, index, 0};
    im->report->nodes_new++;
    if (!mx_grow(im->allocator, (void **)&im->order, &im->cap_order, im->n_order, sizeof *im->order))
        return mx_nomem(im->err);
    im->order[im->n_order++] = index;
    return MX_OK;
}

static mx_status tell_taken(mx_import *im, uint32_t output) {
    const mx_item *o = &im->items[output];
    if (o->flags & MX_ITEM_NEW) return MX_OK;
    mx_change c = mx_change_of(im, output, "rewired");
    c.port = 0;
    c.before = o->name;
    c.after = value_name(im, &o->inputs[0]);
    im->report->ports_changed++;
    return mx_graphml_tell(im->g, im->report, &c, im->err);
}

static mx_status connect_output(naming *n, uint32_t output) {
    mx_import *im = n->im;
    mx_item *o = &im->items[output];
    mx_port *p = &o->inputs[0];
    const mx_item *from = &im->items[p->source];
    MX_TRY(tell_taken(im, output));
    bool free_value = mx_map_get(&n->claimed, mx_map_pair(p->source, p->source_port)) == MX_NO_INDEX;
    if (o->name <= MX_SID_EMPTY) { /* a new output without a name */
        o->name = value_name(im, p);
        if (!free_value || from->scope != o->scope) MX_TRY(mx_import_fresh_name(im, o->name, "output", &o->name));
        p->name = o->name;
        if (o->name == value_name(im, p)) return claim(n, p, output);
    }
    bool rename = free_value && from->kind == MX_NODE_OPERATOR && from->scope == o->scope;
    MX_TRY(displace(n, output, rename ? p : NULL));
    if (!rename) return insert_identity(n, output);
    im->items[p->source].outputs[p->source_port] = o->name;
    im->items[p->source].flags |= MX_ITEM_RENAMED;
    return claim(n, p, output);
}

static mx_status name_outputs(naming *n) {
    mx_import *im = n->im;
    size_t n_order = im->n_order;
    for (size_t i = 0; i < n_order; i++) {
        const mx_item *o = &im->items[im->order[i]];
        bool bound = o->kind == MX_NODE_OUTPUT && o->inputs[0].source != MX_NO_NODE;
        if (bound && value_name(im, &o->inputs[0]) == o->name) MX_TRY(claim(n, &o->inputs[0], im->order[i]));
    }
    for (size_t i = 0; i < n_order; i++) {
        const mx_item *o = &im->items[im->order[i]];
        bool bound = o->kind == MX_NODE_OUTPUT && o->inputs[0].source != MX_NO_NODE;
        if (bound && value_name(im, &o->inputs[0]) != o->name) MX_TRY(connect_output(n, im->order[i]));
    }
    return MX_OK;
}

mx_status mx_import_name_outputs(mx_import *im) {
    naming n = {.im = im};
    mx_map_init(&n.makers, im->allocator);
    mx_map_init(&n.claimed, im->allocator);
    mx_status status = name_outputs(&n);
    mx_map_free(&n.makers);
    mx_map_free(&n.claimed);
    return status;
}
