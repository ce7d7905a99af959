#include "api/lent_tags.h"

#include "htp/metadata_read.h"
#include "htp/stored.h"

enum { PROPERTIES = 3 };

typedef struct lending {
    mx_lent_tags *l;
    mx_htp_metadata metadata;
    mx_sid keys[PROPERTIES];
    mx_error *err;
} lending;

static mx_str field(json_t *entry, const char *key) {
    json_t *v = json_object_get(entry, key);
    return json_is_string(v) ? (mx_str){json_string_value(v), json_string_length(v)} : (mx_str){NULL, 0};
}

static mx_status enter(lending *w, size_t place) {
    mx_graph *g = w->l->g;
    mx_node *n = mx_node_at(g, w->l->keys.operators[place]);
    mx_str key = w->l->keys.keys[place];
    json_t *entry = json_object_getn(w->metadata.node_tags, key.p, key.n);
    const mx_str values[PROPERTIES] = {field(entry, "primary_path"), field(entry, "scope"), field(entry, "method")};
    mx_pair *items = NULL;
    if (!values[0].n || !values[1].p) return MX_OK;
    MX_TRY(mx_graph_array(g, n->metadata.count + PROPERTIES, sizeof *items, &items, w->err));
    if (n->metadata.count) memcpy(items, n->metadata.items, n->metadata.count * sizeof *items);
    for (int i = 0; i < PROPERTIES; i++) {
        mx_pair *p = &items[n->metadata.count + (uint32_t)i];
        p->key = w->keys[i];
        MX_TRY(mx_graph_string(g, values[i], &p->value, w->err));
    }
    n->metadata = (mx_pairs){items, n->metadata.count + PROPERTIES};
    return MX_OK;
}

static mx_status enter_all(lending *w) {
    static const char *const names[PROPERTIES] = {"hierarchy_tag", "hierarchy_scope", "hierarchy_method"};
    mx_lent_tags *l = w->l;
    if (!w->metadata.node_tags || !json_object_size(w->metadata.node_tags)) return MX_OK;
    for (int i = 0; i < PROPERTIES; i++)
        MX_TRY(mx_graph_string(l->g, mx_str_of(names[i]), &w->keys[i], w->err));
    MX_TRY(mx_htp_keys_make(l->g, &l->keys, w->err));
    l->own = mx_alloc(l->g->allocator, (l->keys.count + 1) * sizeof *l->own);
    if (!l->own) return mx_nomem(w->err);
    for (size_t i = 0; i < l->keys.count; i++)
        l->own[i] = mx_node_at(l->g, l->keys.operators[i])->metadata;
    for (size_t i = 0; i < l->keys.count; i++)
        MX_TRY(enter(w, i));
    return MX_OK;
}

bool mx_lent_tags_wanted(const mx_graph *g) {
    mx_htp_stored_keys own = mx_htp_stored_find_keys(g);
    return own.tag == MX_SID_ABSENT && own.path == MX_SID_ABSENT && own.scope == MX_SID_ABSENT;
}

mx_status mx_lent_tags_give(mx_lent_tags *l, mx_graph *g, mx_str text, mx_error *err) {
    lending w = {.l = l, .err = err};
    *l = (mx_lent_tags){.g = g};
    if (!mx_lent_tags_wanted(g)) return MX_OK;
    mx_status status = mx_htp_metadata_read(g->allocator, text, g->limits.json_depth, &w.metadata, err);
    if (status == MX_OK) status = enter_all(&w);
    mx_htp_metadata_free(&w.metadata);
    return status;
}

void mx_lent_tags_return(mx_lent_tags *l) {
    if (!l->g) return;
    for (size_t i = 0; l->own && i < l->keys.count; i++)
        mx_node_at(l->g, l->keys.operators[i])->metadata = l->own[i];
    mx_free(l->g->allocator, l->own, (l->keys.count + 1) * sizeof *l->own);
    mx_htp_keys_free(&l->keys);
    *l = (mx_lent_tags){0};
}
