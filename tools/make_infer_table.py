#!/usr/bin/env python3
"""Write converter/infer_table.inc: for each operator and version how types are inferred.

usage: make_infer_table.py OUTPUT

Element types come from the type constraints in the operator schemas of the onnx package; what
those leave open, and the shapes, is in the tables below. An operator that no table mentions is an
error, so that a newer onnx package cannot bring one in unseen.
"""
from __future__ import annotations

import sys
from pathlib import Path

import onnx
from onnx import TensorProto

ML = "ai.onnx.ml"
TRAINING = "ai.onnx.preview.training"
PREVIEW = "ai.onnx.preview"
MICROSOFT = "com.microsoft"

# mx_shape_NAME: the operators that follow it
SHAPES = {
    "same": """Abs Acos Acosh Asin Asinh Atan Atanh Bernoulli BitCast BitwiseNot Ceil Celu Clip Cos Cosh
        CumProd CumSum DequantizeLinear Dropout Elu Erf Exp EyeLike Floor Gelu GroupNormalization HardSigmoid
        HardSwish Hardmax InstanceNormalization IsInf IsNaN LRN LeakyRelu Log LogSoftmax LpNormalization
        MeanVarianceNormalization Mish Neg Not PRelu RMSNormalization RandomNormalLike RandomUniformLike Reciprocal
        RegexFullMatch Relu ReverseSequence RotaryEmbedding Round Scatter ScatterElements ScatterND Selu Shrink
        Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt SwiGLU Swish Tan Tanh TensorScatter ThresholdedRelu
        Trilu CastLike""",
    "identity": "Identity",
    "cast": "Cast",
    "quantize": "QuantizeLinear",
    "broadcast": """And BitShift BitwiseAnd BitwiseOr BitwiseXor Equal Greater GreaterOrEqual Less LessOrEqual
        Max Mean Min Mod Or Pow StringConcat Sum Where Xor""",
    "add": "Add",
    "sub": "Sub",
    "mul": "Mul",
    "div": "Div",
    "reshape": "Reshape",
    "flatten": "Flatten",
    "transpose": "Transpose",
    "squeeze": "Squeeze",
    "unsqueeze": "Unsqueeze",
    "expand": "Expand",
    "tile": "Tile",
    "pad": "Pad",
    "depth_to_space": "DepthToSpace",
    "space_to_depth": "SpaceToDepth",
    "center_crop_pad": "CenterCropPad",
    "concat": "Concat",
    "split": "Split",
    "slice": "Slice",
    "gather": "Gather",
    "gather_elements": "GatherElements",
    "gather_nd": "GatherND",
    "top_k": "TopK",
    "compress": "Compress",
    "unique": "Unique",
    "one_hot": "OneHot",
    "non_zero": "NonZero",
    "boxes": "NonMaxSuppression",
    "shape": "Shape",
    "size": "Size",
    "constant": "Constant",
    "constant_of_shape": "ConstantOfShape",
    "range": "Range",
    "random": "RandomNormal RandomUniform",
    "multinomial": "Multinomial",
    "window": "BlackmanWindow HammingWindow HannWindow",
    "mel": "MelWeightMatrix",
    "affine_grid": "AffineGrid",
    "image_decoder": "ImageDecoder",
    "mat_mul": "MatMul MatMulInteger",
    "qlinear_mat_mul": "QLinearMatMul",
    "gemm": "Gemm",
    "reduce": """ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
        ReduceSumSquare""",
    "arg_reduce": "ArgMax ArgMin",
    "det": "Det",
    "dft": "DFT",
    "stft": "STFT",
    "einsum": "Einsum",
    "conv": "Conv ConvInteger DeformConv",
    "qlinear_conv": "QLinearConv",
    "conv_transpose": "ConvTranspose",
    "pool": "AveragePool LpPool MaxPool",
    "global_pool": "GlobalAveragePool GlobalLpPool GlobalMaxPool",
    "unpool": "MaxUnpool",
    "col2im": "Col2Im",
    "roi": "MaxRoiPool RoiAlign",
    "upsample": "Upsample",
    "resize": "Resize",
    "grid_sample": "GridSample",
    "batch_norm": "BatchNormalization",
    "layer_norm": "LayerNormalization",
    "recurrent": "RNN GRU LSTM",
    "attention": "Attention",
    "linear_attention": "LinearAttention",
    "causal_conv": "CausalConvWithState",
    "loss": "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
    "dynamic_quantize": "DynamicQuantizeLinear",
    "string_split": "StringSplit",
    "string_normalizer": "StringNormalizer",
    "tf_idf": "TfIdfVectorizer",
    "sequence_empty": "SequenceEmpty",
    "sequence_construct": "SequenceConstruct",
    "sequence_same": "SequenceErase",
    "sequence_at": "SequenceAt",
    "sequence_insert": "SequenceInsert",
    "split_to_sequence": "SplitToSequence",
    "concat_from_sequence": "ConcatFromSequence",
    "optional": "Optional",
    "optional_get": "OptionalGetElement",
    "scalar": "SequenceLength OptionalHasElement",
    "if": "If",
    "loop": "Loop",
    "scan": "Scan",
    "sequence_map": "SequenceMap",
}

OTHER_SHAPES = {
    (ML, "ArrayFeatureExtractor"): "feature_extractor",
    (ML, "Binarizer"): "same",
    (ML, "CastMap"): "cast_map",
    (ML, "CategoryMapper"): "category_mapper",
    (ML, "DictVectorizer"): "dict_vectorizer",
    (ML, "FeatureVectorizer"): "feature_vectorizer",
    (ML, "Imputer"): "same",
    (ML, "LabelEncoder"): "label_encoder",
    (ML, "LinearClassifier"): "classifier",
    (ML, "LinearRegressor"): "regressor",
    (ML, "Normalizer"): "same",
    (ML, "OneHotEncoder"): "one_hot_encoder",
    (ML, "SVMClassifier"): "classifier",
    (ML, "SVMRegressor"): "regressor",
    (ML, "Scaler"): "same",
    (ML, "TreeEnsemble"): "regressor",
    (ML, "TreeEnsembleClassifier"): "classifier",
    (ML, "TreeEnsembleRegressor"): "regressor",
    (ML, "ZipMap"): "zip_map",
    (TRAINING, "Adagrad"): "matching",
    (TRAINING, "Adam"): "matching",
    (TRAINING, "Gradient"): None,
    (TRAINING, "Momentum"): "matching",
    (PREVIEW, "FlexAttention"): "flex_attention",
}

# Rules for element types. Attributes are numbered as in converter/infer_element.c.
ATTRIBUTES = ["to", "dtype", "output_dtype", "output_datatype", "value", "stash_type"]
INPUT_BITS = 12  # the last one stands for all further inputs too


def fixed(element: int) -> str:
    return f"FIXED({element})"


def inputs(*numbers: int) -> str:
    bits = 0
    for number in numbers:
        bits |= 1 << min(number, INPUT_BITS - 1)
    return f"INPUTS(0x{bits:X})"


def attribute(name: str, default: int) -> str:
    return f"ATTRIBUTE({ATTRIBUTES.index(name)}, {default})"


def attribute_or_input(name: str, number: int) -> str:
    return f"ATTRIBUTE_OR_INPUT({ATTRIBUTES.index(name)}, {number})"


NONE = "NONE"

# Where the type constraints do not tell it: (domain, operator): a rule for each output. NONE: the
# shape rule says it, since it depends on more than one thing or is not a tensor.
ELEMENTS = {
    ("", "Bernoulli"): [attribute_or_input("dtype", 0)],
    ("", "BitCast"): [attribute("to", 0)],
    ("", "BlackmanWindow"): [attribute("output_datatype", TensorProto.FLOAT)],
    ("", "Cast"): [attribute("to", 0)],
    ("", "Constant"): [NONE],
    ("", "ConstantOfShape"): [attribute("value", TensorProto.FLOAT)],
    ("", "EyeLike"): [attribute_or_input("dtype", 0)],
    ("", "HammingWindow"): [attribute("output_datatype", TensorProto.FLOAT)],
    ("", "HannWindow"): [attribute("output_datatype", TensorProto.FLOAT)],
    ("", "Identity"): [NONE],
    ("", "If"): [NONE],
    ("", "LayerNormalization"): [inputs(0), *2 * [attribute("stash_type", TensorProto.FLOAT)]],
    ("", "LinearAttention"): [inputs(0, 1, 2, 4, 5), NONE],
    ("", "Loop"): [NONE],
    ("", "MelWeightMatrix"): [attribute("output_datatype", TensorProto.FLOAT)],
    ("", "Multinomial"): [attribute("dtype", TensorProto.INT32)],
    ("", "Optional"): [NONE],
    ("", "OptionalGetElement"): [NONE],
    ("", "QuantizeLinear"): [NONE],
    ("", "RandomNormal"): [attribute("dtype", TensorProto.FLOAT)],
    ("", "RandomNormalLike"): [attribute_or_input("dtype", 0)],
    ("", "RandomUniform"): [attribute("dtype", TensorProto.FLOAT)],
    ("", "RandomUniformLike"): [attribute_or_input("dtype", 0)],
    ("", "Scan"): [NONE],
    (ML, "CastMap"): [NONE],
    (ML, "CategoryMapper"): [NONE],
    (ML, "DictVectorizer"): [NONE],
    (ML, "LabelEncoder"): [NONE],
    (ML, "LinearClassifier"): [NONE, fixed(TensorProto.FLOAT)],
    (ML, "SVMClassifier"): [NONE, fixed(TensorProto.FLOAT)],
    (ML, "TreeEnsembleClassifier"): [NONE, fixed(TensorProto.FLOAT)],
    (TRAINING, "Adagrad"): [NONE],
    (TRAINING, "Adam"): [NONE],
    (TRAINING, "Gradient"): [NONE],
    (TRAINING, "Momentum"): [NONE],
}
# From that version on.
LATER_ELEMENTS = {("", "DequantizeLinear"): (23, [attribute_or_input("output_dtype", 1)])}

# Contributed operators of ONNX Runtime that are in many exported models; they have no schema here.
FIRST = [inputs(0)]
MICROSOFT_ROWS = {
    "BiasGelu": (FIRST, "same"),
    "BiasSplitGelu": (FIRST, None),
    "EmbedLayerNormalization": ([inputs(2, 3, 4), fixed(TensorProto.INT32), inputs(2, 3, 4)], None),
    "FastGelu": (FIRST, "same"),
    "FusedConv": (FIRST, "conv"),
    "FusedGemm": (FIRST, "gemm"),
    "FusedMatMul": (FIRST, None),
    "Gelu": (FIRST, "same"),
    "GroupQueryAttention": ([inputs(0, 3, 4)], None),
    "Inverse": (FIRST, "same"),
    "MatMulNBits": (FIRST, None),
    "MultiHeadAttention": ([inputs(0, 6, 7)], None),
    "NhwcMaxPool": (FIRST, None),
    "QuickGelu": (FIRST, "same"),
    "RotaryEmbedding": (FIRST, "same"),
    "SimplifiedLayerNormalization": (FIRST, "first_same"),
    "SkipLayerNormalization": ([inputs(0), NONE, NONE, inputs(0)], "first_same"),
    "SkipSimplifiedLayerNormalization": ([inputs(0), NONE, NONE, inputs(0)], "first_same"),
}

ELEMENT_TYPES = {
    "float": TensorProto.FLOAT, "uint8": TensorProto.UINT8, "int8": TensorProto.INT8,
    "uint16": TensorProto.UINT16, "int16": TensorProto.INT16, "int32": TensorProto.INT32,
    "int64": TensorProto.INT64, "string": TensorProto.STRING, "bool": TensorProto.BOOL,
    "float16": TensorProto.FLOAT16, "double": TensorProto.DOUBLE, "uint32": TensorProto.UINT32,
    "uint64": TensorProto.UINT64, "complex64": TensorProto.COMPLEX64, "complex128": TensorProto.COMPLEX128,
    "bfloat16": TensorProto.BFLOAT16,
}

MAX_OUTPUTS = 5
LINE = 110

Schema = onnx.defs.OpSchema


def tensor_element(type_text: str) -> int | None:
    """7 for "tensor(int64)"; None: not a tensor of one element type."""
    if not (type_text.startswith("tensor(") and type_text.endswith(")")):
        return None
    return ELEMENT_TYPES.get(type_text[len("tensor("):-1])


def is_variadic(parameter: Schema.FormalParameter) -> bool:
    return parameter.option == Schema.FormalParameterOption.Variadic


def inputs_of_type(schema: Schema, type_text: str) -> list[int]:
    found = []
    for number, parameter in enumerate(schema.inputs):
        if parameter.type_str != type_text:
            continue
        found += range(number, INPUT_BITS) if is_variadic(parameter) else [number]
    return found


def output_rule(schema: Schema, output: Schema.FormalParameter) -> str:
    allowed = {c.type_param_str: list(c.allowed_type_strs) for c in schema.type_constraints}
    types = allowed.get(output.type_str, [output.type_str])
    if not any(t.startswith("tensor(") for t in types):
        return NONE  # sequences, maps, optional values
    if len(types) == 1 and tensor_element(types[0]) is not None:
        return fixed(tensor_element(types[0]))
    same = inputs_of_type(schema, output.type_str)
    if not same:
        containers = any(schema.inputs[i].type_str in allowed and
                         any(t.startswith("seq(") for t in allowed[schema.inputs[i].type_str])
                         for i in range(len(schema.inputs)))
        if containers:
            return NONE  # an element of a sequence
        sys.exit(f"make_infer_table.py: {schema.domain} {schema.name} {schema.since_version}: "
                 f"nothing tells the type of output {output.name}")
    return inputs(*same)


def element_rules(schema: Schema) -> list[str]:
    key = (schema.domain, schema.name)
    since, later = LATER_ELEMENTS.get(key, (None, None))
    if since is not None and schema.since_version >= since:
        return later
    if key in ELEMENTS:
        return ELEMENTS[key]
    rules = [output_rule(schema, output) for output in schema.outputs]
    if len(rules) > MAX_OUTPUTS:
        sys.exit(f"make_infer_table.py: {schema.name} has more than {MAX_OUTPUTS} outputs")
    return rules


def shape_rules() -> dict[tuple[str, str], str | None]:
    rules: dict[tuple[str, str], str | None] = dict(OTHER_SHAPES)
    for rule, names in SHAPES.items():
        for name in names.split():
            if ("", name) in rules:
                sys.exit(f"make_infer_table.py: {name} has two shape rules")
            rules["", name] = rule
    return rules


Row = tuple[str, str, int, tuple[str, ...], str | None]


def standard_rows() -> list[Row]:
    shapes = shape_rules()
    rows: list[Row] = []
    order = lambda s: (s.domain, s.name, s.since_version)
    for schema in sorted(onnx.defs.get_all_schemas_with_history(), key=order):
        key = (schema.domain, schema.name)
        if key not in shapes:
            sys.exit(f"make_infer_table.py: {schema.domain} {schema.name} has no shape rule")
        row = (*key, schema.since_version, tuple(element_rules(schema)), shapes[key])
        if rows and rows[-1][:2] == key and rows[-1][3:] == row[3:]:
            continue  # nothing changed for us
        rows.append(row)
    unused = set(shapes) - {row[:2] for row in rows}
    if unused:
        sys.exit(f"make_infer_table.py: rules for operators that do not exist: {sorted(unused)}")
    return rows


def row_text(row: Row) -> str:
    domain, name, since, rules, shape = row
    function = f"mx_shape_{shape}" if shape else "NULL"
    start, rest = f'{{"{domain}", "{name}", {since}, {len(rules)},', f'{{{", ".join(rules)}}}, {function}}},'
    return f"{start} {rest}" if len(start) + len(rest) < LINE else f"{start}\n {rest}"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n\n")[1])
    rows = standard_rows()
    rows += [(MICROSOFT, name, 1, tuple(rules), shape) for name, (rules, shape) in MICROSOFT_ROWS.items()]
    rows.sort(key=lambda row: row[:3])
    lines = [f"/* Made by tools/make_infer_table.py from the operator schemas of onnx {onnx.__version__}; "
             "not edited by hand. */"]
    lines += [row_text(row) for row in rows]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
