/* The nodes in the order of the model, parents before their children, and the initializers that inputs name. */
#include "picture/scene_internal.h"

typedef struct walk {
    mx_scene *scene;
    mx_node_id *order, *below; /* below: the way down to a node whose ancestors are entered with it */
    uint8_t *entered;
    uint32_t n;
    uint32_t *visible; /* by string id: the initializer of that name + 1 */
    mx_error *err;
} walk;

static void enter(walk *w, mx_node_id id) {
    mx_node_id top = id, below = MX_NO_NODE;
    if (w->entered[id]) return;
    for (;;) {
        mx_node_id parent = mx_node_at(w->scene->graph, top)->parent;
        w->below[top] = below;
        if (parent == MX_NO_NODE || w->entered[parent]) break;
        below = top;
        top = parent;
    }
    for (; top != MX_NO_NODE; top = w->below[top]) {
        w->entered[top] = 1;
        w->order[w->n++] = top;
    }
}

static void find_initializers(walk *w, mx_node_id id) {
    const mx_node *n = mx_node_at(w->scene->graph, id);
    uint32_t *tensor = w->scene->own->input_tensor + w->scene->own->input_start[id];
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (n->inputs[i].source == MX_NO_NODE)
            tensor[i] = w->visible[n->inputs[i].name] - 1; /* 0 becomes MX_NO_INDEX */
}

/* The name of an initializer of the scope, and its tensor. */
static uint32_t initializer(const mx_graph *g, const mx_scope_data *s, size_t i, mx_sid *name) {
    uint32_t t =
        i < s->n_initializers ? s->initializers[i] : g->sparses[s->sparse_initializers[i - s->n_initializers]].values;
    *name = t == MX_NO_INDEX ? MX_SID_ABSENT : g->tensors[t].name;
    return t;
}

/* They hide those of the same name around until the scope ends. */
static void show_initializers(walk *w, const mx_scope_data *s, uint32_t *hidden) {
    for (size_t i = 0; i < s->n_initializers + s->n_sparse; i++) {
        mx_sid name;
        uint32_t t = initializer(w->scene->graph, s, i, &name);
        hidden[i] = w->visible[name];
        if (name > MX_SID_EMPTY) w->visible[name] = t + 1;
    }
}

static void hide_initializers(walk *w, const mx_scope_data *s, const uint32_t *hidden) {
    for (size_t i = s->n_initializers + s->n_sparse; i-- > 0;) {
        mx_sid name;
        initializer(w->scene->graph, s, i, &name);
        w->visible[name] = hidden[i];
    }
}

static mx_status walk_scope(walk *w, mx_node_id scope, uint32_t depth);

static mx_status walk_operators(walk *w, const mx_scope_data *s, uint32_t depth) {
    const mx_graph *g = w->scene->graph;
    for (size_t i = 0; i < s->n_operators; i++) {
        mx_node_id id = s->operators[i], child;
        enter(w, id);
        find_initializers(w, id);
        for (child = mx_node_at(g, id)->first_child; child != MX_NO_NODE; child = mx_node_at(g, child)->next_sibling)
            MX_TRY(walk_scope(w, child, depth + 1));
    }
    return MX_OK;
}

static mx_status walk_scope(walk *w, mx_node_id scope, uint32_t depth) {
    const mx_graph *g = w->scene->graph;
    const mx_scope_data *s = &g->scopes[mx_node_at(g, scope)->data];
    size_t initializers = s->n_initializers + s->n_sparse;
    if (depth > g->limits.body_depth + 1)
        return mx_fail(w->err, MX_ERR_LIMIT, "graphs are nested deeper than %u", g->limits.body_depth);
    enter(w, scope);
    uint32_t *hidden = mx_alloc_zero(g->allocator, initializers + 1, sizeof *hidden);
    if (!hidden) return mx_nomem(w->err);
    show_initializers(w, s, hidden);
    for (size_t i = 0; i < s->n_inputs; i++)
        enter(w, s->inputs[i]);
    mx_status status = walk_operators(w, s, depth);
    for (size_t i = 0; i < s->n_outputs; i++) {
        enter(w, s->outputs[i]);
        find_initializers(w, s->outputs[i]);
    }
    hide_initializers(w, s, hidden);
    mx_free(g->allocator, hidden, (initializers + 1) * sizeof *hidden);
    return status;
}

static mx_status walk_all(walk *w) {
    const mx_graph *g = w->scene->graph;
    MX_TRY(walk_scope(w, 0, 0));
    for (mx_node_id id = mx_node_at(g, 0)->first_child; id != MX_NO_NODE; id = mx_node_at(g, id)->next_sibling)
        if (mx_node_at(g, id)->kind == MX_NODE_FUNCTION) MX_TRY(walk_scope(w, id, 0));
    for (mx_node_id id = 0; id < g->n_nodes; id++) /* modules without operators */
        if (!(mx_node_at(g, id)->flags & MX_FLAG_REMOVED)) enter(w, id);
    return MX_OK;
}

static mx_status number_inputs(mx_scene *s, mx_error *err) {
    const mx_graph *g = s->graph;
    uint64_t sum = 0;
    s->own->input_start = mx_scene_array(s, g->n_nodes + 1, sizeof(uint32_t));
    if (!s->own->input_start) return mx_nomem(err);
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        s->own->input_start[id] = (uint32_t)sum;
        sum += mx_node_at(g, id)->n_inputs;
        if (sum >= UINT32_MAX) return mx_fail(err, MX_ERR_LIMIT, "the model has more than %u inputs", UINT32_MAX);
    }
    s->own->input_start[g->n_nodes] = (uint32_t)sum;
    s->own->input_tensor = mx_scene_array(s, sum, sizeof(uint32_t));
    if (!s->own->input_tensor) return mx_nomem(err);
    memset(s->own->input_tensor, 0xff, sum * sizeof(uint32_t));
    return MX_OK;
}

mx_status mx_scene_order(mx_scene *s, mx_node_id **order, uint32_t *n, mx_error *err) {
    const mx_graph *g = s->graph;
    walk w = {.scene = s, .err = err};
    MX_TRY(number_inputs(s, err));
    *order = w.order = mx_scene_array(s, g->n_nodes, sizeof *w.order);
    w.below = mx_alloc_zero(g->allocator, g->n_nodes, sizeof *w.below);
    w.entered = mx_alloc_zero(g->allocator, g->n_nodes, 1);
    w.visible = mx_alloc_zero(g->allocator, g->strings.count, sizeof *w.visible);
    mx_status status = w.order && w.below && w.entered && w.visible ? walk_all(&w) : mx_nomem(err);
    mx_free(g->allocator, w.below, g->n_nodes * sizeof *w.below);
    mx_free(g->allocator, w.entered, g->n_nodes);
    mx_free(g->allocator, w.visible, g->strings.count * sizeof *w.visible);
    *n = w.n;
    return status;
}
