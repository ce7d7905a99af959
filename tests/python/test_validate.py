"""The command `validate`: each fault is found and named, and what can be mended is."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from tools import small_model
from tools.program import Result, run

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PARTS = ("coverage", "graph_integrity", "hierarchy_consistency", "auxiliary_operations")


class Tagged:
    """A model that was exported with all that stands beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = folder / "m.onnx"
        self.metadata = folder / "m_htp_metadata.json"
        self.graphml = folder / "m_hierarchical_graph.graphml"

    def validate(self, *options: object) -> tuple[Result, dict]:
        report = self.folder / "report.json"
        result = run("validate", self.model, "--check-consistency", "--output-file", report, *options)
        assert result.code in (0, 1), result.stderr
        assert result.stderr == b""
        content = json.loads(report.read_text())
        assert content["valid"] == (result.code == 0) == (content["problems"] == 0)
        for part in PARTS:
            assert content[part]["passed"] == (not content[part]["problems"])
        return result, content

    def edit(self, change: Callable[[onnx.ModelProto], None]) -> None:
        model = onnx.load(self.model, load_external_data=False)
        change(model)
        self.model.write_bytes(model.SerializeToString())

    def edit_metadata(self, change: Callable[[dict], None]) -> None:
        content = json.loads(self.metadata.read_text())
        change(content)
        self.metadata.write_text(json.dumps(content))


@pytest.fixture(scope="session")
def exported_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tagged")
    run("export", SAMPLES / "bert_tiny.onnx", folder / "m.onnx", "--with-graphml").expect_success()
    return folder


@pytest.fixture
def tagged(exported_once: Path, tmp_path: Path) -> Tagged:
    shutil.copytree(exported_once, tmp_path / "t")
    return Tagged(tmp_path / "t")


def property_of(node: onnx.NodeProto, key: str) -> onnx.StringStringEntryProto:
    return next(p for p in node.metadata_props if p.key == key)


def codes(content: dict, part: str = "hierarchy_consistency") -> set[tuple[str, str | None]]:
    return {(p["code"], p["node"]) for p in content[part]["problems"]}


NODE = "/encoder/layer.0/attention/self/MatMul"


def node_of(model: onnx.ModelProto, name: str = NODE) -> onnx.NodeProto:
    return next(n for n in model.graph.node if n.name == name)


# ---- what is right -------------------------------------------------------------------------------------------------


def test_exported_is_valid(tagged: Tagged) -> None:
    result, content = tagged.validate()
    assert result.code == 0
    assert content["coverage"]["value"] == 100.0 == content["coverage"]["expected"]


@pytest.mark.parametrize("name", ["bert_tiny", "resnet_thin"])
def test_untagged_is_valid(name: str) -> None:
    result = run("validate", SAMPLES / f"{name}.onnx", "--check-consistency").expect_success()
    assert result.stdout.endswith(b"valid\n")


def test_usage_based_may_leave_operators_out(tmp_path: Path) -> None:
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "m.onnx", "--strategy", "usage_based").expect_success()
    assert run("validate", tmp_path / "m.onnx", "--check-consistency").code == 0


@pytest.mark.parametrize("options", [["--hierarchy-attrs", "minimal"], ["--torch-module", "none"], ["--clean-onnx"]])
def test_ways_to_export(options: list[str], tmp_path: Path) -> None:
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "m.onnx", *options).expect_success()
    result = run("validate", tmp_path / "m.onnx", "--check-consistency")
    assert result.code == 0, result.stdout


def test_graphml(tagged: Tagged) -> None:
    assert run("validate", tagged.graphml, "--check-consistency").code == 0
    assert run("validate", tagged.graphml, "--repair").expect_error(2)


# ---- tags ----------------------------------------------------------------------------------------------------------


def drop_tags(model: onnx.ModelProto) -> None:
    del node_of(model).metadata_props[:]


def empty_tag(model: onnx.ModelProto) -> None:
    for key in ("hierarchy_tag", "hierarchy_path"):
        property_of(node_of(model), key).value = ""


def unknown_tag(model: onnx.ModelProto) -> None:
    for key in ("hierarchy_tag", "hierarchy_path"):
        property_of(node_of(model), key).value = "/main_graph/Nowhere"


def other_tag(model: onnx.ModelProto) -> None:
    for key in ("hierarchy_tag", "hierarchy_path"):
        property_of(node_of(model), key).value = "/main_graph/encoder"


def unknown_module(model: onnx.ModelProto) -> None:
    property_of(node_of(model), "hierarchy_scope").value = "no.such.module"


def two_tags(model: onnx.ModelProto) -> None:
    property_of(node_of(model), "hierarchy_path").value = "/main_graph/encoder"


FAULTS = {
    "drop_tags": (drop_tags, "missing-tag", "coverage"),
    "empty_tag": (empty_tag, "empty-tag", "coverage"),
    "unknown_tag": (unknown_tag, "unknown-tag", "hierarchy_consistency"),
    "other_tag": (other_tag, "wrong-tag", "hierarchy_consistency"),
    "unknown_module": (unknown_module, "unknown-module", "hierarchy_consistency"),
    "two_tags": (two_tags, "path-differs", "hierarchy_consistency"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_in_the_file(name: str, tagged: Tagged) -> None:
    fault, code, part = FAULTS[name]
    tagged.edit(fault)
    result, content = tagged.validate()
    assert result.code == 1
    assert (code, NODE) in codes(content, part)
    assert NODE.encode() in result.stdout


@pytest.mark.parametrize("name", FAULTS)
def test_repair(name: str, tagged: Tagged) -> None:
    whole = tagged.model.read_bytes()
    tagged.edit(FAULTS[name][0])
    spoiled = tagged.model.read_bytes()
    result, content = tagged.validate("--repair")
    assert result.code == 0, result.stdout
    assert [(p["code"], p["node"]) for p in content["mended"]] == [(FAULTS[name][1], NODE)]
    assert tagged.model.read_bytes() == whole
    assert (tagged.folder / "m.onnx.bak").read_bytes() == spoiled
    assert content["backup"] == str(tagged.model) + ".bak"


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "unknown_module"])
def test_repair_of_a_file_alone(name: str, tagged: Tagged) -> None:
    """Nothing beside it tells of modules: its other operators do."""
    whole = tagged.model.read_bytes()
    tagged.edit(FAULTS[name][0])
    tagged.metadata.unlink()
    tagged.graphml.unlink()
    assert tagged.validate()[0].code == 1
    result, content = tagged.validate("--repair")
    assert result.code == 0, result.stdout
    assert [p["node"] for p in content["mended"]] == [NODE]
    assert tagged.model.read_bytes() == whole


def test_repair_of_nothing(tagged: Tagged) -> None:
    before = tagged.model.stat()
    result, content = tagged.validate("--repair")
    assert result.code == 0 and content["mended"] == [] and content["backup"] is None
    assert tagged.model.stat().st_mtime_ns == before.st_mtime_ns
    assert not (tagged.folder / "m.onnx.bak").exists()


def test_backups_are_kept(tagged: Tagged) -> None:
    for number in ("", "2", "3"):
        tagged.edit(drop_tags)
        spoiled = tagged.model.read_bytes()
        assert tagged.validate("--repair")[0].code == 0
        assert (tagged.folder / f"m.onnx.bak{number}").read_bytes() == spoiled


def test_all_tags_lost(tagged: Tagged) -> None:
    whole = tagged.model.read_bytes()

    def strip(model: onnx.ModelProto) -> None:
        for node in model.graph.node:
            del node.metadata_props[:]

    tagged.edit(strip)
    result, content = tagged.validate()
    assert ("untagged-model", None) in codes(content)
    result, content = tagged.validate("--repair")
    assert result.code == 0, result.stdout
    before, after = (onnx.ModelProto.FromString(b) for b in (whole, tagged.model.read_bytes()))
    for old, new in zip(before.graph.node, after.graph.node, strict=True):
        assert property_of(old, "hierarchy_tag").value == property_of(new, "hierarchy_tag").value


def test_repaired_attributes_stay_attributes(tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    run("export", SAMPLES / "bert_tiny.onnx", model, "--hierarchy-attrs", "attribute").expect_success()
    whole = model.read_bytes()
    loaded = onnx.load(model)
    node = node_of(loaded)
    kept = [a for a in node.attribute if not a.name.startswith("hierarchy_")]
    del node.attribute[:]
    node.attribute.extend(kept)
    model.write_bytes(loaded.SerializeToString())
    assert run("validate", model).code == 1
    assert run("validate", model, "--repair").code == 0
    assert model.read_bytes() == whole


# ---- the metadata --------------------------------------------------------------------------------------------------


def test_metadata_differs(tagged: Tagged) -> None:
    def change(content: dict) -> None:
        content["nodes"][NODE] = "/main_graph/encoder"

    tagged.edit_metadata(change)
    result, content = tagged.validate()
    assert result.code == 1 and ("tag-differs", NODE) in codes(content)
    result, content = tagged.validate("--repair")
    assert result.code == 0, result.stdout
    assert [p["code"] for p in content["mended"]] == ["metadata"]
    assert (tagged.folder / "m_htp_metadata.json.bak").exists()
    assert not (tagged.folder / "m.onnx.bak").exists()


def test_stale_node_name(tagged: Tagged) -> None:
    original = json.loads(tagged.metadata.read_text())

    def change(content: dict) -> None:
        for key in ("nodes", "node_tags"):
            content[key]["/old/Name"] = content[key].pop(NODE)

    tagged.edit_metadata(change)
    result, content = tagged.validate()
    assert {("stale-node-name", "/old/Name"), ("tag-differs", NODE)} <= codes(content)
    assert tagged.validate("--repair")[0].code == 0
    mended = json.loads(tagged.metadata.read_text())
    assert mended["nodes"] == original["nodes"]
    assert mended["tag_statistics"] == original["tag_statistics"]
    assert mended["node_tags"].keys() == original["node_tags"].keys()


def test_renamed_operator(tagged: Tagged) -> None:
    tagged.edit(lambda model: setattr(node_of(model), "name", "/new/Name"))
    result, content = tagged.validate()
    found = codes(content)
    assert ("stale-node-name", NODE) in found and ("tag-differs", "/new/Name") in found


def test_metadata_given(tagged: Tagged, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    shutil.move(tagged.metadata, elsewhere)
    tagged.edit(unknown_module)
    assert ("unknown-module", NODE) in codes(tagged.validate("--metadata", elsewhere)[1])
    run("validate", tagged.model, "--metadata", tmp_path / "absent.json").expect_error(3)


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "JSON"), ("[]", "object"), ('{"modules": 3}', '"modules"'), ('{"modules": {"class_name": "A"}, "nodes": []}', '"nodes"'),
     ('{"modules": {"class_name": "A", "children": []}}', '"children"')],
)  # fmt: skip
def test_bad_metadata(text: str, says: str, tagged: Tagged) -> None:
    tagged.metadata.write_text(text)
    error = run("validate", tagged.model, "--check-consistency").expect_error(3)
    assert "m_htp_metadata.json" in error.message and says in error.message
    assert run("validate", tagged.model).code == 0


# ---- the GraphML ---------------------------------------------------------------------------------------------------


def test_graphml_differs(tagged: Tagged) -> None:
    tagged.metadata.unlink()

    def change(model: onnx.ModelProto) -> None:
        node, other = node_of(model), node_of(model, "/encoder/layer.1/attention/self/MatMul")
        del node.metadata_props[:]
        node.metadata_props.extend(other.metadata_props)

    tagged.edit(change)
    assert ("tag-differs", NODE) in codes(tagged.validate()[1])


def test_graphml_edited_tag(tagged: Tagged) -> None:
    text = tagged.graphml.read_text()
    tag = "/main_graph/encoder/layer.0/attention/output/dense"
    assert f'<data key="n1">{tag}</data>' in text
    tagged.graphml.write_text(text.replace(f'<data key="n1">{tag}</data>', '<data key="n1">/main_graph/other</data>'))
    found = codes(tagged.validate()[1])
    assert "graphml-edited" in {code for code, _ in found}


def test_graphml_without_an_operator(tagged: Tagged, tmp_path: Path) -> None:
    tagged.edit(lambda model: setattr(node_of(model), "name", "/new/Name"))
    found = codes(tagged.validate()[1])
    assert {("stale-node-name", NODE), ("missing-node", "/new/Name")} <= found


def test_graphml_given(tagged: Tagged, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.graphml"
    shutil.move(tagged.graphml, elsewhere)
    shutil.copy(tagged.folder / "m_hierarchical_graph.onnxdata", tmp_path)
    assert tagged.validate("--graphml", elsewhere)[0].code == 0
    tagged.edit(drop_tags)
    assert ("tag-differs", NODE) in codes(tagged.validate("--graphml", elsewhere)[1])


# ---- structure -----------------------------------------------------------------------------------------------------


def validate(model: Path, *options: object) -> tuple[Result, dict]:
    report = model.with_suffix(".report.json")
    result = run("validate", model, "--output-file", report, *options)
    return result, json.loads(report.read_text())


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "s.onnx"
    path.write_bytes(small_model.make())
    return path


def edit(path: Path, change: Callable[[onnx.ModelProto], None]) -> None:
    model = onnx.load(path, load_external_data=False)
    change(model)
    path.write_bytes(model.SerializeToString())


def duplicate_value(model: onnx.ModelProto) -> None:
    model.graph.node.insert(1, helper.make_node("Relu", ["x"], ["m"], name="again"))


def unordered(model: onnx.ModelProto) -> None:
    first, second = list(model.graph.node[:2])
    rest = list(model.graph.node[2:])
    del model.graph.node[:]
    model.graph.node.extend([second, first, *rest])


def no_opset(model: onnx.ModelProto) -> None:
    del model.opset_import[:]
    model.opset_import.extend([helper.make_opsetid("local", 1)])


def unresolved(model: onnx.ModelProto) -> None:
    model.graph.node[-1].input[0] = "nothing"


@pytest.mark.parametrize(
    ("change", "code", "node"),
    [
        (duplicate_value, "duplicate-value", "/encoder/layer.0/MatMul"),
        (unordered, "unordered", "/encoder/layer.0/Add"),
        (no_opset, "missing-opset-import", "end"),
        (unresolved, "unresolved-input", "end"),
    ],
)
def test_structure(change: Callable[[onnx.ModelProto], None], code: str, node: str, small: Path) -> None:
    assert validate(small)[0].code in (0, 1)
    edit(small, change)
    result, content = validate(small)
    assert result.code == 1
    found = codes(content, "graph_integrity")
    assert code in {c for c, _ in found}
    assert (code, node) in found or code == "duplicate-value"


def test_order_is_mended(small: Path) -> None:
    whole = onnx.load(small)
    edit(small, unordered)
    result, content = validate(small, "--repair")
    assert result.code == 0, result.stdout
    assert [p["code"] for p in content["mended"]] == ["unordered"]
    onnx.checker.check_model(onnx.load(small))
    assert {n.name for n in onnx.load(small).graph.node} == {n.name for n in whole.graph.node}


def test_a_cycle_is_not_mended(tmp_path: Path) -> None:
    path = tmp_path / "cycle.onnx"
    nodes = [helper.make_node("Add", ["x", "b"], ["a"], name="one"), helper.make_node("Relu", ["a"], ["b"], name="two")]
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1]) for n in "xb"]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:])
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString())
    before = path.read_bytes()
    result, content = validate(path, "--repair")
    assert result.code == 1
    assert ("unordered", "one") in codes(content, "graph_integrity")
    assert path.read_bytes() == before and not path.with_name("cycle.onnx.bak").exists()


# ---- external data -------------------------------------------------------------------------------------------------


@pytest.fixture
def external(tmp_path: Path) -> Path:
    path = tmp_path / "e.onnx"
    tensors = [small_model.external_tensor(n, 4, "e.data", i * 16, 16) for i, n in enumerate(("a", "b"))]
    path.write_bytes(small_model.make_external(*tensors))
    (tmp_path / "e.data").write_bytes(bytes(32))
    return path


def test_external_data(external: Path) -> None:
    assert validate(external)[0].code == 0


@pytest.mark.parametrize("fault", ["gone", "short", "outside", "link"])
def test_external_data_out_of_reach(fault: str, external: Path) -> None:
    data = external.with_name("e.data")
    if fault == "gone":
        data.unlink()
    elif fault == "short":
        data.write_bytes(bytes(20))
    elif fault == "link":
        data.rename(external.parent.parent / "far.data")
        data.symlink_to(external.parent.parent / "far.data")
    else:

        def move(model: onnx.ModelProto) -> None:
            for tensor in model.graph.initializer:
                tensor.external_data[0].value = "../e.data"

        edit(external, move)
    result, content = validate(external)
    assert result.code == 1 and result.stderr == b""
    problems = content["graph_integrity"]["problems"]
    assert [p["code"] for p in problems] == ["external-data"]


def test_repair_leaves_external_data(external: Path) -> None:
    run("export", external, external.with_name("t.onnx"), "--metadata", write_tree(external.parent)).expect_success()
    model = external.with_name("t.onnx")
    files = {p.name: p.read_bytes() for p in external.parent.iterdir() if p.suffix == ".data"}
    whole = model.read_bytes()
    edit(model, lambda m: m.graph.node[0].ClearField("metadata_props"))
    assert run("validate", model, "--check-consistency", "--repair").code == 0
    assert model.read_bytes() == whole
    assert files == {p.name: p.read_bytes() for p in external.parent.iterdir() if p.suffix == ".data"}


def write_tree(folder: Path) -> Path:
    path = folder / "tree.json"
    path.write_text(json.dumps({"modules": {"class_name": "Model", "scope": "", "children": {}}}))
    return path


# ---- the command ---------------------------------------------------------------------------------------------------


def test_errors(tmp_path: Path, small: Path) -> None:
    run("validate", tmp_path / "absent.onnx").expect_error(3)
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    run("validate", tmp_path / "bad.onnx").expect_error(3)
    assert run("validate", small, "--output-file", tmp_path / "no" / "r.json").code == 5
    assert run("validate", small, "--output-file", small).code == 5
    assert small.read_bytes() == small_model.make()


def test_quiet(tagged: Tagged) -> None:
    tagged.edit(drop_tags)
    result = run("validate", tagged.model, "-q")
    assert result.code == 1 and result.stdout == b"1 problem\n"
