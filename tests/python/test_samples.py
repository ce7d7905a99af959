"""The examples in samples/edits: run as a person runs them, their results run against what they should be."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from tools.program import export, import_, run

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
RANDOM = np.random.default_rng(8)
TOKENS = {
    "input_ids": RANDOM.integers(0, 200, (2, 9)),
    "attention_mask": np.array([[1] * 9, [1] * 6 + [0] * 3]),
    "token_type_ids": RANDOM.integers(0, 2, (2, 9)),
}


def infer(model: onnx.ModelProto | Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    given = model.SerializeToString() if isinstance(model, onnx.ModelProto) else model.read_bytes()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(names, {i.name: feeds[i.name] for i in session.get_inputs()})))


def edited(folder: Path, script: str, model: Path) -> onnx.ModelProto:
    """Out to GraphML, through the script, and back: a valid model."""
    export(model, folder / "model.graphml").expect_success()
    done = subprocess.run([sys.executable, SAMPLES / "edits" / script, "model.graphml", "edited.graphml"], cwd=folder,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    import_(folder / "edited.graphml", folder / "out.onnx", "--validate").expect_success()
    result = onnx.load(folder / "out.onnx")
    onnx.checker.check_model(result, full_check=True)
    return result


def weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}


def with_output(model: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """The same, with an inner value as an output."""
    copy = onnx.ModelProto.FromString(model.SerializeToString())
    copy.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    return copy


def test_gelu_to_tanh(tmp_path: Path) -> None:
    result = edited(tmp_path, "gelu_to_tanh.py", SAMPLES / "bert_tiny.onnx")
    types = [n.op_type for n in result.graph.node]
    assert types.count("Erf") == 0 and types.count("Tanh") == 3  # the pooler has one of its own
    for layer in range(2):
        part = f"/encoder/layer.{layer}/intermediate/"
        before, after = part + "dense/Add_output_0", part + "intermediate_act_fn/Mul_1_output_0"
        values = infer(with_output(with_output(result, before), after), TOKENS)
        x = values[before].astype(np.float64)
        tanh = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        np.testing.assert_allclose(values[after], tanh, rtol=1e-4, atol=1e-6)
    was = infer(SAMPLES / "bert_tiny.onnx", TOKENS)
    for name, value in infer(result, TOKENS).items():
        np.testing.assert_allclose(value, was[name], atol=5e-3)


def test_first_layer(tmp_path: Path) -> None:
    source = onnx.load(SAMPLES / "bert_tiny.onnx")
    result = edited(tmp_path, "first_layer.py", SAMPLES / "bert_tiny.onnx")
    assert not [n.name for n in result.graph.node if "layer.1" in n.name]
    assert not [t for t in weights(result) if "layer.1" in t]
    inner = "/encoder/layer.0/output/LayerNorm/LayerNormalization_output_0"
    hidden = infer(with_output(source, inner), TOKENS)[inner]
    values = infer(result, TOKENS)
    np.testing.assert_allclose(values["last_hidden_state"], hidden, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(values["pooler_output"], pooled(source, hidden), rtol=1e-4, atol=1e-5)


def pooled(model: onnx.ModelProto, hidden: np.ndarray) -> np.ndarray:
    """What the pooler makes of a hidden state."""
    given = weights(model)
    return np.tanh(hidden[:, 0] @ given["pooler.dense.weight"].T + given["pooler.dense.bias"])


def test_cast_pair(tmp_path: Path) -> None:
    source = onnx.load(SAMPLES / "bert_tiny.onnx")
    result = edited(tmp_path, "cast_pair.py", SAMPLES / "bert_tiny.onnx")
    assert [n.name for n in result.graph.node if n.name.startswith("pooler/to_")] == ["pooler/to_half", "pooler/to_float"]
    hidden = infer(source, TOKENS)["last_hidden_state"]
    values = infer(result, TOKENS)
    np.testing.assert_array_equal(values["last_hidden_state"], hidden)
    rounded = hidden.astype(np.float16).astype(np.float32)
    np.testing.assert_allclose(values["pooler_output"], pooled(source, rounded), rtol=1e-5, atol=1e-6)
    assert np.abs(values["pooler_output"] - pooled(source, hidden)).max() > 1e-6


def test_regroup(tmp_path: Path) -> None:
    tagged = tmp_path / "tagged.onnx"
    run("export", SAMPLES / "bert_tiny.onnx", tagged).expect_success()
    result = edited(tmp_path, "regroup.py", tagged)
    for name, value in infer(result, TOKENS).items():
        np.testing.assert_array_equal(value, infer(tagged, TOKENS)[name])
    was = {n.name: {p.key: p.value for p in n.metadata_props} for n in onnx.load(tagged).graph.node}
    for node in result.graph.node:
        properties = {p.key: p.value for p in node.metadata_props}
        scope = was[node.name]["hierarchy_scope"]
        moved = any(part in scope for part in (".intermediate", "0.output", "1.output"))
        assert ("mlp" in properties["hierarchy_scope"]) == ("BertMLP" in properties["hierarchy_tag"]) == moved
        assert properties["hierarchy_scope"].replace(".mlp", "") == scope


def batch_norms(folder: Path) -> Path:
    """Convolutions with BatchNormalization, one without a bias."""
    def tensor(name: str, *shape: int, least: float | None = None) -> onnx.TensorProto:
        values = RANDOM.standard_normal(shape) if least is None else RANDOM.uniform(least, 2, shape)
        return numpy_helper.from_array(values.astype(np.float32), name)

    nodes, tensors, value = [], [], "x"
    for i, (before, after) in enumerate([(3, 4), (4, 5)]):
        tensors += [tensor(f"{i}.w", after, before, 3, 3), tensor(f"{i}.b", after), tensor(f"{i}.scale", after),
                    tensor(f"{i}.bias", after), tensor(f"{i}.mean", after), tensor(f"{i}.var", after, least=0.1)]
        bias = [f"{i}.b"] if i else []
        norm = [f"{i}.{part}" for part in ("scale", "bias", "mean", "var")]
        nodes += [helper.make_node("Conv", [value, f"{i}.w", *bias], [f"c{i}"], name=f"/block.{i}/Conv", pads=[1] * 4),
                  helper.make_node("BatchNormalization", [f"c{i}", *norm], [f"n{i}"], name=f"/block.{i}/Norm", epsilon=1e-3),
                  helper.make_node("Relu", [f"n{i}"], [f"r{i}"], name=f"/block.{i}/Relu")]
        value = f"r{i}"
    tensors = [t for t in tensors if t.name != "0.b"]
    info = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8]),
            helper.make_tensor_value_info("r1", TensorProto.FLOAT, ["n", 5, 8, 8])]
    graph = helper.make_graph(nodes, "norms", info[:1], info[1:], initializer=tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = folder / "norms.onnx"
    onnx.save(model, path)
    return path


def test_fold_batchnorm(tmp_path: Path) -> None:
    source = batch_norms(tmp_path)
    result = edited(tmp_path, "fold_batchnorm.py", source)
    assert [n.op_type for n in result.graph.node] == ["Conv", "Relu"] * 2
    assert len(result.graph.initializer) == 4
    feeds = {"x": RANDOM.standard_normal((2, 3, 8, 8)).astype(np.float32)}
    np.testing.assert_allclose(infer(result, feeds)["r1"], infer(source, feeds)["r1"], rtol=1e-4, atol=1e-4)
    given = weights(onnx.load(source))
    factor = given["0.scale"] / np.sqrt(given["0.var"] + 1e-3)
    now = weights(result)
    np.testing.assert_allclose(now[result.graph.node[0].input[1]], given["0.w"] * factor[:, None, None, None], rtol=1e-5)


def test_a_model_without_any(tmp_path: Path) -> None:
    """The exporter has folded them already: nothing to do, the same bytes."""
    shutil.copy(SAMPLES / "resnet_thin.onnx", tmp_path / "in.onnx")
    edited(tmp_path, "fold_batchnorm.py", tmp_path / "in.onnx")
    assert (tmp_path / "out.onnx").read_bytes() == (tmp_path / "in.onnx").read_bytes()


@pytest.mark.parametrize("script", sorted(p.name for p in (SAMPLES / "edits").glob("*.py") if p.name != "model_graph.py"))
def test_usage(script: str) -> None:
    done = subprocess.run([sys.executable, SAMPLES / "edits" / script], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr == f"usage: {script} IN.graphml OUT.graphml\n"
