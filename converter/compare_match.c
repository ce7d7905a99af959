/* Which operators of two scopes correspond: by name, by the values they make, by structure. Operators that stay alone
 * are what was added and removed; a wrong match would only make a longer list of differences, never hide one. */
#include "converter/compare_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SEVERAL      UINT32_MAX
#define HASHED_BYTES 64u /* tensors up to this size are part of an operator's structure with their content */

static void pair(mx_cmp *c, mx_node_id a, mx_node_id b) {
    c->nodes[0][a].match = b;
    c->nodes[1][b].match = a;
}

static bool is_free(const mx_cmp *c, int side, mx_node_id id) {
    return c->nodes[side][id].match == MX_NO_NODE;
}

/* ---- by names ---- */

typedef enum handle { BY_NAME, BY_OUTPUT } handle;

static uint32_t handle_count(const mx_node *n, handle by) {
    return by == BY_NAME ? 1 : n->n_outputs;
}

/* The word by which an operator can be found, 0 if it is none. */
static uint32_t handle_word(const mx_cmp *c, int side, const mx_node *n, handle by, uint32_t k) {
    mx_sid name = by == BY_NAME ? n->name : n->outputs[k];
    return mx_cmp_named(name) ? mx_cmp_word(c, side, name) : 0;
}

static void note_bearers(mx_cmp *c, int side, const mx_scope_data *s, handle by) {
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_node *n = mx_cmp_at(c, side, s->operators[i]);
        for (uint32_t k = 0; is_free(c, side, s->operators[i]) && k < handle_count(n, by); k++) {
            uint32_t word = handle_word(c, side, n, by, k);
            if (word) c->unique[side][word] = c->unique[side][word] ? SEVERAL : (uint32_t)i + 1;
        }
    }
}

static void forget_bearers(mx_cmp *c, int side, const mx_scope_data *s, handle by) {
    for (size_t i = 0; i < s->n_operators; i++) {
        const mx_node *n = mx_cmp_at(c, side, s->operators[i]);
        for (uint32_t k = 0; k < handle_count(n, by); k++)
            c->unique[side][handle_word(c, side, n, by, k)] = 0;
    }
}

static bool same_kind(const mx_cmp *c, const mx_node *a, const mx_node *b) {
    return mx_cmp_same(c, a->op_type, b->op_type) && mx_cmp_same(c, a->domain, b->domain);
}

static void pair_by_handle(mx_cmp *c, mx_node_id a, const mx_scope_data *sb, handle by, bool any_kind) {
    const mx_node *n = mx_cmp_at(c, 0, a);
    for (uint32_t k = 0; k < handle_count(n, by) && is_free(c, 0, a); k++) {
        uint32_t word = handle_word(c, 0, n, by, k), i = c->unique[1][word];
        if (!word || c->unique[0][word] == SEVERAL || i == 0 || i == SEVERAL) continue;
        mx_node_id b = sb->operators[i - 1];
        if (is_free(c, 1, b) && (any_kind || same_kind(c, n, mx_cmp_at(c, 1, b)))) pair(c, a, b);
    }
}

/* Match operators that share a name which nothing else in either scope bears. Returns how many of `sa` are left. */
static size_t match_by_handle(mx_cmp *c, const mx_scope_data *sa, const mx_scope_data *sb, handle by, bool any_kind) {
    size_t left = 0;
    note_bearers(c, 0, sa, by);
    note_bearers(c, 1, sb, by);
    for (size_t i = 0; i < sa->n_operators; i++) {
        if (is_free(c, 0, sa->operators[i])) pair_by_handle(c, sa->operators[i], sb, by, any_kind);
        left += is_free(c, 0, sa->operators[i]);
    }
    forget_bearers(c, 0, sa, by);
    forget_bearers(c, 1, sb, by);
    return left;
}

/* ---- by structure ---- */

static uint64_t mix(uint64_t seed, uint64_t a, uint64_t b) {
    uint64_t words[] = {a, b};
    return XXH3_64bits_withSeed(words, sizeof words, seed);
}

static mx_status hash_tensor(const mx_cmp *c, int side, uint32_t tensor, uint64_t *h) {
    uint8_t bytes[HASHED_BYTES];
    const mx_source *s;
    if (tensor == MX_NO_INDEX) return MX_OK;
    const mx_tensor *t = &c->g[side]->tensors[tensor];
    *h = XXH3_64bits_withSeed(t->dims, t->n_dims * sizeof *t->dims, mix(*h, (uint64_t)t->data_type, t->n_dims));
    if (!mx_cmp_has_data(t) || t->data.size > sizeof bytes) return MX_OK;
    MX_TRY(mx_cmp_source(c, side, &t->data, &s));
    MX_TRY(mx_source_read(s, t->data.offset, bytes, (size_t)t->data.size, c->err));
    *h = XXH3_64bits_withSeed(bytes, (size_t)t->data.size, *h);
    return MX_OK;
}

static uint64_t hash_words(const mx_cmp *c, int side, const mx_sid *sids, uint32_t n) {
    uint64_t h = n;
    for (uint32_t i = 0; i < n; i++)
        h = mix(h, mx_cmp_word(c, side, sids[i]), i);
    return h;
}

static mx_status hash_parts(const mx_cmp *c, int side, const mx_attr *a, const uint32_t *indices, uint32_t n,
                            uint64_t *h) {
    for (uint32_t i = 0; i < n; i++) {
        if (a->type == MX_ATTR_TENSOR || a->type == MX_ATTR_TENSORS) MX_TRY(hash_tensor(c, side, indices[i], h));
        if (a->type == MX_ATTR_GRAPH || a->type == MX_ATTR_GRAPHS) *h = mix(*h, c->hashes[side][indices[i]], i);
    }
    return MX_OK;
}

static mx_status hash_attribute(const mx_cmp *c, int side, const mx_attr *a, uint64_t *h) {
    *h = mix((uint64_t)a->type, mx_cmp_word(c, side, a->name), mx_cmp_word(c, side, a->ref_name));
    if (a->ref_name != MX_SID_ABSENT) return MX_OK;
    switch (a->type) {
    case MX_ATTR_UNDEFINED: return MX_OK;
    case MX_ATTR_FLOAT: *h = XXH3_64bits_withSeed(&a->value.f, sizeof a->value.f, *h); return MX_OK;
    case MX_ATTR_INT: *h = mix(*h, (uint64_t)a->value.i, 0); return MX_OK;
    case MX_ATTR_STRING:
    case MX_ATTR_OPAQUE: *h = mix(*h, mx_cmp_word(c, side, a->value.s), 0); return MX_OK;
    case MX_ATTR_FLOATS: *h = XXH3_64bits_withSeed(a->value.floats, a->count * sizeof(float), *h); return MX_OK;
    case MX_ATTR_INTS: *h = XXH3_64bits_withSeed(a->value.ints, a->count * sizeof(int64_t), *h); return MX_OK;
    case MX_ATTR_STRINGS: *h = mix(*h, hash_words(c, side, a->value.sids, a->count), 0); return MX_OK;
    case MX_ATTR_TENSORS:
    case MX_ATTR_GRAPHS: return hash_parts(c, side, a, a->value.indices, a->count, h);
    default: return hash_parts(c, side, a, &a->value.index, 1, h);
    }
}

/* What an operator is by itself: its type and its attributes, in any order. */
static mx_status hash_alone(const mx_cmp *c, int side, const mx_node *n, uint64_t *h) {
    uint64_t sum = 0, one;
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        MX_TRY(hash_attribute(c, side, &n->attrs[i], &one));
        sum += one;
    }
    *h = mix(sum, mx_cmp_word(c, side, n->op_type), mx_cmp_word(c, side, n->domain));
    *h = mix(*h, n->n_inputs, n->n_outputs);
    return MX_OK;
}

/* Where an input comes from: what is matched counts as itself, the rest by its own structure. */
static uint64_t hash_port_deep(const mx_cmp *c, int side, const mx_port *p, mx_node_id scope) {
    if (p->source == MX_NO_NODE) return mix(1, mx_cmp_word(c, side, p->name), 0);
    mx_node_id match = c->nodes[side][p->source].match;
    if (match != MX_NO_NODE) return mix(2, side ? match : p->source, p->source_port);
    if (mx_cmp_at(c, side, p->source)->scope == scope) return mix(3, c->hashes[side][p->source], p->source_port);
    return mix(4, mx_cmp_word(c, side, p->name), 0);
}

/* The same by its next neighbour alone, so that one change does not reach all that follows. */
static uint64_t hash_port_near(const mx_cmp *c, int side, const mx_port *p) {
    if (p->source == MX_NO_NODE) return mix(5, p->name == MX_SID_EMPTY, 0);
    const mx_node *source = mx_cmp_at(c, side, p->source);
    return mix(6 + source->kind, mx_cmp_word(c, side, source->op_type), p->source_port);
}

/* How much around an operator has to be alike. */
typedef enum reach {
    REACH_ALL,     /* all that leads to it and all that it leads to */
    REACH_SOURCES, /* all that leads to it */
    REACH_NEAR     /* its direct sources */
} reach;

static mx_status hash_operator(mx_cmp *c, int side, mx_node_id id, reach far) {
    const mx_node *n = mx_cmp_at(c, side, id);
    uint64_t h;
    MX_TRY(hash_alone(c, side, n, &h));
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        const mx_port *p = &n->inputs[k];
        h = mix(h, far == REACH_NEAR ? hash_port_near(c, side, p) : hash_port_deep(c, side, p, n->scope), k);
    }
    c->hashes[side][id] = h;
    return MX_OK;
}

/* Bodies within bodies come later in the list of scopes, so that going backwards needs no recursion. */
static mx_status hash_bodies(mx_cmp *c, int side) {
    const mx_graph *g = c->g[side];
    for (size_t i = g->n_scopes; i-- > 0;) {
        const mx_scope_data *s = &g->scopes[i];
        uint64_t sum = 0, one;
        if (mx_cmp_at(c, side, s->node)->kind != MX_NODE_BODY) continue;
        for (size_t k = 0; k < s->n_operators; k++) {
            MX_TRY(hash_alone(c, side, mx_cmp_at(c, side, s->operators[k]), &one));
            sum += one;
        }
        c->hashes[side][s->node] = mix(sum, s->n_inputs, s->n_outputs);
    }
    return MX_OK;
}

static mx_status prepare_hashes(mx_cmp *c) {
    for (int side = 0; side < 2 && !c->hashes[1]; side++) {
        c->hashes[side] = mx_alloc_zero(c->allocator, c->g[side]->n_nodes, sizeof(uint64_t));
        if (!c->hashes[side]) return mx_nomem(c->err);
        MX_TRY(hash_bodies(c, side));
    }
    return MX_OK;
}

/* Operators without a match, and the hash of each. */
typedef struct loners {
    mx_node_id *ids;
    uint64_t *keys;
    size_t count, room;
} loners;

static void free_loners(mx_cmp *c, loners *l) {
    mx_free(c->allocator, l->ids, l->room * sizeof *l->ids);
    mx_free(c->allocator, l->keys, l->room * sizeof *l->keys);
}

/* Add to the hash of each source without a match who uses it, and how. */
static void add_use(mx_cmp *c, int side, mx_node_id id) {
    const mx_node *n = mx_cmp_at(c, side, id);
    mx_node_id match = c->nodes[side][id].match;
    uint64_t user = match == MX_NO_NODE ? c->hashes[side][id] : mix(20, side ? match : id, 0);
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        const mx_port *p = &n->inputs[k];
        if (p->source == MX_NO_NODE || !is_free(c, side, p->source)) continue;
        if (mx_cmp_at(c, side, p->source)->scope == n->scope)
            c->hashes[side][p->source] += mix(user, k, p->source_port);
    }
}

/* Backwards: what uses an operator has its final hash before that is added. */
static void add_uses(mx_cmp *c, int side, const mx_scope_data *s) {
    for (size_t i = 0; i < s->n_outputs; i++)
        add_use(c, side, s->outputs[i]);
    for (size_t i = s->n_operators; i-- > 0;)
        add_use(c, side, s->operators[i]);
}

static mx_status collect_loners(mx_cmp *c, int side, const mx_scope_data *s, reach far, loners *l) {
    l->room = s->n_operators;
    l->ids = mx_alloc(c->allocator, l->room * sizeof *l->ids);
    l->keys = mx_alloc(c->allocator, l->room * sizeof *l->keys);
    if (!l->ids || !l->keys) return mx_nomem(c->err);
    for (size_t i = 0; i < s->n_operators; i++) /* what was hashed for another pass must not be seen in this one */
        c->hashes[side][s->operators[i]] = 0;
    for (size_t i = 0; i < s->n_operators; i++)
        if (is_free(c, side, s->operators[i])) MX_TRY(hash_operator(c, side, s->operators[i], far));
    if (far == REACH_ALL) add_uses(c, side, s);
    for (size_t i = 0; i < s->n_operators; i++) {
        mx_node_id id = s->operators[i];
        if (!is_free(c, side, id)) continue;
        l->ids[l->count] = id;
        l->keys[l->count++] = c->hashes[side][id];
    }
    return MX_OK;
}

static mx_status pair_loners(mx_cmp *c, const loners *a, const loners *b) {
    size_t n = a->count + b->count;
    if (a->count == 0 || b->count == 0) return MX_OK;
    uint32_t *match = mx_alloc(c->allocator, n * sizeof *match);
    if (!match) return mx_nomem(c->err);
    mx_status status = mx_cmp_match_keys(c, a->keys, a->count, b->keys, b->count, match, match + a->count);
    for (size_t i = 0; status == MX_OK && i < a->count; i++)
        if (match[i]) pair(c, a->ids[i], b->ids[match[i] - 1]);
    mx_free(c->allocator, match, n * sizeof *match);
    return status;
}

static mx_status match_by_structure(mx_cmp *c, const mx_scope_data *sa, const mx_scope_data *sb, reach far) {
    loners a = {0}, b = {0};
    MX_TRY(prepare_hashes(c));
    mx_status status = collect_loners(c, 0, sa, far, &a);
    if (status == MX_OK) status = collect_loners(c, 1, sb, far, &b);
    if (status == MX_OK) status = pair_loners(c, &a, &b);
    free_loners(c, &a);
    free_loners(c, &b);
    return status;
}

mx_status mx_cmp_match_operators(mx_cmp *c, const mx_scope_data *a, const mx_scope_data *b) {
    if (match_by_handle(c, a, b, BY_NAME, false) == 0) return MX_OK;
    if (match_by_handle(c, a, b, BY_OUTPUT, false) == 0) return MX_OK;
    MX_TRY(match_by_structure(c, a, b, REACH_ALL));
    MX_TRY(match_by_structure(c, a, b, REACH_SOURCES));
    if (match_by_handle(c, a, b, BY_NAME, true) == 0) return MX_OK;
    if (match_by_handle(c, a, b, BY_OUTPUT, true) == 0) return MX_OK;
    return match_by_structure(c, a, b, REACH_NEAR);
}
