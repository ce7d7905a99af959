/* Flat files have no groups to move a node into: an edited hierarchy_tag moves it instead. It goes to the module with that
 * tag; if several have it, to the one that shares the deepest ancestor with its old place. */
#include "graphml/import.h"

#include <stdlib.h>

typedef struct module_tag {
    mx_sid tag;
    uint32_t scope, item;
} module_tag;

typedef struct tag_index {
    module_tag *modules; /* by scope and tag */
    size_t n;
    uint32_t *mark; /* by item: stamp of the operator whose old place it is, or lies above */
} tag_index;

static int compare_tags(const void *a, const void *b) {
    const module_tag *x = a, *y = b;
    if (x->scope != y->scope) return x->scope < y->scope ? -1 : 1;
    if (x->tag != y->tag) return x->tag < y->tag ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

static bool is_module(const mx_item *item) {
    return item->kind == MX_NODE_MODEL || item->kind == MX_NODE_MODULE;
}

static mx_status index_tags(mx_import *im, tag_index *index) {
    index->modules = mx_alloc(im->allocator, im->n_items * sizeof *index->modules);
    index->mark = mx_alloc_zero(im->allocator, im->n_items, sizeof *index->mark);
    if (!index->modules || !index->mark) return mx_nomem(im->err);
    for (uint32_t i = 0; i < im->n_items; i++) {
        const mx_item *item = &im->items[i];
        if (is_module(item) && item->tag != MX_SID_ABSENT)
            index->modules[index->n++] = (module_tag){item->tag, item->scope, i};
    }
    qsort(index->modules, index->n, sizeof *index->modules, compare_tags);
    return MX_OK;
}

/* The tag that the node would have if nobody had touched it. */
static mx_sid old_tag(const mx_import *im, const mx_item *item) {
    mx_sid tag = mx_operator_tag(im->g, item->attrs, item->n_attrs, &item->metadata);
    return tag != MX_SID_ABSENT ? tag : im->items[item->container].tag;
}

static uint32_t common_depth(const mx_import *im, const tag_index *index, uint32_t module, uint32_t stamp) {
    uint32_t depth = 0;
    while (module != MX_NO_INDEX && index->mark[module] != stamp) module = im->items[module].container;
    for (; module != MX_NO_INDEX; module = im->items[module].container) depth++;
    return depth;
}

static mx_status move_to_tag(mx_import *im, tag_index *index, uint32_t i) {
    mx_item *item = &im->items[i];
    uint32_t best = MX_NO_INDEX, best_depth = 0;
    size_t low = 0, high = index->n;
    module_tag wanted = {item->tag, item->scope, 0};
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_tags(&index->modules[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t at = item->container; at != MX_NO_INDEX; at = im->items[at].container) index->mark[at] = i + 1;
    for (; low < index->n && index->modules[low].tag == item->tag && index->modules[low].scope == item->scope; low++) {
        uint32_t depth = common_depth(im, index, index->modules[low].item, i + 1);
        if (best != MX_NO_INDEX && depth <= best_depth) continue;
        best = index->modules[low].item;
        best_depth = depth;
    }
    if (best == MX_NO_INDEX)
        return mx_item_fail(im, i, MX_ERR_INVALID, "no module has the tag %s that it was given",
                            mx_show(mx_text(im->g, item->tag)).text);
    if (best != item->container) item->flags |= MX_ITEM_MOVED;
    item->container = best;
    return MX_OK;
}

mx_status mx_import_move_by_tags(mx_import *im) {
    tag_index index = {0};
    mx_status status = MX_OK;
    for (uint32_t i = 0; i < im->n_items && status == MX_OK; i++) {
        const mx_item *item = &im->items[i];
        if (item->kind != MX_NODE_OPERATOR || item->tag == MX_SID_ABSENT || item->tag == old_tag(im, item)) continue;
        if (!index.modules) status = index_tags(im, &index);
        if (status == MX_OK) status = move_to_tag(im, &index, i);
    }
    mx_free(im->allocator, index.modules, im->n_items * sizeof *index.modules);
    mx_free(im->allocator, index.mark, im->n_items * sizeof *index.mark);
    return status;
}
