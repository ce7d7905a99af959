"""Edits in bodies of If, Loop, Scan and SequenceMap, in a body within a body and in a local function, in yEd's manner
and with networkx; the results run against numpy."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from tools import body_model
from tools.body_model import PLACES, W, X, chain, first, outer, second
from tools.edit_bench import EditBench, graphs_of
from tools.edit_inside import FEEDS, Inside, at, how, inner_node, inner_nodes, inside, rest  # noqa: F401

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
    {}, {"name": "second"}, {"output_names": '["t1"]'}, {"output_names": '["h"]'},
    {"name": "y", "output_names": '["y"]'}])
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
