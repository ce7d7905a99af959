/* Small tensors as numbers: reading them, keeping them. */
#include "converter/infer_internal.h"

static const mx_contents nothing = {0, NULL, NULL}; /* a tensor that was looked at in vain */

/* Memory for contents; NULL with status MX_OK: the budget is spent. */
static void *keep(mx_infer *in, const void *from, uint32_t count, size_t size) {
    uint64_t bytes = (uint64_t)count * size + sizeof(mx_contents);
    if (in->status != MX_OK || bytes > in->contents_budget) return NULL;
    in->contents_budget -= bytes;
    void *copy = mx_arena_array(&in->arena, count, size);
    if (!copy) in->status = mx_nomem(in->err);
    if (copy && count) memcpy(copy, from, count * size);
    return copy;
}

static const mx_contents *keep_contents(mx_infer *in, mx_contents c) {
    mx_contents *kept = mx_arena_copy(&in->arena, &c, sizeof c);
    if (!kept) in->status = mx_nomem(in->err);
    return kept;
}

const mx_contents *mx_infer_keep_ints(mx_infer *in, const mx_dim *items, uint32_t count) {
    const mx_dim *copy = count > MX_INFER_CONTENTS ? NULL : keep(in, items, count, sizeof *items);
    return copy ? keep_contents(in, (mx_contents){count, copy, NULL}) : NULL;
}

const mx_contents *mx_infer_keep_reals(mx_infer *in, const double *reals, uint32_t count) {
    const double *copy = count > MX_INFER_CONTENTS ? NULL : keep(in, reals, count, sizeof *reals);
    return copy ? keep_contents(in, (mx_contents){count, NULL, copy}) : NULL;
}

bool mx_contents_same(const mx_contents *a, const mx_contents *b) {
    if (a == b) return true;
    if (!a || !b || a->count != b->count || !a->items != !b->items) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (!a->items && memcmp(&a->reals[i], &b->reals[i], sizeof a->reals[i]) != 0) return false;
        if (a->items && a->items[i].kind != b->items[i].kind) return false;
        if (a->items && a->items[i].kind != MX_DIM_NONE && !mx_dim_same(a->items[i], b->items[i])) return false;
    }
    return true;
}

/* ---- reading ---- */

/* How the elements of a data type lie in raw bytes. */
typedef struct layout {
    uint8_t bytes; /* 0: not followed */
    bool is_signed, real;
} layout;

static layout layout_of(int32_t data_type) {
    static const layout layouts[] = {
        [1] = {4, true, true},  [2] = {1, false, false},  [3] = {1, true, false},  [4] = {2, false, false},
        [5] = {2, true, false}, [6] = {4, true, false},   [7] = {8, true, false},  [9] = {1, false, false},
        [11] = {8, true, true}, [12] = {4, false, false}, [13] = {8, false, false}};
    bool known = data_type > 0 && data_type < (int32_t)(sizeof layouts / sizeof *layouts);
    return known ? layouts[data_type] : (layout){0, false, false};
}

static bool element_count(const mx_tensor *t, uint32_t *count) {
    uint64_t product = 1;
    for (uint32_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 0 || (uint64_t)t->dims[i] > MX_INFER_CONTENTS) return false;
        product *= (uint64_t)t->dims[i];
        if (product > MX_INFER_CONTENTS) return false;
    }
    *count = (uint32_t)product;
    return true;
}

static uint64_t little_endian(const uint8_t *p, uint32_t bytes) {
    uint64_t v = 0;
    for (uint32_t i = 0; i < bytes; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static double real_of(uint64_t bits, uint32_t bytes) {
    double d;
    float f;
    uint32_t low = (uint32_t)bits;
    memcpy(&d, &bits, sizeof d);
    memcpy(&f, &low, sizeof f);
    return bytes == 4 ? (double)f : d;
}

static int64_t extend(uint64_t bits, layout l) {
    uint32_t shift = 64u - 8u * l.bytes;
    return l.is_signed ? (int64_t)(bits << shift) >> shift : (int64_t)bits;
}

typedef struct numbers {
    mx_dim items[MX_INFER_CONTENTS];
    double reals[MX_INFER_CONTENTS];
} numbers;

static bool decode_fixed(const uint8_t *p, size_t size, layout l, uint32_t count, numbers *out) {
    if (size < (size_t)count * l.bytes) return false;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bits = little_endian(p + (size_t)i * l.bytes, l.bytes);
        if (l.real)
            out->reals[i] = real_of(bits, l.bytes);
        else
            out->items[i] = mx_item_of(extend(bits, l));
    }
    return true;
}

static bool decode_varints(const uint8_t *p, size_t size, uint32_t count, numbers *out) {
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t v = 0;
        uint32_t shift = 0;
        bool more = true;
        for (; more && at < size && shift < 64; shift += 7, at++) {
            v |= (uint64_t)(p[at] & 0x7F) << shift;
            more = p[at] & 0x80;
        }
        if (more) return false;
        out->items[i] = mx_item_of((int64_t)v);
    }
    return true;
}

static bool decode(const mx_tensor *t, const uint8_t *p, size_t size, layout l, uint32_t count, numbers *out) {
    bool raw = t->field == MX_TENSOR_RAW_DATA || t->external_file != MX_NO_INDEX;
    if (raw) return decode_fixed(p, size, l, count, out);
    switch (t->field) {
    case MX_TENSOR_FLOAT_DATA: return t->data_type == MX_ELEM_FLOAT && decode_fixed(p, size, l, count, out);
    case MX_TENSOR_DOUBLE_DATA: return t->data_type == MX_ELEM_DOUBLE && decode_fixed(p, size, l, count, out);
    case MX_TENSOR_INT32_DATA:
    case MX_TENSOR_INT64_DATA:
    case MX_TENSOR_UINT64_DATA: return !l.real && decode_varints(p, size, count, out);
    default: return count == 0;
    }
}

static const mx_contents *read_contents(mx_infer *in, const mx_tensor *t) {
    uint8_t bytes[MX_INFER_CONTENTS * 10]; /* a varint has at most ten */
    numbers found;
    uint32_t count;
    layout l = layout_of(t->has_type ? t->data_type : 0);
    if (l.bytes == 0 || !element_count(t, &count) || t->data.size > sizeof bytes) return NULL;
    size_t size = t->data.source == MX_NO_INDEX ? 0 : (size_t)t->data.size;
    if (size > 0) {
        const mx_source *s = in->g->sources[t->data.source];
        if (!s || t->data.offset > s->size || size > s->size - t->data.offset) return NULL;
        in->status = mx_source_read(s, t->data.offset, bytes, size, in->err);
        if (in->status != MX_OK) return NULL;
    }
    if (!decode(t, bytes, size, l, count, &found)) return NULL;
    return l.real ? mx_infer_keep_reals(in, found.reals, count) : mx_infer_keep_ints(in, found.items, count);
}

const mx_contents *mx_infer_tensor_contents(mx_infer *in, uint32_t tensor) {
    if (in->status != MX_OK || tensor >= in->n_tensors) return NULL;
    const mx_contents **known = &in->tensor_contents[tensor];
    if (!*known) {
        const mx_contents *c = read_contents(in, &in->g->tensors[tensor]);
        *known = c ? c : &nothing;
    }
    return *known == &nothing ? NULL : *known;
}
