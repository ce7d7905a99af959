#include "onnx_io/wire.h"

/* The longest tag (5 bytes) and varint (10 bytes). */
#define TAG_BYTES    5u
#define VARINT_BYTES 10u
#define HEADER_BYTES (TAG_BYTES + VARINT_BYTES)

/* ---- input ---- */

void mx_wire_from_source(mx_wire_input *in, const mx_source *source) {
    *in = (mx_wire_input){.source = source};
}

void mx_wire_from_memory(mx_wire_input *in, const void *bytes, size_t size) {
    *in = (mx_wire_input){.memory = bytes, .memory_size = size};
}

void mx_wire_close(mx_wire_input *in) {
    mx_view_close(&in->view);
    *in = (mx_wire_input){0};
}

mx_status mx_wire_view(mx_wire_input *in, uint64_t offset, uint64_t size, const uint8_t **out, mx_error *err) {
    uint64_t end = in->source ? in->source->size : in->memory_size;
    *out = (const uint8_t *)"";
    if (size == 0) return MX_OK;
    if (offset > end || size > end - offset)
        return mx_at_offset(err, mx_fail(err, MX_ERR_SYNTAX, "a field reaches beyond the end"), offset);
    if (in->source) return mx_view_get(&in->view, in->source, offset, size, out, err);
    *out = in->memory + offset;
    return MX_OK;
}

/* ---- cursor ---- */

size_t mx_wire_varint(const uint8_t *p, size_t n, uint64_t *out) {
    uint64_t v = 0;
    for (size_t i = 0; i < n && i < VARINT_BYTES; i++) {
        v |= (uint64_t)(p[i] & 0x7f) << (7 * i); /* bits beyond 64 are dropped, as by protobuf's own readers */
        if (p[i] < 0x80) {
            *out = v;
            return i + 1;
        }
    }
    return 0;
}

bool mx_wire_is_minimal(const uint8_t *p, size_t n, uint64_t v) {
    return n == mx_wire_varint_size(v) && (n < VARINT_BYTES || p[n - 1] == 1);
}

static uint64_t little_endian(const uint8_t *p, size_t n) {
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static mx_status broken(const mx_field *f, const char *what, mx_error *err) {
    return mx_at_offset(err, mx_fail(err, MX_ERR_SYNTAX, "not a protobuf message: %s", what), f->start);
}

static mx_status read_length(const uint8_t *p, size_t n, uint64_t left, mx_field *f, mx_error *err) {
    uint64_t size = 0;
    size_t taken = mx_wire_varint(p, n, &size);
    if (taken == 0) return broken(f, "a field's length is cut short", err);
    if (size > left - taken) return broken(f, "a field is longer than what is left of its message", err);
    f->minimal = f->minimal && mx_wire_is_minimal(p, taken, size);
    f->value += taken;
    f->size = size;
    return MX_OK;
}

/* The value behind the tag: p has n readable bytes of the `left` that the message still has. */
static mx_status read_value(const uint8_t *p, size_t n, uint64_t left, mx_field *f, mx_error *err) {
    switch (f->wire) {
    case MX_WIRE_VARINT:
        f->size = mx_wire_varint(p, n, &f->scalar);
        if (f->size == 0) return broken(f, "a number is cut short or over ten bytes", err);
        f->minimal = f->minimal && mx_wire_is_minimal(p, (size_t)f->size, f->scalar);
        return MX_OK;
    case MX_WIRE_FIXED32:
    case MX_WIRE_FIXED64:
        f->size = f->wire == MX_WIRE_FIXED32 ? 4 : 8;
        if (n < f->size) return broken(f, "a number is cut short", err);
        f->scalar = little_endian(p, (size_t)f->size);
        return MX_OK;
    case MX_WIRE_LEN: return read_length(p, n, left, f, err);
    case MX_WIRE_GROUP:
    case MX_WIRE_END_GROUP: return MX_OK;
    default: return broken(f, "a field has a wire type that does not exist", err);
    }
}

/* One field, where the start and the end of a group are fields of their own. */
static mx_status next_flat(mx_wire *w, mx_field *f, mx_error *err) {
    uint64_t left = w->end - w->at;
    size_t n = left < HEADER_BYTES ? (size_t)left : HEADER_BYTES;
    const uint8_t *p;
    MX_TRY(mx_wire_view(w->in, w->at, n, &p, err));
    *f = (mx_field){.start = w->at};
    uint64_t tag = 0;
    size_t taken = mx_wire_varint(p, n < TAG_BYTES ? n : TAG_BYTES, &tag);
    if (taken == 0 || tag > UINT32_MAX) return broken(f, "a field's tag is cut short or over 32 bits", err);
    f->number = (uint32_t)(tag >> 3);
    f->wire = (uint8_t)(tag & 7);
    f->minimal = mx_wire_is_minimal(p, taken, tag);
    f->value = w->at + taken;
    if (f->number == 0) return broken(f, "a field has the number 0", err);
    MX_TRY(read_value(p + taken, n - taken, left - taken, f, err));
    w->at = mx_field_end(f);
    return MX_OK;
}

/* Step behind the end tag of the group that `group` began. The open groups are on a stack of their numbers. */
static mx_status skip_group(mx_wire *w, mx_field *group, mx_error *err) {
    uint32_t open[MX_WIRE_GROUP_DEPTH];
    uint32_t depth = 1;
    open[0] = group->number;
    while (depth > 0) {
        mx_field f;
        if (w->at >= w->end) return broken(group, "a group has no end", err);
        MX_TRY(next_flat(w, &f, err));
        if (f.wire == MX_WIRE_GROUP) {
            if (depth == MX_WIRE_GROUP_DEPTH)
                return mx_at_offset(
                    err, mx_fail(err, MX_ERR_LIMIT, "over %u groups within groups", MX_WIRE_GROUP_DEPTH), f.start);
            open[depth++] = f.number;
        } else if (f.wire == MX_WIRE_END_GROUP && f.number != open[--depth]) {
            return broken(&f, "the end of a group does not match its start", err);
        }
    }
    group->size = w->at - group->value;
    return MX_OK;
}

mx_status mx_wire_next(mx_wire *w, mx_field *f, mx_error *err) {
    MX_TRY(next_flat(w, f, err));
    if (f->wire == MX_WIRE_GROUP) return skip_group(w, f, err);
    if (f->wire == MX_WIRE_END_GROUP) return broken(f, "the end of a group that was not begun", err);
    return MX_OK;
}

mx_status mx_wire_check_varints(mx_wire_input *in, uint64_t offset, uint64_t size, mx_error *err) {
    uint32_t open = 0; /* bytes of a varint that has not ended yet */
    for (uint64_t done = 0, n; done < size; done += n) {
        const uint8_t *p;
        n = size - done < MX_WINDOW_BYTES ? size - done : MX_WINDOW_BYTES;
        MX_TRY(mx_wire_view(in, offset + done, n, &p, err));
        for (size_t i = 0; i < n; i++) {
            if (open == VARINT_BYTES - 1 && p[i] >= 0x80)
                return mx_at_offset(err, mx_fail(err, MX_ERR_SYNTAX, "a packed list holds a number over ten bytes"),
                                    offset + done + i);
            open = p[i] < 0x80 ? 0 : open + 1;
        }
    }
    if (open == 0) return MX_OK;
    return mx_at_offset(err, mx_fail(err, MX_ERR_SYNTAX, "a packed list ends within a number"), offset + size);
}

/* ---- writing ---- */

size_t mx_wire_varint_size(uint64_t v) {
    size_t n = 1;
    while (v >= 0x80) {
        v >>= 7;
        n++;
    }
    return n;
}

size_t mx_wire_encode_varint(uint8_t *to, uint64_t v) {
    size_t n = 0;
    while (v >= 0x80) {
        to[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    to[n++] = (uint8_t)v;
    return n;
}

void mx_wire_put_varint(mx_buffer *b, uint64_t v) {
    uint8_t bytes[VARINT_BYTES];
    mx_buffer_add(b, bytes, mx_wire_encode_varint(bytes, v));
}

void mx_wire_put_tag(mx_buffer *b, uint32_t number, mx_wire_type wire) {
    mx_wire_put_varint(b, (uint64_t)number << 3 | (uint64_t)wire);
}

void mx_wire_put_int(mx_buffer *b, uint32_t number, int64_t v) {
    mx_wire_put_tag(b, number, MX_WIRE_VARINT);
    mx_wire_put_varint(b, (uint64_t)v);
}

void mx_wire_put_le32(mx_buffer *b, uint32_t bits) {
    uint8_t bytes[4];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
    mx_buffer_add(b, bytes, sizeof bytes);
}

void mx_wire_put_le64(mx_buffer *b, uint64_t bits) {
    mx_wire_put_le32(b, (uint32_t)bits);
    mx_wire_put_le32(b, (uint32_t)(bits >> 32));
}

void mx_wire_put_fixed32(mx_buffer *b, uint32_t number, uint32_t bits) {
    mx_wire_put_tag(b, number, MX_WIRE_FIXED32);
    mx_wire_put_le32(b, bits);
}

void mx_wire_put_fixed64(mx_buffer *b, uint32_t number, uint64_t bits) {
    mx_wire_put_tag(b, number, MX_WIRE_FIXED64);
    mx_wire_put_le64(b, bits);
}

void mx_wire_put_len(mx_buffer *b, uint32_t number, uint64_t n) {
    mx_wire_put_tag(b, number, MX_WIRE_LEN);
    mx_wire_put_varint(b, n);
}

void mx_wire_put_bytes(mx_buffer *b, uint32_t number, mx_str s) {
    mx_wire_put_len(b, number, s.n);
    mx_buffer_add(b, s.p, s.n);
}
