#!/usr/bin/env python3
"""Records whole training runs under PyTorch into tests/parity/vectors/runs.ttv.gz.

    python tests/parity/generate_runs.py

An MLP (Linear 20-16, ReLU, Linear 16-5) and a CNN (conv 1-4 of 3x3 with padding 1 and no bias, batch norm, ReLU, max
pool 2, flatten, linear 64-10, on 8x8 images) are trained by cross-entropy for 20 steps with batches of 8, once per
optimizer setting. The format is described in recorder.py; a run's keys are

    batch.<i>.input, batch.<i>.target  of a data run: the batches, i from 0
    init.<parameter>        of a data run: the parameters and buffers before the first step, under their state_dict
                            names, in float32; a float64 run starts from the same values
    model, dtype, optimizer, data      text: mlp or cnn, float32 or float64, SGD, Adam or AdamW, the data run's name
    option.<name>           the optimizer's options under PyTorch's names
    loss.<step>             the loss of step 1, 2, ... before its update
    after.<step>.<parameter>           parameters and buffers after steps 5, 10, 15 and 20
    rtol, atol              how close a run in another engine should come. For float32 the absolute part is widened to
                            four times the distance between PyTorch's own float32 and float64 runs.
"""

import os
import warnings
import zlib

import torch
from torch import nn

from recorder import TOLERANCES, Source, argument_text, name_of, value_text, write_lines

STEPS, BATCH = 20, 8

OPTIMIZERS = {
    "sgd": ("SGD", dict(lr=0.1)),
    "sgd_momentum": ("SGD", dict(lr=0.05, momentum=0.9)),
    "sgd_dampening": ("SGD", dict(lr=0.05, momentum=0.9, dampening=0.5)),
    "sgd_nesterov": ("SGD", dict(lr=0.05, momentum=0.9, nesterov=True)),
    "sgd_decay": ("SGD", dict(lr=0.1, weight_decay=0.05)),
    "sgd_all": ("SGD", dict(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.01)),
    "sgd_maximize": ("SGD", dict(lr=0.01, momentum=0.5, maximize=True)),
    "adam": ("Adam", dict(lr=0.01)),
    "adam_decay": ("Adam", dict(lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    "adam_amsgrad": ("Adam", dict(lr=0.02, betas=(0.5, 0.6), amsgrad=True)),
    "adamw": ("AdamW", dict(lr=0.01)),
    "adamw_decay": ("AdamW", dict(lr=0.01, weight_decay=0.5)),
    "adamw_amsgrad": ("AdamW", dict(lr=0.02, betas=(0.5, 0.6), amsgrad=True)),
    "adam_maximize": ("Adam", dict(lr=0.005, maximize=True)),
}
CNN_OPTIMIZERS = ("sgd", "sgd_all", "adam", "adamw_amsgrad")
DEFAULTS = {
    "SGD": dict(momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False),
    "Adam": dict(betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False),
    "AdamW": dict(betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, amsgrad=False, maximize=False),
}


def model_of(kind):
    if kind == "mlp":
        return nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 5))
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def batches_of(kind):
    """Inputs on a coarse grid, and labels that the inputs decide, so that there is something to learn."""
    src = Source(zlib.crc32(kind.encode()))
    classes = 5 if kind == "mlp" else 10
    features = 20 if kind == "mlp" else 64
    rule = torch.from_numpy(src.rng.standard_normal((features, classes)))
    out = []
    for _ in range(STEPS):
        if kind == "mlp":
            x = torch.from_numpy(src.rng.integers(-32, 33, (BATCH, 20)) / 16.0)
        else:
            x = torch.from_numpy(src.rng.integers(0, 17, (BATCH, 1, 8, 8)) / 16.0)
        out.append((x, (x.reshape(BATCH, -1) @ rule).argmax(1)))
    return out


def train(kind, name, dtype, init, batches):
    """The losses, and the state after every step."""
    optimizer, options = OPTIMIZERS[name]
    model = model_of(kind).to(dtype)
    model.load_state_dict({k: v.to(dtype) if v.is_floating_point() else v for k, v in init.items()})
    step = getattr(torch.optim, optimizer)(model.parameters(), **options)
    losses, states = [], []
    for x, y in batches:
        step.zero_grad()
        loss = nn.functional.cross_entropy(model(x.to(dtype)), y)
        loss.backward()
        step.step()
        losses.append(loss.detach())
        states.append({k: v.detach().clone() for k, v in model.state_dict().items()})
    return losses, states


def distance(a, b):
    far = max(float((x.double() - y).abs()) for x, y in zip(a[0], b[0]))
    for s, t in zip(a[1], b[1]):
        far = max([far] + [float((s[k].double() - t[k]).abs().max()) for k in s if s[k].is_floating_point()])
    return far


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    lines = []

    def let(key, value):
        text = value_text(value) if isinstance(value, torch.Tensor) else argument_text(value)[0]
        lines.append(f"let {key} {text}")

    for kind in ("mlp", "cnn"):
        batches = batches_of(kind)
        lines.append(f"run {kind}_data")
        for i, (x, y) in enumerate(batches):
            let(f"batch.{i}.input", x.float())
            let(f"batch.{i}.target", y)
        torch.manual_seed(7)
        init = model_of(kind).state_dict()
        for key, value in init.items():
            let(f"init.{key}", value)
        for name in OPTIMIZERS if kind == "mlp" else CNN_OPTIMIZERS:
            optimizer, options = OPTIMIZERS[name]
            single = train(kind, name, torch.float32, init, batches)
            double = train(kind, name, torch.float64, init, batches)
            far = distance(single, double)
            for dtype, (losses, states) in ((torch.float32, single), (torch.float64, double)):
                if dtype == torch.float64 and name not in ("sgd_all", "adam", "adamw_amsgrad"):
                    continue
                lines.append(f"run {kind}_{name}_{'f32' if dtype == torch.float32 else 'f64'}")
                let("model", kind)
                let("dtype", name_of(dtype))
                let("optimizer", optimizer)
                let("data", f"{kind}_data")
                for key, value in (DEFAULTS[optimizer] | options).items():
                    let(f"option.{key}", value)
                for i, loss in enumerate(losses):
                    let(f"loss.{i + 1}", loss)
                for i in range(4, STEPS, 5):
                    for key, value in states[i].items():
                        let(f"after.{i + 1}.{key}", value)
                rtol, atol = TOLERANCES[dtype]
                let("rtol", rtol)
                let("atol", max(atol, float(f"{4 * far:.1g}")) if dtype == torch.float32 else atol)
            print(
                f"{kind} {name}: loss {float(single[0][0]):.3f} to {float(single[0][-1]):.3f}, "
                f"float32 at most {far:.2g} from float64"
            )
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors", "runs.ttv.gz")
    write_lines(path, lines)
    print(f"{os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
