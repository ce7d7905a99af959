#include "picture/family.h"

#include <stdlib.h>

/* clang-format off */
const mx_family_style mx_family_styles[MX_FAMILIES] = {
    [MX_FAMILY_LINEAR] = {"linear", {"#2A64A8", "#1E4C82", "#FFFFFF"}, {"#2F6DB5", "#6FA5E3", "#FFFFFF"}, "roundrectangle", "line", "1.0"},
    [MX_FAMILY_CONVOLUTION] = {"convolution", {"#0F7468", "#0A564D", "#FFFFFF"}, {"#12796C", "#4DBBAA", "#FFFFFF"}, "rectangle", "line", "1.0"},
    [MX_FAMILY_NORMALISATION] = {"normalisation", {"#F3E3EE", "#A9578F", "#4A1F3D"}, {"#43283C", "#C583B0", "#F6E4F0"}, "roundrectangle", "line", "2.0"},
    [MX_FAMILY_ACTIVATION] = {"activation", {"#FCE9CF", "#C27A12", "#4A2E05"}, {"#47330F", "#DDA04A", "#FBEBD2"}, "octagon", "line", "1.0"},
    [MX_FAMILY_ELEMENTWISE] = {"elementwise", {"#FFFFFF", "#7D8794", "#1F2630"}, {"#2A303A", "#8B95A3", "#EEF1F5"}, "roundrectangle", "line", "1.0"},
    [MX_FAMILY_SHAPE] = {"shape", {"#F1F2F4", "#C3C8D0", "#4B5563"}, {"#23272E", "#4A525E", "#B9C1CC"}, "roundrectangle", "dashed", "1.0"},
    [MX_FAMILY_REDUCTION] = {"reduction", {"#F7F3C8", "#968A14", "#3D3906"}, {"#3A3710", "#B8AD3F", "#F5F1C4"}, "trapezoid2", "line", "1.0"},
    [MX_FAMILY_INDEXING] = {"indexing", {"#DDF0FB", "#3D93C9", "#103A55"}, {"#17364A", "#5FB2E4", "#DFF1FC"}, "parallelogram", "line", "1.0"},
    [MX_FAMILY_CONTROL] = {"control", {"#FBDFD3", "#C9531A", "#571F05"}, {"#4A2415", "#EB8557", "#FCE3D8"}, "hexagon", "line", "1.0"},
    [MX_FAMILY_VALUE] = {"value", {"#303A48", "#303A48", "#FFFFFF"}, {"#DCE2EA", "#DCE2EA", "#141A22"}, "roundrectangle", "line", "1.0"},
    [MX_FAMILY_GROUP] = {"group", {"#E9EDF5", "#8A97AD", "#1F2A3D"}, {"#2B3342", "#7484A0", "#E8EDF6"}, "roundrectangle", "line", "1.0"},
};
/* clang-format on */

const mx_theme mx_theme_light = {
    .ground = "#FFFFFF",
    .grounds = {"#F6F8FB", "#FFFFFF"},
    .frame = "#C6CFDB",
    .text = "#1F2A3D",
    .quiet_text = "#6B7686",
    .edge = "#566273",
    .quiet_edge = "#B3BBC6",
    .body = {"#FDF3EE", "#C9531A", "#571F05"},
    .function = {"#F3F7EC", "#6E8B3D", "#2C3A14"},
};

const mx_theme mx_theme_dark = {
    .ground = "#14181E",
    .grounds = {"#1B2028", "#14181E"},
    .frame = "#3B4553",
    .text = "#E8EDF6",
    .quiet_text = "#98A3B3",
    .edge = "#9AA6B5",
    .quiet_edge = "#525C69",
    .body = {"#2A1C16", "#EB8557", "#FCE3D8"},
    .function = {"#1E2617", "#9DBB68", "#E9F2DA"},
};

typedef struct member {
    const char *op_type;
    mx_family family;
} member;

/* Sorted by op_type. Names of the domains below; what is missing is elementwise. */
/* clang-format off */
static const member members[] = {
    {"AffineGrid", MX_FAMILY_INDEXING}, {"ArgMax", MX_FAMILY_REDUCTION}, {"ArgMin", MX_FAMILY_REDUCTION},
    {"ArrayFeatureExtractor", MX_FAMILY_INDEXING}, {"Attention", MX_FAMILY_LINEAR},
    {"AveragePool", MX_FAMILY_REDUCTION}, {"BatchNormalization", MX_FAMILY_NORMALISATION},
    {"BeamSearch", MX_FAMILY_CONTROL}, {"BiasAdd", MX_FAMILY_LINEAR}, {"BiasGelu", MX_FAMILY_ACTIVATION},
    {"BiasSoftmax", MX_FAMILY_ACTIVATION}, {"BiasSplitGelu", MX_FAMILY_ACTIVATION},
    {"BitCast", MX_FAMILY_SHAPE}, {"Cast", MX_FAMILY_SHAPE}, {"CastLike", MX_FAMILY_SHAPE},
    {"CastMap", MX_FAMILY_SHAPE}, {"CausalConvWithState", MX_FAMILY_CONVOLUTION},
    {"Celu", MX_FAMILY_ACTIVATION}, {"CenterCropPad", MX_FAMILY_INDEXING}, {"Clip", MX_FAMILY_ACTIVATION},
    {"Col2Im", MX_FAMILY_CONVOLUTION}, {"Compress", MX_FAMILY_INDEXING}, {"Concat", MX_FAMILY_INDEXING},
    {"ConcatFromSequence", MX_FAMILY_CONTROL}, {"Constant", MX_FAMILY_SHAPE},
    {"ConstantOfShape", MX_FAMILY_SHAPE}, {"Conv", MX_FAMILY_CONVOLUTION},
    {"ConvInteger", MX_FAMILY_CONVOLUTION}, {"ConvTranspose", MX_FAMILY_CONVOLUTION},
    {"ConvTransposeWithDynamicPads", MX_FAMILY_CONVOLUTION}, {"CropAndResize", MX_FAMILY_INDEXING},
    {"CumProd", MX_FAMILY_REDUCTION}, {"CumSum", MX_FAMILY_REDUCTION}, {"DFT", MX_FAMILY_LINEAR},
    {"DecoderMaskedMultiHeadAttention", MX_FAMILY_LINEAR}, {"DecoderMaskedSelfAttention", MX_FAMILY_LINEAR},
    {"DeformConv", MX_FAMILY_CONVOLUTION}, {"DepthToSpace", MX_FAMILY_INDEXING},
    {"DequantizeLinear", MX_FAMILY_SHAPE}, {"Det", MX_FAMILY_LINEAR}, {"DictVectorizer", MX_FAMILY_SHAPE},
    {"Dropout", MX_FAMILY_SHAPE}, {"DynamicQuantizeLinear", MX_FAMILY_SHAPE},
    {"DynamicQuantizeMatMul", MX_FAMILY_LINEAR}, {"Einsum", MX_FAMILY_LINEAR},
    {"Elu", MX_FAMILY_ACTIVATION}, {"EmbedLayerNormalization", MX_FAMILY_NORMALISATION},
    {"Expand", MX_FAMILY_SHAPE}, {"EyeLike", MX_FAMILY_SHAPE}, {"FastGelu", MX_FAMILY_ACTIVATION},
    {"FeatureVectorizer", MX_FAMILY_SHAPE}, {"Flatten", MX_FAMILY_SHAPE},
    {"FlexAttention", MX_FAMILY_LINEAR}, {"FusedConv", MX_FAMILY_CONVOLUTION},
    {"FusedGemm", MX_FAMILY_LINEAR}, {"FusedMatMul", MX_FAMILY_LINEAR}, {"GRU", MX_FAMILY_LINEAR},
    {"Gather", MX_FAMILY_INDEXING}, {"GatherBlockQuantized", MX_FAMILY_INDEXING},
    {"GatherElements", MX_FAMILY_INDEXING}, {"GatherND", MX_FAMILY_INDEXING},
    {"Gelu", MX_FAMILY_ACTIVATION}, {"Gemm", MX_FAMILY_LINEAR}, {"GemmFastGelu", MX_FAMILY_LINEAR},
    {"GlobalAveragePool", MX_FAMILY_REDUCTION}, {"GlobalLpPool", MX_FAMILY_REDUCTION},
    {"GlobalMaxPool", MX_FAMILY_REDUCTION}, {"GreedySearch", MX_FAMILY_CONTROL},
    {"GridSample", MX_FAMILY_INDEXING}, {"GroupNorm", MX_FAMILY_NORMALISATION},
    {"GroupNormalization", MX_FAMILY_NORMALISATION}, {"GroupQueryAttention", MX_FAMILY_LINEAR},
    {"HardSigmoid", MX_FAMILY_ACTIVATION}, {"HardSwish", MX_FAMILY_ACTIVATION},
    {"Hardmax", MX_FAMILY_ACTIVATION}, {"Identity", MX_FAMILY_SHAPE}, {"If", MX_FAMILY_CONTROL},
    {"ImageDecoder", MX_FAMILY_INDEXING}, {"InstanceNormalization", MX_FAMILY_NORMALISATION},
    {"Inverse", MX_FAMILY_LINEAR}, {"LRN", MX_FAMILY_NORMALISATION}, {"LSTM", MX_FAMILY_LINEAR},
    {"LayerNormalization", MX_FAMILY_NORMALISATION}, {"LeakyRelu", MX_FAMILY_ACTIVATION},
    {"LinearAttention", MX_FAMILY_LINEAR}, {"LinearClassifier", MX_FAMILY_LINEAR},
    {"LinearRegressor", MX_FAMILY_LINEAR}, {"LogSoftmax", MX_FAMILY_ACTIVATION},
    {"LongformerAttention", MX_FAMILY_LINEAR}, {"Loop", MX_FAMILY_CONTROL},
    {"LpNormalization", MX_FAMILY_NORMALISATION}, {"LpPool", MX_FAMILY_REDUCTION},
    {"MatMul", MX_FAMILY_LINEAR}, {"MatMulInteger", MX_FAMILY_LINEAR},
    {"MatMulIntegerToFloat", MX_FAMILY_LINEAR}, {"MatMulNBits", MX_FAMILY_LINEAR},
    {"MaxPool", MX_FAMILY_REDUCTION}, {"MaxRoiPool", MX_FAMILY_REDUCTION},
    {"MaxUnpool", MX_FAMILY_REDUCTION}, {"MaxpoolWithMask", MX_FAMILY_REDUCTION},
    {"Mean", MX_FAMILY_REDUCTION}, {"MeanVarianceNormalization", MX_FAMILY_NORMALISATION},
    {"MelWeightMatrix", MX_FAMILY_LINEAR}, {"Mish", MX_FAMILY_ACTIVATION}, {"MoE", MX_FAMILY_LINEAR},
    {"MultiHeadAttention", MX_FAMILY_LINEAR}, {"NegativeLogLikelihoodLoss", MX_FAMILY_REDUCTION},
    {"NhwcConv", MX_FAMILY_CONVOLUTION}, {"NhwcFusedConv", MX_FAMILY_CONVOLUTION},
    {"NonMaxSuppression", MX_FAMILY_INDEXING}, {"NonZero", MX_FAMILY_INDEXING},
    {"Normalizer", MX_FAMILY_NORMALISATION}, {"OneHot", MX_FAMILY_INDEXING}, {"Optional", MX_FAMILY_SHAPE},
    {"OptionalGetElement", MX_FAMILY_SHAPE}, {"OptionalHasElement", MX_FAMILY_SHAPE},
    {"PRelu", MX_FAMILY_ACTIVATION}, {"PackedAttention", MX_FAMILY_LINEAR},
    {"PackedMultiHeadAttention", MX_FAMILY_LINEAR}, {"Pad", MX_FAMILY_INDEXING},
    {"QAttention", MX_FAMILY_LINEAR}, {"QGemm", MX_FAMILY_LINEAR},
    {"QLinearAveragePool", MX_FAMILY_REDUCTION}, {"QLinearConv", MX_FAMILY_CONVOLUTION},
    {"QLinearConvTranspose", MX_FAMILY_CONVOLUTION}, {"QLinearGlobalAveragePool", MX_FAMILY_REDUCTION},
    {"QLinearLeakyRelu", MX_FAMILY_ACTIVATION}, {"QLinearMatMul", MX_FAMILY_LINEAR},
    {"QLinearSigmoid", MX_FAMILY_ACTIVATION}, {"QLinearSoftmax", MX_FAMILY_ACTIVATION},
    {"QMoE", MX_FAMILY_LINEAR}, {"QuantizeLinear", MX_FAMILY_SHAPE}, {"QuickGelu", MX_FAMILY_ACTIVATION},
    {"RMSNormalization", MX_FAMILY_NORMALISATION}, {"RNN", MX_FAMILY_LINEAR}, {"Range", MX_FAMILY_SHAPE},
    {"ReduceL1", MX_FAMILY_REDUCTION}, {"ReduceL2", MX_FAMILY_REDUCTION},
    {"ReduceLogSum", MX_FAMILY_REDUCTION}, {"ReduceLogSumExp", MX_FAMILY_REDUCTION},
    {"ReduceMax", MX_FAMILY_REDUCTION}, {"ReduceMean", MX_FAMILY_REDUCTION},
    {"ReduceMin", MX_FAMILY_REDUCTION}, {"ReduceProd", MX_FAMILY_REDUCTION},
    {"ReduceSum", MX_FAMILY_REDUCTION}, {"ReduceSumSquare", MX_FAMILY_REDUCTION},
    {"Relu", MX_FAMILY_ACTIVATION}, {"Reshape", MX_FAMILY_SHAPE}, {"Resize", MX_FAMILY_INDEXING},
    {"ReverseSequence", MX_FAMILY_INDEXING}, {"RoiAlign", MX_FAMILY_REDUCTION},
    {"RotaryEmbedding", MX_FAMILY_LINEAR}, {"STFT", MX_FAMILY_LINEAR}, {"SVMClassifier", MX_FAMILY_LINEAR},
    {"SVMRegressor", MX_FAMILY_LINEAR}, {"Sampling", MX_FAMILY_CONTROL},
    {"Scaler", MX_FAMILY_NORMALISATION}, {"Scan", MX_FAMILY_CONTROL}, {"Scatter", MX_FAMILY_INDEXING},
    {"ScatterElements", MX_FAMILY_INDEXING}, {"ScatterND", MX_FAMILY_INDEXING},
    {"Selu", MX_FAMILY_ACTIVATION}, {"SequenceAt", MX_FAMILY_CONTROL},
    {"SequenceConstruct", MX_FAMILY_CONTROL}, {"SequenceEmpty", MX_FAMILY_CONTROL},
    {"SequenceErase", MX_FAMILY_CONTROL}, {"SequenceInsert", MX_FAMILY_CONTROL},
    {"SequenceLength", MX_FAMILY_CONTROL}, {"SequenceMap", MX_FAMILY_CONTROL}, {"Shape", MX_FAMILY_SHAPE},
    {"Shrink", MX_FAMILY_ACTIVATION}, {"Sigmoid", MX_FAMILY_ACTIVATION},
    {"SimplifiedLayerNormalization", MX_FAMILY_NORMALISATION}, {"Size", MX_FAMILY_SHAPE},
    {"SkipGroupNorm", MX_FAMILY_NORMALISATION}, {"SkipLayerNormalization", MX_FAMILY_NORMALISATION},
    {"SkipSimplifiedLayerNormalization", MX_FAMILY_NORMALISATION}, {"Slice", MX_FAMILY_INDEXING},
    {"Softmax", MX_FAMILY_ACTIVATION}, {"SoftmaxCrossEntropyLoss", MX_FAMILY_REDUCTION},
    {"Softplus", MX_FAMILY_ACTIVATION}, {"Softsign", MX_FAMILY_ACTIVATION},
    {"SpaceToDepth", MX_FAMILY_INDEXING}, {"SparseAttention", MX_FAMILY_LINEAR},
    {"Split", MX_FAMILY_INDEXING}, {"SplitToSequence", MX_FAMILY_CONTROL}, {"Squeeze", MX_FAMILY_SHAPE},
    {"Sum", MX_FAMILY_REDUCTION}, {"SwiGLU", MX_FAMILY_ACTIVATION}, {"Swish", MX_FAMILY_ACTIVATION},
    {"Tanh", MX_FAMILY_ACTIVATION}, {"TensorScatter", MX_FAMILY_INDEXING},
    {"ThresholdedRelu", MX_FAMILY_ACTIVATION}, {"Tile", MX_FAMILY_INDEXING}, {"TopK", MX_FAMILY_REDUCTION},
    {"Transpose", MX_FAMILY_SHAPE}, {"TransposeMatMul", MX_FAMILY_LINEAR}, {"Trilu", MX_FAMILY_INDEXING},
    {"Unique", MX_FAMILY_INDEXING}, {"Unsqueeze", MX_FAMILY_SHAPE}, {"Upsample", MX_FAMILY_INDEXING},
    {"Where", MX_FAMILY_SHAPE}, {"WhisperBeamSearch", MX_FAMILY_CONTROL}, {"ZipMap", MX_FAMILY_SHAPE},
};
/* clang-format on */

/* In these domains a name means the same operation; elsewhere it may mean anything. */
static const char *const domains[] = {"",
                                      "ai.onnx",
                                      "ai.onnx.ml",
                                      "com.microsoft",
                                      "com.microsoft.nchwc",
                                      "com.ms.internal.nhwc",
                                      "pkg.onnxscript.torch_lib"};

static int compare(const void *key, const void *item) {
    const mx_str *s = key;
    const char *name = ((const member *)item)->op_type;
    size_t n = strlen(name);
    int order = memcmp(s->p, name, s->n < n ? s->n : n);
    return order ? order : (s->n > n) - (s->n < n);
}

mx_family mx_family_of(mx_str domain, mx_str op_type) {
    bool known = domain.n == 0;
    for (size_t i = 0; i < sizeof domains / sizeof *domains && !known; i++)
        known = mx_str_is(domain, domains[i]);
    if (!known || !op_type.n) return MX_FAMILY_ELEMENTWISE;
    const member *m = bsearch(&op_type, members, sizeof members / sizeof *members, sizeof *members, compare);
    return m ? m->family : MX_FAMILY_ELEMENTWISE;
}
