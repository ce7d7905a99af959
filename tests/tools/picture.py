"""The picture that a GraphML file holds for yEd: boxes in boxes and the ways of edges, and what can be measured of it."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

G = "{http://graphml.graphdrawing.org/xmlns}"
Y = "{http://www.yworks.com/xml/graphml}"
Point = tuple[float, float]


@dataclass
class Box:
    id: str
    x: float
    y: float
    w: float
    h: float
    parent: Box | None
    kind: str  # node_kind; "frame": a group without data
    is_group: bool
    open: bool
    open_size: tuple[float, float]
    depth: int
    insets: tuple[float, ...]  # of a group when it is open, all that is written: left, top, right, bottom
    children: list[Box] = field(default_factory=list)

    def overlaps(self, other: Box) -> bool:
        return (self.x < other.x + other.w and other.x < self.x + self.w
                and self.y < other.y + other.h and other.y < self.y + self.h)


@dataclass
class Edge:
    source: Box
    target: Box
    value: tuple[str, str]  # the source and its port
    points: list[Point]     # empty: no way was written
    back: bool              # declared to run upwards: dashed


@dataclass
class Piece:
    """What one edge draws in one group."""
    value: tuple[str, str]
    start: Box | None  # a child, None: the group's border
    end: Box | None
    points: list[Point]
    back: bool


class Picture:
    def __init__(self, path: Path) -> None:
        root = ET.parse(path).getroot()
        keys = {k.get("id"): k.get("attr.name") for k in root.findall(f"{G}key")}
        self.boxes: dict[str, Box] = {}
        for node in root.findall(f"{G}graph/{G}node"):
            self._add(node, None, keys)
        self.edges = [self._edge(e, keys) for e in root.iter(f"{G}edge")]

    def _add(self, node: ET.Element, parent: Box | None, keys: dict) -> None:
        both = node.find(f"{G}data/{Y}ProxyAutoBoundsNode/{Y}Realizers")
        picture = node.find(f"{G}data/{Y}ShapeNode") if both is None else both[int(both.get("active"))]
        kind = next((d.text for d in node.findall(f"{G}data") if keys.get(d.get("key")) == "node_kind"), "frame")
        x, y, w, h = place(picture)
        size = place(both[0])[2:] if both is not None else (w, h)
        box = Box(node.get("id"), x, y, w, h, parent, kind, both is not None, both is not None and both.get("active") == "0",
                  size, parent.depth + 1 if parent else 0, insets(both[0]) if both is not None else ())
        self.boxes[box.id] = box
        if parent:
            parent.children.append(box)
        for child in node.findall(f"{G}graph/{G}node"):
            self._add(child, box, keys)

    def _edge(self, edge: ET.Element, keys: dict) -> Edge:
        source, target = self.boxes[edge.get("source")], self.boxes[edge.get("target")]
        port = next(d.text for d in edge.findall(f"{G}data") if keys.get(d.get("key")) == "source_port")
        path, line = edge.find(f".//{Y}Path"), edge.find(f".//{Y}LineStyle")
        points: list[Point] = []
        if path is not None:
            ends = {k: float(path.get(k)) for k in ("sx", "sy", "tx", "ty")}
            points = [(float(p.get("x")), float(p.get("y"))) for p in path]
            first, last = seen(source, target)
            points.insert(0, (first.x + first.w / 2 + ends["sx"], first.y + first.h / 2 + ends["sy"]))
            points.append((last.x + last.w / 2 + ends["tx"], last.y + last.h / 2 + ends["ty"]))
        return Edge(source, target, (source.id, port), points, line.get("type") == "dashed")

    def groups(self) -> list[Box]:
        return [b for b in self.boxes.values() if b.is_group]


def place(picture: ET.Element) -> tuple[float, float, float, float]:
    g = picture.find(f"{Y}Geometry")
    x, y, w, h = (float(g.get(k)) for k in ("x", "y", "width", "height"))
    return x, y, w, h


def insets(picture: ET.Element) -> tuple[float, ...]:
    return tuple(sum(float(e.get(side)) for kind in ("Insets", "BorderInsets") for e in picture.findall(Y + kind))
                 for side in ("left", "top", "right", "bottom"))


# ---- what must hold --------------------------------------------------------------------------------------------------


def overlapping(picture: Picture) -> list[tuple[str, str]]:
    """Pairs of siblings, as they are shown, that cover one another."""
    found = []
    for group in picture.groups():
        boxes = sorted(group.children, key=lambda b: b.y)
        for i, a in enumerate(boxes):
            for b in boxes[i + 1:]:
                if b.y >= a.y + a.h:
                    break
                if a.overlaps(b):
                    found.append((a.id, b.id))
    return found


def outside(picture: Picture) -> list[str]:
    """Children that do not lie within their group, as that is when it is open."""
    found = []
    for group in picture.groups():
        w, h = group.open_size
        found += [c.id for c in group.children
                  if c.x < group.x or c.y < group.y or c.x + c.w > group.x + w or c.y + c.h > group.y + h]
    return found


def path_to(box: Box, top: Box) -> list[Box]:
    """The box and the groups around it, up to the child of `top`."""
    way = [box]
    while way[-1].parent is not top:
        way.append(way[-1].parent)
    return way


def common_group(a: Box, b: Box) -> Box | None:
    while a is not b:
        if a.depth >= b.depth:
            a = a.parent
        else:
            b = b.parent
        if a is None or b is None:
            return None
    return a


def seen(a: Box, b: Box) -> tuple[Box, Box]:
    """What is seen in place of two boxes when the group that holds both is open: of the groups that hide one, the outermost."""
    top = common_group(a, b)
    if top in (a, b):
        return a, b
    return tuple(next((g for g in reversed(path_to(box, top)[1:]) if not g.open), box) for box in (a, b))


def loose(picture: Picture) -> list[tuple[str, str]]:
    """Edges that do not leave at the lower side of the box that is seen, or do not enter at the upper side."""
    found = []
    for e in picture.edges:
        if not e.points:
            continue
        a, b = seen(e.source, e.target)
        (x, y), (u, v) = e.points[0], e.points[-1]
        if not (a.x <= x <= a.x + a.w and y == a.y + a.h and b.x <= u <= b.x + b.w and v == b.y):
            found.append((e.source.id, e.target.id))
    return found


def refitted(picture: Picture) -> list[str]:
    """Open groups whose frame is not the one that yEd computes: what they hold, Insets and BorderInsets around it, above them the
    height of the first label (12 points of Arial and 2 around). Less than a point does not count."""
    found = []
    for group in picture.groups():
        if not group.children:
            continue
        left, top = min(c.x for c in group.children), min(c.y for c in group.children)
        right, bottom = max(c.x + c.w for c in group.children), max(c.y + c.h for c in group.children)
        w, h = group.open_size
        frame = [left - group.x, top - group.y - 17.8, group.x + w - right, group.y + h - bottom]
        if any(abs(a - b) >= 1 for a, b in zip(frame, group.insets)):
            found.append(group.id)
    return found


def upward(picture: Picture) -> list[tuple[str, str]]:
    """Edges, not declared to go back, whose end does not lie below their beginning, where both are siblings."""
    found = []
    for e in picture.edges:
        top = common_group(e.source, e.target)
        if top in (e.source, e.target) or e.back:
            continue
        a, b = path_to(e.source, top)[-1], path_to(e.target, top)[-1]
        if a.y + a.h > b.y or any(q[1] < p[1] for p, q in zip(e.points, e.points[1:])):
            found.append((e.source.id, e.target.id))
    return found


# ---- pieces of edges by group ------------------------------------------------------------------------------------------


def cut(points: list[Point], y: float) -> tuple[list[Point], list[Point]]:
    """Cut a way where it first reaches y."""
    for i, (p, q) in enumerate(zip(points, points[1:])):
        if (p[1] - y) * (q[1] - y) <= 0 and p[1] != q[1]:
            at = (q[0], y)
            return points[: i + 1] + [at], [at] + points[i + 1:]
    return points, points[-1:]


def pieces(picture: Picture) -> dict[str, list[Piece]]:
    """By group; a value that goes from one box to another in one way is one piece. Nothing is folded."""
    found: dict[str, dict] = defaultdict(dict)
    for number, e in enumerate(picture.edges):
        top = common_group(e.source, e.target)
        if top in (e.source, e.target) or len(e.points) < 2:
            continue
        out, into, rest = path_to(e.source, top), path_to(e.target, top), e.points
        for inner, outer in zip(out, out[1:]):
            part, rest = cut(rest, outer.y + outer.h)
            found[outer.id].setdefault((e.value, inner.id, None), Piece(e.value, inner, None, part, e.back))
        rest = rest[::-1]
        for inner, outer in zip(into, into[1:]):
            part, rest = cut(rest, outer.y)
            key = (e.value, None, inner.id, number if not inner.is_group else 0)
            found[outer.id].setdefault(key, Piece(e.value, None, inner, part[::-1], e.back))
        key = (e.value, out[-1].id, into[-1].id, number if not into[-1].is_group else 0)
        found[top.id].setdefault(key, Piece(e.value, out[-1], into[-1], rest[::-1], e.back))
    return {group: list(parts.values()) for group, parts in found.items()}


# ---- crossings ---------------------------------------------------------------------------------------------------------


def segments(ways: list[tuple[tuple[str, str], list[Point]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All segments, the number of their way and of their value."""
    values: dict = {}
    rows, way_of, value_of = [], [], []
    for i, (value, points) in enumerate(ways):
        for p, q in zip(points, points[1:]):
            rows.append((*p, *q))
            way_of.append(i)
            value_of.append(values.setdefault(value, len(values)))
    return np.array(rows, dtype=float).reshape(-1, 4), np.array(way_of), np.array(value_of)


def crossings(ways: list[tuple[tuple[str, str], list[Point]]]) -> int:
    """Pairs of ways of different values that cross, each as often as it does."""
    s, _, value = segments(ways)
    count = 0
    x1, y1, x2, y2 = s.T if len(s) else (np.empty(0),) * 4
    for i in range(len(s)):
        ax, ay, bx, by = s[i]
        o = slice(i + 1, None)
        d1 = (bx - ax) * (y1[o] - ay) - (by - ay) * (x1[o] - ax)
        d2 = (bx - ax) * (y2[o] - ay) - (by - ay) * (x2[o] - ax)
        d3 = (x2[o] - x1[o]) * (ay - y1[o]) - (y2[o] - y1[o]) * (ax - x1[o])
        d4 = (x2[o] - x1[o]) * (by - y1[o]) - (y2[o] - y1[o]) * (bx - x1[o])
        count += int(np.sum((d1 * d2 < 0) & (d3 * d4 < 0) & (value[o] != value[i])))
    return count


def merged(ways: list[tuple[tuple[str, str], list[Point]]], axis: int) -> np.ndarray:
    """The lines that are drawn in one direction (0: upright, 1: level) as (place, from, to, value); what edges of one value have
    in common is one line."""
    lines: dict = defaultdict(list)
    numbers: dict = {}
    for value, points in ways:
        number = numbers.setdefault(value, len(numbers))
        for p, q in zip(points, points[1:]):
            if p[axis] == q[axis] and p != q:
                lines[number, p[axis]].append(sorted((p[1 - axis], q[1 - axis])))
    rows = []
    for (value, place), runs in lines.items():
        runs.sort()
        start, end = runs[0]
        for a, b in runs[1:]:
            if a > end:
                rows.append((place, start, end, value))
                start = a
            end = max(end, b) if a <= end else b
        rows.append((place, start, end, value))
    return np.array(rows, dtype=float).reshape(-1, 4)


def drawn_crossings(ways: list[tuple[tuple[str, str], list[Point]]]) -> int:
    """Points where lines of different values cross, for ways of upright and level pieces."""
    upright, level = merged(ways, 0), merged(ways, 1)
    count = 0
    for place, start, end, value in level:
        x, low, high, other = upright.T
        count += int(np.sum((x > start) & (x < end) & (low < place) & (high > place) & (other != value)))
    return count


def shared_lines(ways: list[tuple[tuple[str, str], list[Point]]]) -> int:
    """Pairs of upright or level segments of different values that lie upon one another."""
    s, _, value = segments(ways)
    count = 0
    for axis in (0, 1):
        lines: dict = defaultdict(list)
        for row, v in zip(s, value):
            if row[axis] == row[axis + 2] and row[1 - axis] != row[3 - axis]:
                lines[row[axis]].append((*sorted((row[1 - axis], row[3 - axis])), v))
        for runs in lines.values():
            runs.sort()
            count += sum(1 for i, a in enumerate(runs) for b in runs[i + 1:] if b[0] < a[1] and a[2] != b[2])
    return count


def dot_ways(group: Box, parts: list[Piece]) -> list[tuple[tuple[str, str], list[Point]]]:
    """The ways that Graphviz dot finds for the same boxes and pieces."""
    lines = ["digraph {", "node [shape=box, fixedsize=true, label=\"\"]; edge [arrowhead=none];"]
    names, first, last = {}, [], []
    for i, box in enumerate(group.children):
        names[box.id] = f"b{i}"
        lines.append(f"b{i} [width={box.w / 72:.4f}, height={box.h / 72:.4f}];")
        if box.kind == "input":
            first.append(f"b{i}")
        if box.kind == "output":
            last.append(f"b{i}")
    border: dict = {}
    for i, part in enumerate(parts):
        for end, ranks in ((part.start, first), (part.end, last)):
            if end is None and (part.value, ranks is first) not in border:
                border[part.value, ranks is first] = f"p{i}{'i' if ranks is first else 'o'}"
                lines.append(f"{border[part.value, ranks is first]} [width=0.01, height=0.01];")
                ranks.append(border[part.value, ranks is first])
        a = names[part.start.id] if part.start else border[part.value, True]
        b = names[part.end.id] if part.end else border[part.value, False]
        lines.append(f"{a} -> {b} [id=\"{i}\", comment=\"{i}\"];")
    for rank, members in (("min", first), ("max", last)):
        if members:
            lines.append("{rank=" + rank + "; " + "; ".join(members) + "}")
    answer = subprocess.run(["dot", "-Tjson"], input="\n".join(lines + ["}"]), capture_output=True, text=True, check=True)
    return splines(answer.stdout, parts)


def splines(text: str, parts: list[Piece]) -> list[tuple[tuple[str, str], list[Point]]]:
    import json

    ways = []
    for edge in json.loads(text).get("edges", []):
        numbers = [tuple(map(float, p.split(","))) for p in edge["pos"].split() if p[0] not in "es"]
        points = [numbers[0]]
        for k in range(0, len(numbers) - 3, 3):
            p = np.array(numbers[k: k + 4])
            for t in np.linspace(0, 1, 9)[1:]:
                points.append(tuple(np.array([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3]) @ p))
        ways.append((parts[int(edge["comment"])].value, points))
    return ways
