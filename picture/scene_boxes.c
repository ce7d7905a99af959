/* Boxes from nodes: what is a group, a pill, a line, and to which family it belongs. */
#include "picture/scene_internal.h"

bool mx_scene_is_constant(const mx_graph *g, const mx_node *n) {
    mx_str domain = mx_text(g, n->domain);
    bool onnx = domain.n == 0 || mx_str_is(domain, "ai.onnx");
    return n->kind == MX_NODE_OPERATOR && onnx && n->n_inputs == 0 && n->n_outputs == 1 &&
           n->first_child == MX_NO_NODE && mx_str_is(mx_text(g, n->op_type), "Constant");
}

/* ---- constants that become lines ---- */

/* constant_of: the first operator that takes it; only where nothing but operators without bodies takes it. */
static mx_status find_lines(mx_scene *s, mx_error *err) {
    const mx_graph *g = s->graph;
    uint32_t *user = mx_scene_array(s, g->n_nodes, sizeof *user);
    uint8_t *stays = mx_scene_array(s, g->n_nodes, 1);
    if (!user || !stays) return mx_nomem(err);
    memset(user, 0xff, g->n_nodes * sizeof *user);
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        bool plain = n->kind == MX_NODE_OPERATOR && n->first_child == MX_NO_NODE;
        for (uint32_t i = 0; i < n->n_inputs; i++) {
            mx_node_id source = n->inputs[i].source;
            if (source == MX_NO_NODE || !mx_scene_is_constant(g, mx_node_at(g, source))) continue;
            if (!plain) stays[source] = 1;
            if (user[source] == MX_NO_INDEX) user[source] = id;
        }
    }
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        if (stays[id]) user[id] = MX_NO_INDEX;
    s->own->constant_of = user;
    return MX_OK;
}

/* ---- boxes ---- */

static bool all_quiet(const mx_scene *s, mx_node_id id, const mx_node *n) {
    for (uint32_t k = 0; k < n->n_outputs; k++)
        if (!s->values[s->value_start[id] + k].quiet) return false;
    return n->n_outputs > 0;
}

static mx_box_kind kind_of(const mx_scene *s, const mx_node *n) {
    switch ((mx_node_kind)n->kind) {
    case MX_NODE_MODEL: return MX_BOX_MODEL;
    case MX_NODE_FUNCTION: return MX_BOX_FUNCTION;
    case MX_NODE_BODY: return MX_BOX_BODY;
    case MX_NODE_MODULE: return MX_BOX_MODULE;
    case MX_NODE_OPERATOR: break;
    case MX_NODE_INPUT:
    case MX_NODE_OUTPUT: return MX_BOX_VALUE;
    }
    if (n->first_child != MX_NO_NODE) return MX_BOX_COMPOUND;
    return mx_scene_is_constant(s->graph, n) ? MX_BOX_CONSTANT : MX_BOX_OPERATOR;
}

static mx_family family_of(const mx_scene *s, mx_node_id id, const mx_node *n, mx_box_kind kind) {
    const mx_graph *g = s->graph;
    if (kind == MX_BOX_VALUE) return MX_FAMILY_VALUE;
    if (kind > MX_BOX_VALUE && kind != MX_BOX_COMPOUND) return MX_FAMILY_GROUP;
    mx_family family = mx_family_of(mx_text(g, n->domain), mx_text(g, n->op_type));
    if (kind == MX_BOX_COMPOUND) return family == MX_FAMILY_ELEMENTWISE ? MX_FAMILY_GROUP : family;
    return all_quiet(s, id, n) ? MX_FAMILY_SHAPE : family;
}

static mx_scene_box *add_box(mx_scene *s, mx_node_id node, uint32_t parent, mx_box_kind kind, mx_family family) {
    mx_scene_box *b = &s->boxes[s->n_boxes++];
    *b = (mx_scene_box){.node = node,
                        .parent = parent,
                        .first_child = MX_NO_BOX,
                        .next = MX_NO_BOX,
                        .kind = (uint8_t)kind,
                        .family = (uint8_t)family,
                        .is_group = kind > MX_BOX_VALUE,
                        .quiet = family == MX_FAMILY_SHAPE,
                        .depth = parent == MX_NO_BOX ? 0 : s->boxes[parent].depth + 1};
    return b;
}

static void box_of_node(mx_scene *s, mx_node_id id, uint32_t bundle, uint32_t *bundle_box) {
    const mx_node *n = mx_node_at(s->graph, id);
    uint32_t parent = n->parent == MX_NO_NODE ? MX_NO_BOX : s->box_of[n->parent];
    mx_box_kind kind = kind_of(s, n);
    if (mx_scene_is_line(s, id)) return;
    if (bundle != MX_NO_INDEX) {
        if (bundle_box[bundle] == MX_NO_BOX) {
            bundle_box[bundle] = s->n_boxes;
            add_box(s, MX_NO_NODE, parent, MX_BOX_BUNDLE, MX_FAMILY_SHAPE);
        }
        parent = bundle_box[bundle];
    }
    s->box_of[id] = s->n_boxes;
    add_box(s, id, parent, kind, family_of(s, id, n, kind));
}

/* Modules that hold nothing but constants which are lines elsewhere: there is nothing to show of them. order: groups
 * before what they hold. */
static mx_status find_bare(mx_scene *s, const mx_node_id *order, uint32_t n, uint8_t **bare, mx_error *err) {
    const mx_graph *g = s->graph;
    uint8_t *holds = mx_scene_array(s, g->n_nodes, 1);
    if (!holds) return mx_nomem(err);
    for (uint32_t i = n; i-- > 0;) {
        const mx_node *node = mx_node_at(g, order[i]);
        bool seen = holds[order[i]] || node->kind != MX_NODE_MODULE || node->first_child == MX_NO_NODE;
        holds[order[i]] = !seen;
        if (seen && !mx_scene_is_line(s, order[i]) && node->parent != MX_NO_NODE) holds[node->parent] = 1;
    }
    *bare = holds;
    return MX_OK;
}

static void link_children(mx_scene *s) {
    for (uint32_t i = s->n_boxes; i-- > 1;) {
        mx_scene_box *b = &s->boxes[i], *parent = &s->boxes[b->parent];
        b->next = parent->first_child;
        parent->first_child = i;
        parent->n_children++;
    }
}

mx_status mx_scene_boxes(mx_scene *s, const mx_node_id *order, uint32_t n, mx_error *err) {
    const mx_graph *g = s->graph;
    uint32_t *bundle_of = NULL, *bundle_box = NULL, n_bundles = 0;
    uint8_t *bare = NULL;
    if (s->options.fold_constants) {
        MX_TRY(find_lines(s, err));
        MX_TRY(find_bare(s, order, n, &bare, err));
    }
    if (s->options.bundle || s->options.frames) {
        bundle_of = mx_scene_array(s, g->n_nodes, sizeof *bundle_of);
        if (!bundle_of) return mx_nomem(err);
        MX_TRY(mx_scene_bundles(s, bundle_of, &n_bundles, err));
        bundle_box = mx_scene_array(s, n_bundles, sizeof *bundle_box);
        if (!bundle_box) return mx_nomem(err);
        memset(bundle_box, 0xff, n_bundles * sizeof *bundle_box);
    }
    s->boxes = mx_scene_array(s, (size_t)n + n_bundles, sizeof *s->boxes);
    s->box_of = mx_scene_array(s, g->n_nodes, sizeof *s->box_of);
    if (!s->boxes || !s->box_of) return mx_nomem(err);
    memset(s->box_of, 0xff, g->n_nodes * sizeof *s->box_of);
    for (uint32_t i = 0; i < n; i++)
        if (!bare || !bare[order[i]])
            box_of_node(s, order[i], bundle_of ? bundle_of[order[i]] : MX_NO_INDEX, bundle_box);
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        if (mx_scene_is_line(s, id)) s->box_of[id] = s->box_of[s->own->constant_of[id]];
    link_children(s);
    return MX_OK;
}
