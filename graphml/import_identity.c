/* Pass 3: node_index says which node of the source model an item is. Where several have the same one, all but the first
 * that stands where it stood are copies, which are new; so are items that come without one. */
#include "graphml/import.h"

#include <stdlib.h>

static int compare_items(const void *a, const void *b, void *ctx) {
    const mx_import *im = ctx;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    const mx_item *x = &im->items[i], *y = &im->items[k];
    bool new_x = !(x->flags & MX_ITEM_HAS_INDEX), new_y = !(y->flags & MX_ITEM_HAS_INDEX);
    if (new_x != new_y) return new_x ? 1 : -1;
    if (!new_x && x->index != y->index) return x->index < y->index ? -1 : 1;
    return i < k ? -1 : i > k;
}

static mx_status sort_items(mx_import *im) {
    im->order = mx_alloc(im->allocator, im->n_items * sizeof *im->order);
    if (!im->order) return mx_nomem(im->err);
    im->cap_order = im->n_items;
    bool sorted = true;
    for (uint32_t i = 0; i < im->n_items; i++) {
        if (!mx_item_is_live(&im->items[i])) continue;
        im->order[im->n_order++] = i;
        if (im->n_order > 1) sorted &= compare_items(&im->order[im->n_order - 2], &i, im) < 0;
    }
    if (!sorted) qsort_r(im->order, im->n_order, sizeof *im->order, compare_items, im);
    return MX_OK;
}

/* Containers have smaller indices than what they hold, so it is known whether they are copies themselves. */
static bool stands_where_it_stood(const mx_import *im, const mx_item *item) {
    if (item->container == MX_NO_INDEX) return true;
    const mx_item *container = &im->items[item->container];
    return item->parent_key == container->key && !(container->flags & MX_ITEM_NEW);
}

static mx_status mark_new(mx_import *im, uint32_t i, bool copy) {
    mx_item *item = &im->items[i];
    if (item->kind == MX_NODE_MODEL) return mx_item_fail(im, i, MX_ERR_INVALID, "a second node stands for the model");
    if (item->kind == MX_NODE_FUNCTION && copy)
        return mx_item_fail(im, i, MX_ERR_INVALID, "a copy of a function must have another name and no node_index");
    item->flags |= MX_ITEM_NEW;
    if (copy) item->flags |= MX_ITEM_FRESH_NAMES;
    im->report->nodes_new++;
    return MX_OK;
}

/* Items order[first] .. order[end - 1] have the same index. */
static mx_status choose_old(mx_import *im, size_t first, size_t end) {
    size_t old = first;
    for (size_t k = first; k < end; k++) {
        if (!stands_where_it_stood(im, &im->items[im->order[k]])) continue;
        old = k;
        break;
    }
    for (size_t k = first; k < end; k++) {
        if (k == old) continue;
        MX_TRY(mark_new(im, im->order[k], true));
        im->items[im->order[k]].original = im->order[old];
    }
    uint32_t kept = im->order[old];
    memmove(im->order + first + 1, im->order + first, (old - first) * sizeof *im->order);
    im->order[first] = kept;
    return MX_OK;
}

mx_status mx_import_identify(mx_import *im) {
    uint64_t known = 0;
    int64_t last = -1;
    MX_TRY(sort_items(im));
    size_t first = 0;
    while (first < im->n_order && im->items[im->order[first]].flags & MX_ITEM_HAS_INDEX) {
        size_t end = first + 1;
        last = im->items[im->order[first]].index;
        while (end < im->n_order && im->items[im->order[end]].flags & MX_ITEM_HAS_INDEX &&
               im->items[im->order[end]].index == last)
            end++;
        if (end - first > 1) MX_TRY(choose_old(im, first, end));
        known++;
        first = end;
    }
    for (; first < im->n_order; first++) {
        if (im->order[first] == im->model) continue;
        MX_TRY(mark_new(im, im->order[first], false));
    }
    if (im->n_source_nodes <= INT32_MAX && (int64_t)im->n_source_nodes - 1 > last)
        last = (int64_t)im->n_source_nodes - 1;
    if (last >= 0 && (uint64_t)last + 1 > known) im->report->nodes_deleted = (uint64_t)last + 1 - known;
    for (uint32_t i = 0; i < im->n_items; i++)
        im->report->nodes_moved += im->items[i].flags & MX_ITEM_MOVED && !(im->items[i].flags & MX_ITEM_NEW);
    return MX_OK;
}
