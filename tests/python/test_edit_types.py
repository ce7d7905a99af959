"""Declared types after edits in bodies and functions, and around them: what is still true stays, all else goes."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from tools import body_model
from tools.body_model import X, chain, first, second
from tools.edit_bench import EditBench
from tools.edit_inside import FEEDS, Inside, at, declared, how, inside, rest  # noqa: F401
from tools.editor import Editor

# ---- declared types ----


def steeper(e: Editor) -> None:
    e.attributes("first", alpha=0.5)


def rectified(e: Editor) -> None:
    e.set(e.node("third"), "op_type", "Relu")


def cosine(e: Editor) -> None:
    e.set(e.node("entry"), "op_type", "Cos")


@pytest.mark.parametrize("edit", [steeper, rectified, cosine])
def test_what_is_still_true_stays(edit: Callable[[Editor], None], inside: Inside) -> None:
    """But for names that stand for whatever a function is called with: what they mean cannot be found again."""
    before = declared(onnx.load(inside.model))
    edit(inside.editor)
    after = declared(inside.result())
    named = {"t3"} if edit is rectified else {"t1", "t2", "t3"}
    named = set() if inside.place.attribute else named
    assert after == {n: t for n, t in before.items() if n not in named}
    assert {c["node"] for c in inside.changes("dropped")} == named


def test_shapes_that_are_not_true_any_more_go(inside: Inside) -> None:
    """Transposed before the body: nothing in it, or after it, is [batch, 4] now."""
    e = inside.editor
    e.bypass("second")
    takers = [(b, q) for a, p, b, q in e.edges() if a == e.node("entry")]
    turn = e.add(None, op_type="Transpose", name="turn", node_attributes='{"perm": [1, 0]}', output_names='["turned"]')
    for node, port in takers:
        e.disconnect(node, port)
        e.draw(turn, node, 0, port)
    e.draw(e.node("entry"), turn, 0, 0)
    place = inside.place
    v = np.sin(X).T
    for _ in range(place.times):
        v = rest(first(v))
    model = inside.expect(-v)
    wrong = [(1, ["batch", 4]), (1, ["n", 4]), (1, [4])]
    kept = {"x", "h", "o", "z"}
    assert not [(n, d) for n, all_of in declared(model).items() for d in all_of if n not in kept and d in wrong]
    turned = {"loop": "e", "map": "e", "nested": "e", "scan": "row"}.get(place.name)
    if turned:
        assert declared(model)[turned] == [(1, ["batch"] if turned == "row" else [4, "batch"])]


def test_element_types_that_are_not_true_any_more_go(inside: Inside) -> None:
    e = inside.editor
    e.bypass("second")
    e.set(e.node("first"), "op_type", "Relu")  # onnxruntime has no LeakyRelu of doubles
    e.set(e.node("first"), "node_attributes", None)
    takers = [(b, q) for a, p, b, q in e.edges() if a == e.node("entry")]
    cast = e.add(None, op_type="Cast", name="to64", node_attributes='{"to": 11}')
    for node, port in takers:
        e.disconnect(node, port)
        e.draw(cast, node, 0, port)
    e.draw(e.node("entry"), cast, 0, 0)
    model = inside.expect_chain(lambda v: np.maximum(v, 0))
    assert inside.run()[0].dtype == np.float64
    assert {d[0] for n, all_of in declared(model).items() for d in all_of if n in ("e", "row", "t1", "t3", "m")} <= {11}


def test_a_retyped_input_of_the_model(inside: Inside) -> None:
    e = inside.editor
    e.set(e.node("x"), "value_type", '{"elem": "FLOAT", "shape": [5, 4]}')
    x = np.arange(20, dtype=np.float32).reshape(5, 4)
    model = inside.expect(-inside.place.value(chain, x), x=x)
    assert [d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim] == [5, 4]
    assert not [n for n, all_of in declared(model).items() for d in all_of if d[1] and d[1][0] == "batch"]


def two_states() -> bytes:
    """A Loop over a and b; what shape a has nobody can know but from what is declared."""
    def value(name: str) -> onnx.ValueInfoProto:
        return body_model.tensor(name)

    inner = helper.make_graph(
        [
            body_model.node("Identity", ["go"], ["go_on"], "keep"),
            body_model.node("Reshape", ["a", "like"], ["a1"], "reshape"),
            body_model.node("Neg", ["a1"], ["a_out"], "a_neg"),
            body_model.node("Neg", ["b"], ["b1"], "b_neg"),
            body_model.node("Abs", ["b1"], ["b_out"], "b_abs"),
        ], "loop",
        [body_model.tensor("i", [], body_model.INT64), body_model.tensor("go", [], body_model.BOOL), value("a"), value("b")],
        [body_model.tensor("go_on", [], body_model.BOOL), value("a_out"), value("b_out")],
        value_info=[value("a1"), value("b1")])
    owner = [
        body_model.node("Shape", ["x"], ["size"], "size"),
        body_model.node("Mul", ["size", "ones"], ["like"], "like"),
        body_model.node("Loop", ["trips", "", "h", "o"], ["m", "n"], "owner", body=inner),
        body_model.node("Neg", ["n"], ["nn"], "end"),
    ]
    ones = onnx.numpy_helper.from_array(np.ones(2, np.int64), "ones")
    return body_model.model(owner, [value("m"), value("n"), value("nn")], [ones, body_model.TRIPS])


def test_one_state_of_a_loop_changes_and_the_other_does_not(how: str, tmp_path: Path) -> None:
    bench = EditBench(tmp_path, how, two_states(), FEEDS)
    e = bench.editor
    turn = e.add(None, op_type="Transpose", name="turn", node_attributes='{"perm": [1, 0]}')
    e.move_into(turn, e.body("owner"))
    e.draw(e.node("b_neg"), turn, 0, 0)
    e.disconnect("b_abs", 0)
    e.draw(turn, e.node("b_abs"), 0, 0)
    model = bench.expect(np.sin(X) * -1)
    found = declared(model)
    for name in ("a", "a1", "a_out", "m", "y"):
        assert found[name] == [(1, ["batch", 4])], name
    for name in ("b", "b_out"):
        assert found[name] == [(1, [None, None])] or found[name][0][1] != ["batch", 4], name
    assert "nn" not in found or found["nn"][0][1] != ["batch", 4]
