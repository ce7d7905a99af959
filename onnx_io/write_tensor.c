/* TensorProto, SparseTensorProto and TypeProto. */
#include "onnx.pb-c.h"
#include "onnx_io/write.h"

#include <stdio.h>

/* Smaller tensors stay in the model, as in what the onnx package writes: shape inference needs to see them. */
#define SIDECAR_MIN_BYTES 1024u

enum { TENSOR_DATA_DEFAULT = 0, TENSOR_DATA_EXTERNAL = 1 };

/* ---- TensorProto ---- */

static bool in_external_file(const mx_onnx_writer *w, const mx_tensor *t) {
    return t->external_file < w->g->n_external_files;
}

static mx_status put_data(mx_out *m, const mx_tensor *t, mx_tensor_field field, mx_error *err) {
    if (t->field != field || t->data.source == MX_NO_INDEX || in_external_file(m->w, t)) return MX_OK;
    return mx_out_blob(m, (uint32_t)field, &t->data, field == MX_TENSOR_STRING_DATA, mx_text(m->w->g, t->name), err);
}

static mx_status tensor_fields(mx_out *m, const void *item, mx_error *err) {
    static const mx_tensor_field before_name[] = {MX_TENSOR_FLOAT_DATA, MX_TENSOR_INT32_DATA, MX_TENSOR_STRING_DATA,
                                                  MX_TENSOR_INT64_DATA};
    static const mx_tensor_field behind_name[] = {MX_TENSOR_RAW_DATA, MX_TENSOR_DOUBLE_DATA, MX_TENSOR_UINT64_DATA};
    const mx_tensor *t = item;
    mx_out_ints(m, 1, t->dims, t->n_dims);
    if (t->has_type) mx_out_int(m, 2, t->data_type);
    for (size_t i = 0; i < sizeof before_name / sizeof *before_name; i++)
        MX_TRY(put_data(m, t, before_name[i], err));
    mx_out_text(m, 8, t->name);
    for (size_t i = 0; i < sizeof behind_name / sizeof *behind_name; i++)
        MX_TRY(put_data(m, t, behind_name[i], err));
    mx_out_text(m, 12, t->doc);
    mx_out_pairs(m, 13, &t->external);
    if (t->has_location) mx_out_int(m, 14, t->location);
    mx_out_pairs(m, 16, &t->metadata);
    if (in_external_file(m->w, t)) m->w->file_used[t->external_file] = true;
    return MX_OK;
}

/* ---- tensors whose bytes are left in the .onnxdata file ---- */

static bool replaced(const mx_graph *g, const mx_pair *p) {
    mx_str key = mx_text(g, p->key);
    return p->opaque == MX_SID_ABSENT &&
           (mx_str_is(key, "location") || mx_str_is(key, "offset") || mx_str_is(key, "length"));
}

static void put_number(mx_out *m, const char *key, uint64_t v) {
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    mx_out_pair(m, 13, mx_str_of(key), mx_str_of(digits));
}

/* Entries with keys of other meanings (checksums) stay as they were. */
static void put_place(mx_out *m, const mx_tensor *t) {
    mx_out_pair(m, 13, MX_STR_LITERAL("location"), mx_str_of(m->w->sidecar));
    put_number(m, "offset", t->data.offset);
    put_number(m, "length", t->data.size);
    for (uint32_t i = 0; i < t->external.count; i++) {
        const mx_pairs one = {&t->external.items[i], 1};
        if (!replaced(m->w->g, one.items)) mx_out_pairs(m, 13, &one);
    }
}

/* With no bytes at all, a place in a file would mean nothing: such tensors say so in the model. */
static mx_status outside_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_tensor *t = item;
    bool empty = t->data.size == 0;
    mx_out_ints(m, 1, t->dims, t->n_dims);
    if (t->has_type) mx_out_int(m, 2, t->data_type);
    mx_out_text(m, 8, t->name);
    if (empty) mx_out_str(m, MX_TENSOR_RAW_DATA, MX_STR_LITERAL(""));
    mx_out_text(m, 12, t->doc);
    if (!empty) put_place(m, t);
    if (!empty) mx_out_int(m, 14, TENSOR_DATA_EXTERNAL);
    mx_out_pairs(m, 16, &t->metadata);
    if (m->w->file == NULL) return MX_OK;
    return mx_weights_verify(&m->w->weights, &t->data, mx_text(m->w->g, t->name), err);
}

static bool is_left_outside(const mx_onnx_writer *w, const mx_tensor *t, bool movable) {
    if (w->sidecar == NULL || t->data.source != 0) return false;
    if (in_external_file(w, t)) return true;
    return movable && t->field == MX_TENSOR_RAW_DATA && t->data.size >= SIDECAR_MIN_BYTES && t->external.count == 0 &&
           (!t->has_location || t->location == TENSOR_DATA_DEFAULT) &&
           t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__STRING;
}

mx_status mx_out_tensor(mx_out *m, uint32_t number, uint32_t tensor, bool movable, mx_error *err) {
    static const mx_message whole = {tensor_fields, &onnx__tensor_proto__descriptor};
    static const mx_message outside = {outside_fields, &onnx__tensor_proto__descriptor};
    mx_onnx_writer *w = m->w;
    if (tensor == MX_NO_INDEX) return MX_OK;
    const mx_tensor *t = &w->g->tensors[tensor];
    const mx_message *type = is_left_outside(w, t, movable) ? &outside : &whole;
    return mx_out_message(m, number, &w->tensor_sizes[tensor], type, t, t->rest, err);
}

/* ---- SparseTensorProto ---- */

static mx_status sparse_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_sparse *s = item;
    MX_TRY(mx_out_tensor(m, 1, s->values, false, err));
    MX_TRY(mx_out_tensor(m, 2, s->indices, false, err));
    mx_out_ints(m, 3, s->dims, s->n_dims);
    return MX_OK;
}

mx_status mx_out_sparse(mx_out *m, uint32_t number, uint32_t sparse, mx_error *err) {
    static const mx_message type = {sparse_fields, &onnx__sparse_tensor_proto__descriptor};
    if (sparse == MX_NO_INDEX) return MX_OK;
    const mx_sparse *s = &m->w->g->sparses[sparse];
    return mx_out_message(m, number, NULL, &type, s, s->rest, err);
}

/* ---- TypeProto ---- */

static mx_status dim_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_dim *d = item;
    (void)err;
    if (d->kind == MX_DIM_VALUE) mx_out_int(m, 1, d->value);
    if (d->kind == MX_DIM_PARAM) mx_out_text(m, 2, d->param);
    mx_out_text(m, 3, d->denotation);
    return MX_OK;
}

static mx_status shape_fields(mx_out *m, const void *item, mx_error *err) {
    static const mx_message dim = {dim_fields, NULL};
    const mx_type *t = item;
    for (uint32_t i = 0; i < t->n_dims; i++)
        MX_TRY(mx_out_message(m, 1, NULL, &dim, &t->dims[i], MX_SID_ABSENT, err));
    return MX_OK;
}

/* TypeProto.Tensor and TypeProto.SparseTensor */
static mx_status tensor_type_fields(mx_out *m, const void *item, mx_error *err) {
    static const mx_message shape = {shape_fields, NULL};
    const mx_type *t = item;
    if (t->has_elem) mx_out_int(m, 1, t->elem);
    return t->has_shape ? mx_out_message(m, 2, NULL, &shape, t, MX_SID_ABSENT, err) : MX_OK;
}

/* TypeProto.Sequence and TypeProto.Optional */
static mx_status element_fields(mx_out *m, const void *item, mx_error *err) {
    return mx_out_type(m, 1, ((const mx_type *)item)->child, err);
}

static mx_status map_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_type *t = item;
    if (t->has_elem) mx_out_int(m, 1, t->elem);
    return mx_out_type(m, 2, t->child, err);
}

static mx_status opaque_fields(mx_out *m, const void *item, mx_error *err) {
    const mx_type *t = item;
    (void)err;
    mx_out_text(m, 1, t->domain);
    mx_out_text(m, 2, t->name);
    return MX_OK;
}

enum { TYPE_DENOTATION = 6 };

static mx_status type_fields(mx_out *m, const void *item, mx_error *err) {
    static const struct {
        uint32_t number; /* 0: no value */
        mx_message message;
    } values[] = {
        [MX_TYPE_EMPTY] = {0, {NULL, NULL}},
        [MX_TYPE_TENSOR] = {1, {tensor_type_fields, NULL}},
        [MX_TYPE_SEQUENCE] = {4, {element_fields, NULL}},
        [MX_TYPE_MAP] = {5, {map_fields, NULL}},
        [MX_TYPE_OPAQUE] = {7, {opaque_fields, NULL}},
        [MX_TYPE_SPARSE] = {8, {tensor_type_fields, NULL}},
        [MX_TYPE_OPTIONAL] = {9, {element_fields, NULL}},
    };
    const mx_type *t = item;
    uint32_t number = values[t->kind].number;
    if (number > TYPE_DENOTATION) mx_out_text(m, TYPE_DENOTATION, t->denotation);
    if (number != 0) MX_TRY(mx_out_message(m, number, NULL, &values[t->kind].message, t, MX_SID_ABSENT, err));
    if (number <= TYPE_DENOTATION) mx_out_text(m, TYPE_DENOTATION, t->denotation);
    return MX_OK;
}

mx_status mx_out_type(mx_out *m, uint32_t number, uint32_t type, mx_error *err) {
    static const mx_message message = {type_fields, NULL};
    if (type == MX_NO_INDEX) return MX_OK;
    const mx_type *t = &m->w->g->types[type];
    if (t->kind == MX_TYPE_WIRE) {
        mx_out_text(m, number, t->domain);
        return MX_OK;
    }
    return mx_out_message(m, number, &m->w->type_sizes[type], &message, t, MX_SID_ABSENT, err);
}
