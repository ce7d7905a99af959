"""The pictures of `render`, read back: boxes, frames, edges and texts of an SVG file."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

SVG = "{http://www.w3.org/2000/svg}"


class Rect(NamedTuple):
    x: float
    y: float
    w: float
    h: float

    def overlaps(self, other: "Rect") -> bool:
        return (
            self.x < other.x + other.w
            and other.x < self.x + self.w
            and self.y < other.y + other.h
            and other.y < self.y + self.h
        )

    def holds(self, other: "Rect") -> bool:
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.x + other.w <= self.x + self.w
            and other.y + other.h <= self.y + self.h
        )


class Svg:
    """A file of `render`. boxes: of operators, values and folded groups; frames: of open groups."""

    def __init__(self, path: Path) -> None:
        self.root = ElementTree.parse(path).getroot()
        self.frames = [self._rect(r) for r in self.root.iter(SVG + "rect") if r.get("class") in ("g0", "g1", "gb", "gf")]
        groups = [g for g in self.root.iter(SVG + "g") if re.match(r"f\d\d", g.get("class", ""))]
        self.boxes = [self._rect(g.findall(f"{SVG}rect[@class='b']")[-1]) for g in groups]
        self.titles = ["".join(t.itertext()) for t in self.root.iter(SVG + "title")]
        self.texts = ["".join(t.itertext()) for t in self.root.iter(SVG + "text")]
        self.edges = [p for p in self.root.iter(SVG + "path") if p.get("class", "").split()[:1] in (["e"], ["eq"])]

    @staticmethod
    def _rect(element: ElementTree.Element) -> Rect:
        return Rect(*(float(element.get(k, "nan")) for k in ("x", "y", "width", "height")))

    def overlapping(self) -> list[tuple[Rect, Rect]]:
        """Boxes upon boxes; and frames that cut each other or a box: neither apart nor one within the other."""
        everything = sorted([(r, False) for r in self.boxes] + [(r, True) for r in self.frames], key=lambda e: e[0].y)
        bad, near = [], []
        for rect, is_frame in everything:
            near = [other for other in near if other[0].y + other[0].h > rect.y]
            for other, other_is_frame in near:
                nested = (other_is_frame and other.holds(rect)) or (is_frame and rect.holds(other))
                if rect.overlaps(other) and not nested:
                    bad.append((other, rect))
            near.append((rect, is_frame))
        return bad

    def corners(self, edge: ElementTree.Element) -> list[tuple[float, float]]:
        """Where an edge begins, turns and ends; what rounds a corner is left out."""
        text = re.sub(r"L[-\d.]+ [-\d.]+(Q[-\d.]+ [-\d.]+) [-\d.]+ [-\d.]+", r"\1", edge.get("d", ""))
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", text)]
        return list(zip(numbers[::2], numbers[1::2]))
