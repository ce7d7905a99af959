/* Changes of the element type. Devices, layouts and copies do not concern ONNX. */
#include "torch_io/lower_numeric.h"

static void cast(const mx_rule *r) {
    r->out[0] = mx_arg_as(r, 0, mx_out_elem(r, 0));
}

static const mx_lowering rows[] = {
    {"aten._cast_Byte.default", cast, "Cast", 0, MX_LOWER_EXACT},
    {"aten._cast_Char.default", cast, "Cast", 0, MX_LOWER_EXACT},
    {"aten._cast_Double.default", cast, "Cast", 0, MX_LOWER_EXACT},
    {"aten._cast_Float.default", cast, "Cast", 0, MX_LOWER_EXACT},
    {"aten._cast_Half.default", cast, "Cast", 0, 0},
    {"aten._cast_Int.default", cast, "Cast", 0, MX_LOWER_EXACT},
    {"aten._cast_Long.default", cast, "Cast", 0, MX_LOWER_EXACT},
    {"aten._cast_Short.default", cast, "Cast", 0, MX_LOWER_EXACT},
    {"aten._to_copy.default", cast, "Cast", 0, 0},
    {"aten.to.device", cast, "Cast", 0, 0},
    {"aten.to.dtype", cast, "Cast", 0, 0},
    {"aten.to.dtype_layout", cast, "Cast", 0, 0},
    {"aten.to.other", cast, "Cast", 0, 0},
    {"aten.to.prim_Device", cast, "Cast", 0, 0},
    {"aten.to.prim_dtype", cast, "Cast", 0, 0},
    {"aten.to.prim_other", cast, "Cast", 0, 0},
    {"aten.type_as.default", cast, "Cast", 0, 0},
    {"prims.convert_element_type.default", cast, "Cast", 0, 0},
};

const mx_lowering_family mx_family_cast = {"cast", rows, sizeof rows / sizeof *rows};
