/* Tag queries: what the tags of a model say, and the part of it that a text selects. */
#include "api/consistency.h"
#include "api/group.h"
#include "api/load.h"
#include "api/paths.h"
#include "htp/query.h"
#include "htp/summary.h"
#include "onnx_io/onnx_io.h"

#include <stdio.h>

typedef struct tag_count {
    mx_sid tag;
    uint64_t operators;
} tag_count;

struct mx_tags {
    const mx_allocator *allocator;
    mx_graph *g;
    char path[MX_PATH_BYTES]; /* what stands beside the model is looked for there */
    bool *auxiliary;          /* by node id */
    mx_sid *stored;           /* by node id: the tag that stands there */
    size_t n_nodes;
    tag_count *tags;
    size_t n_tags, cap_tags;
    mx_tag_statistics statistics;
};

/* ---- loading ---- */

static mx_status keep_auxiliary(mx_tags *t, const mx_htp_tagging *tagging, mx_error *err) {
    t->n_nodes = t->g->n_nodes;
    t->auxiliary = mx_alloc_zero(t->allocator, t->n_nodes, sizeof *t->auxiliary);
    t->stored = mx_alloc_zero(t->allocator, t->n_nodes, sizeof *t->stored);
    if (!t->auxiliary || !t->stored) return mx_nomem(err);
    for (mx_node_id id = 0; id < t->n_nodes; id++)
        t->auxiliary[id] = mx_htp_label_of(tagging, id).auxiliary;
    return MX_OK;
}

/* GraphML has its groups; an ONNX file gets them. */
static mx_status load_graph(mx_tags *t, const mx_env *env, const char *path, mx_error *err) {
    mx_htp_tagging tagging = {0};
    bool graphml = mx_path_has_ending(path, ".graphml");
    if (graphml) {
        MX_TRY(mx_graph_load_graphml(env, path, NULL, &t->g, err));
    } else {
        MX_TRY(mx_at_file(err, mx_onnx_read(env, path, &t->g, err), path));
        MX_TRY(mx_at_file(err, mx_graph_wire(t->g, err), path));
    }
    mx_status status = mx_label_modules(t->g, path, NULL, &tagging, err);
    if (status == MX_OK && !graphml) status = mx_htp_make_groups(t->g, &tagging, err);
    if (status == MX_OK) status = keep_auxiliary(t, &tagging, err);
    mx_htp_tagging_free(&tagging);
    return mx_at_file(err, status, path);
}

static mx_status count_tag(mx_tags *t, uint32_t *place, mx_sid tag, mx_error *err) {
    if (!place[tag]) {
        if (!mx_grow(t->allocator, (void **)&t->tags, &t->cap_tags, t->n_tags, sizeof *t->tags)) return mx_nomem(err);
        t->tags[t->n_tags++] = (tag_count){tag, 0};
        place[tag] = (uint32_t)t->n_tags;
    }
    t->tags[place[tag] - 1].operators++;
    return MX_OK;
}

static void count_method(mx_tag_statistics *s, mx_str method) {
    s->direct += mx_str_is(method, "direct");
    s->parent += mx_str_is(method, "parent");
    s->inherited += mx_str_is(method, "inherited");
    s->root += mx_str_is(method, "root");
}

static mx_status count_operators(mx_tags *t, const mx_htp_keys *keys, uint32_t *place, mx_error *err) {
    mx_tag_statistics *s = &t->statistics;
    mx_htp_stored_keys names = mx_htp_stored_find_keys(t->g);
    for (size_t i = 0; i < keys->count; i++) {
        mx_htp_stored told = mx_htp_stored_of(mx_node_at(t->g, keys->operators[i]), &names);
        mx_sid tag = told.tag;
        bool auxiliary = t->auxiliary[keys->operators[i]];
        s->operators++;
        s->auxiliary += auxiliary;
        if (tag <= MX_SID_EMPTY) continue;
        t->stored[keys->operators[i]] = tag;
        s->tagged++;
        s->auxiliary_tagged += auxiliary;
        count_method(s, mx_text(t->g, told.method));
        MX_TRY(count_tag(t, place, tag, err));
    }
    return MX_OK;
}

static mx_status count_all(mx_tags *t, mx_error *err) {
    mx_tag_statistics *s = &t->statistics;
    mx_htp_keys keys;
    uint32_t *place = mx_alloc_zero(t->allocator, t->g->strings.count, sizeof *place);
    mx_status status = mx_htp_keys_make(t->g, &keys, err);
    if (status == MX_OK && !place) status = mx_nomem(err);
    if (status == MX_OK) status = count_operators(t, &keys, place, err);
    mx_htp_keys_free(&keys);
    mx_free(t->allocator, place, t->g->strings.count * sizeof *place);
    s->tags = t->n_tags;
    s->modules = t->g->n_modules;
    s->coverage = mx_htp_percentage(s->tagged, s->operators);
    return status;
}

mx_status mx_tags_load(const mx_env *env, const char *path, mx_tags **out, mx_error *err) {
    const mx_allocator *a = env ? env->allocator : NULL;
    mx_tags *t = mx_alloc_zero(a, 1, sizeof *t);
    *out = NULL;
    if (!t) return mx_nomem(err);
    t->allocator = a;
    mx_status status = MX_OK;
    if ((size_t)snprintf(t->path, MX_PATH_BYTES, "%s", path) >= MX_PATH_BYTES)
        status = mx_at_file(err, mx_fail(err, MX_ERR_USAGE, "the path is too long"), path);
    if (status == MX_OK) status = load_graph(t, env, path, err);
    if (status == MX_OK) status = count_all(t, err);
    if (status == MX_OK)
        *out = t;
    else
        mx_tags_free(t);
    return status;
}

void mx_tags_free(mx_tags *t) {
    if (!t) return;
    mx_free(t->allocator, t->auxiliary, t->n_nodes * sizeof *t->auxiliary);
    mx_free(t->allocator, t->stored, t->n_nodes * sizeof *t->stored);
    mx_free(t->allocator, t->tags, t->cap_tags * sizeof *t->tags);
    mx_graph_release(t->g);
    mx_free(t->allocator, t, sizeof *t);
}

/* ---- looking ---- */

const mx_graph *mx_tags_graph(const mx_tags *t) {
    return t->g;
}

mx_str mx_tags_of(const mx_tags *t, mx_node_id op) {
    return mx_text(t->g, op < t->n_nodes ? t->stored[op] : MX_SID_ABSENT);
}

bool mx_tags_is_auxiliary(const mx_tags *t, mx_node_id op) {
    return op < t->n_nodes && t->auxiliary[op];
}

mx_tag_statistics mx_tags_statistics(const mx_tags *t) {
    return t->statistics;
}

size_t mx_tags_count(const mx_tags *t) {
    return t->n_tags;
}

mx_str mx_tags_tag(const mx_tags *t, size_t index, uint64_t *operators) {
    bool there = index < t->n_tags;
    if (operators) *operators = there ? t->tags[index].operators : 0;
    return mx_text(t->g, there ? t->tags[index].tag : MX_SID_ABSENT);
}

/* ---- agreement ---- */

typedef struct telling {
    mx_finding_fn each;
    void *ctx;
    uint64_t count;
} telling;

static mx_status tell(void *ctx, const char *code, mx_str where, const char *message, mx_error *err) {
    telling *t = ctx;
    mx_shown shown = mx_show(where);
    mx_finding f = {
        .part = MX_CHECK_CONSISTENCY, .code = code, .where = where.p ? shown.text : NULL, .message = message};
    (void)err;
    t->count++;
    if (t->each) t->each(t->ctx, &f);
    return MX_OK;
}

mx_status mx_tags_consistency(const mx_tags *tags, const char *metadata, const char *graphml, mx_finding_fn each,
                              void *ctx, uint64_t *problems, mx_error *err) {
    telling t = {.each = each, .ctx = ctx};
    mx_consistency c = {.env = &tags->g->env,
                        .model = tags->path,
                        .given_metadata = metadata,
                        .given_graphml = graphml,
                        .note = tell,
                        .ctx = &t};
    mx_status status = mx_consistency_load(&c, tags->g, true, err);
    if (status == MX_OK) status = mx_consistency_check(&c, err);
    mx_consistency_free(&c);
    *problems = status == MX_OK ? t.count : 0;
    return status;
}
