#include "onnx_io/read.h"

#include "onnx.pb-c.h"
#include "onnx_io/rest.h"
#include "onnx_io/scan.h"

static const ProtobufCMessageDescriptor *descriptor_of(mx_message kind) {
    static const ProtobufCMessageDescriptor *const descriptors[MX_MESSAGE_COUNT] = {
        [MX_MESSAGE_MODEL] = &onnx__model_proto__descriptor,
        [MX_MESSAGE_GRAPH] = &onnx__graph_proto__descriptor,
        [MX_MESSAGE_FUNCTION] = &onnx__function_proto__descriptor,
        [MX_MESSAGE_NODE] = &onnx__node_proto__descriptor,
        [MX_MESSAGE_ATTRIBUTE] = &onnx__attribute_proto__descriptor,
        [MX_MESSAGE_TENSOR] = &onnx__tensor_proto__descriptor,
        [MX_MESSAGE_SPARSE] = &onnx__sparse_tensor_proto__descriptor,
        [MX_MESSAGE_VALUE_INFO] = &onnx__value_info_proto__descriptor,
    };
    return descriptors[kind];
}

void mx_reader_init(mx_reader *r, mx_graph *g, const char *dir) {
    *r = (mx_reader){.g = g, .dir = dir};
    mx_arena_init(&r->scratch, g->allocator);
    mx_buffer_init(&r->text, g->allocator);
    for (mx_message kind = 0; kind < MX_MESSAGE_COUNT; kind++) {
        const ProtobufCMessageDescriptor *d = descriptor_of(kind);
        for (unsigned i = 0; i < d->n_fields; i++)
            if (d->fields[i].id < MX_FIELD_NUMBERS)
                r->wire_types[kind][d->fields[i].id] = (uint8_t)mx_scan_wire_types(&d->fields[i]);
    }
}

void mx_reader_close(mx_reader *r) {
    mx_wire_close(&r->in);
    mx_arena_free(&r->scratch);
    mx_buffer_free(&r->text);
    mx_free(r->g->allocator, r->left, r->cap_left * sizeof *r->left);
    mx_free(r->g->allocator, r->files, r->cap_files * sizeof *r->files);
}

static bool is_known(const mx_reader *r, mx_message kind, const mx_field *f) {
    return f->number < MX_FIELD_NUMBERS && (r->wire_types[kind][f->number] >> f->wire & 1);
}

mx_status mx_depth_below(const mx_reader *r, const mx_field *f, uint32_t *out, mx_error *err) {
    uint32_t limit = r->g->limits.message_depth;
    if (r->depth >= limit)
        return mx_at_offset(err, mx_fail(err, MX_ERR_LIMIT, "over %u messages within messages", limit), f->start);
    *out = limit - r->depth - 1;
    return MX_OK;
}

mx_status mx_frame_begin(mx_reader *r, mx_message kind, const mx_field *f, mx_frame *frame, mx_error *err) {
    uint32_t below;
    *frame = (mx_frame){.wire = mx_wire_inside(&r->in, f), .kind = kind, .first_left = r->n_left};
    MX_TRY(mx_depth_below(r, f, &below, err));
    r->depth++;
    return MX_OK;
}

static void note_order(mx_frame *frame, const mx_field *f, bool known) {
    if (f->number < frame->last_number) frame->unordered = true;
    frame->last_number = f->number;
    if (known) frame->behind_known = f->value;
}

mx_status mx_frame_next(mx_reader *r, mx_frame *frame, mx_field *f, mx_error *err) {
    for (;;) {
        while (frame->wire.at == frame->wire.end && frame->n_more > 0) {
            frame->wire = mx_wire_inside(&r->in, frame->more++);
            frame->n_more--;
        }
        *f = (mx_field){0};
        if (frame->wire.at == frame->wire.end) return MX_OK;
        MX_TRY(mx_wire_next(&frame->wire, f, err));
        bool known = is_known(r, frame->kind, f);
        note_order(frame, f, known);
        if (known) return MX_OK;
        MX_TRY(mx_frame_leave(r, f, err));
    }
}

mx_status mx_frame_leave(mx_reader *r, const mx_field *f, mx_error *err) {
    if (!mx_grow(r->g->allocator, (void **)&r->left, &r->cap_left, r->n_left, sizeof *r->left)) return mx_nomem(err);
    r->left[r->n_left++] = *f;
    return MX_OK;
}

/* External data files that only fields refer to which were put aside. */
static mx_status find_hidden_files(mx_reader *r, const mx_frame *frame, mx_error *err) {
    const ProtobufCMessageDescriptor *message = descriptor_of(frame->kind);
    for (size_t i = frame->first_left; i < r->n_left; i++) {
        mx_field f = r->left[i];
        const ProtobufCFieldDescriptor *d = mx_scan_known(message, &f);
        if (d && mx_scan_submessage(d)) MX_TRY(mx_read_hidden_external(r, mx_scan_submessage(d), &f, err));
    }
    return MX_OK;
}

mx_status mx_frame_end(mx_reader *r, mx_frame *frame, mx_sid *rest, mx_error *err) {
    *rest = MX_SID_ABSENT;
    r->depth--;
    size_t n = r->n_left - frame->first_left;
    if (n == 0) return MX_OK;
    uint64_t last_from = frame->unordered ? frame->behind_known : UINT64_MAX;
    mx_buffer_clear(&r->text);
    MX_TRY(mx_rest_encode(&r->in, descriptor_of(frame->kind), r->left + frame->first_left, n, last_from,
                          r->g->limits.message_depth - r->depth - 1, &r->text, err));
    MX_TRY(find_hidden_files(r, frame, err)); /* behind the encoding, which checks the depth */
    r->n_left = frame->first_left;
    return mx_graph_string(r->g, mx_buffer_str(&r->text), rest, err);
}

mx_status mx_survey_next(mx_reader *r, mx_message kind, mx_wire *wire, mx_field *f, bool *known, mx_error *err) {
    MX_TRY(mx_wire_next(wire, f, err));
    *known = is_known(r, kind, f);
    return MX_OK;
}

mx_status mx_count_fields(mx_reader *r, mx_message kind, const mx_field *f, mx_field_counts *counts, mx_error *err) {
    mx_wire wire = mx_wire_inside(&r->in, f);
    memset(counts, 0, sizeof *counts);
    while (wire.at < wire.end) {
        mx_field field;
        bool known;
        MX_TRY(mx_survey_next(r, kind, &wire, &field, &known, err));
        if (known && counts->of[field.number]++ == UINT32_MAX)
            return mx_at_offset(err, mx_fail(err, MX_ERR_LIMIT, "over 2^32 fields of one kind"), field.start);
    }
    return MX_OK;
}
