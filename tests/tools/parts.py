"""Every module of a model cut out, run, and put back.

usage: python tests/tools/parts.py MODEL.onnx [INPUTS.npz] [--metadata FILE.json] [-v]

The model is tagged first (`export`), which also tells its modules. Of each module that has operators: the onnx checker
(full check) and onnxruntime accept the part; fed with the values that the whole model has at its inputs, it gives the
whole model's values at its outputs, to the bit; put back untouched, `compare` finds the model identical.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.program import PROGRAM  # noqa: E402

USAGE = 2


def session(model: bytes | str) -> ort.InferenceSession:
    """No optimisation: the values are to be equal to the bit."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def random_inputs(model: onnx.ModelProto, seed: int = 0) -> dict[str, np.ndarray]:
    """Small numbers, dynamic sizes 2, 3, ...; masks of ones."""
    rng = np.random.default_rng(seed)
    weights = {t.name for t in model.graph.initializer}
    sizes: dict[str, int] = {}
    inputs = {}
    for value in model.graph.input:
        if value.name in weights:
            continue
        kind = value.type.tensor_type
        shape = [d.dim_value or sizes.setdefault(d.dim_param, 2 + len(sizes)) for d in kind.shape.dim]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        if "mask" in value.name or dtype == np.bool_:
            inputs[value.name] = np.ones(shape, dtype)
        elif np.issubdtype(dtype, np.integer):
            inputs[value.name] = rng.integers(0, 2, shape).astype(dtype)
        else:
            inputs[value.name] = rng.standard_normal(shape).astype(dtype)
    return inputs


def all_values(path: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of the main graph."""
    model = onnx.load(path)
    known = {o.name for o in model.graph.output}
    for node in model.graph.node:
        for name in node.output:
            if name and name not in known:
                model.graph.output.append(onnx.ValueInfoProto(name=name))
                known.add(name)
    run = session(model.SerializeToString())
    names = [o.name for o in run.get_outputs()]
    accepted = {i.name for i in run.get_inputs()}
    values = dict(inputs)
    values.update(zip(names, run.run(names, {k: v for k, v in inputs.items() if k in accepted})))
    return values


def equal(a: object, b: object) -> bool:
    if isinstance(a, list) or isinstance(b, list):
        return isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and all(map(equal, a, b))
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and (a.dtype == object or a.tobytes() == b.tobytes())


def check_runs(part: Path, values: dict[str, object]) -> None:
    """The part is valid, and gives the whole model's values."""
    onnx.checker.check_model(onnx.load(part), full_check=True)
    run = session(str(part))
    names = [o.name for o in run.get_outputs()]
    assert names, "the part has no outputs"
    feed = {i.name: values[i.name] for i in run.get_inputs()}
    for name, value in zip(names, run.run(names, feed)):
        if name in values:
            assert equal(value, values[name]), f"another value: {name}"


def program(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)


def modules_of(metadata: Path) -> list[str]:
    """The dotted names of all modules but the root."""
    found: list[str] = []

    def walk(module: dict) -> None:
        for child in module.get("children", {}).values():
            found.append(child["scope"])
            walk(child)

    walk(json.loads(metadata.read_text())["modules"])
    return found


def tagged(model: Path, folder: Path, metadata: Path | None = None) -> tuple[Path, list[str]]:
    """The model with tags, and its modules."""
    out = folder / "tagged.onnx"
    extra = ["--metadata", metadata] if metadata else []
    result = program("export", model, out, "--strategy", "htp", *extra)
    assert result.returncode == 0, result.stderr
    return out, modules_of(folder / "tagged_htp_metadata.json")


def check_module(model: Path, module: str, folder: Path, values: dict[str, object]) -> str:
    """What came out: "ok", "empty" (no operators), else what is wrong."""
    part, back = folder / "part.onnx", folder / "back.onnx"
    union: list[str] = []
    result = program("extract", model, "--tag", module, part)
    if result.returncode == USAGE and "--union" in result.stderr:  # a mere container: its elements are the groups
        union = ["--union"]
        result = program("extract", model, "--tag", module, part, *union)
    if result.returncode == USAGE and "no module has" in result.stderr:
        return "empty"
    if result.returncode != 0:
        return f"exit {result.returncode}: {result.stderr.strip()}"
    try:
        check_runs(part, values)
    except KeyError as e:
        return f"the whole model's value {e} is not known (within a body)"
    except Exception as e:  # whatever onnx, onnxruntime or an assertion says
        return f"{type(e).__name__}: {str(e)[:300]}"
    result = program("replace", model, "--tag", module, part, back, *union)
    if result.returncode != 0:
        return f"replace: exit {result.returncode}: {result.stderr.strip()}"
    result = program("compare", model, back)
    if result.returncode != 0:
        return f"compare: {result.stdout[:300]}"
    return "ok" if back.read_bytes() == model.read_bytes() else "identical, but not to the byte"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model", type=Path)
    options.add_argument("inputs", type=Path, nargs="?")
    options.add_argument("--metadata", type=Path)
    options.add_argument("-v", "--verbose", action="store_true")
    given = options.parse_args()
    if given.inputs:
        file = np.load(given.inputs)
        inputs = {k[3:]: file[k] for k in file.files if k.startswith("in.")}
    else:
        inputs = random_inputs(onnx.load(given.model))
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, modules = tagged(given.model, folder, given.metadata)
        values = all_values(model, inputs)
        for module in modules:
            what = check_module(model, module, folder, values)
            kind = what if what in ("ok", "empty") else "wrong"
            counts[kind] = counts.get(kind, 0) + 1
            if given.verbose or what not in ("ok", "empty"):
                print(f"{module}: {what}")
    print(f"{given.model}: {len(modules)} modules: " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    return 1 if counts.get("wrong") else 0


if __name__ == "__main__":
    sys.exit(main())
