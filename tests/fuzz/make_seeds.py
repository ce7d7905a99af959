#!/usr/bin/env python3
"""Make the seeds of the fuzz targets, tests/fuzz/seeds/NAME/, from the corpus of odd models.

usage: make_seeds.py [CORPUS]      CORPUS: what tests/corpus/generate.py wrote; without it, it is called

Needs the program ($MODELEXPORT, default build/modelexport) for the GraphML and .onnxdata files. The corpus has models
of all kinds; the small ones of them are enough for a fuzzer, which mixes them. A file is named by its content.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = os.environ.get("MODELEXPORT", str(ROOT / "build" / "modelexport"))

LARGEST = {"onnx_read": 1000, "roundtrip": 1000, "graphml_read": 9000, "onnxdata_read": 1200, "tags": 1500}
IN_ALL = {"onnx_read": 100_000, "roundtrip": 100_000, "graphml_read": 600_000, "onnxdata_read": 60_000,
          "tags": 60_000}


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


def make(corpus: Path) -> None:
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
