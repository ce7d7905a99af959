/* Flat files have no groups to move a node into: an edited hierarchy_tag moves it instead. It goes to the module with
 * that tag; if several have it, to the first of those that share the deepest ancestor with its old place.
 *
 * A walk over the tree of modules numbers them so that all below a module are a range of numbers. With the modules
 * sorted by tag and number, each ancestor of the old place, from the innermost out, is one search. */
#include "converter/retag.h"
#include "graphml/import.h"

#include <stdlib.h>

typedef struct tagged_module {
    mx_sid tag;
    uint32_t scope, number, item;
} tagged_module;

typedef struct tag_index {
    mx_import *im;
    tagged_module *modules; /* by scope, tag and number */
    size_t n;
    uint32_t *first, *next; /* by item: modules in a module */
    uint32_t *number, *end; /* by item: below it are the numbers from number up to end */
} tag_index;

static bool is_module(const mx_item *item) {
    return item->kind <= MX_NODE_MODULE;
}

/* ---- numbers ---- */

static void list_children(tag_index *t) {
    const mx_import *im = t->im;
    for (size_t i = 0; i < im->n_items; i++)
        t->first[i] = t->next[i] = MX_NO_INDEX;
    for (uint32_t i = (uint32_t)im->n_items; i-- > 0;) {
        const mx_item *item = &im->items[i];
        if (item->kind != MX_NODE_MODULE) continue;
        t->next[i] = t->first[item->container];
        t->first[item->container] = i;
    }
}

static void number_below(tag_index *t, uint32_t root, uint32_t *next) {
    const mx_import *im = t->im;
    uint32_t at = root;
    t->number[at] = (*next)++;
    for (;;) {
        uint32_t child = t->first[at];
        if (child != MX_NO_INDEX) { /* each child is taken off the list when it is entered */
            t->first[at] = t->next[child];
            at = child;
            t->number[at] = (*next)++;
            continue;
        }
        t->end[at] = *next;
        if (at == root) return;
        at = im->items[at].container;
    }
}

/* ---- the table ---- */

static int compare_modules(const void *a, const void *b) {
    const tagged_module *x = a, *y = b;
    if (x->scope != y->scope) return x->scope < y->scope ? -1 : 1;
    if (x->tag != y->tag) return x->tag < y->tag ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static mx_status index_tags(tag_index *t) {
    const mx_import *im = t->im;
    size_t n = im->n_items;
    uint32_t next = 0;
    t->modules = mx_alloc(im->allocator, n * sizeof *t->modules);
    t->first = mx_alloc(im->allocator, n * sizeof *t->first);
    t->next = mx_alloc(im->allocator, n * sizeof *t->next);
    t->number = mx_alloc(im->allocator, n * sizeof *t->number);
    t->end = mx_alloc(im->allocator, n * sizeof *t->end);
    if (!t->modules || !t->first || !t->next || !t->number || !t->end) return mx_nomem(im->err);
    list_children(t);
    for (uint32_t i = 0; i < n; i++)
        if (mx_item_is_scope(&im->items[i])) number_below(t, i, &next);
    for (uint32_t i = 0; i < n; i++) {
        const mx_item *item = &im->items[i];
        if (is_module(item) && item->tag != MX_SID_ABSENT)
            t->modules[t->n++] = (tagged_module){item->tag, item->scope, t->number[i], i};
    }
    qsort(t->modules, t->n, sizeof *t->modules, compare_modules);
    return MX_OK;
}

static void free_index(tag_index *t) {
    const mx_allocator *a = t->im->allocator;
    size_t n = t->im->n_items;
    mx_free(a, t->modules, n * sizeof *t->modules);
    mx_free(a, t->first, n * sizeof *t->first);
    mx_free(a, t->next, n * sizeof *t->next);
    mx_free(a, t->number, n * sizeof *t->number);
    mx_free(a, t->end, n * sizeof *t->end);
}

/* ---- moving ---- */

/* The first module with the tag among `above` and all below it; MX_NO_INDEX: none. */
static uint32_t find_below(const tag_index *t, mx_sid tag, uint32_t above) {
    tagged_module wanted = {tag, t->im->items[above].scope, t->number[above], 0};
    size_t low = 0, high = t->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_modules(&t->modules[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == t->n) return MX_NO_INDEX;
    const tagged_module *m = &t->modules[low];
    return m->scope == wanted.scope && m->tag == tag && m->number < t->end[above] ? m->item : MX_NO_INDEX;
}

static mx_status move_to_tag(tag_index *t, uint32_t i) {
    mx_import *im = t->im;
    mx_item *item = &im->items[i];
    uint32_t above = item->container, found = find_below(t, item->tag, above);
    while (found == MX_NO_INDEX && above != item->scope) {
        above = im->items[above].container;
        found = find_below(t, item->tag, above);
    }
    if (found == MX_NO_INDEX)
        return mx_item_fail(im, i, MX_ERR_INVALID, "no module has the tag %s that it was given",
                            mx_show(mx_text(im->g, item->tag)).text);
    if (found != item->container) item->flags |= MX_ITEM_MOVED;
    item->container = found;
    return MX_OK;
}

/* The tag that the node would have if nobody had touched it. */
static mx_sid old_tag(const mx_import *im, const mx_item *item) {
    mx_sid tag = mx_operator_tag(im->g, item->attrs, item->n_attrs, &item->metadata);
    return tag != MX_SID_ABSENT ? tag : im->items[item->container].tag;
}

mx_status mx_import_move_by_tags(mx_import *im) {
    tag_index t = {.im = im};
    mx_status status = MX_OK;
    for (uint32_t i = 0; i < im->n_items && status == MX_OK; i++) {
        const mx_item *item = &im->items[i];
        if (item->kind != MX_NODE_OPERATOR || item->tag == MX_SID_ABSENT || item->tag == old_tag(im, item)) continue;
        if (!t.modules) status = index_tags(&t);
        if (status == MX_OK) status = move_to_tag(&t, i);
    }
    free_index(&t);
    return status;
}
