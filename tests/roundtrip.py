#!/usr/bin/env python3
"""Does every model come back from GraphML as it was?

Each model goes through `export-graphml`, perhaps a re-save by another program, and `import-onnx`;
its bytes and those of all its external data files are compared. A file called noncanonical.onnx
need only come back as an equal message.

Sets of models: `odd` and `backend` are generated into build/corpus when they are not there,
`samples` is the folder of that name, NAME=DIR is every .onnx file in DIR or below.
Exit 1 if something failed. The last line is "N passed, N failed".
"""
from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

TESTS = Path(__file__).resolve().parent
REPOSITORY = TESTS.parent
sys.path[:0] = [str(TESTS), str(TESTS / "tools")]

from roundtrip_case import RESAVES, STRATEGIES, Model, Outcome, Settings, run_models  # noqa: E402

CORPUS = REPOSITORY / "build" / "corpus"
GENERATORS = {"odd": "generate.py", "backend": "backend_models.py"}
WORKERS = 2
MODELS_PER_JOB = 20  # as many as share a call of xmllint
NONCANONICAL = "noncanonical.onnx"


# --- which models ------------------------------------------------------------------------------


def models_of(set_name: str) -> list[Model]:
    """The models of one set, in the order of their names."""
    label, _, given = set_name.partition("=")
    folder = Path(given).resolve() if given else folder_of(label)
    files = sorted(path for path in folder.rglob("*.onnx") if path.is_file())
    if not files:
        sys.exit(f"roundtrip.py: no .onnx files in {folder}")
    return [Model(f"{label}/{name_of(file, folder)}", file, file.name != NONCANONICAL) for file in files]


def folder_of(label: str) -> Path:
    if label == "samples":
        return REPOSITORY / "samples"
    if label not in GENERATORS:
        sys.exit(f"roundtrip.py: unknown set {label}: odd, backend, samples or NAME=DIR")
    folder = CORPUS / label
    if not folder.exists():
        generate(label, folder)
    return folder


def generate(label: str, folder: Path) -> None:
    """Under another name first, so that half a set is never taken for a whole one."""
    unfinished = folder.with_name(f"{label}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    subprocess.run([sys.executable, TESTS / "corpus" / GENERATORS[label], unfinished], check=True)
    unfinished.rename(folder)


def name_of(file: Path, folder: Path) -> str:
    """`a/b/model.onnx` is a/b, `a/b/other.onnx` is a/b/other."""
    relative = file.relative_to(folder)
    if relative.name in ("model.onnx", NONCANONICAL) and len(relative.parts) > 1:
        relative = relative.parent
    else:
        relative = relative.with_suffix("")
    return relative.as_posix()


def chosen_models(given: argparse.Namespace) -> list[Model]:
    chosen = []
    for set_name in given.set:
        models = [model for model in models_of(set_name) if given.only in model.name]
        if given.limit and given.limit < len(models):
            # Spread over the set: neighbours are much alike.
            models = [models[at * len(models) // given.limit] for at in range(given.limit)]
        chosen += models
    if not chosen:
        sys.exit(f"roundtrip.py: no model's name holds {given.only!r}")
    return chosen


# --- running -----------------------------------------------------------------------------------


def run_all(models: Sequence[Model], settings: Settings, keep: bool) -> Iterator[list[Outcome]]:
    """The outcomes of each job, as jobs end."""
    jobs = [list(models[at : at + MODELS_PER_JOB]) for at in range(0, len(models), MODELS_PER_JOB)]
    with ProcessPoolExecutor(WORKERS) as pool:
        futures = {pool.submit(run_job, job, settings, keep): job for job in jobs}
        for future in as_completed(futures):
            yield future.result()


def run_job(models: list[Model], settings: Settings, keep: bool) -> list[Outcome]:
    try:
        return run_models(models, settings)
    finally:
        if not keep:
            for model in models:
                shutil.rmtree(settings.work / model.name, ignore_errors=True)


class Report:
    """Counts outcomes and prints failures while the tests run."""

    def __init__(self, details: int) -> None:
        self.passed = 0
        self.failed: list[Outcome] = []
        self.details = details
        self.started = time.monotonic()

    def add(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.problem is None:
                self.passed += 1
                continue
            self.failed.append(outcome)
            if len(self.failed) <= self.details:
                print(f"FAILED {outcome.name}\n    " + outcome.problem.replace("\n", "\n    "), flush=True)
        if sys.stderr.isatty():
            print(f"\r{self.passed} passed, {len(self.failed)} failed ", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        if sys.stderr.isatty():
            print(file=sys.stderr)
        if len(self.failed) > self.details:
            print(f"{len(self.failed) - self.details} more failures are not shown; all by set, strategy and re-save:")
            kinds = Counter(kind_of(outcome.name) for outcome in self.failed)
            for kind, count in kinds.most_common():
                print(f"    {count:6} {kind}")
        print(f"{time.monotonic() - self.started:.0f} seconds")
        print(f"{self.passed} passed, {len(self.failed)} failed")


def kind_of(name: str) -> str:
    """`odd/empty_file sidecar yed` -> `odd sidecar yed`."""
    model, strategy, resave = name.rsplit(" ", 2)
    return f"{model.split('/')[0]} {strategy} {resave}"


# --- command line ------------------------------------------------------------------------------


def one_or_more_of(choices: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """An argparse type: a comma list of `choices`."""
    def parse(text: str) -> tuple[str, ...]:
        chosen = tuple(text.split(","))
        for choice in chosen:
            if choice not in choices:
                raise argparse.ArgumentTypeError(f"{choice!r} is none of {', '.join(choices)}")
        return chosen

    return parse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", metavar="SET", help="odd, backend, samples or NAME=DIR; may repeat"
                        " (default: the first three)")
    parser.add_argument("--strategy", type=one_or_more_of(STRATEGIES), default=STRATEGIES, metavar="A,B,..",
                        help="of " + ", ".join(STRATEGIES) + " (default: all)")
    parser.add_argument("--resave", type=one_or_more_of(RESAVES), default=RESAVES, metavar="A,B,..",
                        help="of " + ", ".join(RESAVES) + " (default: all)")
    parser.add_argument("--collapse-depth", default="", metavar="N|auto", help="as for export-graphml; networkx, which does"
                        " not look into folded groups, gets the file with all of them opened")
    parser.add_argument("--valid", action="store_true", help="also check the GraphML against its schemas, and"
                        " networkx's count of its nodes")
    parser.add_argument("--only", default="", metavar="TEXT", help="models whose name holds TEXT")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="N models of each set")
    parser.add_argument("--timeout", type=float, default=20, metavar="SECONDS", help="for each trip (default: 20)")
    parser.add_argument("--details", type=int, default=100, metavar="N", help="failures shown in full (default: 100)")
    parser.add_argument("--keep", action="store_true", help="keep all files, and say where")
    parser.add_argument("--binary", type=Path, metavar="PATH", help="default: $MODELEXPORT, else build/modelexport",
                        default=os.environ.get("MODELEXPORT") or REPOSITORY / "build" / "modelexport")
    given = parser.parse_args()
    given.set = given.set or ["odd", "backend", "samples"]
    given.binary = Path(given.binary).resolve()
    if not os.access(given.binary, os.X_OK):
        parser.error(f"no program {given.binary}")
    return given


def main() -> None:
    given = parse_arguments()
    models = chosen_models(given)
    print(f"{len(models)} models, {', '.join(given.strategy)}; re-saved by: {', '.join(given.resave)}", flush=True)
    work = Path(tempfile.mkdtemp(prefix="roundtrip-"))
    settings = Settings(given.binary, work, given.strategy, given.resave, given.timeout, given.valid, given.collapse_depth)
    report = Report(given.details)
    try:
        for outcomes in run_all(models, settings, given.keep):
            report.add(outcomes)
    finally:
        if given.keep:
            print(f"files kept in {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    report.close()
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
