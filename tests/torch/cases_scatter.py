"""Writing by indices and by masks, into parts; joining what is written with what was there."""

from __future__ import annotations

import torch
from program import Program

TYPES = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float64)
aten = torch.ops.aten


def filled(dtype: torch.dtype, *sizes: int) -> torch.Tensor:
    if dtype.is_floating_point:
        return torch.randn(*sizes).to(dtype)
    return torch.randint(0, 2 if dtype == torch.bool else 5, sizes).to(dtype)


def scatters() -> Program:
    p = Program("scatter_elements")
    x, src = torch.randn(3, 5), torch.randn(3, 5)
    index = torch.tensor([[0, 1, 2, 0], [2, 0, 1, 1]])
    line, places = torch.randn(6), torch.tensor([5, 0, 3])
    apart = torch.tensor([[0, 3, 1], [4, 2, 0]])
    p.case("src", lambda a, i, s: (a.scatter(1, i, s), a.scatter(-1, i, s[:2, :3])), x, apart, src)
    p.case("src_rows", lambda a, i, s: a.scatter(0, i, s), x, torch.tensor([[0, 1, 2, 0], [2, 0, 1, 1]]), src)
    p.case("value", lambda a, i: (a.scatter(1, i, 2.5), a.scatter(0, i, -1)), x, index)
    p.case("value_in_place", lambda a, i: a.clone().scatter_(1, i, 7.0), x, index)
    p.case("line", lambda a, i: (a.scatter(0, i, a), a.scatter(0, i[0], 3.0)), line, places)
    p.case("scalar", lambda a: a.scatter(0, torch.tensor(0), 2.0), torch.tensor(1.5))
    p.case("empty", lambda a, i, s: (a.scatter(0, i, s), a.scatter_add(0, i, s)), x, torch.zeros(0, 5, dtype=torch.int64), src)
    p.case("add", lambda a, i, s: (a.scatter_add(1, i, s), a.scatter_add(0, i, s), a.scatter(0, i, s, reduce="add")), x, index, src)
    p.case("add_scalar", lambda a, s: a.scatter_add(0, torch.tensor(0), s), torch.tensor(1.5), torch.tensor(2.0))
    p.case("multiply", lambda a, i, s: a.scatter(1, i, s, reduce="multiply"), x, index, src)
    p.case("value_reduce", lambda a, i: (a.scatter(0, i, 2.0, reduce="add"), a.scatter(1, i, 3.0, reduce="multiply")), x, index)
    for reduce in ("sum", "prod", "mean", "amax", "amin"):
        for own in (True, False):
            tail = "" if own else "_without_self"
            p.case(f"{reduce}{tail}", lambda a, i, s, r=reduce, o=own: (a.scatter_reduce(0, i, s, r, include_self=o), a.scatter_reduce(1, i, s, r, include_self=o)), x, index, src)
    whole = torch.tensor([[5, -7, 9, 2, 0], [1, 1, 1, 1, 1]])
    for reduce in ("sum", "prod", "mean", "amax", "amin"):
        p.case(f"{reduce}_int", lambda a, i, r=reduce: (a.scatter_reduce(1, i, a, r), a.scatter_reduce(1, i, a, r, include_self=False)), whole, index)
    return p


def rows() -> Program:
    p = Program("scatter_rows")
    x, places = torch.randn(4, 5, 3), torch.tensor([2, 0])
    two, side, one = torch.randn(2, 5, 3), torch.randn(4, 2, 3), torch.tensor(1)
    p.case("copy", lambda a, i, s: a.index_copy(0, i, s), x, places, two)
    p.case("copy_side", lambda a, i, s: a.index_copy(1, i, s), x, places, side)
    p.case("copy_one", lambda a, i, s: a.index_copy(0, i, s[:1]), x, one, two)
    p.case("add", lambda a, i, s: (a.index_add(0, i, s), a.index_add(0, i, s, alpha=-2.5)), x, places, two)
    p.case("add_side", lambda a, i, s: a.index_add(-2, i, s), x, places, side)
    p.case("add_twice", lambda a, s: a.index_add(0, torch.tensor([1, 1]), s), x, two)
    p.case("add_line", lambda a, i: a.index_add(0, i, a[:2]), torch.randn(4), places)
    p.case("fill", lambda a, i: (a.index_fill(0, i, 2.5), a.index_fill(-1, i, 1), a.index_fill(1, i, torch.tensor(3.0))), x, places)
    p.case("fill_scalar", lambda a: a.index_fill(0, torch.tensor([0]), 2.5), torch.tensor(1.0))
    for reduce in ("prod", "mean", "amax", "amin"):
        p.case(f"reduce_{reduce}", lambda a, s, r=reduce: (a.index_reduce(0, torch.tensor([1, 1]), s, r), a.index_reduce(0, torch.tensor([3, 1]), s, r, include_self=False)), x, two)
    p.case("put", lambda a, i, s: (a.put(i, s), a.put(i, s, accumulate=True)), x, torch.tensor([7, -1]), torch.randn(2))
    return p


def puts() -> Program:
    p = Program("scatter_put")
    x, i, j = torch.randn(4, 5, 3), torch.tensor([0, -1, 2]), torch.tensor([[1], [-2]])
    mask, pair = torch.tensor([True, False, True, True]), torch.rand(4, 5) > 0.4
    one, three = torch.tensor(2.5), torch.randn(3)
    p.case("one", lambda a, i, v: (put(a, (i,), v), put(a, (None, i), v)), x, i, one)
    p.case("one_rows", lambda a, i, v: put(a, (i,), v), x, i, torch.randn(3, 5, 3))
    p.case("one_side", lambda a, i, v: put(a, (None, i), v), x, i, torch.randn(4, 3, 3))
    p.case("one_broadcast", lambda a, i, v: (put(a, (i,), v), put(a, (None, None, i), v)), x, i, torch.randn(5, 1))
    p.case("two", lambda a, i, v: (put(a, (i, i), v), put(a, (None, i, i), v[0])), x, i, three)
    p.case("two_broadcast", lambda a, i, j, v: (put(a, (i, j), v), put(a, (None, j, i), v)), x, i, j, one)
    p.case("apart", lambda a, i, v: put(a, (i, None, i), v), x, i, torch.randn(3, 5))
    p.case("all", lambda a, i, v: put(a, (i, i, i), v), x, i, three)
    p.case("add", lambda a, v: (put(a, (torch.tensor([1, 1, 0]),), v, accumulate=True), put(a, (None, torch.tensor([1, 1])), v, accumulate=True)), x, one)
    p.case("add_two", lambda a, i, v: put(a, (torch.tensor([1, 1, 0]), torch.tensor([2, 2, 2])), v, accumulate=True), x, i, three)
    p.case("mask", lambda a, m, v: (put(a, (m,), v), put(a, (m,), v, accumulate=True)), x, mask, one)
    p.case("mask_two", lambda a, m, v: put(a, (m,), v), x, pair, one)
    p.case("mask_side", lambda a, m, v: put(a, (None, None, m), v), x, torch.tensor([True, False, True]), one)
    p.case("mask_rows", lambda a, m, v: put(a, (m,), v), x, mask, three)
    p.case("mask_given", lambda a, m, v: put(a, (m,), v), x, mask, torch.randn(3, 5, 3))
    p.case("unsafe", lambda a, i, v: aten._unsafe_index_put(a, [i], v), x, i, one)
    p.case("assigned", assigned, x, mask)
    return p


def put(a: torch.Tensor, indices: tuple, values: torch.Tensor, accumulate: bool = False) -> torch.Tensor:
    return aten.index_put(a, list(indices), values, accumulate)


def assigned(a: torch.Tensor, m: torch.Tensor) -> tuple:
    b, c, d = a.clone(), a.clone(), a.clone()
    b[m] = 0.0
    b[:, 1:3] = 2.0
    c[torch.tensor([0, 2]), 1] = -1.0
    c[1] += 1
    d[..., 0] = a[..., 2]
    d[1:, ::2, 1] *= 2
    return b, c, d


def parts() -> Program:
    p = Program("scatter_parts")
    x, line = torch.randn(4, 5, 3), torch.randn(7)
    p.case("masked_fill", lambda a, m: (a.masked_fill(m, 2.5), a.masked_fill(m, float("-inf")), a.masked_fill(m[0], torch.tensor(1.0))), x, torch.rand(4, 5, 3) > 0.5)
    p.case("masked_fill_mask", lambda a, m: a.masked_fill(m, 1), torch.randn(1, 3), torch.rand(4, 5, 3) > 0.5)
    p.case("masked_scatter", lambda a, m, s: a.masked_scatter(m, s), x, torch.rand(4, 5, 3) > 0.5, torch.randn(60))
    p.case("masked_scatter_row", lambda a, m, s: a.masked_scatter(m, s), x, torch.tensor([True, False, True]), torch.randn(8, 5))
    p.case("masked_scatter_scalar", lambda a, m, s: a.masked_scatter(m, s), torch.tensor(1.0), torch.tensor(True), torch.randn(3))
    p.case("fill", lambda a: (aten.fill(a, 2.5), aten.fill(a, torch.tensor(3))), x)
    p.case("copy", lambda a, b: (aten.copy(a, b), aten.copy(a, b.int())), x, torch.randn(5, 1))
    p.case("slice", lambda a, s: (a.slice_scatter(s, 1, 1, 3), a.slice_scatter(s, 1, -2), a.slice_scatter(s, 1, 0, 2), a.slice_scatter(s, 1, 3, 100)), x, torch.randn(4, 2, 3))
    p.case("slice_steps", lambda a, s: (a.slice_scatter(s, 1, 0, 4, 2), a.slice_scatter(s, 1, -4, 2**63 - 1, 2)), x, torch.randn(4, 2, 3))
    p.case("slice_steps_line", lambda a, s: a.slice_scatter(s, 0, 1, 7, 3), line, torch.randn(2))
    p.case("slice_whole", lambda a, s: a.slice_scatter(s, 0), x, torch.randn(4, 5, 3))
    p.case("slice_nothing", lambda a, s: a.slice_scatter(s, 0, 3, 1), x, torch.randn(0, 5, 3))
    p.case("select", lambda a, s: (a.select_scatter(s, 1, 2), a.select_scatter(s, -2, -1)), x, torch.randn(4, 3))
    p.case("diagonal", lambda a, s: (a.diagonal_scatter(s, 0), a.diagonal_scatter(s, 0, 1, 0)), torch.randn(3, 4), torch.randn(3))
    p.case("diagonal_off", lambda a, s: (a.diagonal_scatter(s, 2), a.diagonal_scatter(s, -1)), torch.randn(3, 4), torch.randn(2))
    p.case("diagonal_deep", lambda a, s: a.diagonal_scatter(s, 1, 0, 2), x, torch.randn(5, 2))
    p.case("strided", lambda a, s: torch.as_strided_scatter(a, s, (2, 2), (7, 2), 3), x, torch.randn(2, 2))
    return p


def typed() -> Program:
    p = Program("scatter_types")
    index, mask, places = torch.tensor([[0, 2, 1], [1, 1, 0]]), torch.tensor([[True], [False]]), torch.tensor([1])
    for dtype in TYPES:
        name, x, s = str(dtype).removeprefix("torch."), filled(dtype, 2, 4), filled(dtype, 2, 4)
        p.case(f"{name}_scatter", lambda a, s, i: (a.scatter(1, i[:, :2], s), a.scatter(1, i, 1)), x, s, index)
        p.case(f"{name}_add", lambda a, s, i: (a.scatter_add(1, i, s), a.index_add(0, i[0] % 2, s[i[0] % 2])) if a.dtype != torch.bool else a, x, s, index)
        p.case(f"{name}_reduce", lambda a, s, i: (a.scatter_reduce(1, i, s, "amax"), a.scatter_reduce(1, i, s, "amin", include_self=False)) if a.dtype != torch.bool else a, x, s, index)
        p.case(f"{name}_mask", lambda a, s, m: (a.masked_fill(m, 1), a.masked_scatter(m, s), torch.where(m, a, s)), x, s, mask)
        p.case(f"{name}_put", lambda a, s, i: (put(a, (i,), s[1]), a.index_fill(1, i, 1), a.index_copy(0, i, s[:1])), x, s, places)
        p.case(f"{name}_parts", lambda a, s: (a.slice_scatter(s[:, :2], 1, 1, 3), a.select_scatter(s[0], 0, 1), a.diagonal_scatter(s[0, :2])), x, s)
    return p


def dynamic() -> Program:
    p = Program("scatter_dynamic")
    x = p.input(torch.randn(4, 6, 8), {0: "batch", 1: "length:4"}, torch.randn(5, 9, 8))
    y = p.input(torch.randn(4, 8), {0: "batch"}, torch.randn(5, 8))
    mask = p.input(torch.rand(4, 6) > 0.4, {0: "batch", 1: "length:4"}, torch.rand(5, 9) > 0.4)
    ids = p.input(torch.tensor([0, 2, 3, 1]), {0: "batch"}, torch.tensor([3, 1, 2, 0, 1]))
    p.case("put", lambda a, i, v: put(a, (torch.arange(a.shape[0]), i), v), x, ids, y)
    p.case("put_value", lambda a, i: put(a, (None, i), torch.tensor(1.0)), x, torch.tensor([1, 3]))
    p.case("mask", lambda a, m: (a.masked_fill(m[:, :, None], 0.0), put(a, (m,), torch.tensor(2.0))), x, mask)
    p.case("masked_scatter", lambda a, m: a[..., 0].masked_scatter(m, a), x, mask)
    p.case("slice", lambda a, v: (a.slice_scatter(v[:, None], 1, 1, 2), a.slice_scatter(a[:, 2:], 1, 2), a.slice_scatter(a[:, :2], 1, -2)), x, y)
    p.case("select", lambda a, v: (a.select_scatter(v, 1, 1), a.select_scatter(v, 1, -1)), x, y)
    p.case("fill", lambda a, i: (a.index_fill(0, torch.tensor([1]), 2.0), a.index_fill(1, torch.tensor([1, 3]), 2.0)), x, ids)
    p.case("copy", lambda a, v: aten.copy(a, v[:, None]), x, y)
    p.case("src", lambda a, i: a.scatter(1, i[:, None, None].expand(-1, 2, 8), a), x, ids)
    return p


def dynamic_sums() -> Program:
    p = Program("scatter_dynamic_sums", opset=16)
    x = p.input(torch.randn(4, 6, 8), {0: "batch", 1: "length:4"}, torch.randn(5, 9, 8))
    ids = p.input(torch.tensor([0, 2, 3, 1]), {0: "batch"}, torch.tensor([3, 1, 2, 0, 1]))
    p.case("add", lambda a, i: (a.index_add(1, i, a[:, :1].expand(-1, i.shape[0], -1)), a.scatter_add(0, i[:, None, None].expand(-1, 3, 8), a)), x, ids)
    p.case("put", lambda a, i: put(a, (i,), a, accumulate=True), x, ids)
    return p


def programs() -> list[Program]:
    return [scatters(), rows(), puts(), parts(), typed(), dynamic(), dynamic_sums()]
