"""What goes into bodies, functions and the model, and what comes out, edited; functions; and edits that are wrong."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from tools import body_model
from tools.body_model import PLACES, W, X, chain, first, outer, second
from tools.edit_bench import EditBench
from tools.edit_inside import FEEDS, Inside, at, declared, how, inside, rest  # noqa: F401

# ---- formal inputs and outputs ----


def test_rename_what_comes_in_and_goes_out(inside: Inside) -> None:
    e = inside.editor
    for kind in ("input", "output"):
        for node in e.formal(inside.scope, kind):
            e.set(node, "name", f"my_{e.get(node, 'name')}")
    model = inside.expect_chain(chain)
    text = str(model)
    assert "my_" in text


@pytest.mark.parametrize("place", [p for p in PLACES if p not in ("if", "nested")])  # a branch has none
def test_an_input_of_the_body_is_deleted(place: str, at: Callable[[str], Inside]) -> None:
    inside = at(place)
    e = inside.editor
    e.delete(e.formal(inside.scope, "input")[-1])
    assert "input 0 has no edge; it had" in inside.refused()


@pytest.mark.parametrize("place", ["loop", "scan", "map"])
def test_an_input_of_the_body_is_deleted_and_not_needed(place: str, at: Callable[[str], Inside]) -> None:
    bench = at(place)
    e = bench.editor
    e.delete(e.formal(bench.scope, "input")[-1])
    e.connect("entry", "first", 0)
    message = bench.refused()
    assert "its body 'body' has" in message and "inputs" in message and "'owner'" in message


def test_an_input_of_the_function_is_deleted_and_not_needed(at: Callable[[str], Inside]) -> None:
    bench = at("function")
    e = bench.editor
    e.delete(e.formal(bench.scope, "input")[-1])
    e.connect("weight", "first", 0)
    assert "but the function 'Chain' that it calls has 0" in bench.refused()


def test_an_output_of_the_body_is_deleted(inside: Inside) -> None:
    e = inside.editor
    e.delete(e.formal(inside.scope, "output")[-1])
    message = inside.refused()
    assert "outputs" in message and ("its body" in message or "the function 'Chain' that it calls has 0" in message)


def test_an_output_more_than_the_operator_has(inside: Inside) -> None:
    e = inside.editor
    out = e.add_into(inside.scope, node_kind="output", name="extra")
    e.draw(e.node("second"), out, 0, 0)
    message = inside.refused()
    assert "outputs" in message and ("its body" in message or "the function 'Chain' that it calls has 2" in message)


def test_a_value_more_comes_out(inside: Inside) -> None:
    """Body and operator both get an output, and the model one for it without a type."""
    e, place = inside.editor, inside.place
    if place.name in ("if", "nested"):
        other = e.body(place.owner, "else_branch")
        out = e.add_into(other, node_kind="output", name="extra_else")
        e.draw(e.node("other"), out, 0, 0)
    out = e.add_into(inside.scope, node_kind="output", name="extra")
    e.draw(e.node("second"), out, 0, 0)
    owner = e.node(place.owner)
    names = json.loads(e.get(owner, "output_names"))
    e.set(owner, "output_names", json.dumps([*names, "more"]))
    if place.name == "function":
        e.set(e.node("again"), "output_names", '["mm", ""]')
    if place.name == "nested":  # the Loop around it needs one, too
        stacked = e.add_into(e.body("owner"), node_kind="output", name="stacked")
        e.draw(owner, stacked, 1, 0)
        owner = e.node("owner")
        e.set(owner, "output_names", '["m", "more_outside"]')
    if place.name == "map":
        last = e.add(None, op_type="SequenceAt", name="at", input_names='["", "zero"]')
        e.draw(owner, last, 1, 0)
        owner, names = last, []
    result = e.add(None, node_kind="output", name="more_of_it")
    e.draw(owner, result, len(names), 0)
    model = inside.result()
    assert model.graph.output[-1].name == "more_of_it"
    v = np.sin(X)
    expected = [second(first(v))]
    if place.times == 2:
        expected.append(second(first(chain(v))))
        expected = [np.stack(expected)]
    np.testing.assert_allclose(inside.run()[-1], expected[0], rtol=1e-5)


def test_a_state_more(at: Callable[[str], Inside]) -> None:
    bench = at("loop")
    e = bench.editor
    e.draw(e.node("outer"), e.node("owner"), 0, 3)
    state = e.add_into(bench.scope, node_kind="input", name="s")
    step = e.add_into(bench.scope, op_type="Add", name="step")
    e.draw(state, step, 0, 0)
    e.draw(e.node("first"), step, 0, 1)
    after = e.add_into(bench.scope, node_kind="output", name="s_out")
    e.draw(step, after, 0, 0)
    e.set(e.node("owner"), "output_names", '["m", "sum"]')
    e.disconnect("spare", 0)
    e.connect("owner", "spare", 0, 1)
    e.set(e.node("spare"), "op_type", "Neg")
    v = np.sin(X)
    bench.expect(-bench.place.value(chain), -(outer() + first(v) + first(chain(v))))


def test_a_state_less(at: Callable[[str], Inside]) -> None:
    """The only state of the Scan goes, at the operator and in the body."""
    bench = at("scan")
    e = bench.editor
    e.delete(e.formal(bench.scope, "input")[0])
    e.delete(e.formal(bench.scope, "output")[0])
    e.delete(e.node("count"))
    e.disconnect("owner", 1)
    e.set_inputs("owner", ["h"])
    e.connect("entry", "owner", 0)
    takers = [(b, q) for a, p, b, q in e.edges() if a == e.node("owner")]
    for node, port in takers:
        e.disconnect(node, port)
        e.draw(e.node("owner"), node, 0, port)
    e.set(e.node("owner"), "output_names", '["m"]')
    bench.expect_chain(chain)


# ---- inputs and outputs of the model ----


def test_an_input_of_the_model_more(inside: Inside) -> None:
    e = inside.editor
    value = e.add(None, node_kind="input", name="bias", value_type='{"elem": "FLOAT", "shape": [4]}')
    node = e.add_into(inside.scope, op_type="Mul")
    inside.between(node)
    e.draw(value, node, 0, 1)
    bias = np.arange(4, dtype=np.float32)
    if inside.place.attribute is None:
        inside.refused()
    else:
        inside.expect(-inside.place.value(lambda v: rest(second(first(v)) * bias)), bias=bias)


def test_an_input_of_the_model_without_a_type(inside: Inside) -> None:
    e = inside.editor
    e.disconnect("tail", 0)
    e.draw(e.add(None, node_kind="input", name="bias"), e.node("tail"), 0, 0)
    assert "a new input of the model needs a value_type" in inside.refused()


def test_inputs_and_outputs_of_the_model_are_renamed(inside: Inside) -> None:
    e = inside.editor
    e.set(e.node("x"), "name", "data")
    e.set(e.node("y"), "name", "result")
    model = inside.expect(-inside.place.value(chain), data=X)
    assert model.graph.input[0].name == "data" and model.graph.output[0].name == "result"


def test_an_output_of_the_model_less(inside: Inside) -> None:
    e = inside.editor
    e.delete(e.node("z"))
    e.delete(e.node("spare"))
    e.delete(e.node("outer"))
    model = inside.expect_chain(chain)
    assert [o.name for o in model.graph.output] == ["y"]


# ---- functions ----


def test_a_copy_of_a_function_with_a_name_of_its_own(at: Callable[[str], Inside]) -> None:
    """One of the two calls takes the copy, which does without its last operator."""
    bench = at("function")
    e = bench.editor
    copies = e.copy_tree(bench.scope, e.model())
    function = copies["Chain"]
    e.set(function, "name", "Other")
    e.set(function, "node_index", None)
    out = e.formal(function, "output")[0]
    e.delete(copies["fourth"])
    e.draw(copies["third"], out, 0, 0)
    e.set(bench.was["owner"], "op_type", "Other")
    model = bench.expect_chain(lambda v: -second(first(v)))
    assert [f.name for f in model.functions] == ["Chain", "Other"]


def test_a_copy_of_a_function_that_is_called_the_same(at: Callable[[str], Inside]) -> None:
    bench = at("function")
    e = bench.editor
    e.copy_tree(bench.scope, e.model())
    assert "a copy of a function must have another name and no node_index" in bench.refused()


def test_what_comes_in_cannot_be_called_like_a_value_around(at: Callable[[str], Inside]) -> None:
    bench = at("loop")
    bench.editor.set(bench.was["e"], "name", "o")
    assert "the name 'o' is used in a body and around it" in bench.refused()


def test_an_attribute_of_a_call_changes_what_is_in_the_function(how: str, tmp_path: Path) -> None:
    """What is declared in it follows from an attribute of the call."""
    inner = helper.make_node("Transpose", ["a"], ["t"], name="turn")
    inner.attribute.add(name="perm", ref_attr_name="perm", type=onnx.AttributeProto.INTS)
    function = helper.make_function("local", "Turn", ["a"], ["b"],
                                    [inner, helper.make_node("Neg", ["t"], ["b"], name="minus")],
                                    [helper.make_opsetid("", 18)], ["perm"])
    function.value_info.extend([body_model.tensor("t", ["batch", 4])])
    call = helper.make_node("Turn", ["h"], ["m"], name="owner", domain="local", perm=[0, 1])
    model = body_model.model([call], [body_model.tensor("m")], functions=[function])
    bench = EditBench(tmp_path, how, model, FEEDS)
    bench.editor.attributes("owner", perm=[1, 0])
    model = bench.expect(np.sin(X).T)
    assert not model.functions[0].value_info and "m" not in declared(model)
    assert declared(model)["y"] == [(1, [4, "batch"])]


def test_weights_of_outer_graphs_change_their_shape(how: str, tmp_path: Path) -> None:
    """A body uses a weight of the model, which an edit makes a scalar's instead of a row's."""
    inner = helper.make_graph([body_model.node("Mul", ["big", "small"], ["p"], "product"),
                               body_model.node("Neg", ["p"], ["out"], "minus")],
                              "then", [], [body_model.tensor("out", [4])], value_info=[body_model.tensor("p", [4])])
    other = helper.make_graph([body_model.node("Neg", ["big"], ["eout"], "other")], "else", [],
                              [body_model.tensor("eout", [4])])
    owner = [body_model.node("If", ["c"], ["r"], "owner", then_branch=inner, else_branch=other),
             body_model.node("Add", ["h", "r"], ["m"], "plus")]
    extra = [onnx.numpy_helper.from_array(W, "big"), onnx.numpy_helper.from_array(W, "small")]
    model = body_model.model(owner, [body_model.tensor("m"), body_model.tensor("r", [4])], extra)
    bench = EditBench(tmp_path, how, model, FEEDS)
    e = bench.editor
    tensors = json.loads(e.get(e.model(), "initializers"))
    for t in tensors:
        t["dims"] = [1]
        t["data"] = {"base64": "AAAAQA=="}
    e.set(e.model(), "initializers", json.dumps(tensors))
    model = bench.expect(-(np.sin(X) - 4))
    assert "p" not in declared(model) and "r" not in declared(model) and declared(model)["out"] == [(1, [1])]


def test_calls_follow_a_function_that_is_renamed(at: Callable[[str], Inside]) -> None:
    bench = at("function")
    bench.editor.set(bench.scope, "name", "Link")
    model = bench.expect_chain(chain)
    assert [f.name for f in model.functions] == ["Link"]
    assert [n.op_type for n in model.graph.node if n.domain == "local"] == ["Link", "Link"]
    assert {c["node"] for c in bench.changes("changed")} == {"Link", "owner", "again"}


def test_functions_change_names_with_each_other(at: Callable[[str], Inside]) -> None:
    """A call that names a function that is there is left alone."""
    bench = at("function")
    bench.editor.set(bench.scope, "name", "Link")
    bench.editor.set(bench.was["owner"], "op_type", "Link")
    model = bench.expect_chain(chain)
    assert [n.op_type for n in model.graph.node if n.domain == "local"] == ["Link", "Link"]


def test_inputs_of_functions_have_no_types(at: Callable[[str], Inside]) -> None:
    bench = at("function")
    bench.editor.set(bench.was["e"], "value_type", '{"elem": "DOUBLE"}')
    assert declared(bench.expect_chain(chain)) == declared(onnx.load(bench.model))


# ---- wrong edits ----


def branch_deleted(b: Inside) -> None:
    b.editor.delete(b.scope)


def body_outside(b: Inside) -> None:
    b.editor.move_into(b.scope, b.editor.model())


def input_outside(b: Inside) -> None:
    b.editor.move_into(b.was["e"], b.editor.model())


def edge_to_an_input(b: Inside) -> None:
    b.editor.draw(b.was["entry"], b.was["e"], 0, 0)


def edge_to_a_body(b: Inside) -> None:
    b.editor.draw(b.was["entry"], b.scope, 0, 0)


def edge_from_a_body(b: Inside) -> None:
    b.editor.draw(b.scope, b.was["tail"], 0, 0)


def other_owner(b: Inside) -> None:
    b.editor.set(b.was["owner"], "op_type", "If")


def names_too_few(b: Inside) -> None:
    b.editor.set(b.was["owner"], "output_names", "[]")


def names_too_many(b: Inside) -> None:
    b.editor.set(b.was["owner"], "output_names", '["m", "q"]')


def attribute_gone(b: Inside) -> None:
    b.editor.attributes("owner", body=None)


def attribute_elsewhere(b: Inside) -> None:
    b.editor.attributes("owner", body={"type": "GRAPH", "graph": "77"})


def state_gone(b: Inside) -> None:
    b.editor.disconnect("owner", 2)


def input_of_a_branch(b: Inside) -> None:
    b.editor.draw(b.editor.add_into(b.scope, node_kind="input", name="q"), b.was["first"], 0, 1)


def weights_gone(b: Inside) -> None:
    b.editor.set(b.scope, "initializers", None)


def argument_more(b: Inside) -> None:
    b.editor.draw(b.was["entry"], b.was["owner"], 0, 1)


def call_in_a_function(b: Inside) -> None:
    b.editor.move_into(b.was["owner"], b.scope)


def output_without_an_edge(b: Inside) -> None:
    b.editor.delete(b.was["other"])


WRONG = [
    ("if", branch_deleted, "the body of its attribute 'then_branch' is not in the file", "owner"),
    ("loop", body_outside, "", "body"),
    ("loop", input_outside, "its body 'body' has 2 inputs, but with 3 inputs and 1 outputs the operator needs", "owner"),
    ("loop", edge_to_an_input, "reaches something that takes no value", "e"),
    ("loop", edge_to_a_body, "reaches something that takes no value", "body"),
    ("loop", edge_from_a_body, "leaves something that makes no value", "body"),
    ("loop", other_owner, "its body 'body' has 3 inputs", "owner"),
    ("loop", names_too_few, "an edge leaves port 0, but it has 0 outputs", "owner"),
    ("loop", names_too_many, "its body 'body' has 2 outputs", "owner"),
    ("loop", attribute_gone, "no attribute of the operator around it names this body", "body"),
    ("loop", attribute_elsewhere, "the body of its attribute 'body' is not in the file", "owner"),
    ("loop", state_gone, "input 2 has no edge; it had 'h'", "owner"),
    ("if", input_of_a_branch, "its body 'then_branch' has 1 inputs", "owner"),
    ("loop", weights_gone, "input 1 has no edge; it had 'w'", "second"),
    ("function", argument_more, "it has 2 inputs, but the function 'Chain' that it calls has 1", "owner"),
    ("function", call_in_a_function, "cannot be seen from here", ""),
    ("if", output_without_an_edge, "output 0 has no edge; it had 'else_out'", "else_out"),
]


@pytest.mark.parametrize("place, edit, sentence, node", WRONG, ids=[w[1].__name__ for w in WRONG])
def test_a_wrong_edit(place: str, edit: Callable[[Inside], None], sentence: str, node: str,
                      at: Callable[[str], Inside]) -> None:
    bench = at(place)
    edit(bench)
    message = bench.refused()
    assert sentence in message and f"'{node}'" in message if node else sentence in message, message


@pytest.mark.parametrize("what", ["owner", "group"])
def test_nothing_stands_in_itself(what: str, tmp_path: Path) -> None:
    """In an editor that cannot be drawn; a flat file can say it."""
    bench = Inside(tmp_path, "networkx", PLACES["loop"])
    e = bench.editor
    e.move_into(bench.was["owner"] if what == "owner" else e.group("body"), bench.scope)
    assert "this body stands in itself" in bench.refused()
