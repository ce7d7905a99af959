/* Shared by the files of the checker. */
#ifndef MX_CONVERTER_CHECK_INTERNAL_H
#define MX_CONVERTER_CHECK_INTERNAL_H

#include "converter/check.h"

/* Who made a name known at this point of the walk. */
typedef struct mx_known {
    mx_node_id scope; /* MX_NO_NODE: nobody */
    mx_node_id node;  /* MX_NO_NODE: an initializer */
} mx_known;

typedef struct mx_known_undo {
    mx_sid name;
    mx_known old;
} mx_known_undo;

typedef struct mx_checker {
    const mx_graph *g;
    void (*each)(void *ctx, const mx_problem *p);
    void *ctx;
    uint64_t count;
    mx_error *err;
    mx_node_id root;   /* the model or function that is being checked */
    bool open_imports; /* an import of the root could not be read */
    mx_sid ai_onnx;    /* the other name of the domain "" */
    mx_known *known;   /* by string: values */
    mx_known_undo *log;
    size_t n_log, cap_log;
    /* By string: the number + 1 of the node for which the mark was set, so that no table has to be cleared. */
    uint32_t *imported;  /* domain: root */
    uint32_t *formal;    /* attribute of a function: root */
    uint32_t *attribute; /* attribute name: operator */
    bool *local;         /* domain of a local function */
    bool *has_attribute; /* by node: a body that an attribute refers to */
    mx_node_id *functions;
    size_t n_functions;
} mx_checker;

/* Count and pass on. Names in `...` go through mx_show. */
void mx_check_report(mx_checker *c, const char *code, mx_node_id node, uint32_t port, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
static inline bool mx_check_named(mx_sid name) {
    return name > MX_SID_EMPTY;
}
/* The domain "" has the names "", "ai.onnx" and none. */
static inline mx_sid mx_check_domain(const mx_checker *c, mx_sid domain) {
    return domain == MX_SID_ABSENT || domain == c->ai_onnx ? MX_SID_EMPTY : domain;
}

void mx_check_attributes(mx_checker *c, mx_node_id node);              /* check_attributes.c */
void mx_check_tensor(mx_checker *c, mx_node_id node, uint32_t tensor); /* check_tensor.c */
void mx_check_sparse(mx_checker *c, mx_node_id node, uint32_t sparse);
mx_status mx_check_values(mx_checker *c, mx_node_id scope); /* check_values.c */

#endif
