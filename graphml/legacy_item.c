#include "graphml/legacy.h"

uint8_t mx_legacy_kind(const mx_texts *texts) {
    mx_str op_type = texts->at[MX_KEY_OP_TYPE];
    if (texts->has_graph) return MX_NODE_MODULE;
    if (mx_str_is(op_type, "Input")) return MX_NODE_INPUT;
    if (mx_str_is(op_type, "Output")) return MX_NODE_OUTPUT;
    return op_type.p ? MX_NODE_OPERATOR : MX_ITEM_NOTE;
}

static mx_status read_details(const mx_decoder *d, const json_t *v, mx_compound *c) {
    const json_t *type = json_object_get(v, "module_type"), *order = json_object_get(v, "execution_order");
    if (json_is_string(type)) MX_TRY(mx_decode_name(d, type, &c->module_type));
    if (!json_is_integer(order) || json_integer_value(order) != (int32_t)json_integer_value(order)) return MX_OK;
    c->has_order = true;
    c->order = (int32_t)json_integer_value(order);
    return MX_OK;
}

mx_status mx_legacy_read_module(mx_import *im, uint32_t item, const mx_texts *texts) {
    mx_compound *c = &im->compounds[im->items[item].compound];
    mx_decoder d = {.g = im->g, .what = mx_key_table[MX_KEY_NODE_ATTRIBUTES].name, .err = im->err};
    c->scope = im->items[item].name;
    c->own_tag = true;
    if (texts->at[MX_KEY_OP_TYPE].p) MX_TRY(mx_decode_plain(&d, texts->at[MX_KEY_OP_TYPE], &c->class_name));
    if (!texts->at[MX_KEY_NODE_ATTRIBUTES].p) return MX_OK;
    json_t *v;
    MX_TRY(mx_decode_json(&d, texts->at[MX_KEY_NODE_ATTRIBUTES], &v));
    mx_status status = read_details(&d, v, c);
    json_decref(v);
    return status;
}

int32_t mx_legacy_data_type(mx_str name) {
    static const struct {
        const char *name;
        int32_t type;
    } types[] = {{"float32", 1}, {"uint8", 2},      {"int8", 3},        {"uint16", 4},
                 {"int16", 5},   {"int32", 6},      {"int64", 7},       {"string", 8},
                 {"bool", 9},    {"float16", 10},   {"float64", 11},    {"uint32", 12},
                 {"uint64", 13}, {"complex64", 14}, {"complex128", 15}, {"bfloat16", 16}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (mx_str_is(name, types[i].name)) return types[i].type;
    return -1;
}

mx_status mx_legacy_tensor(const mx_decoder *d, const json_t *v, uint32_t *out) {
    const json_t *name = json_object_get(v, "name"), *type = json_object_get(v, "data_type");
    const json_t *dims = json_object_get(v, "dims"), *data = json_object_get(v, "data_b64");
    mx_tensor t = {.external_file = MX_NO_INDEX, .has_type = true, .field = MX_TENSOR_RAW_DATA};
    if (!json_is_integer(type) || !json_is_string(data))
        return mx_decode_fail(d, "a tensor has no data_type or data_b64");
    if (json_is_string(name) && json_string_length(name)) MX_TRY(mx_decode_name(d, name, &t.name));
    if (dims) MX_TRY(mx_decode_ints(d, dims, &t.dims, &t.n_dims));
    t.data_type = (int32_t)json_integer_value(type);
    t.data = (mx_blob){d->pending, MX_NO_INDEX, d->values->size, 0};
    bool good = mx_base64_decode(d->values, json_string_value(data), json_string_length(data));
    if (d->values->failed) return mx_nomem(d->err);
    if (!good) return mx_decode_fail(d, "a tensor's data_b64 is not base64");
    t.data.size = d->values->size - t.data.offset;
    return mx_graph_add_tensor(d->g, &t, out, d->err);
}
