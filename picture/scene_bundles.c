/* Auxiliary operators that stand together. A bundle must not have a way out of it and back in, or the picture would
 * have a cycle: each operator gets a level, which rises wherever an edge goes from one side of the line between
 * auxiliary and not (or from group to group) to the other, and bundles are the connected operators of one level. */
#include "picture/scene_internal.h"

#define RUN 4u /* shorter ones stay as they are */

typedef struct bundling {
    mx_scene *s;
    uint32_t *level, *root, *size; /* by node */
} bundling;

static bool is_auxiliary(const mx_scene *s, mx_node_id id) {
    const mx_graph *g = s->graph;
    const mx_node *n = mx_node_at(g, id);
    if (n->kind != MX_NODE_OPERATOR || n->first_child != MX_NO_NODE) return false;
    if (mx_family_of(mx_text(g, n->domain), mx_text(g, n->op_type)) == MX_FAMILY_SHAPE) return true;
    for (uint32_t k = 0; k < n->n_outputs; k++)
        if (!s->values[s->value_start[id] + k].quiet) return false;
    return n->n_outputs > 0;
}

static uint32_t find(uint32_t *root, uint32_t v) {
    while (root[v] != v)
        v = root[v] = root[root[v]];
    return v;
}

static bool same_side(const bundling *b, mx_node_id from, mx_node_id to) {
    const mx_graph *g = b->s->graph;
    bool a = is_auxiliary(b->s, from), c = is_auxiliary(b->s, to);
    return a == c && (!a || mx_node_at(g, from)->parent == mx_node_at(g, to)->parent);
}

static void join(bundling *b, mx_node_id id) {
    mx_scene *s = b->s;
    const mx_node *n = mx_node_at(s->graph, id);
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        mx_node_id from = n->inputs[i].source;
        if (from == MX_NO_NODE || mx_scene_is_line(s, from)) continue;
        uint32_t level = b->level[from] + !same_side(b, from, id);
        if (level > b->level[id]) b->level[id] = level;
    }
    for (uint32_t i = 0; i < n->n_inputs && is_auxiliary(s, id); i++) {
        mx_node_id from = n->inputs[i].source;
        if (from == MX_NO_NODE || mx_scene_is_line(s, from) || !same_side(b, from, id)) continue;
        if (b->level[from] != b->level[id]) continue;
        uint32_t x = find(b->root, from), y = find(b->root, id);
        b->root[x > y ? x : y] = x > y ? y : x;
    }
}

mx_status mx_scene_bundles(mx_scene *s, uint32_t *bundle_of, uint32_t *n_bundles, mx_error *err) {
    const mx_graph *g = s->graph;
    bundling b = {s, mx_scene_array(s, g->n_nodes, 4), mx_scene_array(s, g->n_nodes, 4),
                  mx_scene_array(s, g->n_nodes, 4)};
    if (!b.level || !b.root || !b.size) return mx_nomem(err);
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        b.root[id] = id;
    for (size_t i = 0; i < g->n_scopes; i++)
        for (size_t k = 0; k < g->scopes[i].n_operators; k++)
            join(&b, g->scopes[i].operators[k]);
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        if (!mx_scene_is_line(s, id)) b.size[find(b.root, id)]++;
    memset(bundle_of, 0xff, g->n_nodes * sizeof *bundle_of);
    for (mx_node_id id = 0; id < g->n_nodes; id++) /* the root of a bundle is its lowest id */
        if (b.size[b.root[id] = find(b.root, id)] >= RUN && is_auxiliary(s, id) && !mx_scene_is_line(s, id))
            bundle_of[id] = b.root[id] == id ? (*n_bundles)++ : bundle_of[b.root[id]];
    return MX_OK;
}
