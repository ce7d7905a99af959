#!/usr/bin/env python3
"""Make the seeds of the fuzz targets, tests/fuzz/seeds/NAME/, from the corpus of odd models and tests/torch/.

usage: make_seeds.py [CORPUS]      CORPUS: what tests/corpus/generate.py wrote; without it, it is called

Needs the program ($MODELEXPORT, default build/modelexport) for the GraphML and .onnxdata files. The corpus has models
of all kinds; the small ones of them are enough for a fuzzer, which mixes them. A file is named by its content.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = os.environ.get("MODELEXPORT", str(ROOT / "build" / "modelexport"))

LARGEST = {"onnx_read": 1000, "roundtrip": 1000, "graphml_read": 9000, "onnxdata_read": 1200, "tags": 1500,
           "pt2_read": 20_000}
IN_ALL = {"onnx_read": 100_000, "roundtrip": 100_000, "graphml_read": 600_000, "onnxdata_read": 60_000,
          "tags": 60_000, "pt2_read": 100_000}


def models(corpus: Path) -> list[Path]:
    """All models of the corpus, the small ones first."""
    return sorted(corpus.glob("*/*.onnx"), key=lambda path: (path.stat().st_size, path))


def write_seeds(name: str, files: list[bytes]) -> None:
    """The smallest files, up to the sizes above, each content once."""
    folder = HERE / "seeds" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    total = 0
    for content in sorted(set(files), key=lambda content: (len(content), content)):
        total += len(content)
        if len(content) > LARGEST[name] or total > IN_ALL[name]:
            break
        (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
    print(f"{name}: {len(list(folder.iterdir()))} files")


def export(model: Path, strategy: str, folder: Path) -> list[bytes]:
    """The GraphML file of a model and, with a sidecar, its .onnxdata file."""
    output = folder / "model.graphml"
    command = [PROGRAM, "export-graphml", str(model), "-o", str(output), "--no-layout", "--strategy", strategy]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        return []
    return [path.read_bytes() for path in (output, output.with_suffix(".onnxdata")) if path.exists()]


TREE = (b'{"modules": {"class_name": "Model", "scope": "", "children": {"Layer.0": {"class_name": "Layer", "scope": "layer.0",'
        b' "execution_order": 1, "traced_tag": "/Model/Layer.0"}}}}')


def tag_inputs(models_: list[bytes]) -> list[bytes]:
    """Choices at random, with each kind of options; and models with a module tree before them."""
    rng = random.Random(0)
    made = [bytes([options]) + rng.randbytes(60 + 2 * options) for options in range(0, 128, 2)]
    read = [b"\x80" + len(TREE).to_bytes(2, "big") + TREE + model for model in models_[::20]]
    return made + read


def member(archive: zipfile.ZipFile, name: str) -> dict:
    return json.loads(archive.read(next(n for n in archive.namelist() if n.endswith(name))))


def lean(value):
    """Without what no reader looks at."""
    if isinstance(value, dict):
        unread = ("stack_trace", "torch_fn", "guards_code", "device", "requires_grad", "is_hop_single_tensor_return")
        return {key: lean(inner) for key, inner in value.items() if key not in unread}
    return [lean(inner) for inner in value] if isinstance(value, list) else value


def texts_of(model: dict, weights: dict) -> bytes:
    """The form without an archive: model.json, NUL, configuration of weights; there are two payloads."""
    for number, payload in enumerate(weights["config"].values()):
        payload["path_name"] = f"weight_{number % 2}"
    return b"\0".join(json.dumps(part, separators=(",", ":")).encode() for part in (model, weights))


def with_one_node(model: dict, weights: dict) -> list[bytes]:
    """A program for each of the first nodes, whose arguments are inputs then."""
    graph, found = model["graph_module"]["graph"], []
    for node in graph["nodes"][:12]:
        one = json.loads(json.dumps(model))
        one["graph_module"]["graph"]["nodes"] = [node]
        one["graph_module"]["graph"]["outputs"] = node["outputs"][:1]
        one["graph_module"]["signature"]["output_specs"] = [{"user_output": {"arg": node["outputs"][0]}}]
        found.append(texts_of(one, weights))
    return found


def pt2_seeds() -> list[bytes]:
    seeds = []
    for path in sorted((ROOT / "tests" / "torch").glob("*.pt2")):
        with zipfile.ZipFile(path) as archive:
            model, weights = lean(member(archive, "models/model.json")), lean(member(archive, "model_weights_config.json"))
            weights["config"].update(lean(member(archive, "model_constants_config.json"))["config"])
            seeds += [texts_of(model, weights), *with_one_node(model, weights)]
            for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                packed = io.BytesIO()
                with zipfile.ZipFile(packed, "w", method) as copy:
                    for name in archive.namelist():
                        content = archive.read(name)
                        if name.endswith("models/model.json"):
                            content = json.dumps(model, separators=(",", ":")).encode()
                        stored = zipfile.ZIP_STORED if "/weight_" in name or "/tensor_" in name else method
                        copy.writestr(zipfile.ZipInfo(name), content, compress_type=stored)
                seeds.append(packed.getvalue())
    return seeds


def make(corpus: Path) -> None:
    write_seeds("pt2_read", pt2_seeds())
    onnx_files = [path.read_bytes() for path in models(corpus)]
    write_seeds("onnx_read", onnx_files)
    write_seeds("roundtrip", onnx_files)
    write_seeds("tags", tag_inputs(onnx_files))
    graphml, onnxdata = [], []
    for number, model in enumerate(models(corpus)):
        with tempfile.TemporaryDirectory() as folder:
            written = export(model, "embedded" if number % 4 == 0 else "sidecar", Path(folder))
            graphml += written[:1]
            onnxdata += written[1:]
    write_seeds("graphml_read", graphml)
    write_seeds("onnxdata_read", onnxdata)


def main() -> None:
    if len(sys.argv) > 1:
        make(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as corpus:
        subprocess.run([sys.executable, str(ROOT / "tests" / "corpus" / "generate.py"), corpus], check=True)
        make(Path(corpus))


if __name__ == "__main__":
    main()
