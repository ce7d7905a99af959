/* The canonical form of a message, worked out apart from the program: what the fuzz targets compare it with. */
#ifndef FUZZ_CANONICAL_H
#define FUZZ_CANONICAL_H

#include "base/text.h"

#include <protobuf-c/protobuf-c.h>

/* Append the message in `bytes`, which must be well-formed, in canonical form: fields in the order of their numbers,
 * unknown ones among them, each number in its shortest encoding, repeated numbers packed where the schema says so, of
 * repeated singular fields the last (of messages: all, merged), of a oneof the last member. Equal messages have one
 * form. */
void fuzz_canonical(mx_buffer *out, mx_str bytes, const ProtobufCMessageDescriptor *schema);

#endif
