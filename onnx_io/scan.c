#include "onnx_io/scan.h"

#define PACKED_BYTES_LOOKED_INTO 65536u

static mx_wire_type element_wire(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT: return MX_WIRE_FIXED32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return MX_WIRE_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return MX_WIRE_LEN;
    default: return MX_WIRE_VARINT;
    }
}

unsigned mx_scan_wire_types(const ProtobufCFieldDescriptor *field) {
    unsigned types = 1u << element_wire(field->type);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) types |= 1u << MX_WIRE_LEN;
    return types;
}

const ProtobufCFieldDescriptor *mx_scan_known(const ProtobufCMessageDescriptor *message, const mx_field *field) {
    const ProtobufCFieldDescriptor *d = protobuf_c_message_descriptor_get_field(message, field->number);
    return d && (mx_scan_wire_types(d) >> field->wire & 1) ? d : NULL;
}

/* Whether a varint is how a value of this type is written. */
static bool number_fits(ProtobufCType type, uint64_t v) {
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM: return v <= INT32_MAX || v >= (uint64_t)INT32_MIN;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32: return v <= UINT32_MAX;
    case PROTOBUF_C_TYPE_BOOL: return v <= 1;
    default: return true;
    }
}

/* A packed list: whole elements only; *canonical as for messages. */
static mx_status scan_packed(mx_wire_input *in, const mx_field *f, ProtobufCType type, bool *canonical, mx_error *err) {
    mx_wire_type wire = element_wire(type);
    uint64_t unit = wire == MX_WIRE_FIXED32 ? 4 : wire == MX_WIRE_FIXED64 ? 8 : 1;
    if (f->size % unit != 0)
        return mx_at_offset(err, mx_fail(err, MX_ERR_SYNTAX, "a packed list ends within a number"), f->start);
    *canonical = *canonical && f->size > 0 && f->size <= PACKED_BYTES_LOOKED_INTO;
    if (wire != MX_WIRE_VARINT) return MX_OK;
    MX_TRY(mx_wire_check_varints(in, f->value, f->size, err));
    if (!*canonical) return MX_OK;
    const uint8_t *p;
    MX_TRY(mx_wire_view(in, f->value, f->size, &p, err));
    for (size_t at = 0, taken; at < f->size && *canonical; at += taken) {
        uint64_t v;
        taken = mx_wire_varint(p + at, (size_t)f->size - at, &v);
        *canonical = mx_wire_is_minimal(p + at, taken, v) && number_fits(type, v);
    }
    return MX_OK;
}

/* What the fields before say about the next one. */
typedef struct scan_order {
    uint32_t last;
    unsigned oneof; /* place of the oneof that has a member already; 0: none */
} scan_order;

static bool in_order(scan_order *order, const ProtobufCFieldDescriptor *d, const mx_field *f) {
    bool repeated = d->label == PROTOBUF_C_LABEL_REPEATED;
    bool packed = repeated && (d->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;
    bool fine = f->minimal && (f->number > order->last || (repeated && !packed && f->number == order->last));
    if (d->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        fine = fine && order->oneof != d->quantifier_offset;
        order->oneof = d->quantifier_offset;
    }
    order->last = f->number;
    return fine && f->wire == (packed ? MX_WIRE_LEN : element_wire(d->type));
}

mx_status mx_scan_message(mx_wire bytes, const ProtobufCMessageDescriptor *message, uint32_t max_depth, bool *canonical,
                          mx_error *err) {
    scan_order order = {0};
    *canonical = true;
    while (bytes.at < bytes.end) {
        mx_field f;
        MX_TRY(mx_wire_next(&bytes, &f, err));
        const ProtobufCFieldDescriptor *d = mx_scan_known(message, &f);
        bool fine = d && in_order(&order, d, &f);
        if (d && mx_scan_submessage(d)) {
            bool inner;
            if (max_depth == 0)
                return mx_at_offset(err, mx_fail(err, MX_ERR_LIMIT, "too many messages within messages"), f.start);
            MX_TRY(mx_scan_message(mx_wire_inside(bytes.in, &f), mx_scan_submessage(d), max_depth - 1, &inner, err));
            fine = fine && inner;
        } else if (d && f.wire == MX_WIRE_LEN && element_wire(d->type) != MX_WIRE_LEN) {
            MX_TRY(scan_packed(bytes.in, &f, d->type, &fine, err));
        } else if (f.wire == MX_WIRE_VARINT) {
            fine = fine && number_fits(d->type, f.scalar);
        }
        *canonical = *canonical && fine;
    }
    return MX_OK;
}
