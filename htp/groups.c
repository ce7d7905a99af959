#include "htp/groups.h"

#include "converter/retag.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Children of compounds by name; open addressing, slots hold node id + 1. */
typedef struct module_table {
    const mx_allocator *allocator;
    uint32_t *slots;
    size_t n_slots, used;
} module_table;

typedef struct grouping {
    mx_graph *g;
    mx_error *err;
    module_table table;
    mx_buffer scope; /* dotted name of the module at hand */
    mx_sid key_scope, key_tag;
} grouping;

static size_t slot_of(const grouping *w, mx_node_id parent, mx_sid name) {
    uint32_t key[2] = {parent, name};
    size_t mask = w->table.n_slots - 1, i = (size_t)XXH3_64bits(key, sizeof key) & mask;
    for (; w->table.slots[i]; i = (i + 1) & mask) {
        const mx_node *n = mx_node_at(w->g, w->table.slots[i] - 1);
        if (n->parent == parent && n->name == name) break;
    }
    return i;
}

static bool grow_table(grouping *w) {
    module_table *t = &w->table;
    size_t n = t->n_slots ? t->n_slots * 2 : 64;
    uint32_t *old = t->slots, *slots = mx_alloc_zero(t->allocator, n, sizeof *slots);
    size_t n_old = t->n_slots;
    if (!slots) return false;
    t->slots = slots;
    t->n_slots = n;
    for (size_t i = 0; i < n_old; i++) {
        if (!old[i]) continue;
        const mx_node *m = mx_node_at(w->g, old[i] - 1);
        slots[slot_of(w, m->parent, m->name)] = old[i];
    }
    mx_free(t->allocator, old, n_old * sizeof *old);
    return true;
}

static mx_status module_in(grouping *w, mx_node_id parent, mx_str name, mx_node_id *out) {
    mx_sid sid;
    MX_TRY(mx_graph_string(w->g, name, &sid, w->err));
    if (w->table.used * 2 >= w->table.n_slots && !grow_table(w)) return mx_nomem(w->err);
    size_t slot = slot_of(w, parent, sid);
    if (w->table.slots[slot]) {
        *out = w->table.slots[slot] - 1;
        return MX_OK;
    }
    MX_TRY(mx_graph_add_node(w->g, MX_NODE_MODULE, parent, out, w->err));
    mx_node *n = mx_node_at(w->g, *out);
    n->name = sid;
    w->table.slots[slot] = *out + 1;
    w->table.used++;
    return mx_graph_string(w->g, mx_buffer_str(&w->scope), &w->g->modules[n->data].scope, w->err);
}

static bool all_digits(const char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9') return false;
    return n > 0;
}

/* The next step of a dotted name: a part, with the number that follows it ("layer.0"). */
static mx_str next_dotted(mx_str *rest) {
    const char *dot = memchr(rest->p, '.', rest->n);
    size_t n = dot ? (size_t)(dot - rest->p) : rest->n;
    if (dot && !all_digits(rest->p, n)) {
        const char *from = dot + 1, *end = rest->p + rest->n;
        const char *second = memchr(from, '.', (size_t)(end - from));
        size_t m = (size_t)((second ? second : end) - from);
        if (all_digits(from, m)) n += 1 + m;
    }
    mx_str step = {rest->p, n};
    *rest = n < rest->n ? (mx_str){rest->p + n + 1, rest->n - n - 1} : (mx_str){rest->p + rest->n, 0};
    return step;
}

/* The next step of a path of names. `layer/layer.0` is one step: exporters write the container and its element. */
static mx_str next_slashed(mx_str *rest) {
    for (;;) {
        const char *slash = memchr(rest->p, '/', rest->n);
        size_t n = slash ? (size_t)(slash - rest->p) : rest->n;
        mx_str step = {rest->p, n};
        *rest = slash ? (mx_str){slash + 1, rest->n - n - 1} : (mx_str){rest->p + rest->n, 0};
        bool container = rest->n > n + 1 && memcmp(rest->p, step.p, n) == 0 && rest->p[n] == '.' &&
                         rest->p[n + 1] >= '0' && rest->p[n + 1] <= '9';
        if (!container) return step;
    }
}

typedef mx_str (*next_step)(mx_str *rest);

/* Names are untrusted: one of ten thousand slashes must not nest ten thousand groups. What lies deeper stays at this
 * depth. */
enum { GROUP_DEPTH = 200 };

static bool too_deep(const mx_graph *g, mx_node_id at) {
    int depth = 0;
    for (; at != MX_NO_NODE && depth < GROUP_DEPTH; at = mx_node_at(g, at)->parent) depth++;
    return depth >= GROUP_DEPTH;
}

/* Where the steps lead from the scope that the operator lives in. Steps that the compound around the scope (the operator
 * that owns the body) has taken already are not repeated. */
static mx_status follow(grouping *w, mx_node_id scope, mx_str path, next_step next, mx_node_id *out) {
    mx_node_id at = scope, taken = mx_node_at(w->g, scope)->parent;
    mx_str outer = {"", 0};
    for (; taken != MX_NO_NODE; taken = mx_node_at(w->g, taken)->parent)
        if (mx_node_at(w->g, taken)->kind == MX_NODE_MODULE) {
            outer = mx_text(w->g, w->g->modules[mx_node_at(w->g, taken)->data].scope);
            break;
        }
    mx_buffer_clear(&w->scope);
    while (path.n) {
        mx_str step = next(&path);
        if (step.n == 0) continue;
        if (w->scope.size) mx_buffer_byte(&w->scope, '.');
        mx_buffer_add(&w->scope, step.p, step.n);
        if (w->scope.failed) return mx_nomem(w->err);
        bool inside_outer = w->scope.size <= outer.n && memcmp(outer.p, w->scope.data, w->scope.size) == 0 &&
                            (w->scope.size == outer.n || outer.p[w->scope.size] == '.');
        if (inside_outer) continue;
        if (too_deep(w->g, at)) break;
        MX_TRY(module_in(w, at, step, &at));
    }
    *out = at;
    return MX_OK;
}

static mx_sid metadata_value(const mx_node *n, mx_sid key) {
    for (uint32_t i = 0; i < n->metadata.count; i++)
        if (!n->metadata.items[i].opaque && n->metadata.items[i].key == key) return n->metadata.items[i].value;
    return MX_SID_ABSENT;
}

static mx_status find_module(grouping *w, const mx_node *n, mx_node_id *out) {
    mx_sid told = w->key_scope == MX_SID_NOMEM ? MX_SID_ABSENT : metadata_value(n, w->key_scope);
    *out = n->scope;
    if (told != MX_SID_ABSENT) return follow(w, n->scope, mx_text(w->g, told), next_dotted, out);
    mx_str name = mx_text(w->g, n->name);
    if (!mx_str_starts(name, "/")) return MX_OK;
    const char *last = memrchr(name.p, '/', name.n);
    mx_str path = {name.p + 1, last > name.p ? (size_t)(last - name.p) - 1 : 0};
    return follow(w, n->scope, path, next_slashed, out);
}

/* ---- tags ---- */

/* A tag's last step, "BertLayer.0" of /BertModel/BertLayer.0, and what stands before its '/'. */
static mx_str last_step(mx_str tag, mx_str *before) {
    const char *slash = tag.n ? memrchr(tag.p, '/', tag.n) : NULL;
    *before = (mx_str){tag.p, slash ? (size_t)(slash - tag.p) : 0};
    return slash ? (mx_str){slash + 1, tag.n - before->n - 1} : tag;
}

/* The number that a name ends with, ".0"; empty if there is none. */
static mx_str number_of(mx_str name) {
    const char *dot = name.n ? memrchr(name.p, '.', name.n) : NULL;
    size_t n = dot ? (size_t)(name.p + name.n - dot) : 0;
    if (n > 1 && all_digits(dot + 1, n - 1)) return (mx_str){dot, n};
    return all_digits(name.p, name.n) ? name : (mx_str){name.p + name.n, 0};
}

static mx_module_data *module_of(const mx_graph *g, mx_node_id id) {
    const mx_node *n = mx_node_at(g, id);
    if (n->kind == MX_NODE_MODEL) return &g->modules[0];
    return n->kind == MX_NODE_MODULE ? &g->modules[n->data] : NULL;
}

static void learn_tag(grouping *w, const mx_node *n, mx_node_id module) {
    mx_sid tag = w->key_tag == MX_SID_NOMEM ? MX_SID_ABSENT : metadata_value(n, w->key_tag);
    mx_module_data *data = module_of(w->g, module);
    if (data && data->tag == MX_SID_ABSENT) data->tag = tag;
}

/* A module without operators of its own: what its children's tags begin with; where they disagree (a child that makes no
 * step of its own), the longest. Children have larger ids than their parents. */
static mx_status infer_from_children(mx_graph *g, mx_error *err) {
    for (size_t i = g->n_modules; i-- > 1;) {
        mx_str before;
        const mx_module_data *m = &g->modules[i];
        mx_module_data *around = mx_module_around(g, m->node);
        if (!around || m->tag == MX_SID_ABSENT) continue;
        last_step(mx_text(g, m->tag), &before);
        if (before.n == 0 || (around->tag != MX_SID_ABSENT && !(around->inferred))) continue;
        if (around->tag != MX_SID_ABSENT && mx_text(g, around->tag).n >= before.n) continue;
        MX_TRY(mx_graph_string(g, before, &around->tag, err));
        around->inferred = true;
    }
    return MX_OK;
}

/* Whether `tag` is that of a child called `name` of a module with the tag `around`; class: the child's. */
static bool is_step(mx_str tag, mx_str around, mx_str name, mx_str *class_name) {
    mx_str before, step = last_step(tag, &before), number = number_of(step), own = number_of(name);
    if (step.n == tag.n) return false; /* no '/' at all */
    if (!mx_str_eq(before, around) || step.n == 0) return false;
    if (own.n && own.p[0] == '.') own = (mx_str){own.p + 1, own.n - 1};
    if (number.n != (own.n ? own.n + 1 : 0) || (own.n && memcmp(number.p + 1, own.p, own.n) != 0)) return false;
    *class_name = (mx_str){step.p, step.n - number.n};
    return class_name->n > 0;
}

/* Learnt tags become classes; the tags are then worked out from the classes, as after an edit, so that a file that
 * nobody edits has nothing to be set right. Tags that do not follow from the tree (stale ones) stay on their operators. */
static mx_status settle_tags(mx_graph *g, mx_error *err) {
    for (size_t i = 0; i < g->n_modules; i++) {
        mx_module_data *m = &g->modules[i];
        const mx_module_data *around = i ? mx_module_around(g, m->node) : NULL;
        mx_str nothing = {"", 0}, class_name, tag = mx_text(g, m->tag);
        bool known = m->tag != MX_SID_ABSENT && (!i || (around && around->tag != MX_SID_ABSENT));
        m->inferred = false;
        m->has_own_tag = known && is_step(tag, i ? mx_text(g, around->tag) : nothing,
                                          i ? mx_text(g, mx_node_at(g, m->node)->name) : nothing, &class_name);
        if (m->has_own_tag) MX_TRY(mx_graph_string(g, class_name, &m->class_name, err));
        if (i) MX_TRY(mx_retag_module(g, m->node, err));
        else if (!m->has_own_tag) m->tag = MX_SID_ABSENT;
    }
    return MX_OK;
}

/* Children lists are rebuilt in one go: moving nodes one by one would search each parent's list again. */
static void relink(mx_graph *g) {
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        mx_node *n = mx_node_at(g, id);
        n->first_child = n->last_child = n->next_sibling = MX_NO_NODE;
    }
    for (mx_node_id id = 1; id < g->n_nodes; id++) {
        mx_node *n = mx_node_at(g, id), *p = mx_node_at(g, n->parent);
        if (p->last_child == MX_NO_NODE) {
            p->first_child = id;
        } else {
            mx_node_at(g, p->last_child)->next_sibling = id;
        }
        p->last_child = id;
    }
}

static mx_status group_all(grouping *w) {
    size_t n_nodes = w->g->n_nodes;
    for (mx_node_id id = 0; id < n_nodes; id++) {
        mx_node *n = mx_node_at(w->g, id);
        mx_node_id module;
        if (n->kind != MX_NODE_OPERATOR) continue;
        MX_TRY(find_module(w, n, &module));
        n->parent = module;
        learn_tag(w, n, module);
    }
    return MX_OK;
}

mx_status mx_htp_group(mx_graph *g, mx_error *err) {
    grouping w = {.g = g, .err = err, .table = {.allocator = g->allocator}};
    mx_buffer_init(&w.scope, g->allocator);
    w.key_scope = mx_strings_find(&g->strings, MX_STR_LITERAL("hierarchy_scope"));
    w.key_tag = mx_strings_find(&g->strings, MX_STR_LITERAL("hierarchy_tag"));
    g->modules[0].scope = MX_SID_EMPTY;
    mx_status status = group_all(&w);
    relink(g);
    if (status == MX_OK) status = infer_from_children(g, err);
    if (status == MX_OK) status = settle_tags(g, err);
    mx_buffer_free(&w.scope);
    mx_free(g->allocator, w.table.slots, w.table.n_slots * sizeof *w.table.slots);
    return status;
}
