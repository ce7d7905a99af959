#include "converter/dtype.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
    NULL,         "float32",      "uint8",          "int8",       "uint16",         "int16",      "int32",  "int64",
    "string",     "bool",         "float16",        "float64",    "uint32",         "uint64",     "complex64",
    "complex128", "bfloat16",     "float8_e4m3fn",  "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "uint4",
    "int4",       "float4_e2m1fn", "float8_e8m0fnu", "uint2",     "int2",
};
enum { N_NAMES = sizeof names / sizeof *names };

static const struct {
    const char *name;
    int32_t elem;
} others[] = {{"float", 1}, {"double", 11}, {"half", 10}, {"long", 7}, {"int", 6}};

const char *mx_dtype_name(int32_t elem) {
    return elem > 0 && elem < N_NAMES ? names[elem] : NULL;
}

int32_t mx_dtype_parse(const char *name) {
    for (int32_t i = 1; i < N_NAMES; i++)
        if (strcmp(names[i], name) == 0) return i;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].name, name) == 0) return others[i].elem;
    return 0;
}
