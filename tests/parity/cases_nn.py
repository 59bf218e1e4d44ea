"""Cases of convolution, pooling, batch norm and the losses."""

import torch
import torch.nn.functional as F

from cases_common import bf16, f16, f32, f64, i32, i64, inf, nan, supports, u8
from recorder import ALL_DTYPES, SHORT


def conv(r):
    op, fn = "conv2d", F.conv2d
    one, zero = [1, 1], [0, 0]
    # name, input, weight, bias, stride, padding, dilation, groups, input layout, weight layout
    shapes = [
        ("plain", (2, 3, 5, 5), (4, 3, 3, 3), True, one, zero, one, 1, "c", "c"),
        ("padded", (2, 3, 5, 5), (4, 3, 3, 3), True, one, [1, 1], one, 1, "c", "c"),
        ("stride", (2, 2, 7, 6), (3, 2, 3, 3), True, [2, 2], [1, 1], one, 1, "c", "c"),
        ("stride_uneven", (1, 2, 7, 6), (3, 2, 3, 2), True, [2, 1], [0, 1], one, 1, "c", "c"),
        ("dilation", (1, 2, 7, 7), (2, 2, 3, 3), True, one, [2, 2], [2, 2], 1, "c", "c"),
        ("dilation_uneven", (1, 2, 7, 6), (2, 2, 3, 2), False, [2, 1], [1, 2], [2, 3], 1, "c", "c"),
        ("groups", (2, 4, 5, 5), (6, 2, 3, 3), True, one, [1, 1], one, 2, "c", "c"),
        ("depthwise", (2, 3, 5, 5), (3, 1, 3, 3), True, one, [1, 1], one, 3, "c", "c"),
        ("depthwise_multiplier", (1, 3, 5, 5), (6, 1, 3, 3), False, [2, 2], [1, 1], one, 3, "c", "c"),
        ("pointwise", (2, 3, 4, 4), (5, 3, 1, 1), True, one, zero, one, 1, "c", "c"),
        ("pointwise_stride", (2, 3, 5, 5), (4, 3, 1, 1), False, [2, 2], zero, one, 1, "c", "c"),
        ("no_bias", (1, 1, 6, 6), (2, 1, 3, 3), False, one, zero, one, 1, "c", "c"),
        ("five", (1, 1, 8, 8), (2, 1, 5, 5), True, one, [2, 2], one, 1, "c", "c"),
        ("wide_kernel", (1, 2, 4, 9), (2, 2, 1, 7), True, one, [0, 3], one, 1, "c", "c"),
        ("one_pixel", (1, 2, 3, 3), (2, 2, 3, 3), True, one, zero, one, 1, "c", "c"),
        ("unbatched", (3, 5, 5), (2, 3, 3, 3), True, one, [1, 1], one, 1, "c", "c"),
        ("transposed", (2, 3, 5, 5), (4, 3, 3, 3), True, one, [1, 1], one, 1, "T", "T"),
        ("channels_last", (2, 3, 5, 5), (4, 3, 3, 3), True, one, [1, 1], one, 1, "last", "last"),
        ("step", (1, 2, 5, 5), (2, 2, 3, 3), True, one, [1, 1], one, 1, "step", "step"),
        ("expand", (2, 2, 5, 5), (2, 2, 3, 3), True, one, zero, one, 1, "expand", "c"),
        ("big_padding", (1, 1, 2, 2), (1, 1, 3, 3), True, one, [3, 3], one, 1, "c", "c"),
        ("empty_batch", (0, 3, 5, 5), (4, 3, 3, 3), True, one, [1, 1], one, 1, "c", "c"),
    ]
    for label, s, w, bias, stride, padding, dilation, groups, l1, l2 in shapes:
        for dtype in (f32, f64):
            src = r.source(op, label)
            r.case(
                op,
                f"{label}_{SHORT[dtype]}",
                fn,
                src.tensor(s, dtype, "small", l1),
                src.tensor(w, dtype, "small", l2),
                src.tensor((w[0],), dtype) if bias else None,
                stride,
                padding,
                dilation,
                groups,
                grad2=dtype == f64
                and label in ("plain", "stride_uneven", "dilation", "groups", "depthwise", "pointwise"),
            )
    src = r.source(op, "only")
    args = (one, [1, 1], one, 1)
    r.case(
        op,
        "weight_only_f32",
        fn,
        src.tensor((1, 2, 4, 4), f32, "small", grad=False),
        src.tensor((2, 2, 3, 3), f32, "small"),
        None,
        *args,
    )
    r.case(
        op,
        "input_only_f32",
        fn,
        src.tensor((1, 2, 4, 4), f32, "small"),
        src.tensor((2, 2, 3, 3), f32, "small", grad=False),
        src.tensor((2,), grad=False),
        *args,
    )
    r.case(
        op,
        "large_f32",
        fn,
        src.tensor((2, 3, 13, 13), f32, "small", grad=False),
        src.tensor((17, 3, 3, 3), f32, "small", grad=False),
        src.tensor((17,), grad=False),
        *args,
    )
    for dtype in ALL_DTYPES[:6] + (f16, bf16):
        t = [src.tensor(x, dtype, "small", grad=False) for x in ((1, 2, 4, 4), (2, 2, 3, 3), (2,))]
        if supports(fn, *t, *args):
            r.case(op, f"dtype_{SHORT[dtype]}", fn, *t, *args)
        else:
            r.error(op, f"dtype_{SHORT[dtype]}", fn, *t, *args)

    def ones(*s, d=f32):
        return torch.ones(*s, dtype=d)

    for label, *a in [
        ("channels", ones(1, 2, 4, 4), ones(2, 3, 3, 3), None, one, zero, one, 1),
        ("groups_divide", ones(1, 3, 4, 4), ones(2, 1, 3, 3), None, one, zero, one, 2),
        ("groups_out", ones(1, 4, 4, 4), ones(3, 2, 3, 3), None, one, zero, one, 2),
        ("groups_zero", ones(1, 4, 4, 4), ones(3, 2, 3, 3), None, one, zero, one, 0),
        ("kernel_large", ones(1, 1, 2, 2), ones(1, 1, 3, 3), None, one, zero, one, 1),
        ("stride_zero", ones(1, 1, 4, 4), ones(1, 1, 3, 3), None, [0, 1], zero, one, 1),
        ("stride_negative", ones(1, 1, 4, 4), ones(1, 1, 3, 3), None, [-1, 1], zero, one, 1),
        ("padding_negative", ones(1, 1, 4, 4), ones(1, 1, 3, 3), None, one, [-1, 0], one, 1),
        ("dilation_zero", ones(1, 1, 4, 4), ones(1, 1, 3, 3), None, one, zero, [0, 1], 1),
        ("input_dims", ones(4, 4), ones(1, 1, 3, 3), None, one, zero, one, 1),
        ("weight_dims", ones(1, 1, 4, 4), ones(1, 3, 3), None, one, zero, one, 1),
        ("bias_size", ones(1, 1, 4, 4), ones(2, 1, 3, 3), ones(3), one, zero, one, 1),
        ("dtypes", ones(1, 1, 4, 4), ones(1, 1, 3, 3, d=f64), None, one, zero, one, 1),
        ("stride_count", ones(1, 1, 4, 4), ones(1, 1, 3, 3), None, [1, 1, 1], zero, one, 1),
    ]:
        r.error(op, label, fn, *a)
    op = "conv2d_padding"
    for mode in ("same", "valid"):
        for label, s, w, dilation, groups in (
            ("odd", (2, 2, 5, 5), (3, 2, 3, 3), one, 1),
            ("even", (1, 2, 5, 6), (2, 2, 2, 4), one, 1),
            ("dilated", (1, 2, 6, 6), (2, 1, 2, 3), [2, 1], 2),
        ):
            for dtype in (f32, f64):
                src = r.source(op, label)
                r.case(
                    op,
                    f"{mode}_{label}_{SHORT[dtype]}",
                    fn,
                    src.tensor(s, dtype, "small"),
                    src.tensor(w, dtype, "small"),
                    src.tensor((w[0],), dtype),
                    one,
                    mode,
                    dilation,
                    groups,
                    grad2=dtype == f64 and label == "even",
                )
    r.case(
        op, "valid_stride_f32", fn, src.tensor((1, 1, 5, 5)), src.tensor((1, 1, 3, 3)), None, [2, 2], "valid", one, 1
    )
    r.error(op, "same_stride", fn, ones(1, 1, 5, 5), ones(1, 1, 3, 3), None, [2, 2], "same", one, 1)
    r.error(op, "unknown", fn, ones(1, 1, 5, 5), ones(1, 1, 3, 3), None, one, "full", one, 1)


def pool(r):
    def max_plain(t, k, s, p, d, c):
        return F.max_pool2d(t, k, s, p, d, c)

    def max_indices(t, k, s, p, d, c):
        return F.max_pool2d(t, k, s, p, d, c, return_indices=True)

    def avg(t, k, s, p, c, i, o):
        return F.avg_pool2d(t, k, s, p, c, i, o)

    # name, input, layout, kernel, stride, padding, dilation, ceil_mode
    shapes = [
        ("plain", (2, 3, 4, 4), "c", [2, 2], [2, 2], [0, 0], [1, 1], False),
        ("odd", (1, 2, 5, 7), "c", [2, 2], [2, 2], [0, 0], [1, 1], False),
        ("ceil", (1, 2, 5, 6), "c", [2, 2], [2, 2], [0, 0], [1, 1], True),
        ("overlap", (1, 2, 5, 5), "c", [3, 3], [1, 1], [1, 1], [1, 1], False),
        ("stride2", (1, 2, 6, 6), "c", [3, 3], [2, 2], [1, 1], [1, 1], False),
        ("uneven", (2, 1, 5, 6), "c", [2, 3], [1, 2], [1, 1], [1, 1], True),
        ("dilation", (1, 2, 6, 6), "c", [2, 2], [1, 1], [0, 0], [2, 3], False),
        ("gaps", (1, 1, 7, 7), "c", [2, 2], [3, 3], [0, 0], [1, 1], True),
        ("ceil_padded", (1, 1, 4, 4), "c", [3, 3], [2, 2], [1, 1], [1, 1], True),
        ("whole", (2, 2, 3, 3), "c", [3, 3], [3, 3], [0, 0], [1, 1], False),
        ("unbatched", (2, 4, 4), "c", [2, 2], [2, 2], [0, 0], [1, 1], False),
        ("transposed", (1, 2, 4, 6), "T", [2, 2], [2, 2], [0, 0], [1, 1], False),
        ("channels_last", (2, 3, 4, 4), "last", [2, 2], [2, 2], [0, 0], [1, 1], False),
        ("step", (1, 2, 4, 4), "step", [2, 2], [2, 2], [0, 0], [1, 1], False),
        ("empty_batch", (0, 2, 4, 4), "c", [2, 2], [2, 2], [0, 0], [1, 1], False),
        ("large", (2, 3, 14, 13), "c", [3, 3], [2, 2], [1, 1], [1, 1], False),
    ]
    for label, s, layout, k, st, p, d, ceil in shapes:
        for dtype in (f32, f64):
            tag = f"{label}_{SHORT[dtype]}"
            second = dtype == f64 and label in ("plain", "overlap", "uneven", "dilation")
            if label == "large" and dtype == f64:
                continue
            for op, fn in (("max_pool2d", max_plain), ("max_pool2d_with_indices", max_indices)):
                src = r.source("max_pool2d", label)
                if op == "max_pool2d" or label in ("plain", "stride2", "ceil", "overlap", "channels_last", "dilation"):
                    r.case(op, tag, fn, src.tensor(s, dtype, "distinct", layout), k, st, p, d, ceil, grad2=second)
            if d == [1, 1]:
                for include in (True, False):
                    for divisor in (None, 3):
                        if divisor and label not in ("overlap", "uneven"):
                            continue
                        if not include and p == [0, 0] and label != "ceil":
                            continue
                        src = r.source("avg_pool2d", label)
                        t2 = f"{label}_{'in' if include else 'ex'}clude{'_divisor' if divisor else ''}_{SHORT[dtype]}"
                        r.case(
                            "avg_pool2d",
                            t2,
                            avg,
                            src.tensor(s, dtype, "normal", layout),
                            k,
                            st,
                            p,
                            ceil,
                            include,
                            divisor,
                            grad2=second,
                        )
    src = r.source("max_pool2d", "more")
    two, one, zero = [2, 2], [1, 1], [0, 0]
    t = src.values([[[[1.0, 1.0, nan, 0.0], [1.0, 1.0, 2.0, 3.0], [-inf, -inf, inf, inf], [-inf, -inf, 5.0, inf]]]])
    for op, fn in (("max_pool2d", max_plain), ("max_pool2d_with_indices", max_indices)):
        r.case(op, "special_f32", fn, t, two, two, zero, one, False)
        for dtype in (f16, bf16, i64, i32, u8):
            x = src.tensor((1, 2, 4, 4), dtype, "distinct", "c", False)
            if supports(fn, x, two, two, zero, one, False):
                r.case(op, f"dtype_{SHORT[dtype]}", fn, x, two, two, zero, one, False)
            else:
                r.error(op, f"dtype_{SHORT[dtype]}", fn, x, two, two, zero, one, False)
        x = torch.ones(1, 1, 4, 4)
        for label, *a in [
            ("kernel_zero", x, [0, 2], two, zero, one, False),
            ("stride_zero", x, two, [0, 1], zero, one, False),
            ("padding_large", x, two, two, [2, 2], one, False),
            ("padding_negative", x, two, two, [-1, 0], one, False),
            ("dilation_zero", x, two, two, zero, [0, 1], False),
            ("kernel_large", x, [5, 5], two, zero, one, False),
            ("dims", torch.ones(4, 4), two, two, zero, one, False),
            ("kernel_count", x, [2, 2, 2], two, zero, one, False),
            ("empty_spatial", torch.ones(1, 1, 0, 4), two, two, zero, one, False),
        ]:
            r.error(op, label, fn, *a)
    op = "avg_pool2d"
    r.case(op, "special_f32", avg, t, two, two, zero, False, True, None)
    for dtype in (f16, bf16, i64, u8):
        x = src.tensor((1, 2, 4, 4), dtype, "normal", "c", False)
        if supports(avg, x, two, two, zero, False, True, None):
            r.case(op, f"dtype_{SHORT[dtype]}", avg, x, two, two, zero, False, True, None)
        else:
            r.error(op, f"dtype_{SHORT[dtype]}", avg, x, two, two, zero, False, True, None)
    x = torch.ones(1, 1, 4, 4)
    for label, *a in [
        ("kernel_zero", x, [0, 2], two, zero, False, True, None),
        ("stride_zero", x, two, [0, 1], zero, False, True, None),
        ("padding_large", x, two, two, [2, 2], False, True, None),
        ("divisor_zero", x, two, two, zero, False, True, 0),
        ("kernel_large", x, [5, 5], two, zero, False, True, None),
        ("dims", torch.ones(4, 4), two, two, zero, False, True, None),
    ]:
        r.error(op, label, avg, *a)


def norm(r):
    op = "batch_norm"

    def fn(x, mean, var, w, b, training, momentum, eps):
        mean = None if mean is None else mean.clone()
        var = None if var is None else var.clone()
        out = F.batch_norm(x, mean, var, w, b, training, momentum, eps)
        return tuple(o for o in (out, mean, var) if o is not None)

    for label, s, layout in (
        ("matrix", (5, 3), "c"),
        ("image", (2, 3, 3, 2), "c"),
        ("sequence", (2, 3, 5), "c"),
        ("volume", (1, 2, 2, 2, 3), "c"),
        ("transposed", (3, 4, 3), "T"),
        ("step", (4, 3), "step"),
        ("channels_last", (2, 3, 2, 3), "last"),
        ("one_channel", (6, 1), "c"),
        ("tail", (37, 2), "c"),
        ("large", (5, 4, 8, 8), "c"),
    ):
        for dtype in (f32, f64):
            if label == "large" and dtype == f64:
                continue
            c = s[1]
            src = r.source(op, label)
            x = src.tensor(s, dtype, "normal", layout)
            w, b = src.tensor((c,), dtype, "pos"), src.tensor((c,), dtype)
            m, v = src.tensor((c,), dtype, grad=False), src.tensor((c,), dtype, "pos", grad=False)
            tag = SHORT[dtype]
            second = dtype == f64 and label in ("matrix", "image", "sequence")
            r.case(op, f"{label}_train_{tag}", fn, x, m, v, w, b, True, 0.1, 1e-5, grad2=second)
            r.case(op, f"{label}_eval_{tag}", fn, x, m, v, w, b, False, 0.1, 1e-5, grad2=second)
            if label in ("matrix", "image"):
                r.case(op, f"{label}_plain_{tag}", fn, x, None, None, None, None, True, 0.1, 1e-3, grad2=second)
                r.case(op, f"{label}_no_affine_{tag}", fn, x, m, v, None, None, True, 0.5, 1e-5)
                r.case(op, f"{label}_weight_only_{tag}", fn, x, m, v, w, None, True, 0.0, 1e-5)
                r.case(op, f"{label}_momentum1_{tag}", fn, x, m, v, w, b, True, 1.0, 1e-5)
                r.case(op, f"{label}_eval_no_affine_{tag}", fn, x, m, v, None, None, False, 0.1, 1e-5)
    src = r.source(op, "more")
    m, v = torch.zeros(3), torch.ones(3)
    r.case(op, "input_only_f32", fn, src.tensor((4, 3)), m, v, torch.ones(3), torch.zeros(3), True, 0.1, 1e-5)
    r.case(op, "constant_f32", fn, torch.full((4, 3), 2.0, requires_grad=True), m, v, None, None, True, 0.1, 1e-5)
    r.case(op, "one_value_eval_f32", fn, src.tensor((1, 3)), m, v, None, None, False, 0.1, 1e-5)
    r.case(
        op,
        "nan_f32",
        fn,
        src.values([[nan, 1.0, 2.0], [1.0, inf, 3.0], [0.0, 1.0, 2.0]]),
        m,
        v,
        None,
        None,
        True,
        0.1,
        1e-5,
    )
    for dtype in (f16, bf16):
        x = src.tensor((4, 3), dtype, grad=False)
        a = [
            torch.zeros(3, dtype=dtype),
            torch.ones(3, dtype=dtype),
            src.tensor((3,), dtype, "pos", grad=False),
            torch.zeros(3, dtype=dtype),
        ]
        for training in (True, False):
            r.case(op, f"{'train' if training else 'eval'}_{SHORT[dtype]}", fn, x, *a, training, 0.1, 1e-5)
    # A vector without elements has no channels.
    for training in (True, False):
        tag, none = "train" if training else "eval", torch.zeros(0)
        r.case(op, f"nothing_{tag}_f32", fn, src.tensor((0,)), none, none.clone(), None, None, training, 0.1, 1e-5)
    x = torch.ones(4, 3)
    for label, *a in [
        ("one_value", torch.ones(1, 3), m, v, None, None, True, 0.1, 1e-5),
        ("mean_size", x, torch.zeros(2), v, None, None, True, 0.1, 1e-5),
        ("var_size", x, m, torch.ones(4), None, None, False, 0.1, 1e-5),
        ("weight_size", x, m, v, torch.ones(2), None, True, 0.1, 1e-5),
        ("bias_size", x, m, v, None, torch.ones(5), True, 0.1, 1e-5),
        ("eval_without_stats", x, None, None, None, None, False, 0.1, 1e-5),
        ("i64", torch.ones(4, 3, dtype=i64), m, v, None, None, True, 0.1, 1e-5),
        ("vector", torch.ones(3), m, v, None, None, False, 0.1, 1e-5),
    ]:
        r.error(op, label, fn, *a)


def loss(r):
    reductions = ("mean", "sum", "none")

    def mse(a, b, reduction):
        return F.mse_loss(a, b, reduction=reduction)

    def l1(a, b, reduction):
        return F.l1_loss(a, b, reduction=reduction)

    for red in reductions:
        for dtype in (f32, f64):
            for op, fn in (
                ("smooth_l1_loss", lambda a, b, red, x: F.smooth_l1_loss(a, b, reduction=red, beta=x)),
                ("huber_loss", lambda a, b, red, x: F.huber_loss(a, b, reduction=red, delta=x)),
            ):
                src = r.source(op, red)
                args = src.tensor((3, 4), dtype), src.tensor((3, 4), dtype), red, 0.75
                r.case(op, f"{red}_{SHORT[dtype]}", fn, *args, grad2=dtype == f64)
    for op, fn in (("mse_loss", mse), ("l1_loss", l1)):
        for red in reductions:
            for label, s1, l_1, s2, l_2 in (
                ("row", (5,), "c", (5,), "c"),
                ("matrix", (3, 4), "c", (3, 4), "T"),
                ("zero_dim", (), "c", (), "c"),
                ("broadcast", (3, 4), "c", (4,), "c"),
                ("empty", (0,), "c", (0,), "c"),
                ("tail", (37,), "c", (37,), "step"),
            ):
                for dtype in (f32, f64):
                    src = r.source(op, label)
                    r.case(
                        op,
                        f"{label}_{red}_{SHORT[dtype]}",
                        fn,
                        src.tensor(s1, dtype, "normal", l_1),
                        src.tensor(s2, dtype, "normal", l_2),
                        red,
                        grad2=dtype == f64,
                    )
            src = r.source(op, red)
            r.case(op, f"input_only_{red}_f32", fn, src.tensor((3, 4)), src.tensor((3, 4), grad=False), red)
            r.case(
                op, f"special_{red}_f32", fn, src.values([nan, inf, inf, 1.0]), src.values([1.0, 1.0, inf, 1.0]), red
            )
        r.case(op, "large_f32", fn, src.tensor((37, 29)), src.tensor((37, 29), grad=False), "mean")
        r.case(op, "mixed_f32_f64", fn, src.tensor((3,), f32), src.tensor((3,), f64), "mean", tol=(1.3e-6, 1e-5))
        for dtype in (f16, bf16, i64):
            a, b = src.tensor((5,), dtype, grad=False), src.tensor((5,), dtype, grad=False)
            if supports(fn, a, b, "mean"):
                r.case(op, f"dtype_{SHORT[dtype]}", fn, a, b, "mean")
            else:
                r.error(op, f"dtype_{SHORT[dtype]}", fn, a, b, "mean")
        r.error(op, "shapes", fn, src.tensor((3,)), src.tensor((4,)), "mean")
        r.error(op, "reduction", fn, src.tensor((3,)), src.tensor((3,)), "average")
    binary(r, reductions)
    classes(r, reductions)


def binary(r, reductions):
    def bce(x, y, w, red):
        return F.binary_cross_entropy(x, y, w, reduction=red)

    def logits(x, y, w, p, red):
        return F.binary_cross_entropy_with_logits(x, y, w, reduction=red, pos_weight=p)

    for red in reductions:
        for label, s, layout, ws in (
            ("row", (5,), "c", None),
            ("matrix", (3, 4), "T", None),
            ("weights", (3, 4), "c", (4,)),
            ("weights_full", (3, 4), "step", (3, 4)),
            ("zero_dim", (), "c", None),
            ("empty", (0,), "c", None),
            ("tail", (37,), "c", None),
        ):
            for dtype in (f32, f64):
                src = r.source("bce", label)
                y = src.tensor(s, dtype, "prob", "c", label == "matrix")
                w = None if ws is None else src.tensor(ws, dtype, "pos", "c", False)
                r.case(
                    "binary_cross_entropy",
                    f"{label}_{red}_{SHORT[dtype]}",
                    bce,
                    src.tensor(s, dtype, "prob", layout),
                    y,
                    w,
                    red,
                    grad2=dtype == f64,
                )
                x = src.tensor(s, dtype, "wide", layout)
                y = y.detach()
                r.case(
                    "binary_cross_entropy_with_logits",
                    f"{label}_{red}_{SHORT[dtype]}",
                    logits,
                    x,
                    y,
                    w,
                    None,
                    red,
                    grad2=dtype == f64,
                )
                if s and s[-1] == 4:
                    p = src.tensor((4,), dtype, "pos", "c", False)
                    r.case(
                        "binary_cross_entropy_with_logits",
                        f"{label}_pos_{red}_{SHORT[dtype]}",
                        logits,
                        x,
                        y,
                        w,
                        p,
                        red,
                        grad2=dtype == f64,
                    )
        src = r.source("bce", red)
        r.case(
            "binary_cross_entropy",
            f"edges_{red}_f32",
            bce,
            src.values([0.0, 1.0, 0.0, 1.0, 0.5]),
            src.values([0.0, 1.0, 1.0, 0.0, 1.0], f32, False),
            None,
            red,
        )
        r.case(
            "binary_cross_entropy_with_logits",
            f"special_{red}_f32",
            logits,
            src.values([100.0, -100.0, 1000.0, -1000.0, 0.0]),
            src.values([0.0, 1.0, 1.0, 0.0, 0.5], f32, False),
            None,
            None,
            red,
        )
    src = r.source("bce", "half")
    for dtype in (f16, bf16):
        x, y = src.tensor((5,), dtype, "prob", grad=False), src.tensor((5,), dtype, "prob", grad=False)
        if supports(bce, x, y, None, "mean"):
            r.case("binary_cross_entropy", f"dtype_{SHORT[dtype]}", bce, x, y, None, "mean")
        r.case("binary_cross_entropy_with_logits", f"dtype_{SHORT[dtype]}", logits, x, y, None, None, "mean")
    h = torch.full((3,), 0.5)
    op = "binary_cross_entropy"
    r.error(op, "shapes", bce, h, torch.ones(4), None, "mean")
    r.error(op, "no_broadcast", bce, torch.full((2, 3), 0.5), torch.ones(3), None, "mean")
    r.error(op, "above_one", bce, torch.tensor([0.5, 1.5]), torch.ones(2), None, "mean")
    r.error(op, "below_zero", bce, torch.tensor([-0.5, 0.5]), torch.ones(2), None, "mean")
    r.error(op, "dtypes", bce, h, torch.ones(3, dtype=f64), None, "mean")
    r.error(op, "weight_shape", bce, h, torch.ones(3), torch.ones(2), "mean")
    r.error(op, "reduction", bce, h, torch.ones(3), None, "average")
    wanted = torch.ones(3, requires_grad=True)
    r.error(op, "weight_grad", bce, h, torch.ones(3), wanted, "mean")
    op = "binary_cross_entropy_with_logits"
    r.error(op, "shapes", logits, h, torch.ones(4), None, None, "mean")
    r.error(op, "no_broadcast", logits, torch.full((2, 3), 0.5), torch.ones(3), None, None, "mean")
    r.error(op, "weight_shape", logits, h, torch.ones(3), torch.ones(2), None, "mean")
    r.error(op, "pos_weight_shape", logits, h, torch.ones(3), None, torch.ones(2), "mean")
    r.error(op, "reduction", logits, h, torch.ones(3), None, None, "average")
    r.error(op, "weight_grad", logits, h, torch.ones(3), wanted, None, "mean")
    r.error(op, "pos_weight_grad", logits, h, torch.ones(3), None, wanted, "mean")


def classes(r, reductions):
    def nll(x, t, w, red, ignore):
        return F.nll_loss(x, t, w, ignore_index=ignore, reduction=red)

    def ce(x, t, w, red, ignore, smoothing):
        return F.cross_entropy(x, t, w, ignore_index=ignore, reduction=red, label_smoothing=smoothing)

    for red in reductions:
        for label, s, layout, weighted in (
            ("batch", (4, 3), "c", False),
            ("weights", (4, 3), "c", True),
            ("single", (3,), "c", False),
            ("single_weights", (3,), "c", True),
            ("spatial", (2, 3, 2, 2), "c", False),
            ("spatial_weights", (2, 3, 2, 2), "last", True),
            ("sequence", (2, 3, 4), "c", True),
            ("transposed", (4, 3), "T", False),
            ("step", (4, 3), "step", True),
            ("tail", (37, 5), "c", False),
        ):
            c = s[0] if len(s) == 1 else s[1]
            ts = () if len(s) == 1 else s[:1] + s[2:]
            for dtype in (f32, f64):
                src = r.source("nll", label)
                x = src.tensor(s, dtype, "normal", layout)
                t = torch.from_numpy(src.rng.integers(0, c, ts)) if ts else torch.tensor(1)
                w = src.tensor((c,), dtype, "pos", "c", False) if weighted else None
                tag = f"{label}_{red}_{SHORT[dtype]}"
                second = dtype == f64 and label != "tail"
                # The reference's nll_loss has no backward for channels-last inputs ("grad_input must be contiguous").
                plain = src.tensor(s, dtype, "normal") if layout == "last" else x
                r.case("nll_loss", tag, nll, plain, t, w, red, -100, grad2=second)
                r.case("cross_entropy", tag, ce, x, t, w, red, -100, 0.0, grad2=second)
                if label in ("batch", "weights", "spatial_weights", "single", "tail"):
                    r.case(
                        "cross_entropy",
                        f"{label}_smooth_{red}_{SHORT[dtype]}",
                        ce,
                        x,
                        t,
                        w,
                        red,
                        -100,
                        0.1,
                        grad2=second,
                    )
                if label in ("batch", "weights", "spatial_weights"):
                    r.case("nll_loss", f"{label}_ignore_{red}_{SHORT[dtype]}", nll, plain, t, w, red, 1)
                    for smoothing in (0.0, 0.2):
                        r.case(
                            "cross_entropy",
                            f"{label}_ignore_smooth{smoothing}_{red}_{SHORT[dtype]}",
                            ce,
                            x,
                            t,
                            w,
                            red,
                            1,
                            smoothing,
                        )
                    p = src.tensor(s, dtype, "prob", "c", label == "batch")
                    for smoothing in (0.0, 0.2):
                        r.case(
                            "cross_entropy",
                            f"{label}_probabilities{smoothing}_{red}_{SHORT[dtype]}",
                            ce,
                            x,
                            p,
                            w,
                            red,
                            -100,
                            smoothing,
                            grad2=second,
                        )
                if label == "single":
                    p = src.tensor(s, dtype, "prob", "c", False)
                    r.case(
                        "cross_entropy", f"single_probabilities_{red}_{SHORT[dtype]}", ce, x, p, None, red, -100, 0.0
                    )
        src = r.source("nll", red)
        ignored = torch.full((3,), -100)
        r.case("nll_loss", f"all_ignored_{red}_f32", nll, src.tensor((3, 2)), ignored, None, red, -100)
        r.case("cross_entropy", f"all_ignored_{red}_f32", ce, src.tensor((3, 2)), ignored, None, red, -100, 0.0)
        empty = torch.zeros(0, dtype=i64)
        r.case("nll_loss", f"empty_{red}_f32", nll, src.tensor((0, 2)), empty, None, red, -100)
        r.case("cross_entropy", f"empty_{red}_f32", ce, src.tensor((0, 2)), empty, None, red, -100, 0.0)
        rows = [[1e4, -1e4, 0.0], [-inf, 1.0, 2.0], [88.0, 89.0, 90.0], [-1000.0, -1001.0, -1002.0]]
        r.case(
            "cross_entropy",
            f"special_{red}_f32",
            ce,
            src.values(rows),
            torch.tensor([0, 2, 1, 0]),
            None,
            red,
            -100,
            0.0,
        )
    src = r.source("nll", "half")
    for dtype in (f16, bf16):
        x, t = src.tensor((4, 3), dtype, grad=False), torch.tensor([0, 2, 1, 1])
        for op, fn, args in (("nll_loss", nll, ("mean", -100)), ("cross_entropy", ce, ("mean", -100, 0.0))):
            r.case(op, f"dtype_{SHORT[dtype]}", fn, x, t, None, *args)
    r.case("nll_loss", "target_u8", nll, src.tensor((4, 3)), torch.tensor([0, 2, 1, 1], dtype=u8), None, "mean", -100)
    x, t = torch.zeros(4, 3), torch.tensor([0, 2, 1, 1])
    for op, fn, rest in (("nll_loss", nll, (-100,)), ("cross_entropy", ce, (-100, 0.0))):
        for label, a, b, w, red in [
            ("label_high", x, torch.tensor([0, 3, 1, 1]), None, "mean"),
            ("label_negative", x, torch.tensor([0, -1, 1, 1]), None, "mean"),
            ("batch", x, t[:3], None, "mean"),
            ("target_i32", x, t.int(), None, "mean"),
            ("weight_size", x, t, torch.ones(4), "mean"),
            ("weight_grad", x, t, torch.ones(3, requires_grad=True), "mean"),
            ("one_target", x[0], t[1:2], None, "none"),
            ("two_targets", x[0], t[1:3], None, "none"),
            ("weight_dtype", x, t, torch.ones(3, dtype=f64), "mean"),
            ("reduction", x, t, None, "average"),
            ("input_zero_dim", torch.zeros(()), torch.tensor(0), None, "mean"),
            ("spatial", torch.zeros(2, 3, 2, 2), torch.zeros(2, 2, 3, dtype=i64), None, "mean"),
            ("i64", x.long(), t, None, "mean"),
        ]:
            try:
                fn(a, b, w, red, *rest)
            except Exception:
                r.error(op, label, fn, a, b, w, red, *rest)
            else:
                r.case(op, label, fn, a, b, w, red, *rest)
    r.error("cross_entropy", "smoothing_high", ce, x, t, None, "mean", -100, 1.5)
    r.error("cross_entropy", "probability_shape", ce, x, torch.zeros(4, 2), None, "mean", -100, 0.0)
    r.error("cross_entropy", "ignored_probabilities", ce, x, torch.zeros(4, 3), None, "mean", 1, 0.0)


FAMILIES = {"conv": conv, "pool": pool, "norm": norm, "loss": loss}
