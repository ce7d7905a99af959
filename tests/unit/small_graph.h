/* Small graphs written by hand. Lists of names are texts with commas: "x,,w" has an empty name in the middle; NULL is
 * an empty list. Failures end the test. */
#ifndef TESTS_SMALL_GRAPH_H
#define TESTS_SMALL_GRAPH_H

#include "converter/graph.h"

mx_graph *small_graph(const mx_env *env);                                /* IR version 8, opset 17 of domain "" */
mx_node_id small_input(mx_graph *g, mx_node_id scope, const char *name); /* FLOAT, rank 0 */
mx_node_id small_output(mx_graph *g, mx_node_id scope, const char *name);
uint32_t small_initializer(mx_graph *g, mx_node_id scope, const char *name); /* one FLOAT */
uint32_t small_sparse(mx_graph *g, mx_node_id scope, const char *name);
mx_node_id small_op(mx_graph *g, mx_node_id parent, const char *type, const char *inputs, const char *outputs);
mx_node_id small_module(mx_graph *g, mx_node_id parent, const char *name, const char *class_name);
/* The body and the GRAPH attribute that holds it. */
mx_node_id small_body(mx_graph *g, mx_node_id op, const char *attribute);
mx_node_id small_function(mx_graph *g, const char *domain, const char *name);
mx_sid small_sid(mx_graph *g, const char *text);
void small_wire(mx_graph *g);
/* The op_types of a scope's operators in order, "Add Relu"; static buffer. */
const char *small_order(const mx_graph *g, mx_node_id scope);
const char *small_text(mx_str s); /* static buffers, four at a time; "(absent)" for absent */

#endif
