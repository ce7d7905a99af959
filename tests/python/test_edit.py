"""Edits in yEd's manner and with networkx, the results checked by onnx.checker and run against numpy; and edits that are
wrong, which leave nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import onnxruntime
import pytest
from conftest import Exported
from onnx import numpy_helper
from tools import edit_model
from tools.edit_bench import EditBench
from tools.edit_model import B0, S, W0, W1, X, layer0, layer1, leaky
from tools.editor import EDITORS, Editor, NetworkxEditor, YedEditor, yed_document
from tools.program import export, import_

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
BOTH = list(EDITORS)


class Bench(EditBench):
    """The model of edit_model.py."""

    def __init__(self, folder: Path, how: str, seed: int = 0) -> None:
        super().__init__(folder, how, edit_model.make(), {"x": X, "s": S}, seed)


@pytest.fixture(params=BOTH)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    return Bench(tmp_path, request.param)


def whole(v: np.ndarray) -> np.ndarray:
    """From the value of layer 1 to the output."""
    return -(v - S)


# ---- no edit ----


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("how", BOTH)
def test_saved_again(how: str, seed: int, tmp_path: Path) -> None:
    bench = Bench(tmp_path, how, seed)
    bench.apply().expect_success()
    assert bench.output.read_bytes() == bench.model.read_bytes()
    assert bench.report["changes"] == [] and not any(v for k, v in bench.report["summary"].items() if k != "unknown_data")


# ---- wiring ----


@pytest.mark.parametrize("name, expected", [
    ("act0", whole(layer1(X @ W0 + B0))),
    ("add0", whole(layer1(leaky(X @ W0, 0.25)))),
    ("mm0", whole(layer1(leaky(X + B0, 0.25)))),
    ("act1", whole(layer0() @ W1 + edit_model.B1)),
    ("turn", whole(layer1(layer0()))),
    ("out", -whole(layer1(layer0()))),
])
def test_delete_and_connect_the_neighbours(name: str, expected: np.ndarray, bench: Bench) -> None:
    bench.editor.bypass(name)
    model = bench.expect(expected)
    assert name not in [n.name for n in model.graph.node]
    assert {t.name for t in model.graph.initializer} == {"w0", "b0", "w1", "b1"} - {
        "add0": {"b0"}, "mm0": {"w0"}}.get(name, set())
    assert [c["node_index"] for c in bench.changes("removed")]
    assert bench.changes("rewired")


def test_an_edge_drawn_elsewhere(bench: Bench) -> None:
    bench.editor.rewire("act0", "sub", 0)
    model = bench.expect(whole(layer0()))
    assert len(model.graph.node) == 9  # the second layer is still there, and of no use
    assert bench.changes("rewired")[0] | {"node": "sub", "port": 0, "before": "v5", "after": "v2"} == bench.changes(
        "rewired")[0]


def test_edges_to_other_ports(bench: Bench) -> None:
    bench.editor.disconnect("sub", 0)
    bench.editor.disconnect("sub", 1)
    bench.editor.connect("act1", "sub", 1)
    bench.editor.connect("s", "sub", 0)
    bench.expect(-(S - layer1(layer0())))


def test_one_value_on_both_ports(bench: Bench) -> None:
    bench.editor.rewire("act1", "sub", 1)
    bench.expect(np.zeros_like(X))


def test_an_edge_without_data_takes_the_free_port(bench: Bench) -> None:
    bench.editor.disconnect("sub", 1)
    bench.editor.connect("x", "sub", None, None)
    bench.expect(-(layer1(layer0()) - X))


def test_an_edge_against_the_order(bench: Bench) -> None:
    """layer.1 before layer.0"""
    bench.editor.rewire("x", "mm1", 0)
    bench.editor.rewire("act1", "mm0", 0)
    bench.editor.rewire("act0", "sub", 0)
    bench.expect(whole(layer0(layer1(X))))


def test_the_output_takes_another_value(bench: Bench) -> None:
    bench.editor.rewire("act0", "y", 0)
    model = bench.expect(layer0())
    assert [o.name for o in model.graph.output] == ["y"]


def test_the_output_takes_an_input(bench: Bench) -> None:
    bench.editor.rewire("x", "y", 0)
    model = bench.expect(X)
    assert model.graph.node[-1].op_type == "Identity"


def test_drop_an_optional_input(bench: Bench) -> None:
    bench.editor.set(bench.editor.node("add0"), "op_type", "Clip")
    bench.editor.set_inputs("add0", ["v0", "", ""])
    bench.expect(whole(layer1(leaky(X @ W0, 0.25))))


def test_an_output_is_deleted(exported: Exported, tmp_path: Path) -> None:
    """The last node of the file: no gap in the numbers tells of it."""
    model = onnx.load(exported.model)
    model.graph.output.append(onnx.helper.make_tensor_value_info("h", onnx.TensorProto.FLOAT, ["batch", 4]))
    del model.functions[:]
    del model.graph.node[3]
    model.graph.node[3].input[0] = "i"
    onnx.save(model, tmp_path / "in.onnx")
    export(tmp_path / "in.onnx", tmp_path / "in.graphml").expect_success()
    for how, editor in EDITORS.items():
        e = editor(tmp_path / "in.graphml")
        e.delete(next(n for n in e.nodes() if e.get(n, "node_kind") == "output" and e.get(n, "name") == "h"))
        e.save(tmp_path / f"{how}.graphml")
        result = import_(tmp_path / f"{how}.graphml", tmp_path / "out.onnx", "--validate").expect_success()
        assert b"edits: 1 deleted" in result.stdout
        assert [o.name for o in onnx.load(tmp_path / "out.onnx").graph.output] == ["y"]


# ---- new operators ----


def test_add_an_operator(bench: Bench) -> None:
    bench.editor.add("head", node_kind="operator", op_type="Elu", name="elu", node_attributes='{"alpha": 0.5}')
    bench.editor.connect("turn", "elu", 0)
    bench.editor.rewire("elu", "out", 0)
    v = layer1(layer0()) - S
    bench.expect(-np.where(v < 0, 0.5 * (np.exp(v) - 1), v))
    assert [(c["node"], c["op_type"]) for c in bench.changes("added")] == [("elu", "Elu")]


def test_add_an_operator_by_its_type_alone(bench: Bench) -> None:
    node = bench.editor.add(None, op_type="Abs")
    bench.editor.draw(bench.editor.node("act1"), node, None, None)
    bench.editor.disconnect("sub", 0)
    bench.editor.draw(node, bench.editor.node("sub"), None, None)
    model = bench.expect(whole(np.abs(layer1(layer0()))))
    types = [n.op_type for n in model.graph.node]
    assert types.index("Abs") == types.index("Sub") - 1


def test_a_new_operator_of_several_inputs_and_outputs(bench: Bench) -> None:
    e = bench.editor
    split = e.add("head", op_type="Split", name="split", node_attributes='{"axis": 1, "num_outputs": 2}')
    concat = e.add("head", op_type="Concat", name="concat", node_attributes='{"axis": 1}')
    e.draw(e.node("sub"), split, 0, 0)
    e.draw(split, concat, 1, 0)
    e.draw(split, concat, 0, 1)
    e.disconnect("turn", 0)
    e.draw(concat, e.node("turn"), 0, 0)
    v = layer1(layer0()) - S
    bench.expect(-np.concatenate([v[:, 2:], v[:, :2]], axis=1))


def test_names_of_new_operators_clash_with_nothing(bench: Bench) -> None:
    """Values are called after their operator, even where such names are in use."""
    e = bench.editor
    e.set(e.node("act0"), "output_names", '["Abs_1"]')
    e.set(e.node("act1"), "output_names", '["Abs_2"]')
    before = e.node("act1")
    for _ in range(3):
        node = e.add("head", op_type="Abs")
        e.draw(before, node, 0, 0)
        before = node
    e.disconnect("sub", 0)
    e.draw(before, e.node("sub"), 0, 0)
    bench.expect(whole(np.abs(layer1(layer0()))))


def test_a_given_name_that_is_in_use(bench: Bench) -> None:
    e = bench.editor
    node = e.add("head", op_type="Abs", name="act1")
    e.draw(e.node("sub"), node, 0, 0)
    e.disconnect("turn", 0)
    e.draw(node, e.node("turn"), 0, 0)
    bench.expect(-np.abs(layer1(layer0()) - S))


def test_copy_with_all_data(bench: Bench) -> None:
    e = bench.editor
    node = e.copy("act1")
    e.draw(e.node("sub"), node, 0, 0)
    e.disconnect("turn", 0)
    e.draw(node, e.node("turn"), 0, 0)
    model = bench.expect(-leaky(layer1(layer0()) - S, 0.5))
    copies = [n for n in model.graph.node if n.op_type == "LeakyRelu"]
    assert len(copies) == 3 and "act1" in [n.name for n in copies]
    assert [c["op_type"] for c in bench.changes("added")] == ["LeakyRelu"]


def test_copy_an_operator_with_weights_into_another_group(bench: Bench) -> None:
    """A second use of w0 and b0; the copy has the tag of the group that it was put into."""
    e = bench.editor
    mm, add = e.copy("mm0", "head"), e.copy("add0", "head")
    e.draw(e.node("sub"), mm, 0, 0)
    e.draw(mm, add, 0, 0)
    e.disconnect("turn", 0)
    e.draw(add, e.node("turn"), 0, 0)
    model = bench.expect(-((layer1(layer0()) - S) @ W0 + B0))
    assert len(model.graph.initializer) == 4
    copy = next(n for n in model.graph.node if n.op_type == "MatMul" and "v6" in n.input)
    assert bench.tag(copy.name) == ("/Net/Head")


# ---- data ----


def test_change_an_attribute(bench: Bench) -> None:
    bench.editor.attributes("act1", alpha=0.125)
    bench.expect(whole(leaky(layer0() @ W1 + edit_model.B1, 0.125)))
    assert [(c["node"], c["key"]) for c in bench.changes("changed")] == [("act1", "node_attributes")]


def test_take_an_attribute_away(bench: Bench) -> None:
    bench.editor.attributes("act1", alpha=None)
    bench.expect(whole(leaky(layer0() @ W1 + edit_model.B1, 0.01)))


def test_change_type_name_texts_and_metadata(bench: Bench) -> None:
    e = bench.editor
    node = e.node("act1")
    for key, text in {"op_type": "Relu", "name": "relu", "doc_string": "was leaky",
                      "metadata": '{"hierarchy_tag": "/Net/Enc/Layer.1", "why": "a < b"}',
                      "node_attributes": "{}"}.items():
        e.set(node, key, text)
    model = bench.expect(whole(np.maximum(layer0() @ W1 + edit_model.B1, 0)))
    relu = next(n for n in model.graph.node if n.name == "relu")
    assert relu.doc_string == "was leaky"
    assert {p.key: p.value for p in relu.metadata_props} == {"hierarchy_tag": "/Net/Enc/Layer.1", "why": "a < b"}
    assert {c["key"] for c in bench.changes("changed")} == {"op_type", "name", "doc_string", "metadata", "node_attributes"}


def test_change_a_domain(bench: Bench) -> None:
    """The model has to import it."""
    e = bench.editor
    node = e.node("out")
    for key, text in {"op_type": "Binarizer", "domain": "ai.onnx.ml", "node_attributes": '{"threshold": 0.5}'}.items():
        e.set(node, key, text)
    imports = json.loads(e.get(e.model(), "opset_imports"))
    e.set(e.model(), "opset_imports", json.dumps([*imports, ["ai.onnx.ml", 3]]))
    bench.expect((layer1(layer0()) - S > 0.5).astype(np.float32))


def test_change_an_initializer(bench: Bench) -> None:
    """Another weight, written into the list as base64."""
    import base64

    e = bench.editor
    tensors = json.loads(e.get(e.model(), "initializers"))
    bias = next(t for t in tensors if t["name"] == "b0")
    bias["data"] = {"base64": base64.b64encode((2 * B0).tobytes()).decode()}
    e.set(e.model(), "initializers", json.dumps(tensors))
    bench.expect(whole(layer1(leaky(X @ W0 + 2 * B0, 0.25))))
    assert [c["key"] for c in bench.changes("changed")] == ["initializers"]


def test_types_that_are_not_true_any_more_go(bench: Bench) -> None:
    """A transposed value: [batch, 4] behind it would be wrong; all before it stays."""
    bench.editor.attributes("turn", perm=[1, 0])
    model = bench.expect((-(layer1(layer0()) - S)).T)
    declared = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in model.graph.value_info}
    assert declared == {f"v{i}": ["batch", 4] for i in range(7)}
    shape = [d.dim_param or d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim]
    assert shape == [4, "batch"]
    assert {c["node"] for c in bench.changes("dropped")} == {"v7"}
    assert bench.report["summary"]["types_dropped"] == 2


def test_a_cast_pair_changes_the_element_type(bench: Bench) -> None:
    e = bench.editor
    cast = e.add("head", op_type="Cast", name="to64", node_attributes='{"to": 11}')
    e.draw(e.node("sub"), cast, 0, 0)
    e.disconnect("turn", 0)
    e.draw(cast, e.node("turn"), 0, 0)
    model = bench.expect(whole(layer1(layer0())))
    assert model.graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.DOUBLE
    assert "v7" not in [v.name for v in model.graph.value_info]
    assert bench.run()[0].dtype == np.float64


# ---- groups ----


def test_move_an_operator(bench: Bench) -> None:
    bench.editor.move("sub", "enc.layer.1")
    bench.expect(whole(layer1(layer0())))
    assert bench.tag("sub") == "/Net/Enc/Layer.1" and bench.tag("turn") == "/Net/Head"
    assert [(c["node"], c["before"], c["after"]) for c in bench.changes("moved")] == [("sub", "head", "enc.layer.1")]


@pytest.mark.parametrize("key, text, tag, scope", [
    ("name", "layer.7", "/Net/Enc/Layer.7", "enc.layer.7"),
    ("class_name", "Block", "/Net/Enc/Block.1", "enc.layer.1"),
])
def test_rename_a_group(key: str, text: str, tag: str, scope: str, bench: Bench) -> None:
    e = bench.editor
    e.set(e.group("enc.layer.1"), key, text)
    if key == "class_name":
        e.set(e.group("enc.layer.1"), "own_tag", "true" if e.nested else True)
    model = bench.expect(whole(layer1(layer0())))
    if key == "name":
        tag = bench.tag("mm1")
        assert tag.endswith(".7")
    for node in model.graph.node[3:6]:
        properties = {p.key: p.value for p in node.metadata_props}
        assert (properties["hierarchy_tag"], properties["hierarchy_scope"]) == (tag, scope)
    assert bench.tag("mm0") == "/Net/Enc/Layer.0"
    assert {c["what"] for c in bench.changes("retagged")} == {"module", "operator"}


def test_rename_a_group_of_groups(bench: Bench) -> None:
    e = bench.editor
    e.set(e.group("enc"), "name", "body")
    bench.expect(whole(layer1(layer0())))
    scopes = [p.value for n in onnx.load(bench.output).graph.node for p in n.metadata_props if p.key == "hierarchy_scope"]
    assert scopes == ["body.layer.0"] * 3 + ["body.layer.1"] * 3 + ["head"] * 3


def test_delete_a_group_with_its_inside(bench: Bench) -> None:
    e = bench.editor
    e.delete(e.group("enc.layer.1"))
    e.connect("act0", "sub", 0)
    model = bench.expect(whole(layer0()))
    assert {t.name for t in model.graph.initializer} == {"w0", "b0"}
    assert len(model.graph.node) == 6
    assert {c["node"] for c in bench.changes("dropped") if c["what"] == "initializer"} == {"w1", "b1"}


# ---- copies of groups, and what copies are called ----


@pytest.fixture(params=BOTH)
def scoped(request: pytest.FixtureRequest, tmp_path: Path) -> EditBench:
    return EditBench(tmp_path, request.param, edit_model.make_scoped(), {"x": X, "s": S})


def test_a_copy_beside_the_original_gets_a_number(scoped: EditBench) -> None:
    e = scoped.editor
    act, sub = e.node("/enc/layer.1/LeakyRelu"), e.node("/head/Sub")
    node = e.copy("/enc/layer.1/LeakyRelu", "enc.layer.1")
    e.disconnect("/head/Sub", 0)
    e.draw(act, node, 0, 0)
    e.draw(node, sub, 0, 0)
    model = scoped.expect(whole(leaky(layer1(layer0()), 0.5)))
    copies = [n.name for n in model.graph.node if n.name.startswith("/enc/layer.1/LeakyRelu_")]
    assert len(copies) == 1 and scoped.tag(copies[0]) == "/Net/Enc/Layer.1"


def test_a_copy_in_another_group_is_called_after_it(scoped: EditBench) -> None:
    e = scoped.editor
    sub, turn = e.node("/head/Sub"), e.node("/head/Transpose")
    node = e.copy("/enc/layer.1/LeakyRelu", "head")
    e.disconnect("/head/Transpose", 0)
    e.draw(sub, node, 0, 0)
    e.draw(node, turn, 0, 0)
    model = scoped.expect(-leaky(layer1(layer0()) - S, 0.5))
    copy = next(n for n in model.graph.node if n.name == "/head/LeakyRelu")
    assert list(copy.output) == ["/head/LeakyRelu_output_0"] and scoped.tag(copy.name) == "/Net/Head"


def test_a_moved_operator_keeps_its_name(scoped: EditBench) -> None:
    """A name is what others know it by; where it belongs is told by its tag."""
    scoped.editor.move("/head/Sub", "enc.layer.1")
    scoped.expect(whole(layer1(layer0())))
    assert scoped.tag("/head/Sub") == "/Net/Enc/Layer.1"


def test_copies_of_a_layer_are_the_next_layers(scoped: EditBench) -> None:
    """Weights are shared; names, scopes and tags are those of a layer 2 and a layer 3."""
    e = scoped.editor
    last, sub = e.node("/enc/layer.1/LeakyRelu"), e.node("/head/Sub")
    e.disconnect("/head/Sub", 0)
    original = e.group("enc.layer.1")
    both = [e.copy_tree(original, e.group("enc")) for _ in range(2)]
    for copies in both:
        e.draw(last, copies["/enc/layer.1/MatMul"], 0, 0)
        last = copies["/enc/layer.1/LeakyRelu"]
    e.draw(last, sub, 0, 0)
    model = scoped.expect(whole(layer1(layer1(layer1(layer0())))))
    new = {n.name: scoped.tag(n.name) for n in model.graph.node if "layer.2" in n.name or "layer.3" in n.name}
    assert new == {f"/enc/layer.{k}/{t}": f"/Net/Enc/Layer.{k}" for k in (2, 3) for t in ("MatMul", "Add", "LeakyRelu")}
    assert {o for n in model.graph.node if n.name in new for o in n.output} == {f"{n}_output_0" for n in new}
    assert len(model.graph.initializer) == 4


def test_a_copied_group_is_called_as_it_was_named(scoped: EditBench) -> None:
    e = scoped.editor
    sub, turn = e.node("/head/Sub"), e.node("/head/Transpose")
    copies = e.copy_tree(e.group("enc.layer.1"), e.group("head"))
    e.set(copies["layer.1"], "name", "extra")
    e.disconnect("/head/Transpose", 0)
    e.draw(sub, copies["/enc/layer.1/MatMul"], 0, 0)
    e.draw(copies["/enc/layer.1/LeakyRelu"], turn, 0, 0)
    model = scoped.expect(-layer1(layer1(layer0()) - S))
    assert [n.name for n in model.graph.node if "extra" in n.name] == [
        f"/head/extra/{t}" for t in ("MatMul", "Add", "LeakyRelu")]


def test_a_copied_group_is_exported_as_a_group_of_its_own(scoped: EditBench) -> None:
    e = scoped.editor
    sub, turn = e.node("/head/Sub"), e.node("/head/Transpose")
    copies = e.copy_tree(e.group("head"), e.model())
    e.disconnect(turn, 0)
    e.draw(sub, copies["/head/Sub"], 0, 0)
    e.draw(e.node("s"), copies["/head/Sub"], 0, 1)
    e.draw(copies["/head/Neg"], turn, 0, 0)
    scoped.expect(layer1(layer0()) - 2 * S)
    export(scoped.output, scoped.folder / "again.graphml").expect_success()
    again = YedEditor(scoped.folder / "again.graphml")
    assert {again.get(n, "name") for n in again.children(again.group("head_1"))} == {
        "/head_1/Sub", "/head_1/Transpose", "/head_1/Neg"}


# ---- bodies ----


class Branches:
    """The small model with an If, under yEd."""

    def __init__(self, exported: Exported, folder: Path) -> None:
        self.copied = exported.copy_to(folder)
        self.editor = YedEditor(self.copied.graphml)

    def apply(self, *options: object):
        self.editor.save(self.copied.graphml)
        return import_(self.copied.graphml, self.copied.output, *options)

    def body(self, of: str) -> yed_document.Node:
        """The branch in which the operator stands."""
        inside = self.editor.node(of)
        return next(n for n in self.editor.nodes() if n.children is not None
                    and self.editor.get(n, "node_kind") == "body" and any(c is inside for c in n.children.nodes))

    def expect(self, expected: np.ndarray, x: np.ndarray, c: bool) -> None:
        self.apply("--validate").expect_success()
        onnx.checker.check_model(onnx.load(self.copied.output), full_check=True)
        session = onnxruntime.InferenceSession(str(self.copied.output), providers=["CPUExecutionProvider"])
        np.testing.assert_allclose(session.run(None, {"x": x, "c": np.array(c)})[0], expected, rtol=1e-5)


@pytest.fixture
def branches(exported: Exported, tmp_path: Path) -> Branches:
    return Branches(exported, tmp_path)


def small_value(exported: Exported, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(exported.model).graph.initializer}
    m = x @ tensors["encoder.layer.0.weight"]
    return m, m + tensors["encoder.layer.0.bias"]


def test_a_body_captures_another_value(branches: Branches, exported: Exported) -> None:
    m, _ = small_value(exported, X)
    branches.editor.rewire("/encoder/layer.0/MatMul", "then/Relu", 0)
    branches.expect(leaky(2 * np.maximum(m, 0), 0.25), X, True)


def test_an_operator_moved_into_a_body(branches: Branches, exported: Exported) -> None:
    """Only a value that nobody outside takes can be made there."""
    node = branches.editor.add(None, op_type="Abs")
    branches.editor.delete(node)
    branches.body("then/Relu").children.nodes.append(node)
    branches.editor.draw(branches.editor.node("/encoder/layer.0/Add"), node, 0, 0)
    branches.editor.disconnect("then/Relu", 0)
    branches.editor.draw(node, branches.editor.node("then/Relu"), 0, 0)
    _, h = small_value(exported, X)
    branches.expect(leaky(2 * np.abs(h), 0.25), X, True)


@pytest.mark.parametrize("name, into", [
    ("/encoder/layer.0/Add", "then/Relu"),  # the other branch takes its value too
    ("then/Relu", "else/Neg"),  # the output of its branch takes it
])
def test_a_move_between_bodies_where_names_do_not_resolve(name: str, into: str, branches: Branches) -> None:
    node, body = branches.editor.node(name), branches.body(into)
    for group in [n for n in branches.editor.nodes() if n.children is not None]:
        group.children.nodes = [n for n in group.children.nodes if n is not node]
    body.children.nodes.append(node)
    message = branches.apply().expect_error(3).message
    assert "cannot be seen from here" in message or "no edge" in message
    assert not branches.copied.output.exists()


# ---- things that have no effect, and are told ----


def test_edited_tensor_names_inform_only(bench: Bench) -> None:
    e = bench.editor
    if isinstance(e, YedEditor):
        for edge in e.document.edges:
            edge.data = [(k, "other" if k.name == "tensor_name" else v) for k, v in edge.data]
    else:
        assert isinstance(e, NetworkxEditor)
        for *_, data in e.graph.edges(data=True):
            data["tensor_name"] = "other"
    bench.apply().expect_success()
    assert bench.output.read_bytes() == bench.model.read_bytes()


def test_a_tag_edited_in_a_nested_file_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "yed")
    bench.editor.set(bench.editor.node("sub"), "hierarchy_tag", "/Net/Enc")
    result = bench.apply()
    assert result.code == 0 and b"move the node into another group" in result.stderr
    assert bench.output.read_bytes() == bench.model.read_bytes()
    ignored = bench.changes("ignored")
    assert [(c["what"], c["before"], c["after"]) for c in ignored] == [("hierarchy_tag", "/Net/Head", "/Net/Enc")]


@pytest.mark.parametrize("find, text, key", [
    (lambda e: e.group("enc.layer.1"), "enc.block.1", b"name or class_name"),
    (lambda e: e.node("act1"), "Relu", b"op_type"),
    (lambda e: e.node("x"), "pixels", b"name"),
])
def test_a_label_changed_by_hand_is_told(find: Callable, text: str, key: bytes, tmp_path: Path) -> None:
    bench = Bench(tmp_path, "yed")
    bench.editor.label(find(bench.editor), text)
    result = bench.apply()
    assert result.code == 0 and b"label was changed to '" + text.encode() in result.stderr and key in result.stderr
    assert bench.output.read_bytes() == bench.model.read_bytes()
    assert [(c["what"], c["key"], c["after"]) for c in bench.changes("ignored")] == [("label", key.decode(), text)]


def test_blanks_before_a_group_s_title_are_none(tmp_path: Path) -> None:
    """They leave room for yEd's sign: whether they are kept, doubled or lost when a title is edited says nothing."""
    for text, told in ((lambda t: t.strip(), False), (lambda t: "\u00a0 \u00a0" + t, False), (lambda t: t + " new", True)):
        bench = Bench(tmp_path, "yed")
        group = bench.editor.group("enc.layer.1")
        title = group.labels[0]
        assert title.startswith("\u00a0")
        bench.editor.label(group, text(title))
        result = bench.apply()
        assert result.code == 0 and bool(result.stderr) == told
        assert not told or f"label was changed to '{title.strip()} new'".encode() in result.stderr


def test_the_label_of_a_folded_group_changed_by_hand_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "yed")
    bench.editor.folded_label(bench.editor.group("head"), "tail")
    result = bench.apply()
    assert result.code == 0 and b"head: the label was changed to 'tail'" in result.stderr
    assert [(c["node"], c["after"]) for c in bench.changes("ignored")] == [("head", "tail")]


# ---- wrong edits ----


def missing(e: Editor) -> None:
    e.disconnect("sub", 0)


def missing_output(e: Editor) -> None:
    e.disconnect("y", 0)


def deleted(e: Editor) -> None:
    e.delete(e.node("act0"))


def deleted_group(e: Editor) -> None:
    e.delete(e.group("enc.layer.0"))


def deleted_input(e: Editor) -> None:
    e.delete(e.node("s"))


def two_edges(e: Editor) -> None:
    e.connect("x", "sub", 0)


def cycle(e: Editor) -> None:
    e.rewire("act1", "mm0", 0)


def self_loop(e: Editor) -> None:
    e.rewire("turn", "turn", 0)


def no_such_output(e: Editor) -> None:
    e.rewire("act0", "sub", 0, source_port=1)


def gap(e: Editor) -> None:
    e.connect("x", "sub", 3)


def output_port(e: Editor) -> None:
    e.connect("x", "y", 1)


def no_free_port(e: Editor) -> None:
    e.connect("x", "sub", None, None)


def two_free_ports(e: Editor) -> None:
    e.disconnect("sub", 0)
    e.disconnect("sub", 1)
    e.connect("x", "sub", None, None)


def broken_json(e: Editor) -> None:
    e.set(e.node("act1"), "node_attributes", '{"alpha": 0.5')


def unknown_type(e: Editor) -> None:
    e.set(e.node("act1"), "node_attributes", '{"alpha": {"type": "FLOATING", "value": 1}}')


def no_number(e: Editor) -> None:
    node = e.node("act1")
    if isinstance(e, NetworkxEditor):
        e.set(node, "node_index", "seven")
    else:
        e.set(node, "input_names", "v4")


def no_op_type(e: Editor) -> None:
    node = e.copy("act1")
    e.set(node, "op_type", None)


def edge_to_a_note(e: Editor) -> None:
    e.draw(e.node("act1"), e.add("head", name="a note"), 0, 0)


def edge_from_an_output(e: Editor) -> None:
    e.draw(e.node("y"), e.node("sub"), 0, 1)


def unknown_kind(e: Editor) -> None:
    e.set(e.node("act1"), "node_kind", "operation")


def unknown_name(e: Editor) -> None:
    e.set_inputs("add0", ["v0", "b7"])


WRONG = [
    (missing, "input 0 has no edge; it had 'v5'", "sub"),
    (missing_output, "output 0 has no edge; it had 'y'", "y"),
    (deleted, "input 0 has no edge; it had 'v2'", "mm1"),
    (deleted_group, "input 0 has no edge; it had 'v2'", "mm1"),
    (deleted_input, "input 1 has no edge; it had 's'", "sub"),
    (two_edges, "input 0 has two edges", "sub"),
    (cycle, "cycle", ""),
    (self_loop, "cycle", "turn"),
    (no_such_output, "an edge leaves port 1, but it has 1 outputs", "act0"),
    (gap, "input", "sub"),
    (output_port, "an output has only input 0", "y"),
    (no_free_port, "no input is free", "sub"),
    (two_free_ports, "any of the inputs 0, 1", "sub"),
    (broken_json, "node_attributes", "act1"),
    (unknown_type, "FLOATING", "act1"),
    (no_number, "", "act1"),
    (no_op_type, "op_type", ""),
    (edge_to_a_note, "without op_type", ""),
    (edge_from_an_output, "makes no value", "y"),
    (unknown_kind, "operation", ""),
    (unknown_name, "input 1 has no edge; it had 'b7'", "add0"),
]


@pytest.mark.parametrize("edit, sentence, node", WRONG, ids=[w[0].__name__ for w in WRONG])
def test_a_wrong_edit(edit: Callable[[Editor], None], sentence: str, node: str, bench: Bench) -> None:
    edit(bench.editor)
    message = bench.refused()
    assert sentence in message, message
    assert node in message, message


# ---- the report ----


def test_the_report_is_as_its_schema_says(bench: Bench) -> None:
    """Many edits at once; each is told once."""
    e = bench.editor
    e.bypass("act0")
    e.attributes("turn", perm=[1, 0])
    e.move("sub", "enc.layer.1")
    e.set(e.group("enc"), "name", "body")
    e.draw(e.node("out"), e.add("head", op_type="Abs"), 0, 0)
    bench.apply().expect_success()
    schema = json.loads((SCHEMAS / "import-report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(bench.report, schema)
    kinds = [c["kind"] for c in bench.report["changes"]]
    summary = bench.report["summary"]
    assert kinds.count("added") == summary["nodes_added"] == 1
    assert kinds.count("removed") == summary["nodes_removed"] == 1
    assert kinds.count("moved") == summary["nodes_moved"] == 1
    assert kinds.count("rewired") == summary["ports_rewired"] == 1
    assert kinds.count("retagged") == summary["nodes_retagged"] >= 6
    assert summary["nodes_changed"] == 2 and summary["types_dropped"] == 2


def test_no_report_without_a_result(bench: Bench) -> None:
    bench.editor.disconnect("sub", 0)
    (bench.folder / "report.json").write_text("older")
    bench.apply().expect_error(3)
    assert (bench.folder / "report.json").read_text() == "older"
