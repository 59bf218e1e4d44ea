"""Cases of the pointwise ops of two tensors, or of a tensor and a number, and of type promotion."""

import torch

from cases_common import INT_ONLY, SPECIAL, Prefixed, bf16, f16, f32, f64, i32, i64, inf, nan, supports
from recorder import ALL_DTYPES, FLOATS, INTS, SHORT
from signatures import BINARY, SCALAR

PAIRS = [  # name, shape and layout of the two
    ("scalars", (), "c", (), "c"),
    ("row", (5,), "c", (5,), "c"),
    ("tail", (37,), "c", (37,), "c"),
    ("scalar_right", (3,), "c", (), "c"),
    ("scalar_left", (), "c", (2, 3), "c"),
    ("broadcast", (3, 4), "c", (4,), "c"),
    ("broadcast3", (2, 1, 4), "c", (3, 1), "c"),
    ("column", (3, 1), "c", (3, 4), "c"),
    ("empty", (0, 3), "c", (3,), "c"),
    ("empty1", (0,), "c", (1,), "c"),
    ("transposed", (3, 4), "T", (3, 4), "c"),
    ("step", (2, 5), "step", (2, 5), "c"),
    ("expand", (3, 4), "c", (3, 4), "expand"),
    ("offset", (2, 2, 3), "offset", (2, 2, 3), "T"),
]
SECOND = {"broadcast", "transposed", "broadcast3"}
SPECIAL2 = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.5, 2.0, 1e30]


def _kinds(op):
    return {
        "div": ("normal", "nonzero"),
        "div_mode": ("normal", "nonzero"),
        "remainder": ("wide", "nonzero"),
        "fmod": ("wide", "nonzero"),
        "pow": ("pos", "normal"),
        "xlogy": ("normal", "pos"),
        "hypot": ("nonzero", "nonzero"),
        "atan2": ("nonzero", "nonzero"),
        "copysign": ("nonzero", "nonzero"),
        "bitwise_left_shift": ("normal", "pos"),
        "bitwise_right_shift": ("normal", "pos"),
        "eq": ("whole", "whole"),
        "ne": ("whole", "whole"),
        "le": ("whole", "whole"),
        "ge": ("whole", "whole"),
        "lt": ("whole", "whole"),
        "gt": ("whole", "whole"),
        "maximum": ("normal", "normal"),
    }.get(op, ("normal", "normal"))


COMPARE = {"eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor"}
PROMOTE = ("add", "mul", "div", "pow", "maximum", "eq", "bitwise_and")


def binary_family(
    r,
    op,
    fn,
    extra=(),
    kinds=("normal", "normal"),
    grad=True,
    inplace=None,
    ints=ALL_DTYPES[:6],
    int_only=False,
    floats=(f32, f64),
):
    main = i64 if int_only else f32
    for label, s1, l1, s2, l2 in PAIRS:
        src = r.source(op, label)
        r.case(
            op,
            f"{label}_{SHORT[main]}",
            fn,
            src.tensor(s1, main, kinds[0], l1, grad),
            src.tensor(s2, main, kinds[1], l2, grad),
            *extra,
        )
        if label in SECOND and not int_only:
            r.case(
                op,
                f"{label}_f64",
                fn,
                src.tensor(s1, f64, kinds[0], l1, grad),
                src.tensor(s2, f64, kinds[1], l2, grad),
                *extra,
                grad2=grad,
            )
    if not int_only:
        for dtype in (f16, bf16):
            src = r.source(op, SHORT[dtype])
            a, b = src.tensor((3, 7), dtype, kinds[0], "c", False), src.tensor((7,), dtype, kinds[1], "c", False)
            if supports(fn, a, b, *extra):
                r.case(op, f"broadcast_{SHORT[dtype]}", fn, a, b, *extra)
            else:
                r.error(op, SHORT[dtype], fn, a, b, *extra)
        src = r.source(op, "special")
        grid = torch.cartesian_prod(torch.tensor(SPECIAL2), torch.tensor(SPECIAL2))
        for dtype in (f32, f64):
            r.case(
                op,
                f"special_{SHORT[dtype]}",
                fn,
                src.values(grid[:, 0].tolist(), dtype, grad),
                src.values(grid[:, 1].tolist(), dtype, grad),
                *extra,
            )
        src = r.source(op, "one")
        if grad:
            r.case(
                op,
                "grad_left_f32",
                fn,
                src.tensor((2, 3), f32, kinds[0]),
                src.tensor((3,), f32, kinds[1], "c", False),
                *extra,
            )
            r.case(
                op,
                "grad_right_f32",
                fn,
                src.tensor((2, 3), f32, kinds[0], "c", False),
                src.tensor((3,), f32, kinds[1]),
                *extra,
            )
            if op not in COMPARE:
                r.case(
                    op,
                    "mixed_f32_f64",
                    fn,
                    src.tensor((2, 3), f32, kinds[0]),
                    src.tensor((3,), f64, kinds[1]),
                    *extra,
                    tol=(1.3e-6, 1e-5),
                )
    else:
        for dtype in FLOATS[2:]:
            src = r.source(op, SHORT[dtype])
            r.error(
                op, SHORT[dtype], fn, src.tensor((3,), dtype, grad=False), src.tensor((3,), dtype, grad=False), *extra
            )
    for dtype in ints:
        src = r.source(op, SHORT[dtype])
        a, b = src.tensor((3, 4), dtype, kinds[0]), src.tensor((4,), dtype, kinds[1])
        if supports(fn, a, b, *extra):
            r.case(op, f"dtype_{SHORT[dtype]}", fn, a, b, *extra)
        else:
            r.error(op, SHORT[dtype], fn, a, b, *extra)
    src = r.source(op, "error")
    r.error(
        op,
        "shapes",
        fn,
        src.tensor((3, 4), main, kinds[0], "c", False),
        src.tensor((3,), main, kinds[1], "c", False),
        *extra,
    )
    r.error(
        op,
        "shapes3",
        fn,
        src.tensor((2, 3, 4), main, kinds[0], "c", False),
        src.tensor((2, 1, 3), main, kinds[1], "c", False),
        *extra,
    )
    if inplace is None:
        return
    src = r.source(op, "inplace")
    if int_only:
        r.case(op + "_", "matrix_i64", inplace, src.tensor((3, 4), i64), src.tensor((4,), i64, kinds[1]), *extra)
    else:
        r.case(
            op + "_",
            "matrix_f32",
            inplace,
            src.tensor((3, 4), f32, kinds[0], "c", grad),
            src.tensor((4,), f32, kinds[1], "c", grad),
            *extra,
        )
        r.case(
            op + "_",
            "transposed_f64",
            inplace,
            src.tensor((3, 4), f64, kinds[0], "T", grad),
            src.tensor((3, 4), f64, kinds[1], "c", grad),
            *extra,
            grad2=grad,
        )
        r.case(
            op + "_",
            "step_f32",
            inplace,
            src.tensor((2, 5), f32, kinds[0], "step", False),
            src.tensor((5,), f32, kinds[1], "c", False),
            *extra,
        )
        if grad:
            r.error(op + "_", "leaf", inplace, src.tensor((3,), f32, kinds[0]), src.tensor((3,), f32, kinds[1]), *extra)
        a, b = src.tensor((3,), i64, "pos"), src.tensor((3,), f32, kinds[1], "c", False)
        if not supports(inplace, a.clone(), b, *extra):
            r.error(op + "_", "into_int", inplace, a, b, *extra)
    r.error(
        op + "_",
        "grow",
        inplace,
        src.tensor((3,), main, kinds[0], "c", False),
        src.tensor((2, 3), main, kinds[1], "c", False),
        *extra,
    )
    r.error(
        op + "_",
        "expanded",
        inplace,
        src.tensor((3, 4), main, kinds[0], "expand", False),
        src.tensor((3, 4), main, kinds[1], "c", False),
        *extra,
    )


def binary(r):
    for op in BINARY:
        fn = getattr(torch, op)
        inplace = getattr(torch.Tensor, op + "_", None)
        binary_family(
            r, op, fn, (), _kinds(op), op not in COMPARE and op not in INT_ONLY, inplace, int_only=op in INT_ONLY
        )
    src = r.source("add", "large")
    r.case("add", "large_f32", torch.add, src.tensor((1031,), f32), src.tensor((1031,), f32))
    r.case("mul", "large_f32", torch.mul, src.tensor((33, 32), f32), src.tensor((32,), f32))
    r.case(
        "div",
        "large_f64",
        torch.div,
        src.tensor((33, 32), f64, grad=False),
        src.tensor((33, 1), f64, "nonzero", grad=False),
    )
    for op in ("add", "sub"):
        base = getattr(torch, op)
        base_ = getattr(torch.Tensor, op + "_")

        def fn(a, b, alpha, base=base):
            return base(a, b, alpha=alpha)

        def fn_(a, b, alpha, base=base_):
            return base(a, b, alpha=alpha)

        binary_family(r, op + "_alpha", fn, (2.5,), inplace=fn_, ints=())
        for dtype in INTS:
            src = r.source(op + "_alpha", SHORT[dtype])
            r.case(
                op + "_alpha", f"broadcast_{SHORT[dtype]}", fn, src.tensor((3, 4), dtype), src.tensor((4,), dtype), 3
            )
        if op == "add":
            # Of bools alpha says only whether other counts.
            for alpha in (0, 2, -1):
                bools = src.tensor((9,), torch.bool), src.tensor((9,), torch.bool)
                r.case("add_alpha", f"{alpha}_b8".replace("-", "m"), fn, *bools, alpha)
                r.case("add_alpha_", f"{alpha}_b8".replace("-", "m"), fn_, *bools, alpha)
            r.error("add_alpha", "fraction_b8", fn, *bools, 0.5)
        r.error(op + "_alpha", "fraction_i64", fn, src.tensor((3,), i64), src.tensor((3,), i64), 0.5)
    for mode in ("trunc", "floor", None):

        def fn(a, b, m):
            return torch.div(a, b, rounding_mode=m)

        def fn_(a, b, m):
            return a.div_(b, rounding_mode=m)

        p = Prefixed(r, f"{mode}_".lower())
        binary_family(p, "div_mode", fn, (mode,), _kinds("div"), inplace=fn_)
        src = p.source("div_mode", "zero")
        if mode:
            p.error("div_mode", "zero_i64", fn, src.tensor((3,), i64), torch.tensor([1, 0, 2]), mode)
        for x in (2.0, -1.5, 0.0, inf):
            for dtype in (f32, f64, i64):
                p.case(
                    "div_mode_scalar",
                    f"by_{x}_{SHORT[dtype]}".replace("-", "m"),
                    fn,
                    p.source("div_mode_scalar", SHORT[dtype]).tensor((3, 3), dtype, "wide"),
                    x,
                    mode,
                )
    r.error(
        "div_mode",
        "unknown_mode",
        lambda a, b, m: torch.div(a, b, rounding_mode=m),
        torch.ones(2),
        torch.ones(2),
        "round",
    )
    for op in ("remainder", "fmod"):
        r.error(op, "zero_i64", getattr(torch, op), torch.tensor([5, 6, 7]), torch.tensor([2, 0, 3]))
    v = torch.tensor([-7, -6, -1, 0, 1, 6, 7])
    for op in ("remainder", "fmod"):
        for d in (3, -3):
            r.case(op, f"signs_{'m' if d < 0 else ''}3_i64", getattr(torch, op), v, torch.full((7,), d))
    for mode in ("trunc", "floor"):
        r.case(
            "div_mode",
            f"{mode}_signs_i64",
            lambda a, b, m: torch.div(a, b, rounding_mode=m),
            v,
            torch.tensor([2, -4, 3, 5, -2, -4, 2]),
            mode,
        )
    r.case(
        "pow",
        "negative_base_f32",
        torch.pow,
        torch.tensor([-2.0, -2.0, -2.0, -0.0, -8.0, 0.0]),
        torch.tensor([2.0, 3.0, 0.5, -1.0, 1 / 3, 0.0]),
    )
    r.case(
        "pow",
        "negative_exponent_i64",
        torch.pow,
        torch.tensor([1, -1, -1, 2, 3, 0]),
        torch.tensor([-1, -1, -2, -1, 2, 0]),
    )
    r.case("pow", "wraps_i32", torch.pow, torch.tensor([3, -3, 46341], dtype=i32), torch.tensor([25, 25, 2], dtype=i32))
    big = torch.tensor([2**53 + 1, 2**62, -(2**62), 2**63 - 1])
    for op in ("add", "mul", "maximum", "eq", "bitwise_xor"):
        r.case(op, "big_i64", getattr(torch, op), big, torch.tensor([1, 2**62, -(2**62), 1]))
    for op in ("bitwise_left_shift", "bitwise_right_shift"):
        r.case(
            op,
            "counts_i64",
            getattr(torch, op),
            torch.tensor([1, -1, -9, 1, -1, 5, 5]),
            torch.tensor([3, 3, 1, 63, 63, 64, 70]),
        )
        r.case(
            op,
            "counts_i32",
            getattr(torch, op),
            torch.tensor([1, -1, -9, 1, -1, 5, 5], dtype=i32),
            torch.tensor([3, 3, 1, 31, 31, 32, 70], dtype=i32),
        )
    scalars(r)


def scalars(r):
    for op in SCALAR:
        fn, inplace = getattr(torch, op), getattr(torch.Tensor, op + "_")
        kinds = _kinds(op)
        grad = op not in COMPARE
        name = op + "_scalar"
        values = {"pow": (0.0, 0.5, 1.0, 2.0, 3.0, -1.0, -2.0, 2.5, -0.5), "xlogy": (2.0, 0.5, nan)}.get(
            op, (2.0, -1.5, 0.0, inf, nan)
        )
        for x in values:
            label = str(x).replace("-", "m")
            src = r.source(name, label)
            r.case(name, f"{label}_f32", fn, src.tensor((2, 3), f32, kinds[0], "c", grad), x)
            r.case(name, f"{label}_f64", fn, src.tensor((2, 3), f64, kinds[0], "T", grad), x, grad2=grad)
            r.case(name, f"{label}_special_f32", fn, src.values(SPECIAL, f32, grad), x)
        for dtype in ALL_DTYPES:
            src = r.source(name, SHORT[dtype])
            t = src.tensor((5,), dtype, kinds[0], "c", False)
            for x in (2.0, 1.5):
                label = f"dtype_{x}_{SHORT[dtype]}"
                if supports(fn, t, x):
                    r.case(name, label, fn, t, x)
                else:
                    r.error(name, label, fn, t, x)
        src = r.source(name, "inplace")
        r.case(name + "_", "matrix_f32", inplace, src.tensor((3, 4), f32, kinds[0], "c", grad), 2.0)
        r.case(name + "_", "step_f64", inplace, src.tensor((2, 5), f64, kinds[0], "step", grad), 2.0)
        t = src.tensor((3,), i64)
        if not supports(inplace, t.clone(), 1.5):
            r.error(name + "_", "into_int", inplace, t, 1.5)
        r.error(name + "_", "expanded", inplace, src.tensor((3, 4), f32, kinds[0], "expand", False), 2.0)
        if grad:
            r.error(name + "_", "leaf", inplace, src.tensor((3,), f32, kinds[0]), 2.0)
    # Half types are raised to powers of their own dtype.
    src = r.source("pow_scalar", "exponents")
    for dtype, fits, large in ((f16, 65504.0, 65505.0), (bf16, 1e10, 1e39)):
        t = src.tensor((5,), dtype, "pos")
        r.case("pow_scalar", f"fits_{SHORT[dtype]}", torch.pow, t, fits)
        r.case("pow_scalar", f"inf_{SHORT[dtype]}", torch.pow, t, inf)
        r.error("pow_scalar", f"large_{SHORT[dtype]}", torch.pow, t, large)
        r.error("pow_scalar_", f"large_{SHORT[dtype]}", torch.Tensor.pow_, t, -large)
    for op, fn in (
        ("rsub_scalar", lambda t, x: x - t),
        ("rdiv_scalar", lambda t, x: x / t),
        ("rpow_scalar", lambda t, x: x**t),
    ):
        src = r.source(op, "cases")
        for x in (1.0, 3.0, 0.0):
            for dtype in (f32, f64):
                t = src.tensor((3, 4), dtype, "nonzero")
                r.case(op, f"{x}_{SHORT[dtype]}", fn, t, x, grad2=dtype == f64 and x != 0)
            r.case(op, f"{x}_i32", fn, src.tensor((5,), i32, "nonzero"), x)


def promotion(r):
    """Every pair of dtypes: two tensors, and a tensor with a 0-dim tensor of another kind."""
    for op in PROMOTE:
        fn = getattr(torch, op)
        for d1 in ALL_DTYPES:
            for d2 in ALL_DTYPES:
                pair = f"{SHORT[d1]}_{SHORT[d2]}"
                src = r.source(op, "promote" + pair)
                kinds = _kinds(op)
                a = src.tensor((3,), d1, kinds[0], "c", False)
                b = src.tensor((3,), d2, "pos" if op in ("pow", "div") else kinds[1], "c", False)
                if supports(fn, a, b):
                    r.case(op, f"promote_{pair}", fn, a, b)
                else:
                    r.error(op, f"promote_{pair}", fn, a, b)
                if op in ("add", "div", "bitwise_and"):
                    z = src.tensor((), d2, "pos", "c", False)
                    if supports(fn, a, z):
                        r.case(op, f"promote0_{pair}", fn, a, z)
                    elif op != "bitwise_and":
                        r.error(op, f"promote0_{pair}", fn, a, z)


FAMILIES = {"binary": binary, "promotion": promotion}
