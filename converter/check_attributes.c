/* Attributes: typed, named once, bodies and tensors in place. */
#include "converter/check_internal.h"

static void report(mx_checker *c, const char *code, mx_node_id node, uint32_t i, const char *what) {
    mx_sid name = mx_node_at(c->g, node)->attrs[i].name;
    mx_check_report(c, code, node, i, "the attribute %s %s", mx_show(mx_text(c->g, name)).text, what);
}

static void check_name(mx_checker *c, mx_node_id node, uint32_t i) {
    mx_sid name = mx_node_at(c->g, node)->attrs[i].name;
    if (!mx_check_named(name)) {
        mx_check_report(c, "unnamed-attribute", node, i, "attribute %lu has no name", (unsigned long)i);
        return;
    }
    if (c->attribute[name] == node + 1) report(c, "duplicate-attribute", node, i, "is given more than once");
    c->attribute[name] = node + 1;
}

static void check_body(mx_checker *c, mx_node_id node, uint32_t i, mx_node_id body) {
    const mx_graph *g = c->g;
    bool there = body < g->n_nodes && mx_node_at(g, body)->kind == MX_NODE_BODY &&
                 mx_node_at(g, body)->parent == node && !c->has_attribute[body];
    if (there)
        c->has_attribute[body] = true;
    else
        report(c, "missing-body", node, i, "has no body of its own");
}

static void check_value(mx_checker *c, mx_node_id node, uint32_t i) {
    const mx_attr *a = &mx_node_at(c->g, node)->attrs[i];
    void (*check_tensor)(mx_checker *, mx_node_id, uint32_t) = mx_check_tensor;
    switch (a->type) {
    case MX_ATTR_OPAQUE: report(c, "odd-attribute", node, i, "is not a plain attribute with one type and value"); break;
    case MX_ATTR_UNDEFINED: report(c, "untyped-attribute", node, i, "has no type"); break;
    case MX_ATTR_GRAPH: check_body(c, node, i, a->value.index); break;
    case MX_ATTR_GRAPHS:
        for (uint32_t k = 0; k < a->count; k++)
            check_body(c, node, i, a->value.indices[k]);
        break;
    case MX_ATTR_TENSOR: mx_check_tensor(c, node, a->value.index); break;
    case MX_ATTR_SPARSE_TENSOR: mx_check_sparse(c, node, a->value.index); break;
    case MX_ATTR_SPARSE_TENSORS: check_tensor = mx_check_sparse; /* fall through */
    case MX_ATTR_TENSORS:
        for (uint32_t k = 0; k < a->count; k++)
            check_tensor(c, node, a->value.indices[k]);
        break;
    default: break;
    }
}

static void check_reference(mx_checker *c, mx_node_id node, uint32_t i) {
    const mx_attr *a = &mx_node_at(c->g, node)->attrs[i];
    if (a->type == MX_ATTR_UNDEFINED) report(c, "untyped-attribute", node, i, "has no type");
    if (mx_node_at(c->g, c->root)->kind != MX_NODE_FUNCTION)
        report(c, "reference-outside-function", node, i, "refers to one of a function, but stands in none");
    else if (c->formal[a->ref_name] != c->root + 1)
        report(c, "unknown-reference", node, i, "refers to one that the function does not have");
}

void mx_check_attributes(mx_checker *c, mx_node_id node) {
    const mx_graph *g = c->g;
    const mx_node *n = mx_node_at(g, node);
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        check_name(c, node, i);
        if (n->attrs[i].ref_name != MX_SID_ABSENT)
            check_reference(c, node, i);
        else
            check_value(c, node, i);
    }
    for (mx_node_id b = n->first_child; b != MX_NO_NODE; b = mx_node_at(g, b)->next_sibling)
        if (n->kind == MX_NODE_OPERATOR && mx_node_at(g, b)->kind == MX_NODE_BODY && !c->has_attribute[b])
            mx_check_report(c, "stray-body", node, MX_NO_INDEX, "the body %s belongs to no attribute",
                            mx_show(mx_text(g, mx_node_at(g, b)->name)).text);
}
