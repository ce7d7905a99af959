/* The hash of all that is no weight in a model's file: whether a file is still the one that a GraphML file refers to.
 */
#include "base/hash.h"
#include "base/view.h"
#include "onnx_io/onnx_io.h"

#include <stdlib.h>

#define STEP_BYTES ((uint64_t)1 << 16)

typedef struct range {
    uint64_t offset, size;
} range;

static int compare_ranges(const void *a, const void *b) {
    const range *x = a, *y = b;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    return x->size < y->size ? -1 : x->size > y->size;
}

/* The tensors' bytes in sources[0], sorted. */
static mx_status collect(const mx_graph *g, range **out, size_t *n, mx_error *err) {
    *n = 0;
    *out = mx_alloc_zero(g->allocator, g->n_tensors + 1, sizeof **out);
    if (!*out) return mx_nomem(err);
    for (size_t i = 0; i < g->n_tensors; i++) {
        const mx_blob *b = &g->tensors[i].data;
        if (b->source == 0 && b->size > 0) (*out)[(*n)++] = (range){b->offset, b->size};
    }
    qsort(*out, *n, sizeof **out, compare_ranges);
    return MX_OK;
}

static mx_status add_range(const mx_source *s, mx_view *view, mx_hasher *hasher, uint64_t from, uint64_t to,
                           mx_error *err) {
    while (from < to) {
        const uint8_t *bytes;
        uint64_t n = to - from < STEP_BYTES ? to - from : STEP_BYTES;
        MX_TRY(mx_view_get(view, s, from, n, &bytes, err));
        mx_hasher_add(hasher, bytes, (size_t)n);
        from += n;
    }
    return MX_OK;
}

mx_status mx_onnx_skeleton_hash(const mx_graph *g, uint64_t *size, mx_hash128 *out, mx_error *err) {
    const mx_source *s = g->sources[0];
    mx_hasher hasher;
    mx_view view = {0};
    range *blobs;
    size_t n;
    uint64_t at = 0;
    *size = s->size;
    *out = (mx_hash128){0};
    MX_TRY(collect(g, &blobs, &n, err));
    mx_hasher_start(&hasher);
    mx_status status = MX_OK;
    for (size_t i = 0; i < n && status == MX_OK; i++) {
        uint64_t end = blobs[i].offset + blobs[i].size;
        if (blobs[i].offset > at) status = add_range(s, &view, &hasher, at, blobs[i].offset, err);
        if (end > at) at = end;
    }
    if (status == MX_OK) status = add_range(s, &view, &hasher, at, s->size, err);
    *out = mx_hasher_end(&hasher);
    mx_view_close(&view);
    mx_free(g->allocator, blobs, (g->n_tensors + 1) * sizeof *blobs);
    return status;
}
