"""Cases of lerp, clamp, addcmul and addcdiv."""

import torch

from cases_common import Prefixed, b8, bf16, f16, f32, f64, i32, i64, inf, must_fail, nan, supports, unary_family
from recorder import ALL_DTYPES, INTS, SHORT


def ternary(r):
    def three(op, fn, extra=(), kinds=("normal", "normal", "normal"), inplace=None, ints=True):
        shapes = [
            ("scalars", (), (), ()),
            ("row", (5,), (5,), (5,)),
            ("tail", (37,), (37,), (37,)),
            ("broadcast", (2, 1, 3), (4, 1), (3,)),
            ("empty", (0, 3), (3,), (1,)),
        ]
        for label, *s in shapes:
            src = r.source(op, label)
            r.case(op, f"{label}_f32", fn, *[src.tensor(x, f32, k) for x, k in zip(s, kinds)], *extra)
        src = r.source(op, "layouts")
        layouts = ("T", "step", "expand")
        r.case(op, "layouts_f32", fn, *[src.tensor((3, 4), f32, k, l) for k, l in zip(kinds, layouts)], *extra)
        r.case(
            op, "layouts_f64", fn, *[src.tensor((3, 4), f64, k, l) for k, l in zip(kinds, layouts)], *extra, grad2=True
        )
        r.case(
            op, "broadcast_f64", fn, *[src.tensor(x, f64, k) for x, k in zip(shapes[3][1:], kinds)], *extra, grad2=True
        )
        for dtype in (f16, bf16) + tuple(INTS):
            args = [src.tensor((7,), dtype, k, "c", False) for k in kinds]
            if supports(fn, *args, *extra):
                r.case(op, f"row_{SHORT[dtype]}", fn, *args, *extra)
            else:
                r.error(op, SHORT[dtype], fn, *args, *extra)
        pick = [nan, inf, -inf, 0.0, 2.0]
        grid = torch.cartesian_prod(*[torch.tensor(pick)] * 3)[::3]
        r.case(op, "special_f32", fn, *[src.values(grid[:, k].tolist(), f32) for k in range(3)], *extra)
        r.error(
            op,
            "shapes",
            fn,
            src.tensor((3,), grad=False),
            src.tensor((4,), grad=False),
            src.tensor((3,), grad=False),
            *extra,
        )
        r.case(op + "_", "matrix_f32", inplace, *[src.tensor((3, 4), f32, k) for k in kinds], *extra)
        r.error(
            op + "_",
            "grow",
            inplace,
            src.tensor((3,), grad=False),
            src.tensor((2, 3), grad=False),
            src.tensor((3,), grad=False),
            *extra,
        )
        r.error(op + "_", "leaf", inplace, *[src.tensor((3,), f32, k) for k in kinds], *extra)

    def value(fn):
        return lambda a, b, c, v: fn(a, b, c, value=v)

    three("lerp", torch.lerp, inplace=torch.Tensor.lerp_)
    src = r.source("lerp", "w")
    r.case(
        "lerp",
        "weights_f32",
        torch.lerp,
        src.tensor((6,)),
        src.tensor((6,)),
        src.values([0.0, 0.25, 0.5, 0.75, 1.0, 1.5]),
    )
    for v in (1.0, -0.5):
        p = Prefixed(r, f"v{v}_".replace("-", "m"))
        for op, kinds in (("addcmul", ("normal",) * 3), ("addcdiv", ("normal", "normal", "nonzero"))):
            fn, fn_ = value(getattr(torch, op)), value(getattr(torch.Tensor, op + "_"))
            if v == 1.0:
                three(op, fn, (v,), kinds, fn_)
            else:
                src = p.source(op, "v")
                for dtype in (f32, f64):
                    p.case(
                        op,
                        f"broadcast_{SHORT[dtype]}",
                        fn,
                        *[src.tensor(s, dtype, k) for s, k in zip(((2, 3), (3,), (2, 1)), kinds)],
                        v,
                        grad2=dtype == f64,
                    )
    src = r.source("addcmul", "int")
    r.case(
        "addcmul",
        "value2_i64",
        value(torch.addcmul),
        src.tensor((4,), i64),
        src.tensor((4,), i64),
        src.tensor((4,), i64),
        2,
    )

    for w in (0.0, 0.25, 0.5, 0.75, 1.0, -1.0, 2.0):
        label = f"{w}".replace("-", "m")
        src = r.source("lerp_scalar", label)
        for dtype in (f32, f64):
            r.case(
                "lerp_scalar",
                f"{label}_{SHORT[dtype]}",
                torch.lerp,
                src.tensor((3, 4), dtype, "normal", "T"),
                src.tensor((4,), dtype),
                w,
                grad2=dtype == f64,
            )
    r.case("lerp_scalar_", "matrix_f32", torch.Tensor.lerp_, src.tensor((3, 4)), src.tensor((4,)), 0.3)
    r.error("lerp_scalar_", "leaf", torch.Tensor.lerp_, src.tensor((3,)), src.tensor((3,)), 0.3)
    r.error(
        "lerp_scalar_", "grow", torch.Tensor.lerp_, src.tensor((3,), grad=False), src.tensor((2, 3), grad=False), 0.3
    )
    r.case(
        "lerp_scalar",
        "special_f32",
        torch.lerp,
        src.values([inf, nan, 1.0, -inf]),
        src.values([1.0, 1.0, inf, inf]),
        0.5,
    )
    r.error("lerp_scalar", "shapes", torch.lerp, src.tensor((3,)), src.tensor((4,)), 0.5)
    r.error("lerp_scalar", "dtypes", torch.lerp, src.tensor((3,)), src.tensor((3,), f64), 0.5)
    for dtype in ALL_DTYPES[:6]:
        ends = src.tensor((3,), dtype), src.tensor((3,), dtype)
        r.error("lerp_scalar", SHORT[dtype], must_fail(torch.lerp), *ends, 0.5)
        r.error("lerp_scalar_", SHORT[dtype], must_fail(torch.Tensor.lerp_), *ends, 0.5)
        # Of two integers, whatever the input is.
        r.error("addcdiv", f"quotient_{SHORT[dtype]}", must_fail(value(torch.addcdiv)), torch.ones(3), *ends, 1.0)
        mixed = src.tensor((3,), dtype), src.tensor((3,), f32, "nonzero")
        r.case("addcdiv", f"mixed_{SHORT[dtype]}", value(torch.addcdiv), torch.ones(3), *mixed, 1.0)

    limits = {
        "both": (-0.5, 0.75),
        "min": (0.25, None),
        "max": (None, 0.25),
        "crossed": (1.0, -1.0),
        "nan": (nan, 1.0),
        "inf": (-inf, inf),
    }
    for label, (lo, hi) in limits.items():
        unary_family(
            Prefixed(r, label + "_"),
            "clamp",
            torch.clamp,
            "normal",
            (lo, hi),
            ints=ALL_DTYPES[:6] if label == "both" else (),
            inplace=torch.Tensor.clamp_,
            specials=label != "inf",
        )
    src = r.source("clamp", "edges")
    r.case("clamp", "edges_f32", torch.clamp, src.values([-1.0, -0.5, 0.0, 0.5, 1.0]), -0.5, 0.5)
    r.error("clamp", "neither", torch.clamp, src.tensor((3,)), None, None)
    for label, (lo, hi) in {"both": ((4,), (3, 1)), "min": ((3, 4), None), "max": (None, ())}.items():
        src = r.source("clamp_tensor", label)
        for dtype in (f32, f64):
            args = [None if s is None else src.tensor(s, dtype, "small") for s in (lo, hi)]
            r.case(
                "clamp_tensor",
                f"{label}_{SHORT[dtype]}",
                torch.clamp,
                src.tensor((3, 4), dtype),
                *args,
                grad2=dtype == f64,
            )
        args = [None if s is None else src.tensor(s, i64, "small") for s in (lo, hi)]
        r.case("clamp_tensor", f"{label}_i64", torch.clamp, src.tensor((3, 4), i64), *args)
        args = [None if s is None else src.tensor(s, f32, "small") for s in (lo, hi)]
        r.case("clamp_tensor", f"{label}_promote", torch.clamp, src.tensor((3, 4), i32), *args)
        r.case("clamp_tensor_", f"{label}_f32", torch.Tensor.clamp_, src.tensor((3, 4)), *args)
    grid = torch.cartesian_prod(*[torch.tensor([nan, inf, -inf, 0.0, 1.0])] * 3)[::2]
    r.case("clamp_tensor", "special_f32", torch.clamp, *[src.values(grid[:, k].tolist()) for k in range(3)])
    for label, bounds in (("min", (True, False)), ("max", (False, True))):
        bools = [src.tensor((3, 4), b8) if given else None for given in bounds]
        r.case("clamp_tensor", f"{label}_b8", torch.clamp, src.tensor((3, 4), b8), *bools)
        r.case("clamp_tensor_", f"{label}_b8", torch.Tensor.clamp_, src.tensor((3, 4), b8), *bools)
    r.error("clamp_tensor_", "leaf", torch.Tensor.clamp_, src.tensor((3,)), src.tensor((3,)), None)
    r.error("clamp_tensor_", "grow", torch.Tensor.clamp_, torch.ones(3), torch.ones(2, 3), None)
    src = r.source("ternary", "large")
    r.case(
        "clamp_tensor",
        "large_f32",
        torch.clamp,
        src.tensor((1031,), grad=False),
        src.tensor((1,), grad=False),
        src.tensor((1031,), grad=False),
    )
    r.case("addcmul", "large_f32", value(torch.addcmul), *[src.tensor((33, 32), grad=False) for _ in range(3)], 0.5)
    r.case("lerp", "large_f32", torch.lerp, *[src.tensor((1031,), grad=False) for _ in range(3)])
    r.error("clamp_tensor", "shapes", torch.clamp, src.tensor((3,)), src.tensor((4,)), None)
    r.error("clamp_tensor", "neither", torch.clamp, src.tensor((3,)), None, None)


FAMILIES = {"ternary": ternary}
