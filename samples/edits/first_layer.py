#!/usr/bin/env python3
"""Cut a transformer to its first layer: delete the groups of all others, and connect what is left.

usage: first_layer.py IN.graphml OUT.graphml

In yEd this is: select the group `encoder.layer.1`, press Delete, and draw an edge from the last operator of `encoder.layer.0` to
those that lost their input.
"""
from model_graph import ModelGraph, run

LAYERS = "encoder.layer."


def edit(graph: ModelGraph) -> str:
    first = graph.inside(graph.group(LAYERS + "0"))
    others = [n for n in graph.graph if graph.get(n, "hierarchy_scope").startswith(LAYERS)
              and graph.get(n, "hierarchy_scope")[len(LAYERS):].isdigit() and graph.get(n, "hierarchy_scope") != LAYERS + "0"]
    gone = set(others).union(*(graph.inside(g) for g in others))
    result = next((a, d["source_port"]) for a, b, d in graph.graph.edges(data=True) if a in first and b in gone)
    lost = [(b, d["target_port"]) for a, b, d in graph.graph.edges(data=True) if a in gone and b not in gone]
    graph.remove(*gone)
    for taker, port in lost:
        graph.connect(result, taker, port)
    return f"{len(others)} layers deleted, {len(gone)} nodes; {len(lost)} inputs take the value of the first layer"


if __name__ == "__main__":
    run(edit)
