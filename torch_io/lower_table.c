/* All families in one table. Rows are found by name once a target, so that there is no index to keep. */
#include "torch_io/lower.h"

#include "torch_io/lower_run.h"
#include "torch_io/torch_io.h"

static const mx_lowering_family *const families[] = {
    &mx_family_elementwise, &mx_family_compare,    &mx_family_activation,    &mx_family_cast,
    &mx_family_reduction,   &mx_family_creation,   &mx_family_sorting,       &mx_family_shape,
    &mx_family_indexing,    &mx_family_scatter,    &mx_family_linear,        &mx_family_convolution,
    &mx_family_pooling,     &mx_family_resize,     &mx_family_normalisation, &mx_family_attention,
    &mx_family_recurrent,   &mx_family_control,    &mx_family_symbolic,      &mx_family_arithmetic,
    &mx_family_statistics,  &mx_family_cumulative, &mx_family_loss,          &mx_family_measure};
enum { N_FAMILIES = sizeof families / sizeof *families };

const mx_lowering *mx_lowering_find_in(const char *target, const mx_lowering_family **family) {
    for (size_t i = 0; i < N_FAMILIES; i++)
        for (size_t k = 0; k < families[i]->n; k++) {
            if (strcmp(families[i]->rows[k].target, target) != 0) continue;
            if (family) *family = families[i];
            return &families[i]->rows[k];
        }
    return NULL;
}

const mx_lowering *mx_lowering_find(const char *target) {
    return mx_lowering_find_in(target, NULL);
}

const mx_lowering *mx_lowering_row(size_t i, const char **family) {
    for (size_t k = 0; k < N_FAMILIES; k++) {
        if (i < families[k]->n) {
            if (family) *family = families[k]->name;
            return &families[k]->rows[i];
        }
        i -= families[k]->n;
    }
    return NULL;
}

bool mx_torch_list_op(size_t i, mx_torch_op *out) {
    const mx_lowering *row = mx_lowering_row(i, &out->family);
    if (!row) return false;
    out->target = row->target;
    out->onnx = row->onnx ? row->onnx : "";
    out->opset = row->opset > 14 ? row->opset : 14;
    return true;
}
