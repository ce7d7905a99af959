/* Names within scopes: for the initializers, or the described values, of all scopes of a graph. */
#ifndef MX_CONVERTER_NAME_INDEX_H
#define MX_CONVERTER_NAME_INDEX_H

#include "converter/graph.h"

typedef struct mx_named {
    uint32_t scope; /* index into mx_graph.scopes */
    mx_sid name;
    uint32_t place; /* in its list */
    uint32_t id;    /* tensor or sparse; value infos have only their place */
    bool sparse;
    uint32_t next;  /* of the same name in the same scope, MX_NO_INDEX: the last */
} mx_named;

typedef struct mx_name_index {
    const mx_allocator *allocator;
    mx_named *items; /* scope by scope; dense initializers before sparse ones */
    uint32_t *slots; /* hash table: item + 1, the first of its name and scope */
    uint32_t *last;  /* by item that is the first: the last one of its name and scope */
    size_t count, cap, n_slots;
} mx_name_index;

/* What there is now. Linear. mx_name_index_free in any case. */
mx_status mx_name_index_initializers(mx_name_index *x, const mx_graph *g, mx_error *err);
mx_status mx_name_index_value_infos(mx_name_index *x, const mx_graph *g, mx_error *err);
void mx_name_index_free(mx_name_index *x); /* zeroed is fine */

/* The first item of that name in the scope, and the last one; MX_NO_INDEX: there is none. Constant time. */
uint32_t mx_name_index_first(const mx_name_index *x, uint32_t scope, mx_sid name);
uint32_t mx_name_index_last(const mx_name_index *x, uint32_t scope, mx_sid name);

#endif
