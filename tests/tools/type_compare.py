#!/usr/bin/env python3
"""Compare the types that we infer with those that onnx.shape_inference finds.

usage: type_compare.py [--bare] [--inputs sizes|symbols|ranks] [--list] DUMP_TYPES MODEL.onnx ...

The models are compared without their value_info; with --bare also without the types of their
outputs, so that nothing but the inputs and the operators tells a type. With --inputs the sizes of
the inputs become symbols, or are left out.
"""
from __future__ import annotations

import argparse
import collections
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import onnx
from onnx import shape_inference

CHUNK = 200  # models in one run of dump_types


class Counts:
    """Of values whose element type, rank or dim onnx knows: how many we know too."""

    def __init__(self) -> None:
        self.models = self.elements = self.missing_elements = 0
        self.ranks = self.missing_ranks = self.dims = self.missing_dims = 0
        self.wrong: list[str] = []
        self.missing: list[str] = []

    def add(self, other: "Counts") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def text(self) -> str:
        def share(known: int, missing: int) -> str:
            return f"{known - missing}/{known} ({100 * (known - missing) / max(known, 1):.2f} %)"
        return (f"{self.models} models; element types {share(self.elements, self.missing_elements)}, "
                f"ranks {share(self.ranks, self.missing_ranks)}, dims {share(self.dims, self.missing_dims)}, "
                f"wrong {len(self.wrong)}")


class Tensor(NamedTuple):
    kind: str
    element: int | None
    dims: list[int | str | None] | None


def graphs_of(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.type == onnx.AttributeProto.GRAPH else attribute.graphs:
                yield from graphs_of(inner)


class Stripping(NamedTuple):
    bare: bool = False
    inputs: str = "sizes"


def strip(model: onnx.ModelProto, how: Stripping) -> None:
    for graph in graphs_of(model.graph):
        del graph.value_info[:]
        for output in graph.output if how.bare else []:
            output.ClearField("type")
    for function in model.functions:
        del function.value_info[:]
    if how.inputs != "sizes":
        blur_inputs(model.graph, how.inputs == "symbols")


def blur_inputs(graph: onnx.GraphProto, symbols: bool) -> None:
    initializers = {tensor.name for tensor in graph.initializer}
    for number, value in enumerate(graph.input):
        if value.type.WhichOneof("value") != "tensor_type" or value.name in initializers:
            continue
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            size = dim.dim_value
            dim.Clear()
            if symbols:
                dim.dim_param = f"d{number}_{axis}" if size != 1 else "one"


def type_of(proto: onnx.TypeProto) -> list | None:
    """In the form in which dump_types prints it; symbols that onnx made up are unknown dims."""
    kind = proto.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        tensor = getattr(proto, kind)
        dims = None
        if tensor.HasField("shape"):
            dims = [dim_of(d) for d in tensor.shape.dim]
        return ["tensor" if kind == "tensor_type" else "sparse", tensor.elem_type or None, dims]
    if kind in ("sequence_type", "optional_type"):
        return [kind.removesuffix("_type"), type_of(getattr(proto, kind).elem_type)]
    return ["other"] if kind else None


def dim_of(dim: onnx.TensorShapeProto.Dimension) -> int | str | None:
    if dim.HasField("dim_value"):
        return dim.dim_value
    return dim.dim_param if dim.dim_param and not dim.dim_param.startswith("unk__") else None


def expected_in(graph: onnx.GraphProto, scope: str, types: dict[tuple[str, str], list]) -> None:
    for value in [*graph.input, *graph.value_info, *graph.output]:
        found = type_of(value.type)
        if found is not None:
            types[scope, value.name] = found
    for number, node in enumerate(graph.node):
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                expected_in(attribute.g, f"{scope}/{number}.{attribute.name}", types)


def expected(model: onnx.ModelProto) -> dict[tuple[str, str], list]:
    inferred = shape_inference.infer_shapes(model, strict_mode=False, data_prop=True)
    types: dict[tuple[str, str], list] = {}
    expected_in(inferred.graph, "", types)
    return types


def compare(where: str, wanted: list, found: list | None, counts: Counts) -> None:
    """One value; wanted is what onnx knows."""
    if wanted[0] in ("sequence", "optional"):
        counts.elements += 1
        if found is None:
            counts.missing_elements += 1
            counts.missing.append(f"{where}: {wanted}")
        elif found[0] != wanted[0]:
            counts.wrong.append(f"{where}: {wanted}, we {found}")
        elif wanted[1] is not None:
            compare(where, wanted[1], found[1], counts)
        return
    if wanted[0] == "other":
        if found is not None and found[0] != "other":
            counts.wrong.append(f"{where}: {wanted}, we {found}")
        return
    if found is not None and found[0] != wanted[0]:
        counts.wrong.append(f"{where}: {wanted}, we {found}")
        return
    compare_tensors(where, Tensor(*wanted), Tensor(*found) if found else Tensor("tensor", None, None), counts)


def compare_tensors(where: str, wanted: Tensor, found: Tensor, counts: Counts) -> None:
    if wanted.element is not None:
        counts.elements += 1
        counts.missing_elements += found.element is None
        if found.element is None:
            counts.missing.append(f"{where}: element type {wanted.element}")
        elif found.element != wanted.element:
            counts.wrong.append(f"{where}: element type {wanted.element}, we {found.element}")
    if wanted.dims is None:
        return
    counts.ranks += 1
    if found.dims is None:
        counts.missing_ranks += 1
        counts.missing.append(f"{where}: dims {wanted.dims}")
    elif len(found.dims) != len(wanted.dims):
        counts.wrong.append(f"{where}: dims {wanted.dims}, we {found.dims}")
    else:
        compare_dims(where, wanted.dims, found.dims, counts)


def compare_dims(where: str, wanted: list, found: list, counts: Counts) -> None:
    for a, b in zip(wanted, found):
        if a is None:
            continue
        counts.dims += 1
        if b is None or isinstance(b, str) and isinstance(a, int):
            counts.missing_dims += 1
            counts.missing.append(f"{where}: dims {wanted}, we {found}")
        elif isinstance(a, int) and a != b:
            counts.wrong.append(f"{where}: dims {wanted}, we {found}")


def dumped(program: Path, models: list[Path]) -> Iterator[tuple[str | None, dict[tuple[str, str], list | None]]]:
    """For each model the error, or None and the types by scope and name."""
    run = subprocess.run([program, *models], stdout=subprocess.PIPE, check=True)
    error, types, any_yet = None, {}, False
    for line in run.stdout.splitlines():
        record = json.loads(line)
        if record[0] == "file":
            if any_yet:
                yield error, types
            error, types, any_yet = None, {}, True
        elif record[0] == "error":
            error = record[1]
        elif isinstance(record[1], str) and isinstance(record[2], str):
            types[record[1], record[2]] = record[3]
    yield error, types


def operators_by_output(graph: onnx.GraphProto, scope: str, names: dict[tuple[str, str], str]) -> None:
    for number, node in enumerate(graph.node):
        for output in node.output:
            names[scope, output] = node.op_type
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                operators_by_output(attribute.g, f"{scope}/{number}.{attribute.name}", names)


def compare_chunk(program: Path, paths: list[Path], how: Stripping, folder: Path) -> Counts:
    counts = Counts()
    stripped, names, wanted = [], [], []
    for number, path in enumerate(paths):
        model = onnx.load(path, load_external_data=False)
        strip(model, how)
        try:
            types = expected(model)
        except Exception as problem:  # some models of the suite are there to be refused
            print(f"left out {path}: {str(problem).splitlines()[0][:100]}", file=sys.stderr)
            continue
        made_by: dict[tuple[str, str], str] = {}
        operators_by_output(model.graph, "", made_by)
        stripped.append(folder / f"{number}.onnx")
        stripped[-1].write_bytes(model.SerializeToString())
        names.append((path, made_by))
        wanted.append(types)
    for (path, made_by), types, (error, found) in zip(names, wanted, dumped(program, stripped)):
        counts.models += 1
        if error is not None:
            counts.wrong.append(f"{path}: {error}")
            continue
        for key, type_ in types.items():
            if key in found:
                where = f"{path.parent.name}/{path.name} {key[0]} {key[1]} ({made_by.get(key, 'input')})"
                compare(where, type_, found[key], counts)
    return counts


def compare_models(program: Path, paths: Iterable[Path], how: Stripping) -> Counts:
    paths, total = list(paths), Counts()
    for start in range(0, len(paths), CHUNK):
        with tempfile.TemporaryDirectory() as folder:
            total.add(compare_chunk(program, paths[start:start + CHUNK], how, Path(folder)))
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bare", action="store_true", help="compare without the types of outputs")
    parser.add_argument("--inputs", choices=["sizes", "symbols", "ranks"], default="sizes")
    parser.add_argument("--list", action="store_true", help="list what we do not know")
    parser.add_argument("program", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    options = parser.parse_args()
    counts = compare_models(options.program, options.models, Stripping(options.bare, options.inputs))
    for line in counts.wrong:
        print("wrong", line)
    if options.list:
        for line in counts.missing:
            print("missing", line)
        operators = collections.Counter(line.split("(")[-1].split(")")[0] for line in counts.missing)
        print(operators.most_common(40))
    print(counts.text())
    sys.exit(1 if counts.wrong else 0)


if __name__ == "__main__":
    main()
