"""Resizing and sampling. GridSample is there from opset 16 on (volumes: 20), antialiasing from 18: programs of their own."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from program import Program


def images() -> Program:
    p = Program("resize_images")
    line, image, volume = torch.randn(2, 3, 8), torch.randn(2, 3, 6, 7), torch.randn(1, 2, 4, 5, 3)
    for mode, of in (("linear", line), ("bilinear", image), ("trilinear", volume), ("bicubic", image)):
        for align in (False, True):
            tail = "_aligned" if align else ""
            p.case(f"{mode}{tail}", lambda a, m=mode, c=align: F.interpolate(a, scale_factor=2.0, mode=m, align_corners=c), of)
            p.case(f"{mode}_less{tail}", lambda a, m=mode, c=align: F.interpolate(a, scale_factor=0.6, mode=m, align_corners=c), of)
    p.case("bilinear_sizes", lambda a: F.interpolate(a, (9, 4), mode="bilinear"), image)
    p.case("bilinear_one", lambda a: F.interpolate(a, (1, 1), mode="bilinear"), image)
    p.case("bilinear_uneven", lambda a: F.interpolate(a, scale_factor=(1.3, 2.5), mode="bilinear"), image)
    p.case("bilinear_recomputed", lambda a: F.interpolate(a, scale_factor=1.3, mode="bilinear", recompute_scale_factor=True), image)
    p.case("bicubic_sizes", lambda a: F.interpolate(a, (4, 11), mode="bicubic"), image)
    for mode, of in (("nearest1d", line), ("nearest2d", image), ("nearest3d", volume)):
        p.case(mode, lambda a: F.interpolate(a, scale_factor=2), of)
        p.case(f"{mode}_uneven", lambda a: F.interpolate(a, scale_factor=1.7), of)
        p.case(f"{mode}_less", lambda a: F.interpolate(a, scale_factor=0.5), of)
        p.case(f"{mode}_exact", lambda a: F.interpolate(a, scale_factor=1.5, mode="nearest-exact"), of)
    p.case("nearest_sizes", lambda a: F.interpolate(a, (9, 4)), image)
    p.case("nearest_exact_sizes", lambda a: F.interpolate(a, (4, 9), mode="nearest-exact"), image)
    p.case("affine", lambda t: F.affine_grid(t, [2, 3, 4, 5], align_corners=False), torch.randn(2, 2, 3))
    p.case("affine_aligned", lambda t: F.affine_grid(t, [2, 3, 4, 5], align_corners=True), torch.randn(2, 2, 3))
    p.case("affine_volume", lambda t: F.affine_grid(t, [1, 2, 3, 4, 2], align_corners=False), torch.randn(1, 3, 4))
    return p


def dynamic() -> Program:
    p = Program("resize_dynamic", ("default",))
    image = p.input(torch.randn(2, 3, 6, 7), {0: "batch", 2: "height:4"}, torch.randn(3, 3, 9, 7))
    p.case("bilinear", lambda a: F.interpolate(a, scale_factor=2.0, mode="bilinear"), image)
    p.case("nearest", lambda a: F.interpolate(a, scale_factor=2.0), image)
    p.case("like", lambda a, b: F.interpolate(a, b.shape[2:], mode="bilinear", align_corners=True), torch.randn(1, 3, 4, 4), image)
    return p


def samples() -> Program:
    p = Program("resize_samples", ("default",), 16)
    image, grid = torch.randn(2, 3, 6, 7), torch.rand(2, 4, 5, 2) * 2.6 - 1.3
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for align in (False, True):
                p.case(
                    f"{mode}_{padding}{'_aligned' if align else ''}",
                    lambda a, g, m=mode, q=padding, c=align: F.grid_sample(a, g, m, q, c),
                    image,
                    grid,
                )
    return p


def volumes() -> Program:
    p = Program("resize_volumes", ("default",), 20)
    volume, grid = torch.randn(1, 2, 4, 5, 3), torch.rand(1, 3, 4, 2, 3) * 2 - 1
    p.case("trilinear", lambda a, g: F.grid_sample(a, g, align_corners=False), volume, grid)
    p.case("nearest", lambda a, g: F.grid_sample(a, g, "nearest", "border", True), volume, grid)
    return p


def smooth() -> Program:
    p = Program("resize_smooth", ("default",), 18)
    image = torch.randn(2, 3, 9, 11)
    p.case("bilinear", lambda a: F.interpolate(a, (4, 5), mode="bilinear", antialias=True), image)
    p.case("bicubic", lambda a: F.interpolate(a, (4, 5), mode="bicubic", antialias=True), image)
    p.case("bilinear_more", lambda a: F.interpolate(a, (12, 5), mode="bilinear", antialias=True), image)
    return p


def programs() -> list[Program]:
    return [images(), dynamic(), samples(), volumes(), smooth()]
