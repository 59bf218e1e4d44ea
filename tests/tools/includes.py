#!/usr/bin/env python3
"""Includes point one way: fails with every include in src, capi and cuda that points up, or at a stranger.

    python3 includes.py [ROOT]
"""
import os
import re
import sys

# Each room, with the rooms that it may include besides itself. tensor, device and random stand on one level: a
# storage asks its device for memory, a kernel call holds a strided loop, and a generator fills on its device.
MIDDLE = ["base", "kernels", "tensor", "device", "random"]
OPS = MIDDLE + ["autograd", "ops"]
ROOMS = {
    "src/base": [],
    "src/kernels": ["base"],
    "src/tensor": MIDDLE,
    "src/device": MIDDLE,
    "src/random": MIDDLE,
    "src/cpu": MIDDLE,
    "cuda": MIDDLE,
    "src/autograd": MIDDLE,
    "src/ops": OPS,
    "src/nn": OPS,
    "src/data": OPS,
    "src/io": OPS,
    "src/optim": OPS + ["nn", "tinytorch"],  # the options are the public header's structs
    "capi": OPS + ["nn", "optim", "data", "io", "tinytorch"],
}
# Files that stand above their room: the engine and the histories of views are written with ops.
ABOVE = {
    "src/autograd/engine.cpp": OPS,
    "src/autograd/views.cpp": OPS,
}
SOURCE = re.compile(r"\.(h|cpp|cu|cuh)$")
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')


def room_of(path):
    return "/".join(path.split("/")[: 2 if path.startswith("src/") else 1])


def main(root):
    bad = []
    count = 0
    for top in ("src", "capi", "cuda"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if not SOURCE.search(name):
                    continue
                path = os.path.relpath(os.path.join(folder, name), root)
                room = room_of(path)
                allowed = ABOVE.get(path, ROOMS.get(room))
                if allowed is None:
                    bad.append(f"{path}: {room} is no room that tests/tools/includes.py knows")
                    continue
                own = room.split("/")[-1]
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    for number, line in enumerate(file, 1):
                        found = INCLUDE.match(line)
                        if not found:
                            continue
                        count += 1
                        target = found.group(1).split("/")[0]
                        if "/" not in found.group(1):
                            bad.append(f"{path}:{number}: {found.group(1)} without its room")
                        elif target != own and target not in allowed:
                            bad.append(f"{path}:{number}: {room} includes {found.group(1)}")
    print("\n".join(bad) if bad else f"{count} includes point down")
    return 1 if bad or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../..")))
