#include "graphml/values_read.h"
#include "base/json.h"
#include "graphml/values.h"

#include <stdio.h>

mx_status mx_decode_fail(const mx_decoder *d, const char *format, ...) {
    char message[600];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (d->attribute == MX_SID_ABSENT) return mx_fail(d->err, MX_ERR_INVALID, "the data \"%s\": %s", d->what, message);
    return mx_fail(d->err, MX_ERR_INVALID, "the data \"%s\", attribute %s: %s", d->what,
                   mx_show(mx_text(d->g, d->attribute)).text, message);
}

/* ---- texts ---- */

mx_status mx_decode_json(const mx_decoder *d, mx_str text, json_t **out) {
    mx_error e;
    mx_status status = mx_json_parse(text, d->g->limits.json_depth, out, &e);
    if (status == MX_ERR_SYNTAX) return mx_decode_fail(d, "not JSON: %s", e.message);
    if (status == MX_ERR_LIMIT) return mx_fail(d->err, status, "the data \"%s\": JSON %s", d->what, e.message);
    return status == MX_OK ? MX_OK : mx_nomem(d->err);
}

mx_status mx_decode_plain(const mx_decoder *d, mx_str text, mx_sid *out) {
    if (!text.n || (text.p[0] != '"' && text.p[0] != '{')) return mx_graph_string(d->g, text, out, d->err);
    json_t *v;
    MX_TRY(mx_decode_json(d, text, &v));
    mx_status status = mx_decode_name(d, v, out);
    json_decref(v);
    return status;
}

mx_status mx_decode_int64(const mx_decoder *d, mx_str text, int64_t *out) {
    if (mx_parse_int(text, out)) return MX_OK;
    return mx_decode_fail(d, "%s is not a whole number", mx_show(text).text);
}

mx_status mx_decode_int32(const mx_decoder *d, mx_str text, int32_t *out) {
    int64_t v;
    if (!mx_parse_int(text, &v) || v < INT32_MIN || v > INT32_MAX)
        return mx_decode_fail(d, "%s is not a whole number of 32 bits", mx_show(text).text);
    *out = (int32_t)v;
    return MX_OK;
}

mx_status mx_decode_bool(const mx_decoder *d, mx_str text, bool *out) {
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true}, {"True", true}, {"1", true}, {"false", false}, {"False", false}, {"0", false}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!mx_str_is(text, words[i].text)) continue;
        *out = words[i].value;
        return MX_OK;
    }
    return mx_decode_fail(d, "%s is neither true nor false", mx_show(text).text);
}

/* ---- names ---- */

static mx_str json_text(const json_t *v) {
    return (mx_str){json_string_value(v), json_string_length(v)};
}

static mx_status decode_base64(const mx_decoder *d, const json_t *v, mx_sid *out) {
    mx_buffer bytes;
    if (!json_is_string(v)) return mx_decode_fail(d, "\"base64\" is not a string");
    mx_buffer_init(&bytes, d->g->allocator);
    bool good = mx_base64_decode(&bytes, json_string_value(v), json_string_length(v));
    mx_status status = bytes.failed ? mx_nomem(d->err)
                       : good       ? mx_graph_string(d->g, mx_buffer_str(&bytes), out, d->err)
                                    : mx_decode_fail(d, "\"base64\" does not hold base64");
    mx_buffer_free(&bytes);
    return status;
}

mx_status mx_decode_name(const mx_decoder *d, const json_t *v, mx_sid *out) {
    *out = MX_SID_ABSENT;
    if (json_is_null(v)) return MX_OK;
    if (json_is_string(v)) return mx_graph_string(d->g, json_text(v), out, d->err);
    const json_t *bytes = json_object_get(v, "base64");
    if (bytes && json_object_size(v) == 1) return decode_base64(d, bytes, out);
    return mx_decode_fail(d, "a string was expected");
}

mx_status mx_decode_names(const mx_decoder *d, const json_t *v, mx_sid **out, uint32_t *n) {
    if (!json_is_array(v)) return mx_decode_fail(d, "a list of strings was expected");
    size_t count = json_array_size(v);
    MX_TRY(mx_graph_array(d->g, count, sizeof **out, out, d->err));
    for (size_t i = 0; i < count; i++)
        MX_TRY(mx_decode_name(d, json_array_get(v, i), &(*out)[i]));
    *n = (uint32_t)count;
    return MX_OK;
}

mx_status mx_decode_ints(const mx_decoder *d, const json_t *v, int64_t **out, uint32_t *n) {
    if (!json_is_array(v)) return mx_decode_fail(d, "a list of whole numbers was expected");
    size_t count = json_array_size(v);
    MX_TRY(mx_graph_array(d->g, count, sizeof **out, out, d->err));
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(v, i);
        if (!json_is_integer(item)) return mx_decode_fail(d, "a list of whole numbers was expected");
        (*out)[i] = json_integer_value(item);
    }
    *n = (uint32_t)count;
    return MX_OK;
}

/* ---- objects ---- */

mx_status mx_members_begin(const mx_decoder *d, const json_t *v, const char *form, mx_members *m) {
    *m = (mx_members){v, 0};
    if (json_is_object(v)) return MX_OK;
    return mx_decode_fail(d, "%s must be an object", form);
}

const json_t *mx_member(mx_members *m, const char *name) {
    const json_t *v = json_object_get(m->object, name);
    if (v) m->used++;
    return v;
}

mx_status mx_member_name(const mx_decoder *d, mx_members *m, const char *name, mx_sid *out) {
    const json_t *v = mx_member(m, name);
    *out = MX_SID_ABSENT;
    return v ? mx_decode_name(d, v, out) : MX_OK;
}

/* A rest is JSON that only onnx_io/ understands; it is kept as text. */
mx_status mx_member_rest(const mx_decoder *d, mx_members *m, const char *name, mx_sid *out) {
    const json_t *v = mx_member(m, name);
    *out = MX_SID_ABSENT;
    if (!v) return MX_OK;
    size_t size = json_dumpb(v, NULL, 0, JSON_ENCODE_ANY);
    char *text = size ? mx_alloc(d->g->allocator, size) : NULL;
    if (!text) return mx_nomem(d->err);
    mx_status status = json_dumpb(v, text, size, JSON_ENCODE_ANY) == size
                           ? mx_graph_string(d->g, (mx_str){text, size}, out, d->err)
                           : mx_nomem(d->err);
    mx_free(d->g->allocator, text, size);
    return status;
}

mx_status mx_members_end(const mx_decoder *d, const mx_members *m, const char *form) {
    if (json_object_size(m->object) == m->used) return MX_OK;
    return mx_decode_fail(d, "%s has a member that is not known or does not fit its type", form);
}

/* ---- metadata, opsets ---- */

static mx_status decode_pair(const mx_decoder *d, const json_t *v, mx_pair *out) {
    if (json_is_object(v)) return mx_decode_name(d, v, &out->opaque);
    if (!json_is_array(v) || json_array_size(v) != 2) return mx_decode_fail(d, "a pair [key, value] was expected");
    MX_TRY(mx_decode_name(d, json_array_get(v, 0), &out->key));
    return mx_decode_name(d, json_array_get(v, 1), &out->value);
}

mx_status mx_decode_metadata(const mx_decoder *d, const json_t *v, mx_pairs *out) {
    bool list = json_is_array(v);
    if (!list && !json_is_object(v)) return mx_decode_fail(d, "an object of strings was expected");
    size_t n = list ? json_array_size(v) : json_object_size(v);
    MX_TRY(mx_graph_array(d->g, n, sizeof *out->items, &out->items, d->err));
    out->count = (uint32_t)n;
    for (size_t i = 0; list && i < n; i++)
        MX_TRY(decode_pair(d, json_array_get(v, i), &out->items[i]));
    if (list) return MX_OK;
    size_t i = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)v, key, value) {
        MX_TRY(mx_graph_string(d->g, mx_str_of(key), &out->items[i].key, d->err));
        MX_TRY(mx_decode_name(d, value, &out->items[i++].value));
    }
    return MX_OK;
}

static mx_status decode_opset(const mx_decoder *d, const json_t *v, mx_opset *out) {
    if (json_is_object(v)) return mx_decode_name(d, v, &out->opaque);
    if (!json_is_array(v) || json_array_size(v) != 2) return mx_decode_fail(d, "a pair [domain, version] was expected");
    const json_t *version = json_array_get(v, 1);
    MX_TRY(mx_decode_name(d, json_array_get(v, 0), &out->domain));
    if (json_is_null(version)) return MX_OK;
    if (!json_is_integer(version)) return mx_decode_fail(d, "the version of an opset is not a whole number");
    out->has_version = true;
    out->version = json_integer_value(version);
    return MX_OK;
}

mx_status mx_decode_opsets(const mx_decoder *d, const json_t *v, mx_opset **out, uint32_t *n) {
    if (!json_is_array(v)) return mx_decode_fail(d, "a list of pairs [domain, version] was expected");
    size_t count = json_array_size(v);
    MX_TRY(mx_graph_array(d->g, count, sizeof **out, out, d->err));
    for (size_t i = 0; i < count; i++)
        MX_TRY(decode_opset(d, json_array_get(v, i), &(*out)[i]));
    *n = (uint32_t)count;
    return MX_OK;
}

/* ---- types ---- */

static mx_status decode_elem(const mx_decoder *d, const json_t *v, mx_type *t) {
    if (!v) return MX_OK;
    t->has_elem = true;
    if (json_is_string(v)) t->elem = mx_data_type_number(json_text(v));
    if (json_is_integer(v)) t->elem = (int32_t)json_integer_value(v);
    bool number = json_is_integer(v) && json_integer_value(v) == t->elem;
    if (number || (json_is_string(v) && t->elem >= 0)) return MX_OK;
    return mx_decode_fail(d, "%s is no element type", json_is_string(v) ? mx_show(json_text(v)).text : "this value");
}

static mx_status decode_dim_object(const mx_decoder *d, const json_t *v, mx_dim *out) {
    mx_members m;
    MX_TRY(mx_members_begin(d, v, "a dimension", &m));
    if (json_object_get(v, "base64")) {
        out->kind = MX_DIM_PARAM;
        return mx_decode_name(d, v, &out->param);
    }
    const json_t *value = mx_member(&m, "value"), *param = mx_member(&m, "param");
    if ((value && !json_is_integer(value)) || (value && param))
        return mx_decode_fail(d, "a dimension is a whole number or a name");
    if (value) *out = (mx_dim){.kind = MX_DIM_VALUE, .value = json_integer_value(value)};
    if (param) {
        out->kind = MX_DIM_PARAM;
        MX_TRY(mx_decode_name(d, param, &out->param));
    }
    MX_TRY(mx_member_name(d, &m, "denotation", &out->denotation));
    return mx_members_end(d, &m, "a dimension");
}

static mx_status decode_dim(const mx_decoder *d, const json_t *v, mx_dim *out) {
    if (json_is_null(v)) return MX_OK;
    if (json_is_integer(v)) {
        *out = (mx_dim){.kind = MX_DIM_VALUE, .value = json_integer_value(v)};
        return MX_OK;
    }
    if (!json_is_string(v)) return decode_dim_object(d, v, out);
    out->kind = MX_DIM_PARAM;
    return mx_decode_name(d, v, &out->param);
}

static mx_status decode_shape(const mx_decoder *d, const json_t *v, mx_type *t) {
    if (!v) return MX_OK;
    if (!json_is_array(v)) return mx_decode_fail(d, "a shape must be a list");
    t->has_shape = true;
    t->n_dims = (uint32_t)json_array_size(v);
    t->dims = mx_alloc_zero(d->g->allocator, t->n_dims + (size_t)1, sizeof *t->dims);
    if (!t->dims) return mx_nomem(d->err);
    for (uint32_t i = 0; i < t->n_dims; i++)
        MX_TRY(decode_dim(d, json_array_get(v, i), &t->dims[i]));
    return MX_OK;
}

static mx_status decode_tensor_type(const mx_decoder *d, mx_members *m, mx_type *t) {
    MX_TRY(decode_elem(d, mx_member(m, "elem"), t));
    return decode_shape(d, mx_member(m, "shape"), t);
}

static mx_status decode_sparse_type(const mx_decoder *d, const json_t *v, mx_type *t) {
    mx_members m;
    MX_TRY(mx_members_begin(d, v, "a sparse type", &m));
    t->kind = MX_TYPE_SPARSE;
    MX_TRY(decode_tensor_type(d, &m, t));
    return mx_members_end(d, &m, "a sparse type");
}

static mx_status decode_map_type(const mx_decoder *d, const json_t *v, mx_type *t) {
    mx_members m;
    MX_TRY(mx_members_begin(d, v, "a map type", &m));
    t->kind = MX_TYPE_MAP;
    MX_TRY(decode_elem(d, mx_member(&m, "key"), t));
    const json_t *value = mx_member(&m, "value");
    if (value) MX_TRY(mx_decode_type(d, value, &t->child));
    return mx_members_end(d, &m, "a map type");
}

static mx_status decode_opaque_type(const mx_decoder *d, const json_t *v, mx_type *t) {
    mx_members m;
    MX_TRY(mx_members_begin(d, v, "an opaque type", &m));
    t->kind = MX_TYPE_OPAQUE;
    MX_TRY(mx_member_name(d, &m, "domain", &t->domain));
    MX_TRY(mx_member_name(d, &m, "name", &t->name));
    return mx_members_end(d, &m, "an opaque type");
}

static mx_status decode_child_type(const mx_decoder *d, const json_t *v, mx_type_kind kind, mx_type *t) {
    t->kind = kind;
    return json_is_null(v) ? MX_OK : mx_decode_type(d, v, &t->child);
}

static mx_status decode_type_form(const mx_decoder *d, mx_members *m, mx_type *t) {
    const json_t *v;
    if ((v = mx_member(m, "sparse"))) return decode_sparse_type(d, v, t);
    if ((v = mx_member(m, "sequence"))) return decode_child_type(d, v, MX_TYPE_SEQUENCE, t);
    if ((v = mx_member(m, "optional"))) return decode_child_type(d, v, MX_TYPE_OPTIONAL, t);
    if ((v = mx_member(m, "map"))) return decode_map_type(d, v, t);
    if ((v = mx_member(m, "opaque"))) return decode_opaque_type(d, v, t);
    if ((v = mx_member(m, "base64"))) {
        t->kind = MX_TYPE_WIRE;
        return decode_base64(d, v, &t->domain);
    }
    if ((v = mx_member(m, "tensor"))) {
        t->kind = MX_TYPE_TENSOR;
        return json_is_object(v) && !json_object_size(v) ? MX_OK : mx_decode_fail(d, "\"tensor\" must be {}");
    }
    MX_TRY(decode_tensor_type(d, m, t));
    t->kind = t->has_elem || t->has_shape ? MX_TYPE_TENSOR : MX_TYPE_EMPTY;
    return MX_OK;
}

mx_status mx_decode_type(const mx_decoder *d, const json_t *v, uint32_t *out) {
    mx_members m;
    mx_type t = {.child = MX_NO_INDEX};
    MX_TRY(mx_members_begin(d, v, "a type", &m));
    mx_status status = decode_type_form(d, &m, &t);
    if (status == MX_OK) status = mx_member_name(d, &m, "denotation", &t.denotation);
    if (status == MX_OK) status = mx_members_end(d, &m, "a type");
    if (status == MX_OK) status = mx_graph_add_type(d->g, &t, out, d->err);
    mx_free(d->g->allocator, t.dims, (t.n_dims + (size_t)1) * sizeof *t.dims);
    return status;
}

/* ---- value infos ---- */

static mx_status member_number(const mx_decoder *d, mx_members *m, const char *name, int64_t *out) {
    const json_t *v = mx_member(m, name);
    if (!v) return MX_OK;
    *out = json_integer_value(v);
    if (json_is_integer(v) && *out >= 0 && *out < MX_NO_INDEX) return MX_OK;
    return mx_decode_fail(d, "\"%s\" is not a whole number from 0 on", name);
}

mx_status mx_decode_info(const mx_decoder *d, const json_t *v, int64_t *port, int64_t *index, mx_value_info *out) {
    mx_members m;
    *out = (mx_value_info){.type = MX_NO_INDEX};
    *port = -1;
    *index = MX_NO_INDEX - 1; /* without an index: behind all others */
    MX_TRY(mx_members_begin(d, v, "a value info", &m));
    MX_TRY(member_number(d, &m, "port", port));
    MX_TRY(member_number(d, &m, "index", index));
    MX_TRY(mx_member_name(d, &m, "name", &out->name));
    const json_t *type = mx_member(&m, "type"), *metadata = mx_member(&m, "metadata");
    if (type) MX_TRY(mx_decode_type(d, type, &out->type));
    if (metadata) MX_TRY(mx_decode_metadata(d, metadata, &out->metadata));
    MX_TRY(mx_member_name(d, &m, "doc_string", &out->doc));
    MX_TRY(mx_member_rest(d, &m, "rest", &out->rest));
    return mx_members_end(d, &m, "a value info");
}
