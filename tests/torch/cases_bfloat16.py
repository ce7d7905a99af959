"""bfloat16 inside of a program: numpy does not have it, so inputs and outputs are float32."""

import torch
import torch.nn.functional as F

from program import Program


def programs():
    p = Program("bfloat16", tolerance=2e-2)
    x, y = torch.randn(3, 4), torch.randn(3, 4)
    functions = dict(
        add=torch.add, mul=torch.mul, div=lambda x, y: x / (y.abs() + 0.5), sub=lambda x, y: x - y * 0.5,
        exp=lambda x, y: torch.exp(x), sigmoid=lambda x, y: torch.sigmoid(x), gelu=lambda x, y: F.gelu(x),
        gelu_tanh=lambda x, y: F.gelu(x, approximate="tanh"), silu=lambda x, y: F.silu(x), relu=lambda x, y: F.relu(x),
        tanh=lambda x, y: torch.tanh(x), softplus=lambda x, y: F.softplus(x), sqrt=lambda x, y: torch.sqrt(x.abs()),
        rsqrt=lambda x, y: torch.rsqrt(x.abs() + 1), pow=lambda x, y: x**2, clamp=lambda x, y: x.clamp(-0.5, 0.5),
        maximum=torch.maximum, where=lambda x, y: torch.where(x > y, x, y), lerp=lambda x, y: torch.lerp(x, y, 0.25),
        sum=lambda x, y: x.sum(1), mean=lambda x, y: x.mean(0), var=lambda x, y: x.var(1), amax=lambda x, y: x.amax(1),
        max=lambda x, y: torch.max(x, 1)[0], softmax=lambda x, y: torch.softmax(x, 1), log_softmax=lambda x, y: F.log_softmax(x, -1),
        norm=lambda x, y: torch.linalg.vector_norm(x, dim=1), cumsum=lambda x, y: x.cumsum(1), sort=lambda x, y: torch.sort(x, 1)[0],
        neg=lambda x, y: -x, abs=lambda x, y: x.abs(), full=lambda x, y: x + torch.full_like(x, 0.3),
        arange=lambda x, y: x + torch.arange(4, dtype=torch.bfloat16), linspace=lambda x, y: x + torch.linspace(0, 1, 4, dtype=torch.bfloat16),
        int=lambda x, y: x + (y * 4).int(), promoted=lambda x, y: x + y.float(), chain=lambda x, y: (x + y) * (x - y) / 3,
        nan_to_num=lambda x, y: torch.nan_to_num(x / 0.0).clamp(-5, 5), tril=lambda x, y: torch.tril(x), logsumexp=lambda x, y: torch.logsumexp(x, 1),
    )  # fmt: skip
    for name, f in functions.items():
        p.case(name, lambda x, y, f=f: f(x.bfloat16(), y.bfloat16()).float(), x, y)
    for name, f in dict(gt=torch.gt, eq=torch.eq, ne=torch.ne, isnan=lambda x, y: torch.isnan(x)).items():
        p.case(name, lambda x, y, f=f: f(x.bfloat16(), y.bfloat16()), x, y)
    return [p]
