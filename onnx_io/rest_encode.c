#include "onnx_io/rest.h"

#include "onnx_io/scan.h"

#include <stdlib.h>

/* One number. False: it has no JSON form (NaN, infinity). */
static bool put_number(mx_buffer *out, ProtobufCType type, uint64_t bits) {
    uint32_t half = (uint32_t)bits;
    float f;
    double d;
    switch (type) {
    case PROTOBUF_C_TYPE_FLOAT: memcpy(&f, &half, sizeof f); return mx_json_float(out, f);
    case PROTOBUF_C_TYPE_DOUBLE: memcpy(&d, &bits, sizeof d); return mx_json_double(out, d);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: mx_buffer_uint(out, half); return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        if (bits > INT64_MAX) mx_buffer_byte(out, '"');
        mx_buffer_uint(out, bits);
        if (bits > INT64_MAX) mx_buffer_byte(out, '"');
        return true;
    case PROTOBUF_C_TYPE_BOOL: mx_buffer_cstr(out, bits ? "true" : "false"); return true;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_ENUM: mx_buffer_int(out, (int32_t)half); return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SFIXED64: mx_buffer_int(out, (int64_t)bits); return true;
    default: return false;
    }
}

static mx_status put_base64(mx_wire_input *in, uint64_t offset, uint64_t size, mx_buffer *out, mx_error *err) {
    const uint8_t *p;
    MX_TRY(mx_wire_view(in, offset, size, &p, err));
    mx_base64_add(out, p, (size_t)size);
    return MX_OK;
}

static mx_status put_base64_object(mx_wire_input *in, const mx_field *f, mx_buffer *out, mx_error *err) {
    mx_buffer_cstr(out, "{\"base64\": \"");
    MX_TRY(put_base64(in, f->value, f->size, out, err));
    mx_buffer_cstr(out, "\"}");
    return MX_OK;
}

static uint64_t element_bits(const uint8_t *p, size_t n, ProtobufCType type, size_t *taken) {
    uint64_t bits = 0;
    *taken = type == PROTOBUF_C_TYPE_FLOAT ? 4 : type == PROTOBUF_C_TYPE_DOUBLE ? 8 : 0;
    if (*taken == 0) {
        *taken = mx_wire_varint(p, n, &bits);
        return bits;
    }
    for (size_t i = 0; i < *taken; i++)
        bits |= (uint64_t)p[i] << (8 * i);
    return bits;
}

/* The elements of a packed list without brackets. The list was scanned: canonical, and so not long. */
static mx_status put_packed(mx_wire_input *in, const mx_field *f, ProtobufCType type, mx_buffer *out, bool *readable,
                            mx_error *err) {
    const uint8_t *p;
    MX_TRY(mx_wire_view(in, f->value, f->size, &p, err));
    for (size_t at = 0, taken; at < f->size; at += taken) {
        if (at > 0) mx_buffer_cstr(out, ", ");
        if (!put_number(out, type, element_bits(p + at, (size_t)f->size - at, type, &taken))) *readable = false;
    }
    return MX_OK;
}

static mx_status put_object(mx_wire message, const ProtobufCMessageDescriptor *d, uint32_t depth, mx_buffer *out,
                            bool *readable, mx_error *err);

/* The value of one field that is canonical. *readable becomes false where it has no JSON form. */
static mx_status put_value(mx_wire_input *in, const mx_field *f, const ProtobufCFieldDescriptor *d, uint32_t depth,
                           mx_buffer *out, bool *readable, mx_error *err) {
    const uint8_t *p;
    if (mx_scan_submessage(d)) {
        if (depth >= MX_REST_READABLE_DEPTH) *readable = false;
        if (!*readable) return MX_OK;
        return put_object(mx_wire_inside(in, f), mx_scan_submessage(d), depth + 1, out, readable, err);
    }
    if (f->wire != MX_WIRE_LEN) {
        if (!put_number(out, d->type, f->scalar)) *readable = false;
        return MX_OK;
    }
    if (d->type != PROTOBUF_C_TYPE_BYTES) return put_packed(in, f, d->type, out, readable, err);
    MX_TRY(mx_wire_view(in, f->value, f->size, &p, err));
    mx_json_bytes(out, (mx_str){(const char *)p, (size_t)f->size});
    return MX_OK;
}

/* A canonical message: its fields come in order, the elements of a list one behind the other. */
static mx_status put_object(mx_wire message, const ProtobufCMessageDescriptor *d, uint32_t depth, mx_buffer *out,
                            bool *readable, mx_error *err) {
    const ProtobufCFieldDescriptor *last = NULL;
    mx_buffer_byte(out, '{');
    while (message.at < message.end && *readable) {
        mx_field f;
        MX_TRY(mx_wire_next(&message, &f, err));
        const ProtobufCFieldDescriptor *field = mx_scan_known(d, &f);
        bool list = field->label == PROTOBUF_C_LABEL_REPEATED;
        if (field != last) {
            if (last && last->label == PROTOBUF_C_LABEL_REPEATED) mx_buffer_byte(out, ']');
            mx_buffer_cstr(out, last ? ", \"" : "\"");
            mx_buffer_cstr(out, field->name);
            mx_buffer_cstr(out, list ? "\": [" : "\": ");
        } else {
            mx_buffer_cstr(out, ", ");
        }
        MX_TRY(put_value(message.in, &f, field, depth, out, readable, err));
        last = field;
    }
    if (last && last->label == PROTOBUF_C_LABEL_REPEATED) mx_buffer_byte(out, ']');
    mx_buffer_byte(out, '}');
    return MX_OK;
}

/* ---- fields of the outermost message ---- */

typedef struct encoder {
    mx_wire_input *in;
    uint32_t max_depth;
    mx_buffer *out;
} encoder;

/* Whether the field's value can be written readably and comes back as it is. */
static mx_status is_canonical(encoder *e, const mx_field *f, const ProtobufCFieldDescriptor *d, bool *out,
                              mx_error *err) {
    *out = f->minimal || f->wire != MX_WIRE_LEN;
    if (!mx_scan_submessage(d)) return MX_OK;
    if (e->max_depth == 0)
        return mx_at_offset(err, mx_fail(err, MX_ERR_LIMIT, "too many messages within messages"), f->start);
    MX_TRY(mx_scan_message(mx_wire_inside(e->in, f), mx_scan_submessage(d), e->max_depth - 1, out, err));
    *out = *out && f->size <= MX_REST_READABLE_BYTES;
    return MX_OK;
}

static mx_status put_field(encoder *e, const mx_field *f, const ProtobufCFieldDescriptor *d, mx_error *err) {
    bool readable;
    size_t before = e->out->size;
    MX_TRY(is_canonical(e, f, d, &readable, err));
    if (readable) MX_TRY(put_value(e->in, f, d, 0, e->out, &readable, err));
    if (readable || e->out->failed) return MX_OK;
    e->out->size = before;
    return put_base64_object(e->in, f, e->out, err);
}

/* The payloads of fields one behind the other, as base64: a list of numbers packed in any way, or a message in parts.
 */
static mx_status put_joined(encoder *e, const mx_field *fields, size_t n, mx_error *err) {
    mx_buffer bytes;
    mx_status status = MX_OK;
    mx_buffer_init(&bytes, e->out->allocator);
    for (size_t i = 0; i < n && status == MX_OK; i++) {
        const uint8_t *p;
        status = mx_wire_view(e->in, fields[i].value, fields[i].size, &p, err);
        if (status == MX_OK) mx_buffer_add(&bytes, p, (size_t)fields[i].size);
    }
    mx_buffer_cstr(e->out, "{\"base64\": \"");
    mx_base64_add(e->out, bytes.data, bytes.size);
    mx_buffer_cstr(e->out, "\"}");
    if (status == MX_OK && bytes.failed) status = mx_nomem(err);
    mx_buffer_free(&bytes);
    return status;
}

/* A message that may stand only once, in several parts, each of which must be well-formed. */
static mx_status put_parts(encoder *e, const mx_field *fields, size_t n, const ProtobufCFieldDescriptor *d,
                           mx_error *err) {
    for (size_t i = 0; i < n; i++) {
        bool canonical;
        MX_TRY(is_canonical(e, &fields[i], d, &canonical, err));
    }
    return put_joined(e, fields, n, err);
}

/* All occurrences of one known field. */
static mx_status put_known(encoder *e, const mx_field *fields, size_t n, const ProtobufCFieldDescriptor *d,
                           mx_error *err) {
    bool repeated = d->label == PROTOBUF_C_LABEL_REPEATED;
    mx_json_string(e->out, mx_str_of(d->name));
    mx_buffer_cstr(e->out, ": ");
    if (repeated && d->type != PROTOBUF_C_TYPE_BYTES && d->type != PROTOBUF_C_TYPE_MESSAGE)
        return put_joined(e, fields, n, err);
    if (!repeated && d->type == PROTOBUF_C_TYPE_MESSAGE && n > 1) return put_parts(e, fields, n, d, err);
    if (!repeated) return put_field(e, &fields[n - 1], d, err); /* the last one counts */
    mx_buffer_byte(e->out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0) mx_buffer_cstr(e->out, ", ");
        MX_TRY(put_field(e, &fields[i], d, err));
    }
    mx_buffer_byte(e->out, ']');
    return MX_OK;
}

static mx_status put_unknown(encoder *e, const mx_field *fields, size_t n, const char *key, mx_error *err) {
    mx_buffer bytes;
    mx_status status = MX_OK;
    mx_buffer_init(&bytes, e->out->allocator);
    for (size_t i = 0; i < n && status == MX_OK; i++) {
        const uint8_t *p;
        uint64_t size = mx_field_end(&fields[i]) - fields[i].start;
        status = mx_wire_view(e->in, fields[i].start, size, &p, err);
        if (status == MX_OK) mx_buffer_add(&bytes, p, (size_t)size);
    }
    mx_buffer_byte(e->out, '"');
    mx_buffer_cstr(e->out, key);
    mx_buffer_cstr(e->out, "\": \"");
    mx_base64_add(e->out, bytes.data, bytes.size);
    mx_buffer_byte(e->out, '"');
    if (status == MX_OK && bytes.failed) status = mx_nomem(err);
    mx_buffer_free(&bytes);
    return status;
}

/* A field and where it goes: known fields by their number, then unknown ones, then unknown ones behind everything. */
typedef struct ordered_field {
    const ProtobufCFieldDescriptor *known;
    uint32_t group;
    mx_field field;
} ordered_field;

#define GROUP_UNKNOWN      (UINT32_MAX - 1)
#define GROUP_UNKNOWN_LAST UINT32_MAX

static int compare_fields(const void *a, const void *b) {
    const ordered_field *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return x->field.start < y->field.start ? -1 : 1;
}

static mx_status put_ordered(encoder *e, const ordered_field *ordered, mx_field *fields, size_t n, mx_error *err) {
    mx_buffer_byte(e->out, '{');
    for (size_t i = 0; i < n; i++)
        fields[i] = ordered[i].field;
    for (size_t i = 0, end; i < n; i = end) {
        uint32_t group = ordered[i].group;
        for (end = i + 1; end < n && ordered[end].group == group;)
            end++;
        if (i > 0) mx_buffer_cstr(e->out, ", ");
        if (ordered[i].known)
            MX_TRY(put_known(e, fields + i, end - i, ordered[i].known, err));
        else
            MX_TRY(put_unknown(e, fields + i, end - i, group == GROUP_UNKNOWN ? "unknown" : "unknown_last", err));
    }
    mx_buffer_byte(e->out, '}');
    return e->out->failed ? mx_nomem(err) : MX_OK;
}

static ordered_field place_field(const ProtobufCMessageDescriptor *message, const mx_field *f, uint64_t last_from) {
    const ProtobufCFieldDescriptor *known = mx_scan_known(message, f);
    uint32_t unknown = f->start >= last_from ? GROUP_UNKNOWN_LAST : GROUP_UNKNOWN;
    return (ordered_field){known, known ? known->id : unknown, *f};
}

mx_status mx_rest_encode(mx_wire_input *in, const ProtobufCMessageDescriptor *message, const mx_field *fields, size_t n,
                         uint64_t last_from, uint32_t max_depth, mx_buffer *out, mx_error *err) {
    encoder e = {in, max_depth, out};
    ordered_field *ordered = mx_alloc_zero(out->allocator, n, sizeof *ordered);
    mx_field *sorted = mx_alloc_zero(out->allocator, n, sizeof *sorted);
    mx_status status;
    if (ordered && sorted) {
        for (size_t i = 0; i < n; i++)
            ordered[i] = place_field(message, &fields[i], last_from);
        qsort(ordered, n, sizeof *ordered, compare_fields);
        status = put_ordered(&e, ordered, sorted, n, err);
    } else {
        status = mx_nomem(err);
    }
    mx_free(out->allocator, sorted, n * sizeof *sorted);
    mx_free(out->allocator, ordered, n * sizeof *ordered);
    return status;
}
