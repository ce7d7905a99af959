/* Bounded walks over encoded messages, driven by protobuf-c's descriptors: done before protobuf-c itself sees a byte,
 * because it knows no limit of depth. */
#ifndef MX_ONNX_IO_SCAN_H
#define MX_ONNX_IO_SCAN_H

#include "onnx_io/wire.h"

#include <protobuf-c/protobuf-c.h>

/* The wire types a field may have, as bits (1 << mx_wire_type); a repeated number may also be packed. */
unsigned mx_scan_wire_types(const ProtobufCFieldDescriptor *field);

/* The descriptor of a field, NULL if the message has none with that number and wire type (an unknown field). */
const ProtobufCFieldDescriptor *mx_scan_known(const ProtobufCMessageDescriptor *message, const mx_field *field);

/* The message in a field of message type. */
static inline const ProtobufCMessageDescriptor *mx_scan_submessage(const ProtobufCFieldDescriptor *field) {
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}

/* Walk a message and all known messages in it, max_depth levels down. *canonical: decoding it and encoding it again
 * gives the same bytes: known fields only, in order, shortest forms, singular fields once, numbers within their type,
 * packed where the definition says so. Packed fields over 64 KiB count as not canonical.
 * Errors: SYNTAX, LIMIT, READ. */
mx_status mx_scan_message(mx_wire bytes, const ProtobufCMessageDescriptor *message, uint32_t max_depth, bool *canonical,
                          mx_error *err);

#endif
