"""Weights in files beside the model: parts, gaps, shared ranges, odd names, missing numbers."""
from __future__ import annotations

from collections.abc import Iterator

from corpus.bodies import if_node
from corpus.build import FLOAT, attribute, entry, graph, model_of, node, tensor, value
from corpus.registry import CANONICAL, Sample
from corpus.tensors import pattern
from corpus.wire import encode

EXTERNAL = 1


def outside(
    name: str | bytes | None,
    location: str | bytes | None,
    offset: int | str | None = None,
    length: int | str | None = None,
    elements: int = 16,
    extra: tuple[tuple[str, str], ...] = (),
    **fields: object,
) -> bytes:
    """A float tensor whose data stand in a file; entries that are None are left out."""
    wanted = [("location", location), ("offset", offset), ("length", length), *extra]
    listed = [entry(key, text if isinstance(text, bytes) else str(text)) for key, text in wanted if text is not None]
    return encode("TensorProto", name=name, data_type=FLOAT, dims=[elements], external_data=listed,
                  data_location=EXTERNAL, **fields)


def sample(tensors: list[bytes], files: dict[str | bytes, bytes], *more_nodes: bytes) -> Sample:
    """A model whose operator uses w0, w1, ... of `tensors`, beside these files."""
    names = [f"w{i}" for i in range(len(tensors))]
    model = model_of(node("Sum", ["x", *names], ["y"]), *more_nodes, initializer=tensors)
    return Sample(model, {name if isinstance(name, bytes) else name.encode(): data for name, data in files.items()})


@CANONICAL.model
def external_one_file() -> Sample:
    """As the onnx package saves it: offset and length given, tensors one behind the other."""
    tensors = [outside(f"w{i}", "model.onnx.data", i * 64, 64) for i in range(4)]
    return sample(tensors, {"model.onnx.data": pattern(256)})


@CANONICAL.model
def external_several_files() -> Sample:
    """Files in folders, in no order, one inline tensor between."""
    tensors = [
        outside("w0", "weights/a.bin", 0, 64), outside("w1", "b.bin", 64, 64), tensor("w2"),
        outside("w3", "weights/deeper/c.bin", 0, 64), outside("w4", "weights/a.bin", 64, 64),
        outside("w5", "b.bin", 0, 64),
    ]
    return sample(tensors, {"weights/a.bin": pattern(128, 2), "b.bin": pattern(128, 3),
                            "weights/deeper/c.bin": pattern(64, 4)})


@CANONICAL.model
def external_gaps() -> Sample:
    """Bytes that belong to no tensor: at the start, between, and at the end of the file."""
    tensors = [outside("w0", "w.bin", 100, 64), outside("w1", "w.bin", 8192, 64), outside("w2", "w.bin", 4096, 64)]
    return sample(tensors, {"w.bin": pattern(10_001, 5)})


@CANONICAL.model
def external_gap_of_zeros() -> Sample:
    """Alignment to 64 KiB, as onnxruntime writes it, filled with zeros."""
    data = pattern(64) + bytes(65536 - 64) + pattern(64, 2) + bytes(65536 - 64) + pattern(64, 3)
    return sample([outside(f"w{i}", "w.bin", i * 65536, 64) for i in range(3)], {"w.bin": data})


@CANONICAL.model
def external_shared_ranges() -> Sample:
    """The same range thrice, under other names, and in another file with equal bytes."""
    tensors = [outside("w0", "w.bin", 0, 64), outside("w1", "w.bin", 0, 64), outside("w2", "w.bin", 0, 64),
               outside("w3", "same.bin", 0, 64)]
    return sample(tensors, {"w.bin": pattern(64), "same.bin": pattern(64)})


@CANONICAL.model
def external_overlapping_ranges() -> Sample:
    """Ranges that overlap by half, contain one another, or touch."""
    ranges = [(0, 128), (64, 128), (96, 32), (0, 256), (192, 64), (255, 1), (1, 3)]
    tensors = [outside(f"w{i}", "w.bin", at, size, size // 4) for i, (at, size) in enumerate(ranges)]
    return sample(tensors, {"w.bin": pattern(256, 6)})


@CANONICAL.model
def external_without_numbers() -> Sample:
    """No length: up to the end of the file. No offset: from its start. Neither: all of it."""
    tensors = [
        outside("w0", "w.bin", 64), outside("w1", "w.bin", None, 64), outside("w2", "w.bin", elements=32),
        outside("w3", "own.bin"), outside("w4", "w.bin", 128, elements=0),
    ]
    return sample(tensors, {"w.bin": pattern(128, 7), "own.bin": pattern(64, 8)})


@CANONICAL.model
def external_zero_length() -> Sample:
    """Nothing at the start, at the end, and in a file of no bytes."""
    tensors = [outside("w0", "w.bin", 0, 0, 0), outside("w1", "w.bin", 64, 0, 0), outside("w2", "empty.bin", 0, 0, 0),
               outside("w3", "empty.bin", elements=0)]
    return sample(tensors, {"w.bin": pattern(64), "empty.bin": b""})


@CANONICAL.model
def external_odd_numbers() -> Sample:
    """Leading zeros, a length that disagrees with the dims."""
    tensors = [outside("w0", "w.bin", "00064", "0064"), outside("w1", "w.bin", 0, 32),
               outside("w2", "w.bin", 1, 127, 3)]
    return sample(tensors, {"w.bin": pattern(128, 9)})


@CANONICAL.model
def external_extra_keys() -> Sample:
    """Checksums, keys of other tools, duplicates, another order of the keys."""
    sha1 = (("checksum", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("basepath", "/tmp/build"), ("", ""),
            ("offset ", "1"))
    swapped = [entry("length", "64"), entry("checksum", ""), entry("offset", "64"), entry("location", "w.bin")]
    tensors = [
        outside("w0", "w.bin", 0, 64, extra=sha1),
        encode("TensorProto", name="w1", data_type=FLOAT, dims=[16], external_data=swapped, data_location=EXTERNAL),
        outside("w2", "w.bin", 0, 64, extra=(("location", "w.bin"), ("offset", "0"), ("length", "64"))),
    ]
    return sample(tensors, {"w.bin": pattern(128)})


@CANONICAL.model
def external_location_changed_by_a_later_key() -> Sample:
    """Keys given twice with other values: onnx and onnxruntime go by the last."""
    tensors = [outside("w0", "first.bin", 0, 64, extra=(("location", "last.bin"), ("offset", "64")))]
    return sample(tensors, {"first.bin": pattern(128, 1), "last.bin": pattern(128, 2)})


@CANONICAL.model
def external_odd_locations() -> Sample:
    """Names with spaces, XML specials, dots, other scripts, and bytes that are not UTF-8."""
    names: list[str | bytes] = [
        "with space.bin", "a&b<c>\"d'.bin", ".hidden", "..two.dots", "\u65e5\u672c/\U0001f600.bin",
        b"latin\xe9.bin", "back\\slash", "new\nline", "trailing ", "{\"json\"}", "%41",
    ]
    tensors = [outside(f"w{i}", name, 0, 64) for i, name in enumerate(names)]
    return sample(tensors, {name: pattern(64, i + 1) for i, name in enumerate(names)})


@CANONICAL.model
def external_dot_locations() -> Sample:
    """Several ways to write one path that stays inside the folder."""
    tensors = [outside("w0", "./w.bin", 0, 64), outside("w1", "w.bin", 64, 64), outside("w2", "a//b/./w.bin", 0, 64)]
    return sample(tensors, {"w.bin": pattern(128, 1), "a/b/w.bin": pattern(64, 2)})


@CANONICAL.model
def external_in_bodies_and_attributes() -> Sample:
    """Data in files for weights of bodies, Constants, lists of tensors, functions and sparse parts."""
    constant = node("Constant", [], ["c"], attributes=[attribute("value", 4, t=outside(None, "w.bin", 64, 64))])
    several = node("Foo", ["c"], ["d"], attributes=[
        attribute("tensors", 9, tensors=[outside("a", "w.bin", 0, 64), outside("b", "w.bin", 128, 64)])])
    body = graph(node("Add", ["x", "inner"], ["r"]), constant, output=[value("r")],
                 initializer=[outside("inner", "body.bin", 0, 64)])
    sparse = encode("SparseTensorProto", values=outside("s", "sparse.bin", 0, 64), dims=[100],
                    indices=tensor(None, data_location=0))
    function = encode("FunctionProto", name="F", domain="local", node=[constant], output=["c"])
    training = encode("TrainingInfoProto", algorithm=graph(initializer=[outside("t", "train.bin", 0, 64)]))
    main = graph(constant, several, if_node(body, body, ["y"]), name="main", input=[value("x")], output=[value("y")],
                 initializer=[outside("w0", "w.bin", 0, 64)], sparse_initializer=[sparse])
    model = encode("ModelProto", ir_version=10, graph=main, functions=[function], training_info=[training])
    files = {b"w.bin": pattern(192, 1), b"body.bin": pattern(70, 2), b"sparse.bin": pattern(64, 3),
             b"train.bin": pattern(64, 4)}
    return Sample(model, files)


@CANONICAL.model
def external_entries_without_the_flag() -> Sample:
    """External entries on tensors whose data stand in the model: they point at nothing."""
    listed = [entry("location", "nowhere.bin"), entry("offset", "5")]
    tensors = [tensor("w0", external_data=listed), tensor("w1", external_data=listed, data_location=0),
               tensor("w2", external_data=[])]
    return sample(tensors, {})


@CANONICAL.model
def external_flag_without_a_place() -> Sample:
    """Said to be external, but no file is named: a fault of the source that stays as it is."""
    nameless = [outside("w0", None, 0, 64), encode("TensorProto", name="w1", data_location=EXTERNAL),
                outside("w2", "")]
    return sample(nameless, {})


@CANONICAL.model
def external_and_inline_at_once() -> Sample:
    """Data in a file, raw and typed, of one tensor."""
    tensors = [outside("w0", "w.bin", 0, 64, raw_data=pattern(64, 2)),
               outside("w1", "w.bin", 64, 64, float_data=[1] * 16)]
    return sample(tensors, {"w.bin": pattern(128)})


@CANONICAL.model
def external_unnamed_and_unused() -> Sample:
    """Tensors without a name or a user still keep their part of the file."""
    tensors = [outside("w0", "w.bin", 0, 64), outside(None, "w.bin", 64, 64), outside("", "w.bin", 128, 64),
               outside("w0", "w.bin", 192, 64), outside("nobody needs me", "unused.bin", 0, 64)]
    return sample(tensors, {"w.bin": pattern(256), "unused.bin": pattern(64, 2)})


@CANONICAL.family
def external_large() -> Iterator[tuple[str, Sample]]:
    """Sizes beyond the windows in which files are copied; aligned and not."""
    size = 9 << 20
    yield "aligned", sample(
        [outside("w0", "w.bin", 0, 5 << 20, 5 << 18), outside("w1", "w.bin", 5 << 20, 4 << 20, 1 << 20)],
        {"w.bin": pattern(size, 3)})
    yield "odd", sample([outside("w0", "w.bin", 4097, (5 << 20) + 1), outside("w1", "w.bin", (5 << 20) + 7000)],
                        {"w.bin": pattern(size + 13, 4)})


@CANONICAL.model
def external_many_tensors() -> Sample:
    """1,000 tensors of one file, in reverse, each with a checksum entry."""
    tensors = [outside(f"w{i}", "w.bin", (999 - i) * 64, 64, extra=(("checksum", f"{i:040x}"),)) for i in range(1000)]
    return sample(tensors, {"w.bin": pattern(64_000)})
