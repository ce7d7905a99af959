/* The module tree of a metadata JSON: {"modules": {"class_name", "scope", "traced_tag", "module_type", "execution_order",
 * "calls", "children": {key: the same}}}. Only `modules` is required; the scope counts, not the keys. */
#include "htp/sources.h"

#include "base/json.h"
#include "htp/torch_nn.h"

typedef struct reading {
    mx_htp_sources *s;
    mx_str root_scope; /* scopes may have a common root, "model.encoder": it is left out */
} reading;

static mx_status wrong(const reading *r, const char *key, const char *field, const char *what) {
    return mx_fail(r->s->err, MX_ERR_INVALID, "the metadata's module %s: \"%s\" is not %s", mx_show(mx_str_of(key)).text, field,
                   what);
}

/* ---- fields ---- */

/* Absent and null are the same. */
static mx_status text_field(const reading *r, json_t *object, const char *key, const char *field, mx_str *out) {
    json_t *v = json_object_get(object, field);
    *out = (mx_str){NULL, 0};
    if (!v || json_is_null(v)) return MX_OK;
    if (!json_is_string(v)) return wrong(r, key, field, "a text");
    *out = (mx_str){json_string_value(v), json_string_length(v)};
    return MX_OK;
}

static mx_status number_field(const reading *r, json_t *object, const char *key, const char *field, bool *has, int32_t *out) {
    json_t *v = json_object_get(object, field);
    *has = v && !json_is_null(v);
    if (!*has) return MX_OK;
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > INT32_MAX)
        return wrong(r, key, field, "a whole number from 0 to 2147483647");
    *out = (int32_t)json_integer_value(v);
    return MX_OK;
}

/* The dotted name below the root; without a scope, the key below the parent (behind '@', where it has that). */
static mx_status find_module(const reading *r, mx_str scope, uint32_t parent, const char *key, uint32_t *out) {
    mx_htp_sources *s = r->s;
    if (scope.p) {
        size_t n = r->root_scope.n;
        if (n && scope.n >= n && memcmp(scope.p, r->root_scope.p, n) == 0 && (scope.n == n || scope.p[n] == '.'))
            scope = scope.n == n ? (mx_str){"", 0} : (mx_str){scope.p + n + 1, scope.n - n - 1};
        return mx_htp_tree_find(s->tree, scope, true, out, s->err);
    }
    const char *at = strrchr(key, '@');
    mx_sid part;
    MX_TRY(mx_graph_string(s->g, mx_str_of(at && at[1] ? at + 1 : key), &part, s->err));
    return mx_htp_tree_add(s->tree, parent, part, out, s->err);
}

/* Whether the class is one of torch.nn: the module's type says it, or a tag that has no step of its own. */
static mx_status enter_class(const reading *r, uint32_t module, mx_str class_name, mx_str type, mx_str tag, mx_str outer_tag) {
    mx_htp_sources *s = r->s;
    mx_htp_module *m = &s->tree->modules[module];
    if (!class_name.n) return MX_OK;
    MX_TRY(mx_htp_tree_set_class(s->tree, module, class_name, s->err));
    if (!type.p) {
        if (module && tag.n && outer_tag.n && mx_str_eq(tag, outer_tag)) m->torch_nn = true;
        return MX_OK;
    }
    m->torch_nn = mx_htp_is_torch_nn(type);
    return mx_graph_string(s->g, type, &m->module_type, s->err);
}

/* ---- modules ---- */

static mx_status read_module(const reading *r, json_t *object, const char *key, uint32_t parent, mx_str outer_tag);

static mx_status read_children(const reading *r, json_t *object, const char *key, uint32_t module, mx_str tag) {
    json_t *children = json_object_get(object, "children"), *child;
    const char *name;
    if (!children || json_is_null(children)) return MX_OK;
    if (!json_is_object(children)) return wrong(r, key, "children", "an object");
    json_object_foreach(children, name, child) MX_TRY(read_module(r, child, name, module, tag));
    return MX_OK;
}

/* Recursion is bounded by the depth of the JSON. */
static mx_status read_module(const reading *r, json_t *object, const char *key, uint32_t parent, mx_str outer_tag) {
    mx_htp_sources *s = r->s;
    mx_str class_name, scope, tag, type;
    uint32_t module = 0;
    bool has_order, has_calls;
    int32_t order = 0, calls = 0;
    if (!json_is_object(object)) return wrong(r, key, "children", "an object of objects");
    MX_TRY(text_field(r, object, key, "class_name", &class_name));
    MX_TRY(text_field(r, object, key, "scope", &scope));
    MX_TRY(text_field(r, object, key, "traced_tag", &tag));
    MX_TRY(text_field(r, object, key, "module_type", &type));
    MX_TRY(number_field(r, object, key, "execution_order", &has_order, &order));
    MX_TRY(number_field(r, object, key, "calls", &has_calls, &calls));
    MX_TRY(find_module(r, scope, parent, key, &module));
    MX_TRY(enter_class(r, module, class_name, type, tag, outer_tag));
    mx_htp_module *m = &s->tree->modules[module];
    m->has_order = has_order;
    m->order = order;
    m->n_calls = has_calls ? (uint32_t)calls : 0;
    return read_children(r, object, key, module, tag);
}

static mx_status read_modules(mx_htp_sources *s, json_t *document) {
    json_t *modules = json_object_get(document, "modules");
    reading r = {.s = s};
    if (!json_is_object(modules) || !json_object_size(modules))
        return mx_fail(s->err, MX_ERR_INVALID, "the metadata has no \"modules\", an object that is not empty");
    json_t *root = json_object_get(modules, "scope");
    if (json_is_string(root)) r.root_scope = (mx_str){json_string_value(root), json_string_length(root)};
    s->given = true;
    return read_module(&r, modules, "modules", 0, (mx_str){"", 0});
}

mx_status mx_htp_read_metadata(mx_htp_sources *s, const void *text, size_t size) {
    json_t *document;
    MX_TRY(mx_json_parse((mx_str){text, size}, s->g->limits.json_depth, &document, s->err));
    mx_status status = read_modules(s, document);
    json_decref(document);
    return status;
}
