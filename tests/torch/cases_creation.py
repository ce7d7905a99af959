"""Tensors made of nothing; sorting."""

import torch
import torch.nn.functional as F

from program import Program

NAN = float("nan")
ALL = [torch.float32, torch.float16, torch.float64, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]


def name(dtype):
    return str(dtype).removeprefix("torch.")


def create(dtype):
    """Each is added to what is given, so that it is not just a constant."""
    p = Program(f"create_{name(dtype)}")
    x = torch.ones(2, 3).to(dtype)
    kind = dict(dtype=dtype)
    made = dict(
        zeros=lambda x: torch.zeros(2, 3, **kind), ones=lambda x: torch.ones(3, **kind),
        full=lambda x: torch.full((2, 1), 1, **kind), zeros_like=torch.zeros_like, ones_like=torch.ones_like,
        full_like=lambda x: torch.full_like(x, 1), new_zeros=lambda x: x.new_zeros(2, 3), new_ones=lambda x: x.new_ones(3),
        new_full=lambda x: x.new_full((2, 3), 1), scalar=lambda x: torch.scalar_tensor(1, **kind),
        empty=lambda x: torch.empty(2, 3, **kind).fill_(1), empty_like=lambda x: torch.empty_like(x).zero_(),
        new_empty=lambda x: x.new_empty(3).fill_(1), fill=lambda x: torch.fill(x, 1), zero=lambda x: x.clone().zero_(),
        eye=lambda x: torch.eye(3, **kind)[:2], eye_m=lambda x: torch.eye(2, 3, **kind),
        constant=lambda x: torch.tensor([1, 0, 1], **kind), like_float=lambda x: torch.ones_like(x, dtype=torch.float32),
        zero_size=lambda x: torch.zeros(0, 2, 3, **kind), fill_tensor=lambda x: torch.fill(x, torch.tensor(1).to(dtype)),
    )  # fmt: skip
    for label, f in made.items():
        p.case(label, lambda x, f=f: (x + f(x), f(x)), x)
    if dtype != torch.bool:
        made = dict(
            arange=lambda: torch.arange(3, **kind), arange_start=lambda: torch.arange(1, 4, **kind),
            arange_step=lambda: torch.arange(1, 10, 3, **kind), arange_none=lambda: torch.arange(4, 4, **kind),
            linspace=lambda: torch.linspace(0, 10, 3, **kind), linspace_one=lambda: torch.linspace(3, 10, 1, **kind),
            linspace_none=lambda: torch.linspace(3, 10, 0, **kind),
        )  # fmt: skip
        if dtype not in (torch.uint8,):
            made["arange_down"] = lambda: torch.arange(5, -4, -3, **kind)
            made["linspace_down"] = lambda: torch.linspace(10, -10, 3, **kind)
        for label, f in made.items():
            p.case(label, lambda x, f=f: (f(), x[0, 0] + f()), x)
    y = torch.arange(24).reshape(2, 3, 4).to(dtype)
    for f in (torch.tril, torch.triu):
        for k in (0, 1, -1, 5):
            p.case(f"{f.__name__}_{k}", lambda y, f=f, k=k: f(y, k), y)
    if dtype.is_floating_point:
        p.case("arange_float", lambda x: x[0, 0] + torch.arange(0.5, 2.0, 0.3, **kind), x)
        p.case("linspace_many", lambda x: x[0, 0] + torch.linspace(-1, 1, 101, **kind), x)
        p.case("full_infinite", lambda x: x + torch.full((3,), float("-inf"), **kind), x)
        p.case("full_nan", lambda x: x + torch.full((), NAN, **kind), x)
        p.case("hann_window", lambda x: x[0, 0] + torch.hann_window(7, **kind), x)
        p.case("hann_window_symmetric", lambda x: x[0, 0] + torch.hann_window(7, periodic=False, **kind), x)
        p.case("hamming_window", lambda x: x[0, 0] + torch.hamming_window(6, **kind), x)
        p.case("blackman_window", lambda x: x[0, 0] + torch.blackman_window(6, periodic=False, **kind), x)
        p.case("bartlett_window", lambda x: x[0, 0] + torch.bartlett_window(5, **kind), x)
        p.case("logspace", lambda x: x[0, 0] + torch.logspace(0, 2, 5, **kind), x)
        p.case("logspace_2", lambda x: x[0, 0] + torch.logspace(0, 3, 4, base=2.0, **kind), x)
    return p


def more():
    p = Program("create_more")
    x = torch.zeros(1)
    p.case("arange_long", lambda x: torch.arange(10000) + x.long(), x)
    p.case("arange_long_float", lambda x: torch.arange(0, 5000, 0.7)[-3:] + x, x)
    p.case("eye_large", lambda x: torch.eye(100)[97:] + x, x)
    p.case("eye_large_bool", lambda x: torch.eye(70, 80, dtype=torch.bool)[67:], x)
    p.case("linspace_long", lambda x: torch.linspace(0, 1, 5001)[::500] + x, x)
    a, b = torch.tensor(1.0), torch.tensor(3.0)
    p.case("linspace_tensors", lambda a, b: torch.linspace(a, b, 5), a, b)
    p.case("linspace_tensor", lambda b: torch.linspace(0, b, 4), b)
    p.case("logspace_tensors", lambda a, b: torch.logspace(a, b, 3), a, b)
    p.case("full_of_tensor", lambda b: torch.full((2, 2), 5.0).fill_(b), b)
    p.case("tril_indices", lambda x: torch.tril_indices(3, 4, 1) + x.long(), x)
    p.case("triu_indices", lambda x: torch.triu_indices(4, 3, -1) + x.long(), x)
    index = torch.tensor([[0, 2], [1, 1]])
    p.case("one_hot", lambda i: F.one_hot(i, 4), index)
    p.case("one_hot_scalar", lambda i: F.one_hot(i[0, 1], 3), index)
    p.case("one_hot_float", lambda i: F.one_hot(i, 3).float() * 0.5, index)
    p.case("arange_trunc", lambda x: torch.arange(0, 5, 2, dtype=torch.int32) + x.int(), x)
    return p


def dynamic():
    p = Program("create_dynamic")
    x = p.input(torch.randn(3, 5), {0: "rows", 1: "columns:3"}, torch.randn(4, 7))
    p.case("zeros", lambda x: torch.zeros(x.shape[0], 2), x)
    p.case("full", lambda x: torch.full((x.shape[1], x.shape[0]), 2.5), x)
    p.case("full_of_size", lambda x: torch.full((2,), x.shape[1]), x)
    p.case("ones_like", lambda x: torch.ones_like(x, dtype=torch.int64), x)
    p.case("new_ones", lambda x: x.new_ones(x.shape[0], 1, dtype=torch.bool), x)
    p.case("arange", lambda x: torch.arange(x.shape[1]), x)
    p.case("arange_start", lambda x: torch.arange(1, x.shape[1]), x)
    p.case("arange_step", lambda x: torch.arange(0, x.shape[1] * 2, 2, dtype=torch.float32), x)
    p.case("arange_int32", lambda x: torch.arange(x.shape[0], dtype=torch.int32), x)
    p.case("eye", lambda x: torch.eye(x.shape[0]), x)
    p.case("eye_m", lambda x: torch.eye(x.shape[0], x.shape[1], dtype=torch.int64), x)
    p.case("tril", lambda x: torch.tril(x), x)
    p.case("mask", lambda x: torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril(), x)
    p.case("triu_minus", lambda x: torch.full((x.shape[1], x.shape[1]), float("-inf")).triu(1), x)
    p.case("sort", lambda x: torch.sort(x, 1), x)
    p.case("median", lambda x: torch.median(x, 1), x)
    p.case("median_all", torch.median, x)
    p.case("topk", lambda x: torch.topk(x, 2, 0), x)
    p.case("scalar", lambda x: torch.scalar_tensor(x.shape[0]), x)
    return p


def sort(dtype):
    p = Program(f"sort_{name(dtype)}")
    few = 2 if dtype == torch.bool else 5
    x = torch.randint(0, few, (3, 6)).to(dtype)
    distinct = torch.stack([torch.randperm(7) for _ in range(3)]).to(dtype) if dtype != torch.bool else x
    scalar = torch.tensor(1, dtype=dtype)
    p.case("sort", lambda x: torch.sort(x), distinct)
    p.case("sort_0", lambda x: torch.sort(x, 0).values, x)
    p.case("sort_down", lambda x: torch.sort(x, -1, True).values, x)
    p.case("sort_stable", lambda x: torch.sort(x, dim=1, stable=True), x)
    p.case("sort_stable_down", lambda x: torch.sort(x, dim=0, descending=True, stable=True), x)
    p.case("sort_scalar", lambda x: torch.sort(x, 0), scalar)
    p.case("sort_empty", lambda x: torch.sort(x, 1), torch.zeros(2, 0, dtype=dtype))
    p.case("argsort", lambda x: torch.argsort(x, dim=1, stable=True), x)
    p.case("msort", torch.msort, x)
    if dtype != torch.bool:
        p.case("topk", lambda x: torch.topk(x, 3), distinct)
        p.case("topk_low", lambda x: torch.topk(x, 2, 1, largest=False), distinct)
        p.case("topk_0", lambda x: torch.topk(x, 2, 0).values, x)
        p.case("topk_scalar", lambda x: torch.topk(x, 1), scalar)
        p.case("argsort_plain", lambda x: torch.argsort(x), distinct)
        p.case("argsort_down", lambda x: torch.argsort(x, descending=True), distinct)
        p.case("kthvalue", lambda x: torch.kthvalue(x, 2), distinct)
        p.case("kthvalue_keep", lambda x: torch.kthvalue(x, 5, 1, True), distinct)
        p.case("kthvalue_scalar", lambda x: torch.kthvalue(x, 1), scalar)
        p.case("median", torch.median, distinct)
        p.case("median_even", lambda x: torch.median(x[:, :6], 1), distinct)
        p.case("median_keep", lambda x: torch.median(x, -1, True), distinct)
        p.case("median_scalar", torch.median, scalar)
        p.case("mode", lambda x: torch.mode(x, 1).values, x)
        p.case("mode_keep", lambda x: torch.mode(x, 0, True).values, x)
        bounds = torch.tensor([1, 2, 2, 3, 4]).to(dtype)
        p.case("searchsorted", lambda b, x: torch.searchsorted(b, x), bounds, x)
        p.case("searchsorted_right", lambda b, x: torch.searchsorted(b, x, right=True), bounds, x)
        p.case("searchsorted_side", lambda b, x: torch.searchsorted(b, x, side="right", out_int32=True), bounds, x)
        p.case("searchsorted_rows", lambda b, x: torch.searchsorted(b, x), distinct.sort(1).values, x)
        p.case("searchsorted_number", lambda b: torch.searchsorted(b, 2), bounds)
        p.case("searchsorted_sorter", lambda b, x, i: torch.searchsorted(b, x, sorter=i), bounds.flip(0), x, torch.tensor([4, 3, 2, 1, 0]))
        p.case("bucketize", lambda b, x: torch.bucketize(x, b), bounds, x)
        p.case("bucketize_right", lambda b, x: torch.bucketize(x, b, right=True), bounds, x)
        p.case("bucketize_number", lambda b: torch.bucketize(2, b), bounds)
    if dtype.is_floating_point:
        holes = torch.where(distinct > 3, NAN, distinct)
        p.case("nanmedian", torch.nanmedian, holes)
        p.case("nanmedian_axis", lambda x: torch.nanmedian(x, 1), holes)
        p.case("nanmedian_none", lambda x: torch.nanmedian(x * NAN), distinct)
    if dtype in (torch.float32, torch.float64):
        p.case("histc", lambda x: torch.histc(x, 5, 1, 6), distinct)
    return p


def unique():
    """Their sizes depend on the data."""
    p = Program("unique")
    for dtype in (torch.float32, torch.int64, torch.int32):
        x = torch.tensor([[3, 1, 2], [3, 1, 1]]).to(dtype)
        p.case(f"unique_{name(dtype)}", torch.unique, x)
        p.case(f"inverse_{name(dtype)}", lambda x: torch.unique(x, return_inverse=True, return_counts=True), x)
    runs = torch.tensor([[4, 4, 1], [1, 1, 4]])
    p.case("runs", torch.unique_consecutive, runs)
    p.case("runs_all", lambda x: torch.unique_consecutive(x, return_inverse=True, return_counts=True), runs)
    rows = torch.tensor([[1.0, 2.0], [0.0, 2.0], [1.0, 2.0]])
    p.case("rows", lambda x: torch.unique(x, dim=0), rows)
    p.case("rows_inverse", lambda x: torch.unique(x, return_inverse=True, return_counts=True, dim=0), rows)
    return p


def programs():
    return [create(t) for t in ALL] + [more(), dynamic()] + [sort(t) for t in ALL] + [unique()]
