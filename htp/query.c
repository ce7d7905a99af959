#include "htp/query.h"

typedef struct search {
    const mx_graph *g;
    mx_str text;
    mx_htp_found *out;
    mx_error *err;
} search;

static const mx_module_data *module_data(const mx_graph *g, mx_node_id id) {
    const mx_node *n = mx_node_at(g, id);
    if (n->flags & MX_FLAG_REMOVED) return NULL;
    if (n->kind == MX_NODE_MODEL) return &g->modules[0];
    return n->kind == MX_NODE_MODULE ? &g->modules[n->data] : NULL;
}

/* ---- whole names ---- */

static bool is_exact(const search *s, mx_node_id id) {
    const mx_module_data *m = module_data(s->g, id);
    return mx_str_eq(mx_text(s->g, m->tag), s->text) || (id != 0 && mx_str_eq(mx_text(s->g, m->scope), s->text));
}

/* ---- steps ---- */

static bool all_digits(const char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9') return false;
    return n > 0;
}

/* The number that a name ends with, ".0" or all of "0"; empty: none. */
static mx_str number_of(mx_str name) {
    const char *dot = name.n ? memrchr(name.p, '.', name.n) : NULL;
    if (dot && all_digits(dot + 1, (size_t)(name.p + name.n - dot) - 1))
        return (mx_str){dot + 1, (size_t)(name.p + name.n - dot) - 1};
    return all_digits(name.p, name.n) ? name : (mx_str){name.p, 0};
}

/* Whether a step says `name`, or `name` with the number behind it. */
static bool says(mx_str step, mx_str name, mx_str number) {
    if (!name.n || step.n < name.n || memcmp(step.p, name.p, name.n) != 0) return false;
    if (step.n == name.n) return true;
    return number.n && step.n == name.n + 1 + number.n && step.p[name.n] == '.' &&
           memcmp(step.p + name.n + 1, number.p, number.n) == 0;
}

/* A step is a module's class or its name, with or without the number. */
static bool is_step(const mx_graph *g, mx_node_id id, mx_str step) {
    const mx_module_data *m = module_data(g, id);
    mx_str name = id ? mx_text(g, mx_node_at(g, id)->name) : (mx_str){"", 0};
    mx_str number = number_of(name), bare = name;
    if (number.n && number.n < name.n) bare.n -= number.n + 1;
    return says(step, mx_text(g, m->class_name), number) || says(step, name, (mx_str){name.p, 0}) ||
           says(step, bare, number);
}

static mx_node_id module_around(const mx_graph *g, mx_node_id id) {
    do {
        id = mx_node_at(g, id)->parent;
    } while (id != MX_NO_NODE && !module_data(g, id));
    return id;
}

/* Modules of a class that makes no step of a tag: lists and other containers, mostly. */
static bool may_be_left_out(const mx_module_data *m) {
    return m->class_name > MX_SID_EMPTY && !m->has_own_tag;
}

/* The steps from the last one back, up the tree. */
static bool is_path(const search *s, mx_node_id id) {
    mx_str rest = s->text;
    bool first = true;
    while (rest.n && id != MX_NO_NODE) {
        const char *slash = memrchr(rest.p, '/', rest.n);
        mx_str step = slash ? (mx_str){slash + 1, rest.n - (size_t)(slash - rest.p) - 1} : rest;
        bool fits = step.n && is_step(s->g, id, step);
        if (fits) rest.n = slash ? (size_t)(slash - rest.p) : 0;
        else if (first || !step.n || !may_be_left_out(module_data(s->g, id))) return false;
        if (fits && slash && !rest.n) return id == 0; /* "/Model/...": from the root on */
        first = false;
        id = module_around(s->g, id);
    }
    return !rest.n && !first;
}

/* ---- pieces ---- */

static bool has_part(mx_str text, mx_str part) {
    return text.n >= part.n && memmem(text.p, text.n, part.p, part.n) != NULL;
}

static bool is_part(const search *s, mx_node_id id) {
    const mx_module_data *m = module_data(s->g, id);
    return has_part(mx_text(s->g, m->tag), s->text) || has_part(mx_text(s->g, m->scope), s->text);
}

/* ---- collecting ---- */

static bool below_one(const search *s, mx_node_id id, const bool *matched) {
    while ((id = mx_node_at(s->g, id)->parent) != MX_NO_NODE)
        if (matched[id]) return true;
    return false;
}

/* `seen`: by string id of a dotted name, its match + 1. */
static mx_status add_node(search *s, mx_node_id id, uint32_t *seen) {
    mx_htp_found *f = s->out;
    mx_sid scope = module_data(s->g, id)->scope;
    if (!mx_grow(f->allocator, (void **)&f->nodes, &f->cap_nodes, f->n_nodes, sizeof *f->nodes) ||
        !mx_grow(f->allocator, (void **)&f->matches, &f->cap_matches, f->n_nodes, sizeof *f->matches))
        return mx_nomem(s->err);
    if (!seen[scope]) seen[scope] = (uint32_t)++f->n_matches;
    f->nodes[f->n_nodes] = id;
    f->matches[f->n_nodes++] = seen[scope] - 1;
    return MX_OK;
}

static mx_status collect(search *s, bool (*fits)(const search *s, mx_node_id id), bool *matched, uint32_t *seen) {
    for (mx_node_id id = 0; id < s->g->n_nodes; id++) matched[id] = module_data(s->g, id) && fits(s, id);
    for (mx_node_id id = 0; id < s->g->n_nodes; id++)
        if (matched[id] && !below_one(s, id, matched)) MX_TRY(add_node(s, id, seen));
    return MX_OK;
}

static mx_status find_by(search *s, bool parts, bool *matched, uint32_t *seen) {
    mx_htp_found *f = s->out;
    MX_TRY(collect(s, is_exact, matched, seen));
    f->by = MX_HTP_FOUND_EXACT;
    if (f->n_nodes) return MX_OK;
    f->by = MX_HTP_FOUND_AUXILIARY;
    if (mx_str_is(s->text, "auxiliary")) return MX_OK;
    MX_TRY(collect(s, is_path, matched, seen));
    f->by = MX_HTP_FOUND_STEPS;
    if (f->n_nodes) return MX_OK;
    if (parts) MX_TRY(collect(s, is_part, matched, seen));
    f->by = f->n_nodes ? MX_HTP_FOUND_PART : MX_HTP_FOUND_NOTHING;
    return MX_OK;
}

mx_status mx_htp_find(const mx_graph *g, mx_str text, bool parts, mx_htp_found *out, mx_error *err) {
    search s = {g, text, out, err};
    *out = (mx_htp_found){.allocator = g->allocator};
    if (!text.n) return MX_OK;
    bool *matched = mx_alloc_zero(g->allocator, g->n_nodes, sizeof *matched);
    uint32_t *seen = mx_alloc_zero(g->allocator, g->strings.count, sizeof *seen);
    mx_status status = matched && seen ? find_by(&s, parts, matched, seen) : mx_nomem(err);
    mx_free(g->allocator, matched, g->n_nodes * sizeof *matched);
    mx_free(g->allocator, seen, g->strings.count * sizeof *seen);
    return status;
}

void mx_htp_found_free(mx_htp_found *f) {
    mx_free(f->allocator, f->nodes, f->cap_nodes * sizeof *f->nodes);
    mx_free(f->allocator, f->matches, f->cap_matches * sizeof *f->matches);
    *f = (mx_htp_found){0};
}

/* ---- operators ---- */

static void mark_below(const mx_graph *g, mx_node_id root, bool *inside) {
    for (mx_node_id id = root; id != MX_NO_NODE;) {
        const mx_node *n = mx_node_at(g, id);
        if (n->kind == MX_NODE_OPERATOR) inside[id] = true;
        if (n->first_child != MX_NO_NODE) {
            id = n->first_child;
            continue;
        }
        while (id != root && mx_node_at(g, id)->next_sibling == MX_NO_NODE) id = mx_node_at(g, id)->parent;
        id = id == root ? MX_NO_NODE : mx_node_at(g, id)->next_sibling;
    }
}

void mx_htp_found_mark(const mx_graph *g, const mx_htp_found *f, uint32_t match, bool *inside) {
    for (size_t i = 0; i < f->n_nodes; i++)
        if (match == UINT32_MAX || f->matches[i] == match) mark_below(g, f->nodes[i], inside);
}
