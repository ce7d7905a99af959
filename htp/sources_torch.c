/* The module stack that torch's exporter writes into the metadata of nodes. */
#include "htp/sources.h"

/* The next element of a Python list of strings, unescaped into b. False: the list ends, or it is none. */
static bool next_element(mx_str *rest, mx_buffer *b) {
    const char *p = rest->p, *end = p + rest->n;
    mx_buffer_clear(b);
    while (p < end && (*p == '[' || *p == ',' || *p == ' ')) p++;
    if (p == end || (*p != '\'' && *p != '"')) return false;
    char quote = *p++;
    for (; p < end && *p != quote; p++) {
        if (*p == '\\' && p + 1 < end) p++;
        mx_buffer_byte(b, *p);
    }
    if (p == end) return false;
    *rest = (mx_str){p + 1, (size_t)(end - p) - 1};
    return true;
}

/* A module that is called again is written `proj@1`. */
static mx_str without_call(mx_str name) {
    const char *at = name.n ? memrchr(name.p, '@', name.n) : NULL;
    return at ? (mx_str){name.p, (size_t)(at - name.p)} : name;
}

static mx_status enter(mx_htp_sources *s, mx_htp_scope *scope, mx_str name, mx_str class_path) {
    MX_TRY(mx_htp_resolve_dotted(s, scope, without_call(name)));
    bool known = s->tree->modules[scope->module].class_name != MX_SID_ABSENT;
    if (!scope->exact || known || !class_path.n) return MX_OK;
    return mx_htp_tree_set_class(s->tree, scope->module, class_path, s->err);
}

static size_t common_prefix(mx_str a, mx_str b) {
    size_t i = 0, n = a.n < b.n ? a.n : b.n;
    while (i < n && a.p[i] == b.p[i]) i++;
    return i;
}

/* Lists come sorted: elements that the list before began with as well are entered already, but for the last. */
static mx_status resolve_lists(mx_htp_sources *s, mx_htp_scope *scope, mx_str before, mx_buffer *name, mx_buffer *class_path) {
    mx_str names = scope->text, classes = scope->classes;
    size_t same = common_prefix(scope->text, before);
    while (next_element(&names, name)) {
        if (!classes.p || !next_element(&classes, class_path)) mx_buffer_clear(class_path);
        if (name->failed || class_path->failed) return mx_nomem(s->err);
        if (names.n && (size_t)(names.p - scope->text.p) < same) continue;
        MX_TRY(enter(s, scope, mx_buffer_str(name), mx_buffer_str(class_path)));
    }
    return MX_OK;
}

/* : a.b.Model/encoder: a.b.Encoder */
static mx_status resolve_namespace(mx_htp_sources *s, mx_htp_scope *scope) {
    mx_str rest = scope->text;
    while (rest.n) {
        const char *slash = memchr(rest.p, '/', rest.n);
        mx_str step = {rest.p, slash ? (size_t)(slash - rest.p) : rest.n};
        const char *colon = memchr(step.p, ':', step.n);
        rest = slash ? (mx_str){slash + 1, rest.n - step.n - 1} : (mx_str){"", 0};
        mx_str name = {step.p, colon ? (size_t)(colon - step.p) : step.n}, class_path = {"", 0};
        if (colon) class_path = (mx_str){colon + 1, step.n - name.n - 1};
        while (class_path.n && *class_path.p == ' ') class_path = (mx_str){class_path.p + 1, class_path.n - 1};
        MX_TRY(enter(s, scope, name, class_path));
    }
    return MX_OK;
}

mx_status mx_htp_resolve_torch(mx_htp_sources *s, mx_htp_scope *scope, mx_str before) {
    mx_buffer name, class_path;
    if (scope->form == MX_HTP_FORM_NAMESPACE) return resolve_namespace(s, scope);
    mx_buffer_init(&name, s->g->allocator);
    mx_buffer_init(&class_path, s->g->allocator);
    mx_status status = resolve_lists(s, scope, before, &name, &class_path);
    mx_buffer_free(&name);
    mx_buffer_free(&class_path);
    return status;
}
