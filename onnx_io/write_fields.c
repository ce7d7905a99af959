#include "onnx_io/write.h"

#include <assert.h>

static void put(mx_onnx_writer *w, const void *bytes, size_t n) {
    if (w->file == NULL) {
        w->counted += n;
    } else {
        mx_outfile_write(w->file, bytes, n);
    }
}

static void put_tag(mx_onnx_writer *w, uint32_t number, mx_wire_type wire) {
    uint8_t bytes[10];
    put(w, bytes, mx_wire_encode_varint(bytes, (uint64_t)number << 3 | (uint64_t)wire));
}

static void put_varint(mx_onnx_writer *w, uint64_t v) {
    uint8_t bytes[10];
    put(w, bytes, mx_wire_encode_varint(bytes, v));
}

static void put_len(mx_onnx_writer *w, uint32_t number, uint64_t n) {
    put_tag(w, number, MX_WIRE_LEN);
    put_varint(w, n);
}

/* What the rest has of numbers below this one comes first; of equal numbers, the fields that the graph models. */
static void put_rest_before(mx_out *m, uint32_t number) {
    for (; m->next < m->rest.count && m->rest.fields[m->next].number < number; m->next++) {
        mx_str wire = m->rest.fields[m->next].wire;
        put(m->w, wire.p, wire.n);
    }
}

/* A rest may have been edited: its pieces must be fields that can be read again. Looked at once, while counting. */
static mx_status check_rest(const mx_out *m, const mx_message *type, mx_error *err) {
    if (m->w->file != NULL) return MX_OK;
    for (size_t i = 0; i < m->rest.count; i++)
        MX_TRY(mx_check_wire(m->w->g, m->rest.fields[i].wire, type->descriptor, "a \"rest\"", err));
    return mx_check_wire(m->w->g, m->rest.tail, type->descriptor, "a \"rest\"", err);
}

mx_status mx_out_content(mx_onnx_writer *w, const mx_message *type, const void *item, mx_sid rest, mx_error *err) {
    mx_out m = {.w = w};
    if (rest == MX_SID_ABSENT) return type->fields(&m, item, err);
    mx_arena_init(&m.arena, w->g->allocator);
    mx_status status = mx_rest_decode(mx_text(w->g, rest), type->descriptor, &m.arena, &m.rest, err);
    if (status == MX_OK) status = check_rest(&m, type, err);
    if (status == MX_OK) status = type->fields(&m, item, err);
    if (status == MX_OK) {
        put_rest_before(&m, UINT32_MAX);
        put(w, m.rest.tail.p, m.rest.tail.n);
    }
    mx_arena_free(&m.arena);
    return status;
}

static mx_status count(mx_onnx_writer *w, const mx_message *type, const void *item, mx_sid rest, uint64_t *n,
                       mx_error *err) {
    mx_outfile *file = w->file;
    uint64_t before = w->counted;
    w->file = NULL;
    w->counted = 0;
    mx_status status = mx_out_content(w, type, item, rest, err);
    *n = w->counted;
    w->file = file;
    w->counted = before;
    return status;
}

mx_status mx_out_message(mx_out *m, uint32_t number, uint64_t *known, const mx_message *type, const void *item,
                         mx_sid rest, mx_error *err) {
    mx_onnx_writer *w = m->w;
    uint64_t n;
    if (known != NULL && *known != 0) {
        n = *known - 1;
    } else {
        MX_TRY(count(w, type, item, rest, &n, err));
        if (known != NULL) *known = n + 1;
    }
    put_rest_before(m, number);
    put_len(w, number, n);
    if (w->file == NULL) {
        w->counted += n;
        return MX_OK;
    }
    uint64_t start = w->file->position;
    MX_TRY(mx_out_content(w, type, item, rest, err));
    assert(w->file->position - start == n);
    (void)start;
    return MX_OK;
}

void mx_out_int(mx_out *m, uint32_t number, int64_t v) {
    put_rest_before(m, number);
    put_tag(m->w, number, MX_WIRE_VARINT);
    put_varint(m->w, (uint64_t)v);
}

void mx_out_ints(mx_out *m, uint32_t number, const int64_t *v, size_t n) {
    for (size_t i = 0; i < n; i++)
        mx_out_int(m, number, v[i]);
}

void mx_out_float(mx_out *m, uint32_t number, float v) {
    uint32_t bits;
    uint8_t bytes[4];
    memcpy(&bits, &v, sizeof bits);
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
    put_rest_before(m, number);
    put_tag(m->w, number, MX_WIRE_FIXED32);
    put(m->w, bytes, sizeof bytes);
}

void mx_out_str(mx_out *m, uint32_t number, mx_str s) {
    put_rest_before(m, number);
    put_len(m->w, number, s.n);
    put(m->w, s.p, s.n);
}

void mx_out_text(mx_out *m, uint32_t number, mx_sid text) {
    if (text != MX_SID_ABSENT) mx_out_str(m, number, mx_text(m->w->g, text));
}

mx_status mx_out_blob(mx_out *m, uint32_t number, const mx_blob *b, bool bare, mx_str tensor, mx_error *err) {
    mx_onnx_writer *w = m->w;
    put_rest_before(m, number);
    if (!bare) put_len(w, number, b->size);
    if (w->file == NULL) {
        w->counted += b->size;
        return MX_OK;
    }
    return mx_weights_copy(&w->weights, b, tensor, w->file, NULL, err);
}

static uint64_t text_size(uint32_t number, mx_str s) {
    return s.p != NULL ? mx_wire_len_size(number, s.n) : 0;
}

void mx_out_pair(mx_out *m, uint32_t number, mx_str key, mx_str value) {
    put_rest_before(m, number);
    put_len(m->w, number, text_size(1, key) + text_size(2, value));
    if (key.p != NULL) {
        put_len(m->w, 1, key.n);
        put(m->w, key.p, key.n);
    }
    if (value.p != NULL) {
        put_len(m->w, 2, value.n);
        put(m->w, value.p, value.n);
    }
}

void mx_out_pairs(mx_out *m, uint32_t number, const mx_pairs *pairs) {
    const mx_graph *g = m->w->g;
    for (uint32_t i = 0; i < pairs->count; i++) {
        const mx_pair *p = &pairs->items[i];
        if (p->opaque != MX_SID_ABSENT) {
            mx_out_text(m, number, p->opaque);
        } else {
            mx_out_pair(m, number, mx_text(g, p->key), mx_text(g, p->value));
        }
    }
}
