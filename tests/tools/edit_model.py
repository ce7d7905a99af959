"""A model to be edited: two module groups with tags, small enough to be worked out with numpy."""
from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
RANDOM = np.random.default_rng(6)
W0 = RANDOM.standard_normal((4, 4)).astype(np.float32)
B0 = RANDOM.standard_normal(4).astype(np.float32)
W1 = RANDOM.standard_normal((4, 4)).astype(np.float32)
B1 = RANDOM.standard_normal(4).astype(np.float32)
X = RANDOM.standard_normal((3, 4)).astype(np.float32)
S = RANDOM.standard_normal((3, 4)).astype(np.float32)

# name, operator, inputs, output, scope, tag, attributes
LAYERS = [
    ("mm0", "MatMul", ["x", "w0"], "v0", "enc.layer.0", "/Net/Enc/Layer.0", {}),
    ("add0", "Add", ["v0", "b0"], "v1", "enc.layer.0", "/Net/Enc/Layer.0", {}),
    ("act0", "LeakyRelu", ["v1"], "v2", "enc.layer.0", "/Net/Enc/Layer.0", {"alpha": 0.25}),
    ("mm1", "MatMul", ["v2", "w1"], "v3", "enc.layer.1", "/Net/Enc/Layer.1", {}),
    ("add1", "Add", ["v3", "b1"], "v4", "enc.layer.1", "/Net/Enc/Layer.1", {}),
    ("act1", "LeakyRelu", ["v4"], "v5", "enc.layer.1", "/Net/Enc/Layer.1", {"alpha": 0.5}),
    ("sub", "Sub", ["v5", "s"], "v6", "head", "/Net/Head", {}),
    ("turn", "Transpose", ["v6"], "v7", "head", "/Net/Head", {"perm": [0, 1]}),
    ("out", "Neg", ["v7"], "y", "head", "/Net/Head", {}),
]


def leaky(v: np.ndarray, alpha: float) -> np.ndarray:
    return np.where(v < 0, v * np.float32(alpha), v)


def layer0(x: np.ndarray = X) -> np.ndarray:
    return leaky(x @ W0 + B0, 0.25)


def layer1(v: np.ndarray) -> np.ndarray:
    return leaky(v @ W1 + B1, 0.5)


def operator(name: str, op_type: str, inputs: list[str], output: str, scope: str, tag: str, attributes: dict) -> onnx.NodeProto:
    node = helper.make_node(op_type, inputs, [output], name=name, **attributes)
    node.metadata_props.add(key="hierarchy_tag", value=tag)
    node.metadata_props.add(key="hierarchy_scope", value=scope)
    node.metadata_props.add(key="hierarchy_method", value="direct")
    return node


def make() -> bytes:
    def value(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, FLOAT, ["batch", 4])

    weights = {"w0": W0, "b0": B0, "w1": W1, "b1": B1}
    graph = helper.make_graph(
        [operator(*layer) for layer in LAYERS], "net", [value("x"), value("s")], [value("y")],
        initializer=[numpy_helper.from_array(array, name) for name, array in weights.items()],
        value_info=[value(f"v{i}") for i in range(8)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return model.SerializeToString(deterministic=True)


def make_scoped() -> bytes:
    """The same with names as exporters give them: `/enc/layer.0/MatMul`, `/enc/layer.0/MatMul_output_0`."""
    model = onnx.ModelProto.FromString(make())
    names = {}
    for node in model.graph.node:
        scope = next(p.value for p in node.metadata_props if p.key == "hierarchy_scope")
        node.name = "/" + scope.replace("enc.", "enc/") + "/" + node.op_type
        if node.output[0] != "y":
            names[node.output[0]] = f"{node.name}_output_0"
    for node in model.graph.node:
        node.input[:] = [names.get(i, i) for i in node.input]
        node.output[:] = [names.get(o, o) for o in node.output]
    for info in model.graph.value_info:
        info.name = names[info.name]
    return model.SerializeToString(deterministic=True)
