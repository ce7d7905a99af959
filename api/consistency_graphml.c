/* Tags in the GraphML that was made from the model. */
#include "api/consistency.h"
#include "converter/retag.h"
#include "htp/summary.h"

#include <stdio.h>

typedef struct other_file {
    mx_consistency *c;
    mx_graph *g;
    mx_htp_keys keys;
    mx_htp_stored_keys stored;
    mx_strings known; /* keys of the model's operators */
    uint32_t *places; /* by string id: place of the operator in the model + 1 */
    bool *met;        /* by place in the model */
    size_t n_tagged;
    mx_status status; /* of what was logged */
    mx_error *err;
} other_file;

/* What the import warns of are edits that the file holds and that do nothing. */
static void take_warning(void *ctx, mx_log_level level, const char *message) {
    other_file *o = ctx;
    if (level != MX_LOG_WARNING || o->status != MX_OK) return;
    o->status = mx_consistency_note(o->c, "graphml-edited", (mx_str){NULL, 0}, o->err, "%s: %s",
                                    mx_path_base(o->c->graphml), message);
}

static mx_status load(other_file *o) {
    mx_consistency *c = o->c;
    mx_env env = c->env ? *c->env : (mx_env){0};
    env.log = take_warning;
    env.ctx = o;
    env.progress = NULL;
    MX_TRY(mx_graph_load_graphml(&env, c->graphml, NULL, &o->g, o->err));
    MX_TRY(o->status);
    o->stored = mx_htp_stored_find_keys(o->g);
    MX_TRY(mx_htp_keys_make(o->g, &o->keys, o->err));
    for (size_t i = 0; i < o->keys.count; i++)
        o->n_tagged += mx_htp_stored_of(mx_node_at(o->g, o->keys.operators[i]), &o->stored).tag > MX_SID_EMPTY;
    return MX_OK;
}

static mx_status index_model(other_file *o) {
    const mx_htp_keys *k = &o->c->keys;
    size_t n = k->count + 2; /* absent and empty come before the keys */
    if (!mx_strings_init(&o->known, o->c->allocator)) return mx_nomem(o->err);
    o->places = mx_alloc_zero(o->c->allocator, n, sizeof *o->places);
    o->met = mx_alloc_zero(o->c->allocator, n, 1);
    if (!o->places || !o->met) return mx_nomem(o->err);
    for (size_t i = 0; i < k->count; i++) {
        mx_sid sid = mx_strings_add(&o->known, k->keys[i]);
        if (sid == MX_SID_NOMEM) return mx_nomem(o->err);
        if (sid < n) o->places[sid] = (uint32_t)i + 1;
    }
    return MX_OK;
}

static mx_status differs(other_file *o, mx_str key, const char *one, mx_str a, const char *other, mx_str b) {
    mx_shown x = mx_show(a), y = mx_show(b);
    return mx_consistency_note(o->c, "tag-differs", key, o->err, "%s says %s, %s %s", one, a.n ? x.text : "nothing",
                               other, b.n ? y.text : "nothing");
}

/* In the GraphML itself: the group that an operator stands in decides. In functions and bodies not all have one. */
static mx_status check_group(other_file *o, const mx_node *n, mx_node_id id, mx_str key, mx_str tag) {
    mx_node_kind around = (mx_node_kind)mx_node_at(o->g, n->parent)->kind;
    mx_str group = mx_text(o->g, mx_module_around(o->g, id)->tag);
    if (around != MX_NODE_MODULE && around != MX_NODE_MODEL) return MX_OK;
    if (!group.n || !tag.n || mx_str_eq(group, tag)) return MX_OK;
    return differs(o, key, "the GraphML's node", tag, "the group that it stands in", group);
}

static mx_status check_operator(other_file *o, size_t i) {
    mx_consistency *c = o->c;
    mx_node_id id = o->keys.operators[i];
    const mx_node *n = mx_node_at(o->g, id);
    mx_str key = o->keys.keys[i], tag = mx_text(o->g, mx_htp_stored_of(n, &o->stored).tag);
    mx_sid sid = mx_strings_find(&o->known, key);
    uint32_t place = sid < c->keys.count + 2 ? o->places[sid] : 0;
    if (!place)
        return mx_consistency_note(c, "stale-node-name", key, o->err,
                                   "the GraphML has an operator that the model does not have");
    o->met[place - 1] = true;
    MX_TRY(check_group(o, n, id, key, tag));
    mx_str file = mx_text(c->graph, c->stored[place - 1].tag);
    bool same = file.n == tag.n && (tag.n == 0 || memcmp(file.p, tag.p, tag.n) == 0);
    if (same || !o->n_tagged || !c->n_tagged) return MX_OK;
    return differs(o, key, "the file", file, "the GraphML", tag);
}

static mx_status check_all(other_file *o) {
    MX_TRY(load(o));
    MX_TRY(index_model(o));
    for (size_t i = 0; i < o->keys.count; i++)
        MX_TRY(check_operator(o, i));
    for (size_t i = 0; i < o->c->keys.count; i++)
        if (!o->met[i])
            MX_TRY(mx_consistency_note(o->c, "missing-node", o->c->keys.keys[i], o->err,
                                       "the GraphML does not have this operator"));
    return MX_OK;
}

mx_status mx_consistency_graphml(mx_consistency *c, mx_error *err) {
    size_t n = c->keys.count + 2;
    other_file o = {.c = c, .err = err};
    if (!c->graphml[0]) return MX_OK;
    mx_status status = check_all(&o);
    mx_free(c->allocator, o.places, n * sizeof *o.places);
    mx_free(c->allocator, o.met, n);
    mx_strings_free(&o.known);
    mx_htp_keys_free(&o.keys);
    mx_graph_release(o.g);
    return status;
}
