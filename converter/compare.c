#include "converter/compare_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- preparing ---- */

/* Give the strings of side 1 the ids of side 0, and further ids to those that side 0 lacks. */
static mx_status make_words(mx_cmp *c) {
    const mx_strings *a = &c->g[0]->strings, *b = &c->g[1]->strings;
    if (a->count + b->count > UINT32_MAX) return mx_fail(c->err, MX_ERR_LIMIT, "more than 2^32 different names");
    c->n_strings = b->count; /* more can come while differences are told */
    c->words = mx_alloc(c->allocator, c->n_strings * sizeof *c->words);
    if (!c->words) return mx_nomem(c->err);
    c->n_words = a->count;
    for (size_t i = 0; i < c->n_strings; i++) {
        mx_str s = mx_strings_get(b, (mx_sid)i);
        mx_sid same = s.p ? mx_strings_find(a, s) : MX_SID_ABSENT;
        c->words[i] = same != UINT32_MAX ? same : (uint32_t)c->n_words++;
    }
    return MX_OK;
}

static void set_positions(mx_cmp_node *nodes, const mx_node_id *ids, size_t n) {
    for (size_t i = 0; i < n; i++)
        nodes[ids[i]].position = (uint32_t)i;
}

/* What a body uses can be made too late in a scope around it: the order counts in all of them. */
static void mark_unordered(mx_cmp *c, int side, const mx_scope_data *s) {
    bool marks = false;
    for (size_t i = 0; i < s->n_operators && !marks; i++)
        marks = mx_cmp_at(c, side, s->operators[i])->flags & MX_FLAG_UNORDERED;
    for (const mx_node *n = mx_cmp_at(c, side, s->node); marks && !c->unordered[side][n->data];) {
        c->unordered[side][n->data] = true;
        if (n->kind != MX_NODE_BODY) return;
        n = mx_cmp_at(c, side, mx_cmp_at(c, side, n->parent)->scope);
    }
}

static mx_status start_side(mx_cmp *c, int side) {
    const mx_graph *g = c->g[side];
    c->unique[side] = mx_alloc_zero(c->allocator, c->n_words, sizeof *c->unique[side]);
    c->nodes[side] = mx_alloc(c->allocator, g->n_nodes * sizeof *c->nodes[side]);
    c->unordered[side] = mx_alloc_zero(c->allocator, g->n_scopes, sizeof *c->unordered[side]);
    if (!c->unique[side] || !c->nodes[side] || !c->unordered[side]) return mx_nomem(c->err);
    for (size_t i = 0; i < g->n_nodes; i++)
        c->nodes[side][i] = (mx_cmp_node){MX_NO_NODE, 0};
    for (size_t i = 0; i < g->n_scopes; i++) {
        const mx_scope_data *s = &g->scopes[i];
        set_positions(c->nodes[side], s->operators, s->n_operators);
        set_positions(c->nodes[side], s->inputs, s->n_inputs);
        set_positions(c->nodes[side], s->outputs, s->n_outputs);
        mark_unordered(c, side, s);
    }
    return MX_OK;
}

mx_status mx_cmp_start(mx_cmp *c) {
    mx_buffer_init(&c->where, c->allocator);
    mx_buffer_init(&c->text[0], c->allocator);
    mx_buffer_init(&c->text[1], c->allocator);
    MX_TRY(make_words(c));
    MX_TRY(start_side(c, 0));
    return start_side(c, 1);
}

void mx_cmp_finish(mx_cmp *c) {
    mx_free(c->allocator, c->words, c->n_strings * sizeof *c->words);
    for (int side = 0; side < 2; side++) {
        const mx_graph *g = c->g[side];
        mx_free(c->allocator, c->unique[side], c->n_words * sizeof *c->unique[side]);
        mx_free(c->allocator, c->nodes[side], g->n_nodes * sizeof *c->nodes[side]);
        mx_free(c->allocator, c->unordered[side], g->n_scopes * sizeof *c->unordered[side]);
        mx_free(c->allocator, c->hashes[side], g->n_nodes * sizeof *c->hashes[side]);
        mx_buffer_free(&c->text[side]);
    }
    mx_free(c->allocator, c->scopes, c->cap_scopes * sizeof *c->scopes);
    mx_free(c->allocator, c->chain, c->cap_chain * sizeof *c->chain);
    mx_buffer_free(&c->where);
}

/* ---- the model ---- */

mx_status mx_cmp_model(mx_cmp *c) {
    const mx_model_data *a = &c->g[0]->model, *b = &c->g[1]->model;
    mx_place at = mx_place_node(0, 0);
    MX_TRY(
        mx_cmp_int(c, "model", &at, "ir_version", a->has_ir_version, a->ir_version, b->has_ir_version, b->ir_version));
    MX_TRY(mx_cmp_string(c, "model", &at, "producer_name", a->producer_name, b->producer_name));
    MX_TRY(mx_cmp_string(c, "model", &at, "producer_version", a->producer_version, b->producer_version));
    MX_TRY(mx_cmp_string(c, "model", &at, "domain", a->domain, b->domain));
    return mx_cmp_int(c, "model", &at, "model_version", a->has_model_version, a->model_version, b->has_model_version,
                      b->model_version);
}

typedef struct function_lists {
    mx_node_id *of[2];
    size_t n[2], cap[2];
} function_lists;

static uint32_t word_or_empty(const mx_cmp *c, int side, mx_sid s) {
    return s == MX_SID_ABSENT ? MX_SID_EMPTY : mx_cmp_word(c, side, s);
}

/* Different functions with one key would only be reported as changed in name. */
static uint64_t function_key(const mx_cmp *c, const void *arg, int side, size_t i) {
    const function_lists *l = arg;
    const mx_node *n = mx_cmp_at(c, side, l->of[side][i]);
    uint32_t words[] = {word_or_empty(c, side, n->domain), word_or_empty(c, side, n->name),
                        word_or_empty(c, side, n->overload)};
    return XXH3_64bits(words, sizeof words);
}

static mx_status pair_functions(mx_cmp *c, const void *arg, size_t i, size_t j) {
    const function_lists *l = arg;
    bool fits;
    if (i != SIZE_MAX && j != SIZE_MAX) return mx_cmp_add_scopes(c, l->of[0][i], l->of[1][j], &fits);
    mx_place at = i != SIZE_MAX ? mx_place_node(0, l->of[0][i]) : mx_place_node(1, l->of[1][j]);
    return mx_cmp_report(c, i != SIZE_MAX ? MX_REMOVED : MX_ADDED, "function", &at);
}

static mx_status list_functions(mx_cmp *c, int side, function_lists *l) {
    mx_node_id id = mx_cmp_at(c, side, 0)->first_child;
    for (; id != MX_NO_NODE; id = mx_cmp_at(c, side, id)->next_sibling) {
        if (mx_cmp_at(c, side, id)->kind != MX_NODE_FUNCTION) continue;
        if (!mx_grow(c->allocator, (void **)&l->of[side], &l->cap[side], l->n[side], sizeof *l->of[side]))
            return mx_nomem(c->err);
        l->of[side][l->n[side]++] = id;
    }
    return MX_OK;
}

mx_status mx_cmp_match_functions(mx_cmp *c) {
    function_lists l = {0};
    mx_status status = list_functions(c, 0, &l);
    if (status == MX_OK) status = list_functions(c, 1, &l);
    if (status == MX_OK) status = mx_cmp_pairs(c, &(mx_cmp_lists){{l.n[0], l.n[1]}, function_key, pair_functions, &l});
    for (int side = 0; side < 2; side++)
        mx_free(c->allocator, l.of[side], l.cap[side] * sizeof *l.of[side]);
    return status;
}

/* Scopes are compared from a list, to which operators add their bodies: no recursion, and outer ones come first. */
static mx_status compare_all(mx_cmp *c) {
    bool fits;
    MX_TRY(mx_cmp_start(c));
    MX_TRY(mx_cmp_model(c));
    MX_TRY(mx_cmp_add_scopes(c, 0, 0, &fits));
    MX_TRY(mx_cmp_match_functions(c));
    while (c->next_scope < c->n_scopes) {
        const mx_cmp_scopes next = c->scopes[c->next_scope++];
        MX_TRY(mx_cmp_scope(c, next.of[0], next.of[1]));
    }
    return MX_OK;
}

mx_status mx_graph_compare(mx_graph *a, mx_graph *b, mx_difference_fn each, void *ctx, uint64_t *count, mx_error *err) {
    mx_cmp c = {.g = {a, b}, .allocator = a->allocator, .err = err, .each = each, .ctx = ctx};
    mx_status status = compare_all(&c);
    mx_cmp_finish(&c);
    if (c.stopped) status = MX_OK;
    *count = status == MX_OK ? c.count : 0;
    return status;
}
