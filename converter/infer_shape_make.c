/* Operators that make tensors, of a shape that something other than a tensor's own shape says. */
#include "converter/infer_rules.h"

static void out_vector(mx_op *op, const mx_dim *items, uint32_t count) {
    mx_dim length = mx_dim_of(count);
    mx_op_out_shape(op, 0, 1, &length);
    mx_op_out_contents(op, 0, mx_infer_keep_ints(op->in, items, count));
}

/* ---- Shape, Size ---- */

static uint32_t clamp_axis(int64_t axis, uint32_t rank) {
    if (axis < 0) axis += rank;
    return axis < 0 ? 0 : axis > (int64_t)rank ? rank : (uint32_t)axis;
}

void mx_shape_shape(mx_op *op) {
    mx_shape shape;
    int64_t start = mx_op_int(op, "start", 0), end = mx_op_int(op, "end", INT64_MAX);
    if (!mx_op_in_shape(op, 0, &shape)) {
        mx_op_out_rank(op, 0, 1);
        return;
    }
    uint32_t first = clamp_axis(start, shape.rank), last = clamp_axis(end, shape.rank);
    out_vector(op, shape.dims + first, last > first ? last - first : 0);
}

void mx_shape_size(mx_op *op) {
    mx_shape shape;
    mx_op_out_rank(op, 0, 0);
    if (!mx_op_in_shape(op, 0, &shape)) return;
    mx_dim size = mx_dims_product(shape.dims, 0, shape.rank);
    mx_op_out_contents(op, 0, mx_infer_keep_ints(op->in, &size, 1));
}

/* ---- Constant ---- */

static void constant_tensor(mx_op *op, uint32_t tensor) {
    uint32_t type = MX_NO_INDEX;
    if (op->in->status == MX_OK) op->in->status = mx_infer_tensor_type(op->g, tensor, &type, op->in->err);
    mx_op_out_type(op, 0, type);
    mx_op_out_contents(op, 0, mx_infer_tensor_contents(op->in, tensor));
}

static void constant_sparse(mx_op *op, const mx_sparse *s) {
    mx_dim dims[MX_INFER_RANK];
    mx_shape shape = {s->n_dims, dims};
    int32_t element = s->values == MX_NO_INDEX ? MX_ELEM_UNKNOWN : op->g->tensors[s->values].data_type;
    if (s->n_dims > MX_INFER_RANK) return;
    for (uint32_t i = 0; i < s->n_dims; i++)
        dims[i] = mx_dim_of(s->dims[i]);
    mx_op_out_tensor(op, 0, element, &shape);
}

/* value_int, value_floats, ...: a scalar, or a list with its length. */
static void constant_value(mx_op *op, const mx_attr *a, int32_t element, bool list) {
    mx_dim length = mx_dim_of(a->count);
    mx_shape shape = {list, &length};
    mx_op_out_tensor(op, 0, element, &shape);
    mx_dim items[MX_INFER_CONTENTS];
    uint32_t count = list ? a->count : 1;
    if (element != MX_ELEM_INT64 || count > MX_INFER_CONTENTS) return;
    for (uint32_t i = 0; i < count; i++)
        items[i] = mx_item_of(list ? a->value.ints[i] : a->value.i);
    mx_op_out_contents(op, 0, mx_infer_keep_ints(op->in, items, count));
}

static void constant_reals(mx_op *op, const float *values, uint32_t count) {
    double reals[MX_INFER_CONTENTS];
    if (count > MX_INFER_CONTENTS) return;
    for (uint32_t i = 0; i < count; i++)
        reals[i] = (double)values[i];
    mx_op_out_contents(op, 0, mx_infer_keep_reals(op->in, reals, count));
}

void mx_shape_constant(mx_op *op) {
    static const char *const names[] = {"value",       "sparse_value", "value_int",    "value_ints",
                                        "value_float", "value_floats", "value_string", "value_strings"};
    const mx_attr *a = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !a; i++)
        a = mx_op_attribute(op, names[i]);
    if (!a || op->blind) return;
    switch (a->type) {
    case MX_ATTR_TENSOR: constant_tensor(op, a->value.index); break;
    case MX_ATTR_SPARSE_TENSOR: constant_sparse(op, &op->g->sparses[a->value.index]); break;
    case MX_ATTR_INT: constant_value(op, a, MX_ELEM_INT64, false); break;
    case MX_ATTR_INTS: constant_value(op, a, MX_ELEM_INT64, true); break;
    case MX_ATTR_STRING: constant_value(op, a, MX_ELEM_STRING, false); break;
    case MX_ATTR_STRINGS: constant_value(op, a, MX_ELEM_STRING, true); break;
    case MX_ATTR_FLOAT:
        constant_value(op, a, MX_ELEM_FLOAT, false);
        constant_reals(op, &a->value.f, 1);
        break;
    case MX_ATTR_FLOATS:
        constant_value(op, a, MX_ELEM_FLOAT, true);
        constant_reals(op, a->value.floats, a->count);
        break;
    default: break;
    }
}

/* A short vector that is filled with one number. */
static void filled(mx_op *op, mx_dim length) {
    const mx_attr *value = mx_op_attribute(op, "value");
    const mx_contents *c = NULL;
    mx_dim items[MX_INFER_CONTENTS];
    if (length.kind != MX_DIM_VALUE || length.value > MX_INFER_CONTENTS) return;
    if (value && value->type == MX_ATTR_TENSOR) c = mx_infer_tensor_contents(op->in, value->value.index);
    if (!c || !c->items || c->count != 1) return;
    for (int64_t i = 0; i < length.value; i++)
        items[i] = c->items[0];
    mx_op_out_contents(op, 0, mx_infer_keep_ints(op->in, items, (uint32_t)length.value));
}

void mx_shape_constant_of_shape(mx_op *op) {
    mx_dim dims[MX_INFER_RANK];
    uint32_t rank;
    const mx_contents *c = mx_op_in_contents(op, 0);
    if (!mx_op_in_length(op, 0, &rank)) return;
    for (uint32_t i = 0; i < rank; i++)
        dims[i] = c && c->items ? mx_item_dim(c->items[i]) : mx_dim_unknown;
    mx_op_out_shape(op, 0, rank, dims);
    if (rank <= 1) filled(op, rank == 0 ? mx_dim_of(1) : dims[0]);
}

/* ---- Range ---- */

static void range_contents(mx_op *op, int64_t count) {
    const mx_contents *start = mx_op_in_contents(op, 0), *delta = mx_op_in_contents(op, 2);
    mx_dim items[MX_INFER_CONTENTS];
    if (!start->items || !delta->items || count > MX_INFER_CONTENTS) return;
    int64_t value = start->items[0].value;
    for (int64_t i = 0; i < count; i++) {
        items[i] = mx_item_of(value);
        if (__builtin_add_overflow(value, delta->items[0].value, &value)) value = 0; /* beyond the last element */
    }
    mx_op_out_contents(op, 0, mx_infer_keep_ints(op->in, items, (uint32_t)count));
}

#define NO_STEPS 9e15 /* beyond what a double counts exactly */

void mx_shape_range(mx_op *op) {
    double bounds[3];
    mx_dim length = mx_dim_unknown;
    bool known = true;
    for (uint32_t i = 0; i < 3 && known; i++) {
        uint32_t count;
        known = mx_op_in_reals(op, i, &bounds[i], 1, &count) && count == 1;
    }
    double steps = known && bounds[2] != 0 ? (bounds[1] - bounds[0]) / bounds[2] : NO_STEPS;
    known = steps < NO_STEPS; /* false for NaN too */
    if (known) length = mx_dim_of(steps > 0 ? (int64_t)steps + ((double)(int64_t)steps < steps) : 0);
    mx_op_out_shape(op, 0, 1, &length);
    if (known) range_contents(op, length.value);
}

/* ---- random numbers, windows ---- */

void mx_shape_random(mx_op *op) {
    mx_axes shape;
    mx_dim dims[MX_INFER_RANK];
    mx_op_axes_attribute(op, "shape", &shape);
    if (!shape.known || shape.count > MX_INFER_RANK) return;
    for (uint32_t i = 0; i < shape.count; i++)
        dims[i] = mx_dim_of(shape.values[i]);
    mx_op_out_shape(op, 0, shape.count, dims);
}

void mx_shape_multinomial(mx_op *op) {
    mx_shape shape;
    mx_dim dims[2] = {mx_dim_unknown, mx_dim_of(mx_op_int(op, "sample_size", 1))};
    if (mx_op_in_shape(op, 0, &shape) && shape.rank == 2) dims[0] = shape.dims[0];
    mx_op_out_shape(op, 0, 2, dims);
}

static mx_dim number_as_dim(const mx_op *op, uint32_t input) {
    int64_t value;
    uint32_t count;
    return mx_op_in_ints(op, input, &value, 1, &count) && count == 1 ? mx_dim_of(value) : mx_dim_unknown;
}

void mx_shape_window(mx_op *op) {
    mx_dim size = number_as_dim(op, 0);
    mx_op_out_shape(op, 0, 1, &size);
}

void mx_shape_mel(mx_op *op) {
    mx_dim bins = number_as_dim(op, 0), length = number_as_dim(op, 1);
    if (length.kind == MX_DIM_VALUE) length.value = length.value / 2 + 1;
    mx_dim dims[2] = {length, bins};
    mx_op_out_shape(op, 0, 2, dims);
}

/* (N, C, H, W) gives (N, H, W, 2); with a depth likewise. */
void mx_shape_affine_grid(mx_op *op) {
    uint32_t rank;
    mx_dim dims[5];
    const mx_contents *size = mx_op_in_contents(op, 1);
    if (!mx_op_in_length(op, 1, &rank) || (rank != 4 && rank != 5)) return;
    bool known = size && size->items;
    for (uint32_t i = 0, from = 0; i < rank - 1; i++, from = i + 1)
        dims[i] = known ? mx_item_dim(size->items[from]) : mx_dim_unknown;
    dims[rank - 1] = mx_dim_of(rank - 2);
    mx_op_out_shape(op, 0, rank, dims);
}

void mx_shape_image_decoder(mx_op *op) {
    bool gray = mx_str_is(mx_op_string(op, "pixel_format", "RGB"), "Grayscale");
    mx_dim dims[3] = {mx_dim_unknown, mx_dim_unknown, mx_dim_of(gray ? 1 : 3)};
    mx_op_out_shape(op, 0, 3, dims);
}
