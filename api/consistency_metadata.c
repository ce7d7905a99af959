/* Tags in the model, operator by operator, and those in the metadata JSON. */
#include "api/consistency.h"

static mx_status differs(mx_consistency *c, size_t i, const char *one, mx_str a, const char *other, mx_str b,
                         mx_error *err) {
    mx_shown x = mx_show(a), y = mx_show(b);
    return mx_consistency_note(c, "tag-differs", c->keys.keys[i], err, "%s %s %s, %s %s %s", one,
                               a.n ? "says" : "says nothing", a.n ? x.text : "", other, b.n ? "says" : "says nothing",
                               b.n ? y.text : "");
}

static mx_status check_node(mx_consistency *c, size_t i, mx_error *err) {
    const mx_htp_metadata *m = &c->metadata;
    mx_str key = c->keys.keys[i], file = mx_consistency_text(c, c->stored[i].tag);
    mx_str node = mx_htp_metadata_node(m, key), entry = mx_htp_metadata_node_tag(m, key);
    if (m->nodes && m->node_tags && !mx_str_eq(node, entry))
        MX_TRY(differs(c, i, "the metadata's \"nodes\"", node, "its \"node_tags\"", entry, err));
    if (c->n_tagged == 0 || (!m->nodes && !m->node_tags)) return MX_OK;
    mx_str told = m->nodes ? node : entry;
    bool same = told.n == file.n && (file.n == 0 || memcmp(told.p, file.p, file.n) == 0);
    return same ? MX_OK : differs(c, i, "the file", file, "the metadata", told, err);
}

static mx_status check_names(mx_consistency *c, json_t *object, const mx_strings *known, const char *what,
                             mx_error *err) {
    const char *name;
    size_t size;
    json_t *value;
    json_object_keylen_foreach(object, name, size, value) {
        if (mx_strings_find(known, (mx_str){name, size}) != MX_SID_NOMEM) continue;
        MX_TRY(mx_consistency_note(c, "stale-node-name", (mx_str){name, size}, err,
                                   "the metadata's \"%s\" names an operator that the model does not have", what));
    }
    return MX_OK;
}

/* A name that is stale in both lists is told once. */
static mx_status check_all_names(mx_consistency *c, mx_strings *known, mx_error *err) {
    const char *name;
    size_t size;
    json_t *value;
    for (size_t i = 0; i < c->keys.count; i++)
        if (mx_strings_add(known, c->keys.keys[i]) == MX_SID_NOMEM) return mx_nomem(err);
    MX_TRY(check_names(c, c->metadata.nodes, known, "nodes", err));
    json_object_keylen_foreach(c->metadata.nodes, name, size, value) {
        if (mx_strings_add(known, (mx_str){name, size}) == MX_SID_NOMEM) return mx_nomem(err);
    }
    return check_names(c, c->metadata.node_tags, known, "node_tags", err);
}

mx_status mx_consistency_metadata(mx_consistency *c, mx_error *err) {
    mx_strings known;
    if (!c->has_metadata) return MX_OK;
    if (c->n_tagged == 0 && c->metadata.embedded && c->keys.count)
        MX_TRY(mx_consistency_note(c, "untagged-model", (mx_str){NULL, 0}, err,
                                   "the metadata says that tags were written into the model, and it has none"));
    for (size_t i = 0; i < c->keys.count; i++)
        MX_TRY(check_node(c, i, err));
    mx_status status = mx_strings_init(&known, c->allocator) ? check_all_names(c, &known, err) : mx_nomem(err);
    mx_strings_free(&known);
    return status;
}
