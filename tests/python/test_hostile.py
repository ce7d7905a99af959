"""Files that were made to do harm: nesting without end, lengths that lie, entities, files that are no files."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import struct
from pathlib import Path

import pytest
from conftest import Copied, Exported
from corpus.wire import BYTES, GROUP_END, GROUP_START, bytes_field, encode, tag, varint
from tools.program import Result, export, has_sanitizer, import_, run

NODE, ATTRIBUTE, ATTRIBUTE_GRAPH, GRAPH = 1, 5, 6, 7  # field numbers


def refused_model(data: bytes, folder: Path) -> Result:
    """Export of a model that is no model: one error, nothing written."""
    model = folder / "model.onnx"
    model.write_bytes(data)
    result = export(model, folder / "model.graphml").expect_error(3)
    assert os.listdir(folder) == ["model.onnx"]
    return result


def refused_import(files: Copied, *options: object) -> Result:
    """Import of the files as they are now: one error, nothing written."""
    before = set(os.listdir(files.folder))
    result = import_(files.graphml, files.output, *options).expect_error(3)
    assert set(os.listdir(files.folder)) == before
    return result


# ---- nesting ----


def nested(depth: int, *numbers: int) -> bytes:
    """Messages in one another, by the field numbers that lead from each to the next, outermost first."""
    data = b""
    for _ in range(depth):
        for number in reversed(numbers):
            data = bytes_field(number, data)
    return data


def in_value_info(type_proto: bytes) -> bytes:
    return encode(
        "ModelProto", graph=encode("GraphProto", value_info=[encode("ValueInfoProto", name="v", type=type_proto)])
    )


# As the wire has it: TypeProto { sequence_type = 4 { elem_type = 1 { ...
PROTOBUF_BOMBS = {
    "subgraphs": bytes_field(GRAPH, nested(4000, NODE, ATTRIBUTE, ATTRIBUTE_GRAPH)),
    "subgraphs in lists": bytes_field(GRAPH, nested(4000, NODE, ATTRIBUTE, 11)),
    "subgraphs in functions": bytes_field(25, bytes_field(7, nested(4000, ATTRIBUTE, ATTRIBUTE_GRAPH, NODE))),
    "sequence types": in_value_info(nested(20_000, 4, 1)),
    "optional types": in_value_info(nested(20_000, 9, 1)),
    "map types": in_value_info(nested(20_000, 5, 2)),
    "types in attributes": bytes_field(
        GRAPH, bytes_field(NODE, bytes_field(ATTRIBUTE, bytes_field(14, nested(20_000, 4, 1))))
    ),
    "training_info": bytes_field(20, bytes_field(1, nested(4000, NODE, ATTRIBUTE, ATTRIBUTE_GRAPH))),
    "unknown groups": tag(200, GROUP_START) * 100_000 + tag(200, GROUP_END) * 100_000,
    "unknown groups without an end": tag(200, GROUP_START) * 100_000,
    "unknown groups in a node": bytes_field(
        GRAPH, bytes_field(NODE, tag(200, GROUP_START) * 50_000 + tag(200, GROUP_END) * 50_000)
    ),
}


@pytest.mark.parametrize("bomb", PROTOBUF_BOMBS)
def test_protobuf_bombs(bomb: str, tmp_path: Path) -> None:
    refused_model(PROTOBUF_BOMBS[bomb], tmp_path)


def test_the_bomb_of_68_kilobytes_is_one(tmp_path: Path) -> None:
    assert len(PROTOBUF_BOMBS["subgraphs"]) < 70_000
    assert "messages within messages" in refused_model(PROTOBUF_BOMBS["subgraphs"], tmp_path).message


HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
XML_BOMBS = {
    "elements": "<a>" * 100_000 + "</a>" * 100_000,
    "elements without an end": "<a>" * 100_000,
    "graphs": '<graph><node id="n">' * 100_000,
    "groups": "".join(f'<graph><node id="n{i}">' for i in range(50_000)) + "</node></graph>" * 50_000,
    "data": '<graph><node id="n"><data key="x">' + "<b>" * 100_000,
    "attributes": "<graph " + " ".join(f'a{i}="x"' for i in range(100_000)) + "/>",
    "namespaces": "".join(f'<a xmlns:n{i}="u{i}">' for i in range(2_000)),
}


@pytest.mark.parametrize("bomb", XML_BOMBS)
def test_xml_bombs(bomb: str, copied: Copied) -> None:
    copied.graphml.write_text(HEAD + XML_BOMBS[bomb] + "</graphml>")
    refused_import(copied)


def with_data(files: Copied, node_kind: str, key: str, text: str) -> None:
    """Give the first node of a kind another text for a key; it may have none so far."""
    document = files.graphml.read_text()
    kind = f'<data key="n7">{node_kind}</data>\n'
    head, tail = document.split(kind, 1)
    own, rest = tail.split("</node>" if node_kind == "operator" else "<graph", 1)
    own = re.sub(f'<data key="{key}">.*?</data>\n', "", own, flags=re.DOTALL)
    end = "</node>" if node_kind == "operator" else "<graph"
    files.graphml.write_text(f'{head}{kind}<data key="{key}">{text}</data>\n{own}{end}{rest}')


JSON_BOMBS = {
    "lists": "[" * 100_000,
    "closed lists": "[" * 50_000 + "]" * 50_000,
    "objects": '{"a":' * 100_000,
    "sequence types": '{"a": {"type": "TYPE_PROTO", "value": ' + '{"sequence": ' * 5_000 + "{}" + "}" * 5_002,
    "long number": '{"a": ' + "9" * 1_000_000 + "}",
    "large exponent": '{"a": 1e999999999}',
    "large integer": '{"a": 9223372036854775808}',
    "half a surrogate": r'{"a": "\ud800"}',
    "NUL in a name": r'{"a\u0000b": 1}x',
}


@pytest.mark.parametrize("bomb", JSON_BOMBS)
@pytest.mark.parametrize("key", ["n2", "n4", "n12", "n17"])
def test_json_bombs(bomb: str, key: str, copied: Copied) -> None:
    with_data(copied, "operator", key, JSON_BOMBS[bomb])
    refused_import(copied)


# ---- lengths and counts that lie ----

LARGE = (1 << 31, (1 << 32) - 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def field_with_length(number: int, length: int, data: bytes = b"") -> bytes:
    return tag(number, BYTES) + varint(length) + data


@pytest.mark.parametrize("length", LARGE)
@pytest.mark.parametrize("kind", ["graph", "name", "raw_data", "float_data", "node", "unknown"])
def test_protobuf_lengths_beyond_the_file(kind: str, length: int, tmp_path: Path) -> None:
    def graph(content: bytes) -> bytes:
        return bytes_field(GRAPH, content)

    data = {
        "graph": field_with_length(GRAPH, length, b"\x0a\x00"),
        "name": graph(field_with_length(2, length, b"main")),
        "raw_data": graph(bytes_field(5, field_with_length(9, length, b"1234"))),
        "float_data": graph(bytes_field(5, field_with_length(4, length, b"1234"))),
        "node": graph(field_with_length(NODE, length)),
        "unknown": field_with_length(1000, length, b"x"),
    }
    refused_model(data[kind], tmp_path)


@pytest.mark.parametrize(
    "data", [b"\x00\x00", b"\x07", b"\x3a\x05\x0e", b"\xff" * 11, b"\x08" + b"\xff" * 10, b"\x3b\x0a", b"\x0b\x14"]
)
def test_broken_wire_format(data: bytes, tmp_path: Path) -> None:
    assert "offset" in refused_model(data, tmp_path).message


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def xxh128(data: bytes) -> bytes:
    function = ctypes.CDLL("libxxhash.so.0").XXH3_128bits
    function.restype, function.argtypes = Hash128, [ctypes.c_char_p, ctypes.c_size_t]
    found = function(data, len(data))
    return struct.pack("<QQ", found.low, found.high)


HEADER = {
    "version": (8, "<I"),
    "header size": (12, "<I"),
    "file size": (16, "<Q"),
    "index offset": (24, "<Q"),
    "index size": (32, "<Q"),
    "count": (40, "<Q"),
}


@pytest.mark.parametrize("value", [0, 1, *LARGE])
@pytest.mark.parametrize("field", [name for name in HEADER if name != "version"])
def test_sidecar_headers_that_lie(field: str, value: int, copied: Copied) -> None:
    """With a true checksum of the header, so that it is the number that has to be noticed."""
    image = bytearray(copied.sidecar.read_bytes())
    at, form = HEADER[field]
    struct.pack_into(form, image, at, value & 0xFFFFFFFF if form == "<I" else value)
    image[112:128] = xxh128(bytes(image[:112]))
    copied.sidecar.write_bytes(image)
    refused_import(copied)


def test_a_sidecar_of_another_version(copied: Copied) -> None:
    """A true header, only newer: valid for someone, not supported here."""
    image = bytearray(copied.sidecar.read_bytes())
    struct.pack_into("<I", image, 8, 2)
    image[112:128] = xxh128(bytes(image[:112]))
    copied.sidecar.write_bytes(image)
    import_(copied.graphml, copied.output).expect_error(4)
    assert not copied.output.exists()


@pytest.mark.parametrize(
    "place",
    [
        "[100000, 64]",
        "[128, 100000]",
        "[128, 65]",
        "[127, 2]",
        "[9223372036854775807, 64]",
        "[128, 9223372036854775807]",
        "[0, 1]",
        "[256, 1]",
    ],
)
def test_tensors_beyond_the_sidecar(place: str, copied: Copied) -> None:
    copied.replace('"data": [128, 64]', f'"data": {place}')
    assert "encoder.layer.0.weight" in refused_import(copied).message


@pytest.mark.parametrize(
    "place", ["[18446744073709551615, 64]", "[-128, 64]", "[128]", '["128", "64"]', "[128.0, 64]", "{}", "[]"]
)
def test_places_of_tensors_that_are_none(place: str, copied: Copied) -> None:
    copied.replace('"data": [128, 64]', f'"data": {place}')
    assert "initializers" in refused_import(copied).message


# ---- XML that wants more ----

LAUGHS = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(10))
DOCTYPES = {
    "empty": "<!DOCTYPE graphml>",
    "entity": '<!DOCTYPE graphml [<!ENTITY a "b">]>',
    "billion laughs": f'<!DOCTYPE graphml [<!ENTITY l0 "ha">{LAUGHS}]>',
    "quadratic": f'<!DOCTYPE graphml [<!ENTITY l10 "{"a" * 100_000}">]>',
    "external entity": '<!DOCTYPE graphml [<!ENTITY l10 SYSTEM "SECRET">]>',
    "parameter entity": '<!DOCTYPE graphml [<!ENTITY % a SYSTEM "SECRET"> %a;]>',
    "attribute defaults": '<!DOCTYPE graphml [<!ATTLIST node id CDATA "x">]>',
}


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_doctypes(doctype: str, copied: Copied) -> None:
    secret = copied.folder / "secret.txt"
    secret.write_text("a secret")
    with_data(copied, "operator", "n11", "&l10;" * (1000 if doctype == "quadratic" else 1))
    copied.replace('encoding="UTF-8"?>', 'encoding="UTF-8"?>\n' + DOCTYPES[doctype].replace("SECRET", secret.as_uri()))
    assert "DOCTYPE" in refused_import(copied).message


def test_an_entity_that_nobody_declared(copied: Copied) -> None:
    with_data(copied, "operator", "n11", "&nobody;")
    refused_import(copied)


def test_no_network(copied: Copied) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.dtd"
        copied.replace('encoding="UTF-8"?>', f'encoding="UTF-8"?>\n<!DOCTYPE graphml SYSTEM "{address}">')
        refused_import(copied)
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()


def test_xinclude_is_only_an_element(copied: Copied) -> None:
    secret = copied.folder / "secret.txt"
    secret.write_text("a secret")
    include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    with_data(copied, "operator", "n11", f"before{include}after")
    result = import_(copied.graphml, copied.output)
    if result.code == 0:
        assert b"a secret" not in copied.output.read_bytes()
    else:
        result.expect_error(3)


@pytest.mark.parametrize("encoding", ["UTF-16", "EBCDIC-CP-US", "x-nonsense", "UTF-7"])
def test_other_encodings(encoding: str, copied: Copied) -> None:
    copied.replace('encoding="UTF-8"', f'encoding="{encoding}"')
    result = import_(copied.graphml, copied.output).expect_bounded()
    if result.code:
        result.expect_error(3)


# ---- inputs that are no files ----


def not_a_file(kind: str, folder: Path) -> Path:
    path = folder / kind
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        return Path("/dev/zero")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(str(path))
    elif kind == "empty":
        path.touch()
    return path


NO_FILES = ["fifo", "folder", "device", "socket", "missing", "missing/below"]


@pytest.mark.parametrize("kind", NO_FILES)
def test_models_that_are_no_files(kind: str, tmp_path: Path) -> None:
    export(not_a_file(kind, tmp_path), tmp_path / "out.graphml").expect_error(3)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize("kind", [*NO_FILES, "empty"])
def test_graphml_that_is_no_file(kind: str, tmp_path: Path) -> None:
    import_(not_a_file(kind, tmp_path), tmp_path / "out.onnx").expect_error(3)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize("kind", [*NO_FILES, "empty"])
@pytest.mark.parametrize("how", ["option", "beside"])
def test_sidecars_that_are_no_files(kind: str, how: str, copied: Copied) -> None:
    path = not_a_file(kind, copied.folder)
    if how == "option":
        refused_import(copied, "--sidecar", path)
        return
    copied.sidecar.unlink()
    if path.exists() or path.is_fifo():
        os.symlink(path, copied.sidecar) if kind == "device" else path.rename(copied.sidecar)
    refused_import(copied)


@pytest.mark.skipif(has_sanitizer(), reason="a sanitizer ends the process where memory runs out")
def test_the_memory_limit(exported: Exported, tmp_path: Path) -> None:
    """A limit that is too small for a model of 20 MB of nodes: the out-of-memory error, nothing written."""
    node = encode("NodeProto", op_type="Relu", input=["x"], output=["y"])
    model = tmp_path / "model.onnx"
    model.write_bytes(encode("ModelProto", graph=encode("GraphProto", node=[node] * 100_000)))
    environment = {"MODELEXPORT_MEMORY_LIMIT_MB": "16"}
    result = export(model, tmp_path / "out.graphml", environment=environment).expect_error(3)
    assert "memory" in result.message
    assert os.listdir(tmp_path) == ["model.onnx"]
    export(exported.model, tmp_path / "small.graphml", environment=environment).expect_success()


def test_wrong_usage() -> None:
    for arguments in (
        [],
        ["nonsense"],
        ["import-onnx"],
        ["export-graphml", "x.onnx"],
        ["import-onnx", "a", "b", "--nonsense"],
    ):
        assert run(*arguments).expect_bounded().code == 2
