"""Cases of the reductions and scans."""

import torch

from cases_common import b8, bf16, f16, f32, f64, i32, i64, inf, nan, supports, u8
from recorder import ALL_DTYPES, SHORT

# name, shape, layout, dims, keepdim: for the ops that take any list of dims
MANY = [
    ("all", (3, 4), "c", None, False),
    ("all_keep", (3, 4), "c", None, True),
    ("row", (37,), "c", [0], False),
    ("first", (3, 4), "c", [0], False),
    ("last_keep", (3, 4), "c", [-1], True),
    ("middle", (2, 3, 4), "c", [1], False),
    ("two", (2, 3, 4), "c", [0, 2], False),
    ("two_keep", (2, 3, 4), "c", [-1, 0], True),
    ("zero_dim", (), "c", None, False),
    ("zero_dim0", (), "c", [0], False),
    ("transposed", (3, 4), "T", [0], False),
    ("step", (2, 5), "step", [1], False),
    ("expand", (3, 4), "expand", [0], False),
    ("offset", (2, 2, 3), "offset", [2], False),
    ("one", (1, 1), "c", [0, 1], False),
]
EMPTY = [
    ("empty", (0,), "c", None, False),
    ("empty_dim", (3, 0), "c", [1], False),
    ("empty_other", (3, 0), "c", [0], False),
    ("empty_keep", (0, 2), "c", [0], True),
]
# for the ops that take one dim
ONE = [
    ("row", (37,), "c", 0, False),
    ("first", (3, 4), "c", 0, False),
    ("last_keep", (3, 4), "c", -1, True),
    ("middle", (2, 3, 4), "c", 1, False),
    ("zero_dim", (), "c", 0, False),
    ("zero_dim_last", (), "c", -1, True),
    ("transposed", (3, 4), "T", 0, False),
    ("step", (2, 5), "step", 1, False),
    ("offset", (2, 2, 3), "offset", 2, False),
    ("single", (3, 1), "c", 1, False),
]
SECOND = {"first", "two", "middle", "transposed", "all"}


def dim_errors(r, op, fn, wrap, rest):
    """Out-of-range and repeated dims."""
    src = r.source(op, "dims")
    t = src.tensor((3, 4))
    r.error(op, "dim_high", fn, t, wrap(2), *rest)
    r.error(op, "dim_low", fn, t, wrap(-3), *rest)
    r.error(op, "dim_zero_dim", fn, src.tensor(()), wrap(1), *rest)
    if wrap(0) == [0]:
        r.error(op, "dim_twice", fn, t, [0, -2], *rest)


def dtype_cases(r, op, fn, args, dtypes=ALL_DTYPES[:6] + (f16, bf16), kind="normal", shape=(3, 5)):
    for dtype in dtypes:
        t = r.source(op, SHORT[dtype]).tensor(shape, dtype, kind, "c", False)
        if supports(fn, t, *args):
            r.case(op, f"dtype_{SHORT[dtype]}", fn, t, *args)
        else:
            r.error(op, f"dtype_{SHORT[dtype]}", fn, t, *args)


def reduce_sums(r):
    for op, fn in (("sum", torch.sum), ("mean", torch.mean), ("nansum", torch.nansum)):

        def call(t, d, k, dtype, fn=fn):
            return fn(t, d, k, dtype=dtype)

        for label, s, layout, d, k in MANY + EMPTY + [("no_dims", (3, 4), "c", [], False)]:
            src = r.source(op, label)
            r.case(op, f"{label}_f32", call, src.tensor(s, f32, "normal", layout), d, k, None)
            if label in SECOND:
                r.case(op, f"{label}_f64", call, src.tensor(s, f64, "normal", layout), d, k, None, grad2=True)
        src = r.source(op, "large")
        r.case(op, "large_f32", call, src.tensor((37, 29)), None, False, None)
        r.case(op, "large_first_f32", call, src.tensor((131, 9)), [0], False, None)
        r.case(op, "large_last_f32", call, src.tensor((9, 131)), [1], False, None)
        dtype_cases(r, op, call, ([1], False, None))
        for d1, d2 in ((i64, f32), (f32, f64), (f16, f32), (bf16, f32), (b8, f64), (i32, f64), (f64, f32)):
            tol = (1.3e-6, 1e-5) if {d1, d2} == {f32, f64} else None
            r.case(
                op,
                f"cast_{SHORT[d1]}_{SHORT[d2]}",
                call,
                src.tensor((3, 4), d1, grad=d1 in (f32, f64)),
                [0],
                False,
                d2,
                tol=tol,
            )
        if op == "sum":
            r.case(op, "cast_f32_i64", call, src.tensor((3, 4), grad=False), None, False, i64)
            r.case(op, "cast_i64_u8", call, src.tensor((3, 4), i64), [1], False, u8)
            r.case(op, "wraps_i64", call, torch.tensor([2**62, 2**62, 1]), None, False, None)
        special = [[nan, 1.0, 2.0], [inf, 1.0, 2.0], [inf, -inf, 0.0], [-0.0, -0.0, -0.0], [3e38, 3e38, -3e38]]
        if op == "nansum":
            special = special[:4] + [[nan, nan, nan]]
        r.case(op, "special_f32", call, src.values(special), [1], False, None, check=False)
        r.case(op, "special_all_f32", call, src.values(special[0]), None, False, None)
        dim_errors(r, op, call, lambda d: [d], (False, None))
        if op == "mean":
            r.error(op, "to_i64", call, src.tensor((3, 4), grad=False), None, False, i64)


def reduce_products(r):
    def prod(t, dtype):
        return torch.prod(t, dtype=dtype)

    def prod_dim(t, d, k, dtype):
        return torch.prod(t, d, k, dtype=dtype)

    zeros = {
        "none": [[1.5, 2.0, -3.0], [0.5, 4.0, 2.0]],
        "one": [[1.5, 0.0, -3.0], [0.5, 4.0, 2.0]],
        "two": [[0.0, 0.0, -3.0], [0.5, 0.0, 2.0]],
    }
    src = r.source("prod", "")
    for label, values in zeros.items():
        for dtype in (f32, f64):
            t = src.values(values, dtype)
            r.case("prod", f"zeros_{label}_{SHORT[dtype]}", prod, t, None, grad2=dtype == f64 and label != "two")
            r.case(
                "prod_dim",
                f"zeros_{label}_{SHORT[dtype]}",
                prod_dim,
                t,
                1,
                False,
                None,
                grad2=dtype == f64 and label != "two",
            )
    for label, s, layout, d, k in ONE + [("empty_dim", (3, 0), "c", 1, False), ("empty_other", (3, 0), "c", 0, False)]:
        src = r.source("prod_dim", label)
        r.case("prod_dim", f"{label}_f32", prod_dim, src.tensor(s, f32, "nonzero", layout), d, k, None)
        r.case("prod_dim", f"{label}_f64", prod_dim, src.tensor(s, f64, "nonzero", layout), d, k, None)
    for label, s, layout in (
        ("zero_dim", (), "c"),
        ("empty", (0,), "c"),
        ("matrix", (2, 3), "T"),
        ("tail", (37,), "c"),
    ):
        r.case("prod", f"{label}_f32", prod, src.tensor(s, f32, "nonzero", layout), None)
    dtype_cases(r, "prod", prod, (None,), shape=(5,), kind="nonzero")
    dtype_cases(r, "prod_dim", prod_dim, (1, False, None), kind="nonzero")
    r.case("prod", "cast_i64_f32", prod, src.tensor((5,), i64, "nonzero"), f32)
    r.case("prod_dim", "cast_f32_f64", prod_dim, src.tensor((2, 3), f32), 0, True, f64, tol=(1.3e-6, 1e-5))
    r.case("prod", "special_f32", prod, src.values([inf, 0.0, 2.0]), None)
    dim_errors(r, "prod_dim", prod_dim, lambda d: d, (False, None))


def reduce_moments(r):
    for op, fn in (("var", torch.var), ("std", torch.std)):

        def call(t, d, c, k, fn=fn):
            return fn(t, d, correction=c, keepdim=k)

        for label, s, layout, d, k in MANY + EMPTY[:3] + [("no_dims", (3, 4), "c", [], False)]:
            src = r.source(op, label)
            for c in (1, 0):
                r.case(op, f"{label}_c{c}_f32", call, src.tensor(s, f32, "normal", layout), d, c, k)
            if label in SECOND:
                r.case(op, f"{label}_f64", call, src.tensor(s, f64, "normal", layout), d, 1, k, grad2=True)
        src = r.source(op, "")
        r.case(op, "correction2_f32", call, src.tensor((2, 5)), [1], 2, False)
        r.case(op, "correction_too_large_f32", call, src.tensor((2, 3)), [1], 5, False)
        r.case(op, "constant_f32", call, src.values([[2.0] * 4, [0.0] * 4]), [1], 1, False)
        r.case(op, "shifted_f32", call, src.values([1000.0, 1000.5, 1001.0, 999.5, 1002.0]), None, 1, False)
        r.case(op, "large_f32", call, src.tensor((37, 29)), [1], 1, False)
        r.case(op, "special_f32", call, src.values([[nan, 1.0, 2.0], [inf, 1.0, 2.0]]), [1], 1, False)
        dtype_cases(r, op, call, ([1], 1, False))
        dim_errors(r, op, call, lambda d: [d], (1, False))


def reduce_extremes(r):
    ties = [[1.0, 3.0, 3.0, 2.0], [3.0, 3.0, 3.0, 3.0], [-0.0, 0.0, -1.0, 0.0]]
    special = [[nan, 1.0, 2.0], [1.0, nan, nan], [inf, 1.0, 2.0], [-inf, -inf, -inf], [2.0, inf, nan]]
    for op in ("amax", "amin"):
        fn = getattr(torch, op)
        for label, s, layout, d, k in MANY:
            src = r.source(op, label)
            d = [] if d is None else d
            r.case(op, f"{label}_f32", fn, src.tensor(s, f32, "normal", layout), d, k)
            r.case(op, f"{label}_f64", fn, src.tensor(s, f64, "normal", layout), d, k, grad2=label in SECOND)
        r.case(op, "empty_other_f32", fn, src.tensor((3, 0)), [0], False)
        r.case(op, "ties_f32", fn, src.values(ties), [1], False)
        r.case(op, "ties_all_f32", fn, src.values(ties), [], False)
        r.case(op, "special_f32", fn, src.values(special), [1], False)
        r.case(op, "large_f32", fn, src.tensor((37, 29)), [], False)
        dtype_cases(r, op, fn, ([1], False))
        dim_errors(r, op, fn, lambda d: [d], (False,))
        r.error(op, "empty", fn, src.tensor((0,)), [], False)
        r.error(op, "empty_dim", fn, src.tensor((3, 0)), [1], False)
    for op in ("max", "min"):
        fn = getattr(torch, op)
        src = r.source(op, "")
        for label, s, layout in (
            ("zero_dim", (), "c"),
            ("row", (37,), "c"),
            ("matrix", (3, 4), "T"),
            ("step", (2, 5), "step"),
            ("expand", (3, 4), "expand"),
            ("large", (37, 29), "c"),
        ):
            r.case(op, f"{label}_f32", fn, src.tensor(s, f32, "normal", layout))
            if label != "large":
                r.case(op, f"{label}_f64", fn, src.tensor(s, f64, "normal", layout), grad2=True)
        r.case(op, "ties_f32", fn, src.values(ties))
        r.case(op, "nan_f32", fn, src.values([1.0, nan, 2.0, nan]))
        r.case(op, "inf_f32", fn, src.values([1.0, inf, -inf, inf]))
        dtype_cases(r, op, fn, ())
        r.error(op, "empty", fn, src.tensor((0, 3)))
        dim = op + "_dim"
        for label, s, layout, d, k in ONE + [("empty_other", (3, 0), "c", 0, False)]:
            src = r.source(dim, label)
            r.case(dim, f"{label}_f32", fn, src.tensor(s, f32, "distinct", layout), d, k)
            r.case(dim, f"{label}_f64", fn, src.tensor(s, f64, "distinct", layout), d, k, grad2=True)
        r.case(dim, "ties_f32", fn, src.values(ties), 1, False)
        r.case(dim, "special_f32", fn, src.values(special), 1, False)
        r.case(dim, "large_f32", fn, src.tensor((37, 29), f32, "distinct"), 1, False)
        r.case(dim, "large_first_f32", fn, src.tensor((131, 9), f32, "distinct"), 0, True)
        dtype_cases(r, dim, fn, (1, False))
        dim_errors(r, dim, fn, lambda d: d, (False,))
        r.error(dim, "empty_dim", fn, src.tensor((3, 0)), 1, False)
        arg = "arg" + op
        fn = getattr(torch, arg)
        for label, s, layout, d, k in ONE + [
            ("all", (3, 4), "c", None, False),
            ("all_keep", (3, 4), "c", None, True),
            ("all_transposed", (3, 4), "T", None, False),
            ("empty_other", (3, 0), "c", 0, False),
            ("large", (37, 29), "c", 1, False),
        ]:
            src = r.source(arg, label)
            r.case(arg, f"{label}_f32", fn, src.tensor(s, f32, "distinct", layout), d, k)
        r.case(arg, "f64", fn, src.tensor((3, 4), f64), 1, False)
        r.case(arg, "ties_f32", fn, src.values(ties), 1, False)
        r.case(arg, "ties_all_f32", fn, src.values(ties), None, False)
        r.case(arg, "special_f32", fn, src.values(special), 1, False)
        dtype_cases(r, arg, fn, (1, False))
        dim_errors(r, arg, fn, lambda d: d, (False,))
        r.error(arg, "empty", fn, src.tensor((0,)), None, False)
        r.error(arg, "empty_dim", fn, src.tensor((3, 0)), 1, False)


def reduce_logic(r):
    def call_all(t, d, k):
        return torch.all(t, d, k)

    def call_any(t, d, k):
        return torch.any(t, d, k)

    for op, fn in (("all", call_all), ("any", call_any)):
        for label, s, layout, d, k in MANY + EMPTY:
            src = r.source(op, label)
            r.case(op, f"{label}_b8", fn, src.tensor(s, b8, "normal", layout), d, k)
        dtype_cases(r, op, fn, ([1], False), ALL_DTYPES)
        src = r.source(op, "")
        r.case(op, "nan_f32", fn, src.values([nan, 0.0], f32, False), None, False)
        r.case(op, "zeros_f32", fn, src.values([-0.0, 0.0], f32, False), None, False)
        dim_errors(r, op, fn, lambda d: [d], (False,))
    op, fn = "count_nonzero", torch.count_nonzero
    for label, s, layout, d, k in MANY + EMPTY:
        if not k:
            r.case(op, f"{label}_i64", fn, r.source(op, label).tensor(s, i64, "normal", layout), d)
    dtype_cases(r, op, fn, ([1],), ALL_DTYPES)
    r.case(op, "special_f32", fn, src.values([nan, 0.0, -0.0, inf], f32, False), None)
    dim_errors(r, op, fn, lambda d: [d], ())
    for op, fn, extras in (
        ("equal", torch.equal, [()]),
        ("allclose", torch.allclose, [(1e-5, 1e-8, False), (1e-5, 1e-8, True), (0.5, 0.0, False)]),
    ):
        for n, extra in enumerate(extras):
            src = r.source(op, f"{n}")
            a = src.tensor((3, 4), f32, grad=False)
            near = a + 1e-7
            for label, x, y in (
                ("same", a, a.clone()),
                ("near", a, near),
                ("layouts", a.T.contiguous().T, a),
                ("other", a, a * 1.25),
                ("nan", torch.tensor([1.0, nan]), torch.tensor([1.0, nan])),
                ("inf", torch.tensor([inf, -inf]), torch.tensor([inf, -inf])),
                ("inf_signs", torch.tensor([inf, -inf]), torch.tensor([inf, inf])),
                ("zeros", torch.tensor([0.0]), torch.tensor([-0.0])),
                ("empty", torch.zeros(0), torch.zeros(0)),
                ("i64", torch.arange(4), torch.arange(4)),
                ("f64", a.double(), a.double() + 1e-9),
            ):
                r.case(op, f"{label}_{n}", fn, x, y, *extra)
    r.case("equal", "shapes", torch.equal, torch.ones(2), torch.ones(3))
    r.case("equal", "broadcastable", torch.equal, torch.ones(2, 1), torch.ones(2))
    r.case("allclose", "broadcast", torch.allclose, torch.ones(2, 1), torch.ones(3), 1e-5, 1e-8, False)
    r.case("equal", "dtypes", torch.equal, torch.ones(2), torch.ones(2, dtype=f64))
    r.error("allclose", "dtypes", torch.allclose, torch.ones(2), torch.ones(2, dtype=f64), 1e-5, 1e-8, False)
    r.error("allclose", "shapes", torch.allclose, torch.ones(2), torch.ones(3), 1e-5, 1e-8, False)
    r.error("allclose", "negative_rtol", torch.allclose, torch.ones(2), torch.ones(2), -1.0, 1e-8, False)


def reduce_norms(r):
    def norm(t, o, d, k, dtype):
        return torch.linalg.vector_norm(t, o, d, k, dtype=dtype)

    op = "vector_norm"
    for o in (2.0, 1.0, 0.0, 3.0, 0.5, -1.0, -2.0, inf, -inf):
        tag = str(o).replace("-", "m")
        src = r.source(op, tag)
        smooth = o not in (0.0,)
        r.case(op, f"ord{tag}_all_f32", norm, src.tensor((3, 4), f32, "nonzero"), o, None, False, None)
        r.case(op, f"ord{tag}_dim_f32", norm, src.tensor((3, 4), f32, "nonzero", "T"), o, [1], True, None)
        r.case(
            op, f"ord{tag}_dim_f64", norm, src.tensor((2, 3, 2), f64, "distinct"), o, [0, 2], False, None, grad2=smooth
        )
        r.case(
            op,
            f"ord{tag}_special_f32",
            norm,
            src.values([[nan, 1.0], [inf, 1.0], [-inf, 2.0], [0.0, 0.0]], f32, False),
            o,
            [1],
            False,
            None,
        )
        if o in (2.0, 1.0, inf, 3.0, 0.0):
            r.case(op, f"ord{tag}_zeros_f32", norm, src.values([[0.0, 0.0], [0.0, 2.0]]), o, [1], False, None)
            r.case(op, f"ord{tag}_zero_dim_f32", norm, src.tensor(()), o, None, False, None)
        if o >= 0 and o != inf:
            r.case(op, f"ord{tag}_empty_f32", norm, src.tensor((0,)), o, None, False, None)
            r.case(op, f"ord{tag}_empty_dim_f32", norm, src.tensor((2, 0)), o, [1], False, None)
        else:
            r.error(op, f"ord{tag}_empty", norm, src.tensor((0,)), o, None, False, None)
    r.case(op, "large_f32", norm, src.tensor((37, 29)), 2.0, None, False, None)
    dtype_cases(r, op, norm, (2.0, [1], False, None))
    r.case(op, "cast_f16_f32", norm, src.tensor((3, 4), f16, grad=False), 2.0, [1], False, f32)
    r.case(op, "cast_f32_f64", norm, src.tensor((3, 4), f32), 2.0, [1], False, f64, tol=(1.3e-6, 1e-5))
    r.error(op, "narrowing", norm, src.tensor((3, 4), f64), 2.0, [1], False, f32)
    for label, d in (("dim_high", [2]), ("dim_low", [-3]), ("dim_twice", [0, 0])):
        r.error(op, label, norm, src.tensor((3, 4)), 2.0, d, False, None)
    op, fn = "logsumexp", torch.logsumexp
    for label, s, layout, d, k in MANY + EMPTY:
        if d is None:
            continue
        src = r.source(op, label)
        r.case(op, f"{label}_f32", fn, src.tensor(s, f32, "normal", layout), d, k)
        r.case(op, f"{label}_f64", fn, src.tensor(s, f64, "normal", layout), d, k, grad2=0 not in s)
    r.case(
        op,
        "special_f32",
        fn,
        src.values(
            [
                [inf, 1.0],
                [-inf, 1.0],
                [-inf, -inf],
                [nan, 1.0],
                [1000.0, 1001.0],
                [-1000.0, -1001.0],
                [inf, inf],
                [inf, -inf],
            ]
        ),
        [1],
        False,
    )
    r.case(op, "large_f32", fn, src.tensor((9, 131)), [1], False)
    dtype_cases(r, op, fn, ([1], False))
    dim_errors(r, op, fn, lambda d: [d], (False,))


def reduce_scans(r):
    def cumsum(t, d, dtype):
        return torch.cumsum(t, d, dtype=dtype)

    def cumprod(t, d, dtype):
        return torch.cumprod(t, d, dtype=dtype)

    for op, fn, kind in (("cumsum", cumsum, "normal"), ("cumprod", cumprod, "nonzero")):
        for label, s, layout, d, k in ONE + [
            ("empty", (0,), "c", 0, False),
            ("empty_dim", (2, 0, 3), "c", 1, False),
            ("expand", (3, 4), "expand", 0, False),
        ]:
            src = r.source(op, label)
            if op == "cumprod" and label == "row":
                kind = "unit"
            r.case(op, f"{label}_f32", fn, src.tensor(s, f32, kind, layout), d, None)
            r.case(op, f"{label}_f64", fn, src.tensor(s, f64, kind, layout), d, None, grad2=0 not in s)
            kind = "normal" if op == "cumsum" else "nonzero"
        dtype_cases(r, op, fn, (1, None), kind=kind)
        src = r.source(op, "")
        r.case(op, "cast_i64_f32", fn, src.tensor((2, 3), i64, kind), 1, f32)
        r.case(op, "cast_f32_f64", fn, src.tensor((2, 3), f32, kind), 1, f64, tol=(1.3e-6, 1e-5))
        r.case(
            op, "special_f32", fn, src.values([[1.0, inf, 2.0], [1.0, nan, 2.0], [inf, -inf, 1.0]], f32, False), 1, None
        )
        r.case(
            op,
            "large_f32",
            fn,
            src.tensor((9, 131), f32, "small" if op == "cumsum" else "unit", grad=op == "cumsum"),
            1,
            None,
            tol=(1.3e-6, 3e-5),
        )
        r.case(
            op + "_", "matrix_f32", lambda t, d, dtype: getattr(t, op + "_")(d), src.tensor((3, 4), f32, kind), 1, None
        )
        r.error(op + "_", "leaf", lambda t, d, dtype: getattr(t, op + "_")(d), src.tensor((3,)), 0, None)
        r.error(op + "_", "dim", lambda t, d, dtype: getattr(t, op + "_")(d), src.tensor((3,), grad=False), 1, None)
        dim_errors(r, op, fn, lambda d: d, (None,))
    for n, row in enumerate(([1.0, 0.0, 2.0, 3.0], [0.0, 2.0, 0.0, 3.0], [2.0, 3.0, 4.0, 0.0])):
        for dtype in (f32, f64):
            r.case(
                "cumprod",
                f"zeros{n}_{SHORT[dtype]}",
                cumprod,
                src.values([row, [2.0, -1.0, 0.5, 3.0]], dtype),
                1,
                None,
                grad2=dtype == f64,
            )


def reduce(r):
    reduce_sums(r)
    reduce_products(r)
    reduce_moments(r)
    reduce_extremes(r)
    reduce_logic(r)
    reduce_norms(r)
    reduce_scans(r)


FAMILIES = {"reduce": reduce}
