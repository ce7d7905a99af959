"""What `import-onnx --report` says of an edit against the model that the file was made from; and which model that is."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
from corpus.generate import TABLES, write_sample
from corpus.registry import Sample, Table
from onnx import TensorProto, helper, numpy_helper
from test_edit import SCHEMAS, Bench, bench  # noqa: F401 (the fixture)
from tools import edit_model, small_model
from tools.damage import spoiled
from tools.editor import EDITORS, NetworkxEditor, YedEditor
from tools.program import Result, export, import_, run

SCHEMA = json.loads((SCHEMAS / "import-report.schema.json").read_text())
CHECKER = jsonschema.Draft202012Validator(SCHEMA)
FLOAT = TensorProto.FLOAT


def read(path: Path) -> dict:
    report = json.loads(path.read_text())
    CHECKER.validate(report)
    return report


def report_on(bench: Bench, *options: object) -> dict:
    bench.apply(*options).expect_success()
    return read(bench.folder / "report.json")


def changed(report: dict) -> list[tuple]:
    """(node, key, entry, before, after) of what was changed."""
    return [(c["node"] if "node" in c else c["what"], c["key"], c.get("entry"), c.get("before"), c.get("after"))
            for c in report["changes"] if c["kind"] == "changed" and not (c["what"] == "output" and "node_index" not in c)]


# ---- the edits ----


def test_no_edit(bench: Bench) -> None:
    report = report_on(bench)
    assert report["source"] == "net.onnx" and report["changes"] == [] and "source_note" not in report


def test_attributes(bench: Bench) -> None:
    """One entry for each; what is the same is not told."""
    bench.editor.attributes("act1", alpha=0.125)
    bench.editor.attributes("turn", perm=[1, 0], more="a \"text\"", some=[1.5, 2.0])
    bench.editor.attributes("act0", alpha=None)
    report = report_on(bench)
    assert report["source"] == "net.onnx"
    assert changed(report) == [
        ("act0", "node_attributes", "alpha", "0.25", None),
        ("act1", "node_attributes", "alpha", "0.5", "0.125"),
        ("turn", "node_attributes", "perm", "[0, 1]", "[1, 0]"),
        ("turn", "node_attributes", "more", None, json.dumps("a \"text\"")),
        ("turn", "node_attributes", "some", None, "[1.5, 2.0]"),
    ]
    assert report["summary"]["nodes_changed"] == 3


def test_an_attribute_of_another_type(bench: Bench) -> None:
    bench.editor.attributes("act1", alpha=1)
    assert changed(report_on(bench)) == [("act1", "node_attributes", "alpha", "0.5", "1")]


def test_blanks_change_nothing_in_the_model(bench: Bench) -> None:
    """The data are others, the model is not: there is no value to show."""
    node = bench.editor.node("act1")
    bench.editor.set(node, "node_attributes", '{ "alpha" :  0.5 }')
    report = report_on(bench)
    assert changed(report) == [("act1", "node_attributes", None, None, None)]
    assert bench.output.read_bytes() == bench.model.read_bytes()


def test_type_name_domain_texts_and_metadata(bench: Bench) -> None:
    e = bench.editor
    node = e.node("act1")
    metadata = json.loads(e.get(node, "metadata"))
    del metadata["hierarchy_method"]
    for key, text in {"op_type": "Relu", "name": "relu", "domain": "my.own", "doc_string": "was leaky",
                      "metadata": json.dumps(metadata | {"why": "a < b"})}.items():
        e.set(node, key, text)
    imports = json.loads(e.get(e.model(), "opset_imports"))
    e.set(e.model(), "opset_imports", json.dumps([*imports, ["my.own", 3]]))
    assert changed(report_on(bench)) == [
        ("model", "opset_imports", "my.own", None, "3"),
        ("relu", "op_type", None, "LeakyRelu", "Relu"),
        ("relu", "domain", None, None, "my.own"),
        ("relu", "name", None, "act1", "relu"),
        ("relu", "doc_string", None, None, "was leaky"),
        ("relu", "metadata", "hierarchy_method", "direct", None),
        ("relu", "metadata", "why", None, "a < b"),
    ]


def test_a_long_text_is_cut_and_its_size_told(bench: Bench) -> None:
    bench.editor.set(bench.editor.node("act1"), "doc_string", "é" * 3000)
    (_, key, _, before, after), = changed(report_on(bench))
    assert (key, before, after) == ("doc_string", None, "é" * 200 + "… (6000 bytes in all)")


def test_a_removed_operator(bench: Bench) -> None:
    bench.editor.bypass("add0")
    report = report_on(bench)
    removed = [c for c in report["changes"] if c["kind"] == "removed"]
    index = removed[0].pop("node_index")
    assert removed == [{"kind": "removed", "what": "operator", "node": "add0", "op_type": "Add", "scope": "enc.layer.0",
                        "tag": "/Net/Enc/Layer.0"}] and index > 0
    assert [c for c in report["changes"] if c["kind"] == "dropped" and c["what"] == "initializer"] == [
        {"kind": "dropped", "what": "initializer", "node": "b0", "before": '{"data_type": "FLOAT", "dims": [4]}'}]
    assert {"kind": "rewired", "node": "act0", "port": 0, "before": "v1", "after": "v0"}.items() <= next(
        c for c in report["changes"] if c["kind"] == "rewired").items()


def test_a_removed_group(bench: Bench) -> None:
    """Each of what stood in it, and the group."""
    bench.editor.delete(bench.editor.group("enc.layer.1"))
    bench.editor.connect("act0", "sub", 0)
    report = report_on(bench)
    removed = [(c["what"], c.get("node"), c.get("op_type"), c["scope"]) for c in report["changes"] if c["kind"] == "removed"]
    assert removed == [("module", "layer.1", None, "enc.layer.1"), ("operator", "mm1", "MatMul", "enc.layer.1"),
                       ("operator", "add1", "Add", "enc.layer.1"), ("operator", "act1", "LeakyRelu", "enc.layer.1")]
    assert len(removed) == report["summary"]["nodes_removed"]
    assert {c["tag"] for c in report["changes"] if c["kind"] == "removed"} == {"/Net/Enc/Layer.1"}


def test_groups_that_are_renamed_and_nodes_that_are_moved(bench: Bench) -> None:
    e = bench.editor
    e.set(e.group("enc"), "name", "body")
    e.set(e.group("head"), "class_name", "Top")
    e.move("sub", "enc.layer.1")
    report = report_on(bench)
    assert changed(report) == [("body", "name", None, "enc", "body"), ("head", "class_name", None, "Head", "Top")]
    retagged = {c["node"]: (c["before"], c["after"]) for c in report["changes"] if c["kind"] == "retagged"}
    assert retagged["out"] == ("/Net/Head", "/Net/Top")
    assert [c["node"] for c in report["changes"] if c["kind"] == "moved"] == ["sub"]


def test_new_nodes(bench: Bench) -> None:
    """The source knows nothing of them: what is told is as without it."""
    e = bench.editor
    copy = e.copy("act1")
    e.draw(e.node("add1"), copy, 0, 0)
    e.draw(e.node("out"), e.add("head", op_type="Abs"), 0, 0)
    changes = report_on(bench)["changes"]
    assert [c["op_type"] for c in changes if c["kind"] == "added"] == ["LeakyRelu", "Abs"]
    bench.model.unlink()
    import_(bench.graphml, bench.output, "--report", bench.folder / "report.json").expect_success()
    assert bench.report["source"] is None and bench.report["changes"] == changes


@pytest.mark.parametrize("how", list(EDITORS))
def test_facts_of_the_model(how: str, tmp_path: Path) -> None:
    e = EDITORS[how](constants(tmp_path))
    for key, text in {"opset_imports": '[["", 22], ["my.own", 1], ["local", 1]]', "producer_name": "me", "ir_version": "9",
                      "graph_name": "other"}.items():
        e.set(e.model(), key, text)
    e.save(tmp_path / "e.graphml")
    import_(tmp_path / "e.graphml", tmp_path / "out.onnx", "--report", tmp_path / "r.json").expect_success()
    assert sorted(changed(read(tmp_path / "r.json")), key=str) == [
        ("model", "graph_name", None, "small", "other"),
        ("model", "ir_version", None, "10", "9"),
        ("model", "opset_imports", "", "21", "22"),
        ("model", "opset_imports", "my.own", None, "1"),
        ("model", "producer_name", None, "tests", "me"),
    ]


def test_inputs_and_outputs(bench: Bench) -> None:
    e = bench.editor
    e.set(e.node("x"), "value_type", '{"elem": "FLOAT", "shape": [3, 4]}')
    e.bypass("sub")
    e.delete(e.node("s"))
    report = report_on(bench)
    assert ("x", "value_type", None, '{"elem": "FLOAT", "shape": ["batch", 4]}', '{"elem": "FLOAT", "shape": [3, 4]}') in changed(report)
    gone = {c["node"]: c for c in report["changes"] if c["kind"] == "removed"}
    assert gone["s"]["what"] == "input" and gone["s"]["before"] == '{"elem": "FLOAT", "shape": ["batch", 4]}'
    assert gone["sub"]["op_type"] == "Sub"


def test_an_output_that_is_renamed(bench: Bench) -> None:
    bench.editor.set(bench.editor.node("y"), "name", "result")
    assert ("result", "name", None, "y", "result") in changed(report_on(bench))


def test_names_of_ports(bench: Bench) -> None:
    """Written into the lists; an edge stands for the rest."""
    e = bench.editor
    e.disconnect("sub", 1)
    e.set_inputs("sub", ["v5", "b0"])
    report = report_on(bench)
    port, = [c for c in report["changes"] if c.get("key") == "input_names"]
    assert (port["node"], port["port"], port["before"], port["after"]) == ("sub", 1, "s", "b0")


@pytest.mark.parametrize("rows", [4, 2000])
def test_initializers(rows: int, tmp_path: Path) -> None:
    """Other values, whether they are few or not; another one is only looked at where it was edited."""
    value = [helper.make_tensor_value_info(n, FLOAT, [rows]) for n in "xy"]
    weights = [numpy_helper.from_array(np.arange(rows, dtype=np.float32) + i, f"w{i}") for i in range(3)]
    nodes = [helper.make_node("Add", ["x", "w0"], ["a"], name="p"), helper.make_node("Add", ["a", "w1"], ["b"], name="q"),
             helper.make_node("Sub", ["b", "w2"], ["y"], name="r")]
    model = helper.make_model(helper.make_graph(nodes, "g", value[:1], value[1:], initializer=weights),
                              opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString(deterministic=True))
    export(tmp_path / "net.onnx", tmp_path / "net.graphml").expect_success()
    e = YedEditor(tmp_path / "net.graphml")
    tensors = json.loads(e.get(e.model(), "initializers"))
    given = np.full(rows, 7, np.float32)
    tensors[1]["data"] = {"base64": base64.b64encode(given.tobytes()).decode()}
    tensors[2] |= {"dims": [1, rows]}
    e.set(e.model(), "initializers", json.dumps(tensors))
    e.save(tmp_path / "e.graphml")
    import_(tmp_path / "e.graphml", tmp_path / "out.onnx", "--report", tmp_path / "r.json").expect_success()
    assert changed(read(tmp_path / "r.json")) == [
        ("model", "initializers", "w1", None, None),
        ("model", "initializers", "w2", f'{{"data_type": "FLOAT", "dims": [{rows}]}}',
         f'{{"data_type": "FLOAT", "dims": [1, {rows}]}}')]


def constants(folder: Path) -> Path:
    """Tensors in attributes, short and long, a body, a function."""
    def node(name: str, array: np.ndarray) -> onnx.NodeProto:
        return helper.make_node("Constant", [], [f"{name}_out"], name=name, value=numpy_helper.from_array(array))

    model = onnx.load_from_string(small_model.make())
    model.graph.node.insert(0, node("short", np.array([1, 2, 3], np.int64)))
    model.graph.node.insert(1, node("long", np.arange(5000, dtype=np.float32)))
    (folder / "net.onnx").write_bytes(model.SerializeToString(deterministic=True))
    export(folder / "net.onnx", folder / "net.graphml").expect_success()
    return folder / "net.graphml"


@pytest.mark.parametrize("how", list(EDITORS))
def test_tensors_bodies_and_functions(how: str, tmp_path: Path) -> None:
    e = EDITORS[how](constants(tmp_path))
    for name, data in {"short": {"values": [1, 2, 4]}, "long": {"data": {"base64": base64.b64encode(bytes(12)).decode()}}}.items():
        tensor = json.loads(e.get(e.node(name), "node_attributes"))["value"]
        if name == "long":
            tensor["dims"] = [3]
        e.attributes(name, value={k: v for k, v in tensor.items() if k != "data"} | data)
    e.set(e.node("then/Relu"), "doc_string", "in a body")
    function = next(n for n in e.nodes() if e.get(n, "node_kind") == "function")
    e.set(function, "doc_string", "in a function")
    e.save(tmp_path / "e.graphml")
    import_(tmp_path / "e.graphml", tmp_path / "out.onnx", "--report", tmp_path / "r.json").expect_success()
    report = read(tmp_path / "r.json")
    assert report["source"] == "net.onnx", report
    told = changed(report)
    short = {b: json.loads(t) for b, t in zip(("before", "after"), next(c for c in told if c[0] == "short")[3:])}
    assert (short["before"]["values"], short["after"]["values"]) == ([1, 2, 3], [1, 2, 4])
    before, after = map(json.loads, next(c for c in told if c[0] == "long")[3:])
    assert before == {"data_type": "FLOAT", "dims": [5000]} and after["dims"] == [3]
    assert ("then/Relu", "doc_string", None, None, "in a body") in told
    assert ("Twice", "doc_string", None, None, "in a function") in told


def test_a_removed_body_and_all_in_it(tmp_path: Path) -> None:
    """With its operator; names of nodes in bodies are told like others."""
    e = YedEditor(constants(tmp_path))
    e.bypass("twice")
    e.set_inputs("end", ["t"])
    group = next(n for n in e.nodes() if e.get(n, "name") == "choice")
    e.delete(group)
    e.connect("/encoder/layer.0/Add", "end", 0)
    e.save(tmp_path / "e.graphml")
    import_(tmp_path / "e.graphml", tmp_path / "out.onnx", "--report", tmp_path / "r.json").expect_success()
    gone = [(c["what"], c.get("node")) for c in read(tmp_path / "r.json")["changes"] if c["kind"] == "removed"]
    assert {("operator", "choice"), ("operator", "then/Relu"), ("operator", "else/Neg"), ("operator", "twice"),
            ("body", None)} <= set(gone) | {(w, None) for w, _ in gone if w == "body"}


# ---- which model is the source ----


def edited(folder: Path) -> tuple[Path, Path, Path]:
    """A model, its file with one edit, and where the report goes."""
    model = folder / "net.onnx"
    model.write_bytes(edit_model.make())
    export(model, folder / "net.graphml").expect_success()
    editor = NetworkxEditor(folder / "net.graphml")
    editor.attributes("act1", alpha=0.125)
    editor.bypass("add0")
    editor.save(folder / "net.graphml")
    return model, folder / "net.graphml", folder / "report.json"


def told(folder: Path, *options: object, **named: object) -> dict:
    import_(folder / "net.graphml", folder / "out.onnx", "--report", folder / "report.json", *options, **named).expect_success()
    return read(folder / "report.json")


def without_source(report: dict, why: str) -> None:
    """As if it was not there: nothing of it in the changes."""
    assert report["source"] is None and why in report["source_note"], report["source_note"]
    assert changed(report) == [("act1", "node_attributes", None, None, None)]
    assert [c for c in report["changes"] if c["kind"] == "removed"][0].keys() <= {"kind", "what", "node_index", "last_node_index"}


def with_source(report: dict, name: str = "net.onnx") -> None:
    assert report["source"] == name
    assert changed(report) == [("act1", "node_attributes", "alpha", "0.5", "0.125")]
    assert [c["node"] for c in report["changes"] if c["kind"] == "removed"] == ["add0"]


def test_the_source_beside_the_file(tmp_path: Path) -> None:
    edited(tmp_path)
    with_source(told(tmp_path))


def test_no_source(tmp_path: Path) -> None:
    model, _, _ = edited(tmp_path)
    model.unlink()
    without_source(told(tmp_path), "net.onnx: ")


def test_a_source_that_is_told(tmp_path: Path) -> None:
    model, _, _ = edited(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / "first.onnx"
    model.rename(moved)
    with_source(told(tmp_path, "--source", moved), "first.onnx")


def other_weights(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].raw_data = bytes(64)


def other_attribute(model: onnx.ModelProto) -> None:
    """The one that was edited: the file knows that it was another."""
    next(n for n in model.graph.node if n.name == "act1").attribute[0].f = 0.75


def other_operator(model: onnx.ModelProto) -> None:
    model.graph.node[-1].op_type = "Abs"


def other_name(model: onnx.ModelProto) -> None:
    model.graph.node[-1].name = "nobody"


def other_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "rows"


def one_more(model: onnx.ModelProto) -> None:
    model.graph.node.add(op_type="Abs", input=["x"], output=["unused"], name="more")


def one_less(model: onnx.ModelProto) -> None:
    del model.graph.node[-1]


def other_producer(model: onnx.ModelProto) -> None:
    model.producer_name = "someone else"


OTHERS = [other_attribute, other_operator, other_name, other_input, one_more, one_less, other_producer]


@pytest.mark.parametrize("change", OTHERS)
def test_another_model_of_that_name(change, tmp_path: Path) -> None:
    model, graphml, report = edited(tmp_path)
    other = onnx.load(model)
    change(other)
    model.write_bytes(other.SerializeToString(deterministic=True))
    without_source(told(tmp_path), "net.onnx: this is not the model that the GraphML was made from: ")
    good = (tmp_path / "out.onnx").read_bytes()
    (tmp_path / "out.onnx").write_bytes(b"older")
    report.write_text("older")
    before = set(os.listdir(tmp_path))
    message = import_(graphml, tmp_path / "out.onnx", "--report", report, "--source", model).expect_error(3).message
    assert f"{model}: this is not the model that the GraphML was made from: it" in message
    assert set(os.listdir(tmp_path)) == before
    assert (tmp_path / "out.onnx").read_bytes() == b"older" != good and report.read_text() == "older"


def test_weights_alone_make_no_other_model(tmp_path: Path) -> None:
    """They are not read."""
    model, _, _ = edited(tmp_path)
    other = onnx.load(model)
    other_weights(other)
    model.write_bytes(other.SerializeToString(deterministic=True))
    with_source(told(tmp_path))


def test_the_output_takes_the_place_of_the_source(tmp_path: Path) -> None:
    """What is told is what stood there. The second time another model stands there."""
    model, graphml, report = edited(tmp_path)
    import_(graphml, tmp_path / "expected.onnx").expect_success()
    for options in ([], ["--source", model]):
        model.write_bytes(edit_model.make())
        import_(graphml, model, "--report", report, *options).expect_success()
        with_source(read(report))
        assert model.read_bytes() == (tmp_path / "expected.onnx").read_bytes()
    import_(graphml, model, "--report", report).expect_success()
    without_source(read(report), "this is not the model")
    assert model.read_bytes() == (tmp_path / "expected.onnx").read_bytes()


@pytest.mark.parametrize("strategy", ["sidecar", "embedded", "reference"])
def test_strategies(strategy: str, tmp_path: Path) -> None:
    """With `reference` it is the model that is pointed at, which may lie further down."""
    folder = tmp_path / "models" if strategy == "reference" else tmp_path
    folder.mkdir(exist_ok=True)
    (folder / "net.onnx").write_bytes(edit_model.make())
    export(folder / "net.onnx", tmp_path / "net.graphml", "--strategy", strategy).expect_success()
    editor = NetworkxEditor(tmp_path / "net.graphml")
    editor.attributes("act1", alpha=0.125)
    editor.bypass("add0")
    editor.save(tmp_path / "net.graphml")
    with_source(told(tmp_path))
    if strategy == "reference":  # the weights come from the file whose place the model takes
        import_(tmp_path / "net.graphml", folder / "net.onnx", "--report", tmp_path / "report.json").expect_success()
        with_source(read(tmp_path / "report.json"))
        assert (folder / "net.onnx").read_bytes() == (tmp_path / "out.onnx").read_bytes()


def test_external_data_need_not_be_there(tmp_path: Path) -> None:
    model = onnx.load_from_string(edit_model.make())
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, location="net.data", size_threshold=0)
    export(tmp_path / "net.onnx", tmp_path / "net.graphml").expect_success()
    editor = NetworkxEditor(tmp_path / "net.graphml")
    editor.attributes("act1", alpha=0.125)
    editor.bypass("add0")
    editor.save(tmp_path / "net.graphml")
    (tmp_path / "net.data").unlink()
    with_source(told(tmp_path))


def test_groups_from_metadata(tmp_path: Path) -> None:
    """They count as nodes: the metadata JSON is asked as it was at export."""
    from test_metadata_beside import document, untagged

    model = untagged(tmp_path)
    (tmp_path / "tree.json").write_text(json.dumps(document()))
    run("export-graphml", model, tmp_path / "tree.json", "-o", tmp_path / "net.graphml").expect_success()
    editor = NetworkxEditor(tmp_path / "net.graphml")
    editor.bypass("two")
    editor.save(tmp_path / "net.graphml")
    report = told(tmp_path)
    gone, = [c for c in report["changes"] if c["kind"] == "removed"]
    assert (report["source"], gone["node"], gone["scope"]) == ("m.onnx", "two", "body")
    (tmp_path / "far").mkdir()
    model.rename(tmp_path / "far" / "m.onnx")
    assert told(tmp_path, "--source", tmp_path / "far" / "m.onnx")["changes"] == report["changes"]
    (tmp_path / "tree.json").rename(tmp_path / "far" / "tree.json")
    assert told(tmp_path, "--source", tmp_path / "far" / "m.onnx")["changes"] == report["changes"]
    (tmp_path / "far" / "m.onnx").rename(model)
    assert "nodes, groups included" in told(tmp_path)["source_note"]


@pytest.mark.parametrize("table, file_name", TABLES, ids=[name for _, name in TABLES])
def test_every_odd_model_is_its_own_source(table: Table, file_name: str, tmp_path: Path) -> None:
    """Whatever it holds, and without its external files: it is recognised, and nothing was changed."""
    failures = []

    def try_one(name: str, sample: Sample) -> None:
        folder = tmp_path / name
        write_sample(folder, file_name, sample)
        export(folder / file_name, folder / "net.graphml", "--no-layout").expect_success()
        (folder / "there").mkdir()
        shutil.copy(folder / file_name, folder / "there" / "alone.onnx")
        import_(folder / "net.graphml", folder / "back.onnx", "--report", folder / "r.json", "--source",
                folder / "there" / "alone.onnx").expect_success()
        report = read(folder / "r.json")
        if report["source"] != "alone.onnx" or report["changes"]:
            failures.append((name, report))
        shutil.rmtree(folder)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(lambda both: try_one(*both), table.samples()))
    assert not failures and len(done) > 20


# ---- what is not to be trusted ----


def renamed(graphml: Path, name: str) -> None:
    """Let the file name another source, wherever it does."""
    text = graphml.read_text()
    assert "net.onnx" in text
    graphml.write_text(text.replace(">net.onnx<", f">{name}<").replace('&quot;net.onnx&quot;', f"&quot;{name}&quot;").replace(
        '"source": "net.onnx"', f'"source": "{name}"'))


@pytest.mark.parametrize("name", ["../net.onnx", "/etc/passwd", "sub/net.onnx", "..", ".", "", "x" * 300, "./net.onnx"])
def test_a_path_is_not_followed(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    model, graphml, _ = edited(folder)
    shutil.copy(model, tmp_path / "net.onnx")
    shutil.copy(model, folder / "sub" / "net.onnx")
    renamed(graphml, name)
    without_source(told(folder), "")


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    model, _, _ = edited(folder)
    shutil.move(model, tmp_path / "net.onnx")
    model.symlink_to(tmp_path / "net.onnx")
    without_source(told(folder), "net.onnx: ")
    with_source(told(folder, "--source", model))  # whoever names a path means it


@pytest.mark.parametrize("kind", ["folder", "fifo", "empty", "text", "graphml"])
def test_what_is_no_model(kind: str, tmp_path: Path) -> None:
    model, graphml, _ = edited(tmp_path)
    model.unlink()
    if kind == "folder":
        model.mkdir()
    elif kind == "fifo":
        os.mkfifo(model)
    else:
        model.write_bytes({"empty": b"", "text": b"no model" * 100, "graphml": graphml.read_bytes()}[kind])
    without_source(told(tmp_path), "net.onnx: ")
    before = set(os.listdir(tmp_path)) - {"out.onnx", "report.json"}
    for name in ("out.onnx", "report.json"):
        (tmp_path / name).unlink()
    import_(graphml, tmp_path / "out.onnx", "--report", tmp_path / "report.json", "--source", model).expect_error(3)
    assert set(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"modules": 7}', '{"modules": {"class_name": "A"}}'])
def test_metadata_that_are_none(text: str, tmp_path: Path) -> None:
    """Named by the file, or beside the model by its name: at most the source is not used."""
    from test_metadata_beside import document, untagged

    model = untagged(tmp_path)
    (tmp_path / "tree.json").write_text(json.dumps(document()))
    run("export-graphml", model, tmp_path / "tree.json", "-o", tmp_path / "net.graphml").expect_success()
    (tmp_path / "tree.json").write_text(text)
    assert told(tmp_path)["source"] is None
    (tmp_path / "tree.json").rename(tmp_path / "m_htp_metadata.json")
    assert told(tmp_path)["source"] is None


def test_spoiled_sources(tmp_path: Path) -> None:
    """A report comes of each, and the same model; half of them are told."""
    model, graphml, report = edited(tmp_path)
    whole = model.read_bytes()
    import_(graphml, tmp_path / "expected.onnx").expect_success()
    expected = (tmp_path / "expected.onnx").read_bytes()
    used = 0
    cuts = [whole[:random.Random(n).randrange(len(whole))] for n in range(40)]
    for n, data in enumerate([*spoiled(whole, 160, 5), *cuts]):
        model.write_bytes(data)
        if n % 4 == 3:
            result = import_(graphml, tmp_path / "out.onnx", "--report", report, "--source", model).expect_bounded()
            assert result.code in (0, 3)
            if result.code == 3:
                result.expect_error(3)
                continue
        else:
            told(tmp_path)
        used += read(report)["source"] is not None
        assert (tmp_path / "out.onnx").read_bytes() == expected
    assert used < 100


def test_numbers_beyond_the_source(tmp_path: Path) -> None:
    """A file that claims more nodes than there are."""
    _, graphml, _ = edited(tmp_path)
    text = graphml.read_text()
    for count in (1, 10**6, 2**31, 2**63 - 1):
        at = text.index('"nodes": ') if '"nodes": ' in text else text.index("&quot;nodes&quot;: ")
        head = text[at:].split(": ")[0]
        digits = text[at + len(head) + 2:].split(",")[0]
        graphml.write_text(text[:at] + f"{head}: {count}" + text[at + len(head) + 2 + len(digits):])
        report = told(tmp_path)
        assert report["source"] is None and "nodes" in report["source_note"]


def test_a_file_without_origins(tmp_path: Path) -> None:
    """It does not say what its nodes were: any model would fit."""
    model, graphml, report = edited(tmp_path)
    editor = NetworkxEditor(graphml)
    for node in editor.nodes():
        editor.set(node, "origin", None)
    editor.save(graphml)
    answer = told(tmp_path)
    assert answer["source"] is None and "too little" in answer["source_note"]
    message = import_(graphml, tmp_path / "out.onnx", "--report", report, "--source", model).expect_error(3).message
    assert "too little" in message


# ---- the option ----


def test_a_source_without_a_report(tmp_path: Path) -> None:
    model, graphml, _ = edited(tmp_path)
    result: Result = import_(graphml, tmp_path / "out.onnx", "--source", model).expect_error(2)
    assert "report" in result.message and not (tmp_path / "out.onnx").exists()


def test_without_a_report_the_source_is_not_read(tmp_path: Path) -> None:
    """Its time of access stays."""
    model, graphml, report = edited(tmp_path)
    os.utime(model, (1, 2))
    import_(graphml, tmp_path / "out.onnx").expect_success()
    assert model.stat().st_atime == 1
    import_(graphml, tmp_path / "out.onnx", "--report", report).expect_success()
    if model.stat().st_atime == 1:
        pytest.skip("this file system keeps no times of access")


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    _, graphml, report = edited(tmp_path)
    message = import_(graphml, tmp_path / "out.onnx", "--report", report, "--source", tmp_path / "no.onnx").expect_error(3).message
    assert "no.onnx" in message and not (tmp_path / "out.onnx").exists() and not report.exists()
