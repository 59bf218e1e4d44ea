#!/usr/bin/env python3
"""Compares the lines of api/ops.txt with the schemas of an installed PyTorch, and records in api/schemas.txt which of
PyTorch's each is nearest to and what is different. Needs torch; the build only checks that the record is of today's lines.
The status is 1 where a difference has no reason in ops.txt (differs="...").
"""
import pathlib
import re
import sys

import torch

import generate

# Arguments of PyTorch's that no op here has: tensors are made on the CPU, strided.
NOT_HERE = {"layout", "device", "pin_memory", "memory_format", "requires_grad", "names", "path", "output_size", "copy",
            "non_blocking", "implicit"}
# Types that are the same number or choice in C.
SAME = {"SymInt": "int", "Scalar": "float", "number": "float"}


def plain(kind):
    """A type without what the notation adds: Tensor(a -> *)[] is Tensor[]."""
    kind = re.sub(r"\([^)]*\)", "", kind)
    for theirs, ours in SAME.items():
        kind = re.sub(rf"\b{theirs}\b", ours, kind)
    return kind


def value(text):
    """A default, so that 1, 1. and [1, 1] compare equal."""
    if text is None:
        return None
    text = text.strip('"')
    repeated = re.fullmatch(r"\[(-?\w+)(?:, \1)*\]", text)
    text = repeated[1] if repeated else text
    try:
        return float(text)
    except ValueError:
        return text


def parse(schema):
    """Their arguments: (name, type, default, keyword-only)."""
    inner = re.match(r"aten::[\w.]+\((.*)\) -> ", schema)[1]
    out, keyword_only, depth, start = [], False, 0, 0
    for at, char in enumerate(inner + ","):
        depth += (char in "([") - (char in ")]")
        if char != "," or depth:
            continue
        part, start = inner[start:at].strip(), at + 1
        if part == "*":
            keyword_only = True
        elif part:
            left, _, default = part.partition("=")
            kind, _, name = left.rpartition(" ")
            out.append((name, kind, default or None, keyword_only))
    return out


def differences(op, schema):
    theirs = {name: (kind, default) for name, kind, default, _ in parse(schema)}
    if "self" in theirs and op.arguments and op.arguments[0].name == "input":
        theirs = {("input" if name == "self" else name): each for name, each in theirs.items()}
    found = []
    for argument in op.arguments:
        if argument.name not in theirs:
            found.append(f"{argument.name} is not PyTorch's")
            continue
        kind, default = theirs[argument.name]
        ours = plain(argument.type)
        chosen = argument.base[0].islower() and argument.base not in ("int", "float", "bool", "str")
        if not chosen and ours.rstrip("?") != plain(kind).rstrip("?"):
            if re.sub(r"\[\d*\]", "[]", ours).rstrip("?") != re.sub(r"\[\d*\]", "[]", plain(kind)).rstrip("?"):
                found.append(f"{argument.name} is {argument.type} for {kind}")
        if not chosen and value(argument.default) != value(default):
            found.append(f"{argument.name} has the default {argument.default} for {default}")
    ours = {argument.name for argument in op.arguments}
    found += [f"no {name}" for name in theirs if name not in ours and name not in NOT_HERE]
    return found


def main():
    schemas = {}
    for each in torch._C._jit_get_all_schemas():
        text = str(each)
        if text.startswith("aten::") and "Tensor(a!) out" not in text and "..." not in text:
            schemas.setdefault(re.match(r"aten::(\w+)", text)[1], []).append(text)
    lines = [f"# What api/compare_schemas.py found, with PyTorch {torch.__version__.split('+')[0]}: of each line the nearest schema of",
             "# PyTorch's, and what is different. Arguments about layout, device and memory are left out."]
    unexplained = 0
    for op in generate.read_ops():
        near = [(len(found := differences(op, schema)), order, schema, found)
                for order, schema in enumerate(schemas.get(op.keys.get("aten", op.name), []))]
        _, _, schema, found = min(near) if near else (0, 0, "none", ["PyTorch has no schema of the name"])
        lines += ["", f"ours: {op.schema}", f"theirs: {schema}"]
        if found:
            lines.append(f"differences: {'; '.join(found)}")
            if "differs" in op.keys:
                lines.append(f"reason: {op.keys['differs']}")
            else:
                unexplained += 1
                print(f"no reason in ops.txt: {op.schema}: {'; '.join(found)}", file=sys.stderr)
    (pathlib.Path(generate.ROOT) / "api/schemas.txt").write_text("\n".join(lines) + "\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
