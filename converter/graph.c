#include "converter/graph.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

mx_status mx_graph_new(const mx_env *env, mx_graph **out, mx_error *err) {
    const mx_allocator *a = env ? env->allocator : NULL;
    mx_graph *g = mx_alloc_zero(a, 1, sizeof *g);
    *out = NULL;
    if (!g) return mx_nomem(err);
    g->allocator = a;
    if (env) g->env = *env;
    g->limits = env && env->limits ? *env->limits : mx_limits_default();
    g->env.limits = NULL; /* the copy above counts from now on */
    mx_arena_init(&g->arena, a);
    mx_node_id root = MX_NO_NODE;
    mx_status status = mx_strings_init(&g->strings, a) ? MX_OK : mx_nomem(err);
    if (status == MX_OK) status = mx_graph_add_node(g, MX_NODE_MODEL, MX_NO_NODE, &root, err);
    if (status != MX_OK) {
        mx_graph_release(g);
        return status;
    }
    g->scopes[0].has_graph = true;
    *out = g;
    return MX_OK;
}

static void release_scope(const mx_allocator *a, mx_scope_data *s) {
    mx_free(a, s->initializers, s->cap_initializers * sizeof *s->initializers);
    mx_free(a, s->sparse_initializers, s->cap_sparse * sizeof *s->sparse_initializers);
    mx_free(a, s->value_infos, s->cap_value_infos * sizeof *s->value_infos);
    mx_free(a, s->operators, s->cap_operators * sizeof *s->operators);
    mx_free(a, s->inputs, s->cap_inputs * sizeof *s->inputs);
    mx_free(a, s->outputs, s->cap_outputs * sizeof *s->outputs);
}

void mx_graph_release(mx_graph *g) {
    if (!g) return;
    const mx_allocator *a = g->allocator;
    for (size_t i = 0; i < g->n_scopes; i++) release_scope(a, &g->scopes[i]);
    for (size_t i = 0; i < g->n_sources; i++) mx_source_release(g->sources[i]);
    for (size_t i = 0; i < g->cap_blocks && g->blocks[i]; i++) mx_free(a, g->blocks[i], MX_NODE_BLOCK * sizeof(mx_node));
    mx_free(a, g->blocks, g->cap_blocks * sizeof *g->blocks);
    mx_free(a, g->scopes, g->cap_scopes * sizeof *g->scopes);
    mx_free(a, g->modules, g->cap_modules * sizeof *g->modules);
    mx_free(a, g->tensors, g->cap_tensors * sizeof *g->tensors);
    mx_free(a, g->sparses, g->cap_sparses * sizeof *g->sparses);
    mx_free(a, g->types, g->cap_types * sizeof *g->types);
    mx_free(a, g->sources, g->cap_sources * sizeof *g->sources);
    mx_free(a, g->checks, g->cap_checks * sizeof *g->checks);
    mx_free(a, g->external_files, g->cap_external_files * sizeof *g->external_files);
    mx_free(a, g->type_slots, g->n_type_slots * sizeof *g->type_slots);
    mx_strings_free(&g->strings);
    mx_arena_free(&g->arena);
    mx_free(a, g, sizeof *g);
}

#define GROW(g, items, cap, count) mx_grow((g)->allocator, (void **)&(items), &(cap), (count), sizeof *(items))

/* ---- nodes ---- */

static mx_status new_node(mx_graph *g, mx_node_id *out, mx_error *err) {
    size_t block = g->n_nodes / MX_NODE_BLOCK;
    if (g->n_nodes >= g->limits.nodes || g->n_nodes >= MX_NO_NODE)
        return mx_fail(err, MX_ERR_LIMIT, "more than %llu nodes", (unsigned long long)g->limits.nodes);
    if (block >= g->cap_blocks) {
        size_t old = g->cap_blocks;
        if (!GROW(g, g->blocks, g->cap_blocks, block)) return mx_nomem(err);
        memset(g->blocks + old, 0, (g->cap_blocks - old) * sizeof *g->blocks);
    }
    if (!g->blocks[block]) {
        g->blocks[block] = mx_alloc(g->allocator, MX_NODE_BLOCK * sizeof(mx_node));
        if (!g->blocks[block]) return mx_nomem(err);
    }
    *out = (mx_node_id)g->n_nodes++;
    *mx_node_at(g, *out) = (mx_node){.parent = MX_NO_NODE,
                                     .first_child = MX_NO_NODE,
                                     .last_child = MX_NO_NODE,
                                     .next_sibling = MX_NO_NODE,
                                     .data = MX_NO_INDEX};
    return MX_OK;
}

static void add_scope_data(mx_graph *g, mx_node_id id) {
    g->scopes[g->n_scopes] = (mx_scope_data){.node = id, .has_graph = true};
    mx_node_at(g, id)->data = (uint32_t)g->n_scopes++;
}

static void add_module_data(mx_graph *g, mx_node_id id) {
    g->modules[g->n_modules] = (mx_module_data){.node = id};
    if (mx_node_at(g, id)->kind == MX_NODE_MODULE) mx_node_at(g, id)->data = (uint32_t)g->n_modules;
    g->n_modules++;
}

static void list_in_scope(mx_graph *g, mx_node_id id) {
    const mx_node *n = mx_node_at(g, id);
    mx_scope_data *s = mx_scope_of(g, n);
    if (n->kind == MX_NODE_OPERATOR) s->operators[s->n_operators++] = id;
    if (n->kind == MX_NODE_INPUT) s->inputs[s->n_inputs++] = id;
    if (n->kind == MX_NODE_OUTPUT) s->outputs[s->n_outputs++] = id;
}

/* Room for all that a new node needs, so that adding it cannot fail half-way. */
static bool reserve(mx_graph *g, mx_node_kind kind, mx_node_id parent) {
    if (kind <= MX_NODE_BODY && !GROW(g, g->scopes, g->cap_scopes, g->n_scopes)) return false;
    if ((kind == MX_NODE_MODEL || kind == MX_NODE_MODULE) && !GROW(g, g->modules, g->cap_modules, g->n_modules))
        return false;
    if (kind < MX_NODE_OPERATOR) return true;
    mx_scope_data *s = mx_scope_of(g, mx_node_at(g, parent));
    if (kind == MX_NODE_OPERATOR) return GROW(g, s->operators, s->cap_operators, s->n_operators);
    if (kind == MX_NODE_INPUT) return GROW(g, s->inputs, s->cap_inputs, s->n_inputs);
    return GROW(g, s->outputs, s->cap_outputs, s->n_outputs);
}

static void append_child(mx_graph *g, mx_node_id id, mx_node_id parent) {
    mx_node *n = mx_node_at(g, id), *p = mx_node_at(g, parent);
    n->parent = parent;
    n->next_sibling = MX_NO_NODE;
    if (p->last_child == MX_NO_NODE) {
        p->first_child = id;
    } else {
        mx_node_at(g, p->last_child)->next_sibling = id;
    }
    p->last_child = id;
}

mx_status mx_graph_add_node(mx_graph *g, mx_node_kind kind, mx_node_id parent, mx_node_id *out, mx_error *err) {
    mx_node_id id = MX_NO_NODE;
    *out = MX_NO_NODE;
    if (!reserve(g, kind, parent)) return mx_nomem(err);
    MX_TRY(new_node(g, &id, err));
    mx_node *n = mx_node_at(g, id);
    n->kind = (uint8_t)kind;
    if (parent != MX_NO_NODE) append_child(g, id, parent);
    n->scope = mx_is_scope(n) ? id : mx_node_at(g, parent)->scope;
    if (mx_is_scope(n)) add_scope_data(g, id);
    if (kind == MX_NODE_MODEL || kind == MX_NODE_MODULE) add_module_data(g, id);
    if (kind >= MX_NODE_OPERATOR) list_in_scope(g, id);
    *out = id;
    return MX_OK;
}

void mx_graph_move_node(mx_graph *g, mx_node_id id, mx_node_id parent) {
    mx_node *n = mx_node_at(g, id), *old = mx_node_at(g, n->parent);
    if (old->first_child == id) {
        old->first_child = n->next_sibling;
        if (old->last_child == id) old->last_child = MX_NO_NODE;
    } else {
        mx_node_id before = old->first_child;
        while (mx_node_at(g, before)->next_sibling != id) before = mx_node_at(g, before)->next_sibling;
        mx_node_at(g, before)->next_sibling = n->next_sibling;
        if (old->last_child == id) old->last_child = before;
    }
    append_child(g, id, parent);
}

/* ---- pieces ---- */

mx_status mx_graph_string(mx_graph *g, mx_str s, mx_sid *out, mx_error *err) {
    *out = mx_strings_add(&g->strings, s);
    return *out == MX_SID_NOMEM ? mx_nomem(err) : MX_OK;
}

mx_status mx_graph_array(mx_graph *g, size_t count, size_t size, void *out_pointer, mx_error *err) {
    void *p = mx_arena_array(&g->arena, count, size);
    if (!p) return mx_nomem(err);
    memset(p, 0, count * size);
    memcpy(out_pointer, &p, sizeof p);
    return MX_OK;
}

static uint64_t hash_type(const mx_type *t) {
    uint64_t words[] = {(uint64_t)t->kind, t->has_elem, t->has_shape, (uint64_t)(uint32_t)t->elem, t->child,
                        t->n_dims, t->domain, t->name, t->denotation};
    uint64_t h = XXH3_64bits(words, sizeof words);
    for (uint32_t i = 0; i < t->n_dims; i++) {
        uint64_t dim[] = {(uint64_t)t->dims[i].kind, t->dims[i].param, t->dims[i].denotation, (uint64_t)t->dims[i].value};
        h = XXH3_64bits_withSeed(dim, sizeof dim, h);
    }
    return h;
}

static bool types_equal(const mx_type *a, const mx_type *b) {
    if (a->kind != b->kind || a->has_elem != b->has_elem || a->has_shape != b->has_shape || a->elem != b->elem ||
        a->child != b->child || a->n_dims != b->n_dims || a->domain != b->domain || a->name != b->name ||
        a->denotation != b->denotation)
        return false;
    for (uint32_t i = 0; i < a->n_dims; i++) {
        const mx_dim *x = &a->dims[i], *y = &b->dims[i];
        if (x->kind != y->kind || x->param != y->param || x->denotation != y->denotation || x->value != y->value)
            return false;
    }
    return true;
}

/* Slots hold index + 1. */
static size_t type_slot(const mx_graph *g, const mx_type *t) {
    size_t mask = g->n_type_slots - 1, i = (size_t)hash_type(t) & mask;
    while (g->type_slots[i] && !types_equal(&g->types[g->type_slots[i] - 1], t)) i = (i + 1) & mask;
    return i;
}

static bool grow_type_slots(mx_graph *g) {
    size_t old = g->n_type_slots, n = old ? old * 2 : 64;
    uint32_t *slots = mx_alloc_zero(g->allocator, n, sizeof *slots);
    if (!slots) return false;
    mx_free(g->allocator, g->type_slots, old * sizeof *slots);
    g->type_slots = slots;
    g->n_type_slots = n;
    for (size_t i = 0; i < g->n_types; i++) g->type_slots[type_slot(g, &g->types[i])] = (uint32_t)i + 1;
    return true;
}

mx_status mx_graph_add_type(mx_graph *g, const mx_type *type, uint32_t *out, mx_error *err) {
    if (g->n_types * 2 >= g->n_type_slots && !grow_type_slots(g)) return mx_nomem(err);
    size_t slot = type_slot(g, type);
    if (g->type_slots[slot]) {
        *out = g->type_slots[slot] - 1;
        return MX_OK;
    }
    if (!GROW(g, g->types, g->cap_types, g->n_types)) return mx_nomem(err);
    mx_type copy = *type;
    copy.dims = type->n_dims ? mx_arena_copy(&g->arena, type->dims, type->n_dims * sizeof *type->dims) : NULL;
    if (type->n_dims && !copy.dims) return mx_nomem(err);
    g->types[g->n_types] = copy;
    *out = (uint32_t)g->n_types++;
    g->type_slots[slot] = *out + 1;
    return MX_OK;
}

#define DEFINE_ADD(function, type, items, cap, n)                                              \
    mx_status function(mx_graph *g, const type *item, uint32_t *out, mx_error *err) {          \
        if (!GROW(g, g->items, g->cap, g->n)) return mx_nomem(err);                            \
        g->items[g->n] = *item;                                                                \
        *out = (uint32_t)g->n++;                                                               \
        return MX_OK;                                                                          \
    }
DEFINE_ADD(mx_graph_add_tensor, mx_tensor, tensors, cap_tensors, n_tensors)
DEFINE_ADD(mx_graph_add_sparse, mx_sparse, sparses, cap_sparses, n_sparses)
DEFINE_ADD(mx_graph_add_check, mx_check, checks, cap_checks, n_checks)
DEFINE_ADD(mx_graph_add_external_file, mx_external_file, external_files, cap_external_files, n_external_files)

mx_status mx_graph_add_source(mx_graph *g, mx_source *s, uint32_t *out, mx_error *err) {
    if (!GROW(g, g->sources, g->cap_sources, g->n_sources)) {
        mx_source_release(s);
        return mx_nomem(err);
    }
    g->sources[g->n_sources] = s;
    *out = (uint32_t)g->n_sources++;
    return MX_OK;
}

mx_status mx_graph_add_bytes(mx_graph *g, mx_str bytes, mx_blob *out, mx_error *err) {
    mx_source *s;
    *out = (mx_blob){.check = MX_NO_INDEX, .size = bytes.n};
    const void *copy = mx_arena_copy(&g->arena, bytes.p, bytes.n);
    if (!copy) return mx_nomem(err);
    MX_TRY(mx_source_from_memory(&g->env, copy, bytes.n, false, &s, err));
    return mx_graph_add_source(g, s, &out->source, err);
}

#define DEFINE_SCOPE_ADD(function, type, items, cap, n)                                        \
    mx_status function(mx_graph *g, mx_scope_data *s, type item, mx_error *err) {              \
        if (!GROW(g, s->items, s->cap, s->n)) return mx_nomem(err);                            \
        s->items[s->n++] = item;                                                               \
        return MX_OK;                                                                          \
    }
DEFINE_SCOPE_ADD(mx_scope_add_initializer, uint32_t, initializers, cap_initializers, n_initializers)
DEFINE_SCOPE_ADD(mx_scope_add_sparse, uint32_t, sparse_initializers, cap_sparse, n_sparse)

mx_status mx_scope_add_value_info(mx_graph *g, mx_scope_data *s, const mx_value_info *v, mx_error *err) {
    if (!GROW(g, s->value_infos, s->cap_value_infos, s->n_value_infos)) return mx_nomem(err);
    s->value_infos[s->n_value_infos++] = *v;
    return MX_OK;
}

bool mx_scope_has_initializer(const mx_graph *g, const mx_scope_data *s, mx_sid name) {
    for (size_t i = 0; i < s->n_initializers; i++)
        if (g->tensors[s->initializers[i]].name == name) return true;
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t values = g->sparses[s->sparse_initializers[i]].values;
        if (values != MX_NO_INDEX && g->tensors[values].name == name) return true;
    }
    return false;
}
