/* Element types of outputs, as the table says. */
#include "converter/infer_internal.h"

/* Attributes that hold a data type, by the number that the table uses. "value" is a tensor whose type counts. */
static const char *const attribute_names[] = {"to", "dtype", "output_dtype", "output_datatype", "value", "stash_type"};

/* Version 1 of Cast names the type. */
static int32_t type_by_name(mx_str name) {
    static const char *const names[] = {"UNDEFINED", "FLOAT",  "UINT8",     "INT8",      "UINT16",  "INT16",
                                        "INT32",     "INT64",  "STRING",    "BOOL",      "FLOAT16", "DOUBLE",
                                        "UINT32",    "UINT64", "COMPLEX64", "COMPLEX128"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mx_str_is(name, names[i])) return (int32_t)i;
    return MX_ELEM_UNKNOWN;
}

static int32_t from_attribute(mx_op *op, uint32_t number, int32_t otherwise) {
    if (number >= sizeof attribute_names / sizeof *attribute_names) return MX_ELEM_UNKNOWN;
    const mx_attr *a = mx_op_attribute(op, attribute_names[number]);
    if (op->blind) return MX_ELEM_UNKNOWN;
    if (a && a->type == MX_ATTR_TENSOR) return op->g->tensors[a->value.index].data_type;
    if (a && a->type == MX_ATTR_STRING) return type_by_name(mx_text(op->g, a->value.s));
    bool given = a && a->type == MX_ATTR_INT && a->value.i > 0 && a->value.i <= INT32_MAX;
    return given ? (int32_t)a->value.i : otherwise;
}

static int32_t from_inputs(const mx_op *op, uint32_t bits) {
    int32_t element = MX_ELEM_UNKNOWN;
    for (uint32_t k = 0; k < 12 && element == MX_ELEM_UNKNOWN; k++)
        if (bits >> k & 1) element = mx_op_in_element(op, k);
    return element;
}

int32_t mx_op_element(mx_op *op, uint32_t output) {
    const mx_infer_rule *r = op->rule;
    if (r->n_elements == 0) return MX_ELEM_UNKNOWN;
    mx_element_rule rule = r->elements[output < r->n_elements ? output : r->n_elements - 1];
    uint32_t argument = MX_ELEMENT_ARGUMENT(rule), low = argument & 15u, high = argument >> 4;
    switch (MX_ELEMENT_KIND(rule)) {
    case MX_ELEMENT_FIXED: return (int32_t)argument;
    case MX_ELEMENT_INPUTS: return from_inputs(op, argument);
    case MX_ELEMENT_ATTRIBUTE: return from_attribute(op, low, (int32_t)high);
    case MX_ELEMENT_ATTRIBUTE_OR_INPUT: return from_attribute(op, low, mx_op_in_element(op, high));
    default: return MX_ELEM_UNKNOWN;
    }
}
