"""How many tags are right: exports models whose module tree is known, and compares every tag with the truth.

A fixture is a folder with model_*.onnx and modules.json (see metadata_from_modules.py). The truth of an operator is what its
exporter wrote: torch's module stack, or the scope in its name. It is worked out here by rules of our own.

    measure_tags.py FOLDER ... [--torch-module T] [--without-names | --without-metadata] [--shuffle SEEDS] [--wrong]
                               [--markdown FILE]

--without-names   files of the tracing exporter; names of nodes are taken away, values and parameters keep theirs
--without-metadata   files with torch's module stack; all metadata is taken away, and names of nodes
--markdown FILE   the table once more, for reading
--shuffle N       N more exports with the nodes in another topological order: no tag may change
--wrong           list what is wrong
"""
from __future__ import annotations

import argparse
import ast
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.metadata_from_modules import metadata  # noqa: E402
from tools.program import run  # noqa: E402

Modules = dict[str, dict[str, Any]]


# ---- the truth ----

def own_step(module: dict[str, Any], torch_module: str) -> str:
    listed = torch_module == "all" or module["class"] in torch_module.split(",")
    if module["name"] and module["is_torch_nn"] and not listed:
        return ""
    last = module["name"].rpartition(".")[2]
    return "/" + module["class"] + (f".{last}" if last.isdigit() else "")


def tags_of(modules: Modules, torch_module: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for name, module in modules.items():
        around = tags[name.rpartition(".")[0]] if name else ""
        tags[name] = around + own_step(module, torch_module)
    return tags


def traced_step(name: str) -> str:
    """The last part of a dotted name that is no number, with the numbers behind it."""
    parts = name.split(".")
    at = len(parts) - 1
    while at and parts[at].isdigit():
        at -= 1
    return ".".join(parts[at:])


def traced_paths(modules: Modules) -> dict[str, str]:
    """Path in a traced name -> module: the steps of all modules around it that are called."""
    paths: dict[str, str] = {}
    for name, module in modules.items():
        parts = name.split(".") if name else []
        around = [".".join(parts[:i]) for i in range(1, len(parts) + 1)]
        steps = [traced_step(n) for n in around if modules[n]["calls"] or n == name]
        if module["calls"] or not name:
            paths.setdefault("/".join(steps), name)
    return paths


def without_count(step: str) -> str:
    head, _, tail = step.rpartition("_")
    return head if head and tail.isdigit() else step


def traced_module(node_name: str, paths: dict[str, str]) -> str | None:
    if not node_name.startswith("/"):
        return None
    taken: list[str] = []
    for step in node_name.split("/")[1:-1]:
        while "/".join([*taken, step]) not in paths and without_count(step) != step:
            step = without_count(step)
        taken.append(step)
    return paths.get("/".join(taken))


def stacked_module(node: onnx.NodeProto, modules: Modules) -> str | None:
    for entry in node.metadata_props:
        if entry.key == "pkg.torch.onnx.name_scopes":
            scopes = ast.literal_eval(entry.value)
            if len(scopes) > 1 and scopes[0] == "" and scopes[-2] in modules:
                return scopes[-2]
    return None


# ---- models ----

def all_graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for body in [attribute.g, *attribute.graphs]:
                if body.node:
                    yield from all_graphs(body)


def all_nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [node for graph in all_graphs(model.graph) for node in graph.node]


def free_names(node: onnx.NodeProto) -> set[str]:
    names = set(node.input)
    for attribute in node.attribute:
        for body in [attribute.g, *attribute.graphs]:
            for graph in all_graphs(body):
                for inner in graph.node:
                    names |= set(inner.input)
                names |= {output.name for output in graph.output}
    return names


def shuffle(graph: onnx.GraphProto, rng: random.Random) -> None:
    """Another topological order of the nodes."""
    made = {name for node in graph.node for name in node.output if name}
    left = [(free_names(node) & made, node) for node in graph.node]
    order: list[onnx.NodeProto] = []
    done: set[str] = set()
    while left:
        ready = [i for i, (needs, _) in enumerate(left) if needs <= done]
        node = left.pop(rng.choice(ready))[1]
        done |= set(node.output)
        order.append(node)
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in order]
    del graph.node[:]
    graph.node.extend(copies)


def properties(node: onnx.NodeProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in node.metadata_props if entry.key.startswith("hierarchy_")}


def export(model: onnx.ModelProto, folder: Path, torch_module: str) -> onnx.ModelProto:
    onnx.save(model, folder / "in.onnx")
    run("export", folder / "in.onnx", folder / "out.onnx", "--metadata", folder / "modules.json",
        "--torch-module", torch_module, "--strategy", "htp").expect_success()
    return onnx.load(folder / "out.onnx")


# ---- measuring ----

def key_of(node: onnx.NodeProto) -> tuple[str, ...]:
    return (node.op_type, *node.output)


def count_changes(model: onnx.ModelProto, tagged: onnx.ModelProto, folder: Path, seeds: int, torch_module: str) -> int:
    before = {key_of(node): properties(node) for node in all_nodes(tagged)}
    changes = 0
    for seed in range(seeds):
        other = onnx.ModelProto.FromString(model.SerializeToString())
        for graph in all_graphs(other.graph):
            shuffle(graph, random.Random(seed))
        after = {key_of(node): properties(node) for node in all_nodes(export(other, folder, torch_module))}
        changes += sum(before[key] != after[key] for key in before)
    return changes


def measure(path: Path, options: argparse.Namespace) -> Counter[str]:
    modules = {m["name"]: m for m in json.loads((path.parent / "modules.json").read_text())["modules"]}
    tags, paths = tags_of(modules, options.torch_module), traced_paths(modules)
    model = onnx.load(path)
    truth = [stacked_module(node, modules) for node in all_nodes(model)]
    truth = [t if t is not None else traced_module(node.name, paths) for t, node in zip(truth, all_nodes(model))]
    for node in all_nodes(model):
        if options.without_names or options.without_metadata:
            node.ClearField("name")
        if options.without_metadata:
            node.ClearField("metadata_props")
    count: Counter[str] = Counter(nodes=len(truth))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "modules.json").write_text(json.dumps(metadata(list(modules.values()))))
        tagged = export(model, folder, options.torch_module)
        for module, node in zip(truth, all_nodes(tagged)):
            told = properties(node)
            count[told.get("hierarchy_method", "none")] += 1
            count["known"] += module is not None
            if module is not None and told.get("hierarchy_tag") != tags[module]:
                count["wrong"] += 1
                count["ancestor"] += (tags[module] + "/").startswith(told.get("hierarchy_tag", "?") + "/")
                if options.wrong:
                    print(f"    {node.op_type} {list(node.output)} {told} instead of {tags[module]}")
        count["changed"] = count_changes(model, tagged, folder, options.shuffle, options.torch_module)
    return count


def has_stack(path: Path) -> bool:
    nodes = all_nodes(onnx.load(path, load_external_data=False))
    return any(entry.key == "pkg.torch.onnx.name_scopes" for node in nodes for entry in node.metadata_props)


def is_asked_for(path: Path, options: argparse.Namespace) -> bool:
    if not (path.parent / "modules.json").exists():
        return False
    if options.without_metadata:
        return has_stack(path)
    return not options.without_names or "legacy" in path.name


def shares(count: Counter[str]) -> tuple[str, str]:
    """Exact, and exact or an ancestor of the truth."""
    known = max(count["known"], 1)
    wrong = count["wrong"]
    return f"{100 * (1 - wrong / known):.2f}", f"{100 * (1 - (wrong - count['ancestor']) / known):.2f}"


def write_markdown(path: Path, rows: list[tuple[str, Counter[str]]]) -> None:
    lines = ["| " + " | ".join(["model", *COLUMNS, "exact %", "or ancestor %"]) + " |", "|---" * (len(COLUMNS) + 3) + "|"]
    for name, count in rows:
        lines.append("| " + " | ".join([name, *(str(count[c]) for c in COLUMNS), *shares(count)]) + " |")
    path.write_text("\n".join(lines) + "\n")


COLUMNS = ("nodes", "known", "direct", "parent", "inherited", "root", "none", "wrong", "ancestor", "changed")


def print_row(name: str, count: Counter[str]) -> None:
    exact, ancestor = shares(count)
    print(f"{name:44}" + "".join(f"{count[c]:10}" for c in COLUMNS) + f"{exact:>8}{ancestor:>8}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--torch-module", default="LayerNorm,Embedding")
    parser.add_argument("--without-names", action="store_true")
    parser.add_argument("--without-metadata", action="store_true")
    parser.add_argument("--shuffle", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    rows: list[tuple[str, Counter[str]]] = []
    print(f"{'model':44}" + "".join(f"{c:>10}" for c in COLUMNS) + "   exact   or ancestor")
    for folder in options.folders:
        for path in sorted(folder.glob("model_*.onnx")):
            if is_asked_for(path, options):
                rows.append((f"{folder.name}/{path.stem}", measure(path, options)))
                print_row(*rows[-1])
    rows.append(("all", sum((count for _, count in rows), Counter())))
    print_row(*rows[-1])
    if options.markdown:
        write_markdown(options.markdown, rows)


if __name__ == "__main__":
    main()
