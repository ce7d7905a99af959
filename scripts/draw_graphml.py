#!/usr/bin/env python3
"""Draw what a GraphML file has for yEd (places, ways of edges, shapes, colours, labels) as SVG: for the pictures in the README.

usage: draw_graphml.py IN.graphml OUT.svg [--top N]     --top: only the first N points from above
"""
import argparse
import html
import xml.etree.ElementTree as ET

G = "{http://graphml.graphdrawing.org/xmlns}"
Y = "{http://www.yworks.com/xml/graphml}"
CORNER = 6


def realizers(node):
    """The pictures of a node: of a group the one of the state it is in, and whether that is the folded one."""
    group = node.find(f"{G}data/{Y}ProxyAutoBoundsNode/{Y}Realizers")
    if group is None:
        return node.find(f"{G}data/{Y}ShapeNode"), False
    active = int(group.get("active", "0"))
    return group[active], active == 1


def box(picture):
    g = picture.find(f"{Y}Geometry")
    return [float(g.get(k)) for k in ("x", "y", "width", "height")]


def outline(shape, x, y, w, h):
    """yEd's shapes; what is missing here is a rectangle."""
    slant = min(10.0, w / 6)
    corners = {
        "octagon": [(slant, 0), (w - slant, 0), (w, slant), (w, h - slant), (w - slant, h), (slant, h), (0, h - slant), (0, slant)],
        "hexagon": [(slant, 0), (w - slant, 0), (w, h / 2), (w - slant, h), (slant, h), (0, h / 2)],
        "parallelogram": [(slant, 0), (w, 0), (w - slant, h), (0, h)],
        "trapezoid": [(slant, 0), (w - slant, 0), (w, h), (0, h)],
        "trapezoid2": [(0, 0), (w, 0), (w - slant, h), (slant, h)],
    }.get(shape)
    if corners:
        return '<polygon points="' + " ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in corners) + '"'
    if shape == "ellipse":
        return f'<ellipse cx="{x + w / 2}" cy="{y + h / 2}" rx="{w / 2}" ry="{h / 2}"'
    rounded = 4 if shape == "roundrectangle" else 0
    return f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{rounded}"'


def draw_label(out, label, x, y, w, h):
    """A label within its node at one of yEd's places: c, t, b, tl, tr."""
    if not label.text or label.get("visible") == "false":
        return
    size, place = float(label.get("fontSize", "12")), label.get("modelPosition", "c")
    lines = label.text.split("\n")
    height = size * 1.28
    top = {"t": y + 4, "b": y + h - 4 - height * len(lines)}.get(place[0], y + (h - height * len(lines)) / 2)
    across = {"l": f'x="{x + 8}"', "r": f'x="{x + w - 8}" text-anchor="end"'}.get(place[1:], f'x="{x + w / 2}" text-anchor="middle"')
    weight = ' font-weight="bold"' if "bold" in label.get("fontStyle", "") else ""
    for i, line in enumerate(lines):
        out.append(f'<text {across} y="{top + (i + 0.8) * height:.1f}" font-size="{size}"{weight} '
                   f'fill="{label.get("textColor", "#000000")}">{html.escape(line)}</text>')


def draw_node(node, out, boxes, hidden_in=None):
    """boxes: by id the box that stands for the node, and whether it is another's."""
    picture, folded = realizers(node)
    if picture is None:
        return
    if hidden_in is None:
        boxes[node.get("id")] = box(picture), False
        x, y, w, h = box(picture)
        fill, border = picture.find(f"{Y}Fill"), picture.find(f"{Y}BorderStyle")
        colour = "none" if fill is None or fill.get("transparent") == "true" else fill.get("color", "none")
        look = f' stroke="{border.get("color")}" stroke-width="{border.get("width")}"' if border is not None else ' stroke="#000000"'
        if border is not None and border.get("type") == "dashed":
            look += ' stroke-dasharray="5,3"'
        shape = picture.find(f"{Y}Shape").get("type")
        if folded:
            out.append(outline(shape, x + 4, y + 4, w, h) + f' fill="{colour}"{look}/>')
        out.append(outline(shape, x, y, w, h) + f' fill="{colour}"{look}/>')
        for label in picture.findall(f"{Y}NodeLabel"):
            draw_label(out, label, x, y, w, h)
    else:
        boxes[node.get("id")] = hidden_in, True
    inside = hidden_in if hidden_in is not None else box(picture) if folded else None
    for child in node.findall(f"{G}graph/{G}node"):
        draw_node(child, out, boxes, inside)


def ends(path, source, target, points):
    """Where an edge begins and ends; at a folded group straight below or above its last corner."""
    (sx, sy, sw, sh), source_hidden = source
    (tx, ty, tw, th), target_hidden = target
    at = lambda k: float(path.get(k, "0")) if path is not None else 0.0
    first = (sx + sw / 2 + at("sx"), sy + sh / 2 + at("sy"))
    last = (tx + tw / 2 + at("tx"), ty + th / 2 + at("ty"))
    if source_hidden:
        first = (points[0][0] if points else last[0] if not target_hidden else sx + sw / 2, sy + sh)
    if target_hidden:
        last = (points[-1][0] if points else first[0], ty)
    return first, last


def rounded(points):
    """A path whose corners are round."""
    out = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:]):
        before = min(CORNER, (abs(ax - bx) + abs(ay - by)) / 2)
        after = min(CORNER, (abs(cx - bx) + abs(cy - by)) / 2)
        sign = lambda v: (v > 0) - (v < 0)
        out.append(f"L{bx + sign(ax - bx) * before:.1f},{by + sign(ay - by) * before:.1f}")
        out.append(f"Q{bx:.1f},{by:.1f} {bx + sign(cx - bx) * after:.1f},{by + sign(cy - by) * after:.1f}")
    out.append(f"L{points[-1][0]:.1f},{points[-1][1]:.1f}")
    return " ".join(out)


def draw_edge(edge, boxes):
    source, target = boxes.get(edge.get("source")), boxes.get(edge.get("target"))
    if not source or not target or (source[1] and target[1] and source[0] == target[0]):
        return ""
    path, line = edge.find(f".//{Y}Path"), edge.find(f".//{Y}LineStyle")
    points = [(float(p.get("x")), float(p.get("y"))) for p in edge.iter(f"{Y}Point")]
    first, last = ends(path, source, target, points)
    colour, width = line.get("color"), line.get("width")
    dashed = ' stroke-dasharray="6,4"' if line.get("type") == "dashed" else ""
    return (f'<path d="{rounded([first, *points, last])}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed} '
            f'marker-end="url(#arrow{colour[1:]})"/>')


def arrow(colour):
    return (f'<marker id="arrow{colour[1:]}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0,1 L8,4 L0,7 z" fill="{colour}"/></marker>')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("graphml")
    parser.add_argument("svg")
    parser.add_argument("--top", type=float)
    args = parser.parse_args()
    root = ET.parse(args.graphml).getroot()
    nodes, boxes = [], {}
    for node in root.findall(f"{G}graph/{G}node"):
        draw_node(node, nodes, boxes)
    edges = sorted((draw_edge(e, boxes) for e in root.iter(f"{G}edge")), key=lambda e: "#566273" in e)
    colours = sorted({line.get("color") for line in root.iter(f"{Y}LineStyle")})
    shown = [b for b, hidden in boxes.values() if not hidden]
    left, above = min(b[0] for b in shown), min(b[1] for b in shown)
    width = max(b[0] + b[2] for b in shown) - left
    height = max(b[1] + b[3] for b in shown) - above
    height = min(height, args.top) if args.top else height
    with open(args.svg, "w", encoding="utf-8") as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left - 10} {above - 10} {width + 20} {height + 20}" '
                f'width="{width + 20}" height="{height + 20}" font-family="Arial, Liberation Sans, sans-serif"><defs>'
                + "".join(map(arrow, colours)) +
                f'</defs><rect x="{left - 10}" y="{above - 10}" width="{width + 20}" height="{height + 20}" fill="#FFFFFF"/>')
        f.write("\n".join(nodes + edges) + "</svg>\n")


if __name__ == "__main__":
    main()
