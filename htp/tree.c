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
    mx_buffer_init(&t->trail.text, g->allocator);
    if (!mx_grow(g->allocator, (void **)&t->modules, &t->cap, 0, sizeof *t->modules) || !rehash(t, 64))
        return mx_nomem(err);
    t->modules[0] = (mx_htp_module){.parent = MX_NO_INDEX,
                                    .first_child = MX_NO_INDEX,
                                    .last_child = MX_NO_INDEX,
                                    .next_sibling = MX_NO_INDEX,
                                    .part = MX_SID_EMPTY,
                                    .node = MX_NO_NODE};
    t->count = 1;
    return MX_OK;
}

void mx_htp_tree_free(mx_htp_tree *t) {
    if (!t->g) return;
    mx_free(t->g->allocator, t->modules, t->cap * sizeof *t->modules);
    mx_free(t->g->allocator, t->slots, t->n_slots * sizeof *t->slots);
    mx_buffer_free(&t->trail.text);
    *t = (mx_htp_tree){0};
}

uint32_t mx_htp_tree_child(const mx_htp_tree *t, uint32_t parent, mx_sid part) {
    uint32_t found = module_slot(t, hash_of(parent, part), parent, part)->id;
    return found ? found - 1 : MX_NO_INDEX;
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
    *out = parent;
    if (t->modules[parent].depth >= TREE_DEPTH) return MX_OK;
    if (t->count * 2 >= t->n_slots && !rehash(t, t->n_slots * 2)) return mx_nomem(err);
    uint32_t hash = hash_of(parent, part);
    struct mx_string_slot *slot = module_slot(t, hash, parent, part);
    *out = slot->id - 1;
    if (slot->id) return MX_OK;
    if (!mx_grow(t->g->allocator, (void **)&t->modules, &t->cap, t->count, sizeof *t->modules)) return mx_nomem(err);
    *out = (uint32_t)t->count++;
    t->modules[*out] = (mx_htp_module){.parent = parent,
                                       .first_child = MX_NO_INDEX,
                                       .last_child = MX_NO_INDEX,
                                       .next_sibling = MX_NO_INDEX,
                                       .depth = t->modules[parent].depth + 1,
                                       .part = part,
                                       .node = MX_NO_NODE};
    link_child(t, parent, *out);
    *slot = (struct mx_string_slot){hash, *out + 1};
    return MX_OK;
}

/* Where to begin the search for a name: behind what the last one began with as well. */
static size_t resume(mx_htp_tree *t, mx_str dotted, uint32_t *at) {
    mx_htp_trail *w = &t->trail;
    mx_str last = mx_buffer_str(&w->text);
    size_t same = 0, n = dotted.n < last.n ? dotted.n : last.n;
    while (same < n && dotted.p[same] == last.p[same]) same++;
    while (w->n_stops) {
        size_t end = w->stops[w->n_stops - 1].end;
        if (end < same || (end == same && (end == dotted.n || dotted.p[end] == '.'))) break;
        w->n_stops--;
    }
    *at = w->n_stops ? w->stops[w->n_stops - 1].module : 0;
    return w->n_stops ? w->stops[w->n_stops - 1].end : 0;
}

static mx_status leave_trail(mx_htp_tree *t, mx_str dotted, mx_error *err) {
    mx_buffer *text = &t->trail.text;
    mx_buffer_clear(text);
    mx_buffer_add(text, dotted.p, dotted.n);
    return text->failed ? mx_nomem(err) : MX_OK;
}

static mx_status find_part(mx_htp_tree *t, uint32_t parent, mx_str part, bool add, uint32_t *out, mx_error *err) {
    mx_sid sid;
    if (!add) {
        sid = mx_strings_find(&t->g->strings, part);
        *out = sid == MX_SID_NOMEM ? MX_NO_INDEX : mx_htp_tree_child(t, parent, sid);
        return MX_OK;
    }
    MX_TRY(mx_graph_string(t->g, part, &sid, err));
    return mx_htp_tree_add(t, parent, sid, out, err);
}

mx_status mx_htp_tree_find(mx_htp_tree *t, mx_str dotted, bool add, uint32_t *out, mx_error *err) {
    mx_htp_trail *w = &t->trail;
    uint32_t at;
    size_t from = resume(t, dotted, &at);
    *out = at;
    while (from < dotted.n) {
        const char *p = dotted.p + from, *dot = memchr(p, '.', dotted.n - from);
        mx_str part = {p, dot ? (size_t)(dot - p) : dotted.n - from};
        from += part.n + (dot != NULL);
        if (part.n == 0) continue;
        MX_TRY(find_part(t, at, part, add, &at, err));
        if (at == MX_NO_INDEX) break;
        *out = at;
        if (w->n_stops < MX_HTP_TRAIL) w->stops[w->n_stops++] = (struct mx_htp_stop){(size_t)(p - dotted.p) + part.n, at};
    }
    return leave_trail(t, dotted, err);
}

bool mx_htp_tree_is_whole(const mx_htp_tree *t, uint32_t module, mx_str dotted) {
    size_t parts = dotted.n > 0;
    for (size_t i = 0; i < dotted.n; i++) parts += dotted.p[i] == '.';
    return parts == t->modules[module].depth;
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
    uint32_t module;
    bool has_order;
    int32_t order;
    mx_str part;
} sibling;

static int compare_siblings(const void *a, const void *b) {
    const sibling *x = a, *y = b;
    if (x->has_order != y->has_order) return x->has_order ? -1 : 1;
    if (x->has_order && x->order != y->order) return x->order < y->order ? -1 : 1;
    return compare_parts(x->part, y->part);
}

static sibling sibling_of(const mx_htp_tree *t, uint32_t module) {
    const mx_htp_module *m = &t->modules[module];
    return (sibling){module, m->has_order, m->order, mx_text(t->g, m->part)};
}

/* How many modules a module has; *sorted: they stand in their order, as they mostly do when they are found. */
static size_t look_at_children(const mx_htp_tree *t, uint32_t parent, bool *sorted) {
    size_t n = 0;
    sibling last = {0}, own;
    *sorted = true;
    for (uint32_t i = t->modules[parent].first_child; i != MX_NO_INDEX; i = t->modules[i].next_sibling, last = own) {
        own = sibling_of(t, i);
        if (n++ && compare_siblings(&last, &own) >= 0) *sorted = false;
    }
    return n;
}

static mx_status link_in_order(mx_htp_tree *t, uint32_t parent, mx_error *err) {
    bool sorted;
    size_t n = look_at_children(t, parent, &sorted), k = 0;
    if (sorted) return MX_OK;
    sibling *s = mx_alloc(t->g->allocator, n * sizeof *s);
    if (!s) return mx_nomem(err);
    for (uint32_t i = t->modules[parent].first_child; i != MX_NO_INDEX; i = t->modules[i].next_sibling) s[k++] = sibling_of(t, i);
    qsort(s, n, sizeof *s, compare_siblings);
    t->modules[parent].first_child = t->modules[parent].last_child = MX_NO_INDEX;
    for (k = 0; k < n; k++) {
        t->modules[s[k].module].next_sibling = MX_NO_INDEX;
        link_child(t, parent, s[k].module);
    }
    mx_free(t->g->allocator, s, n * sizeof *s);
    return MX_OK;
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

static void renumber(mx_htp_module *m, const uint32_t *new_number) {
    m->parent = renumbered(new_number, m->parent);
    m->first_child = renumbered(new_number, m->first_child);
    m->last_child = renumbered(new_number, m->last_child);
    m->next_sibling = renumbered(new_number, m->next_sibling);
}

/* Every module to its number, along the cycles. */
static mx_status move_modules(mx_htp_tree *t, const uint32_t *new_number, mx_error *err) {
    bool *moved = mx_alloc_zero(t->g->allocator, t->count, sizeof *moved);
    if (!moved) return mx_nomem(err);
    for (uint32_t i = 0; i < t->count; i++) {
        mx_htp_module at = t->modules[i];
        for (uint32_t to = new_number[i], from = i; !moved[from]; from = to, to = new_number[to]) {
            mx_htp_module next = t->modules[to];
            t->modules[to] = at;
            at = next;
            moved[from] = true;
        }
    }
    mx_free(t->g->allocator, moved, t->count * sizeof *moved);
    return MX_OK;
}

mx_status mx_htp_tree_arrange(mx_htp_tree *t, uint32_t *new_number, mx_error *err) {
    bool same = true;
    for (uint32_t i = 0; i < t->count; i++) MX_TRY(link_in_order(t, i, err));
    number_in_order(t, new_number);
    for (uint32_t i = 0; i < t->count; i++) same = same && new_number[i] == i;
    if (same) return MX_OK;
    for (uint32_t i = 0; i < t->count; i++) renumber(&t->modules[i], new_number);
    MX_TRY(move_modules(t, new_number, err));
    t->trail.n_stops = 0;
    return rehash(t, t->n_slots) ? MX_OK : mx_nomem(err);
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

/* Dotted names and tags are put together block by block, and a block of them interned at once. Parents have smaller
 * numbers than their children. */
enum { BLOCK = 256 };
typedef struct settling {
    mx_htp_tree *t;
    mx_arena texts;
    uint32_t first; /* of the block */
    mx_str scopes[BLOCK], tags[BLOCK];
    mx_error *err;
} settling;

static mx_str scope_of(const settling *w, uint32_t id) {
    return id >= w->first ? w->scopes[id - w->first] : mx_text(w->t->g, w->t->modules[id].scope);
}

static mx_str tag_of(const settling *w, uint32_t id) {
    return id >= w->first ? w->tags[id - w->first] : mx_text(w->t->g, w->t->modules[id].tag);
}

static mx_status joined(settling *w, mx_str a, const char *between, mx_str b, mx_str *out) {
    size_t n = strlen(between);
    char *p = mx_arena_alloc(&w->texts, a.n + n + b.n + 1);
    if (!p) return mx_nomem(w->err);
    if (a.n) memcpy(p, a.p, a.n);
    memcpy(p + a.n, between, n);
    if (b.n) memcpy(p + a.n + n, b.p, b.n);
    *out = (mx_str){p, a.n + n + b.n};
    return MX_OK;
}

static mx_status name_module(settling *w, uint32_t id, mx_str *out) {
    const mx_htp_module *m = &w->t->modules[id];
    *out = MX_STR_LITERAL("");
    if (id == 0) return MX_OK;
    mx_str outer = scope_of(w, m->parent);
    return joined(w, outer, outer.n ? "." : "", mx_text(w->t->g, m->part), out);
}

/* Where no classes are known: the module's own name, behind those of the lists that it is an element of ("layer.0"). */
static mx_status add_name_step(settling *w, uint32_t id, mx_str *out) {
    const mx_htp_tree *t = w->t;
    uint32_t from = id;
    while (!t->modules[t->modules[from].parent].own_tag) from = t->modules[from].parent;
    size_t outer = scope_of(w, t->modules[from].parent).n;
    mx_str scope = scope_of(w, id);
    if (outer) outer++;
    return joined(w, tag_of(w, t->modules[id].parent), "/", (mx_str){scope.p + outer, scope.n - outer}, out);
}

static mx_status add_class_step(settling *w, uint32_t id, mx_str *out) {
    const mx_htp_module *m = &w->t->modules[id];
    mx_str part = mx_text(w->t->g, m->part);
    MX_TRY(joined(w, tag_of(w, m->parent), "/", mx_text(w->t->g, m->class_name), out));
    return is_number(part) ? joined(w, *out, ".", part, out) : MX_OK;
}

/* The root's class, else the name of the graph. */
static mx_status add_root_step(settling *w, mx_str *out) {
    const mx_htp_tree *t = w->t;
    mx_sid name = t->modules[0].class_name;
    if (name <= MX_SID_EMPTY) name = t->g->scopes[0].name;
    mx_str text = name > MX_SID_EMPTY ? mx_text(t->g, name) : MX_STR_LITERAL("model");
    return joined(w, MX_STR_LITERAL(""), "/", text, out);
}

static mx_status tag_module(settling *w, uint32_t id, mx_str *out) {
    if (id == 0) return add_root_step(w, out);
    *out = tag_of(w, w->t->modules[id].parent);
    if (!w->t->modules[id].own_tag) return MX_OK;
    return w->t->classes_known ? add_class_step(w, id, out) : add_name_step(w, id, out);
}

static mx_status settle_block(settling *w, uint32_t count) {
    mx_strings *strings = &w->t->g->strings;
    mx_sid scopes[BLOCK], tags[BLOCK];
    for (uint32_t i = 0; i < count; i++) {
        MX_TRY(name_module(w, w->first + i, &w->scopes[i]));
        MX_TRY(tag_module(w, w->first + i, &w->tags[i]));
    }
    if (!mx_strings_add_all(strings, w->scopes, count, scopes) || !mx_strings_add_all(strings, w->tags, count, tags))
        return mx_nomem(w->err);
    for (uint32_t i = 0; i < count; i++) {
        w->t->modules[w->first + i].scope = scopes[i];
        w->t->modules[w->first + i].tag = tags[i];
    }
    mx_arena_reset(&w->texts);
    return MX_OK;
}

mx_status mx_htp_tree_settle(mx_htp_tree *t, const char *torch_module, mx_error *err) {
    settling w = {.t = t, .err = err};
    mx_status status = MX_OK;
    if (!torch_module) torch_module = "LayerNorm,Embedding";
    t->classes_known = false;
    for (size_t i = 0; i < t->count; i++) t->classes_known |= t->modules[i].class_name > MX_SID_EMPTY;
    for (uint32_t i = 0; i < t->count; i++)
        t->modules[i].own_tag = i == 0 || (t->classes_known ? makes_tag(t, &t->modules[i], torch_module) : !mx_htp_tree_is_list(t, i));
    mx_arena_init(&w.texts, t->g->allocator);
    for (; w.first < t->count && status == MX_OK; w.first += BLOCK)
        status = settle_block(&w, t->count - w.first < BLOCK ? (uint32_t)t->count - w.first : BLOCK);
    mx_arena_free(&w.texts);
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
