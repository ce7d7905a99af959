/* What the builder's two sides share: rules (build.h) and the writer (build_graph.h), which knows the compound graph
 * too. */
#ifndef MX_TORCH_BUILD_TYPES_H
#define MX_TORCH_BUILD_TYPES_H

#include "torch_io/program.h"

typedef uint32_t mx_val; /* a value of the graph that is built */
#define MX_NO_VAL 0u

typedef struct mx_build mx_build;

typedef enum mx_at_kind {
    MX_AT_END = 0,
    MX_AT_INT,
    MX_AT_INTS,
    MX_AT_FLOAT,
    MX_AT_FLOATS,
    MX_AT_STRING,
    MX_AT_STRINGS,
    MX_AT_BODY
} mx_at_kind;
typedef struct mx_at { /* an attribute */
    const char *name;
    mx_at_kind kind;
    size_t n;
    int64_t i; /* INT; BODY: its number */
    float f;
    const int64_t *ints; /* copied */
    const float *floats; /* copied */
    const char *s;       /* copied */
    const char *const *strings;
} mx_at;

#endif
