"""`extract` and `replace`: modules cut out run as they do in the model, and put back, edited or not, they fit."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tools import parts
from tools.program import run

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
Edit = Callable[[onnx.ModelProto], None]


def value(name: str, shape: Sequence[int | str] | None = (4,), elem: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, elem, shape)


def weight(name: str, *numbers: float) -> TensorProto:
    return numpy_helper.from_array(np.array(numbers, np.float32), name)


def node(op_type: str, inputs: str, outputs: str, name: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(op_type, inputs.split(), outputs.split(), name=name, **attributes)


def constant(name: str, output: str, *numbers: float) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [output], name=name, value=weight("", *numbers))


def model(nodes: Sequence[onnx.NodeProto], inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto],
          initializers: Sequence[TensorProto] = (), ir_version: int = 10, **more: object) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "m", inputs, outputs, initializer=initializers)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version, producer_name="tests", **more)


class Case:
    """A model in a folder, and the parts that are cut out of it."""

    def __init__(self, folder: Path, made: onnx.ModelProto) -> None:
        onnx.checker.check_model(made, full_check=True)
        self.folder, self.path = folder, folder / "model.onnx"
        self.path.write_bytes(made.SerializeToString(deterministic=True))

    def extract(self, tag: str, name: str = "part.onnx") -> onnx.ModelProto:
        run("extract", self.path, "--tag", tag, self.folder / name).expect_success()
        part = onnx.load(self.folder / name)
        onnx.checker.check_model(part, full_check=True)
        return part

    def untouched(self, tag: str) -> None:
        """Put back as it is, the part gives the model, to the byte."""
        run("replace", self.path, "--tag", tag, self.folder / "part.onnx", self.folder / "back.onnx").expect_success()
        run("compare", self.path, self.folder / "back.onnx").expect_success()
        assert (self.folder / "back.onnx").read_bytes() == self.path.read_bytes()

    def edited(self, tag: str, edit: Edit) -> Path:
        part = self.extract(tag)
        edit(part)
        (self.folder / "edited.onnx").write_bytes(part.SerializeToString())
        return self.folder / "edited.onnx"

    def replace(self, tag: str, edit: Edit) -> onnx.ModelProto:
        """The model with the edited part in it."""
        new = self.folder / "new.onnx"
        run("replace", self.path, "--tag", tag, self.edited(tag, edit), new).expect_success()
        made = onnx.load(new)
        onnx.checker.check_model(made, full_check=True)
        return made

    def refuse(self, tag: str, edit: Edit) -> str:
        """The message of the error that the edited part gives."""
        refused = self.folder / "refused.onnx"
        result = run("replace", self.path, "--tag", tag, self.edited(tag, edit), refused).expect_error(3)
        assert not refused.exists()
        return result.message


@pytest.fixture
def make(tmp_path: Path) -> Callable[[onnx.ModelProto], Case]:
    return lambda made: Case(tmp_path, made)


def names(values: Sequence[onnx.ValueInfoProto]) -> list[str]:
    return [v.name for v in values]


def ops(part: onnx.ModelProto) -> list[str]:
    return [n.op_type for n in part.graph.node]


def compute(made: onnx.ModelProto, **inputs: object) -> list[np.ndarray]:
    feed = {k: np.asarray(v) if isinstance(v, (bool, np.ndarray)) else np.asarray(v, np.float32) for k, v in inputs.items()}
    return parts.session(made.SerializeToString()).run(None, feed)


X = [1.0, -2.0, 3.0, -4.0]


# ---- real models ----


@pytest.mark.parametrize("sample", ["bert_tiny", "resnet_thin"])
def test_every_module_of_a_sample(sample: str, tmp_path: Path) -> None:
    path, modules = parts.tagged(SAMPLES / f"{sample}.onnx", tmp_path)
    values = parts.all_values(path, parts.random_inputs(onnx.load(path)))
    found = {module: parts.check_module(path, module, tmp_path, values) for module in modules}
    assert {m: what for m, what in found.items() if what not in ("ok", "empty")} == {}
    assert sum(what == "ok" for what in found.values()) >= 30


@pytest.mark.parametrize(("sample", "text"), [("bert_tiny", "LayerNorm"), ("bert_tiny", "self"), ("resnet_thin", "convolution")])
def test_all_at_once_are_those_one_by_one(sample: str, text: str, tmp_path: Path) -> None:
    model, folder = SAMPLES / f"{sample}.onnx", tmp_path / "all"
    listed = run("extract", model, "--tag", text, "--all", "--output-dir", folder).expect_success().stdout.decode()
    made = sorted(folder.iterdir())
    assert len(made) == len(listed.splitlines()) >= 2
    for path in made:
        run("extract", model, "--tag", path.name.removesuffix(".onnx"), tmp_path / "one.onnx").expect_success()
        assert (tmp_path / "one.onnx").read_bytes() == path.read_bytes()


def test_all_or_nothing(tmp_path: Path) -> None:
    """A part that cannot be made (a value of unknown type) leaves no other behind."""
    nodes = [node("Relu", "x", "/a/part/Relu_output_0", "/a/part/Relu"),
             node("Thing", "/a/part/Relu_output_0", "/b/part/Thing_output_0", "/b/part/Thing", domain="odd"),
             node("Relu", "/b/part/Thing_output_0", "y", "/Relu")]  # fmt: skip
    made = model(nodes, [value("x")], [value("y")])
    made.opset_import.append(helper.make_opsetid("odd", 1))
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    run("extract", tmp_path / "m.onnx", "--tag", "part", "--all", "--output-dir", tmp_path / "o").expect_error(4)
    assert list((tmp_path / "o").iterdir()) == []


def test_graphml_gives_the_same_part(tmp_path: Path) -> None:
    run("export-graphml", SAMPLES / "bert_tiny.onnx", "-o", tmp_path / "m.graphml", "--no-layout").expect_success()
    for source in (SAMPLES / "bert_tiny.onnx", tmp_path / "m.graphml"):
        run("extract", source, "--tag", "encoder.layer.1", tmp_path / f"{source.suffix[1:]}.part.onnx").expect_success()
    assert (tmp_path / "onnx.part.onnx").read_bytes() == (tmp_path / "graphml.part.onnx").read_bytes()


# ---- what belongs to a part ----


def chain() -> onnx.ModelProto:
    """x -> Relu (outside) -> block: Mul by w, Add to b -> Neg (outside)."""
    nodes = [node("Relu", "x", "r", "/Relu"), node("Mul", "r w", "p", "/block/Mul"), node("Add", "p b", "q", "/block/Add"),
             node("Neg", "q", "y", "/Neg"), node("Mul", "r v", "z", "/Mul")]
    made = model(nodes, [value("x", ["n"])], [value("y", ["n"]), value("z", ["n"])],
                 [weight("v", 7), weight("w", 2), weight("b", 1)])
    made.graph.value_info.append(value("p", ["n"]))
    made.metadata_props.add(key="who", value="tests")
    made.graph.node[1].metadata_props.add(key="note", value="kept")
    return made


def test_interface_and_contents(make: Callable) -> None:
    case = make(chain())
    part = case.extract("block")
    assert (names(part.graph.input), names(part.graph.output), ops(part)) == (["r"], ["q"], ["Mul", "Add"])
    assert [t.name for t in part.graph.initializer] == ["w", "b"]
    assert part.graph.input[0].type == value("r", ["n"]).type and names(part.graph.value_info) == ["p"]
    assert part.producer_name == "tests" and part.metadata_props[0].value == "tests"
    assert part.graph.node[0].metadata_props[0].value == "kept"
    assert np.array_equal(compute(part, r=X)[0], np.array(X, np.float32) * 2 + 1)
    case.untouched("block")


def test_inputs_in_the_order_of_first_use(make: Callable) -> None:
    nodes = [node("Neg", "a", "n", "/Neg"), node("Sub", "b n", "s", "/block/Sub"), node("Mul", "s a", "y", "/block/Mul")]
    part = make(model(nodes, [value("a"), value("b")], [value("y")])).extract("block")
    assert names(part.graph.input) == ["b", "n", "a"]


def test_constants_come_along(make: Callable) -> None:
    nodes = [constant("/c", "c", 2.0), node("Add", "c small", "d", "/d"), node("Add", "c big", "e", "/e"),
             constant("/unused", "u", 1.0), node("Mul", "x d", "p", "/block/Mul"), node("Mul", "p e", "y", "/block/Mul_1"),
             node("Mul", "c u", "z", "/Mul")]
    big = weight("big", *range(300))
    case = make(model(nodes, [value("x", [300])], [value("y", [300]), value("z", [1])], [weight("small", 3), big]))
    part = case.extract("block")
    assert ops(part) == ["Constant", "Add", "Mul", "Mul"]
    assert names(part.graph.input) == ["x", "e"] and [t.name for t in part.graph.initializer] == ["small"]
    case.untouched("block")


def test_weights_in_another_form_come_along(make: Callable) -> None:
    """Exporters share equal weights through Identity, and transpose them outside of any scope."""
    nodes = [node("Identity", "w", "other.bias", "Identity_0"), node("Transpose", "other.bias", "t", "Transpose_1"),
             node("Abs", "t", "a", "/Abs"), node("Add", "x t", "p", "/block/Add"), node("Mul", "p a", "y", "/block/Mul")]
    case = make(model(nodes, [value("x", [300])], [value("y", [300])], [weight("w", *range(300))]))
    part = case.extract("block")
    assert names(part.graph.input) == ["x", "a"] and ops(part) == ["Identity", "Transpose", "Add", "Mul"]
    case.untouched("block")


def test_chance_is_no_constant(make: Callable) -> None:
    nodes = [helper.make_node("RandomNormal", [], ["r"], name="/r", shape=[4]), node("Add", "x r", "y", "/block/Add")]
    assert names(make(model(nodes, [value("x")], [value("y")])).extract("block").graph.input) == ["x", "r"]


def test_a_way_out_and_back(make: Callable) -> None:
    nodes = [node("Relu", "x", "a", "/block/Relu"), node("Neg", "a", "b", "/Neg"), node("Add", "a b", "y", "/block/Add")]
    case = make(model(nodes, [value("x")], [value("y")]))
    part = case.extract("block")
    assert (names(part.graph.input), names(part.graph.output)) == (["x", "b"], ["a", "y"])
    case.untouched("block")


def test_old_models_list_initializers_as_inputs(make: Callable) -> None:
    nodes = [node("Mul", "x w", "p", "/block/Mul"), node("Add", "p v", "y", "/Add")]
    inputs = [value("x"), value("w", [1]), value("v", [1])]
    case = make(model(nodes, inputs, [value("y")], [weight("w", 2), weight("v", 3)], ir_version=3))
    part = case.extract("block")
    assert names(part.graph.input) == ["x", "w"] and [t.name for t in part.graph.initializer] == ["w"]
    case.untouched("block")


def test_results_that_nothing_uses(make: Callable) -> None:
    nodes = [node("Relu", "x", "y", "/Relu"), node("Neg", "x", "n", "/block/Neg"), node("Abs", "n", "loose", "/block/Abs")]
    made = model(nodes, [value("x")], [value("y")])
    made.graph.value_info.append(value("loose"))
    case = make(made)
    assert names(case.extract("block").graph.output) == ["loose"]
    case.untouched("block")


def test_functions_come_along(make: Callable) -> None:
    def function(name: str, op_type: str, domain: str = "") -> onnx.FunctionProto:
        body = [helper.make_node(op_type, ["a"], ["b"], domain=domain)]
        return helper.make_function("local", name, ["a"], ["b"], body,
                                    [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)])

    nodes = [node("Outer", "x", "p", "/block/Outer", domain="local"), node("Other", "p", "y", "/Other", domain="local")]
    made = model(nodes, [value("x")], [value("y")],
                 functions=[function("Other", "Abs"), function("Inner", "Neg"), function("Outer", "Inner", "local")])
    case = make(made)
    part = case.extract("block")
    assert [f.name for f in part.functions] == ["Inner", "Outer"]
    assert np.array_equal(compute(part, x=X)[0], -np.array(X, np.float32))
    case.untouched("block")

    def change(edited: onnx.ModelProto) -> None:
        edited.functions[0].node[0].op_type = "Exp"

    changed = case.replace("block", change)
    assert np.allclose(compute(changed, x=X)[0], np.exp(X))
    made.graph.node[1].op_type = "Inner"
    assert "function 'Inner'" in Case(case.folder, made).refuse("block", change)


# ---- bodies ----


def looped() -> onnx.ModelProto:
    """Loop, 3 times: s = block(s), where the module takes s, a captured value, an initializer and a Constant from outside."""
    body = helper.make_graph(
        [node("Mul", "s w", "p", "/block/Mul"), node("Add", "p r", "q", "/block/Add"), node("Sub", "q c", "t", "/block/Sub"),
         node("Identity", "go", "still", "/Identity"), node("Identity", "t", "s_out", "/Identity_1")],
        "body", [value("i", [], INT64), value("go", [], BOOL), value("s")], [value("still", [], BOOL), value("s_out")])
    nodes = [node("Relu", "x", "r", "/Relu"), constant("/c", "c", 0.5),
             helper.make_node("Loop", ["n", "", "x"], ["y"], name="/Loop", body=body)]
    three = numpy_helper.from_array(np.array(3, np.int64), "n")
    return model(nodes, [value("x")], [value("y")], [three, weight("w", 2)])


def test_module_within_a_body(make: Callable) -> None:
    case = make(looped())
    part = case.extract("block")
    assert (names(part.graph.input), names(part.graph.output)) == (["s", "r"], ["t"])
    assert [t.name for t in part.graph.initializer] == ["w"] and ops(part) == ["Constant", "Mul", "Add", "Sub"]
    got = compute(part, s=X, r=[1, 1, 1, 1])[0]
    assert np.array_equal(got, np.array(X, np.float32) * 2 + 0.5)
    case.untouched("block")


def test_an_edit_within_a_body(make: Callable) -> None:
    def edit(part: onnx.ModelProto) -> None:
        part.graph.node.insert(2, node("Mul", "p k", "x", "extra"))  # "x" is a name of the outer graph
        part.graph.node[3].input[0] = "x"
        part.graph.initializer.append(weight("k", 10))

    made = make(looped()).replace("block", edit)
    body = made.graph.node[2].attribute[0].g
    assert [n.op_type for n in body.node] == ["Mul", "Mul", "Add", "Sub", "Identity", "Identity"]
    assert [t.name for t in body.initializer] == ["k"] and body.node[1].output[0] not in ("x", "")
    state, r = np.array(X, np.float32), np.maximum(np.array(X, np.float32), 0)
    for _ in range(3):
        state = state * 2 * 10 + r - np.float32(0.5)
    assert np.allclose(compute(made, x=X)[0], state)


def branching() -> onnx.ModelProto:
    """A module that holds an If, whose branches capture values and initializers."""
    def branch(name: str, *nodes: onnx.NodeProto) -> onnx.GraphProto:
        return helper.make_graph(nodes, name, [], [value(f"{name}_y")], initializer=[weight(f"{name}_w", 5)])

    then = branch("t", node("Mul", "r w", "t_m", ""), node("Add", "t_m t_w", "t_y", ""))
    other = branch("e", node("Sub", "r c", "e_m", ""), node("Mul", "e_m e_w", "e_y", ""))
    nodes = [node("Relu", "x", "r", "/Relu"), constant("/c", "c", 0.5),
             helper.make_node("If", ["cond"], ["i"], name="/block/If", then_branch=then, else_branch=other),
             node("Neg", "i", "y", "/Neg")]
    return model(nodes, [value("x"), value("cond", [], BOOL)], [value("y")], [weight("w", 2), weight("unused", 1)])


def test_module_that_holds_bodies(make: Callable) -> None:
    case = make(branching())
    part = case.extract("block")
    assert names(part.graph.input) == ["cond", "r"] and [t.name for t in part.graph.initializer] == ["w"]
    x = np.array(X, np.float32)
    assert np.array_equal(compute(part, cond=np.array(True), r=X)[0], x * 2 + 5)
    assert np.array_equal(compute(part, cond=np.array(False), r=X)[0], (x - 0.5) * 5)
    case.untouched("block")


def test_an_edit_of_a_body(make: Callable) -> None:
    def edit(part: onnx.ModelProto) -> None:
        body = next(a.g for a in part.graph.node[1].attribute if a.name == "then_branch")
        body.node[0].op_type = "Div"
        body.initializer[0].CopyFrom(weight(body.initializer[0].name, 6))

    made = make(branching()).replace("block", edit)
    assert np.array_equal(compute(made, x=X, cond=np.array(True))[0], -(np.maximum(np.array(X, np.float32), 0) / 2 + 6))


# ---- edited parts ----


def test_another_attribute_and_operators(make: Callable) -> None:
    def edit(part: onnx.ModelProto) -> None:
        part.graph.node.append(node("Abs", "half", "q", "new"))
        part.graph.node[1].output[0] = "half"

    made = make(chain()).replace("block", edit)
    assert ops(made) == ["Relu", "Mul", "Add", "Abs", "Neg", "Mul"]
    assert np.array_equal(compute(made, x=X)[0], -np.abs(np.maximum(np.array(X, np.float32), 0) * 2 + 1))


def test_an_operator_less(make: Callable) -> None:
    def edit(part: onnx.ModelProto) -> None:
        del part.graph.node[1]
        part.graph.node[0].output[0] = "q"
        del part.graph.value_info[:]

    made = make(chain()).replace("block", edit)
    assert ops(made) == ["Relu", "Mul", "Neg", "Mul"] and names(made.graph.value_info) == []
    assert [t.name for t in made.graph.initializer] == ["v", "w"]  # b has no use any more


def test_another_weight_keeps_its_place(make: Callable) -> None:
    made = make(chain()).replace("block", lambda part: part.graph.initializer[0].CopyFrom(weight("w", 3)))
    assert [t.name for t in made.graph.initializer] == ["v", "w", "b"]
    assert np.array_equal(compute(made, x=X)[0], -(np.maximum(np.array(X, np.float32), 0) * 3 + 1))


def test_another_shared_weight_is_a_new_one(make: Callable) -> None:
    model_ = chain()
    model_.graph.node[4].input[1] = "w"
    made = make(model_).replace("block", lambda part: part.graph.initializer[0].CopyFrom(weight("w", 3)))
    y, z = compute(made, x=X)
    relu = np.maximum(np.array(X, np.float32), 0)
    assert np.array_equal(y, -(relu * 3 + 1)) and np.array_equal(z, relu * 2)


def test_another_shared_constant_is_a_new_one(make: Callable) -> None:
    nodes = [constant("/c", "c", 2.0), node("Mul", "x c", "y", "/block/Mul"), node("Add", "x c", "z", "/Add")]

    def edit(part: onnx.ModelProto) -> None:
        part.graph.node[0].attribute[0].t.CopyFrom(weight("", 3))

    made = make(model(nodes, [value("x")], [value("y"), value("z")])).replace("block", edit)
    y, z = compute(made, x=X)
    assert np.array_equal(y, np.array(X, np.float32) * 3) and np.array_equal(z, np.array(X, np.float32) + 2)


def test_names_that_are_in_use_elsewhere(make: Callable) -> None:
    def edit(part: onnx.ModelProto) -> None:
        part.graph.initializer.append(weight("v", 100))             # a weight of the model
        part.graph.node.insert(1, node("Add", "p v", "y", "new"))   # an output of the model
        part.graph.node[2].input[0] = "y"

    made = make(chain()).replace("block", edit)
    y, z = compute(made, x=X)
    relu = np.maximum(np.array(X, np.float32), 0)
    assert np.array_equal(y, -(relu * 2 + 100 + 1)) and np.array_equal(z, relu * 7)


def test_renamed_values_and_operators(make: Callable) -> None:
    def edit(part: onnx.ModelProto) -> None:
        part.graph.node[0].output[0] = part.graph.node[1].input[0] = "other"
        del part.graph.value_info[:]

    made = make(chain()).replace("block", edit)
    assert made.graph.node[1].output[0] == made.graph.node[2].input[0] == "other"
    assert compute(made, x=X)[0].tobytes() == compute(chain(), x=X)[0].tobytes()


def test_order_is_repaired(make: Callable) -> None:
    """The module stands around an operator outside; the part's first result now needs what was made last."""
    nodes = [node("Relu", "x", "a", "/block/Relu"), node("Neg", "a", "y", "/Neg"), node("Abs", "x", "z", "/block/Abs")]

    def edit(part: onnx.ModelProto) -> None:
        del part.graph.node[:]
        part.graph.node.extend([node("Abs", "x", "z", "/block/Abs"), node("Sqrt", "z", "a", "/block/Relu")])

    made = make(model(nodes, [value("x")], [value("y"), value("z")])).replace("block", edit)
    assert np.allclose(compute(made, x=X)[0], -np.sqrt(np.abs(X)))


def drop_output(part: onnx.ModelProto) -> None:
    part.graph.output[0].name = part.graph.node[1].output[0] = "other"


def add_input(part: onnx.ModelProto) -> None:
    part.graph.input.append(value("more"))


def change_type(part: onnx.ModelProto) -> None:
    part.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def change_rank(part: onnx.ModelProto) -> None:
    part.graph.input[0].type.tensor_type.shape.dim.add().dim_value = 1


def change_opset(part: onnx.ModelProto) -> None:
    part.opset_import[0].version = 18


def break_wiring(part: onnx.ModelProto) -> None:
    part.graph.node[0].input[1] = "v"  # there is one in the model, but not in the part


@pytest.mark.parametrize("edit, message", [
    (drop_output, "output 'other' is not one of the module's"), (add_input, "input 'more' is not one"),
    (change_type, "input 'r' has another type"), (change_rank, "input 'r' has another type"),
    (change_opset, "version 18"), (break_wiring, "'v'")])
def test_what_does_not_fit(make: Callable, edit: Edit, message: str) -> None:
    said = make(chain()).refuse("block", edit)
    assert message in said and "edited.onnx" in said


def test_a_cycle(make: Callable) -> None:
    nodes = [node("Relu", "x", "a", "/block/Relu"), node("Neg", "a", "b", "/Neg"), node("Add", "a b", "y", "/block/Add")]

    def edit(part: onnx.ModelProto) -> None:
        part.graph.node[0].input[0] = "b"

    assert "cycle" in make(model(nodes, [value("x")], [value("y")])).refuse("block", edit)


def test_tags_of_new_operators(tmp_path: Path) -> None:
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "m.onnx", "--strategy", "htp").expect_success()
    run("extract", tmp_path / "m.onnx", "--tag", "pooler", tmp_path / "part.onnx").expect_success()
    part = onnx.load(tmp_path / "part.onnx")
    end = part.graph.node[-1]
    part.graph.node.append(node("Abs", "before", end.output[0], "new"))
    end.output[0] = "before"
    onnx.save(part, tmp_path / "part.onnx")
    arguments = (tmp_path / "m.onnx", "--tag", "pooler", tmp_path / "part.onnx", tmp_path / "new.onnx")
    run("replace", *arguments).expect_success()
    new = next(n for n in onnx.load(tmp_path / "new.onnx").graph.node if n.name == "new")
    assert {p.key: p.value for p in new.metadata_props}["hierarchy_scope"].startswith("pooler")


# ---- external data ----


def test_weights_of_other_files_come_into_the_part(tmp_path: Path) -> None:
    made = onnx.load(SAMPLES / "bert_tiny.onnx")
    onnx.save(made, tmp_path / "model.onnx", save_as_external_data=True, location="w.bin", size_threshold=64)
    run("extract", tmp_path / "model.onnx", "--tag", "encoder.layer.0", tmp_path / "part.onnx").expect_success()
    run("extract", SAMPLES / "bert_tiny.onnx", "--tag", "encoder.layer.0", tmp_path / "direct.onnx").expect_success()
    run("compare", tmp_path / "part.onnx", tmp_path / "direct.onnx").expect_success()
    arguments = (tmp_path / "model.onnx", "--tag", "encoder.layer.0", tmp_path / "part.onnx", tmp_path / "back.onnx")
    run("replace", *arguments).expect_success()
    assert (tmp_path / "back.onnx").read_bytes() == (tmp_path / "model.onnx").read_bytes()


# ---- what cannot be done, and several modules ----


def test_a_type_that_cannot_be_known(make: Callable) -> None:
    nodes = [helper.make_node("Odd", ["x"], ["o"], name="odd_one", domain="local"), node("Neg", "o", "y", "/block/Neg")]
    case = make(model(nodes, [value("x")], [value("y")]))
    result = run("extract", case.path, "--tag", "block", case.folder / "part.onnx").expect_error(4)
    assert all(word in result.message for word in ("'o'", "'Odd'", "odd_one")) and not (case.folder / "part.onnx").exists()


def two_blocks() -> onnx.ModelProto:
    nodes = [node("Relu", "x", "a", "/block.0/act/Relu"), node("Neg", "a", "b", "/Neg"), node("Relu", "b", "y", "/block.1/act/Relu")]
    return model(nodes, [value("x")], [value("y")])


def test_several_modules(make: Callable) -> None:
    case = make(two_blocks())
    message = run("extract", case.path, "--tag", "act", case.folder / "p.onnx").expect_error(2).message
    assert "'block.0.act', 'block.1.act'" in message
    run("extract", case.path, "--tag", "act", "--all", "--output-dir", case.folder / "d").expect_success()
    assert sorted(p.name for p in (case.folder / "d").iterdir()) == ["block.0.act.onnx", "block.1.act.onnx"]
    union = case.folder / "u.onnx"
    run("extract", case.path, "--tag", "act", "--union", union).expect_success()
    assert names(onnx.load(union).graph.input) == ["x", "b"]
    run("replace", case.path, "--tag", "act", union, case.folder / "back.onnx").expect_error(2)
    run("replace", case.path, "--tag", "act", "--union", union, case.folder / "back.onnx").expect_success()
    assert (case.folder / "back.onnx").read_bytes() == case.path.read_bytes()


def test_all_or_nothing(make: Callable) -> None:
    made = two_blocks()
    made.graph.node[1].CopyFrom(helper.make_node("Odd", ["a"], ["b"], name="odd", domain="local"))
    case = make(made)
    run("extract", case.path, "--tag", "act", "--all", "--output-dir", case.folder / "d").expect_error(4)
    assert list((case.folder / "d").iterdir()) == []


def test_usage(make: Callable) -> None:
    case = make(chain())
    out = case.folder / "p.onnx"
    for arguments in ([case.path, out], [case.path, "--tag", "nothing", out], [case.path, "--tag", "block"],
                      [case.path, "--tag", "block", "--all", out], [case.path, "--tag", "block", "--output-dir", "d", out],
                      [case.path, "--tag", "block", "--all", "--union", "--output-dir", "d"]):
        run("extract", *arguments).expect_error(2)
    run("extract", case.path, "--tag", "block", case.path).expect_error(5)
    run("extract", case.folder / "none.onnx", "--tag", "block", out).expect_error(3)
    assert not out.exists()
