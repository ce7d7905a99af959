"""The command `export` with ONNX input: tags in the file, JSON beside it, and nothing else changed."""
from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from tools.program import run

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
KEYS = {"hierarchy_tag", "hierarchy_scope", "hierarchy_method", "hierarchy_path", "hierarchy_tags", "hierarchy_count"}
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "schemas" / "htp-metadata.schema.json").read_text()))


def load_json(path: Path) -> dict:
    def once(pairs: list[tuple[str, object]]) -> dict:
        keys = [k for k, _ in pairs]
        assert len(set(keys)) == len(keys), "a key comes twice"
        return dict(pairs)

    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)


def metadata_of(output: Path) -> dict:
    metadata = load_json(output.with_name(output.stem + "_htp_metadata.json"))
    SCHEMA.validate(metadata)
    return metadata


def graphs(model: onnx.ModelProto):
    todo = [model.graph, *model.functions]
    while todo:
        g = todo.pop()
        yield g
        for n in g.node:
            for a in n.attribute:
                todo += ([a.g] if a.type == onnx.AttributeProto.GRAPH else []) + list(a.graphs)


def strip(path: Path) -> bytes:
    """The bytes of a model without its tags."""
    model = onnx.load(path, load_external_data=False)
    for g in graphs(model):
        for n in g.node:
            kept = [p for p in n.metadata_props if p.key not in KEYS]
            del n.metadata_props[:]
            n.metadata_props.extend(kept)
            attributes = [a for a in n.attribute if a.name not in KEYS]
            del n.attribute[:]
            n.attribute.extend(attributes)
    return model.SerializeToString()


def tags(path: Path) -> list[dict[str, str]]:
    model = onnx.load(path, load_external_data=False)
    return [{p.key: p.value for p in n.metadata_props if p.key in KEYS} for g in graphs(model) for n in g.node]


def outputs_of(path: Path, seed: int = 0) -> list[numpy.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    random = numpy.random.default_rng(seed)
    feed = {}
    for value in session.get_inputs():
        shape = [size if isinstance(size, int) else {"batch": 2, "n": 2, "seq": 5}.get(size, 1) for size in value.shape]
        if value.type == "tensor(int64)":
            feed[value.name] = random.integers(0, 2, shape)
        else:
            feed[value.name] = random.standard_normal(shape, dtype=numpy.float32)
    return session.run(None, feed)


def small(folder: Path, **changes: object) -> Path:
    """x * w -> Relu -> y, with names of the legacy exporter."""
    weight = numpy_helper.from_array(numpy.arange(1600, dtype=numpy.float32).reshape(40, 40), "block.linear.weight")
    nodes = [
        helper.make_node("MatMul", ["x", "block.linear.weight"], ["h"], "/block/linear/MatMul"),
        helper.make_node("Relu", ["h"], ["y"], "/block/act/Relu"),
    ]
    graph = helper.make_graph(
        changes.get("nodes", nodes),
        "main_graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, changes.get("shape", ["batch", 40]))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, changes.get("shape", ["batch", 40]))],
        [weight, *changes.get("initializers", [])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = folder / "small.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def files_in(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


# ---- the model that is written ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bert_tiny", "resnet_thin"])
@pytest.mark.parametrize("options", [[], ["--hierarchy-attrs", "minimal"], ["--strategy", "usage_based"], ["--torch-module", "none"]])
def test_only_tags_are_added(name: str, options: list[str], tmp_path: Path) -> None:
    model, output = SAMPLES / f"{name}.onnx", tmp_path / "out.onnx"
    run("export", model, output, *options).expect_success()
    assert strip(output) == model.read_bytes()
    assert output.read_bytes() != model.read_bytes()
    onnx.checker.check_model(str(output), full_check=True)
    for a, b in zip(outputs_of(model), outputs_of(output), strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("name", ["bert_tiny", "resnet_thin"])
def test_every_operator_is_tagged(name: str, tmp_path: Path) -> None:
    output = tmp_path / "out.onnx"
    run("export", SAMPLES / f"{name}.onnx", output).expect_success()
    for tag in tags(output):
        assert tag["hierarchy_tag"].startswith("/")
        assert tag["hierarchy_path"] == tag["hierarchy_tag"]
        assert tag["hierarchy_tag"] in json.loads(tag["hierarchy_tags"])
        assert int(tag["hierarchy_count"]) == len(json.loads(tag["hierarchy_tags"]))
        assert tag["hierarchy_method"] in ("direct", "parent", "inherited", "root")


def test_minimal_tags(tmp_path: Path) -> None:
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "out.onnx", "--hierarchy-attrs", "minimal").expect_success()
    assert {frozenset(t) for t in tags(tmp_path / "out.onnx")} == {
        frozenset(("hierarchy_tag", "hierarchy_scope", "hierarchy_method"))
    }


def test_attribute_tags(tmp_path: Path) -> None:
    output = tmp_path / "out.onnx"
    run("export", small(tmp_path), output, "--hierarchy-attrs", "attribute").expect_success()
    for node in onnx.load(output).graph.node:
        assert not node.metadata_props
        attributes = {a.name: a for a in node.attribute}
        assert attributes["hierarchy_tag"].type == onnx.AttributeProto.STRING
        assert attributes["hierarchy_tags"].type == onnx.AttributeProto.STRINGS
        assert attributes["hierarchy_count"].i == len(attributes["hierarchy_tags"].strings)
    assert strip(output) == (tmp_path / "small.onnx").read_bytes()


@pytest.mark.parametrize("option", ["--clean-onnx", "--no-hierarchy-attrs"])
def test_clean_model(option: str, tmp_path: Path) -> None:
    model, output = SAMPLES / "bert_tiny.onnx", tmp_path / "out.onnx"
    run("export", model, output, option).expect_success()
    assert output.read_bytes() == model.read_bytes()
    metadata = metadata_of(output)
    assert len(metadata["nodes"]) == 285
    assert metadata["export_context"]["embed_hierarchy_attributes"] is False


def test_clean_takes_earlier_tags_away(tmp_path: Path) -> None:
    model, tagged, clean = SAMPLES / "bert_tiny.onnx", tmp_path / "tagged.onnx", tmp_path / "clean.onnx"
    run("export", model, tagged).expect_success()
    run("export", tagged, clean, "--clean-onnx").expect_success()
    assert clean.read_bytes() == model.read_bytes()


def test_tagged_again_is_the_same(tmp_path: Path) -> None:
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "a.onnx").expect_success()
    run("export", tmp_path / "a.onnx", tmp_path / "b.onnx").expect_success()
    for a, b in zip(tags(tmp_path / "a.onnx"), tags(tmp_path / "b.onnx"), strict=True):
        assert a["hierarchy_tag"] == b["hierarchy_tag"] and a["hierarchy_scope"] == b["hierarchy_scope"]


# ---- what stands beside it ----------------------------------------------------------------------------------------


def test_files(tmp_path: Path) -> None:
    output = tmp_path / "out.onnx"
    run("export", SAMPLES / "bert_tiny.onnx", output, "--with-report", "--with-graphml").expect_success()
    assert files_in(tmp_path) == {
        "out.onnx",
        "out_htp_metadata.json",
        "out_hierarchy.json",
        "out_htp_export_report.md",
        "out_hierarchical_graph.graphml",
        "out_hierarchical_graph.onnxdata",
    }
    run("import-onnx", tmp_path / "out_hierarchical_graph.graphml", tmp_path / "back.onnx").expect_success()
    assert (tmp_path / "back.onnx").read_bytes() == output.read_bytes()


@pytest.mark.parametrize("name", ["bert_tiny", "resnet_thin"])
@pytest.mark.parametrize("strategy", ["htp", "usage_based"])
def test_metadata_agrees_with_the_file(name: str, strategy: str, tmp_path: Path) -> None:
    output = tmp_path / "out.onnx"
    run("export", SAMPLES / f"{name}.onnx", output, "--strategy", strategy).expect_success()
    metadata = metadata_of(output)
    model = onnx.load(output)
    told = {n.name: {p.key: p.value for p in n.metadata_props} for n in model.graph.node}
    assert metadata["nodes"] == {n: t["hierarchy_tag"] for n, t in told.items() if "hierarchy_tag" in t}
    assert metadata["strategy"] == strategy
    for node, tag in metadata["node_tags"].items():
        assert tag["primary_path"] == metadata["nodes"][node]
        assert tag["tags"] == json.loads(told[node]["hierarchy_tags"]) and tag["tag_count"] == len(tag["tags"])
        assert tag["method"] == told[node]["hierarchy_method"] and tag["scope"] == told[node]["hierarchy_scope"]
    counts: dict[str, int] = {}
    for tag in metadata["nodes"].values():
        counts[tag] = counts.get(tag, 0) + 1
    assert metadata["tag_statistics"] == counts
    short = load_json(tmp_path / "out_hierarchy.json")
    assert set(short) == {"version", "strategy", "node_tags", "tag_statistics"}
    assert short["node_tags"] == metadata["node_tags"] and short["tag_statistics"] == counts


def test_figures_add_up(tmp_path: Path) -> None:
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "out.onnx").expect_success()
    metadata = metadata_of(tmp_path / "out.onnx")
    figures = metadata["report"]["steps"]["node_tagging"]["statistics"]
    methods = ("direct_matches", "parent_matches", "inherited_matches", "root_fallbacks")
    assert sum(figures[m] for m in methods) == figures["total_nodes"] == 285
    assert figures["scoped_nodes"] == figures["direct_matches"] + figures["parent_matches"]
    assert metadata["statistics"]["coverage_percentage"] == 100.0
    assert metadata["statistics"]["empty_tags"] == 0
    assert metadata["model"]["total_parameters"] == 26720

    def modules(m: dict) -> int:
        return 1 + sum(map(modules, m["children"].values()))

    assert modules(metadata["modules"]) == metadata["model"]["total_modules"] == metadata["statistics"]["hierarchy_modules"]


def test_scopes_nest(tmp_path: Path) -> None:
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "out.onnx").expect_success()

    def check(module: dict) -> None:
        for key, child in module["children"].items():
            assert child["scope"].startswith(module["scope"] + "." if module["scope"] else "")
            assert child["traced_tag"].startswith(module["traced_tag"])
            assert key
            check(child)

    check(metadata_of(tmp_path / "out.onnx")["modules"])


def tree(class_name: str, scope: str = "", **children: dict) -> dict:
    return {"class_name": class_name, "scope": scope, "children": children}


def test_metadata_gives_classes_and_shared_keys(tmp_path: Path) -> None:
    given = tmp_path / "tree.json"
    given.write_text(
        json.dumps(
            {"modules": tree("Net", block=tree("Block", "block", a=tree("Linear", "block.linear"), b=tree("Linear", "block.act")))}
        )
    )
    run("export", small(tmp_path), tmp_path / "out.onnx", "--metadata", given, "--torch-module", "Linear").expect_success()
    metadata = metadata_of(tmp_path / "out.onnx")
    assert metadata["nodes"]["/block/linear/MatMul"] == "/Net/Block/Linear"
    assert metadata["model"]["class_name"] == "Net"
    assert metadata["statistics"]["module_types"] == ["Block", "Linear", "Net"]
    assert set(metadata["modules"]["children"]) == {"Block"}
    assert set(metadata["modules"]["children"]["Block"]["children"]) == {"Linear@linear", "Linear@act"}


def test_metadata_beside_the_model_is_read_and_own_metadata_comes_back(tmp_path: Path) -> None:
    model = small(tmp_path)
    beside = tmp_path / "small_htp_metadata.json"
    beside.write_text(json.dumps({"modules": tree("Net", block=tree("Block", "block"))}))
    run("export", model, tmp_path / "a.onnx").expect_success()
    first = metadata_of(tmp_path / "a.onnx")
    assert first["nodes"]["/block/act/Relu"].startswith("/Net/Block")
    run("export", model, tmp_path / "b.onnx", "--metadata", tmp_path / "a_htp_metadata.json").expect_success()
    second = metadata_of(tmp_path / "b.onnx")
    assert second["modules"] == first["modules"] and second["nodes"] == first["nodes"]


def test_names_that_are_absent_or_repeated(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"], "same"),
        helper.make_node("Relu", ["b"], ["c"], "same"),
        helper.make_node("Relu", ["c"], ["d"], "Relu_0"),
        helper.make_node("Relu", ["d"], ["y"], "same#1"),
    ]
    run("export", small(tmp_path, nodes=nodes), tmp_path / "out.onnx").expect_success()
    assert list(metadata_of(tmp_path / "out.onnx")["nodes"]) == ["Relu_0#0", "same#1#1", "same#2", "Relu_0", "same#1"]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    model = small(tmp_path)
    model.write_bytes(model.read_bytes().replace(b"/block/act/Relu", b"/block/a\xfft/Relu"))
    run("export", model, tmp_path / "out.onnx").expect_success()
    assert r"/block/a\xfft/Relu#1" in metadata_of(tmp_path / "out.onnx")["nodes"]


def test_modules_of_one_name_in_different_places(tmp_path: Path) -> None:
    """A module that names step into is no container that a shorter path could skip."""
    names = ["/embedder/convolution/Abs", "/embedder/pooler/Neg", "/encoder/Relu", "/pooler/Exp"]
    values = ["x", *names[:-1], "y"]
    nodes = [helper.make_node(n.rsplit("/", 1)[1], [a], [b], name=n) for n, a, b in zip(names, values, values[1:])]
    ends = [helper.make_tensor_value_info(v, TensorProto.FLOAT, [2]) for v in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]),
                              opset_imports=[helper.make_opsetid("", 18)])
    onnx.save(model, tmp_path / "m.onnx")
    run("export", tmp_path / "m.onnx", tmp_path / "out.onnx").expect_success()
    scopes = [p.value for n in onnx.load(tmp_path / "out.onnx").graph.node for p in n.metadata_props
              if p.key == "hierarchy_scope"]
    assert scopes == ["embedder.convolution", "embedder.pooler", "encoder", "pooler"]


def test_report(tmp_path: Path) -> None:
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "out.onnx", "--with-report").expect_success()
    text = (tmp_path / "out_htp_export_report.md").read_text()
    for heading in ("# Export report", "## Steps", "## Modules", "## Tags", "## Operators"):
        assert heading in text
    mapping = text.split("## Operators")[1]
    assert mapping.count("\n| ") == 285 + 2
    assert metadata_of(tmp_path / "out.onnx")["outputs"]["report"]["path"].endswith("out_htp_export_report.md")


def test_timestamp_follows_source_date_epoch(tmp_path: Path) -> None:
    run("export", small(tmp_path), tmp_path / "out.onnx", environment={"SOURCE_DATE_EPOCH": "86400"}).expect_success()
    assert metadata_of(tmp_path / "out.onnx")["export_context"]["timestamp"] == "1970-01-02T00:00:00Z"


# ---- the result ---------------------------------------------------------------------------------------------------

RESULT = {
    "success", "output_path", "onnx_path", "strategy", "total_operations", "tagged_operations", "operation_trace_length",
    "native_op_regions", "builtin_tracking_enabled", "files", "summary", "strategy_selection", "optimizations_applied", "warnings",
}  # fmt: skip
PROFILE = {
    "export_time", "auxiliary_operations_coverage", "context_inheritance_success_rate", "fallback_strategy_usage",
    "auxiliary_operations_analysis", "performance_profile",
}  # fmt: skip


def test_result(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "out.onnx", "--result", result).expect_success()
    told = load_json(result)
    assert set(told) == RESULT
    assert told["success"] and told["summary"]["success"]
    assert told["total_operations"] == told["tagged_operations"] == 285
    assert told["summary"]["file_size"] == (tmp_path / "out.onnx").stat().st_size
    assert told["strategy_selection"]["selected"] == "htp"
    assert 0 <= told["strategy_selection"]["confidence"] <= 1
    characteristics = told["strategy_selection"]["characteristics"]
    assert characteristics["model_type"] == "transformer" and characteristics["has_dynamic_shapes"]
    for path in told["files"].values():
        assert Path(path).is_file()


@pytest.mark.parametrize("how", ["option", "environment"])
def test_profile_on_stdout(how: str, tmp_path: Path) -> None:
    option = ["--profile"] if how == "option" else []
    environment = {"MODELEXPORT_ENABLE_PROFILING": "1"} if how == "environment" else {}
    done = run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "o.onnx", "--result", "-", *option, environment=environment)
    told = json.loads(done.expect_success().stdout)
    assert set(told) == RESULT | PROFILE
    analysis = told["auxiliary_operations_analysis"]
    assert sum(analysis["operation_types"].values()) == analysis["total_auxiliary_ops"]
    assert analysis["tagged_auxiliary_ops"] == analysis["total_auxiliary_ops"]
    assert told["auxiliary_operations_coverage"] == 1.0
    assert told["performance_profile"]["memory_peak_usage"] > 0


def test_auxiliary_operators_are_explained(tmp_path: Path) -> None:
    done = run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "o.onnx", "--result", "-", "--profile",
               environment={"MODELEXPORT_AUX_OPS_DEBUG": "1"})  # fmt: skip
    lines = done.stderr.decode().splitlines()
    told = json.loads(done.stdout)
    assert done.code == 0 and len(lines) == told["auxiliary_operations_analysis"]["total_auxiliary_ops"]
    assert all(line.startswith("modelexport: auxiliary operator ") for line in lines)


def test_cnn_is_recognised(tmp_path: Path) -> None:
    done = run("export", SAMPLES / "resnet_thin.onnx", tmp_path / "o.onnx", "--result", "-").expect_success()
    assert json.loads(done.stdout)["strategy_selection"]["characteristics"]["model_type"] == "cnn"


# ---- strategies ---------------------------------------------------------------------------------------------------


def test_speed_prefers_usage(tmp_path: Path) -> None:
    done = run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "o.onnx", "--prioritize-speed", "--result", "-")
    told = json.loads(done.expect_success().stdout)
    assert told["strategy"] == told["strategy_selection"]["selected"] == "usage_based"
    assert metadata_of(tmp_path / "o.onnx")["strategy"] == "usage_based"


def test_fx_needs_a_module_stack(tmp_path: Path) -> None:
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "o.onnx", "--strategy", "fx").expect_error(4)
    assert files_in(tmp_path) == set()


def with_stack(folder: Path) -> Path:
    model = onnx.load(small(folder))
    for node, name in zip(model.graph.node, ("linear", "act"), strict=True):
        node.name = f"node_{name}"
        for key, value in {
            "pkg.torch.onnx.class_hierarchy": f"['my.Net', 'my.Block', 'torch.nn.modules.{name.title()}', 'aten.x.default']",
            "pkg.torch.onnx.name_scopes": f"['', 'block', 'block.{name}', '{name}']",
        }.items():
            node.metadata_props.append(onnx.StringStringEntryProto(key=key, value=value))
    path = folder / "stack.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("strategy", ["fx", "auto"])
def test_module_stack(strategy: str, tmp_path: Path) -> None:
    done = run("export", with_stack(tmp_path), tmp_path / "o.onnx", "--strategy", strategy, "--result", "-")
    told = json.loads(done.expect_success().stdout)
    assert told["strategy"] == {"fx": "fx", "auto": "htp_builtin"}[strategy]
    assert metadata_of(tmp_path / "o.onnx")["nodes"]["node_linear"] == "/Net/Block"


# ---- configuration ------------------------------------------------------------------------------------------------


def configure(folder: Path, config: object) -> Path:
    path = folder / "config.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    return path


def test_renamed_values(tmp_path: Path) -> None:
    model, output = small(tmp_path), tmp_path / "out.onnx"
    config = configure(
        tmp_path,
        {
            "input_names": ["features"],
            "output_names": ["x"],
            "dynamic_axes": {"features": {"0": "n"}},
            "input_specs": {"features": {"dtype": "float32", "shape": [3, 40], "range": [0, 1]}},
            "do_constant_folding": False,
            "export_params": True,
        },
    )
    run("export", model, output, "--config", config).expect_success()
    written = onnx.load(output)
    onnx.checker.check_model(written, full_check=True)
    assert [v.name for v in written.graph.input] == ["features"] and [v.name for v in written.graph.output] == ["x"]
    for value in (*written.graph.input, *written.graph.output):
        assert value.type.tensor_type.shape.dim[0].dim_param == "n"
    assert [o.tobytes() for o in outputs_of(output)] == [o.tobytes() for o in outputs_of(model)]
    assert metadata_of(output)["tracing"]["inputs"] == {"features": {"shape": [3, 40], "dtype": "float32"}}


def test_inputs_can_exchange_names(tmp_path: Path) -> None:
    names = ["attention_mask", "input_ids"]
    config = configure(tmp_path, {"input_names": names})
    run("export", SAMPLES / "bert_tiny.onnx", tmp_path / "out.onnx", "--config", config).expect_success()
    written = onnx.load(tmp_path / "out.onnx")
    onnx.checker.check_model(written, full_check=True)
    assert [v.name for v in written.graph.input] == [*names, "token_type_ids"]


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        ('{"opset_version": 17', 3, ["config.json:1", "JSON"]),
        ("[1]", 3, ["object"]),
        ({"opset": 17}, 3, ["'opset'"]),
        ({"opset_version": 13}, 3, ["opset_version"]),
        ({"opset_version": "17"}, 3, ["opset_version"]),
        ({"input_names": "x"}, 3, ["input_names"]),
        ({"input_names": [""]}, 3, ["input_names"]),
        ({"input_names": ["a", "b"]}, 3, ["input_names", "2", "1"]),
        ({"output_names": ["a", "b"]}, 3, ["output_names"]),
        ({"output_names": ["h"]}, 3, ["h"]),
        ({"dynamic_axes": []}, 3, ["dynamic_axes"]),
        ({"dynamic_axes": {"z": [0]}}, 3, ["dynamic_axes", "z"]),
        ({"dynamic_axes": {"x": {"a": "b"}}}, 3, ["dynamic_axes", "x"]),
        ({"dynamic_axes": {"x": [2]}}, 3, ["dynamic_axes", "x", "2"]),
        ({"dynamic_axes": {"x": {"1": "width"}}}, 4, ["dynamic_axes", "x", "1"]),
        ({"dynamic_axes": {"x": {"0": "a"}, "y": {"0": "b"}}}, 3, ["dynamic_axes", "two names"]),
        ({"do_constant_folding": 1}, 3, ["do_constant_folding"]),
        ({"export_params": False}, 4, ["export_params"]),
        ({"input_specs": {"z": {}}}, 3, ["input_specs", "z"]),
        ({"input_specs": {"x": {"dtype": "float31"}}}, 3, ["input_specs", "x", "dtype"]),
        ({"input_specs": {"x": {"dtype": "int64"}}}, 3, ["input_specs", "x", "float32"]),
        ({"input_specs": {"x": {"shape": [1, 41]}}}, 3, ["input_specs", "x", "41"]),
        ({"input_specs": {"x": {"shape": [1]}}}, 3, ["input_specs", "x"]),
        ({"input_specs": {"x": {"range": [1, 0]}}}, 3, ["input_specs", "x", "range"]),
        ({"input_specs": {"x": {"size": 1}}}, 3, ["input_specs", "'size'"]),
    ],
)
def test_bad_configuration(config: object, code: int, words: list[str], tmp_path: Path) -> None:
    model, path = small(tmp_path), configure(tmp_path, config)
    before = files_in(tmp_path)
    message = run("export", model, tmp_path / "out.onnx", "--config", path).expect_error(code).message
    for word in words:
        assert word in message
    assert files_in(tmp_path) == before


def test_the_model_keeps_its_opset(tmp_path: Path) -> None:
    done = run("export", small(tmp_path), tmp_path / "out.onnx", "--opset-version", "18")
    assert done.code == 0 and b"keeps its own opset version, 17" in done.stderr
    assert onnx.load(tmp_path / "out.onnx").opset_import[0].version == 17
    warnings = metadata_of(tmp_path / "out.onnx")["report"]["warnings"]
    assert len(warnings) == 1


# ---- weights ------------------------------------------------------------------------------------------------------


def test_weights_beside_the_model(tmp_path: Path) -> None:
    model, output = SAMPLES / "bert_tiny.onnx", tmp_path / "out.onnx"
    run("export", model, output, "--external-data").expect_success()
    assert (tmp_path / "out.onnx.data").stat().st_size > 50_000
    assert output.stat().st_size < 200_000
    onnx.checker.check_model(str(output), full_check=True)
    for tensor in onnx.load(output, load_external_data=False).graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            assert int(dict((e.key, e.value) for e in tensor.external_data)["offset"]) % 64 == 0
    assert [o.tobytes() for o in outputs_of(output)] == [o.tobytes() for o in outputs_of(model)]


def test_weights_stay_in_the_source(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    model, output = folder / "bert.onnx", tmp_path / "out.onnx"
    model.write_bytes((SAMPLES / "bert_tiny.onnx").read_bytes())
    run("export", "--external-data", "source", model, output).expect_success()
    places = {e.value for t in onnx.load(output, load_external_data=False).graph.initializer for e in t.external_data if e.key == "location"}
    assert places == {"models/bert.onnx"}
    assert [o.tobytes() for o in outputs_of(output)] == [o.tobytes() for o in outputs_of(model)]


def external_model(folder: Path) -> Path:
    folder.mkdir()
    model = onnx.load(SAMPLES / "bert_tiny.onnx")
    onnx.save(model, folder / "m.onnx", save_as_external_data=True, location="weights.bin", size_threshold=1024)
    return folder / "m.onnx"


def test_external_data_keeps_its_name(tmp_path: Path) -> None:
    model, output = external_model(tmp_path / "in"), tmp_path / "out" / "o.onnx"
    output.parent.mkdir()
    run("export", model, output).expect_success()
    assert strip(output) == model.read_bytes()
    assert (output.parent / "weights.bin").read_bytes() == (model.parent / "weights.bin").read_bytes()
    assert [o.tobytes() for o in outputs_of(output)] == [o.tobytes() for o in outputs_of(model)]


def test_external_data_left_where_it_is(tmp_path: Path) -> None:
    model, output = external_model(tmp_path / "in"), tmp_path / "o.onnx"
    run("export", model, output, "--external-data=source").expect_success()
    assert not (tmp_path / "weights.bin").exists()
    assert [o.tobytes() for o in outputs_of(output)] == [o.tobytes() for o in outputs_of(model)]


def test_source_out_of_reach(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    run("export", small(tmp_path), folder / "o.onnx", "--external-data", "source").expect_error(2)
    assert files_in(folder) == set()


# ---- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["m.pt", "m.py", "some/hub-name", "m.graphml"])
def test_what_is_not_supported_yet(name: str, tmp_path: Path) -> None:
    message = run("export", name, tmp_path / "o.onnx").expect_error(4).message
    assert name in message
    if name in ("m.py", "some/hub-name"):
        assert "pip install torch" in message
    assert files_in(tmp_path) == set()


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    run("export", tmp_path / "m.onnx", tmp_path / "o.onnx").expect_error(3)


@pytest.mark.parametrize("text", ["{", '{"modules": 1}', "[]", '{"modules": {"children": {"a": 1}}}'])
def test_bad_metadata(text: str, tmp_path: Path) -> None:
    given = tmp_path / "tree.json"
    given.write_text(text)
    model = small(tmp_path)
    message = run("export", model, tmp_path / "o.onnx", "--metadata", given).expect_error(3).message
    assert "tree.json" in message
    assert files_in(tmp_path) == {"tree.json", "small.onnx"}


@pytest.mark.parametrize("name", ["o_htp_metadata.json", "o_hierarchy.json", "o_htp_export_report.md", "o.onnx", "o.onnx.data"])
def test_an_output_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    model = small(tmp_path)
    (tmp_path / name).mkdir()
    run("export", model, tmp_path / "o.onnx", "--with-report", "--external-data").expect_error(5)
    assert files_in(tmp_path) == {"small.onnx"}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    run("export", small(tmp_path), tmp_path / "none" / "o.onnx").expect_error(5)
    run("export", small(tmp_path), tmp_path / "o.onnx", "--temp-dir", tmp_path / "none").expect_error(5)
    assert files_in(tmp_path) == {"small.onnx"}


def test_the_model_is_not_overwritten(tmp_path: Path) -> None:
    model = small(tmp_path)
    before = model.read_bytes()
    run("export", model, model).expect_error(5)
    assert model.read_bytes() == before and files_in(tmp_path) == {"small.onnx"}


def test_graphml_that_fails_is_a_warning(tmp_path: Path) -> None:
    model, output = small(tmp_path), tmp_path / "o.onnx"
    done = run("export", model, output, "--graphml-output", tmp_path / "none" / "g.graphml", "--result", "-")
    assert done.code == 0 and done.stderr.startswith(b"modelexport: warning: ") and done.stderr.count(b"\n") == 1
    told = json.loads(done.stdout)
    assert len(told["warnings"]) == 1 and "graphml" not in told["files"]
    assert strip(output) == model.read_bytes()


# ---- batch --------------------------------------------------------------------------------------------------------


def test_batch(tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"\xff\xff")
    out = tmp_path / "out"
    done = run("export", SAMPLES / "bert_tiny.onnx", bad, SAMPLES / "resnet_thin.onnx", "--output-dir", out,
               "--result", tmp_path / "r.json")  # fmt: skip
    assert done.code == 3 and done.stderr.count(b"\n") == 1 and b"bad.onnx" in done.stderr
    assert {"bert_tiny.onnx", "resnet_thin.onnx"} <= files_in(out) and "bad.onnx" not in files_in(out)
    told = load_json(tmp_path / "r.json")
    assert told["success"] is False and [r["success"] for r in told["results"]] == [True, False, True]
    assert told["results"][1]["error"]
    for name in ("bert_tiny", "resnet_thin"):
        metadata_of(out / f"{name}.onnx")


def test_batch_of_two_with_one_name(tmp_path: Path) -> None:
    other = tmp_path / "bert_tiny.onnx"
    other.write_bytes((SAMPLES / "bert_tiny.onnx").read_bytes())
    run("export", SAMPLES / "bert_tiny.onnx", other, "--output-dir", tmp_path / "out").expect_error(2)
    assert files_in(tmp_path / "out") == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["m.onnx"],
        ["a.onnx", "b.onnx", "c.onnx"],
        ["m.onnx", "o.onnx", "--opset-version", "13"],
        ["m.onnx", "o.onnx", "--opset-version", "24"],
        ["m.onnx", "o.onnx", "--strategy", "magic"],
        ["m.onnx", "o.onnx", "--external-data=elsewhere"],
        ["m.onnx", "o.onnx", "--hierarchy-attrs", "none"],
        ["m.onnx", "o.onnx", "--input-shape", "1,x"],
        ["m.onnx", "o.onnx", "--input-shape", "1,"],
        ["a.onnx", "b.onnx", "--output-dir", "d", "--metadata", "m.json"],
        ["a.onnx", "b.onnx", "--output-dir", "d", "--graphml-output", "g.graphml"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    run("export", *arguments).expect_error(2)


# ---- functions and bodies -----------------------------------------------------------------------------------------


def test_operators_in_bodies_and_functions(tmp_path: Path) -> None:
    body = helper.make_graph([helper.make_node("Relu", ["x"], ["b"], "/inner/Relu")], "b", [], [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])])
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["b"], "/inner/Neg")], "e", [], [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])])
    function = helper.make_function("local", "Twice", ["a"], ["c"], [helper.make_node("Add", ["a", "a"], ["c"])], [helper.make_opsetid("", 17)])
    graph = helper.make_graph(
        [
            helper.make_node("If", ["cond"], ["h"], "/gate/If", then_branch=body, else_branch=other),
            helper.make_node("Twice", ["h"], ["y"], "/twice/Twice", domain="local"),
        ],
        "main_graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]), helper.make_tensor_value_info("cond", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    model = helper.make_model(graph, functions=[function], opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("local", 1)], ir_version=8)
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    done = run("export", path, tmp_path / "o.onnx", "--result", "-").expect_success()
    assert json.loads(done.stdout)["total_operations"] == 5
    assert json.loads(done.stdout)["strategy_selection"]["characteristics"]["has_control_flow"]
    assert strip(tmp_path / "o.onnx") == path.read_bytes()
    assert all(t for t in tags(tmp_path / "o.onnx"))
    onnx.checker.check_model(str(tmp_path / "o.onnx"), full_check=True)
    assert len(metadata_of(tmp_path / "o.onnx")["nodes"]) == 5
