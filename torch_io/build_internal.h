/* The builder's parts to each other.
 *
 *   build.c           values, operators, equal ones once, bodies
 *   build_state.c     setting up, what the driver sees, errors
 *   build_types.c     element types and sizes of outputs
 *   build_number.c    elements as numbers
 *   build_fold*.c     operators on constants
 *   build_simplify*.c operators that have no effect, or could be had with fewer
 *   build_served.c    operators that do not have an element type
 *   build_finish.c    what is seen only when all operators are there
 *   build_ops*.c      the forms that depend on the opset */
#ifndef MX_TORCH_BUILD_INTERNAL_H
#define MX_TORCH_BUILD_INTERNAL_H

#include "torch_io/build.h"
#include "torch_io/build_graph.h"

enum {
    MX_BUILD_DEPTH = 64,          /* bodies within bodies */
    MX_BUILD_SMALL_WEIGHT = 1024, /* bytes of an integer weight that can be computed with */
    MX_BUILD_LOADED = 16 << 20,   /* bytes of all other weights that are read to put them together in another order */
    MX_BUILD_FOLDED = 65536       /* bytes that folding may make of less */
};

/* An operator that is asked for. */
typedef struct mx_ask {
    const char *op;
    const mx_val *in;
    const mx_at *at;
    size_t n_in, n_at;
} mx_ask;

/* ---- build.c ---- */

/* A new value, MX_NO_VAL: no memory (and the builder has failed). */
mx_val mx_build_add(mx_build *b, const mx_bvalue *v);
/* Make an operator as it stands, or find an equal one. */
void mx_build_emit(mx_build *b, const mx_ask *ask, mx_val *out, size_t n_out);
static inline mx_val mx_build_emit1(mx_build *b, const mx_ask *ask) {
    mx_val out = MX_NO_VAL;
    mx_build_emit(b, ask, &out, 1);
    return out;
}
/* Arena memory; NULL: the builder has failed. */
void *mx_build_memory(mx_build *b, size_t count, size_t size);
void *mx_build_copy(mx_build *b, const void *from, size_t count, size_t size);
void mx_build_nomem(mx_build *b);

static inline const mx_bvalue *mx_build_look(const mx_build *b, mx_val v) {
    return &b->values[v < b->n_values ? v : MX_NO_VAL];
}
/* The operator that makes a value, if it is called so; NULL otherwise. */
const mx_bop *mx_build_made_by(const mx_build *b, mx_val v, const char *op);
/* The row of an operator in a table that is sorted by its first member, the operator's name; NULL: it has none. */
const void *mx_build_row(const void *rows, size_t n, size_t size, const char *op);
#define MX_BUILD_ROW(rows_, op_) mx_build_row((rows_), sizeof(rows_) / sizeof *(rows_), sizeof *(rows_), (op_))
/* An attribute of an operator or of what is asked for. */
const mx_at *mx_build_find(const mx_at *at, size_t n, const char *name);
int64_t mx_build_int(const mx_at *at, size_t n, const char *name, int64_t otherwise);

/* ---- build_state.c ---- */

/* Whether the bytes of a weight, if they are no more than `most`, can be read; reading them (the builder may fail). */
bool mx_build_can_load(const mx_build *b, mx_val v, uint64_t most);
void mx_build_load(mx_build *b, mx_val v);

/* ---- build_finish.c ---- */

/* After the last operator: no more may be made. */
void mx_build_finish(mx_build *b);

/* ---- build_slots.c ---- */

/* Where to look for a hash: call with *at = hash at first, then again for the next one. 0: no more. Else index + 1. */
uint32_t mx_slots_next(const mx_bslots *s, uint32_t hash, size_t *at);
bool mx_slots_add(const mx_allocator *a, mx_bslots *s, uint32_t hash, uint32_t index);
void mx_slots_free(const mx_allocator *a, mx_bslots *s);

/* ---- build_types.c ---- */

void mx_build_infer(mx_build *b, uint32_t op);
/* What the builder knows of sizes, put together from two sources. */
mx_size mx_build_better(mx_size a, mx_size other);

/* ---- build_sizes.c ---- */

/* An input's sizes become known as sources of their expressions. */
void mx_build_note_input(mx_build *b, mx_val input);
/* A size as the value that stands for it everywhere (int64, rank 1, one element); false: no input has it. */
bool mx_build_named_size(mx_build *b, mx_size s, mx_val *out);
/* What an integer tensor of rank 0 or 1 holds, as far as it is known; false: nothing is, or more than `max`. */
bool mx_build_items(const mx_build *b, mx_val v, mx_size *items, size_t max, size_t *n);
/* The rule for Reshape (see build_simplify.c). */
bool mx_build_reshape(mx_build *b, const mx_ask *ask, mx_val *out);
/* Reshape what a chain of reshapes began with; false: the sizes are not constants to it. */
bool mx_build_reshape_to(mx_build *b, mx_val v, const mx_size *sizes, size_t n, mx_val *out);

/* ---- build_number.c ---- */

/* Bytes of an element, 0: not one that is computed with. */
size_t mx_elem_size(int32_t elem);
bool mx_elem_is_int(int32_t elem);                             /* not bool */
bool mx_elem_is_float(int32_t elem);                           /* float16, bfloat16, float32, float64 */
int64_t mx_load_int(const void *p, size_t i, int32_t elem);    /* uint64 as its bits */
double mx_load_real(const void *p, size_t i, int32_t elem);    /* any type */
void mx_store_int(void *p, size_t i, int32_t elem, int64_t v); /* integers: cut; floats: rounded; bool: not 0 */
void mx_store_real(void *p, size_t i, int32_t elem, double v); /* integers: towards 0, kept in range, NaN is 0 */
uint16_t mx_half_of(double v);
double mx_half_value(uint16_t h);
uint16_t mx_bfloat16_of(double v);

/* ---- folding and simplifying: true: *out is the result. Nothing was emitted when they say false ---- */

/* Work in another type where the operator does not have this one (build_served.c). */
bool mx_build_serve(mx_build *b, const mx_ask *ask, mx_val *out);
bool mx_build_fold(mx_build *b, const mx_ask *ask, mx_val *out);
bool mx_build_simplify(mx_build *b, const mx_ask *ask, mx_val *out);
/* After an operator was made: the constant or size that it is known to be, or itself. */
mx_val mx_build_settle(mx_build *b, mx_val v);

/* A constant that all bytes are known of (or a small weight); NULL otherwise. */
static inline const mx_bvalue *mx_build_const(const mx_build *b, mx_val v) {
    const mx_bvalue *c = mx_build_look(b, v);
    return v != MX_NO_VAL && c->bytes ? c : NULL;
}
/* Its sizes as numbers (MX_MAX_RANK of room); the number of elements. */
size_t mx_const_dims(const mx_bvalue *c, int64_t *dims);

#endif
