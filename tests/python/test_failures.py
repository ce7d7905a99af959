"""The machine fails: no memory, a full disk, a kill in mid-write. Old outputs stay whole, and nothing else is left.

tests/tools/fail_shim.c makes the n-th allocation or output call fail; each test goes through all of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import Exported
from tools import small_model
from tools.editor import NetworkxEditor
from tools.program import PROGRAM, Result, export, has_sanitizer, import_, run

SHIM = Path(PROGRAM).parent / "tests" / "tools" / "fail_shim.so"
VALGRIND_EVERY = 25
# It must take the place of the C library's functions, and not of the shim's.
VALGRIND = [
    "valgrind",
    "-q",
    "--error-exitcode=99",
    "--leak-check=full",
    "--errors-for-leak-kinds=definite,indirect",
    "--soname-synonyms=somalloc=nouserintercepts",
    "--trace-children=yes",
]
KILLED = -9
# Where a program may go on without memory: libxml2 without its tables of encodings, its locks, and a look at the form
# of a namespace's name, the C library without a buffer for its output.
HARMLESS = ("xmlInitParser", "xmlIsMainThread", "xmlParseURI", "_IO_doallocbuf")


pytestmark = pytest.mark.skipif(not SHIM.exists() or has_sanitizer(), reason="needs fail_shim.so, and no sanitizer")


class Job:
    """A command in a folder of its own, which may hold older outputs."""

    def __init__(self, name: str, inputs: dict[str, bytes], outputs: list[str], arguments: list[str]) -> None:
        self.name, self.inputs, self.outputs, self.arguments = name, inputs, outputs, arguments

    def prepare(self, folder: Path, old: dict[str, bytes]) -> None:
        folder.mkdir()
        for name, data in {**self.inputs, **old}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)

    def run(self, folder: Path, **settings: object) -> Result:
        environment = {"LD_PRELOAD": str(SHIM), **{name: str(value) for name, value in settings.items()}}
        return run(*[argument.replace("@", str(folder)) for argument in self.arguments], environment=environment)

    def counts(self, folder: Path) -> tuple[int, int]:
        """How many allocations and output calls there are, and a check that all is well without failures."""
        report = folder / "report"
        assert self.run(folder, FAIL_REPORT=report).code == 0
        allocations, outputs = map(int, report.read_text().split())
        report.unlink()
        return allocations, outputs

    def results(self, folder: Path) -> dict[str, bytes]:
        """The outputs that are there."""
        return {name: (folder / name).read_bytes() for name in self.outputs if (folder / name).exists()}

    def others(self, folder: Path) -> list[str]:
        """Files that are neither inputs nor outputs."""
        files = [str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()]
        return sorted(set(files) - set(self.inputs) - set(self.outputs))


def edited(graphml: bytes) -> bytes:
    """A value that is taken elsewhere, an attribute, a group, a label, a new operator."""
    for old, new in {
        b'"alpha": 0.25': b'"alpha": 0.5',
        b">layer.0</data>": b">layer.7</data>",
        b">LeakyRelu</y:NodeLabel>": b">Relu</y:NodeLabel>",
        b"</graph>\n</node>\n<edge": b'<node id="new"><data key="n0">Abs</data></node></graph>\n</node>\n<edge',
    }.items():
        assert old in graphml, old
        graphml = graphml.replace(old, new)
    return graphml.replace(b"</graph>\n<data", b'<edge source="n1" target="new"/></graph>\n<data')


def edited_much(graphml: Path) -> bytes:
    """Of all that a report tells by the source model."""
    editor = NetworkxEditor(graphml)
    editor.bypass("/encoder/layer.0/Add")
    end = editor.node("end")
    for key, text in {"doc_string": "long " * 200, "metadata": '{"why": "so"}', "op_type": "Elu"}.items():
        editor.set(end, key, text)
    editor.attributes("end", alpha=1, more=[1.5])
    editor.set(editor.model(), "opset_imports", '[["", 22], ["local", 1]]')
    editor.set(editor.node("x"), "value_type", '{"elem": "FLOAT", "shape": [2, 4]}')
    editor.save(graphml.with_name("much.graphml"))
    return graphml.with_name("much.graphml").read_bytes()


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    files = Exported(tmp_path_factory.mktemp("job"), small_model.make())
    model, graphml, sidecar = (path.read_bytes() for path in (files.model, files.graphml, files.sidecar))
    embedded = files.graphml.with_name("embedded.graphml")
    export(files.model, embedded, "--strategy", "embedded").expect_success()
    external = files.model.with_name("external")
    external.mkdir()
    tensor = small_model.external_tensor("w", 16, "data/w.bin")
    (external / "data").mkdir()
    (external / "data" / "w.bin").write_bytes(bytes(range(64)))
    (external / "model.onnx").write_bytes(small_model.make_external(tensor))
    export(external / "model.onnx", external / "model.graphml").expect_success()
    pair = {"in.graphml": graphml, "model.onnxdata": sidecar}
    return {
        job.name: job
        for job in [
            Job(
                "export",
                {"in.onnx": model},
                ["out.graphml", "out.onnxdata"],
                ["export-graphml", "@/in.onnx", "-o", "@/out.graphml"],
            ),
            Job(
                "export embedded",
                {"in.onnx": model},
                ["out.graphml"],
                ["export-graphml", "@/in.onnx", "-o", "@/out.graphml", "--strategy", "embedded",
                 "--collapse-depth", "auto"],
            ),
            Job("picture", {"in.onnx": model}, ["out.svg"], ["render", "@/in.onnx", "@/out.svg", "--depth", "all"]),
            Job("page", {"in.onnx": model}, ["out.html"], ["render", "@/in.onnx", "@/out.html"]),
            Job("import", pair, ["out.onnx"], ["import-onnx", "@/in.graphml", "@/out.onnx"]),
            Job(
                "import edited",
                {"in.graphml": edited(graphml), "model.onnxdata": sidecar},
                ["out.onnx", "report.json"],
                ["import-onnx", "-q", "@/in.graphml", "@/out.onnx", "--report", "@/report.json"],
            ),
            Job(
                "import told",
                {"in.graphml": edited_much(files.graphml), "model.onnxdata": sidecar, "model.onnx": model},
                ["out.onnx", "report.json"],
                ["import-onnx", "-q", "@/in.graphml", "@/out.onnx", "--report", "@/report.json"],
            ),
            Job("import validated", pair, ["out.onnx"], ["import-onnx", "--validate", "@/in.graphml", "@/out.onnx"]),
            Job(
                "import external",
                {
                    "in.graphml": (external / "model.graphml").read_bytes(),
                    "model.onnxdata": (external / "model.onnxdata").read_bytes(),
                },
                ["out.onnx", "data/w.bin"],
                ["import-onnx", "@/in.graphml", "@/out.onnx"],
            ),
        ]
    }


NAMES = [
    "export", "export embedded", "import", "import edited", "import told", "import validated", "import external", "picture",
    "page",
]


def each(numbers: Iterator[int] | range, test: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(test, numbers):
            pass


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    """A folder that is fast to write to."""
    folder = tmp_path / "work"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def good_results(job: Job, work: Path) -> tuple[dict[str, bytes], int, int]:
    job.prepare(work / "good", {})
    allocations, outputs = job.counts(work / "good")
    results = job.results(work / "good")
    assert set(results) == set(job.outputs) and allocations > 50 and outputs > 0
    return results, allocations, outputs


def old_results(job: Job, good: dict[str, bytes]) -> dict[str, bytes]:
    """What an earlier run could have left. External data files would be in the way if they were others."""
    return {name: b"an older output" for name in good if not name.startswith("data/")}


# ---- memory ----


def no_memory(job: Job, n: int, folder: Path, good: dict[str, bytes]) -> None:
    """Let the n-th allocation fail."""
    job.prepare(folder, {})
    result = job.run(folder, FAIL_ALLOCATION=n)
    found, others = job.results(folder), job.others(folder)
    assert others == [], f"there is {others}"
    if result.code == 0:
        assert result.expect_success() and found == good, "the result is another one"
        shutil.rmtree(folder)
        job.prepare(folder, {})
        trace = job.run(folder, FAIL_ALLOCATION=n, FAIL_TRACE=1).message
        assert any(name in trace for name in HARMLESS), f"nobody missed it: {trace}"
    else:
        result.expect_error(3)
        assert "memory" in result.message, f"not the out-of-memory error: {result.message}"
        assert found == {}, "there is an output"


@pytest.mark.parametrize("name", NAMES)
def test_each_allocation_in_turn(name: str, jobs: dict[str, Job], work: Path) -> None:
    job = jobs[name]
    good, allocations, _ = good_results(job, work)
    failures = []

    def fail(n: int) -> None:
        try:
            no_memory(job, n, work / str(n), good)
        except AssertionError as error:
            failures.append(f"allocation {n}: {error}")
        shutil.rmtree(work / str(n))

    each(range(1, allocations + 1), fail)
    assert not failures, f"{len(failures)} of {allocations}:\n" + "\n".join(sorted(failures)[:20])


@pytest.mark.parametrize("name", ["export", "import", "import told", "page"])
def test_no_leak_where_an_allocation_failed(name: str, jobs: dict[str, Job], work: Path) -> None:
    """valgrind on a sample of them."""
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not there")
    job = jobs[name]
    _, allocations, _ = good_results(job, work)

    def fail(n: int) -> None:
        folder = work / str(n)
        job.prepare(folder, {})
        arguments = [argument.replace("@", str(folder)) for argument in job.arguments]
        shim = ["env", f"LD_PRELOAD={SHIM}", f"FAIL_ALLOCATION={n}"]
        done = subprocess.run([*VALGRIND, *shim, PROGRAM, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 3), f"allocation {n}: {done.stderr[-3000:]}"
        shutil.rmtree(folder)

    each(range(VALGRIND_EVERY, allocations + 1, VALGRIND_EVERY), fail)


# ---- output ----

# The file that is in place when the last one cannot be put there.
LAST_BUT_ONE = {"export": "out.onnxdata", "import edited": "out.onnx", "import told": "out.onnx"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("older", [False, True], ids=["first time", "over older files"])
def test_a_full_disk_at_each_call(name: str, older: bool, jobs: dict[str, Job], work: Path) -> None:
    job = jobs[name]
    good, _, _ = good_results(job, work)
    old = old_results(job, good) if older else {}
    job.prepare(work / "count", old)
    _, outputs = job.counts(work / "count")

    def fail(n: int) -> None:
        folder = work / str(n)
        job.prepare(folder, old)
        job.run(folder, FAIL_OUTPUT=n).expect_error(5)
        found = job.results(folder)
        assert job.others(folder) == []
        mixed = name in LAST_BUT_ONE and n == outputs
        if mixed and found != old:
            assert found == {**old, LAST_BUT_ONE[name]: good[LAST_BUT_ONE[name]]}
        else:
            assert found == old
        shutil.rmtree(folder)

    each(range(1, outputs + 1), fail)


@pytest.mark.parametrize("name", NAMES)
def test_a_short_write_at_each_call(name: str, jobs: dict[str, Job], work: Path) -> None:
    job = jobs[name]
    good, _, outputs = good_results(job, work)

    def fail(n: int) -> None:
        folder = work / str(n)
        job.prepare(folder, {})
        job.run(folder, FAIL_OUTPUT=n, FAIL_HOW="short").expect_success()
        assert job.results(folder) == good and job.others(folder) == []
        shutil.rmtree(folder)

    each(range(1, outputs + 2), fail)


def is_temporary(name: str) -> bool:
    base = os.path.basename(name)
    return base.startswith(".") and ".tmp" in base


@pytest.mark.parametrize("name", NAMES)
def test_a_kill_at_each_call(name: str, jobs: dict[str, Job], work: Path) -> None:
    """Each output is the old one or the new one, whole; what else is left is hidden."""
    job = jobs[name]
    good, _, _ = good_results(job, work)
    old = old_results(job, good)
    job.prepare(work / "count", old)
    _, outputs = job.counts(work / "count")

    def fail(n: int) -> None:
        folder = work / str(n)
        job.prepare(folder, old)
        assert job.run(folder, FAIL_OUTPUT=n, FAIL_HOW="kill").code == KILLED
        for output, data in job.results(folder).items():
            assert data in (old.get(output), good[output]), f"call {n} left half of {output}"
        assert all(is_temporary(other) for other in job.others(folder)), job.others(folder)
        shutil.rmtree(folder)

    each(range(1, outputs + 1), fail)


def test_a_kill_never_makes_a_pair_that_is_taken_wrongly(jobs: dict[str, Job], work: Path) -> None:
    """Over an export of other weights: what can be imported then is the old model or the new one."""
    job = jobs["export"]
    good, _, _ = good_results(job, work)
    old_model = small_model.make(seed=2)
    (work / "old.onnx").write_bytes(old_model)
    export(work / "old.onnx", work / "out.graphml").expect_success()
    old = {name: (work / name).read_bytes() for name in job.outputs}
    job.prepare(work / "count", old)
    _, outputs = job.counts(work / "count")
    models = []
    for n in range(1, outputs + 1):
        folder = work / str(n)
        job.prepare(folder, old)
        assert job.run(folder, FAIL_OUTPUT=n, FAIL_HOW="kill").code == KILLED
        result = import_(folder / "out.graphml", folder / "back.onnx")
        if result.code == 0:
            models.append((folder / "back.onnx").read_bytes())
            assert models[-1] in (old_model, job.inputs["in.onnx"])
        else:  # the sidecar is the new one already: noticed by its checksum
            result.expect_error(3)
            assert job.results(folder) == {**old, "out.onnxdata": good["out.onnxdata"]}
    assert old_model in models


# ---- places that cannot be written to ----


def test_outputs_that_cannot_be_written(exported: Exported, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for output in (folder, tmp_path / "missing" / "out", Path("/dev/full"), Path("/proc/out"), tmp_path / ("x" * 300)):
        export(exported.model, output).expect_error(5)
        import_(exported.graphml, output).expect_error(5)
    assert os.listdir(tmp_path) == ["folder"] and os.listdir(folder) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(exported: Exported, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o500)
    export(exported.model, folder / "out.graphml").expect_error(5)
    import_(exported.graphml, folder / "out.onnx").expect_error(5)


def test_standard_output_that_is_full(exported: Exported, tmp_path: Path) -> None:
    result = export(exported.model, tmp_path / "out.graphml", stdout="/dev/full")
    assert result.code == 5 and result.stderr.startswith(b"modelexport: ") and result.stderr.count(b"\n") == 1


def test_an_output_that_is_an_input(exported: Exported, tmp_path: Path) -> None:
    """The weights are read while the output is written: never into the same file."""
    model = tmp_path / "model.onnx"
    model.write_bytes(exported.model.read_bytes())
    export(model, model).expect_error(5)
    assert model.read_bytes() == exported.model.read_bytes() and os.listdir(tmp_path) == ["model.onnx"]
    export(model, tmp_path / "out.graphml").expect_success()
    sidecar = (tmp_path / "out.onnxdata").read_bytes()
    import_(tmp_path / "out.graphml", tmp_path / "out.onnxdata").expect_error(5)
    assert (tmp_path / "out.onnxdata").read_bytes() == sidecar
