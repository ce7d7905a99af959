#!/usr/bin/env python3
"""Make all pictures of the README anew: docs/*.svg and docs/*.png.

usage: pictures.py [--only TEXT]     needs a build, onnx, networkx, and Chromium for the screenshots ($CHROMIUM)

yed_*.svg   what a GraphML file has for yEd, drawn by draw_graphml.py
page_*.png  screenshots of the page that `render` writes: three models, folded and further open, one of them dark
edit_*.svg  before and after each edit of samples/edits: out to GraphML, through the script, back, and rendered
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
BERT, RESNET = ROOT / "samples" / "bert_tiny.onnx", ROOT / "samples" / "resnet_thin.onnx"
sys.path.insert(0, str(ROOT / "tests"))


def run(*command):
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def modelexport(*arguments):
    run(ROOT / "build" / "modelexport", *arguments)


class Pictures:
    def __init__(self, folder, only):
        self.folder, self.only = folder, only
        self.unet, self.tagged, self.torch = (folder / f"{name}.onnx" for name in ("unet", "tagged", "torch"))
        run(sys.executable, ROOT / "scripts" / "make_unet.py", self.unet)
        modelexport("export", BERT, self.tagged, "-q")
        modelexport("export", BERT.with_suffix(".pt2"), self.torch, "-q", "--opset-version", "18")

    def wanted(self, name):
        if self.only in name:
            print(name)
        return self.only in name

    def yed(self, name, model, *options, top=None):
        if not self.wanted(f"yed_{name}"):
            return
        graphml = self.folder / f"{name}.graphml"
        modelexport("export-graphml", model, "-o", graphml, *options)
        cut = ["--top", top] if top else []
        run(sys.executable, ROOT / "scripts" / "draw_graphml.py", graphml, DOCS / f"yed_{name}.svg", *cut)

    # ---- pages ----

    def pages(self):
        from tools.browser import Browser

        chosen = [name for name in PAGES if self.wanted(f"page_{name}")]
        if not chosen:
            return
        with Browser(width=1000, height=720) as browser:
            for name in chosen:
                model, depth, script = PAGES[name]
                page = self.folder / f"{name}.html"
                modelexport("render", {"unet": self.unet, "bert": self.torch}.get(model, model), page, "--depth", depth)
                browser.open(page)
                browser.run(f"(async () => {{ {script}; await new Promise(done => setTimeout(done, 400)); }})()")
                browser.screenshot(DOCS / f"page_{name}.png")
                assert browser.errors == [], browser.errors

    # ---- edits ----

    def edit(self, name, script, model, parts, depth):
        """parts: tags before and after; None is the whole model."""
        if not self.wanted(f"edit_{name}"):
            return
        out, back = self.folder / f"{name}.graphml", self.folder / f"{name}.onnx"
        modelexport("export-graphml", model, "-o", out)
        run(sys.executable, ROOT / "samples" / "edits" / script, out, self.folder / f"{name}.edited.graphml")
        modelexport("import-onnx", self.folder / f"{name}.edited.graphml", back, "--validate", "--sidecar",
                    out.with_suffix(".onnxdata"))
        for when, source, tag in (("before", model, parts[0]), ("after", back, parts[1])):
            part = self.folder / f"{name}_{when}_part.onnx"
            if tag:
                modelexport("extract", source, "--tag", tag, part)
            modelexport("render", part if tag else source, DOCS / f"edit_{name}_{when}.svg", "--depth", depth)

    def edits(self):
        self.edit("batchnorm", "fold_batchnorm.py", self.unet, ("stem", "stem"), "all")
        self.edit("gelu", "gelu_to_tanh.py", self.tagged, ("encoder.layer.0.intermediate",) * 2, "all")
        self.edit("layers", "first_layer.py", self.tagged, ("encoder",) * 2, "1")
        self.edit("cast", "cast_pair.py", self.tagged, ("pooler",) * 2, "all")
        self.edit("regroup", "regroup.py", self.tagged, ("encoder.layer.0",) * 2, "2")


def opened(*groups):
    return f"for (const name of {json.dumps(groups)}) change([model.names.indexOf(name)], true, 0)"


def chosen(name):
    return f"choose(model.names.indexOf({json.dumps(name)}), true)"


SEARCH = "const box = document.getElementById('search'); box.value = 'concat'; box.dispatchEvent(new Event('input'))"
THEME = "document.getElementById('theme').click()"
PAGES = {
    "bert_folded": ("bert", "0", ""),
    "bert_open": ("bert", "0", chosen("/encoder/layer.0/attention/self/Softmax")),
    "resnet_folded": (RESNET, "0", ""),
    "resnet_open": (RESNET, "0", chosen("encoder.stages.1.layers.0") + "; " + opened("encoder.stages.1.layers.0")),
    "unet_folded": ("unet", "0", ""),
    "unet_open": ("unet", "0", f"{THEME}; {opened('ups.1')}; {SEARCH}"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="only pictures whose name holds TEXT")
    with tempfile.TemporaryDirectory() as folder:
        pictures = Pictures(Path(folder), parser.parse_args().only)
        pictures.yed("resnet_thin", RESNET, top=1250)
        pictures.yed("bert_tiny", BERT, "--collapse-depth", "auto")
        pictures.pages()
        pictures.edits()


if __name__ == "__main__":
    main()
