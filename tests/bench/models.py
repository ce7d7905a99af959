"""Models for the benchmarks, made without torch: large weights of random bytes, or very many small operators.

usage: models.py KIND OUT.onnx
  single    1 GB in one file: 256 MatMul layers of 4 MB each
  external  2.4 GB: the same shape, weights in one external data file
  ladder:N  N operators and hardly any weights: a chain of Add, Mul, Relu in scoped groups
  modules:N 300,000 operators in N modules of equal size, each with a weight of its own and a shared one
"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper


def matmul_chain(layers: int, width: int):
    """A chain of MatMul + Add; weights are named but hold no data yet."""
    nodes, names, value = [], [], "x"
    for i in range(layers):
        scope = f"/encoder/layer.{i}/dense"
        nodes.append(helper.make_node("MatMul", [value, f"encoder.layer.{i}.weight"], [f"{scope}/MatMul_output_0"],
                                      name=f"{scope}/MatMul"))
        nodes.append(helper.make_node("Add", [f"{scope}/MatMul_output_0", f"encoder.layer.{i}.bias"],
                                      [f"{scope}/Add_output_0"], name=f"{scope}/Add"))
        names.append((f"encoder.layer.{i}.weight", (width, width)))
        names.append((f"encoder.layer.{i}.bias", (width,)))
        value = f"{scope}/Add_output_0"
    return nodes, names, value


def chain_model(nodes, value, initializers, width):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", width])
    y = helper.make_tensor_value_info(value, TensorProto.FLOAT, ["batch", width])
    graph = helper.make_graph(nodes, "main_graph", [x], [y], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def tensor(name: str, shape, data: bytes | None = None, external=None) -> TensorProto:
    t = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
    if external:
        t.data_location = TensorProto.EXTERNAL
        for key, value in external.items():
            t.external_data.add(key=key, value=str(value))
    else:
        t.raw_data = data
    return t


def single(path: str, layers: int = 256, width: int = 1024) -> None:
    rng = np.random.default_rng(0)
    nodes, names, value = matmul_chain(layers, width)
    initializers = [tensor(n, s, rng.bytes(4 * int(np.prod(s)))) for n, s in names]
    with open(path, "wb") as f:
        f.write(chain_model(nodes, value, initializers, width).SerializeToString())


def external(path: str, layers: int = 150, width: int = 2048) -> None:
    rng = np.random.default_rng(0)
    nodes, names, value = matmul_chain(layers, width)
    location, initializers = os.path.basename(path) + ".data", []
    with open(path + ".data", "wb") as f:
        for name, shape in names:
            f.write(bytes(-f.tell() % 4096))
            size = 4 * int(np.prod(shape))
            initializers.append(tensor(name, shape, external={"location": location, "offset": f.tell(), "length": size}))
            f.write(rng.bytes(size))
    with open(path, "wb") as f:
        f.write(chain_model(nodes, value, initializers, width).SerializeToString())


def ladder(path: str, count: int) -> None:
    kinds, nodes, previous, value = ("Add", "Mul", "Relu"), [], "x", "x"
    for i in range(count):
        kind = kinds[i % 3]
        scope = f"/encoder/layer.{i // 1000}/block.{i // 50 % 20}/part"
        out = f"{scope}/{kind}_{i}_output_0"
        inputs = [value] if kind == "Relu" else [value, previous]
        nodes.append(helper.make_node(kind, inputs, [out], name=f"{scope}/{kind}_{i}"))
        previous, value = value, out
    with open(path, "wb") as f:
        f.write(chain_model(nodes, value, [], 8).SerializeToString())


def modules(path: str, count: int, operators: int = 300000) -> None:
    nodes, value, size = [], "x", operators // count
    initializers = [tensor("shared", (8,), bytes(32))]
    for i in range(count):
        initializers.append(tensor(f"encoder.block.{i}.weight", (8,), bytes(32)))
        for k in range(size):
            kind, other = ("Add", f"encoder.block.{i}.weight") if k % 2 else ("Mul", "shared")
            out = f"/encoder/block.{i}/{kind}_{k}_output_0"
            nodes.append(helper.make_node(kind, [value, other], [out], name=f"/encoder/block.{i}/{kind}_{k}"))
            value = out
    with open(path, "wb") as f:
        f.write(chain_model(nodes, value, initializers, 8).SerializeToString())


def main() -> None:
    kind, path = sys.argv[1], sys.argv[2]
    if kind.startswith("ladder:"):
        ladder(path, int(kind.split(":")[1]))
    elif kind.startswith("modules:"):
        modules(path, int(kind.split(":")[1]))
    else:
        {"single": single, "external": external}[kind](path)


if __name__ == "__main__":
    main()
