"""What the tests of the program share: running it, and small models to run it on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import small_model  # noqa: E402
from tools.program import run  # noqa: E402


class Exported:
    """A model and its export with a sidecar."""

    def __init__(self, folder: Path, model: bytes) -> None:
        self.model = folder / "model.onnx"
        self.graphml = folder / "model.graphml"
        self.sidecar = folder / "model.onnxdata"
        self.model.write_bytes(model)
        run("export-graphml", self.model, "-o", self.graphml, "--no-layout").expect_success()

    def copy_to(self, folder: Path) -> "Copied":
        return Copied(self, folder)


class Copied:
    """Copies of the GraphML file and the sidecar in a folder of their own, to be spoiled."""

    def __init__(self, source: Exported, folder: Path) -> None:
        self.folder = folder
        self.graphml = folder / "model.graphml"
        self.sidecar = folder / "model.onnxdata"
        self.output = folder / "out.onnx"
        self.graphml.write_bytes(source.graphml.read_bytes())
        self.sidecar.write_bytes(source.sidecar.read_bytes())

    def replace(self, old: str, new: str) -> None:
        """Edit the GraphML file; `old` must be there just once."""
        text = self.graphml.read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the GraphML file"
        self.graphml.write_text(text.replace(old, new))


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return Exported(tmp_path_factory.mktemp("exported"), small_model.make())


@pytest.fixture
def copied(exported: Exported, tmp_path: Path) -> Copied:
    return exported.copy_to(tmp_path)
