"""Cases of sorting, selection, unique and counting."""

import torch

from cases_common import b8, bf16, f16, f32, f64, i64, inf, nan
from cases_reduce import ONE, SECOND, dim_errors, dtype_cases
from recorder import ALL_DTYPES, INTS, SHORT


def order(r):
    order_sort(r)
    order_select(r)
    order_unique(r)
    order_count(r)


def order_sort(r):
    def sort(t, d, desc, stable):
        return torch.sort(t, dim=d, descending=desc, stable=stable)

    def argsort(t, d, desc, stable):
        return torch.argsort(t, dim=d, descending=desc, stable=stable)

    ties = [[3.0, 1.0, 3.0, 2.0, 1.0], [nan, 1.0, nan, -inf, inf], [0.0, -0.0, 0.0, -0.0, 0.0]]
    for op, fn in (("sort", sort), ("argsort", argsort)):
        for label, s, layout, d, k in ONE + [
            ("empty", (0,), "c", 0, False),
            ("empty_dim", (2, 0, 3), "c", 1, False),
            ("large", (1031,), "c", 0, False),
            ("expand", (3, 4), "expand", 1, False),
        ]:
            for desc in (False, True):
                src = r.source(op, label)
                tag = "_down" if desc else ""
                r.case(
                    op,
                    f"{label}{tag}_f32",
                    fn,
                    src.tensor(s, f32, "distinct", layout, label != "large"),
                    d,
                    desc,
                    False,
                )
                if label in SECOND:
                    r.case(
                        op,
                        f"{label}{tag}_f64",
                        fn,
                        src.tensor(s, f64, "distinct", layout),
                        d,
                        desc,
                        False,
                        grad2=op == "sort",
                    )
        for desc in (False, True):
            tag = "_down" if desc else ""
            r.case(op, f"ties{tag}_f32", fn, src.values(ties), 1, desc, True)
            r.case(op, f"ties{tag}_f64", fn, src.values(ties, f64), -1, desc, True)
            r.case(op, f"ties{tag}_i64", fn, src.tensor((37,), i64), 0, desc, True)
            r.case(op, f"bools{tag}", fn, src.tensor((3, 7), b8), 1, desc, True)
        dtype_cases(r, op, fn, (1, False, True))
        dim_errors(r, op, fn, lambda d: d, (False, False))


def order_select(r):
    fn = torch.topk
    for label, s, layout, d, k in (
        ("row", (37,), "c", 0, 5),
        ("first", (4, 3), "c", 0, 2),
        ("last", (3, 5), "c", -1, 3),
        ("all", (3, 5), "c", 1, 5),
        ("none", (3, 5), "c", 1, 0),
        ("zero_dim", (), "c", 0, 1),
        ("transposed", (3, 4), "T", 0, 2),
        ("step", (2, 5), "step", 1, 2),
        ("empty", (0, 3), "c", 1, 2),
        ("large", (1031,), "c", 0, 20),
    ):
        for largest in (True, False):
            src = r.source("topk", label)
            tag = "" if largest else "_small"
            for dtype in (f32,) if label == "large" else (f32, f64):
                r.case(
                    "topk",
                    f"{label}{tag}_{SHORT[dtype]}",
                    fn,
                    src.tensor(s, dtype, "distinct", layout, label != "large"),
                    k,
                    d,
                    largest,
                    True,
                    grad2=dtype == f64,
                )
    src = r.source("topk", "")
    r.case("topk", "nan_f32", fn, src.values([1.0, nan, 3.0, 2.0]), 2, 0, True, True)
    r.case("topk", "nan_small_f32", fn, src.values([1.0, nan, 3.0, 2.0]), 3, 0, False, True)
    dtype_cases(r, "topk", fn, (2, 1, True, True), ALL_DTYPES[1:6] + (f16, bf16), kind="distinct", shape=(2, 9))
    t = src.tensor((3, 4))
    for label, k, d in (("k", 5, 1), ("k_negative", -1, 1), ("dim", 1, 2), ("dim_low", 1, -3)):
        r.error("topk", label, fn, t, k, d, True, True)
    r.error("topk", "zero_dim", fn, src.tensor(()), 2, 0, True, True)
    fn = torch.kthvalue
    for label, s, layout, d, k in ONE:
        for n in (1, 2):
            if n == 2 and (s == () or s[d] < 2):
                continue
            src = r.source("kthvalue", label)
            r.case("kthvalue", f"{label}_{n}_f32", fn, src.tensor(s, f32, "distinct", layout), n, d, k)
            r.case("kthvalue", f"{label}_{n}_f64", fn, src.tensor(s, f64, "distinct", layout), n, d, k, grad2=True)
    r.case("kthvalue", "nan_f32", fn, src.values([1.0, nan, 3.0, 2.0]), 3, 0, False)
    r.case("kthvalue", "nan_last_f32", fn, src.values([1.0, nan, 3.0, 2.0]), 4, 0, False)
    dtype_cases(r, "kthvalue", fn, (2, 1, False), ALL_DTYPES[1:6] + (f16, bf16), kind="distinct", shape=(2, 9))
    for label, k, d in (("k", 5, 1), ("k_zero", 0, 1), ("dim", 1, 2), ("dim_low", 1, -3)):
        r.error("kthvalue", label, fn, t, k, d, False)
    r.error("kthvalue", "empty_dim", fn, src.tensor((3, 0)), 1, 1, False)
    fn = torch.median
    for label, s, layout in (
        ("zero_dim", (), "c"),
        ("odd", (5,), "c"),
        ("even", (6,), "c"),
        ("matrix", (3, 4), "T"),
        ("step", (2, 5), "step"),
        ("empty", (0,), "c"),
        ("tail", (37,), "c"),
    ):
        for dtype in (f32, f64):
            r.case(
                "median",
                f"{label}_{SHORT[dtype]}",
                fn,
                src.tensor(s, dtype, "distinct", layout),
                grad2=dtype == f64 and 0 not in s,
            )
    r.case("median", "nan_f32", fn, src.values([1.0, nan, 3.0, 2.0]))
    r.case("median", "ties_f32", fn, src.values([2.0, 1.0, 2.0, 2.0]))
    dtype_cases(r, "median", fn, (), ALL_DTYPES[1:6] + (f16, bf16), kind="distinct", shape=(9,))
    r.error("median", "b8", fn, src.tensor((3,), b8))
    for label, s, layout, d, k in ONE + [("even", (2, 6), "c", 1, False), ("empty_other", (3, 0), "c", 0, False)]:
        src = r.source("median_dim", label)
        r.case("median_dim", f"{label}_f32", fn, src.tensor(s, f32, "distinct", layout), d, k)
        r.case("median_dim", f"{label}_f64", fn, src.tensor(s, f64, "distinct", layout), d, k, grad2=0 not in s)
    r.case("median_dim", "nan_f32", fn, src.values([[1.0, nan, 3.0, 2.0], [4.0, 1.0, 3.0, 2.0]]), 1, False)
    dtype_cases(r, "median_dim", fn, (1, False), ALL_DTYPES[1:6] + (f16, bf16), kind="distinct", shape=(2, 9))
    dim_errors(r, "median_dim", fn, lambda d: d, (False,))
    r.error("median_dim", "empty_dim", fn, src.tensor((3, 0)), 1, False)


def order_unique(r):
    def unique(t, s, i, c):
        return torch.unique(t, s, i, c)

    def unique_dim(t, d, s, i, c):
        return torch.unique(t, s, i, c, dim=d)

    for i in (False, True):
        for c in (False, True):
            tag = f"{int(i)}{int(c)}"
            src = r.source("unique", tag)
            r.case("unique", f"row{tag}_i64", unique, src.tensor((37,), i64), True, i, c)
            r.case("unique", f"matrix{tag}_f32", unique, src.tensor((3, 4), f32, "whole", "T", False), True, i, c)
            r.case("unique", f"empty{tag}_f32", unique, src.tensor((0,), f32, grad=False), True, i, c)
            src = r.source("unique_dim", tag)
            rows = torch.tensor([[1, 2], [0, 5], [1, 2], [0, 4], [0, 5]])
            r.case("unique_dim", f"rows{tag}_i64", unique_dim, rows, 0, True, i, c)
            r.case("unique_dim", f"columns{tag}_f32", unique_dim, rows.T.float(), 1, True, i, c)
            r.case(
                "unique_dim",
                f"middle{tag}_f32",
                unique_dim,
                src.tensor((2, 4, 1), f32, "whole", "c", False),
                1,
                True,
                i,
                c,
            )
    # Slices differ at (0, 1) and at (1, 0): the place that is first in row-major order decides.
    deep = torch.tensor([[[0, 1], [0, 0]], [[0, 0], [1, 0]], [[0, 1], [0, 0]]])
    for d in range(3):
        for dtype in (i64, f32):
            r.case(
                "unique_dim", f"deep{d}_{SHORT[dtype]}", unique_dim, deep.movedim(0, d).to(dtype), d, True, True, True
            )
    dtype_cases(r, "unique", unique, (True, True, True), ALL_DTYPES, shape=(2, 9))
    r.case("unique", "zero_dim_i64", unique, torch.tensor(5), True, True, True)
    r.case("unique", "nan_f32", unique, torch.tensor([nan, 1.0, nan, inf, -inf, 1.0]), True, True, True)
    r.case("unique", "zeros_f32", unique, torch.tensor([0.0, -0.0, 1.0]), True, True, True)
    for label, d in (("dim_high", 2), ("dim_low", -3)):
        r.error("unique_dim", label, unique_dim, torch.ones(3, 4), d, True, False, False)
    r.error("unique_dim", "empty", unique_dim, torch.ones(2, 0), 0, True, False, False)


def order_count(r):
    op, fn = "bincount", torch.bincount
    src = r.source(op, "")
    t = torch.tensor([1, 3, 1, 0, 7, 3, 3])
    r.case(op, "plain", fn, t, None, 0)
    r.case(op, "minlength", fn, t, None, 12)
    r.case(op, "short_minlength", fn, t, None, 3)
    r.case(op, "empty", fn, torch.zeros(0, dtype=i64), None, 0)
    r.case(op, "empty_minlength", fn, torch.zeros(0, dtype=i64), None, 4)
    for dtype in INTS:
        r.case(op, f"dtype_{SHORT[dtype]}", fn, t.to(dtype), None, 0)
    r.case(op, "strided", fn, torch.arange(10)[1::3], None, 0)
    for dtype in (f32, f64, i64, f16):
        r.case(op, f"weights_{SHORT[dtype]}", fn, t, src.tensor((7,), dtype, grad=False), 0)
    r.error(op, "negative", fn, torch.tensor([1, -1]), None, 0)
    r.error(op, "matrix", fn, torch.ones(2, 2, dtype=i64), None, 0)
    r.error(op, "float", fn, torch.ones(2), None, 0)
    r.error(op, "weights_shape", fn, t, torch.ones(3), 0)
    r.error(op, "minlength_negative", fn, t, None, -1)
    op, fn = "histc", torch.histc
    for dtype in (f32, f64):
        t = src.tensor((41,), dtype, grad=False)
        r.case(op, f"range_{SHORT[dtype]}", fn, t, 8, -2.0, 2.0)
        r.case(op, f"data_{SHORT[dtype]}", fn, t, 10, 0.0, 0.0)
        r.case(op, f"one_bin_{SHORT[dtype]}", fn, t, 1, -1.0, 1.0)
        r.case(op, f"edges_{SHORT[dtype]}", fn, torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0], dtype=dtype), 4, 0.0, 4.0)
        r.case(op, f"matrix_{SHORT[dtype]}", fn, src.tensor((3, 4), dtype, "normal", "T", False), 5, -3.0, 3.0)
        r.case(op, f"constant_{SHORT[dtype]}", fn, torch.full((4,), 2.0, dtype=dtype), 4, 0.0, 0.0)
        r.case(op, f"empty_{SHORT[dtype]}", fn, torch.zeros(0, dtype=dtype), 4, 0.0, 0.0)
    r.case(op, "nan_inside_range", fn, torch.tensor([nan, 1.0, 2.0]), 4, 0.0, 4.0)
    t = torch.ones(3)
    r.error(op, "bins", fn, t, 0, 0.0, 1.0)
    r.error(op, "crossed", fn, t, 4, 2.0, 1.0)
    r.error(op, "infinite", fn, torch.tensor([inf, 1.0]), 4, 0.0, 0.0)
    r.error(op, "nan_range", fn, t, 4, nan, 1.0)
    r.error(op, "i64", fn, torch.ones(3, dtype=i64), 4, 0.0, 1.0)


FAMILIES = {"order": order}
