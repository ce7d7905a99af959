/* Local functions: each is a module of the place that it is called from. */
#ifndef MX_HTP_FUNCTIONS_H
#define MX_HTP_FUNCTIONS_H

#include "htp/sources.h"

typedef struct mx_htp_functions {
    mx_node_id *nodes;   /* the functions */
    uint32_t *homes;     /* by function: the module of its operators */
    bool *exact;         /* by function: it is a module itself, not only called in one */
    uint32_t *by_name;   /* by string id: first function of that name + 1 */
    uint32_t *next;      /* by function: the next of that name + 1 */
    uint32_t *calls;     /* by function: calls not yet seen */
    uint32_t n;
    size_t n_names;
} mx_htp_functions;

mx_status mx_htp_functions_init(mx_htp_functions *x, const mx_htp_sources *s);
void mx_htp_functions_free(mx_htp_functions *x, const mx_graph *g);
/* Find the homes, callers first. Without a given tree a function becomes a module that bears its name. */
mx_status mx_htp_functions_place(mx_htp_functions *x, mx_htp_sources *s);
/* The function that an operator calls, MX_NO_INDEX: none. */
uint32_t mx_htp_function_called(const mx_htp_functions *x, const mx_graph *g, const mx_node *op);

#endif
