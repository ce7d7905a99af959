"""The picture for yEd, as it stands in the file: no box upon another, edges that run downwards, few crossings."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import onnx
import pytest
from tools import picture
from tools.editor import YedEditor
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
    shown = [b for b in p.boxes.values() if b.parent and all_open(b.parent)]
    assert len(shown) <= 30


# ---- frames: groups without data around runs of auxiliary operators -----------------------------------------------------


FRAMED = REPOSITORY / "samples" / "bert_tiny.onnx"


class Framed:
    """The sample with frames, as yEd has it open, and how it comes back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        export(FRAMED, folder, "--collapse-depth", "auto")
        self.editor = YedEditor(folder / "picture.graphml", 1)
        self.groups = [n for n in self.editor.nodes() if n.children is not None]
        self.frames = [n for n in self.editor.model().children.nodes if self.is_frame(n)]

    def is_frame(self, node: Any) -> bool:
        return node.children is not None and not self.editor.get(node, "node_kind")

    def inside(self, frame: int) -> list[str]:
        return [self.editor.get(n, "name") for n in self.frames[frame].children.nodes]

    def back(self) -> None:
        self.editor.save(self.folder / "edited.graphml")
        run("import-onnx", self.folder / "edited.graphml", self.folder / "back.onnx", "--validate", "--report",
            self.folder / "report.json").expect_success()

    def report(self) -> dict:
        return json.loads((self.folder / "report.json").read_text())

    def unchanged(self) -> bool:
        """Nothing was edited, and the same bytes come back."""
        self.back()
        return (self.folder / "back.onnx").read_bytes() == FRAMED.read_bytes()


@pytest.fixture
def framed(tmp_path: Path) -> Framed:
    return Framed(tmp_path)


def test_frames_hold_auxiliary_operators(framed: Framed) -> None:
    assert len(framed.frames) >= 2
    for group in framed.groups:
        for frame in filter(framed.is_frame, group.children.nodes):
            assert frame.data == [] and len(frame.children.nodes) >= 4
            title = f"auxiliary, {len(frame.children.nodes)} operators"
            assert [label.lstrip("\xa0") for label in frame.labels + frame.folded_labels[:1]] == [title, title]
            for node in frame.children.nodes:
                assert framed.editor.get(node, "node_kind") == "operator"
                assert framed.editor.get(node, "parent") == framed.editor.get(group, "compound_key")
    assert framed.unchanged()


def test_no_frames_without_auto(tmp_path: Path) -> None:
    for depth in ((), ("--collapse-depth", "0")):
        assert "frame" not in {b.kind for b in export(FRAMED, tmp_path, *depth).boxes.values()}


def test_no_frames_in_small_groups(tmp_path: Path) -> None:
    p = export(REPOSITORY / "samples" / "resnet_thin.onnx", tmp_path, "--collapse-depth", "auto")
    assert all(len(b.children) <= 30 for b in p.groups()) and "frame" not in {b.kind for b in p.boxes.values()}


def test_constants_stand_in_the_frame_that_alone_uses_them(framed: Framed) -> None:
    users: dict[str, set[str]] = {}
    for source, _, target, _ in framed.editor.edges():
        users.setdefault(framed.editor.get(source, "name"), set()).add(framed.editor.get(target, "name"))
    top = [n for n in framed.editor.model().children.nodes if framed.editor.get(n, "op_type") == "Constant"]
    constants = [n for f in framed.frames for n in f.children.nodes if framed.editor.get(n, "op_type") == "Constant"]
    assert constants
    for i in range(len(framed.frames)):
        inside = set(framed.inside(i))
        for name in (framed.editor.get(n, "name") for n in constants):
            assert name not in inside or users[name] <= inside
        for n in top:
            assert not users[framed.editor.get(n, "name")] <= inside


def test_out_of_a_frame_and_into_one_is_no_move(framed: Framed) -> None:
    out, into = framed.inside(0)[0], framed.inside(1)[0]
    node, other = framed.editor.node(out), framed.editor.node(into)
    framed.frames[0].children.nodes.remove(node)
    framed.editor.model().children.nodes.append(node)
    framed.frames[1].children.nodes.remove(other)
    framed.frames[0].children.nodes.append(other)
    assert framed.unchanged() and framed.report()["changes"] == []


def test_a_label_of_a_frame_says_nothing(framed: Framed) -> None:
    framed.editor.label(framed.frames[0], "masks")
    assert framed.unchanged() and framed.report()["changes"] == []


def test_a_frame_with_a_name_is_a_module(framed: Framed) -> None:
    names = framed.inside(0)
    framed.editor.set(framed.frames[0], "name", "masks")
    framed.editor.set(framed.frames[0], "class_name", "Masks")
    framed.back()
    changes = framed.report()["changes"]
    assert {c["node"] for c in changes if c["kind"] == "moved" and c["after"] == "masks"} == set(names)
    assert [c["node"] for c in changes if c["kind"] == "added"] == ["masks"]


def test_a_deleted_frame_takes_its_inside_along(framed: Framed) -> None:
    """What it made is taken from elsewhere then: here from an input of the model."""
    gone, frame = set(framed.inside(0)), framed.frames[0].children.nodes
    left = [(b, q) for a, _, b, q in framed.editor.edges() if a in frame and b not in frame]
    assert left
    framed.editor.delete(framed.frames[0])
    for target, port in left:
        framed.editor.draw(framed.editor.node("attention_mask"), target, 0, port)
    framed.editor.save(framed.folder / "edited.graphml")
    run("import-onnx", framed.folder / "edited.graphml", framed.folder / "back.onnx").expect_success()
    before, after = ({n.name for n in onnx.load(p).graph.node} for p in (FRAMED, framed.folder / "back.onnx"))
    assert before - after == gone and after <= before


def test_frames_are_the_same_each_time(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        export(FRAMED, tmp_path / name, "--collapse-depth", "auto")
        files.append((tmp_path / name / "picture.graphml").read_bytes())
    assert files[0] == files[1] and b'<node id="f0" yfiles.foldertype="folder">' in files[0]


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


def chains_through_modules(order: list[int]) -> onnx.ModelProto:
    """Values that run side by side through modules in modules; `order` is that of the nodes in the file."""
    n = len(order)
    modules = ["/a/core/deep", "/b/core/deep/deeper", "/c"]
    nodes = [onnx.helper.make_node("Relu", [f"{k}_{i}" if k else f"x{i}"], [f"{k + 1}_{i}" if k < 2 else f"y{i}"],
                                   name=f"{module}/Relu_{i}")
             for k, module in enumerate(modules) for i in order[k:] + order[:k]]
    value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2])  # noqa: E731
    graph = onnx.helper.make_graph(nodes, "g", [value(f"x{i}") for i in range(n)],
                                   [value(f"y{(i * 3 + 1) % n}") for i in range(n)])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)


@pytest.mark.parametrize("seed", range(4))
def test_ports_of_groups_agree(seed: int, tmp_path: Path) -> None:
    """What is in a group and what is around it settle for one order at its border: here nothing has to cross."""
    order = random.Random(seed).sample(range(7), 7)
    onnx.save(chains_through_modules(order), tmp_path / "m.onnx")
    p = export(tmp_path / "m.onnx", tmp_path)
    check(p)
    parts = picture.pieces(p)
    assert len(parts) == 9
    crossings = {g: picture.drawn_crossings([(q.value, q.points) for q in found]) for g, found in parts.items()}
    assert crossings == dict.fromkeys(parts, 0)


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
