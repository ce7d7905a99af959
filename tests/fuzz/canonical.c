#include "canonical.h"

#include "support.h"

#include <stdlib.h>

/* One field as it stands in the message. */
typedef struct record {
    const ProtobufCFieldDescriptor *field; /* NULL: unknown, or of another wire type than the schema says */
    uint32_t number;
    unsigned wire_type;
    size_t place;
    uint64_t number_value; /* VARINT, I32, I64 */
    mx_str payload;        /* LEN; or the content of a group with its end tag */
    bool dropped;
} record;

typedef struct cursor {
    const uint8_t *at, *end;
} cursor;

enum { VARINT = 0, I64 = 1, LEN = 2, GROUP = 3, GROUP_END = 4, I32 = 5 };

/* ---- parsing ---- */

static uint64_t take_varint(cursor *c) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        fuzz_require(c->at < c->end, "a number that ends too early was taken");
        uint8_t byte = *c->at++;
        value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (byte < 0x80) return value;
    }
    fuzz_require(false, "a number of more than ten bytes was taken");
    return 0;
}

static mx_str take(cursor *c, uint64_t size) {
    fuzz_require(size <= (uint64_t)(c->end - c->at), "a length beyond the message was taken");
    mx_str s = {(const char *)c->at, (size_t)size};
    c->at += size;
    return s;
}

static uint64_t take_fixed(cursor *c, size_t size) {
    uint64_t value = 0;
    memcpy(&value, take(c, size).p, size);
    return value;
}

static void take_value(cursor *c, record *r);

static void take_group(cursor *c, record *r) {
    r->payload.p = (const char *)c->at;
    for (record inner = {0};;) {
        uint64_t tag = take_varint(c);
        if ((tag & 7) == GROUP_END) break;
        inner.wire_type = (unsigned)(tag & 7);
        take_value(c, &inner);
    }
    r->payload.n = (size_t)((const char *)c->at - r->payload.p);
}

static void take_value(cursor *c, record *r) {
    switch (r->wire_type) {
    case VARINT: r->number_value = take_varint(c); break;
    case I64: r->number_value = take_fixed(c, 8); break;
    case I32: r->number_value = take_fixed(c, 4); break;
    case LEN: r->payload = take(c, take_varint(c)); break;
    case GROUP: take_group(c, r); break;
    default: fuzz_require(false, "a wire type that is none was taken");
    }
}

static unsigned wire_type_of(const ProtobufCFieldDescriptor *f) {
    switch (f->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32: return I32;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64: return I64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return LEN;
    default: return VARINT;
    }
}

static bool is_repeated(const ProtobufCFieldDescriptor *f) {
    return f->label == PROTOBUF_C_LABEL_REPEATED;
}

static uint64_t normal_number(const ProtobufCFieldDescriptor *f, uint64_t v) {
    bool is_int32 = f->type == PROTOBUF_C_TYPE_INT32 || f->type == PROTOBUF_C_TYPE_ENUM;
    return is_int32 ? (uint64_t)(int64_t)(int32_t)(uint32_t)v : v;
}

typedef struct records {
    record *items;
    size_t count, capacity;
} records;

static void keep(records *all, record r) {
    fuzz_require(mx_grow(NULL, (void **)&all->items, &all->capacity, all->count, sizeof r), "no memory");
    r.place = all->count;
    if (r.field && r.wire_type != LEN) r.number_value = normal_number(r.field, r.number_value);
    all->items[all->count++] = r;
}

/* The numbers of a packed record become records of their own. */
static void keep_packed(records *all, record r, unsigned element) {
    cursor c = {(const uint8_t *)r.payload.p, (const uint8_t *)r.payload.p + r.payload.n};
    for (r.wire_type = element; c.at < c.end; keep(all, r))
        take_value(&c, &r);
}

/* Another member of a oneof puts out the ones before it. */
static void put_out_siblings(records *all, const record *r) {
    for (size_t i = 0; i < all->count; i++) {
        const ProtobufCFieldDescriptor *f = all->items[i].field;
        if (f && f != r->field && (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
            f->quantifier_offset == r->field->quantifier_offset)
            all->items[i].dropped = true;
    }
}

static void parse(records *all, mx_str bytes, const ProtobufCMessageDescriptor *schema) {
    cursor c = {(const uint8_t *)bytes.p, (const uint8_t *)bytes.p + bytes.n};
    while (c.at < c.end) {
        uint64_t tag = take_varint(&c);
        record r = {.number = (uint32_t)(tag >> 3), .wire_type = (unsigned)(tag & 7)};
        take_value(&c, &r);
        const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(schema, r.number);
        unsigned expected = f ? wire_type_of(f) : 0;
        if (f && r.wire_type == expected) {
            r.field = f;
            if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) put_out_siblings(all, &r);
            keep(all, r);
        } else if (f && is_repeated(f) && r.wire_type == LEN) {
            r.field = f;
            keep_packed(all, r, expected);
        } else {
            keep(all, r);
        }
    }
}

static int by_number(const void *a, const void *b) {
    const record *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    if (!x->field != !y->field) return x->field ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

/* ---- writing ---- */

static void put_varint(mx_buffer *out, uint64_t v) {
    for (; v >= 0x80; v >>= 7)
        mx_buffer_byte(out, (char)(v | 0x80));
    mx_buffer_byte(out, (char)v);
}

static void put_tag(mx_buffer *out, uint32_t number, unsigned wire_type) {
    put_varint(out, (uint64_t)number << 3 | wire_type);
}

static void put_bytes(mx_buffer *out, mx_str s) {
    put_varint(out, s.n);
    mx_buffer_add(out, s.p, s.n);
}

static void put_number(mx_buffer *out, const record *r) {
    if (r->wire_type == VARINT) {
        put_varint(out, r->number_value);
    } else {
        mx_buffer_add(out, &r->number_value, r->wire_type == I32 ? 4 : 8);
    }
}

static void put_message(mx_buffer *out, uint32_t number, mx_str bytes, const ProtobufCMessageDescriptor *schema) {
    mx_buffer inner;
    mx_buffer_init(&inner, NULL);
    fuzz_canonical(&inner, bytes, schema);
    put_tag(out, number, LEN);
    put_bytes(out, mx_buffer_str(&inner));
    mx_buffer_free(&inner);
}

static void put_merged(mx_buffer *out, const record *r, size_t n) {
    mx_buffer all;
    mx_buffer_init(&all, NULL);
    for (size_t i = 0; i < n; i++)
        mx_buffer_add(&all, r[i].payload.p, r[i].payload.n);
    put_message(out, r->number, mx_buffer_str(&all), r->field->descriptor);
    mx_buffer_free(&all);
}

static void put_packed(mx_buffer *out, const record *r, size_t n) {
    mx_buffer all;
    mx_buffer_init(&all, NULL);
    for (size_t i = 0; i < n; i++)
        put_number(&all, &r[i]);
    put_tag(out, r->number, LEN);
    put_bytes(out, mx_buffer_str(&all));
    mx_buffer_free(&all);
}

static void put_record(mx_buffer *out, const record *r) {
    if (r->field && r->field->type == PROTOBUF_C_TYPE_MESSAGE) {
        put_message(out, r->number, r->payload, r->field->descriptor);
        return;
    }
    put_tag(out, r->number, r->wire_type);
    switch (r->wire_type) {
    case LEN: put_bytes(out, r->payload); break;
    case GROUP: mx_buffer_add(out, r->payload.p, r->payload.n); break;
    default: put_number(out, r);
    }
}

/* The n records of one known field. */
static void put_field(mx_buffer *out, const record *r, size_t n) {
    const ProtobufCFieldDescriptor *f = r->field;
    if (!is_repeated(f)) {
        if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
            put_merged(out, r, n);
        } else {
            put_record(out, &r[n - 1]);
        }
    } else if (f->flags & PROTOBUF_C_FIELD_FLAG_PACKED) {
        put_packed(out, r, n);
    } else {
        for (size_t i = 0; i < n; i++)
            put_record(out, &r[i]);
    }
}

void fuzz_canonical(mx_buffer *out, mx_str bytes, const ProtobufCMessageDescriptor *schema) {
    records all = {0};
    parse(&all, bytes, schema);
    size_t n = 0;
    for (size_t i = 0; i < all.count; i++)
        if (!all.items[i].dropped) all.items[n++] = all.items[i];
    if (n) qsort(all.items, n, sizeof *all.items, by_number);
    for (size_t i = 0, end; i < n; i = end) {
        const record *r = &all.items[i];
        for (end = i + 1; end < n && r->field && all.items[end].field == r->field;)
            end++;
        if (r->field) {
            put_field(out, r, end - i);
        } else {
            put_record(out, r);
        }
    }
    free(all.items);
    fuzz_require(!out->failed, "no memory");
}
