"""Ratios of time and memory, each pair measured in turn in one run, with a warm cache; nothing is asserted.

usage: run.py [--binary PATH] [--work DIR] [--runs N] [NAME ...]     NAME: single external ladder commands modules python tags page
Figures: the median of the ratios pair by pair, and the largest resident set as the kernel counts it.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def measure(command: list[str], env: dict | None = None) -> tuple[float, float]:
    """Seconds and MB (peak resident set) of one finished run."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    return seconds, usage.ru_maxrss / 1024


def remove(paths: list[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    os.sync()  # what an earlier run left to be written must not slow the next one


def pair(name: str, command, base, outputs: list[Path], base_outputs: list[Path], runs: int) -> None:
    """Time `command` and `base` in turn; outputs are removed before each run and after the last."""
    ratios, memory, times, base_times = [], 0.0, [], []
    for i in range(runs + 1):
        remove(outputs)
        seconds, mb = measure(command)
        remove(base_outputs)
        base_seconds, _ = measure(base)
        if i == 0:
            continue  # warms the cache
        times.append(seconds)
        base_times.append(base_seconds)
        ratios.append(seconds / base_seconds)
        memory = max(memory, mb)
    remove(base_outputs)
    print(f"{name:44} {statistics.median(ratios):6.3f} x   ({statistics.median(times):.3f} s against "
          f"{statistics.median(base_times):.3f} s)   {memory:6.1f} MB", flush=True)


def make(work: Path, kind: str, name: str) -> Path:
    path = work / name
    if not path.exists():
        subprocess.run([sys.executable, str(HERE / "models.py"), kind, str(path)], check=True)
    return path


def weights(args, kind: str) -> None:
    """export-graphml and import-onnx against cp of the same files."""
    work, tool = args.work, args.binary
    model = make(work, kind, f"{kind}.onnx")
    files = [model] + [p for p in [model.with_name(model.name + ".data")] if p.exists()]
    out, copy, back = work / "out", work / "copy", work / "out" / "back"
    for folder in (out, copy):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    cp = ["cp", *map(str, files), str(copy)]
    copies = [copy / f.name for f in files]
    graphml, sidecar = out / "m.graphml", out / "m.onnxdata"
    pair(f"{kind}: export-graphml, sidecar", [tool, "export-graphml", str(model), "-o", str(graphml)], cp,
         [graphml, sidecar], copies, args.runs)
    back.mkdir()
    results = [back / f.name for f in files]
    pair(f"{kind}: import-onnx", [tool, "import-onnx", str(graphml), str(back / model.name)], cp, results, copies,
         args.runs)
    for original, result in zip(files, results):
        subprocess.run(["cmp", str(original), str(result)], check=True)
    remove(results)
    pair(f"{kind}: import-onnx --external-data",
         [tool, "import-onnx", "--external-data", str(graphml), str(out / "pointing.onnx")], cp,
         [out / "pointing.onnx"], copies, args.runs)
    reference = work / "reference.graphml"
    pair(f"{kind}: export-graphml, reference",
         [tool, "export-graphml", "--strategy", "reference", str(model), "-o", str(reference)], cp, [reference], copies,
         args.runs)
    remove([out, copy, reference])


def ladder(args) -> None:
    """Time and memory a node, 1,000 to 1,000,000 operators."""
    last: dict[str, float] = {}
    for count in (1000, 10000, 100000, 1000000):
        model = make(args.work, f"ladder:{count}", f"ladder_{count}.onnx")
        graphml, back = args.work / "l.graphml", args.work / "l.onnx"
        for name, command in (("export-graphml", [args.binary, "export-graphml", str(model), "-o", str(graphml)]),
                              ("import-onnx", [args.binary, "import-onnx", str(graphml), str(back)])):
            runs = [measure(command) for _ in range(3 if count < 1000000 else 1)]
            seconds, mb = min(r[0] for r in runs), max(r[1] for r in runs)
            grown = f"{seconds / last[name]:5.1f} x the step before" if name in last else ""
            last[name] = seconds
            print(f"ladder {count:8}: {name:15} {seconds:8.3f} s {mb:8.1f} MB {mb * 1e6 / count:8.0f} bytes a node  {grown}",
                  flush=True)
        subprocess.run(["cmp", str(model), str(back)], check=True)
        if count == 1000000:
            pair("ladder: import-onnx against xmllint --stream", [args.binary, "import-onnx", str(graphml), str(back)],
                 ["xmllint", "--stream", "--noout", "--huge", str(graphml)], [back], [], 1)
        remove([graphml, graphml.with_suffix(".onnxdata"), back])


def commands(args) -> None:
    """Commands that need not write a model, against cp of the file: BERT-base if it is there, else the 1 GB model."""
    model = args.work / "bert_base.onnx"
    if not model.exists():
        model = make(args.work, "single", "single.onnx")
    other, copy = args.work / "other.onnx", args.work / "copy.onnx"
    shutil.copyfile(model, other)
    cp = ["cp", str(model), str(copy)]
    for name, command in (("compare of two copies", ["compare", str(model), str(other)]), ("analyze", ["analyze", str(model)]),
                          ("analyze, json", ["analyze", str(model), "--output-format", "json"]),
                          ("validate", ["validate", str(model)]),
                          ("validate --check-consistency", ["validate", str(model), "--check-consistency"])):
        pair(f"commands: {name}", [args.binary, *command], cp, [], [copy], args.runs)
    remove([other])


def modules(args) -> None:
    """extract --all of 10, 100 and 1,000 modules, which together are all of a model of 300,000 operators."""
    folder = args.work / "parts"
    for count in (10, 100, 1000):
        model = make(args.work, f"modules:{count}", f"modules_{count}.onnx")
        loading, _ = measure([args.binary, "analyze", str(model)])
        shutil.rmtree(folder, ignore_errors=True)
        seconds, mb = measure([args.binary, "extract", str(model), "--tag", "block", "--all", "--output-dir", str(folder)])
        made = len(list(folder.iterdir()))
        print(f"modules: extract --all of {made:4} modules {seconds:8.3f} s {mb:8.1f} MB   (analyze: {loading:.3f} s)", flush=True)
    shutil.rmtree(folder)


def tags(args) -> None:
    """Tagging against reading, 100,000 and 1,000,000 operators, by who tells of modules."""
    models = [make(args.work, f"{kind}:{count}", f"{kind}_{count}.onnx")
              for count in (100000, 1000000) for kind in ("slashed", "parameters", "dynamo", "bare")]
    program = Path(args.binary).parent / "tests" / "bench" / "tag_time"
    subprocess.run([str(program), "--runs", str(args.runs), *map(str, models)], check=True)


def page(args) -> None:
    """Script time of the page of 100,000 operators, in a browser of its own each: loading, and what is unfolded then, the first cold."""
    sys.path.insert(0, str(HERE.parent))
    from tools.browser import Browser

    shown = {"ladder:100000": ("encoder", "encoder.layer.3", "encoder.layer.3.block.7", "encoder.layer.3.block.7.part"),
             "wide:10000": ("block.17", "block.5000", "block.9000")}
    for kind, names in shown.items():
        model, output = make(args.work, kind, kind.replace(":", "_") + ".onnx"), args.work / "page.html"
        seconds, mb = measure([args.binary, "render", "-q", str(model), str(output)])
        print(f"page {kind}: render {seconds:.3f} s {mb:.1f} MB, {output.stat().st_size / 1e6:.1f} MB", flush=True)
        for _ in range(args.runs):
            with Browser() as browser:
                browser.open(output)
                for name in names:
                    browser.run(f"open[boxOf('{name}')] || toggle(boxOf('{name}'))")
                times = browser.run("performance.getEntriesByType('measure').map(m => [m.name, m.duration])")
            print("    " + ", ".join(f"{what} {ms:.0f} ms" for what, ms in times), flush=True)
        remove([output])


PYTHON_WAY = """
import sys, json, networkx as nx, onnx
from onnx import numpy_helper
m = onnx.load(sys.argv[1]); g = nx.MultiDiGraph(); made = {}
for i, n in enumerate(m.graph.node):
    g.add_node(i, op_type=n.op_type, name=n.name, inputs=json.dumps(list(n.input)), outputs=json.dumps(list(n.output)))
    for o in n.output: made[o] = i
for i, n in enumerate(m.graph.node):
    for k, v in enumerate(n.input):
        if v in made: g.add_edge(made[v], i, tensor_name=v, port=k)
nx.write_graphml(g, sys.argv[2]); onnx.save(m, sys.argv[3])
"""


def python(args) -> None:
    """Against onnx.load + networkx + write_graphml (and the weights saved again), on BERT-base if it is there."""
    model = args.work / "bert_base.onnx"
    if not model.exists():
        print("python: bert_base.onnx is not there; make_bert_base.py makes it (needs torch and transformers)")
        return
    ours = [args.work / "p.graphml", args.work / "p.onnxdata"]
    theirs = [args.work / "q.graphml", args.work / "q.onnx"]
    mine, other = [], []
    for _ in range(3):
        remove(ours + theirs)
        mine.append(measure([args.binary, "export-graphml", str(model), "-o", str(ours[0])]))
        other.append(measure([sys.executable, "-c", PYTHON_WAY, str(model), str(theirs[0]), str(theirs[1])]))
    remove(ours + theirs)
    seconds = statistics.median(t[0] / o[0] for t, o in zip(mine, other))
    memory = statistics.median(t[1] / o[1] for t, o in zip(mine, other))
    print(f"python: export-graphml takes {seconds:.4f} x the time and {memory:.4f} x the memory "
          f"({mine[1][0]:.2f} s, {mine[1][1]:.0f} MB against {other[1][0]:.2f} s, {other[1][1]:.0f} MB)")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=["single", "external", "ladder", "commands", "modules", "python"])
    parser.add_argument("--binary", default=str(ROOT / "build" / "modelexport"))
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    for name in args.names:
        {"single": lambda a: weights(a, "single"), "external": lambda a: weights(a, "external"), "ladder": ladder,
         "commands": commands, "modules": modules, "python": python, "tags": tags, "page": page}[name](args)


if __name__ == "__main__":
    main()
