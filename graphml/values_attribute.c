/* AttributeProto as JSON that a person would write, and as an object where plain JSON cannot tell types
 * apart. */
#include "graphml/values.h"

#include <math.h>

/* ---- single items, as they stand in lists too ---- */

static void hex_bits(mx_buffer *b, float f) {
    static const char digits[] = "0123456789abcdef";
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    mx_buffer_byte(b, '"');
    for (int shift = 28; shift >= 0; shift -= 4)
        mx_buffer_byte(b, digits[bits >> shift & 15]);
    mx_buffer_byte(b, '"');
}

static void float_list(mx_buffer *b, const mx_attr *a, bool as_bits) {
    mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < a->count; i++) {
        if (i) mx_buffer_add(b, ", ", 2);
        if (as_bits)
            hex_bits(b, a->value.floats[i]);
        else
            mx_json_float(b, a->value.floats[i]);
    }
    mx_buffer_byte(b, ']');
}

static void int_list(mx_buffer *b, const mx_attr *a) {
    mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < a->count; i++) {
        if (i) mx_buffer_add(b, ", ", 2);
        mx_buffer_int(b, a->value.ints[i]);
    }
    mx_buffer_byte(b, ']');
}

static void string_list(mx_buffer *b, const mx_graph *g, const mx_attr *a) {
    mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < a->count; i++) {
        if (i) mx_buffer_add(b, ", ", 2);
        mx_value_name(b, g, a->value.sids[i]);
    }
    mx_buffer_byte(b, ']');
}

static bool all_finite(const mx_attr *a) {
    for (uint32_t i = 0; i < a->count; i++)
        if (!isfinite(a->value.floats[i])) return false;
    return true;
}

static bool is_text(const mx_graph *g, mx_sid s) {
    mx_str text = mx_text(g, s);
    return s != MX_SID_ABSENT && mx_utf8_valid(text.p, text.n);
}

/* ---- the plain forms ---- */

/* True if the attribute was written in its plain form. */
static bool plain_form(mx_buffer *b, const mx_graph *g, const mx_attr *a) {
    if (a->ref_name != MX_SID_ABSENT || a->doc != MX_SID_ABSENT || a->rest != MX_SID_ABSENT) return false;
    switch (a->type) {
    case MX_ATTR_FLOAT: return mx_json_float(b, a->value.f);
    case MX_ATTR_INT: mx_buffer_int(b, a->value.i); return true;
    case MX_ATTR_STRING:
        if (!is_text(g, a->value.s)) return false;
        mx_value_name(b, g, a->value.s);
        return true;
    case MX_ATTR_FLOATS:
        if (!a->count || !all_finite(a)) return false;
        float_list(b, a, false);
        return true;
    case MX_ATTR_INTS:
        if (a->count) int_list(b, a);
        return a->count > 0;
    case MX_ATTR_STRINGS:
        if (a->count) string_list(b, g, a);
        return a->count > 0;
    default: return false;
    }
}

/* ---- the forms with a type ---- */

static void float_member(mx_buffer *b, const mx_attr *a, bool *first) {
    bool finite = isfinite(a->value.f);
    mx_json_member(b, first, finite ? "value" : "bits");
    if (finite)
        mx_json_float(b, a->value.f);
    else
        hex_bits(b, a->value.f);
}

static void string_member(mx_buffer *b, const mx_graph *g, mx_sid s, bool *first) {
    mx_str bytes = mx_text(g, s);
    bool text = is_text(g, s);
    if (s == MX_SID_ABSENT) return;
    mx_json_member(b, first, text ? "value" : "base64");
    if (text) {
        mx_json_string(b, bytes);
        return;
    }
    mx_buffer_byte(b, '"');
    mx_base64_add(b, bytes.p, bytes.n);
    mx_buffer_byte(b, '"');
}

static void scalar_list_member(mx_buffer *b, const mx_graph *g, const mx_attr *a, bool *first) {
    bool as_bits = a->type == MX_ATTR_FLOATS && !all_finite(a);
    mx_json_member(b, first, as_bits ? "bits" : "values");
    if (a->type == MX_ATTR_FLOATS)
        float_list(b, a, as_bits);
    else if (a->type == MX_ATTR_INTS)
        int_list(b, a);
    else
        string_list(b, g, a);
}

static void body_key(mx_buffer *b, const mx_value_context *c, mx_node_id body) {
    mx_buffer_byte(b, '"');
    mx_buffer_uint(b, c->compound_keys[body]);
    mx_buffer_byte(b, '"');
}

static mx_status list_item(mx_buffer *b, const mx_value_context *c, const mx_attr *a, uint32_t index, mx_error *err) {
    bool first = true;
    if (a->type == MX_ATTR_GRAPHS) {
        body_key(b, c, index);
        return MX_OK;
    }
    if (a->type == MX_ATTR_TYPE_PROTOS) {
        mx_value_type(b, c->g, index);
        return MX_OK;
    }
    mx_buffer_byte(b, '{');
    if (a->type == MX_ATTR_TENSORS)
        MX_TRY(mx_value_tensor_members(b, c->g, &c->g->tensors[index], true, &first, err));
    else
        MX_TRY(mx_value_sparse_members(b, c->g, &c->g->sparses[index], &first, err));
    mx_buffer_byte(b, '}');
    return MX_OK;
}

static mx_status object_list_member(mx_buffer *b, const mx_value_context *c, const mx_attr *a, bool *first,
                                    mx_error *err) {
    mx_json_member(b, first, a->type == MX_ATTR_GRAPHS ? "graphs" : "values");
    mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < a->count; i++) {
        if (i) mx_buffer_add(b, ", ", 2);
        MX_TRY(list_item(b, c, a, a->value.indices[i], err));
    }
    mx_buffer_byte(b, ']');
    return MX_OK;
}

static mx_status value_members(mx_buffer *b, const mx_value_context *c, const mx_attr *a, bool *first, mx_error *err) {
    const mx_graph *g = c->g;
    switch (a->type) {
    case MX_ATTR_FLOAT: float_member(b, a, first); return MX_OK;
    case MX_ATTR_INT:
        mx_json_member(b, first, "value");
        mx_buffer_int(b, a->value.i);
        return MX_OK;
    case MX_ATTR_STRING:
    case MX_ATTR_OPAQUE: string_member(b, g, a->value.s, first); return MX_OK;
    case MX_ATTR_FLOATS:
    case MX_ATTR_INTS:
    case MX_ATTR_STRINGS: scalar_list_member(b, g, a, first); return MX_OK;
    case MX_ATTR_TENSOR: return mx_value_tensor_members(b, g, &g->tensors[a->value.index], true, first, err);
    case MX_ATTR_SPARSE_TENSOR: return mx_value_sparse_members(b, g, &g->sparses[a->value.index], first, err);
    case MX_ATTR_TYPE_PROTO:
        mx_json_member(b, first, "value");
        mx_value_type(b, g, a->value.index);
        return MX_OK;
    case MX_ATTR_GRAPH:
        mx_json_member(b, first, "graph");
        body_key(b, c, a->value.index);
        return MX_OK;
    case MX_ATTR_TENSORS:
    case MX_ATTR_GRAPHS:
    case MX_ATTR_SPARSE_TENSORS:
    case MX_ATTR_TYPE_PROTOS: return object_list_member(b, c, a, first, err);
    default: return MX_OK;
    }
}

static mx_status typed_form(mx_buffer *b, const mx_value_context *c, const mx_attr *a, mx_error *err) {
    const char *type = mx_attr_type_name(a->type);
    bool first = true, tensor = a->type == MX_ATTR_TENSOR;
    bool by_reference = a->ref_name != MX_SID_ABSENT;
    mx_buffer_byte(b, '{');
    mx_json_member(b, &first, "type");
    mx_buffer_byte(b, '"');
    mx_buffer_cstr(b, type ? type : "UNDEFINED");
    mx_buffer_byte(b, '"');
    if (by_reference)
        mx_json_text_member(b, c->g, &first, "ref", a->ref_name);
    else
        MX_TRY(value_members(b, c, a, &first, err));
    /* A tensor's own doc_string and rest stand in the same object. */
    mx_json_text_member(b, c->g, &first, tensor ? "attribute_doc_string" : "doc_string", a->doc);
    mx_json_rest_member(b, c->g, &first, tensor || a->type == MX_ATTR_SPARSE_TENSOR ? "attribute_rest" : "rest",
                        a->rest);
    mx_buffer_byte(b, '}');
    return MX_OK;
}

mx_status mx_value_attribute(mx_buffer *b, const mx_value_context *c, const mx_attr *a, mx_error *err) {
    return plain_form(b, c->g, a) ? MX_OK : typed_form(b, c, a, err);
}

mx_status mx_value_attributes(mx_buffer *b, const mx_value_context *c, const mx_attr *attrs, size_t n, mx_error *err) {
    bool object = mx_json_keys_fit(b, c->g, attrs, n, sizeof *attrs);
    mx_buffer_byte(b, object ? '{' : '[');
    for (size_t i = 0; i < n; i++) {
        if (i) mx_buffer_add(b, ", ", 2);
        if (!object) mx_buffer_byte(b, '[');
        mx_value_name(b, c->g, attrs[i].name);
        mx_buffer_add(b, object ? ": " : ", ", 2);
        MX_TRY(mx_value_attribute(b, c, &attrs[i], err));
        if (!object) mx_buffer_byte(b, ']');
    }
    mx_buffer_byte(b, object ? '}' : ']');
    return MX_OK;
}
