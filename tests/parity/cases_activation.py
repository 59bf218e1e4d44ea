"""Cases of the activations and of softmax."""

import torch
import torch.nn.functional as F

from cases_common import SPECIAL, Prefixed, b8, bf16, f16, f32, f64, i64, inf, nan, u8, unary_family
from recorder import ALL_DTYPES, SHORT
from signatures import ACTIVATION


def activation(r):
    plain = {
        "relu": F.relu,
        "relu6": F.relu6,
        "selu": F.selu,
        "silu": F.silu,
        "mish": F.mish,
        "softsign": F.softsign,
        "hardsigmoid": F.hardsigmoid,
        "hardswish": F.hardswish,
        "logsigmoid": F.logsigmoid,
        "tanhshrink": F.tanhshrink,
    }
    inplace = {
        "relu": torch.relu_,
        "selu": torch.selu_,
        "relu6": lambda t: F.relu6(t, True),
        "silu": lambda t: F.silu(t, True),
        "mish": lambda t: F.mish(t, True),
        "hardsigmoid": lambda t: F.hardsigmoid(t, True),
        "hardswish": lambda t: F.hardswish(t, True),
    }
    for op in ACTIVATION:
        unary_family(r, op, plain[op], "wide", inplace=inplace.get(op), large=op in ("relu", "silu", "logsigmoid"))
    src = r.source("relu", "edges")
    edges = [-4.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 4.0, 6.0, 7.0, 20.0, 21.0, -20.0]

    def family(op, label, fn, extra, ints=(), inplace=None, kind="wide"):
        unary_family(Prefixed(r, label + "_"), op, fn, kind, extra, ints=ints, inplace=inplace)
        r.case(op, f"{label}_edges_f32", fn, src.values(edges, f32), *extra)
        r.case(op, f"{label}_edges_f64", fn, src.values(edges, f64), *extra)

    for op in ACTIVATION:
        r.case(op, "edges_f32", plain[op], src.values(edges, f32))
        r.case(op, "edges_f64", plain[op], src.values(edges, f64))
    some = (b8, i64, u8)
    family("leaky_relu", "default", F.leaky_relu, (0.01,), some, torch._C._nn.leaky_relu_)
    family("leaky_relu", "steep", F.leaky_relu, (0.3,))
    family("elu", "default", F.elu, (1.0,), some, torch._C._nn.elu_)
    family("elu", "alpha", F.elu, (0.4,))
    family("celu", "default", F.celu, (1.0,), some, torch.celu_)
    family("celu", "alpha", F.celu, (2.5,))
    for approximate in ("none", "tanh"):
        family("gelu", approximate, lambda t, a: F.gelu(t, approximate=a), (approximate,), some)
    family("softplus", "default", F.softplus, (1.0, 20.0), some)
    family("softplus", "sharp", F.softplus, (3.0, 5.0))
    family("hardtanh", "default", F.hardtanh, (-1.0, 1.0), some, lambda t, a, b: F.hardtanh(t, a, b, True))
    family("hardtanh", "given", F.hardtanh, (-0.5, 3.0))
    family("threshold", "given", F.threshold, (0.5, -2.0), some, torch.threshold_)
    family("softshrink", "default", F.softshrink, (0.5,), some)
    family("softshrink", "wide", F.softshrink, (2.0,))
    family("hardshrink", "default", F.hardshrink, (0.5,), some)
    family("hardshrink", "wide", F.hardshrink, (2.0,))
    t = src.tensor((3,), f32, grad=False)
    r.error("gelu", "approximate", lambda x, a: F.gelu(x, approximate=a), t, "erf")
    r.error("softshrink", "negative", F.softshrink, t, -1.0)
    r.error("hardtanh", "crossed", F.hardtanh, t, 1.0, -1.0)
    r.error("celu", "zero_alpha", F.celu, t, 0.0)
    prelu(r)
    glu(r)
    softmax(r)


def prelu(r):
    op = "prelu"
    src = r.source(op, "")
    for label, s, w, layout in (
        ("one", (3, 4), (1,), "c"),
        ("scalar_weight", (3, 4), (), "c"),
        ("channels", (2, 3, 4), (3,), "c"),
        ("channels4", (2, 3, 2, 2), (3,), "last"),
        ("matrix", (4, 3), (3,), "T"),
        ("row", (5,), (1,), "c"),
        ("zero_dim", (), (1,), "c"),
        ("empty", (0, 3), (3,), "c"),
    ):
        for dtype in (f32, f64):
            r.case(
                op,
                f"{label}_{SHORT[dtype]}",
                F.prelu,
                src.tensor(s, dtype, "normal", layout),
                src.tensor(w, dtype, "small"),
                grad2=dtype == f64,
            )
    for dtype in (f16, bf16):
        r.case(
            op,
            f"channels_{SHORT[dtype]}",
            F.prelu,
            src.tensor((2, 3, 4), dtype, grad=False),
            src.tensor((3,), dtype, grad=False),
        )
    r.case(op, "special_f32", F.prelu, src.values(SPECIAL), src.values([0.25]))
    r.error(op, "channels", F.prelu, src.tensor((2, 3)), src.tensor((4,)))
    r.error(op, "weight_dims", F.prelu, src.tensor((2, 3)), src.tensor((1, 3)))
    r.error(op, "zero_dim_channels", F.prelu, src.tensor(()), src.tensor((2,)))
    r.error(op, "dtypes", F.prelu, src.tensor((2, 3)), src.tensor((3,), f64))


def glu(r):
    op = "glu"
    src = r.source(op, "")
    for label, s, d, layout in (
        ("last", (3, 8), -1, "c"),
        ("first", (4, 3), 0, "c"),
        ("middle", (2, 6, 3), 1, "c"),
        ("row", (38,), 0, "c"),
        ("transposed", (3, 4), 1, "T"),
        ("step", (2, 6), 1, "step"),
        ("empty", (0, 4), 1, "c"),
    ):
        for dtype in (f32, f64):
            r.case(op, f"{label}_{SHORT[dtype]}", F.glu, src.tensor(s, dtype, "normal", layout), d, grad2=dtype == f64)
    for dtype in (f16, bf16):
        r.case(op, f"last_{SHORT[dtype]}", F.glu, src.tensor((3, 8), dtype, grad=False), -1)
    r.error(op, "odd", F.glu, src.tensor((3, 3)), 1)
    r.error(op, "dim", F.glu, src.tensor((3, 4)), 2)
    r.error(op, "zero_dim", F.glu, src.tensor(()), -1)
    r.error(op, "i64", F.glu, src.tensor((4,), i64), 0)


def softmax(r):
    for op, fn in (("softmax", F.softmax), ("log_softmax", F.log_softmax), ("softmin", F.softmin)):

        def call(t, d, dtype, fn=fn):
            return fn(t, d, dtype=dtype)

        src = r.source(op, "")
        for label, s, d, layout in (
            ("last", (3, 5), -1, "c"),
            ("first", (3, 5), 0, "c"),
            ("middle", (2, 4, 3), 1, "c"),
            ("row", (37,), 0, "c"),
            ("zero_dim", (), 0, "c"),
            ("zero_dim_last", (), -1, "c"),
            ("empty", (0, 3), 1, "c"),
            ("empty_dim", (3, 0), 1, "c"),
            ("one", (4, 1), 1, "c"),
            ("transposed", (3, 4), 1, "T"),
            ("step", (2, 5), 1, "step"),
            ("expand", (3, 4), 0, "expand"),
            ("offset", (2, 3, 4), 1, "offset"),
            ("spatial", (2, 3, 2, 2), 1, "c"),
        ):
            for dtype in (f32, f64):
                r.case(
                    op,
                    f"{label}_{SHORT[dtype]}",
                    call,
                    src.tensor(s, dtype, "normal", layout),
                    d,
                    None,
                    grad2=dtype == f64,
                )
        r.case(op, "large_f32", call, src.tensor((9, 131)), 1, None)
        r.case(op, "large_first_f32", call, src.tensor((131, 9), f32, "wide"), 0, None)
        for dtype in (f16, bf16):
            r.case(op, f"last_{SHORT[dtype]}", call, src.tensor((3, 19), dtype, grad=False), 1, None)
            r.case(op, f"widen_{SHORT[dtype]}", call, src.tensor((3, 5), dtype, grad=False), 1, f32)
        r.case(op, "narrow_f64", call, src.tensor((3, 5), f64), 1, f32, tol=(1.3e-6, 1e-5))
        r.case(op, "widen_f32", call, src.tensor((3, 5), f32), 1, f64, tol=(1.3e-6, 1e-5))
        r.case(op, "from_i64", call, src.tensor((3, 5), i64), 1, f32)
        rows = [
            [1e4, -1e4, 0.0],
            [inf, 1.0, 2.0],
            [-inf, 1.0, 2.0],
            [-inf, -inf, -inf],
            [nan, 0.0, 1.0],
            [88.0, 89.0, 90.0],
            [-1000.0, -1001.0, -1002.0],
        ]
        r.case(op, "special_f32", call, src.values(rows), 1, None)
        r.case(op, "special_f64", call, src.values(rows, f64), 1, None)
        r.error(op, "dim", call, src.tensor((3, 4)), 2, None)
        r.error(op, "dim_low", call, src.tensor((3, 4)), -3, None)
        r.error(op, "zero_dim", call, src.tensor(()), 1, None)
        r.error(op, "i64", call, src.tensor((3,), i64), 0, None)
        for dtype in ALL_DTYPES[:6]:
            if op != "softmin" or dtype != torch.bool:
                r.case(op, f"empty_{SHORT[dtype]}", call, torch.empty((0, 3), dtype=dtype), 1, None)


FAMILIES = {"activation": activation}
