#include "onnx_io/onnxdata_parts.h"

#include <stdlib.h>

/* What one tensor refers to in an external file. */
typedef struct range {
    uint32_t file;
    mx_sid name;
    uint64_t start, end;
} range;

static int by_file_and_start(const void *left, const void *right) {
    const range *a = left, *b = right;
    if (a->file != b->file) return a->file < b->file ? -1 : 1;
    if (a->start != b->start) return a->start < b->start ? -1 : 1;
    if (a->end != b->end) return a->end < b->end ? -1 : 1;
    return (a->name > b->name) - (a->name < b->name);
}

bool mx_parts_has(const mx_graph *g, const mx_tensor *t) {
    if (t->external_file >= g->n_external_files || t->data.source == MX_NO_INDEX) return false;
    const mx_external_file *f = &g->external_files[t->external_file];
    if (f->source != MX_NO_INDEX) return t->data.source == f->source;
    return f->n_parts > 0 && t->data.source == f->parts[0].source;
}

/* Whether a tensor's bytes decide where the parts of its file begin and end. */
static bool makes_part(const mx_graph *g, const mx_tensor *t) {
    return t->data.size > 0 && mx_parts_has(g, t) && g->external_files[t->external_file].source != MX_NO_INDEX;
}

static size_t count_ranges(const mx_graph *g) {
    size_t n = 0;
    for (size_t i = 0; i < g->n_tensors; i++)
        n += makes_part(g, &g->tensors[i]);
    return n;
}

static void fill_ranges(const mx_graph *g, range *ranges) {
    for (size_t i = 0; i < g->n_tensors; i++) {
        const mx_tensor *t = &g->tensors[i];
        if (!makes_part(g, t)) continue;
        *ranges++ = (range){t->external_file, t->name, t->data.offset, t->data.offset + t->data.size};
    }
}

static mx_status add_part(const mx_graph *g, mx_parts *parts, const mx_part *p, mx_error *err) {
    if (p->from.size == 0) return MX_OK;
    if (!mx_grow(g->allocator, (void **)&parts->items, &parts->capacity, parts->count, sizeof *parts->items))
        return mx_nomem(err);
    parts->items[parts->count++] = *p;
    return MX_OK;
}

static mx_status add_bytes(const mx_graph *g, mx_parts *parts, uint32_t file, uint64_t start, uint64_t end,
                           const mx_sid *tensor, mx_error *err) {
    const mx_external_file *f = &g->external_files[file];
    mx_part p = {.from = {f->source, MX_NO_INDEX, start, end - start},
                 .file = file,
                 .name = tensor != NULL ? *tensor : f->location,
                 .gap = tensor == NULL};
    return add_part(g, parts, &p, err);
}

/* One file of the source model: its tensors' ranges, sorted, become parts with gaps between. */
static mx_status split_file(const mx_graph *g, uint32_t file, const range *ranges, size_t n, mx_parts *parts,
                            mx_error *err) {
    uint64_t at = 0;
    for (size_t i = 0; i < n;) {
        uint64_t start = ranges[i].start, end = ranges[i].end;
        const mx_sid *name = &ranges[i].name;
        for (i++; i < n && ranges[i].start < end; i++)
            if (ranges[i].end > end) end = ranges[i].end;
        MX_TRY(add_bytes(g, parts, file, at, start, NULL, err));
        MX_TRY(add_bytes(g, parts, file, start, end, name, err));
        at = end;
    }
    return add_bytes(g, parts, file, at, g->external_files[file].size, NULL, err);
}

static mx_status keep_parts(const mx_graph *g, uint32_t file, mx_parts *parts, mx_error *err) {
    const mx_external_file *f = &g->external_files[file];
    for (size_t i = 0; i < f->n_parts; i++) {
        mx_part p = {.from = f->parts[i], .file = file, .name = f->location};
        MX_TRY(add_part(g, parts, &p, err));
    }
    return MX_OK;
}

static mx_status split_files(const mx_graph *g, const range *ranges, size_t n, mx_parts *parts, mx_error *err) {
    size_t at = 0;
    for (uint32_t file = 0; file < g->n_external_files; file++) {
        size_t first = at;
        while (at < n && ranges[at].file == file)
            at++;
        if (g->external_files[file].source == MX_NO_INDEX) {
            MX_TRY(keep_parts(g, file, parts, err));
        } else {
            MX_TRY(split_file(g, file, ranges + first, at - first, parts, err));
        }
    }
    return MX_OK;
}

mx_status mx_parts_collect(const mx_graph *g, mx_parts *out, mx_error *err) {
    *out = (mx_parts){0};
    size_t n = count_ranges(g);
    range *ranges = mx_alloc(g->allocator, (n + 1) * sizeof *ranges);
    if (ranges == NULL) return mx_nomem(err);
    fill_ranges(g, ranges);
    qsort(ranges, n, sizeof *ranges, by_file_and_start);
    mx_status status = split_files(g, ranges, n, out, err);
    mx_free(g->allocator, ranges, (n + 1) * sizeof *ranges);
    if (status != MX_OK) mx_parts_free(out, g->allocator);
    return status;
}

void mx_parts_free(mx_parts *parts, const mx_allocator *a) {
    mx_free(a, parts->items, parts->capacity * sizeof *parts->items);
    *parts = (mx_parts){0};
}

mx_status mx_parts_assign(mx_graph *g, const mx_parts *parts, uint32_t image_source, mx_error *err) {
    size_t at = 0;
    for (uint32_t file = 0; file < g->n_external_files; file++) {
        mx_external_file *f = &g->external_files[file];
        size_t first = at;
        while (at < parts->count && parts->items[at].file == file)
            at++;
        MX_TRY(mx_graph_array(g, at - first, sizeof *f->parts, &f->parts, err));
        f->n_parts = at - first;
        for (size_t i = first; i < at; i++)
            f->parts[i - first] = (mx_blob){image_source, MX_NO_INDEX, parts->items[i].to, parts->items[i].from.size};
        f->source = MX_NO_INDEX;
    }
    return MX_OK;
}

static int by_origin(const void *left, const void *right) {
    const mx_part *a = left, *b = right;
    if (a->from.source != b->from.source) return a->from.source < b->from.source ? -1 : 1;
    if (a->from.offset != b->from.offset) return a->from.offset < b->from.offset ? -1 : 1;
    return (a->from.size > b->from.size) - (a->from.size < b->from.size);
}

void mx_parts_sort(mx_parts *parts) {
    if (parts->count > 0) qsort(parts->items, parts->count, sizeof *parts->items, by_origin);
}

mx_status mx_parts_place(const mx_graph *g, const mx_parts *sorted, const mx_tensor *t, uint64_t *to, mx_error *err) {
    const mx_blob *b = &t->data;
    *to = 0;
    if (b->size == 0) return MX_OK;
    size_t low = 0, high = sorted->count;
    while (low < high) { /* the first part that begins behind the range's first byte */
        size_t middle = low + (high - low) / 2;
        const mx_blob *from = &sorted->items[middle].from;
        if (from->source > b->source || (from->source == b->source && from->offset > b->offset)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    const mx_part *p = low > 0 ? &sorted->items[low - 1] : NULL;
    if (p != NULL && p->from.source == b->source && b->offset - p->from.offset <= p->from.size &&
        b->size <= p->from.size - (b->offset - p->from.offset)) {
        *to = p->to + (b->offset - p->from.offset);
        return MX_OK;
    }
    return mx_fail(err, MX_ERR_INVALID, "the bytes of tensor %s are not within one part of its external file",
                   mx_show(mx_text(g, t->name)).text);
}
