"""Views, permutations, parts, joining, splitting, padding: for every type, for sizes of 0, for rank 0, for symbolic sizes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from program import Program

TYPES = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float64)
aten = torch.ops.aten
END = 2**63 - 1


def short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def filled(dtype: torch.dtype, *sizes: int) -> torch.Tensor:
    if dtype.is_floating_point:
        return torch.randn(*sizes).to(dtype)
    return torch.randint(0, 2 if dtype == torch.bool else 100, sizes).to(dtype)


def views() -> Program:
    p = Program("shape_views")
    x, line, one, ones, none = torch.randn(2, 3, 4), torch.randn(6), torch.tensor(2.5), torch.randn(1, 3, 1, 2), torch.randn(0, 3)
    p.case("view", lambda a: a.view(6, 4), x)
    p.case("view_minus", lambda a: a.view(2, -1), x)
    p.case("view_flat", lambda a: a.view(-1), x)
    p.case("view_scalar", lambda a: a.view(()), torch.randn(1, 1))
    p.case("view_of_scalar", lambda a: a.view(1, 1, 1), one)
    p.case("view_empty", lambda a: a.view(3, 0, 5), none)
    p.case("view_same_type", lambda a: a.view(torch.float32), x)
    p.case("reshape", lambda a: a.transpose(0, 2).reshape(3, -1, 2), x)
    p.case("reshape_as", lambda a, b: a.reshape_as(b), x, torch.randn(4, 6))
    p.case("view_as", lambda a, b: a.view_as(b), x, torch.randn(6, 4))
    p.case("unsafe_view", lambda a: aten._unsafe_view(a, [4, 6]), x)
    p.case("view_copy", lambda a: aten.view_copy(a, [4, 6]), x)
    p.case("ravel", lambda a: a.ravel(), x)
    p.case("flatten", lambda a: a.flatten(), x)
    p.case("flatten_part", lambda a: a.flatten(-2), x)
    p.case("flatten_one", lambda a: a.flatten(1, 1), x)
    p.case("flatten_scalar", lambda a: a.flatten(), one)
    p.case("flatten_empty", lambda a: a.flatten(), none)
    p.case("unflatten", lambda a: a.unflatten(-1, (2, 2)), x)
    p.case("unflatten_minus", lambda a: a.unflatten(0, (-1, 3)), line)
    p.case("squeeze", lambda a: a.squeeze(), ones)
    p.case("squeeze_dim", lambda a: a.squeeze(-2), ones)
    p.case("squeeze_other", lambda a: a.squeeze(1), ones)
    p.case("squeeze_dims", lambda a: a.squeeze((0, 1, 2)), ones)
    p.case("squeeze_scalar", lambda a: a.squeeze(-1), one)
    p.case("squeeze_copy", lambda a: aten.squeeze_copy(a), ones)
    p.case("unsqueeze", lambda a: (a.unsqueeze(0), a.unsqueeze(-1), a.unsqueeze(-2)), x)
    p.case("unsqueeze_scalar", lambda a: a.unsqueeze(-1), one)
    p.case("permute", lambda a: a.permute(2, 0, -2), x)
    p.case("permute_scalar", lambda a: a.permute(()), one)
    p.case("permute_copy", lambda a: aten.permute_copy(a, [1, -1, 0]), x)
    p.case("transpose", lambda a: (a.transpose(-1, 0), a.swapaxes(1, 2), a.swapdims(0, 1)), x)
    p.case("transpose_scalar", lambda a: a.transpose(0, -1), one)
    p.case("t", lambda a, b, c: (a.t(), b.t(), c.t()), torch.randn(2, 5), line, one)
    p.case("mT", lambda a: (a.mT, a.mH, a.adjoint()), x)
    p.case("T", lambda a: a.T, torch.randn(2, 5))
    p.case("movedim", lambda a: (a.movedim(0, -1), a.movedim((0, 1), (-1, 0)), a.moveaxis(-1, 0)), x)
    p.case("atleast", lambda a, b, c: (*torch.atleast_1d(a, b), *torch.atleast_2d(a, b), *torch.atleast_3d(a, b, c)), one, line, x[0])
    p.case("atleast_one", lambda a: (torch.atleast_1d(a), torch.atleast_2d(a), torch.atleast_3d(a)), one)
    p.case("expand", lambda a: (a.expand(4, 3, 5, 2), a.expand(2, -1, -1, 7, -1), a.expand(1, 3, 1, 2)), ones)
    p.case("expand_scalar", lambda a: (a.expand(2, 3), a.expand(())), one)
    p.case("expand_empty", lambda a: a.expand(0, 3), torch.randn(1, 3))
    p.case("expand_as", lambda a, b: a.expand_as(b), torch.randn(4), x)
    p.case("broadcast_to", lambda a: torch.broadcast_to(a, (5, 1, 3, 2, 2)), ones)
    p.case("broadcast_tensors", lambda a, b, c: torch.broadcast_tensors(a, b, c), ones, torch.randn(3, 4, 1), one)
    p.case("meshgrid_ij", lambda a, b, c: torch.meshgrid(a, b, c, indexing="ij"), line, torch.randn(3), one)
    p.case("meshgrid_xy", lambda a, b, c: torch.meshgrid(a, b, c, indexing="xy"), line, torch.randn(3), torch.randn(2))
    p.case("meshgrid_one", lambda a: torch.meshgrid(a, indexing="ij"), line)
    p.case("cartesian", lambda a, b: torch.cartesian_prod(a, b), line, torch.randn(3))
    return p


def parts() -> Program:
    p = Program("shape_parts")
    x, line, one, none = torch.randn(4, 5, 6), torch.randn(7), torch.tensor(2.5), torch.randn(0, 3)
    p.case("slice", lambda a: (a[1:3], a[:, -2:], a[..., ::2], a[1:-1, 1:4, 5:]), x)
    p.case("slice_outside", lambda a: (a[-100:2], a[:, 3:100], a[3:1], a[9:], a[:, :-9]), x)
    p.case("slice_whole", lambda a: (a[0:], a[: END], a[-4:]), x)
    p.case("slice_steps", lambda a: (a[1::3], a[-6::2], a[:5:4], a[6::3]), line)
    p.case("slice_empty", lambda a: (a[1:], a[:, 1:2]), none)
    p.case("slice_copy", lambda a: aten.slice_copy(a, 1, -3, END, 2), x)
    p.case("select", lambda a: (a[1], a[-1, 2], a[:, 0, -2], a.select(-1, 3)), x)
    p.case("select_only", lambda a: (a[0], a[:, -1]), torch.randn(1, 1, 3))
    p.case("select_scalar", lambda a: a[-2], line)
    p.case("select_copy", lambda a: aten.select_copy(a, -1, -2), x)
    p.case("narrow", lambda a: (a.narrow(1, 2, 3), a.narrow(0, -2, 2), a.narrow(-1, -4, 2), a.narrow(0, 0, 4), a.narrow(0, 1, 0)), x)
    p.case("narrow_copy", lambda a: aten.narrow_copy(a, 1, 1, 2), x)
    p.case("split", lambda a: (*a.split(2), *a.split(2, -2), *a.split(9, 1), *a.split([1, 0, 4], 1)), x)
    p.case("split_empty", lambda a: a.split(2), none)
    p.case("split_some", lambda a: a.split(2, 1)[1], x)
    p.case("unsafe_split", lambda a: (*torch.unsafe_split(a, 4, 2), *torch.unsafe_split_with_sizes(a, [2, 2]), *torch.unsafe_chunk(a, 2)), x)
    p.case("split_copies", lambda a: (*aten.split_copy(a, 2), *aten.split_with_sizes_copy(a, [1, 3])), x)
    p.case("chunk", lambda a: (*a.chunk(3), *a.chunk(4, -1), *a.chunk(1), *a.chunk(9, 1)), x)
    p.case("unbind", lambda a: (*a.unbind(), *a.unbind(-1)), torch.randn(2, 3))
    p.case("unbind_only", lambda a: (*a.unbind(1), *aten.unbind_copy(a, 0)), torch.randn(2, 1))
    p.case("tensor_split", lambda a: (*a.tensor_split(3, 1), *a.tensor_split((1, 3), -1), *a.tensor_split((2, 9))), x)
    p.case("xsplit", lambda a: (*a.hsplit(5), *a.vsplit((1,)), *a.dsplit(2), *a.dsplit((2, 4))), x)
    p.case("hsplit_line", lambda a: a.hsplit((2, 3)), line)
    p.case("flip", lambda a: (a.flip(0), a.flip(-1, 1), a.flip(())), x)
    p.case("flip_empty", lambda a: a.flip(0), none)
    p.case("flips", lambda a: (a.fliplr(), a.flipud()), x)
    p.case("roll", lambda a: (a.roll(2, 1), a.roll((-1, 9), (0, -1)), a.roll(5), a.roll(0, 0), a.roll((1, 1), (1, 1))), x)
    p.case("roll_scalar", lambda a: a.roll(1), one)
    p.case("roll_empty", lambda a: a.roll(1, 0), none)
    p.case("rot90", lambda a: (a.rot90(), a.rot90(2), a.rot90(-1, (1, 2)), a.rot90(4), a.rot90(1, (-1, 0))), x)
    p.case("unfold", lambda a: (a.unfold(1, 3, 2), a.unfold(-1, 6, 1), a.unfold(0, 1, 3)), x)
    p.case("unfold_scalar", lambda a: a.unfold(0, 1, 1), one)
    p.case("as_strided", lambda a: (a.as_strided((2, 3), (1, 6)), a.as_strided((3, 2, 2), (30, 1, 0), 4)), x)
    p.case("as_strided_copy", lambda a: aten.as_strided_copy(a, [2, 2], [7, 1], 1), x)
    p.case("diagonal", lambda a: (a.diagonal(), a.diagonal(1), a.diagonal(-2, 0, 2), a.diagonal(2, -1, 0), a.diagonal(9)), x)
    p.case("diagonal_copies", lambda a: (aten.diagonal_copy(a, -1), torch.linalg.diagonal(a), torch.linalg.diagonal(a, offset=-1)), x)
    p.case("diag_embed", lambda a: (a.diag_embed(), a.diag_embed(1), a.diag_embed(-2), a.diag_embed(1, 0, 1), a.diag_embed(0, 0, -1)), torch.randn(2, 3))
    p.case("diag", lambda a, b: (a.diag(), a.diag(2), a.diag(-1), b.diag(), b.diag(1), b.diag(-3)), torch.randn(3), torch.randn(3, 4))
    p.case("diagflat", lambda a: (a.diagflat(), a.diagflat(-1)), torch.randn(2, 2))
    p.case("trace", lambda a: a.trace(), torch.randn(4, 3))
    p.case("trace_int", lambda a: a.trace(), torch.arange(12, dtype=torch.int32).view(3, 4))
    image = torch.randn(2, 8, 4, 6)
    p.case("pixel_shuffle", lambda a: (F.pixel_shuffle(a, 2), F.pixel_shuffle(a[0], 2), F.pixel_shuffle(a[None], 2)), image)
    p.case("pixel_unshuffle", lambda a: (F.pixel_unshuffle(a, 2), F.pixel_unshuffle(a[0], 2)), image)
    p.case("channel_shuffle", lambda a: (F.channel_shuffle(a, 4), torch.native_channel_shuffle(a, 2)), image)
    return p


def joined() -> Program:
    p = Program("shape_joined")
    x, y, line, one, none = torch.randn(2, 3), torch.randn(2, 1), torch.randn(4), torch.tensor(2.5), torch.randn(0)
    whole, flags = torch.randint(0, 9, (2, 3)), torch.tensor([[True, False, True]])
    p.case("cat", lambda a, b: (torch.cat((a, b), 1), torch.cat((a, a, a), -2), torch.cat((a,))), x, y)
    p.case("cat_none", lambda a, b: torch.cat((b, a, b)), x, none)
    p.case("cat_empty", lambda a, b: torch.cat((b, a, b)), torch.randn(0, 3), torch.randn(0, 3))
    p.case("cat_all_none", lambda a: torch.cat((a, a)), none)
    p.case("cat_types", lambda a, b, c: (torch.cat((b, a)), torch.cat((b, c)), torch.cat((c, a.half()))), x, whole, flags)
    p.case("concat", lambda a: (torch.concat((a, a)), torch.concatenate((a, a), 1)), x)
    p.case("stack", lambda a, b: (torch.stack((a, b)), torch.stack((a, b, a), -1), torch.stack((a, b), 1)), x, torch.randn(2, 3))
    p.case("stack_scalars", lambda a, b: torch.stack((a, b)), one, torch.tensor(1.0))
    p.case("hstack", lambda a, b, c, d: (torch.hstack((a, b)), torch.hstack((c, c)), torch.hstack((d, d))), x, y, line, one)
    p.case("vstack", lambda a, b, d: (torch.vstack((a, a)), torch.vstack((b, b)), torch.vstack((d, d)), torch.row_stack((b, b))), x, line, one)
    p.case("dstack", lambda a, b, d: (torch.dstack((a, a)), torch.dstack((b, b)), torch.dstack((d, d))), x, line, one)
    p.case("column_stack", lambda a, b, d: (torch.column_stack((a, b)), torch.column_stack((d, d))), torch.randn(4, 2), line, one)
    p.case("block_diag", lambda a, b, d: torch.block_diag(a, b, d), x, line, one)
    p.case("repeat", lambda a: (a.repeat(2, 3), a.repeat(2, 1, 1), a.repeat(1, 1), a.repeat(0, 2)), x)
    p.case("repeat_scalar", lambda a: (a.repeat(3), a.repeat(())), one)
    p.case("tile", lambda a: (a.tile(2), a.tile((2, 1, 2)), torch.tile(a, ())), x)
    p.case("interleave", lambda a: (a.repeat_interleave(2), a.repeat_interleave(3, 0), a.repeat_interleave(2, -1)), x)
    p.case("interleave_scalar", lambda a: a.repeat_interleave(2), one)
    p.case("pad", lambda a: (F.pad(a, (1, 2)), F.pad(a, (0, 1, 2, 0), value=3.5), F.pad(a, (-1, 2)), F.pad(a, (0, 0)), F.pad(a, (-1, -1, 1, -1))), x)
    p.case("pad_scalar_value", lambda a: torch.constant_pad_nd(a, [1, 1], float("-inf")), x)
    p.case("pad_empty", lambda a: F.pad(a, (1, 1), value=2.0), none)
    deep = torch.randn(1, 2, 4, 5)
    for mode in ("reflect", "replicate", "circular"):
        p.case(f"pad_{mode}_1d", lambda a, m=mode: F.pad(a, (3, 1), m), deep[0])
        p.case(f"pad_{mode}_2d", lambda a, m=mode: (F.pad(a, (3, 1, 0, 2), m), F.pad(a, (-1, 2, 1, -2), m)), deep)
        p.case(f"pad_{mode}_3d", lambda a, m=mode: F.pad(a, (1, 2, 0, 1, 1, 1), m), torch.randn(1, 2, 3, 4, 5))
    p.case("pad_circular_all", lambda a: F.pad(a, (5, 5), "circular"), deep[0])
    return p


def typed() -> Program:
    p = Program("shape_types")
    for dtype in TYPES:
        name, x = short(dtype), filled(dtype, 2, 4, 3)
        p.case(f"{name}_views", lambda a: (a.view(4, 6), a.permute(2, 0, 1), a[:, 1:3], a[0, -1], a.unsqueeze(1)), x)
        p.case(f"{name}_expand", lambda a: (a[:, :1].expand(2, 5, 3), a.repeat(1, 2, 1), a.repeat_interleave(2, 1)), x)
        p.case(f"{name}_join", lambda a: (torch.cat((a, a), 1), torch.stack((a, a)), *a.split([1, 3], 1), a.flip(1), a.roll(1, 2)), x)
        p.case(f"{name}_pad", lambda a: F.pad(a, (1, 0, 0, 2), value=1), x)
        p.case(f"{name}_diagonal", lambda a: (a.diagonal(1, 1, 2), a[0].diag_embed(), a.unfold(1, 2, 1)), x)
        p.case(f"{name}_shuffle", lambda a: (F.pixel_shuffle(a[:, :, None, :], 2), F.pixel_unshuffle(a[:, None, :, :2], 2)), x)
    return p


def dynamic() -> Program:
    p = Program("shape_dynamic")
    x = p.input(torch.randn(4, 6, 8), {0: "batch", 1: "length:4"}, torch.randn(5, 9, 8))
    y = p.input(torch.randn(4, 3), {0: "batch"}, torch.randn(5, 3))
    p.case("view", lambda a: a.view(a.shape[0], a.shape[1], 2, 4), x)
    p.case("view_merge", lambda a: (a.view(-1, 8), a.view(a.shape[0] * a.shape[1], 8), a.view(a.shape[0], -1)), x)
    p.case("heads", lambda a: a.view(a.shape[0], a.shape[1], 2, 4).transpose(1, 2).reshape(a.shape[0], a.shape[1], 8), x)
    p.case("view_new", lambda a: a.reshape(1, a.shape[1], a.shape[0], 8), x)
    p.case("flatten", lambda a: (a.flatten(), a.flatten(1), a.flatten(0, 1)), x)
    p.case("unflatten", lambda a: a.unflatten(2, (-1, 2)), x)
    p.case("expand", lambda a, b: (b[:, None].expand(-1, a.shape[1], -1), b[:1].expand(a.shape[0], 3), a[:1].expand_as(a)), x, y)
    p.case("slice", lambda a: (a[:, : a.shape[0]], a[:, 1:-1], a[:, -3:], a[:, : a.shape[1] - 2], a[a.shape[0] - 2 :]), x)
    p.case("slice_whole", lambda a: (a[:, : a.shape[1]], a[: a.shape[0]]), x)
    p.case("select", lambda a: (a[-1], a[:, -2], a[:, a.shape[0] - 1]), x)
    p.case("cat", lambda a, b: (torch.cat((a, a), 1), torch.stack((b, b), 1), torch.hstack((b, b))), x, y)
    p.case("repeat", lambda a: (a.repeat(2, 1, 1), a.repeat_interleave(2, 1), a.tile(2, 1)), x)
    p.case("flip", lambda a: (a.flip(1), a.roll(1, 1), a.roll(-2, 0), a.rot90()), x)
    p.case("roll", lambda a: a.roll(7, 1), x)
    p.case("pad", lambda a: (F.pad(a, (0, 0, 1, 2)), F.pad(a, (1, 1, 3, 0), "reflect"), F.pad(a, (0, 0, -1, 0))), x)
    p.case("pad_sizes", lambda a: F.pad(a, (0, 0, a.shape[0], 1), value=1.5), x)
    p.case("circular", lambda a: F.pad(a, (2, 1), "circular"), x)
    p.case("split", lambda a: (*a.split([1, a.shape[1] - 1], 1), *a.split(3, 2)), x)
    p.case("split_halves", lambda a: a.split([a.shape[0], a.shape[1] - a.shape[0]], 1), x)
    p.case("unfold", lambda a: a.unfold(1, 3, 1), x)
    p.case("diagonal", lambda a: (a.diagonal(), a.diagonal(-1, 1, 2), a.diagonal(2, 1, 2)), x)
    p.case("diag_embed", lambda a: (a[0].diag_embed(), a[..., 0].diag_embed(1), a[:, :, 0].diag_embed(-1)), x)
    p.case("meshgrid", lambda a, b: torch.meshgrid(a[0, :, 0], b[:, 0], indexing="ij"), x, y)
    p.case("pixel", lambda a: (F.pixel_shuffle(a[:, None].transpose(1, 3), 2), F.channel_shuffle(a.transpose(1, 2), 4)), x)
    p.case("interleave_counts", lambda a, n: torch.repeat_interleave(a, n, dim=0, output_size=9), torch.randn(4, 2), torch.tensor([3, 0, 1, 5]))
    p.case("interleave_one_count", lambda a, n: a.repeat_interleave(n, 0, output_size=6), torch.randn(3), torch.tensor([2]))
    return p


def strided() -> Program:
    """Strides that say no more than that a tensor lies in order, with a size that is no number; and others."""
    p = Program("shape_strided")
    x = p.input(torch.randn(2, 4, 1, 1), {0: "batch"}, torch.randn(3, 4, 1, 1))
    y = p.input(torch.randn(2, 2, 3), {0: "batch"}, torch.randn(3, 2, 3))
    p.case("ones", lambda a: (a.as_strided((a.shape[0], 4, 1, 1), (4, 1, 4, 4)), a.as_strided((a.shape[0], 4), (4, 1))), x)
    p.case("merged", lambda a: (a.as_strided((a.shape[0], 6), (6, 1), 0) * 2, a.as_strided((1, 2, 3), (6, 3, 1))), y)
    p.case("pooled", lambda a: F.adaptive_avg_pool1d(a, 1).flatten(1), y)
    return p


def programs() -> list[Program]:
    return [views(), parts(), joined(), typed(), dynamic(), strided()]
