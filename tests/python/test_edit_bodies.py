"""Edits in bodies of If, Loop, Scan and SequenceMap, in a body within a body and in a local function, in yEd's manner and
with networkx; the results run against numpy."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tools import body_model
from tools.body_model import PLACES, Place, W, X, chain, first, outer, second
from tools.edit_bench import EditBench, graphs_of
from tools.editor import EDITORS, LEAVES, Editor

FEEDS = {"x": X, "c": np.array(True)}


class Inside(EditBench):
    """The chain at one of the places."""

    def __init__(self, folder: Path, how: str, place: Place) -> None:
        super().__init__(folder, how, place.make(), FEEDS)
        self.place = place
        self.scope = place.scope(self.editor)
        e = self.editor
        self.was = {e.get(n, "name"): n for n in e.nodes() if e.get(n, "node_kind") in LEAVES}

    def expect_chain(self, of: Callable[[np.ndarray], np.ndarray]) -> onnx.ModelProto:
        """The edit made the chain into another function."""
        return self.expect(-self.place.value(of))

    def between(self, node: Any) -> None:
        """Put an operator between second and third."""
        e = self.editor
        e.draw(self.was["second"], node, 0, 0)
        e.disconnect("third", 0)
        e.draw(node, self.was["third"], 0, 0)

    def place_name(self) -> str:
        return "function 'Chain'" if self.place.attribute is None else f"body '{self.place.attribute}'"


@pytest.fixture(params=EDITORS)
def how(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=PLACES)
def inside(request: pytest.FixtureRequest, how: str, tmp_path: Path) -> Inside:
    return Inside(tmp_path, how, PLACES[request.param])


@pytest.fixture
def at(how: str, tmp_path: Path) -> Callable[[str], Inside]:
    return lambda place: Inside(tmp_path, how, PLACES[place])


def rest(v: np.ndarray) -> np.ndarray:
    """From the value of second on."""
    return np.abs(-v)


def inner_nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [*(n for g in list(graphs_of(model.graph))[1:] for n in g.node), *(n for f in model.functions for n in f.node)]


def inner_node(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    return next(n for n in inner_nodes(model) if n.name == name)


# ---- no edit, and edits that are taken back ----


def nothing(bench: Inside) -> None:
    pass


def there_and_back(bench: Inside) -> None:
    e = bench.editor
    e.rewire("first", "third", 0)
    e.rewire("second", "third", 0)


def deleted_and_drawn(bench: Inside) -> None:
    e = bench.editor
    e.disconnect("third", 0)
    e.connect("second", "third", None, None)


def renamed_and_back(bench: Inside) -> None:
    e = bench.editor
    for name, then in (("second", "renamed"), ("renamed", "second")):
        e.set(e.node(name), "name", then)


def changed_and_back(bench: Inside) -> None:
    bench.editor.attributes("first", alpha=0.5)
    bench.editor.attributes("first", alpha=0.25)


def added_and_deleted(bench: Inside) -> None:
    e = bench.editor
    e.delete(e.add_into(bench.scope, op_type="Relu"))


def copied_and_deleted(bench: Inside) -> None:
    e = bench.editor
    e.delete(e.copy_tree(e.node("owner"), e.group("body"))["owner"])


def moved_and_back(bench: Inside) -> None:
    e = bench.editor
    e.move_into(e.node("first"), e.model())
    e.move_into(e.node("first"), bench.scope)


@pytest.mark.parametrize("edit", [nothing, there_and_back, deleted_and_drawn, renamed_and_back, changed_and_back,
                                  added_and_deleted, copied_and_deleted, moved_and_back])
def test_what_was_undone_leaves_no_trace(edit: Callable[[Inside], None], inside: Inside) -> None:
    edit(inside)
    inside.apply().expect_success()
    assert inside.output.read_bytes() == inside.model.read_bytes()
    assert inside.report["changes"] == []


# ---- wiring ----


@pytest.mark.parametrize("name, of", [
    ("first", lambda v: rest(second(v))),
    ("second", lambda v: rest(first(v))),
    ("third", lambda v: np.abs(second(first(v)))),
    ("fourth", lambda v: -second(first(v))),
])
def test_delete_and_connect_the_neighbours(name: str, of: Callable, inside: Inside) -> None:
    inside.editor.bypass(name)
    model = inside.expect_chain(of)
    assert name not in [n.name for n in inner_nodes(model)]
    weights = [t.name for g in list(graphs_of(model.graph))[1:] for t in g.initializer]
    assert weights == (["w"] if inside.place.attribute and name != "second" else [])


def test_an_edge_drawn_elsewhere(inside: Inside) -> None:
    inside.editor.rewire("first", "third", 0)
    inside.expect_chain(lambda v: rest(first(v)))


def test_an_edge_to_another_port(inside: Inside) -> None:
    e = inside.editor
    e.set(e.node("second"), "op_type", "Sub")
    e.disconnect("second", 0)
    if inside.place.attribute is None:
        e.disconnect("second", 1)
        e.connect("weight", "second", 0)
    else:
        e.set_inputs("second", ["w", "t1"])
    e.connect("first", "second", 1)
    inside.expect_chain(lambda v: rest(W - first(v)))


def test_an_outer_value_is_captured(inside: Inside) -> None:
    inside.editor.rewire("outer", "third", 0)
    if inside.place.attribute is None:
        message = inside.refused()
        assert "values come into the function 'Chain' through its inputs only" in message and "third" in message
    elif inside.place.name == "scan":  # one row makes all rows
        inside.expect(-np.stack([outer()] * 3))
    else:
        inside.expect(-outer())


def test_a_captured_value_is_taken_away(inside: Inside) -> None:
    inside.editor.disconnect("first", 0)
    message = inside.refused()
    assert "input 0 has no edge; it had" in message and "first" in message


def test_no_edge_leaves_a_body(inside: Inside) -> None:
    inside.editor.rewire("second", "tail", 0)
    message = inside.refused()
    assert "input 0 takes 't2' of 'second', which cannot be seen from here" in message
    assert inside.place_name() in message and message.rstrip().endswith("'tail'")


def test_no_edge_leaves_a_body_for_an_output(inside: Inside) -> None:
    inside.editor.rewire("second", "y", 0)
    message = inside.refused()
    assert "output 0 takes 't2' of 'second'" in message and inside.place_name() in message


def test_the_result_takes_another_value(inside: Inside) -> None:
    e = inside.editor
    out = e.formal(inside.scope, "output")[-1]
    e.disconnect(out, 0)
    e.draw(e.node("second"), out, 0, 0)
    inside.expect_chain(lambda v: second(first(v)))


def test_the_result_takes_what_comes_in(inside: Inside) -> None:
    """An Identity makes it: neither an input nor an outer value can bear the name of the output."""
    e = inside.editor
    out = e.formal(inside.scope, "output")[-1]
    e.disconnect(out, 0)
    e.draw(e.node(inside.place.source), out, 0, 0)
    model = inside.expect_chain(lambda v: v)
    assert [n.op_type for n in inner_nodes(model)].count("Identity") >= 1


def test_a_cycle(inside: Inside) -> None:
    inside.editor.rewire("third", "second", 0)
    assert "cycle" in inside.refused()


# ---- new operators ----


@pytest.mark.parametrize("data", [
    {}, {"name": "second"}, {"output_names": '["t1"]'}, {"output_names": '["h"]'}, {"name": "y", "output_names": '["y"]'}])
def test_add_an_operator(data: dict[str, str], inside: Inside) -> None:
    """Whatever names it is given, in the end they clash with none, here or in another body or around it."""
    inside.between(inside.editor.add_into(inside.scope, op_type="Relu", **data))
    model = inside.expect_chain(lambda v: rest(np.maximum(second(first(v)), 0)))
    types = [n.op_type for n in inner_nodes(model)]
    assert types.index("Relu") == types.index("Neg") - 1


def test_add_one_that_takes_a_captured_value_too(inside: Inside) -> None:
    e = inside.editor
    node = e.add_into(inside.scope, op_type="Max")
    inside.between(node)
    e.draw(e.node("outer"), node, 0, 1)
    if inside.place.attribute is None:
        inside.refused()
    elif inside.place.name == "scan":
        h = np.sin(X)
        inside.expect(-np.stack([rest(np.maximum(second(first(row)), outer())) for row in h]))
    else:
        inside.expect_chain(lambda v: rest(np.maximum(second(first(v)), outer())))


@pytest.mark.parametrize("name, twice", [("first", first), ("second", second), ("tail", np.negative)])
def test_copy_an_operator_with_all_data(name: str, twice: Callable, inside: Inside) -> None:
    """From the body itself, or from outside."""
    e = inside.editor
    node = e.copy_tree(e.node(name), inside.scope)[name]
    inside.between(node)
    if name == "second" and inside.place.attribute is None:
        e.draw(e.node("weight"), node, 0, 1)
    model = inside.expect_chain(lambda v: rest(twice(second(first(v)))))
    assert name in [n.name for g in graphs_of(model.graph) for n in g.node] + [n.name for n in inner_nodes(model)]
    assert [c["what"] for c in inside.changes("added")] == ["operator"]


def test_copy_an_operator_out_of_a_body(inside: Inside) -> None:
    e = inside.editor
    node = e.copy_tree(e.node("first"), e.model())["first"]
    e.disconnect("tail", 0)
    source = {"scan": ("owner", 1), "map": ("unpack", 0)}.get(inside.place.name, ("owner", 0))
    e.draw(e.node(source[0]), node, source[1], 0)
    e.draw(node, e.node("tail"), 0, 0)
    inside.expect(-first(inside.place.value(chain)))


def test_a_copy_keeps_names_that_it_was_given(inside: Inside) -> None:
    e = inside.editor
    node = e.copy_tree(e.node("first"), inside.scope)["first"]
    e.set(node, "name", "mine")
    e.set(node, "output_names", '["my_value"]')
    inside.between(node)
    model = inside.expect_chain(lambda v: rest(first(second(first(v)))))
    assert list(inner_node(model, "mine").output) == ["my_value"]


# ---- data ----


def test_change_an_attribute(inside: Inside) -> None:
    inside.editor.attributes("first", alpha=0.5)
    inside.expect_chain(lambda v: rest(second(np.where(v < 0, v * np.float32(0.5), v))))


def test_change_type_name_texts_and_metadata(inside: Inside) -> None:
    e = inside.editor
    node = e.node("first")
    for key, text in {"op_type": "Relu", "name": "relu", "doc_string": "was leaky", "metadata": '{"why": "a < b"}',
                      "node_attributes": "{}"}.items():
        e.set(node, key, text)
    model = inside.expect_chain(lambda v: rest(second(np.maximum(v, 0))))
    relu = inner_node(model, "relu")
    assert (relu.op_type, relu.doc_string) == ("Relu", "was leaky")
    assert {p.key: p.value for p in relu.metadata_props} == {"why": "a < b"}


def test_change_the_name_of_a_value(inside: Inside) -> None:
    e = inside.editor
    e.set(e.node("first"), "output_names", '["other"]')
    model = inside.expect_chain(chain)
    assert list(inner_node(model, "first").output) == ["other"] and inner_node(model, "second").input[0] == "other"


def test_a_value_cannot_be_called_like_another_one_in_sight(inside: Inside) -> None:
    """ONNX has no shadows: a name is made once, in a graph and those around it."""
    e = inside.editor
    if inside.place.attribute is None:
        e.set(e.node("first"), "output_names", '["t2"]')
    else:
        e.set(e.node("first"), "output_names", '["o"]')
    message = inside.refused()
    if inside.place.attribute is None:
        assert "it makes a value that something else makes too" in message
    else:
        assert "the name 'o' is used in a body and around it, here and at 'outer'" in message and "'first'" in message


@pytest.mark.parametrize("place", [p for p in PLACES if p != "function"])  # names in a function are its own
def test_a_value_cannot_be_called_like_one_in_a_body(place: str, at: Callable[[str], Inside]) -> None:
    inside = at(place)
    e = inside.editor
    e.set(e.node("spare"), "output_names", '["t2"]')
    e.set(e.node("z"), "name", "t2")
    message = inside.refused()
    assert "the name 't2' is used in a body and around it" in message and "'spare'" in message


# ---- declared types ----


def declared(model: onnx.ModelProto) -> dict[str, list]:
    """Of each value: all that is declared of it, wherever."""
    found: dict[str, list] = {}
    graphs = list(graphs_of(model.graph))
    infos = [v for g in graphs for v in (*g.input, *g.output, *g.value_info)]
    for v in infos + [v for f in model.functions for v in f.value_info]:
        t = v.type.tensor_type
        dims = [d.dim_param or d.dim_value for d in t.shape.dim] if t.HasField("shape") else None
        found.setdefault(v.name, []).append((t.elem_type, dims))
    return found


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
        ], "loop", [body_model.tensor("i", [], body_model.INT64), body_model.tensor("go", [], body_model.BOOL), value("a"), value("b")],
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


# ---- groups ----


def test_move_into_another_group_of_the_body(inside: Inside) -> None:
    e = inside.editor
    e.move_into(e.node("first"), e.group("body.core"))
    inside.expect_chain(chain)
    assert [(c["node"], c["after"]) for c in inside.changes("moved")] == [("first", "body.core")]


def test_move_by_a_tag_or_by_hand(inside: Inside) -> None:
    """In a flat file the tag says where to, within the body."""
    inside.editor.move("first", "body.core")
    model = inside.expect_chain(chain)
    tags = {p.key: p.value for p in inner_node(model, "first").metadata_props}
    assert tags["hierarchy_tag"].endswith("/Core") and tags["hierarchy_scope"] == "body.core"


def test_a_new_group_in_the_body(inside: Inside) -> None:
    e = inside.editor
    group = e.add_into(inside.scope, node_kind="module", name="fresh", class_name="Fresh")
    for name in ("third", "fourth"):
        e.move_into(e.node(name), group)
    model = inside.expect_chain(chain)
    tags = [p.value for name in ("third", "fourth") for p in inner_node(model, name).metadata_props
            if p.key == "hierarchy_scope"]
    assert tags == (["body.fresh"] * 2 if inside.place.attribute else ["fresh"] * 2)


def test_rename_the_group_around_and_the_group_inside(inside: Inside) -> None:
    e = inside.editor
    e.set(e.group("body"), "name", "trunk")
    e.set(e.group("body.core"), "name", "heart")
    model = inside.expect_chain(chain)
    scopes = [p.value for p in inner_node(model, "second").metadata_props if p.key == "hierarchy_scope"]
    assert scopes[0].endswith("heart") and (scopes[0] == "trunk.heart" or inside.place.attribute is None)


def test_delete_the_group_with_its_bodies(inside: Inside) -> None:
    e = inside.editor
    e.delete(e.group("body"))
    e.connect("entry", "tail", 0)
    model = inside.expect(-np.sin(X))
    assert not inner_nodes(model) or inside.place.attribute is None
    assert not model.graph.initializer


def test_delete_the_owner_with_its_bodies(inside: Inside) -> None:
    e = inside.editor
    e.delete(e.node("owner"))
    if inside.place.name == "map":
        e.delete(e.node("pack"))
        e.delete(e.node("unpack"))
    e.connect("entry", "tail", 0)
    inside.expect(-np.sin(X))


# ---- copies of compounds ----


def connect_copies(bench: Inside, copies: dict[str, Any]) -> None:
    """The edges that come from outside, and what comes out goes on to the tail."""
    e, place, was_all = bench.editor, bench.place, bench.was
    out = {"scan": ("owner", 1), "map": ("unpack", 0)}.get(place.name, ("owner", 0))
    was = was_all[out[0]]
    if place.name == "if":
        e.draw(e.node("c"), copies["owner"], 0, 0)
        e.draw(was, copies["first"], 0, 0)
        e.draw(was, copies["other"], 0, 0)
    elif place.name == "map":
        e.draw(was, copies["pack"], 0, 0)
    elif place.name == "scan":
        e.draw(was, copies["owner"], 1, 1)
    elif place.name == "function":
        e.draw(was, copies["owner"], 0, 0)
        if "again" in copies:
            e.draw(was, copies["double"], 0, 0)
            e.draw(was, copies["double"], 0, 1)
    else:
        e.draw(was, copies["owner"], 0, 2)
        if place.name == "nested":
            e.draw(e.node("c"), copies["choice"], 0, 0)
    e.disconnect("tail", 0)
    e.draw(copies[out[0]], e.node("tail"), out[1], 0)


def twice_over(bench: Inside) -> np.ndarray:
    v = bench.place.value(chain)
    for _ in range(bench.place.times):
        v = chain(v)
    return -v


def test_copy_the_owner_with_its_bodies(inside: Inside) -> None:
    e = inside.editor
    if inside.place.name == "map":
        copies = {n: e.copy_tree(e.node(n), e.group("body"))[n] for n in ("pack", "unpack")}
        copies |= e.copy_tree(e.node("owner"), e.group("body"))
        e.draw(copies["pack"], copies["owner"], 0, 0)
        e.draw(copies["owner"], copies["unpack"], 0, 0)
    else:
        copies = e.copy_tree(e.node("owner"), e.group("body"))
    connect_copies(inside, copies)
    model = inside.expect(twice_over(inside))
    weights = [t.name for g in list(graphs_of(model.graph))[1:] for t in g.initializer]
    assert len(set(weights)) == len(weights) == (2 if inside.place.attribute else 0)


def test_copy_the_group_with_its_bodies(inside: Inside) -> None:
    """It is a group of its own, and so say its tags, those within its bodies too."""
    e = inside.editor
    connect_copies(inside, e.copy_tree(e.group("body"), e.model()))
    model = inside.expect(twice_over(inside))
    owner = inside.place.owner if inside.place.name != "nested" else "owner"
    scopes = {p.value for g in graphs_of(model.graph) for n in g.node for p in n.metadata_props
              if p.key == "hierarchy_scope"}
    expected = {"front", "back", "body", "body_1"} | ({"body.core", "body_1.core"} if inside.place.attribute else set())
    assert scopes == expected and owner


def test_copy_a_body_into_itself(at: Callable[[str], Inside]) -> None:
    """An If in the branch of itself."""
    bench = at("if")
    e = bench.editor
    copies = e.copy_tree(e.node("owner"), bench.scope)
    e.draw(e.node("c"), copies["owner"], 0, 0)
    e.draw(bench.was["second"], copies["first"], 0, 0)
    e.draw(bench.was["second"], copies["other"], 0, 0)
    e.delete(copies["third"])
    e.draw(copies["second"], copies["fourth"], 0, 0)
    e.disconnect("third", 0)
    e.draw(copies["owner"], bench.was["third"], 0, 0)
    bench.expect_chain(lambda v: rest(np.abs(second(first(second(first(v)))))))


def test_a_copy_without_its_bodies(at: Callable[[str], Inside]) -> None:
    bench = at("loop")
    e = bench.editor
    node = e.copy_tree(e.node("owner"), e.group("body"))["owner"]
    for body in e.children(node):
        e.delete(body)
    e.draw(bench.was["owner"], node, 0, 2)
    assert "the body of its attribute 'body' is not in the file" in bench.refused()


# ---- moves between bodies ----


def test_move_out_of_a_branch(at: Callable[[str], Inside]) -> None:
    """What it takes is seen outside too, and what it makes is captured."""
    bench = at("if")
    bench.editor.move_into(bench.editor.node("first"), bench.editor.model())
    model = bench.expect_chain(chain)
    assert "first" in [n.name for n in model.graph.node]


def test_move_in_what_nobody_else_needs(inside: Inside) -> None:
    e = inside.editor
    e.rewire("outer", "third", 0)
    e.rewire("x", "spare", 0)
    e.set(e.node("spare"), "op_type", "Abs")
    e.move_into(e.node("outer"), inside.scope)
    if inside.place.attribute is None:
        assert "values come into the function" in inside.refused()
    elif inside.place.name == "scan":
        inside.expect(-np.stack([outer()] * 3), np.abs(X))
    else:
        inside.expect(-outer(), np.abs(X))


@pytest.mark.parametrize("name", ["outer", "entry", "tail"])
def test_move_in_what_others_need(name: str, inside: Inside) -> None:
    inside.editor.move_into(inside.editor.node(name), inside.scope)
    message = inside.refused()
    assert "cannot be seen from here" in message


@pytest.mark.parametrize("place, name", [
    (place, name) for place in PLACES for name in ("first", "second", "fourth") if (place, name) != ("if", "first")])
def test_move_out_what_needs_the_inside(place: str, name: str, at: Callable[[str], Inside]) -> None:
    inside = at(place)
    inside.editor.move_into(inside.editor.node(name), inside.editor.model())
    message = inside.refused()
    assert "cannot be seen from here" in message


def branches_that_share_names() -> bytes:
    def branch(name: str, op_type: str) -> onnx.GraphProto:
        nodes = [body_model.node(op_type, ["h"], ["same"], f"{name}_op"),
                 body_model.node("Neg", ["same"], ["out"], f"{name}_end")]
        return helper.make_graph(nodes, name, [], [body_model.tensor("out")], value_info=[body_model.tensor("same")])

    owner = body_model.node("If", ["c"], ["m"], "owner", then_branch=branch("then", "Abs"),
                            else_branch=branch("else", "Relu"))
    return body_model.model([owner], [body_model.tensor("m")])


@pytest.mark.parametrize("c, expected", [(True, np.abs(np.sin(X))), (False, np.maximum(np.sin(X), 0))])
def test_what_is_moved_out_clashes_with_no_body(c: bool, expected: np.ndarray, how: str, tmp_path: Path) -> None:
    """The other branch has a value of that name as well."""
    bench = EditBench(tmp_path, how, branches_that_share_names(), FEEDS | {"c": np.array(c)})
    bench.editor.move_into(bench.editor.node("then_op"), bench.editor.model())
    bench.apply("--validate").expect_success()
    model = onnx.load(bench.output)
    onnx.checker.check_model(model, full_check=True)
    assert "same" not in [o for n in model.graph.node for o in n.output]
    np.testing.assert_allclose(bench.run()[0], expected, rtol=1e-6)


def test_a_group_is_moved_into_a_body(at: Callable[[str], Inside]) -> None:
    """The chain's own group out of the branch, and back into the other one."""
    bench = at("if")
    e = bench.editor
    e.move_into(e.group("body.core"), e.group("front"))
    assert "cannot be seen from here" in bench.refused()


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
    ("loop", input_outside, "its body 'body' has 2 inputs, but with 3 inputs and 1 outputs the operator needs 3", "owner"),
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
