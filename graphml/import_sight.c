/* Where edges may go: a body sees the values of the graphs around it, a function none but its own, and nothing inside
 * is seen from outside. */
#include "graphml/import.h"

#include <stdio.h>

static bool sees(const mx_import *im, uint32_t scope, uint32_t other) {
    for (uint32_t depth = 0; scope != MX_NO_INDEX && depth <= im->g->limits.body_depth; depth++) {
        if (scope == other) return true;
        scope = mx_import_outer_scope(im, scope);
    }
    return false;
}

/* "the body then_branch of 'choice'", "the function 'Twice'" */
static void show_scope(const mx_import *im, uint32_t scope, char *out, size_t size) {
    const mx_item *item = &im->items[scope];
    mx_shown name = mx_show(mx_text(im->g, item->name));
    if (item->kind == MX_NODE_BODY)
        snprintf(out, size, "the body %s of '%.80s'", name.text, mx_item_show(im, item->container).text);
    else
        snprintf(out, size, "the function %s", name.text);
}

static mx_status refuse(mx_import *im, uint32_t index, uint32_t port, const mx_port *p) {
    const mx_item *item = &im->items[index], *from = &im->items[p->source];
    const char *what = item->kind == MX_NODE_OUTPUT ? "output" : "input";
    mx_shown name = mx_show(mx_text(im->g, from->outputs[p->source_port]));
    char inside[300];
    if (from->scope != im->model) {
        show_scope(im, from->scope, inside, sizeof inside);
        return mx_item_fail(im, index, MX_ERR_INVALID,
                            "%s %u takes %s of '%.80s', which cannot be seen from here: values leave %s through its "
                            "outputs only",
                            what, port, name.text, mx_item_show(im, p->source).text, inside);
    }
    uint32_t scope = item->scope;
    while (mx_import_outer_scope(im, scope) != MX_NO_INDEX)
        scope = mx_import_outer_scope(im, scope);
    show_scope(im, scope, inside, sizeof inside);
    return mx_item_fail(im, index, MX_ERR_INVALID,
                        "%s %u takes %s of '%.80s', which cannot be seen from here: values come into %s through its "
                        "inputs only",
                        what, port, name.text, mx_item_show(im, p->source).text, inside);
}

mx_status mx_import_look(mx_import *im) {
    for (uint32_t i = 0; i < im->n_items; i++) {
        const mx_item *item = &im->items[i];
        for (uint32_t k = 0; k < item->n_inputs; k++) {
            const mx_port *p = &item->inputs[k];
            if (p->source != MX_NO_NODE && !sees(im, item->scope, im->items[p->source].scope))
                return refuse(im, i, k, p);
        }
    }
    return MX_OK;
}
