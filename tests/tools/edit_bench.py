"""An exported model under an editor, and what comes of it."""
from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from tools.editor import EDITORS, Editor
from tools.program import Result, export, import_


def graphs_of(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and all bodies in it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for body in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                yield from graphs_of(body)


def expect_distinct(names: list[str]) -> None:
    assert len(set(names)) == len(names), sorted(n for n in names if names.count(n) > 1)


class EditBench:
    def __init__(self, folder: Path, how: str, model: bytes, feeds: dict[str, np.ndarray], seed: int = 0) -> None:
        self.folder = folder
        self.feeds = feeds
        self.model = folder / "net.onnx"
        self.model.write_bytes(model)
        export(self.model, folder / "net.graphml").expect_success()
        self.editor: Editor = EDITORS[how](folder / "net.graphml", seed)
        self.graphml = folder / "edited.graphml"
        self.output = folder / "out.onnx"

    def apply(self, *options: object) -> Result:
        self.editor.save(self.graphml)
        return import_(self.graphml, self.output, "--report", self.folder / "report.json", *options)

    def result(self, warnings: bool = False) -> onnx.ModelProto:
        """Import the edited file; what comes of it is valid, its types are those that the operators make, and no name
        is used twice, in bodies either."""
        done = self.apply("--validate")
        if warnings:
            assert done.code == 0, done
        else:
            done.expect_success()
        model = onnx.load(self.output)
        onnx.checker.check_model(model, full_check=True)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        graphs = list(graphs_of(model.graph))
        expect_distinct([n.name for g in graphs for n in g.node])
        values = [o for g in graphs for n in g.node for o in n.output if o]
        expect_distinct(values + [i.name for g in graphs for i in g.input])
        return model

    def run(self, **feeds: np.ndarray) -> list[np.ndarray]:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(self.output), options, providers=["CPUExecutionProvider"])
        given = self.feeds | feeds
        return session.run(None, {i.name: given[i.name] for i in session.get_inputs()})

    def expect(self, *expected: np.ndarray, **feeds: np.ndarray) -> onnx.ModelProto:
        """The first outputs of the result."""
        model = self.result()
        found = self.run(**feeds)
        for f, e in zip(found, expected):
            assert f.shape == e.shape, (f.shape, e.shape)
            np.testing.assert_allclose(f, e, rtol=1e-5, atol=1e-6)
        return model

    def refused(self) -> str:
        """Exit 3, one sentence, nothing written."""
        self.editor.save(self.graphml)
        before = set(os.listdir(self.folder))
        message = import_(self.graphml, self.output, "--report", self.folder / "report.json").expect_error(3).message
        assert set(os.listdir(self.folder)) == before
        return message

    @property
    def report(self) -> dict:
        return json.loads((self.folder / "report.json").read_text())

    def changes(self, kind: str) -> list[dict]:
        return [c for c in self.report["changes"] if c["kind"] == kind]

    def tag(self, name: str) -> str:
        graphs = graphs_of(onnx.load(self.output).graph)
        node = next(n for g in graphs for n in g.node if n.name == name)
        return next(p.value for p in node.metadata_props if p.key == "hierarchy_tag")
