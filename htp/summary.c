#include "htp/summary.h"

#include <stdlib.h>

mx_htp_label mx_htp_label_of(const mx_htp_tagging *t, mx_node_id node) {
    static const mx_htp_label none = {.module = MX_NO_INDEX};
    return node < t->n_labels ? t->labels[node] : none;
}

const char *mx_htp_method_name(int method) {
    static const char *const names[MX_HTP_METHODS] = {"", "direct", "parent", "inherited", "root"};
    return method >= 0 && method < MX_HTP_METHODS ? names[method] : "";
}

const char *mx_htp_source_name(int source) {
    static const char *const names[MX_HTP_SOURCES] = {"the operators around",  "an earlier export",    "the module stack",
                                                      "torch's metadata",      "local functions",
                                                      "names of operators",    "names of values",
                                                      "names of parameters"};
    return source >= 0 && source < MX_HTP_SOURCES ? names[source] : "";
}

double mx_htp_percentage(uint64_t part, uint64_t whole) {
    return whole ? 100.0 * (double)part / (double)whole : 100.0;
}

/* ---- operators ---- */

typedef struct counting {
    const mx_graph *g;
    const mx_htp_tagging *t;
    mx_htp_summary *s;
    uint32_t *place; /* by string id: 1 + place in the list that is being made; 0: not there */
    mx_error *err;
} counting;

static mx_status count_tag(counting *c, mx_sid tag) {
    mx_htp_summary *s = c->s;
    if (!c->place[tag]) {
        if (!mx_grow(s->allocator, (void **)&s->tags, &s->cap_tags, s->n_tags, sizeof *s->tags)) return mx_nomem(c->err);
        s->tags[s->n_tags++] = (mx_htp_tag_count){tag, 0};
        c->place[tag] = (uint32_t)s->n_tags;
    }
    s->tags[c->place[tag] - 1].operators++;
    return MX_OK;
}

static mx_status count_auxiliary(counting *c, const mx_node *n, const mx_htp_label *l) {
    mx_htp_summary *s = c->s;
    s->auxiliary++;
    s->auxiliary_tagged += l->module != MX_NO_INDEX;
    s->auxiliary_inherited += l->method == MX_HTP_INHERITED;
    s->auxiliary_root += l->method == MX_HTP_ROOT;
    if (!c->place[n->op_type]) {
        if (!mx_grow(s->allocator, (void **)&s->auxiliary_types, &s->cap_auxiliary_types, s->n_auxiliary_types,
                     sizeof *s->auxiliary_types))
            return mx_nomem(c->err);
        s->auxiliary_types[s->n_auxiliary_types++] = (mx_htp_type_count){n->op_type, 0};
        c->place[n->op_type] = (uint32_t)s->n_auxiliary_types;
    }
    s->auxiliary_types[c->place[n->op_type] - 1].operators++;
    return MX_OK;
}

static mx_status count_tags(counting *c, const mx_htp_keys *k) {
    mx_htp_summary *s = c->s;
    for (size_t i = 0; i < k->count; i++) {
        mx_htp_label l = mx_htp_label_of(c->t, k->operators[i]);
        s->operators++;
        if (l.method < MX_HTP_METHODS) s->by_method[l.method]++;
        if (l.source < MX_HTP_SOURCES) s->by_source[l.source]++;
        if (l.module >= c->t->tree.count) continue;
        s->tagged++;
        s->root_module += l.module == 0;
        s->module_operators[l.module]++;
        MX_TRY(count_tag(c, c->t->tree.modules[l.module].tag));
    }
    return MX_OK;
}

static mx_status count_auxiliaries(counting *c, const mx_htp_keys *k) {
    for (size_t i = 0; i < k->count; i++) {
        mx_htp_label l = mx_htp_label_of(c->t, k->operators[i]);
        if (l.auxiliary) MX_TRY(count_auxiliary(c, mx_node_at(c->g, k->operators[i]), &l));
    }
    return MX_OK;
}

/* Operators that torch's exporter made of one operator of the source program bear that one's text. */
static void count_source(counting *c, const mx_htp_keys *k) {
    mx_sid key = mx_strings_find(&c->g->strings, MX_STR_LITERAL("pkg.torch.onnx.fx_node"));
    for (size_t i = 0; i < k->count; i++) {
        const mx_node *n = mx_node_at(c->g, k->operators[i]);
        mx_sid origin = MX_SID_ABSENT;
        for (uint32_t p = 0; p < n->metadata.count && key != MX_SID_NOMEM; p++)
            if (!n->metadata.items[p].opaque && n->metadata.items[p].key == key) origin = n->metadata.items[p].value;
        if (origin != MX_SID_ABSENT) c->place[origin]++;
        if (origin == MX_SID_ABSENT || c->place[origin] == 1) c->s->source_operators++;
        if (origin != MX_SID_ABSENT && c->place[origin] == 2) c->s->regions++;
    }
}

/* ---- modules and weights ---- */

static int by_text(const void *a, const void *b, void *graph) {
    mx_str x = mx_text(graph, *(const mx_sid *)a), y = mx_text(graph, *(const mx_sid *)b);
    int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

static mx_status count_modules(counting *c) {
    mx_htp_summary *s = c->s;
    for (size_t i = 0; i < c->t->tree.count; i++) {
        const mx_htp_module *m = &c->t->tree.modules[i];
        s->modules_own_tag += m->own_tag;
        s->modules_executed += m->has_order;
        s->modules_used += s->module_operators[i] > 0;
        if (m->class_name == MX_SID_ABSENT || c->place[m->class_name]) continue;
        c->place[m->class_name] = 1;
        if (!mx_grow(s->allocator, (void **)&s->module_classes, &s->cap_module_classes, s->n_module_classes,
                     sizeof *s->module_classes))
            return mx_nomem(c->err);
        s->module_classes[s->n_module_classes++] = m->class_name;
    }
    if (s->n_module_classes)
        qsort_r(s->module_classes, s->n_module_classes, sizeof *s->module_classes, by_text, (void *)c->g);
    return MX_OK;
}

static uint64_t elements(const mx_tensor *t) {
    uint64_t n = 1;
    for (uint32_t i = 0; i < t->n_dims; i++) {
        uint64_t dim = t->dims[i] > 0 ? (uint64_t)t->dims[i] : 0;
        if (dim && n > UINT64_MAX / dim) return 0;
        n *= dim;
    }
    return n;
}

static void count_parameters(counting *c) {
    for (size_t i = 0; i < c->g->n_scopes; i++) {
        const mx_scope_data *scope = &c->g->scopes[i];
        for (size_t k = 0; k < scope->n_initializers; k++)
            c->s->parameters += elements(&c->g->tensors[scope->initializers[k]]);
    }
}

static void forget(counting *c) {
    memset(c->place, 0, c->g->strings.count * sizeof *c->place);
}

static mx_status count_all(counting *c, const mx_htp_keys *k) {
    MX_TRY(count_tags(c, k));
    forget(c);
    MX_TRY(count_auxiliaries(c, k));
    forget(c);
    count_source(c, k);
    forget(c);
    count_parameters(c);
    return count_modules(c);
}

mx_status mx_htp_summarize(const mx_graph *g, const mx_htp_tagging *t, const mx_htp_keys *k, mx_htp_summary *out,
                           mx_error *err) {
    *out = (mx_htp_summary){.allocator = g->allocator, .n_modules = t->tree.count};
    counting c = {g, t, out, mx_alloc_zero(g->allocator, g->strings.count, sizeof *c.place), err};
    out->module_operators = mx_alloc_zero(g->allocator, out->n_modules + 1, sizeof *out->module_operators);
    mx_status status = c.place && out->module_operators ? count_all(&c, k) : mx_nomem(err);
    mx_free(g->allocator, c.place, g->strings.count * sizeof *c.place);
    return status;
}

void mx_htp_summary_free(mx_htp_summary *s) {
    mx_free(s->allocator, s->module_operators, (s->n_modules + 1) * sizeof *s->module_operators);
    mx_free(s->allocator, s->tags, s->cap_tags * sizeof *s->tags);
    mx_free(s->allocator, s->auxiliary_types, s->cap_auxiliary_types * sizeof *s->auxiliary_types);
    mx_free(s->allocator, s->module_classes, s->cap_module_classes * sizeof *s->module_classes);
    *s = (mx_htp_summary){0};
}
