/* Element types that ONNX does not allow for an operator, or for which onnxruntime's CPU provider has no kernel: the
 * operator works in another type that holds all values, between Casts. */
#include "torch_io/build_internal.h"

#define BIT(elem) (1u << (elem))
#define FLOATS    (BIT(MX_ELEM_FLOAT) | BIT(MX_ELEM_DOUBLE) | BIT(MX_ELEM_FLOAT16) | BIT(MX_ELEM_BFLOAT16))
#define WIDE      (BIT(MX_ELEM_INT32) | BIT(MX_ELEM_INT64))
#define BYTES     (BIT(MX_ELEM_INT8) | BIT(MX_ELEM_UINT8))

typedef struct served {
    const char *op;
    uint32_t types;    /* those that it works with */
    uint8_t inputs;    /* bits: inputs that are of the type in question; the lowest one is looked at */
    bool back;         /* the output is of that type too */
    int opset;         /* from here on it also has ... */
    uint32_t and_then; /* ... these */
} served;

static const served rows[] = {
    {"ArgMax", FLOATS | WIDE | BYTES, 1, false, 0, 0},
    {"ArgMin", FLOATS | WIDE | BYTES, 1, false, 0, 0},
    {"Clip", FLOATS | WIDE | BYTES | BIT(MX_ELEM_UINT32) | BIT(MX_ELEM_UINT64), 7, true, 0, 0},
    {"CumSum", FLOATS | WIDE, 1, true, 0, 0},
    {"IsInf", BIT(MX_ELEM_FLOAT) | BIT(MX_ELEM_DOUBLE), 1, false, 0, 0},
    {"MatMul", FLOATS | WIDE | BIT(MX_ELEM_UINT32) | BIT(MX_ELEM_UINT64), 3, true, 0, 0},
    {"Max", FLOATS | WIDE | BYTES | BIT(MX_ELEM_UINT32) | BIT(MX_ELEM_UINT64), 255, true, 0, 0},
    {"Min", FLOATS | WIDE | BYTES | BIT(MX_ELEM_UINT32) | BIT(MX_ELEM_UINT64), 255, true, 0, 0},
    {"Neg", FLOATS | WIDE | BIT(MX_ELEM_INT8) | BIT(MX_ELEM_INT16), 1, true, 0, 0},
    {"NonZero", BIT(MX_ELEM_FLOAT) | BIT(MX_ELEM_FLOAT16) | WIDE | BIT(MX_ELEM_UINT8) | BIT(MX_ELEM_BOOL), 1, false, 0,
     0},
    {"Pad", ~(BIT(MX_ELEM_INT16) | BIT(MX_ELEM_UINT16)), 5, true, 0, 0},
    {"Pow", FLOATS | WIDE, 1, true, 0, 0},
    {"Range", BIT(MX_ELEM_FLOAT) | BIT(MX_ELEM_DOUBLE) | BIT(MX_ELEM_INT16) | WIDE, 7, true, 0, 0},
    {"ReduceMax", FLOATS | WIDE | BYTES, 1, true, 20, BIT(MX_ELEM_BOOL)},
    {"ReduceMean", FLOATS | WIDE, 1, true, 0, 0},
    {"ReduceMin", FLOATS | WIDE | BYTES, 1, true, 20, BIT(MX_ELEM_BOOL)},
    {"ReduceProd", FLOATS | WIDE, 1, true, 0, 0},
    {"ReduceSum", FLOATS | WIDE, 1, true, 0, 0},
    {"Trilu", FLOATS | WIDE | BIT(MX_ELEM_BOOL), 1, true, 0, 0},
    {"Where", FLOATS | WIDE | BYTES | BIT(MX_ELEM_UINT32), 6, true, 0, 0},
};

static bool takes(const mx_build *b, const served *row, int32_t elem) {
    uint32_t types = row->types | (row->opset && b->opset >= row->opset ? row->and_then : 0);
    return types >> elem & 1;
}

/* A type that holds all values of another; 0: there is none (uint64 by its bits in int64 is what torch does, too). */
static int32_t working_type(const mx_build *b, const served *row, int32_t elem) {
    static const int32_t wider[] = {MX_ELEM_INT32, MX_ELEM_INT64};
    if (elem == MX_ELEM_FLOAT16 || elem == MX_ELEM_BFLOAT16) return MX_ELEM_FLOAT;
    if (elem == MX_ELEM_DOUBLE) return takes(b, row, MX_ELEM_BOOL) ? MX_ELEM_BOOL : 0; /* NonZero */
    if (elem == MX_ELEM_UINT32 || elem == MX_ELEM_UINT64) return MX_ELEM_INT64;
    for (size_t i = 0; i < 2; i++)
        if (takes(b, row, wider[i])) return wider[i];
    return 0;
}

static bool converts(const served *row, size_t input) {
    return row->inputs >> (input < 8 ? input : 7) & 1;
}

bool mx_build_serve(mx_build *b, const mx_ask *ask, mx_val *out) {
    const served *row = MX_BUILD_ROW(rows, ask->op);
    size_t first = 0;
    while (row && first < ask->n_in && !converts(row, first))
        first++;
    if (!row || first >= ask->n_in) return false;
    int32_t elem = mx_elem_of(b, ask->in[first]);
    if (elem <= 0 || elem > MX_ELEM_BFLOAT16 || takes(b, row, elem)) return false;
    int32_t work = working_type(b, row, elem);
    mx_val *in = work ? mx_build_copy(b, ask->in, ask->n_in, sizeof *in) : NULL;
    if (!in) return false;
    for (size_t i = 0; i < ask->n_in; i++)
        if (converts(row, i)) in[i] = mx_cast(b, in[i], work);
    *out = mx_op(b, ask->op, in, ask->n_in, ask->at, ask->n_at);
    if (row->back) *out = mx_cast(b, *out, elem);
    return true;
}
