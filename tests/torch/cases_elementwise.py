"""Functions of one, two and three tensors, element by element."""

import torch
import torch.nn.functional as F

from program import Program

INF, NAN = float("inf"), float("nan")
FLOATS = [torch.float32, torch.float16, torch.float64]
INTS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]


def name(dtype):
    return str(dtype).removeprefix("torch.")


def unary(dtype):
    p = Program(f"unary_{name(dtype)}")
    x = (torch.randn(3, 4) * 2).to(dtype)
    positive = (torch.rand(3, 4) * 4 + 0.1).to(dtype)
    unit = (torch.rand(3, 4) * 1.8 - 0.9).to(dtype)
    scalar = torch.tensor(0.75, dtype=dtype)
    empty = torch.zeros(0, 3, dtype=dtype)
    special = torch.tensor([NAN, INF, -INF, 0.0, -0.0, 1.5, 2.5, -1.5], dtype=dtype)
    for f in "abs acosh asinh atan ceil cos cosh erf erfc exp exp2 expm1 floor frac neg reciprocal round sgn sign sin".split():
        p.case(f, getattr(torch, f), positive + 1 if f == "acosh" else x)
    for f in "sinc sinh square tan tanh trunc positive deg2rad rad2deg nan_to_num".split():
        p.case(f, getattr(torch, f), unit if f == "tan" else x)
    for f in "log log10 log1p log2 rsqrt sqrt".split():
        p.case(f, getattr(torch, f), positive)
    for f in "acos asin atanh arccos arcsin arctanh arctan arcsinh absolute negative fix".split():
        p.case(f, getattr(torch, f), unit)
    p.case("arccosh", torch.arccosh, positive + 1)
    for f in "erf erfc exp2 expm1 log1p expit sinc round".split() + ["entr", "ndtr"] * (dtype != torch.float16):
        p.case("special_" + f, getattr(torch.special, f), positive if f == "log1p" else x)
    for f in "abs neg exp tanh floor sqrt clamp_0 sign round log1p".split():
        p.case(f"scalar_{f}", torch.relu if f == "clamp_0" else getattr(torch, f), scalar)
        p.case(f"empty_{f}", torch.relu if f == "clamp_0" else getattr(torch, f), empty)
    for f in "abs neg floor ceil round sqrt exp nan_to_num".split():
        p.case(f"special_values_{f}", getattr(torch, f), special)
    p.case("round_2", lambda x: torch.round(x, decimals=2), x)
    p.case("round_minus_1", lambda x: torch.round(x * 20, decimals=-1), x)
    p.case("nan_to_num_given", lambda x: torch.nan_to_num(x, 7.0, 8.0, -9.0), special)
    p.case("nan_to_num_one", lambda x: torch.nan_to_num(x, posinf=3.0), special)
    p.case("logit", torch.logit, torch.rand(5).to(dtype) * 0.9 + 0.05)
    p.case("logit_eps", lambda x: torch.logit(x, 0.1), torch.tensor([0.0, 0.05, 0.3, 0.95, 1.0], dtype=dtype))
    p.case("clamp", lambda x: torch.clamp(x, -0.5, 0.75), x)
    p.case("clamp_low", lambda x: torch.clamp(x, min=-0.5), x)
    p.case("clamp_high", lambda x: torch.clamp(x, max=0), x)
    p.case("clamp_nan", lambda x: torch.clamp(x, -1, 1), special)
    p.case("clamp_crossed", lambda x: torch.clamp(x, 1, -1), x)
    p.case("clip", lambda x: torch.clip(x, 0.1, 0.2), x)
    p.case("clamp_min", lambda x: torch.clamp_min(x, 0.25), x)
    p.case("clamp_max", lambda x: torch.clamp_max(x, 0.25), x)
    low, high = torch.randn(4).to(dtype), (torch.randn(3, 1) + 1).to(dtype)
    p.case("clamp_tensors", torch.clamp, x, low, high)
    p.case("clamp_tensor_low", lambda x, low: torch.clamp(x, min=low), x, low)
    p.case("clamp_tensor_high", lambda x, high: torch.clamp(x, max=high), x, high)
    p.case("clamp_tensor_scalars", lambda x, a: torch.clamp(x, -a, a), x, scalar)
    p.case("clamp_min_tensor", torch.clamp_min, x, low)
    p.case("clamp_max_tensor", torch.clamp_max, x, low)
    return p


def unary_int(dtype):
    p = Program(f"unary_{name(dtype)}")
    low = 0 if dtype == torch.uint8 else -5
    x = torch.randint(low, 6, (3, 4)).to(dtype)
    for f in "abs neg sign square floor ceil round trunc".split():
        p.case(f, getattr(torch, f), x)
    for f in "exp sin sqrt tanh reciprocal sigmoid erf rsqrt log1p atan expm1".split():
        p.case(f, getattr(torch, f), torch.clamp(x, min=1) if f in ("sqrt", "reciprocal", "rsqrt", "log1p") else x)
    p.case("relu", torch.relu, x)
    p.case("clamp", lambda x: torch.clamp(x, 1, 3), x)
    p.case("clamp_float", lambda x: torch.clamp(x, 0.5, 2.5), x)
    p.case("clamp_min", lambda x: torch.clamp_min(x, 2), x)
    p.case("clamp_tensor", torch.clamp, x, torch.tensor([0, 1, 2, 3]).to(dtype), torch.tensor(4).to(dtype))
    p.case("nan_to_num", torch.nan_to_num, x)
    p.case("hardtanh", lambda x: F.hardtanh(x.clamp(max=100), 0, 3), x)
    return p


def binary(dtype):
    p = Program(f"binary_{name(dtype)}")
    is_float = dtype.is_floating_point
    low = 0 if dtype == torch.uint8 else -6
    if is_float:
        x, y, row = [torch.randn(s).to(dtype) * 3 for s in ((3, 4), (3, 4), (4,))]
        divisor = (torch.tensor([0.3, -0.7, 2.0, 1.3])).to(dtype)
        exponent = torch.tensor([0.0, 1.0, 2.0, -1.0]).to(dtype)
    else:
        x, y = torch.randint(low, 7, (3, 4)).to(dtype), torch.randint(low, 7, (3, 4)).to(dtype)
        row = torch.arange(4).to(dtype)
        divisor = torch.tensor([3, 2, 1, 5] if low == 0 else [3, -2, 1, -5]).to(dtype)
        exponent = torch.tensor([0, 1, 2, 3]).to(dtype)
    number = torch.tensor(2, dtype=dtype)
    for f in "add sub mul maximum minimum multiply subtract fmax fmin".split():
        p.case(f, getattr(torch, f), x, y)
        p.case(f"{f}_broadcast", getattr(torch, f), x, row)
    for f in "add sub mul div floor_divide remainder fmod rsub".split():
        p.case(f"{f}_number", lambda x, f=f: getattr(torch, f)(x, 3), x)
        p.case(f"{f}_float", lambda x, f=f: getattr(torch, f)(x, 2.5), x)
        p.case(f"{f}_scalar", getattr(torch, f), x, number)
    for f in "div true_divide divide floor_divide remainder fmod".split():
        p.case(f, getattr(torch, f), x, divisor)
    for mode in ("floor", "trunc", None):
        p.case(f"div_{mode}", lambda x, d, mode=mode: torch.div(x, d, rounding_mode=mode), x, divisor)
        p.case(f"div_number_{mode}", lambda x, mode=mode: torch.div(x, 4, rounding_mode=mode), x)
        p.case(f"div_float_{mode}", lambda x, mode=mode: torch.div(x, -1.5, rounding_mode=mode), x)
    p.case("max_other", torch.max, x, y)
    p.case("min_other", torch.min, x, y)
    p.case("add_alpha", lambda x, y: torch.add(x, y, alpha=2), x, y)
    p.case("sub_alpha", lambda x, y: torch.sub(x, y, alpha=3), x, y)
    p.case("rsub_alpha", lambda x, y: torch.rsub(x, y, alpha=2), x, y)
    p.case("number_minus", lambda x: 1 - x, x)
    p.case("remainder_of_number", lambda d: torch.remainder(7, d), divisor)
    for n in (0, 1, 2, 3, 4):
        p.case(f"pow_{n}", lambda x, n=n: torch.pow(x, n), x)
    p.case("pow_float", lambda x: torch.pow(x.abs() + 1, 1.5), x)
    p.case("pow_tensor", lambda x, e: torch.pow(x if x.dtype.is_floating_point else x, e), x, exponent)
    p.case("pow_of_number", lambda e: torch.pow(2, e), exponent)
    p.case("pow_of_float", lambda e: torch.pow(1.5, e), exponent)
    p.case("float_power", lambda x: torch.float_power(x, 2), x)
    p.case("float_power_tensor", lambda x, e: torch.float_power(x, e), x + 0, exponent)
    p.case("atan2", torch.atan2, x, y)
    p.case("copysign", torch.copysign, x, y)
    p.case("heaviside", torch.heaviside, x, y)
    p.case("xlogy", torch.xlogy, x, y.abs() + 1)
    p.case("ldexp", torch.ldexp, x, exponent)
    p.case("addcmul", lambda x, y, z: torch.addcmul(x, y, z, value=2), x, y, row)
    if is_float:
        for n in (-0.5, 0.5, -1, -2, 2.5):
            p.case(f"pow_{n}", lambda x, n=n: torch.pow(x, n), x.abs() + 0.5)
        p.case("hypot", torch.hypot, x, y)
        p.case("logaddexp", torch.logaddexp, x, y)
        p.case("logaddexp2", torch.logaddexp2, x, y)
        p.case("lerp_025", lambda x, y: torch.lerp(x, y, 0.25), x, y)
        p.case("lerp_075", lambda x, y: torch.lerp(x, y, 0.75), x, y)
        p.case("lerp_tensor", torch.lerp, x, y, torch.rand(4).to(dtype))
        p.case("addcdiv", lambda x, y, z: torch.addcdiv(x, y, z, value=0.5), x, y, divisor)
        p.case("xlog1py", torch.special.xlog1py, x, y.abs() + 1)
    return p


def mixed():
    """Types that differ: numbers and tensors of rank 0 do not widen their category."""
    p = Program("mixed_types")
    tensors = {
        name(t): (torch.rand(4) * 5 + 1).to(t)
        for t in (torch.float32, torch.float16, torch.float64, torch.int64, torch.int32, torch.int8, torch.uint8, torch.bool)
    }
    scalars = {name(t): torch.tensor(3).to(t) for t in (torch.float64, torch.float16, torch.int64, torch.uint8)}
    for a, x in tensors.items():
        for b, y in tensors.items():
            p.case(f"add_{a}_{b}", torch.add, x, y)
            if a < b:
                p.case(f"gt_{a}_{b}", torch.gt, x, y)
                p.case(f"where_{a}_{b}", lambda x, y: torch.where(x > 2, x, y), x, y)
        for b, y in scalars.items():
            p.case(f"mul_{a}_scalar_{b}", torch.mul, x, y)
            p.case(f"eq_{a}_scalar_{b}", torch.eq, x, y)
        p.case(f"mul_{a}_int", lambda x: x * 2, x)
        p.case(f"mul_{a}_float", lambda x: x * 1.5, x)
        p.case(f"mul_{a}_bool", lambda x: x * True, x)
        p.case(f"div_{a}", lambda x: x / 2, x)
        p.case(f"lt_{a}_float", lambda x: x < 2.5, x)
    return p


def edges():
    p = Program("edges")
    x = torch.tensor([NAN, INF, -INF, 0.0, 1.0, -1.0, NAN, 2.0])
    y = torch.tensor([1.0, NAN, 1.0, -2.0, NAN, 0.5, NAN, INF])
    for f in "maximum minimum fmax fmin add mul".split():
        p.case(f, getattr(torch, f), x, y)
    p.case("atan2", torch.atan2, torch.tensor([0.0, 0.0, 1.0, -1.0, 1.0, NAN, 2.0]), torch.tensor([0.0, -1.0, 0.0, 0.0, -0.0, 1.0, INF]))
    p.case("xlogy", torch.xlogy, torch.tensor([0.0, 0.0, 1.0, 0.0]), torch.tensor([NAN, 0.0, 0.0, 2.0]))
    p.case("logaddexp", torch.logaddexp, torch.tensor([-INF, INF, 90.0, -200.0]), torch.tensor([-INF, INF, 91.0, 100.0]))
    p.case("floor_divide_rounds_up", lambda x: torch.floor_divide(x, 0.1), torch.tensor([1.0, 0.3, -0.3, 0.6]))
    p.case("floor_divide_tensors", torch.floor_divide, torch.tensor([1.0, 7.0, -7.0]), torch.tensor([0.1, -2.0, 2.0]))
    p.case("sinc_zero", torch.sinc, torch.tensor([0.0, 1.0, 0.5]))
    p.case("entr", torch.special.entr, torch.tensor([0.0, -1.0, 0.5, NAN]))
    p.case("trunc", torch.trunc, torch.tensor([INF, -INF, NAN, -0.5, 1.9]))
    big = torch.tensor([2**62 + 1, -(2**62) - 3, 7, 2**53 + 1])
    p.case("int64_fmod", lambda x: torch.fmod(x, 1000), big)
    p.case("int64_remainder", lambda x: torch.remainder(x, 1000), big)
    p.case("int64_floor_divide", lambda x: torch.floor_divide(x, 10), big)
    p.case("int64_max", lambda x: torch.clamp(x, min=2**53 + 1), big)
    p.case("int64_wraps", lambda x: x * 4 + x, big)
    p.case("int64_square", lambda x: x**3, big)
    p.case("int64_add", lambda x: x + (2**60 + 1), big)
    small = torch.tensor([100, 127, -128, 5], dtype=torch.int8)
    p.case("int8_wraps", lambda x: x + x, small)
    p.case("int8_negative", torch.neg, small)
    p.case("int8_abs", torch.abs, small)
    p.case("uint8_wraps", lambda x: x * 3 - 7, torch.tensor([0, 100, 255], dtype=torch.uint8))
    p.case("int16_max", lambda x: torch.clamp(x, -300, 300), torch.tensor([-32768, 32767, 5], dtype=torch.int16))
    flags = torch.tensor([True, False, True, False])
    other = torch.tensor([True, True, False, False])
    for f in "add mul maximum minimum".split():
        p.case(f"bool_{f}", getattr(torch, f), flags, other)
    p.case("bool_add_int", lambda x: x + 1, flags)
    p.case("bool_sum", lambda x, y: x + y * 2.5, flags, other)
    p.case("scalars", lambda a, b: (a + b) * a - b / a, torch.tensor(3.0), torch.tensor(2.0))
    p.case("empty", lambda a, b: (a + b) * 2, torch.zeros(0, 4), torch.zeros(4))
    p.case("empty_int", lambda a: a // 2 % 3, torch.zeros(2, 0, dtype=torch.int64))
    return p


def dynamic():
    p = Program("elementwise_dynamic")
    x = p.input(torch.randn(3, 5), {0: "rows", 1: "columns"}, torch.randn(4, 7))
    y = p.input(torch.randn(5), {0: "columns"}, torch.randn(7))
    p.case("add", torch.add, x, y)
    p.case("fmod", torch.fmod, x, y)
    p.case("remainder", torch.remainder, x, y)
    p.case("where", lambda x, y: torch.where(x > y, x, y), x, y)
    p.case("atan2", torch.atan2, x, y)
    p.case("times_size", lambda x: x * x.shape[0] + x.shape[1], x)
    p.case("isinf_int", lambda x: torch.isinf(x.int()), x)
    p.case("glu", lambda x: F.glu(torch.cat([x, x * 2]), 0), x)
    return p


def programs():
    return (
        [unary(t) for t in FLOATS] + [unary_int(t) for t in INTS] + [binary(t) for t in FLOATS + INTS] + [mixed(), edges(), dynamic()]
    )
