#!/usr/bin/env python3
"""Replace GELU by its tanh form, wherever the model has one.

usage: gelu_to_tanh.py IN.graphml OUT.graphml

    x/2 · (1 + erf(x/√2))   becomes   x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))

Exporters write the first as Div, Erf, Add, Mul, Mul; only Div and Erf have to go.
"""
import math

from model_graph import ModelGraph, run


def edit(graph: ModelGraph) -> str:
    erfs = graph.operators("Erf")
    for erf in erfs:
        divide, _ = graph.source(erf, 0)
        x = graph.source(divide, 0)
        root_of_two = graph.source(divide, 1)
        group = graph.get(erf, "parent")

        def constant(value: float) -> tuple[str, int]:
            return graph.add("Constant", group, value_float=value)

        cube = graph.add("Pow", group, x, constant(3.0))
        inner = graph.add("Add", group, x, graph.add("Mul", group, cube, constant(0.044715)))
        tanh = graph.add("Tanh", group, graph.add("Mul", group, inner, constant(math.sqrt(2 / math.pi))))
        for taker, port in graph.takers(erf):
            graph.connect(tanh, taker, port)
        graph.remove(erf, divide, *([root_of_two[0]] if root_of_two else []))
    return f"{len(erfs)} GELUs have become tanh"


if __name__ == "__main__":
    run(edit)
