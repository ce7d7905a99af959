#include "graphml/values.h"

static const char *const attr_types[] = {
    "UNDEFINED", "FLOAT",   "INT",    "STRING",        "TENSOR",         "GRAPH",      "FLOATS",     "INTS",
    "STRINGS",   "TENSORS", "GRAPHS", "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS"};
#define ATTR_TYPES ((int32_t)(sizeof attr_types / sizeof *attr_types))

static const struct {
    mx_tensor_field field;
    const char *name;
} fields[] = {
    {MX_TENSOR_FLOAT_DATA, "float_data"},   {MX_TENSOR_INT32_DATA, "int32_data"},
    {MX_TENSOR_STRING_DATA, "string_data"}, {MX_TENSOR_INT64_DATA, "int64_data"},
    {MX_TENSOR_RAW_DATA, "raw_data"},       {MX_TENSOR_DOUBLE_DATA, "double_data"},
    {MX_TENSOR_UINT64_DATA, "uint64_data"},
};
#define FIELDS (sizeof fields / sizeof *fields)

const char *mx_attr_type_name(int32_t type) {
    if (type == MX_ATTR_OPAQUE) return "OPAQUE";
    return type >= 0 && type < ATTR_TYPES ? attr_types[type] : NULL;
}

int32_t mx_attr_type_number(mx_str name) {
    if (mx_str_is(name, "OPAQUE")) return MX_ATTR_OPAQUE;
    for (int32_t i = 0; i < ATTR_TYPES; i++)
        if (mx_str_is(name, attr_types[i])) return i;
    return -1;
}

const char *mx_tensor_field_name(mx_tensor_field field) {
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].field == field) return fields[i].name;
    return NULL;
}

mx_tensor_field mx_tensor_field_number(mx_str name) {
    for (size_t i = 0; i < FIELDS; i++)
        if (mx_str_is(name, fields[i].name)) return fields[i].field;
    return MX_TENSOR_NO_DATA;
}

size_t mx_plain_element_size(int32_t data_type) {
    static const uint8_t sizes[] = {
        [1] = 4 /* FLOAT */,   [2] = 1 /* UINT8 */,   [3] = 1 /* INT8 */,    [4] = 2 /* UINT16 */,
        [5] = 2 /* INT16 */,   [6] = 4 /* INT32 */,   [7] = 8 /* INT64 */,   [9] = 1 /* BOOL */,
        [11] = 8 /* DOUBLE */, [12] = 4 /* UINT32 */, [13] = 8 /* UINT64 */,
    };
    return data_type >= 0 && data_type < (int32_t)sizeof sizes ? sizes[data_type] : 0;
}
