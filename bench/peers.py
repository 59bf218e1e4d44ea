#!/usr/bin/env python3
"""The workloads of workloads_run.c under PyTorch and JAX, timed the same way.

usage: peers.py --peer eager|compile|graph|jax NAME [SECONDS] [--device cuda] [--batch N] [--precision P]
       peers.py --peer eager|compile|graph|jax startup [--device cuda]

eager: PyTorch as it is. compile: forward and loss under torch.compile in its default mode; the optimizer's step is
compiled too where that is faster. jax: the whole training step under jax.jit, its parameters donated, images in NHWC
order, which suits XLA on the CPU. A step of add4_grad is the add with one addend requiring a gradient; JAX has no such
recording, so there it is jax.vjp of the compiled add.

--device cuda: PyTorch on a GPU; a block of steps ends with torch.cuda.synchronize(). compile is then torch.compile in
the mode "reduce-overhead", which replays CUDA graphs; graph is the whole training step captured by hand with
torch.cuda.graph and replayed. Kernels per step and the time they take come from torch.profiler, in steps that are not
timed; gpu_busy is that time over the step's. --precision: float32 without TF32, tf32, or bfloat16 (forward and loss
under autocast).

A workload prints a line of JSON as workloads_run does; `startup` trains one step of linear1 (with
--device cuda: puts a tensor on the device) and prints nothing, or with --report the process's peak memory and the files it runs from. The exit status is 3 where the peer is not
installed; a workload that the peer fails on prints {"name": ..., "error": ...} and ends with 4.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time

WIDTHS = {"mlp": (64, (784, 256, 128, 10)), "mlp_wide": (512, (1024, 1024, 1024, 10))}
NAMES = ("add4", "add4_grad", "linear1", "diabetes", "mlp", "mlp_wide", "lenet", "cnn")


class Workload:
    """run(count): that many steps, finished when it returns. loss(): one more training step and its loss, or None.
    kernels(): what the device did in a step, or None."""

    def __init__(self, run, loss, threads, kernels=None, **more):
        self.run, self.loss, self.threads, self.kernels, self.more = run, loss, threads, kernels, more


def measure(name, make, seconds, block=0.01):
    """As main() of workloads_run.c does it; `make` may give several workloads, of which the fastest counts."""
    best = None
    for workload in make(name):
        first_loss = workload.loss()
        steps = 1
        workload.run(steps)
        start = time.perf_counter()
        while True:
            begin = time.perf_counter()
            workload.run(steps)
            end = time.perf_counter()
            if end - begin < block:
                steps *= 2
            elif end - start >= seconds / 5:
                break
        times = []
        start = time.perf_counter()
        while True:
            begin = time.perf_counter()
            workload.run(steps)
            end = time.perf_counter()
            times.append(1e6 * (end - begin) / steps)
            if end - start >= seconds and len(times) >= 3:
                break
        result = {
            "name": name,
            "median_us": statistics.median(times),
            "min_us": min(times),
            "steps": steps,
            "blocks": len(times),
            "threads": workload.threads,
            **workload.more,
        }
        last_loss = workload.loss()
        if last_loss is not None:
            if not (math.isfinite(first_loss) and math.isfinite(last_loss)):
                raise RuntimeError(f"the loss went from {first_loss} to {last_loss}")
            result["first_loss"], result["last_loss"] = first_loss, last_loss
        if workload.kernels is not None:
            result.update(workload.kernels())
            if result["kernel_us"] is not None:
                result["gpu_busy"] = result["kernel_us"] / result["median_us"]
        if best is None or result["median_us"] < best["median_us"]:
            best = result
    return best


# ---- PyTorch ----


def torch_network(name, batch=None):
    """model, x, y, loss function, options of SGD; batch None: the workload's own"""
    import torch
    from torch import nn
    from torch.nn import functional as F

    if name == "linear1":
        x, y = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[2.0], [4.0], [6.0]])
        return nn.Linear(1, 1), x, y, lambda p, t: F.mse_loss(p, t, reduction="sum"), {"lr": 0.01}
    if name == "diabetes":
        model = nn.Sequential(
            nn.Linear(8, 6), nn.Sigmoid(), nn.Linear(6, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid()
        )
        rows = batch or 759
        return model, torch.randn(rows, 8), torch.randint(0, 2, (rows, 1)).float(), F.binary_cross_entropy, {"lr": 0.1}
    if name in WIDTHS:
        rows, widths = batch or WIDTHS[name][0], WIDTHS[name][1]
        layers = []
        for a, b in zip(widths, widths[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        model = nn.Sequential(*layers[:-1])
        return model, torch.randn(rows, widths[0]), torch.randint(0, 10, (rows,)), F.cross_entropy, {"lr": 0.01}
    if name == "lenet":
        model = nn.Sequential(
            nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        )  # fmt: skip
        rows = batch or 64
        x, y = torch.randn(rows, 3, 32, 32), torch.randint(0, 10, (rows,))
        return model, x, y, F.cross_entropy, {"lr": 0.01, "momentum": 0.9}
    layers = []
    for a, b, stride in ((3, 32, 1), (32, 64, 2), (64, 128, 2)):
        layers += [nn.Conv2d(a, b, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
    rows = batch or 32
    return model, torch.randn(rows, 3, 32, 32), torch.randint(0, 10, (rows,)), F.cross_entropy, {"lr": 0.01}


def make_torch(name, compiled):
    import torch

    torch.manual_seed(0)
    threads = torch.get_num_threads()
    if name in ("add4", "add4_grad"):
        a = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=name == "add4_grad")
        b = torch.tensor([1.0, 2.0, 3.0, 4.0])
        add = torch.compile(lambda a, b: a + b) if compiled else torch.add

        def run_add(count):
            for _ in range(count):
                add(a, b)

        yield Workload(run_add, lambda: None, threads)
        return

    for compile_step in (False, True) if compiled else (False,):
        torch.manual_seed(0)
        model, x, y, criterion, options = torch_network(name)
        optimizer = torch.optim.SGD(model.parameters(), **options)

        def forward(x, y, model=model, criterion=criterion):
            return criterion(model(x), y)

        update = optimizer.step
        if compiled:
            forward = torch.compile(forward)
        if compile_step:
            update = torch.compile(update)

        def step(x=x, y=y, optimizer=optimizer, forward=forward, update=update):
            loss = forward(x, y)
            optimizer.zero_grad()
            loss.backward()
            update()
            return loss

        def run(count, step=step):
            for _ in range(count):
                step()

        more = {"compiled_optimizer": compile_step} if compiled else {}
        yield Workload(run, lambda step=step: step().item(), threads, **more)


# ---- PyTorch on a GPU ----


def set_torch_precision(precision):
    import torch

    tf32 = precision == "tf32"
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = tf32


def profile_kernels(run):
    """How many kernels run() starts, and the microseconds in which at least one of them runs; None where this machine
    does not tell."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        run()
    spans = sorted(
        (event.start_ns(), event.start_ns() + event.duration_ns())
        for event in profiler.profiler.kineto_results.events()
        if event.device_type() == torch.autograd.DeviceType.CUDA
        and not event.name().startswith(("Memcpy", "Memset"))
        and not event.is_user_annotation()
    )
    busy, end = 0, 0
    for start, stop in spans:
        busy += max(0, stop - max(start, end))
        end = max(end, stop)
    return (len(spans), busy / 1e3) if spans else None


def kernels_of_step(run, steps=20):
    run(steps)
    found = profile_kernels(lambda: run(steps))
    kernels, microseconds = (found[0] / steps, found[1] / steps) if found else (None, None)
    return {"kernels_per_step": kernels, "kernel_us": microseconds}


def make_torch_cuda(name, kind, batch, precision):
    import torch

    if name not in ("mlp", "mlp_wide", "lenet", "cnn"):
        raise ValueError(f"{name} is no workload for a GPU")
    torch.manual_seed(0)
    set_torch_precision(precision)
    model, x, y, criterion, options = torch_network(name, batch)
    model, x, y = model.cuda(), x.cuda(), y.cuda()
    optimizer = torch.optim.SGD(model.parameters(), **options)
    autocast = torch.autocast("cuda", torch.bfloat16, enabled=precision == "bfloat16")

    def forward(x, y):
        return criterion(model(x), y)

    if kind == "compile":
        forward = torch.compile(forward, mode="reduce-overhead")

    def eager_step():
        with autocast:
            loss = forward(x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    step = eager_step
    if kind == "graph":
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                eager_step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            captured_loss = eager_step()

        def step():
            graph.replay()
            return captured_loss

    def run(count):
        for _ in range(count):
            step()
        torch.cuda.synchronize()

    more = {"device": torch.cuda.get_device_name(), "batch": len(x), "precision": precision}
    yield Workload(run, lambda: step().item(), torch.get_num_threads(), lambda: kernels_of_step(run), **more)


# ---- JAX ----


def jax_network(name, key):
    """parameters, state, x, y, loss(parameters, state, x, y) -> (loss, state), lr, momentum"""
    import jax
    import jax.numpy as jnp
    import numpy as np

    random = np.random.default_rng(0)

    def uniform(fan_in, *sizes):
        bound = 1 / math.sqrt(fan_in)
        return jnp.asarray(random.uniform(-bound, bound, sizes), jnp.float32)

    def normal(*sizes):
        return jnp.asarray(random.standard_normal(sizes), jnp.float32)

    def labels(batch):
        return jnp.asarray(random.integers(0, 10, batch))

    def linear(a, b):
        return [uniform(a, a, b), uniform(a, b)]

    def dense(p, x):
        return x @ p[0] + p[1]

    def cross_entropy(scores, y):
        return -jnp.take_along_axis(jax.nn.log_softmax(scores), y[:, None], 1).mean()

    def conv(x, w, stride=1, padding="VALID"):
        return jax.lax.conv_general_dilated(
            x, w, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    def max_pool(x):
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    if name == "linear1":
        x, y = jnp.array([[1.0], [2.0], [3.0]]), jnp.array([[2.0], [4.0], [6.0]])
        return linear(1, 1), (), x, y, lambda p, s, x, y: (((dense(p, x) - y) ** 2).sum(), s), 0.01, 0
    if name == "diabetes":

        def loss(p, s, x, y):
            for layer in p:
                x = jax.nn.sigmoid(dense(layer, x))
            return -(y * jnp.maximum(jnp.log(x), -100) + (1 - y) * jnp.maximum(jnp.log1p(-x), -100)).mean(), s

        y = jnp.asarray(random.integers(0, 2, (759, 1)), jnp.float32)
        return [linear(8, 6), linear(6, 4), linear(4, 1)], (), normal(759, 8), y, loss, 0.1, 0
    if name in WIDTHS:
        batch, widths = WIDTHS[name]

        def loss(p, s, x, y):
            for layer in p[:-1]:
                x = jax.nn.relu(dense(layer, x))
            return cross_entropy(dense(p[-1], x), y), s

        p = [linear(a, b) for a, b in zip(widths, widths[1:])]
        return p, (), normal(batch, widths[0]), labels(batch), loss, 0.01, 0
    if name == "lenet":

        def loss(p, s, x, y):
            for w, b in p[:2]:
                x = max_pool(jax.nn.relu(conv(x, w) + b))
            x = x.reshape(x.shape[0], -1)
            for layer in p[2:4]:
                x = jax.nn.relu(dense(layer, x))
            return cross_entropy(dense(p[4], x), y), s

        p = [[uniform(75, 5, 5, 3, 6), uniform(75, 6)], [uniform(150, 5, 5, 6, 16), uniform(150, 16)]]
        p += [linear(400, 120), linear(120, 84), linear(84, 10)]
        return p, (), normal(64, 32, 32, 3), labels(64), loss, 0.01, 0.9

    def loss(p, s, x, y):
        running = []
        for i, (w, gain, shift) in enumerate(p[:3]):
            x = conv(x, w, 1 if i == 0 else 2, ((1, 1), (1, 1)))
            mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
            n = x.size // x.shape[3]
            running.append((0.9 * s[i][0] + 0.1 * mean, 0.9 * s[i][1] + 0.1 * var * (n / (n - 1))))
            x = jax.nn.relu((x - mean) * (jax.lax.rsqrt(var + 1e-5) * gain) + shift)
        return cross_entropy(dense(p[3], x.mean((1, 2))), y), tuple(running)

    channels = ((3, 32), (32, 64), (64, 128))
    p = [[uniform(9 * a, 3, 3, a, b), jnp.ones(b), jnp.zeros(b)] for a, b in channels] + [linear(128, 10)]
    s = tuple((jnp.zeros(b), jnp.ones(b)) for _, b in channels)
    return p, s, normal(32, 32, 32, 3), labels(32), loss, 0.01, 0


def make_jax(name):
    import jax
    import jax.numpy as jnp

    threads = len(os.sched_getaffinity(0))
    if name in ("add4", "add4_grad"):
        a = jnp.array([1.0, 2.0, 3.0, 4.0])
        b = jnp.array([1.0, 2.0, 3.0, 4.0])
        add = jax.jit(lambda a, b: a + b)

        def run_add(count):
            out = None
            for _ in range(count):
                out = add(a, b)
            out.block_until_ready()

        def run_add_grad(count):
            out = None
            for _ in range(count):
                out, _ = jax.vjp(lambda a: add(a, b), a)
            out.block_until_ready()

        yield Workload(run_add if name == "add4" else run_add_grad, lambda: None, threads)
        return

    parameters, state, x, y, loss_of, lr, momentum = jax_network(name, None)
    velocity = jax.tree.map(jnp.zeros_like, parameters) if momentum else ()

    def step(parameters, velocity, state, x, y):
        (loss, state), grads = jax.value_and_grad(loss_of, has_aux=True)(parameters, state, x, y)
        if momentum:
            grads = velocity = jax.tree.map(lambda v, g: momentum * v + g, velocity, grads)
        return jax.tree.map(lambda p, g: p - lr * g, parameters, grads), velocity, state, loss

    step = jax.jit(step, donate_argnums=(0, 1, 2))
    now = [parameters, velocity, state, None]

    def run(count):
        p, v, s, loss = now
        for _ in range(count):
            p, v, s, loss = step(p, v, s, x, y)
        jax.block_until_ready((p, loss))
        now[:] = p, v, s, loss

    def loss():
        run(1)
        return float(now[3])

    yield Workload(run, loss, threads)


# ---- the process ----


def report():
    """Linux: the peak resident memory, and the files whose code is mapped, as startup_run.c has them."""
    peak, mapped = 0, []
    with open("/proc/self/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1])
    with open("/proc/self/maps", encoding="utf-8") as file:
        for line in file:
            fields = line.split(maxsplit=5)
            if len(fields) == 6 and "x" in fields[1] and fields[5].startswith("/"):
                mapped.append(fields[5].rstrip("\n"))
    print(json.dumps({"peak_kb": peak, "mapped": list(dict.fromkeys(mapped))}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, choices=("eager", "compile", "graph", "jax"))
    parser.add_argument("--report", action="store_true", help="with startup: print memory and files as JSON")
    parser.add_argument("--version", action="store_true", help="print the peer's version as JSON, and nothing else")
    parser.add_argument("name", metavar="NAME", nargs="?", choices=NAMES + ("startup",), help=" ".join(NAMES))
    parser.add_argument("seconds", metavar="SECONDS", nargs="?", type=float, default=1.0)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: %(default)s")
    parser.add_argument("--batch", metavar="N", type=int, help="rows of a step (default: the workload's; cuda only)")
    parser.add_argument("--precision", choices=("float32", "tf32", "bfloat16"), default="float32", help="cuda only")
    arguments = parser.parse_args()
    name = arguments.name
    cuda = arguments.device == "cuda"
    if cuda and arguments.peer == "jax":
        parser.error("jax runs on the CPU here")
    if not cuda and (arguments.peer == "graph" or arguments.batch or arguments.precision != "float32"):
        parser.error("--peer graph, --batch and --precision want --device cuda")
    if not cuda:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    try:
        if arguments.peer == "jax":
            import jax as module

            make = make_jax
        else:
            import torch as module

            def make(name):
                if cuda:
                    return make_torch_cuda(name, arguments.peer, arguments.batch, arguments.precision)
                return make_torch(name, arguments.peer == "compile")

    except ImportError as error:
        print(error, file=sys.stderr)
        return 3
    if cuda and not module.cuda.is_available():
        print("PyTorch finds no CUDA device", file=sys.stderr)
        return 3
    if arguments.version:
        print(json.dumps({"version": module.__version__, "python": sys.version.split()[0]}))
        return 0
    if name is None:
        parser.error("NAME is missing")
    if name == "startup":
        if cuda:
            module.tensor([1.0, 2.0, 3.0]).cuda()
            module.cuda.synchronize()
        else:
            workload = next(iter(make("linear1")))
            workload.run(1)
        if arguments.report:
            report()
        return 0
    try:
        result = measure(name, make, arguments.seconds, 0.05 if cuda else 0.01)
    except Exception as error:  # whatever the peer raises is its result
        message = f"{type(error).__name__}: {error}".strip()
        print(message, file=sys.stderr)
        print(json.dumps({"name": name, "error": message.splitlines()[0][:300]}))
        return 4
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
