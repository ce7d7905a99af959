/* Element types: their numbers and their names. */
#ifndef MX_CONVERTER_DTYPE_H
#define MX_CONVERTER_DTYPE_H

#include "base/text.h"

/* TensorProto.DataType, those that the code names. */
enum {
    MX_ELEM_UNKNOWN = 0,
    MX_ELEM_FLOAT = 1,
    MX_ELEM_UINT8 = 2,
    MX_ELEM_INT8 = 3,
    MX_ELEM_UINT16 = 4,
    MX_ELEM_INT16 = 5,
    MX_ELEM_INT32 = 6,
    MX_ELEM_INT64 = 7,
    MX_ELEM_STRING = 8,
    MX_ELEM_BOOL = 9,
    MX_ELEM_FLOAT16 = 10,
    MX_ELEM_DOUBLE = 11,
    MX_ELEM_UINT32 = 12,
    MX_ELEM_UINT64 = 13,
    MX_ELEM_COMPLEX64 = 14,
    MX_ELEM_COMPLEX128 = 15,
    MX_ELEM_BFLOAT16 = 16,
    MX_ELEM_FLOAT8E4M3FN = 17,
    MX_ELEM_FLOAT8E4M3FNUZ = 18,
    MX_ELEM_FLOAT8E5M2 = 19,
    MX_ELEM_FLOAT8E5M2FNUZ = 20,
    MX_ELEM_FLOAT8E8M0 = 24
};

/* As numpy and torch name them: "float32", "int64", "bool". */
const char *mx_dtype_name(int32_t elem);  /* TensorProto.DataType; NULL: no element type */
int32_t mx_dtype_parse(const char *name); /* 0: no such name. "float", "double", "half", "long", "int" count too */

/* As onnx.proto names them: "FLOAT", "INT64", "BOOL"; 0 is "UNDEFINED". NULL: no such number. */
const char *mx_data_type_name(int32_t type);
/* -1: no such name. */
int32_t mx_data_type_number(mx_str name);

#endif
