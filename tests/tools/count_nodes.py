#!/usr/bin/env python3
"""Count the operators of our exports beside those of torch's own export.

    count_nodes.py PROGRAM FOLDER [NAME ...] [--input model.pt2] [--theirs model_dynamo.onnx] [--opset N] [--ops]

FOLDER holds a folder for each model with the program that torch saved and the ONNX file that torch made of it. Constant
nodes are not counted, those in bodies and local functions are; --ops shows which kinds of operators there are more of.
The exit code is 1 where ours has more than 1.1 times as many operators.
"""
import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile

import onnx


def graphs(graph):
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for body in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from graphs(body)


def count(path):
    model = onnx.load(path, load_external_data=False)
    nodes = [n for g in graphs(model.graph) for n in g.node] + [n for f in model.functions for n in f.node]
    calls = {(f.domain, f.name) for f in model.functions}
    kinds = (n.op_type for n in nodes if n.op_type != "Constant" and (n.domain, n.op_type) not in calls)
    return collections.Counter(kinds)


def export(program, source, opset, out):
    command = [program, "export", str(source), str(out), "--opset-version", str(opset)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr.strip().splitlines()[-1] if done.returncode else None


def difference(ours, theirs):
    more = {k: ours[k] - theirs[k] for k in sorted(ours | theirs) if ours[k] != theirs[k]}
    return " ".join(f"{k}{n:+d}" for k, n in more.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--input", default="model.pt2")
    parser.add_argument("--theirs", default="model_dynamo.onnx")
    parser.add_argument("--opset", type=int, default=18)
    parser.add_argument("--ops", action="store_true")
    args = parser.parse_intermixed_args()
    names = args.names or sorted(p.parent.name for p in args.folder.glob(f"*/{args.input}"))
    worse = 0
    with tempfile.TemporaryDirectory() as temporary:
        for name in names:
            out = pathlib.Path(temporary) / "out.onnx"
            error = export(args.program, args.folder / name / args.input, args.opset, out)
            if error:
                print(f"{name:28} {error}")
                continue
            ours, other = count(out), args.folder / name / args.theirs
            if not other.exists():
                print(f"{name:28} {ours.total():6} -")
                continue
            theirs = count(other)
            ratio = ours.total() / max(theirs.total(), 1)
            worse += ratio > 1.1
            print(f"{name:28} {ours.total():6} {theirs.total():6} {ratio:6.2f}{' *' if ratio > 1.1 else ''}")
            if args.ops:
                print("   ", difference(ours, theirs))
    return int(worse > 0)


if __name__ == "__main__":
    sys.exit(main())
