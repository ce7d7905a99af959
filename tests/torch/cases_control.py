"""Control flow (graphs as arguments) and symbolic numbers."""

from __future__ import annotations

import torch
from torch._higher_order_ops.map import map as torch_map
from torch._higher_order_ops.scan import scan
from torch._higher_order_ops.while_loop import while_loop

from program import Program


class Branches(torch.nn.Module):
    """Parameters used in one branch only, a constant in the other, a branch in a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Linear(4, 4)
        self.scale = torch.nn.Parameter(torch.randn(4))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        def deeper(t: torch.Tensor) -> torch.Tensor:
            return torch.cond(t.sum() > 100, lambda u: u - 1, lambda u: u * self.scale, (t,))

        def yes(t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.inner(t), t.argmax(-1)

        def no(t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return deeper(t), t.argmin(-1)

        first = torch.cond(x.mean() > 0, yes, no, (x,))
        return (*first, torch.cond(x.mean() <= 0, lambda t: t.clone(), lambda t: t + 1, (x,)))


def doubled(x: torch.Tensor, limit: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """A loop that also counts, and reads a value from outside of it."""

    def test(i: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return v.abs().sum() < limit.sum()

    def body(i: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return i + 1, v * 2 + limit.mean() * 0.01

    return while_loop(test, body, (torch.zeros((), dtype=torch.int64), x))


def running(x: torch.Tensor, start: torch.Tensor) -> tuple[torch.Tensor, ...]:
    def step(carry: torch.Tensor, item: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        following = carry * 0.5 + item
        return following, following.exp()

    return scan(step, start, x)


def each(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch_map(lambda row, other: row * other.sum() + 1, x, y)


class Sizes(torch.nn.Module):
    """What Python makes of sizes, as numbers that operators take."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        n, m = x.shape[0], x.shape[1]
        flat = x.reshape(n * m)
        ramp = torch.arange(n * 2 + m % 3)
        share = x * (torch.sym_float(m) / n)
        tail = x.new_zeros(torch.sym_max(n - 2, m // 2), torch.sym_min(n, m))
        return flat, ramp, share, tail, x.new_zeros(n + 1, m), torch.full((m,), 0.5), torch.ones(n**2), torch.ones((m - n) % 5)


def programs() -> list[Program]:
    control = Program("control")
    positive, negative = torch.rand(3, 4) + 0.1, -torch.rand(3, 4)
    control.case("cond_yes", Branches().eval(), positive)
    control.case("cond_no", Branches().eval(), negative)
    control.case("while_loop", doubled, positive, torch.tensor([40.0, 20.0, 4.0]))
    control.case("while_loop_never", doubled, positive, torch.tensor([0.01, 0.0]))
    control.case("scan", running, torch.randn(5, 3), torch.randn(3))
    control.case("map", each, torch.randn(4, 3), torch.randn(2))
    symbolic = Program("symbolic")
    sizes = symbolic.input(torch.randn(3, 6), {0: "rows:3", 1: "columns:4"}, torch.randn(4, 9))
    symbolic.case("sizes", Sizes(), sizes)
    return [control, symbolic]
