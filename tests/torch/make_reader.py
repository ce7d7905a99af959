#!/usr/bin/env python3
"""Write the programs that the tests of the reader use, with torch (2.13).

usage: make_reader.py [FOLDER]

reader.pt2    what the reader has to know: modules called twice and within containers, tied and transposed parameters, one
              without elements, a buffer that is not persistent, a constant, a dynamic size, a branch, a dict as the result
inplace.pt2   writes through views of views, which the functional pass has to write back
tiny.pt2      one linear layer
"""
from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

import torch
from torch import nn

FOLDER = Path(__file__).resolve().parent
ELSEWHERE = "/home/user/project"  # stack traces hold the path of this file


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return torch.relu(self.drop(self.fc(x)))


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = Block()
        self.layers = nn.ModuleList([Block(), Block()])
        self.head = nn.Linear(4, 4, bias=False)
        self.head.weight = self.block.fc.weight
        self.turned = nn.Parameter(torch.arange(8.0).reshape(2, 4).t())
        self.nothing = nn.Parameter(torch.zeros(0, 4))
        self.register_buffer("steps", torch.arange(4), persistent=False)
        self.unused = nn.Linear(1, 1)

    def forward(self, x, scale: float = 1.0):
        x = self.block(self.block(x))
        for layer in self.layers:
            x = layer(x)
        x = torch.cat([x, self.nothing]) + self.steps + torch.tensor([1.0, 2.0, 3.0, 4.0])
        y = torch.cond(x.sum() > 0, lambda t: t.sin() + 1.0, lambda t: t.cos(), (x,))
        return {"logits": self.head(y) @ self.turned, "hidden": (x, y)}


class InPlace(nn.Module):
    def forward(self, x):
        y = x.clone()
        y[:, 1] = 0.5
        y.t()[0].add_(1)
        a, b = y.chunk(2, 1)
        b.mul_(a)
        flat = y.view(-1)
        flat[3:9].zero_()
        with torch.no_grad():
            y += flat.view(4, 6)
        return y, a, torch.relu_(b + 1)


def save(program, path: Path) -> None:
    for module in program.graph_module.modules():
        for node in getattr(getattr(module, "graph", None), "nodes", []):
            trace = node.meta.get("stack_trace")
            if trace:
                lines = [part for part in re.split(r"(?m)^(?=\s*File )", trace) if str(FOLDER) in part]
                node.meta["stack_trace"] = "".join(lines).replace(str(FOLDER), ELSEWHERE)
            for key in ("from_node", "custom"):
                node.meta.pop(key, None)
    torch.export.save(program, path)
    with zipfile.ZipFile(path) as archive:  # what only PyTorch itself would look at is left out
        kept = [(i.filename, archive.read(i)) for i in archive.infolist() if "/sample_inputs/" not in i.filename]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in kept:
            archive.writestr(zipfile.ZipInfo(name), data)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    torch.manual_seed(0)
    rows = torch.export.Dim("rows", min=2, max=64)
    reader = torch.export.export(Reader().eval(), (torch.randn(3, 4), 1.0), dynamic_shapes={"x": {0: rows}, "scale": None})
    save(reader, folder / "reader.pt2")
    save(torch.export.export(InPlace(), (torch.randn(4, 6),)), folder / "inplace.pt2")
    save(torch.export.export(nn.Linear(2, 2), (torch.randn(1, 2),)), folder / "tiny.pt2")


if __name__ == "__main__":
    main()
