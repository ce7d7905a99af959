"""export --optimize: batch normalisation in the convolution before it."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path

import numpy
import onnx
import onnxruntime

from tools.program import run

PROGRAM = Path(__file__).resolve().parents[1] / "torch" / "programs" / "normalisation_folded.zip"


def exported(folder: Path, *options: str) -> tuple[onnx.ModelProto, list[numpy.ndarray], list[numpy.ndarray], dict]:
    """The model, what it computes, what torch computed, and the result of the export."""
    with zipfile.ZipFile(PROGRAM) as archive:
        (folder / "model.pt2").write_bytes(archive.read("default.pt2"))
        (folder / "values.npz").write_bytes(archive.read("values.npz"))
    done = run("export", folder / "model.pt2", folder / "o.onnx", "--result", folder / "r.json", *options)
    assert done.code == 0, done.stderr
    model = onnx.load(folder / "o.onnx")
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(str(folder / "o.onnx"), providers=["CPUExecutionProvider"])
    with numpy.load(folder / "values.npz") as values:
        feed = {i.name: values[f"in_{k}"] for k, i in enumerate(session.get_inputs())}
        expected = [values[f"out_{k}"] for k in range(len(session.get_outputs()))]
    return model, session.run(None, feed), expected, json.loads((folder / "r.json").read_text())


def kinds(model: onnx.ModelProto) -> Counter:
    return Counter(node.op_type for node in model.graph.node)


def test_norms_go_into_convolutions(tmp_path: Path) -> None:
    model, got, expected, result = exported(tmp_path, "--optimize")
    assert kinds(model)["BatchNormalization"] == 1  # behind the transposed convolution
    assert kinds(model)["Conv"] == 5  # one of them is needed as it was, too
    for a, b in zip(got, expected):
        numpy.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert any(name.name.endswith("weight_folded") for name in model.graph.initializer)
    assert any("4 batch normalisations" in text for text in result["optimizations_applied"])


def test_only_if_asked_for(tmp_path: Path) -> None:
    model, _, _, result = exported(tmp_path)
    assert kinds(model)["BatchNormalization"] == 5
    assert not any("normalisation" in text for text in result["optimizations_applied"])


def test_not_without_constant_folding(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"do_constant_folding": false}')
    model, _, _, _ = exported(tmp_path, "--optimize", "--config", str(tmp_path / "c.json"))
    assert kinds(model)["BatchNormalization"] == 5
