/* AttributeProto from JSON: the plain forms that a person writes, and the objects with a "type". */
#include "graphml/legacy.h"
#include "graphml/values.h"
#include "graphml/values_read.h"

#include <math.h>

static mx_str json_text(const json_t *v) {
    return (mx_str){json_string_value(v), json_string_length(v)};
}

/* ---- numbers ---- */

static mx_status decode_float(const mx_decoder *d, const json_t *v, float *out) {
    if (!json_is_number(v)) return mx_decode_fail(d, "a number was expected");
    *out = (float)json_number_value(v);
    return isfinite(*out) ? MX_OK : mx_decode_fail(d, "a number is too large for a FLOAT");
}

static mx_status decode_bits(const mx_decoder *d, const json_t *v, float *out) {
    mx_str text = json_text(v);
    uint32_t bits = 0;
    for (size_t i = 0; i < text.n && text.n == 8; i++) {
        const char *hex = "0123456789abcdef", *digit = text.p[i] ? strchr(hex, text.p[i] | 0x20) : NULL;
        if (!digit) return mx_decode_fail(d, "\"bits\" are not 8 hexadecimal digits");
        bits = bits << 4 | (uint32_t)(digit - hex);
    }
    memcpy(out, &bits, sizeof bits);
    return text.n == 8 ? MX_OK : mx_decode_fail(d, "\"bits\" are not 8 hexadecimal digits");
}

static mx_status decode_floats(const mx_decoder *d, const json_t *v,
                               mx_status (*item)(const mx_decoder *, const json_t *, float *), mx_attr *a) {
    if (!json_is_array(v)) return mx_decode_fail(d, "a list of numbers was expected");
    size_t n = json_array_size(v);
    MX_TRY(mx_graph_array(d->g, n, sizeof(float), &a->value.floats, d->err));
    for (size_t i = 0; i < n; i++)
        MX_TRY(item(d, json_array_get(v, i), &a->value.floats[i]));
    a->count = (uint32_t)n;
    return MX_OK;
}

/* ---- plain forms ---- */

/* INTS, FLOATS (also where only some have a point) or STRINGS. */
static mx_status decode_plain_list(const mx_decoder *d, const json_t *v, mx_attr *a) {
    size_t n = json_array_size(v), ints = 0, numbers = 0;
    for (size_t i = 0; i < n; i++) {
        ints += json_is_integer(json_array_get(v, i));
        numbers += json_is_number(json_array_get(v, i));
    }
    if (!n && !d->legacy)
        return mx_decode_fail(d, "an empty list must say its type, as {\"type\": \"INTS\", \"values\": []}");
    if (ints == n) {
        a->type = MX_ATTR_INTS;
        return mx_decode_ints(d, v, &a->value.ints, &a->count);
    }
    if (numbers == n) {
        a->type = MX_ATTR_FLOATS;
        return decode_floats(d, v, decode_float, a);
    }
    if (numbers) return mx_decode_fail(d, "a list holds both numbers and other values");
    a->type = MX_ATTR_STRINGS;
    return mx_decode_names(d, v, &a->value.sids, &a->count);
}

static mx_status decode_plain_form(const mx_decoder *d, const json_t *v, mx_attr *a) {
    switch (json_typeof(v)) {
    case JSON_INTEGER:
        a->type = MX_ATTR_INT;
        a->value.i = json_integer_value(v);
        return MX_OK;
    case JSON_REAL: a->type = MX_ATTR_FLOAT; return decode_float(d, v, &a->value.f);
    case JSON_STRING: a->type = MX_ATTR_STRING; return mx_decode_name(d, v, &a->value.s);
    case JSON_ARRAY: return decode_plain_list(d, v, a);
    default: return mx_decode_fail(d, "true, false and null are no attribute values (write 1 or 0)");
    }
}

/* ---- typed forms ---- */

static mx_status typed_float(const mx_decoder *d, mx_members *m, mx_attr *a) {
    const json_t *value = mx_member(m, "value"), *bits = mx_member(m, "bits");
    if (!value == !bits) return mx_decode_fail(d, "a FLOAT needs \"value\" or \"bits\"");
    return value ? decode_float(d, value, &a->value.f) : decode_bits(d, bits, &a->value.f);
}

static mx_status typed_floats(const mx_decoder *d, mx_members *m, mx_attr *a) {
    const json_t *values = mx_member(m, "values"), *bits = mx_member(m, "bits");
    if (!values == !bits) return mx_decode_fail(d, "FLOATS need \"values\" or \"bits\"");
    return values ? decode_floats(d, values, decode_float, a) : decode_floats(d, bits, decode_bits, a);
}

static mx_status typed_int(const mx_decoder *d, mx_members *m, mx_attr *a) {
    const json_t *value = mx_member(m, "value");
    if (!json_is_integer(value)) return mx_decode_fail(d, "an INT needs a whole number as \"value\"");
    a->value.i = json_integer_value(value);
    return MX_OK;
}

static mx_status typed_ints(const mx_decoder *d, mx_members *m, mx_attr *a) {
    return mx_decode_ints(d, mx_member(m, "values"), &a->value.ints, &a->count);
}

/* Also the wire bytes of an odd attribute. */
static mx_status typed_string(const mx_decoder *d, mx_members *m, mx_attr *a) {
    const json_t *value = mx_member(m, "value"), *base64 = mx_member(m, "base64");
    if (value && base64) return mx_decode_fail(d, "a STRING has both \"value\" and \"base64\"");
    if (value) return mx_decode_name(d, value, &a->value.s);
    if (!base64) return MX_OK;
    json_t *wrapped = json_object();
    if (!wrapped || json_object_set(wrapped, "base64", (json_t *)base64) != 0) {
        json_decref(wrapped);
        return mx_nomem(d->err);
    }
    mx_status status = mx_decode_name(d, wrapped, &a->value.s);
    json_decref(wrapped);
    return status;
}

static mx_status typed_strings(const mx_decoder *d, mx_members *m, mx_attr *a) {
    return mx_decode_names(d, mx_member(m, "values"), &a->value.sids, &a->count);
}

static mx_status typed_tensor(const mx_decoder *d, mx_members *m, mx_attr *a) {
    return mx_decode_tensor_members(d, m, &a->value.index);
}

static mx_status typed_sparse(const mx_decoder *d, mx_members *m, mx_attr *a) {
    return mx_decode_sparse_members(d, m, &a->value.index);
}

static mx_status typed_type(const mx_decoder *d, mx_members *m, mx_attr *a) {
    const json_t *value = mx_member(m, "value");
    return value ? mx_decode_type(d, value, &a->value.index) : mx_decode_fail(d, "a TYPE_PROTO needs \"value\"");
}

static mx_status decode_body_key(const mx_decoder *d, const json_t *v, uint32_t *out) {
    if (!json_is_string(v)) return mx_decode_fail(d, "a graph must be named by its compound_key");
    return mx_decode_name(d, v, out);
}

static mx_status typed_graph(const mx_decoder *d, mx_members *m, mx_attr *a) {
    return decode_body_key(d, mx_member(m, "graph"), &a->value.index);
}

static mx_status index_list(const mx_decoder *d, const json_t *v, mx_attr *a,
                            mx_status (*item)(const mx_decoder *, const json_t *, uint32_t *)) {
    if (!json_is_array(v)) return mx_decode_fail(d, "a list was expected");
    size_t n = json_array_size(v);
    MX_TRY(mx_graph_array(d->g, n, sizeof(uint32_t), &a->value.indices, d->err));
    for (size_t i = 0; i < n; i++)
        MX_TRY(item(d, json_array_get(v, i), &a->value.indices[i]));
    a->count = (uint32_t)n;
    return MX_OK;
}

static mx_status typed_tensors(const mx_decoder *d, mx_members *m, mx_attr *a) {
    return index_list(d, mx_member(m, "values"), a, mx_decode_tensor);
}

static mx_status typed_sparses(const mx_decoder *d, mx_members *m, mx_attr *a) {
    return index_list(d, mx_member(m, "values"), a, mx_decode_sparse);
}

static mx_status typed_types(const mx_decoder *d, mx_members *m, mx_attr *a) {
    return index_list(d, mx_member(m, "values"), a, mx_decode_type);
}

static mx_status typed_graphs(const mx_decoder *d, mx_members *m, mx_attr *a) {
    return index_list(d, mx_member(m, "graphs"), a, decode_body_key);
}

static mx_status typed_nothing(const mx_decoder *d, mx_members *m, mx_attr *a) {
    (void)d, (void)m, (void)a;
    return MX_OK;
}

typedef mx_status (*typed_reader)(const mx_decoder *, mx_members *, mx_attr *);
static const typed_reader typed_readers[] = {
    [MX_ATTR_UNDEFINED] = typed_nothing,      [MX_ATTR_FLOAT] = typed_float,     [MX_ATTR_INT] = typed_int,
    [MX_ATTR_STRING] = typed_string,          [MX_ATTR_TENSOR] = typed_tensor,   [MX_ATTR_GRAPH] = typed_graph,
    [MX_ATTR_FLOATS] = typed_floats,          [MX_ATTR_INTS] = typed_ints,       [MX_ATTR_STRINGS] = typed_strings,
    [MX_ATTR_TENSORS] = typed_tensors,        [MX_ATTR_GRAPHS] = typed_graphs,   [MX_ATTR_SPARSE_TENSOR] = typed_sparse,
    [MX_ATTR_SPARSE_TENSORS] = typed_sparses, [MX_ATTR_TYPE_PROTO] = typed_type, [MX_ATTR_TYPE_PROTOS] = typed_types,
};

static mx_status decode_attribute_type(const mx_decoder *d, mx_members *m, mx_attr *a) {
    const json_t *type = mx_member(m, "type");
    if (!json_is_string(type)) return mx_decode_fail(d, "an attribute's object needs a \"type\"");
    a->type = mx_attr_type_number(json_text(type));
    if (a->type >= 0) return MX_OK;
    return mx_decode_fail(d, "the attribute type %s is not known", mx_show(json_text(type)).text);
}

static mx_status decode_typed_form(const mx_decoder *d, const json_t *v, mx_attr *a) {
    mx_members m;
    MX_TRY(mx_members_begin(d, v, "an attribute", &m));
    MX_TRY(decode_attribute_type(d, &m, a));
    const json_t *ref = mx_member(&m, "ref");
    bool tensor = a->type == MX_ATTR_TENSOR, sparse = a->type == MX_ATTR_SPARSE_TENSOR;
    if (ref) {
        MX_TRY(mx_decode_name(d, ref, &a->ref_name));
    } else {
        typed_reader read = a->type == MX_ATTR_OPAQUE ? typed_string : typed_readers[a->type];
        MX_TRY(read(d, &m, a));
    }
    MX_TRY(mx_member_name(d, &m, tensor ? "attribute_doc_string" : "doc_string", &a->doc));
    MX_TRY(mx_member_rest(d, &m, tensor || sparse ? "attribute_rest" : "rest", &a->rest));
    return mx_members_end(d, &m, "an attribute");
}

/* Graphs were written as a text about them, from which nothing can be made. */
static mx_status check_legacy_text(const mx_decoder *d, const json_t *v) {
    const char *text = json_string_value(v);
    if (!text || strncmp(text, "name: ", 6) != 0 || !strstr(text, "type: GRAPH")) return MX_OK;
    mx_decode_fail(d, "the older format did not keep the graphs of If, Loop and Scan");
    if (d->err) d->err->code = MX_ERR_UNSUPPORTED;
    return MX_ERR_UNSUPPORTED;
}

static mx_status decode_attribute(const mx_decoder *d, const json_t *v, mx_attr *a) {
    if (d->legacy && json_object_get(v, "tensor_type")) {
        a->type = MX_ATTR_TENSOR;
        return mx_legacy_tensor(d, v, &a->value.index);
    }
    if (d->legacy) MX_TRY(check_legacy_text(d, v));
    return json_is_object(v) ? decode_typed_form(d, v, a) : decode_plain_form(d, v, a);
}

/* Errors say which attribute it is. */
static mx_status named_attribute(const mx_decoder *d, const json_t *v, mx_attr *a) {
    mx_decoder inner = *d;
    inner.attribute = a->name;
    return decode_attribute(&inner, v, a);
}

mx_status mx_decode_attributes(const mx_decoder *d, const json_t *v, mx_attr **out, uint32_t *n) {
    bool list = json_is_array(v);
    if (!list && !json_is_object(v)) return mx_decode_fail(d, "an object of attributes was expected");
    size_t count = list ? json_array_size(v) : json_object_size(v), i = 0;
    MX_TRY(mx_graph_array(d->g, count, sizeof **out, out, d->err));
    *n = (uint32_t)count;
    for (; list && i < count; i++) {
        const json_t *pair = json_array_get(v, i);
        if (json_array_size(pair) != 2) return mx_decode_fail(d, "a pair [name, value] was expected");
        MX_TRY(mx_decode_name(d, json_array_get(pair, 0), &(*out)[i].name));
        MX_TRY(named_attribute(d, json_array_get(pair, 1), &(*out)[i]));
    }
    if (list) return MX_OK;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)v, key, value) {
        MX_TRY(mx_graph_string(d->g, mx_str_of(key), &(*out)[i].name, d->err));
        MX_TRY(named_attribute(d, value, &(*out)[i]));
        i++;
    }
    return MX_OK;
}
