/* Strings, and the operators of ai.onnx.ml. */
#include "converter/infer_rules.h"

/* One dim more, for the parts; the second output counts them. */
void mx_shape_string_split(mx_op *op) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK];
    if (!mx_op_in_shape(op, 0, &shape) || shape.rank == MX_INFER_RANK) return;
    memcpy(dims, shape.dims, shape.rank * sizeof *dims);
    dims[shape.rank] = mx_dim_unknown;
    mx_op_out_shape(op, 0, shape.rank + 1, dims);
    mx_op_out_shape(op, 1, shape.rank, shape.dims);
}

/* (C) or (1, C); words can be left out. */
void mx_shape_string_normalizer(mx_op *op) {
    mx_shape shape;
    mx_dim dims[2] = {mx_dim_unknown, mx_dim_unknown};
    if (!mx_op_in_shape(op, 0, &shape) || shape.rank < 1 || shape.rank > 2) return;
    if (shape.rank == 2) dims[0] = shape.dims[0];
    mx_op_out_shape(op, 0, shape.rank, dims);
}

/* The place of each word in the output is given; the highest says how long it is. */
void mx_shape_tf_idf(mx_op *op) {
    mx_shape shape;
    const int64_t *places;
    uint32_t count;
    int64_t highest = -1;
    if (!mx_op_in_shape(op, 0, &shape) || shape.rank < 1 || shape.rank > 2) return;
    mx_op_ints(op, "ngram_indexes", &places, &count);
    for (uint32_t i = 0; i < count; i++)
        if (places[i] > highest && places[i] < INT64_MAX) highest = places[i];
    mx_dim length = count > 0 ? mx_dim_of(highest + 1) : mx_dim_unknown;
    mx_dim dims[2] = {shape.rank == 2 ? shape.dims[0] : length, length};
    mx_op_out_shape(op, 0, shape.rank, dims);
}

/* ---- ai.onnx.ml ---- */

static void out_with_shape_of(mx_op *op, uint32_t output, int32_t element, uint32_t input) {
    mx_shape shape;
    bool known = mx_op_in_shape(op, input, &shape);
    mx_op_out_tensor(op, output, element, known ? &shape : NULL);
}

void mx_shape_feature_extractor(mx_op *op) {
    mx_shape x, indices;
    if (!mx_op_in_shape(op, 0, &x) || x.rank < 1 || x.rank > MX_INFER_RANK) return;
    mx_dim dims[MX_INFER_RANK], taken = mx_dim_unknown;
    if (mx_op_in_shape(op, 1, &indices)) taken = mx_dims_product(indices.dims, 0, indices.rank);
    memcpy(dims, x.dims, x.rank * sizeof *dims);
    dims[x.rank - 1] = taken;
    if (x.rank == 1) {
        dims[0] = mx_dim_of(1);
        dims[1] = taken;
    }
    mx_op_out_shape(op, 0, x.rank == 1 ? 2 : x.rank, dims);
}

void mx_shape_cast_map(mx_op *op) {
    mx_str to = mx_op_string(op, "cast_to", "TO_FLOAT");
    int32_t element = mx_str_is(to, "TO_FLOAT")    ? MX_ELEM_FLOAT
                      : mx_str_is(to, "TO_INT64")  ? MX_ELEM_INT64
                      : mx_str_is(to, "TO_STRING") ? MX_ELEM_STRING
                                                   : MX_ELEM_UNKNOWN;
    mx_op_out_tensor(op, 0, op->blind ? MX_ELEM_UNKNOWN : element, NULL);
}

/* Strings become numbers, numbers strings. */
void mx_shape_category_mapper(mx_op *op) {
    int32_t from = mx_op_in_element(op, 0);
    int32_t to = from == MX_ELEM_STRING ? MX_ELEM_INT64 : from == MX_ELEM_INT64 ? MX_ELEM_STRING : MX_ELEM_UNKNOWN;
    out_with_shape_of(op, 0, to, 0);
}

/* The values of a map, as a vector. */
void mx_shape_dict_vectorizer(mx_op *op) {
    uint32_t map = mx_op_in_type(op, 0), value = mx_infer_child(op->in, map, MX_TYPE_MAP);
    if (value != MX_NO_INDEX && op->g->types[value].kind == MX_TYPE_TENSOR)
        mx_op_out_tensor(op, 0, op->g->types[value].elem, NULL);
}

/* The attribute that holds the new labels tells their type. */
void mx_shape_label_encoder(mx_op *op) {
    static const struct {
        const char *name;
        int32_t element;
    } lists[] = {
        {"values_strings", MX_ELEM_STRING}, {"values_int64s", MX_ELEM_INT64}, {"values_floats", MX_ELEM_FLOAT}};
    int32_t element = MX_ELEM_UNKNOWN;
    const mx_attr *tensor = mx_op_attribute(op, "values_tensor");
    if (mx_op_before(op, 2)) {
        mx_shape_category_mapper(op);
        return;
    }
    if (tensor && tensor->type == MX_ATTR_TENSOR) element = op->g->tensors[tensor->value.index].data_type;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (mx_op_attribute(op, lists[i].name)) element = lists[i].element;
    out_with_shape_of(op, 0, op->blind ? MX_ELEM_UNKNOWN : element, 0);
}

/* How many rows an input has; a vector is one row. */
static mx_dim rows(const mx_op *op) {
    mx_shape x;
    if (!mx_op_in_shape(op, 0, &x) || x.rank == 0) return mx_dim_unknown;
    return x.rank == 1 ? mx_dim_of(1) : x.dims[0];
}

/* A label for each row, and a score for each label. */
void mx_shape_classifier(mx_op *op) {
    static const char *const names[] = {"classlabels_strings", "classlabels_ints", "classlabels_int64s"};
    mx_dim labels[1] = {rows(op)}, scores[2] = {labels[0], mx_dim_unknown};
    const mx_attr *classes[3];
    for (uint32_t i = 0; i < 3; i++)
        classes[i] = mx_op_attribute(op, names[i]);
    bool strings = classes[0] && classes[0]->type == MX_ATTR_STRINGS && classes[0]->count > 0;
    mx_shape shape = {1, labels};
    mx_op_out_tensor(op, 0, op->blind ? MX_ELEM_UNKNOWN : strings ? MX_ELEM_STRING : MX_ELEM_INT64, &shape);
    for (uint32_t i = 0; i < 3; i++)
        if (classes[i] && classes[i]->count > 0) scores[1] = mx_dim_of(classes[i]->count);
    mx_op_out_shape(op, 1, 2, scores);
}

void mx_shape_regressor(mx_op *op) {
    const mx_attr *targets = mx_op_attribute(op, "n_targets");
    bool given = targets && targets->type == MX_ATTR_INT;
    mx_dim dims[2] = {rows(op), given ? mx_dim_of(targets->value.i) : mx_dim_unknown};
    mx_shape x;
    if (mx_op_in_shape(op, 0, &x) && x.rank >= 1 && x.rank <= 2) mx_op_out_shape(op, 0, 2, dims);
}

/* One dim more, as long as there are categories. */
void mx_shape_one_hot_encoder(mx_op *op) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK];
    const mx_attr *numbers = mx_op_attribute(op, "cats_int64s"), *strings = mx_op_attribute(op, "cats_strings");
    if (!mx_op_in_shape(op, 0, &shape) || shape.rank == MX_INFER_RANK) return;
    memcpy(dims, shape.dims, shape.rank * sizeof *dims);
    const mx_attr *categories = numbers && numbers->count > 0 ? numbers : strings;
    dims[shape.rank] = categories ? mx_dim_of(categories->count) : mx_dim_unknown;
    mx_op_out_shape(op, 0, shape.rank + 1, dims);
}

/* A sequence of maps from labels to scores. */
void mx_shape_zip_map(mx_op *op) {
    const mx_attr *strings = mx_op_attribute(op, "classlabels_strings");
    bool text = strings && strings->type == MX_ATTR_STRINGS && strings->count > 0;
    mx_type map = {.kind = MX_TYPE_MAP, .has_elem = true, .elem = text ? MX_ELEM_STRING : MX_ELEM_INT64};
    uint32_t index = MX_NO_INDEX;
    if (op->blind) return;
    map.child = mx_infer_tensor(op->in, MX_ELEM_FLOAT, NULL);
    if (op->in->status == MX_OK) op->in->status = mx_graph_add_type(op->g, &map, &index, op->in->err);
    if (op->in->status == MX_OK) mx_op_out_type(op, 0, mx_infer_container(op->in, MX_TYPE_SEQUENCE, index));
}

void mx_shape_feature_vectorizer(mx_op *op) {
    mx_dim dims[2] = {rows(op), mx_dim_unknown};
    mx_op_out_shape(op, 0, 2, dims);
}
