"""Cases of the matrix products."""

import torch
import torch.nn.functional as F

from cases_common import Prefixed, bf16, f16, f32, f64, i64, inf, must_fail, nan, supports
from recorder import ALL_DTYPES, SHORT


def matmul(r):
    def family(op, fn, shapes, extra=(), large=None, floats_only=False):
        for label, *arguments in shapes:
            for dtype in (f32, f64):
                src = r.source(op, label + SHORT[dtype])
                args = [None if a is None else src.tensor(a[0], dtype, "normal", a[1]) for a in arguments]
                r.case(op, f"{label}_{SHORT[dtype]}", fn, *args, *extra, grad2=dtype == f64)
        label, *arguments = shapes[0]
        for dtype in ALL_DTYPES[:6] + (f16, bf16):
            src = r.source(op, label + SHORT[dtype])
            args = [None if a is None else src.tensor(a[0], dtype, "small", a[1], False) for a in arguments]
            if supports(fn, *args, *extra):
                r.case(op, f"dtype_{SHORT[dtype]}", fn, *args, *extra)
            else:
                r.error(op, f"dtype_{SHORT[dtype]}", fn, *args, *extra)
        src = r.source(op, "mixed")
        args = [None if a is None else src.tensor(a[0], d, "normal", a[1]) for a, d in zip(arguments, (f32, f64, f32))]
        r.error(op, "mixed_dtypes", fn, *args, *extra)
        if large:
            src = r.source(op, "large")
            r.case(op, "large_f32", fn, *[src.tensor(s, f32, "small", l, False) for s, l in large], *extra)

    c, t, st, ex, of = "c", "T", "step", "expand", "offset"
    family(
        "mm",
        torch.mm,
        [
            ("plain", ((3, 4), c), ((4, 2), c)),
            ("left_transposed", ((3, 4), t), ((4, 2), c)),
            ("right_transposed", ((3, 4), c), ((4, 2), t)),
            ("both_transposed", ((3, 4), t), ((4, 5), t)),
            ("step", ((3, 4), st), ((4, 2), st)),
            ("offset", ((3, 4), of), ((4, 2), of)),
            ("expand", ((3, 4), ex), ((4, 2), ex)),
            ("one", ((1, 1), c), ((1, 1), c)),
            ("outer", ((3, 1), c), ((1, 4), c)),
            ("inner", ((1, 5), c), ((5, 1), c)),
            ("empty_rows", ((0, 4), c), ((4, 2), c)),
            ("empty_inner", ((3, 0), c), ((0, 2), c)),
            ("empty_columns", ((3, 4), c), ((4, 0), c)),
            ("odd", ((7, 9), c), ((9, 5), c)),
        ],
        large=[((37, 33), c), ((33, 35), t)],
    )
    family(
        "bmm",
        torch.bmm,
        [
            ("plain", ((2, 3, 4), c), ((2, 4, 2), c)),
            ("transposed", ((2, 3, 4), t), ((2, 4, 2), t)),
            ("expand", ((2, 3, 4), ex), ((2, 4, 2), c)),
            ("empty_batch", ((0, 3, 4), c), ((0, 4, 2), c)),
            ("empty_inner", ((2, 3, 0), c), ((2, 0, 2), c)),
            ("step", ((2, 3, 4), st), ((2, 4, 2), of)),
            ("one", ((1, 1, 3), c), ((1, 3, 1), c)),
        ],
        large=[((3, 17, 19), c), ((3, 19, 23), c)],
    )
    family(
        "matmul",
        torch.matmul,
        [
            ("matrices", ((3, 4), c), ((4, 2), c)),
            ("dot", ((5,), c), ((5,), c)),
            ("matrix_vector", ((3, 4), c), ((4,), c)),
            ("vector_matrix", ((3,), c), ((3, 4), c)),
            ("batch_matrix", ((2, 3, 4), c), ((4, 2), c)),
            ("matrix_batch", ((3, 4), c), ((2, 4, 2), c)),
            ("batch_vector", ((2, 3, 4), c), ((4,), c)),
            ("vector_batch", ((3,), c), ((2, 3, 4), c)),
            ("batches", ((2, 1, 3, 4), c), ((3, 4, 2), c)),
            ("batch_one", ((1, 3, 4), c), ((5, 4, 2), t)),
            ("empty_batch", ((0, 3, 4), c), ((4, 2), c)),
            ("empty_inner", ((2, 0), c), ((0, 3), c)),
            ("transposed", ((2, 3, 4), t), ((2, 4, 3), t)),
            ("empty_dot", ((0,), c), ((0,), c)),
        ],
        large=[((3, 17, 19), t), ((19, 23), c)],
    )
    family(
        "mv",
        torch.mv,
        [
            ("plain", ((3, 4), c), ((4,), c)),
            ("transposed", ((3, 4), t), ((4,), st)),
            ("empty", ((0, 4), c), ((4,), c)),
            ("empty_inner", ((3, 0), c), ((0,), c)),
            ("expand", ((3, 4), c), ((4,), ex)),
            ("offset", ((3, 4), of), ((4,), c)),
        ],
        large=[((37, 33), c), ((33,), c)],
    )
    family(
        "dot",
        torch.dot,
        [
            ("plain", ((5,), c), ((5,), c)),
            ("step", ((5,), st), ((5,), c)),
            ("empty", ((0,), c), ((0,), c)),
            ("tail", ((37,), c), ((37,), c)),
            ("expand", ((5,), ex), ((5,), c)),
        ],
        large=[((1031,), c), ((1031,), c)],
    )
    for beta, alpha in ((1.0, 1.0), (0.5, -2.0), (0.0, 1.0), (1.0, 0.0)):

        def addmm(a, b, d, beta, alpha):
            return torch.addmm(a, b, d, beta=beta, alpha=alpha)

        tag = f"b{beta}a{alpha}_".replace("-", "m")
        p = Prefixed(r, tag)
        for label, *arguments in [
            ("matrix", ((3, 2), c), ((3, 4), c), ((4, 2), c)),
            ("row", ((2,), c), ((3, 4), t), ((4, 2), t)),
            ("column", ((3, 1), c), ((3, 4), c), ((4, 2), c)),
            ("scalar", ((), c), ((3, 4), c), ((4, 2), c)),
            ("empty_inner", ((3, 2), c), ((3, 0), c), ((0, 2), c)),
            ("empty", ((2,), c), ((0, 4), c), ((4, 2), c)),
        ]:
            for dtype in (f32, f64):
                src = p.source("addmm", label)
                p.case(
                    "addmm",
                    f"{label}_{SHORT[dtype]}",
                    addmm,
                    *[src.tensor(s, dtype, "normal", l) for s, l in arguments],
                    beta,
                    alpha,
                    grad2=dtype == f64,
                )
    nanrow = torch.full((2,), nan)
    r.case("addmm", "beta0_ignores_nan", addmm, nanrow, torch.ones(3, 4), torch.ones(4, 2), 0.0, 1.0)
    src = r.source("addmm", "more")
    for dtype in (i64, f16, bf16):
        n = 1 if dtype == i64 else 1.0
        r.case(
            "addmm",
            f"dtype_{SHORT[dtype]}",
            addmm,
            *[src.tensor(s, dtype, "small", "c", False) for s in ((2,), (3, 4), (4, 2))],
            n,
            n,
        )

    def addmm_(a, b, d, beta, alpha):
        return a.addmm_(b, d, beta=beta, alpha=alpha)

    r.case("addmm_", "matrix_f32", addmm_, src.tensor((3, 2)), src.tensor((3, 4)), src.tensor((4, 2)), 0.5, 2.0)
    r.case(
        "addmm_",
        "transposed_f64",
        addmm_,
        src.tensor((3, 2), f64, "normal", "T"),
        src.tensor((3, 4), f64),
        src.tensor((4, 2), f64),
        0.5,
        2.0,
    )
    r.error("addmm_", "leaf", addmm_, src.tensor((3, 2)), src.tensor((3, 4)), src.tensor((4, 2)), 1.0, 1.0)
    r.error("addmm_", "grow", addmm_, torch.ones(2), torch.ones(3, 4), torch.ones(4, 2), 1.0, 1.0)
    linear_shapes = [
        ("plain", ((3, 4), c), ((2, 4), c), ((2,), c)),
        ("no_bias", ((3, 4), c), ((2, 4), c), None),
        ("vector", ((4,), c), ((2, 4), c), ((2,), c)),
        ("batch", ((2, 3, 4), c), ((5, 4), c), ((5,), c)),
        ("batch_no_bias", ((2, 3, 4), t), ((5, 4), c), None),
        ("transposed", ((3, 4), t), ((2, 4), t), ((2,), c)),
        ("empty", ((0, 4), c), ((2, 4), c), ((2,), c)),
        ("no_inputs", ((3, 0), c), ((2, 0), c), ((2,), c)),
        ("one", ((3, 1), c), ((1, 1), c), ((1,), c)),
        ("one_feature", ((4,), c), ((4,), c), None),
        ("one_feature_bias", ((4,), c), ((4,), c), ((), c)),
        ("one_feature_batch", ((2, 3, 4), c), ((4,), c), ((), c)),
        ("one_feature_wide_bias", ((2, 3, 4), c), ((4,), c), ((2, 3), c)),
        ("step", ((3, 4), st), ((2, 4), of), ((2,), ex)),
        ("odd", ((7, 9), c), ((5, 9), c), ((5,), c)),
    ]
    family("linear", F.linear, linear_shapes, large=[((37, 33), c), ((35, 33), c), ((35,), c)])
    src = r.source("matmul", "special")
    sp = src.values([[nan, 1.0], [inf, 1.0], [0.0, -inf]])
    r.case("mm", "special_f32", torch.mm, sp, src.values([[0.0, 1.0], [2.0, 0.0]]))
    mm_errors(r)
    of_nothing(r)
    contractions(r)


def of_nothing(r):
    """Bools, where there is nothing to add up."""

    def bools(*shape):
        return torch.ones(shape, dtype=torch.bool)

    for label, m, k, n in (("rows", 0, 4, 2), ("inner", 3, 0, 2), ("columns", 3, 4, 0)):
        r.case("mm", f"no_{label}_b8", torch.mm, bools(m, k), bools(k, n))
        r.case("bmm", f"no_{label}_b8", torch.bmm, bools(2, m, k), bools(2, k, n))
        r.case("matmul", f"no_{label}_b8", torch.matmul, bools(m, k), bools(k, n))
        r.case("linear", f"no_{label}_b8", F.linear, bools(m, k), bools(n, k), None)
        r.case("tensordot", f"no_{label}_b8", tensordot, bools(m, k), bools(k, n), [1], [0])
    r.case("mv", "no_rows_b8", torch.mv, bools(0, 3), bools(3))
    r.error("dot", "empty_b8", must_fail(torch.dot), bools(0), bools(0))
    r.error("addmm", "dtype_any_b8", must_fail(scaled(torch.addmm)), bools(3, 2), bools(3, 4), bools(4, 2), 1.0, 1.0)


def tensordot(a, b, dims_a, dims_b):
    return torch.tensordot(a, b, (dims_a, dims_b))


def contractions(r):
    src = r.source("tensordot", "cases")
    for dtype in ALL_DTYPES[1:]:
        for label, (left, right) in {
            "two": ((3, 2), (2, 4)),
            "left_one": ((3, 1), (2, 4)),
            "right_one": ((3, 2), (1, 4)),
        }.items():
            args = src.tensor(left, dtype, "small"), src.tensor(right, dtype, "small")
            r.case("tensordot", f"{label}_{SHORT[dtype]}", tensordot, *args, [1], [0], grad2=dtype == f64)
    r.error("tensordot", "b8", must_fail(tensordot), torch.ones(3, 1) > 0, torch.ones(2, 4) > 0, [1], [0])
    for dtype in (f32, f64):
        args = [src.tensor(s, dtype) for s in ((3, 2), (3, 4), (5, 2, 4), (5,))]
        r.case("bilinear", f"bias_{SHORT[dtype]}", F.bilinear, *args, grad2=dtype == f64)
        r.case("bilinear", f"plain_{SHORT[dtype]}", F.bilinear, *args[:3], None)
        args = [src.tensor(s, dtype) for s in ((3,), (3, 4), (4,))]
        r.case("addmv", f"plain_{SHORT[dtype]}", scaled(torch.addmv), *args, 2.0, -0.5, grad2=dtype == f64)
        args = [src.tensor(s, dtype) for s in ((2, 3, 2), (2, 3, 4), (2, 4, 2))]
        r.case("baddbmm", f"plain_{SHORT[dtype]}", scaled(torch.baddbmm), *args, 2.0, -0.5, grad2=dtype == f64)


def scaled(fn):
    return lambda input, a, b, beta, alpha: fn(input, a, b, beta=beta, alpha=alpha)


def mm_errors(r):
    def ones(*s, dtype=f32):
        return torch.ones(*s, dtype=dtype)

    def addmm(a, b, d, beta, alpha):
        return torch.addmm(a, b, d, beta=beta, alpha=alpha)

    r.error("mm", "inner", torch.mm, ones(3, 4), ones(3, 4))
    r.error("mm", "vector", torch.mm, ones(3), ones(3, 4))
    r.error("mm", "batch", torch.mm, ones(2, 3, 4), ones(4, 3))
    r.error("bmm", "inner", torch.bmm, ones(2, 3, 4), ones(2, 3, 4))
    r.error("bmm", "batch", torch.bmm, ones(2, 3, 4), ones(3, 4, 2))
    r.error("bmm", "matrix", torch.bmm, ones(2, 3, 4), ones(4, 2))
    r.error("matmul", "inner", torch.matmul, ones(1, 5), ones(1, 5))
    r.error("matmul", "scalar", torch.matmul, ones(()), ones(3))
    r.error("matmul", "batch", torch.matmul, ones(2, 3, 4), ones(3, 4, 2))
    r.error("matmul", "vectors", torch.matmul, ones(3), ones(4))
    r.error("matmul", "matrix_vector", torch.matmul, ones(3, 4), ones(3))
    r.error("mv", "inner", torch.mv, ones(3, 4), ones(3))
    r.error("mv", "matrix", torch.mv, ones(3, 4), ones(4, 2))
    r.error("mv", "vector", torch.mv, ones(4), ones(4))
    r.error("dot", "lengths", torch.dot, ones(3), ones(4))
    r.error("dot", "matrix", torch.dot, ones(2, 2), ones(2, 2))
    r.error("addmm", "inner", addmm, ones(2), ones(3, 4), ones(3, 2), 1.0, 1.0)
    r.error("addmm", "input", addmm, ones(3), ones(3, 4), ones(4, 2), 1.0, 1.0)
    r.error("addmm", "vector", addmm, ones(2), ones(4), ones(4, 2), 1.0, 1.0)
    r.error("addmm", "dtypes", addmm, ones(2), ones(3, 4, dtype=f64), ones(4, 2), 1.0, 1.0)
    r.error("linear", "inner", F.linear, ones(3, 4), ones(2, 5), None)
    r.error("linear", "bias", F.linear, ones(3, 4), ones(2, 4), ones(3))
    r.error("linear", "vector_bias", F.linear, ones(4), ones(4), ones(5))
    r.error("linear", "weight3", F.linear, ones(3, 4), ones(2, 2, 4), None)


FAMILIES = {"matmul": matmul}
