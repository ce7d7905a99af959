"""How a family of operators writes down its cases.

A case is a function (or an nn.Module) and the tensors it is called with. Many cases make one program: a module that
calls them all and returns all that they return, so that hundreds of cases need a few files. A tensor that several cases
use is one input of the program.

    def programs():
        p = Program("elementwise_float32")
        x, y = torch.randn(3, 4), torch.randn(4)
        p.case("add", torch.add, x, y)
        p.case("add_alpha", lambda a, b: torch.add(a, b, alpha=2), x, y)
        p.case("layer", torch.nn.Linear(4, 2).eval(), x)
        return [p]

Cases are called in their order; what they return (a tensor, or tuples and lists of them) are the outputs."""

from __future__ import annotations

from typing import Any, Callable

import torch


class Program:
    """forms: which forms are kept, "default" (what torch.export.export makes) and "core" (after run_decompositions).
    opset: the lowest that has the operators; below it the export has to be refused.
    tolerance: how far a float may be off, absolute and relative; None: 1e-4, of float16 2e-3."""

    def __init__(
        self,
        name: str,
        forms: tuple[str, ...] = ("default", "core"),
        opset: int = 14,
        tolerance: float | None = None,
    ) -> None:
        self.name = name
        self.forms = forms
        self.opset = opset
        self.tolerance = tolerance
        self.cases: list[tuple[str, Callable[..., Any], list[int]]] = []
        self.inputs: list[torch.Tensor] = []
        self.axes: dict[int, dict[int, str]] = {}
        self.others: dict[int, torch.Tensor] = {}

    def input(
        self, tensor: torch.Tensor, axes: dict[int, str] | None = None, other: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Make a tensor an input; cases do this by themselves. axes: the dynamic ones, by name (equal names, equal
        sizes), with the smallest size behind it where torch asks for one ("height:4"). other: what a second run is given; with dynamic axes it should have other sizes."""
        at = self.place(tensor)
        if axes:
            self.axes[at] = axes
        if other is not None:
            self.others[at] = other
        return tensor

    def place(self, tensor: torch.Tensor) -> int:
        for i, known in enumerate(self.inputs):
            if known is tensor:
                return i
        self.inputs.append(tensor)
        return len(self.inputs) - 1

    def case(self, name: str, function: Callable[..., Any], *tensors: torch.Tensor) -> None:
        if any(name == known for known, _, _ in self.cases):
            raise ValueError(f"{self.name}: two cases are called {name}")
        self.cases.append((name, function, [self.place(tensor) for tensor in tensors]))

    def single(self, name: str) -> "Program":
        """The program of one case, to find out which of them is wrong."""
        out = Program(f"{self.name}.{name}", self.forms, self.opset, self.tolerance)
        function, places = next((f, places) for known, f, places in self.cases if known == name)
        tensors = [self.inputs[i] for i in places]
        for i, tensor in zip(places, tensors):
            out.input(tensor, self.axes.get(i), self.others.get(i))
        out.case(name, function, *tensors)
        return out


def flat(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in flat(item)]
    raise TypeError(f"a case returned {type(value).__name__}")


class Together(torch.nn.Module):
    """All cases of a program, called one after the other."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.plan = [(name, places, None if isinstance(f, torch.nn.Module) else f) for name, f, places in program.cases]
        self.layers = torch.nn.ModuleDict({name: f for name, f, _ in program.cases if isinstance(f, torch.nn.Module)})

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(tensor for outputs in self.by_case(inputs).values() for tensor in outputs)

    def by_case(self, inputs: tuple[torch.Tensor, ...]) -> dict[str, list[torch.Tensor]]:
        return {
            name: flat((function or self.layers[name])(*[inputs[i] for i in places]))
            for name, places, function in self.plan
        }
