"""Short words for the messages that nearly every model of the corpus needs.

All of them give canonical bytes; what they do not name is absent.
"""
from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

from corpus.wire import encode

Text = str | bytes

FLOAT, INT64, BOOL = 1, 7, 9


def model(graph: bytes | None, **fields: Any) -> bytes:
    fields.setdefault("ir_version", 10)
    fields.setdefault("producer_name", "corpus")
    fields.setdefault("opset_import", [opset(21)])
    return encode("ModelProto", graph=graph, **fields)


def model_of(*nodes: bytes, **graph_fields: Any) -> bytes:
    """A model with float input x and output y around `nodes`."""
    graph_fields.setdefault("name", "main")
    graph_fields.setdefault("input", [value("x")])
    graph_fields.setdefault("output", [value("y")])
    return model(encode("GraphProto", node=nodes, **graph_fields))


def opset(version: int, domain: Text | None = "") -> bytes:
    return encode("OperatorSetIdProto", domain=domain, version=version)


def node(
    op_type: Text,
    inputs: Sequence[Text] = (),
    outputs: Sequence[Text] = (),
    name: Text | None = None,
    attributes: Sequence[bytes] = (),
    **fields: Any,
) -> bytes:
    return encode(
        "NodeProto",
        op_type=op_type,
        input=inputs,
        output=outputs,
        name=name,
        attribute=attributes,
        **fields,
    )


def tensor_type(elem_type: int = FLOAT, dims: Iterable[int | Text | None] | None = (2,)) -> bytes:
    """A tensor type; a dim is a number, a symbol or None; `dims` None is no shape at all."""
    shape = None if dims is None else encode("TensorShapeProto", dim=[dim(d) for d in dims])
    tensor = encode("TypeProto.Tensor", elem_type=elem_type, shape=shape)
    return encode("TypeProto", tensor_type=tensor)


def dim(size: int | Text | None, **fields: Any) -> bytes:
    if isinstance(size, int):
        fields["dim_value"] = size
    elif size is not None:
        fields["dim_param"] = size
    return encode("TensorShapeProto.Dimension", **fields)


def value(name: Text | None, type: bytes | None = None, **fields: Any) -> bytes:
    """A named value, of the default tensor type."""
    return encode("ValueInfoProto", name=name, type=tensor_type() if type is None else type, **fields)


def untyped(name: Text | None, **fields: Any) -> bytes:
    return encode("ValueInfoProto", name=name, **fields)


def attribute(name: Text | None, type: int | None, **values: Any) -> bytes:
    return encode("AttributeProto", name=name, type=type, **values)


def entry(key: Text | None, text: Text | None) -> bytes:
    return encode("StringStringEntryProto", key=key, value=text)


def entries(**pairs: Text) -> list[bytes]:
    return [entry(key, text) for key, text in pairs.items()]


def tensor(name: Text | None, values: Sequence[float] = (0.5, -1.5), **fields: Any) -> bytes:
    """A float tensor of one dimension with raw data."""
    raw = struct.pack(f"<{len(values)}f", *values)
    return encode("TensorProto", name=name, data_type=FLOAT, dims=[len(values)], raw_data=raw, **fields)


def int64s(name: Text | None, *values: int) -> bytes:
    return encode("TensorProto", name=name, data_type=INT64, dims=[len(values)], int64_data=values)


def graph(*nodes: bytes, **fields: Any) -> bytes:
    return encode("GraphProto", node=nodes, **fields)


def bits32(bits: int) -> bytes:
    """A float by its bits, so that a NaN keeps its payload."""
    return struct.pack("<I", bits)


def bits64(bits: int) -> bytes:
    return struct.pack("<Q", bits)
