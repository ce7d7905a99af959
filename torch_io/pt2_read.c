#include "torch_io/pt2.h"

enum { SCHEMA_MAJOR = 8 };

static const char model_file[] = "models/model.json";

/* Where the archive's one top folder ends; it is the stem of the file that was saved, so it is found by what is in it.
 */
static mx_status find_top(mx_pt2 *r) {
    const mx_archive *a = r->archive;
    for (size_t i = 0; i < a->n_entries; i++) {
        mx_str name = a->entries[i].name;
        const char *slash = memchr(name.p, '/', name.n);
        size_t top = slash ? (size_t)(slash - name.p) + 1 : 0;
        if (!mx_str_is((mx_str){name.p + top, name.n - top}, model_file)) continue;
        mx_buffer_add(&r->top, name.p, top);
        return r->top.failed ? mx_nomem(r->err) : MX_OK;
    }
    if (mx_archive_find(a, MX_STR_LITERAL("serialized_exported_program.json")))
        return mx_fail(r->err, MX_ERR_UNSUPPORTED,
                       "the file was saved by a PyTorch before 2.8: save it again with a newer one");
    return mx_fail(r->err, MX_ERR_INVALID, "this is no file of torch.export.save: it has no %s", model_file);
}

static const mx_archive_entry *find(mx_pt2 *r, const char *name) {
    mx_buffer_clear(&r->text);
    mx_buffer_add(&r->text, r->top.data, r->top.size);
    mx_buffer_cstr(&r->text, name);
    return r->text.failed ? NULL : mx_archive_find(r->archive, mx_buffer_str(&r->text));
}

static mx_status read_json(mx_pt2 *r, const char *name, json_t **out) {
    mx_limits defaults = mx_limits_default();
    const mx_limits *limits = r->p->env->limits ? r->p->env->limits : &defaults;
    const mx_archive_entry *e = find(r, name);
    if (r->text.failed) return mx_nomem(r->err);
    if (!e) return MX_OK;
    mx_buffer text;
    mx_buffer_init(&text, r->p->env->allocator);
    mx_status status = mx_archive_read(r->archive, e, &text, r->err);
    if (status == MX_OK) {
        status = mx_json_parse(mx_buffer_str(&text), limits->json_depth, out, r->err);
        if (status != MX_OK && r->err) { /* the message is of a few words: the file's name goes before it */
            mx_error inner = *r->err;
            (void)mx_fail(r->err, status, "%s: %s", name, inner.message);
        }
    }
    mx_buffer_free(&text);
    return status;
}

static mx_status check_byteorder(mx_pt2 *r) {
    mx_buffer text;
    const mx_archive_entry *e = find(r, "byteorder");
    if (r->text.failed) return mx_nomem(r->err);
    if (!e) return MX_OK;
    mx_buffer_init(&text, r->p->env->allocator);
    mx_status status = mx_archive_read(r->archive, e, &text, r->err);
    bool little = mx_str_is(mx_buffer_str(&text), "little");
    mx_buffer_free(&text);
    MX_TRY(status);
    return little ? MX_OK : mx_fail(r->err, MX_ERR_UNSUPPORTED, "the file's byte order is not little-endian");
}

static mx_status check_version(mx_pt2 *r) {
    const json_t *version;
    int64_t major;
    MX_TRY(mx_pt2_object(r, r->model, "schema_version", &version));
    MX_TRY(mx_pt2_int(r, version, "major", &major));
    if (major == SCHEMA_MAJOR) return MX_OK;
    return mx_fail(r->err, MX_ERR_UNSUPPORTED, "%s: schema version %lld is not supported, only %d is", r->entry,
                   (long long)major, SCHEMA_MAJOR);
}

static mx_status read_program(mx_pt2 *r) {
    const json_t *module, *graph;
    MX_TRY(find_top(r));
    MX_TRY(check_byteorder(r));
    MX_TRY(read_json(r, model_file, &r->model));
    r->entry = model_file;
    MX_TRY(check_version(r));
    MX_TRY(read_json(r, "data/weights/model_weights_config.json", &r->weights));
    MX_TRY(read_json(r, "data/constants/model_constants_config.json", &r->constants));
    if (json_is_string(json_object_get(r->model, "torch_version")))
        MX_TRY(mx_pt2_string(r, r->model, "torch_version", &r->p->torch_version));
    MX_TRY(mx_pt2_object(r, r->model, "graph_module", &module));
    MX_TRY(mx_pt2_object(r, module, "graph", &graph));
    MX_TRY(mx_pt2_graph(r, graph, 0));
    return mx_pt2_signature(r, module);
}

static void release(mx_pt2 *r) {
    const mx_allocator *a = r->p->env->allocator;
    json_decref(r->model);
    json_decref(r->weights);
    json_decref(r->constants);
    mx_pt2_map_free(r, &r->values);
    mx_pt2_map_free(r, &r->modules);
    mx_pt2_map_free(r, &r->calls);
    mx_pt2_map_free(r, &r->stacks);
    mx_free(a, r->undo, r->cap_undo * sizeof *r->undo);
    mx_free(a, r->times, r->cap_times * sizeof *r->times);
    mx_buffer_free(&r->top);
    mx_buffer_free(&r->text);
}

static mx_status read_source(mx_program *p, mx_error *err) {
    mx_archive archive;
    mx_pt2 r = {.p = p, .archive = &archive, .err = err, .entry = model_file};
    mx_buffer_init(&r.top, p->env->allocator);
    mx_buffer_init(&r.text, p->env->allocator);
    mx_status status = mx_archive_open(p->env, p->sources[0], &archive, err);
    if (status == MX_OK) status = read_program(&r);
    release(&r);
    mx_archive_close(&archive);
    return status;
}

static mx_status open_source(mx_program *p, const char *path, mx_error *err) {
    if (!mx_grow(p->env->allocator, (void **)&p->sources, &p->cap_sources, 0, sizeof(*p->sources)))
        return mx_nomem(err);
    MX_TRY(mx_source_open(p->env, path, &p->sources[0], err));
    p->n_sources = 1;
    return MX_OK;
}

mx_status mx_pt2_read(const mx_env *env, const char *path, mx_program **out, mx_error *err) {
    mx_program *p;
    *out = NULL;
    MX_TRY(mx_program_new(env, &p, err));
    mx_status status = open_source(p, path, err);
    if (status == MX_OK) status = read_source(p, err);
    if (status != MX_OK) {
        mx_program_free(p);
        return mx_at_file(err, status, path);
    }
    *out = p;
    return MX_OK;
}
