"""Reading by index tensors and by masks, gathering, embeddings."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from program import Program

TYPES = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float64)
aten = torch.ops.aten


def filled(dtype: torch.dtype, *sizes: int) -> torch.Tensor:
    if dtype.is_floating_point:
        return torch.randn(*sizes).to(dtype)
    return torch.randint(0, 2 if dtype == torch.bool else 100, sizes).to(dtype)


def indices() -> Program:
    p = Program("indexing_index")
    x = torch.randn(4, 5, 6, 3)
    i, j, k = torch.tensor([0, -1, 2]), torch.tensor([[1], [-2]]), torch.tensor(2)
    small = torch.tensor([3, 1, 0], dtype=torch.int32)
    p.case("one", lambda a, i: (a[i], a[:, i], a[..., i[:2]]), x, i)
    p.case("one_matrix", lambda a, j: (a[j], a[:, :, j]), x, j)
    p.case("one_scalar", lambda a, k: (aten.index(a, [k]), aten.index(a, [None, k]), aten.index(a, [None, None, k])), x, k)
    p.case("one_int32", lambda a, s: (a[s], a[:, s]), x, small)
    p.case("two", lambda a, i, k: (a[i, i], a[:, i, i], aten.index(a, [i, k]), a[:, :, i, i]), x, i, k)
    p.case("two_broadcast", lambda a, i, j: (a[i, j], a[:, i, j], a[j, i]), x, i, j)
    p.case("outer", lambda a, i, j: (a[j, i], a[:, j, i[None]], a[i[:, None], j[:, 0]]), x, i, j)
    p.case("apart", lambda a, i, j: (a[i, :, i], a[:, i, :, i], a[i, :, j], a[j, :, :, i]), x, i, j)
    p.case("three", lambda a, i: (a[i, i, i], a[:, i, i, i], a[i, :, i, i]), x, i)
    p.case("all", lambda a, i: a[i, i, i, i], x, i)
    p.case("none_between", lambda a, i: (a[i, None, i], a[None, i]), x, i)
    p.case("constant", lambda a: (a[[0, 2]], a[[0, 1], [2, -1]], a[:, [1, 1, 0]]), x)
    p.case("range", lambda a: a[torch.arange(4)[:, None], torch.arange(5)[None]], x)
    p.case("range_part", lambda a, i: (a[torch.arange(3), i], a[torch.arange(4)[:, None], i]), x, i)
    p.case("empty", lambda a, e: (a[e], a[e, e]), x, torch.zeros(0, dtype=torch.int64))
    p.case("unsafe", lambda a, i: aten._unsafe_index(a, [None, i, i]), x, i)
    p.case("select", lambda a, i: (a.index_select(0, i.abs()), a.index_select(-1, i.abs()), a.index_select(1, i[2])), x, i)
    p.case("select_scalar", lambda a: a.index_select(0, torch.tensor([0])), torch.tensor(1.5))
    p.case("take", lambda a, j: a.take(j), x, j)
    return p


def masks() -> Program:
    p = Program("indexing_masks")
    x, line = torch.randn(4, 5, 3), torch.randn(6)
    first, whole, pair = torch.tensor([True, False, True, True]), torch.rand(4, 5, 3) > 0.4, torch.rand(4, 5) > 0.5
    last, i = torch.tensor([False, True, True]), torch.tensor([1, 0])
    p.case("axis", lambda a, m: a[m], x, first)
    p.case("axis_last", lambda a, m: a[..., m], x, last)
    p.case("two_axes", lambda a, m: a[m], x, pair)
    p.case("whole", lambda a, m: a[m], x, whole)
    p.case("with_index", lambda a, m, i: (a[m, 1], a[m, :, 2]), x, first, i)
    p.case("nothing", lambda a, m: a[m], x, torch.zeros(4, dtype=torch.bool))
    p.case("masked_select", lambda a, m: a.masked_select(m), x, whole)
    p.case("masked_select_row", lambda a, m: a.masked_select(m), x, last)
    p.case("masked_select_scalar", lambda a, m: a.masked_select(m), line, torch.tensor(True))
    p.case("nonzero", lambda m: (m.nonzero(), torch.argwhere(m)), pair)
    p.case("nonzero_numbers", lambda a: (a > 0).nonzero(), line)
    p.case("nonzero_scalar", lambda a: a.nonzero(), torch.tensor(3.0))
    p.case("nonzero_list", lambda m: m.nonzero(as_tuple=True), pair)
    p.case("where_list", lambda m: torch.where(m), pair)
    p.case("nonzero_static", lambda m: (torch.nonzero_static(m, size=4), torch.nonzero_static(m, size=30, fill_value=7)), pair)
    for dtype in TYPES:
        name = str(dtype).removeprefix("torch.")
        p.case(f"nonzero_{name}", lambda a: a.nonzero(), filled(dtype, 3, 4))
    return p


def gathered() -> Program:
    p = Program("indexing_gather")
    x, line = torch.randn(3, 4, 2), torch.randn(5)
    deep = torch.randint(0, 3, (2, 4, 2))
    p.case("gather", lambda a, i: (a.gather(0, i), a.gather(-2, i), a.gather(2, i % 2)), x, deep)
    p.case("gather_less", lambda a, i: a.gather(1, i), x, torch.randint(0, 4, (2, 7, 1)))
    p.case("gather_line", lambda a, i: (a.gather(0, i), a.gather(0, i[1])), line, torch.tensor([4, 0, 0]))
    p.case("gather_scalar", lambda a: (a.gather(0, torch.tensor(0)), a.gather(-1, torch.tensor([0, 0]))), torch.tensor(1.5))
    p.case("gather_empty", lambda a, i: a.gather(0, i), x, torch.zeros(0, 4, 2, dtype=torch.int64))
    p.case("take_along", lambda a, i: torch.take_along_dim(a, i, 1), x, torch.randint(0, 4, (3, 6, 2)))
    p.case("take_along_broadcast", lambda a, i: (torch.take_along_dim(a, i, 1), torch.take_along_dim(a[:1], i.expand(3, 2, 1), 1)), x, torch.tensor([[[1], [3]]]))
    p.case("take_along_flat", lambda a, i: torch.take_along_dim(a, i), x, torch.tensor([0, 23, 5]))
    weight = torch.randn(7, 4)
    places = torch.tensor([[0, 6, 3], [2, 2, 1]])
    p.case("embedding", lambda w, i: (F.embedding(i, w), F.embedding(i[0, 0], w), F.embedding(i, w, padding_idx=2)), weight, places)
    p.case("embedding_int32", lambda w, i: F.embedding(i, w), weight, places.int())
    p.case("embedding_module", torch.nn.Embedding(7, 3, padding_idx=0), places)
    flat, offsets = torch.tensor([1, 0, 5, 5, 2, 6]), torch.tensor([0, 2, 2, 5])
    for mode in ("sum", "mean", "max"):
        p.case(f"bag_{mode}", lambda w, i, o, m=mode: F.embedding_bag(i, w, o, mode=m), weight, flat, offsets)
        p.case(f"bag_{mode}_rows", lambda w, i, m=mode: F.embedding_bag(i, w, mode=m), weight, places)
        p.case(f"bag_{mode}_padding", lambda w, i, o, m=mode: F.embedding_bag(i, w, o, mode=m, padding_idx=5), weight, flat, offsets)
        p.case(f"bag_{mode}_last", lambda w, i, o, m=mode: F.embedding_bag(i, w, o, mode=m, include_last_offset=True), weight, flat, torch.tensor([0, 3, 6]))
    p.case("bag_weights", lambda w, i, o, s: F.embedding_bag(i, w, o, mode="sum", per_sample_weights=s), weight, flat, offsets, torch.rand(6))
    return p


def typed() -> Program:
    p = Program("indexing_types")
    i, m = torch.tensor([2, 0]), torch.tensor([True, False, True])
    for dtype in TYPES:
        name, x = str(dtype).removeprefix("torch."), filled(dtype, 3, 4)
        p.case(f"{name}_index", lambda a, i: (a[i], a[:, i], a[i, i]), x, i)
        p.case(f"{name}_mask", lambda a, m: (a[m], a[m, 1], a[a != 0]), x, m)
        p.case(f"{name}_gather", lambda a, i: (a.gather(0, i[:, None].expand(2, 4)), a.index_select(1, i), a.take(i)), x, i)
    return p


def dynamic() -> Program:
    p = Program("indexing_dynamic")
    x = p.input(torch.randn(4, 6, 8), {0: "batch", 1: "length:4"}, torch.randn(5, 9, 8))
    ids = p.input(torch.tensor([[0, 2, 3], [1, 1, 1], [0, 0, 0], [3, -1, 2]]), {0: "batch"}, torch.randint(-2, 4, (5, 3)))
    mask = p.input(torch.rand(4, 6) > 0.4, {0: "batch", 1: "length:4"}, torch.rand(5, 9) > 0.4)
    p.case("rows", lambda a, i: a[torch.arange(a.shape[0]), i[:, 0]], x, ids)
    p.case("last", lambda a, i: a[torch.arange(a.shape[0], device=a.device), -1], x, ids)
    p.case("table", lambda m: m[torch.arange(m.shape[0])[:, None, None, None], torch.arange(m.shape[1])[None, None, None, :]], mask)
    p.case("part_table", lambda m: m[torch.arange(m.shape[0])[:, None], torch.arange(m.shape[1] - 1)[None] + 1], mask)
    p.case("one", lambda a, i: (a[i], a[:, i]), x, ids)
    p.case("two", lambda a, i: (a[:, i, i], a[i, :, i]), x, ids)
    p.case("gather", lambda a, i: a.gather(1, i.abs()[:, :, None].expand(-1, -1, 8)), x, ids)
    return p


def dynamic_masks() -> Program:
    p = Program("indexing_counts", ("default",))
    x = p.input(torch.randn(4, 6, 8), {0: "batch", 1: "length:4"}, torch.randn(5, 9, 8))
    mask = p.input(torch.rand(4, 6) > 0.4, {0: "batch", 1: "length:4"}, torch.rand(5, 9) > 0.4)
    p.case("mask", lambda a, m: (a[m], a[:, m[0]], a[m[:, 0]]), x, mask)
    p.case("masked_select", lambda a, m: (a.masked_select(m[:, :, None]), a[:, :, 0].masked_select(m)), x, mask)
    p.case("nonzero", lambda a, m: (m.nonzero(), (a > 1).nonzero()), x, mask)
    return p


def programs() -> list[Program]:
    return [indices(), masks(), gathered(), typed(), dynamic(), dynamic_masks()]
