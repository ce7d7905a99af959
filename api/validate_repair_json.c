/* The metadata's lists of operators, put right by what the model says. All else in it stays. */
#include "api/validate.h"
#include "base/outfile.h"

typedef struct listing {
    mx_validate_job *job;
    mx_strings known; /* keys of the model's operators that have a tag */
    uint64_t set, removed;
    mx_error *err;
} listing;

static json_t *text(mx_str s) {
    return json_stringn(s.p ? s.p : "", s.p ? s.n : 0);
}

static mx_str tag_of(mx_validate_job *job, size_t place) {
    return mx_consistency_text(&job->tags, job->tags.stored[place].tag);
}

/* ---- nodes ---- */

static bool set_node(listing *l, size_t i) {
    mx_validate_job *job = l->job;
    mx_str key = job->tags.keys.keys[i], tag = tag_of(job, i);
    if (!job->tags.metadata.nodes || mx_str_eq(mx_htp_metadata_node(&job->tags.metadata, key), tag)) return true;
    l->set++;
    return json_object_setn_new(job->tags.metadata.nodes, key.p, key.n, text(tag)) == 0;
}

static bool set_entry(listing *l, size_t i) {
    mx_validate_job *job = l->job;
    const mx_node *n = mx_node_at(job->graph, job->tags.keys.operators[i]);
    mx_str key = job->tags.keys.keys[i], tag = tag_of(job, i);
    if (!job->tags.metadata.node_tags || mx_str_eq(mx_htp_metadata_node_tag(&job->tags.metadata, key), tag))
        return true;
    json_t *entry =
        json_pack("{s:o, s:[o], s:o, s:i, s:o, s:o}", "op_type", text(mx_consistency_text(&job->tags, n->op_type)),
                  "tags", text(tag), "primary_path", text(tag), "tag_count", 1, "method",
                  text(mx_consistency_text(&job->tags, job->tags.stored[i].method)), "scope",
                  text(mx_consistency_text(&job->tags, job->tags.stored[i].scope)));
    l->set += job->tags.metadata.nodes == NULL;
    return entry && json_object_setn_new(job->tags.metadata.node_tags, key.p, key.n, entry) == 0;
}

static void remove_stale(listing *l, json_t *object) {
    const char *name;
    size_t size;
    void *next;
    json_t *value;
    json_object_keylen_foreach_safe(object, next, name, size, value) {
        if (mx_strings_find(&l->known, (mx_str){name, size}) != MX_SID_NOMEM) continue;
        json_object_deln(object, name, size);
        l->removed++;
    }
}

/* ---- figures ---- */

static bool count_tags(mx_validate_job *job) {
    json_t *counts = json_object(), *one;
    bool fine = counts != NULL;
    for (size_t i = 0; i < job->tags.keys.count && fine; i++) {
        mx_str tag = tag_of(job, i);
        if (tag.n == 0) continue;
        json_int_t n = json_integer_value(json_object_getn(counts, tag.p, tag.n));
        one = json_integer(n + 1);
        fine = one && json_object_setn_new(counts, tag.p, tag.n, one) == 0;
    }
    if (!fine || !json_object_get(job->tags.metadata.document, "tag_statistics"))
        json_decref(counts);
    else
        fine = json_object_set_new(job->tags.metadata.document, "tag_statistics", counts) == 0;
    return fine;
}

static mx_status change(listing *l) {
    mx_validate_job *job = l->job;
    bool fine = true;
    for (size_t i = 0; i < job->tags.keys.count && fine; i++) {
        if (tag_of(job, i).n == 0) continue;
        fine = mx_strings_add(&l->known, job->tags.keys.keys[i]) != MX_SID_NOMEM && set_node(l, i) && set_entry(l, i);
    }
    if (!fine) return mx_nomem(l->err);
    remove_stale(l, job->tags.metadata.nodes);
    remove_stale(l, job->tags.metadata.node_tags);
    return count_tags(job) ? MX_OK : mx_nomem(l->err);
}

/* ---- writing ---- */

static int write_piece(const char *buffer, size_t size, void *file) {
    mx_outfile_write(file, buffer, size);
    return 0;
}

static mx_status write_metadata(listing *l, const char *path) {
    mx_validate_job *job = l->job;
    mx_outfile f;
    MX_TRY(mx_outfile_open(job->env, path, &f, l->err));
    bool dumped = json_dump_callback(job->tags.metadata.document, write_piece, &f, JSON_INDENT(2)) == 0;
    mx_outfile_write(&f, "\n", 1);
    mx_status status = dumped ? mx_outfile_finish(&f, l->err) : mx_nomem(l->err);
    if (status == MX_OK) status = mx_validate_keep(job, path, l->err);
    if (status == MX_OK) status = mx_outfile_commit(&f, l->err);
    mx_outfile_close(&f);
    return status;
}

static mx_status mend(listing *l) {
    mx_validate_job *job = l->job;
    const char *path = job->tags.metadata_file.path;
    if (!mx_strings_init(&l->known, job->allocator)) return mx_nomem(l->err);
    MX_TRY(change(l));
    if (l->set + l->removed == 0) return MX_OK;
    MX_TRY(write_metadata(l, path));
    return mx_validate_mended(job, "metadata", (mx_str){NULL, 0}, l->err,
                              "%s: operators that now have the model's tag: %llu, stale ones that are gone: %llu",
                              mx_path_base(path), (unsigned long long)l->set, (unsigned long long)l->removed);
}

mx_status mx_validate_repair_metadata(mx_validate_job *job, bool *changed, mx_error *err) {
    listing l = {.job = job, .err = err};
    *changed = false;
    if (!job->tags.has_metadata || job->tags.n_tagged == 0) return MX_OK;
    mx_status status = mend(&l);
    *changed = status == MX_OK && l.set + l.removed > 0;
    mx_strings_free(&l.known);
    return status;
}
