"""Graphics as yEd 3.18 to 3.23 write them: realizers of nodes, groups and edges, labels, resources.

What yEd takes from the file are the texts of labels; places, shapes and colours are as if all had been changed by hand.
"""
from __future__ import annotations

import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent))

from yed_xml import XmlWriter  # noqa: E402

SHAPES = ("rectangle", "roundrectangle", "ellipse", "hexagon", "octagon", "trapezoid2", "parallelogram", "star5")
COLOURS = ("#FFCC00", "#CCCCFF", "#99CC00", "#E8EEF7", "#C0C0C07F")
NODES = ("ShapeNode", "ShapeNode", "ShapeNode", "GenericNode", "SVGNode", "ImageNode", "UMLClassNode", "UMLNoteNode")
EDGES = ("PolyLineEdge", "PolyLineEdge", "BezierEdge", "QuadCurveEdge", "SplineEdge", "ArcEdge", "GenericEdge")
MODEL_SHARE = 0.5
SHADOW_SHARE = 0.2
TABLE_SHARE = 0.05

SMART_NODE = ("SmartNodeLabelModel", {"distance": "4.0"}, {
    "labelRatioX": "0.0", "labelRatioY": "-0.5", "nodeRatioX": "0.0", "nodeRatioY": "0.5", "offsetX": "0.0", "offsetY": "4.0",
    "upX": "0.0", "upY": "-1.0"})
SMART_EDGE = ("SmartEdgeLabelModel", {"autoRotationEnabled": "false", "defaultAngle": "0.0", "defaultDistance": "10.0"}, {
    "angle": "6.283185307179586", "distance": "2.0", "distanceToCenter": "false", "position": "right", "ratio": "0.5", "segment": "-1"})
ERDIAGRAM_NODE = ("ErdAttributesNodeLabelModel", {}, {})
PLACEMENT = {
    "angle": "0.0", "angleOffsetOnRightSide": "0", "angleReference": "absolute", "angleRotationOnRightSide": "co", "distance": "-1.0",
    "frozen": "true", "placement": "anywhere", "side": "anywhere", "sideReference": "relative_to_edge_flow"}
ICON = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DRAWING = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- Created with Inkscape (http://www.inkscape.org/) -->
<svg xmlns="http://www.w3.org/2000/svg" width="48px" height="48px">
  <path d="M 0 0 L 48 48" style="stroke:#000000" />
</svg>
"""


class Graphics:
    def __init__(self, xml: XmlWriter, random: Random) -> None:
        self.xml = xml
        self.random = random

    # --- nodes ---

    def write_shape(self, labels: list[str]) -> None:
        kind = self.random.choice(NODES)
        self.xml.open("y:" + kind, {"configuration": "com.yworks.flowchart.process"} if kind == "GenericNode" else None)
        self._write_box()
        self.xml.empty("y:Fill", self.random.choice((
            {"color": self.random.choice(COLOURS), "transparent": "false"},
            {"color": "#E8EEF7", "color2": "#B7C9E3", "transparent": "false"},
            {"hasColor": "false", "transparent": "false"})))
        self.xml.empty("y:BorderStyle", self.random.choice((
            {"color": "#000000", "raised": "false", "type": "dashed_dotted", "width": "1.0"},
            {"hasColor": "false", "type": "line", "width": "1.0"})))
        self._write_labels("y:NodeLabel", labels)
        getattr(self, "_end_" + kind)()
        self.xml.close()

    def _end_ShapeNode(self) -> None:
        self.xml.empty("y:Shape", {"type": self.random.choice(SHAPES)})
        self._write_shadow()

    def _end_GenericNode(self) -> None:
        self.xml.open("y:StyleProperties")
        self.xml.empty("y:Property", {"class": "java.lang.Boolean", "name": "y.view.ShadowNodePainter.SHADOW_PAINTING", "value": "true"})
        self.xml.open("y:Property", {"name": "y.view.tabular.TableNodePainter.ALTERNATE_ROW_STYLE"})
        self.xml.empty("y:SimpleStyle", {"fillColor": "#474A4340", "lineColor": "#000000", "lineType": "line", "lineWidth": "1.0"})
        self.xml.close()
        self.xml.close()

    def _end_SVGNode(self) -> None:
        self.xml.empty("y:SVGNodeProperties", {"usingVisualBounds": "true"})
        self.xml.open("y:SVGModel", {"svgBoundsPolicy": "0"})
        self.xml.empty("y:SVGContent", {"refid": "1"})
        self.xml.close()

    def _end_ImageNode(self) -> None:
        self.xml.empty("y:Image", {"alphaImage": "true", "refid": "2"})

    def _end_UMLClassNode(self) -> None:
        self.xml.open("y:UML", {"clipContent": "true", "constraint": "", "hasDetailsColor": "false", "omitDetails": "false",
                                "stereotype": "", "use3DEffect": "true"})
        self.xml.leaf("y:AttributeLabel", {"xml:space": "preserve"}, "op_type\nname")
        self.xml.empty("y:MethodLabel")
        self.xml.close()

    def _end_UMLNoteNode(self) -> None:
        pass

    def _write_shadow(self) -> None:
        if self.random.random() < SHADOW_SHARE:
            self.xml.empty("y:DropShadow", {"color": "#D2D2D2", "offsetX": "4", "offsetY": "4"})

    def write_location(self) -> None:
        self.xml.empty("y:Location", {"x": self._number(), "y": self._number()})

    # --- groups ---

    def write_group(self, labels: list[list[str]], folded: bool) -> None:
        if not folded and self.random.random() < TABLE_SHARE:
            self._write_table(labels[0])
            return
        kind = self.random.choice(("y:GroupNode", "y:GroupNode", "y:GenericGroupNode"))
        self.xml.open("y:ProxyAutoBoundsNode")
        self.xml.open("y:Realizers", {"active": "1" if folded else "0"})
        for closed, own in zip(("false", "true"), labels):
            self._write_realizer(kind, own, closed)
        self.xml.close()
        self.xml.close()

    def _write_realizer(self, kind: str, labels: list[str], closed: str) -> None:
        self.xml.open(kind, {"configuration": "PanelNode"} if kind == "y:GenericGroupNode" else None)
        self._write_box()
        self.xml.empty("y:Fill", {"color": self.random.choice(COLOURS), "transparent": "false"})
        self.xml.empty("y:BorderStyle", {"color": "#000000", "type": "dashed", "width": "1.0"})
        self._write_labels("y:NodeLabel", labels)
        if kind == "y:GroupNode":
            self.xml.empty("y:Shape", {"type": "roundrectangle"})
            self._write_shadow()
        self.xml.empty("y:State", {"closed": closed, "closedHeight": "50.0", "closedWidth": "50.0", "innerGraphDisplayEnabled": "false"})
        self.xml.empty("y:NodeBounds", {"considerNodeLabelSize": "true"})
        for element in ("y:Insets", "y:BorderInsets"):
            self.xml.empty(element, {side + f: "15.0" if f else "15" for side in ("bottom", "left", "right", "top") for f in ("", "F")})
        self.xml.close()

    def _write_table(self, labels: list[str]) -> None:
        """A group that was made a swimlane: one picture, the open one, with a label for each lane."""
        self.xml.open("y:TableNode", {"configuration": "YED_TABLE_NODE"})
        self._write_box()
        self.xml.empty("y:Fill", {"color": "#ECF5FF", "color2": "#0042F440", "transparent": "false"})
        self.xml.empty("y:BorderStyle", {"hasColor": "false", "type": "line", "width": "1.0"})
        self._write_labels("y:NodeLabel", labels)
        self.xml.mixed("y:NodeLabel", {"modelName": "custom", "rotationAngle": "270.0", "xml:space": "preserve"}, "lane 1", [
            ("y:LabelModel", [("y:RowNodeLabelModel", {"offset": "3.0"})]),
            ("y:ModelParameter", [("y:RowNodeLabelModelParameter", {"horizontalPosition": "0.0", "id": "row_0", "inside": "true"})])])
        self.xml.open("y:StyleProperties")
        self.xml.empty("y:Property", {"class": "java.lang.String", "name": "yed.table.lane.style", "value": "lane.style.rows"})
        self.xml.close()
        self.xml.empty("y:State", {"autoResize": "true", "closed": "false", "closedHeight": "80.0", "closedWidth": "100.0"})
        self.xml.open("y:Table", {"autoResizeTable": "true", "defaultColumnWidth": "120.0"})
        self.xml.empty("y:Insets", {"bottom": "0.0", "left": "0.0", "right": "0.0", "top": "30.0"})
        self.xml.open("y:Rows")
        self.xml.empty("y:Row", {"height": "80.0", "id": "row_0", "minimumHeight": "50.0"})
        for _ in ("Rows", "Table", "TableNode"):
            self.xml.close()

    # --- edges ---

    def write_line(self, labels: list[str]) -> None:
        kind = self.random.choice(EDGES)
        self.xml.open("y:" + kind, {"configuration": "com.yworks.bpmn.Connection"} if kind == "GenericEdge" else None)
        self.xml.open("y:Path", {"sx": self._number(), "sy": self._number(), "tx": "0.0", "ty": "0.0"})
        for _ in range(self.random.randrange(4)):
            self.xml.empty("y:Point", {"x": self._number(), "y": self._number()})
        self.xml.close()
        self.xml.empty("y:LineStyle", {"color": "#000000", "type": self.random.choice(("line", "dashed", "dotted")), "width": "1.0"})
        self.xml.empty("y:Arrows", {"source": "none", "target": self.random.choice(("standard", "delta", "crows_foot_many"))})
        self._write_labels("y:EdgeLabel", labels)
        if kind == "ArcEdge":
            self.xml.empty("y:Arc", {"height": "20.0", "ratio": "1.0", "type": "fixedRatio"})
        elif kind == "GenericEdge":
            self.xml.empty("y:StyleProperties")
        else:
            self.xml.empty("y:BendStyle", {"smoothed": "false"})
        self.xml.close()

    # --- labels ---

    def _write_labels(self, element: str, labels: list[str]) -> None:
        for label in labels:
            attributes = {
                "alignment": "center", "autoSizePolicy": "content", "fontFamily": "Dialog", "fontSize": "12", "fontStyle": "plain",
                "hasBackgroundColor": "false", "hasLineColor": "false", "height": self._number(), "horizontalTextPosition": "center",
                "iconTextGap": "4", "textColor": "#000000", "verticalTextPosition": "bottom", "visible": "true",
                "width": self._number(), "x": self._number(), "xml:space": "preserve", "y": self._number()}
            if self.random.random() < MODEL_SHARE:
                self._write_modelled_label(element, attributes, label)
            elif element == "y:NodeLabel":
                self.xml.leaf(element, {**attributes, "modelName": "internal", "modelPosition": self.random.choice(("c", "t", "tl"))}, label)
            else:
                self.xml.leaf(element, {**attributes, "modelName": "six_pos", "modelPosition": "tail",
                                        "preferredPlacement": "anywhere", "ratio": "0.5"}, label)

    def _write_modelled_label(self, element: str, attributes: dict[str, str], label: str) -> None:
        """The text, and behind it in the same element the place of the label."""
        model, given, parameter = self.random.choice((SMART_NODE, ERDIAGRAM_NODE)) if element == "y:NodeLabel" else SMART_EDGE
        behind = [("y:LabelModel", [(f"y:{model}", given)]), ("y:ModelParameter", [(f"y:{model}Parameter", parameter)])]
        if element == "y:EdgeLabel":
            behind.append(("y:PreferredPlacementDescriptor", PLACEMENT))
        self.xml.mixed(element, {**attributes, "modelName": "custom"}, label, behind)

    # --- the rest ---

    def write_resources(self) -> None:
        """What the SVG and image nodes point at, or nothing."""
        if self.random.random() < 0.5:
            self.xml.empty("y:Resources")
            return
        self.xml.open("y:Resources")
        self.xml.leaf("y:Resource", {"id": "1", "xml:space": "preserve"}, DRAWING)
        self.xml.leaf("y:Resource", {"id": "2", "type": "java.awt.image.BufferedImage", "xml:space": "preserve"}, ICON)
        self.xml.close()

    def _write_box(self) -> None:
        self.xml.empty("y:Geometry", {name: self._number() for name in ("height", "width", "x", "y")})

    def _number(self) -> str:
        return repr(round(self.random.uniform(-900, 900), 13))
