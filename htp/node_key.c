#include "htp/node_key.h"

#include "base/json_out.h"

/* ---- the order ---- */

typedef struct listing {
    const mx_graph *g;
    mx_htp_keys *keys;
    size_t cap; /* more operators than the graph has are not listed */
} listing;

static void list_scope(listing *l, mx_node_id scope);

static void list_bodies(listing *l, const mx_node *n) {
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        const mx_attr *a = &n->attrs[i];
        if (a->ref_name != MX_SID_ABSENT) continue;
        if (a->type == MX_ATTR_GRAPH) list_scope(l, a->value.index);
        if (a->type != MX_ATTR_GRAPHS) continue;
        for (uint32_t k = 0; k < a->count; k++) list_scope(l, a->value.indices[k]);
    }
}

/* As deep as bodies stand in bodies, which reading has bounded. */
static void list_scope(listing *l, mx_node_id scope) {
    const mx_scope_data *s = &l->g->scopes[mx_node_at(l->g, scope)->data];
    for (size_t i = 0; i < s->n_operators && l->keys->count < l->cap; i++) {
        l->keys->operators[l->keys->count++] = s->operators[i];
        list_bodies(l, mx_node_at(l->g, s->operators[i]));
    }
}

static mx_status list_all(const mx_graph *g, mx_htp_keys *k, mx_error *err) {
    listing l = {g, k, 0};
    for (size_t i = 0; i < g->n_scopes; i++) l.cap += g->scopes[i].n_operators;
    k->operators = mx_arena_array(&k->arena, l.cap, sizeof *k->operators);
    k->keys = mx_arena_array(&k->arena, l.cap, sizeof *k->keys);
    if (!k->operators || !k->keys) return mx_nomem(err);
    list_scope(&l, 0);
    for (mx_node_id id = mx_node_at(g, 0)->first_child; id != MX_NO_NODE; id = mx_node_at(g, id)->next_sibling)
        if (mx_node_at(g, id)->kind == MX_NODE_FUNCTION) list_scope(&l, id);
    return MX_OK;
}

/* ---- the keys ---- */

static void plain_key(const mx_graph *g, const mx_node *n, size_t place, mx_buffer *b) {
    mx_str name = mx_text(g, n->name);
    mx_buffer_clear(b);
    mx_utf8_clean(b, name.n ? name : mx_text(g, n->op_type));
    if (name.n) return;
    mx_buffer_byte(b, '_');
    mx_buffer_uint(b, place);
}

/* Every key's id in a table of strings, and how often each id is there. */
static mx_status intern_keys(const mx_graph *g, mx_htp_keys *k, mx_strings *table, mx_sid *ids, uint32_t *uses,
                             mx_error *err) {
    mx_buffer b;
    mx_status status = MX_OK;
    mx_buffer_init(&b, g->allocator);
    for (size_t i = 0; i < k->count && status == MX_OK; i++) {
        plain_key(g, mx_node_at(g, k->operators[i]), i, &b);
        ids[i] = b.failed ? MX_SID_NOMEM : mx_strings_add(table, mx_buffer_str(&b));
        if (ids[i] == MX_SID_NOMEM) status = mx_nomem(err);
        else uses[ids[i]]++;
    }
    mx_buffer_free(&b);
    return status;
}

/* NAME#INDEX, with further "#INDEX" while some operator is really called so. */
static mx_status numbered_key(mx_strings *table, mx_str name, size_t place, mx_buffer *b, mx_sid *out, mx_error *err) {
    size_t known;
    mx_buffer_clear(b);
    mx_buffer_add(b, name.p, name.n);
    do {
        mx_buffer_byte(b, '#');
        mx_buffer_uint(b, place);
        known = table->count;
        *out = b->failed ? MX_SID_NOMEM : mx_strings_add(table, mx_buffer_str(b));
        if (*out == MX_SID_NOMEM) return mx_nomem(err);
    } while (*out < known);
    return MX_OK;
}

static mx_status number_repeated(mx_htp_keys *k, mx_strings *table, mx_sid *ids, const uint32_t *uses, mx_error *err) {
    mx_buffer b;
    mx_status status = MX_OK;
    mx_buffer_init(&b, k->arena.allocator);
    for (size_t i = 0; i < k->count && status == MX_OK; i++)
        if (uses[ids[i]] > 1) status = numbered_key(table, mx_strings_get(table, ids[i]), i, &b, &ids[i], err);
    mx_buffer_free(&b);
    return status;
}

static mx_status keep_keys(mx_htp_keys *k, const mx_strings *table, const mx_sid *ids, mx_error *err) {
    for (size_t i = 0; i < k->count; i++) {
        mx_str key = mx_strings_get(table, ids[i]);
        k->keys[i] = (mx_str){mx_arena_text(&k->arena, key.p, key.n), key.n};
        if (!k->keys[i].p) return mx_nomem(err);
    }
    return MX_OK;
}

static mx_status make_keys(const mx_graph *g, mx_htp_keys *k, mx_strings *table, mx_error *err) {
    size_t n = k->count + 2; /* ids: absent and empty come before those of the keys */
    mx_sid *ids = mx_alloc(g->allocator, n * sizeof *ids);
    uint32_t *uses = mx_alloc_zero(g->allocator, n, sizeof *uses);
    mx_status status = ids && uses ? intern_keys(g, k, table, ids, uses, err) : mx_nomem(err);
    if (status == MX_OK) status = number_repeated(k, table, ids, uses, err);
    if (status == MX_OK) status = keep_keys(k, table, ids, err);
    mx_free(g->allocator, ids, n * sizeof *ids);
    mx_free(g->allocator, uses, n * sizeof *uses);
    return status;
}

mx_status mx_htp_keys_make(const mx_graph *g, mx_htp_keys *out, mx_error *err) {
    mx_strings table;
    *out = (mx_htp_keys){0};
    mx_arena_init(&out->arena, g->allocator);
    MX_TRY(list_all(g, out, err));
    mx_status status = mx_strings_init(&table, g->allocator) ? make_keys(g, out, &table, err) : mx_nomem(err);
    mx_strings_free(&table);
    return status;
}

void mx_htp_keys_free(mx_htp_keys *k) {
    mx_arena_free(&k->arena);
    *k = (mx_htp_keys){0};
}
