"""Attributes: every kind, empty, contradictory, nameless, and with values JSON would change."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corpus.build import (attribute, bits32, entry, graph, int64s, model_of, node, tensor,
                          tensor_type, untyped, value)
from corpus.registry import CANONICAL
from corpus.tensors import ODD_FLOATS, ODD_INTS, of_type
from corpus.wire import encode


def sparse(name: str | None = "s") -> bytes:
    return encode("SparseTensorProto", values=tensor(name), indices=int64s(None, 0, 3), dims=[5])


def body(*extra: bytes) -> bytes:
    """A body that takes x from outside."""
    return graph(*extra, node("Identity", ["x"], ["r"]), name="body", output=[value("r")])


# kind: (number, field, a value of it, for lists also what no JSON list of plain values can say)
KINDS: dict[str, tuple[int, str, list[Any]]] = {
    "float": (1, "f", [0.0, 1.0, -0.5, 1e-12, 0.1, bits32(0x7FC12345), bits32(0x80000000)]),
    "int": (2, "i", [0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1]),
    "string": (3, "s", ["", "a", "1", "1.0", "true", "{\"type\": \"INT\"}", b"\xff", b"a\0b"]),
    "tensor": (4, "t", [b"", tensor(None), tensor("named", doc_string="d"), of_type(21, None, False, True)]),
    "graph": (5, "g", [b"", body(), graph(name="empty"), body(node("Foo", [], ["u"]))]),
    "floats": (6, "floats", [[1.0], [1.0, 2.0], [0.5, 3.0, -0.0], ODD_FLOATS]),
    "ints": (7, "ints", [[0], [1, 1, 1], ODD_INTS, list(range(-500, 500))]),
    "strings": (8, "strings", [[""], ["a", "b"], ["a", "", "a"], ["1", "2"], [b"\xff", b"\0", b"ok"]]),
    "tensors": (9, "tensors", [[tensor(None)], [tensor("a"), b"", tensor("a")]]),
    "graphs": (10, "graphs", [[body()], [body(), body(), b""], [graph(name="a"), body(), graph(name="a")]]),
    "sparse_tensor": (11, "sparse_tensor", [b"", sparse(), sparse(None)]),
    "sparse_tensors": (12, "sparse_tensors", [[sparse()], [sparse(), b"", sparse("s")]]),
    "type_proto": (13, "tp", [b"", tensor_type(), tensor_type(1, None)]),
    "type_protos": (14, "type_protos", [[tensor_type()], [tensor_type(), b"", tensor_type(7, ["n"])]]),
}
LISTS = [name for name, (_, field, _) in KINDS.items() if field.endswith("s") and field != "s"]


def one_of_each() -> dict[str, Any]:
    """A value for every value field of AttributeProto."""
    return {field: values[-1] for _, field, values in KINDS.values()}


def carrier(*attributes: bytes, **graph_fields: Any) -> bytes:
    """A model whose single operator has these attributes."""
    return model_of(node("Foo", ["x"], ["y"], name="carrier", attributes=attributes, domain="odd"), **graph_fields)


@CANONICAL.family
def attribute_kind() -> Iterator[tuple[str, bytes]]:
    """One model a kind: its values with the type, without it, and the type without a value."""
    for label, (number, field, values) in KINDS.items():
        typed = [attribute(f"typed_{i}", number, **{field: v}) for i, v in enumerate(values)]
        untyped_ = [attribute(f"untyped_{i}", None, **{field: v}) for i, v in enumerate(values)]
        bare = [attribute("no_value", number), attribute("documented", number, doc_string="d", **{field: values[0]})]
        yield label, carrier(*typed, *untyped_, *bare)


@CANONICAL.model
def attribute_empty_lists() -> bytes:
    return carrier(*(attribute(name, KINDS[name][0]) for name in LISTS))


@CANONICAL.model
def attribute_undefined_type() -> bytes:
    """UNDEFINED written out, with and without a value; and nothing but a name."""
    return carrier(
        attribute("undefined", 0),
        attribute("undefined_int", 0, i=3),
        attribute("undefined_all", 0, **one_of_each()),
        attribute("name_only", None),
        b"",
    )


@CANONICAL.family
def attribute_unknown_type() -> Iterator[tuple[str, bytes]]:
    """Type numbers that this version of ONNX does not have."""
    for number in (15, 99, -1, 2**31 - 1, -(2**31)):
        yield str(number).replace("-", "minus_"), carrier(
            attribute("empty", number),
            attribute("with_int", number, i=7),
            attribute("with_all", number, **one_of_each()),
        )


@CANONICAL.model
def attribute_two_values() -> bytes:
    """More than one value, of which the type names one, or none."""
    return carrier(
        attribute("float_and_int", 1, f=1.5, i=2),
        attribute("int_and_float", 2, f=1.5, i=2),
        attribute("int_and_zero_float", 2, f=0.0, i=2),
        attribute("string_and_strings", 3, s="a", strings=["b", "c"]),
        attribute("ints_and_floats", 7, ints=[1], floats=[2.0]),
        attribute("graph_and_graphs", 5, g=body(), graphs=[body(), body()]),
        attribute("graphs_and_graph", 10, g=body(), graphs=[body()]),
        attribute("tensor_and_sparse", 4, t=tensor(None), sparse_tensor=sparse()),
        attribute("everything", 2, **one_of_each()),
        attribute("everything_untyped", None, **one_of_each()),
    )


@CANONICAL.model
def attribute_value_of_another_kind() -> bytes:
    """The type names one kind, the value is of another."""
    return carrier(
        attribute("float_is_int", 1, i=2),
        attribute("int_is_float", 2, f=2.0),
        attribute("int_is_string", 2, s="2"),
        attribute("ints_is_int", 7, i=2),
        attribute("int_is_ints", 2, ints=[2]),
        attribute("floats_is_ints", 6, ints=[2, 3]),
        attribute("string_is_graph", 3, g=body()),
        attribute("graph_is_string", 5, s="g"),
        attribute("graph_is_graphs", 5, graphs=[body()]),
        attribute("graphs_is_graph", 10, g=body()),
        attribute("tensor_is_type", 4, tp=tensor_type()),
    )


@CANONICAL.model
def attribute_reference() -> bytes:
    """`ref_attr_name` outside of a function, with and without type, with a value as well."""
    return carrier(
        attribute("a", 2, ref_attr_name="outer"),
        attribute("b", None, ref_attr_name="outer"),
        attribute("c", 2, ref_attr_name="outer", i=3),
        attribute("d", 7, ref_attr_name=""),
        attribute("e", 5, ref_attr_name="outer", doc_string="d"),
        attribute("f", 99, ref_attr_name="outer"),
        attribute("g", 3, ref_attr_name=b"\xff\0"),
    )


@CANONICAL.model
def attribute_duplicate_names() -> bytes:
    return carrier(
        attribute("a", 2, i=1), attribute("a", 2, i=2), attribute("a", 1, f=3.0),
        attribute("b", 5, g=body()), attribute("b", 5, g=body()),
        attribute("a", 2, i=1),
    )


@CANONICAL.model
def attribute_odd_names() -> bytes:
    """Names that are missing, empty, or have a meaning in JSON, in JavaScript or in the format."""
    names = [None, "", " ", "type", "value", "base64", "name", "attributes", "rest", "$ref", "__proto__",
             "constructor", "a.b", "a b", "a\"b", "a\\b", "\u65e5\u672c", "0", "-1", "null", "a:b"]
    return carrier(*(attribute(name, 2, i=at) for at, name in enumerate(names)))


@CANONICAL.model
def attribute_names_of_tags() -> bytes:
    """The names under which tags are written, with values that are no tags."""
    return carrier(
        attribute("hierarchy_tag", 2, i=1),
        attribute("hierarchy_tags", 3, s="not a list"),
        attribute("hierarchy_count", 1, f=1.0),
        attribute("hierarchy_path", 8, strings=["a", "b"]),
    )


@CANONICAL.model
def attribute_order() -> bytes:
    """Attributes keep their order, which is not that of the alphabet."""
    names = ["z", "a", "m", "B", "b", "10", "9"]
    return carrier(*(attribute(name, 7, ints=[at]) for at, name in enumerate(names)))


@CANONICAL.model
def attribute_doc_string() -> bytes:
    return carrier(
        attribute("plain", 2, i=1, doc_string="why"),
        attribute("empty", 2, i=1, doc_string=""),
        attribute("odd", 2, i=1, doc_string=b"\r\0\xff"),
        attribute("list", 7, ints=[1, 2], doc_string="why"),
    )


@CANONICAL.model
def attribute_graphs_capture() -> bytes:
    """A list of bodies that take values and initializers from outside, and share names."""
    bodies = [
        graph(node("Add", ["x", "w"], ["r"], name="same"), name="same", output=[value("r")]),
        graph(node("Mul", ["h", "w"], ["r"], name="same"), name="same", output=[value("r")],
              initializer=[tensor("w")]),
        graph(name="passes through", output=[untyped("h")]),
    ]
    return model_of(
        node("Relu", ["x"], ["h"]),
        node("Switch", ["h"], ["y"], domain="odd", attributes=[attribute("cases", 10, graphs=bodies),
                                                               attribute("default", 5, g=bodies[0])]),
        initializer=[tensor("w", metadata_props=[entry("k", "v")])],
    )


@CANONICAL.model
def attribute_many() -> bytes:
    """An operator with 500 attributes, and one with a list of 100,000 numbers."""
    return model_of(
        node("Foo", ["x"], ["h"], attributes=[attribute(f"a{i}", 2, i=i) for i in range(500)]),
        node("Foo", ["h"], ["y"], attributes=[attribute("ints", 7, ints=[i % 1000 for i in range(100_000)])]),
    )
