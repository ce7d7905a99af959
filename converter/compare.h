/* Comparing two graphs by what they mean.
 *
 * What counts: everything that a ModelProto holds, unknown fields and opaque pieces included, compared exactly (an
 * absent field and an empty one differ; floats are compared by their bits).
 *
 * What does not count, because the meaning is the same:
 *  - the order of operators, where both orders are topologically valid. Where either is not, the order has to be the
 *    same;
 *  - the order of initializers, value infos, attributes, opset imports, functions and metadata entries. Of several with
 *    one name the first belongs to the first, and so on. The order of inputs, of outputs and of ports does count;
 *  - where and how a tensor's bytes are stored: within the model or in an external file (location, offset, length,
 *    checksum, basepath, data_location), in raw_data or in a typed field that holds the same values;
 *  - bytes of external files that belong to no tensor, module groups, and faults that follow from the rest.
 *
 * Operators of corresponding scopes are matched by name, by the values they make, then by structure; what was renamed
 * is a change of the name. A value's name is compared where it is made, not again where it is used. Functions
 * correspond by domain, name and overload, bodies by the attribute of matched operators. `rest` texts are compared as
 * texts. Bytes that have a recorded checksum are taken to be what it says, and are not read. */
#ifndef MX_CONVERTER_COMPARE_H
#define MX_CONVERTER_COMPARE_H

#include "converter/graph.h"

/* Compare two wired graphs, both with their sources bound. each may be NULL (only counted); if it returns false the
 * call ends with MX_OK and the count so far. Differences come in a fixed order: model, functions added or removed, then
 * scope by scope what b changes and lacks in the order of a, and what it adds in its own.
 * Linear in the graphs; about 70 bytes a node are allocated. Errors: NOMEM, READ, INVALID (a range beyond its file). */
mx_status mx_graph_compare(mx_graph *a, mx_graph *b, mx_difference_fn each, void *ctx, uint64_t *count, mx_error *err);

#endif
