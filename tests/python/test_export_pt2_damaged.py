"""Saved programs with something changed in their model.json: exported, or refused with one sentence, never more than that.

MODELEXPORT_DAMAGES is how many changes are tried for each program (fixed seeds: a failure comes back)."""

from __future__ import annotations

import copy
import io
import json
import os
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.program import run

TORCH = Path(__file__).resolve().parents[1] / "torch"
COUNT = int(os.environ.get("MODELEXPORT_DAMAGES", "25"))
NUMBERS = [0, 1, -1, 2, 3, 7, 63, 64, 65, 2**31, 2**63 - 1, -(2**63), 1 << 40]


def programs() -> list[tuple[str, bytes]]:
    found = [(path.stem, path.read_bytes()) for path in sorted(TORCH.glob("*.pt2"))]
    for name in ("control", "symbolic"):
        with zipfile.ZipFile(TORCH / "programs" / f"{name}.zip") as archive:
            found.append((name, archive.read("default.pt2")))
    return found


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member of every object and list: (where it is held, its key)."""
    todo = [value]
    while todo:
        holder = todo.pop()
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            yield holder, key
            if isinstance(holder[key], (dict, list)):
                todo.append(holder[key])


def inside(value: Any, key: str) -> Any:
    held = value.get(key) if isinstance(value, dict) else None
    return held if isinstance(held, dict) else {}


def change(model: Any, chance: random.Random) -> None:
    graph = inside(inside(model, "graph_module"), "graph")
    parts = [graph.get("nodes")] * 3 + [graph.get("tensor_values"), graph, model]
    part = chance.choice([p for p in parts if p and isinstance(p, (dict, list))])
    holder, key = chance.choice(list(places(part)))
    value = holder[key]
    other_holder, other_key = chance.choice(list(places(part)))
    kind = chance.randrange(6)
    if kind == 0 and isinstance(holder, list):
        del holder[key]
    elif kind == 1 and isinstance(holder, list):
        holder.insert(chance.randrange(len(holder) + 1), copy.deepcopy(value))
    elif kind == 2 and isinstance(value, (int, float)):
        holder[key] = chance.choice(NUMBERS)
    elif kind == 3 and isinstance(value, str):
        strings = [h[k] for h, k in places(part) if isinstance(h[k], str)]
        holder[key] = chance.choice(strings)
    elif type(other_holder[other_key]) is type(value):
        holder[key] = copy.deepcopy(other_holder[other_key])
    else:
        holder[key] = chance.choice([None, 1, "", [], {}, True, 1.5])


def damaged(original: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(original)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename.endswith("models/model.json"):
                model = json.loads(data)
                for _ in range(chance.choice([1, 1, 2])):
                    change(model, chance)
                data = json.dumps(model).encode()
            target.writestr(info.filename, data)
    return out.getvalue()


@pytest.mark.parametrize(("name", "original"), programs(), ids=[name for name, _ in programs()])
def test_damaged(name: str, original: bytes, tmp_path: Path) -> None:
    for seed in range(COUNT):
        program = tmp_path / "damaged.pt2"
        program.write_bytes(damaged(original, seed))
        opset = (14, 18, 23)[seed % 3]
        result = run("export", program, tmp_path / "out.onnx", "--opset-version", opset, "-q").expect_bounded()
        assert result.code in (0, 3, 4), f"seed {seed}: exit {result.code}: {result.stderr!r}"
        if result.code:
            result.expect_error(3, 4)
            assert not (tmp_path / "out.onnx").exists(), f"seed {seed}"
        (tmp_path / "out.onnx").unlink(missing_ok=True)
