/* Calls of local functions: which function an operator calls, and which functions are reached from some operators. */
#ifndef MX_CONVERTER_CALLS_H
#define MX_CONVERTER_CALLS_H

#include "base/slate.h"
#include "converter/graph.h"

typedef struct mx_calls {
    const mx_graph *g;
    mx_node_id *functions; /* in the order of the model */
    uint32_t *slots;       /* hash table over them by domain, name and overload: index + 1 */
    size_t count, cap, n_slots;
} mx_calls;

mx_status mx_calls_init(mx_calls *c, const mx_graph *g, mx_error *err); /* mx_calls_free in any case */
void mx_calls_free(mx_calls *c);
/* The place in c->functions of the function of that name, MX_NO_INDEX: none. An absent domain or overload is as an empty
 * one. */
uint32_t mx_calls_find(const mx_calls *c, mx_sid domain, mx_sid name, mx_sid overload);
/* Mark in reached[] (c->count flags) the functions that operators in or below the nodes call, directly or through others.
 * skip: by node, not 0 for operators that do not count; NULL: all do. */
mx_status mx_calls_reach(const mx_calls *c, const mx_node_id *nodes, size_t count, const mx_slate *skip, bool *reached,
                         mx_error *err);

#endif
