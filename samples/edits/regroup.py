#!/usr/bin/env python3
"""Regroup operators: `intermediate` and `output` of every layer go into a new group `mlp`.

usage: regroup.py IN.graphml OUT.graphml

Containment decides the hierarchy: in a file for yEd one draws a new group around the two and gives it the data `name` and
`class_name`; here the new group is a node of the kind `module`, and `parent` says what stands in it. The tags in a tagged
model follow (`modelexport export MODEL.onnx TAGGED.onnx` writes them).
"""
from model_graph import ModelGraph, run

PARTS = ("intermediate", "output")


def edit(graph: ModelGraph) -> str:
    scopes = {graph.get(n, "hierarchy_scope"): n for n in graph.graph if graph.get(n, "node_kind") == "module"}
    layers = [s for s in scopes if all(f"{s}.{part}" in scopes for part in PARTS) and s.split(".")[-1].isdigit()]
    for layer in layers:
        key = f"mlp of {layer}"
        graph.graph.add_node(key, node_kind="module", name="mlp", class_name="BertMLP", own_tag=True, compound_key=key,
                             parent=graph.get(scopes[layer], "compound_key"))
        for part in PARTS:
            graph.graph.nodes[scopes[f"{layer}.{part}"]]["parent"] = key
    return f"{len(layers)} new groups"


if __name__ == "__main__":
    run(edit)
