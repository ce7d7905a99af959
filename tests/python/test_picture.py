"""The picture for yEd, as it stands in the file: no box upon another, edges that run downwards, few crossings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tools import picture
from tools.program import run

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = sorted((REPOSITORY / "samples").glob("*.onnx"))
ODD = REPOSITORY / "build" / "corpus" / "odd"


def odd_models() -> list[Path]:
    """Models of the corpus, which tests/roundtrip.py makes too."""
    if not ODD.is_dir():
        import subprocess
        import sys

        subprocess.run([sys.executable, str(REPOSITORY / "tests" / "corpus" / "generate.py"), str(ODD)], check=True)
    return sorted(p for p in ODD.rglob("*.onnx") if p.name != "noncanonical.onnx")


def export(model: Path, folder: Path, *options: str) -> picture.Picture:
    output = folder / "picture.graphml"
    run("export-graphml", model, "-o", output, *options).expect_success()
    return picture.Picture(output)


def check(p: picture.Picture) -> None:
    assert picture.overlapping(p) == []
    assert picture.outside(p) == []
    assert picture.upward(p) == []
    assert picture.loose(p) == []
    assert picture.refitted(p) == []


@pytest.mark.parametrize("depth", [(), ("--collapse-depth", "auto"), ("--collapse-depth", "0")], ids=["open", "auto", "0"])
@pytest.mark.parametrize("model", SAMPLES, ids=lambda p: p.stem)
def test_samples(model: Path, depth: tuple[str, ...], tmp_path: Path) -> None:
    check(export(model, tmp_path, *depth))


@pytest.mark.parametrize("depth", [(), ("--collapse-depth", "auto")], ids=["open", "auto"])
def test_odd_models(depth: tuple[str, ...], tmp_path: Path) -> None:
    models = odd_models()
    assert len(models) > 100
    for model in models:
        try:
            check(export(model, tmp_path, *depth))
        except AssertionError as e:
            raise AssertionError(f"{model.relative_to(ODD)}: {e}") from e


@pytest.mark.parametrize("model", SAMPLES, ids=lambda p: p.stem)
def test_no_line_is_shared(model: Path, tmp_path: Path) -> None:
    for parts in picture.pieces(export(model, tmp_path)).values():
        assert picture.shared_lines([(p.value, p.points) for p in parts]) == 0


@pytest.mark.parametrize("model", SAMPLES, ids=lambda p: p.stem)
def test_first_view_is_small(model: Path, tmp_path: Path) -> None:
    p = export(model, tmp_path, "--collapse-depth", "auto")
    top = next(b for b in p.boxes.values() if b.parent is None)
    shown = [b for b in p.boxes.values() if b.parent and all_open(b.parent)]
    assert len(shown) <= max(30, len(top.children))


def all_open(box: picture.Box | None) -> bool:
    while box:
        if not box.open:
            return False
        box = box.parent
    return True


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
@pytest.mark.parametrize("model", SAMPLES, ids=lambda p: p.stem)
def test_crossings_are_few(model: Path, tmp_path: Path) -> None:
    """Where an edge runs back, what it goes around has to cross it: dot, which knows no ports, is no measure there."""
    p = export(model, tmp_path)
    for group, parts in picture.pieces(p).items():
        if any(part.back for part in parts):
            continue
        ours = picture.drawn_crossings([(part.value, part.points) for part in parts])
        theirs = picture.crossings(picture.dot_ways(p.boxes[group], parts))
        assert ours <= 1.2 * theirs, f"{group}: {ours} crossings, dot has {theirs}"


def test_equal_modules_look_equal(tmp_path: Path) -> None:
    """The residual layers of a stage: same sizes, same places of what they hold."""
    p = export(REPOSITORY / "samples" / "resnet_thin.onnx", tmp_path)
    shapes: dict = {}
    for box in p.groups():
        inside = tuple((c.x - box.x, c.y - box.y, c.w, c.h) for c in box.children)
        shapes.setdefault((box.kind, tuple((c.kind, c.is_group, c.w, c.h) for c in box.children)), set()).add(inside)
    alike = [s for key, s in shapes.items() if len(key[1]) > 1]
    assert alike and all(len(s) == 1 for s in alike)


def test_without_a_layout(tmp_path: Path) -> None:
    p = export(SAMPLES[0], tmp_path, "--no-layout")
    assert picture.overlapping(p) == [] and picture.outside(p) == []
    assert picture.refitted(p) == []
    assert all(not e.points for e in p.edges)
