#include "api/consistency.h"

#include "base/json_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

/* ---- what stands beside the model ---- */

/* The model's path without its ending, and with that of an ONNX file: what the others are named after. */
static bool as_onnx(const char *model, char out[MX_PATH_BYTES]) {
    static const char *const endings[] = {"_hierarchical_graph.graphml", ".graphml", ".onnx"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (mx_path_has_ending(model, endings[i])) return mx_path_with_ending(model, endings[i], ".onnx", out);
    return mx_path_with_ending(model, ".onnx", ".onnx", out);
}

static void find_graphml(mx_consistency *c) {
    static const char *const endings[] = {"_hierarchical_graph.graphml", ".graphml"};
    const char *given = c->given_graphml;
    struct stat st;
    c->graphml[0] = '\0';
    if (given) snprintf(c->graphml, MX_PATH_BYTES, "%s", given);
    for (int i = 0; i < 2 && !c->graphml[0] && !mx_path_has_ending(c->model, ".graphml"); i++) {
        bool there = mx_path_with_ending(c->model, ".onnx", endings[i], c->graphml) && stat(c->graphml, &st) == 0 &&
                     S_ISREG(st.st_mode);
        if (!there) c->graphml[0] = '\0';
    }
}

static mx_status read_metadata(mx_consistency *c, mx_error *err) {
    char path[MX_PATH_BYTES];
    uint32_t depth = c->graph->limits.json_depth;
    if (!as_onnx(c->model, path)) return MX_OK;
    MX_TRY(mx_metadata_file_load(c->env, path, c->given_metadata, &c->metadata_file, err));
    if (!c->metadata_file.path[0]) return MX_OK;
    mx_status status =
        mx_htp_metadata_read(c->allocator, mx_buffer_str(&c->metadata_file.text), depth, &c->metadata, err);
    c->has_metadata = status == MX_OK;
    return mx_at_file(err, status, c->metadata_file.path);
}

/* ---- loading ---- */

/* Without metadata, the tag that most operators of a module have is right. votes: by string id of a scope. */
static void vote(mx_consistency *c, uint32_t *votes) {
    for (size_t i = 0; i < c->keys.count; i++) {
        const mx_htp_stored *s = &c->stored[i];
        if (s->tag <= MX_SID_EMPTY || s->scope == MX_SID_ABSENT) continue;
        if (votes[s->scope] == 0) c->voted[s->scope] = s->tag;
        if (c->voted[s->scope] == s->tag)
            votes[s->scope]++;
        else
            votes[s->scope]--;
    }
}

static mx_status find_votes(mx_consistency *c, mx_error *err) {
    c->n_voted = c->graph->strings.count;
    uint32_t *votes = mx_alloc_zero(c->allocator, c->n_voted, sizeof *votes);
    c->voted = mx_alloc_zero(c->allocator, c->n_voted, sizeof *c->voted);
    if (votes && c->voted) vote(c, votes);
    mx_free(c->allocator, votes, c->n_voted * sizeof *votes);
    return votes && c->voted ? MX_OK : mx_nomem(err);
}

static mx_status enter_operators(mx_consistency *c, mx_error *err) {
    const mx_graph *g = c->graph;
    mx_htp_stored_keys keys = mx_htp_stored_find_keys(g);
    MX_TRY(mx_htp_keys_make(g, &c->keys, err));
    c->stored = mx_alloc_zero(c->allocator, c->keys.count + 1, sizeof *c->stored);
    if (!c->stored) return mx_nomem(err);
    for (size_t i = 0; i < c->keys.count; i++) {
        c->stored[i] = mx_htp_stored_of(mx_node_at(g, c->keys.operators[i]), &keys);
        mx_str method = mx_text(g, c->stored[i].method);
        c->n_tagged += c->stored[i].tag > MX_SID_EMPTY;
        c->by_htp |= mx_str_is(method, "inherited") || mx_str_is(method, "root");
    }
    return MX_OK;
}

static mx_status load_beside(mx_consistency *c, bool strict, mx_error *err) {
    mx_error own;
    mx_status status = read_metadata(c, &own);
    if (status != MX_OK && (strict || status == MX_ERR_NOMEM)) {
        if (err) *err = own;
        return status;
    }
    if (status != MX_OK) c->metadata_file.path[0] = '\0';
    find_graphml(c);
    return MX_OK;
}

mx_status mx_consistency_load(mx_consistency *c, const mx_graph *g, bool strict, mx_error *err) {
    c->allocator = g->allocator;
    c->graph = g;
    mx_arena_init(&c->arena, c->allocator);
    MX_TRY(mx_at_file(err, enter_operators(c, err), c->model));
    MX_TRY(load_beside(c, strict, err));
    if (c->has_metadata && c->metadata.tells_strategy) c->by_htp = c->metadata.by_htp;
    c->by_htp = c->by_htp && c->n_tagged > 0;
    return find_votes(c, err);
}

void mx_consistency_free(mx_consistency *c) {
    const mx_allocator *a = c->allocator;
    mx_free(a, c->stored, (c->keys.count + 1) * sizeof *c->stored);
    mx_free(a, c->voted, c->n_voted * sizeof *c->voted);
    mx_htp_keys_free(&c->keys);
    mx_htp_metadata_free(&c->metadata);
    mx_metadata_file_free(&c->metadata_file);
    mx_arena_free(&c->arena);
    *c = (mx_consistency){.env = c->env,
                          .model = c->model,
                          .given_metadata = c->given_metadata,
                          .given_graphml = c->given_graphml,
                          .note = c->note,
                          .ctx = c->ctx};
}

/* ---- what a tag is worth ---- */

mx_str mx_consistency_text(mx_consistency *c, mx_sid sid) {
    mx_str s = mx_text(c->graph, sid);
    mx_buffer clean;
    if (mx_utf8_valid(s.p, s.n)) return s;
    mx_buffer_init(&clean, c->allocator);
    mx_utf8_clean(&clean, s);
    const char *copy = clean.failed ? NULL : mx_arena_text(&c->arena, clean.data, clean.size);
    s = (mx_str){copy ? copy : "", copy ? clean.size : 0};
    mx_buffer_free(&clean);
    return s;
}

bool mx_consistency_is_tag(mx_consistency *c, const mx_htp_stored *s, const char **code) {
    mx_str tag = mx_consistency_text(c, s->tag), scope = mx_consistency_text(c, s->scope);
    *code = NULL;
    if (s->tag <= MX_SID_EMPTY)
        *code = s->tag == MX_SID_ABSENT ? "missing-tag" : "empty-tag";
    else if (s->path != MX_SID_ABSENT && s->path != s->tag)
        *code = "path-differs";
    else if (!c->has_metadata)
        *code = s->scope != MX_SID_ABSENT && c->voted[s->scope] != s->tag ? "wrong-tag" : NULL;
    else if (!mx_htp_metadata_knows(&c->metadata, tag))
        *code = "unknown-tag";
    else if (s->scope == MX_SID_ABSENT)
        *code = NULL;
    else if (!mx_htp_metadata_tag(&c->metadata, scope).p)
        *code = "unknown-module";
    else if (!mx_str_eq(mx_htp_metadata_tag(&c->metadata, scope), tag))
        *code = "wrong-tag";
    return *code == NULL;
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

static mx_status check_own_tags(mx_consistency *c, mx_error *err) {
    for (size_t i = 0; i < c->keys.count; i++) {
        const mx_htp_stored *s = &c->stored[i];
        const char *code;
        if (s->tag == MX_SID_ABSENT || (s->tag == MX_SID_EMPTY && c->by_htp))
            continue; /* seen by the coverage, if at all */
        if (mx_consistency_is_tag(c, s, &code)) continue;
        MX_TRY(mx_consistency_note(c, code, c->keys.keys[i], err, "%s: %s, module %s", meaning(code),
                                   mx_show(mx_text(c->graph, s->tag)).text, mx_show(mx_text(c->graph, s->scope)).text));
    }
    return MX_OK;
}

mx_status mx_consistency_note(mx_consistency *c, const char *code, mx_str where, mx_error *err, const char *format,
                              ...) {
    char message[1400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return c->note(c->ctx, code, where, message, err);
}

mx_status mx_consistency_check(mx_consistency *c, mx_error *err) {
    MX_TRY(check_own_tags(c, err));
    MX_TRY(mx_consistency_metadata(c, err));
    return mx_consistency_graphml(c, err);
}
