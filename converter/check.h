/* Whether a graph is a valid model in the sense of the ONNX IR specification. */
#ifndef MX_CONVERTER_CHECK_H
#define MX_CONVERTER_CHECK_H

#include "converter/graph.h"

/* Codes are stable words for programs:
 *   unresolved-input, unresolved-output     a name that nothing makes
 *   unordered                               a value that is made only later, or by the operator itself
 *   duplicate-value                         a second value of one name in one scope
 *   shadowed-value                          a value with the name of one in an outer scope
 *   unnamed-graph, unnamed-input, unnamed-initializer, unnamed-function, no-op-type
 *   missing-opset-import, duplicate-opset-import, opset-without-version
 *   missing-ir-version, missing-graph, missing-type
 *   initializer-not-input                   IR versions below 4 want initializers among the inputs
 *   odd-attribute, untyped-attribute, unnamed-attribute, duplicate-attribute
 *   reference-outside-function              an attribute that refers to one of a function, but stands in none
 *   unknown-reference                       ... or to one that the function does not have
 *   missing-body, stray-body                a GRAPH attribute without its body, a body without its attribute
 *   duplicate-function
 *   tensor-type, tensor-dims, tensor-size, tensor-data, external-range */
typedef struct mx_problem {
    const char *code;
    mx_node_id node;     /* where: the consumer, the maker, the scope of an initializer */
    uint32_t port;       /* input or output port, place in a list; MX_NO_INDEX: does not apply */
    const char *message; /* one sentence without the node's name, printable; valid during the call */
} mx_problem;

/* Check a wired graph. Every problem is given to `each` (may be NULL) and counted in *count. Returns MX_OK whatever it
 * finds; MX_ERR_NOMEM. Linear in the graph; data is not read. Opaque parts (`rest`, odd encodings) are not looked into.
 */
mx_status mx_graph_check(const mx_graph *g, void (*each)(void *ctx, const mx_problem *p), void *ctx, uint64_t *count,
                         mx_error *err);

#endif
