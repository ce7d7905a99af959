"""Convolutions of all ranks, their transposes, and windows as columns."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from program import Program


def conv(kind: type, *args, **kwargs) -> torch.nn.Module:
    return kind(*args, **kwargs).eval()


def plain() -> Program:
    p = Program("convolution_float32")
    line, image, volume = torch.randn(2, 4, 11), torch.randn(2, 4, 9, 10), torch.randn(1, 2, 5, 6, 7)
    alone, alone_line = torch.randn(4, 9, 10), torch.randn(4, 11)
    nn = torch.nn
    p.case("conv1d", conv(nn.Conv1d, 4, 6, 3), line)
    p.case("conv1d_stride_dilation", conv(nn.Conv1d, 4, 6, 3, stride=2, dilation=2, padding=1, bias=False), line)
    p.case("conv1d_same", conv(nn.Conv1d, 4, 6, 4, padding="same"), line)
    p.case("conv1d_unbatched", conv(nn.Conv1d, 4, 6, 3, padding=1), alone_line)
    p.case("conv2d", conv(nn.Conv2d, 4, 6, (3, 2), stride=(2, 1), padding=(1, 0)), image)
    p.case("conv2d_depthwise", conv(nn.Conv2d, 4, 8, 3, groups=4, dilation=(1, 2)), image)
    p.case("conv2d_same", conv(nn.Conv2d, 4, 6, (4, 3), padding="same", dilation=(1, 2)), image)
    p.case("conv2d_valid", conv(nn.Conv2d, 4, 6, 3, padding="valid"), image)
    p.case("conv2d_unbatched", conv(nn.Conv2d, 4, 6, 3), alone)
    p.case("conv3d", conv(nn.Conv3d, 2, 4, (2, 3, 2), padding=(0, 1, 1), stride=(1, 2, 1)), volume)
    p.case("conv3d_groups", conv(nn.Conv3d, 2, 4, 2, groups=2), volume)
    p.case("transposed1d", conv(nn.ConvTranspose1d, 4, 6, 3, stride=2, padding=1, output_padding=1), line)
    p.case("transposed2d", conv(nn.ConvTranspose2d, 4, 6, 3, stride=(2, 3), padding=1, groups=2), image)
    p.case("transposed2d_dilated", conv(nn.ConvTranspose2d, 4, 6, 3, dilation=2, bias=False), image)
    p.case("transposed2d_unbatched", conv(nn.ConvTranspose2d, 4, 6, 2, stride=2), alone)
    p.case("transposed3d", conv(nn.ConvTranspose3d, 2, 4, 2, stride=2, output_padding=(0, 1, 1)), volume)
    p.case("circular", conv(nn.Conv2d, 4, 4, 3, padding=1, padding_mode="circular"), image)
    p.case("reflected", conv(nn.Conv1d, 4, 4, 3, padding=2, padding_mode="reflect"), line)
    weight = torch.randn(3, 4, 5)
    p.case("weight_given", lambda a, w: F.conv1d(a, w, None, 1, 0, 1, 1), line, torch.randn(6, 4, 3))
    p.case("tbc", lambda a, w: torch.conv_tbc(a, w, torch.ones(5), 1), torch.randn(7, 2, 4), weight)
    p.case("weight_norm", torch.nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 6, 3)).eval(), line)
    p.case("weight_norm_function", lambda v, g: torch._weight_norm(v, g, 1), torch.randn(3, 4, 2), torch.rand(1, 4, 1))
    return p


def windows() -> Program:
    p = Program("convolution_windows")
    image = torch.randn(2, 3, 7, 8)
    far = image.clone()
    far[0, 0, 0, 0] = float("inf")
    p.case("unfold", lambda a: F.unfold(a, (2, 3), padding=(1, 0), stride=(1, 2)), image)
    p.case("unfold_dilated", lambda a: F.unfold(a, 3, dilation=2), image)
    p.case("unfold_infinite", lambda a: F.unfold(a, 2), far)
    p.case("unfold_unbatched", lambda a: F.unfold(a, 2), torch.randn(3, 5, 5))
    p.case("fold", lambda a: F.fold(a, (7, 8), (2, 3), padding=(1, 0), stride=(2, 2)), torch.randn(2, 12, 12))
    p.case("fold_dilated", lambda a: F.fold(a, (6, 7), 2, dilation=2), torch.randn(1, 8, 20))
    p.case("fold_unbatched", lambda a: F.fold(a, (4, 4), 2, stride=2), torch.randn(12, 4))
    return p


def dynamic() -> Program:
    p = Program("convolution_dynamic")
    image = p.input(torch.randn(2, 4, 9, 10), {0: "batch", 2: "height:4"}, torch.randn(3, 4, 13, 10))
    p.case("conv2d", conv(torch.nn.Conv2d, 4, 6, 3, stride=2, padding=1), image)
    p.case("transposed2d", conv(torch.nn.ConvTranspose2d, 4, 2, 2, stride=2), image)
    p.case("unfold", lambda a: F.unfold(a, (2, 3)), image)
    return p


def low() -> list[Program]:
    half, brain = Program("convolution_float16"), Program("convolution_bfloat16")
    for p, dtype in ((half, torch.float16), (brain, torch.bfloat16)):
        layer = torch.nn.Conv2d(4, 6, 3, padding=1).to(dtype).eval()
        p.case("conv2d", layer, torch.randn(1, 4, 6, 6).to(dtype))
    return [half, brain]


def programs() -> list[Program]:
    return [plain(), windows(), dynamic(), *low()]
