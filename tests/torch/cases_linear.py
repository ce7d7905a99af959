"""Products of matrices, sums over named axes, distances."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from program import Program

aten = torch.ops.aten


def products() -> Program:
    p = Program("linear_products")
    nn = torch.nn
    x, y, line, four = torch.randn(3, 4), torch.randn(4, 5), torch.randn(4), torch.randn(2, 6, 3, 4)
    p.case("linear", nn.Linear(4, 5).eval(), x)
    p.case("linear_deep", nn.Linear(4, 5).eval(), four)
    p.case("linear_line", nn.Linear(4, 5).eval(), line)
    p.case("linear_plain", nn.Linear(4, 5, bias=False).eval(), x)
    p.case("linear_deep_plain", nn.Linear(4, 5, bias=False).eval(), four)
    p.case("linear_given", lambda a, w, b: (F.linear(a, w, b), F.linear(a, w)), x, torch.randn(5, 4), torch.randn(5))
    p.case("linear_vector", lambda a, w: (F.linear(a, w), F.linear(a[0], w)), x, line)
    p.case("linear_empty", nn.Linear(4, 5).eval(), torch.randn(0, 4))
    p.case("linear_no_width", lambda a, w, b: F.linear(a, w, b), torch.randn(2, 3, 0), torch.randn(5, 0), torch.randn(5))
    p.case("mm", lambda a, b: (torch.mm(a, b), a @ b, torch.linalg.matmul(a, b)), x, y)
    p.case("matmul", lambda a, b, v: (a @ b, b.T @ v, v @ b, v @ v, v @ a.mT), four, y, line)
    p.case("matmul_broadcast", lambda a, b: a @ b, four, torch.randn(6, 4, 2))
    p.case("bmm", lambda a, b: torch.bmm(a, b), torch.randn(2, 3, 4), torch.randn(2, 4, 5))
    p.case("bmm_empty", lambda a, b: torch.bmm(a, b), torch.randn(2, 3, 0), torch.randn(2, 0, 5))
    p.case("vectors", lambda a, b, m: (a.dot(b), torch.vdot(a, b), m.mv(a), torch.outer(a, b), torch.ger(a, b), torch.inner(a, b)), line, torch.randn(4), x)
    p.case("inner", lambda a, b, c: (torch.inner(a, b), torch.inner(a, c), torch.inner(a, c[0, 0, 0])), four, x, torch.randn(2, 2, 3, 4))
    p.case("inner_scalar", lambda a, s: torch.inner(a, s), x, torch.tensor(2.0))
    square, bias = torch.randn(3, 3), torch.randn(5)
    p.case("addmm", lambda c, a, b: (torch.addmm(c, a, b), torch.addmm(c, a, b, beta=0.5, alpha=2), torch.addmm(c, a, b, alpha=-1)), bias, x, y)
    p.case("addmm_matrix", lambda c, a, b: (torch.addmm(c, a, b), torch.addmm(c[:, :1], a, b), torch.addmm(c[0, 0], a, b)), torch.randn(3, 5), x, y)
    p.case("addmm_nan", lambda c, a, b: torch.addmm(c, a, b, beta=0), torch.full((5,), float("nan")), x, y)
    p.case("addmm_relu", lambda c, a, b: aten._addmm_activation(c, a, b), bias, x, y)
    p.case("addmv", lambda c, a, b: (torch.addmv(c, a, b), torch.addmv(c, a, b, beta=2, alpha=0.5)), torch.randn(3), x, line)
    p.case("addr", lambda c, a, b: (torch.addr(c, a, b), torch.addr(c, a, b, beta=0, alpha=3)), torch.randn(3, 4), torch.randn(3), line)
    stack, other = torch.randn(2, 3, 4), torch.randn(2, 4, 5)
    p.case("baddbmm", lambda c, a, b: (torch.baddbmm(c, a, b), torch.baddbmm(c, a, b, beta=0.5, alpha=-2), torch.baddbmm(c, a, b, beta=0)), torch.randn(2, 3, 5), stack, other)
    p.case("baddbmm_row", lambda c, a, b: torch.baddbmm(c, a, b), bias, stack, other)
    p.case("addbmm", lambda c, a, b: (torch.addbmm(c, a, b), torch.addbmm(c, a, b, beta=2, alpha=0.5)), torch.randn(3, 5), stack, other)
    p.case("chain", lambda a, b, c: (torch.linalg.multi_dot((a, b, c)), torch.chain_matmul(a, b)), x, y, torch.randn(5, 2))
    p.case("power", lambda a: (torch.matrix_power(a, 3), torch.linalg.matrix_power(a, 0), torch.linalg.matrix_power(a, 1)), square)
    p.case("det", lambda a: torch.det(a), torch.randn(2, 3, 3))
    p.case("kron", lambda a, b: (torch.kron(a, b), torch.kron(a, b[0])), x, torch.randn(2, 3))
    p.case("cross", lambda a, b: (torch.linalg.cross(a, b), torch.cross(a, b, dim=1), torch.linalg.cross(a.mT, b.mT, dim=-2)), torch.randn(2, 3), torch.randn(2, 3))
    p.case("cross_default", lambda a, b: aten.cross(a, b), torch.randn(2, 3, 4), torch.randn(2, 3, 4))
    p.case("vecdot", lambda a, b: (torch.linalg.vecdot(a, b), torch.linalg.vecdot(a, b, dim=0)), x, torch.randn(3, 4))
    return p


def named() -> Program:
    p = Program("linear_named")
    a, b, c = torch.randn(2, 3, 4), torch.randn(4, 5), torch.randn(2, 4, 3)
    p.case("einsum_matmul", lambda a, b: torch.einsum("bij,jk->bik", a, b), a, b)
    p.case("einsum_spaces", lambda a, c: torch.einsum("b i j, b j k -> b k i", a, c), a, c)
    p.case("einsum_ellipsis", lambda a, b: torch.einsum("...j,jk->...k", a, b), a, b)
    p.case("einsum_implicit", lambda a, b: torch.einsum("bij,jk", a, b), a, b)
    p.case("einsum_sum", lambda a: (torch.einsum("bij->", a), torch.einsum("bij->j", a), torch.einsum("bij->jbi", a)), a)
    p.case("einsum_outer", lambda a, b: torch.einsum("i,j->ij", a, b), torch.randn(3), torch.randn(4))
    p.case("einsum_three", lambda a, b, c: torch.einsum("bij,jk,bjl->bikl", a, b, c), a, b, c)
    p.case("einsum_diagonal", lambda a: (torch.einsum("ii->i", a), torch.einsum("ii->", a)), torch.randn(4, 4))
    p.case("einsum_int", lambda a, b: torch.einsum("ij,jk->ik", a, b), torch.arange(6).view(2, 3), torch.arange(6).view(3, 2))
    p.case("tensordot", lambda a, b, c: (torch.tensordot(a, b, 1), torch.tensordot(a, c, ((1, 2), (2, 1))), torch.tensordot(a, c, ((0,), (0,)))), a, b, c)
    p.case("tensordot_none", lambda a, b: torch.tensordot(a, b, 0), torch.randn(2), torch.randn(3))
    p.case("bilinear", torch.nn.Bilinear(3, 4, 5).eval(), torch.randn(2, 3), torch.randn(2, 4))
    p.case("bilinear_deep", torch.nn.Bilinear(3, 4, 5, bias=False).eval(), torch.randn(2, 6, 3), torch.randn(2, 6, 4))
    p.case("trilinear", lambda a, b, c: aten._trilinear(a, b, c, [1], [0], [2], [0]), torch.randn(2, 4), torch.randn(3, 4), torch.randn(2, 3))
    return p


def distances() -> Program:
    p = Program("linear_distances")
    x, y = torch.randn(2, 5, 3), torch.randn(2, 4, 3)
    for power in (2.0, 1.0, 0.0, 3.0, float("inf")):
        p.case(f"cdist_{power}", lambda a, b, n=power: torch.cdist(a, b, n), x, y)
    p.case("cdist_mm", lambda a, b: torch.cdist(a, b, compute_mode="use_mm_for_euclid_dist"), x, y)
    p.case("cdist_no_width", lambda a, b: torch.cdist(a, b), torch.randn(5, 0), torch.randn(4, 0))
    p.case("pdist", lambda a: (torch.pdist(a), torch.pdist(a, 1.0)), torch.randn(4, 3))
    one, two = torch.randn(3, 4), torch.randn(3, 4)
    p.case("pairwise", lambda a, b: (F.pairwise_distance(a, b), F.pairwise_distance(a, b, 1.0, keepdim=True), F.pairwise_distance(a, b[0], 3.0)), one, two)
    p.case("cosine", lambda a, b: (F.cosine_similarity(a, b), F.cosine_similarity(a, b, 0), F.cosine_similarity(a, b[:1], -1, 0.5)), one, two)
    p.case("cosine_zero", lambda a, b: F.cosine_similarity(a * 0, b), one, two)
    return p


def typed() -> Program:
    p = Program("linear_types")
    for dtype in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float64):
        name = str(dtype).removeprefix("torch.")

        def some(*sizes: int, dtype: torch.dtype = dtype) -> torch.Tensor:
            return torch.randn(*sizes).to(dtype) if dtype.is_floating_point else torch.randint(0, 20, sizes).to(dtype)

        p.case(f"{name}_mm", lambda a, b: (a @ b, torch.addmm(a[:, :2], a, b), torch.dot(b[:, 0], b[:, 1]), torch.outer(b[:, 0], b[:, 1])), some(3, 4), some(4, 2))
        p.case(f"{name}_bmm", lambda a, b: (torch.bmm(a, b), torch.baddbmm(a[:, :, :2], a, b, beta=2, alpha=3)), some(2, 3, 4), some(2, 4, 2))
        p.case(f"{name}_linear", lambda a, w, b: F.linear(a, w, b), some(3, 4), some(5, 4), some(5))
        p.case(f"{name}_kron", lambda a, b: (torch.kron(a, b), torch.linalg.cross(a, b) if a.dtype.is_floating_point else a), some(2, 3), some(2, 3))
    return p


def dynamic() -> Program:
    p = Program("linear_dynamic")
    x = p.input(torch.randn(4, 6, 8), {0: "batch", 1: "length:4"}, torch.randn(5, 9, 8))
    y = p.input(torch.randn(4, 8), {0: "batch"}, torch.randn(5, 8))
    nn = torch.nn
    p.case("linear", nn.Linear(8, 3).eval(), x)
    p.case("linear_rows", nn.Linear(8, 3).eval(), y)
    p.case("matmul", lambda a: (a @ a.mT, a.mT @ a), x)
    p.case("bmm", lambda a: torch.bmm(a, a.transpose(1, 2)), x)
    p.case("einsum", lambda a, b: torch.einsum("bij,bj->bi", a, b), x, y)
    p.case("cosine", lambda a, b: F.cosine_similarity(a, b[:, None], -1), x, y)
    p.case("cdist", lambda a: torch.cdist(a, a, compute_mode="donot_use_mm_for_euclid_dist"), x)
    p.case("addmm", lambda a, w, b: torch.addmm(b, a.view(-1, 8), w).view(a.shape[0], a.shape[1], 3), x, torch.randn(8, 3), torch.randn(3))
    return p


def batches() -> Program:
    """Matrices that are repeated for, or joined from, the axes in front of them."""
    p = Program("linear_batches")
    x = p.input(torch.randn(2, 3, 4), {0: "batch"}, torch.randn(3, 3, 4))
    y = p.input(torch.randn(2, 2, 3, 4), {0: "batch"}, torch.randn(3, 2, 3, 4))
    w, one = torch.randn(4, 5), torch.randn(1, 4, 5)
    p.case("repeated", lambda a, b, c: (a.bmm(b.expand(a.shape[0], 4, 5)), a.bmm(c.expand(a.shape[0], 4, 5))), x, w, one)
    p.case("repeated_first", lambda a, b: b.t().expand(a.shape[0], 5, 4).bmm(a.transpose(1, 2)), x, w)
    p.case("repeated_only", lambda a, b: a[:1].expand(3, 3, 4) @ b, x, w)
    p.case("joined", lambda a: a @ a.transpose(-1, -2), y)
    p.case("joined_split", lambda a: a.view(-1, 3, 4).bmm(a.view(-1, 4, 3)).view(a.shape[0], 2, 3, 3), y)
    p.case("joined_else", lambda a, b: a.view(-1, 3, 4).bmm(b.expand(2 * a.shape[0], 4, 5)).view(a.shape[0], 3, 2, 5), y, w)
    return p


def programs() -> list[Program]:
    return [products(), named(), distances(), typed(), dynamic(), batches()]
