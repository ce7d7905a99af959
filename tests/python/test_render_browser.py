"""The page of `render` in a real browser: it is opened, looked around in, and asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_render import HOSTILE, hostile_model
from tools import browser, small_model
from tools.browser import Browser
from tools.program import run
from tools.svg import Svg

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = sorted((REPOSITORY / "samples").glob("*.onnx"))

pytestmark = pytest.mark.skipif(browser.program() is None, reason="no Chromium is installed (apt-get install chromium), or $CHROMIUM")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with Browser() as b:
        yield b


def page(model: Path, folder: Path, *options: str) -> Path:
    output = folder / "page.html"
    run("render", model, output, *options).expect_success()
    return output


@pytest.fixture
def bert(chromium: Browser, tmp_path: Path) -> Iterator[Browser]:
    """bert_tiny with all folded."""
    chromium.errors.clear()
    chromium.requests.clear()
    path = page(REPOSITORY / "samples" / "bert_tiny.onnx", tmp_path, "--depth", "0")
    chromium.open(path)
    yield chromium
    assert chromium.errors == []
    assert {r.split("#")[0] for r in chromium.requests} <= {path.resolve().as_uri(), "about:blank"}, "nothing else is ever loaded"


def shown(b: Browser) -> list[str]:
    """Names of the boxes that are drawn."""
    return b.run("[...document.querySelectorAll('#all [role=treeitem]')].map(e => model.names[e.id.slice(1)])")


def selector(b: Browser, name: str) -> str:
    return "#b" + str(b.run(f"model.names.indexOf({json.dumps(name)})"))


def open_groups(b: Browser) -> list[str]:
    return b.run("[...open].flatMap((o, i) => o && i ? [model.names[i]] : [])")


def panel(b: Browser) -> str:
    return b.run("document.getElementById('panel').hidden ? '' : document.getElementById('panel').innerText")


# ---- unfolding ----


def test_unfolds_two_groups(bert: Browser) -> None:
    assert "encoder" in shown(bert) and "encoder.layer.0" not in shown(bert)
    bert.click(selector(bert, "encoder") + " .sign")
    assert "encoder.layer.0" in shown(bert)
    bert.click(selector(bert, "encoder.layer.0") + " .sign")
    assert "encoder.layer.0.attention" in shown(bert)
    assert open_groups(bert) == ["encoder", "encoder.layer.0"]
    assert bert.run("document.querySelector('#all [aria-expanded=true][aria-label^=\"encoder.layer.0\"]') !== null")
    bert.click(selector(bert, "encoder.layer.0") + " .sign")
    assert open_groups(bert) == ["encoder"]


def test_double_click(bert: Browser) -> None:
    bert.click(selector(bert, "encoder") + " .b", times=2)
    assert open_groups(bert) == ["encoder"]


def test_what_is_unfolded_stays_where_it_was(bert: Browser) -> None:
    place = "(r => [r.x, r.y])(document.querySelector('{}').getBoundingClientRect())"
    target = selector(bert, "encoder")
    before = bert.run("(b => [b.x * view.k + view.x, b.y * view.k + view.y])(boundsOf(" + target[2:] + "))")
    bert.click(target + " .sign")
    after = bert.run("(b => [b.x * view.k + view.x, b.y * view.k + view.y])(boundsOf(" + target[2:] + "))")
    assert before == pytest.approx(after, abs=0.01)
    assert bert.run(place.format(target))


def test_fold_all(bert: Browser) -> None:
    bert.run("choose(model.names.indexOf('encoder.layer.1.attention.self'), true)")
    assert len(open_groups(bert)) >= 3
    bert.click("#fold")
    assert open_groups(bert) == []


# ---- search, details ----


def test_search_and_details(bert: Browser) -> None:
    bert.run("document.getElementById('picture').focus()")
    bert.key("/")
    assert bert.run("document.activeElement.id") == "search"
    bert.type("LayerNormalization")
    entries = bert.run("[...document.querySelectorAll('#results li')].map(e => e.innerText)")
    assert len(entries) >= 5 and all("LayerNorm" in e for e in entries)
    assert f"{len(entries)} found" in bert.run("document.getElementById('found').textContent")
    bert.key("ArrowDown")
    bert.key("ArrowDown")
    chosen = bert.run("document.querySelector('#results [aria-selected=true] small').innerText")
    bert.key("Enter")
    text = panel(bert)
    assert chosen in text and "LayerNormalization" in text
    for piece in ("weight", "f32 32", "axis", "-1", "INPUTS", "OUTPUTS", "Add"):
        assert piece in text, piece
    assert chosen in shown(bert), "groups around it were opened"
    assert bert.run("document.getElementById('picture').getAttribute('aria-activedescendant')") == "b" + str(
        bert.run("view.chosen")
    )


def test_search_by_tag(chromium: Browser, tmp_path: Path) -> None:
    tagged = tmp_path / "tagged.onnx"
    run("export", REPOSITORY / "samples" / "bert_tiny.onnx", tagged, "-q").expect_success()
    chromium.open(page(tagged, tmp_path))
    tag = chromium.run("model.data.groups.map(g => g[2]).sort((a, b) => b.length - a.length)[0]")
    assert tag.startswith("/")
    boxes = chromium.run(f"find({json.dumps(tag)})")
    assert boxes and chromium.run(f"find({json.dumps(tag)}).every(b => tagOf(b).startsWith({json.dumps(tag)}))")
    chromium.run(f"choose({boxes[0]}, true)")
    assert tag in panel(chromium)


def test_edges_can_be_followed(bert: Browser) -> None:
    bert.run("choose(model.names.findIndex((n, i) => titleOf(i) === 'Softmax'), true)")
    first = bert.run("view.chosen")
    bert.click("#panel li button[data-to]")
    second = bert.run("view.chosen")
    assert first != second
    assert first in bert.run(f"detailsOf({second}).outputs.flatMap(o => o.slice(2))"), "it is what makes the input"
    bert.run("document.getElementById('picture').focus()")
    bert.key("]")
    assert bert.run("view.chosen") in bert.run(f"detailsOf({second}).outputs[0].slice(2)")


def test_details_of_an_edge(bert: Browser) -> None:
    value = bert.run("Number(document.querySelector('#all path[data-value]').dataset.value)")
    bert.run(f"describeValue({value})")
    text = panel(bert)
    assert "MADE BY" in text and "USED BY" in text and bert.run(f"valueOf({value}).name") in text


# ---- keys, address, theme ----


def test_keys(bert: Browser) -> None:
    bert.run("document.getElementById('picture').focus()")
    bert.run("choose(model.names.indexOf('encoder'), false)")
    bert.key("ArrowRight")
    assert open_groups(bert) == ["encoder"]
    bert.key("ArrowRight")
    inside = bert.run("model.parent[view.chosen]")
    assert bert.run(f"model.names[{inside}]") == "encoder"
    first = bert.run("view.chosen")
    bert.key("ArrowDown")
    assert bert.run("view.chosen") != first
    bert.key("ArrowUp")
    assert bert.run("view.chosen") == first
    assert bert.run("document.getElementById('live').textContent")
    bert.key("ArrowLeft")
    assert bert.run("view.chosen") == inside
    bert.key("Enter")
    assert open_groups(bert) == []
    bert.key("Escape")
    assert bert.run("view.chosen") == -1 and panel(bert) == ""


def test_address(bert: Browser, tmp_path: Path) -> None:
    bert.click(selector(bert, "encoder") + " .sign")
    bert.click(selector(bert, "encoder.layer.1") + " .sign")
    bert.run("choose(model.names.indexOf('encoder.layer.1.attention'), false)")
    address = bert.run("location.hash")
    assert "encoder.layer.1" in address
    groups, chosen = open_groups(bert), bert.run("view.chosen")
    bert.go("about:blank")
    bert.open(tmp_path / "page.html", address)
    assert open_groups(bert) == groups and bert.run("view.chosen") == chosen
    bert.run("location.hash = '#at=~99999999&open=%ff,nowhere,~-1'")
    bert.run("new Promise(done => setTimeout(done, 50))")
    assert open_groups(bert) == []


def test_theme(bert: Browser) -> None:
    ground = "getComputedStyle(document.querySelector('#all rect.g0')).fill"
    before = bert.run(ground)
    bert.click("#theme")
    assert bert.run(ground) != before
    bert.click("#theme")
    assert bert.run(ground) == before


def test_wheel_and_drag(bert: Browser) -> None:
    scale, x = bert.run("view.k"), bert.run("view.x")
    bert.call("Input.dispatchMouseEvent", type="mouseWheel", x=600, y=400, deltaX=0, deltaY=-200)
    assert bert.run("view.k") > scale
    x = bert.run("view.x")
    bert.call("Input.dispatchMouseEvent", type="mousePressed", x=20, y=500, button="left", buttons=1, clickCount=1)
    for step in (40, 80, 120):
        bert.call("Input.dispatchMouseEvent", type="mouseMoved", x=20 + step, y=500, button="left", buttons=1)
    bert.call("Input.dispatchMouseEvent", type="mouseReleased", x=140, y=500, button="left", clickCount=1)
    assert bert.run("view.x") == pytest.approx(x + 120, abs=1)
    assert bert.run("view.chosen") == -1, "a drag is no click"


def test_pinch(bert: Browser) -> None:
    scale = bert.run("view.k")
    for width in (100, 150, 200):
        points = [{"x": 600 - width, "y": 400, "id": 1}, {"x": 600 + width, "y": 400, "id": 2}]
        bert.call("Input.dispatchTouchEvent", type="touchStart" if width == 100 else "touchMove", touchPoints=points)
    bert.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    assert bert.run("view.k") == pytest.approx(min(2 * scale, 4), rel=0.05)


def test_screen_readers_are_told(bert: Browser) -> None:
    nodes = bert.call("Accessibility.getFullAXTree")["nodes"]
    said = {(n["role"]["value"], n.get("name", {}).get("value", "")): n for n in nodes if not n["ignored"]}
    groups = [n for (role, name), n in said.items() if role == "treeitem" and name.startswith("encoder, ")]
    assert len(groups) == 1
    properties = {p["name"]: p["value"].get("value") for p in groups[0]["properties"]}
    assert properties["expanded"] is False and properties["level"] == 2
    roles = {role for role, _ in said}
    assert {"tree", "treeitem", "toolbar", "button", "status"} <= roles
    assert all(name for role, name in said if role in ("button", "tree", "treeitem", "combobox", "searchbox"))


# ---- the layout that the page makes ----

# Of all pictures: siblings that overlap, children outside of their group, lines that are not orthogonal or miss their box.
CHECK = """(() => {
  const bad = [];
  for (const [box, p] of pictures) {
    const children = childrenOf(box), n = p.x.length;
    const apart = (i, j) => p.x[i] + p.cw[i] <= p.x[j] || p.x[j] + p.cw[j] <= p.x[i] || p.y[i] + p.ch[i] <= p.y[j] || p.y[j] + p.ch[j] <= p.y[i];
    for (let i = 0; i < n; i++) {
      if (!(p.x[i] >= 0 && p.y[i] >= 0 && p.x[i] + p.cw[i] <= p.w && p.y[i] + p.ch[i] <= p.h)) bad.push(['outside', box, children[i]]);
      for (let j = 0; j < i; j++) if (!apart(i, j)) bad.push(['overlap', children[i], children[j]]);
    }
    p.links.forEach((l, k) => {
      const q = p.points(k), end = q.length - 2;
      for (let i = 2; i <= end; i += 2) {
        if (q[i] !== q[i - 2] && q[i + 1] !== q[i - 1]) bad.push(['slanted', box, k]);
        if (!l.back && q[i + 1] < q[i - 1]) bad.push(['upward', box, k]);
        for (let c = 0; c < n; c++) {
          const low = Math.min(q[i], q[i - 2]), high = Math.max(q[i], q[i - 2]), top = Math.min(q[i + 1], q[i - 1]), bottom = Math.max(q[i + 1], q[i - 1]);
          if (high > p.x[c] && low < p.x[c] + p.cw[c] && bottom > p.y[c] && top < p.y[c] + p.ch[c]) bad.push(['through', children[c], k]);
        }
      }
      const meets = (c, x, y) => x >= p.x[c] && x <= p.x[c] + p.cw[c] && Math.abs(y) < 0.01;
      if (l.from >= 0 && !meets(l.from, q[0], q[1] - p.y[l.from] - p.ch[l.from])) bad.push(['loose start', box, k]);
      if (l.to >= 0 && !meets(l.to, q[end], q[end + 1] - p.y[l.to])) bad.push(['loose end', box, k]);
    });
  }
  return bad.slice(0, 20);
})()"""


def check_all_depths(b: Browser) -> None:
    for depth in range(0, 12):
        b.run(f"change([...open.keys()].filter(i => isGroup(i) && model.depth[i] === {depth}), true, 0)")
        assert b.run(CHECK) == [], f"opened to depth {depth}"
    for group in b.run("[...open.keys()].filter(i => isGroup(i) && i).slice(0, 60)"):
        b.run(f"change([{group}], false, 0)")
        assert b.run(CHECK) == [], f"with {group} folded"


@pytest.mark.parametrize("model", SAMPLES, ids=lambda p: p.stem)
def test_layout_of_samples(model: Path, chromium: Browser, tmp_path: Path) -> None:
    chromium.open(page(model, tmp_path))
    check_all_depths(chromium)


def test_layout_with_bodies(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(small_model.make())
    chromium.open(page(tmp_path / "small.onnx", tmp_path))
    check_all_depths(chromium)


# ---- the first view is the picture that SVG has ----

GEOMETRY = """(() => {
  const rect = (r) => ['x', 'y', 'width', 'height'].map((k) => Number(r.getAttribute(k)));
  const every = (what) => [...document.querySelectorAll('#all ' + what)];
  draw(all, {left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity}, 1, -1);
  return {
    boxes: every('[role=treeitem]:not(.h)').map((g) => rect([...g.querySelectorAll('rect.b')].pop())),
    frames: every('rect.w').map(rect),
    edges: every('path.e, path.eq').map((p) => [p.getAttribute('class'), p.getAttribute('d'), p.getAttribute('marker-end')]),
  };
})()"""


def edge(kind: str, way: str, end: str | None) -> tuple:
    return " ".join(sorted(kind.split())), [float(n) for n in re.findall(r"-?[0-9.]+", way)], end or ""


def check_first_view(b: Browser, svg: Svg) -> None:
    page = b.run(GEOMETRY)
    assert sorted(map(tuple, page["boxes"])) == sorted(map(tuple, svg.boxes))
    assert sorted(map(tuple, page["frames"])) == sorted(map(tuple, svg.frames))
    drawn = [edge(p.get("class"), p.get("d"), p.get("marker-end")) for p in svg.edges]
    assert sorted(edge(*e) for e in page["edges"]) == sorted(drawn) != []


@pytest.mark.parametrize("depth", ["0", "2", "auto"])
@pytest.mark.parametrize("model", SAMPLES, ids=lambda p: p.stem)
def test_first_view_is_the_svg(model: Path, depth: str, chromium: Browser, tmp_path: Path) -> None:
    run("render", model, tmp_path / "m.svg", "--depth", depth).expect_success()
    chromium.open(page(model, tmp_path, "--depth", depth))
    svg = Svg(tmp_path / "m.svg")
    check_first_view(chromium, svg)
    for group in chromium.run("[...open.keys()].filter(i => isGroup(i) && i && !open[i] && isShown(i)).slice(0, 3)"):
        for _ in range(2):
            chromium.run(f"toggle({group})")
    check_first_view(chromium, svg)  # as it was, when what was unfolded has been folded again


def test_first_view_with_all_open(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(small_model.make())
    run("render", tmp_path / "small.onnx", tmp_path / "m.svg", "--depth", "all").expect_success()
    chromium.open(page(tmp_path / "small.onnx", tmp_path, "--depth", "all"))
    check_first_view(chromium, Svg(tmp_path / "m.svg"))


# ---- harm, size ----


def test_hostile_labels(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "hostile.onnx").write_bytes(hostile_model())
    chromium.errors.clear()
    chromium.requests.clear()
    chromium.open(page(tmp_path / "hostile.onnx", tmp_path, "--depth", "all"))
    for box in range(chromium.run("model.count")):
        chromium.run(f"choose({box}, true)")
    assert chromium.errors == [] and len(chromium.requests) == 1
    assert chromium.run("document.scripts.length") == 4
    assert chromium.run("document.querySelectorAll('b, #all script, #panel script, a, area, form, iframe, img, object, embed').length") == 0
    assert chromium.run(f"find({json.dumps(HOSTILE[0][1:])}).length") >= 1


def test_foreign_scripts_do_not_run(bert: Browser) -> None:
    bert.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))")
    assert bert.run("window.ran") is None
    bert.errors.clear()  # the refusal is one


def test_large_model(chromium: Browser, tmp_path: Path) -> None:
    """10,000 operators in groups. How long it takes is printed; tests/bench measures."""
    from bench.models import ladder

    ladder(str(tmp_path / "m.onnx"), 10000)
    chromium.open(page(tmp_path / "m.onnx", tmp_path))
    for name in ("encoder", "encoder.layer.3", "encoder.layer.3.block.7", "encoder.layer.3.block.7.part"):
        chromium.run(f"open[boxOf('{name}')] || toggle(boxOf('{name}'))")
    tell_times(chromium)
    assert chromium.run("isShown(boxOf('encoder.layer.3.block.7.part'))")
    assert chromium.run("document.querySelectorAll('#all *').length") < 20000, "only what is in view is drawn"


def tell_times(b: Browser) -> None:
    times = b.run("performance.getEntriesByType('measure').map(m => [m.name, m.duration])")
    assert [t for t in times if t[0] == "unfold"]
    print("; ".join(f"{name} {ms:.0f} ms" for name, ms in times))


def test_many_groups_side_by_side(chromium: Browser, tmp_path: Path) -> None:
    from bench.models import wide

    wide(str(tmp_path / "m.onnx"), 200)
    chromium.open(page(tmp_path / "m.onnx", tmp_path, "--depth", "0"))
    assert chromium.run("childrenOf(0).length") == 202
    for name in ("block.17", "block.100", "block.150"):
        chromium.run(f"toggle(boxOf('{name}'))")
        assert chromium.run(CHECK) == [], name
    tell_times(chromium)
