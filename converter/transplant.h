/* Copies of pieces of one graph in another: operators with their bodies, functions, tensors, types. Weights stay where
 * they lie: the other graph takes a reference to their files. Data of external files becomes raw data of the copy, and
 * module groups within bodies are not copied. */
#ifndef MX_CONVERTER_TRANSPLANT_H
#define MX_CONVERTER_TRANSPLANT_H

#include "base/slate.h"
#include "converter/graph.h"

typedef struct mx_transplant {
    const mx_graph *from; /* does not change meanwhile */
    mx_graph *to;
    mx_error *err;
    mx_slate strings; /* by string id of `from`; MX_SID_NOMEM: not copied yet */
    mx_slate values;  /* likewise, for the names of values; MX_SID_NOMEM: as `strings` */
    mx_slate tensors, types, sources, checks; /* MX_NO_INDEX: not copied yet */
    mx_slate nodes;   /* copies of operators and functions, MX_NO_NODE: none */
} mx_transplant;

/* from and to are two graphs. mx_transplant_end in any case. */
mx_status mx_transplant_begin(mx_transplant *t, const mx_graph *from, mx_graph *to, mx_error *err);
/* Begin anew, with another graph to copy to. Constant time. */
void mx_transplant_restart(mx_transplant *t, mx_graph *to, mx_error *err);
void mx_transplant_end(mx_transplant *t);

mx_status mx_transplant_string(mx_transplant *t, mx_sid id, mx_sid *out);
/* The name of a value in the copy: that of the original, unless t->values holds another one. */
mx_status mx_transplant_value(mx_transplant *t, mx_sid id, mx_sid *out);
mx_status mx_transplant_type(mx_transplant *t, uint32_t type, uint32_t *out);
mx_status mx_transplant_pairs(mx_transplant *t, const mx_pairs *from, mx_pairs *out);
mx_status mx_transplant_opset(mx_transplant *t, const mx_opset *from, mx_opset *out);
/* An initializer, whose name is that of a value, and which is copied once; the copy is in no list yet. */
mx_status mx_transplant_initializer(mx_transplant *t, uint32_t tensor, uint32_t *out);
mx_status mx_transplant_sparse(mx_transplant *t, uint32_t sparse, bool initializer, uint32_t *out);
mx_status mx_transplant_value_info(mx_transplant *t, const mx_value_info *from, mx_value_info *out);
/* The node becomes the last child of `parent`, an operator the last of its scope; it is not wired. */
mx_status mx_transplant_operator(mx_transplant *t, mx_node_id op, mx_node_id parent, mx_node_id *out);
mx_status mx_transplant_formal(mx_transplant *t, mx_node_id input_or_output, mx_node_id parent, mx_node_id *out);
mx_status mx_transplant_function(mx_transplant *t, mx_node_id function, mx_node_id *out);
/* Into a function that is there, and empty. */
mx_status mx_transplant_function_into(mx_transplant *t, mx_node_id function, mx_node_id into);
/* A new formal input or output of a scope; outputs are not wired. */
mx_status mx_add_formal(mx_graph *g, mx_node_kind kind, mx_node_id scope, mx_sid name, uint32_t type, mx_node_id *out,
                        mx_error *err);

/* Attributes, with their bodies below node `to` of the other graph (transplant_attributes.c). */
mx_status mx_transplant_attributes(mx_transplant *t, const mx_node *from, mx_node_id to);
mx_status mx_transplant_body(mx_transplant *t, mx_node_id body, mx_node_id op, mx_node_id *out);
/* A tensor of an attribute. */
mx_status mx_transplant_tensor(mx_transplant *t, uint32_t tensor, uint32_t *out);

#endif
