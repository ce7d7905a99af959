/* Names of element types. */
#ifndef MX_CONVERTER_DTYPE_H
#define MX_CONVERTER_DTYPE_H

#include "base/text.h"

/* As numpy and torch name them: "float32", "int64", "bool". */
const char *mx_dtype_name(int32_t elem);  /* TensorProto.DataType; NULL: no element type */
int32_t mx_dtype_parse(const char *name); /* 0: no such name. "float", "double", "half", "long", "int" count too */

/* As onnx.proto names them: "FLOAT", "INT64", "BOOL"; 0 is "UNDEFINED". NULL: no such number. */
const char *mx_data_type_name(int32_t type);
/* -1: no such name. */
int32_t mx_data_type_number(mx_str name);

#endif
