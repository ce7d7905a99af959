"""The chain of body_model.py at one of its places, under an editor; and what the tests of it share."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tools.body_model import PLACES, Place, X
from tools.edit_bench import EditBench, graphs_of
from tools.editor import EDITORS, LEAVES

FEEDS = {"x": X, "c": np.array(True)}


class Inside(EditBench):
    """The chain at one of the places."""

    def __init__(self, folder: Path, how: str, place: Place) -> None:
        super().__init__(folder, how, place.make(), FEEDS)
        self.place = place
        self.scope = place.scope(self.editor)
        e = self.editor
        self.was = {e.get(n, "name"): n for n in e.nodes() if e.get(n, "node_kind") in LEAVES}

    def expect_chain(self, of: Callable[[np.ndarray], np.ndarray]) -> onnx.ModelProto:
        """The edit made the chain into another function."""
        return self.expect(-self.place.value(of))

    def between(self, node: Any) -> None:
        """Put an operator between second and third."""
        e = self.editor
        e.draw(self.was["second"], node, 0, 0)
        e.disconnect("third", 0)
        e.draw(node, self.was["third"], 0, 0)

    def place_name(self) -> str:
        return "function 'Chain'" if self.place.attribute is None else f"body '{self.place.attribute}'"


@pytest.fixture(params=EDITORS)
def how(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=PLACES)
def inside(request: pytest.FixtureRequest, how: str, tmp_path: Path) -> Inside:
    return Inside(tmp_path, how, PLACES[request.param])


@pytest.fixture
def at(how: str, tmp_path: Path) -> Callable[[str], Inside]:
    return lambda place: Inside(tmp_path, how, PLACES[place])


def rest(v: np.ndarray) -> np.ndarray:
    """From the value of second on."""
    return np.abs(-v)


def inner_nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    bodies = list(graphs_of(model.graph))[1:]
    return [n for part in (*bodies, *model.functions) for n in part.node]


def inner_node(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    return next(n for n in inner_nodes(model) if n.name == name)


def declared(model: onnx.ModelProto) -> dict[str, list]:
    """Of each value: all that is declared of it, wherever."""
    found: dict[str, list] = {}
    graphs = list(graphs_of(model.graph))
    infos = [v for g in graphs for v in (*g.input, *g.output, *g.value_info)]
    for v in infos + [v for f in model.functions for v in f.value_info]:
        t = v.type.tensor_type
        dims = [d.dim_param or d.dim_value for d in t.shape.dim] if t.HasField("shape") else None
        found.setdefault(v.name, []).append((t.elem_type, dims))
    return found
