#!/usr/bin/env python3
"""Draw the geometry and colours that a GraphML file has for yEd, as SVG: for the pictures in the README.

usage: draw_graphml.py IN.graphml OUT.svg [--top N]     --top: only the first N points from above
"""
import argparse
import html
import xml.etree.ElementTree as ET

G = "{http://graphml.graphdrawing.org/xmlns}"
Y = "{http://www.yworks.com/xml/graphml}"


def realizer(node):
    """The picture of a node: for groups that of the state it is in."""
    group = node.find(f"{G}data/{Y}ProxyAutoBoundsNode/{Y}Realizers")
    if group is not None:
        return group[int(group.get("active", "0"))]
    return node.find(f"{G}data/{Y}ShapeNode")


def box(picture):
    g = picture.find(f"{Y}Geometry")
    return [float(g.get(k)) for k in ("x", "y", "width", "height")]


def draw_label(out, picture, x, y, w, h, is_group):
    label = picture.find(f"{Y}NodeLabel")
    if label is None or not label.text:
        return
    colour, size = label.get("textColor", "#000000"), float(label.get("fontSize", "12"))
    lines = label.text.split("\n")
    top = y + size + 2 if is_group else y + h / 2 - (len(lines) - 1) * size * 0.6 + size * 0.35
    for i, line in enumerate(lines):
        where = f'x="{x + 8}"' if is_group else f'x="{x + w / 2}" text-anchor="middle"'
        out.append(f'<text {where} y="{top + i * size * 1.2:.1f}" font-size="{size}" fill="{colour}">{html.escape(line)}</text>')


def draw_node(node, out, boxes):
    picture = realizer(node)
    if picture is None:
        return
    x, y, w, h = boxes[node.get("id")] = box(picture)
    fill, border = picture.find(f"{Y}Fill"), picture.find(f"{Y}BorderStyle")
    colour = "none" if fill is None or fill.get("transparent") == "true" else fill.get("color", "none")
    line = border.get("color", "#000000") if border is not None else "#000000"
    is_group = node.find(f"{G}graph") is not None
    out.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="4" fill="{colour}" stroke="{line}"/>')
    draw_label(out, picture, x, y, w, h, is_group)
    for child in node.findall(f"{G}graph/{G}node"):
        draw_node(child, out, boxes)


def draw_edge(edge, boxes):
    source, target = boxes.get(edge.get("source")), boxes.get(edge.get("target"))
    if not source or not target:
        return ""
    points = [(source[0] + source[2] / 2, source[1] + source[3])]
    points += [(float(p.get("x")), float(p.get("y"))) for p in edge.iter(f"{Y}Point")]
    points.append((target[0] + target[2] / 2, target[1]))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="#566273" marker-end="url(#arrow)"/>'


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
    edges = [draw_edge(e, boxes) for e in root.iter(f"{G}edge")]
    left, above = min(b[0] for b in boxes.values()), min(b[1] for b in boxes.values())
    width = max(b[0] + b[2] for b in boxes.values()) - left
    height = max(b[1] + b[3] for b in boxes.values()) - above
    height = min(height, args.top) if args.top else height
    with open(args.svg, "w", encoding="utf-8") as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left - 10} {above - 10} {width + 20} {height + 20}" '
                'font-family="Dialog, DejaVu Sans, sans-serif"><defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" '
                'markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#566273"/></marker></defs>'
                '<rect x="-1000000" y="-1000000" width="3000000" height="3000000" fill="#FFFFFF"/>')
        f.write("\n".join(nodes + edges) + "</svg>\n")


if __name__ == "__main__":
    main()
