/* Element types by the names that numpy and torch give them: "float32", "int64", "bool". */
#ifndef MX_CONVERTER_DTYPE_H
#define MX_CONVERTER_DTYPE_H

#include <stdint.h>

const char *mx_dtype_name(int32_t elem); /* TensorProto.DataType; NULL: no element type */
int32_t mx_dtype_parse(const char *name); /* 0: no such name. "float", "double", "half", "long", "int" count too */

#endif
