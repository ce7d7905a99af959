#include "torch_io/build.h"
#include "torch_io/to_graph.h"

size_t mx_to_elem_bytes(int32_t elem) {
    static const uint8_t bytes[] = {
        [1] = 4,  [2] = 1,  [3] = 1,  [4] = 2,   [5] = 2,  [6] = 4,  [7] = 8,  [9] = 1,  [10] = 2, [11] = 8,
        [12] = 4, [13] = 8, [14] = 8, [15] = 16, [16] = 2, [17] = 1, [18] = 1, [19] = 1, [20] = 1, [24] = 1};
    return elem > 0 && (size_t)elem < sizeof bytes ? bytes[elem] : 0;
}

/* A size as ONNX says it: a number, the text of the expression, or nothing. */
static mx_status make_dim(mx_to_graph *t, mx_size size, mx_dim *out) {
    *out = (mx_dim){.kind = MX_DIM_NONE};
    if (mx_size_is_number(size)) {
        if (size.value >= 0) *out = (mx_dim){.kind = MX_DIM_VALUE, .value = size.value};
        return MX_OK;
    }
    if (size.expr == MX_SID_EMPTY) return MX_OK;
    out->kind = MX_DIM_PARAM;
    return mx_graph_string(t->g, mx_ptext(t->p, size.expr), &out->param, t->err);
}

mx_status mx_to_type(mx_to_graph *t, int32_t elem, int rank, const mx_size *sizes, uint32_t *out) {
    mx_dim dims[MX_MAX_RANK];
    mx_type type = {.kind = MX_TYPE_TENSOR, .has_elem = elem != 0, .elem = elem, .dims = dims};
    type.has_shape = rank >= 0 && (size_t)rank <= sizeof dims / sizeof *dims;
    type.n_dims = type.has_shape ? (uint32_t)rank : 0;
    for (uint32_t i = 0; i < type.n_dims; i++)
        MX_TRY(make_dim(t, sizes ? sizes[i] : mx_size_unknown(), &dims[i]));
    return mx_graph_add_type(t->g, &type, out, t->err);
}
