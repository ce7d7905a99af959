"""Protobuf's wire format by hand.

The protobuf library writes one encoding of a message and refuses text that is not UTF-8, enum
values it does not know, and fields it has no name for. All of these are found in real files, so
the corpus writes its own bytes. `encode` follows the field numbers and types of the onnx package;
everything below it is plain wire format.
"""
from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from onnx import onnx_ml_pb2

VARINT, FIXED64, BYTES, GROUP_START, GROUP_END, FIXED32 = range(6)
WORD = (1 << 64) - 1

STRUCT_OF_CPP_TYPE = {
    FieldDescriptor.CPPTYPE_FLOAT: "<f",
    FieldDescriptor.CPPTYPE_DOUBLE: "<d",
}
WIRE_TYPE_OF_CPP_TYPE = {
    FieldDescriptor.CPPTYPE_INT32: VARINT,
    FieldDescriptor.CPPTYPE_INT64: VARINT,
    FieldDescriptor.CPPTYPE_UINT64: VARINT,
    FieldDescriptor.CPPTYPE_ENUM: VARINT,
    FieldDescriptor.CPPTYPE_FLOAT: FIXED32,
    FieldDescriptor.CPPTYPE_DOUBLE: FIXED64,
    FieldDescriptor.CPPTYPE_STRING: BYTES,
    FieldDescriptor.CPPTYPE_MESSAGE: BYTES,
}


def descriptor(kind: str) -> Descriptor:
    """The descriptor of "NodeProto", "TypeProto.Tensor", ..."""
    outer, *inner = kind.split(".")
    found = onnx_ml_pb2.DESCRIPTOR.message_types_by_name[outer]
    for name in inner:
        found = found.nested_types_by_name[name]
    return found


# --- writing -----------------------------------------------------------------------------------


def varint(value: int, width: int = 0) -> bytes:
    """`value` in base 128; with `width`, in that many bytes, which no library would write."""
    value &= WORD
    out = bytearray()
    while value > 0x7F or len(out) + 1 < width:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)


def varint_field(number: int, value: int) -> bytes:
    return tag(number, VARINT) + varint(value)


def fixed64_field(number: int, bits: int) -> bytes:
    return tag(number, FIXED64) + struct.pack("<Q", bits)


def fixed32_field(number: int, bits: int) -> bytes:
    return tag(number, FIXED32) + struct.pack("<I", bits)


def bytes_field(number: int, payload: bytes) -> bytes:
    return tag(number, BYTES) + varint(len(payload)) + payload


def group_field(number: int, content: bytes) -> bytes:
    return tag(number, GROUP_START) + content + tag(number, GROUP_END)


class Unknown(NamedTuple):
    """A field that the schema does not have; `among`: in number order, else behind all others."""

    number: int
    record: bytes
    among: bool = False


def scalar(field: FieldDescriptor, value: Any) -> bytes:
    """One value of `field` without its tag. A float given as bytes keeps its very bits."""
    wire_type = WIRE_TYPE_OF_CPP_TYPE[field.cpp_type]
    if wire_type == VARINT:
        return varint(value)
    if wire_type == BYTES:
        payload = to_bytes(value)
        return varint(len(payload)) + payload
    if isinstance(value, bytes):
        return value
    return struct.pack(STRUCT_OF_CPP_TYPE[field.cpp_type], value)


def to_bytes(value: str | bytes | Message) -> bytes:
    if isinstance(value, Message):
        return value.SerializeToString(deterministic=True)
    return value.encode() if isinstance(value, str) else bytes(value)


def records(field: FieldDescriptor, value: Any) -> bytes:
    """All of `field`, as libraries write it."""
    values = value if field.is_repeated else [value]
    encoded = [scalar(field, item) for item in values]
    if field.is_packed:
        return bytes_field(field.number, b"".join(encoded)) if encoded else b""
    head = tag(field.number, WIRE_TYPE_OF_CPP_TYPE[field.cpp_type])
    return b"".join(head + item for item in encoded)


def encode(kind: str, *unknown: Unknown, **fields: Any) -> bytes:
    """A message in canonical form. A field given as None is absent.

    Strings may be str or bytes, messages bytes or protobuf objects.
    """
    known = descriptor(kind).fields_by_name
    ordered = [
        (known[name].number, records(known[name], value))
        for name, value in fields.items()
        if value is not None
    ]
    ordered += [(extra.number, extra.record) for extra in unknown if extra.among]
    ordered.sort(key=lambda part: part[0])
    behind = [extra.record for extra in unknown if not extra.among]
    return b"".join([record for _, record in ordered] + behind)


# --- reading -----------------------------------------------------------------------------------


class Field(NamedTuple):
    """One record of a message; `value` is an int, or the bytes of a payload."""

    number: int
    wire_type: int
    value: Any
    minimal: bool


def read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """The value at `at`, and where it ends."""
    value = shift = 0
    while shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & WORD, at
        shift += 7
    raise ValueError("varint longer than ten bytes")


def read_minimal(data: memoryview, at: int) -> tuple[int, int, bool]:
    value, end = read_varint(data, at)
    return value, end, end - at == len(varint(value))


def read_fields(data: memoryview | bytes) -> Iterator[Field]:
    """The records of a message in the order of the file."""
    data = memoryview(data)
    at = 0
    while at < len(data):
        field, at = read_field(data, at)
        yield field


def read_field(data: memoryview, at: int) -> tuple[Field, int]:
    key, at, minimal = read_minimal(data, at)
    number, wire_type = key >> 3, key & 7
    if wire_type == VARINT:
        value, at, short = read_minimal(data, at)
        return Field(number, wire_type, value, minimal and short), at
    if wire_type == GROUP_START:
        end = group_end(data, at)
        closing = len(tag(number, GROUP_END))
        return Field(number, wire_type, data[at : end - closing], minimal), end
    if wire_type == BYTES:
        length, at, short = read_minimal(data, at)
        minimal = minimal and short
    else:
        length = {FIXED32: 4, FIXED64: 8}[wire_type]
    if at + length > len(data):
        raise ValueError(f"field {number} reaches beyond its message")
    return Field(number, wire_type, data[at : at + length], minimal), at + length


def group_end(data: memoryview, at: int) -> int:
    """Where the group whose content begins at `at` ends, its closing tag included."""
    while True:
        key, after = read_varint(data, at)
        if key & 7 == GROUP_END:
            return after
        _, at = read_field(data, at)
