/* The hash of all that is no weight in a model's file: whether a file is still the one that a GraphML file refers to.
 */
#include "onnx_io/onnx_io.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

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

static mx_status add_range(const mx_source *s, XXH3_state_t *state, uint64_t from, uint64_t to, mx_error *err) {
    while (from < to) {
        mx_window w;
        uint64_t n = to - from < MX_WINDOW_BYTES ? to - from : MX_WINDOW_BYTES;
        MX_TRY(mx_window_open(s, from, n, &w, err));
        XXH3_128bits_update(state, w.data, (size_t)n);
        mx_window_close(&w);
        from += n;
    }
    return MX_OK;
}

mx_status mx_onnx_skeleton_hash(const mx_graph *g, uint64_t *size, mx_hash128 *out, mx_error *err) {
    const mx_source *s = g->sources[0];
    XXH3_state_t state;
    range *blobs;
    size_t n;
    uint64_t at = 0;
    *size = s->size;
    *out = (mx_hash128){0};
    MX_TRY(collect(g, &blobs, &n, err));
    XXH3_128bits_reset(&state);
    mx_status status = MX_OK;
    for (size_t i = 0; i < n && status == MX_OK; i++) {
        uint64_t end = blobs[i].offset + blobs[i].size;
        if (blobs[i].offset > at) status = add_range(s, &state, at, blobs[i].offset, err);
        if (end > at) at = end;
    }
    if (status == MX_OK) status = add_range(s, &state, at, s->size, err);
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    *out = (mx_hash128){.low = hash.low64, .high = hash.high64};
    mx_free(g->allocator, blobs, (g->n_tensors + 1) * sizeof *blobs);
    return status;
}
