"""Programs that torch saved, exported and run: what onnxruntime computes is what torch computed.

The programs are made by tests/torch/make_programs.py; torch is not needed here. MODELEXPORT_OPSETS are
the versions to export to, of "14,17,18,21,23"; MODELEXPORT_PROGRAMS is another folder of programs."""

from __future__ import annotations

import json
import os
import re
import zipfile
from functools import cache
from pathlib import Path

import numpy
import onnx
import onnxruntime
import pytest

from tools.program import run
from tools.run_programs import runnable

PROGRAMS = Path(os.environ.get("MODELEXPORT_PROGRAMS", Path(__file__).resolve().parents[1] / "torch" / "programs"))
OPSETS = tuple(int(n) for n in os.environ.get("MODELEXPORT_OPSETS", "14,18,23").split(","))
UNSUPPORTED = 4


class Packed:
    """One archive of make_programs.py."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.about = json.loads(self.files["cases.json"])

    def values(self, folder: Path, kind: str) -> list[numpy.ndarray]:
        path = folder / "values.npz"
        path.write_bytes(self.files["values.npz"])
        with numpy.load(path) as arrays:
            count = sum(name.startswith(kind) for name in arrays)
            return [arrays[f"{kind}{i}"] for i in range(count)]

    def names(self) -> list[str]:
        """The case of each output."""
        return [case for case, count in self.about["cases"].items() for _ in range(count)]


@cache
def packed(path: Path) -> Packed:
    return Packed(path)


def difference(expected: numpy.ndarray, got: numpy.ndarray, tolerance: float | None) -> str | None:
    """What is wrong with an output, None: nothing."""
    if got.dtype != expected.dtype or got.shape != expected.shape:
        return f"is {got.dtype}{list(got.shape)}, not {expected.dtype}{list(expected.shape)}"
    if expected.dtype.kind != "f":
        wrong = expected != got
    else:
        limit = tolerance or (2e-3 if expected.dtype == numpy.float16 else 1e-4)
        wrong = ~numpy.isclose(got.astype("f8"), expected.astype("f8"), rtol=limit, atol=limit, equal_nan=True)
    if not wrong.any():
        return None
    at = tuple(int(i) for i in numpy.argwhere(wrong)[0])
    return f"{int(wrong.sum())} of {wrong.size} wrong, at {list(at)} {got[at]} and not {expected[at]}"


def runs(program: Packed, folder: Path, session: onnxruntime.InferenceSession, prefix: str) -> list[str]:
    """Run the model with the program's inputs; returns what is wrong."""
    inputs = program.values(folder, f"{prefix}in_")
    expected = program.values(folder, f"{prefix}out_")
    if not expected:
        return []
    names = [value.name for value in session.get_inputs()]
    assert len(names) == len(inputs), f"{len(names)} inputs, not {len(inputs)}"
    got = session.run(None, dict(zip(names, inputs)))
    assert len(got) == len(expected), f"{len(got)} outputs, not {len(expected)}"
    found = []
    for i, (case, a, b) in enumerate(zip(program.names(), expected, got)):
        text = difference(a, b, program.about["tolerance"])
        if text:
            found.append(f"{prefix}{case} (output {i}): {text}")
    return found


def forms() -> list[tuple[Path, str]]:
    out = []
    for path in sorted(PROGRAMS.glob("*.zip")):
        out += [(path, form) for form in ("default", "core") if f"{form}.pt2" in packed(path).files]
    return out


def test_there_are_programs() -> None:
    assert forms()


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize(("path", "form"), forms(), ids=lambda v: v.stem if isinstance(v, Path) else v)
def test_program(path: Path, form: str, opset: int, tmp_path: Path) -> None:
    program = packed(path)
    source, model = tmp_path / "model.pt2", tmp_path / "model.onnx"
    source.write_bytes(program.files[f"{form}.pt2"])
    result = run("export", source, model, "--opset-version", opset)
    if opset < program.about["opset"]:
        result.expect_error(UNSUPPORTED)
        needed = re.search(r"needs opset (\d+) or later", result.message)
        assert needed and opset < int(needed[1]) <= program.about["opset"], result.message
        return
    assert result.code == 0, result.message
    onnx.checker.check_model(str(model), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    floats = runnable(onnx.load(model)).SerializeToString()
    session = onnxruntime.InferenceSession(floats, options, providers=["CPUExecutionProvider"])
    wrong = runs(program, tmp_path, session, "") + runs(program, tmp_path, session, "again_")
    assert not wrong, f"{len(wrong)} outputs are wrong:\n" + "\n".join(wrong)
