"""What the bytes of a message mean, whatever their encoding. Unlike the protobuf library this takes every valid file:
text that is not UTF-8, and any depth."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from corpus import wire

WORD = {wire.VARINT: None, wire.FIXED32: 4, wire.FIXED64: 8}


def meaning(data: bytes | memoryview, schema: Descriptor) -> dict[tuple[int, int], list[Any]]:
    """Fields by number and wire type. Two forms of one message have equal meanings: repeated fields are packed or not,
    singular messages are merged, and of several values of a singular field the last one counts."""
    found: dict[tuple[int, int], list[Any]] = {}
    for record in wire.read_fields(data):
        field = schema.fields_by_number.get(record.number)
        wire_type, values = wire_values(field, record)
        found.setdefault((record.number, wire_type), []).extend(values)
    for (number, wire_type), values in found.items():
        field = schema.fields_by_number.get(number)
        if field is None or wire_type != wire.WIRE_TYPE_OF_CPP_TYPE[field.cpp_type]:
            continue
        if field.message_type is not None:
            parts = values if field.is_repeated else [b"".join(values)]
            values[:] = [meaning(part, field.message_type) for part in parts]
        elif not field.is_repeated:
            del values[:-1]
    return {key: values for key, values in found.items() if values}


def wire_values(field: FieldDescriptor | None, record: wire.Field) -> tuple[int, list[Any]]:
    """The values of a record; those of a packed one each for itself."""
    value = bytes(record.value) if isinstance(record.value, memoryview) else record.value
    if field is None:
        return record.wire_type, [value]
    if (
        field.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_ENUM)
        and record.wire_type == wire.VARINT
    ):
        return record.wire_type, [value & 0xFFFFFFFF]
    element = wire.WIRE_TYPE_OF_CPP_TYPE[field.cpp_type]
    if record.wire_type != wire.BYTES or element not in WORD or not field.is_repeated:
        return record.wire_type, [value]
    size = WORD[element]
    if size is not None:
        return element, [value[at : at + size] for at in range(0, len(value), size)]
    values, at = [], 0
    while at < len(value):
        number, at = wire.read_varint(memoryview(value), at)
        values.append(number)
    return element, values


def same_model(a: bytes, b: bytes) -> bool:
    schema = wire.descriptor("ModelProto")
    return a == b or meaning(a, schema) == meaning(b, schema)
