/* What all cuts of one graph share. */
#include "converter/extract_internal.h"

/* ---- the place of the selection ---- */

mx_status mx_chain_find(const mx_graph *g, mx_node_id scope, mx_chain *out, mx_error *err) {
    *out = (mx_chain){0};
    for (mx_node_id id = scope; id != MX_NO_NODE; out->count++) {
        const mx_node *n = mx_node_at(g, id);
        id = n->kind == MX_NODE_BODY ? mx_node_at(g, n->parent)->scope : MX_NO_NODE;
    }
    out->scopes = mx_alloc(g->allocator, out->count * sizeof *out->scopes);
    if (!out->scopes) return mx_nomem(err);
    mx_node_id id = scope;
    for (size_t i = out->count; i-- > 0;) {
        out->scopes[i] = id;
        if (i) id = mx_node_at(g, mx_node_at(g, id)->parent)->scope;
    }
    return MX_OK;
}

void mx_chain_free(const mx_graph *g, mx_chain *c) {
    mx_free(g->allocator, c->scopes, c->count * sizeof *c->scopes);
    *c = (mx_chain){0};
}

mx_held mx_held_find(const mx_graph *g, const mx_name_index *initializers, const mx_chain *chain, mx_sid name) {
    for (size_t i = chain->count; i-- > 0;) {
        uint32_t item = mx_name_index_last(initializers, mx_node_at(g, chain->scopes[i])->data, name);
        if (item == MX_NO_INDEX) continue;
        const mx_named *n = &initializers->items[item];
        return (mx_held){n->sparse ? MX_NO_INDEX : n->id, n->sparse ? n->id : MX_NO_INDEX, (uint32_t)i + 1, item};
    }
    return (mx_held){MX_NO_INDEX, MX_NO_INDEX, 0, MX_NO_INDEX};
}

/* ---- users ---- */

/* Calls `each` with the output port (as in the types) of every use. */
static void for_each_use(const mx_cutter *c, void (*each)(const mx_cutter *c, size_t port, mx_node_id user)) {
    for (mx_node_id id = 0; id < c->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(c->g, id);
        for (uint32_t k = 0; k < n->n_inputs && !(n->flags & MX_FLAG_REMOVED); k++)
            if (n->inputs[k].source != MX_NO_NODE)
                each(c, c->types->first[n->inputs[k].source] + n->inputs[k].source_port, id);
    }
}

static void count_use(const mx_cutter *c, size_t port, mx_node_id user) {
    (void)user;
    c->first_use[port + 1]++;
}

/* From the back: first_use[port + 1] comes down to where the port's users begin. */
static void enter_use(const mx_cutter *c, size_t port, mx_node_id user) {
    c->users[--c->first_use[port + 1]] = user;
}

static mx_status find_users(mx_cutter *c, mx_error *err) {
    size_t n = c->types->n_ports;
    c->first_use = mx_alloc_zero(c->g->allocator, n + 2, sizeof *c->first_use);
    if (!c->first_use) return mx_nomem(err);
    for_each_use(c, count_use);
    for (size_t i = 0; i <= n; i++) c->first_use[i + 1] += c->first_use[i];
    c->n_uses = c->first_use[n];
    c->users = mx_alloc(c->g->allocator, (c->n_uses + 1) * sizeof *c->users);
    if (!c->users) return mx_nomem(err);
    for_each_use(c, enter_use);
    for (size_t i = 0; i < n; i++) c->first_use[i] = c->first_use[i + 1];
    c->first_use[n] = c->n_uses;
    return MX_OK;
}

/* ---- the cutter ---- */

static mx_status make_slates(mx_cutter *c, mx_error *err) {
    const mx_graph *g = c->g;
    const mx_allocator *a = g->allocator;
    size_t strings = g->strings.count;
    bool made = mx_slate_init(&c->local, a, strings, 0) && mx_slate_init(&c->constant, a, g->n_nodes, MX_CUT_UNKNOWN) &&
                mx_slate_init(&c->anywhere, a, g->n_nodes, MX_CUT_UNKNOWN) &&
                mx_slate_init(&c->copied, a, g->n_nodes, 0) && mx_slate_init(&c->input_of, a, strings, 0) &&
                mx_slate_init(&c->taken, a, c->initializers.count, 0) && mx_slate_init(&c->used, a, c->types->n_ports, 0) &&
                mx_slate_init(&c->made, a, strings, 0) && mx_slate_init(&c->described, a, c->value_infos.count, 0);
    return made ? MX_OK : mx_nomem(err);
}

static mx_status make(mx_cutter *c, mx_error *err) {
    MX_TRY(mx_name_index_initializers(&c->initializers, c->g, err));
    MX_TRY(mx_name_index_value_infos(&c->value_infos, c->g, err));
    MX_TRY(mx_calls_init(&c->calls, c->g, err));
    MX_TRY(find_users(c, err));
    return make_slates(c, err);
}

mx_status mx_cutter_new(const mx_graph *g, const mx_types *types, mx_cutter **out, mx_error *err) {
    mx_cutter *c = mx_alloc_zero(g->allocator, 1, sizeof *c);
    *out = NULL;
    if (!c) return mx_nomem(err);
    c->g = g;
    c->types = types;
    mx_status status = make(c, err);
    if (status == MX_OK) *out = c;
    else mx_cutter_free(c);
    return status;
}

static void free_list(const mx_allocator *a, mx_id_list *list) {
    mx_free(a, list->items, list->cap * sizeof *list->items);
}

void mx_cutter_free(mx_cutter *c) {
    if (!c) return;
    const mx_allocator *a = c->g->allocator;
    mx_slate *const slates[] = {&c->local, &c->constant, &c->copied, &c->input_of, &c->taken, &c->used, &c->made, &c->described};
    for (size_t i = 0; i < sizeof slates / sizeof *slates; i++) mx_slate_free(slates[i]);
    mx_slate_free(&c->anywhere);
    mx_id_list *const lists[] = {&c->stack, &c->operators, &c->needed, &c->descriptions};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) free_list(a, lists[i]);
    mx_free(a, c->first_use, (c->types->n_ports + 2) * sizeof *c->first_use);
    mx_free(a, c->users, (c->n_uses + 1) * sizeof *c->users);
    mx_free(a, c->inputs, c->cap_inputs * sizeof *c->inputs);
    mx_chain_free(c->g, &c->chain);
    mx_name_index_free(&c->initializers);
    mx_name_index_free(&c->value_infos);
    mx_calls_free(&c->calls);
    mx_transplant_end(&c->transplant);
    mx_free(a, c, sizeof *c);
}

mx_status mx_cutter_add(mx_cutter *c, mx_id_list *list, uint32_t id) {
    if (!mx_grow(c->g->allocator, (void **)&list->items, &list->cap, list->count, sizeof *list->items)) return mx_nomem(c->err);
    list->items[list->count++] = id;
    return MX_OK;
}

mx_status mx_cutter_restart(mx_cutter *c, const mx_selection *s, mx_error *err) {
    mx_slate *const slates[] = {&c->local, &c->constant, &c->copied, &c->input_of, &c->taken, &c->used, &c->made, &c->described};
    for (size_t i = 0; i < sizeof slates / sizeof *slates; i++) mx_slate_wipe(slates[i]);
    c->stack.count = c->operators.count = c->needed.count = c->descriptions.count = c->n_inputs = 0;
    c->s = s;
    c->err = err;
    mx_chain_free(c->g, &c->chain);
    return mx_chain_find(c->g, s->scope, &c->chain, err);
}
