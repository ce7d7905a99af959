"""Small models that have a bit of everything: bodies, functions, typed data, metadata, scoped names."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def branch(name: str, op_type: str) -> onnx.GraphProto:
    """A body that captures `h`."""
    node = helper.make_node(op_type, ["h"], [f"{name}_out"], name=f"{name}/{op_type}")
    return helper.make_graph([node], name, [], [helper.make_tensor_value_info(f"{name}_out", FLOAT, None)])


def twice() -> onnx.FunctionProto:
    node = helper.make_node("Add", ["a", "a"], ["b"])
    return helper.make_function("local", "Twice", ["a"], ["b"], [node], [helper.make_opsetid("", 21)])


def make(seed: int = 1) -> bytes:
    """The model of most tests: about 1 KB, canonical; `seed` decides the weights."""
    random = np.random.default_rng(seed)
    weight = numpy_helper.from_array(random.standard_normal((4, 4), dtype=np.float32), "encoder.layer.0.weight")
    bias = helper.make_tensor("encoder.layer.0.bias", FLOAT, [4], random.standard_normal(4).astype(np.float32).tolist())
    nodes = [
        helper.make_node("MatMul", ["x", weight.name], ["m"], name="/encoder/layer.0/MatMul"),
        helper.make_node("Add", ["m", bias.name], ["h"], name="/encoder/layer.0/Add"),
        helper.make_node(
            "If", ["c"], ["i"], name="choice", then_branch=branch("then", "Relu"), else_branch=branch("else", "Neg")
        ),
        helper.make_node("Twice", ["i"], ["t"], name="twice", domain="local"),
        helper.make_node("LeakyRelu", ["t"], ["y"], name="end", alpha=0.25, doc_string="a <doc> & more"),
    ]
    nodes[0].metadata_props.add(key="namespace", value="encoder")
    graph = helper.make_graph(
        nodes,
        "small",
        [
            helper.make_tensor_value_info("x", FLOAT, ["batch", 4]),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("y", FLOAT, ["batch", 4])],
        initializer=[weight, bias],
        value_info=[helper.make_tensor_value_info("h", FLOAT, ["batch", 4])],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)]
    model = helper.make_model(graph, functions=[twice()], opset_imports=opsets, producer_name="tests", ir_version=10)
    return model.SerializeToString(deterministic=True)


def make_tiny() -> bytes:
    """One operator with one initializer."""
    weight = numpy_helper.from_array(np.arange(4, dtype=np.float32), "w")
    node = helper.make_node("Gemm", ["x", "w"], ["y"], name="n", alpha=0.5)
    value = [helper.make_tensor_value_info(name, FLOAT, [4]) for name in "xy"]
    graph = helper.make_graph([node], "tiny", value[:1], value[1:], initializer=[weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return model.SerializeToString(deterministic=True)


def external_tensor(
    name: str, count: int, location: str, offset: int | None = None, length: int | None = None
) -> TensorProto:
    """A tensor of `count` floats whose data is in another file."""
    tensor = TensorProto(name=name, data_type=FLOAT, dims=[count], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        if value is not None:
            tensor.external_data.add(key=key, value=str(value))
    return tensor


def make_external(*tensors: TensorProto) -> bytes:
    """A model that sums up external tensors of one size."""
    dims = list(tensors[0].dims)
    node = helper.make_node("Sum", [t.name for t in tensors], ["y"], name="sum")
    graph = helper.make_graph(
        [node], "external", [], [helper.make_tensor_value_info("y", FLOAT, dims)], initializer=list(tensors)
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return model.SerializeToString(deterministic=True)


def weight_payloads(model: bytes) -> list[bytes]:
    """The data of the initializers as they stand in the file."""
    tensors = onnx.ModelProto.FromString(model).graph.initializer
    return [t.raw_data or np.array(t.float_data, dtype="<f4").tobytes() for t in tensors]
