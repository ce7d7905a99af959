/* Graphs by hand, for comparisons: unlike those of small_graph.h they say everything themselves, down to names and types. */
#ifndef HAND_GRAPH_H
#define HAND_GRAPH_H

#include "converter/compare.h"

enum { FLOAT = 1, INT8 = 3, INT64 = 7, STRING = 8 }; /* TensorProto.DataType */

mx_graph *hand_graph(void); /* empty */
mx_sid hand_sid(mx_graph *g, const char *s);
void *hand_array(mx_graph *g, size_t n, size_t size);
/* inputs, outputs: names between commas; "" gives none. */
mx_node_id hand_op(mx_graph *g, mx_node_id scope, const char *type, const char *name, const char *inputs,
                   const char *outputs);
uint32_t hand_float_type(mx_graph *g, int64_t dim); /* FLOAT[dim] */
mx_node_id hand_input(mx_graph *g, mx_node_id scope, const char *name);  /* FLOAT[3] */
mx_node_id hand_output(mx_graph *g, mx_node_id scope, const char *name); /* FLOAT[3] */
mx_pairs hand_pairs(mx_graph *g, const char *key, const char *value, const char *key2, const char *value2);
uint32_t hand_tensor(mx_graph *g, const char *name, int32_t type, mx_tensor_field field, const void *bytes, size_t n);
uint32_t hand_initializer(mx_graph *g, const char *name, int32_t type, mx_tensor_field field, const void *bytes, size_t n);
mx_attr *hand_attributes(mx_graph *g, mx_node_id node, uint32_t n);
mx_node_id hand_body(mx_graph *g, mx_node_id owner, const char *name);
mx_attr hand_graph_attribute(mx_graph *g, const char *name, mx_node_id of);
void hand_wire(mx_graph *g);
mx_node_id hand_find(const mx_graph *g, const char *name); /* fails the test if there is none */

/* A model with a bit of everything. */
enum { HAND_WEIGHTS = 3 };
extern const float hand_weights[HAND_WEIGHTS];
mx_graph *hand_model(void);
mx_graph *hand_diamond(void); /* operators that can be in two orders */
void hand_swap_ids(mx_node_id *ids, size_t i, size_t k);

typedef struct hand_log {
    char text[8192];
    size_t stop_after, calls;
} hand_log;
/* An mx_difference_fn whose ctx is a hand_log. */
bool hand_write_down(void *ctx, const mx_difference *d);
/* Compares and frees both; the differences have to be as `expected`. */
void hand_expect(mx_graph *a, mx_graph *b, const char *expected);

#endif
