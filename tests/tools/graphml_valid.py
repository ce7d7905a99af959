#!/usr/bin/env python3
"""Is GraphML valid?

usage: graphml_valid.py [--networkx] FILE...

Checks against the profile in schemas/graphml-profile.rng, and against the published GraphML 1.1 schema
with yEd's extensions where $MX_GRAPHML_SCHEMAS names a folder with it (graphml-yed.xsd and catalog.xml). With --networkx also counts the nodes and compares with what
networkx reads. Exit 1 if a file is not valid.
"""
from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from xml.parsers import expat

sys.path.insert(0, str(Path(__file__).resolve().parent))

import networkx_resave  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]
PROFILE = REPOSITORY / "schemas" / "graphml-profile.rng"

# libxml2 counts the id of a nested node once for each graph around it, and so takes every edge to
# such a node for ambiguous. The files are valid; edges to nowhere are still found.
FALSE_ALARM = "More than one match found for key-sequence"
VERDICT = re.compile(r"^(.*) (validates|fails to validate)$")
LOCATED = re.compile(r"^(.*?):\d+: ")

FILES_PER_CALL = 100

Problems = dict[Path, list[str]]


def schema_folder() -> Path | None:
    """Where the published schema is; None if nowhere."""
    given = os.environ.get("MX_GRAPHML_SCHEMAS")
    if not given:
        return None
    folder = Path(given)
    if not (folder / "graphml-yed.xsd").exists():
        sys.exit(f"graphml_valid.py: MX_GRAPHML_SCHEMAS: no graphml-yed.xsd in {folder}")
    return folder


def check(files: Sequence[Path]) -> Problems:
    """What is wrong with each of the files that are not valid."""
    problems: Problems = defaultdict(list)
    folder = schema_folder()
    for start in range(0, len(files), FILES_PER_CALL):
        part = files[start : start + FILES_PER_CALL]
        if folder is not None:
            _xmllint(part, ["--schema", str(folder / "graphml-yed.xsd")], folder / "catalog.xml", problems)
        _xmllint(part, ["--relaxng", str(PROFILE)], None, problems)
    return problems


def _xmllint(files: Sequence[Path], schema: list[str], catalog: Path | None, problems: Problems) -> None:
    environment = os.environ | ({"XML_CATALOG_FILES": str(catalog)} if catalog else {})
    command = ["xmllint", "--nonet", "--huge", "--noout", *schema, *map(str, files)]
    result = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", env=environment, check=False)
    judged = _sort_messages(result.stderr, {str(file): file for file in files}, problems)
    for file in files:
        # A file about which xmllint says nothing is one that it did not come to.
        if file not in judged and file not in problems:
            problems[file].append(f"xmllint gave no verdict (exit {result.returncode}): {result.stderr[-300:]}")


def _sort_messages(output: str, by_name: dict[str, Path], problems: Problems) -> set[Path]:
    """Give each message to its file; the files that have a verdict."""
    judged = set()
    for line in output.splitlines():
        verdict = VERDICT.match(line)
        if verdict and verdict[1] in by_name:
            judged.add(by_name[verdict[1]])
            continue
        located = LOCATED.match(line)
        if located and located[1] in by_name and FALSE_ALARM not in line:
            problems[by_name[located[1]]].append(line)
    return judged


def count_nodes(file: Path) -> int:
    """<node> elements at all levels."""
    count = 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal count
        count += name == "node"

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    with file.open("rb") as stream:
        parser.ParseFile(stream)
    return count


def count_problem(file: Path, seen: int) -> str | None:
    """What is wrong if networkx reads `seen` nodes."""
    there = count_nodes(file)
    return None if seen == there else f"networkx reads {seen} of {there} nodes"


def networkx_problem(file: Path) -> str | None:
    try:
        return count_problem(file, networkx_resave.read(file).number_of_nodes())
    except Exception as error:  # networkx lets through what its code happens to raise
        return f"networkx cannot read it: {error!r}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--networkx", action="store_true", help="networkx reads as many nodes as the file has")
    given = parser.parse_args()
    problems = check(given.files)
    if given.networkx:
        for file in given.files:
            problem = networkx_problem(file)
            if problem:
                problems[file].append(problem)
    for file, messages in problems.items():
        print(f"{file}: invalid", *messages, sep="\n    ")
    against = ["the profile"]
    against += ["GraphML 1.1"] if schema_folder() else []
    print(f"{len(given.files) - len(problems)} valid, {len(problems)} invalid"
          f" (checked against {' and '.join(against) or 'no schema: none was found'})")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
