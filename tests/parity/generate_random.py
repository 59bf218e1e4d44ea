#!/usr/bin/env python3
"""Records PyTorch's random streams for given seeds into tests/parity/vectors/random.ttv.gz.

    python tests/parity/generate_random.py

The format is described in recorder.py: records of calls on the CPU generator, one after the other. What to know of
the streams, found by counting the draws of PyTorch 2.15 on x86-64 (a draw is 32 bits of the Mersenne Twister; a
double draw takes two, the first being the high half):

- rand and uniform_: one draw an element, its low 24 bits, for float32 and the halves, a double draw, its low 53 bits,
  for float64. The halves round the float32 value, and one that rounds to the upper bound becomes the lower bound.
- randn and normal_ below 16 elements, or not contiguous: Box-Muller on pairs of double draws, whatever the dtype; the
  first is sqrt(-2 log1p(-u2)) cos(2 pi u1), the second, with sin, waits in the generator for the next such call of
  any dtype; manual_seed drops it. From 16 elements of contiguous memory on: the tensor is filled with uniforms, and
  blocks of 16 become normals in place: sqrt(-2 log(1 - u[i])) times cos and sin of 2 pi u[i + 8] give elements i and
  i + 8. Where the size is no multiple of 16, the last 16 elements are drawn again.
- randint and random_(a, b): one draw modulo the range while the range is below 2**28, a double draw from there on.
- randperm(n): n - 1 draws, a Fisher-Yates from the front.
- bernoulli_(p): a double draw an element, 1 where the double in [0, 1) is below p, for every dtype; dropout is this
  with 1 - p (no draw at all for p of 0 or 1, nor in evaluation). bernoulli(tensor) uses a float32 uniform, one draw,
  for float32 probabilities and a double for float64.
- exponential_: a double draw an element, -log1p(-u) / lambda.
- multinomial with replacement: a double draw a sample. Without: one exponential_ per category.
- DataLoader with shuffle: at each epoch its iterator first takes a double draw as its base seed, then RandomSampler
  takes another, without its top bit, as the seed of a generator of its own for randperm. With a `generator` the base
  seed and randperm come from that one, and at the epoch's end a second randperm is drawn and thrown away.
"""

import os
import warnings

import torch
from torch import nn
from torch.utils.data import DataLoader

from recorder import ALL_DTYPES, SHORT, argument_text, value_text, write_lines
from signatures import Signatures

f16, bf16, f32, f64 = torch.float16, torch.bfloat16, torch.float32, torch.float64
i64, i32 = torch.int64, torch.int32
SIZES = (1, 5, 15, 16, 17, 100)


def loader_order(n, batch_size, drop_last, generator_seed=None):
    generator = None if generator_seed is None else torch.Generator().manual_seed(generator_seed)
    loader = DataLoader(list(range(n)), batch_size, shuffle=True, drop_last=drop_last, generator=generator)
    return tuple([int(i) for batch in loader for i in batch] for _ in range(2))


def layer_values(layer):
    return tuple(p.detach() for p in (layer.weight, layer.bias) if p is not None)


CALLS = {
    "rand": lambda s, d: torch.rand(s, dtype=d),
    "randn": lambda s, d: torch.randn(s, dtype=d),
    "randint": lambda a, b, s, d: torch.randint(a, b, s, dtype=d),
    "randperm": lambda n, d: torch.randperm(n, dtype=d),
    "normal": lambda m, s, n, d: torch.normal(m, s, n, dtype=d),
    "normal_": lambda t, m, s: t.normal_(m, s),
    "uniform_": lambda t, a, b: t.uniform_(a, b),
    "bernoulli": lambda t: torch.bernoulli(t),
    "bernoulli_": lambda t, p: t.bernoulli_(p),
    "exponential_": lambda t, a: t.exponential_(a),
    "multinomial": lambda t, n, r: torch.multinomial(t, n, r),
    "dropout": lambda t, p, training: nn.functional.dropout(t, p, training),
    "linear_init": lambda i, o, b, d: layer_values(nn.Linear(i, o, b, dtype=d)),
    "conv2d_init": lambda i, o, k, g, b, d: layer_values(nn.Conv2d(i, o, tuple(k), groups=g, bias=b, dtype=d)),
    "loader_order": loader_order,
    "loader_order_generator": loader_order,
}


class Streams:
    def __init__(self):
        self.lines = []
        self.signatures = Signatures()
        self.records = 0
        self.calls = 0

    def start(self, name, seed):
        self.lines.append(f"random {name}")
        self.records += 1
        self.seed(seed)

    def seed(self, seed):
        torch.manual_seed(seed)
        self.lines.append(f"seed {seed}")

    def call(self, op, *args):
        if len(self.signatures.of(op).arguments) != len(args):
            raise ValueError(f"{op}: {args}")
        self.calls += 1
        self.lines.append(f"call {op}")
        for a in args:
            self.lines.append("in " + argument_text(a)[0])
        result = CALLS[op](*args)
        for o in result if isinstance(result, tuple) else (result,):
            self.lines.append("out " + (value_text(o) if isinstance(o, torch.Tensor) else argument_text(o)[0]))

    def state(self):
        self.lines.append("state " + value_text(torch.get_rng_state()))


def plain(s):
    """One call after a seed, for every size."""
    for seed in (0, 42, 2**40 + 7, -1):
        few = seed != 0
        for dtype in (f32, f64):
            for op in ("randn", "rand"):
                for n in (5, 17) if few else SIZES + ((1000,) if dtype == f32 else ()):
                    s.start(f"{op}_{n}_{SHORT[dtype]}_seed{seed}", seed)
                    s.call(op, [n], dtype)
    for dtype in (f16, bf16):
        for op in ("randn", "rand"):
            for n in (5, 37):
                s.start(f"{op}_{n}_{SHORT[dtype]}", 0)
                s.call(op, [n], dtype)
    for shape in ([3, 7], [4, 4], [], [0], [2, 0]):
        s.start(f"shapes_{'x'.join(map(str, shape))}", 1)
        for op in ("randn", "rand"):
            s.call(op, shape, f32)
    for n in (1, 5, 17, 100):
        s.start(f"normal_{n}", 3)
        s.call("normal", 2.0, 0.5, [n], f32)
        s.call("normal", -1.0, 3.0, [n], f64)


def whole(s):
    for low, high in (
        (0, 2),
        (0, 10),
        (-5, 6),
        (0, 2**20),
        (0, 2**28 - 1),
        (0, 2**28),
        (0, 2**32 - 1),
        (0, 2**32),
        (-(2**40), 2**40),
        (-(2**63), 2**63 - 1),
    ):
        s.start(f"randint_{low}_{high}", 0)
        s.call("randint", low, high, [17], i64)
    for dtype in ALL_DTYPES:
        s.start(f"randint_dtype_{SHORT[dtype]}", 5)
        s.call("randint", 0, 2 if dtype == torch.bool else 100, [9], dtype)
    s.start("randint_i32_wide", 5)
    s.call("randint", -(2**31), 2**31 - 1, [9], i32)
    for n in (0, 1, 2, 5, 16, 17, 100, 1000):
        s.start(f"randperm_{n}", 0)
        s.call("randperm", n, i64)
    for dtype in (i32, torch.uint8, f32, f64, torch.int16):
        s.start(f"randperm_20_{SHORT[dtype]}", 11)
        s.call("randperm", 20, dtype)


    # More than the dtype tells apart, and bounds that doubles do not.
    s.start("randperm_1000_bf16", 11)
    s.call("randperm", 1000, bf16)
    for dtype in (bf16, f32, f64):
        for low in (2**53, 2**62, -(2**62)):
            s.start(f"randint_{low}_{SHORT[dtype]}", 3)
            s.call("randint", low, low + 3, [5], dtype)


def in_place(s):
    zeros = torch.zeros
    for dtype in (f32, f64):
        for n in SIZES:
            s.start(f"in_place_{n}_{SHORT[dtype]}", 9)
            s.call("normal_", zeros(n, dtype=dtype), 1.0, 2.0)
            s.call("uniform_", zeros(n, dtype=dtype), -2.0, 3.0)
            s.call("bernoulli_", zeros(n, dtype=dtype), 0.3)
            s.call("exponential_", zeros(n, dtype=dtype), 1.5)
            s.call("bernoulli", torch.arange(n, dtype=dtype) / n)
            if n <= 17:
                s.call("dropout", torch.arange(1.0, n + 1, dtype=dtype), 0.4, True)
        s.start(f"strided_{SHORT[dtype]}", 4)
        for op, args in (
            ("normal_", (0.0, 1.0)),
            ("uniform_", (0.0, 1.0)),
            ("bernoulli_", (0.5,)),
            ("exponential_", (1.0,)),
        ):
            s.call(op, zeros(4, 5, dtype=dtype).T, *args)
            s.call(op, zeros(4, 10, dtype=dtype)[:, ::2], *args)
    for dtype in (f16, bf16):
        s.start(f"in_place_{SHORT[dtype]}", 9)
        s.call("normal_", zeros(7, dtype=dtype), 1.0, 2.0)
        s.call("normal_", zeros(20, dtype=dtype), 1.0, 2.0)
        s.call("uniform_", zeros(7, dtype=dtype), -2.0, 3.0)
        s.call("bernoulli_", zeros(7, dtype=dtype), 0.3)
        s.call("exponential_", zeros(7, dtype=dtype), 1.5)
    for dtype in (torch.bool, torch.uint8, i64):
        s.start(f"bernoulli_{SHORT[dtype]}", 2)
        s.call("bernoulli_", zeros(11, dtype=dtype), 0.6)
    s.start("bernoulli_edges", 2)
    for p in (0.0, 1.0, 0.5):
        s.call("bernoulli_", zeros(5), p)
    for weights in ([1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 1.0, 5.0], [[1.0, 1.0, 2.0], [5.0, 0.0, 1.0]]):
        for dtype in (f32, f64):
            w = torch.tensor(weights, dtype=dtype)
            s.start(f"multinomial_{'x'.join(map(str, w.shape))}_{SHORT[dtype]}", 6)
            s.call("multinomial", w, 12, True)
            s.call("multinomial", w, 2, False)
            s.call("multinomial", w, 1, False)
            s.call("multinomial", w, 1, True)


def dropouts(s):
    for p in (0.5, 0.1, 0.9):
        s.start(f"dropout_{p}", 0)
        s.call("dropout", torch.ones(7), p, True)
        s.call("dropout", torch.ones(5, 20), p, True)
        s.call("dropout", torch.ones(3, 4).T, p, True)
        s.call("dropout", torch.ones(5), p, False)
        s.call("rand", [2], f32)
    s.start("dropout_edges", 0)
    for p in (0.0, 1.0):
        s.call("dropout", torch.ones(5), p, True)
    s.call("rand", [2], f32)


def mixed(s):
    """Sequences: the value that randn keeps back, and what clears it."""
    s.start("cached_f32", 42)
    for op, n in (
        ("randn", 1),
        ("randn", 3),
        ("rand", 2),
        ("randn", 1),
        ("randn", 20),
        ("randn", 1),
        ("randn", 2),
        ("rand", 1),
        ("randn", 15),
    ):
        s.call(op, [n], f32)
    s.state()
    s.start("cached_mixed", 42)
    for op, n, dtype in (
        ("randn", 1, f32),
        ("randn", 1, f64),
        ("randn", 3, f64),
        ("randn", 1, f32),
        ("randn", 17, f64),
        ("randn", 1, f64),
    ):
        s.call(op, [n], dtype)
    s.call("randint", 0, 10, [3], i64)
    s.call("randn", [1], f32)
    s.call("randperm", 5, i64)
    s.call("randn", [2], f32)
    s.state()
    s.start("cleared_by_seed", 42)
    s.call("randn", [1], f32)
    s.seed(42)
    s.call("randn", [1], f32)
    s.call("randn", [1], f32)
    s.start("past_a_refill", 123)
    s.call("rand", [620], f32)
    s.call("rand", [8], f64)
    s.call("randn", [5], f32)
    s.call("randint", 0, 2**40, [5], i64)
    s.state()
    s.start("fresh_state", 0)
    s.call("rand", [0], f32)
    s.state()
    s.start("everything", 2024)
    s.call("rand", [3], f32)
    s.call("normal_", torch.zeros(3), 0.0, 1.0)
    s.call("bernoulli_", torch.zeros(3), 0.5)
    s.call("exponential_", torch.zeros(3), 1.0)
    s.call("multinomial", torch.tensor([1.0, 2.0, 1.0]), 2, False)
    s.call("dropout", torch.ones(4), 0.5, True)
    s.call("linear_init", 3, 2, True, f32)
    s.call("randn", [18], f32)
    s.call("randn", [1], f32)
    s.call("randperm", 7, i64)
    s.state()


def layers(s):
    for i, o, bias in ((1, 1, True), (3, 2, True), (4, 5, False), (8, 6, True), (20, 16, True)):
        for dtype in (f32, f64) if i < 20 else (f32,):
            s.start(f"linear_{i}_{o}_{int(bias)}_{SHORT[dtype]}", 0)
            s.call("linear_init", i, o, bias, dtype)
    for i, o, k, g, bias in (
        (1, 2, [3, 3], 1, True),
        (3, 4, [3, 3], 1, True),
        (2, 3, [5, 1], 1, False),
        (4, 4, [3, 3], 2, True),
    ):
        s.start(f"conv2d_{i}_{o}_{k[0]}x{k[1]}_{g}_{int(bias)}", 0)
        s.call("conv2d_init", i, o, k, g, bias, f32)
    s.start("network", 1)
    s.call("linear_init", 8, 6, True, f32)
    s.call("linear_init", 6, 4, True, f32)
    s.call("linear_init", 4, 1, True, f32)


def loaders(s):
    for n, batch, drop in ((10, 3, False), (10, 3, True), (1, 1, False), (37, 8, False), (100, 32, True)):
        s.start(f"loader_{n}_{batch}_{int(drop)}", 0)
        s.call("loader_order", n, batch, drop)
        s.call("rand", [2], f32)
    s.start("loader_generator", 0)
    s.call("loader_order_generator", 10, 4, False, 99)
    s.call("rand", [2], f32)


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    s = Streams()
    for part in (plain, whole, in_place, dropouts, mixed, layers, loaders):
        part(s)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors", "random.ttv.gz")
    write_lines(path, s.lines)
    print(f"{s.records} records, {s.calls} calls, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
