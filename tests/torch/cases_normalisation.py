"""Normalisation over the last axes, over groups, over channels; with and without weights; half precision."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from program import Program


def settled(layer: torch.nn.Module) -> torch.nn.Module:
    """Weights and statistics that are not the neutral ones."""
    with torch.no_grad():
        for name, tensor in layer.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor) + 0.5 if "var" in name or "weight" in name else torch.randn_like(tensor))
    return layer.eval()


def plain() -> Program:
    p = Program("normalisation_float32")
    nn = torch.nn
    rows, line, image, volume = torch.randn(3, 6), torch.randn(2, 6, 5), torch.randn(2, 6, 4, 5), torch.randn(1, 6, 2, 3, 4)
    p.case("layer", settled(nn.LayerNorm(5)), line)
    p.case("layer_plain", nn.LayerNorm((4, 5), elementwise_affine=False), image)
    p.case("layer_two", settled(nn.LayerNorm((4, 5), eps=1e-3)), image)
    p.case("layer_weight", settled(nn.LayerNorm(6, bias=False)), rows)
    p.case("layer_native", lambda a: torch.native_layer_norm(a, [5], None, None, 1e-5), image)
    p.case("rms", settled(nn.RMSNorm(5)), line)
    p.case("rms_plain", lambda a: F.rms_norm(a, (4, 5), None, 1e-4), image)
    p.case("group", settled(nn.GroupNorm(3, 6)), image)
    p.case("group_plain", nn.GroupNorm(2, 6, affine=False), line)
    p.case("group_volume", settled(nn.GroupNorm(6, 6, eps=1e-3)), volume)
    p.case("group_rows", settled(nn.GroupNorm(2, 6)), rows)
    p.case("batch_rows", settled(nn.BatchNorm1d(6)), rows)
    p.case("batch_line", settled(nn.BatchNorm1d(6, affine=False)), line)
    p.case("batch_image", settled(nn.BatchNorm2d(6, eps=1e-3)), image)
    p.case("batch_volume", settled(nn.BatchNorm3d(6)), volume)
    p.case("batch_own", nn.BatchNorm2d(6, track_running_stats=False).eval(), image)
    p.case("instance", settled(nn.InstanceNorm2d(6, affine=True)), image)
    p.case("instance_plain", nn.InstanceNorm1d(6), line)
    p.case("instance_stored", settled(nn.InstanceNorm2d(6, track_running_stats=True)), image)
    p.case("local_response", nn.LocalResponseNorm(3), image)
    p.case("group_native", lambda a: torch.native_group_norm(a, None, None, 2, 6, 20, 3, 1e-5), image)
    return p


def dynamic() -> Program:
    p = Program("normalisation_dynamic")
    nn = torch.nn
    image = p.input(torch.randn(2, 6, 4, 5), {0: "batch", 2: "height:4"}, torch.randn(3, 6, 7, 5))
    p.case("layer", settled(nn.LayerNorm(5)), image)
    p.case("group", settled(nn.GroupNorm(3, 6)), image)
    p.case("batch", settled(nn.BatchNorm2d(6)), image)
    p.case("batch_own", nn.BatchNorm2d(6, track_running_stats=False).eval(), image)
    p.case("instance", nn.InstanceNorm2d(6), image)
    p.case("rms", settled(nn.RMSNorm(5)), image)
    return p


class Twice(torch.nn.Module):
    """What the convolution gives is also used as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = torch.nn.Conv1d(4, 4, 3), settled(torch.nn.BatchNorm1d(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return y + self.norm(y)


def folded() -> Program:
    """Normalisations that --optimize puts into the convolution before them; the last one it cannot."""
    p = Program("normalisation_folded", ("default",))
    nn = torch.nn
    line, image = torch.randn(2, 4, 9), torch.randn(2, 4, 6, 7)
    p.case("conv", nn.Sequential(nn.Conv2d(4, 6, 3), settled(nn.BatchNorm2d(6))).eval(), image)
    p.case("plain", nn.Sequential(nn.Conv2d(4, 6, 3, bias=False), settled(nn.BatchNorm2d(6, affine=False))).eval(), image)
    p.case("groups", nn.Sequential(nn.Conv1d(4, 8, 3, groups=4), settled(nn.BatchNorm1d(8, eps=1e-3))).eval(), line)
    p.case("twice", Twice().eval(), line)
    p.case("transposed", nn.Sequential(nn.ConvTranspose1d(4, 6, 3), settled(nn.BatchNorm1d(6))).eval(), line)
    return p


def low() -> list[Program]:
    out = []
    for name, dtype in (("float16", torch.float16), ("bfloat16", torch.bfloat16)):
        p = Program(f"normalisation_{name}")
        image = torch.randn(2, 6, 4, 5).to(dtype)
        p.case("layer", settled(torch.nn.LayerNorm(5).to(dtype)), image)
        p.case("rms", settled(torch.nn.RMSNorm(5).to(dtype)), image)
        p.case("rms_small", settled(torch.nn.RMSNorm(5).to(dtype)), image * 0.01)
        p.case("group", settled(torch.nn.GroupNorm(3, 6).to(dtype)), image)
        p.case("batch", settled(torch.nn.BatchNorm2d(6).to(dtype)), image)
        out.append(p)
    return out


def programs() -> list[Program]:
    return [plain(), dynamic(), folded(), *low()]
