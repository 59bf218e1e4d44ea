"""The vector file format, and the recorder that writes it.

A vector file is gzip'd text, one statement a line, written so that equal inputs give equal bytes. Numbers are exact:
floats are the hexadecimal bit pattern of their type, most significant digit first. A tensor is

    tensor <dtype> sizes=2,3 strides=3,1 offset=0 storage=6 grad=1 data=3f800000 40000000 ...

where `sizes`, `strides` (in elements) and `data` may be empty, and `data` is always the last field. An input's data is
its whole storage (`storage` elements); sizes, strides and offset say which elements the tensor shows, so a reader
rebuilds it by making a 1-D tensor of the data and calling as_strided. `grad=1` marks an input that requires gradients.
Everything that comes out (out, gradout, grad, probe, grad2, grad2out, let) lists its elements in logical
(row-major) order, whatever its strides.

    case <op> <variant>            starts a case: one call of <op>. Its arguments follow in the op's order (see OPS.md).
    in tensor ... | in none | in int 3 | in float <hex double> | in bool 1 | in ints 1,2 | in floats <hex>,<hex>
    in str mean | in dtype float32
    in tensors <count>             a list of tensors; <count> lines `item tensor ...` follow
    out tensor ... | out int 3 | out float <hex double> | out bool 1
                                   a result. `strides` are the reference's, for information, unless `alias=<i>` is
                                   there: the result is then a view of input <i> (or that input itself, for in-place
                                   ops) with exactly these strides and this offset
                                   (alias=<i>.<j>: of item <j> of a list). `grad` says whether the result
                                   requires gradients.
    out meta <dtype> sizes=.. strides=..      a result whose values are not defined (empty and its kin)
    gradout <k> tensor ...         the cotangent given to output <k>
    grad <i> tensor ... | none     the gradient of input <i>; <i>.<j> is item <j> of a list
    probe <i> tensor ...           second order: the v_i in s = sum_i (grad_i * v_i)
    grad2 <i> tensor ... | none    the gradient of s for input <i>
    grad2out <k> tensor ... | none the gradient of s for the cotangent of output <k>
    writable <inputs> <tensors>    where only <inputs> (i0,i2,...) require gradients, these tensors may be written to
                                   between the call and its backward: i0, i2.1 (an item of a list), o0 (a result).
                                   Writing to any other of the call's tensors makes backward fail. Of in-place ops
                                   the first input is not among them. Not there for views, and for large or empty
                                   tensors.
    tol <rtol> <atol>              |got - expected| <= atol + rtol * |expected|, NaN equal to NaN; decimal numbers.
                                   Integer and bool results are always exact. These are the defaults of
                                   torch.testing.assert_close for the widest-tolerance dtype among the results, or
                                   more where the reference, against float64, uses up over half of that itself.
                                   Where `none` stands for a gradient, one of zeros is as good.
    error <Type>: <message>        the call fails; the reference's exception is kept for comparison. "\\n" is a newline.

An op whose name ends in "_" works in place: its first output is the first input after the call. Where that input has
`grad=1` the call was made on a clone of it (a leaf cannot be changed in place), except in cases that record an error,
which are always called with the inputs as they are.

Random streams are records of several calls on one generator:

    random <name>                  starts a record
    seed <n>                       manual_seed(n); may come again later in the record
    call <op>                      a call as in a case: `in` and `out` lines follow
    state tensor uint8 ...         the generator's state at this point (get_rng_state)

Whole runs are records of named values:

    run <name>
    let <key> tensor ... | int 3 | float <hex double> | ...
"""

import gzip
import io
import struct
import zlib

import numpy as np
import torch

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
WIDE = (torch.float32, torch.float64)
INTS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
ALL_DTYPES = (torch.bool,) + INTS + FLOATS

TOLERANCES = {
    torch.float64: (1e-7, 1e-7),
    torch.float32: (1.3e-6, 1e-5),
    torch.float16: (1e-3, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-5),
}


def name_of(dtype):
    return str(dtype).removeprefix("torch.")


SHORT = {
    torch.float16: "f16",
    torch.bfloat16: "bf16",
    torch.float32: "f32",
    torch.float64: "f64",
    torch.uint8: "u8",
    torch.int8: "i8",
    torch.int16: "i16",
    torch.int32: "i32",
    torch.int64: "i64",
    torch.bool: "b8",
}


# ---- text of values -------------------------------------------------------------------------------------------------


def _words(flat):
    """The elements of a 1-D contiguous tensor as hexadecimal words."""
    if flat.dtype == torch.bool:
        flat = flat.view(torch.uint8)
    elif flat.dtype in (torch.float16, torch.bfloat16):
        flat = flat.view(torch.int16)
    size = flat.element_size()
    bits = flat.numpy(force=True).view(f"u{size}")
    return " ".join(format(int(b), f"0{2 * size}x") for b in bits)


def _join(values):
    return ",".join(str(int(v)) for v in values)


def _hex(value):
    return format(struct.unpack("<Q", struct.pack("<d", float(value)))[0], "016x")


def input_text(t):
    whole = torch.empty(0, dtype=t.dtype).set_(t.untyped_storage())
    return (
        f"tensor {name_of(t.dtype)} sizes={_join(t.shape)} strides={_join(t.stride())} "
        f"offset={t.storage_offset()} storage={whole.numel()} grad={int(t.requires_grad)} data={_words(whole)}"
    )


def value_text(t, alias=None):
    where = "" if alias is None else f" offset={t.storage_offset()} alias={alias}"
    flat = t.detach().contiguous().reshape(-1)
    return (
        f"tensor {name_of(t.dtype)} sizes={_join(t.shape)} strides={_join(t.stride())}{where} "
        f"grad={int(t.requires_grad)} data={_words(flat)}"
    )


def argument_text(a):
    """One argument, and the lines that follow it."""
    if a is None:
        return ["none"]
    if isinstance(a, torch.Tensor):
        return [input_text(a)]
    if isinstance(a, bool):
        return [f"bool {int(a)}"]
    if isinstance(a, int):
        return [f"int {a}"]
    if isinstance(a, float):
        return [f"float {_hex(a)}"]
    if isinstance(a, str):
        return [f"str {a}"]
    if isinstance(a, torch.dtype):
        return [f"dtype {name_of(a)}"]
    if isinstance(a, (list, tuple)):
        if a and all(isinstance(x, torch.Tensor) for x in a):
            return [f"tensors {len(a)}"] + ["item " + input_text(x) for x in a]
        if any(isinstance(x, float) for x in a):
            return ["floats " + ",".join(_hex(x) for x in a)]
        return ["ints " + _join(a)]
    raise TypeError(f"cannot record {a!r}")


# ---- data -----------------------------------------------------------------------------------------------------------


class Source:
    """Makes inputs. Every case has its own stream, so adding a case does not change the others."""

    def __init__(self, seed):
        self.rng = np.random.Generator(np.random.PCG64(seed))

    def _floats(self, n, kind):
        r = self.rng
        grid = 128.0

        def snap(x):
            return np.round(x * grid) / grid

        if kind == "raw":
            return r.standard_normal(n)
        if kind == "normal":
            return snap(r.standard_normal(n) * 1.5)
        if kind == "small":
            return snap(r.standard_normal(n) * 0.5)
        if kind == "wide":
            return snap(r.uniform(-8, 8, n))
        if kind == "pos":
            return snap(r.uniform(0.1, 5, n))
        if kind == "unit":
            return snap(r.uniform(-0.95, 0.95, n))
        if kind == "prob":
            return snap(r.uniform(0.03, 0.97, n))
        if kind == "gt1":
            return snap(r.uniform(1.1, 6, n))
        if kind == "nonzero":
            x = snap(r.uniform(0.25, 4, n))
            return x * np.where(r.uniform(size=n) < 0.5, -1, 1)
        if kind == "distinct":
            return (r.permutation(n) - n // 2) / 8.0 + 1 / 32
        if kind == "whole":
            return r.integers(-6, 7, n).astype(np.float64)
        raise ValueError(kind)

    def _ints(self, n, kind, dtype):
        r = self.rng
        if dtype == torch.bool:
            return r.integers(0, 2, n)
        if kind == "distinct":
            base = r.permutation(n)
            return base if dtype == torch.uint8 else base - n // 2
        if kind in ("pos", "gt1", "prob"):
            return r.integers(1, 8, n)
        low = 0 if dtype == torch.uint8 else -6
        x = r.integers(low, 9, n)
        return np.where(x == 0, 3, x) if kind == "nonzero" else x

    def flat(self, n, dtype, kind="normal"):
        if dtype in FLOATS:
            return torch.from_numpy(np.asarray(self._floats(n, kind), dtype=np.float64)).to(dtype)
        return torch.from_numpy(np.asarray(self._ints(n, kind, dtype), dtype=np.int64)).to(dtype)

    def tensor(self, shape, dtype=torch.float32, kind="normal", layout="c", grad=None):
        """A tensor of the given shape laid out as one of:
        c contiguous, T last two dims swapped, step every second element from an offset of one, expand stride 0 in the
        first dim, offset rows with gaps from an offset of three, last channels last (4-D)."""
        shape = tuple(shape)
        strides = []
        n = 1
        for s in reversed(shape):
            strides.insert(0, n)
            n *= max(s, 1)
        offset = 0
        if layout == "T" and len(shape) >= 2:
            swapped = shape[:-2] + (shape[-1], shape[-2])
            return self._done(self.flat(int(np.prod(swapped)), dtype, kind).view(swapped).transpose(-1, -2), grad)
        if layout == "step" and shape:
            strides = [2 * s for s in strides]
            offset, n = 1, 2 * n + 1
        elif layout == "expand" and shape:
            n = n // max(shape[0], 1)
            strides[0] = 0
        elif layout == "offset" and shape:
            gap = 2
            strides, n = [1], shape[-1]
            for s in reversed(shape[:-1]):
                strides.insert(0, n + gap)
                n = (n + gap) * max(s, 1)
            offset, n = 3, n + 5
        elif layout == "last" and len(shape) == 4:
            b, c, h, w = shape
            strides = [h * w * c, 1, w * c, c]
        elif 0 in shape:
            n = 0
        return self._done(self.flat(n, dtype, kind).as_strided(shape, strides, offset), grad)

    @staticmethod
    def _done(t, grad):
        t = t.detach()
        wants = t.dtype in WIDE if grad is None else grad
        return t.requires_grad_() if wants else t

    def values(self, values, dtype=torch.float32, grad=None):
        return self._done(torch.tensor(values, dtype=dtype), grad)


# ---- the recorder ---------------------------------------------------------------------------------------------------


def _tensors_of(args):
    """(index text, tensor) of every tensor among the arguments."""
    for i, a in enumerate(args):
        if isinstance(a, torch.Tensor):
            yield str(i), a
        elif isinstance(a, (list, tuple)):
            for j, x in enumerate(a):
                if isinstance(x, torch.Tensor):
                    yield f"{i}.{j}", x


def _map_tensors(args, f):
    return [
        (
            f(a)
            if isinstance(a, torch.Tensor)
            else [f(x) if isinstance(x, torch.Tensor) else x for x in a] if isinstance(a, (list, tuple)) else a
        )
        for a in args
    ]


def _copy_with_storage(t):
    return torch.empty(0, dtype=t.dtype).set_(t.untyped_storage().clone(), t.storage_offset(), t.shape, t.stride())


# ---- writes between a call and its backward --------------------------------------------------------------------------

LARGEST_WRITTEN = 64  # elements of a tensor; it is the op that decides, not the size


def _call_afresh(op, fn, args, wanted):
    """Calls fn on copies of which those at the places `wanted` require gradients. The copies by place, the results."""
    inputs = {}

    def copy(place, t):
        inputs[place] = _copy_with_storage(t.detach()).requires_grad_(place in wanted)
        return inputs[place]

    call_args = []
    for i, a in enumerate(args):
        if isinstance(a, torch.Tensor):
            call_args.append(copy(f"i{i}", a))
        elif isinstance(a, (list, tuple)):
            call_args.append([copy(f"i{i}.{j}", x) if isinstance(x, torch.Tensor) else x for j, x in enumerate(a)])
        else:
            call_args.append(a)
    if op.endswith("_") and inputs["i0"].requires_grad:
        call_args[0] = inputs["i0"].clone()
    result = fn(*call_args)
    return inputs, list(result) if isinstance(result, (list, tuple)) else [result]


def _places(op, fn, args, wanted):
    """What may be written to; None where nothing needs a gradient, or results lie in inputs."""
    inputs, outs = _call_afresh(op, fn, args, wanted)
    outs = {f"o{k}": o for k, o in enumerate(outs) if isinstance(o, torch.Tensor)}
    if op.endswith("_"):
        del inputs["i0"]
    memory = {t.untyped_storage().data_ptr() for t in inputs.values()}
    if not any(o.requires_grad for o in outs.values()):
        return None
    return None if any(o.untyped_storage().data_ptr() in memory for o in outs.values()) else [*inputs, *outs]


def _backward_after_write(op, fn, args, wanted, place):
    inputs, outs = _call_afresh(op, fn, args, wanted)
    (outs[int(place[1:])] if place[0] == "o" else inputs[place]).detach().zero_()
    roots = [o for o in outs if isinstance(o, torch.Tensor) and o.requires_grad]
    leaves = [inputs[w] for w in wanted]
    try:
        torch.autograd.grad(roots, leaves, [torch.ones_like(o) for o in roots], allow_unused=True)
    except RuntimeError as e:
        if "modified by an inplace operation" not in str(e):
            raise
        return False
    return True


class Meta:
    """Wraps a result whose values are not defined."""

    def __init__(self, tensor):
        self.tensor = tensor


class Recorder:
    """Writes one vector file."""

    def __init__(self, family, signatures):
        self.family = family
        self.signatures = signatures
        self.lines = []
        self.seen = set()
        self.counts = {}
        self.errors = 0
        self.complaints = []

    # Each case gets its own source of data, seeded by its name.
    def source(self, op, variant):
        return Source(zlib.crc32(f"{op} {variant}".encode()))

    def note(self, text):
        self.complaints.append(text)

    def _start(self, op, variant, args):
        key = (op, variant)
        if key in self.seen:
            raise ValueError(f"case {op} {variant} recorded twice")
        self.seen.add(key)
        signature = self.signatures.of(op)
        if len(signature.arguments) != len(args):
            raise ValueError(f"{op} {variant}: {len(args)} arguments, its signature has {signature.arguments}")
        self.counts[op] = self.counts.get(op, 0) + 1

    def _head(self, op, variant, args):
        lines = [f"case {op} {variant}"]
        for a in args:
            first, *rest = argument_text(a)
            lines.append("in " + first)
            lines += rest
        return lines

    def case(self, op, variant, fn, *args, grad2=False, tol=None, check=True):
        """Records fn(*args)."""
        self._start(op, variant, args)
        lines = self._head(op, variant, args)
        reference = self._run(op, fn, args, lines, grad2)
        # The results of a function that is called in parts are not its own.
        if not getattr(fn, "in_parts", False):
            lines += self._writable(op, fn, args)
        dtypes = [t.dtype for t in reference if t.dtype in FLOATS]
        if tol is None:
            tol = max((TOLERANCES[d] for d in dtypes), default=(0.0, 0.0))
            if check and any(d != torch.float64 for d in dtypes):
                tol = self._widen(op, variant, fn, args, reference, tol)
        lines.append(f"tol {tol[0]:g} {tol[1]:g}")
        self.lines += lines

    def _widen(self, op, variant, fn, args, reference, tol):
        """The default tolerance, or more where the reference's own rounding takes up more than half of it."""
        error = self._distance(op, variant, fn, args, reference, tol)
        if error <= 0.5:
            return tol
        if error > 20:
            self.complaints.append(f"{op} {variant}: {error:.3g} tolerances away from float64")
            return tol
        factor = float(f"{2 * error:.2g}")
        self.complaints.append(f"{op} {variant}: tolerance taken {factor} times")
        return (tol[0] * factor, tol[1] * factor)

    def _run(self, op, fn, args, lines, grad2=False, cotangents=None):
        """Calls, appends the results' lines and returns the tensors that came out, gradients included."""
        names = list(_tensors_of(args))
        leaves = [(i, t) for i, t in names if t.requires_grad]
        call_args = list(args)
        if op.endswith("_") and isinstance(args[0], torch.Tensor):
            # The argument itself must stay as it was recorded.
            call_args[0] = args[0].clone() if args[0].requires_grad else _copy_with_storage(args[0])
        aliases = {
            t.untyped_storage().data_ptr(): i
            for i, t in reversed(list(_tensors_of(call_args)))
            if t.untyped_storage().nbytes()
        }
        result = fn(*call_args)
        outs = list(result) if isinstance(result, (list, tuple)) else [result]
        tensors = []
        for o in outs:
            if isinstance(o, Meta):
                lines.append(
                    f"out meta {name_of(o.tensor.dtype)} sizes={_join(o.tensor.shape)} "
                    f"strides={_join(o.tensor.stride())}"
                )
            elif isinstance(o, torch.Tensor):
                alias = aliases.get(o.untyped_storage().data_ptr()) if o.untyped_storage().nbytes() else None
                lines.append("out " + value_text(o, alias))
                tensors.append(o.detach().clone())
            else:
                lines.append("out " + argument_text(o)[0])
        wanted = [(k, o) for k, o in enumerate(outs) if isinstance(o, torch.Tensor) and o.requires_grad]
        if not leaves or not wanted:
            return tensors
        if cotangents is None:
            source = Source(zlib.crc32("".join(lines[:1]).encode()) ^ 0x5EED)
            cotangents = [source.tensor(o.shape, o.dtype, "normal", grad=False) for _, o in wanted]
        self.cotangents = cotangents
        cotangents = [c.clone().requires_grad_(grad2) for c in cotangents]
        grads = torch.autograd.grad(
            [o for _, o in wanted], [t for _, t in leaves], cotangents, allow_unused=True, create_graph=grad2
        )
        for (k, _), c in zip(wanted, cotangents):
            lines.append(f"gradout {k} " + value_text(c.detach()))
        for (i, _), g in zip(leaves, grads):
            lines.append(f"grad {i} " + ("none" if g is None else value_text(g.detach())))
            if g is not None:
                tensors.append(g.detach().clone())
        if grad2:
            try:
                lines += self._second(lines[0], leaves, wanted, cotangents, grads)
            except (RuntimeError, NotImplementedError) as e:
                if "not implemented" not in str(e):
                    raise
                self.complaints.append(f"{lines[0]}: {e}")
        return tensors

    def _writable(self, op, fn, args):
        """The `writable` lines: all leaves together, and each alone."""
        named = list(_tensors_of(args))
        leaves = ["i" + i for i, t in named if t.requires_grad]
        if not leaves or any(not 0 < t.numel() <= LARGEST_WRITTEN for _, t in named):
            return []
        lines = []
        for wanted in [leaves] + ([[i] for i in leaves] if len(leaves) > 1 else []):
            places = _places(op, fn, args, wanted)
            found = None if places is None else [p for p in places if _backward_after_write(op, fn, args, wanted, p)]
            if found is not None:
                lines.append(" ".join(["writable", ",".join(wanted)] + found))
        return lines

    def _second(self, title, leaves, wanted, cotangents, grads):
        source = Source(zlib.crc32(title.encode()) ^ 0x5EC0)
        lines = []
        total = None
        for (i, _), g in zip(leaves, grads):
            if g is None or not g.requires_grad:
                continue
            v = source.tensor(g.shape, g.dtype, "normal", grad=False)
            lines.append(f"probe {i} " + value_text(v))
            term = (g * v).sum()
            total = term if total is None else total + term
        if total is None:
            return []
        targets = [t for _, t in leaves] + list(cotangents)
        second = torch.autograd.grad(total, targets, allow_unused=True)
        for (i, _), g in zip(leaves, second):
            lines.append(f"grad2 {i} " + ("none" if g is None else value_text(g)))
        for (k, _), g in zip(wanted, second[len(leaves) :]):
            lines.append(f"grad2out {k} " + ("none" if g is None else value_text(g)))
        return lines

    def _distance(self, op, variant, fn, args, reference, tol):
        """How far the results are from those of a recomputation in float64, in units of the tolerance."""

        def widen(t):
            return t.detach().double().requires_grad_(t.requires_grad) if t.dtype in FLOATS else t.detach()

        had = [t for _, t in _tensors_of(args) if t.dtype in FLOATS]
        if not had:
            return 0.0
        wide_args = [
            torch.float64 if isinstance(a, torch.dtype) and a in FLOATS else a for a in _map_tensors(args, widen)
        ]
        try:
            given = [c.double() for c in getattr(self, "cotangents", [])]
            wide = self._run(op, fn, wide_args, [op], False, given if any(t.requires_grad for t in had) else None)
        except Exception as e:  # a recomputation that cannot be made is only reported
            self.complaints.append(f"{op} {variant}: not recomputed: {str(e).splitlines()[0]}")
            return 0.0
        worst = 0.0
        for got, want in zip(reference, wide):
            if got.dtype not in FLOATS or got.numel() == 0 or got.shape != want.shape:
                continue
            limit = torch.finfo(got.dtype).max
            got, want = got.double(), want.double()
            want = torch.where(want.abs() > limit, torch.sign(want) * torch.inf, want)
            same = (got == want) | (got.isnan() & want.isnan())
            excess = (got - want).abs() / (tol[1] + tol[0] * want.abs() + 1e-300)
            excess = torch.nan_to_num(torch.where(same, 0.0, excess), nan=1e9, posinf=1e9)
            worst = max(worst, float(excess.max()))
        return worst

    def error(self, op, variant, fn, *args):
        """Records that fn(*args) fails."""
        variant = "error_" + variant
        self._start(op, variant, args)
        lines = self._head(op, variant, args)
        try:
            fn(*args)
        except Exception as e:
            # What the reference says, without the trace that some of its messages carry.
            message = str(e).split("\nException raised from")[0].strip()
            message = message.replace("\\", "\\\\").replace("\n", "\\n")
            lines.append(f"error {type(e).__name__}: {message}")
            self.lines += lines
            self.errors += 1
            return
        raise AssertionError(f"{op} {variant} did not fail")

    def write(self, path):
        write_lines(path, self.lines)


def write_lines(path, lines):
    """Writes a vector file whose bytes depend on the lines alone."""
    raw = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as z:
        z.write(("\n".join(lines) + "\n").encode())
    with open(path, "wb") as f:
        f.write(raw.getvalue())
