/* The inside of the lowering: what the driver keeps while it walks over a program. Rules see mx_rule only. */
#ifndef MX_TORCH_LOWER_RUN_H
#define MX_TORCH_LOWER_RUN_H

#include "torch_io/build_graph.h"
#include "torch_io/lower.h"
#include "torch_io/lower_program.h"

struct mx_lower {
    const mx_program *p;
    mx_build *b;
    mx_val *values; /* by value of the program. A bfloat16 tensor is here as bfloat16, or as float32 that needs no
                       rounding */
    uint8_t *used;  /* by value of the program: something takes it */
    const mx_lowering **rows; /* by string id: the row of that target, once it was looked for */
    uint32_t depth;           /* graphs in graphs that are open */
};
enum { MX_MAX_GRAPH_DEPTH = 32 };

/* A program's value as rules see it: bfloat16 as float32, numbers as int64, double or bool with one element, rank 1. */
mx_val mx_lower_value(mx_lower *l, uint32_t value);
/* A constant argument as a value of rank 0; MX_NO_VAL for what is no number. */
mx_val mx_lower_number(mx_build *b, const mx_parg *a);

/* The place of a node for messages: "aten.foo.default, node 'foo_1', module 'encoder.layer.0', model.py:120". Without
 * folders: a message must not tell of the exporting machine's paths. */
void mx_describe_place(const mx_program *p, uint32_t node, char *out, size_t size);

/* The row of a target and the family that it stands in. */
const mx_lowering *mx_lowering_find_in(const char *target, const mx_lowering_family **family);

#endif
