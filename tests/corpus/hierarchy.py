"""A small transformer with the names, tags and metadata from which a hierarchy can be read."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

from corpus.build import attribute, entry, int64s, model, graph, node, opset, tensor, tensor_type, value
from corpus.registry import CANONICAL

LAYERS = 2
CLASS_OF = {
    "": "TinyModel", "embeddings": "TinyEmbeddings", "encoder": "TinyEncoder", "layer": "TinyLayer",
    "attention": "TinyAttention", "self": "TinySelfAttention", "output": "TinyOutput", "pooler": "TinyPooler",
}


class Op(NamedTuple):
    """An operator and the module it belongs to; `scope` None is an auxiliary one without scope."""

    op_type: str
    scope: str | None
    inputs: list[str]
    output: str
    attributes: tuple[bytes, ...] = ()


def transformer() -> tuple[list[Op], list[bytes]]:
    """The operators in order, and the weights."""
    ops = [
        Op("Gather", "embeddings", ["embeddings.word.weight", "ids"], "/embeddings/Gather_output_0"),
        Op("Shape", None, ["/embeddings/Gather_output_0"], "/Shape_output_0"),
        Op("Constant", None, [], "/Constant_output_0", (attribute("value", 4, t=int64s(None, 0)),)),
        Op("Gather", None, ["/Shape_output_0", "/Constant_output_0"], "/Gather_output_0", (attribute("axis", 2, i=0),)),
    ]
    weights = [tensor("embeddings.word.weight", [0.25] * 8)]
    hidden = "/embeddings/Gather_output_0"
    for at in range(LAYERS):
        layer_ops, layer_weights, hidden = transformer_layer(f"encoder.layer.{at}", hidden)
        ops += layer_ops
        weights += layer_weights
    ops.append(Op("Tanh", "pooler", [hidden], "y"))
    return ops, weights


def transformer_layer(scope: str, hidden: str) -> tuple[list[Op], list[bytes], str]:
    def value_of(module: str, op_type: str) -> str:
        return f"/{scope.replace('.', '/', 1)}/{module}{op_type}_output_0"

    weights = [f"{scope}.attention.self.query.weight", f"{scope}.output.dense.weight"]
    query, scores, mixed = (value_of("attention/self/", op) for op in ("MatMul", "Softmax", "Mul"))
    dense, result = value_of("output/", "MatMul"), value_of("", "Add")
    ops = [
        Op("MatMul", f"{scope}.attention.self", [hidden, weights[0]], query),
        Op("Softmax", f"{scope}.attention.self", [query], scores, (attribute("axis", 2, i=-1),)),
        Op("Mul", f"{scope}.attention", [scores, "/Gather_output_0"], mixed),
        Op("MatMul", f"{scope}.output", [mixed, weights[1]], dense),
        Op("Add", scope, [dense, hidden], result),
    ]
    return ops, [tensor(name, [0.5, -0.5, at]) for at, name in enumerate(weights)], result


def tag_of(scope: str) -> str:
    """`encoder.layer.0.attention` -> `/TinyModel/TinyEncoder/TinyLayer.0/TinyAttention`."""
    tag = "/" + CLASS_OF[""]
    for part in scope.split(".") if scope else []:
        if part.isdigit():
            tag += f".{part}"
        else:
            tag += "/" + CLASS_OF[part]
    return tag


def node_name(op: Op, at: int) -> str:
    return f"/{op.scope.replace('.', '/')}/{op.op_type}" if op.scope else f"/{op.op_type}_{at}"


def torch_node_name(op: Op, at: int) -> str:
    """As torch writes it: a list's number stays with its list, `/encoder/layer.0/MatMul`."""
    name = node_name(op, at)
    for number in range(LAYERS):
        name = name.replace(f"/layer/{number}/", f"/layer.{number}/")
    return name


Metadata = Callable[[Op], list[bytes]]


def tagged_model(metadata: Metadata, extra_attributes: Metadata | None = None, **fields: object) -> bytes:
    ops, weights = transformer()
    nodes = [
        node(op.op_type, op.inputs, [op.output], name=torch_node_name(op, at), metadata_props=metadata(op),
             attributes=[*op.attributes, *(extra_attributes(op) if extra_attributes else [])])
        for at, op in enumerate(ops)
    ]
    main = graph(
        *nodes, name="main_graph", initializer=weights,
        input=[value("ids", tensor_type(7, ["batch", "sequence"]))], output=[value("y", tensor_type(1, ["batch", 3]))],
        value_info=[value(op.output, tensor_type(1, ["batch", "sequence", 3])) for op in ops[4:-1]])
    return model(main, producer_name="pytorch", producer_version="2.4.0", **fields)


def htp_full(op: Op) -> list[bytes]:
    """All that `--hierarchy-attrs metadata` writes."""
    scope = op.scope or ""
    method = "direct" if op.scope else "inherited"
    tag = tag_of(scope)
    return [
        entry("hierarchy_tag", tag), entry("hierarchy_scope", scope), entry("hierarchy_method", method),
        entry("hierarchy_path", tag), entry("hierarchy_tags", json.dumps([tag])), entry("hierarchy_count", "1"),
    ]


def htp_minimal(op: Op) -> list[bytes]:
    return htp_full(op)[:3]


def htp_partly_stale(op: Op) -> list[bytes]:
    """Some tags missing, empty, wrong, double or of a module that is not there."""
    scope = op.scope or ""
    tag = entry("hierarchy_tag", tag_of(scope))
    choices = [
        htp_minimal(op), [], [entry("hierarchy_tag", "")], [entry("hierarchy_tag", "/Other/Gone.7")],
        [tag, entry("hierarchy_tag", "/TinyModel")],
        [entry("hierarchy_tag", "no slash"), entry("hierarchy_scope", "..a..")],
        [entry("hierarchy_scope", scope), entry("note", "between"), tag],
    ]
    return choices[len(op.output) % len(choices)]


def dynamo_metadata(op: Op) -> list[bytes]:
    """As torch's exporter from `torch.export` writes it: python lists as text."""
    parts = (op.scope or "").split(".") if op.scope else []
    scopes = ["", *(".".join(parts[: i + 1]) for i in range(len(parts))), op.op_type.lower()]
    classes = [f"tiny.modeling.{CLASS_OF.get(part, 'ModuleList')}" for part in ["", *parts]]
    classes.append(f"aten.{op.op_type.lower()}.default")
    return [
        entry("namespace", f"{scopes[-2]}: {classes[-2]}/{op.op_type}"),
        entry("pkg.torch.onnx.class_hierarchy", repr(classes)),
        entry("pkg.torch.onnx.name_scopes", repr(scopes)),
        entry("pkg.torch.onnx.stack_trace", "File \"modeling.py\", line 1, in forward\n    return x"),
    ]


def tag_attributes(op: Op) -> list[bytes]:
    """All that `--hierarchy-attrs attribute` writes."""
    tag = tag_of(op.scope or "")
    return [attribute("hierarchy_path", 3, s=tag), attribute("hierarchy_tags", 8, strings=[tag]),
            attribute("hierarchy_count", 2, i=1)]


@CANONICAL.family
def hierarchy() -> Iterator[tuple[str, bytes]]:
    yield "scoped_names", tagged_model(lambda op: [])
    yield "htp_metadata", tagged_model(htp_full)
    yield "htp_minimal", tagged_model(htp_minimal)
    yield "htp_stale", tagged_model(htp_partly_stale)
    yield "htp_attributes", tagged_model(lambda op: [], tag_attributes)
    yield "dynamo", tagged_model(dynamo_metadata)
    yield "dynamo_and_htp", tagged_model(lambda op: dynamo_metadata(op) + htp_full(op))


@CANONICAL.model
def hierarchy_shared_module() -> bytes:
    """Operators that serve two modules, and one tag for two modules."""
    def shared(op: Op) -> list[bytes]:
        tags = [tag_of("encoder.layer.0"), tag_of("encoder.layer.1")]
        return [entry("hierarchy_tag", tags[0]), entry("hierarchy_scope", "encoder.layer.0"),
                entry("hierarchy_method", "parent"), entry("hierarchy_path", tags[0]),
                entry("hierarchy_tags", json.dumps(tags)), entry("hierarchy_count", "2")]

    return tagged_model(shared)


@CANONICAL.model
def hierarchy_odd_scopes() -> bytes:
    """Names that look like scopes but have empty, repeated, dotted, numeric or very many parts."""
    names = ["/", "//", "/a//b/Relu", "/a/b/", "a/b/Relu", "/a/../b/Relu", "/a/./Relu", "/0/1/2/Relu",
             "/a.b.c/Relu", "/a/a/a/a/Relu", "/layer.0/layer.0/Relu", "/ /Relu", "/\r\n/Relu", "/<a>/Relu",
             "/a:b/Relu", "/\u65e5/Relu", "/" + "/".join(f"m{i}" for i in range(40)) + "/Relu",
             "/A/Relu", "/a/Relu", "/a/Relu"]
    values = ["x", *(f"v{i}" for i in range(1, len(names))), "y"]
    nodes = [node("Relu", [values[i]], [values[i + 1]], name=name) for i, name in enumerate(names)]
    return model(graph(*nodes, name="odd", input=[value("x")], output=[value("y")]), opset_import=[opset(21)])


@CANONICAL.model
def hierarchy_wide() -> bytes:
    """300 modules beside one another, each with one operator; every fourth in a module of its own."""
    values = ["x", *(f"/layers.{i}/Relu_output_0" for i in range(299)), "y"]
    nodes = [node("Relu", [values[i]], [values[i + 1]], name=f"/layers.{i}/{'act/' if i % 4 == 0 else ''}Relu")
             for i in range(300)]
    return model(graph(*nodes, name="wide", input=[value("x")], output=[value("y")]))
