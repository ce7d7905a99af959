/* Pass 5: names. What is new gets its own (import_fresh.c), outputs give theirs to the values they take
 * (import_outputs.c), and every port learns the name of the value that its edge brings. */
#include "graphml/import.h"

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
    if (!mx_grow(im->allocator, (void **)&im->rewired, &im->cap_rewired, im->n_rewired, sizeof *im->rewired))
        return mx_nomem(im->err);
    im->rewired[im->n_rewired++] = (mx_rewired){index, port};
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

mx_status mx_import_name(mx_import *im) {
    MX_TRY(mx_import_name_new(im));
    for (size_t i = 0; i < im->n_order; i++)
        MX_TRY(mx_import_name_used(im, &im->items[im->order[i]]));
    MX_TRY(mx_import_name_outputs(im));
    for (size_t i = 0; i < im->n_order; i++)
        MX_TRY(take_names(im, im->order[i]));
    return MX_OK;
}
