"""Pooling: windows that reach beyond the end, own divisors, indices, and given sizes of the output."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from program import Program


def largest() -> Program:
    p = Program("pooling_max")
    line, image, volume, alone = torch.randn(2, 3, 11), torch.randn(2, 3, 9, 10), torch.randn(1, 2, 6, 7, 5), torch.randn(3, 9, 10)
    p.case("max1d", lambda a: F.max_pool1d(a, 3, 2, 1), line)
    p.case("max1d_ceil", lambda a: F.max_pool1d(a, 2, 3, ceil_mode=True), line)
    p.case("max1d_indices", lambda a: F.max_pool1d(a, 3, return_indices=True), line)
    p.case("max2d", lambda a: F.max_pool2d(a, (3, 2)), image)
    p.case("max2d_ceil", lambda a: F.max_pool2d(a, 3, 2, 1, ceil_mode=True), image)
    p.case("max2d_dilated", lambda a: F.max_pool2d(a, 2, 2, 1, dilation=2), image)
    p.case("max2d_indices", lambda a: F.max_pool2d(a, 3, 2, 1, return_indices=True), image)
    p.case("max2d_unbatched", lambda a: F.max_pool2d(a, 2, return_indices=True), alone)
    p.case("max3d", lambda a: F.max_pool3d(a, 2, (1, 2, 2), 1), volume)
    p.case("max3d_ceil", lambda a: F.max_pool3d(a, (3, 2, 2), ceil_mode=True, return_indices=True), volume)
    p.case("adaptive1d", lambda a: F.adaptive_max_pool1d(a, 4), line)
    p.case("adaptive1d_one", lambda a: F.adaptive_max_pool1d(a, 1), line)
    p.case("adaptive2d_even", lambda a: F.adaptive_max_pool2d(a, (3, 5), return_indices=True), image)
    p.case("adaptive2d", lambda a: F.adaptive_max_pool2d(a, (4, 3), return_indices=True), image)
    p.case("adaptive2d_more", lambda a: F.adaptive_max_pool2d(a, (12, 3)), image)
    p.case("adaptive2d_one", lambda a: F.adaptive_max_pool2d(a, 1, return_indices=True), alone)
    p.case("adaptive3d", lambda a: F.adaptive_max_pool3d(a, (4, 7, 2)), volume)
    p.case("unpool", lambda a: F.max_unpool2d(*F.max_pool2d(a, 2, return_indices=True), 2), torch.randn(1, 2, 6, 8))
    return p


def mean() -> Program:
    p = Program("pooling_avg")
    line, image, volume, alone = torch.randn(2, 3, 11), torch.randn(2, 3, 9, 10), torch.randn(1, 2, 6, 7, 5), torch.randn(3, 9, 10)
    for ceil in (False, True):
        for count in (False, True):
            tail = f"{'_ceil' if ceil else ''}{'' if count else '_without_padding'}"
            p.case(f"avg1d{tail}", lambda a, c=ceil, i=count: F.avg_pool1d(a, 3, 2, 1, c, i), line)
            p.case(f"avg2d{tail}", lambda a, c=ceil, i=count: F.avg_pool2d(a, (3, 4), (2, 3), (1, 2), c, i), image)
            p.case(f"avg3d{tail}", lambda a, c=ceil, i=count: F.avg_pool3d(a, 3, 2, 1, c, i), volume)
            p.case(f"divisor{tail}", lambda a, c=ceil, i=count: F.avg_pool2d(a, 3, 2, 1, c, i, 5), image)
    p.case("avg2d_wide_stride", lambda a: F.avg_pool2d(a, 2, 3, 1, True, True), image)
    p.case("avg2d_unbatched", lambda a: F.avg_pool2d(a, 2), alone)
    p.case("adaptive1d", lambda a: F.adaptive_avg_pool1d(a, 4), line)
    p.case("adaptive2d_one", lambda a: F.adaptive_avg_pool2d(a, 1), image)
    p.case("adaptive2d_even", lambda a: F.adaptive_avg_pool2d(a, (3, 5)), image)
    p.case("adaptive2d", lambda a: F.adaptive_avg_pool2d(a, (4, 3)), image)
    p.case("adaptive2d_more", lambda a: F.adaptive_avg_pool2d(a, (12, None)), image)
    p.case("adaptive2d_unbatched", lambda a: F.adaptive_avg_pool2d(a, (2, 3)), alone)
    p.case("adaptive3d", lambda a: F.adaptive_avg_pool3d(a, (4, 7, 2)), volume)
    p.case("lp", lambda a: F.lp_pool2d(a, 2.0, 2), image)
    return p


def dynamic() -> Program:
    p = Program("pooling_dynamic")
    image = p.input(torch.randn(2, 3, 9, 10), {0: "batch", 2: "height:4"}, torch.randn(3, 3, 14, 10))
    p.case("max2d", lambda a: F.max_pool2d(a, 3, 2, 1), image)
    p.case("max2d_indices", lambda a: F.max_pool2d(a, 3, 2, 1, return_indices=True), image)
    p.case("avg2d", lambda a: F.avg_pool2d(a, 2, 2, 1), image)
    p.case("adaptive_one", lambda a: F.adaptive_avg_pool2d(a, 1), image)
    p.case("adaptive_max_one", lambda a: F.adaptive_max_pool2d(a, 1), image)
    return p


def programs() -> list[Program]:
    return [largest(), mean(), dynamic()]
