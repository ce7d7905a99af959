"""Scaled dot product attention: masks of all kinds, rows without anything to look at, groups of heads, types."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from program import Program

attend = F.scaled_dot_product_attention
aten = torch.ops.aten
FLASH = aten._scaled_dot_product_flash_attention_for_cpu


def plain() -> Program:
    p = Program("attention_float32")
    q, k, v = torch.randn(2, 4, 5, 8), torch.randn(2, 4, 6, 8), torch.randn(2, 4, 6, 8)
    p.case("plain", attend, q, k, v)
    p.case("scale", lambda q, k, v: (attend(q, k, v, scale=0.3), attend(q, k, v, scale=1.0)), q, k, v)
    p.case("causal", lambda q, k, v: (attend(q, q, q, is_causal=True), attend(q, k, v, is_causal=True), attend(k, q, q, is_causal=True)), q, k, v)
    p.case("other_width", attend, q, k, torch.randn(2, 4, 6, 3))
    p.case("three", attend, q[0], k[0], v[0])
    p.case("two", attend, q[0, 0], k[0, 0], v[0, 0])
    p.case("five", attend, q[None], k[None], v[None])
    sizes = {"square": (5, 6), "batch": (2, 1, 5, 6), "heads": (4, 5, 6), "all": (2, 4, 5, 6), "keys": (2, 1, 1, 6), "one": (1, 6), "queries": (5, 1)}
    for name, size in sizes.items():
        look = torch.rand(size) > 0.4
        p.case(f"bool_{name}", lambda q, k, v, m: attend(q, k, v, m), q, k, v, look)
        p.case(f"float_{name}", lambda q, k, v, m: attend(q, k, v, m), q, k, v, torch.randn(size))
    blind = torch.ones(5, 6, dtype=torch.bool)
    blind[1] = False
    p.case("blind", lambda q, k, v, m: attend(q, k, v, m), q, k, v, blind)
    p.case("blind_float", lambda q, k, v, m: attend(q, k, v, m), q, k, v, torch.where(blind, 0.0, float("-inf")))
    p.case("three_masked", lambda q, k, v, m: attend(q, k, v, m), q[0], k[0], v[0], blind)
    p.case("cpu", lambda q, k, v: (FLASH(q, k, v)[0], FLASH(q, k, v, is_causal=True)[0]), q, k, v)
    p.case("cpu_masked", lambda q, k, v, m: FLASH(q, k, v, attn_mask=m, scale=0.2)[0], q, k, v, torch.randn(5, 6))
    p.case("math", lambda q, k, v, m: aten._scaled_dot_product_attention_math(q, k, v, m), q, k, v, torch.randn(5, 6))
    p.case("math_alone", lambda q, k, v: aten._scaled_dot_product_attention_math(q, k, v, None, 0.0, True)[0], q, k, v)
    return p


def groups() -> Program:
    p = Program("attention_groups")
    q, k, v = torch.randn(2, 6, 5, 8), torch.randn(2, 2, 7, 8), torch.randn(2, 2, 7, 8)
    p.case("groups", lambda q, k, v: attend(q, k, v, enable_gqa=True), q, k, v)
    p.case("one_head", lambda q, k, v: attend(q, k[:, :1], v[:, :1], enable_gqa=True), q, k, v)
    p.case("masked", lambda q, k, v, m: attend(q, k, v, m, enable_gqa=True), q, k, v, torch.rand(2, 1, 5, 7) > 0.3)
    p.case("three", lambda q, k, v: attend(q[0], k[0], v[0], enable_gqa=True), q, k, v)
    return p


def layers() -> Program:
    p = Program("attention_layers")
    x, y = torch.randn(2, 5, 8), torch.randn(2, 3, 8)

    class Attention(torch.nn.Module):
        def __init__(self, **options: bool) -> None:
            super().__init__()
            self.layer = torch.nn.MultiheadAttention(8, 2, batch_first=True)
            self.options = options

        def forward(self, a: torch.Tensor, b: torch.Tensor) -> tuple:
            return tuple(v for v in self.layer(a, b, b, **self.options) if v is not None)

    p.case("layer", Attention(need_weights=False).eval(), x, y)
    p.case("weights", Attention().eval(), x, y)
    p.case("weights_apart", Attention(average_attn_weights=False).eval(), x, y)
    return p


def native() -> Program:
    """What torch runs as one operator."""
    p = Program("attention_native", ("default",))
    x, y = torch.randn(2, 5, 8), torch.randn(2, 5, 8)

    class Heads(torch.nn.Module):
        def __init__(self, kind: int | None, weights: bool = False, average: bool = True) -> None:
            super().__init__()
            self.layer, self.kind, self.weights, self.average = torch.nn.MultiheadAttention(8, 2), kind, weights, average

        def forward(self, a: torch.Tensor, b: torch.Tensor, mask: torch.Tensor | None = None) -> tuple:
            m = self.layer
            out = torch._native_multi_head_attention(
                a, b, b, 8, 2, m.in_proj_weight, m.in_proj_bias + 0.1, m.out_proj.weight, m.out_proj.bias, mask, self.weights, self.average, self.kind
            )
            return out if self.weights else (out[0],)

    class Layer(torch.nn.Module):
        def __init__(self, kind: int | None = None, gelu: bool = False, first: bool = False) -> None:
            super().__init__()
            self.layer, self.kind, self.gelu, self.first = torch.nn.TransformerEncoderLayer(8, 2, 16), kind, gelu, first

        def forward(self, a: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
            m, s = self.layer, self.layer.self_attn
            return torch._transformer_encoder_layer_fwd(
                a, 8, 2, s.in_proj_weight, s.in_proj_bias, s.out_proj.weight, s.out_proj.bias, self.gelu, self.first, 1e-5,
                m.norm1.weight, m.norm1.bias, m.norm2.weight, m.norm2.bias,
                m.linear1.weight, m.linear1.bias, m.linear2.weight, m.linear2.bias, mask, self.kind,
            )  # fmt: skip

    square, padding = torch.rand(5, 5) > 0.6, torch.rand(2, 5) > 0.6
    square[:, 0] = padding[:, 0] = False
    p.case("heads", Heads(None).eval(), x, x)
    p.case("heads_apart", Heads(None).eval(), x, y)
    p.case("heads_weights", Heads(None, True).eval(), x, x)
    p.case("heads_all_weights", Heads(0, True, False).eval(), x, x, square)
    p.case("heads_padding", Heads(1).eval(), x, x, padding)
    p.case("layer", Layer().eval(), x)
    p.case("layer_first_gelu", Layer(gelu=True, first=True).eval(), x)
    p.case("layer_square", Layer(0).eval(), x, square)
    p.case("layer_padding", Layer(1).eval(), x, padding)
    return p


def typed() -> list[Program]:
    made = []
    for dtype, tolerance in ((torch.float16, 4e-3), (torch.float64, None)):
        p = Program(f"attention_{str(dtype).removeprefix('torch.')}", tolerance=tolerance)
        q, k, v = (torch.randn(2, 4, n, 8).to(dtype) for n in (5, 6, 6))
        p.case("plain", attend, q, k, v)
        p.case("bool", lambda q, k, v, m: attend(q, k, v, m), q, k, v, torch.rand(5, 6) > 0.5)
        p.case("float", lambda q, k, v, m: attend(q, k, v, m), q, k, v, torch.randn(5, 6).to(dtype))
        p.case("causal", lambda q, k, v: attend(q, k, v, is_causal=True), q, k, v)
        made.append(p)
    return made


def dynamic() -> Program:
    p = Program("attention_dynamic")
    x = p.input(torch.randn(2, 4, 5, 8), {0: "batch", 2: "length:3"}, torch.randn(3, 4, 7, 8))
    mask = p.input(torch.rand(2, 5) > 0.3, {0: "batch", 1: "length:3"}, torch.rand(3, 7) > 0.3)
    p.case("plain", lambda x: attend(x, x, x), x)
    p.case("causal", lambda x: attend(x, x, x, is_causal=True), x)
    p.case("masked", lambda x, m: attend(x, x, x, m[:, None, None, :]), x, mask)
    p.case("square", lambda x, m: attend(x, x, x, m[:, None, :, None] & m[:, None, None, :]), x, mask)
    return p


def programs() -> list[Program]:
    return [plain(), groups(), layers(), native(), *typed(), dynamic()]
