#!/usr/bin/env python3
"""Write the corpus of odd models: OUTDIR/NAME/model.onnx, noncanonical.onnx, and their files.

usage: generate.py OUTDIR [--only TEXT]
"""
from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import onnx  # noqa: E402

from corpus import canonical  # noqa: E402
from corpus import (attributes, bodies, extras, external, functions, graphs, hierarchy,  # noqa: E402, F401
                    noncanonical, schema_tour, tensors, texts, value_types)
from corpus.registry import CANONICAL, NONCANONICAL, Sample, Table  # noqa: E402

PYTHON_DEPTH_LIMIT = 100  # messages in one another that python's protobuf reads

TABLES: list[tuple[Table, str]] = [(CANONICAL, "model.onnx"), (NONCANONICAL, "noncanonical.onnx")]


def check_canonical(name: str, model: bytes) -> None:
    """The model is what a protobuf library would write; python agrees, where it can be asked."""
    findings = canonical.inspect(model)
    if findings.problems:
        raise AssertionError(f"{name} is not canonical: {'; '.join(findings.problems[:5])}")
    if findings.python_moves_fields or findings.depth > PYTHON_DEPTH_LIMIT:
        return
    if onnx.ModelProto.FromString(model).SerializeToString(deterministic=True) != model:
        raise AssertionError(f"{name} changes when python reads and writes it")


def check_noncanonical(name: str, model: bytes) -> None:
    if not canonical.inspect(model).problems:
        raise AssertionError(f"{name} is canonical")
    onnx.ModelProto.FromString(model)


def write_sample(folder: Path, file_name: str, sample: Sample) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file_name).write_bytes(sample.model)
    for relative, data in sample.files.items():
        path = os.path.join(os.fsencode(folder), relative)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


def generate(outdir: Path, only: str = "") -> dict[str, int]:
    """Write all samples whose name holds `only`; how many there are, by file name."""
    counts = {}
    for table, file_name in TABLES:
        check = check_canonical if table is CANONICAL else check_noncanonical
        counts[file_name] = 0
        for name, sample in table.samples():
            if only not in name:
                continue
            check(name, sample.model)
            write_sample(outdir / name, file_name, sample)
            counts[file_name] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--only", default="", metavar="TEXT", help="models whose name holds TEXT")
    arguments = parser.parse_args()
    counts = generate(arguments.outdir, arguments.only)
    print(", ".join(f"{count} {file_name}" for file_name, count in counts.items()))


if __name__ == "__main__":
    main()
