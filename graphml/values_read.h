/* The texts of <data> as graph values: the decoding side of values.h. All that is decoded belongs to the graph. A text
 * may have been edited by a person: MX_ERR_INVALID says what is wrong with it and in which key. */
#ifndef MX_GRAPHML_VALUES_READ_H
#define MX_GRAPHML_VALUES_READ_H

#include "converter/graph.h"

#include <jansson.h>

typedef struct mx_decoder {
    mx_graph *g;
    mx_buffer *values; /* gets the bytes of tensors that are given by value; their blobs have source `pending` */
    uint32_t pending;
    const char *what; /* the key, for messages */
    mx_sid attribute; /* the attribute within it, likewise */
    bool legacy;      /* a file of the earlier v1.1 generation */
    mx_error *err;
} mx_decoder;

/* ---- texts (values_read.c) ---- */

/* Plain text, or JSON where it begins with `"` or `{`. */
mx_status mx_decode_plain(const mx_decoder *d, mx_str text, mx_sid *out);
/* Parse a text; nesting is bounded by limits.json_depth. *out is released with json_decref. */
mx_status mx_decode_json(const mx_decoder *d, mx_str text, json_t **out);
mx_status mx_decode_int32(const mx_decoder *d, mx_str text, int32_t *out);
mx_status mx_decode_int64(const mx_decoder *d, mx_str text, int64_t *out);
mx_status mx_decode_bool(const mx_decoder *d, mx_str text, bool *out);

/* ---- parts of JSON values (values_read.c) ---- */

mx_status mx_decode_name(const mx_decoder *d, const json_t *v, mx_sid *out); /* null: absent */
mx_status mx_decode_names(const mx_decoder *d, const json_t *v, mx_sid **out, uint32_t *n);
mx_status mx_decode_metadata(const mx_decoder *d, const json_t *v, mx_pairs *out);
mx_status mx_decode_opsets(const mx_decoder *d, const json_t *v, mx_opset **out, uint32_t *n);
mx_status mx_decode_type(const mx_decoder *d, const json_t *v, uint32_t *out);
/* A value info; *port is -1 where it is found by name. */
mx_status mx_decode_info(const mx_decoder *d, const json_t *v, int64_t *port, int64_t *index, mx_value_info *out);
mx_status mx_decode_ints(const mx_decoder *d, const json_t *v, int64_t **out, uint32_t *n);

/* ---- tensors (values_read_tensor.c), attributes (values_read_attribute.c) ---- */

mx_status mx_decode_tensor(const mx_decoder *d, const json_t *v, uint32_t *out);
mx_status mx_decode_sparse(const mx_decoder *d, const json_t *v, uint32_t *out);
/* All attributes of a node. A body's index is the id of its compound_key's text until the import finds the body. */
mx_status mx_decode_attributes(const mx_decoder *d, const json_t *v, mx_attr **out, uint32_t *n);

/* ---- objects whose members must all be known ---- */

typedef struct mx_members {
    const json_t *object;
    size_t used;
} mx_members;
mx_status mx_members_begin(const mx_decoder *d, const json_t *v, const char *form, mx_members *m);
const json_t *mx_member(mx_members *m, const char *name); /* NULL: not there */
mx_status mx_member_name(const mx_decoder *d, mx_members *m, const char *name, mx_sid *out);
mx_status mx_member_rest(const mx_decoder *d, mx_members *m, const char *name, mx_sid *out);
/* INVALID if the object has members that were not asked for. */
mx_status mx_members_end(const mx_decoder *d, const mx_members *m, const char *form);
/* The rest of a tensor or sparse tensor whose object has other members too. */
mx_status mx_decode_tensor_members(const mx_decoder *d, mx_members *m, uint32_t *out);
mx_status mx_decode_sparse_members(const mx_decoder *d, mx_members *m, uint32_t *out);

mx_status mx_decode_fail(const mx_decoder *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
