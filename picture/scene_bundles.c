/* Auxiliary operators that stand together. A bundle must not have a way out of it and back in, or the picture would
 * have a cycle: each operator gets a level, which rises wherever an edge goes from one side of the line between
 * auxiliary and not (or from group to group) to the other, and runs are the connected operators of one level.
 *
 * Where constants are boxes they make no runs; they follow those that use them. */
#include "picture/scene_internal.h"

#define RUN       4u /* shorter ones stay as they are */
#define SHORT_RUN 2u /* but where there are too many boxes even so; constants count here */

typedef struct bundling {
    mx_scene *s;
    uint32_t *level, *root, *size; /* by node; root: the lowest id of its run */
    uint32_t *home;                /* by node: of a constant the root of the one run that uses it, MX_NO_INDEX: none */
    uint32_t *held;                /* by root: constants that are at home there */
    uint32_t *shown, *less;        /* by node: boxes that it shows when it is open; those that bundles take away */
    uint8_t *chosen;               /* by root */
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

static bool is_follower(const mx_scene *s, mx_node_id id) {
    return mx_scene_is_line(s, id) || (s->options.frames && mx_scene_is_constant(s->graph, mx_node_at(s->graph, id)));
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
        if (from == MX_NO_NODE || is_follower(s, from)) continue;
        uint32_t level = b->level[from] + !same_side(b, from, id);
        if (level > b->level[id]) b->level[id] = level;
    }
    for (uint32_t i = 0; i < n->n_inputs && is_auxiliary(s, id); i++) {
        mx_node_id from = n->inputs[i].source;
        if (from == MX_NO_NODE || is_follower(s, from) || !same_side(b, from, id)) continue;
        if (b->level[from] != b->level[id]) continue;
        uint32_t x = find(b->root, from), y = find(b->root, id);
        b->root[x > y ? x : y] = x > y ? y : x;
    }
}

static void find_runs(bundling *b) {
    mx_scene *s = b->s;
    const mx_graph *g = s->graph;
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        b->root[id] = id;
    for (size_t i = 0; i < g->n_scopes; i++)
        for (size_t k = 0; k < g->scopes[i].n_operators; k++)
            join(b, g->scopes[i].operators[k]);
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        b->root[id] = find(b->root, id);
        if (!is_follower(s, id)) b->size[b->root[id]]++;
    }
}

/* ---- constants ---- */

/* One that is used by two runs, by anything else or in another group has no home. */
static void follow(bundling *b, mx_node_id constant, mx_node_id user, bool first) {
    const mx_graph *g = b->s->graph;
    bool near = mx_node_at(g, constant)->parent == mx_node_at(g, user)->parent;
    uint32_t home = near && is_auxiliary(b->s, user) ? b->root[user] : MX_NO_INDEX;
    b->home[constant] = first || b->home[constant] == home ? home : MX_NO_INDEX;
}

static mx_status find_homes(bundling *b, mx_error *err) {
    mx_scene *s = b->s;
    const mx_graph *g = s->graph;
    uint8_t *used = mx_scene_array(s, g->n_nodes, 1);
    if (!used) return mx_nomem(err);
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        for (uint32_t i = 0; i < n->n_inputs; i++) {
            mx_node_id source = n->inputs[i].source;
            if (source == MX_NO_NODE || !is_follower(s, source)) continue;
            follow(b, source, id, !used[source]);
            used[source] = 1;
        }
    }
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        if (b->home[id] != MX_NO_INDEX) b->held[b->home[id]]++;
    return MX_OK;
}

/* ---- which runs become boxes ---- */

static void count_shown(bundling *b) {
    const mx_graph *g = b->s->graph;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        if (n->parent != MX_NO_NODE && !(n->flags & MX_FLAG_REMOVED)) b->shown[n->parent]++;
    }
}

static bool is_run(const bundling *b, mx_node_id id) {
    bool there = !(mx_node_at(b->s->graph, id)->flags & MX_FLAG_REMOVED);
    return there && b->root[id] == id && is_auxiliary(b->s, id) && !is_follower(b->s, id);
}

/* Where frames are asked for, only in groups that show too much still. */
static void choose(bundling *b, bool shorter) {
    const mx_graph *g = b->s->graph;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        mx_node_id parent = mx_node_at(g, id)->parent;
        if (b->chosen[id] || !is_run(b, id)) continue;
        if (b->s->options.frames && b->shown[parent] <= MX_FIRST_VIEW) continue;
        uint32_t boxes = b->size[id] + b->held[id];
        b->chosen[id] = shorter ? boxes >= SHORT_RUN : b->size[id] >= RUN;
        if (b->chosen[id]) b->less[parent] += boxes - 1;
    }
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        b->shown[id] -= b->less[id];
        b->less[id] = 0;
    }
}

static mx_status choose_for_frames(bundling *b, mx_error *err) {
    MX_TRY(find_homes(b, err));
    count_shown(b);
    choose(b, false);
    choose(b, true);
    return MX_OK;
}

static mx_status take_memory(bundling *b, mx_error *err) {
    size_t n = b->s->graph->n_nodes;
    uint32_t **arrays[] = {&b->level, &b->root, &b->size, &b->home, &b->held, &b->shown, &b->less};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        if (!(*arrays[i] = mx_scene_array(b->s, n, sizeof **arrays[i]))) return mx_nomem(err);
    b->chosen = mx_scene_array(b->s, n, 1);
    if (!b->chosen) return mx_nomem(err);
    memset(b->home, 0xff, n * sizeof *b->home);
    return MX_OK;
}

mx_status mx_scene_bundles(mx_scene *s, uint32_t *bundle_of, uint32_t *n_bundles, mx_error *err) {
    const mx_graph *g = s->graph;
    bundling b = {.s = s};
    MX_TRY(take_memory(&b, err));
    find_runs(&b);
    if (s->options.frames)
        MX_TRY(choose_for_frames(&b, err));
    else
        choose(&b, false);
    memset(bundle_of, 0xff, g->n_nodes * sizeof *bundle_of);
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        if (!is_follower(s, id) && b.chosen[b.root[id]])
            bundle_of[id] = b.root[id] == id ? (*n_bundles)++ : bundle_of[b.root[id]];
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        if (b.home[id] != MX_NO_INDEX) bundle_of[id] = bundle_of[b.home[id]];
    return MX_OK;
}
