#include "htp/metadata_read.h"

typedef struct reading {
    mx_htp_metadata *m;
    mx_str root_scope; /* scopes may have a common root, "model.encoder": it is left out */
    mx_buffer b;
    mx_error *err;
} reading;

static mx_str text_of(json_t *v) {
    return json_is_string(v) ? (mx_str){json_string_value(v), json_string_length(v)} : (mx_str){NULL, 0};
}

static mx_status wrong(const reading *r, const char *key, const char *what) {
    return mx_fail(r->err, MX_ERR_INVALID, "the metadata's \"%s\" is not %s", key, what);
}

/* ---- texts ---- */

static mx_status intern(reading *r, mx_str text, mx_sid *out) {
    mx_htp_metadata *m = r->m;
    *out = mx_strings_add(&m->texts, text);
    if (*out == MX_SID_NOMEM) return mx_nomem(r->err);
    if (*out < m->n_told) return MX_OK;
    size_t n = m->n_told ? m->n_told : 64;
    while (n <= *out) n *= 2;
    mx_htp_metadata_text *told = mx_realloc(m->allocator, m->told, m->n_told * sizeof *told, n * sizeof *told);
    if (!told) return mx_nomem(r->err);
    memset(told + m->n_told, 0, (n - m->n_told) * sizeof *told);
    m->told = told;
    m->n_told = n;
    return MX_OK;
}

/* ---- modules ---- */

/* The dotted name below the root; without a scope, what the key says (behind '@', where it has that) below the parent. */
static mx_status scope_of(reading *r, json_t *module, const char *key, mx_str outer, mx_sid *out) {
    mx_str scope = text_of(json_object_get(module, "scope"));
    size_t n = r->root_scope.n;
    if (scope.p) {
        if (n && scope.n >= n && memcmp(scope.p, r->root_scope.p, n) == 0 && (scope.n == n || scope.p[n] == '.'))
            scope = scope.n == n ? (mx_str){"", 0} : (mx_str){scope.p + n + 1, scope.n - n - 1};
        return intern(r, scope, out);
    }
    const char *at = strrchr(key, '@');
    mx_buffer_clear(&r->b);
    mx_buffer_add(&r->b, outer.p, outer.n);
    if (outer.n) mx_buffer_byte(&r->b, '.');
    mx_buffer_cstr(&r->b, at && at[1] ? at + 1 : key);
    return r->b.failed ? mx_nomem(r->err) : intern(r, mx_buffer_str(&r->b), out);
}

/* Recursion is bounded by the depth of the JSON. A module without a tag has the one of the module around it. */
static mx_status read_module(reading *r, json_t *module, const char *key, mx_sid outer, mx_sid outer_tag) {
    json_t *children = json_object_get(module, "children"), *child;
    mx_str told = text_of(json_object_get(module, "traced_tag"));
    mx_sid scope = MX_SID_EMPTY, tag = outer_tag;
    const char *name;
    if (!json_is_object(module)) return wrong(r, "children", "an object of objects");
    if (key) MX_TRY(scope_of(r, module, key, mx_strings_get(&r->m->texts, outer), &scope));
    if (told.n) MX_TRY(intern(r, told, &tag));
    r->m->told[scope].tag = tag;
    r->m->told[tag].is_tag = tag > MX_SID_EMPTY;
    if (!children || json_is_null(children)) return MX_OK;
    if (!json_is_object(children)) return wrong(r, "children", "an object");
    json_object_foreach(children, name, child) MX_TRY(read_module(r, child, name, scope, tag));
    return MX_OK;
}

static mx_status read_modules(reading *r) {
    json_t *modules = json_object_get(r->m->document, "modules");
    mx_sid none;
    if (!json_is_object(modules) || !json_object_size(modules))
        return mx_fail(r->err, MX_ERR_INVALID, "the metadata has no \"modules\", an object that is not empty");
    r->root_scope = text_of(json_object_get(modules, "scope"));
    MX_TRY(intern(r, MX_STR_LITERAL(""), &none)); /* room for the first texts */
    return read_module(r, modules, NULL, MX_SID_EMPTY, MX_SID_EMPTY);
}

/* ---- the rest ---- */

static mx_status object_field(reading *r, const char *key, json_t **out) {
    json_t *v = json_object_get(r->m->document, key);
    *out = json_is_object(v) ? v : NULL;
    return !v || json_is_null(v) || *out ? MX_OK : wrong(r, key, "an object");
}

static mx_status read_document(reading *r) {
    mx_htp_metadata *m = r->m;
    json_t *context;
    if (!json_is_object(m->document)) return mx_fail(r->err, MX_ERR_INVALID, "the metadata is not a JSON object");
    MX_TRY(read_modules(r));
    MX_TRY(object_field(r, "nodes", &m->nodes));
    MX_TRY(object_field(r, "node_tags", &m->node_tags));
    MX_TRY(object_field(r, "export_context", &context));
    mx_str strategy = text_of(json_object_get(m->document, "strategy"));
    m->tells_strategy = strategy.n > 0;
    m->by_htp = mx_str_is(strategy, "htp") || mx_str_is(strategy, "htp_builtin");
    m->embedded = json_is_true(json_object_get(context, "embed_hierarchy_attributes"));
    return MX_OK;
}

mx_status mx_htp_metadata_read(const mx_allocator *a, mx_str text, uint32_t depth, mx_htp_metadata *out, mx_error *err) {
    reading r = {.m = out, .err = err};
    *out = (mx_htp_metadata){.allocator = a};
    if (!mx_strings_init(&out->texts, a)) return mx_nomem(err);
    MX_TRY(mx_json_parse(text, depth, &out->document, err));
    mx_buffer_init(&r.b, a);
    mx_status status = read_document(&r);
    mx_buffer_free(&r.b);
    return status;
}

void mx_htp_metadata_free(mx_htp_metadata *m) {
    json_decref(m->document);
    mx_strings_free(&m->texts);
    mx_free(m->allocator, m->told, m->n_told * sizeof *m->told);
    *m = (mx_htp_metadata){0};
}

/* ---- looking ---- */

mx_str mx_htp_metadata_tag(const mx_htp_metadata *m, mx_str scope) {
    mx_sid sid = mx_strings_find(&m->texts, scope);
    return mx_strings_get(&m->texts, sid < m->n_told ? m->told[sid].tag : MX_SID_ABSENT);
}

bool mx_htp_metadata_knows(const mx_htp_metadata *m, mx_str tag) {
    mx_sid sid = mx_strings_find(&m->texts, tag);
    return sid < m->n_told && m->told[sid].is_tag;
}

mx_str mx_htp_metadata_node(const mx_htp_metadata *m, mx_str key) {
    return text_of(json_object_getn(m->nodes, key.p, key.n));
}

mx_str mx_htp_metadata_node_tag(const mx_htp_metadata *m, mx_str key) {
    return text_of(json_object_get(json_object_getn(m->node_tags, key.p, key.n), "primary_path"));
}
