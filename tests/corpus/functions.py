"""Local functions: calling each other, overloaded, with attributes and bodies, and broken ones."""
from __future__ import annotations

from collections.abc import Sequence

from corpus.bodies import COND, identity_body, if_node
from corpus.build import (Text, attribute, entry, graph, int64s, model, node, opset, tensor,
                          tensor_type, untyped, value)
from corpus.registry import CANONICAL
from corpus.wire import encode

LOCAL = "local"


def function(
    name: Text | None, inputs: Sequence[Text], outputs: Sequence[Text], *nodes: bytes, **fields: object
) -> bytes:
    fields.setdefault("domain", LOCAL)
    fields.setdefault("opset_import", [opset(21)])
    return encode("FunctionProto", name=name, input=inputs, output=outputs, node=nodes, **fields)


def call(called: str, inputs: Sequence[Text], outputs: Sequence[Text], **fields: object) -> bytes:
    return node(called, inputs, outputs, domain=LOCAL, **fields)


def model_with(functions: Sequence[bytes], *nodes: bytes, **graph_fields: object) -> bytes:
    graph_fields.setdefault("input", [value("x"), COND])
    graph_fields.setdefault("output", [value("y")])
    main = graph(*nodes, name="main", **graph_fields)
    return model(main, opset_import=[opset(21), opset(1, LOCAL)], functions=functions)


@CANONICAL.model
def functions_call_each_other() -> bytes:
    """Three levels, defined before and after their callers, one called twice."""
    return model_with(
        [
            function("Outer", ["a"], ["r"], call("Inner", ["a"], ["t"]), call("Inner", ["t"], ["r"])),
            function("Innermost", ["a"], ["r"], node("Relu", ["a"], ["r"], name="relu")),
            function("Inner", ["a"], ["r"], call("Innermost", ["a"], ["t"], name="relu"), node("Neg", ["t"], ["r"])),
        ],
        call("Outer", ["x"], ["h"], name="first"), call("Inner", ["h"], ["y"], name="second"))


@CANONICAL.model
def functions_in_a_chain() -> bytes:
    """Each of 40 functions calls the next."""
    chain = [function(f"F{i}", ["a"], ["r"], call(f"F{i + 1}", ["a"], ["r"])) for i in range(40)]
    last = function("F40", ["a"], ["r"], node("Relu", ["a"], ["r"]))
    return model_with([*chain, last], call("F0", ["x"], ["y"]))


@CANONICAL.model
def function_attributes() -> bytes:
    """Required attributes, attributes with defaults, references from nodes and from inside a body."""
    body = graph(node("LeakyRelu", ["a"], ["r"], attributes=[attribute("alpha", 1, ref_attr_name="alpha")]),
                 output=[untyped("r")])
    return model_with(
        [function(
            "Scale", ["a"], ["r"],
            node("Constant", [], ["c"], attributes=[attribute("value_ints", 7, ref_attr_name="axes")]),
            if_node(body, identity_body("a"), ["t"], cond="c"),
            node("Elu", ["t"], ["r"], attributes=[attribute("alpha", None, ref_attr_name="alpha"),
                                                  attribute("unused", 2, ref_attr_name="nobody")]),
            attribute=["axes", "mode", "mode", ""],
            attribute_proto=[attribute("alpha", 1, f=0.5), attribute("list", 7),
                             attribute("body", 5, g=identity_body("a")), attribute("t", 4, t=tensor("default"))],
        )],
        call("Scale", ["x"], ["h"], attributes=[attribute("axes", 7, ints=[0]), attribute("mode", 3, s="m")]),
        call("Scale", ["h"], ["y"], attributes=[attribute("axes", 7, ints=[1]), attribute("alpha", 1, f=2.0)]))


@CANONICAL.model
def function_overloads() -> bytes:
    """One name and domain with several overloads; one of them the empty one, one given twice."""
    overloads = [None, "", "float", "int", "int"]
    functions = [function("F", ["a"], ["r"], node("Relu", ["a"], ["r"]), overload=o) for o in overloads]
    return model_with(functions, call("F", ["x"], ["h"], overload="int"), call("F", ["h"], ["y"]))


@CANONICAL.model
def functions_of_one_name() -> bytes:
    """The same name in other domains, in the empty one, and the same function twice."""
    domains = ["local", "other", "", None, "local"]
    functions = [function("Relu", ["a"], ["r"], node("Neg", ["a"], ["r"]), domain=d) for d in domains]
    return model_with(functions, node("Relu", ["x"], ["h"]), call("Relu", ["h"], ["y"]))


@CANONICAL.model
def function_with_everything() -> bytes:
    """value_info, metadata, doc string, own opsets, constants with large data."""
    weight = encode("TensorProto", data_type=2, dims=[5000], raw_data=bytes(i * 31 & 0xFF for i in range(5000)))
    return model_with(
        [function(
            "Full", ["a", "b"], ["r", "s"],
            node("Constant", [], ["w"], name="c", attributes=[attribute("value", 4, t=weight)]),
            node("Foo", ["a", "w", ""], ["r"], name="foo", metadata_props=[entry("k", "v")]),
            node("Split", ["b"], ["", "s"], doc_string="d"),
            doc_string="does <it> all", opset_import=[opset(18), opset(1, LOCAL), opset(18)],
            value_info=[value("w", tensor_type(2, [5000])), value("a"), value("nobody"), value("w")],
            metadata_props=[entry("pkg.torch.onnx.class", "M"), entry("k", ""), entry("k", "")],
        )],
        call("Full", ["x", "x"], ["h", "i"]), node("Add", ["h", "i"], ["y"]))


@CANONICAL.model
def function_with_bodies() -> bytes:
    """An If in a function whose branches capture the function's input and call another function."""
    then = graph(call("Inner", ["a"], ["r"]), name="then", output=[untyped("r")])
    nested = graph(if_node(then, identity_body("a"), ["r"], cond="c"), name="else", output=[untyped("r")])
    return model_with(
        [
            function("WithIf", ["a", "c"], ["r"], node("Relu", ["a"], ["t"]), if_node(then, nested, ["r"], cond="c")),
            function("Inner", ["a"], ["r"], node("Neg", ["a"], ["r"])),
        ],
        call("WithIf", ["x", "cond"], ["y"]))


@CANONICAL.model
def functions_broken() -> bytes:
    """Recursive, empty, out of order, passing through, with undefined and doubled values."""
    return model_with(
        [
            function("Recursive", ["a"], ["r"], call("Recursive", ["a"], ["r"])),
            function("Ping", ["a"], ["r"], call("Pong", ["a"], ["r"])),
            function("Pong", ["a"], ["r"], call("Ping", ["a"], ["r"])),
            function("Empty", [], []),
            b"",
            function(None, ["a"], ["r"], domain=None, opset_import=[]),
            function("PassThrough", ["a", "b"], ["b", "a", "a"]),
            function("Undefined", ["a", "a", ""], ["r", ""], node("Add", ["a", "nobody"], ["t"])),
            function("Shuffled", ["a"], ["r"], node("Relu", ["t"], ["r"]), node("Neg", ["a"], ["t"])),
            function("Twice", ["a"], ["r"], node("Relu", ["a"], ["r"]), node("Neg", ["a"], ["r"])),
            function("Unused", ["a"], ["r"], node("Relu", ["a"], ["r"])),
        ],
        call("Recursive", ["x"], ["h"]), call("NotThere", ["h"], ["i"]), call("PassThrough", ["i", "h", "x"], ["y"]))


@CANONICAL.model
def functions_share_names_with_graph() -> bytes:
    """Values, nodes and bodies of functions are called as those of the main graph."""
    return model_with(
        [function("F", ["x"], ["y"], node("Add", ["x", "w"], ["h"], name="n"), node("Relu", ["h"], ["y"], name="n"))],
        node("Add", ["x", "w"], ["h"], name="n"), call("F", ["h"], ["y"], name="n"), initializer=[tensor("w")])


@CANONICAL.model
def function_called_in_body() -> bytes:
    """A call with too many and one with too few inputs, inside the branches of an If."""
    then = graph(call("F", ["x", "w", "", "w"], ["r"]), name="then", output=[value("r")])
    otherwise = graph(call("F", [], ["r", "s"]), name="else", output=[value("r")])
    return model_with(
        [function("F", ["a", "b"], ["r"], node("Relu", ["a"], ["r"]))],
        if_node(then, otherwise, ["y"]), initializer=[tensor("w"), int64s("unused", 1)])


@CANONICAL.model
def functions_as_modules() -> bytes:
    """As torch's exporter with `export_modules_as_functions` writes a layer norm twice in a model."""
    scopes = "['', 'encoder', 'encoder.layer.0', 'encoder.layer.0.norm']"
    classes = "['app.Model', 'app.Encoder', 'app.Layer', 'torch.nn.modules.normalization.LayerNorm']"
    torch = [entry("pkg.torch.onnx.name_scopes", scopes), entry("pkg.torch.onnx.class_hierarchy", classes)]
    name = "torch_nn_modules_normalization_LayerNorm_1"
    return model_with(
        [function(
            name, ["a", "weight"], ["r"],
            node("ReduceMean", ["a"], ["m"], name="ReduceMean_0"), node("Sub", ["a", "m"], ["d"], name="Sub_1"),
            node("Mul", ["d", "weight"], ["r"], name="Mul_2"), metadata_props=torch)],
        call(name, ["x", "w0"], ["h"], name="encoder/layer.0/norm_1", metadata_props=torch),
        call(name, ["h", "w1"], ["y"], name="encoder/layer.1/norm_1"),
        initializer=[tensor("w0"), tensor("w1")])
