"""Models of plain torch for held_out.py."""
from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from held_out import Model, Tensors
from torch import Tensor, nn
from torch._higher_order_ops.while_loop import while_loop


# ---- pictures ----

class Attended(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(4, channels)
        self.qkv = nn.Conv2d(channels, channels * 3, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(b, 3, c, h * w).unbind(1)
        weights = torch.softmax(torch.einsum("bci,bcj->bij", q, k) / math.sqrt(c), -1)
        return x + self.out(torch.einsum("bij,bcj->bci", weights, v).view(b, c, h, w))


class Residual(nn.Module):
    def __init__(self, into: int, out: int, times: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.GroupNorm(4, into), nn.SiLU(), nn.Conv2d(into, out, 3, padding=1))
        self.second = nn.Sequential(nn.GroupNorm(4, out), nn.SiLU(), nn.Conv2d(out, out, 3, padding=1))
        self.time = nn.Linear(times, out * 2)
        self.skip = nn.Conv2d(into, out, 1) if into != out else nn.Identity()

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        scale, shift = self.time(t)[..., None, None].chunk(2, dim=1)
        return self.skip(x) + self.second(self.first(x) * (scale + 1) + shift)


class Diffusion(nn.Module):
    """A UNet with attention and the embedding of a time step."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.down = nn.ModuleList([Residual(8, 8, 16), Residual(8, 16, 16)])
        self.middle = Attended(16)
        self.up = nn.ModuleList([Residual(32, 8, 16), Residual(16, 8, 16)])
        self.head = nn.Conv2d(8, 3, 1)

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        rates = torch.exp(torch.arange(8, device=x.device) * -(math.log(10000.0) / 7))
        angle = step[:, None].float() * rates[None]
        t = torch.cat([angle.sin(), angle.cos()], -1)
        x, kept = self.stem(x), []
        for block in self.down:
            x = block(x, t)
            kept.append(x)
            x = F.avg_pool2d(x, 2)
        x = self.middle(x)
        for block in self.up:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = block(torch.cat([x, kept.pop()], dim=1), t)
        return self.head(x)


class Decoded(nn.Module):
    """The decoder of an autoencoder, with the reparametrisation and its losses."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Flatten(), nn.Linear(64, 16))
        self.decode = nn.Sequential(nn.Linear(8, 32), nn.Unflatten(1, (8, 2, 2)), nn.ConvTranspose2d(8, 4, 4, 2, 1),
                                    nn.BatchNorm2d(4), nn.LeakyReLU(0.2), nn.ConvTranspose2d(4, 1, 3, 2, 1, output_padding=1))

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, spread = self.encode(x).chunk(2, -1)
        z = mean + noise * torch.exp(0.5 * spread)
        out = torch.sigmoid(self.decode(z))
        apart = -0.5 * torch.mean(torch.sum(1 + spread - mean.pow(2) - spread.exp(), dim=1))
        return out, F.binary_cross_entropy(out, x, reduction="sum") / x.shape[0], apart


class Enlarge(nn.Module):
    """Pixel (un)shuffle, adaptive pools, upsampling, folds."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 3, padding=1, padding_mode="reflect")
        self.shuffle, self.back = nn.PixelShuffle(2), nn.PixelUnshuffle(2)
        self.pools = nn.ModuleList([nn.AdaptiveAvgPool2d((3, 2)), nn.AdaptiveMaxPool2d(4), nn.AdaptiveAvgPool2d(1)])
        self.act = nn.PReLU(3)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.act(self.shuffle(self.conv(x)))
        up = F.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)
        columns = F.unfold(y, 4, stride=4)
        folded = F.fold(columns, (24, 24), 4, stride=4)
        return (*[p(y) for p in self.pools], self.back(y + up), folded - F.interpolate(x, (24, 24), mode="bilinear", antialias=False),
                F.local_response_norm(y, 3), F.normalize(y.flatten(2), dim=1))


class Detector(nn.Module):
    """Features, a transformer with queries, boxes, and the decoding of them."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1))
        self.transformer = nn.Transformer(16, 2, 1, 1, 24, batch_first=True)
        self.queries = nn.Parameter(torch.randn(5, 16))
        self.row, self.column = nn.Parameter(torch.randn(10, 8)), nn.Parameter(torch.randn(10, 8))
        self.classes, self.boxes = nn.Linear(16, 4), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        f = self.backbone(x)
        h, w = f.shape[-2:]
        place = torch.cat([self.column[:w].unsqueeze(0).repeat(h, 1, 1), self.row[:h].unsqueeze(1).repeat(1, w, 1)], -1)
        memory = place.flatten(0, 1).unsqueeze(0) + 0.1 * f.flatten(2).permute(0, 2, 1)
        out = self.transformer(memory, self.queries.unsqueeze(0).expand(x.shape[0], -1, -1))
        boxes = self.boxes(out).sigmoid()
        cx, cy, bw, bh = boxes.unbind(-1)
        corners = torch.stack([cx - bw / 2, cy - bh / 2, cx + bw / 2, cy + bh / 2], -1)
        scores, labels = self.classes(out).softmax(-1)[..., :-1].max(-1)
        best, index = scores.topk(3, dim=1)
        return best, labels.gather(1, index), corners.gather(1, index.unsqueeze(-1).expand(-1, -1, 4)).clamp(0, 1)


# ---- sequences ----

class Translate(nn.Module):
    """GRU encoder, GRU decoder with attention, unrolled over fixed steps."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(30, 8, padding_idx=0)
        self.encoder = nn.GRU(8, 6, 2, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(12, 12)
        self.cell = nn.GRUCell(8 + 12, 12)
        self.out = nn.Linear(12, 30)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        memory, last = self.encoder(self.embed(ids))
        state = torch.tanh(self.bridge(torch.cat([last[-2], last[-1]], -1)))
        token = torch.ones(ids.shape[0], dtype=torch.long)
        steps = []
        for _ in range(3):
            weights = torch.bmm(memory, state.unsqueeze(2)).squeeze(2).masked_fill(ids == 0, float("-inf")).softmax(1)
            context = (weights.unsqueeze(-1) * memory).sum(1)
            state = self.cell(torch.cat([self.embed(token), context], -1), state)
            steps.append(self.out(state).log_softmax(-1))
            token = steps[-1].argmax(-1)
        return torch.stack(steps, 1), token


class Tagger(nn.Module):
    """A bidirectional LSTM with projections, its states given, a plain RNN, an LSTM cell."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(5, 6, 2, bidirectional=True, batch_first=True)
        self.rnn = nn.RNN(12, 4, nonlinearity="relu")
        self.cell = nn.LSTMCell(4, 3)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
        y, (h1, c1) = self.lstm(x, (h, c))
        z, last = self.rnn(y.transpose(0, 1))
        hidden, cell = self.cell(last[0])
        return z, h1, c1, hidden, cell


class Wave(nn.Module):
    """Dilated causal convolutions with gates and skips, weight normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Conv1d(1, 8, 1)
        self.filters = nn.ModuleList(nn.utils.parametrizations.weight_norm(nn.Conv1d(8, 16, 2, dilation=2**i)) for i in range(3))
        self.mix = nn.ModuleList(nn.Conv1d(8, 16, 1) for _ in range(3))
        self.end = nn.Conv1d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x, total = self.start(x), 0
        for i, (gate, mix) in enumerate(zip(self.filters, self.mix, strict=True)):
            y = F.glu(gate(F.pad(x, (2**i, 0))), dim=1)
            rest, skip = mix(y).split([8, 8], 1)
            x, total = x + rest, total + skip
        return self.end(F.relu(total)).softmax(1)


class Masked(nn.Module):
    """A decoder of transformers with causal and padding masks; MultiheadAttention with weights, other key sizes and bias_kv."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 16)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 4, 32, norm_first=True, activation="gelu",
                                                                        batch_first=True), 2, nn.LayerNorm(16))
        self.cross = nn.MultiheadAttention(16, 2, kdim=6, vdim=5, add_bias_kv=True, batch_first=True)

    def forward(self, ids: Tensor, memory: Tensor, side: Tensor) -> tuple[Tensor, Tensor]:
        causal = torch.triu(torch.full((ids.shape[1], ids.shape[1]), float("-inf")), diagonal=1)
        x = self.decoder(self.embed(ids), memory, tgt_mask=causal, tgt_key_padding_mask=ids == 0, tgt_is_causal=True)
        return self.cross(x, side, side[..., :5], average_attn_weights=False)


class Rotated(nn.Module):
    """Rotary embeddings with interleaved pairs, RMS norms, grouped queries, SwiGLU."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.q, self.kv = nn.RMSNorm(16), nn.Linear(16, 16, False), nn.Linear(16, 16, False)
        self.gate, self.out = nn.Linear(16, 48, False), nn.Linear(24, 16, False)

    @staticmethod
    def turn(x: Tensor, sin: Tensor, cos: Tensor) -> Tensor:
        even, odd = x[..., ::2], x[..., 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)

    def forward(self, x: Tensor) -> Tensor:
        b, s, _ = x.shape
        angle = torch.outer(torch.arange(s).float(), 1.0 / 100 ** (torch.arange(0, 4, 2).float() / 4))
        sin, cos = angle.sin().to(x.dtype), angle.cos().to(x.dtype)
        y = self.norm(x)
        q = self.q(y).view(b, s, 4, 4).transpose(1, 2)
        k, v = self.kv(y).view(b, s, 2, 2, 4).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(self.turn(q, sin, cos), self.turn(k, sin, cos), v, is_causal=True, enable_gqa=True)
        x = x + y.transpose(1, 2).reshape(b, s, 16)
        a, g = self.gate(x).chunk(2, -1)
        return x + self.out(F.silu(a) * g)


# ---- graphs, experts, flows ----

class Graph(nn.Module):
    """Messages between nodes by index_add, scatter, and attention over neighbours by scatter_reduce."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.score = nn.Linear(6, 8), nn.Linear(8, 4), nn.Linear(16, 1)

    def forward(self, x: Tensor, edges: Tensor) -> tuple[Tensor, ...]:
        source, target = edges
        n = x.shape[0]
        degree = torch.zeros(n).scatter_add_(0, target, torch.ones(target.shape[0])) + 1
        norm = degree.pow(-0.5)
        h = self.first(x)
        mixed = torch.zeros_like(h).index_add_(0, target, h[source] * (norm[source] * norm[target]).unsqueeze(-1))
        h = F.elu(mixed + h)
        raw = F.leaky_relu(self.score(torch.cat([h[source], h[target]], -1))).squeeze(-1)
        top = torch.full((n,), float("-inf")).scatter_reduce(0, target, raw, "amax", include_self=True)
        weight = (raw - top[target]).exp()
        total = torch.zeros(n).index_add(0, target, weight)
        out = torch.zeros(n, 8).index_put((target,), h[source] * (weight / total[target])[:, None], accumulate=True)
        mean = torch.zeros(n, 8).scatter_reduce(0, target[:, None].expand(-1, 8), h[source], "mean", include_self=False)
        return self.second(out), mean, degree


class Experts(nn.Module):
    """Routing by topk and one_hot, the load of each expert, and a dense mix."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(8, 4, bias=False)
        self.up, self.down = nn.Parameter(torch.randn(4, 8, 12) / 3), nn.Parameter(torch.randn(4, 12, 8) / 3)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        flat = x.reshape(-1, x.shape[-1])
        chance = self.router(flat).softmax(-1)
        weight, chosen = torch.topk(chance, 2, dim=-1)
        weight = weight / weight.sum(-1, keepdim=True)
        hot = F.one_hot(chosen, 4)
        gates = (hot * weight.unsqueeze(-1)).sum(1)
        hidden = F.gelu(torch.einsum("td,edh->eth", flat, self.up), approximate="tanh")
        out = torch.einsum("eth,ehd,te->td", hidden, self.down, gates)
        load = hot.sum((0, 1)).float() / hot.sum()
        order = torch.cumsum(hot.sum(1), 0) * hot.sum(1) - 1
        return out.view_as(x), (load * chance.mean(0)).sum() * 4, order, torch.bincount(chosen.flatten(), minlength=4)


class Flow(nn.Module):
    """Couplings and a learned linear map: log-determinants and inverses."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.randn(4, 4) + 2 * torch.eye(4))
        self.net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = x @ self.mix.t()
        a, b = y.chunk(2, -1)
        scale, shift = self.net(a).chunk(2, -1)
        scale = torch.tanh(scale)
        z = torch.cat([a, b * scale.exp() + shift], -1)
        change = scale.sum(-1) + torch.det(self.mix).abs().log()
        prior = -0.5 * (z.pow(2) + math.log(2 * math.pi)).sum(-1)
        return prior + change, torch.linalg.vector_norm(z, 3, dim=-1)


class Costs(nn.Module):
    """Losses as a model."""

    def forward(self, x: Tensor, target: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        weight = torch.tensor([0.5, 1.0, 2.0, 1.5])
        chance = x.softmax(-1)
        return (F.cross_entropy(x, target, weight=weight, label_smoothing=0.1), F.nll_loss(x.log_softmax(-1), target, ignore_index=1),
                F.smooth_l1_loss(x, y, beta=0.5), F.huber_loss(x, y, delta=0.7),
                F.kl_div(x.log_softmax(-1), y.softmax(-1), reduction="batchmean"),
                F.binary_cross_entropy_with_logits(x, y.sigmoid(), pos_weight=weight), F.l1_loss(x, y, reduction="sum"),
                F.cosine_embedding_loss(x, y, target.sign() * 2 - 1), F.triplet_margin_loss(x, y, chance),
                F.poisson_nll_loss(x, y.abs()), F.soft_margin_loss(x, y.sign()),
                F.margin_ranking_loss(x, y, y.sign(), 0.1), F.hinge_embedding_loss(x, y.sign()),
                F.multi_margin_loss(x, target), F.multilabel_soft_margin_loss(x, (y > 0).float()))


# ---- in place, control flow, types ----

class Changed(nn.Module):
    """Slices of tensors and buffers changed in place, running sums, masks."""

    def __init__(self) -> None:
        super().__init__()
        self.bilinear = nn.Bilinear(4, 4, 3)
        self.register_buffer("table", torch.randn(6, 4))
        self.register_buffer("seen", torch.zeros(3))

    def forward(self, x: Tensor, where: Tensor) -> tuple[Tensor, ...]:
        y = x.clone()
        y[:, 1:3] += self.table[:2, 0]
        y[1, -1] = 5.0
        y[:, ::2].mul_(2)
        y[y > 2] = -1.0
        t = self.table.clone()
        t.index_put_((where,), x[: where.shape[0]], accumulate=True)
        t[1:4, 2].fill_(0.25)
        t.index_copy_(0, torch.tensor([0, 5]), x[:2])
        z = torch.where(y > 0, y.cumsum(1), y.cumprod(1))
        out = self.bilinear(x, y)
        self.seen.add_(out.mean(0))
        w = out.new_zeros(out.shape[0], 5)
        w[:, :3] = out
        w[:, 3:].copy_(z[:, :2])
        return z, t, w, self.seen * 2, torch.logcumsumexp(x, 0), x.cummax(1).values, x.diff(dim=0), x.roll((1, -1), (0, 1)), x.flip(0)


class Steps(nn.Module):
    """A loop until a value is small, a branch on what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.step, self.other = nn.Linear(4, 4), nn.Linear(4, 2)
        nn.init.normal_(self.step.weight, std=0.2)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        def going(i: Tensor, v: Tensor) -> Tensor:
            return (i < 6) & (v.abs().max() > 0.1)

        def once(i: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
            return i + 1, torch.tanh(self.step(v)) * 0.8

        def yes(v: Tensor) -> Tensor:
            return self.other(v)

        def no(v: Tensor) -> Tensor:
            return self.other(-v) * 2

        chosen = torch.cond(x.sum() > 0, yes, no, (x,))
        return (chosen, *while_loop(going, once, (torch.zeros((), dtype=torch.int64), x)))


class Moved(nn.Module):
    """Permutations, views and joins as einops would make them."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        b, c, h, w = x.shape
        windows = x.view(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 3, 5, 1).reshape(b, -1, 4, c)
        back = windows.view(b, h // 2, w // 2, 2, 2, c).permute(0, 5, 1, 3, 2, 4).contiguous().view(b, c, h, w)
        grid = torch.stack(torch.meshgrid(torch.linspace(0, 1, h), torch.arange(w).float(), indexing="ij"), -1)
        halves = torch.tensor_split(x, 3, dim=1)
        return (windows, back, grid, *halves, x.unfold(2, 2, 1).mean(-1), x.movedim(1, -1).repeat_interleave(2, 1),
                torch.block_diag(x[0, 0], x[0, 1]), torch.rot90(x, 1, (2, 3)), x.diagonal(dim1=2, dim2=3).tril(), x.new_ones(2).expand(b, 2),
                torch.cdist(x[:, 0], x[:, 1]), torch.bucketize(x[0, 0], torch.tensor([-1.0, 0.0, 1.0])), x.std((2, 3)), x.var(1, correction=0),
                x.median(-1).values, x.quantile(0.3, -1), torch.searchsorted(torch.tensor([-0.5, 0.5]), x[0, 1].contiguous()))


class Block(nn.Module):
    """A small convolutional and transformer block in one type."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv1d(4, 8, 3, padding=1), nn.BatchNorm1d(8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.layer(F.gelu(self.norm(self.conv(x))).transpose(1, 2))
        out = self.out(y.mean(1))
        return out, F.softmax(out.float(), -1).to(out.dtype)


# ---- the list ----

def cast(make: Callable[[], nn.Module], dtype: torch.dtype) -> Callable[[], nn.Module]:
    return lambda: make().to(dtype)


def floats(*shape: int | str, key: str = "x", dtype: torch.dtype = torch.float32) -> Callable[..., Tensors]:
    """Inputs of one tensor; a size that is a name comes from the sizes."""
    return lambda **sizes: {key: torch.randn(*[sizes[n] if isinstance(n, str) else n for n in shape]).to(dtype)}


def pictures() -> list[Model]:
    one, two, batch = {"batch": 2}, {"batch": 3}, {0: "batch"}
    return [
        Model("diffusion", Diffusion, lambda batch: {"x": torch.randn(batch, 3, 8, 8), "step": torch.arange(batch) * 7}, one, two,
              {"x": batch, "step": batch}),
        Model("autoencoder", Decoded, lambda batch: {"x": torch.rand(batch, 1, 8, 8), "noise": torch.randn(batch, 8)}, one, two,
              {"x": batch, "noise": batch}),
        Model("enlarge", Enlarge, floats("batch", 3, 12, 12), one, two, {"x": batch}),
        Model("detector", Detector, floats("batch", 3, 24, 24), one, two, {"x": batch}),
        Model("moved", Moved, floats("batch", 4, 6, 6), one, two, {"x": batch}),
    ]


def sequences() -> list[Model]:
    one, two, axes = {"batch": 2, "seq": 6}, {"batch": 3, "seq": 9}, {0: "batch", 1: "seq"}
    batch = {0: "batch"}
    return [
        Model("translate_gru", Translate, lambda batch, seq: {"ids": torch.randint(1, 30, (batch, seq))}, one, two, {"ids": axes}),
        Model("tagger_lstm", Tagger, lambda batch, seq: {"x": torch.randn(batch, seq, 5), "h": torch.randn(4, batch, 6),
                                                         "c": torch.randn(4, batch, 6)},
              one, two, {"x": axes, "h": {1: "batch"}, "c": {1: "batch"}}),
        Model("wave", Wave, floats("batch", 1, "seq"), {"batch": 2, "seq": 12}, {"batch": 3, "seq": 17}, {"x": {0: "batch", 2: "seq"}}),
        Model("masked_decoder", Masked, lambda batch, seq: {"ids": torch.randint(1, 20, (batch, seq)), "memory": torch.randn(batch, 5, 16),
                                                            "side": torch.randn(batch, 4, 6)},
              one, two, {"ids": axes, "memory": batch, "side": batch}),
        Model("rotated", Rotated, floats("batch", "seq", 16), one, two, {"x": axes}),
        Model("experts", Experts, floats("batch", "seq", 8), one, two, {"x": axes}),
    ]


def rest() -> list[Model]:
    one, two, batch = {"batch": 4}, {"batch": 6}, {0: "batch"}
    return [
        Model("graph", Graph, lambda nodes, edges: {"x": torch.randn(nodes, 6), "edges": torch.randint(0, nodes, (2, edges))},
              {"nodes": 5, "edges": 9}, {"nodes": 7, "edges": 12}, {"x": {0: "nodes"}, "edges": {1: "edges"}}),
        Model("flow", Flow, floats("batch", 4), one, two, {"x": batch}),
        Model("costs", Costs, lambda batch: {"x": torch.randn(batch, 4), "target": torch.randint(0, 4, (batch,)),
                                             "y": torch.randn(batch, 4)}, one, two, {"x": batch, "target": batch, "y": batch}),
        Model("changed", Changed, lambda batch: {"x": torch.randn(batch, 4), "where": torch.tensor([1, 4, 2])}, one, two, {"x": batch}),
        Model("steps", Steps, floats("batch", 4), one, two, {"x": batch}),
        Model("block_half", cast(Block, torch.float16), floats("batch", 4, 6, dtype=torch.float16), one, two, {"x": batch}),
        Model("block_bfloat16", cast(Block, torch.bfloat16), floats("batch", 4, 6, dtype=torch.bfloat16), one, two, {"x": batch}),
        Model("wave_bfloat16", cast(Wave, torch.bfloat16), floats("batch", 1, 12, dtype=torch.bfloat16), one, two, {"x": batch}),
        Model("rotated_half", cast(Rotated, torch.float16), floats("batch", 5, 16, dtype=torch.float16), one, two, {"x": batch}),
    ]


def models() -> list[Model]:
    return pictures() + sequences() + rest()
