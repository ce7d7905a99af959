"""Are two models the same, and which files belong to a model?"""
from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet
from onnx import ModelProto

from corpus import wire

EXTERNAL = 1  # TensorProto.DataLocation


# --- bytes -------------------------------------------------------------------------------------


def byte_difference(expected: bytes, actual: bytes) -> str | None:
    """Where two files first differ, by offset and by field."""
    if expected == actual:
        return None
    at = first_difference(expected, actual)
    return (f"byte {at} differs, of {len(expected)} in the source and {len(actual)} in the result;"
            f" in the source it is in {field_at(expected, at)}")


def first_difference(a: bytes, b: bytes) -> int:
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def field_at(model: bytes, offset: int) -> str:
    """The innermost field that the byte at `offset` belongs to: graph.node[3].attribute[0].i"""
    data, schema, path = memoryview(model), wire.descriptor("ModelProto"), "ModelProto"
    while True:
        found = _record_at(data, offset)
        if found is None:
            return path
        record, number_before, start = found
        known = schema.fields_by_number.get(record.number)
        if known is None:
            return f"{path}.{record.number}"
        path += f".{known.name}" + (f"[{number_before}]" if known.is_repeated else "")
        if known.message_type is None or record.wire_type != wire.BYTES or offset < start:
            return path
        data, schema, offset = record.value, known.message_type, offset - start


def _record_at(data: memoryview, offset: int) -> tuple[wire.Field, int, int] | None:
    """The record there, how many of its number stand before it, and where its payload begins."""
    before: dict[int, int] = {}
    at = 0
    while at < len(data):
        record, end = wire.read_field(data, at)
        if offset < end:
            payload = len(record.value) if record.wire_type == wire.BYTES else 0
            return record, before.get(record.number, 0), end - payload
        before[record.number] = before.get(record.number, 0) + 1
        at = end
    return None


# --- messages ----------------------------------------------------------------------------------


def model_difference(expected: bytes, actual: bytes) -> str | None:
    """Where two encodings mean different messages, unknown fields included."""
    source = ModelProto.FromString(expected)
    try:
        result = ModelProto.FromString(actual)
    except DecodeError as error:
        return f"the result cannot be read: {error}"
    return message_difference(source, result, "ModelProto")


def message_difference(a: Message, b: Message, path: str) -> str | None:
    if a.SerializeToString(deterministic=True) == b.SerializeToString(deterministic=True):
        return None
    if unknown_fields(UnknownFieldSet(a)) != unknown_fields(UnknownFieldSet(b)):
        return f"{path}: other unknown fields"
    of_a, of_b = ({field.name: (field, value) for field, value in m.ListFields()} for m in (a, b))
    if of_a.keys() != of_b.keys():
        return f"{path}: {', '.join(sorted(of_a.keys() ^ of_b.keys()))} only in one"
    for name, (field, value) in of_a.items():
        difference = field_difference(field, value, of_b[name][1], f"{path}.{name}")
        if difference:
            return difference
    return None


def field_difference(field: FieldDescriptor, a: Any, b: Any, path: str) -> str | None:
    if not field.is_repeated:
        return value_difference(field, a, b, path)
    if len(a) != len(b):
        return f"{path}: {len(a)} in the source, {len(b)} in the result"
    for at, (in_a, in_b) in enumerate(zip(a, b)):
        difference = value_difference(field, in_a, in_b, f"{path}[{at}]")
        if difference:
            return difference
    return None


def value_difference(field: FieldDescriptor, a: Any, b: Any, path: str) -> str | None:
    if field.message_type is not None:
        return message_difference(a, b, path)
    if isinstance(a, float):
        a, b = struct.pack("<d", a), struct.pack("<d", b)  # so that a NaN equals itself
    return None if a == b else f"{path}: {a!r:.60} in the source, {b!r:.60} in the result"


def unknown_fields(fields: UnknownFieldSet) -> dict[int, list[tuple[int, Any]]]:
    """Unknown fields by number: between numbers the order means nothing."""
    found: dict[int, list[tuple[int, Any]]] = {}
    for field in fields:
        group = field.wire_type == wire.GROUP_START
        value = unknown_fields(field.data) if group else field.data
        found.setdefault(field.field_number, []).append((field.wire_type, value))
    return found


# --- external data -----------------------------------------------------------------------------


def external_locations(model: bytes) -> set[bytes]:
    """The paths of the files that hold data of the model's tensors, as recorded."""
    if b"location" not in model:
        return set()
    return {location for location in _locations(memoryview(model), wire.descriptor("ModelProto")) if location}


def _locations(data: memoryview, schema: Descriptor) -> Iterator[bytes]:
    if schema.name == "TensorProto":
        yield _location_of(data)
        return
    for record in wire.read_fields(data):
        known = schema.fields_by_number.get(record.number)
        if known is not None and known.message_type is not None and record.wire_type == wire.BYTES:
            yield from _locations(record.value, known.message_type)


def _location_of(tensor: memoryview) -> bytes:
    """Where the tensor's data are; empty if in the model. Of several entries the last one counts."""
    fields = wire.descriptor("TensorProto").fields_by_name
    location, external = b"", False
    for record in wire.read_fields(tensor):
        if record.number == fields["data_location"].number:
            external = record.value == EXTERNAL
        elif record.number == fields["external_data"].number:
            pair = {entry.number: bytes(entry.value) for entry in wire.read_fields(record.value)}
            if pair.get(1) == b"location":
                location = pair.get(2, b"")
    return location if external else b""
