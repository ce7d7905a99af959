"""Comparisons, logic, bits, choices, changes of the type; and activation functions."""

import torch
import torch.nn.functional as F

from program import Program

INF, NAN = float("inf"), float("nan")
ALL = [torch.float32, torch.float16, torch.float64, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]


def name(dtype):
    return str(dtype).removeprefix("torch.")


def compare(dtype):
    p = Program(f"compare_{name(dtype)}")
    x, y = torch.randint(0, 4, (3, 4)).to(dtype), torch.randint(0, 4, (3, 4)).to(dtype)
    for f in "eq ne lt le gt ge not_equal less less_equal greater greater_equal logical_and logical_or logical_xor".split():
        p.case(f, getattr(torch, f), x, y)
    for f in "eq ne lt le gt ge".split():
        p.case(f"{f}_number", lambda x, f=f: getattr(torch, f)(x, 1), x)
        p.case(f"{f}_float", lambda x, f=f: getattr(torch, f)(x, 0.5), x)
        p.case(f"{f}_row", lambda x, y, f=f: getattr(torch, f)(x, y[0]), x, y)
    for f in "logical_not isnan isinf isfinite isposinf isneginf".split():
        p.case(f, getattr(torch, f), x)
    p.case("signbit", torch.signbit, x)
    p.case("where", lambda x, y: torch.where(x > 1, x, y), x, y)
    p.case("where_number", lambda x: torch.where(x > 1, x, 3), x)
    p.case("where_float", lambda x: torch.where(x > 1, 2.5, x), x)
    p.case("where_numbers", lambda x: torch.where(x > 1, 1.0, 0.0), x)
    p.case("where_ints", lambda x: torch.where(x > 1, 1, 0), x)
    for to in ALL:
        p.case(f"to_{name(to)}", lambda x, to=to: x.to(to), x)
    p.case("type_as", lambda x, y: x.type_as(y.long()), x, y)
    p.case("to_other", lambda x, y: x.to(y.double()), x, y)
    if dtype != torch.bool:
        p.case("isclose", torch.isclose, x, y)
    if dtype.is_floating_point:
        special = torch.tensor([NAN, INF, -INF, 1.0, -1.0, 0.0], dtype=dtype)
        for f in "isnan isinf isfinite isposinf isneginf logical_not".split():
            p.case(f"{f}_special", getattr(torch, f), special)
        for f in "eq ne lt ge".split():
            p.case(f"{f}_special", getattr(torch, f), special, special.flip(0))
        p.case("isclose_special", torch.isclose, special, special)
        p.case("isclose_nan", lambda x: torch.isclose(x, x + 0.001, rtol=0.01, equal_nan=True), special)
        p.case("special_to_bool", lambda x: x.bool(), special)
        p.case("fraction_to_int", lambda x: (x * 0.7 - 1).int(), x)
    return p


def bits(dtype):
    p = Program(f"bits_{name(dtype)}")
    low, high = (0, 2) if dtype == torch.bool else (0, 256) if dtype == torch.uint8 else (-100, 100)
    x, y = torch.randint(low, high, (3, 4)).to(dtype), torch.randint(low, high, (3, 4)).to(dtype)
    for f in "and or xor".split():
        function = getattr(torch, f"bitwise_{f}")
        p.case(f, function, x, y)
        p.case(f"{f}_row", lambda x, y, function=function: function(x, y[0]), x, y)
        p.case(f"{f}_number", lambda x, function=function: function(x, True if x.dtype == torch.bool else 6), x)
    p.case("and_7", lambda x: x & (True if x.dtype == torch.bool else 7), x)
    p.case("operators", lambda x, y: (x & y) | (x ^ y), x, y)
    p.case("not", torch.bitwise_not, x)
    if dtype != torch.bool:
        amount = torch.tensor([0, 1, 2, 3]).to(dtype)
        p.case("left", torch.bitwise_left_shift, x, amount)
        p.case("right", torch.bitwise_right_shift, x, amount)
        p.case("left_number", lambda x: x << 2, x)
        p.case("right_number", lambda x: x >> 2, x)
    if dtype == torch.int64:
        big = torch.tensor([2**62 + 5, -(2**63), -1, 2**63 - 1])
        p.case("and_big", torch.bitwise_and, big, big.flip(0))
        p.case("or_big", torch.bitwise_or, big, big.flip(0))
        p.case("xor_big", torch.bitwise_xor, big, big.flip(0))
    return p


def activation(dtype):
    p = Program(f"activation_{name(dtype)}")
    x = (torch.randn(2, 6, 3) * 3).to(dtype)
    scalar, empty = torch.tensor(-0.5, dtype=dtype), torch.zeros(2, 0, dtype=dtype)
    special = torch.tensor([NAN, INF, -INF, 100.0, -100.0, 0.0], dtype=dtype)
    functions = dict(
        relu=F.relu, relu6=F.relu6, elu=F.elu, selu=F.selu, celu=F.celu, gelu=F.gelu, silu=F.silu, mish=F.mish,
        sigmoid=torch.sigmoid, logsigmoid=F.logsigmoid, softplus=F.softplus, softsign=F.softsign, tanhshrink=F.tanhshrink,
        hardtanh=F.hardtanh, hardsigmoid=F.hardsigmoid, hardswish=F.hardswish, hardshrink=F.hardshrink,
        softshrink=F.softshrink, leaky_relu=F.leaky_relu, rrelu=F.rrelu, glu=lambda x: F.glu(x, 1),
        gelu_tanh=lambda x: F.gelu(x, approximate="tanh"), elu_alpha=lambda x: F.elu(x, 0.5),
        celu_alpha=lambda x: F.celu(x, 0.5), softplus_beta=lambda x: F.softplus(x, 2.0, 15.0),
        softplus_threshold=lambda x: F.softplus(x, 1.5, 1.0), hardshrink_1=lambda x: F.hardshrink(x, 1.0),
        softshrink_1=lambda x: F.softshrink(x, 1.0), threshold=lambda x: F.threshold(x, 0.5, -7.0),
        leaky_relu_02=lambda x: F.leaky_relu(x, 0.2), hardtanh_wide=lambda x: F.hardtanh(x, -2.0, 1.5),
    )  # fmt: skip
    for label, f in functions.items():
        p.case(label, f, x)
        if label != "glu":
            p.case(f"{label}_scalar", f, scalar)
            p.case(f"{label}_empty", f, empty)
    for label in "relu relu6 elu silu sigmoid softplus hardtanh hardsigmoid leaky_relu logsigmoid threshold gelu_tanh".split():
        if label != "gelu_tanh":
            p.case(f"{label}_special", functions[label], special)
    p.case("glu_last", F.glu, torch.randn(3, 4).to(dtype))
    p.case("prelu_one", F.prelu, x, torch.tensor([0.1], dtype=dtype))
    p.case("prelu_channels", F.prelu, x, torch.rand(6).to(dtype))
    p.case("prelu_matrix", F.prelu, torch.randn(4, 6).to(dtype), torch.rand(6).to(dtype))
    if dtype == torch.float32:
        p.case("layer", torch.nn.PReLU(6), x)
        p.case("silu_in_place", lambda x: F.silu(x.clone(), inplace=True) + F.relu_(x.clone()), x)
    return p


def programs():
    return (
        [compare(t) for t in ALL]
        + [bits(t) for t in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)]
        + [activation(t) for t in (torch.float32, torch.float16, torch.float64)]
    )
