"""Types of values: tensors of every shape, sequences, maps, optionals, opaque and half-said ones."""
from __future__ import annotations

from corpus.build import BOOL, FLOAT, INT64, dim, model_of, node, tensor_type, untyped, value
from corpus.registry import CANONICAL
from corpus.wire import encode


def shape_type(*dims: bytes, elem_type: int | None = FLOAT) -> bytes:
    shape = encode("TensorShapeProto", dim=dims)
    return encode("TypeProto", tensor_type=encode("TypeProto.Tensor", elem_type=elem_type, shape=shape))


def sequence(inner: bytes | None, **fields: object) -> bytes:
    return encode("TypeProto", sequence_type=encode("TypeProto.Sequence", elem_type=inner), **fields)


def optional(inner: bytes | None, **fields: object) -> bytes:
    return encode("TypeProto", optional_type=encode("TypeProto.Optional", elem_type=inner), **fields)


def mapping(key: int | None, inner: bytes | None, **fields: object) -> bytes:
    return encode("TypeProto", map_type=encode("TypeProto.Map", key_type=key, value_type=inner), **fields)


def sparse(elem_type: int | None, shape: bytes | None, **fields: object) -> bytes:
    inner = encode("TypeProto.SparseTensor", elem_type=elem_type, shape=shape)
    return encode("TypeProto", sparse_tensor_type=inner, **fields)


def opaque(**fields: object) -> bytes:
    return encode("TypeProto", opaque_type=encode("TypeProto.Opaque", **fields))


def everywhere(types: list[bytes]) -> bytes:
    """Values of these types as inputs, outputs and in between, each produced by an operator."""
    inputs = [value(f"x{i}", t) for i, t in enumerate(types)]
    nodes = [node("Foo", [f"x{i}"], [f"h{i}"]) for i in range(len(types))]
    nodes += [node("Foo", [f"h{i}"], [f"y{i}"]) for i in range(len(types))]
    return model_of(
        *nodes, input=inputs, output=[value(f"y{i}", t) for i, t in enumerate(types)],
        value_info=[value(f"h{i}", t, doc_string="d") for i, t in enumerate(types)])


@CANONICAL.model
def type_dims() -> bytes:
    """Numbers, symbols, neither; zero, negative, huge; denotations with and without a size."""
    dims = [
        dim(2), dim(0), dim(-1), dim(2**63 - 1), dim(-(2**63)), dim("batch"), dim(""), dim(None), dim("2"), dim("?"),
        dim("batch + 1"), dim("None"), dim(4, denotation="DATA_CHANNEL"), dim("n", denotation="DATA_BATCH"),
        dim(None, denotation="DATA_FEATURE"), dim(3, denotation=""), dim("n x m"), dim("2,3"), dim("[1]"), dim("null"),
    ]
    one_by_one = [shape_type(d) for d in dims]
    return everywhere([shape_type(*dims), shape_type(dim("a"), dim(2), dim("a")), *one_by_one])


@CANONICAL.model
def type_shapes() -> bytes:
    """No shape, a shape of rank 0, no element type, element types nobody knows, rank 300."""
    return everywhere([
        tensor_type(FLOAT, None), tensor_type(FLOAT, []), tensor_type(INT64, [1] * 300),
        shape_type(dim(1), elem_type=None), encode("TypeProto", tensor_type=b""), b"",
        tensor_type(0, []), tensor_type(99, [1]), tensor_type(-1, None), tensor_type(2**31 - 1, ["n"]),
    ])


@CANONICAL.model
def type_denotations() -> bytes:
    return everywhere([
        encode("TypeProto", denotation="IMAGE"), encode("TypeProto", denotation=""),
        encode("TypeProto", denotation="TENSOR", tensor_type=encode("TypeProto.Tensor", elem_type=FLOAT)),
        sequence(tensor_type(), denotation="AUDIO"), optional(None, denotation="TEXT"),
        mapping(INT64, tensor_type(), denotation="M"), sparse(FLOAT, None, denotation="S"),
    ])


@CANONICAL.model
def type_kinds() -> bytes:
    """Each kind full, half said and empty."""
    shape = encode("TensorShapeProto", dim=[dim("n"), dim(4)])
    return everywhere([
        sequence(tensor_type()), sequence(b""), sequence(None),
        optional(tensor_type(FLOAT, None)), optional(b""), optional(None),
        mapping(INT64, tensor_type()), mapping(8, sequence(tensor_type())), mapping(None, tensor_type()),
        mapping(0, b""), mapping(INT64, None), mapping(None, None),
        sparse(FLOAT, shape), sparse(BOOL, None), sparse(None, b""), sparse(None, None),
        opaque(), opaque(domain="d"), opaque(name="n"), opaque(domain="", name=""), opaque(domain="d", name="n"),
    ])


@CANONICAL.model
def type_nesting() -> bytes:
    """Types in types: usual ones, and 25 sequences in one another."""
    deep = tensor_type(FLOAT, ["n"])
    for _ in range(25):
        deep = sequence(deep)
    return everywhere([
        optional(sequence(tensor_type())), sequence(mapping(8, tensor_type())), mapping(INT64, optional(sequence(b""))),
        sequence(sequence(optional(mapping(INT64, sparse(FLOAT, None))))), deep,
    ])


@CANONICAL.model
def type_of_values_only_in_value_info() -> bytes:
    """Inputs and outputs without a type, whose value_info has one; and the other way round."""
    return model_of(
        node("Relu", ["x"], ["h"]), node("Relu", ["h"], ["y"]), input=[untyped("x")], output=[untyped("y")],
        value_info=[value("x"), value("y", tensor_type(FLOAT, ["n"])), untyped("h"), untyped("h", doc_string="")])
