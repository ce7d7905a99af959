"""Programs whose arguments no model has: sizes, windows and counts that are not positive, or too large to be added and
multiplied. Each is refused with a sentence that names the operator."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.program import run

PROGRAMS = Path(__file__).resolve().parents[1] / "torch" / "programs"
MOST, LEAST = 2**63 - 1, -(2**63)


def graph_of(model: Any) -> Any:
    return model["graph_module"]["graph"]


def changed(group: str, name: str, change: Callable[[Any], None], path: Path) -> Path:
    with zipfile.ZipFile(PROGRAMS / f"{group}.zip") as archive:
        original = archive.read(f"{name}.pt2")
    with zipfile.ZipFile(io.BytesIO(original)) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename.endswith("models/model.json"):
                model = json.loads(data)
                before = copy.deepcopy(model)
                change(model)
                assert model != before
                data = json.dumps(model).encode()
            target.writestr(info.filename, data)
    return path


def node_of(model: Any, target: str) -> Any:
    return next(node for node in graph_of(model)["nodes"] if node["target"] in (f"torch.ops.{target}", target))


def give(node: Any, argument: str, value: Any) -> None:
    node["inputs"] = [given for given in node["inputs"] if given["name"] != argument]
    node["inputs"].append({"name": argument, "arg": value, "kind": 2})


def ints(*values: int) -> dict[str, list[int]]:
    return {"as_ints": list(values)}


CONV, POOL, LARGEST = ("convolution_dynamic", "default"), ("pooling_dynamic", "default"), ("pooling_dynamic", "core")
ARGUMENTS = [
    (CONV, "aten.conv2d.default", "stride", ints(0, 1), "stride is 0"),
    (CONV, "aten.conv2d.default", "dilation", ints(0, 0), "dilation is 0"),
    (CONV, "aten.conv2d.default", "padding", ints(-1, 0), "padding is -1"),
    (CONV, "aten.conv2d.default", "padding", ints(MOST, 0), str(MOST)),
    (CONV, "aten.conv2d.default", "groups", {"as_int": 0}, "groups is 0"),
    (CONV, "aten.im2col.default", "kernel_size", ints(0, 3), "window is 0"),
    (CONV, "aten.im2col.default", "kernel_size", ints(2**31 - 1, 2**31 - 1), "im2col"),
    (CONV, "aten.im2col.default", "stride", ints(1, -1), "stride is -1"),
    (POOL, "aten.max_pool2d.default", "kernel_size", ints(3, 0), "window is 0"),
    (POOL, "aten.max_pool2d.default", "dilation", ints(0, 1), "dilation is 0"),
    (POOL, "aten.max_pool2d.default", "stride", ints(LEAST, 1), str(LEAST)),
    (LARGEST, "aten.adaptive_max_pool2d.default", "output_size", ints(2**31 - 1, 2), "adaptive_max_pool2d"),
    (LARGEST, "aten.adaptive_max_pool2d.default", "output_size", ints(0, 1), "without elements"),
    (("resize_images", "default"), "aten.affine_grid_generator.default", "size", ints(2, 3, MOST, 2), "affine_grid"),
    (("create_float32", "default"), "aten.hann_window.default", "window_length", {"as_int": LEAST}, "too long"),
    (("bfloat16_moves", "default"), "aten.pad.default", "pad", ints(LEAST, 1), "a pad of"),
    (("inplace", "default"), "aten.chunk.default", "chunks", {"as_int": LEAST}, "chunks"),
]


@pytest.mark.parametrize(
    ("program", "target", "argument", "value", "said"), ARGUMENTS, ids=[f"{a[1]}-{a[2]}-{i}" for i, a in enumerate(ARGUMENTS)]
)
def test_argument(
    program: tuple[str, str], target: str, argument: str, value: Any, said: str, tmp_path: Path
) -> None:
    path = changed(*program, lambda model: give(node_of(model, target), argument, value), tmp_path / "changed.pt2")
    result = run("export", path, tmp_path / "out.onnx", "--opset-version", 17, "-q").expect_error(4)
    assert said in result.message and target in result.message
    assert not (tmp_path / "out.onnx").exists()


def test_shift(tmp_path: Path) -> None:
    """The one number that has no opposite."""
    path = changed(
        "shape_dynamic",
        "default",
        lambda model: give(node_of(model, "aten.roll.default"), "shifts", ints(LEAST)),
        tmp_path / "changed.pt2",
    )
    run("export", path, tmp_path / "out.onnx", "-q").expect_success()


def test_size(tmp_path: Path) -> None:
    def change(model: Any) -> None:
        sizes = graph_of(model)["tensor_values"]["inputs_0"]["sizes"]
        sizes[0] = {"as_int": 2**48 + 1}

    path = changed("shape_views", "default", change, tmp_path / "changed.pt2")
    result = run("export", path, tmp_path / "out.onnx", "-q").expect_error(3)
    assert "too large" in result.message


# ---- graphs that do not fit what they are given ----


def graphs(model: Any, target: str) -> list[Any]:
    given = (value["arg"].get("as_graph") for value in node_of(model, target)["inputs"])
    return [one["graph"] for one in given if one]


def refused(change: Callable[[Any], None], tmp_path: Path) -> str:
    path = changed("control", "default", change, tmp_path / "changed.pt2")
    result = run("export", path, tmp_path / "out.onnx", "-q").expect_error(4)
    assert not (tmp_path / "out.onnx").exists()
    return result.message


def test_loop_that_takes_less(tmp_path: Path) -> None:
    def change(model: Any) -> None:
        """The test gets one tensor more, the body does not."""
        node = node_of(model, "higher_order.while_loop")
        carried = next(value["arg"]["as_tensors"] for value in node["inputs"] if "as_tensors" in value["arg"])
        node["inputs"][3]["arg"] = {"as_tensors": [*node["inputs"][3]["arg"].get("as_tensors", []), carried[0]]}
        graphs(model, "higher_order.while_loop")[0]["inputs"].append({"as_tensor": {"name": "more"}})

    assert "while_loop" in refused(change, tmp_path)


def test_branch_that_returns_less(tmp_path: Path) -> None:
    def change(model: Any) -> None:
        graphs(model, "higher_order.cond")[1]["outputs"].clear()

    assert "a branch returns 0 values" in refused(change, tmp_path)


def test_number_for_a_list(tmp_path: Path) -> None:
    """What is walked or carried is a list; a number in its place is not one of one element."""

    def change(model: Any) -> None:
        node = node_of(model, "higher_order.scan")
        lists = [value for value in node["inputs"] if "as_tensors" in value["arg"]]
        lists[0]["arg"] = {"as_int": 1}

    assert "scan" in refused(change, tmp_path)
