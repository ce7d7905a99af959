"""Weights that are not those of the GraphML file any more: noticed, and named."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import pytest
from conftest import Copied, Exported
from tools import small_model
from tools.program import export, import_

OPTIONS = pytest.mark.parametrize(
    "options", [[], ["--external-data"], ["--validate"]], ids=["copied", "pointed at", "validated"]
)
DATA = {"encoder.layer.0.weight": (128, 64), "encoder.layer.0.bias": (192, 16)}  # of the small model


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def refused(files: Copied, options: list[str]) -> str:
    before = set(os.listdir(files.folder))
    message = import_(files.graphml, files.output, *options).expect_error(3).message
    assert set(os.listdir(files.folder)) == before
    return message


@OPTIONS
@pytest.mark.parametrize("tensor", DATA)
def test_a_changed_weight(tensor: str, options: list[str], copied: Copied) -> None:
    offset, size = DATA[tensor]
    for at in (offset, offset + size - 1):
        flip(copied.sidecar, at)
        message = refused(copied, options)
        assert tensor in message and "checksum" in message
        flip(copied.sidecar, at)


@OPTIONS
def test_any_other_changed_byte(options: list[str], copied: Copied, exported: Exported) -> None:
    """Header, index and names have checksums; padding has none, and changes nothing."""
    image = copied.sidecar.read_bytes()
    index = struct.unpack_from("<Q", image, 24)[0]
    padding = range(208, index)
    for at in [*range(0, 128, 9), *padding, *range(index, len(image), 13), len(image) - 1]:
        flip(copied.sidecar, at)
        if at in padding:
            import_(copied.graphml, copied.output, *options).expect_success()
            copied.output.unlink()
        else:
            refused(copied, options)
        flip(copied.sidecar, at)


@OPTIONS
def test_a_sidecar_that_is_too_short_or_too_long(options: list[str], copied: Copied) -> None:
    image = copied.sidecar.read_bytes()
    for spoiled in (image[:-1], image[:128], image[:127], b"", image + b"\0", image * 2):
        copied.sidecar.write_bytes(spoiled)
        refused(copied, options)


@OPTIONS
def test_the_sidecar_of_another_model(options: list[str], copied: Copied, tmp_path: Path) -> None:
    """Same names, same places, other weights."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "model.onnx").write_bytes(small_model.make(seed=2))
    export(other / "model.onnx", other / "model.graphml").expect_success()
    shutil.copy(other / "model.onnxdata", copied.sidecar)
    assert "belong" in refused(copied, options)


def test_embedded_weights_that_were_changed(exported: Exported, copied: Copied) -> None:
    export(exported.model, copied.graphml, "--strategy", "embedded").expect_success()
    text = copied.graphml.read_text()
    head, rest = text.split('<data key="n38">', 1)
    at = 4 * (150 // 3)  # in the first tensor
    copied.graphml.write_text(f'{head}<data key="n38">{rest[:at]}{"B" if rest[at] == "A" else "A"}{rest[at + 1 :]}')
    assert "encoder.layer.0.weight" in refused(copied, [])


# ---- a model that is referred to ----


@pytest.fixture
def referred(exported: Exported, tmp_path: Path) -> Path:
    model = tmp_path / "model.onnx"
    model.write_bytes(exported.model.read_bytes())
    export(model, tmp_path / "model.graphml", "--strategy", "reference").expect_success()
    return model


def weight_bytes(model: bytes) -> set[int]:
    """Where the bytes of the small model's tensors lie."""
    image = set()
    for tensor in small_model.weight_payloads(model):
        start = model.index(tensor)
        image |= set(range(start, start + len(tensor)))
    return image


def test_referred_models_that_were_changed(referred: Path) -> None:
    """Other weights are a newer state of the same model; any other byte makes it another model."""
    original = referred.read_bytes()
    weights = weight_bytes(original)
    graphml, output = referred.with_suffix(".graphml"), referred.with_name("out.onnx")
    assert weights
    for at in range(len(original)):
        flip(referred, at)
        result = import_(graphml, output)
        if at in weights:
            result.expect_success()
            assert output.read_bytes() == referred.read_bytes()
            output.unlink()
        else:
            result.expect_error(3)
            assert not output.exists()
        referred.write_bytes(original)


def test_referred_models_of_another_size(referred: Path) -> None:
    original = referred.read_bytes()
    for changed in (original[:-1], original + b"\x08\x0a", b"", original + b"\0"):
        referred.write_bytes(changed)
        import_(referred.with_suffix(".graphml"), referred.with_name("out.onnx")).expect_error(3)
    referred.unlink()
    import_(referred.with_suffix(".graphml"), referred.with_name("out.onnx")).expect_error(3)
    assert not referred.with_name("out.onnx").exists()


def test_the_external_data_of_a_referred_model(tmp_path: Path) -> None:
    model, graphml, data = tmp_path / "model.onnx", tmp_path / "model.graphml", tmp_path / "w.bin"
    data.write_bytes(bytes(64))
    model.write_bytes(small_model.make_external(small_model.external_tensor("w", 16, "w.bin")))
    export(model, graphml, "--strategy", "reference").expect_success()
    target = tmp_path / "target"
    target.mkdir()
    data.write_bytes(bytes(63))
    import_(graphml, target / "model.onnx").expect_error(3)
    data.write_bytes(b"\1" * 64)
    import_(graphml, target / "model.onnx").expect_success()
    assert (target / "w.bin").read_bytes() == b"\1" * 64
