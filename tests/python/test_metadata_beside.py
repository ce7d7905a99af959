"""The metadata JSON beside a model: where the model itself says nothing of its modules, it is what tells of them."""
from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from tools.program import run

CHAIN = ("one", "two", "three", "four")


def untagged(folder: Path) -> Path:
    """A chain of four operators whose names, values and weights tell nothing of modules."""
    def value(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [2])

    nodes = [helper.make_node("Relu", [f"v{i}"], [f"v{i + 1}"], name=name) for i, name in enumerate(CHAIN)]
    model = helper.make_model(helper.make_graph(nodes, "g", [value("v0")], [value("v4")]),
                              opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path = folder / "m.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def entry(tag: str, scope: str) -> dict:
    return {"op_type": "Relu", "tags": [tag], "primary_path": tag, "tag_count": 1, "method": "direct", "scope": scope}


def document() -> dict:
    def module(class_name: str, tag: str, scope: str, **children: dict) -> dict:
        return {"class_name": class_name, "traced_tag": tag, "scope": scope, "children": children}

    head, body = module("Head", "/Net/Head", "head"), module("Body", "/Net/Body", "body")
    return {"modules": module("Net", "/Net", "", Body=body, Head=head),
            "node_tags": {"one": entry("/Net/Body", "body"), "two": entry("/Net/Body", "body"),
                          "three": entry("/Net/Head", "head"), "four": entry("/Net/Head", "head")}}


def write(folder: Path, content: dict) -> None:
    (folder / "m_htp_metadata.json").write_text(json.dumps(content))


def extracted(model: Path, tag: str) -> list[str]:
    run("extract", model, "--tag", tag, model.with_name("part.onnx")).expect_success()
    return [n.name for n in onnx.load(model.with_name("part.onnx")).graph.node]


@pytest.mark.parametrize(("tag", "nodes"), [("/Net/Body", ["one", "two"]), ("head", ["three", "four"]),
                                            ("Net/Head", ["three", "four"])])
def test_tags_that_only_the_metadata_has(tag: str, nodes: list[str], tmp_path: Path) -> None:
    model = untagged(tmp_path)
    run("extract", model, "--tag", tag, tmp_path / "part.onnx").expect_error(2)
    write(tmp_path, document())
    assert extracted(model, tag) == nodes


def test_put_back_without_tags(tmp_path: Path) -> None:
    model = untagged(tmp_path)
    write(tmp_path, document())
    extracted(model, "head")
    run("replace", model, "--tag", "head", tmp_path / "part.onnx", tmp_path / "back.onnx").expect_success()
    assert (tmp_path / "back.onnx").read_bytes() == model.read_bytes()


def test_an_export_without_tags_is_found_again(tmp_path: Path) -> None:
    """The tags come from the node metadata of a tagged model; the export leaves them to the JSON alone."""
    model = onnx.load(untagged(tmp_path))
    for node, scope in zip(model.graph.node, ("body", "body", "head", "head")):
        for key, value in (("hierarchy_tag", f"/Net/{scope.title()}"), ("hierarchy_scope", scope)):
            node.metadata_props.append(onnx.StringStringEntryProto(key=key, value=value))
    (tmp_path / "tagged.onnx").write_bytes(model.SerializeToString())
    run("export", tmp_path / "tagged.onnx", tmp_path / "clean.onnx", "--no-hierarchy-attrs").expect_success()
    clean = onnx.load(tmp_path / "clean.onnx")
    assert not any(n.metadata_props for n in clean.graph.node)
    assert extracted(tmp_path / "clean.onnx", "/Net/Head") == ["three", "four"]
    listed = run("analyze", tmp_path / "clean.onnx", "--filter-tag", "body", "--output-format", "csv").expect_success()
    assert [line.split(",")[0] for line in listed.stdout.decode().splitlines()[1:]] == ["0", "1"]


def test_stale_metadata_does_no_harm(tmp_path: Path) -> None:
    model = untagged(tmp_path)
    content = document()
    content["node_tags"] = {"gone": entry("/Net/Head", "head"), "one": entry("/Net/Body", "body"),
                            "two": {"primary_path": 3, "scope": ["body"]}, "three": None,
                            "four": entry("/Net/Lost", "lost.module")}
    write(tmp_path, content)
    assert "one" in extracted(model, "body")
    run("analyze", model).expect_success()


@pytest.mark.parametrize("text", ["{", "[]", '{"modules": 1}', '{"modules": {"children": {"a": 3}}}',
                                  '{"modules": {"class_name": "N"}, "node_tags": 7}'])
def test_metadata_that_cannot_be_read_is_left_out(text: str, tmp_path: Path) -> None:
    model = untagged(tmp_path)
    (tmp_path / "m_htp_metadata.json").write_text(text)
    result = run("extract", model, "--tag", "body", tmp_path / "part.onnx")
    assert result.code == 2
    warning, error = result.stderr.decode().splitlines()
    assert warning.startswith("modelexport: warning: ") and "m_htp_metadata.json is left out: " in warning
    assert "no module has the tag or name 'body'" in error


def test_a_comparison_looks_at_the_models_alone(tmp_path: Path) -> None:
    model = untagged(tmp_path)
    (tmp_path / "other").mkdir()
    copy = untagged(tmp_path / "other")
    write(tmp_path, document())
    run("compare", model, copy).expect_success()
