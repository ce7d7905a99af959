/* The module stack of a source program, as module nodes of the graph: classes, order, and where every operator stands. */
#include "htp/sources.h"

static mx_status enter_module(mx_htp_sources *s, const mx_module_data *d) {
    uint32_t module;
    mx_htp_tree *t = s->tree;
    MX_TRY(mx_htp_tree_find(t, mx_text(s->g, d->scope), true, &module, s->err));
    mx_htp_module *m = &t->modules[module];
    if (d->class_name != MX_SID_ABSENT) {
        m->class_name = d->class_name;
        m->module_type = d->module_type;
        m->torch_nn = mx_str_is(mx_text(s->g, d->module_type), "torch.nn");
    }
    if (!d->has_order || m->has_order) return MX_OK;
    m->has_order = true;
    m->order = d->execution_order;
    return MX_OK;
}

mx_status mx_htp_enter_stack(mx_htp_sources *s) {
    for (size_t i = 0; i < s->g->n_modules; i++) MX_TRY(enter_module(s, &s->g->modules[i]));
    return MX_OK;
}

/* The nearest module around, through bodies and the operators that have them. */
mx_status mx_htp_stack_scope(mx_htp_sources *s, const mx_node *op, uint32_t *out) {
    const mx_node *n = op;
    while (n->parent != MX_NO_NODE) {
        n = mx_node_at(s->g, n->parent);
        if (n->kind == MX_NODE_MODULE || n->kind == MX_NODE_MODEL)
            return mx_htp_add_scope(s, MX_HTP_FORM_DOTTED, mx_text(s->g, s->g->modules[n->kind == MX_NODE_MODEL ? 0 : n->data].scope), out);
    }
    return MX_OK;
}
