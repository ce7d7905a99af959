"""Models that only Python can make: the command line hands them to `$MODELEXPORT_PYTHON -m modelexport`."""
from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.program import PROGRAM, Result, run

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "resnet_thin.onnx"


class FakePython:
    """Stands for an interpreter: writes down what it is called with, and ends as it is told."""

    def __init__(self, folder: Path, code: int = 0, probe: int = 0) -> None:
        self.log, self.path = folder / "calls.txt", folder / "fake-python"
        self.path.write_text(f"""#!/bin/sh
[ "$1" != -c ] || exit {probe}
printf '%s\\n' "$@" "binary=$MODELEXPORT_BINARY" -- >> '{self.log}'
echo traced
exit {code}
""")
        self.path.chmod(0o755)

    def run(self, *arguments: object, **environment: str) -> Result:
        return run("export", *arguments, environment={"MODELEXPORT_PYTHON": str(self.path), **environment})

    def calls(self) -> list[list[str]]:
        text = self.log.read_text() if self.log.exists() else ""
        return [call.splitlines() for call in text.split("--\n") if call]


@pytest.mark.parametrize("model", ["net.py", "prajjwal1/bert-tiny", "gpt2", "folder"])
def test_arguments(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    fake = FakePython(tmp_path)
    done = fake.run(model, "out.onnx").expect_success()
    assert done.stdout == b"traced\n"
    assert fake.calls() == [["-m", "modelexport", "export", model, "out.onnx", f"binary={os.path.realpath(PROGRAM)}"]]


def test_options_are_passed_on(tmp_path: Path) -> None:
    fake, config = FakePython(tmp_path), tmp_path / "c.json"
    config.write_text("{}")
    given = ["--strategy", "htp", "--opset-version", "17", "--input-text", "a b", "--input-shape", "2,3", "--config", str(config),
             "--temp-dir", str(tmp_path), "--with-graphml", "--with-report", "--hierarchy-attrs", "minimal", "--torch-module",
             "none", "--external-data", "source", "--quiet"]  # fmt: skip
    fake.run("net.py", "out.onnx", *given, MODELEXPORT_BINARY="/some/where").expect_success()
    (call,) = fake.calls()
    assert call[:5] == ["-m", "modelexport", "export", "net.py", "out.onnx"] and call[-1] == "binary=/some/where"
    assert sorted(call[5:-1]) == sorted(given)
    for name, value in zip(given, given[1:]):
        if name.startswith("--") and not value.startswith("--"):
            assert call[call.index(name) + 1] == value


@pytest.mark.parametrize("code", [0, 1, 3, 4, 5, 7])
def test_its_exit_code_is_ours(code: int, tmp_path: Path) -> None:
    assert FakePython(tmp_path, code).run("net.py", "out.onnx").code == code


def test_ended_by_a_signal(tmp_path: Path) -> None:
    fake = FakePython(tmp_path)
    fake.path.write_text("#!/bin/sh\n[ \"$1\" = -c ] || kill -9 $$\n")
    assert "signal" in fake.run("net.py", "out.onnx").expect_error(3).message


@pytest.mark.parametrize("missing", ["interpreter", "module"])
def test_what_to_install(missing: str, tmp_path: Path) -> None:
    fake = FakePython(tmp_path, probe=44)
    if missing == "interpreter":
        fake.path.unlink()
    message = fake.run("net.py", "out.onnx").expect_error(4).message
    assert "net.py" in message and "pip install torch transformers" in message and str(fake.path) in message
    assert fake.calls() == []


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="this interpreter has torch")
def test_an_interpreter_without_torch(tmp_path: Path) -> None:
    environment = {"MODELEXPORT_PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "python")}
    result = run("export", "net.py", tmp_path / "out.onnx", environment=environment)
    assert "pip install" in result.expect_error(4).message


def test_a_batch_goes_on(tmp_path: Path) -> None:
    fake = FakePython(tmp_path, code=4)
    done = fake.run("net.py", SAMPLE, "--output-dir", tmp_path / "o")
    assert done.code == 4
    assert (tmp_path / "o" / "resnet_thin.onnx").exists()
    assert fake.calls()[0][3:5] == ["net.py", str(tmp_path / "o" / "net.onnx")]
    assert "--output-dir" not in fake.calls()[0]


def test_results_of_a_batch_are_ours_alone(tmp_path: Path) -> None:
    fake = FakePython(tmp_path)
    refused = fake.run("net.py", SAMPLE, "--output-dir", tmp_path / "o", "--result", tmp_path / "r.json")
    assert "net.py" in refused.expect_error(2).message
    assert fake.calls() == [] and not (tmp_path / "o").exists()


# ---- the Python side, as far as it goes without torch ----


def module(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "modelexport", *map(str, arguments)], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "python"), "MODELEXPORT_BINARY": PROGRAM, **environment})


@pytest.mark.parametrize("arguments", [[], ["export"], ["export", "m.py"], ["analyze", "a", "b"], ["export", "--quiet", "b"]])
def test_module_usage(arguments: list[str]) -> None:
    done = module(*arguments)
    assert done.returncode == 2 and done.stderr.startswith("modelexport: usage: ") and done.stderr.count("\n") == 1


def test_module_bad_options(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"input_specs": [1]}))
    for options, code, word in ((["--input-shape", "2,x"], 2, "--input-shape"), (["--config", tmp_path / "none.json"], 3, "none.json"),
                                (["--config", tmp_path / "c.json"], 3, "input_specs"),
                                (["--temp-dir", tmp_path / "none"], 5, "temporary")):  # fmt: skip
        done = module("export", "m.py", "o.onnx", *options)
        assert done.returncode == code and word in done.stderr and done.stderr.count("\n") == 1, done


def test_module_needs_the_program(tmp_path: Path) -> None:
    done = module("export", "m.py", "o.onnx", MODELEXPORT_BINARY="", PATH=str(tmp_path))
    assert done.returncode == 4 and "MODELEXPORT_BINARY" in done.stderr


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="this interpreter has torch")
def test_module_without_torch() -> None:
    done = module("export", "m.py", "o.onnx")
    assert done.returncode == 4 and "pip install torch" in done.stderr and done.stderr.count("\n") == 1
