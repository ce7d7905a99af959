"""Makes programs of models that no rule was made for: small configurations of transformers' and plain torch.

    held_out.py FOLDER [--only NAME,..] [--no-dynamo] [--list]

Each NAME becomes a folder as run_programs.py reads it: model.pt2, model_core.pt2 (after run_decompositions), io.npz, io2.npz (other
sizes, where the model has dynamic ones), meta.json, modules.json; and model_dynamo.onnx, torch's own export, for count_nodes.py.
Needs torch, transformers and onnxscript. Weights are random, nothing is downloaded.
"""
from __future__ import annotations

import argparse
import copy
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.modules["torchvision"] = None  # type: ignore[assignment]  # the models do without it, and it may not fit this torch
os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils import _pytree as pytree  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent))

Tensors = dict[str, torch.Tensor]


@dataclass
class Model:
    """One model: inputs(**sizes) makes its inputs, dynamic names the axes of them that change from sizes to other."""

    name: str
    make: Callable[[], nn.Module]
    inputs: Callable[..., Tensors]
    sizes: dict[str, int]
    other: dict[str, int]
    dynamic: dict[str, dict[int, str]]


def leaves(value: Any) -> list[torch.Tensor]:
    return [t for t in pytree.tree_leaves(value) if isinstance(t, torch.Tensor)]


def array(tensor: torch.Tensor) -> np.ndarray:
    """Low precision is kept as float32."""
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor).numpy()


def kept(tensor: torch.Tensor) -> np.ndarray:
    """What an output is compared as: half stays half."""
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def shake(model: nn.Module) -> None:
    """Constant parameters get noise, so that a wrong or swapped one changes the outputs."""
    noise = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for p in model.parameters():
            if p.is_floating_point() and p.numel() and float(p.float().max()) == float(p.float().min()):
                p.add_((0.1 * torch.randn(p.shape, generator=noise)).to(p.dtype))
        for m in model.modules():
            if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_var is not None:
                m.running_mean.copy_(0.1 * torch.randn(m.running_mean.shape, generator=noise))
                m.running_var.copy_(0.5 + torch.rand(m.running_var.shape, generator=noise))


def modules(model: nn.Module) -> list[dict[str, Any]]:
    """Every name of every module with the tag that its own operations get: classes of torch.nn have none of their own."""
    rows, tags = [], {}
    for name, module in model.named_modules(remove_duplicate=False):
        kind = type(module)
        parent, _, attribute = name.rpartition(".")
        if not name:
            tag = "/" + kind.__name__
        elif kind.__module__ == "torch.nn" or kind.__module__.startswith("torch.nn."):
            tag = tags[parent]
        else:
            tag = tags[parent] + "/" + kind.__name__ + ("." + attribute if attribute.isdigit() else "")
        tags[name] = tag
        rows.append({"name": name, "class": kind.__name__, "tag": tag})
    return rows


def shapes(model: Model, inputs: Tensors, automatic: bool) -> dict[str, Any] | None:
    dims: dict[str, Any] = {}
    found: dict[str, Any] = {}
    for name in inputs:
        axes = model.dynamic.get(name, {})
        found[name] = {axis: torch.export.Dim.AUTO if automatic else dims.setdefault(dim, torch.export.Dim(dim, max=512))
                       for axis, dim in axes.items()} or None
    return found if model.dynamic else None


def exported(model: Model, module: nn.Module, inputs: Tensors) -> tuple[Any, str]:
    """With named sizes where torch can, else with those that it finds, else with none."""
    errors = []
    for mode in ("named", "automatic", "fixed"):
        found = None if mode == "fixed" else shapes(model, inputs, mode == "automatic")
        try:
            return torch.export.export(module, (), kwargs=dict(inputs), dynamic_shapes=found), mode
        except Exception as error:
            errors.append(f"{mode}: {' '.join(str(error).split())[:200]}")
    raise RuntimeError("; ".join(errors))


def agrees(program: Path, sample: tuple[Tensors, list[torch.Tensor]]) -> bool:
    """Whether the saved program gives what the model gave: it may not fit other sizes."""
    try:
        with torch.no_grad():
            got = leaves(torch.export.load(str(program)).module()(**sample[0]))
    except Exception:
        return False
    return all(a.shape == b.shape and torch.allclose(a.float(), b.float(), 2e-2, 2e-2, True)
               for a, b in zip(got, sample[1], strict=True))


def write(model: Model, folder: Path, dynamo: bool) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    module = model.make().eval()
    shake(module)
    samples = []
    for name, sizes in (("io.npz", model.sizes), ("io2.npz", {**model.sizes, **model.other})):
        torch.manual_seed(1)
        inputs = model.inputs(**sizes)
        with torch.no_grad():
            outputs = leaves(copy.deepcopy(module)(**{k: v.clone() for k, v in inputs.items()}))  # it may change its buffers
        samples.append((inputs, outputs))
        if name == "io.npz" or model.dynamic:
            np.savez(folder / name, **{"in." + k: array(v) for k, v in inputs.items()},
                     **{f"out.{i}": kept(o) for i, o in enumerate(outputs)})
    inputs, outputs = samples[0]
    program, mode = exported(model, module, inputs)
    torch.export.save(program, str(folder / "model.pt2"))
    notes, verify = [mode], {}
    try:
        torch.export.save(program.run_decompositions(), str(folder / "model_core.pt2"))
    except Exception as error:
        notes.append("no core form: " + " ".join(str(error).split())[:150])
    for name in ("model.pt2", "model_core.pt2"):
        if (folder / name).exists():
            verify[name] = {"io_ok": agrees(folder / name, samples[0]), "io2_ok": agrees(folder / name, samples[1])}
            if not verify[name]["io_ok"]:
                notes.append(f"{name}: torch itself gives something else")
    (folder / "modules.json").write_text(json.dumps({"modules": modules(module)}))
    (folder / "meta.json").write_text(json.dumps({
        "name": model.name, "verify": verify, "notes": notes,
        "outputs": [{"dtype": str(o.dtype)[6:], "shape": list(o.shape)} for o in outputs]}))
    if dynamo:
        try:
            torch.onnx.export(module, (), str(folder / "model_dynamo.onnx"), kwargs=dict(inputs), dynamo=True, opset_version=18,
                              dynamic_shapes=None if mode == "fixed" else shapes(model, inputs, mode == "automatic"),
                              external_data=False, verbose=False)
        except Exception as error:
            notes.append("torch does not export it: " + " ".join(str(error).split())[:150])
    return "; ".join(notes)


def everything() -> list[Model]:
    import held_out_plain
    import held_out_text
    import held_out_vision

    return held_out_plain.models() + held_out_vision.models() + held_out_text.models()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--no-dynamo", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)
    only, failed = set(options.only.split(",")) - {""}, 0
    for model in everything():
        if only and model.name not in only:
            continue
        if options.list:
            print(model.name)
            continue
        begin = time.time()
        try:
            note = write(model, options.folder / model.name, not options.no_dynamo)
        except Exception as error:
            note, failed = "FAILED " + " ".join(f"{type(error).__name__}: {error}".split())[:700], failed + 1
        print(f"{model.name:28} {time.time() - begin:5.1f} s  {note}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.modules.setdefault("held_out", sys.modules["__main__"])
    sys.exit(main())
