/* Tags: whether all operators have one, whether it is that of a module, and what the metadata says. */
#include "api/validate.h"
#include "base/json_out.h"
#include "htp/summary.h"

/* ---- what a tag is worth ---- */

mx_str mx_validate_text(mx_validate_job *job, mx_sid sid) {
    mx_str s = mx_text(job->graph, sid);
    mx_buffer clean;
    if (mx_utf8_valid(s.p, s.n)) return s;
    mx_buffer_init(&clean, job->allocator);
    mx_utf8_clean(&clean, s);
    const char *copy = clean.failed ? NULL : mx_arena_text(&job->arena, clean.data, clean.size);
    s = (mx_str){copy ? copy : "", copy ? clean.size : 0};
    mx_buffer_free(&clean);
    return s;
}

bool mx_validate_is_tag(mx_validate_job *job, const mx_htp_stored *s, const char **code) {
    mx_str tag = mx_validate_text(job, s->tag), scope = mx_validate_text(job, s->scope);
    *code = NULL;
    if (s->tag <= MX_SID_EMPTY) *code = s->tag == MX_SID_ABSENT ? "missing-tag" : "empty-tag";
    else if (s->path != MX_SID_ABSENT && s->path != s->tag) *code = "path-differs";
    else if (!job->has_metadata) *code = s->scope != MX_SID_ABSENT && job->voted[s->scope] != s->tag ? "wrong-tag" : NULL;
    else if (!mx_htp_metadata_knows(&job->metadata, tag)) *code = "unknown-tag";
    else if (s->scope == MX_SID_ABSENT) *code = NULL;
    else if (!mx_htp_metadata_tag(&job->metadata, scope).p) *code = "unknown-module";
    else if (!mx_str_eq(mx_htp_metadata_tag(&job->metadata, scope), tag)) *code = "wrong-tag";
    return *code == NULL;
}

/* Without metadata, the tag that most operators of a module have is right. votes: by string id of a scope. */
static void vote(mx_validate_job *job, uint32_t *votes) {
    for (size_t i = 0; i < job->keys.count; i++) {
        const mx_htp_stored *s = &job->stored[i];
        if (s->tag <= MX_SID_EMPTY || s->scope == MX_SID_ABSENT) continue;
        if (votes[s->scope] == 0) job->voted[s->scope] = s->tag;
        if (job->voted[s->scope] == s->tag) votes[s->scope]++;
        else votes[s->scope]--;
    }
}

mx_status mx_validate_vote(mx_validate_job *job, mx_error *err) {
    job->n_voted = job->graph->strings.count;
    uint32_t *votes = mx_alloc_zero(job->allocator, job->n_voted, sizeof *votes);
    job->voted = mx_alloc_zero(job->allocator, job->n_voted, sizeof *job->voted);
    if (votes && job->voted) vote(job, votes);
    mx_free(job->allocator, votes, job->n_voted * sizeof *votes);
    return votes && job->voted ? MX_OK : mx_nomem(err);
}

/* ---- coverage ---- */

static mx_status check_coverage(mx_validate_job *job, mx_error *err) {
    uint64_t auxiliary = 0, tagged = 0;
    for (size_t i = 0; i < job->keys.count; i++) {
        bool has_tag = job->stored[i].tag > MX_SID_EMPTY;
        auxiliary += job->auxiliary[i];
        tagged += job->auxiliary[i] && has_tag;
        if (has_tag || !job->by_htp) continue;
        const char *code = job->stored[i].tag == MX_SID_ABSENT ? "missing-tag" : "empty-tag";
        MX_TRY(mx_validate_note(job, MX_CHECK_COVERAGE, code, job->keys.keys[i], err, "the operator has no tag"));
        if (job->auxiliary[i])
            MX_TRY(mx_validate_note(job, MX_CHECK_AUXILIARY, code, job->keys.keys[i], err,
                                    "the auxiliary operator has no tag"));
    }
    mx_validation_part *parts = job->out->parts;
    parts[MX_CHECK_COVERAGE].value = mx_htp_percentage(job->n_tagged, job->keys.count);
    parts[MX_CHECK_AUXILIARY].value = mx_htp_percentage(tagged, auxiliary);
    parts[MX_CHECK_COVERAGE].expected = parts[MX_CHECK_AUXILIARY].expected = job->by_htp ? 100.0 : 0.0;
    parts[MX_CHECK_COVERAGE].checked = parts[MX_CHECK_AUXILIARY].checked = true;
    return MX_OK;
}

/* ---- the file in itself, and against the modules of the metadata ---- */

static const char *meaning(const char *code) {
    static const struct {
        const char *code, *text;
    } texts[] = {{"path-differs", "hierarchy_tag and hierarchy_path differ"},
                 {"unknown-tag", "no module has this tag"},
                 {"unknown-module", "hierarchy_scope names no module"},
                 {"wrong-tag", "the tag is not that of its module (hierarchy_scope)"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].code, code) == 0) return texts[i].text;
    return "the tag is empty";
}

static mx_status check_own_tags(mx_validate_job *job, mx_error *err) {
    for (size_t i = 0; i < job->keys.count; i++) {
        const mx_htp_stored *s = &job->stored[i];
        const char *code;
        if (s->tag == MX_SID_ABSENT || (s->tag == MX_SID_EMPTY && job->by_htp)) continue; /* seen by the coverage, if at all */
        if (mx_validate_is_tag(job, s, &code)) continue;
        MX_TRY(mx_validate_note(job, MX_CHECK_CONSISTENCY, code, job->keys.keys[i], err, "%s: %s, module %s",
                                meaning(code), mx_show(mx_text(job->graph, s->tag)).text,
                                mx_show(mx_text(job->graph, s->scope)).text));
    }
    return MX_OK;
}

mx_status mx_validate_tags(mx_validate_job *job, mx_error *err) {
    MX_TRY(check_coverage(job, err));
    if (!job->options->check_consistency) return MX_OK;
    job->out->parts[MX_CHECK_CONSISTENCY].checked = true;
    return check_own_tags(job, err);
}

/* ---- node by node against the metadata ---- */

static mx_status differs(mx_validate_job *job, size_t i, const char *one, mx_str a, const char *other, mx_str b, mx_error *err) {
    mx_shown x = mx_show(a), y = mx_show(b);
    return mx_validate_note(job, MX_CHECK_CONSISTENCY, "tag-differs", job->keys.keys[i], err, "%s %s %s, %s %s %s", one,
                            a.n ? "says" : "says nothing", a.n ? x.text : "", other, b.n ? "says" : "says nothing",
                            b.n ? y.text : "");
}

static mx_status check_node(mx_validate_job *job, size_t i, mx_error *err) {
    const mx_htp_metadata *m = &job->metadata;
    mx_str key = job->keys.keys[i], file = mx_validate_text(job, job->stored[i].tag);
    mx_str node = mx_htp_metadata_node(m, key), entry = mx_htp_metadata_node_tag(m, key);
    if (m->nodes && m->node_tags && !mx_str_eq(node, entry))
        MX_TRY(differs(job, i, "the metadata's \"nodes\"", node, "its \"node_tags\"", entry, err));
    if (job->n_tagged == 0 || (!m->nodes && !m->node_tags)) return MX_OK;
    mx_str told = m->nodes ? node : entry;
    bool same = told.n == file.n && (file.n == 0 || memcmp(told.p, file.p, file.n) == 0);
    return same ? MX_OK : differs(job, i, "the file", file, "the metadata", told, err);
}

static mx_status check_names(mx_validate_job *job, json_t *object, const mx_strings *known, const char *what, mx_error *err) {
    const char *name;
    size_t size;
    json_t *value;
    json_object_keylen_foreach(object, name, size, value) {
        if (mx_strings_find(known, (mx_str){name, size}) != MX_SID_NOMEM) continue;
        MX_TRY(mx_validate_note(job, MX_CHECK_CONSISTENCY, "stale-node-name", (mx_str){name, size}, err,
                                "the metadata's \"%s\" names an operator that the model does not have", what));
    }
    return MX_OK;
}

/* A name that is stale in both lists is told once. */
static mx_status check_all_names(mx_validate_job *job, mx_strings *known, mx_error *err) {
    const char *name;
    size_t size;
    json_t *value;
    for (size_t i = 0; i < job->keys.count; i++)
        if (mx_strings_add(known, job->keys.keys[i]) == MX_SID_NOMEM) return mx_nomem(err);
    MX_TRY(check_names(job, job->metadata.nodes, known, "nodes", err));
    json_object_keylen_foreach(job->metadata.nodes, name, size, value) {
        if (mx_strings_add(known, (mx_str){name, size}) == MX_SID_NOMEM) return mx_nomem(err);
    }
    return check_names(job, job->metadata.node_tags, known, "node_tags", err);
}

mx_status mx_validate_metadata(mx_validate_job *job, mx_error *err) {
    mx_strings known;
    if (!job->has_metadata) return MX_OK;
    if (job->n_tagged == 0 && job->metadata.embedded && job->keys.count)
        MX_TRY(mx_validate_note(job, MX_CHECK_CONSISTENCY, "untagged-model", (mx_str){NULL, 0}, err,
                                "the metadata says that tags were written into the model, and it has none"));
    for (size_t i = 0; i < job->keys.count; i++) MX_TRY(check_node(job, i, err));
    mx_status status = mx_strings_init(&known, job->allocator) ? check_all_names(job, &known, err) : mx_nomem(err);
    mx_strings_free(&known);
    return status;
}
