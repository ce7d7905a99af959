"""bfloat16 that is only moved is not rounded again; numbers written into it are."""

from __future__ import annotations

from typing import Callable

import torch
import torch.nn.functional as F
from program import Program


def low(function: Callable) -> Callable:
    """The case on bfloat16, with float32 inside and outside: numpy has no bfloat16."""

    def run(a: torch.Tensor, *others: torch.Tensor) -> tuple:
        out = function(a.bfloat16(), *others)
        return tuple(v.float() for v in (out if isinstance(out, tuple) else (out,)))

    return run


def programs() -> list[Program]:
    p = Program("bfloat16_moves", tolerance=1e-6)
    x, y = torch.randn(3, 4), torch.randn(3, 4)
    index, mask, whole = torch.tensor([[0, 2], [1, 1]]), torch.rand(3, 4) > 0.5, torch.arange(1001, 1013).view(3, 4)
    p.case("moved", low(lambda a: (a.t(), a.view(4, 3), a[1:, ::2], a.flip(0))), x)
    p.case("joined", low(lambda a, b, c: (torch.cat((a, a)), torch.cat((a, c)), torch.cat((a, b)))), x, y, whole)
    p.case("padded", low(lambda a: (F.pad(a, (1, 1), value=0.1), F.pad(a, (1, 1), "circular"))), x)
    p.case("masked", low(lambda a, m: (a.masked_fill(m, 0.1), a[m], a.masked_scatter(m, a))), x, mask)
    p.case("scattered", low(lambda a, i: (a.scatter(1, i, 0.1), a.gather(1, i), a.index_fill(1, i[0], 0.3))), x, index)
    p.case("copied", low(lambda a, b: torch.ops.aten.copy(a, b)), x, y)
    p.case("chosen", low(lambda a, m: torch.where(m, a, 0.1)), x, mask)
    p.case("products", low(lambda a: (a @ a.t(), F.scaled_dot_product_attention(a, a, a))), x)
    return [p]
