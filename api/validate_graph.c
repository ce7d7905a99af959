/* The structure of a model, and whether its external data is in reach. */
#include "api/validate.h"
#include "base/json_out.h"
#include "converter/check.h"

#include <stdio.h>

enum { LOCATION_EXTERNAL = 1 };

/* ---- external data ---- */

typedef struct reach {
    mx_validate_job *job;
    char folder[MX_PATH_BYTES];
    uint32_t *sources; /* by string id of a location: 0: not looked for; 1: out of reach; else source + 2 */
    mx_error *err;
} reach;

static mx_sid entry(const mx_graph *g, const mx_tensor *t, const char *key) {
    mx_sid found = MX_SID_ABSENT;
    for (uint32_t i = 0; i < t->external.count; i++)
        if (mx_str_is(mx_text(g, t->external.items[i].key), key)) found = t->external.items[i].value;
    return found;
}

static mx_status out_of_reach(reach *r, const mx_tensor *t, const char *what) {
    mx_str none = {NULL, 0};
    return mx_validate_note(r->job, MX_CHECK_INTEGRITY, "external-data", none, r->err,
                            "the external data of tensor %s %s", mx_show(mx_text(r->job->graph, t->name)).text, what);
}

static mx_status find_file(reach *r, const mx_tensor *t, mx_sid location) {
    mx_graph *g = r->job->graph;
    mx_source *source;
    mx_error own;
    char what[1200];
    uint32_t index;
    mx_status status = mx_source_open_inside(r->job->env, r->folder, mx_text(g, location), &source, &own);
    if (status == MX_OK) {
        MX_TRY(mx_graph_add_source(g, source, &index, r->err));
        r->sources[location] = index + 2;
        return MX_OK;
    }
    if (status == MX_ERR_NOMEM) return mx_nomem(r->err);
    r->sources[location] = 1;
    snprintf(what, sizeof what, "is out of reach: %s: %s", mx_show(mx_text(g, location)).text, own.message);
    return out_of_reach(r, t, what);
}

static bool number_entry(const mx_graph *g, const mx_tensor *t, const char *key, uint64_t otherwise, uint64_t *out) {
    mx_sid text = entry(g, t, key);
    *out = otherwise;
    return text == MX_SID_ABSENT || mx_parse_uint(mx_text(g, text), out);
}

/* What is not there has a problem of its own: its size must not make another one. This graph is not written. */
static const mx_blob nowhere = {.source = 0, .check = MX_NO_INDEX, .offset = 0, .size = UINT64_MAX};

static mx_status look_at_tensor(reach *r, mx_tensor *t) {
    const mx_graph *g = r->job->graph;
    mx_sid location = entry(g, t, "location");
    uint64_t offset, size;
    t->data = nowhere;
    if (location <= MX_SID_EMPTY) return out_of_reach(r, t, "has no location");
    if (r->sources[location] == 0) MX_TRY(find_file(r, t, location));
    if (r->sources[location] == 1) return MX_OK;
    uint32_t source = r->sources[location] - 2;
    uint64_t end = g->sources[source]->size;
    if (!number_entry(g, t, "offset", 0, &offset)) return out_of_reach(r, t, "has an offset that is not a number");
    if (offset > end) return out_of_reach(r, t, "begins beyond the end of its file");
    if (!number_entry(g, t, "length", end - offset, &size))
        return out_of_reach(r, t, "has a length that is not a number");
    if (size > end - offset) return out_of_reach(r, t, "reaches beyond the end of its file");
    t->data = (mx_blob){.source = source, .check = MX_NO_INDEX, .offset = offset, .size = size};
    return MX_OK;
}

static mx_status look_at_external_data(mx_validate_job *job, mx_error *err) {
    mx_graph *g = job->graph;
    size_t n = g->strings.count;
    reach r = {.job = job, .err = err};
    if (mx_path_has_ending(job->model, ".graphml")) return MX_OK; /* bound and checked while it was loaded */
    mx_path_folder(job->model, r.folder);
    r.sources = mx_alloc_zero(job->allocator, n, sizeof *r.sources);
    if (!r.sources) return mx_nomem(err);
    mx_status status = MX_OK;
    for (size_t i = 0; i < g->n_tensors && status == MX_OK; i++)
        if (g->tensors[i].location == LOCATION_EXTERNAL) status = look_at_tensor(&r, &g->tensors[i]);
    mx_free(job->allocator, r.sources, n * sizeof *r.sources);
    return status;
}

/* ---- structure ---- */

static mx_str where(const mx_validate_job *job, mx_node_id id) {
    if (id < job->n_places && job->places[id] != MX_NO_INDEX) return job->tags.keys.keys[job->places[id]];
    return id == 0 || id == MX_NO_NODE ? (mx_str){NULL, 0} : mx_text(job->graph, mx_node_at(job->graph, id)->name);
}

typedef struct structure {
    mx_validate_job *job;
    mx_status status;
    mx_error *err;
} structure;

static void take_problem(void *ctx, const mx_problem *p) {
    structure *s = ctx;
    if (s->status != MX_OK || strcmp(p->code, "external-range") == 0) return; /* told already */
    mx_str at = where(s->job, p->node);
    if (p->node < s->job->n_places && strcmp(p->code, "unordered") == 0) s->job->unordered[p->node] = true;
    mx_buffer clean;
    mx_buffer_init(&clean, s->job->allocator);
    mx_utf8_clean(&clean, at);
    s->status = clean.failed ? mx_nomem(s->err)
                             : mx_validate_note(s->job, MX_CHECK_INTEGRITY, p->code, at.p ? mx_buffer_str(&clean) : at,
                                                s->err, "%s", p->message);
    mx_buffer_free(&clean);
}

mx_status mx_validate_graph(mx_validate_job *job, mx_error *err) {
    structure s = {.job = job, .err = err};
    uint64_t count;
    MX_TRY(look_at_external_data(job, err));
    MX_TRY(mx_graph_check(job->graph, take_problem, &s, &count, err));
    job->out->parts[MX_CHECK_INTEGRITY].checked = true;
    return s.status;
}
