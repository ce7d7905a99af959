"""Encodings that no library writes but all of them read: the message must come back equal.

Each model says the same thing twice over: the plain messages of `build`, and one liberty that the
wire format allows.
"""
from __future__ import annotations

from collections.abc import Callable

from corpus import wire
from corpus.build import attribute, entry, graph, int64s, model, model_of, node, opset, tensor, value
from corpus.external import outside
from corpus.registry import NONCANONICAL, Sample
from corpus.schema_tour import HIGH
from corpus.tensors import ODD_INTS, pattern
from corpus.wire import BYTES, VARINT, bytes_field, descriptor, encode, varint, varint_field


def number(kind: str, name: str) -> int:
    return descriptor(kind).fields_by_name[name].number


def field(kind: str, name: str, value: object) -> bytes:
    """The canonical records of one field, to be put anywhere."""
    return encode(kind, **{name: value})


def simple_graph(*nodes: bytes, **fields: object) -> bytes:
    nodes = nodes or (node("Relu", ["x"], ["y"]),)
    return graph(*nodes, name="main", input=[value("x")], output=[value("y")], **fields)


def reverse_fields(data: bytes, kind: str = "ModelProto") -> bytes:
    """The message with the fields of each number in reverse order of the numbers, at all levels.

    Fields of one number keep their order: it is the order of a list.
    """
    schema = descriptor(kind)
    by_number: dict[int, bytes] = {}
    for record in wire.read_fields(data):
        known = schema.fields_by_number[record.number]
        by_number[record.number] = by_number.get(record.number, b"") + _reversed_record(record, known)
    return b"".join(by_number[n] for n in sorted(by_number, reverse=True))


def _reversed_record(record: wire.Field, known: wire.FieldDescriptor) -> bytes:
    if record.wire_type == VARINT:
        return varint_field(record.number, record.value)
    payload = bytes(record.value)
    if known.message_type is not None:
        payload = reverse_fields(payload, known.message_type.full_name.removeprefix("onnx."))
    if record.wire_type == BYTES:
        return bytes_field(record.number, payload)
    return wire.tag(record.number, record.wire_type) + payload


def rich_model() -> bytes:
    """A model with something of everything, to be encoded in another way."""
    body = graph(node("Relu", ["x"], ["r"]), name="b", output=[value("r")], initializer=[tensor("w")])
    attributes = [attribute("ints", 7, ints=[1, 2, 3]), attribute("f", 1, f=0.5), attribute("g", 5, g=body),
                  attribute("s", 3, s="text", doc_string="d")]
    main = simple_graph(
        node("Foo", ["x", "", "w"], ["h"], name="n", attributes=attributes, doc_string="d", domain="odd",
             metadata_props=[entry("k", "v"), entry("k", "w")]),
        node("Relu", ["h"], ["y"]), initializer=[tensor("w"), int64s("i", *ODD_INTS)], doc_string="g")
    return model(main, doc_string="m", metadata_props=[entry("k", "v")], model_version=3)


# --- order -------------------------------------------------------------------------------------


@NONCANONICAL.model
def fields_in_reverse() -> bytes:
    return reverse_fields(rich_model())


@NONCANONICAL.model
def graph_before_version() -> bytes:
    main = field("ModelProto", "graph", simple_graph())
    return main + field("ModelProto", "ir_version", 8) + field("ModelProto", "opset_import", [opset(21)])


@NONCANONICAL.model
def lists_interleaved() -> bytes:
    """Nodes, weights and inputs mixed with one another, each list in its order."""
    kind = "GraphProto"
    mixed = (
        field(kind, "initializer", [tensor("w")]) + field(kind, "node", [node("Add", ["x", "w"], ["a"])])
        + field(kind, "output", [value("y")]) + field(kind, "node", [node("Add", ["a", "v"], ["y"])])
        + field(kind, "initializer", [tensor("v")]) + field(kind, "input", [value("x")]) + field(kind, "name", "main"))
    return model(mixed)


@NONCANONICAL.model
def node_fields_shuffled() -> bytes:
    kind = "NodeProto"
    shuffled = (
        field(kind, "op_type", "Add") + field(kind, "output", ["y"]) + field(kind, "input", ["x"])
        + field(kind, "attribute", [attribute("a", 2, i=1)]) + field(kind, "input", ["x"]) + field(kind, "name", "n"))
    return model(simple_graph(shuffled))


@NONCANONICAL.model
def raw_data_first() -> bytes:
    """The data of a tensor before its name, type and dims."""
    data = bytes_field(number("TensorProto", "raw_data"), pattern(100_000))
    shuffled = data + encode("TensorProto", name="w", data_type=2, dims=[100_000])
    return model(simple_graph(initializer=[shuffled]))


@NONCANONICAL.model
def unknown_fields_out_of_order() -> bytes:
    """Unknown fields before known ones of lower numbers, at three levels."""
    unknown = bytes_field(HIGH, b"unknown") + varint_field(HIGH + 1, 5)
    return unknown + model(unknown + simple_graph(unknown + node("Relu", ["x"], ["y"])))


@NONCANONICAL.model
def unknown_group_out_of_order() -> bytes:
    return wire.group_field(HIGH, varint_field(1, 1)) + rich_model()


# --- integers and lengths ----------------------------------------------------------------------


@NONCANONICAL.model
def value_longer_than_needed() -> bytes:
    ir_version = wire.tag(number("ModelProto", "ir_version"), VARINT) + varint(8, width=10)
    return ir_version + encode("ModelProto", graph=simple_graph())


@NONCANONICAL.model
def tag_longer_than_needed() -> bytes:
    tag = varint(number("ModelProto", "ir_version") << 3 | VARINT, width=5)
    return tag + varint(8) + encode("ModelProto", graph=simple_graph())


@NONCANONICAL.model
def length_longer_than_needed() -> bytes:
    """On the graph, on a node and on raw data."""
    def long_bytes_field(number_: int, payload: bytes) -> bytes:
        return wire.tag(number_, BYTES) + varint(len(payload), width=5) + payload

    weight = encode("TensorProto", name="w", data_type=2, dims=[64]) + long_bytes_field(
        number("TensorProto", "raw_data"), pattern(64))
    padded_node = long_bytes_field(number("GraphProto", "node"), node("Relu", ["x"], ["y"]))
    main = padded_node + simple_graph(node("Relu", ["x"], ["z"]), initializer=[weight])
    return encode("ModelProto", ir_version=8) + long_bytes_field(number("ModelProto", "graph"), main)


@NONCANONICAL.model
def unknown_value_longer_than_needed() -> bytes:
    return rich_model() + wire.tag(HIGH, VARINT) + varint(1, width=4)


@NONCANONICAL.model
def int32_in_five_bytes() -> bytes:
    """-1 as 32 bits, where libraries write 64; and a value with bits above the 32nd."""
    short = wire.tag(number("TensorProto", "data_type"), VARINT) + varint(0xFFFFFFFF)
    wide = wire.tag(number("TensorProto", "data_type"), VARINT) + varint((5 << 32) + 1)
    return model(simple_graph(initializer=[short, wide]))


# --- lists -------------------------------------------------------------------------------------


def packed(kind: str, name: str, items: list[bytes]) -> bytes:
    return bytes_field(number(kind, name), b"".join(items))


def unpacked(kind: str, name: str, wire_type: int, items: list[bytes]) -> bytes:
    return b"".join(wire.tag(number(kind, name), wire_type) + item for item in items)


@NONCANONICAL.model
def dims_packed() -> bytes:
    weight = packed("TensorProto", "dims", [varint(2), varint(3)]) + encode(
        "TensorProto", data_type=2, name="w", raw_data=pattern(6))
    return model(simple_graph(initializer=[weight]))


@NONCANONICAL.model
def ints_and_floats_packed() -> bytes:
    ints = packed("AttributeProto", "ints", [varint(i) for i in ODD_INTS])
    floats = packed("AttributeProto", "floats", [b"\0\0\x80\x3f", b"\x01\0\x80\x7f"])
    attributes = [
        encode("AttributeProto", name="ints") + ints + encode("AttributeProto", type=7),
        encode("AttributeProto", name="floats") + floats + encode("AttributeProto", type=6),
    ]
    return model(simple_graph(node("Foo", ["x"], ["y"], attributes=attributes)))


@NONCANONICAL.model
def typed_data_unpacked() -> bytes:
    """Each of the packed lists of a tensor, value by value."""
    lists = [
        unpacked("TensorProto", "float_data", wire.FIXED32, [b"\0\0\x80\x3f", b"\x01\0\x80\x7f"]),
        unpacked("TensorProto", "int32_data", VARINT, [varint(-1), varint(7)]),
        unpacked("TensorProto", "int64_data", VARINT, [varint(i) for i in ODD_INTS]),
        unpacked("TensorProto", "double_data", wire.FIXED64, [b"\0" * 8, b"\xff" * 8]),
        unpacked("TensorProto", "uint64_data", VARINT, [varint(2**64 - 1), varint(0)]),
    ]
    weights = [encode("TensorProto", dims=[2], data_type=1) + data + encode("TensorProto", name=f"w{i}")
               for i, data in enumerate(lists)]
    return model(simple_graph(initializer=weights))


@NONCANONICAL.model
def lists_in_several_pieces() -> bytes:
    """Packed in two parts, packed and unpacked mixed, packed and empty."""
    name = "int64_data"
    two = packed("TensorProto", name, [varint(1), varint(2)]) + packed("TensorProto", name, [varint(3)])
    mixed = two + unpacked("TensorProto", name, VARINT, [varint(4)]) + packed("TensorProto", name, [varint(5)])
    empty = packed("TensorProto", name, [])
    long_item = packed("TensorProto", name, [varint(1, width=3), varint(2)])
    weights = [encode("TensorProto", dims=[5], data_type=7) + data for data in (two, mixed, empty, long_item)]
    return model(simple_graph(initializer=weights))


# --- fields given twice ------------------------------------------------------------------------


@NONCANONICAL.model
def singular_fields_twice() -> bytes:
    """The last one counts."""
    twice = encode("NodeProto", name="first", op_type="First") + node("Relu", ["x"], ["y"], name="last")
    return encode("ModelProto", ir_version=3, producer_name="first", doc_string="kept") + model(simple_graph(twice))


@NONCANONICAL.model
def raw_data_twice() -> bytes:
    weight = encode("TensorProto", raw_data=pattern(5000, 1)) + encode(
        "TensorProto", dims=[4000], data_type=2, name="w", raw_data=pattern(4000, 2))
    return model(simple_graph(initializer=[weight]))


@NONCANONICAL.model
def graph_twice() -> bytes:
    """Two graph fields are one graph: lists joined, the last name taken."""
    first = simple_graph(node("Relu", ["x"], ["a"]), initializer=[tensor("w")], doc_string="first")
    second = graph(node("Add", ["a", "w"], ["y"]), name="second", initializer=[tensor("v")])
    return model(first) + encode("ModelProto", graph=second)


@NONCANONICAL.model
def messages_in_two_parts() -> bytes:
    """A body, a tensor and a type, each split over two fields that become one message."""
    def split(name: str, type_: int, value_field: str, first: bytes, second: bytes) -> bytes:
        return attribute(name, None, **{value_field: first}) + attribute(None, type_, **{value_field: second})

    first_half = graph(node("Relu", ["x"], ["a"]), name="b")
    second_half = graph(node("Neg", ["a"], ["r"]), output=[value("r")])
    dims = encode("TensorProto", dims=[2], data_type=1)
    more_dims = encode("TensorProto", dims=[3], raw_data=pattern(24))
    attributes = [split("g", 5, "g", first_half, second_half), split("t", 4, "t", dims, more_dims)]
    return model_of(node("Foo", ["x"], ["y"], attributes=attributes), input=[value_in_parts()])


def value_in_parts() -> bytes:
    """A value whose type is given in three pieces at three levels."""
    elem_type = encode("TypeProto", tensor_type=encode("TypeProto.Tensor", elem_type=1))
    shape = encode("TypeProto.Tensor", shape=encode("TensorShapeProto", dim=[b""]))
    typed = elem_type + encode("TypeProto", tensor_type=shape)
    return value("x", encode("TypeProto", denotation="d")) + encode("ValueInfoProto", type=typed)


@NONCANONICAL.model
def oneof_twice() -> bytes:
    """Of a oneof the last member counts; what stood in the others is gone."""
    def type_of(*members: dict[str, bytes]) -> bytes:
        return b"".join(encode("TypeProto", **member) for member in members)

    as_tensor = {"tensor_type": encode("TypeProto.Tensor", elem_type=1)}
    as_sequence = {"sequence_type": encode("TypeProto.Sequence", elem_type=b"")}
    dims = [encode("TensorShapeProto.Dimension", dim_value=2) + encode("TensorShapeProto.Dimension", dim_param="n"),
            encode("TensorShapeProto.Dimension", dim_param="n") + encode("TensorShapeProto.Dimension", dim_value=2)]
    shaped = encode("TypeProto", tensor_type=encode("TypeProto.Tensor", shape=encode("TensorShapeProto", dim=dims)))
    types = [type_of(as_tensor, as_sequence), type_of(as_sequence, as_tensor),
             type_of(as_tensor, as_sequence, as_tensor), shaped]
    return model_of(node("Foo", ["x"], ["y"]), input=[value("x"), *(value(f"i{i}", t) for i, t in enumerate(types))])


@NONCANONICAL.model
def enums_twice() -> bytes:
    """A known number, then an unknown one, and the other way round."""
    pairs = [(1, 99), (99, 1), (99, 98)]
    attributes = [attribute(f"a{i}", first, f=1.0) + attribute(None, last) for i, (first, last) in enumerate(pairs)]
    return model(simple_graph(node("Foo", ["x"], ["y"], attributes=attributes)))


@NONCANONICAL.model
def known_number_of_another_wire_type() -> bytes:
    """Readers take such a field for an unknown one: the name is a number, the version a text."""
    odd_node = varint_field(number("NodeProto", "name"), 5) + node("Relu", ["x"], ["y"], name="name")
    return bytes_field(number("ModelProto", "ir_version"), b"eight") + model(simple_graph(odd_node))


# --- with files --------------------------------------------------------------------------------


@NONCANONICAL.model
def external_data_in_reverse() -> Sample:
    main = simple_graph(initializer=[outside("w", "w.bin", 64, 64), outside("v", "sub/v.bin")])
    return Sample(reverse_fields(model(main)), {b"w.bin": pattern(200), b"sub/v.bin": pattern(64)})


def _in_bodies(wrapped: Callable[[bytes], bytes], depth: int) -> bytes:
    """`depth` bodies in one another, each encoded by `wrapped`."""
    body = graph(node("Relu", ["x"], ["r"]), name="innermost")
    for _ in range(depth):
        body = graph(node("If", ["x"], ["r"], attributes=[wrapped(body)]), name="body")
    return body


@NONCANONICAL.model
def type_before_body_in_deep_nesting() -> bytes:
    """The attribute's type and name behind and before the body, twelve deep."""
    def wrapped(body: bytes) -> bytes:
        return encode("AttributeProto", type=5) + encode("AttributeProto", g=body) + attribute("then_branch", None)

    return model(_in_bodies(wrapped, 12))
