#!/usr/bin/env python3
"""Re-save GraphML in yEd's manner.

usage: yed_resave.py IN OUT [--seed N]
       yed_resave.py --batch LISTFILE [--seed N]

yEd keeps the nesting, the labels and the values of custom properties (keys with an attr.name, for
nodes and edges). All else is its own: ids of nodes, edges, graphs and keys, the order of siblings,
the graphics, the whitespace between elements; data of graphs are gone, and `long` becomes `int`.
What yEd does in one version or situation and not in another is drawn from the seed: CDATA, xml:space or
both, open or folded groups, edges in the innermost common graph or in the outermost, characters
beyond ASCII as such or as references, line ends of Windows, empty standard properties written or left out,
URLs, ports on nodes and edges, properties that the user has added. Its graphics are in yed_graphics.py.
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent))

from batch import pairs_of, parser_for  # noqa: E402
from yed_document import Document, Edge, Graph, Key, Node, read_document  # noqa: E402
from yed_graphics import Graphics  # noqa: E402
from yed_xml import XmlWriter  # noqa: E402

NAMESPACES = {
    "xmlns": "http://graphml.graphdrawing.org/xmlns",
    "xmlns:java": "http://www.yworks.com/xml/yfiles-common/1.0/java",
    "xmlns:sys": "http://www.yworks.com/xml/yfiles-common/markup/primitives/2.0",
    "xmlns:x": "http://www.yworks.com/xml/yfiles-common/markup/2.0",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xmlns:y": "http://www.yworks.com/xml/graphml",
    "xmlns:yed": "http://www.yworks.com/xml/yed/3",
    "xsi:schemaLocation": "http://graphml.graphdrawing.org/xmlns "
    "http://www.yworks.com/xml/schema/graphml/1.1/ygraphml.xsd",
}

# Keys that yEd declares in every file, beside the custom properties.
OWN_KEYS = [
    {"attr.name": "Description", "attr.type": "string", "for": "graph"},
    {"for": "port", "yfiles.type": "portgraphics"},
    {"for": "port", "yfiles.type": "portgeometry"},
    {"for": "port", "yfiles.type": "portuserdata"},
    {"for": "node", "yfiles.type": "nodegraphics"},
    {"for": "graphml", "yfiles.type": "resources"},
    {"for": "edge", "yfiles.type": "edgegraphics"},
]
# Properties that every node and edge has in yEd; a key of the file that has their name is them.
STANDARD_PROPERTIES = ("url", "description")

VERSIONS = ("3.18", "3.19.1.1", "3.20.1", "3.21.1", "3.22", "3.23", "3.23.2")
INDENTS = ("  ", "\t", "    ", None)

FOLDED_SHARE = 0.2
CDATA_SHARE = 0.3
PORT_SHARE = 0.2
URL_SHARE = 0.05
OWN_PROPERTY_SHARE = 0.1

# Properties that a user has added in yEd's Properties Mapper. XML: yEd writes no attr.type, and elements as the value.
USER_PROPERTIES = (
    {"attr.name": "Reviewed by", "attr.type": "string", "for": "node"},
    {"attr.name": "done", "attr.type": "boolean", "for": "node"},
    {"attr.name": "cost:estimate", "attr.type": "double", "for": "edge"},
    {"attr.name": "rank", "attr.type": "int", "for": "edge"},
    {"attr.name": "extra", "for": "node"},
    {"attr.name": "project", "attr.type": "string", "for": "graph"},
)
USER_VALUES = {"string": "Ann\u00a0Other <ann@example.org>", "boolean": "true", "double": "0.5", "int": "7"}
URL = "https://example.org/?a=1&b=2#top"


class Saver:
    """Writes one document; all that is free to differ comes from `random`."""

    def __init__(self, document: Document, random: Random) -> None:
        self.document = document
        self.random = random
        self.edges_in_common_graph = random.random() < 0.5
        self.keys_reversed = random.random() < 0.5
        self.empties_left_out = random.random() < 0.5
        self.windows = random.random() < 0.3
        # Properties that an element does not have: older versions write them empty, and keys with an empty default.
        self.unset_written = random.random() < 0.3
        self.defaults_written = random.random() < 0.3
        self.user_properties = [p for p in USER_PROPERTIES if random.random() < 0.3]
        self.xml = XmlWriter(indent=random.choice(INDENTS), ascii_only=random.random() < 0.5)
        self.key_ids: dict[Key, str] = {}
        self.own_ids: dict[str, str] = {}
        self.user_ids: list[tuple[dict[str, str], str]] = []
        self.graphics = Graphics(self.xml, random)
        self.node_ids: dict[str, str] = {}

    def save(self) -> bytes:
        self._shuffle(self.document.root)
        self._name_nodes(self.document.root, "")
        self._place_edges()
        self.xml.declaration('<?xml version="1.0" encoding="UTF-8" standalone="no"?>')
        self.xml.open("graphml", NAMESPACES)
        self.xml.comment(f"Created by yEd {self.random.choice(VERSIONS)}")
        self._write_keys()
        self._write_graph(self.document.root, "G", "")
        self._write_resources()
        self.xml.close()
        # Line ends within values too: a parser reads them as line feeds again. A CR of a value is a reference.
        return self.xml.bytes().replace(b"\n", b"\r\n") if self.windows else self.xml.bytes()

    def _write_resources(self) -> None:
        self.xml.open("data", {"key": self.own_ids["resources"]})
        self.graphics.write_resources()
        self.xml.close()

    # --- ids and order ---

    def _shuffle(self, graph: Graph) -> None:
        self.random.shuffle(graph.nodes)
        for node in graph.nodes:
            if node.children is not None:
                self._shuffle(node.children)

    def _name_nodes(self, graph: Graph, prefix: str) -> None:
        for at, node in enumerate(graph.nodes):
            node.new_id = f"{prefix}n{at}"
            self.node_ids[node.id] = node.new_id
            if node.children is not None:
                self._name_nodes(node.children, node.new_id + "::")

    def _place_edges(self) -> None:
        """Put every edge in its graph, in a new order."""
        graphs = dict(self._graphs(self.document.root, ""))
        edges = list(self.document.edges)
        self.random.shuffle(edges)
        for edge in edges:
            graphs[self._graph_of(edge)].edges.append(edge)

    def _graphs(self, graph: Graph, prefix: str) -> list[tuple[str, Graph]]:
        found = [(prefix, graph)]
        for node in graph.nodes:
            if node.children is not None:
                found += self._graphs(node.children, node.new_id + "::")
        return found

    def _graph_of(self, edge: Edge) -> str:
        """The prefix of the ids in the innermost graph with both ends, or of the outermost graph."""
        if not self.edges_in_common_graph:
            return ""
        source = self.node_ids[edge.source].split("::")[:-1]
        target = self.node_ids[edge.target].split("::")[:-1]
        common = 0
        while common < min(len(source), len(target)) and source[common] == target[common]:
            common += 1
        return "".join(part + "::" for part in source[:common])

    # --- keys ---

    def _write_keys(self) -> None:
        declared: list[Key | dict[str, str]] = [*self.document.keys, *OWN_KEYS]
        declared += self._missing_properties() + self.user_properties
        self.random.shuffle(declared)
        for at, key in enumerate(declared):
            key_id = f"d{at}"
            if isinstance(key, Key):
                self.key_ids[key] = key_id
                self._write_custom_key(key, key_id)
            elif key in self.user_properties:
                self.user_ids.append((key, key_id))
                self._write_user_key(key, key_id)
            else:
                self.own_ids[key.get("yfiles.type") or f"{key['for']} {key['attr.name']}"] = key_id
                self.xml.empty("key", {**key, "id": key_id})

    def _missing_properties(self) -> list[dict[str, str]]:
        present = {(key.where, key.name) for key in self.document.keys}
        return [
            {"attr.name": name, "attr.type": "string", "for": where}
            for where in ("node", "edge") for name in STANDARD_PROPERTIES if (where, name) not in present
        ]

    def _write_custom_key(self, key: Key, key_id: str) -> None:
        attributes = {"attr.name": key.name, "attr.type": key.saved_type, "for": key.where, "id": key_id}
        with_default = self.defaults_written and key.saved_type == "string"
        if key.default is None and not with_default:
            self.xml.empty("key", attributes)
            return
        self.xml.open("key", attributes)
        self.xml.leaf("default", {"xml:space": "preserve"}, key.default or "")
        self.xml.close()

    def _write_user_key(self, key: dict[str, str], key_id: str) -> None:
        default = USER_VALUES.get(key.get("attr.type", ""))
        if default is None or self.random.random() < 0.5:
            self.xml.empty("key", {**key, "id": key_id})
            return
        self.xml.open("key", {**key, "id": key_id})
        self.xml.leaf("default", {"xml:space": "preserve"}, default)
        self.xml.close()

    # --- graphs, nodes, edges ---

    def _write_graph(self, graph: Graph, graph_id: str, prefix: str) -> None:
        self.xml.open("graph", {"edgedefault": "directed", "id": graph_id})
        if graph_id == "G":
            self.xml.leaf("data", {"key": self.own_ids["graph Description"], "xml:space": "preserve"}, "")
        for node in graph.nodes:
            self._write_node(node)
        for at, edge in enumerate(graph.edges):
            self._write_edge(edge, f"{prefix}e{at}")
        self.xml.close()

    def _write_node(self, node: Node) -> None:
        if not node.is_group:
            self.xml.open("node", {"id": node.new_id})
            self._write_data("node", node.data)
            self._write_picture("nodegraphics", self.graphics.write_shape, node.labels)
            self._write_port()
            self.xml.close()
            return
        folded = self.random.random() < FOLDED_SHARE
        self.xml.open("node", {"id": node.new_id, "yfiles.foldertype": "folder" if folded else "group"})
        self._write_data("node", node.data)
        self._write_picture("nodegraphics", self.graphics.write_group, [node.labels, node.folded_labels], folded)
        self._write_graph(node.children or Graph(), node.new_id + ":", node.new_id + "::")
        self.xml.close()

    def _write_edge(self, edge: Edge, edge_id: str) -> None:
        ends = {"source": self.node_ids[edge.source], "target": self.node_ids[edge.target]}
        ports = {"sourceport": "p0", "targetport": "p0"} if self.random.random() < PORT_SHARE else {}
        self.xml.open("edge", {"id": edge_id, **ends, **ports})
        self._write_data("edge", edge.data)
        self._write_picture("edgegraphics", self.graphics.write_line, edge.labels)
        self.xml.close()

    def _write_data(self, where: str, data: list[tuple[Key, str]]) -> None:
        for key, text in reversed(data) if self.keys_reversed else data:
            self._write_value(self.key_ids[key], key, text)
        given = {key for key, _ in data}
        for key, key_id in self.key_ids.items() if self.unset_written else ():
            if key.where == where and key not in given:
                self.xml.empty("data", {"key": key_id})
        for name in STANDARD_PROPERTIES:
            key_id = self.own_ids.get(f"{where} {name}")
            if key_id is not None and name == "url" and self.random.random() < URL_SHARE:
                self.xml.leaf("data", {"key": key_id, "xml:space": "preserve"}, URL)
            elif key_id is not None and not self.empties_left_out:
                self.xml.empty("data", self.random.choice(({"key": key_id}, {"key": key_id, "xml:space": "preserve"})))
        for key, key_id in self.user_ids:
            if key["for"] == where and self.random.random() < OWN_PROPERTY_SHARE:
                self._write_user_value(key, key_id)

    def _write_user_value(self, key: dict[str, str], key_id: str) -> None:
        if "attr.type" in key:
            self.xml.leaf("data", {"key": key_id}, USER_VALUES[key["attr.type"]])
            return
        self.xml.open("data", {"key": key_id})
        self.xml.open("x:Array", {"Type": "sys:String"})
        self.xml.leaf("sys:String", {}, "op_type")
        self.xml.close()
        self.xml.close()

    def _write_picture(self, kind: str, write: Callable[..., None], *given: object) -> None:
        self.xml.open("data", {"key": self.own_ids[kind]})
        write(*given)
        self.xml.close()

    def _write_port(self) -> None:
        if self.random.random() >= PORT_SHARE:
            return
        self.xml.open("port", {"name": "p0"})
        self.xml.open("data", {"key": self.own_ids["portgeometry"]})
        self.graphics.write_location()
        self.xml.close()
        self.xml.close()

    def _write_value(self, key_id: str, key: Key, text: str) -> None:
        if key.saved_type != "string":
            self.xml.leaf("data", {"key": key_id}, key.saved_value(text))
        elif self.random.random() < CDATA_SHARE and "\r" not in text:
            # A reader would take a CR in CDATA for a line feed, and no reference is possible there.
            preserved = {"xml:space": "preserve"} if self.random.random() < 0.5 else {}
            self.xml.cdata("data", {"key": key_id, **preserved}, text)
        else:
            self.xml.leaf("data", {"key": key_id, "xml:space": "preserve"}, text)


def resave(source: Path, target: Path, seed: int = 0) -> None:
    target.write_bytes(Saver(read_document(source), Random(seed)).save())


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of a batch: the seed of its first file")
    given = parser.parse_args()
    for at, (source, target) in enumerate(pairs_of(parser, given)):
        resave(source, target, given.seed + at)


if __name__ == "__main__":
    main()
