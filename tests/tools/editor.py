"""Edits of a GraphML file, as a person makes them in yEd and as a program makes them with networkx.

Both editors have the same commands. Nodes are found by their data, as ids are nobody's business: an operator, input or
output by its name, a group by its dotted name (`hierarchy_scope`).
"""
from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from random import Random
from typing import Any

import networkx

sys.path.insert(0, str(Path(__file__).resolve().parent))

import networkx_resave  # noqa: E402
import yed_document  # noqa: E402
import yed_resave  # noqa: E402

LEAVES = ("operator", "input", "output")


class Editor:
    """What both have in common: everything that is said in terms of `data`."""

    def node(self, name: str) -> Any:
        found = [n for n in self.nodes() if self.get(n, "name") == name and self.get(n, "node_kind") in LEAVES]
        assert len(found) == 1, f"{len(found)} nodes are called {name!r}"
        return found[0]

    def model(self) -> Any:
        return next(n for n in self.nodes() if self.get(n, "node_kind") == "model")

    def group(self, scope: str) -> Any:
        return next(n for n in self.nodes()
                    if self.get(n, "node_kind") == "module" and self.get(n, "hierarchy_scope") == scope)

    def function(self, name: str) -> Any:
        return next(n for n in self.nodes() if self.get(n, "node_kind") == "function" and self.get(n, "name") == name)

    def body(self, owner: str, attribute: str = "body") -> Any:
        """The body of an operator."""
        inside = self.children(self.node(owner))
        return next(n for n in inside if self.get(n, "node_kind") == "body" and self.get(n, "name") == attribute)

    def formal(self, scope: Any, kind: str) -> list[Any]:
        """The inputs or outputs of a body or function, in order."""
        found = [n for n in self.children(scope) if self.get(n, "node_kind") == kind]
        return sorted(found, key=lambda n: int(self.get(n, "node_index") or 1 << 31))

    def attributes(self, name: str, **values: Any) -> None:
        """Change attributes of an operator; None takes one away."""
        node = self.node(name)
        now = json.loads(self.get(node, "node_attributes") or "{}") | values
        self.set(node, "node_attributes", json.dumps({k: v for k, v in now.items() if v is not None}))

    def inputs(self, name: str) -> list[str]:
        return json.loads(self.get(self.node(name), "input_names"))

    def set_inputs(self, name: str, names: list[str]) -> None:
        self.set(self.node(name), "input_names", json.dumps(names))

    def rewire(self, source: str, target: str, port: int, source_port: int = 0) -> None:
        """Drag the end of the edge that comes in at a port."""
        self.disconnect(target, port)
        self.connect(source, target, port, source_port)

    def bypass(self, name: str) -> None:
        """Delete an operator and let those who took its value take its first input."""
        node = self.node(name)
        source = next((a, p) for a, p, b, q in self.edges() if b is node or b == node and q == 0)
        takers = [(b, q) for a, p, b, q in self.edges() if a == node]
        self.delete(node)
        for taker, port in takers:
            self.draw(source[0], taker, source[1], port)

    def connect(self, source: str, target: str, port: int | None = None, source_port: int | None = 0) -> None:
        self.draw(self.node(source), self.node(target), source_port, port)


class YedEditor(Editor):
    """A person in yEd: groups hold what stands in them, and go with it."""

    nested = True

    def __init__(self, path: Path, seed: int = 0) -> None:
        self.document = yed_document.read_document(path)
        self.seed = seed
        self.made = 0

    def save(self, path: Path) -> None:
        path.write_bytes(yed_resave.Saver(self.document, Random(self.seed)).save())

    def _walk(self, graph: yed_document.Graph) -> list[tuple[yed_document.Graph, yed_document.Node]]:
        found = []
        for node in graph.nodes:
            found.append((graph, node))
            if node.children is not None:
                found += self._walk(node.children)
        return found

    def nodes(self) -> list[yed_document.Node]:
        return [node for _, node in self._walk(self.document.root)]

    def get(self, node: yed_document.Node, key: str) -> str | None:
        return next((text for k, text in node.data if k.name == key), None)

    def set(self, node: yed_document.Node, key: str, text: str | None) -> None:
        node.data = [(k, v) for k, v in node.data if k.name != key]
        if text is not None:
            node.data.append((self._key("node", key), text))

    def _key(self, where: str, name: str) -> yed_document.Key:
        return next(k for k in self.document.keys if k.where == where and k.name == name)

    def edges(self) -> list[tuple[yed_document.Node, int, yed_document.Node, int]]:
        by_id = {n.id: n for n in self.nodes()}
        ports = [({k.name: int(v) for k, v in e.data if k.name.endswith("_port")}, e) for e in self.document.edges]
        return [(by_id[e.source], p.get("source_port", 0), by_id[e.target], p.get("target_port", -1)) for p, e in ports]

    def draw(self, source: yed_document.Node, target: yed_document.Node, source_port: int | None,
             port: int | None) -> None:
        ports = {"source_port": source_port, "target_port": port}
        data = [(self._key("edge", k), str(v)) for k, v in ports.items() if v is not None]
        self.document.edges.append(yed_document.Edge(source.id, target.id, data, []))

    def disconnect(self, target: Any, port: int) -> None:
        node = self.node(target) if isinstance(target, str) else target
        gone = [e for e, (_, _, b, q) in zip(self.document.edges, self.edges()) if b is node and q == port]
        assert len(gone) == 1
        self.document.edges.remove(gone[0])

    def delete(self, node: yed_document.Node) -> None:
        graph = next(g for g, n in self._walk(self.document.root) if n is node)
        graph.nodes = [n for n in graph.nodes if n is not node]
        there = {n.id for n in self.nodes()}
        self.document.edges = [e for e in self.document.edges if e.source in there and e.target in there]

    def _put(self, node: yed_document.Node, scope: str | None) -> None:
        self._put_into(node, self.group(scope) if scope else self.model())

    def _put_into(self, node: yed_document.Node, compound: yed_document.Node) -> None:
        self.made += 1
        node.id = f"made{self.made}"
        compound.children.nodes.append(node)

    def children(self, node: yed_document.Node) -> list[yed_document.Node]:
        return list(node.children.nodes)

    def add_into(self, compound: yed_document.Node, **data: str) -> yed_document.Node:
        """A new node in a compound: a group where the data say that it is one."""
        module = data.get("node_kind") == "module"
        keys = [(self._key("node", k), v) for k, v in data.items()]
        node = yed_document.Node("", keys, ["new"], module, yed_document.Graph() if module else None)
        self._put_into(node, compound)
        return node

    def move_into(self, node: yed_document.Node, compound: yed_document.Node) -> None:
        """Drag a node, with what stands in it, into another compound."""
        graph = next(g for g, n in self._walk(self.document.root) if n is node)
        graph.nodes = [n for n in graph.nodes if n is not node]
        compound.children.nodes.append(node)

    def copy_tree(self, node: yed_document.Node, compound: yed_document.Node) -> dict[str, yed_document.Node]:
        """Copy and paste with all that stands in it, and with the edges among that; the copies by the names of the
        originals."""
        twin = copy.deepcopy(node)
        self._put_into(twin, compound)
        old = [n for _, n in self._walk(yed_document.Graph([node]))]
        new = [n for _, n in self._walk(yed_document.Graph([twin]))]
        for n in new[1:]:
            self.made += 1
            n.id = f"made{self.made}"
        ids = {a.id: b.id for a, b in zip(old, new)}
        inside = [e for e in self.document.edges if e.source in ids and e.target in ids]
        for e in inside:
            self.document.edges.append(
                yed_document.Edge(ids[e.source], ids[e.target], list(e.data), list(e.labels)))
        return {self.get(a, "name"): b for a, b in zip(old, new)}

    def add(self, scope: str | None = None, **data: str) -> yed_document.Node:
        node = yed_document.Node("", [(self._key("node", k), v) for k, v in data.items()], ["new"], False, None)
        self._put(node, scope)
        return node

    def copy(self, name: str, scope: str | None = None) -> yed_document.Node:
        """Copy and paste: all data twice."""
        node = copy.deepcopy(self.node(name))
        self._put(node, scope)
        return node

    def move(self, name: str, scope: str) -> None:
        node = self.node(name)
        graph = next(g for g, n in self._walk(self.document.root) if n is node)
        graph.nodes = [n for n in graph.nodes if n is not node]
        self.group(scope).children.nodes.append(node)

    def label(self, node: yed_document.Node, text: str) -> None:
        node.labels = [text, *node.labels[1:]]

    def folded_label(self, node: yed_document.Node, text: str) -> None:
        """The same while the group is folded: it has labels of its own then."""
        node.folded_labels = [text, *node.folded_labels[1:]]


class NetworkxEditor(Editor):
    """A program with networkx: no nesting, `parent` says where a node stands."""

    nested = False

    def __init__(self, path: Path, seed: int = 0) -> None:
        self.graph = networkx.MultiDiGraph(networkx_resave.read(path))
        self.made = 0

    def save(self, path: Path) -> None:
        networkx.write_graphml(self.graph, path)

    def nodes(self) -> list[str]:
        return list(self.graph.nodes)

    def get(self, node: str, key: str) -> str | None:
        return self.graph.nodes[node].get(key)

    def set(self, node: str, key: str, text: str | None) -> None:
        self.graph.nodes[node].pop(key, None)
        if text is not None:
            self.graph.nodes[node][key] = text

    def edges(self) -> list[tuple[str, int, str, int]]:
        return [(a, d.get("source_port", 0), b, d.get("target_port", -1)) for a, b, d in self.graph.edges(data=True)]

    def draw(self, source: str, target: str, source_port: int | None, port: int | None) -> None:
        ports = {"source_port": source_port, "target_port": port}
        self.graph.add_edge(source, target, **{k: v for k, v in ports.items() if v is not None})

    def disconnect(self, target: str, port: int) -> None:
        node = target if target in self.graph and self.get(target, "node_kind") else self.node(target)
        gone = [(a, b, k) for a, b, k, d in self.graph.in_edges(node, keys=True, data=True) if d.get("target_port") == port]
        assert len(gone) == 1
        self.graph.remove_edge(*gone[0])

    def delete(self, node: str) -> None:
        key = self.get(node, "compound_key")
        inside = [n for n in self.graph if self.get(n, "parent") == key] if key else []
        self.graph.remove_node(node)
        for n in inside:
            self.delete(n)

    def add(self, scope: str | None = None, **data: str) -> str:
        self.made += 1
        parent = self.group(scope) if scope else self.model()
        node = f"made{self.made}"
        self.graph.add_node(node, **{"parent": self.get(parent, "compound_key"), **data})
        return node

    def children(self, node: str) -> list[str]:
        key = self.get(node, "compound_key")
        return [n for n in self.graph if key and self.get(n, "parent") == key]

    def add_into(self, compound: str, **data: str) -> str:
        """A new node in a compound; a module has to have a key of its own, so that others can stand in it."""
        self.made += 1
        node = f"made{self.made}"
        own = {"compound_key": node} if data.get("node_kind") == "module" else {}
        self.graph.add_node(node, **{"parent": self.get(compound, "compound_key"), **own, **data})
        return node

    def move_into(self, node: str, compound: str) -> None:
        self.set(node, "parent", self.get(compound, "compound_key"))

    def _below(self, node: str) -> list[str]:
        return [node, *(n for child in self.children(node) for n in self._below(child))]

    def copy_tree(self, node: str, compound: str) -> dict[str, str]:
        """As in yEd; what stands in the copies names them, by keys of their own."""
        self.made += 1
        old = self._below(node)
        ids = {n: f"made{self.made}_{i}" for i, n in enumerate(old)}
        keys = {k: f"{k}/{self.made}" for k in (self.get(n, "compound_key") for n in old) if k}
        for n in old:
            data = dict(self.graph.nodes[n])
            data["parent"] = self.get(compound, "compound_key") if n == node else keys[data["parent"]]
            if data.get("compound_key"):
                data["compound_key"] = keys[data["compound_key"]]
            attributes = json.loads(data.get("node_attributes") or "{}")
            for value in attributes.values():
                if isinstance(value, dict) and value.get("type") == "GRAPH":
                    value["graph"] = keys[value["graph"]]
            if attributes:
                data["node_attributes"] = json.dumps(attributes)
            self.graph.add_node(ids[n], **data)
        for a, b, data in list(self.graph.edges(data=True)):
            if a in ids and b in ids:
                self.graph.add_edge(ids[a], ids[b], **data)
        return {self.get(n, "name"): ids[n] for n in old}

    def copy(self, name: str, scope: str | None = None) -> str:
        data = dict(self.graph.nodes[self.node(name)])
        if scope:
            data["parent"] = self.get(self.group(scope), "compound_key")
        self.made += 1
        self.graph.add_node(f"made{self.made}", **data)
        return f"made{self.made}"

    def move(self, name: str, scope: str) -> None:
        """The tag says where to."""
        self.set(self.node(name), "hierarchy_tag", self.get(self.group(scope), "hierarchy_tag"))


EDITORS = {"yed": YedEditor, "networkx": NetworkxEditor}
