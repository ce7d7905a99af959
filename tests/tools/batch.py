"""The command line that the re-savers share: IN OUT, or a file of such pairs."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

Pair = tuple[Path, Path]


def parser_for(documentation: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?", type=Path, metavar="IN")
    parser.add_argument("target", nargs="?", type=Path, metavar="OUT")
    parser.add_argument("--batch", type=Path, metavar="LISTFILE", help="one IN<tab>OUT a line")
    return parser


def pairs_of(parser: argparse.ArgumentParser, given: argparse.Namespace) -> list[Pair]:
    if given.batch:
        return read_list(given.batch)
    if given.target is None:
        parser.error("IN and OUT, or --batch LISTFILE")
    return [(given.source, given.target)]


def read_list(listfile: Path) -> list[Pair]:
    pairs = []
    for number, line in enumerate(listfile.read_text().splitlines(), start=1):
        source, tab, target = line.partition("\t")
        if not tab:
            sys.exit(f"{listfile}:{number}: expected IN<tab>OUT")
        pairs.append((Path(source), Path(target)))
    return pairs
