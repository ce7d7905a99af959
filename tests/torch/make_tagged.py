"""Makes tagged.pt2, the saved program of the command line's tests: a module called twice, one in a branch, tied and transposed
weights, a dict as the result, an open size, an input that nothing uses. Needs torch.

    python tests/torch/make_tagged.py
"""

from __future__ import annotations

from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent


class Block(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.LayerNorm(16)
        self.dense = torch.nn.Linear(16, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.nn.functional.gelu(self.dense(self.norm(x)))


class Gate(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.weight)


class Small(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = torch.nn.Embedding(20, 16)
        self.layer = torch.nn.ModuleList([Block(), Block()])
        self.gate = Gate()
        self.head = torch.nn.Linear(16, 20, bias=False)
        self.head.weight = self.embed.weight
        self.register_buffer("shift", torch.arange(16, dtype=torch.float32), persistent=False)

    def forward(self, ids: torch.Tensor, unused: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.embed(ids) + self.shift
        for block in self.layer:
            x = block(x)
        x = self.layer[0](x)
        x = torch.cond(x.sum() > 0, lambda t: self.gate(t), lambda t: t * 0.5, (x,))
        return {"hidden": x, "scores": self.head(x)}


def main() -> None:
    torch.manual_seed(0)
    ids = torch.randint(0, 20, (2, 5))
    batch = torch.export.Dim("batch", min=1, max=64)
    shapes = {"ids": {0: batch}, "unused": None}
    with torch.no_grad():
        exported = torch.export.export(Small().eval(), (ids, torch.zeros(1)), dynamic_shapes=shapes)
    for module in exported.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
            trace = node.meta.get("stack_trace")
            if trace:  # the paths of no machine in particular
                frames = trace.replace(str(HERE), "/home/someone/models").replace(str(Path(torch.__file__).parents[1]), "/usr/lib/python")
                node.meta["stack_trace"] = frames
            node.meta.pop("from_node", None)
    exported._example_inputs = None
    torch.export.save(exported, HERE / "tagged.pt2")


if __name__ == "__main__":
    main()
