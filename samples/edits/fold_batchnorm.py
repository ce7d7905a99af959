#!/usr/bin/env python3
"""Fold BatchNormalization into the convolution before it.

usage: fold_batchnorm.py IN.graphml OUT.graphml

    BN(conv(x)) = s · (W x + b - mean) + bias,  s = scale / √(variance + ε):  the weight is s·W, the bias s·(b - mean) + bias

The old weights are read from the .onnxdata file, the new ones are written into the model's list of initializers as base64;
import-onnx drops those that nothing uses any more.
"""
import json

import numpy
from model_graph import ModelGraph, run, tensor_of


def fold(graph: ModelGraph, norm: str, tensors: dict[str, dict]) -> bool:
    source = graph.source(norm, 0)
    if source is None or graph.get(source[0], "op_type") != "Conv" or len(graph.takers(source[0])) != 1:
        return False
    conv = source[0]
    inputs, given = json.loads(graph.get(conv, "input_names")), json.loads(graph.get(norm, "input_names"))[1:]
    if any(name not in tensors for name in [*inputs[1:], *given]):
        return False  # not constant
    scale, bias, mean, variance = (graph.values(tensors[name]) for name in given)
    epsilon = json.loads(graph.get(norm, "node_attributes") or "{}").get("epsilon", 1e-5)
    factor = scale / numpy.sqrt(variance + epsilon)
    weight = graph.values(tensors[inputs[1]])
    old_bias = graph.values(tensors[inputs[2]]) if len(inputs) > 2 else numpy.zeros_like(mean)
    names = [f"{inputs[1]}.{conv}.folded_weight", f"{inputs[1]}.{conv}.folded_bias"]
    tensors[names[0]] = tensor_of(names[0], weight * factor.reshape(-1, *[1] * (weight.ndim - 1)))
    tensors[names[1]] = tensor_of(names[1], (old_bias - mean) * factor + bias)
    graph.graph.nodes[conv]["input_names"] = json.dumps([inputs[0], *names])
    for taker, port in graph.takers(norm):
        graph.connect((conv, 0), taker, port)
    graph.remove(norm)
    return True


def edit(graph: ModelGraph) -> str:
    norms = graph.operators("BatchNormalization")
    tensors = {t["name"]: t for t in graph.initializers()}
    folded = sum(fold(graph, norm, tensors) for norm in norms)
    graph.set_initializers(list(tensors.values()))
    return f"{folded} of {len(norms)} BatchNormalizations folded"


if __name__ == "__main__":
    run(edit)
