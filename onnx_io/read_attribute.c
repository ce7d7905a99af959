#include "onnx_io/read.h"

#include "onnx.pb-c.h"
#include "onnx_io/scan.h"

/* Field numbers of AttributeProto. */
enum { ATTR_NAME = 1, ATTR_DOC = 13, ATTR_TYPE = 20, ATTR_REF = 21 };

/* Which field holds the value of an attribute of this type. */
typedef struct value_field {
    uint8_t number;
    bool list;
} value_field;
static const value_field value_fields[] = {
    [MX_ATTR_UNDEFINED] = {0, false},      [MX_ATTR_FLOAT] = {2, false},       [MX_ATTR_INT] = {3, false},
    [MX_ATTR_STRING] = {4, false},         [MX_ATTR_TENSOR] = {5, false},      [MX_ATTR_GRAPH] = {6, false},
    [MX_ATTR_FLOATS] = {7, true},          [MX_ATTR_INTS] = {8, true},         [MX_ATTR_STRINGS] = {9, true},
    [MX_ATTR_TENSORS] = {10, true},        [MX_ATTR_GRAPHS] = {11, true},      [MX_ATTR_SPARSE_TENSOR] = {22, false},
    [MX_ATTR_SPARSE_TENSORS] = {23, true}, [MX_ATTR_TYPE_PROTO] = {14, false}, [MX_ATTR_TYPE_PROTOS] = {15, true},
};
#define ATTR_TYPES (sizeof value_fields / sizeof *value_fields)

typedef struct survey {
    mx_field_counts counts;
    uint64_t type;     /* the field's bits */
    uint32_t elements; /* of ints or floats, also packed */
} survey;

static mx_status survey_attribute(mx_reader *r, const mx_field *f, survey *s, mx_error *err) {
    mx_wire wire = mx_wire_inside(&r->in, f);
    *s = (survey){0};
    while (wire.at < wire.end) {
        mx_field field;
        bool known;
        MX_TRY(mx_survey_next(r, MX_MESSAGE_ATTRIBUTE, &wire, &field, &known, err));
        if (!known) continue;
        if (s->counts.of[field.number]++ == UINT32_MAX)
            return mx_at_offset(err, mx_fail(err, MX_ERR_LIMIT, "a list of over 2^32 elements"), field.start);
        if (field.number == ATTR_TYPE) s->type = field.scalar;
        if (field.number == value_fields[MX_ATTR_FLOATS].number) MX_TRY(mx_count_floats(&field, &s->elements, err));
        if (field.number == value_fields[MX_ATTR_INTS].number) MX_TRY(mx_count_ints(r, &field, &s->elements, err));
    }
    return MX_OK;
}

/* Whether the attribute is what its type says: just one value of that type, or a reference instead. */
static bool is_regular(const survey *s) {
    const uint32_t *n = s->counts.of;
    if (n[ATTR_NAME] > 1 || n[ATTR_DOC] > 1 || n[ATTR_REF] > 1 || n[ATTR_TYPE] != 1 || s->type >= ATTR_TYPES)
        return false;
    for (size_t type = 1; type < ATTR_TYPES; type++)
        if (type != s->type && n[value_fields[type].number] > 0) return false;
    if (s->type == MX_ATTR_UNDEFINED) return true;
    uint32_t values = n[value_fields[s->type].number];
    if (n[ATTR_REF] == 1) return values == 0;
    return values == 1 || value_fields[s->type].list;
}

static mx_status read_opaque(mx_reader *r, const mx_field *f, mx_attr *out, mx_error *err) {
    bool canonical;
    uint32_t below;
    mx_wire wire = mx_wire_inside(&r->in, f);
    out->type = MX_ATTR_OPAQUE;
    MX_TRY(mx_depth_below(r, f, &below, err));
    MX_TRY(mx_scan_message(wire, &onnx__attribute_proto__descriptor, below, &canonical, err));
    MX_TRY(mx_read_hidden_external(r, &onnx__attribute_proto__descriptor, f, err));
    while (wire.at < wire.end) {
        mx_field field;
        bool known;
        MX_TRY(mx_survey_next(r, MX_MESSAGE_ATTRIBUTE, &wire, &field, &known, err));
        if (known && field.number == ATTR_NAME) MX_TRY(mx_read_string(r, &field, &out->name, err));
    }
    return mx_read_string(r, f, &out->value.s, err);
}

static mx_status read_body(mx_reader *r, mx_node_id node, const mx_attr *attr, const mx_field *f, uint32_t *out,
                           mx_error *err) {
    uint32_t limit = r->g->limits.body_depth;
    if (r->bodies >= limit)
        return mx_at_offset(err, mx_fail(err, MX_ERR_LIMIT, "over %u graphs within graphs", limit), f->start);
    MX_TRY(mx_graph_add_node(r->g, MX_NODE_BODY, node, out, err));
    mx_node_at(r->g, *out)->attr_index = attr->type == MX_ATTR_GRAPHS ? attr->count : 0;
    r->bodies++;
    MX_TRY(mx_read_graph(r, *out, f, 1, err));
    r->bodies--;
    return MX_OK;
}

/* The message in `f` as an index into its table. */
static mx_status read_index(mx_reader *r, mx_node_id node, const mx_attr *attr, const mx_field *f, uint32_t *out,
                            mx_error *err) {
    switch (attr->type) {
    case MX_ATTR_TENSOR:
    case MX_ATTR_TENSORS: return mx_read_tensor(r, f, out, err);
    case MX_ATTR_SPARSE_TENSOR:
    case MX_ATTR_SPARSE_TENSORS: return mx_read_sparse(r, f, out, err);
    case MX_ATTR_TYPE_PROTO:
    case MX_ATTR_TYPE_PROTOS: return mx_read_type(r, f, out, err);
    default: return read_body(r, node, attr, f, out, err);
    }
}

static mx_status read_value(mx_reader *r, mx_node_id node, const mx_field *f, mx_attr *to, mx_error *err) {
    uint32_t bits = (uint32_t)f->scalar;
    switch (to->type) {
    case MX_ATTR_FLOAT: memcpy(&to->value.f, &bits, sizeof bits); return MX_OK;
    case MX_ATTR_INT: to->value.i = (int64_t)f->scalar; return MX_OK;
    case MX_ATTR_STRING: return mx_read_string(r, f, &to->value.s, err);
    case MX_ATTR_FLOATS: return mx_read_floats(r, f, to->value.floats, &to->count, err);
    case MX_ATTR_INTS: return mx_read_ints(r, f, to->value.ints, &to->count, err);
    case MX_ATTR_STRINGS: return mx_read_string(r, f, &to->value.sids[to->count++], err);
    default: break;
    }
    if (!value_fields[to->type].list) return read_index(r, node, to, f, &to->value.index, err);
    MX_TRY(read_index(r, node, to, f, &to->value.indices[to->count], err));
    to->count++;
    return MX_OK;
}

/* Room for the elements of a list. */
static mx_status new_list(mx_reader *r, const survey *s, mx_attr *to, mx_error *err) {
    uint32_t n = s->counts.of[value_fields[to->type].number];
    switch (to->type) {
    case MX_ATTR_FLOATS: return mx_graph_array(r->g, s->elements, sizeof *to->value.floats, &to->value.floats, err);
    case MX_ATTR_INTS: return mx_graph_array(r->g, s->elements, sizeof *to->value.ints, &to->value.ints, err);
    case MX_ATTR_STRINGS: return mx_graph_array(r->g, n, sizeof *to->value.sids, &to->value.sids, err);
    default: return mx_graph_array(r->g, n, sizeof *to->value.indices, &to->value.indices, err);
    }
}

/* Bodies bear the attribute's name, which can stand behind them. */
static void name_bodies(mx_reader *r, const mx_attr *attr) {
    if (attr->ref_name != MX_SID_ABSENT) return;
    if (attr->type == MX_ATTR_GRAPH) mx_node_at(r->g, attr->value.index)->name = attr->name;
    for (uint32_t i = 0; attr->type == MX_ATTR_GRAPHS && i < attr->count; i++)
        mx_node_at(r->g, attr->value.indices[i])->name = attr->name;
}

mx_status mx_read_attribute(mx_reader *r, mx_node_id node, const mx_field *f, mx_attr *out, mx_error *err) {
    survey s;
    mx_frame frame;
    mx_field value = {0};
    *out = (mx_attr){0};
    MX_TRY(survey_attribute(r, f, &s, err));
    if (!is_regular(&s)) return read_opaque(r, f, out, err);
    out->type = (int32_t)s.type;
    if (value_fields[out->type].list) MX_TRY(new_list(r, &s, out, err));
    MX_TRY(mx_frame_begin(r, MX_MESSAGE_ATTRIBUTE, f, &frame, err));
    for (;;) {
        mx_field field;
        MX_TRY(mx_frame_next(r, &frame, &field, err));
        if (field.number == 0) break;
        if (field.number == ATTR_NAME)
            MX_TRY(mx_read_string(r, &field, &out->name, err));
        else if (field.number == ATTR_DOC)
            MX_TRY(mx_read_string(r, &field, &out->doc, err));
        else if (field.number == ATTR_REF)
            MX_TRY(mx_read_string(r, &field, &out->ref_name, err));
        else if (field.number != ATTR_TYPE && value_fields[out->type].list)
            MX_TRY(read_value(r, node, &field, out, err));
        else if (field.number != ATTR_TYPE)
            value = field;
    }
    if (value.number) MX_TRY(read_value(r, node, &value, out, err));
    name_bodies(r, out);
    return mx_frame_end(r, &frame, &out->rest, err);
}
