/* The lowering as the writer calls it: without the names that rules use (build.h). */
#ifndef MX_TORCH_LOWER_PROGRAM_H
#define MX_TORCH_LOWER_PROGRAM_H

#include "torch_io/build_graph.h"

/* Lower the whole of a functional program: inputs and weights are made, the nodes lowered, the outputs of body 0 set
 * (those of the program but for None). Errors: UNSUPPORTED (names target, node, module, source line), INVALID, LIMIT,
 * NOMEM. */
mx_status mx_lower_program(const mx_program *p, mx_build *b, mx_error *err);

#endif
