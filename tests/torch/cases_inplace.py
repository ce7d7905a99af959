"""In-place operators, on tensors and through views and views of views: what is written has to be seen by all that look at it."""

from __future__ import annotations

from typing import Callable

import torch
import torch.nn.functional as F
from program import Program

CASES: dict[str, Callable] = {}


def case(function: Callable) -> Callable:
    CASES[function.__name__] = function
    return function


# ---- single views ----


@case
def select(x):
    y = x.clone()
    y[:, 1] = 0.5
    return y, y.sum()


@case
def slices(x):
    y = x * 2
    y[1:, :2].add_(3)
    y[::2, 1::2].mul_(-1)
    return y


@case
def view(x):
    y = x.clone()
    v = y.view(-1)
    v[3:7].zero_()
    return y, v


@case
def view_of_view(x):
    y = x.clone()
    v = y.view(2, 2, 6)
    w = v[1]
    w.add_(1)
    y[0].sub_(2)
    return y, v, w


@case
def transposed(x):
    y = x.clone()
    t = y.t()
    t[0].fill_(7.0)
    y.transpose(0, 1).unsqueeze(0).mul_(2)
    y.swapaxes(0, 1)[1].add_(1)
    y.mT[0].sub_(3)
    return y, t


@case
def permuted(x):
    y = x.clone().view(2, 2, 6)
    y.permute(2, 0, 1)[1:3].add_(1.5)
    y.movedim(0, 2)[0].add_(1)
    return y


@case
def diagonal(x):
    y = x[:, :4].clone(memory_format=torch.contiguous_format)
    y.diagonal().fill_(9.0)
    y.diagonal(1).add_(1)
    return y


@case
def narrow(x):
    y = x.clone()
    y.narrow(1, 2, 3).fill_(1)
    y.narrow(1, -2, 2).add_(1)
    return y


@case
def unsqueezed(x):
    y = x.clone()
    u = y.unsqueeze(1)
    u.squeeze(1)[0].add_(2)
    return y, u


@case
def flattened(x):
    y = x.clone().view(2, 2, 6)
    f = y.flatten(1)
    f[:, 0] = 8
    f.unflatten(1, (3, 4))[1] = 0
    return y


@case
def view_as(x):
    y = x.clone()
    y.view_as(torch.zeros(6, 4))[2].zero_()
    y.view(-1).view(2, 12)[1].neg_()
    return y


@case
def chain(x):
    y = x.clone()
    z = y.view(24)[2:20].view(3, 6)[:, 1:4]
    z.exp_()
    y.relu_()
    return y, z


@case
def siblings(x):
    y = x.clone()
    v = y[1:3]
    w = v[:, ::2]
    v.add_(1)
    w.neg_()
    v.sigmoid_()
    return y, v, w


# ---- pieces ----


@case
def chunks(x):
    y = x.clone()
    a, b = y.chunk(2, 1)
    a.add_(1)
    b.mul_(a)
    return y, a, b


@case
def splits(x):
    y = x.clone()
    a, b, c = y.split([1, 2, 3], 1)
    c.zero_()
    b.sub_(1)
    y.tensor_split(2, 1)[1].neg_()
    return y, a, y.hsplit(2)[0]


@case
def unbound(x):
    y = x.clone()
    rows = y.unbind(0)
    rows[2].mul_(5)
    rows[-1].copy_(rows[0])
    return y


# ---- operators ----


@case
def masked(x):
    y = x.clone()
    y.masked_fill_(y > 0, -1.0)
    y[y < -0.5] = 2.0
    return y


@case
def indexed(x):
    y = x.clone()
    y[torch.tensor([0, 2]), torch.tensor([1, 1])] = 4.0
    y.scatter_(1, torch.zeros(4, 1, dtype=torch.int64), 5.0)
    y.index_add_(0, torch.tensor([1, 1]), x[:2])
    return y.clamp_(-1, 4)


@case
def copied(x):
    y = torch.zeros_like(x)
    y[:, 1:].copy_(x[:, :-1])
    return y


@case
def copied_to_int(x):
    y = torch.zeros(4, 6, dtype=torch.int64)
    y.copy_(x * 10)
    y[0].copy_(x[1] * 10)
    return y


@case
def bits(x):
    y = x > 0
    y &= x < 1
    z = (x * 4).to(torch.int32)
    z |= 3
    z ^= 1
    return y, z


@case
def mixed_types(x):
    y = x.half()
    y.add_(x)
    y[1:].mul_(x[1:])
    return y


@case
def matrices(x):
    y = torch.ones(4, 4)
    y.addmm_(x, x.t(), beta=0.5)
    y.lerp_(torch.ones(4, 4), 0.3)
    return y


@case
def with_itself(x):
    y = x.clone()
    y += y
    y[0] += y[1]
    y.t()[0].mul_(y[:, 1].clone())
    return y


@case
def loop(x):
    y = torch.zeros(4, 6)
    for i in range(4):
        y[i] = x[i] * i
    return y


# ---- what is a view and what a copy; before and after ----


@case
def before_and_after(x):
    y = x.clone()
    a = y[0]
    s = a + 1
    y.add_(1)
    return s, a + 1


@case
def detached(x):
    y = x * 1
    d = y.detach()
    d.add_(1)
    return y, d


@case
def reshaped(x):
    y = x.clone()
    y.reshape(6, 4)[0] = 0
    q = y.t().reshape(-1)
    q[0:5] = 9
    return y, q


@case
def contiguous(x):
    y = x.clone()
    y.contiguous().add_(1)
    b = y.t().contiguous()
    b.add_(1)
    return y, b


@case
def to_type(x):
    y = x.clone()
    y.to(torch.float32).add_(1)
    b = y.to(torch.float64)
    b.add_(1)
    c = y.to(torch.float32, copy=True)
    c.mul_(0)
    return y, b, c


@case
def expanded(x):
    y = x.clone()
    e = y[:1].expand(3, 6)
    y[0].add_(1)
    return e + 0, y


@case
def turned_in_place(x):
    y = x.clone()
    v = y[0]
    y.t_()
    y[0].zero_()
    y.unsqueeze_(0).squeeze_(0).add_(1)
    return y, v


@case
def branches(x):
    def rows(t):
        u = t.clone()
        u[0].add_(1)
        return u

    def positive(t):
        u = t * 2
        u.relu_()
        return u

    return torch.cond(x.sum() > 0, rows, positive, (x,))


class Counter(torch.nn.Module):
    """A copy of a buffer and an input that are changed."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.arange(6.0))

    def forward(self, x):
        steps = self.steps.clone()
        steps.add_(1)
        y = x + steps
        steps[0].mul_(2)
        x.mul_(2)
        return y, steps, x + 0


def dropout(x):
    """As it is in evaluation: it gives its argument back, so that is changed. (The core form of torch 2.13 loses that.)"""
    y = x.clone()
    F.dropout(y, 0.5, False).add_(1)
    return y


def programs() -> list[Program]:
    fixed, open_ = Program("inplace"), Program("inplace_dynamic")
    for name, function in CASES.items():
        fixed.case(name, function, torch.randn(4, 6))
    fixed.case("counter", Counter(), torch.randn(4, 6))
    rows = open_.input(torch.randn(4, 6), {1: "columns:4"}, torch.randn(4, 8))
    for name in ("select", "slices", "unsqueezed", "before_and_after", "detached", "masked", "copied", "siblings"):
        open_.case(name, CASES[name], rows)
    training = Program("inplace_default", forms=("default",))
    training.case("dropout", dropout, torch.randn(4, 6))
    return [fixed, open_, training]
