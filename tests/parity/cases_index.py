"""Cases of gathering, scattering, indexing by tensors and masks, and padding."""

import torch
import torch.nn.functional as F

from cases_common import b8, f16, f32, f64, i32, i64, must_fail, u8
from recorder import ALL_DTYPES, INTS, SHORT

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")  # TT_REDUCE_...
PAD_MODES = ("constant", "reflect", "replicate", "circular")  # TT_PAD_...


def scatter_reduce(input, dim, index, src, reduce, include_self):
    return torch.scatter_reduce(input, dim, index, src, REDUCTIONS[reduce], include_self=include_self)


def scatter_reduce_(input, dim, index, src, reduce, include_self):
    return input.scatter_reduce_(dim, index, src, REDUCTIONS[reduce], include_self=include_self)


def pad(input, amounts, mode, value):
    return F.pad(input, amounts, PAD_MODES[mode], value if PAD_MODES[mode] == "constant" else None)


def index(input, indices):
    return torch.ops.aten.index(input, indices)


def index_put(input, indices, values, accumulate):
    return torch.index_put(input, indices, values, accumulate)


def numbers(*values, dtype=i64):
    return torch.tensor(values, dtype=dtype)


def gathers(r):
    gather = torch.gather
    src = r.source("gather", "cases")
    at = numbers([2, 0], [1, 1], [0, 2])
    for dtype in (f32, f64):
        r.case("gather", f"matrix_{SHORT[dtype]}", gather, src.tensor((3, 4), dtype), 0, at, grad2=dtype == f64)
    r.case("gather", "scalar_f32", gather, src.tensor((), f32), 0, numbers(0))
    r.case("gather", "int32_f32", gather, src.tensor((3, 4), f32), 1, at.to(i32))
    for dtype in ALL_DTYPES:
        r.case("gather", f"empty_{SHORT[dtype]}", gather, src.tensor((3, 4), f32), 1, torch.zeros(0, 2, dtype=dtype))
    r.error("gather", "uint8", gather, src.tensor((3, 4), f32), 1, at.to(u8))
    r.error("gather", "negative", gather, src.tensor((3, 4), f32), 1, -at)
    r.error("gather", "empty_dim", gather, torch.zeros(0), 0, numbers(5))

    along = torch.take_along_dim
    signed = numbers([-1, 0], [1, -3], [-2, 2])
    for dtype in (f32, f64):
        t = src.tensor((3, 3), dtype)
        r.case("take_along_dim", f"negative_{SHORT[dtype]}", along, t, signed, 1, grad2=dtype == f64)
    r.case("take_along_dim", "broadcast_f32", along, src.tensor((2, 1, 4), f32), numbers([[-1], [3]]), 2)
    r.case("take_along_dim", "rows_f32", along, src.tensor((3, 2), f32), numbers([-3, 2]).view(1, 2), 0)
    r.case("take_along_dim", "flat_f32", along, src.tensor((3, 3), f32), numbers([0, 8, 3]), None)
    r.case("take_along_dim", "empty_f32", along, src.tensor((2, 3), f32), torch.zeros(2, 0, dtype=i64), 1)
    r.error("take_along_dim", "flat_negative", along, src.tensor((3, 3), f32), numbers([-1]), None)
    r.error("take_along_dim", "int32", along, src.tensor((3, 3), f32), signed.to(i32), 1)
    r.error("take_along_dim", "empty_dim", along, torch.zeros(0), numbers(5), 0)

    select = torch.index_select
    r.case("index_select", "columns_f32", select, src.tensor((3, 4), f32), 1, numbers(3, 0, 3))
    r.case("index_select", "rows_f64", select, src.tensor((3, 4), f64), 0, numbers(2, 2), grad2=True)
    r.error("index_select", "bounds", select, src.tensor((3, 0), f32), 0, numbers(5))

    mask = src.tensor((3, 4), b8)
    r.case("masked_select", "matrix_f32", torch.masked_select, src.tensor((3, 4), f32), mask)
    r.case("masked_select", "broadcast_f64", torch.masked_select, src.tensor((3, 1), f64), mask, grad2=True)

    r.case("index", "rows_f32", index, src.tensor((3, 4), f32), [numbers(2, -1, 0)])
    r.case("index", "both_f64", index, src.tensor((3, 4), f64), [numbers([0], [2]), numbers(1, -4)], grad2=True)
    r.case("index", "mask_f32", index, src.tensor((3, 4), f32), [mask])
    # Where the result has no elements nobody looks at the numbers, unless the indexed dimension has none.
    r.case("index", "nothing_f32", index, src.tensor((3, 0), f32), [numbers(5, -7)])
    r.case("index", "no_rows_f32", index, src.tensor((0, 3), f32), [torch.zeros(0, dtype=i64)])
    r.error("index", "bounds", index, src.tensor((3, 4), f32), [numbers(5)])
    for shape in ((0, 3), (0, 0), (0,)):
        r.error("index", "empty_dim_" + "x".join(map(str, shape)), index, torch.zeros(shape), [numbers(5)])


def scatters(r):
    at = numbers([0, 2, 1], [2, 0, 1])
    src = r.source("scatter", "cases")

    def both(op, fn, inplace, *further):
        for dtype in (f32, f64):
            args = (src.tensor((2, 4), dtype, "nonzero"), 1, at, src.tensor((2, 3), dtype, "nonzero")) + further
            r.case(op, f"matrix_{SHORT[dtype]}", fn, *args, grad2=dtype == f64)
            r.case(op + "_", f"matrix_{SHORT[dtype]}", inplace, *args)
        for dtype in (u8, b8, f32):
            none, t = torch.zeros(0, 2, dtype=dtype), src.tensor((2, 4), f32, grad=False)
            r.case(op, f"empty_{SHORT[dtype]}", fn, t, 1, none, t.clone(), *further)
        r.error(op, "float_index", fn, src.tensor((2, 4), f32), 1, at.to(f32), src.tensor((2, 3), f32), *further)
        r.error(op, "bounds", fn, src.tensor((2, 4), f32), 1, at - 1, src.tensor((2, 3), f32), *further)

    both("scatter", torch.scatter, torch.Tensor.scatter_)
    both("scatter_add", torch.scatter_add, torch.Tensor.scatter_add_)
    for dtype in (f32, f64):
        t = src.tensor((2, 4), dtype)
        r.case("scatter_value", f"matrix_{SHORT[dtype]}", torch.scatter, t, 1, at, 2.5, grad2=dtype == f64)
    for dtype in INTS:
        # A whole number is an integer, and wraps into unsigned dtypes.
        r.case("scatter_value", f"minus_{SHORT[dtype]}", torch.scatter, src.tensor((4,), dtype), 0, numbers(3, 0), -1)
    r.error("scatter_value", "large_u8", torch.scatter, src.tensor((4,), u8), 0, numbers(3, 0), -256)
    r.error("scatter_value", "half_u8", torch.scatter, src.tensor((4,), u8), 0, numbers(3, 0), -1.5)

    for k, name in enumerate(REDUCTIONS):
        for include in (True, False):
            label = name + ("" if include else "_others")
            for dtype in (f32, f64):
                args = [src.tensor((2, 4), dtype, "distinct"), 1, at, src.tensor((2, 3), dtype, "distinct"), k, include]
                # The reference's second-order gradient of a product without the input is wrong.
                second = dtype == f64 and (include or name != "prod")
                r.case("scatter_reduce", f"{label}_{SHORT[dtype]}", scatter_reduce, *args, grad2=second)
                r.case("scatter_reduce_", f"{label}_{SHORT[dtype]}", scatter_reduce_, *args)
            bools = [src.tensor((2, 4), b8), 1, at, src.tensor((2, 3), b8), k, include]
            if name == "mean":
                r.error("scatter_reduce", f"{label}_b8", must_fail(scatter_reduce), *bools)
            else:
                r.case("scatter_reduce", f"{label}_b8", scatter_reduce, *bools)

    rows = numbers(2, 0)
    for dtype in (f32, f64):
        args = (src.tensor((3, 4), dtype), 0, rows, src.tensor((2, 4), dtype))
        second = dtype == f64
        alpha = lambda t, d, i, s, a: torch.index_add(t, d, i, s, alpha=a)
        alpha_ = lambda t, d, i, s, a: t.index_add_(d, i, s, alpha=a)
        r.case("index_add", f"rows_{SHORT[dtype]}", alpha, *args, 1.0, grad2=second)
        r.case("index_add", f"alpha_{SHORT[dtype]}", alpha, *args, -2.5, grad2=second)
        r.case("index_add_", f"rows_{SHORT[dtype]}", alpha_, *args, 2.0)
    for a in (0, 2, 0.5):
        r.case("index_add", f"alpha{a}_b8", alpha, numbers(0, 1, 0, dtype=b8), 0, rows, numbers(1, 1, dtype=b8), a)
    r.case("index_add", "nothing_f32", alpha, src.tensor((3, 0), f32), 0, numbers(5), torch.zeros(1, 0), 1.0)
    r.error("index_add", "bounds", alpha, src.tensor((3, 4), f32), 0, numbers(5, 0), src.tensor((2, 4), f32), 1.0)


def puts(r):
    src = r.source("index_put", "cases")
    mask = numbers(1, 0, 1, dtype=b8)
    rows = numbers(2, 0)
    for accumulate in (False, True):
        label = "add" if accumulate else "put"
        for dtype in (f32, f64):
            args = (src.tensor((3, 4), dtype), [rows], src.tensor((2, 4), dtype), accumulate)
            r.case("index_put", f"{label}_rows_{SHORT[dtype]}", index_put, *args, grad2=dtype == f64)
            r.case("index_put_", f"{label}_rows_{SHORT[dtype]}", torch.Tensor.index_put_, *args)
        args = (src.tensor((3,), f32), [mask], src.tensor((2,), f32), accumulate)
        r.case("index_put", f"{label}_mask_f32", index_put, *args)
    # One element goes where a mask says in any dtype; by indices, and added, it must have the tensor's.
    for label, value in (
        ("f64", src.tensor((1,), f64)),
        ("scalar_f64", src.tensor((), f64)),
        ("deep_f64", src.tensor((1, 1, 1), f64, grad=False)),  # the reference cannot go back
        ("i64", numbers(7)),
    ):
        for shape in ((3,), (3, 2)):
            deep = f"{label}_{len(shape)}d"
            r.case("index_put", f"one_{deep}", index_put, src.tensor(shape, f32), [mask], value, False)
            r.case("index_put_", f"one_{deep}", torch.Tensor.index_put_, src.tensor(shape, f32), [mask], value, False)
        r.error("index_put", f"rows_{label}", index_put, src.tensor((3,), f32), [rows], value, False)
        r.error("index_put", f"add_{label}", index_put, src.tensor((3,), f32), [mask], value, True)
    r.case("index_put", "one_into_i32", index_put, src.tensor((3,), i32), [mask], torch.tensor([2.5]), False)
    r.error("index_put", "two_f64", index_put, src.tensor((3,), f32), [mask], src.tensor((2,), f64), False)
    r.case("index_put", "nothing_f32", index_put, src.tensor((3, 0), f32), [numbers(5)], torch.tensor(1.0), False)
    r.error("index_put", "empty_dim", index_put, torch.zeros(0, 3), [numbers(5)], torch.tensor(1.0), False)

    fill, fill_ = torch.masked_fill, torch.Tensor.masked_fill_
    wide = src.tensor((3, 4), b8)
    for dtype in (f32, f64):
        r.case("masked_fill", f"matrix_{SHORT[dtype]}", fill, src.tensor((3, 4), dtype), wide, -1.5, grad2=dtype == f64)
        r.case("masked_fill_", f"matrix_{SHORT[dtype]}", fill_, src.tensor((3, 4), dtype), wide, -1.5)
        args = (wide, src.tensor((3, 4), dtype), src.tensor((4,), dtype))
        r.case("where", f"matrix_{SHORT[dtype]}", torch.where, *args, grad2=dtype == f64)
    for dtype in INTS:
        r.case("masked_fill", f"minus_{SHORT[dtype]}", fill, src.tensor((3,), dtype), mask, -1)
        r.case("masked_fill_", f"minus_{SHORT[dtype]}", fill_, src.tensor((3,), dtype), mask, -1)
    r.error("masked_fill", "large_u8", fill, src.tensor((3,), u8), mask, -256)
    r.error("masked_fill_", "large_u8", fill_, src.tensor((3,), u8), mask, 256)
    r.error("masked_fill", "fraction_u8", fill, src.tensor((3,), u8), mask, -1.5)


def pads(r):
    src = r.source("pad", "cases")
    for k, mode in enumerate(PAD_MODES):
        for dtype in (f32, f64):
            t = src.tensor((2, 3, 4), dtype)
            r.case("pad", f"{mode}_{SHORT[dtype]}", pad, t, [1, 2], k, 0.0, grad2=dtype == f64)
        for dtype in (f16, u8, b8):
            t = src.tensor((2, 3, 4), dtype, grad=False)
            if dtype == b8 and mode in ("reflect", "replicate"):
                r.error("pad", f"{mode}_{SHORT[dtype]}", must_fail(pad), t, [1, 1], k, 0.0)
            else:
                r.case("pad", f"{mode}_{SHORT[dtype]}", pad, t, [1, 1], k, 0.0)
    r.error("pad", "minus_u8", pad, src.tensor((3,), u8), [1, 1], 0, -1.0)


def index_family(r):
    gathers(r)
    scatters(r)
    puts(r)
    pads(r)


FAMILIES = {"index": index_family}
