/* What the editing functions of the public header share. Names of values are string ids; a value is a name in a scope.
 */
#ifndef MX_CONVERTER_EDIT_H
#define MX_CONVERTER_EDIT_H

#include "converter/graph.h"

/* The node, if it exists and is of one of the kinds (bits 1u << kind); else MX_ERR_USAGE. */
mx_status mx_edit_node(mx_graph *g, mx_node_id id, unsigned kinds, mx_node **out, mx_error *err);
#define MX_KIND(kind)     (1u << MX_NODE_##kind)
#define MX_KINDS_SCOPE    (MX_KIND(MODEL) | MX_KIND(FUNCTION) | MX_KIND(BODY))
#define MX_KINDS_COMPOUND (MX_KINDS_SCOPE | MX_KIND(MODULE))
/* A name that is nowhere in the graph: `base`, perhaps with "_" and a number behind it. */
mx_status mx_edit_fresh_name(mx_graph *g, mx_str base, mx_sid *out, mx_error *err);
/* The name for output `port` of operator `node`, that nothing has yet: "NAME_output_0". */
mx_status mx_edit_fresh_output(mx_graph *g, mx_node_id node, uint32_t port, mx_sid *out, mx_error *err);
/* MX_ERR_INVALID with the node's name as its place. */
mx_status mx_edit_invalid(const mx_graph *g, mx_node_id node, mx_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- values (edit_values.c). All linear in the graph. ---- */

typedef enum mx_binding_kind {
    MX_BINDS_NOTHING = 0,
    MX_BINDS_INITIALIZER,
    MX_BINDS_INPUT,
    MX_BINDS_OPERATOR
} mx_binding_kind;
typedef struct mx_binding {
    mx_binding_kind kind;
    bool initializer; /* there is one of that name (the default of an input) */
    uint32_t makers;  /* input nodes and operators' ports that make the name */
    mx_node_id node;  /* the first of them */
    uint32_t port;
} mx_binding;
/* What a name means in this scope alone. */
mx_binding mx_scope_binding(const mx_graph *g, mx_node_id scope, mx_sid name);
/* The scope around a scope: a body's is that of its operator, else MX_NO_NODE. */
mx_node_id mx_outer_scope(const mx_graph *g, mx_node_id scope);
/* Whether any port, initializer, input or output bears this name in the model's graph or function that holds `scope`.
 */
bool mx_value_name_used(const mx_graph *g, mx_node_id scope, mx_sid name);
/* Give the value `old` of a scope another name, wherever it is made, used or described; `name` must not be in use. */
void mx_rename_value(mx_graph *g, mx_node_id scope, mx_sid old, mx_sid name);
/* Drop a scope's value_info entries for the names that are gone, by string id. */
void mx_drop_value_infos(mx_scope_data *s, const bool *gone);
/* A tensor that no list or attribute refers to any more lets its bytes go, so that no file is written for them. */
void mx_retire_tensor(mx_graph *g, uint32_t tensor);
void mx_retire_sparse(mx_graph *g, uint32_t sparse);
void mx_retire_attribute_tensors(mx_graph *g, const mx_attr *a);

/* ---- attributes and nodes ---- */

/* Take all below `node`, and it, out of the graph; nothing may refer to what they make (edit_nodes.c). */
void mx_take_out(mx_graph *g, mx_node_id node);
/* A new operator, MX_FLAG_NEW, its inputs empty and its outputs with fresh names, tagged as its module is
 * (edit_nodes.c). */
mx_status mx_new_operator(mx_graph *g, mx_node_id parent, mx_str op_type, mx_str name, size_t n_inputs,
                          size_t n_outputs, mx_node_id *out, mx_error *err);

#endif
