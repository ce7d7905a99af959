"""One model on its way to GraphML and back."""
from __future__ import annotations

import filecmp
import os
import shutil
import signal
import subprocess
import traceback
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import graphml_valid
import networkx_resave
import yed_resave
from model_compare import byte_difference, external_locations, model_difference

STRATEGIES = ("sidecar", "embedded", "reference")
RESAVES = ("none", "networkx", "yed")

GRAPHML = "x.graphml"
SIDECAR = "x.onnxdata"
FOLDED = b'yfiles.foldertype="folder"'
MESSAGE_LIMIT = 1500  # characters of a message that are reported


@dataclass(frozen=True)
class Model:
    """A model to be sent around; `exact`: the same bytes have to come back, else an equal message."""

    name: str
    path: Path
    exact: bool


@dataclass(frozen=True)
class Settings:
    binary: Path
    work: Path
    strategies: tuple[str, ...]
    resaves: tuple[str, ...]
    timeout: float
    valid: bool
    collapse_depth: str = ""


@dataclass
class Outcome:
    """Of one strategy and re-save of a model, or of the check of what was written."""

    name: str
    problem: str | None = None


@dataclass
class Trip:
    """A model that was exported, and what came of it."""

    graphml: Path
    outcomes: list[Outcome] = field(default_factory=list)
    nodes_seen: int | None = None


class Failure(Exception):
    """What went wrong, in words for the report."""


def run_models(models: list[Model], settings: Settings) -> list[Outcome]:
    """All trips of these models; one check by xmllint for all that they wrote."""
    outcomes: list[Outcome] = []
    written: dict[Path, tuple[str, int | None]] = {}
    for model in models:
        for strategy in settings.strategies:
            trip = run_trip(model, strategy, settings)
            outcomes += trip.outcomes
            if settings.valid and trip.graphml.exists():
                written[trip.graphml] = (f"{model.name} {strategy}", trip.nodes_seen)
    return outcomes + check_written(written)


def run_trip(model: Model, strategy: str, settings: Settings) -> Trip:
    """Export once, then re-save, import and compare in each way."""
    folder = settings.work / model.name / strategy
    folder.mkdir(parents=True)
    trip = Trip(folder / GRAPHML)
    label = f"{model.name} {strategy}"
    try:
        with time_limit(settings.timeout):
            source = source_for(model, strategy, folder)
            export(source, strategy, folder, settings)
    except Failure as failure:
        trip.outcomes = [Outcome(f"{label} {resave}", str(failure)) for resave in settings.resaves]
        return trip
    for resave in settings.resaves:
        outcome = Outcome(f"{label} {resave}")
        trip.outcomes.append(outcome)
        try:
            with time_limit(settings.timeout):
                graphml = resaved(trip, resave, label)
                import_and_compare(model, graphml, out_folder(strategy, folder), settings)
        except Failure as failure:
            outcome.problem = str(failure)
    return trip


def source_for(model: Model, strategy: str, folder: Path) -> Path:
    """The model to export. `reference` needs it below the folder of the GraphML: there, a copy."""
    if strategy != "reference":
        return model.path
    copy = folder / "source" / "model.onnx"
    copy.parent.mkdir()
    shutil.copyfile(model.path, copy)
    for location in external_locations(model.path.read_bytes()):
        target = beside(copy, location)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(beside(model.path, location), target)
    return copy


def out_folder(strategy: str, folder: Path) -> Path:
    """Where the result goes. With `reference` the source has to be in this folder or below it."""
    return folder if strategy == "reference" else folder / "out"


def beside(model: Path, location: bytes) -> bytes:
    return os.path.normpath(os.path.join(os.fsencode(model.parent), location))


def export(source: Path, strategy: str, folder: Path, settings: Settings) -> None:
    depth = ["--collapse-depth", settings.collapse_depth] if settings.collapse_depth else []
    run_binary(settings, "export-graphml", source, "-o", folder / GRAPHML, "--strategy", strategy, *depth)
    expected = {GRAPHML}
    if strategy == "sidecar":
        expected.add(SIDECAR)
    left_over = {path.name for path in folder.iterdir()} - {SIDECAR, "source"}
    missing = [name for name in sorted(expected) if not (folder / name).exists()]
    if missing:
        raise Failure(f"export-graphml did not write {', '.join(missing)}")
    if left_over - expected:
        raise Failure(f"export-graphml left behind {', '.join(sorted(left_over - expected))}")


def resaved(trip: Trip, resave: str, label: str) -> Path:
    """The GraphML after another program has read and written it."""
    target = trip.graphml.with_name(f"{resave}.graphml")
    try:
        if resave == "networkx":
            trip.nodes_seen = networkx_resave.resave(opened(trip.graphml), target)
        elif resave == "yed":
            yed_resave.resave(trip.graphml, target, seed=zlib.crc32(label.encode()))
        else:
            return trip.graphml
    except TimeoutError:
        raise
    except Exception as error:  # whatever a reader of GraphML may raise about a file it does not like
        raise Failure(f"{resave} cannot read and write it: {''.join(traceback.format_exception(error))}") from error
    return target


def opened(graphml: Path) -> Path:
    """The file as it is when all groups have been opened: networkx does not look into folded ones."""
    folded, target = graphml.read_bytes(), graphml.with_name("opened.graphml")
    if FOLDED not in folded:
        return graphml
    target.write_bytes(folded.replace(FOLDED, b'yfiles.foldertype="group"'))
    return target


def import_and_compare(model: Model, graphml: Path, out: Path, settings: Settings) -> None:
    out.mkdir(exist_ok=True)
    before = set(files_below(out))
    said = run_binary(settings, "import-onnx", graphml, out / "model.onnx")
    if not said.rstrip().endswith("no edits"):
        raise Failure(f"import-onnx takes an untouched file for an edited one: {shortened(said)}")
    written = set(files_below(out)) - before
    try:
        compare(model, out / "model.onnx", written)
    finally:
        # The next re-save of this model starts with an empty folder too.
        for path in written:
            os.unlink(path)


def files_below(folder: Path) -> Iterator[bytes]:
    for root, _, names in os.walk(os.fsencode(folder)):
        for name in names:
            yield os.path.join(root, name)


def compare(model: Model, result: Path, written: set[bytes]) -> None:
    """The model, each of its files, and nothing else has been written."""
    source = model.path.read_bytes()
    difference = byte_difference if model.exact else model_difference
    problem = difference(source, result.read_bytes())
    if problem:
        raise Failure(problem)
    for location in sorted(external_locations(source)):
        if not same_file(beside(model.path, location), beside(result, location)):
            raise Failure(f"external data file {location!r} is missing or not the same")
    for path in sorted(written - {os.fsencode(result)}):
        relative = os.path.relpath(path, os.fsencode(result.parent))
        if not same_file(beside(model.path, relative), path):
            raise Failure(f"import-onnx wrote {relative!r}, which is no file of the model")


def same_file(a: bytes, b: bytes) -> bool:
    return os.path.isfile(a) and os.path.isfile(b) and filecmp.cmp(a, b, shallow=False)


def check_written(written: dict[Path, tuple[str, int | None]]) -> list[Outcome]:
    """Is the GraphML valid, and does networkx read as many nodes as it has?"""
    outcomes = []
    problems = graphml_valid.check(list(written)) if written else {}
    for file, (label, nodes_seen) in written.items():
        found = list(problems.get(file, []))
        if nodes_seen is None:
            counted = graphml_valid.networkx_problem(file)
        else:
            counted = graphml_valid.count_problem(file, nodes_seen)
        if counted:
            found.append(counted)
        outcomes.append(Outcome(f"{label} valid", shortened("\n".join(found)) if found else None))
    return outcomes


def run_binary(settings: Settings, *arguments: str | Path) -> str:
    """`modelexport ARGUMENTS`, which has to succeed; what it says on stdout."""
    command = [str(settings.binary), *map(str, arguments)]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if result.returncode != 0:
        said = shortened(result.stderr.decode(errors="replace").strip())
        raise Failure(f"{arguments[0]}: exit {result.returncode}: {said}")
    return result.stdout.decode(errors="replace")


def shortened(text: str) -> str:
    """Begin and end of what may be pages long."""
    if len(text) <= MESSAGE_LIMIT:
        return text
    half = MESSAGE_LIMIT // 2
    return f"{text[:half]}\n[...]\n{text[-half:]}"


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Failure when the block takes longer; it ends children that are waited for, too."""
    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except TimeoutError:
        raise Failure(f"took longer than {seconds:g} seconds") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
