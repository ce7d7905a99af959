/* `rest` texts: what a message holds beyond the fields that the graph models, as JSON.
 *
 *   {"quantization_annotation": [{"tensor_name": "x", "quant_parameter_tensor_names": [{"key": "SCALE_TENSOR", ...}]}],
 *    "unknown": "base64", "unknown_last": "base64"}
 *
 * Known fields stand under their names in onnx.proto: numbers as numbers (uint64 from 2^63 on as strings), bytes and
 * strings as strings or {"base64": "..."} where they are not UTF-8, messages as objects, repeated fields as lists. A
 * message that would not come back byte for byte from its readable form (unknown fields in it, another order, NaN), or
 * that is large, is {"base64": its wire bytes}; so is a packed list. A field that may stand only once but does so more
 * often is merged, as protobuf does. "unknown": fields
 * that onnx.proto does not have, tag and value, which stand in number order among the others; "unknown_last": those
 * that come behind everything else, as they come. */
#ifndef MX_ONNX_IO_REST_H
#define MX_ONNX_IO_REST_H

#include "onnx_io/wire.h"

#include <protobuf-c/protobuf-c.h>

#define MX_REST_READABLE_BYTES 65536u /* larger messages and lists are base64 */
#define MX_REST_READABLE_DEPTH 24u    /* and deeper ones */

/* Append the JSON text for `n` fields of a message (in the order of the file, all from `in`; not empty).
 * last_from: unknown fields that start at this offset or later come behind everything else. max_depth: nested messages
 * allowed below this one. Errors: SYNTAX, LIMIT, READ, NOMEM. */
mx_status mx_rest_encode(mx_wire_input *in, const ProtobufCMessageDescriptor *message, const mx_field *fields, size_t n,
                         uint64_t last_from, uint32_t max_depth, mx_buffer *out, mx_error *err);

/* A field ready to be written. */
typedef struct mx_rest_field {
    uint32_t number;
    mx_str wire; /* tag and value; for repeated fields one element each, for packed ones all */
} mx_rest_field;
typedef struct mx_rest {
    mx_rest_field *fields; /* by number; equal numbers in their order */
    size_t count;
    mx_str tail; /* unknown fields that go behind everything else */
} mx_rest;

/* Decode a rest text; everything in *out lies in the arena. An absent text (p == NULL) gives an empty result. The text
 * may have been edited by a person: MX_ERR_INVALID says what is wrong with it. */
mx_status mx_rest_decode(mx_str json, const ProtobufCMessageDescriptor *message, mx_arena *arena, mx_rest *out,
                         mx_error *err);

#endif
