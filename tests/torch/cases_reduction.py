"""Reductions, statistics, running sums."""

import torch

from program import Program

INF, NAN = float("inf"), float("nan")
FLOATS = [torch.float32, torch.float16, torch.float64]
INTS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]


def name(dtype):
    return str(dtype).removeprefix("torch.")


def tensor(dtype, *sizes):
    if dtype.is_floating_point:
        return torch.randn(sizes).to(dtype)
    low = 0 if dtype in (torch.uint8, torch.bool) else -5
    return torch.randint(low, 2 if dtype == torch.bool else 6, sizes).to(dtype)


def axes(p, label, f, x, lists=True, none=True):
    """One axis, with and without keepdim, a negative one, several, none at all."""
    p.case(f"{label}_1", lambda x: f(x, dim=1), x)
    p.case(f"{label}_last_keep", lambda x: f(x, dim=-1, keepdim=True), x)
    if lists:
        p.case(f"{label}_0_2", lambda x: f(x, dim=(0, -1)), x)
        p.case(f"{label}_all_keep", lambda x: f(x, dim=(0, 1, 2), keepdim=True), x)
    if none:
        p.case(f"{label}_none_keep", lambda x: f(x, dim=None, keepdim=True), x)


def reduce(dtype):
    p = Program(f"reduce_{name(dtype)}")
    x, scalar, empty = tensor(dtype, 2, 3, 4), tensor(dtype), tensor(dtype, 2, 0)
    axes(p, "sum", torch.sum, x)
    p.case("sum", torch.sum, x)
    p.case("sum_float", lambda x: torch.sum(x, dtype=torch.float32), x)
    p.case("sum_axis_float", lambda x: torch.sum(x, 1, dtype=torch.float64), x)
    p.case("sum_int", lambda x: torch.sum(x, dtype=torch.int32), x)
    p.case("sum_no_axes", lambda x: torch.sum(x, dim=()), x)
    p.case("prod", torch.prod, x)
    axes(p, "prod", torch.prod, x, False, False)
    p.case("prod_float", lambda x: torch.prod(x, 0, dtype=torch.float32), x)
    axes(p, "any", torch.any, x)
    axes(p, "all", torch.all, x)
    p.case("any", torch.any, x)
    p.case("all", torch.all, x)
    p.case("any_all_true", lambda x: torch.all((x == x) | (x != x)), x)
    axes(p, "amax", torch.amax, x, True, False)
    axes(p, "amin", torch.amin, x, True, False)
    p.case("amax", torch.amax, x)
    p.case("max", torch.max, x)
    p.case("min", torch.min, x)
    # Different values along the axis, or the first of equal ones: both have just one answer.
    axes(p, "max", torch.max, x, False, False)
    axes(p, "min", torch.min, x, False, False)
    p.case("max_values", lambda x: torch.max(x, 1).values, x)
    p.case("max_indices", lambda x: torch.max(x, 1).indices, x)
    p.case("aminmax", torch.aminmax, x)
    p.case("aminmax_axis", lambda x: torch.aminmax(x, dim=1, keepdim=True), x)
    p.case("count_nonzero", torch.count_nonzero, x)
    p.case("count_nonzero_axis", lambda x: torch.count_nonzero(x, dim=1), x)
    p.case("count_nonzero_axes", lambda x: torch.count_nonzero(x, dim=(0, 2)), x)
    p.case("cumsum", lambda x: torch.cumsum(x, 1), x)
    p.case("cumsum_last", lambda x: torch.cumsum(x, -1), x)
    p.case("cumsum_float", lambda x: torch.cumsum(x, 0, dtype=torch.float32), x)
    p.case("cumprod", lambda x: torch.cumprod(x, 1), x)
    p.case("cumprod_0", lambda x: torch.cumprod(x, 0), x)
    p.case("cummax", lambda x: torch.cummax(x, 1), x)
    p.case("cummin", lambda x: torch.cummin(x, -1), x)
    p.case("nansum", lambda x: torch.nansum(x, 1), x)
    if dtype != torch.bool:
        for f in (torch.argmax, torch.argmin):
            label = f.__name__
            p.case(label, f, x)
            p.case(f"{label}_keep", lambda x, f=f: f(x, keepdim=True), x)
            p.case(f"{label}_1", lambda x, f=f: f(x, 1), x)
            p.case(f"{label}_last_keep", lambda x, f=f: f(x, -1, True), x)
            p.case(f"{label}_scalar", f, scalar)
            p.case(f"{label}_scalar_axis", lambda x, f=f: f(x, 0), scalar)
    for f in (torch.sum, torch.prod, torch.any, torch.all, torch.amax):
        p.case(f"{f.__name__}_scalar", f, scalar)
        p.case(f"{f.__name__}_scalar_axis", lambda x, f=f: f(x, dim=0), scalar)
    p.case("max_scalar_axis", lambda x: torch.max(x, 0), scalar)
    p.case("cumsum_scalar", lambda x: torch.cumsum(x, 0), scalar)
    p.case("cumprod_scalar", lambda x: torch.cumprod(x, 0), scalar)
    p.case("cummax_scalar", lambda x: torch.cummax(x, 0), scalar)
    for f in (torch.sum, torch.prod, torch.any, torch.all):
        p.case(f"{f.__name__}_empty", f, empty)
        p.case(f"{f.__name__}_empty_axis", lambda x, f=f: f(x, dim=1), empty)
    p.case("amax_empty", lambda x: torch.amax(x, 0), empty)
    p.case("cumsum_empty", lambda x: torch.cumsum(x, 1), empty)
    p.case("cumprod_empty", lambda x: torch.cumprod(x, 1), empty)
    p.case("cummax_empty", lambda x: torch.cummax(x, 0), empty)
    return p


def statistics(dtype):
    p = Program(f"statistics_{name(dtype)}")
    x, scalar, empty = tensor(dtype, 2, 3, 4), tensor(dtype), tensor(dtype, 2, 0)
    y = tensor(dtype, 3, 4)
    axes(p, "mean", torch.mean, x)
    p.case("mean", torch.mean, x)
    p.case("mean_double", lambda x: torch.mean(x, 1, dtype=torch.float64), x)
    p.case("mean_scalar", torch.mean, scalar)
    p.case("mean_empty", torch.mean, empty)
    p.case("mean_empty_axis", lambda x: torch.mean(x, 1), empty)
    for f in (torch.var, torch.std, torch.var_mean, torch.std_mean):
        label = f.__name__
        axes(p, label, f, x)
        p.case(label, f, x)
        p.case(f"{label}_biased", lambda x, f=f: f(x, 1, unbiased=False), x)
        p.case(f"{label}_all_biased", lambda x, f=f: f(x, unbiased=False), x)
        p.case(f"{label}_correction_0", lambda x, f=f: f(x, (0, 1), correction=0), x)
        p.case(f"{label}_correction_2", lambda x, f=f: f(x, 1, correction=2, keepdim=True), x)
        p.case(f"{label}_too_few", lambda x, f=f: f(x[:, :1], 1), x)
    for order in (2, 1, 0, 3, INF, -INF, 0.5):
        p.case(f"vector_norm_{order}", lambda x, order=order: torch.linalg.vector_norm(x, order, dim=(1, 2)), x)
        p.case(f"vector_norm_{order}_all", lambda x, order=order: torch.linalg.vector_norm(x, order), x)
        p.case(f"norm_{order}", lambda x, order=order: torch.norm(x, order, dim=1, keepdim=True), x)
    for order in ("fro", 1, -1, INF, -INF):
        p.case(f"matrix_norm_{order}", lambda x, order=order: torch.linalg.matrix_norm(x, order), x)
        p.case(f"linalg_norm_{order}", lambda y, order=order: torch.linalg.norm(y, order), y)
    p.case("linalg_norm", torch.linalg.norm, x)
    p.case("linalg_norm_axis", lambda x: torch.linalg.norm(x, dim=1), x)
    p.case("linalg_norm_axis_1", lambda x: torch.linalg.norm(x, 1, dim=1, keepdim=True), x)
    p.case("norm", lambda x: x.norm(), x)
    p.case("norm_p_dtype", lambda x: torch.norm(x, 2, dim=1, dtype=torch.float64), x)
    p.case("dist", torch.dist, y, y * 2)
    p.case("dist_1", lambda a, b: torch.dist(a, b, 1), y, y * 3)
    p.case("logsumexp", lambda x: torch.logsumexp(x, 1), x)
    p.case("logsumexp_axes", lambda x: torch.logsumexp(x, (0, -1), keepdim=True), x)
    p.case("softmax", lambda x: torch.softmax(x, 1), x)
    p.case("softmax_last", lambda x: torch.softmax(x, -1), x)
    p.case("softmax_double", lambda x: torch.softmax(x, 0, dtype=torch.float64), x)
    p.case("softmax_scalar", lambda x: torch.softmax(x, 0), scalar)
    p.case("softmax_empty", lambda x: torch.softmax(x, 1), empty)
    p.case("special_softmax", lambda x: torch.special.softmax(x, 1), x)
    p.case("log_softmax", lambda x: torch.log_softmax(x, 1), x)
    p.case("log_softmax_scalar", lambda x: torch.log_softmax(x, -1), scalar)
    p.case("logcumsumexp", lambda x: torch.logcumsumexp(x, 1), x)
    p.case("logcumsumexp_scalar", lambda x: torch.logcumsumexp(x, 0), scalar)
    p.case("nansum", torch.nansum, torch.where(x > 1, NAN, x))
    p.case("nanmean", lambda x: torch.nanmean(x, 1), torch.where(x > 1, NAN, x))
    return p


def edges():
    p = Program("reduce_edges")
    ties = torch.tensor([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0], [0.0, 0.0, -1.0, -1.0]])
    for f in (torch.argmax, torch.argmin):
        p.case(f"{f.__name__}_ties", lambda x, f=f: f(x, 1), ties)
        p.case(f"{f.__name__}_ties_all", f, ties)
    p.case("cummax_ties", lambda x: torch.cummax(x, 1), ties)
    p.case("cummin_ties", lambda x: torch.cummin(x, 1), ties)
    special = torch.tensor([[NAN, 1.0, INF], [-INF, 2.0, -INF], [0.0, -0.0, NAN]])
    p.case("sum", lambda x: torch.sum(x, 1), special)
    p.case("mean", lambda x: torch.mean(x, 1), special)
    p.case("cumsum", lambda x: torch.cumsum(x, 1), special)
    p.case("cummax", lambda x: torch.cummax(x, 1), special)
    p.case("cummin", lambda x: torch.cummin(x, 0), special)
    p.case("any", lambda x: torch.any(x, 1), special)
    p.case("all", lambda x: torch.all(x, 1), special)
    p.case("count", lambda x: torch.count_nonzero(x, 1), special)
    p.case("nansum", lambda x: torch.nansum(x, 1), special)
    infinite = torch.tensor([[-INF, -INF, -INF], [0.0, -INF, 1000.0], [INF, 1.0, 2.0]])
    p.case("logsumexp", lambda x: torch.logsumexp(x, 1), infinite)
    p.case("logcumsumexp", lambda x: torch.logcumsumexp(x, 1), infinite)
    p.case("softmax_masked", lambda x: torch.softmax(x, 1), infinite[1:2])
    p.case("safe_softmax", lambda x: torch.ops.aten._safe_softmax(x, 1), infinite[:2])
    p.case("half_to_float", lambda x: torch.ops.aten.softmax.int(x, 1, torch.float32), ties.half())
    p.case("half_sum_of_squares", lambda x: torch.var(x, 1), ties.half() * 200)
    # onnxruntime adds and multiplies int64 in double: only up to 2^53.
    p.case("int64_sum", torch.sum, torch.tensor([2**51 + 1, 2**52, -5]))
    p.case("int64_cumsum", lambda x: torch.cumsum(x, 0), torch.tensor([2**62, 2**62, 2**62, 5]))
    p.case("int64_max", torch.max, torch.tensor([2**60 + 1, 2**60, -(2**60)]))
    p.case("int64_argmax", torch.argmax, torch.tensor([2**60, 2**60 + 1, -(2**60)]))
    p.case("int64_prod", torch.prod, torch.tensor([2**25, 2**25 + 1, 3]))
    p.case("int8_sum", lambda x: torch.sum(x, dtype=torch.int8), torch.tensor([100, 100, 7], dtype=torch.int8))
    p.case("uint8_any", torch.any, torch.tensor([0, 3], dtype=torch.uint8))
    return p


def dynamic():
    p = Program("reduce_dynamic")
    x = p.input(torch.randn(3, 5, 2), {0: "batch", 1: "length"}, torch.randn(4, 7, 2))
    for f in (torch.sum, torch.mean, torch.var, torch.std, torch.var_mean):
        p.case(f.__name__, f, x)
        p.case(f"{f.__name__}_1", lambda x, f=f: f(x, 1), x)
    p.case("var_0", lambda x: torch.var(x, (0, 1), correction=0), x)
    p.case("argmax", torch.argmax, x)
    p.case("argmax_keep", lambda x: torch.argmax(x, keepdim=True), x)
    p.case("cumsum", lambda x: torch.cumsum(x, 1), x)
    p.case("cumprod", lambda x: torch.cumprod(x, 1), x)
    p.case("cummax", lambda x: torch.cummax(x, 0), x)
    p.case("logcumsumexp", lambda x: torch.logcumsumexp(x, -1), x)
    p.case("any", lambda x: torch.any(x > 2, 1), x)
    p.case("softmax", lambda x: torch.softmax(x, 1), x)
    return p


def programs():
    return [reduce(t) for t in FLOATS + INTS] + [statistics(t) for t in FLOATS] + [edges(), dynamic()]
