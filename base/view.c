#include "base/view.h"

enum { AHEAD_FIRST = 4096, AHEAD_MOST = 1 << 18 };

static bool at_hand(const mx_view *v, const mx_source *source, uint64_t offset, uint64_t size) {
    return v->source == source && offset >= v->offset && offset - v->offset <= v->size &&
           size <= v->size - (offset - v->offset);
}

static bool make_room(mx_view *v, const mx_source *source, size_t n) {
    if (n <= v->capacity) return true;
    const mx_allocator *a = v->source ? v->source->allocator : source->allocator;
    mx_free(a, v->own, v->capacity);
    v->own = mx_alloc(source->allocator, n);
    v->capacity = v->own ? n : 0;
    return v->own != NULL;
}

static mx_status look(mx_view *v, const mx_source *source, uint64_t offset, uint64_t size, mx_error *err) {
    bool goes_on = v->source == source && offset >= v->offset && offset - v->offset <= v->size + AHEAD_FIRST;
    v->ahead = !goes_on ? AHEAD_FIRST : v->ahead < AHEAD_MOST ? v->ahead * 2 : AHEAD_MOST;
    uint64_t left = source->size - offset, n = size > v->ahead ? size : v->ahead;
    if (n > left) n = left;
    bool room = n <= SIZE_MAX && make_room(v, source, (size_t)n);
    v->source = source;
    v->size = 0;
    if (!room) return mx_nomem(err);
    MX_TRY(mx_source_read(source, offset, v->own, (size_t)n, err));
    v->data = v->own;
    v->offset = offset;
    v->size = n;
    return MX_OK;
}

mx_status mx_view_get(mx_view *v, const mx_source *source, uint64_t offset, uint64_t size, const uint8_t **out,
                      mx_error *err) {
    MX_TRY(mx_source_check(source, offset, size, err));
    if (mx_source_in_memory(source)) {
        *out = source->memory + offset;
        return MX_OK;
    }
    if (!at_hand(v, source, offset, size)) MX_TRY(look(v, source, offset, size, err));
    *out = v->data + (offset - v->offset);
    return MX_OK;
}

void mx_view_close(mx_view *v) {
    if (v->own) mx_free(v->source->allocator, v->own, v->capacity);
    *v = (mx_view){0};
}
