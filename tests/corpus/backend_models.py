#!/usr/bin/env python3
"""Write the models of the onnx package's own tests: OUTDIR/NAME/model.onnx.

usage: backend_models.py OUTDIR

All node and simple cases of the backend tests, and a copy of every .onnx file that is stored in
the package. The models are collected, none is run.
"""
from __future__ import annotations

import argparse
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx.backend.test.case.model import collect_testcases as collect_model_cases
from onnx.backend.test.case.node import collect_testcases as collect_node_cases


def collected_models() -> Iterator[tuple[str, onnx.ModelProto]]:
    """The node and simple cases; the others name models on the net."""
    # The cases compute their expected outputs with numpy, which divides by zero on purpose.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = [*collect_node_cases(None), *collect_model_cases()]
    for case in cases:
        if case.model is not None:
            yield case.name, case.model


def stored_models() -> Iterator[tuple[str, Path]]:
    """The .onnx files of the package, named after their path in it."""
    package = Path(onnx.__file__).parent
    for path in sorted(package.rglob("*.onnx")):
        name = "_".join(path.relative_to(package).with_suffix("").parts)
        yield f"stored_{name}", path


def new_folder(outdir: Path, name: str) -> Path:
    folder = outdir / name
    folder.mkdir(parents=True)
    return folder


def write_all(outdir: Path) -> tuple[int, int]:
    collected = stored = 0
    for name, model in collected_models():
        (new_folder(outdir, name) / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
        collected += 1
    for name, path in stored_models():
        shutil.copyfile(path, new_folder(outdir, name) / "model.onnx")
        stored += 1
    return collected, stored


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", type=Path)
    outdir = parser.parse_args().outdir
    if outdir.exists() and any(outdir.iterdir()):
        sys.exit(f"backend_models.py: {outdir} is not empty")
    collected, stored = write_all(outdir)
    print(f"{collected} collected, {stored} stored in the package: {collected + stored} models")


if __name__ == "__main__":
    main()
