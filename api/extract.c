/* Parts of a model by their tags: cut out as models, and put back. */
#include "converter/extract.h"

#include "api/beside.h"
#include "api/load.h"
#include "api/paths.h"
#include "htp/query.h"
#include "onnx_io/onnx_io.h"

#include <stdio.h>

/* ---- on a graph ---- */

mx_status mx_graph_extract(mx_graph *graph, const mx_node_id *nodes, size_t count, mx_graph **out, mx_error *err) {
    mx_selection selection;
    mx_types types = {0};
    mx_cutter *cutter = NULL;
    *out = NULL;
    mx_status status = mx_select(graph, nodes, count, &selection, err);
    if (status == MX_OK) status = mx_infer_types(graph, &types, err);
    if (status == MX_OK) status = mx_cutter_new(graph, &types, &cutter, err);
    if (status == MX_OK) status = mx_cut_out(cutter, &selection, out, NULL, err);
    mx_cutter_free(cutter);
    mx_types_free(&types);
    mx_selection_free(&selection);
    return status;
}

mx_status mx_graph_replace(mx_graph *graph, const mx_node_id *nodes, size_t count, mx_graph *part, mx_error *err) {
    mx_selection selection;
    if (graph == part) return mx_fail(err, MX_ERR_USAGE, "a graph cannot be put into itself");
    mx_status status = mx_select(graph, nodes, count, &selection, err);
    if (status == MX_OK) status = mx_put_in_place(graph, &selection, part, err);
    mx_selection_free(&selection);
    return status;
}

/* ---- what a text means ---- */

/* The nodes of every match, one after the other. */
typedef struct matches {
    const mx_graph *g;
    mx_htp_found found;
    mx_node_id *nodes;
    size_t *first; /* by match: where its nodes begin; one more for the end */
    size_t n_nodes, cap_nodes, count;
} matches;

static void matches_free(matches *m) {
    const mx_allocator *a = m->g->allocator;
    mx_free(a, m->nodes, m->cap_nodes * sizeof *m->nodes);
    if (m->first) mx_free(a, m->first, (m->count + 1) * sizeof *m->first);
    mx_htp_found_free(&m->found);
}

static mx_status add_node(matches *m, mx_node_id node, mx_error *err) {
    if (!mx_grow(m->g->allocator, (void **)&m->nodes, &m->cap_nodes, m->n_nodes, sizeof *m->nodes))
        return mx_nomem(err);
    m->nodes[m->n_nodes++] = node;
    return MX_OK;
}

/* The auxiliary operators are one match, made of operators. */
static mx_status add_auxiliary(matches *m, mx_error *err) {
    bool *inside = mx_alloc_zero(m->g->allocator, m->g->n_nodes, sizeof *inside);
    mx_status status = inside ? MX_OK : mx_nomem(err);
    if (inside) mx_htp_found_mark(m->g, &m->found, UINT32_MAX, inside);
    for (mx_node_id id = 0; status == MX_OK && id < m->g->n_nodes; id++)
        if (inside[id]) status = add_node(m, id, err);
    mx_free(m->g->allocator, inside, m->g->n_nodes * sizeof *inside);
    m->first[1] = m->n_nodes;
    return status;
}

static mx_status add_modules(matches *m, mx_error *err) {
    const mx_htp_found *f = &m->found;
    for (size_t i = 0; i < f->n_nodes; i++)
        m->first[f->matches[i] + 1]++;
    for (size_t i = 0; i < m->count; i++)
        m->first[i + 1] += m->first[i];
    for (size_t i = 0; i < f->n_nodes; i++)
        MX_TRY(add_node(m, MX_NO_NODE, err));
    for (size_t i = f->n_nodes; i-- > 0;)
        m->nodes[--m->first[f->matches[i] + 1]] = f->nodes[i];
    for (size_t i = 0; i < m->count; i++)
        m->first[i] = m->first[i + 1];
    m->first[m->count] = f->n_nodes;
    return MX_OK;
}

static mx_status find(const mx_graph *g, const char *text, matches *out, mx_error *err) {
    *out = (matches){.g = g};
    MX_TRY(mx_htp_find(g, mx_str_of(text), false, &out->found, err));
    bool auxiliary = out->found.by == MX_HTP_FOUND_AUXILIARY;
    out->count = auxiliary ? 1 : out->found.n_matches;
    out->first = mx_alloc_zero(g->allocator, out->count + 1, sizeof *out->first);
    if (!out->first) return mx_nomem(err);
    if (out->count == 0)
        return mx_fail(err, MX_ERR_USAGE, "no module has the tag or name %s", mx_show(mx_str_of(text)).text);
    return auxiliary ? add_auxiliary(out, err) : add_modules(out, err);
}

/* The dotted name of a match; for the root module its class or the graph's name. */
static mx_str match_name(const matches *m, size_t match) {
    const mx_node *n = mx_node_at(m->g, m->nodes[m->first[match]]);
    if (m->found.by == MX_HTP_FOUND_AUXILIARY) return MX_STR_LITERAL("auxiliary");
    if (n->kind == MX_NODE_MODULE) return mx_text(m->g, m->g->modules[n->data].scope);
    mx_str name = mx_text(m->g, m->g->modules[0].class_name);
    return name.n ? name : mx_text(m->g, m->g->scopes[0].name);
}

static mx_status several(const matches *m, const char *text, bool all, mx_error *err) {
    enum { LISTED_BYTES = 480 };
    mx_buffer list;
    size_t i = 0;
    mx_buffer_init(&list, m->g->allocator);
    for (; i < m->count && list.size < LISTED_BYTES; i++) {
        if (i) mx_buffer_cstr(&list, ", ");
        mx_buffer_cstr(&list, mx_show(match_name(m, i)).text);
    }
    if (i < m->count) {
        mx_buffer_cstr(&list, " and ");
        mx_buffer_uint(&list, m->count - i);
        mx_buffer_cstr(&list, " more");
    }
    mx_buffer_byte(&list, '\0');
    mx_status status = list.failed
                           ? mx_nomem(err)
                           : mx_fail(err, MX_ERR_USAGE, "%s matches %zu modules, %s: %stake all as one with --union",
                                     mx_show(mx_str_of(text)).text, m->count, list.data,
                                     all ? "one file each with --all --output-dir DIR, or " : "");
    mx_buffer_free(&list);
    return status;
}

/* ---- extract ---- */

typedef struct extract_job {
    mx_graph *g;
    matches m;
    mx_types types;
    mx_cutter *cutter;
    mx_selection selection;
    size_t n_parts; /* the matches; with MX_EXTRACT_UNION one for all */
    const char *model, *output;
    mx_extract_mode mode;
    mx_extracted_fn each;
    void *ctx;
} extract_job;

static mx_status prepare(extract_job *job, const char *text, mx_error *err) {
    matches *m = &job->m;
    MX_TRY(find(job->g, text, m, err));
    if (m->count > 1 && job->mode == MX_EXTRACT_ONE) return several(m, text, true, err);
    job->n_parts = job->mode == MX_EXTRACT_UNION ? 1 : m->count;
    MX_TRY(mx_infer_types(job->g, &job->types, err));
    MX_TRY(mx_cutter_new(job->g, &job->types, &job->cutter, err));
    return mx_selection_begin(&job->selection, job->g, err);
}

static mx_status cut(extract_job *job, size_t i, mx_graph **out, mx_error *err) {
    const matches *m = &job->m;
    bool all = job->mode == MX_EXTRACT_UNION;
    size_t first = all ? 0 : m->first[i], end = all ? m->n_nodes : m->first[i + 1];
    MX_TRY(mx_selection_set(&job->selection, m->nodes + first, end - first, err));
    return mx_cut_out(job->cutter, &job->selection, out, NULL, err);
}

/* What cannot be done leaves nothing behind: every part is made once before the first is written. They are not kept, because
 * together they can be larger than the model. */
static mx_status try_all(extract_job *job, const char *text, mx_error *err) {
    mx_graph *part;
    MX_TRY(prepare(job, text, err));
    for (size_t i = 0; i < job->n_parts && job->n_parts > 1; i++) {
        MX_TRY(cut(job, i, &part, err));
        mx_graph_release(part);
    }
    return MX_OK;
}

static uint64_t weight_bytes(const mx_graph *part) {
    const mx_scope_data *s = &part->scopes[0];
    uint64_t bytes = 0;
    for (size_t i = 0; i < s->n_initializers; i++)
        bytes += part->tensors[s->initializers[i]].data.size;
    return bytes;
}

static mx_status write_part(const extract_job *job, size_t i, mx_graph *part, const char *path, mx_error *err) {
    const mx_scope_data *s = &part->scopes[0];
    mx_shown name = mx_show(match_name(&job->m, i));
    mx_extracted what = {.path = path,
                         .module = job->mode == MX_EXTRACT_UNION && job->m.count > 1 ? NULL : name.text,
                         .modules = job->mode == MX_EXTRACT_UNION ? job->m.count : 1,
                         .operators = s->n_operators,
                         .inputs = s->n_inputs,
                         .outputs = s->n_outputs,
                         .initializers = s->n_initializers + s->n_sparse,
                         .parameter_bytes = weight_bytes(part)};
    MX_TRY(mx_path_is_no_source(job->g, path, err));
    MX_TRY(mx_weights_beside(part, path, false, NULL, err));
    MX_TRY(mx_onnx_write(part, path, NULL, NULL, NULL, err));
    if (job->each) job->each(job->ctx, &what);
    return MX_OK;
}

/* ---- names of files ---- */

static bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

/* The module's dotted name, as far as it is fit for a file, with a number where that was given away. */
static mx_status name_file(const extract_job *job, size_t i, mx_strings *taken, char out[MX_PATH_BYTES],
                           mx_error *err) {
    enum { NAME_BYTES = 200 };
    mx_str name = match_name(&job->m, i);
    char plain[NAME_BYTES + 1];
    size_t n = name.n < NAME_BYTES ? name.n : NAME_BYTES;
    for (size_t k = 0; k < n; k++)
        plain[k] = is_plain(name.p[k]) && (k || name.p[k] != '.') ? name.p[k] : '_';
    plain[n] = '\0';
    for (size_t number = 1;; number++) {
        char suffix[32] = "";
        if (number > 1) snprintf(suffix, sizeof suffix, "@%zu", number);
        int size = snprintf(out, MX_PATH_BYTES, "%s/%s%s.onnx", job->output, n ? plain : "model", suffix);
        if (size < 0 || size >= MX_PATH_BYTES) return mx_fail(err, MX_ERR_WRITE, "the path of the folder is too long");
        if (mx_strings_find(taken, mx_str_of(out)) == MX_SID_NOMEM) break;
    }
    return mx_strings_add(taken, mx_str_of(out)) == MX_SID_NOMEM ? mx_nomem(err) : MX_OK;
}

static mx_status make_part(extract_job *job, size_t i, const char *path, mx_error *err) {
    mx_graph *part;
    MX_TRY(mx_at_file(err, cut(job, i, &part, err), job->model));
    mx_status status = write_part(job, i, part, path, err);
    mx_graph_release(part);
    return status;
}

static mx_status write_all(extract_job *job, mx_error *err) {
    char path[MX_PATH_BYTES];
    mx_strings taken;
    if (job->mode != MX_EXTRACT_ALL) return make_part(job, 0, job->output, err);
    mx_status status = mx_strings_init(&taken, job->g->allocator) ? MX_OK : mx_nomem(err);
    for (size_t i = 0; status == MX_OK && i < job->n_parts; i++) {
        status = name_file(job, i, &taken, path, err);
        if (status == MX_OK) status = make_part(job, i, path, err);
    }
    mx_strings_free(&taken);
    return status;
}

mx_status mx_extract(const mx_env *env, const char *model, const char *tag, const char *output, mx_extract_mode mode,
                     mx_extracted_fn each, void *ctx, mx_error *err) {
    extract_job job = {.model = model, .output = output, .mode = mode, .each = each, .ctx = ctx};
    MX_TRY(mx_graph_load(env, model, &job.g, err));
    job.m.g = job.g;
    mx_status status = mx_at_file(err, try_all(&job, tag, err), model);
    if (status == MX_OK) status = write_all(&job, err);
    mx_cutter_free(job.cutter);
    mx_selection_free(&job.selection);
    mx_types_free(&job.types);
    matches_free(&job.m);
    mx_graph_free(job.g);
    return status;
}

/* ---- replace ---- */

static mx_status replace(mx_graph *g, const char *tag, mx_graph *part, const char *part_path, bool unite,
                         mx_error *err) {
    matches m;
    mx_status status = find(g, tag, &m, err);
    if (status == MX_OK && m.count > 1 && !unite) status = several(&m, tag, false, err);
    if (status == MX_OK) {
        status = mx_graph_replace(g, m.nodes, m.n_nodes, part, err);
        if (status == MX_ERR_INVALID) mx_at_file(err, status, part_path);
    }
    matches_free(&m);
    return status;
}

mx_status mx_replace(const mx_env *env, const char *model, const char *tag, const char *part, const char *output,
                     bool unite, mx_error *err) {
    mx_graph *g = NULL, *p = NULL;
    mx_status status = mx_graph_load(env, model, &g, err);
    if (status == MX_OK) status = mx_load_as_it_is(env, part, &p, err);
    if (status == MX_OK) status = mx_at_file(err, replace(g, tag, p, part, unite, err), model);
    if (status == MX_OK) status = mx_graph_save_onnx(g, output, err);
    mx_graph_free(p);
    mx_graph_free(g);
    return status;
}
