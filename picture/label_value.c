/* Types, shapes and the values of small tensors as text. */
#include "picture/label_internal.h"

#define TIMES        "\xC3\x97"
#define ELLIPSIS     "\xE2\x80\xA6"
#define SHAPE_DIMS   8u
#define SYMBOL_WIDTH 56 /* pixels of a symbolic size where room is short */
#define FEW_ELEMENTS 6u

const char *mx_label_dtype(int32_t elem) {
    static const char *const names[] = {NULL,  "f32",  "u8",     "i8",       "u16",        "i16",    "i32",
                                        "i64", "str",  "bool",   "f16",      "f64",        "u32",    "u64",
                                        "c64", "c128", "bf16",   "f8e4m3fn", "f8e4m3fnuz", "f8e5m2", "f8e5m2fnuz",
                                        "u4",  "i4",   "f4e2m1", "f8e8m0"};
    return elem > 0 && elem < (int32_t)(sizeof names / sizeof *names) ? names[elem] : NULL;
}

static void add_dims(mx_buffer *b, const mx_graph *g, const mx_type *t, int32_t symbol) {
    if (t->n_dims == 0) mx_buffer_cstr(b, "scalar");
    if (t->n_dims == 1) mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < t->n_dims; i++) {
        const mx_dim *d = &t->dims[i];
        if (i) mx_buffer_cstr(b, TIMES);
        if (i == SHAPE_DIMS) {
            mx_buffer_cstr(b, ELLIPSIS);
            break;
        }
        if (d->kind == MX_DIM_VALUE)
            mx_buffer_int(b, d->value);
        else if (d->kind == MX_DIM_PARAM && mx_text(g, d->param).n)
            mx_text_fit(b, mx_text(g, d->param), MX_FONT_LINE, symbol, false);
        else
            mx_buffer_byte(b, '?');
    }
    if (t->n_dims == 1) mx_buffer_byte(b, ']');
}

bool mx_label_dims(mx_buffer *b, const mx_graph *g, uint32_t type, int32_t most) {
    if (type == MX_NO_INDEX) return false;
    const mx_type *t = &g->types[type];
    size_t start = b->size;
    if ((t->kind != MX_TYPE_TENSOR && t->kind != MX_TYPE_SPARSE) || !t->has_shape) return false;
    for (int32_t symbol = most; symbol >= SYMBOL_WIDTH / 4; symbol /= 2) { /* symbolic sizes are cut first */
        if (!b->failed) b->size = start;
        add_dims(b, g, t, symbol);
        if (b->failed || mx_text_width((mx_str){b->data + start, b->size - start}, MX_FONT_LINE) <= most) break;
    }
    return true;
}

bool mx_label_type(mx_buffer *b, const mx_graph *g, uint32_t type, int32_t most) {
    static const char *const kinds[] = {"", "tensor", "sparse", "sequence", "optional", "map", "opaque", ""};
    size_t start = b->size;
    if (type == MX_NO_INDEX) return false;
    const mx_type *t = &g->types[type];
    const char *elem = t->has_elem && t->kind <= MX_TYPE_SPARSE ? mx_label_dtype(t->elem) : NULL;
    if (t->kind != MX_TYPE_TENSOR || !elem) mx_buffer_cstr(b, kinds[t->kind]);
    if (elem) {
        if (b->size > start) mx_buffer_byte(b, ' ');
        mx_buffer_cstr(b, elem);
    }
    if (t->has_shape && b->size > start) mx_buffer_byte(b, ' ');
    mx_label_dims(b, g, type, most);
    return b->size > start;
}

/* ---- small tensors ---- */

static size_t element_size(const mx_tensor *t) {
    static const uint8_t sizes[] = {0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 0, 8, 4, 8};
    if (!t->has_type || t->data_type < 0 || t->data_type >= (int32_t)sizeof sizes) return 0;
    return sizes[t->data_type];
}

static uint64_t little_endian(const uint8_t *p, size_t size) {
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

/* Numbers as people write them: whole ones without a point. */
void mx_label_number(mx_buffer *b, double v) {
    char text[40];
    if (snprintf(text, sizeof text, "%.4g", v) <= 0) return;
    for (char *c = text; *c; c++)
        mx_buffer_byte(b, *c == ',' ? '.' : *c); /* whatever the locale says */
}

static void add_element(mx_buffer *b, int32_t data_type, uint64_t bits) {
    float f;
    double d;
    uint32_t low = (uint32_t)bits;
    switch (data_type) {
    case 1:
        memcpy(&f, &low, sizeof f);
        mx_label_number(b, (double)f);
        break;
    case 11:
        memcpy(&d, &bits, sizeof d);
        mx_label_number(b, d);
        break;
    case 3: mx_buffer_int(b, (int8_t)bits); break;
    case 5: mx_buffer_int(b, (int16_t)bits); break;
    case 6: mx_buffer_int(b, (int32_t)bits); break;
    case 7: mx_buffer_int(b, (int64_t)bits); break;
    case 9: mx_buffer_cstr(b, bits ? "true" : "false"); break;
    default: mx_buffer_uint(b, bits);
    }
}

/* Small ones in raw form; others, and what cannot be read, are shown by their shape. */
static bool add_elements(mx_buffer *b, const mx_graph *g, const mx_tensor *t) {
    uint8_t bytes[FEW_ELEMENTS * 8];
    size_t size = element_size(t), count = size ? (size_t)(t->data.size / size) : 0;
    bool inside = t->field == MX_TENSOR_RAW_DATA && t->external_file == MX_NO_INDEX && t->data.source < g->n_sources &&
                  g->sources[t->data.source];
    if (!size || t->n_dims > 1 || t->data.size > sizeof bytes || count > FEW_ELEMENTS || !inside) return false;
    if (t->n_dims ? t->dims[0] != (int64_t)count : count != 1) return false;
    if (count && mx_source_read(g->sources[t->data.source], t->data.offset, bytes, count * size, NULL) != MX_OK)
        return false;
    if (t->n_dims) mx_buffer_byte(b, '[');
    for (size_t i = 0; i < count; i++) {
        if (i) mx_buffer_cstr(b, ", ");
        add_element(b, t->data_type, little_endian(bytes + i * size, size));
    }
    if (t->n_dims) mx_buffer_byte(b, ']');
    return true;
}

static void add_shape(mx_buffer *b, const mx_tensor *t) {
    if (!t->n_dims) mx_buffer_cstr(b, "scalar");
    for (uint32_t i = 0; i < t->n_dims && i <= SHAPE_DIMS; i++) {
        if (i) mx_buffer_cstr(b, TIMES);
        if (i == SHAPE_DIMS)
            mx_buffer_cstr(b, ELLIPSIS);
        else
            mx_buffer_int(b, t->dims[i]);
    }
}

void mx_label_tensor(mx_buffer *b, const mx_graph *g, uint32_t tensor) {
    if (!add_elements(b, g, &g->tensors[tensor])) add_shape(b, &g->tensors[tensor]);
}

void mx_label_parameter(mx_buffer *b, const mx_graph *g, uint32_t tensor) {
    const mx_tensor *t = &g->tensors[tensor];
    bool fractions = t->data_type == 1 || t->data_type == 11; /* FLOAT, DOUBLE */
    if (fractions && t->n_dims == 1 && t->dims[0] > 1)
        add_shape(b, t);
    else
        mx_label_tensor(b, g, tensor);
}

/* ---- attributes ---- */

static void add_list(mx_buffer *b, const mx_graph *g, const mx_attr *a) {
    mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < a->count && i <= SHAPE_DIMS; i++) {
        if (i) mx_buffer_cstr(b, ", ");
        if (i == SHAPE_DIMS)
            mx_buffer_cstr(b, ELLIPSIS);
        else if (a->type == MX_ATTR_INTS)
            mx_buffer_int(b, a->value.ints[i]);
        else if (a->type == MX_ATTR_FLOATS)
            mx_label_number(b, (double)a->value.floats[i]);
        else
            mx_text_fit(b, mx_text(g, a->value.sids[i]), MX_FONT_LINE, MX_LABEL_WIDTH / 2, false);
    }
    mx_buffer_byte(b, ']');
}

bool mx_label_attribute(mx_buffer *b, const mx_graph *g, const mx_attr *a) {
    if (a->ref_name != MX_SID_ABSENT) {
        mx_buffer_byte(b, '@');
        mx_text_fit(b, mx_text(g, a->ref_name), MX_FONT_LINE, MX_LABEL_WIDTH / 2, false);
        return true;
    }
    switch (a->type) {
    case MX_ATTR_FLOAT: mx_label_number(b, (double)a->value.f); return true;
    case MX_ATTR_INT: mx_buffer_int(b, a->value.i); return true;
    case MX_ATTR_STRING: mx_text_fit(b, mx_text(g, a->value.s), MX_FONT_LINE, MX_LABEL_WIDTH / 2, false); return true;
    case MX_ATTR_INTS:
    case MX_ATTR_FLOATS:
    case MX_ATTR_STRINGS: add_list(b, g, a); return true;
    case MX_ATTR_TENSOR:
        if (a->value.index == MX_NO_INDEX) return false;
        mx_label_tensor(b, g, a->value.index);
        return true;
    default: return false;
    }
}
