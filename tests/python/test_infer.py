"""Types that are inferred: compared with onnx.shape_inference, and where that says nothing with what must be."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import onnx
import onnx.parser
import pytest

from tools import type_compare
from tools.program import PROGRAM

ROOT = Path(__file__).resolve().parents[2]
DUMP_TYPES = Path(os.environ.get("MODELEXPORT_DUMP_TYPES", Path(PROGRAM).resolve().parent / "tests/tools/dump_types"))
FLOAT, INT64, BOOL = 1, 7, 9

pytestmark = pytest.mark.skipif(not DUMP_TYPES.exists(), reason="dump_types was not built")


@pytest.fixture(scope="module")
def backend_models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("backend") / "models"
    script = ROOT / "tests/corpus/backend_models.py"
    subprocess.run([sys.executable, script, folder], check=True, stdout=subprocess.DEVNULL)
    return sorted(folder.glob("*/model.onnx"))


def expect_as_onnx(counts: type_compare.Counts, least_ranks: float, least_dims: float) -> None:
    print(counts.text())
    assert not counts.wrong, "\n".join(counts.wrong[:20])
    assert counts.elements > 0 and counts.missing_elements == 0, "\n".join(counts.missing[:20])
    assert counts.missing_ranks <= (1 - least_ranks) * counts.ranks, "\n".join(counts.missing[:20])
    assert counts.missing_dims <= (1 - least_dims) * counts.dims, "\n".join(counts.missing[:20])


@pytest.mark.parametrize("inputs", ["sizes", "symbols", "ranks"])
@pytest.mark.parametrize("bare", [False, True], ids=["declared", "bare"])
def test_samples(bare: bool, inputs: str) -> None:
    models = sorted((ROOT / "samples").glob("*.onnx"))
    counts = type_compare.compare_models(DUMP_TYPES, models, type_compare.Stripping(bare, inputs))
    assert counts.models == len(models)
    expect_as_onnx(counts, 1, 1)


@pytest.mark.parametrize("inputs", ["sizes", "symbols", "ranks"])
def test_backend_models(backend_models: list[Path], inputs: str) -> None:
    counts = type_compare.compare_models(DUMP_TYPES, backend_models, type_compare.Stripping(True, inputs))
    assert counts.models == len(backend_models)
    expect_as_onnx(counts, 0.999, 0.995)


# ---- models that have what the samples lack ----

def infer(tmp_path: Path, text: str) -> dict[tuple[str, str], list | None]:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx.parser.parse_model(text).SerializeToString())
    [(error, types)] = type_compare.dumped(DUMP_TYPES, [path])
    assert error is None
    return types


FUNCTIONS = """
<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
agraph (float[N, 4] x, float[N, 4] y, int64[7] z) => (a, b, c, d)
{
   a = local.twice (x)
   b = local.twice (y)
   c = local.twice (z)
   d = local.cast <to = 9> (z)
}
<domain: "local", opset_import: ["" : 17, "local" : 1]>
twice (v) => (w)
{
   one = Constant <value_ints = [0]> ()
   u = local.inner (v)
   w = Unsqueeze (u, one)
}
<domain: "local", opset_import: ["" : 17]>
inner (v) => (w)
{
   w = Add (v, v)
}
<domain: "local", opset_import: ["" : 17]>
cast <to> (v) => (w)
{
   w = Cast <to: int = @to> (v)
}
"""


def test_functions_follow_each_call(tmp_path: Path) -> None:
    types = infer(tmp_path, FUNCTIONS)
    assert types["", "a"] == types["", "b"] == ["tensor", FLOAT, [1, "N", 4]]
    assert types["", "c"] == ["tensor", INT64, [1, 7]]
    assert types["", "d"] == ["tensor", BOOL, [7]]


def test_inside_a_function_is_what_the_calls_agree_on(tmp_path: Path) -> None:
    types = infer(tmp_path, FUNCTIONS)
    assert types["function twice", "one"] == ["tensor", INT64, [1]]
    assert types["function twice", "w"] is None
    assert types["function cast", "w"] == ["tensor", BOOL, [7]]
    one_kind = infer(tmp_path, FUNCTIONS.replace("c = local.twice (z)", "c = local.twice (x)"))
    assert one_kind["function inner", "w"] == ["tensor", FLOAT, ["N", 4]]


def test_functions_that_call_each_other_end(tmp_path: Path) -> None:
    text = FUNCTIONS.replace("w = Add (v, v)", "w = local.twice (v)")
    assert infer(tmp_path, text)["", "d"] == ["tensor", BOOL, [7]]


def test_functions_that_nobody_calls(tmp_path: Path) -> None:
    calls = FUNCTIONS.index("   a = local.twice"), FUNCTIONS.index("}")
    text = FUNCTIONS[:calls[0]] + "   a = Neg (x)\n   b = Neg (y)\n   c = Neg (z)\n   d = Neg (z)\n" + FUNCTIONS[calls[1]:]
    for order in (text, text.replace("inner", "later").replace("twice", "inner").replace("later", "twice")):
        types = infer(tmp_path, order)
        assert types["", "a"] == ["tensor", FLOAT, ["N", 4]]
        assert types["function cast", "w"] is None


def test_chain_of_calls_beyond_the_depth(tmp_path: Path) -> None:
    levels = 200
    functions = [f"""
<domain: "local", opset_import: ["" : 17, "local" : 1]>
f{i} (v) => (w)
{{
   w = local.f{i + 1} (v)
}}""" for i in range(levels)]
    functions.append(f"""
<domain: "local", opset_import: ["" : 17]>
f{levels} (v) => (w)
{{
   w = Neg (v)
}}""")
    text = ('<ir_version: 8, opset_import: ["" : 17, "local" : 1]>\nagraph (float[N] x, double[4] y) => (a, b)\n'
            "{\n a = local.f100 (x)\n b = local.f0 (y)\n}" + "".join(functions))
    types = infer(tmp_path, text)
    assert types["", "a"] == ["tensor", FLOAT, ["N"]]
    assert types["", "b"] is None  # never what f100 found for x
    assert types["function f150", "w"] is None


def test_calls_that_double_at_each_level_are_linear(tmp_path: Path) -> None:
    levels = 40
    functions = [f"""
<domain: "local", opset_import: ["" : 17, "local" : 1]>
f{i} (v) => (w)
{{
   zero = Constant <value_ints = [0]> ()
   u = Unsqueeze (v, zero)
   a = local.f{i + 1} (v)
   w = local.f{i + 1} (u)
}}""" for i in range(levels)]
    functions.append(f"""
<domain: "local", opset_import: ["" : 17]>
f{levels} (v) => (w)
{{
   w = Neg (v)
}}""")
    text = ('<ir_version: 8, opset_import: ["" : 17, "local" : 1]>\nagraph (float[N] x) => (y)\n'
            "{\n y = local.f0 (x)\n}" + "".join(functions))
    types = infer(tmp_path, text)  # 2^40 calls if each were followed
    assert types["", "x"] == ["tensor", FLOAT, ["N"]]


LOOP = """
<ir_version: 8, opset_import: ["" : 17]>
agraph (int64 trips, bool go, float[N, 4] x, float[K] k) => (last, grown, all)
{
   last, grown, all = Loop (trips, go, x, k) <body = step (i, on, state, list) => (on_out, next, longer, row)
   {
      on_out = Identity (on)
      next = Relu (state)
      longer = Concat <axis = 0> (list, list)
      row = ReduceSum <keepdims = 0> (state)
   }>
}
"""


def test_loop_keeps_shapes_that_do_not_change(tmp_path: Path) -> None:
    types = infer(tmp_path, LOOP)
    assert types["", "last"] == ["tensor", FLOAT, ["N", 4]]
    assert types["", "grown"] == ["tensor", FLOAT, [None]]
    assert types["", "all"] == ["tensor", FLOAT, [None]]
    assert types["/0.body", "next"] == ["tensor", FLOAT, ["N", 4]]
    assert types["/0.body", "i"] == ["tensor", INT64, []]
    assert types["/0.body", "on"][1] == BOOL


def test_loop_drops_ranks_that_change(tmp_path: Path) -> None:
    text = LOOP.replace("next = Relu (state)", "axis = Constant <value_ints = [0]> ()\n next = Unsqueeze (state, axis)")
    types = infer(tmp_path, text)
    assert types["", "last"] == ["tensor", FLOAT, None]
    assert types["/0.body", "state"] == ["tensor", FLOAT, None]


def test_what_is_declared_wins(tmp_path: Path) -> None:
    text = """
<ir_version: 8, opset_import: ["" : 17]>
agraph (float[N] x) => (double[7] wrong, float[5] y)
<float[6] b>
{
   wrong = Neg (x)
   b = Neg (x)
   y = Identity (b)
}
"""
    types = infer(tmp_path, text)
    assert types["", "wrong"] == ["tensor", 11, [7]]
    assert types["", "b"] == ["tensor", FLOAT, [6]]
    assert types["", "y"] == ["tensor", FLOAT, [5]]


def test_table_is_up_to_date(tmp_path: Path) -> None:
    made = tmp_path / "table.inc"
    subprocess.run([sys.executable, ROOT / "tools/make_infer_table.py", made], check=True)
    assert made.read_bytes() == (ROOT / "converter/infer_table.inc").read_bytes()
