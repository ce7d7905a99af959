"""Every message of the schema in every place, with each field absent, empty and filled.

The models here are made from the onnx package's descriptors: for each field that holds a message
(an *edge* of the schema, as GraphProto.input) one model puts all variants of that message there.
What they mean to a runtime does not matter: whatever parses has to come back.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from corpus import wire
from corpus.registry import CANONICAL
from corpus.wire import Unknown, encode

ZERO: dict[int, Any] = {
    FieldDescriptor.CPPTYPE_INT32: 0,
    FieldDescriptor.CPPTYPE_INT64: 0,
    FieldDescriptor.CPPTYPE_UINT64: 0,
    FieldDescriptor.CPPTYPE_ENUM: 0,
    FieldDescriptor.CPPTYPE_FLOAT: 0.0,
    FieldDescriptor.CPPTYPE_DOUBLE: 0.0,
    FieldDescriptor.CPPTYPE_STRING: b"",
    FieldDescriptor.CPPTYPE_MESSAGE: b"",
}
FILLED = ZERO | {
    FieldDescriptor.CPPTYPE_INT32: -3,
    FieldDescriptor.CPPTYPE_INT64: 5,
    FieldDescriptor.CPPTYPE_UINT64: 7,
    FieldDescriptor.CPPTYPE_ENUM: 1,
    FieldDescriptor.CPPTYPE_FLOAT: 1.5,
    FieldDescriptor.CPPTYPE_DOUBLE: -2.5,
    FieldDescriptor.CPPTYPE_STRING: b"text",
}

# Tensors that stand outside the model need a file: `external` makes those.
NOT_FILLED = {"data_location"}


class Edge(NamedTuple):
    """A field that holds messages, and the fields that lead from the model to it."""

    path: tuple[FieldDescriptor, ...]

    @property
    def field(self) -> FieldDescriptor:
        return self.path[-1]

    @property
    def label(self) -> str:
        return f"{kind_of(self.field.containing_type)}_{self.field.name}".replace(".", "_")


def kind_of(schema: Descriptor) -> str:
    """The name that `wire.encode` knows a message by."""
    return schema.full_name.removeprefix("onnx.")


def edges() -> list[Edge]:
    """Each message field of the schema once, by its shortest path from the model."""
    found: list[Edge] = []
    queue: deque[tuple[Descriptor, tuple[FieldDescriptor, ...]]] = deque([(wire.descriptor("ModelProto"), ())])
    visited = {"ModelProto"}
    while queue:
        schema, path = queue.popleft()
        for field in schema.fields:
            if field.message_type is None:
                continue
            edge = Edge((*path, field))
            found.append(edge)
            if kind_of(field.message_type) not in visited:
                visited.add(kind_of(field.message_type))
                queue.append((field.message_type, edge.path))
    return found


def wrap(edge: Edge, variants: list[bytes]) -> list[bytes]:
    """Models that hold the variants at the end of the edge's path.

    They share one model where a field on the way may repeat; else there is one model for each.
    """
    messages = variants
    for field in reversed(edge.path):
        kind = kind_of(field.containing_type)
        if field.is_repeated:
            messages = [encode(kind, **{field.name: messages})]
        else:
            messages = [encode(kind, **{field.name: message}) for message in messages]
    return messages


def presence_variants(schema: Descriptor) -> list[bytes]:
    """The message empty, with each field alone (empty, filled), and with all that go together."""
    kind = kind_of(schema)
    variants = [b""]
    for field in schema.fields:
        variants.append(encode(kind, **{field.name: value_of(field, ZERO)}))
        if field.name not in NOT_FILLED:
            variants.append(encode(kind, **{field.name: value_of(field, FILLED)}))
    for values in (ZERO, FILLED):
        variants.append(encode(kind, **all_fields(schema, values)))
    return variants


def value_of(field: FieldDescriptor, values: dict[int, Any]) -> Any:
    value = values[field.cpp_type]
    return [value, value] if field.is_repeated else value


def all_fields(schema: Descriptor, values: dict[int, Any]) -> dict[str, Any]:
    """All fields at once, of a oneof the first."""
    seen_oneofs = set()
    chosen = {}
    for field in schema.fields:
        oneof = field.containing_oneof
        if field.name in NOT_FILLED or (oneof and oneof.name in seen_oneofs):
            continue
        if oneof:
            seen_oneofs.add(oneof.name)
        chosen[field.name] = value_of(field, values)
    return chosen


@CANONICAL.family
def presence() -> Iterator[tuple[str, bytes]]:
    """Absent, present but empty, present with a value: for each field in each place."""
    for at, variant in enumerate(presence_variants(wire.descriptor("ModelProto"))):
        yield f"ModelProto_{at}", variant
    for edge in edges():
        models = wrap(edge, presence_variants(edge.field.message_type))
        yield from _numbered(edge.label, models)


def _numbered(label: str, models: list[bytes]) -> Iterator[tuple[str, bytes]]:
    if len(models) == 1:
        yield label, models[0]
        return
    for at, model in enumerate(models):
        yield f"{label}_{at}", model


# --- unknown fields ----------------------------------------------------------------------------

HIGH = 5000  # a number beyond all known ones
HIGHEST = (1 << 29) - 1  # the last that protobuf allows


def unknown_of_each_wire_type(number: int, among: bool) -> list[Unknown]:
    """The four wire types of today, of one number, as a repeated field of a newer schema."""
    each = [
        wire.varint_field(number, wire.WORD),
        wire.fixed64_field(number, 0x7FF0000000000001),
        wire.bytes_field(number, b"\0\xffnot a message"),
        wire.fixed32_field(number, 0x80000000),
        wire.bytes_field(number, b""),
    ]
    return [Unknown(number, record, among) for record in each]


def free_numbers(schema: Descriptor) -> list[int]:
    """Field numbers that have known ones above them and are not known themselves."""
    return [n for n in range(1, max(schema.fields_by_number)) if n not in schema.fields_by_number]


def unknown_variants(schema: Descriptor) -> list[bytes]:
    """Unknown fields behind the known ones, among them, both, and alone."""
    kind = kind_of(schema)
    known = all_fields(schema, FILLED)
    behind = [
        *unknown_of_each_wire_type(HIGH, among=False),
        Unknown(HIGHEST, wire.varint_field(HIGHEST, 1)),
        Unknown(HIGH, wire.varint_field(HIGH, 2)),
    ]
    variants = [encode(kind, *behind), encode(kind, *behind, **known)]
    free = free_numbers(schema)
    if free:
        among = unknown_of_each_wire_type(free[0], among=True)
        among += [Unknown(n, wire.varint_field(n, n), among=True) for n in free[1:]]
        variants.append(encode(kind, *among, **known))
        variants.append(encode(kind, *among, *behind, **known))
        # As a protobuf library leaves them that knew the upper ones only.
        packed_behind = [extra._replace(among=False) for extra in among]
        variants.append(encode(kind, *packed_behind, **known))
    return variants


@CANONICAL.family
def unknown_field() -> Iterator[tuple[str, bytes]]:
    """Unknown fields of each message in each place, at the end and in number order."""
    for at, variant in enumerate(unknown_variants(wire.descriptor("ModelProto"))):
        yield f"ModelProto_{at}", variant
    for edge in edges():
        yield from _numbered(edge.label, wrap(edge, unknown_variants(edge.field.message_type)))


@CANONICAL.family
def unknown_group() -> Iterator[tuple[str, bytes]]:
    """Groups, which protobuf has given up but still carries along."""
    inner = wire.group_field(7, wire.varint_field(1, 1) + wire.bytes_field(2, b"in a group"))
    group = wire.group_field(HIGH, inner + wire.fixed32_field(3, 1))
    empty = wire.group_field(HIGH, b"")
    for kind in ("ModelProto", "GraphProto", "NodeProto", "AttributeProto", "TensorProto", "ValueInfoProto"):
        schema = wire.descriptor(kind)
        message = encode(kind, Unknown(HIGH, group), Unknown(HIGH, empty), **all_fields(schema, FILLED))
        if kind == "ModelProto":
            yield kind, message
            continue
        edge = next(edge for edge in edges() if edge.field.message_type is schema)
        yield from _numbered(kind, wrap(edge, [message]))
