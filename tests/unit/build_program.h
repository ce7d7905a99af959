/* A builder over an empty program, and looks at what it made. */
#ifndef TESTS_BUILD_PROGRAM_H
#define TESTS_BUILD_PROGRAM_H

#include "torch_io/build.h"
#include "torch_io/build_graph.h"

typedef struct test_build {
    mx_program p;
    mx_build *b;
} test_build;

/* False: no memory. env may be NULL. */
bool test_build_init(test_build *t, const mx_env *env, int opset);
void test_build_free(test_build *t);
/* An expression of sizes: "s0". */
mx_size test_symbol(test_build *t, const char *expr);
/* A float32 input (or of another type) of the given sizes. */
mx_val test_input(test_build *t, int32_t elem, int rank, const mx_size *sizes);
mx_val test_numbers(test_build *t, int32_t elem, int rank, const int64_t *sizes);
/* The operator that makes a value; NULL: none does. */
const mx_bop *test_made_by(const test_build *t, mx_val v);
/* "Reshape(Transpose(#,[1,2]),[2,-1])": how a value comes about. # is an input, [...] an integer constant, C another
 * one; attributes are not shown. Static memory. */
const char *test_text(const test_build *t, mx_val v);

#endif
