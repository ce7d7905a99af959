/* The shape rules that the table names; each looks at one operator and tells what it finds out about the outputs. */
#ifndef MX_CONVERTER_INFER_RULES_H
#define MX_CONVERTER_INFER_RULES_H

#include "converter/infer_internal.h"

/* infer_shape_element.c */
mx_shape_rule mx_shape_same, mx_shape_first_same, mx_shape_identity, mx_shape_cast, mx_shape_broadcast, mx_shape_add,
    mx_shape_sub, mx_shape_mul, mx_shape_div, mx_shape_matching, mx_shape_quantize;
/* infer_shape_layout.c */
mx_shape_rule mx_shape_reshape, mx_shape_flatten, mx_shape_transpose, mx_shape_squeeze, mx_shape_unsqueeze,
    mx_shape_expand, mx_shape_tile, mx_shape_pad, mx_shape_depth_to_space, mx_shape_space_to_depth,
    mx_shape_center_crop_pad;
/* infer_shape_select.c */
mx_shape_rule mx_shape_concat, mx_shape_split, mx_shape_slice, mx_shape_gather, mx_shape_gather_elements,
    mx_shape_gather_nd, mx_shape_top_k, mx_shape_compress, mx_shape_unique, mx_shape_one_hot, mx_shape_non_zero,
    mx_shape_boxes;
/* infer_shape_make.c */
mx_shape_rule mx_shape_shape, mx_shape_size, mx_shape_constant, mx_shape_constant_of_shape, mx_shape_range,
    mx_shape_random, mx_shape_multinomial, mx_shape_window, mx_shape_mel, mx_shape_affine_grid, mx_shape_image_decoder;
/* infer_shape_math.c */
mx_shape_rule mx_shape_mat_mul, mx_shape_qlinear_mat_mul, mx_shape_gemm, mx_shape_reduce, mx_shape_arg_reduce,
    mx_shape_det, mx_shape_dft, mx_shape_stft;
/* infer_shape_einsum.c */
mx_shape_rule mx_shape_einsum;
/* infer_shape_conv.c */
mx_shape_rule mx_shape_conv, mx_shape_qlinear_conv, mx_shape_conv_transpose, mx_shape_pool, mx_shape_global_pool,
    mx_shape_unpool, mx_shape_col2im;
/* infer_shape_image.c */
mx_shape_rule mx_shape_roi, mx_shape_upsample, mx_shape_resize, mx_shape_grid_sample;
/* infer_shape_network.c */
mx_shape_rule mx_shape_batch_norm, mx_shape_layer_norm, mx_shape_recurrent, mx_shape_attention, mx_shape_flex_attention,
    mx_shape_linear_attention, mx_shape_causal_conv, mx_shape_loss, mx_shape_dynamic_quantize;
/* infer_shape_text.c: strings and ai.onnx.ml */
mx_shape_rule mx_shape_string_split, mx_shape_string_normalizer, mx_shape_tf_idf, mx_shape_feature_extractor,
    mx_shape_cast_map, mx_shape_category_mapper, mx_shape_dict_vectorizer, mx_shape_label_encoder, mx_shape_classifier,
    mx_shape_regressor, mx_shape_one_hot_encoder, mx_shape_zip_map, mx_shape_feature_vectorizer;
/* infer_shape_sequence.c */
mx_shape_rule mx_shape_sequence_empty, mx_shape_sequence_construct, mx_shape_sequence_same, mx_shape_sequence_at,
    mx_shape_sequence_insert, mx_shape_split_to_sequence, mx_shape_concat_from_sequence, mx_shape_optional,
    mx_shape_optional_get, mx_shape_scalar;
/* infer_bodies.c */
mx_shape_rule mx_shape_if, mx_shape_loop, mx_shape_scan, mx_shape_sequence_map;

/* The rule for ranks that are known where sizes are not: a vector's length as a rank; false if not known. */
bool mx_op_in_length(const mx_op *op, uint32_t input, uint32_t *out);
/* Integer contents of a tensor of rank 0 or 1; NULL: unknown. *rank may be NULL. */
const mx_contents *mx_op_in_vector(const mx_op *op, uint32_t input, uint32_t *rank);
/* The axes of an operator: an input, or where that has no such version an attribute. known: they are given by number;
 * otherwise `given` tells whether there are any. */
typedef struct mx_axes {
    bool given, known;
    uint32_t count;
    int64_t values[MX_INFER_CONTENTS];
} mx_axes;
void mx_op_axes(mx_op *op, const char *attribute, uint32_t input, int64_t input_since, mx_axes *out);
void mx_op_axes_attribute(mx_op *op, const char *attribute, mx_axes *out);
void mx_op_axes_input(const mx_op *op, uint32_t input, mx_axes *out);
/* Whether the operator is of a version before `version`. */
static inline bool mx_op_before(const mx_op *op, int64_t version) {
    return op->version >= 0 && op->version < version;
}

#endif
