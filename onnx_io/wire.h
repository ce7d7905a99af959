/* The protobuf wire format: a bounded cursor over a file or over memory, and a writer onto a buffer.
 *
 * A message is a range of offsets. The cursor reads a field's tag and length and steps over its payload by
 * arithmetic: payloads that nobody looks at are never read. */
#ifndef MX_ONNX_IO_WIRE_H
#define MX_ONNX_IO_WIRE_H

#include "base/source.h"
#include "base/text.h"
#include "base/view.h"

typedef enum mx_wire_type {
    MX_WIRE_VARINT = 0,
    MX_WIRE_FIXED64 = 1,
    MX_WIRE_LEN = 2,
    MX_WIRE_GROUP = 3, /* a whole group, up to and with its end tag */
    MX_WIRE_END_GROUP = 4,
    MX_WIRE_FIXED32 = 5
} mx_wire_type;

/* Groups within groups. ONNX has none; they can only be unknown fields. */
#define MX_WIRE_GROUP_DEPTH 100u

/* ---- reading ---- */

/* Where bytes come from: a source, or memory. */
typedef struct mx_wire_input {
    const mx_source *source; /* NULL: memory */
    mx_view view;            /* of the source */
    const uint8_t *memory;
    uint64_t memory_size;
} mx_wire_input;

void mx_wire_from_source(mx_wire_input *in, const mx_source *source); /* borrows the source */
void mx_wire_from_memory(mx_wire_input *in, const void *bytes, size_t size);
void mx_wire_close(mx_wire_input *in);

/* The bytes of a range that lies inside the input; valid until the next call with this input. */
mx_status mx_wire_view(mx_wire_input *in, uint64_t offset, uint64_t size, const uint8_t **out, mx_error *err);

/* A message: what is left of it to read. */
typedef struct mx_wire {
    mx_wire_input *in;
    uint64_t at, end;
} mx_wire;

typedef struct mx_field {
    uint32_t number;
    uint8_t wire;    /* mx_wire_type, never END_GROUP */
    bool minimal;    /* tag and varint (or length) have their shortest form */
    uint64_t start;  /* offset of the tag */
    uint64_t value;  /* offset of the value's bytes; LEN: of the payload, behind the length */
    uint64_t size;   /* of these bytes */
    uint64_t scalar; /* VARINT, FIXED32, FIXED64: the value's bits */
} mx_field;

static inline uint64_t mx_field_end(const mx_field *f) {
    return f->value + f->size;
}
/* The payload of a LEN field as a message of its own. */
static inline mx_wire mx_wire_inside(mx_wire_input *in, const mx_field *f) {
    return (mx_wire){in, f->value, f->value + f->size};
}

/* Read the next field and step behind it; only while w->at < w->end. Errors: MX_ERR_SYNTAX with the offset (cut short,
 * field number 0, wire types 6 and 7, groups that do not match), MX_ERR_LIMIT (groups too deep), MX_ERR_READ. */
mx_status mx_wire_next(mx_wire *w, mx_field *f, mx_error *err);

/* Decode one varint of at most n bytes. Returns how many it took, 0: cut short or over ten bytes. */
size_t mx_wire_varint(const uint8_t *p, size_t n, uint64_t *out);
/* Whether n bytes that were decoded to v are how v is written. */
bool mx_wire_is_minimal(const uint8_t *p, size_t n, uint64_t v);

/* Whether a range holds whole varints only, and nothing else: a packed list. MX_ERR_SYNTAX if not. */
mx_status mx_wire_check_varints(mx_wire_input *in, uint64_t offset, uint64_t size, mx_error *err);

/* ---- writing; a failed allocation shows in mx_buffer.failed ---- */

size_t mx_wire_varint_size(uint64_t v);
static inline size_t mx_wire_tag_size(uint32_t number) {
    return mx_wire_varint_size((uint64_t)number << 3);
}
/* Size of a whole LEN field with a payload of n bytes. */
static inline uint64_t mx_wire_len_size(uint32_t number, uint64_t n) {
    return mx_wire_tag_size(number) + mx_wire_varint_size(n) + n;
}
/* Encode without a buffer; `to` has room for 10 bytes. Returns the bytes written. */
size_t mx_wire_encode_varint(uint8_t *to, uint64_t v);

void mx_wire_put_varint(mx_buffer *b, uint64_t v);
void mx_wire_put_tag(mx_buffer *b, uint32_t number, mx_wire_type wire);
void mx_wire_put_int(mx_buffer *b, uint32_t number, int64_t v);         /* int32, int64, enum */
void mx_wire_put_fixed32(mx_buffer *b, uint32_t number, uint32_t bits); /* float */
void mx_wire_put_fixed64(mx_buffer *b, uint32_t number, uint64_t bits); /* double */
void mx_wire_put_len(mx_buffer *b, uint32_t number, uint64_t n);        /* tag and length; n payload bytes follow */
void mx_wire_put_bytes(mx_buffer *b, uint32_t number, mx_str s);        /* bytes, string, encoded message */
void mx_wire_put_le32(mx_buffer *b, uint32_t bits);                     /* without a tag, for packed fields */
void mx_wire_put_le64(mx_buffer *b, uint64_t bits);

#endif
