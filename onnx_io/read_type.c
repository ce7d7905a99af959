#include "onnx_io/read.h"

#include "onnx.pb-c.h"
#include "onnx_io/scan.h"

/* protobuf-c's messages live in the scratch arena, which is emptied as a whole. */
static void *scratch_alloc(void *arena, size_t size) {
    return mx_arena_alloc(arena, size);
}
static void scratch_free(void *arena, void *p) {
    (void)arena;
    (void)p;
}

static mx_status intern(mx_reader *r, protobuf_c_boolean has, ProtobufCBinaryData bytes, mx_sid *out, mx_error *err) {
    mx_str absent = {0}, s = {bytes.len ? (const char *)bytes.data : "", bytes.len};
    return mx_graph_string(r->g, has ? s : absent, out, err);
}

static mx_status convert_dim(mx_reader *r, const Onnx__TensorShapeProto__Dimension *from, mx_dim *to, mx_error *err) {
    *to = (mx_dim){.kind = MX_DIM_NONE};
    if (from->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE) {
        to->kind = MX_DIM_VALUE;
        to->value = from->dim_value;
    } else if (from->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM) {
        to->kind = MX_DIM_PARAM;
        MX_TRY(intern(r, true, from->dim_param, &to->param, err));
    }
    return intern(r, from->has_denotation, from->denotation, &to->denotation, err);
}

static mx_status convert_tensor_type(mx_reader *r, protobuf_c_boolean has_elem, int32_t elem,
                                     const Onnx__TensorShapeProto *shape, mx_type *to, mx_error *err) {
    to->has_elem = has_elem;
    to->elem = has_elem ? elem : 0;
    to->has_shape = shape != NULL;
    if (!shape || shape->n_dim == 0) return MX_OK;
    if (shape->n_dim > UINT32_MAX) return mx_fail(err, MX_ERR_LIMIT, "a shape of over 2^32 dimensions");
    to->n_dims = (uint32_t)shape->n_dim;
    to->dims = mx_arena_array(&r->scratch, shape->n_dim, sizeof *to->dims);
    if (!to->dims) return mx_nomem(err);
    for (size_t i = 0; i < shape->n_dim; i++)
        MX_TRY(convert_dim(r, shape->dim[i], &to->dims[i], err));
    return MX_OK;
}

static mx_status convert_type(mx_reader *r, const Onnx__TypeProto *from, uint32_t *out, mx_error *err);

static mx_status convert_child(mx_reader *r, const Onnx__TypeProto *from, uint32_t *out, mx_error *err) {
    *out = MX_NO_INDEX;
    return from ? convert_type(r, from, out, err) : MX_OK;
}

static mx_status convert_value(mx_reader *r, const Onnx__TypeProto *from, mx_type *to, mx_error *err) {
    switch (from->value_case) {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
        to->kind = MX_TYPE_TENSOR;
        return convert_tensor_type(r, from->tensor_type->has_elem_type, from->tensor_type->elem_type,
                                   from->tensor_type->shape, to, err);
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
        to->kind = MX_TYPE_SPARSE;
        return convert_tensor_type(r, from->sparse_tensor_type->has_elem_type, from->sparse_tensor_type->elem_type,
                                   from->sparse_tensor_type->shape, to, err);
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
        to->kind = MX_TYPE_SEQUENCE;
        return convert_child(r, from->sequence_type->elem_type, &to->child, err);
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
        to->kind = MX_TYPE_OPTIONAL;
        return convert_child(r, from->optional_type->elem_type, &to->child, err);
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
        to->kind = MX_TYPE_MAP;
        to->has_elem = from->map_type->has_key_type;
        to->elem = to->has_elem ? from->map_type->key_type : 0;
        return convert_child(r, from->map_type->value_type, &to->child, err);
    case ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
        to->kind = MX_TYPE_OPAQUE;
        MX_TRY(intern(r, from->opaque_type->has_domain, from->opaque_type->domain, &to->domain, err));
        return intern(r, from->opaque_type->has_name, from->opaque_type->name, &to->name, err);
    default: return MX_OK; /* a TypeProto without a value */
    }
}

/* As deep as the message, which was scanned. */
static mx_status convert_type(mx_reader *r, const Onnx__TypeProto *from, uint32_t *out, mx_error *err) {
    mx_type type = {.kind = MX_TYPE_EMPTY, .child = MX_NO_INDEX};
    MX_TRY(convert_value(r, from, &type, err));
    MX_TRY(intern(r, from->has_denotation, from->denotation, &type.denotation, err));
    return mx_graph_add_type(r->g, &type, out, err);
}

static mx_status read_opaque_type(mx_reader *r, const mx_field *f, uint32_t *out, mx_error *err) {
    mx_type type = {.kind = MX_TYPE_WIRE, .child = MX_NO_INDEX};
    MX_TRY(mx_read_string(r, f, &type.domain, err));
    return mx_graph_add_type(r->g, &type, out, err);
}

mx_status mx_read_type(mx_reader *r, const mx_field *f, uint32_t *out, mx_error *err) {
    bool canonical;
    const uint8_t *p;
    uint32_t below;
    MX_TRY(mx_depth_below(r, f, &below, err));
    MX_TRY(mx_scan_message(mx_wire_inside(&r->in, f), &onnx__type_proto__descriptor, below, &canonical, err));
    if (!canonical) return read_opaque_type(r, f, out, err);
    MX_TRY(mx_wire_view(&r->in, f->value, f->size, &p, err));
    ProtobufCAllocator allocator = {scratch_alloc, scratch_free, &r->scratch};
    mx_arena_reset(&r->scratch);
    Onnx__TypeProto *type = onnx__type_proto__unpack(&allocator, (size_t)f->size, p);
    if (!type) return mx_nomem(err); /* it is well-formed: that was checked */
    return convert_type(r, type, out, err);
}
