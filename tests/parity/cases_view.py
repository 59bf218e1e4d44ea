"""Cases of the views and of the ops that return their input's elements rearranged."""

import torch

from recorder import SHORT, Meta

f16, bf16, f32, f64 = torch.float16, torch.bfloat16, torch.float32, torch.float64
i64, i32, u8, b8 = torch.int64, torch.int32, torch.uint8, torch.bool


def slice_(t, dim, start, end, step):
    return torch.ops.aten.slice.Tensor(t, dim, start, end, step)


def squeeze(t, dim):
    return torch.squeeze(t) if dim is None else torch.squeeze(t, tuple(dim))


def resize_(t, size):
    return t.resize_(size)


# op -> (function, good: (shape, layout, arguments...), bad: the same)
VIEWS = {
    "view": (
        lambda t, s: t.view(s),
        [
            ((2, 6), "c", [3, 4]),
            ((2, 6), "c", [-1]),
            ((2, 6), "c", [12, 1]),
            ((), "c", [1, 1]),
            ((1,), "c", []),
            ((0, 3), "c", [3, 0]),
            ((2, 3, 4), "T", [2, 3, 4]),
            ((2, 5), "step", [2, 5, 1]),
            ((4, 3), "expand", [4, 3, 1]),
            ((4, 3), "expand", [2, 2, 3]),
            ((2, 2, 3), "offset", [2, 1, 2, 3]),
            ((0,), "c", [0]),
            ((2, 3, 4), "c", [2, -1, 2]),
        ],
        [
            ((2, 6), "c", [5, 2]),
            ((2, 6), "c", [-1, 5]),
            ((2, 6), "c", [-1, -1]),
            ((3, 4), "T", [12]),
            ((2, 2, 3), "offset", [4, 3]),
            ((2, 6), "c", [-2, 6]),
            ((0,), "c", [-1, 0]),
        ],
    ),
    "reshape": (
        torch.reshape,
        [
            ((2, 6), "c", [3, 4]),
            ((3, 4), "T", [12]),
            ((3, 4), "T", [2, 6]),
            ((2, 5), "step", [10]),
            ((), "c", [1]),
            ((4, 3), "expand", [12]),
            ((4, 3), "expand", [2, 2, 3]),
            ((1,), "c", []),
            ((0, 3), "c", [-1, 3]),
            ((2, 2, 3), "offset", [-1]),
        ],
        [((2, 6), "c", [5, 2]), ((2, 6), "c", [-1, -1]), ((2, 6), "c", [-1, 5]), ((0,), "c", [-1, 0]), ((2,), "c", [])],
    ),
    "flatten": (
        torch.flatten,
        [
            ((2, 3, 4), "c", 0, -1),
            ((2, 3, 4), "c", 1, 2),
            ((2, 3, 4), "c", 1, 1),
            ((), "c", 0, -1),
            ((2, 3, 4), "T", 0, 1),
            ((2, 3, 4), "T", 1, 2),
            ((2, 0, 4), "c", 0, 1),
            ((5,), "step", 0, 0),
        ],
        [((2, 3, 4), "c", 2, 1), ((2, 3, 4), "c", 0, 3), ((2, 3, 4), "c", -4, 1)],
    ),
    "unflatten": (
        torch.unflatten,
        [
            ((6, 4), "c", 0, [2, 3]),
            ((6, 4), "c", -1, [2, -1]),
            ((6, 4), "T", 0, [3, 2]),
            ((2, 6), "step", 1, [2, 3]),
            ((0, 4), "c", 0, [0, 2]),
            ((6,), "c", 0, [6]),
        ],
        [((6, 4), "c", 0, [2, 4]), ((6, 4), "c", 2, [2, 3]), ((6, 4), "c", 0, []), ((6, 4), "c", 0, [-1, -1])],
    ),
    "squeeze": (
        squeeze,
        [
            ((1, 3, 1), "c", None),
            ((1, 3, 1), "c", [0]),
            ((1, 3, 1), "c", [-1]),
            ((1, 3, 1), "c", [1]),
            ((), "c", None),
            ((1, 3, 1, 1), "c", [0, 2]),
            ((1, 1), "c", None),
            ((), "c", [0]),
            ((2, 1, 3), "step", [1]),
            ((1, 0), "c", None),
        ],
        [((1, 3), "c", [2]), ((1, 3), "c", [-3]), ((1, 1), "c", [0, 0]), ((), "c", [1])],
    ),
    "unsqueeze": (
        torch.unsqueeze,
        [
            ((3, 4), "c", 0),
            ((3, 4), "c", 2),
            ((3, 4), "c", -1),
            ((3, 4), "c", -3),
            ((), "c", 0),
            ((3, 4), "T", 1),
            ((2, 5), "step", 1),
            ((0,), "c", 0),
        ],
        [((3, 4), "c", 3), ((3, 4), "c", -4)],
    ),
    "transpose": (
        torch.transpose,
        [
            ((3, 4), "c", 0, 1),
            ((2, 3, 4), "c", 0, -1),
            ((2, 3, 4), "c", 1, 1),
            ((), "c", 0, -1),
            ((3, 4), "T", 0, 1),
            ((2, 5), "step", 0, 1),
            ((0, 3), "c", 0, 1),
            ((3, 4), "expand", 0, 1),
        ],
        [((3, 4), "c", 0, 2), ((3, 4), "c", -3, 0), ((), "c", 0, 1)],
    ),
    "t": (torch.t, [((3, 4), "c"), ((5,), "c"), ((), "c"), ((3, 4), "T"), ((2, 5), "step")], [((2, 3, 4), "c")]),
    "permute": (
        torch.permute,
        [
            ((2, 3, 4), "c", [2, 0, 1]),
            ((2, 3, 4), "c", [0, 1, 2]),
            ((2, 3, 4), "T", [-1, 0, 1]),
            ((), "c", []),
            ((2, 3, 2, 2), "c", [0, 2, 3, 1]),
            ((2, 2, 3), "offset", [1, 2, 0]),
            ((0, 2), "c", [1, 0]),
        ],
        [((2, 3, 4), "c", [0, 1]), ((2, 3, 4), "c", [0, 1, 1]), ((2, 3, 4), "c", [0, 1, 3]), ((2, 3), "c", [-3, 0])],
    ),
    "movedim": (
        torch.movedim,
        [
            ((2, 3, 4), "c", [0], [2]),
            ((2, 3, 4), "c", [0, 1], [1, 2]),
            ((2, 3, 4), "T", [-1], [0]),
            ((2, 3), "c", [], []),
            ((), "c", [0], [0]),
            ((2, 3, 4), "c", [0, 2], [-1, 0]),
        ],
        [((2, 3), "c", [0], [2]), ((2, 3), "c", [0, 1], [0]), ((2, 3), "c", [0, 0], [0, 1]), ((2, 3), "c", [-3], [0])],
    ),
    "expand": (
        lambda t, s: t.expand(s),
        [
            ((3, 1), "c", [3, 4]),
            ((3,), "c", [2, 3]),
            ((), "c", [2, 2]),
            ((3, 1), "c", [-1, 4]),
            ((1, 0), "c", [2, 0]),
            ((3, 4), "T", [2, 3, 4]),
            ((1, 5), "step", [3, 5]),
            ((1,), "c", [0]),
            ((), "c", []),
        ],
        [
            ((3,), "c", [4]),
            ((3, 4), "c", [4]),
            ((3,), "c", [-1, 3]),
            ((3,), "c", [2, -2]),
            ((), "c", [2, 7, 2**62]),
        ],
    ),
    "narrow": (
        torch.narrow,
        [
            ((5, 3), "c", 0, 1, 3),
            ((5, 3), "c", -1, 0, 2),
            ((5, 3), "c", 0, -2, 2),
            ((5, 3), "c", 0, 5, 0),
            ((3, 4), "T", 1, 1, 2),
            ((2, 5), "step", 1, 2, 3),
            ((0, 2), "c", 0, 0, 0),
        ],
        [
            ((5, 3), "c", 0, 3, 3),
            ((5, 3), "c", 0, 6, 0),
            ((5, 3), "c", 2, 0, 1),
            ((5, 3), "c", 0, 0, -1),
            ((), "c", 0, 0, 1),
        ],
    ),
    "select": (
        torch.select,
        [
            ((3, 4), "c", 0, 1),
            ((3, 4), "c", 1, -1),
            ((3, 4), "c", -2, 0),
            ((5,), "c", 0, 4),
            ((3, 4), "T", 0, 2),
            ((2, 5), "step", 1, 3),
            ((3, 4), "expand", 0, 1),
            ((2, 0), "c", 0, 1),
        ],
        [((3, 4), "c", 0, 3), ((3, 4), "c", 0, -4), ((3, 4), "c", 2, 0), ((), "c", 0, 0), ((0, 2), "c", 0, 0)],
    ),
    "slice": (
        slice_,
        [
            ((5, 3), "c", 0, 1, 4, 1),
            ((5, 3), "c", 0, None, None, 2),
            ((5, 3), "c", 0, -3, None, 1),
            ((5, 3), "c", 1, 0, -1, 1),
            ((5, 3), "c", 0, 4, 2, 1),
            ((5, 3), "c", 0, -100, 100, 3),
            ((5, 3), "c", 0, 9, 12, 1),
            ((3, 4), "T", 1, 1, None, 2),
            ((2, 5), "step", 1, 1, 5, 2),
            ((0, 2), "c", 0, None, None, 1),
            ((3, 4), "expand", 0, 1, 3, 1),
        ],
        [((5, 3), "c", 0, 0, 3, 0), ((5, 3), "c", 0, 0, 3, -1), ((5, 3), "c", 2, 0, 1, 1), ((), "c", 0, 0, 1, 1)],
    ),
    "diagonal": (
        torch.diagonal,
        [
            ((3, 4), "c", 0, 0, 1),
            ((3, 4), "c", 1, 0, 1),
            ((3, 4), "c", -2, 0, 1),
            ((2, 3, 4), "c", 0, 1, 2),
            ((2, 3, 4), "c", 1, 2, 0),
            ((3, 4), "c", 4, 0, 1),
            ((3, 4), "T", 1, 0, 1),
            ((2, 5), "step", 0, -2, -1),
            ((0, 0), "c", 0, 0, 1),
        ],
        [((3, 4), "c", 0, 0, 0), ((3, 4), "c", 0, 0, 2), ((3,), "c", 0, 0, 1)],
    ),
    "unfold": (
        lambda t, d, n, s: t.unfold(d, n, s),
        [
            ((7,), "c", 0, 3, 1),
            ((7,), "c", 0, 2, 2),
            ((3, 5), "c", 1, 2, 1),
            ((3, 5), "c", 0, 3, 1),
            ((3, 4), "T", 1, 3, 1),
            ((2, 5), "step", 1, 2, 2),
            ((), "c", 0, 1, 1),
            ((5,), "c", 0, 0, 2),
            ((7,), "c", -1, 3, 10),
        ],
        [((7,), "c", 0, 8, 1), ((7,), "c", 0, 3, 0), ((7,), "c", 1, 3, 1), ((7,), "c", 0, -1, 1), ((), "c", 0, 2, 1)],
    ),
    "as_strided": (
        torch.as_strided,
        [
            ((12,), "c", [3, 2], [4, 1], 1),
            ((12,), "c", [3, 4], [1, 3], None),
            ((12,), "c", [3, 3], [1, 1], 0),
            ((12,), "c", [2, 3], [0, 1], 2),
            ((3, 4), "c", [], [], 5),
            ((3, 4), "c", [0, 2], [1, 1], 0),
            ((2, 5), "step", [2, 2], [10, 2], None),
            ((2, 6), "c", [2, 2, 2], [2, 2, 1], None),
        ],
        [
            ((12,), "c", [3, 5], [4, 1], 1),
            ((12,), "c", [3, 2], [4], 0),
            ((12,), "c", [2, 2], [-1, 1], 4),
            ((12,), "c", [2, 2], [1, 1], -1),
            ((12,), "c", [-2, 2], [1, 1], 0),
        ],
    ),
    "chunk": (
        torch.chunk,
        [
            ((6, 2), "c", 3, 0),
            ((5, 2), "c", 3, 0),
            ((5, 2), "c", 4, 0),
            ((3, 4), "T", 2, 1),
            ((2,), "c", 5, 0),
            ((0, 2), "c", 3, 0),
            ((2, 5), "step", 2, -1),
        ],
        [((6,), "c", 0, 0), ((6,), "c", 2, 1), ((), "c", 2, 0), ((6,), "c", -1, 0)],
    ),
    "split": (
        torch.split,
        [
            ((6, 2), "c", 3, 0),
            ((5, 2), "c", 2, 0),
            ((5, 2), "c", 9, 0),
            ((3, 4), "T", 3, 1),
            ((0, 2), "c", 2, 0),
            ((0,), "c", 0, 0),
            ((2, 5), "step", 2, 1),
        ],
        [((6,), "c", 0, 0), ((6,), "c", -1, 0), ((6,), "c", 2, 1), ((), "c", 1, 0)],
    ),
    "split_with_sizes": (
        torch.split_with_sizes,
        [
            ((6, 2), "c", [1, 2, 3], 0),
            ((3, 4), "T", [4, 0], 1),
            ((0,), "c", [], 0),
            ((2, 5), "step", [2, 3], -1),
        ],
        [((6,), "c", [1, 2], 0), ((6,), "c", [7, -1], 0), ((6,), "c", [6], 1)],
    ),
    "unbind": (
        torch.unbind,
        [
            ((3, 2), "c", 0),
            ((3, 2), "c", -1),
            ((3, 4), "T", 0),
            ((2, 5), "step", 1),
            ((4,), "c", 0),
            ((0, 2), "c", 0),
        ],
        [((3, 2), "c", 2), ((), "c", 0)],
    ),
    "contiguous": (
        lambda t: t.contiguous(),
        [
            ((3, 4), "c"),
            ((3, 4), "T"),
            ((2, 5), "step"),
            ((3, 4), "expand"),
            ((2, 2, 3), "offset"),
            ((), "c"),
            ((0, 3), "c"),
            ((37, 29), "T"),
            ((1, 4), "T"),
        ],
        [],
    ),
    "detach": (lambda t: t.detach(), [((3, 4), "c"), ((3, 4), "T"), ((), "c")], []),
}


def view(r):
    for op, (fn, good, bad) in VIEWS.items():
        for n, (shape, layout, *args) in enumerate(good):
            src = r.source(op, f"{n}")
            r.case(op, f"{n}_f32", fn, src.tensor(shape, f32, "normal", layout), *args)
            if n % 2 == 0 or layout == "T":
                r.case(op, f"{n}_f64", fn, src.tensor(shape, f64, "normal", layout), *args, grad2=op != "detach")
        shape, layout, *args = good[0]
        for dtype in (b8, u8, torch.int8, torch.int16, i32, i64, f16, bf16):
            r.case(
                op, f"dtype_{SHORT[dtype]}", fn, r.source(op, "d").tensor(shape, dtype, "normal", layout, False), *args
            )
        for n, (shape, layout, *args) in enumerate(bad):
            r.error(op, f"{n}", fn, r.source(op, "e").tensor(shape, f32, "normal", layout), *args)
    for op, fn, args in (
        ("squeeze", lambda t, d: t.squeeze_(tuple(d)), ([0],)),
        ("unsqueeze", torch.Tensor.unsqueeze_, (1,)),
        ("transpose", torch.Tensor.transpose_, (0, 1)),
        ("t", torch.Tensor.t_, ()),
    ):
        r.case(op + "_", "matrix_f32", fn, r.source(op, "_").tensor((1, 3), f32), *args)
        r.case(op + "_", "step_f64", fn, r.source(op, "_").tensor((1, 3), f64, "normal", "step", False), *args)
        r.error(op + "_", "leaf", fn, r.source(op, "_").tensor((1, 3), f32), *args)
    resize(r)


def resize(r):
    op = "resize_"
    src = r.source(op, "")
    r.case(op, "same_f32", resize_, src.tensor((3, 4), f32, grad=False), [4, 3])
    r.case(op, "smaller_f32", resize_, src.tensor((3, 4), f32, grad=False), [5])
    r.case(op, "zero_dim_f32", resize_, src.tensor((3, 4), f32, grad=False), [])
    r.case(op, "empty_i64", resize_, src.tensor((3, 4), i64), [0, 2])
    r.case(op, "strided_f32", resize_, src.tensor((3, 4), f32, "normal", "T", False), [2, 6])
    r.case(op, "offset_f32", resize_, src.tensor((2, 2, 3), f32, "normal", "offset", False), [4])
    r.case(op, "back_f32", resize_, torch.arange(12.0)[:5], [3, 4])
    r.case(op, "larger_f32", lambda t, s: Meta(t.resize_(s)), src.tensor((3, 4), f32, grad=False), [5, 6])
    r.case(op, "from_empty_f64", lambda t, s: Meta(t.resize_(s)), torch.zeros(0, dtype=f64), [2, 3])
    r.error(op, "negative", resize_, torch.zeros(3), [-1])
    r.error(op, "requires_grad", resize_, torch.zeros(3, requires_grad=True), [4])
    r.error(op, "huge", resize_, torch.zeros(3), [2**62, 8])


FAMILIES = {"view": view}
