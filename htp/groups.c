/* Module groups: compound nodes for the modules of a tagging. */
#include "converter/retag.h"
#include "htp/tagging.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Names are untrusted: what lies deeper, bodies counted, stays at this depth. */
enum { GROUP_DEPTH = 200 };

typedef struct group { /* of a module in a scope: modules may have operators in bodies too */
    mx_node_id scope;
    uint32_t module;
    mx_node_id node;
} group;

typedef struct grouping {
    mx_graph *g;
    mx_htp_tagging *t;
    mx_error *err;
    uint8_t *grouped; /* by module: makes a group of its own, or is the root */
    group *groups;
    size_t count, cap, n_slots;
    uint32_t *slots;  /* (scope, module) -> group + 1 */
    bool tagged;      /* the model carries tags */
} grouping;

/* ---- which modules ---- */

/* A list whose elements bear its name ("layer.0") makes no group, unless it has operators or a tag of its own. */
static void find_grouped(grouping *w) {
    const mx_htp_tree *t = &w->t->tree;
    for (size_t i = 0; i < w->t->n_labels; i++)
        if (w->t->labels[i].module != MX_NO_INDEX) w->grouped[w->t->labels[i].module] = 1;
    for (uint32_t i = 0; i < t->count; i++) {
        mx_str part = mx_text(w->g, t->modules[i].part);
        bool number = part.n && part.p[0] >= '0' && part.p[0] <= '9';
        if (!i || t->modules[i].own_tag || number || !mx_htp_tree_is_list(t, i)) w->grouped[i] = 1;
    }
}

static bool is_tagged(const mx_graph *g) {
    mx_sid key = mx_strings_find(&g->strings, MX_STR_LITERAL("hierarchy_tag"));
    for (mx_node_id id = 0; id < g->n_nodes && key != MX_SID_NOMEM; id++) {
        const mx_node *n = mx_node_at(g, id);
        if (n->kind != MX_NODE_OPERATOR) continue;
        for (uint32_t i = 0; i < n->metadata.count; i++)
            if (!n->metadata.items[i].opaque && n->metadata.items[i].key == key) return true;
        for (uint32_t i = 0; i < n->n_attrs; i++)
            if (n->attrs[i].name == key) return true;
    }
    return false;
}

/* ---- what a group says of its module ---- */

/* Where module names stand in tags for classes, the step of the tag is the class, as a later reading would take it. */
static mx_status class_of(const grouping *w, const mx_htp_module *m, mx_sid *out) {
    mx_str tag = mx_text(w->g, m->tag), part = mx_text(w->g, m->part);
    const char *slash = memrchr(tag.p, '/', tag.n);
    mx_str step = {slash + 1, tag.n - (size_t)(slash + 1 - tag.p)};
    bool number = step.n > part.n + 1 && part.n && part.p[0] >= '0' && part.p[0] <= '9' &&
                  step.p[step.n - part.n - 1] == '.' && memcmp(step.p + step.n - part.n, part.p, part.n) == 0;
    if (number) step.n -= part.n + 1;
    return mx_graph_string(w->g, step, out, w->err);
}

static mx_status describe(const grouping *w, const mx_htp_module *m, mx_module_data *data) {
    data->class_name = m->class_name;
    data->module_type = m->module_type;
    data->scope = m->scope;
    data->has_order = m->has_order;
    data->execution_order = m->order;
    data->tag = w->tagged ? m->tag : MX_SID_ABSENT;
    data->has_own_tag = m->own_tag && (w->tagged || m->class_name > MX_SID_EMPTY);
    if (w->tagged && m->own_tag && m->class_name <= MX_SID_EMPTY) return class_of(w, m, &data->class_name);
    return MX_OK;
}

/* ---- the table ---- */

static size_t slot_of(const grouping *w, mx_node_id scope, uint32_t module) {
    uint32_t key[2] = {scope, module};
    size_t mask = w->n_slots - 1, i = (size_t)XXH3_64bits(key, sizeof key) & mask;
    for (; w->slots[i]; i = (i + 1) & mask) {
        const group *x = &w->groups[w->slots[i] - 1];
        if (x->scope == scope && x->module == module) break;
    }
    return i;
}

static mx_status grow_table(grouping *w) {
    size_t n = w->n_slots ? w->n_slots * 2 : 64;
    uint32_t *slots = mx_alloc_zero(w->g->allocator, n, sizeof *slots);
    if (!slots) return mx_nomem(w->err);
    mx_free(w->g->allocator, w->slots, w->n_slots * sizeof *slots);
    w->slots = slots;
    w->n_slots = n;
    for (size_t i = 0; i < w->count; i++) slots[slot_of(w, w->groups[i].scope, w->groups[i].module)] = (uint32_t)i + 1;
    return MX_OK;
}

static mx_status remember(grouping *w, mx_node_id scope, uint32_t module, mx_node_id node) {
    if (w->count * 2 >= w->n_slots) MX_TRY(grow_table(w));
    if (!mx_grow(w->g->allocator, (void **)&w->groups, &w->cap, w->count, sizeof *w->groups)) return mx_nomem(w->err);
    w->groups[w->count++] = (group){scope, module, node};
    w->slots[slot_of(w, scope, module)] = (uint32_t)w->count;
    return MX_OK;
}

/* ---- groups ---- */

static bool too_deep(const mx_graph *g, mx_node_id at) {
    int depth = 0;
    for (; at != MX_NO_NODE && depth < GROUP_DEPTH; at = mx_node_at(g, at)->parent) depth++;
    return depth >= GROUP_DEPTH;
}

/* The module whose operators stand in the scope itself: in a body that of its operator. */
static uint32_t top_of(const grouping *w, mx_node_id scope) {
    const mx_node *n = mx_node_at(w->g, scope);
    uint32_t module = n->kind == MX_NODE_BODY ? w->t->labels[n->parent].module : 0;
    return module == MX_NO_INDEX ? 0 : module;
}

/* The name of a group is what its dotted name adds to that of the group around it. */
static mx_status add_group(grouping *w, mx_node_id scope, uint32_t outer, uint32_t module, mx_node_id parent, mx_node_id *out) {
    const mx_htp_module *m = &w->t->tree.modules[module];
    mx_str dotted = mx_text(w->g, m->scope);
    size_t skip = mx_text(w->g, w->t->tree.modules[outer].scope).n;
    if (skip) skip++;
    mx_sid name;
    MX_TRY(mx_graph_string(w->g, (mx_str){dotted.p + skip, dotted.n - skip}, &name, w->err));
    MX_TRY(mx_graph_add_node(w->g, MX_NODE_MODULE, parent, out, w->err));
    mx_node *n = mx_node_at(w->g, *out);
    n->name = name;
    MX_TRY(describe(w, m, &w->g->modules[n->data]));
    if (scope == 0) w->t->tree.modules[module].node = *out;
    return remember(w, scope, module, *out);
}

/* The group of a module in a scope, with those around it. */
static mx_status group_in(grouping *w, mx_node_id scope, uint32_t module, mx_node_id *out) {
    const mx_htp_tree *t = &w->t->tree;
    uint32_t top = top_of(w, scope), chain[GROUP_DEPTH], n = 0, outer = top;
    *out = scope;
    if (!mx_htp_tree_holds(t, top, module)) return MX_OK;
    while (t->modules[module].depth > GROUP_DEPTH) module = t->modules[module].parent;
    for (uint32_t m = module; m != top; m = t->modules[m].parent) {
        uint32_t found = w->slots[slot_of(w, scope, m)];
        if (found) {
            *out = w->groups[found - 1].node;
            outer = m;
            break;
        }
        if (w->grouped[m]) chain[n++] = m;
    }
    while (n-- && !too_deep(w->g, *out)) {
        MX_TRY(add_group(w, scope, outer, chain[n], *out, out));
        outer = chain[n];
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
        mx_node *n = mx_node_at(g, id), *p;
        if (n->flags & MX_FLAG_REMOVED) continue;
        p = mx_node_at(g, n->parent);
        if (p->last_child == MX_NO_NODE) {
            p->first_child = id;
        } else {
            mx_node_at(g, p->last_child)->next_sibling = id;
        }
        p->last_child = id;
    }
}

static mx_status group_all(grouping *w) {
    size_t n_nodes = w->t->n_labels;
    for (mx_node_id id = 0; id < n_nodes; id++) {
        mx_node *n = mx_node_at(w->g, id);
        const mx_htp_label *label = &w->t->labels[id];
        if (n->kind != MX_NODE_OPERATOR || label->module == MX_NO_INDEX || label->source == MX_HTP_FROM_FUNCTION) continue;
        MX_TRY(group_in(w, n->scope, label->module, &n->parent));
    }
    return MX_OK;
}

/* Tags and scopes are worked out from where the groups stand, as after an edit, so that a file that nobody edits has
 * nothing to be set right. Parents have smaller numbers. */
static mx_status retag_groups(grouping *w) {
    for (size_t i = 0; i < w->count; i++) MX_TRY(mx_retag_module(w->g, w->groups[i].node, w->err));
    return MX_OK;
}

mx_status mx_htp_make_groups(mx_graph *g, mx_htp_tagging *t, mx_error *err) {
    grouping w = {.g = g, .t = t, .err = err, .tagged = is_tagged(g)};
    w.grouped = mx_alloc_zero(g->allocator, t->tree.count, 1);
    mx_status status = w.grouped ? grow_table(&w) : mx_nomem(err);
    if (status == MX_OK) {
        find_grouped(&w);
        status = describe(&w, &t->tree.modules[0], &g->modules[0]);
        if (status == MX_OK) status = group_all(&w);
        if (status == MX_OK) {
            relink(g);
            status = retag_groups(&w);
        }
    }
    mx_free(g->allocator, w.grouped, t->tree.count);
    mx_free(g->allocator, w.groups, w.cap * sizeof *w.groups);
    mx_free(g->allocator, w.slots, w.n_slots * sizeof *w.slots);
    return status;
}
