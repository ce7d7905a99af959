#!/usr/bin/env python3
"""Read GraphML with networkx and write it again, as a user of networkx would.

usage: networkx_resave.py IN OUT
       networkx_resave.py --batch LISTFILE

Prints the number of nodes that networkx read, one line a file.
"""
from __future__ import annotations

import sys
import warnings
from pathlib import Path

import networkx

sys.path.insert(0, str(Path(__file__).resolve().parent))

from batch import pairs_of, parser_for  # noqa: E402


def read(path: Path) -> networkx.Graph:
    with warnings.catch_warnings():
        # networkx announces, once a node, that it leaves ports out.
        warnings.simplefilter("ignore")
        return networkx.read_graphml(path)


def resave(source: Path, target: Path) -> int:
    """The number of nodes in the file."""
    graph = read(source)
    networkx.write_graphml(graph, target)
    return graph.number_of_nodes()


def main() -> None:
    parser = parser_for(__doc__)
    for source, target in pairs_of(parser, parser.parse_args()):
        print(resave(source, target))


if __name__ == "__main__":
    main()
