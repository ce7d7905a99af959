/* Whether two tensors hold the same values. Bytes of one form are compared as they are, by checksum where there is one;
 * else both are read as a stream of little-endian elements, as raw_data would hold them. */
#include "converter/compare_internal.h"

/* ---- bytes as they are ---- */

mx_status mx_cmp_source(const mx_cmp *c, int side, const mx_blob *data, const mx_source **out) {
    const mx_graph *g = c->g[side];
    *out = data->source < g->n_sources ? g->sources[data->source] : NULL;
    return *out ? MX_OK : mx_fail(c->err, MX_ERR_INVALID, "the file that holds the weights is not open");
}

/* The checksum recorded for exactly these bytes, NULL if there is none. */
static const mx_hash128 *recorded(const mx_cmp *c, int side, const mx_blob *data) {
    const mx_graph *g = c->g[side];
    if (data->check >= g->n_checks) return NULL;
    const mx_check *check = &g->checks[data->check];
    bool exact = check->source == data->source && check->offset == data->offset && check->size == data->size;
    return exact ? &check->hash : NULL;
}

mx_status mx_cmp_data_hash(const mx_cmp *c, int side, const mx_blob *data, mx_hash128 *out) {
    const mx_hash128 *hash = recorded(c, side, data);
    const mx_source *s;
    if (hash) {
        *out = *hash;
        return MX_OK;
    }
    MX_TRY(mx_cmp_source(c, side, data, &s));
    return mx_source_hash(s, data->offset, data->size, out, c->err);
}

static bool same_file(const mx_source *a, const mx_source *b) {
    return a == b || (a->fd >= 0 && b->fd >= 0 && a->device == b->device && a->inode == b->inode);
}

static mx_status same_bytes(mx_cmp *c, const mx_blob *a, const mx_blob *b, bool *same) {
    const mx_source *x, *y;
    *same = a->size == b->size;
    if (!*same || a->size == 0) return MX_OK;
    if (recorded(c, 0, a) || recorded(c, 1, b)) {
        mx_hash128 hash_a, hash_b;
        MX_TRY(mx_cmp_data_hash(c, 0, a, &hash_a));
        MX_TRY(mx_cmp_data_hash(c, 1, b, &hash_b));
        *same = mx_hash_eq(hash_a, hash_b);
        return MX_OK;
    }
    MX_TRY(mx_cmp_source(c, 0, a, &x));
    MX_TRY(mx_cmp_source(c, 1, b, &y));
    if (same_file(x, y) && a->offset == b->offset) return MX_OK;
    return mx_source_equal(x, a->offset, y, b->offset, a->size, same, c->err);
}

/* ---- forms of data ---- */

typedef enum form_kind {
    FORM_NONE = 0, /* not comparable but as bytes */
    FORM_PLAIN,    /* elements as in raw_data */
    FORM_VARINT,   /* a packed list of varints */
    FORM_STRINGS   /* tag, length and bytes of each string */
} form_kind;

typedef struct form {
    form_kind kind;
    uint8_t width;  /* VARINT: bytes of an element, to which each value must fit */
    bool is_signed; /* VARINT */
} form;

static mx_tensor_field field_of(const mx_tensor *t) {
    return t->field == MX_TENSOR_NO_DATA ? MX_TENSOR_RAW_DATA : t->field; /* an external file holds raw bytes */
}

/* Elements that int32_data or uint64_data can hold; 4-bit and 2-bit ones are packed to bytes in both forms. */
static form element_form(mx_tensor_field field, int32_t data_type) {
    static const struct {
        uint8_t field, data_type, width;
        bool is_signed;
    } forms[] = {
        {MX_TENSOR_INT32_DATA, 2, 1, false},   {MX_TENSOR_INT32_DATA, 3, 1, true},
        {MX_TENSOR_INT32_DATA, 4, 2, false},   {MX_TENSOR_INT32_DATA, 5, 2, true},
        {MX_TENSOR_INT32_DATA, 6, 4, true},    {MX_TENSOR_INT32_DATA, 9, 1, false},
        {MX_TENSOR_INT32_DATA, 10, 2, false},  {MX_TENSOR_INT32_DATA, 16, 2, false},
        {MX_TENSOR_INT32_DATA, 17, 1, false},  {MX_TENSOR_INT32_DATA, 18, 1, false},
        {MX_TENSOR_INT32_DATA, 19, 1, false},  {MX_TENSOR_INT32_DATA, 20, 1, false},
        {MX_TENSOR_INT32_DATA, 21, 1, false},  {MX_TENSOR_INT32_DATA, 22, 1, false},
        {MX_TENSOR_INT32_DATA, 23, 1, false},  {MX_TENSOR_INT32_DATA, 24, 1, false},
        {MX_TENSOR_INT32_DATA, 25, 1, false},  {MX_TENSOR_INT32_DATA, 26, 1, false},
        {MX_TENSOR_INT64_DATA, 7, 8, true},    {MX_TENSOR_UINT64_DATA, 12, 4, false},
        {MX_TENSOR_UINT64_DATA, 13, 8, false},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].field == field && forms[i].data_type == data_type)
            return (form){FORM_VARINT, forms[i].width, forms[i].is_signed};
    return (form){0};
}

/* How data is read to be compared with data in another field. */
static form plain_form(mx_tensor_field field, int32_t data_type) {
    enum { FLOAT = 1, DOUBLE = 11, COMPLEX64 = 14, COMPLEX128 = 15 };
    bool floats = field == MX_TENSOR_FLOAT_DATA && (data_type == FLOAT || data_type == COMPLEX64);
    bool doubles = field == MX_TENSOR_DOUBLE_DATA && (data_type == DOUBLE || data_type == COMPLEX128);
    if (field == MX_TENSOR_RAW_DATA || floats || doubles) return (form){.kind = FORM_PLAIN};
    return element_form(field, data_type);
}

/* How data is read to be compared with data in the same field: all of each number counts, whatever the element type. */
static form wire_form(mx_tensor_field field) {
    if (field == MX_TENSOR_INT32_DATA || field == MX_TENSOR_INT64_DATA || field == MX_TENSOR_UINT64_DATA)
        return (form){FORM_VARINT, 8, field != MX_TENSOR_UINT64_DATA};
    if (field == MX_TENSOR_STRING_DATA) return (form){.kind = FORM_STRINGS};
    return (form){0};
}

/* ---- streams ---- */

typedef struct stream {
    const mx_source *source;
    mx_error *err;
    uint64_t at, end; /* the next byte and the end, in the source */
    mx_window window;
    form form;
    uint64_t string_left; /* bytes of the string that is being read */
    bool spoiled;         /* not well-formed, or a number that its element cannot hold */
} stream;

/* The bytes at hand, at most `want`; at least one unless the stream has ended. */
static mx_status look(stream *s, uint64_t want, const uint8_t **p, size_t *n) {
    uint64_t past = s->at - s->window.offset;
    if (!s->window.data || past >= s->window.size) {
        uint64_t size = s->end - s->at < MX_WINDOW_BYTES ? s->end - s->at : MX_WINDOW_BYTES;
        mx_window_close(&s->window);
        MX_TRY(mx_window_open(s->source, s->at, size, &s->window, s->err));
        past = 0;
    }
    uint64_t here = s->window.size - past;
    *p = s->window.data + past;
    *n = (size_t)(here < want ? here : want);
    return MX_OK;
}

static mx_status take_bytes(stream *s, uint8_t *to, uint64_t want, size_t *taken) {
    const uint8_t *p;
    *taken = 0;
    if (s->at == s->end || want == 0) return MX_OK;
    MX_TRY(look(s, want, &p, taken));
    memcpy(to, p, *taken);
    s->at += *taken;
    return MX_OK;
}

static mx_status take_varint(stream *s, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        const uint8_t *p;
        size_t n = 0;
        if (s->at == s->end) break;
        MX_TRY(look(s, 1, &p, &n));
        s->at++;
        *value |= (uint64_t)(*p & 0x7F) << shift;
        if (*p < 0x80) return MX_OK;
    }
    s->spoiled = true;
    return MX_OK;
}

static void put_element(uint8_t *to, uint64_t value, size_t width) {
    for (size_t i = 0; i < width; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static bool fits(uint64_t value, const form *f) {
    unsigned bits = 8u * f->width;
    if (bits == 64) return true;
    if (!f->is_signed) return value >> bits == 0;
    int64_t v = (int64_t)value, limit = (int64_t)1 << (bits - 1);
    return v >= -limit && v < limit;
}

static mx_status take_element(stream *s, uint8_t *to, size_t *taken) {
    uint64_t value;
    MX_TRY(take_varint(s, &value));
    if (!fits(value, &s->form)) s->spoiled = true;
    put_element(to, value, s->form.width);
    *taken = s->form.width;
    return MX_OK;
}

/* A string's beginning: its length stands for tag and length, however they were written. */
static mx_status take_string_head(stream *s, uint8_t *to, size_t *taken) {
    uint64_t tag, size;
    MX_TRY(take_varint(s, &tag));
    MX_TRY(take_varint(s, &size));
    if (tag != (MX_TENSOR_STRING_DATA << 3 | 2) || size > s->end - s->at) s->spoiled = true;
    s->string_left = s->spoiled ? 0 : size;
    put_element(to, size, sizeof size);
    *taken = sizeof size;
    return MX_OK;
}

/* Fill `to` as far as possible in whole elements; `size` is a multiple of 8. */
static mx_status fill(stream *s, uint8_t *to, size_t size, size_t *filled) {
    *filled = 0;
    while (*filled < size && !s->spoiled && (s->at < s->end || s->string_left)) {
        size_t room = size - *filled, taken = 0;
        if (s->form.kind == FORM_PLAIN) {
            MX_TRY(take_bytes(s, to + *filled, room, &taken));
        } else if (s->form.kind == FORM_VARINT) {
            MX_TRY(take_element(s, to + *filled, &taken));
        } else if (s->string_left) {
            MX_TRY(take_bytes(s, to + *filled, s->string_left < room ? s->string_left : room, &taken));
            s->string_left -= taken;
        } else {
            if (room < sizeof(uint64_t)) break;
            MX_TRY(take_string_head(s, to + *filled, &taken));
        }
        *filled += taken;
    }
    return MX_OK;
}

static mx_status same_streams(stream *a, stream *b, bool *same) {
    uint8_t of_a[4096], of_b[4096];
    for (;;) {
        size_t n_a, n_b;
        MX_TRY(fill(a, of_a, sizeof of_a, &n_a));
        MX_TRY(fill(b, of_b, sizeof of_b, &n_b));
        *same = n_a == n_b && !a->spoiled && !b->spoiled && memcmp(of_a, of_b, n_a) == 0;
        if (!*same || n_a == 0) return MX_OK;
    }
}

static mx_status same_decoded(mx_cmp *c, const mx_blob *a, form form_a, const mx_blob *b, form form_b, bool *same) {
    stream x = {.err = c->err, .at = a->offset, .end = a->offset + a->size, .form = form_a};
    stream y = {.err = c->err, .at = b->offset, .end = b->offset + b->size, .form = form_b};
    MX_TRY(mx_cmp_source(c, 0, a, &x.source));
    MX_TRY(mx_cmp_source(c, 1, b, &y.source));
    mx_status status = same_streams(&x, &y, same);
    mx_window_close(&x.window);
    mx_window_close(&y.window);
    return status;
}

/* ---- tensors ---- */

static bool is_empty(const mx_tensor *t) {
    return !mx_cmp_has_data(t) || t->data.size == 0;
}

mx_status mx_cmp_same_data(mx_cmp *c, const mx_tensor *a, const mx_tensor *b, bool *same) {
    mx_tensor_field field_a = field_of(a), field_b = field_of(b);
    *same = is_empty(a) && is_empty(b);
    if (*same || is_empty(a) || is_empty(b)) return MX_OK;
    if (field_a == field_b) {
        form f = wire_form(field_a);
        MX_TRY(same_bytes(c, &a->data, &b->data, same));
        if (*same || f.kind == FORM_NONE) return MX_OK;
        return same_decoded(c, &a->data, f, &b->data, f, same);
    }
    form form_a = plain_form(field_a, a->data_type), form_b = plain_form(field_b, b->data_type);
    bool comparable = form_a.kind != FORM_NONE && form_b.kind != FORM_NONE && a->data_type == b->data_type;
    return comparable ? same_decoded(c, &a->data, form_a, &b->data, form_b, same) : MX_OK;
}
