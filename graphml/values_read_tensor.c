/* TensorProto and SparseTensorProto from JSON. */
#include "graphml/values.h"
#include "graphml/values_read.h"

#include <math.h>

static mx_str json_text(const json_t *v) {
    return (mx_str){json_string_value(v), json_string_length(v)};
}

/* A name of an enumeration, or a number where it has no name. */
static mx_status decode_data_type(const mx_decoder *d, const json_t *v, mx_tensor *t) {
    if (!v) return MX_OK;
    t->has_type = true;
    t->data_type = json_is_string(v) ? mx_data_type_number(json_text(v)) : (int32_t)json_integer_value(v);
    if (json_is_string(v) ? t->data_type >= 0 : json_is_integer(v) && json_integer_value(v) == t->data_type)
        return MX_OK;
    return mx_decode_fail(d, "a tensor's data_type is not known");
}

static mx_status decode_location(const mx_decoder *d, const json_t *v, mx_tensor *t) {
    if (!v) return MX_OK;
    t->has_location = true;
    if (json_is_string(v)) {
        t->location = mx_str_is(json_text(v), "EXTERNAL");
        if (t->location || mx_str_is(json_text(v), "DEFAULT")) return MX_OK;
    }
    t->location = (int32_t)json_integer_value(v);
    if (json_is_integer(v) && t->location == json_integer_value(v)) return MX_OK;
    return mx_decode_fail(d, "a tensor's location is neither DEFAULT nor EXTERNAL");
}

static mx_status decode_file(const mx_decoder *d, const json_t *v, mx_tensor *t) {
    if (!v) return MX_OK;
    json_int_t k = json_integer_value(v);
    if (!json_is_integer(v) || k < 0 || k >= MX_NO_INDEX) return mx_decode_fail(d, "a tensor's file is no number");
    t->external_file = (uint32_t)k;
    return MX_OK;
}

/* Data that is written out: {"base64": "..."}. */
static mx_status decode_bytes(const mx_decoder *d, const json_t *v, mx_tensor *t) {
    mx_str text = json_text(json_object_get(v, "base64"));
    size_t start = d->values->size;
    if (json_object_size(v) != 1 || !text.p || !mx_base64_decode(d->values, text.p, text.n))
        return d->values->failed ? mx_nomem(d->err) : mx_decode_fail(d, "a tensor's data is not base64");
    t->data = (mx_blob){d->pending, MX_NO_INDEX, start, d->values->size - start};
    return MX_OK;
}

static mx_status decode_range(const mx_decoder *d, const json_t *v, mx_tensor *t) {
    const json_t *offset = json_array_get(v, 0), *size = json_array_get(v, 1);
    if (json_array_size(v) != 2 || !json_is_integer(offset) || !json_is_integer(size) ||
        json_integer_value(offset) < 0 || json_integer_value(size) < 0)
        return mx_decode_fail(d, "a tensor's data is not [offset, size]");
    t->data = (mx_blob){0, MX_NO_INDEX, (uint64_t)json_integer_value(offset), (uint64_t)json_integer_value(size)};
    if (t->data.size > UINT64_MAX - t->data.offset) return mx_decode_fail(d, "a tensor's data is out of range");
    return MX_OK;
}

static mx_status decode_data(const mx_decoder *d, const json_t *v, const json_t *field, mx_tensor *t) {
    if (field && !v) return mx_decode_fail(d, "a tensor has a field but no data");
    if (!v) return MX_OK;
    MX_TRY(json_is_object(v) ? decode_bytes(d, v, t) : decode_range(d, v, t));
    t->field = t->external_file == MX_NO_INDEX ? MX_TENSOR_RAW_DATA : MX_TENSOR_NO_DATA;
    if (!field) return MX_OK;
    t->field = json_is_string(field) ? mx_tensor_field_number(json_text(field)) : MX_TENSOR_NO_DATA;
    return t->field == MX_TENSOR_NO_DATA ? mx_decode_fail(d, "a tensor's field is not known") : MX_OK;
}

/* ---- tensors by value ---- */

static bool integer_fits(int32_t data_type, json_int_t v) {
    switch (data_type) {
    case 2: return v >= 0 && v <= UINT8_MAX;
    case 3: return v >= INT8_MIN && v <= INT8_MAX;
    case 4: return v >= 0 && v <= UINT16_MAX;
    case 5: return v >= INT16_MIN && v <= INT16_MAX;
    case 6: return v >= INT32_MIN && v <= INT32_MAX;
    case 9: return v == 0 || v == 1;
    case 12: return v >= 0 && v <= UINT32_MAX;
    case 13: return v >= 0;
    default: return true;
    }
}

/* The bits of one element, in the low bytes. */
static bool element_bits(const json_t *v, int32_t data_type, uint64_t *bits) {
    bool real_type = data_type == 1 || data_type == 11;
    if (real_type && json_is_number(v)) {
        double x = json_number_value(v);
        float f = (float)x;
        uint32_t small;
        memcpy(&small, &f, sizeof small);
        memcpy(bits, &x, sizeof x);
        if (data_type == 1) *bits = small;
        return data_type == 11 || isfinite(f);
    }
    if (real_type) return false;
    *bits = json_is_true(v) ? 1 : (uint64_t)json_integer_value(v);
    if (json_is_boolean(v)) return data_type == 9;
    return json_is_integer(v) && integer_fits(data_type, json_integer_value(v));
}

static mx_status decode_values(const mx_decoder *d, const json_t *v, mx_tensor *t) {
    size_t size = t->has_type ? mx_plain_element_size(t->data_type) : 0, n = json_array_size(v);
    if (!json_is_array(v)) return mx_decode_fail(d, "a tensor's values must be a list");
    if (!size) return mx_decode_fail(d, "a tensor of this data_type cannot have values");
    t->field = MX_TENSOR_RAW_DATA;
    t->data = (mx_blob){d->pending, MX_NO_INDEX, d->values->size, n * size};
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        uint8_t bytes[8];
        if (!element_bits(json_array_get(v, i), t->data_type, &bits))
            return mx_decode_fail(d, "value %zu of a tensor does not fit its data_type", i);
        for (size_t k = 0; k < size; k++)
            bytes[k] = (uint8_t)(bits >> (8 * k));
        mx_buffer_add(d->values, bytes, size);
    }
    return d->values->failed ? mx_nomem(d->err) : MX_OK;
}

/* ---- tensors ---- */

/* external_data may stand as pairs, like metadata. */
static mx_status decode_lists(const mx_decoder *d, mx_members *m, mx_tensor *t) {
    const json_t *dims = mx_member(m, "dims"), *external = mx_member(m, "external");
    const json_t *metadata = mx_member(m, "metadata");
    if (dims) MX_TRY(mx_decode_ints(d, dims, &t->dims, &t->n_dims));
    if (external) MX_TRY(mx_decode_metadata(d, external, &t->external));
    return metadata ? mx_decode_metadata(d, metadata, &t->metadata) : MX_OK;
}

mx_status mx_decode_tensor_members(const mx_decoder *d, mx_members *m, uint32_t *out) {
    mx_tensor t = {.external_file = MX_NO_INDEX, .data = {.source = MX_NO_INDEX, .check = MX_NO_INDEX}};
    MX_TRY(mx_member_name(d, m, "name", &t.name));
    MX_TRY(decode_data_type(d, mx_member(m, "data_type"), &t));
    MX_TRY(decode_lists(d, m, &t));
    MX_TRY(decode_location(d, mx_member(m, "location"), &t));
    MX_TRY(decode_file(d, mx_member(m, "file"), &t));
    const json_t *data = mx_member(m, "data"), *field = mx_member(m, "field"), *values = mx_member(m, "values");
    if (values && (data || field)) return mx_decode_fail(d, "a tensor has both data and values");
    MX_TRY(decode_data(d, data, field, &t));
    if (values) MX_TRY(decode_values(d, values, &t));
    MX_TRY(mx_member_name(d, m, "doc_string", &t.doc));
    MX_TRY(mx_member_rest(d, m, "rest", &t.rest));
    const json_t *unused = mx_member(m, "unused");
    t.unused_at_source = json_is_true(unused);
    return mx_graph_add_tensor(d->g, &t, out, d->err);
}

mx_status mx_decode_tensor(const mx_decoder *d, const json_t *v, uint32_t *out) {
    mx_members m;
    MX_TRY(mx_members_begin(d, v, "a tensor", &m));
    MX_TRY(mx_decode_tensor_members(d, &m, out));
    return mx_members_end(d, &m, "a tensor");
}

mx_status mx_decode_sparse_members(const mx_decoder *d, mx_members *m, uint32_t *out) {
    mx_sparse s = {.values = MX_NO_INDEX, .indices = MX_NO_INDEX};
    const json_t *values = mx_member(m, "values"), *indices = mx_member(m, "indices");
    const json_t *dims = mx_member(m, "dims");
    if (values) MX_TRY(mx_decode_tensor(d, values, &s.values));
    if (indices) MX_TRY(mx_decode_tensor(d, indices, &s.indices));
    if (dims) MX_TRY(mx_decode_ints(d, dims, &s.dims, &s.n_dims));
    MX_TRY(mx_member_rest(d, m, "rest", &s.rest));
    const json_t *unused = mx_member(m, "unused");
    s.unused_at_source = json_is_true(unused);
    return mx_graph_add_sparse(d->g, &s, out, d->err);
}

mx_status mx_decode_sparse(const mx_decoder *d, const json_t *v, uint32_t *out) {
    mx_members m;
    MX_TRY(mx_members_begin(d, v, "a sparse tensor", &m));
    MX_TRY(mx_decode_sparse_members(d, &m, out));
    return mx_members_end(d, &m, "a sparse tensor");
}
