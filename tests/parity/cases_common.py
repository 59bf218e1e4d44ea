"""What the case modules share: short names, special values, helpers, and the samples of an op of one tensor."""

import torch

from recorder import ALL_DTYPES, FLOATS, SHORT

f16, bf16, f32, f64 = torch.float16, torch.bfloat16, torch.float32, torch.float64
i64, i32, u8, b8 = torch.int64, torch.int32, torch.uint8, torch.bool
inf, nan = float("inf"), float("nan")

SPECIAL = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0, 88.5, -88.5, 1000.0, -1000.0]
HUGE = [3.0e38, -3.0e38, 1e30, -1e30, 1e20, 1e-38, 1e-40, -1e-40, 1e-45, 16777217.0, 2147483648.0, -2147483904.0]

BOOL_RESULT = {"isnan", "isinf", "isfinite", "logical_not"}
INT_ONLY = {"bitwise_not", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"}


def supports(fn, *args):
    try:
        fn(*args)
        return True
    except (RuntimeError, TypeError, NotImplementedError):
        return False


def must_fail(fn):
    """fn, where a missing kernel of the reference is no leave to have one: the library refuses it too."""

    def called(*args):
        try:
            return fn(*args)
        except NotImplementedError as e:
            raise TypeError(str(e)) from None

    return called


def one_by_one(fn):
    """fn of each element of a vector on its own. At NaN and near a dtype's bounds the reference's vectors give other
    results and gradients than what it computes element by element, and than its CUDA kernels."""

    def each(t, *extra):
        return torch.cat([fn(t.narrow(0, i, 1), *extra) for i in range(len(t))])

    each.in_parts = True
    return each


def steady(r, op, fn, values, dtype, grad, extra=()):
    """The values for which the reference's result and gradient in dtype are those it computes in float64."""

    def results(d):
        t = torch.tensor(values, dtype=dtype).to(d).requires_grad_(grad and d in FLOATS)
        out = fn(t, *extra)
        found = [out.detach()]
        if out.requires_grad:
            found += torch.autograd.grad(out, t, torch.ones_like(out))
        return [x.double() for x in found]

    keep = torch.ones(len(values), dtype=torch.bool)
    for got, want in zip(results(dtype), results(f64)):
        want = torch.where(want.abs() > torch.finfo(dtype).max, torch.sign(want) * inf, want)
        far = (got - want).abs() > 1e-3 + 0.1 * want.abs()
        keep &= (got == want) | (got.isnan() & want.isnan()) | ((got - want).isfinite() & ~far)
    dropped = [v for v, k in zip(values, keep.tolist()) if not k]
    if dropped:
        r.note(f"{op} {SHORT[dtype]}: not recorded at {dropped}")
    return [v for v, k in zip(values, keep.tolist()) if k]


class Prefixed:
    """A recorder that puts a prefix before every variant's name."""

    def __init__(self, recorder, prefix):
        self.recorder, self.prefix = recorder, prefix

    def source(self, op, label):
        return self.recorder.source(op, self.prefix + label)

    def case(self, op, variant, *args, **kw):
        self.recorder.case(op, self.prefix + variant, *args, **kw)

    def note(self, text):
        self.recorder.note(text)

    def error(self, op, variant, *args):
        self.recorder.error(op, self.prefix + variant, *args)


SHAPES = [  # name, shape, layout
    ("scalar", (), "c"),
    ("empty", (0,), "c"),
    ("empty2d", (2, 0, 3), "c"),
    ("row", (5,), "c"),
    ("tail", (37,), "c"),
    ("matrix", (3, 4), "c"),
    ("transposed", (3, 4), "T"),
    ("step", (2, 5), "step"),
    ("expand", (3, 4), "expand"),
    ("offset", (2, 2, 3), "offset"),
]


def unary_family(
    r, op, fn, kind, extra=(), grad=True, ints=ALL_DTYPES[:6], inplace=None, specials=True, large=False, leaf=True
):
    """Records one op of one tensor and the fixed further arguments `extra`."""

    def run(variant, t, **kw):
        r.case(op, variant, fn, t, *extra, **kw)

    for label, shape, layout in SHAPES:
        run(f"{label}_f32", r.source(op, label).tensor(shape, f32, kind, layout, grad))
    for label, shape, layout in SHAPES[5:8]:
        run(f"{label}_f64", r.source(op, label + "64").tensor(shape, f64, kind, layout, grad), grad2=grad)
    if large:
        run("large_f32", r.source(op, "large").tensor((1031,), f32, kind, "c", grad))
    for dtype in (f16, bf16):
        t = r.source(op, SHORT[dtype]).tensor((3, 7), dtype, kind, "c", False)
        if supports(fn, t, *extra):
            run(f"matrix_{SHORT[dtype]}", t)
    for dtype in ints:
        t = r.source(op, SHORT[dtype]).tensor((9,), dtype, kind)
        if supports(fn, t, *extra):
            run(f"row_{SHORT[dtype]}", t)
        else:
            r.error(op, SHORT[dtype], fn, t, *extra)
    if specials:
        src = r.source(op, "special")
        fn = one_by_one(fn)

        def special(values, dtype, gradient):
            kept = values if op == "nan_to_num" else steady(r, op, fn, values, dtype, gradient, extra)
            return src.values(kept, dtype, gradient)

        run("special_f32", special(SPECIAL, f32, grad), check=False)
        # digamma's gradient next to a pole is only rounding.
        run("special_f64", src.values([v for v in SPECIAL if op != "digamma" or v not in (-1.0, -1000.0)], f64, grad))
        run("huge_f32", special(HUGE, f32, grad), check=False)
        for dtype in (f16, bf16):
            if supports(fn, torch.ones(1, dtype=dtype), *extra):
                run(f"special_{SHORT[dtype]}", special(SPECIAL, dtype, False), check=False)
    if inplace is not None:

        def run_(variant, t, **kw):
            r.case(op + "_", variant, inplace, t, *extra, **kw)

        # Some in-place forms (asinh_, acosh_, atanh_) have no derivative although their op has one.
        both = grad and supports(lambda: inplace(torch.ones(1, requires_grad=True).clone(), *extra).sum().backward())
        run_("matrix_f32", r.source(op, "in").tensor((3, 4), f32, kind, "c", both))
        run_("transposed_f64", r.source(op, "in").tensor((3, 4), f64, kind, "T", both), grad2=both)
        run_("step_f32", r.source(op, "in").tensor((2, 5), f32, kind, "step", False))
        if leaf and grad:
            r.error(op + "_", "leaf", inplace, r.source(op, "in").tensor((3,), f32, kind), *extra)
        if op not in ("threshold", "hardtanh"):  # the reference lets these through
            r.error(
                op + "_", "expanded", inplace, r.source(op, "in").tensor((3, 4), f32, kind, "expand", False), *extra
            )
