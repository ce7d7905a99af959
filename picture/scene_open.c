/* Which groups are open at first. */
#include "picture/scene_internal.h"

#include <stdlib.h>

typedef struct candidate {
    uint32_t depth, n_children, parent, box;
} candidate;

static int by_depth(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->depth != y->depth) return x->depth < y->depth ? -1 : 1;
    if (x->n_children != y->n_children) return x->n_children < y->n_children ? -1 : 1;
    if (x->parent != y->parent) return x->parent < y->parent ? -1 : 1;
    return x->box < y->box ? -1 : x->box > y->box;
}

static bool parent_open(const mx_scene *s, uint32_t box) {
    return s->boxes[s->boxes[box].parent].open;
}

/* From the outside in, small groups first; like ones under one parent together or not at all. */
static mx_status open_some(mx_scene *s, mx_error *err) {
    uint32_t n = 0, shown = s->boxes[0].n_children;
    candidate *c = mx_scene_array(s, s->n_boxes, sizeof *c);
    if (!c) return mx_nomem(err);
    s->boxes[0].open = true;
    for (uint32_t i = 1; i < s->n_boxes; i++) {
        const mx_scene_box *b = &s->boxes[i];
        if (b->is_group && b->kind != MX_BOX_BUNDLE) c[n++] = (candidate){b->depth, b->n_children, b->parent, i};
    }
    qsort(c, n, sizeof *c, by_depth);
    for (uint32_t i = 0, end; i < n; i = end) {
        uint64_t more = 0;
        for (end = i; end < n && c[end].depth == c[i].depth && c[end].n_children == c[i].n_children &&
                      c[end].parent == c[i].parent;)
            more += c[end++].n_children;
        if (!parent_open(s, c[i].box) || shown + more > MX_FIRST_VIEW) continue;
        shown += (uint32_t)more;
        for (uint32_t k = i; k < end; k++)
            s->boxes[c[k].box].open = true;
    }
    return MX_OK;
}

mx_status mx_scene_open(mx_scene *s, mx_error *err) {
    int depth = s->options.depth;
    if (depth == MX_DEPTH_AUTO) return open_some(s, err);
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        mx_scene_box *b = &s->boxes[i];
        b->open = b->is_group && b->kind != MX_BOX_BUNDLE && (depth < 0 || b->depth <= (uint32_t)depth);
    }
    return MX_OK;
}
