#include "converter/dtype.h"

/* By number. */
static const struct {
    const char *onnx, *numpy;
} types[] = {
    {"UNDEFINED", NULL},
    {"FLOAT", "float32"},
    {"UINT8", "uint8"},
    {"INT8", "int8"},
    {"UINT16", "uint16"},
    {"INT16", "int16"},
    {"INT32", "int32"},
    {"INT64", "int64"},
    {"STRING", "string"},
    {"BOOL", "bool"},
    {"FLOAT16", "float16"},
    {"DOUBLE", "float64"},
    {"UINT32", "uint32"},
    {"UINT64", "uint64"},
    {"COMPLEX64", "complex64"},
    {"COMPLEX128", "complex128"},
    {"BFLOAT16", "bfloat16"},
    {"FLOAT8E4M3FN", "float8_e4m3fn"},
    {"FLOAT8E4M3FNUZ", "float8_e4m3fnuz"},
    {"FLOAT8E5M2", "float8_e5m2"},
    {"FLOAT8E5M2FNUZ", "float8_e5m2fnuz"},
    {"UINT4", "uint4"},
    {"INT4", "int4"},
    {"FLOAT4E2M1", "float4_e2m1fn"},
    {"FLOAT8E8M0", "float8_e8m0fnu"},
    {"UINT2", "uint2"},
    {"INT2", "int2"},
    {"FLOAT6E2M3", "float6_e2m3fn"},
    {"FLOAT6E3M2", "float6_e3m2fn"},
};
enum { N_TYPES = sizeof types / sizeof *types };

static const struct {
    const char *name;
    int32_t elem;
} others[] = {{"float", 1}, {"double", 11}, {"half", 10}, {"long", 7}, {"int", 6}};

const char *mx_dtype_name(int32_t elem) {
    return elem > 0 && elem < N_TYPES ? types[elem].numpy : NULL;
}

int32_t mx_dtype_parse(const char *name) {
    for (int32_t i = 1; i < N_TYPES; i++)
        if (strcmp(types[i].numpy, name) == 0) return i;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].name, name) == 0) return others[i].elem;
    return 0;
}

const char *mx_data_type_name(int32_t type) {
    return type >= 0 && type < N_TYPES ? types[type].onnx : NULL;
}

int32_t mx_data_type_number(mx_str name) {
    for (int32_t i = 0; i < N_TYPES; i++)
        if (mx_str_is(name, types[i].onnx)) return i;
    return -1;
}
