#include "onnx_io/rest.h"

#include "base/json.h"
#include "onnx_io/scan.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* Messages in messages that a rest text may hold, readable or not. */
#define REST_DEPTH 400u
/* A message in it is a list and an object; the innermost field may be a list of {"base64": ...} too. */
#define REST_JSON_DEPTH (2 * REST_DEPTH + 3)

static mx_status invalid(const ProtobufCMessageDescriptor *m, const char *field, const char *what, mx_error *err) {
    return mx_fail(err, MX_ERR_INVALID, "the rest of a %s: %s %s", m->short_name, mx_show(mx_str_of(field)).text, what);
}

/* ---- values ---- */

/* The text under "base64" if the value is an object with just that, else NULL. */
static json_t *base64_text(json_t *value) {
    json_t *text = json_object_get(value, "base64");
    return json_object_size(value) == 1 && json_is_string(text) ? text : NULL;
}

static bool put_base64(mx_buffer *b, const json_t *text) {
    return mx_base64_decode(b, json_string_value(text), json_string_length(text)) || b->failed;
}

/* An integer as JSON has it, or as a decimal string. */
static bool get_integer(const json_t *value, bool is_unsigned, uint64_t *out) {
    mx_str text = {json_string_value(value), json_string_length(value)};
    int64_t v = json_integer_value(value);
    if (json_is_string(value) && is_unsigned) return mx_parse_uint(text, out);
    if (json_is_string(value) && !mx_parse_int(text, &v)) return false;
    if (!json_is_string(value) && !json_is_integer(value)) return false;
    *out = (uint64_t)v;
    return !is_unsigned || v >= 0;
}

static bool put_integer(mx_buffer *b, ProtobufCType type, const json_t *value) {
    uint64_t v;
    bool is_unsigned = type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_UINT64;
    if (!get_integer(value, is_unsigned, &v)) return false;
    bool in_32_bits = is_unsigned ? v <= UINT32_MAX : (int64_t)v >= INT32_MIN && (int64_t)v <= INT32_MAX;
    if (type != PROTOBUF_C_TYPE_INT64 && type != PROTOBUF_C_TYPE_UINT64 && !in_32_bits) return false;
    mx_wire_put_varint(b, v);
    return true;
}

/* A number without its tag. False: not one of this type. */
static bool put_number(mx_buffer *b, ProtobufCType type, const json_t *value) {
    double d = json_number_value(value);
    float f = (float)d;
    uint32_t half;
    uint64_t bits;
    switch (type) {
    case PROTOBUF_C_TYPE_FLOAT:
        memcpy(&half, &f, sizeof half);
        mx_wire_put_le32(b, half);
        return json_is_number(value) && isfinite(f);
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(&bits, &d, sizeof bits);
        mx_wire_put_le64(b, bits);
        return json_is_number(value);
    case PROTOBUF_C_TYPE_BOOL: mx_buffer_byte(b, json_is_true(value)); return json_is_boolean(value);
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64: return put_integer(b, type, value);
    default: return false; /* not used by onnx.proto */
    }
}

static mx_wire_type number_wire(ProtobufCType type) {
    if (type == PROTOBUF_C_TYPE_FLOAT) return MX_WIRE_FIXED32;
    return type == PROTOBUF_C_TYPE_DOUBLE ? MX_WIRE_FIXED64 : MX_WIRE_VARINT;
}

static bool is_number(const ProtobufCFieldDescriptor *d) {
    return d->type != PROTOBUF_C_TYPE_BYTES && d->type != PROTOBUF_C_TYPE_MESSAGE;
}

static mx_status put_message(mx_buffer *b, const ProtobufCMessageDescriptor *m, json_t *object, uint32_t depth,
                             mx_error *err);

/* Payload of a LEN field: bytes or a message. */
static mx_status put_payload(mx_buffer *b, const ProtobufCMessageDescriptor *m, const ProtobufCFieldDescriptor *d,
                             json_t *value, uint32_t depth, mx_error *err) {
    json_t *base64 = base64_text(value);
    if (base64) return put_base64(b, base64) ? MX_OK : invalid(m, d->name, "is not valid base64", err);
    if (mx_scan_submessage(d)) {
        if (!json_is_object(value)) return invalid(m, d->name, "must hold an object", err);
        return put_message(b, mx_scan_submessage(d), value, depth + 1, err);
    }
    if (!json_is_string(value)) return invalid(m, d->name, "must hold a string", err);
    mx_buffer_add(b, json_string_value(value), json_string_length(value));
    return MX_OK;
}

/* One element with its tag. */
static mx_status put_element(mx_buffer *b, const ProtobufCMessageDescriptor *m, const ProtobufCFieldDescriptor *d,
                             json_t *value, uint32_t depth, mx_error *err) {
    if (is_number(d)) {
        mx_wire_put_tag(b, d->id, number_wire(d->type));
        json_t *base64 = base64_text(value);
        bool fine = base64 ? put_base64(b, base64) : put_number(b, d->type, value);
        return fine ? MX_OK : invalid(m, d->name, "must hold a number of its type", err);
    }
    mx_buffer payload;
    mx_buffer_init(&payload, b->allocator);
    mx_status status = put_payload(&payload, m, d, value, depth, err);
    if (payload.failed) b->failed = true;
    mx_wire_put_bytes(b, d->id, mx_buffer_str(&payload));
    mx_buffer_free(&payload);
    return status;
}

/* A list of numbers in one packed field. */
static mx_status put_packed(mx_buffer *b, const ProtobufCMessageDescriptor *m, const ProtobufCFieldDescriptor *d,
                            json_t *value, mx_error *err) {
    mx_buffer payload;
    json_t *base64 = base64_text(value);
    bool fine = base64 || json_is_array(value);
    mx_buffer_init(&payload, b->allocator);
    if (base64) fine = put_base64(&payload, base64);
    for (size_t i = 0; !base64 && fine && i < json_array_size(value); i++)
        fine = put_number(&payload, d->type, json_array_get(value, i));
    if (payload.failed) b->failed = true;
    if (fine && payload.size > 0) mx_wire_put_bytes(b, d->id, mx_buffer_str(&payload));
    mx_buffer_free(&payload);
    return fine ? MX_OK : invalid(m, d->name, "must hold a list of numbers of its type", err);
}

/* Whether the field's value goes into one packed field, though it is a list. */
static bool goes_packed(const ProtobufCFieldDescriptor *d, json_t *value) {
    return d->label == PROTOBUF_C_LABEL_REPEATED && is_number(d) &&
           ((d->flags & PROTOBUF_C_FIELD_FLAG_PACKED) || json_is_object(value));
}

static mx_status put_field(mx_buffer *b, const ProtobufCMessageDescriptor *m, const ProtobufCFieldDescriptor *d,
                           json_t *value, uint32_t depth, mx_error *err) {
    if (goes_packed(d, value)) return put_packed(b, m, d, value, err);
    if (d->label != PROTOBUF_C_LABEL_REPEATED) return put_element(b, m, d, value, depth, err);
    if (!json_is_array(value)) return invalid(m, d->name, "must hold a list", err);
    for (size_t i = 0; i < json_array_size(value); i++)
        MX_TRY(put_element(b, m, d, json_array_get(value, i), depth, err));
    return MX_OK;
}

/* Only called when the object has a key that the message has not. */
static mx_status name_unknown_key(const ProtobufCMessageDescriptor *m, json_t *object, mx_error *err) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (!protobuf_c_message_descriptor_get_field_by_name(m, key))
            return invalid(m, key, "is not a field of it", err);
    }
    return MX_OK;
}

static mx_status put_message(mx_buffer *b, const ProtobufCMessageDescriptor *m, json_t *object, uint32_t depth,
                             mx_error *err) {
    size_t found = 0;
    if (depth > REST_DEPTH) return mx_fail(err, MX_ERR_LIMIT, "the rest of a %s is nested too deep", m->short_name);
    for (unsigned i = 0; i < m->n_fields; i++) {
        json_t *value = json_object_get(object, m->fields[i].name);
        if (!value) continue;
        found++;
        MX_TRY(put_field(b, m, &m->fields[i], value, depth, err));
    }
    return found == json_object_size(object) ? MX_OK : name_unknown_key(m, object, err);
}

/* ---- the outermost message ---- */

typedef struct place {
    uint32_t number;
    size_t start, end; /* in the buffer */
} place;

typedef struct decoder {
    const ProtobufCMessageDescriptor *message;
    mx_buffer wire; /* all fields, then the tail */
    place *places;
    size_t n_places, cap_places, tail;
} decoder;

/* Note each field that stands in the buffer from `start` on; all of it must be well-formed. */
static mx_status note_fields(decoder *x, const char *name, size_t start, bool last, mx_error *err) {
    mx_wire_input in;
    bool canonical;
    if (x->wire.failed) return mx_nomem(err);
    mx_wire_from_memory(&in, x->wire.data, x->wire.size);
    mx_wire w = {&in, start, x->wire.size};
    mx_status status = mx_scan_message(w, x->message, REST_DEPTH, &canonical, err);
    if (status == MX_ERR_SYNTAX) return invalid(x->message, name, "holds what is not a protobuf message", err);
    if (status != MX_OK || last) return status;
    while (w.at < w.end) {
        mx_field f;
        MX_TRY(mx_wire_next(&w, &f, err));
        if (!mx_grow(x->wire.allocator, (void **)&x->places, &x->cap_places, x->n_places, sizeof *x->places))
            return mx_nomem(err);
        x->places[x->n_places++] = (place){f.number, (size_t)f.start, (size_t)mx_field_end(&f)};
    }
    return MX_OK;
}

static mx_status decode_unknown(decoder *x, json_t *root, const char *key, bool last, mx_error *err) {
    json_t *unknown = json_object_get(root, key);
    size_t start = x->wire.size;
    if (!unknown) return MX_OK;
    if (!json_is_string(unknown) || !put_base64(&x->wire, unknown))
        return invalid(x->message, key, "is not valid base64", err);
    return note_fields(x, key, start, last, err);
}

static mx_status decode_root(decoder *x, json_t *root, mx_error *err) {
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value) {
        if (strcmp(key, "unknown") == 0 || strcmp(key, "unknown_last") == 0) continue;
        const ProtobufCFieldDescriptor *d = protobuf_c_message_descriptor_get_field_by_name(x->message, key);
        size_t start = x->wire.size;
        if (!d) return invalid(x->message, key, "is not a field of it", err);
        MX_TRY(put_field(&x->wire, x->message, d, value, 0, err));
        MX_TRY(note_fields(x, key, start, false, err));
    }
    MX_TRY(decode_unknown(x, root, "unknown", false, err));
    x->tail = x->wire.size;
    MX_TRY(decode_unknown(x, root, "unknown_last", true, err));
    return x->wire.failed ? mx_nomem(err) : MX_OK;
}

static int compare_places(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return x->start < y->start ? -1 : x->start > y->start;
}

static mx_status give_out(decoder *x, mx_arena *arena, mx_rest *out, mx_error *err) {
    const char *wire = mx_arena_copy(arena, x->wire.data ? x->wire.data : "", x->wire.size);
    out->fields = mx_arena_array(arena, x->n_places, sizeof *out->fields);
    if (!wire || !out->fields) return mx_nomem(err);
    if (x->n_places) qsort(x->places, x->n_places, sizeof *x->places, compare_places);
    for (size_t i = 0; i < x->n_places; i++) {
        const place *p = &x->places[i];
        out->fields[i] = (mx_rest_field){p->number, {wire + p->start, p->end - p->start}};
    }
    out->count = x->n_places;
    if (x->wire.size > x->tail) out->tail = (mx_str){wire + x->tail, x->wire.size - x->tail};
    return MX_OK;
}

mx_status mx_rest_decode(mx_str json, const ProtobufCMessageDescriptor *message, mx_arena *arena, mx_rest *out,
                         mx_error *err) {
    *out = (mx_rest){0};
    if (!json.p) return MX_OK;
    json_t *root;
    mx_error unread;
    mx_status status = mx_json_parse(json, REST_JSON_DEPTH, &root, &unread);
    if (status == MX_ERR_NOMEM) return mx_nomem(err);
    if (status == MX_ERR_LIMIT) return mx_fail(err, status, "the rest of a %s is nested too deep", message->short_name);
    if (!root || !json_is_object(root)) {
        json_decref(root);
        return mx_fail(err, MX_ERR_INVALID, "the rest of a %s is not a JSON object", message->short_name);
    }
    decoder x = {.message = message};
    mx_buffer_init(&x.wire, arena->allocator);
    status = decode_root(&x, root, err);
    if (status == MX_OK) status = give_out(&x, arena, out, err);
    mx_free(arena->allocator, x.places, x.cap_places * sizeof *x.places);
    mx_buffer_free(&x.wire);
    json_decref(root);
    return status;
}
