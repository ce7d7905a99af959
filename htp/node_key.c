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

typedef struct key_maker {
    const mx_graph *g;
    mx_htp_keys *keys;
    uint8_t *uses; /* by string id: operators of that name; 2 stands for more, too */
    mx_buffer b;
} key_maker;

static void count_names(key_maker *m) {
    for (size_t i = 0; i < m->keys->count; i++) {
        mx_sid name = mx_node_at(m->g, m->keys->operators[i])->name;
        if (m->uses[name] < 2) m->uses[name]++;
    }
}

static bool is_name(const key_maker *m) {
    mx_sid sid = mx_strings_find(&m->g->strings, mx_buffer_str(&m->b));
    return sid != MX_SID_NOMEM && m->uses[sid];
}

static void add_index(key_maker *m, char before, size_t place) {
    mx_buffer_byte(&m->b, before);
    mx_buffer_uint(&m->b, place);
}

/* All that is made here ends with the operator's own INDEX, so that no two are alike; only true names are in the way. */
static bool make_key(key_maker *m, const mx_node *n, size_t place, mx_str *out) {
    mx_str name = mx_text(m->g, n->name);
    mx_buffer_clear(&m->b);
    mx_utf8_clean(&m->b, name.n ? name : mx_text(m->g, n->op_type));
    add_index(m, name.n ? '#' : '_', place);
    while (!m->b.failed && is_name(m)) add_index(m, '#', place);
    if (m->b.failed) return false;
    *out = (mx_str){mx_arena_text(&m->keys->arena, m->b.data, m->b.size), m->b.size};
    return out->p != NULL;
}

static mx_status make_keys(key_maker *m, mx_error *err) {
    count_names(m);
    for (size_t i = 0; i < m->keys->count; i++) {
        const mx_node *n = mx_node_at(m->g, m->keys->operators[i]);
        mx_str name = mx_text(m->g, n->name);
        m->keys->keys[i] = name;
        if (name.n && m->uses[n->name] == 1 && mx_utf8_valid(name.p, name.n)) continue;
        if (!make_key(m, n, i, &m->keys->keys[i])) return mx_nomem(err);
    }
    return MX_OK;
}

mx_status mx_htp_keys_make(const mx_graph *g, mx_htp_keys *out, mx_error *err) {
    key_maker m = {.g = g, .keys = out};
    *out = (mx_htp_keys){0};
    mx_arena_init(&out->arena, g->allocator);
    MX_TRY(list_all(g, out, err));
    mx_buffer_init(&m.b, g->allocator);
    m.uses = mx_alloc_zero(g->allocator, g->strings.count, 1);
    mx_status status = m.uses ? make_keys(&m, err) : mx_nomem(err);
    mx_free(g->allocator, m.uses, g->strings.count);
    mx_buffer_free(&m.b);
    return status;
}

void mx_htp_keys_free(mx_htp_keys *k) {
    mx_arena_free(&k->arena);
    *k = (mx_htp_keys){0};
}
