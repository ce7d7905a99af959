"""The command `analyze`: its figures against those that networkx and the onnx package give."""
from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import networkx
import onnx
import pytest

from tools import small_model
from tools.program import run

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def analyze(model: Path, *options: object) -> dict:
    return json.loads(run("analyze", model, "--output-format", "json", *options).expect_success().stdout)


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tagged") / "bert.onnx"
    run("export", SAMPLES / "bert_tiny.onnx", path, "--with-graphml").expect_success()
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.onnx"
    path.write_bytes(small_model.make())
    return path


def data_flow(model: onnx.ModelProto) -> networkx.MultiDiGraph:
    """Operators of a flat model with names that are all different."""
    graph = networkx.MultiDiGraph()
    maker = {out: node.name for node in model.graph.node for out in node.output if out}
    for node in model.graph.node:
        graph.add_node(node.name)
        for name in node.input:
            if name in maker:
                graph.add_edge(maker[name], node.name)
    return graph


# ---- figures -------------------------------------------------------------------------------------------------------


def test_neighbours(tagged: Path) -> None:
    content = analyze(tagged)
    model = onnx.load(tagged)
    graph = data_flow(model)
    assert [n["name"] for n in content["nodes"]] == [n.name for n in model.graph.node]
    assert [n["order"] for n in content["nodes"]] == list(range(len(model.graph.node)))
    for node in content["nodes"]:
        assert set(node["predecessors"]) == set(graph.predecessors(node["name"]))
        assert set(node["successors"]) == set(graph.successors(node["name"]))
        assert len(node["predecessors"]) == len(set(node["predecessors"]))


def test_statistics(tagged: Path) -> None:
    content = analyze(tagged)
    model = onnx.load(tagged)
    properties = [{p.key: p.value for p in n.metadata_props} for n in model.graph.node]
    figures = content["statistics"]
    assert figures["total_nodes"] == figures["tagged_nodes"] == len(model.graph.node)
    assert figures["untagged_nodes"] == 0 and figures["coverage_percentage"] == 100.0
    for method, count in figures["methods"].items():
        assert count == sum(p["hierarchy_method"] == method for p in properties)
    assert content["tag_statistics"] == {
        tag: sum(p["hierarchy_tag"] == tag for p in properties) for tag in dict.fromkeys(p["hierarchy_tag"] for p in properties)
    }
    assert sum(content["operator_types"].values()) == len(model.graph.node)
    assert [n["tag"] for n in content["nodes"]] == [p["hierarchy_tag"] for p in properties]
    assert [n["module"] for n in content["nodes"]] == [p["hierarchy_scope"] for p in properties]


def test_coverage_is_counted(tagged: Path, tmp_path: Path) -> None:
    model = onnx.load(tagged)
    for node in model.graph.node[:57]:
        del node.metadata_props[:]
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    figures = analyze(path)["statistics"]
    assert figures["tagged_nodes"] == 228 and figures["coverage_percentage"] == 80.0
    assert analyze(SAMPLES / "bert_tiny.onnx")["statistics"]["coverage_percentage"] == 0.0


def test_modules(tagged: Path) -> None:
    """Operators and edges of each module, counted the slow way."""
    content = analyze(tagged)
    model = onnx.load(tagged)
    scope = {n["name"]: n["module"] for n in content["nodes"]}
    maker = {out: n.name for n in model.graph.node for out in n.output}
    maker |= {i.name: None for i in model.graph.input}
    uses = [(maker[name], n.name) for n in model.graph.node for name in n.input if name in maker]
    uses += [(maker[o.name], None) for o in model.graph.output]

    def inside(node: str | None, module: str) -> bool:
        return not module or (node is not None and (scope[node] + ".").startswith(module + "."))

    assert content["statistics"]["edges"] == len(uses)
    for module in content["modules"]:
        name = module["scope"]
        ends = [(inside(a, name), inside(b, name)) for a, b in uses]
        assert module["operators"] == sum(inside(n, name) for n in scope)
        assert module["own_operators"] == sum(s == name for s in scope.values())
        assert module["edges"] == ends.count((True, True))
        assert module["edges_in"] == ends.count((False, True))
        assert module["edges_out"] == ends.count((True, False))
    depths = {m["scope"]: m["depth"] for m in content["modules"]}
    assert depths[""] == 0 and depths["embeddings"] == 1
    assert max(depths.values()) == content["statistics"]["max_depth"]


def test_graphml_says_the_same(tagged: Path) -> None:
    one, other = analyze(tagged), analyze(tagged.with_name("bert_hierarchical_graph.graphml"))
    assert one.pop("model") != other.pop("model")
    assert sorted(map(str, one.pop("modules"))) == sorted(map(str, other.pop("modules")))
    assert one == other


def test_bodies_and_functions(small: Path) -> None:
    content = analyze(small)
    nodes = {n["name"]: n for n in content["nodes"]}
    assert len(nodes) == content["statistics"]["total_nodes"] == 8
    assert nodes["then/Relu"]["predecessors"] == ["/encoder/layer.0/Add"]
    assert set(nodes["/encoder/layer.0/Add"]["successors"]) == {"then/Relu", "else/Neg"}
    assert content["tagged"] is False and nodes["end"]["tag"] is None


# ---- filters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "by", "scopes"),
    [
        ("encoder.layer.0", "exact", ["encoder.layer.0"]),
        ("/main_graph/encoder/layer.1/attention", "exact", ["encoder.layer.1.attention"]),
        ("/main_graph", "exact", [""]),
        ("attention/self", "steps", ["encoder.layer.0.attention.self", "encoder.layer.1.attention.self"]),
        ("layer.1/attention", "steps", ["encoder.layer.1.attention"]),
        ("word_emb", "substring", ["embeddings.word_embeddings"]),
    ],
)
def test_filter(text: str, by: str, scopes: list[str], tagged: Path) -> None:
    content = analyze(tagged, "--filter-tag", text)
    whole = analyze(tagged)
    assert content["filter"] == {"text": text, "matched_by": by, "matches": len(scopes)}

    def inside(scope: str) -> bool:
        return any(not s or (scope + ".").startswith(s + ".") for s in scopes)

    assert content["nodes"] == [n for n in whole["nodes"] if inside(n["module"])]
    assert content["modules"] == [m for m in whole["modules"] if inside(m["scope"])]
    assert content["statistics"]["total_nodes"] == len(content["nodes"]) > 0


def test_filter_auxiliary(tagged: Path) -> None:
    content = analyze(tagged, "--filter-tag", "auxiliary")
    assert content["filter"]["matched_by"] == "auxiliary"
    assert all(n["auxiliary"] for n in content["nodes"])
    assert content["nodes"] == [n for n in analyze(tagged)["nodes"] if n["auxiliary"]]
    assert "MatMul" not in content["operator_types"] and "Constant" in content["operator_types"]


def test_filter_that_selects_nothing(tagged: Path) -> None:
    content = analyze(tagged, "--filter-tag", "NoSuchModule")
    assert content["filter"]["matched_by"] == "nothing"
    assert content["nodes"] == content["modules"] == [] and content["statistics"]["total_nodes"] == 0
    assert b"selects nothing" in run("analyze", tagged, "--filter-tag", "NoSuchModule").expect_success().stdout


def test_metadata_beside_the_model(tmp_path: Path) -> None:
    """It tells the classes that make no step in any tag, and that modules without operators of their own have."""
    tree = {"class_name": "Net", "scope": "", "children": {
        "Encoder": {"class_name": "Encoder", "scope": "encoder", "children": {
            "Layer.0": {"class_name": "Layer", "scope": "encoder.layer.0", "children": {}}}}}}
    (tmp_path / "tree.json").write_text(json.dumps({"modules": tree}))
    (tmp_path / "m.onnx").write_bytes(small_model.make())
    path = tmp_path / "t.onnx"
    run("export", tmp_path / "m.onnx", path, "--metadata", tmp_path / "tree.json").expect_success()
    for text in ("Encoder", "Encoder/Layer.0", "Encoder/Layer", "/Net/Encoder", "encoder"):
        content = analyze(path, "--filter-tag", text)
        assert content["filter"]["matches"] == 1
        assert {"/encoder/layer.0/MatMul", "/encoder/layer.0/Add"} <= {n["name"] for n in content["nodes"]}
    whole = analyze(path)
    assert [m["class_name"] for m in whole["modules"]][:3] == ["Net", "Encoder", "Layer"]
    path.with_name("t_htp_metadata.json").write_text("{")
    result = run("analyze", path, "--output-format", "json")
    assert result.code == 0 and b"warning" in result.stderr
    assert json.loads(result.stdout)["statistics"] == whole["statistics"]


# ---- formats -------------------------------------------------------------------------------------------------------


def test_csv(tagged: Path) -> None:
    text = run("analyze", tagged, "--output-format", "csv").expect_success().stdout.decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    nodes = analyze(tagged)["nodes"]
    assert len(rows) == len(nodes)
    for row, node in zip(rows, nodes, strict=True):
        assert row["name"] == node["name"] and row["tag"] == node["tag"] and row["order"] == str(node["order"])
        assert row["predecessors"] == ";".join(node["predecessors"])
        assert row["successors"] == ";".join(node["successors"])


def test_detailed(tagged: Path) -> None:
    content = analyze(tagged)
    lines = run("analyze", tagged, "--output-format", "detailed").expect_success().stdout.decode().splitlines()
    for node in content["nodes"]:
        depth = node["depth"] + 1
        assert sum(line.startswith("  " * depth + f"[{node['order']}] {node['op_type']} {node['name']}") for line in lines) == 1
    for module in content["modules"]:
        figures = f": {module['operators']} operator"
        assert any(figures in line and line.endswith(module["tag"]) for line in lines)


@pytest.mark.parametrize("form", ["summary", "detailed", "json", "csv"])
def test_output_file(form: str, tagged: Path, tmp_path: Path) -> None:
    printed = run("analyze", tagged, "--output-format", form).expect_success().stdout
    run("analyze", tagged, "--output-format", form, "--output-file", tmp_path / "out").expect_success()
    assert (tmp_path / "out").read_bytes() == printed


def test_odd_names(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Relu", ["x"], ['a,"b"\n'], name='a "name", with\ncontrol \x1b characters')
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([node, onnx.helper.make_node("Relu", ["x"], [""])], "g", [value], [])
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx.helper.make_model(graph).SerializeToString())
    assert [n["name"] for n in analyze(path)["nodes"]] == [node.name, "Relu_1"]
    text = run("analyze", path, "--output-format", "csv").expect_success().stdout.decode()
    assert next(csv.DictReader(io.StringIO(text, newline="")))["name"] == node.name
    assert b"\x1b" not in run("analyze", path, "--output-format", "detailed").expect_success().stdout


def test_errors(tagged: Path, tmp_path: Path) -> None:
    run("analyze", tmp_path / "absent.onnx").expect_error(3)
    run("analyze", tagged, "--output-format", "xml").expect_error(2)
    run("analyze", tagged, "--filter-tag", "").expect_error(2)
    run("analyze", tagged, "--output-file", tmp_path / "no" / "out").expect_error(5)
    before = tagged.read_bytes()
    run("analyze", tagged, "--output-file", tagged).expect_error(5)
    assert tagged.read_bytes() == before
