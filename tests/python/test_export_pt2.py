"""The command `export` with programs that torch saved. What operators compute is the matter of test_torch_programs.py."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import onnx
import onnxruntime
import pytest

from tools.program import export as to_graphml
from tools.program import import_, run

TAGGED = Path(__file__).resolve().parents[1] / "torch" / "tagged.pt2"
FEEDS = {"ids": numpy.array([[1, 5, 19, 0, 7]] * 3), "unused": numpy.zeros(1, numpy.float32)}


def exported(folder: Path, *options: object, program: Path = TAGGED) -> onnx.ModelProto:
    run("export", program, folder / "out.onnx", "-q", *options).expect_success()
    onnx.checker.check_model(str(folder / "out.onnx"), full_check=True)
    return onnx.load(folder / "out.onnx", load_external_data=False)


def nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from nodes(attribute.g)


def told(node: onnx.NodeProto) -> dict[str, str]:
    return {p.key: p.value for p in node.metadata_props}


def computed(path: Path, feeds: dict[str, numpy.ndarray] = FEEDS) -> list[numpy.ndarray]:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, feeds)


def sizes(value: onnx.ValueInfoProto) -> list[Any]:
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[numpy.ndarray]:
    folder = tmp_path_factory.mktemp("plain")
    exported(folder)
    return computed(folder / "out.onnx")


def spoil(folder: Path, change: Any) -> Path:
    """The program with its model.json changed."""
    path = folder / "changed.pt2"
    with zipfile.ZipFile(TAGGED) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename.endswith("models/model.json"):
                data = change(data.decode()).encode()
            target.writestr(info.filename, data)
    return path


# ---- names, tags, places ----

def test_names(tmp_path: Path) -> None:
    model = exported(tmp_path, "--opset-version", 17)
    assert [v.name for v in model.graph.input] == ["ids", "unused"]
    assert [v.name for v in model.graph.output] == ["hidden", "scores"]
    names = [n.name for n in nodes(model.graph)]
    assert len(set(names)) == len(names) and all(names)
    assert {"/layer.0/norm/LayerNormalization", "/layer.1/dense/MatMul", "/layer.0_1/dense_1/MatMul", "/gate/Sigmoid"} <= set(names)
    assert all(o.startswith("/") or o in ("hidden", "scores") for n in nodes(model.graph) for o in n.output)
    assert {"embed.weight", "layer.1.norm.bias", "shift"} <= {t.name for t in model.graph.initializer}


def test_tags(tmp_path: Path) -> None:
    model = exported(tmp_path, "--opset-version", 17)
    by_name = {n.name: told(n) for n in nodes(model.graph)}
    assert all(t["hierarchy_method"] == "direct" for t in by_name.values())
    again = by_name["/layer.0_1/norm_1/LayerNormalization"]
    assert again["hierarchy_scope"] == "layer.0.norm" and again["hierarchy_tag"] == "/Small/Block.0/LayerNorm"
    assert by_name["/gate/Sigmoid"]["hierarchy_scope"] == "gate"
    assert by_name["/If"]["hierarchy_tag"] == "/Small"


def test_names_are_enough(tmp_path: Path) -> None:
    """What --clean-onnx leaves, an export of the ONNX file finds again."""
    scopes = {n.name: told(n)["hierarchy_scope"] for n in nodes(exported(tmp_path).graph)}
    exported(tmp_path, "--clean-onnx")
    (tmp_path / "out.onnx").rename(tmp_path / "clean.onnx")
    again = exported(tmp_path, program=tmp_path / "clean.onnx")
    assert {n.name: told(n)["hierarchy_scope"] for n in nodes(again.graph)} == scopes


@pytest.mark.parametrize(("strategy", "final"), [("auto", "htp_builtin"), ("htp", "htp_builtin"), ("fx", "fx"), ("usage_based", "usage_based")])
def test_strategies(tmp_path: Path, strategy: str, final: str) -> None:
    model = exported(tmp_path, "--strategy", strategy, "--result", tmp_path / "result.json")
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["strategy"] == final
    assert result["tagged_operations"] == result["total_operations"] == len(list(nodes(model.graph)))
    assert 0 < result["native_op_regions"] < result["operation_trace_length"]


# ---- options ----

def test_configuration(tmp_path: Path) -> None:
    config = {"opset_version": 18, "input_names": ["tokens"], "output_names": ["h"], "dynamic_axes": {"tokens": {"0": "batch"}},
              "input_specs": {"tokens": {"dtype": "int64", "shape": [2, 5]}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    model = exported(tmp_path, "--config", tmp_path / "config.json")
    assert model.opset_import[0].version == 18
    assert [v.name for v in model.graph.input] == ["tokens", "unused"]
    assert [v.name for v in model.graph.output] == ["h", "scores"]
    assert sizes(model.graph.input[0]) == ["batch", 5]
    for value in [*model.graph.output, *model.graph.value_info]:
        assert not any(isinstance(d, str) and d != "batch" for d in sizes(value)), value.name


def test_weights_as_inputs(tmp_path: Path, plain: list[numpy.ndarray]) -> None:
    (tmp_path / "config.json").write_text('{"export_params": false}')
    model = exported(tmp_path, "--config", tmp_path / "config.json")
    names = [v.name for v in model.graph.input]
    assert {"embed.weight", "layer.0.dense.weight"} <= set(names)
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "config.json").write_text('{"do_constant_folding": false}')
    weights = {t.name: onnx.numpy_helper.to_array(t) for t in exported(whole, "--config", whole / "config.json").graph.initializer}
    feeds = {**FEEDS, **{name: weights[name] for name in names if name not in FEEDS}}
    for got, wanted in zip(computed(tmp_path / "out.onnx", feeds), plain, strict=True):
        assert numpy.array_equal(got, wanted)


def test_without_folding(tmp_path: Path, plain: list[numpy.ndarray]) -> None:
    (tmp_path / "config.json").write_text('{"do_constant_folding": false}')
    model = exported(tmp_path, "--config", tmp_path / "config.json")
    assert "layer.0.dense.weight" in {t.name for t in model.graph.initializer}
    for got, wanted in zip(computed(tmp_path / "out.onnx"), plain, strict=True):
        assert numpy.array_equal(got, wanted)


def test_weights_stay_in_the_program(tmp_path: Path, plain: list[numpy.ndarray]) -> None:
    """Weights of 1024 bytes and more are pointed at."""
    inner = tmp_path / "below"
    inner.mkdir()
    shutil.copy(TAGGED, inner / "tagged.pt2")
    run("export", inner / "tagged.pt2", tmp_path / "out.onnx", "--external-data", "source", "-q").expect_success()
    model = onnx.load(tmp_path / "out.onnx", load_external_data=False)
    outside = [t for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
    assert {t.name for t in outside} == {"embed.weight", "layer.0.dense.weight", "layer.1.dense.weight"}
    assert all({e.key: e.value for e in t.external_data}["location"] == "below/tagged.pt2" for t in outside)
    for got, wanted in zip(computed(tmp_path / "out.onnx"), plain, strict=True):
        assert numpy.array_equal(got, wanted)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run("export", TAGGED, elsewhere / "out.onnx", "--external-data", "source").expect_error(2)
    assert not list(elsewhere.iterdir())


def test_weights_beside_the_model(tmp_path: Path, plain: list[numpy.ndarray]) -> None:
    model = exported(tmp_path, "--external-data")
    outside = {t.name for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL}
    assert outside == {"embed.weight", "embed.weight_T", "layer.0.dense.weight_T", "layer.1.dense.weight_T"}
    for got, wanted in zip(computed(tmp_path / "out.onnx"), plain, strict=True):
        assert numpy.array_equal(got, wanted)


def test_traces(tmp_path: Path) -> None:
    exported(tmp_path, "--with-report", "--with-graphml", "--result", tmp_path / "result.json")
    for path in tmp_path.iterdir():
        assert b"/home/someone" not in path.read_bytes(), path.name
    model = exported(tmp_path, "--with-stack-traces")
    traces = [told(n).get("pkg.torch.onnx.stack_trace", "") for n in nodes(model.graph)]
    assert any("/home/someone/models" in t for t in traces)


def test_list_of_operators(tmp_path: Path) -> None:
    result = run("export", "--list-ops")
    result.expect_success()
    lines = result.stdout.decode().splitlines()
    targets = [line.split()[0] for line in lines[1:]]
    assert targets == sorted(targets) and "aten.add.Tensor" in targets and len(targets) == len(set(targets)) > 300


def test_round_trip(tmp_path: Path) -> None:
    exported(tmp_path, "--opset-version", 21)
    to_graphml(tmp_path / "out.onnx", tmp_path / "g.graphml").expect_success()
    import_(tmp_path / "g.graphml", tmp_path / "back.onnx").expect_success()
    assert (tmp_path / "back.onnx").read_bytes() == (tmp_path / "out.onnx").read_bytes()


def test_same_bytes(tmp_path: Path) -> None:
    exported(tmp_path)
    first = (tmp_path / "out.onnx").read_bytes()
    exported(tmp_path)
    assert (tmp_path / "out.onnx").read_bytes() == first


# ---- what is refused ----

def test_unknown_operator(tmp_path: Path) -> None:
    program = spoil(tmp_path, lambda text: text.replace("torch.ops.aten.gelu.default", "torch.ops.mine.gelu.default"))
    result = run("export", program, tmp_path / "out.onnx").expect_error(4)
    for part in ("mine.gelu.default", "'gelu'", "'layer.0'", "make_tagged.py:"):
        assert part in result.message
    assert "/home" not in result.message
    assert not (tmp_path / "out.onnx").exists()


def test_sidefiles_are_not_taken_for_a_tree(tmp_path: Path) -> None:
    """The metadata of an earlier export of the same name beside the program is not read."""
    shutil.copy(TAGGED, tmp_path / "tagged.pt2")
    (tmp_path / "tagged_htp_metadata.json").write_text("{")
    exported(tmp_path, program=tmp_path / "tagged.pt2")
    run("export", tmp_path / "tagged.pt2", tmp_path / "out.onnx", "--metadata", tmp_path / "tree.json").expect_error(2)


@pytest.mark.parametrize("command", [("analyze",), ("validate",), ("compare", TAGGED)])
def test_other_commands_take_no_programs(command: tuple[object, ...]) -> None:
    run(*command, TAGGED).expect_error(3)
