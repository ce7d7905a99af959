"""Models for the benchmarks, made without torch: large weights of random bytes, or very many small operators.

usage: models.py KIND OUT.onnx
  single    1 GB in one file: 256 MatMul layers of 4 MB each
  external  2.4 GB: the same shape, weights in one external data file
  ladder:N  N operators and hardly any weights: a chain of Add, Mul, Relu in scoped groups
  modules:N 300,000 operators in N modules of equal size, each with a weight of its own and a shared one
  wide:N    N groups of ten operators in the model itself, with edges past up to fifty of them
  slashed:N, parameters:N, dynamo:N, bare:N
            N operators in layers of ten, three modules each: told by scoped names of nodes and values, by names of
            parameters, by the metadata of torch's exporter, not at all
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


def wide(path: str, count: int, operators: int = 10) -> None:
    """Groups side by side in the model itself, each fed by the one before it; two of three by one further up too."""
    nodes, value, above = [], "x", "x"
    for i in range(count):
        first = value
        for k in range(operators):
            out = f"/block.{i}/Op_{k}_output_0"
            inputs = [value, first if i % 3 == 0 else above] if k % 2 else [value]
            nodes.append(helper.make_node("Add" if k % 2 else "Relu", inputs, [out], name=f"/block.{i}/Op_{k}"))
            value = out
        if i % 50 == 0:
            above = value
    with open(path, "wb") as f:
        f.write(chain_model(nodes, value, [], 8).SerializeToString())


# An encoder layer as far as tagging cares: module, type, inputs (numbers: earlier steps of the layer; -1: its input;
# texts: parameters of the module).
LAYER = (("attn", "MatMul", (-1, "weight")), ("attn", "Add", (0, "bias")), ("attn", "Transpose", (1,)),
         ("attn", "Softmax", (2,)), ("", "Add", (3, -1)), ("up", "MatMul", (4, "weight")), ("up", "Add", (5, "bias")),
         ("", "Relu", (6,)), ("down", "MatMul", (7, "weight")), ("", "Add", (8, 4)))


def metadata_of(scope: list[str], op: str) -> dict[str, str]:
    names = [".".join(scope[:i]) for i in range(len(scope) + 1) if i != 1]
    classes = ["m.Model", "m.Layer", "torch.nn.modules.linear.Linear"][: len(names)]
    return {"pkg.torch.onnx.name_scopes": str([*names, op]), "pkg.torch.onnx.class_hierarchy": str([*classes, op])}


def layers(path: str, kind: str, count: int) -> None:
    nodes, names, before = [], [], "x"
    for i in range(count):
        layer, step = divmod(i, len(LAYER))
        module, op, takes = LAYER[step]
        scope = ["layers", str(layer), *([module] if module else [])]
        slashed = f"/layers.{layer}/{module}/{op}".replace("//", "/") + f"_{step}"
        own = [t for t in takes if isinstance(t, str)]
        dotted = {t: f"w_{i}_{t}" if kind == "bare" else ".".join([*scope, t]) for t in own}
        value = f"{slashed}_output_0" if kind == "slashed" else f"val_{i}"
        inputs = [dotted[t] if t in own else before if t == -1 else made[t] for t in takes]
        made = [*made, value] if step else [value]
        node = helper.make_node(op, inputs, [value], name=slashed if kind == "slashed" else f"n{i}")
        if kind == "dynamo":
            for key, text in metadata_of(scope, f"{op}_{i}").items():
                node.metadata_props.add(key=key, value=text)
        nodes.append(node)
        names += [(name, (1,)) for name in dotted.values()]
        before = value if step + 1 == len(LAYER) else before
    initializers = [tensor(n, s, bytes(4)) for n, s in names]
    with open(path, "wb") as f:
        f.write(chain_model(nodes, value, initializers, 8).SerializeToString())


def main() -> None:
    kind, path = sys.argv[1], sys.argv[2]
    kind, _, count = kind.partition(":")
    if kind == "ladder":
        ladder(path, int(count))
    elif kind in ("slashed", "parameters", "dynamo", "bare"):
        layers(path, kind, int(count))
    elif kind == "modules":
        modules(path, int(count))
    elif kind == "wide":
        wide(path, int(count))
    else:
        {"single": single, "external": external}[kind](path)


if __name__ == "__main__":
    main()
