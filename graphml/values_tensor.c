/* TensorProto and SparseTensorProto as JSON: what describes them, and where their bytes lie. */
#include "graphml/values.h"

static void int_list(mx_buffer *b, const int64_t *v, size_t n) {
    mx_buffer_byte(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i) mx_buffer_add(b, ", ", 2);
        mx_buffer_int(b, v[i]);
    }
    mx_buffer_byte(b, ']');
}

static void quoted_or_number(mx_buffer *b, const char *name, int32_t number) {
    if (!name) {
        mx_buffer_int(b, number);
        return;
    }
    mx_buffer_byte(b, '"');
    mx_buffer_cstr(b, name);
    mx_buffer_byte(b, '"');
}

/* ---- small tensors by value ---- */

/* The number of elements that dims say, or SIZE_MAX where that is more than can be written by value. */
static size_t element_count(const mx_tensor *t) {
    uint64_t count = 1;
    for (uint32_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 0 || t->dims[i] > MX_INLINE_ELEMENTS) return SIZE_MAX;
        count *= (uint64_t)t->dims[i];
        if (count > MX_INLINE_ELEMENTS) return SIZE_MAX;
    }
    return (size_t)count;
}

bool mx_value_is_short(const mx_graph *g, const mx_tensor *t) {
    size_t size = t->has_type ? mx_plain_element_size(t->data_type) : 0;
    size_t count = size ? element_count(t) : SIZE_MAX;
    if (count == SIZE_MAX || t->field != MX_TENSOR_RAW_DATA || t->external_file != MX_NO_INDEX) return false;
    if (t->has_location || t->external.count || t->data.size != count * size) return false;
    return t->data.size == 0 || (t->data.source < g->n_sources && g->sources[t->data.source]);
}

static uint64_t little_endian(const uint8_t *p, size_t size) {
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static bool add_float(mx_buffer *b, uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return mx_json_float(b, f);
}

static bool add_double(mx_buffer *b, uint64_t bits) {
    double d;
    memcpy(&d, &bits, sizeof d);
    return mx_json_double(b, d);
}

/* One element; false where JSON has no number for it. */
static bool add_element(mx_buffer *b, int32_t data_type, uint64_t bits) {
    switch (data_type) {
    case 1: return add_float(b, (uint32_t)bits);
    case 11: return add_double(b, bits);
    case 3: mx_buffer_int(b, (int8_t)bits); return true;
    case 5: mx_buffer_int(b, (int16_t)bits); return true;
    case 6: mx_buffer_int(b, (int32_t)bits); return true;
    case 7: mx_buffer_int(b, (int64_t)bits); return true;
    case 9:
        if (bits <= 1) mx_buffer_cstr(b, bits ? "true" : "false");
        return bits <= 1;
    default: mx_buffer_uint(b, bits); return bits <= INT64_MAX;
    }
}

/* Appends `"values": [...]`, or nothing if that cannot say the same bytes. */
static mx_status try_values(mx_buffer *b, const mx_graph *g, const mx_tensor *t, bool *first, bool *done,
                            mx_error *err) {
    uint8_t bytes[MX_INLINE_ELEMENTS * 8];
    size_t size = mx_plain_element_size(t->data_type), start = b->size;
    bool was_first = *first;
    *done = true;
    if (t->data.size)
        MX_TRY(mx_source_read(g->sources[t->data.source], t->data.offset, bytes, (size_t)t->data.size, err));
    mx_json_member(b, first, "values");
    mx_buffer_byte(b, '[');
    for (size_t i = 0; i < t->data.size / size && *done; i++) {
        if (i) mx_buffer_add(b, ", ", 2);
        *done = add_element(b, t->data_type, little_endian(bytes + i * size, size));
    }
    mx_buffer_byte(b, ']');
    if (!*done && !b->failed) {
        b->size = start;
        *first = was_first;
    }
    return MX_OK;
}

/* ---- tensors ---- */

/* Bytes that lie in no file (a list that had to be packed again, with the strategy 'reference') are written out. */
static const mx_source *in_memory(const mx_graph *g, const mx_blob *data) {
    const mx_source *s = data->source < g->n_sources ? g->sources[data->source] : NULL;
    return s && mx_source_in_memory(s) ? s : NULL;
}

static void add_reference(mx_buffer *b, const mx_graph *g, const mx_tensor *t, bool *first) {
    bool typed = t->field != MX_TENSOR_NO_DATA && t->field != MX_TENSOR_RAW_DATA;
    if (t->field == MX_TENSOR_NO_DATA && t->external_file == MX_NO_INDEX) return;
    const mx_source *memory = in_memory(g, &t->data);
    mx_json_member(b, first, "data");
    mx_buffer_cstr(b, memory ? "{\"base64\": \"" : "[");
    if (memory) {
        mx_base64_add(b, memory->memory + t->data.offset, (size_t)t->data.size);
    } else {
        mx_buffer_uint(b, t->data.offset);
        mx_buffer_add(b, ", ", 2);
        mx_buffer_uint(b, t->data.size);
    }
    mx_buffer_cstr(b, memory ? "\"}" : "]");
    if (!typed) return;
    mx_json_member(b, first, "field");
    quoted_or_number(b, mx_tensor_field_name(t->field), (int32_t)t->field);
}

static void add_external(mx_buffer *b, const mx_graph *g, const mx_tensor *t, bool *first) {
    if (t->external.count) {
        mx_json_member(b, first, "external");
        mx_value_pair_list(b, g, &t->external);
    }
    if (t->has_location) {
        static const char *const locations[] = {"DEFAULT", "EXTERNAL"};
        mx_json_member(b, first, "location");
        quoted_or_number(b, t->location == 0 || t->location == 1 ? locations[t->location] : NULL, t->location);
    }
    if (t->external_file != MX_NO_INDEX) {
        mx_json_member(b, first, "file");
        mx_buffer_uint(b, t->external_file);
    }
}

static void add_kind(mx_buffer *b, const mx_tensor *t, bool *first) {
    if (t->has_type) {
        mx_json_member(b, first, "data_type");
        quoted_or_number(b, mx_data_type_name(t->data_type), t->data_type);
    }
    mx_json_member(b, first, "dims");
    int_list(b, t->dims, t->n_dims);
}

void mx_value_tensor_kind(mx_buffer *b, const mx_tensor *t) {
    bool first = true;
    mx_buffer_byte(b, '{');
    add_kind(b, t, &first);
    mx_buffer_byte(b, '}');
}

mx_status mx_value_tensor_members(mx_buffer *b, const mx_graph *g, const mx_tensor *t, bool inlined, bool *first,
                                  mx_error *err) {
    bool done = false;
    mx_json_text_member(b, g, first, "name", t->name);
    add_kind(b, t, first);
    if (inlined && mx_value_is_short(g, t)) MX_TRY(try_values(b, g, t, first, &done, err));
    if (!done) add_reference(b, g, t, first);
    add_external(b, g, t, first);
    mx_json_text_member(b, g, first, "doc_string", t->doc);
    if (t->metadata.count) {
        mx_json_member(b, first, "metadata");
        mx_value_metadata(b, g, &t->metadata);
    }
    mx_json_rest_member(b, g, first, "rest", t->rest);
    return MX_OK;
}

void mx_value_tensor(mx_buffer *b, const mx_graph *g, const mx_tensor *t) {
    bool first = true;
    mx_buffer_byte(b, '{');
    (void)mx_value_tensor_members(b, g, t, false, &first, NULL); /* reads nothing, so cannot fail */
    if (t->unused_at_source) {
        mx_json_member(b, &first, "unused");
        mx_buffer_cstr(b, "true");
    }
    mx_buffer_byte(b, '}');
}

/* ---- sparse tensors ---- */

static mx_status part(mx_buffer *b, const mx_graph *g, const char *key, uint32_t tensor, bool inlined, bool *first,
                      mx_error *err) {
    bool inner = true;
    if (tensor == MX_NO_INDEX) return MX_OK;
    mx_json_member(b, first, key);
    mx_buffer_byte(b, '{');
    MX_TRY(mx_value_tensor_members(b, g, &g->tensors[tensor], inlined, &inner, err));
    mx_buffer_byte(b, '}');
    return MX_OK;
}

static mx_status sparse_members(mx_buffer *b, const mx_graph *g, const mx_sparse *s, bool inlined, bool *first,
                                mx_error *err) {
    MX_TRY(part(b, g, "values", s->values, inlined, first, err));
    MX_TRY(part(b, g, "indices", s->indices, inlined, first, err));
    mx_json_member(b, first, "dims");
    int_list(b, s->dims, s->n_dims);
    mx_json_rest_member(b, g, first, "rest", s->rest);
    return MX_OK;
}

mx_status mx_value_sparse_members(mx_buffer *b, const mx_graph *g, const mx_sparse *s, bool *first, mx_error *err) {
    return sparse_members(b, g, s, true, first, err);
}

void mx_value_sparse(mx_buffer *b, const mx_graph *g, const mx_sparse *s) {
    bool first = true;
    mx_buffer_byte(b, '{');
    (void)sparse_members(b, g, s, false, &first, NULL);
    if (s->unused_at_source) {
        mx_json_member(b, &first, "unused");
        mx_buffer_cstr(b, "true");
    }
    mx_buffer_byte(b, '}');
}
