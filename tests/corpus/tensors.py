"""Tensors: every element type in every form, and the numbers that text spoils."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from corpus.build import (FLOAT, INT64, attribute, bits32, bits64, entry, model_of, node, tensor,
                          tensor_type, value)
from corpus.registry import CANONICAL
from corpus.wire import encode

STRING = 8
COUNT = 15  # elements of the 3 x 5 sample tensors; odd, so that packed types leave bits over

# element type: (name, bits of an element, typed field, entries in that field)
ELEMENT_TYPES = {
    0: ("undefined", 32, "float_data", COUNT),
    1: ("float", 32, "float_data", COUNT),
    2: ("uint8", 8, "int32_data", COUNT),
    3: ("int8", 8, "int32_data", COUNT),
    4: ("uint16", 16, "int32_data", COUNT),
    5: ("int16", 16, "int32_data", COUNT),
    6: ("int32", 32, "int32_data", COUNT),
    7: ("int64", 64, "int64_data", COUNT),
    8: ("string", 8, "string_data", COUNT),
    9: ("bool", 8, "int32_data", COUNT),
    10: ("float16", 16, "int32_data", COUNT),
    11: ("double", 64, "double_data", COUNT),
    12: ("uint32", 32, "uint64_data", COUNT),
    13: ("uint64", 64, "uint64_data", COUNT),
    14: ("complex64", 64, "float_data", 2 * COUNT),
    15: ("complex128", 128, "double_data", 2 * COUNT),
    16: ("bfloat16", 16, "int32_data", COUNT),
    17: ("float8e4m3fn", 8, "int32_data", COUNT),
    18: ("float8e4m3fnuz", 8, "int32_data", COUNT),
    19: ("float8e5m2", 8, "int32_data", COUNT),
    20: ("float8e5m2fnuz", 8, "int32_data", COUNT),
    21: ("uint4", 4, "int32_data", 8),
    22: ("int4", 4, "int32_data", 8),
    23: ("float4e2m1", 4, "int32_data", 8),
    24: ("float8e8m0", 8, "int32_data", COUNT),
    25: ("uint2", 2, "int32_data", 4),
    26: ("int2", 2, "int32_data", 4),
    27: ("float6e2m3", 6, "int32_data", COUNT),
    28: ("float6e3m2", 6, "int32_data", COUNT),
    29: ("not_yet_known", 8, "int32_data", COUNT),
    -1: ("negative", 8, "int32_data", COUNT),
}

ODD_FLOATS = [
    bits32(0x00000000), bits32(0x80000000),  # zeros
    bits32(0x7F800000), bits32(0xFF800000),  # infinities
    bits32(0x7FC00000), bits32(0xFFC00000), bits32(0x7FC12345),  # quiet NaNs
    bits32(0x7F800001), bits32(0xFFA5A5A5),  # signalling NaNs
    bits32(0x00000001), bits32(0x80000001), bits32(0x007FFFFF),  # denormals
    bits32(0x00800000), bits32(0x7F7FFFFF), bits32(0xFF7FFFFF),  # smallest normal, FLT_MAX
    0.1, 1e-12, 1e-45, 3.4028235e38, 16777217.0, 0.3333333432674408, 123456.789,
    bits32(0x3DFCD6E1), bits32(0x4B7FFFFF), bits32(0x4640E6B7),  # need nine digits
    1.0, -1.0, 100.0, 1e10, 1e16,
]
ODD_DOUBLES = [
    bits64(0x0000000000000000), bits64(0x8000000000000000),
    bits64(0x7FF0000000000000), bits64(0xFFF0000000000000),
    bits64(0x7FF8000000000000), bits64(0x7FF8000012345678),
    bits64(0x7FF0000000000001), bits64(0xFFF4DEADBEEF0001),
    bits64(0x0000000000000001), bits64(0x800FFFFFFFFFFFFF),
    bits64(0x7FEFFFFFFFFFFFFF), 0.1, 1 / 3, 1e-300, 2.0**53 + 2, 1.7976931348623157e308,
]
ODD_INTS = [
    0, 1, -1, 127, 128, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**53 - 1, 2**53, 2**53 + 1,
    -(2**53) - 1, 2**63 - 1, -(2**63), -(2**63) + 1,
]
ODD_INT32S = [0, 1, -1, 2**31 - 1, -(2**31), 255, 65535]
ODD_UINT64S = [0, 1, 2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1]
ODD_STRINGS = [b"", b"text", b"\xff\xfe", b"a\0b", b"\0", "\u65e5".encode(), b"", b"\r\n", b"x" * 70_000]

# Sizes at which a layout or a copy may change its ways: alignment, pages, windows.
RAW_SIZES = [0, 1, 3, 63, 64, 65, 1023, 1024, 1025, 4095, 4096, 4097, 65535, 65536, 65537,
             (1 << 20) - 1, 1 << 20, (1 << 20) + 1]


def pattern(size: int, seed: int = 1) -> bytes:
    """Bytes without a short period, the same ones every time."""
    out = bytearray(size)
    state = seed
    for at in range(0, size, 4096):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        row = (state + i * 37 & 0xFF for i in range(min(4096, size - at)))
        out[at : at + 4096] = bytes(row)
    return bytes(out)


def of_type(elem_type: int, name: str | None, raw: bool, typed: bool, **fields: object) -> bytes:
    """A 3 x 5 tensor with data in one form, in both, or in none."""
    _, bits, typed_field, entries = ELEMENT_TYPES[elem_type]
    if typed:
        filler = [b"text"] if typed_field == "string_data" else [1]
        fields[typed_field] = list(repeat(filler[0], entries))
    if raw:
        fields["raw_data"] = pattern((COUNT * bits + 7) // 8, seed=elem_type & 0xFF)
    return encode("TensorProto", name=name, data_type=elem_type, dims=[3, 5], **fields)


@CANONICAL.family
def element_type() -> Iterator[tuple[str, bytes]]:
    """One model a type: as an initializer in each form, as an attribute, as a value's type."""
    for number, (label, *_) in ELEMENT_TYPES.items():
        forms = {"raw": (True, False), "typed": (False, True), "both": (True, True),
                 "none": (False, False)}
        initializers = [of_type(number, name, raw, typed) for name, (raw, typed) in forms.items()]
        initializers.append(encode("TensorProto", name="scalar", data_type=number, raw_data=b"\1\2\3\4"))
        initializers.append(encode("TensorProto", name="empty", data_type=number, dims=[0]))
        constants = [
            node("Constant", [], [f"c_{name}"], attributes=[
                attribute("value", 4, t=of_type(number, None, raw, typed))])
            for name, (raw, typed) in forms.items()
        ]
        yield label, model_of(
            *constants,
            node("Cast", ["x"], ["y"], attributes=[attribute("to", 2, i=number)]),
            initializer=initializers,
            input=[value("x", tensor_type(number, [3, 5]))],
            output=[value("y", tensor_type(number, [3, 5]))],
            value_info=[value("c_raw", tensor_type(number, ["n", 5]))],
        )


@CANONICAL.model
def tensor_odd_floats() -> bytes:
    typed = encode("TensorProto", name="w", data_type=FLOAT, dims=[len(ODD_FLOATS)], float_data=ODD_FLOATS)
    raw = encode("TensorProto", name="r", data_type=FLOAT, dims=[3],
                 raw_data=bits32(0x7F800001) + bits32(0x80000000) + bits32(0x7FC12345))
    return model_of(node("Sum", ["x", "w", "r"], ["y"]), initializer=[typed, raw])


@CANONICAL.model
def tensor_odd_doubles() -> bytes:
    typed = encode("TensorProto", name="w", data_type=11, dims=[len(ODD_DOUBLES)], double_data=ODD_DOUBLES)
    complex_ = encode("TensorProto", name="c", data_type=15, dims=[1], double_data=ODD_DOUBLES[4:6])
    return model_of(node("Foo", ["x", "w", "c"], ["y"]), initializer=[typed, complex_])


@CANONICAL.model
def tensor_odd_integers() -> bytes:
    return model_of(
        node("Foo", ["x", "a", "b", "c"], ["y"]),
        initializer=[
            encode("TensorProto", name="a", data_type=INT64, dims=[len(ODD_INTS)], int64_data=ODD_INTS),
            encode("TensorProto", name="b", data_type=6, dims=[len(ODD_INT32S)], int32_data=ODD_INT32S),
            encode("TensorProto", name="c", data_type=13, dims=[len(ODD_UINT64S)], uint64_data=ODD_UINT64S),
        ],
    )


@CANONICAL.model
def tensor_odd_strings() -> bytes:
    strings = encode("TensorProto", name="s", data_type=STRING, dims=[len(ODD_STRINGS)], string_data=ODD_STRINGS)
    none = encode("TensorProto", name="none", data_type=STRING, dims=[0])
    raw = encode("TensorProto", name="raw", data_type=STRING, dims=[1], raw_data=b"not allowed by ONNX")
    return model_of(node("Foo", ["x", "s", "none", "raw"], ["y"]), initializer=[strings, none, raw])


@CANONICAL.model
def tensor_raw_sizes() -> bytes:
    """One byte tensor for each size at which alignment or paging may matter."""
    names = [f"w{size}" for size in RAW_SIZES]
    tensors = [
        encode("TensorProto", name=name, data_type=2, dims=[size], raw_data=pattern(size))
        for name, size in zip(names, RAW_SIZES)
    ]
    return model_of(node("Foo", ["x", *names], ["y"]), initializer=tensors)


@CANONICAL.model
def tensor_equal_bytes() -> bytes:
    """Equal tensors, equal bytes under another type, and one that is a prefix of another."""
    data = pattern(4096)
    tensors = [
        encode("TensorProto", name="a", data_type=2, dims=[4096], raw_data=data),
        encode("TensorProto", name="b", data_type=2, dims=[4096], raw_data=data),
        encode("TensorProto", name="c", data_type=FLOAT, dims=[1024], raw_data=data),
        encode("TensorProto", name="d", data_type=2, dims=[4095], raw_data=data[:4095]),
        encode("TensorProto", name="e", data_type=2, dims=[4096], raw_data=bytes(4096)),
        encode("TensorProto", name="f", data_type=2, dims=[4096], raw_data=bytes(4096)),
    ]
    constant = node("Constant", [], ["k"], attributes=[attribute("value", 4, t=tensors[0])])
    return model_of(constant, node("Foo", ["x", *"abcdefk"], ["y"]), initializer=tensors)


@CANONICAL.model
def tensor_text_limit() -> bytes:
    """Base64 of 6,000,000 bytes is 8,000,000 characters: the longest text; the next is too long."""
    tensors = [
        encode("TensorProto", name=f"w{size}", data_type=2, dims=[size], raw_data=pattern(size))
        for size in (6_000_000, 6_000_001)
    ]
    return model_of(node("Foo", ["x", "w6000000", "w6000001"], ["y"]), initializer=tensors)


@CANONICAL.model
def tensor_long_typed_data() -> bytes:
    floats = encode("TensorProto", name="f", data_type=FLOAT, dims=[50_000],
                    float_data=[i * 0.37 for i in range(50_000)])
    ints = encode("TensorProto", name="i", data_type=INT64, dims=[50_000],
                  int64_data=[(i * 7919) ** 3 - 2**40 for i in range(50_000)])
    return model_of(node("Foo", ["x", "f", "i"], ["y"]), initializer=[floats, ints])


@CANONICAL.model
def tensor_dims_do_not_fit() -> bytes:
    """Dims that disagree with the data, are negative, huge, or overflow when multiplied."""
    all_dims = [[2], [4, 4], [-1], [0], [0, 2**62], [2**63 - 1], [2**32, 2**32], [], [1] * 200]
    tensors = [
        encode("TensorProto", name=f"w{i}", data_type=FLOAT, dims=dims, raw_data=pattern(16))
        for i, dims in enumerate(all_dims)
    ]
    return model_of(node("Foo", ["x", *(f"w{i}" for i in range(len(all_dims)))], ["y"]), initializer=tensors)


@CANONICAL.model
def tensor_data_of_another_type() -> bytes:
    """Typed data in the field of another type, and all data fields at once."""
    wrong = encode("TensorProto", name="wrong", data_type=INT64, dims=[2], float_data=[1, 2])
    every = encode(
        "TensorProto", name="every", data_type=FLOAT, dims=[1], float_data=[1], int32_data=[2],
        string_data=[b"3"], int64_data=[4], raw_data=b"5555", double_data=[6], uint64_data=[7],
    )
    return model_of(node("Foo", ["x", "wrong", "every"], ["y"]), initializer=[wrong, every])


@CANONICAL.model
def tensor_raw_empty_or_absent() -> bytes:
    """raw_data that is present and empty is not the same as none."""
    tensors = [
        encode("TensorProto", name="absent", data_type=FLOAT, dims=[0]),
        encode("TensorProto", name="empty", data_type=FLOAT, dims=[0], raw_data=b""),
        encode("TensorProto", name="one_empty_string", data_type=STRING, dims=[1], string_data=[b""]),
    ]
    return model_of(
        node("Foo", ["x", "absent", "empty", "one_empty_string"], ["y"]), initializer=tensors)


@CANONICAL.model
def tensor_side_fields() -> bytes:
    """Segment, doc string, metadata, explicit default location, nameless."""
    segment = encode("TensorProto.Segment", begin=0, end=2**40)
    tensors = [
        tensor("w", segment=segment),
        tensor("v", doc_string="a <doc> string", metadata_props=[entry("k", "v"), entry("k", ""), entry("", "v")]),
        tensor("u", data_location=0),
        tensor(None),
        tensor(""),
        encode("TensorProto", name="only a name"),
    ]
    return model_of(node("Foo", ["x", "w", "v", "u"], ["y"]), initializer=tensors)
