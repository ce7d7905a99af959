/* Programs as text, for tests: one node a line.
 *
 *     y[2,3] = aten.clone.default(x)
 *     a[2,1] b[2,2] = aten.split_with_sizes.default(y, [1,2], 1)
 *
 * "name[SIZES]" declares a value, float32 unless ":ELEM" stands behind the name, contiguous unless "'" stands behind the
 * sizes (then laid out the other way round). Arguments: names, numbers, reals (0.5), True, False, None, [ints], [names]. */
#ifndef TESTS_PROGRAM_TEXT_H
#define TESTS_PROGRAM_TEXT_H

#include "torch_io/program.h"

/* A program of graph 0 with these inputs (as declared values, separated by spaces) and outputs (names). Texts that are no
 * program fail the test. */
mx_program *test_program(const mx_env *env, const char *inputs, const char *nodes, const char *outputs);
/* Further nodes of graph 0, and its outputs anew. */
void test_more_nodes(mx_program *p, const char *nodes, const char *outputs);
/* A further graph of the program; a node that is added later has it as its argument "@N". Returns N. */
uint32_t test_subgraph(mx_program *p, const char *inputs, const char *nodes, const char *outputs);
/* What is in graph 0, a node a line, "OUTPUTS = TARGET(ARGUMENTS)" without trailing Nones and Falses, and last "-> OUTPUTS".
 * Freed with free(). */
char *test_program_text(const mx_program *p);

#endif
