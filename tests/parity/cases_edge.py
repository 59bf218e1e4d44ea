"""Cases at the edges: numbers beside half types, floats as integers, gradients at NaN and where functions bend."""

import torch
import torch.nn.functional as F

from cases_common import bf16, f16, f32, f64, inf, nan, one_by_one, supports
from recorder import SHORT
from signatures import SCALAR

HALF = (f16, bf16)
NUMBERS = (0.1, -0.3, 7.0, 20.01, 70000.0, -70000.0, 1e-3, 1e39)
BESIDE = [0.1, 0.25, 0.3, -0.3, 1.5, -2.0, 7.0, -72.0, 300.0, -4096.0, 65504.0, -65504.0, 6e-8, inf, -inf, nan]


def divided(a, b, mode):
    return torch.div(a, b, rounding_mode=mode)


def numbers(r):
    """A number, or a 0-dim tensor of a wider dtype, beside a half type: for most ops rounded to it first."""
    for dtype in HALF:
        short = SHORT[dtype]
        for number in NUMBERS:
            label = f"{number:g}_{short}"
            for op in SCALAR:
                fn, fn_ = getattr(torch, op), getattr(torch.Tensor, op + "_")
                x = r.source(op, label).values(BESIDE, dtype)
                if not supports(fn, x, number):
                    r.error(op + "_scalar", label, fn, x, number)
                    continue
                r.case(op + "_scalar", label, fn, x, number, check=False)
                r.case(op + "_scalar_", label, fn_, x, number, check=False)
                wide = r.source(op, label).values(number, f32 if number < 1e38 else f64)
                r.case(op, f"wide_right_{label}", fn, x, wide, check=False)
                r.case(op, f"wide_left_{label}", fn, wide, x, check=False)
            x, y = r.source("two", label).values(BESIDE, dtype), r.source("two", label).values(BESIDE[::-1], dtype)
            for op in ("add", "sub"):
                fn = getattr(torch, op)

                def scaled(a, b, k, fn=fn):
                    return fn(a, b, alpha=k)

                if supports(scaled, x, y, number):
                    r.case(f"{op}_alpha", label, scaled, x, y, number, check=False)
                else:
                    r.error(f"{op}_alpha", label, scaled, x, y, number)
            for mode in ("trunc", "floor"):
                r.case("div_mode_scalar", f"{mode}_{label}", divided, x, number, mode, check=False)
                wide = r.source("div", label).values(number, f32 if number < 1e38 else f64)
                r.case("div_mode", f"{mode}_wide_{label}", divided, x, wide, mode, check=False)
            bounded = (
                ("clamp", torch.clamp, (-number, abs(number))),
                ("threshold", F.threshold, (number, 2 * number)),
                ("hardtanh", F.hardtanh, (-abs(number), abs(number))),
                ("softshrink", F.softshrink, (abs(number),)),
                ("hardshrink", F.hardshrink, (number,)),
            )
            for op, fn, extra in bounded:
                x = r.source(op, label).values([v for v in BESIDE if v == v] + [number, -number], dtype, True)
                if supports(fn, x, *extra):
                    r.case(op, label, fn, x, *extra, check=False)
                else:
                    r.error(op, label, fn, x, *extra)
        for mode in ("trunc", "floor"):
            a = r.source("div", mode + short).tensor((67,), dtype, "wide", grad=False)
            b = r.source("div", mode + short + "b").tensor((67,), dtype, "nonzero", grad=False)
            r.case("div_mode", f"{mode}_rounded_{short}", divided, a, b * 0.05, mode, check=False)


BEYOND = [nan, inf, -inf, 1e38, -1e38, 3e9, -3e9, 2147483648.0, -2147483648.0, 4294967296.0, 300.0, -1.0, -300.0, 255.5]
BEYOND += [-0.9, 65536.0, 70000.0, 40000.0, 9.22e18, 9.3e18, -9.3e18, 1e19]


def integers(r):
    """What integers make of floating numbers that they cannot hold: what x86's instructions make of them."""
    for dtype in HALF + (f32, f64):
        for to in (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
            label = f"{SHORT[dtype]}_{SHORT[to]}"
            x = r.source("to", label).values(BEYOND, dtype, False)
            r.case("to", f"beyond_{label}", lambda t, d: t.to(d), x, to)
            steps = torch.stack([x, x], 1)[:, 0]
            r.case("to", f"beyond_step_{label}", lambda t, d: t.to(d), steps, to)
            r.case("copy_", f"beyond_{label}", lambda t, s: t.copy_(s), torch.zeros(len(BEYOND), dtype=to), x)


BENDS = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 6.0, -6.0, 20.0, -20.0, 2.0, -2.0, 0.2, 0.8]


def bends(r):
    """Gradients at NaN, at infinity and where functions bend."""
    functions = (
        ("elu", F.elu, (1.3,)),
        ("celu", F.celu, (2.0,)),
        ("selu", F.selu, ()),
        ("relu", F.relu, ()),
        ("relu6", F.relu6, ()),
        ("leaky_relu", F.leaky_relu, (0.01,)),
        ("hardtanh", F.hardtanh, (-0.5, 3.0)),
        ("hardswish", F.hardswish, ()),
        ("hardsigmoid", F.hardsigmoid, ()),
        ("softshrink", F.softshrink, (0.5,)),
        ("hardshrink", F.hardshrink, (0.5,)),
        ("threshold", F.threshold, (0.5, 7.0)),
        ("softplus", F.softplus, (1.0, 20.0)),
        ("logsigmoid", F.logsigmoid, ()),
        ("softsign", F.softsign, ()),
        ("silu", F.silu, ()),
        ("logit", torch.logit, (0.2,)),
        ("clamp", torch.clamp, (-0.5, 3.0)),
        ("nan_to_num", torch.nan_to_num, (None, None, None)),
    )
    for op, fn, extra in functions:
        for dtype in (f32, f64):
            x = r.source(op, "bends").values(BENDS, dtype)
            r.case(op, f"bends_{SHORT[dtype]}", one_by_one(fn), x, *extra, check=False)
    for dtype in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
        least, most = torch.iinfo(dtype).min, torch.iinfo(dtype).max
        x = torch.tensor([least, least + 1, 0, 1, most - 1, most], dtype=dtype)
        r.case("softsign", f"bounds_{SHORT[dtype]}", F.softsign, x)


def edge(r):
    numbers(r)
    integers(r)
    bends(r)


FAMILIES = {"edge": edge}
