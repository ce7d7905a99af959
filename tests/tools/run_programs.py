"""Exports saved PyTorch programs and compares what onnxruntime makes of them with what PyTorch made.

A folder has one sub-folder for each program: model.pt2 and model_core.pt2 (the same program after run_decompositions), io.npz with
in.<name> and out.<i>, io2.npz with other sizes (where meta.json says that the program can), meta.json, modules.json.

    run_programs.py FOLDER [--opset 14,17,18,21,23] [--only NAME,..] [--keep DIR] [--details]

Checked: onnx.checker (full), outputs (float32 1e-4 + 1e-4 |x|, half 2e-3, bfloat16 2e-2, integers and bools equal), the tag of every
node. The result is a Markdown table; the exit code is 1 where a cell is neither ok nor refused with a message (exit code 4).
"""
from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.program import run  # noqa: E402

FORMS = {"default": "model.pt2", "core": "model_core.pt2"}
TOLERANCES = {"float64": 1e-4, "float32": 1e-4, "float16": 2e-3, "bfloat16": 2e-2}
BFLOAT16 = onnx.TensorProto.BFLOAT16
Arrays = dict[str, np.ndarray]


class Wrong(Exception):
    """What is wrong, in a few words."""


# ---- running ----

def runnable(model: onnx.ModelProto) -> onnx.ModelProto:
    """numpy has no bfloat16: inputs and outputs of that type become float32, with Casts."""
    graph, model_ = model.graph, model
    for value in graph.input:
        if value.type.tensor_type.elem_type != BFLOAT16:
            continue
        name, value.name = value.name, value.name + "__float"
        value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
        graph.node.insert(0, onnx.helper.make_node("Cast", [value.name], [name], to=BFLOAT16))
    for value in graph.output:
        if value.type.tensor_type.elem_type != BFLOAT16:
            continue
        name, value.name = value.name, value.name + "__float"
        value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
        graph.node.append(onnx.helper.make_node("Cast", [name], [value.name], to=onnx.TensorProto.FLOAT))
    return model_


def feeds(session: ort.InferenceSession, arrays: Arrays) -> Arrays:
    types = {"float": np.float32, "float16": np.float16, "double": np.float64, "int64": np.int64, "int32": np.int32,
             "bool": np.bool_, "uint8": np.uint8, "int8": np.int8, "int16": np.int16}
    given = {}
    for value in session.get_inputs():
        key = "in." + value.name.removesuffix("__float")
        if key not in arrays:
            raise Wrong(f"input {value.name} is not in the sample")
        given[value.name] = arrays[key].astype(types[value.type[7:-1]])
    return given


def compare(got: list[np.ndarray], arrays: Arrays, outputs: list[dict[str, Any]], spread: Counter[str]) -> None:
    wanted = [arrays[key] for key in sorted((k for k in arrays if k.startswith("out.")), key=lambda k: int(k[4:]))]
    dtypes = [o["dtype"] for i, o in enumerate(outputs) if f"out.{i}" in arrays]
    if len(got) != len(wanted):
        raise Wrong(f"{len(got)} outputs, not {len(wanted)}")
    for i, (a, b, dtype) in enumerate(zip(got, wanted, dtypes, strict=True)):
        if a.shape != b.shape:
            raise Wrong(f"output {i} has shape {a.shape}, not {b.shape}")
        if dtype not in TOLERANCES:
            if not np.array_equal(a, b):
                raise Wrong(f"output {i} ({dtype}) differs in {int((a != b).sum())} of {a.size}")
            continue
        if str(a.dtype) != dtype and dtype != "bfloat16":
            raise Wrong(f"output {i} is {a.dtype}, not {dtype}")
        a, b = a.astype(np.float64), b.astype(np.float64)
        if not np.array_equal(np.isnan(a), np.isnan(b)):
            raise Wrong(f"output {i}: NaN in other places")
        a, b = np.nan_to_num(a, nan=0, posinf=1e30, neginf=-1e30), np.nan_to_num(b, nan=0, posinf=1e30, neginf=-1e30)
        error = np.abs(a - b)
        limit = TOLERANCES[dtype]
        if (error > limit + limit * np.abs(b)).any():
            raise Wrong(f"output {i} ({dtype}) is off by {error.max():.2g}")
        if dtype == "float32":
            spread["near"] += int((error <= 1e-5 + 1e-5 * np.abs(b)).sum())
            spread["all"] += a.size


# ---- tags ----

def stack_names(program: Path) -> set[str]:
    """Dotted names of all modules that some node of the program ran in."""
    with zipfile.ZipFile(program) as archive:
        entry = next(n for n in archive.namelist() if n.endswith("models/model.json"))
        text = json.loads(archive.read(entry))
    names = {""}

    def walk(graph: dict[str, Any]) -> None:
        for node in graph["nodes"]:
            for step in node.get("metadata", {}).get("nn_module_stack", "").split(";"):
                if step.count(",") >= 2:
                    names.add(step.split(",")[1])
            for argument in node["inputs"]:
                if "as_graph" in argument["arg"]:
                    walk(argument["arg"]["as_graph"]["graph"])

    walk(text["graph_module"]["graph"])
    return names


def wanted_tag(modules: dict[str, Any], scope: str, known: set[str]) -> str:
    """The tag of the module, or of the nearest around it whose class the program tells of: it does where the module was called."""
    while scope and scope not in known:
        scope = scope.rpartition(".")[0]
    return modules[scope]["tag"]


def check_tags(model: onnx.ModelProto, folder: Path, program: Path) -> None:
    if not (folder / "modules.json").exists():
        return
    modules = {m["name"]: m for m in json.loads((folder / "modules.json").read_text())["modules"]}
    known = stack_names(program)

    def walk(graph: onnx.GraphProto, inside: bool) -> None:
        for node in graph.node:
            told = {p.key: p.value for p in node.metadata_props}
            scope, tag = told.get("hierarchy_scope"), told.get("hierarchy_tag")
            if scope is None or scope not in modules:
                raise Wrong(f"tags: {node.name} is in {scope!r}, no module")
            wanted = wanted_tag(modules, scope, known)
            if tag != wanted:
                raise Wrong(f"tags: {node.name} in {scope!r} has {tag}, not {wanted}")
            if scope not in known and not inside:
                raise Wrong(f"tags: {node.name} is in {scope!r}, where nothing ran")
            if told["hierarchy_method"] != "direct":
                raise Wrong(f"tags: {node.name} by {told['hierarchy_method']}")
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    walk(attribute.g, True)

    walk(model.graph, False)


# ---- one cell ----

def export(program: Path, output: Path, opset: int) -> onnx.ModelProto:
    done = run("export", program, output, "--opset-version", str(opset), "--torch-module", "none", "-q")
    stderr = done.stderr.decode(errors="replace").strip()
    if done.code == 4:
        raise Wrong("refused: " + stderr.split(": ", 2)[-1])
    if done.code:
        raise Wrong(f"exit {done.code}: {stderr.split(': ', 2)[-1]}")
    return onnx.load(str(output))


def check(folder: Path, form: str, opset: int, output: Path, meta: dict[str, Any], spread: Counter[str]) -> int:
    program = folder / FORMS[form]
    model = export(program, output, opset)
    try:
        onnx.checker.check_model(str(output), full_check=True)
    except Exception as error:
        raise Wrong("checker: " + " ".join(str(error).split())[:300]) from None
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    nodes = len(model.graph.node)
    try:
        session = ort.InferenceSession(runnable(onnx.load(str(output))).SerializeToString(), options,
                                       providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Wrong("onnxruntime: " + " ".join(str(error).split())[:300]) from None
    samples = ["io.npz"]
    if (folder / "io2.npz").exists() and meta["verify"].get(FORMS[form], {}).get("io2_ok"):
        samples.append("io2.npz")
    for sample in samples:
        arrays = dict(np.load(folder / sample))
        try:
            got = session.run(None, feeds(session, arrays))
            compare(got, arrays, meta["outputs"], spread)
        except Wrong as wrong:
            raise Wrong(f"{sample}: {wrong}") from None
        except Exception as error:
            raise Wrong(f"{sample}: " + " ".join(str(error).split())[:300]) from None
    check_tags(model, folder, program)
    return nodes


# ---- the table ----

def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--opset", default="14,17,18,21,23")
    parser.add_argument("--only", default="")
    parser.add_argument("--form", default="default,core")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--details", action="store_true", help="the whole message of every cell that is not ok")
    options = parser.parse_args()
    opsets, forms = [int(o) for o in options.opset.split(",")], options.form.split(",")
    only = options.only.split(",") if options.only else []
    spread: Counter[str] = Counter()
    count: Counter[str] = Counter()
    messages: list[str] = []
    print("| program | " + " | ".join(f"{form} {opset}" for form in forms for opset in opsets) + " |")
    print("| --- |" + " --- |" * (len(forms) * len(opsets)))
    with tempfile.TemporaryDirectory() as scratch:
        for folder in sorted(p for p in options.folder.iterdir() if (p / "model.pt2").exists() or (p / "model_core.pt2").exists()):
            if only and folder.name not in only:
                continue
            meta = json.loads((folder / "meta.json").read_text())
            cells = []
            for form in forms:
                for opset in opsets:
                    if not (folder / FORMS[form]).exists():
                        cells.append("-")
                        continue
                    place = (options.keep or Path(scratch)) / f"{folder.name}_{form}_{opset}.onnx"
                    try:
                        nodes = check(folder, form, opset, place, meta, spread)
                        cells.append(f"ok {nodes}")
                        count["ok"] += 1
                    except Wrong as wrong:
                        text = str(wrong)
                        kind = "refused" if text.startswith("refused") else "wrong"
                        count[kind] += 1
                        cells.append(kind)
                        messages.append(f"{folder.name} {form} {opset}: {text}")
            print(f"| {folder.name} | " + " | ".join(cells) + " |", flush=True)
    print(f"\n{count['ok']} ok, {count['refused']} refused, {count['wrong']} wrong; "
          f"{spread['near']} of {spread['all']} float32 elements within 1e-5\n")
    shown: dict[str, str] = {}
    for message in messages:
        place, _, text = message.partition(": ")
        key = place.split()[0] + " " + place.split()[1] + ": " + text
        if options.details or key not in shown:
            print(("" if options.details else "") + message)
        shown[key] = place
    return 1 if count["wrong"] else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
