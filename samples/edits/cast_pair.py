#!/usr/bin/env python3
"""Insert a pair of Casts: what enters a module is rounded to half precision.

usage: cast_pair.py IN.graphml OUT.graphml

Every edge that enters the group `pooler` from outside with a float value goes through Cast to FLOAT16 and back.
"""
from model_graph import ModelGraph, run

FLOAT, FLOAT16 = 1, 10  # onnx.TensorProto
MODULE = "pooler"


def edit(graph: ModelGraph) -> str:
    group = graph.group(MODULE)
    inside, key = graph.inside(group), graph.get(group, "compound_key")
    entering = [(a, b, d) for a, b, d in graph.graph.edges(data=True)
                if b in inside and a not in inside and d.get("tensor_type") == "FLOAT"]
    for a, b, data in list(entering):
        half = graph.add("Cast", key, (a, data["source_port"]), name=f"{MODULE}/to_half", to=FLOAT16)
        back = graph.add("Cast", key, half, name=f"{MODULE}/to_float", to=FLOAT)
        graph.connect(back, b, data["target_port"])
    return f"{len(entering)} pairs of Casts"


if __name__ == "__main__":
    run(edit)
