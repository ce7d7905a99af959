#include "onnx_io/read.h"

/* Field numbers of TensorProto beyond those in mx_tensor_field. */
enum {
    TENSOR_DIMS = 1,
    TENSOR_DATA_TYPE = 2,
    TENSOR_NAME = 8,
    TENSOR_DOC = 12,
    TENSOR_EXTERNAL = 13,
    TENSOR_LOCATION = 14,
    TENSOR_METADATA = 16
};
#define TENSOR_FIELDS     17u
#define LOCATION_EXTERNAL 1

/* The occurrences of one data field. */
typedef struct run {
    mx_field first;
    uint64_t end;   /* of the last one */
    uint64_t bytes; /* of all values */
    uint32_t count;
    bool contiguous;
} run;

/* What a first walk over a tensor finds out, so that the second can put things where they belong. */
typedef struct survey {
    uint32_t n_dims, n_external, n_metadata;
    int32_t location;
    run data[TENSOR_FIELDS];
} survey;

/* Size of one element of a packed field; 1: varints. */
static uint64_t packed_unit(uint32_t number) {
    if (number == MX_TENSOR_FLOAT_DATA) return 4;
    return number == MX_TENSOR_DOUBLE_DATA ? 8 : 1;
}

static bool is_packed_field(uint32_t number) {
    return number == MX_TENSOR_FLOAT_DATA || number == MX_TENSOR_INT32_DATA || number == MX_TENSOR_INT64_DATA ||
           number == MX_TENSOR_DOUBLE_DATA || number == MX_TENSOR_UINT64_DATA;
}

/* A packed list must be well-formed, though it is not unpacked. */
static mx_status check_packed(mx_reader *r, const mx_field *f, mx_error *err) {
    if (f->size % packed_unit(f->number) != 0)
        return mx_at_offset(err, mx_fail(err, MX_ERR_SYNTAX, "a packed list ends within a number"), f->start);
    if (packed_unit(f->number) > 1 || f->wire != MX_WIRE_LEN) return MX_OK;
    return mx_wire_check_varints(&r->in, f->value, f->size, err);
}

static mx_status note_data(mx_reader *r, survey *s, const mx_field *f, mx_error *err) {
    run *d = &s->data[f->number];
    if (is_packed_field(f->number)) {
        if (f->size == 0) return MX_OK; /* an empty list is no data */
        MX_TRY(check_packed(r, f, err));
    }
    bool replaces = d->count == 0 || f->number == MX_TENSOR_RAW_DATA; /* of a singular field the last one counts */
    d->contiguous = d->count == 0 || (d->contiguous && d->end == f->start);
    if (replaces) d->first = *f;
    d->bytes = f->size + (replaces ? 0 : d->bytes);
    d->end = mx_field_end(f);
    d->count++;
    return MX_OK;
}

static mx_status survey_tensor(mx_reader *r, const mx_field *f, survey *s, mx_error *err) {
    mx_wire wire = mx_wire_inside(&r->in, f);
    *s = (survey){0};
    while (wire.at < wire.end) {
        mx_field field;
        bool known;
        MX_TRY(mx_survey_next(r, MX_MESSAGE_TENSOR, &wire, &field, &known, err));
        if (!known) continue;
        if (field.number == TENSOR_DIMS)
            MX_TRY(mx_count_ints(r, &field, &s->n_dims, err));
        else if (field.number == TENSOR_EXTERNAL)
            s->n_external++;
        else if (field.number == TENSOR_METADATA)
            s->n_metadata++;
        else if (field.number == TENSOR_LOCATION)
            s->location = mx_read_int32(&field);
        else if (field.number < TENSOR_FIELDS)
            MX_TRY(note_data(r, s, &field, err));
    }
    return MX_OK;
}

/* The data field that counts where there are several; the others go along unread. */
static mx_tensor_field choose_data(const survey *s) {
    static const uint8_t order[] = {MX_TENSOR_RAW_DATA,    MX_TENSOR_FLOAT_DATA, MX_TENSOR_INT32_DATA,
                                    MX_TENSOR_STRING_DATA, MX_TENSOR_INT64_DATA, MX_TENSOR_DOUBLE_DATA,
                                    MX_TENSOR_UINT64_DATA};
    for (size_t i = 0; i < sizeof order; i++)
        if (s->data[order[i]].count > 0) return (mx_tensor_field)order[i];
    return MX_TENSOR_NO_DATA;
}

/* Data that does not lie in one piece: a list that was split or not packed, strings with other fields in between. */
static mx_status gather_data(mx_reader *r, const mx_field *tensor, mx_tensor_field number, mx_blob *out,
                             mx_error *err) {
    mx_buffer bytes;
    mx_status status = MX_OK;
    mx_wire wire = mx_wire_inside(&r->in, tensor);
    mx_buffer_init(&bytes, r->g->allocator);
    while (status == MX_OK && wire.at < wire.end) {
        mx_field f;
        bool known = false;
        const uint8_t *p;
        status = mx_survey_next(r, MX_MESSAGE_TENSOR, &wire, &f, &known, err);
        if (status != MX_OK || !known || f.number != number) continue;
        uint64_t from = number == MX_TENSOR_STRING_DATA ? f.start : f.value, size = mx_field_end(&f) - from;
        status = mx_wire_view(&r->in, from, size, &p, err);
        if (status == MX_OK) mx_buffer_add(&bytes, p, (size_t)size);
    }
    if (status == MX_OK && bytes.failed) status = mx_nomem(err);
    if (status == MX_OK) status = mx_graph_add_bytes(r->g, mx_buffer_str(&bytes), out, err);
    mx_buffer_free(&bytes);
    return status;
}

static mx_status place_data(mx_reader *r, const mx_field *f, const survey *s, mx_tensor *t, mx_error *err) {
    const run *d = &s->data[t->field];
    if (t->field == MX_TENSOR_NO_DATA) return MX_OK;
    t->data = (mx_blob){.source = r->source, .check = MX_NO_INDEX, .offset = d->first.value, .size = d->first.size};
    if (t->field == MX_TENSOR_RAW_DATA) return MX_OK;
    if (t->field == MX_TENSOR_STRING_DATA) {
        t->data.offset = d->first.start;
        t->data.size = d->end - d->first.start;
        return d->contiguous ? MX_OK : gather_data(r, f, t->field, &t->data, err);
    }
    if (d->count == 1 && d->first.wire == MX_WIRE_LEN) return MX_OK;
    return gather_data(r, f, t->field, &t->data, err);
}

static mx_status read_field(mx_reader *r, const mx_field *f, mx_tensor *t, mx_error *err) {
    switch (f->number) {
    case TENSOR_DIMS: return mx_read_ints(r, f, t->dims, &t->n_dims, err);
    case TENSOR_DATA_TYPE:
        t->has_type = true;
        t->data_type = mx_read_int32(f);
        return MX_OK;
    case TENSOR_NAME: return mx_read_string(r, f, &t->name, err);
    case TENSOR_DOC: return mx_read_string(r, f, &t->doc, err);
    case TENSOR_EXTERNAL: return mx_add_pair(r, f, &t->external, err);
    case TENSOR_LOCATION:
        t->has_location = true;
        t->location = mx_read_int32(f);
        return MX_OK;
    case TENSOR_METADATA: return mx_add_pair(r, f, &t->metadata, err);
    default: break;
    }
    if (f->number == (uint32_t)t->field || (is_packed_field(f->number) && f->size == 0)) return MX_OK;
    return mx_frame_leave(r, f, err);
}

mx_status mx_read_tensor(mx_reader *r, const mx_field *f, uint32_t *out, mx_error *err) {
    survey s;
    mx_frame frame;
    MX_TRY(mx_frame_begin(r, MX_MESSAGE_TENSOR, f, &frame, err));
    MX_TRY(survey_tensor(r, f, &s, err));
    bool external = r->dir && s.location == LOCATION_EXTERNAL && s.n_external > 0;
    mx_tensor t = {.field = external ? MX_TENSOR_NO_DATA : choose_data(&s),
                   .external_file = MX_NO_INDEX,
                   .data = {.source = MX_NO_INDEX, .check = MX_NO_INDEX}};
    if (s.n_dims) MX_TRY(mx_graph_array(r->g, s.n_dims, sizeof *t.dims, &t.dims, err));
    MX_TRY(mx_new_pairs(r, s.n_external, &t.external, err));
    MX_TRY(mx_new_pairs(r, s.n_metadata, &t.metadata, err));
    for (;;) {
        mx_field field;
        MX_TRY(mx_frame_next(r, &frame, &field, err));
        if (field.number == 0) break;
        MX_TRY(read_field(r, &field, &t, err));
    }
    MX_TRY(place_data(r, f, &s, &t, err));
    if (external) MX_TRY(mx_read_external(r, &t, f->start, err));
    MX_TRY(mx_frame_end(r, &frame, &t.rest, err));
    return mx_graph_add_tensor(r->g, &t, out, err);
}

mx_status mx_read_sparse(mx_reader *r, const mx_field *f, uint32_t *out, mx_error *err) {
    mx_field_counts counts;
    mx_frame frame;
    mx_wire wire = mx_wire_inside(&r->in, f);
    mx_sparse s = {.values = MX_NO_INDEX, .indices = MX_NO_INDEX};
    uint32_t n_dims = 0;
    MX_TRY(mx_frame_begin(r, MX_MESSAGE_SPARSE, f, &frame, err));
    MX_TRY(mx_count_fields(r, MX_MESSAGE_SPARSE, f, &counts, err));
    while (wire.at < wire.end) {
        mx_field field;
        bool known;
        MX_TRY(mx_survey_next(r, MX_MESSAGE_SPARSE, &wire, &field, &known, err));
        if (known && field.number == 3) MX_TRY(mx_count_ints(r, &field, &n_dims, err));
    }
    if (n_dims) MX_TRY(mx_graph_array(r->g, n_dims, sizeof *s.dims, &s.dims, err));
    for (;;) {
        mx_field field;
        MX_TRY(mx_frame_next(r, &frame, &field, err));
        if (field.number == 0) break;
        if (field.number == 1 && counts.of[1] == 1)
            MX_TRY(mx_read_tensor(r, &field, &s.values, err));
        else if (field.number == 2 && counts.of[2] == 1)
            MX_TRY(mx_read_tensor(r, &field, &s.indices, err));
        else if (field.number == 3)
            MX_TRY(mx_read_ints(r, &field, s.dims, &s.n_dims, err));
        else
            MX_TRY(mx_frame_leave(r, &field, err)); /* tensors to be merged */
    }
    MX_TRY(mx_frame_end(r, &frame, &s.rest, err));
    return mx_graph_add_sparse(r->g, &s, out, err);
}
