"""Cases of the pointwise ops of one tensor."""

import torch

from cases_common import BOOL_RESULT, INT_ONLY, Prefixed, f32, i64, supports, unary_family
from recorder import ALL_DTYPES, FLOATS, SHORT
from signatures import UNARY

DOMAIN = {
    "log": "pos",
    "log2": "pos",
    "log10": "pos",
    "log1p": "pos",
    "sqrt": "pos",
    "rsqrt": "pos",
    "reciprocal": "nonzero",
    "asin": "unit",
    "acos": "unit",
    "atanh": "unit",
    "erfinv": "unit",
    "acosh": "gt1",
    "tan": "unit",
    "lgamma": "pos",
    "digamma": "pos",
    "logit": "prob",
    "pow": "pos",
    "xlogy": "pos",
    "sinh": "small",
    "cosh": "small",
}

NO_GRAD = BOOL_RESULT | INT_ONLY
IN_PLACE_UNARY = set(UNARY) - {"isnan", "isinf", "isfinite"}


def unary(r):
    for op in UNARY:
        if op in INT_ONLY:
            fn, inplace = torch.bitwise_not, torch.Tensor.bitwise_not_
            for dtype in ALL_DTYPES[:6]:
                r.case(op, f"matrix_{SHORT[dtype]}", fn, r.source(op, "m").tensor((3, 4), dtype))
                r.case(op, f"step_{SHORT[dtype]}", fn, r.source(op, "s").tensor((2, 5), dtype, "normal", "step"))
            r.case(op, "scalar_i64", fn, r.source(op, "0").tensor((), i64))
            r.case(op, "empty_i64", fn, r.source(op, "e").tensor((0,), i64))
            r.case(op + "_", "matrix_i64", inplace, r.source(op, "m").tensor((3, 4), i64))
            r.error(op + "_", "f32", inplace, r.source(op, "m").tensor((3,), f32, grad=False))
            r.error(op + "_", "expanded", inplace, r.source(op, "m").tensor((3, 4), i64, "normal", "expand"))
            for dtype in FLOATS:
                r.error(op, SHORT[dtype], fn, r.source(op, "f").tensor((3,), dtype, grad=False))
            continue
        fn = getattr(torch, op)
        inplace = getattr(torch.Tensor, op + "_") if op in IN_PLACE_UNARY else None
        unary_family(
            r,
            op,
            fn,
            DOMAIN.get(op, "normal"),
            grad=op not in NO_GRAD,
            inplace=inplace,
            large=op in ("exp", "tanh", "sigmoid", "log", "sqrt", "sin", "erf", "abs"),
        )
        if inplace is not None and not supports(inplace, torch.ones(1, dtype=i64)):
            r.error(op + "_", "into_int", inplace, r.source(op, "i").tensor((3,), i64, "pos"))

    for eps, label in ((None, "none"), (1e-3, "eps"), (0.2, "wide")):
        unary_family(
            Prefixed(r, label + "_"),
            "logit",
            torch.logit,
            "prob",
            (eps,),
            inplace=torch.Tensor.logit_,
            ints=ALL_DTYPES[:6] if eps is None else (),
        )
    for decimals in (0, 2, -1):

        def fn(t, d):
            return torch.round(t) if d == 0 else torch.round(t, decimals=d)

        def fn_(t, d):
            return t.round_() if d == 0 else t.round_(decimals=d)

        unary_family(
            Prefixed(r, f"d{decimals}_".replace("-", "m")),
            "round",
            fn,
            "normal",
            (decimals,),
            inplace=fn_,
            ints=ALL_DTYPES[:6] if decimals == 0 else (),
        )
    half = [x + 0.5 for x in range(-5, 6)] + [0.49999997, -0.49999997, 8388609.0, 2.4999998]
    r.case("round", "halves_f32", lambda t, d: torch.round(t), r.source("round", "h").values(half, f32), 0)
    for label, args in (("defaults", (None, None, None)), ("given", (0.5, 10.0, -20.0)), ("some", (None, 7.0, None))):

        def fn(t, a, b, c):
            return torch.nan_to_num(t, a, b, c)

        unary_family(
            Prefixed(r, label + "_"),
            "nan_to_num",
            fn,
            "normal",
            args,
            inplace=torch.Tensor.nan_to_num_,
            ints=ALL_DTYPES[:6] if label == "defaults" else (),
        )


FAMILIES = {"unary": unary}
