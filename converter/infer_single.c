/* The inference sees a graph of three nodes: the model, one that makes all inputs, and the operator. */
#include "converter/infer_single.h"

#include "converter/infer_rules.h"

enum { MODEL, GIVER, OPERATOR, NODES };

struct mx_infer_single {
    mx_graph *g;
    mx_infer in;
    mx_types types;
    uint32_t first[NODES + 1];
    mx_sid some_name; /* what the ports are called */
    int64_t version;
    size_t cap_ports;
};

mx_graph *mx_infer_single_graph(mx_infer_single *s) {
    return s->g;
}

void mx_infer_single_free(mx_infer_single *s) {
    if (!s) return;
    const mx_allocator *a = s->g ? s->g->allocator : s->in.arena.allocator;
    if (s->types.types) mx_free(a, s->types.types, s->cap_ports * sizeof *s->types.types);
    if (s->in.port_contents) mx_free(a, s->in.port_contents, s->cap_ports * sizeof *s->in.port_contents);
    mx_arena_free(&s->in.arena);
    mx_graph_release(s->g);
    mx_free(a, s, sizeof *s);
}

static mx_status set_up(mx_infer_single *s, const mx_env *env, mx_error *err) {
    mx_node_id id;
    MX_TRY(mx_graph_new(env, &s->g, err));
    s->in.g = s->g;
    for (int i = GIVER; i < NODES; i++)
        MX_TRY(mx_graph_add_node(s->g, MX_NODE_OPERATOR, MODEL, &id, err));
    return mx_graph_string(s->g, MX_STR_LITERAL("value"), &s->some_name, err);
}

mx_status mx_infer_single_new(const mx_env *env, int64_t version, mx_infer_single **out, mx_error *err) {
    const mx_allocator *a = env ? env->allocator : NULL;
    *out = NULL;
    mx_infer_single *s = mx_alloc_zero(a, 1, sizeof *s);
    if (!s) return mx_nomem(err);
    s->version = version;
    s->types.first = s->first;
    s->types.n_nodes = NODES;
    s->in.types = &s->types;
    mx_arena_init(&s->in.arena, a);
    mx_status status = set_up(s, env, err);
    if (status != MX_OK) {
        mx_infer_single_free(s);
        return status;
    }
    *out = s;
    return MX_OK;
}

static bool make_room(mx_infer_single *s, size_t ports) {
    const mx_allocator *a = s->g->allocator;
    if (ports <= s->cap_ports) return true;
    size_t cap = ports + 16;
    uint32_t *types = mx_alloc(a, cap * sizeof *types);
    const mx_contents **contents = mx_alloc(a, cap * sizeof *contents);
    if (!types || !contents) {
        if (types) mx_free(a, types, cap * sizeof *types);
        if (contents) mx_free(a, contents, cap * sizeof *contents);
        return false;
    }
    if (s->types.types) mx_free(a, s->types.types, s->cap_ports * sizeof *types);
    if (s->in.port_contents) mx_free(a, s->in.port_contents, s->cap_ports * sizeof *contents);
    s->types.types = types;
    s->in.port_contents = contents;
    s->cap_ports = cap;
    return true;
}

static void put_in(mx_infer_single *s, uint32_t port, const mx_known *k) {
    bool shaped = k->given && k->rank >= 0 && k->rank <= (int32_t)MX_INFER_RANK;
    mx_shape shape = {shaped ? (uint32_t)k->rank : 0, k->dims};
    s->types.types[port] = k->given ? mx_infer_tensor(&s->in, k->elem, shaped ? &shape : NULL) : MX_NO_INDEX;
    s->in.port_contents[port] = NULL;
    if (!k->given || !k->has_items) return;
    s->in.port_contents[port] =
        k->reals ? mx_infer_keep_reals(&s->in, k->reals, k->n_items) : mx_infer_keep_ints(&s->in, k->items, k->n_items);
}

static void take_out(const mx_infer_single *s, uint32_t port, mx_known *k) {
    uint32_t type = s->types.types[port];
    const mx_contents *c = s->in.port_contents[port];
    *k = (mx_known){.rank = -1};
    if (type == MX_NO_INDEX) return;
    const mx_type *t = &s->g->types[type];
    k->given = t->kind == MX_TYPE_TENSOR;
    k->elem = t->has_elem ? t->elem : 0;
    if (t->has_shape) k->rank = (int32_t)t->n_dims;
    k->dims = t->dims;
    k->has_items = c && c->items;
    if (!k->has_items) return;
    k->n_items = c->count;
    k->items = c->items;
}

static void run_rule(mx_infer_single *s, const char *op_type, const mx_node *node) {
    mx_op op = {.in = &s->in, .g = s->g, .id = OPERATOR, .node = node, .version = s->version};
    op.rule = mx_infer_find_rule(MX_STR_LITERAL(""), mx_str_of(op_type), s->version);
    if (!op.rule) return;
    if (op.rule->shape) op.rule->shape(&op);
    mx_op_out_elements(&op);
}

mx_status mx_infer_single_run(mx_infer_single *s, const char *op_type, const mx_known *in, uint32_t n_in,
                              mx_attr *attrs, uint32_t n_attrs, mx_known *out, uint32_t n_out, mx_error *err) {
    if (!make_room(s, (size_t)n_in + n_out)) return mx_nomem(err);
    mx_port *ports = mx_arena_array(&s->in.arena, n_in, sizeof *ports);
    if (!ports) return mx_nomem(err);
    s->in.status = MX_OK;
    s->in.err = err;
    s->in.contents_budget = UINT64_MAX / 2;
    s->first[OPERATOR] = n_in;
    s->first[NODES] = n_in + n_out;
    for (uint32_t i = 0; i < n_in; i++) {
        ports[i] = (mx_port){in[i].given ? s->some_name : MX_SID_EMPTY, GIVER, i};
        put_in(s, i, &in[i]);
    }
    for (uint32_t i = 0; i < n_out; i++) {
        s->types.types[n_in + i] = MX_NO_INDEX;
        s->in.port_contents[n_in + i] = NULL;
    }
    mx_node node = {.kind = MX_NODE_OPERATOR, .n_inputs = n_in, .inputs = ports, .n_outputs = n_out, .attrs = attrs};
    node.n_attrs = n_attrs;
    MX_TRY(mx_graph_string(s->g, mx_str_of(op_type), &node.op_type, err));
    if (s->in.status == MX_OK) run_rule(s, op_type, &node);
    for (uint32_t i = 0; i < n_out; i++)
        take_out(s, n_in + i, &out[i]);
    return s->in.status;
}
