"""Cases of the ops that make tensors, and of casts and copies."""

import torch
import torch.nn.functional as F

from recorder import ALL_DTYPES, INTS, SHORT, Meta

f16, bf16, f32, f64 = torch.float16, torch.bfloat16, torch.float32, torch.float64
i64, i32, i16, u8, b8 = torch.int64, torch.int32, torch.int16, torch.uint8, torch.bool
inf, nan = float("inf"), float("nan")


def create(r):
    fills(r)
    ranges(r)
    triangles(r)
    lists(r)
    casts(r)
    copies(r)


def fills(r):
    def full(s, v, d):
        return torch.full(s, v, dtype=d)

    def full_like(t, v, d):
        return torch.full_like(t, v, dtype=d)

    for op, fn in (
        ("zeros", lambda s, d: torch.zeros(s, dtype=d)),
        ("ones", lambda s, d: torch.ones(s, dtype=d)),
        ("empty", lambda s, d: Meta(torch.empty(s, dtype=d))),
    ):
        for label, s in (("zero_dim", []), ("row", [3]), ("matrix", [2, 3]), ("empty", [0]), ("empty2d", [2, 0, 3])):
            r.case(op, f"{label}_f32", fn, s, f32)
        for dtype in ALL_DTYPES:
            r.case(op, f"dtype_{SHORT[dtype]}", fn, [2, 2], dtype)
        r.error(op, "negative", fn, [2, -1], f32)
        r.error(op, "huge", fn, [2**62, 8], f32)
    for dtype in ALL_DTYPES:
        for v in (0.0, 2.0, 2.75, -1.5):
            if dtype == u8 and v < 0:
                continue
            r.case("full", f"{v}_{SHORT[dtype]}".replace("-", "m"), full, [2, 3], v, dtype)
    for label, v in (("nan", nan), ("inf", inf), ("ninf", -inf), ("nzero", -0.0)):
        r.case("full", f"{label}_f32", full, [2], v, f32)
        r.case("full", f"{label}_bf16", full, [2], v, bf16)
        r.case("full", f"{label}_b8", full, [2], v, b8)
    # A whole number is an integer, and wraps into unsigned dtypes.
    for dtype in INTS:
        r.case("full", f"minus_{SHORT[dtype]}", full, [2], -1, dtype)
        r.case("full_like", f"minus_{SHORT[dtype]}", full_like, torch.ones(2, dtype=dtype), -1, None)
        r.case("fill_", f"minus_{SHORT[dtype]}", torch.Tensor.fill_, torch.ones(2, dtype=dtype), -1)
    r.case("full", "lowest_u8", full, [2], -255, u8)
    for v in (-256, 256, -1.5):
        r.error("full", f"{v}_u8".replace("-", "m"), full, [2], v, u8)
        r.error("fill_", f"{v}_u8".replace("-", "m"), torch.Tensor.fill_, torch.ones(2, dtype=u8), v)
    r.case("full", "zero_dim_f64", full, [], 0.1, f64)
    r.case("full", "empty_f32", full, [0, 2], 1.0, f32)
    r.error("full", "negative", full, [-1], 1.0, f32)
    for label, v, d in (
        ("overflow_u8", 300.0, u8),
        ("overflow_f16", 1e6, f16),
        ("nan_i64", nan, i64),
        ("inf_i32", inf, i32),
    ):
        try:
            full([2], v, d)
        except RuntimeError:
            r.error("full", label, full, [2], v, d)
    for op in ("zeros_like", "ones_like", "empty_like"):
        base = getattr(torch, op)

        def fn(t, d, base=base, op=op):
            out = base(t, dtype=d)
            return Meta(out) if op == "empty_like" else out

        for label, s, layout in (
            ("matrix", (2, 3), "c"),
            ("transposed", (2, 3), "T"),
            ("step", (2, 3), "step"),
            ("expand", (2, 3), "expand"),
            ("zero_dim", (), "c"),
            ("empty", (0, 2), "c"),
            ("channels_last", (2, 3, 2, 2), "last"),
        ):
            r.case(op, f"{label}_f32", fn, r.source(op, label).tensor(s, f32, "normal", layout, False), None)
        r.case(op, "i64", fn, r.source(op, "i").tensor((3,), i64), None)
        r.case(op, "cast_f32_i32", fn, r.source(op, "i").tensor((3,), f32, grad=False), i32)
        r.case(op, "grad_f32", fn, r.source(op, "i").tensor((3,), f32), None)

    def full_like(t, v, d):
        return torch.full_like(t, v, dtype=d)

    src = r.source("full_like", "")
    r.case("full_like", "matrix_f32", full_like, src.tensor((2, 3), f32, "normal", "T", False), 1.5, None)
    r.case("full_like", "row_i64", full_like, src.tensor((3,), i64), 7.0, None)
    r.case("full_like", "cast_i64_f32", full_like, src.tensor((3,), i64), 0.5, f32)
    r.case("full_like", "zero_dim_b8", full_like, src.tensor((), b8), 1.0, None)

    def fill_(t, v):
        return t.fill_(v)

    def zero_(t):
        return t.zero_()

    for dtype in ALL_DTYPES:
        r.case("fill_", f"matrix_{SHORT[dtype]}", fill_, src.tensor((2, 3), dtype, grad=False), 2.5)
        r.case("zero_", f"matrix_{SHORT[dtype]}", zero_, src.tensor((2, 3), dtype, grad=False))
    for label, layout in (("transposed", "T"), ("step", "step"), ("offset", "offset")):
        r.case("fill_", f"{label}_f32", fill_, src.tensor((2, 3), f32, "normal", layout), -1.0)
        r.case("zero_", f"{label}_f32", zero_, src.tensor((2, 3), f32, "normal", layout))
    for op, fn, args in (("fill_", fill_, (1.0,)), ("zero_", zero_, ())):
        r.error(op, "leaf", fn, src.tensor((3,), f32), *args)
        r.case(op, "expanded_f32", fn, src.tensor((3, 2), f32, "normal", "expand", False), *args)


def ranges(r):
    def arange(a, b, s, d):
        return torch.arange(a, b, s, dtype=d)

    def linspace(a, b, n, d):
        return torch.linspace(a, b, n, dtype=d)

    def logspace(a, b, n, base, d):
        return torch.logspace(a, b, n, base, dtype=d)

    steps = [
        ("plain", 0.0, 5.0, 1.0),
        ("step", 1.0, 10.0, 3.0),
        ("down", 5.0, 0.0, -2.0),
        ("one", 0.0, 1.0, 1.0),
        ("empty", 2.0, 2.0, 1.0),
        ("exact", 0.0, 6.0, 2.0),
    ]
    for label, a, b, s in steps:
        for dtype in (f32, f64, i64, i32):
            r.case("arange", f"{label}_{SHORT[dtype]}", arange, a, b, s, dtype)
    for label, a, b, s in (
        ("tenths", 0.0, 1.0, 0.1),
        ("thirds", 1.0, 2.0, 1 / 3),
        ("negative", -1.0, 1.0, 0.25),
        ("long", 0.0, 103.0, 0.7),
    ):
        for dtype in (f32, f64):
            r.case("arange", f"{label}_{SHORT[dtype]}", arange, a, b, s, dtype)
    for dtype in (torch.int8, i16, u8, f16, bf16):
        r.case("arange", f"plain_{SHORT[dtype]}", arange, 0.0, 9.0, 2.0, dtype)
    for label, a, b, s in (
        ("zero_step", 0.0, 5.0, 0.0),
        ("wrong_way", 0.0, 5.0, -1.0),
        ("nan", nan, 5.0, 1.0),
        ("infinite", 0.0, inf, 1.0),
        ("too_long", 0.0, 1e30, 1.0),
        ("infinite_step", 0.0, 5.0, inf),
        ("nan_step", 0.0, 5.0, nan),
    ):
        r.error("arange", label, arange, a, b, s, f32)
    r.error("arange", "b8", arange, 0.0, 2.0, 1.0, b8)
    for label, a, b, n in (
        ("plain", 0.0, 1.0, 5),
        ("down", 3.0, -2.0, 7),
        ("one", 2.0, 5.0, 1),
        ("none", 0.0, 1.0, 0),
        ("two", -1.0, 1.0, 2),
        ("same", 2.0, 2.0, 4),
        ("long", -1.0, 1.0, 131),
    ):
        for dtype in (f32, f64):
            r.case("linspace", f"{label}_{SHORT[dtype]}", linspace, a, b, n, dtype)
            if label != "long":
                for base in (10.0, 2.0):
                    r.case("logspace", f"{label}_{base}_{SHORT[dtype]}", logspace, a, b, n, base, dtype)
    for dtype in (f16, bf16, i64, i32, u8):
        r.case("linspace", f"plain_{SHORT[dtype]}", linspace, 0.0, 10.0, 5, dtype)
    for label, a, b, n, dtype in (
        ("start_u8", 300.0, 0.0, 1, u8),
        ("end_u8", 0.0, 300.0, 3, u8),
        ("nan_i64", nan, 3.0, 3, i64),
        ("infinite_i64", 0.0, inf, 3, i64),
        ("end_f16", 0.0, 1e6, 3, f16),
    ):
        r.error("linspace", label, linspace, a, b, n, dtype)
        r.error("logspace", label, logspace, a, b, n, 2.0, dtype)
    r.case("linspace", "unused_end_u8", linspace, 0.0, 300.0, 1, u8)
    r.error("linspace", "negative", linspace, 0.0, 1.0, -1, f32)
    r.error("logspace", "negative", logspace, 0.0, 1.0, -1, 10.0, f32)


def triangles(r):
    def eye(n, m, d):
        return torch.eye(n, m, dtype=d)

    for n, m in ((3, 3), (2, 4), (4, 2), (0, 3), (1, 1), (3, 0)):
        r.case("eye", f"{n}x{m}_f32", eye, n, m, f32)
    for dtype in ALL_DTYPES:
        r.case("eye", f"dtype_{SHORT[dtype]}", eye, 2, 3, dtype)
    r.error("eye", "negative", eye, -1, 3, f32)
    r.error("eye", "negative_columns", eye, 3, -1, f32)
    for op in ("tril", "triu"):
        fn, fn_ = getattr(torch, op), getattr(torch.Tensor, op + "_")
        for k in (0, 1, -1, 5, -5):
            for label, s, layout in (
                ("square", (3, 3), "c"),
                ("wide", (2, 4), "T"),
                ("tall", (4, 2), "step"),
                ("batch", (2, 3, 3), "c"),
                ("empty", (0, 3), "c"),
            ):
                if k in (5, -5) and label != "wide":
                    continue
                src = r.source(op, f"{label}{k}")
                tag = f"{label}_{k}".replace("-", "m")
                r.case(op, f"{tag}_f32", fn, src.tensor(s, f32, "normal", layout), k)
                if k == 1:
                    r.case(op, f"{tag}_f64", fn, src.tensor(s, f64, "normal", layout), k, grad2=True)
        for dtype in ALL_DTYPES:
            r.case(op, f"dtype_{SHORT[dtype]}", fn, r.source(op, "d").tensor((3, 3), dtype, grad=False), 0)
        r.case(op, "nan_f32", fn, torch.full((2, 2), nan), 0)
        r.case(op + "_", "square_f32", fn_, r.source(op, "_").tensor((3, 3), f32), 0)
        r.case(op + "_", "transposed_f32", fn_, r.source(op, "_").tensor((3, 4), f32, "normal", "T", False), 1)
        r.error(op, "vector", fn, torch.ones(3), 0)
        r.error(op, "zero_dim", fn, torch.ones(()), 0)
        r.error(op + "_", "leaf", fn_, torch.ones(2, 2, requires_grad=True), 0)
    fn = torch.diag
    for k in (0, 1, -2):
        for label, s, layout in (
            ("row", (3,), "c"),
            ("matrix", (3, 4), "c"),
            ("transposed", (3, 4), "T"),
            ("step", (4,), "step"),
            ("empty", (0,), "c"),
        ):
            tag = f"{label}_{k}".replace("-", "m")
            src = r.source("diag", tag)
            r.case("diag", f"{tag}_f32", fn, src.tensor(s, f32, "normal", layout), k)
            r.case("diag", f"{tag}_f64", fn, src.tensor(s, f64, "normal", layout), k, grad2=True)
    for dtype in ALL_DTYPES:
        r.case("diag", f"dtype_{SHORT[dtype]}", fn, r.source("diag", "d").tensor((3,), dtype, grad=False), 0)
    r.error("diag", "zero_dim", fn, torch.ones(()), 0)
    r.error("diag", "batch", fn, torch.ones(2, 2, 2), 0)
    r.case("diag", "beyond_f32", fn, torch.ones(2, 2), 3)


def lists(r):
    fn = F.one_hot
    t = torch.tensor([[0, 2], [3, 1]])
    r.case("one_hot", "infer", fn, t, -1)
    r.case("one_hot", "given", fn, t, 6)
    r.case("one_hot", "strided", fn, t.T, 4)
    r.case("one_hot", "zero_dim", fn, torch.tensor(2), 3)
    r.case("one_hot", "empty", fn, torch.zeros(0, 2, dtype=i64), 3)
    r.error("one_hot", "too_large", fn, t, 3)
    r.error("one_hot", "negative", fn, torch.tensor([-1, 0]), -1)
    r.error("one_hot", "float", fn, torch.ones(2), -1)
    r.error("one_hot", "i32", fn, torch.ones(2, dtype=i32), -1)
    r.error("one_hot", "empty_infer", fn, torch.zeros(0, dtype=i64), -1)
    r.error("one_hot", "zero_classes", fn, t, 0)

    def meshgrid(ts, indexing):
        return torch.meshgrid(*ts, indexing=indexing)

    for indexing in ("ij", "xy"):
        for label, shapes in (
            ("two", [(3,), (2,)]),
            ("three", [(2,), (3,), (4,)]),
            ("one", [(3,)]),
            ("scalar", [(), (2,)]),
            ("empty", [(0,), (2,)]),
        ):
            for dtype in (f32, f64):
                src = r.source("meshgrid", label)
                r.case(
                    "meshgrid",
                    f"{label}_{indexing}_{SHORT[dtype]}",
                    meshgrid,
                    [src.tensor(s, dtype) for s in shapes],
                    indexing,
                    grad2=dtype == f64,
                )
    r.case("meshgrid", "i64", meshgrid, [torch.arange(3), torch.arange(2)], "ij")
    r.error("meshgrid", "matrix", meshgrid, [torch.ones(2, 2), torch.ones(2)], "ij")
    r.error("meshgrid", "dtypes", meshgrid, [torch.ones(2), torch.ones(2, dtype=i64)], "ij")
    r.error("meshgrid", "indexing", meshgrid, [torch.ones(2), torch.ones(2)], "yx")


def casts(r):
    def to(t, d):
        return t.to(d)

    for d1 in ALL_DTYPES:
        for d2 in ALL_DTYPES:
            src = r.source("to", SHORT[d1] + SHORT[d2])
            kind = "pos" if d2 == u8 else "wide"
            t = src.tensor((7,), d1, kind, "c", False)
            r.case("to", f"{SHORT[d1]}_{SHORT[d2]}", to, t, d2)
    src = r.source("to", "more")
    for d1, d2 in ((f32, f64), (f64, f32), (f32, f32)):
        r.case("to", f"grad_{SHORT[d1]}_{SHORT[d2]}", to, src.tensor((2, 3), d1, "raw", "T"), d2)
    r.case("to", "grad_f32_bf16", to, src.tensor((5,), f32, "raw"), bf16)
    special = [
        nan,
        inf,
        -inf,
        0.0,
        -0.0,
        1e-8,
        6e-8,
        65504.0,
        65520.0,
        1e5,
        3.4e38,
        1e-45,
        1 + 2**-11,
        1 + 2**-8,
        1 + 3 * 2**-9,
    ]
    for d in (f16, bf16, f64, b8):
        r.case("to", f"special_f32_{SHORT[d]}", to, src.values(special, f32, False), d)
    for d in (f16, bf16, f32, b8):
        r.case("to", f"special_f64_{SHORT[d]}", to, src.values(special + [1e300, 1 + 2**-24, 1e-310], f64, False), d)
    wrap = torch.tensor([0, 127, 128, 255, 256, -1, -128, -129, 32768, 2**31, 2**32 + 5, -(2**63)])
    for d in INTS + (f16, bf16, f32, f64, b8):
        r.case("to", f"wrap_i64_{SHORT[d]}", to, wrap, d)
    r.case("to", "ties_i64_f32", to, torch.tensor([2**24 + 1, 2**24 + 3, 2**53 + 1, 2**62 + 1, -(2**24) - 1]), f32)
    r.case("to", "trunc_f32_i64", to, torch.tensor([1.9, -1.9, 0.5, -0.5, 2.5, 1e9]), i64)
    for label, s, layout in (
        ("transposed", (3, 4), "T"),
        ("step", (2, 5), "step"),
        ("expand", (3, 4), "expand"),
        ("zero_dim", (), "c"),
        ("empty", (0, 3), "c"),
    ):
        r.case("to", f"{label}_f32_f64", to, src.tensor(s, f32, "normal", layout), f64, tol=(1.3e-6, 1e-5))
        r.case("to", f"{label}_f32_i32", to, src.tensor(s, f32, "normal", layout, False), i32)


def copies(r):
    fn = torch.clone
    for label, s, layout in (
        ("matrix", (3, 4), "c"),
        ("transposed", (3, 4), "T"),
        ("step", (2, 5), "step"),
        ("expand", (3, 4), "expand"),
        ("offset", (2, 2, 3), "offset"),
        ("zero_dim", (), "c"),
        ("empty", (0, 3), "c"),
        ("channels_last", (2, 3, 2, 2), "last"),
        ("large", (37, 29), "T"),
    ):
        src = r.source("clone", label)
        r.case("clone", f"{label}_f32", fn, src.tensor(s, f32, "normal", layout))
        if label in ("transposed", "expand"):
            r.case("clone", f"{label}_f64", fn, src.tensor(s, f64, "normal", layout), grad2=True)
    for dtype in ALL_DTYPES:
        r.case("clone", f"dtype_{SHORT[dtype]}", fn, r.source("clone", "d").tensor((5,), dtype, grad=False))

    def copy_(t, s):
        return t.copy_(s)

    op = "copy_"
    src = r.source(op, "")
    for label, s1, l1, s2, l2 in (
        ("same", (3, 4), "c", (3, 4), "c"),
        ("transposed", (3, 4), "T", (3, 4), "c"),
        ("from_transposed", (3, 4), "c", (3, 4), "T"),
        ("broadcast", (3, 4), "c", (4,), "c"),
        ("scalar", (3, 4), "step", (), "c"),
        ("empty", (0, 2), "c", (0, 2), "c"),
        ("expand", (3, 4), "offset", (3, 4), "expand"),
    ):
        for dtype in (f32, f64):
            r.case(
                op,
                f"{label}_{SHORT[dtype]}",
                copy_,
                src.tensor(s1, dtype, "normal", l1),
                src.tensor(s2, dtype, "normal", l2),
                grad2=dtype == f64,
            )
    for d1, d2 in ((f32, i64), (i64, f32), (f16, f32), (b8, f32), (f64, bf16), (u8, b8)):
        r.case(
            op,
            f"cast_{SHORT[d1]}_{SHORT[d2]}",
            copy_,
            src.tensor((3, 4), d1, "normal", "c", False),
            src.tensor((4,), d2, "pos", "c", False),
        )
    r.case(
        op, "cast_grad", copy_, src.tensor((3,), f64, "normal", "c", False), src.tensor((3,), f32), tol=(1.3e-6, 1e-5)
    )
    r.error(op, "shape", copy_, torch.ones(3), torch.ones(4))
    r.error(op, "grow", copy_, torch.ones(3), torch.ones(2, 3))
    r.error(op, "leaf", copy_, torch.ones(3, requires_grad=True), torch.ones(3))
    r.error(op, "expanded", copy_, torch.ones(1).expand(3), torch.ones(3))


FAMILIES = {"create": create}
