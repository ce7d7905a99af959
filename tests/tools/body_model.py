"""Models to be edited inside: the same chain of operators in a branch of an If, in the bodies of a Loop, a Scan and a
SequenceMap, in an If within a Loop, and in a local function; everything declares its type.

The chain is first (LeakyRelu), second (+ weight), third (Neg), fourth (Abs); what runs it is called `owner`.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
RANDOM = np.random.default_rng(66)
X = RANDOM.standard_normal((3, 4)).astype(np.float32)
W = RANDOM.standard_normal(4).astype(np.float32)

Array = np.ndarray
Chain = Callable[[Array], Array]


def first(v: Array) -> Array:
    return np.where(v < 0, v * np.float32(0.25), v)


def second(v: Array) -> Array:
    return v + W


def chain(v: Array) -> Array:
    return np.abs(-second(first(v)))


def outer(x: Array = X) -> Array:
    """A value that is made outside and that every body can capture."""
    return x * x


def tensor(name: str, shape: list | None = None, elem: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, elem, ["batch", 4] if shape is None else shape)


def node(op_type: str, inputs: list[str], outputs: list[str], name: str, tag: str = "",
         **attributes: object) -> onnx.NodeProto:
    made = helper.make_node(op_type, inputs, outputs, name=name, **attributes)
    if tag:
        made.metadata_props.add(key="hierarchy_tag", value=tag)
        made.metadata_props.add(key="hierarchy_scope", value=tag.lower().replace("/net/", "").replace("/", "."))
    return made


def operators(source: str, result: str, weight: str = "w") -> list[onnx.NodeProto]:
    return [
        node("LeakyRelu", [source], ["t1"], "first", alpha=0.25),
        node("Add", ["t1", weight], ["t2"], "second", "/Net/Body/Core"),
        node("Neg", ["t2"], ["t3"], "third", "/Net/Body/Core"),
        node("Abs", ["t3"], [result], "fourth"),
    ]


def inner_types(shape: list | None = None) -> list[onnx.ValueInfoProto]:
    return [tensor(name, shape) for name in ("t1", "t2", "t3")]


TRIPS = numpy_helper.from_array(np.array(2, np.int64), "trips")
WEIGHT = numpy_helper.from_array(W, "w")


def body(name: str, nodes: list, inputs: list, outputs: list, shape: list | None = None) -> onnx.GraphProto:
    return helper.make_graph(nodes, name, inputs, outputs, [WEIGHT], value_info=inner_types(shape))


def model(owner: list[onnx.NodeProto], types: list, extra: list = (), **fields: object) -> bytes:
    """x -> entry -> h -> owner -> m -> tail -> y; outer gives o to nobody but `spare`."""
    nodes = [
        node("Mul", ["x", "x"], ["o"], "outer", "/Net/Front"),
        node("Sin", ["x"], ["h"], "entry", "/Net/Front"),
        *owner,
        node("Neg", ["m"], ["y"], "tail", "/Net/Back"),
        node("Sqrt", ["o"], ["z"], "spare", "/Net/Back"),
    ]
    graph = helper.make_graph(
        nodes, "net", [tensor("x"), tensor("c", [], BOOL)], [tensor("y"), tensor("z")],
        list(extra),
        value_info=[tensor("o"), tensor("h"), *types])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("local", 1)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=10, **fields)
    return made.SerializeToString(deterministic=True)


def make_if() -> bytes:
    then = body("then", operators("h", "then_out"), [], [tensor("then_out")])
    other = helper.make_graph([node("Identity", ["h"], ["else_out"], "other")], "else", [], [tensor("else_out")])
    owner = node("If", ["c"], ["m"], "owner", "/Net/Body", then_branch=then, else_branch=other)
    return model([owner], [tensor("m")])


def loop_body(nodes: list, weights: list, types: list) -> onnx.GraphProto:
    keep = node("Identity", ["go"], ["go_on"], "keep")
    return helper.make_graph([keep, *nodes], "loop", [tensor("i", [], INT64), tensor("go", [], BOOL), tensor("e")],
                             [tensor("go_on", [], BOOL), tensor("e_out")], weights, value_info=types)


def make_loop() -> bytes:
    inner = loop_body(operators("e", "e_out"), [WEIGHT], inner_types())
    return model([node("Loop", ["trips", "", "h"], ["m"], "owner", "/Net/Body", body=inner)], [tensor("m")], [TRIPS])


def make_scan() -> bytes:
    """The rows of h; the state counts them."""
    count = node("Add", ["n", "one"], ["n_out"], "count")
    inner = body("scan", [count, *operators("row", "row_out")], [tensor("n", []), tensor("row", [4])],
                 [tensor("n_out", []), tensor("row_out", [4])], [4])
    one = numpy_helper.from_array(np.array(1, np.float32), "one")
    owner = node("Scan", ["one", "h"], ["", "m"], "owner", "/Net/Body", body=inner, num_scan_inputs=1)
    owner.output[0] = "rows"
    return model([owner], [tensor("m"), tensor("rows", [])], [one])


def make_map() -> bytes:
    """A sequence of one tensor."""
    inner = body("map", operators("e", "e_out"), [tensor("e")], [tensor("e_out")])
    owner = [
        node("SequenceConstruct", ["h"], ["hs"], "pack", "/Net/Body"),
        node("SequenceMap", ["hs"], ["ms"], "owner", "/Net/Body", body=inner),
        node("SequenceAt", ["ms", "zero"], ["m"], "unpack", "/Net/Body"),
    ]
    return model(owner, [tensor("m")], [numpy_helper.from_array(np.array(0, np.int64), "zero")])


def make_nested() -> bytes:
    """The chain in the branch of an If in the body of a Loop."""
    then = body("then", operators("e", "then_out"), [], [tensor("then_out")])
    other = helper.make_graph([node("Identity", ["e"], ["else_out"], "other")], "else", [], [tensor("else_out")])
    inner = node("If", ["c"], ["e_out"], "choice", then_branch=then, else_branch=other)
    owner = node("Loop", ["trips", "", "h"], ["m"], "owner", "/Net/Body", body=loop_body([inner], [], []))
    return model([owner], [tensor("m")], [TRIPS])


def make_function() -> bytes:
    """Called twice, with tensors of different shapes."""
    constant = node("Constant", [], ["w"], "weight", value=WEIGHT)
    function = helper.make_function("local", "Chain", ["e"], ["e_out"], [constant, *operators("e", "e_out")],
                                    [helper.make_opsetid("", 18)])
    function.value_info.extend(inner_types(["n", 4]))
    owner = [
        node("Chain", ["h"], ["m"], "owner", "/Net/Body", domain="local"),
        node("Concat", ["h", "h"], ["hh"], "double", "/Net/Body", axis=0),
        node("Chain", ["hh"], ["mm"], "again", "/Net/Body", domain="local"),
    ]
    return model(owner, [tensor("m"), tensor("hh", [None, 4]), tensor("mm", [None, 4])], functions=[function])


@dataclass(frozen=True)
class Place:
    name: str
    make: Callable[[], bytes]
    times: int  # how often the chain is run
    owner: str  # whose body it stands in
    attribute: str | None  # None: a function's
    source: str  # the operator or input that the chain begins at

    def value(self, of: Chain, x: Array = X) -> Array:
        """What comes out of the owner if the chain is `of`."""
        v = np.sin(x)
        for _ in range(self.times):
            v = of(v)
        return v

    def scope(self, editor):
        return editor.body(self.owner, self.attribute) if self.attribute else editor.function("Chain")


PLACES = {p.name: p for p in (
    Place("if", make_if, 1, "owner", "then_branch", "entry"),
    Place("loop", make_loop, 2, "owner", "body", "e"),
    Place("scan", make_scan, 1, "owner", "body", "row"),
    Place("map", make_map, 1, "owner", "body", "e"),
    Place("nested", make_nested, 2, "choice", "then_branch", "e"),
    Place("function", make_function, 1, "owner", None, "e"),
)}
