/* Inside the ONNX reader. Every message that can be large is a frame: a range of the file whose fields are read one by
 * one; nothing of it is held in memory but what goes into the graph. Each read_*.c knows one message. */
#ifndef MX_ONNX_IO_READ_H
#define MX_ONNX_IO_READ_H

#include "onnx_io/onnx_io.h"
#include "onnx_io/wire.h"

#include <protobuf-c/protobuf-c.h>

typedef enum mx_message {
    MX_MESSAGE_MODEL = 0,
    MX_MESSAGE_GRAPH,
    MX_MESSAGE_FUNCTION,
    MX_MESSAGE_NODE,
    MX_MESSAGE_ATTRIBUTE,
    MX_MESSAGE_TENSOR,
    MX_MESSAGE_SPARSE,
    MX_MESSAGE_VALUE_INFO,
    MX_MESSAGE_COUNT
} mx_message;

/* Field numbers of the messages above are smaller. */
#define MX_FIELD_NUMBERS 32u

typedef struct mx_reader {
    mx_graph *g;
    mx_wire_input in;
    const char *dir;                                        /* of external data; NULL: none is reachable */
    uint32_t source;                                        /* index of the model's file in g->sources */
    uint32_t depth, bodies;                                 /* messages and graphs that are open */
    uint8_t wire_types[MX_MESSAGE_COUNT][MX_FIELD_NUMBERS]; /* as mx_scan_wire_types; 0: no such field */
    mx_arena scratch;                                       /* protobuf-c's messages, one at a time */
    mx_buffer text;                                         /* of one rest */
    mx_field *left; /* a stack: fields of the open frames that the graph does not model */
    size_t n_left, cap_left;
    uint32_t *files; /* by location (mx_sid): index of the external file + 1 */
    size_t cap_files;
} mx_reader;

#define MX_MODEL_NODE 0u
/* A scope's own data. Scopes move when one is added: looked up again after every node. */
static inline mx_scope_data *mx_scope_at(const mx_reader *r, mx_node_id scope) {
    return &r->g->scopes[mx_node_at(r->g, scope)->data];
}

/* ---- frames (read_frame.c) ---- */

typedef struct mx_frame {
    mx_wire wire;
    const mx_field *more; /* further parts of the same message, to be merged */
    size_t n_more;
    mx_message kind;
    size_t first_left; /* where the frame begins in mx_reader.left */
    uint32_t last_number;
    bool unordered;
    uint64_t behind_known; /* offset behind the last known field's tag */
} mx_frame;

void mx_reader_init(mx_reader *r, mx_graph *g, const char *dir);
void mx_reader_close(mx_reader *r);

/* Begin to read the message in `f`; counts it as one level. Frames end in the reverse order of their beginning. */
mx_status mx_frame_begin(mx_reader *r, mx_message kind, const mx_field *f, mx_frame *frame, mx_error *err);
/* The next field that onnx.proto knows; unknown ones are put aside. f->number is 0 at the end. */
mx_status mx_frame_next(mx_reader *r, mx_frame *frame, mx_field *f, mx_error *err);
/* Put a field of the innermost frame aside that the graph does not model. */
mx_status mx_frame_leave(mx_reader *r, const mx_field *f, mx_error *err);
/* End the frame; *rest is the text for what was put aside, 0 if nothing was. */
mx_status mx_frame_end(mx_reader *r, mx_frame *frame, mx_sid *rest, mx_error *err);

/* How many levels of messages may be below the message in `f`, which is not a frame. MX_ERR_LIMIT: not even itself. */
mx_status mx_depth_below(const mx_reader *r, const mx_field *f, uint32_t *out, mx_error *err);

/* How often each known field occurs in the message in `f`. */
typedef struct mx_field_counts {
    uint32_t of[MX_FIELD_NUMBERS];
} mx_field_counts;
mx_status mx_count_fields(mx_reader *r, mx_message kind, const mx_field *f, mx_field_counts *counts, mx_error *err);
/* The known fields of a message in turn, for surveys that put nothing aside: *known tells whether f is one. */
mx_status mx_survey_next(mx_reader *r, mx_message kind, mx_wire *wire, mx_field *f, bool *known, mx_error *err);

/* ---- values (read_value.c) ---- */

mx_status mx_read_string(mx_reader *r, const mx_field *f, mx_sid *out, mx_error *err);
static inline int32_t mx_read_int32(const mx_field *f) {
    return (int32_t)(uint32_t)f->scalar;
}
/* A repeated int64, packed or not: adds to *n how many `f` holds; appends them at to[*n]. */
mx_status mx_count_ints(mx_reader *r, const mx_field *f, uint32_t *n, mx_error *err);
mx_status mx_read_ints(mx_reader *r, const mx_field *f, int64_t *to, uint32_t *n, mx_error *err);
mx_status mx_count_floats(const mx_field *f, uint32_t *n, mx_error *err);
mx_status mx_read_floats(mx_reader *r, const mx_field *f, float *to, uint32_t *n, mx_error *err);
/* Room for `count` opset imports of a scope, to be filled by mx_add_opset. */
mx_status mx_new_opsets(mx_reader *r, mx_node_id scope, uint32_t count, mx_error *err);
mx_status mx_add_opset(mx_reader *r, mx_node_id scope, const mx_field *f, mx_error *err);
/* Room for `count` pairs, to be filled by mx_add_pair. */
mx_status mx_new_pairs(mx_reader *r, uint32_t count, mx_pairs *out, mx_error *err);
mx_status mx_add_pair(mx_reader *r, const mx_field *f, mx_pairs *to, mx_error *err);
/* The TypeProto whose encoded form is in memory or in the file (read_type.c). */
mx_status mx_read_type(mx_reader *r, const mx_field *f, uint32_t *out, mx_error *err);

/* ---- messages ---- */

mx_status mx_read_value_info(mx_reader *r, const mx_field *f, mx_value_info *out, mx_error *err);
mx_status mx_read_tensor(mx_reader *r, const mx_field *f, uint32_t *out, mx_error *err);
mx_status mx_read_sparse(mx_reader *r, const mx_field *f, uint32_t *out, mx_error *err);
/* Find the bytes of a tensor with data_location EXTERNAL (read_external.c); t->external is complete. */
mx_status mx_read_external(mx_reader *r, mx_tensor *t, uint64_t offset, mx_error *err);
/* Find the external data files of all tensors in the message in `f`, which the graph does not model, so that they go
 * along (read_external.c). The message was scanned: its depth is bounded. */
mx_status mx_read_hidden_external(mx_reader *r, const ProtobufCMessageDescriptor *message, const mx_field *f,
                                  mx_error *err);
/* An attribute of `node`, an operator or function; bodies become its children. */
mx_status mx_read_attribute(mx_reader *r, mx_node_id node, const mx_field *f, mx_attr *out, mx_error *err);
mx_status mx_read_node(mx_reader *r, mx_node_id parent, const mx_field *f, mx_error *err);
/* The port of an input or output node, which has its name. */
mx_status mx_read_formal_port(mx_reader *r, mx_node *node, mx_error *err);
mx_status mx_read_scope_value_info(mx_reader *r, mx_node_id scope, const mx_field *f, mx_error *err);
/* The GraphProto in n_parts pieces that are merged, into a scope that exists. */
mx_status mx_read_graph(mx_reader *r, mx_node_id scope, const mx_field *parts, size_t n_parts, mx_error *err);
mx_status mx_read_function(mx_reader *r, const mx_field *f, mx_error *err);

#endif
