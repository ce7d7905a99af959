#include "onnx_io/read.h"

#include "onnx.pb-c.h"
#include "onnx_io/scan.h"

mx_status mx_read_string(mx_reader *r, const mx_field *f, mx_sid *out, mx_error *err) {
    const uint8_t *p;
    MX_TRY(mx_wire_view(&r->in, f->value, f->size, &p, err));
    return mx_graph_string(r->g, (mx_str){(const char *)p, (size_t)f->size}, out, err);
}

static mx_status cut_number(const mx_field *f, mx_error *err) {
    return mx_at_offset(err, mx_fail(err, MX_ERR_SYNTAX, "a packed list ends within a number"), f->start);
}

static mx_status add_count(const mx_field *f, uint64_t more, uint32_t *n, mx_error *err) {
    if (more > UINT32_MAX - *n)
        return mx_at_offset(err, mx_fail(err, MX_ERR_LIMIT, "a list of over 2^32 numbers"), f->start);
    *n += (uint32_t)more;
    return MX_OK;
}

mx_status mx_count_ints(mx_reader *r, const mx_field *f, uint32_t *n, mx_error *err) {
    if (f->wire == MX_WIRE_VARINT) return add_count(f, 1, n, err);
    const uint8_t *p;
    uint64_t count = 0;
    MX_TRY(mx_wire_view(&r->in, f->value, f->size, &p, err));
    for (size_t i = 0; i < f->size; i++)
        count += p[i] < 0x80;
    if (f->size > 0 && p[f->size - 1] >= 0x80) return cut_number(f, err);
    return add_count(f, count, n, err);
}

mx_status mx_read_ints(mx_reader *r, const mx_field *f, int64_t *to, uint32_t *n, mx_error *err) {
    if (f->wire == MX_WIRE_VARINT) {
        to[(*n)++] = (int64_t)f->scalar;
        return MX_OK;
    }
    const uint8_t *p;
    MX_TRY(mx_wire_view(&r->in, f->value, f->size, &p, err));
    for (size_t at = 0; at < f->size;) {
        uint64_t v;
        size_t taken = mx_wire_varint(p + at, (size_t)f->size - at, &v);
        if (taken == 0) return cut_number(f, err);
        to[(*n)++] = (int64_t)v;
        at += taken;
    }
    return MX_OK;
}

mx_status mx_count_floats(const mx_field *f, uint32_t *n, mx_error *err) {
    if (f->size % 4 != 0) return cut_number(f, err);
    return add_count(f, f->size / 4, n, err);
}

mx_status mx_read_floats(mx_reader *r, const mx_field *f, float *to, uint32_t *n, mx_error *err) {
    const uint8_t *p;
    MX_TRY(mx_wire_view(&r->in, f->value, f->size, &p, err));
    for (size_t at = 0; at < f->size; at += 4) {
        uint32_t bits =
            (uint32_t)p[at] | (uint32_t)p[at + 1] << 8 | (uint32_t)p[at + 2] << 16 | (uint32_t)p[at + 3] << 24;
        memcpy(&to[(*n)++], &bits, sizeof bits);
    }
    return MX_OK;
}

/* Scans a small message; its wire bytes go to *opaque if it is not canonical, else *opaque is 0. */
static mx_status check_leaf(mx_reader *r, const mx_field *f, const ProtobufCMessageDescriptor *message, mx_sid *opaque,
                            mx_error *err) {
    bool canonical;
    uint32_t below;
    *opaque = MX_SID_ABSENT;
    MX_TRY(mx_depth_below(r, f, &below, err));
    MX_TRY(mx_scan_message(mx_wire_inside(&r->in, f), message, below, &canonical, err));
    return canonical ? MX_OK : mx_read_string(r, f, opaque, err);
}

/* The key and the value are read even where the entry is opaque: external data goes by them. */
static mx_status read_pair(mx_reader *r, const mx_field *f, mx_pair *out, mx_error *err) {
    *out = (mx_pair){0};
    MX_TRY(check_leaf(r, f, &onnx__string_string_entry_proto__descriptor, &out->opaque, err));
    mx_wire w = mx_wire_inside(&r->in, f);
    while (w.at < w.end) {
        mx_field part;
        MX_TRY(mx_wire_next(&w, &part, err));
        if (part.number == 1 && part.wire == MX_WIRE_LEN) MX_TRY(mx_read_string(r, &part, &out->key, err));
        if (part.number == 2 && part.wire == MX_WIRE_LEN) MX_TRY(mx_read_string(r, &part, &out->value, err));
    }
    return MX_OK;
}

static mx_status read_opset(mx_reader *r, const mx_field *f, mx_opset *out, mx_error *err) {
    *out = (mx_opset){0};
    MX_TRY(check_leaf(r, f, &onnx__operator_set_id_proto__descriptor, &out->opaque, err));
    mx_wire w = mx_wire_inside(&r->in, f);
    while (w.at < w.end) {
        mx_field part;
        MX_TRY(mx_wire_next(&w, &part, err));
        if (part.number == 1 && part.wire == MX_WIRE_LEN) MX_TRY(mx_read_string(r, &part, &out->domain, err));
        if (part.number == 2 && part.wire == MX_WIRE_VARINT) {
            out->has_version = true;
            out->version = (int64_t)part.scalar;
        }
    }
    return MX_OK;
}

mx_status mx_new_opsets(mx_reader *r, mx_node_id scope, uint32_t count, mx_error *err) {
    mx_scope_data *s = mx_scope_at(r, scope);
    return count ? mx_graph_array(r->g, count, sizeof *s->opsets, &s->opsets, err) : MX_OK;
}

mx_status mx_add_opset(mx_reader *r, mx_node_id scope, const mx_field *f, mx_error *err) {
    mx_scope_data *s = mx_scope_at(r, scope);
    return read_opset(r, f, &s->opsets[s->n_opsets++], err);
}

mx_status mx_new_pairs(mx_reader *r, uint32_t count, mx_pairs *out, mx_error *err) {
    *out = (mx_pairs){0};
    return count ? mx_graph_array(r->g, count, sizeof *out->items, &out->items, err) : MX_OK;
}

mx_status mx_add_pair(mx_reader *r, const mx_field *f, mx_pairs *to, mx_error *err) {
    return read_pair(r, f, &to->items[to->count++], err);
}

mx_status mx_read_value_info(mx_reader *r, const mx_field *f, mx_value_info *out, mx_error *err) {
    mx_field_counts counts;
    mx_frame frame;
    *out = (mx_value_info){.type = MX_NO_INDEX};
    MX_TRY(mx_count_fields(r, MX_MESSAGE_VALUE_INFO, f, &counts, err));
    MX_TRY(mx_new_pairs(r, counts.of[4], &out->metadata, err));
    MX_TRY(mx_frame_begin(r, MX_MESSAGE_VALUE_INFO, f, &frame, err));
    for (;;) {
        mx_field field;
        MX_TRY(mx_frame_next(r, &frame, &field, err));
        if (field.number == 0) break;
        if (field.number == 1)
            MX_TRY(mx_read_string(r, &field, &out->name, err));
        else if (field.number == 2 && counts.of[2] == 1)
            MX_TRY(mx_read_type(r, &field, &out->type, err));
        else if (field.number == 3)
            MX_TRY(mx_read_string(r, &field, &out->doc, err));
        else if (field.number == 4)
            MX_TRY(mx_add_pair(r, &field, &out->metadata, err));
        else
            MX_TRY(mx_frame_leave(r, &field, err)); /* types to be merged */
    }
    return mx_frame_end(r, &frame, &out->rest, err);
}
