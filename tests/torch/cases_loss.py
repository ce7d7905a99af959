"""Losses, and questions about a tensor as a whole."""

import torch
import torch.nn.functional as F

from program import Program


def losses(dtype):
    p = Program(f"loss_{str(dtype).removeprefix('torch.')}")
    x, y = torch.randn(4, 5).to(dtype), torch.randn(4, 5).to(dtype)
    shares = torch.rand(4, 5).to(dtype) * 0.8 + 0.1
    classes = torch.tensor([1, 4, 0, 2])
    weight = torch.rand(5).to(dtype) + 0.1
    for reduction in ("none", "mean", "sum"):
        how = dict(reduction=reduction)
        p.case(f"mse_{reduction}", lambda x, y, how=how: F.mse_loss(x, y, **how), x, y)
        p.case(f"l1_{reduction}", lambda x, y, how=how: F.l1_loss(x, y, **how), x, y)
        p.case(f"smooth_l1_{reduction}", lambda x, y, how=how: F.smooth_l1_loss(x, y, beta=0.7, **how), x, y)
        p.case(f"huber_{reduction}", lambda x, y, how=how: F.huber_loss(x, y, delta=0.8, **how), x, y)
        p.case(f"soft_margin_{reduction}", lambda x, y, how=how: F.soft_margin_loss(x, y.sign(), **how), x, y)
        p.case(f"bce_{reduction}", lambda s, y, how=how: F.binary_cross_entropy(s, (y > 0).to(s), **how), shares, y)
        p.case(f"logits_{reduction}", lambda x, s, how=how: F.binary_cross_entropy_with_logits(x, s, **how), x, shares)
        p.case(f"kl_{reduction}", lambda x, s, how=how: F.kl_div(x, s, **how), x, shares)
        p.case(f"nll_{reduction}", lambda x, c, how=how: F.nll_loss(x, c, **how), x, classes)
        p.case(f"entropy_{reduction}", lambda x, c, how=how: F.cross_entropy(x, c, **how), x, classes)
        p.case(f"entropy_shares_{reduction}", lambda x, s, how=how: F.cross_entropy(x, s, **how), x, shares)
        p.case(f"entropy_smooth_{reduction}", lambda x, c, how=how: F.cross_entropy(x, c, label_smoothing=0.2, ignore_index=4, **how), x, classes)
        p.case(f"entropy_weight_{reduction}", lambda x, c, w, how=how: F.cross_entropy(x, c, w, ignore_index=4, **how), x, classes, weight)
    p.case("logits_weight", lambda x, s, w: F.binary_cross_entropy_with_logits(x, s, w, pos_weight=w * 2), x, shares, weight)
    p.case("bce_weight", lambda s, t, w: F.binary_cross_entropy(s, t, w), shares, shares.flip(0), weight)
    p.case("bce_ends", lambda s: F.binary_cross_entropy(s, 1 - s), torch.tensor([0.0, 1.0], dtype=dtype))
    p.case("kl_log", lambda x, y: F.kl_div(x, y, log_target=True, reduction="sum"), x, y)
    p.case("margin", lambda x, y: F.margin_ranking_loss(x, y, torch.ones(4, 5).to(x), 0.3), x, y)
    p.case("entropy_one", lambda x, c: F.cross_entropy(x[0], c[0]), x, classes)
    p.case("entropy_pixels", lambda x, c: F.cross_entropy(x.reshape(2, 5, 2), c.reshape(2, 2)), x, classes)
    p.case("entropy_smooth", lambda x, s: F.cross_entropy(x, s, label_smoothing=0.1), x, shares)
    return p


def measures():
    p = Program("measures")
    x, flags = torch.randn(3, 6), torch.tensor([True, False, False, True])
    q = torch.tensor([0.0, 0.3, 0.9])
    for how in ("linear", "lower", "higher", "midpoint", "nearest"):
        p.case(f"quantile_{how}", lambda x, how=how: torch.quantile(x, 0.37, 1, interpolation=how), x)
        p.case(f"quantiles_{how}", lambda x, q, how=how: torch.quantile(x, q, 1, keepdim=True, interpolation=how), x, q)
    p.case("quantile", lambda x: torch.quantile(x, 0.5), x)
    p.case("quantile_keep", lambda x: torch.quantile(x, 0.25, keepdim=True), x)
    p.case("quantiles_0", lambda x, q: torch.quantile(x, q, 0), x, q)
    p.case("quantiles_all", torch.quantile, x, q)
    p.case("diff", torch.diff, x)
    p.case("diff_2", lambda x: torch.diff(x, 2, 0), x)
    p.case("diff_ends", lambda x: torch.diff(x, dim=1, prepend=x[:, :1] * 2, append=x[:, :2]), x)
    p.case("diff_bool", torch.diff, flags)
    p.case("cumulative_trapezoid", lambda x: torch.cumulative_trapezoid(x, dx=2.0, dim=0), x)
    p.case("trapezoid", lambda x: torch.trapezoid(x, dx=0.5), x)
    numbers = torch.tensor([[1, 5, 2], [7, 2, 0]])
    p.case("isin", torch.isin, numbers, torch.tensor([2, 7]))
    p.case("isin_invert", lambda a, b: torch.isin(a, b, invert=True), numbers, torch.tensor([2, 7, 9]))
    p.case("isin_number", lambda a: torch.isin(a, 5), numbers)
    p.case("angle", torch.angle, x)
    p.case("sum_to_size", lambda x: x.sum_to_size(3, 1), x)
    p.case("sum_to_row", lambda x: x.sum_to_size(6), x)
    return p


def counted():
    p = Program("counted", forms=("default",))
    numbers = torch.tensor([1, 4, 1, 0])
    p.case("bincount", torch.bincount, numbers)
    p.case("bincount_more", lambda x: torch.bincount(x, minlength=8), numbers)
    p.case("bincount_weights", torch.bincount, numbers, torch.tensor([0.5, 1.0, 2.0, 0.25]))
    return p


def smoothed() -> Program:
    """Weights of classes together with smoothing, and with probabilities as the target; pairs."""
    p = Program("loss_smoothed")
    x, deep, shares = torch.randn(4, 5), torch.randn(2, 5, 3), torch.rand(4, 5).softmax(1)
    classes, places = torch.tensor([1, 4, 0, 2]), torch.tensor([[0, 4, -100], [3, 1, 2]])
    weight, pair = torch.tensor([0.5, 1.0, 2.0, 1.5, 0.75]), torch.tensor([1, -1, 0, -1])
    for how in ("mean", "sum", "none"):
        p.case(f"classes_{how}", lambda a, c, w, how=how: F.cross_entropy(a, c, w, label_smoothing=0.2, reduction=how), x, classes, weight)
        p.case(f"deep_{how}", lambda a, c, w, how=how: F.cross_entropy(a, c, w, label_smoothing=0.1, reduction=how), deep, places, weight)
        p.case(f"shares_{how}", lambda a, c, w, how=how: F.cross_entropy(a, c, w, label_smoothing=0.3, reduction=how), x, shares, weight)
        p.case(f"cosine_{how}", lambda a, b, t, how=how: F.cosine_embedding_loss(a, b, t, 0.1, reduction=how), x, shares, pair)
        p.case(f"hinge_{how}", lambda a, t, how=how: F.hinge_embedding_loss(a, t[:, None], 0.4, reduction=how), x, pair)
    p.case("one", lambda a, c, w: F.cross_entropy(a[0], c[0], w, label_smoothing=0.2), x, classes, weight)
    return p


def programs():
    return [losses(torch.float32), losses(torch.float64), measures(), counted(), smoothed()]
