/* Inside of the ONNX writer. Every message is described once, by a function that puts its fields in number order. It
 * runs twice: counting, to know the lengths that stand before nested messages, and then into the file. The lengths of
 * graphs, nodes, tensors and types are kept between, so that nesting costs no more than the size of the model. */
#ifndef MX_ONNX_IO_WRITE_H
#define MX_ONNX_IO_WRITE_H

#include "base/outfile.h"
#include "converter/graph.h"
#include "onnx_io/rest.h"
#include "onnx_io/weights.h"

typedef struct mx_onnx_writer {
    mx_graph *g;
    mx_outfile *file;    /* NULL: counting */
    uint64_t counted;    /* bytes put while counting */
    uint32_t body_depth; /* graphs that are being put */
    const char *sidecar; /* location of the .onnxdata file that tensors are to refer to; NULL: they are copied */
    bool *file_used;     /* for each of g->external_files: a tensor of the model lies in it */
    /* length + 1 of each message that was counted already, 0: not yet */
    uint64_t *scope_sizes, *node_sizes, *tensor_sizes, *type_sizes;
    mx_weights_reader weights;
} mx_onnx_writer;

/* A message that is being put. Whatever its `rest` holds is put between the fields by its numbers. */
typedef struct mx_out {
    mx_onnx_writer *w;
    mx_arena arena; /* of the decoded rest */
    mx_rest rest;
    size_t next; /* the first field of the rest that is not put yet */
} mx_out;

/* How a kind of message is put: all its fields, in the order of their numbers. */
typedef struct mx_message {
    mx_status (*fields)(mx_out *m, const void *item, mx_error *err);
    const ProtobufCMessageDescriptor *descriptor; /* of the rest; NULL: it has none */
} mx_message;

/* ---- write_fields.c: fields of any message; each first puts what the rest has of lower numbers ---- */

/* Put a message's content, with no tag and length before it. */
mx_status mx_out_content(mx_onnx_writer *w, const mx_message *type, const void *item, mx_sid rest, mx_error *err);
/* Put a message as a field. known: where its length is kept, may be NULL. */
mx_status mx_out_message(mx_out *m, uint32_t number, uint64_t *known, const mx_message *type, const void *item,
                         mx_sid rest, mx_error *err);
void mx_out_int(mx_out *m, uint32_t number, int64_t v);
void mx_out_ints(mx_out *m, uint32_t number, const int64_t *v, size_t n); /* not packed */
void mx_out_float(mx_out *m, uint32_t number, float v);
void mx_out_str(mx_out *m, uint32_t number, mx_str s);     /* always put */
void mx_out_text(mx_out *m, uint32_t number, mx_sid text); /* absent: not put */
/* Bytes of a source, as a length-delimited field; bare: without tag and length. */
mx_status mx_out_blob(mx_out *m, uint32_t number, const mx_blob *b, bool bare, mx_str tensor, mx_error *err);
void mx_out_pair(mx_out *m, uint32_t number, mx_str key, mx_str value); /* StringStringEntryProto */
void mx_out_pairs(mx_out *m, uint32_t number, const mx_pairs *pairs);

/* ---- the messages ---- */

/* A TensorProto by its index in g->tensors, a TypeProto by its index in g->types, a SparseTensorProto likewise; nothing
 * for MX_NO_INDEX. movable: the tensor may be left in the .onnxdata file (what is in sparse tensors may not). */
mx_status mx_out_tensor(mx_out *m, uint32_t number, uint32_t tensor, bool movable, mx_error *err);
mx_status mx_out_sparse(mx_out *m, uint32_t number, uint32_t sparse, mx_error *err);
mx_status mx_out_type(mx_out *m, uint32_t number, uint32_t type, mx_error *err);

mx_status mx_out_node(mx_out *m, uint32_t number, mx_node_id node, mx_error *err);
mx_status mx_out_attr(mx_out *m, uint32_t number, const mx_attr *attr, mx_error *err);
/* A GraphProto by the node of its scope (a body, or the model). */
mx_status mx_out_graph(mx_out *m, uint32_t number, mx_node_id scope, mx_error *err);
/* Whether all opaque pieces of the graph (wire bytes that are written as they are) are messages that can be read again;
 * MX_ERR_INVALID if not (write_check.c). Pieces of a rest are looked at when it is decoded, by mx_check_wire. */
mx_status mx_check_opaque(const mx_graph *g, mx_error *err);
mx_status mx_check_wire(const mx_graph *g, mx_str bytes, const ProtobufCMessageDescriptor *message, const char *what,
                        mx_error *err);

/* The whole ModelProto. */
mx_status mx_out_model(mx_onnx_writer *w, mx_error *err);

#endif
