"""Names that were made to do harm in a picture: no HTML, no markup, no control characters reach a label of yEd's."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tools import graphml_valid
from tools.program import Result, export, import_
from tools.yed_resave import resave

Y = "{http://www.yworks.com/xml/graphml}"
HOSTILE = {
    "html": "<html><body><img src=x onerror=alert(1)></body></html>",
    "html with a space": " <HTML><b>bold",
    "script": "<script>alert(document.cookie)</script>",
    "breaks out of markup": '"]]></y:NodeLabel></data></node><node id="evil"/>',
    "entity": "&xxe; &#0; &lt;html&gt;",
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028\ufffe\uffff",
    "directions": "\u202egnp.exe\u202c \u200b\ufeff \u2066a\u2069 \u200f\u061c",
    "address": "javascript:alert(1)",
    "one megabyte": "a very long name " * 62_000,
    "one megabyte without a space": "<" * 1_048_576,
}


DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def hostile_model(text: str) -> bytes:
    nodes = [helper.make_node("Relu", ["x"], [text], name=f"/{text}/layer.0/Relu", doc_string=text),
             helper.make_node("Add", [text, "w"], ["y"], name=text, domain="")]
    nodes[0].metadata_props.add(key=text, value=text)
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [text[:1000], 2]) for name in "xy"]
    weight = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    graph = helper.make_graph(nodes, text, value[:1], value[1:], initializer=[weight], doc_string=text)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10, producer_name=text)
    return model.SerializeToString(deterministic=True)


def good(result: Result) -> None:
    """Done in bounded time. (Its memory cannot be told from that of this process, which holds long names too.)"""
    assert result.code == 0 and result.stderr == b"" and result.seconds < 5, result


def labels_of(graphml: Path) -> list[str]:
    root = ElementTree.parse(graphml).getroot()
    return ["".join(e.itertext()) for kind in ("NodeLabel", "EdgeLabel") for e in root.iter(Y + kind)]


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_names(kind: str, tmp_path: Path) -> None:
    source, graphml = tmp_path / "model.onnx", tmp_path / "model.graphml"
    source.write_bytes(hostile_model(HOSTILE[kind]))
    good(export(source, graphml, limit=60))
    labels = labels_of(graphml)
    assert labels and graphml_valid.networkx_problem(graphml) is None
    for label in labels:
        assert "<html" not in label.lower(), "yEd would render it as HTML"
        assert len(label) < 1000
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]", label)
        assert not DIRECTIONS.search(label), "what follows would be read backwards"
    root = ElementTree.parse(graphml).getroot()
    assert not [n for n in root.iter() if n.get("id") == "evil"]
    assert not [k for k in root.iter() if k.get("attr.name") == "url"], "yEd would offer to open it"
    good(import_(graphml, tmp_path / "back.onnx"))
    assert (tmp_path / "back.onnx").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_names_that_yed_saved(kind: str, tmp_path: Path) -> None:
    source, graphml, again = (tmp_path / name for name in ("model.onnx", "model.graphml", "again.graphml"))
    source.write_bytes(hostile_model(HOSTILE[kind]))
    good(export(source, graphml, limit=60))
    resave(graphml, again, seed=len(kind))
    good(import_(again, tmp_path / "back.onnx"))
    assert (tmp_path / "back.onnx").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_label_in_the_file_that_comes_back(kind: str, tmp_path: Path) -> None:
    """Labels are not read: one that was changed is told in one short line."""
    text = re.sub("[\x00-\x08\x0b-\x1f\ufffe\uffff]", "?", HOSTILE[kind])
    source, graphml = tmp_path / "model.onnx", tmp_path / "model.graphml"
    source.write_bytes(hostile_model("plain"))
    good(export(source, graphml))
    tree = ElementTree.parse(graphml)
    label = next(e for e in tree.getroot().iter(Y + "NodeLabel") if e.text == "Relu")
    label.text = text
    tree.write(graphml)
    result = import_(graphml, tmp_path / "back.onnx")
    assert result.code == 0 and result.stderr.count(b"\n") == 1 and len(result.stderr) < 1000
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", result.stderr)
    assert (tmp_path / "back.onnx").read_bytes() == source.read_bytes()


def test_the_names_are_really_there() -> None:
    """The models hold what is claimed: a check of this file."""
    for text in HOSTILE.values():
        model = onnx.ModelProto.FromString(hostile_model(text))
        assert model.graph.node[1].name == text and np.all(model.graph.initializer[0].dims == [2])
