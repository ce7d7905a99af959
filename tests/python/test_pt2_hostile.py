"""Spoiled and odd .pt2 files: each ends with exit code 3 or 4 and one clear line, soon, whatever is wrong.

The files are made out of tests/torch/reader.pt2 (tests/torch/make_reader.py wrote it). The reader is looked at through
the program dump_program of the build, which has the exit codes of the command line.
"""

from __future__ import annotations

import json
import struct
import subprocess
import zlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.program import PROGRAM

ROOT = Path(__file__).resolve().parents[2]
READER = ROOT / "tests" / "torch" / "reader.pt2"
DUMP = Path(PROGRAM).parent / "tests" / "tools" / "dump_program"

INVALID, UNSUPPORTED = 3, 4


def dump(path: Path) -> subprocess.CompletedProcess:
    return subprocess.run([DUMP, "--functional", path], capture_output=True, text=True, timeout=10, check=False)


def expect(path: Path, code: int, words: str = "") -> None:
    result = dump(path)
    assert result.returncode == code, result.stderr
    assert code == 0 or (result.stderr.count("\n") == 1 and words in result.stderr), result.stderr


class Archive:
    """The entries of reader.pt2, to be changed and written as a zip file by hand."""

    def __init__(self) -> None:
        with zipfile.ZipFile(READER) as archive:
            self.entries = [(i.filename, archive.read(i)) for i in archive.infolist()]
        self.method = {}  # name: zip's number of the method, if it is not stored
        self.flags = {}
        self.spoil_central: Callable[[str, bytearray], None] = lambda name, header: None

    def json(self, suffix: str) -> dict:
        return json.loads(next(data for name, data in self.entries if name.endswith(suffix)))

    def put(self, suffix: str, content) -> "Archive":
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.entries = [(name, data if name.endswith(suffix) else old) for name, old in self.entries]
        return self

    def name(self, suffix: str) -> str:
        return next(name for name, _ in self.entries if name.endswith(suffix))

    def packed(self, name: str, data: bytes) -> bytes:
        if self.method.get(name) != 8:
            return data
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        return deflate.compress(data) + deflate.flush()

    def write(self, path: Path, zip64: bool = False, descriptors: bool = False) -> Path:
        out, central = bytearray(), bytearray()
        for name, data in self.entries:
            packed, raw = self.packed(name, data), name.encode()
            method, flags = self.method.get(name, 0), self.flags.get(name, 0) | (8 if descriptors else 0)
            crc, offset = zlib.crc32(data), len(out)
            local = (0, 0, 0) if descriptors else (crc, len(packed), len(data))
            out += struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, flags, method, 0, 0, *local, len(raw), 0) + raw + packed
            if descriptors:
                out += struct.pack("<IIII", 0x08074B50, crc, len(packed), len(data))
            sizes, extra = (len(packed), len(data), offset), b""
            if zip64:
                extra = b"\xfb\xfb\2\0ZZ" + struct.pack("<HHQQQ", 1, 24, len(data), len(packed), offset)
                sizes = (0xFFFFFFFF,) * 3
            header = bytearray(struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, flags, method, 0, 0, crc, sizes[0],
                                           sizes[1], len(raw), len(extra), 0, 0, 0, 0, sizes[2]) + raw + extra)
            self.spoil_central(name, header)
            central += header
        start, count = len(out), len(self.entries)
        out += central
        if zip64:
            end = len(out)
            out += struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, len(central), start)
            out += struct.pack("<IIQI", 0x07064B50, 0, end, 1)
            out += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
        else:
            out += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(central), start, 0)
        path.write_bytes(bytes(out))
        return path


@pytest.fixture
def archive() -> Archive:
    return Archive()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pt2"


# ---- forms of zip that are fine ----


@pytest.mark.parametrize("form", [{}, {"zip64": True}, {"descriptors": True}, {"zip64": True, "descriptors": True}])
def test_forms_of_zip(archive: Archive, path: Path, form: dict) -> None:
    expect(archive.write(path, **form), 0)
    assert dump(path).stdout.count("aten.") == dump(READER).stdout.count("aten.")


def test_packed_json(archive: Archive, path: Path) -> None:
    archive.method = {name: 8 for name, _ in archive.entries if name.endswith(".json")}
    expect(archive.write(path), 0)


def test_comment(archive: Archive, path: Path) -> None:
    data = bytearray(archive.write(path).read_bytes())
    data[-2:] = struct.pack("<H", 5)
    path.write_bytes(bytes(data) + b"hello")
    expect(path, 0)


# ---- spoiled archives ----


def test_truncated(path: Path) -> None:
    whole = READER.read_bytes()
    for size in [*range(0, len(whole), 997), *range(len(whole) - 60, len(whole))]:
        path.write_bytes(whole[:size])
        expect(path, INVALID, "zip")


def test_flipped_directory(archive: Archive, path: Path) -> None:
    """Whatever a byte of the directory says, there is an answer; whatever is read lies in the file."""
    whole = archive.write(path).read_bytes()
    start = struct.unpack_from("<I", whole, len(whole) - 6)[0]
    for at in range(start, len(whole)):
        for flip in (0x01, 0x80, 0xFF):
            if (at * 3 + flip) % 7 == 0:
                data = bytearray(whole)
                data[at] ^= flip
                path.write_bytes(bytes(data))
                assert dump(path).returncode in (0, INVALID, UNSUPPORTED)


def test_duplicate_entry(archive: Archive, path: Path) -> None:
    archive.entries.append((archive.name("/byteorder"), b"little"))
    expect(archive.write(path), INVALID, "twice")


@pytest.mark.parametrize("at,value", [(42, 0xFFFFFFF0), (42, 1), (20, 0x7FFFFFFF)])
def test_entry_elsewhere(archive: Archive, path: Path, at: int, value: int) -> None:
    """The place of a payload's header, and its size."""

    def spoil(name: str, header: bytearray) -> None:
        if name.endswith("/weight_0"):
            struct.pack_into("<I", header, at, value)
            if at == 20:
                struct.pack_into("<I", header, 24, value)

    archive.spoil_central = spoil
    expect(archive.write(path), INVALID, "weight_0")


def test_local_header_disagrees(archive: Archive, path: Path) -> None:
    data = archive.write(path).read_bytes()
    path.write_bytes(data.replace(b"data/weights/weight_0", b"data/weights/weight_X", 1))
    expect(path, INVALID, "another name in its own header")


def test_wrong_checksum(archive: Archive, path: Path) -> None:
    data = archive.write(path).read_bytes()
    path.write_bytes(data.replace(b'"aten": 10', b'"aten": 11', 1))
    expect(path, INVALID, "checksum")


def test_spoiled_deflate(archive: Archive, path: Path) -> None:
    name = archive.name("models/model.json")
    archive.method = {name: 8}
    data = bytearray(archive.write(path).read_bytes())
    at = data.find(name.encode()) + len(name)
    data[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(data))
    expect(path, INVALID, "model.json")


def test_bomb(archive: Archive, path: Path) -> None:
    archive.put("models/model.json", b'{"a": "' + b" " * 3_000_000 + b'"}')
    archive.method = {archive.name("models/model.json"): 8}
    expect(archive.write(path), INVALID, "100 times")


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive at all " * 100])
def test_no_archive(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    expect(path, INVALID, "no zip archive")


def test_other_archive(archive: Archive, path: Path) -> None:
    archive.entries = [("model/data.pkl", b"")]
    expect(archive.write(path), INVALID, "models/model.json")


def test_earlier_archive(archive: Archive, path: Path) -> None:
    archive.entries = [("serialized_exported_program.json", b"{}")]
    expect(archive.write(path), UNSUPPORTED, "before 2.8")


def test_encrypted(archive: Archive, path: Path) -> None:
    archive.flags = {archive.name("models/model.json"): 1}
    expect(archive.write(path), UNSUPPORTED, "encrypted")


def test_other_method(archive: Archive, path: Path) -> None:
    archive.method = {archive.name("models/model.json"): 14}
    expect(archive.write(path), UNSUPPORTED, "method 14")


def test_packed_weights(archive: Archive, path: Path) -> None:
    archive.method = {archive.name("/weight_0"): 8}
    expect(archive.write(path), UNSUPPORTED, "weights must be stored")


def test_big_endian(archive: Archive, path: Path) -> None:
    expect(archive.put("/byteorder", b"big").write(path), UNSUPPORTED, "little-endian")


# ---- spoiled programs ----


def change_model(archive: Archive, path: Path, change: Callable[[dict], None]) -> Path:
    model = archive.json("models/model.json")
    change(model)
    return archive.put("models/model.json", model).write(path)


def graph(model: dict) -> dict:
    return model["graph_module"]["graph"]


def first_argument(model: dict, node: int) -> dict:
    return graph(model)["nodes"][node]["inputs"][0]["arg"]


SPOILED = {
    "no nodes": (lambda m: graph(m).pop("nodes"), "'nodes' is missing"),
    "nodes are no list": (lambda m: graph(m).update(nodes={}), "'nodes' is not a list"),
    "a node is a number": (lambda m: graph(m)["nodes"].insert(0, 3), "holds what is no node"),
    "no graph": (lambda m: m.pop("graph_module"), "'graph_module' is missing"),
    "dangling": (lambda m: first_argument(m, 0)["as_tensor"].update(name="nowhere"), "'nowhere', which nothing"),
    "a cycle": (lambda m: graph(m)["nodes"].reverse(), "which nothing before it makes"),
    "made twice": (lambda m: graph(m)["nodes"].insert(1, graph(m)["nodes"][0]), "is made twice"),
    "an argument of no kind": (lambda m: first_argument(m, 0).clear(), "not an object with one member"),
    "an argument too many": (
        lambda m: graph(m)["nodes"][0]["inputs"].append({"name": "odd", "arg": {"as_int": 1}, "kind": 2}),
        "has no argument 'odd'",
    ),
    "an argument too few": (lambda m: graph(m)["nodes"][0]["inputs"].clear(), "lacks its argument"),
    "a dangling output": (lambda m: graph(m)["outputs"][0]["as_tensor"].update(name="odd"), "which nothing before"),
    "no element type": (
        lambda m: next(iter(graph(m)["tensor_values"].values())).update(dtype=99),
        "'dtype' is no element type",
    ),
    "a negative size": (
        lambda m: next(iter(graph(m)["tensor_values"].values()))["sizes"][0].update(as_int=-4),
        "holds a negative number",
    ),
    "strides too few": (
        lambda m: next(iter(graph(m)["tensor_values"].values()))["strides"].pop(),
        "not as long as 'sizes'",
    ),
    "inputs too few": (lambda m: m["graph_module"]["signature"]["input_specs"].pop(), "is not as long as"),
    "inputs in another order": (lambda m: m["graph_module"]["signature"]["input_specs"].reverse(), "disagree"),
    "a weight that is not there": (
        lambda m: m["graph_module"]["signature"]["input_specs"][0]["parameter"].update(parameter_name="odd"),
        "has no payload",
    ),
    "a module stack of no form": (
        lambda m: graph(m)["nodes"][0]["metadata"].update(nn_module_stack="a;b"),
        "no key, name and class",
    ),
    "modules too deep": (
        lambda m: m["graph_module"]["module_call_graph"].append({"fqn": "a." * 300 + "a", "signature": None}),
        "nested more than 256 deep",
    ),
    "no version": (lambda m: m.pop("schema_version"), "'schema_version' is missing"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_spoiled_program(archive: Archive, path: Path, what: str) -> None:
    change, words = SPOILED[what]
    expect(change_model(archive, path, change), INVALID, words)


UNKNOWN = {
    "newer schema": (lambda m: m["schema_version"].update(major=9), "schema version 9"),
    "custom object": (
        lambda m: graph(m)["nodes"][0]["inputs"][0].update(arg={"as_custom_obj": {"name": "o", "class_fqn": "c"}}),
        "custom objects",
    ),
    "input that is an object": (
        lambda m: m["graph_module"]["signature"]["input_specs"].__setitem__(0, {"custom_obj": {}}),
        "'custom_obj'",
    ),
    "gradient": (
        lambda m: m["graph_module"]["signature"]["output_specs"].__setitem__(0, {"gradient_to_parameter": {}}),
        "'gradient_to_parameter'",
    ),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_unknown_program(archive: Archive, path: Path, what: str) -> None:
    change, words = UNKNOWN[what]
    expect(change_model(archive, path, change), UNSUPPORTED, words)


@pytest.mark.parametrize("entry", ["models/model.json", "model_weights_config.json"])
@pytest.mark.parametrize("text", [b"[" * 10_000, b'{"a":' * 10_000, b"{", b"\xff", b"{}x", b"[]", b""])
def test_spoiled_json(archive: Archive, path: Path, entry: str, text: bytes) -> None:
    expect(archive.put(entry, text).write(path), INVALID)


def test_deep_output_spec(archive: Archive, path: Path) -> None:
    def change(model: dict) -> None:
        signature = model["graph_module"]["module_call_graph"][0]["signature"]
        signature["out_spec"] = "[1, " + '{"type": "t", "context": "null", "children_spec": [' * 10_000

    expect(change_model(archive, path, change), INVALID)


def test_nested_graphs(archive: Archive, path: Path) -> None:
    def change(model: dict) -> None:
        inner = graph(model)
        for _ in range(100):
            inner = {**inner, "nodes": [{
                "target": "torch.ops.higher_order.cond", "name": "c", "outputs": [], "metadata": {},
                "inputs": [{"name": "", "arg": {"as_graph": {"name": "g", "graph": inner}}, "kind": 1}]}]}  # fmt: skip
        model["graph_module"]["graph"] = inner

    expect(change_model(archive, path, change), INVALID)


# ---- spoiled payloads ----


def payload(config: dict) -> dict:
    return config["config"]["block.fc.weight"]


PAYLOADS = {
    "beyond the storage": (lambda p: p["tensor_meta"].update(storage_offset={"as_int": 1}), "beyond the payload"),
    "sizes that overflow": (
        lambda p: p["tensor_meta"].update(sizes=[{"as_int": 2**62}, {"as_int": 2**62}]),
        "more than can be counted",
    ),
    "strides that overflow": (
        lambda p: p["tensor_meta"].update(strides=[{"as_int": 2**62}, {"as_int": 2**62}]),
        "beyond the payload",
    ),
    "repeated elements that overflow": (
        lambda p: p["tensor_meta"].update(sizes=[{"as_int": 2**62}, {"as_int": 4}], strides=[{"as_int": 0}] * 2),
        "more than can be counted",
    ),
    "a negative stride": (lambda p: p["tensor_meta"]["strides"][0].update(as_int=-1), "is no list of sizes"),
    "a negative offset": (lambda p: p["tensor_meta"].update(storage_offset={"as_int": -1}), "is negative"),
    "a symbolic size": (
        lambda p: p["tensor_meta"].update(sizes=[{"as_expr": {"expr_str": "s0"}}] * 2),
        "is no list of sizes",
    ),
    "a larger type": (lambda p: p["tensor_meta"].update(dtype=8), "beyond the payload"),
    "no file": (lambda p: p.update(path_name="weight_99"), "the archive does not have"),
    "a file elsewhere": (lambda p: p.update(path_name="../../byteorder"), "the archive does not have"),
    "no description": (lambda p: p.pop("tensor_meta"), "'tensor_meta' is missing"),
}


def change_payload(archive: Archive, path: Path, change: Callable[[dict], None]) -> Path:
    config = archive.json("model_weights_config.json")
    change(payload(config))
    return archive.put("model_weights_config.json", config).write(path)


@pytest.mark.parametrize("what", PAYLOADS)
def test_spoiled_payload(archive: Archive, path: Path, what: str) -> None:
    change, words = PAYLOADS[what]
    expect(change_payload(archive, path, change), INVALID, words)


@pytest.mark.parametrize(
    "change,words",
    [
        (lambda p: p.update(use_pickle=True), "pickled payloads"),
        (lambda p: p["tensor_meta"].update(layout=1), "sparse"),
        (lambda p: p["tensor_meta"].update(dtype=9), "no element type"),
    ],
)
def test_unknown_payload(archive: Archive, path: Path, change: Callable[[dict], None], words: str) -> None:
    expect(change_payload(archive, path, change), UNSUPPORTED, words)


def test_training_dropout(archive: Archive, path: Path) -> None:
    def change(model: dict) -> None:
        for node in graph(model)["nodes"]:
            if node["target"] == "torch.ops.aten.dropout.default":
                node["inputs"][2]["arg"] = {"as_bool": True}

    expect(change_model(archive, path, change), UNSUPPORTED, "is random")
