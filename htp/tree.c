#include "htp/tree.h"

#include "htp/torch_nn.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Names are untrusted: a name of ten thousand dots must not nest ten thousand modules. What lies deeper is taken for its
 * ancestor at this depth. */
enum { TREE_DEPTH = 256 };

static uint32_t hash_of(uint32_t parent, mx_sid part) {
    uint32_t key[2] = {parent, part};
    return (uint32_t)XXH3_64bits(key, sizeof key);
}

static struct mx_string_slot *module_slot(const mx_htp_tree *t, uint32_t hash, uint32_t parent, mx_sid part) {
    size_t mask = t->n_slots - 1, i = hash & mask;
    for (; t->slots[i].id; i = (i + 1) & mask) {
        const mx_htp_module *m = &t->modules[t->slots[i].id - 1];
        if (t->slots[i].hash == hash && m->parent == parent && m->part == part) break;
    }
    return &t->slots[i];
}

static bool rehash(mx_htp_tree *t, size_t n_slots) {
    struct mx_string_slot *slots = mx_alloc_zero(t->g->allocator, n_slots, sizeof *slots);
    if (!slots) return false;
    mx_free(t->g->allocator, t->slots, t->n_slots * sizeof *t->slots);
    t->slots = slots;
    t->n_slots = n_slots;
    for (uint32_t i = 1; i < t->count; i++) {
        uint32_t hash = hash_of(t->modules[i].parent, t->modules[i].part);
        size_t k = hash & (n_slots - 1);
        while (slots[k].id) k = (k + 1) & (n_slots - 1);
        slots[k] = (struct mx_string_slot){hash, i + 1};
    }
    return true;
}

mx_status mx_htp_tree_init(mx_htp_tree *t, mx_graph *g, mx_error *err) {
    *t = (mx_htp_tree){.g = g};
    if (!mx_grow(g->allocator, (void **)&t->modules, &t->cap, 0, sizeof *t->modules) || !rehash(t, 64))
        return mx_nomem(err);
    t->modules[0] = (mx_htp_module){.parent = MX_NO_INDEX,
                                    .first_child = MX_NO_INDEX,
                                    .last_child = MX_NO_INDEX,
                                    .next_sibling = MX_NO_INDEX,
                                    .part = MX_SID_EMPTY,
                                    .scope = MX_SID_EMPTY,
                                    .node = MX_NO_NODE};
    t->count = 1;
    return MX_OK;
}

void mx_htp_tree_free(mx_htp_tree *t) {
    if (!t->g) return;
    mx_free(t->g->allocator, t->modules, t->cap * sizeof *t->modules);
    mx_free(t->g->allocator, t->slots, t->n_slots * sizeof *t->slots);
    *t = (mx_htp_tree){0};
}

uint32_t mx_htp_tree_child(const mx_htp_tree *t, uint32_t parent, mx_sid part) {
    uint32_t found = module_slot(t, hash_of(parent, part), parent, part)->id;
    return found ? found - 1 : MX_NO_INDEX;
}

static mx_status dotted_name(const mx_htp_tree *t, uint32_t parent, mx_sid part, mx_sid *out, mx_error *err) {
    mx_str outer = mx_text(t->g, t->modules[parent].scope), own = mx_text(t->g, part);
    mx_buffer b;
    mx_buffer_init(&b, t->g->allocator);
    mx_buffer_add(&b, outer.p, outer.n);
    if (outer.n) mx_buffer_byte(&b, '.');
    mx_buffer_add(&b, own.p, own.n);
    mx_status status = b.failed ? mx_nomem(err) : mx_graph_string(t->g, mx_buffer_str(&b), out, err);
    mx_buffer_free(&b);
    return status;
}

static void link_child(mx_htp_tree *t, uint32_t parent, uint32_t child) {
    mx_htp_module *p = &t->modules[parent];
    if (p->last_child == MX_NO_INDEX) {
        p->first_child = child;
    } else {
        t->modules[p->last_child].next_sibling = child;
    }
    p->last_child = child;
}

mx_status mx_htp_tree_add(mx_htp_tree *t, uint32_t parent, mx_sid part, uint32_t *out, mx_error *err) {
    *out = t->modules[parent].depth >= TREE_DEPTH ? parent : mx_htp_tree_child(t, parent, part);
    if (*out != MX_NO_INDEX) return MX_OK;
    mx_sid scope;
    MX_TRY(dotted_name(t, parent, part, &scope, err));
    if (!mx_grow(t->g->allocator, (void **)&t->modules, &t->cap, t->count, sizeof *t->modules)) return mx_nomem(err);
    if (t->count * 2 >= t->n_slots && !rehash(t, t->n_slots * 2)) return mx_nomem(err);
    uint32_t id = (uint32_t)t->count++;
    t->modules[id] = (mx_htp_module){.parent = parent,
                                     .first_child = MX_NO_INDEX,
                                     .last_child = MX_NO_INDEX,
                                     .next_sibling = MX_NO_INDEX,
                                     .depth = t->modules[parent].depth + 1,
                                     .part = part,
                                     .scope = scope,
                                     .node = MX_NO_NODE};
    link_child(t, parent, id);
    uint32_t hash = hash_of(parent, part);
    *module_slot(t, hash, parent, part) = (struct mx_string_slot){hash, id + 1};
    *out = id;
    return MX_OK;
}

mx_status mx_htp_tree_find(mx_htp_tree *t, mx_str dotted, bool add, uint32_t *out, mx_error *err) {
    uint32_t at = 0;
    *out = 0;
    while (dotted.n) {
        const char *dot = memchr(dotted.p, '.', dotted.n);
        mx_str part = {dotted.p, dot ? (size_t)(dot - dotted.p) : dotted.n};
        dotted = dot ? (mx_str){dot + 1, dotted.n - part.n - 1} : (mx_str){"", 0};
        if (part.n == 0) continue;
        if (add) {
            mx_sid sid;
            MX_TRY(mx_graph_string(t->g, part, &sid, err));
            MX_TRY(mx_htp_tree_add(t, at, sid, &at, err));
        } else {
            mx_sid sid = mx_strings_find(&t->g->strings, part);
            uint32_t next = sid == MX_SID_NOMEM ? MX_NO_INDEX : mx_htp_tree_child(t, at, sid);
            if (next == MX_NO_INDEX) break;
            at = next;
        }
    }
    *out = at;
    return MX_OK;
}

uint32_t mx_htp_tree_common(const mx_htp_tree *t, uint32_t a, uint32_t b) {
    const mx_htp_module *m = t->modules;
    while (a != b) {
        if (m[a].depth >= m[b].depth) {
            a = m[a].parent;
        } else {
            b = m[b].parent;
        }
    }
    return a;
}

bool mx_htp_tree_holds(const mx_htp_tree *t, uint32_t ancestor, uint32_t module) {
    while (t->modules[module].depth > t->modules[ancestor].depth) module = t->modules[module].parent;
    return module == ancestor;
}

/* ---- canonical numbers ---- */

static bool is_number(mx_str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return s.n > 0;
}

/* "2" before "10", numbers before names, names by their bytes. */
static int compare_parts(mx_str a, mx_str b) {
    bool numbers = is_number(a) && is_number(b);
    if (is_number(a) != is_number(b)) return is_number(a) ? -1 : 1;
    if (numbers && a.n != b.n) return a.n < b.n ? -1 : 1;
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

typedef struct sibling { /* what decides between two modules with one parent */
    uint32_t parent, module;
    bool has_order;
    int32_t order;
    mx_str part;
} sibling;

static int compare_siblings(const void *a, const void *b) {
    const sibling *x = a, *y = b;
    if (x->parent != y->parent) return x->parent < y->parent ? -1 : 1;
    if (x->has_order != y->has_order) return x->has_order ? -1 : 1;
    if (x->has_order && x->order != y->order) return x->order < y->order ? -1 : 1;
    return compare_parts(x->part, y->part);
}

static void link_in_order(mx_htp_tree *t, sibling *s) {
    for (uint32_t i = 1; i < t->count; i++) {
        const mx_htp_module *m = &t->modules[i];
        s[i] = (sibling){m->parent, i, m->has_order, m->order, mx_text(t->g, m->part)};
    }
    qsort(s + 1, t->count - 1, sizeof *s, compare_siblings);
    for (uint32_t i = 0; i < t->count; i++)
        t->modules[i].first_child = t->modules[i].last_child = t->modules[i].next_sibling = MX_NO_INDEX;
    for (uint32_t i = 1; i < t->count; i++) link_child(t, s[i].parent, s[i].module);
}

/* new_number[old] by a walk in which parents come first. */
static void number_in_order(const mx_htp_tree *t, uint32_t *new_number) {
    uint32_t at = 0, next = 0;
    for (;;) {
        new_number[at] = next++;
        if (t->modules[at].first_child != MX_NO_INDEX) {
            at = t->modules[at].first_child;
            continue;
        }
        while (at && t->modules[at].next_sibling == MX_NO_INDEX) at = t->modules[at].parent;
        if (!at) return;
        at = t->modules[at].next_sibling;
    }
}

static uint32_t renumbered(const uint32_t *new_number, uint32_t old) {
    return old == MX_NO_INDEX ? MX_NO_INDEX : new_number[old];
}

mx_status mx_htp_tree_arrange(mx_htp_tree *t, uint32_t *new_number, mx_error *err) {
    const mx_allocator *a = t->g->allocator;
    sibling *siblings = mx_alloc_zero(a, t->count, sizeof *siblings);
    mx_htp_module *modules = mx_alloc_zero(a, t->cap, sizeof *modules);
    mx_status status = siblings && modules ? MX_OK : mx_nomem(err);
    if (status == MX_OK) {
        link_in_order(t, siblings);
        number_in_order(t, new_number);
        for (uint32_t i = 0; i < t->count; i++) {
            mx_htp_module *m = &modules[new_number[i]];
            *m = t->modules[i];
            m->parent = renumbered(new_number, m->parent);
            m->first_child = renumbered(new_number, m->first_child);
            m->last_child = renumbered(new_number, m->last_child);
            m->next_sibling = renumbered(new_number, m->next_sibling);
        }
        memcpy(t->modules, modules, t->count * sizeof *modules);
        if (!rehash(t, t->n_slots)) status = mx_nomem(err);
    }
    mx_free(a, siblings, t->count * sizeof *siblings);
    mx_free(a, modules, t->cap * sizeof *modules);
    return status;
}

/* ---- tags ---- */

/* Whether a list such as "LayerNorm, Embedding" names the class. */
static bool is_listed(const char *list, mx_str class_name) {
    while (*list) {
        size_t n = strcspn(list, ",");
        mx_str word = {list, n};
        while (word.n && *word.p == ' ') word = (mx_str){word.p + 1, word.n - 1};
        while (word.n && word.p[word.n - 1] == ' ') word.n--;
        if (mx_str_eq(word, class_name)) return true;
        list += n + (list[n] == ',');
    }
    return false;
}

static bool makes_tag(const mx_htp_tree *t, const mx_htp_module *m, const char *torch_module) {
    if (m->class_name <= MX_SID_EMPTY) return false;
    if (!m->torch_nn || mx_str_is(mx_str_of(torch_module), "all")) return true;
    return !mx_str_is(mx_str_of(torch_module), "none") && is_listed(torch_module, mx_text(t->g, m->class_name));
}

bool mx_htp_tree_is_list(const mx_htp_tree *t, uint32_t module) {
    const mx_htp_module *m = &t->modules[module];
    if (module == 0 || m->first_child == MX_NO_INDEX) return false;
    for (uint32_t c = m->first_child; c != MX_NO_INDEX; c = t->modules[c].next_sibling)
        if (!is_number(mx_text(t->g, t->modules[c].part))) return false;
    return true;
}

/* Where no classes are known: the module's own name, behind those of the lists that it is an element of ("layer.0"). */
static void add_name_step(const mx_htp_tree *t, uint32_t id, mx_buffer *b) {
    uint32_t from = id;
    while (!t->modules[t->modules[from].parent].own_tag) from = t->modules[from].parent;
    size_t outer = mx_text(t->g, t->modules[t->modules[from].parent].scope).n;
    mx_str scope = mx_text(t->g, t->modules[id].scope);
    if (outer) outer++;
    mx_buffer_add(b, scope.p + outer, scope.n - outer);
}

static void add_class_step(const mx_htp_tree *t, uint32_t id, mx_buffer *b) {
    const mx_htp_module *m = &t->modules[id];
    mx_str class_name = mx_text(t->g, m->class_name), part = mx_text(t->g, m->part);
    mx_buffer_add(b, class_name.p, class_name.n);
    if (!is_number(part)) return;
    mx_buffer_byte(b, '.');
    mx_buffer_add(b, part.p, part.n);
}

/* The root's class, else the name of the graph. */
static void add_root_step(const mx_htp_tree *t, mx_buffer *b) {
    mx_sid name = t->modules[0].class_name;
    if (name <= MX_SID_EMPTY) name = t->g->scopes[0].name;
    mx_str text = name > MX_SID_EMPTY ? mx_text(t->g, name) : MX_STR_LITERAL("model");
    mx_buffer_add(b, text.p, text.n);
}

static mx_status settle_tag(mx_htp_tree *t, uint32_t id, mx_buffer *b, mx_error *err) {
    mx_htp_module *m = &t->modules[id];
    mx_str outer = id ? mx_text(t->g, t->modules[m->parent].tag) : MX_STR_LITERAL("");
    if (!m->own_tag) {
        m->tag = t->modules[m->parent].tag;
        return MX_OK;
    }
    mx_buffer_clear(b);
    mx_buffer_add(b, outer.p, outer.n);
    mx_buffer_byte(b, '/');
    if (!id) {
        add_root_step(t, b);
    } else if (t->classes_known) {
        add_class_step(t, id, b);
    } else {
        add_name_step(t, id, b);
    }
    return b->failed ? mx_nomem(err) : mx_graph_string(t->g, mx_buffer_str(b), &m->tag, err);
}

/* Parents have smaller numbers than their children. */
mx_status mx_htp_tree_settle(mx_htp_tree *t, const char *torch_module, mx_error *err) {
    mx_buffer b;
    mx_status status = MX_OK;
    if (!torch_module) torch_module = "LayerNorm,Embedding";
    t->classes_known = false;
    for (size_t i = 0; i < t->count; i++) t->classes_known |= t->modules[i].class_name > MX_SID_EMPTY;
    mx_buffer_init(&b, t->g->allocator);
    for (uint32_t i = 0; i < t->count && status == MX_OK; i++) {
        mx_htp_module *m = &t->modules[i];
        m->own_tag = i == 0 || (t->classes_known ? makes_tag(t, m, torch_module) : !mx_htp_tree_is_list(t, i));
        status = settle_tag(t, i, &b, err);
    }
    mx_buffer_free(&b);
    return status;
}

/* ---- classes ---- */

mx_status mx_htp_tree_set_class(mx_htp_tree *t, uint32_t module, mx_str path, mx_error *err) {
    mx_htp_module *m = &t->modules[module];
    const char *dot = path.n ? memrchr(path.p, '.', path.n) : NULL;
    mx_str name = dot ? (mx_str){dot + 1, path.n - (size_t)(dot + 1 - path.p)} : path;
    mx_str from = dot ? (mx_str){path.p, (size_t)(dot - path.p)} : (mx_str){NULL, 0};
    if (name.n == 0) return MX_OK;
    if (dot) {
        m->torch_nn = mx_htp_is_torch_nn(from);
        if (m->torch_nn) from = MX_STR_LITERAL("torch.nn");
        MX_TRY(mx_graph_string(t->g, from, &m->module_type, err));
    } else {
        m->torch_nn = mx_htp_is_torch_class(name);
    }
    return mx_graph_string(t->g, name, &m->class_name, err);
}
