/* The scope that each operator tells of itself: the first source that says something. */
#include "htp/sources.h"

/* Keys of metadata and attributes, looked up once. MX_SID_NOMEM: no string of the graph, so nothing bears it. */
typedef struct known_keys {
    mx_sid scope, tag, path, method, name_scopes, class_hierarchy, name_space;
} known_keys;

static known_keys find_keys(const mx_graph *g, const mx_htp_options *options) {
    const mx_strings *t = &g->strings;
    known_keys k = {MX_SID_NOMEM, MX_SID_NOMEM, MX_SID_NOMEM, MX_SID_NOMEM, MX_SID_NOMEM, MX_SID_NOMEM, MX_SID_NOMEM};
    if (!options->ignore_tags && options->strategy != MX_HTP_STRATEGY_FX) {
        k.scope = mx_strings_find(t, MX_STR_LITERAL("hierarchy_scope"));
        k.tag = mx_strings_find(t, MX_STR_LITERAL("hierarchy_tag"));
        k.path = mx_strings_find(t, MX_STR_LITERAL("hierarchy_path"));
        k.method = mx_strings_find(t, MX_STR_LITERAL("hierarchy_method"));
    }
    if (!options->ignore_torch) {
        k.name_scopes = mx_strings_find(t, MX_STR_LITERAL("pkg.torch.onnx.name_scopes"));
        k.class_hierarchy = mx_strings_find(t, MX_STR_LITERAL("pkg.torch.onnx.class_hierarchy"));
        k.name_space = mx_strings_find(t, MX_STR_LITERAL("namespace"));
    }
    return k;
}

/* What metadata and, from older exports, attributes say. */
typedef struct told {
    mx_sid scope, tag, path, method, name_scopes, class_hierarchy, name_space;
} told;

static void take(const known_keys *k, mx_sid key, mx_sid value, told *out) {
    const mx_sid keys[] = {k->scope, k->tag, k->path, k->method, k->name_scopes, k->class_hierarchy, k->name_space};
    mx_sid *const values[] = {&out->scope,       &out->tag,             &out->path,      &out->method,
                              &out->name_scopes, &out->class_hierarchy, &out->name_space};
    if (key == MX_SID_ABSENT) return;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i] == key && *values[i] == MX_SID_ABSENT) *values[i] = value;
}

static told read_told(const mx_node *n, const known_keys *k) {
    told out = {0};
    for (uint32_t i = 0; i < n->metadata.count; i++) {
        const mx_pair *p = &n->metadata.items[i];
        if (p->opaque == MX_SID_ABSENT) take(k, p->key, p->value, &out);
    }
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        const mx_attr *a = &n->attrs[i];
        if (a->type == MX_ATTR_STRING && a->ref_name == MX_SID_ABSENT) take(k, a->name, a->value.s, &out);
    }
    if (out.tag == MX_SID_ABSENT) out.tag = out.path;
    return out;
}

/* A list or path without its last element, which is the operator itself. Absent if that leaves nothing. */
static mx_str without_last(mx_str text, char separator) {
    const char *last = text.n ? memrchr(text.p, separator, text.n) : NULL;
    return last ? (mx_str){text.p, (size_t)(last - text.p)} : (mx_str){NULL, 0};
}

/* The two spellings of torch's module stack; both begin at the root, or they are no stack of modules. */
static mx_status torch_scope(mx_htp_sources *s, const told *x, uint32_t *out) {
    mx_str list = without_last(mx_text(s->g, x->name_scopes), ',');
    mx_str path = without_last(mx_text(s->g, x->name_space), '/');
    if (mx_str_starts(list, "[''") || mx_str_starts(list, "[\"\"")) {
        MX_TRY(mx_htp_add_scope(s, MX_HTP_FORM_TORCH, list, out));
        mx_str classes = without_last(mx_text(s->g, x->class_hierarchy), ',');
        mx_htp_scope *scope = &s->scopes[*out];
        bool smaller = classes.p && (!scope->classes.p || classes.n < scope->classes.n ||
                                     (classes.n == scope->classes.n && memcmp(classes.p, scope->classes.p, classes.n) < 0));
        if (smaller) scope->classes = classes;
    } else if (x->name_scopes == MX_SID_ABSENT && mx_str_starts(path, ": ")) {
        MX_TRY(mx_htp_add_scope(s, MX_HTP_FORM_NAMESPACE, path, out));
    }
    return MX_OK;
}

/* The scope of a name such as /encoder/layer.0/MatMul; names of nodes may lack the first slash. */
static mx_status slashed_scope(mx_htp_sources *s, mx_str name, bool rooted, uint32_t *out) {
    bool slash = name.n && name.p[0] == '/';
    mx_str path = without_last(name, '/');
    if (!path.p || (rooted && !slash)) return MX_OK;
    if (slash) path = path.n ? (mx_str){path.p + 1, path.n - 1} : path;
    return mx_htp_add_scope(s, MX_HTP_FORM_SLASHED, path, out);
}

static mx_status value_scope(mx_htp_sources *s, const mx_node *n, uint32_t *out) {
    for (uint32_t i = 0; i < n->n_outputs && *out == MX_NO_INDEX; i++)
        MX_TRY(slashed_scope(s, mx_text(s->g, n->outputs[i]), true, out));
    return MX_OK;
}

static mx_htp_method told_method(const mx_graph *g, mx_sid method) {
    static const char *const names[] = {"", "direct", "parent", "inherited", "root"};
    for (int i = MX_HTP_DIRECT; i <= MX_HTP_ROOT; i++)
        if (mx_str_is(mx_text(g, method), names[i])) return (mx_htp_method)i;
    return MX_HTP_NONE;
}

/* Of several tags told for one scope (stale ones), the one that sorts first. */
static void tell_tag(const mx_graph *g, mx_htp_scope *scope, mx_sid tag) {
    mx_str a = mx_text(g, tag), b = mx_text(g, scope->tag);
    if (tag <= MX_SID_EMPTY || tag == scope->tag) return;
    int c = b.p ? memcmp(a.p, b.p, a.n < b.n ? a.n : b.n) : -1;
    if (c < 0 || (c == 0 && a.n < b.n)) scope->tag = tag;
}

static mx_status own_scope(mx_htp_sources *s, const mx_node *n, const told *x, bool torch_only, uint32_t *out,
                           mx_htp_source *source) {
    if (x->scope != MX_SID_ABSENT) {
        *source = MX_HTP_FROM_TAGS;
        return mx_htp_add_scope(s, MX_HTP_FORM_DOTTED, mx_text(s->g, x->scope), out);
    }
    *source = MX_HTP_FROM_TORCH;
    MX_TRY(torch_scope(s, x, out));
    if (*out != MX_NO_INDEX || torch_only) return MX_OK;
    *source = MX_HTP_FROM_NODE_NAME;
    MX_TRY(slashed_scope(s, mx_text(s->g, n->name), false, out));
    if (*out != MX_NO_INDEX) return MX_OK;
    *source = MX_HTP_FROM_VALUE_NAME;
    MX_TRY(value_scope(s, n, out));
    if (*out != MX_NO_INDEX || x->tag <= MX_SID_EMPTY || s->given) return MX_OK;
    *source = MX_HTP_FROM_TAGS;
    return mx_htp_add_scope(s, MX_HTP_FORM_TAG, mx_text(s->g, x->tag), out);
}

mx_status mx_htp_collect_scopes(mx_htp_sources *s, const mx_htp_options *options) {
    known_keys keys = find_keys(s->g, options);
    bool torch_only = options->strategy == MX_HTP_STRATEGY_FX;
    if (options->module_stack) MX_TRY(mx_htp_enter_stack(s));
    for (mx_node_id id = 0; id < s->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(s->g, id);
        uint32_t scope = MX_NO_INDEX;
        mx_htp_source source = MX_HTP_FROM_NOTHING;
        if (n->kind != MX_NODE_OPERATOR || (n->flags & MX_FLAG_REMOVED)) continue;
        told x = read_told(n, &keys);
        source = MX_HTP_FROM_STACK;
        if (options->module_stack) MX_TRY(mx_htp_stack_scope(s, n, &scope));
        else MX_TRY(own_scope(s, n, &x, torch_only, &scope, &source));
        if (scope == MX_NO_INDEX) continue;
        s->scope_of[id] = scope + 1;
        s->labels[id].source = (uint8_t)source;
        if (source == MX_HTP_FROM_TAGS) s->labels[id].method = (uint8_t)told_method(s->g, x.method);
        tell_tag(s->g, &s->scopes[scope], x.tag);
    }
    return MX_OK;
}
