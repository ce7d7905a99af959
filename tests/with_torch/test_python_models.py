"""Models in Python files, from the file to what onnxruntime computes. MX_TORCH_PYTHON is a Python that has torch;
tests/run.sh --with-torch provides it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy
import onnx
import onnxruntime
import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ["MX_TORCH_PYTHON"]
PROGRAM = os.environ.get("MODELEXPORT", str(ROOT / "build" / "modelexport"))

MODELS = {
    "plain": """
import torch
class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.fc = torch.nn.LayerNorm(6), torch.nn.Linear(6, 6)
    def forward(self, x):
        return x + torch.nn.functional.gelu(self.fc(self.norm(x)))
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.ModuleList([Block(), Block()])
    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x
torch.manual_seed(0)
model = Net().eval()
example_inputs = (torch.randn(2, 3, 6),)
""",
    "functions": """
import torch
def get_model():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU()).eval()
def get_inputs():
    torch.manual_seed(1)
    return (torch.randn(1, 3, 8, 8),)
""",
}

# What torch computes, with its inputs, as an .npz.
REFERENCE = """
import runpy, sys, numpy, torch
names = runpy.run_path(sys.argv[1])
model = names["model"] if "model" in names else names["get_model"]()
inputs = names["example_inputs"] if "example_inputs" in names else names["get_inputs"]()
with torch.no_grad():
    numpy.savez(sys.argv[2], out=model(*inputs).numpy(), **{f"in_{i}": x.numpy() for i, x in enumerate(inputs)})
"""


def export(model: Path, out: Path) -> None:
    path = os.pathsep.join([str(ROOT / "python"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "MODELEXPORT_PYTHON": PYTHON, "PYTHONPATH": path, "MODELEXPORT_BINARY": PROGRAM}
    done = subprocess.run([PROGRAM, "export", str(model), str(out)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", MODELS)
def test_a_python_file(name: str, tmp_path: Path) -> None:
    source, out, values = tmp_path / f"{name}.py", tmp_path / "out.onnx", tmp_path / "values.npz"
    source.write_text(MODELS[name])
    export(source, out)
    subprocess.run([PYTHON, "-c", REFERENCE, str(source), str(values)], check=True)
    model = onnx.load(out)
    onnx.checker.check_model(model, full_check=True)
    tags = {p.value for n in model.graph.node for p in n.metadata_props if p.key == "hierarchy_tag"}
    assert any("Block.1" in tag for tag in tags) or name == "functions"
    with numpy.load(values) as arrays:
        session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
        feed = {i.name: arrays[f"in_{k}"] for k, i in enumerate(session.get_inputs())}
        numpy.testing.assert_allclose(session.run(None, feed)[0], arrays["out"], rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
