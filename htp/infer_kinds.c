/* What an operator does, as far as the rules ask. Operators that are in no row are plain computation. */
#include "htp/infer.h"

static const struct {
    const char *op_type;
    uint32_t kind;
} kinds[] = {
    /* sorted */
    {"Add", MX_HTP_OP_ADD},
    {"Cast", MX_HTP_OP_CAST},
    {"CastLike", MX_HTP_OP_CAST},
    {"ConstantOfShape", MX_HTP_OP_FILL},
    {"Conv", MX_HTP_OP_PRODUCT},
    {"ConvInteger", MX_HTP_OP_PRODUCT},
    {"ConvTranspose", MX_HTP_OP_PRODUCT},
    {"DequantizeLinear", MX_HTP_OP_CAST},
    {"Div", MX_HTP_OP_SCALE},
    {"Expand", MX_HTP_OP_LAYOUT | MX_HTP_OP_FILL},
    {"EyeLike", MX_HTP_OP_FILL},
    {"Flatten", MX_HTP_OP_LAYOUT},
    {"GRU", MX_HTP_OP_PRODUCT},
    {"Gemm", MX_HTP_OP_PRODUCT},
    {"GroupNormalization", MX_HTP_OP_REDUCTION},
    {"Identity", MX_HTP_OP_LAYOUT},
    {"InstanceNormalization", MX_HTP_OP_REDUCTION},
    {"LSTM", MX_HTP_OP_PRODUCT},
    {"LayerNormalization", MX_HTP_OP_REDUCTION},
    {"LpNormalization", MX_HTP_OP_REDUCTION},
    {"MatMul", MX_HTP_OP_PRODUCT},
    {"MatMulInteger", MX_HTP_OP_PRODUCT},
    {"MatMulNBits", MX_HTP_OP_PRODUCT},
    {"MeanVarianceNormalization", MX_HTP_OP_REDUCTION},
    {"Mul", MX_HTP_OP_SCALE},
    {"OneHot", MX_HTP_OP_FILL},
    {"QLinearConv", MX_HTP_OP_PRODUCT},
    {"QLinearMatMul", MX_HTP_OP_PRODUCT},
    {"RMSNormalization", MX_HTP_OP_REDUCTION},
    {"RNN", MX_HTP_OP_PRODUCT},
    {"Range", MX_HTP_OP_FILL},
    {"ReduceL1", MX_HTP_OP_REDUCTION},
    {"ReduceL2", MX_HTP_OP_REDUCTION},
    {"ReduceLogSum", MX_HTP_OP_REDUCTION},
    {"ReduceLogSumExp", MX_HTP_OP_REDUCTION},
    {"ReduceMax", MX_HTP_OP_REDUCTION},
    {"ReduceMean", MX_HTP_OP_REDUCTION},
    {"ReduceMin", MX_HTP_OP_REDUCTION},
    {"ReduceProd", MX_HTP_OP_REDUCTION},
    {"ReduceSum", MX_HTP_OP_REDUCTION},
    {"ReduceSumSquare", MX_HTP_OP_REDUCTION},
    {"Reshape", MX_HTP_OP_LAYOUT},
    {"Shape", MX_HTP_OP_SIZE},
    {"Size", MX_HTP_OP_SIZE},
    {"Squeeze", MX_HTP_OP_LAYOUT},
    {"Transpose", MX_HTP_OP_LAYOUT},
    {"Trilu", MX_HTP_OP_FILL},
    {"Unsqueeze", MX_HTP_OP_LAYOUT},
};

uint32_t mx_htp_op_kind(mx_str op_type) {
    size_t low = 0, high = sizeof kinds / sizeof kinds[0];
    while (low < high) {
        size_t mid = low + (high - low) / 2, n = strlen(kinds[mid].op_type);
        int c = memcmp(op_type.n ? op_type.p : "", kinds[mid].op_type, op_type.n < n ? op_type.n : n);
        if (c == 0) c = op_type.n < n ? -1 : op_type.n > n;
        if (c == 0) return kinds[mid].kind;
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return 0;
}
