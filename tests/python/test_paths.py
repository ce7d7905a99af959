"""Paths that are recorded in files: none leads out of the model's folder, on reading or on writing."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Copied, Exported
from tools import small_model
from tools.program import Result, export, import_

DATA = bytes(range(64))
COUNT = len(DATA) // 4


def outside(folder: Path) -> Path:
    """A folder that nothing may be read from or written to, with a file that a model would like to have."""
    path = folder.parent / (folder.name + "-outside")
    path.mkdir(exist_ok=True)
    (path / "secret.bin").write_bytes(DATA)
    return path


def link_to_file(folder: Path) -> str:
    os.symlink(outside(folder) / "secret.bin", folder / "link.bin")
    return "link.bin"


def link_on_the_way(folder: Path) -> str:
    os.symlink(outside(folder), folder / "link")
    return "link/secret.bin"


def link_within(folder: Path) -> str:
    (folder / "real.bin").write_bytes(DATA)
    os.symlink("real.bin", folder / "link.bin")
    return "link.bin"


def chain_of_links(folder: Path) -> str:
    os.symlink(outside(folder) / "secret.bin", folder / "a.bin")
    os.symlink("a.bin", folder / "link.bin")
    return "link.bin"


def endless_links(folder: Path) -> str:
    os.symlink("link.bin", folder / "link.bin")
    return "link.bin"


LEADING_OUT: dict[str, Callable[[Path], str]] = {
    "parent": lambda folder: f"../{outside(folder).name}/secret.bin",
    "parent later": lambda folder: f"sub/../../{outside(folder).name}/secret.bin",
    "absolute": lambda folder: str(outside(folder) / "secret.bin"),
    "absolute, two slashes": lambda folder: f"/{outside(folder)}/secret.bin",
    "itself by its parent": lambda folder: f"../{folder.name}/inside.bin",
    "empty": lambda folder: "",
    "only a dot": lambda folder: ".",
    "a folder": lambda folder: "sub",
    "a folder with a slash": lambda folder: "sub/",
    "NUL": lambda folder: "inside.bin\0.txt",
    "too long": lambda folder: "x" * 5000,
    "device": lambda folder: "/dev/zero",
    "link to a file": link_to_file,
    "link on the way": link_on_the_way,
    "link within": link_within,
    "chain of links": chain_of_links,
    "endless links": endless_links,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "models"
    (path / "sub").mkdir(parents=True)
    (path / "inside.bin").write_bytes(DATA)
    return path


def write_external(folder: Path, location: str, offset: int | None = None, length: int | None = len(DATA)) -> Path:
    tensor = small_model.external_tensor("w", COUNT, location, offset, length)
    model = folder / "model.onnx"
    model.write_bytes(small_model.make_external(tensor))
    return model


def refused_export(model: Path, *options: object) -> Result:
    before = sorted(os.listdir(model.parent))
    result = export(model, model.parent / "out.graphml", *options).expect_error(3)
    assert sorted(os.listdir(model.parent)) == before
    return result


# ---- external data of a model ----


@pytest.mark.parametrize("way", [way for way in LEADING_OUT if way != "empty"])
@pytest.mark.parametrize("strategy", ["sidecar", "reference"])
def test_external_data_outside(way: str, strategy: str, folder: Path) -> None:
    refused_export(write_external(folder, LEADING_OUT[way](folder)), "--strategy", strategy)


def test_no_location_is_no_file(folder: Path) -> None:
    """A fault of the model that harms nobody: it comes back as it was."""
    model = write_external(folder, "")
    export(model, folder / "out.graphml").expect_success()
    import_(folder / "out.graphml", folder / "back.onnx").expect_success()
    assert (folder / "back.onnx").read_bytes() == model.read_bytes()


@pytest.mark.parametrize("kind", ["file", "hard link", "below", "dot before"])
def test_external_data_inside(kind: str, folder: Path) -> None:
    if kind == "hard link":
        os.link(outside(folder) / "secret.bin", folder / "hard.bin")
    (folder / "sub" / "w.bin").write_bytes(DATA)
    location = {"file": "inside.bin", "hard link": "hard.bin", "below": "sub/w.bin", "dot before": "./inside.bin"}[kind]
    model = write_external(folder, location)
    export(model, folder / "out.graphml").expect_success()
    back = folder / "back" / "model.onnx"
    back.parent.mkdir()
    import_(folder / "out.graphml", back).expect_success()
    assert back.read_bytes() == model.read_bytes()
    assert (back.parent / location).read_bytes() == DATA


@pytest.mark.parametrize("way", [link_to_file, link_on_the_way, chain_of_links])
def test_links_into_an_allowed_folder(way: Callable[[Path], str], folder: Path) -> None:
    model = write_external(folder, way(folder))
    export(model, folder / "out.graphml", "--allow-links", outside(folder)).expect_success()
    assert DATA in (folder / "out.onnxdata").read_bytes()


@pytest.mark.parametrize("way", [link_to_file, link_on_the_way])
def test_links_into_another_folder_than_the_allowed(way: Callable[[Path], str], folder: Path) -> None:
    model = write_external(folder, way(folder))
    near = outside(folder).with_name(outside(folder).name + "-not")  # begins with the allowed folder's name
    near.mkdir()
    refused_export(model, "--allow-links", folder / "sub")
    refused_export(model, "--allow-links", near)
    refused_export(model, "--allow-links", folder / "missing")


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 65), (64, 1), (65, 0), (1 << 63, 1), (1, (1 << 64) - 1), (None, 1 << 40)]
)
def test_external_ranges_beyond_the_file(offset: int | None, length: int, folder: Path) -> None:
    assert "w" in refused_export(write_external(folder, "inside.bin", offset, length)).message


@pytest.mark.parametrize("value", ["", " 1", "1 ", "-1", "0x10", "1e3", "18446744073709551616", "1.0"])
@pytest.mark.parametrize("key", ["offset", "length"])
def test_external_numbers_that_are_none(key: str, value: str, folder: Path) -> None:
    refused_export(write_external(folder, "inside.bin", **{"offset": None, "length": None, key: value}))


# ---- the .onnxdata file, and the model that a GraphML file refers to ----


def edit_weights(graphml: Path, **changes: object) -> None:
    text = graphml.read_text()

    def changed(found: re.Match) -> str:
        return found[1] + json.dumps({**json.loads(found[2]), **changes}).replace("<", "&lt;") + found[3]

    text, count = re.subn(r'(<data key="n36">)(.*?)(</data>)', changed, text)
    assert count == 1
    graphml.write_text(text)


@pytest.mark.parametrize("way", [way for way in LEADING_OUT if way not in ("a folder", "a folder with a slash")])
def test_sidecars_outside(way: str, copied: Copied) -> None:
    outside(copied.folder).joinpath("secret.bin").write_bytes(copied.sidecar.read_bytes())
    location = LEADING_OUT[way](copied.folder)
    edit_weights(copied.graphml, file=location)
    if way == "link within":
        (copied.folder / "real.bin").write_bytes(copied.sidecar.read_bytes())
    import_(copied.graphml, copied.output).expect_error(3)
    assert not copied.output.exists()


def test_a_sidecar_may_be_a_link_into_an_allowed_folder(copied: Copied, exported: Exported) -> None:
    target = outside(copied.folder) / "blob"
    copied.sidecar.rename(target)
    os.symlink(target, copied.sidecar)
    import_(copied.graphml, copied.output).expect_error(3)
    import_(copied.graphml, copied.output, "--allow-links", target.parent).expect_success()
    assert copied.output.read_bytes() == exported.model.read_bytes()


def test_a_sidecar_that_the_user_names_may_be_anywhere(copied: Copied, exported: Exported) -> None:
    target = outside(copied.folder) / "blob"
    copied.sidecar.rename(target)
    import_(copied.graphml, copied.output, "--sidecar", target).expect_success()
    assert copied.output.read_bytes() == exported.model.read_bytes()


@pytest.mark.parametrize("way", ["parent", "absolute", "link to a file", "link on the way", "empty"])
def test_referred_models_outside(way: str, folder: Path, exported: Exported) -> None:
    model, graphml = folder / "model.onnx", folder / "model.graphml"
    model.write_bytes(exported.model.read_bytes())
    export(model, graphml, "--strategy", "reference").expect_success()
    model.rename(outside(folder) / "secret.bin")
    edit_weights(graphml, file=LEADING_OUT[way](folder))
    import_(graphml, folder / "out.onnx").expect_error(3)
    assert not (folder / "out.onnx").exists()


# ---- writing external data ----


def exported_external(folder: Path, location: str) -> Path:
    """A GraphML file whose import writes the external data file `location`."""
    (folder / location).parent.mkdir(parents=True, exist_ok=True)
    (folder / location).write_bytes(DATA)
    graphml = folder / "out.graphml"
    export(write_external(folder, location), graphml).expect_success()
    return graphml


def target_folder(folder: Path) -> Path:
    path = folder / "target"
    path.mkdir()
    return path


def test_writing_through_a_linked_folder(folder: Path) -> None:
    graphml = exported_external(folder, "data/w.bin")
    target = target_folder(folder)
    elsewhere = outside(folder)
    os.symlink(elsewhere, target / "data")
    import_(graphml, target / "model.onnx").expect_error(3, 5)
    assert os.listdir(target) == ["data"] and os.listdir(elsewhere) == ["secret.bin"]


def test_writing_onto_a_link(folder: Path) -> None:
    graphml = exported_external(folder, "w.bin")
    target = target_folder(folder)
    secret = outside(folder) / "secret.bin"
    secret.write_bytes(b"mine")
    os.symlink(secret, target / "w.bin")
    import_(graphml, target / "model.onnx").expect_error(3, 5)
    assert os.listdir(target) == ["w.bin"] and secret.read_bytes() == b"mine"


@pytest.mark.parametrize(
    "location", ["../w.bin", "/tmp/modelexport-must-not-be-there.bin", "a/../../w.bin", "", "model.onnx"]
)
def test_writing_outside(location: str, folder: Path) -> None:
    """The location edited in the GraphML file, wherever it stands there."""
    graphml = exported_external(folder, "w.bin")
    graphml.write_text(graphml.read_text().replace('"w.bin"', json.dumps(location)))
    target = target_folder(folder)
    import_(graphml, target / "model.onnx").expect_error(3, 5)
    assert os.listdir(target) == []
    assert not (folder / "target" / ".." / "w.bin").resolve().with_name("w.bin.tmp").exists()
    assert not Path("/tmp/modelexport-must-not-be-there.bin").exists()


def test_an_external_file_of_another_model_in_the_way(folder: Path) -> None:
    graphml = exported_external(folder, "w.bin")
    target = target_folder(folder)
    (target / "w.bin").write_bytes(DATA[::-1])
    result = import_(graphml, target / "model.onnx").expect_error(5)
    assert "w.bin" in result.message
    assert os.listdir(target) == ["w.bin"] and (target / "w.bin").read_bytes() == DATA[::-1]
