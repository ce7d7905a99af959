"""Files cut short and files spoiled: one clean error, or a right result where the file is still a valid one."""

from __future__ import annotations

import re

import pytest
from conftest import Exported
from tools import damage, small_model
from tools.program import export


def without_graphics(text: str) -> str:
    """A GraphML file without graphics and without the keys that it does not use: a fourth of its size."""
    text = re.sub(r'<data key="d[0-3]">.*?</data>\n', "", text, flags=re.DOTALL)
    used = set(re.findall(r'<data key="(\w+)"', text))
    return re.sub(r'<key id="(\w+)".*?/>\n', lambda key: key[0] if key[1] in used else "", text)


def bare(exported: Exported) -> Exported:
    exported.graphml.write_text(without_graphics(exported.graphml.read_text()))
    return exported


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return bare(Exported(tmp_path_factory.mktemp("small"), small_model.make()))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return bare(Exported(tmp_path_factory.mktemp("tiny"), small_model.make_tiny()))


def test_every_prefix_of_a_model(exported: Exported) -> None:
    data = exported.model.read_bytes()
    assert damage.on_each(damage.prefixes(data), damage.try_model) == len(data)


def test_every_prefix_of_a_graphml_file(tiny: Exported) -> None:
    data = tiny.graphml.read_bytes()
    sidecar = tiny.sidecar.read_bytes()
    count = damage.on_each(damage.prefixes(data), lambda data, folder: damage.try_graphml(data, sidecar, folder))
    assert count == len(data)


def test_every_prefix_of_a_sidecar(small: Exported) -> None:
    data = small.sidecar.read_bytes()
    graphml, model = small.graphml.read_bytes(), small.model.read_bytes()
    count = damage.on_each(damage.prefixes(data), lambda data, folder: damage.try_sidecar(data, graphml, model, folder))
    assert count == len(data)


@pytest.mark.parametrize("seed", [1, 2])
def test_spoiled_models(seed: int) -> None:
    files = damage.spoiled(small_model.make(seed), 500, seed)
    assert damage.on_each(files, damage.try_model) == 500


def test_spoiled_graphml_files(small: Exported) -> None:
    sidecar = small.sidecar.read_bytes()
    files = damage.spoiled(small.graphml.read_bytes(), 1000, 3)
    assert damage.on_each(files, lambda data, folder: damage.try_graphml(data, sidecar, folder)) == 1000


def test_slightly_spoiled_graphml_files(small: Exported) -> None:
    """One byte each: most of these come beyond the XML parser."""
    sidecar = small.sidecar.read_bytes()
    data = small.graphml.read_bytes()
    files = (bytes(data[:at]) + bytes([data[at] ^ 1 << at % 7]) + data[at + 1 :] for at in range(0, len(data), 11))
    damage.on_each(files, lambda data, folder: damage.try_graphml(data, sidecar, folder))


def test_spoiled_sidecars(small: Exported) -> None:
    graphml, model = small.graphml.read_bytes(), small.model.read_bytes()
    files = damage.spoiled(small.sidecar.read_bytes(), 1000, 4)
    assert damage.on_each(files, lambda data, folder: damage.try_sidecar(data, graphml, model, folder)) == 1000


def test_a_spoiled_model_leaves_an_older_export(exported: Exported, tmp_path) -> None:
    graphml, sidecar = tmp_path / "model.graphml", tmp_path / "model.onnxdata"
    export(exported.model, graphml).expect_success()
    before = graphml.read_bytes(), sidecar.read_bytes()
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(exported.model.read_bytes()[:-1])
    export(broken, graphml).expect_error(3)
    assert (graphml.read_bytes(), sidecar.read_bytes()) == before
