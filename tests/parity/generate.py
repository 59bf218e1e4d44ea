#!/usr/bin/env python3
"""Records what PyTorch computes for every op into tests/parity/vectors/<family>.ttv.gz.

    python tests/parity/generate.py [family ...]

Inputs, results, gradients, and for some float64 cases second-order gradients are kept, with error-input cases beside
them. The format is described in recorder.py, the arguments of each op in signatures.py (and as a table in OPS.md, which
this script writes). The script needs PyTorch and NumPy from PyPI; the build and the tests need only the files.
Every case of lower precision is recomputed in float64; cases whose tolerance had to be widened, or where the two differ
by more than rounding, are listed for a look. The same versions give the same bytes.
"""

import argparse
import os
import warnings

import torch

import cases_activation
import cases_binary
import cases_create
import cases_edge
import cases_index
import cases_matmul
import cases_nn
import cases_order
import cases_reduce
import cases_ternary
import cases_unary
import cases_view
from recorder import Recorder
from signatures import Signatures

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = (
    cases_unary,
    cases_binary,
    cases_ternary,
    cases_activation,
    cases_reduce,
    cases_order,
    cases_matmul,
    cases_view,
    cases_index,
    cases_create,
    cases_edge,
    cases_nn,
)
FAMILIES = {name: record for module in MODULES for name, record in module.FAMILIES.items()}


def write_ops(signatures, seen):
    """OPS.md: every op with its arguments and results; an op with recorded in-place cases is marked."""
    lines = [
        "# The ops in the vectors",
        "",
        "Arguments are listed in the order of the `in` lines; a plain name is a tensor. `_` means that in-place cases",
        "are recorded too, under the op's name with `_` at its end and with the same arguments.",
        "",
        "| op | `_` | arguments | results |",
        "| --- | --- | --- | --- |",
    ]
    family = None
    for op, s in signatures.ops.items():
        if s.family != family:
            family = s.family
            lines.append(f"| **{family}** | | | |")
        mark = "`_`" if op + "_" in seen else ""
        arguments = ", ".join(s.arguments).replace("|", "\\|")
        lines.append(f"| {op} | {mark} | {arguments} | {s.results} |")
    with open(os.path.join(HERE, "OPS.md"), "w") as f:
        f.write("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", help=f"of {' '.join(FAMILIES)}; all without any")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    signatures = Signatures()
    out = os.path.join(HERE, "vectors")
    os.makedirs(out, exist_ok=True)
    seen, cases, errors, size = set(), 0, 0, 0
    for family in options.families or FAMILIES:
        recorder = Recorder(family, signatures)
        FAMILIES[family](recorder)
        path = os.path.join(out, family + ".ttv.gz")
        recorder.write(path)
        total = sum(recorder.counts.values())
        print(
            f"{family}: {len(recorder.counts)} ops, {total} cases, {recorder.errors} of them errors, "
            f"{os.path.getsize(path)} bytes"
        )
        for complaint in recorder.complaints:
            print("  ", complaint)
        seen |= set(recorder.counts)
        cases, errors, size = cases + total, errors + recorder.errors, size + os.path.getsize(path)
    print(f"{len(seen)} ops, {cases} cases, {errors} of them errors, {size} bytes")
    if not options.families:
        missing = [op for op, s in signatures.ops.items() if op not in seen and s.family != "random"]
        if missing:
            print("without cases:", " ".join(missing))
        write_ops(signatures, seen)


if __name__ == "__main__":
    main()
