/* Graph values as the texts of <data>: the plain-text rule and the JSON forms of schemas/graphml.md, encoding
 * side (decoding: values_read.h). All functions append to a buffer; a buffer that ran out of memory remembers
 * it (mx_buffer.failed), which callers check once.
 *
 *  - Names in JSON: a string, {"base64": "..."} where it is not UTF-8, null where absent.
 *  - "rest" inside JSON is the JSON object that onnx_io/ made, embedded as it is, not as a string.
 *  - "values" of a TENSOR in an attribute (never of initializers): numbers for FLOAT, DOUBLE and all integer
 * types up to 64 bits, true and false for BOOL; always as many as the product of dims, in raw_data's order.
 * Written for raw_data of at most 64 elements that are finite, below 2^63 and, for BOOL, 0 or 1. All other
 * types have "data".
 *  - "field" stands only beside "data" and only for typed fields; without it the bytes are those of raw_data
 * or, with "file", of the external file (mx_tensor.field is then MX_TENSOR_NO_DATA).
 *  - Metadata, attributes: an object where all keys are present, not repeated, UTF-8 and without NUL; else a
 * list of [key, value]. An opaque metadata entry or opset is {"base64": wire bytes} in the list. "external"
 * is always such a list.
 */
#ifndef MX_GRAPHML_VALUES_H
#define MX_GRAPHML_VALUES_H

#include "converter/dtype.h"
#include "converter/graph.h"

/* ---- names of enumerations (values_names.c; those of element types are the converter's) ---- */

/* AttributeProto.AttributeType: "FLOAT", ...; "OPAQUE" for MX_ATTR_OPAQUE; NULL: no such number. */
const char *mx_attr_type_name(int32_t type);
int32_t mx_attr_type_number(mx_str name);
/* "float_data", ..., "raw_data"; NULL for MX_TENSOR_NO_DATA. MX_TENSOR_NO_DATA: no such name. */
const char *mx_tensor_field_name(mx_tensor_field field);
mx_tensor_field mx_tensor_field_number(mx_str name);
/* Bytes of one element in raw_data for the types that "values" can hold, else 0. */
size_t mx_plain_element_size(int32_t data_type);

/* ---- encoding (values.c, values_tensor.c, values_attribute.c) ---- */

/* The elements up to which a tensor of an attribute is written as "values". */
#define MX_INLINE_ELEMENTS 64u

/* What encoding needs to know of the whole file. */
typedef struct mx_value_context {
    const mx_graph *g;
    const uint32_t *compound_keys; /* by node id; a body's is what GRAPH attributes refer to */
} mx_value_context;

/* The plain-text rule. s must not be absent (an absent field has no <data>). */
void mx_value_plain(mx_buffer *b, mx_str s);
/* A name inside JSON; absent: null. */
void mx_value_name(mx_buffer *b, const mx_graph *g, mx_sid name);
/* TypeProto; `type` is an index into g->types. */
void mx_value_type(mx_buffer *b, const mx_graph *g, uint32_t type);
/* Only the shape's list, `["batch", 32, null]`, and whether there is one. */
bool mx_value_shape(mx_buffer *b, const mx_graph *g, uint32_t type);
void mx_value_metadata(mx_buffer *b, const mx_graph *g, const mx_pairs *pairs);
/* The same, always as a list of [key, value]. */
void mx_value_pair_list(mx_buffer *b, const mx_graph *g, const mx_pairs *pairs);
void mx_value_opsets(mx_buffer *b, const mx_graph *g, const mx_opset *opsets, size_t n);
/* A value info of a scope (port < 0: by name) or of an operator. index: its place in GraphProto.value_info.
 */
void mx_value_info_entry(mx_buffer *b, const mx_graph *g, const mx_value_info *v, int64_t port, size_t index);

/* Whether a tensor's data are few and of a kind that "values" can hold (but for NaN and the like). */
bool mx_value_is_short(const mx_graph *g, const mx_tensor *t);
/* Only what a tensor is: {"data_type": "FLOAT", "dims": [3, 4]}. */
void mx_value_tensor_kind(mx_buffer *b, const mx_tensor *t);
/* TensorProto and SparseTensorProto by reference to their bytes. */
void mx_value_tensor(mx_buffer *b, const mx_graph *g, const mx_tensor *t);
void mx_value_sparse(mx_buffer *b, const mx_graph *g, const mx_sparse *s);
/* The members of a tensor's object without its braces, after whatever members precede; `inlined`: as "values"
 * where that gives the same bytes. Fails when a source cannot be read. */
mx_status mx_value_tensor_members(mx_buffer *b, const mx_graph *g, const mx_tensor *t, bool inlined, bool *first,
                                  mx_error *err);
mx_status mx_value_sparse_members(mx_buffer *b, const mx_graph *g, const mx_sparse *s, bool *first, mx_error *err);
/* The value of one attribute. Fails as mx_value_tensor_members does. */
mx_status mx_value_attribute(mx_buffer *b, const mx_value_context *c, const mx_attr *a, mx_error *err);
/* All attributes of a node. */
mx_status mx_value_attributes(mx_buffer *b, const mx_value_context *c, const mx_attr *attrs, size_t n, mx_error *err);

/* ---- pieces that these files share ---- */

/* `"key": `, after `, ` unless it is the first. */
void mx_json_member(mx_buffer *b, bool *first, const char *key);
/* `"doc_string"`-like text and verbatim JSON members; nothing where the field is absent. */
void mx_json_text_member(mx_buffer *b, const mx_graph *g, bool *first, const char *key, mx_sid text);
void mx_json_rest_member(mx_buffer *b, const mx_graph *g, bool *first, const char *key, mx_sid rest);
/* Whether the names that stand first in n structs of `stride` bytes can be the keys of a JSON object:
 * present, UTF-8, without NUL, none twice. */
bool mx_json_keys_fit(mx_buffer *b, const mx_graph *g, const void *items, size_t n, size_t stride);

#endif
