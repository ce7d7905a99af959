#!/usr/bin/env python3
"""Draw what a GraphML file has for yEd as SVG, by yEd's rules: for the pictures in the README, and to look at without yEd.

usage: draw_graphml.py IN.graphml OUT.svg [--top N]     --top: only the first N points from above

Rules of yEd 3 (yFiles for Java 2): a label is as large as its text and 2 points around; an internal one stands `borderDistance` (4)
from the side it is named for. The frame of an open group is computed from what it holds, with Insets, BorderInsets and the height of
its first label. Ends of an edge are told from the middle of the node that is seen: of the folded group in the place of those in it.
In a group's upper left corner is the sign that opens and closes it.
"""
import argparse
import html
import xml.etree.ElementTree as ET

G = "{http://graphml.graphdrawing.org/xmlns}"
Y = "{http://www.yworks.com/xml/graphml}"
CORNER = 6
LINE_HEIGHT = 1.15  # of Arial
LABEL_PAD = 2


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
    distance = float(label.get("borderDistance", "4"))
    height = label_height(label)
    top = {"t": y + distance, "b": y + h - distance - height}.get(place[0], y + (h - height) / 2)
    side = distance + LABEL_PAD
    across = {"l": f'x="{x + side}"', "r": f'x="{x + w - side}" text-anchor="end"'}.get(place[1:], f'x="{x + w / 2}" text-anchor="middle"')
    weight = ' font-weight="bold"' if "bold" in label.get("fontStyle", "") else ""
    for i, line in enumerate(lines):
        out.append(f'<text {across} y="{top + LABEL_PAD + i * size * LINE_HEIGHT + 0.9 * size:.1f}" font-size="{size}"{weight} '
                   f'fill="{label.get("textColor", "#000000")}">{html.escape(line)}</text>')


def label_height(label):
    return 2 * LABEL_PAD + float(label.get("fontSize", "12")) * LINE_HEIGHT * len(label.text.split("\n"))


def draw_sign(out, x, y, folded):
    """What opens and closes a group."""
    bar = f"M{x + 5.5},{y + 9.5}h8" + (f"M{x + 9.5},{y + 5.5}v8" if folded else "")
    out.append(f'<rect x="{x + 3.5}" y="{y + 3.5}" width="12" height="12" fill="#FFFFFF" stroke="#808080"/>'
               f'<path d="{bar}" stroke="#606060"/>')


def frame_of(picture, children):
    """What yEd makes of an open group: x, y, width, height from what it holds."""
    inset = {side: sum(float(e.get(side)) for kind in ("Insets", "BorderInsets") for e in picture.findall(Y + kind))
             for side in ("left", "right", "top", "bottom")}
    title = picture.find(f"{Y}NodeLabel")
    left, top = min(b[0] for b in children) - inset["left"], min(b[1] for b in children) - inset["top"]
    top -= label_height(title) if title is not None else 0
    return [left, top, max(b[0] + b[2] for b in children) + inset["right"] - left,
            max(b[1] + b[3] for b in children) + inset["bottom"] - top]


def draw_box(out, picture, place, sign, folded):
    x, y, w, h = place
    fill, border = picture.find(f"{Y}Fill"), picture.find(f"{Y}BorderStyle")
    colour = "none" if fill is None or fill.get("transparent") == "true" else fill.get("color", "none")
    look = f' stroke="{border.get("color")}" stroke-width="{border.get("width")}"' if border is not None else ' stroke="#000000"'
    if border is not None and border.get("type") == "dashed":
        look += ' stroke-dasharray="5,3"'
    shape, shadow = picture.find(f"{Y}Shape").get("type"), picture.find(f"{Y}DropShadow")
    if shadow is not None:
        shifted = x + float(shadow.get("offsetX")), y + float(shadow.get("offsetY"))
        out.append(outline(shape, *shifted, w, h) + f' fill="{shadow.get("color")}"/>')
    out.append(outline(shape, x, y, w, h) + f' fill="{colour}"{look}/>')
    if sign:
        draw_sign(out, x, y, folded)
    for label in picture.findall(f"{Y}NodeLabel"):
        draw_label(out, label, x, y, w, h)


def draw_node(node, out, boxes, hidden_in=None):
    """boxes: by id the box that is seen in the node's place, and whether it is another's. The children are drawn upon it."""
    picture, folded = realizers(node)
    if picture is None:
        return
    place, inner = box(picture), []
    boxes[node.get("id")] = hidden_in or place, hidden_in is not None
    inside = hidden_in or (place if folded else None)
    children = node.findall(f"{G}graph/{G}node")
    for child in children:
        draw_node(child, inner, boxes, inside)
    if hidden_in is not None:
        return
    group = node.get("yfiles.foldertype") is not None
    if children and not folded:
        place = frame_of(picture, [boxes[child.get("id")][0] for child in children])
        boxes[node.get("id")] = place, False
    draw_box(out, picture, place, group, folded)
    out.extend(inner)


def ends(path, source, target):
    """Where an edge begins and ends."""
    at = lambda box, across, down: (box[0] + box[2] / 2 + float(path.get(across, "0")), box[1] + box[3] / 2 + float(path.get(down, "0")))
    if path is None:
        return ((b[0] + b[2] / 2, b[1] + b[3] / 2) for b in (source, target))
    return at(source, "sx", "sy"), at(target, "tx", "ty")


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
    first, last = ends(path, source[0], target[0])
    colour, width = line.get("color"), line.get("width")
    dashed = ' stroke-dasharray="6,4"' if line.get("type") == "dashed" else ""
    return (f'<path d="{rounded([first, *points, last])}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed} '
            f'marker-end="url(#arrow{colour[1:]})"/>')


def arrow(colour):
    return (f'<marker id="arrow{colour[1:]}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" '
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
