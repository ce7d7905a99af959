"""A model as networkx sees it: what the examples here need, and a few lines of it explain the file.

Nodes carry everything as texts: `op_type`, `name`, `node_attributes` (JSON), `input_names` and `output_names` (JSON), `parent`
(the `compound_key` of the group they stand in). Edges carry `source_port` and `target_port`, and they decide the wiring: a
node's `input_names` count only where no edge comes in. Whatever an edit leaves out, import-onnx works out: names, order.
"""
from __future__ import annotations

import base64
import json
import sys
import warnings
from pathlib import Path

import networkx
import numpy

TYPES = {"FLOAT": "<f4", "DOUBLE": "<f8", "FLOAT16": "<f2", "INT64": "<i8", "INT32": "<i4"}


class ModelGraph:
    def __init__(self, path: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # networkx tells that it leaves yEd's ports out
            # A DiGraph would keep one edge between two nodes; a value can go to two ports of a node.
            self.graph = networkx.MultiDiGraph(networkx.read_graphml(path))
        self.folder = Path(path).parent
        self.added = 0

    def save(self, path: str) -> None:
        networkx.write_graphml(self.graph, path)

    # ---- looking ----

    def get(self, node: str, key: str) -> str:
        return self.graph.nodes[node].get(key, "")

    def operators(self, op_type: str) -> list[str]:
        return [n for n in self.graph if self.get(n, "op_type") == op_type]

    def model(self) -> str:
        return next(n for n in self.graph if self.get(n, "node_kind") == "model")

    def group(self, scope: str) -> str:
        """A module by its dotted name."""
        return next(n for n in self.graph if self.get(n, "node_kind") == "module"
                    and self.get(n, "hierarchy_scope") == scope)

    def inside(self, group: str) -> set[str]:
        """All that stands in a group, at any depth."""
        found, keys = set(), {self.get(group, "compound_key")}
        while keys:
            below = [n for n in self.graph if self.get(n, "parent") in keys]
            found.update(below)
            keys = {self.get(n, "compound_key") for n in below} - {""}
        return found

    def source(self, node: str, port: int) -> tuple[str, int] | None:
        """Who makes the value at an input port; None: an initializer."""
        for a, _, data in self.graph.in_edges(node, data=True):
            if data["target_port"] == port:
                return a, data["source_port"]
        return None

    def takers(self, node: str, port: int = 0) -> list[tuple[str, int]]:
        return [(b, d["target_port"]) for _, b, d in self.graph.out_edges(node, data=True) if d["source_port"] == port]

    # ---- editing ----

    def connect(self, source: tuple[str, int], node: str, port: int) -> None:
        """Take away the edge that comes in at the port, if there is one, and draw another."""
        for a, b, key, data in list(self.graph.in_edges(node, keys=True, data=True)):
            if data["target_port"] == port:
                self.graph.remove_edge(a, b, key)
        self.graph.add_edge(source[0], node, source_port=source[1], target_port=port)

    def add(self, op_type: str, parent: str, *inputs: tuple[str, int], name: str = "", **attributes: object) -> tuple[str, int]:
        """A new operator in the group `parent` (a compound_key), and its first output."""
        self.added += 1
        node = f"added{self.added}"
        data = {"op_type": op_type, "node_kind": "operator", "parent": parent, "node_attributes": json.dumps(attributes)}
        self.graph.add_node(node, **data, **({"name": name} if name else {}))
        for port, source in enumerate(inputs):
            self.graph.add_edge(source[0], node, source_port=source[1], target_port=port)
        return node, 0

    def remove(self, *nodes: str) -> None:
        self.graph.remove_nodes_from(nodes)

    # ---- weights ----

    def initializers(self) -> list[dict]:
        return json.loads(self.get(self.model(), "initializers") or "[]")

    def set_initializers(self, tensors: list[dict]) -> None:
        self.graph.nodes[self.model()]["initializers"] = json.dumps(tensors)

    def values(self, tensor: dict) -> numpy.ndarray:
        """A weight: bytes of the .onnxdata file, from OFFSET on, or base64 where an edit put it."""
        data = tensor["data"]
        if isinstance(data, dict):
            raw = base64.b64decode(data["base64"])
        else:
            file = json.loads(self.get(self.model(), "weights"))["file"]
            with open(self.folder / file, "rb") as f:
                f.seek(data[0])
                raw = f.read(data[1])
        return numpy.frombuffer(raw, TYPES[tensor["data_type"]]).reshape(tensor["dims"])


def tensor_of(name: str, values: numpy.ndarray) -> dict:
    """A new float weight; it stands in the GraphML itself."""
    raw = base64.b64encode(values.astype("<f4").tobytes()).decode()
    return {"name": name, "data_type": "FLOAT", "dims": list(values.shape), "data": {"base64": raw}}


def run(edit) -> None:
    """The command line of an example: SCRIPT IN.graphml OUT.graphml"""
    if len(sys.argv) != 3:
        sys.exit(f"usage: {Path(sys.argv[0]).name} IN.graphml OUT.graphml")
    graph = ModelGraph(sys.argv[1])
    print(edit(graph))
    graph.save(sys.argv[2])
