"""Bodies inside bodies: If, Loop, Scan, what they take from outside and how names overlap."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from corpus.build import (BOOL, INT64, attribute, entry, graph, int64s, model_of, node, opset, tensor,
                          tensor_type, untyped, value)
from corpus.registry import CANONICAL
from corpus.wire import encode

COND = value("cond", tensor_type(BOOL, []))


def if_node(
    then: bytes, otherwise: bytes | None, outputs: Sequence[str], cond: str = "cond", **fields: object
) -> bytes:
    branches = [attribute("then_branch", 5, g=then)]
    if otherwise is not None:
        branches.append(attribute("else_branch", 5, g=otherwise))
    return node("If", [cond], outputs, attributes=branches, **fields)


def identity_body(source: str, result: str = "r", **fields: object) -> bytes:
    fields.setdefault("name", "body")
    return graph(node("Identity", [source], [result]), output=[value(result)], **fields)


def conditional_model(*nodes: bytes, **fields: object) -> bytes:
    fields.setdefault("input", [value("x"), COND])
    return model_of(*nodes, **fields)


def nested_ifs(depth: int) -> bytes:
    """`depth` Ifs one inside the other; each level uses values and weights of several outer ones."""
    body = graph(
        node("Sum", ["x", "w", *(f"h{i}" for i in range(depth))], ["r"]), name=f"level{depth}",
        output=[untyped("r")])
    for level in reversed(range(depth)):
        branch = if_node(body, graph(node("Identity", [f"h{level}"], ["r"]), name="else", output=[untyped("r")]),
                         ["r" if level else "y"], name=f"If_{level}")
        step = node("Add", ["x" if level == 0 else f"h{level - 1}", f"w{level}"], [f"h{level}"], name="Add")
        weight = tensor(f"w{level}", [level, level + 0.5])
        if level == 0:
            return conditional_model(step, branch, initializer=[weight, tensor("w")])
        body = graph(step, branch, name=f"level{level}", output=[untyped("r")], initializer=[weight])
    raise ValueError("at least one level")


@CANONICAL.family
def if_nested() -> Iterator[tuple[str, bytes]]:
    for depth in (1, 2, 12, 32):
        yield f"{depth}_deep", nested_ifs(depth)


@CANONICAL.model
def if_without_else() -> bytes:
    return conditional_model(if_node(identity_body("x"), None, ["y"]))


@CANONICAL.model
def if_with_empty_bodies() -> bytes:
    """Bodies of no bytes, of a name only, and one that hands on an outer value without a node."""
    return conditional_model(
        if_node(b"", graph(name="nothing"), ["a"]),
        if_node(graph(output=[value("x")]), graph(output=[value("w")]), ["y"]),
        initializer=[tensor("w")],
    )


@CANONICAL.model
def if_bodies_share_all_names() -> bytes:
    """Both branches, their nodes, values and weights are called the same; twice in a row."""
    def branch(op_type: str) -> bytes:
        return graph(node(op_type, ["x", "w"], ["r"], name="n"), name="branch", output=[value("r")],
                     initializer=[tensor("w")], value_info=[value("r")])

    return conditional_model(
        if_node(branch("Add"), branch("Sub"), ["h"], name="If"),
        if_node(branch("Add"), branch("Sub"), ["y"], name="If"))


@CANONICAL.model
def if_bodies_identical() -> bytes:
    return conditional_model(
        if_node(identity_body("x"), identity_body("x"), ["a"]), if_node(identity_body("x"), identity_body("x"), ["y"]))


@CANONICAL.model
def body_shadows_outer_names() -> bytes:
    """Inner values, inputs and weights that hide outer ones, before and after their first use."""
    inner_weight = graph(node("Add", ["x", "w"], ["r"]), output=[value("r")], initializer=[tensor("w", [9])])
    inner_value = graph(
        node("Relu", ["h"], ["q"]), node("Neg", ["x"], ["h"]), node("Add", ["h", "q"], ["r"]), output=[value("r")])
    inner_input = graph(node("Relu", ["x"], ["r"]), input=[value("x")], output=[value("r")])
    inner_output = graph(node("Relu", ["h"], ["y"]), output=[value("y")])
    return conditional_model(
        node("Relu", ["x"], ["h"]),
        if_node(inner_weight, inner_value, ["a"]),
        if_node(inner_input, inner_output, ["y"]),
        node("Add", ["a", "w"], ["z"]),
        initializer=[tensor("w")],
    )


@CANONICAL.model
def body_needs_a_later_value() -> bytes:
    """The captured value is made behind the If that needs it."""
    return conditional_model(
        if_node(identity_body("late"), identity_body("nobody"), ["a"]), node("Relu", ["x"], ["late"]),
        node("Add", ["a", "late"], ["y"]))


@CANONICAL.model
def body_in_a_cycle() -> bytes:
    """A body that needs its own If's result, and one with a cycle inside."""
    inner = graph(node("Add", ["p", "x"], ["q"]), node("Relu", ["q"], ["p"]), output=[value("p")])
    return conditional_model(if_node(identity_body("y"), inner, ["y"]))


@CANONICAL.model
def body_out_of_order() -> bytes:
    shuffled = graph(node("Relu", ["b"], ["r"]), node("Relu", ["a"], ["b"]), node("Relu", ["x"], ["a"]),
                     output=[value("r")])
    return conditional_model(if_node(shuffled, identity_body("x"), ["y"]))


@CANONICAL.model
def body_outputs_of_every_kind() -> bytes:
    """A body's output is its weight, an outer weight, an outer value, undefined, or twice the same."""
    outputs = [value(name) for name in ("own", "w", "x", "nobody", "r", "r")]
    body = graph(node("Relu", ["x"], ["r"]), output=outputs, initializer=[tensor("own")])
    return conditional_model(
        if_node(body, body, ["a", "b", "c", "d", "", "y"]), initializer=[tensor("w")])


@CANONICAL.model
def body_with_everything() -> bytes:
    """A body with all that a graph can have besides nodes."""
    sparse = encode("SparseTensorProto", values=tensor("s"), indices=int64s(None, 0, 3), dims=[5])
    annotation = encode("TensorAnnotation", tensor_name="r", quant_parameter_tensor_names=[entry("SCALE_TENSOR", "w")])
    body = identity_body(
        "x", name="full", doc_string="a body", initializer=[tensor("w"), tensor("unused")],
        sparse_initializer=[sparse], value_info=[value("r", doc_string="d"), value("nobody")],
        quantization_annotation=[annotation], metadata_props=[entry("k", "v"), entry("k", "w")])
    return conditional_model(if_node(body, identity_body("x", name=None), ["y"]))


@CANONICAL.model
def body_inputs_in_if() -> bytes:
    """An If's bodies have no inputs; if they have some nonetheless, they come back."""
    return conditional_model(if_node(identity_body("i", input=[value("i")]), identity_body("x"), ["y"]))


@CANONICAL.model
def body_of_unnamed_nodes_with_tags() -> bytes:
    """Scoped names and tags inside a body."""
    tags = [entry("hierarchy_tag", "/Model/Block.0"), entry("hierarchy_scope", "block.0")]
    body = graph(
        node("Relu", ["x"], ["p"], name="/block.0/Relu", metadata_props=tags),
        node("MatMul", ["p", "block.0.weight"], ["r"], name="/block.0/MatMul"), output=[value("r")])
    return conditional_model(
        node("Relu", ["x"], ["u"], name="/block.0/pre/Relu"),
        if_node(body, identity_body("u"), ["y"], name="/block.0/If"), initializer=[tensor("block.0.weight")])


@CANONICAL.model
def loop() -> bytes:
    """A Loop with a carried value, a scan output and a captured weight."""
    body = graph(
        node("Add", ["carried", "w"], ["next"], name="Add"),
        node("Identity", ["keep_going"], ["keep_going_out"]),
        node("Identity", ["next"], ["seen"]),
        name="loop_body",
        input=[value("i", tensor_type(INT64, [])), value("keep_going", tensor_type(BOOL, [])), value("carried")],
        output=[value("keep_going_out", tensor_type(BOOL, [])), value("next"), value("seen")],
    )
    return conditional_model(
        node("Loop", ["trips", "", "x"], ["y", "all"], name="Loop", attributes=[attribute("body", 5, g=body)]),
        initializer=[tensor("w"), int64s("trips", 3)], output=[value("y"), value("all", tensor_type(1, ["n", 2]))])


@CANONICAL.model
def scan() -> bytes:
    body = graph(
        node("Add", ["state", "element"], ["next"]), node("Identity", ["next"], ["out"]), name="scan_body",
        input=[value("state"), value("element")], output=[value("next"), value("out")])
    return model_of(
        node("Scan", ["x", "seq"], ["y", "all"], attributes=[
            attribute("body", 5, g=body), attribute("num_scan_inputs", 2, i=1),
            attribute("scan_input_axes", 7, ints=[0]), attribute("scan_output_directions", 7)]),
        input=[value("x"), value("seq", tensor_type(1, [3, 2]))], output=[value("y"), value("all")])


@CANONICAL.model
def if_in_loop_in_scan() -> bytes:
    """Three kinds of bodies nested, the innermost uses something of each level."""
    innermost = graph(node("Sum", ["x", "element", "carried", "w"], ["r"]), output=[value("r")])
    loop_body = graph(
        if_node(innermost, identity_body("carried"), ["next"], cond="go"), node("Identity", ["go"], ["go_on"]),
        input=[value("i", tensor_type(INT64, [])), value("go", tensor_type(BOOL, [])), value("carried")],
        output=[value("go_on", tensor_type(BOOL, [])), value("next")])
    scan_body = graph(
        node("Loop", ["trips", "cond", "state"], ["new_state"], attributes=[attribute("body", 5, g=loop_body)]),
        node("Identity", ["new_state"], ["out"]),
        input=[value("state"), value("element")], output=[value("new_state"), value("out")])
    return conditional_model(
        node("Scan", ["x", "seq"], ["y", "all"], attributes=[
            attribute("num_scan_inputs", 2, i=1), attribute("body", 5, g=scan_body)]),
        input=[value("x"), value("seq"), COND], output=[value("y"), value("all")],
        initializer=[tensor("w"), int64s("trips", 2)])


@CANONICAL.model
def body_of_custom_operator() -> bytes:
    """Graph attributes of operators that ONNX does not know, several on one node, one named oddly."""
    attributes = [
        attribute("alpha", 1, f=0.5), attribute("first", 5, g=identity_body("x")), attribute("axis", 2, i=1),
        attribute("", 5, g=identity_body("w")), attribute("a/b <c>", 5, g=identity_body("x", name="")),
    ]
    return model_of(
        node("Fancy", ["x"], ["y"], domain="com.custom", attributes=attributes), initializer=[tensor("w")])


@CANONICAL.model
def body_in_training_info() -> bytes:
    """Graphs of their own beside the main one, with an If inside."""
    algorithm = graph(
        if_node(identity_body("w"), identity_body("x"), ["w_new"], name="If"), name="step", input=[value("x"), COND],
        output=[value("w_new")], initializer=[tensor("w")])
    training = encode(
        "TrainingInfoProto", initialization=graph(node("RandomNormal", [], ["w0"]), output=[value("w0")]),
        algorithm=algorithm, initialization_binding=[entry("w", "w0")], update_binding=[entry("w", "w_new")])
    main = graph(node("Add", ["x", "w"], ["y"]), name="main", input=[value("x")], output=[value("y")],
                 initializer=[tensor("w")])
    return encode("ModelProto", ir_version=10, graph=main, opset_import=[opset(21)], training_info=[training])
