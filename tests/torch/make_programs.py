"""Makes the programs that test_torch_programs.py runs. Needs torch; the tests need only what it writes.

    python tests/torch/make_programs.py [FAMILY ...] [--each CASE-PATTERN] [--seed N] [-o FOLDER]

A family is a file cases_FAMILY.py beside this one, with a function programs(). Each program becomes one compressed
archive: default.pt2 and core.pt2 (the same program before and after run_decompositions), values.npz (inputs as in_0, ...,
outputs as out_0, ...; with dynamic axes those of a second run as again_in_0, ..., again_out_0, ...) and cases.json (which
outputs belong to which case). With --each every case whose name matches becomes a program of its own, to find out
which of them is wrong."""

from __future__ import annotations

import argparse
import fnmatch
import importlib
import io
import json
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))

from program import Program, Together  # noqa: E402

HERE = Path(__file__).resolve().parent


def array(tensor: torch.Tensor) -> numpy.ndarray:
    """bfloat16 has no type in numpy: its values are written as float32."""
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def dynamic_shapes(program: Program) -> tuple | None:
    if not program.axes:
        return None
    names = {name for axes in program.axes.values() for name in axes.values()}
    dims = {name: torch.export.Dim(name.split(":")[0], min=int((name + ":0").split(":")[1])) for name in names}
    shapes = [
        {axis: dims[name] for axis, name in program.axes[i].items()} if i in program.axes else None
        for i in range(len(program.inputs))
    ]
    return (tuple(shapes),)


def without_traces(exported: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """Without the paths of this machine, the history of decompositions and the sample inputs."""
    for module in exported.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                for key in ("stack_trace", "from_node", "source_fn_stack"):
                    node.meta.pop(key, None)
    exported._example_inputs = None
    return exported


def saved(exported: torch.export.ExportedProgram) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pt2"
        torch.export.save(without_traces(exported), path)
        return path.read_bytes()


def values(module: Together, program: Program) -> tuple[dict[str, numpy.ndarray], dict[str, int]]:
    # In-place cases change what they are given: each run has its own copies.
    def run(prefix: str, inputs: list[torch.Tensor]) -> dict[str, list[torch.Tensor]]:
        out.update({f"{prefix}in_{i}": array(tensor).copy() for i, tensor in enumerate(inputs)})
        by_case = module.by_case(tuple(tensor.clone() for tensor in inputs))
        outputs = [tensor for tensors in by_case.values() for tensor in tensors]
        out.update({f"{prefix}out_{i}": array(tensor) for i, tensor in enumerate(outputs)})
        return by_case

    out: dict[str, numpy.ndarray] = {}
    counts = {name: len(tensors) for name, tensors in run("", program.inputs).items()}
    if program.others:
        run("again_", [program.others.get(i, tensor) for i, tensor in enumerate(program.inputs)])
    return out, counts


def write(program: Program, folder: Path) -> None:
    module = Together(program).eval()
    with torch.no_grad():
        arrays, counts = values(module, program)
        inputs = tuple(tensor.clone() for tensor in program.inputs)
        exported = torch.export.export(module, inputs, dynamic_shapes=dynamic_shapes(program))
        forms = {}
        if "core" in program.forms:
            forms["core.pt2"] = saved(exported.run_decompositions())
        if "default" in program.forms:
            forms["default.pt2"] = saved(exported)
    packed = io.BytesIO()
    numpy.savez(packed, **arrays)
    about = {"program": program.name, "opset": program.opset, "tolerance": program.tolerance, "cases": counts}
    path = folder / f"{program.name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        entries = {"cases.json": json.dumps(about, indent=1).encode(), "values.npz": packed.getvalue(), **forms}
        for name, data in sorted(entries.items()):
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
    print(f"{path.name}: {len(counts)} cases, {len(program.inputs)} inputs, {path.stat().st_size:,} bytes", flush=True)


def main() -> int:
    families = sorted(path.stem.removeprefix("cases_") for path in HERE.glob("cases_*.py"))
    parser = argparse.ArgumentParser(description="Make the programs of the tests.")
    parser.add_argument("family", nargs="*", help=f"which families (all: {', '.join(families)})")
    parser.add_argument("--each", metavar="PATTERN", help="each case that matches as a program of its own")
    parser.add_argument("--seed", type=int, default=0, help="of all random values (0: those of the project)")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "programs")
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    given.output.mkdir(parents=True, exist_ok=True)
    failed = 0
    for family in given.family or families:
        torch.manual_seed(given.seed)
        for program in importlib.import_module(f"cases_{family}").programs():
            names = [name for name, _, _ in program.cases if given.each and fnmatch.fnmatch(name, given.each)]
            for one in [program.single(name) for name in names] if given.each else [program]:
                try:
                    write(one, given.output)
                except Exception as error:  # the others are still made, and the status says it
                    failed += 1
                    print(f"{one.name}: {type(error).__name__}: {str(error).strip()[:600]}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
