"""Graphs whose structure is unusual or broken: what no edit touched must come back as it stood."""
from __future__ import annotations

import random
from collections.abc import Iterator

from corpus.build import (attribute, entry, graph, int64s, model, model_of, node, opset, tensor,
                          tensor_type, untyped, value)
from corpus.registry import CANONICAL
from corpus.wire import encode


# --- models of almost nothing ------------------------------------------------------------------


@CANONICAL.model
def empty_file() -> bytes:
    """No bytes at all: a valid ModelProto without any field."""
    return b""


@CANONICAL.model
def no_graph() -> bytes:
    return model(None)


@CANONICAL.model
def empty_graph() -> bytes:
    return model(b"")


@CANONICAL.model
def graph_without_nodes() -> bytes:
    return model_of(initializer=[tensor("w")])


@CANONICAL.model
def graph_of_one_unnamed_node() -> bytes:
    return model(graph(node("Foo")))


# --- names of nodes and operators --------------------------------------------------------------


@CANONICAL.model
def unnamed_nodes() -> bytes:
    return model_of(
        node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"], name=""))


@CANONICAL.model
def duplicate_node_names() -> bytes:
    return model_of(
        node("Relu", ["x"], ["a"], name="same"), node("Neg", ["a"], ["b"], name="same"),
        node("Relu", ["b"], ["y"], name="same"))


@CANONICAL.model
def nodes_equal_in_all_fields() -> bytes:
    """Twins that nothing but their place tells apart."""
    twin = node("Relu", ["x"], ["y"], name="twin", doc_string="d", metadata_props=[entry("k", "v")])
    return model_of(twin, twin, twin)


@CANONICAL.model
def odd_operators() -> bytes:
    """No op_type, an empty one, domains that mean the same, domains nobody imports."""
    return model_of(
        encode("NodeProto", input=["x"], output=["a"]),
        node("", ["a"], ["b"]),
        node("Relu", ["b"], ["c"], domain=""),
        node("Relu", ["c"], ["d"], domain="ai.onnx"),
        node("Relu", ["d"], ["e"], domain="com.nobody"),
        node("Relu", ["e"], ["y"], overload="fast"),
    )


# --- inputs and outputs of nodes ---------------------------------------------------------------


@CANONICAL.model
def optional_inputs() -> bytes:
    """Left out in the middle, at the end, at the end and not written, everywhere."""
    return model_of(
        node("Clip", ["x", "", "max"], ["a"]),
        node("Clip", ["a", "max", ""], ["b"]),
        node("Clip", ["b"], ["c"]),
        node("Foo", ["", "", ""], ["d"]),
        node("Foo", ["", "c", "", "d", "", ""], ["y"]),
        initializer=[tensor("max", [1.0])],
    )


@CANONICAL.model
def optional_outputs() -> bytes:
    return model_of(
        node("LSTM", ["x", "w", "r"], ["", "h", ""]),
        node("LSTM", ["h", "w", "r"], ["", ""]),
        node("LSTM", ["h", "w", "r"]),
        node("Relu", ["h"], ["y"]),
        initializer=[tensor("w"), tensor("r")],
    )


@CANONICAL.model
def undefined_inputs() -> bytes:
    return model_of(
        node("Add", ["x", "nobody"], ["a"]), node("Add", ["nobody", "nothing"], ["b"]),
        node("Add", ["a", "b"], ["y"]))


@CANONICAL.model
def value_produced_twice() -> bytes:
    return model_of(
        node("Relu", ["x"], ["a"]), node("Neg", ["a"], ["b"]), node("Abs", ["x"], ["a"]),
        node("Add", ["a", "b"], ["y"]))


@CANONICAL.model
def value_produced_twice_by_one_node() -> bytes:
    return model_of(node("Split", ["x"], ["a", "a"]), node("Relu", ["a"], ["y"]))


@CANONICAL.model
def node_produces_graph_input() -> bytes:
    return model_of(node("Relu", ["x"], ["x"]), node("Neg", ["x"], ["y"]))


@CANONICAL.model
def node_produces_initializer() -> bytes:
    return model_of(node("Relu", ["x"], ["w"]), node("Add", ["x", "w"], ["y"]), initializer=[tensor("w")])


@CANONICAL.model
def same_value_on_several_ports() -> bytes:
    return model_of(node("Sum", ["x", "x", "w", "x", "w"], ["y"]), initializer=[tensor("w")])


@CANONICAL.model
def many_ports() -> bytes:
    """1,000 inputs, 300 outputs, a value with 500 consumers."""
    parts = [f"p{i}" for i in range(300)]
    users = [node("Relu", ["x"], [f"u{i}"]) for i in range(500)]
    sum_inputs = [*parts, *(f"u{i}" for i in range(500)), *["x"] * 200]
    return model_of(node("Split", ["x"], parts), *users, node("Sum", sum_inputs, ["y"]))


@CANONICAL.model
def node_without_ports() -> bytes:
    return model_of(node("Nothing"), node("Source", [], ["a"]), node("Sink", ["a"]), node("Relu", ["x"], ["y"]))


# --- order -------------------------------------------------------------------------------------


@CANONICAL.model
def nodes_in_reverse() -> bytes:
    chain = [node("Relu", ["x" if i == 0 else f"v{i}"], ["y" if i == 19 else f"v{i + 1}"]) for i in range(20)]
    return model_of(*reversed(chain))


@CANONICAL.model
def nodes_shuffled() -> bytes:
    """A tree of sums in random order: most nodes stand before what they need."""
    nodes = [node("Add", [f"v{i // 2}", f"v{i // 3}"], [f"v{i}"], name=f"n{i}") for i in range(1, 200)]
    random.Random(7).shuffle(nodes)
    return model_of(*nodes, input=[value("v0")], output=[value("v199")])


@CANONICAL.family
def cycle() -> Iterator[tuple[str, bytes]]:
    yield "of_one", model_of(node("Add", ["x", "y"], ["y"]))
    yield "of_two", model_of(node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Neg", ["b"], ["y"]))
    ring = [node("Relu", [f"v{(i + 99) % 100}"], [f"v{i}"]) for i in range(100)]
    yield "of_hundred", model_of(*ring, output=[value("v0")])


@CANONICAL.model
def long_chain() -> bytes:
    """3,000 operators one behind the other, which no recursion should follow."""
    return model_of(*(node("Relu", [f"v{i}"], [f"v{i + 1}"]) for i in range(3000)),
                    input=[value("v0")], output=[value("v3000")])


# --- inputs and outputs of the graph -----------------------------------------------------------


@CANONICAL.model
def output_is_input() -> bytes:
    return model_of(output=[value("x")])


@CANONICAL.model
def output_is_initializer() -> bytes:
    return model_of(node("Relu", ["x"], ["y"]), output=[value("w"), value("y")], initializer=[tensor("w")])


@CANONICAL.model
def output_is_undefined() -> bytes:
    return model_of(node("Relu", ["x"], ["y"]), output=[value("nobody"), value("y")])


@CANONICAL.model
def output_is_optional_name() -> bytes:
    """Outputs and inputs whose name is empty or absent."""
    return model_of(
        node("Foo", ["x", ""], ["y", ""]),
        input=[value("x"), value(""), value(None), b""], output=[value("y"), value(""), value(None), b""])


@CANONICAL.model
def output_twice() -> bytes:
    return model_of(node("Relu", ["x"], ["y"]), output=[value("y"), value("y"), value("y", tensor_type(7, []))])


@CANONICAL.model
def input_twice() -> bytes:
    return model_of(node("Relu", ["x"], ["y"]), input=[value("x"), value("x", tensor_type(7)), value("unused")])


@CANONICAL.model
def inputs_without_type() -> bytes:
    return model_of(node("Relu", ["x"], ["y"]), input=[untyped("x"), value("e", b"")], output=[untyped("y")])


@CANONICAL.model
def outputs_from_everywhere() -> bytes:
    """Each kind of source at once, in an order that is not that of the graph."""
    return model_of(
        node("Relu", ["x"], ["a"]), node("Neg", ["a"], ["y"]),
        output=[value("y"), value("x"), value("w"), value("a"), value("gone"), value("y")],
        initializer=[tensor("w")])


# --- initializers ------------------------------------------------------------------------------


@CANONICAL.model
def initializers_are_inputs() -> bytes:
    """As all models were until IR version 3."""
    return model_of(
        node("Add", ["x", "w"], ["y"]), input=[value("x"), value("w"), value("unused_w")],
        initializer=[tensor("w"), tensor("unused_w")])


@CANONICAL.model
def initializer_names_twice() -> bytes:
    return model_of(
        node("Sum", ["x", "w"], ["y"]), initializer=[tensor("w", [1, 2]), tensor("w", [3, 4]), tensor("w", [1, 2])])


@CANONICAL.model
def initializers_unused() -> bytes:
    return model_of(
        node("Relu", ["x"], ["y"]), initializer=[tensor("a"), tensor("b"), int64s("c", 1, 2)])


@CANONICAL.model
def initializers_unnamed() -> bytes:
    return model_of(node("Relu", ["x"], ["y"]), initializer=[tensor(None), tensor(""), tensor(None), b""])


@CANONICAL.model
def initializer_is_input_and_output() -> bytes:
    return model_of(
        node("Relu", ["x"], ["y"]), input=[value("x"), value("w")], output=[value("w"), value("y")],
        initializer=[tensor("w")])


@CANONICAL.model
def initializers_many() -> bytes:
    """2,000 small ones, used in another order than they stand in."""
    names = [f"w{i}" for i in range(2000)]
    return model_of(
        node("Sum", ["x", *reversed(names)], ["y"]), initializer=[tensor(name, [i]) for i, name in enumerate(names)])


# --- value_info --------------------------------------------------------------------------------


@CANONICAL.model
def value_info_odd() -> bytes:
    """For values that do not exist, twice, contradicting, for inputs, outputs and initializers."""
    return model_of(
        node("Add", ["x", "w"], ["h"]), node("Relu", ["h"], ["y"]),
        initializer=[tensor("w")],
        value_info=[
            value("nobody"), value("h"), value("h"), value("h", tensor_type(7, ["n"])), value("x"),
            value("y", tensor_type(1, [])), value("w"), untyped("h"), value(""), value(None), b"",
            value("h", doc_string="d", metadata_props=[entry("k", "v")]),
        ])


@CANONICAL.model
def value_info_out_of_order() -> bytes:
    return model_of(
        node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"]),
        value_info=[value("b", doc_string=""), value("a", tensor_type(1, None))])


# --- the model ---------------------------------------------------------------------------------


@CANONICAL.family
def opset_imports() -> Iterator[tuple[str, bytes]]:
    main = graph(node("Relu", ["x"], ["y"]), name="g", input=[value("x")], output=[value("y")])
    imports = {
        "absent": [],
        "repeated": [opset(21), opset(21), opset(20)],
        "several": [opset(21), opset(1, "com.microsoft"), opset(5, "ai.onnx.ml"), opset(21, "ai.onnx")],
        "no_domain": [opset(21, None)],
        "odd_versions": [opset(0), opset(-1, "a"), opset(2**63 - 1, "b"), b""],
    }
    for label, imported in imports.items():
        yield label, model(main, opset_import=imported)


@CANONICAL.family
def model_numbers() -> Iterator[tuple[str, bytes]]:
    """Versions that are absent, 0, negative, and beyond 32 bits and 2^53."""
    main = graph(node("Relu", ["x"], ["y"]), name="g", input=[value("x")], output=[value("y")])
    for number in (None, 0, 3, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)):
        yield str(number).replace("-", "minus_"), model(main, ir_version=number, model_version=number)


@CANONICAL.model
def graph_without_name() -> bytes:
    return model_of(node("Relu", ["x"], ["y"]), name=None)


@CANONICAL.model
def constants_in_all_forms() -> bytes:
    """The seven ways to write a Constant."""
    forms = [
        attribute("value", 4, t=tensor(None)), attribute("value_float", 1, f=1.0),
        attribute("value_floats", 6, floats=[1.0, 2.0]), attribute("value_int", 2, i=1),
        attribute("value_ints", 7, ints=[1, 2]), attribute("value_string", 3, s="s"),
        attribute("value_strings", 8, strings=["s", ""]),
    ]
    constants = [node("Constant", [], [f"c{i}"], attributes=[form]) for i, form in enumerate(forms)]
    return model_of(*constants, node("Foo", ["x", *(f"c{i}" for i in range(7))], ["y"]))
