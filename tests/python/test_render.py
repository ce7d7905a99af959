"""Pictures: SVG files that are whole, the same each time and from either format; pages that hold nothing foreign."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from test_picture import ODD, odd_models
from tools import small_model
from tools.program import run
from tools.svg import Svg

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = sorted((REPOSITORY / "samples").glob("*.onnx"))
DEPTHS = ("auto", "0", "1", "3", "all")


def render(model: Path, output: Path, *options: str) -> Path:
    run("render", model, output, *options).expect_success()
    return output


def page_parts(page: str) -> tuple[dict, list[list]]:
    """The JSON of a page: the model, and the line of each box."""
    blocks = re.findall(r'<script type="application/json" id="(model|details)">(.*?)</script>', page, re.S)
    assert [name for name, _ in blocks] == ["model", "details"]
    return json.loads(blocks[0][1]), [json.loads(line) for line in blocks[1][1].split("\n")[:-1]]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.onnx"
    path.write_bytes(small_model.make())
    return path


# ---- SVG ----


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("model", SAMPLES, ids=lambda p: p.stem)
def test_boxes_stand_apart(model: Path, depth: str, tmp_path: Path) -> None:
    svg = Svg(render(model, tmp_path / "m.svg", "--depth", depth))
    assert svg.boxes and svg.frames and svg.edges
    assert svg.overlapping() == []
    left, top, width, height = (float(v) for v in svg.root.get("viewBox", "").split())
    for r in svg.boxes + svg.frames:
        assert left <= r.x and top <= r.y and r.x + r.w <= left + width and r.y + r.h <= top + height


@pytest.mark.parametrize("model", SAMPLES, ids=lambda p: p.stem)
def test_edges_are_orthogonal(model: Path, tmp_path: Path) -> None:
    svg = Svg(render(model, tmp_path / "m.svg", "--depth", "all"))
    for edge in svg.edges:
        corners = svg.corners(edge)
        assert len(corners) >= 2
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in zip(corners, corners[1:])), edge.get("d")


def test_depth_decides_what_is_open(tmp_path: Path) -> None:
    model = REPOSITORY / "samples" / "bert_tiny.onnx"
    counts = [len(Svg(render(model, tmp_path / "m.svg", "--depth", d)).frames) for d in ("0", "1", "2", "all")]
    assert counts[0] == 1
    assert counts == sorted(counts) and len(set(counts)) == 4


def test_texts(small: Path, tmp_path: Path) -> None:
    svg = Svg(render(small, tmp_path / "m.svg", "--depth", "all"))
    for text in ("MatMul", "weight", "4×4", "LeakyRelu", "alpha", "0.25", "▾ If", "Twice", "f32 batch×4"):
        assert text in svg.texts, text
    assert any("/encoder/layer.0/MatMul" in t for t in svg.titles)
    assert any(t.startswith("h · ") and t.endswith("batch×4") for t in svg.titles)


def test_constants_are_lines(tmp_path: Path) -> None:
    axes = numpy_helper.from_array(np.array([1], dtype=np.int64), "a")
    nodes = [
        helper.make_node("Constant", [], ["axes"], value=axes),
        helper.make_node("Unsqueeze", ["x", "axes"], ["u"]),
        helper.make_node("Relu", ["u"], ["y"]),
    ]
    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "g", value[:1], value[1:]), opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, tmp_path / "m.onnx")
    svg = Svg(render(tmp_path / "m.onnx", tmp_path / "m.svg"))
    assert "Constant" not in svg.texts
    assert "axes" in svg.texts and "[1]" in svg.texts
    assert len(svg.boxes) == 4


def same_from_graphml(model: Path, folder: Path, drawn: list[tuple[Path, tuple[str, ...]]]) -> None:
    """What was drawn of a model, with these options, is to the byte what is drawn of its GraphML."""
    run("export-graphml", model, "-o", folder / "same.graphml", "-q").expect_success()
    for file, options in drawn:
        again = render(folder / "same.graphml", folder / f"same{file.suffix}", *options)
        assert again.read_bytes() == file.read_bytes(), f"{model}: {file.suffix}"


@pytest.mark.parametrize("ending", ["svg", "html"])
@pytest.mark.parametrize("model", SAMPLES, ids=lambda p: p.stem)
def test_same_from_either_format(model: Path, ending: str, tmp_path: Path) -> None:
    for options in (("--depth", "2"), (), ("--depth", "all")):
        first = render(model, tmp_path / f"a.{ending}", *options)
        assert render(model, tmp_path / f"b.{ending}", *options).read_bytes() == first.read_bytes()
        same_from_graphml(model, tmp_path, [(first, options)])


def test_odd_models(tmp_path: Path) -> None:
    models = odd_models() + sorted(ODD.rglob("noncanonical.onnx"))
    assert len(models) > 100
    for model in models:
        drawn = render(model, tmp_path / "m.svg", "--depth", "all", "-q")
        assert Svg(drawn).overlapping() == [], model
        page = render(model, tmp_path / "m.html", "-q")
        parts, details = page_parts(page.read_text(encoding="utf-8"))
        assert len(parts["name"]) == len(details) == len(parts["box"]) // 2, model
        same_from_graphml(model, tmp_path, [(drawn, ("--depth", "all", "-q")), (page, ("-q",))])


# ---- labels that would do harm ----

HOSTILE = [
    "<html><b>bold</b>",
    "</title></script><script>alert(1)</script>",
    "]]><!--<script>",
    "a\x00b\x01c\x1b[31m\x7f",
    "\u2028\u202e\ufffe\u2067\u200f",
    "javascript:alert(1)",
    '"\'&amp;<&>',
    "</g></svg>" * 20000,
    "x" * 1_000_000,
]


def hostile_model() -> bytes:
    nodes, value = [], "x"
    for i, label in enumerate(HOSTILE):
        out = f"{label}:{i}"
        nodes.append(helper.make_node("Custom", [value], [out], name=label, domain="d", text=label, doc_string=label))
        nodes[-1].metadata_props.add(key=label, value=label)
        value = out
    nodes.append(helper.make_node("</script>" + "T" * 5000, [value], ["y"], name="last", domain="<d>"))
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["</script><b>", 4]) for n in "xy"]
    graph = helper.make_graph(nodes, HOSTILE[1], ends[:1], ends[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("d", 1), helper.make_opsetid("<d>", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    return model.SerializeToString().replace(b"T" * 50, b"\xff" * 50, 1)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.onnx"
    path.write_bytes(hostile_model())
    return path


def test_hostile_svg(hostile: Path, tmp_path: Path) -> None:
    output = render(hostile, tmp_path / "m.svg", "--depth", "all")
    svg = Svg(output)
    tags = {e.tag.rsplit("}")[-1] for e in svg.root.iter()}
    assert tags <= {"svg", "title", "style", "defs", "marker", "path", "rect", "g", "text", "tspan"}
    assert not [a for e in svg.root.iter() for a in e.attrib if "href" in a or a.startswith("on")]
    assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", output.read_text(encoding="utf-8"))
    assert len(svg.boxes) == len(HOSTILE) + 3
    assert output.stat().st_size < 250_000, "long names are cut"


def test_hostile_page(hostile: Path, tmp_path: Path) -> None:
    page = render(hostile, tmp_path / "m.html", "--depth", "all").read_text(encoding="utf-8")
    assert page.count("<script") == 4 == page.count("</script")
    assert "<b>" not in page
    assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", page)
    model, details = page_parts(page)
    assert len(model["name"]) == len(details) > len(HOSTILE)
    assert len(page) < 400_000


def test_page_allows_only_itself(small: Path, tmp_path: Path) -> None:
    page = render(small, tmp_path / "m.html").read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy and "default-src 'none'" in policy[1] and "unsafe" not in policy[1]
    script = page[page.rindex("<script>") + 8 : page.rindex("</script>")]
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    for text, name in ((script, "script-src"), (style, "style-src")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy[1]
    addresses = set(re.findall(r"https?://[^\"'\s<]*", page))
    assert addresses == {"http://www.w3.org/2000/svg"}, "the name of a namespace is all that looks like an address"
    assert not re.search(r"\s(src|href|style|on\w+)=", page.split("<script")[0])


def test_page_knows_the_model(small: Path, tmp_path: Path) -> None:
    model, details = page_parts(render(small, tmp_path / "m.html").read_text(encoding="utf-8"))
    add = model["name"].index("/encoder/layer.0/Add")
    name, kind, inputs, outputs, *_ = details[add]
    assert kind == "Add"
    matmul, port = inputs[0][2:]
    assert details[matmul][1] == "MatMul" and details[matmul][3][port][0] == "m"
    assert inputs[1][:3] == ["encoder.layer.0.bias", "f32 4", -1]
    assert add in details[matmul][3][0][2:]
    assert {details[u][1] for u in outputs[0][2:]} == {"Relu", "Neg"}, "bodies use what they capture"
    end = model["name"].index("end")
    assert ["alpha", "0.25"] in details[end][4] and details[end][6] == "a <doc> & more"


# ---- what goes wrong ----


@pytest.mark.parametrize("name", ["m.png", "m", "m.svg.txt", "svg"])
def test_other_endings(name: str, small: Path, tmp_path: Path) -> None:
    before = set(os.listdir(tmp_path))
    result = run("render", small, tmp_path / name).expect_error(2)
    assert b".svg or .html" in result.stderr
    assert set(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("ending", ["svg", "html"])
def test_errors_leave_nothing(ending: str, small: Path, tmp_path: Path) -> None:
    run("render", tmp_path / "none.onnx", tmp_path / f"m.{ending}").expect_error(3)
    (tmp_path / "bad.onnx").write_bytes(b"\x0a\xff\xff")
    run("render", tmp_path / "bad.onnx", tmp_path / f"m.{ending}").expect_error(3)
    run("render", small, tmp_path / "nowhere" / f"m.{ending}").expect_error(5)
    run("render", small, tmp_path / f"m.{ending}", "--depth", "-1").expect_error(2)
    assert sorted(os.listdir(tmp_path)) == ["bad.onnx", "small.onnx"]
