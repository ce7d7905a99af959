/* Counting crossings between two neighbouring layers. */
#include "picture/layout_order.h"

#include <stdlib.h>

uint64_t mx_inversions(uint64_t *keys, uint64_t *room, size_t n) {
    uint64_t sum = 0;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t from = 0; from + width < n; from += 2 * width) {
            size_t middle = from + width, end = middle + width < n ? middle + width : n;
            size_t a = from, b = middle, out = from;
            if (keys[middle - 1] <= keys[middle]) continue;
            memcpy(room + from, keys + from, (end - from) * sizeof *keys);
            while (a < middle && b < end) {
                if (room[b] < room[a]) {
                    sum += middle - a;
                    keys[out++] = room[b++];
                } else {
                    keys[out++] = room[a++];
                }
            }
            while (a < middle)
                keys[out++] = room[a++];
            while (b < end)
                keys[out++] = room[b++];
        }
    }
    return sum;
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

void mx_sort_keys(uint64_t *keys, size_t n) {
    if (n > 16) {
        qsort(keys, n, sizeof *keys, by_number);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        uint64_t k = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] > k; at--)
            keys[at] = keys[at - 1];
        keys[at] = k;
    }
}

/* Of all segments; those that leave one port cross each other nowhere: they stand sorted. */
static uint64_t all_below(mx_ordering *o, uint32_t layer) {
    const mx_lay *l = o->l;
    size_t n = 0;
    for (uint32_t i = l->start[layer]; i < l->start[layer + 1]; i++) {
        uint32_t v = l->order[i];
        size_t run = n;
        for (uint32_t k = l->down_start[v]; k < l->down_start[v + 1]; k++) {
            const mx_seg *s = &l->segs[l->down[k]];
            if (n > run && l->segs[l->down[k - 1]].ru != s->ru) {
                mx_sort_keys(o->keys + run, n - run);
                run = n;
            }
            o->keys[n++] = mx_seg_lower(l, s);
        }
        mx_sort_keys(o->keys + run, n - run);
    }
    return mx_inversions(o->keys, o->room, n);
}

/* ---- lines of one value, which cross each other without harm ---- */

static int by_net(const void *a, const void *b) {
    const mx_twin *x = a, *y = b;
    if (x->net != y->net) return x->net < y->net ? -1 : 1;
    if (x->upper != y->upper) return x->upper < y->upper ? -1 : 1;
    return x->lower < y->lower ? -1 : x->lower > y->lower;
}

static uint64_t twins_below(mx_ordering *o, uint32_t layer) {
    const mx_lay *l = o->l;
    size_t n = 0;
    uint64_t sum = 0;
    for (uint32_t i = l->start[layer]; i < l->start[layer + 1]; i++)
        for (uint32_t k = l->down_start[l->order[i]]; k < l->down_start[l->order[i] + 1]; k++) {
            const mx_seg *s = &l->segs[l->down[k]];
            if (l->nets[s->net].parted) o->twins[n++] = (mx_twin){s->net, mx_seg_upper(l, s), mx_seg_lower(l, s)};
        }
    qsort(o->twins, n, sizeof *o->twins, by_net);
    for (size_t i = 0, run; i < n; i += run) {
        for (run = 0; i + run < n && o->twins[i + run].net == o->twins[i].net; run++)
            o->keys[run] = o->twins[i + run].lower;
        sum += mx_inversions(o->keys, o->room, run);
    }
    return sum;
}

uint64_t mx_crossings_below(mx_ordering *o, uint32_t layer) {
    uint64_t all = all_below(o, layer);
    return all && o->l->has_parted ? all - twins_below(o, layer) : all;
}
