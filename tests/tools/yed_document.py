"""What yEd takes in when it opens a GraphML file."""
from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"
YED = "{http://www.yworks.com/xml/graphml}"

# attr.type as yEd saves it; it has no type for 64-bit integers and none for single precision.
SAVED_TYPES = {"long": "int", "float": "double"}

# Each level of nesting takes a few python frames; bodies and modules go deeper than python expects.
sys.setrecursionlimit(20_000)


@dataclass(frozen=True)
class Key:
    """A custom property of nodes or of edges."""

    where: str
    name: str
    type: str
    default: str | None = None

    @property
    def saved_type(self) -> str:
        return SAVED_TYPES.get(self.type, self.type)

    def saved_value(self, text: str) -> str:
        """A number or boolean as yEd writes it: cut to 32 bits, in its own spelling."""
        if self.saved_type == "int":
            return str((int(text) + (1 << 31)) % (1 << 32) - (1 << 31))
        if self.saved_type == "boolean":
            return "true" if text.strip().lower() in ("true", "1") else "false"
        return repr(float(text))


Data = list[tuple[Key, str]]


@dataclass
class Node:
    id: str
    data: Data
    labels: list[str]
    is_group: bool
    children: Graph | None
    new_id: str = ""
    folded_labels: list[str] = field(default_factory=list)


@dataclass
class Edge:
    source: str
    target: str
    data: Data
    labels: list[str]


@dataclass
class Graph:
    """Nodes of one level. Where the edges stand is decided anew on saving."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


@dataclass
class Document:
    keys: list[Key]
    root: Graph
    edges: list[Edge] = field(default_factory=list)


def read_document(path: Path) -> Document:
    graphml = ElementTree.parse(path).getroot()
    by_id = _read_keys(graphml)
    document = Document(list(by_id.values()), Graph())
    for graph in graphml.findall(f"{GRAPHML}graph"):
        document.root.nodes += _read_graph(graph, by_id, document).nodes
    return document


def _read_keys(graphml: ElementTree.Element) -> dict[str, Key]:
    """Custom properties by the id that the file gives them; all other keys are left behind."""
    keys = {}
    for element in graphml.findall(f"{GRAPHML}key"):
        name, where = element.get("attr.name"), element.get("for")
        if name is None or where not in ("node", "edge"):
            continue
        default = element.find(f"{GRAPHML}default")
        text = None if default is None else default.text or ""
        keys[element.attrib["id"]] = Key(where, name, element.get("attr.type", "string"), text)
    return keys


def _read_graph(element: ElementTree.Element, keys: dict[str, Key], document: Document) -> Graph:
    graph = Graph()
    for child in element:
        if child.tag == f"{GRAPHML}node":
            graph.nodes.append(_read_node(child, keys, document))
        elif child.tag == f"{GRAPHML}edge":
            document.edges.append(_read_edge(child, keys))
    return graph


def _read_node(element: ElementTree.Element, keys: dict[str, Key], document: Document) -> Node:
    nested = element.find(f"{GRAPHML}graph")
    is_group = nested is not None or element.get("yfiles.foldertype") is not None
    children = None if nested is None else _read_graph(nested, keys, document)
    pictures = _read_pictures(element)
    labels = pictures[0] if pictures else []
    folded = pictures[1] if len(pictures) > 1 else labels
    return Node(element.attrib["id"], _read_data(element, keys), labels, is_group, children, folded_labels=folded)


def _read_edge(element: ElementTree.Element, keys: dict[str, Key]) -> Edge:
    labels = _read_labels(element, "EdgeLabel")
    return Edge(element.attrib["source"], element.attrib["target"], _read_data(element, keys), labels)


def _read_data(element: ElementTree.Element, keys: dict[str, Key]) -> Data:
    found = []
    for child in element.findall(f"{GRAPHML}data"):
        key = keys.get(child.attrib["key"])
        if key is not None:
            found.append((key, child.text or ""))
    return found


def _read_pictures(element: ElementTree.Element) -> list[list[str]]:
    """The labels of each realizer of a node: a group has one for its open and one for its folded state."""
    found = []
    for child in element.findall(f"{GRAPHML}data"):
        for realizer in child.iter():
            if realizer.find(f"{YED}Geometry") is not None:
                found.append([label.text or "" for label in realizer.findall(f"{YED}NodeLabel")])
    return found


def _read_labels(element: ElementTree.Element, kind: str) -> list[str]:
    """The labels of the first realizer that has any."""
    for child in element.findall(f"{GRAPHML}data"):
        for realizer in child.iter():
            labels = realizer.findall(YED + kind)
            if labels:
                return [label.text or "" for label in labels]
    return []
