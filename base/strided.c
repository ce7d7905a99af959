#include "base/strided.h"

#include <string.h>

enum {
    MAX_AXES = 64,
    ROWS = 8
}; /* rows that are gathered side by side, so that what the cache has read of a column is used */

struct mx_strided_source {
    mx_source *base;
    size_t elem_bytes;
    uint32_t rank;
    uint64_t offset, extent; /* the bytes of the base that elements lie in */
    int64_t sizes[MAX_AXES], strides[MAX_AXES];
};

/* ---- making one ---- */

static mx_status too_large(mx_error *err) {
    return mx_fail(err, MX_ERR_LIMIT, "the sizes of a tensor with strides are too large");
}

/* Bytes of the tensor, and of the stretch of the base that it reaches over. */
static mx_status measure(const mx_strided *l, uint64_t *size, uint64_t *extent, mx_error *err) {
    uint64_t last = 0, reach;
    *size = l->elem_bytes;
    for (uint32_t i = 0; i < l->rank; i++) {
        if (l->sizes[i] < 1 || l->strides[i] < 0)
            return mx_fail(err, MX_ERR_INVALID, "a tensor has a size or stride below what is possible");
        if (__builtin_mul_overflow(*size, (uint64_t)l->sizes[i], size) ||
            __builtin_mul_overflow((uint64_t)l->sizes[i] - 1, (uint64_t)l->strides[i], &reach) ||
            __builtin_add_overflow(last, reach, &last))
            return too_large(err);
    }
    if (__builtin_add_overflow(last, 1, &last) || __builtin_mul_overflow(last, l->elem_bytes, extent))
        return too_large(err);
    return MX_OK;
}

mx_status mx_source_strided(const mx_env *env, mx_source *base, const mx_strided *layout, mx_source **out,
                            mx_error *err) {
    const mx_allocator *a = env ? env->allocator : NULL;
    uint64_t size = 0, extent = 0;
    *out = NULL;
    if (layout->rank > MAX_AXES || layout->elem_bytes < 1 || layout->elem_bytes > 16) return too_large(err);
    MX_TRY(measure(layout, &size, &extent, err));
    MX_TRY(mx_source_check(base, layout->offset, extent, err));
    MX_TRY(mx_source_from_memory(env, NULL, 0, false, out, err));
    struct mx_strided_source *s = mx_alloc_zero(a, 1, sizeof *s);
    if (!s) {
        mx_source_release(*out);
        *out = NULL;
        return mx_nomem(err);
    }
    *s = (struct mx_strided_source){base, layout->elem_bytes, layout->rank, layout->offset, extent, {0}, {0}};
    for (uint32_t i = 0; i < layout->rank; i++) {
        s->sizes[i] = layout->sizes[i];
        s->strides[i] = layout->strides[i];
    }
    mx_source_retain(base);
    (*out)->strided = s;
    (*out)->size = size;
    return MX_OK;
}

void mx_strided_free(mx_source *s) {
    if (!s->strided) return;
    mx_source_release(s->strided->base);
    mx_free(s->allocator, s->strided, sizeof *s->strided);
}

/* ---- gathering ---- */

/* The place of a row (all axes but the last), in elements. */
static uint64_t row_place(const struct mx_strided_source *s, uint64_t row) {
    uint64_t place = 0;
    for (uint32_t i = s->rank > 0 ? s->rank - 1 : 0; i-- > 0;) {
        place += row % (uint64_t)s->sizes[i] * (uint64_t)s->strides[i];
        row /= (uint64_t)s->sizes[i];
    }
    return place;
}

/* Columns [0, n) of `rows` rows: row k is read from from[k], `stride` bytes apart, and written to to + k * pitch. The
 * size of an element is a constant in each call, so that the copies are moves. */
static inline void gather_rows(const uint8_t *const *from, uint64_t stride, size_t rows, uint64_t n, uint8_t *to,
                               uint64_t pitch, size_t elem) {
    for (uint64_t j = 0; j < n; j++)
        for (size_t k = 0; k < rows; k++)
            memcpy(to + k * pitch + j * elem, from[k] + j * stride, elem);
}

static void gather(const uint8_t *const *from, uint64_t stride, size_t rows, uint64_t n, uint8_t *to, uint64_t pitch,
                   size_t elem) {
    if (stride == elem) {
        for (size_t k = 0; k < rows; k++)
            memcpy(to + k * pitch, from[k], (size_t)(n * elem));
        return;
    }
    switch (elem) {
    case 1: gather_rows(from, stride, rows, n, to, pitch, 1); break;
    case 2: gather_rows(from, stride, rows, n, to, pitch, 2); break;
    case 4: gather_rows(from, stride, rows, n, to, pitch, 4); break;
    case 8: gather_rows(from, stride, rows, n, to, pitch, 8); break;
    default: gather_rows(from, stride, rows, n, to, pitch, elem);
    }
}

/* A stretch of columns and where the first of them begins: all of a tensor, or what is mapped of a large one. */
typedef struct columns {
    const uint8_t *base;
    uint64_t from, to;
} columns;

static uint64_t width_of(const struct mx_strided_source *s) {
    return s->rank ? (uint64_t)s->sizes[s->rank - 1] : 1;
}

static uint64_t step_of(const struct mx_strided_source *s) {
    return (s->rank ? (uint64_t)s->strides[s->rank - 1] : 1) * s->elem_bytes;
}

/* Elements [first, first + count), as far as they stand in the columns. */
static void gather_range(const struct mx_strided_source *s, const columns *c, uint64_t first, uint64_t count,
                         uint8_t *to) {
    uint64_t width = width_of(s), step = step_of(s);
    while (count) {
        const uint8_t *from[ROWS];
        uint64_t row = first / width, column = first % width;
        size_t rows = 1;
        uint64_t n = width - column < count ? width - column : count;
        if (column == 0 && count / width > 1) rows = count / width < ROWS ? (size_t)(count / width) : ROWS;
        uint64_t left = column > c->from ? column : c->from, right = column + n < c->to ? column + n : c->to;
        for (size_t k = 0; k < rows && left < right; k++)
            from[k] = c->base + row_place(s, row + k) * s->elem_bytes + (left - c->from) * step;
        if (left < right)
            gather(from, step, rows, right - left, to + (left - column) * s->elem_bytes, width * s->elem_bytes,
                   s->elem_bytes);
        first += rows * n;
        count -= rows * n;
        to += rows * n * s->elem_bytes;
    }
}

/* A range need not begin or end with a whole element. */
static void gather_bytes(const struct mx_strided_source *s, const columns *c, uint64_t offset, uint8_t *to,
                         size_t size) {
    const size_t elem = s->elem_bytes;
    uint8_t element[16];
    while (size) {
        size_t skip = (size_t)(offset % elem), n = size - size % elem;
        uint64_t at = offset / elem, column = at % width_of(s);
        if (skip || size < elem) {
            n = elem - skip < size ? elem - skip : size;
            gather_range(s, c, at, 1, element);
            if (column >= c->from && column < c->to) memcpy(to, element + skip, n);
        } else {
            gather_range(s, c, at, n / elem, to);
        }
        offset += n;
        to += n;
        size -= n;
    }
}

mx_status mx_gather_open(const mx_source *source, mx_gather *g, mx_error *err) {
    const struct mx_strided_source *s = source->strided;
    g->source = source;
    return mx_window_open(s->base, s->offset, s->extent, &g->base, err);
}

void mx_gather_read(const mx_gather *g, uint64_t offset, void *to, size_t size) {
    const struct mx_strided_source *s = g->source->strided;
    const columns all = {g->base.data, 0, width_of(s)};
    gather_bytes(s, &all, offset, to, size);
}

void mx_gather_close(mx_gather *g) {
    mx_window_close(&g->base);
}

/* Of a large base a part of the columns is mapped at a time; where even one column goes over all of it, columns lie
 * side by side, and what is asked for touches only its own pages. */
static mx_status read_by_columns(const struct mx_strided_source *s, uint64_t offset, void *to, size_t size,
                                 mx_error *err) {
    uint64_t width = width_of(s), step = step_of(s), across = step * (width - 1);
    uint64_t rows = s->extent > across ? s->extent - across : s->elem_bytes; /* what one column reaches over */
    uint64_t at_a_time = step && rows < MX_GATHER_BYTES ? (MX_GATHER_BYTES - rows) / step + 1 : width;
    for (uint64_t from = 0; from < width; from += at_a_time) {
        columns c = {.from = from, .to = width - from < at_a_time ? width : from + at_a_time};
        mx_window w;
        MX_TRY(mx_window_open(s->base, s->offset + from * step, rows + (c.to - from - 1) * step, &w, err));
        c.base = w.data;
        gather_bytes(s, &c, offset, to, size);
        mx_window_close(&w);
    }
    return MX_OK;
}

bool mx_gather_fits(const mx_source *source) {
    return source->strided->extent <= MX_GATHER_BYTES;
}

mx_status mx_strided_read(const mx_source *source, uint64_t offset, void *to, size_t size, mx_error *err) {
    mx_gather g;
    MX_TRY(mx_source_check(source, offset, size, err));
    if (!mx_gather_fits(source)) return read_by_columns(source->strided, offset, to, size, err);
    MX_TRY(mx_gather_open(source, &g, err));
    mx_gather_read(&g, offset, to, size);
    mx_gather_close(&g);
    return MX_OK;
}
