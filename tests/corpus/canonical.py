"""Is an encoding canonical: the one that protobuf libraries write?

Known fields stand in the order of their numbers, once where they are singular, numeric lists as
the schema packs them, integers in their shortest form. Unknown fields stand among the known ones
in number order, or behind them in any order.
"""
from __future__ import annotations

from dataclasses import dataclass, field

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from corpus import wire

INT32_TYPES = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_ENUM)


@dataclass
class Findings:
    """What is not canonical, and what python's protobuf would do to the message."""

    problems: list[str] = field(default_factory=list)
    python_moves_fields: bool = False
    depth: int = 0


def inspect(data: bytes | memoryview, kind: str = "ModelProto") -> Findings:
    findings = Findings()
    _inspect_message(memoryview(data), wire.descriptor(kind), kind, 1, findings)
    return findings


def _inspect_message(
    data: memoryview, schema: Descriptor, path: str, depth: int, findings: Findings
) -> None:
    findings.depth = max(findings.depth, depth)
    order = _Order(schema, path, findings)
    for record in wire.read_fields(data):
        known = schema.fields_by_number.get(record.number)
        where = f"{path}.{known.name if known else record.number}"
        if known is not None or record.wire_type != wire.GROUP_START:
            if not record.minimal:
                findings.problems.append(f"{where}: an integer longer than needed")
        order.see(record, known)
        if known is None:
            continue
        if record.wire_type != _expected_wire_type(known):
            findings.problems.append(f"{where}: wire type {record.wire_type}")
        elif known.message_type is not None:
            _inspect_message(record.value, known.message_type, where, depth + 1, findings)
        elif known.is_packed:
            _inspect_packed(record.value, known, where, findings)
        elif record.wire_type == wire.VARINT:
            _inspect_range(record.value, known, where, findings)


def _expected_wire_type(known: FieldDescriptor) -> int:
    return wire.BYTES if known.is_packed else wire.WIRE_TYPE_OF_CPP_TYPE[known.cpp_type]


def _inspect_packed(
    data: memoryview, known: FieldDescriptor, where: str, findings: Findings
) -> None:
    if len(data) == 0:
        findings.problems.append(f"{where}: an empty packed list")
    if wire.WIRE_TYPE_OF_CPP_TYPE[known.cpp_type] != wire.VARINT:
        return
    at = 0
    while at < len(data):
        value, at, minimal = wire.read_minimal(data, at)
        if not minimal:
            findings.problems.append(f"{where}: an integer longer than needed")
        _inspect_range(value, known, where, findings)


def _inspect_range(value: int, known: FieldDescriptor, where: str, findings: Findings) -> None:
    """A 32-bit integer is sign-extended on the wire; other upper bits would be lost."""
    if known.cpp_type in INT32_TYPES and 0x7FFFFFFF < value < (1 << 64) - (1 << 31):
        findings.problems.append(f"{where}: more than 32 bits")


class _Order:
    """The order and the multiplicity of the fields of one message."""

    def __init__(self, schema: Descriptor, path: str, findings: Findings) -> None:
        self.schema = schema
        self.path = path
        self.findings = findings
        self.highest_before = 0
        self.unknown_out_of_order = False
        self.moved_by_python = False
        self.seen: set[str] = set()

    def see(self, record: wire.Field, known: FieldDescriptor | None) -> None:
        if known is None:
            self._see_unknown(record.number)
        else:
            self._see_known(record, known)

    def _see_unknown(self, number: int) -> None:
        # Only a known field that follows can tell whether this one had to be in order.
        self.unknown_out_of_order |= number < self.highest_before
        self.highest_before = max(self.highest_before, number)
        self.moved_by_python = True

    def _see_known(self, record: wire.Field, known: FieldDescriptor) -> None:
        if self.unknown_out_of_order or known.number < self.highest_before:
            self.findings.problems.append(f"{self.path}.{known.name}: out of order")
        self.highest_before = max(self.highest_before, known.number)
        self.findings.python_moves_fields |= self.moved_by_python
        # Python holds the values of closed enums that it does not know as unknown fields.
        if known.enum_type is not None and record.wire_type == wire.VARINT:
            if record.value not in known.enum_type.values_by_number:
                self.moved_by_python = True
        self._see_once(known)

    def _see_once(self, known: FieldDescriptor) -> None:
        if known.is_repeated and not known.is_packed:
            return
        slot = known.containing_oneof.name if known.containing_oneof else known.name
        if slot in self.seen:
            self.findings.problems.append(f"{self.path}.{slot}: given twice")
        self.seen.add(slot)
